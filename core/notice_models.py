"""Notices to units and to the office, who gets them by mail, and what became of each mail."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base

MAIL_STATES = ("waiting", "sent", "failed", "given_up")


class Notice(Base):
    """Something that a unit's people or the office are told once. Its words are made from kind and month when it is shown or sent."""

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True, doc="the same thing is told once: kind, month, version, unit")
    kind: Mapped[str] = mapped_column(String(24), doc="what is told, e.g. draft_out")
    month: Mapped[str] = mapped_column(String(7), index=True)
    version: Mapped[int | None] = mapped_column(doc="of the edition, where it is about one")
    unit_code: Mapped[str | None] = mapped_column(String(32), index=True, doc="whom it is for; none: the office")
    due_on: Mapped[date | None] = mapped_column(doc="the day it tells of")
    created_at: Mapped[datetime]


class Recipient(Base):
    """A mail address of an office (not of a person) to which notices go."""

    __tablename__ = "recipient"
    __table_args__ = (CheckConstraint("language IN ('vi', 'en')", name="language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_code: Mapped[str | None] = mapped_column(String(32), index=True, doc="whose notices; none: the office's")
    address: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(2), default="vi")
    added_by: Mapped[str] = mapped_column(String(64), doc="login or 'cli'")
    added_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(doc="nothing is sent from then on")


class NoticeMail(Base):
    """A notice on its way to one address."""

    __tablename__ = "notice_mail"
    __table_args__ = (
        UniqueConstraint("notice_id", "recipient_id"),
        CheckConstraint(f"state IN {MAIL_STATES}", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"))
    recipient_id: Mapped[int] = mapped_column(ForeignKey("recipient.id"))
    state: Mapped[str] = mapped_column(String(12), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(doc="not tried before")
    sent_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text, default="", doc="what the server said last")
