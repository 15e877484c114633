"""The pages: country, locality, procedure, method; the centre's scorecard; the office's desk."""

from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from core.access import ADMIN, CENTRE, OFFICE, PUBLIC, access
from core.calendar import local_date, utc_now
from core.database import reading
from core.web import language
from procedures.queries import is_simulated, procedures_map
from procedures.queries import units as all_units
from scorecard import queries
from scorecard.pages import country, places

blueprint = Blueprint("scorecard", __name__)


@blueprint.app_context_processor
def _shared() -> dict[str, Any]:
    """What every page's frame needs. Also runs for error pages, so it must stand a database that is away."""
    frame: dict[str, Any] = {"site": True, "simulated": False, "viewer": None, "language_link": _language_link}
    with suppress(SQLAlchemyError):
        frame |= {"simulated": is_simulated(reading()), "viewer": current_user if current_user.is_authenticated else None}
    return frame


def _language_link() -> str:
    """This page in the other language."""
    kept = {key: value for key, value in request.args.items() if key != "lang"}
    return f"{request.path}?{urlencode({**kept, 'lang': 'vi' if language() == 'en' else 'en'})}"


@blueprint.get("/")
@access(PUBLIC)
def home() -> ResponseReturnValue:
    """The country at a glance."""
    session = reading()
    edition = queries.latest_published(session)
    return render_template("public/home.html", country=country.build(session, edition) if edition else None, claims=country.claims(session))


@blueprint.get("/localities")
@access(PUBLIC)
def localities() -> ResponseReturnValue:
    """Find a province or a commune by name."""
    wanted = request.args.get("q", "").strip()[:100]
    units = all_units(reading(), local_date(utc_now()))
    provinces = [places.Found(view.code, places.name(view), "") for view in places.provinces(units)]
    found = places.find_units(units, wanted) if wanted else []
    return render_template("public/localities.html", wanted=wanted, found=found, provinces=provinces)


@blueprint.get("/procedures")
@access(PUBLIC)
def procedures() -> ResponseReturnValue:
    """Find a procedure by name, sector or code."""
    wanted = request.args.get("q", "").strip()[:100]
    found = places.find_procedures(procedures_map(reading(), local_date(utc_now())).values(), wanted) if wanted else []
    return render_template("public/procedures.html", wanted=wanted, found=found, most=places.MOST_FOUND)


@blueprint.get("/localities/<code>")
@access(PUBLIC)
def locality(code: str) -> ResponseReturnValue:
    """One unit's month."""
    return render_template("public/locality.html", code=code)


@blueprint.get("/procedures/<code>")
@access(PUBLIC)
def procedure(code: str) -> ResponseReturnValue:
    """One procedure."""
    return render_template("public/procedure.html", code=code)


@blueprint.get("/method")
@access(PUBLIC)
def method() -> ResponseReturnValue:
    """How every number is made."""
    return render_template("public/method.html")


@blueprint.get("/centre")
@access(CENTRE, OFFICE, ADMIN)
def centre() -> ResponseReturnValue:
    """One unit's scorecard."""
    return render_template("centre/scorecard.html")


@blueprint.get("/centre/dossiers")
@access(CENTRE, OFFICE, ADMIN)
def dossiers() -> ResponseReturnValue:
    """The dossiers behind a recorded figure."""
    return render_template("centre/dossiers.html")


@blueprint.get("/office")
@access(OFFICE, ADMIN)
def office() -> ResponseReturnValue:
    """Where the month stands."""
    return render_template("office/desk.html")
