"""Invitations and answers. No name, no telephone number, no dossier code, no address (methodology §10).

An invitation knows only the keyed hash of its token and a coarse context; an answer copies that context, so that the
link between the two can be cut when the retention period ends.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Float, ForeignKey, Index, SmallInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.database import Base
from core.models import BigId

END_POINTS = ("returned", "refused", "withdrawn", "stopped", "supplement")
# How an answer came: by a link sent to one person, an open link on a poster, a kiosk, a paper slip, by telephone, or in the
# follow-up of those who did not answer. Modes are series of their own and never mixed.
MODES = ("link", "open", "kiosk", "paper", "phone", "followup")
DELIVERIES = ("none", "sent", "delivered", "failed")
DEVICE_KINDS = ("private", "counter", "staff")
# At an open link nobody knows of a dossier: people say whether it was taken, or whether they were sent away for more papers.
OPEN_POINTS = ("filed", "turned_away")
TEST = "test"  # stratum of invitations that try the form out: their answers are marked and never counted


class Context:
    """What is kept of the dossier: nothing finer than this."""

    month: Mapped[str] = mapped_column(String(7), doc="month in which the end-point was reached; the month it is counted in")
    procedure_code: Mapped[str] = mapped_column(String(32))
    unit_code: Mapped[str] = mapped_column(String(32), doc="handling unit")
    province_code: Mapped[str | None] = mapped_column(String(32), doc="province or ministry above it")
    channel: Mapped[int] = mapped_column(SmallInteger, doc="1 in person, 2 online, 3 post, 4 kiosk")
    end_point: Mapped[str] = mapped_column(String(12), doc="of END_POINTS; at an open link of OPEN_POINTS")
    applicant_type: Mapped[str | None] = mapped_column(String(10))
    recorded_supplements: Mapped[int] = mapped_column(SmallInteger, doc="requests on record: 0, 1, 2 (two or more)")
    recorded_on_time: Mapped[bool | None] = mapped_column(doc="None: no due date on record")
    recorded_online: Mapped[bool] = mapped_column(doc="channel is online")
    receiving_unit_code: Mapped[str | None] = mapped_column(String(32), doc="unit that received the dossier, where known")
    provider_code: Mapped[str | None] = mapped_column(String(32), doc="provider of the one-stop system, where known")
    mode: Mapped[str] = mapped_column(String(10), default="link", doc="of MODES")


class Invitation(Context, Base):
    """Leave to answer once, for one dossier on one occasion."""

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint(f"end_point IN {END_POINTS}", name="end_point"),
        CheckConstraint(f"mode IN {MODES}", name="mode"),
        CheckConstraint("probability > 0 AND probability <= 1", name="probability"),
        CheckConstraint(f"delivery IN {DELIVERIES}", name="delivery"),
        Index("ix_invitation_month_unit", "month", "unit_code"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True, doc="keyed hash; the token itself is nowhere; random after retention")
    questionnaire: Mapped[int] = mapped_column(SmallInteger, doc="version of the questionnaire")
    issued_on: Mapped[date]
    expires_on: Mapped[date] = mapped_column(doc="last day on which an answer is taken")
    probability: Mapped[float] = mapped_column(Float, default=1.0, doc="inclusion probability of the design that drew it, in (0, 1]")
    stratum: Mapped[str] = mapped_column(String(60), default="all", doc="stratum of the design")
    frequent: Mapped[bool] = mapped_column(default=False, doc="the applicant files often: a stratum of its own")
    delivery: Mapped[str] = mapped_column(String(10), default="none", doc="of DELIVERIES, as the sending system reports")
    contact_load: Mapped[int | None] = mapped_column(SmallInteger, doc="invitations that went to the same contact, as the sender reports")
    handover_id: Mapped[int | None] = mapped_column(ForeignKey("handover.id"), index=True, doc="None: not handed over yet")
    withdrawn: Mapped[int] = mapped_column(
        SmallInteger, default=0, doc="answers deleted with its link: how many, never which; 0 after retention"
    )
    simulated: Mapped[bool] = mapped_column(default=False)


class Answer(Context, Base):
    """What one person said. At most one for each invitation; a differing later one replaces it."""

    __tablename__ = "answer"
    __table_args__ = (
        CheckConstraint("rating IS NULL OR rating BETWEEN 1 AND 5", name="rating"),
        CheckConstraint(f"mode IN {MODES}", name="mode"),
        CheckConstraint(f"device_kind IN {DEVICE_KINDS}", name="device_kind"),
        Index("ix_answer_month_unit", "month", "unit_code"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitation.id"), unique=True, doc="cut at the end of retention")
    entry_hash: Mapped[str | None] = mapped_column(
        String(64), unique=True, doc="without an invitation: keyed hash of a visit's or a slip's code; cut at the end of retention"
    )
    questionnaire: Mapped[int] = mapped_column(SmallInteger)
    rating: Mapped[int | None] = mapped_column(SmallInteger, doc="overall satisfaction, 5 best; None: left open")
    responses: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, doc="question code to choice code")
    comment: Mapped[str] = mapped_column(
        Text, default="", doc="free text after masking of numbers and addresses; whoever releases it sees to names"
    )
    answered_on: Mapped[date] = mapped_column(doc="day in Viet Nam")
    first_answered_at: Mapped[datetime] = mapped_column(
        doc="hour of the first answer, for the cut-off (kiosk: quarter of an hour); never leaves the program"
    )
    revision: Mapped[int] = mapped_column(SmallInteger, default=1, doc="1 for the first answer, one more for each replacement")
    raised: Mapped[int] = mapped_column(SmallInteger, default=0, doc="replacements that raised the rating")
    lowered: Mapped[int] = mapped_column(SmallInteger, default=0, doc="replacements that lowered the rating")
    language: Mapped[str] = mapped_column(String(8))
    is_test: Mapped[bool] = mapped_column(default=False, doc="a trial: never counted")
    device: Mapped[str | None] = mapped_column(
        String(64), doc="that last changed the rating; keyed hash, key of the month; deleted with it after 90 days"
    )
    device_kind: Mapped[str] = mapped_column(String(8), default="private", doc="of the device: DEVICE_KINDS; staff is a staff log-in")
    seconds: Mapped[int | None] = mapped_column(SmallInteger, doc="time to fill in, coarse: at most 900")
    probability: Mapped[float | None] = mapped_column(Float, doc="of the invitation; None: nobody was drawn (open link, kiosk, slip)")
    second_probability: Mapped[float | None] = mapped_column(Float, doc="follow-up: inclusion probability among those who did not answer")
    stratum: Mapped[str | None] = mapped_column(String(60), doc="of the invitation")
    frequent: Mapped[bool | None] = mapped_column(doc="of the invitation")
    simulated: Mapped[bool] = mapped_column(default=False)
    invitation: Mapped[Invitation | None] = relationship()


class DeviceKey(Base):
    """The random part of a month's key for hashing devices; deleted 90 days after the month: nobody can make those hashes again."""

    __tablename__ = "device_key"

    month: Mapped[str] = mapped_column(String(7), primary_key=True, doc="month in which the answers were given")
    random: Mapped[str] = mapped_column(String(64))


