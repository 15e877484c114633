"""An edition as an XLSX workbook: contents, notes, one sheet a table. Numbers are numbers, codes are text, nothing is a formula.

The same edition gives the same bytes: the file's own date is the cut-off, and no other is in it.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from core.calendar import Month, local_date
from exports import data
from exports.dictionary import (
    COLUMN_DEFINITIONS,
    ENTRY_COLUMNS,
    SIMULATED,
    STATUSES,
    VARIANTS,
    csv_rows,
    public_tables,
)
from scorecard.edition_tables import Column
from scorecard.indicators import INDICATORS
from scorecard.models import Edition
from scorecard.own_names import units_of

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format

LIMIT = 1_048_575  # rows below the head that a sheet can hold
TEXT_LIMIT = 32_767  # characters of a cell
WIDTHS = {"text": 16, "count": 11, "share": 11, "day": 12, "flag": 10}
FORMATS = {"count": "#,##0", "share": "0.0###"}
SIMULATED_WORDS = "SỐ LIỆU MÔ PHỎNG — không phải kết quả của bất kỳ địa phương nào"


@dataclass(frozen=True)
class Sheet:
    """One table: its name in the workbook (31 characters at most), its title, columns, rows by column."""

    name: str
    title_vi: str
    title_en: str
    columns: Sequence[Column]
    rows: Sequence[dict[str, Any]]

    @property
    def fitting(self) -> "Sheet":
        """Itself; without rows, and saying so, where a sheet cannot hold them."""
        if len(self.rows) <= LIMIT:
            return self
        vi, en = (
            f"{self.title_vi} (quá nhiều dòng cho một trang tính: xem tệp CSV)",
            f"{self.title_en} (too many rows for a sheet: see the CSV)",
        )
        return replace(self, title_vi=vi, title_en=en, rows=[])


def workbook_file(session: Session, edition: Edition) -> bytes:
    """The workbook's bytes."""
    return write(edition, sheets(session, edition))


def sheets(session: Session, edition: Edition) -> list[Sheet]:
    """Every table of an edition that anybody may have."""
    records = data.rows(session, edition)
    units = units_of(session, edition)
    above = {code for code, unit in units.items() if unit.kind in ("province", "ministry")}
    national = [row for row in records if row["subject_kind"] == "nation"]
    provinces = [row for row in records if row["subject_kind"] == "unit" and row["subject_code"] in above]
    below = [row for row in records if row["subject_kind"] == "unit" and row["subject_code"] not in above]
    others = [row for row in records if row["subject_kind"] not in ("nation", "unit", "procedure")]
    lists = [
        Sheet(table.name[:31], table.title_vi, table.title_en, (*table.columns, SIMULATED), data.table_rows(edition, table))
        for table in public_tables()
    ]
    made = [
        Sheet("ca_nuoc", "Cả nước: mọi chỉ tiêu, mọi cách chia", "The nation: all indicators and breakdowns", COLUMN_DEFINITIONS, national),
        Sheet("tinh_bo", "Tỉnh, thành phố, bộ: mọi chỉ tiêu", "Provinces and ministries: all indicators", COLUMN_DEFINITIONS, provinces),
        _wide("don_vi", "Xã, phường, cơ quan: một dòng một đơn vị", "Communes and agencies: one row a unit", below, edition),
        _wide(
            "thu_tuc",
            "Thủ tục (cả nước): một dòng một thủ tục",
            "Procedures (nation): one row a procedure",
            [row for row in records if row["subject_kind"] == "procedure"],
            edition,
        ),
        Sheet("khac", "Lĩnh vực, nhà cung cấp hệ thống", "Sectors and providers of systems", COLUMN_DEFINITIONS, others),
        *lists,
    ]
    return [sheet.fitting for sheet in made]


def dictionary_sheet(edition: Edition) -> Sheet:
    """The data dictionary."""
    columns = [Column(name, name, name) for name in ENTRY_COLUMNS]
    return Sheet("tu_dien", "Từ điển số liệu", "Data dictionary", (*columns, SIMULATED), csv_rows(edition.simulated))


def write(edition: Edition, tables: Sequence[Sheet]) -> bytes:
    """Contents and notes, then the tables, as one file."""
    import xlsxwriter

    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(stream, options)
    book.set_properties(
        {
            "title": _label(edition),
            "subject": SIMULATED_WORDS if edition.simulated else "",
            "created": edition.cutoff_at.astimezone(UTC).replace(tzinfo=None),
        }
    )
    bold = book.add_format({"bold": True})
    every = [*(_dated(one, edition) for one in tables), dictionary_sheet(edition)]
    _contents(book, edition, every, bold)
    _notes(book, edition, bold)
    formats = {type_: book.add_format({"num_format": pattern}) for type_, pattern in FORMATS.items()}
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    for sheet in every:
        _table(book, sheet, edition, head, formats)
    book.close()
    return stream.getvalue()


