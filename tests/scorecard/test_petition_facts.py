"""Petitions join the facts that record and person are compared on, by subject, and nothing is left out or guessed."""

import pytest

from procedures.petitions import Petitions
from scorecard.figures import COUNTRY
from scorecard.mismatch import FACTS
from scorecard.petition_facts import PHRASES, facts_of, joined
from scorecard.rows import Place

PLACES = {
    "VN": Place("VN", "nation", None, None),
    "01": Place("01", "province", "VN", "01"),
    "00004": Place("00004", "commune", "01", "01"),
    "46": Place("46", "province", "VN", "46"),
}


def test_every_fact_has_phrases_and_no_other_does() -> None:
    assert set(PHRASES) == {fact.code for fact in FACTS}


@pytest.mark.parametrize(
    ("subject", "facts"),
    [
        ("Thời hạn giải quyết", ("time",)),
        ("Chậm trễ, quá hạn", ("time",)),
        ("Tiến độ xử lý", ("time",)),
        ("Thành phần hồ sơ", ("supplement", "again")),
        ("Yêu cầu bổ sung hồ sơ", ("supplement",)),
        ("phải khai lại thông tin đã cung cấp", ("again",)),
        ("Lỗi hệ thống", ("online",)),
        ("Nộp trực tuyến bị quá hạn", ("time", "online")),
        ("Lệ phí", ("cost",)),
        ("Nhũng nhiễu, vòi vĩnh", ("cost",)),
        ("Thái độ phục vụ", ("other",)),
        ("Thủ tục phi địa giới", ("other",)),  # phi is no fee here
        ("Chăm sóc sức khỏe", ("other",)),  # and this is not slow
        ("  ", ("undivided",)),
    ],
)
def test_a_subject_is_about_what_its_words_say(subject: str, facts: tuple[str, ...]) -> None:
    assert facts_of(subject) == facts


HELD_OUT = {  # made up, and not looked at when phrases were chosen
    "time": (
        "Trả kết quả chậm",
        "Giải quyết trễ hẹn",
        "Hồ sơ trễ hạn",
        "Không đúng thời hạn",
        "Kết quả chậm so với giấy hẹn",
        "Hồ sơ ngâm quá lâu",
        "Đợi mãi không có kết quả",
        "Cấp giấy phép xây dựng quá hạn",
    ),
    "online": (
        "Không gửi được hồ sơ trên Cổng Dịch vụ công",
        "Lỗi đăng nhập tài khoản",
        "Hệ thống báo lỗi",
        "Dịch vụ công trực tuyến khó sử dụng",
        "Ứng dụng VNeID bị lỗi",
        "Không tải được tệp đính kèm",
        "Lỗi ký số",
    ),
    "supplement": (
        "Yêu cầu bổ sung nhiều lần",
        "Trả hồ sơ không rõ lý do",
        "Hồ sơ bị trả lại hai lần",
        "Phải đi lại nhiều lần để hoàn thiện hồ sơ",
        "Giấy tờ không có trong thủ tục",
        "Bắt làm thêm giấy xác nhận",
        "Hướng dẫn mỗi lần một khác",
    ),
    "again": (
        "Nộp lại giấy tờ đã nộp",
        "Yêu cầu giấy tờ đã có trong cơ sở dữ liệu dân cư",
        "Phải khai báo lại",
        "Yêu cầu cung cấp lại căn cước",
        "Kê khai nhiều lần",
        "Đã có trong hệ thống vẫn bắt nộp",
    ),
    "cost": (
        "Thu lệ phí sai",
        "Vòi vĩnh",
        "Gợi ý đưa tiền",
        "Chi phí không chính thức",
        "Đòi tiền bồi dưỡng",
        "Mức thu cao hơn niêm yết",
        "Thu thêm tiền",
    ),
    "other": (
        "Thái độ phục vụ",
        "Tranh chấp đất đai",
        "Hàng xóm gây ồn",
        "Trẻ em hè phố",
        "Chăm sóc khách hàng",
        "Nội dung khác",
        "Đường xuống cấp",
    ),
}


def test_subjects_as_people_word_them_are_found_by_their_fact() -> None:
    told = [(fact, fact in facts_of(subject)) for fact, subjects in HELD_OUT.items() for subject in subjects]
    found = [right for fact, right in told if fact != "other"]
    print(f"petition subjects: {sum(found)} of {len(found)} found by their fact")
    assert sum(found) >= 0.8 * len(found)
    assert all(right for fact, right in told if fact == "other")


def test_sums_go_up_and_what_fits_nowhere_is_counted_apart() -> None:
    petitions = [
        Petitions("00004", "Thành phần hồ sơ", 5, 4, 2),
        Petitions("00004", "Lỗi hệ thống", 1, 1, 0),
        Petitions("01", "Thành phần hồ sơ", 3, 3, 0),
        Petitions("46", "", 7, 7, 1),
    ]
    found = joined(petitions, PLACES)
    assert found["01", "supplement"] == found["01", "again"] == {"received": 8, "on_time": 7, "reopened": 2}
    assert found["00004", "online"] == {"received": 1, "on_time": 1, "reopened": 0}
    assert found[COUNTRY, "undivided"] == {"received": 7, "on_time": 7, "reopened": 1}
    assert ("46", "supplement") not in found
