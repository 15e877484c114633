"""The office's page: from it an officer new to the post reaches a signed report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from core import accounts, notices, numbers
from core.calendar import Month, local_date, working_days_left
from core.models import JobRun, Lease, User
from core.web import language
from core.worker import RUNNING, WANTED
from scorecard import flash, queries, workflow
from scorecard.figures import COUNTRY, LOWER, UPPER, leading_rate
from scorecard.models import Edition
from scorecard.notices import headline
from scorecard.operations import LEASE as CLOSING
from scorecard.pages import cards, desk, words
from scorecard.pages.office_blockers import blockers
from scorecard.pages.office_questions import Question, questions, span
from scorecard.pages.text import _
from scorecard.release import Blocker, Release, release_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from scorecard.queries import Figure
    from scorecard.workflow_models import EditionStep

FAILED_FOR = timedelta(days=7)  # a failure that nothing has followed since is shown so long


@dataclass(frozen=True)
class Stage:
    """One field of the bar. ``state``: done, now, later or skipped."""

    name: str
    state: str
    who: str
    when: datetime | None
    note: str = ""


@dataclass(frozen=True)
class Headline:
    """One of the three figures, last month's beside, and whether a change is clear."""

    card: cards.Card
    before: str
    change: str


@dataclass(frozen=True)
class Due:
    """A day of the month's calendar."""

    day: date
    what: str
    done: bool
    late: bool


@dataclass(frozen=True)
class Trouble:
    """A job of the worker whose last run failed."""

    job: str
    words: str
    at: datetime
    message: str


@dataclass(frozen=True)
class OfficePage:
    """Everything on the page, in its order."""

    month: Month
    edition: Edition | None
    simulated: bool
    state: str
    deadline: str
    stages: tuple[Stage, ...]
    blockers: tuple[Blocker, ...]
    figures: tuple[Headline, ...]
    questions: tuple[Question, ...]
    senders: Sequence[desk.Sender]
    release: Release
    calendar: tuple[Due, ...]
    running: tuple[str, ...]
    troubles: tuple[Trouble, ...]
    mail: tuple[str, ...]
    notices: tuple[tuple[datetime, str], ...]
    months: tuple[str, ...]
    flash: bool


def chosen(session: Session, now: datetime, wanted: Month | None) -> Month:
    """The month whose report is in the making: a draft that waits, else the last month, else the newest published."""
    if wanted is not None:
        return wanted
    draft = session.scalar(select(Edition.month).where(Edition.state == "closed").order_by(Edition.month.desc()).limit(1))
    if draft is not None:
        return Month.parse(draft)
    last = Month.of(now).plus(-1)
    newest = queries.latest_published(session)
    return Month.parse(newest.month) if newest is not None and newest.month >= str(last) else last


def build(session: Session, now: datetime, user: User, month: Month) -> OfficePage:
    """The page of one month."""
    from procedures.queries import coverage, is_simulated, units

    edition = queries.edition_of(session, month, include_unpublished=True)
    views = units(session, month.last_day)
    final = edition if edition is not None and edition.state != "running" else None
    release = release_of(session, final) if final is not None else Release()
    steps = workflow.steps(session, final.id) if final is not None else {}
    names = accounts.names(session)
    found = queries.editions(session)
    return OfficePage(
        month=month,
        edition=edition,
        simulated=edition.simulated if edition is not None else is_simulated(session),
        state=_state(edition),
        deadline=_deadline(month, edition, now),
        stages=tuple(_stages(month, final, steps, release, names)),
        blockers=tuple(blockers(session, month, edition, steps, release, user, now)),
        figures=tuple(_figures(session, edition)) if edition is not None else (),
        questions=tuple(questions(session, final, views)) if final is not None else (),
        senders=desk.senders(coverage(session, month, now), views),
        release=release,
        calendar=tuple(_calendar(session, month, final, steps, now)),
        running=tuple(_running(session, now)),
        troubles=tuple(_troubles(session, now)),
        mail=tuple(f"{recipient.address}: {mail.error}" for mail, recipient in notices.troubled(session)),
        notices=tuple((notice.created_at, headline(notice)) for notice in notices.newest(session, None, 5)),
        months=tuple(dict.fromkeys([str(Month.of(now).plus(-1)), *(one.month for one in found)])),
        flash=flash.sheet_of(session, month) is not None,
    )


