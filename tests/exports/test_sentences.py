"""The program's sentences at the edges: zero, one, all, too few, hidden, missing, unchanged."""

import re
from dataclasses import replace
from typing import Any

import pytest

from exports import sentences
from scorecard.queries import Figure
from tests.exports.figures import figure, missing
from tests.exports.made import weighted

WHOLE = re.compile(r"None|nan|%%|\s{2}|\.\.|\bvi phạm\b|gian lận")
RESPONSE = figure(612, 7480, "response_rate")


def lower(k: int, n: int) -> Figure:
    return figure(k, n, "asked_again_recorded", variant="lower")


def upper(k: int, n: int) -> Figure:
    return figure(k, n, "asked_again_recorded", variant="upper")


@pytest.mark.parametrize(
    ("whole", "partly", "names", "expected"),
    [
        (0, 0, [], "Chưa xã nào được khai báo là không có sóng di động."),
        (1, 0, ["xã Đất Mũi"], "1 xã được khai báo là không có sóng di động (cả xã: 1; một phần: 0): xã Đất Mũi."),
        (1, 12, ["Cà Mau (13)"], "13 xã được khai báo là không có sóng di động (cả xã: 1; một phần: 12): Cà Mau (13)."),
    ],
)
def test_answers_by_link_are_never_called_the_people_s(whole: int, partly: int, names: list[str], expected: str) -> None:
    told = sentences.reached(whole, partly, names)
    assert expected in told
    assert "không phải ý kiến của toàn dân" in told
    assert not WHOLE.search(told)


@pytest.mark.parametrize(
    ("rate", "response", "expected"),
    [
        (
            figure(527, 612),
            RESPONSE,
            "chưa hiệu chỉnh: **86,1\u202f%** hài lòng hoặc rất hài lòng (khoảng 83,1–88,6\u202f%; 612 người trả lời trong 7.480",
        ),
        (figure(0, 40), None, "Không ai trong những người trả lời hài lòng hoặc rất hài lòng (khoảng 0,0–8,8\u202f%; 40 người trả lời)."),
        (figure(40, 40), None, "Tất cả những người trả lời đều hài lòng"),
        (figure(11, 12, grey=True), None, "chỉ để tham khảo"),
        (weighted(0.861, 612), RESPONSE, "sau hiệu chỉnh: **86,1\u202f%** hài lòng"),
        (replace(figure(527, 612), provisional=True), RESPONSE, "Số liệu tạm tính, còn có thể thay đổi."),
        (missing("too_few"), RESPONSE, "dưới 10 người trả lời"),
        (missing("suppressed"), RESPONSE, "được ẩn"),
        (missing("not_applicable"), None, "không có hồ sơ nào đến bước được mời"),
        (missing("not_reported"), None, "chưa có số liệu khảo sát"),
        (None, None, "chưa có số liệu khảo sát"),
    ],
)
def test_satisfaction(rate: Figure | None, response: Figure | None, expected: str) -> None:
    assert expected in sentences.satisfaction(rate, response)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (
            lower(907, 43200),
            upper(1469, 43200),
            "**2,1–3,4\u202f%** hồ sơ bị yêu cầu nộp lại giấy tờ Nhà nước đã có, tương đương 907–1.469",
        ),
        (lower(1, 100), upper(1, 100), "**1,0\u202f%** hồ sơ bị yêu cầu nộp lại giấy tờ Nhà nước đã có, tương đương 1 hồ sơ"),
        (lower(0, 100), upper(5, 100), "Nhiều nhất **5,0\u202f%** hồ sơ"),
        (lower(0, 100), upper(0, 100), "Không ghi nhận hồ sơ nào bị yêu cầu nộp lại"),
        (missing("not_applicable"), missing("not_applicable"), "không có hồ sơ nào thuộc diện tính"),
        (missing("not_reported"), missing("not_reported"), "Chưa tính được"),
        (None, None, "Chưa tính được"),
    ],
)
def test_asked_again(low: Figure | None, high: Figure | None, expected: str) -> None:
    assert expected in sentences.asked_again(low, high)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (figure(72, 612), "Trong 612 hồ sơ có trả lời đối chiếu được, **11,8\u202f%** có ít nhất một điểm người dân nêu không khớp"),
        (figure(72, 612), "(khoảng 9,4–14,6\u202f%; 72 hồ sơ)."),
        (figure(1, 612), "1 hồ sơ)."),
        (figure(0, 40), "không hồ sơ nào có điểm người dân nêu không khớp"),
        (missing("too_few"), "quá ít hồ sơ đối chiếu được"),
        (missing("suppressed"), "được ẩn vì từ đó có thể suy ra"),
        (missing("not_applicable"), "không có câu trả lời nào để đối chiếu"),
        (None, "Chưa đối chiếu được"),
    ],
)
def test_mismatch(found: Figure | None, expected: str) -> None:
    assert expected in sentences.mismatch(found)


