"""From material made by hand to the page: a draft, a real edition, an empty month, a month with everything missing."""

import re
from dataclasses import replace
from datetime import date

import pytest
from flask import Flask
from flask_babel import force_locale

from exports import render_child
from exports.chapters_records import cause_words
from exports.composition import compose
from exports.layout import Table, strong
from exports.quoted import Claim
from exports.report import Material
from scorecard.tiles import PLACES
from tests.exports.figures import missing
from tests.exports.made import CAUSES, asked, figures, material


def page(app: Flask, given: Material, language: str = "vi") -> str:
    with force_locale(language):
        return app.jinja_env.get_template("report/report.html").render(strong=strong, **compose(given))


@pytest.fixture
def sqlite(sqlite_app: Flask) -> Flask:
    return sqlite_app


LINE = 453.0  # points of A4 between the margins
LETTER = 0.38  # of the size: what a letter of a bold word in the serif face has at least, on average


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_word_of_a_tables_head_is_wider_than_its_column(sqlite: Flask, language: str) -> None:
    shown = figures(0.8, 200)
    with sqlite.test_request_context(), force_locale(language):
        context = compose(material(shown))
        blocks = [block for chapter in (*context["chapters"], *context["annexes"]) for block in chapter.blocks]
        heads = [(head, 10.5 if table.small else 12) for table in blocks if isinstance(table, Table) for head in table.heads]
    assert len(heads) > 60
    words = [(word, size, head) for head, size in heads for word in re.split(r"[\s/]", head.text)]
    assert [(word, head.width) for word, size, head in words if len(word) * size * LETTER > head.width / 100 * LINE] == []


@pytest.mark.parametrize(("tested", "words"), [(0, "không so được"), (3, "0")])
def test_a_sign_that_could_be_looked_for_nowhere_has_no_number(sqlite: Flask, tested: int, words: str) -> None:
    signs = asked(0, tested=3) + asked(0, tested=tested, detector="speed")
    html = page(sqlite, material(figures(0.8, 200), tables={"integrity_counts": signs}))
    row = re.search(r"<tr[^>]*>\s*<th[^>]*>Mọi dấu hiệu.*?</tr>", html, re.DOTALL)
    assert row is not None
    assert re.sub(r"<[^>]+>", " ", row.group()).split() == ["Mọi", "dấu", "hiệu", *words.split(), str(tested)]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_two_causes_that_different_agencies_can_mend_read_differently(sqlite: Flask, language: str) -> None:
    looked_up = CAUSES[0]
    with sqlite.test_request_context(), force_locale(language):
        assert cause_words(looked_up) != cause_words(replace(looked_up, within_power=False))


def test_a_real_edition_names_its_agency_and_is_not_marked(sqlite: Flask) -> None:
    html = page(sqlite, material(figures(0.8, 200), simulated=False))
    assert "VĂN PHÒNG CHÍNH PHỦ" in html
    assert "/BC-VPCP" in html
    assert "MÔ PHỎNG" not in html
    assert "draft.css" not in html


@pytest.mark.parametrize(("language", "mark", "words"), [("vi", "DỰ THẢO", "phiên bản 1 · dự thảo"), ("en", "DRAFT", "version 1 · draft")])
def test_a_draft_is_watermarked(sqlite: Flask, language: str, mark: str, words: str) -> None:
    html = page(sqlite, material(figures(0.8, 200), draft=True), language)
    assert words in html
    style = render_child.asset(re.findall(r'href="(report:///draft[^"]*)"', html)[0]).read_text()
    assert f">{mark}</text>" in render_child.asset(re.findall(r'url\("([^"]+)"\)', style)[0]).read_text()


def test_quoted_claims_stand_beside_with_their_source(sqlite: Flask) -> None:
    html = page(sqlite, material(figures(0.8, 200)))
    assert re.search(r"2\.014/2\.177 \(92,5\u202f%\) thủ tục <strong>cấp tỉnh, cấp xã</strong>", html)
    assert "Họp ngày 05/12/2025" in html


@pytest.mark.parametrize(("share", "words"), [(0.9, "90\u202f%"), (0.48, "48\u202f%"), (0.925, "92,5\u202f%"), (5527, "5.527")])
def test_a_quoted_figure_is_no_more_precise_than_its_source(sqlite: Flask, share: float, words: str) -> None:
    claim = Claim("publication_rate", "Tỷ lệ công bố", share, None, None, "Họp ngày 05/12/2025", date(2025, 12, 5))
    html = page(sqlite, replace(material(figures(0.8, 200)), claims=[claim]))
    assert f">{words}</td>" in html


def test_names_are_escaped(sqlite: Flask) -> None:
    html = page(sqlite, material(figures(0.8, 200)))
    assert "&lt;đăng ký&gt;" in html
    assert "<đăng ký>" not in html


def test_few_answers_are_grey(sqlite: Flask) -> None:
    html = page(sqlite, material(figures(0.8, 20)))
    assert html.count('class="n pale"') >= 3 * len(PLACES)  # rate and interval; what people say of being asked again
    assert "Chưa địa phương nào đủ số liệu để xếp nhóm." in html


@pytest.mark.parametrize("status", ["not_applicable", "not_reported", "too_few", "suppressed"])
def test_a_month_without_numbers_still_makes_a_report(sqlite: Flask, status: str) -> None:
    found = {key: missing(status, key[1], key[0], key[2]) for key in figures(0.8, 200)}
    html = page(sqlite, replace(material(found), causes=[], claims=[]))
    assert "None" not in html
    assert "0,0" not in re.sub(r"100,0", "", html)


def test_nothing_at_all(sqlite: Flask) -> None:
    html = page(sqlite, replace(material({}), causes=[], claims=[], places=[]))
    assert "Kỳ này chưa có số liệu khảo sát." in html
    assert "None" not in html


@pytest.mark.parametrize(
    ("silent", "told"),
    [
        (None, None),
        ({}, "Chưa xã nào được khai báo là không có sóng di động."),
        (
            {"31000": True, "00004": False},
            "2 xã được khai báo là không có sóng di động (cả xã: 1; một phần: 1): phường Ba Đình và xã Đất Mũi.",
        ),
        ({f"3{number:04d}": True for number in range(13)}, "(cả xã: 13; một phần: 0): tỉnh Cà Mau (13)."),
    ],
)
def test_communes_without_signal_are_named_and_answers_by_link_not_called_the_people_s(
    sqlite: Flask, silent: dict[str, bool] | None, told: str | None
) -> None:
    names = {"00004": "phường Ba Đình", "31000": "xã Đất Mũi", "96": "tỉnh Cà Mau"}
    owners = {f"3{number:04d}": "96" for number in range(13)}
    given = material(figures(0.8, 200), facts={} if silent is None else {"without_signal": silent}, names=names, owners=owners)
    html = page(sqlite, given)
    assert ("không phải ý kiến của toàn dân" in html) == (told is not None)
    assert told is None or told in html
