"""Small tables (forms, lists) as rows of texts, wherever in the file their heading stands. Not for feeds."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from core.errors import InputError

MAX_BYTES = 32 << 20  # unpacked
MAX_ROWS = 20_000


def read_grid(path: Path, least: int) -> list[tuple[int, list[str]]]:
    """The rows of a CSV, or of a workbook's first sheet, with their numbers; empty ones left out.

    ``least``: of columns that the table must have, by which the separator is told. Raises ``InputError``.
    """
    import tempfile

    from procedures.unpacking import unpack

    try:
        with path.open("rb") as stream, tempfile.TemporaryDirectory() as scratch:
            unpacked = unpack(stream, path.name, MAX_BYTES, scratch=Path(scratch))
            if unpacked.kind not in ("csv", "xlsx"):
                raise InputError(f"Tệp {path.name} phải là CSV hoặc XLSX.", f"The file {path.name} must be CSV or XLSX.")
            with unpacked.stream:
                rows = _csv(unpacked.stream, path.name, max(least - 1, 1)) if unpacked.kind == "csv" else _sheet(unpacked.stream, path.name)
                found = [(number, cells) for number, cells in rows if any(cell.strip() for cell in cells)]
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"Không mở được tệp {path.name}: {reason}.", f"The file {path.name} cannot be opened: {reason}.") from error
    return found


def _csv(stream: BinaryIO, name: str, least: int) -> Iterator[tuple[int, list[str]]]:
    import csv
    import io

    text = stream.read().decode("utf-8")
    # Commas may also part thousands: among separators of as many rows another one goes first.
    rows = {sign: sum(line.count(sign) >= least for line in text.split("\n")) for sign in "\t;,"}
    separator = max(rows, key=rows.__getitem__) if any(rows.values()) else ","
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise InputError(
                f"Không đọc được tệp {name}. Kiểm tra dấu ngoặc kép.", f"{name} cannot be read. Check its quotation marks.", row=number
            ) from error
        if cells is None:
            return
        yield _bounded(number, name), cells


def _sheet(stream: BinaryIO, name: str) -> Iterator[tuple[int, list[str]]]:
    import warnings
    from zipfile import BadZipFile
    from zlib import error as zlib_error

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    # SyntaxError is that of its XML.
    unreadable = (BadZipFile, InvalidFileException, zlib_error, AttributeError, EOFError, LookupError, SyntaxError, TypeError, ValueError)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles that openpyxl does not draw: nothing that is read here
            sheet = load_workbook(stream, data_only=True, read_only=True).worksheets[0]
            for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
                yield _bounded(number, name), [_cell(value) for value in row]
    except unreadable as error:
        raise InputError(
            f"Không đọc được bảng tính {name}. Lưu lại dưới dạng XLSX hoặc CSV rồi gửi lại.",
            f"The workbook {name} cannot be read. Save it again as XLSX or CSV and resend it.",
        ) from error


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _bounded(number: int, name: str) -> int:
    if number > MAX_ROWS:
        raise InputError(f"Tệp {name} dài hơn {MAX_ROWS} dòng.", f"The file {name} is longer than {MAX_ROWS} rows.", row=number)
    return number
