"""Who answers the survey, and what: satisfaction follows from what truly happened, silence from satisfaction and channel."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

import numpy as np

from core.calendar import TIMEZONE
from simulation.dossiers import IN_PERSON, KIOSK, ONLINE, Dossiers
from simulation.places import read_yaml
from simulation.requests import ALREADY_HELD
from simulation.world import World

BASE_RATE = 0.068
SHORT_RATE = 0.045  # at a supplement request
OPEN = 0.12  # share of questions left open
ENGLISH = 0.01
COMMENTS = 0.035
LAST_DAY = 14  # after the invitation
DELIVERIES, DELIVERED = ("delivered", "failed", "sent"), (0.94, 0.04, 0.02)
DRAWS = 32  # random numbers that one answer uses at most
MORE_DRAWS = 20  # the same for what version 2 of the questionnaire asks besides
Chance = Iterator[float]  # uniform on 0–1
Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Asked:
    """One invitation: the dossier's index, end-point, number of the supplement request (0: none), day of issue, and its delivery."""

    row: int
    end_point: str
    supplement: int
    issued_on: date
    delivery: str = "delivered"


def draw_answers(
    rng: np.random.Generator, asked: Sequence[Asked], dossiers: Dossiers, world: World, now: datetime
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Index into ``asked`` and the answer, for those who answer up to ``now``: a bulk answer without its ``token_hash``."""
    count = len(asked)
    rows = np.array([entry.row for entry in asked], dtype=int)
    request = np.array([entry.supplement for entry in asked], dtype=int)
    failed = np.array([entry.end_point in ("refused", "withdrawn", "stopped") for entry in asked], dtype=bool)
    satisfied = rng.random(count) < dossiers.satisfaction[rows]
    channel = dossiers.channel[rows]
    rate = np.where(request > 0, SHORT_RATE, BASE_RATE) * np.select(
        [channel == ONLINE, channel == IN_PERSON, channel == KIOSK], [1.3, 0.8, 0.6], 0.9
    )
    rate *= np.where(satisfied, 1.0, 1.45) * np.where(failed, 1.15, 1.0)
    wait = rng.geometric(0.28, size=count) - 1
    minutes = rng.integers(7 * 60, 22 * 60, size=count)
    reached = np.array([entry.delivery == "delivered" for entry in asked], dtype=bool)
    chosen = np.flatnonzero((rng.random(count) < rate) & (wait <= LAST_DAY) & reached)
    besides = rng.spawn(1)[0].random((len(chosen), MORE_DRAWS))  # a stream of its own: the rest of the country stays as it was
    for index, drawn, more_drawn in zip(chosen.tolist(), rng.random((len(chosen), DRAWS)), besides, strict=True):
        entry, chance, more = asked[index], iter(drawn.tolist()), iter(more_drawn.tolist())
        day = entry.issued_on + timedelta(days=int(wait[index]))
        at = datetime.combine(day, time(*divmod(int(minutes[index]), 60)), TIMEZONE).astimezone(UTC)
        if at > now:
            continue
        if entry.supplement:
            said = _short(chance, dossiers, entry.row, entry.supplement - 1)
            said["responses"] |= _kept(more, {"how_asked": _how_asked(more), "staff_present": _beside(more)})
        else:
            said = full(chance, dossiers, world, entry.row, bool(satisfied[index]))
            said["responses"] = _besides(more, said, dossiers, entry)
        yield index, said | {"answered_on": day, "first_answered_at": at, "simulated": True}


def draw_deliveries(rng: np.random.Generator, count: int) -> Iterator[tuple[str, int]]:
    """What the sending system reports of so many invitations: the delivery, and how many invitations the same contact had."""
    delivery = rng.choice(DELIVERIES, size=count, p=DELIVERED)
    # most people have a number of their own; some numbers, of relatives, agents or clerks, serve several
    load = np.where(rng.random(count) < 0.93, 1, 1 + rng.geometric(0.35, size=count))
    return zip(delivery.tolist(), load.tolist(), strict=True)


def full(chance: Chance, dossiers: Dossiers, world: World, row: int, satisfied: bool) -> dict[str, Any]:
    """What somebody says on the whole form; ``satisfied``: whether the person is."""
    rating = pick(chance, ((5, 0.58), (4, 0.42)) if satisfied else ((3, 0.45), (2, 0.33), (1, 0.22)))
    times = int(dossiers.asked_truly[row]) + pick(chance, ((0, 0.97), (1, 0.015), (-1, 0.015)))
    said = {
        "asked_again": _recalled(chance, bool(dossiers.requests.already_held[row])),
        "supplement_count": "unsure" if next(chance) < 0.06 else ("0", "1", "2+")[min(2, max(0, times))],
        "ease": _scale(chance, rating),
        "time": _scale(chance, rating - (2 if dossiers.late[row] else 0)),
        "clarity": _scale(chance, rating),
        "conduct": _scale(chance, rating),
        "extra_cost": pick(chance, (("no", 0.9), ("na", 0.08), ("yes", 0.02)) if satisfied else (("no", 0.82), ("na", 0.08), ("yes", 0.1))),
    }
    if dossiers.channel[row] in (ONLINE, KIOSK):
        said["assisted"] = "yes" if next(chance) < world.system_assist[dossiers.system[row]] else "no"
    return _finished(chance, rating, said, satisfied)


def _short(chance: Chance, dossiers: Dossiers, row: int, request: int) -> dict[str, Any]:
    held = int(dossiers.requests.cause[row, request]) in ALREADY_HELD
    said = {"asked_again": _recalled(chance, held), "clarity": _scale(chance, 3 if held else 4).replace("na", "3")}
    return _finished(chance, None, said, not held)


def _besides(chance: Chance, said: dict[str, Any], dossiers: Dossiers, entry: Asked) -> dict[str, str]:
    """What version 2 asks besides, and what its answers imply (``surveys/questionnaires/v2.yaml``)."""
    known: dict[str, str] = said["responses"]
    late, rating = bool(dossiers.late[entry.row]), said["rating"]
    asked = known.get("supplement_count") in ("1", "2+") or known.get("asked_again") == "yes"
    more = {
        "visits": pick(chance, (("0", 0.45), ("1", 0.33), ("2", 0.14), ("3+", 0.08)) if asked else (("0", 0.8), ("1", 0.14), ("2", 0.06))),
        "trust": _scale(chance, rating),
    }
    if entry.end_point != "withdrawn":
        more["result"] = _scale(chance, rating)
    if entry.end_point in ("returned", "refused"):
        wrong, unsure = next(chance) < 0.04, next(chance) < 0.08
        more["on_time"] = "unsure" if unsure else "no" if late != wrong else "yes"
    if asked:
        more["how_asked"] = _how_asked(chance)
    found = known | _kept(chance, more | {"staff_present": _beside(chance)})
    if "extra_cost" in found:
        found["paid_outside"] = {"na": "refuse"}.get(found["extra_cost"], found["extra_cost"])
    if "supplement_count" in found:
        found["asked_more"] = {"0": "no", "unsure": "unsure"}.get(found["supplement_count"], "yes")
    return found


def _how_asked(chance: Chance) -> str:
    return pick(chance, (("slip", 0.5), ("mouth", 0.38), ("both", 0.12)))


def _beside(chance: Chance) -> str:
    return pick(chance, (("alone", 0.93), ("beside", 0.05), ("tapped", 0.02)))


def _kept(chance: Chance, said: dict[str, str]) -> dict[str, str]:
    return {code: value for code, value in said.items() if next(chance) >= OPEN}


def _recalled(chance: Chance, truth: bool) -> str:
    """What somebody says who knows it well, but not always."""
    return pick(chance, (("yes", 0.84), ("unsure", 0.1), ("no", 0.06)) if truth else (("no", 0.92), ("unsure", 0.06), ("yes", 0.02)))


def _scale(chance: Chance, around: int) -> str:
    step = pick(chance, ((0, 0.58), (-1, 0.24), (1, 0.15), (None, 0.03)))
    return "na" if step is None else str(min(5, max(1, around + step)))


def _finished(chance: Chance, rating: int | None, said: dict[str, str], satisfied: bool) -> dict[str, Any]:
    language = "en" if next(chance) < ENGLISH else "vi"
    comment = ""
    if next(chance) < COMMENTS * (1 if satisfied else 3):
        sentences = read_yaml("comments.yaml")[language]["satisfied" if satisfied else "dissatisfied"]
        comment = sentences[int(next(chance) * len(sentences))]
    kept = {code: value for code, value in said.items() if next(chance) >= OPEN}
    return {"rating": rating, "responses": kept if kept or rating is not None else said, "comment": comment, "language": language}


def pick(chance: Chance, choices: Sequence[tuple[Thing, float]]) -> Thing:
    """One of the choices by its probability; the last where rounding leaves a gap."""
    drawn, total = next(chance), 0.0
    for thing, share in choices:
        total += share
        if drawn < total:
            return thing
    return choices[-1][0]
