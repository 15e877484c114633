"""The pages behind an invitation's link: one question, a few screens more, thanks; and the way to delete it all.

No cookie, and no script is needed. A stored answer is never shown again, nor does any page depend on it: whoever else gets hold of the
link must not read it. What a page needs to know of what was said before stands in its address.
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from core.access import TOKEN, access
from core.calendar import local_date, utc_now
from core.database import reading
from core.web import csrf
from procedures.queries import asked_papers, legal_basis, procedure
from surveys import devices, languages, limits, pages, queries
from surveys.contacts import check as check_contacts
from surveys.contacts import contact
from surveys.languages import gettext as _
from surveys.models import Invitation
from surveys.operations import Outcome, delete_answer, is_expired, sheet_of, submit
from surveys.questionnaire import COMMENT, MAX_COMMENT, Question, Sheet, read

MAX_BODY = 32 * 1024  # bytes; a filled form has less than 4 KiB
SENT = "t"  # hidden field: when the page was sent
WITH_PAPERS = "papers"  # in the address: the thanks name the papers

DRESS = pages.Dress.of("survey.css")
HEADERS = {"Cache-Control": "no-store", **DRESS.headers}

blueprint = Blueprint("survey", __name__, url_prefix="/s")
csrf.exempt(blueprint)  # the token in the address is the secret; there is no cookie that another site could ride on
limits.guard(blueprint)
blueprint.record_once(lambda state: check_contacts(state.app.extensions["settings"]))


@blueprint.before_request
def _prepare() -> None:
    pages.take_whole(MAX_BODY)


@blueprint.after_request
def _protect(response: Response) -> Response:
    response = pages.finish(response)
    response.headers.update(HEADERS)
    return response


@blueprint.route("/<token>", methods=["GET", "POST"], strict_slashes=False)  # some programs that show messages add a slash
@access(TOKEN)
def start(token: str) -> ResponseReturnValue:
    """The first question. Its answer counts at once, whatever happens afterwards."""
    invitation, sheet = _open(token)
    if is_expired(invitation, utc_now()):
        return _expired(token, invitation)
    if request.method != "POST":
        answered = queries.is_answered(reading(), invitation.id)
        return _page("start", token, invitation, sheet=sheet, data={}, errors={}, answered=answered)
    outcome = _send(token, (sheet.first,))
    if outcome.state in ("invalid", "empty"):
        errors = {sheet.first.code: choose_first()}
        return _page("start", token, invitation, sheet=sheet, data=request.form, errors=errors, answered=False), 422
    return _next(outcome, token, sheet, 0)


@blueprint.route("/<token>/more", defaults={"number": 1}, methods=["GET", "POST"])
@blueprint.route("/<token>/more/<int:number>", methods=["GET", "POST"])
@access(TOKEN)
def more(token: str, number: int) -> ResponseReturnValue:
    """A further screen; each of its questions may be left open."""
    invitation, sheet = _open(token)
    if is_expired(invitation, utc_now()):
        return _expired(token, invitation)
    if not 1 <= number <= len(sheet.steps):
        abort(404)
    step = sheet.steps[number - 1]
    listed = _papers(invitation) if any(question.kind == "paper" for question in step.questions) else []

    def shown(data: Mapping[str, str], errors: Mapping[str, str]) -> str:
        given: dict[str, Any] = {"sheet": sheet, "step": step, "number": number, "data": data, "errors": errors}
        return pages.fitting(listed, lambda papers, _left: _page("more", token, invitation, papers=papers, **given))

    if request.method != "POST":
        if not queries.is_answered(reading(), invitation.id):
            return _go("survey.start", token)
        return shown({}, {})
    outcome = _send(token, step.questions)
    if outcome.state == "invalid":
        return shown(request.form, _messages(outcome, request.form)), 422
    return _next(outcome, token, sheet, number)


@blueprint.get("/<token>/thanks")
@access(TOKEN)
def thanks(token: str) -> ResponseReturnValue:
    """Thanks, what happens with it, and for those who were asked for more papers what they may want to know."""
    invitation, _sheet = _open(token)
    if not queries.is_answered(reading(), invitation.id):
        return _go("survey.start", token)
    today = local_date(utc_now())
    with_papers = WITH_PAPERS in request.args or invitation.end_point == "supplement" or invitation.recorded_supplements > 0
    listed = _papers(invitation) if with_papers else []
    around = [invitation.receiving_unit_code, invitation.unit_code, invitation.province_code]
    fixed = {"with_papers": with_papers, "basis": legal_basis(today), "contact": contact(current_app.extensions["settings"], around)}
    return pages.fitting(listed, lambda papers, left: _page("thanks", token, invitation, papers=papers, left_out=left, **fixed))


@blueprint.route("/<token>/delete", methods=["GET", "POST"])
@access(TOKEN)
def delete(token: str) -> ResponseReturnValue:
    """Delete the answer, after asking once. Also open after the last day for answering."""
    invitation, _sheet = _open(token)
    deleted = request.method == "POST"
    if deleted:
        delete_answer(token)
    return _page("delete", token, invitation, deleted=deleted)


@blueprint.errorhandler(HTTPException)
@blueprint.errorhandler(500)  # the site's own page for it would else go first
def _kindly(error: HTTPException) -> ResponseReturnValue:
    return render_template("survey/error.html", code=error.code, invitation=None, **DRESS.common()), error.code or 500


def _open(token: str) -> tuple[Invitation, Sheet]:
    """Invitation and sheet; 404 alike for what cannot be a token and for what never was one."""
    found, _answered = limits.opened(token)
    if found is None:
        abort(404)
    return found, sheet_of(found)


def _send(token: str, questions: tuple[Question, ...]) -> Outcome:
    """Store what this screen says; fields that it does not have are not looked at."""
    now = utc_now()
    data = {question.code: request.form.get(question.code, "") for question in questions}
    return submit(
        token,
        data,
        now,
        languages.current(),
        device=devices.evidence(now),
        device_kind=devices.kind(),
        seconds=pages.seconds_since(request.form.get(SENT, ""), now),
        invitation=limits.opened(token)[0],
    )


def _papers(invitation: Invitation) -> list[Any]:
    around = (invitation.unit_code, invitation.province_code)
    return asked_papers(reading(), invitation.procedure_code, around, local_date(utc_now()))


def _page(name: str, token: str, invitation: Invitation, **values: object) -> str:
    offered = procedure(reading(), invitation.procedure_code)
    return draw(name, token, invitation, offered.name if offered is not None else invitation.procedure_code, **values)


def draw(name: str, token: str, invitation: Invitation, procedure_name: str, **values: object) -> str:
    """A page behind an invitation's link."""
    channels = {1: _("nộp tại quầy"), 2: _("nộp trực tuyến"), 3: _("nộp qua bưu chính"), 4: _("nộp tại máy tự phục vụ")}
    return render_template(
        f"survey/{name}.html",
        token=token,
        invitation=invitation,
        procedure_name=procedure_name,
        channel_name=channels.get(invitation.channel),
        address=lambda endpoint, **more: _address(endpoint, token, **more),
        sent=int(utc_now().timestamp()),
        **DRESS.common(),
        **values,
    )


