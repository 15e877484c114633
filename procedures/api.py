"""The door for systems that push dossiers as they go: ``POST /api/v1/dossiers``. ``docs/api.md`` tells their engineers about it.

Nothing is looked into at the door: the body is spooled as it was sent, and the worker reads it like every other file. Every refusal
is a problem document (RFC 9457) in both languages. No cookie is read or set.
"""

import io
import json
import re
from http import HTTPStatus
from typing import IO, TYPE_CHECKING, Any, cast

from flask import Blueprint, Response, current_app, g, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_limiter import RateLimitExceeded
from flask_limiter.util import get_remote_address
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import ClientDisconnected, HTTPException, LengthRequired, NotFound, UnsupportedMediaType

from core.access import BEARER, MACHINES, PUBLIC, access, bearer
from core.calendar import utc_now
from core.database import reading
from core.errors import InputError
from core.web import csrf, limiter
from procedures import intake, tokens
from procedures.api_schema import CONTENT_TYPES, document
from procedures.models import SourceToken, Submission
from procedures.receipts import as_json

if TYPE_CHECKING:
    from flask.blueprints import BlueprintSetupState

PUSHES, LOOKS = "120 per minute", "600 per minute"  # of one token; of one address without one
ROW_FILES = {"csv": "text/csv", "jsonl": "application/x-ndjson"}
KEY_HEADER = "Idempotency-Key"
KEY_WORDS = (
    "Khóa chống gửi trùng gồm 1 đến 80 ký tự ASCII không có dấu cách, ví dụ một UUID.",
    "An idempotency key has 1 to 80 ASCII characters without blanks, for example a UUID.",
)
KEY_FORM = re.compile(r"[\x21-\x7e]{1,80}")
SUBMISSION_FORM = re.compile(r"[0-9a-f]{16}")
BUFFER = 1 << 20
AGAIN_AFTER = 30  # seconds, when the service itself could not
blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
csrf.exempt(blueprint)  # a token in a header is never sent by a browser on its own

REMEDIES = {
    400: ("Yêu cầu không đúng. Xem tài liệu API rồi gửi lại.", "The request is wrong. See the API's documentation and send it again."),
    401: (
        "Thiếu khóa truy cập của nguồn, hoặc khóa sai hay đã bị thu hồi. Gửi “Authorization: Bearer <khóa>”; xin khóa mới ở nơi quản trị.",
        "The source's token is missing, wrong or revoked. Send “Authorization: Bearer <token>”; ask the administrator for a new one.",
    ),
    404: (
        "Không có địa chỉ hay lần gửi này. Kiểm tra địa chỉ; mỗi nguồn chỉ thấy lần gửi của mình.",
        "There is no such address or submission. Check the address; each source sees its own submissions only.",
    ),
    405: ("Địa chỉ này không nhận phương thức đó. Xem tiêu đề Allow.", "This address does not take that method. See the header Allow."),
    411: (
        "Thiếu độ dài nội dung. Gửi kèm tiêu đề Content-Length, để nội dung bị đứt giữa chừng không bị coi là đủ.",
        "The length is missing. Send the header Content-Length, so that a body cut off on its way is not taken for a whole one.",
    ),
    415: (
        "Không nhận loại nội dung này. Gửi JSON lines với Content-Type: application/x-ndjson, có thể kèm Content-Encoding: gzip.",
        "This content type is not taken. Send JSON lines with Content-Type: application/x-ndjson, with Content-Encoding: gzip if you like.",
    ),
    429: (
        "Gửi quá nhiều lần trong một phút. Đợi số giây ở tiêu đề Retry-After; gom nhiều hồ sơ vào một lần gửi.",
        "Too many requests in a minute. Wait for the seconds in the header Retry-After; put more dossiers into one request.",
    ),
    500: (
        "Lỗi của hệ thống nhận. Gửi lại sau với cùng Idempotency-Key.",
        "A fault of this service. Send again later with the same Idempotency-Key.",
    ),
    503: (
        "Hệ thống tạm thời chưa lưu được. Gửi lại sau với cùng Idempotency-Key: không có gì bị nhận hai lần.",
        "The service cannot store anything for the moment. Send again later with the same Idempotency-Key: nothing is taken twice.",
    ),
}


class _Body(io.RawIOBase):
    """The request's body. A server may report a broken connection as a plain end: what is shorter than announced is refused."""

    def __init__(self, stream: IO[bytes], length: int) -> None:
        self._stream, self._left = stream, length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]  # what io.BufferedReader hands over
        data = self._stream.read(len(buffer))
        if not data and self._left > 0:
            raise ClientDisconnected
        self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)


@blueprint.record_once
def _join(state: "BlueprintSetupState") -> None:
    state.app.extensions["bearer"] = lambda token: tokens.find(token, utc_now())


