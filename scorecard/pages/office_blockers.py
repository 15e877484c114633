"""What keeps a month's report from being signed: what, who can do it, and the button that does it. The next step comes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from flask import url_for
from sqlalchemy import select

from core import numbers
from core.access import ADMIN, OFFICE
from core.models import Lease, User
from core.web import language, pick
from core.worker import LEASE
from scorecard import workflow
from scorecard.operations import CORRECTION
from scorecard.pages.text import _
from scorecard.release import UNSIGNED, Blocker

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from core.calendar import Month
    from scorecard.models import Edition
    from scorecard.release import Release
    from scorecard.workflow_models import EditionStep

MOST = 5
NAMED = 4


def blockers(
    session: Session, month: Month, edition: Edition | None, steps: Mapping[str, EditionStep], release: Release, user: User, now: datetime
) -> list[Blocker]:
    """At most five, the next to be done first; empty once the report is out."""
    found = [] if worker_lives(session, now) else [Blocker(_("Máy xử lý không chạy: không gì được tính hay gửi."), _("Quản trị hệ thống"))]
    if edition is None or edition.state == "running":
        return [*found, _to_close(month, now)][:MOST]
    if edition.state == "closed":
        if workflow.REVIEWED not in steps:
            found += _to_review(session, edition, user, now)
        else:
            found += _to_publish(session, edition, steps, release, user)
    return [*found, *(release.blockers if edition.state == "published" else ())][:MOST]


def worker_lives(session: Session, now: datetime) -> bool:
    """Whether a worker leads at this moment."""
    return session.scalar(select(Lease.expires_at).where(Lease.name == LEASE, Lease.expires_at > now)) is not None


def people(session: Session, but: str | None = None) -> str:
    """Names of those who may decide, but for one of them."""
    query = select(User.name).where(User.role.in_((OFFICE, ADMIN)), User.active, User.login != (but or "")).order_by(User.name)
    names: Sequence[str] = session.scalars(query).all()
    return ", ".join(names[:NAMED]) + ("…" if len(names) > NAMED else "") if names else _("chưa có tài khoản nào khác")


def _to_close(month: Month, now: datetime) -> Blocker:
    calendar = workflow.schedule()
    when = calendar.moment(month, calendar.compute)
    text = _(
        "Chưa chốt số liệu. Máy tự chốt và tính từ %(hour)s giờ ngày %(day)s.", hour=when.hour, day=numbers.day(when.date(), language())
    )
    if now < month.end:
        return Blocker(text, _("máy"))
    return Blocker(text, _("máy, hoặc người được phân công"), _("Chốt và tính ngay"), url_for("workflow.close", month=str(month)))


def _to_review(session: Session, edition: Edition, user: User, now: datetime) -> list[Blocker]:
    everybody, month = people(session), edition.month
    missing = {obstacle.code: obstacle for obstacle in workflow.obstacles(session, edition, now)}
    doors = {
        "no_comment": (_("Gửi dự thảo lấy ý kiến"), url_for("workflow.send", edition_id=edition.id), ""),
        "comment_open": (_("Xem ai đã có ý kiến"), "", url_for("workflow.comments", month=month)),
        "unanswered": (_("Trả lời ý kiến"), "", url_for("workflow.comments", month=month)),
        "rows_waiting": (_("Tính lại với số liệu mới"), url_for("workflow.close", month=month), ""),
    }
    found = []
    for code, (button, post, link) in doors.items():
        if code in missing:
            text = pick(missing[code].vi, missing[code].en)
            found.append(Blocker(text[:1].upper() + text[1:] + ".", everybody, button, post, link))
    door = url_for("workflow.review", edition_id=edition.id)
    said = _("Chưa có người soát xét.")
    if missing:
        said = _("Chưa có người soát xét. Soát xét trước khi xong các việc trên thì phải ghi lý do; lý do được giữ cùng ấn bản.")
    found.append(Blocker(said, everybody, _("Đã soát xét"), door, reasons=("reason",) if missing else ()))
    return found


def _to_publish(session: Session, edition: Edition, steps: Mapping[str, EditionStep], release: Release, user: User) -> list[Blocker]:
    found = list(release.blockers)
    others = people(session, but=edition.reviewed_by)
    before = workflow.corrected(session, edition)
    cut_off = steps.get(workflow.CUT_OFF)
    unsaid = before is not None and not (cut_off is not None and cut_off.reason)
    if edition.reviewed_by == user.login:
        found.append(Blocker(_("Chưa công bố. Người công bố phải khác người soát xét."), others))
        return found
    said = _("Chưa công bố.")
    if release.lacking:
        found.append(Blocker(said + " " + _("Công bố sau khi lấy số và dựng xong bản cuối."), others))
        return found
    wanted = {"reason": CORRECTION} if unsaid else {}
    wanted |= {"unsigned": UNSIGNED} if release.unsigned else {}
    for obstacle in wanted.values():
        words = pick(obstacle.vi, obstacle.en)
        said += f" {words[:1].upper()}{words[1:]}."
    door = url_for("workflow.publish", edition_id=edition.id)
    found.append(Blocker(said, others, _("Công bố"), door, reasons=tuple(wanted)))
    return found
