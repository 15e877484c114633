"""Headings of a table: how they are compared, in which row they stand, which cannot be used. Knows no profile."""

import csv
import io
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from core.errors import InputError

WITHIN = 10  # rows in which the heading is looked for: above it offices write their name and the period, Excel ``sep=;``
COLUMNS = 1_000  # of a table or keys of its objects: what any export of dossiers has, ten times over
SEPARATORS = ",;\t"


def heading(text: object) -> str:
    """A heading as it is compared: composed letters, lower case, single blanks, no star for "required"."""
    return " ".join(unicodedata.normalize("NFC", str(text or "")).replace("*", " ").casefold().split())


def likeness(cells: Iterable[object], wanted: Collection[str], guess: bool = False) -> int:
    """How much a row looks like the heading: by how many of the ``wanted`` headings it has; with ``guess``, where these are as many,
    by how many different words without a figure.
    """
    names = {heading(cell) for cell in cells}
    words = sum(any(map(str.isalpha, name)) and not any(map(str.isdigit, name)) for name in names)
    return len(names.intersection(wanted)) * COLUMNS + (min(words, COLUMNS - 1) if guess else 0)


def check_heading(names: Sequence[str], row: int, file_name: str, known: Collection[str] | None = None) -> list[str]:
    """The headings as they are compared, numbered where empty. Raises ``InputError`` where one occurs twice or where
    there are more than ``COLUMNS``.

    A heading that is not among the ``known`` ones (None: all are) is told by its place: in a file without headings it may be
    somebody's name.
    """
    if len(names) > COLUMNS:
        raise too_many_columns(file_name, row)
    folded = [heading(name) for name in names]
    twice = min((name for name in folded if name and folded.count(name) > 1), key=lambda name: not sayable(name, known), default=None)
    if twice is not None:
        places = [position for position, name in enumerate(folded, 1) if name == twice][:2]
        columns = " và ".join(map(str, places)), " and ".join(map(str, places))
        raise InputError(
            f"Tiêu đề lặp lại trong tệp {file_name}, ở cột thứ {columns[0]}. Đổi tên hoặc bỏ một cột.",
            f"A heading occurs twice in {file_name}, in columns {columns[1]}. Rename or drop one of the columns.",
            row=row,
            field=twice if sayable(twice, known) else None,
        )
    return [name or f"({position})" for position, name in enumerate(folded, 1)]


def too_many_columns(file_name: str, row: int | None = None) -> InputError:
    """A file with more columns, or objects with more different keys, than are read."""
    return InputError(
        f"Tệp {file_name} có hơn {COLUMNS} cột. Chỉ xuất các cột mà loại tệp cần rồi gửi lại.",
        f"The file {file_name} has more than {COLUMNS} columns. Export only those that its profile needs and resend it.",
        row=row,
    )


def sayable(name: str, known: Collection[str] | None) -> bool:
    """Whether a heading may be said to the sender."""
    return known is None or name in known


@dataclass(frozen=True)
class Place:
    """Where a text's heading stands: its row, the byte at which it begins, what parts its cells, and these as written."""

    row: int
    begin: int
    separator: str
    cells: list[str]


def in_text(head: bytes, file_name: str, wanted: Collection[str] | None, guess: bool = False) -> Place:
    """The heading in the first bytes of delimited text (UTF-8, lines ended by a line feed): the row that looks most like one
    (``likeness``), else the first. Raises ``InputError`` where that cannot be read.
    """
    text = head.decode("utf-8", "ignore")
    likely = max(SEPARATORS, key=text.split("\n", 1)[0].count)
    try:
        found = Place(1, 0, likely, next(csv.reader(io.StringIO(text), delimiter=likely), []))
    except csv.Error as error:
        raise InputError(
            f"Dòng tiêu đề của tệp {file_name} không đọc được (một tiêu đề quá dài?). Dòng đầu phải là tên các cột.",
            f"The heading of {file_name} cannot be read (is one of them too long?). The first row must name the columns.",
            row=1,
        ) from error
    known = set(wanted or ())
    most = likeness(found.cells, known, guess)
    for separator in SEPARATORS:
        reader, begin, lines = csv.reader(io.StringIO(text), delimiter=separator), 0, 0
        try:
            for row, cells in enumerate(islice(reader, WITHIN), 1):
                if (like := likeness(cells, known, guess)) > most:
                    found, most = Place(row, begin, separator, cells), like
                while lines < reader.line_num and begin < len(head):
                    begin, lines = (head.find(b"\n", begin) + 1 or len(head)), lines + 1
        except csv.Error:  # a cell that is no heading
            continue
    return found
