"""Reads: editions with files, the stored files themselves, numbers and signatures, digests, deliveries and their receipts."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.calendar import Month
from exports.models import ExportFile, FileDigest, MonitoringAttempt, MonitoringDelivery, Publication
from exports.names import DATA, DICTIONARY, DRAFT_STATES, ENGLISH, FILES, REPORT, SIGNED, file_name, is_public
from scorecard.models import Edition

PUBLIC = or_(Edition.state == "published", (Edition.state == "superseded") & Edition.published_at.is_not(None))  # as names.is_public


@dataclass(frozen=True)
class Shelf:
    """A published edition and its stored files; a file that is not stored yet is None. ``report``: the signed one, if there is one."""

    edition: Edition
    report: ExportFile | None
    csv: ExportFile | None
    json: ExportFile | None
    xlsx: ExportFile | None = None
    dictionary: ExportFile | None = None
    english: ExportFile | None = None

    @property
    def files(self) -> list[ExportFile]:
        """Those that are stored."""
        return [file for file in (self.report, self.xlsx, self.csv, self.json, self.dictionary) if file is not None]


@dataclass(frozen=True)
class Desk:
    """An edition as the office sees it: its files in any state, and whether all are stored."""

    edition: Edition
    files: Sequence[ExportFile]
    complete: bool
    publication: Publication | None = None


def newest_edition(session: Session, month: Month | None, include_drafts: bool) -> Edition | None:
    """The newest edition of a month (None: of any month): published, or also one that waits to be published."""
    states = DRAFT_STATES if include_drafts else ("published",)
    query = select(Edition).where(Edition.state.in_(states)).order_by(Edition.month.desc(), Edition.version.desc()).limit(1)
    if month is not None:
        query = query.where(Edition.month == str(month))
    return session.scalar(query)


def version_of(session: Session, month: Month, version: int | None) -> Edition | None:
    """A month's version; None: its newest closed or published one."""
    if version is None:
        return newest_edition(session, month, include_drafts=True)
    return session.scalar(select(Edition).where(Edition.month == str(month), Edition.version == version, Edition.version > 0))


def public_editions(session: Session) -> list[Edition]:
    """Every version that was ever published, newest month and version first."""
    return list(session.scalars(select(Edition).where(PUBLIC).order_by(Edition.month.desc(), Edition.version.desc())))


def publication_of(session: Session, edition_id: int) -> Publication | None:
    """An edition's number and signature; None while it has no number."""
    return session.scalar(select(Publication).where(Publication.edition_id == edition_id))


def name_of(session: Session, edition: Edition, kind: str, extension: str, subject: str = "") -> str:
    """The name that an edition's file has in its present state."""
    return file_name(edition, kind, extension, numbered=publication_of(session, edition.id) is not None, subject=subject)


def files(session: Session, edition_id: int) -> Sequence[ExportFile]:
    """Every file of an edition in any state, for the office's eyes."""
    return session.scalars(select(ExportFile).where(ExportFile.edition_id == edition_id).order_by(ExportFile.id)).all()


def stored(session: Session, edition: Edition, kind: str, extension: str) -> ExportFile | None:
    """The stored file of an edition in its present state, or None. The report: the signed one, if there is one."""
    kinds = (SIGNED, REPORT) if kind == REPORT else (kind,)
    for one in kinds:
        found = session.scalar(
            select(ExportFile).where(
                ExportFile.edition_id == edition.id,
                ExportFile.kind == one,
                ExportFile.name == name_of(session, edition, one, extension),
                ExportFile.state == "stored",
            )
        )
        if found is not None:
            return found
    return None


def shelf(session: Session, edition: Edition) -> Shelf:
    """An edition with what is stored of it."""
    return Shelf(
        edition,
        stored(session, edition, REPORT, "pdf"),
        stored(session, edition, DATA, "csv"),
        stored(session, edition, DATA, "json"),
        stored(session, edition, DATA, "xlsx"),
        stored(session, edition, DICTIONARY, "csv"),
        stored(session, edition, ENGLISH, "pdf"),
    )


def shelves(session: Session) -> list[Shelf]:
    """Every published edition, newest month first."""
    query = select(Edition).where(Edition.state == "published").order_by(Edition.month.desc(), Edition.version.desc())
    return [shelf(session, edition) for edition in session.scalars(query).all()]


def newest_stored_report(session: Session) -> ExportFile | None:
    """The stored report of the newest published month that has one."""
    return next((shelf.report for shelf in shelves(session) if shelf.report is not None), None)


def named(session: Session, name: str) -> ExportFile | None:
    """The stored file of this name, whoever may have it: names tell month, version and stage, and are never used twice."""
    return session.scalar(select(ExportFile).where(ExportFile.name == name, ExportFile.state == "stored"))


def desks(session: Session) -> list[Desk]:
    """Editions of which files can be made, newest first."""
    query = select(Edition).where(Edition.state.in_(DRAFT_STATES)).order_by(Edition.month.desc(), Edition.version.desc())
    found = []
    for edition in session.scalars(query).all():
        names = {name_of(session, edition, kind, extension) for kind, extension in FILES}
        every = [file for file in files(session, edition.id) if file.name in names or file.kind == SIGNED]
        complete = len(every) >= len(FILES) and all(file.state == "stored" for file in every)
        found.append(Desk(edition, every, complete, publication_of(session, edition.id)))
    return found


def versions(session: Session, month: Month | None = None) -> list[Desk]:
    """Every version of a month (None: of all months) that was ever closed, with all its files; newest first. For the office."""
    query = select(Edition).where(Edition.version > 0, Edition.state.in_((*DRAFT_STATES, "superseded")))
    if month is not None:
        query = query.where(Edition.month == str(month))
    found = []
    for edition in session.scalars(query.order_by(Edition.month.desc(), Edition.version.desc())).all():
        every = files(session, edition.id)
        complete = bool(every) and all(file.state == "stored" for file in every)
        found.append(Desk(edition, every, complete, publication_of(session, edition.id)))
    return found


def published_digests(session: Session) -> list[FileDigest]:
    """Final and signed files of every version that was ever published, newest first."""
    query = select(FileDigest).join(Edition).where(PUBLIC, FileDigest.stage != "draft")
    return list(session.scalars(query.order_by(Edition.month.desc(), Edition.version.desc(), FileDigest.id)))


def delivery(session: Session, edition_id: int) -> MonitoringDelivery | None:
    """What became of sending an edition to the Monitoring System; None: nothing was sent."""
    return session.scalar(select(MonitoringDelivery).where(MonitoringDelivery.edition_id == edition_id))


def deliveries(session: Session) -> list[MonitoringDelivery]:
    """All deliveries, the newest edition first, with their receipts."""
    query = select(MonitoringDelivery).join(Edition).order_by(Edition.month.desc(), Edition.version.desc())
    return list(session.scalars(query))


def attempts(session: Session, delivery_id: int) -> list[MonitoringAttempt]:
    """Every attempt to deliver, the last one first."""
    query = select(MonitoringAttempt).where(MonitoringAttempt.delivery_id == delivery_id)
    return list(session.scalars(query.order_by(MonitoringAttempt.id.desc())))


__all__ = [
    "Desk",
    "Shelf",
    "attempts",
    "deliveries",
    "delivery",
    "desks",
    "files",
    "is_public",
    "name_of",
    "named",
    "newest_edition",
    "newest_stored_report",
    "public_editions",
    "publication_of",
    "published_digests",
    "shelf",
    "shelves",
    "stored",
    "version_of",
    "versions",
]
