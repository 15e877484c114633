"""Writes and reads of what localities state about themselves: actions on findings, and the conditions under which they work."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.calendar import Month, local_date
from core.database import writing
from core.errors import InputError
from scorecard.figures import HELD_BY_STATE, ONLINE_UNUSED, REPEAT
from scorecard.followup_models import LOOKUPS, NETWORKS, LocalAction, LocalCondition
from surveys.privacy import mask

MEASURED_BY = {HELD_BY_STATE: "asked_again_recorded", REPEAT: "repeat_supplement", ONLINE_UNUSED: "online_filing"}  # kind: indicator
KINDS = tuple(MEASURED_BY)
LONGEST = 600  # characters of a stated action or note
MOST = 100_000  # of anything that is counted at one place


def record_action(
    unit_code: str, month: Month, kind: str, procedure_code: str, done_on: date, action: str, login: str, now: datetime
) -> int:
    """Note what a unit did about a finding. Returns its id. Raises ``InputError`` for an empty text or a day out of place."""
    text = mask(" ".join(action.split()))
    if not text or len(text) > LONGEST:
        raise InputError(
            f"Việc đã làm phải có từ 1 đến {LONGEST} ký tự. Viết lại ô này.",
            f"What was done takes 1 to {LONGEST} characters. Write it again.",
            field="action",
        )
    if kind not in KINDS:
        raise InputError(
            "Phát hiện này không có trong phiếu. Chọn một phát hiện trong danh sách.",
            "The scorecard has no such finding. Choose one of the list.",
            field="finding",
        )
    if not month.first_day <= done_on <= local_date(now):
        raise InputError(
            f"Ngày làm phải từ {month.first_day:%d/%m/%Y} đến hôm nay. Sửa lại ngày.",
            f"The day must lie between {month.first_day:%d/%m/%Y} and today. Correct it.",
            field="done_on",
        )
    with writing() as session:
        entry = LocalAction(
            unit_code=unit_code,
            month=str(month),
            kind=kind,
            procedure_code=procedure_code,
            done_on=done_on,
            action=text,
            recorded_by=login,
            recorded_at=now,
        )
        session.add(entry)
        session.flush()
        audit.record(session, "action.record", unit_code, actor=login, month=str(month), kind=kind, procedure=procedure_code)
        return entry.id


def withdraw_action(number: int, units: Collection[str], login: str, now: datetime) -> None:
    """Take an action back; it stays for the record. Raises ``InputError`` where these units have no such action."""
    with writing() as session:
        entry = session.get(LocalAction, number)
        if entry is None or entry.unit_code not in units:
            raise InputError("Không có việc này trong các đơn vị của Ông/Bà.", "Your units have no such action.")
        entry.withdrawn_at = entry.withdrawn_at or now
        audit.record(session, "action.withdraw", entry.unit_code, actor=login, id=number)


def actions(session: Session, units: Collection[str]) -> list[LocalAction]:
    """What these units did and did not take back, newest first."""
    wanted = select(LocalAction).where(LocalAction.unit_code.in_(list(units)), LocalAction.withdrawn_at.is_(None))
    return list(session.scalars(wanted.order_by(LocalAction.done_on.desc(), LocalAction.id.desc())))


@dataclass(frozen=True)
class Course:
    """How many of a finding's dossiers there were in one month: ``numerator`` to ``upper`` of ``denominator``; None: fewer than 3 in all.

    Both are the same where it is known of every dossier.
    """

    month: str
    numerator: int | None
    upper: int | None
    denominator: int | None


def course(session: Session, entry: LocalAction, months: Collection[Any]) -> list[Course]:
    """The finding's counts in the action's own unit and procedure, for each month from the finding's on by its newest version, oldest
    first.

    ``held_by_state``: dossiers asked for what the state has, certainly and at most; ``repeat_supplement``: asked twice or more, both of the
    month's supplement cohort; ``online_unused``: filed online of those received.
    """
    from scorecard import queries

    found = []
    newest = {edition.month: edition for edition in sorted(months, key=lambda item: item.version)}
    for month, edition in sorted(newest.items()):
        if month < entry.month:
            continue
        (row,) = queries.procedure_counts(session, edition, entry.procedure_code, entry.unit_code, by_place=False)
        low, high, whole = {
            HELD_BY_STATE: (row.asked_again_lower, row.asked_again_upper, row.cohort),
            REPEAT: (row.repeat_supplement, row.repeat_supplement, row.cohort),
            ONLINE_UNUSED: (row.online, row.online, row.received),
        }[entry.kind]
        found.append(Course(edition.month, low, high, whole))
    return found


def declare_conditions(unit_code: str, as_of: date, stated: dict[str, Any], login: str, now: datetime) -> None:
    """Store a unit's conditions on a day, in place of what it stated for that day before.

    ``stated``: ``staff``, ``computers``, ``scanners`` (0 to 100 000 or None), ``network`` of ``NETWORKS``, ``population_lookup`` of
    ``LOOKUPS`` or None, ``note``. Raises ``InputError`` naming the field.
    """
    if as_of > local_date(now):
        raise InputError("Ngày khai không thể ở tương lai. Sửa lại ngày.", "The day cannot lie ahead. Correct it.", field="as_of")
    for name in ("staff", "computers", "scanners"):
        number = stated.get(name)
        if number is not None and not 0 <= number <= MOST:
            raise InputError(f"Số phải từ 0 đến {MOST}.", f"The number must lie between 0 and {MOST}.", field=name)
    for name, known in (("network", NETWORKS), ("population_lookup", LOOKUPS)):
        if stated.get(name) is not None and stated[name] not in known:
            raise InputError("Chọn một mục trong danh sách.", "Choose one of the list.", field=name)
    note = mask(" ".join(str(stated.get("note") or "").split()))
    if len(note) > LONGEST:
        raise InputError(f"Ghi chú dài quá {LONGEST} ký tự.", f"The note is longer than {LONGEST} characters.", field="note")
    values = {name: stated.get(name) for name in ("staff", "computers", "scanners", "network", "population_lookup")}
    if all(value is None for value in values.values()) and not note:
        raise InputError("Chưa khai gì. Điền ít nhất một ô.", "Nothing was stated. Fill in at least one field.")
    with writing() as session:
        entry = session.scalar(select(LocalCondition).where(LocalCondition.unit_code == unit_code, LocalCondition.as_of == as_of))
        if entry is None:
            entry = LocalCondition(unit_code=unit_code, as_of=as_of)
            session.add(entry)
        for name, value in values.items():
            setattr(entry, name, value)
        entry.note, entry.declared_by, entry.declared_at = note, login, now
        audit.record(session, "conditions.declare", unit_code, actor=login, as_of=as_of.isoformat())


def conditions(session: Session, unit_code: str, on: date) -> LocalCondition | None:
    """What a unit stated last, for a day up to ``on``."""
    wanted = select(LocalCondition).where(LocalCondition.unit_code == unit_code, LocalCondition.as_of <= on)
    return session.scalar(wanted.order_by(LocalCondition.as_of.desc()).limit(1))
