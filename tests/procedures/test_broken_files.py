"""Files broken on purpose: one clear message with row, field and remedy; good rows of a partly bad file are kept."""

import csv
import gzip
import io
import json
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from openpyxl import Workbook

from core.database import reading
from core.errors import InputError
from procedures import feeds, mapping, progress
from procedures.dossier_queries import data_dir
from procedures.dossiers import dossier_table
from procedures.models import Submission
from tests.procedures.feed import NOW, lake_rows, load, message, quarantined, small_country, write
from tests.procedures.test_feeds import FLAT, FLAT_ROWS


def flat(rows: list[list[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def workbook(rows: list[list[Any]], merge: str | None = None) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    if merge:
        book.active.merge_cells(merge)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


GOOD = flat([FLAT, *FLAT_ROWS])
TWO_STOREYS = [
    ["Mã hồ sơ", "Mã TTHC", "Đơn vị xử lý", "Thời gian", None],
    [None, None, None, "Ngày tiếp nhận", "Trạng thái"],
    FLAT_ROWS[0][:5],
]
BROKEN = {
    "tcvn3.csv": (GOOD.encode("utf-8").replace("Đã".encode(), b"\xa7\xb7"), 2, None, "UTF-8"),
    "cp1258.csv": ("Mã hồ sơ".encode("cp1258", "replace") + b"\xfe\n", 1, None, "UTF-8"),
    "cut.csv.gz": (gzip.compress(GOOD.encode() * 50)[:-40], None, None, "cắt cụt"),
    "cut.xlsx": (workbook([FLAT, *FLAT_ROWS])[:-300], None, None, "cắt cụt"),
    "blank.csv": (b"\xef\xbb\xbf \r\n", None, None, "trống"),
    "empty.csv.gz": (gzip.compress(b""), None, None, "trống"),
    "heading-only.csv": (flat([FLAT]).encode(), None, None, "không có dòng"),
    "no-column.csv": (flat([FLAT[:4], FLAT_ROWS[0][:4]]).encode(), 1, "Trạng thái", "thiếu cột"),
    "twice.csv": (flat([[*FLAT[:5], "mã hồ sơ"], [*FLAT_ROWS[0][:5], ""]]).encode(), 1, "mã hồ sơ", "lặp lại"),
    "merged.xlsx": (workbook([FLAT, *FLAT_ROWS], "A1:B1"), 1, None, "ô gộp"),
    "two-storeys.xlsx": (workbook(TWO_STOREYS, "D1:E1"), 1, None, "ô gộp"),
    "no-heading.xlsx": (workbook(FLAT_ROWS), 1, None, "tiêu đề"),
    "not-a-workbook.xlsx": (b"PK\x03\x04nothing", None, None, "cắt cụt"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_unreadable_file_is_refused_as_a_whole(sqlite_app: Flask, tmp_path: Path, name: str) -> None:
    small_country()
    data, row, field, words = BROKEN[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError) as refused:
        feeds.load_feed(tmp_path / name, "h26", "flat-vi", NOW)
    assert (refused.value.row, refused.value.field) == (row, field)
    assert words in refused.value.message_vi
    assert name in refused.value.message_en
    submission = reading().query(Submission).one()
    assert (submission.state, submission.rows_received) == ("rejected", 0)
    assert words in submission.reason
    assert not (data_dir() / "lake").exists()
    assert not (data_dir() / "quarantine").exists()


def test_empty_file_is_refused_at_the_door(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    (tmp_path / "empty.csv").touch()
    with pytest.raises(InputError, match="trống"):
        feeds.load_feed(tmp_path / "empty.csv", "h26", "flat-vi", NOW)
    assert reading().query(Submission).count() == 0
    assert not list((data_dir() / "spool").iterdir())


ENCODED = {
    "utf-16 without its mark": ("utf-16-le", "UTF-16"),
    "utf-16": ("utf-16", "UTF-16"),
    "windows-1258": ("cp1258", "Windows-1258"),
}


@pytest.mark.parametrize("case", ENCODED)
def test_other_encodings_are_read_and_told(sqlite_app: Flask, tmp_path: Path, case: str) -> None:
    small_country()
    encoding, told = ENCODED[case]
    # Windows-1258 writes the tone marks as letters of their own.
    (tmp_path / "a.csv").write_bytes(decomposed(GOOD).encode(encoding) if encoding == "cp1258" else GOOD.encode(encoding))
    assert load(tmp_path / "a.csv", profile="flat-vi").accepted == 2
    assert [row["status"] for row in lake_rows()] == [9, 4]
    (note,) = reading().query(Submission).one().notes
    assert told in note["vi"]
    assert told in note["en"]


def decomposed(text: str) -> str:
    """Vietnamese as Windows-1258 can write it: letters with their hats, tone marks apart."""
    marks = "\u0300\u0301\u0303\u0309\u0323"
    found = []
    for letter in text:
        parts = unicodedata.normalize("NFD", letter)
        tone = "".join(mark for mark in parts if mark in marks)
        found.append(unicodedata.normalize("NFC", "".join(mark for mark in parts if mark not in marks)) + tone)
    return "".join(found)


def test_zip_is_unpacked(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    for inner, content, profile in (("a.csv", GOOD, "flat-vi"), ("b.jsonl", json.dumps(message(3)), "national-sync")):
        with zipfile.ZipFile(tmp_path / "packed.zip", "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr(inner, content)
        load(tmp_path / "packed.zip", profile=profile)
    assert len(lake_rows()) == 3


def test_missing_column_of_a_sync_message(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    path = write(tmp_path / "a.jsonl", [{key: value for key, value in message(n).items() if key != "DonViXuLy"} for n in (1, 2)])
    with pytest.raises(InputError) as refused:
        feeds.load_feed(path, "h26", "national-sync", NOW)
    assert refused.value.field == "DonViXuLy"


BAD_ROWS = {
    "unknown_status": {"TrangThaiHoSo": "77"},
    "unknown_channel": {"KenhThucHien": "9"},
    "unknown_unit": {"DonViXuLy": "99999"},
    "unknown_procedure": {"MaTTHC": "1.11515"},
    "bad_dossier_code": {"MaHoSo": "HS 5"},
    "bad_date": {"NgayHenTra": "31/02/2026"},
    "date_before_reception": {"NgayKetThucXuLy": "20261001080000"},
    "future_date": {"NgayTra": "20270101080000", "NgayKetThucXuLy": "20270101080000"},
    "missing_field": {"MaTTHC": " "},
}


def test_bad_rows_are_quarantined_with_reasons_and_good_ones_kept(app: Flask, tmp_path: Path) -> None:
    small_country()
    bad = [message(number, **changes) for number, changes in enumerate(BAD_ROWS.values(), 10)]
    result = load(write(tmp_path / "a.jsonl", [message(1), *bad, "{broken", "[1]", "", message(2)]))
    assert (result.accepted, result.quarantined) == (2, len(bad) + 2)
    rows = quarantined(result.submission)
    assert [row["reasons"] for row in rows] == [*BAD_ROWS, "unreadable_row", "unreadable_row"]
    assert [row["row"] for row in rows] == [str(number) for number in range(2, 4 + len(bad))]
    assert "NgayHenTra" in rows[5]["message_vi"]
    assert "NgayHenTra" in rows[5]["message_en"]
    assert rows[0]["TrangThaiHoSo"] == "77"
    assert reading().query(Submission).one().state == "partly_accepted"


def test_key_that_an_object_has_twice_counts_once(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    doubled = [
        json.dumps(message(number, MaTTHC=code))[:-1] + ', "DienThoai": "0900000001", "DienThoai": "0900000002", "KenhThucHien": "1"}'
        for number, code in ((1, "1.004222"), (2, "x"))
    ]
    result = load(write(tmp_path / "a.jsonl", doubled))
    assert (result.accepted, result.quarantined) == (1, 1)
    assert lake_rows()[0]["channel"] == 2
    (held,) = quarantined(result.submission)
    assert (held["DienThoai"], held["KenhThucHien"]) == ("[removed]", "2")


def test_every_rule_of_the_document_exists() -> None:
    from core.settings import ROOT
    from procedures.rules import RULES

    text = (ROOT / "docs" / "feeds.md").read_text(encoding="utf-8")
    assert {line.split("`")[1] for line in text.splitlines() if line.startswith("| `")} == set(RULES)


def test_status_in_the_history_is_checked_too(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    result = load(write(tmp_path / "a.jsonl", [message(1, QuaTrinhXuLy=[{"ThoiDiemXuLy": "20261008081500", "TrangThai": "55"}])]))
    assert quarantined(result.submission)[0]["reasons"] == "unknown_status"


def test_row_with_another_number_of_columns_is_quarantined(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    (tmp_path / "a.csv").write_text(flat([FLAT, FLAT_ROWS[0], ["x", "y"], FLAT_ROWS[1]]), encoding="utf-8")
    result = load(tmp_path / "a.csv", profile="flat-vi")
    assert (result.accepted, result.quarantined) == (2, 1)
    assert [(row["row"], row["reasons"]) for row in quarantined(result.submission)] == [("3", "unreadable_row")]


def test_all_rows_bad(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    result = load(write(tmp_path / "a.jsonl", [message(1, MaTTHC="x")]))
    assert (result.accepted, result.quarantined) == (0, 1)
    assert reading().query(Submission).one().state == "rejected"


def test_formula_in_a_quarantined_cell_is_disarmed(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    (tmp_path / "a.csv").write_text(flat([FLAT, [FLAT_ROWS[0][0], '=HYPERLINK("x")', *FLAT_ROWS[0][2:]]]), encoding="utf-8")
    result = load(tmp_path / "a.csv", profile="flat-vi")
    assert quarantined(result.submission)[0]["MÃ TTHC "].startswith("'=")


def test_unknown_receiving_unit_is_a_warning(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    result = load(write(tmp_path / "a.jsonl", [message(1, NoiNopHoSo="?")]))
    assert (result.accepted, result.warnings) == (1, {"unknown_receiving_unit": 1})
    assert lake_rows()[0]["receiving_unit"] is None


def test_load_broken_off_is_finished_from_the_log(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_country()
    path = write(tmp_path / "a.jsonl", [message(1), message(2), message(3, MaTTHC="x")])

    def die(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(progress, "close", die)
        with pytest.raises(KeyboardInterrupt):
            feeds.load_feed(path, "h26", "national-sync", NOW)
    submission = reading().query(Submission).one()
    assert (submission.state, submission.rows_received, len(lake_rows())) == ("checked", 0, 2)
    before = dossier_table(data_dir()).snapshot().version
    assert feeds.process_waiting(NOW) == {"finished": 1}
    assert dossier_table(data_dir()).snapshot().version == before
    reading().expire_all()
    submission = reading().query(Submission).one()
    assert (submission.state, submission.rows_received, submission.rows_accepted, submission.rows_quarantined) == (
        "partly_accepted",
        3,
        2,
        1,
    )
    assert load(path).unchanged == 2


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"layout": "tree"}, "layout"),
        ({"columns": {"dossier_code": ["x"]}}, "(file)"),
        ({"statuses": {"1": 40}}, "(file)"),
        ({"surprise": 1}, "surprise"),
        ({"channels": {"1": "x"}}, "channels.1"),
    ],
)
def test_unsound_profile_names_its_field(change: dict[str, Any], place: str) -> None:
    import yaml

    sound = yaml.safe_load((mapping.FOLDER / "flat-vi.yaml").read_text(encoding="utf-8"))
    with pytest.raises(InputError) as refused:
        mapping.parse(yaml.safe_dump(sound | change), "mine.yaml")
    assert refused.value.field is not None
    assert refused.value.field.startswith(place)


def test_commands_tell_and_go_on(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    runner: FlaskCliRunner = sqlite_app.test_cli_runner()
    (tmp_path / "empty.jsonl").touch()
    good = write(tmp_path / "a.jsonl", [message(1)])
    done = runner.invoke(
        args=["feeds", "load", str(tmp_path / "empty.jsonl"), str(good), "--source", "h26", "--profile", "national-sync", "--json"]
    )
    assert done.exit_code == 1
    assert "trống" in done.stderr
    refused, taken = (json.loads(line) for line in done.stdout.splitlines())
    assert (refused["file"], refused["submission"], "trống" in refused["refused"]) == ("empty.jsonl", None, True)
    assert taken["accepted"] == 1
    for wrong in (["--source", "nobody", "--profile", "national-sync"], ["--source", "h26", "--profile", "nothing"]):
        done = runner.invoke(args=["feeds", "load", str(good), *wrong])
        assert done.exit_code == 1
        assert "Traceback" not in done.output
