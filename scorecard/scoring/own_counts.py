"""Our own counts in the form of COUNTS.csv: what an edition's figures say of an official index, blanks for the rest."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scorecard.definitions import DATA_USE, LAKE, PETITION
from scorecard.figures import LOWER, NOT_APPLICABLE, RAW, UNIT, VALUE
from scorecard.indicators import INDICATORS
from scorecard.scoring.counts_file import CODE, NAME, UnitCounts
from scorecard.scoring.schema import CountRules, Own, Words

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from procedures.queries import UnitView
    from scorecard.figures import Figure
    from scorecard.models import Edition

Figures = Mapping[tuple[str, str, str], "Figure"]
CAN_BE_NOTHING = (LAKE, DATA_USE, PETITION)  # what was sent in says that nothing arose; a register without entries says nothing


def own_counts(
    session: Session, edition: Edition, rules: CountRules, units: Mapping[str, UnitView], kinds: Collection[str], bound: str = LOWER
) -> list[UnitCounts]:
    """Counts of the units of these kinds from an edition's figures; of a figure with bounds the one asked for (``lower`` or ``upper``)."""
    from scorecard import queries

    wanted = {part.partition(".")[0] for item in rules.indicators if item.own for part in (item.own.numerator, item.own.denominator)}
    figures = queries.figure_map(session, edition, UNIT, None, wanted)
    found = []
    for number, view in enumerate(sorted((view for view in units.values() if view.kind in kinds), key=lambda view: view.code), 2):
        pairs = {item.id: pair for item in rules.indicators if item.own and (pair := _pair(figures, view.code, item.own, bound))}
        found.append(UnitCounts(number, view.code, view.name, pairs, {}))
    return found


def write_counts(path: Path, rules: CountRules, units: Iterable[UnitCounts], simulated: bool) -> None:
    """Write COUNTS.csv, with a blank cell for everything that is not known."""
    columns = [f"{item.id}_{side}" for item in rules.indicators for side in ("num", "den")]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([CODE, NAME, *columns, *(["simulated"] if simulated else [])])
        for unit in units:
            cells = [str(count) for item in rules.indicators for count in unit.counts.get(item.id, ("", ""))]
            writer.writerow([unit.code, unit.name, *cells, *(["true"] if simulated else [])])


def unrecorded(rules: CountRules) -> Sequence[Words]:
    """Indicators that our figures do not tell, each with why."""
    return [
        Words(vi=f"{item.id} ({item.name.vi}): {item.unrecorded.vi}", en=f"{item.id} ({item.name.en}): {item.unrecorded.en}")
        for item in rules.indicators
        if item.unrecorded is not None
    ]


def bounded(rules: CountRules) -> Sequence[str]:
    """Indicators whose counts are known between two bounds only."""
    return [
        item.id
        for item in rules.indicators
        if item.own and any(LOWER in INDICATORS[part.partition(".")[0]].variants for part in (item.own.numerator, item.own.denominator))
    ]


def _pair(figures: Figures, code: str, own: Own, bound: str) -> tuple[int, int] | None:
    """Numerator and denominator; None where they are not known. Nothing arose only where the unit's own dossiers or lists say so."""
    above, below = (_figure(figures, code, part, bound) for part in (own.numerator, own.denominator))
    if above is None or below is None:
        return None
    if below.status == NOT_APPLICABLE and INDICATORS[below.indicator].kind in CAN_BE_NOTHING:
        return 0, 0
    if below.status != VALUE or above.status not in (VALUE, NOT_APPLICABLE):
        return None
    denominator = _part(below, own.denominator)
    numerator = _part(above, own.numerator) if above.status == VALUE else 0
    return None if numerator is None or denominator is None or (denominator == 0 and numerator) else (numerator, denominator)


def _figure(figures: Figures, code: str, part: str, bound: str) -> Figure | None:
    indicator = part.partition(".")[0]
    variant = RAW if RAW in INDICATORS[indicator].variants else bound
    return figures.get((code, indicator, variant))


def _part(figure: Figure, part: str) -> int | None:
    return figure.numerator if part.endswith(".numerator") else figure.denominator
