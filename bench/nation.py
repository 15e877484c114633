"""Feeds and closes at the size of a nation, each step in a process of its own, against what DuckDB alone needs for the same files.

``BENCH_ROWS`` (default 5,000,000) is the size of the loaded file; the lake that is counted holds twice as many dossiers, the month
that takes a day's updates 0.8 times as many, the day 0.03 times as many.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import generate
from bench.installation import MONTH, copied, least, prepare, run

LARGEST_MB = 2048  # peak memory of each step


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for everything that is made, gone afterwards. ``BENCH_DIR`` says where; 100 million dossiers need some 20 GB."""
    work = Path(tempfile.mkdtemp(prefix="bench-", dir=os.environ.get("BENCH_DIR")))
    try:
        yield work
    finally:
        shutil.rmtree(work)


def measure(rounds: int) -> Iterator[str]:
    """Lines to print, as they come."""
    rows = int(os.environ.get("BENCH_ROWS", "5000000"))
    with folder() as work:
        base = prepare(work / "base")
        yield from _feed_load(work, base, rows, rounds)
        yield from _daily_updates(work, base, rows, rounds)
        yield from _close(work, base, rows, rounds)


def _line(name: str, ratio: float, wanted: str, what: str, said: dict[str, Any] | None = None) -> str:
    memory = "" if said is None else f"; {said['seconds']:.1f} s, peak {said['peak_mb']} MB (limit {LARGEST_MB})"
    return f"{name:<26} {ratio:6.2f} x  (wanted: {wanted})  {what}{memory}"


def _feed_load(work: Path, base: Path, rows: int, rounds: int) -> Iterator[str]:
    con = generate.engine()
    file = generate.write_csv(con, work / "month.csv", MONTH, rows)
    con.close()
    bare = least(rounds, "bare_copy", file, work / "bare.parquet")
    runs = [run("load", copied(base, work / "round"), "01", file) for _ in range(rounds)]
    best = min(runs, key=lambda said: said["seconds"]) | {"peak_mb": max(said["peak_mb"] for said in runs)}
    what = f"rate of loading {best['received']:,} rows of CSV against DuckDB's bare copy of the file to Parquet"
    yield _line("feed load", bare["seconds"] / best["seconds"], ">= 0.4", what, best)
    for name in ("month.csv", "bare.parquet"):
        (work / name).unlink()
    shutil.rmtree(work / "round")


def _daily_updates(work: Path, base: Path, rows: int, rounds: int) -> Iterator[str]:
    held, updates = rows * 4 // 5, rows * 3 // 100
    con = generate.engine()
    (work / "day").mkdir()
    files = generate.write_updates(con, work / "day", MONTH, held, updates)
    con.close()
    others = [(MONTH.plus(-back), rows // 20) for back in range(23, 0, -1)]
    took = {}
    for months, lake in ((1, [(MONTH, held)]), (24, [*others, (MONTH, held)])):
        data = copied(base, work / f"months-{months}")
        generate.fill_lake(data, lake, work)
        bare = least(rounds, "bare_rewrite", data, work / "rewritten")
        runs = [run("load", copied(data, work / "round"), "-", *files.values()) for _ in range(rounds)]
        took[months] = min(runs, key=lambda said: said["seconds"]) | {"peak_mb": max(said["peak_mb"] for said in runs)}
        what = f"{updates:,} updates of {len(files)} sources, 70 % of them new, into a month of {held:,}, {months} months in the lake"
        against = f"; against rewriting its {bare['partitions']} partitions"
        yield _line(f"daily updates ({months})", took[months]["seconds"] / bare["seconds"], "<= 3", what + against, took[months])
        shutil.rmtree(data)
    yield _line("daily updates (24 / 1)", took[24]["seconds"] / took[1]["seconds"], "<= 1.2", "24 months in the lake against one")
    shutil.rmtree(work / "round")


def _close(work: Path, base: Path, rows: int, rounds: int) -> Iterator[str]:
    rest = {}
    for dossiers in (rows // 5, 2 * rows):
        data = copied(base, work / "lake")
        generate.fill_lake(data, list(generate.months_before(MONTH, 3, dossiers)), work)
        if dossiers == 2 * rows:
            yield from _lake_part(work, data, dossiers, rounds)
        runs = [run("close", copied(data, work / "round")) for _ in range(rounds)]
        rest[dossiers] = min(runs, key=lambda said: said["rest"])
    (small, one), (large, other) = rest.items()
    what = f"the rest of a close with {large:,} dossiers ({other['rest']:.1f} s) against {small:,} ({one['rest']:.1f} s)"
    yield _line("close, the rest", other["rest"] / one["rest"], "about 1", what, other)


def _lake_part(work: Path, data: Path, dossiers: int, rounds: int) -> Iterator[str]:
    bare = least(rounds, "bare_group", data)
    ours = least(rounds, "lake_part", data, work / "ours.parquet")
    hand = {name: least(rounds, name, data, work / f"{name}.parquet") for name in ("polars", "pandas")}
    for name, said in hand.items():
        if said["checks"] != ours["checks"]:
            raise RuntimeError(f"{name} counts {said['checks']}, the program {ours['checks']}")
    what = f"all counts of {dossiers:,} dossiers to Parquet against one bare GROUP BY by unit and procedure ({bare['seconds']:.2f} s)"
    yield _line("close, lake part", ours["seconds"] / bare["seconds"], "<= 5", what, ours)
    name = min(hand, key=lambda each: hand[each]["seconds"])
    others = ", ".join(f"{each} {said['seconds']:.1f} s and {said['peak_mb']} MB" for each, said in hand.items())
    what = f"against the better of two written by hand ({others}), which leave out the papers"
    yield _line("close, counts by hand", ours["seconds"] / hand[name]["seconds"], "<= 1.5", what, ours)
