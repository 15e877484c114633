"""What should be a list and is none is told, whichever list of a message it is; an empty or missing one is nothing wrong."""

from pathlib import Path

from flask import Flask

from tests.procedures.feed import lake_rows, load, message, quarantined, small_country, write

COLUMNS = ["TaiLieuNop", "DSKetNoiCSDL", "GiayToKetQua", "QuaTrinhXuLy", "HoSoBoSung"]


def test_what_is_no_list_is_held_back(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    wrong = ["x", {"a": 1}, 3]
    rows = [message(number, **{column: value}) for number, (column, value) in enumerate(((c, v) for c in COLUMNS for v in wrong), 1)]
    result = load(write(tmp_path / "a.jsonl", rows))
    assert (result.accepted, result.quarantined) == (0, len(rows))
    for number, row in enumerate(quarantined(result.submission)):
        assert "bad_list" in row["reasons"]
        assert COLUMNS[number // len(wrong)] in row["message_vi"]


def test_empty_and_missing_lists_are_taken(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    rows = [message(number, **dict.fromkeys(COLUMNS, value)) for number, value in enumerate(([], None), 1)]
    rows.append({name: value for name, value in message(3).items() if name not in COLUMNS})
    rows.append(message(4, TaiLieuNop=[{"MaThanhPhanHoSo": "T1"}], DSKetNoiCSDL=[{"MaCSDL": "D1"}], GiayToKetQua=[{"MaGiayToKetQua": "K"}]))
    assert load(write(tmp_path / "a.jsonl", rows)).accepted == 4
    assert lake_rows()[3]["result_electronic"] is True
