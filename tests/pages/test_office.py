"""The office's page: what keeps a report from being signed, who can do it, with a button; then the way to the end."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core import accounts, lease
from core.calendar import Month, local_date, utc_now
from core.database import reading, writing
from core.models import JobRun
from exports import operations
from scorecard import workflow
from scorecard.models import Edition
from scorecard.workflow_models import DraftComment, EditionStep
from tests.conftest import PASSWORD, log_in
from tests.exports.publishing import NUMBER, light
from tests.pages.helpers import OFFICE_USER, acting_as, text_of

REASON = "Đã thống nhất bằng điện thoại với mọi nơi."
LAST = str(Month.of(utc_now()).plus(-1))
SHOWN = f"{LAST[5:]}/{LAST[:4]}"


@pytest.fixture
def desk(sqlite_app: Flask) -> FlaskClient:
    """A month that is closed, two office users and a failed job; the first user is logged in."""
    now = utc_now()
    for login in ("an", "binh"):
        accounts.add_user(login, login.title(), "office", PASSWORD)
    with writing() as session:
        edition = Edition(
            month=LAST, version=1, state="closed", simulated=False, rule_version="tthc-2026-1", cutoff_at=now, computed_at=now,
            folder=f"{LAST}-v1", checksum="c" * 64, facts={},
        )  # fmt: skip
        session.add(edition)
        session.flush()
        workflow.record(session, edition, workflow.CUT_OFF, now, "worker")
        workflow.record(session, edition, workflow.COMPUTED, now, "worker")
        session.add(
            JobRun(
                job="exports.build_wanted",
                started_at=now,
                finished_at=now + timedelta(seconds=3),
                outcome="failed",
                message="MemoryError: no room",
            )
        )
    client = sqlite_app.test_client()
    log_in(client, "an")
    return client


def second(app: Flask) -> FlaskClient:
    client = app.test_client()
    log_in(client, "binh")
    return client


def number() -> int:
    session = reading()
    session.rollback()
    return session.scalars(select(Edition.id)).one()


def test_an_officer_new_to_the_post_reaches_a_published_report(
    sqlite_app: Flask, desk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = text_of(desk.get("/office").text)
    assert f"Báo cáo tháng {SHOWN} — DỰ THẢO — hạn trình" in page
    assert "Chưa thể trình vì" in page
    assert "Chưa gửi dự thảo lấy ý kiến." in page
    assert "Ai làm: An, Binh" in page
    assert desk.post(f"/office/editions/{number()}/publish").status_code == 400
    assert desk.post(f"/office/editions/{number()}/comment").status_code == 302
    page = text_of(desk.get("/office").text)
    assert "Còn thời hạn lấy ý kiến đến hết ngày" in page
    assert desk.post(f"/office/editions/{number()}/review").status_code == 400
    assert desk.post(f"/office/editions/{number()}/review", data={"reason": REASON}).status_code == 302
    page = text_of(desk.get("/office").text)
    assert "Người công bố phải khác người soát xét." in page
    assert REASON in page
    assert desk.post(f"/office/editions/{number()}/publish").status_code == 400
    other = second(sqlite_app)
    found = other.get("/office").text
    assert "Báo cáo chưa có phần: Nhận xét, Đề nghị." in text_of(found)
    assert "Chưa lấy số văn bản." in text_of(found)
    assert "Công bố sau khi lấy số và dựng xong bản cuối." in text_of(found)
    assert other.post(f"/office/editions/{number()}/publish", data={"unsigned": REASON}).status_code == 400
    light(monkeypatch)
    taken = {"number": NUMBER, "dated_on": local_date(utc_now()).isoformat()}
    assert other.post(f"/office/publication/{number()}/number", data=taken).status_code == 302
    operations.build_wanted(utc_now())
    found = text_of(other.get("/office").text)
    assert "Số 123/BC-VPCP, chưa có chữ ký." in found
    assert "Báo cáo chưa có phần" not in found
    assert "Lý do công bố khi chưa ký" in found
    assert other.post(f"/office/editions/{number()}/publish").status_code == 400
    assert other.post(f"/office/editions/{number()}/publish", data={"unsigned": REASON}).status_code == 302
    page = text_of(other.get("/office").text)
    assert "ĐÃ CÔNG BỐ" in page
    assert "Chưa gửi Hệ thống theo dõi Nghị quyết 57." in page
    listed = text_of(other.get("/office/editions").text)
    assert "Chính thức" in listed
    assert REASON in listed


def test_at_most_five_things_stand_in_the_way(desk: FlaskClient) -> None:
    desk.post(f"/office/editions/{number()}/comment")
    with writing() as session:
        session.add(
            DraftComment(
                month=LAST, version=1, unit_code="01", kind="explanation", text="Mất điện.", written_by="hanoi", written_at=utc_now()
            )
        )
    found = desk.get("/office").text
    assert 1 < found.count('<span class="who">') <= 5
    assert "Máy xử lý không chạy" in found
    lease.acquire("worker", "somebody", utc_now(), 600)
    assert "Máy xử lý không chạy" not in desk.get("/office").text


def test_the_stage_bar_names_people_and_times(desk: FlaskClient) -> None:
    def bar() -> list[str]:
        found = desk.get("/office").text
        return [text_of(part.split("</li>")[0]) for part in found.split('<ol class="bar"')[1].split("</ol>")[0].split("<li")[1:]]

    names = ["Mở", "Chốt số liệu", "Tính", "Lấy ý kiến", "Soát xét", "Lấy số, ký", "Công bố", "Đã gửi"]
    assert [next(name for name in names if name in part) for part in bar()] == names
    assert "đang ở bước này" in bar()[3]
    assert "máy" in bar()[2]
    desk.post(f"/office/editions/{number()}/comment")
    assert "An" in bar()[3]
    assert "đến hết ngày" in bar()[3]
    assert "đang ở bước này" in bar()[4]


def test_failures_are_seen_and_run_again(desk: FlaskClient) -> None:
    page = text_of(desk.get("/office").text)
    assert "Lỗi: Lập báo cáo được yêu cầu" in page
    assert "MemoryError: no room" in page
    assert "3,0 giây" in text_of(desk.get("/office/editions").text)
    assert desk.post("/office/jobs/exports.build_wanted/run").status_code == 302
    assert "đã yêu cầu, sắp chạy" in text_of(desk.get("/office").text)
    assert desk.post("/office/jobs/no.such/run").status_code == 404


def test_a_month_that_is_not_closed_can_be_closed_by_hand(sqlite_app: Flask, desk: FlaskClient) -> None:
    with writing() as session:
        for model in (EditionStep, Edition):
            for row in session.scalars(select(model)).all():
                session.delete(row)
    assert "CHƯA CHỐT" in desk.get("/office").text
    assert "Chốt và tính ngay" in desk.get("/office").text
    assert "Chốt và tính ngay" not in desk.get(f"/office?month={Month.of(utc_now())}").text  # it is not over
    assert desk.post(f"/office/months/{LAST}/close").status_code == 302
    assert "Chốt và tính tháng" in text_of(desk.get("/office").text)
    assert desk.post(f"/office/months/{LAST}/close").status_code == 400  # asked for already
    asked = reading().scalars(select(JobRun).where(JobRun.outcome == "wanted")).one()
    assert (asked.message, asked.counts["month"]) == ("an", LAST)


def test_a_correction_needs_its_reason(desk: FlaskClient) -> None:
    with writing() as session:
        session.scalars(select(Edition)).one().state = "published"
    assert desk.post(f"/office/months/{LAST}/close").status_code == 400
    assert desk.post(f"/office/months/{LAST}/close", data={"reason": "Tỉnh gửi thiếu một tệp."}).status_code == 302


def test_recipients_are_added_and_taken_off(desk: FlaskClient) -> None:
    for given in ({"address": "no address"}, {"address": "a@b.vn", "unit": "999"}):
        assert desk.post("/office/recipients", data=given).status_code == 400
    assert desk.post("/office/recipients", data={"address": "vanthu@example.vn"}).status_code == 302
    assert desk.post("/office/recipients", data={"address": "vanthu@example.vn"}).status_code == 400
    assert "vanthu@example.vn" in desk.get("/office/recipients").text
    desk.post("/office/recipients/1/end")
    assert "Chưa có địa chỉ nào" in desk.get("/office/recipients").text


@pytest.mark.parametrize("address", ["/office", "/office/editions", "/office/drafts", "/office/recipients"])
def test_pages_stand_an_empty_installation(sqlite_app: Flask, address: str) -> None:
    accounts.add_user("an", "An", "office", PASSWORD)
    client = sqlite_app.test_client()
    log_in(client, "an")
    assert client.get(address).status_code == 200


def test_who_has_sent_and_who_is_late(country: Flask) -> None:
    page = text_of(acting_as(country, OFFICE_USER).get("/office").text)
    assert "Ai đã gửi số liệu tháng" in page
    assert "Lập báo cáo tháng 10/2026" in page
    assert "nơi gửi chậm hoặc chưa gửi số liệu tháng" in page
    assert "Ba con số của phần tóm tắt" in page
