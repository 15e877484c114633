"""Reads: editions with files, and the stored files themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.calendar import Month
from exports.models import ExportFile
from exports.names import DATA, DRAFT_STATES, FILES, REPORT, file_name
from scorecard.models import Edition


@dataclass(frozen=True)
class Shelf:
    """A published edition and its stored files; a file that is not stored yet is None."""

    edition: Edition
    report: ExportFile | None
    csv: ExportFile | None
    json: ExportFile | None


@dataclass(frozen=True)
class Desk:
    """An edition as the office sees it: its files in any state, and whether all are stored."""

    edition: Edition
    files: Sequence[ExportFile]
    complete: bool


def newest_edition(session: Session, month: Month | None, include_drafts: bool) -> Edition | None:
    """The newest edition of a month (None: of any month): published, or also one that waits to be published."""
    states = DRAFT_STATES if include_drafts else ("published",)
    query = select(Edition).where(Edition.state.in_(states)).order_by(Edition.month.desc(), Edition.version.desc()).limit(1)
    if month is not None:
        query = query.where(Edition.month == str(month))
    return session.scalar(query)


def files(session: Session, edition_id: int) -> Sequence[ExportFile]:
    """Every file of an edition in any state, for the office's eyes."""
    return session.scalars(select(ExportFile).where(ExportFile.edition_id == edition_id).order_by(ExportFile.id)).all()


def stored(session: Session, edition: Edition, kind: str, extension: str) -> ExportFile | None:
    """The stored file of an edition in its present state, or None."""
    return session.scalar(
        select(ExportFile).where(
            ExportFile.edition_id == edition.id,
            ExportFile.kind == kind,
            ExportFile.name == file_name(edition, kind, extension),
            ExportFile.state == "stored",
        )
    )


def shelves(session: Session) -> list[Shelf]:
    """Every published edition, newest month first."""
    query = select(Edition).where(Edition.state == "published").order_by(Edition.month.desc(), Edition.version.desc())
    return [
        Shelf(
            edition,
            stored(session, edition, REPORT, "pdf"),
            stored(session, edition, DATA, "csv"),
            stored(session, edition, DATA, "json"),
        )
        for edition in session.scalars(query)
    ]


def newest_stored_report(session: Session) -> ExportFile | None:
    """The stored report of the newest published month that has one."""
    return next((shelf.report for shelf in shelves(session) if shelf.report is not None), None)


def desks(session: Session) -> list[Desk]:
    """Editions of which files can be made, newest first."""
    query = select(Edition).where(Edition.state.in_(DRAFT_STATES)).order_by(Edition.month.desc(), Edition.version.desc())
    found = []
    for edition in session.scalars(query).all():
        names = {file_name(edition, kind, extension) for kind, extension in FILES}
        every = [file for file in files(session, edition.id) if file.name in names]
        found.append(Desk(edition, every, len(every) == len(FILES) and all(file.state == "stored" for file in every)))
    return found
