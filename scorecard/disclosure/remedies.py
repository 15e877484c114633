"""Which shown cells make a hidden number safe: the cheapest change of theirs that lets it move as far as it must. Pure.

What is known stays known only of cells that are shown. So a way of moving the number in which some shown cells take part, all sums kept,
says which of these must be hidden, all at once (J. P. Kelly, B. L. Golden, A. A. Assad, Networks 22 (1992) 397: the linear relaxation).
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import linprog
from scipy.sparse.csgraph import connected_components

from scorecard.disclosure.bounds import Flags, Floats, Ints
from scorecard.disclosure.cells import Equations

LEAST_MOVE = 1e-6


@dataclass(frozen=True)
class Room:
    """One quantity of all cells. ``down``, ``up``: how far each may move, 0 of what is fixed; ``price``: of moving a shown cell by one, 0
    of a hidden one. ``kept``: the sums that hold; ``rest_down``, ``rest_up``: how far what each leaves over may move."""

    sums: Equations
    down: Floats
    up: Floats
    price: Floats
    kept: Flags
    rest_down: Floats
    rest_up: Floats

    def cells(self, target: int, least: float, most: float) -> list[int]:
        """Shown cells that must be hidden so that the target can move by ``least`` (down) or else by ``most`` (up) from where it stands,
        whichever is cheaper; empty where no way is found."""
        found = [way for move in (least, most) if (way := self._way(target, move)) is not None]
        return min(found, key=lambda way: way[0])[1] if found else []

    def _way(self, target: int, move: float) -> tuple[float, list[int]] | None:
        if not self.down[target] - LEAST_MOVE <= move <= self.up[target] + LEAST_MOVE:
            return None
        cells, equations = self._near(target)
        place = np.full(len(self.down), -1, dtype=np.int64)
        place[cells] = np.arange(len(cells))
        row = np.full(self.sums.count, -1, dtype=np.int64)
        row[equations] = np.arange(len(equations))
        entry = (row[self.sums.equation] >= 0) & (place[self.sums.cell] >= 0)
        shape = len(equations), len(cells)
        matrix = sparse.csc_matrix((self.sums.factor[entry], (row[self.sums.equation[entry]], place[self.sums.cell[entry]])), shape=shape)
        rest = np.flatnonzero(self.rest_up[equations] > self.rest_down[equations])
        left = sparse.csc_matrix((np.ones(len(rest)), (rest, np.arange(len(rest)))), shape=(len(equations), len(rest)))
        shown = np.flatnonzero(self.price[cells] > 0)
        # of a shown cell up and down are two unknowns, so that both cost
        columns = sparse.hstack([matrix, left, -matrix[:, shown]], format="csc")
        down, up = self.down[cells].copy(), self.up[cells].copy()
        down[shown] = 0.0
        down[place[target]] = up[place[target]] = move
        low = np.concatenate([down, self.rest_down[equations][rest], np.zeros(len(shown))])
        high = np.concatenate([up, self.rest_up[equations][rest], -self.down[cells][shown]])
        price = np.concatenate([self.price[cells], np.zeros(len(rest)), self.price[cells][shown]])
        found = linprog(price, A_eq=columns, b_eq=np.zeros(len(equations)), bounds=np.column_stack([low, high]), method="highs")
        if found.status != 0:
            return None
        moved = np.abs(found.x[shown] - found.x[-len(shown) :]) if len(shown) else np.zeros(0)
        return float(found.fun), cells[shown[moved > LEAST_MOVE]].tolist()

    def _near(self, target: int) -> tuple[Ints, Ints]:
        """The cells that can move together with the target, and their sums."""
        sums, count = self.sums, len(self.down)
        entry = self.kept[sums.equation] & (self.up > self.down)[sums.cell]
        links = sparse.coo_matrix(
            (np.ones(entry.sum()), (sums.cell[entry], count + sums.equation[entry])), shape=(count + sums.count, count + sums.count)
        )
        labels = connected_components(links, directed=False)[1]
        mine = labels == labels[target]
        return np.flatnonzero(mine[:count]), np.flatnonzero(mine[count:] & self.kept)
