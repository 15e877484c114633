"""Goals: what ships is whole, a forecast is made only where a movement shows, and the page says where each stands."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from core.calendar import Month
from core.database import writing
from core.errors import InputError
from scorecard import operations
from scorecard.indicators import INDICATORS
from scorecard.models import Edition
from scorecard.targets import FARTHEST, pace, read
from tests.pages.helpers import text_of
from tests.scorecard.small import MONTH, NOW, Dossier, build, submit

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


QUOTED = """
- {key: archive_digitisation_2026, text_vi: Tài liệu lưu trữ đã số hóa, text_en: Archives digitised, value: 0.31,
   numerator: null, denominator: null, source: "Báo cáo 12/BC", source_en: Report 12, as_of: 2026-06-30}
"""


def test_archives_and_dossiers_are_two_series(sqlite_app: Flask, tmp_path: Path) -> None:
    build([Dossier("a"), Dossier("b")])
    submit("hanoi", [str(MONTH)])
    edition = operations.close(MONTH, NOW, "test")
    with writing() as session:
        session.execute(update(Edition).where(Edition.id == edition.id).values(state="published", published_at=NOW))
    client, runner = sqlite_app.test_client(), sqlite_app.test_cli_runner()
    page = text_of(client.get("/targets").get_data(as_text=True))
    assert "Số hóa hồ sơ" in page
    assert "10/2026" in page.split("hai chuỗi")[1]  # measured between bounds: nobody said
    assert "Chưa cơ quan nào công bố" in page

    file = tmp_path / "quoted.yaml"
    file.write_text(QUOTED, encoding="utf-8")
    assert runner.invoke(args=["catalogue", "claims", str(file)]).exit_code == 0
    told = text_of(client.get("/targets").get_data(as_text=True)).rsplit("Số hóa tài liệu lưu trữ", 1)[1]
    assert "31 % — Tài liệu lưu trữ đã số hóa" in told
    file.write_text(QUOTED.replace("0.31", "nhiều"), encoding="utf-8")
    refused = runner.invoke(args=["catalogue", "claims", str(file)])
    assert refused.exit_code == 1
    assert "1.value" in refused.stderr
