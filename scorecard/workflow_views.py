"""Pages of the month's way: the office's page and its buttons, comments, the flash sheet, recipients; each unit's own draft."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from core import notices, numbers, worker
from core.access import ADMIN, CENTRE, OFFICE, access
from core.audit import record
from core.calendar import Month, local_date, utc_now
from core.database import reading, writing
from core.errors import InputError
from core.web import LANGUAGES, language
from procedures.queries import below
from procedures.queries import units as all_units
from scorecard import draft_comments, jobs, operations, queries, workflow
from scorecard import flash as flash_sheets
from scorecard.asked_edition import seen_by
from scorecard.models import Edition
from scorecard.pages import desk, drafts, office, places, scope
from scorecard.pages.text import _

blueprint = Blueprint("workflow", __name__)


@blueprint.get("/office/editions")
@access(OFFICE, ADMIN)
def editions() -> ResponseReturnValue:
    """Every version of every month, and what the worker did last."""
    session = reading()
    runs = desk.runs(session)
    return render_template(
        "office/editions.html",
        stages=desk.stages(session),
        runs=runs,
        sheets=flash_sheets.sheets(session),
        local_time=desk.local_time,
        job_words=desk.job_words,
        took=desk.took,
        runnable=_job_names(),
    )


@blueprint.post("/office/editions/<int:edition_id>/comment")
@access(OFFICE, ADMIN)
def send(edition_id: int) -> ResponseReturnValue:
    """Send a draft to the units for comment."""
    return _do(lambda: workflow.send_for_comment(edition_id, current_user.login, utc_now()), _("Đã gửi dự thảo lấy ý kiến."))


@blueprint.post("/office/editions/<int:edition_id>/review")
@access(OFFICE, ADMIN)
def review(edition_id: int) -> ResponseReturnValue:
    """The first of two persons has looked at a closed edition."""
    edition = operations.review(edition_id, current_user.login, utc_now(), request.form.get("reason", ""))
    flash(_("Đã ghi: tháng %(month)s đã soát.", month=numbers.month(edition.month, language())))
    return redirect(_back(edition.month))


@blueprint.post("/office/editions/<int:edition_id>/publish")
@access(OFFICE, ADMIN)
def publish(edition_id: int) -> ResponseReturnValue:
    """The second person publishes it."""
    edition = operations.publish(
        edition_id, current_user.login, utc_now(), request.form.get("reason", ""), request.form.get("unsigned", "")
    )
    flash(_("Đã công bố tháng %(month)s.", month=numbers.month(edition.month, language())))
    return redirect(_back(edition.month))


@blueprint.post("/office/months/<month>/close")
@access(OFFICE, ADMIN)
def close(month: str) -> ResponseReturnValue:
    """Ask the worker to cut off and compute a month now; of a published month this makes a correction, which needs its reason."""
    at, reason = _month(month), request.form.get("reason", "")
    published = queries.edition_of(reading(), at)
    workflow.reason_for([operations.CORRECTION] if published is not None else [], reason)
    return _do(
        lambda: jobs.ask_to_close(at, current_user.login, reason, utc_now()),
        _("Đã yêu cầu. Máy chốt và tính, thường xong trong vài phút; trang này cho biết khi nào xong."),
        str(at),
    )


@blueprint.post("/office/jobs/<name>/run")
@access(OFFICE, ADMIN)
def run(name: str) -> ResponseReturnValue:
    """Ask the worker to run one of its jobs now."""
    if name not in _job_names():
        abort(404)
    with writing() as session:
        worker.want(session, name, current_user.login, utc_now())
        record(session, "job.want", name)
    flash(_("Đã yêu cầu chạy lại: %(job)s.", job=desk.job_words(name)))
    return redirect(_back(request.form.get("month", "")))


@blueprint.get("/office/drafts")
@access(OFFICE, ADMIN)
def comments() -> ResponseReturnValue:
    """What units said about their drafts of a month, and the answers."""
    return _comments_page()


@blueprint.post("/office/drafts/<int:comment_id>/answer")
@access(OFFICE, ADMIN)
def answer(comment_id: int) -> ResponseReturnValue:
    """The office's answer."""
    given = request.form
    try:
        draft_comments.answer(comment_id, given.get("verdict", ""), given.get("answer", ""), current_user.login, utc_now())
    except InputError as error:
        return _comments_page(error, comment_id, given.get("answer", "")), 400
    flash(_("Đã trả lời."))
    return redirect(url_for("workflow.comments", month=request.form.get("month")) + f"#c{comment_id}")


@blueprint.get("/office/flash/<month>")
@access(OFFICE, ADMIN)
def flash_sheet(month: str) -> ResponseReturnValue:
    """Register figures of a month, a few days after its end."""
    session, at = reading(), _month(month)
    sheet = flash_sheets.sheet_of(session, at) or abort(404)
    return render_template(
        "office/flash.html", sheet=sheet, month=str(at), table=drafts.flash_table(sheet, all_units(session, at.last_day))
    )


@blueprint.get("/office/recipients")
@access(OFFICE, ADMIN)
def recipients() -> ResponseReturnValue:
    """To whom notices go by mail."""
    return _recipients_page()


@blueprint.post("/office/recipients")
@access(OFFICE, ADMIN)
def add_recipient() -> ResponseReturnValue:
    """A new address, of the office or of a unit."""
    given = request.form
    code = given.get("unit", "").strip() or None
    try:
        if code is not None and code not in all_units(reading(), local_date(utc_now())):
            raise InputError("Không có đơn vị mang mã này.", "There is no unit with this code.", field="unit")
        into = given.get("language", "vi")
        notices.add_recipient(given.get("address", ""), code, into if into in LANGUAGES else "vi", current_user.login, utc_now())
    except InputError as error:
        return _recipients_page(error, given.to_dict()), 400
    flash(_("Đã thêm địa chỉ."))
    return redirect(url_for("workflow.recipients"))


