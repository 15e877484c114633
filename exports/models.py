"""Files made for an edition. A public address only ever serves one that is stored."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.database import Base
from scorecard.models import Edition

EXPORT_KINDS = ("report", "summary", "data")


class ExportFile(Base):
    """A file that was asked for, is being made, or is stored."""

    __tablename__ = "export_file"
    __table_args__ = (
        UniqueConstraint("edition_id", "kind", "name"),
        CheckConstraint("state IN ('wanted', 'building', 'stored', 'failed')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"))
    kind: Mapped[str] = mapped_column(String(16), doc="report (PDF), data (CSV or JSON)")
    name: Mapped[str] = mapped_column(String(120), doc="file name as downloaded; says simulated where it is")
    state: Mapped[str] = mapped_column(String(12))
    wanted_by: Mapped[str] = mapped_column(String(64), doc="login or 'worker'")
    wanted_at: Mapped[datetime]
    stored_at: Mapped[datetime | None]
    path: Mapped[str] = mapped_column(String(300), default="", doc="under data_dir")
    size: Mapped[int | None]
    pages: Mapped[int | None] = mapped_column(doc="of a PDF")
    sha256: Mapped[str] = mapped_column(String(64), default="")
    error: Mapped[str] = mapped_column(Text, default="")
    edition: Mapped[Edition] = relationship()
