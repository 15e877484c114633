"""The official number and date of an edition's report; from then on the report is final. A simulated edition never has one."""

import re
from datetime import date, datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from core import audit
from core.calendar import Month, local_date
from core.database import writing
from core.errors import InputError
from exports import report_words
from exports.models import ExportFile, Publication
from exports.names import REPORT, SIGNED, file_name
from exports.operations import want
from exports.profiles import profile
from exports.queries import publication_of
from scorecard.models import Edition
from scorecard.workflow import LEAST_REASON

NUMBER_FORM = re.compile(r"[1-9]\d{0,5}/[A-ZĐ]+(-[A-ZĐ]+)*")
AHEAD = timedelta(days=7)  # a number may be taken for a day soon to come


def refuse_simulated(edition: Edition, vi: str, en: str) -> None:
    """Raise ``InputError`` for simulated figures. ``vi``, ``en``: what they can not be."""
    if edition.simulated:
        raise InputError(
            f"Kỳ {edition.month} là số liệu mô phỏng, không được {vi}: báo cáo mô phỏng không bao giờ được giống báo cáo thật. "
            "Chỉ làm việc này với số liệu thật.",
            f"{edition.month} is simulated and can not be {en}: a simulated report must never pass for a real one. "
            "Do this with real data only.",
        )


def take_number(edition_id: int, number: str, dated_on: date, login: str, now: datetime) -> Publication:
    """Give a reviewed edition its number and date, and ask for its final report.

    Until the report is signed or published, a wrong number may be mended by taking another. Raises ``InputError`` for a simulated,
    unreviewed, published or signed edition, and for a number or day that can not be.
    """
    with writing() as session:
        edition = session.get(Edition, edition_id)
        if edition is None:
            raise InputError("Không có kỳ này.", "There is no such edition.")
        refuse_simulated(edition, "lấy số", "numbered")
        known = publication_of(session, edition_id)
        if edition.state != "closed" or edition.reviewed_by is None:
            raise InputError(
                "Chỉ lấy số cho kỳ đã soát xét và chưa công bố. Hãy soát xét trước; nếu đã công bố thì lập phiên bản đính chính.",
                "Only a reviewed edition that is not published yet is numbered. Review it first; once published, make a correction.",
            )
        if known is not None and known.signed_way is not None:
            raise InputError("Báo cáo đã ký, không đổi số được nữa.", "The report is signed; its number can not change any more.")
        _check(session, edition, number, dated_on, now)
        if known is None:
            known = Publication(edition_id=edition_id, number=number, dated_on=dated_on, numbered_by=login, numbered_at=now)
            session.add(known)
            report_words.freeze(session, edition, now)
        else:
            known.number, known.dated_on, known.numbered_by, known.numbered_at = number, dated_on, login, now
            # Whatever its state: one that is being drawn this moment may carry the number before.
            final = ExportFile.name == file_name(edition, REPORT, "pdf", numbered=True)
            for file in session.scalars(select(ExportFile).where(ExportFile.edition_id == edition_id, final)):
                file.state, file.wanted_by, file.wanted_at, file.error = "wanted", login, now, ""
        session.flush()
        want(session, edition_id, login, now, missing_only=True)
        subject = f"{edition.month} v{edition.version}"
        audit.record(session, "edition.number", subject, actor=login, number=number, dated_on=dated_on.isoformat())
        session.expunge(known)
    return known


def give_back(edition_id: int, reason: str, login: str, now: datetime) -> None:
    """Take the number off a report that is neither signed nor published, so that its human parts can be written again.

    What was built with the number is kept and known to /verify as replaced. Raises ``InputError`` otherwise, and without a reason.
    """
    with writing() as session:
        edition, known = session.get(Edition, edition_id), publication_of(session, edition_id)
        if edition is None or known is None or known.signed_way is not None or edition.state != "closed":
            raise InputError(
                "Chỉ trả lại được số của báo cáo đã lấy số, chưa ký và chưa công bố.",
                "Only the number of a report that is neither signed nor published can be given back.",
            )
        if len(reason.strip()) < LEAST_REASON:
            raise InputError(
                f"Ghi lý do trả lại số, từ {LEAST_REASON} ký tự.", f"State why, in {LEAST_REASON} letters or more.", field="reason"
            )
        final = file_name(edition, REPORT, "pdf", numbered=True)
        gone = or_(ExportFile.name == final, ExportFile.kind == SIGNED)  # also a signed file that was handed over and not taken
        session.execute(delete(ExportFile).where(ExportFile.edition_id == edition_id, gone))
        subject = f"{edition.month} v{edition.version}"
        audit.record(session, "edition.number_back", subject, actor=login, at=now.isoformat(), number=known.number, reason=reason.strip())
        report_words.thaw(session, edition_id)
        session.delete(known)


def _check(session: Session, edition: Edition, number: str, dated_on: date, now: datetime) -> None:
    """Raise ``InputError`` where no report can carry this number and day."""
    month = Month.parse(edition.month)
    symbol = profile(month.last_day, simulated=False).symbol
    if not NUMBER_FORM.fullmatch(number) or number.partition("/")[2] != symbol:
        raise InputError(
            f"Số “{number}” không đúng dạng. Ghi như 123/{symbol}.", f"“{number}” is no number. Write it like 123/{symbol}.", field="number"
        )
    first, last = local_date(edition.cutoff_at), local_date(now) + AHEAD
    if not first <= dated_on <= last:
        raise InputError(
            f"Ngày {dated_on:%d/%m/%Y} phải từ ngày chốt số liệu {first:%d/%m/%Y} đến {last:%d/%m/%Y}.",
            f"The day {dated_on.isoformat()} must lie between the cut-off {first.isoformat()} and {last.isoformat()}.",
            field="dated_on",
        )
    same = select(Publication).where(Publication.number == number, Publication.edition_id != edition.id)
    issued = or_(Edition.state != "superseded", Edition.published_at.is_not(None), Publication.signed_at.is_not(None))  # else it is free
    same = same.join(Edition).where(issued)
    if taken := next((other for other in session.scalars(same) if other.dated_on.year == dated_on.year), None):
        raise InputError(
            f"Số {number} của năm {dated_on.year} đã dùng cho kỳ {taken.edition.month}, phiên bản {taken.edition.version}.",
            f"Number {number} of {dated_on.year} is used for {taken.edition.month}, version {taken.edition.version}.",
            field="number",
        )
