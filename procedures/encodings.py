"""Bytes of a text file made into UTF-8, block by block: which encoding it is, and how each is read.

Vietnamese files come in UTF-8, in UTF-16 (what office programs call "Unicode text") and in Windows-1258, where tone marks follow
their letter. TCVN3 and VNI are recognised, not read: their letters are those of a font, and one column may differ from the next.
"""

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from core.errors import InputError

SAMPLE = 1 << 18  # bytes from which an encoding without marks of its own is told
ENOUGH = 4096  # bytes from the first letter that is not ASCII, to tell the encoding from
SURE = 0.8  # share of the different words with marks that must be syllables of Vietnamese
_MARKS = b"\xcc\xd2\xde\xec\xf2"  # Windows-1258: grave, hook, tilde, acute, dot below
_MARK_RUN = re.compile(rb"[\xcc\xd2\xde\xec\xf2]{3}")
_BETWEEN_WORDS = re.compile("[\\s\\d!-/:-@\\[-`{-~\u00a0“”‘’–—…•«»]+")
_TONES = dict.fromkeys(map(ord, "\u0300\u0301\u0303\u0309\u0323"))
_SYLLABLE = re.compile("(?:ngh?|nh|gh|gi|kh|ph|qu|th|tr|ch|[bcdđghklmnprstvx])?[aăâeêioôơuưy]{1,3}(?:ch|nh|ng|[cmnpt])?")
_TCVN3 = dict(
    zip(
        b"\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xab\xac\xad\xae\xb5\xb6\xb7\xb8\xb9\xbb\xbc\xbd\xbe\xc6\xc7\xc8\xc9\xca\xcb\xcc\xce\xcf"
        b"\xd0\xd1\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xdc\xdd\xde\xdf\xe1\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xeb\xec\xed\xee\xef\xf1\xf2\xf3\xf4"
        b"\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe",
        "ĂÂÊÔƠƯĐăâêôơưđàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ",
        strict=True,
    )
)
_VNI = str.maketrans(
    dict(zip("ñôöíìæóòî", "đơưíìỉĩịỵ", strict=True))
    | dict(zip("ùøûõï", ("\u0301", "\u0300", "\u0309", "\u0303", "\u0323"), strict=True))
    | dict(zip("âáàåãä", ("\u0302" + tone for tone in ("", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323")), strict=True))
    | dict(zip("êéèúüë", ("\u0306" + tone for tone in ("", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323")), strict=True))
)

Decoder = Callable[[bytes, bool], bytes]


class UndecodableError(Exception):
    """Bytes that are not of the encoding; ``before`` is what could be read of the block before them, as UTF-8.

    ``encoding`` names the one they seem to be of.
    """

    def __init__(self, before: bytes, encoding: str = "") -> None:
        super().__init__()
        self.before = before
        self.encoding = encoding


@dataclass(frozen=True)
class Encoding:
    """An encoding: its name, a maker of decoders (block, whether it is the last → UTF-8), length of its BOM where that is no text."""

    name: str
    decoder: Callable[[], Decoder]
    skip: int = 0


def is_utf8(block: bytes) -> bool:
    """Whether a block (under 2 GiB) is sound UTF-8. Arrow looks faster than Python decodes."""
    import numpy as np
    import pyarrow as pa

    if block.isascii():
        return True
    ends = pa.py_buffer(np.array([0, len(block)], np.int32))
    try:
        pa.Array.from_buffers(pa.binary(), 1, [None, ends, pa.py_buffer(block)]).cast(pa.string())
    except pa.ArrowInvalid:
        return False
    return True


def _utf8() -> Decoder:
    rest = b""

    def decode(block: bytes, last: bool) -> bytes:
        nonlocal rest
        if rest:
            block = rest + block
        end = len(block) if last else _end_of_letters(block)
        block, rest = block[:end], block[end:]
        if not is_utf8(block):
            try:
                block.decode("utf-8")
            except UnicodeDecodeError as error:
                raise UndecodableError(block[: error.start]) from error
        return block

    return decode


def _end_of_letters(block: bytes) -> int:
    """Where the last letter ends that is whole in the block."""
    for back in range(1, min(len(block), 3) + 1):
        byte = block[-back]
        if byte < 0x80:
            break
        if byte >= 0xC0:
            size = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(block) - back if size > back else len(block)
    return len(block)


def _utf16(codec: str) -> Callable[[], Decoder]:
    def start() -> Decoder:
        machine = codecs.getincrementaldecoder(codec)("strict")

        def decode(block: bytes, last: bool) -> bytes:
            try:
                return machine.decode(block, last).encode()
            except UnicodeDecodeError as error:
                before = error.object[: error.start].decode(codec, "ignore")
                raise UndecodableError(before.encode()) from error

        return decode

    return start


def _windows_1258() -> Decoder:
    rest = b""

    def decode(block: bytes, last: bool) -> bytes:
        nonlocal rest
        block = rest + block
        # No letter has three marks. Composing is quadratic in their number, so that more are not tried.
        run = _MARK_RUN.search(block)
        sound = block[: run.start()] if run else block
        end = len(sound) if last or run else max(len(sound.rstrip(_MARKS)) - 1, 0)
        sound, rest = sound[:end], sound[end:]
        try:
            text = sound.decode("cp1258")
        except UnicodeDecodeError as error:
            raise UndecodableError(sound[: error.start].decode("cp1258").encode()) from error
        if run:
            raise UndecodableError(text.encode())
        return unicodedata.normalize("NFC", text).encode()

    return decode


WINDOWS_1258 = Encoding("windows-1258", _windows_1258)


def undecided(told: Callable[[Encoding], None]) -> Encoding:
    """For a text whose beginning is plain ASCII: what it is, is told by the first block with other letters (``told``, if not UTF-8)."""

    def start() -> Decoder:
        machine: Decoder | None = None
        rest = b""

        def decode(block: bytes, last: bool) -> bytes:
            nonlocal machine, rest
            if machine is not None:
                return machine(block, last)
            block, rest = rest + block, b""
            if block.isascii():
                return block
            first = next(re.finditer(rb"[\x80-\xff]", block)).start()
            line = max(block.rfind(b"\n", 0, first), block.rfind(b"\r", 0, first)) + 1
            if not last and len(block) - first < ENOUGH:
                block, rest = block[:line], block[line:]
                return block
            machine = _utf8()
            try:
                return machine(block, last)
            except UndecodableError as error:
                begin = max(line, first - ENOUGH)  # a line may be longer than the sample
                likely = _likely(block[begin : begin + SAMPLE])
                if likely != "Windows-1258":
                    raise UndecodableError(error.before, likely) from error
            told(WINDOWS_1258)
            machine = _windows_1258()
            return machine(block, last)

        return decode

    return Encoding("utf-8", start)


def recognise(head: bytes, whole: bool, name: str, told: Callable[[Encoding], None]) -> Encoding:
    """The encoding of a text that begins with ``head`` (``whole``: and ends with it); ``told``: of what is found only later.

    Raises ``InputError`` with the first row that is not UTF-8 where it is none of those that are read.
    """
    if head.startswith(codecs.BOM_UTF8):
        return Encoding("utf-8", _utf8, len(codecs.BOM_UTF8))
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise not_utf8(name, 1, "UTF-32")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Encoding("utf-16", _utf16("utf-16"))
    zeros = (head[0:SAMPLE:2].count(0), head[1:SAMPLE:2].count(0))
    if max(zeros) * 4 > min(len(head), SAMPLE) and min(zeros) * 20 < max(zeros):
        return Encoding("utf-16", _utf16("utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"))
    encoding = undecided(told)
    try:
        encoding.decoder()(head, whole)
    except UndecodableError as error:
        raise not_utf8(name, unix_lines(error.before).count(b"\n") + 1, error.encoding) from error
    return encoding


def _likely(sample: bytes) -> str:
    """The encoding, of those that are not marked as such, whose letters make Vietnamese of the sample; empty where none does."""
    marked = any(mark in sample for mark in _MARKS) and not _MARK_RUN.search(sample)
    shares = {
        "Windows-1258": _vietnamese(sample.decode("cp1258", "replace"), 1) if marked else 0.0,
        "TCVN3": _vietnamese(sample.decode("latin-1").translate(_TCVN3), 3),
        "VNI": _vietnamese(sample.decode("cp1252", "replace").lower().translate(_VNI), 3),
    }
    likely = max(shares, key=lambda encoding: shares[encoding])
    return likely if shares[likely] >= SURE else ""


def _vietnamese(text: str, least: int) -> float:
    """The share of syllables of Vietnamese among the different words that are not plain ASCII; 0 for fewer than ``least``."""
    words = {word for word in _BETWEEN_WORDS.split(unicodedata.normalize("NFC", text).lower()) if not word.isascii()}
    found = sum(map(_is_syllable, words))
    return found / len(words) if found >= least else 0.0


def _is_syllable(word: str) -> bool:
    parts = unicodedata.normalize("NFD", word)
    bare = parts.translate(_TONES)
    return len(parts) - len(bare) <= 1 and _SYLLABLE.fullmatch(unicodedata.normalize("NFC", bare)) is not None


def utf8_lines(blocks: Iterable[bytes], encoding: Encoding, name: str) -> Iterator[bytes]:
    """The text as UTF-8, its lines ended by ``\\n`` alone. Raises ``InputError`` with the row of what is no text."""
    decode, row, held = encoding.decoder(), 1, b""
    for block in chain(blocks, (None,)):
        try:
            text = decode(block or b"", block is None)
        except UndecodableError as error:
            raise not_utf8(name, row + unix_lines(held + error.before).count(b"\n"), error.encoding) from error
        if held or b"\r" in text:
            text, held = held + text, b""
            if block is not None and text.endswith(b"\r"):  # the other half of the line's end may follow
                text, held = text[:-1], b"\r"
            text = unix_lines(text)
        if (zero := text.find(b"\0")) >= 0:
            what = ("có byte NUL (tệp nhị phân hoặc UTF-16)", "has NUL bytes (binary content or UTF-16)")
            raise not_read(name, *what, row + text.count(b"\n", 0, zero))
        row += _count_lines(text)
        yield text


def unix_lines(text: bytes) -> bytes:
    """The text with ``\\n`` for line ends of every kind."""
    import numpy as np

    if b"\r" not in text:
        return text
    letters = np.frombuffer(text, np.uint8)
    returns = letters == 13
    if not returns[-1] and not np.any(returns[:-1] & (letters[1:] != 10)):
        return b"".join(text.split(b"\r"))  # thrice as fast as replacing, for what nearly every file of an office program is
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _count_lines(text: bytes) -> int:
    import numpy as np

    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == 10))  # four times as fast as bytes.count


def not_read(name: str, vi: str, en: str, row: int | None = None) -> InputError:
    """A file of a kind that is not read: what it is, and what is needed."""
    return InputError(
        f"Tệp {name} {vi}. Cần: CSV UTF-8, XLSX, JSON mỗi dòng một đối tượng hoặc Parquet, có thể nén gzip hay zip. "
        "Xuất lại đúng định dạng rồi gửi lại.",
        f"The file {name} {en}. Needed is CSV UTF-8, XLSX, JSON lines or Parquet, if need be in gzip or zip. "
        "Export it in that form and resend it.",
        row=row,
    )


def not_utf8(name: str, row: int, encoding: str = "") -> InputError:
    """A file in an encoding that is not read; ``encoding`` names it where it is known."""
    vi = f"ở bảng mã {encoding}" if encoding else "không phải UTF-8 (có thể là TCVN3 hoặc VNI)"
    en = f"in {encoding}" if encoding else "not UTF-8 (perhaps TCVN3 or VNI)"
    return InputError(
        f"Tệp {name} {vi}. Lưu lại ở UTF-8 (trong Excel: “CSV UTF-8”) rồi gửi lại.",
        f"The file {name} is {en}. Save it in UTF-8 (in Excel: “CSV UTF-8”) and resend it.",
        row=row,
    )
