"""Who is asked: designs as data, the shares of their strata, and the draw with each end-point's inclusion probability. Pure.

Each end-point is drawn on its own by a keyed hash (Poisson sampling with permanent random numbers, Brewer, Early and Joyce 1972), so that
a repeat draws the same, and one more end-point changes nothing for the others. After an invitation the same applicant rests in the same
source for ``rest_days``. Invitations within that span exclude each other, hence the probability that an end-point ``i`` of an applicant
is invited is exactly ``π_i = p_i · (1 − Σ π_j)`` over that applicant's end-points ``j`` in the span before it, where ``p`` is the share
of the stratum. It is what the store keeps and what answers are weighted by.
"""

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from core.calendar import Month
from core.errors import InputError

if TYPE_CHECKING:
    from procedures.queries import EndPoint

FOLDER = Path(__file__).parent / "designs"
DEFAULT = "all"
FREQUENT, SHORT_FORM, ALL = "frequent", "supplement", "all"  # strata
LEAST = 1e-9  # below this a probability is none: such an end-point cannot be invited

Share = Annotated[float, Field(gt=0, le=1)]
Dimension = Literal["province_code", "unit_code", "channel", "end_point", "applicant_type", "procedure_code"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Title(_Strict):
    """A name in both languages."""

    vi: str
    en: str


class Frequent(_Strict):
    """Who files often: at least ``from`` earlier end-points in the same source within so many days; and the share of them asked."""

    start: int = Field(alias="from", ge=1)
    days: int = Field(ge=1, le=366)
    share: Share


class Assumed(_Strict):
    """What a plan assumes where nothing has been measured: đồng a message, share that answers, share that is satisfied."""

    message_price: float = Field(ge=0)
    response: Share
    satisfied: float = Field(gt=0, lt=1)


class Design(_Strict):
    """Who is asked. ``by``: what the strata are made of; ``per_stratum``: invitations wanted of each; ``share``: where none is named."""

    name: str = Field(pattern=r"^[a-z0-9_-]{1,40}$")
    title: Title
    by: tuple[Dimension, ...] = ()
    per_stratum: int | None = Field(default=None, ge=1)
    share: Share = 1.0
    short_form: Share = 1.0
    frequent: Frequent | None = None
    rest_days: int = Field(default=30, ge=0, le=366)
    phone_without_signal: bool = False
    assumed: Assumed

    @property
    def look_back(self) -> int:
        """How many days before a month an applicant's end-points matter for it."""
        return self.rest_days + (self.frequent.days if self.frequent else 0)


@dataclass(frozen=True)
class Plan:
    """A month's shares, fixed: ``shares`` names strata, a stratum that is not named is asked with ``rest``."""

    design: Design
    seed: int
    shares: Mapping[str, float]

    @property
    def rest(self) -> float:
        """The share of a stratum that was not there when the plan was made: thin ones are asked fully."""
        return 1.0 if self.design.per_stratum is not None else self.design.share

    def share(self, stratum: str) -> float:
        """The share of a stratum that is asked."""
        return self.shares.get(stratum, self.rest)


@dataclass(frozen=True)
class Drawn:
    """An end-point that is invited. ``rivals``: the applicant's other end-points within the time of rest, none of which may be."""

    end_point: "EndPoint"
    probability: float = 1.0
    stratum: str = ALL
    frequent: bool = False
    mode: str = "link"
    rivals: tuple["EndPoint", ...] = ()


@lru_cache
def load(name: str) -> Design:
    """A design from its file. Raises ``InputError`` for an unknown one, ``pydantic.ValidationError`` for a wrong file."""
    if name not in names():
        raise InputError(
            f"Không có thiết kế mẫu “{name}”. Chọn một trong: {', '.join(names())}.",
            f"There is no design “{name}”. Choose one of: {', '.join(names())}.",
            field="design",
        )
    with (FOLDER / f"{name}.yaml").open(encoding="utf-8") as stream:
        return Design.model_validate(yaml.safe_load(stream))


def names() -> list[str]:
    """The designs there are."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def stratum_of(design: Design, point: "EndPoint", frequent: bool) -> str:
    """The stratum of an end-point: those who file often and the short form have their own, whatever the place."""
    if frequent:
        return FREQUENT
    if point.end_point == "supplement":
        return SHORT_FORM
    return "|".join(str(getattr(point, name) or "") for name in design.by)[:60] or ALL


def shares(design: Design, counts: Mapping[str, int]) -> dict[str, float]:
    """The share of each stratum that is asked, from the number of its end-points in a month like the one to come."""
    found = {}
    for stratum, size in counts.items():
        if stratum not in (FREQUENT, SHORT_FORM):
            wanted = design.share if design.per_stratum is None else min(1.0, design.per_stratum / size)
            found[stratum] = wanted
    return dict(sorted(found.items())) | {SHORT_FORM: design.short_form} | ({FREQUENT: design.frequent.share} if design.frequent else {})


def chance(key: str, seed: int, point: "EndPoint") -> float:
    """The end-point's own random number in [0, 1): the same in every draw with this key and seed."""
    message = "\x1f".join(("draw", str(seed), point.source, point.dossier_code, point.occasion)).encode()
    return int.from_bytes(hmac.digest(key.encode(), message, hashlib.sha256)[:7], "big") / 2**56


def everyone(points: Iterable["EndPoint"]) -> Iterator[Drawn]:
    """All of them, each for certain."""
    return (Drawn(point) for point in points)


@dataclass(frozen=True)
class Chance:
    """What may become of an end-point: the probability that it is invited, and whether it is. ``rivals``: as in ``Drawn``."""

    point: "EndPoint"
    stratum: str
    frequent: bool
    probability: float
    invited: bool
    rivals: tuple["EndPoint", ...]


def chances(points: Iterable["EndPoint"], plan_of: Callable[[Month], Plan | None], key: str) -> Iterator[Chance]:
    """Each end-point's probability and fate, earlier ones included.

    ``points``: by source, applicant and time (``procedures.queries.end_points_with_history``). ``plan_of``: the plan of the month in
    which an end-point was reached; in a month without one nobody was asked. The rule of rest is exact where end-points come in the order in
    which they were reached; for one that a source sends late, ``rivals`` let the caller keep the rule, and its probability is the one it
    would have had.
    """
    for (_source, applicant), group in groupby(points, key=lambda point: (point.source, point.applicant_hash)):
        if applicant is None:
            for point in group:
                yield from _fates([point], plan_of, key)
        else:
            yield from _fates(list(group), plan_of, key)


def _fates(points: list["EndPoint"], plan_of: Callable[[Month], Plan | None], key: str) -> Iterator[Chance]:
    done: list[Chance] = []
    for index, point in enumerate(points):
        plan = plan_of(Month.of(point.reached_at))
        if plan is None:
            continue
        rule, rest = plan.design.frequent, timedelta(days=plan.design.rest_days)
        earlier = points[:index]
        frequent = rule is not None and sum(_within(point, other, timedelta(days=rule.days)) for other in earlier) >= rule.start
        stratum = stratum_of(plan.design, point, frequent)
        share = 1.0 if stratum == SHORT_FORM and point.applicant_hash is None else plan.share(stratum)  # nothing known to rest from
        resting = [one for one in done if _within(point, one.point, rest)]
        probability = share * max(0.0, 1.0 - sum(one.probability for one in resting))
        invited = probability > LEAST and not any(one.invited for one in resting) and chance(key, plan.seed, point) < share
        rivals = tuple(other for other in points if other is not point and abs(other.reached_at - point.reached_at) < rest)
        fate = Chance(point, stratum, frequent, probability, invited, rivals)
        done.append(fate)
        yield fate


def _within(point: "EndPoint", earlier: "EndPoint", span: timedelta) -> bool:
    return point.reached_at - earlier.reached_at < span


def draw(
    points: Iterable["EndPoint"], month: Month, plans: Mapping[Month, Plan], key: str, without_signal: Container[str] = ()
) -> Iterator[Drawn]:
    """The month's end-points that are invited. ``without_signal``: communes where the design may ask by telephone instead."""
    plan = plans[month]
    for fate in chances(points, plans.get, key):
        if fate.invited and Month.of(fate.point.reached_at) == month:
            by_phone = plan.design.phone_without_signal and fate.point.unit_code in without_signal
            yield Drawn(fate.point, fate.probability, fate.stratum, fate.frequent, "phone" if by_phone else "link", fate.rivals)


@dataclass
class Expected:
    """What a plan expects of a province: end-points, messages (their expectation), Σ π² for the spread of weights, those never asked."""

    end_points: int = 0
    messages: float = 0.0
    weight: float = 0.0
    weight_squared: float = 0.0
    resting: int = 0

    def answers(self, response: float) -> float:
        """Expected answers where each invited person answers with the same probability."""
        return self.messages * response

    def effective(self, response: float) -> float:
        """Expected answers, less what unequal weights 1/π cost (Kish 1965: (Σw)²/Σw² of those who answer)."""
        return self.weight**2 / self.weight_squared * response if self.weight_squared else 0.0


def expect(fates: Iterable[Chance], of: "Callable[[EndPoint], str | None]") -> dict[str, Expected]:
    """Sum up what is expected, by ``of`` (such as the province); the short form is not in it, being a series of its own."""
    found: dict[str, Expected] = {}
    for fate in fates:
        if fate.point.end_point == "supplement":
            continue
        one = found.setdefault(of(fate.point) or "", Expected())
        one.end_points += 1
        if fate.probability <= LEAST:
            one.resting += 1
            continue
        # of those invited: w = 1/π, expectation of Σw is the count, of Σw² the sum of 1/π
        one.messages += fate.probability
        one.weight += 1.0
        one.weight_squared += 1.0 / fate.probability
    return dict(sorted(found.items()))


def count_strata(points: Iterable["EndPoint"], design: Design, month: Month) -> Counter[str]:
    """End-points of a month by stratum, to make the shares of a later month from. ``points`` as for ``chances``."""
    plan = Plan(design, 0, {})
    return Counter(fate.stratum for fate in chances(points, lambda _month: plan, "") if Month.of(fate.point.reached_at) == month)
