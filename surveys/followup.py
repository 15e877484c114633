"""The follow-up: a random sample of a month's invited people who did not answer, to be interviewed by telephone.

Two-phase sampling for non-response (Hansen and Hurwitz 1946): simple random among those silent, without replacement, by the seed. The
sample's answers are a series of their own (mode ``followup``); they tell how different the silent are.
"""

import random
from datetime import datetime

from sqlalchemy import select

from core import audit
from core.calendar import Month, local_date
from core.database import reading, writing
from core.errors import InputError
from surveys import telephone
from surveys.models import TEST, Answer, FollowUp, Invitation

SIZE = 400
CHUNK = 500


def silent(month: Month, now: datetime) -> list[int]:
    """Invitations of a month whose last day for answering is over and that nobody answered; the short form and trials are not asked."""
    wanted = (
        select(Invitation.id)
        .outerjoin(Answer, Answer.invitation_id == Invitation.id)
        .where(
            Invitation.month == str(month),
            Invitation.mode == "link",
            Invitation.end_point != "supplement",
            Invitation.stratum != TEST,
            Invitation.expires_on < local_date(now),
            Answer.id.is_(None),
        )
        .order_by(Invitation.token_hash)  # an order that has nothing to do with who they are, and is the same wherever it is drawn
    )
    return list(reading().scalars(wanted))


def chosen(among: list[int], month: Month, seed: int, size: int) -> list[int]:
    """A simple random sample without replacement; the same for the same seed."""
    return sorted(random.Random(f"{month} {seed}").sample(among, min(size, len(among))))  # noqa: S311  # meant to be drawn again


def draw(month: Month, seed: int, now: datetime, size: int = SIZE) -> FollowUp:
    """Draw the month's sample, once. Gives how many were silent and how many were drawn.

    Raises ``InputError`` where it was drawn already, and where nobody is silent (or the time for answering is not over yet).
    """
    if reading().get(FollowUp, str(month)) is not None:
        raise InputError(
            f"Mẫu gọi lại của tháng {month} đã rút rồi, không rút lần hai.",
            f"The follow-up of {month} was drawn already; it is not drawn twice.",
            field="month",
        )
    among = silent(month, now)
    if not among or size < 1:
        raise InputError(
            f"Tháng {month} chưa có ai hết hạn mà chưa trả lời. Đợi hết 14 ngày trả lời.",
            f"Nobody of {month} is past the last day without an answer yet. Wait until the 14 days are over.",
            field="month",
        )
    drawn = chosen(among, month, seed, size)
    probability = len(drawn) / len(among)
    result = FollowUp(month=str(month), seed=seed, silent=len(among), drawn=len(drawn), drawn_on=local_date(now))
    with writing() as session:
        session.add(result)
        audit.record(session, "survey.followup", str(month), seed=seed, silent=len(among), drawn=len(drawn))
        for start in range(0, len(drawn), CHUNK):
            some = select(Invitation).where(Invitation.id.in_(drawn[start : start + CHUNK]))
            session.add_all(telephone.new_case(invitation, "followup", probability) for invitation in session.scalars(some))
        session.flush()
        session.expunge(result)
    return result
