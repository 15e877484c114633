"""From counts to points, in exact fractions; rounded once, at the end, half up. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

from scorecard.scoring.schema import FULL, LEFT_OUT, Band, CountRules, Group, Indicator

VALUE, EMPTY_FULL, EMPTY_ZERO, EMPTY_OUT, MISSING = "value", "empty_full", "empty_zero", "empty_left_out", "missing"

Counts = Mapping[str, tuple[int, int]]  # numerator and denominator by indicator; what is not in it is missing


@dataclass(frozen=True)
class Scored:
    """One indicator of one unit. ``points``: not rounded beyond what the rules say; None where it is missing or left out.

    ``over``: more was counted than there was to count, before any factor.
    """

    indicator: Indicator
    status: str
    numerator: int | None = None
    denominator: int | None = None
    ratio: Fraction | None = None
    points: Fraction | None = None
    over: bool = False


@dataclass(frozen=True)
class GroupScore:
    """One group of one unit; ``points`` not rounded, None where an indicator that it needs is missing."""

    group: Group
    indicators: tuple[Scored, ...]
    points: Fraction | None

    @property
    def missing(self) -> tuple[str, ...]:
        """Indicators that are missing, by id."""
        return tuple(item.indicator.id for item in self.indicators if item.status == MISSING)


@dataclass(frozen=True)
class Score:
    """One unit under one rule set. ``total`` not rounded; None where the rules need a group that is not there."""

    rules: CountRules
    groups: tuple[GroupScore, ...]
    total: Fraction | None

    @property
    def indicators(self) -> tuple[Scored, ...]:
        """All indicators that earn points, in order."""
        return tuple(item for group in self.groups for item in group.indicators)

    @property
    def missing(self) -> tuple[str, ...]:
        """Groups in which an indicator is missing."""
        return tuple(group.group.id for group in self.groups if group.missing)

    @property
    def empty_full(self) -> tuple[Scored, ...]:
        """Indicators with full points although nothing arose."""
        return tuple(item for item in self.indicators if item.status == EMPTY_FULL)

    @property
    def total_without_empty(self) -> Fraction | None:
        """The total without what came from nothing; its maximum is ``maximum_without_empty``."""
        return None if self.total is None else self.total - sum(item.points or 0 for item in self.empty_full)

    @property
    def maximum_without_empty(self) -> Decimal:
        """The most that can be had without the indicators of which nothing arose."""
        return self.rules.points - sum(item.indicator.points for item in self.empty_full)

    @property
    def reachable(self) -> Decimal:
        """The most that the indicators which earned anything, be it 0, could earn; a normalised total is stretched from it."""
        return _reachable(self.groups)

    @property
    def band(self) -> Band | None:
        """The band of the total as it is printed, so that both agree."""
        if self.total is None:
            return None
        printed = half_up(self.total, self.rules.rounding.total)
        return next(band for band in self.rules.bands if printed >= band.least)


def half_up(value: Fraction, decimals: int) -> Decimal:
    """A fraction of at least 0, rounded half up: exactly, without a detour over binary numbers."""
    scaled = floor(value * 10**decimals + Fraction(1, 2))
    return Decimal(scaled).scaleb(-decimals)


def score(rules: CountRules, counts: Counts, factors: Mapping[str, Fraction] | None = None) -> Score:
    """Score one unit. ``factors`` by id; 1 where not given. Counts are at least 0, no numerator above an empty denominator."""
    groups = []
    for group in rules.groups:
        scored = tuple(_indicator(rules, item, counts.get(item.id), factors or {}) for item in group.indicators if item.formula != "shown")
        groups.append(GroupScore(group, scored, _group_points(rules, scored)))
    return Score(rules, tuple(groups), _total(rules, groups))


def _indicator(rules: CountRules, item: Indicator, count: tuple[int, int] | None, factors: Mapping[str, Fraction]) -> Scored:
    if count is None or item.empty is None:
        return Scored(item, MISSING)
    numerator, denominator = count
    if denominator == 0:
        if item.empty.gives == LEFT_OUT:
            return Scored(item, EMPTY_OUT, 0, 0)
        full = item.empty.gives == FULL
        return Scored(item, EMPTY_FULL if full else EMPTY_ZERO, 0, 0, None, Fraction(item.points) if full else Fraction(0))
    ratio = Fraction(numerator, denominator) * (factors.get(item.factor, Fraction(1)) if item.factor else 1)
    if item.formula == "mean":
        points = min(ratio, Fraction(item.points))
        over = ratio > item.points
    else:
        points = Fraction(item.points) * min(Fraction(1), ratio / Fraction(item.target or 1))
        over = numerator > denominator
    if rules.rounding.indicators is not None:
        points = Fraction(half_up(points, rules.rounding.indicators))
    return Scored(item, VALUE, numerator, denominator, ratio, points, over)


def _group_points(rules: CountRules, scored: Sequence[Scored]) -> Fraction | None:
    found = [item.points for item in scored if item.points is not None]
    if rules.missing == "group_empty" and len(found) < len(scored):
        return None
    return sum(found, Fraction(0)) if found else None


def _total(rules: CountRules, groups: Sequence[GroupScore]) -> Fraction | None:
    found = [group.points for group in groups if group.points is not None]
    if rules.rounding.total_of == "rounded":
        found = [Fraction(half_up(points, rules.rounding.groups)) for points in found]
    if rules.missing == "group_empty":
        return sum(found, Fraction(0)) if len(found) == len(groups) else None
    reachable = Fraction(_reachable(groups))
    return sum(found, Fraction(0)) * Fraction(rules.points) / reachable if reachable else None


def _reachable(groups: Sequence[GroupScore]) -> Decimal:
    return sum((item.indicator.points for group in groups for item in group.indicators if item.points is not None), Decimal(0))
