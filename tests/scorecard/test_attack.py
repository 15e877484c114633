"""What is published over three months, windows and superseded versions included, does not give away what is hidden."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorecard import disclosure, public_history, rulesets
from scorecard.disclosure import protect, secondary
from scorecard.rows import Row
from tests.scorecard.answering import Answers, Country, Key, measured, month, tally, together
from tests.scorecard.attacker import Attacker

RULES = rulesets.read(next(Path(rulesets.FOLDER).glob("tthc-*.yaml")))
Publication = tuple[int, int, list[Row]]  # month, version, rows


def publish(country: Country, months: list[Answers], versions: int = 2, remember: bool = True) -> list[Publication]:
    """Protect month after month, with windows of 3 and 12 months; every month is corrected ``versions`` - 1 times."""
    done: list[Publication] = []
    told: list[list[disclosure.Learned]] = []
    for now in range(len(months)):
        rows = [row for window in (1, 3, 12) for row in measured(tally(country, together(months[: now + 1][-window:])), window)]
        for version in range(1, versions + 1):
            before = zip(done, told, strict=True)
            frames = [public_history.public_cells(shown, said).assign(ago=now - when, version=its) for (when, its, shown), said in before]
            earlier = pd.concat(frames, ignore_index=True) if frames and remember else None
            told.append([])
            done.append((now, version, protect(rows, country.places, RULES, earlier, learned=told[-1])))
    return done


def attack(country: Country, publications: list[Publication], complete: bool = True, only_first: bool = False) -> list[object]:
    attacker = Attacker(country.places, complete)
    for when, version, rows in publications:
        attacker.read(when, version, rows)
    assert attacker.hidden, "nothing was hidden, so that nothing was tried"
    return list(attacker.successes(only_first))


def three_months(country: Country, mean: float, seed: int, department: float = 0.0, removed: float = 0.04) -> list[Answers]:
    return [month(country, mean, seed * 10 + index, department=department, removed=removed) for index in range(3)]


SMALL = Country.of(2, 10, {"channel": 2})


@pytest.mark.parametrize(("mean", "department"), [(12.0, 0.0), (25.0, 1.5)])
def test_nothing_hidden_can_be_computed(mean: float, department: float) -> None:
    publications = publish(SMALL, three_months(SMALL, mean, 1, department))
    assert attack(SMALL, publications, complete=not department) == []
    shown = {(row.window, row.subject_kind) for _, _, rows in publications for row in rows if row.n is not None}
    assert {window for window, _ in shown} == {1, 3, 12}, "so much is hidden that the attack proves nothing"


def _only_small_ones(self: secondary.Protection) -> object:
    return self.hidden


MUTATIONS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "no secondary suppression": lambda patch: patch.setattr(secondary.Protection, "run", _only_small_ones),
    "no earlier figures": lambda patch: patch.setattr(public_history, "public_cells", lambda *_: _nothing()),
    "windows forgotten": lambda patch: patch.setattr("scorecard.disclosure.cells._months", lambda *_: []),
    "categories forgotten": lambda patch: patch.setattr("scorecard.disclosure.cells._categories", lambda *_: []),
}


def _nothing() -> pd.DataFrame:
    names = [name for name in public_history.COLUMNS if name not in ("ago", "version")]
    return pd.DataFrame(columns=names)


@pytest.mark.parametrize("name", list(MUTATIONS))
def test_the_attack_can_succeed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part of the protection taken away, the attacker finds hidden numbers: the test above can fail."""
    MUTATIONS[name](monkeypatch)
    assert attack(SMALL, publish(SMALL, three_months(SMALL, 12.0, 1), versions=1), only_first=True)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    provinces=st.integers(1, 3),
    communes=st.integers(1, 5),
    mean=st.sampled_from([3.0, 9.0, 15.0, 40.0]),
    seed=st.integers(0, 10_000),
    department=st.sampled_from([0.0, 0.3, 2.0]),
)
def test_small_countries_of_every_kind(provinces: int, communes: int, mean: float, seed: int, department: float) -> None:
    country = Country.of(provinces, provinces * communes, {"channel": 2})
    publications = publish(country, three_months(country, mean, seed, department)[:2], versions=1)
    attacker = Attacker(country.places, complete=not department)
    for when, version, rows in publications:
        attacker.read(when, version, rows)
    assert attacker.successes() == []


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_a_province_of_a_hundred_communes(seed: int) -> None:
    country = Country.of(2, 120)
    assert attack(country, publish(country, three_months(country, 12.0, seed, 0.5)), complete=False) == []


def test_it_always_hides_the_same() -> None:
    months = three_months(SMALL, 12.0, 5)
    one, other = (publish(SMALL, months, versions=1) for _ in range(2))
    assert [[vars(row) for row in rows] for _, _, rows in one] == [[vars(row) for row in rows] for _, _, rows in other]


def test_a_hidden_cell_has_no_number_left() -> None:
    rows = measured(tally(SMALL, month(SMALL, 8.0, 3)))
    safe = disclosure.protect(rows, SMALL.places, RULES)
    closed = {(row.subject_code, row.breakdown, row.category) for row in safe if row.status != "value" and row.indicator == "satisfaction"}
    assert closed
    for row in safe:
        if (row.subject_code, row.breakdown, row.category) in closed:
            assert row.status in ("too_few", "suppressed")
            assert not any(getattr(row, name) is not None for name in disclosure.NUMBERS)
    assert len(safe) == len(rows)
    assert np.all([one.key == other.key for one, other in zip(rows, safe, strict=True)])


def test_a_later_version_does_not_tell_the_few_that_a_decision_left_out() -> None:
    """Categories have cleaned counts alone: of twelve answers that leave a commune later, four and eight are of two channels."""
    whole = tally(SMALL, month(SMALL, 60.0, 3, removed=0.0, department=0.0))

    def rows(counted: Mapping[Key, tuple[int, ...]]) -> list[Row]:
        return [row for row in measured(counted) if row.breakdown == "total" or row.indicator == "satisfaction"]

    first = protect(rows(whole), SMALL.places, RULES)
    commune = next(code for code in SMALL.communes["01"] if whole["unit", code, "total", "total"][3] > 40)
    gone = {("unit", commune, "total", "total"): 12}
    for unit in (("unit", "01"), ("nation", "VN")):
        gone |= {(*unit, "total", "total"): 12, (*unit, "channel", "channel0"): 4, (*unit, "channel", "channel1"): 8}
    fewer = {key: (*counts[:3], counts[3] - gone.get(key, 0), counts[4] - gone.get(key, 0) * 3 // 4) for key, counts in whole.items()}
    second = protect(rows(fewer), SMALL.places, RULES, public_history.public_cells(first, []).assign(ago=0, version=1))

    def shown(publication: list[Row]) -> set[tuple[str, ...]]:
        wanted = [row for row in publication if (row.indicator, row.variant, row.status) == ("satisfaction", "cleaned", "value")]
        return {(row.subject_kind, row.subject_code, row.breakdown, row.category) for row in wanted}

    of_parts = {key for key in gone if key[2] == "channel"}
    assert gone.keys() <= shown(first)
    assert gone.keys() & shown(second) == gone.keys() - of_parts


def test_raw_and_cleaned_figures_of_one_category_are_refused() -> None:
    rows = measured(tally(SMALL, month(SMALL, 60.0, 3)))
    wrong = next(row for row in rows if row.variant == "cleaned" and row.breakdown == "channel")
    with pytest.raises(ValueError, match="raw and cleaned figures of one part"):
        protect([*rows, replace(wrong, variant="raw")], SMALL.places, RULES)
