"""What the proof promises, and what was measured, each with its Monte-Carlo error."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from statsmodels.stats.proportion import proportion_confint

from simulation.honesty import supplements, tampering
from simulation.honesty.blocks import QUARTER, YEAR, Outcome

COVERAGE = (0.93, 0.97)
BIAS_LEFT = 0.25  # of the raw figure's bias
BAND = 0.95
FOUND = 0.95
GOAL_DOSE, GOAL_SIZE = 0.20, 100
TRULY = 0.90
NAMED_IN_YEAR = 0.01
HIDDEN_FOUND = 0.90
Z = 1.96
COUNTERS = (
    *("tried", "found", "true_by_detector", "false_by_detector"),
    *("providers_tried", "providers_found", "hiding_tried", "hiding_found"),
)


@dataclass(frozen=True)
class Goal:
    """``low``, ``high``: 95 % Monte-Carlo interval of ``value``. ``met``: the value itself is where it ought to be."""

    name: str
    value: float
    low: float
    high: float
    met: bool


@dataclass
class Summary:
    """All outcomes put together."""

    months: dict[str, list[dict[str, Any]]]
    windows: dict[int, list[tuple[int, int]]]
    province_bias: list[dict[str, float]]  # of W1, a block each
    tried: Counter[tuple[str, float, int]]
    found: Counter[tuple[str, float, int]]
    asked: list[tuple[int, int]]  # (truly manipulated, honest), a block each
    true_by_detector: Counter[str]
    false_by_detector: Counter[str]
    years: list[tuple[int, int]]  # (honest units named, honest units), a year each
    hiding_tried: Counter[str]
    hiding_found: Counter[str]
    hiding_asked: int
    hiding_wrong: int
    providers_tried: Counter[float]
    providers_found: Counter[float]
    providers_honest: int
    providers_wrong: int


def summarise(outcomes: Iterable[Outcome]) -> Summary:
    """Add up the blocks."""
    total = Summary({}, {}, [], Counter(), Counter(), [], Counter(), Counter(), [], Counter(), Counter(), 0, 0, Counter(), Counter(), 0, 0)
    for outcome in outcomes:
        total.months.setdefault(outcome.task.world, []).extend(outcome.months)
        if outcome.task.world == "W1":
            total.province_bias.append(dict(zip(("bias", "raw_bias"), outcome.province_bias, strict=True)))
        for length, covered, judged in outcome.windows:
            total.windows.setdefault(length, []).append((covered, judged))
        for name in (
            "tried",
            "found",
            "true_by_detector",
            "false_by_detector",
            "providers_tried",
            "providers_found",
            "hiding_tried",
            "hiding_found",
        ):
            getattr(total, name).update(getattr(outcome, name))
        for name in ("hiding_asked", "hiding_wrong", "providers_honest", "providers_wrong"):
            setattr(total, name, getattr(total, name) + getattr(outcome, name))
        if outcome.task.world == "W4":
            total.asked.append((outcome.asked_true, outcome.asked_false))
        if outcome.honest:
            total.years.append((outcome.honest_named, outcome.honest))
    return total


def goals(total: Summary) -> list[Goal]:
    """Every goal that something was measured for."""
    found: list[Goal] = []
    if first := total.months.get("W1"):
        found.append(_share("w1_coverage_nation", [(month["covered"], 1) for month in first], _within))
        found.append(_mean("w1_coverage_provinces", [month["provinces"] for month in first], _within))
        if total.windows:
            found.append(_share("w1_coverage_commune_windows", [pair for pairs in total.windows.values() for pair in pairs], _within))
        found.append(_bias("w1_bias_left_nation", first))
        found.append(_bias("w1_bias_left_provinces", total.province_bias))
    if second := total.months.get("W2"):
        found.append(_share("w2_band_holds_truth_nation", [(month["band"], 1) for month in second], lambda value: value >= BAND))
        found.append(_mean("w2_band_holds_truth_provinces", [month["province_band"] for month in second], lambda value: value >= BAND))
    for way in tampering.WAYS:
        keys = [key for key in total.tried if key[0] == way and key[1] == GOAL_DOSE and key[2] >= GOAL_SIZE]
        if keys:
            pair = (sum(total.found[key] for key in keys), sum(total.tried[key] for key in keys))
            found.append(_share(f"found_{way}", [pair], lambda value: value >= FOUND))
    if total.asked:
        found.append(
            _share("reviewed_truly_manipulated", [(true, true + false) for true, false in total.asked], lambda value: value >= TRULY)
        )
    for way in supplements.WAYS:
        if total.hiding_tried[way]:
            pair = (total.hiding_found[way], total.hiding_tried[way])
            found.append(_share(f"hidden_supplements_{way}", [pair], lambda value: value >= HIDDEN_FOUND))
    if total.years:
        found.append(_share("honest_named_in_a_year", total.years, lambda value: value < NAMED_IN_YEAR))
    return found


def _within(value: float) -> bool:
    return COVERAGE[0] <= value <= COVERAGE[1]


def _share(name: str, pairs: list[tuple[int, int]], good: Callable[[float], bool]) -> Goal:
    """A share of all cases. Of many clusters (months, years) the error goes by cluster; else it is Wilson's."""
    hits, trials = (sum(pair[place] for pair in pairs) for place in (0, 1))
    value = hits / trials if trials else float("nan")
    if len(pairs) > 1 and any(pair[1] > 1 for pair in pairs):
        residual = np.array([pair[0] - value * pair[1] for pair in pairs])
        error = Z * sqrt(float((residual**2).sum()) * len(pairs) / (len(pairs) - 1)) / trials
        low, high = max(0.0, value - error), min(1.0, value + error)
    else:
        low, high = (float(end) for end in proportion_confint(hits, max(trials, 1), method="wilson"))
    return _goal(name, value, low, high, good)


def _mean(name: str, values: list[float], good: Callable[[float], bool]) -> Goal:
    """A mean over months."""
    mean = float(np.mean(values))
    error = Z * float(np.std(values, ddof=1)) / sqrt(len(values)) if len(values) > 1 else 1.0
    return _goal(name, mean, max(0.0, mean - error), min(1.0, mean + error), good)


def _bias(name: str, spans: Sequence[Mapping[str, Any]]) -> Goal:
    """Mean bias of the weighted figure as a share of that of the unweighted one, with the delta method's error."""
    w, r = (np.array([span[key] for span in spans]) for key in ("bias", "raw_bias"))
    value = abs(float(w.mean())) / abs(float(r.mean()))
    residual = (np.sign(w.mean()) * w - value * np.sign(r.mean()) * r) / abs(float(r.mean()))
    error = Z * float(np.std(residual, ddof=1)) / sqrt(len(spans)) if len(spans) > 1 else 1.0
    return _goal(name, value, max(0.0, value - error), value + error, lambda left: left <= BIAS_LEFT)


def _goal(name: str, value: float, low: float, high: float, good: Callable[[float], bool]) -> Goal:
    return Goal(name, round(value, 6), round(low, 6), round(high, 6), bool(good(value)))


__all__ = ["QUARTER", "YEAR", "Goal", "Summary", "goals", "summarise"]
