"""On real files that nobody here wrote: offered and answered, sums."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scorecard.statistics import bounds, response_rates, wilson


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
