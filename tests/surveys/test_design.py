"""Who is drawn: stated probabilities are the real ones, a repeat draws the same, nobody is asked twice in 30 days."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calendar import Month
from core.errors import InputError
from procedures.queries import EndPoint
from surveys import design
from surveys.design import Assumed, Design, Frequent, Plan, Title
from tests.surveys.helpers import END_POINT

OCTOBER = Month(2026, 10)
START = datetime(2026, 10, 1, tzinfo=UTC)
TITLE = Title(vi="Thử", en="Trial")
ASSUMED = Assumed(message_price=300, response=0.1, satisfied=0.8)
HALF = Design(name="half", title=TITLE, share=0.5, short_form=0.3, rest_days=30, assumed=ASSUMED)


def point(number: int, day: float = 1.0, applicant: str | None = None, **changes: object) -> EndPoint:
    """An end-point so many days into October."""
    return replace(
        END_POINT,
        dossier_code=f"H26-{number:05d}",
        reached_at=START + timedelta(days=day),
        applicant_hash=applicant,
        **changes,  # type: ignore[arg-type]
    )


def plan(rules: Design = HALF, seed: int = 1, **shares: float) -> Plan:
    """A plan with these shares beside the design's own."""
    return Plan(rules, seed, design.shares(rules, {"all": 1}) | shares)


def fates(points: list[EndPoint], of: Plan, key: str = "k") -> list[design.Chance]:
    """What becomes of them."""
    return list(design.chances(points, lambda _month: of, key))


BUSY = [
    point(1, 1, "a"),
    point(2, 8, "a", occasion="supplement-1", end_point="supplement"),
    point(2, 20, "a"),
    point(3, 29, "a"),
    point(4, 45, "a"),
    point(5, 2, "b"),
    point(6, 3, None),
    point(7, 3, None),
]


def test_the_stated_probability_is_the_share_of_draws_in_which_one_is_invited() -> None:
    draws = 4000
    invited: Counter[int] = Counter()
    for seed in range(draws):
        drawn = fates(BUSY, plan(seed=seed))
        invited.update(place for place, fate in enumerate(drawn) if fate.invited)
    stated = [fate.probability for fate in fates(BUSY, plan())]
    # by hand: 0.5; 0.3·(1 − 0.5); 0.5·(1 − 0.65); 0.5·(1 − 0.65 − 0.175); from the 45th day two are within 30 days
    assert stated[:4] == pytest.approx([0.5, 0.15, 0.175, 0.0875])
    assert stated[4] == pytest.approx(0.5 * (1 - 0.175 - 0.0875))
    assert stated[5:] == [0.5, 0.5, 0.5]
    for place, probability in enumerate(stated):
        spread = 4 * (probability * (1 - probability) / draws) ** 0.5
        assert abs(invited[place] / draws - probability) < spread, place


@given(
    st.lists(st.tuples(st.floats(0, 60), st.sampled_from("abc"), st.sampled_from(["returned", "supplement"])), max_size=25),
    st.integers(0, 10_000),
    st.sampled_from([1.0, 0.7, 0.2]),
)
def test_nobody_is_invited_twice_within_thirty_days(days: list[tuple[float, str, str]], seed: int, share: float) -> None:
    ordered = sorted(enumerate(days), key=lambda item: (item[1][1], item[1][0]))
    points = [point(number, day, who, end_point=end) for number, (day, who, end) in ordered]
    drawn = fates(points, plan(HALF.model_copy(update={"share": share}), seed))
    assert all(0 <= fate.probability <= 1 for fate in drawn)
    last: dict[str | None, datetime] = {}
    for fate in (fate for fate in drawn if fate.invited):
        assert fate.probability > 0
        who, at = fate.point.applicant_hash, fate.point.reached_at
        assert who not in last or at - last[who] >= timedelta(days=30)
        last[who] = at


@given(st.integers(0, 50), st.integers(0, 1000))
def test_a_repeat_and_a_later_end_point_draw_the_same(extra: int, seed: int) -> None:
    once = [fate.invited for fate in fates(BUSY[5:], plan(seed=seed))]
    more = [*BUSY[5:], *(point(100 + number, 4, f"z{number}") for number in range(extra))]
    assert [fate.invited for fate in fates(more, plan(seed=seed))][: len(once)] == once


def test_another_key_or_seed_draws_others() -> None:
    many = [point(number) for number in range(400)]
    draws = [tuple(fate.invited for fate in fates(many, plan(seed=seed), key)) for seed, key in ((1, "k"), (2, "k"), (1, "other"))]
    assert len(set(draws)) == 3
    assert all(160 < sum(draw) < 240 for draw in draws)


