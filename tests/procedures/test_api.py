"""The door for systems: tokens, idempotency, limits, refusals that can be read, and no cookies."""

import gzip
import io
import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from core import access
from core.accounts import add_user
from core.database import reading
from core.settings import ROOT
from core.web import limiter
from procedures import api, intake, spool, tokens
from procedures.api_schema import CONTENT_TYPES, document
from procedures.feeds import process_waiting
from procedures.models import Submission
from tests.conftest import PASSWORD, log_in
from tests.procedures.feed import NOW, message, small_country

LINES = json.dumps(message(1), ensure_ascii=False).encode()
NDJSON = "application/x-ndjson"


@pytest.fixture
def token(app: Flask) -> str:
    """A country and the token of its source h26."""
    small_country()
    return tokens.create("h26", "", NOW)


def push(client: FlaskClient, token: str | None, body: Any = LINES, profile: str = "national-sync", **headers: str) -> TestResponse:
    """One push; keyword headers are written with underscores."""
    given = {"Content-Type": NDJSON} | {name.replace("_", "-"): value for name, value in headers.items()}
    if token is not None:
        given.setdefault("Authorization", f"Bearer {token}")
    return client.post("/api/v1/dossiers", query_string={"profile": profile}, data=body, headers=given)


def look(client: FlaskClient, token: str, address: str) -> TestResponse:
    return client.get(address, headers={"Authorization": f"Bearer {token}"})


def refused(answer: TestResponse, status: int, field: str | None = None) -> dict[str, Any]:
    """A refusal is a problem document in both languages, without a cookie."""
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    problem: dict[str, Any] = answer.get_json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail_vi"] != problem["detail_en"]
    assert problem.get("field") == field
    assert "Set-Cookie" not in answer.headers
    return problem


def kept(session_count: int) -> None:
    """So many submissions, and a spooled file for each."""
    assert reading().scalar(select(func.count()).select_from(Submission)) == session_count
    assert len(spool.keys()) == session_count
    assert list(spool.folder().glob("*.part")) == []


def test_a_push_is_spooled_as_it_was_sent_and_answered_with_its_address(client: FlaskClient, token: str) -> None:
    answer = push(client, token)
    assert answer.status_code == 202
    told = answer.get_json()
    assert answer.location == told["address"] == f"/api/v1/submissions/{told['submission']}"
    assert told["state"] == "received"
    with spool.read(told["submission"]) as stream:
        assert stream.read() == LINES
    stored = reading().query(Submission).one()
    assert (stored.way, stored.sent_by, stored.profile) == ("api", f"api:{token.split('.')[0]}", "national-sync")
    seen = look(client, token, answer.location)
    assert seen.status_code == 200
    assert seen.headers["Retry-After"]
    body = seen.get_json()
    assert (body["state"], body["finished"], body["source"], body["quarantine"]) == ("received", False, "h26", None)
    assert body["rows"] == dict.fromkeys(("received", "accepted", "superseded", "unchanged", "quarantined", "released"), 0)
    kept(1)


def test_the_public_contract_is_what_is_meant_where_no_profile_is_named(client: FlaskClient, token: str) -> None:
    row = {"dossier_code": "H26.12-261008-0009", "procedure_code": "1.004222", "unit_code": "H26.12", "channel": 2}
    row |= {"applicant_type": "citizen", "received_at": "2026-10-08T08:15:00", "status": 2, "updated_at": "2026-10-08T08:15:00"}
    headers = {"Authorization": f"Bearer {token}", "Content-Type": NDJSON}
    address = client.post("/api/v1/dossiers", data=json.dumps(row).encode(), headers=headers).location
    process_waiting(NOW)
    told = look(client, token, address).get_json()
    assert (told["profile"], told["state"], told["rows"]["accepted"]) == ("flat-en", "accepted", 1), told


def test_gzip_is_stored_as_it_is(client: FlaskClient, token: str) -> None:
    packed = gzip.compress(LINES)
    key = push(client, token, packed, Content_Encoding="gzip").get_json()["submission"]
    with spool.read(key) as stream:
        assert stream.read() == packed


def test_the_same_key_and_content_is_the_same_submission(client: FlaskClient, token: str) -> None:
    first = push(client, token, Idempotency_Key="2026-10-08/1")
    again = push(client, token, Idempotency_Key="2026-10-08/1")
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.get_json() == again.get_json()
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    kept(1)
    refused(push(client, token, LINES + b"\n", Idempotency_Key="2026-10-08/1"), 409, "Idempotency-Key")
    other = tokens.create("h14", "", NOW)
    assert push(client, other, LINES + b"\n", Idempotency_Key="2026-10-08/1").status_code == 202  # each source has keys of its own
    assert push(client, token, Idempotency_Key="2026-10-08/2").get_json() != first.get_json()
    kept(3)


