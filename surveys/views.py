"""The pages behind an invitation's link: one question, a few more, thanks; and the way to delete it all.

No cookie and no script. A stored answer is never shown again: whoever else gets hold of the link must not read it.
"""

import base64
import hashlib
from collections.abc import Mapping

from flask import Blueprint, Response, abort, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from core.access import TOKEN, access
from core.calendar import utc_now
from core.database import reading
from core.settings import ROOT
from core.web import POLICY, csrf, language
from procedures.queries import procedure
from surveys import devices, limits, queries
from surveys.models import Invitation
from surveys.operations import Outcome, delete_answer, is_expired, submit
from surveys.questionnaire import MAX_COMMENT, Sheet, sheet_for

MAX_BODY = 32 * 1024  # bytes; a filled form has less than 4 KiB

# The style travels inside the page: on a slow network a second request is what people wait for.
STYLE = "".join(line.strip() for line in (ROOT / "static" / "survey.css").read_text(encoding="utf-8").splitlines())
STYLE_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Security-Policy": POLICY.replace("style-src 'self'", f"style-src 'sha256-{STYLE_DIGEST}'"),
}

blueprint = Blueprint("survey", __name__, url_prefix="/s")
csrf.exempt(blueprint)  # the token in the address is the secret; there is no cookie that another site could ride on


limits.guard(blueprint)


@blueprint.before_request
def _prepare() -> None:
    request.max_content_length = MAX_BODY


@blueprint.after_request
def _protect(response: Response) -> Response:
    g.without_cookies = True
    response.headers.update(HEADERS)
    return response


@blueprint.route("/<token>", methods=["GET", "POST"])
@access(TOKEN)
def start(token: str) -> ResponseReturnValue:
    """The first question. Its answer counts at once, whatever happens afterwards."""
    invitation, sheet = _open(token)
    if is_expired(invitation, utc_now()):
        return _expired(token, invitation)
    if request.method != "POST":
        answered = queries.is_answered(reading(), invitation.id)
        return _page("start", token, invitation, sheet=sheet, data={}, errors={}, answered=answered)
    chosen = request.form.get(sheet.first.code, "")
    outcome = submit(token, {sheet.first.code: chosen}, utc_now(), language(), device=devices.evidence(utc_now()), device_kind=devices.kind())
    if outcome.state in ("invalid", "empty"):
        errors = {sheet.first.code: _("Xin chọn một câu trả lời, rồi bấm nút bên dưới.")}
        return _page("start", token, invitation, sheet=sheet, data=request.form, errors=errors, answered=False), 422
    return _next(outcome, "survey.more", token)


@blueprint.route("/<token>/more", methods=["GET", "POST"])
@access(TOKEN)
def more(token: str) -> ResponseReturnValue:
    """A handful of further questions, each of which may be left open."""
    invitation, sheet = _open(token)
    if is_expired(invitation, utc_now()):
        return _expired(token, invitation)
    if request.method != "POST":
        if not queries.is_answered(reading(), invitation.id):
            return _go("survey.start", token)
        return _page("more", token, invitation, sheet=sheet, data={}, errors={})
    asked = {question.code for question in sheet.more} | ({sheet.comment.code} if sheet.comment else set())
    outcome = submit(token, {code: request.form.get(code, "") for code in asked}, utc_now(), language())
    if outcome.state == "invalid":
        return _page("more", token, invitation, sheet=sheet, data=request.form, errors=_messages(outcome, request.form)), 422
    return _next(outcome, "survey.thanks", token)


@blueprint.get("/<token>/thanks")
@access(TOKEN)
def thanks(token: str) -> ResponseReturnValue:
    """Thanks, and what happens with it."""
    invitation, _sheet = _open(token)
    if not queries.is_answered(reading(), invitation.id):
        return _go("survey.start", token)
    return _page("thanks", token, invitation)


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
    return render_template("survey/error.html", code=error.code, invitation=None, **_common()), error.code or 500


def _open(token: str) -> tuple[Invitation, Sheet]:
    """Invitation and sheet; 404 alike for what cannot be a token and for what never was one."""
    found, _answered = limits.opened(token)
    if found is None:
        abort(404)
    return found, sheet_for(found.questionnaire, found.end_point, found.channel)


def _page(name: str, token: str, invitation: Invitation, **values: object) -> str:
    offered = procedure(reading(), invitation.procedure_code)
    channels = {1: _("nộp tại quầy"), 2: _("nộp trực tuyến"), 3: _("nộp qua bưu chính"), 4: _("nộp tại máy tự phục vụ")}
    return render_template(
        f"survey/{name}.html",
        token=token,
        invitation=invitation,
        procedure_name=offered.name if offered is not None else invitation.procedure_code,
        channel_name=channels.get(invitation.channel),
        address=lambda endpoint: url_for(endpoint, token=token, lang=language()),
        **_common(),
        **values,
    )


def _common() -> dict[str, object]:
    return {"style": Markup(STYLE), "settings": current_app.extensions["settings"]}  # noqa: S704  # our own style sheet


def _expired(token: str, invitation: Invitation) -> ResponseReturnValue:
    return _page("expired", token, invitation), 410


def _messages(outcome: Outcome, form: Mapping[str, str]) -> dict[str, str]:
    """What to do about each problem, by field."""
    texts = {"unknown": _("Xin chọn một trong các câu trả lời có sẵn.")}
    return {code: texts.get(problem) or _too_long(form.get(code, "")) for code, problem in outcome.problems.items()}


def _too_long(text: str) -> str:
    length = len(text.replace("\r\n", "\n").strip())
    message: str = _(
        "Phần viết thêm dài %(length)d ký tự, tối đa là %(most)d. Xin rút ngắn rồi gửi lại; các câu khác vẫn được giữ nguyên.",
        length=length,
        most=MAX_COMMENT,
    )
    return message


def _next(outcome: Outcome, endpoint: str, token: str) -> ResponseReturnValue:
    """Go on; a link that was lost or ran out in the meantime says so on the page it leads to."""
    return _go("survey.start" if outcome.state in ("unknown", "expired") else endpoint, token)


def _go(endpoint: str, token: str) -> ResponseReturnValue:
    return redirect(url_for(endpoint, token=token, lang=language()), 303)
