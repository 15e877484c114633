"""Which published month a page's address asks for."""

from flask import abort, request

from core.calendar import Month
from core.database import reading
from scorecard import queries
from scorecard.models import Edition


def asked_edition() -> Edition | None:
    """The published edition of the month in the address (404 if there is none), or without one the newest; None where there is none."""
    text = request.args.get("month")
    if not text:
        return queries.latest_published(reading())
    try:
        return queries.edition_of(reading(), Month.parse(text)) or abort(404)
    except ValueError:
        abort(404)
