"""Routes for the office: every version with its files; number, signature; the Monitoring System. And the data dictionary's page."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from core import accounts
from core.access import ADMIN, OFFICE, PUBLIC, access
from core.calendar import TIMEZONE, utc_now
from core.database import reading
from core.errors import InputError
from core.web import language
from exports import attaching, dictionary, monitoring, numbering, operations, queries, signing
from exports.data import as_csv
from exports.monitoring_package import package_name
from exports.names import is_public
from scorecard.models import Edition
from scorecard.queries import latest_published

NEWEST = 12  # versions that the page shows at first
blueprint = Blueprint("publication", __name__)


@blueprint.get("/office/publication")
@access(OFFICE, ADMIN)
def shelf() -> ResponseReturnValue:
    """Every version that was closed, with its files, number, signature and deliveries."""
    session = reading()
    sent = {found.edition_id: (found, queries.attempts(session, found.id)) for found in queries.deliveries(session)}
    settings = current_app.extensions["settings"]
    return render_template(
        "publication/shelf.html",
        desks=queries.versions(session)[: None if "all" in request.args else NEWEST],
        newest=NEWEST,
        sent=sent,
        can_sign=signing.configured(settings),
        can_send=monitoring.configured(),
        is_public=is_public,
        names=accounts.names(session),
        limit=attaching.LARGEST >> 20,
        clock=lambda instant: instant.astimezone(TIMEZONE).strftime("%H:%M"),
    )


@blueprint.post("/office/publication/<int:edition_id>/number")
@access(OFFICE, ADMIN)
def number(edition_id: int) -> ResponseReturnValue:
    """Take a number; the worker draws the final report."""
    try:
        day = date.fromisoformat(request.form.get("dated_on", ""))
    except ValueError:
        flash(_("Chưa ghi ngày văn bản, hoặc ngày không đúng."))
        return redirect(url_for("publication.shelf"))
    given = request.form.get("number", "").strip()
    return _done(
        edition_id,
        lambda: numbering.take_number(edition_id, given, day, current_user.login, utc_now()),
        _("Đã lấy số. Bản cuối thường xong trong một phút."),
    )


@blueprint.post("/office/publication/<int:edition_id>/number/back")
@access(OFFICE, ADMIN)
def number_back(edition_id: int) -> ResponseReturnValue:
    """Give a number back before signing, so that the human parts can be mended."""
    reason = request.form.get("reason", "")
    return _done(
        edition_id,
        lambda: numbering.give_back(edition_id, reason, current_user.login, utc_now()),
        _("Đã trả lại số. Sửa phần do người viết rồi lấy số lại."),
    )


@blueprint.post("/office/publication/<int:edition_id>/sign")
@access(OFFICE, ADMIN)
def sign(edition_id: int) -> ResponseReturnValue:
    """Sign with the installation's certificate."""
    return _done(edition_id, lambda: attaching.sign_here(edition_id, current_user.login, utc_now()), _("Đã ký báo cáo."))


@blueprint.post("/office/publication/<int:edition_id>/signed")
@access(OFFICE, ADMIN)
def signed(edition_id: int) -> ResponseReturnValue:
    """Bring back the report that was signed outside. The worker compares them."""
    file = request.files.get("file")
    content = file.stream.read(attaching.LARGEST + 1) if file is not None else b""
    return _done(
        edition_id,
        lambda: attaching.hand_over(edition_id, content, current_user.login, utc_now()),
        _("Đã nhận tệp. Máy đối chiếu từng trang với bản cuối, thường xong trong một phút; kết quả hiện ở trang này."),
    )


@blueprint.get("/office/publication/<int:edition_id>/handed-over.pdf")
@access(OFFICE, ADMIN)
def handed_over(edition_id: int) -> ResponseReturnValue:
    """The signed file that waits to be confirmed, to be looked at page by page."""
    file = attaching.unconfirmed(reading(), edition_id) or abort(404)
    content = (Path(current_app.extensions["settings"].data_dir) / file.path).read_bytes()
    answer = Response(content, mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "attachment", filename=file.name)
    return answer


@blueprint.post("/office/publication/<int:edition_id>/signed/confirm")
@access(OFFICE, ADMIN)
def confirm(edition_id: int) -> ResponseReturnValue:
    """Say that the file which was handed over is the same report."""
    digest = request.form.get("sha256", "")
    return _done(
        edition_id,
        lambda: attaching.confirm(edition_id, digest, current_user.login, utc_now()),
        _("Đã ghi xác nhận. Máy lưu bản ký, thường xong trong một phút."),
    )


@blueprint.post("/office/publication/<int:edition_id>/build")
@access(OFFICE, ADMIN)
def build(edition_id: int) -> ResponseReturnValue:
    """Ask the worker for the files."""
    return _done(
        edition_id,
        lambda: operations.want_report(edition_id, current_user.login, utc_now()),
        _("Đã ghi yêu cầu. Báo cáo thường xong trong một phút."),
    )


@blueprint.post("/office/publication/<int:edition_id>/send")
@access(OFFICE, ADMIN)
def send(edition_id: int) -> ResponseReturnValue:
    """Have the worker send it to the Monitoring System."""
    return _done(edition_id, lambda: monitoring.ask(edition_id, current_user.login, utc_now()), _("Đã ghi yêu cầu gửi."))


@blueprint.post("/office/publication/<int:edition_id>/by-hand")
@access(OFFICE, ADMIN)
def by_hand(edition_id: int) -> ResponseReturnValue:
    """Keep the receipt of a package that was uploaded by hand."""
    receipt = request.form.get("receipt", "")
    return _done(edition_id, lambda: monitoring.note_by_hand(edition_id, receipt, current_user.login, utc_now()), _("Đã lưu biên nhận."))


@blueprint.get("/office/publication/<int:edition_id>/package.zip")
@access(OFFICE, ADMIN)
def package(edition_id: int) -> ResponseReturnValue:
    """The package to upload by hand."""
    from exports import monitoring_package

    edition = reading().get(Edition, edition_id) or abort(404)
    name = package_name(edition)
    answer = Response(monitoring_package.package(edition_id), mimetype="application/zip")
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


@blueprint.get("/dictionary")
@access(PUBLIC)
def data_dictionary() -> ResponseReturnValue:
    """Every word that stands in a file, with its meaning."""
    entries = dictionary.entries()
    english = language() == "en"
    groups: dict[str, list[dictionary.Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.part, []).append(entry)
    types = {code: words[english] for code, words in dictionary.TYPES.items()}
    return render_template("publication/dictionary.html", groups=groups, english=english, types=types)


@blueprint.get("/dictionary.csv")
@access(PUBLIC)
def dictionary_csv() -> ResponseReturnValue:
    """The same as CSV."""
    newest = latest_published(reading())
    rows = dictionary.csv_rows(newest is not None and newest.simulated)
    answer = Response(as_csv([*dictionary.ENTRY_COLUMNS, "simulated"], rows), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename="tu-dien-so-lieu.csv")
    return answer


def _done(edition_id: int, what: Callable[[], Any], said: str) -> ResponseReturnValue:
    """Do it and say so, or say what stands in the way, beside the edition."""
    if reading().get(Edition, edition_id) is None:
        abort(404)
    try:
        what()
    except InputError as error:
        flash(error.message(language()))
    else:
        flash(said)
    return redirect(url_for("publication.shelf", _anchor=f"e{edition_id}"))
