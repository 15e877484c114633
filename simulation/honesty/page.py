"""``docs/honesty.md``: what was promised, what was measured, and what is not seen."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from scorecard.proof import WORDS
from simulation.honesty import tampering
from simulation.honesty.goals import Goal, Summary


def text(seed: int, months: int, times: Mapping[str, int], total: Summary, goals: list[Goal]) -> str:
    """The page."""
    parts = [
        _head(seed, months, times),
        _goals(goals),
        _missed(goals),
        _worlds(total),
        _curves(total),
        _alarms(total),
        _hidden(total),
        _limits(),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head), ["---"] * len(list(head)), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _percent(share: float, decimals: int = 1) -> str:
    return "–" if np.isnan(share) else f"{share * 100:.{decimals}f} %"


def _points(share: float) -> str:
    return f"{share * 100:+.2f}"


def _head(seed: int, months: int, times: Mapping[str, int]) -> str:
    drawn = ", ".join(f"{world} {months * many}" for world, many in sorted(times.items()))
    return f"""# How far the figures can be trusted: measured

Written by `make prove` (`PROVE_MONTHS={months}`, `PROVE_SEED={seed}`); do not edit. The same figures for machines: `bench/honesty.json`.

Months are drawn from a country whose truth is known (`simulation/honesty/`) and judged by the code that judges real months
(`scorecard/statistics.py`, `scorecard/integrity_*.py`). The two share no formula: the country is logistic and normal, the estimators are
not told how, and a test keeps the imports apart. Months drawn in each world: {drawn}. A country lasts a year, then another one is dealt.

- **W1** answering depends only on what the weighting cells record (province, result or none, channel, commune or above, applicant).
- **W2** in every cell the satisfied answer λ times as often as the others: λ = ½, ⅔, 1½, 2, a month each in turn.
- **W3** answering depends on age, days waited and trips made, which no cell knows and which also make people less pleased.
- **W4** W2, and in each month 20 of the 3,355 units are tampered with, in a way, dose and size dealt at random; in every other month
  or so one provider also leaves out invitations for bad outcomes.

Brackets hold the 95 % Monte-Carlo interval of a measured value: what another seed might give."""


def _goals(goals: list[Goal]) -> str:
    rows = [
        [
            WORDS[goal.name][1],
            WORDS[goal.name][3],
            _percent(goal.value),
            f"[{_percent(goal.low)}, {_percent(goal.high)}]",
            "met" if goal.met else "**missed**",
        ]
        for goal in goals
    ]
    return "## Goals\n\n" + _table(("what", "goal", "measured", "interval", ""), rows)


def _missed(goals: list[Goal]) -> str:
    missed = [goal for goal in goals if not goal.met]
    if not missed:
        return ""
    lines = [f"- {WORDS[goal.name][1]}: {_percent(goal.value)}. It means: {WORDS[goal.name][5]}." for goal in missed]
    return "## What the missed goals mean\n\n" + "\n".join(lines)


def _worlds(total: Summary) -> str:
    rows = []
    for world, months in sorted(total.months.items()):
        ratios = sorted({month["ratio"] for month in months})
        for ratio in ratios:
            some = [month for month in months if month["ratio"] == ratio]
            rows.append([f"{world}, λ = {ratio:.3g}" if world in ("W2", "W4") else world, str(len(some)), *_world_cells(some)])
    head = (
        "world",
        "months",
        "nation covered",
        "provinces covered",
        "weighted bias",
        "unweighted bias",
        "half-width",
        "band holds (nation)",
        "band holds (provinces)",
    )
    note = """Biases and half-widths of the nation in percentage points. Where people with another opinion answer more or less often (W2 to
W4), the interval, which knows of sampling only, no longer holds the truth: that is why no figure is called reliable that has a sampling
interval only, and why the band stands beside it."""
    windows = []
    for length, pairs in sorted(total.windows.items()):
        covered, judged = (sum(pair[place] for pair in pairs) for place in (0, 1))
        windows.append(f"- communes, windows of {length} months: {_percent(covered / judged, 2)} of {judged} intervals hold the truth")
    return f"## The four worlds\n\n{_table(head, rows)}\n\n{note}\n\nIn W1:\n\n" + "\n".join(windows)


def _world_cells(months: list[dict[str, Any]]) -> list[str]:
    def mean(name: str) -> float:
        return float(np.mean([month[name] for month in months]))

    return [
        _percent(mean("covered")),
        _percent(mean("provinces")),
        _points(mean("bias")),
        _points(mean("raw_bias")),
        f"{mean('half_width') * 100:.2f}",
        _percent(mean("band")),
        _percent(mean("province_band")),
    ]


def _curves(total: Summary) -> str:
    if not total.tried:
        return ""
    sections = []
    for way, words in tampering.WAYS.items():
        rows = []
        for n in tampering.SIZES:
            cells = [f"{n}"]
            for dose in tampering.DOSES:
                tried, found = total.tried[way, dose, n], total.found[way, dose, n]
                cells.append(f"{_percent(found / tried, 0)} ({found}/{tried})" if tried else "–")
            rows.append(cells)
        sections.append(f"### {words}\n\n" + _table(("answers", *(_percent(dose, 0) for dose in tampering.DOSES)), rows))
    providers = [
        f"- dose {_percent(dose, 0)}: {total.providers_found[dose]} of {total.providers_tried[dose]}"
        for dose in sorted(total.providers_tried)
    ]
    wrong = f"- providers that did nothing of the kind and were asked all the same: {total.providers_wrong} of {total.providers_honest}"
    return (
        "## What is found: share of tampered units put before a reviewer, by dose and number of answers\n\n"
        + "\n\n".join(sections)
        + "\n\n### nhà cung cấp gửi lời mời bỏ qua kết quả xấu / a provider that sends the invitations leaves out bad outcomes\n\n"
        + "\n".join([*providers, wrong])
    )


def _alarms(total: Summary) -> str:
    if not total.asked:
        return ""
    names = sorted(set(total.true_by_detector) | set(total.false_by_detector))
    rows = [[name, str(total.true_by_detector[name]), str(total.false_by_detector[name])] for name in names]
    true, false = (sum(pair[place] for pair in total.asked) for place in (0, 1))
    return (
        f"## Alarms by detector\n\nIn W4 {true + false} units were put before a reviewer, {true} of them tampered with. "
        "A unit may be asked for several reasons.\n\n" + _table(("detector", "tampered units", "honest units"), rows)
    )


def _hidden(total: Summary) -> str:
    if not total.hiding_tried:
        return ""
    lines = [f"- {way}: {total.hiding_found[way]} of {tried}" for way, tried in sorted(total.hiding_tried.items())]
    return (
        "## Hidden supplement requests\n\nOnce in each year of W4, 40 of the 3,355 units hide 30 to 100 % of a month's requests: "
        "they refuse the dossier and take it in anew, or enter nothing. A unit is found if `scorecard/zeros.py` flags it for recording "
        "nothing at all, for dossiers that came again, or for people who say that they were asked.\n\n"
        + "\n".join([*lines, f"- honest units flagged: {total.hiding_wrong} of {total.hiding_asked} flagged"])
    )


def _limits() -> str:
    return """## What this does not show

- The country is made up. Ways of tampering that nobody thought of are not in it, and real people differ in more ways than these.
- Nothing here says that the satisfied do answer as often as others. Only the follow-up of those who did not answer can.
- "Put before a reviewer" takes every unit that a detector asks about. A unit is named only after its explanation and two reviewers."""
