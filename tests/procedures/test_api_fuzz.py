"""The API described, and everything that the description allows and forbids thrown at it."""

import gzip
import json
import re
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance
from schemathesis.transport.requests import REQUESTS_TRANSPORT
from schemathesis.transport.wsgi import WSGI_TRANSPORT
from sqlalchemy import select

from core.database import reading
from core.web import limiter
from procedures import feeds, tokens
from procedures.api_schema import CONTENT_TYPES
from procedures.models import Submission
from tests.procedures.feed import NOW, message, small_country

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def test_the_document_describes_the_routes_that_there_are(app: Flask) -> None:
    document = app.test_client().get("/api/v1/openapi.json").get_json()
    told = {(path, method.upper()) for path, item in document["paths"].items() for method in item}
    there = set()
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            there |= {(re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule.rule), method) for method in (rule.methods or set()) & METHODS}
    assert told == there
    assert document["openapi"] == "3.1.0"


def test_the_document_tells_the_limit_of_this_installation(app: Flask) -> None:
    app.extensions["settings"].max_upload_mb = 3
    body = app.test_client().get("/api/v1/openapi.json").get_json()["paths"]["/api/v1/dossiers"]["post"]["requestBody"]
    assert {kind["schema"]["maxLength"] for kind in body["content"].values()} == {3 << 20}


@REQUESTS_TRANSPORT.serializer(*CONTENT_TYPES)
@WSGI_TRANSPORT.serializer(*CONTENT_TYPES)
def _as_text(_context: Any, value: Any) -> dict[str, Any]:
    return {"data": value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")}


@pytest.fixture
def _in_service(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are not counted, and a fault of ours is an answer."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr(limiter, "enabled", False)


LINES = json.dumps(message(1)).encode()
JSON = st.recursive(st.none() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
BODIES = st.one_of(
    st.binary(max_size=400),
    st.text(max_size=200).map(str.encode),
    st.binary(max_size=200).map(gzip.compress),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.integers(0, len(LINES)).map(lambda end: LINES[:end]),
)


PROFILE = settings(
    max_examples=25, phases=[Phase.generate], deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def throw(token: str | None, known: str, operation: Any, mode: GenerationMode) -> list[int]:
    """Cases of one kind for one operation; each answer is held against the description. Gives the statuses."""
    statuses = []
    with_path = {"path_parameters": {"key": known}} if "{key}" in operation.path and mode is GenerationMode.POSITIVE else {}

    @given(case=operation.as_strategy(generation_mode=mode, **with_path), body=BODIES, own_body=st.booleans())
    @settings(
        max_examples=25, phases=[Phase.generate], deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    def run(case: Case, body: bytes, own_body: bool) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = case.call(headers=headers, **({"data": body} if case.method == "POST" and own_body else {}))
        statuses.append(answer.status_code)
        assert answer.status_code < 500, answer.text
        assert "set-cookie" not in answer.headers
        assert "Traceback" not in answer.text
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json"]
            problem = answer.json()
            assert problem["status"] == answer.status_code
            assert problem["detail_vi"]
            assert problem["detail_en"]
        if answer.status_code not in (404, 405):  # an address or a method that no description lists
            case.validate_response(answer, checks=[status_code_conformance, content_type_conformance, response_schema_conformance])

    run()
    return statuses


@pytest.mark.long
@pytest.mark.usefixtures("_in_service")
def test_whatever_is_thrown_at_it_is_answered_as_described(app: Flask) -> None:
    small_country()
    token = tokens.create("h26", "", NOW)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": CONTENT_TYPES[0]}
    bad = json.dumps(message(2, DonViXuLy="H99.99")).encode()
    pushed = app.test_client().post("/api/v1/dossiers?profile=national-sync", data=LINES + b"\n" + bad, headers=headers)
    known = pushed.get_json()["submission"]
    feeds.process_waiting(NOW)
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    seen: dict[str, set[int]] = {}
    for result in schema.get_all_operations():
        operation = result.ok()
        for mode in GenerationMode:
            seen.setdefault(operation.path, set()).update(throw(token, known, operation, mode))
        seen[operation.path].update(throw(None, known, operation, GenerationMode.POSITIVE))
    assert {202, 400, 401, 415} <= seen["/api/v1/dossiers"]
    assert {200, 401} <= seen["/api/v1/submissions/{key}"]
    assert {200, 401} <= seen["/api/v1/submissions/{key}/quarantine"]
    # whatever was taken in, the worker gets through it
    feeds.process_waiting(NOW)
    states = set(reading().scalars(select(Submission.state)))
    assert states <= {"accepted", "partly_accepted", "rejected"}
    reasons = reading().execute(select(Submission.reason, Submission.reason_en).where(Submission.state == "rejected")).all()
    assert reasons
    assert all(vi and en for vi, en in reasons)
