"""Shares, their intervals and their rounding."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.statistics import rate, round10, wilson


@st.composite
def counts(draw: st.DrawFn, least: int = 1) -> tuple[int, int]:
    n = draw(st.integers(least, 100_000))
    return draw(st.integers(0, n)), n


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(10, 10, 0.722, 1.0), (27, 30, 0.744, 0.965), (90, 100, 0.826, 0.945), (360, 400, 0.867, 0.926), (0, 10, 0.0, 0.278)],
)
def test_known_intervals(k: int, n: int, low: float, high: float) -> None:
    """The table of methodology §11.4, and its mirror."""
    assert wilson(k, n) == pytest.approx((low, high), abs=0.0006)


@given(counts())
def test_interval_agrees_with_the_quadratic_whose_roots_it_is(case: tuple[int, int]) -> None:
    """Wilson's ends are the p at which the score test just rejects: (p̂ − p)² = z² p (1 − p) / n."""
    k, n = case
    z, share = 1.96, k / n
    roots = np.roots([1 + z * z / n, -(2 * share + z * z / n), share * share]).real
    low, high = wilson(k, n)
    assert low == pytest.approx(min(roots), abs=1e-6)
    assert high == pytest.approx(max(roots), abs=1e-6)


@given(counts())
def test_interval_lies_in_the_unit_interval_and_holds_the_share(case: tuple[int, int]) -> None:
    k, n = case
    low, high = wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1
    assert low < high


@given(counts(least=2))
def test_interval_moves_up_with_the_count_and_mirrors(case: tuple[int, int]) -> None:
    k, n = case
    low, high = wilson(k, n)
    if k < n:
        more = wilson(k + 1, n)
        assert more[0] >= low
        assert more[1] >= high
    mirrored = wilson(n - k, n)
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high), abs=1e-9)


@given(counts())
def test_more_answers_of_the_same_share_narrow_it(case: tuple[int, int]) -> None:
    k, n = case
    low, high = wilson(k, n)
    wider = wilson(4 * k, 4 * n)
    assert wider[1] - wider[0] < high - low


def test_arrays_give_what_single_counts_give() -> None:
    k, n = np.array([0, 3, 10, 0]), np.array([5, 7, 10, 0])
    low, high = wilson(k, n)
    assert [tuple(pair) for pair in zip(low, high, strict=True)] == [wilson(int(a), int(b)) for a, b in zip(k, n, strict=True)]


def test_nothing_observed_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert rate(0, 0) is None


@pytest.mark.parametrize(("k", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_refused(k: int, n: int) -> None:
    with pytest.raises(ValueError, match="0 <= numerator"):
        rate(k, n)
    with pytest.raises(ValueError, match="0 <= numerator"):
        wilson(k, n)


@given(st.floats(1e-12, 1e12))
def test_rounding_keeps_ten_digits_and_is_stable(value: float) -> None:
    rounded = round10(value)
    assert math.isclose(rounded, value, rel_tol=5.1e-10)
    assert round10(rounded) == rounded


def test_rate_is_rounded() -> None:
    assert rate(1, 3) == 0.3333333333
    assert (rate(0, 7), rate(7, 7)) == (0.0, 1.0)
