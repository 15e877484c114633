"""Open data under ``/api/v1``: published editions, their figures, lists and files, and the definitions (``docs/open-data.md``).

Only what was published and passed disclosure control is read. Answers carry an ETag; lists come in pages. No cookie is read or set.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, current_app, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_limiter import RateLimitExceeded
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from core.access import PUBLIC, access
from core.calendar import utc_now
from core.database import reading
from core.web import limiter
from exports import dictionary, queries
from exports.data import as_csv, as_rows, table_rows
from exports.json_schemas import FOLDER, SCHEMAS
from exports.names import MEDIA
from exports.open_data_schema import FILTERS, description
from scorecard import queries as scorecard
from scorecard.models import Edition

if TYPE_CHECKING:
    from flask.blueprints import BlueprintSetupState

LOOKS = "240 per minute"  # of one address
PER_PAGE, MOST = 100, 1000
EDITION = re.compile(r"(\d{4}-(?:0[1-9]|1[0-2]))(?:-v([1-9]\d{0,3}))?")
FRESH = "public, max-age=300"
blueprint = Blueprint("open_data", __name__)

REMEDIES = {
    400: ("Tham số không đúng. Xem mô tả tại /api/v1/openapi.json.", "A parameter is wrong. See /api/v1/openapi.json."),
    404: (
        "Không có mục này, hoặc chưa được công bố. Xem /api/v1/editions.",
        "There is no such thing, or it is not published. See /api/v1/editions.",
    ),
    405: ("Địa chỉ này chỉ để đọc.", "This address is for reading only."),
    429: (
        "Gửi quá nhiều yêu cầu trong một phút. Đợi số giây ở tiêu đề Retry-After, hoặc tải cả tệp.",
        "Too many requests in a minute. Wait for the seconds in the header Retry-After, or download the whole file.",
    ),
    500: ("Lỗi của hệ thống. Thử lại sau.", "A fault of this service. Try again later."),
    503: ("Hệ thống tạm thời chưa trả lời được. Thử lại sau.", "The service cannot answer for the moment. Try again later."),
}


@blueprint.record_once
def _join(state: "BlueprintSetupState") -> None:
    state.app.extensions.setdefault("openapi", []).append(description())


@blueprint.url_value_preprocessor
def _no_cookies(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    g.without_cookies = True


@blueprint.get("/api/v1/editions")
@access(PUBLIC)
@limiter.limit(LOOKS)
def editions() -> ResponseReturnValue:
    """Every version that was published, newest first."""
    _known()
    found = queries.public_editions(reading())
    page, size = _page()
    return _paged([_edition(edition) for edition in found[(page - 1) * size : page * size]], len(found))


@blueprint.get("/api/v1/editions/<edition>")
@access(PUBLIC)
@limiter.limit(LOOKS)
def edition(edition: str) -> ResponseReturnValue:
    """One version (2026-10-v1), or a month's published one (2026-10)."""
    _known(paged=False)
    return _json(_edition(_find(edition)))


@blueprint.get("/api/v1/indicators")
@access(PUBLIC)
@limiter.limit(LOOKS)
def indicators() -> ResponseReturnValue:
    """The definitions of all indicators."""
    _known()
    found = [asdict(entry) for entry in dictionary.entries() if entry.part == "indicator"]
    page, size = _page()
    return _paged(found[(page - 1) * size : page * size], len(found))


@blueprint.get("/api/v1/editions/<edition>/measurements")
@access(PUBLIC)
@limiter.limit(LOOKS)
def measurements(edition: str) -> ResponseReturnValue:
    """An edition's figures, filtered by the columns of their key."""
    _known(*FILTERS)
    found = _find(edition)
    wanted: dict[str, str | int] = {name: request.args[name] for name in FILTERS if name in request.args}
    if "window" in wanted:
        wanted["window"] = _number("window", 1, 120)
    page, size = _page()
    total, figures = scorecard.selected(reading(), found, size, (page - 1) * size, **wanted)
    return _paged(list(as_rows(reading(), found, figures)), total, edition=_id(found), simulated=found.simulated)


