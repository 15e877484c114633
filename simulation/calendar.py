"""Working days of the demonstration: weekends and the public holidays of 2025–2028 (Labour Code Art. 112; lunar dates as held)."""

from functools import cache

import numpy as np

_FIXED = ("01-01", "04-30", "05-01", "09-01", "09-02")
_LUNAR = (
    *("2026-02-16", "2026-02-17", "2026-02-18", "2026-02-19", "2026-02-20", "2026-04-26"),
    *("2027-02-05", "2027-02-06", "2027-02-07", "2027-02-08", "2027-02-09", "2027-04-16"),
    *("2028-01-25", "2028-01-26", "2028-01-27", "2028-01-28", "2028-01-29", "2028-04-04"),
)
WEEKDAYS = np.array([1.25, 1.1, 1.0, 1.0, 0.95, 0.14, 0.05])  # demand by day of the week, Monday first
HOLIDAY = 0.05


@cache
def working_days() -> np.busdaycalendar:
    """Monday to Friday without holidays."""
    fixed = [f"{year}-{day}" for year in range(2025, 2029) for day in _FIXED]
    return np.busdaycalendar(holidays=np.array([*fixed, *_LUNAR], dtype="datetime64[D]"))


def demand(days: np.ndarray) -> np.ndarray:
    """Relative demand of days (datetime64[D]): weekday, holidays, and a slow swing over the year that peaks in September."""
    weekday = (days.astype(int) + 3) % 7
    weight = WEEKDAYS[weekday]
    weight = np.where(np.isin(days, working_days().holidays), HOLIDAY, weight)
    of_year = (days - days.astype("datetime64[Y]")).astype(int)
    return np.asarray(weight * (1.0 + 0.12 * np.cos(2 * np.pi * (of_year - 255) / 365.0)))


def add_working(days: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The day so many working days later; 0 gives the same or the next working day."""
    return np.asarray(np.busday_offset(days, count, roll="forward", busdaycal=working_days()))


def last_working(days: np.ndarray) -> np.ndarray:
    """The day itself, or the last working day before it."""
    return np.asarray(np.busday_offset(days, 0, roll="backward", busdaycal=working_days()))
