"""Reads of the survey. Frames leave without token, free text or time; suppression is the scorecard's part."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from core.calendar import Month, local_date
from surveys.models import TEST, Answer, FollowUp, Invitation, NoSignal, PhoneCase
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
DRAWN = ("probability", "stratum", "frequent")  # how an invitation was drawn; copied into its answer
DELIVERED = ("delivery", "contact_load", "withdrawn")
EVIDENCE = ("second_probability", "raised", "lowered", "device", "device_kind", "seconds", "is_test")
OPEN_CODES = ("visits", "asked_again", "how_asked", "which_paper")  # asked at open links, whatever version the questionnaire has
TYPES = {  # of the frames' columns; text where nothing else is said
    **dict.fromkeys(
        ("questionnaire", "rating", "channel", "recorded_supplements", "raised", "lowered", "withdrawn", "seconds", "contact_load"), "Int64"
    ),
    **dict.fromkeys(("recorded_on_time", "recorded_online", "simulated", "frequent", "is_test", "last_days"), "boolean"),
    **dict.fromkeys(("probability", "second_probability"), "Float64"),
    "device": "Int64",
}
_OPENED = (
    select(*Invitation.__table__.c, Answer.__table__.c.id.label("answered"))
    .select_from(Invitation.__table__.outerjoin(Answer.__table__, Answer.__table__.c.invitation_id == Invitation.__table__.c.id))
    .where(Invitation.__table__.c.token_hash == bindparam("wanted"))
)
SATISFIED = 4  # this rating and above: share of 4 and 5 (methodology §11.1)


def invitation(session: Session, token_hash: str) -> Invitation | None:
    """The invitation that a token opens."""
    return session.scalar(select(Invitation).where(Invitation.token_hash == token_hash))


def opened(session: Session, token_hash: str) -> tuple[Invitation | None, bool]:
    """The invitation that a token opens, to be read only, and whether there is an answer to it, never which.

    It is a row of the table, not an object of the session: each request of the survey comes here, and a row costs half as much.
    """
    row = session.connection().execute(_OPENED, {"wanted": token_hash}).first()
    return (cast("Invitation", row), row.answered is not None) if row is not None else (None, False)


def is_answered(session: Session, invitation_id: int) -> bool:
    """Whether there is an answer, never which."""
    return session.scalar(select(Answer.id).where(Answer.invitation_id == invitation_id)) is not None


def answers_frame(session: Session, month: Month, cutoff: datetime, heaping_days: int = 2, *, numbered: bool = False) -> "pd.DataFrame":
    """The month's answers first given before ``cutoff``, one a row, all end-points and modes, trials (``is_test``) too.

    ``numbered``: for a month that is not over (``scorecard.refresh``): in the order of their coming, with a column ``number``.

    Columns: ``questionnaire``, ``rating`` (Int64, 5 best, missing where it was left open or not asked), one text column
    for each question code (choice code, or missing), the context columns of the invitation, how it was drawn (``probability``,
    ``stratum``, ``frequent``; ``second_probability``: of the follow-up) and delivered (``delivery``, ``contact_load``; missing once
    the invitation is cut off), ``withdrawn`` (earlier answers to the invitation that were deleted), ``raised``, ``lowered``, ``device``
    (a running number within the month), ``device_kind``, ``seconds``, ``is_test``, ``last_days`` (given within ``heaping_days`` before
    the cut-off), ``language``, ``simulated``. Modes (``mode``) are series of their own. Rows are in the order of their values, so that
    their order says nothing about when they came. Answers on the short form (``end_point`` supplement) carry no rating.
    """
    import pandas as pd

    codes = [*question_codes(), *OPEN_CODES]
    codes = list(dict.fromkeys(codes))
    own = ("questionnaire", "rating", *CONTEXT, "language", "simulated", *EVIDENCE)
    joined = {
        **{name: func.coalesce(getattr(Answer, name), getattr(Invitation, name)) for name in DRAWN},
        **{name: getattr(Invitation, name) for name in DELIVERED},
    }
    rows = session.execute(
        select(Answer.responses, *(getattr(Answer, name) for name in own), *joined.values(), Answer.id, Answer.answered_on)
        .outerjoin(Invitation, Invitation.id == Answer.invitation_id)
        .where(Answer.month == str(month), Answer.first_answered_at < cutoff)
        .order_by(Answer.id)
    ).all()
    fields = (*own, *joined)
    columns: dict[str, Any] = {name: [row[index] for row in rows] for index, name in enumerate(fields, start=1)}
    columns |= {code: [row[0].get(code) for row in rows] for code in codes}
    last = local_date(cutoff) - timedelta(days=heaping_days)
    columns["last_days"] = [row[-1] > last for row in rows]
    types = {name: TYPES.get(name, "str") for name in (*fields, *codes, "last_days")}
    order = ["questionnaire", "rating", *codes, *CONTEXT, *DRAWN, "second_probability", *DELIVERED, *EVIDENCE[1:], "last_days"]
    order += ["language", "simulated"]
    frame = pd.DataFrame(columns)
    frame["device"] = _numbered(frame["device"])
    frame = frame.astype(types)[order]
    if numbered:
        return frame.assign(number=[row[-2] for row in rows]).astype({"number": "int64"})
    return frame.sort_values([*CONTEXT, *(name for name in order if name not in CONTEXT)], ignore_index=True)


def _numbered(devices: "pd.Series[Any]") -> list[int | None]:
    """Hashes as running numbers in the order of the hashes, which says nothing about when they came."""
    numbers = {device: number for number, device in enumerate(sorted(set(devices.dropna())), start=1)}
    return [numbers.get(device) for device in devices]


def invited_counts(session: Session, month: Month) -> "pd.DataFrame":
    """How many were asked: ``unit_code``, ``procedure_code``, ``channel``, ``end_point``, ``invited``, sorted. Trials are not in it."""
    return _invited(session, month, ("unit_code", "procedure_code", "channel", "end_point"))


def delivery_counts(session: Session, month: Month) -> "pd.DataFrame":
    """How invitations were delivered: ``unit_code``, ``province_code``, ``provider_code``, ``channel``, ``end_point``,
    ``recorded_on_time``, ``stratum``, ``mode``, ``delivery``, ``contact_load`` (Int64, missing: not told), ``invited``, sorted.
    Trials are not in it."""
    keys = ("unit_code", "province_code", "provider_code", "channel", "end_point", "recorded_on_time")
    return _invited(session, month, (*keys, "stratum", "mode", "delivery", "contact_load"))


def _invited(session: Session, month: Month, names: tuple[str, ...]) -> "pd.DataFrame":
    import pandas as pd

    keys = [getattr(Invitation, name) for name in names]
    wanted = select(*keys, func.count()).where(Invitation.month == str(month), Invitation.stratum != TEST).group_by(*keys)
    frame = pd.DataFrame([tuple(row) for row in session.execute(wanted)], columns=[*names, "invited"])
    types = {name: TYPES.get(name, "str") for name in names} | {"invited": "int64"}
    types |= {"channel": "int64"} if "channel" in names else {}
    return frame.astype(types).sort_values(list(names), ignore_index=True)


@dataclass(frozen=True)
class FollowUpCounts:
    """A month's follow-up: people without an answer when it was drawn, those drawn, and their last outcomes by code ("": not tried)."""

    silent: int
    drawn: int
    outcomes: dict[str, int]


def follow_up(session: Session, month: Month) -> FollowUpCounts | None:
    """The month's follow-up sample; None where none was drawn."""
    found = session.get(FollowUp, str(month))
    if found is None:
        return None
    wanted = select(PhoneCase.outcome, func.count()).where(PhoneCase.month == str(month), PhoneCase.purpose == "followup")
    outcomes = {row[0]: row[1] for row in session.execute(wanted.group_by(PhoneCase.outcome).order_by(PhoneCase.outcome))}
    return FollowUpCounts(found.silent, found.drawn, outcomes)


def without_signal(session: Session, on: date) -> dict[str, NoSignal]:
    """Communes declared to be without mobile signal on a day, by unit code: there a link or a message reaches few or nobody."""
    valid = (NoSignal.valid_from <= on) & (NoSignal.valid_to.is_(None) | (NoSignal.valid_to > on))
    return {row.unit_code: row for row in session.scalars(select(NoSignal).where(valid).order_by(NoSignal.unit_code))}
