"""The pages behind a poster or on a kiosk: one choice that counts at once, then a few questions that may all be skipped.

No cookie and no script. A kiosk goes back to its first page by itself; the header ``Refresh`` does that, because a page that does it
to a person's own telephone would be an obstacle (WCAG 2.2.1), and there is none of it on a poster's pages.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any, cast

from flask import Blueprint, Response, abort, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from core.access import PUBLIC, TOKEN, access
from core.calendar import local_date, utc_now
from core.database import reading
from core.web import csrf
from procedures.queries import AskedPaper, asked_papers, legal_basis, procedure, procedures_map
from surveys import devices, field_form, languages, limits, pages, posters
from surveys.contacts import contact
from surveys.languages import gettext as _
from surveys.models import Place
from surveys.questionnaire import OTHER_PAPER, Question

MAX_BODY = 8 * 1024  # bytes
FOUND = 8  # procedures that a search shows
NAME = 140  # letters of a procedure's name: enough to tell it from others, few enough for 15 kB
NOT_STORED = "not stored"  # a refusal that says so
KIOSK_IDLE, KIOSK_DONE, KIOSK_FAILED = 300, 20, 60  # seconds until a kiosk begins anew
NOT_KEPT = 203  # a success like 200, but Chromium keeps only pages with 200 to bring them back as they were left, whatever else is said

WHICH_PAPER = Question(code="which_paper", kind="paper", vi="Thiếu giấy tờ nào?", en="Which paper was missing?")

DRESS = pages.Dress.of("survey.css", "open.css")
KIOSK = pages.Dress.of("survey.css", "open.css", script="kiosk.js")  # keeps nothing on the device: one device for all
HEADERS = {dress: dress.headers for dress in (DRESS, KIOSK)}

blueprint = Blueprint("survey_open", __name__, url_prefix="/q")
csrf.exempt(blueprint)  # a visit's random name is in the address; there is no cookie that another site could ride on
limits.guard_open(blueprint)


@blueprint.before_request
def _prepare() -> None:
    pages.take_whole(MAX_BODY)


@blueprint.after_request
def _protect(response: Response) -> Response:
    response = pages.finish(response)
    response.headers.update(HEADERS[_dress(limits.place_seen())])
    # going back shows the same page with the same visit, so that pressing again makes no second answer; later pages are never shown again
    first = request.endpoint == "survey_open.choose"
    response.headers["Cache-Control"] = "private, max-age=0" if first else "no-store"
    if _dress(limits.place_seen()) is KIOSK and not first and response.status_code == 200:
        response.status_code = NOT_KEPT  # also without scripts, nobody is shown what the person before chose
    return response


@blueprint.get("/<code>", strict_slashes=False)
@access(PUBLIC)
def choose(code: str) -> ResponseReturnValue:
    """The first page: was the dossier taken? Each opening is a new visit; nothing is stored before somebody chooses."""
    place = _place(code)
    if place.closed_on is not None:
        return _page("closed", place), 410
    return _page("choose", place, visit=posters.new_visit(), errors={})


@blueprint.post("/<code>/<visit>")
@access(TOKEN)
def begin(code: str, visit: str) -> ResponseReturnValue:
    """Take the choice. It counts at once, whatever happens afterwards."""
    place = _place(code)
    said = request.form.get("end_point", "")
    if limits.is_machine(request.form):  # it is thanked like everybody, and nothing is stored
        return _thanked(place, None)
    if _repeats(place, visit, said):  # perhaps an honest person on the same network: told that nothing is stored yet, and to press again
        abort(429, description=NOT_STORED)
    outcome = posters.begin(place, visit, said, utc_now(), languages.current(), devices.evidence(utc_now()))
    if outcome.state == "invalid":
        return _page("choose", place, visit=visit, errors={"end_point": _("Xin bấm vào một trong hai câu.")}), 422
    if outcome.state == "expired":
        return _too_late(place)
    if outcome.state == "unknown":
        return _go("choose", place)
    return _go("questions", place, visit)


@blueprint.route("/<code>/<visit>/more", methods=["GET", "POST"])
@access(TOKEN)
def questions(code: str, visit: str) -> ResponseReturnValue:
    """What this visit may add; where the dossier was not taken, first which procedure it was about."""
    place, found = _visit(code, visit)
    if found is None:
        return _too_late(place) if request.method == "POST" else _go("choose", place)
    turned_away = found.end_point == "turned_away"
    if turned_away and request.method == "GET" and not found.procedure_code and request.args.get("step") != "2":
        return _which_procedure(place, visit)
    if turned_away and "procedure" in request.form:
        return _take_procedure(place, visit, found)
    listed = _listed(place, found.procedure_code) if turned_away else []
    asked = [*field_form.questions(found.end_point), *([WHICH_PAPER] if listed else [])]

    def shown(data: Mapping[str, str], errors: Mapping[str, str]) -> Response:
        given: dict[str, Any] = {"visit": visit, "asked": asked, "data": data, "errors": errors}
        return _as_response(
            "questions", place, pages.fitting(listed, lambda papers, _left: draw("questions", place, papers=papers, **given))
        )

    if request.method == "POST":
        papers = {paper.key for paper in listed} | {OTHER_PAPER}
        outcome = posters.go_on(place, found, request.form, papers, utc_now(), languages.current())
        if outcome.state != "invalid":
            return _go("thanks", place, visit)
        errors = {code: _("Xin chọn một trong các câu trả lời có sẵn.") for code in outcome.problems}
        return shown(request.form, errors), 422
    return shown({}, {})


@blueprint.get("/<code>/<visit>/thanks")
@access(TOKEN)
def thanks(code: str, visit: str) -> ResponseReturnValue:
    """Thanks, what happens with it, and for those who were sent away for more papers what they may want to know. Ends a kiosk's visit."""
    place, found = _visit(code, visit)
    if found is None:
        return _go("choose", place)
    page = _thanked(place, found)
    posters.end(place, visit)
    return page


