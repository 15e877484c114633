"""Pages of verification: the unit's questions, the office's ladder, the observer's desk."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from core.access import ADMIN, CENTRE, OBSERVER, OFFICE, PUBLIC, access
from core.calendar import Month, local_date, utc_now
from core.database import reading
from core.errors import InputError
from core.web import language
from procedures.queries import units as all_units
from scorecard import integrity_operations, proof, queries
from scorecard.integrity_models import IntegrityQuestion
from scorecard.models import Edition
from scorecard.pages import integrity as page
from scorecard.pages import places, scope
from scorecard.pages.text import _

blueprint = Blueprint("integrity", __name__)


@blueprint.app_context_processor
def _shared() -> dict[str, Any]:
    return {"edition_remarks": lambda month: page.remarks(reading(), month), "under_verification": page.under_verification}


@blueprint.get("/centre/questions")
@access(CENTRE, OFFICE, ADMIN)
def own_questions() -> ResponseReturnValue:
    """What a unit is asked about its answers."""
    today = local_date(utc_now())
    units = all_units(reading(), today)
    code = scope.choose(units, current_user, request.args.get("unit"))
    inside = [unit for unit in units if scope.inside(units, unit, code)] if code else []
    asked = page.questions(reading(), units, today, inside)
    unit = places.name(units[code]) if code else ""
    return render_template("centre/questions.html", asked=asked, unit=unit, own=current_user.role == CENTRE)


@blueprint.post("/centre/questions/<int:question_id>/explain")
@access(CENTRE)
def explain(question_id: int) -> ResponseReturnValue:
    """The unit's explanation, by its own people alone."""
    question = reading().get(IntegrityQuestion, question_id)
    if question is None:
        abort(404)
    units = all_units(reading(), local_date(utc_now()))
    if question.subject_kind != "unit" or not scope.inside(units, question.subject_code, scope.root_of(units, current_user)):
        abort(403)
    return _done(
        lambda: integrity_operations.explain(question_id, request.form.get("explanation", ""), current_user, utc_now()),
        _("Đã ghi giải trình."),
        url_for("integrity.own_questions"),
    )


@blueprint.get("/office/integrity")
@access(OFFICE, ADMIN)
def office() -> ResponseReturnValue:
    """The ladder of a month: what was asked, what units said, what reviewers decided; what cleaning moved; what the proof found."""
    session, today = reading(), local_date(utc_now())
    finals = queries.editions(session)
    wanted = request.args.get("month")
    edition = queries.edition_of(session, _month(wanted), include_unpublished=True) if wanted else next(iter(finals), None)
    if wanted and edition is None:
        abort(404)
    units = all_units(session, today)
    month = edition.month if edition else ""
    return render_template(
        "office/integrity.html",
        edition=edition,
        months=sorted({other.month for other in finals}, reverse=True),
        asked=page.questions(session, units, today, month=month) if edition else [],
        figures=_headline(edition) if edition else {},
        moved=page.moved(queries.edition_table(edition, "integrity_moves")) if edition else [],
        changed=page.changed(queries.edition_table(edition, "integrity_changes")) if edition else [],
        proposals=page.proposals(session, units, month, current_user.login),
        marks=page.marks(),
        remarks=page.remarks(session, month),
        proved=proof.proved(language()),
        login=current_user.login,
    )


@blueprint.post("/office/integrity/<int:question_id>/decide")
@access(OFFICE, ADMIN)
def decide(question_id: int) -> ResponseReturnValue:
    """A reviewer's step, the first or the second."""
    question = reading().get(IntegrityQuestion, question_id)
    if question is None:
        abort(404)
    name_it = request.form.get("verdict") == "name"
    back = url_for("integrity.office", month=question.month)
    reason = request.form.get("reason", "")
    return _done(lambda: integrity_operations.decide(question_id, name_it, reason, current_user, utc_now()), _("Đã ghi kết luận."), back)


@blueprint.post("/office/integrity/overrides")
@access(OFFICE, ADMIN)
def propose() -> ResponseReturnValue:
    """Propose to keep or remove a unit's answers with a mark."""
    month = _month(request.form.get("month", ""))
    unit, mark, reason = (request.form.get(name, "").strip() for name in ("unit", "mark", "reason"))
    if unit not in all_units(reading(), month.last_day):
        abort(404)
    return _done(
        lambda: integrity_operations.propose_override(month, unit, mark, reason, current_user, utc_now()),
        _("Đã ghi đề nghị, chờ người thứ hai."),
        url_for("integrity.office", month=month),
    )


@blueprint.post("/office/integrity/overrides/<int:override_id>/decide")
@access(OFFICE, ADMIN)
def decide_override(override_id: int) -> ResponseReturnValue:
    """The second person's decision."""
    accept = request.form.get("verdict") == "accept"
    back = url_for("integrity.office", month=request.form.get("month") or None)
    words = _("Đã ghi quyết định; có hiệu lực khi chốt lại tháng.")
    return _done(lambda: integrity_operations.decide_override(override_id, accept, current_user, utc_now()), words, back)


@blueprint.get("/observer")
@access(OBSERVER)
def observer() -> ResponseReturnValue:
    """The observer's desk: every closed or published edition, its own surveys and its remarks."""
    from surveys.outside import series_list

    session = reading()
    rows = [(edition, _headline(edition), page.remarks(session, edition.month)) for edition in queries.editions(session)]
    return render_template("office/observer.html", rows=rows, series=series_list(session), login=current_user.login)


@blueprint.post("/observer/remarks")
@access(OBSERVER)
def write_remark() -> ResponseReturnValue:
    """The observer's remark on a month."""
    month, text = _month(request.form.get("month", "")), request.form.get("text", "")
    return _done(
        lambda: integrity_operations.remark(month, text, current_user, utc_now()),
        _("Đã ghi nhận xét; nhận xét được in cùng kỳ số liệu."),
        url_for("integrity.observer"),
    )


@blueprint.post("/observer/surveys")
@access(OBSERVER)
def import_survey() -> ResponseReturnValue:
    """A survey that the observer made itself: the file and its mapping profile."""
    from surveys.imports import import_uploaded

    file, profile = request.files.get("file"), request.files.get("profile")
    if file is None or profile is None or not file.filename:
        flash(_("Cần cả tệp số liệu và tệp cấu hình."))
        return redirect(url_for("integrity.observer"))
    name, data, settings = file.filename, file.read(), profile.read()
    return _done(
        lambda: import_uploaded(name, data, settings, current_user.login, utc_now(), current_user.simulated),
        _("Đã nhập khảo sát."),
        url_for("integrity.observer"),
    )


@blueprint.get("/other-surveys")
@access(PUBLIC)
def other_surveys() -> ResponseReturnValue:
    """Ratings collected by others, each a series of its own with its source; never mixed with our answers."""
    from surveys.outside import series_list

    return render_template("public/other_surveys.html", series=series_list(reading()))


def _headline(edition: Edition) -> dict[str, Any]:
    """The nation's rate, raw, cleaned and weighted, by variant."""
    found = queries.figures(reading(), edition, "nation", None, ["satisfaction"])
    return {figure.variant: figure for figure in found if figure.category == "total"}


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError:
        abort(404)


def _done(deed: Any, words: str, back: str) -> ResponseReturnValue:
    """Do it and say so, or say why not."""
    try:
        deed()
    except InputError as error:
        flash(error.message(language()))
    else:
        flash(words)
    return redirect(back)