def _wide(name: str, vi: str, en: str, records: Iterable[dict[str, Any]], edition: Edition) -> Sheet:
    """One row a subject: for each indicator its value and what it rests on; where there is no number, its status in words."""
    found: dict[str, dict[str, Any]] = {}
    used: dict[tuple[str, str], None] = {}
    for record in records:
        if (record["breakdown"], record["window"], record["period_kind"]) != ("total", 1, "calendar"):
            continue
        key = record["indicator"], record["variant"]
        used[key] = None
        row = found.setdefault(record["subject_code"], {"subject_code": record["subject_code"], "subject_name": record["subject_name"]})
        shown = record["status"] == "value"
        row[".".join(key)] = record["value"] if shown else STATUSES[record["status"]][0]
        row[".".join((*key, "n"))] = record["n"]
    columns = [Column("subject_code", "mã", "code"), Column("subject_name", "tên", "name")]
    for indicator in INDICATORS.values():
        for variant in VARIANTS:
            if (indicator.code, variant) in used:
                form = "" if variant == "raw" else f" ({VARIANTS[variant][0]})"
                columns += [
                    Column(f"{indicator.code}.{variant}", indicator.name_vi + form, indicator.name_en, "share"),
                    Column(f"{indicator.code}.{variant}.n", "tính trên", "rests on", "count"),
                ]
    empty = {column.name: None for column in columns} | {"simulated": edition.simulated}
    return Sheet(name, vi, en, (*columns, SIMULATED), [empty | found[code] for code in sorted(found)])


def _dated(sheet: Sheet, edition: Edition) -> Sheet:
    """The sheet with month and version in each row, so that no table is without its period wherever it is copied to."""
    period = {"month": edition.month, "version": edition.version}
    missing = [column for column in COLUMN_DEFINITIONS if column.name in period and column not in sheet.columns]
    columns = (*sheet.columns[:-1], *missing, sheet.columns[-1])
    return replace(sheet, columns=columns, rows=[row | period for row in sheet.rows])


def _label(edition: Edition) -> str:
    return f"Số liệu tháng {edition.month[5:]}/{edition.month[:4]}, phiên bản {edition.version}"


def _contents(book: "Workbook", edition: Edition, tables: Sequence[Sheet], bold: "Format") -> None:
    sheet = book.add_worksheet("muc_luc")
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 2, 58)
    sheet.set_column(3, 3, 10)
    sheet.write_string(0, 0, _label(edition), bold)
    if edition.simulated:
        sheet.write_string(1, 0, SIMULATED_WORDS, bold)
    for column, text in enumerate(("Trang tính", "Nội dung", "Contents (English)", "Số dòng")):
        sheet.write_string(3, column, text, bold)
    lines = [("ghi_chu", "Ghi chú", "Notes", None), *((one.name, one.title_vi, one.title_en, len(one.rows)) for one in tables)]
    for place, (name, vi, en, count) in enumerate(lines, start=4):
        sheet.write_url(place, 0, f"internal:'{name}'!A1", string=name)
        sheet.write_string(place, 1, vi)
        sheet.write_string(place, 2, en)
        if count is not None:
            sheet.write_number(place, 3, count)
    sheet.freeze_panes(4, 0)


def _notes(book: "Workbook", edition: Edition, bold: "Format") -> None:
    month = Month.parse(edition.month)
    lines = [
        ("Kỳ số liệu", f"{month.first_day:%d/%m/%Y}–{month.last_day:%d/%m/%Y}, giờ Việt Nam"),
        ("Chốt số liệu", f"{local_date(edition.cutoff_at):%d/%m/%Y}"),
        ("Phiên bản", str(edition.version)),
        ("Bộ quy tắc", edition.rule_version),
        ("Mã kiểm tra số đo (SHA-256)", edition.checksum),
        ("Số liệu mô phỏng", SIMULATED_WORDS if edition.simulated else "không"),
        ("Tỷ lệ", "ghi từ 0 đến 1; khoảng tin cậy 95 %"),
        ("Ô không có số", "; ".join(f"{code}: {vi}" for code, (vi, _en) in STATUSES.items() if code != "value")),
        ("Bảo vệ người trả lời", "ô dưới 10 câu trả lời không có trong tệp, kể cả số nào suy ra được ô đó"),
        ("Mã", "luôn là chữ; không bỏ số 0 ở đầu hay cuối"),
        ("Định nghĩa", "trang tính tu_dien, lấy thẳng từ định nghĩa mà chương trình dùng để tính"),
    ]
    sheet = book.add_worksheet("ghi_chu")
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 100)
    for place, (name, text) in enumerate(lines):
        sheet.write_string(place, 0, name, bold)
        sheet.write_string(place, 1, text)


def _table(book: "Workbook", table: Sheet, edition: Edition, head: "Format", formats: dict[str, "Format"]) -> None:
    """Row 1: names of columns as in the CSV; row 2: their meaning; then the rows. Both heads stay in view."""
    sheet = book.add_worksheet(table.name)
    for place, column in enumerate(table.columns):
        sheet.set_column(place, place, 40 if column.name.endswith("_name") else WIDTHS[column.type])
        sheet.write_string(0, place, column.name, head)
        sheet.write_string(1, place, column.vi, head)
    for line, record in enumerate(table.rows, start=2):
        for place, column in enumerate(table.columns):
            value = record[column.name]
            if value is None:
                continue
            if isinstance(value, bool):
                sheet.write_boolean(line, place, value)
            elif isinstance(value, int | float):
                sheet.write_number(line, place, value, formats.get(column.type))
            else:
                sheet.write_string(line, place, str(value)[:TEXT_LIMIT])
    sheet.freeze_panes(2, 2)
    if table.rows:
        sheet.autofilter(1, 0, len(table.rows) + 1, len(table.columns) - 1)
    sheet.set_header(f"&L{_label(edition)}&R{SIMULATED_WORDS if edition.simulated else ''}")