def _state(edition: Edition | None) -> str:
    if edition is not None and edition.state == "published":
        return _("ĐÃ CÔNG BỐ")
    return _("DỰ THẢO") if edition is not None and edition.state == "closed" else _("CHƯA CHỐT")


def _deadline(month: Month, edition: Edition | None, now: datetime) -> str:
    if edition is not None and edition.published_at is not None:
        return _("ngày %(day)s", day=numbers.day(edition.published_at, language()))
    today, until = local_date(now), workflow.schedule().sign_by(month)
    day = numbers.day(until, language())
    if today > until:
        return _("hạn trình %(day)s, đã quá %(n)s ngày", day=day, n=(until - today).days * -1)
    if today == until:
        return _("hạn trình %(day)s, hôm nay", day=day)
    work = working_days_left(today + timedelta(days=1), until)  # today is not left any more, as in the days beside
    return _("hạn trình %(day)s, còn %(n)s ngày (%(work)s ngày làm việc)", day=day, n=(until - today).days, work=work)


def _stages(
    month: Month, edition: Edition | None, steps: Mapping[str, EditionStep], release: Release, names: Mapping[str, str]
) -> list[Stage]:
    """The bar: what is done has a name and a time; the first that is not is where the month stands."""

    def who(login: str) -> str:
        return {"worker": _("máy"), "cli": _("dòng lệnh"), "unknown": _("không ghi")}.get(login, names.get(login, login))

    reviewed = workflow.REVIEWED in steps
    titles = (
        (workflow.CUT_OFF, _("Chốt số liệu")),
        (workflow.COMPUTED, _("Tính")),
        (workflow.IN_COMMENT, _("Lấy ý kiến")),
        (workflow.REVIEWED, _("Soát xét")),
        (workflow.PUBLISHED, _("Công bố")),
    )
    found = [Stage(_("Mở"), "done", "", month.start)]
    for code, title in titles:
        step = steps.get(code)
        if code == workflow.PUBLISHED:
            found.append(_signature(edition, release, who))
        if step is not None:
            note = _("đến hết ngày %(day)s", day=numbers.day(step.due_on, language())) if step.due_on is not None else ""
            note = _("có lý do kèm theo") if code == workflow.REVIEWED and step.reason else note
            found.append(Stage(title, "done", who(step.by), step.at, note))
        elif code == workflow.IN_COMMENT and reviewed:
            why = _("bỏ qua, có lý do") if steps[workflow.REVIEWED].reason else _("bỏ qua")
            found.append(Stage(title, "skipped", "", None, why))
        else:
            found.append(Stage(title, "later", "", None))
    sent = release.sent
    found.append(Stage(_("Đã gửi"), "done", who(sent.by), sent.at, sent.note) if sent else Stage(_("Đã gửi"), "later", "", None))
    if edition is not None and edition.simulated and edition.state == "published":
        found[-1] = Stage(_("Đã gửi"), "skipped", "", None, _("bản mô phỏng không gửi"))
    first = next((number for number, stage in enumerate(found) if stage.state == "later"), None)
    return [Stage(one.name, "now", one.who, one.when, one.note) if number == first else one for number, one in enumerate(found)]


def _signature(edition: Edition | None, release: Release, who: object) -> Stage:
    name = _("Lấy số, ký")
    if edition is not None and not release.numbers:
        return Stage(name, "skipped", "", None, _("bản mô phỏng không có số và chữ ký"))
    mark = release.signed or release.numbered
    if mark is None:
        return Stage(name, "skipped" if edition is not None and edition.state == "published" else "later", "", None)
    named = who(mark.by) if callable(who) else mark.by
    return Stage(name, "done" if release.signed else "later", named, mark.at, mark.note)


