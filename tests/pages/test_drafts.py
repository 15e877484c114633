"""A unit's own draft: what it sees, says and is answered; nobody sees another's."""

from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from core import accounts
from core.calendar import Month, utc_now
from core.database import reading
from scorecard import draft_comments, operations, workflow
from scorecard.workflow_models import DraftComment
from tests.conftest import PASSWORD, log_in
from tests.pages.helpers import text_of
from tests.scorecard import small


@pytest.fixture
def draft(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """A draft of the small country that is out for comment today."""
    small.build([small.Dossier(f"a{n}", finished=3 + n % 9) for n in range(30)])
    accounts.add_user("an", "An", "office", PASSWORD)
    for login, unit in (("hanoi", "01"), ("hue", "46"), ("sotuphap", "H26.02")):
        accounts.add_user(login, login.title(), "centre", PASSWORD, unit_code=unit)
    number = operations.close(small.MONTH, utc_now(), "worker").id
    workflow.send_for_comment(number, "an", utc_now())
    return sqlite_app


class Person:
    """Someone logged in, each of whose requests has a context of its own: the test's own would keep the last person in mind."""

    def __init__(self, app: Flask, login: str) -> None:
        self.app, self.client = app, app.test_client()
        with app.app_context():
            log_in(self.client, login)

    def get(self, address: str) -> TestResponse:
        with self.app.app_context():
            return self.client.get(address)

    def post(self, address: str, data: dict[str, str]) -> TestResponse:
        with self.app.app_context():
            return self.client.post(address, data=data)


def said() -> list[DraftComment]:
    reading().rollback()
    return draft_comments.of_month(reading(), "2026-10")


def client(app: Flask, login: str) -> Person:
    return Person(app, login)


def test_a_unit_explains_objects_and_reads_the_answer(draft: Flask) -> None:
    unit, office = client(draft, "hanoi"), client(draft, "an")
    page = text_of(unit.get("/centre/draft").text)
    assert "Dự thảo tháng 10/2026 — Thành phố Hà Nội" in page
    assert "còn" in page
    assert "báo cáo in: “không có ý kiến”" in page
    given = {"month": "2026-10", "unit": "01", "text": "Hai ngày mất điện."}
    assert unit.post("/centre/draft/explanation", data=given).status_code == 302
    objection = given | {"subject": "F1", "procedure": small.BIRTH, "text": "Cơ sở dữ liệu chưa có giấy này."}
    assert unit.post("/centre/draft/objections", data=objection).status_code == 302
    listed = office.get("/office/drafts").text
    assert "Chờ trả lời (2)" in text_of(listed)
    assert "Đăng ký khai sinh" in text_of(listed)
    numbers = [comment.id for comment in said()]
    refused = office.post(f"/office/drafts/{numbers[0]}/answer", data={"verdict": "noted", "answer": "", "month": "2026-10"})
    assert refused.status_code == 400
    for number in numbers:
        reply = {"verdict": "accepted", "answer": "Đã kiểm tra, đúng.", "month": "2026-10"}
        assert office.post(f"/office/drafts/{number}/answer", data=reply).status_code == 302
    page = text_of(unit.get("/centre/draft").text)
    assert page.count("Đã kiểm tra, đúng.") == 2
    assert page.count("Điều này đang được xem lại.") == 1  # of the objection; an explanation has nothing to review
    assert "An, " in page


def test_units_see_their_drafts_all_at_once(sqlite_app: Flask) -> None:
    small.build([small.Dossier(f"a{n}", finished=3 + n % 9) for n in range(30)])
    accounts.add_user("an", "An", "office", PASSWORD)
    accounts.add_user("hanoi", "Hà Nội", "centre", PASSWORD, unit_code="01")
    number = operations.close(small.MONTH, utc_now(), "worker").id
    unit, office = client(sqlite_app, "hanoi"), client(sqlite_app, "an")
    page = text_of(unit.get("/centre/draft").text)
    assert "dự thảo chưa được gửi lấy ý kiến" in page
    assert "Dự thảo tháng 10/2026" not in page
    for address in ("/centre?month=2026-10", "/centre/figures.csv?month=2026-10", "/centre/dossiers?month=2026-10&figure=supplement"):
        assert unit.get(address).status_code == 404, address
    assert office.get("/centre?month=2026-10&unit=01").status_code == 200
    assert office.get("/centre/draft?month=2026-10&unit=01").status_code == 200
    workflow.send_for_comment(number, "an", utc_now())
    assert "Dự thảo tháng 10/2026 — Thành phố Hà Nội" in text_of(unit.get("/centre/draft").text)
    for address in ("/centre?month=2026-10", "/centre/dossiers?month=2026-10&figure=supplement"):
        assert unit.get(address).status_code == 200, address


def test_what_was_typed_is_kept_where_it_cannot_be_taken(draft: Flask) -> None:
    unit = client(draft, "hanoi")
    answer = unit.post("/centre/draft/explanation", data={"month": "2026-10", "unit": "01", "text": "dài " * 200})
    assert answer.status_code == 400
    assert "dài dài dài" in answer.text
    assert "600" in answer.text
    assert said() == []


def test_nobody_sees_or_speaks_for_another(draft: Flask) -> None:
    hue = client(draft, "hue")
    given = {"month": "2026-10", "unit": "01", "text": "Nói thay Hà Nội."}
    assert hue.get("/centre/draft?unit=01").status_code == 403
    assert hue.post("/centre/draft/explanation", data=given).status_code == 403
    assert hue.post("/centre/draft/objections", data=given | {"subject": "F1"}).status_code == 403
    own = client(draft, "hanoi")
    own.post("/centre/draft/explanation", data=given | {"text": "Lời của Hà Nội."})
    number = said()[0].id
    assert hue.post(f"/centre/draft/comments/{number}/withdraw", data={"month": "2026-10", "unit": "46"}).status_code == 400
    assert "Lời của Hà Nội" not in hue.get("/centre/draft").text
    below = client(draft, "sotuphap")
    assert below.get("/centre/draft?unit=01").status_code == 403
    assert "Sở Tư pháp" in below.get("/centre/draft").text
    assert hue.get("/office/drafts").status_code == 403


def test_after_the_last_day_the_forms_are_gone(draft: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    later = utc_now() + timedelta(days=40)
    monkeypatch.setattr("scorecard.workflow_views.utc_now", lambda: later)
    unit = client(draft, "hanoi")
    page = unit.get("/centre/draft").text
    assert "Đã hết hạn lấy ý kiến" in text_of(page)
    assert "Không có ý kiến." in text_of(page)
    assert "<textarea" not in page
    refused = unit.post("/centre/draft/explanation", data={"month": "2026-10", "unit": "01", "text": "Muộn."})
    assert refused.status_code == 400
    assert "không có ý kiến" in text_of(client(draft, "an").get("/office/drafts").text)


def test_the_scorecard_leads_to_the_draft(draft: Flask) -> None:
    assert "Dự thảo đang lấy ý kiến đến hết ngày" in text_of(client(draft, "hanoi").get("/centre").text)
    assert Month.parse("2026-10") == small.MONTH
