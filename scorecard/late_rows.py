"""What arrived for a month after it was cut off: it is in no figure until the month is computed again."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.calendar import TIMEZONE
from procedures.models import NATIONAL, Source, Submission
from scorecard.models import Edition

ACCEPTED = ("accepted", "partly_accepted")


def waiting(session: Session, edition: Edition, due_on: date) -> Sequence[Submission]:
    """Accepted submissions of national sources that can change the month, finished after the cut-off and until ``due_on``, oldest first.

    Answers are not among them: those of a month are counted once, when it is first closed (DESIGN §7.8).
    """
    end = datetime.combine(due_on + timedelta(days=1), time(), TIMEZONE)
    seen = edition.facts.get("examined_at")  # computed again since, with the same result
    since = datetime.fromisoformat(seen) if seen else edition.cutoff_at
    finished = (Submission.finished_at > since) & (Submission.received_at < end)
    query = (
        select(Submission)
        .join(Source)
        .where(Source.list_code == NATIONAL, Submission.state.in_(ACCEPTED), finished)
        .order_by(Submission.finished_at, Submission.id)
    )
    # A dossier ends in the month of its reception or later: earlier receptions can change the month, later ones cannot.
    return [item for item in session.scalars(query) if item.months and min(item.months) <= edition.month and item.rows_accepted]
