"""Where a submission stands: the writes that bring its row from one state to the next, each in one short transaction."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import lake
from core.calendar import Month, local_date, utc_now
from core.database import reading, writing
from core.errors import InputError
from core.lake import LakeTable, Snapshot
from procedures import merging, quarantine, spool
from procedures.dossier_queries import data_dir
from procedures.dossiers import dossier_table
from procedures.models import Submission

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

COVERED = 3  # months of a submission for which coverage before and after is told: the newest ones
FINISHED = ("accepted", "partly_accepted", "rejected")


def unfinished(keys: Sequence[str]) -> list[Submission]:
    """Those of the submissions that are not finished, in the order in which they came."""
    reading().expire_all()
    wanted = select(Submission).where(Submission.key.in_(keys), Submission.state.not_in(FINISHED)).order_by(Submission.id)
    found = list(reading().scalars(wanted))
    for submission in found:
        _ = submission.source.code, submission.source.simulated  # read before a later transaction makes them stale
    return found


def coverage(
    con: "DuckDBPyConnection",
    table: LakeTable,
    base: Snapshot,
    source_code: str,
    counts: Iterable[merging.Counts],
    now: datetime,
) -> dict[str, float | None]:
    """Coverage (``presence``) of the newest ``COVERED`` months that submissions of a source touch."""
    months = sorted({month for count in counts for month in count.months})[-COVERED:]
    return {month: presence(con, table, base, source_code, Month.parse(month), now) for month in months}


def presence(con: "DuckDBPyConnection", table: LakeTable, base: Snapshot, source: str, month: Month, now: datetime) -> float | None:
    """Share of a month's elapsed working days (Monday to Friday) on which a source shows a reception; None before the first one."""
    last = min(month.last_day, local_date(now))
    working = {day for day in map(date.fromordinal, range(month.first_day.toordinal(), last.toordinal() + 1)) if day.weekday() < 5}
    if not working:
        return None
    partition = {"reception_month": str(month), "source": source}
    here = [table.root / part.path for part in base.parts if part.partition == partition]
    if not here:
        return 0.0
    days = con.execute(f"SELECT DISTINCT (epoch_us(received_at) + 25200000000) // 86400000000 FROM {merging.read(here)}").fetchall()
    seen = {date(1970, 1, 1) + timedelta(days=number) for (number,) in days}
    return len(seen & working) / len(working)


def finish(counts: Mapping[str, merging.Counts], after: Mapping[str, float | None]) -> None:
    """Close submissions and destroy what was received. ``after``: coverage by month, now that the commit stands."""
    with writing() as session:
        for submission in session.scalars(select(Submission).where(Submission.key.in_(list(counts)))):
            close(session, submission, counts[submission.key], after)
    for key in counts:
        destroy_spooled(key)


def close(session: Session, submission: Submission, count: merging.Counts, after: Mapping[str, float | None]) -> None:
    """Write a submission's counts and final state; ``rows_quarantined`` stands already. What is finished stays as it is."""
    if submission.state in FINISHED:
        return
    submission.warnings = count.warnings
    submission.coverage = {month: [before, after.get(month)] for month, before in count.before.items()}
    bad = submission.rows_quarantined
    submission.rows_accepted, submission.rows_superseded, submission.rows_unchanged = count.accepted, count.superseded, count.unchanged
    submission.rows_received = count.accepted + count.superseded + count.unchanged + bad
    submission.months, submission.finished_at = count.months, utc_now()
    if submission.parent_id is not None:
        session.get_one(Submission, submission.parent_id).rows_released += submission.rows_received - bad
    submission.state = "accepted" if not bad else "partly_accepted" if bad < submission.rows_received else "rejected"
    submission.reason = submission.reason_en = ""
    if submission.state == "rejected":
        submission.reason = "Không dòng nào dùng được: xem các dòng bị giữ lại."
        submission.reason_en = "No row could be used: see the rows that were held back."
    elif bad:
        submission.reason = "Một số dòng bị giữ lại: xem lý do, sửa rồi gửi lại các dòng đó."
        submission.reason_en = "Some rows were held back: see the reasons, mend and resend those rows."


def note_version(keys: Sequence[str], version: int) -> None:
    """Note the lake's version before an attempt: the log since then tells whether the attempt went through."""
    with writing() as session:
        for submission in session.scalars(select(Submission).where(Submission.key.in_(keys))):
            submission.lake_version = version


def finish_from_log(submission: Submission, now: datetime) -> bool:
    """Finish a submission whose commit went through before its process ended. True if there was such a commit."""
    if submission.lake_version is None:
        return False
    table = dossier_table(data_dir())
    count = merging.find_commit(table, submission.lake_version, submission.key)
    if count is None:
        return False
    con = lake.engine(data_dir() / "work")
    try:
        after = coverage(con, table, table.snapshot(), submission.source.code, [count], now)
    finally:
        con.close()
    finish({submission.key: count}, after)
    return True


def destroy_spooled(key: str) -> None:
    """Destroy what was received: the submission is finished."""
    quarantine.close_rows(key)
    if spool.destroy(key, "submission finished"):
        with writing() as session:
            session.query(Submission).filter_by(key=key).one().spool_destroyed_at = utc_now()


def reject(key: str, error: InputError) -> None:
    """Finish a submission of which nothing could be used. Rows that were to be released wait on."""
    waiting = reading().scalars(select(Submission).where(Submission.key == key)).one()
    if waiting.way == "release":
        quarantine.give_back(waiting)
    with writing() as session:
        submission = session.query(Submission).filter_by(key=key).one()
        submission.state, submission.finished_at = "rejected", utc_now()
        submission.reason, submission.reason_en = error.text("vi"), error.text("en")
    destroy_spooled(key)
