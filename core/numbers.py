"""Numbers, days and months as people read them. Machine files never use this module."""

from datetime import date, datetime
from functools import lru_cache

from babel.dates import format_date
from babel.numbers import format_decimal

from core.calendar import Month, local_date


@lru_cache(maxsize=50_000)  # a page writes two thousand numbers, many of them again and again
def number(value: float, language: str, decimals: int = 0) -> str:
    """5527 → ``5.527`` (vi) or ``5,527`` (en)."""
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(value or 0, format=pattern, locale=language)


def percent(share: float, language: str, decimals: int = 1) -> str:
    """0.925 → ``92,5 %`` (vi, with a narrow no-break space) or ``92.5%`` (en)."""
    text = number(share * 100, language, decimals)
    return f"{text}\u202f%" if language == "vi" else f"{text}%"


def interval(low: float, high: float, language: str, decimals: int = 1) -> str:
    """0.83, 0.889 → ``83,0–88,9 %``."""
    return f"{number(low * 100, language, decimals)}–{percent(high, language, decimals)}"


def claimed(value: float, numerator: int | None, denominator: int | None, language: str) -> str:
    """A quoted figure with no more decimals than its source gave: ``2.014/2.177 (92,5 %)``, ``90 %``, or a count above 1."""
    if value > 1:
        return number(value, language)
    text = format_decimal(value * 100, format="#,##0.##", locale=language)
    share = f"{text}\u202f%" if language == "vi" else f"{text}%"
    if numerator is None or denominator is None:
        return share
    return f"{number(numerator, language)}/{number(denominator, language)} ({share})"


def day(value: date | datetime, language: str) -> str:
    """``18/11/2026`` (vi) or ``18 November 2026`` (en); an instant is cut in Viet Nam."""
    moment = local_date(value) if isinstance(value, datetime) else value
    return f"{moment:%d/%m/%Y}" if language == "vi" else format_date(moment, "d MMMM y", locale="en")


def month(value: Month | str, language: str) -> str:
    """``10/2026`` (vi: write "tháng" before it) or ``October 2026`` (en)."""
    value = Month.parse(value) if isinstance(value, str) else value
    return f"{value.month:02d}/{value.year}" if language == "vi" else format_date(value.first_day, "MMMM y", locale="en")
