"""What a centre is shown beside figures: comments that a person has released, and falls of a rating that are worth a look."""

from datetime import date

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base
from core.models import BigId

DECISIONS = ("released", "held")
PARTIES = ("handling", "receiving")


class CommentDecision(Base):
    """What the office decided on one comment. It goes with the answer when that is deleted."""

    __tablename__ = "comment_decision"
    __table_args__ = (
        CheckConstraint(f"decision IN {DECISIONS}", name="decision"),
        Index("ix_comment_decision_month_unit", "month", "unit_code"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    answer_id: Mapped[int | None] = mapped_column(
        ForeignKey("answer.id", ondelete="CASCADE"), unique=True, doc="cut at the end of retention"
    )
    month: Mapped[str] = mapped_column(String(7))
    unit_code: Mapped[str] = mapped_column(String(32), doc="handling unit, in whose cell the comment stands")
    decision: Mapped[str] = mapped_column(String(8), doc="of DECISIONS")
    text: Mapped[str] = mapped_column(Text, default="", doc="as released, by a person's hand; empty where it is held")
    tags: Mapped[list[str]] = mapped_column(JSON, default=list, doc="of answer_tags.yaml")
    decided_by: Mapped[str] = mapped_column(String(64), doc="login")
    decided_on: Mapped[date]


class RatingAlert(Base):
    """A unit's rating fell sharply between two months: that of the dossiers it handled, which is shown, or of those it took in."""

    __tablename__ = "rating_alert"
    __table_args__ = (UniqueConstraint("unit_code", "month", "party"), CheckConstraint(f"party IN {PARTIES}", name="party"))

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_code: Mapped[str] = mapped_column(String(32), index=True)
    month: Mapped[str] = mapped_column(String(7), doc="the later of the two months")
    party: Mapped[str] = mapped_column(String(10), default="handling", doc="of PARTIES: what the unit did with the dossiers")
    before: Mapped[float | None] = mapped_column(doc="share satisfied in the month before, as shown; receiving: never told")
    after: Mapped[float | None] = mapped_column(doc="share satisfied, as shown")
    change_low: Mapped[float | None] = mapped_column(doc="95% interval of the difference")
    change_high: Mapped[float | None]
    raised_on: Mapped[date]
