"""Delimited text and JSON lines as batches of text, front to back in constant memory. Knows no profile.

Everything stays text: a procedure code that is read as a number loses its last zero.
"""

import csv as plain_csv
import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from core.errors import InputError
from procedures.headings import check_heading, in_text, sayable

if TYPE_CHECKING:
    import pyarrow as pa

ROW = "row_no"
BLOCK = 1 << 22  # bytes looked at together
PARSED = 1 << 20  # bytes parsed at a time
HEAD = 1 << 20  # bytes in which the heading must end
LONGEST_ROW = 1 << 26  # bytes
TORN = 16 << 20  # letters of rows with too many or too few cells that are kept to be told
MAX_CELL = 1 << 24  # bytes; a longer quoted cell is a quotation mark that nobody closed
CHUNK_ROWS, CHUNK_BYTES = 800_000, 192 << 20
LINE_BYTES = 96 << 20  # in a chunk of whole lines, which are taken apart into tables first
_QUOTED = re.compile(rb'"[^"]*+(?:""[^"]*+)*+("?)')


@dataclass
class Rows:
    """A file's rows on their way. ``batches``: ``row_no`` (counted from the file's first row), then text columns named ``names``.

    ``names``: headings as they are compared, all different; ``originals``: as they were written; ``top``: the row in which they stand.
    ``broken``: numbers of rows that could not be read; it grows while the batches are consumed. ``padded``: some cell may begin or end
    with a blank; like ``broken`` it is known for all rows of a batch when the batch is there.
    """

    names: list[str]
    originals: list[str]
    batches: Iterator["pa.RecordBatch"]
    broken: list[int] = field(default_factory=list)
    torn: dict[int, list[str]] = field(default_factory=dict)  # the cells of broken rows, as far as they are kept
    padded: Callable[[], bool] = lambda: True
    top: int = 1


def chunks(rows: Rows) -> Iterator["pa.Table"]:
    """The rows in tables of bounded size; while one is worked on, the next is read."""
    from concurrent.futures import ThreadPoolExecutor

    import pyarrow as pa

    most = LINE_BYTES if rows.names == ["line"] else CHUNK_BYTES

    def gather() -> "pa.Table | None":
        batches, count, size = [], 0, 0
        for batch in rows.batches:
            batches.append(batch)
            count, size = count + batch.num_rows, size + batch.nbytes
            if count >= CHUNK_ROWS or size >= most:
                break
        return pa.Table.from_batches(batches) if batches else None

    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(gather)
        while (table := coming.result()) is not None:
            coming = reader.submit(gather)
            yield table


def _blocks(head: bytes, rest: BinaryIO) -> Iterator[bytes]:
    """A stream whose first bytes were read already, cut at ends of lines where they are not too far away."""
    block = head
    while block:
        yield block + rest.readline(LONGEST_ROW)
        block = rest.read(BLOCK)


