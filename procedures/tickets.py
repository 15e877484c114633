"""Queue tickets: how many numbers a reception point gave out, by day and field; taken whole or refused, in place of what was sent before.

A ticket is a visit, not a person and not a dossier. What becomes of it is told in ``scorecard.tickets``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import select

from core import audit
from core.calendar import Month, local_date
from core.database import reading, writing
from core.errors import InputError
from procedures.models import NATIONAL, Unit
from procedures.service_models import QueueTicket
from procedures.small_lists import Column, ListResult, count_of, day_of, finder, read_list

COLUMNS = (
    Column("reception_point", ("mã điểm tiếp nhận", "điểm tiếp nhận", "quầy", "mã quầy", "unit", "unit_code")),
    Column("day", ("ngày", "date")),
    Column("field", ("lĩnh vực", "sector"), required=False),
    Column("tickets", ("số lượt", "số lượt lấy số", "lượt", "số phiếu")),
)


@dataclass(frozen=True)
class Tickets:
    """Tickets of one reception point on one day in one field (empty: all)."""

    unit_code: str
    day: date
    field: str
    tickets: int


def load_tickets(path: Path, now: datetime, root_code: str | None = None, simulated: bool = False) -> ListResult:
    """Take in a file. For each point and day that it names, it replaces what an earlier file said.

    ``root_code``: only units below it may be named. Raises ``InputError`` for a file that cannot be read; wrong rows are in ``errors``.
    """
    rows = read_list(path, COLUMNS)
    session, today = reading(), local_date(now)
    find = finder(session, today, root_code)
    result = ListResult(rows=len(rows))
    kept: dict[tuple[int, date, str], int] = {}
    for row in rows:
        try:
            unit, day = find(row, "reception_point"), day_of(row, "day", today)
            key = (unit.id, day, " ".join(row.cells.get("field", "").split())[:200])
            if key in kept:
                raise InputError(
                    "Điểm, ngày và lĩnh vực này đã có ở dòng trên. Cộng lại thành một dòng.",
                    "This point, day and field stand above already. Add them up in one row.",
                    row=row.row,
                    field="field",
                )
            kept[key] = count_of(row, "tickets")
        except InputError as error:
            result.errors.append(error)
    if not result.errors:
        _replace(kept, path.name[:300], now, simulated, result)
    return result


def _replace(kept: dict[tuple[int, date, str], int], document: str, now: datetime, simulated: bool, result: ListResult) -> None:
    spans = {(unit, day) for unit, day, _field in kept}
    days = {day for _unit, day in spans}
    with writing() as session:
        there = session.scalars(select(QueueTicket).where(QueueTicket.day.between(min(days), max(days))))
        old = {(row.unit_id, row.day, row.field): row for row in there if (row.unit_id, row.day) in spans}
        for (unit, day, field), tickets in kept.items():
            row = old.pop((unit, day, field), None)
            if row is None:
                row = QueueTicket(
                    unit_id=unit, day=day, field=field, tickets=tickets, document=document, reported_at=now, simulated=simulated
                )
                session.add(row)
                result.added += 1
            elif row.tickets == tickets:
                result.unchanged += 1
            else:
                row.tickets, row.document, row.reported_at = tickets, document, now
                result.changed += 1
        for row in old.values():
            session.delete(row)
            result.removed += 1
        audit.record(session, "tickets.load", document, rows=len(kept), added=result.added, changed=result.changed, removed=result.removed)


def tickets_of(month: Month) -> Sequence[Tickets]:
    """All tickets of a month, by point, day and field."""
    rows = reading().execute(
        select(Unit.code, QueueTicket.day, QueueTicket.field, QueueTicket.tickets)
        .join(Unit, Unit.id == QueueTicket.unit_id)
        .where(Unit.list_code == NATIONAL, QueueTicket.day >= month.first_day, QueueTicket.day <= month.last_day)
        .order_by(Unit.code, QueueTicket.day, QueueTicket.field)
    )
    return [Tickets(*row) for row in rows]
