"""Files as they come in, made into tables of text: compression, encoding, CSV, XLSX, JSON lines. Knows no profile.

Everything stays text: a procedure code that is read as a number loses its last zero.
"""

import gzip
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

MAX_BYTES = 1 << 30  # unpacked; a larger file is sent in parts
HEADING_WITHIN = 10  # rows in which the heading of a workbook's sheet is looked for
ROW = "row_no"
_QUOTED = re.compile(rb'"[^"]*+(?:""[^"]*+)*+("?)')


@dataclass(frozen=True)
class Lines:
    """Rows of a file: ``table`` has ``row_no`` (heading is row 1) and text columns; ``broken`` the numbers of unreadable rows."""

    table: "pa.Table"
    broken: list[int]


def heading(text: object) -> str:
    """A heading as it is compared: composed letters, lower case, single blanks, no star for "required"."""
    return " ".join(unicodedata.normalize("NFC", str(text or "")).replace("*", " ").casefold().split())


def read_bytes(path: Path) -> bytes:
    """The file's content, unpacked if gzipped. Raises ``InputError`` for an empty, truncated or oversized file."""
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"Không mở được tệp {path.name}: {reason}.", f"The file {path.name} cannot be opened: {reason}.") from error
    if data[:2] == b"\x1f\x8b":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
                data = stream.read(MAX_BYTES + 1)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise _truncated(path.name) from error
    if len(data) > MAX_BYTES:
        raise _too_large(path.name)
    if not data.strip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe"):
        raise InputError(
            f"Tệp {path.name} trống. Xuất lại dữ liệu rồi gửi lại.", f"The file {path.name} is empty. Export the data again and resend it."
        )
    return data


def _truncated(name: str) -> InputError:
    return InputError(
        f"Tệp nén {name} bị cắt cụt hoặc hỏng. Nén lại và gửi lại cả tệp.",
        f"The compressed file {name} is cut off or damaged. Compress it again and resend all of it.",
    )


def _too_large(name: str) -> InputError:
    limit = MAX_BYTES >> 20
    return InputError(
        f"Tệp {name} lớn hơn {limit} MiB khi giải nén. Chia tệp theo tháng rồi gửi từng phần.",
        f"The file {name} is larger than {limit} MiB unpacked. Split it by month and send the parts.",
    )


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are a zip archive, as every XLSX is."""
    return data[:2] == b"PK"


def is_other_archive(data: bytes) -> bool:
    """Whether it is a sound zip archive that holds no workbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return not any(name.startswith("xl/") for name in archive.namelist())
    except zipfile.BadZipFile:
        return False


