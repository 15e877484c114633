"""The table of the units below a unit: by people affected or by name, in groups and never in ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scorecard.figures import BETTER, LIKE, WORSE
from scorecard.pages import marks, places, words
from scorecard.pages.text import _

if TYPE_CHECKING:
    from procedures.queries import UnitView
    from scorecard.queries import Figure, UnitToPress

LENGTH = 144.0
FIRST = 12  # rows that stand open; the others are one tap away


@dataclass(frozen=True)
class Row:
    """One unit. ``people`` of ``supplement_of`` dossiers had a request; ``on_time_of``: on time among those due, as k/n."""

    code: str
    name: str
    received: str
    people: int
    supplement: str
    supplement_of: str
    span: str
    mark: marks.Mark
    label: str
    on_time: str
    on_time_of: str
    late: int
    answers: str
    satisfaction: str
    satisfaction_is_words: bool


@dataclass(frozen=True)
class Group:
    """Units whose supplement interval lies above, around or below the rate of the unit above."""

    title: str
    rows: tuple[Row, ...]

    @property
    def first(self) -> tuple[Row, ...]:
        return self.rows[:FIRST]

    @property
    def rest(self) -> tuple[Row, ...]:
        return self.rows[FIRST:]


def rows(found: Sequence[UnitToPress], units: Mapping[str, UnitView], above: Figure | None, by_name: bool = False) -> tuple[Row, ...]:
    """All units as rows, most people affected first, or by name. ``above``: the supplement rate of the unit above."""
    axis = marks.axis_of_values([above, *(unit.supplement for unit in found)], LENGTH)
    made = [_row(unit, units, axis, above) for unit in found]
    return tuple(sorted(made, key=lambda row: places.plain(row.name)) if by_name else made)


def groups(found: Sequence[UnitToPress], units: Mapping[str, UnitView], above: Figure | None) -> tuple[Group, ...]:
    """The same in three groups; empty groups are left out."""
    titles = {
        WORSE: _("Phải bổ sung nhiều hơn rõ so với mức chung"),
        LIKE: _("Không khác rõ mức chung"),
        BETTER: _("Phải bổ sung ít hơn rõ so với mức chung"),
    }
    made = dict(zip((unit.unit_code for unit in found), rows(found, units, above), strict=True))
    sorted_in = {group: tuple(made[unit.unit_code] for unit in found if unit.group == group) for group in titles}
    return tuple(Group(titles[group], members) for group, members in sorted_in.items() if members)


def _row(unit: UnitToPress, units: Mapping[str, UnitView], axis: marks.Axis, above: Figure | None) -> Row:
    shown = words.has_value(unit.satisfaction)
    return Row(
        code=unit.unit_code,
        name=places.short(units, unit.unit_code),
        received=words.count(unit.received),
        people=unit.people,
        supplement=words.rate(unit.supplement),
        supplement_of=words.count(unit.supplement.denominator) if words.has_value(unit.supplement) else "",
        span=words.span(unit.supplement),
        mark=marks.mark(unit.supplement, axis, above),
        label=words.rate_with_span(unit.supplement),
        on_time=words.rate(unit.on_time),
        on_time_of=words.of_counts(unit.on_time),
        late=words.late(unit.on_time),
        answers=_("dưới 10") if unit.answers is None else words.count(unit.answers),
        satisfaction=words.rate_with_span(unit.satisfaction, 0),
        satisfaction_is_words=not shown,
    )
