"""The cells of all public tables, of this month and of earlier ones, and what holds between them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scorecard.disclosure.public import TOTAL, PublicTables
from scorecard.figures import COUNTRY, NATION, PROCEDURE, UNIT

if TYPE_CHECKING:
    from scorecard.rows import Place

GROUP = "procedure_group"  # the breakdown whose categories the procedures divide
AGENCY = "agency"  # the breakdown whose categories are the units that answer for a dossier
NEAR = 3  # months by which two windows are apart at most to be compared at once
NOW = 0  # version of the cells that are being protected


class Cell(NamedTuple):
    """A place in a table. ``ago``: months before the one that is computed; ``version``: of that month's edition, 0 for what is new."""

    ago: int
    version: int
    period_kind: str
    window: int
    subject_kind: str
    subject_code: str
    breakdown: str
    category: str

    @property
    def new(self) -> bool:
        """Being computed, not public yet."""
        return self.version == NOW


class Sum(NamedTuple):
    """``whole`` = sum of ``parts`` − sum of ``less``, all as places in the list of cells. ``name``: what divides the whole. ``basis``:
    the sums that it follows from."""

    whole: int
    parts: Sequence[int]
    name: str
    less: Sequence[int] = ()
    basis: Sequence[int] = ()


@dataclass(frozen=True)
class Equations:
    """Sums between cells: entries (``equation``, ``cell`` as its place in the list of cells, ``factor``), the whole with -1.

    ``own``: all cells are new, so that what the parts leave over is known. ``timed``: of months, windows or versions, where nothing is
    left over. ``names``: what divides the whole. ``basis``: by equation that follows from others, those.
    """

    equation: NDArray[np.int64]
    cell: NDArray[np.int64]
    factor: NDArray[np.float64]
    own: NDArray[np.bool_]
    timed: NDArray[np.bool_]
    names: Sequence[str]
    basis: Mapping[int, Sequence[int]]

    @property
    def count(self) -> int:
        """Number of equations."""
        return len(self.own)

    def added(self, entries: NDArray[Any]) -> NDArray[np.float64]:
        """Entries × quantities, added up by equation."""
        total = np.zeros((self.count, entries.shape[1]))
        np.add.at(total, self.equation, entries.astype(np.float64))
        return total


def equations(cells: Sequence[Cell], places: "Mapping[str, Place]", tables: PublicTables, groups: Mapping[str, str]) -> Equations:
    """All sums that hold between the cells: parts of units, categories of a breakdown, procedures of a group, months of a window,
    versions of a month (a sum of one part)."""
    at = {cell: index for index, cell in enumerate(cells)}
    sums = [*_units(cells, at, places), *_categories(cells, at, tables), *_procedures(cells, at, groups)]
    timed = len(sums)
    sums += _versions(cells, at)
    sums += _months(cells, at, len(sums))
    lengths = [1 + len(each.parts) + len(each.less) for each in sums]
    cell = np.array([index for each in sums for index in (each.whole, *each.parts, *each.less)], dtype=np.int64)
    factor = np.array([value for each in sums for value in (-1.0, *[1.0] * len(each.parts), *[-1.0] * len(each.less))])
    equation = np.repeat(np.arange(len(sums)), lengths)
    new = np.array([each.new for each in cells], dtype=bool)
    own = np.ones(len(sums), dtype=bool)
    own[equation[~new[cell]]] = False
    basis = {index: each.basis for index, each in enumerate(sums) if each.basis}
    return Equations(equation, cell, factor, own, np.arange(len(sums)) >= timed, [each.name for each in sums], basis)


def _units(cells: Iterable[Cell], at: Mapping[Cell, int], places: "Mapping[str, Place]") -> list[Sum]:
    """Each unit's cell is a part of that of the nearest unit above it that has such a cell."""
    parts: dict[Cell, list[int]] = defaultdict(list)
    for cell in cells:
        if cell.subject_kind != UNIT:
            continue
        place = places.get(cell.subject_code)
        parent = place.parent if place is not None else None
        while parent is not None:
            above = cell._replace(subject_kind=NATION, subject_code=COUNTRY) if parent == COUNTRY else cell._replace(subject_code=parent)
            if above in at:
                parts[above].append(at[cell])
                break
            higher = places.get(parent)
            parent = higher.parent if higher is not None else None
    return [Sum(at[whole], found, "units") for whole, found in parts.items()]


