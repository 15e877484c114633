"""Published lists of boundary-independent procedures, queue tickets, petitions: what is counted beside the dossiers."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.database import Base
from core.models import BigId
from procedures.models import Unit


class BoundaryList(Base):
    """A province's published list of procedures that are received whatever the applicant's place (không phụ thuộc địa giới hành chính)."""

    __tablename__ = "boundary_list"
    __table_args__ = (UniqueConstraint("unit_id", "valid_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    document: Mapped[str] = mapped_column(String(300), doc="the decision that publishes it")
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    simulated: Mapped[bool] = mapped_column(default=False)
    unit: Mapped[Unit] = relationship()
    entries: Mapped[list["BoundaryEntry"]] = relationship(back_populates="list", cascade="all, delete-orphan")


class BoundaryEntry(Base):
    """A procedure on such a list. A list without any is known to be published, and nothing more."""

    __tablename__ = "boundary_entry"
    __table_args__ = (UniqueConstraint("list_id", "procedure_code"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("boundary_list.id", ondelete="CASCADE"))
    procedure_code: Mapped[str] = mapped_column(String(32))
    list: Mapped[BoundaryList] = relationship(back_populates="entries")


class QueueTicket(Base):
    """How many numbers a reception point's queue machine gave out on a day, by field. A visit, not a dossier, and never a person."""

    __tablename__ = "queue_ticket"
    __table_args__ = (UniqueConstraint("unit_id", "day", "field"), CheckConstraint("tickets >= 0", name="tickets"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), doc="reception point, or the unit that receives")
    day: Mapped[date] = mapped_column(index=True)
    field: Mapped[str] = mapped_column(String(200), default="", doc="sector as the machine names it; empty: all")
    tickets: Mapped[int]
    document: Mapped[str] = mapped_column(String(300), default="", doc="the file it came in")
    reported_at: Mapped[datetime]
    simulated: Mapped[bool] = mapped_column(default=False)
    unit: Mapped[Unit] = relationship()


class PetitionCount(Base):
    """Petitions and complaints about procedures (phản ánh, kiến nghị) of a unit in a month, by subject: counts only."""

    __tablename__ = "petition_count"
    __table_args__ = (
        UniqueConstraint("unit_id", "month", "subject"),
        CheckConstraint("on_time >= 0 AND on_time <= received", name="on_time"),
        CheckConstraint("reopened >= 0 AND reopened <= received", name="reopened"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), doc="the unit that the petitions are about")
    month: Mapped[str] = mapped_column(String(7), index=True, doc="2026-10, of their receipt")
    subject: Mapped[str] = mapped_column(String(120), default="", doc="what they are about, as sent; empty: all")
    received: Mapped[int]
    on_time: Mapped[int] = mapped_column(doc="of these, answered in time")
    reopened: Mapped[int] = mapped_column(doc="of these, opened again because the answer did not satisfy")
    document: Mapped[str] = mapped_column(String(300), default="", doc="the file they came in")
    reported_at: Mapped[datetime]
    simulated: Mapped[bool] = mapped_column(default=False)
    unit: Mapped[Unit] = relationship()
