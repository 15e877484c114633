"""Drawings: stable, described, marked as simulated, with every word in Vietnamese."""

import xml.etree.ElementTree as ET

import pytest

from exports.charts import Dot, axis_range, dot_plot, finish, ticks

SIMULATED = "SỐ LIỆU MÔ PHỎNG"
SVG = "{http://www.w3.org/2000/svg}"
DOTS = [Dot("Huế", 0.86, 0.83, 0.889, "86,0 (83,0–88,9)"), Dot("Cà Mau", None, None, None, "không đủ số liệu")]


def draw(simulated: bool) -> ET.Element:
    drawing = dot_plot([("Nhóm giữa", DOTS)], 0.85, "Cả nước 85,0 %", simulated, "Tỷ lệ <hài lòng>", "Một địa phương")
    return ET.fromstring(drawing.svg)


def words(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def test_says_everything_in_words() -> None:
    root = draw(simulated=True)
    assert root[0].text == "Tỷ lệ <hài lòng>"
    assert root[1].text == "Một địa phương"
    assert {"Huế", "86,0 (83,0–88,9)", "không đủ số liệu", "Nhóm giữa", "Cả nước 85,0 %", SIMULATED} <= set(words(root))
    assert not [element for element in root.iter() if any(name.startswith(("aria-", "role")) for name in element.attrib)]


def test_a_real_drawing_has_no_mark() -> None:
    assert SIMULATED not in words(draw(simulated=False))


def test_the_same_drawing_twice() -> None:
    assert ET.tostring(draw(True)) == ET.tostring(draw(True))


def test_ids_are_renumbered_with_their_uses() -> None:
    raw = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10" viewBox="0 0 10 10">'
        '<clipPath id="clip17"/><linearGradient id="g9"/><g clip-path="url(#clip17)" fill="url(#g9)"/></svg>'
    )
    done = finish(raw, "t", "d", simulated=False)
    assert 'id="f1"' in done
    assert 'clip-path="url(#f1)" fill="url(#f2)"' in done
    assert "17" not in done


def test_a_drawing_without_size_is_refused() -> None:
    with pytest.raises(ValueError, match="width"):
        finish('<svg xmlns="http://www.w3.org/2000/svg"></svg>', "t", "d", simulated=False)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], (0.0, 1.0)), ([0.83, 0.89], (0.82, 0.9)), ([0.51, 0.97], (0.5, 1.0)), ([1.0, 1.0], (0.94, 1.0)), ([0.0], (0.0, 0.06))],
)
def test_axis_range(values: list[float], expected: tuple[float, float]) -> None:
    assert axis_range(values) == pytest.approx(expected)


def test_ticks_lie_inside() -> None:
    for low, high in ((0.0, 1.0), (0.82, 0.9), (0.94, 1.0), (0.5, 1.0)):
        found = ticks(low, high)
        assert 3 <= len(found) <= 7
        assert low - 1e-9 <= found[0]
        assert found[-1] <= high + 1e-9
