"""Which cells are hidden for themselves: too few answers, or all alike. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scorecard.disclosure.counts import Counts

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Needs:
    """``least``: answers of a shown cell. ``answers``, ``counted``: how wide the range of a hidden number must stay."""

    least: int
    answers: int
    counted: int


def primary(counts: Counts, needs: Needs) -> Flags:
    """New cells that rest on too few answers, or in which all gave the same one."""
    hidden = np.zeros(len(counts.cells), dtype=bool)
    for column in counts.columns("answers"):
        answers = counts.values[:, column]
        hidden |= answers < needs.least
        counted = counts.counted_of(column)
        if counted is not None:
            hidden |= same_answer(counts, column, answers, counts.values[:, counted])
    return hidden & counts.new & ~counts.zero


def same_answer(counts: Counts, column: int, answers: NDArray[np.float64], counted: NDArray[np.float64]) -> Flags:
    """Where all gave the same answer."""
    same = counts.quantities[column].same
    if same == "never":
        return np.zeros(len(answers), dtype=bool)
    return np.asarray((counted == answers) | ((counted == 0) & (same == "both")))


def few_answers(counts: Counts, least: int) -> Flags:
    """Whether a hidden cell says that it holds too few answers: where its largest count of answers is below the limit.

    One word for the whole cell: of a cell with ten answers and nine cleaned ones, two words would tell both numbers.
    """
    return np.asarray(np.nan_to_num(counts.values[:, counts.columns("answers")], nan=0.0).max(axis=1, initial=0.0) < least)
