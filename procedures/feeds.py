"""The life of a submission: read, check, quarantine, merge, count."""

import hashlib
import logging
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import lake, lease
from core.calendar import utc_now
from core.database import reading, writing
from core.errors import InputError
from procedures import files, lookups, mapping, quarantine, staging
from procedures.dossier_queries import data_dir
from procedures.dossiers import dossier_schema, dossier_table
from procedures.models import NATIONAL, Submission

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

LEASE = "lake"
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoadResult:
    """What became of one file: accepted, superseded, unchanged and quarantined add up to received. ``warnings``: rule → rows."""

    submission: str
    received: int
    accepted: int
    superseded: int
    quarantined: int
    unchanged: int
    seconds: float
    warnings: dict[str, int] = field(default_factory=dict)


def load_feed(path: Path, source_code: str, profile_name: str, now: datetime, sent_by: str = "cli") -> LoadResult:
    """Take one file of a source into the lake.

    Raises ``InputError`` where source, profile or the file as a whole cannot be used; a file of a known source then leaves a
    rejected submission behind and nothing else. Repeating a load that was broken off is safe at any point.
    """
    import time

    started = time.perf_counter()
    profile = mapping.load(profile_name)
    source = lookups.find_source(source_code)
    source_id, foreign, simulated = source.id, source.list_code != NATIONAL, source.simulated
    key = _open_submission(path, source_id, profile.name, now, sent_by)
    con = lake.connect().con
    try:
        staging.read_raw(con, profile, files.read_bytes(path), path.name)
        staging.stage(con, profile)
    except InputError as error:
        _reject(key, error)
        raise
    except Exception as error:
        # Nothing has gone anywhere yet, and the cause is in the file: the sender gets an answer whatever it is.
        logger.exception("submission %s cannot be read", key)
        unreadable = InputError(
            f"Không đọc được tệp {path.name} ({type(error).__name__}). Xuất lại tệp đúng định dạng của hồ sơ ánh xạ {profile.name}.",
            f"The file {path.name} cannot be read ({type(error).__name__}). Export it again in the form of the profile {profile.name}.",
        )
        _reject(key, unreadable)
        raise unreadable from error
    unit_codes, procedure_codes = staging.codes_in_file(con)
    if foreign:
        lookups.grow_foreign_list(source_id, unit_codes, procedure_codes)
    lookups.register_lookups(con, reading(), lookups.find_source(source_code), unit_codes, procedure_codes)
    staging.judge(con, profile, now)
    quarantine.store(con, profile, key, simulated)
    with lease.held(LEASE):
        months = _merge(con, source_code, key, now)
        result = _close_submission(con, key, months)
    return LoadResult(submission=key, seconds=round(time.perf_counter() - started, 3), **result)


def _open_submission(path: Path, source_id: int, profile: str, now: datetime, sent_by: str) -> str:
    digest = hashlib.sha256()
    if path.is_file():
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256")
    key = secrets.token_hex(8)
    with writing() as session:
        session.add(
            Submission(
                key=key,
                source_id=source_id,
                profile=profile,
                file_name=path.name[:300],
                sha256=digest.hexdigest(),
                state="received",
                received_at=now,
                sent_by=sent_by,
                months=[],
            )
        )
    return key


def _reject(key: str, error: InputError) -> None:
    with writing() as session:
        submission = session.query(Submission).filter_by(key=key).one()
        submission.state, submission.reason, submission.finished_at = "rejected", error.text("vi"), utc_now()


def _existing(con: "DuckDBPyConnection", source: str) -> None:
    """The table ``existing``: what the lake holds of the batch's dossiers."""
    table = dossier_table(data_dir())
    marker = f"source={source}"
    paths = [str(path) for path in (table.paths() if table.root.exists() else []) if marker in path.parts]
    columns = "dossier_code, reception_month, updated_at, row_hash"
    if paths:
        con.execute(
            f"""CREATE TEMP TABLE existing AS
            SELECT {columns} FROM read_parquet(?, hive_partitioning = true, hive_types_autocast = false)
            SEMI JOIN (SELECT dossier_code_text AS dossier_code FROM judged) USING (dossier_code)""",
            [paths],
        )
    else:
        con.execute("CREATE TEMP TABLE existing (dossier_code VARCHAR, reception_month VARCHAR, updated_at TIMESTAMPTZ, row_hash VARCHAR)")


