"""Routes: the report's human parts for the office, and papers made on request. Nothing is rendered here."""

from collections.abc import Callable
from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from core.access import ADMIN, CENTRE, OFFICE, PUBLIC, access
from core.calendar import Month, local_date, utc_now
from core.database import reading
from core.errors import InputError
from core.text import _
from core.web import language
from exports import papers, queries, report_words
from exports.models import ExportFile
from exports.names import CIRCULATION, ENGLISH, PLACE
from exports.report_models import PARTS
from exports.views import _serve as serve  # one way of serving a stored file
from procedures.queries import units
from scorecard import workflow
from scorecard.models import Edition
from scorecard.pages import scope
from scorecard.release import Paper

blueprint = Blueprint("papers", __name__)


@blueprint.get("/office/report/<month>")
@access(OFFICE, ADMIN)
def words(month: str) -> ResponseReturnValue:
    """What persons write into a month's report, its history, and the papers beside the report."""
    return _page(_month(month))


@blueprint.post("/office/report/<month>/text")
@access(OFFICE, ADMIN)
def write(month: str) -> ResponseReturnValue:
    """Put a new state of Nhận xét or Đề nghị on top."""
    part = request.form.get("part", "")
    return _do(_month(month), lambda at: report_words.write_text(at, part, request.form.get("text", ""), current_user.login, utc_now()))


@blueprint.post("/office/report/<month>/requests")
@access(OFFICE, ADMIN)
def ask(month: str) -> ResponseReturnValue:
    """Add a request."""
    form = request.form

    def add(at: Month) -> None:
        due = _day(form.get("due_on", ""), "due_on")
        report_words.add_request(at, form.get("addressee", ""), form.get("deed", ""), due, current_user.login, utc_now())

    return _do(_month(month), add)


@blueprint.post("/office/report/<month>/requests/<int:number>/withdraw")
@access(OFFICE, ADMIN)
def withdraw(month: str, number: int) -> ResponseReturnValue:
    """Take a request back."""
    return _do(_month(month), lambda _at: report_words.withdraw_request(number, current_user.login, utc_now()))


@blueprint.post("/office/report/<month>/requests/<int:number>/settle")
@access(OFFICE, ADMIN)
def settle(month: str, number: int) -> ResponseReturnValue:
    """Note that a request was done."""

    def done(_at: Month) -> None:
        day = _day(request.form.get("settled_on", ""), "settled_on") or local_date(utc_now())
        report_words.settle_request(number, day, request.form.get("note", ""), current_user.login, utc_now())

    return _do(_month(month), done)


@blueprint.post("/office/report/<month>/papers")
@access(OFFICE, ADMIN)
def want_papers(month: str) -> ResponseReturnValue:
    """Ask for the English edition, the report of each province, and before publication the draft for circulation."""

    def wanted(at: Month) -> None:
        edition = _edition(at)
        provinces = [code for code, view in units(reading(), at.last_day).items() if view.kind == "province"]
        asked = papers.want(edition.id, PLACE, provinces, current_user.login, utc_now())
        asked += papers.want(edition.id, ENGLISH, [""], current_user.login, utc_now())
        if edition.state != "published":
            asked += papers.want(edition.id, CIRCULATION, [""], current_user.login, utc_now())
        flash(_("Đã ghi yêu cầu dựng %(n)s tệp. Thường xong trong vài phút.", n=asked))

    return _do(_month(month), wanted)


@blueprint.post("/office/report/<month>/place")
@access(OFFICE, ADMIN)
def want_one(month: str) -> ResponseReturnValue:
    """Ask for the report of a ministry or province, or the sheet of a commune, by its code."""
    code = request.form.get("unit", "").strip()
    return _do(_month(month), lambda at: papers.want(_edition(at).id, PLACE, [code], current_user.login, utc_now()))


@blueprint.get("/reports/<month>/english.pdf")
@access(PUBLIC)
def english_pdf(month: str) -> ResponseReturnValue:
    """A month's English edition: published for everyone; a draft for office and admin only."""
    edition = queries.newest_edition(reading(), _month(month), include_drafts=_is_office())
    return serve(papers.stored(reading(), edition, ENGLISH) if edition is not None else None)


@blueprint.get("/reports/<month>/draft.docx")
@access(OFFICE, ADMIN)
def circulation_docx(month: str) -> ResponseReturnValue:
    """The draft for circulation."""
    return serve(papers.stored(reading(), _edition(_month(month)), CIRCULATION))


