"""Nothing of a row that is held back shows a person's number, whichever column or list it strayed into; times stay as they are."""

from pathlib import Path

from flask import Flask

from procedures import feeds
from procedures.quarantine import path_of
from tests.procedures.feed import NOW, lake_rows, load, message, quarantined, small_country, write
from tests.procedures.test_release import declare
from tests.procedures.test_semantics import english

PERSON = "CCCD 001099000001"


def test_no_column_of_a_message_keeps_a_number(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    papers = [{"MaGiayTo": PERSON, "TenGiayTo": PERSON}]
    asked = {"NgayBoSung": PERSON, "NgayTiepNhanBoSung": PERSON, "NoiDungBoSung": PERSON, "DanhSachGiayToBoSung": papers}
    row = message(
        1, KenhThucHien=PERSON, NoiNopHoSo=PERSON, TrangThaiHoSo=PERSON, NgayTra=PERSON, DuocThanhToanTrucTuyen=PERSON,
        DSKetNoiCSDL=[{"MaCSDL": PERSON}], GiayToKetQua=[{"MaGiayToKetQua": PERSON}], TaiLieuNop=[{"DuocSoHoa": PERSON}],
        QuaTrinhXuLy=[dict.fromkeys(("ThoiDiemXuLy", "TrangThai", "NoiDungXuLy", "PhongBanXuLy"), PERSON)], HoSoBoSung=[asked],
    )  # fmt: skip
    result = load(write(tmp_path / "a.jsonl", [row]))
    (held,) = quarantined(result.submission)
    assert "001099000001" not in str(held)
    assert (held["MaHoSo"], held["NgayTiepNhan"]) == (row["MaHoSo"], row["NgayTiepNhan"])
    assert b"001099000001" not in path_of(result.submission).read_bytes()


def test_no_column_of_a_table_keeps_a_number(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    names = ("status", "channel", "assisted", "supplement_requests", "due_at", "applicant_type")
    result = load(
        english(tmp_path / "a.csv", dict.fromkeys(names, "0912 345 678") | {"data_lookups": f"{PERSON}|x|{PERSON}"}), profile="flat-en"
    )
    (held,) = quarantined(result.submission)
    assert "345" not in str(held)
    assert "001099" not in str(held)


def test_times_are_kept_so_that_the_row_can_be_released(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    looked = "dan-cu|2026-10-08 09:00:00|khớp;dat-dai|2026-10-08 09:05:00|"
    listed = '[{"database": "dan-cu", "time": "2026-10-08 09:00:00", "outcome": "khớp"}]'
    one = {"received_at": "2026-10-08 08:15:00", "unit_code": "SO-XD"}
    load(english(tmp_path / "a.csv", one | {"data_lookups": looked}, one | {"data_lookups": listed}), profile="flat-en")
    declare("SO-XD")
    assert feeds.release(NOW)["released"] == 2
    first, second = lake_rows()
    assert first["data_lookups"][:1] == second["data_lookups"]
    assert f"{second['data_lookups'][0]['at']:%H:%M}" == "02:00"
