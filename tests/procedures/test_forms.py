"""Reporting forms: the identities of II.06a, counts of the national portal, and both beside the dossiers."""

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from sqlalchemy import select

from core.calendar import Month
from core.database import reading
from core.errors import InputError
from core.lake import connect
from core.models import AuditEntry
from procedures import operations
from procedures.form_comparison import compare_with_dossiers
from procedures.form_files import read_form
from procedures.form_rules import II_06A, PORTAL, check
from procedures.forms import load_form
from procedures.models import ReportedCount
from tests.procedures.feed import NOW, load, message, small_country, write

MONTH = Month(2026, 10)
HEADING = ["1", "2", *II_06A.columns]
GOOD = [30, 12, 8, 10, 21, 9, 7, 5, 9, 6, 3]


def form(path: Path, *rows: list[Any], heading: list[str] = HEADING, separator: str = ",") -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream, delimiter=separator).writerows([heading, *rows])
    return path


def stored() -> dict[tuple[str, str], dict[str, int]]:
    rows = reading().scalars(select(ReportedCount).order_by(ReportedCount.id))
    return {(row.month, row.label): row.counts for row in rows}


def judge(*rows: list[Any], before: int | None = None) -> set[tuple[str | None, int | None]]:
    """(column, row) of what the rules refuse in rows of counts."""
    columns: dict[str, Any] = {f"c{column}": [str(row[at]) for row in rows] for at, column in enumerate(II_06A.columns)}
    numbers = list(range(2, 2 + len(rows)))
    columns |= {"row_no": numbers, "key": [str(number) for number in numbers], "label": [f"Dòng {number}" for number in numbers]}
    table = pa.table(columns)
    table = table.append_column("before", pa.array([before] * len(rows), pa.int64()))
    table = table.append_column("after", pa.array([None] * len(rows), pa.int64()))
    con = connect().con
    con.register("cells", table)
    _counts, errors, _warnings = check(con, II_06A)
    return {(error.field, error.row) for error in errors}


@st.composite
def sound(draw: st.DrawFn) -> list[int]:
    """A row that satisfies every identity."""
    early, on_time, late, in_time, overdue = (draw(st.integers(0, 99_999)) for _ in range(5))
    handled, waiting = early + on_time + late, in_time + overdue
    total = handled + waiting
    online = draw(st.integers(0, total))
    other = draw(st.integers(0, total - online))
    return [total, online, other, total - online - other, handled, early, on_time, late, waiting, in_time, overdue]


@settings(max_examples=40, deadline=None)
@given(st.lists(sound(), min_size=1, max_size=4), st.data())
def test_a_sound_form_passes_and_any_other_number_breaks_an_identity(rows: list[list[int]], data: st.DataObject) -> None:
    assert judge(*rows) == set()
    row, column = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(0, 10))
    other = data.draw(st.integers(0, 999_999).filter(lambda number: number != rows[row][column]))
    changed = [list(counts) for counts in rows]
    changed[row][column] = other
    assert {number for _field, number in judge(*changed)} == {row + 2}


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=12))
def test_any_text_in_a_cell_is_a_count_or_refused(text: str) -> None:
    row: list[Any] = list(GOOD)
    row[0] = text
    assert judge(row) in (set(), {("3", 2)})


def test_carried_over_is_what_the_report_before_left_open() -> None:
    assert judge(GOOD, before=10) == set()
    assert judge(GOOD, before=11) == {("6", 2)}


