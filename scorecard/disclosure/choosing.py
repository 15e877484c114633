"""Which new cell is hidden for the sake of a weak sum: the best of it, or else of the sums next to it, for all sums at once. Pure."""

import numpy as np

from scorecard.disclosure.bounds import Ints
from scorecard.disclosure.cells import Equations
from scorecard.disclosure.primary import Flags

NOBODY = -1
FAR = np.iinfo(np.int64).max // 2


def choices(sums: Equations, order: Ints, free: Flags, closed: Flags) -> Ints:
    """For each sum a value that is the smaller the better its choice is: first few steps away, then early in the order.

    ``order``: the entries of the sums, best cells first; ``free``: cells that may be chosen; ``closed``: cells by which one sum leads to
    the next. ``cell_of`` says what a value stands for.
    """
    step = len(order) + 1
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    value = np.full(sums.count, FAR)
    entry = free[sums.cell]
    np.minimum.at(value, sums.equation[entry], rank[entry])
    link = closed[sums.cell]
    equation, cell = sums.equation[link], sums.cell[link]
    while True:
        by_cell = np.full(len(closed), FAR)
        np.minimum.at(by_cell, cell, value[equation])
        nearer = value.copy()
        np.minimum.at(nearer, equation, np.minimum(by_cell[cell] + step, FAR))
        if (nearer == value).all():
            return value
        value = nearer


def cell_of(sums: Equations, order: Ints, value: int) -> int:
    """The cell that a value of ``choices`` stands for, or ``NOBODY``."""
    return NOBODY if value >= FAR else int(sums.cell[order[value % (len(order) + 1)]])
