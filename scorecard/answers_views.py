"""A centre's page of answers, and the office's screen where free texts are released."""

from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from core.access import ADMIN, CENTRE, OFFICE, access
from core.calendar import Month, local_date, utc_now
from core.database import reading
from core.errors import InputError
from core.web import language
from procedures.queries import below
from procedures.queries import units as all_units
from scorecard import comments, queries
from scorecard.asked_edition import seen_by
from scorecard.models import Edition
from scorecard.pages import answers as page
from scorecard.pages import scope
from scorecard.pages.text import _

AT_ONCE = 10  # texts on a screen
ALERTS_SINCE = timedelta(days=120)

blueprint = Blueprint("answers", __name__)


@blueprint.get("/centre/answers")
@access(CENTRE, OFFICE, ADMIN)
def own() -> ResponseReturnValue:
    """What people answered about a unit and everything below it, by the rules of disclosure: never a single answer, never a time."""
    session, today = reading(), local_date(utc_now())
    code = scope.choose(all_units(session, today), current_user, request.args.get("unit")) or abort(404)
    finals = seen_by(session, current_user)
    edition = _edition(request.args.get("month"))
    if edition is None:
        return render_template("centre/answers.html", page=None, edition=None)
    on = Month.parse(edition.month).last_day
    units = all_units(session, on)
    if code not in units:  # the unit is younger than the month
        units = all_units(session, today)
    inside = sorted(below(session, code, on) | {code})
    built = page.build(session, edition, queries.running(session), units, code, inside, today - ALERTS_SINCE)
    months = sorted({other.month for other in finals}, reverse=True)[:12]
    return render_template("centre/answers.html", page=built, edition=edition, months=months)


@blueprint.get("/office/comments")
@access(OFFICE)
def held() -> ResponseReturnValue:
    """Texts that nobody has decided on yet, a few at a time, in an order of chance, without unit, time or rating."""
    return _held(_edition(request.args.get("month")))


@blueprint.post("/office/comments")
@access(OFFICE)
def decide() -> ResponseReturnValue:
    """Release one text as it stands in the form, or hold it back."""
    edition = _edition(request.form.get("month", "")) or abort(404)
    text = request.form.get("text", "") if request.form.get("verdict") == "release" else None
    try:
        comments.decide(edition, request.form.get("name", ""), text, request.form.getlist("tags"), current_user.login, utc_now())
    except InputError as error:
        return _held(edition, error), 400
    flash(_("Đã ghi: ý kiến được cho hiện.") if text is not None else _("Đã ghi: ý kiến được giữ lại."))
    return redirect(url_for("answers.held", month=edition.month))


def _held(edition: Edition | None, error: InputError | None = None) -> str:
    session = reading()
    found, number = comments.waiting(session, edition, local_date(utc_now()), AT_ONCE) if edition is not None else ([], 0)
    return render_template(
        "office/comments.html",
        edition=edition,
        months=sorted({other.month for other in queries.editions(session)}, reverse=True)[:12],
        waiting=found,
        number=number,
        tags=[(code, page.tag_name(code)) for code in comments.tags()],
        longest=comments.LONGEST,
        error=error.message(language()) if error is not None else "",
        wrong=request.form.get("name", "") if error is not None else "",
        filled=request.form,
    )


def _edition(wanted: str | None) -> Edition | None:
    """The newest closed or published edition, or that of a month; 404 for a month that has none."""
    session = reading()
    if not wanted:
        return next(iter(seen_by(session, current_user)), None)
    return next((edition for edition in seen_by(session, current_user) if edition.month == wanted), None) or abort(404)
