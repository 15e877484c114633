"""A file as it was sent, unpacked front to back: what it is by its content, its text as UTF-8, all of it within limits.

Nothing here depends on the file's name, on a profile or on the whole file fitting into memory. Whatever the content is, the only
error is ``InputError``.
"""

import io
import re
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path, PurePosixPath
from struct import error as StructError  # noqa: N812  # it is an exception
from typing import BinaryIO, Literal, cast

from core.errors import InputError
from procedures import encodings
from procedures.engine_words import shown_name

BLOCK = 1 << 18  # bytes that are looked at together: what fits a core's own cache
PIECE = 1 << 16  # bytes that are handed to the unpacker together: a row of tiny members costs a copy of the rest each
HEAD = 1 << 20  # bytes from which the kind is told
RATIO = 200  # no real table shrinks more; beyond what is small anyway
SMALL = 64 << 20
ENTRIES = 10_000  # in an archive
STRINGS = 256 << 20  # unpacked size of a workbook's shared strings, which are held in memory
GZIP, ZIP, PARQUET = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"), b"PAR1"
_BLANK = b" \t\r\n\0\xef\xbb\xbf\xff\xfe"
_ARRAY = re.compile(rb"\[\s*[{\[\]]")
_CONTROLS = bytes({*range(32)} - {0, 9, 10, 12, 13})
_LITTER = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"}  # what file managers add to an archive
_NOTES = {
    "utf-16": ("Tệp ở bảng mã UTF-16, đã chuyển sang UTF-8.", "The file is in UTF-16 and was read as such."),
    "windows-1258": (
        "Tệp ở bảng mã Windows-1258, đã chuyển sang UTF-8. Nên lưu dưới dạng “CSV UTF-8”.",
        "The file is in Windows-1258 and was read as such. Better save it as “CSV UTF-8”.",
    ),
}
_OTHER_ZIPS = (  # how the name of an entry begins, and what such an archive is
    ("content.xml", "là bảng tính OpenDocument (.ods)", "is an OpenDocument sheet (.ods)"),
    ("word/", "là văn bản Word", "is a Word document"),
    ("ppt/", "là bản trình chiếu PowerPoint", "is a PowerPoint presentation"),
)
_UNREADABLE = (  # what the libraries raise for content that is not sound
    zipfile.BadZipFile,
    zlib.error,
    StructError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
)
_OTHER_KINDS = (  # first bytes, and what such a file is
    (b"\xd0\xcf\x11\xe0", "là Excel kiểu cũ (.xls) hoặc có mật khẩu", "is an old Excel workbook (.xls) or has a password"),
    (b"%PDF", "là PDF", "is a PDF"),
    (b"\x89PNG", "là ảnh", "is a picture"),
    (b"\xff\xd8\xff", "là ảnh", "is a picture"),
    (b"GIF8", "là ảnh", "is a picture"),
    (b"II*\0", "là ảnh", "is a picture"),
    (b"{\\rtf", "là văn bản RTF", "is an RTF document"),
    (b"Rar!", "là tệp nén RAR", "is a RAR archive"),
    (b"7z\xbc\xaf", "là tệp nén 7z", "is a 7z archive"),
    (b"BZh", "là tệp nén bzip2", "is packed with bzip2"),
    (b"\xfd7zXZ", "là tệp nén xz", "is packed with xz"),
    (b"\x28\xb5\x2f\xfd", "là tệp nén zstd", "is packed with zstd"),
    (b"SQLite format 3", "là cơ sở dữ liệu SQLite", "is an SQLite database"),
    (b"PARE", "là Parquet mã hóa", "is an encrypted Parquet file"),
    (b"ORC", "là ORC", "is an ORC file"),
    (b"Obj\x01", "là Avro", "is an Avro file"),
    (b"\x7fELF", "là chương trình", "is a program"),
    (b"MZ\x90", "là chương trình", "is a program"),
)


