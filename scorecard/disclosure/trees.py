"""Which numbers of answers may be shown (DESIGN §7.8, methodology §11.6). Pure.

A cell with fewer than 10 answers is hidden. Where the cells beside it and the sum above them are shown, it could be
found by subtraction, so further cells are hidden until nobody who adds and subtracts can pin a hidden one down: what is
published is read as an attacker would read it, and every hidden count must keep a range of possible values.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from scorecard.figures import SUPPRESSED, TOO_FEW

Range = tuple[float, float]


@dataclass(frozen=True)
class Limits:
    """``least``: answers that a shown cell has at least. ``least_range``: width that a hidden cell's range keeps."""

    least: int = 10
    least_range: int = 5


class Tree:
    """Cells in their places: ``parents`` gives each code's parent (None: root); a parent holds at least its children's sum.

    What a parent has beyond its children (answers about itself) is a part that is never shown on its own.
    ``order`` has parents before their children. Raises ``ValueError`` for a circle.
    """

    def __init__(self, parents: Mapping[str, str | None]) -> None:
        self.parents = dict(parents)
        self.children: dict[str, list[str]] = {code: [] for code in parents}
        for code, parent in parents.items():
            if parent is not None:
                self.children[parent].append(code)
        self.order = [code for code, parent in parents.items() if parent is None]
        for code in self.order:
            self.order.extend(self.children[code])
        if len(self.order) != len(parents):
            raise ValueError("the cells form no tree")


def protect_tree(tree: Tree, counts: Mapping[str, int], limits: Limits, forced: Collection[str] = ()) -> dict[str, str]:
    """Hidden cells with their status: ``too_few`` (fewer than ``least``) or ``suppressed`` (hidden for their sake).

    ``counts``: answers of every cell of the tree; ``forced``: cells to be hidden whatever they hold. Raises
    ``ValueError`` where a parent holds less than its children.
    """
    own = {code: counts[code] - sum(counts[child] for child in tree.children[code]) for code in tree.order if tree.children[code]}
    if any(rest < 0 for rest in own.values()):
        raise ValueError("a cell holds fewer answers than the cells below it")
    hidden = {code: TOO_FEW for code in tree.order if counts[code] < limits.least}
    hidden |= {code: SUPPRESSED for code in forced if code in counts and code not in hidden}
    while True:
        more = _next(tree, counts, own, hidden, limits)
        if not more:
            return hidden
        hidden |= dict.fromkeys(more, SUPPRESSED)


def protect_together(trees: Sequence[Tree], bases: Mapping[str, Mapping[str, int]], limits: Limits) -> dict[str, dict[str, str]]:
    """``protect_tree`` for several counts of the same answers, in several divisions of the same total.

    ``bases`` maps a name (of an indicator) to the counts of all cells of all trees; a code that stands in two trees is
    the same cell. A cell hidden for others' sake in one base or tree is hidden in all, since an answer's questions are
    nearly all answered together and one count would give away the other.
    """
    forced: set[str] = set()
    while True:
        result = {name: _over_trees(trees, counts, limits, forced) for name, counts in bases.items()}
        found = {code for hidden in result.values() for code, status in hidden.items() if status == SUPPRESSED}
        if found <= forced:
            return result
        forced |= found


def _over_trees(trees: Sequence[Tree], counts: Mapping[str, int], limits: Limits, forced: Collection[str]) -> dict[str, str]:
    hidden: dict[str, str] = {}
    for tree in trees:
        hidden |= protect_tree(tree, {code: counts[code] for code in tree.order}, limits, forced)
    return hidden


def ranges(
    tree: Tree, counts: Mapping[str, int], own: Mapping[str, int], hidden: Mapping[str, str], limits: Limits
) -> tuple[dict[str, Range], dict[str, Range]]:
    """What an attacker can say of each cell, and of each parent's own part: least and greatest possible count.

    The attacker knows all shown cells, the tree, and the rule by which cells were hidden. In a tree of sums one pass up
    and one down give the exact ranges.
    """
    small, large = (0.0, float(limits.least - 1)), (float(limits.least), inf)
    own_ranges = {code: (0.0, 0.0) if rest == 0 else small if rest < limits.least else large for code, rest in own.items()}
    known: dict[str, Range] = {}
    for code in reversed(tree.order):
        status = hidden.get(code)
        if status is None:
            known[code] = (float(counts[code]),) * 2
            continue
        low, high = small if status == TOO_FEW else large
        if tree.children[code]:
            parts = [known[child] for child in tree.children[code]] + [own_ranges[code]]
            low, high = max(low, sum(part[0] for part in parts)), min(high, sum(part[1] for part in parts))
        known[code] = (low, high)
    for code in tree.order:
        children = tree.children[code]
        unknown = [child for child in children if child in hidden]
        if not children or (not unknown and code not in hidden and own[code] == 0):
            continue
        parts = [known[child] for child in children] + [own_ranges[code]]
        narrowed = _narrow(parts, known[code])
        known.update(zip(children, narrowed, strict=False))
        own_ranges[code] = narrowed[-1]
    return known, own_ranges


def _narrow(parts: Sequence[Range], total: Range) -> list[Range]:
    """Each part's range once the range of their sum is known."""
    low = sum(part[0] for part in parts)
    endless = sum(part[1] == inf for part in parts)
    high = sum(part[1] for part in parts if part[1] != inf)
    narrowed = []
    for part in parts:
        others_high = inf if endless - (part[1] == inf) else high - (part[1] if part[1] != inf else 0)
        narrowed.append((max(part[0], total[0] - others_high), min(part[1], total[1] - (low - part[0]))))
    return narrowed


def _next(tree: Tree, counts: Mapping[str, int], own: Mapping[str, int], hidden: Mapping[str, str], limits: Limits) -> set[str]:
    """Cells to hide next; empty when everything hidden is safe."""
    known, own_known = ranges(tree, counts, own, hidden, limits)
    more: set[str] = set()

    def narrow(span: Range) -> bool:
        return span[1] - span[0] < limits.least_range

    for code in tree.order:
        children = tree.children[code]
        if not children:
            continue
        from_below = [known[child] for child in children] + [own_known[code]]
        if code in hidden and narrow((sum(part[0] for part in from_below), sum(part[1] for part in from_below))):
            more |= _helper(tree, counts, hidden, code)  # its own children would give it away
            continue
        tiny_own = 0 < own[code] < limits.least
        unsafe = any(child in hidden and narrow(known[child]) for child in children) or (tiny_own and narrow(own_known[code]))
        if code not in hidden:
            cells = [counts[child] for child in children if child in hidden] + ([own[code]] if own[code] else [])
            any_hidden = tiny_own or any(child in hidden for child in children)
            unsafe = unsafe or (any_hidden and (len(cells) == 1 or sum(cells) < limits.least))
        if unsafe:
            more |= _helper(tree, counts, hidden, code)
    return more


def _helper(tree: Tree, counts: Mapping[str, int], hidden: Mapping[str, str], code: str) -> set[str]:
    """The smallest shown cell whose hiding loosens the children of ``code``: beside them, or else above."""
    place: str | None = code
    while place is not None:
        shown = [child for child in tree.children[place] if child not in hidden]
        if shown:
            return {min(shown, key=lambda child: (counts[child], child))}
        if place not in hidden:
            return {place}
        place = tree.parents[place]
    return set()
