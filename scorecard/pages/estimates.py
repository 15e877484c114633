"""How sure a rate of satisfaction is: beside its interval what the interval does not cover, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core import numbers
from core.web import language
from scorecard.figures import COUNTRY, LOWER, RAW, UPPER, WEIGHTED
from scorecard.pages import marks, words
from scorecard.pages.text import _

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy.orm import Session

    from scorecard.models import Edition
    from scorecard.queries import Figure

    Figures = Mapping[tuple[str, str, str], Figure]

SHOWN = ("satisfaction", "satisfaction_bounds", "satisfaction_change", "response_rate")
WINDOWS = (3, 12)
LENGTH = 300.0


@dataclass(frozen=True)
class Span:
    """One band: what it holds if what is true, its ends in words, and where it is drawn."""

    title: str
    span: str
    left: float
    width: float


@dataclass(frozen=True)
class Estimate:
    """One place's rate with everything that says how far to trust it.

    ``spans``: the interval, the sensitivity band, the bounds; the last two only of the nation and of provinces. ``dot``: place of the
    estimate in the drawing. ``plain``: the rate before weighting. ``banded``: the band is the follow-up's. ``windows``: the same rate
    over several months.
    """

    rate: str
    span: str
    answers: str
    plain: str
    spans: tuple[Span, ...]
    dot: float
    narrowed: str
    uncovered: str
    banded: bool
    windows: tuple[tuple[str, str, str], ...]


def build(session: Session, edition: Edition, code: str) -> Estimate | None:
    """The estimate of the nation or a unit; None where there is no weighted rate to show."""
    from scorecard import queries
    from scorecard.statistics import LAMBDAS

    figures = queries.figure_map(session, edition, None, [code], SHOWN)
    rate = figures.get((code, "satisfaction", WEIGHTED))
    if rate is None or not words.has_value(rate) or rate.value is None:
        return None
    axis = marks.Axis(0.0, 1.0, LENGTH, marks.EDGE)
    told = {row["item"]: row for row in records(table(edition, "answering"))} if code == COUNTRY else {}
    return Estimate(
        rate=words.rate(rate),
        span=words.span(rate),
        answers=words.count(rate.n),
        plain=plain(figures.get((code, "satisfaction", RAW))),
        spans=tuple(_spans(figures, code, rate, axis)),
        dot=axis.at(rate.value),
        narrowed=_narrowed(told),
        uncovered=_uncovered(told),
        banded="lambda" in told and told["lambda"]["high"] < told["lambda"]["low"] * LAMBDAS[1] / LAMBDAS[0],
        windows=tuple(_windows(session, edition, code)),
    )


def plain(raw: Figure | None) -> str:
    """The rate as it is counted: share and counts."""
    counts = words.of_counts(raw)
    return f"{words.rate(raw)} ({counts})" if counts else words.rate(raw)


def _spans(figures: Figures, code: str, rate: Figure, axis: marks.Axis) -> list[Span]:
    found: list[Span] = []

    def add(title: str, low: float | None, high: float | None) -> None:
        if low is not None and high is not None:
            left = axis.at(low)
            decimals = 1 if not found else 0
            found.append(Span(title, numbers.interval(low, high, language(), decimals), left, max(2.0, round(axis.at(high) - left, 1))))

    def value(indicator: str, variant: str) -> float | None:
        figure = figures.get((code, indicator, variant))
        return figure.value if figure is not None and words.has_value(figure) else None

    add(_("Chỉ tính sai số ngẫu nhiên (95 phần trăm)"), rate.low, rate.high)
    add(_("Nếu người hài lòng trả lời nhiều hơn hoặc ít hơn người khác"), value("satisfaction", LOWER), value("satisfaction", UPPER))
    add(
        _("Không giả định gì về người không trả lời"),
        value("satisfaction_bounds", LOWER),
        value("satisfaction_bounds", UPPER),
    )
    return found


def _windows(session: Session, edition: Edition, code: str) -> list[tuple[str, str, str]]:
    from scorecard import queries

    found = []
    for months in WINDOWS:
        for figure in queries.figures(session, edition, None, [code], ["satisfaction"], window=months):
            if figure.variant == WEIGHTED and words.has_value(figure):
                title = _("%(months)s tháng gần nhất", months=months)
                found.append((title, words.rate_with_span(figure), words.count(figure.n)))
    return found


def _narrowed(told: Mapping[str, Mapping[str, Any]]) -> str:
    """What the follow-up of those who had not answered says, if there was one."""
    ratio, both = told.get("lambda"), told.get("two_phase")
    if ratio is None or both is None:
        return ""
    return _(
        "Hỏi lại ngẫu nhiên %(n)s người chưa trả lời: người hài lòng trả lời nhiều gấp %(ratio)s lần người khác (%(low)s–%(high)s); "
        "tính cả họ, tỷ lệ hài lòng là %(rate)s (%(span)s).",
        n=words.count(int(ratio["n"])),
        ratio=numbers.number(float(ratio["value"]), language(), 1),
        low=numbers.number(float(ratio["low"]), language(), 1),
        high=numbers.number(float(ratio["high"]), language(), 1),
        rate=words.share(float(both["value"])),
        span=numbers.interval(float(both["low"]), float(both["high"]), language()),
    )


def _uncovered(told: Mapping[str, Mapping[str, Any]]) -> str:
    """How much of the register the answers do not speak for, where it is more than a rounding."""
    covered = told["covered"]["value"] if "covered" in told else 1.0
    if covered > 0.995:
        return ""
    return _(
        "%(share)s hồ sơ kết thúc ở nơi không có phiếu trả lời nào; con số không nói gì về những hồ sơ ấy.", share=words.share(1 - covered)
    )


def change_sentence(figures: Figures, code: str, month: str) -> str | None:
    """Whether the rate has moved since the month before, as it was estimated with the edition; None where that is not known."""
    figure = figures.get((code, "satisfaction_change", WEIGHTED))
    if figure is None or not words.has_value(figure) or figure.low is None or figure.high is None:
        return None
    when = numbers.month(month, language())
    if figure.low > 0:
        return _("Cao hơn rõ so với tháng %(month)s.", month=when)
    if figure.high < 0:
        return _("Thấp hơn rõ so với tháng %(month)s.", month=when)
    return _("Chưa thấy thay đổi rõ so với tháng %(month)s.", month=when)


def table(edition: Edition, name: str) -> pd.DataFrame:
    from scorecard import queries

    return queries.edition_table(edition, name)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A table's rows by column name."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