def test_form_is_kept_replaced_and_audited(app: Flask, tmp_path: Path) -> None:
    small_country()
    path = form(tmp_path / "bieu.csv", [1, "Hộ tịch", *GOOD], ["", "Tổng cộng", *GOOD])
    first = load_form(path, "01", MONTH, "II.06a", NOW)
    assert (first.rows, first.added, first.errors, first.warnings) == (2, 2, [], [])
    assert stored()["2026-10", "total"] == dict(zip(II_06A.columns, GOOD, strict=True))
    again = load_form(path, "01", MONTH, "II.06a", NOW)
    assert (again.added, again.changed, again.removed, again.unchanged) == (0, 0, 0, 2)
    mended = [31, 13, *GOOD[2:4], 22, 10, *GOOD[6:]]
    changed = load_form(form(path, ["", "Tổng cộng", *mended]), "01", MONTH, "II.06a", NOW)
    assert (changed.added, changed.changed, changed.removed, changed.unchanged) == (0, 1, 1, 0)
    assert stored() == {("2026-10", "total"): dict(zip(II_06A.columns, mended, strict=True))}
    trail = list(reading().scalars(select(AuditEntry).where(AuditEntry.action == "form.load").order_by(AuditEntry.id)))
    assert len(trail) == 2, "the same file again says nothing new"
    (old, new), *_ = [numbers for label, numbers in trail[1].details["changes"].items() if label.endswith("total")]
    assert (old["3"], new["3"]) == (30, 31)


def test_a_broken_identity_refuses_the_whole_form(runner: FlaskCliRunner, tmp_path: Path) -> None:
    small_country()
    bad = [30, 12, 8, 11, *GOOD[4:]]
    path = form(tmp_path / "bieu.csv", [1, "Hộ tịch", *GOOD], [2, "Đất đai", *bad])
    answer = runner.invoke(args=["feeds", "form", str(path), "--unit", "01", "--month", "2026-10"])
    assert answer.exit_code == 1
    assert "Row 3, column 3: “Đất đai”: column 3 is 30, but column 4 + 5 + 6 is 31." in answer.stderr
    assert "Dòng 3, cột 3: “Đất đai”: cột 3 là 30, nhưng cột 4 + 5 + 6 là 31." in answer.stderr
    assert stored() == {}


def test_periods_follow_each_other(app: Flask, tmp_path: Path) -> None:
    small_country()
    load_form(form(tmp_path / "9.csv", ["", "Tổng", *GOOD]), "01", Month(2026, 9), "II.06a", NOW)
    path = form(tmp_path / "10.csv", ["", "TỔNG SỐ", *GOOD])
    (error,) = load_form(path, "01", MONTH, "II.06a", NOW).errors
    assert (error.row, error.field) == (2, "6")
    assert "is 10, but column 11" in error.message_en
    assert "is 9" in error.message_en
    following = [29, 12, 8, 9, 20, 8, 7, 5, 9, 6, 3]
    assert load_form(form(path, ["", "Tổng", *following]), "01", MONTH, "II.06a", NOW).errors == []
    corrected = [30, 12, 8, 10, 20, 8, 7, 5, 10, 7, 3]
    result = load_form(form(tmp_path / "9.csv", ["", "Tổng", *corrected]), "01", Month(2026, 9), "II.06a", NOW)
    assert (result.errors, result.changed) == ([], 1)
    assert [(warning.row, warning.field) for warning in result.warnings] == [(2, "11")], "the next period no longer fits"


@pytest.mark.parametrize(
    ("text", "message"), [("", "empty"), ("-", "no count"), ("-1", "no count"), ("1,5", "no count"), ("1e3", "no count")]
)
def test_nothing_is_taken_for_zero(app: Flask, tmp_path: Path, text: str, message: str) -> None:
    small_country()
    row = ["", "Tổng", *GOOD]
    row[5] = text
    (error,) = load_form(form(tmp_path / "bieu.csv", row), "01", MONTH, "II.06a", NOW).errors
    assert (error.row, error.field) == (2, "6")
    assert message in error.message_en


def test_rows_without_a_name_or_named_twice_are_refused(app: Flask, tmp_path: Path) -> None:
    small_country()
    path = form(tmp_path / "bieu.csv", [1, "Hộ tịch", *GOOD], [2, "HỘ  TỊCH", *GOOD], [3, "", *GOOD])
    errors = load_form(path, "01", MONTH, "II.06a", NOW).errors
    assert [(error.row, error.field) for error in errors] == [(3, None), (4, "2")]


