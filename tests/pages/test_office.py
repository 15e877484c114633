"""The office's desk."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core import accounts
from core.calendar import utc_now
from core.database import reading, writing
from core.models import JobRun
from scorecard.models import Edition
from tests.conftest import PASSWORD, log_in
from tests.pages.helpers import OFFICE_USER, acting_as, text_of


@pytest.fixture
def desk(sqlite_app: Flask) -> FlaskClient:
    """A month that is closed, two office users and a failed job; the first user is logged in."""
    now = utc_now()
    for login in ("an", "binh"):
        accounts.add_user(login, login.title(), "office", PASSWORD)
    with writing() as session:
        session.add(
            Edition(
                month="2026-10", version=1, state="closed", simulated=False, rule_version="tthc-2026-1", cutoff_at=now, computed_at=now,
                folder="2026-10-v1", checksum="c" * 64, facts={},
            )
        )  # fmt: skip
        session.add(
            JobRun(job="exports.build", started_at=now, finished_at=now, outcome="failed", message="MemoryError: no room", counts={})
        )
    client = sqlite_app.test_client()
    log_in(client, "an")
    return client


def test_two_persons_review_and_publish(sqlite_app: Flask, desk: FlaskClient) -> None:
    page = text_of(desk.get("/office").text)
    assert "1 bản đang chờ soát hoặc công bố" in page
    assert "Đã soát tháng 10/2026" in page
    assert "Công bố: chưa có người soát." in page
    number = reading().query(Edition.id).scalar()
    assert desk.post(f"/office/editions/{number}/publish").status_code == 400
    assert desk.post(f"/office/editions/{number}/review").status_code == 302
    page = text_of(desk.get("/office").text)
    assert "Công bố: người công bố phải khác người soát." in page
    assert desk.post(f"/office/editions/{number}/publish").status_code == 400
    second = sqlite_app.test_client()
    log_in(second, "binh")
    assert "Công bố tháng 10/2026" in second.get("/office").text
    assert second.post(f"/office/editions/{number}/publish").status_code == 302
    page = text_of(second.get("/office").text)
    assert "Chính thức" in page
    assert "An" in page
    assert "Binh" in page


def test_failures_are_seen(desk: FlaskClient) -> None:
    page = text_of(desk.get("/office").text)
    assert "1 việc của máy bị lỗi gần đây" in page
    assert "MemoryError: no room" in page


def test_who_has_sent_and_who_is_late(country: Flask) -> None:
    page = text_of(acting_as(country, OFFICE_USER).get("/office").text)
    assert "Ai đã gửi số liệu tháng" in page
    assert "Lập báo cáo tháng 10/2026" in page
    assert "nơi gửi chậm hoặc chưa gửi số liệu tháng" in page
