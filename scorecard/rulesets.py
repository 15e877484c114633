"""The rules under which a month is computed: data with dates and sources, in ``scorecard/rules/*.yaml`` (DESIGN §7.3).

Rule sets that turn counts into points are of other kinds and are read in ``scorecard.scoring.library``.
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from core.calendar import Month
from core.errors import InputError
from scorecard.indicators import INDICATORS
from scorecard.rulefiles import FOLDER, MONTHLY, Strict, check, load

Share = Annotated[float, Field(ge=0, le=1)]


class Disclosure(Strict):
    """Which numbers of answers are too small to be shown or compared."""

    suppress_below: int = Field(ge=2)
    grey_below: int = Field(ge=2)
    least_range: int = Field(ge=1)


class GapRules(Strict):
    """When something counts as a gap."""

    minimum_dossiers: int = Field(ge=1)
    counter_share: Share


class PhantomRules(Strict):
    """When a service that is declared online counts as one on paper only."""

    minimum_months: int = Field(ge=1)
    minimum_dossiers: int = Field(ge=3)  # fewer are never told of a unit and procedure
    longest_months: int = Field(ge=1, le=24)


class RuleSet(Strict):
    """The rules under which a month is computed. Valid from the first to before the last of its days.

    ``empty`` names the indicators that are measured under it: an edition's copy from before an indicator was made knows nothing of it.
    """

    id: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    kind: Literal["monthly"] = "monthly"
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
    phantom: PhantomRules | None = None  # an edition's copy from before there were such rules has none
    empty: dict[str, Literal["not_applicable"]]

    def holds_in(self, month: Month) -> bool:
        """Whether the whole month falls into its days."""
        return self.valid_from <= month.first_day and (self.valid_to is None or month.last_day < self.valid_to)


def read(path: Path) -> RuleSet:
    """Read one file. Raises ``InputError`` naming the file and what is wrong in it."""
    return check(RuleSet, load(path), path.name)


def for_month(month: Month, folder: Path = FOLDER) -> tuple[RuleSet, Path]:
    """The rule set under which a month is to be computed, and its file.

    Raises ``InputError`` unless exactly one holds, and where it leaves out an indicator.
    """
    files = [path for path in sorted(folder.glob("*.yaml")) if load(path).get("kind", MONTHLY) == MONTHLY]
    found = [(rules, path) for path in files if (rules := read(path)).holds_in(month)]
    if len(found) != 1:
        names = ", ".join(rules.id for rules, _ in found)
        raise InputError(
            f"Không có đúng một bộ quy tắc cho tháng {month} (tìm thấy: {names or 'không có'}).",
            f"There is not exactly one set of rules for {month} (found: {names or 'none'}).",
        )
    if unknown := sorted(set(found[0][0].empty) - set(INDICATORS)):  # in an old edition's copy: an indicator that is no more
        raise InputError(
            f"Bộ quy tắc {found[0][0].id} nêu trong 'empty' chỉ tiêu không có: {', '.join(unknown)}; bỏ đi.",
            f"The set of rules {found[0][0].id} names unknown indicators in 'empty': {', '.join(unknown)}; drop them.",
        )
    if missing := sorted(set(INDICATORS) - set(found[0][0].empty)):
        raise InputError(
            f"Bộ quy tắc {found[0][0].id} thiếu chỉ tiêu trong 'empty': {', '.join(missing)}.",
            f"The set of rules {found[0][0].id} leaves out indicators in 'empty': {', '.join(missing)}.",
        )
    return found[0]
