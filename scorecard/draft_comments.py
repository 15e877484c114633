"""What units say about their own draft, and what the office answers (fairness to those who are judged).

A unit sees its own draft only. Until the last day for comments it may object to a class with a reason and write one explanation, which
is printed in its province's report; corrected rows come through the feeds. Nothing here changes a figure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.access import CENTRE
from core.calendar import local_date
from core.database import reading, writing
from core.errors import InputError
from core.models import User
from procedures.once_only import CLASSES
from procedures.queries import procedure
from scorecard import workflow
from scorecard.indicators import INDICATORS
from scorecard.models import Edition
from scorecard.release import number_of
from scorecard.workflow_models import VERDICTS, DraftComment
from surveys.privacy import mask

EXPLANATION, OBJECTION = "explanation", "objection"
LONGEST = 600  # letters of an explanation, of an objection's reason and of an answer
MOST = 50  # objections of one unit to one month: beyond that it is a matter for a letter


@dataclass(frozen=True)
class Said:
    """What is printed of a unit: its explanation (empty: "không có ý kiến") and the office's answer; how many objections, accepted ones."""

    asked: bool
    explanation: str
    answer: str
    objections: int
    accepted: int


def explain(month: str, unit_code: str, text: str, user: User, now: datetime) -> DraftComment:
    """The unit's explanation, at most 600 letters; written again it replaces the one before. The caller has checked whose unit it is."""
    said = _words(text, "text")
    with writing() as session:
        edition = _draft(session, month, user, now)
        for earlier in _own(session, month, unit_code, EXPLANATION):
            if earlier.version > workflow.published_version(session, month):  # what a published report printed stays as it was
                earlier.withdrawn_at = now
        number = _add(session, edition, unit_code, user, now, kind=EXPLANATION, text=mask(said))
    return reading().get_one(DraftComment, number)


def object_to(month: str, unit_code: str, subject: str, procedure_code: str, text: str, user: User, now: datetime) -> DraftComment:
    """An objection to a class of papers asked for (F0 to F5) or to an indicator, of one procedure or all, with its reason."""
    said = _words(text, "text")
    if subject not in (*CLASSES, *INDICATORS):
        raise InputError("Chọn một lớp hoặc một chỉ tiêu trong danh sách.", "Choose a class or an indicator of the list.", field="subject")
    with writing() as session:
        edition = _draft(session, month, user, now)
        if procedure_code and procedure(session, procedure_code) is None:
            raise InputError(
                "Danh mục quốc gia không có mã thủ tục này. Ghi đúng mã (như 1.001193), hoặc để trống nếu nói về mọi thủ tục.",
                "The national catalogue has no procedure of this code. Write it as 1.001193, or leave it empty for all procedures.",
                field="procedure",
            )
        if len(_own(session, month, unit_code, OBJECTION)) >= MOST:
            raise InputError(
                f"Mỗi đơn vị gửi tối đa {MOST} ý kiến phản đối một tháng; nhiều hơn thì gửi bằng văn bản.",
                f"A unit may object {MOST} times a month; write a letter for more.",
            )
        given = {"kind": OBJECTION, "subject": subject, "procedure_code": procedure_code, "text": mask(said)}
        number = _add(session, edition, unit_code, user, now, **given)
    return reading().get_one(DraftComment, number)


def withdraw(comment_id: int, units: Iterable[str], user: User, now: datetime) -> None:
    """Take a comment back while comments are taken. ``units``: those the person may speak for."""
    with writing() as session:
        comment = session.get(DraftComment, comment_id)
        if comment is None or comment.unit_code not in set(units) or comment.withdrawn_at is not None:
            raise InputError("Không có ý kiến này.", "There is no such comment.")
        _draft(session, comment.month, user, now)
        if comment.version <= workflow.published_version(session, comment.month):
            raise InputError("Ý kiến này đã in trong báo cáo, không rút được.", "This comment has been printed and cannot be taken back.")
        comment.withdrawn_at = now
        audit.record(session, "comment.withdraw", f"{comment.month} {comment.unit_code} {comment.kind}", actor=user.login)


