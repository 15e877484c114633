"""What a file is, told by its content: unpacked front to back, as UTF-8, within limits; anything else refused in words."""

import bz2
import gzip
import io
import json
import random
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from pyarrow import parquet

from core.errors import InputError
from procedures import encodings, unpacking

MIB = 1 << 20
TEXT = "Mã hồ sơ,Đơn vị xử lý,Trạng thái\nH26.12-261008-0001,Sở Nội vụ,Đã trả kết quả\nH26.12-261008-0002,Ủy ban nhân dân xã,Đang xử lý\n"
OBJECTS = '{"dossier_code": "H26.12-261008-0001", "status": 4}\n{"dossier_code": "H26.12-261008-0002", "status": 10}\n'


class Pipe(io.RawIOBase):
    """Bytes that come in drops and cannot be sought in."""

    def __init__(self, data: bytes, drop: int = 997) -> None:
        self._source, self._drop = io.BytesIO(data), drop

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._source.read(min(self._drop, len(buffer)))
        buffer[: len(block)] = block
        return len(block)


def unpack(data: bytes, scratch: Path, name: str = "a.csv", limit: int = 64 * MIB, drop: int = 997) -> unpacking.Unpacked:
    return unpacking.unpack(Pipe(data, drop), name, limit, scratch=scratch)  # type: ignore[arg-type]


def read(data: bytes, scratch: Path, name: str = "a.csv", limit: int = 64 * MIB) -> bytes:
    with unpack(data, scratch, name, limit).stream as stream:
        return stream.read()


def refused(data: bytes, scratch: Path, name: str = "a.csv", limit: int = 64 * MIB) -> InputError:
    with pytest.raises(InputError) as caught:
        read(data, scratch, name, limit)
    assert name in caught.value.message_vi
    assert name in caught.value.message_en
    return caught.value


def cp1258(text: str) -> bytes:
    """As Windows writes it: circumflex, breve and horn in the letter, the tone behind it."""
    tones = "\u0300\u0301\u0303\u0309\u0323"
    found = []
    for letter in unicodedata.normalize("NFC", text):
        parts = unicodedata.normalize("NFD", letter)
        bare = unicodedata.normalize("NFC", "".join(part for part in parts if part not in tones))
        found += [bare, *(part for part in parts if part in tones)]
    return "".join(found).encode("cp1258")


def tcvn3(text: str) -> bytes:
    back = {letter: code for code, letter in encodings._TCVN3.items()}
    return bytes(back.get(letter, ord(letter) if letter.isascii() else 63) for letter in text)


def vni(text: str) -> bytes:
    whole = {"đ": "ñ", "ơ": "ô", "ư": "ö", "í": "í", "ì": "ì", "ỉ": "æ", "ĩ": "ó", "ị": "ò", "ỵ": "î"}
    tones = {"": "", "\u0301": "ù", "\u0300": "ø", "\u0309": "û", "\u0303": "õ", "\u0323": "ï"}
    hats = {"\u0302": dict(zip(tones, "âáàåãä", strict=True)), "\u0306": dict(zip(tones, "êéèúüë", strict=True))}
    found = ""
    for letter in text.lower():
        parts = unicodedata.normalize("NFD", letter)
        tone = "".join(part for part in parts if part in tones)
        hat = next((hats[part] for part in parts if part in hats), None)
        bare = unicodedata.normalize("NFC", "".join(part for part in parts if part not in tones and part not in hats))
        found += whole[letter] if letter in whole else whole.get(bare, bare) + (hat[tone] if hat else tones[tone])
    return found.encode("cp1252")


