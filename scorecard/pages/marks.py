"""Geometry of the small drawings: interval as a band, estimate as a dot, nation as a thin grey mark. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import TYPE_CHECKING

from scorecard.pages.words import has_value

if TYPE_CHECKING:
    from scorecard.queries import Figure


@dataclass(frozen=True)
class Axis:
    """A stretch of shares laid over a length in drawing units; ``margin`` keeps the marks at its ends whole."""

    low: float
    high: float
    length: float
    margin: float = 0.0

    def at(self, share: float) -> float:
        """Where a share lies; what is outside lies on the edge."""
        inside = min(max(share, self.low), self.high)
        return round(self.margin + (inside - self.low) / (self.high - self.low) * (self.length - 2 * self.margin), 1)


@dataclass(frozen=True)
class Mark:
    """One line of a dot plot. All positions in drawing units; None where there is nothing to draw."""

    length: float
    low: float | None
    high: float | None
    dot: float | None
    nation: float | None
    grey: bool
    bar: bool = False
    nation_high: float | None = None

    @property
    def width(self) -> float:
        """Width of the band, at least two units so that a narrow one is seen."""
        return max(2.0, round((self.high or 0.0) - (self.low or 0.0), 1))


EDGE = 4.0  # radius of a dot


def axis_for(figures: Sequence[Figure | None], length: float, least: float = 0.1, margin: float = EDGE) -> Axis:
    """An axis around all intervals, on whole tenths, at least ``least`` wide, inside 0–1."""
    ends = [end for figure in figures if figure is not None and has_value(figure) for end in (figure.low, figure.value, figure.high)]
    known = [end for end in ends if end is not None]
    low = floor(min(known, default=0.0) * 20) / 20
    high = ceil(max(known, default=1.0) * 20) / 20
    if high - low < least:
        low, high = max(0.0, high - least), min(1.0, max(0.0, high - least) + least)
    return Axis(low, high, length, margin)


def axis_of_values(figures: Sequence[Figure | None], length: float) -> Axis:
    """From zero to just above the largest estimate: in a long table a few tiny units' wide intervals must not flatten all others."""
    values = [figure.value for figure in figures if figure is not None and has_value(figure) and figure.value is not None]
    return Axis(0.0, min(1.0, max(0.05, ceil(max(values, default=1.0) * 1.2 * 20) / 20)), length, EDGE)


def mark(figure: Figure | None, axis: Axis, nation: Figure | None = None) -> Mark:
    """Band and dot of a figure; without a value only the axis remains."""
    at_nation = axis.at(nation.value) if nation is not None and has_value(nation) and nation.value is not None else None
    if figure is None or not has_value(figure) or figure.value is None:
        return Mark(axis.length, None, None, None, at_nation, grey=False)
    low, high = (axis.at(end) if end is not None else None for end in (figure.low, figure.high))
    return Mark(axis.length, low, high, axis.at(figure.value), at_nation, figure.grey)


def bar(lower: Figure | None, upper: Figure | None, axis: Axis, nation: tuple[Figure | None, Figure | None] = (None, None)) -> Mark:
    """From–to of a share known only between two bounds; the nation's as a thin bar below."""
    ends = [axis.at(end.value) if end is not None and has_value(end) and end.value is not None else None for end in (lower, upper, *nation)]
    return Mark(axis.length, ends[0], ends[1], None, ends[2], grey=False, bar=True, nation_high=ends[3])


@dataclass(frozen=True)
class Point:
    """One month of a course: where it stands, or that it has no value."""

    x: float
    y: float | None
    top: float | None
    bottom: float | None
    label: str
    grey: bool


@dataclass(frozen=True)
class Course:
    """Twelve months as points over an axis of per cents."""

    points: tuple[Point, ...]
    ticks: tuple[tuple[float, float], ...]
    width: float
    height: float

    @property
    def line(self) -> list[str]:
        """Stretches of neighbouring months with a value, as ``points`` of polylines: a missing month breaks the line."""
        stretches: list[list[str]] = [[]]
        for point in self.points:
            if point.y is None:
                stretches.append([])
            else:
                stretches[-1].append(f"{point.x},{point.y}")
        return [" ".join(stretch) for stretch in stretches if len(stretch) > 1]


def _halved(axis: Axis) -> Axis:
    """An axis on whole twentieths, one longer where needed, so that its middle is a whole per cent too and its label says what is drawn."""
    if round((axis.high - axis.low) * 20) % 2 == 0:
        return axis
    if axis.high < 1:
        return replace(axis, high=round(axis.high + 0.05, 2))
    return replace(axis, low=round(axis.low - 0.05, 2))


LEFT, RIGHT, TOP, BOTTOM = 44.0, 12.0, 8.0, 26.0


def course(months: Sequence[tuple[str, Figure | None]], width: float = 420.0, height: float = 150.0) -> Course:
    """The course of one figure; ``months`` oldest first, each with the short label of the month."""
    inner = height - TOP - BOTTOM
    axis = _halved(axis_for([figure for _, figure in months], inner, margin=0.0))
    step = (width - LEFT - RIGHT) / max(1, len(months) - 1)
    points = []
    for index, (label, figure) in enumerate(months):
        x = round(LEFT + index * step, 1)
        if figure is None or not has_value(figure) or figure.value is None:
            points.append(Point(x, None, None, None, label, grey=False))
            continue
        y, top, bottom = (None if end is None else round(TOP + inner - axis.at(end), 1) for end in (figure.value, figure.high, figure.low))
        points.append(Point(x, y, top, bottom, label, figure.grey))
    edges = [axis.low, (axis.low + axis.high) / 2, axis.high]
    return Course(tuple(points), tuple((edge, round(TOP + inner - axis.at(edge), 1)) for edge in edges), width, height)
