"""From a published edition to a receipt, whatever the receiving server does."""

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_public_key
from flask import Flask
from sqlalchemy import select

from core.database import reading
from core.errors import InputError
from core.settings import Settings
from exports import attaching, json_schemas, monitoring, monitoring_http, monitoring_package, numbering, operations, queries
from exports.models import MonitoringAttempt, MonitoringDelivery
from tests.conftest import log_in
from tests.exports.publishing import DAY, NOW, NUMBER, certificate, edition, light, officer, pdf, published, set_state, sign_with
from tests.exports.receiving import Receiver, receiving


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: bytes) -> str:
    """One kind of database: the network matters here. ``test_publication.py`` sends from both."""
    path = tmp_path / "test.sqlite"
    path.write_bytes(sqlite_template)
    return f"sqlite:///{path}"


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    light(monkeypatch)
    monkeypatch.setattr(monitoring_http, "SECONDS", 0.5)
    monkeypatch.setattr(monitoring_http, "WHOLE", 0.6)


@pytest.fixture
def receiver(settings: Settings, tmp_path: Path) -> Iterator[Receiver]:
    """A server, and the settings that lead to it."""
    key = Ed25519PrivateKey.generate()
    settings.monitoring_key = tmp_path / "monitoring.pem"
    settings.monitoring_key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with receiving() as found:
        settings.monitoring_url = found.url + "/nq57"
        yield found


def delivery(edition_id: int) -> MonitoringDelivery:
    reading().rollback()
    found = queries.delivery(reading(), edition_id)
    assert found is not None
    return found


def outcomes(edition_id: int) -> list[tuple[str, int | None]]:
    return [(attempt.outcome, attempt.status) for attempt in reversed(queries.attempts(reading(), delivery(edition_id).id))]


def test_a_published_edition_is_sent_once(app: Flask, receiver: Receiver, settings: Settings) -> None:
    found = published()
    assert monitoring.send_due(NOW) == {"received": 1}
    assert monitoring.send_due(NOW + timedelta(days=1)) == {}
    assert len(receiver.got) == 1
    headers, body = receiver.got[0]
    assert headers["Idempotency-Key"] == f"2026-10-v1-{'c' * 16}"
    assert settings.monitoring_key is not None
    key = monitoring_package.private_key(settings)
    assert key is not None
    public = load_pem_public_key(monitoring_package.public_pem(key))
    signature = base64.b64decode(headers["X-Scorecard-Signature"].removeprefix("ed25519="))
    public.verify(signature, headers["X-Scorecard-Timestamp"].encode() + b"." + body)  # type: ignore[call-arg, union-attr]
    sent = json.loads(body)
    jsonschema.validate(sent, json_schemas.monitoring())
    files = {file["name"]: file for file in sent["evidence"]["files"]}
    assert files["bao-cao-hai-long-2026-10-v1.pdf"]["sha256"] == hashlib.sha256(pdf()).hexdigest()
    assert base64.b64decode(sent["evidence"]["report"]["content_base64"]) == pdf()
    known = delivery(found)
    assert (known.state, known.receipt["receipt"]) == ("received", "NQ57-1")
    assert known.body_sha256 == hashlib.sha256(body).hexdigest()
    with pytest.raises(InputError, match="đã có biên nhận"):
        monitoring.ask(found, "office", NOW)


FAILURES = {
    "reset": None,
    "closed": None,
    "broken": 500,
    "slow": None,
    "dripping": None,
    "dripping_headers": None,
    "half_letter": 200,
    "nul": 200,
    "half": None,
    "endless": None,
    "page": 200,
    "other_key": 200,
    "other_content": 200,
    "no_http": None,
    "nonsense_wait": 429,
}


@pytest.mark.parametrize("failure", FAILURES)
def test_whatever_fails_is_tried_again_later_with_the_same_bytes(app: Flask, receiver: Receiver, failure: str) -> None:
    found = published()
    receiver.script = [failure, failure]
    assert monitoring.send_due(NOW) == {"again": 1}
    assert monitoring.send_due(NOW + timedelta(seconds=59)) == {}
    assert monitoring.send_due(NOW + timedelta(seconds=60)) == {"again": 1}
    assert monitoring.send_due(NOW + timedelta(seconds=179)) == {}  # twice as long
    assert monitoring.send_due(NOW + timedelta(seconds=180)) == {"received": 1}
    assert outcomes(found)[:2] == [("again", FAILURES[failure])] * 2
    assert queries.attempts(reading(), delivery(found).id)[-1].message != ""
    assert len({body for _headers, body in receiver.got}) == 1
    assert len({headers["Idempotency-Key"] for headers, _body in receiver.got}) == 1


