"""Invitations go to the system that knows the people, nothing of them stays, and receipts come back."""

import csv
import datetime as dt
import http.server
import json
import ssl
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError
from sqlalchemy import select

from core.database import reading
from core.errors import InputError
from core.settings import Webhook
from procedures import tokens
from procedures.models import Source
from surveys import handover, privacy, webhook
from surveys.models import Handover, Invitation
from tests.conftest import make_settings
from tests.surveys.helpers import NOW, token_of
from tests.surveys.reach import OCTOBER, feed, invite

SECRET = "w" * 40


def states() -> list[tuple[str, int | None]]:
    """Delivery and contact load of all invitations, in the order of their numbers."""
    reading().rollback()
    return [(row.delivery, row.contact_load) for row in reading().scalars(select(Invitation).order_by(Invitation.id))]


def file_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_hand_over_can_be_repeated_and_is_deleted_after_receipt(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    points = feed(monkeypatch)
    invite(points)
    (key,) = handover.pack("DEMO", [OCTOBER], "file", NOW)
    path = handover.write_file(key, NOW)
    rows = file_rows(path)
    assert [row["dossier_code"] for row in rows] == [point.dossier_code for point in points]
    public = app.extensions["settings"].public_url
    assert [row["link"] for row in rows] == [f"{public}/s/{token_of(point)}" for point in points]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    assert handover.pack("DEMO", [OCTOBER], "file", NOW) == []
    assert handover.write_file(key, NOW).read_bytes() == before
    assert handover.received(key, NOW) == 5
    assert handover.received(key, NOW) == 5
    assert not path.exists()
    assert states() == [("sent", None)] * 5
    assert handover.write_file(key, NOW).read_bytes() == before


def test_the_database_keeps_neither_dossier_code_nor_link_nor_id(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    points = feed(monkeypatch, 3)
    invite(points)
    (key,) = handover.pack("DEMO", [OCTOBER], "file", NOW)
    rows = file_rows(handover.write_file(key, NOW))
    connection = reading().connection()
    tables = ("invitation", "handover", "audit_entry", "answer")
    kept = "\n".join(str(row) for table in tables for row in connection.exec_driver_sql(f"SELECT * FROM {table}").all())
    for row in rows:
        assert row["dossier_code"] not in kept
        assert row["link"].rpartition("/")[2] not in kept
        assert row["invitation"] not in kept


def test_a_forgotten_file_is_deleted(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    invite(feed(monkeypatch))
    (key,) = handover.pack("DEMO", [OCTOBER], "file", NOW)
    path = handover.write_file(key, NOW)
    written = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    assert handover.forget(written + timedelta(days=6)) == {}
    assert handover.forget(written + timedelta(days=8)) == {"handover_files": 1}
    assert not path.exists()


def test_only_the_source_s_own_go_to_it(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    invite(feed(monkeypatch))
    assert handover.pack("OTHER", [OCTOBER], "file", NOW) == []
    assert handover.pack("DEMO", [OCTOBER.plus(1)], "file", NOW) == []


@given(st.integers(1, 2**62))
def test_an_invitation_s_id_stands_for_it_and_hides_it(number: int) -> None:
    settings = make_settings(Path("unused"), "sqlite://")
    told = handover.reference(settings, number)
    assert handover.invitation_of(settings, told.upper()) == number
    assert str(number) not in told or number < 100
    changed = ("a" if told[0] != "a" else "b") + told[1:]
    assert handover.invitation_of(settings, changed) is None
    other = settings.model_copy(update={"invitation_key": SecretStr("o" * 40)})
    assert handover.invitation_of(other, told) is None


@given(st.text(max_size=40))
def test_a_made_up_id_is_none_of_ours(text: str) -> None:
    assert handover.invitation_of(make_settings(Path("unused"), "sqlite://"), text) is None


@given(st.lists(st.text(max_size=12), min_size=3, max_size=3), st.lists(st.text(max_size=12), min_size=3, max_size=3))
def test_tokens_are_derived_of_all_parts_and_of_nothing_else(one: list[str], other: list[str]) -> None:
    settings = make_settings(Path("unused"), "sqlite://")
    token = privacy.token_for(settings, *one)
    assert privacy.read_token(token) == token
    assert len(token) == 26
    assert token == privacy.token_for(settings, *one)
    assert (token == privacy.token_for(settings, *other)) == (one == other)
    assert privacy.hash_token(settings, token) != privacy.hash_token(settings.model_copy(update={"answer_key": SecretStr("z" * 40)}), token)


@pytest.fixture
def packed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of five invitations that were handed over to DEMO."""
    invite(feed(monkeypatch))
    (key,) = handover.pack("DEMO", [OCTOBER], "file", NOW)
    return [item.invitation for item in handover.items(handover.parcel_of(key), NOW)]


def test_receipts_come_back_by_id(packed: list[str]) -> None:
    told = [
        {"invitation": packed[0], "delivery": "delivered", "contact_load": "1"},
        {"invitation": packed[1], "delivery": "failed", "contact_load": 40},
        {"invitation": packed[2], "delivery": "sent"},
        {"invitation": "a" * 26, "delivery": "delivered"},
    ]
    assert handover.report("DEMO", told, NOW) == {"updated": 3, "unchanged": 0, "unknown": 1}
    assert sorted(states(), key=str) == sorted([("delivered", 1), ("failed", 40), ("sent", None), ("none", None), ("none", None)], key=str)
    again = [{"invitation": packed[0], "delivery": "sent", "contact_load": ""}, {"invitation": packed[1], "delivery": "delivered"}]
    assert handover.report("DEMO", again, NOW) == {"updated": 1, "unchanged": 1, "unknown": 0}
    assert ("delivered", 40) in states()


def test_another_source_s_invitations_cannot_be_reported(packed: list[str]) -> None:
    assert handover.report("OTHER", [{"invitation": packed[0], "delivery": "failed"}], NOW) == {"updated": 0, "unchanged": 0, "unknown": 1}


@pytest.mark.parametrize(
    ("field", "value"), [("delivery", "gone"), ("delivery", None), ("contact_load", "0"), ("contact_load", "x"), ("contact_load", True)]
)
def test_a_mistake_names_its_row_and_takes_nothing(packed: list[str], field: str, value: object) -> None:
    good = {"invitation": packed[0], "delivery": "delivered"}
    with pytest.raises(InputError) as refused:
        handover.report("DEMO", [good, {"invitation": packed[1], "delivery": "sent"} | {field: value}], NOW)
    assert (refused.value.row, refused.value.field) == (3, field)
    assert ("delivered", None) not in states()


def test_receipts_through_the_door(app: Flask, packed: list[str]) -> None:
    from core.database import writing

    with writing() as session:
        session.add(Source(code="OTHER", name="Other"))
    client = app.test_client()
    headers = {"Authorization": f"Bearer {tokens.create('DEMO', '', NOW)}"}
    foreign = {"Authorization": f"Bearer {tokens.create('OTHER', '', NOW)}"}
    body = {"receipts": [{"invitation": packed[0], "delivery": "delivered", "contact_load": 2}]}
    assert client.post("/api/v1/receipts", json=body).status_code == 401
    assert client.post("/api/v1/receipts", json=body, headers=foreign).get_json() == {"updated": 0, "unchanged": 0, "unknown": 1}
    assert client.post("/api/v1/receipts", json=body, headers=headers).get_json() == {"updated": 1, "unchanged": 0, "unknown": 0}
    assert ("delivered", 2) in states()
    for wrong in ([], {"receipts": 5}, {"receipts": [5]}, {"receipts": [{"invitation": packed[0], "delivery": "?"}]}):
        answer = client.post("/api/v1/receipts", json=wrong, headers=headers)
        assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert client.post("/api/v1/receipts", data="x", headers=headers).status_code == 415
    key = reading().scalar(select(Handover.key))
    path = handover.write_file(str(key), NOW)
    assert client.post(f"/api/v1/handovers/{key}/received", headers=foreign).status_code == 404
    assert path.exists()
    assert client.post(f"/api/v1/handovers/{key}/received", headers=headers).get_json() == {"handover": key, "invitations": 5}
    assert not path.exists()
    assert client.post("/api/v1/handovers/0000000000000000/received", headers=headers).status_code == 404


def test_commands(app: Flask, runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    invite(feed(monkeypatch))
    said = runner.invoke(args=["surveys", "handover", "DEMO", "2026-10"]).output
    key = said.partition(":")[0]
    assert "5 invitations" in said
    assert "nothing new" in runner.invoke(args=["surveys", "handover", "DEMO", "2026-10"]).output
    first = file_rows(handover.path_of(key))[0]["invitation"]
    receipts = tmp_path / "receipts.csv"
    receipts.write_text(f"invitation,delivery,contact_load\n{first},delivered,3\n", encoding="utf-8")
    assert "1 updated" in runner.invoke(args=["surveys", "receipts", "DEMO", str(receipts)]).output
    assert "5 invitations received" in runner.invoke(args=["surveys", "received", key]).output
    assert f"{key} DEMO 2026-10 file received 5" in runner.invoke(args=["surveys", "handovers"]).output
    unknown = runner.invoke(args=["surveys", "received", "nothing"])
    assert (unknown.exit_code, "surveys handovers" in unknown.output) == (1, True)


@pytest.mark.parametrize(
    "command",
    [("handover", "{source}", "2026-10"), ("receipts", "{source}", "{file}"), ("mail", "{source}", "2026-10", "--contacts", "{file}"),
     ("calls", "{source}", "2026-10")],
)  # fmt: skip
def test_mistakes_at_the_command_line_are_told_in_words(
    app: Flask, runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: tuple[str, ...]
) -> None:
    feed(monkeypatch)
    wrong = tmp_path / "wrong.csv"
    wrong.write_bytes("invitation,delivery,dossier_code,email,Đơn vị\n".encode("utf-16"))
    typo = runner.invoke(args=["surveys", *(part.format(source="DEM", file=wrong) for part in command)])
    assert (typo.exit_code, "DEM" in typo.output, "DEMO" in typo.output) == (1, True, True)
    if "{file}" in command:
        unread = runner.invoke(args=["surveys", *(part.format(source="DEMO", file=wrong) for part in command)])
        assert (unread.exit_code, "UTF-8" in unread.output) == (1, True)
        assert isinstance(unread.exception, SystemExit)


class _Taker(http.server.BaseHTTPRequestHandler):
    """A system that takes parcels; its server says with which status."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((dict(self.headers), body))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        if self.server.status == 302:  # type: ignore[attr-defined]
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    unencrypted = serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unencrypted))
    return paths


@contextmanager
def taker(folder: Path, status: int = 204) -> Iterator[Any]:
    """A server over TLS on the loopback, with ``taken`` and ``status``."""
    cert, key = certificate(folder)
    server: Any = http.server.HTTPServer(("127.0.0.1", 0), _Taker)
    server.taken, server.status = [], status
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def connect(app: Flask, server: Any, authority: Path | None) -> None:
    settings = app.extensions["settings"]
    address = f"https://localhost:{server.server_port}/invitations"
    settings.handover_webhooks = {"DEMO": Webhook(url=address, secret=SecretStr(SECRET))}
    settings.handover_ca = authority


def test_a_webhook_gets_its_parcels_signed_over_tls(app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(handover, "PARCEL", 3)
    invite(feed(monkeypatch))
    with taker(tmp_path) as server:
        connect(app, server, tmp_path / "cert.pem")
        assert handover.pack_new(NOW, [OCTOBER]) == {"parcels": 2}
        assert handover.deliver_waiting(NOW) == {"received": 2}
        assert handover.deliver_waiting(NOW) == {}
        assert handover.pack_new(NOW, [OCTOBER]) == {}
    assert [len(json.loads(body)["invitations"]) for _headers, body in server.taken] == [3, 2]
    headers, body = server.taken[0]
    assert headers["X-Scorecard-Signature"] == webhook.signature(SECRET, headers["X-Scorecard-Timestamp"], body)
    assert webhook.signature("x" * 40, headers["X-Scorecard-Timestamp"], body) != headers["X-Scorecard-Signature"]
    assert set(json.loads(body)["invitations"][0]) == {"dossier_code", "link", "invitation"}
    assert headers["Idempotency-Key"] == json.loads(body)["handover"]
    assert states() == [("sent", None)] * 5


def test_what_fails_is_tried_again_and_is_the_same_parcel(app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    invite(feed(monkeypatch))
    with taker(tmp_path, status=503) as server:
        connect(app, server, tmp_path / "cert.pem")
        handover.pack_new(NOW, [OCTOBER])
        assert handover.deliver_waiting(NOW) == {"postponed": 1}
        assert handover.deliver_waiting(NOW + timedelta(minutes=4)) == {}
        server.status = 302  # a parcel never goes where the other side points
        assert handover.deliver_waiting(NOW + timedelta(minutes=5)) == {"postponed": 1}
        assert states() == [("none", None)] * 5
        server.status = 200
        assert handover.deliver_waiting(NOW + timedelta(minutes=15)) == {"received": 1}
    bodies = {json.dumps(json.loads(body), sort_keys=True) for _headers, body in server.taken}
    assert (len(server.taken), len(bodies)) == (3, 1)


def test_an_unknown_certificate_gets_nothing(app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    invite(feed(monkeypatch))
    with taker(tmp_path) as server:
        connect(app, server, None)
        handover.pack_new(NOW, [OCTOBER])
        assert handover.deliver_waiting(NOW) == {"postponed": 1}
    assert server.taken == []
    assert "CERTIFICATE_VERIFY_FAILED" in str(reading().scalar(select(Handover.error)))


def test_a_webhook_that_never_answers_is_given_up_and_can_be_revived(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    invite(feed(monkeypatch))
    app.extensions["settings"].handover_webhooks = {"DEMO": Webhook(url="https://localhost:1/", secret=SecretStr(SECRET))}
    handover.pack_new(NOW, [OCTOBER])

    def away(_url: str, _body: bytes, _headers: dict[str, str]) -> None:
        raise OSError("nobody there")

    now = NOW
    for _ in range(handover.ATTEMPTS):
        assert handover.deliver_waiting(now, away) == {"postponed": 1}
        now += timedelta(hours=13)
    assert handover.deliver_waiting(now, away) == {}
    parcel = handover.parcel_of(str(reading().scalar(select(Handover.key))))
    assert (parcel.state, parcel.error) == ("failed", "nobody there")
    handover.retry(parcel.key, now)
    assert handover.deliver_waiting(now, lambda *_: None) == {"received": 1}


def test_a_webhook_is_encrypted_unless_it_is_on_this_machine() -> None:
    with pytest.raises(ValidationError, match="https"):
        Webhook(url="http://example.vn/x", secret=SecretStr(SECRET))
    assert Webhook(url="http://127.0.0.1:9/x", secret=SecretStr(SECRET)).url
