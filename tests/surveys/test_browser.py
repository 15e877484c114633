"""The form in a real browser: narrow and wide, all colours, both languages, without scripts, with a keyboard, weighed."""

import re
from collections.abc import Iterator
from contextlib import closing
from itertools import chain, product
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from sqlalchemy import select

from core.database import reading
from surveys import languages
from surveys.models import Answer
from tests.browsing import check_page, overflow, serve
from tests.surveys.form import open_states, put_catalogue, states
from tests.surveys.helpers import invited

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response

pytestmark = pytest.mark.browser
HEAVIEST = 15_000  # bytes of a page with its headers, style and script, not compressed
SMALL = "button, label.choice, textarea, select, summary, header a, a.second, .find input"


@pytest.fixture
def address(sqlite_app: Flask) -> Iterator[str]:
    """A server with one procedure in its catalogue, whose papers are many."""
    put_catalogue(long_papers=30)
    with serve(sqlite_app) as where:
        yield where


def everything(page: "Page", address: str, language: str) -> Iterator[str]:
    """Every state of the form, of a poster's pages and of a kiosk's."""
    return chain(
        states(page, address, language), open_states(page, address, language, "open"), open_states(page, address, language, "kiosk")
    )


MATRIX = [pytest.param(*each, marks=pytest.mark.long) for each in product(("vi", "en"), (320, 360, 1280), ("light", "dark", "forced"))]


def obstacles(page: "Page", language: str) -> list[str]:
    """What is in somebody's way on the page as it is now. Empty is good."""
    found = check_page(page)
    found += ["wrong language"] if page.locator("html").get_attribute("lang") != language else []
    found += ["no way to the other language"] if page.locator("header a[hreflang]").count() != 1 else []
    found += ["not one heading"] if page.locator("h1").count() != 1 else []
    sizes = page.eval_on_selector_all(SMALL, "all => all.map(e => e.getBoundingClientRect()).map(r => [r.width, r.height])")
    found += [f"a target of {width} x {height}" for width, height in sizes if width and min(width, height) < 44]
    before = page.viewport_size
    for wide in (160, 320, 360, 1280):  # 160: a phone of 320 px, everything twice as large
        page.set_viewport_size({"width": wide, "height": 740})
        found += [f"wider than {wide}"] if overflow(page) else []
    page.set_viewport_size({"width": 320, "height": 740})
    page.add_style_tag(content="html{font-size:200%!important}")
    found += ["too wide with letters twice as large"] if overflow(page) else []
    page.set_viewport_size(before or {"width": 320, "height": 740})
    return found


@pytest.mark.parametrize(("language", "width", "colours"), MATRIX)
def test_every_state_is_without_obstacles(browser: "Browser", address: str, language: str, width: int, colours: str) -> None:
    look: Any = {"forced_colors": "active"} if colours == "forced" else {"color_scheme": colours}
    with closing(browser.new_page(viewport={"width": width, "height": 740}, bypass_csp=True, **look)) as page:
        assert {state: found for state in everything(page, address, language) if (found := obstacles(page, language))} == {}


def test_the_way_to_the_thanks_is_without_obstacles(browser: "Browser", address: str) -> None:
    """The states that differ most; all of them, in all colours, in the long run."""
    usual = {"start, nothing chosen", "screen 1", "screen 2", "screen 3", "screen 6, too long", "thanks, papers"}
    with closing(browser.new_page(viewport={"width": 320, "height": 740}, bypass_csp=True)) as page:
        for state in states(page, address, "vi"):
            if state in usual:
                assert obstacles(page, "vi") == [], state
            if state == "thanks, papers":
                break


