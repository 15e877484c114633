"""Supplement requests of a month, what of them the record shows, and units that hide some of theirs. No formula of the scorecard."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.honesty.country import UNITS, Country, logistic

Whole = NDArray[np.int64]
PROCEDURES = 12
HIDING = 40  # units of 3,355
LEAST_SHARE, LEAST_DOSSIERS = 0.30, 100
WAYS = ("refused", "erased")  # refused and taken in anew; or the request never entered
ANSWERING = 0.07


@dataclass(frozen=True)
class Supplements:
    """Arrays units × procedures. ``asked`` truly; ``recorded``; ``refused`` and ``refiled`` by the same person; ``answers`` of which
    ``denied`` say that they were asked where the record has nothing. ``hiding``: unit to (way, share hidden)."""

    dossiers: Whole
    asked: Whole
    recorded: Whole
    refused: Whole
    refiled: Whole
    answers: Whole
    denied: Whole
    hiding: dict[int, tuple[str, float]]


def draw(rng: np.random.Generator, country: Country) -> Supplements:
    """One month."""
    base = -2.4 + 1.1 * rng.normal(size=PROCEDURES)
    base[:2] = -6.0  # certified copies and the like: by nature nearly nothing is asked
    popular = np.exp(rng.normal(0.0, 0.8, size=PROCEDURES))
    mix = popular * np.exp(rng.normal(0.0, 0.6, size=(UNITS, PROCEDURES)))
    mix /= mix.sum(axis=1, keepdims=True)
    dossiers = rng.poisson(country.dossiers[:, None] * mix)
    asked = rng.binomial(dossiers, logistic(base + 0.45 * rng.normal(size=(UNITS, 1)) + 0.15 * rng.normal(size=(UNITS, PROCEDURES))))
    some = np.flatnonzero(dossiers.sum(axis=1) >= LEAST_DOSSIERS)
    hiding = {
        int(unit): (WAYS[place % len(WAYS)], float(rng.uniform(LEAST_SHARE, 1.0)))
        for place, unit in enumerate(rng.choice(some, size=HIDING, replace=False))
    }
    hidden, refused_more = np.zeros_like(asked), np.zeros_like(asked)
    for unit, (way, share) in hiding.items():
        hidden[unit] = rng.binomial(asked[unit], share)
        if way == "refused":
            refused_more[unit] = hidden[unit]
    refused = rng.binomial(dossiers - asked, logistic(-3.6 + 0.3 * rng.normal(size=(UNITS, 1))))
    again = logistic(-1.9 + 0.3 * rng.normal(size=(UNITS, 1)))
    refiled = rng.binomial(refused, again) + rng.binomial(refused_more, 0.85)
    answers = rng.binomial(dossiers, ANSWERING)
    share_hidden = hidden / np.maximum(dossiers, 1)
    share_silent = 1 - asked / np.maximum(dossiers, 1)
    denied = rng.binomial(answers, np.clip(0.85 * share_hidden + 0.015 * share_silent, 0, 1))
    return Supplements(dossiers, asked, asked - hidden, refused + refused_more, refiled, answers, denied, hiding)
