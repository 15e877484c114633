"""Pages about rule sets, and one unit's score in the official index."""

from flask import Blueprint, abort, current_app, render_template, request
from flask.typing import ResponseReturnValue

from core.access import PUBLIC, access
from core.calendar import Month, local_date, utc_now
from core.database import reading
from procedures.queries import units as all_units
from scorecard import official, queries
from scorecard.pages import places
from scorecard.scoring import official_page, pages
from scorecard.scoring.cli import own_rules
from scorecard.scoring.library import library
from scorecard.scoring.schema import CountRules

blueprint = Blueprint("rules", __name__)


@blueprint.get("/rules")
@access(PUBLIC)
def catalogue() -> ResponseReturnValue:
    """All rule sets."""
    entries = library(own_rules()).entries.values()
    return render_template("rules/list.html", listed=[pages.listed(entry) for entry in entries])


@blueprint.get("/rules/<name>")
@access(PUBLIC)
def detail(name: str) -> ResponseReturnValue:
    """One rule set, explained from its own data."""
    entry = library(own_rules()).entries.get(name) or abort(404)
    owner = ""
    if isinstance(entry.rules, CountRules) and entry.rules.owner:
        view = all_units(reading(), local_date(utc_now())).get(entry.rules.owner)
        owner = places.name(view) if view is not None else ""
    return render_template("rules/set.html", page=pages.page(entry, owner), base=getattr(entry.rules, "extends", None))


@blueprint.get("/localities/<code>/index")
@access(PUBLIC)
def index(code: str) -> ResponseReturnValue:
    """A unit's published score in the official index, computed again where its counts are known, and what we count ourselves."""
    session = reading()
    months = official.months(session, code)
    wanted = request.args.get("month") or (months[0] if months else None)
    try:
        month = Month.parse(wanted) if wanted else None
    except ValueError:
        abort(404)
    units = all_units(session, month.last_day if month else local_date(utc_now()))
    view = units.get(code)
    if view is None or (month is not None and str(month) not in months):
        abort(404)
    name = places.name(view)
    if month is None:
        return render_template("rules/index.html", name=name, code=code, page=None)
    edition = queries.edition_of(session, month)
    folder = current_app.extensions["settings"].data_dir / "editions" / edition.folder if edition is not None else None
    page = official_page.build(session, units, code, str(month), edition, folder, own_rules())
    return render_template("rules/index.html", name=name, code=code, page=page, months=[other for other in months if other != str(month)])
