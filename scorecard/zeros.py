"""Counts that are too low, or too high, for a unit's own mix of procedures. Pure.

A ward that mainly certifies copies asks for no papers by nature. So a unit is compared with what its peers do in the same procedures:
``expected`` is the sum over its procedures of its dossiers times the others' rate. Units differ from each other beyond chance, and how
much is fitted: beta-binomial, mean ``expected / n``, one concentration for all units of a kind. What is in question must not be its own
measure, or a few such units in a small country hide each other. So a lower tail is fitted to units above zero alone (zero-truncated), and
what stands out at first is left out of a second fit; an upper tail's fit knows of the highest quarter of units only that they are that high
(censored), and finds the level of the means together with the concentration. Of the tails
the false-discovery rate over all units is controlled (Benjamini and Hochberg, J. R. Stat. Soc. B 57 (1995) 289).
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar
from scipy.special import betaln, gammaln
from scipy.stats import betabinom

if TYPE_CHECKING:
    import pandas as pd

PRIOR = 20.0  # dossiers' worth of the overall rate in a procedure's rate: keeps that of a rare one from being 0 or 1
FALSE_DISCOVERIES = 0.05  # share of units flagged wrongly among those flagged
LEAST_PEERS = 8  # units to fit a kind's spread; with fewer nothing is said
LOOSE = 0.01  # tails that are left out of the second fit
WIDEST, NARROWEST = 0.0, 14.0  # logarithm of the concentration
DROP = 0.82  # of the logarithm of the likelihood: its one-sided 90% bound (half of the square of the normal's 1.2816)
LEVEL = 3.0  # logarithm of the largest factor on the means
HIGHEST = 0.25  # share of a kind's units of which an upper tail's fit does not see how high they are
Array = NDArray[np.float64]


def tails(cells: "pd.DataFrame", lower: bool, least: int) -> "pd.DataFrame":
    """Each unit's count against its peers. ``cells``: ``unit``, ``kind``, ``procedure``, ``n``, ``k`` (``k`` of ``n`` dossiers).

    ``lower``: whether too few are looked for, else too many; ``least``: dossiers that a unit has at least. One row for each such unit
    of a kind with enough peers: ``unit``, ``kind``, ``n``, ``k``, ``expected``, ``p`` (of a count as extreme), ``flagged``, and
    ``telling``: whether the most extreme count of all would be unlikely, which it is not beside very uneven peers or in a mix that hardly
    ever needs any.
    """
    import pandas as pd
    from statsmodels.stats.multitest import multipletests

    left_out: set[str] = set()
    judged = pd.DataFrame(columns=["unit", "kind", "n", "k", "expected", "p", "telling"])
    for _ in range(2 if lower else 1):
        units = _expected(cells, left_out)
        units = units[units["n"] >= least]
        parts = [_tail(group, lower, left_out) for _, group in units.groupby("kind")]
        judged = pd.concat(parts, ignore_index=True) if parts else judged
        left_out = set(judged.loc[judged["p"] < LOOSE, "unit"])
    flagged = multipletests(judged["p"].to_numpy(dtype=float), alpha=FALSE_DISCOVERIES, method="fdr_bh")[0] if len(judged) else []
    judged = judged.assign(flagged=flagged)
    if lower:
        judged["flagged"] &= judged["k"] == 0  # only a zero is in question
    return judged.sort_values(["p", "unit"], ignore_index=True)


def _expected(cells: "pd.DataFrame", left_out: Collection[str]) -> "pd.DataFrame":
    """Units with ``n``, ``k`` and ``expected``, from the rates of all other units in each procedure."""
    peers = ~cells["unit"].isin(list(left_out))
    counted = cells.assign(peer_n=cells["n"].where(peers, 0), peer_k=cells["k"].where(peers, 0))
    sums = counted.groupby("procedure")[["peer_n", "peer_k"]].transform("sum")
    overall = counted["peer_k"].sum() / max(counted["peer_n"].sum(), 1)
    rate = (sums["peer_k"] - counted["peer_k"] + PRIOR * overall) / (sums["peer_n"] - counted["peer_n"] + PRIOR)
    units = counted.assign(expected=rate * counted["n"]).groupby(["unit", "kind"], as_index=False)[["n", "k", "expected"]].sum()
    return units[units["expected"] > 0]


def _tail(units: "pd.DataFrame", lower: bool, left_out: Collection[str]) -> "pd.DataFrame":
    """A kind's units with ``p``; none where too few of them can be compared."""
    n, k, mean = (units[name].to_numpy(dtype=float) for name in ("n", "k", "expected"))
    mean = np.clip(mean / n, 1e-9, 1 - 1e-9)
    fitting = ~units["unit"].isin(list(left_out)).to_numpy()
    if lower:
        fitting &= k > 0
    if fitting.sum() < LEAST_PEERS:
        return units.assign(p=1.0, telling=False).iloc[:0]
    level, spread = (1.0, _concentration(n[fitting], k[fitting], mean[fitting])) if lower else _censored(n, k, mean)
    mean = np.clip(mean * level, 1e-9, 1 - 1e-9)
    alpha, beta = mean * spread, (1 - mean) * spread
    p = betabinom.cdf(k, n, alpha, beta) if lower else betabinom.sf(k - 1, n, alpha, beta)
    least = betabinom.cdf(0, n, alpha, beta) if lower else betabinom.sf(n - 1, n, alpha, beta)
    return units.assign(p=np.clip(p, 0.0, 1.0), telling=least <= FALSE_DISCOVERIES)


