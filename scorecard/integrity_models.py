"""Questions to units and what became of them; human overrides; what observers bring and say."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base

# open: seen by unit and office; explained; referred: the first reviewer would name; named; closed: nothing is held against the unit
QUESTION_STATES = ("open", "explained", "referred", "named", "closed")
SUBJECT_KINDS = ("unit", "provider")


class IntegrityQuestion(Base):
    """A pattern that is to be verified. It removes no answer and says nothing of anybody until two reviewers have decided."""

    __tablename__ = "integrity_question"
    __table_args__ = (
        UniqueConstraint("month", "subject_kind", "subject_code", "detector"),
        CheckConstraint(f"state IN {QUESTION_STATES}", name="state"),
        CheckConstraint(f"subject_kind IN {SUBJECT_KINDS}", name="subject_kind"),
        Index("ix_integrity_question_subject_code", "subject_code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(String(7))
    subject_kind: Mapped[str] = mapped_column(String(16), doc="of SUBJECT_KINDS")
    subject_code: Mapped[str] = mapped_column(String(32))
    detector: Mapped[str] = mapped_column(String(32), doc="of integrity_rules.DETECTORS")
    rules: Mapped[str] = mapped_column(String(40), doc="id of the thresholds")
    fixed_before: Mapped[bool] = mapped_column(doc="the thresholds were fixed before the month began; else nobody is ever named")
    hits: Mapped[int] = mapped_column(doc="never shown: may be a small cell")
    trials: Mapped[int] = mapped_column(doc="shown from 10 on")
    share: Mapped[float]
    peers: Mapped[float] = mapped_column(doc="the peers' mean share")
    p: Mapped[float]
    q: Mapped[float] = mapped_column(doc="p adjusted over all units and detectors of the month (Benjamini-Hochberg)")
    state: Mapped[str] = mapped_column(String(12), default="open")
    opened_at: Mapped[datetime]
    due_on: Mapped[date] = mapped_column(doc="last working day for the explanation")
    still_found: Mapped[bool] = mapped_column(default=True, doc="the month's newest edition finds it too")
    explanation: Mapped[str] = mapped_column(Text, default="", doc="the unit's own words, numbers of persons masked")
    explained_by: Mapped[str | None] = mapped_column(String(64), doc="login")
    explained_at: Mapped[datetime | None]
    first_by: Mapped[str | None] = mapped_column(String(64), doc="login of the reviewer")
    first_at: Mapped[datetime | None]
    first_reason: Mapped[str] = mapped_column(Text, default="")
    second_by: Mapped[str | None] = mapped_column(String(64), doc="login of the second reviewer, another person")
    second_at: Mapped[datetime | None]
    second_reason: Mapped[str] = mapped_column(Text, default="")


class IntegrityOverride(Base):
    """Two persons keep or remove a unit's answers with a mark. Takes effect when the month is closed next."""

    __tablename__ = "integrity_override"
    __table_args__ = (
        UniqueConstraint("month", "unit_code", "mark"),
        CheckConstraint("action IN ('keep', 'remove')", name="action"),
        CheckConstraint("state IN ('proposed', 'accepted', 'refused')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(String(7))
    unit_code: Mapped[str] = mapped_column(String(32))
    mark: Mapped[str] = mapped_column(String(16), doc="of integrity.MARKS (keep) or integrity.HUMAN_MARKS (remove)")
    action: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12), default="proposed")
    proposed_by: Mapped[str] = mapped_column(String(64), doc="login")
    proposed_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(64), doc="login of another person")
    decided_at: Mapped[datetime | None]


class EditionRemark(Base):
    """What an observer says about a month: printed with its edition, as it was written."""

    __tablename__ = "edition_remark"
    __table_args__ = (UniqueConstraint("month", "author"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(String(7))
    author: Mapped[str] = mapped_column(String(64), doc="login")
    author_name: Mapped[str] = mapped_column(String(200), doc="organisation, as printed")
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]
    simulated: Mapped[bool] = mapped_column(default=False)
