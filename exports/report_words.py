"""Reads and writes of a report's human parts: remark, requests; beside them what centres and observers said, and what was corrected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import force_locale
from pydantic import TypeAdapter
from sqlalchemy import delete, or_, select, true
from sqlalchemy.orm import Session

from core import audit
from core.calendar import Month, local_date
from core.database import writing
from core.errors import InputError
from core.models import User
from core.text import _
from core.web import language, pick
from exports import quoted
from exports.names import PUBLIC_STATES
from exports.queries import publication_of
from exports.report_models import PARTS, REMARK, REQUEST, FrozenWords, ReportRequest, ReportText
from scorecard import draft_comments, queries, workflow
from scorecard.figures import COUNTRY, leading_rate
from scorecard.indicators import INDICATORS
from scorecard.integrity_models import EditionRemark
from scorecard.models import Edition
from scorecard.pages import drafts, words
from scorecard.workflow_models import DraftComment, EditionStep
from surveys.privacy import mask

LEADING = ("satisfaction", "asked_again_recorded", "mismatch_any", "on_time", "online_filing")
LONGEST = {REMARK: 4_000, REQUEST: 2_000}
LONGEST_NAME, LONGEST_DEED = 200, 600
FROZEN_IN = ("vi", "en")  # the languages of reports


@dataclass(frozen=True)
class Item:
    """One request. ``state``: done, doing, late."""

    id: int
    addressee: str
    deed: str
    due_on: date | None
    author: str
    state: str = "doing"
    settled_on: date | None = None
    settled_note: str = ""


@dataclass(frozen=True)
class Explanation:
    """What a unit says about its draft, and the office's answer. ``text`` empty: it said nothing until the deadline."""

    unit_code: str
    text: str
    answer: str


@dataclass(frozen=True)
class Objection:
    """What a unit does not agree with, and what was answered. ``subject``: class or indicator; ``about``: the same in words, with the
    procedure if it speaks of one. ``verdict``: accepted, refused, noted; empty: nobody answered. ``in_review``: it was accepted after
    the cut-off, so that this version's figures do not know of it yet."""

    unit_code: str
    subject: str
    about: str
    text: str
    verdict: str
    answer: str
    in_review: bool


@dataclass(frozen=True)
class Said:
    """Somebody's words: text, who."""

    text: str
    author: str


@dataclass(frozen=True)
class Erratum:
    """A new version of an earlier month: why, and which of the leading figures it changed, in sentences."""

    month: str
    version: int
    reason: str
    changes: Sequence[str] = ()


@dataclass(frozen=True)
class Words:
    """Everything in a report that a person wrote, here or elsewhere (``claims``; ``official``: None where it was frozen without).

    ``earlier``: of the month before's requests how many are done, being done, late.

    ``asked``: units were asked about their draft. ``corrects``: why this version replaces an earlier one. ``corrected``: new
    versions of earlier months that came out since the month before was published.
    """

    remark: Said | None = None
    request: Said | None = None
    requests: Sequence[Item] = ()
    earlier: tuple[int, int, int] = (0, 0, 0)
    settled: Sequence[Item] = ()
    asked: bool = False
    explanations: Sequence[Explanation] = ()
    objections: Sequence[Objection] = ()
    observers: Sequence[Said] = ()
    corrects: str = ""
    corrected: Sequence[Erratum] = ()
    claims: Sequence[quoted.Claim] = ()
    official: quoted.Scores | None = None


_AS_JSON = TypeAdapter(Words)


def words_of(session: Session, edition: Edition) -> Words:
    """The words that belong to an edition, in the language that is set: those that were frozen with its number, else as they stand now."""
    kept = session.get(FrozenWords, (edition.id, language()))
    return _said_now(session, edition) if kept is None else _AS_JSON.validate_python(kept.words)


def freeze(session: Session, edition: Edition, now: datetime) -> None:
    """Keep the words as they stand now, in both languages, unless they were kept before: all later drawings print these."""
    for code in FROZEN_IN:
        if session.get(FrozenWords, (edition.id, code)) is None:
            with force_locale(code):
                said = _AS_JSON.dump_python(_said_now(session, edition), mode="json")
            session.add(FrozenWords(edition_id=edition.id, language=code, words=said, frozen_at=now))


def thaw(session: Session, edition_id: int) -> None:
    """Forget what was kept: the number was given back, and the words can be written again."""
    session.execute(delete(FrozenWords).where(FrozenWords.edition_id == edition_id))


def _said_now(session: Session, edition: Edition) -> Words:
    before = items(session, str(Month.parse(edition.month).plus(-1)), local_date(edition.cutoff_at))
    steps = {step.stage: step for step in session.scalars(select(EditionStep).where(EditionStep.edition_id == edition.id))}
    remarks = session.scalars(select(EditionRemark).where(EditionRemark.month == edition.month).order_by(EditionRemark.written_at))
    return Words(
        remark=_newest(session, edition.month, REMARK),
        request=_newest(session, edition.month, REQUEST),
        requests=items(session, edition.month, local_date(edition.cutoff_at)),
        earlier=(_count(before, "done"), _count(before, "doing"), _count(before, "late")),
        settled=before,
        asked="in_comment" in steps,
        explanations=_explanations(session, edition),
        objections=_objections(session, edition),
        observers=[Said(row.text, row.author_name) for row in remarks],
        corrects=steps["cut_off"].reason if "cut_off" in steps and workflow.corrected(session, edition) is not None else "",
        corrected=_corrected(session, edition),
        claims=quoted.claims(session),
        official=quoted.official(session, edition),
    )


