"""Which further cells are hidden for the sake of hidden ones: a cheap choice first, checked as an attacker would, until all are safe."""

from collections.abc import Collection, Iterable

import numpy as np

from scorecard.disclosure.bounds import ContradictionError, Finding, Floats, Ints, Problem, Seen, audit, propagate
from scorecard.disclosure.cells import Cell, Equations
from scorecard.disclosure.choosing import FAR, NOBODY, cell_of, choices
from scorecard.disclosure.counts import FEW, MANY, MISSING, SHOWN, ZERO, Counts
from scorecard.disclosure.cuts import Cuts
from scorecard.disclosure.known import Known, Weak
from scorecard.disclosure.primary import Flags, Needs, same_answer
from scorecard.disclosure.public import TOTAL
from scorecard.disclosure.remedies import Room
from scorecard.figures import NATION, RAW

FIRST_FINDINGS = 8  # told by the first audit
DEARER = 4.0  # times that hiding a cell just above the limit costs: that it is not below says nearly what it holds


class Protection:
    """The hidden ones among the new cells of one indicator (or the leading one with the rate of response).

    ``hidden`` grows from the first choice to one that is safe: within all sums known from the shown cells, from earlier figures and
    from the limit itself, every hidden number keeps a range. ``few``: cells of which the word says that they hold too few answers;
    ``says_many``: those of which the other word says that they hold enough. ``ceiling``: for each cell a public number that none of
    its numbers can exceed. What the parts of a sum leave over (answers about a unit itself) is protected like a cell. Hidden cells
    must also come to at least ``least`` answers, not all alike, wherever their sum is known.
    """

    def __init__(
        self,
        counts: Counts,
        equations: Equations,
        hidden: Flags,
        needs: Needs,
        few: Flags,
        says_many: Flags,
        ceiling: Floats | None = None,
        exact: Collection[tuple[Cell, str]] = (),
    ) -> None:
        self.counts, self.equations, self.needs = counts, equations, needs
        self.hidden, self.few, self.says_many = hidden.copy(), few, says_many
        self.ceiling = np.full(len(counts.cells), np.inf) if ceiling is None else ceiling
        self.answers = counts.columns("answers")
        self.roles = np.array([quantity.role for quantity in counts.quantities])
        self.largest = np.zeros(len(self.roles), dtype=bool)
        self.largest[counts.largest] = True
        answers = np.nan_to_num(counts.values[:, self.answers], nan=0.0)
        self._size = answers.max(axis=1, initial=0.0)
        past = zip(self._wholes(), equations.names, (equations.own | equations.timed).tolist(), strict=True)
        self.loose = np.array([not told and (whole, name) not in exact for whole, name, told in past], dtype=bool)
        self.headline = np.array(
            [(each.subject_kind, each.breakdown, each.window) == (NATION, TOTAL, 1) for each in counts.cells], dtype=bool
        )
        self._hopeless: set[int] = set()
        self._settle()
        self._most = FIRST_FINDINGS
        self._seen = Seen.nothing(counts.values.size + self.rest.size)
        self._blind = self._problem(np.ones_like(hidden), blind=True)
        self._hopeless |= self._lost_at_once()

    def run(self) -> Flags:
        """Hide until everything hidden is safe, as far as hiding new cells can make it so."""
        while True:
            known = self._problem(self.hidden)
            weak = self._given_away(known) or self._audited(known)
            if not weak:
                return self.hidden
            chosen = self._choose(weak)
            self._hopeless |= {each.name for each, cells in zip(weak, chosen, strict=True) if not cells}
            self.hidden[[cell for cells in chosen for cell in cells]] = True

    def exact(self) -> list[tuple[Cell, str]]:
        """Wholes of which the new parts leave nothing over, with what divides them: who knows the country can know that."""
        sums = self.equations
        nothing = sums.own & ~sums.timed & (self.kept & (self.rest == 0)).all(axis=1)
        return [(whole, name) for whole, name, told in zip(self._wholes(), sums.names, nothing.tolist(), strict=True) if told]

    def _wholes(self) -> list[Cell]:
        """The whole of each sum."""
        sums = self.equations
        first = np.searchsorted(sums.equation, np.arange(sums.count))
        return [self.counts.cells[index] for index in sums.cell[first].tolist()]

    def _settle(self) -> None:
        """Which sums hold, what they leave over, and which new cells would show a few answers by their difference to earlier ones.

        Between new cells the rest is what the counts say. Where earlier cells take part, it is taken to be nothing if that can be:
        that is the most that can be known.
        """
        counts, sums = self.counts, self.equations
        shape = (sums.count, len(counts.quantities))
        self.kept, self.rest = np.zeros(shape, dtype=bool), np.zeros(shape)
        self.has_new = np.zeros(sums.count, dtype=bool)
        self.has_new[sums.equation[counts.new[sums.cell]]] = True
        self.whole = np.zeros(sums.count, dtype=np.int64)
        self.whole[sums.equation[sums.factor < 0]] = sums.cell[sums.factor < 0]
        low, high = self._outside()
        true = ~np.isnan(counts.values)
        low, high = np.where(true, counts.values, low), np.where(true, counts.values, high)
        positive = (sums.factor > 0)[:, None]
        least = sums.added(np.where(positive, low[sums.cell], -high[sums.cell]))
        most = sums.added(np.where(positive, high[sums.cell], -low[sums.cell]))
        gone = sums.added((counts.new[:, None] & (counts.state == MISSING))[sums.cell]) > 0
        own = sums.own[:, None]
        self.rest = np.where(own & ~gone, -most, 0.0)
        raw = np.array([quantity.role == "answers" and quantity.variant == RAW for quantity in counts.quantities])
        if (self.rest[:, raw] < 0).any():
            raise ValueError("a cell holds fewer answers than the cells below it")
        self.kept = ~gone & np.where(own, self.rest >= 0, (least <= 0) & (most >= 0))
        for equation, basis in sums.basis.items():
            self.kept[equation] &= self.kept[list(basis)].all(axis=0)
        # A difference of a few answers to what is public, or of none but in what they said, would tell those few.
        exact = ~own & ~gone & (least == most) & self.has_new[:, None]
        tells = np.zeros(sums.count, dtype=bool)
        for column in self.answers:
            counted = counts.counted_of(column)
            # a unit's raw answers are always the same; where there are none, the cleaned ones may differ by a later decision
            told = exact[:, column] & (True if raw[column] else gone[:, self._raw_of(column)].all(axis=1))
            tells |= told & (most[:, column] != 0) & (np.abs(most[:, column]) < self.needs.least)
            if counted is not None:
                tells |= told & exact[:, counted] & (most[:, column] == 0) & (most[:, counted] != 0)
        for equation in np.flatnonzero(tells).tolist():
            members = sums.cell[sums.equation == equation]
            whole = int(self.whole[equation])
            self.hidden[[whole] if counts.new[whole] else members[counts.new[members]]] = True
        self.fixed = counts.zero.copy()
        pairs = (np.bincount(sums.equation, minlength=sums.count) == 2) & ~sums.own & self.has_new
        for equation in np.flatnonzero(pairs).tolist():
            before, after = sorted(sums.cell[sums.equation == equation].tolist(), key=lambda cell: counts.new[cell])
            same = counts.cells[before]._replace(version=0) == counts.cells[after]._replace(version=0)
            there = (counts.state[[before, after]] != MISSING).any(axis=0)  # a category has no raw answers in any version
            if same and self.kept[equation][there].all() and (counts.state[before] == SHOWN).any() and not tells[equation]:
                self.fixed[after] = True  # it is public already

    def _raw_of(self, column: int) -> list[int]:
        """The columns of raw answers to the same question."""
        quantities = self.counts.quantities
        return [
            other
            for other in self.answers
            if (quantities[other].indicator, quantities[other].variant) == (quantities[column].indicator, RAW)
        ]

    def _outside(self) -> tuple[Floats, Floats]:
        """Bounds of numbers that are not public, as far as they follow from their being hidden."""
        state, limited = self.counts.state, self.roles == "answers"
        low = np.where((state == MANY) & self.largest & self.says_many[:, None], float(self.needs.least), 0.0)
        return low, np.where((state == FEW) & limited, float(self.needs.least - 1), np.inf)

    def _problem(self, hidden: Flags, blind: bool = False) -> Known:
        """What is known from outside when these new cells are hidden. ``blind``: from the earlier figures alone."""
        counts, sums, least = self.counts, self.equations, self.needs.least
        new = counts.new[:, None]
        there = counts.state != MISSING
        unknown = np.where(new, (hidden & ~counts.zero)[:, None] & there, (counts.state != SHOWN) & (counts.state != ZERO))
        low, high = self._outside()
        if not blind:
            few = self.few[:, None]
            low = np.where(new & ~few & self.largest & self.says_many[:, None], float(least), low)
            high = np.where(new & few & (self.roles == "answers"), float(least - 1), high)
            high = np.minimum(high, np.where(new, self.ceiling[:, None], np.inf))
        left = self.kept & ((self.rest > 0) | self.loose[:, None])
        names = np.flatnonzero(np.concatenate([unknown.ravel(), left.ravel()]))
        column = np.full(unknown.size + left.size, -1, dtype=np.int64)
        column[names] = np.arange(len(names))
        low = np.concatenate([low.ravel(), np.zeros(left.size)])
        high = np.concatenate([high.ravel(), np.full(left.size, np.inf)])
        width = unknown.shape[1]

        entry_kept = self.kept[sums.equation]
        entry_unknown = unknown[sums.cell]
        values = np.where(entry_kept & ~entry_unknown, np.nan_to_num(counts.values)[sums.cell], 0.0)
        right = -sums.added(values * sums.factor[:, None])
        entries, quantity = np.nonzero(entry_kept & entry_unknown)
        rest_equation, rest_quantity = np.nonzero(left)
        row = np.concatenate([sums.equation[entries] * width + quantity, rest_equation * width + rest_quantity])
        columns = np.concatenate(
            [column[sums.cell[entries] * width + quantity], column[unknown.size + rest_equation * width + rest_quantity]]
        )
        factor = np.concatenate([sums.factor[entries], np.ones(len(rest_equation))])
        rows, row = np.unique(row, return_inverse=True)

        less, more, cut = [], [], Cuts()
        blocks = ((unknown, counts.values, 0), (left, np.where(self.kept & sums.own[:, None], self.rest, np.nan), unknown.size))
        for open_, value, start in blocks:
            ids = start + np.arange(open_.size).reshape(open_.shape)
            for one, other in counts.orders:
                both = open_[:, one] & open_[:, other]
                if start:  # what is left over need not follow the order of the cells
                    both &= value[:, one] <= value[:, other]
                less.append(column[ids[both, one]])
                more.append(column[ids[both, other]])
                if not start:
                    above = open_[:, one] & ~open_[:, other] & ~np.isnan(value[:, other])
                    high[ids[above, one]] = np.minimum(high[ids[above, one]], value[above, other])
                    below = ~open_[:, one] & open_[:, other] & ~np.isnan(value[:, one])
                    low[ids[below, other]] = np.maximum(low[ids[below, other]], value[below, one])
            for four in counts.fewer:
                cut.add(open_, value, ids, column, four, rest=bool(start))
        left_over = np.where(self.loose[:, None], np.nan, self.rest)
        point = np.concatenate([np.where(new, counts.values, np.nan).ravel(), left_over.ravel()])
        problem = Problem(
            low=low[names],
            high=high[names],
            row=row.astype(np.int64),
            column=columns,
            factor=factor,
            right=right.ravel()[rows],
            less=np.concatenate([*less, np.zeros(0, dtype=np.int64)]),
            more=np.concatenate([*more, np.zeros(0, dtype=np.int64)]),
            cut_row=np.array(cut.row, dtype=np.int64),
            cut_column=np.array(cut.column, dtype=np.int64),
            cut_factor=np.array(cut.factor, dtype=np.float64),
            cut=np.array(cut.right, dtype=np.float64),
            extra=np.isin(rows // width, np.fromiter(sums.basis, dtype=np.int64, count=len(sums.basis))),
            point=point[names],
            lead=np.maximum(column[self._leads(width, unknown.size + left.size)][names], -1),
        )
        need = self._need(unknown, left)[names]
        if self._hopeless:
            need[np.isin(names, np.fromiter(self._hopeless, dtype=np.int64))] = 0
        touched = np.zeros(len(names), dtype=bool)
        labels = problem.components()
        if len(rows):
            touched[problem.column[self.has_new[rows[problem.row] // width]]] = True
        alive = np.zeros(len(names), dtype=bool)
        if len(names):
            alive = np.isin(labels, np.unique(labels[touched]))
        need = np.where(alive, need, 0.0)
        return Known(problem, names, need, rows, unknown)

    def _leads(self, width: int, size: int) -> Ints:
        """By name: the raw number that a number goes along with."""
        first = {"answers": self.answers[0], "asked": self.answers[0]}
        counted = self.counts.columns("counted")
        if counted:
            first["counted"] = counted[0]
        lead = np.array([first[role] for role in self.roles])
        names = np.arange(size)
        return np.asarray(names - names % width + lead[names % width])

    def _need(self, unknown: Flags, left: Flags) -> Floats:
        """The range that each unknown must keep: hidden cells, and what is left over where it is few answers or all alike."""
        counts, width = self.counts, np.where(self.roles == "counted", self.needs.counted, self.needs.answers).astype(np.float64)
        cells = np.where(unknown & (counts.state != MISSING), width, 0.0)
        secret = np.zeros_like(left)
        for column in self.answers:
            answers, counted = self.rest[:, column], counts.counted_of(column)
            few = (answers > 0) & (answers < self.needs.least)
            if counted is not None:
                few |= (answers > 0) & same_answer(counts, column, answers, self.rest[:, counted])
                secret[:, counted] = few
            secret[:, column] = few
        return np.concatenate([cells.ravel(), np.where(left & secret, width, 0.0).ravel()])

    def _given_away(self, known: Known) -> list[Weak]:
        """What single sums give away: unknowns by name, and hidden cells that come to too little together; each with its equation."""
        columns, rows = propagate(known.problem, known.need)
        width = len(self.counts.quantities)
        found = {(int(known.names[column]), int(known.rows[row]) // width) for column, row in zip(columns, rows, strict=True)}
        return [Weak(name, np.array([equation])) for name, equation in sorted(found)] + self._together(known)

    def _lost_at_once(self) -> set[int]:
        """Earlier numbers that single sums of earlier figures give away: nothing that is hidden now helps."""
        lost: set[int] = set()
        need = self._blind.need.copy()
        while True:
            columns, _ = propagate(self._blind.problem, need)
            if not len(columns):
                return lost
            need[columns] = 0
            lost |= set(self._blind.names[columns].tolist())

    def _together(self, known: Known) -> list[Weak]:
        """Sums of hidden cells that are known and come to too few answers, or to answers that are all alike."""
        problem, width = known.problem, len(self.counts.quantities)
        secret = np.bincount(problem.row, known.need[problem.column] > 0, len(problem.right)) > 0
        wholes = np.bincount(problem.row, problem.factor < 0, len(problem.right)) > 0
        at = {int(row): index for index, row in enumerate(known.rows)}
        weak: list[Weak] = []
        for index in np.flatnonzero(secret & ~wholes):
            equation, column = divmod(int(known.rows[index]), width)
            name = -1 - int(known.rows[index])
            if column not in self.answers or not self.has_new[equation] or name in self._hopeless:
                continue
            answers, counted = problem.right[index], self.counts.counted_of(column)
            bad = answers < self.needs.least
            if not bad and counted is not None and equation * width + counted in at:
                satisfied = problem.right[at[equation * width + counted]]
                bad = bool(same_answer(self.counts, column, np.array([answers]), np.array([satisfied]))[0])
            if bad:
                weak.append(Weak(name, np.array([equation])))
        return weak

    def _audited(self, known: Known) -> list[Weak]:
        """What all sums together give away, with the equations that bind."""
        width = len(self.counts.quantities)
        try:
            findings = audit(known.problem, known.need, known.names, self._seen, self._most)
        except ContradictionError as contradiction:
            self._loosen(known, contradiction.columns)
            return self._audited(self._problem(self.hidden))
        self._most *= 2  # many that nothing can help must not take as many rounds
        size = known.unknown.size
        old = [each for each in findings if known.names[each.column] < size and not self.counts.new[known.names[each.column] // width]]
        lost = self._lost({int(known.names[each.column]) for each in old})
        self._hopeless |= lost
        weak = []
        for finding in findings:
            name = int(known.names[finding.column])
            if name not in lost:
                rows = finding.rows if len(finding.rows) else known.problem.row[known.problem.column == finding.column]
                weak.append(Weak(name, np.unique(known.rows[rows] // width), self._remedy(known, finding)))
        # Where nothing that was told can be helped, there may be more to tell.
        return weak or (self._audited(self._problem(self.hidden)) if findings else [])

    def _remedy(self, known: Known, finding: Finding) -> list[int]:
        """New cells that, hidden together, would let a number move as far as it must; none where the way there is not found."""
        counts, width, size = self.counts, len(self.counts.quantities), known.unknown.size
        name = int(known.names[finding.column])
        if name >= size:
            return []
        target, quantity = divmod(name, width)
        point = np.full(size + self.rest.size, np.nan)
        low, high = point.copy(), point.copy()
        point[known.names], low[known.names], high[known.names] = self._seen.point[known.names], known.problem.low, known.problem.high
        mine = slice(quantity, size, width), slice(size + quantity, None, width)
        (at, rest_at), (bottom, rest_bottom), (top, rest_top) = ((values[mine[0]], values[mine[1]]) for values in (point, low, high))
        shown = counts.new & ~self.hidden & ~self.fixed & ~self.headline & ~counts.zero & ~np.isnan(counts.values[:, quantity])
        shown[self.whole[~self.equations.timed]] = False
        price = np.where(shown, 1.0 + self._size, 0.0)
        price[shown & (self._size < self.needs.least + self.needs.answers)] *= DEARER
        down = np.where(shown, -np.nan_to_num(counts.values[:, quantity]), np.nan_to_num(bottom - at))
        up = np.where(shown, np.inf, np.nan_to_num(top - at, posinf=np.inf))
        room = Room(
            self.equations, down, up, price, self.kept[:, quantity],
            np.nan_to_num(rest_bottom - rest_at), np.nan_to_num(rest_top - rest_at, posinf=np.inf),
        )  # fmt: skip
        need = float(known.need[finding.column])
        return room.cells(target, finding.high - need - at[target], finding.low + need - at[target])

    def _lost(self, names: Collection[int]) -> set[int]:
        """Earlier numbers that the earlier figures alone give away: nothing that is hidden now helps."""
        if not names:
            return set()
        blind = self._blind
        need = np.where(np.isin(blind.names, np.fromiter(names, dtype=np.int64)), self._all_needs(blind), 0.0)
        try:
            found = audit(blind.problem, need, blind.names, self._seen.copy())
        except ContradictionError:
            return set()
        return {int(blind.names[each.column]) for each in found}

    def _all_needs(self, known: Known) -> Floats:
        return np.where(self.roles == "counted", self.needs.counted, self.needs.answers)[known.names % len(self.roles)].astype(np.float64)

    def _loosen(self, known: Known, columns: Ints) -> None:
        """Give up what was assumed of earlier months where it cannot all be true: first that units left nothing over then."""
        rows = known.rows[known.problem.row[np.isin(known.problem.column, columns)]] // len(self.counts.quantities)
        assumed = np.unique(rows[~self.equations.own[rows]])
        past = assumed[~self.equations.timed[assumed] & ~self.loose[assumed]]
        if len(past):
            self.loose[past] = True
        elif len(assumed) and self.kept[assumed].any():
            self.kept[assumed] = False
        else:
            raise ValueError("the counts contradict each other")
        self._blind = self._problem(np.ones_like(self.hidden), blind=True)

    def _choose(self, weak: Iterable[Weak]) -> list[list[int]]:
        """For each its remedy, or the smallest shown new cell of its sums, parts before wholes; else of the sums next to them, and so on.

        A cell just above the limit comes after larger ones: that it is not below the limit says nearly what it holds. The month's figure
        of the nation is hidden only where nothing else is left that could be.
        """
        sums, needs, size = self.equations, self.needs, self._size[self.equations.cell]
        above = (sums.cell == self.whole[sums.equation]) & ~sums.timed[sums.equation]  # a window is no more than its months
        tight = (self.ceiling - needs.least < needs.answers)[sums.cell]  # a number of answers that is nearly public hides little
        order = np.lexsort((sums.cell, size, size < needs.least + needs.answers, above, tight))
        open_ = self.counts.new & ~self.hidden
        usual = choices(sums, order, open_ & ~self.fixed & ~self.headline, ~open_)
        last = choices(sums, order, open_ & ~self.fixed & self.headline, ~open_)
        chosen = []
        for each in weak:
            first, other = int(usual[each.sums].min()), int(last[each.sums].min())
            near = cell_of(sums, order, first if first < FAR else other)
            chosen.append(list(each.remedy) or [cell for cell in [near] if cell != NOBODY])
        return chosen
