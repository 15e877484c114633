"""Ratings collected elsewhere: scale, don't-know codes, subtotals, weights; stored as series of their own."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select

from core.database import reading
from core.errors import InputError
from surveys import imports, outside
from surveys.models import Answer
from surveys.outside_models import OutsideFigure, OutsideSeries
from surveys.outside_profile import find_profile, read_profile

NOW = datetime(2026, 11, 6, tzinfo=UTC)
HEAD = """
code: test
title_vi: Thử
title_en: Test
source_vi: thử
source_en: test
"""


def _read(text: str, profile: str, name: str = "file.csv") -> tuple[dict[tuple[str, str, str], imports.Figure], int, dict[str, int]]:
    figures, used, excluded = imports.summarise(imports.read_frame(name, text.encode()), read_profile(HEAD + profile))
    return {(figure.period, figure.group_key, figure.question): figure for figure in figures}, used, excluded


def test_the_vehicle_licensing_file(shared_data: Path) -> None:
    path = shared_data / "satisfaction" / "dvla_satisfaction_to_2010.csv"
    figures, used, excluded = imports.summarise(imports.read_frame(path.name, path.read_bytes()), find_profile("dvla-2010"))
    whole = next(figure for figure in figures if (figure.period, figure.group_key) == ("", "total"))
    assert whole.value == pytest.approx(6 - 1.1965, abs=0.002)  # 1 is best there
    assert whole.plain == pytest.approx(6 - 1.339, abs=0.02)
    assert used + sum(excluded.values()) == 3581
    assert next(count for reason, count in excluded.items() if "subtotal" in reason) == 81
    months = [figure for figure in figures if figure.period and figure.group_key == "total"]
    assert months[0].period == "2004-04"
    assert excluded["no_value"] == 5  # those who only said "don't know"
    assert whole.value is not None and whole.plain is not None and whole.value - whole.plain > 0.1  # noqa: PT018
    assert sum(figure.answered or 0 for figure in months) == whole.answered


def test_the_veterans_file(shared_data: Path) -> None:
    path = shared_data / "satisfaction" / "va-vha.csv"
    figures, used, excluded = imports.summarise(imports.read_frame(path.name, path.read_bytes()), find_profile("va-vha"))
    trust = {figure.period: figure for figure in figures if figure.question == "trust"}
    assert (used, excluded) == (2, {})
    assert trust["2020-Q1"].answered == 304687
    assert trust["2020-Q1"].offered == 1808680
    assert trust[""].value == pytest.approx((4.28 * 305079 + 4.27 * 304687) / (305079 + 304687))
    assert trust["2020-Q2"].satisfied is None  # a mean does not tell the share of 4 and 5


def test_single_answers_with_dont_know_codes_and_a_reversed_scale() -> None:
    profile = "rows: answers\nscale: {worst: 10, best: 1, unknown: [5, 99]}\nquestions: {q: {column: Q, vi: q, en: q}}"
    figures, used, excluded = _read("Q\n1\n10\n99\n5\n\n4\n", profile)
    found = figures["", "total", "q"]
    assert (used, found.answered) == (3, 3)
    assert found.value == pytest.approx((5 + 1 + 1 + 4 * 6 / 9) / 3)
    assert found.satisfied == pytest.approx(1 / 3)
    assert excluded == {"dont_know": 2}


@pytest.mark.parametrize("wide", [True, False])
def test_numbers_of_people_by_answer(wide: bool) -> None:
    """How many gave each answer, in a column for each or in a row for each: the same figures, exact shares."""
    if wide:
        profile = (
            "rows: counts\nscale: {worst: 4, best: 1, unknown: [9]}\ngroups: [P]\n"
            "questions: {q: {vi: q, en: q, levels: {R1: 1, R2: 2, R3: 3, R4: 4, DK: 9}}}"
        )
        text = "P,R1,R2,R3,R4,DK\nA,1.200,300,100,400,50\nB,10,,0,10,0\nC,0,0,0,0,7\n"
    else:
        profile = (
            "rows: counts\nscale: {worst: 4, best: 1, unknown: [9]}\ngroups: [P]\nanswered: N\nquestions: {q: {vi: q, en: q, column: R}}"
        )
        text = "P,R,N\nA,1,1200\nA,2,300\nA,3,100\nA,4,400\nA,9,50\nB,1,10\nB,4,10\nC,9,7\n"
    figures, used, excluded = _read(text, profile)
    one = figures["", "A", "q"]
    assert (one.answered, one.satisfied) == (2000, pytest.approx(0.6))
    assert one.value == pytest.approx((5 * 1200 + 11 / 3 * 300 + 7 / 3 * 100 + 1 * 400) / 2000)
    whole = figures["", "total", "q"]
    assert (whole.answered, whole.satisfied) == (2020, pytest.approx(1210 / 2020))
    assert ("", "C", "q") not in figures
    assert used == (2 if wide else 6)
    assert excluded == ({"dont_know": 57} if wide else {"dont_know": 2})
    if wide:
        assert (whole.rows, whole.plain) == (2, pytest.approx((one.value + 3) / 2))


@pytest.mark.parametrize(
    "profile",
    [
        "rows: counts\nquestions: {q: {vi: q, en: q, column: R}}",
        "rows: counts\nanswered: N\nquestions: {q: {vi: q, en: q, levels: {R: 1}}}",
        "rows: answers\nquestions: {q: {vi: q, en: q, levels: {R: 1}}}",
        "rows: counts\nquestions: {q: {vi: q, en: q}}",
        "rows: counts\nquestions: {q: {vi: q, en: q, column: R, levels: {R: 1}}}",
    ],
)
def test_a_profile_of_counts_says_where_they_stand(profile: str) -> None:
    with pytest.raises(InputError):
        _read("R,N\n1,2\n", f"scale: {{worst: 1, best: 5}}\n{profile}")


def test_a_negative_number_of_people_is_refused_with_its_row() -> None:
    with pytest.raises(InputError) as refused:
        _read("R\n1\n-2\n", "rows: counts\nscale: {worst: 1, best: 5}\nquestions: {q: {vi: q, en: q, levels: {R: 1}}}")
    assert refused.value.row == 3


def test_weights_labels_semicolons_and_decimal_commas() -> None:
    profile = (
        "rows: answers\nscale: {worst: 1, best: 5}\nweight: W\ngroups: [Nơi]\n"
        "questions: {q: {column: Trả lời, vi: q, en: q, labels: {Rất hài lòng: 5, Không hài lòng: 2}}}"
    )
    figures, _used, excluded = _read("Nơi;Trả lời;W\nA; rất hài lòng ;1,5\nA;Không hài lòng;0,5\nB;Không ý kiến;1\n", profile)
    assert figures["", "A", "q"].value == pytest.approx((5 * 1.5 + 2 * 0.5) / 2)
    assert figures["", "total", "q"].plain == pytest.approx(3.5)
    assert figures["", "total", "q"].satisfied == pytest.approx(0.75)
    assert excluded == {"no_value": 1}


def test_a_code_for_dont_know_is_a_mark_on_a_longer_scale() -> None:
    profile = (
        "rows: answers\nscale: {worst: 1, best: 5, unknown: [9, 99]}\n"
        "questions: {q: {column: q, vi: q, en: q}, ten: {column: t, vi: t, en: t, scale: {worst: 0, best: 10, unknown: [-1]}}}"
    )
    figures, _used, excluded = _read("q,t\n9,9\n5,-1\n3,99\n", profile)
    assert figures["", "total", "ten"].value == pytest.approx(4.6)
    assert figures["", "total", "q"].answered == 2
    assert excluded == {"dont_know: q": 1, "dont_know: ten": 2}


def test_thousands_of_answers_are_thousands() -> None:
    """A count of 1,200 was once read as 1.2, so that the smaller group of 800 ruled the mean."""
    profile = "rows: means\nanswered: n\noffered: o\nscale: {worst: 1, best: 5}\nquestions: {q: {column: m, vi: q, en: q}}"
    for text in (
        'm,n,o\n4,"1,200","1,234,567"\n5,800,900\n',
        "m;n;o\n4,0;1.200;1.234.567\n5;800;900\n",
        "m;n;o\n4;1 200;1 234 567\n5;800;900\n",
    ):
        found = _read(text, profile)[0]["", "total", "q"]
        assert (found.answered, found.offered) == (2000, 1_235_467)
        assert found.value == pytest.approx((4 * 1200 + 5 * 800) / 2000)


def test_shares_with_a_sign_of_percent() -> None:
    profile = "rows: means\nanswered: n\nscale: {worst: 0, best: 100}\nquestions: {q: {column: m, vi: q, en: q}}"
    assert _read("m;n\n80 %;10\n62,5%;10\n", profile)[0]["", "total", "q"].value == pytest.approx(1 + 4 * 0.7125)


@pytest.mark.parametrize("text", ["a, b;q\n1;5\n2;1\n", "q,note\n5,x;y\n1,z;z;z\n", '"q, in words"|q\n1,5|5\n2,5|1\n'])
def test_the_separator_is_the_one_that_all_rows_have(text: str) -> None:
    profile = "rows: answers\nscale: {worst: 1, best: 5}\nquestions: {q: {column: q, vi: q, en: q}}"
    assert _read(text, profile)[0]["", "total", "q"].value == pytest.approx(3.0)


def test_a_separator_at_the_end_of_each_row_moves_no_column() -> None:
    profile = "rows: answers\nscale: {worst: 1, best: 5}\nquestions: {q: {column: q, vi: q, en: q}}"
    assert _read("q,r\n5,1,\n3,1,\n", profile)[0]["", "total", "q"].value == pytest.approx(4.0)
    with pytest.raises(InputError) as refused:
        _read("q,r\n5,1\n\n3,1,2\n", profile)
    assert refused.value.row == 4


def test_a_column_that_is_there_twice_is_refused_where_it_is_asked_for() -> None:
    profile = "rows: answers\nscale: {worst: 1, best: 5}\nquestions: {q: {column: q, vi: q, en: q}}"
    with pytest.raises(InputError, match="2 columns of this name"):
        _read("q, q \n5,1\n", profile)
    assert _read("q,x,x\n5,1,1\n", profile)[1] == 1


def test_an_answer_without_a_weight_is_left_out_and_counted() -> None:
    profile = "rows: answers\nweight: w\nscale: {worst: 1, best: 5}\nquestions: {q: {column: q, vi: q, en: q}}"
    figures, used, excluded = _read("q,w\n5,2\n1,\n1,-3\n3,0\n", profile)
    assert (used, figures["", "total", "q"].value, figures["", "total", "q"].answered) == (2, 5.0, 2)
    assert excluded == {"no_weight": 2}


@pytest.mark.parametrize(
    ("form", "texts", "found"),
    [
        ("month", ["01/04/2004", "04/2004", "2004-04-30T00:00:00", "200404", "2004/4/1"], "2004-04"),
        ("year", ["2004", "01/04/2004", "2004-04"], "2004"),
    ],
)
def test_months_and_years_as_people_write_them(form: str, texts: list[str], found: str) -> None:
    profile = (
        f"rows: answers\nperiod: {{column: d, as: {form}}}\nscale: {{worst: 1, best: 5}}\nquestions: {{q: {{column: q, vi: q, en: q}}}}"
    )
    figures = _read("d,q\n" + "".join(f"{text},5\n" for text in texts) + ",5\n", profile)[0]
    assert {period: figure.rows for (period, _, _), figure in figures.items()} == {"": len(texts) + 1, found: len(texts)}
    with pytest.raises(InputError) as refused:
        _read("d,q\n2004-04,5\nspring,5\n", profile)
    assert (refused.value.row, refused.value.field) == (3, "d")


def test_a_value_outside_the_scale_is_left_out_and_counted() -> None:
    profile = "rows: means\nanswered: n\nscale: {worst: 1, best: 5}\nquestions: {q: {column: m, vi: q, en: q}}"
    figures, used, excluded = _read("m,n\n4,10\n5.5,10\n3,Percentage of Grand: 0%\n,7\n", profile)
    assert (used, figures["", "total", "q"].value) == (1, 4.0)
    assert excluded == {"no_number_of_answers": 1, "no_value": 1, "outside_scale": 1}


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ("rows: means\nscale: {worst: 1, best: 5}\nquestions: {q: {column: m, vi: q, en: q}}", "answered"),
        ("rows: answers\nscale: {worst: 3, best: 3}\nquestions: {q: {column: m, vi: q, en: q}}", "two different ends"),
        ("rows: answers\nscale: {worst: 1, best: 5}\nquestions: {q: {column: x, vi: q, en: q}}", "it has: m"),
        ("rows: answers\nscale: {worst: 1, best: 5}\nquestion: {}", "question"),
    ],
)
def test_a_profile_that_does_not_fit_is_refused_in_words(profile: str, words: str) -> None:
    with pytest.raises(InputError) as refused:
        _read("m\n1\n", profile)
    assert words in str(refused.value)


def test_a_series_is_stored_apart_and_replaced_by_the_same_code(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "means.csv"
    profile = read_profile(HEAD + "rows: means\nanswered: n\nscale: {worst: 1, best: 5}\nquestions: {q: {column: m, vi: q, en: q}}")
    for value in (3, 4):
        path.write_text(f"m,n\n{value},20\n")
        imports.import_file(path, profile, "cli", NOW)
    assert reading().scalar(select(func.count()).select_from(OutsideSeries)) == 1
    assert [figure.value for figure in reading().scalars(select(OutsideFigure))] == [4.0]
    assert reading().scalar(select(func.count()).select_from(Answer)) == 0
    assert [len(shelf.lines) for shelf in outside.series_list(reading())] == [1]


def test_nobody_replaces_anothers_series(sqlite_app: Flask) -> None:
    profile = (HEAD + "rows: means\nanswered: n\nscale: {worst: 1, best: 5}\nquestions: {q: {column: m, vi: q, en: q}}").encode()
    imports.import_uploaded("f.csv", b"m,n\n3,20\n", profile, "front", NOW, True)
    with pytest.raises(InputError):
        imports.import_uploaded("f.csv", b"m,n\n5,20\n", profile, "other", NOW, True)
    assert [figure.value for figure in reading().scalars(select(OutsideFigure))] == [3.0]


def test_fewer_than_ten_answers_are_not_shown_whoever_collected_them(sqlite_app: Flask) -> None:
    profile = (HEAD + "rows: means\nanswered: n\nscale: {worst: 1, best: 5}\nquestions: {q: {column: m, vi: q, en: q}}").encode()
    imports.import_uploaded("f.csv", b"m,n\n3,9\n", profile, "front", NOW, True)
    assert [shelf.lines for shelf in outside.series_list(reading())] == [[]]
    assert outside.figures_of(reading(), "test") == []


def test_the_command(runner: FlaskCliRunner, shared_data: Path) -> None:
    result = runner.invoke(args=["surveys", "import", str(shared_data / "satisfaction" / "va-vha.csv"), "--profile", "va-vha"])
    assert result.exit_code == 0, result.output
    assert "2 of 2 rows used" in result.output
    refused = runner.invoke(args=["surveys", "import", str(shared_data / "satisfaction" / "va-vha.csv"), "--profile", "no-such"])
    assert refused.exit_code == 1
    assert "va-vha" in refused.output
