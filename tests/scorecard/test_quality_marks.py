"""The six marks recomputed by hand for a small country; what no source tells is not reported, and never zero."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from core.database import reading, writing
from procedures.models import Submission
from scorecard import operations, queries
from scorecard.quality_marks import MARKS, submissions_frame, working_days
from tests.scorecard.small import MONTH, NOW, Dossier, build, submit

DOSSIERS = [*(Dossier(f"a{n}", received=n) for n in range(4)), Dossier("e1", unit="19750", source="hue", received=1)]


def marks(place: str) -> dict[str, tuple[object, ...]]:
    edition = queries.edition_of(reading(), MONTH, include_unpublished=True)
    assert edition is not None
    table = queries.edition_table(edition, "quality_marks")
    rows = table[table["place_code"] == place].itertuples(index=False)
    return {row.mark: (row.numerator, row.denominator) if row.status == "value" else (row.status,) for row in rows}


def test_each_mark_is_the_count_that_its_definition_says(app: Flask) -> None:
    build(DOSSIERS)
    submit("hanoi", [str(MONTH)], NOW - timedelta(days=3, seconds=7))
    with writing() as session:
        item = session.scalars(select(Submission).order_by(Submission.id.desc())).first()
        assert item is not None
        item.rows_received, item.rows_quarantined, item.quarantined = 100, 9, {"unknown_unit": 4, "returned_before_end": 5}
    before = submissions_frame(reading(), MONTH)
    received = int(before.loc[before["source"] == "hanoi", "received"].sum())
    operations.close(MONTH, NOW, "test")
    found = marks("01")
    assert found["correct"] == (received - 5, received)
    assert found["uniform"] == (received - 4, received)
    assert found["clean"] == (4, 4)
    # 1 October 2026 is a Thursday: receptions on the 1st, 2nd, 3rd (a Saturday) and 4th (a Sunday)
    assert found["complete"] == (2, working_days(MONTH, MONTH.last_day))
    assert marks("VN")["clean"] == (5, 5)
    assert operations.replay(MONTH).identical


def test_what_nobody_sent_is_not_reported(app: Flask) -> None:
    build([dossier for dossier in DOSSIERS if dossier.source == "hanoi"])
    operations.close(MONTH, NOW, "test")
    assert marks("46")["clean"] == ("not_reported",)
    assert marks("46")["live"] == ("not_reported",)


def test_a_mark_has_both_languages_and_its_own_code() -> None:
    assert len({mark.code for mark in MARKS}) == 6
    assert [mark.vi for mark in MARKS] == ["Đúng", "Đủ", "Sạch", "Sống", "Thống nhất", "Dùng chung"]
    assert all(mark.measure_vi and mark.measure_en for mark in MARKS)


@pytest.mark.parametrize(("until", "days"), [(1, 1), (4, 2), (5, 3), (31, 22)])
def test_working_days_are_those_that_have_passed(until: int, days: int) -> None:
    assert working_days(MONTH, MONTH.first_day + timedelta(days=until - 1)) == days
