"""Detectors and cleaning: what each finds, what it leaves alone, and that only evidence about the single answer removes one."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from core.calendar import Month
from core.errors import InputError
from scorecard import integrity, integrity_rules
from scorecard.integrity_patterns import SCALES, compare, tally
from scorecard.integrity_peers import Peers, fit

RULES, _PATH = integrity_rules.for_month(Month(2026, 12))
UNITS, EACH = 300, 100


def _country(seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Answers and invitations of 300 units that differ in how they are liked and in nothing else."""
    rng = np.random.default_rng(seed)
    size = UNITS * EACH
    unit = np.repeat(np.arange(UNITS), EACH)
    liked = np.clip(rng.normal(0.85, 0.04, size=UNITS), 0.6, 0.97)[unit]
    rating = np.where(rng.random(size) < liked, np.where(rng.random(size) < 0.55, 5, 4), rng.integers(1, 4, size=size))
    alike = rng.random(size) < 0.25
    answers = pd.DataFrame(
        {
            "unit_code": [f"u{number:03d}" for number in unit],
            "end_point": "returned",
            "mode": "link",
            "rating": pd.array(rating, dtype="Int64"),
            "recorded_supplements": pd.array(np.where(rng.random(size) < 0.05, 2, 0), dtype="Int64"),
            "recorded_on_time": pd.array(rng.random(size) > 0.08, dtype="boolean"),
            "device": pd.array(np.arange(size), dtype="Int64"),
            "device_kind": "private",
            "seconds": pd.array(rng.integers(20, 200, size=size), dtype="Int64"),
            "contact_load": pd.array(np.ones(size, dtype=int), dtype="Int64"),
            "last_days": pd.array(rng.random(size) < 0.06, dtype="boolean"),
        }
    )
    for name in SCALES:
        answers[name] = np.where(alike, rating, np.clip(rating + rng.integers(-1, 2, size=size), 1, 5)).astype(str)
    missed = rng.binomial(1_300, 0.08, size=UNITS)
    contacts = pd.concat(
        [_sent("returned", "delivered", 1_300 - missed), _sent("returned", "failed", missed)]
        + [_sent("refused", state, np.full(UNITS, number)) for state, number in (("delivered", 92), ("failed", 8))],
        ignore_index=True,
    )
    return answers, contacts


def _sent(end_point: str, delivery: str, number: np.ndarray) -> pd.DataFrame:
    codes = [f"u{place:03d}" for place in range(UNITS)]
    fixed = {"mode": "link", "recorded_on_time": True, "contact_load": 1, "end_point": end_point, "delivery": delivery}
    provider = ["p1" if place % 2 else "p2" for place in range(UNITS)]
    return pd.DataFrame({"unit_code": codes, "provider_code": provider, "invited": number} | fixed).astype({"recorded_on_time": "boolean"})


def _found(answers: pd.DataFrame, contacts: pd.DataFrame) -> dict[str, set[str]]:
    judged = compare(tally(answers, contacts, RULES), dict.fromkeys(answers["unit_code"].unique(), "commune"), RULES)
    asked: dict[str, set[str]] = {}
    for code, detector in judged.loc[judged["question"], ["subject_code", "detector"]].itertuples(index=False):
        asked.setdefault(code, set()).add(detector)
    return asked


def _planted(answers: pd.DataFrame, number: int = 30, mark: int = 5, **changes: object) -> pd.DataFrame:
    """The same with so many answers of one unit overwritten by equal marks and by ``changes``."""
    rows = answers.index[answers["unit_code"] == "u007"][:number]
    answers.loc[rows, "rating"] = mark
    for name in SCALES:
        answers.loc[rows, name] = str(mark)
    for name, value in changes.items():
        answers.loc[rows, name] = value
    return answers


def test_an_honest_country_is_left_alone() -> None:
    assert len(_found(*_country())) <= 1


def test_one_telephone_is_found_and_a_counters_device_is_not() -> None:
    answers, contacts = _country()
    assert "device" in _found(_planted(answers, device=1), contacts)["u007"]
    answers, contacts = _country()
    assert "device" not in _found(_planted(answers, device=1, device_kind="counter"), contacts).get("u007", set())