def _expired(token: str, invitation: Invitation) -> ResponseReturnValue:
    return _page("expired", token, invitation), 410


def _messages(outcome: Outcome, form: Mapping[str, str]) -> dict[str, str]:
    """What to do about each problem, by field."""
    choose = _("Xin chọn một trong các câu trả lời có sẵn.")
    return {code: too_long(form.get(COMMENT, "")) if problem == "too_long" else choose for code, problem in outcome.problems.items()}


def choose_first() -> str:
    """What to do where nothing was chosen on the first screen."""
    return _("Xin chọn một câu trả lời, rồi bấm nút bên dưới.")


def too_long(text: str) -> str:
    """What to do about a free text that is too long."""
    length = len(text.replace("\r\n", "\n").strip())
    return _(
        "Phần viết thêm dài %(length)d ký tự, tối đa %(most)d. Dưới đây là phần đầu; xin sửa rồi gửi lại. Các câu khác vẫn được giữ.",
        length=length,
        most=MAX_COMMENT,
    )


def _next(outcome: Outcome, token: str, sheet: Sheet, number: int) -> ResponseReturnValue:
    """Go on to the next screen; a link that was lost or ran out in the meantime says so on the page it leads to."""
    if outcome.state in ("unknown", "expired"):
        return _go("survey.start", token)
    asked = sheet.steps[number - 1].questions if number else (sheet.first,)
    said = read(asked, request.form).values
    more: dict[str, Any] = {WITH_PAPERS: 1} if _was_asked_more(said) or WITH_PAPERS in request.args else {}
    for following in range(number + 1, len(sheet.steps) + 1):
        if sheet.steps[following - 1].wanted(said):
            return _go("survey.more", token, number=following, **more)
    return _go("survey.thanks", token, **more)


def _was_asked_more(said: Mapping[str, str]) -> bool:
    return said.get("supplement_count") in ("1", "2+") or said.get("asked_again") == "yes"


def _go(endpoint: str, token: str, **more: Any) -> ResponseReturnValue:
    return redirect(_address(endpoint, token, **more), 303)


def _address(endpoint: str, token: str, **more: Any) -> str:
    return url_for(endpoint, token=token, lang=languages.current(), **more)
