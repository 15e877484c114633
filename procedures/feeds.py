"""The life of a submission: received, checked, then accepted, partly accepted or rejected; every step can be broken off and repeated.

The submission's row is the truth about progress. A commit of the lake carries the counts of its submissions, so that one whose
process ended right after it is finished from the log.
"""

import fcntl
import logging
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import or_, select
from sqlalchemy.exc import DataError, SQLAlchemyError

from core import audit, lake
from core.database import reading, writing
from core.errors import InputError
from core.settings import Settings
from procedures import compaction, intake, progress, quarantine, spool
from procedures.attempts import Attempt
from procedures.dossier_queries import data_dir
from procedures.dossiers import dossier_table
from procedures.engine_words import shown_name
from procedures.models import Submission

TOGETHER = 64 << 20  # bytes of waiting submissions of one source that one commit takes together
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoadResult:
    """What became of one file: accepted, superseded, unchanged and quarantined add up to received. ``warnings``: rule → rows.

    ``notes``: what was found about the file, such as its encoding, in both languages. ``state``: of the submission;
    ``checked`` where a replacement waits for its confirmation, with ``difference``.
    """

    submission: str
    received: int
    accepted: int
    superseded: int
    quarantined: int
    unchanged: int
    seconds: float
    state: str = ""
    warnings: dict[str, int] = field(default_factory=dict)
    difference: dict[str, int] = field(default_factory=dict)
    notes: list[dict[str, str]] = field(default_factory=list)


def load_feed(
    path: Path,
    source_code: str,
    profile_name: str,
    now: datetime,
    sent_by: str = "cli",
    *,
    replaces_month: str | None = None,
    confirmed: bool = False,
) -> LoadResult:
    """Take one file of a source into the lake, now.

    Raises ``InputError`` where source, profile or the file as a whole cannot be used; a file of a known source then leaves a
    rejected submission behind and nothing else. ``confirmed``: a replacement is not asked about again.
    """
    started = time.perf_counter()
    try:
        with path.open("rb") as stream:
            key = intake.receive(stream, path.name, source_code, profile_name, "cli", sent_by, now, replaces_month=replaces_month)
    except OSError as error:
        name = shown_name(path.name)
        raise InputError(
            f"Không mở được tệp {name}. Kiểm tra đường dẫn và quyền đọc tệp rồi chạy lại.",
            f"The file {name} cannot be opened. Check its path and that it may be read, then run this again.",
        ) from error
    result = process(key, now)
    if confirmed and result.state == "checked":
        confirm(key, sent_by, now)
        result = process(key, now)
    return LoadResult(**asdict(result) | {"seconds": round(time.perf_counter() - started, 3)})


def process(key: str, now: datetime) -> LoadResult:
    """Bring one submission as far as it goes; one that is finished stays as it is. Waits where another process works on it.

    Raises ``InputError`` after rejecting a file that cannot be read.
    """
    started = time.perf_counter()
    with _claimed([key], wait=True):
        failure = _advance([key], now)
    if key in failure:
        raise failure[key]
    return _result(key, time.perf_counter() - started)


def process_waiting(now: datetime) -> dict[str, Any]:
    """Take everything that waits, several files of one source in one commit. Gives counts; {} where nothing waited."""
    done: dict[str, int] = {}
    waiting = select(Submission.key, Submission.source_id, Submission.size_bytes, Submission.replaces_month)
    ready = or_(Submission.state == "received", (Submission.state == "checked") & Submission.confirmed_at.is_not(None))
    ready |= (Submission.state == "checked") & Submission.replaces_month.is_(None)
    groups: list[tuple[tuple[int, str | None], list[str], int]] = []
    for key, source, size, replaces in reading().execute(waiting.where(ready).order_by(Submission.source_id, Submission.id)).all():
        kind = (source, key if replaces else None)
        if groups and groups[-1][0] == kind and groups[-1][2] + size <= TOGETHER:
            groups[-1] = (kind, [*groups[-1][1], key], groups[-1][2] + size)
        else:
            groups.append((kind, [key], size))
    broken: Exception | None = None
    for _kind, keys, _size in groups:
        with _claimed(keys, wait=False) as mine:
            try:
                failed = _advance(mine, now) if mine else {}
            except Exception as error:
                # What stops one source must not keep the others waiting; the run still counts as failed.
                logger.exception("submissions %s are left for the next run", ", ".join(mine))
                broken = broken or error
                continue
            done["finished"] = done.get("finished", 0) + len(mine) - len(failed)
            if failed:
                done["rejected"] = done.get("rejected", 0) + len(failed)
    if broken is not None:
        raise broken
    return {name: count for name, count in done.items() if count}