def test_a_repeated_device_or_a_fast_form_never_acts_alone() -> None:
    """Forty answers on one telephone, forty within seconds: as mixed as anybody's, so nobody is asked."""
    for column in ("device", "seconds"):
        answers, contacts = _country()
        answers.loc[answers.index[answers["unit_code"] == "u007"][:40], column] = 5
        assert _found(answers, contacts).get("u007", set()) <= {"all_highest"}


def test_a_device_that_many_units_share_is_learned_as_shared() -> None:
    answers, contacts = _country()
    answers = _planted(answers, device=1)
    answers.loc[answers.groupby("unit_code").head(1).index, "device"] = 1
    assert "device" not in _found(answers, contacts).get("u007", set())


@pytest.mark.parametrize(
    ("detector", "changes"),
    [("speed", {"seconds": 6}), ("late_highest", {"last_days": True}), ("all_lowest", {"mark": 1})],
)
def test_other_ways_of_planting_are_found_by_their_own_trace(detector: str, changes: dict[str, object]) -> None:
    answers, contacts = _country()
    assert detector in _found(_planted(answers, **changes), contacts)["u007"]  # type: ignore[arg-type]


def _changed(answers: pd.DataFrame, number: int, **columns: int) -> pd.DataFrame:
    """Two of a hundred answers were changed each way, and one deleted and given again; of one unit so many as ``columns`` says."""
    rng = np.random.default_rng(5)
    kind = rng.random(len(answers))
    places = {"raised": kind < 0.02, "lowered": (kind >= 0.02) & (kind < 0.04), "withdrawn": kind > 0.99}
    for name, where in places.items():
        answers[name] = pd.array(where.astype(int), dtype="Int64")
    rows = answers.index[answers["unit_code"] == "u007"][:number]
    for name, value in columns.items():
        answers.loc[rows, name] = value
    return answers


def test_answers_that_are_changed_no_more_than_elsewhere_say_nothing() -> None:
    answers, contacts = _country()
    assert len(_found(_changed(answers, 0), contacts)) <= 1


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"raised": 1}, {"raised"}),
        ({"lowered": 2}, {"lowered"}),
        ({"raised": 1, "lowered": 1}, set()),  # there and back again: no direction
        ({"withdrawn": 1}, set()),  # given again as mixed as anybody's
    ],
)
def test_a_unit_whose_answers_are_changed_in_one_direction_is_asked(columns: dict[str, int], expected: set[str]) -> None:
    answers, contacts = _country()
    assert _found(_changed(answers, 30, **columns), contacts).get("u007", set()) == expected


def test_answers_deleted_and_given_again_at_the_highest_mark_are_found_and_removed_by_nothing() -> None:
    answers, contacts = _country()
    answers = _changed(_planted(answers), 30, withdrawn=1)
    assert "redone" in _found(answers, contacts)["u007"]
    assert (integrity.marked(answers)["removed_by"] == "").all()


def test_without_changes_nobody_is_tested_for_them_and_an_older_copy_of_the_rules_is_read() -> None:
    answers, contacts = _country()
    groups = dict.fromkeys(answers["unit_code"].unique(), "commune")
    named = {"raised", "lowered", "redone"}
    assert named.isdisjoint(compare(tally(answers, contacts, RULES), groups, RULES)["detector"])
    fewer = RULES.model_copy(update={"detectors": {name: each for name, each in RULES.detectors.items() if name not in named}})
    older = integrity_rules.IntegrityRules.model_validate(fewer.model_dump())
    changed = tally(_changed(answers, 30, raised=1), contacts, older)
    assert named.isdisjoint(compare(changed, groups, older)["detector"])
    assert set(RULES.detectors) == set(integrity_rules.DETECTORS)
    with pytest.raises(ValueError, match="nonsense"):
        integrity_rules.IntegrityRules.model_validate(fewer.model_dump() | {"detectors": {"nonsense": {"trials": 1, "excess": 0.1}}})


def test_invitations_that_went_to_staffs_numbers_are_found() -> None:
    answers, contacts = _country()
    heavy = contacts[contacts["delivery"] == "delivered"].head(UNITS).assign(contact_load=12, invited=40)
    assert "staff_contacts" in _found(_planted(answers, contact_load=12), pd.concat([contacts, heavy], ignore_index=True))["u007"]