@blueprint.url_value_preprocessor
def _no_cookies(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    g.without_cookies = True


def _caller() -> str:
    """Whose requests are counted together. A token counts only when it is valid: nobody uses up another's."""
    token: SourceToken | None = bearer()
    return f"token {token.key_id}" if token is not None else get_remote_address()


def _token() -> SourceToken:
    return cast(SourceToken, bearer())  # the guard has seen to it


@blueprint.post("/dossiers")
@access(BEARER)
@limiter.limit(lambda: PUSHES, key_func=_caller)
def push() -> ResponseReturnValue:
    """Take JSON lines in as a submission of the token's source: 202 with the submission's address."""
    if request.mimetype not in CONTENT_TYPES or request.headers.get("Content-Encoding", "identity").lower() not in ("gzip", "identity"):
        raise UnsupportedMediaType
    key = request.headers.get(KEY_HEADER)
    if key is not None and not KEY_FORM.fullmatch(key):
        return _problem(400, *KEY_WORDS, field=KEY_HEADER)
    if request.content_length is None:
        raise LengthRequired
    now, token = utc_now(), _token()
    packed = request.headers.get("Content-Encoding", "").lower() == "gzip"
    submission = intake.receive(
        io.BufferedReader(_Body(request.stream, request.content_length), BUFFER),
        "dossiers.jsonl.gz" if packed else "dossiers.jsonl",
        token.source.code,
        request.args.get("profile", "flat-en"),
        "api",
        f"api:{token.key_id}",
        now,
        idempotency_key=key,
    )
    found = _own(submission)
    address = url_for("api.submission", key=submission)
    answer = _json({"submission": submission, "state": found.state, "address": address})
    answer.headers["Location"] = address
    if found.received_at != now:
        answer.headers["Idempotency-Replayed"] = "true"
    return answer, 202


@blueprint.get("/submissions/<key>")
@access(BEARER)
@limiter.limit(lambda: LOOKS, key_func=_caller)
def submission(key: str) -> ResponseReturnValue:
    """What has become of a submission of the token's source so far."""
    from procedures import quarantine

    found = _own(key)
    kept = found.rows_quarantined > 0 and quarantine.path_of(found.key).is_file()
    told = as_json(found) | {"quarantine": url_for("api.quarantined", key=key) if kept else None}
    answer = _json(told)
    if not told["finished"]:
        answer.headers["Retry-After"] = "5"
    return answer


@blueprint.get("/submissions/<key>/quarantine")
@access(BEARER)
@limiter.limit(lambda: LOOKS, key_func=_caller)
def quarantined(key: str) -> ResponseReturnValue:
    """The rows that were held back: the sender's columns, personal ones blanked, with the reasons; CSV or JSON lines, as they came."""
    from procedures import quarantine

    found = _own(key)
    if not quarantine.path_of(key).is_file():
        raise NotFound
    rows, extension = quarantine.download(found)
    answer = Response(stream_with_context(rows), mimetype=ROW_FILES[extension])
    answer.headers.set("Content-Disposition", "attachment", filename=f"{key}.{extension}")
    return answer


@blueprint.get("/openapi.json")
@access(PUBLIC)
def openapi() -> ResponseReturnValue:
    """This interface, described for machines (OpenAPI 3.1)."""
    return _json(document(current_app.extensions["settings"].max_upload_mb, current_app.extensions.get("openapi", ())))


def _own(key: str) -> Submission:
    """A submission of the token's source; someone else's is answered like none at all."""
    wanted = select(Submission).where(Submission.key == key, Submission.source_id == _token().source_id)
    found = reading().scalar(wanted) if SUBMISSION_FORM.fullmatch(key) else None
    if found is None:
        raise NotFound
    return found


def _json(body: dict[str, Any]) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), mimetype="application/json")


def _problem(status: int, vi: str, en: str, **more: str | int | None) -> Response:
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail_vi": vi, "detail_en": en}
    answer = _json(body | {name: value for name, value in more.items() if value is not None})
    answer.status_code, answer.mimetype = status, "application/problem+json"
    return answer


@blueprint.errorhandler(HTTPException)
def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    answer = _problem(status, *(_too_large() if status == 413 else REMEDIES.get(status, REMEDIES[400])))
    for name, value in error.get_headers():
        if name in ("Allow", "WWW-Authenticate"):
            answer.headers[name] = value
    if isinstance(error, RateLimitExceeded) and limiter.current_limit is not None:
        answer.headers["Retry-After"] = str(max(1, int(limiter.current_limit.reset_at - utc_now().timestamp())))
    return answer


def _too_large() -> tuple[str, str]:
    limit = current_app.extensions["settings"].max_upload_mb
    return (
        f"Nội dung lớn hơn {limit} MiB. Nén bằng gzip hoặc chia thành nhiều lần gửi.",
        f"The body is larger than {limit} MiB. Compress it with gzip or send it in parts.",
    )


@blueprint.errorhandler(InputError)
def _input_error(error: InputError) -> Response:
    status = 409 if error.field == KEY_HEADER else 400  # of intake's refusals this one alone names the key: it is used for other content
    return _problem(status, error.message_vi, error.message_en, row=error.row, field=error.field)


@blueprint.errorhandler(OSError)
@blueprint.errorhandler(OperationalError)
def _not_now(_error: Exception) -> Response:
    """The disk is full, the database is away: the sender is told to come back, and loses nothing."""
    current_app.logger.exception("a push could not be taken")
    answer = _problem(503, *REMEDIES[503])
    answer.headers["Retry-After"] = str(AGAIN_AFTER)
    return answer


@blueprint.errorhandler(500)
def _crash(_error: Exception) -> Response:
    return _problem(500, *REMEDIES[500])


@blueprint.before_app_request
def _lost() -> Response | None:
    """Unknown addresses and methods below /api/ belong to no blueprint; their answers are for systems all the same."""
    error = request.routing_exception
    if error is None or not request.path.startswith(MACHINES):
        return None
    return _finish(_http_error(error if (error.code or 500) >= 400 else NotFound()))


@blueprint.after_request
def _finish(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer
