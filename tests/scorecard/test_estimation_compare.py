"""What is said beside and between figures: changes, non-response, comparison, drivers. Published examples where there are any."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from statsmodels.stats.proportion import confint_proportions_2indep

from scorecard.statistics import (
    benjamini_hochberg,
    bounds,
    change,
    drivers,
    funnel,
    groups,
    if_answering_differs,
    rank_intervals,
    response_rates,
    sensitivity_band,
    shrink,
    two_phase,
    why_not_compared,
    wilson,
)

shares = st.floats(0.001, 0.999)


# change


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((10, 10), (0, 20), 0.6791, 1.0)],
)
def test_difference_as_published(first: tuple[int, int], second: tuple[int, int], low: float, high: float) -> None:
    """Newcombe (1998), Table II, contrasts (a), (b) and (g), method 10."""
    found = change(first[0] / first[1], *wilson(*first), second[0] / second[1], *wilson(*second))
    assert (found.low[0], found.high[0]) == pytest.approx((low, high), abs=0.0002)


@given(st.integers(0, 200), st.integers(0, 150))
def test_difference_agrees_with_statsmodels(k: int, m: int) -> None:
    found = change(k / 200, *wilson(k, 200), m / 150, *wilson(m, 150))
    expected = confint_proportions_2indep(k, 200, m, 150, method="newcomb", compare="diff")
    assert (found.low[0], found.high[0]) == pytest.approx(expected, abs=1e-4)


@given(shares, shares, st.integers(10, 5000), st.integers(10, 5000))
def test_a_change_is_named_just_when_its_interval_leaves_zero_out(p: float, q: float, n: int, m: int) -> None:
    now, before = wilson(np.array([p * n]), np.array([n])), wilson(np.array([q * m]), np.array([m]))
    found, back = change([p], *now, [q], *before), change([q], *before, [p], *now)
    assert (found.status[0] == "not_clear") == (found.low[0] <= 0 <= found.high[0])
    assert found.difference[0] == -back.difference[0]
    assert (found.low[0], found.high[0]) == pytest.approx((-back.high[0], -back.low[0]))
    assert (found.p[0] < 0.05) == (found.status[0] != "not_clear") or abs(found.p[0] - 0.05) < 1e-6
    assert {"up": "down", "down": "up", "not_clear": "not_clear"}[str(found.status[0])] == back.status[0]


def test_what_is_missing_has_not_changed() -> None:
    found = change([np.nan, 0.5], [0, 0.4], [1, 0.6], [0.5, np.nan], [0.4, 0], [0.6, 1])
    assert found.status.tolist() == ["not_clear", "not_clear"]
    assert np.isnan(found.p).all()


def test_false_discoveries_as_published() -> None:
    """Benjamini, Hochberg (1995) §3.2: of 15 comparisons the first four are named."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1.0, np.nan]
    assert benjamini_hochberg(p).tolist() == [True] * 4 + [False] * 12
    assert not benjamini_hochberg([np.nan]).any()
    assert not benjamini_hochberg([]).any()


# who does not answer


@given(shares, st.floats(0.1, 10))
def test_the_band_undoes_what_unequal_answering_did(truth: float, times: float) -> None:
    """Of 100 people, the satisfied answer ``times`` as often: what is seen among answers leads back to the truth."""
    rate = 0.05
    seen = truth * rate * times / (truth * rate * times + (1 - truth) * rate)
    assert float(if_answering_differs(seen, times)) == pytest.approx(truth)
    assert float(if_answering_differs(truth, 1)) == pytest.approx(truth)


@given(st.lists(st.tuples(shares, st.integers(1, 1000)), min_size=1, max_size=6), st.sampled_from([0.5, 2 / 3, 1.5, 2]))
def test_the_band_holds_the_truth_when_every_cell_answers_unequally(cells: list[tuple[float, int]], times: float) -> None:
    truth, size = np.array([p for p, _ in cells]), np.array([n for _, n in cells], dtype=float)
    size /= size.sum()
    seen = float(size @ (truth * times / (truth * times + 1 - truth)))  # weighting restores the cells' sizes, not the answers inside
    low, high = sensitivity_band(seen, seen)
    assert low - 1e-12 <= size @ truth <= high + 1e-12


