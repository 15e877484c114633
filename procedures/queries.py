"""What the other rooms may ask about units, procedures, registers, submissions and dossiers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, aliased, selectinload

from procedures.asked_papers import AskedPaper, LegalBasis, asked_papers, legal_basis
from procedures.dossier_queries import EndPoint, coverage, end_points, end_points_with_history, lake_health, refilings
from procedures.models import (
    NATIONAL,
    Component,
    Procedure,
    RegisterConnection,
    Source,
    StandardComponent,
    StateRegister,
    Submission,
    Unit,
    UnitVersion,
)

__all__ = [
    "AskedPaper",
    "EndPoint",
    "LegalBasis",
    "ProcedureView",
    "UnitView",
    "asked_papers",
    "below",
    "connected_systems",
    "connections",
    "coverage",
    "dated_connections",
    "end_points",
    "end_points_with_history",
    "is_simulated",
    "lake_health",
    "legal_basis",
    "national_sources",
    "own_units",
    "procedure",
    "procedures_map",
    "refilings",
    "registers",
    "standard_components",
    "submission",
    "submissions",
    "units",
]


@dataclass(frozen=True)
class UnitView:
    """A unit as it is on one day. ``province_code``: the nearest province or ministry at or above it; None for the nation."""

    id: int
    code: str
    kind: str
    name: str
    short_name: str
    name_en: str
    type_label: str
    parent_code: str | None
    province_code: str | None


@dataclass(frozen=True)
class ProcedureView:
    """A procedure without its texts and papers."""

    code: str
    name: str
    sector: str
    is_local: bool
    simulated: bool


def valid(table: Any, on: date) -> ColumnElement[bool]:
    """Rows of a table with ``valid_from`` and ``valid_to`` that hold on a day (half-open)."""
    return and_(table.valid_from <= on, or_(table.valid_to.is_(None), table.valid_to > on))


def units(session: Session, on: date, list_code: str = NATIONAL) -> dict[str, UnitView]:
    """The units of a list that are valid on a day, by code."""
    parent = aliased(Unit)
    rows = session.execute(
        select(
            Unit.id,
            Unit.code,
            Unit.kind,
            UnitVersion.name,
            UnitVersion.short_name,
            UnitVersion.name_en,
            UnitVersion.type_label,
            parent.code,
        )
        .join(UnitVersion, UnitVersion.unit_id == Unit.id)
        .outerjoin(parent, parent.id == UnitVersion.parent_id)
        .where(Unit.list_code == list_code, valid(UnitVersion, on))
        .order_by(Unit.code)
    ).all()
    parents = {row[1]: row[7] for row in rows}
    kinds = {row[1]: row[2] for row in rows}

    def answerable(code: str | None) -> str | None:
        seen = set()
        while code is not None and code not in seen:
            if kinds.get(code) in ("province", "ministry"):
                return code
            seen.add(code)
            code = parents.get(code)
        return None

    return {row[1]: UnitView(*row, province_code=answerable(row[1])) for row in rows}


def below(session: Session, root_code: str, on: date) -> set[str]:
    """Codes of a national unit and of everything under it on a day; empty if there is no such unit."""
    everything = units(session, on)
    if root_code not in everything:
        return set()
    children: dict[str, list[str]] = {}
    for view in everything.values():
        if view.parent_code is not None:
            children.setdefault(view.parent_code, []).append(view.code)
    found: set[str] = set()
    waiting = [root_code]
    while waiting:
        code = waiting.pop()
        if code not in found:
            found.add(code)
            waiting.extend(children.get(code, ()))
    return found


def procedure(session: Session, code: str) -> Procedure | None:
    """A national procedure with its papers and their registers."""
    return session.scalar(
        select(Procedure)
        .where(Procedure.list_code == NATIONAL, Procedure.code == code)
        .options(selectinload(Procedure.components).joinedload(Component.register))
    )


def procedures_map(session: Session, on: date) -> dict[str, ProcedureView]:
    """National procedures valid on a day, by code."""
    rows = session.execute(
        select(Procedure.code, Procedure.name, Procedure.sector, Procedure.is_local, Procedure.simulated)
        .where(Procedure.list_code == NATIONAL, valid(Procedure, on))
        .order_by(Procedure.code)
    )
    return {row[0]: ProcedureView(*row) for row in rows}


def registers(session: Session) -> list[StateRegister]:
    """All state registers by code."""
    return list(session.scalars(select(StateRegister).order_by(StateRegister.code)))


def standard_components(session: Session) -> list[StandardComponent]:
    """All standard components with their registers, by code."""
    wanted = select(StandardComponent).options(selectinload(StandardComponent.register))
    return list(session.scalars(wanted.order_by(StandardComponent.code)))


def connected_systems(session: Session) -> list[tuple[str, str, str, date]]:
    """(register, unit, source, first day) of every system that can look into a register, the first of several connections."""
    rows = session.execute(
        select(StateRegister.code, Unit.code, Source.code, RegisterConnection.connected_from)
        .join(RegisterConnection, RegisterConnection.register_id == StateRegister.id)
        .join(Unit, Unit.id == RegisterConnection.unit_id)
        .join(
            Source,
            and_(Source.unit_id == Unit.id, or_(RegisterConnection.source_id.is_(None), RegisterConnection.source_id == Source.id)),
        )
        .where(Source.list_code == NATIONAL)
    )
    first: dict[tuple[str, str, str], date] = {}
    for register, unit, source, day in rows:
        first[register, unit, source] = min(day, first.get((register, unit, source), day))
    return [(*key, day) for key, day in sorted(first.items())]


def dated_connections(session: Session, on: date) -> list[tuple[str, str, str, date, str]]:
    """(register, unit, source or empty for all of the unit's, since when, document that says so) up to a day, oldest first."""
    rows = session.execute(
        select(StateRegister.code, Unit.code, Source.code, RegisterConnection.connected_from, RegisterConnection.source_document)
        .join(RegisterConnection, RegisterConnection.register_id == StateRegister.id)
        .join(Unit, Unit.id == RegisterConnection.unit_id)
        .outerjoin(Source, Source.id == RegisterConnection.source_id)
        .where(RegisterConnection.connected_from <= on)
        .order_by(StateRegister.code, RegisterConnection.connected_from, Unit.code, Source.code)
    )
    return [(register, unit, source or "", day, document) for register, unit, source, day, document in rows]


def connections(session: Session, on: date) -> set[tuple[str, str]]:
    """(register code, unit code) of the systems that can look into a register on a day."""
    rows = session.execute(
        select(StateRegister.code, Unit.code)
        .join(RegisterConnection, RegisterConnection.register_id == StateRegister.id)
        .join(Unit, Unit.id == RegisterConnection.unit_id)
        .where(RegisterConnection.connected_from <= on)
    )
    return {(register, unit) for register, unit in rows}


def national_sources(session: Session) -> list[str]:
    """Codes of the sources that count in national figures."""
    return list(session.scalars(select(Source.code).where(Source.list_code == NATIONAL).order_by(Source.code)))


def is_simulated(session: Session) -> bool:
    """Whether any source that counts in national figures is simulated."""
    return session.scalar(select(Source.id).where(Source.list_code == NATIONAL, Source.simulated).limit(1)) is not None


def submissions(session: Session, unit_code: str | None, on: date = date.max, limit: int = 100) -> list[Submission]:
    """The newest submissions, newest first; with a unit, only those of its own sources and of the sources below it.

    Without a day the units stand as their last known versions say.
    """
    newest = (Submission.received_at.desc(), Submission.id.desc())
    wanted = select(Submission).join(Source).options(selectinload(Submission.source)).order_by(*newest)
    if unit_code is not None:
        wanted = wanted.join(Unit, Unit.id == Source.unit_id).where(
            Unit.code.in_(own_units(session, unit_code, on)), Unit.list_code == NATIONAL
        )
    return list(session.scalars(wanted.limit(limit)))


def submission(session: Session, key: str) -> Submission | None:
    """A submission by its key."""
    return session.scalar(select(Submission).where(Submission.key == key))


def may_open(session: Session, submission: Submission, unit_code: str | None, on: date = date.max) -> bool:
    """Whether someone of a unit (None: of the office) may see a submission."""
    unit = submission.source.unit
    return unit_code is None or (unit is not None and unit.list_code == NATIONAL and unit.code in own_units(session, unit_code, on))


def own_units(session: Session, unit_code: str, on: date) -> Iterable[str]:
    """A unit and everything below it. A centre serves a province or ministry, whose sources are therefore its own."""
    everything = units(session, on)
    view = everything.get(unit_code)
    root = view.parent_code if view is not None and view.kind == "centre" and view.parent_code else unit_code
    return below(session, root, on)
