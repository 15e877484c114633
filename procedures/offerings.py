"""What is declared: the register of offerings, and the published lists of boundary-independent procedures."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.database import reading, writing
from core.errors import InputError
from procedures.models import NATIONAL, Offering, Procedure, Unit
from procedures.queries import valid
from procedures.service_models import BoundaryEntry, BoundaryList
from procedures.small_lists import Column, ListResult, read_list

COLUMNS = (Column("procedure_code", ("mã thủ tục", "mã TTHC", "mã")),)
NONE = "none"


@dataclass(frozen=True)
class Declared:
    """A procedure as a province or ministry declares it on a day. ``since``: first day of its being online without a break (ISO); empty
    where it is not. ``reason``: published, of a partial one."""

    unit_code: str
    procedure_code: str
    online_level: str
    reason: str
    since: str
    is_local: bool


@dataclass(frozen=True)
class Boundary:
    """A province's list valid on a day. ``procedures``: its codes; empty where only its publication is known."""

    unit_code: str
    document: str
    valid_from: date
    procedures: tuple[str, ...]


def declared(session: Session, on: date) -> list[Declared]:
    """Every offering valid on a day, by unit and procedure."""
    rows = session.execute(
        select(
            Unit.code, Procedure.code, Procedure.is_local, Offering.online_level, Offering.reason, Offering.valid_from, Offering.valid_to
        )
        .join(Offering, Offering.unit_id == Unit.id)
        .join(Procedure, Procedure.id == Offering.procedure_id)
        .where(Procedure.list_code == NATIONAL, Offering.valid_from <= on, valid(Procedure, on))
        .order_by(Unit.code, Procedure.code, Offering.valid_from)
    )
    found: list[Declared] = []
    last: tuple[str, str] | None = None
    since: date | None = None
    until: date | None = None
    for unit, procedure, is_local, level, reason, start, end in rows:
        unbroken = last == (unit, procedure) and since is not None and until == start
        since = None if level == NONE else since if unbroken else start
        last, until = (unit, procedure), end
        if end is None or end > on:
            found.append(Declared(unit, procedure, level, reason, since.isoformat() if since else "", is_local))
    return found


def boundaries(session: Session, on: date) -> list[Boundary]:
    """The lists valid on a day, by unit."""
    rows = session.execute(
        select(BoundaryList.id, Unit.code, BoundaryList.document, BoundaryList.valid_from)
        .join(Unit, Unit.id == BoundaryList.unit_id)
        .where(Unit.list_code == NATIONAL, valid(BoundaryList, on))
        .order_by(Unit.code, BoundaryList.valid_from)
    ).all()
    entries = select(BoundaryEntry.list_id, BoundaryEntry.procedure_code).order_by(BoundaryEntry.list_id, BoundaryEntry.procedure_code)
    listed: dict[int, list[str]] = {}
    for number, code in session.execute(entries.where(BoundaryEntry.list_id.in_([row[0] for row in rows]))):
        listed.setdefault(number, []).append(code)
    return [Boundary(unit, document, start, tuple(listed.get(number, ()))) for number, unit, document, start in rows]


def publish_list(unit_code: str, codes: Iterable[str], document: str, valid_from: date, simulated: bool = False) -> ListResult:
    """Record a province's list from a day on, in place of the one before; ``codes`` may be empty where only publication is known.

    Raises ``InputError`` for an unknown unit, or where a later list is recorded already.
    """
    wanted, result = sorted(set(codes)), ListResult()
    result.rows = len(wanted)
    with writing() as session:
        unit = session.scalar(select(Unit).where(Unit.list_code == NATIONAL, Unit.code == unit_code, Unit.kind == "province"))
        if unit is None:
            raise InputError(f"Không có tỉnh, thành phố {unit_code}.", f"There is no province {unit_code}.", field="unit")
        spans = list(session.scalars(select(BoundaryList).where(BoundaryList.unit_id == unit.id).order_by(BoundaryList.valid_from)))
        if spans and spans[-1].valid_from > valid_from:
            raise InputError(
                f"Đã có danh mục từ {spans[-1].valid_from:%d/%m/%Y}. Chọn ngày muộn hơn.",
                f"There is a list from {spans[-1].valid_from:%d/%m/%Y} on. Choose a later day.",
                field="valid_from",
            )
        if spans and spans[-1].valid_from == valid_from:
            session.delete(spans.pop())
            session.flush()
            result.changed = 1
        else:
            result.added = 1
        if spans and spans[-1].valid_to is None:
            spans[-1].valid_to = valid_from
        session.add(
            BoundaryList(
                unit_id=unit.id,
                document=document[:300],
                valid_from=valid_from,
                simulated=simulated,
                entries=[BoundaryEntry(procedure_code=code) for code in wanted],
            )
        )
        audit.record(
            session, "boundary.load", unit_code, document=document[:200], procedures=len(wanted), valid_from=valid_from.isoformat()
        )
    return result


def load_boundary_list(path: Path | None, unit_code: str, document: str, valid_from: date) -> ListResult:
    """``publish_list`` with the procedure codes of a file (None: only publication is known). Codes that no procedure has are refused."""
    if path is None:
        return publish_list(unit_code, (), document, valid_from)
    rows = read_list(path, COLUMNS)
    known = set(reading().scalars(select(Procedure.code).where(Procedure.list_code == NATIONAL)))
    result = ListResult(rows=len(rows))
    result.errors = [
        InputError(
            f"Không có thủ tục mã “{row.cells['procedure_code']}” trong danh mục.",
            f"The catalogue has no procedure “{row.cells['procedure_code']}”.",
            row=row.row,
            field="procedure_code",
        )
        for row in rows
        if row.cells["procedure_code"] not in known
    ]
    return result if result.errors else publish_list(unit_code, (row.cells["procedure_code"] for row in rows), document, valid_from)
