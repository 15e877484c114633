"""Editions (frozen months) and their measurements (DESIGN §7.1)."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base
from core.models import BigId

EDITION_STATES = ("computing", "running", "closed", "published", "superseded")
STATUSES = ("value", "not_applicable", "not_reported", "too_few", "suppressed")


class Edition(Base):
    """One computation of one month. ``running`` is the live view of a month that is not over; only one exists a month."""

    __tablename__ = "edition"
    __table_args__ = (
        UniqueConstraint("month", "version"),
        CheckConstraint(f"state IN {EDITION_STATES}", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(String(7), index=True)
    version: Mapped[int] = mapped_column(doc="1 for the first; 0 is the running view")
    state: Mapped[str] = mapped_column(String(12), doc="computing is invisible to every reader")
    simulated: Mapped[bool] = mapped_column(doc="any of its sources is simulated")
    rule_version: Mapped[str] = mapped_column(String(40))
    cutoff_at: Mapped[datetime] = mapped_column(doc="what arrived later is not in it")
    computed_at: Mapped[datetime | None]
    reviewed_by: Mapped[str | None] = mapped_column(String(64), doc="login of who reviewed it")
    reviewed_at: Mapped[datetime | None]
    published_by: Mapped[str | None] = mapped_column(String(64), doc="login of a second person")
    published_at: Mapped[datetime | None]
    folder: Mapped[str] = mapped_column(String(200), doc="under data_dir/editions; inputs, counts and measurements")
    checksum: Mapped[str] = mapped_column(String(64), default="", doc="SHA-256 of the canonical JSON of its measurements")
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, doc="coverage and quality counts, printed with it")


class Measurement(Base):
    """One number with everything needed to judge it."""

    __tablename__ = "measurement"
    __table_args__ = (
        UniqueConstraint(
            "edition_id", "period_kind", "window", "subject_kind", "subject_code", "breakdown", "category", "indicator", "variant"
        ),
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        Index("ix_measurement_indicator", "edition_id", "indicator", "subject_kind"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="CASCADE"))
    period_kind: Mapped[str] = mapped_column(String(12), default="calendar")
    window: Mapped[int] = mapped_column(default=1, doc="months")
    subject_kind: Mapped[str] = mapped_column(String(16), doc="nation, unit, procedure")
    subject_code: Mapped[str] = mapped_column(String(32), doc="VN for the nation")
    breakdown: Mapped[str] = mapped_column(String(24), default="total")
    category: Mapped[str] = mapped_column(String(32), default="total")
    indicator: Mapped[str] = mapped_column(String(40))
    variant: Mapped[str] = mapped_column(String(16), default="raw", doc="raw, lower, upper, …")
    numerator: Mapped[int | None]
    denominator: Mapped[int | None]
    value: Mapped[float | None] = mapped_column(doc="numerator / denominator, 10 significant digits")
    low: Mapped[float | None]
    high: Mapped[float | None]
    n: Mapped[int | None] = mapped_column(doc="observations the value rests on")
    n_eff: Mapped[float | None]
    rule_version: Mapped[str] = mapped_column(String(40))
    provisional: Mapped[bool]
    status: Mapped[str] = mapped_column(String(16))


class OfficialScore(Base):
    """A published score of the official index (QĐ 766): shown beside our figures, never merged with them."""

    __tablename__ = "official_score"
    __table_args__ = (UniqueConstraint("unit_code", "period", "group_code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_code: Mapped[str] = mapped_column(String(32))
    period: Mapped[str] = mapped_column(String(10), doc="month 2026-10")
    group_code: Mapped[str] = mapped_column(String(8), doc="CKMB, TDGQ, CLGQ, TTTT, MDSH, MDHL or total")
    score: Mapped[float]
    maximum: Mapped[float]
    source: Mapped[str] = mapped_column(String(300))
    source_en: Mapped[str] = mapped_column(String(300), default="")
    simulated: Mapped[bool] = mapped_column(default=False)


class OfficialCount(Base):
    """A count behind a published score of the official index: the score is computed from them again, beside the published one."""

    __tablename__ = "official_count"
    __table_args__ = (UniqueConstraint("unit_code", "period", "indicator"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_code: Mapped[str] = mapped_column(String(32))
    period: Mapped[str] = mapped_column(String(10), doc="month 2026-10")
    indicator: Mapped[str] = mapped_column(String(40), doc="of the rule set, as 1.1; or a factor of it as a fraction, as sync_coefficient")
    numerator: Mapped[int] = mapped_column(BigInteger)
    denominator: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(String(300))
