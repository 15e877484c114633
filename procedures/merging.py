"""From staged files to the lake: which rows win, which files are written anew, and the one commit that makes it so.

One dossier is one row per source and code; the later time of update wins, whatever the order of arrival. Staged files have the
lake's own form and lie beside it, so that a month that only gains rows takes them as they are.
"""

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.lake import LakeTable, Part, Snapshot
from procedures.engine_words import literal, quote
from procedures.staging import STAMPS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SUBMISSIONS = "submissions"  # metadata entry of a commit: counts of each submission that it carries
KNOWN_ONCE = "applicant_hash"  # a column that a later row without it does not empty
SMALL = 100_000  # rows; smaller files of a month go along when the month is written anew


@dataclass
class Counts:
    """What became of a submission's good rows, and which reception months they touched."""

    accepted: int = 0
    superseded: int = 0
    unchanged: int = 0
    repeated: int = 0  # of the superseded: by another row of the same submission
    months: list[str] = field(default_factory=list)
    warnings: dict[str, int] = field(default_factory=dict)  # rows by rule
    before: dict[str, float | None] = field(default_factory=dict)  # coverage of the newest months before the commit


@dataclass
class Difference:
    """What a replacement of a month would do: dossiers added, changed, removed, and the same."""

    added: int
    changed: int
    removed: int
    unchanged: int


@dataclass
class Staged:
    """The good rows of some submissions of one source on disk: ``folder/reception_month=…/*.parquet``, in the order of arrival.

    ``held_codes``: with a replacement, a table of the dossiers whose new rows are held back: what the lake has of them stays.
    """

    con: "DuckDBPyConnection"
    source: str
    folder: Path
    submissions: list[str]
    replaces: str | None = None

    def files(self) -> list[Path]:
        """All staged files, sorted."""
        return sorted(self.folder.rglob("*.parquet"))


def plan(table: LakeTable, base: Snapshot, staged: Staged) -> dict[str, Counts]:
    """Make the tables ``beaten`` (rows that are not taken) and ``replaced`` (rows of the lake that go); count by submission.

    Who applied, and of event logs the events, any row of a dossier may add, whatever the order: ``carried`` has what others say and
    a row that is taken does not, ``patched`` what an older row says and the lake's does not.

    Needs the tables that an attempt makes of its submissions (``attempts.TABLES``).
    """
    con = staged.con
    con.execute("DROP VIEW IF EXISTS staged; DROP TABLE IF EXISTS beaten; DROP TABLE IF EXISTS replaced; DROP TABLE IF EXISTS carried")
    con.execute("DROP TABLE IF EXISTS patched")
    con.execute("CREATE TEMP TABLE beaten (submission VARCHAR, row_no INTEGER, dossier_code VARCHAR, verdict VARCHAR, file VARCHAR)")
    con.execute("CREATE TEMP TABLE replaced (dossier_code VARCHAR, reception_month VARCHAR, path VARCHAR, submission VARCHAR)")
    history = 'STRUCT("at" TIMESTAMPTZ, status TINYINT, source_status VARCHAR, activity VARCHAR, department VARCHAR)[]'
    con.execute(f"CREATE TEMP TABLE carried (submission VARCHAR, row_no INTEGER, file VARCHAR, known VARCHAR, events {history})")
    patched = f"dossier_code VARCHAR, reception_month VARCHAR, path VARCHAR, submission VARCHAR, known VARCHAR, events {history}"
    con.execute(f"CREATE TEMP TABLE patched ({patched})")
    counts = {key: Counts() for key in staged.submissions}
    if not staged.files():
        return counts  # of a file without one good row nothing is known about the month: it replaces nothing
    con.execute(f"CREATE TEMP VIEW staged AS SELECT * RENAME (filename AS file) FROM {read(staged.files(), ', filename = true')}")
    _from_before(staged)
    _repeated(table, staged)
    _against_the_lake(table, base, staged)
    if staged.replaces:
        _removed(table, base, staged)
    left: dict[tuple[str, str], int] = {}
    for key, file, rows in con.execute("SELECT submission, file, count(*) FROM staged GROUP BY ALL").fetchall():
        left[key, file] = rows
    for key, file, verdict, rows in con.execute("SELECT submission, file, verdict, count(*) FROM beaten GROUP BY ALL").fetchall():
        left[key, file] -= rows
        if verdict == "unchanged":
            counts[key].unchanged += rows
        else:
            counts[key].superseded += rows
            counts[key].repeated += rows if verdict == "repeated" else 0
    touched = "FROM replaced WHERE submission IS NOT NULL UNION SELECT submission, reception_month FROM patched"
    months = set(con.execute(f"SELECT submission, reception_month {touched}").fetchall())
    months |= {(key, _month(Path(file))) for (key, file), rows in left.items() if rows}
    for (key, _file), rows in left.items():
        counts[key].accepted += rows
    for key, month in sorted(months):
        counts[key].months.append(month)
    return counts


