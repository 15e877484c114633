"""Tokens of sources: shown once, kept as a digest, ended for good."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select

from core.database import reading
from core.errors import InputError
from core.models import AuditEntry
from procedures import operations, tokens
from procedures.models import SourceToken
from tests.procedures.feed import NOW


@pytest.fixture(autouse=True)
def _sources(app: Flask) -> None:
    operations.add_source("h26", "Một cửa 01")
    operations.add_source("h14", "Một cửa 04")


def test_a_token_opens_its_own_source_and_only_a_digest_is_kept() -> None:
    ours, theirs = tokens.create("h26", "máy chủ 1", NOW), tokens.create("h14", "", NOW)
    found = tokens.find(ours, NOW)
    assert found is not None
    assert (found.source.code, found.note, f"{found.key_id}.") == ("h26", "máy chủ 1", ours[:13])
    assert len(ours.split(".")[1]) * 6 >= 160  # random bits
    stored = str([vars(row) for row in reading().scalars(select(SourceToken))]) + str(
        [vars(row) for row in reading().scalars(select(AuditEntry))]
    )
    assert ours.split(".")[1] not in stored
    assert theirs.split(".")[1] not in stored


def test_a_wrong_secret_or_form_opens_nothing() -> None:
    one, two = tokens.create("h26", "", NOW), tokens.create("h14", "", NOW)
    crossed = one.split(".")[0] + "." + two.split(".")[1]
    changed = one[:-1] + ("A" if one[-1] != "A" else "B")
    for text in ("", ".", one[:-1], one + "x", f" {one}", one.upper(), crossed, changed, "\0", "ệ" * 56, "\udc80"):
        assert tokens.find(text, NOW) is None, text


def test_a_revoked_token_is_dead_and_stays_so() -> None:
    token = tokens.create("h26", "", NOW)
    tokens.revoke(token.split(".")[0], NOW)
    assert tokens.find(token, NOW) is None
    tokens.revoke(token.split(".")[0], NOW + timedelta(days=1))
    (kept,) = tokens.listed()
    assert kept.revoked_at == NOW
    with pytest.raises(InputError, match="no key id"):
        tokens.revoke("000000000000", NOW)
    with pytest.raises(InputError, match="no source"):
        tokens.create("nobody", "", NOW)


def test_use_is_noted_at_most_once_a_minute() -> None:
    token = tokens.create("h26", "", NOW)

    def used(seconds: int) -> object:
        found = tokens.find(token, NOW + timedelta(seconds=seconds))
        return found.last_used_at if found else None

    assert used(0) == NOW
    assert used(59) == NOW
    assert used(60) == NOW + timedelta(seconds=60)


def test_commands(runner: FlaskCliRunner) -> None:
    token = runner.invoke(args=["feeds", "token", "add", "h26", "--note", "máy chủ 1"]).stdout.splitlines()[0]
    key_id, secret = token.split(".")
    assert tokens.find(token, NOW) is not None
    listing = runner.invoke(args=["feeds", "token", "list"]).output
    assert key_id in listing
    assert "máy chủ 1" in listing
    assert secret not in listing
    assert runner.invoke(args=["feeds", "token", "revoke", key_id]).exit_code == 0
    assert tokens.find(token, NOW) is None
    wrong = runner.invoke(args=["feeds", "token", "revoke", "nobody"])
    assert (wrong.exit_code, "Traceback" in wrong.output) == (1, False)
    actions = [(entry.action, entry.subject, entry.actor) for entry in reading().scalars(select(AuditEntry).order_by(AuditEntry.id))]
    assert actions[-2:] == [("token.add", key_id, "cli"), ("token.revoke", key_id, "cli")]
