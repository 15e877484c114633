"""Units and codes that no published list has: departments, centres, reception points, exchange codes, a source's own codes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.database import writing
from core.errors import InputError
from procedures import files
from procedures.models import CODE_SYSTEMS, NATIONAL, UNIT_KINDS, Source, Unit, UnitCode, UnitVersion
from procedures.unit_lists import UnitRow

COLUMNS = ("code", "kind", "name", "name_en", "type_label", "parent_code", "valid_from", "valid_to", "document")
NEEDED = ("code", "kind", "name", "valid_from")
ROOT_CHILDREN = ("province", "ministry")  # without a parent they stand below the nation
LENGTHS = {"code": 32, "source_code": 200, "name": 300, "name_en": 300, "type_label": 60, "document": 200}
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass
class UnitsAdded:
    """What a file did: new units, new versions and codes of units, rows that said nothing new; with ``errors`` nothing was written."""

    units: int = 0
    versions: int = 0
    codes: int = 0
    unchanged: int = 0
    errors: list[InputError] = field(default_factory=list)


def add_units_file(path: Path) -> UnitsAdded:
    """Take in a CSV (or XLSX) of units with their codes, all of it or, where any row is wrong, nothing.

    A row whose unit, day and contents are recorded already changes nothing. Raises ``InputError`` where the file as a whole
    cannot be read; what is wrong with rows is in ``errors``.
    """
    result = UnitsAdded()
    lines = files.read_table(files.read_bytes(path), path.name, COLUMNS, NEEDED)
    headings = lines.table.column_names[1:]
    for column in NEEDED:
        if column not in headings:
            raise InputError(
                f"Tệp {path.name} thiếu cột bắt buộc. Các cột: {', '.join(COLUMNS)}.",
                f"The file {path.name} lacks a required column. The columns are: {', '.join(COLUMNS)}.",
                row=1,
                field=column,
            )
    with writing() as session:
        systems = _systems(session, headings)
        result.errors += [
            InputError("Số ô khác số tiêu đề: sửa dòng.", "Another number of cells than headings: mend the row.", row=row)
            for row in lines.broken
        ]
        rows: list[tuple[int, UnitRow]] = []
        for cells in lines.table.to_pylist():
            number = cells.pop(files.ROW)
            texts = {key: (value or "").strip() for key, value in cells.items()}
            if not any(texts.values()):
                continue
            try:
                rows.append((number, _unit_row(texts, systems, path.name)))
            except InputError as error:
                error.row = number
                result.errors.append(error)
        if not result.errors:
            _write(session, rows, result)
        if result.errors:
            session.rollback()
        else:
            audit.record(session, "units.add", path.name, units=result.units, versions=result.versions, codes=result.codes)
    return result


def _systems(session: Session, headings: list[str]) -> dict[str, str]:
    """Code system by heading of the extra columns."""
    sources = {code.casefold(): code for code in session.scalars(select(Source.code))}
    systems = {}
    for column in headings:
        name = column.removeprefix("code_")
        if column in COLUMNS:
            continue
        source = sources.get(name.removeprefix("source:"))
        if column.startswith("code_") and name in CODE_SYSTEMS:
            systems[column] = name
        elif column.startswith("code_source:") and source is not None:
            systems[column] = f"source:{source}"
        else:
            raise InputError(
                "Không hiểu cột này, hoặc nguồn chưa khai báo. Cột mã: code_gso, code_exchange, code_source:<NGUỒN>.",
                "The column is not known, or its source is not registered. Columns of codes: code_gso, code_exchange, code_source:<X>.",
                row=1,
                field=column,
            )
    return systems


def _unit_row(texts: Mapping[str, str], systems: Mapping[str, str], file_name: str) -> UnitRow:
    def text(column: str) -> str:
        return texts.get(column, "")

    for column in NEEDED:
        if not text(column):
            raise InputError("Ô trống: điền giá trị.", "The cell is empty: fill it in.", field=column)
    for column, length in LENGTHS.items():
        if len(text(column)) > length:
            raise InputError(f"Dài quá {length} ký tự.", f"Longer than {length} letters.", field=column)
    kind, code, name = text("kind"), text("code"), text("name")
    if kind not in UNIT_KINDS:
        known = ", ".join(UNIT_KINDS)
        raise InputError(f"Loại đơn vị {kind} không có. Có: {known}.", f"There is no kind {kind}. There are: {known}.", field="kind")
    codes = {systems[column]: text(column) for column in systems if text(column)}
    default = CODE_SYSTEMS[0] if kind in ("province", "commune") else CODE_SYSTEMS[1]
    if kind != "nation":
        codes.setdefault(default, code)
    for column, value in (("code", code), *((column, text(column)) for column in systems if text(column))):
        _check_code(value, column)
    since, until = _day(text("valid_from"), "valid_from"), _day(text("valid_to"), "valid_to") if text("valid_to") else None
    if until is not None and until <= since:
        raise InputError("Phải sau valid_from.", "It must be after valid_from.", field="valid_to")
    parent = text("parent_code") or ("VN" if kind in ROOT_CHILDREN else "")
    if parent == code or (not parent and kind != "nation"):
        raise InputError("Điền mã của đơn vị cấp trên.", "Give the code of the parent unit.", field="parent_code")
    label = text("type_label")
    short = name[len(label) :].strip() if label and name.casefold().startswith(f"{label} ".casefold()) else name
    return UnitRow(
        code,
        kind,
        name,
        short[:200],
        text("name_en") or name,
        label,
        parent or None,
        since,
        until,
        text("document") or file_name[:200],
        tuple(codes.items()),
    )


def _check_code(code: str, column: str) -> None:
    """A source's own code is whatever it writes into its column of codes, perhaps a name; the others have a form."""
    if column.removeprefix("code_").startswith("source:"):
        if not code.strip() or not code.isprintable() or len(code) > LENGTHS["source_code"]:
            raise InputError(
                f"Mã của nguồn gồm 1 đến {LENGTHS['source_code']} ký tự trên một dòng.",
                f"A source's code has 1 to {LENGTHS['source_code']} letters in one line.",
                field=column,
            )
    elif not _CODE.fullmatch(code) or len(code) > LENGTHS["code"]:
        raise InputError(
            f"Mã {code} chỉ được gồm chữ cái không dấu, số, chấm, gạch (tối đa 32 ký tự).",
            f"The code {code} may have letters, digits, points and hyphens only (at most 32).",
            field=column,
        )


