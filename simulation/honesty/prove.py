"""``make prove``: draw the months, judge them on two processes, write ``docs/honesty.md`` and ``bench/honesty.json``."""

import json
import multiprocessing
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: two processes share two cores
os.environ.setdefault("OMP_NUM_THREADS", "1")

from core.calendar import Month
from core.settings import ROOT
from scorecard import integrity_rules
from simulation.honesty import blocks, page
from simulation.honesty.goals import goals, summarise

MONTHS, SEED, PROCESSES = 200, 766, 2
# W1 is what the intervals promise and W2 has four ratios: both are drawn four times as often, since a month of theirs costs least.
TIMES = {"W1": 4, "W2": 4, "W3": 1, "W4": 1}


def tasks(months: int, seed: int) -> list[blocks.Task]:
    """Blocks of a year each, the dear ones first, so that both processes end together."""
    found = []
    for world in ("W4", "W3", "W1", "W2"):
        left, number = months * TIMES[world], 0
        while left > 0:
            found.append(blocks.Task(world, number, min(blocks.YEAR, left), seed))
            left, number = left - blocks.YEAR, number + 1
    return found


def measure(months: int, seed: int, processes: int = PROCESSES) -> list[blocks.Outcome]:
    """All blocks, in the order of ``tasks``; the same for any number of processes."""
    rules, _ = integrity_rules.for_month(Month(2026, 12))
    wanted = [(task, rules) for task in tasks(months, seed)]
    if processes == 1:
        return [blocks.run(*item) for item in wanted]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        return pool.starmap(blocks.run, wanted, chunksize=1)


def write(months: int, seed: int, outcomes: list[blocks.Outcome], root: Path) -> bool:
    """Write both files; True if every goal is met."""
    summary = summarise(outcomes)
    found = goals(summary)
    content = {"seed": seed, "months": months, "goals": [asdict(goal) for goal in found]}
    (root / "bench" / "honesty.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    (root / "docs" / "honesty.md").write_text(page.text(seed, months, TIMES, summary, found), encoding="utf-8")
    return all(goal.met for goal in found)


def main() -> None:
    """The command."""
    months, seed = int(os.environ.get("PROVE_MONTHS") or MONTHS), int(os.environ.get("PROVE_SEED") or SEED)
    started = time.monotonic()
    outcomes = measure(months, seed)
    met = write(months, seed, outcomes, ROOT)
    seconds = time.monotonic() - started
    for goal in json.loads((ROOT / "bench" / "honesty.json").read_text(encoding="utf-8"))["goals"]:
        sys.stdout.write(
            f"{'met   ' if goal['met'] else 'MISSED'} {goal['name']:<44} {goal['value']:.4f} [{goal['low']:.4f}, {goal['high']:.4f}]\n"
        )
    words = "every goal is met" if met else "goals are missed: docs/honesty.md says what that means"
    sys.stdout.write(f"{words}; {seconds:.0f} s for {months} months a world, {seconds / months:.1f} s a month\n")


if __name__ == "__main__":
    main()
