"""A lost connection neither loses an answer nor makes two: with the page's script in a real browser."""

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy import select

from core.database import reading
from surveys import operations, posters
from surveys.models import Answer
from tests.browsing import serve
from tests.surveys.form import POINT, TURNED_AWAY, put_catalogue
from tests.surveys.helpers import NOW, invited

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.browser
LOST = "Mất kết nối"


@pytest.fixture
def address(sqlite_app: Flask) -> Iterator[str]:
    """A server on a catalogue."""
    put_catalogue()
    with serve(sqlite_app) as where:
        yield where


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    """A telephone."""
    with closing(browser.new_context(viewport={"width": 320, "height": 640})) as context:
        yield context.new_page()


def answers() -> list[Answer]:
    """All answers, freshly read."""
    reading().rollback()
    return list(reading().scalars(select(Answer).order_by(Answer.id)))


def choose(page: "Page", nth: int) -> None:
    page.locator("label.choice").nth(nth).click()
    page.locator("form button").click()


def test_what_was_chosen_without_a_connection_is_sent_when_it_is_back(page: "Page", address: str) -> None:
    page.goto(f"{address}/s/{invited()}")
    page.context.set_offline(True)
    choose(page, 4)
    page.get_by_role("status").filter(has_text=LOST).wait_for()
    assert answers() == []
    page.context.set_offline(False)
    page.wait_for_url("**/more?lang=vi")
    assert [(answer.rating, answer.revision) for answer in answers()] == [(1, 1)]


def test_an_answer_whose_receipt_was_lost_is_sent_again_and_counts_once(page: "Page", address: str) -> None:
    lost: list[int] = []

    def swallow(route: "Route") -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch(max_redirects=0).status)  # it reaches the server, but its answer never comes back
            route.abort("connectionreset")
        else:
            route.continue_()

    page.goto(f"{address}/s/{invited()}")
    page.route("**/s/**", swallow)
    choose(page, 3)
    page.wait_for_url("**/more?lang=vi", timeout=15_000)
    assert lost == [204]
    assert [(answer.rating, answer.revision) for answer in answers()] == [(2, 1)]


def test_a_page_opened_again_sends_what_was_kept(page: "Page", address: str) -> None:
    page.goto(f"{address}/s/{invited()}")
    page.route("**/s/**", lambda route: route.abort("internetdisconnected") if route.request.method == "POST" else route.continue_())
    choose(page, 1)
    page.get_by_role("status").filter(has_text=LOST).wait_for()
    page.unroute("**/s/**")
    page.reload()
    page.wait_for_url("**/more?lang=vi")
    assert [answer.rating for answer in answers()] == [4]
    assert page.evaluate("sessionStorage.length") == 0  # nothing stays on the telephone


def until_kept(page: "Page", number: int) -> None:
    """Wait until so many bodies are kept on the telephone. (The page's own policy lets no waiting in the page itself.)"""
    for _ in range(100):
        if page.evaluate("sessionStorage.length") == number:
            return
        page.wait_for_timeout(100)
    raise AssertionError(page.evaluate("JSON.stringify(sessionStorage)"))


def leave_unsent(page: "Page", address: str, token: str, then: str) -> None:
    """The first screen's answer does not get out, and its page is left for another before the connection is back."""
    page.goto(f"{address}/s/{token}")
    page.route("**/s/**", lambda route: route.abort("internetdisconnected") if route.request.method == "POST" else route.continue_())
    choose(page, 1)
    page.get_by_role("status").filter(has_text=LOST).wait_for()
    page.goto(f"{address}/s/{token}/{then}")


def test_the_last_page_sends_what_is_still_kept_and_leaves_nothing_behind(page: "Page", address: str) -> None:
    token, other = invited(1), invited(2)
    operations.submit(token, {"ease": "3"}, NOW, "vi")
    page.goto(f"{address}/s/{token}")
    page.evaluate("key => sessionStorage.setItem(key, 'rating=1')", f"survey {address}/s/{other}?lang=vi")
    leave_unsent(page, address, token, "thanks")
    assert page.evaluate("sessionStorage.length") == 2  # it could not be sent yet, and is not lost
    page.unroute("**/s/**")
    page.reload()
    until_kept(page, 1)  # what belongs to another link stays
    assert [(answer.rating, answer.responses) for answer in answers()] == [(4, {"ease": "3"})]


