"""COUNTS.csv: one row a unit, numerator and denominator of each indicator. Read row by row; what is wrong in a row refuses that row.

An absent column or a blank cell is missing, which is not zero; ``0,0`` is an empty denominator. Codes stay text.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from core.errors import InputError
from procedures.files import ROW, read_bytes, read_table
from scorecard.scoring.schema import CountRules, Indicator, Words

CODE, NAME = "unit_code", "unit_name"
_WHOLE = re.compile(r"([0-9]{1,15})(?:[.,]0{1,2})?")  # table programs write 52 as 52.0 where a column has blanks
_GROUPED = re.compile(r"[0-9]{1,3}(?:[.,' \u00a0\u202f][0-9]{3})+")
_DECIMAL = re.compile(r"[0-9]+[.,][0-9]+")
_NEGATIVE = re.compile(r"[-−–]\s*[0-9][0-9.,]*")
_FACTOR = re.compile(r"[0-9]{1,6}(?:[.,][0-9]{1,20})?")  # as many decimals as programs write of a quotient


@dataclass(frozen=True)
class UnitCounts:
    """One unit's row: ``counts`` by indicator (what is missing is not in it), ``factors`` by id (what is absent counts as 1)."""

    row: int
    code: str
    name: str
    counts: Mapping[str, tuple[int, int]]
    factors: Mapping[str, Fraction]


@dataclass
class CountsFile:
    """A file's rows that can be scored, those that cannot, and what its sender should know."""

    units: list[UnitCounts] = field(default_factory=list)
    refused: list[InputError] = field(default_factory=list)
    notes: list[Words] = field(default_factory=list)


def read_counts(path: Path, rules: CountRules) -> CountsFile:
    """Read a file (CSV in UTF-8, UTF-16 or Windows-1258, comma, semicolon or tab; or XLSX).

    Raises ``InputError`` where it cannot be read as a whole or has no column ``unit_code``; what is wrong in rows is in ``refused``.
    """
    columns = [f"{item.id}_{side}" for item in rules.indicators for side in ("num", "den")]
    factors = [factor.id for factor in rules.factors]
    wanted = [CODE, NAME, *columns, *factors]
    lines = read_table(read_bytes(path), path.name, [name.casefold() for name in wanted], [CODE, NAME])
    there = set(lines.table.column_names) - {ROW}
    if CODE not in there:
        raise InputError(
            f"Tệp {path.name} không có cột unit_code. Dòng đầu phải là tên cột: unit_code, unit_name, rồi {', '.join(columns[:2])} …",
            f"The file {path.name} has no column unit_code. The first row must name the columns: unit_code, unit_name, {columns[0]} …",
            row=1,
            field=CODE,
        )
    if not there & {name.casefold() for name in columns}:
        raise InputError(
            f"Tệp {path.name} không có cột nào của bộ quy tắc {rules.id}. Đặt tên cột như {', '.join(columns[:4])}.",
            f"The file {path.name} has no column of the rule set {rules.id}. Name columns like {', '.join(columns[:4])}.",
            row=1,
        )
    found = CountsFile()
    found.refused += [
        InputError(
            "Số ô của dòng khác số cột của tiêu đề. Đặt ô có dấu phẩy trong ngoặc kép; viết số không có dấu phân cách hàng nghìn.",
            "The row has another number of cells than the heading. Quote cells with commas; write numbers without thousands separators.",
            row=number,
        )
        for number in lines.broken
    ]
    rows = [{name: _text(cell) for name, cell in row.items() if name != ROW} | {ROW: row[ROW]} for row in lines.table.to_pylist()]
    rows = [row for row in rows if any(cell for name, cell in row.items() if name != ROW)]
    codes = Counter(row[CODE] for row in rows)
    for row in rows:
        unit, faults = _unit(row, rules, codes[row[CODE]])
        found.refused += faults
        if not faults:
            found.units.append(unit)
    found.refused.sort(key=lambda error: error.row or 0)
    found.notes = [*_notes_on_columns(rules, there, wanted), *_notes_on_factors(rules, there, found.units), *_notes_on_pairs(rules, rows)]
    if not rows and not found.refused:
        raise InputError(f"Tệp {path.name} không có dòng đơn vị nào.", f"The file {path.name} has no row of a unit.", row=2)
    return found


def _text(cell: object) -> str:
    return unicodedata.normalize("NFC", str(cell or "")).strip()


def _unit(row: Mapping[str, str], rules: CountRules, same_code: int) -> tuple[UnitCounts, list[InputError]]:
    number, code = int(row[ROW]), row[CODE]
    faults = []
    if not code:
        faults.append(InputError("Thiếu mã đơn vị; hãy điền.", "The unit's code is missing; fill it in.", row=number, field=CODE))
    elif same_code > 1:
        told = f"Mã đơn vị {code} có ở {same_code} dòng; giữ lại một.", f"The unit {code} stands in {same_code} rows; keep one."
        faults.append(InputError(*told, row=number, field=CODE))
    counts, factors = {}, {}
    for item in rules.indicators:
        pair = [_count(row, f"{item.id}_{side}", number, faults) for side in ("num", "den")]
        if pair[0] is None or pair[1] is None:
            continue
        counts[item.id] = (pair[0], pair[1])
        faults += _against_each_other(item, pair[0], pair[1], number)
    for factor in rules.factors:
        if text := row.get(factor.id, ""):
            if _FACTOR.fullmatch(text):
                factors[factor.id] = Fraction(text.replace(",", "."))
            else:
                faults.append(
                    InputError(
                        f"“{text}” không phải số từ 0 trở lên; viết như 0.98, hoặc để trống.",
                        f"“{text}” is not a number of at least 0; write it like 0.98, or leave it blank.",
                        row=number,
                        field=factor.id,
                    )
                )
    return UnitCounts(number, code, row.get(NAME, ""), counts, factors), faults