def history(session: Session, month: str, part: str) -> list[ReportText]:
    """Every state of a human part, newest first."""
    query = select(ReportText).where(ReportText.month == month, ReportText.part == part)
    return list(session.scalars(query.order_by(ReportText.id.desc())))


def items(session: Session, month: str, on: date) -> list[Item]:
    """A month's requests that were not withdrawn, in the order in which they were written; their state on a day."""
    query = select(ReportRequest).where(ReportRequest.month == month, ReportRequest.withdrawn_at.is_(None)).order_by(ReportRequest.id)
    return [
        Item(row.id, row.addressee, row.deed, row.due_on, row.author_name, _state(row, on), row.settled_on, row.settled_note)
        for row in session.scalars(query)
    ]


def write_text(month: Month, part: str, text: str, login: str, now: datetime) -> None:
    """Put a new state of a human part on top. An empty text takes the part back. Raises ``InputError`` where it is too long or late."""
    text = mask("\n".join(line.rstrip() for line in text.strip().splitlines()))
    if part not in PARTS:
        raise InputError("Báo cáo không có phần này.", "The report has no such part.")
    if len(text) > LONGEST[part]:
        raise InputError(
            f"Phần này dài quá {LONGEST[part]} ký tự. Hãy rút gọn.",
            f"This part is longer than {LONGEST[part]} characters. Shorten it.",
            field="text",
        )
    with writing() as session:
        person = _writer(session, month, login)
        session.add(
            ReportText(month=str(month), part=part, text=text, author=person.login, author_name=person.name, written_at=now)
        )  # fmt: skip
        audit.record(session, "report.write", str(month), actor=person.login, part=part, length=len(text))


def add_request(month: Month, addressee: str, deed: str, due_on: date | None, login: str, now: datetime) -> int:
    """Ask something of an agency. Returns its number. Raises ``InputError`` naming the field."""
    addressee, deed = mask(" ".join(addressee.split())), mask(" ".join(deed.split()))
    if not 2 <= len(addressee) <= LONGEST_NAME:
        raise InputError("Ghi tên cơ quan được đề nghị.", "Name the agency that is asked.", field="addressee")
    if not 5 <= len(deed) <= LONGEST_DEED:
        raise InputError(
            f"Việc đề nghị dài từ 5 đến {LONGEST_DEED} ký tự.", f"What is asked takes 5 to {LONGEST_DEED} characters.", field="deed"
        )
    if due_on is not None and due_on <= month.last_day:
        raise InputError("Thời hạn phải sau kỳ số liệu.", "The day must lie after the month.", field="due_on")
    with writing() as session:
        person = _writer(session, month, login)
        entry = ReportRequest(
            month=str(month),
            addressee=addressee,
            deed=deed,
            due_on=due_on,
            author=person.login,
            author_name=person.name,
            written_at=now,
        )
        session.add(entry)
        session.flush()
        audit.record(session, "report.request", str(month), actor=person.login, id=entry.id)
        return entry.id


def withdraw_request(number: int, login: str, now: datetime) -> None:
    """Take a request back before the report is published. Raises ``InputError`` where there is none, or it is too late."""
    with writing() as session:
        entry = session.get(ReportRequest, number)
        if entry is None or entry.withdrawn_at is not None:
            raise InputError("Không có việc đề nghị này.", "There is no such request.")
        person = _writer(session, Month.parse(entry.month), login)
        entry.withdrawn_by, entry.withdrawn_at = person.login, now
        audit.record(session, "report.withdraw", entry.month, actor=person.login, id=number)


def settle_request(number: int, settled_on: date, note: str, login: str, now: datetime) -> None:
    """Note that a request was done, on which day, and by what that is known. Raises ``InputError`` naming the field."""
    note = mask(" ".join(note.split()))
    if not 5 <= len(note) <= LONGEST_DEED:
        raise InputError(
            "Ghi căn cứ để biết việc đã xong (số văn bản, ngày kết nối…).",
            "Say by what it is known to be done (document, day of connection …).",
            field="note",
        )
    if settled_on > local_date(now):
        raise InputError("Ngày xong không thể ở tương lai.", "The day of completion cannot lie ahead.", field="settled_on")
    with writing() as session:
        entry = session.get(ReportRequest, number)
        if entry is None or entry.withdrawn_at is not None or entry.settled_on is not None:
            raise InputError("Việc này không còn chờ kết quả.", "This request is not waiting for its outcome.")
        entry.settled_on, entry.settled_note, entry.settled_by, entry.settled_at = settled_on, note, login, now
        audit.record(session, "report.settle", entry.month, actor=login, id=number)