def test_contacts_that_are_missing_for_bad_outcomes_are_found() -> None:
    answers, contacts = _country()
    bad = (contacts["unit_code"] == "u007") & (contacts["end_point"] == "refused")
    contacts.loc[bad & (contacts["delivery"] == "delivered"), "invited"] = 30
    contacts.loc[bad & (contacts["delivery"] == "failed"), "invited"] = 70
    assert _found(answers, contacts)["u007"] == {"undelivered"}


def test_a_unit_whose_messages_fail_for_all_alike_is_not_asked_about_bad_outcomes() -> None:
    answers, contacts = _country()
    here = contacts["unit_code"] == "u007"
    for end_point, sent in (("returned", 650), ("refused", 50)):
        contacts.loc[here & (contacts["end_point"] == end_point), "invited"] = sent
    assert "undelivered" not in _found(answers, contacts).get("u007", set())


def test_a_provider_that_leaves_out_bad_outcomes_is_found_and_its_units_are_not() -> None:
    answers, contacts = _country()
    guilty = (contacts["provider_code"] == "p1") & (contacts["end_point"] == "refused")
    contacts.loc[guilty & (contacts["delivery"] == "delivered"), "invited"] = 70
    contacts.loc[guilty & (contacts["delivery"] == "failed"), "invited"] = 30
    found = _found(answers, contacts)
    assert found["p1"] == {"provider_delivery"}
    assert len(found) <= 2


def test_peers_are_fitted_whatever_a_few_do() -> None:
    rng = np.random.default_rng(3)
    trials = rng.integers(40, 200, size=2_000)
    hits = rng.binomial(trials, rng.beta(12, 48, size=2_000))
    hits[:20] = trials[:20]
    found = fit(hits, trials)
    assert found is not None
    assert found.mean == pytest.approx(0.2, abs=0.005)
    assert found.alpha + found.beta == pytest.approx(60, rel=0.2)


def test_the_tail_is_that_of_the_beta_binomial() -> None:
    from scipy.stats import betabinom

    peers, hits, trials = Peers(2.0, 18.0), np.array([0, 9, 20, 30, 100]), np.array([30, 30, 30, 30, 400])
    wanted = betabinom.sf(hits - 1, trials, 2.0, 18.0)
    found = peers.above(hits, trials)
    assert found[[2, 3]] == pytest.approx(wanted[[2, 3]], rel=1e-6)
    assert found[0] == 1.0
    assert np.all(np.diff(peers.above(np.arange(31), np.full(31, 30))) <= 1e-9)


def test_only_evidence_about_the_answer_removes_it() -> None:
    answers, _ = _country()
    answers = _planted(answers, device=1, seconds=5)
    assert (integrity.marked(answers)["removed_by"] == "").all()
    answers["is_test"] = answers.index < 3
    answers.loc[3:5, "device_kind"] = "staff"
    marked = integrity.marked(answers)["removed_by"]
    assert marked.value_counts().to_dict() == {"": len(answers) - 6, "test": 3, "staff": 3}


@pytest.mark.parametrize(("ratings", "left"), [([1], 0), ([5] * 9, 0), ([1] * 12, 0), ([5] * 12, 12), ([1, 2, 5] * 4, 12)])
def test_answers_of_a_unit_leave_together_or_not_at_all(ratings: list[int], left: int) -> None:
    answers, _ = _country()
    here = answers.index[answers["unit_code"] == "u001"][: len(ratings)]
    answers.loc[here, "device_kind"] = "staff"
    answers.loc[here, "rating"] = ratings
    removed = integrity.marked(answers, least=RULES.least_removed)["removed_by"]
    assert int((removed == "staff").sum()) == left
    other = answers.index[answers["unit_code"] == "u002"][:10]
    answers.loc[other, ["device_kind", "rating"]] = ["staff", 5]
    both = integrity.marked(answers, least=RULES.least_removed)["removed_by"]
    assert int((both == "staff").sum()) == left + 10


