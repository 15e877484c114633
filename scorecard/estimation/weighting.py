"""Weights: from who answered back to every dossier that reached an end-point."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scorecard.estimation.shares import Array

if TYPE_CHECKING:
    import pandas as pd

LEAST_IN_CELL = 20  # answers of a weighting cell; thinner ones are merged (methodology §11.3)
TRIM = 5.0  # times the median weight of the same stratum (methodology §11.3)

Cell = tuple[str, ...]


@dataclass(frozen=True)
class Weights:
    """Weights and how they came about.

    ``weight``: dossiers that an answer of each row stands for; 0 where its stratum has no dossier on the register. ``cell``: number
    of each row's merged weighting cell. ``covered``: share of the population's dossiers in strata with an answer; nobody speaks for
    the others. ``trimmed``: answers whose weight was cut. ``merged``: for each cell (stratum, then dimensions) of answers or
    population the number of the merged one, -1 where the stratum has no answer.
    """

    weight: Array
    cell: NDArray[np.int64]
    covered: float
    trimmed: int
    merged: dict[Cell, int]


def weights(
    answers: "pd.DataFrame",
    population: "pd.DataFrame",
    dimensions: Sequence[str],
    stratum: str = "province_code",
    least: int = LEAST_IN_CELL,
    trim: float = TRIM,
) -> Weights:
    """Post-stratified weights ``w_i = (1/π_i) · N_h / Σ_{j∈h} 1/π_j`` within each ``stratum`` (province), then trimmed.

    ``answers``: one row an answer, or a group of alike answers with their number in ``count``; columns ``stratum``, ``dimensions``,
    ``probability`` (π, inclusion probability of the invitation, 0 < π <= 1; absent: all 1) and, if there are any, ``frequent``
    (frequent filers, a sampling stratum of their own: invited at most once in 30 days, so that π is small for each of their many
    dossiers). ``population``: columns ``stratum``, ``dimensions`` and ``dossiers``, a count; rows with the same keys are added up.

    ``dimensions`` are named from the strongest to the weakest; thin cells are merged across the weakest first (``merge_cells``).
    A weight above ``trim`` times the median of its stratum (frequent filers apart, whose small π is meant) is cut to that, and
    the stratum's weights are rescaled to its number of dossiers. Raises ``ValueError`` for a π outside (0, 1].

    Särndal, Swensson, Wretman, Model Assisted Survey Sampling (1992) §7.6; Holt, Smith, J. R. Stat. Soc. A 142 (1979) 33;
    trimming: Potter, Proc. Survey Res. Methods Section (Am. Stat. Assoc. 1990) 225.
    """
    keys = [stratum, *dimensions]
    number = _column(answers, "count", 1.0)
    probability = _column(answers, "probability", 1.0)
    if not bool(np.all((probability > 0) & (probability <= 1))):
        raise ValueError("an inclusion probability must lie in (0, 1]")
    base = 1 / probability
    code, cells = _coded(answers, population, keys)
    at, known = code[: len(answers)], code[len(answers) :]
    answered = np.bincount(at, number, len(cells))
    dossiers = np.bincount(known, population["dossiers"].to_numpy(np.float64), len(cells))
    into = np.full(len(cells), -1, dtype=np.int64)
    first = np.array([cell[0] for cell in cells])
    strata = np.unique(first, return_inverse=True)[1] if len(cells) else into
    for one in range(strata.max(initial=-1) + 1):
        members = np.flatnonzero(strata == one)
        if answered[members].sum():
            size = {cells[index][1:]: (answered[index], dossiers[index]) for index in members}
            where = {cells[index][1:]: index for index in members}
            for group in merge_cells(size, least):
                into[[where[cell] for cell in group]] = into.max(initial=-1) + 1
    held = into >= 0
    total = np.bincount(into[held], dossiers[held], into.max(initial=-1) + 1)
    place = into[at]
    weight = base * (total / np.bincount(place, base * number, len(total)))[place] if len(at) else base
    frequent = _column(answers, "frequent", 0.0) > 0
    weight, trimmed = _trim(weight, number, strata[at], frequent, trim)
    everything = dossiers.sum()
    return Weights(
        weight, place, float(total.sum() / everything) if everything else 0.0, trimmed, dict(zip(cells, into.tolist(), strict=True))
    )


def merge_cells(size: Mapping[Cell, tuple[float, float]], least: int = LEAST_IN_CELL) -> list[list[Cell]]:
    """Merge the cells of one stratum until none is thin, in a fixed order. Gives groups of cells.

    ``size``: answers and dossiers of each cell, whose name has one part for each dimension, the strongest first. Thin is a group with
    fewer than ``least`` answers or without a dossier. Cells that agree in all but the last dimension are looked at first, then those
    that agree in all but the last two, and so on: at each step the thin groups there are put together, and if that is still thin, the
    group with the fewest answers (of equal ones the first by name) is added until it is not. One whole stratum may stay thin.
    """

    def thin(group: list[Cell]) -> bool:
        return sum(size[cell][0] for cell in group) < least or not sum(size[cell][1] for cell in group)

    def merged(cells: list[Cell], depth: int) -> list[list[Cell]]:
        if len(cells) == 1:
            return [cells]
        below: dict[str, list[Cell]] = {}
        for cell in cells:
            below.setdefault(cell[depth], []).append(cell)
        groups = [group for _, part in sorted(below.items()) for group in merged(part, depth + 1)]
        pool = [cell for group in groups if thin(group) for cell in group]
        rest = sorted((group for group in groups if not thin(group)), key=lambda group: (sum(size[cell][0] for cell in group), group))
        while pool and rest and thin(pool):
            pool += rest.pop(0)
        return [sorted(pool), *rest] if pool else rest

    return merged(sorted(size), 0) if size else []


def _trim(weight: Array, number: Array, stratum: NDArray[np.int64], frequent: NDArray[np.bool_], trim: float) -> tuple[Array, int]:
    """Cut each weight at ``trim`` times the median of its stratum and kind of filer; the stratum's sum stays. Also: how many were cut."""
    if not len(weight):
        return weight, 0
    group = stratum * 2 + frequent
    order = np.lexsort((weight, group))
    groups, start = np.unique(group[order], return_index=True)
    running = np.cumsum(number[order])
    before = np.where(start > 0, running[start - 1], 0)
    ends = np.append(start[1:], len(order)) - 1
    middle = np.searchsorted(running, before + (running[ends] - before) / 2)  # the answer at which half of the group is reached
    cap = np.zeros(group.max() + 1)
    cap[groups] = trim * weight[order][np.minimum(middle, ends)]
    cut = np.minimum(weight, cap[group])
    sums, kept = np.bincount(stratum, weight * number), np.bincount(stratum, cut * number)
    scale = np.divide(sums, kept, out=np.ones_like(sums), where=kept > 0)
    return cut * scale[stratum], int(number[weight > cap[group] * (1 + 1e-12)].sum())


def _column(frame: "pd.DataFrame", name: str, otherwise: float) -> Array:
    """A column as floats; missing values, and a column that is not there, are ``otherwise``."""
    if name not in frame:
        return np.full(len(frame), otherwise)
    return np.asarray(frame[name].astype("Float64").fillna(otherwise), dtype=np.float64)


def _coded(answers: "pd.DataFrame", population: "pd.DataFrame", keys: list[str]) -> tuple[NDArray[np.int64], list[Cell]]:
    """Each row's cell as a number, answers first, and the cells by number, sorted. A missing key is a category of its own."""
    import pandas as pd

    both = pd.concat([answers[keys], population[keys]], ignore_index=True).astype("object")
    both = both.where(both.notna(), "").astype("str")
    grouped = both.groupby(keys, sort=True)
    cells = [tuple(map(str, cell if isinstance(cell, tuple) else (cell,))) for cell in grouped.size().index]
    return np.asarray(grouped.ngroup(), dtype=np.int64), cells