def zipped(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return stream.getvalue()


def workbook() -> bytes:
    book = Workbook()
    for line in TEXT.splitlines():
        book.active.append(line.split(","))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def table() -> bytes:
    stream = io.BytesIO()
    parquet.write_table(pa.table({"dossier_code": ["H26.12-261008-0001"] * 50, "status": list(range(50))}), stream)
    return stream.getvalue()


XLSX, PARQUET = workbook(), table()
FORMS = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "two members": lambda data: gzip.compress(data[:7]) + gzip.compress(data[7:]),
    "padded": lambda data: gzip.compress(data) + bytes(512),
    "zip": lambda data: zipped(("thang-10/", b""), ("thang-10/a.csv", data), ("__MACOSX/._a.csv", b"x"), (".DS_Store", b"x")),
    "stored zip": lambda data: zipped(("a.csv", data), method=zipfile.ZIP_STORED),
}
CONTENTS = {
    "csv": (TEXT.encode(), "csv", "", TEXT.encode()),
    "BOM": (TEXT.encode("utf-8-sig"), "csv", "", TEXT.encode()),
    "carriage returns": (TEXT.replace("\n", "\r\n").encode(), "csv", "", TEXT.encode()),
    "lone carriage returns": (TEXT.replace("\n", "\r").encode(), "csv", "", TEXT.encode()),
    "mixed line ends": (b"a\r\nb\rc\n\r\nd\r", "csv", "", b"a\nb\nc\n\nd\n"),
    "UTF-16": (TEXT.encode("utf-16"), "csv", "UTF-16", TEXT.encode()),
    "UTF-16 big end": (b"\xfe\xff" + TEXT.encode("utf-16-be"), "csv", "UTF-16", TEXT.encode()),
    "UTF-16 without BOM": (TEXT.replace("\n", "\r\n").encode("utf-16-le"), "csv", "UTF-16", TEXT.encode()),
    "UTF-16 big end without BOM": (TEXT.encode("utf-16-be"), "csv", "UTF-16", TEXT.encode()),
    "Windows-1258": (cp1258(TEXT), "csv", "Windows-1258", TEXT.encode()),
    "JSON lines": (OBJECTS.encode(), "jsonl", "", OBJECTS.encode()),
    "JSON lines with BOM": (OBJECTS.encode("utf-8-sig"), "jsonl", "", OBJECTS.encode()),
    "workbook": (XLSX, "xlsx", "", XLSX),
    "Parquet": (PARQUET, "parquet", "", PARQUET),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("content", CONTENTS)
def test_every_kind_in_every_wrapping(tmp_path: Path, content: str, form: str) -> None:
    data, kind, encoding, expected = CONTENTS[content]
    found = unpack(FORMS[form](data), tmp_path, "so-lieu.bin")
    with found.stream as stream:
        assert found.kind == kind
        assert stream.read() == expected
        if kind in ("xlsx", "parquet"):
            stream.seek(0)
            assert stream.read(4) == data[:4]
    assert [encoding in note[1] for note in found.notes] == [True] * bool(encoding)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("drop", [1, 3, 1 << 16])
def test_letters_are_whole_whatever_the_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drop: int) -> None:
    monkeypatch.setattr(unpacking, "BLOCK", 5)
    monkeypatch.setattr(unpacking, "HEAD", 16)
    text = "mã,ạ\u20ab,😀\r\n\r" * 9 + "Ộ"
    for data in (text.encode(), text.encode("utf-16")):
        with unpack(data, tmp_path, drop=drop).stream as stream:
            assert stream.read().decode() == "mã,ạ\u20ab,😀\n\n" * 9 + "Ộ"
    text = "Mã hồ sơ,Đang xử lý,Ngày tiếp nhận\r\n" * 9
    with unpack(cp1258(text), tmp_path, drop=drop).stream as stream:
        assert stream.read().decode() == text.replace("\r", "")


