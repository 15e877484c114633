"""What can be computed about unknown counts from sums that are known: bounds by propagation and by linear programming."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog
from scipy.sparse.csgraph import connected_components

from scorecard.disclosure.moves import Moves, alike, distinct

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

ENDLESS = 1e7  # more answers than a country gives in a month: stands for "no upper bound" in linear programs
MARGIN = 1e-6
PATIENCE = 3  # linear programs for many ranges at once that bring nothing, before each range is asked for on its own
PASSES = 60
EVERYTHING = 2**62


@dataclass(frozen=True)
class Problem:
    """Unknown counts between ``low`` and ``high``, of which linear sums are known.

    ``row``, ``column``, ``factor``: entries of the equations, whose right sides are ``right``. ``less``, ``more``: pairs of unknowns
    of which the first is at most the second. ``cut_row``, ``cut_column``, ``cut_factor``: entries of further sums, at most ``cut``.

    ``extra``: equations that follow from others. ``point``: one solution as far as it is known, else NaN. ``lead``: for each unknown
    the one that it is likely to go along with (a cleaned number with the raw one), or -1. All three only save work.
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
    extra: Flags
    point: Floats
    lead: Ints

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


def propagate(problem: Problem, need: Floats) -> tuple[Ints, Ints]:
    """Apply every equation to the bounds of its members, again and again, until some unknown's range is narrower than it must be.

    Returns these unknowns with, for each, the row of an equation that narrows it (columns, rows; an unknown may come several times);
    empty where bounds settle before. No attacker who computes rightly gets wider bounds, but one who solves all equations together
    may get narrower ones.
    """
    low, high = problem.low.copy(), problem.high.copy()
    nothing = np.zeros(0, dtype=np.int64)
    for _ in range(PASSES):
        before = low.copy(), high.copy()
        bottom, top = implied(problem, low, high)
        bottom, top = np.ceil(bottom - MARGIN), np.floor(top + MARGIN)
        np.maximum.at(low, problem.column, bottom)
        np.minimum.at(high, problem.column, top)
        narrow = (need > 0) & (high - low < need)
        if narrow.any():
            binding = narrow[problem.column] & (
                ((bottom >= low[problem.column]) & (bottom > before[0][problem.column]))
                | ((top <= high[problem.column]) & (top < before[1][problem.column]))
            )
            if binding.any():
                return problem.column[binding], problem.row[binding]
        np.minimum.at(high, problem.less, high[problem.more])
        np.maximum.at(low, problem.more, low[problem.less])
        narrow = (need > 0) & (high - low < need)
        if narrow.any():
            mine = narrow[problem.column]
            return problem.column[mine], problem.row[mine]
        if np.array_equal(before[0], low) and np.array_equal(before[1], high):
            break
    return nothing, nothing


@dataclass
class Finding:
    """An unknown that is too well known, and the equations (their rows) that say so."""

    column: int
    low: float
    high: float
    rows: Ints


class ContradictionError(ValueError):
    """The known sums cannot all hold. ``columns``: the unknowns that they are about."""

    def __init__(self, columns: Ints) -> None:
        super().__init__("the known sums contradict each other")
        self.columns = columns


@dataclass
class Seen:
    """What solutions have shown of each number, by name: from where to where it ranged, and where it stands in one of them.

    Hiding a further cell takes no solution away (the cell's true numbers belong to each), nor does giving up an assumption: what was
    seen once holds for all later problems of the same counts.
    """

    low: Floats
    high: Floats
    point: Floats

    @classmethod
    def nothing(cls, count: int) -> "Seen":
        """For ``count`` names, before any solution."""
        return cls(np.full(count, np.inf), np.full(count, -np.inf), np.full(count, np.nan))

    def copy(self) -> "Seen":
        """The same, to be added to apart: for a problem that knows less, whose solutions are none of this one's."""
        return Seen(self.low.copy(), self.high.copy(), self.point.copy())


