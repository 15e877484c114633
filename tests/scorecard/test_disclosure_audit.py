"""How hidden numbers are audited: what goes along with what, which cell helps, and what earlier words are worth."""

import numpy as np
import pandas as pd

from scorecard.disclosure import bounds, choosing, read_tables
from scorecard.disclosure.cells import Equations
from scorecard.rows import Place

NOTHING, NO_ROWS = np.zeros(0), np.zeros(0, dtype=np.int64)


def problem(lead: list[int]) -> bounds.Problem:
    """Three unknowns from 0 to 9 that come to ten."""
    place = np.arange(3)
    return bounds.Problem(
        low=np.zeros(3), high=np.full(3, 9.0), row=np.zeros(3, dtype=np.int64), column=place, factor=np.ones(3), right=np.array([10.0]),
        less=NO_ROWS, more=NO_ROWS, cut_row=NO_ROWS, cut_column=NO_ROWS, cut_factor=NOTHING, cut=NOTHING,
        extra=np.zeros(1, dtype=bool), point=np.array([4.0, 3.0, 3.0]), lead=np.array(lead),
    )  # fmt: skip


def test_a_number_without_a_raw_one_goes_its_own_way() -> None:
    """Tied to each other the categories of a place could not move at all, and each would be asked for by programs of its own."""
    for lead in ([-1, -1, -1], [-1, 0, -1]):
        whole, place = problem(lead), np.arange(3)
        part = bounds._Part(whole, bounds._Matrices.of(whole), place, np.arange(1), NO_ROWS, NO_ROWS, np.full(3, 5.0))
        assert part.lead.tolist() == [own if given < 0 else given for own, given in enumerate(lead)]
    assert bounds.audit(whole, np.full(3, 5.0), np.arange(3), bounds.Seen.nothing(3), 9) == []
    assert len(bounds.audit(whole, np.full(3, 12.0), np.arange(3), bounds.Seen.nothing(3), 9)) > 0


def test_the_nearest_cell_is_chosen_and_of_equally_near_ones_the_first() -> None:
    """Sums in a row, 0 with 1 by cell 1, 1 with 2 by cell 3: 0 has nothing to hide, 1 has cell 2, and 2 has cells 4 and 5."""
    equation, cell = np.array([0, 0, 1, 1, 1, 2, 2, 2, 3]), np.array([0, 1, 1, 2, 3, 3, 4, 5, 6])
    no = np.zeros(4, dtype=bool)
    sums = Equations(equation, cell, np.ones(9), no, no, [""] * 4, {})
    order = np.array([7, 6, 5, 4, 3, 2, 1, 0, 8])  # cell 5 before cell 4
    free, closed = np.isin(np.arange(7), [2, 4, 5]), np.isin(np.arange(7), [0, 1, 3, 6])

    def chosen(free: np.ndarray) -> list[int]:
        return [choosing.cell_of(sums, order, int(value)) for value in choosing.choices(sums, order, free, closed)]

    assert chosen(free) == [2, 2, 5, choosing.NOBODY]
    assert chosen(free & (np.arange(7) != 2)) == [5, 5, 5, choosing.NOBODY]


def test_an_earlier_word_about_what_is_in_no_table_says_nothing() -> None:
    """A department is hidden whatever it holds: taken for ten answers and more, a province's would not add up."""
    places = {"01": Place("01", "province", "VN", "01"), "D1": Place("D1", "department", "01", "01")}
    lines = [("unit", "01", "total", 1), ("unit", "D1", "total", 1), ("nation", "VN", "total", 1), ("unit", "01", "total", 6)]
    earlier = pd.DataFrame(lines, columns=["subject_kind", "subject_code", "breakdown", "window"]).assign(
        period_kind="calendar", status="suppressed"
    )
    found = read_tables().published(earlier, places)
    assert found[["subject_code", "window"]].values.tolist() == [["01", 1], ["VN", 1]]
    assert read_tables().published(earlier.iloc[:0], places).empty
