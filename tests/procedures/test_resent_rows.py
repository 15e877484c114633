"""Rows that were held back come again, mended by hand or released: nothing that is known of the dossier goes, whatever the layout."""

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from openpyxl import Workbook

from core.database import reading
from core.errors import InputError
from procedures import feeds, quarantine
from procedures.models import Submission
from tests.procedures.feed import NOW, lake_rows, load, message, quarantined, small_country, write
from tests.procedures.test_release import declare, new_procedure
from tests.procedures.test_semantics import english


def download(key: str) -> bytes:
    """The file of rows held back, as a centre gets it."""
    parts, _kind = quarantine.download(reading().query(Submission).filter_by(key=key).one())
    return b"".join(parts)


def test_a_mended_row_without_its_applicant_keeps_who_is_known(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    load(english(tmp_path / "a.csv", {"applicant_key": "001099000001"}), profile="flat-en")
    known = lake_rows()[0]["applicant_hash"]
    held = load(
        english(tmp_path / "b.csv", {"applicant_key": "001099000001", "status": "99"}), profile="flat-en", now=NOW + timedelta(hours=1)
    )
    assert held.quarantined == 1
    (tmp_path / "mended.csv").write_bytes(download(held.submission).replace(b",99,", b",4,"))
    again = load(tmp_path / "mended.csv", profile="flat-en", now=NOW + timedelta(hours=2))
    assert (again.unchanged, again.accepted) == (1, 0)
    load(english(tmp_path / "c.csv", {"due_at": "2026-10-20"}), profile="flat-en", now=NOW + timedelta(hours=3))  # no such column at all
    (row,) = lake_rows()
    assert (row["applicant_hash"], row["due_at"].day) == (known, 20)


def test_of_two_rows_of_one_time_the_later_file_wins_though_it_was_held_back(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    load(write(tmp_path / "a.jsonl", [message(1, TrangThaiHoSo="4", NgayKetThucXuLy="", NgayTra="")]))
    load(write(tmp_path / "b.jsonl", [message(1, DonViXuLy="SO-XD")]))
    declare("SO-XD")
    assert feeds.release(NOW)["released"] == 1
    assert [row["status"] for row in lake_rows()] == [10]


def test_a_mark_against_formulas_is_not_part_of_the_text(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    text = "- bản sao có chứng thực"
    values = {"supplement_requests": "1", "supplement_requested_at": "2026-10-09", "supplement_text": text}
    held = load(english(tmp_path / "a.csv", values | {"status": "99"}), profile="flat-en")
    sent = download(held.submission)
    assert f"'{text}".encode() in sent
    (tmp_path / "mended.csv").write_bytes(sent.replace(b",99,", b",4,"))
    load(tmp_path / "mended.csv", profile="flat-en")
    assert [request["text"] for request in lake_rows()[0]["supplements"]] == [text]


LOG = [
    "case:concept:name,case:department,case:channel,case:startdate,case:enddate,concept:name,org:group,time:timestamp",
    "c-1,SO-XD,Internet,2026-10-08T08:00:00+02:00,2026-10-12T08:00:00+02:00,Confirmation,Group 1,2026-10-08T09:00:00+02:00",
    "c-2,SO-XD,Desk,2026-10-09T08:00:00+02:00,,Confirmation,Group 1,2026-10-09T09:00:00+02:00",
    "c-1,SO-XD,Internet,2026-10-08T08:00:00+02:00,2026-10-12T08:00:00+02:00,Decision 0912345678,Group 2,2026-10-12T08:00:00+02:00",
]


def test_the_cases_of_an_event_log_are_released_with_all_their_events(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    new_procedure("receipt")
    path = tmp_path / "log.csv"
    path.write_text("\n".join(LOG) + "\n", encoding="utf-8")
    first = load(path, profile="event-log")
    assert (first.received, first.quarantined) == (2, 2)
    rows = list(csv.DictReader(io.StringIO(download(first.submission).decode("utf-8-sig"))))
    assert [(row["case:concept:name"], row["concept:name"]) for row in rows] == [
        ("c-1", "Confirmation"),
        ("c-1", "Decision [removed]"),
        ("c-2", "Confirmation"),
    ]
    declare("SO-XD")
    assert feeds.release(NOW)["released"] == 2
    found = {row["dossier_code"]: [step["activity"] for step in row["history"]] for row in lake_rows()}
    assert found == {"c-1": ["Confirmation", "Decision [removed]"], "c-2": ["Confirmation"]}
    assert feeds.release(NOW) == {}


@pytest.mark.parametrize("papers", [[1], ["x"], [None], [{"DuocSoHoa": "1"}, 7]])
def test_a_list_of_other_things_than_objects_is_held_back(sqlite_app: Flask, tmp_path: Path, papers: list[object]) -> None:
    small_country()
    for name in ("TaiLieuNop", "DSKetNoiCSDL", "GiayToKetQua"):
        held = load(write(tmp_path / f"{name}.jsonl", [message(1, **{name: papers})]))
        assert [row["reasons"] for row in quarantined(held.submission)] == ["bad_list"], name


def test_a_paper_says_yes_or_no_or_nothing(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()

    def sent(number: int, *papers: dict[str, str]) -> dict[str, object]:
        return message(number, TaiLieuNop=list(papers))

    yes, no, nothing = {"DuocSoHoa": "1"}, {"DuocSoHoa": "0"}, {"MaThanhPhanHoSo": "T1"}
    rows = [sent(1, yes, nothing), sent(2, no, no), sent(3, no, nothing), sent(4, no, {"DuocSoHoa": "maybe"})]
    result = load(write(tmp_path / "a.jsonl", rows))
    assert [row["digitised"] for row in lake_rows()] == [True, False, None]
    assert [row["reasons"] for row in quarantined(result.submission)] == ["bad_flag"]


def test_what_was_taken_up_again_ended_when_it_ended_for_good(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    steps = [("2026100808", "2"), ("2026101008", "9"), ("2026101108", "4"), ("2026101408", "9")]
    history = [{"ThoiDiemXuLy": f"{day}0000", "TrangThai": status} for day, status in steps]
    load(write(tmp_path / "a.jsonl", [message(1, TrangThaiHoSo="9", NgayKetThucXuLy="", NgayTra="", QuaTrinhXuLy=history)]))
    assert lake_rows()[0]["finished_at"].astimezone().day == 14


def test_what_does_not_fit_is_told_and_counted(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    rows = [
        {"status": "4", "finished_at": "2026-10-14"},
        {"supplement_requests": "0", "supplement_requested_at": "2026-10-09", "supplement_text": "bổ sung đơn"},
    ]
    result = load(english(tmp_path / "a.csv", *rows), profile="flat-en")
    assert result.warnings == {"end_date_of_open": 1, "fewer_requests_counted": 1}
    assert [row["supplement_count"] for row in lake_rows()] == [0, 1]


def test_a_day_of_seven_figures_is_no_day(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    result = load(write(tmp_path / "a.jsonl", [message(1, NgayTiepNhan="2026108")]))
    assert [row["reasons"] for row in quarantined(result.submission)] == ["bad_date"]


def test_numbers_and_mail_in_texts_never_reach_the_lake(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    text = "gọi 0912 345 678, thư an.nguyen@thu.vn, hộ chiếu C1234567, xe 29A-123.45; mẫu 01 ngày 12/10"
    values = {
        "supplement_requests": "1",
        "supplement_requested_at": "2026-10-09",
        "supplement_text": text,
        "system_provider_code": "0912345678",
    }
    load(english(tmp_path / "a.csv", values), profile="flat-en")
    (row,) = lake_rows()
    assert row["supplements"][0]["text"] == "gọi [removed], thư [removed], hộ chiếu [removed], xe [removed]; mẫu 01 ngày 12/10"
    assert row["provider"] is None


def test_a_heading_that_may_be_a_person_is_told_by_its_place(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    path = tmp_path / "a.csv"
    path.write_text("H26.12-261008-0001,Nguyễn Văn A,Nguyễn Văn A,001099000001\nb,c,d,e\n", encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load(path, profile="flat-en")
    assert "Nguyễn" not in str(refused.value)
    assert "cột thứ 2 và 3" in refused.value.text("vi")


def test_a_second_sheet_of_dossiers_is_not_passed_over(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    with english(tmp_path / "a.csv", {}).open(encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    book = Workbook()
    for row in rows:
        book.active.append(row)
    guide = book.create_sheet("Hướng dẫn")
    guide.append(["Cách điền", "dossier_code là mã hồ sơ"])
    book.save(tmp_path / "one.xlsx")
    assert load(tmp_path / "one.xlsx", profile="flat-en").accepted == 1
    second = book.create_sheet("Tháng 10 (2)")
    for row in rows:
        second.append(row)
    book.save(tmp_path / "two.xlsx")
    with pytest.raises(InputError, match="trang 1 và trang 3"):
        load(tmp_path / "two.xlsx", profile="flat-en")