def test_an_encoding_is_told_wherever_its_first_letter_stands(tmp_path: Path) -> None:
    begin = "a,b\n" * (unpacking.HEAD // 2)
    for text in (cp1258(TEXT), TEXT.encode()):
        data = begin.encode() + text
        found = unpack(data, tmp_path, "muon.csv")
        with found.stream as stream:
            assert stream.read() == begin.encode() + TEXT.encode()
        assert bool(found.notes) == (text != TEXT.encode())
    tcvn3 = begin.encode() + "H\xe5 s\xac \xae\xb7 ti\xd5p nh\xcbn\n".encode("latin-1")
    with unpack(tcvn3, tmp_path, "cu.csv").stream as stream, pytest.raises(InputError, match="TCVN3") as refused:
        stream.read()
    assert refused.value.row == begin.count("\n") + 1


@pytest.mark.parametrize("begin", ["a,b\r" * 100_000, "a,b\n" + "x" * 400_000 + ","])
def test_an_encoding_is_told_where_a_line_is_longer_than_the_sample(tmp_path: Path, begin: str) -> None:
    text = begin.encode() + cp1258(TEXT.replace("\n", "\r") if "\r" in begin else TEXT)
    found = unpack(text, tmp_path, "dai.csv")
    with found.stream as stream:
        assert stream.read().decode() == (begin + TEXT).replace("\r", "\n")
    assert found.notes


def test_inner_name_and_encoding_are_told(tmp_path: Path) -> None:
    names = {"a.csv.gz": gzip.compress(TEXT.encode()), "B.GZ": gzip.compress(TEXT.encode()), "c.zip": zipped(("x/y.txt", TEXT.encode()))}
    found = {}
    for name, data in names.items():
        unpacked = unpack(data, tmp_path, name)
        found[name] = unpacked.name
        unpacked.stream.close()
    assert found == {"a.csv.gz": "a.csv", "B.GZ": "B", "c.zip": "y.txt"}
    unpacked = unpack(cp1258(TEXT), tmp_path)
    assert "Windows-1258" in unpacked.notes[0][0]
    unpacked.stream.close()


def encrypted() -> bytes:
    data = bytearray(zipped(("a.csv", TEXT.encode())))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


def lying(size: int) -> bytes:
    """A zip whose entry says that it unpacks to ``size`` bytes."""
    data = bytearray(zipped(("a.csv", TEXT.encode() * 100)))
    struct.pack_into("<I", data, 22, size)
    struct.pack_into("<I", data, data.index(b"PK\1\2") + 24, size)
    return bytes(data)


REFUSED = {
    "empty": (b"", None, "trống"),
    "blank": (b"\xef\xbb\xbf \r\n", None, "trống"),
    "blank UTF-16": (" \r\n".encode("utf-16"), None, "trống"),
    "empty gzip": (gzip.compress(b""), None, "trống"),
    "empty in a zip": (zipped(("a.csv", b"")), None, "trống"),
    "cut gzip": (gzip.compress(TEXT.encode() * 50)[:-40], None, "cắt cụt"),
    "gzip without its end": (gzip.compress(TEXT.encode())[:-8], None, "cắt cụt"),
    "gzip head": (b"\x1f\x8b", None, "cắt cụt"),
    "changed gzip": (gzip.compress(TEXT.encode())[:-8] + b"12345678", None, "hỏng"),
    "rubbish after gzip": (gzip.compress(TEXT.encode()) + b"rubbish", None, "hỏng"),
    "cut zip": (zipped(("a.csv", TEXT.encode()))[:-30], None, "cắt cụt"),
    "no zip": (b"PK\x03\x04nothing", None, "cắt cụt"),
    "cut workbook": (XLSX[:-300], None, "cắt cụt"),
    "cut Parquet": (PARQUET[:-5], None, "cắt cụt"),
    "Parquet head": (b"PAR1", None, "cắt cụt"),
    "zip of nothing": (zipped(), None, "0 tệp"),
    "zip of two": (zipped(("a.csv", b"a"), ("b.csv", b"b")), None, "a.csv, b.csv"),
    "gzip in gzip": (gzip.compress(gzip.compress(TEXT.encode())), None, "một lớp"),
    "zip in gzip": (gzip.compress(zipped(("a.csv", TEXT.encode()))), None, "một lớp"),
    "gzip in zip": (zipped(("a.csv.gz", gzip.compress(TEXT.encode()))), None, "một lớp"),
    "zip in zip": (zipped(("a.zip", zipped(("a.csv", TEXT.encode())))), None, "một lớp"),
    "password": (encrypted(), None, "mật khẩu"),
    "bzip2 in zip": (zipped(("a.csv", TEXT.encode()), method=zipfile.ZIP_BZIP2), None, "Deflate"),
    "too small a size told": (lying(10), None, "hỏng"),
    "too large a size told": (lying(1 << 24), None, "hỏng"),
    "many entries": (zipped(*((f"{n}.csv", b"") for n in range(10_001)), method=zipfile.ZIP_STORED), None, "10000"),
    "OpenDocument": (zipped(("mimetype", b"application/vnd"), ("content.xml", b"<x/>")), None, "OpenDocument"),
    "Word": (zipped(("[Content_Types].xml", b"<x/>"), ("word/document.xml", b"<x/>")), None, "Word"),
    "binary workbook": (zipped(("xl/workbook.bin", b"x")), None, ".xlsb"),
    "old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), None, ".xls"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", None, "PDF"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(50), None, "ảnh"),
    "photograph": (b"\xff\xd8\xff\xe0" + bytes(50), None, "ảnh"),
    "bzip2": (bz2.compress(TEXT.encode()), None, "bzip2"),
    "page": (b"\n<html><table><tr><td>a</td></tr></table>", None, "HTML"),
    "array": (json.dumps([{"a": 1}], indent=1).encode(), None, "mảng JSON"),
    "array in gzip": (gzip.compress(b"\xef\xbb\xbf []"), None, "mảng JSON"),
    "NUL": (TEXT.encode().replace("Đang".encode(), b"\0"), 3, "NUL"),
    "NUL after carriage returns": (b"a\r\nb\rc\0", 3, "NUL"),
    "NUL in UTF-16": ((TEXT + "\0").encode("utf-16"), 4, "NUL"),
    "binary": (bytes(range(1, 128)) * 9, None, "nhị phân"),
    "TCVN3": (tcvn3(TEXT.lower()), 1, "TCVN3"),
    "VNI": (vni(TEXT), 1, "VNI"),
    "TCVN3 in one cell": (TEXT.encode().replace("Đã".encode(), b"\xa7\xb7"), 2, "UTF-8"),
    "Western": ("Müller,Genève\nStraße,Ærø\n".encode("cp1252"), 1, "UTF-8"),
    "UTF-32": (TEXT.encode("utf-32"), 1, "UTF-32"),
    "cut UTF-8": (TEXT.encode()[: TEXT.encode().index("Đang".encode()) + 1], 3, "UTF-8"),
    "cut UTF-16": (TEXT.encode("utf-16")[:-1], 3, "UTF-8"),
    "half a pair in UTF-16": ((TEXT + "x").encode("utf-16") + b"\x00\xd8", 4, "UTF-8"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_read_is_refused_in_words(tmp_path: Path, case: str) -> None:
    data, row, words = REFUSED[case]
    error = refused(data, tmp_path, "so-lieu.dat")
    assert (error.row, words in error.message_vi) == (row, True), error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_wrong_letter_far_in_the_file_names_its_row(tmp_path: Path, ends: str) -> None:
    rows = [f"H26.12-261008-{number:06d},Đang xử lý" for number in range(60_000)]
    data = ends.join(["Mã hồ sơ,Trạng thái", *rows]).encode()
    place = data.index(b"H26.12-261008-050000")
    assert refused(data[: place + 3] + b"\xff" + data[place + 3 :], tmp_path).row == 50_002
    marks = cp1258(ends.join(["Mã hồ sơ,Trạng thái", *rows]))
    place = marks.index(b"H26.12-261008-050000")
    assert refused(marks[:place] + b"a\xcc\xd2\xde" + marks[place:], tmp_path).row == 50_002


def test_error_does_not_look_like_the_end_to_who_reads_on(tmp_path: Path) -> None:
    with unpack(TEXT.encode() + b"a" * 3 * MIB + b"\xff", tmp_path).stream as stream:
        for _ in range(2):
            with pytest.raises(InputError):
                stream.read()


def test_real_names_survive_each_encoding(tmp_path: Path, shared_data: Path) -> None:
    (path,) = shared_data.glob("units/units_2026-07-25.json")
    names = sorted({str(name) for name in _names(json.loads(path.read_text(encoding="utf-8")))})
    text = "Tên đơn vị\n" + "\n".join(names[:2000])
    assert read(cp1258(text), tmp_path).decode() == text
    assert "TCVN3" in refused(tcvn3(text.lower()), tmp_path).message_vi
    assert "VNI" in refused(vni(text), tmp_path).message_vi


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, str) and "name" in key.lower() and not value.isascii():
                yield unicodedata.normalize("NFC", value)
            else:
                yield from _names(value)
    elif isinstance(node, list):
        for item in node:
            yield from _names(item)


def test_limits_hold_before_anything_large_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"a,b\n" * MIB
    for data in (text, gzip.compress(text), zipped(("a.csv", text)), zipped(("xl/workbook.xml", text)), gzip.compress(XLSX + text)):
        assert "Chia tệp" in refused(data, tmp_path, limit=MIB).message_vi
    monkeypatch.setattr(unpacking, "SMALL", MIB)
    for data in (gzip.compress(text), zipped(("a.csv", text)), zipped(("xl/workbook.xml", text))):
        assert "200 lần" in refused(data, tmp_path).message_vi
    noise = random.Random(0).randbytes(3 * MIB).hex().encode()
    assert read(gzip.compress(noise), tmp_path) == noise
    monkeypatch.setattr(unpacking, "STRINGS", 10)
    assert "CSV" in refused(zipped(("xl/sharedStrings.xml", b"x" * 11)), tmp_path).message_vi


def test_source_that_fails_is_not_the_senders_fault(tmp_path: Path) -> None:
    class Broken(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _buffer: Any) -> int:
            raise RuntimeError("disk")

    with pytest.raises(RuntimeError, match="disk"):
        unpacking.unpack(io.BufferedReader(Broken()), "a", MIB, scratch=tmp_path)


SEEDS = [form(data) for data, *_ in CONTENTS.values() for form in FORMS.values()] + [
    data for data, *_ in REFUSED.values() if len(data) < 9999
]
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check_content(data: bytes, scratch: Path) -> None:
    """Unpacked or refused, with no other error; a text that was taken is text."""
    with suppress(InputError):
        found = unpack(data, scratch, limit=4 * MIB)
        with found.stream as stream:
            content = stream.read()
        assert content
        if found.kind in ("csv", "jsonl"):
            assert not {"\r", "\0"} & set(content.decode("utf-8"))


@FUZZ
@given(st.binary(max_size=3000))
@example(b"\x1f\x8b\x08")
@example(b"PK\x05\x06" + bytes(18))
@example(b"PAR1" + b"\xff" * 20 + b"PAR1")
@example(b"\xd2" * 5000)
def test_any_bytes(tmp_path: Path, data: bytes) -> None:
    check_content(data, tmp_path)


@FUZZ
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 255)), max_size=8), st.integers(0, 20_000))
def test_changed_files(tmp_path: Path, data: bytes, changes: list[tuple[int, int]], end: int) -> None:
    changed = bytearray(data)
    for place, byte in changes:
        if changed:
            changed[place % len(changed)] = byte
    check_content(bytes(changed), tmp_path)
    check_content(bytes(changed[: end % (len(changed) + 1)]), tmp_path)
    raw = zlib.compress(bytes(changed), wbits=31)
    check_content(raw, tmp_path)
