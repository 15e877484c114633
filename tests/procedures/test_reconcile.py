"""Two systems' views of the same dossiers."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from core.calendar import Month
from core.database import writing
from core.lake import connect
from procedures import reconcile
from procedures.models import Source
from procedures.reconcile import Comparison, Difference
from tests.procedures.feed import small_country
from tests.procedures.lake import at, put, row, table

INSTANTS = [None, at("2026-10-08 00:00"), at("2026-10-08 09:30"), at("2026-10-09 09:30"), at("2026-11-02 00:00")]


def compared(a: list[dict[str, Any]], b: list[dict[str, Any]], month: Month | None = None) -> Comparison:
    engine = connect()
    return Comparison(engine, table(engine, a, "left_side"), table(engine, b, "right_side"), month)


def listed(a: list[dict[str, Any]], b: list[dict[str, Any]], month: Month | None = None) -> list[Difference]:
    return compared(a, b, month).listed(1000)


def test_what_is_missing_and_what_differs() -> None:
    a = [row("A"), row("B"), row("C", status=4, finished_at=None), row("E")]
    b = [row("B"), row("C"), row("D", "2026-10-09 00:00"), row("E", due_at=at("2026-10-14 17:00"))]
    both = compared(a, b)
    assert both.listed(10) == [
        Difference("A", "only_a", "2026-10-08 08:15", None),
        Difference("C", "status", "4", "9"),
        Difference("C", "finished_at", None, "2026-10-12 08:15"),
        Difference("D", "only_b", None, "2026-10-09"),
        Difference("E", "due_at", "2026-10-13 08:15", "2026-10-14 17:00"),
    ]
    assert both.listed(2, offset=1) == both.listed(10)[1:3]
    counts = both.counts()
    assert (counts.in_a, counts.in_b, counts.both, counts.agree, counts.differ) == (4, 4, 3, 1, 2)
    assert (counts.only_a, counts.only_b, counts.status, counts.received_at, counts.due_at, counts.finished_at) == (1, 1, 1, 0, 1, 1)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2026-10-13 00:00", "2026-10-13 17:00", True),  # a bare day and a time on it
        ("2026-10-13 00:00", "2026-10-14 00:00", False),
        ("2026-10-13 16:59", "2026-10-13 17:00", False),
        ("2026-10-13 17:00:09", "2026-10-13 17:00", True),  # not every system keeps seconds
        ("2026-10-13 23:59", "2026-10-14 00:00", False),
    ],
)
def test_a_date_without_a_time_is_compared_by_its_day(one: str, other: str, same: bool) -> None:
    assert (listed([row(due_at=at(one))], [row(due_at=at(other))]) == []) == same


def test_a_month_takes_dossiers_that_either_side_received_in_it() -> None:
    a = [row("A", "2026-10-31 16:00"), row("B", "2026-09-30 08:00"), row("C", "2026-10-01 08:00")]
    b = [row("A", "2026-11-02 08:00"), row("B", "2026-09-30 08:00")]
    october = [(item.dossier_code, item.what) for item in listed(a, b, Month(2026, 10))]
    assert ("A", "received_at") in october
    assert ("A", "only_a") not in october
    assert ("C", "only_a") in october
    assert "B" not in {code for code, _ in october}
    assert listed(a, b, Month(2026, 9)) == []


def sides() -> st.SearchStrategy[list[dict[str, Any]]]:
    """Up to five dossiers of one side."""
    dossier = st.builds(
        lambda status, received, due, end: {"status": status, "received_at": received, "due_at": due, "finished_at": end},
        st.sampled_from([None, 4, 9]),
        st.sampled_from(INSTANTS[1:]),
        st.sampled_from(INSTANTS),
        st.sampled_from(INSTANTS),
    )
    months = {at("2026-11-02 00:00"): "2026-11"}
    rows = st.dictionaries(st.sampled_from("ABCDE"), dossier)
    return rows.map(lambda by: [row(code, **it) | {"reception_month": months.get(it["received_at"], "2026-10")} for code, it in by.items()])


@settings(max_examples=40, deadline=None)
@given(sides(), sides(), st.sampled_from([None, Month(2026, 10), Month(2026, 11)]))
def test_swapping_the_systems_swaps_the_sides(a: list[dict[str, Any]], b: list[dict[str, Any]], month: Month | None) -> None:
    one, other = compared(a, b, month), compared(b, a, month)
    turned = {"only_a": "only_b", "only_b": "only_a"}
    swapped = [Difference(item.dossier_code, turned.get(item.what, item.what), item.value_b, item.value_a) for item in other.listed(1000)]
    assert one.listed(1000) == swapped
    counts, back = one.counts(), other.counts()
    assert (counts.in_a, counts.only_a, counts.both, counts.agree) == (back.in_b, back.only_b, back.both, back.agree)
    # every dossier is alone, the same, or differs in something that is listed
    assert counts.in_a == counts.both + counts.only_a
    assert counts.in_b == counts.both + counts.only_b
    assert counts.differ == len({item.dossier_code for item in one.listed(1000) if not item.what.startswith("only")})
    assert compared(a, a, month).listed(1000) == []


@pytest.fixture
def two_systems(app: Flask) -> Flask:
    """One-stop h26 and civil status h14 with one dossier each that the other does not have, and one that ended differently."""
    small_country()
    put([row("A"), row("=B"), row("C", "2026-09-08 08:15"), row("=B", source="h14", status=10), row("D", source="h14")])
    return app


def test_the_command_counts_and_writes_the_whole(two_systems: Flask, runner: FlaskCliRunner, tmp_path: Path) -> None:
    answer = runner.invoke(args=["feeds", "reconcile", "h26", "h14", "--month", "2026-10", "--json", "-o", str(tmp_path / "x.csv")])
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    assert (found["a"], found["b"], found["month"], found["simulated"]) == ("h26", "h14", "2026-10", False)
    assert {name: found[name] for name in ("in_a", "in_b", "both", "only_a", "only_b", "status", "due_at")} == {
        "in_a": 2, "in_b": 2, "both": 1, "only_a": 1, "only_b": 1, "status": 1, "due_at": 0,
    }  # fmt: skip
    body = (tmp_path / "x.csv").read_bytes()
    assert body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    assert [(r["dossier_code"], r["what"], r["value_a"], r["value_b"], r["simulated"]) for r in rows] == [
        ("'=B", "status", "9", "10", "0"),
        ("A", "only_a", "2026-10-08 08:15", "", "0"),
        ("D", "only_b", "", "2026-10-08 08:15", "0"),
    ]
    plain = runner.invoke(args=["feeds", "reconcile", "h26", "h14"])
    assert plain.exit_code == 0
    assert "only in h26: 2" in plain.stdout


def test_a_simulated_source_marks_the_file(two_systems: Flask, runner: FlaskCliRunner, tmp_path: Path) -> None:
    with writing() as session:
        session.query(Source).filter_by(code="h14").one().simulated = True
    answer = runner.invoke(args=["feeds", "reconcile", "h26", "h14", "-o", str(tmp_path / "x.csv")])
    assert answer.exit_code == 0, answer.output
    assert not (tmp_path / "x.csv").exists()
    text = (tmp_path / "so-lieu-mo-phong-x.csv").read_text("utf-8-sig")
    assert {line.rsplit(",", 1)[1] for line in text.splitlines()[1:]} == {"1"}


@pytest.mark.parametrize(
    ("args", "said"),
    [(["h26", "h99"], "h99"), (["h26", "h26"], "khác nhau"), (["h26", "h14", "--month", "10/2026"], "2026-10")],
)
def test_what_cannot_be_compared_is_told(two_systems: Flask, runner: FlaskCliRunner, args: list[str], said: str) -> None:
    answer = runner.invoke(args=["feeds", "reconcile", *args])
    assert answer.exit_code != 0
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr


def test_files_are_named_after_what_they_hold(two_systems: Flask) -> None:
    from core.database import reading

    a, b = reconcile.pair(reading(), "h26", "h14")
    assert reconcile.file_name(a, b, Month(2026, 10)) == "doi-chieu-h26-h14-2026-10.csv"
    assert reconcile.file_name(a, b, None) == "doi-chieu-h26-h14.csv"
