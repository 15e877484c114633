"""Codes that hold rows back, by source, with the nearest units and procedures; and the one deed: saying which unit a code means."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy.orm import Session

from core.calendar import local_date
from core.errors import InputError
from procedures import lookups, operations, queries
from procedures.models import Source, Submission
from procedures.operations import TWO_TIERS
from procedures.quarantine import CODE_RULES, path_of
from procedures.submission_queries import waiting_for_codes

if TYPE_CHECKING:
    from procedures.names import Candidate

SHOWN = 30  # codes of one kind and source on the page; whoever has more has a wrong column, not missing codes


@dataclass(frozen=True)
class HeldCode:
    """A source's code that nobody knows, the rows that wait for it and since when they are, and what it may mean."""

    code: str
    rows: int
    nearest: "list[Candidate]"
    since: date


@dataclass(frozen=True)
class HeldSource:
    """The unknown codes of one source, most rows first. ``more``: how many codes are not shown."""

    source: Source
    units: list[HeldCode]
    procedures: list[HeldCode]
    more: int

    @property
    def rows(self) -> int:
        """Rows that wait; one that waits for both a unit and a procedure counts once for each."""
        return sum(held.rows for held in (*self.units, *self.procedures))


def since(now: datetime) -> datetime:
    """From when on rows that were held back are still there."""
    return now - timedelta(days=current_app.extensions["settings"].quarantine_days)


def waiting(session: Session, sources: Sequence[Source], now: datetime) -> list[Submission]:
    """The submissions of these sources that hold rows back for an unknown code."""
    return waiting_for_codes(session, [source.id for source in sources], since(now))


def held(session: Session, sources: Sequence[Source], root_code: str | None, now: datetime) -> list[HeldSource]:
    """The unknown codes of these sources, those of most rows first; units of the tree of ``root_code`` are offered (None: any)."""
    files: dict[int, list[Submission]] = {}
    for submission in waiting(session, sources, now):
        files.setdefault(submission.source_id, []).append(submission)
    own = None if root_code is None else set(queries.own_units(session, root_code, local_date(now)))
    told = ((source, _codes(files[source.id])) for source in sources if source.id in files)
    found = [_held(session, source, codes, own) for source, codes in told if codes]
    return sorted(found, key=lambda item: (-item.rows, item.source.name))


def _codes(submissions: Sequence[Submission]) -> list[tuple[str, str, int, date]]:
    """(rule, code, rows, first day of reception) over the rows that these submissions hold back, most rows first."""
    paths = [str(path) for path in (path_of(submission.key) for submission in submissions) if path.is_file()]
    if not paths:
        return []
    from core import lake

    parts = " UNION ALL ".join(
        f"SELECT '{rule}' AS rule, {column} AS code, received_at FROM waiting WHERE list_contains(errors, '{rule}:{field}')"
        for rule, column, field in zip(CODE_RULES, ("unit_code", "procedure_code"), ("handling_unit", "procedure_code"), strict=True)
    )
    with closing(lake.connect().con) as con:
        found = con.execute(
            f"""WITH waiting AS (FROM read_parquet(?)) SELECT rule, code, count(*) AS rows, min(received_at)
            FROM ({parts}) WHERE code IS NOT NULL GROUP BY rule, code ORDER BY rows DESC, rule, code""",
            [paths],
        ).fetchall()
    return [(rule, code, rows, local_date(first) if first else TWO_TIERS) for rule, code, rows, first in found]


def _held(session: Session, source: Source, codes: list[tuple[str, str, int, date]], own: set[str] | None) -> HeldSource:
    from procedures.names import names_for_quarantine

    kinds, more = [], 0
    for wanted in CODE_RULES:
        found = [(code, rows, first) for rule, code, rows, first in codes if rule == wanted]
        more += max(0, len(found) - SHOWN)
        nearest = names_for_quarantine(session, source, wanted, [code for code, _rows, _first in found[:SHOWN]])
        kinds.append([HeldCode(code, rows, nearest[code], first) for code, rows, first in found[:SHOWN]])
    units, procedures = kinds
    if own is not None:
        units = [replace(item, nearest=[each for each in item.nearest if each.code in own]) for item in units]
    return HeldSource(source, units, procedures, more)


def declare(session: Session, source: Source, code: str, unit: str, day: str, root_code: str | None, now: datetime) -> int:
    """Say which unit a source's code means from a day on, and take the rows that waited for it. Gives the number of rows taken.

    Raises ``InputError`` where no row waits for the code, or where the unit is not in the tree of ``root_code`` (None: any unit).
    """
    if (CODE_RULES[0], code) not in {known[:2] for known in _codes(waiting(session, [source], now))}:
        raise InputError(
            f"Không còn dòng nào bị giữ lại vì mã {code}. Tải lại trang để xem các mã còn lại.",
            f"No row waits for the code {code} any more. Reload the page to see which codes are left.",
            field="code",
        )
    try:
        first = date.fromisoformat(day)
    except ValueError as error:
        raise InputError("Chọn ngày bắt đầu có hiệu lực.", "Choose the day from which it holds.", field="since") from error
    if not unit:
        raise InputError("Chọn một đơn vị, hoặc gõ mã của đơn vị.", "Choose a unit, or type a unit's code.", field="unit")
    if root_code is not None and not _own(session, root_code, unit, first, local_date(now)):
        raise InputError(
            f"Mã {unit} không phải đơn vị của Ông/Bà hoặc đơn vị trực thuộc. Chọn đơn vị khác.",
            f"{unit} is not your unit or one below it. Choose another unit.",
            field="unit",
        )
    from procedures import feeds

    source_code = source.code
    operations.add_code(unit, lookups.own_system(source_code), code, first)
    session.rollback()  # naming the person in the audit trail read from before the code was there
    return int(feeds.release(now, source_code).get("released", 0))


def _own(session: Session, root_code: str, unit: str, first: date, today: date) -> bool:
    """Whether a unit is in the tree today, or was on the first day and is nowhere today (it was merged since)."""
    if unit in queries.own_units(session, root_code, today):
        return True
    return unit in queries.own_units(session, root_code, first) and unit not in queries.units(session, today)