LAKE_COLUMNS = {
    "dossier_code": "dossier_code_text",
    "procedure_code": "procedure_code_text",
    "source_channel": "channel_text",
    "source_status": "status_text",
    "supplement_count": "CAST(len(supplements) AS INTEGER)",
    "history": "steps",
}
STAMPS = ("source", "submission", "row_hash", "updated_at", "reception_month")


def _prepare(con: "DuckDBPyConnection", source: str, key: str, now: datetime) -> "pa.Schema":
    """The table ``verdicts``: the good rows as the lake keeps them, each with its verdict."""
    schema = dossier_schema()
    said = [name for name in schema.names if name not in STAMPS]
    columns = ", ".join(f"{LAKE_COLUMNS.get(name, name)} AS {name}" for name in said)
    con.execute(
        f"""CREATE TEMP TABLE good AS
        SELECT row_no, updated_at AS said_updated_at, {columns},
            strftime(timezone('UTC', received_at) + INTERVAL 7 HOUR, '%Y-%m') AS reception_month
        FROM judged WHERE len(errors) = 0"""
    )
    digest = ", ".join(f"'{name}': {name}" for name in (*said, "said_updated_at"))
    con.execute(
        f"""CREATE TEMP TABLE verdicts AS
        WITH ranked AS (
            SELECT *, sha256(to_json({{{digest}}})::VARCHAR) AS row_hash,
                row_number() OVER (PARTITION BY dossier_code ORDER BY said_updated_at DESC NULLS LAST, row_no DESC) AS place
            FROM good)
        SELECT r.*, coalesce(said_updated_at, $now::TIMESTAMPTZ) AS updated_at, $source AS source, $key AS submission,
            e.reception_month AS old_month,
            CASE WHEN place > 1 THEN 'superseded' WHEN e.row_hash = r.row_hash THEN 'unchanged'
                 WHEN e.updated_at > coalesce(said_updated_at, $now::TIMESTAMPTZ) THEN 'superseded' ELSE 'accepted' END AS verdict
        FROM ranked r LEFT JOIN existing e USING (dossier_code)""",
        {"now": now, "source": source, "key": key},
    )
    return schema


def _merge(con: "DuckDBPyConnection", source: str, key: str, now: datetime) -> list[str]:
    """Bring the accepted rows into the lake in one commit. Gives the reception months that were touched, old and new."""
    _existing(con, source)
    schema = _prepare(con, source, key, now)
    accepted = con.sql(f"SELECT {', '.join(schema.names)} FROM verdicts WHERE verdict = 'accepted'").to_arrow_table().cast(schema)
    touched = con.execute(
        """SELECT DISTINCT unnest([reception_month, old_month]) AS month FROM verdicts WHERE verdict = 'accepted'
        EXCEPT SELECT NULL ORDER BY month"""
    ).fetchall()
    months = [row[0] for row in touched]
    if accepted.num_rows:
        table = dossier_table(data_dir())
        if con.execute("SELECT count(*) FROM verdicts WHERE verdict = 'accepted' AND old_month IS NOT NULL").fetchall()[0][0]:
            table.merge(accepted, [{"reception_month": month, "source": source} for month in months])
        else:
            table.append(accepted)
    return months


def _close_submission(con: "DuckDBPyConnection", key: str, months: list[str]) -> dict[str, Any]:
    verdicts = dict(con.execute("SELECT verdict, count(*) FROM verdicts GROUP BY verdict").fetchall())
    bad = con.execute("SELECT count(*) FROM judged WHERE len(errors) > 0").fetchall()[0][0]
    warned = con.execute(
        """SELECT split_part(reason, ':', 1) AS rule, count(*)
        FROM (SELECT unnest(warnings) AS reason FROM judged WHERE len(errors) = 0) GROUP BY rule ORDER BY rule"""
    ).fetchall()
    counts = {name: verdicts.get(name, 0) for name in ("accepted", "superseded", "unchanged")}
    received = sum(counts.values()) + bad
    with writing() as session:
        submission = session.query(Submission).filter_by(key=key).one()
        submission.rows_received, submission.rows_quarantined = received, bad
        submission.rows_accepted, submission.rows_superseded = counts["accepted"], counts["superseded"]
        submission.rows_unchanged, submission.months, submission.finished_at = counts["unchanged"], months, utc_now()
        submission.state = "accepted" if not bad else "partly_accepted" if bad < received else "rejected"
        if submission.state == "rejected":
            submission.reason = "Không dòng nào dùng được: xem các dòng bị giữ lại."
    return {"received": received, "quarantined": bad, "warnings": dict(warned), **counts}
