"""Open links: the posters and kiosks of reception points, and what people say there. Series of their own, never mixed in.

Nobody is invited at an open link, so nobody knows how many saw it: there is participation, no response rate (methodology §11.2).
"""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from flask import current_app, render_template
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core import audit
from core.calendar import Month, local_date
from core.database import reading, writing
from core.errors import InputError
from core.keys import TOKEN_LENGTH, keyed_hash
from core.settings import Settings
from procedures.queries import is_simulated, units
from surveys import codes, field_form, operations, privacy, qr
from surveys.models import OPEN_POINTS, Answer, Invitation, Place
from surveys.operations import Outcome
from surveys.questionnaire import Reading

IN_PERSON = 1
OPEN_VISIT, KIOSK_VISIT = timedelta(hours=24), timedelta(minutes=15)  # how long a visit may add to what it said
USUAL = 6  # procedures offered without searching
RECENT_MONTHS = 2
MOST_PLACES = 500  # of one unit


def open_place(unit_code: str, point: str, mode: str, now: datetime, counter: str = "") -> Place:
    """Open a poster's or kiosk's link for a reception point, or give the one that is open there.

    Raises ``InputError`` for an unknown unit, a missing name, or a counter where the installation does not allow codes for counters.
    """
    point, counter = " ".join(point.split())[:120], " ".join(counter.split())[:20]
    today = local_date(now)
    view = known_unit(unit_code, today)
    if not point:
        raise InputError("Cần tên bộ phận tiếp nhận.", "The reception point needs a name.", field="point")
    if counter and not _settings().counter_codes:
        raise InputError(
            "Mã riêng cho từng quầy đang tắt, vì một quầy là một người. Để trống ô quầy, hoặc bật TTHC_COUNTER_CODES.",
            "Codes for single counters are off, because a counter is one person. Leave the counter empty, or set TTHC_COUNTER_CODES.",
            field="counter",
        )
    same = select(Place).where(
        Place.unit_code == unit_code, Place.point == point, Place.counter == counter, Place.mode == mode, Place.closed_on.is_(None)
    )
    with writing() as session:
        known = session.scalar(same)
        if known is None:
            if (session.scalar(select(func.count()).select_from(Place).where(Place.unit_code == unit_code)) or 0) >= MOST_PLACES:
                raise InputError("Đơn vị này đã có quá nhiều mã.", "This unit has too many codes already.", field="unit_code")
            known = Place(
                code=_new_code(session), mode=mode, unit_code=unit_code, province_code=view, point=point, counter=counter,
                opened_on=today, closed_on=None, simulated=is_simulated(session),
            )  # fmt: skip
            session.add(known)
            session.flush()
            audit.record(session, "survey.place", known.code, unit=unit_code, mode=mode)
        session.expunge(known)
    return known


def known_unit(unit_code: str, on: date) -> str | None:
    """The province or ministry above a unit. Raises ``InputError`` for a unit that there is not."""
    view = units(reading(), on).get(unit_code)
    if view is None:
        raise InputError(
            f"Không có đơn vị {unit_code}. Kiểm tra mã đơn vị.", f"There is no unit {unit_code}. Check the code.", field="unit_code"
        )
    return view.province_code


def _new_code(session: Session) -> str:
    while True:
        code = codes.derived(secrets.token_hex(16), codes.PLACE)
        if session.scalar(select(Place.id).where(Place.code == code)) is None:
            return code


def close_place(code: str, now: datetime) -> None:
    """End an open link. Raises ``InputError`` for an unknown one."""
    with writing() as session:
        place = session.scalar(select(Place).where(Place.code == code))
        if place is None:
            raise InputError(f"Không có mã {code}.", f"There is no code {code}.", field="code")
        if place.closed_on is None:
            place.closed_on = local_date(now)
            audit.record(session, "survey.place_close", code)


def place_of(session: Session, text: str) -> Place | None:
    """The open link that somebody typed or scanned."""
    code = codes.read_code(text, codes.PLACE)
    return session.scalar(select(Place).where(Place.code == code)) if code else None


def places(session: Session, unit_codes: set[str] | None = None) -> list[Place]:
    """All open links, open ones first; with ``unit_codes``, those of these units."""
    found = session.scalars(select(Place).order_by(Place.closed_on.is_not(None), Place.unit_code, Place.point, Place.counter, Place.id))
    return [place for place in found if unit_codes is None or place.unit_code in unit_codes]


def new_visit() -> str:
    """A random name for one visit, spelled like a token: whoever has it may add to what this visit said."""
    return base64.b32encode(secrets.token_bytes(17)).decode().lower()[:TOKEN_LENGTH]


@dataclass(frozen=True)
class Visit:
    """A visit that has said something."""

    key: str
    end_point: str
    procedure_code: str


def visit_of(session: Session, place: Place, visit: str, now: datetime) -> Visit | None:
    """A visit to this place that began not too long ago; None for every other one."""
    key = _key(visit)
    answer = session.scalar(select(Answer).where(Answer.entry_hash == key)) if key else None
    if answer is None or (answer.unit_code, answer.mode) != (place.unit_code, place.mode):
        return None
    if _is_over(place, answer.first_answered_at, now):
        return None
    return Visit(cast(str, key), answer.end_point, answer.procedure_code)


