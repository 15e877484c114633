"""The survey in a real browser: narrow and wide, light and dark, in both languages, without scripts, with a keyboard."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from sqlalchemy import select

from core.database import reading, writing
from procedures.models import Procedure
from surveys.models import Answer
from tests.browsing import check_page, overflow, serve
from tests.surveys.helpers import PROCEDURE, invited

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
LONG_NAME = "Liên thông các thủ tục hành chính về đăng ký khai sinh, cấp Thẻ bảo hiểm y tế cho trẻ em dưới 6 tuổi"


@pytest.fixture
def address(sqlite_app: Flask) -> Iterator[str]:
    """A server with one procedure in its catalogue."""
    with writing() as session:
        session.add(Procedure(code=PROCEDURE, name=LONG_NAME, valid_from=date(2020, 1, 1), valid_to=None))
    with serve(sqlite_app) as where:
        yield where


def states(page: "Page", address: str, language: str) -> Iterator[str]:
    """Lead the page through every state a person can see; gives each state's name."""
    token = invited()
    start = f"{address}/s/{token}?lang={language}"
    page.goto(start)
    yield "start"
    page.locator("summary").click()
    yield "start, notice open"
    page.locator("button").click()
    yield "start, nothing chosen"
    page.locator("label.choice").nth(1).click()
    yield "start, chosen"
    page.locator("button").click()
    yield "more"
    page.locator("label.na").first.click()
    page.locator("textarea").fill("Đi lại nhiều lần. " * 40)
    page.locator("button").click()
    yield "more, too long"
    page.locator("textarea").fill("Đi lại nhiều lần.")
    page.locator("button").click()
    yield "thanks"
    page.goto(start)
    yield "start, answered before"
    page.goto(f"{address}/s/{token}/delete?lang={language}")
    yield "delete"
    page.locator("button").click()
    yield "deleted"
    page.goto(f"{address}/s/{invited(2, occasion='supplement-1', end_point='supplement')}?lang={language}")
    yield "short form"
    page.locator("label.choice").first.click()
    page.locator("button").click()
    yield "short form, more"
    page.goto(f"{address}/s/{invited(3, expires_on=date(2026, 1, 1))}?lang={language}")
    yield "expired"
    page.goto(f"{address}/s/{'a' * 26}?lang={language}")
    yield "unknown"


@pytest.mark.parametrize(
    ("language", "width", "scheme"),
    [
        ("vi", 320, "light"),
        ("en", 1280, "dark"),
        pytest.param("vi", 1280, "dark", marks=pytest.mark.long),
        pytest.param("en", 320, "light", marks=pytest.mark.long),
    ],
)
def test_every_state_is_without_obstacles(browser: "Browser", address: str, language: str, width: int, scheme: Any) -> None:
    with closing(browser.new_page(viewport={"width": width, "height": 740}, color_scheme=scheme, bypass_csp=True)) as page:
        for state in states(page, address, language):
            assert check_page(page) == [], state
            assert page.locator("html").get_attribute("lang") == language
            small = page.eval_on_selector_all(
                "button, label.choice, textarea, summary, header a, a.second",
                "all => all.map(e => e.getBoundingClientRect()).filter(r => r.height < 44 || r.width < 44).length",
            )
            assert small == 0, state
            for wide in (320, 360, 1280):
                page.set_viewport_size({"width": wide, "height": 740})
                assert not overflow(page), (state, wide)
            page.set_viewport_size({"width": width, "height": 740})


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_walk_without_scripts_under_the_real_policy(browser: "Browser", address: str, language: str) -> None:
    refused: list[str] = []
    with closing(browser.new_page(viewport={"width": 320, "height": 640}, java_script_enabled=False)) as page:
        page.on("console", lambda message: refused.append(message.text))
        page.on("requestfailed", lambda request: refused.append(request.url))
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        seen = list(states(page, address, language))
    assert "thanks" in seen
    assert not [text for text in refused if "Content Security" in text or "Refused" in text]
    assert all("/s/" in url for url in requests)  # one request a page: nothing else is fetched


def test_the_style_is_let_in_by_the_policy(browser: "Browser", address: str) -> None:
    with closing(browser.new_page(viewport={"width": 360, "height": 740})) as page:
        page.goto(f"{address}/s/{invited()}")
        assert page.locator("button").evaluate("e => getComputedStyle(e).minHeight") == "56px"


def test_a_keyboard_is_enough_and_shows_where_it_is(browser: "Browser", address: str) -> None:
    with closing(browser.new_page(viewport={"width": 360, "height": 740})) as page:
        page.goto(f"{address}/s/{invited()}")
        page.locator("header a").focus()
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowDown")
        label = page.locator("label.choice").nth(1)
        assert label.locator("input").is_checked()
        assert label.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
        page.keyboard.press("Enter")
        page.wait_for_url("**/more?lang=vi")
    reading().rollback()
    assert reading().scalars(select(Answer.rating)).one() == 4


def test_the_back_button_and_a_second_sending_make_one_answer(browser: "Browser", address: str) -> None:
    with closing(browser.new_page(viewport={"width": 360, "height": 740})) as page:
        page.goto(f"{address}/s/{invited()}")
        for nth in (0, 0, 3):
            page.locator("label.choice").nth(nth).click()
            page.locator("button").click()
            page.wait_for_url("**/more?lang=vi")
            page.go_back()
    reading().rollback()
    answer = reading().scalars(select(Answer)).one()
    assert (answer.rating, answer.revision) == (2, 2)
