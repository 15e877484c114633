"""The survey's other ways, simulated: what people say at posters, kiosks and on slips, and to an interviewer who calls the silent."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from core.calendar import TIMEZONE, Month
from simulation import answers
from simulation.dossiers import IN_PERSON
from surveys.posters import field_context

if TYPE_CHECKING:
    from simulation.dossiers import Dossiers
    from simulation.world import World

WAYS = ("open", "kiosk", "paper")
SHARES = {"open": 0.006, "kiosk": 0.01, "paper": 0.004}  # of those who file at a counter
TURNED_AWAY = 0.14
BESIDE_STAFF = 0.07  # at a kiosk in the hall somewhat more say that they are content
REACHED = (("complete", 0.54), ("refusal", 0.12), ("no_answer", 0.28), ("wrong_person", 0.03), ("no_number", 0.03))
DAY = 86_400


def field_answers(rng: np.random.Generator, dossiers: "Dossiers", world: "World", month: Month, now: datetime) -> Iterator[dict[str, Any]]:
    """Rows of ``surveys.operations.bulk_field_answers`` for those who file in person in a month."""
    first = (month.first_day - date(1970, 1, 1)).days * DAY
    last = (month.plus(1).first_day - date(1970, 1, 1)).days * DAY
    there = np.flatnonzero((dossiers.channel == IN_PERSON) & (dossiers.received >= first) & (dossiers.received < last))
    for way in WAYS:
        chosen = there[rng.random(len(there)) < SHARES[way]]
        for row, drawn in zip(chosen.tolist(), rng.random((len(chosen), 8)), strict=True):
            at = datetime(1970, 1, 1, tzinfo=TIMEZONE) + timedelta(days=int(dossiers.received[row]) // DAY, hours=9 + 7 * drawn[0])
            if at.astimezone(UTC) <= now:
                yield _field_answer(way, row, iter(drawn[1:].tolist()), at, dossiers, world)


def _field_answer(way: str, row: int, chance: answers.Chance, at: datetime, dossiers: "Dossiers", world: "World") -> dict[str, Any]:
    context = field_context(world.codes[dossiers.unit[row]], world.systems[dossiers.system[row]], way, at.astimezone(UTC), simulated=True)
    turned_away = next(chance) < TURNED_AWAY
    satisfied = next(chance) < dossiers.satisfaction[row] + (BESIDE_STAFF if way == "kiosk" else 0.0)
    rating = None if turned_away else answers.pick(chance, ((5, 0.58), (4, 0.42)) if satisfied else ((3, 0.45), (2, 0.33), (1, 0.22)))
    if turned_away:
        said = {"how_asked": answers.pick(chance, (("slip", 0.4), ("mouth", 0.5), ("both", 0.1)))}
        said["asked_again"] = answers.pick(chance, (("yes", 0.3), ("no", 0.6), ("unsure", 0.1)))
    else:
        said = {"visits": answers.pick(chance, (("0", 0.72), ("1", 0.19), ("2", 0.06), ("3+", 0.03)))}
    return context | {
        "end_point": "turned_away" if turned_away else "filed",
        "rating": rating,
        "responses": said,
        "comment": "",
        "answered_on": at.date(),
        "first_answered_at": at.astimezone(UTC),
        "revision": 1,
        "language": "vi",
        "device_kind": {"open": "private", "kiosk": "counter", "paper": "staff"}[way],
    }


def interviews(
    rng: np.random.Generator, rows: Sequence[int], dossiers: "Dossiers", world: "World", begin: datetime
) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """How each call ended, and what was said: a bulk answer without its token, or None. Two days of calls from ``begin``."""
    for row, drawn in zip(rows, rng.random((len(rows), answers.DRAWS + 3)), strict=True):
        chance = iter(drawn.tolist())
        outcome = answers.pick(chance, REACHED)
        at = begin + timedelta(hours=32 * next(chance))
        satisfied = next(chance) < dossiers.satisfaction[row]
        said = answers.full(chance, dossiers, world, row, bool(satisfied)) if outcome == "complete" else None
        when = {"answered_on": at.astimezone(TIMEZONE).date(), "first_answered_at": at, "simulated": True}
        yield outcome, said | when if said is not None else None
