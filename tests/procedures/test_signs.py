"""Signs of what was left out: refilings, gaps in the numbers, and the rest; each seen to ask and to keep still."""

from datetime import date
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from core.calendar import Month
from core.database import reading, writing
from core.lake import connect, fetch
from procedures import queries, signs
from procedures.models import ReportedCount, Source, Unit
from procedures.sign_list import SIGNS
from tests.procedures.feed import NOW, small_country
from tests.procedures.lake import at, put, row, steps, table

OCTOBER = Month(2026, 10)
TODAY = date(2026, 11, 20)


def pairs(rows: list[dict[str, Any]], **how: Any) -> list[dict[str, Any]]:
    engine = connect()
    return fetch(engine, queries.refilings(table(engine, rows), **how).order_by("dossier_code")).to_pylist()


def ended(code: str, received: str, end: str, status: int = 3, **changes: Any) -> dict[str, Any]:
    return row(code, received, status=status, finished_at=at(end), applicant_hash="a", **changes)


def test_a_refusal_is_linked_to_the_nearest_next_dossier_of_the_same_applicant_and_procedure() -> None:
    first = ended("A", "2026-10-01 08:00", "2026-10-02 09:00")
    rows = [
        first,
        row("B", "2026-10-01 10:00", applicant_hash="a"),  # before the refusal
        row("C", "2026-10-20 08:00", applicant_hash="a"),
        row("D", "2026-10-10 08:00", applicant_hash="a"),
        row("E", "2026-10-03 08:00", applicant_hash="b"),
        row("F", "2026-10-03 08:00", applicant_hash="a", procedure_code="1.115150"),
        row("G", "2026-10-03 08:00", applicant_hash="a", source="h14"),
    ]
    for order in (rows, rows[::-1]):
        (found,) = pairs(order)
        ended_at = found.pop("ended_at")
        assert ended_at == first["finished_at"]
        assert found == {"source": "h26", "dossier_code": "A", "next_code": "D", "procedure_code": "1.004222", "kind": "refused", "days": 8}


@pytest.mark.parametrize(
    ("received", "linked"),
    [
        ("2026-11-01 23:59", True),
        ("2026-11-02 00:00", False),
        ("2026-10-02 09:00", True),
        ("2026-10-02 08:59", False),
        ("2026-10-02 00:00", True),  # a day without its time
    ],
)
def test_the_window_is_thirty_days(received: str, linked: bool) -> None:
    found = pairs([ended("A", "2026-10-01 08:00", "2026-10-02 09:00"), row("B", received, applicant_hash="a")])
    assert bool(found) == linked


def test_refusals_withdrawals_and_stops_are_kept_apart_and_form_chains() -> None:
    rows = [
        ended("A", "2026-10-01 08:00", "2026-10-02 09:00", 3),
        ended("B", "2026-10-03 08:00", "2026-10-04 09:00", 7),
        ended("C", "2026-10-05 08:00", "2026-10-06 09:00", 8),
        row("D", "2026-10-07 08:00", applicant_hash="a"),
    ]
    assert [(pair["dossier_code"], pair["next_code"], pair["kind"]) for pair in pairs(rows)] == [
        ("A", "B", "refused"),
        ("B", "C", "withdrawn"),
        ("C", "D", "stopped"),
    ]


def test_nothing_is_linked_where_the_applicant_or_the_end_is_not_known() -> None:
    later = row("B", "2026-10-03 08:00", applicant_hash=None)
    assert pairs([ended("A", "2026-10-01 08:00", "2026-10-02 09:00") | {"applicant_hash": None}, later]) == []
    assert pairs([row("A", status=3, finished_at=None, applicant_hash="a"), row("B", "2026-10-09 08:00", applicant_hash="a")]) == []


def gaps(codes: list[str]) -> tuple[int, int]:
    """(missing, expected) of dossiers with these codes."""
    engine = connect()
    found = fetch(engine, signs.number_gaps(table(engine, [row(code) for code in codes]), OCTOBER)).to_pylist()
    return (found[0]["missing"], found[0]["expected"]) if found else (0, 0)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(["H26.12", "H26.14"]), st.sets(st.integers(1, 60), min_size=1), min_size=1))
