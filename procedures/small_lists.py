"""Small lists of counts sent in as files (CSV or XLSX): a heading, then one row each, taken whole or refused with every wrong row named."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import InputError
from procedures.folding import words
from procedures.grids import read_grid
from procedures.models import NATIONAL, Unit, UnitCode
from procedures.queries import UnitView, below, units, valid

HEADING_WITHIN = 15  # rows; above the heading may stand the office's name and the period
MOST = 9_999_999
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T].*)?|(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?: .*)?")


@dataclass(frozen=True)
class Column:
    """A column by its name and the headings under which it is sent."""

    name: str
    headings: tuple[str, ...]
    required: bool = True


@dataclass(frozen=True)
class ListRow:
    """One row: its number in the file and its texts by column."""

    row: int
    cells: Mapping[str, str]


@dataclass
class ListResult:
    """What a list's file did. With ``errors`` nothing was written."""

    rows: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    errors: list[InputError] = field(default_factory=list)


def read_list(path: Path, columns: Sequence[Column]) -> list[ListRow]:
    """The rows below the heading. Raises ``InputError`` where the file cannot be read, has no such heading, or no row."""
    keys = {_key(heading): column.name for column in columns for heading in (column.name, *column.headings)}
    rows = read_grid(path, sum(column.required for column in columns))
    places = [{keys[_key(cell)]: at for at, cell in enumerate(cells) if _key(cell) in keys} for _number, cells in rows[:HEADING_WITHIN]]
    wanted = {column.name for column in columns if column.required}
    found = next((number for number, there in enumerate(places) if wanted <= set(there)), None)
    if found is None:
        best = max(places, key=len, default={})
        missing = [column.name for column in columns if column.required and column.name not in best]
        names = ", ".join(column.headings[0] for column in columns)
        raise InputError(
            f"Tệp {path.name} không có dòng tiêu đề đủ các cột: {names}.",
            f"The file {path.name} has no heading with all columns: {', '.join(column.name for column in columns)}.",
            field=missing[0] if missing else None,
        )
    at = places[found]
    listed = [
        ListRow(number, {name: cells[place].strip() if place < len(cells) else "" for name, place in at.items()})
        for number, cells in rows[found + 1 :]
    ]
    if not listed:
        raise InputError(f"Tệp {path.name} không có dòng số liệu nào.", f"The file {path.name} has no row of counts.")
    return listed


def _key(text: str) -> str:
    return " ".join(words(text.replace("_", " ")))


def count_of(row: ListRow, name: str) -> int:
    """A count from 0 up; blanks and points between thousands are taken out. Raises ``InputError``."""
    text = row.cells.get(name, "")
    digits = re.sub(r"(?<=\d)[. ](?=\d{3}(?:\D|$))", "", text)
    if not re.fullmatch(r"\d{1,7}", digits):
        raise InputError(
            f"“{text}” không phải số đếm từ 0 đến {MOST}.", f"“{text}” is not a count from 0 to {MOST}.", row=row.row, field=name
        )
    return int(digits)


def day_of(row: ListRow, name: str, latest: date) -> date:
    """A day written 2026-10-31 or 31/10/2026, not before 2000 and not after ``latest``. Raises ``InputError``."""
    text = row.cells.get(name, "")
    match = _DAY.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)
        year, month, day = (match[1], match[2], match[3]) if match[1] else (match[6], match[5], match[4])
        found = date(int(year), int(month), int(day))
        if not date(2000, 1, 1) <= found <= latest:
            raise ValueError(text)
    except ValueError:
        raise InputError(
            f"“{text}” không phải ngày đã qua, viết như 31/10/2026 hoặc 2026-10-31.",
            f"“{text}” is not a day in the past, written like 31/10/2026 or 2026-10-31.",
            row=row.row,
            field=name,
        ) from None
    return found


def finder(session: Session, on: date, root_code: str | None) -> Callable[[ListRow, str], UnitView]:
    """What gives the unit of a row: by its code here or on the national exchange, inside the sender's unit (None: anywhere).

    It raises ``InputError`` for a code that nobody has, and for one of somebody else's unit.
    """
    views = units(session, on)
    codes = dict.fromkeys(views, "")
    known = {code: code for code in codes}
    rows = session.execute(
        select(UnitCode.code, Unit.code)
        .join(Unit, Unit.id == UnitCode.unit_id)
        .where(Unit.list_code == NATIONAL, UnitCode.system.in_(("exchange", "gso")), valid(UnitCode, on))
    )
    known |= {code: unit for code, unit in rows if unit in views}
    inside = set(views) if root_code is None else below(session, root_code, on)

    def find(row: ListRow, name: str) -> UnitView:
        text = row.cells.get(name, "")
        code = known.get(text)
        if code is None:
            raise InputError(
                f"Không có đơn vị mang mã “{text}”. Kiểm tra mã hoặc đăng ký đơn vị trước.",
                f"No unit has the code “{text}”. Check it, or register the unit first.",
                row=row.row,
                field=name,
            )
        if code not in inside:
            raise InputError(
                f"Đơn vị {text} không thuộc đơn vị gửi. Chỉ gửi số liệu của đơn vị mình.",
                f"The unit {text} is not below the sending unit. Send only your own unit's counts.",
                row=row.row,
                field=name,
            )
        return views[code]

    return find
