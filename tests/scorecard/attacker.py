"""Somebody who reads everything that is published and computes what was hidden. Shares no code with the protection."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_matrix

from scorecard.rows import Place, Row

Cell = tuple[str, str, int, str, str]  # subject kind, code, window, breakdown, category
Number = tuple[int, int, Cell, str]  # month, version, cell, name of the number
NUMBERS = {  # name: (indicator, variant, field)
    "answered": ("response_rate", "raw", "numerator"),
    "n": ("satisfaction", "raw", "denominator"),
    "satisfied": ("satisfaction", "raw", "numerator"),
    "n cleaned": ("satisfaction", "cleaned", "denominator"),
    "satisfied cleaned": ("satisfaction", "cleaned", "numerator"),
}
ORDERS = (  # the first is never more than the second
    ("n", "answered"),
    ("satisfied", "n"),
    ("n cleaned", "n"),
    ("satisfied cleaned", "n cleaned"),
    ("satisfied cleaned", "satisfied"),
)
SECRETS = {"n": 5, "satisfied": 3, "n cleaned": 5, "satisfied cleaned": 3}  # the range that each must keep
LEAST = 10
TRIES = 30


@dataclass
class Attacker:
    """Knows the tree of units, that windows are sums of months and versions count the same, and how cells come to be hidden.

    ``complete``: also knows that nobody answers about a unit itself, so that its parts make up the whole.
    """

    places: Mapping[str, Place]
    complete: bool = True
    known: dict[Number, float] = field(default_factory=dict)
    hidden: dict[tuple[int, int, Cell], str] = field(default_factory=dict)

    def read(self, month: int, version: int, rows: Iterable[Row]) -> None:
        """Take in one publication."""
        for row in rows:
            if row.breakdown in ("mode", "rating"):
                self._read_again(month, version, row)
                continue
            cell = (row.subject_kind, row.subject_code, row.window, row.breakdown, row.category)
            for name, (indicator, variant, source) in NUMBERS.items():
                if (row.indicator, row.variant) == (indicator, variant):
                    if row.status == "value":
                        self.known[month, version, cell, name] = getattr(row, source)
                    else:
                        assert row.status in ("too_few", "suppressed")
                        self.hidden[month, version, cell] = row.status

    def _read_again(self, month: int, version: int, row: Row) -> None:
        """A row that says what the total says: the answers by personal link, or how many of the same answers gave one rating."""
        total = (row.subject_kind, row.subject_code, row.window, "total", "total")
        if row.status == "value":
            assert row.numerator is not None
            assert row.denominator is not None
            self.known[month, version, total, "n"] = row.denominator
            if row.breakdown == "mode":
                self.known[month, version, total, "satisfied"] = row.numerator

    def sums(self) -> list[tuple[tuple[int, int, Cell], list[tuple[int, int, Cell]], bool]]:
        """(whole, parts, whether the parts make up the whole) of everything published."""
        everything = {key[:3] for key in self.known} | set(self.hidden)
        parts: dict[tuple[object, ...], list[tuple[int, int, Cell]]] = defaultdict(list)
        for month, version, cell in sorted(everything):
            kind, code, window, breakdown, category = cell
            if kind == "unit":
                parent = self.places[code].parent or "VN"
                whole = (month, version, ("nation" if parent == "VN" else "unit", parent, window, breakdown, category))
                parts[whole, "units"].append((month, version, cell))
            if breakdown != "total":
                parts[(month, version, (kind, code, window, "total", "total")), breakdown].append((month, version, cell))
            if window > 1:
                for other, its_version, its_cell in everything:
                    if its_cell == (kind, code, 1, breakdown, category) and month - window < other <= month:
                        first = min(v for m, v, c in everything if m == other and c == its_cell)
                        if its_version == first:
                            parts[(month, version, cell), "months"].append((other, its_version, its_cell))
            if version > 1:
                parts[(month, version - 1, cell), "versions"].append((month, version, cell))
        found = []
        for (whole, kind), members in parts.items():  # type: ignore[misc]
            if whole in everything:
                exact = kind in ("months", "versions") or self.complete
                found.append((whole, members, exact))
        return found

    def successes(self, only_first: bool = False) -> list[tuple[int, int, Cell, str, float, float]]:
        """Hidden numbers that are known better than they may be: (month, version, cell, name, least, greatest)."""
        names = sorted({(*place, name) for place in self.hidden for name in NUMBERS})
        sums = self.sums()
        rests = [(index, name) for index, (_, _, exact) in enumerate(sums) if not exact for name in NUMBERS]
        at: dict[object, int] = {name: index for index, name in enumerate([*names, *rests])}
        low, high = np.zeros(len(at)), np.full(len(at), 1e6)
        for month, version, cell, name in names:
            few = self.hidden[month, version, cell] == "too_few"
            if few and name.startswith(("n", "answered")):
                high[at[month, version, cell, name]] = LEAST - 1
            if not few and name == "answered" and cell[2] == 1:  # of a window the word says nothing
                low[at[month, version, cell, name]] = LEAST
        equal, right, less, most = [], [], [], []
        for index, (whole, members, exact) in enumerate(sums):
            for name in NUMBERS:
                entries: dict[int, float] = defaultdict(float)
                side, missing = 0.0, False
                for factor, place in [(-1.0, whole), *((1.0, member) for member in members)]:
                    number = (*place, name)
                    if number in self.known:
                        side -= factor * self.known[number]
                    elif number in at:
                        entries[at[number]] += factor
                    else:
                        missing = True
                if not exact:
                    entries[at[index, name]] += 1.0
                if entries and not missing:
                    equal.append(entries)
                    right.append(side)
        lines: Sequence[object] = [*self.hidden, *range(len(sums))]
        for place in lines:
            for one, other in ORDERS:
                pair = [(*place, one), (*place, other)] if isinstance(place, tuple) else [(place, one), (place, other)]
                if pair[0] in at and pair[1] in at:
                    less.append({at[pair[0]]: 1.0, at[pair[1]]: -1.0})
                    most.append(0.0)
        bounds = np.column_stack([low, high])
        matrices = {
            "A_eq": _matrix(equal, len(at)),
            "b_eq": right or None,
            "A_ub": _matrix(less, len(at)),
            "b_ub": most or None,
            "bounds": bounds,
        }
        least, greatest = np.full(len(at), np.inf), np.full(len(at), -np.inf)

        def solve(aim: np.ndarray) -> None:
            answer = linprog(aim, method="highs", **matrices)
            assert answer.status == 0, answer.message
            np.minimum(least, answer.x, out=least)
            np.maximum(greatest, answer.x, out=greatest)

        def pinned(number: Number) -> bool:
            place = at[number]
            return bool(np.floor(greatest[place] + 1e-6) - np.ceil(least[place] - 1e-6) < SECRETS[number[3]])

        secrets = [number for number in names if number[3] in SECRETS]
        chance = np.random.default_rng(0)
        for _ in range(TRIES):  # whatever is not pinned shows it in some solution or other; only the rest is asked for one by one
            aim = np.zeros(len(at))
            for number in secrets:
                if pinned(number):
                    aim[at[number]] = chance.choice([-1.0, 1.0]) * chance.random()
            solve(aim)
        found = []
        for number in secrets:
            for sign in (1.0, -1.0):
                if pinned(number):
                    aim = np.zeros(len(at))
                    aim[at[number]] = sign
                    solve(aim)
            if pinned(number):
                found.append((*number, float(least[at[number]]), float(greatest[at[number]])))
                if only_first:
                    break
        return found


def _matrix(rows: list[dict[int, float]], width: int) -> coo_matrix | None:
    if not rows:
        return None
    entries = [(index, column, value) for index, row in enumerate(rows) for column, value in row.items()]
    lines, columns, values = zip(*entries, strict=True)
    return coo_matrix((values, (lines, columns)), shape=(len(rows), width)).tocsr()