def test_what_is_on_its_way_is_not_lost_by_going_on(page: "Page", address: str) -> None:
    """On a slow line somebody presses the next link before the answer has left the telephone."""
    token = invited()
    operations.submit(token, {"rating": "4"}, NOW, "vi")
    page.goto(f"{address}/s/{token}/more/3")
    held: list[Route] = []
    page.route("**/s/**", lambda route: held.append(route) if route.request.method == "POST" and not held else route.continue_())
    page.locator("label.choice").first.click()
    page.locator("form button").click()
    page.wait_for_timeout(300)
    assert len(held) == 1
    page.locator("a.second").click()
    page.wait_for_url("**/thanks**")
    until_kept(page, 0)
    assert [(answer.rating, answer.responses) for answer in answers()] == [(4, {"ease": "1"})]


def test_who_presses_another_answer_while_the_first_is_on_its_way_is_heard(page: "Page", address: str) -> None:
    page.goto(f"{address}/s/{invited()}")
    held: list[Route] = []
    page.route("**/s/**", lambda route: held.append(route) if route.request.method == "POST" and not held else route.continue_())
    choose(page, 1)
    page.wait_for_timeout(300)
    choose(page, 4)
    held[0].continue_()
    page.wait_for_url("**/more?lang=vi")
    assert [(answer.rating, answer.lowered) for answer in answers()] == [(1, 1)]


def test_a_deletion_that_did_not_get_out_never_comes_later(page: "Page", address: str) -> None:
    token = invited()
    operations.submit(token, {"rating": "2"}, NOW, "vi")
    page.goto(f"{address}/s/{token}/delete")
    page.route("**/s/**", lambda route: route.abort("internetdisconnected") if route.request.method == "POST" else route.continue_())
    page.locator("form button").click()
    page.wait_for_timeout(300)
    page.unroute("**/s/**")
    page.goto(f"{address}/s/{token}/thanks")
    page.wait_for_timeout(500)
    assert [answer.rating for answer in answers()] == [2]


def test_what_was_kept_never_replaces_what_was_sent_after_it(page: "Page", address: str) -> None:
    token = invited()
    operations.submit(token, {"ease": "3"}, NOW, "vi")
    leave_unsent(page, address, token, "?lang=en")
    page.unroute("**/s/**")
    choose(page, 4)
    page.wait_for_url("**/more?lang=en")
    page.goto(f"{address}/s/{token}/thanks")
    page.wait_for_timeout(500)
    assert page.evaluate("sessionStorage.length") == 0
    assert [(answer.rating, answer.revision) for answer in answers()] == [(1, 1)]


def test_what_was_kept_is_dropped_once_the_answer_is_deleted(page: "Page", address: str) -> None:
    token = invited()
    operations.submit(token, {"ease": "3"}, NOW, "vi")
    leave_unsent(page, address, token, "delete")
    page.unroute("**/s/**")
    page.locator("form button").click()
    page.get_by_role("heading", name="Đã xóa", exact=True).wait_for()
    until_kept(page, 0)
    assert answers() == []


def test_a_refusal_shows_the_page_that_says_why(page: "Page", address: str) -> None:
    page.goto(f"{address}/s/{invited()}")
    page.locator("form button").click()
    page.locator("#rating-error").wait_for()
    choose(page, 0)
    page.wait_for_url("**/more?lang=vi")
    page.goto(page.url.replace("/more", "/more/6"))
    page.locator("textarea").fill("Đi lại nhiều lần. " * 40)
    page.locator("form button").click()
    page.locator("#comment-error").wait_for()
    assert page.locator("textarea").input_value().startswith("Đi lại nhiều lần.")


def test_a_poster_s_choice_is_kept_too(page: "Page", address: str) -> None:
    place = posters.open_place("00004", POINT, "open", NOW)
    page.goto(f"{address}/q/{place.code}")
    page.context.set_offline(True)
    page.locator(TURNED_AWAY).click()
    page.get_by_role("status").filter(has_text=LOST).wait_for()
    page.context.set_offline(False)
    page.locator("#find").wait_for()
    assert [answer.end_point for answer in answers()] == ["turned_away"]
