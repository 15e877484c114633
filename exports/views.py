"""Routes: the list of reports and the stored files. Nothing is rendered here, only read from disk."""

from pathlib import Path

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from core.access import ADMIN, CENTRE, OFFICE, PUBLIC, access
from core.calendar import Month, local_date, utc_now
from core.database import reading
from exports import operations, queries
from exports.dictionary import public_tables
from exports.models import ExportFile
from exports.names import DATA, FILES, MEDIA, REPORT, is_public
from procedures.queries import procedures_map, registers, units
from scorecard import queries as scores
from scorecard.asked_edition import seen_of
from scorecard.pages import scope

blueprint = Blueprint("exports", __name__)


@blueprint.get("/reports")
@access(PUBLIC)
def reports() -> ResponseReturnValue:
    """Published reports, newest first; for the office also what is being made or has failed."""
    session = reading()
    desks = queries.desks(session) if _is_office() else []
    return render_template("public/reports.html", shelves=queries.shelves(session), desks=desks, tables=public_tables())


@blueprint.get("/reports/latest.pdf")
@access(PUBLIC)
def latest_pdf() -> ResponseReturnValue:
    """The newest published report."""
    return _serve(queries.newest_stored_report(reading()))


@blueprint.get("/reports/<month>/report.pdf")
@access(PUBLIC)
def report_pdf(month: str) -> ResponseReturnValue:
    """A month's report: published for everyone; a draft for office and admin only."""
    return _file(month, REPORT, "pdf")


@blueprint.get("/reports/<month>/data.<extension>")
@access(PUBLIC)
def data_file(month: str, extension: str) -> ResponseReturnValue:
    """A month's measurements as XLSX, CSV or JSON."""
    if (DATA, extension) not in FILES:
        abort(404)
    return _file(month, DATA, extension)


@blueprint.get("/reports/files/<name>")
@access(PUBLIC)
def named_file(name: str) -> ResponseReturnValue:
    """A file at its own address for ever: every version that was published for everyone; drafts for office and admin only."""
    file = queries.named(reading(), name)
    hidden = file is None or ((not is_public(file.edition) or "DU-THAO" in file.name) and not _is_office())
    return _serve(None if hidden else file)


@blueprint.post("/reports/<month>/build")
@access(OFFICE, ADMIN)
def build_report(month: str) -> ResponseReturnValue:
    """Ask the worker for the files of a month's newest edition."""
    edition = queries.newest_edition(reading(), _month(month), include_drafts=True)
    if edition is None:
        abort(404)
    operations.want_report(edition.id, current_user.login, utc_now())
    flash(_("Đã ghi yêu cầu. Báo cáo thường xong trong một phút."))
    return redirect(url_for("exports.reports"))


@blueprint.get("/centre/proposals/<month>/<unit>/<int:place>.docx")
@access(CENTRE, OFFICE, ADMIN)
def proposal(month: str, unit: str, place: int) -> ResponseReturnValue:
    """The draft of a proposal about one finding that the unit cannot mend itself."""
    from exports import proposal as drafting

    session = reading()
    day = _month(month).last_day
    all_units = units(session, day)
    code = scope.choose(all_units, current_user, unit) or abort(404)
    edition = seen_of(session, current_user, month) or abort(404)
    gaps = scores.gaps(session, edition, code)
    if place >= len(gaps) or gaps[place].within_power:
        abort(404)
    known = {register.code: register for register in registers(session)}
    texts = drafting.sentences(gaps[place], edition, all_units[code], procedures_map(session, day), known)
    content = drafting.draft(texts, gaps[place], edition, all_units[code], all_units, local_date(utc_now()))
    response = Response(content, mimetype=drafting.MEDIA)
    mark = "-MO-PHONG" if edition.simulated else ""
    response.headers.set("Content-Disposition", "attachment", filename=f"du-thao-kien-nghi-{code}-{month}-{place + 1}{mark}.docx")
    return response


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError:
        abort(404)


def _is_office() -> bool:
    return bool(current_user.is_authenticated and current_user.role in (OFFICE, ADMIN))


def _file(month: str, kind: str, extension: str) -> ResponseReturnValue:
    edition = queries.newest_edition(reading(), _month(month), include_drafts=_is_office())
    return _serve(queries.stored(reading(), edition, kind, extension) if edition else None)


def _serve(file: ExportFile | None) -> ResponseReturnValue:
    if file is None:
        abort(404)
    path = Path(current_app.extensions["settings"].data_dir) / file.path
    extension = path.suffix.removeprefix(".")
    if not path.is_file():  # the database knows it, the disk does not: an operator's matter, never a half page
        abort(503)
    response = Response(path.read_bytes(), mimetype=MEDIA[extension])
    response.set_etag(file.sha256)
    response.headers.set("Content-Disposition", "inline" if extension == "pdf" else "attachment", filename=file.name)
    response.cache_control.no_cache = True
    return response.make_conditional(request)