@dataclass(frozen=True)
class Unpacked:
    """What was in a file. Close ``stream`` when done: temporary files go with it.

    ``csv`` (any delimited text) and ``jsonl`` come as UTF-8 without BOM, lines ended by ``\\n`` alone, to be read once, front to
    back; ``xlsx`` and ``parquet`` can be sought in. Reading a text raises ``InputError`` where it turns out unsound or too large.
    """

    kind: Literal["csv", "jsonl", "xlsx", "parquet"]
    name: str
    stream: BinaryIO
    notes: list[tuple[str, str]] = field(default_factory=list)


def unpack(stream: BinaryIO, name: str, limit: int, *, scratch: Path) -> Unpacked:
    """Tell what a file is and unpack it: gzip or zip (one layer) of a text, a workbook or a Parquet file, or one of these bare.

    ``limit`` is the most bytes that it may have unpacked; ``scratch`` the folder for temporary files without a name, which are
    needed for what cannot be read front to back. ``stream`` stays the caller's. Raises ``InputError``; so does reading the result.
    """
    with ExitStack() as held:
        unpacker = _Unpacker(name, limit, scratch, held)
        head, blocks = _peek(unpacker.limited(_blocks(stream)))
        if head.startswith(GZIP):
            inner = name[:-3] if name.lower().endswith(".gz") else name
            return unpacker.content(unpacker.gunzip(blocks), inner, packed=True)
        return unpacker.content(blocks, name, packed=False)


