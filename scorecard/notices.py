"""What units and the office are told about a month, when, and in which words. It reminds; it publishes nothing."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import notices, numbers
from core.calendar import TIMEZONE, Month, local_date
from core.database import reading, writing
from core.notice_models import Notice
from core.text import _
from core.web import language
from procedures.queries import UnitView, units
from scorecard import workflow
from scorecard.draft_comments import of_month
from scorecard.models import Edition
from scorecard.release import release_of

DRAFT_OUT, COMMENT_DUE, REPORT_OUT = "draft_out", "comment_due", "report_out"  # to units; the last to the office too
COMPUTED, COMMENT_OVER, SIGN_DUE, FLASH_OUT = "computed", "comment_over", "sign_due", "flash_out"  # to the office
FRESH = timedelta(days=14)  # what was published earlier is no news


def asked_units(session: Session, edition: Edition) -> dict[str, UnitView]:
    """Who is judged and therefore asked: every province, and ministries that send data."""
    views = units(session, Month.parse(edition.month).last_day)
    shares: Mapping[str, float | None] = edition.facts.get("coverage") or {}
    return {
        code: view
        for code, view in sorted(views.items())
        if view.kind == "province" or (view.kind == "ministry" and shares.get(code) is not None)
    }


def notify(now: datetime) -> dict[str, Any]:
    """Job: tell what is to be told by now, then send what waits. Whatever was missed is told late; nothing is told twice."""
    session = reading()
    session.rollback()
    wanted = [*_about_drafts(session, now), *_about_reports(session, now)]
    session.rollback()
    told = 0
    for given in wanted:
        with writing() as writer:
            told += notices.tell(writer, now=now, **given)
    sent = notices.send_waiting(now, words)
    return ({"told": told} if told else {}) | {f"mail_{outcome}": count for outcome, count in sent.items()}


def _about_drafts(session: Session, now: datetime) -> list[dict[str, Any]]:
    """Drafts that are out, deadlines that come near or have passed."""
    calendar, today, found = workflow.schedule(), local_date(now), []
    awake = now.astimezone(TIMEZONE).hour >= calendar.hour
    ahead = timedelta(days=calendar.remind_days)
    for edition in session.scalars(select(Edition).where(Edition.state == "closed", Edition.version > 0)).all():
        taken = workflow.steps(session, edition.id)
        month = edition.month
        step = taken.get(workflow.IN_COMMENT)
        if awake and calendar.sign_by(Month.parse(month)) - ahead <= today:
            found.append({"kind": SIGN_DUE, "month": month, "due_on": calendar.sign_by(Month.parse(month))})
        if workflow.REVIEWED in taken:
            continue
        if step is None or step.due_on is None:
            found.append({"kind": COMPUTED, "month": month, "version": edition.version})
            continue
        for code in asked_units(session, edition):
            found.append({"kind": DRAFT_OUT, "month": month, "due_on": step.due_on, "unit_code": code})
        if awake and step.due_on - ahead <= today <= step.due_on:
            silent = set(asked_units(session, edition)) - {comment.unit_code for comment in of_month(session, month)}
            found += [{"kind": COMMENT_DUE, "month": month, "due_on": step.due_on, "unit_code": code} for code in sorted(silent)]
        if today > step.due_on:
            found.append({"kind": COMMENT_OVER, "month": month, "due_on": step.due_on})
    return found


def _about_reports(session: Session, now: datetime) -> list[dict[str, Any]]:
    """Published reports, once their file can be downloaded."""
    found: list[dict[str, Any]] = []
    query = select(Edition).where(Edition.state == "published", Edition.published_at > now - FRESH)
    for edition in session.scalars(query).all():
        if "release" in current_app.extensions and not release_of(session, edition).is_stored:
            continue
        told = {"kind": REPORT_OUT, "month": edition.month, "version": edition.version}
        found += [told, *({**told, "unit_code": code} for code in asked_units(session, edition))]
    return found


def words(notice: Notice, into: str) -> tuple[str, str]:
    """Subject and text of a notice as mail, with the address where to read on."""
    with force_locale(into):
        subject = headline(notice)
        settings = current_app.extensions["settings"]
        text = "\n\n".join((subject + ".", settings.public_url.rstrip("/") + address(notice), _("Thư do máy gửi, không cần trả lời.")))
        return (f"[{_('MÔ PHỎNG')}] {subject}" if _is_simulated(notice) else subject), text


def headline(notice: Notice) -> str:
    """What a notice says, in the reader's language, without a full stop."""
    month = numbers.month(notice.month, language())
    day = numbers.day(notice.due_on, language()) if notice.due_on is not None else ""
    return {
        DRAFT_OUT: _("Dự thảo tháng %(month)s của đơn vị đã có, nhận ý kiến đến hết ngày %(day)s", month=month, day=day),
        COMMENT_DUE: _("Sắp hết hạn nêu ý kiến về dự thảo tháng %(month)s: hết ngày %(day)s", month=month, day=day),
        REPORT_OUT: _("Báo cáo tháng %(month)s đã công bố", month=month),
        COMPUTED: _("Số liệu tháng %(month)s đã chốt và tính xong, chờ gửi lấy ý kiến", month=month),
        COMMENT_OVER: _("Đã hết hạn lấy ý kiến về dự thảo tháng %(month)s, chờ soát xét", month=month),
        SIGN_DUE: _("Báo cáo tháng %(month)s cần ký trước hết ngày %(day)s", month=month, day=day),
        FLASH_OUT: _("Đã có bản nhanh số liệu hồ sơ tháng %(month)s", month=month),
    }.get(notice.kind, notice.kind)


def address(notice: Notice) -> str:
    """The page or file that a notice leads to, from the site's root."""
    if notice.kind == REPORT_OUT:
        return f"/reports/{notice.month}/report.pdf"
    if notice.kind == FLASH_OUT:
        return f"/office/flash/{notice.month}"
    if notice.unit_code is not None:
        return f"/centre/draft?month={notice.month}&unit={notice.unit_code}"
    return f"/office?month={notice.month}"


def _is_simulated(notice: Notice) -> bool:
    query = select(Edition.simulated).where(Edition.month == notice.month, Edition.state != "computing")
    return bool(reading().scalar(query.order_by(Edition.version.desc())))
