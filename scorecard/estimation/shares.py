"""Shares, their Wilson intervals and their rounding."""

from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

Array = NDArray[np.float64]

Z95 = 1.96  # the one level used everywhere: 95 % (methodology §11.4)
LEVEL = 0.95
DIGITS = 10


@overload
def wilson(k: int, n: int, z: float = Z95) -> tuple[float, float]: ...
@overload
def wilson(k: NDArray[Any], n: NDArray[Any], z: float | NDArray[Any] = Z95) -> tuple[Array, Array]: ...


def wilson(k: Any, n: Any, z: Any = Z95) -> Any:
    """Wilson's score interval of a share, for one count or an array of them: (low, high), each in [0, 1].

    ``k`` of ``n`` observations have the property; effective numbers need not be whole. ``n = 0`` gives (0, 1), which is all
    that can then be said. ``z``: normal or t quantile, one or as many as counts. Raises ``ValueError`` unless 0 <= k <= n.
    E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209.
    """
    hits, trials = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    if not bool(np.all((hits >= 0) & (hits <= trials))):
        raise ValueError("a share needs 0 <= numerator <= denominator")
    low, high = proportion_confint(hits, np.where(trials > 0, trials, 1), alpha=2 * norm.sf(z), method="wilson")
    # 0 of n and n of n have 0 and 1 as exact ends; rounding in the formula must not push the share out of its interval.
    low = np.where(hits == 0, 0.0, np.clip(low, 0, 1))
    high = np.where(hits == trials, 1.0, np.clip(high, 0, 1))
    if np.ndim(k) == 0 and np.ndim(n) == 0 and np.ndim(z) == 0:
        return float(low), float(high)
    return low, high


def rate(numerator: int, denominator: int) -> float | None:
    """The share, to 10 significant digits; None for 0/0. Raises ``ValueError`` unless 0 <= numerator <= denominator."""
    if not 0 <= numerator <= denominator:
        raise ValueError("a share needs 0 <= numerator <= denominator")
    return round10(numerator / denominator) if denominator else None


def round10(value: float) -> float:
    """The value to 10 significant digits, so that two engines' last bits do not differ in what is stored (DESIGN §7.2)."""
    return float(f"{value:.{DIGITS}g}")


def round10_all(values: ArrayLike) -> list[float]:
    """``round10`` for each of many."""
    return [round10(value) for value in np.asarray(values, dtype=np.float64).tolist()]
