"""The page of goals and of figures quoted from elsewhere."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from core.access import PUBLIC, access
from core.calendar import local_date, utc_now
from core.database import reading
from scorecard import targets
from scorecard.pages import country
from scorecard.pages import targets as page

blueprint = Blueprint("targets", __name__)
ARCHIVES = "archive_digitisation"  # quoted figures on archives begin so


@blueprint.get("/targets")
@access(PUBLIC)
def goals() -> ResponseReturnValue:
    """Every goal with its progress; below, the two series of digitisation and what others have published."""
    session = reading()
    lines = page.build(session, targets.read(), local_date(utc_now()))
    return render_template(
        "public/targets.html",
        lines=lines,
        claims=country.claims(session),
        dossiers=page.digitisation(session),
        archives=country.claims(session, (ARCHIVES,)),
    )
