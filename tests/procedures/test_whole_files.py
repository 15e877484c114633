"""Files that are refused as a whole: swallowed rows, odd line ends, files of another kind than the profile reads."""

import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest
from flask import Flask

from core.database import reading
from core.errors import InputError
from procedures import attempts, feeds, files
from procedures.models import Submission
from tests.procedures.feed import NOW, lake_rows, load, message, quarantined, small_country
from tests.procedures.test_broken_files import flat, workbook
from tests.procedures.test_feeds import FLAT, FLAT_ROWS

WIDE = [*FLAT[:8], "Ngày yêu cầu bổ sung", "Nội dung yêu cầu bổ sung", "Họ tên"]


def wide(number: int, text: str = "") -> str:
    request = "09/10/2026" if text else ""
    return ",".join([f"H26.12-261008-{number:04d}", *FLAT_ROWS[0][1:8], request, text, f"Nguyễn Văn {number}"])


def table(stray: dict[int, str], tail: str = "") -> str:
    return "\n".join([",".join(WIDE), *(wide(number, stray.get(number, "")) for number in range(1, 51))]) + tail


SWALLOWING = {
    "to the end": ({5: '"thiếu giấy'}, 6),
    "to a later mark at a cell's end": ({5: '"thiếu giấy', 40: 'x"'}, 6),
    "to the next cell that opens": ({5: '"thiếu giấy', 6: '"thiếu đơn"'}, 6),
    "after a sound cell of two lines": ({3: '"thiếu giấy,\nthiếu đơn"', 5: '"thiếu'}, 6),
    "doubled at the end": ({5: '"thiếu ""giấy""'}, 6),
}


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("case", SWALLOWING)
def test_swallowed_rows_are_told(case: str, ends: str) -> None:
    stray, row = SWALLOWING[case]
    with pytest.raises(InputError) as refused:
        files.read_table(table(stray).replace("\n", ends).encode(), "a.csv", [], [])
    assert (refused.value.row, refused.value.field) == (row, "nội dung yêu cầu bổ sung")
    assert "Nguyễn" not in str(refused.value)


def test_last_cell_unclosed() -> None:
    for text in ('a,b\n1,"', 'a,b\n1,"x\n', '"a,b\n1,2'):
        with pytest.raises(InputError):
            files.read_table(text.encode(), "a.csv", [], [])


def test_swallowing_file_leaves_nothing(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    (tmp_path / "a.csv").write_text(table({5: '"thiếu giấy'}), encoding="utf-8")
    with pytest.raises(InputError, match="ngoặc kép"):
        feeds.load_feed(tmp_path / "a.csv", "h26", "flat-vi", NOW)
    assert reading().query(Submission).one().state == "rejected"


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_every_row_is_accounted_for(sqlite_app: Flask, tmp_path: Path, ends: str) -> None:
    small_country()
    sound = {3: '"thiếu giấy, đơn\nvà ""tờ khai"""', 7: 'thiếu "đơn', 9: '""'}
    (tmp_path / "a.csv").write_bytes(table(sound, "\n").replace("\n", ends).encode())
    result = load(tmp_path / "a.csv", profile="flat-vi")
    assert (result.received, result.accepted) == (50, 50)
    texts = [[request["text"] for request in row["supplements"]] for row in lake_rows()]
    assert texts[2] == ['thiếu giấy, đơn\nvà "tờ khai"']
    assert texts[6] == ['thiếu "đơn']


def test_heading_too_long(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    (tmp_path / "a.csv").write_text("x" * 200_000 + "," + flat([FLAT, *FLAT_ROWS]), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        feeds.load_feed(tmp_path / "a.csv", "h26", "flat-vi", NOW)
    assert refused.value.row == 1
    assert reading().query(Submission).one().state == "rejected"


def test_surprise_while_reading_still_ends_the_submission(sqlite_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_country()
    (tmp_path / "a.csv").write_text(flat([FLAT, *FLAT_ROWS]), encoding="utf-8")

    def surprise(*_args: object) -> None:
        raise RecursionError

    monkeypatch.setattr(attempts.Reader, "raw", surprise)
    with pytest.raises(InputError, match="RecursionError"):
        feeds.load_feed(tmp_path / "a.csv", "h26", "flat-vi", NOW)
    submission = reading().query(Submission).one()
    assert (submission.state, "RecursionError" in submission.reason) == ("rejected", True)


def archive(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        for name in names or ("a.csv",):
            packed.writestr(name, flat([FLAT, *FLAT_ROWS]))
    return stream.getvalue()


TABLE = flat([FLAT, *FLAT_ROWS]).encode()
OTHER_KINDS = {
    "array.json": (json.dumps([message(1)]).encode(), "national-sync", "mảng JSON"),
    "lines-of-array.json": (json.dumps([message(1)], indent=1).encode(), "national-sync", "mảng JSON"),
    "array.json.gz": (gzip.compress(b"[]"), "national-sync", "mảng JSON"),
    "one-object.json": (json.dumps(message(1), indent=1).encode(), "national-sync", "không có dòng nào"),
    "table.csv": (TABLE, "national-sync", "bảng CSV"),
    "book.xlsx": (workbook([FLAT, *FLAT_ROWS]), "national-sync", "XLSX"),
    "packed-objects.zip": (archive(), "national-sync", "bảng CSV"),
    "two.zip": (archive("a.csv", "b.csv"), "flat-vi", "ZIP"),
    "old.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "flat-vi", ".xls"),
    "old-objects.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "national-sync", ".xls"),
    "nul.csv": (TABLE.replace(b"08:15", b"08\x0015"), "flat-vi", "NUL"),
    "nul.jsonl": (json.dumps(message(1)).encode() + b"\n\0", "national-sync", "NUL"),
    "objects.jsonl": (json.dumps(message(1)).encode(), "flat-vi", "Mã hồ sơ"),
}


@pytest.mark.parametrize("name", OTHER_KINDS)
def test_file_of_another_kind_has_one_message(sqlite_app: Flask, tmp_path: Path, name: str) -> None:
    small_country()
    data, profile, words = OTHER_KINDS[name]
    (tmp_path / name).write_bytes(data)
    done = sqlite_app.test_cli_runner().invoke(args=["feeds", "load", str(tmp_path / name), "--source", "h26", "--profile", profile])
    assert done.exit_code == 1
    assert len(done.stderr.strip().splitlines()) == 2  # once in each language
    assert words in done.stderr
    assert reading().query(Submission).one().state == "rejected"


@pytest.mark.parametrize("day", ["08/10/26", "08/10/0026 08:15", "31/12/1989", "1989-10-08", "0026-10-08T08:15:00+07:00"])
def test_year_of_two_digits_is_no_date(sqlite_app: Flask, tmp_path: Path, day: str) -> None:
    small_country()
    (tmp_path / "a.csv").write_text(flat([FLAT, [*FLAT_ROWS[0][:3], day, *FLAT_ROWS[0][4:]], FLAT_ROWS[1]]), encoding="utf-8")
    result = load(tmp_path / "a.csv", profile="flat-vi")
    (row,) = quarantined(result.submission)
    assert (row["reasons"], "Ngày tiếp nhận" in row["message_vi"]) == ("bad_date", True)
