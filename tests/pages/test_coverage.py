"""The pages of coverage, signs and comparison: who sees what, in which words."""

import csv
import io
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import refresh

from core import accounts
from core.calendar import Month, local_date, utc_now
from core.database import reading, writing
from core.models import AuditEntry
from procedures.models import Source
from procedures.queries import units
from surveys.operations import declare_no_signal
from tests.browsing import check_page, overflow
from tests.conftest import PASSWORD, log_in
from tests.pages.helpers import CENTRE_USER, OFFICE_USER, text_of
from tests.pages.test_browser import window
from tests.procedures.feed import small_country
from tests.procedures.lake import put, row

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture
def office(app: Flask, client: FlaskClient) -> FlaskClient:
    """A person of the office; two systems, of which h26 had four dossiers every day of the last ten weeks but one, and h14 none."""
    small_country()
    accounts.add_user("vanphong", "Văn phòng", "office", PASSWORD)
    accounts.add_user("motcua01", "Một cửa", "centre", PASSWORD, unit_code="H26.99")
    today = local_date(utc_now())
    days = [today - timedelta(days=back) for back in range(1, 70) if back != 1]
    put([row(f"H26.12-{day:%y%m%d}-{n:04d}", f"{day} 08:15") for day in days for n in range(4)])
    log_in(client, "vanphong")
    return client


def test_the_first_sentence_names_who_sent_nothing(office: FlaskClient) -> None:
    body = text_of(office.get("/coverage").text)
    assert "2 trong 2 hệ thống chưa gửi gì: 01, 04." in body
    assert "chưa từng gửi" in body
    refresh()  # the test's own context would keep the first language
    assert "Today" in text_of(office.get("/coverage?lang=en").text)


def test_communes_without_signal_are_named_on_the_page(office: FlaskClient) -> None:
    assert "Chưa xã nào được khai báo." in text_of(office.get("/coverage").text)
    session = reading()
    views = units(session, local_date(utc_now()))
    code = next(code for code, view in views.items() if view.kind == "commune")
    for whole in (False, True):  # declared again: changed
        declare_no_signal(code, date(2026, 1, 1), None, "Công văn 12/UBND", whole, utc_now())
    refresh()
    body = text_of(office.get("/coverage").text)
    assert views[code].name in body
    assert "cả xã" in body
    assert "Công văn 12/UBND" in body
    assert "không phải ý kiến của toàn dân" in body
    assert "Công văn 12/UBND" not in office.get("/coverage?month=2025-12").text  # before the day


def test_a_missing_day_is_said_in_words_and_leads_to_the_source(office: FlaskClient) -> None:
    yesterday = local_date(utc_now()) - timedelta(days=1)
    html = office.get(f"/coverage?month={Month(yesterday.year, yesterday.month)}").text
    link = re.search(r'<a class="cell none" href="([^"]+)"><span class="say">([^<]+)', html)
    assert link is not None
    assert link[2] == f"{yesterday:%d/%m/%Y}: không có hồ sơ nào, thường 4"
    path, anchor = link[1].split("#")
    page = office.get(path).text
    assert f'id="{anchor}"' in page
    assert "cần xác minh" in page
    assert "không phải kết luận" in page


@pytest.mark.parametrize("path", ["/coverage?month=2026-13", "/coverage?month=2999-01", "/coverage/h99", "/reconcile?a=h26&b=h99"])
def test_what_does_not_exist_is_not_found(office: FlaskClient, path: str) -> None:
    assert office.get(path).status_code == 404


def test_a_centre_sees_its_own_systems_only(office: FlaskClient) -> None:
    office.post("/logout")
    log_in(office, "motcua01")
    body = text_of(office.get("/coverage").text)
    assert "Một cửa 04" not in body
    assert "Hôm nay" in body
    assert office.get("/coverage/h26").status_code == 200
    assert office.get("/coverage/h14").status_code == 404
    assert office.get("/reconcile?a=h26&b=h14").status_code == 404
    assert office.get("/reconcile.csv?a=h26&b=h14").status_code == 404
    assert "Cần ít nhất hai hệ thống" in text_of(office.get("/reconcile").text)


