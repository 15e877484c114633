"""Goals that were set from above (``targets.yaml``): how far they are, and when they would be reached at the present pace. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from core.calendar import Month
from core.errors import InputError

SHIPPED = Path(__file__).with_name("targets.yaml")
LEAST_MONTHS = 4  # fewer points than these say nothing about a pace
FARTHEST = 120  # months ahead; beyond it a straight line is no forecast
LEVEL = 0.05  # of the test that the line rises or falls at all: 95 % everywhere (methodology §11.4)


class Target(BaseModel):
    """A goal: which share is to be reached in which scope, until when, by whom, and who said so."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9_]{1,40}$")
    text_vi: str
    text_en: str
    indicator: str | None
    scope: Literal["nation", "each_province"]
    value: Annotated[float, Field(gt=0, le=1)] | None
    deadline: date | None
    agency_vi: str
    agency_en: str
    source_vi: str
    source_en: str

    @model_validator(mode="after")
    def _measured_or_not(self) -> Self:
        if (self.indicator is None) != (self.value is None):
            raise ValueError("'indicator' and 'value' come together: a goal is measured here, or it is not")
        return self


@cache
def read(path: Path = SHIPPED) -> tuple[Target, ...]:
    """The goals of a file, each id once. Raises ``InputError`` naming the file and what is wrong in it."""
    try:
        found = TypeAdapter(tuple[Target, ...]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        raise InputError(
            f"Tệp mục tiêu {path.name} không hợp lệ: {error}", f"The targets file {path.name} is not valid: {error}"
        ) from error
    twice = sorted({target.id for target in found if sum(other.id == target.id for other in found) > 1})
    if twice:
        raise InputError(
            f"Mục tiêu trùng mã trong {path.name}: {', '.join(twice)}.", f"Twice the same id in {path.name}: {', '.join(twice)}."
        )
    return found


@dataclass(frozen=True)
class Pace:
    """What a straight line through the months says.

    ``kind``: ``reached`` (the last month is there), ``expected`` (reached in ``month`` at this pace), ``away`` (it moves the
    other way), ``unclear`` (no clear movement), ``far`` (beyond ten years), ``short`` (too few months).
    """

    kind: Literal["reached", "expected", "away", "unclear", "far", "short"]
    month: Month | None = None


def pace(months: Sequence[tuple[Month, float]], goal: float) -> Pace:
    """When a share that should rise reaches ``goal``, by least squares through ``months`` (oldest first, shares in [0, 1]).

    A forecast is made only where the slope differs from 0 at the 5 % level (t test; scipy.stats.linregress): otherwise the
    truth is that no movement can be seen.
    """
    if not months:
        return Pace("short")
    if months[-1][1] >= goal:
        return Pace("reached")
    if len(months) < LEAST_MONTHS:
        return Pace("short")
    from scipy.stats import linregress

    places = [month.year * 12 + month.month for month, _ in months]
    shares = [share for _, share in months]
    if max(shares) == min(shares):
        return Pace("unclear")
    line = linregress(places, shares)
    if not line.pvalue < LEVEL:
        return Pace("unclear")
    if line.slope <= 0:
        return Pace("away")
    ahead = round(float((goal - (line.intercept + line.slope * places[-1])) / line.slope), 6)  # a perfect line is no month late
    if ahead > FARTHEST:
        return Pace("far")
    return Pace("expected", months[-1][0].plus(max(1, -int(-ahead // 1))))
