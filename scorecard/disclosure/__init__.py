"""Which figures of the survey may leave (methodology §10, §11.6; ``docs/disclosure.md``). Pure.

``protect`` is the one door: it goes over all survey measurements of a month together, and what comes out of it is what pages,
files, the API and the report can show.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from scorecard.disclosure.public import TOTAL, PublicTables, read_tables
from scorecard.figures import PROCEDURE, RAW, SUPPRESSED, TOO_FEW, VALUE

if TYPE_CHECKING:
    import pandas as pd

    from scorecard.disclosure.cells import Cell, Equations
    from scorecard.rows import Place, Row
    from scorecard.rulesets import RuleSet

__all__ = ["EXACT", "Learned", "PublicTables", "is_few", "protect", "read_tables"]

EXACT = "exact"  # variant of the lines that say that nothing is left over, in what later editions read
Learned = tuple[str, "Cell", str]  # indicator, a whole of which the parts leave nothing over, what divides it
NUMBERS = ("numerator", "denominator", "n", "value", "low", "high", "n_eff")


def protect(
    rows: "Iterable[Row]",
    places: "Mapping[str, Place]",
    rules: "RuleSet",
    earlier: "pd.DataFrame | None" = None,
    *,
    tables: PublicTables | None = None,
    groups: Mapping[str, str] | None = None,
    live: bool = False,
    learned: "list[Learned] | None" = None,
) -> "list[Row]":
    """The survey's rows as they may leave, in the same order; hidden ones with status ``too_few`` or ``suppressed`` and no number.

    ``rows``: every survey row of the edition: all subjects, windows, breakdowns, indicators and variants at once, with their true
    counts and status ``value``, small and empty cells among them (a cell where nobody was asked is ``not_applicable`` and passes
    unchanged, as does ``not_reported``). Within a breakdown the categories divide the total; what no category has is left over.
    A cell is one period kind, window, subject, breakdown and category. Its rows share a fate: where the count of answers that a
    figure rests on (``denominator``, or ``n`` where there is none; for the rate of response its numerator) is too small, all
    variants of the indicator are hidden, and where it is that of the leading indicator (satisfaction), every figure of the cell.
    Derived rows (weighted, shrunk, bounds) may come without counts; they follow the raw row, and their numbers are rounded.
    A row outside ``tables`` loses its numbers whatever it holds.

    ``places``: all units. ``rules``: limits are its ``disclosure``. ``earlier``: figures that are public already, as in
    ``earlier.parquet`` (``scorecard.disclosure.history``), which are fixed; None: nothing is. ``tables``: the declaration under which
    the edition is computed; None: the newest. ``groups``: procedure → its category in the breakdown ``procedure_group``.
    ``live``: the month is not over, and only what the declaration opens then is shown. ``learned`` takes what later editions have to
    know besides what is shown (``public_history.public_cells``).

    Raises ``ValueError`` where a cell holds fewer answers than the cells that are part of it, and where a category or a procedure has
    the leading figure both raw and cleaned: answers leave by ten and more of a unit, of which a category may have a single one.
    """
    rows = list(rows)
    tables = tables or read_tables()
    _counted_once(rows, tables.leading)
    earlier = None if earlier is None else tables.published(earlier, places)
    declared = [tables.table_of(row, places, live) is not None for row in rows]
    status = _hidden(rows, declared, places, rules, earlier, tables, groups or {}, learned)
    return [
        _safe(row, found if public else SUPPRESSED, tables, rules.disclosure.grey_below)
        for row, public, found in zip(rows, declared, status, strict=True)
    ]


def _counted_once(rows: "list[Row]", leading: str) -> None:
    """Only of a nation's and a unit's total are raw and cleaned figures told side by side."""
    raw: dict[tuple[Cell, bool], str] = {}
    for row in rows:
        if row.indicator == leading and row.status == VALUE and (row.breakdown != TOTAL or row.subject_kind == PROCEDURE):
            raw.setdefault((_cell(row), row.variant == RAW), row.variant)
    for cell, is_raw in raw:
        if is_raw and (cell, False) in raw:
            raise ValueError(f"raw and {raw[cell, False]} figures of one part: {cell}")


def _without_numbers(row: "Row", status: str) -> "Row":
    nothing: dict[str, Any] = dict.fromkeys(NUMBERS)
    return replace(row, status=status, **nothing)


def is_few(dossiers: int, tables: PublicTables | None = None) -> bool:
    """Whether dossiers of one unit and procedure are so few that only that is told (``few_dossiers`` of the declaration)."""
    return 0 < dossiers < (tables or _newest_tables()).few_dossiers


@lru_cache(maxsize=1)
def _newest_tables() -> PublicTables:
    return read_tables()


def _safe(row: "Row", hidden: str | None, tables: PublicTables, compared: int) -> "Row":
    """The row as it leaves. ``compared``: answers below which a figure is shown without comparison."""
    if row.status != VALUE:
        return row if all(getattr(row, name) is None for name in NUMBERS) else _without_numbers(row, row.status)
    if hidden is None and row.variant in tables.compared and (row.n is None or row.n < compared):
        hidden = TOO_FEW
    if hidden is not None:
        return _without_numbers(row, hidden)
    digits = tables.digits.get(row.variant)
    if digits is None:
        return row
    shares = {name: round(value, digits) for name in ("value", "low", "high") if (value := getattr(row, name)) is not None}
    return replace(row, **shares, n_eff=None if row.n_eff is None else float(round(row.n_eff)))


def _hidden(
    rows: "list[Row]",
    declared: list[bool],
    places: "Mapping[str, Place]",
    rules: "RuleSet",
    earlier: "pd.DataFrame | None",
    tables: PublicTables,
    groups: Mapping[str, str],
    learned: "list[Learned] | None",
) -> list[str | None]:
    """For each row why it is hidden, or None."""
    from scorecard.disclosure.counts import counts
    from scorecard.disclosure.primary import Needs

    least = rules.disclosure.suppress_below
    needs = Needs(least, rules.disclosure.least_range, tables.least_satisfied_range)
    by_indicator: dict[str, dict[Cell, list[Row]]] = defaultdict(lambda: defaultdict(list))
    cells = [_cell(row) for row in rows]
    for row, cell, public in zip(rows, cells, declared, strict=True):
        if public and not (row.indicator == tables.leading and tables.says_total(row.breakdown, row.category)):
            by_indicator[row.indicator][cell].append(row)
    rates = sorted(name for name in by_indicator if tables.counting(name).answers == "numerator")
    first = [tables.leading, *rates]
    leading = _merged([by_indicator[name] for name in first])
    shapes: dict[int, tuple[tuple[Cell, ...], Equations]] = {}
    closed: dict[str, dict[Cell, str]] = {}
    exact = _exact(earlier)
    main = counts(first, leading, earlier, tables)
    hidden, nothing_left = _closed(main, needs, places, tables, groups, shapes, None, {}, exact.get(tables.leading, ()))
    closed |= dict.fromkeys(first, hidden)
    told: list[Learned] = [(tables.leading, cell, name) for cell, name in nothing_left]
    public_answers = _public_answers(main, closed[tables.leading])
    for name in sorted(set(by_indicator) - set(first), key=lambda name: (bool(tables.counting(name).parts), name)):
        minor = counts([name], by_indicator[name], earlier, tables)
        forced = dict(closed[tables.leading])
        forced |= {cell: word for cell in by_indicator[name] if (word := _with_total(cell, closed[tables.leading], tables))}
        if parts := tables.counting(name).parts:
            forced |= dict.fromkeys(_telling(by_indicator, name, parts, closed, needs.counted), SUPPRESSED)
        closed[name], nothing_left = _closed(minor, needs, places, tables, groups, shapes, forced, public_answers, exact.get(name, ()))
        told += [(name, cell, divided) for cell, divided in nothing_left]
    if learned is not None:
        learned += told
    whole = closed[tables.leading]  # also of figures that are no counts of their own
    return [
        closed.get(row.indicator, whole).get(cell) or whole.get(cell) or _with_total(cell, whole, tables)
        for row, cell in zip(rows, cells, strict=True)
    ]


def _with_total(cell: "Cell", closed: "Mapping[Cell, str]", tables: PublicTables) -> str | None:
    """Why a cell is hidden that says again what its subject's total says: as that is."""
    if not tables.says_total(cell.breakdown, cell.category):
        return None
    return closed.get(cell._replace(breakdown=TOTAL, category=TOTAL))


