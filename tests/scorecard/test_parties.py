"""Each party is charged with its own part: who received, who supplied the system; petitions and queue tickets beside them."""

from datetime import date, timedelta

import pandas as pd
from flask import Flask
from sqlalchemy import select

from core.database import reading, writing
from procedures.models import Unit
from procedures.petitions import Petitions
from procedures.service_models import PetitionCount, QueueTicket
from scorecard import operations, queries
from scorecard.figures import COUNTRY, NATION, UNIT
from scorecard.parties import PARTY, PROVIDER, RECEIVER, petition_rows, provider_rows, receiver_rows
from scorecard.rows import Place, Row
from scorecard.service_inputs import ServiceInputs, System
from tests.lake import put
from tests.scorecard.small import MONTH, NOW, Dossier, build, row_of, submit

PLACES = {
    "VN": Place("VN", "nation", None, None),
    "01": Place("01", "province", "VN", "01"),
    "46": Place("46", "province", "VN", "46"),
    "G01": Place("G01", "ministry", "VN", "G01"),
    "00004": Place("00004", "commune", "01", "01"),
    "H26.99": Place("H26.99", "centre", "01", "01"),
}
RECEIVED = [
    "source",
    "receiving_unit",
    "provider",
    "received",
    "online",
    "refused",
    "digitised",
    "digitised_known",
    "asked",
    "electronic",
    "results",
]
OCTOBER = (date(2026, 10, 1) - date(1970, 1, 1)).days


def told(rows: list[Row]) -> dict[tuple[str, str, str], tuple[str, int | None, int | None]]:
    return {(row.subject_kind, row.subject_code, row.indicator): (row.status, row.numerator, row.denominator) for row in rows}


def frame(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=RECEIVED)


def test_reception_is_charged_to_who_received_and_to_what_is_above() -> None:
    received = frame(
        ("a", "00004", "A", 10, 4, 1, 6, 8, 2, 3, 4), ("a", "H26.99", "A", 5, 0, 0, 0, 0, 1, 0, 0), ("a", "", "B", 7, 7, 7, 7, 7, 7, 7, 7)
    )
    rows = list(receiver_rows(received, PLACES, {"01", "46"}))
    assert {(row.breakdown, row.category) for row in rows} == {(PARTY, RECEIVER)}
    found = told(rows)
    assert found[UNIT, "00004", "reception_refused"] == ("value", 1, 10)
    assert found[UNIT, "H26.99", "reception_supplement"] == ("value", 1, 5)
    assert found[UNIT, "H26.99", "reception_digitised"] == ("not_applicable", None, None)
    assert found[UNIT, "01", "reception_supplement"] == ("value", 3, 15)
    assert found[NATION, COUNTRY, "reception_digitised"] == ("value", 6, 8)  # nobody is charged where nobody is named
    assert found[UNIT, "46", "reception_refused"] == ("not_applicable", None, None)
    assert found[UNIT, "G01", "reception_refused"] == ("not_reported", None, None)


def test_a_provider_is_charged_with_its_own_days_rows_and_look_ups() -> None:
    services = ServiceInputs(
        systems=[System("a", "A", 100, 4), System("b", "B", 0, 0), System("c", None, 50, 50)],
        providers={"A": "Công ty A", "B": "Công ty B", "Z": "Công ty Z"},
        until=date(2026, 10, 7),  # five working days: the 1st, 2nd, 5th, 6th, 7th
    )
    days = pd.DataFrame(
        [("a", "A", OCTOBER, 3, 1), ("a", "B", OCTOBER + 1, 3, 0), ("a", "A", OCTOBER + 2, 3, 1)],  # a Thursday, a Friday, a Saturday
        columns=["source", "provider", "day", "received", "online"],
    )
    looked_up = pd.DataFrame([("a", "A", "Lỗi", 2), ("a", "A", "found", 6)], columns=["source", "provider", "outcome", "number"])
    received = frame(("a", "00004", "A", 10, 4, 1, 6, 8, 2, 3, 4))
    found = told(list(provider_rows(services, received, looked_up, days, {"loi"}, date(2026, 10, 1))))
    assert found[PROVIDER, "A", "system_days"] == ("value", 1, 4)  # the silent days are those of who supplies the system at the end
    assert found[PROVIDER, "B", "system_days"] == ("value", 1, 6)  # one of system a, none of its own five
    assert found[PROVIDER, "A", "system_online_days"] == ("value", 1, 1)
    assert found[PROVIDER, "B", "system_online_days"] == ("value", 0, 1)
    assert found[PROVIDER, "A", "system_rows_refused"] == ("value", 4, 100)
    assert found[PROVIDER, "B", "system_rows_refused"] == ("not_applicable", None, None)
    assert found[PROVIDER, "A", "system_lookup_failed"] == ("value", 2, 8)
    assert found[PROVIDER, "A", "system_result_electronic"] == ("value", 3, 4)
    assert {code for _kind, code, _indicator in found} == {"A", "B"}