@blueprint.get("/<code>/<visit>/end")
@access(TOKEN)
def leave(code: str, visit: str) -> ResponseReturnValue:
    """Where a kiosk's unfinished visit leads when it is left: what was said stays, and the next person begins anew."""
    place = _place(code)
    posters.end(place, visit)
    return redirect(url_for("survey_open.choose", code=place.code), 303)  # in nobody's language


def _too_late(place: Place) -> ResponseReturnValue:
    """The first page anew, saying that what was just sent belongs to a visit that is over: it may be the next person's at a kiosk, and
    nobody's answer is lost without a word, nor counted twice."""
    if place.closed_on is not None:
        return _go("choose", place)
    page = _page("choose", place, visit=posters.new_visit(), errors={}, too_late=True)
    return _anew(page, place, KIOSK_FAILED), 409


def _anew(response: Response, place: Place, seconds: int) -> Response:
    """A kiosk goes back to its first page after so many seconds; a poster's page stays."""
    if place.mode == "kiosk":
        response.headers["Refresh"] = f"{seconds};url={url_for('survey_open.choose', code=place.code)}"
    return response


def _thanked(place: Place, found: posters.Visit | None) -> Response:
    today = local_date(utc_now())
    turned_away = found is not None and found.end_point == "turned_away"
    listed = _listed(place, found.procedure_code) if found is not None and turned_away else []
    channel = contact(current_app.extensions["settings"], [place.unit_code, place.province_code])
    fixed = {"with_papers": turned_away, "basis": legal_basis(today), "contact": channel}
    page = pages.fitting(listed, lambda papers, left: draw("thanks", place, papers=papers, left_out=left, **fixed))
    return _as_response("thanks", place, page)


