"""Rule sets: data with dates and sources, in ``scorecard/rules/*.yaml`` (DESIGN §7.3)."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.calendar import Month
from core.errors import InputError
from scorecard.indicators import INDICATORS

FOLDER = Path(__file__).with_name("rules")
Share = Annotated[float, Field(ge=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Disclosure(_Strict):
    """Which numbers of answers are too small to be shown or compared."""

    suppress_below: int = Field(ge=2)
    grey_below: int = Field(ge=2)
    least_range: int = Field(ge=1)


class GapRules(_Strict):
    """When something counts as a gap."""

    minimum_dossiers: int = Field(ge=1)
    counter_share: Share


class RuleSet(_Strict):
    """The rules under which a month is computed. Valid from the first to before the last of its days."""

    id: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    title_vi: str
    title_en: str
    valid_from: date
    valid_to: date | None
    source: str
    source_en: str = ""
    z: float = Field(gt=0)
    disclosure: Disclosure
    close_from_day: int = Field(ge=1, le=28)
    gaps: GapRules
    empty: dict[str, Literal["not_applicable"]]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if missing := set(INDICATORS) ^ set(self.empty):
            raise ValueError(f"'empty' must name exactly the indicators; differing: {', '.join(sorted(missing))}")
        return self

    def holds_in(self, month: Month) -> bool:
        """Whether the whole month falls into its days."""
        return self.valid_from <= month.first_day and (self.valid_to is None or month.last_day < self.valid_to)


def read(path: Path) -> RuleSet:
    """Read one file. Raises ``InputError`` naming the file and what is wrong in it."""
    try:
        return RuleSet.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        raise InputError(f"Tệp quy tắc {path.name} không hợp lệ: {error}", f"The rules file {path.name} is not valid: {error}") from error


def for_month(month: Month, folder: Path = FOLDER) -> tuple[RuleSet, Path]:
    """The rule set that holds in a month, and its file. Raises ``InputError`` unless exactly one does."""
    found = [(rules, path) for path in sorted(folder.glob("*.yaml")) if (rules := read(path)).holds_in(month)]
    if len(found) != 1:
        names = ", ".join(rules.id for rules, _ in found)
        raise InputError(
            f"Không có đúng một bộ quy tắc cho tháng {month} (tìm thấy: {names or 'không có'}).",
            f"There is not exactly one set of rules for {month} (found: {names or 'none'}).",
        )
    return found[0]
