"""The one way in: a submission with its spooled file, or neither."""

import hashlib
import io
import threading
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.database import reading
from core.errors import InputError
from procedures import intake, operations, spool
from procedures.models import Submission
from tests.procedures.feed import NOW


@pytest.fixture(autouse=True)
def _sources(app: Flask) -> None:
    operations.add_source("h26", "Một cửa 01")
    operations.add_source("h14", "Một cửa 04")


def receive(content: bytes = b"{}", **changes: Any) -> str:
    given = {"file_name": "a.jsonl", "source_code": "h26", "profile_name": "national-sync", "way": "cli", "sent_by": "cli", "now": NOW}
    return intake.receive(io.BytesIO(content), **(given | changes))


def kept() -> list[str]:
    """Keys of all submissions; each has its spooled file, and no other file is there."""
    reading().rollback()
    keys = sorted(reading().scalars(select(Submission.key)))
    assert spool.keys() == keys
    assert [path.name for path in spool.folder().glob("*.part")] == []
    return keys


def test_a_file_becomes_a_submission_and_its_spooled_bytes() -> None:
    key = receive(b"content", file_name="/tmp/ngày 8.jsonl", way="upload", sent_by="x" * 100)
    stored = reading().scalar(select(Submission).where(Submission.key == key))
    assert stored is not None
    assert (stored.state, stored.way, stored.file_name, stored.size_bytes) == ("received", "upload", "ngày 8.jsonl", 7)
    assert (stored.sha256, len(stored.sent_by), stored.received_at) == (hashlib.sha256(b"content").hexdigest(), 64, NOW)
    with spool.read(key) as stream:
        assert stream.read() == b"content"
    assert kept() == [key]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"source_code": "nobody"}, "source"),
        ({"profile_name": "no-such"}, "profile"),
        ({"profile_name": "../profiles/national-sync"}, "profile"),
        ({"replaces_month": "2026-13"}, "month"),
        ({"replaces_month": "10/2026"}, "month"),
        ({"content": b""}, None),
    ],
)
def test_what_cannot_be_taken_leaves_nothing_behind(changes: dict[str, Any], field: str | None) -> None:
    with pytest.raises(InputError) as refused:
        receive(**changes)
    assert refused.value.field == field
    assert refused.value.message_vi != refused.value.message_en
    assert kept() == []


def test_the_same_key_is_the_same_submission_for_the_same_source_and_content() -> None:
    first = receive(b"one", idempotency_key="k")
    assert receive(b"one", idempotency_key="k") == first
    with pytest.raises(InputError, match="other content") as refused:
        receive(b"two", idempotency_key="k")
    assert refused.value.field == "Idempotency-Key"
    assert kept() == [first]
    others = [
        receive(b"one", idempotency_key="k", source_code="h14"),
        receive(b"one", idempotency_key="l"),
        receive(b"one"),
        receive(b"one"),
    ]
    assert kept() == sorted([first, *others])


def test_many_at_once_with_one_key_are_one_submission(app: Flask) -> None:
    gate, got = threading.Barrier(6), []

    def send() -> None:
        with app.app_context():
            gate.wait()
            got.append(receive(b"one", idempotency_key="k"))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 6
    assert kept() == sorted(set(got))
    assert len(kept()) == 1


def test_another_clash_is_not_taken_for_a_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake.secrets, "token_hex", lambda _size: "0123456789abcdef")
    first = receive(b"one")
    with pytest.raises(IntegrityError):  # two submissions of one name, as good as impossible
        receive(b"one", idempotency_key="k")
    assert reading().scalar(select(func.count()).select_from(Submission)) == 1
    assert first == "0123456789abcdef"


def test_a_database_that_fails_leaves_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any) -> None:
        raise ConnectionError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(Session, "add", fail)
        with pytest.raises(ConnectionError):
            receive(b"one")
    assert kept() == []
