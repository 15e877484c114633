"""The push interface as an OpenAPI 3.1 document; a test holds it to the routes and to what they answer."""

from collections.abc import Iterable
from typing import Any

CONTENT_TYPES = ("application/x-ndjson", "application/jsonl")
SUBMISSION_KEY = {"name": "key", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9a-f]{16}$"}}
TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "integer", "minimum": 0}
INSTANT: dict[str, Any] = {"type": "string", "format": "date-time"}
MAYBE_INSTANT: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
MAYBE_TEXT: dict[str, Any] = {"type": ["string", "null"]}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties, "additionalProperties": False}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _schemas() -> dict[str, Any]:
    by_rule = _list(_object(rule=TEXT, field=MAYBE_TEXT, rows=NUMBER, message_vi=TEXT, message_en=TEXT))
    counts = ("received", "accepted", "superseded", "unchanged", "quarantined", "released")
    state = {"enum": ["received", "checked", "accepted", "partly_accepted", "rejected"]}
    problem = _object(type=TEXT, title=TEXT, status=NUMBER, detail_vi=TEXT, detail_en=TEXT)
    problem["properties"] |= {"row": NUMBER, "field": TEXT}
    return {
        "Receipt": _object(submission=TEXT, state=state, address=TEXT),
        "Submission": _object(
            submission=TEXT,
            source=TEXT,
            profile=TEXT,
            file=TEXT,
            size=NUMBER,
            sha256=TEXT,
            simulated={"type": "boolean"},
            state=state,
            finished={"type": "boolean"},
            reason_vi=TEXT,
            reason_en=TEXT,
            received_at=INSTANT,
            checked_at=MAYBE_INSTANT,
            finished_at=MAYBE_INSTANT,
            rows=_object(**dict.fromkeys(counts, NUMBER)),
            quarantined=by_rule,
            warnings=by_rule,
            notes=_list({"type": "object", "additionalProperties": TEXT}),
            months=_list(TEXT),
            quarantine=MAYBE_TEXT,
        ),
        "Problem": problem,
        "Noted": _object(updated=NUMBER, unchanged=NUMBER, unknown=NUMBER),
        "Handover": _object(handover=TEXT, invitations=NUMBER),
    }


def _answer(description: str, schema: str, content_type: str = "application/json", **headers: str) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": description,
        "content": {content_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }
    if headers:
        answer["headers"] = {name.replace("_", "-"): {"description": text, "schema": TEXT} for name, text in headers.items()}
    return answer


def _problems(*statuses: int) -> dict[str, Any]:
    words = {
        400: "The body is empty or cut off, the profile is not known, or the idempotency key is malformed",
        401: "The token is missing, wrong or revoked",
        404: "No such submission of this source",
        409: "The idempotency key was used for other content",
        411: "Content-Length is missing",
        413: "The body is too large",
        415: "Another content type or encoding",
        429: "Too many requests of this token",
        503: "Nothing can be stored for the moment",
    }
    wait = {"Retry_After": "seconds to wait"}
    headers = {401: {"WWW_Authenticate": "Bearer"}, 429: wait, 503: wait}
    return {str(status): _answer(words[status], "Problem", "application/problem+json", **headers.get(status, {})) for status in statuses}


def _invitations() -> dict[str, Any]:
    """What the system that sends invitations tells of them (the survey's part of the interface)."""
    receipt = _object(invitation=TEXT, delivery={"enum": ["sent", "delivered", "failed"]})
    receipt["properties"]["contact_load"] = {"type": ["integer", "null"], "minimum": 1, "maximum": 10_000}
    told = _object(receipts=_list(receipt) | {"maxItems": 10_000})
    return {
        "/api/v1/receipts": {
            "post": {
                "operationId": "receipts",
                "summary": "What became of invitations, by their id",
                "security": [{"token": []}],
                "requestBody": {"required": True, "content": {"application/json": {"schema": told}}},
                "responses": {"200": _answer("Noted; unknown: no such invitation of this source", "Noted")}
                | _problems(400, 401, 413, 415, 429),
            }
        },
        "/api/v1/handovers/{key}/received": {
            "post": {
                "operationId": "handover_received",
                "summary": "A hand-over's file was taken; it is deleted",
                "security": [{"token": []}],
                "parameters": [SUBMISSION_KEY],
                "responses": {"200": _answer("Deleted", "Handover")} | _problems(401, 404, 429),
            }
        },
    }


def document(max_upload_mb: int, further: Iterable[dict[str, Any]] = ()) -> dict[str, Any]:
    """The document; ``max_upload_mb``: largest body, MiB; ``further``: paths and schemas that other rooms add to it."""
    told = _own(max_upload_mb)
    for part in further:
        told["paths"] |= part["paths"]
        told["components"]["schemas"] |= part["schemas"]
    return told


def _own(max_upload_mb: int) -> dict[str, Any]:
    looked = {"parameters": [SUBMISSION_KEY], "security": [{"token": []}]}
    binary = {"type": "string", "contentMediaType": "application/x-ndjson", "maxLength": max_upload_mb << 20, "minLength": 1}
    rows = {"text/csv": {"schema": TEXT}, "application/x-ndjson": {"schema": TEXT}}
    profile = {"name": "profile", "in": "query", "schema": TEXT | {"default": "flat-en"}, "description": "which columns mean what"}
    replay = {"name": "Idempotency-Key", "in": "header", "schema": TEXT | {"pattern": "^[!-~]{1,80}$"}}
    encoding = {"name": "Content-Encoding", "in": "header", "schema": {"enum": ["gzip", "identity"]}}
    push = {
        "operationId": "push",
        "summary": "Send dossiers as JSON lines",
        "security": [{"token": []}],
        "parameters": [profile, replay, encoding],
        "requestBody": {"required": True, "content": {name: {"schema": binary} for name in CONTENT_TYPES}},
        "responses": {
            "202": _answer(
                "Taken in; the address says what becomes of it",
                "Receipt",
                Location="the submission's address",
                Idempotency_Replayed="true where the same content had come with the same key",
            )
        }
        | _problems(400, 401, 409, 411, 413, 415, 429, 503),
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Dossiers of administrative procedures", "version": "1"},
        "paths": {
            "/api/v1/dossiers": {"post": push},
            "/api/v1/submissions/{key}": {
                "get": looked
                | {
                    "operationId": "submission",
                    "summary": "What has become of a submission",
                    "responses": {"200": _answer("As it stands now", "Submission", Retry_After="seconds, while unfinished")}
                    | _problems(401, 404, 429, 503),
                }
            },
            "/api/v1/submissions/{key}/quarantine": {
                "get": looked
                | {
                    "operationId": "quarantined",
                    "summary": "The rows that were held back, with reasons",
                    "responses": {"200": {"description": "CSV or JSON lines", "content": rows}} | _problems(401, 404, 429, 503),
                }
            },
            **_invitations(),
            "/api/v1/openapi.json": {
                "get": {
                    "operationId": "openapi",
                    "summary": "This document",
                    "responses": {"200": {"description": "OpenAPI", "content": {"application/json": {"schema": {"type": "object"}}}}},
                }
            },
        },
        "components": {"schemas": _schemas(), "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }
