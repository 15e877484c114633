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
