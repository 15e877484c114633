"""Reads: editions with files, and the stored files themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.calendar import Month
from exports.models import ExportFile
from exports.names import DATA, REPORT, file_name
from scorecard.models import Edition

DRAFT_STATES = ("closed", "published")


@dataclass(frozen=True)
class Shelf:
    """A published edition and its stored files; a file that is not stored yet is None."""

    edition: Edition
    report: ExportFile | None
    csv: ExportFile | None
    json: ExportFile | None


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
