"""The annexes: the 15th to the 14th, and supplements by month of request and by cohort; counted by hand."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from core.calendar import Month
from core.database import reading
from scorecard import operations, queries
from scorecard.reporting_periods import FILE, period_of
from tests.scorecard.small import MONTH, NOW, Dossier, build

# Days are counted from 1 October; the period runs from 15 September (-16) until 14 October (before day 14).
DOSSIERS = [
    *[Dossier(f"old{n}", received=-30, due=-10, finished=-20) for n in range(4)],  # over before the period
    *[Dossier(f"carried{n}", received=-30, due=-10, finished=2.2) for n in range(5)],  # late
    *[Dossier(f"early{n}", received=1, due=10, finished=4, channel=2) for n in range(6)],
    *[Dossier(f"day{n}", received=1, due=5.1, finished=5.5) for n in range(3)],  # later on the day it was due: on the day
    *[Dossier(f"withdrawn{n}", received=1, due=None, finished=3, status=7) for n in range(3)],
    *[Dossier(f"pending{n}", received=12, due=30, finished=20, unit="00008") for n in range(4)],
    *[Dossier(f"overdue{n}", received=-5, due=5, finished=None) for n in range(3)],
    *[Dossier(f"after{n}", received=14.1, due=30, finished=20) for n in range(7)],
    Dossier("huế", received=1, due=10, finished=4, unit="19750", source="hue"),  # a single one is not told
    *[Dossier(f"july{n}", received=-80, due=-60, finished=-50, requests=[(-70, ["Đơn"])] * n) for n in range(4)],
    *[Dossier(f"asked{n}", received=3, due=20, finished=15, requests=[(6, ["Đơn"])] * (1 + n % 2)) for n in range(4)],
]


@pytest.fixture
def edition(sqlite_app: Flask) -> Any:
    """The closed month."""
    build(DOSSIERS)
    return operations.close(MONTH, NOW, "test")


def rows(edition: Any, table: str) -> list[dict[str, Any]]:
    frame = queries.edition_table(edition, table).astype(object)
    return [{str(key): value for key, value in row.items()} for row in frame.where(frame.notna(), None).to_dict("records")]


def test_the_period_is_the_decrees() -> None:
    assert period_of(Month(2026, 10)) == (date(2026, 9, 15), date(2026, 10, 14))
    assert period_of(Month(2027, 1)) == (date(2026, 12, 15), date(2027, 1, 14))


def test_dossiers_of_the_period_by_the_form(edition: Any) -> None:
    found = {row["province_code"]: row for row in rows(edition, "report_period")}
    assert set(found) == {"VN", "01"}
    hanoi = found["01"]
    assert (hanoi["first_day"], hanoi["last_day"]) == ("2026-09-15", "2026-10-14")
    assert {name: hanoi[name] for name in hanoi if name not in ("province_code", "first_day", "last_day")} == {
        "received": 28,
        "received_online": 6,
        "received_other": 17,
        "carried_over": 5,
        "resolved": 17,
        "resolved_early": 6,
        "resolved_on_day": 3,
        "resolved_late": 5,
        "resolved_no_due": 3,
        "without_result": 3,
        "pending": 11,
        "pending_in_time": 8,
        "pending_late": 3,
    }
    assert found["VN"]["received"] == 29


@pytest.mark.parametrize("code", ["VN", "01"])
def test_the_forms_identities_hold(edition: Any, code: str) -> None:
    row = next(row for row in rows(edition, "report_period") if row["province_code"] == code)
    assert row["received"] == row["received_online"] + row["received_other"] + row["carried_over"]
    assert row["resolved"] == row["resolved_early"] + row["resolved_on_day"] + row["resolved_late"] + row["resolved_no_due"]
    assert row["pending"] == row["pending_in_time"] + row["pending_late"]
    assert row["received"] == row["resolved"] + row["pending"]


def test_supplements_by_month_of_request_and_by_cohort(edition: Any) -> None:
    found = {(row["basis"], row["province_code"]): row for row in rows(edition, "supplement_cohorts")}
    asked = found["request_month", "01"]
    names = ("month", "provisional", "dossiers", "asked", "asked_twice")
    assert [asked[name] for name in names] == ["2026-10", True, None, 4, 2]
    cohort = found["cohort", "01"]
    assert [cohort[name] for name in names] == ["2026-07", False, 4, 3, 2]


def test_the_annexes_are_replayed_and_an_older_edition_has_none(edition: Any, sqlite_app: Flask) -> None:
    assert operations.replay(MONTH).identical
    folder = Path(sqlite_app.extensions["settings"].data_dir) / "editions" / edition.folder
    from scorecard import computing

    (folder / FILE).unlink()
    before = computing.compute(folder, folder.parents[1] / "lake" / "dossiers")
    assert (len(before.tables["report_period"]), len(before.tables["supplement_cohorts"])) == (0, 0)
    reading().rollback()
