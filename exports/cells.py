"""Figures as table cells and words, in the document's language. A status is always said in words, never a zero or a dash (DESIGN §7.1)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from core import numbers
from core.text import _
from core.web import language

if TYPE_CHECKING:
    from scorecard.queries import Figure

NATION = "VN"
Figures = Mapping[tuple[str, str, str], "Figure"]


class Pale(str):
    """A cell that rests on 10 to 29 answers: printed grey, not to be compared."""

    __slots__ = ()
    pale = True


class Word(str):
    """A cell that says why there is no number."""

    __slots__ = ()
    word = True


def known(figure: "Figure | None") -> bool:
    """True if there is a value to print."""
    return figure is not None and figure.status == "value" and figure.value is not None


def status_word(figure: "Figure | None") -> Word:
    """Why there is no value."""
    return status_words()[figure.status if figure is not None and figure.status in status_words() else "not_reported"]


def status_words() -> dict[str, Word]:
    """The four states without a number."""
    return {
        "not_applicable": Word(_("không phát sinh")),
        "not_reported": Word(_("chưa có số liệu")),
        "too_few": Word(_("không đủ số liệu")),
        "suppressed": Word(_("được ẩn")),
    }


def group_word(group: str | None) -> str:
    """A place's group by the position of its interval."""
    return {"high": _("cao"), "middle": _("giữa"), "low": _("thấp")}.get(group or "", _("chưa xếp"))


def capital(text: str) -> str:
    """With a capital first letter, the rest untouched."""
    return text[:1].upper() + text[1:]


def count(value: int | None) -> str:
    """5527 → ``5.527``."""
    return status_words()["not_reported"] if value is None else numbers.number(value, language())


def share(value: float, decimals: int = 1) -> str:
    """0.861 → ``86,1`` for a column whose head says per cent."""
    return numbers.number(value * 100, language(), decimals)


def percent(value: float) -> str:
    """0.861 → ``86,1 %`` for a sentence."""
    return numbers.percent(value, language())


def interval(low: float, high: float) -> str:
    """0.83, 0.889 → ``83,0–88,9 %`` for a sentence."""
    return numbers.interval(low, high, language())


def span(low: float, high: float) -> str:
    """0.83, 0.889 → ``83,0–88,9`` for a column whose head says per cent."""
    return f"{share(low)}–{share(high)}"


def points(delta: float) -> str:
    """-0.021 → ``−2,1``: a difference in percentage points."""
    text = numbers.number(abs(delta) * 100, language(), 1)
    if not float(round(abs(delta) * 100, 1)):
        return text
    return f"+{text}" if delta > 0 else f"−{text}"


def rate_cell(figure: "Figure | None") -> str:
    """A rate's cell: the number, or why there is none."""
    if figure is None or not known(figure) or figure.value is None:
        return status_word(figure)
    return Pale(share(figure.value)) if figure.grey else share(figure.value)


def interval_cell(figure: "Figure | None") -> str:
    """Its interval, or why there is none; empty for what is a count of all and has none."""
    if figure is None or not known(figure):
        return status_word(figure)
    if figure.low is None or figure.high is None:
        return ""
    return Pale(span(figure.low, figure.high)) if figure.grey else span(figure.low, figure.high)


def bounds_cell(lower: "Figure | None", upper: "Figure | None") -> str:
    """``2,1–3,4`` from the two bounds of one share."""
    if lower is None or upper is None or not known(lower) or not known(upper) or lower.value is None or upper.value is None:
        return status_word(lower if not known(lower) else upper)
    if share(lower.value) == share(upper.value):
        return share(lower.value)
    return span(lower.value, upper.value)


def ends_cell(lower: "Figure | None", upper: "Figure | None") -> str:
    """What stands in the column of intervals beside ``bounds_cell``: the interval where both bounds are one number, else "from–to"."""
    if lower is None or upper is None or not known(lower) or not known(upper):
        return status_word(lower if not known(lower) else upper)
    return interval_cell(upper) if lower.numerator == upper.numerator else _("từ–đến")


def numerator_cell(figure: "Figure | None") -> str:
    """How many of them."""
    return count(figure.numerator) if known(figure) and figure is not None else status_word(figure)


def denominator_cell(figure: "Figure | None") -> str:
    """Of how many."""
    if figure is None or figure.denominator is None:
        return status_word(figure)
    return count(figure.denominator)


def n_cell(figure: "Figure | None") -> str:
    """On how many observations it rests."""
    return count(figure.n) if known(figure) and figure is not None else status_word(figure)
