"""``python -m bench live``: what bringing the running month up to date costs, by what arrived and by the size of the month.

``BENCH_LIVE`` (dossiers of the month, separated by commas) chooses other sizes. The result is a section of docs/performance.md.
"""

import os
import shutil
from pathlib import Path
from typing import Any

from bench import generate
from bench.installation import MONTH, copied, prepare, run
from bench.nation import folder

HEADING = "## The running month"
SIZES = "100000,1000000"  # dossiers received in the month
EARLIER = 2  # months before it, of the same size: services on paper only are looked for in them
ONE, ALL = "01", "all"  # a source that sends alone, and every source
ARRIVALS = ((2_000, ONE), (100, ALL), (10_000, ALL))  # rows of a file, of which those of the sender arrive before a refresh


def main(target: Path) -> None:
    """Measure, and write the section into the page."""
    sizes = [int(size) for size in os.environ.get("BENCH_LIVE", SIZES).split(",")]
    with folder() as work:
        base = prepare(work / "base")
        found = {size: _size(work, base, size) for size in sizes}
    before = target.read_text(encoding="utf-8").partition(HEADING)[0].rstrip()
    target.write_text(f"{before}\n\n{section(found)}", encoding="utf-8")
    print(f"written: {target}")


def _size(work: Path, base: Path, size: int) -> list[dict[str, Any]]:
    data = copied(base, work / "lake")
    generate.fill_lake(data, [(MONTH.plus(-back), size) for back in range(EARLIER, -1, -1)], work)
    found = [run("refresh", data) | {"what": "everything, the first time", "rows": size}]
    con = generate.engine(spill=work)
    held = size
    for updates, sender in ARRIVALS:
        day = work / "day"
        day.mkdir()
        files = generate.write_updates(con, day, MONTH, held, updates)
        held += updates  # the next file's new dossiers are others
        sent = [path for code, path in files.items() if sender in (ALL, code)]
        rows = sum(len(path.read_bytes().splitlines()) - 1 for path in sent)
        run("load", data, "-", *sent)
        what = f"{len(sent)} source{'s' if len(sent) > 1 else ''}"
        found.append(run("refresh", data) | {"what": what, "rows": rows})
        print(f"{size:,}: {found[-1]}", flush=True)
        shutil.rmtree(day)
    con.close()
    shutil.rmtree(data)
    return found


def section(found: dict[int, list[dict[str, Any]]]) -> str:
    """The section as Markdown."""
    figures = max(max(one["figures"].values()) for runs in found.values() for one in runs)
    lines = [
        HEADING,
        "",
        "Written by `python -m bench live`: seconds of the processor, each row one refresh by the worker after what is named arrived.",
        "Only the lake's files that are new are read, and of all others the counts are kept. But the kept counts are summed up and every",
        f"figure of the country is made and written anew ({figures:,} of them): that costs much the same whatever arrived, and more in a",
        "larger month. It does not follow what arrived as it should. So nothing is done where nothing arrived, and after a refresh the",
        "worker waits as long as it took: a steady trickle costs half of a processor at most.",
        "",
        "| dossiers in the month | arrived from | rows | whole refresh | reading the lake | writing figures | the rest |",
        "|---:|---|---:|---:|---:|---:|---:|",
    ]
    for size, runs in found.items():
        for one in runs:
            seconds = " | ".join(f"{one[name]:,.1f}" for name in ("cpu", "reading", "writing", "rest"))
            lines.append(f"| {size:,} | {one['what']} | {one['rows']:,} | {seconds} |")
    return "\n".join([*lines, ""])