def _month(staged: Path) -> str:
    return staged.parent.name.split("=", 1)[1]


def _some(con: "DuckDBPyConnection", table: str) -> bool:
    return bool(con.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchall())


def _left(con: "DuckDBPyConnection") -> str:
    """The staged rows that are not beaten."""
    return "FROM staged ANTI JOIN beaten USING (submission, row_no)" if _some(con, "beaten") else "FROM staged"


def read(paths: Sequence[Path], extra: str = "") -> str:
    """SQL for the rows of files; the partition's columns are text."""
    listed = ", ".join(literal(str(path)) for path in paths)
    return f"read_parquet([{listed}], hive_partitioning = true, hive_types_autocast = false{extra})"


def _from_before(staged: Staged) -> None:
    """Rows of a month that the source has said anew in a later file are no part of it."""
    staged.con.execute(
        """INSERT INTO beaten SELECT submission, row_no, dossier_code, 'older', file FROM staged
        WHERE (submission, reception_month) IN (FROM said_anew)"""
    )


def _repeated(table: LakeTable, staged: Staged) -> None:
    """Of several rows of one dossier the one updated last stays; of equal ones the one that arrived last.

    Where a file says the same twice, the row that was read first stands for both: the files written since then stay whole.
    """
    import numpy as np
    import pyarrow as pa

    con = staged.con
    hashes = np.asarray(con.execute(f"SELECT hash(dossier_code) AS code_hash {_left(con)}").fetchnumpy()["code_hash"])
    hashes.sort()  # half the time of grouping them
    twice = hashes[1:][hashes[1:] == hashes[:-1]]
    if not len(twice):
        return
    con.register("twice", pa.table({"code_hash": twice}))
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE repeated AS SELECT *, row_number() OVER
                (PARTITION BY dossier_code ORDER BY updated_at DESC, arrival DESC, said = last_said DESC, row_no) AS place
            FROM (SELECT submission, row_no, dossier_code, updated_at, file, arrival, {KNOWN_ONCE},
                    arg_max({KNOWN_ONCE}, updated_at) OVER (PARTITION BY dossier_code) AS known,
                    CASE WHEN events AND len(flatten(list(history) OVER (PARTITION BY dossier_code))) > len(history)
                        THEN {_union("list(history) OVER (PARTITION BY dossier_code)")} END AS gathered,
                    hash({", ".join(_said(table))}) AS said,
                    arg_max(said, row_no) OVER (PARTITION BY dossier_code, submission, updated_at) AS last_said
                FROM ({_left(con)}) JOIN (SELECT submission, arrival, events FROM batch) USING (submission)
                WHERE hash(dossier_code) IN (SELECT code_hash FROM twice))"""
    )
    con.execute("INSERT INTO beaten SELECT submission, row_no, dossier_code, 'repeated', file FROM repeated WHERE place > 1")
    unsaid = f"place = 1 AND ({KNOWN_ONCE} IS NULL AND known IS NOT NULL OR gathered IS NOT NULL)"
    con.execute(f"INSERT INTO carried SELECT submission, row_no, file, known, gathered FROM repeated WHERE {unsaid}")
    con.unregister("twice")


def _said(table: LakeTable) -> list[str]:
    """The columns that say something of the dossier."""
    return [name for name in table.schema.names if name not in STAMPS]


def _candidates(base: Snapshot, staged: Staged) -> list[Part]:
    """The source's files that may hold one of the staged dossiers.

    A dossier lies in the month of its reception, or, if that was corrected, in another: there only a file whose range of days
    written in dossier codes covers the dossier's own can hold it.
    """
    own = [part for part in base.parts if part.partition["source"] == staged.source]
    if not own:
        return []
    months = {row[0] for row in staged.con.execute("SELECT DISTINCT reception_month FROM staged").fetchall()}
    days = [row[0] for row in staged.con.execute("SELECT DISTINCT code_day FROM staged").fetchall()]
    known = [day for day in days if day is not None]

    def may_hold(part: Part) -> bool:
        if part.partition["reception_month"] in months or part.lowest is None or part.highest is None:
            return True
        if part.unknown and len(known) < len(days):
            return True
        return any(part.lowest <= day <= part.highest for day in known)

    return [part for part in own if may_hold(part)]


def _against_the_lake(table: LakeTable, base: Snapshot, staged: Staged) -> None:
    con, found = staged.con, _candidates(base, staged)
    if not found:
        return
    said = _said(table)
    # Who applied does not change: a row that does not say it, or comes back from quarantine without it, leaves what is known. A log
    # may hold a case's new events alone, but a month that is replaced has those of the new file.
    known, before = f"coalesce(s.{KNOWN_ONCE}, c.known)", "CASE WHEN NOT b.replaces THEN e.history END"
    events = _union(f"[{before}, coalesce(c.events, s.history)]")
    merged = {KNOWN_ONCE: f"coalesce({known}, e.{KNOWN_ONCE})", "history": f"CASE WHEN b.events THEN {events} ELSE s.history END"}
    now = ", ".join(merged.get(name, f"s.{name}") for name in said)
    same = f"({now}) IS NOT DISTINCT FROM ({', '.join(f'e.{name}' for name in said)})"
    # A row without a time of its own carries that of its file's reception: alone it is no change, unless it says again what a row
    # that waits in quarantine has said otherwise in between.
    untimed = "s.updated_at = b.received_at AND s.dossier_code NOT IN (SELECT dossier_code FROM waiting)"
    # What lay aside, or waited, while the lake took others: of two of one time the one that came later stays; of a replaced month the
    # time of update tells nothing.
    later = "(s.submission, e.submission) IN (FROM came_later)"
    older = f"CASE WHEN b.replaces OR e.updated_at = s.updated_at THEN {later} ELSE e.updated_at > s.updated_at END"
    verdict = (
        f"CASE WHEN {same} AND (s.updated_at = e.updated_at OR {untimed}) THEN 'unchanged' WHEN {older} THEN 'older' ELSE 'accepted' END"
    )
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE met AS
        SELECT s.submission, s.row_no, s.dossier_code, s.file, e.reception_month, e.filename AS path, {verdict} AS verdict,
            {known} AS own, e.{KNOWN_ONCE} AS former, b.replaces,
            CASE WHEN b.events THEN {events} END AS events, b.events AND len({events}) > len(e.history) AS longer
        FROM ({_left(con)}) s JOIN {read([table.root / part.path for part in found], ", filename = true")} e
            ON e.dossier_code = s.dossier_code JOIN batch b ON b.submission = s.submission
            LEFT JOIN carried c ON c.submission = s.submission AND c.row_no = s.row_no"""
    )
    con.execute("INSERT INTO beaten SELECT submission, row_no, dossier_code, verdict, file FROM met WHERE verdict <> 'accepted'")
    con.execute("INSERT INTO replaced SELECT dossier_code, reception_month, path, submission FROM met WHERE verdict = 'accepted'")
    carried = "verdict = 'accepted' AND (own IS NULL AND former IS NOT NULL OR events IS NOT NULL)"
    con.execute(f"INSERT INTO carried SELECT submission, row_no, file, coalesce(own, former), events FROM met WHERE {carried}")
    patched = "verdict = 'older' AND NOT replaces AND (former IS NULL AND own IS NOT NULL OR longer)"
    con.execute(f"INSERT INTO patched SELECT dossier_code, reception_month, path, submission, own, events FROM met WHERE {patched}")