def _which_procedure(place: Place, visit: str) -> ResponseReturnValue:
    wanted = request.args.get("find", "").strip()[:80]
    session = reading()
    if wanted:
        everything = procedures_map(session, local_date(utc_now()))
        words = _folded(wanted).split()
        offered = {code: view.name for code, view in everything.items() if all(word in _folded(view.name) for word in words)}
        offered = dict(sorted(offered.items(), key=lambda item: (len(item[1]), item[0]))[:FOUND])
    else:
        usual = (procedure(session, each) for each in posters.usual_procedures(session, place, utc_now()))
        offered = {found.code: found.name for found in usual if found is not None}
    return _page("procedure", place, visit=visit, offered=offered, wanted=wanted, errors={})


def _take_procedure(place: Place, visit: str, found: posters.Visit) -> ResponseReturnValue:
    code = request.form["procedure"]
    if code and procedure(reading(), code) is not None:
        posters.choose_procedure(found, code)
    return redirect(url_for("survey_open.questions", code=place.code, visit=visit, step=2, lang=languages.current()), 303)


def _listed(place: Place, code: str) -> list[AskedPaper]:
    return asked_papers(reading(), code, (place.unit_code, place.province_code), local_date(utc_now())) if code else []


def _folded(text: str) -> str:
    """Small letters without diacritics, so that ``khai sinh`` and ``KHAI SINH`` find the same."""
    plain = unicodedata.normalize("NFD", text.lower()).replace("đ", "d")
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def _repeats(place: Place, visit: str, said: str) -> bool:
    """Whether an open link is used more often from one network than people would use it. A visit that goes on is no repetition."""
    return posters.visit_of(reading(), place, visit, utc_now()) is None and limits.is_repeated(place, said)


def _place(code: str) -> Place:
    found = limits.place()
    if found is None:
        abort(404)
    return found


def _visit(code: str, visit: str) -> tuple[Place, posters.Visit | None]:
    place = _place(code)
    return place, posters.visit_of(reading(), place, visit, utc_now())


def _page(name: str, place: Place, **values: object) -> Response:
    return _as_response(name, place, draw(name, place, **values))


def draw(name: str, place: Place, **values: object) -> str:
    """A page behind a poster's link or on a kiosk."""
    visit = cast("str | None", values.get("visit"))
    return render_template(
        f"survey/open/{name}.html",
        place=place,
        kiosk=place.mode == "kiosk",
        blank=limits.BLANK,
        address=lambda endpoint, **more: _address(endpoint, place, None if endpoint == "choose" else visit, **more),
        name_length=NAME,
        **_dress(place).common(),
        **values,
    )


def _dress(place: Place | None) -> pages.Dress:
    return KIOSK if place is not None and place.mode == "kiosk" else DRESS


def _as_response(name: str, place: Place, page: str) -> Response:
    response = Response(page, mimetype="text/html")
    if name == "thanks":
        return _anew(response, place, KIOSK_DONE)
    if place.mode == "kiosk" and name in ("questions", "procedure"):
        response.headers["Refresh"] = f"{KIOSK_IDLE};url={url_for('survey_open.leave', **(request.view_args or {}))}"
    return response


def _go(endpoint: str, place: Place, visit: str | None = None) -> ResponseReturnValue:
    return redirect(_address(endpoint, place, visit), 303)


def _address(endpoint: str, place: Place, visit: str | None, **more: Any) -> str:
    named: dict[str, Any] = {"visit": visit} if visit is not None else {}
    return url_for(f"survey_open.{endpoint}", code=place.code, lang=languages.current(), **named, **more)


@blueprint.errorhandler(HTTPException)
@blueprint.errorhandler(500)  # the site's own page for it would else go first
def _kindly(error: HTTPException) -> ResponseReturnValue:
    code = "not_stored" if error.description == NOT_STORED else error.code
    place = limits.place_seen()
    dress = _dress(place)
    response = make_response(
        render_template("survey/open/error.html", code=code, place=None, kiosk=dress is KIOSK, **dress.common()), error.code or 500
    )
    return _anew(response, place, KIOSK_FAILED) if place is not None else response  # nobody stands by a kiosk to press anything
