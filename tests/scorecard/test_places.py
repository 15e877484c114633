"""Gaps, units to press, counts by place, groups of the 34, official scores, papers."""

from pathlib import Path

import pytest
from flask import Flask

from core.database import reading
from core.errors import InputError
from procedures.matching import Standard
from procedures.papers import PaperBook, Vocabulary
from scorecard import operations, queries
from scorecard.figures import HELD_BY_STATE, ONLINE_UNUSED, REPEAT, Figure
from scorecard.models import Edition
from scorecard.official import load
from scorecard.places import _group
from tests.scorecard.small import BIRTH, BUILD, MONTH, NOW, UNITS, Dossier, answers, build, submit

CERTIFICATE, DRAWING = ["Giấy khai sinh"], ["Bản vẽ thiết kế"]
DOSSIERS = [
    *(Dossier(f"a{n}", requests=[(2, CERTIFICATE)]) for n in range(5)),
    *(Dossier(f"b{n}", unit="00008", requests=[(2, CERTIFICATE), (3, DRAWING)]) for n in range(3)),
    *(Dossier(f"c{n}", unit="19750", source="hue", requests=[(2, CERTIFICATE)]) for n in range(4)),
    *(Dossier(f"d{n}", unit="00025", procedure=BUILD, channel=1 + (n == 0)) for n in range(40)),
    *(Dossier(f"e{n}", unit="19750", source="hue", procedure=BUILD) for n in range(60)),
    *(Dossier(f"f{n}", unit="H26.02", channel=2) for n in range(30)),
]


@pytest.fixture
def edition(sqlite_app: Flask) -> Edition:
    """The month of these dossiers, closed."""
    build(DOSSIERS)
    return operations.close(MONTH, NOW, "test")


def test_gaps_of_the_nation_and_of_a_province(edition: Edition) -> None:
    found = queries.gaps(reading(), edition)
    told = [(gap.kind, gap.procedure_code, gap.unit_codes, gap.people, gap.dossiers, gap.within_power) for gap in found]
    assert told == [
        # in Huế the building permit is not offered online, so its 60 paper dossiers are no unused service
        (ONLINE_UNUSED, BUILD, ("01",), 39, 40, True),
        # Hà Nội is connected to the register and can look there; Huế is not, so the register's keeper must act
        (HELD_BY_STATE, BIRTH, ("01",), 8, 42, True),
        (HELD_BY_STATE, BIRTH, ("46",), 4, 42, False),
        (REPEAT, BIRTH, ("01",), 3, 42, True),
    ]
    beyond = found[2]
    assert (beyond.register_code, beyond.agency_vi) == ("civil", "Bộ Tư pháp")
    inside = [(gap.kind, gap.unit_codes, gap.people) for gap in queries.gaps(reading(), edition, "01")]
    assert inside == [(ONLINE_UNUSED, ("00025",), 39), (HELD_BY_STATE, ("00004", "00008"), 8), (REPEAT, ("00008",), 3)]
    ward = [(gap.kind, gap.people) for gap in queries.gaps(reading(), edition, "00008")]
    assert ward == [(HELD_BY_STATE, 3), (REPEAT, 3)]


def test_a_centre_sees_its_whole_province(edition: Edition) -> None:
    session = reading()
    assert queries.gaps(session, edition, "H26.01") == queries.gaps(session, edition, "01")
    assert {unit.unit_code for unit in queries.units_to_press(session, edition, "H26.01")} == {"00004", "00008", "00025", "H26.02"}


def test_units_to_press_by_people_in_groups(edition: Edition) -> None:
    found = queries.units_to_press(reading(), edition, "01")
    assert [(unit.unit_code, unit.received, unit.people, unit.group) for unit in found] == [
        ("00004", 5, 5, "like"),  # all five: too few to be called clear
        ("00008", 3, 3, "like"),
        ("00025", 40, 0, "like"),  # two units compared at once: 0 of 40 may still be one in ten
        ("H26.02", 30, 0, "like"),  # 0 of 30 may still be one in ten, as in the whole province
    ]
    assert found[0].supplement.value == 1
    assert found[0].satisfaction.status == "not_applicable"
    assert [unit.unit_code for unit in queries.units_to_press(reading(), edition, "VN")] == ["01", "46"]


@pytest.mark.parametrize(
    ("people", "dossiers", "compared", "group"),
    [
        (20, 100, 10, "worse"),
        (0, 200, 10, "better"),
        (9, 100, 10, "like"),
        (5, 5, 10, "like"),  # however many of so few
        (12, 100, 1, "worse"),
        (12, 100, 300, "like"),  # among so many one such is to be expected
    ],
)
def test_a_unit_is_called_clear_only_where_chance_is_ruled_out(people: int, dossiers: int, compared: int, group: str) -> None:
    def figure(numerator: int, denominator: int) -> Figure:
        share = numerator / denominator
        return Figure("unit", "x", "supplement", "raw", numerator, denominator, share, None, None, denominator, "value", False, False)

    assert _group(figure(people, dossiers), figure(500, 10_000), 30, compared) == group


def test_counts_of_a_procedure(edition: Edition) -> None:
    nation = queries.procedure_counts(reading(), edition, BUILD)
    assert [(row.place, row.received, row.online, row.on_time, row.due) for row in nation] == [("46", 60, 0, 60, 60), ("01", 40, 1, 40, 40)]
    inside = queries.procedure_counts(reading(), edition, BIRTH, "01")
    told = {row.place: (row.cohort, row.supplement, row.repeat_supplement, row.asked_again_lower, row.asked_again_upper) for row in inside}
    assert told == {"H26.02": (30, 0, 0, 0, 0), "00004": (5, 5, 0, 5, 5), "00008": (3, 3, 3, 3, 3)}


