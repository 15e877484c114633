"""Papers told in what officers write: measured on labelled texts, and single rules."""

import pytest

from bench.matcher import HELD_OUT, TUNING, scores, texts
from procedures.matching import Matcher, Standard, seed, standard_matcher
from procedures.papers import GENUINE, HELD, UNCLEAR, PaperBook, Vocabulary, Wanted
from procedures.registers import seed as registers
from procedures.registers import standard_of

FLOORS = {  # (precision, recall), a little below what was measured
    (TUNING, "components"): (0.99, 0.98),
    (TUNING, "registers"): (0.99, 0.98),
    (HELD_OUT, "components"): (0.95, 0.82),
    (HELD_OUT, "registers"): (0.98, 0.80),
}


@pytest.mark.parametrize(("half", "what"), FLOORS)
def test_precision_and_recall_on_labelled_texts(half: str, what: str) -> None:
    score = scores(half)[what]
    assert (score.precision, score.recall) >= FLOORS[half, what]
    assert score.recall >= FLOORS[half, what][1]


def test_the_labelled_texts_are_many_distinct_and_labelled_with_known_components() -> None:
    found = texts()
    known = {item["code"] for item in seed()["components"]}
    assert len(found) >= 400
    assert len({item.text for item in found}) == len(found)
    assert {code for item in found for code in item.components} <= known
    assert min(sum(item.half == half for item in found) for half in (TUNING, HELD_OUT)) >= 200


def test_every_register_of_a_component_is_known() -> None:
    assert {item["register"] for item in seed()["components"]} - {None} == {register["code"] for register in registers()}


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("GCNQSDĐ", ["land_certificate"]),  # a string of abbreviations
        ("GiấykhaisinhCCCD", ["birth", "identity_card"]),  # glued
        ("giấy chứng từ kèm theo", ["voucher"]),  # tone marks tell a voucher from a death certificate
        ("giay chung tu", ["death"]),  # without marks the longer phrase counts
        ("Đơn đề nghị cấp đổi giấy phép lái xe", ["application"]),  # what follows a form's name is its subject
        ("Đơn đề nghị và giấy phép lái xe", ["application", "driving_licence"]),
        ("Chữ ký trên đơn không khớp, ký lại", ["form_defect"]),
        ("Giấy phép khai thác cát đã được cấp", ["earlier_result"]),
        ("đơn vị chưa phân công", []),  # no form
        ("", []),
        ("......", []),
    ],
)
def test_papers_in_a_text(text: str, codes: list[str]) -> None:
    assert [match.code for match in standard_matcher().match(text)] == codes


def test_a_match_says_where_it_is() -> None:
    text = "Thiếu: Giấy khai sinh, CCCD"
    assert [text[match.start : match.end] for match in standard_matcher().match(text)] == ["Giấy khai sinh", "CCCD"]


def test_a_slip_is_forgiven_and_another_word_is_not() -> None:
    matcher = Matcher([Standard("car", ("chứng nhận đăng ký xe",))])
    assert [match.exact for match in matcher.match("giấy chứng nhân đăng ký xe")] == [True]
    assert [match.exact for match in matcher.match("giấy chưng nhậm đăng ký xe")] == [False]
    assert matcher.match("giấy chứng nhận đăng ký đầu tư") == ()


@pytest.mark.parametrize(
    ("name", "standard", "register"),
    [
        ("Bản sao Giấy chứng nhận đăng ký hộ kinh doanh", "household_business", "enterprise"),
        ("Hộ chiếu hoặc thẻ căn cước", "identity_card", "population"),  # of alternatives the one that a register holds
        ("Tờ khai đăng ký khai sinh theo mẫu", "application", None),
        ("Lưu ý: xuất trình thẻ căn cước khi nhận kết quả", None, None),
        ("Giấy phép liên vận", None, None),
    ],
)
def test_a_papers_name_in_the_catalogue(name: str, standard: str | None, register: str | None) -> None:
    assert standard_of(name) == (standard, register)


def test_one_text_may_ask_for_several_papers_and_the_procedures_own_come_first() -> None:
    vocabulary = Vocabulary((Standard("birth", ("giấy khai sinh",)), Standard("photo", ("ảnh thẻ",))), {"birth": "civil", "photo": None})
    book = PaperBook([("1", "A", "Mảnh trích đo", None), ("1", "B", "Giấy khai sinh của con", "civil")], vocabulary)
    assert book.identify("1", None, "thiếu giấy khai sinh, ảnh thẻ") == (Wanted(HELD, "birth", "civil"), Wanted(GENUINE, "photo"))
    assert book.identify("1", "A", "gì đó") == (Wanted(GENUINE),)
    assert book.identify("1", "B", None) == (Wanted(HELD, "birth", "civil"),)
    assert book.identify("1", None, "bổ sung mảnh trích đo bản đồ") == (Wanted(GENUINE),)
    assert book.identify("2", None, "bổ sung mảnh trích đo bản đồ") == (Wanted(UNCLEAR),)
