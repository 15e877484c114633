"""Figures as table cells and words, in Vietnamese. A status is always said in words, never a zero or a dash (DESIGN §7.1)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from core import numbers

if TYPE_CHECKING:
    from scorecard.queries import Figure

NATION = "VN"
STATUS_WORDS = {
    "not_applicable": "không phát sinh",
    "not_reported": "chưa có số liệu",
    "too_few": "không đủ số liệu",
    "suppressed": "được ẩn",
}
GROUP_WORDS = {"high": "cao", "middle": "giữa", "low": "thấp"}
Figures = Mapping[tuple[str, str, str], "Figure"]


class Pale(str):
    """A cell that rests on 10 to 29 answers: printed grey, not to be compared."""

    __slots__ = ()
    pale = True


def known(figure: "Figure | None") -> bool:
    """True if there is a value to print."""
    return figure is not None and figure.status == "value" and figure.value is not None


def status_word(figure: "Figure | None") -> str:
    """Why there is no value."""
    return STATUS_WORDS.get(figure.status, STATUS_WORDS["not_reported"]) if figure is not None else STATUS_WORDS["not_reported"]


def capital(text: str) -> str:
    """With a capital first letter, the rest untouched."""
    return text[:1].upper() + text[1:]


def count(value: int | None) -> str:
    """5527 → ``5.527``."""
    return STATUS_WORDS["not_reported"] if value is None else numbers.number(value, "vi")


def share(value: float, decimals: int = 1) -> str:
    """0.861 → ``86,1`` for a column whose head says per cent."""
    return numbers.number(value * 100, "vi", decimals)


def percent(value: float) -> str:
    """0.861 → ``86,1 %`` for a sentence."""
    return numbers.percent(value, "vi")


def span(low: float, high: float) -> str:
    """0.83, 0.889 → ``83,0–88,9`` for a column whose head says per cent."""
    return f"{share(low)}–{share(high)}"


def rate_cell(figure: "Figure | None") -> str:
    """A rate's cell: the number, or why there is none."""
    if figure is None or not known(figure) or figure.value is None:
        return status_word(figure)
    return Pale(share(figure.value)) if figure.grey else share(figure.value)


def interval_cell(figure: "Figure | None") -> str:
    """Its interval, or why there is none."""
    if figure is None or not known(figure) or figure.low is None or figure.high is None:
        return status_word(figure)
    return Pale(span(figure.low, figure.high)) if figure.grey else span(figure.low, figure.high)


def numerator_cell(figure: "Figure | None") -> str:
    """How many of them."""
    return count(figure.numerator) if known(figure) and figure is not None else status_word(figure)


def denominator_cell(figure: "Figure | None") -> str:
    """Of how many."""
    if figure is None or figure.denominator is None:
        return status_word(figure)
    return count(figure.denominator)
