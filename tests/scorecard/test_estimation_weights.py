"""Weights and weighted shares: checked against definitions, other libraries and draws from a population that is known."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from statsmodels.regression.linear_model import WLS

from scorecard.statistics import distribution, estimate, merge_cells, weights, wilson

DIMENSIONS = ("end_point", "channel")
Drawn = tuple[pd.DataFrame, pd.DataFrame]


@st.composite
def surveys(draw: st.DrawFn) -> Drawn:
    """Answers (grouped, with counts) and the population they came from; some cells have dossiers and no answer."""
    population, answers = [], []
    for province in draw(st.lists(st.sampled_from(["01", "46", "96"]), min_size=1, max_size=3, unique=True)):
        for end_point in ("returned", "refused"):
            for channel in ("1", "2", "4"):
                answered = draw(st.integers(0, 60))
                population.append((province, end_point, channel, answered + draw(st.integers(0, 500))))
                if answered:
                    answers.append((province, end_point, channel, answered, draw(st.sampled_from([1.0, 0.5, 0.02]))))
    return (
        pd.DataFrame(answers, columns=["province_code", *DIMENSIONS, "count", "probability"]),
        pd.DataFrame(population, columns=["province_code", *DIMENSIONS, "dossiers"]),
    )


@given(surveys())
def test_weights_add_up_to_the_register_of_every_province_with_an_answer(drawn: Drawn) -> None:
    answers, population = drawn
    found = weights(answers, population, DIMENSIONS)
    total = (pd.Series(found.weight) * answers["count"]).groupby(answers["province_code"]).sum()
    register = population.groupby("province_code")["dossiers"].sum()
    for province, size in total.items():
        assert size == pytest.approx(register[province])
    reached = register[register.index.isin(answers["province_code"])].sum()
    assert found.covered == pytest.approx(reached / register.sum() if register.sum() else 0)


@given(surveys())
def test_without_trimming_every_merged_cell_adds_up_and_none_is_thin_but_a_whole_province(drawn: Drawn) -> None:
    answers, population = drawn
    found = weights(answers, population, DIMENSIONS, trim=np.inf)
    sizes: dict[int, int] = {}
    for row in population.itertuples(index=False):
        cell = found.merged[row.province_code, row.end_point, row.channel]
        sizes[cell] = sizes.get(cell, 0) + row.dossiers
    sums = np.bincount(found.cell, found.weight * answers["count"]) if len(answers) else []
    number = np.bincount(found.cell, answers["count"]) if len(answers) else []
    for cell, total in enumerate(sums):
        assert total == pytest.approx(sizes[cell])
        provinces = {key[0] for key, value in found.merged.items() if value == cell}
        assert len(provinces) == 1
        whole = all(value == cell for key, value in found.merged.items() if key[0] in provinces)
        assert number[cell] >= 20 or whole


def test_the_formula_by_hand() -> None:
    """Two cells of 20 answers: half invited at one in two in the first; 100 and 300 dossiers."""
    answers = pd.DataFrame(
        {
            "province_code": "01",
            "end_point": ["returned", "returned", "refused"],
            "channel": "1",
            "count": [10, 10, 20],
            "probability": [0.5, 1, 1],
        }
    )
    population = pd.DataFrame({"province_code": "01", "end_point": ["returned", "refused"], "channel": "1", "dossiers": [100, 300]})
    found = weights(answers, population, DIMENSIONS)
    assert found.weight == pytest.approx([2 * 100 / 30, 100 / 30, 300 / 20])
    assert found.trimmed == 0


def test_a_very_heavy_answer_is_cut_and_the_rest_takes_it_over() -> None:
    answers = pd.DataFrame({"province_code": "01", "end_point": ["returned", "refused"], "channel": "1", "count": [180, 20]})
    population = pd.DataFrame({"province_code": "01", "end_point": ["returned", "refused"], "channel": "1", "dossiers": [1800, 2000]})
    free, cut = weights(answers, population, DIMENSIONS, trim=np.inf), weights(answers, population, DIMENSIONS)
    assert free.weight == pytest.approx([10, 100])
    assert cut.weight[1] / cut.weight[0] == pytest.approx(5)
    assert cut.weight @ answers["count"] == pytest.approx(3800)
    assert cut.trimmed == 20


def test_the_small_chance_of_frequent_filers_is_no_reason_to_cut_them() -> None:
    answers = pd.DataFrame(
        {
            "province_code": "01",
            "end_point": "returned",
            "channel": "1",
            "count": [100, 5],
            "probability": [1, 0.02],
            "frequent": [False, True],
        }
    )
    population = pd.DataFrame({"province_code": ["01"], "end_point": "returned", "channel": "1", "dossiers": [1000]})
    found = weights(answers, population, DIMENSIONS)
    assert found.trimmed == 0
    assert found.weight[1] / found.weight[0] == pytest.approx(50)


def test_answers_from_where_the_register_has_nothing_stand_for_nothing() -> None:
    answers = pd.DataFrame({"province_code": ["01", "46"], "end_point": "returned", "channel": "1", "count": [30, 30]})
    population = pd.DataFrame({"province_code": ["01", "96"], "end_point": "returned", "channel": "1", "dossiers": [60, 40]})
    found = weights(answers, population, DIMENSIONS)
    assert found.weight.tolist() == [2, 0]
    assert found.covered == 0.6


@pytest.mark.parametrize("probability", [0, -0.1, 1.5])
def test_impossible_chances_are_refused(probability: float) -> None:
    frame = pd.DataFrame({"province_code": ["01"], "end_point": "returned", "channel": "1", "probability": [probability], "dossiers": [1]})
    with pytest.raises(ValueError, match="inclusion probability"):
        weights(frame, frame, DIMENSIONS)


def test_thin_cells_are_merged_with_their_like_first() -> None:
    """Kiosk and post are thin among the refused: they go together; end-points are only merged where all channels are not enough."""
    size = {
        ("returned", "counter"): (50, 1),
        ("returned", "online"): (60, 1),
        ("refused", "counter"): (30, 1),
        ("refused", "kiosk"): (12, 1),
        ("refused", "post"): (9, 1),
        ("stopped", "counter"): (3, 1),
    }
    found = [set(group) for group in merge_cells({cell: (float(n), float(size)) for cell, (n, size) in size.items()})]
    assert {("refused", "kiosk"), ("refused", "post"), ("stopped", "counter")} in found
    assert {("refused", "counter")} in found
    assert len(found) == 4


# estimates


def arrays(rng: np.random.Generator, n: int, clusters: int = 12) -> dict[str, np.ndarray]:
    cluster = rng.integers(0, clusters, n)
    return {"y": rng.random(n) < 0.6 + 0.02 * cluster, "weight": rng.lognormal(0, 0.5, n), "cluster": cluster}


@given(st.integers(0, 2**32 - 1), st.integers(2, 300))
def test_equal_weights_give_the_share_and_almost_all_answers_count(seed: int, n: int) -> None:
    y = np.random.default_rng(seed).integers(0, 2, n)
    zero = np.zeros(n, dtype=int)
    found = estimate(y, np.ones(n), zero, zero, zero)
    assert found.value[0] == pytest.approx(y.mean())
    assert n - 2 - 1e-9 <= found.n_eff[0] <= n
    low, high = wilson(int(y.sum()), n)
    assert found.low[0] <= low + 1e-9
    assert found.high[0] >= high - 1e-9


@given(st.integers(0, 2**32 - 1), st.integers(5, 400))
def test_properties_that_always_hold(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    data = arrays(rng, n)
    domain, cell = rng.integers(-1, 3, n), rng.integers(0, 4, n)
    found = estimate(data["y"], data["weight"], domain, data["cluster"], cell, domains=4, reached=rng.random(4))
    some = found.n > 0
    assert not some[3]
    assert np.isnan(found.value[3])
    assert (found.low[3], found.high[3]) == (0, 1)
    assert np.all(found.n_eff[some] <= found.n[some])
    assert np.all(found.n_eff[some] > 0)
    assert np.all((found.low[some] <= found.value[some] + 1e-12) & (found.value[some] <= found.high[some] + 1e-12))
    assert np.all((found.low >= 0) & (found.high <= 1))
    scaled = estimate(data["y"], data["weight"] * 7, domain, data["cluster"], cell, domains=4)
    same = estimate(data["y"], data["weight"], domain, data["cluster"], cell, domains=4)
    assert scaled.low == pytest.approx(same.low)


@given(st.integers(0, 2**32 - 1))
def test_a_count_is_as_good_as_so_many_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    data, count = arrays(rng, 40), rng.integers(1, 6, 40)
    domain, cell, stratum = data["cluster"] % 3, data["cluster"] % 2, data["cluster"] % 2
    short = estimate(data["y"], data["weight"], domain, data["cluster"], cell, stratum=stratum, count=count, reached=0.5)
    long = {name: np.repeat(values, count) for name, values in data.items()} | {"domain": np.repeat(domain, count)}
    cells = np.repeat(cell, count)
    spread = estimate(long["y"], long["weight"], long["domain"], long["cluster"], cells, stratum=np.repeat(stratum, count), reached=0.5)
    for name in ("value", "raw", "variance", "n", "n_eff", "df", "low", "high"):
        assert getattr(short, name) == pytest.approx(getattr(spread, name)), name


def test_cluster_variance_agrees_with_a_robust_regression_on_nothing_but_a_constant() -> None:
    """CR1 in statsmodels is m/(m−1) · (n−1)/(n−1) of the sandwich; one cell of everything leaves only the ratio's linearisation."""
    data = arrays(np.random.default_rng(5), 500)
    zero = np.zeros(500, dtype=int)
    found = estimate(data["y"], data["weight"], zero, data["cluster"], zero)
    model = WLS(data["y"].astype(float), np.ones(500), weights=data["weight"])
    fitted = model.fit(cov_type="cluster", cov_kwds={"groups": data["cluster"]})
    assert found.value[0] == pytest.approx(fitted.params[0])
    assert np.sqrt(found.variance[0]) == pytest.approx(fitted.bse[0], rel=1e-6)
    assert found.df[0] == pytest.approx(11)
    alone = estimate(data["y"], data["weight"], zero, data["cluster"], zero, reached=1.0)
    robust = model.fit(cov_type="HC1")
    assert np.sqrt(alone.variance[0]) == pytest.approx(robust.bse[0], rel=1e-3)


