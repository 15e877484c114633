"""Which edition a page's address asks for, and which ones a person may see."""

from flask import abort, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import CENTRE
from core.calendar import Month
from core.database import reading
from core.models import User
from scorecard import queries, workflow
from scorecard.models import Edition
from scorecard.workflow_models import EditionStep


def asked_edition() -> Edition | None:
    """The published edition of the month in the address (404 if there is none), or without one the newest; None where there is none."""
    text = request.args.get("month")
    if not text:
        return queries.latest_published(reading())
    try:
        return queries.edition_of(reading(), Month.parse(text)) or abort(404)
    except ValueError:
        abort(404)


def seen_by(session: Session, user: User) -> list[Edition]:
    """Closed and published editions that a person may see, newest month and version first.

    A unit's people see a draft from the moment on in which every unit is asked about its own: nobody sees it sooner than another.
    """
    found = queries.editions(session)
    if user.role != CENTRE:
        return found
    sent = set(session.scalars(select(EditionStep.edition_id).where(EditionStep.stage == workflow.IN_COMMENT)))
    return [edition for edition in found if edition.state == "published" or edition.id in sent]


def seen_of(session: Session, user: User, month: Month | str) -> Edition | None:
    """The newest edition of a month that a person may see: closed or published, or the running view where it is not closed."""
    found = next((edition for edition in seen_by(session, user) if edition.month == str(month)), None)
    if found is not None:
        return found
    newest = queries.edition_of(session, month, include_unpublished=True)
    return newest if newest is not None and newest.state == "running" else None
