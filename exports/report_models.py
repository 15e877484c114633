"""What persons add to a report: their remark and their requests, with author and history; and what of it an edition printed for good.

The program's sentences are not among it.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base

REMARK, REQUEST = "remark", "request"
PARTS = (REMARK, REQUEST)


class ReportText(Base):
    """One state of a human part. Only ever appended: the newest is printed, the older ones are its history."""

    __tablename__ = "report_text"
    __table_args__ = (CheckConstraint(f"part IN {PARTS}", name="part"), Index("ix_report_text_month", "month"))

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(String(7))
    part: Mapped[str] = mapped_column(String(8), doc="remark: Nhận xét; request: Đề nghị, as free text before its items")
    text: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(String(64), doc="login")
    author_name: Mapped[str] = mapped_column(String(200), doc="as printed")
    written_at: Mapped[datetime]


class ReportRequest(Base):
    """One thing that the report asks of an agency, by when, and what became of it. Never deleted, only withdrawn or settled."""

    __tablename__ = "report_request"
    __table_args__ = (Index("ix_report_request_month", "month"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(String(7), doc="of the report that asks")
    addressee: Mapped[str] = mapped_column(String(200), doc="ministry, agency or People's Committee")
    deed: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date | None] = mapped_column(doc="None: no day was set")
    author: Mapped[str] = mapped_column(String(64), doc="login")
    author_name: Mapped[str] = mapped_column(String(200), doc="as printed")
    written_at: Mapped[datetime]
    withdrawn_by: Mapped[str | None] = mapped_column(String(64), doc="login")
    withdrawn_at: Mapped[datetime | None]
    settled_on: Mapped[date | None] = mapped_column(doc="day on which it was done")
    settled_note: Mapped[str] = mapped_column(Text, default="", doc="by what it is known to be done")
    settled_by: Mapped[str | None] = mapped_column(String(64), doc="login")
    settled_at: Mapped[datetime | None]


class FrozenWords(Base):
    """The human parts as an edition's report prints them from its number on, by language: whatever is written, settled or quoted later."""

    __tablename__ = "frozen_words"

    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), primary_key=True)
    language: Mapped[str] = mapped_column(String(2), primary_key=True)
    words: Mapped[dict[str, Any]] = mapped_column(JSON)
    frozen_at: Mapped[datetime]