@blueprint.get("/reports/<month>/places/<code>.pdf")
@access(PUBLIC)
def place_pdf(month: str, code: str) -> ResponseReturnValue:
    """A place's paper: of a published month for everyone; of a draft for the office, and for the place itself while it is asked."""
    edition = _visible(_month(month), code)
    return serve(papers.stored(reading(), edition, PLACE, code) if edition is not None else None)


@blueprint.post("/reports/<month>/places/<code>")
@access(CENTRE, OFFICE, ADMIN)
def want_place(month: str, code: str) -> ResponseReturnValue:
    """Ask for a place's paper: the office for any, a centre for its own tree."""
    at = _month(month)
    scope.choose(units(reading(), at.last_day), current_user, code)
    edition = _visible(at, code) or abort(404)
    papers.want(edition.id, PLACE, [code], current_user.login, utc_now())
    flash(_("Đã ghi yêu cầu. Tệp thường xong trong một phút."))
    back = request.form.get("back", "")
    return redirect(back if _own(back) else url_for("exports.reports"))


def paper(edition: Edition, code: str) -> Paper:
    """The hook behind ``scorecard.release.paper_of``: a place's paper as far as the person at the page may have it."""
    at, session = Month.parse(edition.month), reading()
    known = units(session, at.last_day)
    visible = _visible(at, code)
    if visible is None or visible.id != edition.id or code not in known or known[code].kind not in papers.WITH_PAPER:
        return Paper()
    if papers.stored(session, edition, PLACE, code) is not None:
        return Paper(address=url_for("papers.place_pdf", month=edition.month, code=code))
    centre = current_user.is_authenticated and current_user.role == CENTRE
    if not (_is_office() or (centre and scope.inside(known, code, scope.root_of(known, current_user)))):
        return Paper()
    file = papers.asked(session, edition, PLACE, code)
    ask = url_for("papers.want_place", month=edition.month, code=code)
    if file is None:
        return Paper(ask=ask)
    return Paper(state=_("không dựng được"), ask=ask) if file.state == "failed" else Paper(state=_("đang dựng, thường xong trong một phút"))


def _visible(at: Month, code: str) -> Edition | None:
    """The edition of which this reader may see the place's paper."""
    session = reading()
    if _is_office():
        return queries.newest_edition(session, at, include_drafts=True)
    if current_user.is_authenticated and current_user.role == CENTRE:
        found = workflow.in_comment(session, str(at))
        known = units(session, at.last_day)
        if found is not None and scope.inside(known, code, scope.root_of(known, current_user)):
            return found[0]
    return queries.newest_edition(session, at, include_drafts=False)


def _own(address: str) -> bool:
    """An address on this site."""
    return address.startswith("/") and not address.startswith(("//", "/\\"))


def _is_office() -> bool:
    return bool(current_user.is_authenticated and current_user.role in (OFFICE, ADMIN))


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError:
        abort(404)


def _day(text: str, field: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InputError("Ngày không đúng. Viết như 2026-12-31.", "Not a day. Write it like 2026-12-31.", field=field) from error


def _edition(at: Month) -> Edition:
    return queries.newest_edition(reading(), at, include_drafts=True) or abort(404)


def _do(at: Month, deed: Callable[[Month], object]) -> ResponseReturnValue:
    try:
        deed(at)
    except InputError as error:
        reading().rollback()
        return _page(at, error.message(language()), error.field or ""), 400
    return redirect(url_for("papers.words", month=str(at)))


def _page(at: Month, wrong: str = "", field: str = "") -> str:
    session = reading()
    edition = queries.newest_edition(session, at, include_drafts=True)
    closed = report_words.closed_by(session, at)
    return render_template(
        "office/report_words.html",
        month=str(at),
        before=str(at.plus(-1)),
        edition=edition,
        closed=closed.message(language()) if closed is not None else "",
        texts={part: report_words.history(session, str(at), part) for part in PARTS},
        longest=report_words.LONGEST,
        requests=report_words.items(session, str(at), local_date(utc_now())),
        earlier=report_words.items(session, str(at.plus(-1)), local_date(utc_now())),
        files=_files(edition) if edition is not None else [],
        names={code: view.name for code, view in units(session, at.last_day).items() if view.kind in papers.REPORTED},
        form=request.form,
        wrong=wrong,
        field=field,
        today=local_date(utc_now()),
    )


def _files(edition: Edition) -> list[ExportFile]:
    return [file for file in queries.files(reading(), edition.id) if file.kind in papers.EXTENSIONS]
