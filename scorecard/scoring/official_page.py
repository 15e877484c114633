"""One unit's month in the official index: published, computed again from counts, and what our own figures tell of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from core.web import pick
from scorecard import official
from scorecard.figures import LOWER, UPPER
from scorecard.pages.text import _
from scorecard.scoring.library import find_scoring, kept_rules
from scorecard.scoring.own_counts import bounded, own_counts, unrecorded
from scorecard.scoring.pages import number, points, say
from scorecard.scoring.points import Score, Scored, half_up, score
from scorecard.scoring.schema import FULL, CountRules

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from procedures.queries import UnitView
    from scorecard.models import Edition


@dataclass(frozen=True)
class GroupRow:
    """A group: published, computed again, and what of it came from nothing; a cell without a figure says so in words."""

    id: str
    name: str
    published: str
    again: str
    difference: str
    empty: str


@dataclass(frozen=True)
class ItemRow:
    """An indicator and its points: ``6/6, không phát sinh`` where nothing arose. ``note``: how we count it, of our own counts."""

    id: str
    name: str
    counts: str
    points: str
    note: str


@dataclass(frozen=True)
class Again:
    """The score computed from loaded counts. ``without_empty``: total without what came from nothing; empty where nothing did."""

    total: str
    without_empty: str
    empty: str
    missing: str
    items: list[ItemRow]
    source: str


@dataclass(frozen=True)
class OfficialPage:
    """What the page shows. ``could_be_empty``: indicators with full points for 0/0, for months without counts; ``own_missing``: those
    of our own counts of which the month brought nothing; ``unrecorded``: those that we do not count at all, with why."""

    month: str
    rules: CountRules
    rules_title: str
    simulated: bool
    own_simulated: bool
    total: str
    band: str
    groups: list[GroupRow]
    again: Again | None
    could_be_empty: str
    source: str
    own: list[ItemRow]
    own_missing: str
    unrecorded: list[str]


def build(
    session: Session, units: Mapping[str, UnitView], code: str, month: str, edition: Edition | None, folder: Path | None, own_rules: Path
) -> OfficialPage:
    """The page of a unit that has scores or counts in the month. ``folder``: of the month's published edition, if there is one."""
    from scorecard import queries

    kept = kept_rules(folder) if folder is not None else {}
    rules = kept.get(official.INDEX) or find_scoring(official.INDEX, own_rules)
    scores = queries.official_scores(session, code, [month])
    published = {figure.group_code: Fraction(str(figure.score)) for figure in scores}
    again = official.recomputed(session, code, month, rules)
    total = published.get(official.TOTAL)
    band = next((band for band in rules.bands if total is not None and total >= band.least), None)
    own = _own(session, units, code, edition, rules) if edition is not None else []
    counted = {row.id for row in own}
    return OfficialPage(
        month=month,
        rules=rules,
        rules_title=say(rules.title),
        simulated=any(figure.simulated for figure in scores),
        own_simulated=edition is not None and edition.simulated,
        total="" if total is None else f"{points(total, 2)}/{number(rules.points)}",
        band=say(band.name) if band is not None else "",
        groups=_groups(rules, published, again.score if again is not None else None),
        again=_again(again) if again is not None else None,
        could_be_empty=", ".join(
            f"{item.id} ({number(item.points)})" for item in rules.indicators if item.empty and item.empty.gives == FULL
        ),
        source=pick(scores[0].source, scores[0].source_en) if scores else "",
        own=own,
        own_missing=", ".join(item.id for item in rules.indicators if item.own and item.id not in counted),
        unrecorded=[say(why) for why in unrecorded(rules)],
    )


def _groups(rules: CountRules, published: Mapping[str, Fraction], scored: Score | None) -> list[GroupRow]:
    found = []
    for at, group in enumerate(rules.groups):
        shown, again = published.get(group.id), scored.groups[at] if scored is not None else None
        earned = again.points if again is not None else None
        nothing = [item for item in again.indicators if item in scored.empty_full] if again is not None and scored is not None else []
        found.append(
            GroupRow(
                group.id,
                say(group.name),
                _of(shown, group.points),
                _of(earned, group.points),
                points(abs(half_up_as_fraction(earned) - shown), 2) if earned is not None and shown is not None else "",
                "; ".join(f"{item.indicator.id}: {_earned(item)}" for item in nothing),
            )
        )
    return found


def half_up_as_fraction(value: Fraction) -> Fraction:
    """Points as they are printed, to compare them with printed ones."""
    return Fraction(half_up(value, 2))


def _again(found: official.Recomputed) -> Again:
    scored = found.score
    without = scored.total_without_empty
    return Again(
        total=_of(scored.total, scored.rules.points),
        without_empty=_of(without, scored.maximum_without_empty) if scored.empty_full and without is not None else "",
        empty=", ".join(item.indicator.id for item in scored.empty_full),
        missing=", ".join(name for group in scored.groups for name in group.missing),
        items=[_item(item, "") for item in scored.indicators],
        source=found.source,
    )


def _own(session: Session, units: Mapping[str, UnitView], code: str, edition: Edition, rules: CountRules) -> list[ItemRow]:
    """What we count ourselves: one row an indicator, two where only bounds are known and they differ."""
    rows: list[ItemRow] = []
    between = bounded(rules)
    for bound in (LOWER, UPPER):
        unit = next(iter(own_counts(session, edition, rules, {code: units[code]}, [units[code].kind], bound)))
        scored = score(rules, unit.counts, unit.factors)
        for item in scored.indicators:
            if item.denominator is None or (bound == UPPER and item.indicator.id not in between):
                continue
            row = _item(item, say(item.indicator.own.note) if item.indicator.own else "")
            same = next((other for other in rows if other.id == row.id), None)
            if same is None:
                rows.append(row)
            elif same.counts != row.counts:
                both = ItemRow(row.id, row.name, f"{same.counts}–{row.counts}", f"{same.points}–{row.points}", row.note)
                rows[rows.index(same)] = both
    return rows


def _item(item: Scored, note: str) -> ItemRow:
    counted = "" if item.numerator is None or item.denominator is None else f"{number(item.numerator)}/{number(item.denominator)}"
    return ItemRow(item.indicator.id, say(item.indicator.name), counted, _earned(item), note)


def _earned(item: Scored) -> str:
    if item.denominator == 0 and item.points is not None:
        return _("%(points)s, không phát sinh", points=f"{number(item.points)}/{number(item.indicator.points)}")
    return _of(item.points, item.indicator.points)


def _of(earned: Fraction | None, maximum: object) -> str:
    return _("thiếu số liệu") if earned is None else f"{points(earned, 2)}/{number(Fraction(str(maximum)))}"
