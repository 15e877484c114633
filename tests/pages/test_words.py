"""Words, marks, files and the diagram: pure."""

import re

import pytest
from flask import Flask
from flask_babel import force_locale

from scorecard.figures import Figure
from scorecard.pages import csvfile, marks, places, words
from scorecard.tiles import PLACES, Palette, Tile, scale, shade, tile_diagram

STATUSES = {
    "not_applicable": "không phát sinh",
    "not_reported": "chưa gửi số liệu",
    "too_few": "không đủ số liệu",
    "suppressed": "ẩn để bảo vệ người trả lời",
}


def figure(numerator: int | None = 86, denominator: int | None = 100, status: str = "value", grey: bool = False) -> Figure:
    """A figure with its Wilson interval."""
    from scorecard.statistics import wilson

    if status != "value" or numerator is None or denominator is None:
        return Figure("unit", "01", "satisfaction", "raw", None, None, None, None, None, None, status, False, grey)
    low, high = wilson(numerator, denominator)
    value = numerator / denominator
    return Figure("unit", "01", "satisfaction", "raw", numerator, denominator, value, low, high, denominator, status, False, grey)


@pytest.mark.parametrize("status", STATUSES)
def test_each_status_is_said_in_its_own_words_and_never_as_a_number(sqlite_app: Flask, status: str) -> None:
    with sqlite_app.test_request_context("/"):
        said = words.rate(figure(status=status))
        assert said == STATUSES[status]
        assert words.rate_with_span(figure(status=status)) == said
        assert words.of_counts(figure(status=status)) == ""
        assert not re.search(r"\d", said)
    with sqlite_app.test_request_context("/"), force_locale("en"):
        assert len({words.rate(figure(status=other)) for other in STATUSES}) == len(STATUSES)


def test_a_rate_comes_with_its_interval_in_the_readers_notation(sqlite_app: Flask) -> None:
    with sqlite_app.test_request_context("/"):
        assert words.rate_with_span(figure()) == "86,0\u202f% (77,9–91,5\u202f%)"
        assert words.of_hundred(figure()) == ("86", "78–91")
    with sqlite_app.test_request_context("/"), force_locale("en"):
        assert words.rate_with_span(figure()) == "86.0% (77.9–91.5%)"


def test_bounds_that_agree_are_one_number(sqlite_app: Flask) -> None:
    with sqlite_app.test_request_context("/"):
        assert words.bounds(figure(2, 100), figure(3, 100)) == "2,0–3,0\u202f%"
        assert words.bounds(figure(2, 100), figure(2, 100)) == "2,0\u202f%"
        assert words.people(figure(2, 100), figure(3, 100)) == "2–3"
        assert words.bounds(figure(2, 100), figure(status="suppressed")) == STATUSES["suppressed"]


def test_the_interval_of_a_difference_is_newcombes() -> None:
    found = words.difference(figure(56, 70), figure(48, 80))  # the worked example of Newcombe (1998), table II
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)
    assert found.clear


def test_few_answers_are_never_compared(sqlite_app: Flask) -> None:
    assert words.difference(figure(20, 25, grey=True), figure(48, 80)) is None
    with sqlite_app.test_request_context("/"):
        assert words.change_words(figure(20, 25, grey=True), figure(48, 80), "2026-09") == "Chưa so sánh được với tháng 09/2026."
        assert words.change_words(figure(61, 80), figure(60, 80), "2026-09") == "Chưa thấy thay đổi rõ so với tháng 09/2026."
        assert words.change_words(figure(48, 80), figure(78, 80), "2026-09") == "Thấp hơn rõ so với tháng 09/2026."


def test_marks_stay_on_their_axis() -> None:
    axis = marks.axis_for([figure(1, 100), figure(99, 100)], 200.0)
    for share in (-1.0, 0.0, 0.5, 1.0, 2.0):
        assert 0 <= axis.at(share) <= 200
    drawn = marks.mark(figure(86, 100), axis)
    assert drawn.low is not None
    assert drawn.high is not None
    assert drawn.dot is not None
    assert drawn.low < drawn.dot < drawn.high
    assert marks.mark(figure(status="too_few"), axis).dot is None


