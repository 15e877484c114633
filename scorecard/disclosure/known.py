"""What is known of hidden numbers from outside, and which of them are too well known."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from scorecard.disclosure.bounds import Floats, Ints, Problem
from scorecard.disclosure.primary import Flags


class Weak(NamedTuple):
    """A number that is too well known, the sums that give it away, and cells that would make it safe."""

    name: int
    sums: Ints
    remedy: Sequence[int] = ()


@dataclass(frozen=True)
class Known:
    """A problem, with the names of its unknowns (cell, or equation behind all cells, times quantities plus quantity), the range that
    each must keep, the equation and quantity of each row, and which numbers are unknown."""

    problem: Problem
    names: Ints
    need: Floats
    rows: Ints
    unknown: Flags