def test_a_workbook_as_offices_send_it(app: Flask, tmp_path: Path) -> None:
    small_country()
    book = Workbook()
    sheet = book.active
    sheet.append(["ỦY BAN NHÂN DÂN TỈNH"])
    sheet.append(["Kỳ báo cáo: Tháng 10/2026"])
    sheet.append(["STT", "Lĩnh vực", "Tổng số", "Trong kỳ", None, "Từ kỳ trước", "Tổng số"])
    sheet.merge_cells("D3:E3")
    sheet.append(["(1)", "(2)", "(3)=(4)+(5)+(6)", *(f"({number})" for number in range(4, 14))])
    sheet.append(["I", "Thủ tục cấp tỉnh"])
    sheet.append([1, "Hộ tịch", *(float(count) for count in GOOD)])
    sheet.append([2, "Đất đai", 1000, 400, "1.000", *([0] * 8)])
    sheet.append([None, "Người lập biểu"])
    book.save(tmp_path / "bieu.xlsx")
    rows = read_form(tmp_path / "bieu.xlsx", II_06A)
    assert [(row.row, row.label) for row in rows] == [(6, "Hộ tịch"), (7, "Đất đai")]
    errors = load_form(tmp_path / "bieu.xlsx", "01", MONTH, "II.06a", NOW).errors
    assert [(error.row, error.field) for error in errors] == [(7, "3"), (7, "3")]
    assert "is 1400" in errors[1].message_en, "1.000 is a thousand"


def test_headings_in_words(tmp_path: Path) -> None:
    heading = ["Lĩnh vực / Đơn vị", "Tổng tiếp nhận", "Trong kỳ – trực tuyến", "Trực tiếp, bưu chính", "Từ kỳ trước", "Tổng đã giải quyết"]
    heading += ["Trước hạn", "Đúng hạn", "Quá hạn", "Tổng đang giải quyết", "Trong hạn", "QUÁ HẠN"]
    (row,) = read_form(form(tmp_path / "bieu.csv", ["Hộ tịch", *GOOD], heading=heading, separator=";"), II_06A)
    assert row.label == "Hộ tịch"
    assert row.counts == {column: str(count) for column, count in zip(II_06A.columns, GOOD, strict=True)}


@pytest.mark.parametrize("content", [b"", b"1,2,3\n4,5,6\n", b"PK\x03\x04 no workbook", b'{"a": 1}\n', b'3,4\n"open', b"\xff\xfe\x00"])
def test_other_files_are_refused_in_words(app: Flask, tmp_path: Path, content: bytes) -> None:
    small_country()
    path = tmp_path / "bieu.csv"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_form(path, "01", MONTH, "II.06a", NOW)
    assert path.name in caught.value.message_vi


def test_unknown_units_and_forms_are_refused(runner: FlaskCliRunner, tmp_path: Path) -> None:
    small_country()
    path = form(tmp_path / "bieu.csv", ["", "Tổng", *GOOD])
    answer = runner.invoke(args=["feeds", "form", str(path), "--unit", "99", "--month", "2026-10"])
    assert (answer.exit_code, "There is no unit 99" in answer.stderr) == (1, True)
    answer = runner.invoke(args=["feeds", "form", str(path), "--unit", "01", "--month", "10/2026"])
    assert answer.exit_code == 2
    assert "'10/2026': a month is written like 2026-10" in answer.output
    with pytest.raises(InputError):
        load_form(path, "01", MONTH, "II.07b", NOW)


def test_published_counts_of_a_province(sqlite_app: Flask, shared_data: Path) -> None:
    operations.load_units(shared_data / "units" / "units_2026-07-25.json", date(2026, 8, 1))
    path = shared_data / "index766" / "progress_by_unit_2026-08.csv"
    result = load_form(path, "25", Month(2026, 8), "portal", NOW)
    assert (result.rows, result.added, len(result.unmatched), result.errors) == (163, 163, 15, [])
    assert load_form(path, "25", Month(2026, 8), "portal", NOW).unchanged == 163
    (reported,) = [row.reported for row in compare_with_dossiers(reading(), "25", Month(2026, 8)) if row.form == "portal"]
    with path.open(encoding="utf-8") as stream:
        assert reported == sum(int(row["received"]) for row in csv.DictReader(stream))


