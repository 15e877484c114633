"""Writes of this room: units, sources, providers. Feeds and the catalogue have modules of their own and are joined here."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core import audit
from core.database import reading, writing
from core.errors import InputError
from procedures.catalogue import CatalogueResult, load_catalogue, load_claims, load_registers
from procedures.feeds import LoadResult, load_feed
from procedures.models import NATIONAL, Provider, Source, SourceProvider, Unit, UnitCode, UnitVersion
from procedures.queries import UnitView, units, valid
from procedures.unit_files import UnitsAdded, add_code, add_units_file
from procedures.unit_lists import PARTS, Difference, UnitRow, day_in_name, differences, read_list

__all__ = [
    "CatalogueResult",
    "LoadResult",
    "UnitsAdded",
    "UnitsResult",
    "add_code",
    "add_provider",
    "add_source",
    "add_units",
    "add_units_file",
    "assign_provider",
    "load_catalogue",
    "load_claims",
    "load_feed",
    "load_registers",
    "load_units",
]
SOURCE_CODE = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}", re.IGNORECASE)  # also a folder's name in the lake
# Local government has two tiers, province and commune, since this day (Law 72/2025/QH15 on the organisation of local government;
# Resolution 202/2025/QH15 made the 34 provinces). A list of today names the units of every day since.
TWO_TIERS = date(2025, 7, 1)


@dataclass(frozen=True)
class UnitsResult:
    """What loading a list did: units inserted (first list), or the differences found, and whether they were recorded.

    ``as_of``: the day (ISO) for which the list was taken; ``day_assumed`` where nothing but the clock said so.
    """

    provinces: int
    communes: int
    inserted: int
    differences: list[Difference]
    recorded: bool
    as_of: str = ""
    day_assumed: bool = False


def add_units(session: Session, rows: Iterable[UnitRow], list_code: str = NATIONAL) -> int:
    """Insert units with all their versions and codes; a unit that is there already keeps what it has. Gives the number of new units.

    Rows may stand in any order, versions of a unit too. Codes are valid from the unit's first version to the end of its last.
    """
    versions = {
        code: sorted(group, key=lambda row: row.valid_from)
        for code, group in groupby(sorted(rows, key=lambda row: row.code), lambda row: row.code)
    }
    ids = dict(session.execute(select(Unit.code, Unit.id).where(Unit.list_code == list_code)).all())
    new = [code for code in versions if code not in ids]
    if not new:
        return 0
    session.execute(insert(Unit), [{"list_code": list_code, "code": code, "kind": versions[code][0].kind} for code in new])
    ids.update(session.execute(select(Unit.code, Unit.id).where(Unit.list_code == list_code)).all())
    missing = sorted({row.parent_code for code in new for row in versions[code] if row.parent_code is not None} - set(ids))
    if missing:
        raise InputError(
            f"Không có đơn vị cấp trên {', '.join(missing[:5])}. Nạp đơn vị cấp trên trước.",
            f"There is no parent unit {', '.join(missing[:5])}. Load the parents first.",
            field="parent_code",
        )
    session.execute(insert(UnitVersion), [_version_values(row, ids) for code in new for row in versions[code]])
    codes = [
        {
            "unit_id": ids[code],
            "system": system,
            "code": other,
            "valid_from": versions[code][0].valid_from,
            "valid_to": versions[code][-1].valid_to,
        }
        for code in new
        for system, other in dict.fromkeys(pair for row in versions[code] for pair in row.codes)
    ]
    if codes:
        session.execute(insert(UnitCode), codes)
    return len(new)


def _version_values(row: UnitRow, ids: dict[str, int]) -> dict[str, object]:
    return {
        "unit_id": ids[row.code],
        "name": row.name,
        "short_name": row.short_name,
        "name_en": row.name_en,
        "type_label": row.type_label,
        "parent_id": ids[row.parent_code] if row.parent_code is not None else None,
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "document": row.document,
    }


def load_units(
    path: Path, today: date, as_of: date | None = None, accept: bool = False, document: str = "", valid_from: date | None = None
) -> UnitsResult:
    """Read a list of provinces and communes as it stood on a day (default: the day in the file's name, else ``today``).

    The first list is inserted, valid from ``valid_from`` (default: 1 July 2025, or the list's day if that is earlier): dossiers
    are older than the list. A later one is compared with the record of its day; differences are recorded as new dated versions
    only with ``accept`` and the document that decides them. Raises ``InputError`` for a bad file.
    """
    from procedures.files import read_bytes

    told = as_of or day_in_name(path.name)
    day = told or today
    listed = read_list(read_bytes(path), path.name, day, document or path.name[:200])
    since = valid_from or min(TWO_TIERS, day)
    if since > day:
        raise InputError(
            f"Ngày bắt đầu hiệu lực phải không sau ngày của danh sách ({day:%d/%m/%Y}).",
            f"The first day of validity must not be after the day of the list ({day.isoformat()}).",
            field="valid_from",
        )
    if accept and not document:
        raise InputError(
            "Ghi nhận thay đổi cần văn bản: --document “NQ …”.",
            "Recording changes needs the document: --document “NQ …”.",
            field="document",
        )
    kinds = [row.kind for row in listed]
    counts: dict[str, Any] = {
        "provinces": kinds.count("province"),
        "communes": kinds.count("commune"),
        "as_of": day.isoformat(),
        "day_assumed": told is None,
    }
    first = reading().scalar(select(Unit.id).where(Unit.list_code == NATIONAL, Unit.kind.in_(("province", "commune"))).limit(1)) is None
    if first:
        with writing() as session:
            inserted = add_units(session, (replace(row, valid_from=since) for row in listed))
            audit.record(session, "units.load", path.name, as_of=day.isoformat(), valid_from=since.isoformat(), units=inserted)
        return UnitsResult(**counts, inserted=inserted, differences=[], recorded=True)
    listed = listed[1:]  # the nation is no entry of the list, only its root
    recorded = {code: _as_row(view, day) for code, view in units(reading(), day).items() if view.kind in ("province", "commune")}
    found = differences(recorded, listed)
    if found and accept:
        with writing() as session:
            _record(session, found, {row.code: row for row in listed}, day, document)
            audit.record(session, "units.change", path.name, as_of=day.isoformat(), document=document, differences=len(found))
    return UnitsResult(**counts, inserted=0, differences=found, recorded=accept and bool(found))


def _as_row(view: UnitView, day: date) -> UnitRow:
    return UnitRow(view.code, view.kind, view.name, view.short_name, view.name_en, view.type_label, view.parent_code, day)


def _record(session: Session, found: Sequence[Difference], listed: dict[str, UnitRow], day: date, document: str) -> None:
    codes = sorted({difference.code for difference in found})
    new_units = [listed[code] for code in codes if code in listed]
    known = set(session.scalars(select(Unit.code).where(Unit.list_code == NATIONAL)))
    add_units(session, [row for row in new_units if row.code not in known])
    ids = dict(session.execute(select(Unit.code, Unit.id).where(Unit.list_code == NATIONAL)).all())
    for code in codes:
        if code not in known:
            continue
        row = listed.get(code)
        current = session.scalar(select(UnitVersion).where(UnitVersion.unit_id == ids[code], valid(UnitVersion, day)))
        if row is None:
            _end(session, ids[code], current, day)
            continue
        values = _version_values(row, ids) | {"document": document}
        if current is not None and current.valid_from == day:
            for part in (*PARTS[:-1], "parent_id", "document"):
                setattr(current, part, values[part])
            continue
        until = current.valid_to if current is not None else _next_start(session, ids[code], day)
        if current is not None:
            current.valid_to = day
        else:
            session.add(UnitCode(unit_id=ids[code], system="gso", code=code, valid_from=day, valid_to=until))
        session.flush()
        session.add(UnitVersion(**(values | {"valid_to": until})))


def _end(session: Session, unit_id: int, current: UnitVersion | None, day: date) -> None:
    if current is not None:
        current.valid_to = day
    for code in session.scalars(select(UnitCode).where(UnitCode.unit_id == unit_id, valid(UnitCode, day))):
        code.valid_to = day


def _next_start(session: Session, unit_id: int, day: date) -> date | None:
    """First day of the unit's next version after a gap, so that a version put into the gap ends there."""
    return session.scalar(
        select(UnitVersion.valid_from)
        .where(UnitVersion.unit_id == unit_id, UnitVersion.valid_from > day)
        .order_by(UnitVersion.valid_from)
        .limit(1)
    )


def add_source(code: str, name: str, unit_code: str | None = None, list_code: str = NATIONAL, simulated: bool = False) -> None:
    """Register a system that sends dossiers. Raises ``InputError`` for a bad or taken code or an unknown unit."""
    if not SOURCE_CODE.fullmatch(code):
        raise InputError(
            "Mã nguồn chỉ gồm chữ cái không dấu, số, chấm, gạch (tối đa 32 ký tự).",
            "A source's code has letters, digits, points and hyphens only (at most 32).",
            field="code",
        )
    with writing() as session:
        if session.scalar(select(Source.id).where(Source.code == code)) is not None:
            raise InputError(f"Nguồn {code} đã có.", f"The source {code} is there already.", field="code")
        unit_id = None
        if unit_code is not None:
            unit_id = session.scalar(select(Unit.id).where(Unit.list_code == NATIONAL, Unit.code == unit_code))
            if unit_id is None:
                raise InputError(f"Không có đơn vị {unit_code}.", f"There is no unit {unit_code}.", field="unit")
        session.add(Source(code=code, name=name, unit_id=unit_id, list_code=list_code, simulated=simulated))
        audit.record(session, "source.add", code, list_code=list_code, unit=unit_code)


def add_provider(code: str, name: str) -> None:
    """Register a company or body that supplies one-stop systems. Raises ``InputError`` for a taken code."""
    with writing() as session:
        if session.scalar(select(Provider.id).where(Provider.code == code)) is not None:
            raise InputError(f"Nhà cung cấp {code} đã có.", f"The provider {code} is there already.", field="code")
        session.add(Provider(code=code, name=name))
        audit.record(session, "provider.add", code)


def assign_provider(source_code: str, provider_code: str, since: date) -> None:
    """Say who supplies a source's system from a day on; whoever did until then ends there. Raises ``InputError``."""
    with writing() as session:
        source_id = session.scalar(select(Source.id).where(Source.code == source_code))
        provider_id = session.scalar(select(Provider.id).where(Provider.code == provider_code))
        for found, code, field in ((source_id, source_code, "source"), (provider_id, provider_code, "provider")):
            if found is None:
                raise InputError(f"Không có mã {code}.", f"There is no code {code}.", field=field)
        spans = list(
            session.scalars(select(SourceProvider).where(SourceProvider.source_id == source_id).order_by(SourceProvider.valid_from))
        )
        if spans and spans[-1].valid_from >= since:
            raise InputError(
                f"Đã có nhà cung cấp từ {spans[-1].valid_from:%d/%m/%Y}. Chọn ngày sau đó.",
                f"There is a provider from {spans[-1].valid_from.isoformat()} on. Choose a later day.",
                field="since",
            )
        if spans and spans[-1].valid_to is None:
            spans[-1].valid_to = since
        session.add(SourceProvider(source_id=source_id, provider_id=provider_id, valid_from=since))
        audit.record(session, "provider.assign", source_code, provider=provider_code, since=since.isoformat())
