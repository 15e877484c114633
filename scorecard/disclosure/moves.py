"""Moves away from a known solution: each leads to a solution, so what it reaches is a range that no attacker can exclude.

One program that is asked for many ranges at once proves most of them; the next one starts from where it ended.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DUAL, PRIMAL = 1, 4  # the solver's numbers for the two ways of the simplex method
REFINED = 3  # rounds of telling the numbers of a cell apart


@dataclass(frozen=True)
class Moves:
    """Which moves are allowed. ``equations`` must stay what they are, ``limits`` may grow by ``slack``; ``down`` and ``up``: how far
    each unknown may move alone. One column an unknown."""

    equations: Any
    limits: Any
    slack: Floats
    down: Floats
    up: Floats

    def farthest(self, aim: Floats) -> Floats | None:
        """The move that goes farthest in the direction ``aim`` (one factor an unknown); None where the program finds nothing."""
        everyone = np.arange(len(aim), dtype=np.int32)
        solver = self._solver
        solver.changeColsCost(len(aim), everyone, -aim)
        solver.run()
        solver.setOptionValue("simplex_strategy", PRIMAL)  # from one solution to the next
        solved = solver.getModelStatus() == _highs().HighsModelStatus.kOptimal
        return np.asarray(solver.getSolution().col_value) if solved else None

    @cached_property
    def _solver(self) -> Any:
        """A solver that holds the moves: asked for one unknown after the other it starts from where it stands."""
        highs = _highs()
        rows = sparse.vstack([self.equations, self.limits], format="csc")
        model = highs.HighsLp()
        model.num_row_, model.num_col_ = rows.shape
        model.col_cost_ = np.zeros(rows.shape[1])
        model.col_lower_, model.col_upper_ = self.down, self.up
        model.row_lower_ = np.r_[np.zeros(self.equations.shape[0]), np.full(len(self.slack), -np.inf)]
        model.row_upper_ = np.r_[np.zeros(self.equations.shape[0]), self.slack]
        model.a_matrix_.format_ = highs.MatrixFormat.kColwise
        model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = rows.indptr, rows.indices, rows.data
        solver = highs.Highs()
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("threads", 1)
        solver.setOptionValue("solver", "simplex")
        solver.setOptionValue("presolve", "off")
        solver.setOptionValue("simplex_strategy", DUAL)  # to the first one
        solver.passModel(model)
        return solver


def _highs() -> Any:
    import highspy

    return highspy


def distinct(matrix: Any) -> Any:
    """The different rows of a sparse matrix that are not empty."""
    matrix = matrix.tocsr()
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    seen: dict[tuple[bytes, bytes], int] = {}
    for row in range(matrix.shape[0]):
        part = slice(matrix.indptr[row], matrix.indptr[row + 1])
        if part.start != part.stop:
            seen.setdefault((matrix.indices[part].tobytes(), matrix.data[part].tobytes()), row)
    return matrix[sorted(seen.values())]


def alike(equations: Any, limits: Any, cut: Floats, low: Floats, high: Floats) -> Ints:
    """For each unknown a number; unknowns of the same number can change places, so that the range of one is that of all.

    Unknowns that limits tie together (the numbers of one cell) go together. Two such bundles can change places when each number of the
    one stands in the same equations, between the same bounds and in the same limits as its counterpart in the other.
    """
    count = len(low)
    by_column = equations.tocsc()
    by_column.sort_indices()
    rows = limits.tocsr()
    links = abs(rows.T) @ abs(rows)
    bundle = connected_components(links, directed=False)[1] if rows.shape[0] else np.arange(count)
    own_rows: dict[int, list[int]] = {}
    for row in range(rows.shape[0]):
        if rows.indptr[row] < rows.indptr[row + 1]:
            own_rows.setdefault(int(bundle[rows.indices[rows.indptr[row]]]), []).append(row)
    members: dict[int, list[int]] = {}
    for column, number in enumerate(bundle.tolist()):
        members.setdefault(number, []).append(column)
    classes: dict[Any, int] = {}
    found = np.zeros(count, dtype=np.int64)
    for number, columns in members.items():
        marks: dict[int, Any] = {}
        for column in columns:
            part = slice(by_column.indptr[column], by_column.indptr[column + 1])
            sums = by_column.indices[part].tobytes(), by_column.data[part].tobytes()
            marks[column] = hash((*sums, float(low[column]), float(high[column])))
        tied = []
        for row in own_rows.get(number, ()):
            part = slice(rows.indptr[row], rows.indptr[row + 1])
            tied.append((float(cut[row]), dict(zip(rows.indices[part].tolist(), rows.data[part].tolist(), strict=True))))
        for _ in range(REFINED):  # what a number is tied to tells it from others that stand in the same sums
            told = {
                column: sorted(
                    (limit, inside[column], sorted((factor, marks[other]) for other, factor in inside.items()))
                    for limit, inside in tied
                    if column in inside
                )
                for column in columns
            }
            marks = {column: hash((marks[column], str(told[column]))) for column in columns}
        order = sorted(columns, key=lambda column: marks[column])
        signature: Any = number  # of a kind of its own, unless its numbers can be told apart
        if len(set(marks.values())) == len(columns):
            place = {column: position for position, column in enumerate(order)}
            ties = sorted((limit, sorted((place[column], factor) for column, factor in inside.items())) for limit, inside in tied)
            signature = tuple(marks[column] for column in order), str(ties)
        for position, column in enumerate(order):
            found[column] = classes.setdefault((signature, position), len(classes))
    return found
