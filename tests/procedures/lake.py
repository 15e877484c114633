"""Small lakes made by hand: rows of the dossier table, without a feed."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from core.calendar import TIMEZONE
from core.lake import from_arrow
from procedures.dossier_queries import data_dir
from procedures.dossiers import dossier_schema, dossier_table

if TYPE_CHECKING:
    import ibis
    import ibis.backends.duckdb


def at(text: str) -> datetime:
    """``2026-10-08 08:15`` in Viet Nam, as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=TIMEZONE).astimezone(UTC)


def row(code: str = "H26.12-261008-0001", received: str = "2026-10-08 08:15", **changes: Any) -> dict[str, Any]:
    """One dossier, handled on time within four days."""
    received_at = at(received)
    return {
        "source": "h26",
        "reception_month": received[:7],
        "dossier_code": code,
        "procedure_code": "1.004222",
        "handling_unit": "H26.12",
        "channel": 2,
        "received_at": received_at,
        "due_at": received_at + timedelta(days=5),
        "first_due_at": received_at + timedelta(days=5),
        "finished_at": received_at + timedelta(days=4),
        "status": 9,
        "updated_at": received_at + timedelta(days=4),
        "submission": "s1",
    } | changes


def steps(*codes: int) -> list[dict[str, Any]]:
    """A history that goes through these statuses, an hour each."""
    return [{"at": at("2026-10-08 08:15") + timedelta(hours=number), "status": code} for number, code in enumerate(codes)]


def table(engine: "ibis.backends.duckdb.Backend", rows: list[dict[str, Any]], name: str = "rows") -> "ibis.Table":
    """Rows in memory, with the columns of the lake."""
    import pyarrow as pa

    return from_arrow(engine, name, pa.Table.from_pylist(rows, schema=dossier_schema()))


def put(rows: list[dict[str, Any]]) -> None:
    """Rows in the lake of the current installation."""
    import pyarrow as pa
    from deltalake import write_deltalake

    lake = dossier_table(data_dir())
    lake.root.mkdir(parents=True, exist_ok=True)
    write_deltalake(str(lake.root), pa.Table.from_pylist(rows, schema=dossier_schema()), partition_by=lake.partition, mode="append")
