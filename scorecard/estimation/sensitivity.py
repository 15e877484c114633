"""What sampling error does not cover: who does not answer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from scorecard.estimation.shares import LEVEL, Array, wilson

LAMBDAS = (0.5, 2.0)  # satisfied people answer half to twice as often, unless a follow-up narrows it


def if_answering_differs(share: ArrayLike, times: ArrayLike) -> Array:
    """``p_λ = (p/λ)/(p/λ + 1 − p)``: the share among all if the satisfied answered ``times`` (λ) as often as the others.

    By Bayes' rule odds(all) = odds(answers)/λ; λ = 1 changes nothing. Cf. Cornfield's odds argument for selection: Greenland,
    Int. J. Epidemiol. 25 (1996) 1107; Little, Rubin, Statistical Analysis with Missing Data (2002) §15.
    """
    p, ratio = np.asarray(share, dtype=np.float64), np.asarray(times, dtype=np.float64)
    return p / (p + ratio * (1 - p))


def sensitivity_band(low: ArrayLike, high: ArrayLike, lambdas: tuple[float, float] = LAMBDAS) -> tuple[Array, Array]:
    """From the lowest share under the greatest λ to the highest under the smallest.

    ``low``, ``high``: ends of the 95 % interval, so that the band holds sampling noise and answering together (given the estimate twice
    it holds answering alone). ``lambdas``: smallest and greatest λ. If λ is the same in every weighting cell, the truth lies inside: for
    λ > 1 p_λ is convex in p, so that the cells' mean is at least p_λ of the mean, and for λ < 1 at most (Jensen).
    Raises ``ValueError`` unless 0 < smallest <= greatest.
    """
    small, great = lambdas
    if not 0 < small <= great:
        raise ValueError("λ must be positive, the smaller first")
    return if_answering_differs(low, great), if_answering_differs(high, small)


def bounds(satisfied: ArrayLike, answers: ArrayLike, population: ArrayLike) -> tuple[Array, Array]:
    """Shares of the population if nobody, and if everybody, among those without an answer were satisfied.

    ``[k/N, (k + N − n)/N]``: no assumption at all about them. Manski, Am. Econ. Rev. 80 (1990) 319. (0, 1) for N = 0.
    Raises ``ValueError`` unless 0 <= k <= n <= N.
    """
    k, n, whole = (np.asarray(item, dtype=np.float64) for item in (satisfied, answers, population))
    if not bool(np.all((k >= 0) & (k <= n) & (n <= whole))):
        raise ValueError("bounds need 0 <= satisfied <= answers <= population")
    some = np.maximum(whole, 1)
    return np.where(whole > 0, k / some, 0.0), np.where(whole > 0, (k + whole - n) / some, 1.0)


@dataclass(frozen=True)
class TwoPhase:
    """One entry for each unit. ``value`` of all who were asked, with ``low`` and ``high``; ``silent``: share among those who had not
    answered, with its interval; ``ratio``: λ, how many times as often the satisfied answered, with its interval."""

    value: Array
    low: Array
    high: Array
    silent: Array
    silent_low: Array
    silent_high: Array
    ratio: Array
    ratio_low: Array
    ratio_high: Array


def two_phase(
    satisfied: ArrayLike,
    answered: ArrayLike,
    silent: ArrayLike,
    followed_satisfied: ArrayLike,
    followed: ArrayLike,
    *,
    weighted: ArrayLike | None = None,
    asked_share: ArrayLike = 1.0,
    level: float = LEVEL,
) -> TwoPhase:
    """Those who answered and a random sample of those who did not, put together: ``p = W₁p₁ + W₂p₂`` (Hansen, Hurwitz 1946).

    Of those asked, ``answered`` did answer (``satisfied`` of them were) and ``silent`` did not; of the silent a random sample was
    followed up and ``followed`` answered then (``followed_satisfied`` were satisfied). ``W₁``, ``W₂``: shares of answering and silence
    among those asked. Variance (Cochran §13.6): ``(1 − f) p(1−p)/n + W₂² p₂(1−p₂)/m · (1 − m/N₂)`` with n asked of all (f =
    ``asked_share``; 1: everybody was asked, and the first part is 0), m followed of N₂ silent. The interval puts the Wilson intervals
    of the two parts together by squares (MOVER; Zou, Donner 2008), so that counts of none or all keep a width.

    λ = odds(``weighted``)/odds(p), with ``weighted`` the share that answers gave after weighting (default p₁): what the sensitivity
    band needs. Its interval follows from that of p; shares of 0 and 1 count as half an answer away from there. Those whom the
    follow-up does not reach are taken to be like those whom it does. nan (interval 0 to 1) without a follow-up answer.
    Raises ``ValueError`` for impossible counts.

    Hansen, Hurwitz, J. Am. Stat. Assoc. 41 (1946) 517; Cochran, Sampling Techniques (1977) §13.6; Zou, Donner, Stat. Med. 27 (2008) 1693.
    """
    k1, n1, n2, k2, m = (np.asarray(item, dtype=np.float64) for item in (satisfied, answered, silent, followed_satisfied, followed))
    if not bool(np.all((k1 >= 0) & (k1 <= n1) & (k2 >= 0) & (k2 <= m) & (m <= n2))):
        raise ValueError("a follow-up needs 0 <= satisfied <= answered and 0 <= followed satisfied <= followed <= silent")
    z = float(norm.ppf((1 + level) / 2))
    n = np.maximum(n1 + n2, 1)
    p1, p2 = np.divide(k1, n1, out=np.zeros_like(k1), where=n1 > 0), np.divide(k2, m, out=np.full_like(k2, np.nan), where=m > 0)
    value = n1 / n * p1 + n2 / n * p2
    whole = np.nan_to_num(value)
    asked_low, asked_high = wilson(whole * n, n, z * np.sqrt(1 - np.asarray(asked_share, dtype=np.float64)))
    silent_low, silent_high = wilson(k2, m, z * np.sqrt(np.divide(n2 - m, np.maximum(n2 - 1, 1))))
    low = value - np.hypot(whole - asked_low, n2 / n * (p2 - silent_low))
    high = value + np.hypot(asked_high - whole, n2 / n * (silent_high - p2))
    low, high = np.where(m > 0, np.clip(low, 0, 1), 0.0), np.where(m > 0, np.clip(high, 0, 1), 1.0)
    first = _odds(p1 if weighted is None else np.asarray(weighted, dtype=np.float64), n)
    ends = [first / _odds(end, n) for end in (value, high, low)]
    return TwoPhase(value, low, high, p2, silent_low, silent_high, *ends)


def _odds(share: Array, n: Array) -> Array:
    soft = np.clip(share, 0.5 / n, 1 - 0.5 / n)
    return soft / (1 - soft)
