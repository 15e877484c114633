"""Figures in words: every number with its interval, its n and its status, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

from core import numbers
from core.web import language
from scorecard.pages.text import _

if TYPE_CHECKING:
    from scorecard.queries import Figure


def has_value(figure: Figure | None) -> bool:
    """Whether there is a number to show."""
    return figure is not None and figure.status == "value" and figure.value is not None


def status_words(figure: Figure | None) -> str:
    """What stands where there is no number (DESIGN §7.1): five different things. A figure that was never computed was not reported."""
    status = figure.status if figure is not None else "not_reported"
    return {
        "value": _("có số liệu"),
        "not_applicable": _("không phát sinh"),
        "not_reported": _("chưa gửi số liệu"),
        "too_few": _("không đủ số liệu"),
        "suppressed": _("ẩn để bảo vệ người trả lời"),
    }[status]


def count(value: int | None) -> str:
    """5527 → ``5.527``."""
    return _("chưa gửi số liệu") if value is None else numbers.number(value, language())


def share(value: float, decimals: int = 1) -> str:
    """0.861 → ``86,1 %``."""
    return numbers.percent(value, language(), decimals)


def rate(figure: Figure | None, decimals: int = 1) -> str:
    """The rate, or the status in words."""
    if figure is None or figure.status != "value" or figure.value is None:
        return status_words(figure)
    return share(figure.value, decimals)


def span(figure: Figure | None, decimals: int = 1) -> str:
    """``83,0–88,9 %``, or nothing where there is no interval."""
    if figure is None or not has_value(figure) or figure.low is None or figure.high is None:
        return ""
    return numbers.interval(figure.low, figure.high, language(), decimals)


def rate_with_span(figure: Figure | None, decimals: int = 1) -> str:
    """``86,1 % (83,0–88,9 %)``, or the status in words."""
    interval = span(figure, decimals)
    return f"{rate(figure, decimals)} ({interval})" if interval else rate(figure, decimals)


def of_counts(figure: Figure | None) -> str:
    """``402/2.310``, or nothing where the counts may not be shown."""
    if figure is None or not has_value(figure) or figure.numerator is None or figure.denominator is None:
        return ""
    return f"{count(figure.numerator)}/{count(figure.denominator)}"


def bounds(lower: Figure | None, upper: Figure | None, decimals: int = 1) -> str:
    """``2,1–3,4 %`` from the two bounds of one share; one number where both round to the same; else the status in words."""
    if lower is None or upper is None or lower.value is None or upper.value is None or not (has_value(lower) and has_value(upper)):
        return status_words(lower if not has_value(lower) else upper)
    if round(lower.value, decimals + 2) == round(upper.value, decimals + 2):
        return share(upper.value, decimals)
    return numbers.interval(lower.value, upper.value, language(), decimals)


def people(lower: Figure | None, upper: Figure | None) -> str:
    """``907–1.469``: how many dossiers stand behind the two bounds; nothing where unknown."""
    if lower is None or upper is None or lower.numerator is None or upper.numerator is None:
        return ""
    if lower.numerator == upper.numerator:
        return count(upper.numerator)
    return f"{count(lower.numerator)}–{count(upper.numerator)}"


def bounds_of(lower: Figure | None, upper: Figure | None) -> str:
    """``49–78/2.310``: the dossiers behind the two bounds of their denominator, or nothing where the counts may not be shown."""
    if upper is None or upper.denominator is None or not (has_value(lower) and has_value(upper)):
        return ""
    return f"{people(lower, upper)}/{count(upper.denominator)}"


def answers(figure: Figure | None) -> str:
    """How many answers a survey's rate rests on, or why that is not told."""
    if figure is None or figure.status != "too_few":
        return count(figure.n) if figure is not None and has_value(figure) else status_words(figure)
    return _("dưới 10")


def late(figure: Figure | None) -> int:
    """How many dossiers of the share on time were not on time; 0 where the counts may not be shown."""
    if figure is None or not has_value(figure) or figure.numerator is None or figure.denominator is None:
        return 0
    return figure.denominator - figure.numerator


def of_hundred(figure: Figure | None) -> tuple[str, str] | None:
    """How many of 100, and between which whole numbers: ``("86", "83–89")``; None where there is no number."""
    if figure is None or not has_value(figure):
        return None
    value, low, high = (round((part or 0.0) * 100) for part in (figure.value, figure.low, figure.high))
    return str(value), f"{low}–{high}"


@dataclass(frozen=True)
class Difference:
    """Difference of two shares with its 95 % interval; ``clear`` if the interval leaves zero out."""

    value: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        return self.low > 0 or self.high < 0


def difference(now: Figure | None, before: Figure | None) -> Difference | None:
    """Newcombe's interval of a difference of two independent shares, from their two Wilson intervals (Newcombe 1998, method 10).

    None where either is missing or rests on fewer than 30 (methodology §11.6: shown, not compared).
    """
    if now is None or before is None or not (has_value(now) and has_value(before)) or now.grey or before.grey:
        return None
    if None in (now.low, now.high, before.low, before.high):
        return None
    value = (now.value or 0.0) - (before.value or 0.0)
    down = sqrt(((now.value or 0.0) - (now.low or 0.0)) ** 2 + ((before.high or 0.0) - (before.value or 0.0)) ** 2)
    up = sqrt(((now.high or 0.0) - (now.value or 0.0)) ** 2 + ((before.value or 0.0) - (before.low or 0.0)) ** 2)
    return Difference(value, value - down, value + up)


def change_words(now: Figure | None, before: Figure | None, month: str) -> str:
    """One sentence: whether a change against an earlier month is clear."""
    found = difference(now, before)
    when = numbers.month(month, language())
    if found is None:
        return _("Chưa so sánh được với tháng %(month)s.", month=when) if has_value(now) else ""
    if not found.clear:
        return _("Chưa thấy thay đổi rõ so với tháng %(month)s.", month=when)
    if found.value > 0:
        return _("Cao hơn rõ so với tháng %(month)s.", month=when)
    return _("Thấp hơn rõ so với tháng %(month)s.", month=when)


def group_words(group: str | None) -> str:
    """Which of the three groups of provinces; groups follow the intervals, they are no ranks."""
    return {
        "high": _("Thuộc nhóm cao hơn mức cả nước trong 34 tỉnh, thành phố."),
        "middle": _("Thuộc nhóm giữa của 34 tỉnh, thành phố."),
        "low": _("Thuộc nhóm thấp hơn mức cả nước trong 34 tỉnh, thành phố."),
    }.get(group or "", "")


def edition_words(state: str) -> str:
    """What an edition's state means to a reader."""
    return {
        "running": _("Tháng đang chạy, số liệu tạm tính"),
        "closed": _("Đã chốt, chưa công bố"),
        "published": _("Chính thức"),
        "superseded": _("Đã có bản thay thế"),
        "computing": _("Đang tính"),
    }[state]
