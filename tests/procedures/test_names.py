"""Names of units against the official list, codes nobody knows, and communes that were merged."""

import csv
import json
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from core.database import reading, writing
from core.errors import InputError
from procedures import operations
from procedures.folding import fold
from procedures.models import Procedure, Source, Unit, UnitCode
from procedures.names import (
    codes_by_name,
    further_units,
    match_units,
    names_for_quarantine,
    nearest_procedures,
    nearest_units,
    without_zeros,
)
from procedures.successors import load_successors
from procedures.unit_lists import UnitRow
from tests.procedures.feed import START, lake_rows, load, message, small_country, write

DAY = date(2026, 10, 8)


def named(code: str, kind: str, name: str, parent: str | None, since: date = START, until: date | None = None) -> UnitRow:
    label, _, short = name.partition(" ")
    return UnitRow(code, kind, name, short, name, label, parent, since, until, codes=(("gso", code),))


@pytest.fixture
def places(app: Flask) -> None:
    """Two provinces with communes whose names are alike, and a source of the first."""
    with writing() as session:
        operations.add_units(
            session,
            [
                named("VN", "nation", "Cả nước", None),
                named("25", "province", "Tỉnh Phú Thọ", "VN"),
                named("01", "province", "Thành phố Hà Nội", "VN"),
                named("00004", "commune", "Phường Ba Đình", "01"),
                named("07942", "commune", "Phường Phú Thọ", "25"),
                named("08494", "commune", "Xã Lâm Thao", "25"),
                named("04795", "commune", "Phường Hoà Bình", "25"),
                named("04799", "commune", "Xã Hoà Bình", "25"),
                named("08500", "commune", "Xã Phú Hoà 2", "25"),
                named("08600", "commune", "Xã Tân Lập", "25", START, date(2026, 5, 1)),
                named("08600", "commune", "Xã Hùng Vương", "25", date(2026, 5, 1)),
                named("08700", "commune", "Xã Tân Lập", "01"),
                named("H44.20", "department", "Sở Văn hóa, Thể thao và Du lịch", "25"),
            ],
        )
        for code in ("1.115150", "1.004222", "2.000001"):
            session.add(Procedure(code=code, name=f"Đăng ký {code}", valid_from=START))
    operations.add_source("h44", "Một cửa Phú Thọ", "25")


def source() -> Source:
    return reading().scalars(select(Source)).one()


def test_published_names_match_the_official_list(sqlite_app: Flask, shared_data: Path) -> None:
    operations.load_units(shared_data / "units" / "units_2026-07-25.json", date(2026, 8, 1))
    with (shared_data / "index766" / "progress_by_unit_2026-08.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    communes = [row["department_name"] for row in rows if row["level"] == "COMMUNE"]
    departments = [row["department_name"] for row in rows if row["level"] == "PROVINCE"]
    found = match_units(reading(), [*communes, *departments], "25", on=date(2026, 8, 31))
    assert len(communes) == 148
    assert [name for name in communes if found[name] is None] == []
    official = set(reading().scalars(select(Unit.code).where(Unit.kind == "commune", Unit.code.in_(found.values()))))
    assert len(official) == 148
    assert [name for name in departments if found[name] is not None] == []


def test_every_commune_is_found_under_the_ways_of_writing_it(sqlite_app: Flask, shared_data: Path) -> None:
    from procedures.queries import units

    operations.load_units(shared_data / "units" / "units_2026-07-25.json", date(2026, 8, 1))
    views = units(reading(), DAY)
    written = {}
    for code, view in views.items():
        if view.kind == "commune":
            province = views[view.parent_code or ""]
            written[f"UBND {view.name.upper()}  - {province.name}"] = code
            written[f"{unicodedata.normalize('NFD', view.short_name)}, {province.short_name}"] = code
    found = match_units(reading(), written, on=DAY)
    assert len(found) == 2 * 3321
    assert {name: code for name, code in found.items() if code != written[name]} == {}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("UBND xã Lâm Thao - Tỉnh Phú Thọ", "08494"),
        ("Uỷ ban nhân dân Xã  LÂM THAO", "08494"),
        ("X. Lâm Thao, Phú Thọ", "08494"),
        ("UBND xã Lâm Thao, T. Phú Thọ", "08494"),
        ("lâm thao - phú thọ", "08494"),
        ("xã Lâm Thao tỉnh Hoà Bình", None),
        ("xã Lam Thao", None),
        ("Phường Hòa Bình", "04795"),
        ("UBND xã Hoà Bình", "04799"),
        ("Hoà Bình", None),
        ("Tỉnh Hòa Bình", None),
        ("P.Phú Thọ", "07942"),
        ("UBND Tỉnh Phú Thọ", "25"),
        ("Phú Thọ", None),
        ("xã Phú Hòa II", "08500"),
        ("xã Phú Hòa 02", "08500"),
        ("xã Phú Hòa 1", None),
        ("Xã Hùng Vương", "08600"),
        ("Xã Tân Lập", "08600"),
        ("Sở Văn hoá, Thể thao và Du lịch tỉnh Phú Thọ", "H44.20"),
        ("Sở Văn hoá Thể thao và Du lịch", "H44.20"),
        ("Sở Văn hoá", None),
        ("UBND Phường Ba Đình - TP. Hà Nội", None),
        ("8494", None),
        ("UBND", None),
        ("", None),
    ],
)
def test_a_name_means_one_unit_or_none(places: None, text: str, code: str | None) -> None:
    assert match_units(reading(), [text], "25", on=DAY) == {text: code}


