"""Lists that belong to an edition: each declared once, computed with it, frozen with it, read through ``queries.edition_table``.

A table's rows are already safe when they are written: whoever adds one applies the rules of disclosure before.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

    from scorecard.availability import Phantom
    from scorecard.file_counts import FileCounts
    from scorecard.inputs import Inputs
    from scorecard.measuring import Material, Row

FOLDER = "tables"  # in the edition's folder
TYPES = {"text": "str", "count": "Int64", "share": "Float64", "day": "str", "flag": "boolean"}


@dataclass(frozen=True)
class Column:
    """A column: its name in files, its names for readers, and what it holds. ``share`` is in [0, 1]; ``day`` is ISO text."""

    name: str
    vi: str
    en: str
    type: Literal["text", "count", "share", "day", "flag"] = "text"


@dataclass(frozen=True)
class TableMaterial:
    """What a table may be made of: the frozen inputs, the edition's folder (with ``counts.parquet``), the lake's files, the
    measurements, how often a register's paper was asked for, papers by class (``counting.Counts``), and what ended and was filed again
    (``hidden_supplements``; None for a month that is not over), services on paper only (``availability``)."""

    inputs: "Inputs"
    folder: Path
    lake_files: list[Path]
    rows: "list[Row]"
    register_counts: "pd.DataFrame"
    class_counts: "pd.DataFrame"
    refiled: "pd.DataFrame | None"
    phantoms: "Sequence[Phantom]" = ()
    material: "Material | None" = None  # what the measurements were made of
    files: "FileCounts | None" = None  # of a month that is not over: counts of the lake's files that are kept
    _made: "dict[str, pd.DataFrame]" = field(default_factory=dict, repr=False, compare=False)

    def once(self, make: "Callable[[TableMaterial], pd.DataFrame]") -> "pd.DataFrame":
        """What several tables are made of, made for the first of them. Nobody changes it in place."""
        if (name := f"{make.__module__}.{make.__qualname__}") not in self._made:
            self._made[name] = make(self)
        return self._made[name]


@dataclass(frozen=True)
class EditionTable:
    """One list. ``rows`` gives a frame with at least the declared columns; its order is the order in which people read it."""

    name: str
    title_vi: str
    title_en: str
    columns: tuple[Column, ...]
    rows: "Callable[[TableMaterial], pd.DataFrame]"

    def frame(self, material: TableMaterial) -> "pd.DataFrame":
        """The table, with its columns only and their types."""
        found = self.rows(material)
        return found[[column.name for column in self.columns]].astype(self.types).reset_index(drop=True)

    @property
    def types(self) -> dict[str, str]:
        """pandas' type of each column."""
        return {column.name: TYPES[column.type] for column in self.columns}


# Modules that declare tables as a tuple ``TABLES``; none loads a data library when it is imported.
MODULES: tuple[str, ...] = (
    "scorecard.survey_tables",
    "scorecard.quality_marks",
    "scorecard.integrity_tables",
    "scorecard.availability",
    "scorecard.tickets",
    "scorecard.declare_once_tables",
    "scorecard.mismatch",
    "scorecard.petition_facts",
    "scorecard.reporting_periods",
    "scorecard.handling_times",
)


@lru_cache(maxsize=1)
def tables() -> dict[str, EditionTable]:
    """All declared tables by name. (A function, because the modules that declare them import this one.)"""
    return {table.name: table for name in MODULES for table in import_module(name).TABLES}


def canonical_rows(frames: "Mapping[str, pd.DataFrame]") -> Iterator[list[Any]]:
    """Each row as a list of plain values after its table's name, tables by name; floats to 10 significant digits."""
    from scorecard.statistics import round10

    for name in sorted(frames):
        frame = frames[name].astype(object)
        for row in frame.where(frame.notna(), None).itertuples(index=False, name=None):
            yield [name, *(round10(value) if isinstance(value, float) else value for value in row)]


def read(folder: Path, name: str) -> "pd.DataFrame":
    """A table out of an edition's folder; empty where the edition is older than the table. Raises ``KeyError`` for an unknown name."""
    import pandas as pd

    table, path = tables()[name], folder / FOLDER / f"{name}.parquet"
    if not path.is_file():
        return pd.DataFrame(columns=list(table.types)).astype(table.types)
    return pd.read_parquet(path).astype(table.types)


def read_all(folder: Path) -> "dict[str, pd.DataFrame]":
    """Every table of an edition, by name."""
    return {name: read(folder, name) for name in tables()}
