"""Puts units, providers, sources, catalogue, offerings, registers and connections into the database, in bulk."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Result, insert, select
from sqlalchemy.orm import Session

from core.database import Base, writing
from procedures.models import (
    NATIONAL,
    Component,
    Offering,
    Procedure,
    Provider,
    RegisterConnection,
    Source,
    SourceProvider,
    StateRegister,
    Unit,
    UnitCode,
    UnitVersion,
)
from simulation.catalogue import LEVEL_NAMES, UNCHANGED, Item, Levels
from simulation.places import REORGANISED, SIMULATED, Place, read_yaml

CHUNK = 20_000


def put_units(places: list[Place]) -> dict[str, int]:
    """Insert units with their versions and codes; returns their ids by code."""
    with writing() as session:
        _insert(session, Unit, ({"list_code": NATIONAL, "code": place.code, "kind": place.kind} for place in places))
        ids = _ids(session.execute(select(Unit.code, Unit.id).where(Unit.list_code == NATIONAL)))
        _insert(
            session,
            UnitVersion,
            (
                {
                    "unit_id": ids[place.code],
                    "name": version.name,
                    "short_name": version.short_name,
                    "name_en": version.name_en,
                    "type_label": version.type_label,
                    "parent_id": ids[version.parent] if version.parent else None,
                    "valid_from": version.valid_from,
                    "valid_to": version.valid_to,
                    "document": version.document,
                }
                for place in places
                for version in place.versions
            ),
        )
        _insert(
            session,
            UnitCode,
            (
                {"unit_id": ids[place.code], "system": system, "code": code, "valid_from": REORGANISED, "valid_to": None}
                for place in places
                for system, code in (("gso", place.gso), ("exchange", place.exchange))
                if code
            ),
        )
    return ids


def put_sources(names: Mapping[str, tuple[str, str]], ids: Mapping[str, int], change: date) -> None:
    """Register providers and sources. ``names``: source code → (unit code, unit's name). Providers go round; one changes on ``change``."""
    providers = read_yaml("agencies.yaml")["providers"]
    with writing() as session:
        _insert(session, Provider, ({"code": code, "name": name} for code, name in providers))
        _insert(
            session,
            Source,
            (
                {
                    "code": source,
                    "name": f"Hệ thống thông tin giải quyết thủ tục hành chính {name} ({SIMULATED})",
                    "list_code": NATIONAL,
                    "unit_id": ids[unit],
                    "simulated": True,
                }
                for source, (unit, name) in names.items()
            ),
        )
        provider_ids = [session.scalar(select(Provider.id).where(Provider.code == code)) for code, _name in providers]
        source_ids = _ids(session.execute(select(Source.code, Source.id)))
        spans = []
        for order, source in enumerate(names):
            first, second = provider_ids[order % len(providers)], provider_ids[(order + 1) % len(providers)]
            until = change if order == 0 else None
            spans.append({"source_id": source_ids[source], "provider_id": first, "valid_from": REORGANISED, "valid_to": until})
            if until:
                spans.append({"source_id": source_ids[source], "provider_id": second, "valid_from": until, "valid_to": None})
        _insert(session, SourceProvider, spans)


def put_registers(register_facts: Iterable[Mapping[str, Any]], connections: Mapping[tuple[str, str], date], ids: Mapping[str, int]) -> None:
    """State registers with the days that the demonstration supposes, and who is connected since when."""
    supposed = read_yaml("catalogue.yaml")["registers"]
    with writing() as session:
        _insert(
            session,
            StateRegister,
            (
                {**fact, "published_from": supposed[fact["code"]][0], "source_document": f"Ngày công bố: {SIMULATED}"}
                for fact in register_facts
            ),
        )
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
        "details": {"time": f"{item.days} ngày làm việc ({SIMULATED})"},
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


def _ids(rows: Result[tuple[str, int]]) -> dict[str, int]:
    return dict(rows.tuples().all())


def _insert(session: Session, table: type[Base], rows: Iterable[Mapping[str, Any]]) -> None:
    chunk: list[Mapping[str, Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            session.connection().execute(insert(table), chunk)
            chunk = []
    if chunk:
        session.connection().execute(insert(table), chunk)