def _count(row: Mapping[str, str], column: str, number: int, faults: list[InputError]) -> int | None:
    """The whole number in a cell; None where it is blank, absent or wrong (which is told)."""
    text = row.get(column.casefold(), "")
    if not text:
        return None
    if whole := _WHOLE.fullmatch(text):
        return int(whole[1])
    faults.append(InputError(*_why_not(text), row=number, field=column))
    return None


def _why_not(text: str) -> tuple[str, str]:
    shown = text if len(text) <= 40 else f"{text[:40]}…"
    if _NEGATIVE.fullmatch(text):
        return f"“{shown}” là số âm; số lượng phải từ 0 trở lên.", f"“{shown}” is negative; a count is at least 0."
    if _GROUPED.fullmatch(text):
        bare = re.sub(r"[^0-9]", "", text)
        return (
            f"“{shown}” có dấu phân cách; viết liền số nguyên, ví dụ {bare} nếu đó là hàng nghìn.",
            f"“{shown}” has a separator; write the whole number without one, {bare} if thousands are meant.",
        )
    if _DECIMAL.fullmatch(text) or text.endswith("%"):
        return (
            f"“{shown}” không phải số lượng; cần số nguyên đếm được, không phải tỷ lệ.",
            f"“{shown}” is no count; a whole number is needed, not a share.",
        )
    return (
        f"“{shown}” không phải số; viết số nguyên bằng chữ số 0–9, hoặc để trống nếu chưa có số liệu.",
        f"“{shown}” is not a number; write a whole number in the digits 0–9, or leave the cell blank where there are no data.",
    )


def _against_each_other(item: Indicator, numerator: int, denominator: int, row: int) -> list[InputError]:
    column = f"{item.id}_num"
    if denominator == 0 and numerator > 0:
        told = (
            f"Tử số {numerator} trong khi mẫu số {item.id}_den bằng 0; sửa một trong hai, hoặc để trống cả hai nếu chưa có số liệu.",
            f"The numerator is {numerator} and {item.id}_den is 0; correct either, or leave both blank where there are no data.",
        )
        return [InputError(*told, row=row, field=column)]
    if item.formula == "mean" and numerator > denominator * item.points:
        told = (
            f"Tổng điểm {numerator} lớn hơn {item.points} điểm cho mỗi trong {denominator} hồ sơ; kiểm tra lại.",
            f"A sum of {numerator} points is more than {item.points} for each of {denominator} dossiers; check it.",
        )
        return [InputError(*told, row=row, field=column)]
    return []


def _notes_on_columns(rules: CountRules, there: set[str], wanted: Sequence[str]) -> list[Words]:
    notes = []
    known = {name.casefold() for name in wanted}
    if extra := ", ".join(sorted(there - known)):
        notes.append(Words(vi=f"Không dùng các cột: {extra}.", en=f"Columns not used: {extra}."))
    pairs = {item.id: [f"{item.id}_{side}".casefold() in there for side in ("num", "den")] for item in rules.indicators}
    if absent := ", ".join(name for name, (num, den) in pairs.items() if not (num and den)):
        notes.append(Words(vi=f"Không có đủ cột của các chỉ tiêu: {absent}.", en=f"Indicators without both columns: {absent}."))
    if NAME not in there:
        notes.append(Words(vi="Không có cột unit_name; tên để trống.", en="There is no column unit_name; names stay blank."))
    return notes


def _notes_on_factors(rules: CountRules, there: set[str], units: Sequence[UnitCounts]) -> list[Words]:
    notes = []
    for factor in rules.factors:
        if factor.id not in there:
            notes.append(
                Words(
                    vi=f"Không có cột {factor.id} ({factor.name.vi}); tính là 1.",
                    en=f"There is no column {factor.id} ({factor.name.en}); it counts as 1.",
                )
            )
            continue
        if rows := sum(factor.id not in unit.factors for unit in units):
            notes.append(
                Words(vi=f"{factor.id} để trống ở {rows} dòng; tính là 1.", en=f"{factor.id} is blank in {rows} rows; it counts as 1.")
            )
        if above := ", ".join(str(unit.row) for unit in units if unit.factors.get(factor.id, 1) > 1):
            notes.append(
                Words(
                    vi=f"{factor.id} lớn hơn 1 ở dòng {above}; nếu đó là phần trăm thì viết 0.98 thay cho 98.",
                    en=f"{factor.id} is above 1 in row {above}; if that is a percentage, write 0.98 for 98.",
                )
            )
    return notes


def _notes_on_pairs(rules: CountRules, rows: Sequence[Mapping[str, str]]) -> list[Words]:
    """Where one of the two numbers is there and the other is not."""
    halves = []
    for item in rules.indicators:
        names = [f"{item.id}_{side}".casefold() for side in ("num", "den")]
        at = [str(row[ROW]) for row in rows if bool(row.get(names[0])) != bool(row.get(names[1]))]
        if at:
            halves.append(f"{item.id} ({', '.join(at[:10])}{' …' if len(at) > 10 else ''})")
    if not halves:
        return []
    listed = "; ".join(halves)
    return [
        Words(
            vi=f"Chỉ có tử số hoặc chỉ có mẫu số, coi là thiếu — chỉ tiêu (dòng): {listed}.",
            en=f"Only numerator or only denominator, taken as missing — indicator (rows): {listed}.",
        )
    ]
