"""Months as the reports cut them: in Asia/Ho_Chi_Minh, stored as UTC instants."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

import yaml

TIMEZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SATURDAY = 5
HOLIDAYS = Path(__file__).with_name("holidays.yaml")


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month. ``str()`` gives ``2026-10``, which is also its form in files, addresses and tables."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``2026-10``. Raises ``ValueError`` for anything else."""
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
            raise ValueError(f"{text!r} is not a month like 2026-10")
        return cls(int(text[:4]), int(text[5:]))

    @classmethod
    def of(cls, instant: datetime) -> Self:
        """The month in which an instant falls in Viet Nam. The instant must carry an offset."""
        if instant.tzinfo is None:
            raise ValueError("an instant without an offset belongs to no month")
        local = instant.astimezone(TIMEZONE)
        return cls(local.year, local.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    def plus(self, months: int) -> "Month":
        """The month so many months later (negative: earlier)."""
        index = self.year * 12 + self.month - 1 + months
        return Month(index // 12, index % 12 + 1)

    @property
    def start(self) -> datetime:
        """First instant, in UTC."""
        return datetime(self.year, self.month, 1, tzinfo=TIMEZONE).astimezone(UTC)

    @property
    def end(self) -> datetime:
        """First instant of the next month, in UTC (exclusive end)."""
        return self.plus(1).start

    @property
    def first_day(self) -> date:
        """First calendar day."""
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        """Last calendar day."""
        return date.fromordinal(self.plus(1).first_day.toordinal() - 1)


def utc_now() -> datetime:
    """The only clock of the program. Pure functions take ``now`` as an argument; commands and routes call this."""
    return datetime.now(UTC)


def local_date(instant: datetime) -> date:
    """The calendar day of an instant in Viet Nam."""
    return instant.astimezone(TIMEZONE).date()


@lru_cache(maxsize=1)
def holidays() -> frozenset[date]:
    """Public holidays that are known (``core/holidays.yaml``)."""
    return frozenset(yaml.safe_load(HOLIDAYS.read_text(encoding="utf-8")))


def is_working_day(day: date) -> bool:
    """Monday to Friday and no public holiday. Of a year that is not in the file only weekends are known."""
    return day.weekday() < SATURDAY and day not in holidays()


def next_working_day(day: date) -> date:
    """The day itself, or the first working day after it."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def after_working_days(day: date, count: int) -> date:
    """The day so many working days after ``day``."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


def working_days_left(today: date, until: date) -> int:
    """Working days from ``today`` to ``until``, both counted; 0 once it is over."""
    return sum(is_working_day(date.fromordinal(day)) for day in range(today.toordinal(), until.toordinal() + 1))