def _union(histories: str) -> str:
    """SQL: the events of several histories in order, each once."""
    return f"list_sort(list_distinct(flatten({histories})))"


def _removed(table: LakeTable, base: Snapshot, staged: Staged) -> None:
    """With a replacement, what the lake has of the month and the file has not goes, unless its new row is held back or it came later."""
    gone = [
        table.root / part.path
        for part in base.parts
        if part.partition["source"] == staged.source and part.partition["reception_month"] == staged.replaces
    ]
    if not gone:
        return
    sent = "UNION ALL SELECT dossier_code FROM staged" if staged.files() else ""
    staged.con.execute(
        f"""INSERT INTO replaced SELECT dossier_code, reception_month, filename, NULL FROM {read(gone, ", filename = true")}
        WHERE dossier_code NOT IN (SELECT dossier_code FROM held WHERE dossier_code IS NOT NULL {sent})
            AND submission NOT IN (SELECT later FROM came_later)"""
    )


def difference(staged: Staged, counts: Mapping[str, Counts]) -> Difference:
    """What the planned replacement does to the lake."""
    con = staged.con
    total = sum(count.accepted for count in counts.values())
    changed = removed = 0
    if _some(con, "replaced"):
        again = "dossier_code IN (SELECT dossier_code FROM staged)" if staged.files() else "false"
        changed, removed = con.execute(f"SELECT count(*) FILTER ({again}), count(*) FILTER (NOT ({again})) FROM replaced").fetchall()[0]
    return Difference(total - changed, changed, removed, sum(count.unchanged for count in counts.values()))


