"""When a month that is not over shows new answers (``docs/disclosure.md``).

What anybody sees of the running month's survey, the centres and the office among them, is a state: the answers of each province or
ministry that have been counted. A place's state changes at most once in so many days and only by so many answers at once, not all
alike, and as many are held back until the month is closed. So no two states, nor the last one and the closed month, differ by a few
answers; and between two states nothing moves, whatever is answered, amended or deleted meanwhile. The state lies in the running
edition's folder and is only ever changed under the lease of closing, so that restarts and several workers see the same.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.calendar import Month
from scorecard.disclosure.public import Live, read_tables
from scorecard.models import Edition
from scorecard.survey_estimates import SATISFIED, by_invitation

if TYPE_CHECKING:
    import pandas as pd

STATE = "live_answers.parquet"
NUMBER, PLACE, COUNTED_AT = "number", "place", "counted_at"  # columns of the state besides those of the answers


def advance(waiting: Sequence[bool], least: int, gone: int = 0) -> int:
    """How many of the waiting answers, in the order of their coming, may be counted now: 0 or at least ``least``.

    ``waiting``: whether each is satisfied. At least ``least`` stay behind. Neither those that are counted nor those that stay may all
    be alike. ``gone``: answers counted before that have been deleted, which the new ones must make up for.
    """
    for take in range(len(waiting) - least, least + gone - 1, -1):
        if len(set(waiting[:take])) > 1 and len(set(waiting[take:])) > 1:
            return take
    return 0


def next_state(previous: "pd.DataFrame | None", arrived: "pd.DataFrame", now: datetime, live: Live) -> "pd.DataFrame":
    """The counted answers, each as it was when its place was last refreshed.

    ``arrived``: the month's answers in the order of their coming, as ``surveys.queries.answers_frame`` with ``number``, and ``place``:
    the province or ministry that answers for the unit, or missing. The result has the columns of ``arrived`` and ``counted_at``.
    """
    import pandas as pd

    rated = by_invitation(arrived)
    rated = rated[rated["rating"].notna() & rated[PLACE].notna()]
    parts = []
    for place, answers in rated.groupby(PLACE, sort=True):
        before = previous[previous[PLACE] == place] if previous is not None else arrived.iloc[:0].assign(**{COUNTED_AT: ""})
        counted = answers[NUMBER].isin(before[NUMBER])
        waiting = answers[~counted]
        fresh = len(before) > 0 and now - datetime.fromisoformat(before[COUNTED_AT].max()) < timedelta(days=live.least_days)
        satisfied = (waiting["rating"] >= SATISFIED).astype(bool).tolist()
        take = 0 if fresh else advance(satisfied, live.least_answers, gone=len(before) - int(counted.sum()))
        if take:
            parts.append(pd.concat([answers[counted], waiting.iloc[:take]]).assign(**{COUNTED_AT: now.isoformat()}))
        elif len(before):
            parts.append(before)
    if previous is not None:  # a place whose answers have all been deleted keeps what it showed
        parts.append(previous[~previous[PLACE].isin(rated[PLACE])])
    empty = arrived.iloc[:0].assign(**{COUNTED_AT: pd.Series(dtype="str")})
    found = pd.concat(parts, ignore_index=True) if parts else empty
    return found[[*arrived.columns, COUNTED_AT]].astype({**arrived.dtypes.to_dict(), COUNTED_AT: "str"})


def live_answers(
    folder: Path, session: Session, month: Month, now: datetime, editions: Path, places: Mapping[str, str | None]
) -> "pd.DataFrame":
    """The counted answers of a running month, as its measurements take them (``settled``); their state goes into the folder.

    ``places``: unit → province or ministry that answers for it. ``editions``: the folder that holds all editions' folders.
    """
    import pandas as pd

    from scorecard.inputs import write_frame
    from surveys.queries import answers_frame

    running = session.scalar(select(Edition).where(Edition.month == str(month), Edition.state == "running"))
    kept = editions / running.folder / STATE if running is not None else None
    previous = pd.read_parquet(kept) if kept is not None and kept.is_file() else None
    arrived = answers_frame(session, month, now, numbered=True)
    arrived[PLACE] = pd.array([places.get(code) for code in arrived["unit_code"]], dtype="str")
    if previous is not None and set(arrived.columns) - set(previous.columns):
        previous = previous.reindex(columns=[*arrived.columns, COUNTED_AT])  # a question more than when the state was taken
    state = next_state(previous, arrived, now, read_tables().live)
    write_frame(folder / STATE, state)
    answers = state.drop(columns=[NUMBER, PLACE, COUNTED_AT]).assign(settled=True)
    return answers.sort_values(list(answers.columns), ignore_index=True)
