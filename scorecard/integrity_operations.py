"""The ladder: ask, explain, review twice, and only then name. Human overrides by two persons. Observers' remarks.

Each step has a person other than the one before, a reason and an entry in the audit trail.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.access import ADMIN, OBSERVER, OFFICE
from core.calendar import Month, local_date
from core.database import reading, writing
from core.errors import InputError
from core.models import User
from scorecard import integrity_rules
from scorecard.integrity import DECIDED, HUMAN_MARKS
from scorecard.integrity_models import EditionRemark, IntegrityOverride, IntegrityQuestion
from scorecard.models import Edition
from scorecard.release import number_of
from surveys.privacy import mask

if TYPE_CHECKING:
    import pandas as pd

FINAL = ("closed", "published")
ASKED = "asked"  # in an edition's facts: the thresholds under which its units were asked
LONGEST = 4_000  # letters of an explanation, a reason or a remark
FIGURES = ("hits", "trials", "share", "peers", "p", "q")


def ask_units(now: datetime) -> dict[str, Any]:
    """Job: put questions to the units of every final edition for which that was not done yet. Safe to repeat."""
    session = reading()
    session.rollback()
    waiting = [edition.id for edition in session.scalars(select(Edition).where(Edition.state.in_(FINAL))) if ASKED not in edition.facts]
    asked = {}
    for edition_id in waiting:
        edition = reading().get_one(Edition, edition_id)
        asked[edition.month] = ask(edition, now)
    return asked


def ask(edition: Edition, now: datetime) -> int:
    """Open a question for each pattern that an edition's detectors find; older ones of the month that it no longer finds are marked so.

    Returns how many patterns it finds.
    """
    from scorecard.integrity_tables import patterns

    folder = current_app.extensions["settings"].data_dir / "editions" / edition.folder
    month, edition_id = Month.parse(edition.month), edition.id
    rules, _ = integrity_rules.for_month(month)
    found = patterns(folder)
    found = found[found["question"].astype(bool)] if len(found) else found
    due = rules.after_working_days(local_date(now), rules.explain_days)
    with writing() as session:
        known = {
            (row.subject_kind, row.subject_code, row.detector): row
            for row in session.scalars(select(IntegrityQuestion).where(IntegrityQuestion.month == str(month)))
        }
        for row in known.values():
            row.still_found = False
        for record in _records(found):
            values: dict[str, Any] = {name: record[name] for name in FIGURES}
            key = (record["subject_kind"], record["subject_code"], record["detector"])
            if key in known:
                for name, value in values.items():
                    setattr(known[key], name, value)
                known[key].still_found = True
                continue
            names = dict(zip(("subject_kind", "subject_code", "detector"), key, strict=True))
            fixed = {"rules": rules.id, "fixed_before": rules.fixed_before(month), "opened_at": now, "due_on": due}
            session.add(IntegrityQuestion(month=str(month), **names, **values, **fixed))
        stored = session.get_one(Edition, edition_id)
        stored.facts = stored.facts | {ASKED: rules.id}
        audit.record(session, "integrity.ask", f"{month} v{stored.version}", actor="worker", questions=len(found), rules=rules.id)
    return len(found)


def _records(found: "pd.DataFrame") -> list[dict[str, Any]]:
    whole, text = ("hits", "trials"), ("subject_kind", "subject_code", "detector")
    kinds = dict.fromkeys(whole, int) | dict.fromkeys(text, str)
    return [{name: kinds.get(name, float)(row[name]) for name in (*text, *FIGURES)} for row in found.to_dict("records")]


def explain(question_id: int, text: str, user: User, now: datetime) -> IntegrityQuestion:
    """The unit's own words. The caller has checked that the unit is the person's. Later than due is taken too, until a reviewer decided."""
    said = _words(text, "explanation")
    with writing() as session:
        question = _question(session, question_id)
        if question.state not in ("open", "explained"):
            raise InputError("Câu hỏi này đã được soát, không nhận thêm giải trình.", "This question has been reviewed already.")
        question.explanation, question.explained_by, question.explained_at = mask(said), user.login, now
        question.state = "explained"
        audit.record(session, "integrity.explain", _subject(question), actor=user.login)
    return _stored(question_id)


def decide(question_id: int, name_it: bool, reason: str, user: User, now: datetime) -> IntegrityQuestion:
    """A reviewer's step: the first refers the unit to a second or closes the question; the second names it or closes.

    Raises ``InputError`` before the explanation or its time is over, without a reason, for the same person twice, for thresholds that
    were not fixed before the month, and where the newest edition does not find the pattern any more.
    """
    because = _words(reason, "reason")
    with writing() as session:
        _reviewer(user)
        question = _question(session, question_id)
        if question.state == "referred":
            if question.first_by == user.login:
                raise InputError("Người soát thứ hai phải là người khác.", "The second reviewer must be another person.")
            if name_it:
                _may_be_named(question)
            question.second_by, question.second_at, question.second_reason = user.login, now, because
            question.state = "named" if name_it else "closed"
        elif question.state == "explained" or (question.state == "open" and local_date(now) > question.due_on):
            question.first_by, question.first_at, question.first_reason = user.login, now, because
            question.state = "referred" if name_it else "closed"
        elif question.state == "open":
            raise InputError(
                f"Đơn vị còn thời hạn giải trình đến {question.due_on:%d/%m/%Y}.",
                f"The unit has until {question.due_on:%d/%m/%Y} for its explanation.",
            )
        else:
            raise InputError("Câu hỏi này đã có kết luận.", "This question has been decided.")
        audit.record(session, "integrity.decide", _subject(question), actor=user.login, state=question.state, reason=because)
    return _stored(question_id)


def _may_be_named(question: IntegrityQuestion) -> None:
    if not question.fixed_before:
        raise InputError(
            "Ngưỡng được đặt sau khi tháng bắt đầu: chỉ hỏi, không nêu tên đơn vị.",
            "The thresholds were set after the month began: units are asked and not named.",
        )
    if not question.still_found:
        raise InputError(
            "Bản số liệu mới nhất không còn thấy điều này: hãy khép câu hỏi.", "The newest edition does not find this: close it."
        )


def propose_override(month: Month, unit_code: str, mark: str, reason: str, user: User, now: datetime) -> IntegrityOverride:
    """The first person proposes to keep what a mark removed in a unit, or (human marks) to remove. Takes effect once another one agrees."""
    because = _words(reason, "reason")
    if mark not in DECIDED:
        raise InputError(f"Không có dấu hiệu {mark}.", f"There is no mark {mark}.", field="mark")
    with writing() as session:
        _reviewer(user)
        row = session.scalar(
            select(IntegrityOverride).where(
                IntegrityOverride.month == str(month), IntegrityOverride.unit_code == unit_code, IntegrityOverride.mark == mark
            )
        )
        if row is not None and row.state != "refused":
            raise InputError("Đã có đề nghị cho đơn vị và dấu hiệu này.", "There is a proposal for this unit and mark already.")
        row = row or IntegrityOverride(month=str(month), unit_code=unit_code, mark=mark)
        row.action = "remove" if mark in HUMAN_MARKS else "keep"
        row.reason, row.state, row.proposed_by, row.proposed_at = because, "proposed", user.login, now
        row.decided_by = row.decided_at = None
        session.add(row)
        session.flush()
        number = row.id
        audit.record(session, "integrity.propose", f"{month} {unit_code} {mark}", actor=user.login, reason=because)
    return reading().get_one(IntegrityOverride, number)


def decide_override(override_id: int, accept: bool, user: User, now: datetime) -> IntegrityOverride:
    """The second person. Raises ``InputError`` for the one who proposed it, and where it is decided."""
    with writing() as session:
        _reviewer(user)
        row = session.get(IntegrityOverride, override_id)
        if row is None or row.state != "proposed":
            raise InputError("Không có đề nghị nào đang chờ.", "No such proposal is waiting.")
        if row.proposed_by == user.login:
            raise InputError("Người quyết định phải khác người đề nghị.", "Whoever decides must be another person than the proposer.")
        row.state, row.decided_by, row.decided_at = ("accepted" if accept else "refused"), user.login, now
        audit.record(session, "integrity.override", f"{row.month} {row.unit_code} {row.mark}", actor=user.login, state=row.state)
    return reading().get_one(IntegrityOverride, override_id)


def remark(month: Month, text: str, user: User, now: datetime) -> EditionRemark:
    """An observer's remark on a month, printed with its edition, numbers of persons masked. Until the newest version has its number or
    is published it may be written and replaced."""
    said = mask(_words(text, "text"))
    if user.role != OBSERVER:
        raise InputError("Chỉ bên giám sát được ghi nhận xét.", "Only observers write remarks.")
    with writing() as session:
        states = list(session.scalars(select(Edition.state).where(Edition.month == str(month), Edition.state.in_(FINAL))))
        if not states:
            raise InputError(f"Tháng {month} chưa có kỳ nào được chốt.", f"No edition of {month} has been closed.")
        row = session.scalar(select(EditionRemark).where(EditionRemark.month == str(month), EditionRemark.author == user.login))
        if "published" in states and (row is not None or "closed" not in states):
            raise InputError("Kỳ đã công bố, không nhận hay sửa nhận xét được nữa.", "The edition is published; remarks are taken no more.")
        if printed := number_of(session, str(month)):
            raise InputError(
                f"Báo cáo đã lấy số {printed}, không nhận hay sửa nhận xét được nữa.",
                f"The report has its number {printed}; remarks are taken no more.",
            )
        row = row or EditionRemark(month=str(month), author=user.login)
        row.author_name, row.text, row.written_at, row.simulated = user.name, said, now, user.simulated
        session.add(row)
        session.flush()
        number = row.id
        audit.record(session, "integrity.remark", str(month), actor=user.login)
    return reading().get_one(EditionRemark, number)


def _words(text: str, field: str) -> str:
    said = text.strip()
    if not said or len(said) > LONGEST:
        raise InputError(f"Cần từ 1 đến {LONGEST} ký tự.", f"Between 1 and {LONGEST} letters are needed.", field=field)
    return said


def _reviewer(user: User) -> None:
    if user.role not in (OFFICE, ADMIN):
        raise InputError("Chỉ văn phòng được làm việc này.", "Only the office may do this.")


def _question(session: Session, question_id: int) -> IntegrityQuestion:
    question = session.get(IntegrityQuestion, question_id)
    if question is None:
        raise InputError("Không có câu hỏi này.", "There is no such question.")
    return question


def _stored(question_id: int) -> IntegrityQuestion:
    return reading().get_one(IntegrityQuestion, question_id)


def _subject(question: IntegrityQuestion) -> str:
    return f"{question.month} {question.subject_kind} {question.subject_code} {question.detector}"
