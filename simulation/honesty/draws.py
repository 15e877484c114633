"""Counts of a month: dossiers, the satisfied among them and who answers, cell by cell, under one world's law of answering."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.honesty.country import MOST_INVITED, UNITS, Country, logistic

Whole = NDArray[np.int64]
AGES, WAITS, TRIPS = 2, 3, 2  # W3: older, days waited, more than one trip
COUNTED = ("dossiers", "satisfied", "invited", "answered", "answered_satisfied")
LAMBDAS = (0.5, 2 / 3, 1.5, 2.0)  # W2: how many times as often the satisfied answer


@dataclass(frozen=True)
class World:
    """``name``: W1 to W4. ``ratio``: how many times as often the satisfied answer; ``hidden``: answering depends on what no cell has."""

    name: str
    ratio: float = 1.0
    hidden: bool = False


@dataclass(frozen=True)
class Counts:
    """Arrays units × cells. ``probability``: of being invited, by unit, the same in all months of a country."""

    dossiers: Whole
    satisfied: Whole
    invited: Whole
    answered: Whole
    answered_satisfied: Whole
    probability: NDArray[np.float64]

    def __add__(self, other: "Counts") -> "Counts":
        """Two spans of months together."""
        sums = {name: getattr(self, name) + getattr(other, name) for name in COUNTED}
        return Counts(**sums, probability=self.probability)


def draw(rng: np.random.Generator, country: Country, world: World) -> Counts:
    """One month."""
    cells = country.cells
    busy = np.exp(rng.normal(0.0, 0.08, size=(UNITS, 1)))
    dossiers = rng.poisson(country.dossiers[:, None] * busy * cells.share)
    probability = np.minimum(1.0, MOST_INVITED / country.dossiers)  # the design is fixed beforehand, for the year
    mood = country.mood[:, None] + cells.mood + 0.06 * rng.normal(size=(UNITS, 1))
    rate = cells.answering * country.answers[:, None]
    if world.hidden:
        return _draw_hidden(rng, dossiers, probability, mood, rate)
    satisfied = rng.binomial(dossiers, logistic(mood))
    return _answers(rng, [(dossiers, satisfied, rate * np.sqrt(world.ratio), rate / np.sqrt(world.ratio))], probability)


def _answers(
    rng: np.random.Generator, groups: list[tuple[Whole, Whole, NDArray[np.float64], NDArray[np.float64]]], probability: NDArray[np.float64]
) -> Counts:
    """Invite and hear each group: (dossiers, satisfied, chance of the satisfied, chance of the others)."""
    sums = {name: np.zeros_like(groups[0][0]) for name in COUNTED}
    share = probability[:, None]
    for dossiers, satisfied, rate_high, rate_low in groups:
        high, low = rng.binomial(satisfied, share), rng.binomial(dossiers - satisfied, share)
        said_high, said_low = rng.binomial(high, np.minimum(rate_high, 1.0)), rng.binomial(low, np.minimum(rate_low, 1.0))
        for name, part in zip(COUNTED, (dossiers, satisfied, high + low, said_high + said_low, said_high), strict=True):
            sums[name] += part
    return Counts(**sums, probability=probability)


def _draw_hidden(
    rng: np.random.Generator, dossiers: Whole, probability: NDArray[np.float64], mood: NDArray[np.float64], rate: NDArray[np.float64]
) -> Counts:
    """W3: the old, those who waited long and those who came twice are less pleased, and answer otherwise."""
    rest, groups = dossiers, []
    classes = [(age, wait, trip) for age in range(AGES) for wait in range(WAITS) for trip in range(TRIPS)]
    share = np.array([(0.75, 0.25)[age] * (0.5, 0.35, 0.15)[wait] * (0.7, 0.3)[trip] for age, wait, trip in classes])
    left = 1.0
    for (age, wait, trip), part in zip(classes, share.tolist(), strict=True):
        here = rest if part >= left - 1e-12 else rng.binomial(rest, part / left)
        rest, left = rest - here, left - part
        satisfied = rng.binomial(here, logistic(mood + 0.35 + 0.2 * age - 0.5 * wait - 0.8 * trip))
        chance = rate * np.exp(-0.6 * age + 0.15 * wait + 0.25 * trip)
        groups.append((here, satisfied, chance, chance))
    return _answers(rng, groups, probability)
