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
