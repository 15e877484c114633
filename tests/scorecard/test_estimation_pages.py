"""From answers in the database to a closed edition's estimates, their replay, and the pages that show them."""

import re

import pytest
from flask import Flask
from sqlalchemy import update

from core.database import reading, writing
from scorecard import operations, queries
from scorecard.figures import LOWER, UPPER, WEIGHTED
from scorecard.models import Edition
from scorecard.pages import words
from tests.scorecard.small import BIRTH, BUILD, MONTH, NOW, Dossier, answers, build, submit

RETURNED, REFUSED = 10, 3


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.fixture
def edition(sqlite_app: Flask) -> Edition:
    """Hà Nội: 400 dossiers returned and 200 refused; 90 and 30 answers; Huế has dossiers and no answer."""
    dossiers = [Dossier(f"a{n}", finished=3 + n % 20, status=RETURNED) for n in range(400)]
    dossiers += [Dossier(f"b{n}", finished=3 + n % 20, status=REFUSED, procedure=BUILD) for n in range(200)]
    build([*dossiers, *(Dossier(f"h{n}", unit="19750", source="hue", status=RETURNED) for n in range(60))])
    submit("hanoi", [str(MONTH)])
    said = {"asked_again": "no", "supplement_count": "0"}
    answers([("00004", 5 if place % 10 else 2, BIRTH, 0, None, said) for place in range(90)])
    answers([("00004", 5 if place % 3 == 0 else 1, BUILD, 0, None, said) for place in range(30)], end_point="refused")
    operations.close(MONTH, NOW, "test")
    with writing() as session:
        session.execute(update(Edition).values(state="published", published_at=NOW))
    found = queries.latest_published(reading())
    assert found is not None
    return found


def test_an_edition_is_estimated_shown_and_computed_again(sqlite_app: Flask, edition: Edition) -> None:
    session = reading()
    found = queries.figure_map(session, edition, None, ["VN", "01", "00004"], ["satisfaction", "satisfaction_bounds"])
    rate = found["01", "satisfaction", WEIGHTED]
    assert rate.shown
    assert rate.value == pytest.approx((400 * 81 / 90 + 200 * 10 / 30) / 600, abs=0.0006)
    plain = found["01", "satisfaction", "raw"]
    assert (plain.numerator, plain.denominator) == (91, 120)
    assert found["VN", "satisfaction", WEIGHTED].value == rate.value  # Huế has no answer: it speaks for nobody
    answering = queries.edition_table(edition, "answering").set_index("item")
    assert answering.loc["covered", "value"] == pytest.approx(600 / 660, abs=1e-4)
    comparison = queries.edition_table(edition, "comparison").set_index("unit_code")
    assert comparison.loc["46", "reason"] == "no_figure"
    assert comparison.loc["00004", "peer_group"] == "commune phường"
    client = sqlite_app.test_client()
    for code, address in (("VN", "/"), ("01", "/localities/01"), ("VN", "/satisfaction")):
        answer = client.get(address)
        assert answer.status_code == 200
        said = text_of(answer.text)
        with sqlite_app.test_request_context("/"):
            parts = [words.rate(found[code, "satisfaction", WEIGHTED]), words.span(found[code, "satisfaction", WEIGHTED])]
            for name in ("satisfaction", "satisfaction_bounds"):
                parts.append(words.bounds(found[code, name, LOWER], found[code, name, UPPER], 0))
        for part in parts:
            assert text_of(part) in said, (address, part)
        assert "nên dải hẹp chưa có nghĩa là con số chắc chắn" in said
        assert "đáng tin" not in said.lower()
        if address != "/localities/01":
            assert "9,1 % hồ sơ kết thúc ở nơi không có phiếu trả lời nào" in said
    session.rollback()
    result = operations.replay(MONTH)
    assert (result.identical, result.differences) == (True, [])
