"""What the worker does for this room."""

from datetime import datetime, timedelta
from typing import Any

from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import select

from core.database import writing
from core.worker import Job
from procedures.models import Submission

BROKEN_OFF_AFTER = timedelta(hours=2)
BROKEN_OFF = "Việc nạp tệp bị gián đoạn. Gửi lại tệp: dòng đã vào kho sẽ được tính là không đổi."


def close_broken_off(now: datetime) -> dict[str, Any]:
    """Submissions that were never finished, because the process died, are closed and say what to do."""
    with writing() as session:
        waiting = select(Submission).where(Submission.state == "received", Submission.received_at < now - BROKEN_OFF_AFTER)
        closed = session.scalars(waiting).all()
        for submission in closed:
            submission.state, submission.reason, submission.finished_at = "rejected", BROKEN_OFF, now
    return {"closed": len(closed)} if closed else {}


def jobs() -> list[Job]:
    """The room's jobs."""
    return [Job("procedures.close_broken_off", IntervalTrigger(hours=1), close_broken_off, quiet=True)]
