"""Communes that were abolished, and the units that they went into, from a published table of old and new communes."""

import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sqlalchemy import delete, insert, select

from core import audit
from core.database import reading, writing
from core.errors import InputError
from procedures.grids import read_grid
from procedures.models import NATIONAL, Unit, UnitSuccessor
from procedures.names import Directory

COLUMNS = ("wardCode", "ward", "district", "province", "newWardCode", "newWard", "newProvince")
_OLD = re.compile(r"(\d{1,5})(?:\.0+)?")  # exported by a spreadsheet, 00004 has become 4.0


@dataclass
class SuccessorsLoaded:
    """What a table said: old communes, those of them with one successor, rows without an old code; with ``errors`` nothing was
    written.
    """

    communes: int = 0
    whole: int = 0
    without_code: int = 0
    changed: bool = False
    errors: list[InputError] = field(default_factory=list)


def load_successors(path: Path, since: date) -> SuccessorsLoaded:
    """Record which unit each abolished commune went into: the whole table, in place of what an earlier one said, or nothing.

    Columns (CSV or XLSX): ``wardCode`` (statistics code, zeros may be lost), ``ward``, ``district``, ``province``, ``newWardCode``,
    ``newWard``, ``newProvince`` (by which a successor is found whose code the list does not have). From ``since`` on an old code
    means its successor if there is one only; the several successors of a divided commune are offered to whoever sends the code.
    Raises ``InputError`` where the file cannot be read or lacks a column.
    """
    result = SuccessorsLoaded()
    rows = _read(path, since, result)
    if result.errors:
        return result
    heirs: dict[str, set[int]] = {}
    for code, unit_id in rows:
        heirs.setdefault(code, set()).add(unit_id)
    result.communes, result.whole = len(heirs), sum(len(found) == 1 for found in heirs.values())
    values = [
        {"code": code, "unit_id": unit_id, "name": name, "valid_from": since, "document": path.name[:200]}
        for (code, unit_id), name in sorted(rows.items())
    ]
    columns = (UnitSuccessor.code, UnitSuccessor.unit_id, UnitSuccessor.name, UnitSuccessor.valid_from)
    with writing() as session:
        recorded = {tuple(row) for row in session.execute(select(*columns))}
        result.changed = recorded != {(row["code"], row["unit_id"], row["name"], row["valid_from"]) for row in values}
        if result.changed:
            session.execute(delete(UnitSuccessor))
            session.execute(insert(UnitSuccessor), values)
            audit.record(session, "units.legacy", path.name, communes=result.communes, whole=result.whole, since=since.isoformat())
    return result


def _read(path: Path, since: date, result: SuccessorsLoaded) -> dict[tuple[str, int], str]:
    """Name of the old commune by its code and the id of a successor."""
    (_first, heading), *rows = read_grid(path, 2) or [(1, [])]
    names = [cell.strip().casefold() for cell in heading]
    for column in COLUMNS:
        if column.casefold() not in names:
            raise InputError(
                f"Tệp {path.name} thiếu cột bắt buộc. Các cột: {', '.join(COLUMNS)}.",
                f"The file {path.name} lacks a required column. The columns are: {', '.join(COLUMNS)}.",
                row=1,
                field=column,
            )
    at = [names.index(column.casefold()) for column in COLUMNS]
    units = dict(reading().execute(select(Unit.code, Unit.id).where(Unit.list_code == NATIONAL)).all())
    directory = Directory(reading(), since)
    found: dict[tuple[str, int], str] = {}
    for row, cells in rows:
        old, ward, district, province, code, new_ward, new_province = (cells[place].strip() if place < len(cells) else "" for place in at)
        if not old:
            result.without_code += 1  # island districts that had no communes
            continue
        number = _OLD.fullmatch(old)
        unit_id = units.get(code) or units.get(directory.find(f"{new_ward} - {new_province}") or "")
        if number is None:
            error = InputError(
                f"“{old}” không phải mã xã gồm 5 chữ số: sửa mã.", f"“{old}” is no commune's code of 5 digits: mend it.", field="wardCode"
            )
        elif unit_id is None:
            error = InputError(
                f"Không có đơn vị {code} {new_ward}. Nạp danh sách tỉnh, xã (units load) trước.",
                f"There is no unit {code} {new_ward}. Load the provinces and communes (units load) first.",
                field="newWardCode",
            )
        else:
            found[number[1].zfill(5), unit_id] = ", ".join(part for part in (ward, district, province) if part)[:300]
            continue
        error.row = row
        result.errors.append(error)
    return found
