"""A month that is not over: no two states of its survey differ by a few answers, whoever looks and however often."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from core.database import reading, writing
from scorecard import operations, queries
from scorecard.disclosure import read_tables
from scorecard.refresh import COUNTED_AT, advance, next_state
from surveys.models import Answer
from tests.scorecard.small import BIRTH, MONTH, NOW, Dossier, answers, build

LIVE = read_tables().live
START = datetime(2026, 10, 1, tzinfo=UTC)


@given(st.lists(st.booleans(), max_size=60), st.integers(0, 3))
def test_what_is_counted_and_what_stays_are_many_and_not_alike(waiting: list[bool], gone: int) -> None:
    take = advance(waiting, 10, gone)
    if take:
        assert take >= 10 + gone
        assert len(waiting) - take >= 10
        assert set(waiting[:take]) == set(waiting[take:]) == {True, False}


def test_answers_that_are_all_alike_wait() -> None:
    assert advance([True] * 40, 10) == 0
    assert advance([True, False] * 10, 10) == 10
    assert advance([True, False] * 9 + [True], 10) == 0


def frame(places: list[str], ratings: list[int], first: int = 0) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "place": places,
            "rating": pd.array(ratings, dtype="Int64"),
            "end_point": "returned",
            "number": np.arange(first, first + len(places), dtype="int64"),
        }
    )


@settings(max_examples=2, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_successive_states_differ_by_nothing_or_by_many(seed: int) -> None:
    """Answers come, are amended and deleted, day after day; the states are differenced, and the closed month with the last."""
    chance = np.random.default_rng(seed)
    arrived, state, day_of = frame([], []), None, {}
    shown: dict[str, tuple[int, int]] = {}
    for day in range(31):
        number = int(chance.integers(0, 25))
        new = frame(list(chance.choice(["01", "46", "96"], number, p=[0.7, 0.2, 0.1])), list(chance.integers(2, 6, number)), day * 100)
        arrived = pd.concat([arrived, new], ignore_index=True)
        if len(arrived) and chance.random() < 0.3:
            arrived.loc[chance.integers(len(arrived)), "rating"] = 1  # amended
        now = START + timedelta(days=day)
        state = next_state(state, arrived, now, LIVE)
        for place, counted in state.groupby("place"):
            seen = len(counted), int((counted["rating"] >= 4).sum())
            if shown.get(place) != seen:
                assert place not in shown or seen[0] - shown[place][0] >= LIVE.least_answers
                assert place not in day_of or day - day_of[place] >= LIVE.least_days
                assert 0 < seen[1] < seen[0]
                shown[place], day_of[place] = seen, day
    for place, (n, satisfied) in shown.items():
        whole = arrived[arrived["place"] == place]
        rest = len(whole) - n
        assert rest >= LIVE.least_answers, (place, satisfied)


def test_nothing_moves_because_of_one_answer() -> None:
    first = frame(["01"] * 25, [5, 3] * 12 + [5])
    state = next_state(None, first, START, LIVE)
    assert len(state) == 15
    more = pd.concat([first, frame(["01"], [1], first=25)], ignore_index=True)
    more.loc[0, "rating"] = 1  # amended
    pd.testing.assert_frame_equal(next_state(state, more.iloc[1:], START + timedelta(days=20), LIVE), state)
    later = pd.concat([more, frame(["01"] * 20, [4, 2] * 10, first=26)], ignore_index=True)
    assert len(next_state(state, later, START + timedelta(days=6), LIVE)) == 15
    week = next_state(state, later, START + timedelta(days=7), LIVE)
    assert len(week) == 36
    assert set(week[COUNTED_AT]) == {(START + timedelta(days=7)).isoformat()}


@pytest.fixture
def country(sqlite_app: Flask) -> None:
    """Without dossiers and answers."""
    build([Dossier("a")])


def test_the_running_month_keeps_its_state(country: None) -> None:
    """Refreshed by whichever worker, after an answer more, one amended and one deleted, the same is shown; a province, no commune."""
    during = datetime(2026, 10, 20, 5, tzinfo=UTC)
    rated = [("00004", 3 + index % 3, BIRTH, 0, during - timedelta(hours=1), {}) for index in range(26)]

    def shown() -> dict[str, tuple[int | None, int | None, str]]:
        session = reading()
        session.rollback()
        view = queries.running(session)
        assert view is not None
        found = queries.figures(session, view, None, ["VN", "01", "00004"], ["satisfaction"])
        return {figure.subject_code: (figure.n, figure.numerator, figure.status) for figure in found if figure.variant == "raw"}

    answers(rated)
    operations.refresh_running(during)
    before = shown()
    assert before["01"][0] == before["VN"][0] == 16
    assert before["00004"] == (None, None, "suppressed")
    answers([("00004", 1, BIRTH, 0, during, {})])
    with writing() as session:
        first, second = session.scalars(select(Answer).order_by(Answer.id).limit(2))
        first.rating, first.revision = 1, 2
        session.delete(second)
    assert operations.refresh_running(during + timedelta(minutes=5))
    assert shown() == before
    answers([("00004", 3 + index % 3, BIRTH, 0, during, {}) for index in range(20)])
    operations.refresh_running(during + timedelta(days=6))
    assert shown() == before
    answers([("00004", 3, BIRTH, 0, during, {})])
    operations.refresh_running(during + timedelta(days=8))
    after = shown()
    assert (after["01"][0] or 0) - (before["01"][0] or 0) >= LIVE.least_answers
    closed = operations.close(MONTH, NOW, "test")
    final = queries.figure_map(reading(), closed, "unit", ["01"], ["satisfaction"])["01", "satisfaction", "raw"]
    assert (final.n or 0) - (after["01"][0] or 0) >= LIVE.least_answers
