"""Days on which databases were published and systems connected to them, each with the document that says so, from a small list."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.calendar import local_date
from core.database import reading, writing
from core.errors import InputError
from procedures.models import RegisterConnection, Source, StandardComponent, StateRegister, Unit
from procedures.small_lists import Column, ListResult, ListRow, day_of, read_list

COLUMNS = (
    Column("register_code", ("mã cơ sở dữ liệu", "cơ sở dữ liệu")),
    Column("source_document", ("văn bản", "căn cứ")),
    Column("component_code", ("mã thành phần chuẩn",), required=False),
    Column("published_from", ("công bố từ", "ngày công bố"), required=False),
    Column("unit_code", ("mã tỉnh, bộ", "mã đơn vị"), required=False),
    Column("source_code", ("mã hệ thống", "mã nguồn"), required=False),
    Column("connected_from", ("kết nối từ", "ngày kết nối"), required=False),
)


@dataclass(frozen=True)
class _Entry:
    """What one row says: of a register or one of its components since when it is published, or since when a system is connected."""

    register: str
    component: str
    unit: str
    source: str
    published: date | None
    connected: date | None
    document: str


def load_register_dates(path: Path, now: datetime) -> ListResult:
    """Record the days of a list. A row gives ``published_from`` (of a register, or with ``component_code`` of one paper in it) or, with
    ``unit_code`` (a province or ministry; with ``source_code`` one of its systems), ``connected_from``.

    The file is taken whole or not at all: with ``errors`` nothing was written. The same rows again change nothing.
    """
    rows = read_list(path, COLUMNS)
    result = ListResult(rows=len(rows))
    known = _Known(reading())
    entries = []
    for row in rows:
        try:
            entries.append(known.entry(row, local_date(now)))
        except InputError as error:
            result.errors.append(error)
    if not result.errors:
        with writing() as session:
            _write(session, entries, result)
            audit.record(session, "registers.dates", path.name[:200], rows=result.rows, added=result.added, changed=result.changed)
    return result


class _Known:
    """Codes that a row may use."""

    def __init__(self, session: Session) -> None:
        self.registers = set(session.scalars(select(StateRegister.code)))
        held = select(StandardComponent.code, StateRegister.code).join(StateRegister, StateRegister.id == StandardComponent.register_id)
        self.components = dict(session.execute(held).all())
        self.units = set(session.scalars(select(Unit.code).where(Unit.kind.in_(("province", "ministry")))))
        owners = select(Source.code, Unit.code).join(Unit, Unit.id == Source.unit_id)
        self.sources = dict(session.execute(owners).all())

    def entry(self, row: ListRow, latest: date) -> _Entry:
        """The row's meaning. Raises ``InputError``."""
        cells = {column.name: row.cells.get(column.name, "") for column in COLUMNS}
        register, component, unit, source = (cells[name] for name in ("register_code", "component_code", "unit_code", "source_code"))
        if register not in self.registers:
            raise _wrong(row, "register_code", f"Không có cơ sở dữ liệu mã “{register}”.", f"No register has the code “{register}”.")
        if not cells["source_document"]:
            raise _wrong(row, "source_document", "Phải nêu văn bản.", "Name the document that says so.")
        if component and self.components.get(component) != register:
            raise _wrong(
                row, "component_code", f"“{component}” không thuộc cơ sở dữ liệu này.", f"The register does not hold “{component}”."
            )
        if unit and unit not in self.units:
            raise _wrong(row, "unit_code", f"Không có tỉnh, bộ mã “{unit}”.", f"No province or ministry has the code “{unit}”.")
        if source and self.sources.get(source) != unit:
            raise _wrong(row, "source_code", f"Hệ thống “{source}” không thuộc đơn vị {unit}.", f"The system “{source}” is not of {unit}.")
        published = day_of(row, "published_from", latest) if cells["published_from"] else None
        connected = day_of(row, "connected_from", latest) if cells["connected_from"] else None
        if (published is None) == (connected is None) or (connected is not None) != bool(unit):
            raise _wrong(
                row,
                "connected_from",
                "Mỗi dòng ghi một việc: ngày công bố, hoặc mã tỉnh, bộ với ngày kết nối.",
                "A row says one thing: a day of publication, or a province or ministry with its day of connection.",
            )
        return _Entry(register, component, unit, source, published, connected, cells["source_document"][:300])


def _wrong(row: ListRow, field: str, vietnamese: str, english: str) -> InputError:
    return InputError(vietnamese, english, row=row.row, field=field)


def _write(session: Session, entries: Iterable[_Entry], result: ListResult) -> None:
    registers = {item.code: item for item in session.scalars(select(StateRegister))}
    components = {item.code: item for item in session.scalars(select(StandardComponent))}
    units = dict(session.execute(select(Unit.code, Unit.id)).all())
    sources = dict(session.execute(select(Source.code, Source.id)).all())
    for entry in entries:
        if entry.published is not None:
            holder = components[entry.component] if entry.component else registers[entry.register]
            same = (holder.published_from, holder.source_document) == (entry.published, entry.document)
            fresh = holder.published_from is None
            holder.published_from, holder.source_document = entry.published, entry.document
            result.unchanged += same
            result.added += fresh
            result.changed += not same and not fresh
            continue
        key = {
            "register_id": registers[entry.register].id,
            "unit_id": units[entry.unit],
            "source_id": sources[entry.source] if entry.source else None,
            "connected_from": entry.connected,
        }
        found = session.scalar(select(RegisterConnection).filter_by(**key))
        if found is None:
            session.add(RegisterConnection(**key, source_document=entry.document))
            session.flush()
            result.added += 1
        else:
            result.unchanged += found.source_document == entry.document
            result.changed += found.source_document != entry.document
            found.source_document = entry.document
