"""What a batch of rows is looked up in: unit codes with their spans of days, procedures, providers; and foreign lists that grow."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from core.database import reading, writing
from procedures import names
from procedures.dossiers import dossier_schema
from procedures.models import CODE_SYSTEMS, NATIONAL, Procedure, Provider, Source, SourceProvider, Unit, UnitCode, UnitVersion

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ALWAYS = date(1900, 1, 1)  # a foreign list says nothing about since when
MAX_CODE = 32
MAX_NAME = 300  # a longer text in a column of codes means no unit


def own_system(source_code: str) -> str:
    """Name of a source's own code system."""
    return f"source:{source_code}"


def spans(session: Session, source: Source, texts: Sequence[str], today: date) -> list[tuple[str, date, date, str, str, str | None]]:
    """(code, since, until, unit, kind, parent): what each text of the source's columns of units means, one unit a day.

    Looked up in the source's own codes, the national exchange's, the statistics office's; then among successors of abolished
    communes and names. A span is where the code and the unit's version overlap, less the days that an earlier place has given away.
    """
    parent = aliased(Unit)
    systems = [own_system(source.code), CODE_SYSTEMS[1], CODE_SYSTEMS[0]]
    found: list[names.Span] = []
    for chunk in names.chunks(texts):
        rows = session.execute(
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
        for system, code, since, until, version_since, version_until, unit, kind, above in rows:
            first, last = max(since, version_since), min(until or date.max, version_until or date.max)
            found.append(names.Span(systems.index(system), code, first, last, unit, kind, above))
    found += names.further_units(session, source, texts, today, first_rank=len(systems))
    result: list[tuple[str, date, date, str, str, str | None]] = []
    taken: dict[str, list[tuple[date, date]]] = {}
    for span in sorted(found, key=lambda span: (span.rank, span.code, span.valid_from, span.unit)):
        for since, until in _free(span.valid_from, span.valid_to, taken.setdefault(span.code, [])):
            result.append((span.code, since, until, span.unit, span.kind, span.parent))
            taken[span.code].append((since, until))
    return result


def _free(since: date, until: date, taken: list[tuple[date, date]]) -> list[tuple[date, date]]:
    """The parts of a span of days that no other has."""
    free = [(since, until)] if since < until else []
    for first, last in taken:
        parts = [part for begin, end in free for part in ((begin, min(end, first)), (max(begin, last), end))]
        free = [(begin, end) for begin, end in parts if begin < end]
    return free


def known_procedures(session: Session, list_code: str, codes: Sequence[str]) -> list[tuple[str, date, date]]:
    """(code, since, until) of those of the codes that the list has."""
    columns = (Procedure.code, Procedure.valid_from, Procedure.valid_to)
    found: list[tuple[str, date, date]] = []
    for chunk in names.chunks(codes):
        rows = session.execute(select(*columns).where(Procedure.list_code == list_code, Procedure.code.in_(chunk)))
        found += [(code, since, until or date.max) for code, since, until in rows]
    return found


class Lookups:
    """What the rows of a source are looked up in, as tables of the engine that grow with the codes that its rows name.

    ``unit_spans``: code, since, until, unit, kind, parent, at most one row a code and day. ``known_procedures``: code, since, until.
    ``types``: the engine's type of each of the lake's columns.
    """

    def __init__(self, con: "DuckDBPyConnection", source: Source, today: date) -> None:
        self._con, self._source, self._today = con, source, today
        self._seen: tuple[set[str], set[str]] = (set(), set())
        self._foreign = source.list_code != NATIONAL
        con.execute("CREATE TEMP TABLE unit_spans (code VARCHAR, since DATE, until DATE, unit VARCHAR, kind VARCHAR, parent VARCHAR)")
        con.execute("CREATE TEMP TABLE known_procedures (code VARCHAR, since DATE, until DATE)")
        known = list(reading().scalars(select(Provider.code)))
        con.execute("SET VARIABLE known_providers = ?::VARCHAR[]", [known])
        self._providers = (
            reading()
            .execute(
                select(Provider.code, SourceProvider.valid_from, SourceProvider.valid_to)
                .join(SourceProvider, SourceProvider.provider_id == Provider.id)
                .where(SourceProvider.source_id == source.id)
            )
            .all()
        )
        con.register("lake_row", dossier_schema().empty_table())
        self.types = {row[0]: row[1] for row in con.execute("DESCRIBE lake_row").fetchall()}
        con.unregister("lake_row")

    @property
    def has_providers(self) -> bool:
        """Whether somebody is registered as the supplier of the source's system."""
        return bool(self._providers)

    def provider_on(self, day: str) -> str:
        """SQL for who supplied the source's system on a day (an SQL expression)."""
        cases = " ".join(
            f"WHEN {day} >= DATE '{since}' AND {day} < DATE '{until or date.max}' THEN '{code}'" for code, since, until in self._providers
        )
        return f"CASE {cases} END" if cases else "NULL::VARCHAR"

    def learn(self, relation: str, present: set[str]) -> bool:
        """Look up what a relation names in its fields ``present`` and none before it has. True if something was found."""
        columns = [name for name in ("handling_unit", "receiving_unit", "reception_point") if name in present]
        units = self._new(relation, columns, self._seen[0])
        procedures = self._new(relation, ["procedure_code"], self._seen[1]) if "procedure_code" in present else []
        if self._foreign and (units or procedures):
            grow_foreign_list(self._source.id, units, procedures)
            self._source = find_source(self._source.code)
        found = spans(reading(), self._source, units, self._today)
        known = known_procedures(reading(), self._source.list_code, procedures)
        self._insert("unit_spans", found)
        self._insert("known_procedures", known)
        return bool(found or known)

    def _new(self, relation: str, columns: Sequence[str], seen: set[str]) -> list[str]:
        found: set[str] = set()
        for column in columns:
            rows = self._con.execute(f"SELECT DISTINCT {column} FROM {relation}").fetchall()
            found.update(row[0] for row in rows if row[0] is not None and len(row[0]) <= MAX_NAME and "\0" not in row[0])
        new = sorted(found - seen)
        seen.update(new)
        return new

    def _insert(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        import pyarrow as pa

        if rows:
            # row by row the engine would take longer than over all the file
            self._con.register(
                "looked_up", pa.table({f"c{number}": pa.array(column) for number, column in enumerate(zip(*rows, strict=True))})
            )
            self._con.execute(f"INSERT INTO {table} SELECT * FROM looked_up")
            self._con.unregister("looked_up")


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
        for code in sorted(set(procedures) - {row[0] for row in known_procedures(session, source.list_code, procedures)}):
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
