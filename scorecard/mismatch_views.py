"""The page of what does not match."""

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from core.access import PUBLIC, access
from core.calendar import Month
from core.database import reading
from procedures.queries import units as all_units
from scorecard.asked_edition import asked_edition
from scorecard.figures import COUNTRY
from scorecard.pages import mismatch as page
from scorecard.pages import places

blueprint = Blueprint("mismatch", __name__)


@blueprint.get("/mismatch")
@access(PUBLIC)
def mismatch() -> ResponseReturnValue:
    """A published month, for the nation or a unit; a commune over twelve months."""
    session = reading()
    edition, code = asked_edition(), request.args.get("place") or COUNTRY
    if edition is None:
        return render_template("public/mismatch.html", page=None)
    units = all_units(session, Month.parse(edition.month).last_day)
    if code != COUNTRY and (code not in units or units[code].kind == "nation"):
        abort(404)
    built = page.build(session, edition, code, units)
    return render_template("public/mismatch.html", page=built, edition=edition, provinces=places.listed_provinces(units))