def test_a_name_means_the_unit_that_has_it_that_day(places: None) -> None:
    assert match_units(reading(), ["Xã Tân Lập - Tỉnh Phú Thọ"], on=DAY) == {"Xã Tân Lập - Tỉnh Phú Thọ": "08600"}
    assert match_units(reading(), ["Xã Tân Lập"], on=DAY) == {"Xã Tân Lập": "08700"}, "the only unit of the day with this name"
    assert match_units(reading(), ["Xã Tân Lập"], on=date(2026, 4, 30)) == {"Xã Tân Lập": None}, "two that day"
    assert match_units(reading(), ["Xã Hùng Vương"], "25", on=date(2026, 4, 30)) == {"Xã Hùng Vương": "08600"}


@given(st.text(max_size=40))
def test_folding_takes_any_text_and_is_stable(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))
    assert fold(f"  {text.strip()} ") == fold(text)


def test_names_in_a_column_of_codes_are_taken_within_the_source(places: None) -> None:
    texts = ["UBND xã Lâm Thao", "Phường Ba Đình", "08494", "H44.20", "Hoà Bình"]
    assert codes_by_name(reading(), source(), texts, DAY) == {"UBND xã Lâm Thao": "08494"}
    (span,) = further_units(reading(), source(), texts, DAY, 3)
    assert span == (4, "UBND xã Lâm Thao", START, date.max, "08494", "commune", "25")


def test_lost_zeros_are_offered_first(places: None) -> None:
    assert nearest_procedures(reading(), "national", "1.11515")[0].code == "1.115150"
    assert nearest_procedures(reading(), "national", "1,11515")[0].code == "1.115150"
    assert nearest_procedures(reading(), "national", "2.000001.000.00.00.H44")[0].code == "2.000001"
    assert nearest_procedures(reading(), "national", "1.004223")[0].code == "1.004222"
    assert [found.code for found in nearest_units(reading(), source(), "4")] == ["00004"]
    assert nearest_units(reading(), source(), "8494.0")[0][:2] == ("08494", "Xã Lâm Thao, Tỉnh Phú Thọ")
    assert nearest_units(reading(), source(), "không có nơi nào như vậy") == []
    assert without_zeros("1.000010") != without_zeros("1.1")


def test_like_names_are_offered_from_the_own_province_first(places: None) -> None:
    found = nearest_units(reading(), source(), "Xa Tan Lap")
    assert found[0].code == "08700", "no unit at home is alike"
    assert nearest_units(reading(), source(), "Lâm Thảo")[0].code == "08494"
    assert [item.code for item in nearest_units(reading(), source(), "Hoà Bình")][:2] == ["04795", "04799"]
    assert nearest_units(reading(), source(), "XYZ", name="UBND xã Lâm Thau")[0].code == "08494"
    assert nearest_units(reading(), source(), "Bộ phận Một cửa xã Lâm Thao")[0].code == "08494"


def test_offers_for_many_codes(places: None) -> None:
    offered = names_for_quarantine(reading(), source(), "unknown_unit", ["8494", "Lâm Thảo", "???"])
    assert {code: [item.code for item in found] for code, found in offered.items()} == {"8494": ["08494"], "Lâm Thảo": ["08494"], "???": []}
    assert names_for_quarantine(reading(), source(), "unknown_procedure", ["1.11515"])["1.11515"][0].code == "1.115150"
    assert names_for_quarantine(reading(), source(), "bad_date", ["1"]) == {"1": []}


LEGACY = "wardCode,ward,district,province,newWardCode,newWard,newProvince\n"


