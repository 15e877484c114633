"""Sending a file in a real browser: with the script and without, narrow and wide, in both languages, with a keyboard."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from sqlalchemy import select

from core.calendar import utc_now
from core.database import reading
from procedures import feeds
from procedures.models import Submission
from tests.browsing import check_page, overflow, serve
from tests.conftest import PASSWORD
from tests.procedures.feed import NOW
from tests.procedures.sending import CENTRE, people, record
from tests.procedures.test_outcomes import row, table

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
RESULT = re.compile(r"/submissions/[0-9a-f]{16}$")


@pytest.fixture
def address(sqlite_app: Flask) -> Iterator[str]:
    """A server on the small country."""
    people(sqlite_app)
    with serve(sqlite_app) as where:
        yield where


@contextmanager
def window(
    browser: "Browser", address: str, width: int = 360, scripts: bool = True, bypass: bool = True, scheme: str = "light"
) -> "Iterator[Page]":
    """A page in which the centre's clerk is logged in."""
    context = browser.new_context(
        viewport={"width": width, "height": 800}, java_script_enabled=scripts, bypass_csp=bypass, color_scheme=scheme
    )
    page = context.new_page()
    page.goto(f"{address}/login")
    page.fill("[name=login]", CENTRE)
    page.fill("[name=password]", PASSWORD)
    page.click("form.login button")
    try:
        yield page
    finally:
        context.close()


def work() -> None:
    """What the worker does with everything that came."""
    reading().rollback()
    feeds.process_waiting(NOW)


def a_file(folder: Path) -> Path:
    """A file of three rows of which one is bad."""
    path = folder / "Hồ sơ ngày 20.csv"
    path.write_bytes(table(row(1), row(2), row(3, unit="TP-HN")))
    return path


def send(page: "Page", address: str, file: Path) -> None:
    """Choose a file and its kind, and press the button."""
    page.goto(f"{address}/submissions")
    page.click("a.button.main")
    page.set_input_files("#file", file)
    page.check("input[value=flat-vi]")
    page.click("button.main")
    page.wait_for_url(RESULT)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_clerk_sends_a_file_and_reads_the_result(browser: "Browser", address: str, tmp_path: Path, scripts: bool) -> None:
    with window(browser, address, scripts=scripts, bypass=False) as page:
        send(page, address, a_file(tmp_path))
        assert page.locator("h1").inner_text() == "Tệp đã đến nơi và đang chờ kiểm tra."
        work()
        page.get_by_text("Đã nhận 2 trên 3 dòng; 1 dòng cần sửa.").wait_for()  # nobody pressed anything: the page came again
        with page.expect_download() as download:
            page.click("a.button.main")
        assert "unknown_unit" in Path(download.value.path()).read_text("utf-8-sig")
    assert reading().scalars(select(Submission.file_name)).all() == ["Hồ sơ ngày 20.csv"]


def test_the_script_says_what_is_wrong_without_sending_and_shows_what_the_server_says(
    browser: "Browser", address: str, tmp_path: Path
) -> None:
    empty = tmp_path / "trong.csv"
    empty.write_bytes(b"")
    with window(browser, address, bypass=False) as page:
        page.goto(f"{address}/submissions/new")
        page.set_input_files("#file", a_file(tmp_path))
        page.check("input[value=flat-vi]")
        page.evaluate("document.querySelector('form.upload').dataset.limit = '10'")
        page.click("button.main")
        assert "Tệp lớn hơn 200 MB" in page.locator("#file-wrong").inner_text()
        assert page.evaluate("document.activeElement.id") == "file"
        page.evaluate("document.querySelector('form.upload').dataset.limit = '1000000'")
        page.set_input_files("#file", empty)
        page.click("button.main")
        page.get_by_text("Tệp trong.csv trống").wait_for()
        assert page.locator("input[value=flat-vi]").is_checked()
        page.set_input_files("#file", a_file(tmp_path))  # the form that came back works like the first
        page.click("button.main")
        page.wait_for_url(RESULT)


def test_a_keyboard_is_enough(browser: "Browser", address: str, tmp_path: Path) -> None:
    with window(browser, address) as page:
        page.goto(f"{address}/submissions/new")
        page.set_input_files("#file", a_file(tmp_path))
        page.locator("#file").focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        assert page.evaluate("document.activeElement.name") == "profile"
        page.check("input[value=flat-vi]")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Gửi tệp"
        box = page.locator("button.main").bounding_box()
        assert box is not None
        assert box["height"] >= 44
        page.keyboard.press("Enter")
        page.wait_for_url(RESULT)


@pytest.mark.parametrize(("width", "language", "scheme"), [(320, "vi", "light"), (360, "en", "dark"), (1280, "vi", "dark")])
def test_every_page_is_accessible_and_fits(
    browser: "Browser", address: str, tmp_path: Path, width: int, language: str, scheme: str
) -> None:
    with window(browser, address, width, scheme=scheme) as page:
        send(page, address, a_file(tmp_path))
        work()
        done = page.url.rsplit("/", 1)[1]
        record("moving", state="received")
        record("refused", state="rejected", reason="Tệp trống.", reason_en="The file is empty.", finished_at=utc_now())
        difference = {"added": 1, "changed": 2, "removed": 3, "unchanged": 4}
        record("waits", state="checked", checked_at=utc_now(), replaces_month="2026-10", difference=difference)
        found = []
        for path in ("", "/new", f"/{done}", "/moving?still=1", "/refused", "/waits", "/codes"):
            page.goto(f"{address}/submissions{path}{'&' if '?' in path else '?'}lang={language}")
            for summary in page.locator("summary").all():
                summary.click()
            found += [f"{path}: {what}" for what in check_page(page)]
            if overflow(page):
                found.append(f"{path} is wider than {width}")
            found += [f"{path}: {text} is small" for text in page.evaluate(SMALL)]
    assert found == []


# Buttons and fields that a finger would miss.
SMALL = """[...document.querySelectorAll('main button, main a.button, main select, main label.choice, main summary, main input[type=file]')]
    .filter(element => element.getBoundingClientRect().height < 43.5).map(element => element.outerHTML)"""