@pytest.mark.parametrize(
    ("language", "last"), [("en", "thanks, papers"), *(pytest.param(each, "", marks=pytest.mark.long) for each in ("vi", "en"))]
)
def test_every_state_without_scripts_weighs_little_and_fetches_nothing_more(
    browser: "Browser", address: str, language: str, last: str
) -> None:
    """The whole way under the real policy, each page in one request of at most 15 kB."""
    refused: list[str] = []
    fetched: list[Response] = []
    seen = []
    with closing(browser.new_page(viewport={"width": 320, "height": 640}, java_script_enabled=False)) as page:
        page.on("console", lambda message: refused.append(message.text))
        page.on("requestfailed", lambda request: refused.append(request.url))
        page.on("response", lambda response: fetched.append(response))
        for state in everything(page, address, language):
            seen.append(state)
            if state == last:
                break
    assert "thanks, papers" in seen
    assert not [text for text in refused if "Content Security" in text or "Refused" in text]
    assert all("/s/" in response.url or "/q/" in response.url for response in fetched)
    pages = [response for response in fetched if not 300 <= response.status < 400]
    assert len(pages) >= 10
    assert [(each.url, weight) for each in pages if (weight := _weight(each)) > HEAVIEST] == []


def _weight(response: "Response") -> int:
    """Bytes of an answer, by its own word: its text can no longer be asked for once the browser has gone on."""
    headers = response.headers
    return int(headers["content-length"]) + sum(len(name) + len(value) + 4 for name, value in headers.items())


def test_the_script_is_small_and_let_in_by_the_policy(browser: "Browser", address: str) -> None:
    from surveys.views import DRESS

    assert len(DRESS.script.encode()) <= 3_000
    said: list[str] = []
    with closing(browser.new_page(viewport={"width": 360, "height": 740})) as page:
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{address}/s/{invited()}")
        assert page.locator("button").evaluate("e => getComputedStyle(e).minHeight") == "56px"
        page.locator("label.choice").first.click()
        with page.expect_response(lambda response: response.request.method == "POST") as sent:
            page.locator("form button").click()
        page.wait_for_url("**/more?lang=vi")
    assert sent.value.status == 204  # sent by the script, which was told where to go
    assert said == []


def test_a_language_that_is_a_file_has_no_obstacles_either(sqlite_app: Flask, browser: "Browser", address: str) -> None:
    sqlite_app.extensions["settings"] = sqlite_app.extensions["settings"].model_copy(update={"survey_languages": ("art",)})
    with closing(browser.new_page(viewport={"width": 320, "height": 740}, bypass_csp=True)) as page:
        page.goto(f"{address}/s/{invited()}?lang=art")
        assert check_page(page) == []
        assert not overflow(page)
        assert page.locator("header a").all_inner_texts() == [languages.name_of("vi"), languages.name_of("en")]
        page.locator("header a").last.click()
        assert page.locator("html").get_attribute("lang") == "en"
        assert page.locator("header a").all_inner_texts() == [languages.name_of("vi"), languages.name_of("art")]


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
        for number in (3, 4, 5, 6):  # nothing chosen: every screen is passed over; the second is not asked
            page.locator("form button").focus()
            page.keyboard.press("Enter")
            page.wait_for_url(f"**/more/{number}?lang=vi")
        page.locator("form button").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/thanks?lang=vi")
    reading().rollback()
    assert reading().scalars(select(Answer.rating)).one() == 4


def test_what_a_screen_reader_is_told(browser: "Browser", address: str) -> None:
    with closing(browser.new_page(viewport={"width": 360, "height": 740})) as page:
        page.goto(f"{address}/s/{invited()}")
        question = page.get_by_role("group", name="Ông/Bà hài lòng đến mức nào?")
        assert question.get_by_role("radio").count() == 5
        assert page.get_by_role("radio", name="Rất không hài lòng").count() == 1
        page.get_by_role("radio", name="Không hài lòng", exact=True).check(force=True)
        page.get_by_role("button", name="Gửi và tiếp tục").click()
        page.wait_for_url("**/more?lang=vi")
        assert page.title() == "Đi lại và giấy tờ (1/6)"
        page.goto(page.url.replace("/more", "/more/3"))
        scale = page.get_by_role("group", name="Làm thủ tục này dễ hay khó?")
        assert scale.get_by_role("radio", name=re.compile("^1 ?, Rất khó$")).count() == 1, scale.aria_snapshot()
        assert scale.get_by_role("radio", name=re.compile("^5 ?, Rất dễ$")).count() == 1


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
    assert (answer.rating, answer.revision, answer.raised, answer.lowered) == (2, 2, 0, 1)