def audit(problem: Problem, need: Floats, names: Ints, seen: Seen, most: int = EVERYTHING) -> list[Finding]:
    """Unknowns whose range is narrower than ``need`` (0: not asked for), by linear programming, component by component.

    ``names``: what each unknown is, in whatever problem it occurs; ``seen``: what earlier audits have shown, to which this one adds.
    ``most``: how many are told of a component; what mends one often mends others, and each costs two programs.
    Raises ``ContradictionError`` where the known sums cannot all hold.
    """
    open_ = (need > 0) & ~(_width(seen.low[names], seen.high[names]) >= need)
    labels = problem.components()
    row_label = np.full(len(problem.right), -1, dtype=np.int64)
    row_label[problem.row] = labels[problem.column]
    row_label[problem.extra] = -1
    cut_label = np.full(len(problem.cut), -1, dtype=np.int64)
    cut_label[problem.cut_row] = labels[problem.cut_column]
    rows_of, cuts_of, pairs_of = _grouped(row_label), _grouped(cut_label), _grouped(labels[problem.less])
    whole = _Matrices.of(problem)
    findings: list[Finding] = []
    nothing = np.zeros(0, dtype=np.int64)
    for label, columns in _grouped(labels).items():
        if not open_[columns].any():
            continue
        rows, cuts, pairs = (group.get(label, nothing) for group in (rows_of, cuts_of, pairs_of))
        findings += _Part(problem, whole, columns, rows, cuts, pairs, need[columns]).narrow(seen, names[columns], most)
    return findings


def _width(low: Floats, high: Floats) -> Floats:
    """How many whole numbers further the highest is than the lowest; negative infinity where none was seen."""
    return np.asarray(np.floor(high + MARGIN) - np.ceil(low - MARGIN))


def _grouped(labels: Ints) -> dict[int, Ints]:
    """Positions by label; -1 belongs nowhere."""
    order = np.argsort(labels, kind="stable")
    edges = np.flatnonzero(np.diff(labels[order])) + 1
    return {int(labels[group[0]]): group for group in np.split(order, edges) if len(group) and labels[group[0]] >= 0}


@dataclass(frozen=True)
class _Matrices:
    """The whole problem's equations, orders and cuts as sparse matrices."""

    equations: Any
    orders: Any
    cuts: Any

    @classmethod
    def of(cls, problem: Problem) -> "_Matrices":
        count, pairs = len(problem.low), np.arange(len(problem.less))
        signs = np.r_[np.ones(len(pairs)), -np.ones(len(pairs))]
        return cls(
            sparse.csr_matrix((problem.factor, (problem.row, problem.column)), shape=(len(problem.right), count)),
            sparse.csr_matrix((signs, (np.r_[pairs, pairs], np.r_[problem.less, problem.more])), shape=(len(pairs), count)),
            sparse.csr_matrix((problem.cut_factor, (problem.cut_row, problem.cut_column)), shape=(len(problem.cut), count)),
        )