def _closed(
    counted: Any,
    needs: Any,
    places: "Mapping[str, Place]",
    tables: PublicTables,
    groups: Mapping[str, str],
    shapes: "dict[int, tuple[tuple[Cell, ...], Equations]]",
    forced: "Mapping[Cell, str] | None",
    ceilings: "Mapping[Cell, float]",
    exact: "Collection[tuple[Cell, str]]",
) -> "tuple[dict[Cell, str], list[tuple[Cell, str]]]":
    """The hidden cells of one indicator with their status, and the new wholes of which the parts leave nothing over.

    ``forced``: cells that the leading indicator hides, with their words; they are hidden whatever they hold. None: this is the leading
    one. Only its words tell how many answers there are: a word of another indicator for a cell whose answers are public would leave a
    narrow range for its own. ``shapes``: sums found before. ``ceilings``: numbers that no number of a cell exceeds.
    ``exact``: earlier wholes of which the parts left nothing over.
    """
    import numpy as np

    from scorecard.disclosure.cells import equations
    from scorecard.disclosure.primary import few_answers, primary
    from scorecard.disclosure.secondary import Protection

    if not len(counted.cells):
        return {}, []
    key = tuple(counted.cells)
    if hash(key) not in shapes or shapes[hash(key)][0] != key:
        shapes[hash(key)] = key, equations(key, places, tables, groups)
    hidden = primary(counted, needs) | np.array([cell in (forced or ()) for cell in key])
    # Of a window no word tells how many there are: beside the words of its months that would narrow them all.
    month = np.array([cell.window == 1 for cell in key])
    few = few_answers(counted, needs.least) & month if forced is None else np.array([forced.get(cell) == TOO_FEW for cell in key])
    ceiling = np.array([ceilings.get(cell, np.inf) for cell in key])
    protection = Protection(counted, shapes[hash(key)][1], hidden & ~counted.zero, needs, few, month & (forced is None), ceiling, exact)
    hidden = protection.run()
    return {
        cell: TOO_FEW if small else SUPPRESSED for cell, closed, small in zip(key, hidden, few, strict=True) if closed
    }, protection.exact()


