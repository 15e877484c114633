"""The door for delivery receipts: ``POST /api/v1/receipts`` with the bearer token of a source; and ``…/handovers/<key>/received``.

The system that sends the invitations says what became of each, by the invitation's id, and how many invitations the same contact had.
Every refusal is a problem document (RFC 9457) in both languages. No cookie is read or set.
"""

import json
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, NotFound, UnsupportedMediaType

from core.access import BEARER, access, bearer
from core.calendar import utc_now
from core.errors import InputError
from core.web import csrf, limiter
from surveys import handover

MOST = 10_000  # receipts in one request
MAX_BODY = 4 * 1024 * 1024  # bytes
PUSHES = "120 per minute"
blueprint = Blueprint("survey_api", __name__, url_prefix="/api/v1")
csrf.exempt(blueprint)  # a token in a header is never sent by a browser on its own

REMEDIES = {
    401: (
        "Thiếu khóa truy cập của nguồn, hoặc khóa sai hay đã bị thu hồi. Gửi “Authorization: Bearer <khóa>”.",
        "The source's token is missing, wrong or revoked. Send “Authorization: Bearer <token>”.",
    ),
    404: ("Không có lần bàn giao này ở nguồn của khóa.", "The token's source has no such hand-over."),
    413: ("Nội dung quá lớn. Chia thành nhiều lần gửi.", "The body is too large. Send it in parts."),
    415: ("Không nhận loại nội dung này. Gửi application/json.", "This content type is not taken. Send application/json."),
    429: ("Gửi quá nhiều lần trong một phút. Đợi rồi gửi lại.", "Too many requests in a minute. Wait, then send again."),
}
WRONG = (
    f"Yêu cầu không đúng. Gửi {{“receipts”: […]}} với tối đa {MOST} dòng.",
    f"The request is wrong. Send {{“receipts”: […]}} with at most {MOST} lines.",
)


@blueprint.url_value_preprocessor
def _no_cookies(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    g.without_cookies = True


@blueprint.post("/receipts")
@access(BEARER)
@limiter.limit(PUSHES)
def receipts() -> ResponseReturnValue:
    """Take ``{"receipts": [{"invitation", "delivery", "contact_load"}]}``: all of them, or none where one is wrong. Safe to repeat."""
    request.max_content_length = MAX_BODY
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    body = request.get_json()
    told = body.get("receipts") if isinstance(body, dict) else None
    if not isinstance(told, list) or len(told) > MOST or not all(isinstance(receipt, dict) for receipt in told):
        return _problem(400, *WRONG)
    return _json(handover.report(bearer().source.code, told, utc_now()))  # type: ignore[union-attr]  # the guard has seen to it


@blueprint.post("/handovers/<key>/received")
@access(BEARER)
@limiter.limit(PUSHES)
def received(key: str) -> ResponseReturnValue:
    """The source has taken a hand-over's file: it is deleted here. Safe to repeat."""
    try:
        parcel = handover.parcel_of(key)
    except InputError as error:
        raise NotFound from error
    if parcel.source_code != bearer().source.code:  # type: ignore[union-attr]  # the guard has seen to it
        raise NotFound
    return _json({"handover": key, "invitations": handover.received(key, utc_now())})


def _json(body: dict[str, Any]) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), mimetype="application/json", headers={"Cache-Control": "no-store"})


def _problem(status: int, vi: str, en: str, **more: str | int | None) -> Response:
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail_vi": vi, "detail_en": en}
    answer = _json(body | {name: value for name, value in more.items() if value is not None})
    answer.status_code, answer.mimetype = status, "application/problem+json"
    return answer


@blueprint.errorhandler(HTTPException)
def _http_error(error: HTTPException) -> Response:
    answer = _problem(error.code or 500, *REMEDIES.get(error.code or 500, WRONG))
    for name, value in error.get_headers():
        if name in ("Allow", "WWW-Authenticate"):
            answer.headers[name] = value
    return answer


@blueprint.errorhandler(InputError)
def _input_error(error: InputError) -> Response:
    return _problem(400, error.message_vi, error.message_en, row=error.row, field=error.field)
