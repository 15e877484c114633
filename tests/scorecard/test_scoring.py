"""Points from counts: against the portal's published scores, against the rules' text, and as laws that hold for any counts."""

import csv
import json
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.scoring.library import find_scoring
from scorecard.scoring.points import Score, half_up, score

INDEX = find_scoring("qd766-2022")
CIRCULAR = find_scoring("tt01-2018")
NEAR = Fraction(2, 100)  # the published scores must be met so nearly
IDS = [item.id for item in INDEX.indicators]
ALL = dict.fromkeys(IDS, (80, 100))


def group(scored: Score, name: str) -> Fraction | None:
    return next(found.points for found in scored.groups if found.group.id == name)


def points(name: str, numerator: int, denominator: int, factors: dict[str, Fraction] | None = None) -> Fraction | None:
    scored = score(INDEX, {name: (numerator, denominator)}, factors)
    return next(item.points for item in scored.indicators if item.indicator.id == name)


# ---- published scores


def test_progress_of_every_unit_of_a_province_is_met(shared_data: Path) -> None:
    with (shared_data / "index766" / "progress_by_unit_2026-08.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) > 150
    for row in rows:
        published = Fraction(row["on_time_ratio_pct_published"]) / 100 * 20
        found = group(score(INDEX, {"2.1": (int(row["on_time"]), int(row["received"]))}), "TDGQ")
        assert found is not None
        assert abs(found - published) < Fraction(2, 1000), row["department_name"]


def test_the_province_that_they_belong_to_is_met(shared_data: Path) -> None:
    parent = json.loads((shared_data / "index766" / "phu_tho_2026-08_parent.json").read_text(encoding="utf-8"))
    progress, online = parent["progress"], parent["online"]
    counts = {
        "2.1": (progress["totalOnTime"], progress["totalReceived"]),
        "3.1": (online["partialCount"] + online["fullCount"], online["authorityCount"]),
        "3.2": (online["onlineDossierCount"], online["onlineServiceTotal"]),
        "3.3": (online["channelOnlineSum"], online["channelTotalSum"]),
    }
    scored = score(INDEX, counts)
    for name, published in (("TDGQ", progress["totalScore"]), ("CLGQ", online["totalScore"])):
        found = group(scored, name)
        assert found is not None
        assert half_up(found, 2) == Decimal(str(published))


def test_published_groups_lie_within_the_maxima_and_add_up(shared_data: Path) -> None:
    with (shared_data / "index766" / "provinces_766_groups_asof_2026-09-17.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 34
    for row in rows:
        parts = [(Decimal(row[found.id]), found.points) for found in INDEX.groups]
        assert all(0 <= part <= most for part, most in parts)
        assert abs(sum(part for part, _most in parts) - Decimal(row["total_score"])) <= Decimal("0.03")
        assert Decimal(row["MDSH"]) >= 2  # certified copies give their 2 points everywhere


@pytest.mark.parametrize(
    ("name", "counts", "published"),
    [
        ("5.4", (144_574, 184_513), "5.22"),  # Phú Thọ, August 2026
        ("5.4", (392_869, 443_565), "5.90"),  # Đắk Lắk, 1 January to 9 October 2026
        ("2.1", (144_625, 184_513), "15.68"),
        ("4.2", (21_115, 100_000), "0.84"),  # linear; the text's target of 80 % would give 1.06
        ("1.1", (0, 82), "0.00"),
    ],
)
def test_published_indicators_are_met(name: str, counts: tuple[int, int], published: str) -> None:
    found = points(name, *counts)
    assert found is not None
    assert abs(found - Fraction(published)) <= NEAR


def test_a_place_without_dossiers_and_petitions_has_twelve_of_eighteen_points() -> None:
    """The office of Phú Thọ's People's Committee, August 2026."""
    scored = score(INDEX, {"5.2": (0, 0), "5.3": (0, 0), "5.4": (0, 0), "2.1": (0, 0)})
    assert group(scored, "MDHL") == 12
    assert group(scored, "TDGQ") == 0


def test_a_province_that_announces_nothing_on_time_stands_at_eight() -> None:
    for first in ((0, 82), (0, 0)):
        assert group(score(INDEX, {"1.1": first, "1.2": (0, 40), "1.3": (9, 9), "1.4": (7, 7)}), "CKMB") == 8


# ---- the rules' text


def test_groups_and_maxima_are_those_of_the_decision() -> None:
    assert {found.id: found.points for found in INDEX.groups} == {"CKMB": 18, "TDGQ": 20, "CLGQ": 12, "TTTT": 10, "MDSH": 22, "MDHL": 18}
    assert INDEX.points == 100


def test_payment_is_six_a_and_two_capped_shares() -> None:
    a, b, c = Fraction(41, 80), Fraction(13, 60), Fraction(55, 60)
    scored = score(INDEX, {"3.6": (41, 80), "3.5b": (13, 60), "3.5": (55, 60)})
    assert group(scored, "TTTT") == 6 * a + min(Fraction(2), Fraction(5, 2) * b) + min(Fraction(2), Fraction(5, 2) * c)


def test_the_targets_give_full_points_and_what_is_below_them_does_not() -> None:
    for item in INDEX.indicators:
        assert item.target is not None
        share = Fraction(item.target)
        assert points(item.id, share.numerator, share.denominator) == item.points
        below = points(item.id, share.numerator * 1000 - 1, share.denominator * 1000)
        assert below is not None
        assert below < item.points


def test_synchronisation_lowers_the_online_share_alone() -> None:
    half = {"sync_coefficient": Fraction(1, 2)}
    assert points("3.3", 40, 100, half) == Fraction(6 * 2, 5)
    assert points("3.2", 40, 100, half) == points("3.2", 40, 100)


def test_full_points_from_nothing_are_those_of_the_note_and_come_off_the_second_total() -> None:
    scored = score(INDEX, ALL | {"4.2b": (0, 0), "5.2": (0, 0), "5.3": (0, 0)})
    assert [item.indicator.id for item in scored.empty_full] == ["4.2b", "5.2", "5.3"]
    assert scored.total is not None
    assert scored.total_without_empty == scored.total - 14
    assert scored.maximum_without_empty == 86
    for name in set(IDS) - {"4.2b", "5.2", "5.3"}:
        assert points(name, 0, 0) == 0


def test_missing_is_not_zero() -> None:
    counts = dict(ALL)
    del counts["3.3"]
    scored = score(INDEX, counts)
    assert group(scored, "CLGQ") is None
    assert (scored.total, scored.band, scored.missing) == (None, None, ("CLGQ",))
    assert group(scored, "TDGQ") == 16


@pytest.mark.parametrize(("total", "band"), [(90, "Xuất sắc"), (80, "Tốt"), (70, "Khá"), (50, "Trung bình"), (0, "Yếu")])
def test_an_edge_belongs_to_the_band_above_it(total: int, band: str) -> None:
    def banded(value: Fraction) -> str:
        found = Score(INDEX, (), value).band
        assert found is not None
        return found.name.vi

    assert banded(Fraction(total)) == band
    assert banded(Fraction(total) + Fraction(1, 1000)) == band
    if total:
        assert banded(Fraction(total) - Fraction(1, 100)) != band
        assert banded(Fraction(total) - Fraction(1, 1000)) == band  # printed as the edge itself


def test_the_circular_leaves_out_what_is_not_known_and_stretches_the_rest() -> None:
    everything = {item.id: (15, 10) for item in CIRCULAR.indicators}
    whole = score(CIRCULAR, everything)
    assert whole.total == Fraction(27, 2)
    del everything["9"]
    assert score(CIRCULAR, everything | {"5": (0, 0)}).total == Fraction(27, 2)  # the mean is the same, so the total is
    assert score(CIRCULAR, {}).total is None


def test_the_circulars_indicators_are_rounded_to_one_decimal_and_fifteen_is_excellent() -> None:
    scored = score(CIRCULAR, {"1": (125, 100)})
    assert scored.indicators[0].points == Fraction(13, 10)
    five_sixths = {item.id: (5, 3) for item in CIRCULAR.indicators}  # 1.7 each: 15.3
    assert score(CIRCULAR, five_sixths).band is CIRCULAR.bands[0]
    assert Score(CIRCULAR, (), Fraction(15)).band is CIRCULAR.bands[0]
    assert Score(CIRCULAR, (), Fraction(1499, 100)).band is CIRCULAR.bands[1]


# ---- laws

count = st.integers(min_value=0, max_value=10**7)
pair = st.tuples(count, count).map(sorted).map(tuple)


@st.composite
def counted(draw: st.DrawFn) -> dict[str, tuple[int, int]]:
    kept = draw(st.lists(st.sampled_from(IDS), unique=True))
    return {name: draw(pair) for name in kept}


@given(counted())
def test_no_group_is_below_zero_or_above_its_maximum(counts: dict[str, tuple[int, int]]) -> None:
    scored = score(INDEX, counts)
    for found in scored.groups:
        assert (found.points is None) == bool(found.missing)
        assert found.points is None or 0 <= found.points <= found.group.points
    assert (scored.total is None) == any(found.points is None for found in scored.groups)


@given(st.sampled_from(IDS), pair, st.integers(min_value=1, max_value=1000))
def test_more_of_the_numerator_never_costs_points(name: str, counts: tuple[int, int], more: int) -> None:
    numerator, denominator = counts
    if denominator:
        before, after = points(name, numerator, denominator), points(name, numerator + more, denominator)
        assert before is not None
        assert after is not None
        assert before <= after


@given(counted(), counted())
def test_groups_do_not_touch_each_other(counts: dict[str, tuple[int, int]], others: dict[str, tuple[int, int]]) -> None:
    outside = {name: value for name, value in others.items() if not name.startswith("4.")}
    inside = {name: value for name, value in counts.items() if name.startswith("4.")}
    assert group(score(INDEX, outside | inside), "MDSH") == group(score(INDEX, inside), "MDSH")


@given(st.decimals(min_value=0, max_value=100, places=5))
def test_rounding_is_half_up(value: Decimal) -> None:
    assert half_up(Fraction(value), 2) == value.quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.mark.parametrize(("value", "printed"), [("2.675", "2.68"), ("1.005", "1.01"), ("8.825", "8.83"), ("0.004999", "0.00")])
def test_rounding_does_not_go_through_binary_numbers(value: str, printed: str) -> None:
    assert f"{half_up(Fraction(value), 2):f}" == printed


@given(counted())
def test_the_second_total_never_lies_above_the_first(counts: dict[str, tuple[int, int]]) -> None:
    scored = score(INDEX, ALL | counts)
    assert scored.total is not None
    assert scored.total_without_empty is not None
    assert 0 <= scored.total_without_empty <= scored.total
    assert scored.total_without_empty <= scored.maximum_without_empty
