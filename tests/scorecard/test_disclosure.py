"""Small cells stay hidden, also from those who subtract."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from scorecard.disclosure import Limits, Tree, protect_together, protect_tree
from scorecard.figures import SUPPRESSED, TOO_FEW

LIMITS = Limits()


@st.composite
def countries(draw: st.DrawFn) -> tuple[dict[str, str | None], dict[str, int]]:
    """A nation of provinces and communes, some provinces with answers about themselves."""
    parents: dict[str, str | None] = {"VN": None}
    counts: dict[str, int] = {}
    size = st.one_of(st.integers(0, 12), st.integers(0, 60))
    own_part = st.sampled_from([0, 0, 0, 3, 9, 15])
    for p in range(draw(st.integers(0, 4))):
        province = f"P{p}"
        parents[province] = "VN"
        for c in range(draw(st.integers(0, 5))):
            parents[f"{province}C{c}"] = province
            counts[f"{province}C{c}"] = draw(size)
        children = [code for code, parent in parents.items() if parent == province]
        counts[province] = sum(counts[code] for code in children) + (draw(own_part) if children else draw(size))
    counts["VN"] = sum(counts[code] for code, parent in parents.items() if parent == "VN") + draw(own_part)
    return parents, counts


def attack(parents: dict[str, str | None], counts: dict[str, int], hidden: dict[str, str]) -> dict[str, tuple[float, float]]:
    """What linear programming finds out about every hidden cell from the shown ones and the rule of 10.

    A parent's own part is one more unknown; the attacker knows where there is none.
    """
    codes = list(parents)
    inner = [code for code in codes if code in set(parents.values())]
    own = {code: counts[code] - sum(counts[c] for c in codes if parents[c] == code) for code in inner}
    names = codes + [f"own {code}" for code in inner]
    bounds: list[tuple[float, float | None]] = []
    for code in codes:
        status = hidden.get(code)
        bounds.append((counts[code], counts[code]) if status is None else (0, 9) if status == TOO_FEW else (10, None))
    bounds += [(0, 0) if own[code] == 0 else (0, 9) if own[code] < 10 else (10, None) for code in inner]
    equations = np.zeros((len(inner), len(names)))
    for row, code in enumerate(inner):
        equations[row, names.index(code)] = -1
        equations[row, names.index(f"own {code}")] = 1
        for child in codes:
            if parents[child] == code:
                equations[row, names.index(child)] = 1
    secret = list(hidden) + [f"own {code}" for code in inner if 0 < own[code] < 10]
    found = {}
    for name in secret:
        aim = np.zeros(len(names))
        aim[names.index(name)] = 1
        ends = []
        for sign in (1, -1):
            answer = linprog(sign * aim, A_eq=equations if inner else None, b_eq=np.zeros(len(inner)) if inner else None, bounds=bounds)
            assert answer.status in (0, 3)
            ends.append(sign * answer.fun if answer.status == 0 else -sign * np.inf)
        found[name] = (ends[0], ends[1])
    return found


@settings(max_examples=100, deadline=None)
@given(countries())
def test_no_hidden_cell_can_be_computed(country: tuple[dict[str, str | None], dict[str, int]]) -> None:
    parents, counts = country
    hidden = protect_tree(Tree(parents), counts, LIMITS)
    for name, (low, high) in attack(parents, counts, hidden).items():
        assert high - low >= LIMITS.least_range - 1e-6, (name, low, high, counts, hidden)


@given(countries())
def test_small_cells_are_hidden_and_only_large_ones_suppressed(country: tuple[dict[str, str | None], dict[str, int]]) -> None:
    parents, counts = country
    hidden = protect_tree(Tree(parents), counts, LIMITS)
    assert {code for code, status in hidden.items() if status == TOO_FEW} == {code for code in parents if counts[code] < 10}
    assert all(counts[code] >= 10 for code, status in hidden.items() if status == SUPPRESSED)


def test_a_single_small_child_takes_the_next_smallest_with_it() -> None:
    tree = Tree({"VN": None, "a": "VN", "b": "VN", "c": "VN"})
    assert protect_tree(tree, {"VN": 104, "a": 4, "b": 40, "c": 60}, LIMITS) == {"a": TOO_FEW, "b": SUPPRESSED}


def test_small_children_that_are_together_below_ten_take_the_next_smallest_too() -> None:
    tree = Tree({"VN": None, "a": "VN", "b": "VN", "c": "VN", "d": "VN"})
    hidden = protect_tree(tree, {"VN": 107, "a": 4, "b": 3, "c": 60, "d": 40}, LIMITS)
    assert hidden == {"a": TOO_FEW, "b": TOO_FEW, "d": SUPPRESSED}


def test_two_children_of_nine_are_not_given_away_by_the_rule_itself() -> None:
    """18 in two cells that are known to be below ten is nine and nine."""
    tree = Tree({"VN": None, "a": "VN", "b": "VN", "c": "VN"})
    assert protect_tree(tree, {"VN": 58, "a": 9, "b": 9, "c": 40}, LIMITS)["c"] == SUPPRESSED


def test_nothing_is_hidden_where_everything_is_large() -> None:
    tree = Tree({"VN": None, "a": "VN", "b": "VN"})
    assert protect_tree(tree, {"VN": 30, "a": 10, "b": 20}, LIMITS) == {}


def test_a_suppressed_province_cannot_be_summed_from_its_communes() -> None:
    parents = {"VN": None, "a": "VN", "b": "VN", "c": "VN", "b1": "b", "b2": "b", "c1": "c", "c2": "c"}
    counts = {"VN": 164, "a": 4, "b": 40, "b1": 20, "b2": 20, "c": 120, "c1": 60, "c2": 60}
    hidden = protect_tree(Tree(parents), counts, LIMITS)
    assert hidden["b"] == SUPPRESSED
    assert SUPPRESSED in (hidden.get("b1"), hidden.get("b2"))


def test_one_question_does_not_give_away_the_other() -> None:
    """The commune hidden beside a small one is hidden under every question that the same people answered."""
    tree = Tree({"VN": None, "a": "VN", "b": "VN", "c": "VN"})
    bases = {"answered": {"VN": 60, "a": 10, "b": 15, "c": 35}, "rated": {"VN": 59, "a": 9, "b": 15, "c": 35}}
    hidden = protect_together([tree], bases, LIMITS)
    assert hidden["rated"] == {"a": TOO_FEW, "b": SUPPRESSED}
    assert hidden["answered"]["b"] == SUPPRESSED
    assert len(hidden["answered"]) >= 2


def test_two_divisions_of_the_nation_share_its_fate() -> None:
    units, procedures = Tree({"VN": None, "a": "VN", "b": "VN"}), Tree({"VN": None, "1.1": "VN", "1.2": "VN"})
    counts = {"VN": 18, "a": 18, "b": 0, "1.1": 9, "1.2": 9}
    hidden = protect_together([units, procedures], {"answered": counts}, LIMITS)["answered"]
    assert hidden["VN"] == SUPPRESSED
    assert hidden["a"] == SUPPRESSED


def test_more_below_than_above_is_refused() -> None:
    with pytest.raises(ValueError, match="fewer answers"):
        protect_tree(Tree({"VN": None, "a": "VN"}), {"VN": 5, "a": 6}, LIMITS)
