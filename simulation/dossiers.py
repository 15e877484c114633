"""Draws what happened to every dossier. Times are local: seconds since 1970-01-01 00:00 in Viet Nam; ``NEVER`` (-1) is no time."""

from dataclasses import dataclass

import numpy as np

from simulation.calendar import add_working, demand, last_working
from simulation.catalogue import Item, Levels
from simulation.requests import Causes, Requests, draw_requests
from simulation.world import World, online_chance

NEVER = -1
DAY = 86_400
REGISTERED, RECEIVED, REFUSED, PROCESSING, SUPPLEMENT, WITHDRAWN, STOPPED, DONE, RETURNED = 1, 2, 3, 4, 5, 7, 8, 9, 10
IN_PERSON, ONLINE, POST, KIOSK = 1, 2, 3, 4
CITIZEN, ENTERPRISE, UNSAID = 1, 2, 0
CLOSING = 17 * 3600
LAST_RECEPTION = 16 * 3600 + 1800  # what comes later is handled from the next working day on


@dataclass
class Dossiers:
    """One entry a dossier in every array, ordered by system and reception. Event arrays are dossiers × events."""

    item: np.ndarray
    unit: np.ndarray
    system: np.ndarray
    channel: np.ndarray
    applicant: np.ndarray
    counter: np.ndarray  # 0: none; else the number of the reception point
    number: np.ndarray  # running number of the unit on its day
    received: np.ndarray
    first_due: np.ndarray
    due: np.ndarray
    finished: np.ndarray
    returned: np.ndarray
    event_at: np.ndarray
    event_status: np.ndarray
    status: np.ndarray
    updated: np.ndarray
    asked_at: np.ndarray  # dossiers × 2 recorded supplement requests
    answered_at: np.ndarray
    digitised: np.ndarray
    reused: np.ndarray
    electronic: np.ndarray  # the result has an electronic document
    requests: Requests
    asked_truly: np.ndarray  # how often really, recorded or not
    late: np.ndarray
    satisfaction: np.ndarray  # true propensity, 0–1