@blueprint.get("/api/v1/editions/<edition>/tables")
@access(PUBLIC)
@limiter.limit(LOOKS)
def tables(edition: str) -> ResponseReturnValue:
    """An edition's lists, with their columns."""
    _known()
    found = _find(edition)
    items = [
        {
            "name": table.name,
            "title_vi": table.title_vi,
            "title_en": table.title_en,
            "columns": [asdict(column) for column in (*table.columns, dictionary.SIMULATED)],
            "address": url_for("open_data.table", edition=_id(found), name=table.name),
            "csv": url_for("open_data.table_csv", edition=_id(found), name=table.name),
        }
        for table in dictionary.public_tables()
    ]
    page, size = _page()
    return _paged(items[(page - 1) * size : page * size], len(items), edition=_id(found), simulated=found.simulated)


@blueprint.get("/api/v1/editions/<edition>/tables/<name>")
@access(PUBLIC)
@limiter.limit(LOOKS)
def table(edition: str, name: str) -> ResponseReturnValue:
    """The rows of one list."""
    _known()
    found = _find(edition)
    declared = next((one for one in dictionary.public_tables() if one.name == name), None) or abort(404)
    rows = table_rows(found, declared)
    page, size = _page()
    return _paged(rows[(page - 1) * size : page * size], len(rows), edition=_id(found), table=name, simulated=found.simulated)


@blueprint.get("/api/v1/editions/<edition>/tables/<name>.csv")
@access(PUBLIC)
@limiter.limit(LOOKS)
def table_csv(edition: str, name: str) -> ResponseReturnValue:
    """One list whole, as CSV in the form of the data files; the dictionary tells its columns."""
    _known(paged=False)
    found = _find(edition)
    declared = next((one for one in dictionary.public_tables() if one.name == name), None) or abort(404)
    columns = [*declared.types, dictionary.SIMULATED.name]
    answer = _answer(as_csv(columns, table_rows(found, declared)), "text/csv")
    mark = "-MO-PHONG" if found.simulated else ""
    answer.headers.set("Content-Disposition", "attachment", filename=f"bang-{name.replace('_', '-')}-{_id(found)}{mark}.csv")
    answer.headers["Link"] = f'<{url_for("publication.dictionary_csv")}>; rel="describedby"'
    return answer


@blueprint.get("/api/v1/editions/<edition>/files")
@access(PUBLIC)
@limiter.limit(LOOKS)
def files(edition: str) -> ResponseReturnValue:
    """An edition's published files with their digests."""
    _known()
    found = _find(edition)
    every = [file for file in queries.files(reading(), found.id) if file.state == "stored" and "DU-THAO" not in file.name]
    items = [
        {
            "name": file.name,
            "kind": file.kind,
            "media_type": MEDIA[file.name.rsplit(".", 1)[1]],
            "size": file.size,
            "sha256": file.sha256,
            "stored_at": file.stored_at.isoformat() if file.stored_at else None,
            "simulated": found.simulated,
            "address": url_for("exports.named_file", name=file.name),
        }
        for file in every
    ]
    page, size = _page()
    return _paged(items[(page - 1) * size : page * size], len(items), edition=_id(found), simulated=found.simulated)


@blueprint.get("/schemas/<name>")
@access(PUBLIC)
def schema(name: str) -> ResponseReturnValue:
    """A JSON Schema of the data files."""
    if name not in SCHEMAS:
        abort(404)
    return Response((FOLDER / name).read_bytes(), mimetype="application/schema+json")


def _find(text: str) -> Edition:
    """A published version. A draft is answered like none at all."""
    match = EDITION.fullmatch(text)
    every = queries.public_editions(reading()) if match else []
    fitting = [one for one in every if match and one.month == match[1] and (match[2] is None or one.version == int(match[2]))]
    found: Edition = next(iter(fitting), None) or abort(404)
    return found


