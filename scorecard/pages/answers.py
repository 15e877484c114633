"""A centre's page of what people answered: counts, how they are divided, what goes along, released texts, alerts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core import numbers
from core.web import language, pick
from scorecard import alerts as falls
from scorecard import comments
from scorecard.definitions import VISITED_BEFORE
from scorecard.figures import COUNTRY, NATION, RAW, UNIT
from scorecard.indicators import INDICATORS
from scorecard.pages import estimates, places, satisfaction, words
from scorecard.pages.text import _

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from procedures.queries import UnitView
    from scorecard.answers_models import RatingAlert
    from scorecard.models import Edition
    from scorecard.queries import Figure

MOST_COMMENTS = 100
TOLD = ("asked_again_experienced", VISITED_BEFORE, "mismatch_any")  # what people report, as indicators of the unit
DIVIDED = ("channel", "end_point", "applicant")


@dataclass(frozen=True)
class Bar:
    """One part of the answers: its words, count, share in words, and length of 100."""

    name: str
    count: str
    share: str
    length: float


@dataclass(frozen=True)
class Comment:
    """A released text, where it belongs, and what it is about."""

    unit: str
    text: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Alert:
    """A fall in words."""

    unit: str
    text: str


@dataclass(frozen=True)
class Answers:
    """The whole page. ``why_not``: why no rate is shown; ``five``: the bars are the five ratings, else satisfied and not."""

    unit_code: str
    unit: str
    estimate: estimates.Estimate | None
    why_not: str
    answered: str
    bars: tuple[Bar, ...]
    five: bool
    national: tuple[Bar, ...]
    divisions: tuple[tuple[str, tuple[satisfaction.Part, ...]], ...]
    facts: tuple[tuple[str, str], ...]
    drivers: tuple[satisfaction.Driver, ...]
    opinions: tuple[satisfaction.Driver, ...]
    running: str
    alerts: tuple[Alert, ...]
    comments: tuple[Comment, ...]
    tags: tuple[tuple[str, str], ...]


def build(
    session: Session,
    edition: Edition,
    running: Edition | None,
    units: Mapping[str, UnitView],
    code: str,
    inside: Sequence[str],
    since: date,
) -> Answers:
    """The page of a unit. ``units``: as they are on the month's last day; ``inside``: it and all below it; ``since``: alerts from then."""
    from scorecard import queries

    figures = queries.figure_map(session, edition, None, [code], ["satisfaction", "response_rate", *TOLD])
    raw = figures.get((code, "satisfaction", RAW))
    found = comments.released(session, edition, set(inside))
    five = _ratings(session, edition, UNIT, code)
    drivers = estimates.records(estimates.table(edition, "drivers"))
    counted = Counter(tag for each in found for tag in each.tags)
    return Answers(
        unit_code=code,
        unit=places.name(units[code]),
        estimate=estimates.build(session, edition, code),
        why_not="" if words.has_value(raw) else words.status_words(raw),
        answered=words.rate_with_span(figures.get((code, "response_rate", RAW))),
        bars=five or _two(raw),
        five=bool(five),
        national=_ratings(session, edition, NATION, COUNTRY),
        divisions=tuple(_divisions(session, edition, code)),
        facts=tuple(
            (pick(INDICATORS[name].name_vi, INDICATORS[name].name_en), words.rate_with_span(figures.get((code, name, RAW))))
            for name in TOLD
        ),
        drivers=tuple(satisfaction.driver(row) for row in drivers if row["fact"]),
        opinions=tuple(satisfaction.driver(row) for row in drivers if not row["fact"]),
        running=_running(session, running, code),
        alerts=tuple(_alert(each, units) for each in falls.alerts(session, inside, since)),
        comments=tuple(_comment(each, units) for each in found[:MOST_COMMENTS]),
        tags=tuple((tag_name(tag), words.count(number)) for tag, number in sorted(counted.items(), key=lambda item: (-item[1], item[0]))),
    )


def tag_name(code: str) -> str:
    """A tag in the reader's language."""
    known = comments.tags().get(code)
    return pick(known["vi"], known["en"]) if known else code


