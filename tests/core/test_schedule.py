"""The monthly calendar: days of the following month, working days, public holidays."""

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from core import calendar
from core.calendar import Month
from core.schedule import Schedule
from scorecard import integrity_rules
from tests.conftest import make_settings

OCTOBER = Month(2026, 10)


def test_the_default_calendar_is_the_reports() -> None:
    plan = Schedule()
    days = [plan.day(OCTOBER, number).isoformat() for number in (plan.invite_until, plan.flash, plan.survey_closes, plan.compute)]
    assert days == ["2026-11-03", "2026-11-05", "2026-11-17", "2026-11-18"]
    assert plan.comment_end(OCTOBER, date(2026, 11, 18)) == date(2026, 11, 24)  # five working days, the day of sending among them
    assert plan.sign_by(OCTOBER) == date(2026, 11, 25)
    assert plan.survey_end(OCTOBER).astimezone(UTC) == datetime(2026, 11, 17, 17, tzinfo=UTC)  # the 17th counts until midnight
    assert plan.moment(OCTOBER, plan.compute).astimezone(UTC) == datetime(2026, 11, 18, 1, tzinfo=UTC)


def test_who_sends_late_leaves_no_fewer_days() -> None:
    assert Schedule().comment_end(OCTOBER, date(2026, 11, 23)) == date(2026, 11, 27)
    assert Schedule().comment_end(OCTOBER, date(2026, 11, 21)) == date(2026, 11, 27)  # a Saturday counts as the Monday after


def test_tet_gives_units_their_days_back() -> None:
    january = Month(2027, 1)
    assert Schedule(comment_until=18).comment_end(january, date(2027, 2, 4)) == date(2027, 2, 18)  # five days closed in between
    assert Schedule().sign_by(Month(2027, 3)) == date(2027, 4, 27)  # the 25th is a Sunday, and comments are taken on Monday the 26th


def test_working_days_left_count_both_ends() -> None:
    assert calendar.working_days_left(date(2026, 11, 18), date(2026, 11, 24)) == 5
    assert calendar.working_days_left(date(2026, 11, 21), date(2026, 11, 22)) == 0
    assert calendar.working_days_left(date(2026, 11, 25), date(2026, 11, 24)) == 0


def test_the_two_lists_of_holidays_agree() -> None:
    rules, _ = integrity_rules.for_month(Month(2026, 12))
    assert set(rules.holidays) <= calendar.holidays()


@pytest.mark.parametrize("wrong", [{"compute": 10}, {"sign": 20}, {"flash": 20}, {"hour": 24}, {"comute": 18}])
def test_a_calendar_that_cannot_be_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Schedule.model_validate(wrong)


def test_an_installation_sets_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("TTHC_SCHEDULE", '{"compute": 19, "hour": 7}')
    settings = make_settings(tmp_path, "")  # type: ignore[arg-type]
    assert (settings.schedule.compute, settings.schedule.hour, settings.schedule.sign) == (19, 7, 25)


def test_the_report_is_never_due_while_comments_are_still_taken() -> None:
    plan = Schedule()
    for month in (Month(year, number) for year in (2026, 2027, 2028) for number in range(1, 13)):
        sent = plan.day(month, plan.compute)
        assert plan.comment_end(month, sent) < plan.sign_by(month), month