def draw(
    rng: np.random.Generator, count: int, catalogue: list[Item], levels: Levels, world: World, causes: Causes, first: int, now: int
) -> Dossiers:
    """``count`` dossiers received between the days ``first`` (ordinal since 1970) and the instant ``now`` (local seconds)."""
    day = _days(rng, count, first, now)
    item = rng.choice(len(catalogue), size=count, p=world.item_demand)
    place = rng.choice(world.provinces, size=count, p=world.province_weight)
    unit = _units(rng, catalogue, world, item, place)
    system = world.unit_system[unit]
    order = np.lexsort((day, system))
    day, item, place, unit, system = day[order], item[order], place[order], unit[order], system[order]

    chance = online_chance(levels, world, item, system, place, day + 719_163)
    online = rng.random(count) < chance
    other = rng.choice([IN_PERSON, POST, KIOSK], size=count, p=[0.94, 0.025, 0.035])
    channel = np.where(online, ONLINE, other)
    enterprise = np.array([entry.enterprise for entry in catalogue])[item]
    applicant = np.where(rng.random(count) < enterprise, ENTERPRISE, CITIZEN)
    applicant[rng.random(count) < 0.01] = UNSAID
    # Nobody is at the counter on a day off: who does not file online came on the working day before.
    day = np.where(online, day, last_working(_date(day)).astype(np.int64))
    received = _times(rng, day, online, now)
    order = np.lexsort((received, system))
    item, place, unit, system = item[order], place[order], unit[order], system[order]
    channel, applicant, received = channel[order], applicant[order], received[order]

    days = np.array([entry.days for entry in catalogue])[item]
    day = received // DAY
    begin = add_working(_date(day + (received % DAY > LAST_RECEPTION)), np.zeros(count, dtype=int))
    late_chance = _sigmoid(-2.95 + 0.75 * world.unit_slow[unit] + 0.35 * world.item_slow[item] + 0.02 * days)
    late = rng.random(count) < late_chance
    took = np.where(late, days + rng.geometric(0.3, size=count), np.floor((days + 0.999) * rng.beta(2.2, 1.5, size=count))).astype(int)

    asked = _asked(rng, world, causes, item, unit, system, channel, day)
    end = _ends(rng, count, asked)
    asked = np.where(end == REFUSED, 0, asked)  # refused at the door: nothing was asked for any more
    hidden = (asked > 0) & (rng.random(count) < world.system_hide[system])
    recorded = np.where(hidden, 0, asked)
    requests = draw_requests(rng, causes, world, item, unit, system, day + 719_163, asked)
    asked_at, answered_at, waits = _pauses(rng, begin, took, recorded, received, end)
    first_due = _seconds(add_working(begin, days)) + CLOSING
    due = np.where(waits > 0, _seconds(add_working(begin, days + waits)) + CLOSING, first_due)
    finished = _finish(rng, begin, took + waits, received, end)
    finished = np.maximum(finished, np.maximum(answered_at.max(axis=1), asked_at.max(axis=1)) + 600)
    returned = np.where((end == DONE) & (rng.random(count) < 0.96), _handed_over(rng, finished, channel), NEVER)
    event_at, event_status = _events(rng, received, channel, end, finished, returned, asked_at, answered_at)
    known = np.where(event_at <= now, event_at, NEVER)
    last = known.shape[1] - 1 - np.argmax(known[:, ::-1] != NEVER, axis=1)
    rows = np.arange(count)
    overdue = np.where(finished <= now, finished > due, now > due)
    result = Dossiers(
        item=item,
        unit=unit,
        system=system,
        channel=channel,
        applicant=applicant,
        counter=np.where(channel == IN_PERSON, rng.integers(1, 5, size=count), 0),
        number=_numbers(unit, received // DAY),
        received=received,
        first_due=first_due,
        due=due,
        finished=np.where(finished <= now, finished, NEVER),
        returned=np.where(returned <= now, returned, NEVER),
        event_at=known,
        event_status=event_status,
        status=event_status[rows, last],
        updated=known.max(axis=1),
        asked_at=np.where(asked_at <= now, asked_at, NEVER),
        answered_at=np.where(answered_at <= now, answered_at, NEVER),
        digitised=rng.random(count) < _sigmoid(0.6 + 0.6 * world.system_digital[system] + 0.5 * (channel == ONLINE)),
        reused=rng.random(count) < _sigmoid(-1.2 + 0.6 * world.system_digital[system]),
        electronic=np.zeros(0, dtype=bool),
        requests=requests,
        asked_truly=asked,
        late=overdue,
        satisfaction=np.zeros(0),
    )
    result.satisfaction = _satisfaction(rng, world, result, end)
    wanted = _sigmoid(1.4 + 0.7 * world.system_digital[system] - 1.5 * (channel != ONLINE))
    result.electronic = (end == DONE) & (result.finished != NEVER) & (rng.random(count) < wanted)
    return result


def _days(rng: np.random.Generator, count: int, first: int, now: int) -> np.ndarray:
    days = np.arange(first, now // DAY + 1)
    weight = demand(_date(days))
    weight[-1] *= min(1.0, max(0.02, (now % DAY - 7 * 3600) / (10 * 3600)))  # the running day is not over
    return np.asarray(rng.choice(days, size=count, p=weight / weight.sum()))


def _times(rng: np.random.Generator, day: np.ndarray, online: np.ndarray, now: int) -> np.ndarray:
    """Office hours at the counter; online from early morning to late evening."""
    office = np.where(rng.random(len(day)) < 0.62, rng.uniform(7.5, 11.5, size=len(day)), rng.uniform(13.5, 16.9, size=len(day)))
    remote = np.clip(rng.normal(12.5, 4.2, size=len(day)), 5.0, 23.5)
    seconds = day * DAY + (np.where(online, remote, office) * 3600).astype(int)
    return np.where(seconds <= now, seconds, np.minimum(now, day * DAY + 5 * 3600 + rng.integers(0, 3600, size=len(day))))


def _units(rng: np.random.Generator, catalogue: list[Item], world: World, item: np.ndarray, place: np.ndarray) -> np.ndarray:
    handlers = np.array([entry.handler for entry in catalogue])
    ministries = np.array([world.ministry_unit.get(entry.ministry, -1) for entry in catalogue])
    unit = np.minimum(
        np.searchsorted(world.commune_cumulative, place + rng.random(len(item)), side="right"), len(world.commune_cumulative) - 1
    )
    for handler, by_province in world.department_unit.items():
        mine = (handlers == handler)[item]
        unit[mine] = by_province[place[mine]]
    own = (handlers == "-")[item]
    unit[own] = ministries[item[own]]
    return unit


def _asked(
    rng: np.random.Generator,
    world: World,
    causes: Causes,
    item: np.ndarray,
    unit: np.ndarray,
    system: np.ndarray,
    channel: np.ndarray,
    day: np.ndarray,
) -> np.ndarray:
    """How often supplements are truly asked for: worse units, procedures with many papers, registers out of reach, the counter."""
    reach = causes.unreached(world, item, system, day + 719_163)
    chance = _sigmoid(
        -3.6
        + 0.75 * world.unit_ask[unit]
        + 0.35 * world.item_ask[item]
        + 1.1 * reach
        + 0.16 * (causes.papers[item] - 3)
        + 0.25 * (channel == IN_PERSON)
    )
    once = rng.random(len(item)) < chance
    again = once & (rng.random(len(item)) < _sigmoid(-2.2 + 0.5 * world.unit_ask[unit]))
    return once.astype(int) + again


def _ends(rng: np.random.Generator, count: int, asked: np.ndarray) -> np.ndarray:
    draw = rng.random(count)
    refused = np.where(asked > 0, 0.012, 0.009)
    withdrawn = refused + np.where(asked > 0, 0.06, 0.007)
    stopped = withdrawn + np.where(asked > 0, 0.05, 0.005)
    return np.where(draw < refused, REFUSED, np.where(draw < withdrawn, WITHDRAWN, np.where(draw < stopped, STOPPED, DONE)))


def _pauses(
    rng: np.random.Generator, begin: np.ndarray, took: np.ndarray, recorded: np.ndarray, received: np.ndarray, end: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """When supplements were asked for and brought, and by how many working days the clock stood still.

    Whoever withdrew or was stopped did not bring the last one.
    """
    asked_at = np.full((len(begin), 2), NEVER)
    answered_at = np.full((len(begin), 2), NEVER)
    waits = np.zeros(len(begin), dtype=int)
    at = np.floor(took * rng.uniform(0.0, 0.8, size=len(begin))).astype(int)
    for turn in range(2):
        has = recorded > turn
        wait = rng.geometric(0.3, size=len(begin))
        asked = _seconds(add_working(begin, at + waits)) + rng.integers(8 * 3600, CLOSING - 1800, size=len(begin))
        asked = np.maximum(asked, np.maximum(received + 1200, answered_at.max(axis=1) + 1200))
        answered = np.maximum(
            _seconds(add_working(begin, at + waits + wait)) + rng.integers(7 * 3600, CLOSING, size=len(begin)), asked + 1200
        )
        brought = has & ~((recorded == turn + 1) & np.isin(end, (WITHDRAWN, STOPPED)))
        asked_at[:, turn] = np.where(has, asked, NEVER)
        answered_at[:, turn] = np.where(brought, answered, NEVER)
        waits += np.where(has, wait, 0)
    return asked_at, answered_at, waits


def _finish(rng: np.random.Generator, begin: np.ndarray, took: np.ndarray, received: np.ndarray, end: np.ndarray) -> np.ndarray:
    took = np.where(end == REFUSED, np.minimum(took, 1), took)
    day = _seconds(add_working(begin, took))
    earliest = np.maximum(day + 8 * 3600, received + 900)
    latest = np.maximum(day + CLOSING - 300, earliest + 300)
    return np.asarray(earliest + (rng.random(len(begin)) * (latest - earliest)).astype(int))


def _handed_over(rng: np.random.Generator, finished: np.ndarray, channel: np.ndarray) -> np.ndarray:
    """Online results go out soon; others are fetched in office hours, on the same day or some days later."""
    count = len(finished)
    soon = finished + rng.integers(60, 5400, size=count)
    day = _seconds(add_working(_date(finished // DAY), rng.geometric(0.55, size=count) - 1))
    fetched = np.maximum(day + rng.integers(7 * 3600 + 1800, CLOSING, size=count), finished + 300)
    return np.where(channel == ONLINE, soon, fetched)


def _events(
    rng: np.random.Generator,
    received: np.ndarray,
    channel: np.ndarray,
    end: np.ndarray,
    finished: np.ndarray,
    returned: np.ndarray,
    asked_at: np.ndarray,
    answered_at: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Status history in the order of time: registered (online or refused), received, in progress, supplement and back, end, returned."""
    taken = end != REFUSED
    begun = np.minimum(received + rng.integers(300, 5400, size=len(received)), finished - 60)
    begun = np.where(asked_at[:, 0] != NEVER, np.minimum(begun, asked_at[:, 0] - 60), begun)
    columns = [
        (np.where(channel == ONLINE, received - rng.integers(60, 3600, size=len(received)), np.where(taken, NEVER, received)), REGISTERED),
        (np.where(taken, received, NEVER), RECEIVED),
        (np.where(taken, np.maximum(begun, received + 1), NEVER), PROCESSING),
        (np.where(taken, asked_at[:, 0], NEVER), SUPPLEMENT),
        (np.where(taken, answered_at[:, 0], NEVER), PROCESSING),
        (np.where(taken, asked_at[:, 1], NEVER), SUPPLEMENT),
        (np.where(taken, answered_at[:, 1], NEVER), PROCESSING),
        (finished, 0),
        (returned, RETURNED),
    ]
    event_at = np.stack([at for at, _status in columns], axis=1)
    status = np.tile(np.array([code for _at, code in columns], dtype=np.int8), (len(received), 1))
    status[:, 7] = end
    return event_at, status


def _numbers(unit: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Running number within unit and day, from 1, in the order of reception."""
    order = np.lexsort((np.arange(len(unit)), day, unit))
    fresh = np.ones(len(unit), dtype=bool)
    fresh[1:] = (unit[order][1:] != unit[order][:-1]) | (day[order][1:] != day[order][:-1])
    starts = np.maximum.accumulate(np.where(fresh, np.arange(len(unit)), 0))
    number = np.empty(len(unit), dtype=int)
    number[order] = np.arange(len(unit)) - starts + 1
    return number


def _satisfaction(rng: np.random.Generator, world: World, dossiers: Dossiers, end: np.ndarray) -> np.ndarray:
    """The true chance that this person is satisfied: what happened to her, and how she was treated."""
    again = dossiers.requests.already_held
    score = (
        2.05
        + world.unit_mood[dossiers.unit]
        + 0.1 * (dossiers.channel == ONLINE)
        - 0.9 * dossiers.asked_truly
        - 0.7 * again
        - 1.5 * dossiers.late
        - 2.6 * (end == REFUSED)
        - 1.2 * np.isin(end, (WITHDRAWN, STOPPED))
        + rng.normal(0.0, 0.3, size=len(end))
    )
    return _sigmoid(score)


def _sigmoid(value: np.ndarray) -> np.ndarray:
    return np.asarray(1.0 / (1.0 + np.exp(-value)))


def _date(day: np.ndarray) -> np.ndarray:
    return day.astype("datetime64[D]")


def _seconds(day: np.ndarray) -> np.ndarray:
    return np.asarray(day.astype("datetime64[D]").astype(np.int64) * DAY)
