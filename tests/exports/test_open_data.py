"""Open data: only what is published, in pages, with ETags, as described; and everything that the description allows thrown at it."""

import csv
import io
from typing import Any

import jsonschema
import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from core.database import writing
from core.web import limiter
from exports import dictionary, operations
from scorecard.models import Measurement
from tests.exports.publishing import NOW, edition, light, set_state

CODES = ("01", "04", "08")


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    light(monkeypatch)


def figures(edition_id: int) -> None:
    """Three units with a shown figure, one that is hidden, and the nation."""
    shared = {"edition_id": edition_id, "rule_version": "r", "provisional": False, "indicator": "satisfaction"}
    shown = {"numerator": 86, "denominator": 100, "value": 0.86, "low": 0.78, "high": 0.91, "n": 100, "status": "value"}
    with writing() as session:
        session.add(Measurement(subject_kind="nation", subject_code="VN", **shared, **shown))
        for code in CODES:
            session.add(Measurement(subject_kind="unit", subject_code=code, **shared, **shown))
        session.add(Measurement(subject_kind="unit", subject_code="11", **shared, status="too_few"))


@pytest.fixture
def number(app: Flask) -> int:
    found = edition("published")
    figures(found)
    operations.build_wanted(NOW)
    return found


def ids(client: FlaskClient) -> list[str]:
    return [one["id"] for one in client.get("/api/v1/editions").get_json()["items"]]


def test_only_what_was_published_is_there(app: Flask, client: FlaskClient, number: int) -> None:
    for state, version in (("closed", 2), ("running", 0), ("computing", 5)):
        figures(edition(state, version=version))
    never = edition("closed", version=3)
    with writing() as session:
        from scorecard.models import Edition

        session.get_one(Edition, never).state = "superseded"  # replaced before it was published
    assert ids(client) == ["2026-10-v1"]
    for text in ("2026-10-v2", "2026-10-v3", "2026-10-v5", "2026-10-v0", "2026-09", "2026-13", "x", "2026-10-v1x", "2026-10-v01"):
        for tail in ("", "/measurements", "/tables", "/tables/comparison", "/files"):
            answer = client.get(f"/api/v1/editions/{text}{tail}")
            assert (answer.status_code, answer.mimetype) == (404, "application/problem+json"), (text, tail)
    assert client.get("/api/v1/editions/2026-10").get_json()["id"] == "2026-10-v1"


def test_a_superseded_version_stays_and_says_by_which(app: Flask, client: FlaskClient, number: int) -> None:
    set_state(number, "superseded")
    edition("published", version=2)
    assert ids(client) == ["2026-10-v2", "2026-10-v1"]
    assert client.get("/api/v1/editions/2026-10-v1").get_json()["superseded_by"] == "2026-10-v2"
    assert client.get("/api/v1/editions/2026-10").get_json()["superseded_by"] is None


def test_measurements_come_in_pages_and_by_filter(app: Flask, client: FlaskClient, number: int) -> None:
    address: str | None = "/api/v1/editions/2026-10-v1/measurements?per_page=2"
    seen: list[dict[str, Any]] = []
    while address:
        answer = client.get(address)
        page = answer.get_json()
        assert page["total"] == 5
        assert len(page["items"]) <= 2
        seen += page["items"]
        address = page["next"]
        assert ('rel="next"' in answer.headers.get("Link", "")) == (address is not None)
    assert [row["subject_code"] for row in seen] == ["VN", *CODES, "11"]
    hidden = seen[-1]
    assert hidden["status"] == "too_few"
    assert {hidden[name] for name in ("numerator", "denominator", "value", "low", "high", "n", "n_eff")} == {None}
    assert all(row["simulated"] is False for row in seen)
    found = client.get("/api/v1/editions/2026-10/measurements?subject_kind=unit&subject_code=04&window=1").get_json()
    assert [row["value"] for row in found["items"]] == [0.86]
    assert client.get("/api/v1/editions/2026-10/measurements?page=99").get_json()["items"] == []


WRONG = ("page=0", "page=x", "per_page=1001", "per_page=-1", "page=1&page=2", "subject=01", "window=a", "window=0", "subject_code=%00")


@pytest.mark.parametrize("query", WRONG)
def test_a_wrong_parameter_is_said(sqlite_app: Flask, query: str) -> None:
    edition("published")
    answer = sqlite_app.test_client().get(f"/api/v1/editions/2026-10/measurements?{query}")
    assert answer.status_code == 400
    problem = answer.get_json()
    assert problem["detail_vi"]
    assert problem["detail_en"]


def test_etag_and_no_cookie(app: Flask, client: FlaskClient, number: int) -> None:
    for path in ("/editions", "/editions/2026-10", "/indicators", "/editions/2026-10/measurements", "/editions/2026-10/files"):
        answer = client.get(f"/api/v1{path}?lang=en" if path == "/editions" else f"/api/v1{path}")
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        tag = answer.headers["ETag"]
        assert (
            client.get(f"/api/v1{path}" if path != "/editions" else f"/api/v1{path}?lang=en", headers={"If-None-Match": tag}).status_code
            == 304
        )
    before = client.get("/api/v1/editions").headers["ETag"]
    edition("published", month="2026-09")
    assert client.get("/api/v1/editions").headers["ETag"] != before