def _day(text: str, column: str) -> date:
    found = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", text)
    try:
        if found:
            return date(*map(int, found.groups()))
        day, month, year = map(int, re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text).groups())  # type: ignore[union-attr]
        return date(year, month, day)
    except (AttributeError, ValueError) as error:
        raise InputError(f"“{text}” không phải ngày: viết 2026-10-31.", f"“{text}” is no date: write 2026-10-31.", field=column) from error


def _write(session: Session, rows: list[tuple[int, UnitRow]], result: UnitsAdded) -> None:
    """Upsert all rows; what is wrong goes to ``result.errors``, and the caller then takes everything back."""
    listed = {unit.code: unit for unit in session.scalars(select(Unit).where(Unit.list_code == NATIONAL))}
    parents = {row.code: row.parent_code for _number, row in rows}
    for _number, row in rows:
        if row.code not in listed:
            listed[row.code] = Unit(list_code=NATIONAL, code=row.code, kind=row.kind)
            session.add(listed[row.code])
            result.units += 1
    session.flush()
    for number, row in sorted(rows, key=lambda item: (item[1].code, item[1].valid_from)):
        try:
            unit = listed[row.code]
            if unit.kind != row.kind:
                raise InputError(
                    f"Đơn vị {row.code} đã có loại {unit.kind}.", f"The unit {row.code} is a {unit.kind} already.", field="kind"
                )
            _check_parent(row, listed, parents)
            new = _version(session, unit, row, listed[row.parent_code].id if row.parent_code else None)
            coded = sum(_code(session, unit.id, system, code, row.valid_from, row.valid_to, False) for system, code in row.codes)
            result.versions, result.codes = result.versions + new, result.codes + coded
            result.unchanged += not new and not coded
        except InputError as error:
            error.row = number
            result.errors.append(error)


def _check_parent(row: UnitRow, listed: Mapping[str, Unit], parents: Mapping[str, str | None]) -> None:
    if row.parent_code is not None and row.parent_code not in listed:
        raise InputError(
            f"Không có đơn vị {row.parent_code}. Nạp danh sách tỉnh, xã (units load) hoặc thêm đơn vị này vào tệp.",
            f"There is no unit {row.parent_code}. Load the provinces and communes (units load) or add it to the file.",
            field="parent_code",
        )
    above, steps = row.parent_code, 0
    while above is not None and above in parents and steps <= len(parents):
        above, steps = parents[above], steps + 1
        if above == row.code:
            raise InputError("Cấp trên nằm dưới chính đơn vị này.", "The parent is below the unit itself.", field="parent_code")


