"""What does not match between record and person, fact by fact, with the census beside and petitions as the third witness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.web import pick
from procedures.queries import UnitView
from scorecard import queries
from scorecard.figures import COUNTRY, LOWER, RAW, UPPER, Figure
from scorecard.mismatch import FACTS, Fact, direction
from scorecard.mismatch_indicators import MISMATCH_ANY, MISMATCH_CODES
from scorecard.pages import places, services, words
from scorecard.pages.text import _
from scorecard.pages.unit_services import PETITIONS
from scorecard.petition_facts import OTHER, UNDIVIDED

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from scorecard.models import Edition

MONTH, YEAR = 1, 12  # months of a window; communes have too few answers in one month
CHANCE = 0.05  # methodology §11: one level everywhere


@dataclass(frozen=True)
class Line:
    """One fact: what people say and the record does not, the reverse, which of the two is clearly more frequent, all dossiers, and the
    month's petitions about it."""

    name: str
    unrecorded: str
    unconfirmed: str
    direction: str
    census: str
    petitions: str


@dataclass(frozen=True)
class MismatchPage:
    """A place's facts. ``any``: at least one point differs; ``months``: the window that the answers are of; ``other_petitions``: petitions
    whose subject is none of the facts, or has none; empty where there are none."""

    code: str
    place: str
    months: int
    any: Figure | None
    lines: list[Line]
    petitions: list[services.Line]
    other_petitions: str


def build(session: Session, edition: Edition, code: str, units: Mapping[str, UnitView]) -> MismatchPage:
    """The page of the nation or a unit."""
    window = YEAR if code != COUNTRY and units[code].kind == "commune" else MONTH
    kind = "nation" if code == COUNTRY else "unit"
    found = queries.figures(session, edition, kind, [code], MISMATCH_CODES, window=window)
    figures = {figure.indicator: figure for figure in found if figure.variant == RAW}
    beside = queries.figure_map(session, edition, kind, [code], [*(fact.census for fact in FACTS if fact.census), *PETITIONS])
    sent_in = _sent_in(edition, code)
    return MismatchPage(
        code=code,
        place=_("Cả nước") if code == COUNTRY else places.name(units[code]),
        months=window,
        any=figures.get(MISMATCH_ANY),
        lines=[_line(fact, figures, beside, code, _petitions(sent_in, fact.code)) for fact in FACTS],
        petitions=services.lines(beside, code, PETITIONS),
        other_petitions=_other(sent_in),
    )


def _sent_in(edition: Edition, code: str) -> dict[str, tuple[int, int]]:
    """(received, opened again) of a place's petitions by fact; empty where no list speaks of it."""
    table = queries.edition_table(edition, "petition_facts")
    rows = table[table["place_code"] == code][["fact", "received", "reopened"]]
    return {str(fact): (int(received), int(reopened)) for fact, received, reopened in rows.itertuples(index=False, name=None)}


def _petitions(sent_in: Mapping[str, tuple[int, int]], fact: str) -> str:
    if not sent_in:
        return _("chưa gửi danh sách")
    if set(sent_in) == {UNDIVIDED}:
        return _("danh sách không chia nội dung")
    received, reopened = sent_in.get(fact, (0, 0))
    if not received:
        return _("không có")
    return _("%(received)s, mở lại %(reopened)s", received=words.count(received), reopened=words.count(reopened))


def _other(sent_in: Mapping[str, tuple[int, int]]) -> str:
    parts = [
        _("%(n)s về nội dung khác", n=words.count(sent_in[OTHER][0])) if OTHER in sent_in else "",
        _("%(n)s không ghi nội dung", n=words.count(sent_in[UNDIVIDED][0])) if UNDIVIDED in sent_in else "",
    ]
    return "; ".join(part for part in parts if part)


def _line(fact: Fact, figures: Mapping[str, Figure], beside: Mapping[tuple[str, str, str], Figure], code: str, petitions: str) -> Line:
    unrecorded, unconfirmed = (figures.get(name) if name else None for name in (fact.unrecorded, fact.unconfirmed))
    return Line(
        pick(fact.vi, fact.en),
        _said(fact.unrecorded, unrecorded),
        _said(fact.unconfirmed, unconfirmed),
        _direction(unrecorded, unconfirmed) if fact.unrecorded and fact.unconfirmed else _("chỉ so được một chiều"),
        _census(fact, beside, code),
        petitions,
    )


def _said(indicator: str | None, figure: Figure | None) -> str:
    if indicator is None:
        return _("không so được chiều này")
    if figure is None or not words.has_value(figure):
        return words.status_words(figure)
    return f"{words.count(figure.numerator)} / {words.count(figure.denominator)} · {words.rate_with_span(figure)}"


def _direction(unrecorded: Figure | None, unconfirmed: Figure | None) -> str:
    """What McNemar's test says of the two directions."""
    if unrecorded is None or unconfirmed is None or not (words.has_value(unrecorded) and words.has_value(unconfirmed)):
        return _("chưa xét được")
    one, other = unrecorded.numerator or 0, unconfirmed.numerator or 0
    if not one + other or direction(one, other) >= CHANCE:
        return _("chưa thấy chiều nào rõ hơn")
    return (
        _("người dân nói có mà hệ thống không ghi: nhiều hơn rõ") if one > other else _("hệ thống ghi mà người dân nói không: nhiều hơn rõ")
    )


def _census(fact: Fact, figures: Mapping[tuple[str, str, str], Figure], code: str) -> str:
    if fact.census is None:
        return _("hệ thống không ghi điều này")
    lower, upper = figures.get((code, fact.census, LOWER)), figures.get((code, fact.census, UPPER))
    if lower is not None and upper is not None:
        return words.bounds(lower, upper)
    return words.rate(figures.get((code, fact.census, RAW)))
