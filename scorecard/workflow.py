"""The way of an edition: open → cut off → computed → in comment → reviewed → published → superseded.

Each step has a named person and a time, is written once and never taken back. Figures and their visibility are
``scorecard.operations``' matter; here is only what may come next, and what stands in its way.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import audit
from core.access import ADMIN, OFFICE
from core.calendar import Month, local_date
from core.database import reading, writing
from core.errors import InputError
from core.models import User
from core.schedule import Schedule
from scorecard.models import Edition
from scorecard.workflow_models import STAGES, DraftComment, EditionStep

CUT_OFF, COMPUTED, IN_COMMENT, REVIEWED, PUBLISHED, SUPERSEDED = STAGES
LEAST_REASON, LONGEST_REASON = 10, 2_000  # letters


@dataclass(frozen=True)
class Obstacle:
    """Something that should be done before the review. ``code``: which; ``count``: of how many things it speaks."""

    code: str
    vi: str
    en: str
    count: int = 0


def schedule() -> Schedule:
    """The installation's calendar."""
    found: Schedule = current_app.extensions["settings"].schedule
    return found


def steps(session: Session, edition_id: int) -> dict[str, EditionStep]:
    """An edition's steps by stage, in their order."""
    found = {step.stage: step for step in session.scalars(select(EditionStep).where(EditionStep.edition_id == edition_id))}
    return {stage: found[stage] for stage in STAGES if stage in found}


def record(
    session: Session, edition: Edition, stage: str, at: datetime, by: str, reason: str = "", due_on: date | None = None
) -> EditionStep:
    """Write a step inside the caller's transaction. Raises ``InputError`` where the edition has taken this step or a later one."""
    taken = steps(session, edition.id)
    if any(STAGES.index(known) >= STAGES.index(stage) for known in taken):
        raise InputError(
            f"Tháng {edition.month}, bản {edition.version} đã qua bước này. Các bước không lùi lại; hãy tải lại trang.",
            f"{edition.month}, version {edition.version} is past this step. Steps never go back; load the page again.",
        )
    step = EditionStep(edition_id=edition.id, stage=stage, at=at, by=by, reason=reason, due_on=due_on)
    session.add(step)
    session.flush()
    return step


def supersede(session: Session, edition: Edition, at: datetime, by: str) -> None:
    """The last step, where the edition has not taken it yet."""
    if SUPERSEDED not in steps(session, edition.id):
        record(session, edition, SUPERSEDED, at, by)


def send_for_comment(edition_id: int, login: str, now: datetime) -> Edition:
    """Open the time for comments: from now on each unit is asked about its own draft. Raises ``InputError`` for a wrong person or state."""
    with writing() as session:
        edition = session.get(Edition, edition_id)
        may_decide(session, login)
        if edition is None or edition.state != "closed":
            raise InputError(
                "Chỉ gửi lấy ý kiến được bản đã chốt và chưa công bố.", "Only a closed, unpublished edition can be sent for comment."
            )
        due = schedule().comment_end(Month.parse(edition.month), local_date(now))
        record(session, edition, IN_COMMENT, now, login.lower(), due_on=due)
        audit.record(session, "edition.comment", f"{edition.month} v{edition.version}", actor=login.lower(), due_on=due.isoformat())
    return reading().get_one(Edition, edition_id)


def follow(session: Session, edition: Edition, before: Edition | None, now: datetime, actor: str, reason: str = "") -> None:
    """The first steps of a new version. It keeps the reason of the draft that it takes the place of where it has none of its own, and
    goes on with that one's time for comments if it is cut off by the night after: what was sent in time is in it, and nobody waits another
    week. A later one holds what came after the time, and units are asked anew."""
    taken = steps(session, before.id) if before is not None and before.state == "closed" else {}
    cut_off, asked = taken.get(CUT_OFF), taken.get(IN_COMMENT)
    record(session, edition, CUT_OFF, edition.cutoff_at, actor, reason or (cut_off.reason if cut_off is not None else ""))
    record(session, edition, COMPUTED, now, actor)
    if asked is not None and asked.due_on is not None and local_date(edition.cutoff_at) <= asked.due_on + timedelta(days=1):
        record(session, edition, IN_COMMENT, asked.at, asked.by, due_on=asked.due_on)