def test_a_receipt_is_kept_and_shown_without_signs_that_cannot_be_stored(app: Flask, receiver: Receiver) -> None:
    found = published()
    receiver.script = ["odd_receipt"]
    assert monitoring.send_due(NOW) == {"received": 1}
    known = delivery(found).receipt
    assert (known["receipt"], known["more"]) == ("NQ57-", ["x"])
    client = app.test_client()
    log_in(client, officer())
    assert "NQ57-" in client.get("/office/publication").text


def test_nobody_there(app: Flask, receiver: Receiver, settings: Settings) -> None:
    found = published()
    there, settings.monitoring_url = settings.monitoring_url, "http://127.0.0.1:9/"
    assert monitoring.send_due(NOW) == {"again": 1}
    assert "ConnectionRefusedError" in queries.attempts(reading(), delivery(found).id)[0].message
    settings.monitoring_url = there
    assert monitoring.send_due(NOW + timedelta(minutes=1)) == {"received": 1}


@pytest.mark.parametrize(("failure", "hours"), [("away", 2), ("busy", 3)])
def test_a_server_that_asks_for_time_gets_it(app: Flask, receiver: Receiver, failure: str, hours: int) -> None:
    found = published()
    receiver.script = [failure]
    assert monitoring.send_due(NOW) == {"again": 1}
    assert delivery(found).next_at == NOW + timedelta(hours=hours)


@pytest.mark.parametrize(("failure", "status"), [("unknown", 403), ("conflict", 409), ("elsewhere", 302)])
def test_what_is_refused_waits_for_a_person(app: Flask, receiver: Receiver, failure: str, status: int) -> None:
    found = published()
    receiver.script = [failure]
    assert monitoring.send_due(NOW) == {"refused": 1}
    assert outcomes(found) == [("refused", status)]
    assert monitoring.send_due(NOW + timedelta(days=9)) == {}
    assert len(receiver.got) == 1  # a redirect is not followed
    monitoring.ask(found, "office", NOW + timedelta(days=9))
    assert monitoring.send_due(NOW + timedelta(days=9)) == {"received": 1}


@pytest.mark.parametrize("first", ["taken_then_lost", "known"])
def test_a_repeat_is_recognised_by_its_key(app: Flask, receiver: Receiver, first: str) -> None:
    found = published()
    receiver.script = [first]
    monitoring.send_due(NOW)
    monitoring.send_due(NOW + timedelta(minutes=1))
    assert delivery(found).state == "received"
    assert delivery(found).receipt["receipt"] == {"taken_then_lost": "NQ57-lost", "known": "NQ57-before"}[first]


def test_it_gives_up_after_days_and_says_so(app: Flask, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitoring, "MOST_ATTEMPTS", 3)
    found = published()
    receiver.script = ["broken"] * 9
    for hour in range(9):
        monitoring.send_due(NOW + timedelta(hours=hour))
    assert delivery(found).state == "refused"
    assert len(receiver.got) == 3
    assert "đã thử 3 lần" in queries.attempts(reading(), delivery(found).id)[0].message


def test_waiting_grows_and_has_an_end() -> None:
    waits = [monitoring.wait_after(attempts, None) for attempts in range(1, 40)]
    assert waits[:4] == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)]
    assert waits[-1] == monitoring.LONGEST_WAIT
    assert monitoring.wait_after(1, timedelta(hours=3)) == timedelta(hours=3)
    assert monitoring.wait_after(12, timedelta(seconds=1)) == monitoring.LONGEST_WAIT