class _Part:
    """One component. What solutions have shown of each unknown is kept: whatever was aimed at, they tell of all."""

    def __init__(self, problem: Problem, whole: _Matrices, columns: Ints, rows: Ints, cuts: Ints, pairs: Ints, need: Floats) -> None:
        self.columns, self.rows, self.need = columns, rows, need
        self.low, self.high = problem.low[columns], np.minimum(problem.high[columns], ENDLESS)
        self.equations, self.right = whole.equations[rows][:, columns], problem.right[rows]
        self.limits = sparse.vstack([whole.orders[pairs][:, columns], whole.cuts[cuts][:, columns]], format="csr")
        self.cut = np.r_[np.zeros(len(pairs)), problem.cut[cuts]]
        place = np.full(len(problem.low), -1, dtype=np.int64)
        place[columns] = np.arange(len(columns))
        lead = np.where(problem.lead[columns] >= 0, place[problem.lead[columns]], -1)  # the raw number of a category is no unknown
        self.lead = np.where(lead >= 0, lead, np.arange(len(columns)))
        self.point = problem.point[columns]
        self.alike = alike(self.equations, self.limits, self.cut, self.low, self.high)
        classes = int(self.alike.max()) + 1
        self._class_low, self._class_high = np.full(classes, np.inf), np.full(classes, -np.inf)

    def narrow(self, seen: Seen, names: Ints, most: int) -> list[Finding]:
        """At most ``most`` unknowns that cannot range as widely as they must. Begins with what was ``seen`` of them, and adds to it."""
        np.minimum.at(self._class_low, self.alike, seen.low[names])
        np.maximum.at(self._class_high, self.alike, seen.high[names])
        self.point = np.where(np.isnan(self.point), seen.point[names], self.point)
        self._start()
        seen.point[names] = self.point
        found = self._too_well_known(most) if len(self._open()) else []
        seen.low[names], seen.high[names] = self.seen_low, self.seen_high
        return found

    def _start(self) -> None:
        """Find a solution to start from: the true numbers, where all are known."""
        if not np.isnan(self.point).any():
            self._see(self.point)
            return
        chance = np.random.default_rng(len(self.columns))  # any aim is as good as another; the same ones each time
        aim = chance.choice([-1.0, 1.0], len(self.columns))
        known = ~np.isnan(self.point)
        ends = np.where(known, self.point, self.low), np.where(known, self.point, self.high)
        self.point = (self._solve(aim, ends).x + self._solve(-aim, ends).x) / 2

    def _too_well_known(self, most: int) -> list[Finding]:
        """Those of which the range is still not seen to be wide enough, each measured on its own."""
        for follow in (np.unique(self.lead, return_inverse=True)[1], np.arange(len(self.lead))):
            self._widen(follow)
        findings: list[Finding] = []
        # What follows a number that is too well known, or is its like, is looked at when that has been mended.
        given_up: set[int] = set()
        alike: set[int] = set()
        for target in self._open():
            if len(findings) == most:
                break
            if self._wide(target) or int(self.lead[target]) in given_up or int(self.alike[target]) in alike:
                continue
            aim = np.zeros(len(self.columns))
            aim[target] = 1.0
            least = self._solve(aim)
            greatest = None if self._wide(target) else self._solve(-aim)
            if greatest is not None and not self._wide(target):
                given_up.add(int(self.lead[target]))
                alike.add(int(self.alike[target]))
                binding = (np.abs(least.eqlin.marginals) > MARGIN) | (np.abs(greatest.eqlin.marginals) > MARGIN)
                findings.append(Finding(int(self.columns[target]), float(least.fun), float(-greatest.fun), self.rows[binding]))
        return findings

    def _see(self, solution: Floats) -> None:
        """Keep what a solution shows: of each unknown, and so of all that could change places with it."""
        np.minimum.at(self._class_low, self.alike, solution)
        np.maximum.at(self._class_high, self.alike, solution)
        self.seen_low, self.seen_high = self._class_low[self.alike], self._class_high[self.alike]

    def _open(self) -> Ints:
        """Those whose range is not seen to be wide enough yet."""
        return np.flatnonzero((self.need > 0) & ~(_width(self.seen_low, self.seen_high) >= self.need))

    def _wide(self, target: int) -> bool:
        """Whether one unknown's range is seen to be wide enough."""
        return bool(_width(self.seen_low[target], self.seen_high[target]) >= self.need[target])

    def _solve(self, aim: Floats, ends: tuple[Floats, Floats] | None = None) -> Any:
        """Minimise over all solutions, or over those between ``ends``."""
        bounds = np.column_stack(ends or (self.low, self.high))
        found = linprog(aim, A_ub=self.limits, b_ub=self.cut, A_eq=self.equations, b_eq=self.right, bounds=bounds, method="highs")
        if found.status != 0:
            raise ContradictionError(self.columns)
        self._see(found.x)
        return found

    def _widen(self, follow: Ints) -> None:
        """Move away from a known solution to others. First with followers that go along with their leads: far fewer unknowns, and
        whatever is found is a solution of the whole; then each on its own, for those that cannot follow. Many unknowns at once, until
        a few moves bring nothing more: each goes up or down by chance, since where a sum is known some rise only if others fall."""
        moves = self._moves(follow)
        chance, stale = np.random.default_rng(len(follow)), 0
        while stale < PATIENCE and len(open_ := self._open()):
            moving = np.unique(follow[open_])
            aim = np.zeros(len(moves.down))
            aim[moving] = chance.choice([-1.0, 1.0], len(moving))
            found = moves.farthest(aim)
            if found is None:
                break
            self._see(self.point + found[follow])
            stale = stale + 1 if len(self._open()) == len(open_) else 0

    def _moves(self, follow: Ints) -> Moves:
        """Which moves the known solution allows; followers move as their leads."""
        count = int(follow.max()) + 1
        along = sparse.csr_matrix((np.ones(len(follow)), (np.arange(len(follow)), follow)), shape=(len(follow), count))
        down, up = np.full(count, -np.inf), np.full(count, np.inf)
        np.maximum.at(down, follow, np.minimum(self.low - self.point, 0))
        np.minimum.at(up, follow, np.maximum(self.high - self.point, 0))
        limits = (self.limits @ along).tocsr()
        slack = np.maximum(self.cut - self.limits @ self.point, 0)
        used = np.diff(limits.indptr) > 0
        return Moves(distinct(self.equations @ along), limits[used], slack[used], down, up)
