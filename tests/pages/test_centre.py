"""The centre's scorecard: who may see what, in which order, and the lists behind recorded figures."""

import csv
import io
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.database import reading
from procedures.queries import below
from scorecard import queries
from tests.pages.helpers import CENTRE_USER, DANANG, HANOI, OFFICE_USER, acting_as, published, text_of

PARTS = (
    "Phiếu kết quả tháng",
    "Không khớp giữa hệ thống và người dân",
    "Ba việc nên làm trước",
    "Ngoài khả năng của đơn vị",
    "Đơn vị cần đôn đốc",
    "Mười hai tháng gần nhất",
    "Chất lượng số liệu",
)


@pytest.fixture
def centre(country: Flask) -> FlaskClient:
    """Hà Nội's centre."""
    return acting_as(country, CENTRE_USER)


def rows_of(data: bytes) -> list[dict[str, str]]:
    """A CSV file's rows; it must carry a byte-order mark."""
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_the_parts_stand_in_their_order(centre: FlaskClient) -> None:
    html = centre.get("/centre").text
    body = text_of(html[html.index("<main") :])
    assert [part for part in PARTS if part in body] == list(PARTS)
    assert [body.index(part) for part in PARTS] == sorted(body.index(part) for part in PARTS)
    first = ("Trong 100 người có hồ sơ kết thúc", "Mức hài lòng được ẩn để bảo vệ người trả lời")
    assert sum(sentence in body[: body.index(PARTS[1])] for sentence in first) == 1
    assert "Trung tâm Phục vụ hành chính công" in body
    assert "chỉ số hành chính, không phải khảo sát" in body


def test_a_centre_sees_itself_and_below_and_nothing_else(country: Flask, centre: FlaskClient) -> None:
    with country.app_context():
        session = reading()
        own = sorted(below(session, HANOI, published_day(session)) - {HANOI})
        other = sorted(below(session, DANANG, published_day(session)))
    assert centre.get("/centre", query_string={"unit": own[0]}).status_code == 200
    for unit in (DANANG, other[-1], "VN", "99999"):
        assert centre.get("/centre", query_string={"unit": unit}).status_code == 403, unit
        assert centre.get("/centre/figures.csv", query_string={"unit": unit}).status_code == 403, unit
        wanted = {"unit": unit, "figure": "supplement", "month": "2026-10"}
        assert centre.get("/centre/dossiers", query_string=wanted).status_code == 403, unit
        assert centre.get("/centre/dossiers.csv", query_string=wanted).status_code == 403, unit


def published_day(session):  # type: ignore[no-untyped-def]
    """Last day of the published month."""
    from core.calendar import Month

    return Month.parse(published(session).month).last_day


@pytest.mark.parametrize("figure", ["satisfaction", "mismatch_any", "asked_again_experienced", "response_rate"])
def test_survey_figures_never_open(centre: FlaskClient, figure: str) -> None:
    for address in ("/centre/dossiers", "/centre/dossiers.csv"):
        assert centre.get(address, query_string={"figure": figure, "month": "2026-10"}).status_code == 403


def test_the_list_holds_as_many_dossiers_as_the_figure_counts(country: Flask, centre: FlaskClient) -> None:
    with country.app_context():
        session = reading()
        figures = queries.figure_map(session, published(session), "unit", [HANOI])
    for indicator, figure in (("supplement", "supplement"), ("repeat_supplement", "repeat_supplement"), ("online_filing", "online")):
        counted = figures[HANOI, indicator, "raw"].numerator
        answer = centre.get("/centre/dossiers", query_string={"figure": figure, "month": "2026-10"})
        assert f"{counted} hồ sơ" in text_of(answer.text), indicator
    for variant, figure in (("lower", "asked_again"), ("upper", "asked_again_upper")):
        counted = figures[HANOI, "asked_again_recorded", variant].numerator
        answer = centre.get("/centre/dossiers", query_string={"figure": figure, "month": "2026-10"})
        assert f"{counted} hồ sơ" in text_of(answer.text), variant
    on_time = figures[HANOI, "on_time", "raw"]
    assert on_time.denominator is not None
    assert on_time.numerator is not None
    late = centre.get("/centre/dossiers", query_string={"figure": "late", "month": "2026-10"})
    assert f"{on_time.denominator - on_time.numerator} hồ sơ" in text_of(late.text)