def _writer(session: Session, month: Month, login: str) -> User:
    """The person, as long as the month's report is still to be written."""
    person: User | None = session.scalar(select(User).where(User.login == login))
    if person is None or not person.active:
        raise InputError(f"Không có tài khoản {login}.", f"There is no account {login}.")
    if (closed := closed_by(session, month)) is not None:
        raise closed
    return person


def closed_by(session: Session, month: Month) -> InputError | None:
    """Why the human parts of a month's report cannot be written any more; None while they can.

    They are frozen from the moment in which the newest version has its number: what is signed is what was read before.
    """
    query = select(Edition).where(Edition.month == str(month), Edition.version > 0).order_by(Edition.version.desc())
    newest = session.scalar(query.limit(1))
    if newest is None:
        return None
    if newest.state in PUBLIC_STATES:
        return InputError(
            "Báo cáo tháng này đã công bố, không sửa được nữa. Đính chính bằng một phiên bản mới.",
            "This month's report is published and cannot be changed any more. Correct it by a new version.",
        )
    publication = publication_of(session, newest.id)
    if publication is None:
        return None
    if publication.signed_at is not None:
        return InputError(
            f"Báo cáo số {publication.number} đã ký, phần do người viết không sửa được nữa. Đính chính bằng một phiên bản mới.",
            f"Report {publication.number} is signed; its human parts cannot be changed any more. Correct it by a new version.",
        )
    return InputError(
        f"Báo cáo đã lấy số {publication.number}, phần do người viết đã khóa. Muốn sửa thì trả lại số, sửa rồi lấy số lại.",
        f"The report has its number {publication.number}; its human parts are frozen. To change them give the number back first.",
    )


def _newest(session: Session, month: str, part: str) -> Said | None:
    found = history(session, month, part)[:1]
    return Said(found[0].text, found[0].author_name) if found and found[0].text else None


def _state(row: ReportRequest, on: date) -> str:
    if row.settled_on is not None and row.settled_on <= on:
        return "done"
    return "late" if row.due_on is not None and row.due_on < on else "doing"


def _count(rows: Sequence[Item], state: str) -> int:
    return sum(row.state == state for row in rows)


def _explanations(session: Session, edition: Edition) -> list[Explanation]:
    query = (
        select(DraftComment)
        .where(DraftComment.month == edition.month, DraftComment.kind == "explanation", DraftComment.withdrawn_at.is_(None))
        .where(DraftComment.version <= edition.version)  # what is said of a correction is not in what it corrects
        .order_by(DraftComment.unit_code, DraftComment.id)
    )
    newest = {row.unit_code: row for row in session.scalars(query)}
    return [Explanation(row.unit_code, row.text, row.answer) for row in newest.values()]


def _objections(session: Session, edition: Edition) -> list[Objection]:
    comments = [one for one in draft_comments.of_month(session, edition.month) if one.kind == draft_comments.OBJECTION]
    return [
        Objection(
            one.unit_code,
            one.subject,
            drafts.about(session, one),
            one.text,
            one.verdict or "",
            one.answer,
            one.verdict == "accepted" and one.answered_at is not None and one.answered_at >= edition.cutoff_at,
        )
        for one in comments
        if one.version <= edition.version
    ]


def _corrected(session: Session, edition: Edition) -> list[Erratum]:
    """Later versions of earlier months that were published between the report before this one, by its first version, and this one."""
    public = select(Edition).where(Edition.month < edition.month, Edition.version > 0, Edition.published_at.is_not(None))
    last = session.scalar(public.order_by(Edition.month.desc(), Edition.published_at).limit(1))
    if last is None:
        return []
    query = (
        select(Edition, EditionStep.reason)
        .outerjoin(EditionStep, (EditionStep.edition_id == Edition.id) & (EditionStep.stage == "cut_off"))
        .where(Edition.version > 1, Edition.month < edition.month, Edition.published_at > last.published_at)
        .where(or_(*(Edition.state == state for state in PUBLIC_STATES)))
        .where(true() if edition.published_at is None else Edition.published_at <= edition.published_at)
        .order_by(Edition.month, Edition.version)
    )
    found = ((one, reason, workflow.corrected(session, one)) for one, reason in session.execute(query))
    return [Erratum(one.month, one.version, reason or "", _changes(session, one, old)) for one, reason, old in found if old is not None]


def _changes(session: Session, edition: Edition, before: Edition) -> list[str]:
    """Which of the nation's leading figures differ from the published version before, each with both values."""
    old, new = (queries.figure_map(session, one, "nation", [COUNTRY], LEADING) for one in (before, edition))
    found = []
    for indicator in LEADING:
        variant = "upper" if indicator == "asked_again_recorded" else "raw"
        was, now = (
            leading_rate(figures, COUNTRY) if indicator == "satisfaction" else figures.get((COUNTRY, indicator, variant))
            for figures in (old, new)
        )
        told = [words.rate(figure) for figure in (was, now)]
        if told[0] != told[1]:
            name = pick(INDICATORS[indicator].name_vi, INDICATORS[indicator].name_en)
            found.append(_("%(name)s: %(was)s nay là %(now)s.", name=name, was=told[0], now=told[1]))
    return found
