"""Rows put straight into the lake, for tests of what is counted and not of how it came in."""

import secrets
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from core.lake import LakeTable, Part


def put(table: LakeTable, rows: list[dict[str, Any]]) -> None:
    """Insert rows, or replace those of the same source and dossier code, in one commit."""
    base = table.snapshot()
    known = {(row["source"], row["dossier_code"]) for row in rows}
    kept, removed = list(rows), []
    for part in base.parts:
        there = [row | part.partition for row in parquet.read_table(table.root / part.path, partitioning=None).to_pylist()]
        if any((row["source"], row["dossier_code"]) in known for row in there):
            removed.append(part)
            kept += [row for row in there if (row["source"], row["dossier_code"]) not in known]
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in kept:
        groups.setdefault(tuple(row[name] for name in table.partition), []).append(row)
    added = []
    schema = pa.schema([field for field in table.schema if field.name not in table.partition])
    for values, group in groups.items():
        partition = dict(zip(table.partition, values, strict=True))
        path = table.root.joinpath(*(f"{name}={value}" for name, value in partition.items()), f"part-{secrets.token_hex(8)}.parquet")
        path.parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(pa.Table.from_pylist(group, schema=schema), path)
        added.append(Part(str(path.relative_to(table.root)), path.stat().st_size, len(group), partition))
    table.commit(base, added, removed, {})
