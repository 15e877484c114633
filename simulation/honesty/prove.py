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
MINUTES = 18  # after which no further year is begun
# W1 is what the intervals promise and W2 has four ratios: both are drawn four times as often, since a month of theirs costs least.
TIMES = {"W1": 4, "W2": 4, "W3": 1, "W4": 1}


def tasks(months: int, seed: int) -> list[blocks.Task]:
    """Blocks of a year each, year by year, so that wherever time ends every world has had its share."""
    found = []
    for year in range(-(-months // blocks.YEAR)):
        length = min(blocks.YEAR, months - year * blocks.YEAR)
        for world, times in sorted(TIMES.items(), reverse=True):
            found += [blocks.Task(world, year * times + turn, length, seed) for turn in range(times)]
    return found


def measure(months: int, seed: int, seconds: float, processes: int = PROCESSES) -> list[blocks.Outcome]:
    """Blocks in the order of ``tasks``, as many whole years as the time allows (at least one); the same for any number of processes."""
    rules, _ = integrity_rules.for_month(Month(2026, 12))
    wanted = [(task, rules) for task in tasks(months, seed)]
    a_year, until = sum(TIMES.values()), time.monotonic() + seconds
    outcomes: list[blocks.Outcome] = []
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for outcome in pool.imap(_run, wanted):
            outcomes.append(outcome)
            if time.monotonic() > until and len(outcomes) >= a_year:
                break
    return outcomes[: len(outcomes) // a_year * a_year]


def _run(item: tuple[blocks.Task, integrity_rules.IntegrityRules]) -> blocks.Outcome:
    return blocks.run(*item)


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
    wanted, seed = int(os.environ.get("PROVE_MONTHS") or MONTHS), int(os.environ.get("PROVE_SEED") or SEED)
    minutes = float(os.environ.get("PROVE_MINUTES") or MINUTES)
    started = time.monotonic()
    outcomes = measure(wanted, seed, minutes * 60)
    months = sum(outcome.task.months for outcome in outcomes if outcome.task.world == "W4")
    met = write(months, seed, outcomes, ROOT)
    seconds = time.monotonic() - started
    if months < wanted:
        sys.stdout.write(f"time was over after {months} of {wanted} months: PROVE_MINUTES gives more\n")
    for goal in json.loads((ROOT / "bench" / "honesty.json").read_text(encoding="utf-8"))["goals"]:
        sys.stdout.write(
            f"{'met   ' if goal['met'] else 'MISSED'} {goal['name']:<44} {goal['value']:.4f} [{goal['low']:.4f}, {goal['high']:.4f}]\n"
        )
    words = "every goal is met" if met else "goals are missed: docs/honesty.md says what that means"
    sys.stdout.write(f"{words}; {seconds:.0f} s for {months} months a world, {seconds / months:.1f} s a month\n")


if __name__ == "__main__":
    main()
