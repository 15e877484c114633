"""Pages: online service of the country, of a unit and of a sector; providers of systems."""

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core.access import PUBLIC, access
from core.calendar import Month, local_date, utc_now
from core.database import reading
from procedures.queries import units as all_units
from scorecard import queries
from scorecard.asked_edition import asked_edition
from scorecard.pages import csvfile, places, services, unit_services

blueprint = Blueprint("services", __name__)


@blueprint.get("/availability")
@access(PUBLIC)
def availability() -> ResponseReturnValue:
    """What is declared online, what is used, what takes effect."""
    edition = asked_edition()
    page = services.availability(reading(), edition) if edition else None
    return render_template("public/availability.html", page=page, first=services.FIRST)


@blueprint.get("/availability/<name>.csv")
@access(PUBLIC)
def table_csv(name: str) -> ResponseReturnValue:
    """One of the page's lists whole, as a file."""
    if name not in ("phantom_services", "level_differences"):
        abort(404)
    edition = asked_edition() or abort(404)
    table = queries.edition_table(edition, name)
    rows = table.assign(simulated=int(edition.simulated)).astype(object).itertuples(index=False, name=None)
    return csvfile.download(
        csvfile.file_name(name.replace("_", "-"), edition.month, "VN", edition.simulated), [*table.columns, "simulated"], rows
    )


@blueprint.get("/localities/<code>/services")
@access(PUBLIC)
def unit(code: str) -> ResponseReturnValue:
    """One unit: its services, its time under two clocks, its reception, its systems, petitions about it."""
    edition = asked_edition()
    units = all_units(reading(), Month.parse(edition.month).last_day if edition else local_date(utc_now()))
    view = units.get(code)
    if view is None or view.kind == "nation":
        abort(404)
    if view.kind in ("centre", "reception_point") and view.parent_code:  # it serves the place above it
        return redirect(url_for("services.unit", code=view.parent_code))
    page = unit_services.unit_services(reading(), edition, code, units) if edition else None
    return render_template("public/unit_services.html", page=page, code=code, name=places.name(view), first=services.FIRST)


@blueprint.get("/sectors/<code>")
@access(PUBLIC)
def sector(code: str) -> ResponseReturnValue:
    """One field of procedures."""
    edition = asked_edition() or abort(404)
    page = services.sector(reading(), edition, code) or abort(404)
    return render_template("public/sector.html", page=page)


@blueprint.get("/providers")
@access(PUBLIC)
def providers() -> ResponseReturnValue:
    """Suppliers of systems, each charged with its own part only."""
    edition = asked_edition()
    found = services.providers(reading(), edition) if edition else []
    return render_template("public/providers.html", edition=edition, providers=found)


@blueprint.get("/providers/<code>")
@access(PUBLIC)
def provider(code: str) -> ResponseReturnValue:
    """One supplier."""
    edition = asked_edition() or abort(404)
    found = next((item for item in services.providers(reading(), edition) if item.code == code), None) or abort(404)
    return render_template("public/provider.html", edition=edition, provider=found)
