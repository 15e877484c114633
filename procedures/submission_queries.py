"""Reads behind the pages about what was sent in: whose sources, which submissions, which rows wait for a code."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from procedures.models import NATIONAL, Source, Submission, Unit
from procedures.quarantine import for_codes, origin
from procedures.queries import own_units


def sources(session: Session, unit_code: str | None, on: date) -> list[Source]:
    """The sources for which someone of a unit (None: of the office) may send, by name."""
    wanted = select(Source).options(selectinload(Source.unit)).order_by(Source.name, Source.code)
    if unit_code is not None:
        own = own_units(session, unit_code, on)
        wanted = wanted.join(Unit, Unit.id == Source.unit_id).where(Unit.code.in_(own), Unit.list_code == NATIONAL)
    return list(session.scalars(wanted))


def listed(session: Session, source_ids: Collection[int], state: str | None, offset: int, limit: int) -> tuple[list[Submission], int]:
    """One page of the submissions of some sources, newest first, and how many there are in all."""
    wanted = select(Submission).where(Submission.source_id.in_(source_ids))
    if state is not None:
        wanted = wanted.where(Submission.state == state)
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    newest = wanted.options(selectinload(Submission.source)).order_by(Submission.received_at.desc(), Submission.id.desc())
    return list(session.scalars(newest.offset(offset).limit(limit))), total


def last_profile(session: Session, source_id: int) -> str | None:
    """The profile with which a source last sent something that could be read."""
    return session.scalar(
        select(Submission.profile)
        .where(Submission.source_id == source_id, Submission.state != "rejected")
        .order_by(Submission.received_at.desc(), Submission.id.desc())
        .limit(1)
    )


def released(session: Session, submission: Submission) -> list[Submission]:
    """The later submissions that took rows which this one had held back, oldest first."""
    return list(session.scalars(select(Submission).where(Submission.parent_id == submission.id).order_by(Submission.id)))


def waiting_for_codes(session: Session, source_ids: Collection[int], since: datetime) -> list[Submission]:
    """Submissions that still hold rows back for an unknown code and whose file was received since then, newest first."""
    found = session.scalars(
        select(Submission)
        .where(
            Submission.source_id.in_(source_ids),
            Submission.rows_quarantined > Submission.rows_released,
            Submission.received_at >= since,
            Submission.finished_at.is_not(None),
        )
        .options(selectinload(Submission.source))
        .order_by(Submission.received_at.desc(), Submission.id.desc())
    )
    held = (submission for submission in found if for_codes(submission))
    return [submission for submission in held if origin(submission).received_at >= since]