@contextmanager
def _claimed(keys: Sequence[str], wait: bool) -> Iterator[list[str]]:
    """Those of the submissions that no other process works on; with ``wait``, all of them in the end. Ends with the process."""
    with ExitStack() as held:
        mine = []
        for key in keys:
            try:
                handle = os.open(spool.path_of(key), os.O_RDONLY)
            except FileNotFoundError:  # released rows have no spooled file; what is finished has none any more
                handle = os.open(data_dir(), os.O_RDONLY)
            held.callback(os.close, handle)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            mine.append(key)
        yield mine


def _advance(keys: Sequence[str], now: datetime) -> dict[str, InputError]:
    """Take submissions of one source as far as they go. Gives those that were rejected as a whole.

    Where something stops them together, each is taken alone, so that none holds up the others; the first failure that is no file's
    is raised after all have had their turn.
    """
    import duckdb

    try:
        return _together(keys, now)
    except Exception as error:
        reading().rollback()
        if len(keys) == 1:
            if not isinstance(error, duckdb.OutOfMemoryException):
                raise
            logger.exception("submission %s needs more memory than there is", keys[0])
            return _reject_too_much(keys[0], now)
        logger.exception("submissions %s are taken one by one", ", ".join(keys))
    failed: dict[str, InputError] = {}
    broken: Exception | None = None
    for key in keys:
        try:
            failed |= _advance([key], now)
        except Exception as error:
            logger.exception("submission %s is left for the next run", key)
            broken = broken or error
    if broken is not None:
        raise broken
    return failed


def _reject_too_much(key: str, now: datetime) -> dict[str, InputError]:
    """Reject a file for which, alone, the engine's memory is too small: it would be so at every other try."""
    failed: dict[str, InputError] = {}
    for submission in progress.unfinished([key]):
        if not progress.finish_from_log(submission, now):
            name = submission.file_name
            failed[key] = InputError(
                f"Tệp {name} cần nhiều bộ nhớ hơn mức cho phép. Chia tệp theo tháng hoặc theo ngày, bỏ các cột không cần, "
                "rồi gửi từng phần.",
                f"The file {name} needs more memory than is allowed. Split it by month or day, drop columns that are not needed, "
                "and send the parts.",
            )
            quarantine.path_of(key).unlink(missing_ok=True)
            progress.reject(key, failed[key])
    return failed


def _together(keys: Sequence[str], now: datetime) -> dict[str, InputError]:
    """Read, check, quarantine and merge submissions of one source, in one commit. Gives those that were rejected as a whole."""
    submissions = {item.key: item for item in progress.unfinished(keys)}
    failed: dict[str, InputError] = {}
    for key in list(submissions):
        if progress.finish_from_log(submissions[key], now):
            del submissions[key]
    if not submissions:
        return failed
    settings: Settings = current_app.extensions["settings"]
    work = data_dir() / "work"
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work) as scratch, _held(Path(scratch)):
        con = lake.engine(Path(scratch))
        try:
            attempt = Attempt(con, Path(scratch), next(iter(submissions.values())).source.code, settings)
            for key, submission in submissions.items():
                try:
                    attempt.read(submission, now)
                except InputError as error:
                    failed[key] = error
                    attempt.forget(key)
                    progress.reject(key, error)
                except Exception as error:
                    if _machines(error):
                        raise  # the file may be sound: it waits for the next run
                    # Nothing has gone anywhere yet, and the cause is in the file: the sender gets an answer whatever it is.
                    logger.exception("submission %s cannot be read", key)
                    reading().rollback()
                    failed[key] = _unreadable(submission, error)
                    attempt.forget(key)
                    progress.reject(key, failed[key])
            left = [submission for key, submission in submissions.items() if key not in failed]
            if left:
                attempt.merge(left, now)
        finally:
            con.close()
    return failed