def _categories(cells: Iterable[Cell], at: Mapping[Cell, int], tables: PublicTables) -> list[Sum]:
    parts: dict[tuple[Cell, str], list[int]] = defaultdict(list)
    same: list[Sum] = []
    for cell in cells:
        if cell.breakdown == TOTAL or cell.breakdown in tables.not_dividing:
            continue
        parts[cell._replace(breakdown=TOTAL, category=TOTAL), cell.breakdown].append(at[cell])
        if cell.breakdown == AGENCY:  # the unit's own cell is the same
            unit = cell._replace(subject_kind=UNIT, subject_code=cell.category, breakdown=TOTAL, category=TOTAL)
            if unit in at:
                same.append(Sum(at[unit], [at[cell]], "same unit"))
    return [Sum(at[whole], found, name) for (whole, name), found in parts.items() if whole in at] + same


def _procedures(cells: Iterable[Cell], at: Mapping[Cell, int], groups: Mapping[str, str]) -> list[Sum]:
    parts: dict[Cell, list[int]] = defaultdict(list)
    for cell in cells:
        if cell.subject_kind == PROCEDURE:
            nation = cell._replace(subject_kind=NATION, subject_code=COUNTRY)
            group = nation._replace(breakdown=GROUP, category=groups.get(cell.subject_code, ""))
            whole = group if cell.breakdown == TOTAL and group in at else nation
            if whole in at:
                parts[whole].append(at[cell])
    return [Sum(at[whole], found, "procedures") for whole, found in parts.items()]


def _months(cells: Iterable[Cell], at: Mapping[Cell, int], first: int) -> list[Sum]:
    """A window is the sum of its months; of a month's versions the newest counts. A month without a cell was not shown.

    What follows for two windows of one subject, that end in different months or begin in different ones, is told besides, since it
    gives away most of what windows give away. ``first``: number of the first of these sums.
    """
    newest: dict[tuple[Cell, int], int] = {}
    for cell in at:
        if cell.window == 1:
            key = cell._replace(ago=0, version=0), cell.ago
            if key not in newest or _later(cell.version, newest[key]):
                newest[key] = cell.version

    def months(single: Cell, start: int, stop: int) -> list[int]:
        found = [(ago, newest.get((single, ago))) for ago in range(start, stop)]
        return [at[single._replace(ago=ago, version=version)] for ago, version in found if version is not None]

    sums: list[Sum] = []
    windows: dict[Cell, list[tuple[Cell, int]]] = defaultdict(list)  # by subject: its windows, each with the number of its sum
    for cell in cells:
        if cell.window > 1:
            single = cell._replace(ago=0, version=0, window=1)
            parts = months(single, cell.ago, cell.ago + cell.window)
            if parts:
                windows[single].append((cell, first + len(sums)))
                sums.append(Sum(at[cell], parts, "months"))
    for single, several in windows.items():
        for index, (later, one) in enumerate(several):
            for earlier, other in several[index + 1 :]:
                apart, ends = earlier.ago - later.ago, (later.ago + later.window, earlier.ago + earlier.window)
                if earlier.window != later.window and apart:
                    continue
                if 0 < apart < min(NEAR + 1, later.window):  # the later one has come by some months and lost others
                    come, gone = months(single, later.ago, earlier.ago), months(single, *ends)
                    sums.append(Sum(at[later], [at[earlier], *come], "months", gone, (one, other)))
                elif apart == 0 and earlier.window > later.window:  # the longer one began earlier
                    sums.append(Sum(at[earlier], [at[later], *months(single, *ends)], "months", (), (one, other)))
    return sums


def _later(one: int, other: int) -> bool:
    """Whether the first version is newer; what is being computed is the newest."""
    return other != NOW and (one == NOW or one > other)


def _versions(cells: Iterable[Cell], at: Mapping[Cell, int]) -> list[Sum]:
    """Versions of one month count the same answers."""
    versions: dict[Cell, list[Cell]] = defaultdict(list)
    for cell in cells:
        versions[cell._replace(version=0)].append(cell)
    found = []
    for several in versions.values():
        ordered = sorted(several, key=lambda cell: cell.version if cell.version != NOW else 10**6)
        found += [Sum(at[before], [at[after]], "versions") for before, after in pairwise(ordered)]
    return found