@blueprint.post("/office/recipients/<int:number>/end")
@access(OFFICE, ADMIN)
def end_recipient(number: int) -> ResponseReturnValue:
    """Nothing more is sent to an address."""
    notices.end_recipient(number, current_user.login, utc_now())
    flash(_("Đã bỏ địa chỉ."))
    return redirect(url_for("workflow.recipients"))


@blueprint.get("/centre/draft")
@access(CENTRE, OFFICE, ADMIN)
def draft() -> ResponseReturnValue:
    """A unit's own draft and what it says about it."""
    return _draft_page()


@blueprint.post("/centre/draft/explanation")
@access(CENTRE)
def explain() -> ResponseReturnValue:
    """The unit's explanation."""
    month, unit = str(_month(request.form.get("month", ""))), _own_unit()
    return _say(lambda: draft_comments.explain(month, unit, request.form.get("text", ""), current_user, utc_now()), "explanation")


@blueprint.post("/centre/draft/objections")
@access(CENTRE)
def object_to() -> ResponseReturnValue:
    """An objection to a class or an indicator."""
    month, unit, given = str(_month(request.form.get("month", ""))), _own_unit(), request.form
    procedure = given.get("procedure", "").strip()
    return _say(
        lambda: draft_comments.object_to(month, unit, given.get("subject", ""), procedure, given.get("text", ""), current_user, utc_now()),
        "objection",
    )


@blueprint.post("/centre/draft/comments/<int:comment_id>/withdraw")
@access(CENTRE)
def withdraw(comment_id: int) -> ResponseReturnValue:
    """Take a comment back."""
    unit = _own_unit()
    own = below(reading(), unit, local_date(utc_now()))
    draft_comments.withdraw(comment_id, own, current_user, utc_now())
    flash(_("Đã rút ý kiến."))
    return redirect(url_for("workflow.draft", month=request.form.get("month"), unit=unit))


def _say(deed: Callable[[], object], kind: str) -> ResponseReturnValue:
    """Write it down, or show the page again with what was typed and what to mend."""
    try:
        deed()
    except InputError as error:
        return _draft_page(error, kind, request.form.to_dict()), 400
    flash(_("Đã ghi giải trình.") if kind == "explanation" else _("Đã ghi ý kiến phản đối."))
    return redirect(url_for("workflow.draft", month=request.form.get("month"), unit=request.form.get("unit")))


def _draft_page(error: InputError | None = None, kind: str = "", filled: dict[str, str] | None = None) -> str:
    session, now = reading(), utc_now()
    text = request.values.get("month")
    seen = seen_by(session, current_user)
    month = str(_month(text)) if text else drafts.newest(session, seen)
    edition = next((found for found in seen if found.month == month), None)
    if edition is None:
        unsent = next((found.month for found in queries.editions(session) if month in (None, found.month)), "")
        return render_template("centre/draft.html", page=None, unsent=unsent)
    views = all_units(session, Month.parse(edition.month).last_day)
    code = scope.choose(views, current_user, request.values.get("unit")) or abort(404)
    return render_template(
        "centre/draft.html",
        page=drafts.build(session, edition, code, views, now),
        own=current_user.role == CENTRE,
        error=error.message(language()) if error is not None else "",
        wrong=kind,
        filled=filled or {},
    )


def _comments_page(error: InputError | None = None, wrong: int = 0, typed: str = "") -> str:
    session, now = reading(), utc_now()
    text = request.values.get("month")
    month = str(_month(text)) if text else drafts.newest(session, queries.editions(session))
    edition = queries.edition_of(session, month, include_unpublished=True) if month else None
    page = drafts.received(session, edition, now) if edition is not None and edition.state != "running" else None
    message = error.message(language()) if error is not None else ""
    return render_template("office/draft_comments.html", page=page, error=message, wrong=wrong, typed=typed)


def _recipients_page(error: InputError | None = None, filled: dict[str, str] | None = None) -> str:
    session = reading()
    views = all_units(session, local_date(utc_now()))
    rows = [
        (row, places.name(views[row.unit_code]) if row.unit_code in views else row.unit_code or "") for row in notices.recipients(session)
    ]
    settings = current_app.extensions["settings"]
    return render_template(
        "office/recipients.html",
        rows=rows,
        provinces=[(view.code, places.name(view)) for view in places.provinces(views)],
        server=settings.smtp_host,
        troubled=notices.troubled(session),
        error=error.message(language()) if error is not None else "",
        filled=filled or {},
    )


def office_page() -> str:
    """The office's page (``scorecard.views`` serves it)."""
    session, now = reading(), utc_now()
    wanted = _month(request.args["month"]) if request.args.get("month") else None
    month = office.chosen(session, now, wanted)
    page = office.build(session, now, current_user, month)
    return render_template("office/desk.html", page=page, local_time=desk.local_time, close_reason=_is_published(month))


def _is_published(month: Month) -> bool:
    return queries.edition_of(reading(), month) is not None


def _own_unit() -> str:
    """The unit of the form, if the person may speak for it."""
    views = all_units(reading(), local_date(utc_now()))
    return scope.choose(views, current_user, request.form.get("unit")) or abort(404)


def _do(deed: Callable[[], Any], words: str, month: str = "") -> ResponseReturnValue:
    found = deed()
    flash(words)
    return redirect(_back(found.month if isinstance(found, Edition) else month))


def _back(month: str) -> str:
    return url_for("scorecard.office", month=month or None)


def _job_names() -> set[str]:
    return {job.name for job in current_app.extensions["jobs"] if job.name != jobs.CLOSE}


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError:
        abort(404)