def _figures(session: Session, edition: Edition) -> list[Headline]:
    """The summary's three figures."""
    before = queries.edition_of(session, Month.parse(edition.month).plus(-1), include_unpublished=True)
    shown = (*cards.SHOWN, "satisfaction_change")
    last_month = str(Month.parse(edition.month).plus(-1))
    now = queries.figure_map(session, edition, None, [COUNTRY], shown)
    then = queries.figure_map(session, before, None, [COUNTRY], shown) if before is not None else {}
    old = numbers.month(last_month, language())
    key, mixed = "asked_again_recorded", "mismatch_any"
    last = (
        words.rate_with_span(leading_rate(then, COUNTRY)),
        words.bounds(then.get((COUNTRY, key, LOWER)), then.get((COUNTRY, key, UPPER))),
        words.rate_with_span(then.get((COUNTRY, mixed, "raw"))),
    )
    moved = now.get((COUNTRY, "satisfaction_change", "weighted"))
    changes = (
        _moved(moved) or words.change_words(leading_rate(now, COUNTRY), leading_rate(then, COUNTRY), last_month),
        "",
        words.change_words(now.get((COUNTRY, mixed, "raw")), then.get((COUNTRY, mixed, "raw")), last_month),
    )
    made = (cards.satisfaction(now, COUNTRY), cards.asked_again(now, COUNTRY), cards.mismatch(now, COUNTRY))
    return [
        Headline(card, _("tháng %(month)s: %(rate)s", month=old, rate=rate) if then else "", change)
        for card, rate, change in zip(made, last, changes, strict=True)
    ]


def _moved(change: Figure | None) -> str:
    if change is None or not words.has_value(change) or change.low is None or change.high is None or change.value is None:
        return ""
    between = span(change.low, change.high)
    if change.low <= 0 <= change.high:
        return _("Chưa thấy thay đổi rõ (%(span)s điểm).", span=between)
    size = numbers.number(abs(change.value) * 100, language(), 1)
    up = change.value > 0
    return (
        _("Tăng %(size)s điểm (%(span)s).", size=size, span=between) if up else _("Giảm %(size)s điểm (%(span)s).", size=size, span=between)
    )


def _calendar(session: Session, month: Month, edition: Edition | None, steps: Mapping[str, EditionStep], now: datetime) -> list[Due]:
    plan, today = workflow.schedule(), local_date(now)
    comment = steps.get(workflow.IN_COMMENT)
    over = comment.due_on if comment is not None and comment.due_on is not None else plan.day(month, plan.comment_until)
    lines = (
        (plan.day(month, plan.invite_until), _("cấp lời mời khảo sát cho hồ sơ của tháng"), today > plan.day(month, plan.invite_until)),
        (plan.day(month, plan.flash), _("bản nhanh số liệu hồ sơ"), flash.sheet_of(session, month) is not None),
        (plan.day(month, plan.survey_closes), _("nhận trả lời khảo sát đến hết ngày"), today > plan.day(month, plan.survey_closes)),
        (plan.day(month, plan.compute), _("chốt số liệu và tính"), workflow.COMPUTED in steps),
        (over, _("nhận ý kiến về dự thảo đến hết ngày"), workflow.REVIEWED in steps or (comment is not None and today > over)),
        (plan.sign_by(month), _("trình ký"), edition is not None and edition.published_at is not None),
    )
    out = edition is not None and edition.published_at is not None  # what was left out of a report that is out is no matter any more
    ahead = sorted(lines, key=lambda line: line[0])  # comments that were asked for late end after the day of signing
    return [Due(day, what, done, not done and today > day) for day, what, done in ahead if done or not out]


def _running(session: Session, now: datetime) -> list[str]:
    """What is being done or waits to be done."""
    found = (
        [_("Đang tính số liệu một tháng.")]
        if session.scalar(select(Lease.name).where(Lease.name == CLOSING, Lease.expires_at > now))
        else []
    )
    query = select(JobRun).where(JobRun.outcome.in_((WANTED, RUNNING))).order_by(JobRun.id)
    for run in session.scalars(query):
        month = run.counts.get("month")
        what = _("Chốt và tính tháng %(month)s", month=numbers.month(month, language())) if month else desk.job_words(run.job)
        said = _("%(what)s: đang chạy.", what=what) if run.outcome == RUNNING else _("%(what)s: đã yêu cầu, sắp chạy.", what=what)
        found.append(said)
    return found


def _troubles(session: Session, now: datetime) -> list[Trouble]:
    """Jobs whose last run of late failed."""
    newest: dict[str, JobRun] = {}
    query = select(JobRun).where(JobRun.started_at > now - FAILED_FOR, JobRun.finished_at.is_not(None)).order_by(JobRun.id)
    for run in session.scalars(query):
        newest[run.job] = run
    return [
        Trouble(run.job, desk.job_words(run.job), run.started_at, run.message[:300]) for run in newest.values() if run.outcome == "failed"
    ]
