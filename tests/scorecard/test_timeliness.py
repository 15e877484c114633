"""The clocks in plain cases, and indicators recomputed with plain SQL over the lake's files."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from core.calendar import TIMEZONE
from procedures.dossiers import dossier_table
from scorecard import arrivals
from scorecard.counting import count
from tests.lake import put
from tests.scorecard.small import MONTH
from tests.scorecard.test_counting import BOOK, NATIONAL, UNITS, rows_of
from tests.scorecard.test_live_counts import with_parties


def at(text: str) -> datetime:
    """``06 17:00``: a day and hour of October 2026 in Viet Nam."""
    day, _space, clock = text.partition(" ")
    hour, minute = (int(part) for part in (clock or "09:00").split(":"))
    return datetime(2026, 10, int(day), hour, minute, tzinfo=TIMEZONE).astimezone(UTC)


def dossier(due: str, end: str | None, asked: list[tuple[str | None, str | None]], moved: str | None = None) -> dict[str, Any]:
    """Received on Thursday the 1st at nine; ``due``: the first appointment; ``moved``: the later one."""
    requests = [
        {"requested_at": at(when) if when else None, "answered_at": at(answer) if answer else None, "text": "x", "documents": []}
        for when, answer in asked
    ]
    return {
        "source": "01",
        "reception_month": str(MONTH),
        "dossier_code": "1",
        "procedure_code": "1.001193",
        "handling_unit": "00004",
        "channel": 1,
        "received_at": at("1"),
        "due_at": at(moved or due),
        "first_due_at": at(due),
        "finished_at": at(end) if end else None,
        "status": 9 if end else 5,
        "supplement_count": len(asked),
        "supplements": requests,
        "history": [],
        "submission": "s",
    }


CASES = {
    # due on the 8th (five working days); asked on the 6th, answered on the 9th: three working days' pause
    "in time with the pause": (dossier("8 17:00", "13 16:00", [("6", "9")], "13 17:00"), (0, 1, 1, 1, 1, 1, 1)),
    "a minute late with the pause": (dossier("8 17:00", "13 17:01", [("6", "9")], "13 17:00"), (0, 0, 0, 1, 1, 0, 0)),
    "in time without the pause": (dossier("8 17:00", "8 16:00", [("6", "7")], "9 17:00"), (1, 1, 1, 1, 1, 0, 0)),
    # the time allowed begins afresh on the 9th: five working days, to Friday the 16th
    "late for the index, in time for the decree": (dossier("8 17:00", "16 16:00", [("6", "9")], "13 17:00"), (0, 0, 0, 1, 1, 0, 0)),
    "late for both": (dossier("8 17:00", "19 09:00", [("6", "9")], "13 17:00"), (0, 0, 0, 0, 0, 0, 0)),
    "a weekend is no working day": (dossier("9 17:00", "12 16:00", [("9 10:00", "12 08:00")], "12 17:00"), (0, 1, 1, 1, 1, 1, 1)),
    "two requests are overdue for the index": (dossier("8 17:00", "8 10:00", [("5", "6"), ("6", "7")], "12 17:00"), (1, 0, 0, 1, 1, 0, 0)),
    "awaited: the request is the index's end": (dossier("8 17:00", "20 10:00", [("6", None)], "12 17:00"), (0, 1, 1, 1, 1, 0, 1)),
    "asked for after the appointment": (dossier("8 17:00", "20 10:00", [("9", None)], "12 17:00"), (0, 0, 0, 1, 1, 0, 0)),
    # the appointment never moved: it may have been moved before it was sent
    "one appointment only": (dossier("8 17:00", "13 16:00", [("6", "9")]), (0, 0, 1, 0, 1, 0, 1)),
    "a request without a time": (dossier("8 17:00", "13 16:00", [(None, None)], "13 17:00"), (0, 0, 1, 0, 1, 1, 1)),
    "no request": (dossier("8 17:00", "13 16:00", [], "13 17:00"), (0, 0, 0, 0, 0, 0, 0)),
}
COLUMNS = ("first_raw", "index_lower", "index_upper", "restart_lower", "restart_upper", "by_pause_lower", "by_pause_upper")


@pytest.mark.parametrize("name", CASES)
def test_clocks(tmp_path: Path, name: str) -> None:
    row, expected = CASES[name]
    table = dossier_table(tmp_path)
    put(table, [row])
    counted = count(table.paths(), NATIONAL, MONTH, BOOK, UNITS).by_unit.iloc[0]
    assert tuple(int(counted[f"on_time_{column}"]) for column in COLUMNS) == expected
    assert {int(counted[f"on_time_{name}_den"]) for name in ("first", "index", "restart", "by_pause")} == {1}


SQL = {
    # Demands that a dossier counts as online only with an electronic result where it has ended with one.
    "online_strict_lower": """
        SELECT count(*) FROM lake WHERE received_at >= month_start() AND received_at < month_end() AND channel = 2
        AND (status IS NULL OR status NOT IN (9, 10) OR result_electronic)""",
    "on_time_first_raw": """
        SELECT count(*) FROM lake WHERE received_at < month_end() AND status IN (3, 7, 8, 9, 10) AND due_at IS NOT NULL
        AND coalesce(finished_at, returned_at) >= month_start() AND coalesce(finished_at, returned_at) < month_end()
        AND coalesce(finished_at, returned_at) <= first_due_at""",
    # On time by the moved appointment only, with a request made before the month's end.
    "on_time_by_pause_lower": """
        SELECT count(*) FROM lake WHERE received_at < month_end() AND status IN (3, 7, 8, 9, 10) AND supplement_count > 0
        AND coalesce(finished_at, returned_at) >= month_start() AND coalesce(finished_at, returned_at) < month_end()
        AND coalesce(finished_at, returned_at) <= due_at
        AND NOT coalesce(coalesce(finished_at, returned_at) <= first_due_at, false)
        AND (len(supplements) = 0 OR supplements IS NULL
             OR len(list_filter(supplements, lambda s: s.requested_at IS NULL OR s.requested_at < month_end())) > 0)""",
}
MACROS = """
    CREATE MACRO month_start() AS TIMESTAMPTZ '2026-10-01 00:00:00+07';
    CREATE MACRO month_end() AS TIMESTAMPTZ '2026-11-01 00:00:00+07';
