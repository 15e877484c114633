"""What an invitation says, and mail for operators who have addresses: the file with them is read and not kept."""

import csv
import smtplib
import ssl
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from functools import lru_cache
from pathlib import Path
from typing import IO

import yaml
from flask import current_app
from pydantic import BaseModel, ConfigDict
from sqlalchemy import update
from sqlalchemy.orm import Session

from core.calendar import Month
from core.database import get_engine, writing
from core.errors import InputError
from core.settings import LOOPBACK, Settings
from procedures.queries import end_points
from surveys import handover
from surveys.models import Handover, Invitation

SMS_LENGTH = 160  # letters of one message in the 7-bit alphabet of GSM 03.38
CONTACT_COLUMNS = ("dossier_code", "email")
SECONDS = 30


class Message(BaseModel):
    """An invitation in one language; ``{link}`` stands for the address."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    sms: str
    subject: str
    mail: str


@lru_cache
def messages() -> dict[str, Message]:
    """The texts by language."""
    with Path(__file__).with_name("messages.yaml").open(encoding="utf-8") as stream:
        return {language: Message.model_validate(text) for language, text in yaml.safe_load(stream).items()}


def short_message(language: str, link: str) -> str:
    """The text of an SMS with its link. Raises ``InputError`` where it does not fit into one message of plain letters."""
    text = messages()[language].sms.format(link=link)
    if len(text) > SMS_LENGTH or not text.isascii():
        raise InputError(
            f"Tin nhắn dài {len(text)} ký tự, tối đa {SMS_LENGTH} ký tự không dấu. Dùng tên miền ngắn hơn (TTHC_PUBLIC_URL).",
            f"The message has {len(text)} letters; {SMS_LENGTH} without diacritics fit. Use a shorter domain (TTHC_PUBLIC_URL).",
            field="public_url",
        )
    return text


def compose(language: str, link: str, sender: str, to: str, now: datetime) -> EmailMessage:
    """A plain text mail. Raises ``ValueError`` where an address is none (a line break in it, for one)."""
    text = messages()[language]
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, text.subject
    mail["Date"] = formatdate(now.timestamp())
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].strip("> ") or None)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    mail.set_content(text.mail.format(link=link))
    return mail


def contacts(stream: IO[str]) -> dict[str, str]:
    """Dossier code → mail address from a CSV file with these two columns. Raises ``InputError`` naming row and field."""
    table = csv.DictReader(stream)
    if not set(CONTACT_COLUMNS) <= set(table.fieldnames or ()):
        raise InputError("Tệp cần hai cột dossier_code và email.", "The file needs the columns dossier_code and email.", row=1)
    found: dict[str, str] = {}
    for number, row in enumerate(table, start=2):
        address = (row["email"] or "").strip()
        if address.count("@") != 1 or not address.isprintable() or " " in address or address[0] == "@" or address[-1] == "@":
            raise InputError(
                "Không phải địa chỉ thư điện tử. Viết như ten@vidu.vn, hoặc bỏ dòng này.",
                "This is no mail address. Write it as name@example.vn, or leave the row out.",
                row=number,
                field="email",
            )
        found[(row["dossier_code"] or "").strip()] = address
    return found


def send(source: str, months: Iterable[Month], known: dict[str, str], language: str, now: datetime) -> dict[str, int]:
    """Mail the invitations of a source that were not handed over yet to those whose address is known.

    Gives ``sent``, ``failed`` (the server refused the address) and ``without_address``. What was sent is written down mail by mail:
    after a broken connection (raises ``OSError``) a repeat goes on where it stopped.
    """
    settings = _settings()
    if not settings.smtp_host or not settings.smtp_from:
        raise InputError(
            "Chưa cấu hình máy chủ thư: đặt TTHC_SMTP_HOST và TTHC_SMTP_FROM.",
            "No mail server is configured: set TTHC_SMTP_HOST and TTHC_SMTP_FROM.",
            field="smtp_host",
        )
    counts = {"sent": 0, "failed": 0, "without_address": 0}
    load = Counter(address.lower() for address in known.values())
    months = sorted(months)
    with _server(settings) as server, Session(get_engine()) as session:
        parcel = _parcel(source, months, now)
        for month in months:
            points = end_points(session, month, now, [source])
            new = (Invitation.handover_id.is_(None), Invitation.mode == "link")
            for point, token, (number,) in list(handover.matched(session, points, *new)):
                session.rollback()
                address = known.get(point.dossier_code)
                if address is None:
                    counts["without_address"] += 1
                    continue
                delivery = _mail(server, compose(language, handover.link(settings, token), settings.smtp_from, address, now))
                counts[delivery] += 1
                _note(parcel, number, delivery, load[address.lower()])
    with writing() as session:
        session.execute(update(Handover).where(Handover.id == parcel).values(state="received", received_at=now, invitations=counts["sent"]))
    return counts


def _mail(server: smtplib.SMTP, mail: EmailMessage) -> str:
    try:
        server.send_message(mail)
    except smtplib.SMTPRecipientsRefused:
        return "failed"
    return "sent"


def _parcel(source: str, months: list[Month], now: datetime) -> int:
    key = handover.new_key()
    with writing() as session:
        parcel = Handover(key=key, source_code=source, months=[str(month) for month in months], way="mail", invitations=0, created_at=now)
        session.add(parcel)
        session.flush()
        return parcel.id


def _note(parcel: int, invitation: int, delivery: str, load: int) -> None:
    with writing() as session:
        session.execute(
            update(Invitation).where(Invitation.id == invitation).values(handover_id=parcel, delivery=delivery, contact_load=load)
        )


@contextmanager
def _server(settings: Settings) -> Iterator[smtplib.SMTP]:
    """A connection to the mail server, encrypted unless the server is on this machine."""
    if settings.smtp_security == "none" and settings.smtp_host not in LOOPBACK:
        raise InputError(
            "Máy chủ thư ở máy khác phải dùng starttls hoặc tls.",
            "A mail server on another machine needs starttls or tls.",
            field="smtp_security",
        )
    context = ssl.create_default_context()
    if settings.smtp_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(settings.smtp_host, settings.smtp_port, timeout=SECONDS, context=context)
    else:
        server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=SECONDS)
    with server:
        if settings.smtp_security == "starttls":
            server.starttls(context=context)
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        yield server


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
