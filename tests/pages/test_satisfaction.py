"""The page about satisfaction, and what stands beside every weighted rate."""

import re

from flask import Flask

from core.database import reading
from scorecard import queries
from scorecard.figures import LOWER, UPPER, WEIGHTED
from scorecard.pages import words
from tests.pages.helpers import acting_as, published, text_of


def a_province_that_is_shown(country: Flask) -> str:
    """A province whose weighted rate leaves: in so small a country most are hidden."""
    with country.app_context():
        session = reading()
        found = queries.figures(session, published(session), "unit", None, ["satisfaction"])
        return next(one.subject_code for one in found if one.variant == WEIGHTED and one.shown and len(one.subject_code) == 2)


def test_beside_the_country_and_a_province_stands_what_the_interval_does_not_cover(country: Flask) -> None:
    client = acting_as(country, None)
    province = a_province_that_is_shown(country)
    for code, address in (("VN", "/"), (province, f"/localities/{province}"), ("VN", "/satisfaction")):
        said = text_of(client.get(address).text)
        with country.test_request_context("/"):
            session = reading()
            found = queries.figure_map(session, published(session), None, [code], ["satisfaction", "satisfaction_bounds"])
            rate = found[code, "satisfaction", WEIGHTED]
            assert rate.shown
            assert text_of(words.rate(rate)) in said
            assert text_of(words.span(rate)) in said
            band, bounds = (
                text_of(words.bounds(found[code, name, LOWER], found[code, name, UPPER], 0))
                for name in ("satisfaction", "satisfaction_bounds")
            )
        assert band in said, address
        assert bounds in said, address
        assert "nên dải hẹp chưa có nghĩa là con số chắc chắn" in said


def test_nothing_is_called_reliable_and_nothing_is_ranked_by_a_single_number(country: Flask) -> None:
    client = acting_as(country, None)
    for language in ("vi", "en"):
        said = text_of(client.get("/satisfaction", query_string={"lang": language}).text).lower()
        for word in ("đáng tin", "tin cậy cao", "reliable", "hạng nhất", "top 10"):
            assert word not in said
    ranks = re.findall(r"(\d+)–(\d+) trong \d+", text_of(client.get("/satisfaction").text))
    assert all(int(low) <= int(high) for low, high in ranks)


def test_every_province_is_in_a_group_or_named_as_not_comparable(country: Flask) -> None:
    html = acting_as(country, None).get("/satisfaction").text
    with country.app_context():
        session = reading()
        frame = queries.edition_table(published(session), "comparison")
    provinces = frame[frame["kind"] == "province"]
    assert len(provinces) == 34
    for code in provinces["unit_code"]:
        assert f'href="/localities/{code}"' in html, code


def test_a_month_without_an_edition_is_not_there(country: Flask) -> None:
    client = acting_as(country, None)
    assert client.get("/satisfaction?month=1999-01").status_code == 404
    assert client.get("/satisfaction?month=x").status_code == 404


def test_a_hidden_share_is_told_once_and_counts_nothing(country: Flask) -> None:
    page = text_of(acting_as(country, None).get("/satisfaction").text)
    assert "ẩn để bảo vệ người trả lời" in page
    assert "người trả lời phiếu" not in page