def _machines(error: Exception) -> bool:
    """Whether the machine or the program is to blame, and not the file."""
    import duckdb

    engine = (duckdb.IOException, duckdb.OutOfMemoryException)
    ours = (OSError, MemoryError, SQLAlchemyError, spool.DamagedSpoolError, NameError, AttributeError, ImportError)
    # a text that the database cannot hold is the file's
    return isinstance(error, (*engine, *ours)) and not isinstance(error, DataError)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Show as long as this process lives that it works in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _unreadable(submission: Submission, error: Exception) -> InputError:
    name, profile = submission.file_name, submission.profile
    return InputError(
        f"Không đọc được tệp {name} ({type(error).__name__}). Xuất lại tệp đúng định dạng của hồ sơ ánh xạ {profile}.",
        f"The file {name} cannot be read ({type(error).__name__}). Export it again in the form of the profile {profile}.",
    )


def _result(key: str, seconds: float) -> LoadResult:
    reading().expire_all()
    item = reading().scalars(select(Submission).where(Submission.key == key)).one()
    return LoadResult(
        submission=key,
        received=item.rows_received,
        accepted=item.rows_accepted,
        superseded=item.rows_superseded,
        quarantined=item.rows_quarantined,
        unchanged=item.rows_unchanged,
        seconds=round(seconds, 3),
        state=item.state,
        warnings=dict(item.warnings),
        difference=dict(item.difference),
        notes=list(item.notes),
    )


def confirm(key: str, by: str, now: datetime) -> None:
    """Somebody has seen the difference of a replacement and wants it. Raises ``InputError`` where it does not wait for that."""
    with writing() as session:
        submission = _waiting(session.scalar(select(Submission).where(Submission.key == key)))
        submission.confirmed_at, submission.reason, submission.reason_en = now, "", ""
        audit.record(session, "feed.confirm", key, by, **submission.difference)


def cancel(key: str, by: str, now: datetime) -> None:
    """Somebody has seen the difference of a replacement and does not want it: the submission ends as rejected."""
    with writing() as session:
        submission = _waiting(session.scalar(select(Submission).where(Submission.key == key)))
        submission.state, submission.finished_at = "rejected", now
        submission.reason = "Người gửi đã hủy việc thay cả tháng."
        submission.reason_en = "The sender gave up replacing the month."
        audit.record(session, "feed.cancel", key, by, **submission.difference)
    progress.destroy_spooled(key)


def _waiting(submission: Submission | None) -> Submission:
    if submission is None or submission.state != "checked" or submission.replaces_month is None or submission.confirmed_at is not None:
        raise InputError(
            "Lần gửi này không chờ xác nhận. Tải lại trang để xem tình trạng.",
            "This submission does not wait for a confirmation. Reload the page to see its state.",
        )
    return submission


def release(now: datetime, source_code: str | None = None) -> dict[str, Any]:
    """Judge anew the rows that were held back for codes nobody knew; those that are good now are taken, as a submission of their own."""
    results = [process(key, now) for key in quarantine.releasable(now, source_code)]
    return {"submissions": len(results), "released": sum(item.received - item.quarantined for item in results)} if results else {}


def tidy_lake(keep: Iterable[str]) -> dict[str, Any]:
    """Write small files together and delete what neither the lake nor ``keep`` lists (paths) and is dead for a week."""
    table = dossier_table(data_dir())
    con = lake.engine(data_dir() / "work")
    try:
        with table.lock():
            merged = compaction.compact(table, con, table.snapshot())
            deleted = table.vacuum(keep, older_than=7 * 86_400)
    finally:
        con.close()
    return {"compacted": int(merged is not None), "deleted": len(deleted)} if merged is not None or deleted else {}
