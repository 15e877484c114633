"""What the office's page shows of an edition's publication: number, signature, files, receipts, and what is still to be done."""

from typing import Any

from flask import has_request_context, url_for
from sqlalchemy.orm import Session

from core import numbers
from core.calendar import TIMEZONE
from core.text import _
from core.web import language
from exports import queries
from exports.models import MonitoringAttempt, MonitoringDelivery, Publication
from exports.names import FILES, REPORT, SIGNED, is_public
from exports.report_models import REMARK, REQUEST
from exports.report_words import history
from scorecard.models import Edition
from scorecard.release import Blocker, File, Mark, Receipt, Release
from scorecard.workflow import Obstacle


def release(session: Session, edition: Edition) -> Release:
    """The hook behind ``scorecard.release.release_of``. Addresses are empty outside a request."""
    publication = queries.publication_of(session, edition.id)
    delivery = queries.delivery(session, edition.id)
    stored = queries.stored(session, edition, REPORT, "pdf") is not None
    files = [file for file in queries.files(session, edition.id) if file.kind]
    return Release(
        numbers=not edition.simulated,
        numbered=Mark(publication.numbered_by, publication.numbered_at, publication.number) if publication else None,
        signed=_signed(publication),
        sent=_sent(delivery),
        is_stored=is_public(edition) and stored,
        lacking=() if edition.simulated else tuple(_lacking(publication, stored)),
        unsigned=not edition.simulated and publication is not None and publication.signed_at is None,
        files=tuple(_file(edition, file) for file in files),
        receipts=tuple(_receipt(each) for each in queries.attempts(session, delivery.id)) if delivery is not None else (),
        blockers=tuple(_blockers(session, edition, publication, delivery, files)),
    )


def _lacking(publication: Publication | None, stored: bool) -> list[Obstacle]:
    """What must be there before a real edition is published: its number, and the final report that carries it."""
    if publication is None:
        return [Obstacle("unnumbered", "báo cáo chưa lấy số", "the report has no number")]
    return [] if stored else [Obstacle("unbuilt", "bản cuối của báo cáo chưa dựng xong", "the final report is not built yet")]


def _door(endpoint: str, **values: Any) -> str:
    return url_for(endpoint, **values) if has_request_context() else ""


def _signed(publication: Publication | None) -> Mark | None:
    if publication is None or publication.signed_at is None:
        return None
    return Mark(publication.signed_by or "", publication.signed_at, publication.number)


def _sent(delivery: MonitoringDelivery | None) -> Mark | None:
    if delivery is None or delivery.received_at is None:
        return None
    return Mark(delivery.asked_by, delivery.received_at, _("đưa lên bằng tay") if delivery.state == "by_hand" else _("có biên nhận"))


def _file(edition: Edition, file: Any) -> File:
    address = _door("exports.named_file", name=file.name) if file.state == "stored" else ""
    state = {"wanted": _("đang chờ lập"), "building": _("đang lập"), "stored": _("đã có"), "failed": _("lập không được")}[file.state]
    return File(file.name, state, address, file.size, file.sha256, file.error)


def _receipt(attempt: MonitoringAttempt) -> Receipt:
    words = {"received": _("đã nhận"), "again": _("chưa được, sẽ gửi lại"), "refused": _("bị từ chối")}.get(
        attempt.outcome, attempt.outcome
    )
    code = f" ({attempt.status})" if attempt.status else ""
    return Receipt(attempt.at, f"{words}{code}: {attempt.message}" if attempt.message else f"{words}{code}", attempt.outcome == "received")


def _blockers(
    session: Session, edition: Edition, publication: Publication | None, delivery: MonitoringDelivery | None, files: list[Any]
) -> list[Blocker]:
    """Between review and receipt: the two human parts, files, number, signature, sending."""
    office, shelf = _("người của văn phòng"), _door("publication.shelf")
    found = []
    if edition.state == "closed" and publication is None:  # with the number they are frozen
        missing = [name for part, name in ((REMARK, _("Nhận xét")), (REQUEST, _("Đề nghị"))) if not history(session, edition.month, part)]
        if missing:
            said = _("Báo cáo chưa có phần: %(parts)s.", parts=", ".join(missing))
            found.append(Blocker(said, office, _("Viết"), link=_door("papers.words", month=edition.month)))
    failed = [file.name for file in files if file.state == "failed" and file.kind != SIGNED]  # a signed file is brought, not made
    door = _door("publication.build", edition_id=edition.id)
    if failed:
        said = _("Có %(n)s tệp lập không được: %(name)s.", n=len(failed), name=failed[0])
        found.append(Blocker(said, _("máy"), _("Lập lại"), door))
    elif len(files) < len(FILES):
        found.append(Blocker(_("Chưa có đủ tệp của báo cáo."), _("máy"), _("Lập các tệp"), door))
    if not edition.simulated:
        if publication is None:
            found.append(Blocker(_("Chưa lấy số văn bản."), _("văn thư"), _("Lấy số"), link=shelf))
        elif publication.signed_at is None:
            said = _("Số %(number)s, chưa có chữ ký.", number=publication.number)
            found.append(Blocker(said, _("người ký"), _("Ký hoặc nhận bản ký"), link=shelf))
        if edition.state == "published" and (delivery is None or delivery.received_at is None):
            found.append(Blocker(_sending(delivery), office, _("Gửi hoặc tải gói"), link=shelf))
    return found


def _sending(delivery: MonitoringDelivery | None) -> str:
    if delivery is None:
        return _("Chưa gửi Hệ thống theo dõi Nghị quyết 57.")
    if delivery.state == "refused":
        return _("Hệ thống theo dõi từ chối nhận.")
    moment = delivery.next_at.astimezone(TIMEZONE)
    return _("Đang gửi Hệ thống theo dõi, lần sau lúc %(hour)s ngày %(day)s.", hour=f"{moment:%H:%M}", day=numbers.day(moment, language()))
