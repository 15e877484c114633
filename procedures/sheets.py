"""Workbooks and Parquet files as batches of text, read front to back in little memory. Knows no profile.

Everything becomes text, as it would stand in a CSV: a procedure code that is a number here has lost its last zero before, and the
rules find it.
"""

import json
import re
import warnings
import zipfile
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

from core.errors import InputError
from procedures.delimited import ROW, Rows
from procedures.headings import WITHIN, check_heading, heading, likeness
from procedures.unpacking import BLOCK, damaged, too_large

if TYPE_CHECKING:
    import pyarrow as pa

LAST_ROW, LAST_COLUMN = 1 << 20, 1 << 14  # of a workbook, as the format has it
SHEET_BATCH = 10_000
PARQUET_BATCH = 1 << 16
BATCH_BYTES = 256 << 20  # most that one column of a batch may take as text
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=[\"']\$?[A-Z]+\$?([0-9]+)(?::\$?[A-Z]+\$?([0-9]+))?[\"']")
_ROW = re.compile(rb"<(?:\w+:)?row\b(?:[^>]*?\sr=[\"'](-?[0-9]+)[\"'])?")


def sheet_rows(stream: BinaryIO, name: str, wanted: Collection[str], needed: Sequence[str], *, guess: bool = False) -> Rows:
    """The rows of a workbook's first sheet under the row that looks most like a heading (``headings.likeness``).
    ``needed`` are named to the sender where there is none.

    Raises ``InputError`` where cells of the heading are merged, or where no row looks like a heading.
    """
    known = set(wanted)
    (place, sheet), merged, others = _first_sheet(stream, name)
    top, scores = _headed(sheet, name, known, guess)
    best = scores.index(max(scores)) if scores else 0
    found = bool(scores) and scores[best] > 0
    needs = {*map(heading, needed)}
    for number, other in others:
        if needs and any(needs <= {*map(heading, row)} for row in _headed(other, name, known)[0]):
            if not found:
                raise InputError(
                    f"Bảng hồ sơ của tệp {name} ở trang tính {number}, trang {place} không có. "
                    "Bỏ các trang khác (trang này không được ẩn) rồi gửi lại.",
                    f"The table of dossiers of {name} is in sheet {number}, sheet {place} has none. "
                    "Drop the other sheets (this one must not be hidden) and resend it.",
                    row=1,
                )
            raise InputError(
                f"Tệp {name} có bảng hồ sơ ở nhiều trang tính (trang {place} và trang {number}). "
                "Gộp vào một trang hoặc gửi mỗi trang một tệp.",
                f"{name} has tables of dossiers in several sheets ({place} and {number}). "
                "Join them in one or send each as a file of its own.",
                row=1,
            )
    if not found or any(first <= best + 1 <= last for first, last in merged):
        raise _no_heading(name, needed, (best + 1 if found else merged[0][0]) if merged else None)
    named = top[best]
    while named[-1] is None:
        named.pop()
    originals = [cell_text(cell) for cell in named]
    names = check_heading(originals, best + 1, name, known)
    return Rows(names, originals, _sheet_batches(sheet, name, best + 2, names), top=best + 1)


def _headed(sheet: Any, name: str, known: set[str], guess: bool = False) -> tuple[list[list[Any]], list[int]]:
    """The first rows of a sheet, and how much each looks like a heading."""
    top = [list(row) for _number, row in _taken(sheet, name, last_row=WITHIN, last_column=LAST_COLUMN)]
    return top, [likeness(row, known, guess) for row in top]


def _no_heading(name: str, needed: Sequence[str], merged_row: int | None) -> InputError:
    if merged_row is not None:
        return InputError(
            f"Tiêu đề của tệp {name} có ô gộp. Bỏ gộp ô, để mỗi cột một tiêu đề trên một dòng.",
            f"The heading of {name} has merged cells. Unmerge them: one heading a column, in one row.",
            row=merged_row,
        )
    return InputError(
        f"Không tìm thấy dòng tiêu đề trong {WITHIN} dòng đầu của tệp {name}. Cần có các cột: {', '.join(needed)}.",
        f"No heading row was found in the first {WITHIN} rows of {name}. These columns are needed: {', '.join(needed)}.",
        row=1,
    )


