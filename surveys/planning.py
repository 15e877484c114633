"""A month's sampling plan: made once before its first invitation, kept, and printed with what it will cost and tell."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import audit
from core.calendar import Month
from core.database import get_engine, reading, writing
from core.errors import InputError
from core.settings import Settings
from procedures.queries import EndPoint, end_points_with_history, is_simulated, units
from surveys import design, operations, queries, retention
from surveys.design import Design, Drawn, Plan
from surveys.models import TEST, Answer, Invitation, SamplingPlan

if TYPE_CHECKING:
    from collections.abc import Mapping

ENOUGH = 100  # invitations of the month before from which its own share of answers is taken


@dataclass(frozen=True)
class Line:
    """What is expected of one province or ministry. ``low``, ``high``: of a 95 % interval around ``assumed`` (shares)."""

    code: str
    name: str
    end_points: int
    messages: float
    cost: float
    answers: float
    assumed: float
    low: float | None
    high: float | None
    resting: int


@dataclass(frozen=True)
class Forecast:
    """A plan and what it would give if the month were like ``frame_month``."""

    month: Month
    frame_month: Month
    plan: Plan
    kept: bool
    response: float
    measured: bool
    satisfied: float
    short_forms: float
    lines: tuple[Line, ...]


def stored(session: Session, month: Month) -> Plan | None:
    """The month's plan, if it was made."""
    found = session.get(SamplingPlan, str(month))
    return Plan(Design.model_validate(found.rules), found.seed, found.shares) if found is not None else None


def make(month: Month, name: str, seed: int, now: datetime) -> Plan:
    """Work out a plan from the month before. It is not kept by this. Raises ``InputError`` for an unknown design."""
    rules = design.load(name)
    frame = month.plus(-1)
    # one share for all needs no counting
    counts = design.count_strata(_points(frame, rules, now), rules, frame) if rules.per_stratum is not None else {}
    return Plan(rules, seed, design.shares(rules, counts))


def keep(month: Month, plan: Plan, now: datetime) -> Plan:
    """Fix a month's plan; once invitations have gone out by it, it stays. Gives the plan that holds.

    Raises ``InputError`` where another plan holds and somebody was already invited by it.
    """
    with writing() as session:
        known = session.get(SamplingPlan, str(month))
        rules = plan.design.model_dump(mode="json", by_alias=True)
        if known is not None:
            if (known.rules, known.seed) == (rules, plan.seed):
                return Plan(plan.design, known.seed, known.shares)
            if session.scalar(select(Invitation.id).where(Invitation.month == str(month)).limit(1)) is not None:
                raise InputError(
                    f"Tháng {month} đã có lời mời theo thiết kế “{known.design}”, nên không đổi được nữa. Dùng thiết kế mới từ tháng sau.",
                    f"People were already invited for {month} by the design “{known.design}”, so it stays. Use another from next month on.",
                    field="design",
                )
            session.delete(known)
            session.flush()
        fixed = {"design": plan.design.name, "seed": plan.seed, "shares": dict(plan.shares), "rules": rules}
        session.add(SamplingPlan(month=str(month), frame_month=str(month.plus(-1)), made_at=now, **fixed))
        audit.record(session, "survey.plan", str(month), design=plan.design.name, seed=plan.seed)
    return plan


def holding(month: Month, now: datetime, name: str | None = None, seed: int | None = None) -> Plan:
    """The month's plan; made and kept now where there is none. ``name`` and ``seed`` default to the settings'."""
    settings = _settings()
    known = stored(reading(), month)
    asked_for = name is not None and known is not None and known.design.name != name
    if known is not None and not asked_for and (seed is None or seed == known.seed):
        return known
    return keep(month, make(month, name or settings.survey_design, settings.survey_seed if seed is None else seed, now), now)


