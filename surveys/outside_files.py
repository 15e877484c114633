"""Files of ratings collected elsewhere as text under their headings: CSV with any usual separator, or the first sheet of a workbook."""

import csv
import io
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

SEPARATORS = ",;\t|"
LOOKED_AT = 100  # rows that tell the separator

Row = tuple[int, list[str]]  # number in the file from 1, cells without blanks around them


def read_frame(name: str, data: bytes) -> "pd.DataFrame":
    """A CSV, TSV or XLSX file as text, headings and values without blanks around them; the index is the row's number in the file.

    A heading may occur twice: whoever asks for such a column has to refuse it. Raises ``InputError`` for anything else, and for a row
    with more cells than there are headings, since nobody knows which of its cells is meant.
    """
    import pandas as pd

    try:
        rows = list(_sheet(data) if data[:4] == b"PK\x03\x04" else _lines(_decoded(data)))
    except (ValueError, OSError, KeyError, csv.Error) as error:
        raise InputError(f"Không đọc được tệp {name}: {error}", f"The file {name} cannot be read: {error}") from error
    if not rows:
        raise InputError(f"Tệp {name} trống. Xuất lại rồi gửi lại.", f"The file {name} is empty. Export it again and resend it.")
    heading, body = rows[0][1], rows[1:]
    while heading and not heading[-1]:
        heading.pop()
    width = len(heading)
    for number, cells in body:
        if any(cells[width:]):
            raise InputError(
                f"Dòng có nhiều ô hơn số cột của dòng tiêu đề ({width}) trong tệp {name}. Đặt văn bản có dấu phân cách trong ngoặc kép.",
                f"The row has more cells than the heading of {name} has columns ({width}). Put text that holds the separator in quotes.",
                row=number,
            )
    texts = [(cells + [""] * width)[:width] for _, cells in body]
    return pd.DataFrame(texts, columns=pd.Index(heading), index=pd.Index([number for number, _ in body]), dtype=str)


def _lines(text: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
    return ((reader.line_num, [cell.strip() for cell in cells]) for cells in reader if cells)


def _separator(text: str) -> str:
    """The one that takes the heading apart and gives most rows as many cells as it has; of equal ones the one with most columns."""

    def fits(separator: str) -> tuple[bool, float, int]:
        widths = [len(cells) for cells in islice(csv.reader(io.StringIO(text, newline=""), delimiter=separator), LOOKED_AT) if cells]
        first = widths[0] if widths else 0
        return first > 1, widths.count(first) / max(len(widths), 1), first

    return max(SEPARATORS, key=fits)


def _sheet(data: bytes) -> Iterator[Row]:
    import pandas as pd

    frame = pd.read_excel(io.BytesIO(data), header=None, dtype=str, keep_default_na=False, engine="openpyxl")
    rows = ((number, [str(cell).strip() for cell in cells]) for number, cells in enumerate(frame.itertuples(index=False), start=1))
    return ((number, cells) for number, cells in rows if any(cells))


def _decoded(data: bytes) -> str:
    for encoding in ("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "cp1258"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError("neither UTF-8 nor Windows-1258")
