"""What the worker destroys, and when: exactly what should go, each with a line in the log."""

import fcntl
import io
import os
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from core.database import reading, writing
from procedures import intake, jobs, spool
from procedures.dossier_queries import data_dir
from procedures.models import Submission
from tests.procedures.feed import NOW, message, small_country, write

WEEK, HOUR = timedelta(days=7), timedelta(hours=1)


@pytest.fixture(autouse=True)
def _sources(app: Flask) -> None:
    small_country()


def receive(when: datetime = NOW, **changes: Any) -> str:
    """A submission that came in then, changed into what the test needs."""
    key = intake.receive(io.BytesIO(b"{}"), "a.jsonl", "h26", "national-sync", "cli", "cli", when)
    with writing() as session:
        submission = session.query(Submission).filter_by(key=key).one()
        for name, value in changes.items():
            setattr(submission, name, value)
    return key


def stored(key: str) -> Submission:
    reading().expire_all()
    return reading().scalars(select(Submission).where(Submission.key == key)).one()


def put(path: Path, written: datetime) -> Path:
    """A file written at that time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    os.utime(path, (written.timestamp(),) * 2)
    return path


def test_a_file_goes_when_its_submission_is_finished_and_not_before(caplog: pytest.LogCaptureFixture) -> None:
    waiting = [receive(NOW - WEEK + HOUR), receive(NOW - HOUR, state="checked", replaces_month="2026-10"), receive(NOW)]
    ended = {state: receive(NOW - HOUR, state=state, finished_at=NOW) for state in ("accepted", "partly_accepted", "rejected")}
    with caplog.at_level("INFO"):
        assert jobs.purge(NOW) == {"spooled": 3}
    assert spool.keys() == sorted(waiting)
    for state, key in ended.items():
        assert (stored(key).state, stored(key).spool_destroyed_at) == (state, NOW)
        assert f"spooled file {key} destroyed: submission finished" in caplog.messages
    for key in waiting:
        assert (stored(key).state in ("received", "checked"), stored(key).spool_destroyed_at) == (True, None)
    assert jobs.purge(NOW) == {}


def test_no_file_is_kept_longer_than_the_limit(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    old, young = receive(NOW - WEEK - HOUR), receive(NOW - WEEK)
    asked = receive(NOW - WEEK - HOUR, state="checked", replaces_month="2026-10")
    attempted = receive(NOW - WEEK - HOUR, state="checked", lake_version=3)
    with caplog.at_level("INFO"):
        assert jobs.purge(NOW) == {"spooled": 3, "expired": 2}
    assert spool.keys() == [young]
    assert f"spooled file {old} destroyed: older than 7 days" in caplog.messages
    for key, words in ((old, ("Gửi lại tệp", "Send it again")), (asked, ("không ai xác nhận", "Nobody confirmed"))):
        rejected = stored(key)
        assert (rejected.state, rejected.finished_at, rejected.spool_destroyed_at) == ("rejected", NOW, NOW)
        assert words[0] in rejected.reason
        assert words[1] in rejected.reason_en
    assert stored(attempted).state == "checked"  # its commit may have gone through: the lake's log says
    app.extensions["settings"].spool_days = 1
    assert jobs.purge(NOW) == {"spooled": 1, "expired": 1}
    assert stored(young).state == "rejected"
    jobs.process(NOW)
    assert stored(attempted).state == "rejected"


def test_a_file_that_is_being_worked_on_waits(app: Flask) -> None:
    key = receive(NOW - WEEK - HOUR)
    with spool.path_of(key).open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert jobs.purge(NOW) == {}
    assert jobs.purge(NOW) == {"spooled": 1, "expired": 1}


def test_nobodys_files_go_after_an_hour() -> None:
    now = datetime.fromtimestamp(time.time(), tz=NOW.tzinfo)
    put(spool.path_of("0" * 16), now - HOUR - timedelta(minutes=1))
    young = put(spool.path_of("1" * 16), now - HOUR + timedelta(minutes=1))
    put(spool.folder() / "2.part", now - HOUR - timedelta(minutes=1))
    assert jobs.purge(now) == {"spooled": 1, "parts": 1}
    assert list(spool.folder().iterdir()) == [young]


def test_quarantined_rows_go_by_the_age_of_their_submission(caplog: pytest.LogCaptureFixture) -> None:
    done = {"state": "partly_accepted", "finished_at": NOW}
    old, young = (receive(NOW - timedelta(days=90) + step, **done) for step in (-HOUR, HOUR))
    folder = data_dir() / "quarantine"
    gone = [put(folder / f"{old}.parquet", NOW), put(folder / f"{old}.input.parquet", NOW)]  # written anew since: no younger for that
    gone.append(put(folder / "nobody.parquet", NOW - timedelta(days=91)))
    left = [put(folder / f"{young}.parquet", NOW - timedelta(days=400)), put(folder / "other.parquet", NOW - timedelta(days=89))]
    with caplog.at_level("INFO"):
        assert jobs.purge(NOW)["quarantined"] == 3
    assert sorted(folder.iterdir()) == sorted(left)
    for path in gone:
        assert f"quarantined rows {path.name} destroyed: older than 90 days" in caplog.messages


def test_a_dropped_file_goes_all_the_way(app: Flask, tmp_path: Path) -> None:
    settings = app.extensions["settings"]
    settings.inbox_dir = tmp_path / "inbox"
    place = settings.inbox_dir / "h26" / "national-sync"
    place.mkdir(parents=True)
    write(place / "a.jsonl", [message(1), message(2, DonViXuLy="H99.99")])
    assert jobs.inbox(NOW) == {}
    assert jobs.inbox(NOW + timedelta(seconds=10)) == {"taken": 1}
    jobs.process(NOW + timedelta(seconds=15))
    assert jobs.inbox(NOW + timedelta(seconds=20)) == {"told": 1}
    (text,) = (place / "results").glob("*.txt")
    assert "2 dòng đã nhận = 1 mới hoặc cập nhật + 0 bị bản mới hơn thay thế + 0 không đổi + 1 giữ lại." in text.read_text()
    (rows,) = (place / "results").glob("*.held-back.jsonl")
    assert "H99.99" in rows.read_text()
    assert "Nguyễn Văn A" not in rows.read_text()
    assert spool.keys() == []