def test_those_who_file_often_are_a_stratum() -> None:
    rules = HALF.model_copy(update={"frequent": Frequent(**{"from": 3, "days": 90, "share": 0.1}), "rest_days": 0})
    drawn = fates([point(number, day, "agent") for number, day in enumerate((1, 2, 3, 4, 5))], plan(rules))
    assert [(fate.frequent, fate.stratum, fate.probability) for fate in drawn] == [(False, "all", 0.5)] * 3 + [(True, "frequent", 0.1)] * 2
    assert not any(fate.frequent for fate in fates([point(number, number * 50.0, "rare") for number in range(5)], plan(rules)))


def test_thin_strata_are_asked_fully() -> None:
    rules = HALF.model_copy(update={"by": ("province_code", "channel"), "per_stratum": 100})
    found = design.shares(rules, {"01|online": 1000, "01|in_person": 40, "04|": 100})
    assert found == {"01|online": 0.1, "01|in_person": 1.0, "04|": 1.0, "supplement": 0.3}
    of = Plan(rules, 1, found)
    assert of.share("96|online") == 1.0  # was not there when the plan was made
    points = [point(number, channel="online") for number in range(50)] + [point(number, channel="in_person") for number in range(50, 60)]
    assert {fate.stratum: fate.probability for fate in fates(points, of)} == {"01|online": 0.1, "01|in_person": 1.0}
    assert sum(fate.invited for fate in fates(points, of)[50:]) == 10


def test_the_short_form_is_asked_fully_where_nobody_can_be_told_to_rest() -> None:
    unknown, known = (point(1, 1, who, occasion="supplement-1", end_point="supplement") for who in (None, "a"))
    assert [fate.probability for fate in fates([known, unknown], plan())] == [0.3, 1.0]


def test_only_the_month_is_invited_and_earlier_months_make_people_rest() -> None:
    rules = HALF.model_copy(update={"share": 1.0})
    points = [point(1, -10, "a"), point(2, 5, "a"), point(3, 25, "a"), point(4, 26, "b")]
    plans = {OCTOBER: plan(rules), OCTOBER.plus(-1): plan(rules)}
    drawn = list(design.draw(points, OCTOBER, plans, "k", set()))
    assert [one.end_point.dossier_code for one in drawn] == ["H26-00003", "H26-00004"]
    assert [other.dossier_code for other in drawn[0].rivals] == ["H26-00002"]
    alone = design.draw(points, OCTOBER, {OCTOBER: plan(rules)}, "k", {"00004"})
    assert [one.end_point.dossier_code for one in alone] == ["H26-00002", "H26-00004"]


def test_communes_without_signal_are_called_where_the_design_says_so() -> None:
    rules = HALF.model_copy(update={"share": 1.0, "phone_without_signal": True})
    points = [point(1, unit_code="00004"), point(2, unit_code="00008")]
    assert [one.mode for one in design.draw(points, OCTOBER, {OCTOBER: plan(rules)}, "k", {"00008"})] == ["link", "phone"]


def test_what_is_expected() -> None:
    rules = HALF.model_copy(update={"rest_days": 0})
    points = [point(number) for number in range(100)] + [point(900, occasion="supplement-1", end_point="supplement")]
    expected = design.expect(fates(points, plan(rules, all=0.25)), lambda one: one.province_code)["01"]
    assert (expected.end_points, expected.messages, expected.answers(0.1)) == (100, 25.0, 2.5)
    assert expected.effective(0.1) == pytest.approx(2.5)  # one weight for all: nothing is lost
    mixed = fates(
        [point(1), point(2, end_point="refused")],
        Plan(rules.model_copy(update={"by": ("end_point",)}), 1, {"returned": 0.5, "refused": 0.1}),
    )
    both = design.expect(mixed, lambda one: "x")["x"]
    assert both.effective(1.0) == pytest.approx(4 / 12)  # (1 + 1)² / (1/0.5 + 1/0.1)


@pytest.mark.parametrize("name", design.names())
def test_designs_that_are_shipped(name: str) -> None:
    rules = design.load(name)
    assert rules.name == name
    assert rules.rest_days == 30
    assert rules.frequent is not None


def test_an_unknown_design_names_the_known_ones() -> None:
    with pytest.raises(InputError, match="all, strata"):
        design.load("none")