def as_utf8(data: bytes, name: str) -> bytes:
    """The text as UTF-8 without BOM. Raises ``InputError`` naming the row where it is in another encoding."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return data.decode("utf-16").encode()
        except UnicodeDecodeError as error:
            raise _truncated(name) from error
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _encoding(name, data.count(b"\n", 0, error.start) + 1) from error
    if b"\0" in data:
        raise _encoding(name, data.count(b"\n", 0, data.index(b"\0")) + 1)
    return data


def _encoding(name: str, row: int) -> InputError:
    return InputError(
        f"Tệp {name} không phải UTF-8 (có thể là TCVN3, VNI hoặc Windows-1258). Lưu lại dưới dạng “CSV UTF-8” rồi gửi lại.",
        f"The file {name} is not UTF-8 (perhaps TCVN3, VNI or Windows-1258). Save it as “CSV UTF-8” and resend it.",
        row=row,
    )


def read_lines(data: bytes) -> Lines:
    """Each line of UTF-8 text as one value in the column ``line``."""
    import pyarrow as pa
    from pyarrow import csv

    # A control character that no JSON text may hold splits nothing: one column a line, read without Python touching it.
    broken: list[int] = []
    table = csv.read_csv(
        io.BytesIO(data),
        read_options=csv.ReadOptions(column_names=["line"], use_threads=False, block_size=_block(data)),
        parse_options=csv.ParseOptions(
            delimiter="\x01", quote_char=False, ignore_empty_lines=False, invalid_row_handler=_skip(broken, first_row=1)
        ),
        convert_options=csv.ConvertOptions(column_types={"line": pa.string()}, strings_can_be_null=False),
    )
    return Lines(_numbered(table, broken, 1), broken)


def read_csv(data: bytes, name: str) -> Lines:
    """The rows of a CSV with a heading; the separator is told from the heading. Line ends of every kind are read.

    Raises ``InputError`` where a heading occurs twice, or where a quotation mark swallows rows.
    """
    import pyarrow as pa
    from pyarrow import csv

    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    first = data.split(b"\n", 1)[0]
    separator = max((b",", b";", b"\t"), key=first.count)
    _check_quotes(data, separator, [heading(cell.strip(b'"').decode()) for cell in first.split(separator)], name)
    broken: list[int] = []
    names = _csv_heading(data, separator.decode(), name)
    try:
        table = csv.read_csv(
            io.BytesIO(data),
            read_options=csv.ReadOptions(column_names=names, skip_rows_after_names=1, use_threads=False, block_size=_block(data)),
            parse_options=csv.ParseOptions(
                delimiter=separator.decode(),
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=_skip(broken, first_row=1),
            ),
            convert_options=csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid as error:
        raise InputError(
            f"Không đọc được tệp CSV {name}: {error}. Kiểm tra dấu ngoặc kép và dấu phân cách.",
            f"The CSV file {name} cannot be read: {error}. Check its quotation marks and separators.",
        ) from error
    return Lines(_numbered(table, broken, 2), broken)


def _csv_heading(data: bytes, separator: str, name: str) -> list[str]:
    import csv

    try:
        cells = next(csv.reader(io.StringIO(data[: 1 << 20].decode("utf-8", "ignore")), delimiter=separator), [])
    except csv.Error as error:
        raise InputError(
            f"Dòng tiêu đề của tệp {name} không đọc được (một tiêu đề quá dài?). Dòng đầu phải là tên các cột.",
            f"The heading of {name} cannot be read (is one of them too long?). The first row must name the columns.",
            row=1,
        ) from error
    return _check_heading([heading(cell) for cell in cells], 1, name)


def _check_quotes(data: bytes, separator: bytes, names: Sequence[str], name: str) -> None:
    """Refuse a file in which a quotation mark swallows rows: they would vanish, and their names end up inside another's text.

    Only a mark at the start of a cell opens anything. A cell that never closes, or that holds a line break and either separators
    enough for a row or text behind its closing mark, has swallowed at least one.
    """
    end, row, column = 0, 1, 0
    start = data.find(b'"')
    while start >= 0:
        if start and data[start - 1 : start] not in (separator, b"\n"):
            start = data.find(b'"', start + 1)
            continue
        line = data.rfind(b"\n", end, start) + 1
        column = data.count(separator, line, start) if line else column + data.count(separator, end, start)
        row += data.count(b"\n", end, start)
        cell = _QUOTED.match(data, start)
        if cell is None:
            raise ValueError("the pattern matches wherever a quotation mark stands")
        end = cell.end()
        swallowed = data.find(b"\n", start, end) >= 0 and (
            data.count(separator, start, end) >= max(len(names) - 1, 1) or data[end : end + 1] not in (b"", b"\n", separator)
        )
        if not cell[1] or swallowed:
            raise InputError(
                f"Tệp {name} có dấu ngoặc kép mở mà không đóng đúng chỗ, nuốt mất các dòng sau. Đóng hoặc bỏ dấu này rồi gửi lại cả tệp.",
                f"{name} has a quotation mark that is not closed where it should be and swallows the rows after it. "
                "Close or drop it and resend the whole file.",
                row=row,
                field=names[column] if column < len(names) else None,
            )
        start = data.find(b'"', end)


def _check_heading(names: list[str], row: int, file_name: str) -> list[str]:
    named = [name for name in names if name]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise InputError(
            f"Tiêu đề lặp lại trong tệp {file_name}. Đổi tên hoặc bỏ một cột.",
            f"A heading occurs twice in {file_name}. Rename or drop one of the columns.",
            row=row,
            field=twice[0],
        )
    return [name or f"({position})" for position, name in enumerate(names, 1)]


def _block(data: bytes) -> int:
    return min(max(len(data) + 1, 1 << 20), (1 << 31) - 1)  # one block: rows are numbered in order


def _skip(broken: list[int], first_row: int) -> Any:
    def note(row: Any) -> str:
        broken.append(row.number + first_row - 1)
        return "skip"

    return note


def _numbered(table: "pa.Table", broken: Sequence[int], first_row: int) -> "pa.Table":
    import pyarrow as pa

    skipped = set(broken)
    numbers = [row for row in range(first_row, first_row + table.num_rows + len(broken)) if row not in skipped]
    return table.add_column(0, ROW, pa.array(numbers, pa.int64()))


def sheet_rows(data: bytes, name: str) -> tuple[list[tuple[Any, ...]], list[tuple[int, int]]]:
    """All rows of a workbook's first sheet, and the (first, last) rows of its merged cells."""
    import warnings

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_BYTES:
                raise _too_large(name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles that openpyxl does not draw: nothing that is read here
            sheet = load_workbook(io.BytesIO(data), data_only=True).worksheets[0]
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError, EOFError, zlib.error) as error:
        raise _truncated(name) from error
    merged = [(area.min_row, area.max_row) for area in sheet.merged_cells.ranges]
    return list(sheet.iter_rows(values_only=True)), merged