def in_comment(session: Session, month: str) -> tuple[Edition, EditionStep] | None:
    """The month's draft that units are asked about, with the step that says until when; None before, and once it is reviewed."""
    edition = session.scalar(select(Edition).where(Edition.month == month, Edition.state == "closed").order_by(Edition.version.desc()))
    if edition is None:
        return None
    taken = steps(session, edition.id)
    return (edition, taken[IN_COMMENT]) if IN_COMMENT in taken and REVIEWED not in taken else None


def obstacles(session: Session, edition: Edition, now: datetime) -> list[Obstacle]:
    """What should be done before a closed edition is reviewed; each may be set aside with a reason."""
    from scorecard.late_rows import waiting

    found = []
    step = steps(session, edition.id).get(IN_COMMENT)
    if step is None:
        found.append(Obstacle("no_comment", "chưa gửi dự thảo lấy ý kiến", "the draft was not sent for comment"))
    elif step.due_on is not None and local_date(now) <= step.due_on:
        found.append(
            Obstacle(
                "comment_open",
                f"còn thời hạn lấy ý kiến đến hết ngày {step.due_on:%d/%m/%Y}",
                f"comments are taken until the end of {step.due_on:%d/%m/%Y}",
            )
        )
    if unanswered := len(open_comments(session, edition.month)):
        said = f"còn {unanswered} ý kiến chưa trả lời", f"{unanswered} comments have no answer yet"
        found.append(Obstacle("unanswered", *said, unanswered))
    if step is not None and step.due_on is not None and (arrived := len(waiting(session, edition, step.due_on))):
        found.append(
            Obstacle(
                "rows_waiting",
                f"{arrived} lượt gửi số liệu đến sau khi chốt chưa được tính",
                f"{arrived} submissions that came after the cut-off are not counted yet",
                arrived,
            )
        )
    return found


def open_comments(session: Session, month: str) -> list[DraftComment]:
    """Comments on a month that nobody has answered and that can be answered still, oldest first: those printed without one stay so."""
    query = select(DraftComment).where(DraftComment.month == month, DraftComment.withdrawn_at.is_(None), DraftComment.answered_at.is_(None))
    query = query.where(DraftComment.version > published_version(session, month))
    return list(session.scalars(query.order_by(DraftComment.written_at, DraftComment.id)))


def published_version(session: Session, month: str) -> int:
    """The newest version of the month that was ever published; 0 if none was."""
    query = select(func.max(Edition.version)).where(Edition.month == month, Edition.published_at.is_not(None))
    return session.scalar(query) or 0


def reason_for(missing: list[Obstacle], given: str) -> str:
    """The stated reason, trimmed. Raises ``InputError`` where something is missing and no reason of some length is given."""
    said = given.strip()
    if len(said) > LONGEST_REASON:
        raise InputError(f"Lý do dài tối đa {LONGEST_REASON} ký tự.", f"A reason has at most {LONGEST_REASON} letters.", field="reason")
    if missing and len(said) < LEAST_REASON:
        vi, en = ("; ".join(getattr(each, language) for each in missing) for language in ("vi", "en"))
        raise InputError(
            f"Chưa đủ điều kiện: {vi}. Làm xong các việc này, hoặc ghi lý do (từ {LEAST_REASON} ký tự) để vẫn tiếp tục.",
            f"Not ready: {en}. Do this first, or state a reason (of {LEAST_REASON} letters or more) to go on all the same.",
            field="reason",
        )
    return said


def may_decide(session: Session, login: str) -> User:
    """The person, if it may decide about editions. Raises ``InputError``."""
    user: User | None = session.scalar(select(User).where(User.login == login.lower()))
    if user is None or not user.active or user.role not in (OFFICE, ADMIN):
        raise InputError(f"Tài khoản {login} không được soát xét hay công bố.", f"The account {login} may neither review nor publish.")
    return user


def corrected(session: Session, edition: Edition) -> Edition | None:
    """The published version that an edition corrects or corrected; None where no earlier version was ever published."""
    query = select(Edition).where(
        Edition.month == edition.month, Edition.version < edition.version, Edition.version > 0, Edition.published_at.is_not(None)
    )
    return session.scalar(query.order_by(Edition.version.desc()).limit(1))
