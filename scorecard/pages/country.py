"""The first page: the country at a glance and the diagram of its provinces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from flask import url_for
from markupsafe import Markup
from sqlalchemy import select

from core import numbers
from core.calendar import Month
from core.web import language, pick
from procedures.models import QuotedClaim
from scorecard.figures import COUNTRY, LOWER, RAW, UPPER, leading_rate
from scorecard.pages import cards, estimates, places, words
from scorecard.pages.text import _
from scorecard.tiles import PLACES, Tile, tile_diagram

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from procedures.queries import UnitView
    from scorecard.models import Edition
    from scorecard.queries import Figure


@dataclass(frozen=True)
class Row:
    """One province in the table beside the diagram; recorded shares come with their counts."""

    code: str
    name: str
    satisfaction: str
    span: str
    answers: str
    asked_again: tuple[str, str]
    on_time: tuple[str, str]


@dataclass(frozen=True)
class Claims:
    """Figures quoted from one source, beside ours and never mixed in."""

    lines: tuple[tuple[str, str], ...]
    source: str
    as_of: str


@dataclass(frozen=True)
class Country:
    """What the first page shows of one edition."""

    edition: Edition
    sentence: tuple[str, str] | None
    cards: tuple[cards.Card, ...]
    diagram: Markup
    diagram_title: str
    rows: tuple[Row, ...]
    estimate: estimates.Estimate | None


def build(session: Session, edition: Edition) -> Country:
    """The country in an edition."""
    from procedures.queries import units as all_units
    from scorecard import queries

    units = all_units(session, Month.parse(edition.month).last_day)
    figures = queries.figure_map(session, edition, None, [*PLACES, COUNTRY], cards.SHOWN)
    nation = leading_rate(figures, COUNTRY)
    rows = tuple(_row(figures, view) for view in places.provinces(units))
    title = _("Hài lòng theo tỉnh, thành phố, tháng %(month)s", month=numbers.month(edition.month, language()))
    shown = sum(words.has_value(leading_rate(figures, code)) for code in PLACES)
    return Country(
        edition=edition,
        sentence=words.of_hundred(nation),
        cards=(
            cards.satisfaction(figures, COUNTRY),
            cards.asked_again(figures, COUNTRY),
            cards.recorded(figures, COUNTRY, "on_time", _("Giải quyết đúng hạn")),
        ),
        diagram=tile_diagram(
            {code: _tile(figures, units.get(code), code) for code in PLACES},
            language(),
            title=title,
            description=_(
                "Sơ đồ ô vuông: mỗi tỉnh, thành phố một ô, đặt gần đúng vị trí; %(shown)s trong 34 nơi có con số. "
                "Hai khung: quần đảo Hoàng Sa (thành phố Đà Nẵng) và quần đảo Trường Sa (tỉnh Khánh Hòa).",
                shown=shown,
            ),
            simulated=edition.simulated,
        ),
        diagram_title=title,
        rows=rows,
        estimate=estimates.build(session, edition, COUNTRY),
    )


def claims(session: Session, beginnings: tuple[str, ...] = ("",)) -> list[Claims]:
    """Quoted figures by source and day; of one source those with numerator and denominator first. ``beginnings``: of their keys."""
    found: dict[tuple[str, date], list[QuotedClaim]] = {}
    for claim in session.scalars(select(QuotedClaim).order_by(QuotedClaim.as_of, QuotedClaim.numerator.is_(None), QuotedClaim.key)):
        if not claim.key.startswith(beginnings):
            continue
        found.setdefault((pick(claim.source, claim.source_en or claim.source), claim.as_of), []).append(claim)
    return [
        Claims(tuple((_claimed(claim), pick(claim.text_vi, claim.text_en)) for claim in quoted), source, numbers.day(as_of, language()))
        for (source, as_of), quoted in found.items()
    ]


def _claimed(claim: QuotedClaim) -> str:
    """The number as the source has it: counts with their share, a share alone, or a count."""
    return numbers.claimed(claim.value, claim.numerator, claim.denominator, language())


def _tile(figures: Mapping[tuple[str, str, str], Figure], view: UnitView | None, code: str) -> Tile:
    figure = leading_rate(figures, code)
    value = figure.value if figure is not None and words.has_value(figure) else None
    said = words.rate_with_span(figure)
    if figure is not None and value is not None:
        said += ", " + _("%(n)s người trả lời", n=words.count(figure.n))
    if figure is not None and figure.grey:
        said += ", " + _("chỉ để tham khảo")
    name = places.name(view) if view is not None else code
    text = "" if value is None else f"{value * 100:.0f}"
    few = figure is not None and figure.grey
    return Tile(name, value, text, said, url_for("scorecard.locality", code=code), grey=few)


def _row(figures: Mapping[tuple[str, str, str], Figure], view: UnitView) -> Row:
    satisfaction, on_time = leading_rate(figures, view.code), figures.get((view.code, "on_time", RAW))
    lower, upper = (figures.get((view.code, "asked_again_recorded", variant)) for variant in (LOWER, UPPER))
    return Row(
        code=view.code,
        name=places.name(view),
        satisfaction=words.rate(satisfaction),
        span=words.span(satisfaction),
        answers=words.answers(satisfaction),
        asked_again=(words.bounds(lower, upper), words.bounds_of(lower, upper)),
        on_time=(words.rate(on_time), words.of_counts(on_time)),
    )
