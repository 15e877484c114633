"""Mail: one plain text message, and a connection to the configured server, encrypted unless the server is on this machine."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from core.errors import InputError
from core.settings import LOOPBACK, Settings

SECONDS = 30


def is_address(text: str) -> bool:
    """Whether a text can be a mail address: one ``@``, no blank or line break, ASCII alone, as many servers take no other."""
    name, at, domain = text.partition("@")
    return bool(name and at and domain) and "@" not in domain and text.isprintable() and " " not in text and text.isascii()


def compose(sender: str, to: str, subject: str, text: str, now: datetime) -> EmailMessage:
    """A plain text mail. Raises ``ValueError`` where an address is none (a line break in it, for one)."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Date"] = formatdate(now.timestamp())
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].strip("> ") or None)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    mail.set_content(text)
    return mail


def is_configured(settings: Settings) -> bool:
    """Whether mail can be sent at all."""
    return bool(settings.smtp_host and settings.smtp_from)


@contextmanager
def server(settings: Settings) -> Iterator[smtplib.SMTP]:
    """A connection to the mail server. Raises ``InputError`` where none is configured, or one elsewhere without encryption."""
    if not is_configured(settings):
        raise InputError(
            "Chưa cấu hình máy chủ thư: đặt TTHC_SMTP_HOST và TTHC_SMTP_FROM.",
            "No mail server is configured: set TTHC_SMTP_HOST and TTHC_SMTP_FROM.",
            field="smtp_host",
        )
    if settings.smtp_security == "none" and settings.smtp_host not in LOOPBACK:
        raise InputError(
            "Máy chủ thư ở máy khác phải dùng starttls hoặc tls.",
            "A mail server on another machine needs starttls or tls.",
            field="smtp_security",
        )
    context = ssl.create_default_context()
    if settings.smtp_security == "tls":
        found: smtplib.SMTP = smtplib.SMTP_SSL(settings.smtp_host, settings.smtp_port, timeout=SECONDS, context=context)
    else:
        found = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=SECONDS)
    with found:
        if settings.smtp_security == "starttls":
            found.starttls(context=context)
        if settings.smtp_user:
            found.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        yield found