@pytest.mark.parametrize("months", [[(86, 100), (95, 100)], [(9990, 10000), (8700, 10000)], [(0, 300), (13, 100)]])
def test_labels_of_a_course_say_where_their_lines_lie(months: list[tuple[int, int]]) -> None:
    drawn = marks.course([("09", figure(*months[0])), ("10", figure(*months[1]))])
    for share, _y in drawn.ticks:
        assert round(share * 100, 6) == round(share * 100)
        assert 0 <= share <= 1
    (_, low), (_, middle), (_, high) = drawn.ticks
    assert abs((low + high) / 2 - middle) < 0.11


def test_a_missing_month_breaks_the_line() -> None:
    drawn = marks.course([("08", figure()), ("09", figure()), ("10", figure(status="too_few")), ("11", figure()), ("12", figure())])
    assert len(drawn.line) == 2
    assert drawn.points[2].y is None


@pytest.mark.parametrize(
    ("cell", "kept"), [("=1+1", "'=1+1"), ("@x", "'@x"), ("-5 ngày", "'-5 ngày"), ("giấy", "giấy"), (None, ""), (-5, -5)]
)
def test_no_cell_of_a_file_can_be_run_as_a_formula(cell: object, kept: object) -> None:
    assert csvfile.safe(cell) == kept


def test_names_are_found_without_diacritics() -> None:
    assert places.plain("  Thành phố ĐÀ NẴNG ") == "thanh pho da nang"


def test_every_province_has_its_own_square_and_abbreviation() -> None:
    assert len(PLACES) == 34
    assert len({(column, row) for column, row, _ in PLACES.values()}) == 34
    assert len({abbreviation for _, _, abbreviation in PLACES.values()}) == 34


def test_the_scale_never_stretches_small_differences() -> None:
    edges = scale([0.861, 0.869])
    assert edges[-1] - edges[0] >= 0.05
    assert edges[0] <= 0.861
    assert edges[-1] >= 0.869
    assert {shade(value, edges) for value in edges[:-1]} == {1, 2, 3, 4, 5}
    assert scale([0.999, 1.0])[-1] <= 1.0


@pytest.mark.parametrize("palette", [None, Palette()])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_diagram_carries_both_archipelagos_and_says_what_it_shows(palette: Palette | None, language: str) -> None:
    tiles = {code: Tile(f"Nơi {code}", 0.8, "80", "khoảng 80 %", f"/localities/{code}") for code in PLACES}
    tiles["01"] = Tile("<b>", None, "", "không đủ số liệu", "/localities/01")
    tiles["48"] = Tile("Ít", 0.1, "10", "12 người trả lời", "/localities/48", grey=True)
    drawn = str(tile_diagram(tiles, language, title="Sơ đồ", description="mô tả", simulated=True, palette=palette))
    text = re.sub(r"<[^>]+>", " ", drawn)
    if language == "vi":
        for label in ("Quần đảo", "Hoàng Sa", "(TP. Đà Nẵng)", "Trường Sa", "(tỉnh Khánh Hòa)", "SỐ LIỆU MÔ PHỎNG"):
            assert label in text
    else:
        for label in ("Hoang Sa", "Truong Sa", "Special Zone", "East", "Sea", "SIMULATED DATA"):
            assert label in text
    assert "<title" in drawn
    assert "<desc" in drawn
    assert "<b>" not in drawn
    assert "style=" not in drawn
    assert drawn.count("&lt;b&gt;: không đủ số liệu") >= 1
    assert text.count(" 80 ") > 20  # the few answers' 10 % does not stretch the scale down to itself
    if palette is None:
        assert drawn.count("<a href=") == 34
    else:
        assert "class=" not in re.sub(r'class="(diagram|d-\w+[^"]*)"', "", drawn)
        assert palette.shades[0] in drawn or palette.shades[4] in drawn