class SamplingPlan(Base):
    """How a month's invitations are drawn, fixed before the first of them: a repeat draws the same."""

    __tablename__ = "sampling_plan"

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    design: Mapped[str] = mapped_column(String(40), doc="name of the design's file")
    seed: Mapped[int]
    frame_month: Mapped[str] = mapped_column(String(7), default="", doc="month whose counts made the shares; empty: none was there")
    shares: Mapped[dict[str, float]] = mapped_column(JSON, doc="stratum → share asked, in (0, 1]; one not named is asked fully")
    rules: Mapped[dict[str, Any]] = mapped_column(JSON, doc="the design itself, as it was")
    made_at: Mapped[datetime]


class Handover(Base):
    """A parcel of invitations for the system that knows the people. What was in it can be derived again and is kept nowhere."""

    __tablename__ = "handover"
    __table_args__ = (
        CheckConstraint("way IN ('file', 'webhook', 'mail', 'calls')", name="way"),
        CheckConstraint("state IN ('waiting', 'sent', 'received', 'failed')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(16), unique=True, doc="random name, in the file and in each delivery of the webhook")
    source_code: Mapped[str] = mapped_column(String(32), doc="whose dossiers")
    months: Mapped[list[str]] = mapped_column(JSON, doc="months in which the end-points were reached")
    way: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    invitations: Mapped[int]
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    next_try_at: Mapped[datetime | None] = mapped_column(doc="webhook: not before this instant")
    received_at: Mapped[datetime | None] = mapped_column(doc="when the other side said that it has it; the file is deleted then")
    error: Mapped[str] = mapped_column(String(200), default="", doc="of the last attempt")
    simulated: Mapped[bool] = mapped_column(default=False)


class Place(Base):
    """A reception point with an open link: a poster on the wall, or a kiosk."""

    __tablename__ = "survey_place"
    __table_args__ = (CheckConstraint("mode IN ('open', 'kiosk')", name="mode"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(8), unique=True, doc="public; part of the address")
    mode: Mapped[str] = mapped_column(String(10))
    unit_code: Mapped[str] = mapped_column(String(32))
    province_code: Mapped[str | None] = mapped_column(String(32), doc="province or ministry above it")
    point: Mapped[str] = mapped_column(String(120), doc="name of the reception point, as people know it")
    counter: Mapped[str] = mapped_column(String(20), default="", doc="empty unless the installation allows codes for counters")
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]
    simulated: Mapped[bool] = mapped_column(default=False)


class SlipBatch(Base):
    """Paper slips printed together for one reception point."""

    __tablename__ = "slip_batch"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_code: Mapped[str] = mapped_column(String(32), doc="the rated unit")
    province_code: Mapped[str | None] = mapped_column(String(32), doc="province or ministry above it")
    point: Mapped[str] = mapped_column(String(120), default="")
    size: Mapped[int]
    printed_on: Mapped[date]
    simulated: Mapped[bool] = mapped_column(default=False)


class Slip(Base):
    """One paper slip. Its code is derived again when the batch is printed again; here is its keyed hash."""

    __tablename__ = "slip"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("slip_batch.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    twice: Mapped[bool] = mapped_column(doc="drawn for double entry")
    first_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"), doc="who entered it")
    second_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"), doc="who entered it again, another person")
    first: Mapped[dict[str, Any] | None] = mapped_column(JSON, doc="what was entered first; until the second entry or the end of retention")
    compared: Mapped[int | None] = mapped_column(SmallInteger, doc="fields compared")
    differing: Mapped[list[str] | None] = mapped_column(JSON, doc="fields in which the two entries differ")
    batch: Mapped[SlipBatch] = relationship()


class FollowUp(Base):
    """A random sample of a month's invited people who did not answer."""

    __tablename__ = "follow_up"

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    seed: Mapped[int]
    silent: Mapped[int] = mapped_column(doc="invited and without an answer when it was drawn")
    drawn: Mapped[int]
    drawn_on: Mapped[date]


class PhoneCase(Base):
    """Somebody to be interviewed by telephone. The number is with the system that knows the person; here is a code's keyed hash."""

    __tablename__ = "phone_case"
    __table_args__ = (CheckConstraint("purpose IN ('phone', 'followup')", name="purpose"), Index("ix_phone_case_month", "month"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitation.id"), unique=True, doc="cut at the end of retention")
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[str] = mapped_column(String(8))
    month: Mapped[str] = mapped_column(String(7))
    probability: Mapped[float] = mapped_column(Float, doc="follow-up: share of those without an answer that was drawn; else 1")
    outcome: Mapped[str] = mapped_column(String(24), default="", doc="last outcome code, of telephone.yaml; empty: not tried")
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    last_tried_on: Mapped[date | None]
    done: Mapped[bool] = mapped_column(default=False, doc="the outcome is final")
    simulated: Mapped[bool] = mapped_column(default=False)


class NoSignal(Base):
    """A commune declared to be without mobile signal, wholly or in part, during a span of days."""

    __tablename__ = "no_signal"
    __table_args__ = (UniqueConstraint("unit_code", "valid_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_code: Mapped[str] = mapped_column(String(32))
    whole: Mapped[bool] = mapped_column(doc="the whole commune; False: some of its villages")
    valid_from: Mapped[date]
    valid_to: Mapped[date | None] = mapped_column(doc="first day with signal again; None: still without")
    document: Mapped[str] = mapped_column(String(200), doc="who declared it, by what")
    declared_on: Mapped[date]
