"""The lake: Delta tables written file by file, read by DuckDB through Ibis. No other module knows either engine.

Neither ``ibis.read_delta`` nor DuckDB's ``delta_scan`` works without downloads, so a table is read as the list of its
data files; that list is also what an edition freezes. Writers make Parquet files themselves and commit them with the ones
that they replace: a commit holds only if nobody else has committed since the snapshot it was made from.
"""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    import deltalake
    import duckdb
    import ibis
    import ibis.backends.duckdb
    import pyarrow as pa

MEMORY = "1GB"  # of the engine; a step's whole process stays below 2 GB


@dataclass(frozen=True)
class DataFile:
    """One immutable Parquet file of a table: path relative to the table, size in bytes, SHA-256 in hexadecimal."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Part:
    """One data file as a commit names it. ``path`` is relative to the table.

    ``lowest``, ``highest``: of the statistics column; None where nothing is known. ``unknown``: rows without a value in it.
    """

    path: str
    size: int
    rows: int
    partition: Mapping[str, str]
    lowest: int | None = None
    highest: int | None = None
    unknown: int = 0


@dataclass(frozen=True)
class Snapshot:
    """A table's version and its live files. A commit made from it fails if another one came first."""

    version: int
    parts: list[Part]
    handle: "deltalake.DeltaTable" = field(repr=False)


class ConflictError(RuntimeError):
    """Somebody else committed since the snapshot: take a new one and plan again."""


class LakeTable:
    """One Delta table with text partition columns. ``statistic``: an integer column whose range is kept for each file."""

    def __init__(self, root: Path, schema: "pa.Schema", partition: Sequence[str], statistic: str) -> None:
        self.root = root
        self.schema = schema
        self.partition = list(partition)
        self.statistic = statistic

    def _open(self) -> "deltalake.DeltaTable":
        from deltalake import DeltaTable

        self.root.mkdir(parents=True, exist_ok=True)
        if not DeltaTable.is_deltatable(str(self.root)):
            DeltaTable.create(
                str(self.root),
                schema=self.schema,
                mode="ignore",  # two processes may be the first
                partition_by=self.partition,
                # Without this an old version could not be opened after 30 days, and editions name old files.
                configuration={"delta.enableExpiredLogCleanup": "false"},
            )
        return DeltaTable(str(self.root))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only writer on this file system. The lock ends with the process, however it ends."""
        self.root.parent.mkdir(parents=True, exist_ok=True)
        with (self.root.parent / f"{self.root.name}.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def snapshot(self) -> Snapshot:
        """The current version with its files."""
        import pyarrow as pa

        handle = self._open()
        actions = pa.table(handle.get_add_actions(flatten=True))
        parts = [
            Part(
                path=unquote(row["path"]),
                size=row["size_bytes"],
                rows=row["num_records"] or 0,
                partition={name: row[f"partition.{name}"] for name in self.partition},
                lowest=row.get(f"min.{self.statistic}"),
                highest=row.get(f"max.{self.statistic}"),
                unknown=row.get(f"null_count.{self.statistic}") or 0,
            )
            for row in actions.to_pylist()
        ]
        return Snapshot(handle.version(), sorted(parts, key=lambda part: part.path), handle)

    def paths(self) -> list[Path]:
        """The current version's data files, sorted."""
        return [self.root / part.path for part in self.snapshot().parts]

    def freeze(self) -> list[DataFile]:
        """The current version's files with sizes and digests: what an edition lists as its input."""
        return [describe(path, self.root) for path in self.paths()]

    def commit(self, base: Snapshot, added: Sequence[Part], removed: Sequence[Part], metadata: Mapping[str, str]) -> int:
        """Make files live and others dead in one commit. Gives the new version. Raises ``ConflictError``.

        The added files must lie in the table's folder already. They are flushed to the disk before the log names them.
        """
        from deltalake import CommitProperties
        from deltalake.exceptions import CommitFailedError
        from deltalake.transaction import AddAction, RemoveAction

        now = time.time_ns() // 1_000_000
        for part in added:
            flush(self.root / part.path)
        for folder in sorted({(self.root / part.path).parent for part in added}):
            flush(folder)
        actions: list[AddAction | RemoveAction] = [
            AddAction(part.path, part.size, dict(part.partition), now, True, json.dumps(self._statistics(part))) for part in added
        ]
        actions += [RemoveAction(part.path, True, now, part.size, dict(part.partition)) for part in removed]
        try:
            base.handle.create_write_transaction(
                actions,
                "append",
                self.schema,
                self.partition,
                commit_properties=CommitProperties(custom_metadata=dict(metadata), max_commit_retries=0),
            )
        except CommitFailedError as error:
            raise ConflictError(str(error)) from error
        flush(self.root / "_delta_log" / f"{base.version + 1:020d}.json")
        flush(self.root / "_delta_log")
        return base.version + 1

    def _statistics(self, part: Part) -> dict[str, Any]:
        known = part.lowest is not None
        return {
            "numRecords": part.rows,
            "minValues": {self.statistic: part.lowest} if known else {},
            "maxValues": {self.statistic: part.highest} if known else {},
            "nullCount": {self.statistic: part.unknown},
        }

    def committed(self, since: int, name: str) -> list[str]:
        """The values of a metadata entry in all commits after a version, oldest first."""
        handle = self._open()
        newer = handle.version() - since
        return [entry[name] for entry in reversed(handle.history(newer)) if name in entry] if newer > 0 else []

    def vacuum(self, keep: Iterable[str], older_than: float) -> list[str]:
        """Delete files that are not live, not in ``keep``, written and (if they were ever live) removed so many seconds ago.

        Files of broken-off attempts go the same way. Gives the deleted paths. Call it under the lock: no attempt is under way then.
        """
        kept = {part.path for part in self.snapshot().parts} | set(keep)
        limit = time.time() - older_than
        for entry in (self.root / "_delta_log").glob("*.json"):
            if entry.stat().st_mtime > limit:
                kept |= set(_removed(entry))
        deleted = []
        for path in sorted(self.root.rglob("*.parquet")):
            name = str(path.relative_to(self.root))
            if name.startswith("_delta_log") or name in kept:
                continue
            if path.stat().st_mtime < limit:
                path.unlink()
                deleted.append(name)
        return deleted


