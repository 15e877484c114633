"""Which class a requested paper is, F0 to F5, by the legal test in force on the day of the request (methodology §7.1, §7.5). Pure, but
for the file beside it.

What a look-up shows tells the agency's failure (F1) from the database's (F2). Where none is recorded, either may be: the class is then
``F12`` (for an earlier result ``F23``), which widens the bounds and is charged to nobody.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from procedures.folding import plain

SEED = Path(__file__).with_name("once_only.yaml")
F0, F1, F2, F3, F4, F5 = "F0", "F1", "F2", "F3", "F4", "F5"
F1_OR_F2, F2_OR_F3 = "F12", "F23"
CLASSES = (F1, F3, F1_OR_F2, F2_OR_F3, F2, F5, F4, F0)
FAULT = (F1, F3)  # charged to the handling agency
OPEN = (F0, F1_OR_F2, F2_OR_F3)  # widen the bounds
UNREACHED = (F5, F4, F0)  # of a paper that a register holds: what connecting would change
RESULTS_STORE = "results_store"
FOUND, FAILED = "found", "failed"  # what a look-up showed


@dataclass(frozen=True)
class LegalTest:
    """One text's test, during a span of days (half-open)."""

    code: str
    valid_from: date
    valid_to: date | None
    published: bool
    connected: bool
    excused_unconnected: bool


@dataclass(frozen=True)
class OnceOnly:
    """Facts by which requests are judged. ``published``: standard component → first day its database was published with it (None: not
    known). ``connected``: (register, source) → first day. ``lookups``: name of a database in look-ups, as ``plain`` gives it → register.
    """

    tests: tuple[LegalTest, ...] = ()
    published: Mapping[str, date | None] = field(default_factory=dict)
    connected: Mapping[tuple[str, str], date] = field(default_factory=dict)
    lookups: Mapping[str, str] = field(default_factory=dict)
    failed: frozenset[str] = frozenset()

    def test_on(self, day: date) -> LegalTest | None:
        """The test applied to a request of that day: of those in force the youngest."""
        valid = [test for test in self.tests if test.valid_from <= day and (test.valid_to is None or day < test.valid_to)]
        return max(valid, key=lambda test: (test.valid_from, test.code), default=None)

    def classify(self, component: str, register: str, source: str, day: date, looked_up: str | None) -> tuple[str, str | None]:
        """(class, code of the test applied) of a request for a paper that a register holds.

        ``looked_up``: what the dossier's look-ups in that register showed up to the request: ``found``, ``failed`` or None, none.
        """
        test = self.test_on(day)
        if test is None:
            return F4, None
        published = self.published.get(component)
        if test.published and published is None:
            return F0, test.code  # since when it is published is not known
        if test.published and published is not None and day < published:
            return F4, test.code
        since = self.connected.get((register, source))
        if (test.connected or test.excused_unconnected) and (since is None or day < since):
            return F5, test.code
        if looked_up == FAILED:
            return F2, test.code
        if register == RESULTS_STORE:
            return (F3 if looked_up == FOUND else F2_OR_F3), test.code
        return (F1 if looked_up == FOUND else F1_OR_F2), test.code

    def lookup(self, database: str, outcome: str | None) -> tuple[str, str] | None:
        """(register, ``found`` or ``failed``) of one recorded look-up; None for a database that is not in the registers."""
        register = self.lookups.get(plain(database))
        if register is None:
            return None
        return register, FAILED if outcome is not None and plain(outcome) in self.failed else FOUND


@cache
def seed() -> dict[str, Any]:
    """The file beside this module: ``tests`` and ``failed_lookups``."""
    found: dict[str, Any] = yaml.safe_load(SEED.read_text(encoding="utf-8"))
    return found


def read_tests(rows: Iterable[Mapping[str, Any]]) -> tuple[LegalTest, ...]:
    """Tests as they stand in the file, or frozen in an edition (days as ISO text)."""
    return tuple(
        LegalTest(
            code=row["code"],
            valid_from=_day(row["valid_from"]) or date.min,
            valid_to=_day(row["valid_to"]),
            published="published" in row["requires"],
            connected="connected" in row["requires"],
            excused_unconnected=row.get("excused_unconnected", False),
        )
        for row in rows
    )


def failed_words(words: Iterable[str]) -> frozenset[str]:
    """Outcomes that are failures, as ``plain`` gives them."""
    return frozenset(plain(word) for word in words)


def _day(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value
