"""Notices: told once each, shown on pages, and mailed to the addresses that were given for a unit or for the office."""

import smtplib
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

import structlog
from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit, mail
from core.database import reading, writing
from core.errors import InputError
from core.notice_models import Notice, NoticeMail, Recipient
from core.settings import Settings

FIRST_PAUSE = timedelta(minutes=5)  # doubled after each failure
MOST_ATTEMPTS = 8  # over some ten hours
PERMANENT = 500  # SMTP answers from here on will not change by waiting (RFC 5321, 4.2.1)
CLOSING = 421  # the server ends the connection
Words = Callable[[Notice, str], tuple[str, str]]
log = structlog.get_logger()


def tell(
    session: Session,
    kind: str,
    month: str,
    now: datetime,
    *,
    unit_code: str | None = None,
    version: int | None = None,
    due_on: date | None = None,
) -> bool:
    """Tell a unit (none: the office) something, inside the caller's transaction. False if it was told before."""
    key = f"{kind}:{month}:{version or ''}:{due_on or ''}:{unit_code or ''}"
    if session.scalar(select(Notice.id).where(Notice.key == key)) is not None:
        return False
    notice = Notice(key=key, kind=kind, month=month, version=version, unit_code=unit_code, due_on=due_on, created_at=now)
    session.add(notice)
    session.flush()
    wanted = Recipient.unit_code.is_(None) if unit_code is None else Recipient.unit_code == unit_code
    for number in session.scalars(select(Recipient.id).where(wanted, Recipient.ended_at.is_(None))).all():
        session.add(NoticeMail(notice_id=notice.id, recipient_id=number, next_at=now))
    return True


def newest(session: Session, unit_codes: Sequence[str] | None, limit: int = 10) -> list[Notice]:
    """The newest notices for some units, or for the office (None)."""
    wanted = Notice.unit_code.is_(None) if unit_codes is None else Notice.unit_code.in_(unit_codes)
    return list(session.scalars(select(Notice).where(wanted).order_by(Notice.created_at.desc(), Notice.id.desc()).limit(limit)))


def recipients(session: Session) -> list[Recipient]:
    """Addresses in use, the office's first."""
    query = select(Recipient).where(Recipient.ended_at.is_(None))
    return sorted(session.scalars(query), key=lambda row: (row.unit_code is not None, row.unit_code or "", row.address))


def add_recipient(address: str, unit_code: str | None, language: str, login: str, now: datetime) -> None:
    """From now on notices go to this address too. Raises ``InputError`` where it is none, or is in use."""
    address = address.strip()
    if not mail.is_address(address) or len(address) > 200:  # the column holds no more
        raise InputError("Không phải địa chỉ thư điện tử.", "This is no mail address.", field="address")
    with writing() as session:
        known = select(Recipient).where(Recipient.address == address, Recipient.ended_at.is_(None))
        same = known.where(Recipient.unit_code.is_(None) if unit_code is None else Recipient.unit_code == unit_code)
        if session.scalar(same) is not None:
            raise InputError("Địa chỉ này đã có.", "This address is in use already.", field="address")
        session.add(Recipient(address=address, unit_code=unit_code, language=language, added_by=login, added_at=now))
        audit.record(session, "recipient.add", unit_code or "office", actor=login)


def end_recipient(number: int, login: str, now: datetime) -> None:
    """Nothing more is sent to an address."""
    with writing() as session:
        row = session.get(Recipient, number)
        if row is not None and row.ended_at is None:
            row.ended_at = now
            audit.record(session, "recipient.end", row.unit_code or "office", actor=login)


def troubled(session: Session) -> list[tuple[NoticeMail, Recipient]]:
    """Mail that did not go out yet although it was tried, or never will."""
    query = select(NoticeMail, Recipient).join(Recipient, Recipient.id == NoticeMail.recipient_id)
    rows = session.execute(query.where(NoticeMail.state.in_(("failed", "given_up"))).order_by(NoticeMail.id.desc()).limit(20))
    return [(row[0], row[1]) for row in rows]


def send_waiting(now: datetime, words: Words) -> dict[str, int]:
    """Send what waits. ``words``: subject and text of a notice in a language. Counts by outcome; empty if nothing was due.

    What was sent is written down mail by mail. A server that is away or refuses for now is tried again later, each time after twice the
    pause; what it refuses for good is given up and shown to the office. After a crash a mail may go out twice, under the same Message-ID.
    """
    settings: Settings = current_app.extensions["settings"]
    session = reading()
    due = select(NoticeMail.id).where(NoticeMail.state.in_(("waiting", "failed")), NoticeMail.next_at <= now).order_by(NoticeMail.id)
    numbers = list(session.scalars(due))
    session.rollback()
    if not numbers or not mail.is_configured(settings):
        return {}
    counts: dict[str, int] = {}
    try:
        with mail.server(settings) as server:
            while numbers:
                outcome = _send(server, settings, numbers[0], now, words)
                numbers.pop(0)
                counts[outcome] = counts.get(outcome, 0) + 1
    except (OSError, smtplib.SMTPException) as error:  # the server is away: everything that is left is tried later
        log.warning("mail server away", error=str(error))
        for number in numbers:
            _note(number, now, str(error) or type(error).__name__, permanent=False)
        counts["failed"] = counts.get("failed", 0) + len(numbers)
    return counts


def _send(server: smtplib.SMTP, settings: Settings, number: int, now: datetime, words: Words) -> str:
    session = reading()
    row = session.get_one(NoticeMail, number)
    notice, recipient = session.get_one(Notice, row.notice_id), session.get_one(Recipient, row.recipient_id)
    subject, text = words(notice, recipient.language)
    message = mail.compose(settings.smtp_from, recipient.address, subject, text, now)
    del message["Message-ID"]
    message["Message-ID"] = f"<notice-{notice.id}-{recipient.id}@{settings.smtp_from.rpartition('@')[2].strip('> ')}>"
    ended = recipient.ended_at is not None
    session.rollback()
    if ended:
        return _note(number, now, "the address was taken off the list", permanent=True)
    try:
        server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        return _refused(number, now, code, said, permanent=code >= PERMANENT)
    except smtplib.SMTPResponseException as error:  # an answer about this message; the connection is as good as before
        if error.smtp_code == CLOSING:
            raise
        own = isinstance(error, smtplib.SMTPSenderRefused)  # our own address: a matter of the settings, worth another try
        return _refused(number, now, error.smtp_code, error.smtp_error, permanent=error.smtp_code >= PERMANENT and not own)
    except (UnicodeError, ValueError, smtplib.SMTPNotSupportedError) as error:  # an address that this server cannot be told
        return _note(number, now, str(error), permanent=True)
    with writing() as writer:
        sent = writer.get_one(NoticeMail, number)
        sent.state, sent.sent_at, sent.attempts, sent.error = "sent", now, sent.attempts + 1, ""
    return "sent"


def _refused(number: int, now: datetime, code: int, said: bytes | str, *, permanent: bool) -> str:
    words = said.decode(errors="replace") if isinstance(said, bytes) else said
    return _note(number, now, f"{code} {words}".replace("\x00", ""), permanent=permanent)


def _note(number: int, now: datetime, error: str, *, permanent: bool) -> str:
    with writing() as session:
        row = session.get_one(NoticeMail, number)
        row.attempts += 1
        row.error = error[:500]
        row.state = "given_up" if permanent or row.attempts >= MOST_ATTEMPTS else "failed"
        row.next_at = now + FIRST_PAUSE * 2 ** (row.attempts - 1)
        return row.state
