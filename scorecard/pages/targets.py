"""Goals set from above, each beside our own measure of it, and every figure quoted from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from core import numbers
from core.calendar import Month
from core.web import language, pick
from scorecard import queries
from scorecard.data_use_indicators import PAPERS_DIGITISED
from scorecard.figures import COUNTRY, LOWER, RAW, UNIT, UPPER, leading_rate
from scorecard.indicators import INDICATORS
from scorecard.own_names import units_of
from scorecard.pages import words
from scorecard.pages.text import _
from scorecard.targets import Pace, Target, pace

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from scorecard.models import Edition

MONTHS = 12


@dataclass(frozen=True)
class Line:
    """One goal as the page shows it. ``indicator``: code of the measure to link to, or None."""

    text: str
    goal: str
    deadline: str
    agency: str
    source: str
    progress: str
    pace: str
    indicator: str | None


def build(session: Session, targets: Sequence[Target], today: date, edition: Edition | None = None) -> list[Line]:
    """Every goal with what the published months say about it; of an edition's own paper: that edition and what was public before it."""
    months = _months(session) if edition is None else [*queries.public_beside(session, edition).values(), edition][-MONTHS:]
    return [_line(session, target, months, today) for target in targets]


def digitisation(session: Session) -> list[tuple[str, str, str]]:
    """The share of dossiers with digitised papers, nation: month, from–to, of how many; of published months that measured it."""
    found = []
    for edition in _months(session):
        figures = queries.figure_map(session, edition, None, [COUNTRY], [PAPERS_DIGITISED])
        lower, upper = (figures.get((COUNTRY, PAPERS_DIGITISED, bound)) for bound in (LOWER, UPPER))
        if lower is not None and upper is not None and words.has_value(lower):
            found.append((numbers.month(edition.month, language()), words.bounds(lower, upper), words.bounds_of(lower, upper)))
    return found


def _months(session: Session) -> list[Edition]:
    """The published months, oldest first, at most ``MONTHS``."""
    editions: dict[str, Edition] = {}
    for edition in queries.editions(session, include_unpublished=False):
        editions.setdefault(edition.month, edition)
    return [editions[month] for month in sorted(editions)[-MONTHS:]]


def _line(session: Session, target: Target, months: Sequence[Edition], today: date) -> Line:
    progress, course = _measured(session, target, months)
    found = pace([(Month.parse(month), share) for month, share in course], _goal(target)) if target.value is not None else None
    return Line(
        text=pick(target.text_vi, target.text_en),
        goal="" if target.value is None else _("từ %(share)s", share=words.share(target.value)),
        deadline=_deadline(target, today),
        agency=pick(target.agency_vi, target.agency_en),
        source=pick(target.source_vi, target.source_en),
        progress=progress,
        pace="" if found is None or not course else _pace(found),
        indicator=target.indicator if target.indicator in INDICATORS else None,
    )


def _goal(target: Target) -> float:
    """What the course must reach: the share itself, or all provinces."""
    return 1.0 if target.scope == "each_province" else target.value or 1.0


def _measured(session: Session, target: Target, months: Sequence[Edition]) -> tuple[str, list[tuple[str, float]]]:
    """What the newest month says in words, and the course of the months that have a figure."""
    if target.indicator is None or target.value is None:
        return _("không đo được từ số liệu của hệ thống này; cơ quan nêu tên báo cáo"), []
    if target.indicator not in INDICATORS:
        return _("chưa có số liệu"), []
    if target.scope == "nation":
        return _nation(session, target.indicator, months)
    return _provinces(session, target.indicator, target.value, months)


def _variant(indicator: str) -> str:
    """Of a figure known between two bounds the lower one counts towards a goal."""
    return RAW if RAW in INDICATORS[indicator].variants else LOWER


def _nation(session: Session, indicator: str, months: Sequence[Edition]) -> tuple[str, list[tuple[str, float]]]:
    said, course = _("chưa có số liệu"), []
    for edition in months:
        figures = queries.figure_map(session, edition, None, [COUNTRY], [indicator])
        figure = leading_rate(figures, COUNTRY) if indicator == "satisfaction" else figures.get((COUNTRY, indicator, _variant(indicator)))
        said = f"{words.rate_with_span(figure)}, {numbers.month(edition.month, language())}"
        if figure is not None and figure.value is not None and words.has_value(figure):
            course.append((edition.month, figure.value))
    return said, course


def _provinces(session: Session, indicator: str, goal: float, months: Sequence[Edition]) -> tuple[str, list[tuple[str, float]]]:
    said, course = _("chưa có số liệu"), []
    for edition in months:
        places = [code for code, view in units_of(session, edition).items() if view.kind == "province"]
        figures = queries.figures(session, edition, UNIT, places, [indicator])
        values = [figure.value for figure in figures if figure.variant == _variant(indicator) and figure.value is not None]
        reached = sum(value >= goal for value in values)
        parts = [_("%(reached)s trong %(all)s tỉnh, thành phố đạt", reached=reached, all=len(places))]
        if silent := len(places) - len(values):
            parts.append(_("%(n)s tỉnh, thành phố chưa có số liệu", n=silent))
        said = "; ".join([*parts, numbers.month(edition.month, language())])
        if values and places:
            course.append((edition.month, reached / len(places)))
    return said, course


def _deadline(target: Target, today: date) -> str:
    if target.deadline is None:
        return _("thường xuyên")
    day = numbers.day(target.deadline, language())
    return _("%(day)s (đã qua)", day=day) if target.deadline < today else day


def _pace(found: Pace) -> str:
    if found.kind == "expected" and found.month is not None:
        return _("theo đà hiện nay đạt vào %(month)s", month=numbers.month(str(found.month), language()))
    return {
        "reached": _("đã đạt"),
        "away": _("đang xa dần mục tiêu"),
        "unclear": _("chưa thấy thay đổi rõ, không dự báo"),
        "far": _("theo đà hiện nay còn trên mười năm"),
        "short": _("chưa đủ bốn tháng để dự báo"),
    }[found.kind]
