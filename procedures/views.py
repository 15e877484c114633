"""Pages about what is sent in: sending a file, what became of it, replacing a month, codes that nobody knows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_limiter.util import get_remote_address
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

from core import audit, numbers
from core.access import ADMIN, CENTRE, OFFICE, access
from core.calendar import Month, local_date, utc_now
from core.database import reading, writing
from core.errors import InputError
from core.text import _
from core.uploads import SealingRequest
from core.web import POLICY, language, limiter, pick
from procedures import mapping, queries
from procedures import submission_pages as words
from procedures import submission_queries as found
from procedures.models import SUBMISSION_STATES, Source, Submission

if TYPE_CHECKING:
    from flask.blueprints import BlueprintSetupState

blueprint = Blueprint("procedures", __name__)
SHOWN = 25  # submissions on a page of the list
ROW_FILES = {"csv": "text/csv", "jsonl": "application/x-ndjson"}
REFRESH_SECONDS = 3
MONTHS = 24  # how far back a month may be replaced
UPLOAD_POLICY = f"{POLICY}; script-src 'self'; connect-src 'self'"  # the one page with a script: it shows how far an upload is
FIELDS = {"source": "source", "profile": "profile", "month": "month"}  # where the form shows an error; any other is the file's


@blueprint.record_once
def _seal(state: "BlueprintSetupState") -> None:
    cast(Flask, state.app).request_class = SealingRequest


@dataclass(frozen=True)
class Row:
    """One submission as the list shows it.

    ``uncounted``: why there are no counts, empty where there are; ``rows_file``: whether there are quarantined rows to download.
    """

    submission: Submission
    state: str
    way: str
    reason: str
    uncounted: str
    rows_file: bool


def _unit() -> str | None:
    """The unit whose submissions the person may see; None: all."""
    # a centre's account without a unit sees nothing, rather than everything
    return (current_user.unit_code or "") if current_user.role == CENTRE else None


def _who() -> str:
    """Whose uploads are counted together: one person's, wherever they sit."""
    return f"person {current_user.get_id()}" if current_user.is_authenticated else get_remote_address()


def _sources() -> list[Source]:
    return found.sources(reading(), _unit(), local_date(utc_now()))


def _source(sources: list[Source], code: str | None) -> Source:
    """One of the person's sources; someone else's is answered like none at all."""
    return next((source for source in sources if source.code == code), None) or abort(404)