def test_gaps_are_what_counting_by_hand_gives(series: dict[str, set[int]]) -> None:
    codes = [f"{unit}-261008-{number:04d}" for unit, numbers in series.items() for number in numbers]
    shared = len(series) == 2 and series["H26.12"] & series["H26.14"]
    looked_at = list(series.values()) if shared else [set().union(*series.values())]
    missing = sum(len(set(range(min(numbers), max(numbers))) - numbers) for numbers in looked_at)
    assert gaps(codes) == (missing, missing + len(codes))


def test_gaps_know_the_forms_of_a_code_and_leave_others_aside() -> None:
    assert gaps(["G09.20-20261008-0092637", "G09.20-20261008-0092640"]) == (2, 4)
    assert gaps(["000.00.08.H56-261008-0001", "000.00.08.H56-261008-0003", "SO-1", "H26.12-261108-0009"]) == (1, 3)
    assert gaps(["H26.12-261008-0001", "H26.12-261008-9001"]) == (0, 2)  # a series that begins anew
    assert gaps(["H26.12-261008-0001", "H26.12-261009-0005"]) == (0, 2)  # each day has its own
    assert gaps(["SO-1"]) == (0, 0)


def counted(rows: list[dict[str, Any]]) -> dict[str, tuple[int, int]]:
    engine = connect()
    found = fetch(engine, signs.simple(table(engine, rows), OCTOBER)).to_pylist()[0]
    return {name: (found[f"{name}_num"], found[f"{name}_den"]) for name in signs.SIMPLE}


@pytest.mark.parametrize(
    ("sign", "changes", "expected"),
    [
        ("minutes", {}, (0, 1)),
        ("minutes", {"finished_at": at("2026-10-08 08:24")}, (1, 1)),
        ("minutes", {"finished_at": at("2026-10-08 08:25")}, (0, 1)),
        ("minutes", {"finished_at": at("2026-10-08 08:16"), "due_at": at("2026-10-08 17:00")}, (0, 0)),  # due at once
        ("minutes", {"received_at": at("2026-10-08 00:00"), "finished_at": at("2026-10-08 00:00")}, (0, 0)),  # no times
        ("minutes", {"status": 4}, (0, 0)),
        ("month_end", {"received_at": at("2026-10-28 00:10")}, (1, 1)),  # 28, 29, 30 October 2026 are the last working days
        ("month_end", {"received_at": at("2026-10-27 23:50")}, (0, 1)),
        ("due_moved", {"due_at": at("2026-10-20 17:00")}, (1, 1)),
        ("due_moved", {"due_at": at("2026-10-10 17:00")}, (0, 1)),  # earlier than promised
        ("due_moved", {"due_at": at("2026-10-20 17:00"), "supplement_count": 1}, (0, 1)),
        ("due_moved", {"due_at": at("2026-10-20 17:00"), "supplements": [{"requested_at": at("2026-10-09 09:00")}]}, (0, 1)),
        ("due_moved", {"first_due_at": None}, (0, 0)),
        ("no_document", {"result_electronic": False}, (1, 1)),
        ("no_document", {"result_electronic": True}, (0, 1)),
        ("no_document", {"result_electronic": None}, (0, 0)),
        ("no_document", {"result_electronic": False, "status": 3}, (0, 0)),
        ("request_to_end", {"history": steps(2, 5, 9)}, (1, 1)),
        ("request_to_end", {"history": steps(2, 5, 9, 10), "status": 10}, (1, 1)),
        ("request_to_end", {"history": steps(2, 5, 4, 9)}, (0, 1)),
        ("request_to_end", {"history": steps(9)}, (0, 0)),
        ("request_to_end", {"history": None}, (0, 0)),
    ],
)
def test_each_sign_counts_what_it_says(sign: str, changes: dict[str, Any], expected: tuple[int, int]) -> None:
    assert counted([row(**changes)])[sign] == expected


