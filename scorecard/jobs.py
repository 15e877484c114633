"""What the worker does for the months."""

from datetime import datetime
from typing import Any

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from flask import current_app
from sqlalchemy import select

from core.calendar import TIMEZONE, Month, local_date
from core.database import reading
from core.worker import Job
from procedures.queries import national_sources
from scorecard import integrity_operations, operations, queries, rulesets
from scorecard.models import Edition


def refresh_running(now: datetime) -> dict[str, Any]:
    """Bring the running view up to date where something has arrived that can change it.

    Most runs find nothing new: a few counts, no lease, no file. What a one-stop system pushes shows within a minute all the same.
    """
    session = reading()
    session.rollback()
    current = Month.of(now)
    return operations.refresh_running(now) if any(_arrived(month, current) for month in (current.plus(-1), current)) else {}


def _arrived(month: Month, current: Month) -> bool:
    from scorecard.inputs import seen

    session = reading()
    running = session.scalar(select(Edition).where(Edition.month == str(month), Edition.state == operations.RUNNING))
    if running is None:
        return month == current  # the last month has given way to its closed edition, or never had a running view
    return bool(running.facts.get("seen") != seen(session, month))


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


def tidy_lake(_now: datetime) -> dict[str, Any]:
    """Compact the lake's small files; delete dead ones that no edition lists, not even one that is just being computed."""
    from procedures.feeds import tidy_lake as tidy
    from scorecard.inputs import LAKE_FILES, read_json

    editions = current_app.extensions["settings"].data_dir / "editions"
    return tidy({item["path"] for manifest in sorted(editions.glob(f"*/{LAKE_FILES}")) for item in read_json(manifest)})


def jobs() -> list[Job]:
    """This room's jobs."""
    return [
        Job("scorecard.refresh_running", IntervalTrigger(seconds=30), refresh_running, quiet=True),
        Job("scorecard.close_due", CronTrigger(minute=20, timezone=TIMEZONE), close_due, quiet=True),
        Job("scorecard.ask_units", IntervalTrigger(minutes=5), integrity_operations.ask_units, quiet=True),
        Job("scorecard.tidy_lake", CronTrigger(hour=2, minute=30, timezone=TIMEZONE), tidy_lake),
    ]