def invite_month(month: Month, now: datetime, name: str | None = None, seed: int | None = None) -> dict[str, int]:
    """Draw and invite among the end-points reached in a month up to now. Returns counts as ``operations.invite``.

    Raises ``InputError`` for a month whose invitations retention has cut: whom they went to is not known any more, and the same people
    would be asked again.
    """
    if retention.is_cut(reading(), month):
        raise InputError(
            f"Lời mời của tháng {month} đã qua thời hạn lưu giữ, nên không biết ai đã được mời. Không mời thêm cho tháng này.",
            f"The invitations of {month} are past their retention, so nobody knows who was invited. Nobody is invited for it any more.",
            field="month",
        )
    holding(month, now, name, seed)
    with Session(get_engine()) as session:
        return operations.invite(drawn(session, month, now), now, simulated=is_simulated(session))


def drawn(session: Session, month: Month, now: datetime) -> Iterator[Drawn]:
    """Who is invited for a month whose plan is kept, as far as it has gone."""
    plans = {each: plan for each in _before(month) if (plan := stored(session, each)) is not None}
    points = end_points_with_history(session, month, now, plans[month].design.look_back)
    signal = queries.without_signal(session, month.last_day)
    return design.draw(points, month, plans, _settings().invitation_key.get_secret_value(), signal)


def forecast(month: Month, now: datetime, name: str | None = None, seed: int | None = None) -> Forecast:
    """What the month's plan, or the one that would be made, is expected to give. Changes nothing.

    Expected answers: expected messages times the share that answered in the month before (the design's assumption where fewer than 100
    were invited then). Interval: Wilson (1927) at 95 %, with the effective number after unequal weights, around the share that was
    satisfied then (or is assumed): sampling error alone.
    """
    known = stored(reading(), month)
    other = known is None or (name is not None and name != known.design.name) or (seed is not None and seed != known.seed)
    settings = _settings()
    plan = make(month, name or settings.survey_design, settings.survey_seed if seed is None else seed, now) if other or not known else known
    frame = month.plus(-1)
    invited, answered, rated, satisfied = _measured(frame)
    measured = invited >= ENOUGH and answered > 0
    response = answered / invited if measured else plan.design.assumed.response
    happy = satisfied / rated if measured and rated else plan.design.assumed.satisfied
    fates = list(design.chances(_points(frame, plan.design, now), lambda _month: plan, ""))
    fates = [fate for fate in fates if Month.of(fate.point.reached_at) == frame]
    names = {code: view.name for code, view in units(reading(), month.first_day).items()}
    price = plan.design.assumed.message_price
    lines = tuple(_line(code, names, one, response, happy, price) for code, one in design.expect(fates, _province).items())
    short = sum(fate.probability for fate in fates if fate.point.end_point == "supplement")
    return Forecast(month, frame, plan, not other, response, measured, happy, short, lines)


def _province(point: EndPoint) -> str | None:
    return point.province_code


def _line(code: str, names: "Mapping[str, str]", one: design.Expected, response: float, happy: float, price: float) -> Line:
    from statsmodels.stats.proportion import proportion_confint

    effective = one.effective(response)
    low, high = proportion_confint(happy * effective, effective, 0.05, "wilson") if effective >= 1 else (None, None)
    messages, answers = one.messages, one.answers(response)
    return Line(code, names.get(code, code), one.end_points, messages, messages * price, answers, happy, low, high, one.resting)


def _measured(month: Month) -> tuple[int, int, int, int]:
    """Of a month: invited by link, answered by link, rated, satisfied; the short form and trials left out."""
    session = reading()
    asked = select(func.count()).where(
        Invitation.month == str(month), Invitation.mode == "link", Invitation.end_point != "supplement", Invitation.stratum != TEST
    )
    said = select(func.count(), func.count(Answer.rating), func.count().filter(Answer.rating >= queries.SATISFIED)).where(
        Answer.month == str(month), Answer.mode == "link", Answer.end_point != "supplement", Answer.is_test.is_(False)
    )
    answered, rated, satisfied = session.execute(said).one()
    return session.scalar(asked) or 0, answered, rated, satisfied


def _points(month: Month, rules: Design, now: datetime) -> Iterator[EndPoint]:
    return end_points_with_history(reading(), month, now, rules.look_back)


def _before(month: Month) -> list[Month]:
    """The month and those before it that reach into an applicant's time of rest."""
    return [month.plus(-back) for back in range(14)]


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def current(now: datetime) -> tuple[Month, Month]:
    """Last month and this one: feeds come late."""
    month = Month.of(now)
    return month.plus(-1), month
