"""The course of a subject by month: small drawings, and the table beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core import numbers
from core.calendar import Month
from core.web import language, pick
from scorecard.figures import LOWER, RAW, UPPER, WEIGHTED
from scorecard.pages import marks, words
from scorecard.pages.text import _

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from scorecard.queries import Figure, OfficialFigure

DRAWN = ("satisfaction", "supplement", "on_time")
MEASURED = (*DRAWN, "asked_again_recorded")
MONTHS = 12
TOTAL = "total"  # of the official index
OFFICIAL_SATISFACTION = "MDHL"


@dataclass(frozen=True)
class Course:
    """One drawing: its title is the finding, ``description`` says every month aloud."""

    id: str
    title: str
    measure: str
    description: str
    drawing: marks.Course


@dataclass(frozen=True)
class Row:
    """One month of the table; recorded shares come with their counts.

    ``official``: total of the official index, ``official_part`` its group on satisfaction.
    """

    month: str
    satisfaction: str
    answers: str
    supplement: tuple[str, str]
    asked_again: tuple[str, str]
    on_time: tuple[str, str]
    official: str
    official_part: str


@dataclass(frozen=True)
class Courses:
    """Drawings, the table's rows newest first, and where the official scores come from."""

    drawings: tuple[Course, ...]
    rows: tuple[Row, ...]
    official_source: str


def build(session: Session, kind: str, code: str, include_unpublished: bool, official_code: str | None = None) -> Courses:
    """The last twelve closed months of a subject. ``official_code``: the unit whose official scores stand beside."""
    from scorecard import queries

    months = queries.series(session, kind, code, MEASURED, MONTHS, include_unpublished)
    by_month = [(month, {(figure.indicator, figure.variant): figure for figure in found}) for month, found in months]
    official = queries.official_scores(session, official_code, [month for month, _figures in months]) if official_code else []
    titles = {
        "satisfaction": (_("Hài lòng"), _("Phần trăm người trả lời chọn hài lòng hoặc rất hài lòng; dải: khoảng 95 %")),
        "supplement": (_("Phải bổ sung hồ sơ"), _("Phần trăm hồ sơ có ít nhất một yêu cầu bổ sung; dải: khoảng 95 %")),
        "on_time": (_("Đúng hạn"), _("Phần trăm hồ sơ giải quyết đúng hạn; dải: khoảng 95 %")),
    }
    drawings = tuple(
        _drawing(indicator, *titles[indicator], [(month, _drawn(figures, indicator)) for month, figures in by_month])
        for indicator in DRAWN
        if len(by_month) > 1
    )
    rows = tuple(_row(month, figures, official) for month, figures in reversed(by_month))
    return Courses(drawings, rows, pick(official[0].source, official[0].source_en) if official else "")


def _drawn(figures: dict[tuple[str, str], Figure], indicator: str) -> Figure | None:
    """The figure of a month: of satisfaction the weighted rate, where there is one."""
    weighted = figures.get((indicator, WEIGHTED))
    return weighted if weighted is not None and weighted.shown else figures.get((indicator, RAW))


def _drawing(indicator: str, name: str, measure: str, course: Sequence[tuple[str, Figure | None]]) -> Course:
    labelled = [(f"{Month.parse(month).month:02d}", figure) for month, figure in course]
    said = "; ".join(f"{numbers.month(month, language())}: {words.rate_with_span(figure)}" for month, figure in course)
    drawn = marks.course(labelled)
    return Course(f"course-{indicator}", f"{name}: {_finding(course)}", measure, said, drawn)


def _finding(course: Sequence[tuple[str, Figure | None]]) -> str:
    with_value = [(month, figure) for month, figure in course if words.has_value(figure)]
    if not with_value:
        return _("chưa tháng nào có số liệu")
    if len(with_value) == 1:
        return _("mới một tháng có số liệu")
    first, last = with_value[0], with_value[-1]
    text = words.change_words(last[1], first[1], first[0]).rstrip(".")
    return text[:1].lower() + text[1:]


def _row(month: str, figures: dict[tuple[str, str], Figure], official: Sequence[OfficialFigure]) -> Row:
    satisfaction, supplement, on_time = (_drawn(figures, indicator) for indicator in DRAWN)
    asked_again = figures.get(("asked_again_recorded", LOWER)), figures.get(("asked_again_recorded", UPPER))
    scores = {score.group_code: score for score in official if score.month == month}
    return Row(
        month=month,
        satisfaction=words.rate_with_span(satisfaction),
        answers=words.answers(satisfaction),
        supplement=(words.rate(supplement), words.of_counts(supplement)),
        asked_again=(words.bounds(*asked_again), words.bounds_of(*asked_again)),
        on_time=(words.rate(on_time), words.of_counts(on_time)),
        official=_score(scores.get(TOTAL)),
        official_part=_score(scores.get(OFFICIAL_SATISFACTION)),
    )


def _score(score: OfficialFigure | None) -> str:
    if score is None:
        return _("chưa có")
    return f"{numbers.number(score.score, language(), 1)}/{numbers.number(score.maximum, language())}"
