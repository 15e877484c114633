"""The declaration of the public tables of survey figures, ``scorecard/public_tables.yaml``."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import InputError
from scorecard.figures import NATION, PROCEDURE, RAW

if TYPE_CHECKING:
    import pandas as pd

    from scorecard.rows import Place, Row

FILE = Path(__file__).parents[1] / "public_tables.yaml"
TOTAL = "total"
COUNTED = (RAW, "cleaned")  # variants that are plain counts
Window = Literal[1, 3, 12]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Table(_Strict):
    """Subjects (kinds of unit, or nation or procedure) × breakdowns × windows. ``all``: every breakdown."""

    id: str
    subjects: tuple[str, ...]
    breakdowns: tuple[str, ...] | Literal["all"]
    windows: tuple[Window, ...]

    def holds(self, subject: str, breakdown: str, window: int) -> bool:
        """Whether a figure stands in this table."""
        return subject in self.subjects and window in self.windows and (self.breakdowns == "all" or breakdown in self.breakdowns)


class Counting(_Strict):
    """``answers``: which number of the row counts the answers. ``same``: when all are taken to have given the same answer:
    where none or all of them are counted, only where all are (one option of several), or never (not what was answered). ``parts``:
    indicators of which an answer counts here if it counts in one of them."""

    answers: Literal["n", "numerator"] = "n"
    same: Literal["both", "all", "never"] = "both"
    parts: tuple[str, ...] = ()


class Live(_Strict):
    """What is shown of a month that is not over, and how often it changes."""

    tables: tuple[str, ...]
    breakdowns: tuple[str, ...]
    windows: tuple[Window, ...]
    indicators: tuple[str, ...]
    least_days: int = Field(ge=1)
    least_answers: int = Field(ge=1)


class PublicTables(_Strict):
    """The declaration as a whole."""

    id: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    source: str
    source_en: str
    least_satisfied_range: int = Field(ge=1)
    history_months: int = Field(ge=0)
    few_dossiers: int = Field(ge=1)
    leading: str
    tables: tuple[Table, ...]
    period_kinds: tuple[str, ...]
    digits: dict[str, int]
    compared: tuple[str, ...]
    indicators: dict[str, Counting]
    not_dividing: tuple[str, ...]
    as_total: dict[str, tuple[str, ...]] = {}  # an older edition's copy does not name them
    live: Live

    @model_validator(mode="after")
    def _known(self) -> Self:
        if unknown := set(self.live.tables) - {table.id for table in self.tables}:
            raise ValueError(f"'live' names no tables of this file: {', '.join(sorted(unknown))}")
        return self

    def counting(self, indicator: str) -> Counting:
        """How an indicator counts answers."""
        return self.indicators.get(indicator, Counting())

    def says_total(self, breakdown: str, category: str) -> bool:
        """Whether a category says again what the total says."""
        return category in self.as_total.get(breakdown, ())

    def table_of(self, row: "Row", places: "Mapping[str, Place]", live: bool = False) -> Table | None:
        """The declared table in which the row stands, or None: then it does not leave."""
        if row.variant not in (*COUNTED, *self.digits):
            return None
        if live and not (
            row.breakdown in self.live.breakdowns and row.window in self.live.windows and row.indicator in self.live.indicators
        ):
            return None
        for table in self._holding(_kind(row.subject_kind, row.subject_code, places), row.period_kind, row.breakdown, row.window):
            if not live or table.id in self.live.tables:
                return table
        return None

    def _holding(self, kind: str, period_kind: str, breakdown: str, window: int) -> list[Table]:
        return [table for table in self.tables if period_kind in self.period_kinds and table.holds(kind, breakdown, window)]

    def published(self, earlier: "pd.DataFrame", places: "Mapping[str, Place]") -> "pd.DataFrame":
        """Of earlier figures those that stand in a declared table: of the others, hidden whatever they hold, the word says nothing."""
        import numpy as np

        by = ["subject_kind", "subject_code", "period_kind", "breakdown", "window"]
        cells = earlier[by].drop_duplicates()
        held = [
            bool(self._holding(_kind(kind, code, places), period, breakdown, window))
            for kind, code, period, breakdown, window in cells.itertuples(index=False)
        ]
        return earlier.merge(cells[np.array(held, dtype=bool)], on=by)


def _kind(subject_kind: str, subject_code: str, places: "Mapping[str, Place]") -> str:
    """The kind of subject as the declaration names it: of a unit, what kind of unit."""
    if subject_kind in (NATION, PROCEDURE):
        return subject_kind
    place = places.get(subject_code)
    return place.kind if place is not None else ""


def read_tables(path: Path = FILE) -> PublicTables:
    """Read the declaration. Raises ``InputError`` naming the file and what is wrong in it."""
    try:
        return PublicTables.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        raise InputError(
            f"Tệp bảng công khai {path.name} không hợp lệ: {error}", f"The file of public tables {path.name} is not valid: {error}"
        ) from error
