"""What invitations say, and mail through a real server on the loopback."""

import io
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select

from core.database import reading
from core.errors import InputError
from core.web import LANGUAGES
from surveys import mail
from surveys.models import Invitation
from tests.surveys.helpers import NOW, token_of
from tests.surveys.reach import OCTOBER, feed, invite

# GSM 03.38, basic character set, without the letters that Vietnamese or English has no use for.
GSM = set("@£$¥_!\"#¤%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz \n")
DOMAIN = "https://danhgia.dichvucong.gov.vn"


@pytest.mark.parametrize("language", sorted(mail.messages()))
def test_a_short_message_fits_and_says_nothing_of_the_case(language: str) -> None:
    text = mail.short_message(language, f"{DOMAIN}/s/{'a' * 26}")
    assert len(text) <= 160
    assert set(text) <= GSM
    assert "{" not in text
    assert "OTP" in text


def test_there_is_a_message_in_every_language_of_the_interface() -> None:
    assert set(LANGUAGES) <= set(mail.messages())


def test_a_domain_that_is_too_long_is_refused() -> None:
    with pytest.raises(InputError, match="160"):
        mail.short_message("vi", f"https://{'dai' * 30}.gov.vn/s/{'a' * 26}")


class _Session(socketserver.StreamRequestHandler):
    """A mail server (RFC 5321) that takes everything but what goes to ``refused@…`` and, once it was read, what goes to ``spam@…``."""

    def handle(self) -> None:
        self.say("220 loopback")
        for line in iter(self.rfile.readline, b""):
            verb = line.strip().upper()
            if verb.startswith((b"EHLO", b"HELO")):
                self.say("250 loopback")
            elif verb.startswith(b"RCPT") and b"REFUSED@" in verb:
                self.say("550 no such user")
            elif verb.startswith((b"MAIL", b"RCPT", b"RSET")):
                self.say("250 ok")
            elif verb == b"DATA":
                self.say("354 go on")
                content = b"".join(iter(self.rfile.readline, b".\r\n"))
                if b"\nTo: spam@" in content:
                    self.say("554 looks like spam")
                    continue
                self.server.taken.append(content)  # type: ignore[attr-defined]
                self.say("250 ok")
                if len(self.server.taken) == self.server.breaks_after:  # type: ignore[attr-defined]
                    return
            elif verb == b"QUIT":
                self.say("221 bye")
                return

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def server(app: Flask, breaks_after: int = 0) -> Iterator[Any]:
    """A mail server on the loopback, with what it has ``taken``."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Session) as found:
        found.daemon_threads = True
        found.taken, found.breaks_after = [], breaks_after  # type: ignore[attr-defined]
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        settings = app.extensions["settings"]
        settings.smtp_host, settings.smtp_port, settings.smtp_security = "127.0.0.1", found.server_address[1], "none"
        settings.smtp_from = "khaosat@example.vn"
        try:
            yield found
        finally:
            found.shutdown()
            thread.join()


def contact_file(*rows: tuple[str, str]) -> str:
    return "dossier_code,email\n" + "".join(f"{code},{address}\n" for code, address in rows)


def loads() -> dict[str, int | None]:
    reading().rollback()
    return {row.delivery: row.contact_load for row in reading().scalars(select(Invitation).order_by(Invitation.id))}


def test_mail_goes_out_and_no_address_stays(app: Flask, runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    points = feed(monkeypatch, 4)
    invite(points)
    contacts = tmp_path / "contacts.csv"
    rows = (
        (points[0].dossier_code, "Mot@example.vn"),
        (points[1].dossier_code, "refused@example.vn"),
        (points[2].dossier_code, "mot@example.vn"),
    )
    contacts.write_text(contact_file(*rows), encoding="utf-8")
    with server(app) as found:
        said = runner.invoke(args=["surveys", "mail", "DEMO", "2026-10", "--contacts", str(contacts)]).output
        assert "2 sent, 1 failed, 1 without_address" in said
        again = runner.invoke(args=["surveys", "mail", "DEMO", "2026-10", "--contacts", str(contacts)]).output
        assert "0 sent, 0 failed, 1 without_address" in again
    mails = [message_from_bytes(raw, policy=policy.default) for raw in found.taken]
    assert [mail["To"] for mail in mails] == ["Mot@example.vn", "mot@example.vn"]
    text = mails[0].get_content()
    assert f"{app.extensions['settings'].public_url}/s/{token_of(points[0])}" in text
    assert points[0].dossier_code not in found.taken[0].decode()
    assert points[0].procedure_code not in text
    assert loads() == {"sent": 2, "failed": 1, "none": None}
    connection = reading().connection()
    kept = "\n".join(
        str(row) for table in ("invitation", "handover", "audit_entry") for row in connection.exec_driver_sql(f"SELECT * FROM {table}")
    )
    assert "example.vn" not in kept
    assert list(app.extensions["settings"].data_dir.rglob("*contact*")) == []


def test_a_broken_connection_is_taken_up_where_it_broke(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    points = feed(monkeypatch, 3)
    invite(points)
    known = {point.dossier_code: f"n{number}@example.vn" for number, point in enumerate(points)}
    with server(app, breaks_after=2) as found:
        with pytest.raises(OSError, match="closed"):
            mail.send("DEMO", [OCTOBER], known, "vi", NOW)
        found.breaks_after = 0
        assert mail.send("DEMO", [OCTOBER], known, "vi", NOW)["sent"] == 1
    assert len(found.taken) == 3


def test_the_load_of_a_contact_is_of_invitations_whatever_else_its_file_lists(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dossiers that nobody was asked about are no invitations; what went out before a connection broke is one."""
    points = feed(monkeypatch, 3)
    invite(points)
    known = {point.dossier_code: "mot@example.vn" for point in points} | {f"OLD-{number}": "Mot@example.vn" for number in range(40)}
    with server(app, breaks_after=2) as found:
        with pytest.raises(OSError, match="closed"):
            mail.send("DEMO", [OCTOBER], known, "vi", NOW)
        found.breaks_after = 0
        mail.send("DEMO", [OCTOBER], known, "vi", NOW)
    assert loads() == {"sent": 3}
    assert {row.contact_load for row in reading().scalars(select(Invitation))} == {3}


