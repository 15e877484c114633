"""Reads of the survey. Frames leave without token, free text or time; suppression is the scorecard's part."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.calendar import Month
from surveys.models import Answer, Invitation
from surveys.questionnaire import question_codes

if TYPE_CHECKING:
    import pandas as pd

CONTEXT = (
    "month",
    "procedure_code",
    "unit_code",
    "province_code",
    "channel",
    "end_point",
    "applicant_type",
    "recorded_supplements",
    "recorded_on_time",
    "recorded_online",
    "receiving_unit_code",
    "provider_code",
    "mode",
)
SATISFIED = 4  # this rating and above: share of 4 and 5 (methodology §11.1)


def invitation(session: Session, token_hash: str) -> Invitation | None:
    """The invitation that a token opens."""
    return session.scalar(select(Invitation).where(Invitation.token_hash == token_hash))


def is_answered(session: Session, invitation_id: int) -> bool:
    """Whether there is an answer, never which."""
    return session.scalar(select(Answer.id).where(Answer.invitation_id == invitation_id)) is not None


def answers_frame(session: Session, month: Month, cutoff: datetime, step: int | None = None) -> "pd.DataFrame":
    """The month's answers first given before ``cutoff``, one a row, all end-points.

    ``step``: for a month that is not over. A column ``settled`` then marks the answers that may be counted already: those
    complete in all that is measured, in the order of their coming, up to the last full step. Two successive states thus differ by
    whole steps in every figure, and no single new answer shows.

    Columns: ``questionnaire``, ``rating`` (Int64, 5 best, missing where it was left open or not asked), one text column
    for each question code (choice code, or missing), the context columns of the invitation, ``language``, ``simulated``.
    Rows are in the order of their values, so that their order says nothing about when they came. Answers on the short
    form (``end_point`` supplement) carry no rating.
    """
    import pandas as pd

    codes = question_codes()
    fields = ("questionnaire", "rating", *CONTEXT, "language", "simulated")
    rows = session.execute(
        select(Answer.responses, *(getattr(Answer, name) for name in fields))
        .where(Answer.month == str(month), Answer.first_answered_at < cutoff)
        .order_by(Answer.id)
    ).all()
    columns: dict[str, Any] = {name: [row[index] for row in rows] for index, name in enumerate(fields, start=1)}
    columns |= {code: [row[0].get(code) for row in rows] for code in codes}
    texts = ("month", "procedure_code", "unit_code", "province_code", "end_point", "applicant_type", "language", *codes)
    texts += ("receiving_unit_code", "provider_code", "mode")
    types = dict.fromkeys(texts, "str")
    types |= dict.fromkeys(("questionnaire", "rating", "channel", "recorded_supplements"), "Int64")
    types |= dict.fromkeys(("recorded_on_time", "recorded_online", "simulated"), "boolean")
    order = ["questionnaire", "rating", *codes, *CONTEXT, "language", "simulated"]
    frame = pd.DataFrame(columns).astype(types)[order]
    if step is not None:
        complete = frame["rating"].notna() & frame["asked_again"].isin(("yes", "no")) & frame["supplement_count"].isin(("0", "1", "2+"))
        frame["settled"] = complete & (complete.cumsum() <= complete.sum() // step * step)
    return frame.sort_values([*CONTEXT, "questionnaire", "rating", *codes, "language", "simulated"], ignore_index=True)


def invited_counts(session: Session, month: Month) -> "pd.DataFrame":
    """How many were asked: ``unit_code``, ``procedure_code``, ``channel``, ``end_point``, ``invited``, sorted."""
    import pandas as pd

    keys = (Invitation.unit_code, Invitation.procedure_code, Invitation.channel, Invitation.end_point)
    rows = session.execute(select(*keys, func.count()).where(Invitation.month == str(month)).group_by(*keys)).all()
    frame = pd.DataFrame([tuple(row) for row in rows], columns=["unit_code", "procedure_code", "channel", "end_point", "invited"])
    frame = frame.astype({"unit_code": "str", "procedure_code": "str", "channel": "int64", "end_point": "str", "invited": "int64"})
    return frame.sort_values(["unit_code", "procedure_code", "channel", "end_point"], ignore_index=True)