def read_sheet(data: bytes, name: str, wanted: Sequence[str], needed: Sequence[str]) -> Lines:
    """The rows of a workbook's first sheet under the heading row that has most of the ``wanted`` headings.
    ``needed`` are named to the sender where there is none.

    Raises ``InputError`` where cells of the heading are merged, or where no row looks like a heading.
    """
    import pyarrow as pa

    rows, merged = sheet_rows(data, name)
    candidates = [[heading(cell) for cell in row] for row in rows[:HEADING_WITHIN]]
    known = set(wanted)
    scores = [len(known.intersection(cells)) for cells in candidates]
    best = scores.index(max(scores)) if scores else 0
    if not scores or scores[best] == 0 or any(first <= best + 1 <= last for first, last in merged):
        if merged:
            raise InputError(
                f"Tiêu đề của tệp {name} có ô gộp. Bỏ gộp ô, để mỗi cột một tiêu đề trên một dòng.",
                f"The heading of {name} has merged cells. Unmerge them: one heading a column, in one row.",
                row=merged[0][0] if scores and scores[best] == 0 else best + 1,
            )
        raise InputError(
            f"Không tìm thấy dòng tiêu đề trong tệp {name}. Cần có các cột: {', '.join(needed)}.",
            f"No heading row was found in {name}. These columns are needed: {', '.join(needed)}.",
            row=1,
        )
    names = _check_heading(candidates[best], best + 1, name)
    numbers, columns = [], [[] for _ in names]  # type: list[int], list[list[str]]
    for number, row in enumerate(rows[best + 1 :], best + 2):
        if any(cell is not None for cell in row):
            numbers.append(number)
            for column, cell in zip(columns, row, strict=True):
                column.append(cell_text(cell))
    arrays = [pa.array(numbers, pa.int64()), *(pa.array(column, pa.string()) for column in columns)]
    return Lines(pa.table(arrays, names=[ROW, *names]), [])


def cell_text(cell: Any) -> str:
    """A cell as text: days and times in ISO form, whole numbers without a fraction, nothing as an empty text."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        midnight = cell.time() == time()
        return cell.date().isoformat() if midnight else cell.isoformat(sep=" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
