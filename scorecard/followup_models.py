"""What a locality did about a finding, and under which conditions it works: stated by itself, dated, never scored."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base

NETWORKS = ("none", "weak", "stable")
LOOKUPS = ("none", "some", "all")


class LocalAction(Base):
    """One thing that a centre did about a finding of a month. The next months' figures tell whether it moved anything."""

    __tablename__ = "local_action"
    __table_args__ = (Index("ix_local_action_unit_code", "unit_code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_code: Mapped[str] = mapped_column(String(32))
    month: Mapped[str] = mapped_column(String(7), doc="month whose scorecard showed the finding")
    kind: Mapped[str] = mapped_column(String(24), doc="kind of the finding, as in figures.Gap")
    procedure_code: Mapped[str] = mapped_column(String(32))
    done_on: Mapped[date]
    action: Mapped[str] = mapped_column(Text, doc="what was done, in the centre's own words; numbers of persons masked")
    recorded_by: Mapped[str] = mapped_column(String(64), doc="login")
    recorded_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None] = mapped_column(doc="taken back; kept for the record")


class LocalCondition(Base):
    """Staff, equipment and network of a one-stop place on a day (Notice 07-TB/CQTTBCĐ, Appendix 3d). None: not stated."""

    __tablename__ = "local_condition"
    __table_args__ = (
        UniqueConstraint("unit_code", "as_of"),
        CheckConstraint(f"network IN {NETWORKS}", name="network"),
        CheckConstraint(f"population_lookup IN {LOOKUPS}", name="population_lookup"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_code: Mapped[str] = mapped_column(String(32))
    as_of: Mapped[date]
    staff: Mapped[int | None] = mapped_column(doc="people who receive dossiers")
    computers: Mapped[int | None]
    scanners: Mapped[int | None]
    network: Mapped[str | None] = mapped_column(String(8), doc="of NETWORKS")
    population_lookup: Mapped[str | None] = mapped_column(String(8), doc="of LOOKUPS: do they use the population database")
    note: Mapped[str] = mapped_column(Text, default="")
    declared_by: Mapped[str] = mapped_column(String(64), doc="login")
    declared_at: Mapped[datetime]