def test_groups_by_interval(sqlite_app: Flask) -> None:
    build(DOSSIERS)
    submit("camau", [str(MONTH)])
    answers(
        [("00004", 5, BIRTH, 0, None, {})] * 95
        + [("00004", 1, BIRTH, 0, None, {})] * 5
        + [("19750", 5, BIRTH, 0, None, {})] * 40
        + [("19750", 1, BIRTH, 0, None, {})] * 60
        + [("31000", 4, BIRTH, 0, None, {})] * 15
        + [("31000", 2, BIRTH, 0, None, {})] * 5
    )
    edition = operations.close(MONTH, NOW, "test")
    groups = {code: queries.group_of_34(reading(), edition, code) for code in ("01", "46", "96", "G01")}
    assert groups == {"01": "high", "46": "low", "96": None, "G01": None}  # 96: fewer than 30 answers are not compared


def test_official_scores_are_matched_by_name(sqlite_app: Flask, tmp_path: Path) -> None:
    build([])
    path = tmp_path / "scores_2026-10-31.csv"
    path.write_text(
        "department_code,department_name,total_score,CKMB,TDGQ,CLGQ,TTTT,MDHL,MDSH\n"
        "H26,UBND Thành phố HÀ NỘI,68.32,11.45,17.72,8.83,6.22,14.45,9.65\n"
        "H57,UBND tỉnh Huế,60,11,17,8,6,14,\n"
        "H99,UBND tỉnh Không Có,60,11,17,8,6,14,9\n",
        encoding="utf-8",
    )
    result = load(path, None, NOW)
    assert (str(result.month), result.units, result.scores, result.unmatched) == ("2026-10", 2, 13, ["UBND tỉnh Không Có"])
    load(path, None, NOW)
    scores = queries.official_scores(reading(), "01", [MONTH])
    assert {score.group_code: score.score for score in scores}["TDGQ"] == 17.72
    assert len(scores) == 7
    assert queries.official_scores(reading(), "01", ["2026-09"]) == []


def test_impossible_official_scores_are_refused_by_row(sqlite_app: Flask, tmp_path: Path) -> None:
    build([])
    path = tmp_path / "scores.csv"
    path.write_text("department_code,department_name,total_score,CKMB\nH26,UBND Thành phố Hà Nội,50,18.5\n", encoding="utf-8")
    with pytest.raises(InputError, match="--month"):
        load(path, None, NOW)
    with pytest.raises(InputError) as caught:
        load(path, MONTH, NOW)
    assert (caught.value.row, caught.value.field) == (2, "CKMB")


def test_the_real_file_of_official_scores(sqlite_app: Flask, shared_data: Path) -> None:
    """All 34 provinces of the published list are found by name, whatever type the list gives them."""
    import json

    from core.database import writing
    from procedures.models import Unit, UnitVersion
    from tests.scorecard.small import BORN

    official = json.loads((shared_data / "units" / "units_2026-07-25.json").read_text(encoding="utf-8"))
    with writing() as session:
        for item in official:
            unit = Unit(code=item["Code"], kind="province")
            session.add(unit)
            session.flush()
            kind = item["AdministrativeUnitShortName"]
            names = {"name": item["FullName"], "short_name": item["Name"], "name_en": item["NameEn"], "type_label": kind}
            session.add(UnitVersion(unit_id=unit.id, parent_id=None, valid_from=BORN, **names))
    result = load(shared_data / "index766" / "provinces_766_groups_asof_2026-09-17.csv", None, NOW)
    assert (result.units, result.unmatched, str(result.month)) == (34, [], "2026-09")


PAPERS = [
    ("Giấy khai sinh (bản sao)", None, "held", "civil"),
    ("GIAY  KHAI SINH", None, "held", "civil"),
    ("Đơn đề nghị cấp lại giấy khai sinh", None, "genuine", None),
    ("Tờ khai đăng ký khai sinh", None, "genuine", None),
    ("Bản vẽ thiết kế", None, "genuine", None),
    ("bản vẽ THIẾT KẾ ", None, "genuine", None),
    ("gì đó", "G1", "held", "civil"),
    ("Giấy gì đó", None, "unclear", None),
    (None, None, "unclear", None),
    ("", "", "unclear", None),
]


@pytest.mark.parametrize(("name", "code", "expected", "register"), PAPERS)
def test_requested_papers_are_classified(name: str | None, code: str | None, expected: str, register: str | None) -> None:
    components = [(BUILD, "", "Bản vẽ thiết kế", None), (BUILD, "G1", "Giấy chứng nhận", "civil")]
    known = Vocabulary.of_phrases({"civil": ["giấy khai sinh", "khai sinh"], "land": ["quyền sử dụng đất"]})
    form = Standard("form", ("đơn", "tờ khai"), head=True)
    book = PaperBook(components, Vocabulary((*known.standards, form), known.registers))
    assert [(paper.kind, paper.register) for paper in book.identify(BUILD, code, name)] == [(expected, register)]


def test_every_unit_with_measurements_has_every_indicator(edition: Edition) -> None:
    from scorecard.indicators import CATALOGUE, INDICATORS, LAKE

    figures = queries.figure_map(reading(), edition, "unit")
    wanted = {
        (code, variant) for code, indicator in INDICATORS.items() if indicator.kind in (LAKE, CATALOGUE) for variant in indicator.variants
    }
    for code, (kind, _, _) in UNITS.items():
        if kind not in ("nation", "reception_point"):
            assert {(name, variant) for unit, name, variant in figures if unit == code} >= wanted