"""


@pytest.mark.parametrize("name", SQL)
def test_plain_sql_gives_the_same(tmp_path: Path, name: str) -> None:
    table = dossier_table(tmp_path)
    put(table, rows_of(31, 500))
    counted = int(count(table.paths(), NATIONAL, MONTH, BOOK, UNITS).by_procedure[name].sum())
    assert counted > 1
    assert plain(table.paths(), SQL[name]) == counted


def test_plain_sql_gives_what_receiving_units_are_charged_with(tmp_path: Path) -> None:
    table = dossier_table(tmp_path)
    put(table, with_parties(rows_of(32, 400)))
    found = arrivals.reception(table.paths(), NATIONAL, MONTH)
    asked = int(found[found["receiving_unit"] == "H26.02"]["asked"].sum())
    sql = """SELECT count(*) FROM lake WHERE receiving_unit = 'H26.02' AND supplement_count > 0
        AND received_at >= month_start() AND received_at < month_end()"""
    assert plain(table.paths(), sql) == asked > 5


def plain(paths: list[Path], sql: str) -> int:
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    con.execute(MACROS)
    files = [str(path) for path in paths]
    con.execute(
        f"CREATE VIEW lake AS FROM read_parquet({files}, hive_partitioning = true, hive_types_autocast = false) WHERE source IN {NATIONAL}"
    )
    row = con.execute(sql).fetchone()
    con.close()
    return int(row[0])