def test_a_sign_asks_above_its_threshold_and_judges_nothing_under_thirty() -> None:
    sign = SIGNS["minutes"]
    assert signs.judged(sign, 4, 30).state == "ask"
    assert signs.judged(sign, 3, 30).state == "calm"
    assert signs.judged(sign, 29, 29).state == "few"
    assert signs.judged(sign, 29, 29).share is None
    assert signs.judged(sign, 0, 0).state == "unknown"
    assert signs.judged(sign, 30, 30, over=False).state == "running"


def test_busy_units_without_requests_are_named_beside_peers_of_their_kind_only() -> None:
    def unit(source: str, code: str, dossiers: int, asked: int) -> dict[str, Any]:
        return {"source": source, "unit": code, "dossiers": dossiers, "asked": asked}

    kinds = {"A": "commune", "B": "commune", "C": "commune", "D": "department", "E": "commune"}
    rows = [
        unit("h26", "A", 200, 0),
        unit("h14", "B", 300, 30),
        unit("h14", "C", 200, 2),
        unit("h26", "D", 900, 0),
        unit("h26", "E", 199, 0),
    ]
    assert signs.without_supplements(rows, kinds, "h26") == (["A"], 2)  # the median of B (10 %) and C (1 %) is 5.5 %
    rows[1]["asked"] = 9
    assert signs.without_supplements(rows, kinds, "h26") == ([], 2)


def test_the_readings_of_a_source(app: Flask) -> None:
    small_country()
    put(
        [
            *(row(f"H26.12-261008-{n:04d}", finished_at=at("2026-10-08 08:20"), applicant_hash="x") for n in range(1, 81) if n % 2),
            *(ended(f"H26.12-261009-{n:04d}", "2026-10-09 08:00", "2026-10-10 09:00", procedure_code=f"1.{n:06d}") for n in range(1, 31)),
            *(row(f"H26.12-261103-{n:04d}", "2026-11-03 08:00", applicant_hash="a", procedure_code=f"1.{n:06d}") for n in range(1, 21)),
            row("H14.1-261008-0001", source="h14"),
        ]
    )
    with writing() as session:
        province = session.query(Unit).filter_by(code="01").one()
        session.add(
            ReportedCount(unit_id=province.id, form="portal", month="2026-10", label="total", counts={"received": 100}, reported_at=NOW)
        )
    source = reading().query(Source).filter_by(code="h26").one()
    found = {item.sign.code: item for item in signs.readings(reading(), source, OCTOBER, TODAY)}
    assert list(found) == list(SIGNS)
    assert {code: (item.numerator, item.denominator, item.state) for code, item in found.items()} == {
        "number_gaps": (39, 109, "ask"),
        "portal": (30, 100, "ask"),
        "minutes": (40, 40, "ask"),
        "month_end": (0, 70, "calm"),
        "due_moved": (0, 70, "calm"),
        "no_document": (0, 0, "unknown"),
        "request_to_end": (0, 0, "unknown"),
        "no_supplements": (0, 0, "few"),
        "refused": (20, 30, "ask"),
        "withdrawn": (0, 0, "unknown"),
        "stopped": (0, 0, "unknown"),
    }
    before = {item.sign.code: item.state for item in signs.readings(reading(), source, OCTOBER, date(2026, 10, 31))}
    assert (before["portal"], before["month_end"], before["minutes"]) == ("running", "running", "ask")


def test_a_source_without_dossiers_has_nothing_to_judge(sqlite_app: Flask) -> None:
    small_country()
    source = reading().query(Source).filter_by(code="h26").one()
    assert {item.state for item in signs.readings(reading(), source, OCTOBER, TODAY)} == {"unknown", "few"}


def test_every_sign_says_what_it_means_in_both_languages_and_blames_nobody() -> None:
    for sign in SIGNS.values():
        texts = [value for name, value in vars(sign).items() if name.endswith(("_vi", "_en"))]
        assert all(texts)
        assert "cũng có thể" in sign.meaning_vi
        assert "; or " in sign.meaning_en
