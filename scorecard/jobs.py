"""What the worker does for the months."""

from datetime import datetime
from typing import Any

from apscheduler.triggers.cron import CronTrigger

from core.calendar import TIMEZONE, Month, local_date
from core.database import reading
from core.worker import Job
from procedures.queries import national_sources
from scorecard import operations, queries, rulesets


def close_due(now: datetime) -> dict[str, Any]:
    """Close what is due: each month since the last closed one, the last from the day on that its rules name.

    Without any closed month only the last one is taken; without a source that counts, nothing.
    """
    session = reading()
    session.rollback()
    if not national_sources(session):
        return {}
    last = Month.of(now).plus(-1)
    closed = queries.editions(session)
    month = Month.parse(closed[0].month).plus(1) if closed else last
    done = []
    while month <= last:
        rules, _ = rulesets.for_month(month)
        if month == last and local_date(now).day < rules.close_from_day:
            break
        done.append(str(operations.close(month, now, actor="worker").month))
        month = month.plus(1)
    return {"closed": done} if done else {}


def jobs() -> list[Job]:
    """This room's jobs."""
    return [
        Job("scorecard.refresh_running", CronTrigger(minute="*", timezone=TIMEZONE), operations.refresh_running, quiet=True),
        Job("scorecard.close_due", CronTrigger(minute=20, timezone=TIMEZONE), close_due, quiet=True),
    ]
