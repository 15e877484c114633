"""The office's desk: where each month stands, what may be done next and why not, who sent, what the worker did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from core.calendar import TIMEZONE
from core.models import JobRun, User
from scorecard.models import Edition
from scorecard.pages import places, words
from scorecard.pages.text import _

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from procedures.queries import UnitView

RUNS = 20
MONTHS = 24
LATE_BELOW = 0.9  # share of working days with data under which a source is called late


@dataclass(frozen=True)
class Stage:
    """One edition and what can be done with it. ``why_not_*``: empty if it can."""

    edition: Edition
    state: str
    reviewer: str
    publisher: str
    why_not_review: str
    why_not_publish: str

    @property
    def waits(self) -> bool:
        """It is closed and still to be reviewed or published."""
        return self.edition.state == "closed"


def stages(session: Session, user: User) -> list[Stage]:
    """Editions, newest first, the running one among them; superseded ones too, for the record."""
    found = session.scalars(
        select(Edition).where(Edition.state != "computing").order_by(Edition.month.desc(), Edition.version.desc()).limit(MONTHS)
    ).all()
    names = {account.login: account.name for account in session.scalars(select(User))}
    return [_stage(edition, names, user) for edition in found]


def _stage(edition: Edition, names: Mapping[str, str], user: User) -> Stage:
    review = publish = ""
    if edition.state != "closed":
        review = publish = _("chỉ làm với bản đã chốt và chưa công bố")
    elif edition.reviewed_by:
        review = _("đã soát")
        if edition.reviewed_by == user.login:
            publish = _("người công bố phải khác người soát")
    else:
        publish = _("chưa có người soát")
    return Stage(
        edition,
        words.edition_words(edition.state),
        names.get(edition.reviewed_by or "", edition.reviewed_by or ""),
        names.get(edition.published_by or "", edition.published_by or ""),
        review,
        publish,
    )


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
        "scorecard.ask_units": _("Mở câu hỏi cần xác minh với đơn vị"),
        "exports.build_wanted": _("Lập báo cáo được yêu cầu"),
    }.get(name, name)


def local_time(instant: datetime) -> str:
    """Day and minute in Viet Nam."""
    return f"{instant.astimezone(TIMEZONE):%d/%m %H:%M}"
