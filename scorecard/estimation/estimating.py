"""Weighted shares of many domains at once, with variance, effective number and interval."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from scorecard.estimation.shares import LEVEL, Array, wilson

CORRECT_ABOVE = 0.05  # sampling fraction from which the finite population is allowed for (methodology §11.4)


@dataclass(frozen=True)
class Estimates:
    """One entry for each domain; nan (interval 0 to 1) where a domain has no answer.

    ``value``: weighted share. ``raw``: unweighted share. ``variance``: of ``value``, without finite-population correction.
    ``n``: answers. ``n_eff``: answers of a simple random sample that would say as much, at most ``n``. ``df``: degrees of freedom.
    ``low``, ``high``: 95 % interval; it covers sampling noise only. ``deff``: n / n_eff.
    """

    value: Array
    raw: Array
    variance: Array
    n: Array
    n_eff: Array
    df: Array
    low: Array
    high: Array

    @property
    def deff(self) -> Array:
        """Design effect: how many times more answers are needed than in a simple random sample (at least 1)."""
        return np.divide(self.n, self.n_eff, out=np.full_like(self.n, np.nan), where=self.n_eff > 0)


def estimate(
    y: ArrayLike,
    weight: ArrayLike,
    domain: ArrayLike,
    cluster: ArrayLike,
    cell: ArrayLike,
    *,
    stratum: ArrayLike | None = None,
    count: ArrayLike | None = None,
    domains: int | None = None,
    population: ArrayLike | None = None,
    reached: ArrayLike | None = None,
    level: float = LEVEL,
) -> Estimates:
    """Weighted share of ``y`` in each domain, by Taylor linearisation with communes as clusters.

    One entry for each answer, or for each group of ``count`` alike answers: ``y`` 0 or 1 (or any share); ``weight`` of one answer, as
    ``weights`` gives it; ``domain`` number 0 … ``domains`` - 1 (-1: in none; each answer is in one domain, so that an estimate of
    communes and one of provinces are two calls); ``cluster`` number of the commune or other unit; ``cell`` number of the weighting
    cell, within which the weights were set to the register; ``stratum`` number of the province (default: one). Cells lie within
    strata.

    ``population``: dossiers of each domain, for the finite-population correction where n/N > 5 %. ``reached``: share of each domain's
    dossiers that belong to clusters with an answer (1: every cluster was reached; default 0: the clusters are a small sample of all).
    Every commune is asked every month, so that the differences between communes are no sampling error as far as all are reached.

    With ``u_i = (y_i − p)/Σw`` in the domain, 0 outside, and ``e_i = w_i (u_i − ū_h)``, ū_h the weighted mean in cell h: ``V = (1 −
    f) Σ_s m_s/(m_s−1) Σ_c (E_c − Ē_s)² + f Σ_h n_h/(n_h−1) Σ_i e_i²`` with f = ``reached``, E_c the sum of e over cluster c, m_s
    clusters in stratum s; the first part needs two clusters, else V is the second. ``n_eff = p(1−p)/V``, at most n, and in a domain
    of one cluster at most Kish's (Σw)²/Σw² (with few answers V is too small as often as a heavy one is missing among them), which
    also stands where all gave the same answer. Interval: Wilson with n_eff, the t quantile with Satterthwaite's degrees of freedom,
    and the hypergeometric variance (N−n)/(N−1) in the score where the fraction is above 5 %; not where a domain has more answers than
    dossiers, because the register then lacks some and N is not known.

    Sources: linearisation, post-stratified residuals and two stages: Särndal, Swensson, Wretman (1992) §§4.3, 5.5, 7.6, 10.3; stages
    with fractions: Lumley, Complex Surveys (2010) §3.2; Wilson with an effective number: Korn, Graubard, Survey Methodology 24 (1998)
    193; Franco, Little, Louis, Slud, J. Surv. Stat. Methodol. 7 (2019) 334; Kish, Survey Sampling (1965) §11.7; degrees of freedom:
    Satterthwaite, Biometrics Bull. 2 (1946) 110; correction: Cochran, Sampling Techniques (1977) §3.2.
    """
    part = _Parts(y, weight, domain, cluster, cell, stratum, count, domains)
    return part.estimates(population, reached, level)


def distribution(
    rating: ArrayLike, weight: ArrayLike, domain: ArrayLike, *, count: ArrayLike | None = None, domains: int | None = None
) -> Array:
    """Weighted number of answers at each step: one row a domain, five columns (1 … 5). With weights of 1 these are the counts themselves.

    ``rating``: 1 to 5, or nan where it was left open; the other arguments as for ``estimate``.
    """
    said, at = np.asarray(rating, dtype=np.float64), np.asarray(domain, dtype=np.int64)
    times = np.ones(len(at)) if count is None else np.asarray(count, dtype=np.float64)
    size = int(at.max(initial=-1) + 1) if domains is None else domains
    known = (at >= 0) & ~np.isnan(said)
    place = at[known] * 5 + said[known].astype(np.int64) - 1
    heavy = (np.asarray(weight, dtype=np.float64) * times)[known]
    return np.bincount(place, heavy, size * 5).astype(np.float64).reshape(size, 5)


class _Parts:
    """Sums by domain, by domain and cell, and by domain and cluster: all that the formulas need."""

    def __init__(
        self,
        y: ArrayLike,
        weight: ArrayLike,
        domain: ArrayLike,
        cluster: ArrayLike,
        cell: ArrayLike,
        stratum: ArrayLike | None,
        count: ArrayLike | None,
        domains: int | None,
    ) -> None:
        at = np.asarray(domain, dtype=np.int64)
        self.size = int(at.max(initial=-1) + 1) if domains is None else domains
        cells = np.asarray(cell, dtype=np.int64)
        share, heavy = np.asarray(y, dtype=np.float64), np.asarray(weight, dtype=np.float64)
        times = np.ones(len(at)) if count is None else np.asarray(count, dtype=np.float64)
        strata = np.zeros(len(at), dtype=np.int64) if stratum is None else np.asarray(stratum, dtype=np.int64)
        number = int(cells.max(initial=-1) + 1)
        # of whole cells, domain or not: the residual's mean is taken over these
        self.cell_weight = np.bincount(cells, heavy * times, number)
        self.cell_square = np.bincount(cells, heavy**2 * times, number)
        self.cell_answers = np.bincount(cells, times, number)
        inside = (at >= 0) & (heavy > 0)
        self.at, self.cells = at[inside], cells[inside]
        self.y, self.w, self.times = share[inside], heavy[inside], times[inside]
        self.clusters, self.strata = np.asarray(cluster, dtype=np.int64)[inside], strata[inside]

    def by_domain(self, values: Any) -> Array:
        """Sums over answers."""
        return np.bincount(self.at, values * self.times, self.size).astype(np.float64)

    def estimates(self, population: ArrayLike | None, reached: ArrayLike | None, level: float) -> Estimates:
        """All figures of all domains."""
        n, weight = self.by_domain(np.ones_like(self.w)), self.by_domain(self.w)
        some = n > 0
        value = np.divide(self.by_domain(self.w * self.y), weight, out=np.full(self.size, np.nan), where=some)
        raw = np.divide(self.by_domain(self.y), n, out=np.full(self.size, np.nan), where=some)
        value, raw = np.clip(value, 0, 1), np.clip(raw, 0, 1)
        answers, between, df_between, enough = self._variances(value, weight, n)
        given = np.zeros(self.size) if reached is None else np.clip(np.broadcast_to(np.asarray(reached, np.float64), self.size), 0, 1)
        fraction = np.where(enough, given, 1.0)
        first, second = (1 - fraction) * between, fraction * answers
        variance = first + second
        df = _satterthwaite(first, df_between, second, np.maximum(n - 1, 1))
        kish = np.divide(weight**2, self.by_domain(self.w**2), out=np.zeros(self.size), where=some)
        spread = value * (1 - value)
        usable = some & (spread > 0) & (variance > 1e-9 * spread)  # else nothing varies within the cells, but for the last bits
        n_eff = np.where(usable, np.divide(spread, variance, out=np.zeros(self.size), where=usable), kish)
        n_eff = np.minimum(n_eff, np.where(enough, n, kish))
        quantile = student.ppf((1 + level) / 2, df) * np.sqrt(_correction(n, population))
        low, high = wilson(np.where(some, np.nan_to_num(value) * n_eff, 0.0), n_eff, quantile)
        return Estimates(value, raw, np.where(some, variance, np.nan), n, n_eff, np.where(some, df, np.nan), low, high)

    def _variances(self, value: Array, weight: Array, n: Array) -> tuple[Array, Array, Array, NDArray[np.bool_]]:
        """Variance as if each answer came by itself; as if each cluster did, with its degrees of freedom; whether there are two
        clusters.
        """
        u = (self.y - value[self.at]) / weight[self.at]
        pair, domain, cell = _pairs(self.at, self.cells)
        pairs = len(domain)
        mean = np.bincount(pair, self.w * u * self.times, pairs) / self.cell_weight[cell]
        inside_square = np.bincount(pair, self.w**2 * self.times, pairs)
        residual = self.w * (u - mean[pair])
        outside = mean**2 * (self.cell_square[cell] - inside_square)
        squares = np.bincount(pair, residual**2 * self.times, pairs) + np.maximum(outside, 0)
        # one mean was taken from the data: the cell's where the domain holds all of it, else in effect the domain's
        own = np.bincount(pair, self.times, pairs)
        base = np.where(own == self.cell_answers[cell], own, n[domain])
        answers = np.bincount(domain, squares * np.where(base > 1, base / np.maximum(base - 1, 1), 1.0), self.size)
        # clusters: sums of residuals, within strata
        group, domain_of, _ = _pairs(self.at, self.clusters)
        sums = np.bincount(group, residual * self.times, len(domain_of))
        first = np.zeros(len(domain_of), dtype=np.int64)
        first[group] = self.strata
        place, owner, _ = _pairs(domain_of, first)
        m = np.bincount(place, minlength=len(owner)).astype(np.float64)
        centred = sums - (np.bincount(place, sums, len(owner)) / m)[place]
        factor = np.where(m > 1, m / np.maximum(m - 1, 1), 0.0)
        between = np.bincount(owner, np.bincount(place, centred**2, len(owner)) * factor, self.size)
        df = np.bincount(owner, m - 1, self.size)
        return answers.astype(np.float64), between.astype(np.float64), np.maximum(df, 1.0).astype(np.float64), df > 0


def _pairs(first: NDArray[np.int64], second: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Number of each pair of numbers that occurs, and the two numbers of each pair."""
    wide = int(second.max(initial=0)) + 1
    kinds, number = np.unique(first * wide + second, return_inverse=True)
    return number, kinds // wide, kinds % wide


def _satterthwaite(first: Array, df_first: Array, second: Array, df_second: Array) -> Array:
    """Degrees of freedom of the sum of two independent estimates of variance."""
    below = first**2 / df_first + second**2 / df_second
    return np.divide((first + second) ** 2, below, out=df_second.copy(), where=below > 0)


def _correction(n: Array, population: ArrayLike | None) -> Array:
    """(N − n)/(N − 1) where n/N is above 5 %, else 1; so too where there are more answers than dossiers: then N is not known."""
    if population is None:
        return np.ones_like(n)
    whole = np.broadcast_to(np.asarray(population, np.float64), n.shape)
    factor = np.divide(whole - n, whole - 1, out=np.zeros_like(n), where=whole > 1)
    return np.where((n > CORRECT_ABOVE * whole) & (n <= whole), factor, 1.0)
