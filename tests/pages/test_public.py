"""The public pages on the small country."""

import re

import pytest
from flask import Flask

from core.database import reading
from procedures.queries import procedure
from scorecard import queries
from scorecard.indicators import INDICATORS
from scorecard.pages import words
from tests.pages.helpers import (
    HANOI,
    a_commune_with,
    a_procedure,
    acting_as,
    public_addresses,
    published,
    text_of,
)

FORBIDDEN = ("gian lận", "vi phạm", "bản đồ", "paracel", "spratly", "south china sea")


def test_public_pages_hold_to_the_house_rules(country: Flask) -> None:
    with country.app_context():
        addresses = public_addresses(reading())
    client = acting_as(country, None)
    for address in addresses:
        for language in ("vi", "en"):
            answer = client.get(address, query_string={"lang": language} if "?" not in address else None)
            html = answer.text
            assert answer.status_code == (404 if address == "/no-such-page" else 200), address
            assert "<script" not in html
            assert " style=" not in html
            assert len(re.findall("<h1", html)) == 1, address
            assert ("SỐ LIỆU MÔ PHỎNG" in html) or ("SIMULATED DATA" in html), address
            for word in FORBIDDEN:
                assert word not in html.lower(), (address, word)
            for table in re.findall(r"<table>(.*?)</table>", html, re.DOTALL):
                assert "<caption>" in table
                if not re.search(r"lang=\"en\">", table):  # the glossary carries no figures
                    assert re.search("SỐ LIỆU MÔ PHỎNG|SIMULATED DATA", table), address


def test_the_first_page_says_the_countrys_figures_with_interval_and_n(country: Flask) -> None:
    html = acting_as(country, None).get("/").text
    with country.test_request_context("/"):
        session = reading()
        figure = queries.figure_map(session, published(session), "nation")["VN", "satisfaction", "weighted"]
        of_hundred = words.of_hundred(figure)
        assert of_hundred is not None
        assert words.rate(figure) in html
        assert words.span(figure) in html
        assert f"{words.count(figure.n)} người trả lời" in html
    assert f"{of_hundred[0]} người hài lòng" in html
    assert html.count('<div class="tile">') == 3
    assert html.count('data-code="') == 34
    assert "Hoàng Sa" in html
    assert "Trường Sa" in html


def test_a_quoted_figure_carries_its_number_and_source_and_is_not_called_national(country: Flask) -> None:
    text = text_of(acting_as(country, None).get("/").text)
    claims = text[text.index("Con số của nguồn khác") :]
    assert "2.014/2.177 (92,5 %) — Thủ tục hành chính cấp tỉnh, cấp xã" in claims
    assert "Nguồn: Họp Ban Chỉ đạo" in claims
    assert text.count("2.014/2.177") == 1


@pytest.mark.parametrize("wanted", ["Hà Nội", "ha noi", "HA NOI", "01"])
def test_a_place_is_found_with_or_without_diacritics(country: Flask, wanted: str) -> None:
    html = acting_as(country, None).get("/localities", query_string={"q": wanted}).text
    results = html[html.index("<h2>") : html.index('class="cols"')]
    assert 'href="/localities/01"' in results


def test_a_procedure_is_found_by_words_of_its_name(country: Flask) -> None:
    client = acting_as(country, None)
    assert 'href="/procedures/1.001193"' in client.get("/procedures?q=dang+ky+khai+sinh").text
    assert "Không tìm thấy thủ tục nào" in client.get("/procedures?q=zzzz").text


def test_a_locality_lists_its_units_without_ranks(country: Flask) -> None:
    client = acting_as(country, None)
    by_people = client.get(f"/localities/{HANOI}").text
    by_name = client.get(f"/localities/{HANOI}?sort=name").text
    people = [int(cell.replace(".", "")) for cell in re.findall(r'</th><td class="n">[\d.]+</td><td class="n">([\d.]+)[/<]', by_people)]
    assert people == sorted(people, reverse=True)
    assert len(people) > 10
    names = re.findall(r'<th scope="row" class="name"><a href="/localities/[^"]+">([^<]+)<', by_name)
    assert names != re.findall(r'<th scope="row" class="name"><a href="/localities/[^"]+">([^<]+)<', by_people)
    assert len(names) == len(people)
    assert "không xếp hạng" in by_people
    assert "chỉ số hành chính, không phải khảo sát" in by_people


def test_too_few_answers_stand_as_words(country: Flask) -> None:
    with country.app_context():
        commune = a_commune_with(reading(), "too_few")
    text = text_of(acting_as(country, None).get(f"/localities/{commune}").text)
    assert "Dưới 10 người trả lời" in text
    assert "Hài lòng không đủ số liệu" in text
    assert "người hài lòng" not in text


def test_what_is_not_published_is_not_there(country: Flask) -> None:
    client = acting_as(country, None)
    assert client.get("/localities/99999").status_code == 404
    assert client.get(f"/localities/{HANOI}?month=2026-11").status_code == 404
    assert client.get(f"/localities/{HANOI}?month=yesterday").status_code == 404
    assert client.get("/procedures/9.999999").status_code == 404


def test_a_procedure_helps_first_and_counts_later(country: Flask) -> None:
    with country.app_context():
        code = a_procedure(reading(), simulated=False)
        found = procedure(reading(), code)
        assert found is not None
        names = [component.name for component in found.components]
        held = [component.register.name for component in found.components if component.register]
    text = text_of(acting_as(country, None).get(f"/procedures/{code}").text)
    for name in names:
        assert " ".join(name.split()) in text
    for register in held:
        assert f"Đã có trong {register}" in text
    assert f"{len(held)} giấy tờ trong đó Nhà nước đã có" in text
    places = [
        text.index(part)
        for part in ("Cần giấy tờ gì", "Điều 17 khoản 2 điểm a", "Điều 20 khoản 4", "Phản ánh kiến nghị", "Số liệu cả nước")
    ]
    assert places == sorted(places)


def test_a_made_up_procedure_says_so(country: Flask) -> None:
    with country.app_context():
        code = a_procedure(reading(), simulated=True)
    assert "do máy đặt ra" in acting_as(country, None).get(f"/procedures/{code}").text


def test_the_method_names_every_indicator_with_formula_and_source(country: Flask) -> None:
    client = acting_as(country, None)
    vietnamese, english = text_of(client.get("/method").text), text_of(client.get("/method?lang=en").text)
    for indicator in INDICATORS.values():
        for said in (indicator.name_vi, indicator.formula_vi, indicator.cohort_vi, indicator.source):
            assert " ".join(said.split()) in vietnamese
        for said in (indicator.name_en, indicator.formula_en, indicator.cohort_en):
            assert " ".join(said.split()) in english
    assert "hạt giống ngẫu nhiên" in vietnamese
    assert "điểm kết thúc" in vietnamese  # the glossary


def test_before_anything_is_published_the_pages_say_so(sqlite_app: Flask) -> None:
    client = sqlite_app.test_client()
    assert "Chưa có tháng nào được công bố" in client.get("/").text
    assert client.get("/localities").status_code == 200
    assert client.get("/method").status_code == 200
