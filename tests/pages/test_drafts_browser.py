"""The office's page and a unit's draft in a real browser: no violation of WCAG 2.2 AA, nothing wider than a phone."""

from typing import TYPE_CHECKING

import pytest
from flask import Flask

from core import accounts, notices
from core.calendar import utc_now
from core.database import reading
from core.models import User
from scorecard import draft_comments, operations, workflow
from tests.browsing import check_page, overflow, serve
from tests.conftest import PASSWORD
from tests.scorecard import small

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.long
PAGES = {
    "an": ("/office", "/office/editions", "/office/drafts", "/office/recipients"),
    "hanoi": ("/centre/draft",),
}


@pytest.fixture
def draft(sqlite_app: Flask) -> Flask:
    """A draft with comments, an answer and a recipient."""
    small.build([small.Dossier(f"a{n}", finished=3 + n % 9, requests=[(2, ["Giấy khai sinh"])] * (n % 3 == 0)) for n in range(40)])
    small.answers([("00004", 3 + n % 3, small.BIRTH, 0, None, {}) for n in range(30)])
    accounts.add_user("an", "An", "office", PASSWORD)
    accounts.add_user("hanoi", "Hà Nội", "centre", PASSWORD, unit_code="01")
    now = utc_now()
    workflow.send_for_comment(operations.close(small.MONTH, now, "worker").id, "an", now)
    who = reading().query(User).filter_by(login="hanoi").one()
    first = draft_comments.explain("2026-10", "01", "Mất điện hai ngày.", who, now)
    draft_comments.answer(first.id, "noted", "Đã ghi nhận.", "an", now)
    who = reading().query(User).filter_by(login="hanoi").one()
    draft_comments.object_to("2026-10", "01", "F1", "", "Cơ sở dữ liệu không có giấy này.", who, now)
    notices.add_recipient("vanthu@example.vn", None, "vi", "an", now)
    sqlite_app.config["WTF_CSRF_ENABLED"] = True
    reading().rollback()
    return sqlite_app


def _log_in(page: "Page", site: str, login: str) -> None:
    page.goto(f"{site}/login")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.click("main button")


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_pages_are_fit_for_everybody(draft: Flask, browser: "Browser", width: int, language: str) -> None:
    with serve(draft) as site:
        for login, addresses in PAGES.items():
            page = browser.new_page(viewport={"width": width, "height": 800}, bypass_csp=True)
            _log_in(page, site, login)
            for address in addresses:
                page.goto(f"{site}{address}?lang={language}")
                assert page.locator("h1").count() == 1, address
                assert check_page(page) == [], address
                assert not overflow(page), address
            page.close()
