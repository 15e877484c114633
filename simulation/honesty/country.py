"""A country for the proof: 3,355 units (34 provinces and 3,321 communes) with traits that last, dealt by the seed alone.

Nothing here is fitted to what the estimators assume: shares are logistic and normal, never beta; sizes are log-normal.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]
PROVINCES, COMMUNES = 34, 3_321
UNITS = PROVINCES + COMMUNES
CHANNELS, END_POINTS, APPLICANTS = (1, 2, 3, 4), ("returned", "refused", "withdrawn", "stopped"), ("citizen", "enterprise")
CELLS = len(CHANNELS) * len(END_POINTS) * len(APPLICANTS)
PROVIDERS = ("p1", "p2", "p3", "p4", "p5", "p6")
MEAN_DOSSIERS = 1_000.0  # a unit's month
MOST_INVITED = 2_500  # a unit expected to have more is sampled


def logistic(value: Numbers) -> Numbers:
    """A share from a real number."""
    return np.asarray(1.0 / (1.0 + np.exp(-value)))


@dataclass(frozen=True)
class Cell:
    """The cells inside a unit, in one order: arrays of length ``CELLS``."""

    channel: Whole
    end_point: Whole
    applicant: Whole
    share: Numbers
    mood: Numbers  # added to the logit of satisfaction
    answering: Numbers  # chance to answer an invitation


@dataclass(frozen=True)
class Country:
    """Traits of units (length ``UNITS``; communes first, then the provinces' own offices)."""

    code: NDArray[np.str_]
    province: Whole
    kind: NDArray[np.str_]
    provider: Whole
    dossiers: Numbers  # expected a month
    mood: Numbers
    answers: Numbers  # factor of the chance to answer: by province, and higher in the provinces' own offices
    praise: Numbers  # share of 5 among the satisfied
    same: Numbers  # share who mark every line alike
    late: Numbers
    hurry: Numbers  # share answered just before the cut-off
    kiosk: Numbers  # counter answers, as a share of those by link
    kiosk_mood: Numbers
    helper: Numbers  # share of answers given on a helper's telephone
    agents: Numbers  # share of invitations that go to intermediaries' contacts
    reached: Numbers  # share of invitations that reach people
    bad_reached: Numbers  # the same for bad outcomes, as a factor
    cells: Cell


def make(rng: np.random.Generator) -> Country:
    """Deal the traits."""
    province = np.concatenate([np.sort(rng.choice(PROVINCES, size=COMMUNES, p=_weights(rng))), np.arange(PROVINCES)])
    code = np.array([f"{number:05d}" for number in range(COMMUNES)] + [f"P{number:02d}" for number in range(PROVINCES)])
    size = MEAN_DOSSIERS * np.exp(rng.normal(-0.28, 0.75, size=UNITS))
    size[COMMUNES:] *= 6.0
    some_helpers = rng.random(UNITS) < 0.05
    some_agents = rng.random(UNITS) < 0.04
    provider_of = rng.integers(0, len(PROVIDERS), size=PROVINCES)
    return Country(
        code=code,
        province=province,
        kind=np.where(np.arange(UNITS) < COMMUNES, "commune", "province"),
        provider=provider_of[province],
        dossiers=np.maximum(size, 40.0),
        mood=1.75 + 0.3 * rng.normal(size=PROVINCES)[province] + 0.25 * rng.normal(size=UNITS),
        answers=np.exp(rng.normal(0.0, 0.25, size=PROVINCES))[province] * np.where(np.arange(UNITS) < COMMUNES, 1.0, 1.3),
        praise=logistic(0.3 + 0.25 * rng.normal(size=UNITS)),
        same=logistic(-1.1 + 0.3 * rng.normal(size=UNITS)),
        late=logistic(-2.6 + 0.6 * rng.normal(size=UNITS)),
        hurry=logistic(-2.8 + 0.3 * rng.normal(size=UNITS)),
        kiosk=np.where(rng.random(UNITS) < 0.5, rng.uniform(0.02, 0.4, size=UNITS), 0.0),
        kiosk_mood=0.3 + 0.3 * rng.normal(size=UNITS),
        helper=np.where(some_helpers, rng.uniform(0.02, 0.1, size=UNITS), 0.0),
        agents=np.where(some_agents, rng.uniform(0.05, 0.3, size=UNITS), 0.01),
        reached=logistic(2.6 + 0.5 * rng.normal(size=UNITS)),
        bad_reached=np.clip(0.98 + 0.015 * rng.normal(size=UNITS), 0.85, 1.0),
        cells=_cells(),
    )


def _weights(rng: np.random.Generator) -> Numbers:
    weight = np.exp(rng.normal(0.0, 0.35, size=PROVINCES))
    return np.asarray(weight / weight.sum())


def _cells() -> Cell:
    channel, end_point, applicant = (
        part.ravel() for part in np.meshgrid(range(len(CHANNELS)), range(len(END_POINTS)), range(len(APPLICANTS)), indexing="ij")
    )
    share = np.array([0.25, 0.65, 0.05, 0.05])[channel] * np.array([0.92, 0.03, 0.03, 0.02])[end_point] * np.array([0.85, 0.15])[applicant]
    mood = np.array([0.0, 0.25, -0.1, 0.1])[channel] + np.array([0.0, -2.6, -1.6, -2.1])[end_point] + np.array([0.0, -0.3])[applicant]
    rate = np.array([0.045, 0.085, 0.06, 0.04])[channel] * np.array([1.0, 1.7, 1.7, 1.7])[end_point] * np.array([1.0, 1.6])[applicant]
    return Cell(channel, end_point, applicant, share, mood, rate)
