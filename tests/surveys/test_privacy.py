"""Masking of free text, tokens, and what the tables may hold."""

import re

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from surveys import privacy
from surveys.models import Answer, Invitation
from tests.surveys.helpers import END_POINT, invited, token_of

HIDDEN = [
    ("Gọi 0912345678 không nghe máy", "0912345678"),
    ("Gọi 0912 345 678 nhé", "345"),
    ("Zalo 0912.345.678", "0912"),
    ("+84 912-345-678 là số tôi", "912"),
    ("máy bàn (024) 3825 1234", "3825"),
    ("CCCD 001085012345 bị nhập sai", "001085012345"),
    ("căn cước 001 085 012 345", "085"),
    ("CMND cũ 012345678", "012345678"),
    ("hộ chiếu C1234567", "C1234567"),
    ("sđt0912345678nhé", "0912345678"),
    ("chuyển vào 19034567890123 Techcombank", "19034567890123"),
    ("thư nguyen.van-a@gmail.com", "nguyen"),
    ("thư nguyenvana (at) yahoo.com.vn", "nguyenvana"),
    ("mã H26.12-251101-0042 trễ", "251101"),
    ("mã 000.00.12.H26-251101-0042 trễ", "H26"),
    ("mã G01.899-261102-100001", "899"),
    ("xe 29A-123.45 đăng ký", "123.45"),
    ("xe 51F1 6789", "6789"),
    ("nhà tôi số nhà 12B", "12B"),
    ("ở ngõ 34/5 Khâm Thiên", "34/5"),
    ("tại 25 Trần Phú", "25"),
    ("tại số 7 đường Láng", "7"),
    ("tổ 14 phường tôi", "14"),
    ("số tôi không chín một hai ba bốn năm sáu bảy tám", "chín"),
    ("mở https://example.vn/s/abc xem", "example"),
    ("mã trong tin abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz"),
    ("số ０９１２３４５６７８", "０９１２"),
    ("Cán bộ nói CMND 123 456 789 k hợp lệ", "456"),
    ("CMND 123.456.789 đ/c cán bộ nói sai", "456"),
    ("số 912 345 678 đơn vị không lưu", "345"),
    ("stk 19.034.567.000", "567"),
    ("tk 1234567000 k nhận", "567"),
    ("ho chieu B 1234567", "B 1234567"),
    ("0912;345;678", "345"),
    ("O9I2 345 678", "345"),
    ("ĐT: 0912\u2011345\u2011678", "345"),  # hyphens that do not break, as telephones and Word write them
    ("0912…345…678 gọi tôi", "345"),
    ("xe 29-H1/234.56 của tôi", "234"),
    ("BKS 15 B2 . 345 . 67", "345"),
]
KEPT = [
    "Phải đi lại 3 lần, chờ 45 phút",
    "Bị thu thêm 1.500.000 đồng",
    "Thu 12 000 000 vnđ không biên lai",
    "Nộp ngày 18/11/2026, hẹn 25/11/2026, trả 02.12.2026",
    "Đúng mẫu số 01, quầy số 5 rất nhiệt tình",
    "Giấy tờ năm 2025-2026 đã có rồi",
    "Cho 9/10 điểm, phục vụ 24/7",
    "Nghị định 61/2018/NĐ-CP đâu có bắt nộp",
    "Tôi không có một hai ba gì hết",
    "Gọi bảo nộp 500.000 mới làm, tài khoản bị trừ 1.500.000 đ",
    "Phí 1.500 k. Trả 1.204.567 hồ sơ, CCCD mất 120.000.000 đồng",
    "Mở cửa 08:30-11:30; 13:30-17:00",
    "Mở cửa 08:30\u201111:30, chờ 3 tiếng… 15 ngày… 2 lần mới xong",
    "Nộp từ 18/11/2026 — 25/11/2026 mà xe chạy 3 chuyến, 120 km",
]


@pytest.mark.parametrize(("text", "secret"), HIDDEN)
def test_what_leads_to_a_person_is_masked(text: str, secret: str) -> None:
    assert secret not in privacy.mask(text)
    assert "[" in privacy.mask(text)


@pytest.mark.parametrize("text", KEPT)
def test_what_tells_the_story_stays(text: str) -> None:
    assert privacy.mask(text) == text


@given(st.text(max_size=200))
def test_masking_twice_changes_nothing_and_nothing_is_unstorable(text: str) -> None:
    once = privacy.mask(text)
    assert privacy.mask(once) == once
    assert "\x00" not in once


@given(st.lists(st.sampled_from("0123456789"), min_size=9, max_size=14), st.sampled_from(["", " ", ".", "-", " - "]))
def test_no_long_number_gets_through(digits: list[str], separator: str) -> None:
    masked = privacy.mask(f"số của tôi là {separator.join(digits)} nhé")
    assert len(re.findall(r"\d", masked)) == 0 or re.search(r"\d\d?[.-]\d\d?[.-]\d{4}", masked)


def test_a_token_is_repeatable_and_different_for_each_occasion(app: Flask) -> None:
    token = invited()
    assert re.fullmatch(r"[a-z2-7]{26}", token)
    settings = app.extensions["settings"]
    again = privacy.token_for(settings, END_POINT.source, "H26.12-251101-0001", "returned")
    other = privacy.token_for(settings, END_POINT.source, "H26.12-251101-0001", "supplement-1")
    assert token == again != other
    assert privacy.hash_token(settings, token) != token_of(END_POINT)


def test_the_tables_hold_nothing_but_what_is_listed_here() -> None:
    """A new column is a decision about people's privacy: it has to be added here by hand."""
    context = {
        "month", "procedure_code", "unit_code", "province_code", "channel", "end_point",
        "applicant_type", "recorded_supplements", "recorded_on_time", "recorded_online",
        "receiving_unit_code", "provider_code", "mode",
    }  # fmt: skip
    assert set(Invitation.__table__.columns.keys()) == context | {
        "id", "token_hash", "questionnaire", "issued_on", "expires_on", "simulated",
        "contact_load", "delivery", "frequent", "handover_id", "probability", "stratum", "withdrawn",
    }  # fmt: skip
    assert set(Answer.__table__.columns.keys()) == context | {
        "id", "invitation_id", "questionnaire", "rating", "responses", "comment", "answered_on",
        "first_answered_at", "revision", "language", "simulated",
        "device", "device_kind", "entry_hash", "frequent", "is_test",
        "lowered", "probability", "raised", "second_probability", "seconds", "stratum",
    }  # fmt: skip
