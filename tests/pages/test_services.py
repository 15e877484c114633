"""The pages of online service, of a unit's times and reception, of sectors and providers, on the small country."""

import pytest
from flask import Flask

from core.database import reading
from scorecard import queries
from scorecard.availability import sector_code
from tests.pages.helpers import HANOI, acting_as, published, text_of

PAGES = ("/availability", f"/localities/{HANOI}/services", "/localities/G15/services", "/sectors/ho-tich", "/providers", "/providers/SIM-A")


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_pages_open_in_both_languages_and_say_that_they_are_simulated(country: Flask, address: str, lang: str) -> None:
    answer = acting_as(country, None).get(f"{address}?lang={lang}")
    assert answer.status_code == 200
    text = text_of(answer.text)
    assert ("SỐ LIỆU MÔ PHỎNG" if lang == "vi" else "SIMULATED") in text
    assert "gian lận" not in text.casefold()


def test_the_local_figure_stands_beside_the_national_one_with_its_name(country: Flask) -> None:
    text = text_of(acting_as(country, None).get("/availability").text)
    local = text.index("2.014/2.177")
    assert "không phải con số cả nước" in text[local - 300 : local]
    assert "/5.527" in text
    for address in PAGES[1:]:
        assert "2.014/2.177" not in text_of(acting_as(country, None).get(address).text)


def test_the_list_of_services_on_paper_can_be_had_whole(country: Flask) -> None:
    client = acting_as(country, None)
    with country.app_context():
        edition = published(reading())
        table = queries.edition_table(edition, "phantom_services")
    answer = client.get("/availability/phantom_services.csv")
    lines = answer.text.splitlines()
    assert len(lines) == len(table) + 1
    assert lines[0].endswith("simulated")
    assert "MO-PHONG" in answer.headers["Content-Disposition"]
    assert client.get("/availability/other.csv").status_code == 404


def test_who_is_charged_with_what_is_said(country: Flask) -> None:
    text = text_of(acting_as(country, None).get(f"/localities/{HANOI}/services").text)
    for words in ("tính cho đơn vị xử lý", "tính cho nơi tiếp nhận", "tính cho nhà cung cấp", "nhân chứng thứ ba"):
        assert words in text


@pytest.mark.parametrize(
    "address", ["/localities/nowhere/services", "/sectors/nothing", "/providers/nobody", "/availability?month=1999-01"]
)
def test_what_does_not_exist_is_not_found(country: Flask, address: str) -> None:
    assert acting_as(country, None).get(address).status_code == 404


def test_a_centre_leads_to_the_place_that_it_serves(country: Flask) -> None:
    answer = acting_as(country, None).get("/localities/H26.99/services")
    assert answer.status_code in (302, 404)


def test_sectors_are_rated_as_localities_are(country: Flask) -> None:
    with country.app_context():
        edition = published(reading())
        found = queries.figure_map(reading(), edition, "sector", [sector_code("Hộ tịch")])
    names = {indicator for _code, indicator, _variant in found}
    assert {"online_filing", "on_time", "on_time_index", "phantom_services", "procedures_online", "supplement"} <= names
    assert found["ho-tich", "online_filing", "raw"].status == "value"