def carry_out(table: LakeTable, base: Snapshot, staged: Staged, metadata: Mapping[str, str]) -> Snapshot | None:
    """Write what was planned and commit it. Gives what the lake has now, or None where nothing changes.

    Raises ``core.lake.ConflictError`` where another commit came first; the files written for nothing are left to the vacuum.
    """
    con = staged.con
    if (
        not _some(con, "replaced")
        and not _some(con, "patched")
        and (not staged.files() or not con.execute(f"SELECT 1 {_left(con)} LIMIT 1").fetchall())
    ):
        return None
    touched: dict[str, set[str]] = {}
    changed = "SELECT reception_month, path FROM replaced UNION SELECT reception_month, path FROM patched"
    for month, path in con.execute(changed).fetchall():
        touched.setdefault(month, set()).add(path)
    coming: dict[str, list[Path]] = {}
    for path in staged.files():
        coming.setdefault(_month(path), []).append(path)
    added: list[Part] = []
    removed: list[Part] = []
    beaten = {Path(file) for (file,) in con.execute("SELECT file FROM beaten UNION SELECT file FROM carried").fetchall()}
    for month in sorted({*touched, *coming}):
        partition = {"reception_month": month, "source": staged.source}
        folder = table.root / f"reception_month={month}" / f"source={staged.source}"
        folder.mkdir(parents=True, exist_ok=True)
        here = [part for part in base.parts if part.partition == partition]
        old = [part for part in here if str(table.root / part.path) in touched.get(month, set())]
        if old:
            old += [part for part in here if part not in old and part.rows < SMALL]
        new = coming.get(month, [])
        # what nothing is taken from goes into the lake as it is, unless the month is written anew in any case
        whole = [] if old else [path for path in new if path not in beaten]
        paths = [_move(path, folder) for path in whole]
        if old or len(whole) < len(new):
            paths += _write(table, staged, folder, [table.root / part.path for part in old], [path for path in new if path not in whole])
        removed += old
        added += new_parts(con, table, paths, partition)
    if not added and not removed:
        return None
    version = table.commit(base, added, removed, metadata)
    return replace(base, version=version, parts=[part for part in base.parts if part not in removed] + added)


