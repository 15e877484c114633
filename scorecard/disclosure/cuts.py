"""Further sums that are at most what they are: raw and cleaned numbers of one cell bound each other. Pure."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Cuts:
    """Sums of four numbers with an upper limit, being collected."""

    def __init__(self) -> None:
        self.row: list[int] = []
        self.column: list[int] = []
        self.factor: list[float] = []
        self.right: list[float] = []

    def add(self, open_: Flags, value: Floats, ids: Ints, column: Ints, four: tuple[int, int, int, int], rest: bool) -> None:
        """a − b ≤ c − d for each line of a block."""
        factors = np.array([1.0, -1.0, -1.0, 1.0])
        known = np.where(open_, 0.0, value)[:, four]
        lines = open_[:, four].any(axis=1) & ~np.isnan(known).any(axis=1)
        if rest:
            lines &= (value[:, four] @ factors) <= 0
        for line in np.flatnonzero(lines):
            for quantity, factor in zip(four, factors, strict=True):
                if open_[line, quantity]:
                    self.row.append(len(self.right))
                    self.column.append(int(column[ids[line, quantity]]))
                    self.factor.append(float(factor))
            self.right.append(float(-(known[line] @ factors)))