def _version(session: Session, unit: Unit, row: UnitRow, parent_id: int | None) -> bool:
    """Record what the row says of its unit. Gives whether that was new; a new version ends the one before it."""
    values = {part: getattr(row, part) for part in ("name", "short_name", "name_en", "type_label", "valid_to")} | {"parent_id": parent_id}
    versions = list(session.scalars(select(UnitVersion).where(UnitVersion.unit_id == unit.id).order_by(UnitVersion.valid_from)))
    for version in versions:
        if version.valid_from == row.valid_from:
            # A day that a later version set as the end of this one is no contradiction.
            followed = any(later.valid_from == version.valid_to for later in versions)
            for part, value in values.items():
                if getattr(version, part) != value and not (part == "valid_to" and value is None and followed):
                    raise InputError(
                        f"Đơn vị {unit.code} từ ngày này đã ghi khác. Thay đổi cần valid_from mới.",
                        f"The unit {unit.code} is recorded otherwise from this day. A change needs a valid_from of its own.",
                        field={"short_name": "name", "parent_id": "parent_code"}.get(part, part),
                    )
            return False
    last = versions[-1] if versions else None
    if last is not None and (last.valid_from > row.valid_from or (last.valid_to is not None and last.valid_to > row.valid_from)):
        raise InputError(
            f"Chồng lên giai đoạn từ {last.valid_from:%d/%m/%Y} của đơn vị {unit.code}.",
            f"It overlaps the span from {last.valid_from.isoformat()} of the unit {unit.code}.",
            field="valid_from",
        )
    if last is not None and last.valid_to is None:
        last.valid_to = row.valid_from
    session.add(UnitVersion(unit_id=unit.id, valid_from=row.valid_from, document=row.document, **values))
    session.flush()
    return True


def _code(session: Session, unit_id: int, system: str, code: str, since: date, until: date | None, move: bool) -> bool:
    """Record a unit's code from a day on. Gives whether it was new. With ``move`` an earlier holder of the code loses it that day."""
    column = f"code_{system}"
    for held in session.scalars(select(UnitCode).where(UnitCode.system == system, UnitCode.code == code).order_by(UnitCode.valid_from)):
        overlaps = (held.valid_to is None or held.valid_to > since) and (until is None or held.valid_from < until)
        if not overlaps:
            continue
        if held.unit_id == unit_id and held.valid_from <= since:
            return False
        if move and held.valid_from < since:
            held.valid_to = since
            continue
        holder = session.get_one(Unit, held.unit_id).code
        raise InputError(
            f"Mã {code} ({system}) đã thuộc đơn vị {holder} từ {held.valid_from:%d/%m/%Y}.",
            f"The code {code} ({system}) belongs to the unit {holder} from {held.valid_from.isoformat()} on.",
            field=column,
        )
    session.add(UnitCode(unit_id=unit_id, system=system, code=code, valid_from=since, valid_to=until))
    session.flush()
    return True


def add_code(unit_code: str, system: str, code: str, since: date) -> bool:
    """Give a unit a code in a system (``gso``, ``exchange``, ``source:<SOURCE>``) from a day on; an earlier holder loses it then.

    Gives whether that was new. Raises ``InputError`` for an unknown unit or system, or a code that another unit has from later on.
    """
    with writing() as session:
        unit_id = session.scalar(select(Unit.id).where(Unit.list_code == NATIONAL, Unit.code == unit_code))
        if unit_id is None:
            raise InputError(
                f"Không có đơn vị {unit_code}. Thêm bằng “flask units add TỆP.csv”.",
                f"There is no unit {unit_code}. Add it with “flask units add FILE.csv”.",
                field="unit",
            )
        source = system.removeprefix("source:")
        if system not in CODE_SYSTEMS and (source == system or session.scalar(select(Source.id).where(Source.code == source)) is None):
            raise InputError(
                f"Không có hệ mã {system}. Có: gso, exchange, source:<nguồn đã khai báo>.",
                f"There is no code system {system}. There are: gso, exchange, source:<a registered source>.",
                field="system",
            )
        _check_code(code, "code" if system in CODE_SYSTEMS else system)
        new = _code(session, unit_id, system, code, since, None, move=True)
        if new:
            audit.record(session, "units.code", unit_code, system=system, code=code, since=since.isoformat())
    return new