def _telling(
    by_indicator: "Mapping[str, Mapping[Cell, list[Row]]]",
    whole: str,
    parts: "Collection[str]",
    closed: "Mapping[str, Mapping[Cell, str]]",
    least: float,
) -> "Iterator[Cell]":
    """Cells where the count of a whole, with the parts that are shown, leaves a hidden part a range of less than ``least``.

    No part exceeds the whole, and all of them come to no less than it.
    """

    def counted(name: str, cell: "Cell") -> int:
        return max((row.numerator or 0 for row in by_indicator.get(name, {}).get(cell, ())), default=0)

    for cell in by_indicator[whole]:
        hidden = [name for name in parts if cell in closed.get(name, {})]
        most = counted(whole, cell)
        shown = sum(counted(name, cell) for name in parts if name not in hidden)
        if hidden and min(most, shown if len(hidden) == 1 else most) < least:
            yield cell


def _exact(earlier: "pd.DataFrame | None") -> "dict[str, set[tuple[Cell, str]]]":
    """By indicator: earlier wholes of which the parts left nothing over, as ``public_history.public_cells`` kept them."""
    from scorecard.disclosure.cells import Cell
    from scorecard.disclosure.counts import CELL_COLUMNS

    found: dict[str, set[tuple[Cell, str]]] = defaultdict(set)
    if earlier is not None:
        frame = earlier[earlier["variant"] == EXACT]
        for *place, indicator, name in zip(*(frame[column].tolist() for column in (*CELL_COLUMNS, "indicator", "status")), strict=True):
            found[indicator].add((Cell(*place), name))
    return found


def _public_answers(main: Any, closed: "Collection[Cell]") -> "dict[Cell, float]":
    """How many answered in each cell that is shown: no other count of the cell can exceed it."""
    import numpy as np

    with np.errstate(all="ignore"):
        most = np.where(np.isnan(main.values), -np.inf, main.values).max(axis=1, initial=-np.inf)
    return {cell: float(top) for cell, top, new in zip(main.cells, most, main.new, strict=True) if new and cell not in closed and top >= 0}


def _merged(parts: "list[Mapping[Cell, list[Row]]]") -> "dict[Cell, list[Row]]":
    found: dict[Cell, list[Row]] = defaultdict(list)
    for part in parts:
        for cell, rows in part.items():
            found[cell].extend(rows)
    return found


def _cell(row: "Row") -> "Cell":
    from scorecard.disclosure.cells import NOW, Cell

    return Cell(0, NOW, row.period_kind, row.window, row.subject_kind, row.subject_code, row.breakdown, row.category)
