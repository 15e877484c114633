"""The pages in a real browser: axe, width, and what stands on the first screen of the centre's page."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from sqlalchemy import select

from core.database import reading
from procedures.models import Procedure
from scorecard import queries
from scorecard.figures import Gap
from tests.browsing import check_page, overflow
from tests.pages.helpers import CENTRE_USER, HANOI, OFFICE_USER, acting_as, public_addresses

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
OWN = {
    CENTRE_USER: ["/centre", "/centre/dossiers?figure=supplement&month=2026-10", "/submissions"],
    OFFICE_USER: ["/office", "/centre", f"/centre?unit={HANOI}"],
}


@contextmanager
def window(browser: "Browser", country: Flask, address: str, login: str | None, width: int, height: int, **how: Any) -> Iterator["Page"]:
    """A page of a browser in which somebody is logged in."""
    context = browser.new_context(viewport={"width": width, "height": height}, bypass_csp=True, **how)
    cookie = acting_as(country, login).get_cookie("session")
    if login is not None and cookie is not None:
        context.add_cookies([{"name": "session", "value": cookie.value, "url": address}])
    try:
        yield context.new_page()
    finally:
        context.close()


def addresses(country: Flask) -> list[tuple[str | None, str]]:
    """Every page with who opens it."""
    with country.app_context():
        public = public_addresses(reading())
    return [(None, path) for path in public] + [(login, path) for login, paths in OWN.items() for path in paths]


def look(browser: "Browser", country: Flask, address: str, width: int, language: str, scheme: str) -> list[str]:
    """What axe or the width has against any page, in one language, width and colour scheme."""
    found = []
    for login, path in addresses(country):
        with window(browser, country, address, login, width, 800, color_scheme=scheme) as page:
            page.goto(f"{address}{path}{'&' if '?' in path else '?'}lang={language}")
            for summary in page.locator("summary").all()[:3]:
                summary.click()
            found += [f"{path} {width} {language} {scheme}: {what}" for what in check_page(page)]
            if overflow(page):
                found.append(f"{path} is wider than {width}")
    return found


@pytest.mark.parametrize(("width", "language", "scheme"), [(320, "vi", "light"), (1280, "en", "dark")])
def test_pages_are_accessible_and_fit(
    browser: "Browser", country: Flask, live_country: str, width: int, language: str, scheme: str
) -> None:
    assert look(browser, country, live_country, width, language, scheme) == []


@pytest.mark.long
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_pages_in_every_manner(browser: "Browser", country: Flask, live_country: str, width: int, language: str, scheme: str) -> None:
    assert look(browser, country, live_country, width, language, scheme) == []


def long_gaps(country: Flask) -> list[Gap]:
    """Three things to do about procedures with the longest names, so that the screen is as full as it gets."""
    with country.app_context():
        codes = sorted(reading().execute(select(Procedure.code, Procedure.name)).all(), key=lambda row: -len(row[1]))[:3]
    units = ("H26.07", "H26.14")
    first = Gap(
        "held_by_state", codes[0][0], "civil_status", units, 412, 5400, "Ủy ban nhân dân cấp xã", "commune People's Committees", True
    )
    second = Gap("repeat_supplement", codes[1][0], None, units, 187, 900, "Sở Xây dựng", "Department of Construction", True)
    third = Gap("online_unused", codes[2][0], None, units, 104, 104, "Ủy ban nhân dân cấp xã", "commune People's Committees", True)
    return [first, second, third]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize(("width", "height", "room"), [(1280, 720, 720), (360, 740, 1480)])
def test_the_centre_sees_what_to_do_on_the_first_screens(
    browser: "Browser",
    country: Flask,
    live_country: str,
    monkeypatch: pytest.MonkeyPatch,
    width: int,
    height: int,
    room: int,
    language: str,
) -> None:
    gaps = long_gaps(country)
    monkeypatch.setattr(queries, "gaps", lambda *_: gaps)
    with window(browser, country, live_country, CENTRE_USER, width, height) as page:
        page.goto(f"{live_country}/centre?lang={language}")
        assert page.locator("ol.todo > li").count() == 3
        box = page.locator("#three").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= room
        assert page.locator("header nav").evaluate("nav => nav.scrollWidth <= nav.clientWidth && nav.clientHeight <= 48")
        for task in page.locator("ol.todo b").all():
            said = task.inner_text()
            assert said.count("(") == said.count(")"), said
            assert task.evaluate("task => task.scrollHeight <= task.clientHeight + 1"), said
        if width == 1280:
            for heading in page.locator(".tile h2").all():
                assert heading.evaluate("heading => heading.clientHeight <= 1.6 * parseFloat(getComputedStyle(heading).fontSize)")


def test_what_was_sent_reads_on_a_phone_without_sideways_scrolling(browser: "Browser", country: Flask, live_country: str) -> None:
    with window(browser, country, live_country, CENTRE_USER, 360, 740) as page:
        page.goto(live_country + "/submissions")
        table = page.locator(".scroll")
        assert table.evaluate("box => box.scrollWidth <= box.clientWidth")
        assert page.locator("table.stack tbody tr").first.get_by_text("đã nhận đủ").is_visible()


def test_a_keyboard_reaches_the_content_and_the_squares(browser: "Browser", country: Flask, live_country: str) -> None:
    with window(browser, country, live_country, None, 1280, 800) as page:
        page.goto(live_country + "/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        square = page.locator(f'svg.diagram a[data-code="{HANOI}"]')
        square.focus()
        assert "Hà Nội" in (square.get_attribute("aria-label") or "")
        assert square.locator(".say").evaluate("element => getComputedStyle(element).visibility") == "visible"
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/localities/{HANOI}")
