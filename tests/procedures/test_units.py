"""The real list of provinces and communes, and lists that differ from it."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from core.database import reading, writing
from core.errors import InputError
from procedures import operations, queries
from procedures.models import UnitCode
from procedures.unit_lists import differences, read_list
from tests.procedures.feed import unit

NAME = "units_2026-07-25.json"


def load(runner: FlaskCliRunner, path: Path, *more: str) -> Any:
    return runner.invoke(args=["units", "load", str(path), *more])


def changed(shared_data: Path, folder: Path) -> Path:
    """The real list with a province renamed, a commune removed, one added and one moved."""
    provinces = json.loads((shared_data / "units" / NAME).read_text(encoding="utf-8"))
    quang_ninh = next(item for item in provinces if item["Code"] == "22")
    quang_ninh |= {"FullName": "Thành phố Quảng Ninh", "AdministrativeUnitShortName": "Thành phố", "FullNameEn": "Quang Ninh City"}
    first, second = provinces[0]["Wards"], provinces[1]["Wards"]
    removed = first.pop()
    first.append(removed | {"Code": "99999"})
    first.append(second.pop(0))
    path = folder / "units_2026-11-01.json"
    path.write_text(json.dumps(provinces, ensure_ascii=False), encoding="utf-8")
    return path


def test_real_list_then_the_same_again(app: Flask, runner: FlaskCliRunner, shared_data: Path) -> None:
    path = shared_data / "units" / NAME
    assert load(runner, path).exit_code == 0
    found = queries.units(reading(), date(2026, 7, 25))
    kinds = [view.kind for view in found.values()]
    assert (kinds.count("province"), kinds.count("commune"), kinds.count("nation")) == (34, 3321, 1)
    assert all(isinstance(code, str) and (len(code) in (2, 5)) for code in found)
    assert (found["06325"].name, found["06325"].type_label, found["06325"].province_code) == ("Xã Bắc Sơn", "Xã", "20")
    assert found["06994"].name_en == "Van Don Special Zone"
    assert sum(view.type_label == "Đặc khu" for view in found.values()) == 13
    assert len(queries.units(reading(), date(2025, 7, 1))) == len(found)  # dossiers are older than the list
    assert queries.units(reading(), date(2025, 6, 30)) == {}
    again = load(runner, path)
    assert (again.exit_code, "0 changes" in again.output) == (0, True)


def test_differing_list_is_reported_and_changes_nothing(sqlite_app: Flask, tmp_path: Path, shared_data: Path) -> None:
    runner = sqlite_app.test_cli_runner()
    load(runner, shared_data / "units" / NAME)
    before = queries.units(reading(), date(2026, 11, 1))
    done = load(runner, changed(shared_data, tmp_path), "--json")
    assert done.exit_code == 1
    answer = json.loads(done.output)
    told = {(item["code"], item["what"]) for item in answer["differences"]}
    assert {("22", "name"), ("22", "type_label"), ("22", "name_en"), ("99999", "added")} <= told
    assert {what for _code, what in told} == {"name", "type_label", "name_en", "added", "removed", "parent_code"}
    assert answer["recorded"] is False
    reading().rollback()
    assert queries.units(reading(), date(2026, 11, 1)) == before


def test_accepted_changes_become_dated_versions(app: Flask, runner: FlaskCliRunner, tmp_path: Path, shared_data: Path) -> None:
    load(runner, shared_data / "units" / NAME)
    old = queries.units(reading(), date(2026, 7, 25))
    path = changed(shared_data, tmp_path)
    assert load(runner, path, "--accept").exit_code == 1  # which decision?
    assert load(runner, path, "--accept", "--document", "NQ 1/2026").exit_code == 0
    reading().rollback()
    assert queries.units(reading(), date(2026, 10, 31)) == old
    new = queries.units(reading(), date(2026, 11, 1))
    assert (new["22"].name, new["22"].type_label) == ("Thành phố Quảng Ninh", "Thành phố")
    gone = set(old) - set(new)
    assert len(gone) == 1
    assert reading().query(UnitCode).filter_by(code=gone.pop()).one().valid_to == date(2026, 11, 1)
    assert new["99999"].province_code == "01"
    assert sum(view.parent_code != old[code].parent_code for code, view in new.items() if code in old) == 1
    assert "0 changes" in load(runner, path).output


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("[", None),
        ("{}", "Wards"),
        ('[{"Code": 1, "Wards": []}]', "Code"),
        ('[{"Code": "1", "Wards": []}]', "Code"),
        ('[{"Code": "01", "Wards": []}]', "Name"),
    ],
)
def test_bad_list_names_the_field(text: str, field: str | None) -> None:
    with pytest.raises(InputError) as refused:
        read_list(text.encode(), "x.json", date(2026, 1, 1), "")
    assert refused.value.field == field


ONE_PROVINCE = [
    {
        "Code": "01",
        "Name": "Hà Nội",
        "FullName": "Thành phố Hà Nội",
        "FullNameEn": "Ha Noi City",
        "AdministrativeUnitShortName": "Thành phố",
        "AdministrativeUnitShortNameEn": "City",
        "Wards": [],
    }
]


def test_list_without_a_day_counts_as_of_today(sqlite_app: Flask, tmp_path: Path) -> None:
    runner = sqlite_app.test_cli_runner()
    path = tmp_path / "units.json"
    for text, words in (("", "trống"), ("[]", "không có đơn vị"), ("{x", "không phải JSON"), ("{}", "không phải danh sách tỉnh")):
        path.write_text(text, encoding="utf-8")
        done = load(runner, path)
        assert (done.exit_code, words in done.stderr) == (1, True)
    path.write_text(json.dumps(ONE_PROVINCE), encoding="utf-8")
    assert load(runner, path, "--as-of", "2026-01-01", "--valid-from", "2026-02-01").exit_code == 1
    done = load(runner, path)
    assert (done.exit_code, "--as-of" in done.stderr) == (0, True)
    assert "01" in queries.units(reading(), date(2025, 7, 1))
    again = load(runner, path, "--as-of", "2026-01-01")
    assert (again.exit_code, again.stderr) == (0, "")


def test_first_list_from_another_day(sqlite_app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "units_2026-07-25.json"
    path.write_text(json.dumps(ONE_PROVINCE), encoding="utf-8")
    assert load(sqlite_app.test_cli_runner(), path, "--valid-from", "2026-03-01").exit_code == 0
    assert queries.units(reading(), date(2026, 2, 28)) == {}
    assert "01" in queries.units(reading(), date(2026, 3, 1))


def test_differences_are_told_part_by_part() -> None:
    old = unit("01", "province", "VN")
    assert differences({"01": old}, [old]) == []
    new = unit("02", "province", "VN")
    assert [(item.code, item.what) for item in differences({"01": old}, [new])] == [("01", "removed"), ("02", "added")]


def test_tree_with_versions_and_codes(app: Flask) -> None:
    rows = [
        unit("VN", "nation", None),
        unit("01", "province", "VN", "gso"),
        unit("G01", "ministry", "VN"),
        unit("H26.12", "department", "01", valid_to=date(2026, 3, 1)),
        unit("H26.12", "department", "G01", valid_from=date(2026, 3, 1)),
        unit("00004", "commune", "01", "gso"),
    ]
    with writing() as session:
        assert operations.add_units(session, rows[::-1]) == 5
        assert operations.add_units(session, rows) == 0
    before, after = (queries.units(reading(), day) for day in (date(2026, 2, 28), date(2026, 3, 1)))
    assert (before["H26.12"].province_code, after["H26.12"].province_code, after["VN"].province_code) == ("01", "G01", None)
    assert queries.below(reading(), "01", date(2026, 2, 28)) == {"01", "H26.12", "00004"}
    assert queries.below(reading(), "01", date(2026, 3, 1)) == {"01", "00004"}
    assert queries.below(reading(), "XX", date(2026, 3, 1)) == set()
    with pytest.raises(InputError, match="ZZ"), writing() as session:
        operations.add_units(session, [unit("77", "province", "ZZ")])