def _ratings(session: Session, edition: Edition, kind: str, code: str) -> tuple[Bar, ...]:
    """The five ratings, where they are shown; 5 first."""
    from scorecard import queries

    found = {
        figure.category: figure
        for figure in queries.figures(session, edition, kind, [code], ["rating_share"], breakdown="rating")
        if figure.variant == RAW
    }
    if not any(words.has_value(figure) for figure in found.values()):
        return ()
    return tuple(_bar(name, found.get(step)) for step, name in satisfaction.step_names().items())


def _two(raw: Figure | None) -> tuple[Bar, ...]:
    if raw is None or not words.has_value(raw) or raw.numerator is None or raw.denominator is None:
        return ()
    rest = raw.denominator - raw.numerator
    parts = ((_("Hài lòng (mức 4 và 5)"), raw.numerator), (_("Chưa hài lòng (mức 1 đến 3)"), rest))
    return tuple(Bar(name, words.count(n), words.share(n / raw.denominator), 100 * n / raw.denominator) for name, n in parts)


def _bar(name: str, figure: Figure | None) -> Bar:
    if figure is None or not words.has_value(figure) or figure.value is None:
        return Bar(name, words.status_words(figure), "", 0.0)
    return Bar(name, words.count(figure.numerator), words.share(figure.value), 100 * figure.value)


def _divisions(session: Session, edition: Edition, code: str) -> list[tuple[str, tuple[satisfaction.Part, ...]]]:
    """The divisions of this unit of which the edition shows any part: of provinces only."""
    from scorecard import queries

    titles = {
        "channel": _("Theo kênh nộp hồ sơ"),
        "end_point": _("Theo cách hồ sơ kết thúc"),
        "applicant": _("Người dân và doanh nghiệp"),
    }
    found = []
    for breakdown in DIVIDED:
        by_category: dict[str, dict[str, Figure]] = {}
        for figure in queries.figures(session, edition, UNIT, [code], ["satisfaction"], breakdown=breakdown):
            by_category.setdefault(figure.category, {})[figure.variant] = figure
        if any(words.has_value(figure) for variants in by_category.values() for figure in variants.values()):
            parts = tuple(satisfaction.part(category, variants) for category, variants in sorted(by_category.items()))
            found.append((titles[breakdown], parts))
    return found


def _running(session: Session, running: Edition | None, code: str) -> str:
    """What the running month shows of this unit so far, in one sentence; nothing where it shows nothing."""
    from scorecard import queries

    if running is None:
        return ""
    raw = queries.figure_map(session, running, UNIT, [code], ["satisfaction"]).get((code, "satisfaction", RAW))
    if raw is None or not words.has_value(raw):
        return ""
    return _(
        "Tháng %(month)s đang chạy: %(rate)s hài lòng, theo %(n)s phiếu đã được tính. Con số này chỉ đổi mỗi tuần một lần, và chỉ khi có "
        "thêm ít nhất 10 phiếu.",
        month=numbers.month(running.month, language()),
        rate=words.rate_with_span(raw),
        n=words.count(raw.n),
    )


def _alert(alert: RatingAlert, units: Mapping[str, UnitView]) -> Alert:
    unit = places.name(units[alert.unit_code]) if alert.unit_code in units else alert.unit_code
    if alert.before is None or alert.after is None or alert.change_low is None or alert.change_high is None:
        told = _(
            "Tháng %(month)s: trong những người có hồ sơ nộp tại bộ phận tiếp nhận của đơn vị này, tỷ lệ hài lòng thấp hơn tháng trước "
            "từ 10 điểm phần trăm trở lên. Để bảo vệ người trả lời, con số không được nêu.",
            month=numbers.month(alert.month, language()),
        )
        return Alert(unit, told)
    return Alert(
        unit,
        _(
            "Tháng %(month)s: %(after)s hài lòng, tháng trước %(before)s. Chênh lệch nằm trong khoảng %(low)s đến %(high)s điểm.",
            month=numbers.month(alert.month, language()),
            after=words.share(alert.after),
            before=words.share(alert.before),
            low=satisfaction.points(alert.change_low),
            high=satisfaction.points(alert.change_high),
        ),
    )


def _comment(released: comments.Released, units: Mapping[str, UnitView]) -> Comment:
    unit = places.short(units, released.unit_code)
    return Comment(unit, released.text, tuple(tag_name(tag) for tag in released.tags))
