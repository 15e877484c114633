"""What a batch of rows is looked up in: unit codes with their spans of days, procedures, providers; and foreign lists that grow."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from core.database import reading, writing
from procedures.models import CODE_SYSTEMS, NATIONAL, Procedure, Provider, Source, SourceProvider, Unit, UnitCode, UnitVersion

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

ALWAYS = date(1900, 1, 1)  # a foreign list says nothing about since when
MAX_CODE = 32
CHUNK = 500


def _chunks(codes: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(codes), CHUNK):
        yield codes[start : start + CHUNK]


def own_system(source_code: str) -> str:
    """Name of a source's own code system."""
    return f"source:{source_code}"


def unit_codes(session: Session, source: Source, codes: Sequence[str]) -> "pa.Table":
    """(rank, code, valid_from, valid_to, unit, kind, parent): every unit that a code may mean; the smallest rank goes first.

    A span is where the code and the unit's version overlap.
    """
    import pyarrow as pa

    parent = aliased(Unit)
    systems = [own_system(source.code), CODE_SYSTEMS[1], CODE_SYSTEMS[0]]
    rows = []
    for chunk in _chunks(codes):
        found = session.execute(
            select(
                UnitCode.system,
                UnitCode.code,
                UnitCode.valid_from,
                UnitCode.valid_to,
                UnitVersion.valid_from,
                UnitVersion.valid_to,
                Unit.code,
                Unit.kind,
                parent.code,
            )
            .join(Unit, Unit.id == UnitCode.unit_id)
            .join(UnitVersion, UnitVersion.unit_id == Unit.id)
            .outerjoin(parent, parent.id == UnitVersion.parent_id)
            .where(UnitCode.system.in_(systems), UnitCode.code.in_(chunk), Unit.list_code == source.list_code)
        )
        for system, code, since, until, version_since, version_until, unit, kind, parent_code in found:
            first, last = max(since, version_since), min(until or date.max, version_until or date.max)
            if first < last:
                rows.append((systems.index(system), code, first, last, unit, kind, parent_code))
    names = [("rank", pa.int32()), ("code", pa.string()), ("valid_from", pa.date32()), ("valid_to", pa.date32())]
    names += [("unit", pa.string()), ("kind", pa.string()), ("parent", pa.string())]
    return pa.Table.from_arrays(
        [pa.array([row[position] for row in rows], kind) for position, (_name, kind) in enumerate(names)], schema=pa.schema(names)
    )


def known_procedures(session: Session, list_code: str, codes: Sequence[str]) -> set[str]:
    """Those of the codes that the list has."""
    known: set[str] = set()
    for chunk in _chunks(codes):
        known.update(session.scalars(select(Procedure.code).where(Procedure.list_code == list_code, Procedure.code.in_(chunk))))
    return known


def register_lookups(con: "DuckDBPyConnection", session: Session, source: Source, codes: Sequence[str], procedures: Sequence[str]) -> None:
    """Give the engine the tables ``unit_codes``, ``procedure_codes`` and ``providers``."""
    import pyarrow as pa

    con.register("unit_codes", unit_codes(session, source, codes))
    known = sorted(known_procedures(session, source.list_code, procedures))
    con.register("procedure_codes", pa.table({"code": pa.array(known, pa.string())}))
    spans = session.execute(
        select(Provider.code, SourceProvider.valid_from, SourceProvider.valid_to)
        .join(SourceProvider, SourceProvider.provider_id == Provider.id)
        .where(SourceProvider.source_id == source.id)
    ).all()
    con.register(
        "providers",
        pa.table(
            {
                "provider": pa.array([code for code, _since, _until in spans], pa.string()),
                "valid_from": pa.array([since for _code, since, _until in spans], pa.date32()),
                "valid_to": pa.array([until or date.max for _code, _since, until in spans], pa.date32()),
            }
        ),
    )


def grow_foreign_list(source_id: int, codes: Sequence[str], procedures: Sequence[str]) -> None:
    """Register what a foreign source's rows name and its own list lacks. A code that is too long stays unknown."""
    with writing() as session:
        source = session.get_one(Source, source_id)
        if source.list_code == NATIONAL:
            raise ValueError("the national lists grow by decisions, not by feeds")
        system = own_system(source.code)
        known = set(session.scalars(select(UnitCode.code).where(UnitCode.system == system)))
        listed = {unit.code: unit for unit in session.scalars(select(Unit).where(Unit.list_code == source.list_code))}
        for code in codes:
            if code in known or len(code) > MAX_CODE:
                continue
            unit = listed.get(code)
            if unit is None:
                unit = Unit(list_code=source.list_code, code=code, kind="department")
                session.add(unit)
                session.flush()
                session.add(
                    UnitVersion(
                        unit_id=unit.id,
                        name=code,
                        short_name=code,
                        name_en=code,
                        type_label="",
                        valid_from=ALWAYS,
                        document=f"feed {source.code}",
                    )
                )
            session.add(UnitCode(unit_id=unit.id, system=system, code=code, valid_from=ALWAYS))
        for code in sorted(set(procedures) - known_procedures(session, source.list_code, procedures)):
            if len(code) <= MAX_CODE:
                session.add(
                    Procedure(
                        list_code=source.list_code,
                        code=code,
                        name=code,
                        issuing_agencies=[],
                        executing_agencies=[],
                        levels=[],
                        details={},
                        valid_from=ALWAYS,
                        source_note=f"feed {source.code}",
                    )
                )


def find_source(code: str) -> Source:
    """A source by code. Raises ``InputError`` if it is not registered."""
    from core.errors import InputError

    source = reading().scalar(select(Source).where(Source.code == code))
    if source is None:
        raise InputError(
            f"Chưa có nguồn {code}. Khai báo bằng lệnh “flask feeds source add”.",
            f"There is no source {code}. Register it with “flask feeds source add”.",
            field="source",
        )
    return source
