"""Every date of a dossier is checked: the first deadline, the steps, the requests and their answers."""

from pathlib import Path
from typing import Any

from flask import Flask

from tests.procedures.feed import lake_rows, load, message, quarantined, small_country, write
from tests.procedures.test_semantics import english

ASKED = {"NgayBoSung": "20261009100000"}
WRONG: list[tuple[str, dict[str, Any]]] = [
    ("answered_before_request", {"HoSoBoSung": [ASKED | {"NgayTiepNhanBoSung": "20261008100000"}]}),
    ("bad_date", {"HoSoBoSung": [ASKED | {"NgayTiepNhanBoSung": "10/10/2026"}]}),
    ("bad_date", {"HoSoBoSung": [ASKED | {"NgayHenTraTruoc": "15/10/2026"}]}),
    ("date_before_reception", {"HoSoBoSung": [ASKED | {"NgayHenTraTruoc": "20261001"}]}),
    ("impossible_duration", {"HoSoBoSung": [ASKED | {"NgayHenTraTruoc": "20991001"}]}),
    ("future_date", {"HoSoBoSung": [{"NgayBoSung": "20990101000000"}]}),
    ("future_date", {"HoSoBoSung": [ASKED | {"NgayTiepNhanBoSung": "20990101000000"}]}),
    ("future_date", {"QuaTrinhXuLy": [{"ThoiDiemXuLy": "20990101000000", "TrangThai": "5"}]}),
    ("bad_date", {"NgayKetThucXuLy": "14/10/2026"}),  # the steps have an end: what the field says is told nevertheless
]
FLAT = [
    ("date_before_reception", {"first_due_at": "1999-01-01"}),
    ("impossible_duration", {"first_due_at": "2099-01-01"}),
    ("bad_date", {"first_due_at": "15/10/2026", "due_at": "2026-10-15"}),
    ("future_date", {"supplement_requested_at": "2099-01-01"}),
]


def test_dates_of_a_message_are_checked(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    result = load(write(tmp_path / "a.jsonl", [message(number, **changes) for number, (_rule, changes) in enumerate(WRONG, 1)]))
    rows = quarantined(result.submission)
    assert [row["reasons"] for row in rows] == [rule for rule, _changes in WRONG]
    for row, (_rule, changes) in zip(rows, WRONG, strict=True):
        (field,) = changes
        assert field in row["message_vi"]
        assert field in row["message_en"]
    assert "10/10/2026" in rows[1]["HoSoBoSung"]  # the text is kept, so that it can be mended


def test_dates_of_a_table_are_checked(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    result = load(english(tmp_path / "a.csv", *(changes for _rule, changes in FLAT)), profile="flat-en")
    assert [row["reasons"] for row in quarantined(result.submission)] == [rule for rule, _changes in FLAT]


def test_an_answer_of_the_same_day_and_a_sound_deadline_are_taken(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    request = ASKED | {"NgayTiepNhanBoSung": "20261009000000", "NgayHenTraTruoc": "20261012"}
    assert load(write(tmp_path / "a.jsonl", [message(1, HoSoBoSung=[request])])).accepted == 1
    assert f"{lake_rows()[0]['first_due_at']:%Y-%m-%d %H:%M:%S}" == "2026-10-12 16:59:59"
