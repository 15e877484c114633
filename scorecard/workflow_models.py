"""The way of an edition: its steps by named people, comments on its draft, and the flash sheet of its month."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base

STAGES = ("cut_off", "computed", "in_comment", "reviewed", "published", "superseded")  # in their order; before the first a month is open
COMMENT_KINDS = ("explanation", "objection")
VERDICTS = ("accepted", "refused", "noted")


class EditionStep(Base):
    """One step of an edition. Only ever appended, each stage once and never an earlier one after a later."""

    __tablename__ = "edition_step"
    __table_args__ = (UniqueConstraint("edition_id", "stage"), CheckConstraint(f"stage IN {STAGES}", name="stage"))

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="CASCADE"))
    stage: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(64), doc="login, 'worker' or 'cli'")
    reason: Mapped[str] = mapped_column(Text, default="", doc="why a rule was set aside; cut_off: what a correction corrects")
    due_on: Mapped[date | None] = mapped_column(doc="in_comment: last day for comments")


class DraftComment(Base):
    """What a unit says about its own draft, and the office's answer. Belongs to the month: a new version of the draft keeps it."""

    __tablename__ = "draft_comment"
    __table_args__ = (
        CheckConstraint(f"kind IN {COMMENT_KINDS}", name="kind"),
        CheckConstraint(f"verdict IN {VERDICTS}", name="verdict"),
        Index("ix_draft_comment_month", "month", "unit_code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(String(7))
    version: Mapped[int] = mapped_column(doc="of the draft that was looked at")
    unit_code: Mapped[str] = mapped_column(String(32), doc="province, ministry or other unit that is judged")
    kind: Mapped[str] = mapped_column(String(12), doc="explanation: printed; objection: to a class")
    subject: Mapped[str] = mapped_column(String(24), default="", doc="objection: the class F0 to F5, or an indicator")
    procedure_code: Mapped[str] = mapped_column(String(32), default="", doc="objection: of one procedure; empty: of all")
    text: Mapped[str] = mapped_column(Text, doc="the unit's own words, numbers of persons masked")
    written_by: Mapped[str] = mapped_column(String(64), doc="login")
    written_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None] = mapped_column(doc="taken back or replaced by its author")
    verdict: Mapped[str | None] = mapped_column(String(12), doc="of the office")
    answer: Mapped[str] = mapped_column(Text, default="", doc="the office's words")
    answered_by: Mapped[str | None] = mapped_column(String(64), doc="login")
    answered_at: Mapped[datetime | None]


class FlashSheet(Base):
    """Register figures of a month a few days after its end: provisional, without any figure of the survey. Made once."""

    __tablename__ = "flash_sheet"

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    made_at: Mapped[datetime]
    simulated: Mapped[bool]
    rule_version: Mapped[str] = mapped_column(String(40))
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSON, doc="figures as [{unit, indicator, variant, numerator, denominator}]")
