"""From answers and the register to a month's survey figures: on small frames whose every number is known."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scorecard.figures import COUNTRY, NATION, UNIT
from scorecard.rows import Key, Material, Place, Row, ancestors
from scorecard.rulesets import RuleSet, read
from scorecard.statistics import change, sensitivity_band, wilson
from scorecard.survey_comparison import comparison, derived_rows, peer_group
from scorecard.survey_drivers import follow_up, lambdas
from scorecard.survey_estimates import Earlier, compact
from scorecard.survey_history import group_code, procedure_groups
from scorecard.survey_measures import month_counts, survey_rows

RULES = Path(__file__).parents[2] / "scorecard" / "rules" / "tthc-2026-1.yaml"
PLACES = {
    "VN": Place("VN", "nation", None, None),
    "01": Place("01", "province", "VN", None, "thành phố"),
    "46": Place("46", "province", "VN", None, "thành phố"),
    "00004": Place("00004", "commune", "01", "01", "phường"),
    "00008": Place("00008", "commune", "01", "01", "xã"),
    "19750": Place("19750", "commune", "46", "46", "xã"),
}
ABOVE = ancestors(PLACES)
SUBJECTS: list[Key] = [(NATION, COUNTRY), *((UNIT, code) for code in PLACES if code != "VN")]


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return read(RULES)


def given(unit: str, ratings: list[int], end_point: str = "returned", **other: Any) -> list[dict[str, Any]]:
    return [
        {
            "unit_code": unit,
            "procedure_code": "1.001193",
            "channel": 1,
            "end_point": end_point,
            "applicant_type": "citizen",
            "provider_code": "",
            "rating": rating,
            "asked_again": "no" if place % 4 else "yes",
            "supplement_count": "0" if place % 3 else "1",
            "recorded_supplements": 0,
            "mode": "link",
            "probability": 1.0,
            "is_test": False,
        }
        | other
        for place, rating in enumerate(ratings)
    ]


def material(answers: list[dict[str, Any]], dossiers: dict[tuple[str, str], int], invited: int = 2, **other: Any) -> Material:
    """``dossiers``: (unit, end-point) → number; ``invited``: so many invitations for each answer."""
    frame = pd.DataFrame(answers).astype({"rating": "Int64", "recorded_supplements": "Int64", "channel": "Int64"})
    population = pd.DataFrame(
        [(PLACES[unit].province, unit, "1.001193", 1, end, "citizen", "", size) for (unit, end), size in dossiers.items()],
        columns=["province_code", "unit_code", "procedure_code", "channel", "end_point", "applicant_type", "provider_code", "dossiers"],
    )
    asked = (
        frame.groupby(["unit_code", "procedure_code", "channel", "end_point"], as_index=False).size().rename(columns={"size": "invited"})
    )
    asked["invited"] *= invited
    return Material(
        places=PLACES,
        by_unit=pd.DataFrame(),
        by_procedure=pd.DataFrame(),
        answers=frame,
        invited=asked,
        offerings=[],
        population=population,
        reported=frozenset({"01", "46"}),
        month="2026-10",
        groups={"1.001193": "ho-tich"},
        **other,
    )


HANOI = [*given("00004", [5] * 160 + [2] * 40), *given("00004", [4] * 10 + [1] * 30, "refused"), *given("00008", [5] * 70 + [3] * 30)]
HUE = given("19750", [5] * 30 + [1] * 20)
REGISTER = {("00004", "returned"): 1000, ("00004", "refused"): 600, ("00008", "returned"): 400, ("19750", "returned"): 500}


def made(rules: RuleSet, wanted: Material) -> dict[tuple[Any, ...], Row]:
    rows = survey_rows(wanted, SUBJECTS, ABOVE, rules)
    assert len({row.key for row in rows}) == len(rows)
    return {(row.subject_code, row.indicator, row.variant, row.window, row.breakdown, row.category): row for row in rows}


def test_weighting_brings_the_refused_back_to_their_share(rules: RuleSet) -> None:
    found = made(rules, material(HANOI + HUE, REGISTER))
    hanoi = found["01", "satisfaction", "weighted", 1, "total", "total"]
    assert hanoi.status == "value"
    returned, refused = 230 / 300, 10 / 40
    assert hanoi.value == pytest.approx((1400 * returned + 600 * refused) / 2000, abs=0.0006)
    raw = found["01", "satisfaction", "raw", 1, "total", "total"]
    assert (raw.numerator, raw.denominator) == (240, 340)
    assert hanoi.n == 340
    assert hanoi.n_eff is not None
    assert hanoi.n_eff <= 340
    assert hanoi.low is not None
    assert hanoi.high is not None
    assert hanoi.low < hanoi.value < hanoi.high
    nation = found["VN", "satisfaction", "weighted", 1, "total", "total"]
    assert nation.value == pytest.approx((2000 * hanoi.value + 500 * 0.6) / 2500, abs=0.001)


def test_beside_the_nation_and_each_province_stand_the_band_and_the_bounds(rules: RuleSet) -> None:
    found = made(rules, material(HANOI + HUE, REGISTER))
    for code in ("VN", "01", "46"):
        weighted = found[code, "satisfaction", "weighted", 1, "total", "total"]
        low, high = (found[code, "satisfaction", variant, 1, "total", "total"].value for variant in ("lower", "upper"))
        expected = sensitivity_band(weighted.low or 0, weighted.high or 0)
        assert (low, high) == pytest.approx(tuple(map(float, expected)), abs=0.002)
        raw = found[code, "satisfaction", "raw", 1, "total", "total"]
        least, most = (found[code, "satisfaction_bounds", variant, 1, "total", "total"].value for variant in ("lower", "upper"))
        size = {"VN": 2500, "01": 2000, "46": 500}[code]
        assert raw.numerator is not None
        assert raw.denominator is not None
        assert (least, most) == pytest.approx((raw.numerator / size, (raw.numerator + size - raw.denominator) / size), abs=0.0006)
    assert ("00004", "satisfaction", "lower", 1, "total", "total") not in found


def test_breakdowns_divide_the_nation_and_each_province(rules: RuleSet) -> None:
    found = made(rules, material(HANOI + HUE, REGISTER))
    for code, ends in (("VN", {"returned": (260, 350), "refused": (10, 40)}), ("01", {"returned": (230, 300), "refused": (10, 40)})):
        for end, counts in ends.items():
            row = found[code, "satisfaction", "cleaned", 1, "end_point", end]
            assert (row.numerator, row.denominator) == counts
            weighted = found[code, "satisfaction", "weighted", 1, "end_point", end]
            assert weighted.value is not None
    assert found["VN", "satisfaction", "cleaned", 1, "procedure_group", "ho-tich"].denominator == 390
    assert found["VN", "satisfaction", "cleaned", 1, "channel", "1"].denominator == 390
    assert ("VN", "satisfaction", "cleaned", 1, "provider", "") not in found  # nobody said which: left over, no category


def test_the_whole_distribution_stands_beside_its_weighted_shares(rules: RuleSet) -> None:
    found = made(rules, material(HANOI + HUE, REGISTER))
    rows = [found["VN", "rating_share", "raw", 1, "rating", str(step)] for step in range(1, 6)]
    assert [row.numerator for row in rows] == [50, 40, 30, 10, 260]
    weighted = [found["VN", "rating_share", "weighted", 1, "rating", str(step)].value or 0 for step in range(1, 6)]
    assert sum(weighted) == pytest.approx(1, abs=0.003)
    assert weighted[3] + weighted[4] == pytest.approx(found["VN", "satisfaction", "weighted", 1, "total", "total"].value, abs=0.002)


def test_only_personal_links_are_in_the_rate_and_other_modes_stand_apart(rules: RuleSet) -> None:
    kiosk = given("00004", [5] * 90 + [1] * 10, mode="kiosk")
    trial = given("00004", [1] * 50, is_test=True)
    found = made(rules, material(HANOI + HUE + kiosk + trial, REGISTER))
    plain = made(rules, material(HANOI + HUE, REGISTER))
    for variant in ("raw", "weighted", "cleaned"):
        key = ("01", "satisfaction", variant, 1, "total", "total")
        assert (found[key].numerator, found[key].n, found[key].value) == (plain[key].numerator, plain[key].n, plain[key].value)
    assert found["VN", "satisfaction", "raw", 1, "mode", "kiosk"].denominator == 100
    assert found["VN", "satisfaction", "raw", 1, "mode", "link"].denominator == 390


def test_what_evidence_removed_leaves_the_cleaned_and_the_weighted_figure_and_stays_in_the_raw_one(rules: RuleSet) -> None:
    false = given("00008", [5] * 40, device_kind="staff")
    found = made(rules, material(HANOI + HUE + false, REGISTER))
    raw, cleaned = (found["00008", "satisfaction", variant, 1, "total", "total"] for variant in ("raw", "cleaned"))
    assert (raw.numerator, raw.denominator) == (110, 140)
    assert (cleaned.numerator, cleaned.denominator) == (70, 100)
    assert found["00008", "satisfaction", "weighted", 1, "total", "total"].n == 100
    hanoi = [found["01", "satisfaction_bounds", variant, 1, "total", "total"].value for variant in ("lower", "upper")]
    assert hanoi == pytest.approx([240 / 2000, (240 + 2000 - 340) / 2000], abs=0.0006)  # nothing rests on what was removed


def test_no_category_and_no_procedure_tells_what_a_few_removed_answers_said(rules: RuleSet) -> None:
    """Fourteen answers leave the commune; of them one was by post, one from an enterprise and one about another procedure."""
    false = [
        *given("00008", [5] * 11, device_kind="staff"),
        *given("00008", [1], device_kind="staff", channel=3),
        *given("00008", [2], device_kind="staff", applicant_type="enterprise"),
        *given("00008", [1], device_kind="staff", procedure_code="2.000889"),
    ]
    others = [*given("00008", [5] * 30 + [1] * 10, channel=3), *given("00008", [5] * 30 + [1] * 10, applicant_type="enterprise")]
    others += given("00008", [5] * 30 + [1] * 10, procedure_code="2.000889")
    found = made(rules, material([*HANOI, *HUE, *others, *false], REGISTER))
    answers: dict[tuple[Any, ...], set[int]] = {}
    for (code, indicator, _variant, window, breakdown, category), row in found.items():
        if indicator == "satisfaction" and row.n is not None:
            answers.setdefault((row.subject_kind, code, window, breakdown, category), set()).add(row.n)
    assert answers["unit", "00008", 1, "total", "total"] == {220, 234}
    for cell, told in answers.items():
        assert max(told) == min(told) or max(told) - min(told) >= 10, cell
    assert ("procedure", "2.000889", 1, "total", "total") in answers
    assert {("unit", "01", 1, "channel", "3"), ("unit", "01", 1, "applicant", "enterprise")} <= answers.keys()


def test_a_small_cell_takes_everything_derived_from_it_along(rules: RuleSet) -> None:
    found = made(rules, material(HANOI + given("19750", [5] * 5 + [1] * 3), REGISTER))
    for (code, *_), row in found.items():
        if code in ("46", "19750"):
            assert row.status != "value", row
            assert (row.value, row.low, row.high, row.n, row.n_eff, row.numerator) == (None,) * 6


def test_answers_that_stand_for_no_dossier_have_no_weighted_rate(rules: RuleSet) -> None:
    found = made(rules, material(HANOI + HUE, {key: size for key, size in REGISTER.items() if key[0] != "19750"}))
    assert found["46", "satisfaction", "weighted", 1, "total", "total"].status == "not_applicable"
    assert found["46", "satisfaction", "raw", 1, "total", "total"].status == "value"


def test_a_running_month_is_counted_and_not_estimated(rules: RuleSet) -> None:
    running = material(HANOI + HUE, REGISTER)
    answers = running.answers.assign(settled=True)
    rows = survey_rows(replace(running, answers=answers), SUBJECTS, ABOVE, rules)
    assert {row.variant for row in rows} == {"raw"}
    assert {row.breakdown for row in rows} == {"total"}


# windows and changes


def earlier(months: dict[str, Material]) -> Earlier:
    return Earlier(
        tuple(months),
        pd.concat([compact(item.rated).assign(month=name) for name, item in months.items()]),
        pd.concat([month_counts(item).assign(month=name) for name, item in months.items()]),
    )


def test_a_window_counts_each_months_dossiers_with_each_months_answers(rules: RuleSet) -> None:
    august = material(given("00008", [5] * 20 + [1] * 20) + HUE, {("00008", "returned"): 4000, ("19750", "returned"): 500})
    september = material(given("00008", [5] * 30 + [1] * 10) + HUE, {("00008", "returned"): 100, ("19750", "returned"): 500})
    windows = earlier({"2026-09": september, "2026-08": august})
    found = made(rules, material(HANOI + HUE, REGISTER, windows=windows))
    raw = found["00008", "satisfaction", "raw", 3, "total", "total"]
    assert (raw.numerator, raw.denominator) == (70 + 30 + 20, 100 + 40 + 40)
    weighted = found["00008", "satisfaction", "weighted", 3, "total", "total"]
    assert weighted.value is not None
    # October's answers of all the province's returned dossiers carry its weight of 1400 / 300 each
    shares, sizes = np.array([0.7, 0.75, 0.5]), np.array([100 * 1400 / 300, 100, 4000])
    assert weighted.value == pytest.approx(float(shares @ sizes / sizes.sum()), abs=0.0006)
    assert found["00008", "response_rate", "raw", 3, "total", "total"].denominator == 360
    assert not any(row.window == 12 for row in found.values())
    gap = earlier({"2026-08": august})
    assert not any(row.window > 1 for row in made(rules, material(HANOI + HUE, REGISTER, windows=gap)).values())


def test_every_number_of_answers_beside_a_weighted_rate_is_a_count_that_is_protected(rules: RuleSet) -> None:
    """A window's was not, and with the months' counts it told those of hidden months."""
    false = given("00008", [5] * 11 + [1], device_kind="staff")
    before = {month: material(given("00008", [5] * 20 + [1] * 20) + HUE + false, REGISTER) for month in ("2026-09", "2026-08")}
    found = made(rules, material(HANOI + HUE + false, REGISTER, windows=earlier(before)))
    weighted = {key: row for key, row in found.items() if key[1:3] == ("satisfaction", "weighted") and row.n is not None}
    assert {key[3] for key in weighted} == {1, 3}
    for (code, indicator, _, *cell), row in weighted.items():
        counted = found[code, indicator, "cleaned", *cell]
        assert (counted.denominator, counted.n) == (row.n, row.n)
    whole = found["00008", "satisfaction", "cleaned", 3, "total", "total"]
    assert (whole.numerator, whole.denominator) == (70 + 20 + 20, 100 + 40 + 40)
    assert found["00008", "satisfaction", "raw", 3, "total", "total"].denominator == 180 + 36


def test_a_change_is_between_what_both_months_showed(rules: RuleSet) -> None:
    low, high = wilson(300, 340)
    before = pd.DataFrame(
        [("unit", "01", 300 / 340, low, high, 340), ("unit", "46", 0.6, 0.5, 0.7, 29), ("unit", "19750", 0.6, 0.5, 0.7, 50)],
        columns=["subject_kind", "subject_code", "value", "low", "high", "n"],
    )
    found = made(rules, material(HANOI + HUE, REGISTER, before=before))
    moved = {key[0]: row for key, row in found.items() if key[1] == "satisfaction_change"}
    now = found["01", "satisfaction", "weighted", 1, "total", "total"]
    expected = change(now.value or 0, now.low or 0, now.high or 0, 300 / 340, low, high)
    assert (moved["01"].value, moved["01"].low, moved["01"].high) == pytest.approx(
        (expected.difference[0], expected.low[0], expected.high[0]), abs=1e-9
    )
    assert "46" not in moved  # 29 answers then: not compared
    assert moved["19750"].low is not None
    assert moved["19750"].high is not None
    assert moved["19750"].low < 0 < moved["19750"].high


# comparison


def shown(codes: dict[str, tuple[float, int]], window: int = 1) -> list[Row]:
    rows = []
    for code, (share, n) in codes.items():
        low, high = wilson(round(share * n), n)
        rows.append(
            Row(UNIT, code, "satisfaction", "weighted", "value", n=n, value=share, low=low, high=high, n_eff=float(n), window=window)
        )
        rows.append(Row(UNIT, code, "response_rate", "raw", "value", n, 10 * n, 10 * n, 0.1, window=window))
    return rows


def test_every_unit_is_listed_compared_or_with_its_reason() -> None:
    places = {f"{code:05d}": Place(f"{code:05d}", "commune", "01", "01", "xã") for code in range(40)}
    places["99999"] = Place("99999", "commune", "01", "01", "đặc khu")
    figures = {code: (0.6 if place < 10 else 0.9, 300) for place, code in enumerate(list(places)[:30])}
    rows = shown(figures | {"00030": (0.9, 20), "00031": (0.5, 31), "99999": (0.9, 300)}, window=12)
    quiet = next(row for row in rows if row.subject_code == "00029" and row.indicator == "response_rate")
    quiet.value = 0.02
    rows.append(Row(UNIT, "00032", "satisfaction", "weighted", "suppressed", window=12))
    frame = comparison(rows, places, least=30, seed=202610).set_index("unit_code")
    assert set(frame.index) == set(places)
    assert set(frame["window"]) == {12}
    assert frame.loc[["00030", "00031", "00029", "00032", "00039"], "reason"].tolist() == [
        "too_few",
        "too_wide",
        "low_response",
        "no_figure",
        "no_figure",
    ]
    compared = frame[frame["reason"] == ""]
    assert len(compared) == 30
    assert compared.loc["99999", "peer_group"] == "commune xã"
    assert set(compared.loc[list(figures)[:10], "group"]) == {2}
    assert set(compared.loc[list(figures)[10:29], "group"]) == {1}
    assert compared["rank_low"].isna().all()  # two clumps: more than half of the rank intervals overlap
    assert frame.loc["00000", "value"] > 0.6
    assert frame.loc["00030":"00039", "value"].isna().all()
    again = comparison(rows, places, least=30, seed=202610).set_index("unit_code")
    pd.testing.assert_frame_equal(frame, again)


def test_ranks_are_printed_as_intervals_where_they_can_be_told_apart() -> None:
    places = {f"{code:02d}": Place(f"{code:02d}", "province", "VN", None, "tỉnh") for code in range(12)}
    rows = shown({code: (0.5 + 0.035 * place, 3000) for place, code in enumerate(places)})
    frame = comparison(rows, places, least=30, seed=1).set_index("unit_code")
    assert frame.loc["11", "rank_low"] == 1
    assert frame.loc["00", "rank_high"] == 12
    assert (frame["ranked"] == 12).all()
    assert (frame["rank_low"] <= frame["rank_high"]).all()
    assert frame["group"].max() > 5


def test_named_changes_are_few_where_nothing_changed() -> None:
    places = {f"{code:02d}": Place(f"{code:02d}", "province", "VN", None, "tỉnh") for code in range(34)}
    rng = np.random.default_rng(1)
    moves = rng.normal(0, 0.02, 34)
    moves[0] = -0.2
    rows = shown(dict.fromkeys(places, (0.85, 3000)))
    rows += [
        Row(UNIT, code, "satisfaction_change", "weighted", "value", value=float(move), low=float(move - 0.039), high=float(move + 0.039))
        for code, move in zip(places, moves, strict=True)
    ]
    frame = comparison(rows, places, least=30, seed=1).set_index("unit_code")
    assert frame.loc["00", "change_named"] == "down"
    assert (frame["change_named"] != "").sum() == 1


def test_shrunken_rates_only_where_there_are_enough_answers(rules: RuleSet) -> None:
    rows = shown({"00004": (0.9, 200), "00008": (0.7, 12)})
    found = derived_rows(rows, material(HANOI, REGISTER), rules)
    assert [(row.subject_code, row.variant) for row in found] == [("00004", "shrunk")]
    assert peer_group(PLACES["00004"]) == "commune phường"
    assert peer_group(PLACES["01"]) == "province"


# groups of procedures and the follow-up


def test_groups_of_procedures_have_codes_that_fit_a_column() -> None:
    names = {"1": "Hộ tịch", "2": "Thành lập và hoạt động của doanh nghiệp (hộ kinh doanh)", "3": ""}
    found = procedure_groups(names)
    assert found["1"] == "ho-tich"
    assert "3" not in found
    assert len(found["2"]) <= 32
    assert group_code("Thành lập và hoạt động của doanh nghiệp (liên hiệp hợp tác xã)") != found["2"]


def test_a_follow_up_narrows_the_band(rules: RuleSet) -> None:
    answers = given("00004", [5] * 350 + [1] * 50) + given("00004", [5] * 120 + [1] * 80, mode="followup")
    found = follow_up(pd.DataFrame(answers).astype({"rating": "Int64"}), 4000, 0.875)
    assert found is not None
    assert float(found.value) == pytest.approx(0.1 * 0.875 + 0.9 * 0.6)
    low, high = lambdas(found)
    assert 0.5 < low < float(found.ratio) < high
    assert high / low < 4
    assert lambdas(None) == (0.5, 2.0)
    few = pd.DataFrame(answers[:410]).astype({"rating": "Int64"})
    assert follow_up(few, 4000, 0.875) is None
    band = made(rules, material(HANOI + HUE + given("00004", [5] * 60 + [1] * 60, mode="followup"), REGISTER, invited=10))
    plain = made(rules, material(HANOI + HUE, REGISTER, invited=10))
    key = ("VN", "satisfaction", "lower", 1, "total", "total")
    assert band[key].value != plain[key].value


def test_the_weights_say_how_much_of_the_register_they_speak_for() -> None:
    rated = material(HANOI, REGISTER).rated
    assert rated.attrs == {"covered": 2000 / 2500, "trimmed": 0}
    assert rated["weight"].sum() == pytest.approx(2000)


def test_a_follow_up_is_put_together_with_answers_that_stand() -> None:
    whole = pd.DataFrame([*given("00004", [5] * 800 + [1] * 200), *given("00004", [5] * 60 + [1] * 40, mode="followup")])
    planted = pd.DataFrame(given("00008", [5] * 500))
    answers = pd.concat([whole.assign(removed_by=""), planted.assign(removed_by="staff")], ignore_index=True).astype({"rating": "Int64"})
    found, plain = follow_up(answers, 3500, 0.8), follow_up(whole.astype({"rating": "Int64"}), 3000, 0.8)
    assert found is not None
    assert plain is not None
    assert float(found.value) == float(plain.value) == pytest.approx((1000 * 0.8 + 2000 * 0.6) / 3000)
    assert float(found.ratio) == float(plain.ratio)