def test_the_band_of_a_known_rate() -> None:
    """85 %: with λ = 2 odds 17/3 become 17/6, with λ = ½ 34/3."""
    low, high = sensitivity_band(0.85, 0.85)
    assert (float(low), float(high)) == pytest.approx((17 / 23, 34 / 37))
    assert sensitivity_band(0.85, 0.85, (1.0, 1.0)) == pytest.approx((0.85, 0.85))
    with pytest.raises(ValueError, match="λ"):
        sensitivity_band(0.5, 0.5, (2.0, 0.5))


def test_bounds_without_assumption() -> None:
    """methodology §11.2: 8 % answer, 90 % of them satisfied."""
    assert bounds(72, 80, 1000) == pytest.approx((0.072, 0.992))
    assert bounds([0, 5], [0, 5], [0, 5]) == (pytest.approx([0, 1]), pytest.approx([1, 1]))
    with pytest.raises(ValueError, match="population"):
        bounds(5, 10, 9)


def test_follow_up_by_hand() -> None:
    """Hansen, Hurwitz: 1,000 asked, 400 answer (300 satisfied), 60 of 120 reached of 600 silent: ȳ = 0.4·0.75 + 0.6·0.5."""
    found = two_phase(300, 400, 600, 60, 120)
    assert float(found.value) == pytest.approx(0.6)
    assert float(found.ratio) == pytest.approx((0.75 / 0.25) / (0.6 / 0.4))
    low, high = wilson(np.array([60]), np.array([120]), 1.959964 * np.sqrt(480 / 599))
    assert (float(found.low), float(found.high)) == pytest.approx((0.3 + 0.6 * low[0], 0.3 + 0.6 * high[0]), abs=1e-6)
    assert float(if_answering_differs(0.75, found.ratio)) == pytest.approx(0.6)
    part = two_phase(300, 400, 600, 60, 120, asked_share=0.1)
    assert part.low < found.low < found.high < part.high
    nobody = two_phase(300, 400, 600, 0, 0)
    assert np.isnan(nobody.value)
    assert (nobody.low, nobody.high) == (0, 1)
    with pytest.raises(ValueError, match="follow-up"):
        two_phase(300, 200, 600, 60, 120)


def test_follow_up_finds_the_truth_that_answers_alone_miss() -> None:
    """The satisfied answer twice as often; 400 silent people are reached: 300 months drawn."""
    rng = np.random.default_rng(11)
    size, truth = 20_000, 0.7
    satisfied = rng.binomial(size, truth, 300)
    yes, no = rng.binomial(satisfied, 0.16), rng.binomial(size - satisfied, 0.08)
    silent = size - yes - no
    reached = rng.hypergeometric(satisfied - yes, silent - (satisfied - yes), 400)
    found = two_phase(yes, yes + no, silent, reached, 400)
    held = (found.low <= satisfied / size) & (satisfied / size <= found.high)
    assert abs(held.mean() - 0.95) < 0.045
    assert abs(((found.ratio_low <= 2) & (found.ratio_high >= 2)).mean() - 0.95) < 0.045
    assert (abs(yes / (yes + no) - satisfied / size) > 0.08).all()


def test_response_rates_by_definition() -> None:
    """100 asked: 40 complete, 10 partial, 10 refused, 15 not reached, 5 other, 20 of unknown fate of whom half count."""
    found = response_rates(40, 10, 10, 15, 5, 20, 0.5)
    assert (float(found.rr1), float(found.rr2)) == (0.4, 0.5)
    assert (float(found.rr3), float(found.rr4)) == pytest.approx((40 / 90, 50 / 90))
    assert (float(found.rr5), float(found.rr6)) == pytest.approx((40 / 80, 50 / 80))
    assert float(found.coop1) == pytest.approx(40 / 65)
    assert (float(found.ref1), float(found.con1)) == (0.1, 0.65)
    assert np.isnan(response_rates(0, 0, 0, 0, 0, 0).rr1)


# comparison


