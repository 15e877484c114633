"""Units and their dated codes, providers, sources, the catalogue of procedures, offerings, registers and submissions.

Validity is half-open: ``valid_from`` is the first day, ``valid_to`` the first day after (None: still valid).
``list_code`` tells whose list a row belongs to: ``national``, or the code of a foreign source with lists of its own.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.database import Base
from core.models import BigId

NATIONAL = "national"
UNIT_KINDS = ("nation", "ministry", "province", "department", "vertical_agency", "centre", "reception_point", "commune")
CODE_SYSTEMS = ("gso", "exchange")  # statistics office; national exchange axis. A source's own codes: "source:<code>"
LEVELS = ("ministry", "province", "commune")
ONLINE_LEVELS = ("none", "partial", "full")
SUBMISSION_STATES = ("received", "checked", "accepted", "partly_accepted", "rejected")
WAYS = ("upload", "cli", "api", "folder", "release")


class Unit(Base):
    """A body that offers, receives or handles procedures. Its name, type and parent are in its dated versions."""

    __tablename__ = "unit"
    __table_args__ = (UniqueConstraint("list_code", "code"), CheckConstraint(f"kind IN {UNIT_KINDS}", name="kind"))

    id: Mapped[int] = mapped_column(primary_key=True)
    list_code: Mapped[str] = mapped_column(String(32), default=NATIONAL)
    code: Mapped[str] = mapped_column(
        String(32), doc="the code used everywhere inside: statistics code of provinces and communes, exchange code else"
    )
    kind: Mapped[str] = mapped_column(String(16))
    versions: Mapped[list["UnitVersion"]] = relationship(
        back_populates="unit", foreign_keys="UnitVersion.unit_id", order_by="UnitVersion.valid_from"
    )


class UnitVersion(Base):
    """Name, type and place in the tree of a unit during a span of days."""

    __tablename__ = "unit_version"
    __table_args__ = (UniqueConstraint("unit_id", "valid_from"), Index("ix_unit_version_parent", "parent_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    name: Mapped[str] = mapped_column(String(300), doc="full name with its type: thành phố Hà Nội, phường Ba Đình")
    short_name: Mapped[str] = mapped_column(String(200), doc="without the type: Hà Nội")
    name_en: Mapped[str] = mapped_column(String(300))
    type_label: Mapped[str] = mapped_column(String(60), doc="tỉnh, thành phố, xã, phường, đặc khu, sở …: data, never derived")
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    document: Mapped[str] = mapped_column(String(200), default="", doc="the decision or list that says so")
    unit: Mapped[Unit] = relationship(back_populates="versions", foreign_keys=[unit_id])


class UnitCode(Base):
    """A unit's code in a code system, during a span of days."""

    __tablename__ = "unit_code"
    __table_args__ = (UniqueConstraint("system", "code", "valid_from"), Index("ix_unit_code_unit", "unit_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    system: Mapped[str] = mapped_column(String(40), doc="gso, exchange or source:<code>")
    code: Mapped[str] = mapped_column(String(200), doc="a source may send names in its column of codes")
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class UnitSuccessor(Base):
    """A unit into which an abolished commune went, whole or in part: several rows of one code are its parts."""

    __tablename__ = "unit_successor"
    __table_args__ = (UniqueConstraint("code", "unit_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), doc="statistics code of the abolished commune")
    name: Mapped[str] = mapped_column(String(300), doc="its name, district and province")
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    valid_from: Mapped[date] = mapped_column(doc="first day on which the old code means the successor")
    document: Mapped[str] = mapped_column(String(200), default="", doc="the list that says so")


class Provider(Base):
    """A company or body that supplies a one-stop system."""

    __tablename__ = "provider"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(200))


class Source(Base):
    """A system that sends dossiers."""

    __tablename__ = "source"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    list_code: Mapped[str] = mapped_column(
        String(32), default=NATIONAL, doc="whose units and procedures its codes mean; not national: out of national figures"
    )
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), doc="province or ministry that answers for it")
    simulated: Mapped[bool] = mapped_column(default=False)
    unit: Mapped[Unit | None] = relationship()


class SourceProvider(Base):
    """Who supplied a source's system, during a span of days."""

    __tablename__ = "source_provider"
    __table_args__ = (UniqueConstraint("source_id", "valid_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    provider_id: Mapped[int] = mapped_column(ForeignKey("provider.id"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class Procedure(Base):
    """An administrative procedure (thủ tục hành chính)."""

    __tablename__ = "procedure"
    __table_args__ = (UniqueConstraint("list_code", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    list_code: Mapped[str] = mapped_column(String(32), default=NATIONAL)
    code: Mapped[str] = mapped_column(String(32), doc="1.004222: text, always")
    name: Mapped[str] = mapped_column(Text)
    sector: Mapped[str] = mapped_column(String(200), default="")
    issuing_agencies: Mapped[list[str]] = mapped_column(JSON, default=list, doc="who announced it")
    executing_agencies: Mapped[list[str]] = mapped_column(JSON, default=list, doc="who carries it out")
    levels: Mapped[list[str]] = mapped_column(JSON, default=list, doc="of LEVELS; empty: the list read did not say")
    is_local: Mapped[bool] = mapped_column(default=False, doc="carried out by province or commune")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, doc="texts as published: steps, time, fees, result, legal basis")
    simulated: Mapped[bool] = mapped_column(default=False, doc="a made-up procedure of the demonstration")
    source_note: Mapped[str] = mapped_column(String(300), default="")
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    components: Mapped[list["Component"]] = relationship(back_populates="procedure", order_by="Component.position")


class StateRegister(Base):
    """A database of the state that holds what applicants are asked for (cơ sở dữ liệu quốc gia, chuyên ngành)."""

    __tablename__ = "state_register"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    keeper: Mapped[str] = mapped_column(String(200), doc="the agency that keeps it")
    keeper_en: Mapped[str] = mapped_column(String(200), default="")
    lookup_codes: Mapped[list[str]] = mapped_column(JSON, default=list, doc="what systems call it in recorded look-ups, besides its code")
    published_from: Mapped[date | None] = mapped_column(doc="None: not known")
    source_document: Mapped[str] = mapped_column(String(300), default="")
    components: Mapped[list["StandardComponent"]] = relationship(back_populates="register", order_by="StandardComponent.code")


class StandardComponent(Base):
    """A paper by its standard name, whatever a procedure calls it, and the register that holds it, if any does."""

    __tablename__ = "standard_component"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    register_id: Mapped[int | None] = mapped_column(ForeignKey("state_register.id"), doc="None: no register holds it")
    aliases: Mapped[list[str]] = mapped_column(JSON, default=list, doc="phrases that name it")
    is_head: Mapped[bool] = mapped_column(default=False, doc="what follows it in a phrase is what it is about: a form, a contract")
    is_exact: Mapped[bool] = mapped_column(default=False, doc="its phrases are told without slips only")
    published_from: Mapped[date | None] = mapped_column(doc="first day on which the register held it, published; None: the register's day")
    source_document: Mapped[str] = mapped_column(String(300), default="")
    register: Mapped[StateRegister | None] = relationship(back_populates="components")


class RegisterConnection(Base):
    """Since when a province's or ministry's systems can look into a register."""

    __tablename__ = "register_connection"
    __table_args__ = (UniqueConstraint("register_id", "unit_id", "source_id", "connected_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    register_id: Mapped[int] = mapped_column(ForeignKey("state_register.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    source_id: Mapped[int | None] = mapped_column(ForeignKey("source.id"), doc="the one system that is connected; None: all of the unit's")
    connected_from: Mapped[date]
    source_document: Mapped[str] = mapped_column(String(300), default="")
    simulated: Mapped[bool] = mapped_column(default=False)


class Component(Base):
    """One paper of a procedure's dossier (thành phần hồ sơ)."""

    __tablename__ = "component"
    __table_args__ = (UniqueConstraint("procedure_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    procedure_id: Mapped[int] = mapped_column(ForeignKey("procedure.id"))
    position: Mapped[int]
    code: Mapped[str] = mapped_column(String(64), default="", doc="the portal's component code, if given")
    name: Mapped[str] = mapped_column(Text)
    case_label: Mapped[str] = mapped_column(Text, default="", doc="for which case it is needed; empty: always")
    originals: Mapped[int | None] = mapped_column(doc="number of originals asked for; None: not said")
    copies: Mapped[int | None]
    form_name: Mapped[str] = mapped_column(String(300), default="")
    register_id: Mapped[int | None] = mapped_column(ForeignKey("state_register.id"), doc="the register that already holds it")
    standard_id: Mapped[int | None] = mapped_column(ForeignKey("standard_component.id"), doc="its standard name; None: unclassified")
    procedure: Mapped[Procedure] = relationship(back_populates="components")
    register: Mapped[StateRegister | None] = relationship()
    standard: Mapped[StandardComponent | None] = relationship()


class Offering(Base):
    """At what online level a procedure is offered in a unit and everything below it, during a span of days."""

    __tablename__ = "offering"
    __table_args__ = (
        UniqueConstraint("procedure_id", "unit_id", "valid_from"),
        CheckConstraint(f"online_level IN {ONLINE_LEVELS}", name="online_level"),
        Index("ix_offering_unit", "unit_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    procedure_id: Mapped[int] = mapped_column(ForeignKey("procedure.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), doc="province or ministry")
    online_level: Mapped[str] = mapped_column(String(8), doc="none, partial (một phần) or full (toàn trình)")
    reason: Mapped[str] = mapped_column(String(200), default="", doc="published reason of a partial one")
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class SourceToken(Base):
    """A bearer token with which a source's system may push (``POST /api/v1/dossiers``). Only its digest is kept."""

    __tablename__ = "source_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), index=True)
    key_id: Mapped[str] = mapped_column(String(16), unique=True, doc="public first part of the token")
    digest: Mapped[str] = mapped_column(String(64), doc="SHA-256 of the whole token")
    note: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    source: Mapped[Source] = relationship()


class Submission(Base):
    """One received file and what became of it. The four counts add up to ``rows_received``."""

    __tablename__ = "submission"
    __table_args__ = (
        CheckConstraint(f"state IN {SUBMISSION_STATES}", name="state"),
        CheckConstraint(f"way IN {WAYS}", name="way"),
        UniqueConstraint("source_id", "idempotency_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True, doc="random name, shown to the sender")
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), index=True)
    way: Mapped[str] = mapped_column(String(16), default="cli", doc="how it came in: of WAYS")
    profile: Mapped[str] = mapped_column(String(40))
    file_name: Mapped[str] = mapped_column(String(300))
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0, doc="as received")
    sha256: Mapped[str] = mapped_column(String(64))
    idempotency_key: Mapped[str | None] = mapped_column(String(80), doc="chosen by the sender: the same key is the same submission")
    replaces_month: Mapped[str | None] = mapped_column(
        String(7), doc="2026-10: the file replaces all that the source had sent of that month"
    )
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("submission.id"), doc="of released rows: the submission that held them back")
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text, default="", doc="why it is in that state, in Vietnamese")
    reason_en: Mapped[str] = mapped_column(Text, default="")
    received_at: Mapped[datetime]
    checked_at: Mapped[datetime | None] = mapped_column(doc="read and judged; with replaces_month: waits for confirmed_at")
    confirmed_at: Mapped[datetime | None] = mapped_column(doc="when a person confirmed the difference of a replacement")
    finished_at: Mapped[datetime | None] = mapped_column(index=True)
    lake_version: Mapped[int | None] = mapped_column(
        doc="version noted before the attempt to commit; the log since then says if it went through"
    )
    spool_destroyed_at: Mapped[datetime | None]
    sent_by: Mapped[str] = mapped_column(String(64), doc="login, 'cli', 'api:<key id>' or 'folder'")
    rows_received: Mapped[int] = mapped_column(default=0)
    rows_accepted: Mapped[int] = mapped_column(default=0)
    rows_superseded: Mapped[int] = mapped_column(default=0, doc="older than, or repeated by, another row of the same dossier")
    rows_unchanged: Mapped[int] = mapped_column(default=0)
    rows_quarantined: Mapped[int] = mapped_column(default=0)
    rows_released: Mapped[int] = mapped_column(default=0, doc="of the quarantined: taken later, when their code was mapped")
    months: Mapped[list[str]] = mapped_column(JSON, default=list, doc="reception months that it touched")
    warnings: Mapped[dict[str, int]] = mapped_column(JSON, default=dict, doc="rule code → rows kept with that warning")
    quarantined: Mapped[dict[str, int]] = mapped_column(JSON, default=dict, doc="rule, and behind a colon its field → rows held back by it")
    notes: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list, doc="what was noticed about the file: [{vi, en}]")
    coverage: Mapped[dict[str, list[float | None]]] = mapped_column(JSON, default=dict, doc="month → [share of working days before, after]")
    difference: Mapped[dict[str, int]] = mapped_column(JSON, default=dict, doc="of a replacement: added, changed, removed, unchanged")
    source: Mapped[Source] = relationship()


class ReportedCount(Base):
    """A row of counts that a locality or the national portal reported for a month; compared with ours, never mixed in."""

    __tablename__ = "reported_count"
    __table_args__ = (UniqueConstraint("unit_id", "form", "month", "label"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    form: Mapped[str] = mapped_column(String(16), doc="II.06a, or portal")
    month: Mapped[str] = mapped_column(String(7), doc="2026-10")
    label: Mapped[str] = mapped_column(String(300), doc="sector or unit of the row; 'total' for all")
    counts: Mapped[dict[str, int]] = mapped_column(JSON, doc="column of the form → count; portal: received")
    document: Mapped[str] = mapped_column(String(300), default="", doc="where it was taken from")
    reported_at: Mapped[datetime]
    unit: Mapped[Unit] = relationship()


class QuotedClaim(Base):
    """A figure quoted from elsewhere. Shown beside our own figures, never mixed in."""

    __tablename__ = "quoted_claim"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    text_vi: Mapped[str] = mapped_column(Text)
    text_en: Mapped[str] = mapped_column(Text)
    value: Mapped[float]
    numerator: Mapped[int | None]
    denominator: Mapped[int | None]
    source: Mapped[str] = mapped_column(String(300))
    source_en: Mapped[str] = mapped_column(String(300), default="")
    as_of: Mapped[date]
