"""Invitations and answers. No name, no telephone number, no dossier code, no address (methodology §10).

An invitation knows only the keyed hash of its token and a coarse context; an answer copies that context, so that the
link between the two can be cut when the retention period ends.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Float, ForeignKey, Index, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.database import Base
from core.models import BigId

END_POINTS = ("returned", "refused", "withdrawn", "stopped", "supplement")
# How an answer came: by a link sent to one person, an open link on a poster, a kiosk, a paper slip, by telephone, or in the
# follow-up of those who did not answer. Modes are series of their own and never mixed.
MODES = ("link", "open", "kiosk", "paper", "phone", "followup")
DELIVERIES = ("none", "sent", "delivered", "failed")
DEVICE_KINDS = ("private", "counter", "staff")


class Context:
    """What is kept of the dossier: nothing finer than this."""

    month: Mapped[str] = mapped_column(String(7), doc="month in which the end-point was reached; the month it is counted in")
    procedure_code: Mapped[str] = mapped_column(String(32))
    unit_code: Mapped[str] = mapped_column(String(32), doc="handling unit")
    province_code: Mapped[str | None] = mapped_column(String(32), doc="province or ministry above it")
    channel: Mapped[int] = mapped_column(SmallInteger, doc="1 in person, 2 online, 3 post, 4 kiosk")
    end_point: Mapped[str] = mapped_column(String(12), doc="of END_POINTS")
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
    token_hash: Mapped[str] = mapped_column(String(64), unique=True, doc="keyed hash; the token itself is nowhere")
    questionnaire: Mapped[int] = mapped_column(SmallInteger, doc="version of the questionnaire")
    issued_on: Mapped[date]
    expires_on: Mapped[date] = mapped_column(doc="last day on which an answer is taken")
    probability: Mapped[float] = mapped_column(Float, default=1.0, doc="inclusion probability of the design that drew it, in (0, 1]")
    stratum: Mapped[str] = mapped_column(String(60), default="all", doc="stratum of the design")
    frequent: Mapped[bool] = mapped_column(default=False, doc="the applicant files often: a stratum of its own")
    delivery: Mapped[str] = mapped_column(String(10), default="none", doc="of DELIVERIES, as the sending system reports")
    contact_load: Mapped[int | None] = mapped_column(SmallInteger, doc="invitations that went to the same contact, as the sender reports")
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
    questionnaire: Mapped[int] = mapped_column(SmallInteger)
    rating: Mapped[int | None] = mapped_column(SmallInteger, doc="overall satisfaction, 5 best; None: left open")
    responses: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, doc="question code to choice code")
    comment: Mapped[str] = mapped_column(Text, default="", doc="free text after masking of names, numbers and addresses")
    answered_on: Mapped[date] = mapped_column(doc="day only, in Viet Nam; no exact time is kept")
    first_answered_at: Mapped[datetime] = mapped_column(doc="to order a day's answers for the cut-off; never leaves the program")
    revision: Mapped[int] = mapped_column(SmallInteger, default=1, doc="1 for the first answer, one more for each replacement")
    raised: Mapped[int] = mapped_column(SmallInteger, default=0, doc="replacements that raised the rating")
    lowered: Mapped[int] = mapped_column(SmallInteger, default=0, doc="replacements that lowered the rating")
    language: Mapped[str] = mapped_column(String(8))
    is_test: Mapped[bool] = mapped_column(default=False, doc="a trial: never counted")
    device: Mapped[str | None] = mapped_column(String(64), doc="keyed hash, key of the month; deleted with the key after 90 days")
    device_kind: Mapped[str] = mapped_column(String(8), default="private", doc="of DEVICE_KINDS: staff is a staff log-in")
    seconds: Mapped[int | None] = mapped_column(SmallInteger, doc="time to fill in, coarse: at most 900")
    simulated: Mapped[bool] = mapped_column(default=False)
    invitation: Mapped[Invitation | None] = relationship()