def test_petitions_count_for_everything_above_and_silence_is_not_zero() -> None:
    services = ServiceInputs(
        petitions=[Petitions("00004", "a", 4, 3, 1), Petitions("00004", "b", 2, 2, 0), Petitions("nobody", "", 1, 0, 0)]
    )
    found = told(list(petition_rows(services, PLACES)))
    assert found[UNIT, "00004", "petitions_on_time"] == ("value", 5, 6)
    assert found[UNIT, "01", "petitions_reopened"] == ("value", 1, 6)
    assert found[NATION, COUNTRY, "petitions_on_time"] == ("value", 5, 7)
    assert found[UNIT, "46", "petitions_on_time"] == ("not_reported", None, None)


def test_petitions_settled_lie_between_what_overlap_allows() -> None:
    services = ServiceInputs(petitions=[Petitions("00004", "a", 10, 7, 4), Petitions("00004", "b", 2, 0, 1)])
    rows = {(row.subject_code, row.variant): row for row in petition_rows(services, PLACES) if row.indicator == "petitions_settled"}
    # of a: 7 - 4 if all opened again were on time; min(7, 10 - 4) if none was; of b: none was on time
    assert (rows["00004", "lower"].numerator, rows["00004", "upper"].numerator, rows["00004", "upper"].denominator) == (3, 6, 12)
    assert rows["46", "lower"].status == "not_reported"


def test_tickets_stand_beside_the_dossiers_of_the_same_days(sqlite_app: Flask) -> None:
    table = build([])
    rows = [row_of(Dossier(f"d{number}", received=1.4 + number % 2, finished=None)) | {"receiving_unit": "H26.01"} for number in range(9)]
    rows += [row_of(Dossier("online", received=1.4, finished=None, channel=2)) | {"receiving_unit": "H26.01"}]
    rows += [row_of(Dossier("lone", received=1.4, finished=None)) | {"receiving_unit": "00008"}]
    put(table, rows)
    submit("hanoi", [str(MONTH)])
    day = MONTH.first_day + timedelta(days=1)
    with writing() as session:
        ids = dict(session.execute(select(Unit.code, Unit.id)).all())
        for unit, tickets in (("H26.01", 20), ("00008", 4), ("00004", 3)):
            session.add(QueueTicket(unit_id=ids[unit], day=day, field="", tickets=tickets, reported_at=NOW))
        session.add(PetitionCount(unit_id=ids["00004"], month=str(MONTH), subject="", received=3, on_time=2, reopened=1, reported_at=NOW))
    edition = operations.close(MONTH, NOW, actor="test")
    found = {row["unit_code"]: row for row in queries.edition_table(edition, "queue_tickets").to_dict("records")}
    assert [found["H26.01"][name] for name in ("tickets", "dossiers", "not_yet", "surplus")] == [20, 5, 15, 0]  # of that day, in person
    assert pd.isna(found["00008"]["dossiers"])  # fewer than three are never told
    assert pd.isna(found["00008"]["not_yet"])
    assert [found["00004"][name] for name in ("dossiers", "not_yet")] == [0, 3]
    share = queries.figure_map(reading(), edition, UNIT, ["01"], ["petitions_on_time"])["01", "petitions_on_time", "raw"]
    assert (share.numerator, share.denominator) == (2, 3)
    received = queries.figures(reading(), edition, UNIT, ["H26.01"], ["reception_refused"], breakdown=PARTY)
    assert [(figure.numerator, figure.denominator) for figure in received] == [(0, 10)]
    assert operations.replay(MONTH).identical
