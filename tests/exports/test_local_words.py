"""What a place's report prints of objections and their answers, and how the class is marked while it is reviewed."""

from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale

from exports import annexes, chapters_records, province
from exports.composition import numbering_of
from exports.layout import Human, Note, Say, Table
from exports.province import Local
from exports.report import Material
from exports.report_words import Objection, Words
from tests.exports.made import material


@pytest.fixture(autouse=True)
def _vietnamese(sqlite_app: Flask) -> Any:
    with sqlite_app.test_request_context(), force_locale("vi"):
        yield


def month(verdict: str, in_review: bool) -> Material:
    """A month in which Hà Nội objects to the class F1, and two provinces have papers of it."""
    said = Objection("01", "F1", "F1: có trong cơ sở dữ liệu", "Cơ sở dữ liệu chưa có giấy này.", verdict, "Đã kiểm tra.", in_review)
    row = {"paper_class": "F1", "documents": 9, "dossiers": 8}
    rows = [row | {"province_code": code} for code in ("VN", "01", "46")]
    return material({}, words=Words(asked=True, objections=[said]), tables={"request_classes": rows})


def classes(found: Material, code: str) -> str:
    tables = [block for block in chapters_records.classes(found, numbering_of(found), code) if isinstance(block, Table)]
    return str(tables[0].rows[0][0])


@pytest.mark.parametrize(
    ("verdict", "in_review", "words"),
    [
        ("accepted", True, "Đang xem lại theo ý kiến của đơn vị: con số của phiên bản này giữ nguyên"),
        ("accepted", False, "Được chấp nhận trước lần chốt này: điều đã sửa có trong con số."),
        ("refused", False, "**Không chấp nhận.** Đã kiểm tra."),
        ("noted", False, "**Ghi nhận.** Đã kiểm tra."),
        ("", False, "**Chưa có trả lời.**"),
    ],
)
def test_an_objection_is_printed_with_what_was_answered(verdict: str, in_review: bool, words: str) -> None:
    found = month(verdict, in_review)
    own = province._explained(found, Local("01", "Hà Nội", [], {}))
    assert isinstance(own[0], Human)
    assert own[0].text == "Cơ sở dữ liệu chưa có giấy này."
    assert isinstance(own[1], Note)
    assert words in own[1].text
    other = province._explained(found, Local("46", "Huế", [], {}))
    assert [block.text for block in other if isinstance(block, Say)] == ["Không có ý kiến."]


def test_a_class_is_marked_where_it_is_reviewed_and_nowhere_else() -> None:
    mark = "(đang xem lại theo ý kiến của đơn vị)"
    found = month("accepted", in_review=True)
    assert mark in classes(found, "01")
    assert mark not in classes(found, "46")
    assert mark not in classes(found, "VN")
    assert mark not in classes(month("refused", in_review=False), "01")


def test_a_place_below_three_dossiers_is_told_apart_from_a_month_without_any() -> None:
    row = {"month": "2026-10", "basis": "request_month", "asked": 105, "asked_twice": 14, "dossiers": 2000}
    matured = row | {"month": "2026-07", "basis": "cohort", "asked": 9}

    def cells_of(*rows: dict[str, Any]) -> list[str]:
        found = material({}, tables={"supplement_cohorts": list(rows)})
        tables = [block for block in annexes.handled(found, numbering_of(found)) if isinstance(block, Table)]
        return [str(cell) for cell in next(cells for cells in tables[-1].rows if cells[0] == "Hà Nội" or cells[0] == "Cả nước")]

    nation = {"province_code": "VN"}
    assert cells_of(row | nation)[3:] == ["chưa có số liệu"] * 4
    assert cells_of(matured | nation, row | {"province_code": "46"})[1:3] == ["dưới 3 hồ sơ"] * 2
