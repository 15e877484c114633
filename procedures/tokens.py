"""Bearer tokens with which a source's system pushes its dossiers.

A token is ``<key id>.<secret>``: the key id names it in lists, logs and submissions; the secret is shown once. Only the SHA-256 of
the whole is kept, which is enough for a secret of 256 random bits: there is nothing to guess, so nothing to slow down.
"""

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import joinedload

from core import audit
from core.database import reading, writing
from core.errors import InputError
from procedures import lookups
from procedures.models import SourceToken

FORM = re.compile(r"([0-9a-f]{12})\.[A-Za-z0-9_-]{43}")
NOTED_EVERY = timedelta(minutes=1)  # a push writes down that its token was used; not every push need do so
NO_DIGEST = "0" * 64


def create(source_code: str, note: str, now: datetime) -> str:
    """Make a token for a source and give its text, for the only time. Raises ``InputError`` for an unknown source."""
    source_id = lookups.find_source(source_code).id
    key_id = secrets.token_hex(6)
    token = f"{key_id}.{secrets.token_urlsafe(32)}"
    with writing() as session:
        session.add(SourceToken(source_id=source_id, key_id=key_id, digest=_digest(token), note=note[:200], created_at=now))
        audit.record(session, "token.add", key_id, source=source_code)
    return token


def revoke(key_id: str, now: datetime) -> None:
    """End a token; one that has ended stays as it is. Raises ``InputError`` where there is no such key id."""
    with writing() as session:
        token = session.scalar(select(SourceToken).where(SourceToken.key_id == key_id))
        if token is None:
            raise InputError(
                f"Không có mã khóa {key_id}. Xem danh sách bằng “flask feeds token list”.",
                f"There is no key id {key_id}. “flask feeds token list” shows them.",
                field="key_id",
            )
        if token.revoked_at is None:
            token.revoked_at = now
            audit.record(session, "token.revoke", key_id)


def find(token: str, now: datetime) -> SourceToken | None:
    """The valid token of this text with its source; None for one that is malformed, unknown, wrong or revoked."""
    parts = FORM.fullmatch(token)
    wanted = select(SourceToken).options(joinedload(SourceToken.source)).where(SourceToken.key_id == (parts[1] if parts else ""))
    found = reading().scalar(wanted)
    # compared whether or not there is such a key id, so that the time taken does not tell
    if not hmac.compare_digest(_digest(token), found.digest if found else NO_DIGEST) or found is None or found.revoked_at is not None:
        return None
    if found.last_used_at is None or found.last_used_at <= now - NOTED_EVERY:
        stale = or_(SourceToken.last_used_at.is_(None), SourceToken.last_used_at <= now - NOTED_EVERY)
        noted = update(SourceToken).where(SourceToken.id == found.id, stale).values(last_used_at=now)
        with writing() as session:
            session.execute(noted)
    return found


def listed() -> list[SourceToken]:
    """All tokens with their sources, by source and age."""
    wanted = select(SourceToken).options(joinedload(SourceToken.source)).order_by(SourceToken.source_id, SourceToken.created_at)
    return list(reading().scalars(wanted))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
