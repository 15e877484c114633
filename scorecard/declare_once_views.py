"""The page of what people are asked for though the state has it."""

from collections.abc import Collection, Mapping
from datetime import date

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from core.access import ADMIN, CENTRE, OFFICE, PUBLIC, access
from core.calendar import Month, local_date, utc_now
from core.database import reading
from procedures.queries import UnitView, below, procedures_map
from procedures.queries import units as all_units
from scorecard.asked_edition import asked_edition
from scorecard.figures import COUNTRY
from scorecard.pages import country, places
from scorecard.pages import declare_once as page

blueprint = Blueprint("declare_once", __name__)
CLAIMS = ("plan02", "nq71")  # quoted figures on the readiness of databases begin so


def _may_know(session: Session, units: Mapping[str, UnitView], day: date) -> Collection[str]:
    """Units that the reader may see named while they are to be verified: the office all, a centre its own, the public none."""
    role = current_user.role if current_user.is_authenticated else None
    if role in (OFFICE, ADMIN):
        return units
    return below(session, current_user.unit_code or "", day) if role == CENTRE else ()


@blueprint.get("/declare-once")
@access(PUBLIC)
def declare_once() -> ResponseReturnValue:
    """A published month, for the nation or one province or ministry; units to verify are named to the office and to their centre."""
    session = reading()
    edition, code = asked_edition(), request.args.get("place") or COUNTRY
    if edition is None:
        return render_template("public/declare_once.html", page=None)
    day = Month.parse(edition.month).last_day
    units = all_units(session, day)
    if code != COUNTRY and (code not in units or units[code].kind not in ("province", "ministry")):
        abort(404)
    return render_template(
        "public/declare_once.html",
        page=page.build(session, edition, code, units, procedures_map(session, local_date(utc_now())), _may_know(session, units, day)),
        edition=edition,
        provinces=places.listed_provinces(units),
        claims=country.claims(session, CLAIMS),
    )