def _first_sheet(stream: BinaryIO, name: str) -> tuple[tuple[int, Any], list[tuple[int, int]], list[tuple[int, Any]]]:
    """The first sheet that is not hidden and its place, the (first, last) rows of its merged cells, the other sheets."""
    from openpyxl import load_workbook

    def read() -> tuple[tuple[int, Any], list[tuple[int, int]], list[tuple[int, Any]]]:
        every = list(enumerate(load_workbook(stream, read_only=True, data_only=True).worksheets, 1))
        # a sheet that nobody sees is not what its sender means by the first
        sheets = sorted(every, key=lambda numbered: numbered[1].sheet_state != "visible")
        for _place, sheet in sheets:
            sheet.reset_dimensions()  # what a workbook says of its size is often wrong
        with zipfile.ZipFile(stream) as archive, archive.open(sheets[0][1]._worksheet_path) as part:
            return sheets[0], list(_merged_rows(part, name)), sheets[1:]

    found: tuple[tuple[int, Any], list[tuple[int, int]], list[tuple[int, Any]]] = _careful(read, name)
    return found


def _merged_rows(part: Any, name: str) -> Iterator[tuple[int, int]]:
    """Where cells are merged, from the sheet's own XML: they stand behind its rows, which need not be parsed for that.

    Raises ``InputError`` where a row's number does not follow the one before: the library would pass over such rows in silence.
    """
    rest, row, block = b"", 0, b"<"
    while block:
        block = part.read(BLOCK)
        text = rest + block
        cut = text.rfind(b"<")
        if not block or cut < 0 or b">" in text[cut:] or len(text) - cut > BLOCK:
            cut = len(text)
        text, rest = text[:cut], text[cut:]  # a tag that goes on in the next block waits for it
        for found in _ROW.finditer(text):
            number = int(found[1]) if found[1] else row + 1
            if not row < number <= LAST_ROW:
                raise InputError(
                    f"Tệp {name} có dòng đánh số sai thứ tự (dòng {number} sau dòng {row}). Mở bằng Excel, lưu lại rồi gửi lại.",
                    f"{name} has a row numbered out of order (row {number} after row {row}). Open and save it in Excel, then resend it.",
                    row=row or None,
                )
            row = number
        if b"mergeCell" in text:
            for match in _MERGED.finditer(text):
                yield int(match[1]), int(match[2] or match[1])


