"""The audit trail."""

from typing import Any

from flask_login import current_user
from sqlalchemy.orm import Session

from core.calendar import utc_now
from core.models import AuditEntry


def record(session: Session, action: str, subject: str, actor: str | None = None, **details: Any) -> None:
    """Append one entry inside the caller's transaction, so that deed and trace stand or fall together."""
    if actor is None:
        actor = current_user.login if current_user and current_user.is_authenticated else "cli"
    session.add(AuditEntry(at=utc_now(), actor=actor, action=action, subject=subject, details=details))
