"""On real files that nobody here wrote: reversed scales, don't-know codes, subtotals, offered and answered, sums."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scorecard.statistics import Scale, bounds, response_rates, summed_up, to_five, wilson


def test_vehicle_licensing_one_is_best_and_six_is_dont_know(shared_data: Path) -> None:
    frame = pd.read_csv(shared_data / "satisfaction" / "dvla_satisfaction_to_2010.csv", dtype=str, keep_default_na=False)
    frame = frame.rename(columns=str.strip).apply(lambda column: column.str.strip())
    mean = pd.to_numeric(frame["Overall Customer Satisfaction Score (Avg)"], errors="coerce")
    answers = pd.to_numeric(frame["Number of VRM"], errors="coerce")  # in a subtotal row: a text such as "Percentage of Grand: 0%"
    found = summed_up(mean, answers, Scale(worst=5, best=1, unknown=(6,)))
    subtotals, without = int((frame["Channel"] == "NULL").sum()), int(((frame["Channel"] != "NULL") & mean.isna()).sum())
    assert found.excluded["no_number_of_answers"] == subtotals == 81
    assert found.excluded["no_mean"] == without == 5  # those who only said "don't know"
    assert found.rows + sum(found.excluded.values()) == len(frame) == 3581
    assert found.excluded["dont_know_code"] + found.excluded["outside_scale"] == int((mean > 5).sum())
    assert found.mean == pytest.approx(6 - 1.1965, abs=0.002)
    assert found.plain == pytest.approx(6 - 1.339, abs=0.02)
    assert found.mean - found.plain > 0.1
    upside_down = summed_up(mean, answers, Scale(worst=1, best=5, unknown=(6,)))
    assert upside_down.mean == pytest.approx(6 - found.mean)


def test_a_scale_may_run_either_way_and_says_nothing_of_what_it_does_not_hold() -> None:
    assert to_five([0, 5, 10, 11, np.nan], Scale(0, 10)).tolist()[:3] == [1, 3, 5]
    assert np.isnan(to_five([0, 5, 10, 11, np.nan], Scale(0, 10))[3:]).all()
    assert np.isnan(to_five([3], Scale(5, 1, unknown=(3,)))).all()
    with pytest.raises(ValueError, match="two different ends"):
        to_five([1], Scale(1, 1))
    assert summed_up([np.nan], [3], Scale(1, 5)).n == 0


def test_veterans_offered_and_answered(shared_data: Path) -> None:
    frame = pd.read_csv(shared_data / "satisfaction" / "va-vha.csv")
    offered, answered = frame["surveys_offered_count"].to_numpy(), frame["response_count"].to_numpy()
    found = response_rates(answered, 0, 0, 0, 0, offered - answered)
    assert found.rr1 == pytest.approx([0.164, 0.1685], abs=0.0005)
    # a narrow interval and, beside it, how little is known of the five sixths that stayed silent
    low, high = wilson(answered // 2, answered)
    least, most = bounds(answered // 2, answered, offered)
    assert np.all(high - low < 0.004)
    assert np.all(most - least > 0.83)


def test_the_official_units_add_up_to_their_parent(shared_data: Path) -> None:
    folder = shared_data / "index766"
    units = pd.read_csv(folder / "progress_by_unit_2026-08.csv")
    parent = json.loads((folder / "phu_tho_2026-08_parent.json").read_text(encoding="utf-8"))["progress"]
    assert units["received"].sum() == parent["totalReceived"]
    assert units["on_time"].sum() == parent["totalOnTime"]
    weighted = np.average(units["on_time"] / units["received"].where(units["received"] > 0), weights=units["received"])
    assert np.isnan(weighted)  # a unit without dossiers has no rate, and no 0 in its place
    some = units[units["received"] > 0]
    rate = some["on_time"] / some["received"]
    assert np.average(rate, weights=some["received"]) * 100 == pytest.approx(parent["ratio"], abs=0.006)
    assert abs(rate.mean() * 100 - parent["ratio"]) > 0.5
