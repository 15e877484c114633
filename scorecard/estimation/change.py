"""Did it change? Differences of two shares, and which of many to name."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

from scorecard.estimation.shares import Array

RATE_OF_FALSE = 0.05  # q: expected share of wrong names among those named
UP, DOWN, NOT_CLEAR = "up", "down", "not_clear"


@dataclass(frozen=True)
class Change:
    """One entry for each pair. ``difference`` later minus earlier, with its 95 % interval; ``p``: two-sided; ``status``: ``up`` or
    ``down`` where the interval does not hold 0, else ``not_clear`` (chưa thấy thay đổi rõ). nan and ``not_clear`` where either is
    missing.
    """

    difference: Array
    low: Array
    high: Array
    p: Array
    status: NDArray[np.str_]


def change(
    value: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    before: ArrayLike,
    before_low: ArrayLike,
    before_high: ArrayLike,
) -> Change:
    """Difference of two independent shares from their estimates and 95 % intervals (method of variance estimates recovery).

    ``L = d − √((p−l)² + (u₀−p₀)²)``, ``U = d + √((u−p)² + (p₀−l₀)²)``: with Wilson intervals Newcombe's method 10. The p-value is of the
    normal whose 95 % half-width is the arm of the interval that points to 0. Answers of two months are of different dossiers and
    thus independent; the same unit's circumstances are no sampling error.

    Newcombe, Stat. Med. 17 (1998) 873, method 10; Zou, Donner, Stat. Med. 27 (2008) 1693.
    """
    p, l1, u1, q, l0, u0 = (
        np.atleast_1d(np.asarray(item, dtype=np.float64)) for item in (value, low, high, before, before_low, before_high)
    )
    difference = p - q
    below, above = np.hypot(p - l1, u0 - q), np.hypot(u1 - p, q - l0)
    arm = np.where(difference > 0, below, above)
    z = np.divide(np.abs(difference), arm, out=np.zeros_like(arm), where=arm > 0) * norm.ppf(0.975)
    z = np.where((arm == 0) & (difference != 0), np.inf, z)
    low_end, high_end = np.maximum(difference - below, -1), np.minimum(difference + above, 1)
    status = np.where(low_end > 0, UP, np.where(high_end < 0, DOWN, NOT_CLEAR))
    return Change(difference, low_end, high_end, np.where(np.isnan(difference), np.nan, 2 * norm.sf(z)), status)


def benjamini_hochberg(p: ArrayLike, q: float = RATE_OF_FALSE) -> NDArray[Any]:
    """Which of many findings to name so that at most a share ``q`` of the named is expected to be false. nan is never named.

    Benjamini, Hochberg, J. R. Stat. Soc. B 57 (1995) 289 (independent or positively dependent tests).
    """
    values = np.asarray(p, dtype=np.float64)
    named = np.zeros(values.shape, dtype=bool)
    known = ~np.isnan(values)
    if known.any():
        named[known] = multipletests(values[known], alpha=q, method="fdr_bh")[0]
    return named
