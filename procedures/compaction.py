"""The lake's upkeep: many small files of a month written as one."""

import secrets
from typing import TYPE_CHECKING

from core.lake import LakeTable, Part, Snapshot
from procedures import merging
from procedures.engine_words import quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def compact(table: LakeTable, con: "DuckDBPyConnection", base: Snapshot, most: int = 4) -> int | None:
    """Write the months of a source that lie in more than ``most`` files anew, each as one file, in one commit."""
    added: list[Part] = []
    removed: list[Part] = []
    groups: dict[tuple[str, str], list[Part]] = {}
    for part in base.parts:
        groups.setdefault((part.partition["reception_month"], part.partition["source"]), []).append(part)
    names = ", ".join(quote(name) for name in table.schema.names if name not in table.partition)
    for (month, source), parts in sorted(groups.items()):
        small = [part for part in parts if part.rows < merging.SMALL]
        if len(small) <= most:
            continue
        folder = table.root / f"reception_month={month}" / f"source={source}"
        target = folder / f"part-{secrets.token_hex(16)}.parquet"
        merging.copy_to(con, f"SELECT {names} FROM {merging.read([table.root / part.path for part in small])}", target)
        removed += small
        added += merging.new_parts(con, table, [target], {"reception_month": month, "source": source})
    return table.commit(base, added, removed, {"purpose": "compaction"}) if added else None