def _careful(read: Callable[[], Any], name: str) -> Any:
    """What ``read`` gives. A workbook may be wrong in every way, and the library raises whatever comes: for each it is damaged."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and dates that the library does not understand
            return read()
    except InputError:
        raise
    except Exception as error:
        raise damaged(name) from error


def _taken(sheet: Any, name: str, last_row: int, last_column: int) -> Iterator[tuple[int, tuple[Any, ...]]]:
    rows = _careful(lambda: sheet.iter_rows(max_row=last_row, max_col=last_column, values_only=True), name)
    number = 0
    while (row := _careful(lambda: next(rows, None), name)) is not None:
        number += 1
        yield number, row


def _sheet_batches(sheet: Any, name: str, first: int, names: Sequence[str]) -> "Iterator[pa.RecordBatch]":
    import pyarrow as pa

    schema = pa.schema([(ROW, pa.int64()), *((column, pa.string()) for column in names)])
    numbers: list[int] = []
    rows: list[tuple[Any, ...]] = []

    def batch() -> "pa.RecordBatch":
        columns = [[cell_text(cell) for cell in column] for column in zip(*rows, strict=True)] or [[] for _ in names]
        return pa.record_batch([pa.array(numbers, pa.int64()), *(pa.array(column, pa.string()) for column in columns)], schema=schema)

    for number, row in _taken(sheet, name, last_row=LAST_ROW, last_column=len(names)):
        if number < first or all(cell is None for cell in row):
            continue
        numbers.append(number)
        rows.append(row)
        if len(rows) == SHEET_BATCH:
            yield batch()
            numbers.clear()
            rows.clear()
    yield batch()


def cell_text(cell: Any) -> str:
    """A cell as text: days and times in ISO form, whole numbers without a fraction, nothing as an empty text."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, datetime):
        midnight = cell.time() == time()
        return cell.date().isoformat() if midnight else cell.isoformat(sep=" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def parquet_rows(stream: BinaryIO, name: str, wanted: Sequence[str] | None = None, *, limit: int | None = None) -> Rows:
    """The rows of a Parquet file, every column as text: instants in ISO form (UTC with its offset where they have a zone), numbers
    without needless fractions, lists and records as JSON. ``limit`` is the most bytes that all of the text may be.

    Raises ``InputError`` where it is damaged, where a heading occurs twice, or (with row and field) where a value is no text.
    """
    import pyarrow as pa
    from pyarrow import parquet

    def opened() -> tuple[Any, Any]:
        shape = parquet.read_schema(stream)
        stream.seek(0)
        # As a dictionary first: a value that is repeated a million times is then held once, and the size as text is known before.
        texts = [column.name for column in shape if pa.types.is_string(column.type) or pa.types.is_large_string(column.type)]
        file = parquet.ParquetFile(stream, read_dictionary=texts, buffer_size=BLOCK)
        widest = max((_row_bytes(file.metadata.row_group(group)) for group in range(file.num_row_groups)), default=1)
        return shape, file.iter_batches(batch_size=max(min(PARQUET_BATCH, BATCH_BYTES // widest), 1), use_threads=False)

    shape, batches = _careful(opened, name)
    originals = list(shape.names)
    names = check_heading(originals, 1, name, wanted)
    return Rows(names, originals, _parquet_batches(batches, names, name, limit))


def _row_bytes(group: Any) -> int:
    return max(int(group.total_byte_size // max(group.num_rows, 1)), 1)


def _parquet_batches(batches: "Iterator[pa.RecordBatch]", names: Sequence[str], name: str, limit: int | None) -> "Iterator[pa.RecordBatch]":
    import pyarrow as pa

    schema = pa.schema([(ROW, pa.int64()), *((column, pa.string()) for column in names)])
    first, size = 2, 0
    while True:
        batch = _careful(lambda: next(batches, None), name)
        if batch is None:
            return
        _careful(partial(batch.validate, full=True), name)
        columns = [
            _without_nul(_column_text(column, column_name, first, name)) for column_name, column in zip(names, batch.columns, strict=True)
        ]
        size += sum(column.nbytes for column in columns)
        if limit is not None and size > limit:
            raise too_large(name, limit)
        numbers = pa.array(range(first, first + batch.num_rows), pa.int64())
        first += batch.num_rows
        yield pa.record_batch([numbers, *columns], schema=schema)


def _without_nul(column: "pa.Array") -> "pa.Array":
    """No text of a database holds a NUL: the sign for what cannot be read stands in its place."""
    from pyarrow import compute

    signs = column.buffers()[2]
    return compute.replace_substring(column, "\0", "\ufffd") if signs is not None and b"\0" in memoryview(signs).tobytes() else column


def _column_text(column: Any, heading: str, first: int, name: str) -> "pa.Array":
    """One column of a batch whose first row is ``first``."""
    import pyarrow as pa
    from pyarrow import compute

    kind = column.type
    if pa.types.is_dictionary(kind):
        width = compute.sum(compute.binary_length(column.dictionary).take(column.indices)).as_py() or 0
        if width > BATCH_BYTES:
            raise _no_text(name, heading, first)
        return column.dictionary_decode().cast(pa.string())
    if pa.types.is_timestamp(kind):
        moments = column.cast(pa.timestamp("us", kind.tz and "UTC"), safe=False).cast(pa.timestamp("us"))
        text = compute.replace_substring(compute.replace_substring_regex(moments.cast(pa.string()), r"\.0+$", ""), " ", "T")
        return compute.binary_join_element_wise(text, "+00:00", "") if kind.tz else text
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_date(kind) or pa.types.is_null(kind):
        return column.cast(pa.string())
    found = []
    for row, value in enumerate(column, first):
        try:
            plain = value.as_py()
            found.append(None if plain is None else _value_text(plain))
        except (ValueError, OverflowError, RecursionError) as error:
            raise _no_text(name, heading, row) from error
    return pa.array(found, pa.string())


def _no_text(name: str, heading: str, row: int) -> InputError:
    return InputError(
        f"Tệp {name} có giá trị không đọc được dưới dạng văn bản, hoặc dài bất thường. Đổi cột này sang văn bản hoặc bỏ cột.",
        f"{name} has a value that cannot be read as text, or is unusually long. Make the column text or drop it.",
        row=row,
        field=heading,
    )


def _value_text(value: Any) -> str:
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=_value_text)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return value.decode()
    return cell_text(value)