def test_only_a_valid_token_opens_the_door(client: FlaskClient, token: str) -> None:
    wrong = token[:-1] + ("A" if token[-1] != "A" else "B")
    ended = tokens.create("h26", "", NOW)
    tokens.revoke(ended.split(".")[0], NOW)
    for given in (None, wrong, ended, "", "x", "ÿ"):
        answer = push(client, given)
        refused(answer, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    refused(push(client, None, Authorization="Basic eDp5"), 401)
    refused(client.get("/api/v1/submissions/0123456789abcdef"), 401)
    refused(client.get("/api/v1/submissions/0123456789abcdef/quarantine"), 401)
    kept(0)


def test_a_log_in_opens_nothing_here_and_no_cookie_is_renewed(client: FlaskClient, token: str) -> None:
    add_user("someone", "Someone", access.ADMIN, PASSWORD)
    log_in(client, "someone")
    refused(client.get("/api/v1/submissions/0123456789abcdef?lang=en"), 401)
    for answer in (client.get("/api/v1/openapi.json?lang=en"), push(client, token), client.get("/api/v1/no-such?lang=en")):
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")
        assert answer.headers["Cache-Control"] == "no-store"


def test_no_form_token_is_asked_for_here_but_elsewhere(app: Flask, client: FlaskClient, token: str) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    assert push(client, token).status_code == 202
    assert client.post("/login", data={"login": "someone", "password": PASSWORD}).status_code == 400


def test_someone_elses_submission_is_answered_like_none(client: FlaskClient, token: str) -> None:
    address = push(client, token).location
    other = tokens.create("h14", "", NOW)
    theirs, none = look(client, other, address), look(client, other, "/api/v1/submissions/0123456789abcdef")
    assert refused(theirs, 404) == refused(none, 404)
    refused(look(client, other, f"{address}/quarantine"), 404)
    for name in ("x", "%00", "0" * 400, "..%2f..%2fetc", "ệ"):
        refused(look(client, token, f"/api/v1/submissions/{name}"), 404)


def test_other_kinds_of_body_are_refused(client: FlaskClient, token: str) -> None:
    for kind in ("text/csv", "application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", ""):
        refused(push(client, token, Content_Type=kind), 415)
    for encoding in ("br", "deflate", "gzip, gzip"):
        refused(push(client, token, Content_Encoding=encoding), 415)
    assert push(client, token, Content_Type="application/jsonl; charset=utf-8", Content_Encoding="GZIP").status_code == 202
    kept(1)


def test_an_unknown_profile_and_a_bad_key_leave_nothing_behind(client: FlaskClient, token: str) -> None:
    problem = refused(push(client, token, profile="no-such"), 400, "profile")
    assert "national-sync" in problem["detail_en"]  # the remedy: which there are
    refused(push(client, token, profile="\0"), 400, "profile")
    for key in ("", "a b", "x" * 81, "khóa"):
        refused(push(client, token, Idempotency_Key=key.encode().decode("latin-1")), 400, "Idempotency-Key")
    kept(0)


class Driblets(io.RawIOBase):
    """A stream that gives a little at a time, as a network may."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = min(len(buffer), 1000, len(self.data))
        buffer[:count], self.data = self.data[:count], self.data[count:]
        return count


def pour(client: FlaskClient, token: str, body: bytes, length: int | None, ends_itself: bool) -> TestResponse:
    """A push whose announced length is not taken from its body, by a server that ends the stream itself or leaves that to us."""
    environ: dict[str, Any] = {"wsgi.input": Driblets(body), "CONTENT_TYPE": NDJSON, "HTTP_AUTHORIZATION": f"Bearer {token}"}
    environ |= {"CONTENT_LENGTH": str(length)} if length is not None else {"HTTP_TRANSFER_ENCODING": "chunked"}
    environ |= {"wsgi.input_terminated": True} if ends_itself else {}
    return client.post("/api/v1/dossiers", query_string={"profile": "national-sync"}, environ_overrides=environ)


@pytest.mark.parametrize("ends_itself", [True, False])
def test_a_body_without_its_length_or_cut_off_is_refused(client: FlaskClient, token: str, ends_itself: bool) -> None:
    refused(pour(client, token, LINES, None, ends_itself), 411)
    refused(pour(client, token, LINES, len(LINES) + 1, ends_itself), 400)
    assert "trống" in refused(pour(client, token, b"", 0, ends_itself), 400)["detail_vi"]
    kept(0)


@pytest.mark.parametrize("ends_itself", [True, False])
def test_a_body_that_arrives_in_driblets_is_read_whole(client: FlaskClient, token: str, ends_itself: bool) -> None:
    body = LINES * 4000  # more than one chunk of the spool
    answer = pour(client, token, body, len(body), ends_itself)
    with spool.read(answer.get_json()["submission"]) as stream:
        assert stream.read() == body


def test_a_body_over_the_limit_is_refused_before_it_is_stored(app: Flask, client: FlaskClient, token: str) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 1000
    assert "MiB" in refused(push(client, token, b"x" * 1001), 413)["detail_en"]
    assert push(client, token, b"x" * 1000).status_code == 202
    kept(1)


def test_too_many_pushes_of_one_token_wait_and_leave_the_others_alone(
    client: FlaskClient, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "PUSHES", "3 per minute")
    limiter.reset()
    other = tokens.create("h14", "", NOW)
    stolen = f"{token.split('.')[0]}.{'A' * 43}"
    for _ in range(3):
        assert push(client, stolen).status_code == 401  # a wrong secret uses up nobody's turns
    answers = [push(client, token) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    refused(answers[3], 429)
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 60
    assert push(client, other).status_code == 202
    limiter.reset()


def test_unknown_addresses_and_methods_are_told_as_problems(client: FlaskClient, token: str) -> None:
    for path in ("/api/", "/api/v1", "/api/v2/dossiers", "/api/v1/dossiers/", "/api//no-such", "/api/v1/%00"):
        refused(client.get(path), 404)
    answer = look(client, token, "/api/v1/dossiers")
    refused(answer, 405)
    assert "POST" in answer.headers["Allow"]
    assert client.get("/no-such-page").mimetype == "text/html"


@pytest.mark.parametrize(("error", "status"), [(RuntimeError("secret text"), 500), (OSError(28, "No space left"), 503)])
def test_a_fault_of_ours_tells_nothing_but_what_to_do(
    app: Flask, client: FlaskClient, token: str, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def fail(*_args: Any, **_named: Any) -> str:
        raise error

    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr(spool, "write", fail)
    answer = push(client, token)
    refused(answer, status)
    assert str(error) not in answer.text
    assert ("Retry-After" in answer.headers) == (status == 503)
    monkeypatch.setattr(intake, "receive", lambda *_args, **_named: (_ for _ in ()).throw(OperationalError("x", {}, Exception("down"))))
    refused(push(client, token), 503)


def test_what_became_of_the_rows_is_told_to_their_own_source(client: FlaskClient, token: str) -> None:
    body = "\n".join(json.dumps(item) for item in (message(1), message(2), message(3, DonViXuLy="H99.99", ChuHoSo="Nguyễn Văn A")))
    address = push(client, token, body.encode()).location
    refused(look(client, token, f"{address}/quarantine"), 404)
    process_waiting(NOW)
    seen = look(client, token, address)
    told = seen.get_json()
    assert (told["state"], told["finished"], told["months"]) == ("partly_accepted", True, ["2026-10"])
    assert "Retry-After" not in seen.headers
    assert told["rows"] == {"received": 3, "accepted": 2, "superseded": 0, "unchanged": 0, "quarantined": 1, "released": 0}
    (rule,) = told["quarantined"]
    assert (rule["rule"], rule["rows"]) == ("unknown_unit", 1)
    assert told["finished_at"].endswith("Z")
    assert told["reason_vi"]
    assert told["reason_en"]
    rows = look(client, token, told["quarantine"])
    assert (rows.status_code, rows.mimetype) == (200, NDJSON)
    (row,) = [json.loads(line) for line in rows.text.splitlines()]
    assert (row["row"], row["reasons"], row["DonViXuLy"]) == (3, "unknown_unit", "H99.99")
    assert "Nguyễn" not in rows.text
    refused(look(client, tokens.create("h14", "", NOW), f"{address}/quarantine"), 404)


def test_rubbish_is_taken_in_and_rejected_in_words(client: FlaskClient, token: str) -> None:
    addresses = [push(client, token, body).location for body in (b"\x00\xff" * 50, b"<html>", gzip.compress(LINES)[:-9], b"[]\n[]", b"{")]
    process_waiting(NOW)
    for address in addresses:
        told = look(client, token, address).get_json()
        assert told["state"] == "rejected"
        assert told["reason_vi"]
        assert told["reason_en"]
        assert "Traceback" not in str(told)


def test_the_documentation_shows_what_is_answered(client: FlaskClient, token: str) -> None:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    receipt, submission, problem = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL))
    asked = next(block for block in text.split("```") if "--data-binary" in block)
    headers = dict(re.findall(r'-H "([^:"]+): ([^"]+)"', asked)) | {"Authorization": f"Bearer {token}"}
    bad = json.dumps(message(2, DonViXuLy="H99.99")).encode()
    body = gzip.compress(LINES + b"\n" + bad)
    answer = client.post("/api/v1/dossiers?profile=national-sync", data=body, headers=headers)
    assert answer.status_code == 202
    assert answer.get_json().keys() == receipt.keys()
    process_waiting(NOW)
    told = look(client, token, answer.location).get_json()
    assert told.keys() == submission.keys()
    assert told["rows"].keys() == submission["rows"].keys()
    assert told["quarantined"][0].keys() == submission["quarantined"][0].keys()
    assert (told["state"], told["reason_vi"], told["reason_en"]) == tuple(submission[name] for name in ("state", "reason_vi", "reason_en"))
    again = client.post("/api/v1/dossiers?profile=national-sync", data=gzip.compress(LINES), headers=headers)
    assert again.get_json() == problem
    for word in (api.PUSHES.split()[0] + " pushes", api.LOOKS.split()[0] + " look-ups", *CONTENT_TYPES):
        assert word in text
    statuses = {int(status) for status in document(1)["paths"]["/api/v1/dossiers"]["post"]["responses"]} - {202}
    assert all(re.search(rf"^\| .*\b{status}\b", text, re.MULTILINE) for status in statuses)