def _removed(entry: Path) -> Iterator[str]:
    """Paths that a commit removed."""
    for line in entry.read_text(encoding="utf-8").splitlines():
        removed = json.loads(line).get("remove")
        if removed is not None:
            yield unquote(removed["path"])


def flush(path: Path) -> None:
    """Bring a file or folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def describe(path: Path, root: Path) -> DataFile:
    """Size and digest of a file, its path taken relative to ``root``."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return DataFile(str(path.relative_to(root)), path.stat().st_size, digest)


def engine(scratch: Path, memory_limit: str = MEMORY) -> "duckdb.DuckDBPyConnection":
    """A fresh in-memory engine for SQL, without Ibis, whose import costs more than a small feed. ``scratch``: where it may spill."""
    import duckdb

    con = duckdb.connect(config={"memory_limit": memory_limit, "preserve_insertion_order": False, "temp_directory": str(scratch)})
    con.execute("SET TimeZone = 'UTC'")
    # It knows nothing of the size of rows that come from Python, and would put millions of them on the side of a join to be hashed.
    con.execute("SET disabled_optimizers = 'build_side_probe_side,join_order'")
    return con


def connect(memory_limit: str = MEMORY, scratch: Path | None = None) -> "ibis.backends.duckdb.Backend":
    """A fresh in-memory engine. Times are UTC; nothing is shared between processes. ``scratch``: where it may spill."""
    import warnings

    import ibis

    # Ibis 12 still calls methods of DuckDB that DuckDB 2 has renamed; both names work.
    warnings.filterwarnings("ignore", message=r"fetch_(arrow_table|record_batch)\(\) is deprecated", category=DeprecationWarning)
    # Expressions only ever read; the engine has no store of its own that could be corrupted.
    engine = ibis.duckdb.connect(memory_limit=memory_limit, preserve_insertion_order=False)
    engine.raw_sql("SET TimeZone = 'UTC'")  # as an option of connect() it is refused: the time zones are loaded only afterwards
    if scratch is not None:
        engine.con.execute("SET temp_directory = ?", [str(scratch)])
    return engine


def read_files(engine: "ibis.backends.duckdb.Backend", paths: Sequence[Path], empty: "pa.Schema", named: bool = False) -> "ibis.Table":
    """The rows of data files as one Ibis table; partition columns stay text (``"01"`` must not become 1).

    ``empty`` is the table's schema, used when there is no file yet. ``named``: with the path of each row's file as ``filename``.
    """
    if not paths:
        table = from_arrow(engine, f"empty_{id(empty)}", empty.empty_table())
        if named:
            import ibis

            table = table.mutate(filename=ibis.literal(""))
        return table
    return engine.read_parquet([str(path) for path in paths], hive_partitioning=True, hive_types_autocast=False, filename=named)


def from_arrow(engine: "ibis.backends.duckdb.Backend", name: str, rows: "pa.Table") -> "ibis.Table":
    """Rows in memory as an Ibis table. (``create_table`` fails on them: its clean-up is no SQL that DuckDB 2 takes.)"""
    engine.con.register(name, rows)
    return engine.table(name)


def fetch(engine: "ibis.backends.duckdb.Backend", expression: "ibis.Table") -> "pa.Table":
    """Run an expression and take its rows as Arrow."""
    return engine.con.sql(engine.compile(expression)).to_arrow_table()
