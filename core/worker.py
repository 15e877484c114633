"""The worker: one process under a lease runs every room's jobs; what it missed while down it does at start.

A job is a function ``(now) -> counts`` that brings things up to date, so that running it late, twice or after a crash
does no harm.
"""

import logging
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import lease
from core.calendar import TIMEZONE, utc_now
from core.database import writing
from core.models import JobRun

LEASE = "worker"
LEASE_SECONDS = 30
WANTED, RUNNING = "wanted", "running"  # outcomes of a run that is asked for, and of one that is under way
log = structlog.get_logger()
logging.getLogger("apscheduler").setLevel(logging.ERROR)  # that a long job's next turn is left out is meant


@dataclass(frozen=True)
class Job:
    """Something to be done on a schedule. ``quiet`` runs leave no trace when they found nothing to do; one that ``logs_itself`` leaves
    none of its own unless it failed."""

    name: str
    trigger: BaseTrigger
    run: Callable[[datetime], dict[str, Any]]
    quiet: bool = False
    logs_itself: bool = False


def run_job(app: Flask, job: Job) -> bool:
    """Run one job now and record it. True if it did not fail."""
    with app.app_context():
        started = utc_now()
        outcome, message, counts = "done", "", {}
        try:
            counts = job.run(started)
        except Exception as error:  # one job's failure must not stop the others; it is recorded and shown
            outcome, message = "failed", f"{type(error).__name__}: {error}"
            log.exception("job failed", job=job.name)
        if outcome == "failed" or (not job.logs_itself and (counts or not job.quiet)):
            with writing() as session:
                session.add(
                    JobRun(job=job.name, started_at=started, finished_at=utc_now(), outcome=outcome, message=message[:2000], counts=counts)
                )
        return outcome == "done"


def want(session: Session, name: str, login: str, now: datetime, **arguments: Any) -> None:
    """Ask for a run as soon as possible, inside the caller's transaction. With ``arguments`` the job looks for its requests itself."""
    session.add(JobRun(job=name, started_at=now, outcome=WANTED, message=login, counts=arguments))


def _asked_for(app: Flask) -> set[str]:
    """Names of jobs that somebody asked to run now; each is asked for once."""
    with app.app_context(), writing() as session:
        found = [run for run in session.scalars(select(JobRun).where(JobRun.outcome == WANTED)) if not run.counts]
        for run in found:
            session.delete(run)
        return {run.job for run in found}


def serve(app: Flask, stop: threading.Event | None = None) -> None:
    """Work until SIGTERM or SIGINT. A second worker waits until the first one's lease has run out."""
    stop = stop or threading.Event()
    if threading.current_thread() is threading.main_thread():
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
    jobs: list[Job] = app.extensions["jobs"]
    holder = lease.new_holder()
    while not stop.is_set():
        with app.app_context():
            leading = lease.acquire(LEASE, holder, utc_now(), LEASE_SECONDS)
        if leading:
            _lead(app, jobs, holder, stop)
        stop.wait(LEASE_SECONDS / 6)


def _lead(app: Flask, jobs: list[Job], holder: str, stop: threading.Event) -> None:
    scheduler = BackgroundScheduler(timezone=TIMEZONE, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})
    for job in jobs:
        # next_run_time: every job runs once at start, which is how missed runs are caught up
        scheduler.add_job(run_job, job.trigger, args=[app, job], id=job.name, next_run_time=utc_now())
    scheduler.start()
    log.info("worker leads", holder=holder)
    try:
        while not stop.wait(LEASE_SECONDS / 3):
            with app.app_context():
                if not lease.acquire(LEASE, holder, utc_now(), LEASE_SECONDS):
                    log.warning("lease lost", holder=holder)
                    return
            for name in _asked_for(app):
                if scheduler.get_job(name) is not None:
                    scheduler.modify_job(name, next_run_time=utc_now())
    finally:
        scheduler.shutdown(wait=True)
        with app.app_context():
            lease.release(LEASE, holder)
