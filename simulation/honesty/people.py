"""Single answers and the fate of single invitations, made out of a month's counts: for the detectors."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulation.honesty.country import CHANNELS, COMMUNES, END_POINTS, UNITS, Country, logistic
from simulation.honesty.draws import Counts

Whole = NDArray[np.int64]
ITEMS = 6
LINK, KIOSK = 0, 1
PRIVATE, COUNTER, STAFF = 0, 1, 2
CARRIER_DEVICES = 200


@dataclass(frozen=True)
class Answers:
    """One entry an answer. ``items``: marks 1–5 of six questions, 0 where left open; ``end_point`` and ``channel`` are indices."""

    unit: Whole
    channel: Whole
    end_point: Whole
    rating: Whole
    items: Whole
    mode: Whole
    device: Whole
    device_kind: Whole
    seconds: Whole
    contact_load: Whole
    supplements: Whole
    on_time: NDArray[np.bool_]
    last_days: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.unit)

    def take(self, index: Whole | NDArray[np.bool_]) -> "Answers":
        """Some of them, in that order."""
        return replace(self, **{name: getattr(self, name)[index] for name in vars(self)})


def join(parts: list[Answers]) -> Answers:
    """Several lots as one."""
    return Answers(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])})


@dataclass
class Contacts:
    """Invitations by unit, end-point (4), late (2) and heavy contact (2): sent out, and those that reached nobody."""

    sent: Whole
    missing: Whole


def speak(rng: np.random.Generator, country: Country, counts: Counts) -> Answers:
    """Every answer by link, and those given at kiosks."""
    high = counts.answered_satisfied
    lots = [(high, True), (counts.answered - high, False)]
    where = [np.repeat(np.arange(high.size), lot.ravel()) for lot, _ in lots]
    place = np.concatenate(where)
    satisfied = np.concatenate([np.full(len(part), good) for part, (_, good) in zip(where, lots, strict=True)])
    unit, cell = np.divmod(place, high.shape[1])
    linked = _say(rng, country, unit, cell, satisfied, LINK)
    at_counter = rng.poisson(country.kiosk * counts.answered.sum(axis=1))
    unit = np.repeat(np.arange(UNITS), at_counter)
    cell = rng.choice(high.shape[1], size=len(unit), p=country.cells.share / country.cells.share.sum())
    mood = country.mood[unit] + country.kiosk_mood[unit] + country.cells.mood[cell]
    return join([linked, _say(rng, country, unit, cell, rng.random(len(unit)) < logistic(mood), KIOSK)])


def _say(rng: np.random.Generator, country: Country, unit: Whole, cell: Whole, satisfied: NDArray[np.bool_], mode: int) -> Answers:
    n = len(unit)
    rating = np.where(satisfied, np.where(rng.random(n) < country.praise[unit], 5, 4), rng.choice([3, 2, 1], size=n, p=[0.5, 0.3, 0.2]))
    alike = rng.random(n) < country.same[unit]
    on_time = rng.random(n) >= country.late[unit] * np.where(satisfied, 0.8, 2.5)
    supplements = np.where(rng.random(n) < np.where(satisfied, 0.03, 0.1), 2, rng.binomial(1, 0.08, size=n))
    step = rng.choice([0, -1, 1], size=(n, ITEMS), p=[0.6, 0.25, 0.15])
    items = np.clip(rating[:, None] + np.where(alike[:, None], 0, step), 1, 5)
    items[:, 1] = np.where(~on_time & ~alike, np.maximum(items[:, 1] - 2, 1), items[:, 1])
    items[:, 2] = np.where((supplements == 2) & ~alike, np.maximum(items[:, 2] - 1, 1), items[:, 2])
    items[rng.random((n, ITEMS)) < 0.1] = 0
    seconds = np.exp(np.where(alike, np.log(28.0), np.log(75.0)) + np.where(alike, 0.5, 0.6) * rng.normal(size=n))
    device, kind = _devices(rng, country, unit, mode)
    return Answers(
        unit=unit,
        channel=country.cells.channel[cell],
        end_point=country.cells.end_point[cell],
        rating=rating,
        items=items,
        mode=np.full(n, mode),
        device=device,
        device_kind=kind,
        seconds=np.clip(seconds, 3, 900).astype(np.int64),
        contact_load=np.where(rng.random(n) < country.agents[unit], rng.integers(5, 40, size=n), 1)
        if mode == LINK
        else np.zeros(n, dtype=int),
        supplements=supplements,
        on_time=on_time,
        last_days=rng.random(n) < country.hurry[unit],
    )


def _devices(rng: np.random.Generator, country: Country, unit: Whole, mode: int) -> tuple[Whole, Whole]:
    """Own telephones, shared within families; a helper's; carriers' addresses that many share; the counter's."""
    n = len(unit)
    if mode == KIOSK:
        return 10_000_000 + unit, np.full(n, COUNTER)
    device = 1_000_000 + np.arange(n)
    family = np.flatnonzero((rng.random(n) < 0.04) & (np.roll(unit, 1) == unit))
    device[family] = device[family - 1]
    helped = rng.random(n) < country.helper[unit]
    device[helped] = 20_000_000 + unit[helped]
    carried = rng.random(n) < 0.01
    device[carried] = rng.integers(0, CARRIER_DEVICES, size=int(carried.sum()))
    return device, np.full(n, PRIVATE)


def send(rng: np.random.Generator, country: Country, counts: Counts) -> Contacts:
    """What became of the invitations."""
    end_points = len(END_POINTS)
    invited = np.stack([counts.invited[:, country.cells.end_point == point].sum(axis=1) for point in range(end_points)], axis=1)
    late = rng.binomial(invited, country.late[:, None])
    split = np.stack([invited - late, late], axis=2)
    heavy = rng.binomial(split, country.agents[:, None, None])
    sent = np.stack([split - heavy, heavy], axis=3)
    bad = np.ones((end_points, 2, 1), dtype=bool)
    bad[0, 0] = False
    reached = country.reached[:, None, None, None] * np.where(bad, country.bad_reached[:, None, None, None], 1.0)
    return Contacts(sent, rng.binomial(sent, 1.0 - reached))


__all__ = ["CHANNELS", "COMMUNES", "Answers", "Contacts", "join", "send", "speak"]