def _log_mass(n: Array, k: Array, alpha: Array, beta: Array) -> Array:
    found: Array = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + betaln(k + alpha, n - k + beta) - betaln(alpha, beta)
    return found


def _concentration(n: Array, k: Array, mean: Array) -> float:
    """The concentration that makes the counts likeliest, given that none of them is zero."""

    def unlikeliness(logarithm: float) -> float:
        alpha, beta = mean * np.exp(logarithm), (1 - mean) * np.exp(logarithm)
        none = np.exp(betaln(alpha, n + beta) - betaln(alpha, beta))
        return float(-(_log_mass(n, k, alpha, beta) - np.log1p(-np.minimum(none, 1 - 1e-12))).sum())

    found: Any = minimize_scalar(unlikeliness, bounds=(WIDEST, NARROWEST), method="bounded")
    return float(np.exp(found.x))


def _censored(n: Array, k: Array, mean: Array) -> tuple[float, float]:
    """The factor on all means and the concentration, where of the highest counts only their rank is known: not the likeliest spread but
    the widest that the counts allow (``DROP``), since few units tell little of it and nobody is to be flagged by a guess of it."""
    ratio = k / (mean * n)
    most = max(min(int(len(n) * HIGHEST), len(n) - LEAST_PEERS), 0)
    edge = np.sort(ratio)[len(n) - most - 1]
    high = ratio > edge
    least = np.floor(edge * (mean * n)[high]) + 1  # the lowest count that lies beyond the edge
    below = np.arange(least.max(initial=0.0))[:, None]  # counts under it, a row each
    short = np.minimum(below, n[high])

    def unlikeliness(found: tuple[float, float]) -> float:
        means = np.clip(mean * np.exp(found[0]), 1e-9, 1 - 1e-9)
        alpha, beta = means * np.exp(found[1]), (1 - means) * np.exp(found[1])
        seen = _log_mass(n[~high], k[~high], alpha[~high], beta[~high]).sum()
        mass = np.where(below < least, np.exp(_log_mass(n[high], short, alpha[high], beta[high])), 0.0)
        return float(-seen - np.log(np.maximum(1 - mass.sum(axis=0), 1e-12)).sum())

    def profiled(logarithm: float) -> Any:
        return minimize_scalar(
            lambda level: unlikeliness((level, logarithm)), bounds=(-LEVEL, LEVEL), method="bounded", options={"xatol": 1e-3}
        )

    best = minimize_scalar(lambda logarithm: profiled(logarithm).fun, bounds=(WIDEST, NARROWEST), method="bounded", options={"xatol": 0.01})
    if profiled(WIDEST).fun <= best.fun + DROP:
        wide = WIDEST
    else:
        wide = brentq(lambda logarithm: profiled(logarithm).fun - best.fun - DROP, WIDEST, best.x, xtol=0.01)
    return float(np.exp(profiled(wide).x)), float(np.exp(wide))
