"""Users, audit trail, leases and runs of the worker."""

import secrets
from datetime import datetime
from typing import Any

from flask_login import UserMixin
from sqlalchemy import JSON, BigInteger, CheckConstraint, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base

BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows itself only for INTEGER


def new_stamp() -> str:
    """A random stamp, 32 hexadecimal letters."""
    return secrets.token_hex(16)


class User(UserMixin, Base):  # type: ignore[misc]  # flask-login ships no types
    """Someone who may log in. Citizens never do."""

    __tablename__ = "app_user"
    __table_args__ = (CheckConstraint("role IN ('centre', 'office', 'admin', 'clerk', 'interviewer', 'observer')", name="role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(64), unique=True, doc="what the person types; lower case")
    name: Mapped[str] = mapped_column(String(200), doc="shown in the audit trail and on editions")
    role: Mapped[str] = mapped_column(String(16), doc="of core.access.ROLES")
    unit_code: Mapped[str | None] = mapped_column(String(32), doc="centre: the unit whose tree the person sees; clerk: the own unit")
    password_hash: Mapped[str] = mapped_column(String(200), doc="argon2id")
    active: Mapped[bool] = mapped_column(default=True)
    simulated: Mapped[bool] = mapped_column(default=False, doc="a demonstration account")
    failed_logins: Mapped[int] = mapped_column(default=0, doc="since the last success")
    locked_until: Mapped[datetime | None] = mapped_column(doc="no log-in is tried before this instant")
    session_stamp: Mapped[str] = mapped_column(String(32), default=new_stamp, doc="part of every session; changing it ends them all")

    @property
    def is_active(self) -> bool:
        return self.active

    def get_id(self) -> str:
        """What a session cookie names: the person and the stamp of the time."""
        return f"{self.id}:{self.session_stamp}"


class AuditEntry(Base):
    """Who did what to what, when. Only ever appended."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(64), doc="login, or 'worker', or 'cli'")
    action: Mapped[str] = mapped_column(String(64), doc="verb with its room, e.g. edition.publish")
    subject: Mapped[str] = mapped_column(String(200), doc="what it was done to")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, doc="counts and reasons, no personal data")


class Lease(Base):
    """Leave to be the only one who does something, for a limited time."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    holder: Mapped[str] = mapped_column(String(64), doc="random name of the process that holds it")
    expires_at: Mapped[datetime]


class JobRun(Base):
    """One run of a worker's job: for the office's eyes and for catching up."""

    __tablename__ = "job_run"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    job: Mapped[str] = mapped_column(String(64), index=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(16), doc="wanted, running, done or failed")
    message: Mapped[str] = mapped_column(Text, default="", doc="the error, if it failed")
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
