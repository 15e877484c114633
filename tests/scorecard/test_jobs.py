"""What the worker does for the months: the running view follows what is pushed, and nothing runs for nothing."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from core.database import reading, writing
from procedures import jobs as intake_jobs
from procedures import tokens
from procedures.models import Source, Submission
from scorecard import jobs, operations, queries
from scorecard.models import Edition
from tests.procedures.feed import message, small_country

DURING = datetime(2026, 10, 20, 5, tzinfo=UTC)


def online() -> tuple[int | None, int | None]:
    """Online filing of the nation in the running view: numerator and denominator."""
    session = reading()
    session.rollback()
    view = queries.running(session)
    assert view is not None
    figure = queries.figure_map(session, view)["VN", "online_filing", "raw"]
    return figure.numerator, figure.denominator


def test_what_is_pushed_shows_after_one_round_of_the_worker(app: Flask) -> None:
    small_country()
    client, token = app.test_client(), tokens.create("h26", "", DURING)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}

    def push(numbers: range) -> None:
        body = "\n".join(json.dumps(message(number)) for number in numbers)
        assert client.post("/api/v1/dossiers?profile=national-sync", data=body, headers=headers).status_code == 202

    def rounds(now: datetime) -> list[str]:
        """One run of every job that has to do with it; those that did something."""
        work = (intake_jobs.inbox, intake_jobs.process, jobs.refresh_running)
        return [run.__name__ for run in work if run(now)]

    push(range(1, 41))
    assert rounds(DURING) == ["process", "refresh_running"]
    assert online() == (40, 40)
    assert rounds(DURING + timedelta(seconds=30)) == []
    push(range(41, 51))
    assert rounds(DURING + timedelta(seconds=60)) == ["process", "refresh_running"]
    assert online() == (50, 50)


def test_after_a_costly_refresh_the_next_one_waits(app: Flask) -> None:
    """A steady trickle must not keep the processor busy; what came meanwhile shows when the wait is over, without another push."""
    small_country()
    assert jobs.refresh_running(DURING)

    def costs(seconds: float) -> None:
        with writing() as session:
            running = session.scalars(select(Edition).where(Edition.state == "running")).one()
            assert 0 < running.facts["cost"] < 60
            running.facts = running.facts | {"cost": seconds, "seen": {"submissions": -1}}

    costs(12.0)
    assert jobs.refresh_running(DURING + timedelta(seconds=23)) == {}
    assert jobs.refresh_running(DURING + timedelta(seconds=24))
    costs(0.1)
    assert jobs.refresh_running(DURING + timedelta(seconds=25))


def test_only_what_can_change_the_month_has_it_computed_anew(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    small_country()
    assert jobs.refresh_running(DURING)
    asked: list[datetime] = []
    monkeypatch.setattr(operations, "refresh_running", lambda now: asked.append(now) or {"2026-10": 1})
    with writing() as session:
        session.add(Source(code="abroad", name="abroad", list_code="abroad"))

    def arrives(key: str, source: str = "h26", **changes: object) -> bool:
        """Whether a submission of this kind makes the worker compute."""
        with writing() as session:
            owner = session.scalars(select(Source).where(Source.code == source)).one()
            given = {"state": "accepted", "finished_at": DURING, "rows_received": 5, "months": ["2026-10"]} | changes
            session.add(
                Submission(key=key, source_id=owner.id, profile="p", file_name="f", sha256="0", received_at=DURING, sent_by="cli", **given)
            )
        asked.clear()
        ran = jobs.refresh_running(DURING)
        assert bool(ran) == bool(asked)
        with writing() as session:  # gone again, as if it had never been
            session.delete(session.scalars(select(Submission).where(Submission.key == key)).one())
        return bool(ran)

    assert arrives("a")
    assert arrives("b", months=["2026-08"])  # received then, perhaps ended now
    assert arrives("c", months=["2026-09", "2026-11"])
    assert arrives("d", months=[], state="rejected")  # rows that were held back are told beside the figures
    assert not arrives("e", months=["2026-11"])
    assert not arrives("f", source="abroad")
    assert not arrives("g", state="received", finished_at=None)
    assert not arrives("h", state="checked", finished_at=None)
    assert not arrives("i", state="rejected", months=[], rows_received=0)


def test_a_run_that_finds_nothing_waits_for_no_close(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    small_country()
    assert jobs.refresh_running(DURING)

    def held(*_args: object) -> None:
        raise AssertionError("the lease was taken")

    monkeypatch.setattr(operations.lease, "held", held)
    assert jobs.refresh_running(DURING + timedelta(seconds=30)) == {}


def test_tidying_keeps_every_file_that_an_edition_lists(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    from procedures import feeds

    kept: list[set[str]] = []
    monkeypatch.setattr(feeds, "tidy_lake", lambda keep: kept.append(set(keep)) or {})
    editions = app.extensions["settings"].data_dir / "editions"
    assert jobs.tidy_lake(DURING) == {}
    for name, path in (("2026-09-v1", "a.parquet"), ("2026-09-v2", "b.parquet"), (".building-x", "c.parquet")):
        (editions / name).mkdir(parents=True)
        (editions / name / "lake_files.json").write_text(json.dumps([{"path": path, "size": 1, "sha256": ""}]))
    jobs.tidy_lake(DURING)
    assert kept == [set(), {"a.parquet", "b.parquet", "c.parquet"}]
