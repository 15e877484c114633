"""Units against their peers: how unlikely a count is, when peers differ among themselves by more than chance. Pure.

A unit's hits of its trials are beta-binomial: every unit has its own true share, drawn from a beta distribution of its peers
(J. G. Skellam, J. R. Stat. Soc. B 10 (1948) 257). The peers' two parameters are fitted by maximum likelihood, without the
few that stand far out, since those are what is looked for (trimming as in D. J. Spiegelhalter, Stat. Med. 24 (2005) 1185).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln, expit, gammaln, logit, psi
from scipy.stats import hypergeom, norm

Counts = NDArray[np.int64]
Numbers = NDArray[np.float64]
OUTLIER = 1e-3  # peers less likely than this, on either side, do not shape the fit
ROUNDS = 2
FEWEST = 10  # peers under which nothing can be said
STEEPEST = 1e5  # α + β at most: beyond it the peers are as good as equal
PRECISE = 2.0  # standard deviations above the peers' mean from which on the tail is summed exactly


@dataclass(frozen=True)
class Peers:
    """The spread of the true share among peers: beta(``alpha``, ``beta``)."""

    alpha: float
    beta: float

    @property
    def mean(self) -> float:
        """The peers' mean share."""
        return self.alpha / (self.alpha + self.beta)

    def spread(self, trials: Counts) -> Numbers:
        """Standard deviation of the number of hits in so many trials."""
        total = self.alpha + self.beta
        return np.asarray(np.sqrt(trials * self.mean * (1 - self.mean) * (total + trials) / (total + 1)))

    def above(self, hits: Counts, trials: Counts) -> Numbers:
        """P(at least so many hits), for each pair: exact where it is small, else the normal approximation's."""
        sd = np.maximum(self.spread(trials), 1e-12)
        z = (hits - 0.5 - trials * self.mean) / sd
        chance = np.where(hits <= 0, 1.0, np.maximum(norm.sf(z), 1e-300))
        exact = np.flatnonzero((z > PRECISE) & (hits > 0))
        chance[exact] = self._tail(hits[exact], trials[exact])
        return np.asarray(chance)

    def _tail(self, hits: Counts, trials: Counts) -> Numbers:
        """Σ_{j ≥ hits} of the probability of j hits, term by term from the first."""
        a, b = self.alpha, self.beta
        j, n = hits.astype(np.float64), trials.astype(np.float64)
        term = np.exp(
            gammaln(n + 1) - gammaln(j + 1) - gammaln(n - j + 1) + betaln(j + a, n - j + b) - betaln(a, b),
        )
        total = term.copy()
        while True:
            going = (j < n) & (term > total * 1e-12)
            if not going.any():
                return np.asarray(np.minimum(total, 1.0))
            ratio = np.where(going, (n - j) * (j + a) / ((j + 1) * np.maximum(n - j - 1 + b, 1e-9)), 0.0)
            term = term * ratio
            total = total + term
            j = j + 1


def fit(hits: Counts, trials: Counts) -> Peers | None:
    """The peers' beta distribution; None where fewer than ten peers have any trials."""
    use = trials > 0
    hits, trials = hits[use], trials[use]
    if len(hits) < FEWEST:
        return None
    peers = _likeliest(hits, trials, None)
    for _round in range(ROUNDS - 1):
        high = peers.above(hits, trials)
        low = Peers(peers.beta, peers.alpha).above(trials - hits, trials)
        kept = (high > OUTLIER) & (low > OUTLIER)
        if kept.all() or kept.sum() < FEWEST:
            break
        peers = _likeliest(hits[kept], trials[kept], peers)
    return peers


def _likeliest(hits: Counts, trials: Counts, start: Peers | None) -> Peers:
    """Maximum likelihood in logit(mean) and log(α + β), from a start by moments."""
    pairs, times = np.unique(np.stack([hits, trials]), axis=1, return_counts=True)
    k, n = pairs.astype(np.float64)
    weight = times.astype(np.float64)
    begin = _by_moments(hits, trials) if start is None else start
    first = np.array([logit(begin.mean), np.log(begin.alpha + begin.beta)])

    def loss(point: Numbers) -> tuple[float, Numbers]:
        m, total = expit(point[0]), np.exp(point[1])
        a, b = m * total, (1 - m) * total
        value = weight @ (betaln(k + a, n - k + b) - betaln(a, b))
        common = psi(total) - psi(n + total)
        by_a = weight @ (psi(k + a) - psi(a) + common)
        by_b = weight @ (psi(n - k + b) - psi(b) + common)
        slope = np.array([(by_a - by_b) * total * m * (1 - m), by_a * a + by_b * b])
        return -float(value), -slope

    bounds = [(-14.0, 14.0), (np.log(1e-2), np.log(STEEPEST))]
    found = minimize(loss, np.clip(first, [low for low, _ in bounds], [high for _, high in bounds]), jac=True, bounds=bounds)
    m, total = float(expit(found.x[0])), float(np.exp(found.x[1]))
    return Peers(m * total, (1 - m) * total)


def _by_moments(hits: Counts, trials: Counts) -> Peers:
    """A first guess: mean share, and the variance of shares beyond chance."""
    mean = (hits.sum() + 0.5) / (trials.sum() + 1.0)
    beyond = np.maximum((hits - trials * mean) ** 2 - trials * mean * (1 - mean), 0.0).sum()
    pairs = (trials * (trials - 1.0)).sum() * mean * (1 - mean)
    correlation = float(np.clip(beyond / pairs if pairs > 0 else 0.02, 1e-4, 0.5))
    total = 1 / correlation - 1
    return Peers(mean * total, (1 - mean) * total)


def against_own(hits: Counts, trials: Counts, other_hits: Counts, other_trials: Counts) -> Numbers:
    """Fisher's exact test, one-sided, within each unit: are hits commoner among its trials than among its other cases?"""
    whole, marked = trials + other_trials, hits + other_hits
    return np.asarray(hypergeom.sf(hits - 1, whole, marked, trials))


def clustered(hits: Counts, trials: Counts, peers: Peers) -> float:
    """P of at least so many hits in all units together, each of which has its own share among its peers (normal approximation)."""
    spread = float(np.sqrt((peers.spread(trials) ** 2).sum()))
    excess = float(hits.sum() - trials.sum() * peers.mean - 0.5)
    return float(norm.sf(excess / spread)) if spread > 0 else 1.0