def test_the_list_can_be_downloaded_and_says_that_it_is_simulated(centre: FlaskClient) -> None:
    answer = centre.get("/centre/dossiers.csv", query_string={"figure": "received", "month": "2026-10"})
    rows = rows_of(answer.data)
    assert "MO-PHONG" in answer.headers["Content-Disposition"]
    assert rows
    assert {row["simulated"] for row in rows} == {"1"}
    assert all(re.match(r"\d{4}-\d\d-\d\d$", row["received_on"]) and row["dossier_code"] and row["handling_unit"] for row in rows)


def test_unknown_figures_and_months_are_refused(centre: FlaskClient) -> None:
    assert centre.get("/centre/dossiers?figure=everything&month=2026-10").status_code == 400
    assert centre.get("/centre/dossiers?figure=received&month=last").status_code == 404
    assert centre.get("/centre/dossiers?figure=received").status_code == 404
    assert centre.get("/centre/dossiers?figure=received&month=2026-10&procedure=9.999999").status_code == 404
    assert centre.get("/centre/dossiers?figure=asked_again&month=2026-10&register=none").status_code == 404


def test_both_ends_of_the_range_and_late_dossiers_open_their_own_lists(country: Flask, centre: FlaskClient) -> None:
    html = centre.get("/centre?month=2026-10").text
    with country.app_context():
        session = reading()
        ends = [
            queries.figure_map(session, published(session), None, [HANOI], ["asked_again_recorded"])[
                HANOI, "asked_again_recorded", end
            ].numerator
            for end in ("lower", "upper")
        ]
    for figure in ("asked_again", "asked_again_upper")[: len(set(ends))]:  # one list where both ends are one
        assert re.search(rf'href="[^"]*figure={figure}&amp;', html), figure
    with country.app_context():
        session = reading()
        units = queries.units_to_press(session, published(session), HANOI)
    late = {unit.unit_code for unit in units if unit.on_time.numerator != unit.on_time.denominator}
    linked = set(re.findall(r'figure=late&amp;unit=([^&"]+)', html))
    assert linked - {HANOI} == late
    assert all(re.search(r">\d[\d.]* quá hạn", text) for text in re.findall(r'figure=late&amp;unit=(?!01&)[^"]*"(>[^<]*)', html))


def test_shares_of_units_and_months_come_with_their_counts(centre: FlaskClient) -> None:
    html = centre.get("/centre").text
    assert re.search(r"</a>/\d", html)
    tables = html[html.index('id="press"') : html.index('id="quality"')]
    assert "<td></td>" not in tables
    assert '<td class="n"></td>' not in tables
    course = tables[tables.index('id="course"') :]
    row = course[course.index("<tbody>") : course.index("</tr>", course.index("<tbody>"))]
    assert len(re.findall(r"<small>[\d.–]+/[\d.]+</small>", row)) == 3


def test_lists_are_for_the_units_own_users_only(country: Flask) -> None:
    office = acting_as(country, OFFICE_USER)
    page = office.get("/centre", query_string={"unit": HANOI})
    assert page.status_code == 200
    assert "/centre/dossiers" not in page.text
    assert office.get("/centre/dossiers?figure=received&month=2026-10").status_code == 403
    assert "Xem phiếu kết quả của đơn vị nào?" in office.get("/centre").text
    assert office.get("/centre?unit=99999").status_code == 404


def test_the_file_of_figures_hides_what_the_page_hides(centre: FlaskClient) -> None:
    answer = centre.get("/centre/figures.csv")
    rows = rows_of(answer.data)
    assert "MO-PHONG" in answer.headers["Content-Disposition"]
    hidden = [row for row in rows if row["status"] != "value"]
    assert hidden
    assert all(not row[column] for row in hidden for column in ("numerator", "denominator", "value", "low", "high", "n"))
    small = [row for row in rows if row["indicator"] == "satisfaction" and row["status"] == "value" and int(row["n"]) < 10]
    assert not small
    assert {row["simulated"] for row in rows} == {"1"}


def test_the_running_month_is_shown_as_provisional(centre: FlaskClient) -> None:
    text = text_of(centre.get("/centre?month=2026-11").text)
    assert "Tháng đang chạy, số liệu tạm tính" in text