def test_counts_of_the_portal_by_unit_and_month(app: Flask, tmp_path: Path) -> None:
    small_country()
    heading = ["unit", "month", "received"]
    path = form(tmp_path / "cong.csv", ["H26.12", "2026-10", 7], ["Sở Lạ", "10/2026", 2], heading=heading)
    assert [row.label for row in read_form(path, PORTAL)] == ["H26.12", "Sở Lạ"]
    result = load_form(path, "01", MONTH, "portal", NOW)
    assert (result.added, result.unmatched) == (2, ["Sở Lạ"])
    (error,) = load_form(form(path, ["H26.12", "2026-09", 7], heading=heading), "01", MONTH, "portal", NOW).errors
    assert (error.row, error.field) == (2, "month")


def test_reported_beside_counted(app: Flask, runner: FlaskCliRunner, tmp_path: Path) -> None:
    small_country()
    open_since = {"TrangThaiHoSo": "4", "NgayTra": "", "NgayKetThucXuLy": "", "QuaTrinhXuLy": []}
    rows = [
        message(1),  # received and handled in October, before its due day
        message(2, NgayKetThucXuLy="20261015160000", NgayTra="20261015163000"),  # on the due day
        message(3, NgayKetThucXuLy="20261016080000", KenhThucHien="1"),  # late
        message(4, NgayHenTra=""),  # without a due date
        message(5, **open_since),  # open and overdue
        message(6, NgayHenTra="20261105170000", **open_since),  # open, in time
        message(7, NgayTiepNhan="20260920080000", NgayHenTra="20261105170000"),  # carried over, handled in October
        message(8, NgayTiepNhan="20260901080000", NgayHenTra="20260905170000", NgayKetThucXuLy="20260904080000"),  # all in September
        message(9, NgayTiepNhan="20261102080000", NgayHenTra="20261105170000", **open_since),  # all in November
    ]
    load(write(tmp_path / "feed.jsonl", rows))
    reported = [9, 6, 2, 1, 5, 2, 1, 2, 4, 1, 3]
    assert load_form(form(tmp_path / "bieu.csv", ["", "Tổng", *reported]), "01", MONTH, "II.06a", NOW).errors == []
    found = {row.key: (row.reported, row.counted, row.difference) for row in compare_with_dossiers(reading(), "01", MONTH)}
    assert found["total"] == (9, 7, 2)
    assert found["online"] == (6, 5, 1)
    assert found["other"] == (2, 1, 1)
    assert found["carried_over"] == (1, 1, 0)
    assert found["ended"] == (5, 5, 0)
    assert found["ended_before"] == (2, 2, 0)
    assert found["ended_on"] == (1, 1, 0)
    assert found["ended_late"] == (2, 1, 1)
    assert found["ended_without_due"] == (None, 1, None)
    assert found["open"] == (4, 2, 2)
    assert found["open_in_time"] == (1, 1, 0)
    assert found["open_late"] == (3, 1, 2)
    assert found["received"] == (None, 6, None)
    other = {row.key: row.counted for row in compare_with_dossiers(reading(), "04", MONTH)}
    assert set(other.values()) == {None}, "no dossier ever came: no data is not zero"
    answer = runner.invoke(args=["feeds", "form-compare", "01", "2026-10", "--period", "decree", "--json"])
    told = json.loads(answer.stdout)
    assert told["period"] == "2026-09-15 – 2026-10-14"
    assert {row["key"]: row["counted"] for row in told["rows"]}["ended"] == 3
    assert "9\t7\t2" in runner.invoke(args=["feeds", "form-compare", "01", "2026-10"]).stdout