@dataclass(frozen=True)
class _Unpacker:
    name: str
    limit: int
    scratch: Path
    held: ExitStack  # what must stay open while a text is read

    def limited(self, blocks: Iterable[bytes], packed_size: Callable[[], int] | None = None) -> Iterator[bytes]:
        given = 0
        for block in blocks:
            given += len(block)
            self.check(given, packed_size() if packed_size else given)
            yield block

    def check(self, size: int, packed_size: int) -> None:
        """Raise ``InputError`` where so many bytes are too many, or too many for what they were packed in."""
        if size > self.limit:
            raise too_large(self.name, self.limit)
        if size > SMALL and size > RATIO * packed_size:
            raise InputError(
                f"Tệp nén {self.name} giải ra lớn gấp hơn {RATIO} lần. Dữ liệu thật không nén được như vậy: gửi tệp không nén.",
                f"The compressed file {self.name} unpacks to more than {RATIO} times its size. Real data does not: send it uncompressed.",
            )

    def gunzip(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """The content of all members of a gzip file."""
        taken = 0

        def members() -> Iterator[bytes]:
            nonlocal taken
            machine = zlib.decompressobj(wbits=31)
            for piece in _pieces(blocks):
                taken += len(piece)
                rest = piece
                while rest:
                    if machine.eof:
                        rest = rest.lstrip(b"\0")  # what some tools fill up with
                        if not rest:
                            break
                        machine = zlib.decompressobj(wbits=31)
                    if block := machine.decompress(rest, BLOCK):
                        yield block
                    rest = machine.unused_data if machine.eof else machine.unconsumed_tail
            while block := machine.decompress(b"", BLOCK):
                yield block
            if not machine.eof:
                raise EOFError

        try:
            yield from self.limited(members(), lambda: taken)
        except (zlib.error, EOFError) as error:
            raise damaged(self.name) from error

    def content(self, blocks: Iterator[bytes], inner: str, *, packed: bool) -> Unpacked:
        """What the blocks are; ``packed``: they come out of an archive, so that they may not be one."""
        head, blocks = _peek(blocks)
        if not head.strip(_BLANK):
            raise InputError(
                f"Tệp {self.name} trống. Xuất lại dữ liệu rồi gửi lại.",
                f"The file {self.name} is empty. Export the data again and resend it.",
            )
        if head.startswith(GZIP):
            raise self.nested()
        if head.startswith(ZIP):
            return self.archive(self.spill(blocks), inner, packed)
        if head.startswith(PARQUET):
            file = self.spill(blocks)
            try:
                self.check_parquet(file)
            except BaseException:
                file.close()
                raise
            return Unpacked("parquet", inner, file)
        return self.text(head, blocks, inner)

    def nested(self) -> InputError:
        return self.not_read("là tệp nén trong tệp nén: chỉ nén một lớp", "is an archive within an archive: compress it once only")

    def not_read(self, vi: str, en: str) -> InputError:
        return encodings.not_read(self.name, vi, en)

    def spill(self, blocks: Iterable[bytes]) -> BinaryIO:
        """The blocks in a temporary file without a name, at its start."""
        self.scratch.mkdir(parents=True, exist_ok=True)
        file = cast(BinaryIO, tempfile.TemporaryFile(dir=self.scratch))  # noqa: SIM115  # whoever gets it closes it
        try:
            entries = 0
            for block in blocks:
                file.write(block)
                entries += block.count(b"PK\1\2")
                if entries > ENTRIES:  # said before the list of them is held in memory
                    raise self.not_read(f"có hơn {ENTRIES} mục bên trong", f"has more than {ENTRIES} entries")
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file

    def archive(self, file: BinaryIO, inner: str, packed: bool) -> Unpacked:
        """A workbook as it is, or the one data file of a zip archive."""
        closing = ExitStack()
        closing.callback(file.close)
        with closing:
            try:
                archive = zipfile.ZipFile(file)
                entries = [entry for entry in archive.infolist() if not _is_litter(entry.filename)]
            except _UNREADABLE as error:
                raise damaged(self.name) from error
            names = {entry.filename for entry in entries}
            workbook = any(name.startswith("xl/") for name in names)
            if any(entry.flag_bits & 1 for entry in entries):
                raise self.not_read("có mật khẩu", "has a password")
            if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
                raise self.not_read(
                    "nén ZIP theo cách không đọc được (cần Deflate)", "is a ZIP packed in a way not read (Deflate is needed)"
                )
            if not workbook:
                return self.member(archive, entries, packed, closing)
            self.check(sum(entry.file_size for entry in entries), sum(entry.compress_size for entry in entries))
            if "xl/workbook.bin" in names:
                raise self.not_read("là Excel nhị phân (.xlsb)", "is a binary Excel workbook (.xlsb)")
            if any(entry.file_size > STRINGS for entry in entries if entry.filename == "xl/sharedStrings.xml"):
                raise self.not_read("là bảng tính quá lớn: gửi CSV", "is too large a workbook: send CSV")
            file.seek(0)
            closing.pop_all()
            return Unpacked("xlsx", inner, file)

    def member(self, archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], packed: bool, closing: ExitStack) -> Unpacked:
        """The one data file of a zip archive."""
        for part, vi, en in _OTHER_ZIPS:
            if any(entry.filename.startswith(part) for entry in entries):
                raise self.not_read(vi, en)
        if packed:
            raise self.nested()
        if len(entries) != 1:
            listed = ", ".join(_shown(entry.filename) for entry in entries[:5]) + (", …" if len(entries) > 5 else "")
            raise InputError(
                f"Tệp ZIP {self.name} có {len(entries)} tệp bên trong ({listed}). Gửi mỗi tệp trong một ZIP riêng.",
                f"The ZIP archive {self.name} holds {len(entries)} files ({listed}). Send each file in a ZIP of its own.",
            )
        (entry,) = entries

        def blocks() -> Iterator[bytes]:
            given = 0
            try:
                with archive.open(entry) as stream:
                    while block := stream.read(BLOCK):
                        given += len(block)
                        yield block
            except _UNREADABLE as error:
                raise damaged(self.name) from error
            if given != entry.file_size:
                raise damaged(self.name)

        self.held.push(closing.pop_all())
        return self.content(self.limited(blocks(), lambda: entry.compress_size), _shown(entry.filename), packed=True)

    def check_parquet(self, file: BinaryIO) -> None:
        """Raise ``InputError`` where a Parquet file is cut off or says of itself that it is too large."""
        import pyarrow as pa
        from pyarrow import parquet

        try:
            about = parquet.ParquetFile(file).metadata
            unpacked = sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
        except (pa.ArrowException, *_UNREADABLE) as error:
            raise damaged(self.name) from error
        self.check(unpacked, file.seek(0, io.SEEK_END))
        if about.num_rows * about.num_columns > self.limit:  # nothing at all, repeated, takes no space there
            raise too_large(self.name, self.limit)
        file.seek(0)

    def text(self, head: bytes, blocks: Iterator[bytes], inner: str) -> Unpacked:
        """Text in one of the encodings that are read: told from its first block, checked to its end."""
        for start, vi, en in _OTHER_KINDS:
            if head.startswith(start):
                raise self.not_read(vi, en)
        notes: list[tuple[str, str]] = []

        def told(found: encodings.Encoding) -> None:
            if _NOTES[found.name] not in notes:
                notes.append(_NOTES[found.name])

        encoding = encodings.recognise(head, len(head) < HEAD, self.name, told)
        start = _beginning(encoding, head)
        if start.startswith(b"<"):
            raise self.not_read("là HTML hoặc XML", "is HTML or XML")
        if _ARRAY.match(start):
            raise self.not_read("là một mảng JSON", "is a JSON array")
        if b"\0" not in start and len(start.translate(None, _CONTROLS)) * 50 < len(start) * 49:
            raise self.not_read("là tệp nhị phân", "is binary content")
        if encoding.skip:
            head = next(blocks)[encoding.skip :]
            blocks = chain((head,), blocks)
        lines = _Stream(encodings.utf8_lines(blocks, encoding, self.name), self.held.pop_all())
        if encoding.name in _NOTES:
            told(encoding)
        return Unpacked("jsonl" if start.startswith(b"{") else "csv", inner, io.BufferedReader(lines, BLOCK), notes)


