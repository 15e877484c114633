"""Thresholds of the integrity checks: data in ``scorecard/rules/integrity/*.yaml``, fixed before the month (methodology §11.7)."""

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.calendar import Month
from core.errors import InputError

FOLDER = Path(__file__).with_name("rules") / "integrity"
DETECTORS = (
    "all_highest",
    "all_lowest",
    "heaping",
    "late_highest",
    "mode_gap",
    "response",
    "device",
    "speed",
    "staff_contacts",
    "facts",
    "raised",
    "lowered",
    "redone",
    "undelivered",
    "provider_delivery",
)
Share = Annotated[float, Field(ge=0, lt=1)]


class Threshold(BaseModel):
    """``trials``: the fewest cases on which a unit is tested; ``excess``: by how much its share must exceed its peers'."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trials: int = Field(ge=1)
    excess: Share


class IntegrityRules(BaseModel):
    """The thresholds of a span of months. A detector that they do not name is not run under them: an older edition's copy has fewer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    fixed_on: date
    valid_from: date
    valid_to: date | None
    title_vi: str
    title_en: str
    source: str
    source_en: str
    q: float = Field(gt=0, lt=1)
    support: float = Field(gt=0, lt=1)
    explain_days: int = Field(ge=1)
    top: int
    bottom: int
    least_items: int = Field(ge=1)
    device_answers: int = Field(ge=2)
    shared_units: int = Field(ge=2)
    fast_seconds: int = Field(ge=1)
    heavy_contact: int = Field(ge=2)
    heaping_days: int = Field(ge=1)
    least_removed: int = Field(default=0, ge=0)  # an older edition's copy has no such limit
    detectors: dict[str, Threshold]
    holidays: list[date]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if unknown := set(self.detectors) - set(DETECTORS):
            raise ValueError(f"'detectors' names what is no detector: {', '.join(sorted(unknown))}")
        return self

    def holds_in(self, month: Month) -> bool:
        """Whether the whole month falls into its days."""
        return self.valid_from <= month.first_day and (self.valid_to is None or month.last_day < self.valid_to)

    def fixed_before(self, month: Month) -> bool:
        """Whether the thresholds were fixed before the month began; only then may a unit be named under them."""
        return self.fixed_on < month.first_day

    def after_working_days(self, day: date, count: int) -> date:
        """The day so many working days after ``day`` (Monday to Friday without public holidays)."""
        while count > 0:
            day += timedelta(days=1)
            count -= day.weekday() < 5 and day not in self.holidays
        return day


def read(path: Path) -> IntegrityRules:
    """Read one file. Raises ``InputError`` naming the file and what is wrong in it."""
    try:
        return IntegrityRules.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        raise InputError(f"Tệp quy tắc {path.name} không hợp lệ: {error}", f"The rules file {path.name} is not valid: {error}") from error


def for_month(month: Month, folder: Path = FOLDER) -> tuple[IntegrityRules, Path]:
    """The thresholds that hold in a month, and their file. Raises ``InputError`` unless there is exactly one."""
    found = [(rules, path) for path in sorted(folder.glob("*.yaml")) if (rules := read(path)).holds_in(month)]
    if len(found) != 1:
        names = ", ".join(rules.id for rules, _ in found)
        raise InputError(
            f"Không có đúng một bộ quy tắc xác minh cho tháng {month} (tìm thấy: {names or 'không có'}).",
            f"There is not exactly one set of integrity rules for {month} (found: {names or 'none'}).",
        )
    return found[0]
