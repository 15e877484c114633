"""The lake: Delta tables written by one process, read by DuckDB through Ibis. No other module knows either engine.

Neither ``ibis.read_delta`` nor DuckDB's ``delta_scan`` works without downloads, so a table is read as the list of its
data files; that list is also what an edition freezes.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlparse

if TYPE_CHECKING:
    import deltalake
    import ibis
    import ibis.backends.duckdb
    import pyarrow as pa

RETRIES = 5


@dataclass(frozen=True)
class DataFile:
    """One immutable Parquet file of a table: path relative to the table, size in bytes, SHA-256 in hexadecimal."""

    path: str
    size: int
    sha256: str


class LakeTable:
    """One Delta table with text partition columns; a row is known by ``key``."""

    def __init__(self, root: Path, schema: "pa.Schema", partition: Sequence[str], key: Sequence[str]) -> None:
        self.root = root
        self.schema = schema
        self.partition = list(partition)
        self.key = list(key)

    def _open(self) -> "deltalake.DeltaTable":
        from deltalake import DeltaTable

        self.root.mkdir(parents=True, exist_ok=True)
        if not DeltaTable.is_deltatable(str(self.root)):
            # Without this an old version could not be opened after 30 days, and editions name old files.
            return DeltaTable.create(
                str(self.root),
                schema=self.schema,
                partition_by=self.partition,
                configuration={"delta.enableExpiredLogCleanup": "false"},
            )
        return DeltaTable(str(self.root))

    def paths(self) -> list[Path]:
        """The current version's data files, sorted."""
        uris = self._open().file_uris()
        return sorted(Path(unquote(urlparse(uri).path) if uri.startswith("file:") else uri) for uri in uris)

    def freeze(self) -> list[DataFile]:
        """The current version's files with sizes and digests: what an edition lists as its input."""
        return [describe(path, self.root) for path in self.paths()]

    def merge(self, rows: "pa.Table", partitions: Iterable[dict[str, str]]) -> None:
        """Insert or replace whole rows by key, in one commit.

        ``partitions`` names every partition that holds an old or a new state of the rows, so that all others are
        pruned; a row whose partition changed is found only if its old partition is named. Keys in ``rows`` must be
        unique (Delta would insert both).
        """
        from deltalake.exceptions import CommitFailedError

        named = " OR ".join(
            "(" + " AND ".join(f"t.{column} = {_literal(value)}" for column, value in part.items()) + ")" for part in partitions
        )
        match = " AND ".join(f"t.{column} = s.{column}" for column in self.key)
        for attempt in range(RETRIES):
            try:
                (
                    self._open()
                    .merge(rows, predicate=f"({named}) AND {match}", source_alias="s", target_alias="t")
                    .when_matched_update_all()
                    .when_not_matched_insert_all()
                    .execute()
                )
                return
            except CommitFailedError:
                if attempt == RETRIES - 1:
                    raise

    def append(self, rows: "pa.Table") -> None:
        """Add rows that are known to be new, in one commit."""
        from deltalake import write_deltalake

        self._open()
        write_deltalake(str(self.root), rows, mode="append")


def describe(path: Path, root: Path) -> DataFile:
    """Size and digest of a file, its path taken relative to ``root``."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return DataFile(str(path.relative_to(root)), path.stat().st_size, digest)


def connect(memory_limit: str = "2GB") -> "ibis.backends.duckdb.Backend":
    """A fresh in-memory engine. Times are UTC; nothing is shared between processes."""
    import warnings

    import ibis

    # Ibis 12 still calls methods of DuckDB that DuckDB 2 has renamed; both names work.
    warnings.filterwarnings("ignore", message=r"fetch_(arrow_table|record_batch)\(\) is deprecated", category=DeprecationWarning)
    # Expressions only ever read; the engine has no store of its own that could be corrupted.
    engine = ibis.duckdb.connect(memory_limit=memory_limit, preserve_insertion_order=False)
    engine.raw_sql("SET TimeZone = 'UTC'")  # as an option of connect() it is refused: the time zones are loaded only afterwards
    return engine


def read_files(engine: "ibis.backends.duckdb.Backend", paths: Sequence[Path], empty: "pa.Schema") -> "ibis.Table":
    """The rows of data files as one Ibis table; partition columns stay text (``"01"`` must not become 1).

    ``empty`` is the table's schema, used when there is no file yet.
    """
    if not paths:
        return from_arrow(engine, f"empty_{id(empty)}", empty.empty_table())
    return engine.read_parquet([str(path) for path in paths], hive_partitioning=True, hive_types_autocast=False)


def from_arrow(engine: "ibis.backends.duckdb.Backend", name: str, rows: "pa.Table") -> "ibis.Table":
    """Rows in memory as an Ibis table. (``create_table`` fails on them: its clean-up is no SQL that DuckDB 2 takes.)"""
    engine.con.register(name, rows)
    return engine.table(name)


def fetch(engine: "ibis.backends.duckdb.Backend", expression: "ibis.Table") -> "pa.Table":
    """Run an expression and take its rows as Arrow."""
    return engine.con.sql(engine.compile(expression)).to_arrow_table()


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
