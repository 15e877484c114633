"""Small cells stay hidden, also from those who subtract, and nothing that is not declared leaves."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from core.database import reading
from core.errors import InputError
from exports import data
from scorecard import operations, public_history, queries, rulesets
from scorecard.disclosure import NUMBERS, is_few, protect, read_tables
from scorecard.disclosure.public import FILE
from scorecard.indicators import INDICATORS, SURVEY
from scorecard.places import _without_few
from scorecard.rows import Place, Row
from tests.scorecard.small import BIRTH, BUILD, MONTH, NOW, Dossier, answers, build

RULES = rulesets.read(next(Path(rulesets.FOLDER).glob("tthc-*.yaml")))
PLACES = {
    "01": Place("01", "province", "VN", "01"),
    "D1": Place("D1", "department", "01", "01"),
    **{code: Place(code, "commune", "01", "01") for code in "abcd"},
}
Said = dict[str, tuple[int, int]]  # satisfied and rated by subject


def rows(said: Said, indicator: str = "satisfaction", **place: Any) -> list[Row]:
    found = []
    for code, (satisfied, rated) in said.items():
        kind = "nation" if code == "VN" else "unit"
        found.append(Row(kind, code, indicator, "raw", "value", satisfied, rated, rated, **place))
    return found


def statuses(said: Said, **place: Any) -> dict[str, str]:
    return {row.subject_code: row.status for row in protect(rows(said, **place), PLACES, RULES) if row.status != "value"}


def test_a_single_small_cell_takes_another_with_it() -> None:
    assert statuses({"VN": (80, 104), "01": (80, 104), "a": (2, 4), "b": (30, 40), "c": (48, 60)}) == {"a": "too_few", "b": "suppressed"}


def test_small_cells_that_are_together_below_ten_take_one_more() -> None:
    said = {"VN": (80, 107), "01": (80, 107), "a": (2, 4), "b": (1, 3), "c": (47, 60), "d": (30, 40)}
    assert statuses(said) == {"a": "too_few", "b": "too_few", "d": "suppressed"}


def test_two_cells_of_nine_are_not_given_away_by_the_limit_itself() -> None:
    """18 in two cells that are known to be below ten is nine and nine."""
    hidden = statuses({"VN": (48, 98), "01": (48, 98), "a": (4, 9), "b": (4, 9), "c": (20, 40), "d": (20, 40)})
    assert hidden == {"a": "too_few", "b": "too_few", "c": "suppressed"}


def test_cells_in_which_all_are_of_one_mind_are_hidden() -> None:
    hidden = statuses({"VN": (100, 120), "01": (100, 120), "a": (30, 30), "b": (30, 40), "c": (40, 50)})
    assert hidden == {"a": "suppressed", "b": "suppressed"}


def test_what_is_left_over_for_a_unit_itself_is_protected_too() -> None:
    """Four answers about a department stand in no table and would be the province's number less its communes'."""
    hidden = statuses({"VN": (63, 84), "01": (63, 84), "D1": (2, 4), "a": (30, 40), "b": (31, 40)})
    assert hidden == {"D1": "suppressed", "a": "suppressed"}


def test_nothing_is_hidden_where_everything_is_large() -> None:
    assert statuses({"VN": (60, 80), "01": (60, 80), "a": (30, 40), "b": (30, 40)}) == {}


def test_a_window_does_not_give_away_other_months() -> None:
    """Twelve answers this month and twenty in three are eight in the other two, which nobody may compute."""
    month = {"VN": (66, 92), "01": (66, 92), "a": (8, 12), "b": (28, 40), "c": (30, 40)}
    window = month | {"a": (13, 20), "01": (71, 100), "VN": (71, 100)}
    both = protect([*rows(month), *rows(window, window=3)], PLACES, RULES)
    assert "a" in {row.subject_code for row in both if row.status == "suppressed"}


@pytest.mark.parametrize(
    ("parts", "whole", "shown"),
    [
        ({"unrecorded_supplement": (2, 60), "unconfirmed_supplement": (0, 60)}, 2, False),  # no part exceeds the whole
        ({"unrecorded_supplement": (1, 60), "unconfirmed_supplement": (5, 9)}, 6, False),  # together they come to no less than it
        ({"unrecorded_supplement": (6, 60), "unconfirmed_supplement": (0, 60)}, 6, True),  # anything from none to six
        ({"unrecorded_supplement": (6, 60), "unconfirmed_supplement": (5, 60)}, 11, True),
    ],
)
def test_what_differs_on_any_point_does_not_give_away_what_differs_on_one(
    parts: dict[str, tuple[int, int]], whole: int, shown: bool
) -> None:
    counted = [*rows({"VN": (60, 80)}), *rows({"VN": (whole, 60)}, "mismatch_any")]
    for name, said in parts.items():
        counted += rows({"VN": said}, name)
    found = {row.indicator: row.status for row in protect(counted, PLACES, RULES)}
    assert (found["mismatch_any"] == "value") is shown


def test_a_hidden_cell_hides_every_figure_of_it() -> None:
    said = {"VN": (80, 104), "01": (80, 104), "a": (2, 4), "b": (30, 40), "c": (48, 60)}
    derived = [
        Row("unit", "a", "satisfaction", "weighted", "value", n=4, value=0.5, low=0.1, high=0.9, n_eff=3.2),
        Row("unit", "b", "satisfaction_bounds", "lower", "value", n=40, value=0.2),
        Row("unit", "a", "response_rate", "raw", "value", 12, 40, 40),
    ]
    safe = protect(
        [*rows(said), *rows({code: (n // 2, n) for code, (_, n) in said.items()}, "asked_again_experienced"), *derived], PLACES, RULES
    )
    for row in safe:
        if row.subject_code in ("a", "b"):
            assert row.status in ("too_few", "suppressed")
            assert all(getattr(row, name) is None for name in NUMBERS)


def test_weighted_shares_leave_without_the_digits_that_tell_what_they_are_made_of() -> None:
    weighted = Row("nation", "VN", "satisfaction", "weighted", "value", n=80, value=0.7512345, low=0.6512345, high=0.8512, n_eff=61.37)
    (found,) = protect([weighted], PLACES, RULES)
    assert (found.value, found.low, found.high, found.n_eff) == (0.751, 0.651, 0.851, 61.0)


def test_what_says_the_total_again_is_hidden_with_it() -> None:
    """The answers by personal link are those of the total, and the five ratings add up to them: the total of 30 alike stays hidden."""
    again = rows({"VN": (30, 30)}, breakdown="mode", category="link") + rows({"VN": (20, 25)}, breakdown="mode", category="open")
    levels = {"5": (20, 30), "4": (10, 30), "3": (0, 30), "2": (0, 30), "1": (0, 30)}
    for level, counts in levels.items():
        again += rows({"VN": counts}, "rating_share", breakdown="rating", category=level)
    found = protect(rows({"VN": (30, 30)}) + again, PLACES, RULES)
    assert {(row.breakdown, row.category) for row in found if row.status == "value"} == {("mode", "open")}
    before = public_history.public_cells(rows({"VN": (40, 50)}), []).assign(ago=0, version=1)
    later = rows({"VN": (41, 53)}) + rows({"VN": (41, 53)}, breakdown="mode", category="link")
    assert [row.status for row in protect(later, PLACES, RULES, before)] == ["suppressed", "suppressed"]
    assert [row.status for row in protect(later, PLACES, RULES)] == ["value", "value"]


@pytest.mark.parametrize(
    "place",
    [
        {"breakdown": "channel", "category": "1"},  # of a commune
        {"window": 6},
        {"period_kind": "nd09"},
        {"breakdown": "rating", "category": "1"},
    ],
)
def test_what_is_not_declared_does_not_leave(place: dict[str, Any]) -> None:
    (found,) = protect(rows({"a": (30, 60)}, **place), PLACES, RULES)
    assert found.status == "suppressed"
    assert found.n is None


def test_more_below_than_above_is_refused() -> None:
    with pytest.raises(ValueError, match="fewer answers"):
        protect(rows({"VN": (50, 70), "01": (40, 60), "a": (50, 80)}), PLACES, RULES)


def test_the_declaration_says_what_is_wrong_in_it(tmp_path: Path) -> None:
    broken = tmp_path / "public_tables.yaml"
    broken.write_text(FILE.read_text(encoding="utf-8").replace("windows: [1, 3, 12]", "windows: [2]", 1), encoding="utf-8")
    with pytest.raises(InputError, match=r"public_tables\.yaml"):
        read_tables(broken)


def test_fewer_than_three_dossiers_are_told_as_that() -> None:
    assert [is_few(number) for number in (0, 1, 2, 3)] == [False, True, True, False]
    count = {"received": 2, "online": 1, "due": 3, "on_time": 1, "cohort": 1, "supplement": 1, "repeat_supplement": 0}
    found = _without_few(count | {"asked_again_lower": 0, "asked_again_upper": 1})
    assert (found["received"], found["online"], found["due"], found["on_time"]) == (None, None, 3, 1)
    assert {found[name] for name in ("cohort", "supplement", "repeat_supplement", "asked_again_lower", "asked_again_upper")} == {None}


def test_no_figure_of_the_survey_leaves_undeclared(sqlite_app: Flask) -> None:
    """Through the queries that pages and API use and through the files of data: every number stands in a declared table."""
    build([Dossier("a"), Dossier("b", unit="00008", procedure=BUILD)])
    answers([(unit, 3 + n % 3, BIRTH, 0, None, {"asked_again": "no"}) for unit in ("00004", "00008", "H26.02", "19750") for n in range(30)])
    edition = operations.close(MONTH, NOW, "test")
    tables, session = read_tables(), reading()
    kinds = {"00004": "commune", "00008": "commune", "H26.02": "department", "01": "province", "46": "province", "19750": "commune"}
    places = {code: Place(code, kind, None, None) for code, kind in kinds.items()}
    exported = [row for row in data.rows(session, edition) if INDICATORS[row["indicator"]].kind == SURVEY and row["status"] == "value"]
    assert exported
    for row in exported:
        measured = Row(**{name: row[name] for name in Row.__dataclass_fields__ if name in row})
        assert tables.table_of(measured, places) is not None, row
    department = queries.figures(session, edition, "unit", ["H26.02"], ["satisfaction"])
    assert {figure.status for figure in department} == {"suppressed"}