def _whole_lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes, cut at ends of lines."""
    rest: list[bytes] = []
    for block in blocks:
        end = block.rfind(b"\n") + 1
        if end:
            yield b"".join([*rest, block[:end]])
            rest = [block[end:]]
        else:
            rest.append(block)
    if last := b"".join(rest):
        yield last


def _lines(data: "bytes | memoryview") -> int:
    """Number of line feeds; four times as fast as ``bytes.count``."""
    import numpy as np

    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == 10))


class _QuoteGuard:
    """Refuses a file in which a quotation mark swallows rows: they would vanish, their names end up inside another's text.

    Only a mark at the start of a cell opens anything. A cell that never closes, or that holds a line break and either separators
    enough for a row or text behind its closing mark, has swallowed at least one.
    """

    def __init__(self, separator: bytes, names: Sequence[str], file_name: str, row: int) -> None:
        self._separator, self._names, self._file_name = separator, names, file_name
        self._row = row  # of the next byte that is not yet checked
        self.padded = False

    def checked(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """The same bytes, cut at ends of rows."""
        rest = b""
        for block in blocks:
            data = rest + block if rest else block
            # trimming all cells costs more than parsing them, and hardly any file needs it
            self.padded = self.padded or self._pads(data)
            end = self._safe_end(data, last=False)
            if end:
                yield data if end == len(data) else data[:end]
            rest = data[end:]
            if len(rest) > LONGEST_ROW:
                raise InputError(
                    f"Tệp {self._file_name} có dòng dài hơn {LONGEST_ROW >> 20} MiB. Kiểm tra dấu xuống dòng khi xuất tệp.",
                    f"{self._file_name} has a row longer than {LONGEST_ROW >> 20} MiB. Check the line ends of the export.",
                    row=self._row,
                )
        if rest:
            self._safe_end(rest, last=True)
            yield rest

    def _pads(self, block: bytes) -> bool:
        """Whether a cell may begin or end with a blank: any other white space counts, wherever it stands."""
        import numpy as np

        # the blank that breaks no line is c2 a0; the second byte alone is half of many a letter
        if (b"\xc2" in block and b"\xc2\xa0" in block) or b"\r" in block or (b"\t" in block and self._separator != b"\t"):
            return True
        text = np.frombuffer(block, np.uint8)
        blanks = np.flatnonzero(text == 32)
        if not len(blanks):
            return False
        around = np.concatenate([text[np.maximum(blanks - 1, 0)], text[np.minimum(blanks + 1, len(text) - 1)]])
        return bool(np.isin(around, (self._separator[0], 10, 34)).any()) or blanks[0] == 0 or blanks[-1] == len(text) - 1

    def _safe_end(self, data: bytes, last: bool) -> int:
        """Up to where the data are whole rows, all of them sound. Raises ``InputError``."""
        if b'"' not in data:
            end = len(data) if last else data.rfind(b"\n") + 1
            self._row += _lines(memoryview(data)[:end])
            return end
        done = 0
        for line in self._doubtful_lines(data):
            if line < done:  # inside a cell that a careful look has passed
                continue
            self._row += data.count(b"\n", done, line)
            careful = self._careful(data, line, last)
            if careful is None:
                return line
            self._row += 1  # a row, of however many lines
            done = careful
        end = len(data) if last else max(data.rfind(b"\n") + 1, done)
        self._row += data.count(b"\n", done, end)
        return end

    def _doubtful_lines(self, data: bytes) -> Sequence[int]:
        """Where the lines begin in which marks do not simply open and close whole cells."""
        import numpy as np

        text = np.frombuffer(data, np.uint8)
        marks = np.flatnonzero(text == 34)
        ends = np.flatnonzero(text == 10)
        line = np.searchsorted(ends, marks)
        first = np.searchsorted(line, line)  # of each mark: the first mark of its line
        opening = (np.arange(len(marks)) - first) % 2 == 0
        before = np.where(marks > 0, text[marks - 1], 10)
        after = np.where(marks < len(text) - 1, text[np.minimum(marks + 1, len(text) - 1)], 10)
        separator = self._separator[0]
        opens, closes = (np.isin(beside, (separator, 10, 34)) for beside in (before, after))
        sound = np.where(opening, opens, closes)
        doubtful = set(line[~sound].tolist())
        lines, counts = np.unique(line, return_counts=True)
        doubtful.update(lines[counts % 2 == 1].tolist())
        starts = np.concatenate([[0], ends + 1])
        return [int(starts[number]) for number in sorted(doubtful)]

    def _careful(self, data: bytes, begin: int, last: bool) -> int | None:
        """The end of the row that begins at ``begin``, cell by cell; None if the data end before it."""
        position, column, separator = begin, 0, self._separator
        while True:
            if data[position : position + 1] == b'"':
                cell = _QUOTED.match(data, position)
                if cell is None:
                    raise ValueError("the pattern matches wherever a quotation mark stands")
                end = cell.end()
                if end == len(data) and not last and end - position < MAX_CELL:
                    return None
                swallowed = data.find(b"\n", position, end) >= 0 and (
                    data.count(separator, position, end) >= max(len(self._names) - 1, 1)
                    or data[end : end + 1] not in (b"", b"\n", separator)
                )
                if not cell[1] or swallowed:
                    raise InputError(
                        f"Tệp {self._file_name} có dấu ngoặc kép mở mà không đóng đúng chỗ, nuốt mất các dòng sau. "
                        "Đóng hoặc bỏ dấu này rồi gửi lại cả tệp.",
                        f"{self._file_name} has a quotation mark that is not closed where it should be and swallows the rows after it. "
                        "Close or drop it and resend the whole file.",
                        row=self._row,
                        field=(self._names[column] if column < len(self._names) else "") or None,
                    )
                position = end
            next_separator, next_line = data.find(separator, position), data.find(b"\n", position)
            if next_line < 0:
                next_line = len(data)
                if not last:
                    return None
            if next_separator < 0 or next_separator > next_line:
                return min(next_line + 1, len(data))
            position, column = next_separator + 1, column + 1


def csv_rows(stream: BinaryIO, name: str, wanted: Collection[str] | None = None, *, guess: bool = False) -> Rows:
    """The rows of a CSV (UTF-8, rows ended by a line feed) under its heading, by which its separator is told. ``wanted``: headings (as
    compared) by which their row is found (``headings.likeness``) and which may be said to the sender; None: the first row is it, and
    all may be said.

    Raises ``InputError``, at once or while the batches are read, where a heading occurs twice or cannot be read, and where a
    quotation mark swallows rows.
    """
    head = _fill(stream, HEAD)
    place = in_text(head, name, wanted, guess)
    names = check_heading(place.cells, place.row, name, wanted)
    rows = Rows(names, place.cells, iter(()), top=place.row)
    told = [column if sayable(column, wanted) else "" for column in names]
    guard = _QuoteGuard(place.separator.encode(), told, name, place.row)
    head = head[place.begin :]
    if b"\n" not in head:  # a heading alone, without the end of its line
        head += stream.readline(LONGEST_ROW) + b"\n"
    blocks = guard.checked(_blocks(head, stream))
    rows.batches = _parsed(blocks, rows, place.separator, name)
    rows.padded = lambda: guard.padded
    return rows


def line_rows(stream: BinaryIO, name: str) -> Rows:
    """Each line of UTF-8 text as one value in the column ``line``; row 1 is the first line."""
    rows = Rows(["line"], ["line"], iter(()))
    # A control character that no JSON text may hold splits nothing: one column a line, read without Python touching it.
    blocks = _whole_lines(_blocks(_fill(stream, HEAD), stream))
    rows.batches = _parsed(blocks, rows, None, name)
    return rows


def _fill(stream: BinaryIO, size: int) -> bytes:
    """The first bytes of a stream, whatever portions it gives."""
    parts, got = [], 0
    while got < size and (part := stream.read(size - got)):
        parts.append(part)
        got += len(part)
    return b"".join(parts)


def _parsed(blocks: Iterator[bytes], rows: Rows, separator: str | None, name: str) -> Iterator["pa.RecordBatch"]:
    """Blocks of whole rows as batches; broken ones are noted in ``rows``.

    ``separator`` None: each line is a value and row 1 the first; else the blocks begin with the heading.
    """
    import pyarrow as pa

    first, left = rows.top, TORN
    for block in blocks:
        heading_here = separator is not None and first == rows.top
        try:
            table, skipped = _table(block, rows.names, separator, heading_here)
        except pa.ArrowInvalid as error:
            raise _unreadable(name, first) from error
        left_out = [first + number - 1 for number, _text in skipped]
        for number, text in skipped:
            if text:
                rows.broken.append(first + number - 1)
                left -= len(text)
                if separator is not None and left > 0:
                    rows.torn[first + number - 1] = next(plain_csv.reader([text], delimiter=separator), [])
        first += heading_here
        if table.num_rows:
            numbers = pa.array(_numbers(first, table.num_rows, left_out))
            yield from table.add_column(0, ROW, numbers).to_batches()
        first += table.num_rows + len(skipped)


def _table(block: bytes, names: Sequence[str], separator: str | None, heading: bool) -> tuple["pa.Table", list[tuple[int, str]]]:
    """The rows of a block, and (number within the block, text, empty where it is blank) of those that are none."""
    import pyarrow as pa
    from pyarrow import csv

    quoted = separator is not None and b'"' in block
    skipped: list[tuple[int, str]] = []

    def note(row: Any) -> str:
        skipped.append((row.number, row.text if row.text.strip() else ""))
        return "skip"

    def read(size: int) -> "pa.Table":
        return csv.read_csv(
            pa.BufferReader(block),
            read_options=csv.ReadOptions(column_names=list(names), skip_rows_after_names=int(heading), use_threads=False, block_size=size),
            parse_options=csv.ParseOptions(
                delimiter=separator or "\x01",
                quote_char='"' if quoted else False,
                newlines_in_values=quoted,
                ignore_empty_lines=False,
                invalid_row_handler=note,
            ),
            convert_options=csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )

    if not quoted and len(block) > PARSED:
        try:
            return read(PARSED), skipped  # small pieces stay in the processor's cache
        except pa.ArrowInvalid:  # a row may be longer than such a piece
            skipped.clear()
    return read(len(block) + 1), skipped


def _unreadable(name: str, row: int) -> InputError:
    return InputError(
        f"Không đọc được tệp {name} từ dòng này trở đi. Kiểm tra dấu ngoặc kép, dấu phân cách và độ dài các ô.",
        f"The file {name} cannot be read from this row on. Check its quotation marks, separators and the length of its cells.",
        row=row,
    )


def _numbers(first: int, count: int, skipped: list[int]) -> Any:
    """The row numbers of the next ``count`` rows, leaving out those that were skipped (in ascending order)."""
    import numpy as np

    at = bisect_left(skipped, first)
    if at == len(skipped) or skipped[at] >= first + count:
        return np.arange(first, first + count, dtype=np.int64)
    last = first + count + (len(skipped) - at)
    return np.setdiff1d(np.arange(first, last, dtype=np.int64), np.array(skipped[at:]))[:count]
