"""Months are cut in Viet Nam."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calendar import Month, local_date

instants = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001  # bounds carry none


@given(instants)
def test_an_instant_lies_in_its_own_month(instant: datetime) -> None:
    month = Month.of(instant)
    assert month.start <= instant < month.end
    assert month.first_day <= local_date(instant) <= month.last_day


@given(instants, st.integers(-500, 500))
def test_adding_and_taking_months_is_exact(instant: datetime, months: int) -> None:
    month = Month.of(instant)
    assert month.plus(months).plus(-months) == month
    assert Month.parse(str(month)) == month


def test_the_month_turns_at_midnight_in_viet_nam() -> None:
    assert str(Month.of(datetime(2026, 10, 31, 16, 59, tzinfo=UTC))) == "2026-10"
    assert str(Month.of(datetime(2026, 10, 31, 17, 0, tzinfo=UTC))) == "2026-11"
    assert Month(2026, 2).last_day == date(2026, 2, 28)


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "26-10", "2026/10", "2026-00", " 2026-10"])
def test_what_is_not_a_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="month"):
        Month.parse(text)


def test_an_instant_without_an_offset_belongs_to_no_month() -> None:
    with pytest.raises(ValueError, match="offset"):
        Month.of(datetime(2026, 10, 1))  # noqa: DTZ001  # the mistake itself
