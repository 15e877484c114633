"""Open links, the desk and the kiosk in a real browser: narrow and wide, both languages, axe on every state."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from core.access import CLERK, INTERVIEWER, OFFICE
from core.accounts import add_user
from core.calendar import Month, utc_now
from core.database import reading, writing
from surveys import paper, posters, telephone
from surveys.models import Invitation
from tests.browsing import check_page, overflow, serve
from tests.conftest import PASSWORD
from tests.surveys.form import POINT, open_states
from tests.surveys.helpers import NOW, invited
from tests.surveys.reach import put_units

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def codes(sqlite_app: Flask) -> Iterator[dict[str, str]]:
    """A running server with a poster, a kiosk, slips and a case: addresses and codes by name."""
    put_units()
    invited()
    with writing() as session:
        invitation = session.query(Invitation).one()
        invitation.month = str(Month.of(utc_now()))
        case = telephone.new_case(invitation, "followup", 0.5)
        session.add(case)
        number = invitation.id
    poster, kiosk = (posters.open_place("00004", POINT, mode, NOW) for mode in ("open", "kiosk"))
    batch = paper.print_batch("00004", POINT, 2, NOW)
    for login, role, unit in (("giay", CLERK, "31000"), ("goi", INTERVIEWER, None), ("phong", OFFICE, None)):
        add_user(login, login, role, PASSWORD, unit_code=unit)
    reading().rollback()
    with serve(sqlite_app) as where:
        yield {
            "at": where,
            "poster": poster.code,
            "kiosk": kiosk.code,
            "call": telephone.call_code(number),
            "slip": next(iter(paper._codes(batch, 1))),
        }


def visits(page: "Page", codes: dict[str, str], language: str) -> Iterator[str]:
    """Every state of a poster's and of a kiosk's pages."""
    for mode in ("open", "kiosk"):
        yield from open_states(page, codes["at"], language, mode)


def desk(page: "Page", codes: dict[str, str], language: str) -> Iterator[str]:
    """Every state of the desk."""
    for login, path in (("giay", "slips"), ("goi", "calls"), ("phong", "places")):
        page.context.clear_cookies()
        page.goto(f"{codes['at']}/login?lang={language}")
        page.locator("[name=login]").fill(login)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("main button").click()
        page.goto(f"{codes['at']}/survey/{path}?lang={language}")
        yield path
        if path == "slips":
            page.locator("#code").fill("ABC")
            page.locator("button.main").click()
            yield "slips refused"
            page.locator("#code").fill(codes["slip"])
            page.locator("button.main").click()
            yield "slips entered"
        if path == "calls":
            page.locator("#code").fill("ABC")
            page.locator("button.main").click()
            yield "calls refused"
            page.goto(f"{codes['at']}/survey/calls/{codes['call']}?lang={language}")
            yield "call"
            page.locator("button.main").click()
            yield "call refused"


@pytest.mark.parametrize(
    ("language", "width", "scheme"),
    [("vi", 320, "light"), pytest.param("en", 1280, "dark", marks=pytest.mark.long)],
)
def test_every_state_is_without_obstacles(browser: "Browser", codes: dict[str, str], language: str, width: int, scheme: str) -> None:
    with closing(browser.new_context(viewport={"width": width, "height": 700}, color_scheme=scheme, bypass_csp=True)) as context:  # type: ignore[arg-type]
        page = context.new_page()
        for states in (visits, desk):
            for state in states(page, codes, language):
                assert check_page(page) == [], state
                assert not overflow(page), state


@pytest.mark.parametrize("scripts", [True, False])
def test_who_goes_back_at_a_kiosk_is_shown_nothing_that_the_last_one_chose(
    browser: "Browser", codes: dict[str, str], scripts: bool
) -> None:
    """Browsers bring pages back as they were left, choices and all, also those whose headers forbid to store them."""
    usual = ["--disable-back-forward-cache"]  # which other tests are run with, and no kiosk
    path = shutil.which("chromium")
    with closing(browser.browser_type.launch(executable_path=path, args=["--no-sandbox"], ignore_default_args=usual)) as device:
        page = device.new_context(java_script_enabled=scripts).new_page()
        page.goto(f"{codes['at']}/q/{codes['kiosk']}")
        page.locator("button[value=filed]").click()
        page.wait_for_url("**/more**")
        page.locator("label.choice").nth(4).click()
        page.locator("form.more button").click()
        page.wait_for_url("**/thanks**")
        page.evaluate("history.back()")
        page.wait_for_timeout(1_500)  # a page that is brought back brings no load that could be waited for
        assert page.url == f"{codes['at']}/q/{codes['kiosk']}?lang=vi"  # the first page, for the next person


def test_the_open_link_works_without_scripts_and_from_the_keyboard(browser: "Browser", codes: dict[str, str]) -> None:
    with closing(browser.new_context(java_script_enabled=False)) as context:
        page = context.new_page()
        page.goto(f"{codes['at']}/q/{codes['poster']}")
        for _ in range(3):  # past the language and the first answer; the field for machines is not in the way
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/more?lang=vi")
        assert page.locator("#find").count() == 1
