"""The page about satisfaction."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from core.access import PUBLIC, access
from core.calendar import Month
from core.database import reading
from procedures.queries import units
from scorecard.asked_edition import asked_edition
from scorecard.pages import satisfaction as page

blueprint = Blueprint("satisfaction", __name__)


@blueprint.get("/satisfaction")
@access(PUBLIC)
def satisfaction() -> ResponseReturnValue:
    """The rate with its doubts, its parts, what goes along with it, who can be compared and who cannot."""
    session = reading()
    edition = asked_edition()
    if edition is None:
        return render_template("public/satisfaction.html", page=None, edition=None)
    built = page.build(session, edition, units(session, Month.parse(edition.month).last_day))
    return render_template("public/satisfaction.html", page=built, edition=edition)