@pytest.mark.parametrize("path", ["/coverage", "/coverage/h26", "/reconcile", "/reconcile.csv?a=h26&b=h14"])
def test_nobody_sees_them_without_logging_in(sqlite_app: Flask, path: str) -> None:
    answer = sqlite_app.test_client().get(path)
    assert answer.status_code == 302
    assert "/login" in answer.location


def test_two_systems_are_compared_and_the_file_is_recorded(office: FlaskClient) -> None:
    put([row("A", "2026-08-03 08:15", source="h14"), row("A", "2026-08-03 08:15", status=10), row("B", "2026-08-04 08:15")])
    assert "Chọn hệ thống" in office.get("/reconcile").text
    body = text_of(office.get("/reconcile?a=h26&b=h14&month=2026-08").text)
    assert "Có cả hai bên: 1 hồ sơ, trong đó 1 không khớp" in body
    assert "A khác trạng thái 10 9" in body
    file = office.get("/reconcile.csv?a=h26&b=h14&month=2026-08", buffered=True)
    assert file.headers["Content-Disposition"].endswith("filename=doi-chieu-h26-h14-2026-08.csv")
    assert file.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(file.data.decode("utf-8-sig"))))
    assert list(rows[0].values()) == ["A", "status", "h26", "10", "h14", "9", "0"]
    assert [row["what"] for row in rows] == ["status", "only_a"]
    with writing() as session:
        entry = session.query(AuditEntry).filter_by(action="reconcile.download").one()
        assert (entry.subject, entry.details) == ("h26 h14", {"month": "2026-08", "rows": 2})
        session.query(Source).filter_by(code="h14").one().simulated = True
    file = office.get("/reconcile.csv?a=h26&b=h14&month=2026-08", buffered=True)
    assert file.data.count(b"\n") == 3
    assert "so-lieu-mo-phong-doi-chieu" in file.headers["Content-Disposition"]


def test_a_wrong_month_says_what_to_write(office: FlaskClient) -> None:
    answer = office.get("/reconcile?a=h26&b=h14&month=10-2026")
    assert answer.status_code == 400
    assert "2026-10" in answer.text


def test_a_long_list_is_paged(office: FlaskClient) -> None:
    first = office.get("/reconcile?a=h26&b=h14")
    assert "Trang 1 trên 3" in text_of(first.text)
    last = text_of(office.get("/reconcile?a=h26&b=h14&page=3").text)
    assert "Trang trước" in last
    assert "Trang sau" not in last


@pytest.mark.browser
@pytest.mark.parametrize(("width", "language", "scheme"), [(320, "vi", "light"), (360, "vi", "light"), (1280, "en", "dark")])
def test_pages_are_accessible_and_fit(
    browser: "Browser", country: Flask, live_country: str, width: int, language: str, scheme: str
) -> None:
    with country.app_context():
        first, second = (source.code for source in reading().query(Source).order_by(Source.code).limit(2))
    office = ["/coverage?month=2026-10", f"/coverage/{first}?month=2026-10", "/reconcile", f"/reconcile?a={first}&b={second}&month=2026-10"]
    found = []
    for login, paths in ((OFFICE_USER, office), (CENTRE_USER, ["/coverage?month=2026-10"])):
        with window(browser, country, live_country, login, width, 800, color_scheme=scheme) as page:
            for path in paths:
                answer = page.goto(f"{live_country}{path}{'&' if '?' in path else '?'}lang={language}")
                assert answer is not None
                assert answer.status == 200
                found += [f"{path}: {what}" for what in check_page(page)]
                if overflow(page):
                    found.append(f"{path} is wider than {width}")
    assert found == []


@pytest.mark.browser
def test_the_office_sees_every_system_on_a_phone_with_the_newest_days_first(browser: "Browser", country: Flask, live_country: str) -> None:
    with window(browser, country, live_country, OFFICE_USER, 360, 740) as page:
        page.goto(f"{live_country}/coverage?month=2026-10")
        with country.app_context():
            assert page.locator("table.grid tbody tr").count() == reading().query(Source).count()
        last = page.locator("table.grid thead th").last.bounding_box()
        assert last is not None
        assert last["x"] + last["width"] <= 360
