"""Departments, centres, counters and codes from a file, and one code at a time."""

from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from core.database import reading
from procedures import queries
from procedures.models import UnitCode, UnitVersion
from tests.procedures.feed import load, message, quarantined, small_country, write

HEAD = "code,kind,name,name_en,type_label,parent_code,valid_from,valid_to,document,code_gso,code_exchange,code_source:h26\n"
ROWS = (
    "H26.98.01,reception_point,Điểm 1,Counter 1,Điểm,H26.98,2025-07-01,,,,,\n"  # before its parent: any order will do
    "H26.98,centre,Trung tâm Phục vụ,Service Centre,Trung tâm,01,01/07/2025,,QĐ 1,,,TT\n"
    "H26.15,department,Sở Nội vụ,,Sở,01,2025-07-01,,,,H26.15.00,SNV\n"
)


def add(app: Flask, path: Path, text: str) -> tuple[int, str, str]:
    path.write_text(text, encoding="utf-8")
    done = app.test_cli_runner().invoke(args=["units", "add", str(path)])
    reading().rollback()
    return done.exit_code, done.stdout, done.stderr


def test_units_and_codes_from_a_file(app: Flask, tmp_path: Path) -> None:
    small_country()
    code, told, wrong = add(app, tmp_path / "a.csv", HEAD + ROWS)
    assert (code, wrong) == (0, "")
    assert "3 units, 3 versions, 5 codes" in told
    found = queries.units(reading(), date(2026, 10, 8))
    assert (found["H26.15"].short_name, found["H26.15"].name_en, found["H26.98.01"].province_code) == ("Nội vụ", "Sở Nội vụ", "01")
    rows = [message(n, DonViXuLy=unit, NoiNopHoSo="H26.98.01") for n, unit in enumerate(("SNV", "H26.15.00", "TT", "H26.15"))]
    result = load(write(tmp_path / "a.jsonl", rows))
    assert (result.accepted, result.warnings) == (3, {})
    (held,) = quarantined(result.submission)  # its exchange code was said to be another
    assert "Mã chưa biết" in held["message_vi"]
    assert "Unknown codes" in held["message_en"]
    code, told, _wrong = add(app, tmp_path / "a.csv", HEAD + ROWS)
    assert (code, "0 units, 0 versions, 0 codes added; 3 rows unchanged" in told) == (0, True)


def test_later_day_is_the_next_version(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    later = "H26.15,department,Sở Nội vụ và Lao động,,Sở,01,2026-03-01,,NQ 2,,H26.15.00,SNV\n"
    for _time in range(2):
        assert add(sqlite_app, tmp_path / "a.csv", HEAD + ROWS + later)[0] == 0
    names = [queries.units(reading(), day)["H26.15"].short_name for day in (date(2026, 2, 28), date(2026, 3, 1))]
    assert names == ["Nội vụ", "Nội vụ và Lao động"]
    assert reading().query(UnitVersion).join(UnitVersion.unit).filter_by(code="H26.15").count() == 2


WRONG = [
    (",department,A,,,01,2025-07-01,,,,,", "code"),
    ("H26 15,department,A,,,01,2025-07-01,,,,,", "code"),
    ("H26.16,office,A,,,01,2025-07-01,,,,,", "kind"),
    ("H26.12,centre,A,,,01,2025-07-01,,,,,", "kind"),
    ("H26.16,department,,,,01,2025-07-01,,,,,", "name"),
    ("H26.16,department,A,,,77,2025-07-01,,,,,", "parent_code"),
    ("H26.16,department,A,,,,2025-07-01,,,,,", "parent_code"),
    ("H26.16,department,A,,,01,31/02/2025,,,,,", "valid_from"),
    ("H26.12,department,A,,,01,2025-01-01,,,,,", "valid_from"),
    ("H26.16,department,A,,,01,2025-07-01,2025-07-01,,,,", "valid_to"),
    ("H26.16,department,A,,,01,2025-07-01,,,,H26.12,", "code_exchange"),
    ("H26.12,department,Khác,,,01,2025-07-01,,,,,", "name"),
]


@pytest.mark.parametrize(("row", "field"), WRONG)
def test_wrong_row_names_its_field_and_nothing_is_written(sqlite_app: Flask, tmp_path: Path, row: str, field: str) -> None:
    small_country()
    before = queries.units(reading(), date(2026, 10, 8))
    reading().rollback()
    code, _told, wrong = add(sqlite_app, tmp_path / "a.csv", HEAD + ROWS + row + "\n")
    assert code == 1
    assert f"Dòng 5, cột {field}:" in wrong
    assert f"Row 5, column {field}:" in wrong
    assert queries.units(reading(), date(2026, 10, 8)) == before


@pytest.mark.parametrize(("heading", "field"), [(HEAD.replace("kind", "sort"), "kind"), (HEAD.replace(":h26", ":h99"), "code_source:h99")])
def test_wrong_heading(sqlite_app: Flask, tmp_path: Path, heading: str, field: str) -> None:
    small_country()
    code, _told, wrong = add(sqlite_app, tmp_path / "a.csv", heading + ROWS)
    assert (code, f"Row 1, column {field}" in wrong) == (1, True)


def test_one_code_and_its_move(app: Flask, runner: FlaskCliRunner) -> None:
    small_country()

    def give(unit: str, system: str, since: str, code: str = "X1") -> int:
        return runner.invoke(args=["units", "code", unit, system, code, "--since", since]).exit_code

    assert give("H26.12", "source:h26", "2026-01-01") == 0
    assert give("H26.12", "source:h26", "2026-05-01") == 0  # it has it already
    assert give("H26.99", "source:h26", "2026-06-01") == 0
    assert give("H26.12", "source:h26", "2025-12-01") == 1  # another has it from later on
    for wrong in (("H26.77", "exchange"), ("H26.12", "source:h99"), ("H26.12", "other")):
        assert give(*wrong, "2026-01-01") == 1
    reading().rollback()
    spans = [(row.valid_from, row.valid_to) for row in reading().query(UnitCode).filter_by(code="X1").order_by(UnitCode.valid_from)]
    assert spans == [(date(2026, 1, 1), date(2026, 6, 1)), (date(2026, 6, 1), None)]