def _is_over(place: Place, began: datetime, now: datetime) -> bool:
    """``began`` is kept coarsely: a visit lasts at least its time and less than one step more."""
    lasting = KIOSK_VISIT if place.mode == "kiosk" else OPEN_VISIT
    return operations.coarse_time(now, place.mode) - began > lasting


def begin(place: Place, visit: str, end_point: str, now: datetime, language: str, device: str | None = None) -> Outcome:
    """Take the first thing that somebody says at an open link: whether the dossier was taken. It counts at once.

    The same visit again makes no second answer; where it now says the opposite, that replaces what it said.
    """
    key = _key(visit)
    if key is None or place.closed_on is not None:
        return Outcome("unknown")
    if end_point not in OPEN_POINTS:
        return Outcome("invalid", {"end_point": "unknown"})
    if place.mode == "kiosk" and reading().scalar(select(Answer.id).where(Answer.entry_hash == _ended(key))) is not None:
        return Outcome("expired")
    context = _context(place, now) | {"entry_hash": key, "end_point": end_point, "device": device}
    outcome = operations.store(context, Reading(), now, language)
    if outcome.state == "stored":
        return outcome
    with writing() as session:
        answer = session.scalar(select(Answer).where(Answer.entry_hash == key).with_for_update())
        if answer is None or answer.end_point == end_point:
            return Outcome("unchanged")
        if _is_over(place, answer.first_answered_at, now):
            return Outcome("expired")
        answer.end_point, answer.rating, answer.responses, answer.procedure_code = end_point, None, {}, ""
        answer.revision += 1
    return Outcome("changed")


def end(place: Place, visit: str) -> None:
    """End a visit to a kiosk: whoever comes next can neither add to what it said nor see what it was about. A poster's visit goes on."""
    key = _key(visit)
    if place.mode != "kiosk" or key is None:
        return
    with writing() as session:
        mine = Answer.entry_hash == key, Answer.mode == place.mode, Answer.unit_code == place.unit_code
        session.execute(update(Answer).where(*mine).values(entry_hash=_ended(key)))


def go_on(place: Place, visit: Visit, data: Mapping[str, str], papers: set[str], now: datetime, language: str) -> Outcome:
    """Take what a visit adds. ``data``: question code to choice code, and ``which_paper``, one of ``papers``."""
    filled = field_form.read(visit.end_point, data)
    paper = data.get("which_paper", "")
    if paper and paper in papers:
        filled.values["which_paper"] = paper
    elif paper:
        filled.problems["which_paper"] = "unknown"
    context = _context(place, now) | {"entry_hash": visit.key, "end_point": visit.end_point}
    return operations.store(context, filled, now, language)


def choose_procedure(visit: Visit, code: str) -> None:
    """Note which procedure a visit is about; the paper that was said of another one is dropped."""
    with writing() as session:
        answer = session.scalar(select(Answer).where(Answer.entry_hash == visit.key).with_for_update())
        if answer is not None and answer.procedure_code != code:
            answer.procedure_code = code
            answer.responses = {name: value for name, value in answer.responses.items() if name != "which_paper"}


def usual_procedures(session: Session, place: Place, now: datetime) -> list[str]:
    """Codes of the procedures that people most often had at a unit lately."""
    months = [str(Month.of(now).plus(-back)) for back in range(RECENT_MONTHS)]
    rows = session.execute(
        select(Invitation.procedure_code)
        .where(Invitation.month.in_(months), Invitation.unit_code == place.unit_code)
        .group_by(Invitation.procedure_code)
        .order_by(func.count().desc(), Invitation.procedure_code)
        .limit(USUAL)
    )
    return [row[0] for row in rows]


def _context(place: Place, now: datetime) -> dict[str, Any]:
    return field_context(place.unit_code, place.province_code, place.mode, now, place.simulated) | {
        "device_kind": "counter" if place.mode == "kiosk" else "private",
    }


def field_context(unit_code: str, province_code: str | None, mode: str, now: datetime, simulated: bool) -> dict[str, Any]:
    """The context of an answer without an invitation: the place and the month, and of the dossier nothing."""
    return {
        "month": str(Month.of(now)),
        "procedure_code": "",
        "unit_code": unit_code,
        "province_code": province_code,
        "receiving_unit_code": unit_code,
        "provider_code": None,
        "channel": IN_PERSON,
        "applicant_type": None,
        "recorded_supplements": 0,
        "recorded_on_time": None,
        "recorded_online": False,
        "mode": mode,
        "questionnaire": field_form.load().version,
        "simulated": simulated,
    }


def _key(visit: str) -> str | None:
    spelled = privacy.read_token(visit)
    return privacy.hash_token(_settings(), spelled) if spelled else None


def _ended(key: str) -> str:
    """What is kept in place of an ended visit's key: nothing finds the visit by it, but that it was there and is over."""
    return keyed_hash(_settings().answer_key.get_secret_value(), f"ended {key}")


def address(place: Place, spoken: bool = False) -> str:
    """The link of a poster; ``spoken``: as it is printed, to be read aloud and typed, without the scheme."""
    base = _settings().public_url.rstrip("/")
    return f"{base.partition('://')[2]}/q/{codes.spoken(place.code)}" if spoken else f"{base}/q/{place.code}"


def poster_html(place: Place, unit_name: str) -> str:
    """The poster as a page of A5."""
    picture = qr.as_address(address(place))
    return render_template("survey/poster.html", place=place, unit_name=unit_name, short=address(place, spoken=True), picture=picture)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
