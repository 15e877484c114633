"""Goals: what ships is whole, a forecast is made only where a movement shows, and the page says where each stands."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from core.calendar import Month
from core.errors import InputError
from scorecard.indicators import INDICATORS
from scorecard.targets import FARTHEST, pace, read
from tests.pages.helpers import text_of

START = Month(2026, 1)


def months(*shares: float) -> list[tuple[Month, float]]:
    return [(START.plus(place), share) for place, share in enumerate(shares)]


def test_each_shipped_goal_names_its_source_and_agency() -> None:
    for target in read():
        assert all((target.source_vi, target.source_en, target.agency_vi, target.agency_en))
    measured = {target.indicator for target in read() if target.indicator}
    assert measured & set(INDICATORS) >= {"satisfaction", "online_filing", "offered_online"}


@pytest.mark.parametrize(
    ("course", "kind", "month"),
    [
        (months(0.5, 0.6, 0.7, 0.8), "expected", Month(2026, 5)),
        (months(0.50, 0.52, 0.54, 0.56), "expected", Month(2027, 9)),
        (months(0.5, 0.6, 0.7, 0.9), "reached", None),
        (months(0.8, 0.7, 0.6, 0.5), "away", None),
        (months(0.5, 0.7, 0.4, 0.6), "unclear", None),
        (months(0.5, 0.5, 0.5, 0.5), "unclear", None),
        (months(0.5, 0.501, 0.502, 0.503), "far", None),
        (months(0.5, 0.6, 0.7), "short", None),
        ([], "short", None),
    ],
)
def test_a_forecast_is_made_only_where_a_movement_shows(course: list[tuple[Month, float]], kind: str, month: Month | None) -> None:
    found = pace(course, 0.9)
    assert (found.kind, found.month) == (kind, month)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.01, 1))
def test_an_expected_month_lies_ahead_and_within_reach(shares: list[float], goal: float) -> None:
    found = pace(months(*shares), goal)
    assert (found.kind == "reached") == (shares[-1] >= goal)
    if found.month is not None:
        last = START.plus(len(shares) - 1)
        assert last.plus(1) <= found.month <= last.plus(FARTHEST + 1)


@pytest.mark.parametrize("change", ["value: 90", "scope: town", "indicator: null"])
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, change: str) -> None:
    key = change.split(":", maxsplit=1)[0]
    lines = Path(read.__wrapped__.__globals__["SHIPPED"]).read_text(encoding="utf-8").splitlines()
    first = next(place for place, line in enumerate(lines) if line.strip().startswith(f"{key}:"))
    lines[first] = "  " + change
    path = tmp_path / "goals.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InputError, match=r"goals\.yaml"):
        read(path)


def test_the_page_says_where_each_goal_stands(country: Flask) -> None:
    text = text_of(country.test_client().get("/targets").get_data(as_text=True))
    assert "Nghị quyết 66/NQ-CP" in text
    assert "trong 34 tỉnh, thành phố đạt" in text
    assert "2.014/2.177 (92,5 %) — Thủ tục hành chính cấp tỉnh, cấp xã" in text
    assert "472 —" in text
    assert "452 —" in text


def test_without_any_month_nothing_is_claimed(client: FlaskClient) -> None:
    text = text_of(client.get("/targets?lang=en").get_data(as_text=True))
    assert "no data yet" in text
    assert "reached in 0" not in text
