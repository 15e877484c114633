"""Puts units, providers, sources, catalogue, offerings, registers and connections into the database, in bulk."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Result, insert, select, update
from sqlalchemy.orm import Session

from core.database import Base, writing
from procedures import operations
from procedures.models import NATIONAL, Component, Offering, Procedure, RegisterConnection, StandardComponent, StateRegister, Unit
from procedures.registers import standard_of
from procedures.unit_lists import UnitRow
from simulation.catalogue import LEVEL_NAMES, NOTES_EN, UNCHANGED, Item, Levels
from simulation.places import REORGANISED, SIMULATED, Place, read_yaml

CHUNK = 20_000


def put_units(places: list[Place]) -> dict[str, int]:
    """Insert units with their versions and codes; returns their ids by code."""
    with writing() as session:
        operations.add_units(session, (row for place in places for row in _unit_rows(place)))
        return _ids(session.execute(select(Unit.code, Unit.id).where(Unit.list_code == NATIONAL)))


def _unit_rows(place: Place) -> Iterable[UnitRow]:
    codes = tuple((system, code) for system, code in (("gso", place.gso), ("exchange", place.exchange)) if code)
    for version in place.versions:
        yield UnitRow(
            place.code,
            place.kind,
            version.name,
            version.short_name,
            version.name_en,
            version.type_label,
            version.parent,
            version.valid_from,
            version.valid_to,
            version.document,
            codes,
        )


def put_sources(names: Mapping[str, tuple[str, str]], change: date) -> None:
    """Register providers and sources. ``names``: source code → (unit code, unit's name). Providers go round; one changes on ``change``."""
    providers = read_yaml("agencies.yaml")["providers"]
    for code, name in providers:
        operations.add_provider(code, name)
    for order, (source, (unit, name)) in enumerate(names.items()):
        system = f"Hệ thống thông tin giải quyết thủ tục hành chính {name} ({SIMULATED})"
        operations.add_source(source, system, unit, simulated=True)
        operations.assign_provider(source, providers[order % len(providers)][0], REORGANISED)
    operations.assign_provider(next(iter(names)), providers[1][0], change)


def put_registers(connections: Mapping[tuple[str, str], date], ids: Mapping[str, int]) -> None:
    """State registers and quoted claims as shipped; days of publication and connections as the demonstration supposes them."""
    operations.load_registers()
    operations.load_claims()
    with writing() as session:
        for code, (published, _share) in read_yaml("catalogue.yaml")["registers"].items():
            supposed = {"published_from": published, "source_document": f"Ngày công bố: {SIMULATED}"}
            session.execute(update(StateRegister).where(StateRegister.code == code).values(**supposed))
        registers = _register_ids(session)
        _insert(
            session,
            RegisterConnection,
            (
                {
                    "register_id": registers[register],
                    "unit_id": ids[unit],
                    "connected_from": day,
                    "source_document": SIMULATED,
                    "simulated": True,
                }
                for (register, unit), day in connections.items()
            ),
        )


def put_catalogue(items: list[Item]) -> dict[str, int]:
    """Procedures with their papers; returns their ids by code."""
    names = {code: name for code, name, _english in read_yaml("agencies.yaml")["ministries"]}
    with writing() as session:
        registers = _register_ids(session)
        standards = _ids(session.execute(select(StandardComponent.code, StandardComponent.id)))
        _insert(session, Procedure, (_procedure(item, names[item.ministry]) for item in items))
        ids = _ids(session.execute(select(Procedure.code, Procedure.id).where(Procedure.list_code == NATIONAL)))
        _insert(
            session,
            Component,
            (
                {
                    "procedure_id": ids[item.code],
                    "position": position,
                    "code": "",
                    "name": paper,
                    "case_label": "",
                    "originals": 1,
                    "copies": 0,
                    "form_name": "",
                    "register_id": registers[register] if register else None,
                    "standard_id": standards.get(standard_of(paper)[0] or ""),
                }
                for item in items
                for position, (paper, register) in enumerate(zip(item.papers, item.registers, strict=True), 1)
            ),
        )
    return ids


def _procedure(item: Item, ministry: str) -> dict[str, Any]:
    handlers = read_yaml("agencies.yaml")
    if item.handler == "commune":
        by = "Ủy ban nhân dân cấp xã"
    elif item.handler == "-":
        by = ministry
    else:
        by = (handlers["departments"] | handlers["vertical"])[item.handler][1]
    return {
        "list_code": NATIONAL,
        "code": item.code,
        "name": item.name,
        "sector": item.sector,
        "issuing_agencies": [ministry],
        "executing_agencies": [by],
        "levels": list(item.levels),
        "is_local": item.is_local,
        "details": {
            "time": f"{item.days} ngày làm việc ({SIMULATED})",
            "time_en": f"{item.days} working day{'' if item.days == 1 else 's'} (simulated)",
            "source_note_en": NOTES_EN[item.note],
        },
        "simulated": item.simulated,
        "source_note": item.note,
        "valid_from": REORGANISED,
        "valid_to": None,
    }


def put_offerings(
    items: list[Item], levels: Levels, provinces: list[Place], unit_ids: Mapping[str, int], procedure_ids: Mapping[str, int]
) -> None:
    """Who offers what at which online level: each local procedure in each province, every other one at its ministry."""
    with writing() as session:
        _insert(session, Offering, _offerings(items, levels, provinces, unit_ids, procedure_ids))


def _offerings(
    items: list[Item], levels: Levels, provinces: list[Place], unit_ids: Mapping[str, int], procedure_ids: Mapping[str, int]
) -> Iterable[dict[str, Any]]:
    reasons = ["", *read_yaml("catalogue.yaml")["partial_reasons"]]
    after, before = levels.after.tolist(), levels.before.tolist()
    changed, reason = levels.changed.tolist(), levels.reasons.tolist()
    ministry = levels.ministry.tolist()
    for column, item in enumerate(items):
        procedure = procedure_ids[item.code]
        if not item.is_local:
            why = reasons[reason[0][column]] if ministry[column] == 1 else ""
            yield _offering(procedure, unit_ids[item.ministry], ministry[column], why, REORGANISED, None)
            continue
        for row, province in enumerate(provinces):
            unit, why, day = unit_ids[province.code], reasons[reason[row][column]], changed[row][column]
            since = date.fromordinal(day) if day != UNCHANGED else None
            if since is not None:
                yield _offering(procedure, unit, before[row][column], why, REORGANISED, since)
            yield _offering(procedure, unit, after[row][column], why, since or REORGANISED, None)


def _offering(procedure: int, unit: int, level: int, reason: str, since: date, until: date | None) -> dict[str, Any]:
    return {
        "procedure_id": procedure,
        "unit_id": unit,
        "online_level": LEVEL_NAMES[level],
        "reason": reason if LEVEL_NAMES[level] == "partial" else "",
        "valid_from": since,
        "valid_to": until,
    }


def _register_ids(session: Session) -> dict[str, int]:
    return _ids(session.execute(select(StateRegister.code, StateRegister.id)))


def _ids(rows: Result[str, int]) -> dict[str, int]:
    return dict(rows.all())


def _insert(session: Session, table: type[Base], rows: Iterable[Mapping[str, Any]]) -> None:
    chunk: list[Mapping[str, Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            session.connection().execute(insert(table), chunk)
            chunk = []
    if chunk:
        session.connection().execute(insert(table), chunk)
