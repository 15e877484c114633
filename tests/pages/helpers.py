"""What the tests of the pages share: acting as a user, and places of the small country worth looking at."""

import re

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import SINCE
from core.calendar import utc_now
from core.database import reading
from core.models import User
from procedures.models import Procedure
from scorecard import queries
from scorecard.models import Edition

HANOI, DANANG = "01", "48"
CENTRE_USER, OFFICE_USER = "trungtam.h26", "vanphong"


def acting_as(app: Flask, login: str | None) -> FlaskClient:
    """A client that is logged in already (the country is read only: no form is posted)."""
    client = app.test_client()
    if login is not None:
        with app.app_context():
            named = reading().scalars(select(User).where(User.login == login)).one().get_id()
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"], session[SINCE] = named, True, utc_now().timestamp()
    return client


def published(session: Session) -> Edition:
    """The newest published edition."""
    edition = queries.latest_published(session)
    assert edition is not None
    return edition


def text_of(html: str) -> str:
    """What a reader sees, on one line: no tags, no style."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("&#39;", "'").replace("&amp;", "&").split())


def a_commune_with(session: Session, status: str) -> str:
    """A commune whose satisfaction has this status in the newest published month."""
    found = queries.figures(session, published(session), "unit", None, ["satisfaction"])
    return next(figure.subject_code for figure in found if figure.status == status and len(figure.subject_code) == 5)


def a_procedure(session: Session, simulated: bool) -> str:
    """A procedure with papers, real or made up."""
    for procedure in session.scalars(select(Procedure).where(Procedure.simulated == simulated).order_by(Procedure.code)):
        if procedure.components and any(component.register_id for component in procedure.components):
            return procedure.code
    raise AssertionError("the country has no such procedure")


def public_addresses(session: Session) -> list[str]:
    """One address of every public page."""
    return [
        "/",
        "/localities?q=ha+noi",
        f"/localities/{HANOI}",
        f"/localities/{a_commune_with(session, 'too_few')}",
        "/procedures?q=khai+sinh",
        f"/procedures/{a_procedure(session, simulated=False)}",
        "/declare-once",
        "/method",
        "/rules",
        "/rules/qd766-2022",
        "/rules/nd224-art19",
        f"/localities/{HANOI}/index",
        "/login",
        "/no-such-page",
    ]
