"""Pages for those who carry the survey out: posters and slips to print, slips to enter, people to call. No page shows an answer."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from core.access import CENTRE, CLERK, INTERVIEWER, OFFICE, access
from core.calendar import Month, local_date, utc_now
from core.database import reading
from core.errors import InputError
from core.text import _
from core.web import language, limiter, pick
from procedures.queries import UnitView, is_simulated, own_units, procedure, units
from surveys import codes, field_form, operations, paper, posters, queries, telephone
from surveys.models import NoSignal, Place

PDFS = "20 per minute"  # each takes a second of a process of its own
blueprint = Blueprint("survey_desk", __name__, url_prefix="/survey")


@blueprint.app_context_processor
def _shared() -> dict[str, Any]:
    return {"without_signal": _without_signal}


def _without_signal(month: Month, today: date) -> list[tuple[str, NoSignal]]:
    """Name and declaration of each commune without mobile signal in a month, among the person's own; all for office and admin."""
    session, on = reading(), min(month.last_day, today)
    views = units(session, on)
    own = set(own_units(session, current_user.unit_code, on)) if current_user.role == CENTRE else set(views)
    declared = {code: row for code, row in queries.without_signal(session, on).items() if code in own and code in views}
    return sorted((_place_name(views, code), row) for code, row in declared.items())


def _place_name(views: Mapping[str, UnitView], code: str) -> str:
    """A commune with its province."""
    above = views.get(views[code].province_code or "")
    names = [pick(view.name, view.name_en or view.name) for view in (views[code], above) if view is not None]
    return ", ".join(dict.fromkeys(names))


def _own() -> set[str] | None:
    """The units that the person may print for; None: all."""
    if current_user.role == OFFICE:
        return None
    return set(own_units(reading(), current_user.unit_code, local_date(utc_now())))


def _names(now: datetime) -> dict[str, str]:
    return {code: view.name for code, view in units(reading(), local_date(now)).items()}


@blueprint.route("/places", methods=["GET", "POST"])
@access(CENTRE, OFFICE)
def places() -> ResponseReturnValue:
    """Posters, kiosks and slips of the own units; a form to make another."""
    now, own = utc_now(), _own()
    refused: InputError | None = None
    if request.method == "POST":
        try:
            return _made(now, own)
        except InputError as error:
            refused = error
    names = _names(now)
    page = render_template(
        "survey/desk/places.html",
        places=posters.places(reading(), own),
        batches=paper.batches(reading(), own)[:50],
        names=names,
        choices=sorted((name, code) for code, name in names.items() if own is not None and code in own),
        form=request.form,
        refused=refused,
        counters=current_app.extensions["settings"].counter_codes,
        short=lambda place: posters.address(place, spoken=True),
        most=paper.MOST,
        domain=current_app.extensions["settings"].public_url.partition("://")[2].rstrip("/"),
        simulated=is_simulated(reading()),
    )
    return (page, 422) if refused else page


def _made(now: datetime, own: set[str] | None) -> ResponseReturnValue:
    """Make what the form asks for. Raises ``InputError``."""
    unit, point = request.form.get("unit", "").strip(), request.form.get("point", "")
    if own is not None and unit not in own:
        raise InputError("Chọn một đơn vị của mình.", "Choose one of your own units.", field="unit_code")
    if request.form.get("what") == "slips":
        size = request.form.get("size", "")
        paper.print_batch(unit, point, int(size) if size.isdecimal() and len(size) < 5 else 0, now)
        flash(_("Đã tạo tập phiếu. Bấm vào tệp PDF để in."))
    else:
        mode = "kiosk" if request.form.get("what") == "kiosk" else "open"
        posters.open_place(unit, point, mode, now, request.form.get("counter", ""))
        flash(_("Đã tạo mã. Bấm vào tệp PDF để in."))
    return redirect(url_for("survey_desk.places"), 303)


@blueprint.post("/places/<code>/close")
@access(CENTRE, OFFICE)
def close_place(code: str) -> ResponseReturnValue:
    """End an open link: its poster says that it is no longer used."""
    posters.close_place(_place(code).code, utc_now())
    flash(_("Đã đóng mã. Áp phích cũ sẽ báo là không còn dùng."))
    return redirect(url_for("survey_desk.places"), 303)


@blueprint.get("/places/<code>.pdf")
@access(CENTRE, OFFICE)
@limiter.limit(PDFS)
def poster_pdf(code: str) -> ResponseReturnValue:
    """The poster, A5."""
    place = _place(code)
    name = _names(utc_now()).get(place.unit_code, place.unit_code)
    return _pdf(posters.poster_html(place, name), f"{_mark(place.simulated)}{place.code}.pdf")


