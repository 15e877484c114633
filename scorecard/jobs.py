"""What the worker does for the months: it computes and reminds, and publishes nothing.

Each job brings things up to date, so a run that was missed is caught up by the next one, and a second run finds nothing to do.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from flask import current_app
from sqlalchemy import select

from core import audit, worker
from core.calendar import TIMEZONE, Month, local_date, utc_now
from core.database import reading, writing
from core.errors import InputError
from core.models import JobRun
from core.worker import Job
from procedures.queries import national_sources
from scorecard import alerts, comments, integrity_operations, operations, queries, rulesets, workflow
from scorecard.flash import make_due
from scorecard.late_rows import waiting
from scorecard.models import Edition
from scorecard.notices import notify

WORKER = "worker"
CLOSE = "scorecard.close_wanted"
EASE = 2  # from the begin of a refresh of the running month to the next, times what it took: half of a processor at most
log = structlog.get_logger()


def refresh_running(now: datetime) -> dict[str, Any]:
    """Bring the running view up to date where something has arrived that can change it.

    Most runs find nothing new: a few counts, no lease, no file. A run reads the lake's new files alone, but makes every figure of the
    month anew, which costs the same whatever arrived: after one the worker rests as long (``EASE``), so that a steady trickle
    never takes more than half of a processor. What is pushed shows within a minute as long as a refresh takes half of one.
    """
    session = reading()
    session.rollback()
    current = Month.of(now)
    return operations.refresh_running(now) if any(_due(month, current, now) for month in (current.plus(-1), current)) else {}


def _due(month: Month, current: Month, now: datetime) -> bool:
    from scorecard.inputs import seen

    session = reading()
    running = session.scalar(select(Edition).where(Edition.month == str(month), Edition.state == operations.RUNNING))
    if running is None:
        return month == current  # the last month has given way to its closed edition, or never had a running view
    since = now - (running.computed_at or now)
    if timedelta() < since < timedelta(seconds=EASE * running.facts.get("cost", 0)):
        return False
    return bool(running.facts.get("seen") != seen(session, month))


def close_due(now: datetime) -> dict[str, Any]:
    """Close what is due by the calendar: each month since the last closed one, the last from its day and hour on.

    Without any closed month only the last one is taken; without a source that counts, nothing.
    """
    session = reading()
    session.rollback()
    if not national_sources(session):
        return {}
    calendar, last = workflow.schedule(), Month.of(now).plus(-1)
    closed = queries.editions(session)
    month = Month.parse(closed[0].month).plus(1) if closed else last
    done = []
    while month <= last:
        rules, _ = rulesets.for_month(month)
        early = local_date(now).day < rules.close_from_day or now < calendar.moment(month, calendar.compute)
        if month == last and early:
            break
        done.append(str(operations.close(month, now, actor=WORKER).month))
        month = month.plus(1)
    return {"closed": done} if done else {}


def compute_drafts_again(now: datetime) -> dict[str, Any]:
    """Every night, and on request: count what arrived for drafts while units are asked about them, so that each sees its corrections."""
    session = reading()
    session.rollback()
    drafts = [workflow.in_comment(session, month) for month in session.scalars(select(Edition.month).where(Edition.state == "closed"))]
    due = [Month.parse(edition.month) for edition, step in filter(None, drafts) if step.due_on and waiting(session, edition, step.due_on)]
    session.rollback()
    done = [f"{edition.month} v{edition.version}" for edition in (operations.close(month, now, actor=WORKER) for month in due)]
    return {"computed": done} if done else {}


def close_wanted(_now: datetime) -> dict[str, Any]:
    """Close months that a person asked for, with its name and reason. One that a dead worker left half done is simply done."""
    session = reading()
    session.rollback()
    query = select(JobRun.id).where(JobRun.job == CLOSE, JobRun.outcome.in_((worker.WANTED, worker.RUNNING))).order_by(JobRun.id)
    done = [_close_one(number) for number in session.scalars(query).all()]
    return {"closed": done} if done else {}


def ask_to_close(month: Month, login: str, reason: str, now: datetime) -> None:
    """Ask the worker to close a month. Raises ``InputError`` for a person who may not, and for one that is asked for already."""
    with writing() as session:
        workflow.may_decide(session, login)
        running = session.scalars(select(JobRun).where(JobRun.job == CLOSE, JobRun.outcome.in_((worker.WANTED, worker.RUNNING))))
        if any(run.counts.get("month") == str(month) for run in running):
            raise InputError("Việc này đã được yêu cầu, máy đang làm.", "This was asked for already and is being done.")
        worker.want(session, CLOSE, login.lower(), now, month=str(month), reason=reason.strip()[: workflow.LONGEST_REASON])
        audit.record(session, "edition.ask_close", str(month), actor=login.lower(), reason=reason.strip())


def _close_one(number: int) -> str:
    with writing() as session:
        run = session.get_one(JobRun, number)
        asked, login, started = dict(run.counts), run.message, utc_now()
        run.outcome, run.started_at = worker.RUNNING, started
    outcome, message = "done", login
    try:
        edition = operations.close(Month.parse(asked["month"]), started, actor=login, reason=asked.get("reason", ""))
        asked["version"] = edition.version
    except Exception as error:  # it is recorded and shown, and the other requests go on
        outcome, message = "failed", error.message("vi") if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
        log.exception("close failed", month=asked["month"])
    with writing() as session:
        run = session.get_one(JobRun, number)
        run.outcome, run.finished_at, run.message, run.counts = outcome, utc_now(), message[:2000], asked
    return f"{asked['month']} {outcome}"


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
        Job(CLOSE, IntervalTrigger(seconds=5), close_wanted, quiet=True, logs_itself=True),
        Job("scorecard.notify", IntervalTrigger(seconds=60), notify, quiet=True),
        Job("scorecard.flash", CronTrigger(minute=5, timezone=TIMEZONE), make_due, quiet=True),
        Job("scorecard.compute_drafts_again", CronTrigger(hour=1, minute=40, timezone=TIMEZONE), compute_drafts_again, quiet=True),
        Job("scorecard.close_due", CronTrigger(minute=20, timezone=TIMEZONE), close_due, quiet=True),
        Job("scorecard.ask_units", IntervalTrigger(minutes=5), integrity_operations.ask_units, quiet=True),
        Job("scorecard.alert_falls", CronTrigger(minute=50, timezone=TIMEZONE), alerts.raise_new, quiet=True),
        Job("scorecard.forget_comments", CronTrigger(hour=3, minute=50, timezone=TIMEZONE), comments.forget, quiet=True),
        Job("scorecard.tidy_lake", CronTrigger(hour=2, minute=30, timezone=TIMEZONE), tidy_lake),
    ]