def legacy(path: Path, *rows: str) -> Path:
    path.write_text(LEGACY + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def test_an_old_code_means_its_only_successor_from_the_day_on(places: None, tmp_path: Path) -> None:
    rows = (
        "1.0,Phường Cũ,Quận Ba Đình,Hà Nội,00004,Phường Ba Đình,Thành phố Hà Nội",
        "8495.0,Xã Hai,,Phú Thọ,08494,Xã Lâm Thao,Tỉnh Phú Thọ",
        "8495.0,Xã Hai,,Phú Thọ,08500,Xã Phú Hoà 2,Tỉnh Phú Thọ",
        "8496.0,Xã Ba,,Phú Thọ,99999,Xã Lâm Thao,Tỉnh Phú Thọ",
        ",,,,00004,,",
    )
    path = legacy(tmp_path / "old.csv", *rows)
    first = load_successors(path, START)
    assert (first.communes, first.whole, first.without_code, first.changed, first.errors) == (3, 2, 1, True, [])
    assert not load_successors(path, START).changed
    spans = sorted(further_units(reading(), source(), ["00001", "08495", "08496", "1"], DAY, 3))
    assert spans == [
        (3, "00001", START, date.max, "00004", "commune", "01"),
        (3, "08496", START, date.max, "08494", "commune", "25"),
    ], "a divided commune means no unit; a successor is also known by its name"
    assert [item.code for item in nearest_units(reading(), source(), "08495", limit=2)] == ["08494", "08500"]
    assert load_successors(legacy(path, *rows[:1]), START).changed
    assert [span.code for span in further_units(reading(), source(), ["00001", "08496"], DAY, 3)] == ["00001"]


def test_feeds_take_names_and_old_codes_by_the_day(places: None, tmp_path: Path) -> None:
    load_successors(legacy(tmp_path / "old.csv", "8495.0,Xã Cũ,,Phú Thọ,08494,Xã Lâm Thao,Tỉnh Phú Thọ"), START)
    early = {"NgayTiepNhan": "20250630081500", "MaHoSo": "H26.12-250630-0004"}
    rows = [
        message(1, DonViXuLy="UBND Xã Lâm Thao - tỉnh Phú Thọ", NoiNopHoSo=""),
        message(2, DonViXuLy="08495", NoiNopHoSo=""),
        message(3, DonViXuLy="UBND xã Hoà", NoiNopHoSo=""),
        message(4, DonViXuLy="08495", NoiNopHoSo="", **early),
    ]
    result = load(write(tmp_path / "feed.jsonl", rows), source="h44")
    assert (result.accepted, result.quarantined) == (2, 2)
    assert {row["dossier_code"]: row["handling_unit"] for row in lake_rows()} == {
        "H26.12-261008-0001": "08494",
        "H26.12-261008-0002": "08494",
    }


def test_a_table_of_old_communes_is_taken_whole_or_not_at_all(places: None, tmp_path: Path, runner: FlaskCliRunner) -> None:
    path = legacy(tmp_path / "old.csv", "1.0,A,B,C,00004,,", "x,A,B,C,00004,,", "2.0,A,B,C,99999,Xã Không Có,Tỉnh Phú Thọ")
    answer = runner.invoke(args=["units", "legacy", str(path)])
    assert answer.exit_code == 1
    assert "Row 3, column wardCode" in answer.stderr
    assert "Row 4, column newWardCode: There is no unit 99999 Xã Không Có" in answer.stderr
    assert further_units(reading(), source(), ["00001"], DAY, 3) == []
    path.write_text("wardCode,ward,district,province\n1,A,B,C\n")
    assert "column newWardCode" in runner.invoke(args=["units", "legacy", str(path)]).stderr
    legacy(path, "1.0,A,B,C,00004,,")
    assert json.loads(runner.invoke(args=["units", "legacy", str(path), "--json"]).stdout)["whole"] == 1


def test_the_real_table_of_old_communes(sqlite_app: Flask, shared_data: Path) -> None:
    operations.load_units(shared_data / "units" / "units_2026-07-25.json", date(2026, 8, 1))
    operations.add_source("h26", "Một cửa Hà Nội", "01")
    result = load_successors(shared_data / "units" / "legacy_to_2025_communes.csv", START)
    assert result.errors == []
    assert (result.communes, result.whole) == (10_035, 9_564)
    spans = {span.code: span for span in further_units(reading(), source(), ["00001", "00007"], DAY, 3)}
    assert (spans["00001"].unit, spans["00001"].valid_from) == ("00097", START)
    assert "00007" not in spans, "it was divided"
    assert [item.score for item in nearest_units(reading(), source(), "00007", limit=2)] == [100.0, 100.0]


def test_a_source_code_may_be_a_long_name(places: None) -> None:
    text = "Bộ phận tiếp nhận và trả kết quả của Ủy ban nhân dân xã Lâm Thao, tỉnh Phú Thọ"
    assert operations.add_code("08494", "source:h44", text, START)
    assert reading().scalars(select(UnitCode.code).where(UnitCode.system == "source:h44")).one() == text
    for bad in ("", " ", "a\nb", "x" * 201):
        with pytest.raises(InputError):
            operations.add_code("08494", "source:h44", bad, START)
    with pytest.raises(InputError):
        operations.add_code("08494", "exchange", text, START)


def test_small_country_has_no_names(app: Flask) -> None:
    small_country()
    found = reading().scalars(select(Source).where(Source.code == "h26")).one()
    assert codes_by_name(reading(), found, ["00004", "4", "H26.12"], DAY) == {}