class _Stream(io.RawIOBase):
    """Blocks as a stream to be read front to back."""

    def __init__(self, blocks: Iterator[bytes], held: ExitStack) -> None:
        self._blocks = blocks
        self._held = held
        self._rest = memoryview(b"")
        self._refused: InputError | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]  # what io.BufferedReader hands over
        if self._refused:  # whoever reads on after the error must not take it for the end
            raise self._refused
        try:
            while not self._rest and (block := next(self._blocks, None)) is not None:
                self._rest = memoryview(block)
        except InputError as error:
            self._refused = error
            raise
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        if not self.closed:
            self._held.close()
        super().close()


def too_large(name: str, limit: int) -> InputError:
    """A file that is more than ``limit`` bytes unpacked."""
    return InputError(
        f"Tệp {name} lớn hơn {limit >> 20} MiB khi giải nén. Chia tệp theo tháng rồi gửi từng phần.",
        f"The file {name} is larger than {limit >> 20} MiB unpacked. Split it by month and send the parts.",
    )


def damaged(name: str) -> InputError:
    """An archive, workbook or Parquet file that cannot be read to its end."""
    return InputError(
        f"Tệp {name} bị cắt cụt hoặc hỏng. Xuất (hoặc nén) lại và gửi lại cả tệp.",
        f"The file {name} is cut off or damaged. Export (or compress) it again and resend all of it.",
    )


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    while block := stream.read(BLOCK):
        yield block


def _pieces(blocks: Iterable[bytes]) -> Iterator[bytes]:
    for block in blocks:
        for start in range(0, len(block), PIECE):
            yield block[start : start + PIECE]


def _peek(blocks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first ``HEAD`` bytes (or more; fewer where there are no more), and all of the blocks again."""
    first: list[bytes] = []
    while sum(map(len, first)) < HEAD and (block := next(blocks, None)):
        first.append(block)
    head = b"".join(first)
    return head, chain((head,), blocks)


def _beginning(encoding: encodings.Encoding, head: bytes) -> bytes:
    """The first letters of a text as UTF-8, without leading blanks."""
    try:
        text = encoding.decoder()(head[encoding.skip : 1 << 16], len(head) <= 1 << 16)
    except encodings.UndecodableError as error:
        text = error.before
    return text.lstrip()


def _is_litter(name: str) -> bool:
    """Whether an entry of an archive is a folder, or what file managers add."""
    return name.endswith("/") or not _LITTER.isdisjoint(PurePosixPath(name).parts)


def _shown(name: str) -> str:
    """An entry's name as it may be shown."""
    return shown_name(PurePosixPath(name.replace("\\", "/")).name)[:100]