def peers(seed: int, units: int, spread: float = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.beta(0.85 * spread, 0.15 * spread, units)
    n = rng.integers(10, 200, units)
    return truth, rng.binomial(n, truth) / n, n.astype(float)


def test_shrunken_shares_are_nearer_the_truth_and_their_intervals_hold_it() -> None:
    held, better = [], []
    for seed in range(12):
        truth, share, n = peers(seed, 150)
        found = shrink(share, n, np.zeros(150, dtype=int))
        held.append(((found.low <= truth) & (truth <= found.high)).mean())
        better.append(((found.value - truth) ** 2).mean() < ((share - truth) ** 2).mean())
        assert found.apart.all()
    assert all(better)
    assert abs(np.mean(held) - 0.95) < 0.02


def test_shrinkage_is_what_a_known_prior_would_do() -> None:
    """With many units the prior is found: (x + α)/(n + α + β) for Beta(51, 9), to a point."""
    _, share, n = peers(3, 3000)
    found = shrink(share, n, np.zeros(3000, dtype=int))
    assert found.value == pytest.approx((share * n + 51) / (n + 60), abs=0.01)
    assert found.kept == pytest.approx(n / (n + 60), abs=0.06)


@given(st.integers(0, 10_000), st.integers(10, 60))
def test_shrunken_shares_lie_between_their_own_and_their_peers(seed: int, units: int) -> None:
    _, share, n = peers(seed, units)
    found = shrink(share, n, np.zeros(units, dtype=int))
    span = 0.02  # the prior's mean is not known exactly
    assert np.all(found.value >= np.minimum(share, found.peers) - span)
    assert np.all(found.value <= np.maximum(share, found.peers) + span)
    assert np.all((found.low < found.value) & (found.value < found.high))
    order = np.argsort(n)
    alike = shrink(share[order], n[order], np.zeros(units, dtype=int))
    assert alike.value == pytest.approx(found.value[order])


def test_units_that_are_the_same_are_drawn_together_and_not_called_apart() -> None:
    rng, apart, width = np.random.default_rng(4), [], []
    for _ in range(40):
        share = rng.binomial(100, 0.8, 60) / 100
        found = shrink(share, np.full(60, 100.0), np.zeros(60, dtype=int))
        apart.append(bool(found.apart[0]))
        width.append(found.value.std() / share.std())
    assert np.mean(apart) <= 0.15
    assert np.mean(width) < 0.35


def test_few_peers_lend_nothing_and_a_unit_without_answers_has_no_figure() -> None:
    found = shrink([0.9, 0.5, np.nan, 0.7], [20.0, 40.0, 0.0, 30.0], [1, 1, 1, 2])
    assert found.value[[0, 1, 3]].tolist() == [0.9, 0.5, 0.7]
    assert found.kept[[0, 1, 3]].tolist() == [1, 1, 1]
    assert np.isnan(found.value[2])
    assert np.isnan(found.low[2])
    assert found.low[0] < 0.9 < found.high[0]


def test_rank_intervals_keep_their_seed_and_widen_with_doubt() -> None:
    sure = rank_intervals(np.array([900, 500, 100, np.nan]), np.array([100, 500, 900, np.nan]), seed=7)
    assert sure.low.tolist() == sure.high.tolist() == [1, 2, 3, 0]
    assert sure.top_quarter[:3].tolist() == [1, 0, 0]
    same = rank_intervals(np.full(34, 80.0), np.full(34, 20.0), seed=7)
    assert np.all(same.low <= 3)
    assert np.all(same.high >= 32)
    again = rank_intervals(np.full(34, 80.0), np.full(34, 20.0), seed=7)
    assert again.low.tolist() == same.low.tolist()


@given(st.lists(st.tuples(shares, st.integers(30, 3000)), max_size=40))
def test_groups_are_apart_at_their_heads_and_alike_inside(units: list[tuple[float, int]]) -> None:
    value, n = np.array([p for p, _ in units]), np.array([m for _, m in units], dtype=float)
    low, high = wilson(value * n, n)
    found = groups(value, low, high)
    assert sorted(set(found.tolist())) == list(range(len(set(found.tolist()))))
    heads = [min(np.flatnonzero(found == number), key=lambda unit: (-value[unit], unit)) for number in sorted(set(found.tolist()))]
    for number, head in enumerate(heads):
        members = np.flatnonzero(found == number)
        inside = change(value[head], low[head], high[head], value[members], low[members], high[members])
        assert np.all(inside.low <= 0)
        if number:
            before = heads[number - 1]
            assert change(value[before], low[before], high[before], value[head], low[head], high[head]).low[0] > 0


def test_no_group_without_a_figure() -> None:
    assert groups([np.nan, 0.5], [0, 0.4], [1, 0.6]).tolist() == [-1, 0]
    assert groups([], [], []).tolist() == []


def test_funnel_limits_are_those_of_the_binomial() -> None:
    found = funnel([0.5, 0.5], [100, 1000], 0.85, overdispersed=False)
    for row, n in enumerate((100, 1000)):
        for column, tail in enumerate((0.025, 0.001)):
            count = found.low[row, column] * n
            assert binom.cdf(np.floor(count), n, 0.85) < tail < binom.cdf(np.ceil(count), n, 0.85)
            assert found.low[row, column] == pytest.approx(0.85 - [1.96, 3.09][column] * np.sqrt(0.85 * 0.15 / n), abs=0.017)
    with pytest.raises(ValueError, match="target"):
        funnel([0.5], [10], 1.0)


def test_the_funnel_names_few_who_are_like_the_others_and_those_who_are_not() -> None:
    rng, n = np.random.default_rng(8), np.full(600, 120)
    share = rng.binomial(n, rng.beta(200, 35, 600)) / n  # units differ for reasons of their own
    share[:5] = 0.5
    wide, narrow = funnel(share, n.astype(float), 200 / 235), funnel(share, n.astype(float), 200 / 235, overdispersed=False)
    assert wide.dispersion > 1.2
    named = benjamini_hochberg(wide.p)
    assert named[:5].all()
    assert named[5:].sum() <= 3
    assert benjamini_hochberg(narrow.p).sum() > named.sum()
    assert np.all(wide.low[:, 1] <= wide.low[:, 0])
    inside = (share >= wide.low[:, 0]) & (share <= wide.high[:, 0])
    assert inside[5:].mean() == pytest.approx(0.95, abs=0.035)


def test_mid_p_of_a_funnel_is_even_where_nothing_is_out_of_line() -> None:
    rng = np.random.default_rng(9)
    n = rng.integers(30, 300, 4000)
    found = funnel(rng.binomial(n, 0.85) / n, n.astype(float), 0.85, overdispersed=False)
    assert (found.p < 0.05).mean() == pytest.approx(0.05, abs=0.012)


def test_whoever_answers_too_little_is_not_compared_and_told_why() -> None:
    found = why_not_compared(
        [29, 30, 30, 400, 0], [0.5, 0.04, np.nan, 0.2, np.nan], [0.5, 0.7, 0.6, 0.8, np.nan], [0.6, 0.8, 0.9, 0.88, np.nan]
    )
    assert found.tolist() == ["too_few", "low_response", "too_wide", "", "too_few"]


# what goes along


def test_facts_come_first_and_an_opinion_only_adds_what_they_do_not_say() -> None:
    rng = np.random.default_rng(10)
    n = 4000
    trips, late = rng.random(n) < 0.3, rng.random(n) < 0.2
    satisfied = rng.random(n) < 0.9 - 0.3 * trips - 0.1 * late
    clear = np.where(rng.random(n) < 0.1, np.nan, (rng.random(n) < 0.8 - 0.5 * trips).astype(float))  # follows the trips, adds nothing
    late_said = np.where(rng.random(n) < 0.1, np.nan, late.astype(float))
    found = drivers(
        satisfied, np.ones(n), rng.integers(0, 50, n), {"late": late_said, "trips": trips}, {"clarity": clear, "rare": np.zeros(n)}
    )
    assert [(driver.name, driver.fact) for driver in found] == [("trips", True), ("late", True), ("clarity", False)]
    assert found[0].low < -0.3 < found[0].high < -0.2
    assert found[1].low < -0.1 < found[1].high < 0
    assert found[2].low < 0 < found[2].high
    assert found[1].of < n == found[0].of
    few = drivers(satisfied, np.ones(n), rng.integers(0, 3, n), {"late": late_said, "trips": trips}, {})
    assert few == []  # three communes cannot tell the variance of four numbers


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_peers_that_are_all_the_same_at_an_end_are_pulled_nowhere_else(share: float) -> None:
    made = shrink([share] * 12, [40.0] * 12, [0] * 12)
    assert np.all(np.abs(made.value - share) < 0.01)
    assert np.all((made.low <= made.value) & (made.value <= made.high))
    assert not made.apart.any()


def test_facts_that_always_come_together_are_told_once() -> None:
    """Two questions of one screen are skipped together: their gaps, and what depends on them, are one column and not two."""
    rng = np.random.default_rng(5)
    n = 600
    trips, late = rng.integers(0, 2, n).astype(float), rng.integers(0, 2, n).astype(float)
    skipped = rng.random(n) < 0.2
    trips[skipped] = late[skipped] = np.nan
    satisfied = rng.integers(0, 2, n)
    facts = {"trips": trips, "late": late, "again": late}
    found = drivers(satisfied, np.ones(n), rng.integers(0, 60, n), facts, {"same": np.where(skipped, 0.0, trips), "late too": late})
    assert {one.name for one in found} == {"trips", "late"}
    assert all(np.isfinite([one.points, one.low, one.high]).all() for one in found)
