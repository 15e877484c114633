"""The summary on one page: every placeholder in every state, in whole sentences, in both languages."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale

from exports import summary
from exports.cells import NATION
from exports.composition import compose
from exports.layout import strong
from exports.render import render
from exports.report import Cause, Material, Place
from exports.report_words import Item, Words
from scorecard.queries import Figure
from scorecard.tiles import PLACES
from tests.exports.figures import missing
from tests.exports.made import asked, change, connection, figures, material, moved, official, weighted
from tests.exports.test_report import flat, pdf_pages

BROKEN = re.compile(r"None|nan|%%|%\(|\s{2}|\.\.|\bvi phạm\b|gian lận|undefined")
MOVED = (NATION, "satisfaction_change", "weighted")
RATE = {(NATION, "satisfaction", "weighted"): weighted(0.861, 612)}


def held(procedure: str, people: int) -> Cause:
    return Cause("held_by_state", procedure, procedure, "CSDL hộ tịch", 3, people, 900, "đơn vị tiếp nhận")


def test_the_period_names_survey_and_cut_off() -> None:
    given = summary.compose(material({}), "Thực hiện nhiệm vụ", "Văn phòng Chính phủ")
    assert given.period == "Kỳ số liệu: 01/10–31/10/2026; khảo sát nhận trả lời đến 17/11/2026; chốt 18/11/2026."
    assert given.basis == "Thực hiện nhiệm vụ, Văn phòng Chính phủ báo cáo kết quả đánh giá mức độ hài lòng như sau:"
    early = material({}, closed_on=date(2026, 12, 1))
    assert "đến 18/11/2026; chốt 18/11/2026" in summary.compose(early, "", "").period  # nothing is counted that came after the cut-off


@pytest.mark.parametrize(
    ("found", "previous", "expected"),
    [
        (RATE | {MOVED: change(0.0004, 0.0001, 0.0007)}, RATE, "tăng chưa đến 0,1 điểm phần trăm"),
        (RATE | {MOVED: change(0.021, 0.004, 0.038)}, RATE, "tăng 2,1 điểm phần trăm (khoảng +0,4 đến +3,8)"),
        (RATE | {MOVED: change(-0.021, -0.038, -0.004)}, RATE, "giảm 2,1 điểm phần trăm (khoảng −3,8 đến −0,4)"),
        (RATE | {MOVED: change(0.01, -0.01, 0.03)}, RATE, "chưa thấy thay đổi rõ (−1,0 đến +3,0 điểm"),
        (RATE | {MOVED: change(0.0, -0.02, 0.02)}, RATE, "chưa thấy thay đổi rõ"),
        (RATE, {}, "Chưa so sánh được vì tháng trước chưa có số liệu công bố."),
        (RATE, {(NATION, "satisfaction", "raw"): missing("too_few")}, "vì tỷ lệ của tháng trước không công bố được."),
        (RATE, {(NATION, "satisfaction", "weighted"): weighted(0.8, 20, grey=True)}, "dưới 30 người trả lời."),
        (RATE, RATE, "chưa được ước lượng xong."),
        ({(NATION, "satisfaction", "raw"): missing("suppressed")}, RATE, "kỳ này chưa có tỷ lệ công bố được."),
        ({}, {}, "kỳ này chưa có tỷ lệ công bố được."),
    ],
)
def test_change(found: dict[Any, Figure], previous: dict[Any, Figure], expected: str) -> None:
    assert expected in summary.change(material(found, previous=previous))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], "Chưa địa phương nào đủ số liệu hai tháng để so sánh."),
        (moved({}, 1), "Địa phương duy nhất so sánh được chưa thay đổi rõ."),
        (moved({}), "Trong 34 địa phương so sánh được, chưa địa phương nào thay đổi rõ."),
        (moved({"46": "up"}), "1 địa phương thay đổi rõ: Huế (tăng)."),
        (moved({"01": "down", "46": "up"}), "2 địa phương thay đổi rõ: HN (giảm) và Huế (tăng)."),
        (moved(dict.fromkeys(list(PLACES)[:5], "up")), "và 2 địa phương khác."),
    ],
)
def test_changed_places(rows: Sequence[dict[str, Any]], expected: str) -> None:
    assert expected in summary.changed_places(material({}, tables={"comparison": rows}))


def test_the_official_index_is_named_as_administrative_or_missing() -> None:
    assert summary.official(material({}, official=official(10.5))) == (
        "Chỉ số QĐ 766 nhóm hài lòng: 10,5/18, trung bình 34 địa phương (chỉ số hành chính, không phải khảo sát)."
    )
    assert summary.official(material({})) == "Chỉ số QĐ 766 nhóm hài lòng: chưa có số liệu của kỳ này."


@pytest.mark.parametrize(
    ("causes", "expected"),
    [
        ([], "Kỳ này không ghi nhận thủ tục nào có hồ sơ phải nộp lại"),
        ([held("Đăng ký khai sinh", 7)], "Tất cả 7 lần nộp lại thuộc một thủ tục: Đăng ký khai sinh."),
        ([held("A", 7), held("B", 1)], "Một thủ tục chiếm 87,5\u202f% số lần nộp lại: A."),
        ([held("A", 3), held("B", 2), held("C", 1), held("D", 1)], "2 thủ tục chiếm 71,4\u202f% số lần nộp lại: A; B."),
        ([held(letter, 1) for letter in "ABCDEFGH"], "3 thủ tục chiếm 37,5\u202f% số lần nộp lại: A; B; C."),
        ([held("x" * 40 + " " + "y" * 60, 2)], "x (…)."),
    ],
)
def test_causes(causes: list[Cause], expected: str) -> None:
    assert expected in summary.causes(material({}, causes=causes))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], "Chưa thấy cơ sở dữ liệu nào mà kết nối thêm sẽ bớt được lượt đi lại."),
        ([connection("civil", 0)], "Chưa thấy cơ sở dữ liệu nào"),
        ([connection("civil", 1), connection("land", 9, place="01")], "Kết nối CSDL hộ tịch sẽ giảm tối đa 1 lượt đi lại mỗi tháng."),
        ([connection("civil", 4), connection("land", 1204, "publish")], "Công bố và kết nối CSDL đất đai sẽ giảm tối đa 1.204 lượt"),
    ],
)
def test_connection(rows: list[dict[str, Any]], expected: str) -> None:
    assert expected in summary.connection(material({}, tables={"connection_value": rows}))


def test_requests_are_the_offices_own_or_suggested() -> None:
    items = [
        Item(1, "Bộ Tư pháp", "kết nối CSDL hộ tịch.", date(2026, 12, 31), "A"),
        Item(2, "UBND tỉnh Cà Mau", "rà soát hồ sơ", None, "A"),
    ]
    assert summary.requests(material({}, words=Words(requests=items))) == (
        "Bộ Tư pháp: kết nối CSDL hộ tịch, trước 31/12/2026. UBND tỉnh Cà Mau: rà soát hồ sơ."
    )
    assert "Còn 2 việc nữa ở phần Đề nghị." in summary.requests(material({}, words=Words(requests=items * 2 + items[:1])))
    suggested = summary.requests(material({}))
    assert suggested.count("ơn vị tiếp nhận") == 1  # each agency once
    assert "Sở Xây dựng: gộp các yêu cầu bổ sung vào một phiếu" in suggested
    assert "thời hạn do cơ quan ban hành ấn định" in suggested  # a day is set by a person only
    assert summary.requests(material({}, causes=[])) == "Không có đề nghị mới từ số liệu của kỳ này."


@pytest.mark.parametrize(
    ("counts", "expected"),
    [((0, 0, 0), "Kỳ trước không có việc đề nghị."), ((1, 0, 2), "Việc đề nghị kỳ trước: 1 xong, 0 đang làm, 2 quá hạn.")],
)
def test_earlier_requests(counts: tuple[int, int, int], expected: str) -> None:
    assert summary.earlier(material({}, words=Words(earlier=counts))) == expected


def test_doubt_rests_on_the_assumption_or_on_those_asked_again() -> None:
    band = {(NATION, "satisfaction", "lower"): weighted(0.756, 612), (NATION, "satisfaction", "upper"): weighted(0.925, 612)}
    assert "gấp đôi hoặc bằng một nửa người không hài lòng, tỷ lệ là 75,6–92,5\u202f%." in summary.doubt(material(RATE | band))
    row = {"item": "lambda", "value": 0.6, "low": 0.5, "high": 0.8, "n": 231}
    told = summary.doubt(material(RATE | band, tables={"answering": [row]}))
    assert "hỏi lại ngẫu nhiên 231 người chưa trả lời" in told
    assert "75,6–92,5" in told.partition("hỏi lại ngẫu nhiên")[2]  # the edition's band rests on those asked again
    assert "gấp đôi" in told.partition("hỏi lại ngẫu nhiên")[0]
    wide = row | {"low": 0.2, "high": 2.0}
    assert "gấp đôi" in summary.doubt(material(RATE | band, tables={"answering": [wide]}))
    assert summary.doubt(material({})) == "Kỳ này chưa có khoảng ước lượng để đánh giá mức độ chắc chắn."


def test_incomplete_units_count_ministries_too() -> None:
    ministry = Place("G01", "Bộ Công an", "Bộ Công an", None, 0.5)
    assert summary.incomplete(material({})) == "Số liệu của cả 34 bộ, địa phương đủ các ngày làm việc."
    assert summary.incomplete(material({}, ministries=[ministry])) == "1 bộ, địa phương chưa gửi đủ số liệu."
    assert summary.incomplete(material({}, places=[replace(ministry, coverage=None)])) == ""
    assert (
        summary.incomplete(material({}, places=[replace(ministry, coverage=1.0)]))
        == "Số liệu của nơi duy nhất gửi về đủ các ngày làm việc."
    )


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ({}, "Kỳ này chưa đủ số liệu để so các đơn vị với nhau."),
        ({"integrity_counts": asked(0, tested=0)}, "Kỳ này chưa đủ số liệu để so các đơn vị với nhau."),
        ({"integrity_counts": asked(0)}, "Không đơn vị nào cần xác minh; số đơn vị đủ số liệu để so: 900."),
        ({"integrity_counts": asked(0, tested=1)}, "Không đơn vị nào cần xác minh; số đơn vị đủ số liệu để so: 1."),
        ({"integrity_counts": asked(1)}, "1 đơn vị đang được xác minh, không loại khỏi kết quả."),
    ],
)
def test_units_under_verification_are_a_number(tables: dict[str, Any], expected: str) -> None:
    assert summary.asked_about(material({}, tables=tables)) == expected


def test_who_is_unseen_but_for_the_tickets() -> None:
    assert "trừ dòng" not in summary.unseen(material({}))
    assert "trừ dòng “lượt đến chưa thành hồ sơ” ở phần X." in summary.unseen(material({}, tables={"queue_tickets": [{"tickets": 3}]}))


def states() -> list[Material]:
    """An empty month, a full one, one where everything is hidden."""
    full = figures(0.86, 300) | {MOVED: change(0.021, 0.004, 0.038)}
    hidden = {key: missing("suppressed", key[1], key[0], key[2]) for key in full}
    tables = {"comparison": moved({"46": "up"}), "connection_value": [connection("land", 7)], "integrity_counts": asked(7)}
    return [material({}, causes=[]), material(full, tables=tables, official=official()), material(hidden)]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_whole_sentences_in_both_languages(sqlite_app: Flask, language: str) -> None:
    with force_locale(language):
        for given in states():
            made = summary.compose(given, "Basis", "agency")
            for text in (*made.figures, *(text for _head, text in made.items)):
                assert text.endswith("."), text
                assert not BROKEN.search(text.replace("…", "")), text
                if language == "en":
                    assert not re.search(r"\b(người|hồ sơ|chưa|của|không|địa phương)\b", text), text


FIRST_PAGES = [
    ("vi", "phần X.", "Hà Nội, ngày 25 tháng 11 năm 2026", "Mục lục"),
    ("en", "part X.", "25 November 2026", "Contents"),
]


@pytest.mark.parametrize(("language", "last", "dated", "contents"), FIRST_PAGES)
def test_the_longest_summary_of_a_real_edition_stays_on_the_first_page(
    sqlite_app: Flask, language: str, last: str, dated: str, contents: str
) -> None:
    """Everything at its longest, in the real form with two addressees, still fits beside the form's head."""
    name = "Liên thông các thủ tục hành chính về đăng ký khai sinh, cấp Thẻ bảo hiểm y tế cho trẻ em dưới 6 tuổi"
    deed = "kết nối Cơ sở dữ liệu hộ tịch điện tử với hệ thống một cửa của các địa phương còn lại và thông báo kết quả"
    items = [Item(at, "Ủy ban nhân dân Thành phố Hồ Chí Minh", deed, date(2026, 12, 31), "A") for at in range(5)]
    full = figures(0.86, 30_000) | {MOVED: change(-0.021, -0.038, -0.004)}
    tables = {
        "comparison": moved(dict.fromkeys(PLACES, "down")),
        "connection_value": [connection("professional", 123_456, "publish")],
        "integrity_counts": asked(1234),
        "queue_tickets": [{"tickets": None, "unit_code": "1"}],
    }
    given = material(
        full,
        simulated=False,
        causes=[held(f"{name} {at}", 100 + at) for at in range(6)],
        tables=tables,
        registers={"professional": "Cơ sở dữ liệu chuyên ngành về chứng chỉ hành nghề, văn bằng"},
        official=official(),
        places=[Place(code, f"tỉnh {place[2]}", place[2], None, 0.5) for code, place in PLACES.items()],
        words=Words(requests=items, earlier=(123, 45, 67)),
        number="123/BC-VPCP",
        dated_on=date(2026, 11, 25),
    )
    with force_locale(language):
        html = sqlite_app.jinja_env.get_template("report/report.html").render(
            strong=strong, **(compose(given) | {"chapters": [], "annexes": []})
        )
    pages = pdf_pages(render(html).content)
    assert last in flat(pages[0])
    assert "123/BC-VPCP" in flat(pages[0])
    assert dated in flat(pages[0])
    assert contents in pages[1]