def _edition(found: Edition) -> dict[str, Any]:
    publication = queries.publication_of(reading(), found.id)
    newer = next((one for one in queries.public_editions(reading()) if one.month == found.month and one.version > found.version), None)
    return {
        "id": _id(found),
        "month": found.month,
        "version": found.version,
        "simulated": found.simulated,
        "cutoff_at": found.cutoff_at.isoformat(),
        "published_at": found.published_at.isoformat() if found.published_at else None,
        "number": publication.number if publication else None,
        "dated_on": publication.dated_on.isoformat() if publication else None,
        "superseded_by": _id(newer) if newer is not None else None,
        "rule_version": found.rule_version,
        "checksum": found.checksum,
        "measurements": url_for("open_data.measurements", edition=_id(found)),
        "tables": url_for("open_data.tables", edition=_id(found)),
        "files": url_for("open_data.files", edition=_id(found)),
    }


def _id(found: Edition) -> str:
    return f"{found.month}-v{found.version}"


def _known(*more: str, paged: bool = True) -> None:
    """Refuse a parameter that means nothing here, or comes twice: a mistyped filter would give everything."""
    allowed = {*more, *(("page", "per_page") if paged else ()), "lang"}
    if any(name not in allowed or len(values) > 1 for name, values in request.args.lists()):
        abort(400)
    if any("\0" in value for value in request.args.values()):
        abort(400)


def _page() -> tuple[int, int]:
    return _number("page", 1, 1_000_000), _number("per_page", 1, MOST, PER_PAGE)


def _number(name: str, least: int, most: int, default: int | None = None) -> int:
    text = request.args.get(name)
    if text is None:
        return default if default is not None else least
    if not (text.isascii() and text.isdigit() and len(text) <= 7 and least <= int(text) <= most):
        abort(400)
    return int(text)


def _paged(items: Sequence[dict[str, Any]], total: int, **more: Any) -> Response:
    """A page, with the addresses of the next and the previous one, also as RFC 8288 links."""
    page, size = _page()
    links = {"next": page + 1 if page * size < total else None, "previous": page - 1 if page > 1 else None}
    addresses = {name: _address(number) if number else None for name, number in links.items()}
    answer = _json(more | {"page": page, "per_page": size, "total": total, **addresses, "items": list(items)})
    told = [f'<{address}>; rel="{"prev" if name == "previous" else name}"' for name, address in addresses.items() if address]
    if told:
        answer.headers["Link"] = ", ".join(told)
    return answer


def _address(page: int) -> str:
    arguments = {**(request.view_args or {}), **request.args.to_dict(), "page": page}
    return url_for(str(request.endpoint), **arguments)


def _json(body: dict[str, Any]) -> Response:
    return _answer(json.dumps(body, ensure_ascii=False, allow_nan=False).encode(), "application/json")


def _answer(content: bytes, media: str) -> Response:
    answer = Response(content, mimetype=media)
    answer.set_etag(hashlib.sha256(content).hexdigest()[:32])
    answer.headers["Cache-Control"] = FRESH
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.make_conditional(request)
    return answer


@blueprint.errorhandler(HTTPException)
def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    vi, en = REMEDIES.get(status, REMEDIES[400])
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail_vi": vi, "detail_en": en}
    answer = Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/problem+json")
    if isinstance(error, RateLimitExceeded) and limiter.current_limit is not None:
        answer.headers["Retry-After"] = str(max(1, int(limiter.current_limit.reset_at - utc_now().timestamp())))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.errorhandler(OSError)
@blueprint.errorhandler(OperationalError)
def _not_now(_error: Exception) -> Response:
    current_app.logger.exception("open data could not be read")
    from werkzeug.exceptions import ServiceUnavailable

    return _http_error(ServiceUnavailable())