@blueprint.get("/submissions")
@access(CENTRE, OFFICE, ADMIN)
def submissions() -> ResponseReturnValue:
    """What was sent in and what became of it, newest first."""
    from procedures import code_pages, quarantine

    session, sources = reading(), _sources()
    code, state = request.args.get("source", ""), request.args.get("state", "")
    wanted = [_source(sources, code)] if code else sources
    page = max(1, min(request.args.get("page", 1, type=int), 100_000))
    items, total = found.listed(
        session, [source.id for source in wanted], state if state in SUBMISSION_STATES else None, (page - 1) * SHOWN, SHOWN
    )
    rows = [
        Row(
            item,
            words.state_words(item),
            words.way_words(item),
            words.reason_words(item),
            words.uncounted_words(item),
            item.rows_quarantined > 0 and quarantine.path_of(item.key).is_file(),
        )
        for item in items
    ]
    states = {
        "received": _("chờ kiểm tra"),
        "checked": _("đang nạp hoặc chờ xác nhận"),
        "accepted": _("đã nhận đủ"),
        "partly_accepted": _("nhận một phần"),
        "rejected": _("không nhận"),
    }
    return render_template(
        "centre/submissions.html",
        rows=rows,
        own=_unit() is not None,
        sources=sources,
        states=states,
        code=code,
        state=state,
        page=page,
        pages=-(-total // SHOWN),
        total=total,
        waiting_codes=bool(code_pages.waiting(session, sources, utc_now())),
    )


@blueprint.get("/submissions/new")
@access(CENTRE, OFFICE, ADMIN)
def upload() -> ResponseReturnValue:
    """The form with which a file is sent."""
    return _form()


@blueprint.post("/submissions/new")
@access(CENTRE, OFFICE, ADMIN)
@limiter.limit("60 per hour", key_func=_who)
def send() -> ResponseReturnValue:
    """Take a file in, and go to the page that says what becomes of it."""
    from procedures import intake

    sources = _sources()
    source = _source(sources, request.form.get("source"))
    file, profile, month = request.files.get("file"), request.form.get("profile", ""), request.form.get("month", "")
    wrong = {}
    if file is None or not file.filename:
        wrong["file"] = _("Xin chọn tệp cần gửi.")
    if not profile:
        wrong["profile"] = _("Xin chọn loại tệp.")
    if wrong or file is None:
        return _form(wrong)
    try:
        key = intake.receive(
            cast(BinaryIO, file.stream),
            file.filename or "",
            source.code,
            profile,
            "upload",
            current_user.login,
            utc_now(),
            replaces_month=month or None,
        )
    except InputError as error:
        return _form({FIELDS.get(error.field or "", "file"): pick(error.message_vi, error.message_en)})
    with writing() as session:
        audit.record(session, "feed.upload", key, source=source.code, replaces_month=month or None)
    return redirect(url_for("procedures.submission", key=key), 303)


@blueprint.errorhandler(RequestEntityTooLarge)
def _too_large(_error: RequestEntityTooLarge) -> ResponseReturnValue:
    if not current_user.is_authenticated:  # the body is measured before anybody asks who sends it
        return redirect(url_for("core.login", next=url_for("procedures.upload")))
    limit = numbers.number(current_app.extensions["settings"].max_upload_mb, language())
    said = _(
        "Tệp lớn hơn %(limit)s MB nên máy chủ không nhận. Nén tệp (gzip, zip) hoặc chia theo ngày, theo tháng rồi gửi lại.", limit=limit
    )
    return _form({"file": said}, 413, typed=False)


def _form(wrong: dict[str, str] | None = None, status: int = 400, typed: bool = True) -> Response:
    """The form as it stands, with what is wrong beside each field. ``typed``: whether what was typed could be read."""
    session, now = reading(), utc_now()
    sources = _sources()
    given = request.form if typed and request.method == "POST" else request.args
    code = given.get("source") or (sources[0].code if len(sources) == 1 else None)
    source = _source(sources, code) if code else None
    profiles = [mapping.load(name) for name in mapping.names()]
    last = found.last_profile(session, source.id) if source is not None else None
    settings = current_app.extensions["settings"]
    response = make_response(
        render_template(
            "centre/upload.html",
            sources=sources,
            source=source,
            profiles=[(profile, words.profile_words(profile)) for profile in profiles],
            chosen=given.get("profile") or last,
            last=last,
            months=[str(Month.of(now).plus(-back)) for back in range(MONTHS)],
            month=given.get("month", ""),
            wrong=wrong or {},
            limit_mb=settings.max_upload_mb,
            spool_days=settings.spool_days,
        ),
        status if wrong else 200,
    )
    response.headers["Content-Security-Policy"] = UPLOAD_POLICY
    return response


@blueprint.get("/submissions/<key>")
@access(CENTRE, OFFICE, ADMIN)
def submission(key: str) -> ResponseReturnValue:
    """What became of one file; while it is under way, the page asks again by itself."""
    from procedures import quarantine

    session = reading()
    item = _submission(session, key)
    waits = words.waits_for_person(item)
    moving = not waits and not words.finished(item)
    still = "still" in request.args
    response = make_response(
        render_template(
            "centre/replace.html" if waits else "centre/submission.html",
            item=item,
            words=words,
            moving=moving,
            still=still,
            rows_file=item.rows_quarantined > 0 and quarantine.path_of(item.key).is_file(),
            children=found.released(session, item),
            parent=session.get(Submission, item.parent_id) if item.parent_id is not None else None,
        )
    )
    if moving and not still:
        response.headers["Refresh"] = str(REFRESH_SECONDS)
    return response


@blueprint.post("/submissions/<key>/confirm")
@access(CENTRE, OFFICE, ADMIN)
def confirm(key: str) -> ResponseReturnValue:
    """Replace the month: the difference was seen."""
    return _decide(key, "confirm")


@blueprint.post("/submissions/<key>/cancel")
@access(CENTRE, OFFICE, ADMIN)
def cancel(key: str) -> ResponseReturnValue:
    """Leave the month as it is."""
    return _decide(key, "cancel")


def _decide(key: str, what: str) -> ResponseReturnValue:
    from procedures import feeds

    item = _submission(reading(), key)
    try:
        (feeds.confirm if what == "confirm" else feeds.cancel)(item.key, current_user.login, utc_now())
    except InputError as error:  # someone was quicker, or the button was pressed twice
        flash(error.text(language()))
    return redirect(url_for("procedures.submission", key=key), 303)


@blueprint.get("/submissions/<key>/quarantine")
@access(CENTRE, OFFICE, ADMIN)
def quarantined_rows(key: str) -> ResponseReturnValue:
    """The rows of a submission that were not taken, with reasons."""
    from procedures import quarantine

    item = _submission(reading(), key)
    if not quarantine.path_of(item.key).is_file():
        abort(404)
    rows, extension = quarantine.download(item)
    mark = "so-lieu-mo-phong-" if item.source.simulated else ""
    response = Response(stream_with_context(rows), mimetype=ROW_FILES[extension])
    response.headers.set("Content-Disposition", "attachment", filename=f"{mark}{item.source.code}-{item.key}.{extension}")
    return response


@blueprint.get("/submissions/codes")
@access(CENTRE, OFFICE, ADMIN)
def codes() -> ResponseReturnValue:
    """Codes that hold rows back, by source, and what they may mean."""
    return _codes()


@blueprint.post("/submissions/codes")
@access(CENTRE, OFFICE, ADMIN)
def declare_code() -> ResponseReturnValue:
    """Say which unit a source's code means; the rows that waited for it are then taken."""
    from procedures import code_pages

    form = request.form
    source = _source(_sources(), form.get("source"))
    code, unit = form.get("code", ""), form.get("other", "").strip() or form.get("unit", "")
    try:
        taken = code_pages.declare(reading(), source, code, unit, form.get("since", ""), _unit(), utc_now())
    except InputError as error:
        return _codes((source.code, code, pick(error.message_vi, error.message_en))), 400
    flash(_("Đã khai báo mã %(code)s. Đã nhận thêm %(n)s dòng, không cần gửi lại.", code=code, n=numbers.number(taken, language())))
    return redirect(url_for("procedures.codes"), 303)


def _codes(wrong: tuple[str, str, str] | None = None) -> str:
    """The page of codes. ``wrong``: source and code of the form that could not be used, and why."""
    from procedures import code_pages

    return render_template(
        "centre/codes.html",
        held=code_pages.held(reading(), _sources(), _unit(), utc_now()),
        wrong=wrong,
        typed=request.form,
        own=_unit() is not None,
    )


def _submission(session: Session, key: str) -> Submission:
    submission = session.scalar(select(Submission).where(Submission.key == key)) if key.isprintable() else None
    # someone else's submission is answered like none at all
    if submission is None or not queries.may_open(session, submission, _unit(), local_date(utc_now())):
        abort(404)
    return submission
