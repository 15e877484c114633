"""Comparing units without a league table: shrinkage, ranks with intervals, groups, funnels, and who cannot be compared."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, expit, logit, xlog1py, xlogy
from scipy.stats import beta, binom, norm

from scorecard.estimation.change import change
from scorecard.estimation.shares import LEVEL, Array

LEAST_PEERS = 10  # units of a peer group below which nothing is borrowed from it (special zones: 13 in all, few of them with answers)
DRAWS = 10_000  # methodology §11.5
CHI_SQUARE_HALF = 2.706  # 95 % point of half a point mass at 0 and half χ²₁: Self, Liang, J. Am. Stat. Assoc. 82 (1987) 605
PULLED_IN = 0.6787  # mean square of a standard normal after pulling its outermost tenth on each side in
LIMITS = (0.95, 0.998)  # of a funnel: Spiegelhalter (2005)
TOO_FEW, LOW_RESPONSE, TOO_WIDE = "too_few", "low_response", "too_wide"


@dataclass(frozen=True)
class Shrunk:
    """One entry for each unit; nan where it has no answer. ``value`` with ``low`` and ``high`` (95 %, the prior's own uncertainty in
    it); ``alpha``, ``beta`` of the Beta that stands for what is known of the unit; ``kept``: share of the unit's own figure in its
    value (1: not shrunk at all); ``peers``: mean of the unit's peer group; ``apart``: the units of the group differ by more than
    sampling can explain.
    """

    value: Array
    low: Array
    high: Array
    alpha: Array
    beta: Array
    kept: Array
    peers: Array
    apart: NDArray[np.bool_]


def shrink(share: ArrayLike, n_eff: ArrayLike, group: ArrayLike, *, least_peers: int = LEAST_PEERS, level: float = LEVEL) -> Shrunk:
    """Empirical-Bayes shrinkage of shares towards the mean of the peer ``group`` (a number for each unit).

    Beta–binomial on the weighted ``share`` with its effective number ``n_eff``: ``x = share · n_eff`` of ``n_eff`` given θ, θ ~
    Beta(μM, (1−μ)M). The marginal likelihood is integrated over μ (flat) and over M with the uniform-shrinkage prior (n₀/(M+n₀)
    uniform in (0, 1), n₀ the harmonic mean of n_eff), on a fixed grid: nothing is random. A unit's mean and variance are averaged
    over the grid, so that the uncertainty of the prior is in the interval (Kass, Steffey 1989), and a Beta of the same mean and
    variance gives its ends. A group with fewer than ``least_peers`` units with answers borrows nothing: its units keep their share,
    with a flat prior of their own (Jeffreys) for the interval. ``apart`` is the likelihood-ratio test of M = ∞.

    Carlin, Louis, Bayesian Methods for Data Analysis (2009) §5; Kass, Steffey, J. Am. Stat. Assoc. 84 (1989) 717; Daniels, Can. J.
    Stat. 27 (1999) 567 (prior); effective counts: Franco, Bell, J. Surv. Stat. Methodol. 3 (2015) 477.
    """
    p, n = np.asarray(share, dtype=np.float64), np.asarray(n_eff, dtype=np.float64)
    of = np.asarray(group)
    mean, variance = np.full(p.shape, np.nan), np.full(p.shape, np.nan)
    kept, peers, apart = np.full(p.shape, np.nan), np.full(p.shape, np.nan), np.zeros(p.shape, dtype=bool)
    some = (n > 0) & ~np.isnan(p)
    for one in np.unique(of[some]):
        at = np.flatnonzero(some & (of == one))
        x = np.clip(p[at], 0, 1) * n[at]
        peers[at] = x.sum() / n[at].sum()
        if len(at) < least_peers:
            mean[at], kept[at] = p[at], 1.0
            a, b = x + 0.5, n[at] - x + 0.5
            variance[at] = a * b / (a + b) ** 2 / (a + b + 1)
            continue
        mean[at], variance[at], kept[at], peers[at], apart[at] = _shrink_group(x, n[at])
    alone = kept == 1.0
    a, b = _beta_of(mean, variance)
    jeffreys = (np.nan_to_num(p) * n + 0.5, (1 - np.nan_to_num(p)) * n + 0.5)
    a, b = np.where(alone, jeffreys[0], a), np.where(alone, jeffreys[1], b)
    tail = (1 - level) / 2
    low, high = beta.ppf(tail, a, b), beta.ppf(1 - tail, a, b)
    low, high = np.where(alone, np.minimum(low, mean), low), np.where(alone, np.maximum(high, mean), high)
    return Shrunk(mean, low, high, a, b, kept, peers, apart)


def _shrink_group(x: Array, n: Array) -> tuple[Array, Array, Array, float, bool]:
    """Mean, variance and own part of each unit's θ; the group's mean; whether the units differ. Grid: 24 values of shrinkage, 13 of μ."""
    nodes, quadrature = np.polynomial.legendre.leggauss(24)
    shrinkage = (nodes + 1) / 2  # M/(M + n₀)
    prior = len(n) / np.sum(1 / n) * shrinkage / (1 - shrinkage)
    half = 0.5 / n.sum()  # an answer: where all units have the same share, 0 or 1, the grid still has somewhere to lie
    pooled = np.clip(x.sum() / n.sum(), half, 1 - half)
    variance = pooled * (1 - pooled) * (1 + np.maximum(n - 1, 0) / (prior[:, None] + 1)) / n  # of each share, by node
    precision = 1 / variance
    centre = np.clip((precision * (x / n)).sum(axis=1) / precision.sum(axis=1), half, 1 - half)
    width = 1 / np.sqrt(precision.sum(axis=1)) / (centre * (1 - centre))  # on the logit scale
    steps = np.linspace(-4.5, 4.5, 13)
    mu = np.clip(expit(logit(centre)[:, None] + width[:, None] * steps), 1e-9, 1 - 1e-9)
    m = np.broadcast_to(prior[:, None], mu.shape)
    a, b = (mu * m)[..., None], ((1 - mu) * m)[..., None]
    likelihood = (betaln(x + a, n - x + b) - betaln(a, b)).sum(axis=2)
    heavy = likelihood + np.log(quadrature)[:, None] + np.log(width)[:, None] + np.log(mu * (1 - mu))  # d logit(μ) to dμ
    chance = np.exp(heavy - heavy.max())
    chance = (chance / chance.sum())[..., None]
    theta = (x + a) / (n + a + b)
    mean = (chance * theta).sum(axis=(0, 1))
    second = (chance * (theta * (1 - theta) / (n + a + b + 1) + theta**2)).sum(axis=(0, 1))
    kept = (chance * n / (n + a + b)).sum(axis=(0, 1))
    same = xlogy(x, pooled).sum() + xlog1py(n - x, -pooled).sum()  # M = ∞: one binomial for all
    return mean, second - mean**2, kept, float((chance[..., 0] * mu).sum()), bool(2 * (likelihood.max() - same) > CHI_SQUARE_HALF)


def _beta_of(mean: Array, variance: Array) -> tuple[Array, Array]:
    """The Beta with this mean and variance."""
    size = np.maximum(mean * (1 - mean) / variance - 1, 1e-9)
    return mean * size, (1 - mean) * size


@dataclass(frozen=True)
class RankIntervals:
    """One entry for each unit: its rank (1 is the highest share) lies from ``low`` to ``high`` with 95 %; ``top_quarter``: chance to
    be in the highest quarter. 0 and nan where a unit has no figure. ``units``: how many were ranked.
    """

    low: NDArray[np.int64]
    high: NDArray[np.int64]
    top_quarter: Array
    units: int


def rank_intervals(alpha: ArrayLike, beta: ArrayLike, seed: int, *, draws: int = DRAWS, level: float = LEVEL) -> RankIntervals:
    """Intervals of ranks by drawing every unit's share together ``draws`` times from its Beta (``alpha``, ``beta`` of ``shrink``).

    The same seed gives the same intervals. Goldstein, Spiegelhalter, J. R. Stat. Soc. A 159 (1996) 385; methodology §11.5.
    """
    a, b = np.asarray(alpha, dtype=np.float64), np.asarray(beta, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(a))
    low, high, top = np.zeros(len(a), dtype=np.int64), np.zeros(len(a), dtype=np.int64), np.full(len(a), np.nan)
    if len(known):
        random = np.random.default_rng(seed)
        ranks = np.empty((draws, len(known)), dtype=np.int32)
        for start in range(0, draws, 500):  # a country's units at once would fill the memory
            drawn = -random.beta(a[known], b[known], size=(min(500, draws - start), len(known)))
            places = np.argsort(drawn, axis=1)
            np.put_along_axis(ranks[start : start + 500], places, np.arange(1, len(known) + 1, dtype=np.int32)[None, :], axis=1)
        tail = (1 - level) / 2
        low[known] = np.quantile(ranks, tail, axis=0, method="lower")
        high[known] = np.quantile(ranks, 1 - tail, axis=0, method="higher")
        top[known] = (ranks <= max(len(known) // 4, 1)).mean(axis=0)
    return RankIntervals(low, high, top, len(known))


def groups(value: ArrayLike, low: ArrayLike, high: ArrayLike) -> NDArray[np.int64]:
    """Groups in place of ranks: 0 holds the highest share, -1 a unit without a figure.

    From the highest share down, a unit joins the group while the 95 % interval of its difference to the group's first (``change``) holds
    0; the first unit for which it does not opens the next group. So nobody differs clearly from the first of its own group, and each
    group's first differs clearly from the first before it. Neighbours on either side of a border may be alike, and the page says so.
    Pairwise, without joint level; cf. Goldstein, Healy, J. R. Stat. Soc. A 158 (1995) 175; clustering of ordered means: Scott, Knott,
    Biometrics 30 (1974) 507.
    """
    p, below, above = (np.asarray(item, dtype=np.float64) for item in (value, low, high))
    found = np.full(len(p), -1, dtype=np.int64)
    left = np.flatnonzero(~np.isnan(p))
    left = left[np.lexsort((left, -p[left]))]
    number = 0
    while len(left):
        lead = left[0]
        apart = change(p[lead], below[lead], above[lead], p[left], below[left], above[left]).low > 0
        end = int(np.argmax(apart)) if apart.any() else len(left)
        found[left[:end]] = number
        left, number = left[end:], number + 1
    return found


@dataclass(frozen=True)
class Funnel:
    """One entry for each unit: ``low`` and ``high`` limits at 95 % and at 99.8 % (last axis), between which a unit like the target falls;
    ``z`` after allowing for ``dispersion``; ``p`` two-sided; ``dispersion`` φ: how many times chance the units vary (at least 1)."""

    low: Array
    high: Array
    z: Array
    p: Array
    dispersion: float


def funnel(share: ArrayLike, n_eff: ArrayLike, target: float, *, overdispersed: bool = True) -> Funnel:
    """Funnel limits around ``target`` for units of different size, and how far out each unit is.

    Exact binomial limits, interpolated between counts; mid-p for ``z``, with effective counts through the incomplete beta function.
    ``overdispersed``: units differ from each other by more than chance for reasons that are no fault; limits and z are then
    widened by √φ, φ the mean z² after pulling the outermost tenth on each side in, over what that would be by chance.
    Raises ``ValueError`` unless 0 < target < 1. Spiegelhalter, Stat. Med. 24 (2005) 1185, §§2.4, 3.2 and A.1.1.
    """
    if not 0 < target < 1:
        raise ValueError("a funnel's target lies between 0 and 1")
    p, n = np.asarray(share, dtype=np.float64), np.asarray(n_eff, dtype=np.float64)
    some = (n > 0) & ~np.isnan(p)
    x, size = np.where(some, p * n, 0.0), np.where(some, n, 1.0)
    below = np.where(x > 0, beta.sf(target, np.maximum(x, 1e-12), size - x + 1), 0.0)  # P(X < x)
    upto = np.where(x < size, beta.sf(target, x + 1, np.maximum(size - x, 1e-12)), 1.0)  # P(X <= x)
    z = np.where(some, norm.ppf(np.clip((below + upto) / 2, 1e-300, 1 - 1e-16)), np.nan)
    dispersion = 1.0
    if overdispersed and some.sum() > 1:
        tail = np.nanquantile(z, [0.1, 0.9])
        dispersion = max(1.0, float(np.mean(np.clip(z[some], *tail) ** 2)) / PULLED_IN)
    scale = np.sqrt(dispersion)
    whole = np.maximum(np.floor(size), 1)[..., None]
    tails = (1 - np.array(LIMITS)) / 2
    low = target + (_limit(tails, whole, target) - target) * scale
    high = target + (_limit(1 - tails, whole, target) - target) * scale
    low, high = (np.where(some[..., None], np.clip(end, 0, 1), np.nan) for end in (low, high))
    return Funnel(low, high, z / scale, 2 * norm.sf(np.abs(z / scale)), dispersion)


def _limit(chance: Array, n: Array, target: float) -> Array:
    """The share at which a binomial's distribution reaches a chance, interpolated between counts."""
    r = binom.ppf(chance, n, target)
    reached = binom.cdf(r, n, target)
    step = (reached - chance) / binom.pmf(r, n, target)
    limit: Array = (r - step) / n
    return limit


def why_not_compared(
    n: ArrayLike,
    response_rate: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    *,
    least: int = 30,
    least_rate: float = 0.05,
    widest: float = 0.1,
) -> NDArray[Any]:
    """Reason why a unit is not compared (không đủ điều kiện so sánh), or "": ``too_few`` answers, ``low_response`` (a response rate
    under 5 %), ``too_wide`` (a half-width over 10 points). The first that holds; thresholds of methodology §11.6. nan fails its test,
    except for a response rate, which not every unit has.
    """
    answers, rate = np.asarray(n, dtype=np.float64), np.asarray(response_rate, dtype=np.float64)
    half = (np.asarray(high, dtype=np.float64) - np.asarray(low, dtype=np.float64)) / 2
    wide = ~(half <= widest)
    return np.where(~(answers >= least), TOO_FEW, np.where(rate < least_rate, LOW_RESPONSE, np.where(wide, TOO_WIDE, "")))