def _move(path: Path, folder: Path) -> Path:
    target = folder / f"part-{secrets.token_hex(16)}.parquet"
    # a second name and not another place: if the commit fails, the plan is made again from the same staged files
    os.link(path, target)
    return target


def _write(table: LakeTable, staged: Staged, folder: Path, old: Sequence[Path], new: Sequence[Path]) -> list[Path]:
    columns = [quote(name) for name in table.schema.names if name not in table.partition]
    names = ", ".join(columns)
    target = folder / f"part-{secrets.token_hex(16)}.parquet"
    sources = []
    if old:
        kept, rows = names, f"{read(old)} ANTI JOIN replaced USING (dossier_code)"
        if _some(staged.con, "patched"):
            kept = _filled(columns)
            rows += " LEFT JOIN (SELECT dossier_code, known, events FROM patched) USING (dossier_code)"
        sources.append(f"SELECT {kept} FROM {rows}")
    if new:
        rows = f"{read(new)} ANTI JOIN beaten USING (submission, row_no)"
        if _some(staged.con, "carried"):
            carried = (
                "SELECT submission, row_no, any_value(known) AS known, arg_max(events, len(events)) AS events FROM carried GROUP BY ALL"
            )
            sources.append(f"SELECT {_filled(columns)} FROM {rows} LEFT JOIN ({carried}) USING (submission, row_no)")
        else:
            sources.append(f"SELECT {names} FROM {rows}")
    copy_to(staged.con, " UNION ALL ".join(sources), target)
    return [target]


def _filled(columns: Sequence[str]) -> str:
    """SQL: a row's columns, with what others have added."""
    filled = {quote(KNOWN_ONCE): f"coalesce({quote(KNOWN_ONCE)}, known)", quote("history"): 'coalesce(events, "history")'}
    return ", ".join(f"{filled[name]} AS {name}" if name in filled else name for name in columns)


def copy_to(con: "DuckDBPyConnection", query: str, target: Path) -> int:
    """Write a query's rows as one of the lake's files; gives their number."""
    copy = f"COPY ({query}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
    rows: int = con.execute(copy).fetchall()[0][0]
    return rows


def new_parts(con: "DuckDBPyConnection", table: LakeTable, paths: Sequence[Path], partition: Mapping[str, str]) -> list[Part]:
    """What the commit says of new files; an empty one is deleted and left out."""
    if not paths:
        return []
    column = table.statistic
    found = con.execute(
        f"""SELECT filename, count(*), min({column}), max({column}), count(*) FILTER ({column} IS NULL)
        FROM {read(paths, ", filename = true")} GROUP BY filename"""
    ).fetchall()
    known = {row[0]: row[1:] for row in found}
    parts = []
    for path in paths:
        if str(path) not in known:
            path.unlink()
            continue
        rows, lowest, highest, unknown = known[str(path)]
        parts.append(Part(str(path.relative_to(table.root)), path.stat().st_size, rows, dict(partition), lowest, highest, unknown))
    return parts


def metadata_of(counts: Mapping[str, Counts]) -> dict[str, str]:
    """What a commit says about the submissions that it carries: enough to finish them if the process ends right after it."""
    return {SUBMISSIONS: json.dumps({key: vars(count) for key, count in counts.items()})}


def find_commit(table: LakeTable, since: int, key: str) -> Counts | None:
    """The counts of a submission if a commit after ``since`` carries it."""
    for text in table.committed(since, SUBMISSIONS):
        found = json.loads(text).get(key)
        if found is not None:
            return Counts(**found)
    return None
