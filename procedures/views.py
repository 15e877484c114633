"""Pages about what was sent in."""

from dataclasses import dataclass
from typing import IO, cast

from flask import Blueprint, abort, render_template, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import ADMIN, CENTRE, OFFICE, access
from core.calendar import local_date, utc_now
from core.database import reading
from procedures import queries
from procedures.models import Submission

blueprint = Blueprint("procedures", __name__)
SHOWN = 100


@dataclass(frozen=True)
class Row:
    """One submission as the page shows it. ``rows_file``: whether there are quarantined rows to download."""

    submission: Submission
    state: str
    rows_file: bool


def _unit() -> str | None:
    """The unit whose submissions the person may see; None: all."""
    unit: str | None = current_user.unit_code if current_user.role == CENTRE else None
    return unit


@blueprint.get("/submissions")
@access(CENTRE, OFFICE, ADMIN)
def submissions() -> ResponseReturnValue:
    """The last files that were sent in and what became of them."""
    from procedures import quarantine

    states = {
        "received": _("đang nạp"),
        "accepted": _("đã nhận đủ"),
        "partly_accepted": _("nhận một phần"),
        "rejected": _("không nhận"),
    }
    found = queries.submissions(reading(), _unit(), local_date(utc_now()), SHOWN)
    rows = [Row(item, states[item.state], item.rows_quarantined > 0 and quarantine.path_of(item.key).is_file()) for item in found]
    return render_template("centre/submissions.html", rows=rows, own=_unit() is not None)


@blueprint.get("/submissions/<key>/quarantine.csv")
@access(CENTRE, OFFICE, ADMIN)
def quarantined_rows(key: str) -> ResponseReturnValue:
    """The rows of a submission that were not taken, with reasons."""
    import gzip

    from procedures import quarantine

    submission = _submission(reading(), key)
    path = quarantine.path_of(submission.key)
    if not path.is_file():
        abort(404)
    mark = "so-lieu-mo-phong-" if submission.source.simulated else ""
    return send_file(
        cast(IO[bytes], gzip.open(path, "rb")),  # closed with the response
        mimetype="text/csv; charset=utf-8",
        as_attachment=True,
        download_name=f"{mark}{submission.source.code}-{submission.key}.csv",
    )


def _submission(session: Session, key: str) -> Submission:
    submission = session.scalar(select(Submission).where(Submission.key == key))
    # someone else's submission is answered like none at all
    if submission is None or not queries.may_open(session, submission, _unit(), local_date(utc_now())):
        abort(404)
    return submission