def answer(comment_id: int, verdict: str, text: str, login: str, now: datetime) -> DraftComment:
    """The office's answer by a named person, until the report has its number. Raises ``InputError`` without words or verdict."""
    said = _words(text, "answer")
    if verdict not in VERDICTS:
        raise InputError("Chọn chấp nhận, không chấp nhận hay ghi nhận.", "Choose accepted, refused or noted.", field="verdict")
    with writing() as session:
        workflow.may_decide(session, login)
        comment = session.get(DraftComment, comment_id)
        if comment is None or comment.withdrawn_at is not None:
            raise InputError("Không có ý kiến này, hoặc đơn vị đã rút.", "There is no such comment, or the unit took it back.")
        if comment.version <= workflow.published_version(session, comment.month):
            raise InputError(
                "Tháng này đã công bố, câu trả lời không sửa được nữa.", "The month is published; the answer cannot be changed."
            )
        if number := number_of(session, comment.month):
            raise InputError(
                f"Báo cáo tháng này đã lấy số {number}, câu trả lời không sửa được nữa.",
                f"This month's report has its number {number}; the answer cannot be changed.",
            )
        comment.verdict, comment.answer, comment.answered_by, comment.answered_at = verdict, mask(said), login.lower(), now
        subject = f"{comment.month} {comment.unit_code} {comment.kind}"
        audit.record(session, "comment.answer", subject, actor=login.lower(), verdict=verdict)
    return reading().get_one(DraftComment, comment_id)


def of_month(session: Session, month: str, unit_codes: Iterable[str] | None = None) -> list[DraftComment]:
    """Comments on a month that were not taken back, oldest first: of everybody, or of some units."""
    query = select(DraftComment).where(DraftComment.month == month, DraftComment.withdrawn_at.is_(None))
    if unit_codes is not None:
        query = query.where(DraftComment.unit_code.in_(sorted(unit_codes)))
    return list(session.scalars(query.order_by(DraftComment.written_at, DraftComment.id)))


def printed(session: Session, edition: Edition, unit_code: str) -> Said:
    """What an edition's report prints of a unit: what was said about this version or an earlier one, the newest explanation."""
    found = [comment for comment in of_month(session, edition.month, [unit_code]) if comment.version <= edition.version]
    explanations = [comment for comment in found if comment.kind == EXPLANATION]
    objections = [comment for comment in found if comment.kind == OBJECTION]
    last = explanations[-1] if explanations else None
    return Said(
        asked=workflow.IN_COMMENT in workflow.steps(session, edition.id),
        explanation=last.text if last is not None else "",
        answer=last.answer if last is not None else "",
        objections=len(objections),
        accepted=sum(comment.verdict == "accepted" for comment in objections),
    )


def _draft(session: Session, month: str, user: User, now: datetime) -> Edition:
    """The draft that units are asked about today. Raises ``InputError`` before, after, and for anybody but a unit's own person."""
    if user.role != CENTRE:
        raise InputError("Chỉ đơn vị có dự thảo được nêu ý kiến.", "Only the unit whose draft it is may comment.")
    found = workflow.in_comment(session, month)
    if found is None:
        raise InputError("Dự thảo tháng này không đang lấy ý kiến.", "The draft of this month is not out for comment.")
    edition, step = found
    if step.due_on is not None and local_date(now) > step.due_on:
        raise InputError(
            f"Đã hết hạn lấy ý kiến (ngày {step.due_on:%d/%m/%Y}). Hãy gửi văn bản cho cơ quan lập báo cáo.",
            f"Comments were taken until {step.due_on:%d/%m/%Y}. Please write to the reporting agency.",
        )
    return edition


def _own(session: Session, month: str, unit_code: str, kind: str) -> list[DraftComment]:
    return [comment for comment in of_month(session, month, [unit_code]) if comment.kind == kind]


def _add(session: Session, edition: Edition, unit_code: str, user: User, now: datetime, **given: str) -> int:
    comment = DraftComment(
        month=edition.month, version=edition.version, unit_code=unit_code, written_by=user.login, written_at=now, **given
    )
    session.add(comment)
    session.flush()
    audit.record(session, f"comment.{comment.kind}", f"{edition.month} {unit_code} v{edition.version}", actor=user.login)
    return comment.id


def _words(text: str, field: str) -> str:
    said = " ".join(text.split())
    if not said or len(said) > LONGEST:
        raise InputError(
            f"Cần từ 1 đến {LONGEST} ký tự; đang có {len(said)}.",
            f"Between 1 and {LONGEST} letters are needed; there are {len(said)}.",
            field=field,
        )
    return said
