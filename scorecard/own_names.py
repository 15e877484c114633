"""Names and goals as an edition knows them: of units, procedures, registers, from its own folder, so that its papers can be made again
with the words of its time (DESIGN §4: an edition owns its inputs). What an older edition did not keep is read as it is now."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy.orm import Session

from core.calendar import Month
from core.web import pick
from procedures import queries as procedures
from scorecard import targets
from scorecard.inputs import REGISTERS, TARGETS, UNITS, read_json
from scorecard.service_inputs import CATALOGUE

if TYPE_CHECKING:
    from procedures.queries import UnitView
    from scorecard.models import Edition


def units_of(session: Session, edition: "Edition") -> "dict[str, UnitView]":
    """Its units by code, as on the month's last day."""
    path = _folder(edition) / UNITS
    return dict(_units(path)) if path.is_file() else procedures.units(session, Month.parse(edition.month).last_day)


def procedures_of(session: Session, edition: "Edition") -> dict[str, tuple[str, str]]:
    """Procedure → (name, sector)."""
    path = _folder(edition) / CATALOGUE
    if path.is_file():
        return dict(_catalogue(path))
    return {
        code: (view.name, view.sector) for code, view in procedures.procedures_map(session, Month.parse(edition.month).last_day).items()
    }


def registers_of(session: Session, edition: "Edition") -> dict[str, str]:
    """Names of the state registers in the language that is set, by code."""
    path = _folder(edition) / REGISTERS
    if path.is_file():
        return {row["code"]: pick(row["name"], row["name_en"] or row["name"]) for row in read_json(path)["registers"]}
    return {row.code: pick(row.name, row.name_en or row.name) for row in procedures.registers(session)}


def targets_of(edition: "Edition") -> tuple[targets.Target, ...]:
    """The goals that were set at its cut-off."""
    path = _folder(edition) / TARGETS
    return targets.read(path) if path.is_file() else targets.read()


@lru_cache(maxsize=8)
def _units(path: Path) -> "dict[str, UnitView]":
    """Read once: an edition's folder never changes."""
    import pyarrow.parquet as pq

    return {row["code"]: procedures.UnitView(**row) for row in pq.read_table(path).to_pylist()}


@lru_cache(maxsize=8)
def _catalogue(path: Path) -> dict[str, tuple[str, str]]:
    import pyarrow.parquet as pq

    rows = pq.read_table(path, columns=["code", "name", "sector"]).to_pylist()
    return {row["code"]: (row["name"], row["sector"] or "") for row in rows}


def _folder(edition: "Edition") -> Path:
    folder: Path = current_app.extensions["settings"].data_dir / "editions" / edition.folder
    return folder
