"""The pages behind a poster or on a kiosk: one choice that counts at once, then a few questions that may all be skipped.

No cookie and no script. A kiosk goes back to its first page by itself; the header ``Refresh`` does that, because a page that does it
to a person's own telephone would be an obstacle (WCAG 2.2.1), and there is none of it on a poster's pages.
"""

import base64
import hashlib
import unicodedata
from typing import Any, cast

from flask import Blueprint, Response, abort, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from core.access import PUBLIC, TOKEN, access
from core.calendar import local_date, utc_now
from core.database import reading
from core.settings import ROOT
from core.web import POLICY, csrf, language
from procedures.queries import procedure, procedures_map
from surveys import devices, field_form, limits, posters
from surveys.models import Place

MAX_BODY = 8 * 1024  # bytes
FOUND = 8  # procedures that a search shows
NAME = 140  # letters of a procedure's or a paper's name: enough to tell it from others, few enough for 15 kB
PAPERS = 30
KIOSK_IDLE, KIOSK_DONE = 90, 20  # seconds until a kiosk begins anew

STYLE = "".join(
    line.strip() for name in ("survey.css", "open.css") for line in (ROOT / "static" / name).read_text(encoding="utf-8").splitlines()
)
_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Security-Policy": POLICY.replace("style-src 'self'", f"style-src 'sha256-{_DIGEST}'"),
}

blueprint = Blueprint("survey_open", __name__, url_prefix="/q")
csrf.exempt(blueprint)  # a visit's random name is in the address; there is no cookie that another site could ride on
limits.guard_open(blueprint)


@blueprint.before_request
def _prepare() -> None:
    request.max_content_length = MAX_BODY


@blueprint.after_request
def _protect(response: Response) -> Response:
    g.without_cookies = True
    response.headers.update(HEADERS)
    # going back shows the same page with the same visit, so that pressing again makes no second answer; later pages are never shown again
    response.headers["Cache-Control"] = "private, max-age=0" if request.endpoint == "survey_open.choose" else "no-store"
    return response


@blueprint.get("/<code>")
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
    if limits.is_machine(request.form) or _repeats(place, visit, said):  # it is thanked like everybody, and nothing is stored
        return _page("thanks", place)
    outcome = posters.begin(place, visit, said, utc_now(), language(), devices.evidence(utc_now()))
    if outcome.state == "invalid":
        return _page("choose", place, visit=visit, errors={"end_point": _("Xin bấm vào một trong hai câu.")}), 422
    if outcome.state in ("unknown", "expired"):
        return _go("choose", place)
    return _go("questions", place, visit)


@blueprint.route("/<code>/<visit>/more", methods=["GET", "POST"])
@access(TOKEN)
def questions(code: str, visit: str) -> ResponseReturnValue:
    """What this visit may add; where the dossier was not taken, first which procedure it was about."""
    place, found = _visit(code, visit)
    if found is None:
        return _go("choose", place)
    turned_away = found.end_point == "turned_away"
    if turned_away and request.method == "GET" and not found.procedure_code and request.args.get("step") != "2":
        return _which_procedure(place, visit)
    if turned_away and "procedure" in request.form:
        return _take_procedure(place, visit, found)
    papers = _papers(found.procedure_code) if turned_away else {}
    asked = field_form.questions(found.end_point)
    if request.method == "POST":
        outcome = posters.go_on(place, found, request.form, set(papers), utc_now(), language())
        if outcome.state != "invalid":
            return _go("thanks", place, visit)
        errors = {code: _("Xin chọn một trong các câu trả lời có sẵn.") for code in outcome.problems}
        return _page("questions", place, visit=visit, found=found, asked=asked, papers=papers, errors=errors), 422
    return _page("questions", place, visit=visit, found=found, asked=asked, papers=papers, errors={})


@blueprint.get("/<code>/<visit>/thanks")
@access(TOKEN)
def thanks(code: str, visit: str) -> ResponseReturnValue:
    """Thanks, and what happens with it."""
    place, found = _visit(code, visit)
    return _page("thanks", place, found=found) if found is not None else _go("choose", place)


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
    return redirect(url_for("survey_open.questions", code=place.code, visit=visit, step=2, lang=language()), 303)


def _papers(code: str) -> dict[str, str]:
    """The papers that a procedure asks for: component code, or place in the list where it has none, to name."""
    found = procedure(reading(), code) if code else None
    listed = found.components if found is not None else []
    return {part.code or str(part.position): part.name[:NAME] for part in listed[:PAPERS]} | {"other": _("Giấy tờ khác")}


def _folded(text: str) -> str:
    """Small letters without diacritics, so that ``khai sinh`` and ``KHAI SINH`` find the same."""
    plain = unicodedata.normalize("NFD", text.lower()).replace("đ", "d")
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def _repeats(place: Place, visit: str, said: str) -> bool:
    """Whether one telephone opens the poster's link again and again to say the same. A kiosk is one device for everybody."""
    return place.mode == "open" and posters.visit_of(reading(), place, visit, utc_now()) is None and limits.is_repeated(place.code, said)


def _place(code: str) -> Place:
    found = posters.place_of(reading(), code)
    if found is None:
        abort(404)
    return found


def _visit(code: str, visit: str) -> tuple[Place, posters.Visit | None]:
    place = _place(code)
    return place, posters.visit_of(reading(), place, visit, utc_now())


def _page(name: str, place: Place, **values: object) -> Response:
    kiosk = place.mode == "kiosk"
    visit = cast("str | None", values.get("visit"))
    page = render_template(
        f"survey/open/{name}.html",
        place=place,
        kiosk=kiosk,
        blank=limits.BLANK,
        address=lambda endpoint, **more: _address(endpoint, place, None if endpoint == "choose" else visit, **more),
        **_common(),
        **values,
    )
    response = Response(page, mimetype="text/html")
    if kiosk and name != "choose":
        seconds = KIOSK_DONE if name == "thanks" else KIOSK_IDLE
        response.headers["Refresh"] = f"{seconds};url={url_for('survey_open.choose', code=place.code)}"
    return response


def _common() -> dict[str, object]:
    return {"style": Markup(STYLE), "settings": current_app.extensions["settings"], "name_length": NAME}  # noqa: S704  # our own style


def _go(endpoint: str, place: Place, visit: str | None = None) -> ResponseReturnValue:
    return redirect(_address(endpoint, place, visit), 303)


def _address(endpoint: str, place: Place, visit: str | None, **more: Any) -> str:
    named: dict[str, Any] = {"visit": visit} if visit is not None else {}
    return url_for(f"survey_open.{endpoint}", code=place.code, lang=language(), **named, **more)


@blueprint.errorhandler(HTTPException)
@blueprint.errorhandler(500)  # the site's own page for it would else go first
def _kindly(error: HTTPException) -> ResponseReturnValue:
    return render_template("survey/open/error.html", code=error.code, place=None, kiosk=False, **_common()), error.code or 500
