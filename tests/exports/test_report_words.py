"""The report's human parts: who wrote what and when, what is asked of whom and what became of it, what cannot be changed any more."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from sqlalchemy import select

from core.accounts import add_user
from core.calendar import Month
from core.database import reading, writing
from core.errors import InputError
from exports import numbering, operations, queries, report_words, verifying
from exports.report_models import ReportRequest
from exports.report_words import Words, words_of
from procedures.models import QuotedClaim
from scorecard.integrity_models import EditionRemark
from scorecard.models import Edition, Measurement
from scorecard.workflow_models import DraftComment, EditionStep
from tests.conftest import PASSWORD, log_in
from tests.exports.publishing import DAY, NUMBER, light, pdf
from tests.exports.publishing import edition as real_edition
from tests.exports.test_operations import edition

MONTH = Month(2026, 10)
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


@pytest.fixture
def writer(app: Flask) -> str:
    add_user("lan", "Nguyễn Thị Lan", "office", PASSWORD)
    return "lan"


def words(number: int) -> Words:
    reading().rollback()
    return words_of(reading(), reading().get_one(Edition, number))


def test_the_newest_text_is_printed_with_its_author_and_the_older_are_kept(writer: str) -> None:
    number = edition("closed")
    report_words.write_text(MONTH, "remark", "Bản đầu.", writer, NOW)
    report_words.write_text(MONTH, "remark", "Bản sau.\n\nĐoạn hai.", writer, NOW + timedelta(hours=1))
    said = words(number).remark
    assert said is not None
    assert (said.text, said.author) == ("Bản sau.\n\nĐoạn hai.", "Nguyễn Thị Lan")
    assert [row.text for row in report_words.history(reading(), "2026-10", "remark")] == ["Bản sau.\n\nĐoạn hai.", "Bản đầu."]
    report_words.write_text(MONTH, "remark", "  ", writer, NOW + timedelta(hours=2))
    assert words(number).remark is None
    assert len(report_words.history(reading(), "2026-10", "remark")) == 3


def test_numbers_of_persons_do_not_reach_the_report(writer: str) -> None:
    number = edition("closed")
    report_words.write_text(MONTH, "remark", "Gọi anh ấy theo số 0912345678.", writer, NOW)
    said = words(number).remark
    assert said is not None
    assert "0912345678" not in said.text


def test_nothing_is_written_into_a_published_report(writer: str) -> None:
    edition("published")
    with pytest.raises(InputError, match="đã công bố"):
        report_words.write_text(MONTH, "remark", "Muộn rồi.", writer, NOW)
    with pytest.raises(InputError, match="đã công bố"):
        report_words.add_request(MONTH, "Bộ Tư pháp", "kết nối dữ liệu", None, writer, NOW)


def test_what_persons_wrote_is_frozen_from_the_number_on(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, writer: str
) -> None:
    light(monkeypatch)
    number = real_edition()
    report_words.write_text(MONTH, "remark", "Trước khi lấy số.", writer, NOW)
    numbering.take_number(number, NUMBER, DAY, writer, NOW)
    for deed in (
        lambda: report_words.write_text(MONTH, "remark", "Sau khi lấy số.", writer, NOW),
        lambda: report_words.add_request(MONTH, "Bộ Tư pháp", "kết nối dữ liệu", None, writer, NOW),
    ):
        with pytest.raises(InputError, match="đã khóa") as refused:
            deed()
        assert NUMBER in refused.value.text("vi")
    log_in(client, writer)
    page = client.get("/office/report/2026-10").text
    assert "đã khóa" in page
    assert "<textarea" not in page
    answer = client.post("/office/report/2026-10/text", data={"part": "remark", "text": "Sau khi lấy số."})
    assert (answer.status_code, "đã khóa" in answer.text) == (400, True)
    assert [row.text for row in report_words.history(reading(), "2026-10", "remark")] == ["Trước khi lấy số."]


def test_a_number_given_back_opens_them_again_until_the_next(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, writer: str
) -> None:
    light(monkeypatch)
    number = real_edition()
    with pytest.raises(InputError, match="đã lấy số, chưa ký"):
        numbering.give_back(number, "Sai một chữ ở phần Nhận xét.", writer, NOW)
    numbering.take_number(number, NUMBER, DAY, writer, NOW)
    operations.build_wanted(NOW)
    final = pdf()
    with pytest.raises(InputError, match="lý do"):
        numbering.give_back(number, "sai", writer, NOW)
    log_in(client, writer)
    given = {"reason": "Sai một chữ ở phần Nhận xét."}
    assert "Đã trả lại số" in client.post(f"/office/publication/{number}/number/back", data=given, follow_redirects=True).text
    report_words.write_text(MONTH, "remark", "Đã sửa.", writer, NOW)
    assert verifying.verify(reading(), final).kind == "replaced", "what was printed with the number is known, and is not the report"
    assert queries.stored(reading(), reading().get_one(Edition, number), "report", "pdf") is None
    numbering.take_number(number, NUMBER, DAY, writer, NOW)
    with pytest.raises(InputError, match="đã khóa"):
        report_words.write_text(MONTH, "remark", "Lại sửa.", writer, NOW)


def test_no_number_that_leads_to_a_person_stands_in_a_request(writer: str) -> None:
    report_words.add_request(MONTH, "Ông Nam, 0912 345 678", "kết nối dữ liệu", None, writer, NOW)
    (entry,) = reading().scalars(select(ReportRequest))
    assert "345" not in entry.addressee


def test_what_happens_later_is_not_drawn_into_a_report_with_a_number(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, writer: str
) -> None:
    """Requests that are settled, remarks and quoted figures that come afterwards belong to the next report."""
    light(monkeypatch)
    number = real_edition()
    asked = report_words.add_request(MONTH, "Bộ Tư pháp", "kết nối dữ liệu", None, writer, NOW)
    before = words(number)
    assert (len(before.requests), before.requests[0].state) == (1, "doing")
    numbering.take_number(number, NUMBER, DAY, writer, NOW)
    assert words(number) == before
    with writing() as session:
        values = {"month": "2026-10", "text": "Khảo sát lại.", "author": "front", "author_name": "Mặt trận", "written_at": NOW}
        session.add(EditionRemark(**values))
        session.add(QuotedClaim(key="later", text_vi="Sau", text_en="Later", value=1.0, source="S", source_en="S", as_of=DAY))
    report_words.settle_request(asked, MONTH.last_day, "Công văn số 12", writer, NOW)
    with app.test_request_context():
        for code in ("vi", "en"):
            with force_locale(code):
                assert [item.state for item in words(number).requests] == ["doing"]
    assert words(number) == before
    numbering.give_back(number, "Sai một chữ ở phần Nhận xét.", writer, NOW)
    after = words(number)
    assert ([item.state for item in after.requests], len(after.observers), [one.key for one in after.claims][-1:]) == (
        ["done"],
        1,
        ["later"],
    )


@pytest.mark.parametrize(
    ("addressee", "deed", "due", "field"),
    [
        ("", "kết nối dữ liệu", None, "addressee"),
        ("Bộ Tư pháp", "?", None, "deed"),
        ("Bộ Tư pháp", "x" * 700, None, "deed"),
        ("Bộ Tư pháp", "kết nối dữ liệu", date(2026, 10, 31), "due_on"),
    ],
)
def test_a_request_names_what_is_wrong_with_it(writer: str, addressee: str, deed: str, due: date | None, field: str) -> None:
    with pytest.raises(InputError) as refused:
        report_words.add_request(MONTH, addressee, deed, due, writer, NOW)
    assert refused.value.field == field


def test_what_became_of_the_requests_is_counted_in_the_next_report(writer: str) -> None:
    for deed, due in (("việc đã xong", date(2026, 11, 10)), ("việc còn hạn", date(2026, 12, 10)), ("việc quá hạn", date(2026, 11, 10))):
        report_words.add_request(MONTH, "Bộ Tư pháp", deed, due, writer, NOW)
    taken_back = report_words.add_request(MONTH, "Bộ Tư pháp", "việc rút lại", None, writer, NOW)
    report_words.withdraw_request(taken_back, writer, NOW)
    first = report_words.items(reading(), "2026-10", date(2026, 11, 20))[0]
    report_words.settle_request(first.id, date(2026, 11, 18), "Công văn số 12", writer, NOW)
    number = edition("closed", month="2026-11")
    with writing() as session:
        session.get_one(Edition, number).cutoff_at = datetime(2026, 12, 5, tzinfo=UTC)
    found = words(number)
    assert found.earlier == (1, 1, 1)
    assert [item.state for item in found.settled] == ["done", "doing", "late"]
    with pytest.raises(InputError, match="không còn chờ kết quả"):
        report_words.settle_request(first.id, date(2026, 11, 18), "Công văn số 12", writer, NOW)
    with pytest.raises(InputError, match="tương lai"):
        report_words.settle_request(first.id + 1, date(2026, 11, 21), "Công văn số 12", writer, NOW)


def test_explanations_answers_and_observers_are_printed_and_silence_is_told(writer: str) -> None:
    number = edition("closed")
    assert not words(number).asked
    with writing() as session:
        session.add(EditionStep(edition_id=number, stage="in_comment", at=NOW, by="lan", due_on=date(2026, 11, 24)))
        given = {"month": "2026-10", "version": 1, "unit_code": "01", "written_by": "hanoi", "written_at": NOW}
        session.add(DraftComment(kind="explanation", text="Hệ thống bảo trì ba ngày.", answer="Đã ghi nhận.", **given))
        session.add(DraftComment(kind="objection", subject="F1", text="Không đúng lớp.", **given))
        session.add(DraftComment(kind="explanation", text="Rút lại.", withdrawn_at=NOW, **given))
        session.add(EditionRemark(month="2026-10", author="o", author_name="Viện", text="Đã đọc.", written_at=NOW))
    found = words(number)
    assert found.asked
    assert [(one.unit_code, one.text, one.answer) for one in found.explanations] == [("01", "Hệ thống bảo trì ba ngày.", "Đã ghi nhận.")]
    assert [one.author for one in found.observers] == ["Viện"]


@pytest.mark.parametrize(("answered", "in_review"), [(timedelta(days=2), True), (timedelta(days=-9), False)])
def test_an_accepted_objection_is_in_review_until_the_month_is_cut_off_again(writer: str, answered: timedelta, in_review: bool) -> None:
    number = edition("closed")
    told = {"answer": "Đúng.", "answered_by": "lan", "answered_at": NOW + answered}
    given = {"month": "2026-10", "version": 1, "unit_code": "01", "written_by": "hanoi", "written_at": NOW, "kind": "objection"}
    with writing() as session:
        session.add(DraftComment(subject="F1", text="Không đúng lớp.", verdict="accepted", **told, **given))
        session.add(DraftComment(subject="on_time", text="Không đúng hạn.", verdict="refused", **told, **given))
        session.add(DraftComment(subject="F5", text="Chưa ai xem.", **given))
    found = {one.subject: one for one in words(number).objections}
    assert [(code, one.verdict, one.in_review) for code, one in found.items()] == [
        ("F1", "accepted", in_review),
        ("on_time", "refused", False),
        ("F5", "", False),
    ]
    assert found["F1"].about.startswith("F1: ")


def test_a_correction_is_printed_by_the_next_report_with_what_changed(writer: str) -> None:
    def of(number: int, k: int) -> None:
        with writing() as session:
            session.add(
                Measurement(
                    edition_id=number,
                    subject_kind="nation",
                    subject_code="VN",
                    indicator="on_time",
                    variant="raw",
                    numerator=k,
                    denominator=100,
                    value=k / 100,
                    low=0.1,
                    high=0.9,
                    n=100,
                    rule_version="r",
                    provisional=False,
                    status="value",
                )
            )

    first, second = edition("superseded", month="2026-09"), edition("published", month="2026-09", version=2)
    of(first, 90)
    of(second, 85)
    with writing() as session:
        session.get_one(Edition, first).published_at = NOW - timedelta(days=30)
        session.get_one(Edition, second).published_at = NOW
        session.add(EditionStep(edition_id=second, stage="cut_off", at=NOW, by="lan", reason="Hà Nội gửi lại số liệu"))
    number = edition("closed")
    (found,) = words(number).corrected
    assert (found.month, found.version, found.reason) == ("2026-09", 2, "Hà Nội gửi lại số liệu")
    assert any("90,0\u202f% nay là 85,0\u202f%" in change for change in found.changes)


def test_the_offices_page(app: Flask, client: FlaskClient, writer: str) -> None:
    edition("closed")
    log_in(client, writer)
    address = "/office/report/2026-10"
    assert client.post(f"{address}/text", data={"part": "remark", "text": "Tỷ lệ trả lời tăng."}).status_code == 302
    refused = client.post(f"{address}/requests", data={"addressee": "Bộ Tư pháp", "deed": "?", "due_on": "2026-12-31"})
    assert refused.status_code == 400
    assert 'aria-describedby="wrong-deed"' in refused.text
    assert 'value="Bộ Tư pháp"' in refused.text  # what was typed is kept
    assert client.post(f"{address}/requests", data={"addressee": "Bộ Tư pháp", "deed": "kết nối dữ liệu", "due_on": ""}).status_code == 302
    page = client.get(address).text
    for told in ("Tỷ lệ trả lời tăng.", "Nguyễn Thị Lan", "kết nối dữ liệu"):
        assert told in page
    assert client.post(f"{address}/requests", data={"addressee": "Bộ", "deed": "kết nối", "due_on": "31/12"}).status_code == 400
    assert client.get("/office/report/2026-13").status_code == 404


def test_a_sign_that_cannot_be_stored_is_refused_with_its_field(app: Flask, client: FlaskClient, writer: str) -> None:
    number = edition("closed")
    for path in ("/reports/files/%00", "/reports/2026-10/places/%00.pdf", "/reports/files/a%00b.pdf"):
        assert client.get(path).status_code == 404
    assert client.get("/reports?lang=vi&x=%00").status_code == 400
    log_in(client, writer)
    for path, field in ((f"/office/editions/{number}/review", "reason"), ("/office/report/2026-10/requests", "addressee")):
        answer = client.post(path, data={"addressee": "Bộ", "deed": "kết nối dữ liệu", field: "Bộ\0 Tư pháp, một lý do đủ dài"})
        assert (answer.status_code, f"“{field}”" in answer.text) == (400, True)
