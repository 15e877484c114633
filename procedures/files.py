"""Lists that fit into memory, units and the catalogue, read whole by the same means as feeds. Knows no profile."""

import io
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import InputError
from procedures import delimited, sheets
from procedures.delimited import ROW
from procedures.unpacking import Unpacked, unpack

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["MAX_BYTES", "ROW", "Lines", "is_workbook", "read_bytes", "read_table", "read_text"]
MAX_BYTES = 256 << 20  # unpacked


@dataclass(frozen=True)
class Lines:
    """Rows of a file: ``table`` has ``row_no`` (from the file's first row on) and text columns; ``broken`` numbers of unreadable rows."""

    table: "pa.Table"
    broken: list[int]


def read_bytes(path: Path) -> bytes:
    """The file as it is. Raises ``InputError`` where it cannot be opened or has nothing in it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"Không mở được tệp {path.name}: {reason}.", f"The file {path.name} cannot be opened: {reason}.") from error
    if not data.strip():
        raise InputError(
            f"Tệp {path.name} trống. Xuất lại dữ liệu rồi gửi lại.", f"The file {path.name} is empty. Export the data again and resend it."
        )
    return data


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are a zip archive, as every XLSX is."""
    return data[:2] == b"PK"


def read_table(data: bytes, name: str, wanted: Sequence[str], needed: Sequence[str]) -> Lines:
    """The rows of a CSV or of a workbook's first sheet under its heading; ``wanted`` and ``needed`` headings as ``sheets.sheet_rows``.

    Raises ``InputError`` where it is neither, or cannot be read as a whole.
    """
    import pyarrow as pa

    with tempfile.TemporaryDirectory() as scratch:
        unpacked = _unpack(data, name, Path(scratch))
        with unpacked.stream:
            if unpacked.kind == "xlsx":
                rows = sheets.sheet_rows(unpacked.stream, unpacked.name, wanted, needed)
            elif unpacked.kind == "csv":
                rows = delimited.csv_rows(unpacked.stream, unpacked.name, wanted or None)
            else:
                raise InputError(f"Tệp {name} phải là CSV hoặc XLSX.", f"The file {name} must be CSV or XLSX.")
            schema = pa.schema([(ROW, pa.int64()), *((column, pa.string()) for column in rows.names)])
            return Lines(pa.Table.from_batches(list(rows.batches), schema), rows.broken)


def read_text(data: bytes, name: str) -> bytes:
    """A text file's content as UTF-8. Raises ``InputError`` where it is none."""
    with tempfile.TemporaryDirectory() as scratch:
        unpacked = _unpack(data, name, Path(scratch))
        with unpacked.stream:
            return unpacked.stream.read() if unpacked.kind in ("csv", "jsonl") else b""


def _unpack(data: bytes, name: str, scratch: Path) -> Unpacked:
    return unpack(io.BytesIO(data), name, MAX_BYTES, scratch=scratch)
