"""Ratings collected elsewhere, on a scale of their own: brought to 1–5 (5 best) and summed up, never mixed with our answers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scorecard.estimation.shares import Array


@dataclass(frozen=True)
class Scale:
    """``worst`` and ``best`` as the source has them (best may be the smaller number); ``unknown``: codes for "don't know"."""

    worst: float
    best: float
    unknown: tuple[float, ...] = ()


@dataclass(frozen=True)
class Series:
    """``mean`` weighted by the number of answers and ``plain`` mean of the rows, both 1–5 with 5 best (nan for none); ``n`` answers;
    ``rows`` used; ``excluded``: rows left out by reason."""

    mean: float
    plain: float
    n: int
    rows: int
    excluded: dict[str, int]


NO_NUMBER, NO_MEAN, UNKNOWN, OUTSIDE = "no_number_of_answers", "no_mean", "dont_know_code", "outside_scale"


def to_five(values: ArrayLike, scale: Scale) -> Array:
    """Each value on a scale of 1 to 5, 5 best, by a straight line; nan for a don't-know code and for what lies outside the scale.

    Raises ``ValueError`` for a scale without length.
    """
    if scale.worst == scale.best:
        raise ValueError("a scale needs two different ends")
    given = np.asarray(values, dtype=np.float64)
    placed = (given - scale.worst) / (scale.best - scale.worst)
    inside = (placed >= 0) & (placed <= 1) & ~np.isin(given, scale.unknown)
    return np.where(inside, 1 + 4 * placed, np.nan)


def summed_up(means: ArrayLike, answers: ArrayLike, scale: Scale) -> Series:
    """Rows of means with their numbers of answers as one figure.

    A row without a number of answers is no group of answers (in files from reporting tools: a subtotal), one without a mean or
    with a don't-know code says nothing, and a mean outside the scale has a don't-know code averaged into it: each is left
    out and counted by its reason, the first that holds.
    """
    mean, n = np.asarray(means, dtype=np.float64), np.asarray(answers, dtype=np.float64)
    on_five = to_five(mean, scale)
    unnumbered = ~(n > 0)
    reasons: list[tuple[str, NDArray[np.bool_]]] = [
        (NO_NUMBER, unnumbered),
        (NO_MEAN, np.isnan(mean)),
        (UNKNOWN, np.isin(mean, scale.unknown)),
        (OUTSIDE, np.isnan(on_five)),
    ]
    left = np.ones(len(mean), dtype=bool)
    excluded: dict[str, int] = {}
    for reason, holds in reasons:
        excluded[reason] = int((left & holds).sum())
        left &= ~holds
    if not left.any():
        return Series(float("nan"), float("nan"), 0, 0, excluded)
    weighted = float(np.average(on_five[left], weights=n[left]))
    return Series(weighted, float(on_five[left].mean()), int(n[left].sum()), int(left.sum()), excluded)
