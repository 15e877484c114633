"""What goes along with satisfaction (đi cùng với): facts before opinions, and never a cause."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from scorecard.estimation.shares import LEVEL, Array

LEAST_EACH = 30  # answers with and without the property; methodology §11.6


@dataclass(frozen=True)
class Driver:
    """``points``: by how much the share of satisfied differs between those with the property and those without, other things in the
    model being equal, in [-1, 1], with its 95 % interval; ``n`` answers with the property, of ``of``."""

    name: str
    fact: bool
    points: float
    low: float
    high: float
    n: int
    of: int


def drivers(
    y: ArrayLike,
    weight: ArrayLike,
    cluster: ArrayLike,
    facts: Mapping[str, ArrayLike],
    opinions: Mapping[str, ArrayLike],
    *,
    level: float = LEVEL,
) -> list[Driver]:
    """Facts together, then each opinion given the facts. Facts come first, each kind with the largest difference first.

    ``y``: satisfied 0 or 1; ``facts``, ``opinions``: name → 1 has the property, 0 has it not, nan not said. Weighted linear
    probability model with cluster-robust (CR1) variance and t with clusters − 1 degrees of freedom. An answer that leaves a fact open
    counts as without it, with a column of its own for being open, so that it is not lost; for an opinion only those who said it
    count. A property that fewer than 30 answers have, or lack, is left out; so is a whole model with no more clusters than columns, whose
    variance cannot be told.

    Opinions are asked of the same person at the same moment as the satisfaction: they go along with it almost by their nature, and a
    model that lets them in first leaves nothing to the facts. Liang, Zeger, Biometrika 73 (1986) 13; Cameron, Miller, J. Hum. Resour.
    50 (2015) 317; linear probability: Angrist, Pischke, Mostly Harmless Econometrics (2009) §3.4.2.
    """
    said, heavy = np.asarray(y, dtype=np.float64), np.asarray(weight, dtype=np.float64)
    clusters = np.unique(np.asarray(cluster), return_inverse=True)[1]
    columns: list[Array] = [np.ones(len(said))]
    names: list[str] = []
    for name, values in facts.items():
        has = np.asarray(values, dtype=np.float64)
        if _enough(has):
            names.append(name)
            columns.append(np.nan_to_num(has))
            if np.isnan(has).any():
                names.append("")
                columns.append(np.isnan(has).astype(np.float64))
    found: list[Driver] = []
    if names and _told_apart(clusters, len(columns)):
        kept = _independent(columns, [place for place, name in enumerate(["", *names]) if name])
        slope, error, df = _model(said, heavy, clusters, np.column_stack([columns[place] for place in kept]))
        for place, name in enumerate(["", *(names[at - 1] for at in kept[1:])]):
            if name:
                found.append(_driver(name, True, slope[place], error[place], df, np.asarray(facts[name], dtype=np.float64), level))
    found.sort(key=lambda driver: -abs(driver.points))
    after: list[Driver] = []
    for name, values in opinions.items():
        has = np.asarray(values, dtype=np.float64)
        at = ~np.isnan(has)
        if _enough(has) and _told_apart(clusters[at], len(columns) + 1):
            beside = [column[at] for column in columns]
            kept = _independent([*beside, has[at]], [])
            if kept[-1] == len(beside):  # else the facts alone say what it says
                design = np.column_stack([[*beside, has[at]][place] for place in kept])
                slope, error, df = _model(said[at], heavy[at], clusters[at], design)
                after.append(_driver(name, False, slope[-1], error[-1], df, has, level))
    return found + sorted(after, key=lambda driver: -abs(driver.points))


def _enough(has: Array) -> bool:
    return bool((has == 1).sum() >= LEAST_EACH and (has == 0).sum() >= LEAST_EACH)


def _independent(columns: Sequence[Array], first: Sequence[int]) -> list[int]:
    """Places of the columns that are no sums of those kept before: the intercept, those asked for ``first``, the others in their order.

    Two facts that always come together have one share of what is said between them, and no rule to divide it: the later one is left out.
    """
    kept: list[int] = []
    for place in (0, *first, *(place for place in range(1, len(columns)) if place not in first)):
        if np.linalg.matrix_rank(np.column_stack([columns[one] for one in (*kept, place)])) > len(kept):
            kept.append(place)
    return sorted(kept)


def _told_apart(cluster: NDArray[np.int64], columns: int) -> bool:
    """Whether there are more clusters than columns: the variance has no greater rank than clusters less one (Cameron, Miller, §VI)."""
    return len(np.unique(cluster)) > columns


def _driver(name: str, fact: bool, slope: float, error: float, df: float, has: Array, level: float) -> Driver:
    half = float(student.ppf((1 + level) / 2, df)) * error
    low, high = max(slope - half, -1.0), min(slope + half, 1.0)
    return Driver(name, fact, float(slope), low, high, int((has == 1).sum()), int((~np.isnan(has)).sum()))


def _model(y: Array, weight: Array, cluster: NDArray[np.int64], design: Array) -> tuple[Array, Array, float]:
    """Slopes, their cluster-robust standard errors and the degrees of freedom of a weighted linear model."""
    from statsmodels.regression.linear_model import WLS

    fitted = WLS(y, design, weights=weight).fit(cov_type="cluster", cov_kwds={"groups": cluster})
    variance = np.diag(fitted.cov_params()).clip(min=0)  # a column that hardly varies gives a zero that rounding brings below it
    return np.asarray(fitted.params), np.sqrt(variance), float(len(np.unique(cluster)) - 1)
