"""Telephone interviews: lists of calls for the system that knows the numbers, the script, and how each call ended.

We hold no number. The system that knows the people gets dossier code and call code (``calls``), connects the call or gives the number to
the interviewer, who enters the call code here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

import yaml
from flask import current_app
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.calendar import Month, local_date
from core.database import get_engine, reading, writing
from core.errors import InputError
from core.keys import keyed_hash
from core.models import User
from core.settings import Settings
from procedures.queries import end_points
from surveys import codes, handover, operations, paper
from surveys.models import Invitation, PhoneCase
from surveys.operations import Outcome

COLUMNS = ("dossier_code", "call_code")
MOST_ATTEMPTS = 6
ANSWERED = ("complete", "partial")
CHUNK = 2_000


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Line(_Strict):
    """Something that is said."""

    vi: str
    en: str


class CallOutcome(Line):
    """How a call can end. ``aapor``: final disposition code; ``final``: the person is not called again."""

    code: str = Field(pattern=r"^[a-z_]{1,24}$")
    aapor: str
    final: bool


class Script(_Strict):
    """The interview."""

    script: tuple[Line, ...]
    closing: Line
    outcomes: tuple[CallOutcome, ...]


@lru_cache
def script() -> Script:
    """The interview from its file. Raises ``pydantic.ValidationError``."""
    with Path(__file__).with_suffix(".yaml").open(encoding="utf-8") as stream:
        return Script.model_validate(yaml.safe_load(stream))


def call_code(invitation: int) -> str:
    """The code by which an interviewer opens a case."""
    return codes.derived(_settings().invitation_key.get_secret_value(), codes.PAPER, "call", str(invitation))


def hash_of(code: str) -> str:
    """What is stored in place of a call code."""
    return keyed_hash(_settings().answer_key.get_secret_value(), f"call {code}")


def new_case(invitation: Invitation, purpose: str, probability: float) -> PhoneCase:
    """A case for somebody who is to be called."""
    return PhoneCase(
        invitation_id=invitation.id,
        code_hash=hash_of(call_code(invitation.id)),
        purpose=purpose,
        month=invitation.month,
        probability=probability,
        simulated=invitation.simulated,
    )


def open_cases(month: Month) -> int:
    """Make cases for a month's invitations by telephone (communes without signal, where the design says so). Gives how many are new."""
    wanted = (
        select(Invitation)
        .outerjoin(PhoneCase, PhoneCase.invitation_id == Invitation.id)
        .where(Invitation.month == str(month), Invitation.mode == "phone", PhoneCase.id.is_(None))
        .limit(CHUNK)
    )
    made = 0
    while True:
        with writing() as session:
            found = session.scalars(wanted).all()
            session.add_all(new_case(invitation, "phone", 1.0) for invitation in found)
        made += len(found)
        if len(found) < CHUNK:
            return made


def calls(source: str, month: Month, now: datetime) -> Iterator[tuple[str, str]]:
    """Dossier code and call code of a source's cases that are not done, for the system that knows the numbers. Derived, kept nowhere."""
    waiting = Invitation.id.in_(select(PhoneCase.invitation_id).where(PhoneCase.month == str(month), PhoneCase.done.is_(False)))
    with Session(get_engine()) as session:
        points = end_points(session, month, now, [source])
        for point, _token, (number,) in handover.matched(session, points, waiting):
            yield point.dossier_code, codes.spoken(call_code(number))


@dataclass(frozen=True)
class Case:
    """A case as the interviewer sees it: what it is about, never what anybody said."""

    case: PhoneCase
    invitation: Invitation


def find(text: str) -> Case | None:
    """The case of a call code; None where there is none, or its time is over."""
    code = codes.read_code(text, codes.PAPER)
    wanted = select(PhoneCase).where(PhoneCase.code_hash == hash_of(code or ""))
    case = reading().scalar(wanted)
    invitation = reading().get(Invitation, case.invitation_id) if case is not None and case.invitation_id is not None else None
    return Case(case, invitation) if case is not None and invitation is not None else None


def refuse_own_unit(found: Case, interviewer: User, now: datetime) -> None:
    """Raises ``InputError`` for an interviewer of the rated unit or of one around it: nobody there learns whether somebody answered."""
    if {found.invitation.unit_code, found.invitation.receiving_unit_code} & paper.around(interviewer, local_date(now)):
        raise InputError(
            "Cuộc gọi này hỏi về đơn vị của Ông/Bà, nên phải do người của đơn vị khác gọi.",
            "This call is about your own unit, so somebody of another unit has to make it.",
            field="code",
        )


def record(found: Case, outcome: str, data: Mapping[str, str], now: datetime, language: str, interviewer: User) -> Outcome:
    """Note how a call ended, with the answers if there are any. A case that is done stays as it is.

    Raises ``InputError`` for an outcome that there is not, and for an interviewer of the rated unit itself. The state ``invalid`` changes
    nothing.
    """
    refuse_own_unit(found, interviewer, now)
    known = {each.code: each for each in script().outcomes}
    if outcome not in known:
        raise InputError("Chọn cuộc gọi đã kết thúc thế nào.", "Choose how the call ended.", field="outcome")
    if found.case.done:
        return Outcome("unchanged")
    taken = Outcome("empty")
    if outcome in ANSWERED:
        second = found.case.probability if found.case.purpose == "followup" else None
        taken = operations.answer_for(
            found.invitation, data, now, language, mode=found.case.purpose, second_probability=second, device_kind="staff"
        )
        if taken.state == "invalid":
            return taken
        if taken.state == "empty":
            raise InputError(
                "Chưa có câu trả lời nào. Ghi câu trả lời, hoặc chọn kết thúc khác.",
                "There is no answer yet. Enter one, or choose another ending.",
                field="outcome",
            )
    with writing() as session:
        case = session.scalars(select(PhoneCase).where(PhoneCase.id == found.case.id).with_for_update()).one()
        case.outcome = outcome
        case.attempts += 1
        case.last_tried_on = local_date(now)
        case.done = known[outcome].final or case.attempts >= MOST_ATTEMPTS
    return taken


def progress(session: Session, interviewer: User, today: date) -> list[tuple[str, str, int, int]]:
    """Month, purpose, cases and those done, newest month first; of the cases that the interviewer may call and retention has not yet cut:
    nobody sees calls about the own unit end."""
    own = paper.around(interviewer, today)
    done = func.count().filter(PhoneCase.done)
    rows = session.execute(
        select(PhoneCase.month, PhoneCase.purpose, func.count(), done)
        .join(Invitation, Invitation.id == PhoneCase.invitation_id)
        .where(Invitation.unit_code.not_in(own), func.coalesce(Invitation.receiving_unit_code, "").not_in(own))
        .group_by(PhoneCase.month, PhoneCase.purpose)
        .order_by(PhoneCase.month.desc(), PhoneCase.purpose)
    )
    return [(month, purpose, cases, finished) for month, purpose, cases, finished in rows]


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
