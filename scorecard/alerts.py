"""A unit is told when its rating falls sharply: only from figures that are shown, so that no answer can set an alert off by itself.

A fall counts where two months are shown on 30 answers or more each, the later one is lower by ten points or more, and the 95 % interval
of the difference leaves zero out. A unit has no second alert within 60 days, and a province or ministry at most ten in a month, the
largest falls first: an alert that comes every day is read by nobody. Of what a unit took in (``reception_falls``) a fall is told by the
same rules and without any number.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.calendar import Month, local_date
from core.database import reading, writing
from scorecard import queries
from scorecard.answers_models import PARTIES, RatingAlert
from scorecard.figures import RAW, UNIT, VALUE, WEIGHTED

if TYPE_CHECKING:
    from scorecard.models import Edition
    from scorecard.queries import Figure

SHARP = 0.10  # fall of the satisfied share, ten points; our choice
REST = timedelta(days=60)  # between two alerts of a unit
MOST = 10  # alerts of a province or ministry in a month
HANDLING, RECEIVING = PARTIES
ANSWERS = "answers.parquet"


@dataclass(frozen=True)
class Fall:
    """A unit's rate in two months, as shown, and the interval of the difference."""

    unit_code: str
    before: float
    after: float
    low: float
    high: float


def sharp(falls: Iterable[Fall]) -> list[Fall]:
    """Those that are large and clear, the largest first. Pure."""
    found = [fall for fall in falls if fall.after - fall.before <= -SHARP and fall.high < 0]
    return sorted(found, key=lambda fall: (fall.after - fall.before, fall.unit_code))


def capped(falls: Iterable[Fall], places: Mapping[str, str], resting: Iterable[str], told: Mapping[str, int]) -> list[Fall]:
    """Without units that had an alert lately, and at most ``MOST`` of each province or ministry. Pure.

    ``places``: unit → province or ministry above it; ``told``: alerts that each of those has already had this month.
    """
    counts, rest = Counter(told), set(resting)
    found = []
    for fall in falls:
        place = places.get(fall.unit_code, fall.unit_code)
        if fall.unit_code not in rest and counts[place] < MOST:
            counts[place] += 1
            found.append(fall)
    return found


def raise_new(now: datetime) -> dict[str, int]:
    """Look at the newest closed month, and at provinces and ministries in the running one; store new alerts."""
    from procedures.queries import units

    session = reading()
    session.rollback()
    today = local_date(now)
    above = {code: unit.province_code or code for code, unit in units(session, today).items()}
    closed = next(iter(queries.editions(session)), None)
    running = queries.running(session)
    raised = 0
    for edition, falls, party in (
        (closed, _closed_falls(session, closed) if closed is not None else [], HANDLING),
        (closed, _receiving_falls(session, closed) if closed is not None else [], RECEIVING),
        (running, _running_falls(session, running, closed) if running is not None and closed is not None else [], HANDLING),
    ):
        if edition is not None:
            raised += _store(edition.month, sharp(falls), above, today, party)
    return {"alerts": raised} if raised else {}


def alerts(session: Session, codes: Iterable[str], since: date) -> list[RatingAlert]:
    """Alerts of some units raised since a day, newest month first."""
    wanted = select(RatingAlert).where(RatingAlert.raised_on >= since).order_by(RatingAlert.month.desc(), RatingAlert.unit_code)
    inside = set(codes)
    return [alert for alert in session.scalars(wanted) if alert.unit_code in inside]


def _store(month: str, falls: list[Fall], above: Mapping[str, str], today: date, party: str) -> int:
    if not falls:
        return 0
    with writing() as session:
        known = list(session.execute(select(RatingAlert.unit_code, RatingAlert.month, RatingAlert.raised_on, RatingAlert.party)))
        resting = {code for code, other, raised_on, part in known if part == party and (other == month or raised_on > today - REST)}
        told = Counter(above.get(code, code) for code, other, *_ in known if other == month)
        shown = party == HANDLING
        new = capped(falls, above, resting, told)
        session.add_all(
            RatingAlert(
                unit_code=fall.unit_code,
                month=month,
                party=party,
                before=fall.before if shown else None,
                after=fall.after if shown else None,
                change_low=fall.low if shown else None,
                change_high=fall.high if shown else None,
                raised_on=today,
            )
            for fall in new
        )
    return len(new)


def _closed_falls(session: Session, edition: "Edition") -> list[Fall]:
    """Changes that the edition itself shows: weighted rates, 30 answers or more in both months (``survey_comparison``)."""
    rates = {f.subject_code: f for f in queries.figures(session, edition, UNIT, None, ["satisfaction"]) if f.variant == WEIGHTED}
    found = []
    for moved in queries.figures(session, edition, UNIT, None, ["satisfaction_change"]):
        rate = rates.get(moved.subject_code)
        if _shown(moved) and rate is not None and _shown(rate):
            after = float(rate.value or 0)
            found.append(Fall(moved.subject_code, after - float(moved.value or 0), after, float(moved.low or 0), float(moved.high or 0)))
    return found


def _receiving_falls(session: Session, edition: "Edition") -> list[Fall]:
    """What people said of dossiers that a unit took in, of this closed month and the one before, as both editions froze them."""
    from scorecard.integrity_inputs import with_verdicts
    from scorecard.reception_falls import receiving_falls

    before = str(Month.parse(edition.month).plus(-1))
    earlier = next((other for other in queries.editions(session) if other.month == before), None)
    if earlier is None:
        return []
    folders = [current_app.extensions["settings"].data_dir / "editions" / each.folder for each in (edition, earlier)]
    if not all((folder / ANSWERS).is_file() for folder in folders):
        return []
    import pandas as pd

    now, then = (with_verdicts(pd.read_parquet(folder / ANSWERS), folder) for folder in folders)
    return receiving_falls(now, then)


def _running_falls(session: Session, running: "Edition", closed: "Edition") -> list[Fall]:
    """The running month's state beside the month before, both as counted: provinces and ministries alone are shown there."""
    from scorecard.statistics import change

    if Month.parse(closed.month).plus(1) != Month.parse(running.month):
        return []
    now, then = (
        {f.subject_code: f for f in queries.figures(session, each, UNIT, None, ["satisfaction"]) if f.variant == RAW and _shown(f)}
        for each in (running, closed)
    )
    both = [code for code in sorted(now.keys() & then.keys()) if not now[code].grey and not then[code].grey]
    if not both:
        return []
    ends = [[float(getattr(side[code], name) or 0) for code in both] for side in (now, then) for name in ("value", "low", "high")]
    moved = change(*ends)
    return [
        Fall(code, ends[3][place], ends[0][place], float(moved.low[place]), float(moved.high[place])) for place, code in enumerate(both)
    ]


def _shown(figure: "Figure") -> bool:
    return figure.status == VALUE and None not in (figure.value, figure.low, figure.high)