@pytest.mark.parametrize(("reused", "left"), [(3, 15), (10, 12), (9, 21)])
def test_a_decision_about_few_answers_has_no_effect(reused: int, left: int) -> None:
    """Two versions of a month, one before and one after the decision, would tell what those few said."""
    answers, _ = _country()
    answers["reused"] = False
    here = answers.index[answers["unit_code"] == "u001"]
    answers.loc[here[:12], ["device_kind", "rating"]] = ["staff", 5]
    answers.loc[here[12 : 12 + reused], ["reused", "rating"]] = [True, 5]
    keep = integrity.Override("u001", "reused", "keep", "a", "b", "read out twice by one telephone")
    before = integrity.marked(answers, least=RULES.least_removed)["removed_by"]
    after = integrity.marked(answers, [keep], least=RULES.least_removed)["removed_by"]
    assert int((before != "").sum()) == 12 + reused
    assert int((after != "").sum()) == left
    moved = [
        move for move in integrity.moves(answers, lambda frame: float(len(frame)), [keep], least=RULES.least_removed) if move.unit_code
    ]
    assert [(move.answers, move.moved) for move in moved] == [(12 + reused - left, float(12 + reused - left))]


def test_what_the_marks_removed_comes_to_the_difference_of_the_two_figures() -> None:
    """Of an answer without a rating no figure knows, so it is in no number of removed answers either."""
    answers, _ = _country()
    answers["reused"] = False
    answers.loc[answers.index[:20], "device_kind"] = "staff"
    answers.loc[answers.index[300:340], "reused"] = True
    answers.loc[answers.index[[0, 1, 2, 300, 301]], "rating"] = pd.NA
    left = integrity.marked(answers)
    rated = left[left["rating"].notna()]
    moves = integrity.moves(answers, lambda frame: float(frame["rating"].count()))
    assert {move.mark: move.answers for move in moves} == {"reused": 38, "staff": 17}
    assert sum(move.answers for move in moves) == len(rated) - int((rated["removed_by"] == "").sum())


def test_two_persons_keep_or_remove_and_what_each_moved_is_told() -> None:
    answers, _ = _country()
    answers.loc[answers.index[:20], ["device_kind", "rating"]] = ["staff", 5]
    answers.loc[answers.index[200:230], ["contact_load", "rating"]] = [12, 5]
    keep = integrity.Override("u000", "staff", "keep", "a", "b", "the counter's own tablet")
    remove = integrity.Override("u002", "diverted", "remove", "a", "b", "staff's numbers")

    def share(kept: pd.DataFrame) -> float:
        return float((kept["rating"] >= 4).mean())

    moves = {(move.mark, move.unit_code): move for move in integrity.moves(answers, share, [keep, remove])}
    assert moves["staff", ""].answers == 20
    assert moves["staff", ""].moved is not None and moves["staff", ""].moved < 0  # noqa: PT018  # told only where there is a figure
    assert moves["staff", "u000"].moved is not None and moves["staff", "u000"].moved > 0  # noqa: PT018
    assert moves["diverted", "u002"].answers == 30
    whole = integrity.marked(answers, [keep, remove])["removed_by"]
    assert set(whole[whole != ""]) == {"diverted"}


def test_a_trial_is_kept_by_no_decision() -> None:
    """Neither by one about trials, nor by one about another mark that the trial has too."""
    answers, _ = _country()
    answers.loc[answers.index[:3], "is_test"] = True
    answers.loc[answers.index[:2], "device_kind"] = "staff"
    keep = [integrity.Override("u000", mark, "keep", "a", "b", "why") for mark in ("test", "staff")]
    assert integrity.marked(answers, keep)["removed_by"].tolist()[:4] == ["test", "test", "test", ""]


def test_thresholds_are_data_and_must_be_fixed_before_the_month() -> None:
    assert not RULES.fixed_before(Month(2026, 11))
    assert RULES.fixed_before(Month(2026, 12))
    with pytest.raises(InputError):
        integrity_rules.for_month(Month(2020, 1))


def test_working_days_leave_out_weekends_and_public_holidays() -> None:
    assert RULES.after_working_days(date(2026, 12, 4), 5) == date(2026, 12, 11)
    assert RULES.after_working_days(date(2026, 12, 30), 2) == date(2027, 1, 4)  # over New Year and a weekend