@pytest.mark.parametrize(
    ("once", "repeated", "expected"),
    [
        (figure(402, 2310), figure(31, 2310), "**17,4\u202f%** hồ sơ phải bổ sung ít nhất một lần (402 trong 2.310 hồ sơ). 31 hồ sơ"),
        (figure(402, 2310), figure(0, 2310), "Không hồ sơ nào bị yêu cầu bổ sung từ hai lần trở lên."),
        (figure(402, 2310), None, "(402 trong 2.310 hồ sơ)."),
        (figure(0, 2310), figure(0, 2310), "không ghi hồ sơ nào phải bổ sung"),
        (missing("not_applicable"), None, "không có hồ sơ nào kết thúc"),
        (missing("not_reported"), None, "Chưa có số liệu về yêu cầu bổ sung"),
    ],
)
def test_supplements(once: Figure, repeated: Figure | None, expected: str) -> None:
    assert expected in sentences.supplements(once, repeated)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (figure(10, 40), "**25,0\u202f%** hồ sơ nộp trực tuyến (10 trong 40 hồ sơ tiếp nhận)."),
        (figure(0, 40), "không ghi hồ sơ nào nộp trực tuyến trong 40 hồ sơ tiếp nhận."),
        (missing("not_applicable"), "không phát sinh hồ sơ"),
        (None, "Chưa có số liệu"),
    ],
)
def test_online(found: Figure | None, expected: str) -> None:
    assert expected in sentences.online(found)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (figure(10, 40), "**25,0\u202f%** hồ sơ được giải quyết đúng hạn (10 trong 40 hồ sơ có ngày hẹn trả)."),
        (figure(0, 40), "không hồ sơ nào trong 40 hồ sơ có ngày hẹn trả"),
        (figure(40, 40), "toàn bộ 40 hồ sơ có ngày hẹn trả đều"),
        (missing("not_applicable"), "không có hồ sơ nào đến hạn"),
        (None, "Chưa có số liệu"),
    ],
)
def test_on_time(found: Figure | None, expected: str) -> None:
    assert expected in sentences.on_time(found)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (lower(0, 90), upper(0, 90), "Không hồ sơ nào được tính đúng hạn chỉ nhờ"),
        (lower(1, 90), upper(1, 90), "1 hồ sơ được tính đúng hạn chỉ vì"),
        (lower(1, 90), upper(4, 90), "1–4 hồ sơ"),
        (missing("not_reported"), missing("not_reported"), ""),
    ],
)
def test_on_time_by_pause(low: Figure, high: Figure, expected: str) -> None:
    assert expected in sentences.by_pause(low, high)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((0, 0, 0, 34), "Chưa địa phương nào đủ số liệu để xếp nhóm."),
        ((1, 33, 0, 0), "1 địa phương có khoảng ước lượng nằm trọn phía trên mức cả nước (nhóm cao); 33 địa phương chưa phân biệt"),
        ((2, 20, 3, 9), "9 địa phương không đủ số liệu để xếp nhóm."),
    ],
)
def test_groups(counts: tuple[int, int, int, int], expected: str) -> None:
    assert expected in sentences.groups(*counts)


@pytest.mark.parametrize(
    ("share", "ratio", "expected"), [(0.8, 1.0, 0.8), (0.8, 2.0, 2 / 3), (0.8, 0.5, 8 / 9), (0.0, 2.0, 0.0), (1.0, 2.0, 1.0)]
)
def test_willingness(share: float, ratio: float, expected: float) -> None:
    assert sentences.willing(share, ratio) == pytest.approx(expected)


def test_bounds_without_assumption() -> None:
    low, high = (weighted(share, 100) for share in (0.072, 0.992))  # methodology §11.2: a response of 8 %, 90 % satisfied
    text = sentences.assumption_free(low, high, figure(100, 1250, "response_rate"))
    assert "92,0\u202f% số người được mời mà không trả lời" in text
    assert "nằm giữa 7,2\u202f% và 99,2\u202f%" in text
    assert sentences.assumption_free(missing("too_few"), None, None) == ""


@pytest.mark.parametrize(
    "text",
    [
        sentences.coverage(0, [], []),
        sentences.coverage(34, [], []),
        sentences.coverage(32, ["Điện Biên (81,0 %)"], ["Cà Mau"]),
        sentences.sampling_only(None, None, None),
        sentences.sampling_only(figure(0, 30), None, None),
        sentences.sampling_only(figure(27, 30), 0.8, 0.95),
        sentences.sampling_only(figure(27, 30), 0.8, 0.95, 231),
        sentences.experienced_again(None),
        sentences.experienced_again(figure(0, 30)),
        sentences.experienced_again(figure(3, 30)),
        sentences.satisfaction(figure(1, 1), figure(1, 1)),
    ],
)
def test_whole_sentences(text: Any) -> None:
    assert text[0].isupper() or text[0].isdigit()
    assert text.endswith(".")
    assert not WHOLE.search(text)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Thủ tục đăng ký khai sinh.", "Đăng ký khai sinh"), ("Cấp giấy phép", "Cấp giấy phép"), (" thủ tục xóa án tích ", "Xóa án tích")],
)
def test_a_procedures_name_in_a_sentence(name: str, expected: str) -> None:
    assert sentences.plain(name) == expected


@pytest.mark.parametrize(("low", "high", "expected"), [(0.92, 0.97, "hài lòng nhiều hơn"), (0.6, 0.8, "hài lòng ít hơn"), (0.85, 0.95, "")])
def test_a_rate_outside_what_was_said_when_asked_again_is_explained(low: float, high: float, expected: str) -> None:
    told = sentences.sampling_only(figure(27, 30), low, high, 231)
    assert ("chỉ nói về những người trả lời" in told) == bool(expected)
    assert expected in told
    assert not WHOLE.search(told)


def test_one_alone_and_what_may_change_are_said() -> None:
    assert "toàn bộ 1" not in sentences.on_time(figure(1, 1))
    assert "hồ sơ duy nhất" in sentences.on_time(figure(1, 1))
    for hits in (0, 12):
        later = replace(figure(hits, 200), provisional=True)
        assert sentences.mismatch(later).endswith("Số liệu tạm tính, còn có thể thay đổi.")
