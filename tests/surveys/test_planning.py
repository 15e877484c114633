"""A month's plan: printed before anything is sent, fixed by the first invitation, drawn the same again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select

from core.calendar import Month
from core.database import reading
from core.errors import InputError
from procedures.queries import EndPoint
from surveys import cli, design, operations, planning, privacy, queries, retention
from surveys.models import Answer, Invitation, SamplingPlan
from tests.surveys.helpers import END_POINT, NOW, PROCEDURE, invited, token_of
from tests.surveys.reach import OCTOBER, feed, put_units

NOVEMBER = Month(2026, 11)


def invitations() -> list[Invitation]:
    reading().rollback()
    return list(reading().scalars(select(Invitation).order_by(Invitation.id)))


def test_an_invitation_keeps_how_it_was_drawn(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, 3, receiving_unit="H26.01", provider="p1")
    assert planning.invite_month(OCTOBER, NOW) == {"invited": 3, "known": 0, "resting": 0}
    one = invitations()[0]
    assert (one.probability, one.stratum, one.frequent, one.mode, one.delivery) == (1.0, "all", False, "link", "none")
    assert (one.receiving_unit_code, one.provider_code, one.contact_load) == ("H26.01", "p1", None)


def test_the_answer_copies_it_and_the_frame_carries_it(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    (point,) = feed(monkeypatch, 1, receiving_unit="H26.01", provider="p1")
    operations.invite([design.Drawn(point, 0.25, "01|online", True)], NOW)
    operations.submit(token_of(point), {"rating": "2"}, NOW, "vi", seconds=1234)
    operations.submit(token_of(point), {"rating": "4"}, NOW, "vi")
    operations.submit(token_of(point), {"rating": "1"}, NOW, "vi", device="d" * 64, device_kind="counter")  # the one that counts
    frame = queries.answers_frame(reading(), OCTOBER, NOW + timedelta(days=1))
    row = frame.iloc[0].to_dict()
    assert {name: row[name] for name in ("probability", "stratum", "frequent", "receiving_unit_code", "provider_code", "mode")} == {
        "probability": 0.25,
        "stratum": "01|online",
        "frequent": True,
        "receiving_unit_code": "H26.01",
        "provider_code": "p1",
        "mode": "link",
    }
    assert (row["raised"], row["lowered"], row["device"], row["device_kind"], row["seconds"]) == (1, 1, 1, "counter", 900)
    assert (row["delivery"], row["is_test"], row["rating"]) == ("none", False, 1)
    assert not {"device_hash", "entry_hash", "comment", "first_answered_at"} & set(frame.columns)


def test_an_answer_that_was_deleted_and_given_again_says_so_without_saying_what_it_was(app: Flask) -> None:
    token, other = invited(1), invited(2)
    operations.submit(token, {"rating": "1"}, NOW, "vi")
    assert operations.delete_answer(token)
    assert not operations.delete_answer(token)  # there is none: nothing to count
    for each in (token, other):
        operations.submit(each, {"rating": "5"}, NOW, "vi")
    frame = queries.answers_frame(reading(), OCTOBER, NOW + timedelta(days=1))
    assert sorted(frame["withdrawn"]) == [0, 1]
    for _ in range(12):
        operations.submit(token, {"rating": "5"}, NOW, "vi")
        operations.delete_answer(token)
    reading().rollback()
    assert max(reading().scalars(select(Invitation.withdrawn))) == operations.MOST_CHANGES
    retention.forget(NOW + timedelta(days=400_000))
    reading().rollback()
    assert set(reading().scalars(select(Invitation.withdrawn))) == {0}


@pytest.mark.parametrize(("mode", "kept"), [("link", (5, 0)), ("kiosk", (5, 45))])
def test_of_when_an_answer_came_only_the_hour_is_kept_or_the_quarter_of_a_kiosk(mode: str, kept: tuple[int, int]) -> None:
    found = operations.coarse_time(datetime(2026, 11, 22, 5, 59, 58, 123, tzinfo=UTC), mode)
    assert (found.hour, found.minute, found.second, found.microsecond) == (*kept, 0, 0)


def test_nobody_is_asked_again_for_a_month_whose_invitations_are_cut(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, 3)
    assert planning.invite_month(OCTOBER, NOW)["invited"] == 3
    last = NOW + timedelta(days=14 + 90)
    retention.forget(last)
    assert planning.invite_month(OCTOBER, last) == {"invited": 0, "known": 3, "resting": 0}
    retention.forget(last + timedelta(days=1))
    with pytest.raises(InputError, match="retention"):
        planning.invite_month(OCTOBER, last + timedelta(days=1))
    assert len(invitations()) == 3


def test_devices_are_numbers_within_the_month(app: Flask) -> None:
    for number, device in enumerate(("c" * 64, "a" * 64, "c" * 64, None)):
        operations.submit(invited(number), {"rating": "3"}, NOW, "vi", device=device)
    frame = queries.answers_frame(reading(), OCTOBER, NOW + timedelta(days=1))
    assert sorted(frame["device"].dropna()) == [1, 2, 2]
    assert frame["device"].isna().sum() == 1


def test_an_edition_can_be_weighted_again_after_retention(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    (point,) = feed(monkeypatch, 1)
    operations.invite([design.Drawn(point, 0.5, "x")], NOW - timedelta(days=200), expires_on=NOW.date() - timedelta(days=120))
    operations.submit(token_of(point), {"rating": "2"}, NOW - timedelta(days=150), "vi")
    retention.forget(NOW)
    frame = queries.answers_frame(reading(), OCTOBER, NOW)
    assert (frame["probability"].tolist(), frame["stratum"].tolist(), frame["delivery"].isna().tolist()) == ([0.5], ["x"], [True])


def test_the_first_invitation_fixes_the_plan(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, 400)
    strata = design.load("strata").model_copy(update={"per_stratum": 100})
    monkeypatch.setattr(design, "load", lambda name: strata)
    november = [replace(END_POINT, dossier_code=f"N{number}", reached_at=NOVEMBER.start) for number in range(200)]
    feed_of(monkeypatch, november)
    counts = planning.invite_month(NOVEMBER, NOW, "strata", 3)
    assert planning.stored(reading(), NOVEMBER) is not None
    kept = reading().get(SamplingPlan, "2026-11")
    assert kept is not None
    assert (kept.seed, kept.shares["01|online|returned"], kept.frame_month) == (3, 0.25, "2026-10")
    assert 25 < counts["invited"] < 80
    assert {one.probability for one in invitations()} == {0.25}
    again = planning.invite_month(NOVEMBER, NOW + timedelta(days=3))
    assert again == {"invited": 0, "known": counts["invited"], "resting": 0}
    with pytest.raises(InputError, match="strata"):
        planning.keep(NOVEMBER, design.Plan(strata, 4, {}), NOW)


def feed_of(monkeypatch: pytest.MonkeyPatch, more: list[EndPoint]) -> None:
    """More end-points beside those that are fed already."""
    before = planning.end_points_with_history

    def both(session: object, month: Month, now: object, days: int = 0) -> object:
        yield from before(session, month, now, days)  # type: ignore[arg-type]
        yield from (point for point in more if Month.of(point.reached_at) == month)

    monkeypatch.setattr(planning, "end_points_with_history", both)


def test_a_plan_can_be_changed_until_somebody_is_invited(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, 3)
    planning.holding(OCTOBER, NOW, "all", 1)
    planning.holding(OCTOBER, NOW, "strata", 2)
    kept = planning.stored(reading(), OCTOBER)
    assert kept is not None
    assert (kept.design.name, kept.seed) == ("strata", 2)
    planning.invite_month(OCTOBER, NOW)
    with pytest.raises(InputError, match="không đổi được"):
        planning.holding(OCTOBER, NOW, "all", 1)


def test_one_invited_applicant_rests_even_where_feeds_come_late(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    early, late = (
        replace(END_POINT, dossier_code=code, reached_at=OCTOBER.start + timedelta(days=day), applicant_hash="a")
        for code, day in (("E", 3), ("L", 9))
    )
    operations.invite([design.Drawn(late)], NOW)
    assert operations.invite([design.Drawn(early, rivals=(late,))], NOW) == {"invited": 0, "known": 0, "resting": 1}
    other = replace(END_POINT, dossier_code="O")
    assert operations.invite([design.Drawn(early, rivals=(other,))], NOW)["invited"] == 1


def test_the_plan_is_printed_and_nothing_is_sent(app: Flask, runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    put_units()
    points = feed(monkeypatch, 400)
    feed_of(monkeypatch, [replace(points[0], dossier_code="S", occasion="supplement-1", end_point="supplement")])
    said = runner.invoke(args=["surveys", "plan", "2026-11", "--design", "strata"]).output
    assert "01 thành phố Hà Nội" in said
    line = next(line for line in said.splitlines() if line.startswith("01 "))
    assert line.split()[-3] != "too"
    assert [value.replace(",", "") for value in line.split()[5:9]] == ["400", "400", "140000", "24"]
    assert "%" in line
    for words in ("assumed by the design", "sampling error alone", "not fixed yet", "short form"):
        assert words in said
    assert invitations() == []
    assert reading().scalar(select(func.count()).select_from(SamplingPlan)) == 0
    assert "is fixed" in runner.invoke(args=["surveys", "plan", "2026-11", "--keep"]).output
    assert runner.invoke(args=["surveys", "plan", "2026-11", "--design", "none"]).exit_code == 1


def test_a_plan_uses_what_last_month_showed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    put_units()
    points = feed(monkeypatch, 200)
    planning.invite_month(OCTOBER, NOW)
    for number, point in enumerate(points[:40]):
        operations.submit(token_of(point), {"rating": "5" if number < 30 else "2"}, NOW, "vi")
    told = planning.forecast(NOVEMBER, NOW)
    assert (told.measured, told.response, told.satisfied) == (True, 0.2, 0.75)
    (line,) = told.lines
    assert (line.messages, line.answers) == (200.0, 40.0)
    assert line.low == pytest.approx(0.598, abs=0.002)  # Wilson 1927: 30 of 40
    assert line.high == pytest.approx(0.858, abs=0.002)
    assert any("measured in 2026-10" in text for text in cli.report(told))


def test_trials_are_marked_and_never_invited_people(app: Flask, runner: FlaskCliRunner) -> None:
    put_units()
    printed = runner.invoke(args=["surveys", "try", PROCEDURE, "00004"]).output.strip()
    token = printed.rpartition("/")[2]
    assert privacy.read_token(token) == token
    assert operations.submit(token, {"rating": "5"}, NOW, "vi").state in ("stored", "expired")
    reading().rollback()
    assert reading().scalars(select(Answer.is_test)).all() == [True]
    month = Month.parse(str(reading().scalar(select(Invitation.month))))
    assert len(queries.invited_counts(reading(), month)) == 0
    assert len(queries.delivery_counts(reading(), month)) == 0
    assert runner.invoke(args=["surveys", "try", "nothing", "00004"]).exit_code == 1


def test_deliveries_are_counted_by_what_was_told(app: Flask) -> None:
    tokens = [invited(number) for number in range(3)]
    settings = app.extensions["settings"]
    rows = [{"hash": privacy.hash_token(settings, tokens[0]), "delivery": "delivered", "contact_load": 3}]
    assert operations.bulk_delivery(rows) == 1
    counts = queries.delivery_counts(reading(), OCTOBER)
    found = counts[["delivery", "contact_load", "invited"]].astype(object).where(counts.notna(), None).values.tolist()
    assert found == [["delivered", 3, 1], ["none", None, 2]]