def test_files_with_their_digests(app: Flask, client: FlaskClient, number: int) -> None:
    import hashlib

    items = client.get("/api/v1/editions/2026-10/files").get_json()["items"]
    assert {one["kind"] for one in items} == {"report", "data", "dictionary"}
    for one in items:
        content = client.get(one["address"]).data
        assert hashlib.sha256(content).hexdigest() == one["sha256"]
        assert len(content) == one["size"]


def test_each_list_is_one_file_with_documented_columns(country: Flask) -> None:
    client = country.test_client()
    listed = client.get("/api/v1/editions/2026-10/tables?per_page=1000").get_json()["items"]
    known = {(entry.within, entry.code) for entry in dictionary.entries()}
    assert len(listed) == len(dictionary.public_tables()) > 10
    for one in listed:
        answer = client.get(one["csv"])
        assert answer.data.startswith(b"\xef\xbb\xbf")
        head, *lines = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
        assert head == [column["name"] for column in one["columns"]]
        assert {(one["name"], column) for column in head} - {(one["name"], "simulated")} <= known
        page = client.get(f"{one['address']}?per_page=1000").get_json()
        assert len(lines) == page["total"]
        assert {line[-1] for line in lines} <= {"true"}
        assert "MO-PHONG" in answer.headers["Content-Disposition"]
        assert client.get(one["csv"], headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert client.get("/api/v1/editions/2026-10/tables/hidden_supplements.csv").status_code == 404


def test_tables_leave_out_what_stays_inside(app: Flask, client: FlaskClient, number: int) -> None:
    names = {one["name"] for one in client.get("/api/v1/editions/2026-10/tables").get_json()["items"]}
    assert {"comparison", "phantom_services", "request_classes"} <= names
    assert names.isdisjoint({"hidden_supplements", "integrity_moves"})
    assert client.get("/api/v1/editions/2026-10/tables/hidden_supplements").status_code == 404
    page = client.get("/api/v1/editions/2026-10/tables/comparison").get_json()
    assert (page["table"], page["total"], page["items"]) == ("comparison", 0, [])


def test_rate_limit(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "enabled", True)
    limiter.reset()
    client = sqlite_app.test_client()
    answers = [client.get("/api/v1/indicators?per_page=1") for _ in range(241)]
    assert {answer.status_code for answer in answers[:240]} == {200}
    assert answers[240].status_code == 429
    assert answers[240].mimetype == "application/problem+json"
    assert 1 <= int(answers[240].headers["Retry-After"]) <= 60
    limiter.reset()


def test_writing_is_not_possible(sqlite_app: Flask) -> None:
    client = sqlite_app.test_client()
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = client.open("/api/v1/editions", method=method)
        assert answer.status_code == 405
        assert answer.mimetype == "application/problem+json"


def test_schemas_are_served(sqlite_app: Flask) -> None:
    client = sqlite_app.test_client()
    for name in ("measurements-1.json", "monitoring-1.json", "monitoring-receipt-1.json"):
        answer = client.get(f"/schemas/{name}")
        assert answer.mimetype == "application/schema+json"
        jsonschema.Draft202012Validator.check_schema(answer.get_json())
    assert client.get("/schemas/other.json").status_code == 404


def throw(operation: Any, mode: GenerationMode) -> list[int]:
    """Cases of one kind for one operation; each answer is held against the description. Gives the statuses."""
    statuses = []
    fixed: dict[str, Any] = {}
    if mode is GenerationMode.POSITIVE and "{edition}" in operation.path:
        fixed = {"path_parameters": {"edition": "2026-10", **({"name": "comparison"} if "{name}" in operation.path else {})}}

    @given(case=operation.as_strategy(generation_mode=mode, **fixed))
    @hypothesis_settings(
        max_examples=25, phases=[Phase.generate], deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    def run(case: Case) -> None:
        answer = case.call()
        statuses.append(answer.status_code)
        assert answer.status_code < 500, answer.text
        assert "set-cookie" not in answer.headers
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json"]
        if answer.status_code not in (404, 405):
            case.validate_response(answer, checks=[status_code_conformance, content_type_conformance, response_schema_conformance])

    run()
    return statuses


@pytest.mark.long
def test_whatever_is_thrown_at_it_is_answered_as_described(app: Flask, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr(limiter, "enabled", False)
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    seen: dict[str, set[int]] = {}
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.definition.raw.get("security") == []:
            for mode in GenerationMode:
                seen.setdefault(operation.path, set()).update(throw(operation, mode))
    assert len(seen) == 8
    for path, statuses in seen.items():
        assert 200 in statuses, path
    assert 400 in seen["/api/v1/editions/{edition}/measurements"]
