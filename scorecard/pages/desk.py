"""The office's desk: where each month stands, what may be done next and why not, who sent, what the worker did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from core import accounts, numbers
from core.calendar import TIMEZONE
from core.models import JobRun
from core.web import language
from scorecard import workflow
from scorecard.models import Edition
from scorecard.pages import places, words
from scorecard.pages.text import _

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from procedures.queries import UnitView

RUNS = 20
MINUTE = 60  # seconds
MONTHS = 24
LATE_BELOW = 0.9  # share of working days with data under which a source is called late


@dataclass(frozen=True)
class Stage:
    """One edition, its state in words and the people of its steps."""

    edition: Edition
    state: str
    reviewer: str
    publisher: str
    reason: str


def stages(session: Session) -> list[Stage]:
    """Editions, newest first, the running one among them; superseded ones too, for the record."""
    found = session.scalars(
        select(Edition).where(Edition.state != "computing").order_by(Edition.month.desc(), Edition.version.desc()).limit(MONTHS)
    ).all()
    names = accounts.names(session)
    return [
        Stage(
            edition,
            words.edition_words(edition.state),
            names.get(edition.reviewed_by or "", edition.reviewed_by or ""),
            names.get(edition.published_by or "", edition.published_by or ""),
            " ".join(step.reason for step in workflow.steps(session, edition.id).values() if step.reason),
        )
        for edition in found
    ]


def took(run: JobRun) -> str:
    """How long a run took."""
    if run.finished_at is None:
        return ""
    seconds = (run.finished_at - run.started_at).total_seconds()
    if seconds < MINUTE:
        return _("%(n)s giây", n=numbers.number(seconds, language(), 1))
    return _("%(n)s phút", n=numbers.number(seconds / MINUTE, language(), 1))


@dataclass(frozen=True)
class Sender:
    """One province or ministry: how much of the month it has sent."""

    code: str
    name: str
    share: str
    word: str
    late: bool


def senders(shares: Mapping[str, float | None], units: Mapping[str, UnitView]) -> list[Sender]:
    """Late ones first, then by name. A unit without a source has not been connected yet."""
    found = []
    for code, share in shares.items():
        if share is None and units[code].kind == "ministry":
            continue  # ministries join one by one; only those with a source are expected to send
        late = share is None or share < LATE_BELOW
        word = _("chưa gửi số liệu") if not share else _("gửi chậm") if late else _("đã gửi")
        found.append(Sender(code, places.name(units[code]), "" if share is None else words.share(share, 0), word, late))
    return sorted(found, key=lambda sender: (not sender.late, places.plain(sender.name)))


def runs(session: Session) -> Sequence[JobRun]:
    """The worker's last runs, newest first."""
    return session.scalars(select(JobRun).order_by(JobRun.started_at.desc(), JobRun.id.desc()).limit(RUNS)).all()


def job_words(name: str) -> str:
    """What a job of the worker does; a job that no longer exists keeps the name it was recorded under."""
    return {
        "procedures.inbox": _("Nhận tệp từ thư mục nhận tệp"),
        "procedures.process": _("Kiểm tra và nạp số liệu đã nhận"),
        "procedures.release": _("Nhận lại dòng giữ lại khi mã đã được khai báo"),
        "procedures.purge": _("Hủy tệp và dòng giữ lại hết hạn lưu"),
        "scorecard.tidy_lake": _("Sắp xếp kho số liệu"),
        "surveys.invite": _("Cấp lời mời khảo sát"),
        "surveys.handover": _("Bàn giao lời mời cho nơi gửi"),
        "surveys.deliver": _("Gửi lại lời mời chưa đến nơi"),
        "surveys.forget": _("Xóa dữ liệu khảo sát hết hạn giữ"),
        "scorecard.refresh_running": _("Cập nhật tháng đang chạy"),
        "scorecard.close_due": _("Chốt tháng đến hạn"),
        "scorecard.close_wanted": _("Chốt và tính theo yêu cầu"),
        "scorecard.compute_drafts_again": _("Tính lại dự thảo với số liệu gửi trong hạn"),
        "scorecard.notify": _("Báo tin và nhắc hạn"),
        "scorecard.flash": _("Lập bản nhanh số liệu hồ sơ"),
        "scorecard.alert_falls": _("Báo nơi có mức hài lòng giảm mạnh"),
        "scorecard.forget_comments": _("Xóa ý kiến viết thêm hết hạn giữ"),
        "scorecard.ask_units": _("Mở câu hỏi cần xác minh với đơn vị"),
        "exports.build_wanted": _("Lập báo cáo được yêu cầu"),
    }.get(name, name)


def local_time(instant: datetime) -> str:
    """Day and minute in Viet Nam."""
    return f"{instant.astimezone(TIMEZONE):%d/%m %H:%M}"
