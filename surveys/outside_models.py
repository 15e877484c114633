"""Ratings that others collected: series of their own, never mixed with our answers."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base
from core.models import BigId


class OutsideSeries(Base):
    """One file of ratings collected elsewhere, with the profile by which it was read."""

    __tablename__ = "outside_series"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    title_vi: Mapped[str] = mapped_column(String(300))
    title_en: Mapped[str] = mapped_column(String(300))
    source_vi: Mapped[str] = mapped_column(Text, doc="who asked whom, how and when; printed with every figure")
    source_en: Mapped[str] = mapped_column(Text)
    profile: Mapped[dict[str, Any]] = mapped_column(JSON, doc="the mapping profile, whole")
    file_name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    rows_read: Mapped[int]
    rows_used: Mapped[int]
    excluded: Mapped[dict[str, Any]] = mapped_column(JSON, doc="reason to number of rows left out")
    imported_by: Mapped[str] = mapped_column(String(64), doc="login, or cli")
    imported_at: Mapped[datetime]
    simulated: Mapped[bool] = mapped_column(default=False)


class OutsideFigure(Base):
    """One figure of such a series: of a period and a group, one question."""

    __tablename__ = "outside_figure"
    __table_args__ = (
        UniqueConstraint("series_id", "period", "group_key", "question"),
        CheckConstraint("value IS NULL OR (value >= 1 AND value <= 5)", name="value"),
        CheckConstraint("answered IS NULL OR answered >= 0", name="answered"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("outside_series.id", ondelete="CASCADE"))
    period: Mapped[str] = mapped_column(String(20), doc="2004-04, 2020-Q2, 2010, or empty")
    group_key: Mapped[str] = mapped_column(String(200), doc="values of the group columns, in the profile's order; total for all")
    question: Mapped[str] = mapped_column(String(40))
    value: Mapped[float | None] = mapped_column(doc="mean on 1 to 5, 5 best, weighted by answers; none where nobody answered")
    plain: Mapped[float | None] = mapped_column(doc="mean of the rows, each once: shown beside the weighted one")
    satisfied: Mapped[float | None] = mapped_column(doc="share of 4 and 5 where single answers are known, else none")
    answered: Mapped[int | None] = mapped_column(doc="answers; none where the source does not say")
    offered: Mapped[int | None] = mapped_column(doc="people asked; none where the source does not say")
    rows: Mapped[int] = mapped_column(doc="rows of the file in it")
