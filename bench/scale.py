"""``python -m bench scale``: writes docs/performance.md from what it measures on this machine, at 1, 10 and 100 million dossiers.

``BENCH_SIZES`` (dossiers, separated by commas) chooses other sizes. Every dossier goes through the feeds.
"""

import os
import shutil
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench import generate, live
from bench.installation import MONTH, NOW, copied, prepare, run
from bench.nation import folder
from core.settings import ROOT

MONTHS = 24
TARGET = ROOT / "docs" / "performance.md"


@dataclass
class Measured:
    """One size. Seconds, MB of peak memory, bytes on disk."""

    dossiers: int
    loads: list[dict[str, Any]] = field(default_factory=list)
    day: dict[str, Any] = field(default_factory=dict)
    updates: int = 0
    bare: dict[str, Any] = field(default_factory=dict)
    close: dict[str, Any] = field(default_factory=dict)
    disk: dict[str, int] = field(default_factory=dict)
    sent: int = 0


def main() -> None:
    """Measure all sizes and write the page."""
    sizes = [int(size) for size in os.environ.get("BENCH_SIZES", "1000000,10000000,100000000").split(",")]
    with folder() as work:
        base = prepare(work / "base")
        found = [_size(work, base, dossiers) for dossiers in sizes]
    kept = "".join(TARGET.read_text(encoding="utf-8").partition(live.HEADING)[1:])  # measured on its own
    TARGET.write_text("\n".join(filter(None, (page(found), kept))), encoding="utf-8")
    print(f"written: {TARGET}")


def _size(work: Path, base: Path, dossiers: int) -> Measured:
    measured = Measured(dossiers)
    data = copied(base, work / "lake")
    con = generate.engine(spill=work)
    each = dossiers // MONTHS
    for month in (MONTH.plus(-back) for back in range(MONTHS - 1, -1, -1)):
        feeds = work / "feeds"
        feeds.mkdir()
        files = generate.write_month(con, feeds, month, each)
        measured.sent += sum(path.stat().st_size for path in files.values())
        measured.loads.append(run("load", data, "-", *files.values()))
        print(f"{dossiers:,}: {month} loaded in {measured.loads[-1]['seconds']:.1f} s, peak {measured.loads[-1]['peak_mb']} MB", flush=True)
        shutil.rmtree(feeds)
    day = work / "day"
    day.mkdir()
    measured.updates = round(each * 0.036)
    files = generate.write_updates(con, day, MONTH, each, measured.updates)
    con.close()
    measured.day = run("load", data, "-", *files.values())
    shutil.rmtree(day)
    measured.bare = run("bare_group", data)
    measured.close = run("close", data)
    print(f"{dossiers:,}: closed in {measured.close['seconds']:.1f} s, peak {measured.close['peak_mb']} MB", flush=True)
    live = sum(path.stat().st_size for path in map(Path, run("live", data)["paths"]))
    stored = sum(path.stat().st_size for path in (data / "lake").rglob("*") if path.is_file())
    measured.disk = {
        "lake": live,
        "lake with replaced files": stored,
        "edition": sum(path.stat().st_size for path in (data / "editions").rglob("*") if path.is_file()),
        "database": (data / "scorecard.sqlite").stat().st_size,
    }
    shutil.rmtree(data)
    return measured


def page(found: list[Measured]) -> str:
    """The whole page as Markdown."""
    cores, memory = os.cpu_count(), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    lines = [
        "# Performance: how it grows",
        "",
        "Written by `python -m bench scale`; the hot paths as ratios to limits are printed by `make bench`.",
        f"One machine, {cores} cores, {memory:.0f} GB of memory, SQLite. {MONTHS} months of equal size up to {MONTH}, 34 sources,",
        "3,321 communes, 2,177 local procedures; 3 % of the dossiers have supplement requests, 0.2 % of the rows are bad, 0.1 %",
        "stand twice. Every dossier comes as a row of a `flat-en` CSV file and is received, encrypted, checked and committed.",
        "One run of each.",
        "",
        "| dossiers | " + " | ".join(f"{one.dossiers:,}" for one in found) + " |",
        "|---|" + "---:|" * len(found),
    ]

    def row(name: str, values: list[str]) -> None:
        lines.append(f"| {name} | " + " | ".join(values) + " |")

    def total(one: Measured) -> float:
        return sum(float(load["seconds"]) for load in one.loads)

    row("CSV sent, MB", [f"{one.sent / 1e6:,.0f}" for one in found])
    row("loading all months, s", [f"{total(one):,.1f}" for one in found])
    for part, name in (
        ("receiving", "receiving, encrypting"),
        ("checking", "reading, checking, staging"),
        ("merging", "merging, committing"),
    ):
        row(f"– {name}, s", [f"{sum(load[part] for load in one.loads):,.1f}" for one in found])
    row("rows a second", [f"{one.loads[-1]['received'] / total(one):,.0f}" for one in found])
    row("the first month, s", [f"{one.loads[0]['seconds']:,.1f}" for one in found])
    row("the last month, s", [f"{one.loads[-1]['seconds']:,.1f}" for one in found])
    row("peak memory of loading, MB", [f"{max(load['peak_mb'] for load in one.loads):,}" for one in found])
    row("a day's updates, rows", [f"{one.updates:,}" for one in found])
    row("a day's updates, s", [f"{one.day['seconds']:,.1f}" for one in found])
    row("peak memory of the updates, MB", [f"{one.day['peak_mb']:,}" for one in found])
    row("closing the last month, s", [f"{one.close['seconds']:,.1f}" for one in found])
    row("– counting the lake, s", [f"{one.close['counting']:,.1f}" for one in found])
    row("– digests of the lake's files, s", [f"{one.close['digests']:,.1f}" for one in found])
    row("– whatever else the lake is asked, s", [f"{one.close['asking']:,.1f}" for one in found])
    row("– the rest, s", [f"{one.close['rest']:,.1f}" for one in found])
    row("one bare GROUP BY of the same files, s", [f"{one.bare['seconds']:,.1f}" for one in found])
    row("peak memory of the close, MB", [f"{one.close['peak_mb']:,}" for one in found])
    for name in found[0].disk:
        row(f"disk: {name}, MB", [f"{one.disk[name] / 1e6:,.0f}" for one in found])
    row("bytes of the lake a dossier", [f"{one.disk['lake'] / one.dossiers:,.0f}" for one in found])
    lines += ["", "Growth from one size to the next (how many times as much):", ""]
    lines += [
        "| from → to | dossiers | loading | updates | counting | the rest of the close | lake |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for before, after in pairwise(found):
        pairs = (
            (after.dossiers, before.dossiers),
            (total(after), total(before)),
            (after.day["seconds"], before.day["seconds"]),
            (after.close["counting"], before.close["counting"]),
            (after.close["rest"], before.close["rest"]),
            (after.disk["lake"], before.disk["lake"]),
        )
        shares = " | ".join(f"{new / old:,.1f}" for new, old in pairs)
        lines.append(f"| {before.dossiers:,} → {after.dossiers:,} | {shares} |")
    lines += [
        "",
        f"Measured with the clock of the data at {NOW:%Y-%m-%d}. Seconds hold for that machine; growth and shares carry further.",
        "",
    ]
    return "\n".join(lines)
