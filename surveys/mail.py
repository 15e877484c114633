"""What an invitation says, and mail for operators who have addresses: the file with them is read and not kept."""

import csv
import smtplib
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from email.message import EmailMessage
from functools import lru_cache
from pathlib import Path
from typing import IO

import yaml
from flask import current_app
from pydantic import BaseModel, ConfigDict
from sqlalchemy import update
from sqlalchemy.orm import Session

from core import mail as transport
from core.calendar import Month
from core.database import get_engine, writing
from core.errors import InputError
from core.settings import Settings
from procedures.queries import end_points
from surveys import handover
from surveys.models import Handover, Invitation

SMS_LENGTH = 160  # letters of one message in the 7-bit alphabet of GSM 03.38
CONTACT_COLUMNS = ("dossier_code", "email")


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
    return transport.compose(sender, to, text.subject, text.mail.format(link=link), now)


def contacts(stream: IO[str]) -> dict[str, str]:
    """Dossier code → mail address from a CSV file with these two columns; empty rows, as spreadsheets leave them, are passed over.

    Raises ``InputError`` naming row and field.
    """
    table = csv.DictReader(stream)
    if not set(CONTACT_COLUMNS) <= set(table.fieldnames or ()):
        raise InputError("Tệp cần hai cột dossier_code và email.", "The file needs the columns dossier_code and email.", row=1)
    found: dict[str, str] = {}
    for number, row in enumerate(table, start=2):
        code, address = ((row[name] or "").strip() for name in CONTACT_COLUMNS)
        if not code and not address:
            continue
        if not code:
            raise InputError("Thiếu mã hồ sơ.", "The dossier code is missing.", row=number, field="dossier_code")
        if not transport.is_address(address):
            raise InputError(
                "Không phải địa chỉ thư điện tử. Viết như ten@vidu.vn, hoặc bỏ dòng này.",
                "This is no mail address. Write it as name@example.vn, or leave the row out.",
                row=number,
                field="email",
            )
        if found.setdefault(code, address).lower() != address.lower():  # a link is one person's
            raise InputError(
                "Hồ sơ này đã có một địa chỉ khác ở dòng trên. Giữ lại một dòng.",
                "This dossier has another address in a row above. Keep one of the rows.",
                row=number,
                field="dossier_code",
            )
    return found


def send(source: str, months: Iterable[Month], known: dict[str, str], language: str, now: datetime) -> dict[str, int]:
    """Mail the invitations of a source that were not handed over yet to those whose address is known.

    Gives ``sent``, ``failed`` (the server refused the address) and ``without_address``. What was sent is written down mail by mail:
    after a broken connection (raises ``OSError``) a repeat goes on where it stopped.
    """
    settings = _settings()
    counts = {"sent": 0, "failed": 0, "without_address": 0}
    months = sorted(months)
    with transport.server(settings) as server, Session(get_engine()) as session:
        parcel = _parcel(source, months, now)
        invited = [
            (known.get(point.dossier_code), token, number, handed)
            for month in months
            for point, token, (number, handed) in handover.matched(
                session,
                end_points(session, month, now, [source]),
                Invitation.mode == "link",
                columns=(Invitation.id, Invitation.handover_id),
            )
        ]
        session.rollback()
        # invitations, not rows of the file; also those that went out before a connection broke
        load = Counter(address.lower() for address, *_ in invited if address is not None)
        for address, token, number, handed in invited:
            if handed is not None:
                continue
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


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