def test_empty_rows_of_a_spreadsheet_are_passed_over() -> None:
    assert mail.contacts(io.StringIO("dossier_code,email\n,\nH1,good@example.vn\n , \n\n")) == {"H1": "good@example.vn"}


@pytest.mark.parametrize("row", [("", "good@example.vn"), ("H1", "other@example.vn")])
def test_a_row_without_a_dossier_or_with_another_address_for_one_is_refused(row: tuple[str, str]) -> None:
    with pytest.raises(InputError) as refused:
        mail.contacts(io.StringIO(contact_file(("H1", "good@example.vn"), row)))
    assert (refused.value.row, refused.value.field) == (3, "dossier_code")


@pytest.mark.parametrize("address", ["nobody", "a@b@c.vn", "a b@c.vn", "a@c.vn\x0bBcc: x@y.vn", "@c.vn"])
def test_a_wrong_address_names_its_row(address: str) -> None:
    with pytest.raises(InputError) as refused:
        mail.contacts(io.StringIO(contact_file(("H1", "good@example.vn"), ("H2", address))))
    assert (refused.value.row, refused.value.field) == (3, "email")
    assert address not in str(refused.value)


def test_a_server_elsewhere_is_spoken_to_encrypted_or_not_at_all(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    invite(feed(monkeypatch, 1))
    settings = app.extensions["settings"]
    with pytest.raises(InputError, match="SMTP_HOST"):
        mail.send("DEMO", [OCTOBER], {}, "vi", NOW)
    settings.smtp_host, settings.smtp_from, settings.smtp_security = "mail.example.vn", "a@example.vn", "none"
    with pytest.raises(InputError, match="starttls"):
        mail.send("DEMO", [OCTOBER], {}, "vi", NOW)


def test_texts_are_printed_with_their_length(app: Flask, runner: FlaskCliRunner) -> None:
    app.extensions["settings"].public_url = DOMAIN
    said = runner.invoke(args=["surveys", "texts"]).output
    assert said.startswith("vi (144): Xin Ong/Ba")
    app.extensions["settings"].public_url = "https://" + "x" * 90
    assert runner.invoke(args=["surveys", "texts"]).exit_code == 1
