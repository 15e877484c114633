"""Reporting forms as files (CSV or XLSX): where the heading is, which column is which, and the rows below it as texts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError
from procedures.folding import words
from procedures.form_rules import TOTAL, Form
from procedures.grids import read_grid

HEADING_WITHIN = 15  # rows; above the heading stand the office's name and the period
TOTALS = {" ".join(words(text)) for text in ("tổng", "tổng cộng", "tổng số", "cộng", "total")}
_FILLERS = set(words("và hoặc số hồ sơ dịch vụ công ích"))
_NUMBER = re.compile(r"\(?\s*(\d{1,2})\s*\)?(?:\s*=.*)?")  # (3), 3 or (3)=(4)+(5)+(6)
_OWN = {
    "label": ("lĩnh vực", "lĩnh vực đơn vị", "lĩnh vực giải quyết", "đơn vị", "tên đơn vị", "cơ quan", "unit", "department name", "label"),
    "code": ("mã đơn vị", "mã", "unit code", "department code", "code"),
    "month": ("tháng", "kỳ", "month"),
}


def key_of(text: str) -> str:
    """A label as rows of two periods are compared."""
    return " ".join(words(text))


def _heading_key(text: str) -> str:
    return " ".join(word for word in words(text.replace("_", " ")) if word not in _FILLERS)


_OWN_HEADINGS: dict[str, tuple[str, ...]] = {name: (part,) for part, names in _OWN.items() for name in names}


@dataclass(frozen=True)
class FormRow:
    """One row: its number in the file, what it is about (``total`` for the sum), a unit's code and a month if given, its counts."""

    row: int
    label: str
    code: str
    month: str
    counts: dict[str, str]


def read_form(path: Path, form: Form) -> list[FormRow]:
    """The rows of a form's file that have any count; rows of text alone (headings of parts, notes) are none.

    Raises ``InputError`` where the file cannot be read, has no heading with all columns of the form, or no row.
    """
    rows = read_grid(path, len(form.columns))
    places = [_places(cells, form) for _number, cells in rows[:HEADING_WITHIN]]
    whole = [at for at, found in enumerate(places) if set(form.columns) <= set(found)]
    if not whole:
        best = max(places, key=len, default={})
        missing = next(column for column in form.columns if column not in best)
        numbers = " (hoặc một dòng ghi số cột: 3, 4, … 13)" if form.numbered else ""
        numbers_en = " (or a row with the numbers of the columns: 3, 4, … 13)" if form.numbered else ""
        raise InputError(
            f"Tệp {path.name} không có dòng tiêu đề đủ các cột của biểu {form.name}{numbers}.",
            f"The file {path.name} has no heading with all columns of the form {form.name}{numbers_en}.",
            field=missing,
        )
    heading = whole[-1]
    at = places[heading]
    for above in places[:heading]:  # a row of numbers stands below the headings in words, which say more
        at = {part: place for part, place in above.items() if part in _OWN and part not in at} | at
    at.setdefault("label", max(at[form.columns[0]] - 1, 0))
    found = []
    for number, cells in rows[heading + 1 :]:
        texts = {part: cells[place].strip() if place < len(cells) else "" for part, place in at.items()}
        counts = {column: texts[column] for column in form.columns}
        if any(re.search(r"\d", text) for text in counts.values()):
            label = " ".join((texts["label"] or texts.get("code", "")).split())[:300]
            found.append(
                FormRow(number, TOTAL if key_of(label) in TOTALS else label, texts.get("code", ""), texts.get("month", ""), counts)
            )
    if not found:
        raise InputError(f"Tệp {path.name} không có dòng số liệu nào.", f"The file {path.name} has no row of counts.")
    return found


def _places(cells: Sequence[str], form: Form) -> dict[str, int]:
    """Where a row, read as the heading, has each column of the form and the label, code and month."""
    found: dict[str, int] = {}
    if form.numbered:
        numbers = [match[1] if (match := _NUMBER.fullmatch(cell.strip())) else "" for cell in cells]
        if set(form.columns) <= set(numbers):
            found = {column: numbers.index(column) for column in form.columns}
            return found | ({"label": numbers.index("2")} if "2" in numbers else {})
    own = {name: parts for name, parts in _OWN_HEADINGS.items() if parts == ("label",) or not form.numbered}
    headings = {_heading_key(name): parts for name, parts in (own | form.headings).items()}
    for place, cell in enumerate(cells):
        key = _heading_key(cell)
        part = next((part for part in headings.get(key, ()) if part not in found), None)
        if part is not None:
            found[part] = place
    return found
