"""From an edition's frozen inputs to its measurements and their canonical form; the same way when closing and when replaying."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from operator import attrgetter, itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from scorecard.counting import count
from scorecard.edition_tables import FOLDER as TABLE_FOLDER
from scorecard.edition_tables import TableMaterial, canonical_rows
from scorecard.edition_tables import tables as edition_tables
from scorecard.figures import COUNTRY
from scorecard.file_counts import FileCounts, mark_of
from scorecard.hidden_supplements import count_refilings, with_refilings
from scorecard.inputs import Inputs, frozen_marks, load, write_frame
from scorecard.measuring import KEY, Material, Row, measure
from scorecard.population import FILE as POPULATION
from scorecard.population import population
from scorecard.public_history import OWN as OWN_PUBLIC
from scorecard.public_history import public_cells
from scorecard.rows import named
from scorecard.service_measures import measure_services
from scorecard.survey_estimates import compact
from scorecard.survey_history import OWN_COUNTS, OWN_WEIGHTED
from scorecard.survey_measures import month_counts

if TYPE_CHECKING:
    import pandas as pd

MEASUREMENTS, COUNTS, REGISTER_COUNTS = "measurements.json", "counts.parquet", "register_counts.parquet"
COLUMNS = tuple(field.name for field in fields(Row))
_KEY = tuple(COLUMNS.index(name) for name in KEY)


@dataclass(frozen=True)
class Computed:
    """What a month comes to. ``canonical``: the JSON by which two computations are compared, UTF-8."""

    inputs: Inputs
    rows: list[Row]
    canonical: bytes
    register_counts: "pd.DataFrame"
    population: "pd.DataFrame"
    tables: "dict[str, pd.DataFrame]"
    facts: dict[str, Any]
    kept: "dict[str, pd.DataFrame]"  # of the survey, for later editions

    @property
    def checksum(self) -> str:
        """SHA-256 of the canonical JSON, in hexadecimal."""
        return hashlib.sha256(self.canonical).hexdigest()

    def write(self, folder: Path) -> None:
        """Put the results beside the inputs. (The counts by unit and procedure are there already: ``compute`` wrote them.)"""
        write_frame(folder / REGISTER_COUNTS, self.register_counts)
        write_frame(folder / POPULATION, self.population)
        for name, frame in self.kept.items():
            write_frame(folder / name, frame)
        (folder / TABLE_FOLDER).mkdir()
        for name, frame in self.tables.items():
            write_frame(folder / TABLE_FOLDER / f"{name}.parquet", frame)
        (folder / MEASUREMENTS).write_bytes(self.canonical)


def compute(folder: Path, lake_root: Path, counts: Path | None = None, kept: Path | None = None) -> Computed:
    """Compute from the inputs in a folder and the lake's files that they list; nothing else is read.

    ``counts``: where the counts by unit and procedure go, which are too many to hold. ``kept``: where counts of single files are kept
    from one refresh of a running month to the next; a closed month is counted in full.
    """
    inputs = load(folder)
    files = FileCounts(kept, inputs.month, mark_of(*frozen_marks(folder))) if kept is not None and inputs.provisional else None
    paths = [lake_root / item.path for item in inputs.lake_files]
    provinces = {place.code: place.province or place.code for place in inputs.places.values()}
    counted = count(paths, [source.code for source in inputs.sources], inputs.month, inputs.papers, provinces, counts, files)
    sources = [source.code for source in inputs.sources]
    with TemporaryDirectory(prefix="population-") as scratch:
        reached = population(paths, sources, inputs.month, provinces, Path(scratch), files)
    reported = {source.province for source in inputs.sources if source.submissions or counted.sources.get(source.code)}
    material = Material(
        places=inputs.places,
        by_unit=counted.by_unit,
        by_procedure=counted.by_procedure,
        answers=inputs.answers,
        invited=inputs.invited,
        offerings=inputs.offerings,
        population=reached,
        reported=frozenset(code for code in reported if code is not None),
        month=str(inputs.month),
        groups=inputs.groups,
        windows=inputs.windows,
        before=inputs.before,
        public=inputs.public,
        tables=inputs.tables,
    )
    others, phantoms = measure_services(inputs, paths, provinces, counted, material.reported, files)
    material = replace(material, others=others)
    refiled = None
    if not inputs.provisional:  # who comes again within 30 days is told of closed months alone: it takes reading every dossier
        refiled = count_refilings(paths, sources, inputs.month)
        material = replace(
            material, by_unit=with_refilings(counted.by_unit, refiled), by_procedure=with_refilings(counted.by_procedure, refiled)
        )
    rows = measure(material, inputs.rules)
    spread = counted.registers.assign(province_code=named(counted.registers["handling_unit"], provinces))
    register_counts = spread.sort_values(["province_code", "handling_unit", "procedure_code", "register_code"], ignore_index=True)
    table_material = TableMaterial(inputs, folder, paths, rows, register_counts, counted.classes, refiled, phantoms, material, files)
    frozen = {path.stem for path in (folder / TABLE_FOLDER).glob("*.parquet")}  # of an edition that is computed again
    tables = {name: table.frame(table_material) for name, table in edition_tables().items() if not frozen or name in frozen}
    facts = {
        "dossiers": sum(counted.sources.values()),
        "sources": len(inputs.sources),
        "sources_reported": sum(bool(source.submissions or counted.sources.get(source.code)) for source in inputs.sources),
        "reported": sorted(material.reported),
        "unknown_units": sorted({str(code) for code in counted.by_unit["handling_unit"]} - set(inputs.places)),
        "grey_below": inputs.rules.disclosure.grey_below,
    }
    return Computed(
        inputs=inputs,
        rows=rows,
        canonical=canonical(str(inputs.month), inputs.rules.id, inputs.provisional, map(attrgetter(*COLUMNS), rows), tables),
        register_counts=register_counts,
        population=reached,
        tables=tables,
        facts=facts,
        kept={} if inputs.provisional else _left(material, rows),
    )


def _left(material: Material, rows: list[Row]) -> "dict[str, pd.DataFrame]":
    """What later editions need of this one's survey."""
    return {OWN_WEIGHTED: compact(material.rated), OWN_COUNTS: month_counts(material), OWN_PUBLIC: public_cells(rows, material.learned)}


def canonical(
    month: str, rules: str, provisional: bool, rows: Iterable[tuple[Any, ...]], tables: "Mapping[str, pd.DataFrame] | None" = None
) -> bytes:
    """The measurements as JSON of one form only: rows in ``COLUMNS``' order, one a line, sorted; shortest exact numbers.

    ``tables``: the edition's tables, each row after the measurements as a line with the table's name.
    """
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=True).encode
    lines = ",\n".join(encode(row) for row in sorted(rows, key=itemgetter(*_KEY)))
    lists = ",\n".join(encode(row) for row in canonical_rows(tables or {}))
    head = encode({"columns": COLUMNS, "month": month, "provisional": provisional, "rules": rules, "subject_of_nation": COUNTRY})
    return f'{head[:-1]},"rows":[\n{lines}\n],"tables":[\n{lists}\n]}}\n'.encode()


def differing(stored: bytes, computed: bytes, limit: int = 20) -> list[str]:
    """Lines that stand in one canonical form only, marked ``-`` (stored) and ``+`` (computed)."""
    before, after = stored.decode(errors="replace").splitlines(), computed.decode().splitlines()
    gone, come = set(before) - set(after), set(after) - set(before)
    lines = [f"- {line}" for line in before if line in gone] + [f"+ {line}" for line in after if line in come]
    return sorted(lines, key=lambda line: line[2:])[:limit]
