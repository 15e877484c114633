"""The cards that carry one figure each: number, interval, n, what it is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scorecard.figures import COUNTRY, LOWER, RAW, UPPER, leading_rate
from scorecard.pages import marks, words
from scorecard.pages.text import _

if TYPE_CHECKING:
    from scorecard.queries import Figure

    Figures = Mapping[tuple[str, str, str], Figure]

SHOWN = (
    "satisfaction",
    "response_rate",
    "asked_again_recorded",
    "asked_again_experienced",
    "mismatch_any",
    "supplement",
    "repeat_supplement",
    "online_filing",
    "on_time",
    "offered_online",
    "offered_full_online",
)
LENGTH = 200.0


@dataclass(frozen=True)
class Note:
    """A remark under a figure. ``opens``: the recorded figure whose dossiers it lists, if any."""

    text: str
    opens: str = ""


@dataclass(frozen=True)
class Card:
    """One figure as a card. ``is_words``: ``big`` is a status and no number."""

    title: str
    big: str
    unit: str
    is_words: bool
    notes: tuple[Note, ...]
    mark: marks.Mark | None
    ends: tuple[str, str]
    label: str


def satisfaction(figures: Figures, code: str) -> Card:
    """Share of satisfied answers, with how many were asked."""
    figure, nation = leading_rate(figures, code), leading_rate(figures, COUNTRY)
    asked = figures.get((code, "response_rate", RAW))
    return _card(_("Hài lòng"), figure, nation if code != COUNTRY else None, _answered(figure, asked))


def mismatch(figures: Figures, code: str) -> Card:
    """Share of answers that differ from the record."""
    figure, nation = figures.get((code, "mismatch_any", RAW)), figures.get((COUNTRY, "mismatch_any", RAW))
    counts = []
    if figure is not None and words.has_value(figure):
        counts.append(
            _(
                "%(k)s trong %(n)s phiếu nói khác hệ thống ở ít nhất một điểm",
                k=words.count(figure.numerator),
                n=words.count(figure.denominator),
            )
        )
    return _card(_("Không khớp giữa hệ thống và người dân"), figure, nation if code != COUNTRY else None, counts)


def recorded(figures: Figures, code: str, indicator: str, title: str) -> Card:
    """Any share counted from dossiers."""
    figure, nation = figures.get((code, indicator, RAW)), figures.get((COUNTRY, indicator, RAW))
    counts = []
    if figure is not None and words.has_value(figure):
        counts.append(_("%(k)s trong %(n)s hồ sơ", k=words.count(figure.numerator), n=words.count(figure.denominator)))
    return _card(title, figure, nation if code != COUNTRY else None, counts)


def asked_again(figures: Figures, code: str) -> Card:
    """From–to: dossiers asked for what the state already has."""
    lower, upper = (figures.get((code, "asked_again_recorded", variant)) for variant in (LOWER, UPPER))
    theirs = (
        (None, None) if code == COUNTRY else tuple(figures.get((COUNTRY, "asked_again_recorded", variant)) for variant in (LOWER, UPPER))
    )
    title = _("Bị đòi lại giấy tờ Nhà nước đã có")
    if not (words.has_value(lower) and words.has_value(upper)) or lower is None or upper is None:
        return Card(title, words.bounds(lower, upper), "", True, (), None, ("", ""), "")
    axis = marks.axis_for([lower, upper, *theirs], LENGTH, least=0.05)
    notes = [
        Note(_("%(n)s hồ sơ rõ tên giấy tờ", n=words.count(lower.numerator)), "asked_again" if lower.numerator else ""),
        Note(_("%(n)s gồm cả không ghi rõ", n=words.count(upper.numerator)), "asked_again_upper" if upper.numerator else ""),
        Note(_("trong %(n)s hồ sơ", n=words.count(upper.denominator))),
    ]
    if words.has_value(theirs[0]) and words.has_value(theirs[1]):
        notes.append(Note(_("vạch xám: cả nước %(rate)s", rate=words.bounds(theirs[0], theirs[1]))))
    big = words.bounds(lower, upper)
    drawn = marks.bar(lower, upper, axis, (theirs[0], theirs[1]))
    return Card(title, big, _("hồ sơ"), False, tuple(notes), drawn, _ends(axis), f"{title}: {big}")


def _answered(figure: Figure | None, asked: Figure | None) -> list[str]:
    if figure is None or not words.has_value(figure):
        return []
    answered = words.count(figure.n)
    if asked is not None and words.has_value(asked):
        return [
            _(
                "%(n)s người trả lời trong %(asked)s người được mời (%(rate)s)",
                n=answered,
                asked=words.count(asked.denominator),
                rate=words.rate(asked),
            )
        ]
    return [_("%(n)s người trả lời", n=answered)]


def _card(title: str, figure: Figure | None, nation: Figure | None, counts: list[str]) -> Card:
    if figure is None or not words.has_value(figure):
        notes = (Note(_("cả nước %(rate)s", rate=words.rate_with_span(nation))),) if words.has_value(nation) else ()
        return Card(title, words.status_words(figure), "", True, notes, None, ("", ""), "")
    interval = words.span(figure)
    notes_ = [_("Khoảng %(span)s", span=interval)] if interval else []
    notes_ += counts
    if figure.grey:
        notes_.append(_("ít người trả lời, chỉ để tham khảo"))
    if words.has_value(nation):
        notes_.append(_("vạch xám: cả nước %(rate)s", rate=words.rate(nation)))
    axis = marks.axis_for([figure, nation], LENGTH)
    label = f"{title}: {words.rate_with_span(figure)}"
    return Card(title, words.rate(figure), "", False, tuple(map(Note, notes_)), marks.mark(figure, axis, nation), _ends(axis), label)


def _ends(axis: marks.Axis) -> tuple[str, str]:
    return words.share(axis.low, 0), words.share(axis.high, 0)
