"""Petitions and complaints about procedures (phản ánh, kiến nghị): counts by unit, month and subject, taken whole or refused."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from core import audit
from core.calendar import Month, local_date
from core.database import reading, writing
from core.errors import InputError
from procedures.models import NATIONAL, Unit
from procedures.service_models import PetitionCount
from procedures.small_lists import Column, ListResult, ListRow, count_of, finder, read_list

COLUMNS = (
    Column("unit_code", ("mã đơn vị", "đơn vị", "unit")),
    Column("month", ("tháng", "kỳ")),
    Column("subject", ("nội dung", "nội dung phản ánh", "loại"), required=False),
    Column("received", ("tiếp nhận", "đã tiếp nhận", "số phản ánh")),
    Column("on_time", ("đúng hạn", "trả lời đúng hạn", "xử lý đúng hạn")),
    Column("reopened", ("mở lại", "phản ánh lại", "trả lời lại")),
)
_MONTH = re.compile(r"(\d{4})-(\d{1,2})(?:-\d{1,2}.*)?|(\d{1,2})/(\d{4})")


@dataclass(frozen=True)
class Petitions:
    """Petitions about one unit in one month on one subject (empty: all)."""

    unit_code: str
    subject: str
    received: int
    on_time: int
    reopened: int


def load_petitions(path: Path, now: datetime, root_code: str | None = None, simulated: bool = False) -> ListResult:
    """Take in a file. For each unit and month that it names, it replaces what an earlier file said.

    ``root_code``: only units below it may be named. Raises ``InputError`` for a file that cannot be read; wrong rows are in ``errors``.
    """
    rows = read_list(path, COLUMNS)
    session = reading()
    find = finder(session, local_date(now), root_code)
    result = ListResult(rows=len(rows))
    kept: dict[tuple[int, str, str], tuple[int, int, int]] = {}
    for row in rows:
        try:
            unit, month = find(row, "unit_code"), _month(row, Month.of(now))
            key = (unit.id, str(month), " ".join(row.cells.get("subject", "").split())[:120])
            if key in kept:
                raise InputError(
                    "Đơn vị, tháng và nội dung này đã có ở dòng trên. Cộng lại thành một dòng.",
                    "This unit, month and subject stand above already. Add them up in one row.",
                    row=row.row,
                    field="subject",
                )
            kept[key] = _counts(row)
        except InputError as error:
            result.errors.append(error)
    if not result.errors:
        _replace(kept, path.name[:300], now, simulated, result)
    return result


def _counts(row: ListRow) -> tuple[int, int, int]:
    received, on_time, reopened = (count_of(row, name) for name in ("received", "on_time", "reopened"))
    for name, part in (("on_time", on_time), ("reopened", reopened)):
        if part > received:
            raise InputError(
                f"{part} lớn hơn số tiếp nhận {received}. Phần này nằm trong số tiếp nhận.",
                f"{part} is more than the {received} received. It is a part of these.",
                row=row.row,
                field=name,
            )
    return received, on_time, reopened


def _month(row: ListRow, latest: Month) -> Month:
    text = row.cells.get("month", "")
    match = _MONTH.fullmatch(text)
    year, number = (int(match[1] or match[4]), int(match[2] or match[3])) if match else (0, 0)
    if not 1 <= number <= 12 or not Month(2000, 1) <= Month(year, number) <= latest:
        raise InputError(
            f"“{text}” không phải tháng đã bắt đầu, viết như 10/2026 hoặc 2026-10.",
            f"“{text}” is not a month that has begun, written like 10/2026 or 2026-10.",
            row=row.row,
            field="month",
        )
    return Month(year, number)


def _replace(
    kept: dict[tuple[int, str, str], tuple[int, int, int]], document: str, now: datetime, simulated: bool, result: ListResult
) -> None:
    spans = {(unit, month) for unit, month, _subject in kept}
    with writing() as session:
        there = session.scalars(select(PetitionCount).where(PetitionCount.month.in_({month for _unit, month in spans})))
        old = {(row.unit_id, row.month, row.subject): row for row in there if (row.unit_id, row.month) in spans}
        for (unit, month, subject), counts in kept.items():
            values = dict(zip(("received", "on_time", "reopened"), counts, strict=True))
            row = old.pop((unit, month, subject), None)
            if row is None:
                place = {"unit_id": unit, "month": month, "subject": subject, "simulated": simulated}
                session.add(PetitionCount(**place, **values, document=document, reported_at=now))
                result.added += 1
            elif (row.received, row.on_time, row.reopened) == counts:
                result.unchanged += 1
            else:
                for name, value in values.items():
                    setattr(row, name, value)
                row.document, row.reported_at = document, now
                result.changed += 1
        for row in old.values():
            session.delete(row)
            result.removed += 1
        audit.record(
            session, "petitions.load", document, rows=len(kept), added=result.added, changed=result.changed, removed=result.removed
        )


def petitions_of(month: Month) -> Sequence[Petitions]:
    """All petitions of a month, by unit and subject."""
    rows = reading().execute(
        select(Unit.code, PetitionCount.subject, PetitionCount.received, PetitionCount.on_time, PetitionCount.reopened)
        .join(Unit, Unit.id == PetitionCount.unit_id)
        .where(Unit.list_code == NATIONAL, PetitionCount.month == str(month))
        .order_by(Unit.code, PetitionCount.subject)
    )
    return [Petitions(*row) for row in rows]
