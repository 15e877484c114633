"""What can be computed about unknown counts from sums that are known: bounds by propagation and by linear programming."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog
from scipy.sparse.csgraph import connected_components

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ENDLESS = 1e7  # more answers than a country gives in a month: stands for "no upper bound" in linear programs
MARGIN = 1e-6
SAMPLES = 4  # pairs of linear programs that look for the ranges of all counts at once, before any is asked for on its own
PASSES = 60


@dataclass(frozen=True)
class Problem:
    """Unknown counts between ``low`` and ``high``, of which linear sums are known.

    ``row``, ``column``, ``factor``: entries of the equations, whose right sides are ``right``. ``less``, ``more``: pairs of unknowns
    of which the first is at most the second. ``cut_row``, ``cut_column``, ``cut_factor``: entries of further sums, at most ``cut``.
    """

    low: Floats
    high: Floats
    row: Ints
    column: Ints
    factor: Floats
    right: Floats
    less: Ints
    more: Ints
    cut_row: Ints
    cut_column: Ints
    cut_factor: Floats
    cut: Floats

    def components(self) -> Ints:
        """A number for each unknown; unknowns of different numbers say nothing about each other."""
        count = len(self.low)
        if not count:
            return np.zeros(0, dtype=np.int64)
        anchor = np.zeros(len(self.right), dtype=np.int64)
        anchor[self.row[::-1]] = self.column[::-1]  # the first unknown of each equation
        cuts = np.zeros(len(self.cut), dtype=np.int64)
        cuts[self.cut_row[::-1]] = self.cut_column[::-1]
        one = np.concatenate([self.column, self.less, self.cut_column])
        other = np.concatenate([anchor[self.row], self.more, cuts[self.cut_row]])
        links = sparse.coo_matrix((np.ones(len(one)), (one, other)), shape=(count, count))
        return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)


def implied(problem: Problem, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """What each equation says of each of its unknowns when the others lie between their bounds: (least, greatest) by entry."""
    factor, row = problem.factor, problem.row
    least = np.where(factor > 0, factor * low[problem.column], factor * high[problem.column])
    most = np.where(factor > 0, factor * high[problem.column], factor * low[problem.column])

    def others(part: Floats, missing: float) -> Floats:
        endless = np.isinf(part)
        finite = np.where(endless, 0.0, part)
        total = np.bincount(row, finite, len(problem.right))[row] - finite
        unbounded = np.bincount(row, endless, len(problem.right))[row] - endless
        return np.where(unbounded > 0, missing, total)

    top = problem.right[row] - others(least, -np.inf)
    bottom = problem.right[row] - others(most, np.inf)
    return np.where(factor > 0, bottom, -top), np.where(factor > 0, top, -bottom)


def propagate(problem: Problem) -> tuple[Floats, Floats]:
    """Bounds of each unknown after every equation has been applied to the bounds of its members, again and again.

    No attacker who computes rightly gets wider bounds; one who solves all equations together may get narrower ones.
    """
    low, high = problem.low.copy(), problem.high.copy()
    for _ in range(PASSES):
        before = low.copy(), high.copy()
        bottom, top = implied(problem, low, high)
        np.maximum.at(low, problem.column, np.ceil(bottom - MARGIN))
        np.minimum.at(high, problem.column, np.floor(top + MARGIN))
        np.minimum.at(high, problem.less, high[problem.more])
        np.maximum.at(low, problem.more, low[problem.less])
        if np.array_equal(before[0], low) and np.array_equal(before[1], high):
            break
    return low, high


@dataclass
class Finding:
    """An unknown that is too well known, and the equations (their rows) that say so."""

    column: int
    low: float
    high: float
    rows: Ints


@dataclass
class _Part:
    """One component as a linear program."""

    problem: Problem
    columns: Ints
    rows: Ints
    equations: Any
    inequalities: Any
    cut: Floats
    bounds: Floats
    seen_low: Floats = field(init=False)
    seen_high: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.seen_low = np.full(len(self.columns), np.inf)
        self.seen_high = np.full(len(self.columns), -np.inf)

    def solve(self, aim: Floats) -> Any:
        """Minimise; whatever the solution is, it shows what each unknown can be."""
        found = linprog(
            aim,
            A_ub=self.inequalities,
            b_ub=self.cut if self.inequalities is not None else None,
            A_eq=self.equations,
            b_eq=self.problem.right[self.rows] if self.equations is not None else None,
            bounds=self.bounds,
            method="highs",
        )
        if found.status != 0:
            raise ContradictionError(self.columns)
        self.seen_low = np.minimum(self.seen_low, found.x)
        self.seen_high = np.maximum(self.seen_high, found.x)
        return found

    def open(self, targets: Ints, need: Floats) -> Ints:
        """Those whose range is not seen to be wide enough yet."""
        width = np.floor(self.seen_high[targets] + MARGIN) - np.ceil(self.seen_low[targets] - MARGIN)
        return targets[~(width >= need[targets])]


class ContradictionError(ValueError):
    """The known sums cannot all hold. ``columns``: the unknowns that they are about."""

    def __init__(self, columns: Ints) -> None:
        super().__init__("the known sums contradict each other")
        self.columns = columns


def audit(problem: Problem, need: Floats, names: Ints, passed: set[bytes]) -> list[Finding]:
    """Unknowns whose range is narrower than ``need`` (0: not asked for), by linear programming, component by component.

    ``names``: what each unknown is, in whatever problem it occurs; ``passed``: components found safe, which are not looked at again.
    Raises ``ContradictionError`` where the known sums cannot all hold.
    """
    wanted = need > 0
    labels = problem.components()
    findings: list[Finding] = []
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(labels[order]) > 0])
    row_label = np.full(len(problem.right), -1, dtype=np.int64)
    row_label[problem.row] = labels[problem.column]
    cut_label = np.full(len(problem.cut), -1, dtype=np.int64)
    cut_label[problem.cut_row] = labels[problem.cut_column]
    rows_of, cuts_of, pairs_of = _grouped(row_label), _grouped(cut_label), _grouped(labels[problem.less])
    matrix = sparse.csr_matrix((problem.factor, (problem.row, problem.column)), shape=(len(problem.right), len(labels)))
    cuts = sparse.csr_matrix((problem.cut_factor, (problem.cut_row, problem.cut_column)), shape=(len(problem.cut), len(labels)))
    for columns in np.split(order, starts[1:]):
        columns = np.sort(columns)
        if not wanted[columns].any():
            continue
        label = int(labels[columns[0]])
        nothing = np.zeros(0, dtype=np.int64)
        rows, cut_rows, pairs = (group.get(label, nothing) for group in (rows_of, cuts_of, pairs_of))
        ends = (problem.low[columns], problem.high[columns], problem.right[rows], problem.cut[cut_rows], need[columns])
        mark = b"".join([names[columns].tobytes(), *(part.tobytes() for part in ends)])
        if mark in passed:
            continue
        found = _audit_part(problem, matrix, cuts, columns, rows, cut_rows, pairs, need)
        if not found:
            passed.add(mark)
        findings += found
    return findings


def _grouped(labels: Ints) -> dict[int, Ints]:
    """Positions by label; -1 belongs nowhere."""
    order = np.argsort(labels, kind="stable")
    edges = np.flatnonzero(np.diff(labels[order])) + 1
    return {int(labels[group[0]]): np.sort(group) for group in np.split(order, edges) if len(group) and labels[group[0]] >= 0}


def _audit_part(
    problem: Problem, matrix: Any, cuts: Any, columns: Ints, rows: Ints, cut_rows: Ints, pairs: Ints, need: Floats
) -> list[Finding]:
    place = np.full(len(need), -1, dtype=np.int64)
    place[columns] = np.arange(len(columns))
    ordered = sparse.csr_matrix(
        (
            np.r_[np.ones(len(pairs)), -np.ones(len(pairs))],
            (np.r_[np.arange(len(pairs)), np.arange(len(pairs))], np.r_[place[problem.less[pairs]], place[problem.more[pairs]]]),
        ),
        shape=(len(pairs), len(columns)),
    )
    inequalities = sparse.vstack([ordered, cuts[cut_rows][:, columns]], format="csr") if len(pairs) + len(cut_rows) else None
    part = _Part(
        problem=problem,
        columns=columns,
        rows=rows,
        equations=matrix[rows][:, columns] if len(rows) else None,
        inequalities=inequalities,
        cut=np.r_[np.zeros(len(pairs)), problem.cut[cut_rows]],
        bounds=np.column_stack([problem.low[columns], np.minimum(problem.high[columns], ENDLESS)]),
    )
    mine = need[columns]
    open_ = np.flatnonzero(mine > 0)
    chance = np.random.default_rng(len(columns))  # any objective is as good as another; the same ones each time
    for _ in range(SAMPLES):
        if not len(open_):
            return []
        aim = np.zeros(len(columns))
        aim[open_] = chance.choice([-1.0, 1.0], len(open_)) * (0.5 + chance.random(len(open_)))
        part.solve(aim)
        part.solve(-aim)
        open_ = part.open(open_, mine)
    findings = []
    while len(open_):
        target = int(open_[0])
        aim = np.zeros(len(columns))
        aim[target] = 1.0
        least = part.solve(aim)
        aim[target] = -1.0
        most = part.solve(aim)
        if len(part.open(open_[:1], mine)):
            binding = np.zeros(len(rows), dtype=bool)
            for found in (least, most):
                if part.equations is not None:
                    binding |= np.abs(found.eqlin.marginals) > MARGIN
            findings.append(Finding(int(columns[target]), float(least.fun), float(-most.fun), rows[binding]))
        open_ = part.open(open_[1:], mine)
    return findings
