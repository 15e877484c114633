"""Dossiers in: what the lake holds after real and made-up files."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from openpyxl import Workbook

from core.calendar import Month
from core.database import reading
from procedures import operations, queries
from procedures.models import Submission, Unit
from tests.procedures.feed import NOW, lake_rows, load, message, quarantined, small_country, write


def test_event_log_is_one_dossier_a_case(app: Flask, shared_data: Path) -> None:
    operations.add_source("nl", "Giấy phép", list_code="nl")
    path = shared_data / "eventlogs" / "receipt.csv.gz"
    assert load(path, "nl", "event-log").accepted == 1434
    rows = lake_rows()
    assert len({row["dossier_code"] for row in rows}) == 1434
    assert sum(len(row["history"]) for row in rows) == 8577
    assert sum(row["channel"] == 2 for row in rows) == 1250  # of cases, not of events
    assert sum(row["finished_at"] is None for row in rows) == 105
    assert {row["utc_offset_minutes"] for row in rows} == {60, 120}
    late = sum(row["finished_at"] > row["due_at"] for row in rows if row["finished_at"])
    assert 0 < late < 1329
    one = next(row for row in rows if row["dossier_code"] == "case-10011")
    assert one["received_at"] == datetime(2011, 10, 11, 11, 42, 22, 688000, tzinfo=UTC)
    assert one["due_at"] == datetime(2011, 12, 6, 12, 41, 31, 788000, tzinfo=UTC)
    assert [event["activity"] for event in one["history"]][:2] == ["Confirmation of receipt", "T02 Check confirmation of receipt"]
    assert load(path, "nl", "event-log").unchanged == 1434


def test_foreign_source_stays_out_of_national_figures(app: Flask, shared_data: Path) -> None:
    operations.add_source("nl", "Giấy phép", list_code="nl")
    load(shared_data / "eventlogs" / "receipt.csv.gz", "nl", "event-log")
    session = reading()
    assert queries.national_sources(session) == []
    assert queries.units(session, date(2011, 10, 1)) == {}
    assert set(queries.units(session, date(2011, 10, 1), "nl")) == {"General", "Customer contact", "Experts"}
    assert queries.procedures_map(session, date(2011, 10, 1)) == {}
    assert list(queries.end_points(session, Month(2011, 10), NOW)) == []


def test_sync_message_as_the_lake_keeps_it(app: Flask, tmp_path: Path) -> None:
    small_country()
    operations.add_provider("vnpt", "VNPT")
    operations.assign_provider("h26", "vnpt", date(2026, 1, 1))
    request = {
        "NoiDungBoSung": "Bổ sung giấy khai sinh",
        "NgayBoSung": "20261009100000",
        "NgayTiepNhanBoSung": "20261010090000",
        "NgayHenTraTruoc": "20261013170000",
        "DanhSachGiayToBoSung": [{"MaGiayTo": "G1", "TenGiayTo": "Giấy khai sinh"}],
    }
    load(write(tmp_path / "a.jsonl.gz", [message(1, HoSoBoSung=[request])]))
    (row,) = lake_rows()
    assert row["received_at"] == datetime(2026, 10, 8, 1, 15, tzinfo=UTC)
    assert (row["reception_month"], row["source"], row["provider"]) == ("2026-10", "h26", "vnpt")
    assert (row["handling_unit"], row["receiving_unit"], row["reception_point"]) == ("H26.12", "H26.99", "H26.99.01")
    assert (row["channel"], row["status"], row["applicant_type"], row["digitised"], row["reused"]) == (2, 10, "citizen", True, False)
    assert row["supplement_count"] == 1
    assert row["supplements"][0]["documents"] == [{"code": "G1", "name": "Giấy khai sinh"}]
    assert row["first_due_at"] == datetime(2026, 10, 13, 10, tzinfo=UTC)
    assert row["due_at"] == datetime(2026, 10, 15, 10, tzinfo=UTC)
    assert [event["status"] for event in row["history"]] == [2, 9]


def test_month_is_cut_in_viet_nam(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    load(write(tmp_path / "a.jsonl", [message(1, NgayTiepNhan="20261001003000"), message(2, NgayTiepNhan="20260930233000")]))
    assert [row["reception_month"] for row in lake_rows()] == ["2026-10", "2026-09"]


def test_requests_are_taken_from_the_history_where_none_are_listed(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    steps = [("20261008081500", "2"), ("20261009080000", "5"), ("20261012080000", "4"), ("20261013080000", "5"), ("20261014093000", "9")]
    history = [{"ThoiDiemXuLy": at, "TrangThai": status, "NoiDungXuLy": f"bước {status}"} for at, status in steps]
    load(write(tmp_path / "a.jsonl", [message(1, QuaTrinhXuLy=history, NgayKetThucXuLy=None)]))
    (row,) = lake_rows()
    assert row["supplement_count"] == 2
    assert row["supplements"][0]["answered_at"] == datetime(2026, 10, 12, 1, tzinfo=UTC)
    assert row["finished_at"] == datetime(2026, 10, 14, 2, 30, tzinfo=UTC)  # first end status of the history


def test_personal_columns_reach_neither_lake_nor_digest_nor_quarantine(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    load(write(tmp_path / "a.jsonl", [message(1)]))
    kept = str(lake_rows())
    for person in ("Nguyễn Văn A", "Trần Thị B", "001099000001", "cccd-nguyen-van-a"):
        assert person not in kept
    assert load(write(tmp_path / "b.jsonl", [message(1, ChuHoSo="Lê Văn C")])).unchanged == 1
    assert load(write(tmp_path / "b.jsonl", [message(1, SoGiayToChuHoSo="2")])).accepted == 1  # another person, by the hash alone
    result = load(write(tmp_path / "c.jsonl", [message(2, TrangThaiHoSo="77")]))
    text = str(quarantined(result.submission))
    assert "unknown_status" in text
    for person in ("Nguyễn Văn A", "Trần Thị B", "001099000001", "cccd-nguyen-van-a"):
        assert person not in text


FLAT = [
    "Mã hồ sơ",
    "MÃ TTHC ",
    "Đơn vị xử lý",
    "Ngày tiếp nhận",
    "Trạng thái",
    "Hình thức nộp",
    "Ngày hẹn trả",
    "Ngày kết thúc xử lý",
    "Họ tên",
]
FLAT_ROWS = [
    ["H26.12-261008-0001", "1.115150", "H26.12", "08/10/2026 08:15", "Đã xử lý xong", "Trực tuyến", "15/10/2026", "15/10/2026 16:00", "A"],
    ["H26.12-261008-0002", "1.004222", "00004", "08/10/2026", "ĐANG XỬ LÝ", "", "", "", "B"],
]


@pytest.mark.parametrize(("encoding", "separator"), [("utf-8", ","), ("utf-8-sig", ";"), ("utf-16", "\t")])
def test_flat_table_in_the_encodings_of_office_programs(sqlite_app: Flask, tmp_path: Path, encoding: str, separator: str) -> None:
    small_country()
    path = tmp_path / "bang.csv"
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream, delimiter=separator).writerows([FLAT, *FLAT_ROWS])
    assert load(path, profile="flat-vi").accepted == 2
    first, second = lake_rows()
    assert (first["procedure_code"], first["channel"], first["status"]) == ("1.115150", 2, 9)
    assert first["finished_at"] < first["due_at"]  # a deadline without a time ends with its day
    assert (second["channel"], second["source_channel"], second["due_at"], second["status"]) == (None, None, None, 4)


def test_flat_table_as_workbook_with_a_title_above(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    book = Workbook()
    sheet = book.active
    sheet.append(["BÁO CÁO HỒ SƠ"])
    sheet.merge_cells("A1:E1")
    sheet.append(FLAT)
    for row in FLAT_ROWS:
        sheet.append(row)
    sheet["D3"] = datetime(2026, 10, 8, 8, 15)  # noqa: DTZ001  # workbooks know no offset
    book.save(tmp_path / "bang.xlsx")
    assert load(tmp_path / "bang.xlsx", profile="flat-vi").accepted == 2
    assert lake_rows()[0]["received_at"] == datetime(2026, 10, 8, 1, 15, tzinfo=UTC)


def test_units_are_looked_up_on_the_day_of_reception_and_own_codes_first(app: Flask, tmp_path: Path) -> None:
    small_country()
    from core.database import writing
    from procedures.models import UnitCode

    with writing() as session:
        commune = session.query(Unit).filter_by(code="00004").one()
        session.add(UnitCode(unit_id=commune.id, system="source:h26", code="H26.12", valid_from=date(2026, 10, 1)))
    messages = [
        message(1, NgayTiepNhan="20260930120000"),
        message(2),
        message(3, DonViXuLy="00008", NgayTiepNhan="20260930120000"),
        message(4, DonViXuLy="00008"),
    ]
    result = load(write(tmp_path / "a.jsonl", messages))
    assert [row["handling_unit"] for row in lake_rows()] == ["H26.12", "00004", "00008"]
    (bad,) = quarantined(result.submission)
    assert (bad["MaHoSo"], bad["reasons"]) == ("H26.12-261008-0004", "unknown_unit")


def test_commands(app: Flask, runner: FlaskCliRunner, tmp_path: Path) -> None:
    import json

    small_country()
    assert runner.invoke(args=["feeds", "source", "add", "h99", "--name", "x", "--unit", "01"]).exit_code == 0
    path = write(tmp_path / "a.jsonl", [message(1), message(2, MaTTHC="1.11515")])
    done = runner.invoke(args=["feeds", "load", str(path), "--source", "h99", "--profile", "national-sync", "--json"])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert {key: answer[key] for key in ("received", "accepted", "superseded", "quarantined", "unchanged")} == {
        "received": 2,
        "accepted": 1,
        "superseded": 0,
        "quarantined": 1,
        "unchanged": 0,
    }
    out = tmp_path / "rows.jsonl"
    assert runner.invoke(args=["feeds", "quarantine", answer["submission"], "-o", str(out)]).exit_code == 0
    (held,) = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    assert (held["reasons"], held["MaHoSo"]) == ("unknown_procedure", "H26.12-261008-0002")
    missing = runner.invoke(args=["feeds", "quarantine", "../../x", "-o", str(out)])
    assert missing.exit_code == 1
    assert reading().query(Submission).count() == 1