@blueprint.get("/slips/<int:number>.pdf")
@access(CENTRE, OFFICE)
@limiter.limit(PDFS)
def slips_pdf(number: int) -> ResponseReturnValue:
    """A batch of slips, one page of A5 each; the same as often as it is printed."""
    batch = paper.batch_of(reading(), number)
    own = _own()
    if batch is None or (own is not None and batch.unit_code not in own):
        abort(404)
    name = _names(utc_now()).get(batch.unit_code, batch.unit_code)
    return _pdf(paper.slips_html(batch, name), f"{_mark(batch.simulated)}slips-{batch.id}.pdf")


def _mark(simulated: bool) -> str:
    return "SO-LIEU-MO-PHONG-" if simulated else ""


def _place(code: str) -> Place:
    place, own = posters.place_of(reading(), code), _own()
    if place is None or (own is not None and place.unit_code not in own):
        abort(404)
    return place


def _pdf(html: str, name: str) -> Response:
    answer = Response(current_app.extensions["pdf"](html).content, mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "inline", filename=name)
    return answer


@blueprint.route("/slips", methods=["GET", "POST"])
@access(CLERK)
def slips() -> ResponseReturnValue:
    """Enter slips, one after the other."""
    refused: InputError | None = None
    if request.method == "POST":
        try:
            entered = paper.enter(request.form.get("code", ""), request.form, current_user, utc_now())
        except InputError as error:
            refused = error
        else:
            flash(_entered(entered))
            return redirect(url_for("survey_desk.slips"), 303)
    page = render_template(
        "survey/desk/slips.html",
        asked=field_form.questions(field_form.PAPER_FORM),
        form=request.form,
        refused=refused,
        agreement=paper.agreement(reading(), current_user, local_date(utc_now())),
        simulated=is_simulated(reading()),
    )
    return (page, 422) if refused else page


def _entered(entered: paper.Entered) -> str:
    texts = {
        "first": _("Đã nhập."),
        "again": _("Đã nhập. Phiếu này nằm trong 5 % được nhập hai lần: xin để riêng cho một người khác nhập lại."),
        "agrees": _("Đã nhập lần hai: khớp với lần đầu."),
    }
    return texts.get(entered.state) or _("Đã nhập lần hai: khác lần đầu ở %(n)s câu. Lần đầu vẫn giữ.", n=entered.differing)


@blueprint.route("/calls", methods=["GET", "POST"])
@access(INTERVIEWER)
def calls() -> ResponseReturnValue:
    """Open a case by the code on the list of calls."""
    if request.method != "POST":
        return _calls("")
    if telephone.find(request.form.get("code", "")) is None:
        return _calls(_("Không có mã cuộc gọi này: xem lại từng ký tự.")), 422
    return redirect(url_for("survey_desk.call", code=codes.read_code(request.form["code"], codes.PAPER)), 303)


def _calls(wrong: str) -> str:
    return render_template(
        "survey/desk/calls.html",
        wrong=wrong,
        form=request.form,
        progress=telephone.progress(reading(), current_user, local_date(utc_now())),
        simulated=is_simulated(reading()),
    )


@blueprint.route("/calls/<code>", methods=["GET", "POST"])
@access(INTERVIEWER)
def call(code: str) -> ResponseReturnValue:
    """The interview: script, questions, how the call ended."""
    found = telephone.find(code)
    if found is None:
        abort(404)
    try:
        telephone.refuse_own_unit(found, current_user, utc_now())
    except InputError as error:
        return _calls(pick(error.message_vi, error.message_en)), 403
    errors: dict[str, str] = {}
    refused: InputError | None = None
    if request.method == "POST":
        try:
            outcome = telephone.record(found, request.form.get("outcome", ""), request.form, utc_now(), language(), current_user)
        except InputError as error:
            refused = error
        else:
            if outcome.state != "invalid":
                flash(_("Đã ghi cuộc gọi."))
                return redirect(url_for("survey_desk.calls"), 303)
            errors = dict.fromkeys(outcome.problems, _("Xin chọn một trong các câu trả lời có sẵn, hoặc rút ngắn phần viết thêm."))
    page = render_template("survey/desk/call.html", code=code, form=request.form, refused=refused, errors=errors, **_case(found))
    return (page, 422) if errors or refused else page


def _case(found: telephone.Case) -> dict[str, Any]:
    invitation, today = found.invitation, local_date(utc_now())
    about = procedure(reading(), invitation.procedure_code)
    unit = units(reading(), today).get(invitation.unit_code)
    sheet = operations.sheet_of(invitation)
    return {
        "found": found,
        "about": about.name if about is not None else invitation.procedure_code,
        "unit_name": unit.name if unit is not None else invitation.unit_code,
        "asked": (sheet.first, *sheet.more),
        "comment": sheet.comment,
        "script": telephone.script(),
        "simulated": found.case.simulated,
    }
