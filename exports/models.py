"""Files made for an edition, its number and signature, every digest that was ever stored, and what was sent to the Monitoring System.

A public address only ever serves a file that is stored.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.database import Base
from scorecard.models import Edition

STAGES = ("draft", "final", "signed")  # of a file: not yet final, final and not signed, signed
SIGNED_HERE, APPENDED, COMPARED = "here", "appended", "compared"  # how a signed report came about
DELIVERY_STATES = ("waiting", "received", "refused", "by_hand")


class ExportFile(Base):
    """A file that was asked for, is being made, or is stored."""

    __tablename__ = "export_file"
    __table_args__ = (
        UniqueConstraint("edition_id", "kind", "name"),
        CheckConstraint("state IN ('wanted', 'building', 'stored', 'failed')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"))
    kind: Mapped[str] = mapped_column(String(16), doc="report (PDF), signed (the same, signed), data (XLSX, CSV or JSON), dictionary (CSV)")
    name: Mapped[str] = mapped_column(String(120), doc="file name as downloaded; says simulated where it is")
    subject: Mapped[str] = mapped_column(String(32), default="", doc="code of the unit, for a paper about a single one")
    state: Mapped[str] = mapped_column(String(12))
    wanted_by: Mapped[str] = mapped_column(String(64), doc="login or 'worker'")
    wanted_at: Mapped[datetime]
    stored_at: Mapped[datetime | None]
    path: Mapped[str] = mapped_column(String(300), default="", doc="under data_dir")
    size: Mapped[int | None]
    pages: Mapped[int | None] = mapped_column(doc="of a PDF")
    sha256: Mapped[str] = mapped_column(String(64), default="")
    error: Mapped[str] = mapped_column(Text, default="")
    built_with: Mapped[dict[str, Any]] = mapped_column(
        JSON,
        default=dict,
        doc="lock file, system and fonts by which it was built; signed, handed over: that it waits to be confirmed, or who did",
    )
    edition: Mapped[Edition] = relationship()


class Publication(Base):
    """An edition's official number and date, and its signature once there is one. Simulated editions have none."""

    __tablename__ = "publication"
    __table_args__ = (CheckConstraint("signed_way IN ('here', 'appended', 'compared')", name="signed_way"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), unique=True)
    number: Mapped[str] = mapped_column(String(40), doc="as printed: 123/BC-VPCP")
    dated_on: Mapped[date]
    numbered_by: Mapped[str] = mapped_column(String(64), doc="login or 'cli'")
    numbered_at: Mapped[datetime]
    signed_way: Mapped[str | None] = mapped_column(
        String(12), doc="here: by this program; appended: outside, our bytes unchanged; compared: outside, text compared, confirmed"
    )
    signed_by: Mapped[str | None] = mapped_column(String(64), doc="login of who had it signed here or brought the signed file back")
    signed_at: Mapped[datetime | None] = mapped_column(doc="when the signed file was stored here")
    signers: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list, doc="of each signature in the file: name, time, issuer")
    confirmed_by: Mapped[str | None] = mapped_column(String(64), doc="compared: login of who confirmed that it is the same report")
    comparison: Mapped[dict[str, Any]] = mapped_column(
        JSON, default=dict, doc="compared: words that were added, by page; none where it only looks otherwise"
    )
    edition: Mapped[Edition] = relationship()


class FileDigest(Base):
    """The digest of every file that was ever stored, drafts and replaced ones among them, so that /verify knows it. Only appended."""

    __tablename__ = "file_digest"
    __table_args__ = (UniqueConstraint("sha256", "name"), CheckConstraint(f"stage IN {STAGES}", name="stage"))

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(String(120))
    stage: Mapped[str] = mapped_column(String(8))
    stored_at: Mapped[datetime]
    edition: Mapped[Edition] = relationship()


class MonitoringDelivery(Base):
    """One published edition on its way to the Monitoring System: once a version, recognised there by its key."""

    __tablename__ = "monitoring_delivery"
    __table_args__ = (CheckConstraint(f"state IN {DELIVERY_STATES}", name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), unique=True)
    key: Mapped[str] = mapped_column(String(64), unique=True, doc="idempotency key: the same for every attempt")
    state: Mapped[str] = mapped_column(String(10), doc="waiting; received: with a receipt; refused: a person must act; by_hand: uploaded")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(doc="waiting: not before")
    asked_by: Mapped[str] = mapped_column(String(64), doc="login or 'worker'")
    asked_at: Mapped[datetime]
    body_sha256: Mapped[str] = mapped_column(String(64), default="", doc="of the message, which is the same at every attempt")
    path: Mapped[str] = mapped_column(String(300), default="", doc="of the message, under data_dir")
    received_at: Mapped[datetime | None]
    receipt: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, doc="as it came; by_hand: who uploaded it and what was answered")
    edition: Mapped[Edition] = relationship()


class MonitoringAttempt(Base):
    """One attempt to deliver, and what came of it."""

    __tablename__ = "monitoring_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("monitoring_delivery.id"), index=True)
    at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(12), doc="received, again, refused")
    status: Mapped[int | None] = mapped_column(doc="of the HTTP answer; None: there was none")
    message: Mapped[str] = mapped_column(Text, default="", doc="what was wrong, in both languages")