def test_only_what_is_published_real_and_complete_is_sent(app: Flask, receiver: Receiver, settings: Settings, tmp_path: Path) -> None:
    simulated = edition("published", month="2026-09", simulated=True)
    closed, superseded = edition("closed", month="2026-08"), edition("superseded", month="2026-07")
    operations.build_wanted(NOW)
    assert monitoring.send_due(NOW) == {}
    for number, words in ((simulated, "mô phỏng"), (closed, "Chỉ gửi kỳ"), (superseded, "Chỉ gửi kỳ")):
        with pytest.raises(InputError, match=words):
            monitoring.ask(number, "office", NOW)
        with pytest.raises(InputError, match=words):
            monitoring_package.package(number)
    bare = edition("published", month="2026-06")
    with pytest.raises(InputError, match="chưa đủ"):
        monitoring.ask(bare, "office", NOW)
    numbered = edition()
    numbering.take_number(numbered, NUMBER, DAY, "office", NOW)
    operations.build_edition(numbered, NOW)
    set_state(numbered, "published")
    operations.build_wanted(NOW)
    sign_with(settings, certificate(tmp_path))
    assert monitoring.send_due(NOW) == {"received": 1}  # June alone: October waits for its signature
    attaching.sign_here(numbered, "office", NOW)
    assert monitoring.send_due(NOW) == {"received": 1}
    sent = json.loads(receiver.got[-1][1])
    assert sent["edition"]["number"] == NUMBER
    assert sent["evidence"]["report"]["name"].endswith("-DA-KY.pdf")


def test_a_file_that_changed_on_disk_is_not_sent(app: Flask, receiver: Receiver, settings: Settings) -> None:
    found = published()
    (settings.data_dir / "reports" / "2026-10-v1" / "bao-cao-hai-long-2026-10-v1.pdf").write_bytes(b"%PDF-1.7 other")
    assert monitoring.send_due(NOW) == {"refused": 1}
    assert receiver.got == []
    assert "không còn đúng" in queries.attempts(reading(), delivery(found).id)[0].message


def test_without_an_address_it_goes_by_hand(app: Flask) -> None:
    found = published()
    assert monitoring.send_due(NOW) == {}
    with pytest.raises(InputError, match="ZIP"):
        monitoring.ask(found, "office", NOW)
    content = monitoring_package.package(found)
    assert content == monitoring_package.package(found)
    archive = zipfile.ZipFile(io.BytesIO(content))
    sums = dict(reversed(line.split("  ")) for line in archive.read("SHA256SUMS").decode().splitlines())
    assert set(sums) == set(archive.namelist()) - {"SHA256SUMS"}
    assert all(hashlib.sha256(archive.read(name)).hexdigest() == digest for name, digest in sums.items())
    assert archive.read("bao-cao-hai-long-2026-10-v1.pdf") == pdf()
    officer()
    client = app.test_client()
    log_in(client, "office")
    answer = client.get(f"/office/publication/{found}/package.zip")
    assert answer.data == content
    assert client.post(f"/office/publication/{found}/by-hand", data={"receipt": "Biên nhận số 77"}).status_code == 302
    assert "Biên nhận số 77" in client.get("/office/publication").text
    assert delivery(found).state == "by_hand"


def test_two_workers_send_it_once(app: Flask, receiver: Receiver) -> None:
    from core import lease

    found = published()
    receiver.script = ["broken"]
    monitoring.send_due(NOW)
    later = NOW + timedelta(minutes=1)
    assert lease.acquire(f"exports.monitoring.{delivery(found).id}", "another process", later, 600)
    assert monitoring.send_due(later) == {"elsewhere": 1}
    assert len(receiver.got) == 1


def test_a_key_that_can_not_be_used_is_said(app: Flask, receiver: Receiver, settings: Settings) -> None:
    found = published()
    assert settings.monitoring_key is not None
    settings.monitoring_key.write_text("no key")
    with pytest.raises(InputError, match="Không đọc được khóa"):
        monitoring.ask(found, "office", NOW)
    assert monitoring.send_due(NOW) == {"refused": 1}
    assert reading().scalars(select(MonitoringAttempt.status)).all() == [None]


def test_commands(app: Flask, receiver: Receiver, tmp_path: Path) -> None:
    published()
    runner = app.test_cli_runner()
    path = tmp_path / "package.zip"
    assert runner.invoke(args=["editions", "package", "2026-10", str(path)]).exit_code == 0
    assert zipfile.ZipFile(path).testzip() is None
    result = runner.invoke(args=["editions", "send", "2026-10"])
    assert result.exit_code == 0, result.output
    assert "received" in result.output
