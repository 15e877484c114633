"""Nothing of a row that is held back shows a person, whichever column or list name or number strayed into; times stay as they are."""

import csv
from pathlib import Path

import pyarrow as pa
from flask import Flask
from pyarrow import parquet

from procedures import feeds
from procedures.quarantine import path_of, unknown_codes
from tests.conftest import ROOT
from tests.procedures.feed import NOW, lake_rows, load, message, quarantined, small_country, write
from tests.procedures.test_broken_files import flat
from tests.procedures.test_feeds import FLAT
from tests.procedures.test_release import declare
from tests.procedures.test_semantics import english

PERSON = "CCCD 001099000001"
NAME = "của bà Nguyễn Thị Hoa"


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


def test_no_column_but_those_of_units_keeps_a_name(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    names = ("status", "channel", "assisted", "supplement_requests", "due_at", "applicant_type", "procedure_code", "updated_at")
    strayed = dict.fromkeys(names, NAME) | {"data_lookups": f"dan-cu|x|{NAME}", "unit_code": "Phường Trần Hưng Đạo"}
    result = load(english(tmp_path / "a.csv", strayed), profile="flat-en")
    (held,) = quarantined(result.submission)
    assert "Thị Hoa" not in str(held)
    assert "Thị Hoa".encode() not in path_of(result.submission).read_bytes()
    assert held["unit_code"] == "Phường Trần Hưng Đạo"
    result = load(write(tmp_path / "b.jsonl", [message(2, TrangThaiHoSo=NAME, NgayTra=NAME, KenhThucHien=NAME)]))
    assert "Thị Hoa" not in str(quarantined(result.submission))


def test_steps_and_look_ups_in_the_lake_name_nobody(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    steps = [
        {"ThoiDiemXuLy": "20261008081500", "TrangThai": "2", "NoiDungXuLy": f"Tiếp nhận hồ sơ {NAME}", "PhongBanXuLy": "Trần Thị Hoa"},
        {"ThoiDiemXuLy": "20261009081500", "TrangThai": "5", "NoiDungXuLy": f"Chờ giấy tờ {NAME}", "PhongBanXuLy": "Phòng Tư pháp"},
    ]
    load(write(tmp_path / "a.jsonl", [message(1, TrangThaiHoSo="5", NgayKetThucXuLy="", NgayTra="", QuaTrinhXuLy=steps)]))
    load(english(tmp_path / "b.csv", {"dossier_code": "H26.12-261008-0002", "data_lookups": f"dan-cu||{NAME}"}), profile="flat-en")
    first, second = lake_rows()
    assert "Thị Hoa" not in f"{first}{second}"
    assert [step["department"] for step in first["history"]] == ["[removed]", "Phòng Tư pháp"]
    assert [request["text"] for request in first["supplements"]] == ["Chờ giấy tờ của bà [removed]"]
    assert second["data_lookups"][0]["outcome"] == "của bà [removed]"


def test_a_column_of_units_keeps_no_person(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    rows = [{"unit_code": "Nguyễn Thị Hoa"}, {"unit_code": "bà Nguyễn Thị Hoa"}, {"unit_code": "NGUYỄN THỊ HOA"}, {"unit_code": "Bà Nà"}]
    result = load(english(tmp_path / "a.csv", *rows), profile="flat-en")
    assert [row["unit_code"] for row in quarantined(result.submission)] == ["[removed]"] * 3 + ["Bà Nà"]
    assert b"Hoa" not in path_of(result.submission).read_bytes()
    assert [code for _rule, code, _rows in unknown_codes(result.submission)] == ["Bà Nà"]


def test_a_number_is_one_with_blanks_and_without(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    load(
        english(tmp_path / "a.csv", *({"applicant_key": key} for key in ("001099000001", "001 099 000 001", "001.099.000001"))),
        profile="flat-en",
    )
    assert len({row["applicant_hash"] for row in lake_rows()}) == 1


def test_a_nul_in_a_parquet_file_is_no_text_and_no_code(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    with (
        english(tmp_path / "a.csv", {}, {"supplement_text": "a?b"}, {"status": "?"}, {"dossier_code": "H26.12-?1"}, {"unit_code": "H26?"})
    ).open() as text:
        columns = {name: [cell.replace("?", "\0") for cell in cells] for name, *cells in zip(*csv.reader(text), strict=True)}
    parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    result = load(tmp_path / "a.parquet", profile="flat-en")
    held = [(row["row"], row["reasons"]) for row in quarantined(result.submission)]
    assert held == [("4", "unknown_status"), ("5", "bad_dossier_code"), ("6", "unknown_unit")]
    assert [request["text"] for row in lake_rows() for request in row["supplements"]] == ["a\ufffdb"]


def test_what_stands_below_a_list_names_nobody(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    signed = {"dossier_code": "Người lập", "unit_code": "Mai Văn Phúc", "procedure_code": "Cao Bá Quát", "due_at": "Mai Phúc"}
    foot = {
        "dossier_code": "",
        "unit_code": "00004",
        "received_at": "2026-10-08",
        "status": "4",
        "channel": "Chu An",
        "due_at": "2026-10-09",
    }
    result = load(english(tmp_path / "a.csv", signed, foot, {"dossier_code": "x-1"}), profile="flat-en")
    assert result.accepted == 1
    first, second = quarantined(result.submission)
    assert {first[name] for name in signed} == {"[removed]"}
    assert second["channel"] == "[removed]"
    assert {name: second[name] for name in foot if name != "channel"} == {name: foot[name] for name in foot if name != "channel"}
    kept = str(parquet.read_table(path_of(result.submission)).to_pylist())
    assert not [name for name in ("Mai", "Quát", "Chu") if name in kept]


def test_words_that_the_profile_knows_stay_with_a_row_without_its_code(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    cells = ["", "1.004222", "00004", "08/10/2026 8:15 SA", "Đang xử lý", "Trực tuyến", "", "", "Chu An"]
    (tmp_path / "a.csv").write_text(flat([FLAT, cells]), encoding="utf-8")
    (held,) = quarantined(load(tmp_path / "a.csv", profile="flat-vi").submission)
    assert [held[name] for name in FLAT] == [*cells[:-1], "[removed]"]


def test_a_case_of_a_log_that_names_no_dossier_is_given_back(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    log = (ROOT / "procedures" / "examples" / "event-log.csv").read_text(encoding="utf-8-sig").splitlines()
    log.append(",".join(["Nguyễn Thị Hoa", *log[1].split(",")[1:]]))
    (tmp_path / "a.csv").write_text("\n".join(log), encoding="utf-8")
    result = load(tmp_path / "a.csv", profile="event-log")
    held = quarantined(result.submission)
    assert "case-1" in str(held)
    assert "Hoa" not in str(held)
    assert b"Hoa" not in path_of(result.submission).read_bytes()
