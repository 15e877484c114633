"""The worker: one at a time, catching up, surviving a failing job."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.triggers.interval import IntervalTrigger
from flask import Flask
from sqlalchemy import select

from core import lease, worker
from core.calendar import utc_now
from core.database import reading, writing
from core.models import JobRun

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def test_a_lease_has_one_holder_until_it_runs_out(app: Flask) -> None:
    assert lease.acquire("close", "a", NOW, 60)
    assert not lease.acquire("close", "b", NOW, 60)
    assert lease.acquire("close", "a", NOW + timedelta(seconds=50), 60)
    assert not lease.acquire("close", "b", NOW + timedelta(seconds=61), 60)
    assert lease.acquire("close", "b", NOW + timedelta(seconds=111), 60)


def test_a_released_lease_is_free_and_only_its_holder_releases_it(app: Flask) -> None:
    assert lease.acquire("close", "a", NOW)
    lease.release("close", "b")
    assert not lease.acquire("close", "b", NOW)
    lease.release("close", "a")
    assert lease.acquire("close", "b", NOW)


def _job(name: str, run: Callable[[datetime], dict[str, Any]], quiet: bool = False) -> worker.Job:
    return worker.Job(name, IntervalTrigger(hours=1), run, quiet)


def test_a_failing_job_is_recorded_and_a_quiet_one_leaves_no_trace(app: Flask) -> None:
    def fail(_now: datetime) -> dict[str, Any]:
        raise RuntimeError("no room on the disk")

    assert not worker.run_job(app, _job("fails", fail))
    assert worker.run_job(app, _job("counts", lambda _now: {"built": 1}))
    assert worker.run_job(app, _job("idle", lambda _now: {}, quiet=True))
    runs = {run.job: run for run in reading().scalars(select(JobRun))}
    assert set(runs) == {"fails", "counts"}
    assert runs["fails"].outcome == "failed"
    assert "no room on the disk" in runs["fails"].message
    assert runs["counts"].counts == {"built": 1}


def test_two_workers_work_as_one_and_missed_jobs_run_at_start(sqlite_app: Flask) -> None:
    runs: list[int] = []

    def work(_now: datetime) -> dict[str, Any]:
        runs.append(threading.get_ident())
        return {}

    sqlite_app.extensions["jobs"] = [_job("hourly", work)]
    stop = threading.Event()
    workers = [threading.Thread(target=worker.serve, args=(sqlite_app, stop)) for _ in range(2)]
    for thread in workers:
        thread.start()
    deadline = time.monotonic() + 20
    while not runs and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)
    stop.set()
    for thread in workers:
        thread.join()
    assert len(runs) == 1


def test_a_lease_that_is_held_for_long_is_renewed(app: Flask) -> None:
    with lease.held("close", seconds=1):
        time.sleep(1.3)
        assert not lease.acquire("close", "another", utc_now())
    assert lease.acquire("close", "another", utc_now())


def test_a_run_is_asked_for_once(app: Flask) -> None:
    with writing() as session:
        worker.want(session, "exports.build", "an", NOW)
        worker.want(session, "exports.build", "binh", NOW)
        worker.want(session, "scorecard.close", "an", NOW, month="2026-10")
    assert worker._asked_for(app) == {"exports.build"}
    assert worker._asked_for(app) == set()
    assert [run.counts for run in reading().scalars(select(JobRun))] == [{"month": "2026-10"}]  # with arguments: the job finds it itself
