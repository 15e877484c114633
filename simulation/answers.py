"""Who answers the survey, and what: satisfaction follows from what truly happened, silence from satisfaction and channel."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
from core.calendar import TIMEZONE

from simulation.dossiers import IN_PERSON, KIOSK, ONLINE, Dossiers
from simulation.places import read_yaml
from simulation.world import World

BASE_RATE = 0.068
SHORT_RATE = 0.045  # at a supplement request
OPEN = 0.12  # share of questions left open
ENGLISH = 0.01
COMMENTS = 0.035
LAST_DAY = 14  # after the invitation
SCALES = ("ease", "time", "clarity", "conduct")
DISSATISFIED = ((3, 2, 1), (0.45, 0.33, 0.22))


@dataclass(frozen=True)
class Asked:
    """One invitation: the dossier's index, the end-point, the number of the supplement request (0: none), the day of issue."""

    row: int
    end_point: str
    supplement: int
    issued_on: date


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
    chosen = np.flatnonzero((rng.random(count) < rate) & (wait <= LAST_DAY))
    minutes = rng.integers(7 * 60, 22 * 60, size=count)
    for index in chosen:
        entry = asked[index]
        day = entry.issued_on + timedelta(days=int(wait[index]))
        at = datetime.combine(day, time(*divmod(int(minutes[index]), 60)), TIMEZONE).astimezone(UTC)
        if at > now:
            continue
        if entry.supplement:
            said = _short(rng, dossiers, entry.row, entry.supplement - 1)
        else:
            said = _full(rng, dossiers, world, entry.row, bool(satisfied[index]))
        yield int(index), said | {"answered_on": day, "first_answered_at": at, "simulated": True}


def _full(rng: np.random.Generator, dossiers: Dossiers, world: World, row: int, satisfied: bool) -> dict[str, Any]:
    rating = (5 if rng.random() < 0.58 else 4) if satisfied else int(rng.choice(DISSATISFIED[0], p=DISSATISFIED[1]))
    again = bool(dossiers.requests.already_held[row])
    times = int(dossiers.asked_truly[row])
    said = {
        "asked_again": _recalled(rng, "yes" if again else "no"),
        "supplement_count": "unsure" if rng.random() < 0.06 else ("0", "1", "2+")[min(2, max(0, times + int(rng.choice([0, 1, -1], p=[0.97, 0.015, 0.015]))))],
        **{code: _scale(rng, rating - (2 if code == "time" and dossiers.late[row] else 0)) for code in SCALES},
        "extra_cost": str(rng.choice(["no", "yes", "na"], p=[0.9, 0.02, 0.08] if satisfied else [0.82, 0.1, 0.08])),
    }
    if dossiers.channel[row] == IN_PERSON:
        said["conduct"] = _scale(rng, rating)
    if dossiers.channel[row] in (ONLINE, KIOSK):
        said["assisted"] = "yes" if rng.random() < world.system_assist[dossiers.system[row]] else "no"
    return _finished(rng, rating, said, satisfied)


def _short(rng: np.random.Generator, dossiers: Dossiers, row: int, request: int) -> dict[str, Any]:
    held = int(dossiers.requests.cause[row, request]) in (1, 2, 3, 5)
    said = {"asked_again": _recalled(rng, "yes" if held else "no"), "clarity": _scale(rng, 3 if held else 4)}
    return _finished(rng, None, said, not held)


def _recalled(rng: np.random.Generator, truth: str) -> str:
    """What somebody says who knows it well, but not always."""
    drawn = rng.random()
    if truth == "yes":
        return "yes" if drawn < 0.84 else "unsure" if drawn < 0.94 else "no"
    return "no" if drawn < 0.92 else "unsure" if drawn < 0.98 else "yes"


def _scale(rng: np.random.Generator, around: int) -> str:
    return "na" if rng.random() < 0.03 else str(min(5, max(1, around + int(rng.choice([0, -1, 1], p=[0.6, 0.25, 0.15])))))


def _finished(rng: np.random.Generator, rating: int | None, said: dict[str, str], satisfied: bool) -> dict[str, Any]:
    language = "en" if rng.random() < ENGLISH else "vi"
    comment = ""
    if rng.random() < COMMENTS * (1 if satisfied else 3):
        comment = str(rng.choice(read_yaml("comments.yaml")[language]["satisfied" if satisfied else "dissatisfied"]))
    kept = {code: value for code, value in said.items() if rng.random() >= OPEN}
    if rating is None and not kept:
        kept = said
    return {"rating": rating, "responses": kept, "comment": comment, "language": language}