def test_post_stratified_variance_agrees_with_the_textbook() -> None:
    """V = Σ W_h² p_h(1−p_h)/(n_h−1) for one post-stratified sample of everything (Cochran 1977 §5A.9, leading term)."""
    n, dossiers, p = np.array([200, 150, 80]), np.array([5000, 9000, 1000]), np.array([0.9, 0.5, 0.2])
    satisfied = (n * p).astype(int)
    y = np.concatenate([np.r_[np.ones(k), np.zeros(m - k)] for k, m in zip(satisfied, n, strict=True)])
    cell = np.repeat(np.arange(3), n)
    zero = np.zeros(len(y), dtype=int)
    found = estimate(y, (dossiers / n)[cell], zero, zero, cell, reached=1.0)
    share = dossiers / dossiers.sum()
    assert found.value[0] == pytest.approx(share @ (satisfied / n))
    assert found.variance[0] == pytest.approx(np.sum(share**2 * p * (1 - p) / (n - 1)), rel=0.005)


def _coverage(rng: np.random.Generator, rounds: int, draw: Callable[[np.random.Generator], tuple[bool, bool]]) -> tuple[float, float]:
    found = np.array([draw(rng) for _ in range(rounds)])
    weighted, raw = found.mean(axis=0)
    return float(weighted), float(raw)


