"""The counts of one indicator (or of the leading one with the rate of response) over all cells: what is true, what is public."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from scorecard.disclosure.cells import Cell
from scorecard.disclosure.public import COUNTED, PublicTables
from scorecard.figures import NOT_APPLICABLE, NOT_REPORTED, RAW, SUPPRESSED, TOO_FEW, VALUE

if TYPE_CHECKING:
    import pandas as pd

    from scorecard.rows import Row

CELL_COLUMNS = ("ago", "version", "period_kind", "window", "subject_kind", "subject_code", "breakdown", "category")
NONE = (NOT_APPLICABLE, NOT_REPORTED)  # nobody was asked: everybody knows that there are no answers
# Of a number: public (or new); hidden, below the limit; hidden, not below it; never there; known to be zero, as nobody was asked.
SHOWN, FEW, MANY, MISSING, ZERO = 0, 1, 2, 3, 4


@dataclass(frozen=True)
class Quantity:
    """One number of a row. ``answers``: how many answered, which the limits are about; ``counted``: how many of them are
    satisfied (or said yes …); ``asked``: a number of answers that is at least that of ``answers``."""

    indicator: str
    variant: str
    role: Literal["answers", "counted", "asked"]
    field: str
    same: Literal["both", "all", "never"] = "both"


@dataclass(frozen=True)
class Counts:
    """``values``: cells × quantities, what is true of new cells and what is public of earlier ones, else NaN. ``state``: what is known
    of an earlier number; a new one is MISSING where there is no such row. ``zero``: cells where nobody was asked. ``orders``: pairs of
    quantities, the first of which is at most the second in every cell. ``fewer``: quadruples (a, b, c, d) with a − b at most c − d
    (the unsatisfied among the cleaned and the raw answers)."""

    cells: Sequence[Cell]
    quantities: Sequence[Quantity]
    values: NDArray[np.float64]
    state: NDArray[np.int8]
    new: NDArray[np.bool_]
    zero: NDArray[np.bool_]
    orders: list[tuple[int, int]]
    fewer: list[tuple[int, int, int, int]]

    def columns(self, role: str) -> list[int]:
        """Quantities of a role."""
        return [index for index, quantity in enumerate(self.quantities) if quantity.role == role]

    @property
    def largest(self) -> int:
        """The column of answers that is at least every other one: all who answered, where that is measured."""
        columns = self.columns("answers")
        everybody = [index for index in columns if self.quantities[index].field == "numerator"]
        return (everybody or columns)[0]

    def counted_of(self, answers: int) -> int | None:
        """The satisfied among the answers of a column."""
        wanted = self.quantities[answers]
        for index, quantity in enumerate(self.quantities):
            if quantity.role == "counted" and (quantity.indicator, quantity.variant) == (wanted.indicator, wanted.variant):
                return index
        return None


def counts(indicators: Sequence[str], rows: "Mapping[Cell, Iterable[Row]]", earlier: "pd.DataFrame | None", tables: PublicTables) -> Counts:
    """The counts of some indicators that are looked at together, over the cells that have one of them."""
    quantities = _quantities(indicators, tables)
    wanted: dict[tuple[str, str], list[tuple[int, Quantity]]] = {(each.indicator, each.variant): [] for each in quantities}
    for index, each in enumerate(quantities):
        wanted[each.indicator, each.variant].append((index, each))
    numbers: dict[Cell, list[float]] = {}
    states: dict[Cell, list[int]] = {}

    def room(cell: Cell) -> tuple[list[float], list[int]]:
        if cell not in numbers:
            numbers[cell], states[cell] = [np.nan] * len(quantities), [MISSING] * len(quantities)
        return numbers[cell], states[cell]

    for cell, found in rows.items():
        for row in found:
            for index, quantity in wanted.get((row.indicator, row.variant), ()):
                none = row.status in NONE
                value = 0 if none else _number(quantity, row.numerator, row.denominator, row.n)
                if value is not None:
                    own, state = room(cell)
                    own[index], state[index] = value, ZERO if none else SHOWN
    if earlier is not None and len(earlier):
        frame = earlier[earlier["indicator"].isin(list(indicators)) & earlier["variant"].isin(list(COUNTED))]
        parts = (*CELL_COLUMNS, "indicator", "variant", "status", "numerator", "denominator", "n")
        for *place, indicator, variant, status, numerator, denominator, n in zip(*(frame[name].tolist() for name in parts), strict=True):
            own, state = room(Cell(*place))
            for index, quantity in wanted[indicator, variant]:
                if status in NONE:
                    own[index], state[index] = 0, ZERO
                elif status == VALUE:
                    value = _number(quantity, numerator, denominator, n)
                    own[index], state[index] = (np.nan, MISSING) if value is None or value != value else (value, SHOWN)
                else:
                    state[index] = {TOO_FEW: FEW, SUPPRESSED: MANY}[status]
    cells = sorted(numbers)
    return _tidy(
        cells,
        quantities,
        np.array([numbers[cell] for cell in cells], dtype=np.float64).reshape(len(cells), len(quantities)),
        np.array([states[cell] for cell in cells], dtype=np.int8).reshape(len(cells), len(quantities)),
    )


def _number(quantity: Quantity, numerator: float | None, denominator: float | None, n: float | None) -> float | None:
    """A row without a denominator (a mean) rests on its ``n``."""
    if quantity.field == "denominator" and denominator is None:
        return n
    return {"numerator": numerator, "denominator": denominator, "n": n}[quantity.field]


def _quantities(indicators: Sequence[str], tables: PublicTables) -> list[Quantity]:
    found = []
    for indicator in indicators:
        counting = tables.counting(indicator)
        if counting.answers == "numerator":
            found.append(Quantity(indicator, RAW, "answers", "numerator", "never"))
            continue
        for variant in COUNTED:
            found += [
                Quantity(indicator, variant, "answers", "denominator", counting.same),
                Quantity(indicator, variant, "counted", "numerator", counting.same),
                Quantity(indicator, variant, "asked", "n", counting.same),
            ]
    return found


def _tidy(cells: list[Cell], quantities: list[Quantity], values: NDArray[np.float64], state: NDArray[np.int8]) -> Counts:
    """Leave out what nobody measures or what repeats another number everywhere, and find which number is at most which."""
    new = np.array([cell.new for cell in cells], dtype=bool)
    zero = ((state == ZERO) | (state == MISSING)).all(axis=1)
    nobody = zero & (state == ZERO).any(axis=1)  # asked: then no number of the cell is anything else
    values[nobody], state[nobody] = 0, ZERO
    odd = (state == ZERO) & ~zero[:, None]  # no rate for another reason than that nobody was asked
    values[odd], state[odd] = np.nan, MISSING
    keep: list[int] = []
    for index in range(len(quantities)):
        there = state[:, index] != MISSING
        if not there.any():
            continue
        twin = any(
            quantities[other].indicator == quantities[index].indicator
            and np.array_equal(state[:, other], state[:, index])
            and np.array_equal(values[:, other], values[:, index], equal_nan=True)
            and (quantities[index].role == "asked" or quantities[index].variant != RAW)
            and (quantities[index].role == "asked" or quantities[other].role == quantities[index].role)
            for other in keep
        )
        if not twin:
            keep.append(index)
    values, state = values[:, keep], state[:, keep]
    kept = [quantities[index] for index in keep]

    def holds(less: NDArray[np.float64], more: NDArray[np.float64]) -> bool:
        known = ~np.isnan(less) & ~np.isnan(more)
        return bool(known.any() and (less[known] <= more[known]).all())

    at: dict[tuple[str, str, str], int] = {(each.indicator, each.variant, each.role): index for index, each in enumerate(kept)}
    guesses: list[tuple[int, int]] = []
    for (indicator, variant, role), index in at.items():
        above = {"counted": [(indicator, variant, "answers")], "answers": [(indicator, variant, "asked")], "asked": []}[role]
        above += [(indicator, RAW, role)] if variant != RAW else []
        guesses += [(index, at[key]) for key in above if key in at]
        if variant == RAW and role == "answers":  # who rated has answered
            guesses += [(index, other) for key, other in at.items() if key[0] != indicator and kept[other].field == "numerator"]
    orders = [(one, other) for one, other in guesses if one != other and holds(values[:, one], values[:, other])]
    fewer = []
    for (indicator, variant, role), answers in at.items():
        keys = ((indicator, variant, "counted"), (indicator, RAW, "answers"), (indicator, RAW, "counted"))
        if role == "answers" and variant != RAW and all(key in at for key in keys):
            counted, raw_answers, raw_counted = (at[key] for key in keys)
            if holds(values[:, answers] - values[:, counted], values[:, raw_answers] - values[:, raw_counted]):
                fewer.append((answers, counted, raw_answers, raw_counted))
    return Counts(cells, kept, values, state, new, zero, orders, fewer)
