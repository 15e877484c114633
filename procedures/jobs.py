"""What the worker does for this room: takes what waits, releases rows whose codes are known now, destroys what must not be kept."""

import fcntl
import logging
import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from apscheduler.triggers.interval import IntervalTrigger
from flask import current_app
from sqlalchemy import select

from core.database import reading, writing
from core.settings import Settings
from core.worker import Job
from procedures import folder, quarantine, spool
from procedures.models import Submission

FINISHED = ("accepted", "partly_accepted", "rejected")
NOBODYS = timedelta(hours=1)  # a spooled file without a submission is one whose reception broke off; it may still be going on
logger = logging.getLogger(__name__)


def inbox(now: datetime) -> dict[str, Any]:
    """Look into the watched folder, where there is one."""
    return folder.scan(now)


def process(now: datetime) -> dict[str, Any]:
    """Read, check and load what has been received."""
    from procedures import feeds

    return feeds.process_waiting(now)


def release(now: datetime) -> dict[str, Any]:
    """Take rows that were held back for a code that is known now."""
    from procedures import feeds

    return feeds.release(now)


def purge(now: datetime) -> dict[str, Any]:
    """Destroy received files that are finished with, nobody's or too old, and quarantined rows whose time is over.

    A submission that loses its file unfinished is rejected and says so; one whose attempt at the lake may have gone through is left
    to ``process``, which finds out from the lake's log.
    """
    settings: Settings = current_app.extensions["settings"]
    spooled, held_back = spool.keys(), sorted((settings.data_dir / "quarantine").glob("*"))
    counts = {
        "spooled": sum(_purge_spooled(key, now, settings.spool_days) for key in spooled),
        "expired": _reject_expired(now, settings.spool_days),
        "quarantined": sum(_purge_rows(path, now, settings.quarantine_days) for path in held_back),
        "parts": spool.sweep(NOBODYS.total_seconds()),
        "scratch": sum(_purge_scratch(path, now) for path in sorted((settings.data_dir / "work").glob("*"))),
        "dropped": folder.purge(now),
    }
    return {name: count for name, count in counts.items() if count}


def _purge_spooled(key: str, now: datetime, days: int) -> bool:
    reading().expire_all()
    submission = reading().scalar(select(Submission).where(Submission.key == key))
    if submission is None:
        why = "nobody's" if _age(spool.path_of(key), now) > NOBODYS else None
    elif submission.state in FINISHED:
        why = "submission finished"
    else:
        why = f"older than {days} days" if submission.received_at < now - timedelta(days=days) else None
    if why is None or not _destroy(key, why):
        return False
    with writing() as session:
        for gone in session.scalars(select(Submission).where(Submission.key == key)):
            gone.spool_destroyed_at = now
    return True


def _destroy(key: str, why: str) -> bool:
    """Destroy a spooled file, but one that is being worked on at this moment. True if it is gone by this."""
    try:
        with spool.path_of(key).open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return spool.destroy(key, why)
    except (FileNotFoundError, BlockingIOError):
        return False


def _reject_expired(now: datetime, days: int) -> int:
    """Unfinished submissions whose file went by age, whoever destroyed it."""
    wanted = select(Submission).where(
        Submission.state.not_in(FINISHED),
        Submission.spool_destroyed_at.is_not(None),
        Submission.received_at < now - timedelta(days=days),
        Submission.lake_version.is_(None),
    )
    with writing() as session:
        expired = session.scalars(wanted).all()
        for submission in expired:
            asked = submission.state == "checked" and submission.replaces_month is not None and submission.confirmed_at is None
            submission.state, submission.finished_at = "rejected", now
            submission.reason, submission.reason_en = _words(days, asked)
    return len(expired)


def _words(days: int, asked: bool) -> tuple[str, str]:
    if asked:
        return (
            f"Sau {days} ngày không ai xác nhận việc thay cả tháng; tệp đã được hủy, số liệu giữ nguyên. Gửi lại tệp nếu vẫn cần thay.",
            f"Nobody confirmed the replacement of the month within {days} days; the file was destroyed and nothing was changed. "
            "Send it again if the month is still to be replaced.",
        )
    return (
        f"Tệp chưa nạp xong sau {days} ngày nên đã được hủy theo quy định lưu giữ; không dòng nào được nạp. Gửi lại tệp.",
        f"The file was not loaded within {days} days and was destroyed, as no file is kept longer; none of its rows was taken. "
        "Send it again.",
    )


def _purge_rows(path: Path, now: datetime, days: int) -> bool:
    """Quarantined rows are as old as the submission in whose file they came, whenever and by whatever release theirs was last
    written; the input of a finished one goes."""
    key = path.name.split(".")[0]
    found = reading().scalar(select(Submission).where(Submission.key == key))
    if (now - quarantine.origin(found).received_at if found is not None else _age(path, now)) > timedelta(days=days):
        path.unlink(missing_ok=True)
        logger.info("quarantined rows %s destroyed: older than %d days", path.name, days)
        return True
    if found is not None and found.state in FINISHED and path == quarantine.input_of(key):
        quarantine.close_rows(key)
        return True
    return False


def _purge_scratch(path: Path, now: datetime) -> bool:
    """What a process that died was working in. One that lives holds its folder."""
    if _age(path, now) <= NOBODYS:
        return False
    if path.is_dir():
        handle = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
        except BlockingIOError:
            return False
        finally:
            os.close(handle)
    else:
        path.unlink(missing_ok=True)
    return True


def _age(path: Path, now: datetime) -> timedelta:
    """Since it was last written; no age at all where it is gone."""
    try:
        return timedelta(seconds=now.timestamp() - path.stat().st_mtime)
    except FileNotFoundError:
        return timedelta(0)


def jobs() -> list[Job]:
    """The room's jobs."""
    return [
        Job("procedures.inbox", IntervalTrigger(seconds=10), inbox, quiet=True),
        Job("procedures.process", IntervalTrigger(seconds=5), process, quiet=True),
        Job("procedures.release", IntervalTrigger(minutes=5), release, quiet=True),
        Job("procedures.purge", IntervalTrigger(hours=1), purge, quiet=True),
    ]