def test_intervals_hold_the_truth_as_often_as_they_say_where_answering_depends_on_the_cells() -> None:
    """Communes that differ, refused applicants who answer a third as often: 400 months drawn, the truth is each month's own."""
    communes = 40
    size = np.repeat(np.array([[300], [60]]), communes, axis=1)  # returned, refused
    rate = np.array([[0.12], [0.04]])
    truth_p = np.array([[0.9], [0.4]]) + np.random.default_rng(1).normal(0, 0.04, communes)
    cell = np.repeat([0, 1], communes)
    commune = np.tile(np.arange(communes), 2)
    population = pd.DataFrame({"province_code": "01", "end_point": ["a", "b"], "dossiers": size.sum(axis=1)})

    def one(rng: np.random.Generator) -> tuple[bool, bool]:
        satisfied = rng.binomial(size, np.clip(truth_p, 0, 1))
        yes, no = rng.binomial(satisfied, rate).ravel(), rng.binomial(size - satisfied, rate).ravel()
        frame = pd.DataFrame({"province_code": "01", "end_point": np.tile(np.array(["a", "b"])[cell], 2), "count": np.r_[yes, no]})
        found = weights(frame, population, ["end_point"])
        zero, y = np.zeros(len(frame), dtype=int), np.repeat([1, 0], len(yes))
        made = estimate(y, found.weight, zero, np.tile(commune, 2), found.cell, count=frame["count"], reached=1.0, population=size.sum())
        truth = satisfied.sum() / size.sum()
        plain = wilson(int(yes.sum()), int((yes + no).sum()))
        return bool(made.low[0] <= truth <= made.high[0]), bool(plain[0] <= truth <= plain[1])

    weighted, raw = _coverage(np.random.default_rng(2), 400, one)
    assert abs(weighted - 0.95) < norm.ppf(0.9995) * np.sqrt(0.95 * 0.05 / 400)
    assert raw < 0.6


def test_a_distribution_holds_the_weight_of_each_step() -> None:
    found = distribution([5, 4, 5, np.nan, 1], [1, 2, 3, 9, 5], [0, 0, 0, 0, 1], domains=3)
    assert found.tolist() == [[0, 0, 0, 2, 4], [5, 0, 0, 0, 0], [0, 0, 0, 0, 0]]


def test_most_of_a_small_population_leaves_little_doubt() -> None:
    y, zero = np.r_[np.ones(80), np.zeros(10)], np.zeros(90, dtype=int)
    few = estimate(y, np.ones(90), zero, zero, zero, population=[100])
    many = estimate(y, np.ones(90), zero, zero, zero, population=[100_000])
    assert few.high[0] - few.low[0] < 0.4 * (many.high[0] - many.low[0])
    assert few.n_eff[0] == many.n_eff[0] <= 90
    everybody = estimate(y, np.ones(90), zero, zero, zero, population=[90])
    assert (everybody.low[0], everybody.high[0]) == pytest.approx((8 / 9, 8 / 9))


@pytest.mark.parametrize("dossiers", [0, 1, 60, 89])
def test_a_register_that_lacks_dossiers_makes_nothing_certain(dossiers: int) -> None:
    y, zero = np.r_[np.ones(80), np.zeros(10)], np.zeros(90, dtype=int)
    found, free = (estimate(y, np.ones(90), zero, zero, zero, population=size) for size in ([dossiers], None))
    assert (found.low[0], found.high[0]) == (free.low[0], free.high[0])
    assert found.high[0] - found.low[0] > 0.1
