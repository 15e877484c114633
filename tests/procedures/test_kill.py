"""A loader that is killed at any moment: afterwards every submission is whole or was never there, and the worker finishes it alone."""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from core.calendar import utc_now
from core.database import reading
from core.settings import ROOT, Settings
from procedures import feeds, jobs, quarantine, spool
from procedures.dossier_queries import data_dir
from procedures.dossiers import dossier_table
from procedures.models import Submission
from tests.procedures.feed import NOW, lake_rows, small_country
from tests.procedures.killing import DIED
from tests.procedures.test_semantics import wait

pytestmark = pytest.mark.long
ROWS = 1_000
KILLS = 14  # for each kind of database
HEADING = "dossier_code,procedure_code,unit_code,received_at,status,updated_at\n"
Expected = dict[tuple[str, str], tuple[str, int, str]]


def environment(settings: Settings) -> dict[str, str]:
    """The installation's settings for another process."""
    own = {
        f"TTHC_{name}_KEY".upper(): getattr(settings, f"{name}_key").get_secret_value()
        for name in ("secret", "invitation", "answer", "spool", "applicant")
    }
    more = {
        "TTHC_DATA_DIR": str(settings.data_dir),
        "TTHC_DATABASE_URL": settings.database_url,
        "TTHC_SECURE_COOKIES": "false",
        "TTHC_ENV_FILE": "/dev/null",
    }
    return os.environ | own | more


class Feed:
    """Files that keep changing the same dossiers, and what the lake must hold after them."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._minute = folder, 0
        self.expected: Expected = {}

    def file(self, source: str, first: int, bad: int) -> tuple[Path, Expected]:
        """A new word on ``ROWS`` dossiers, of which some move to another month; and ``bad`` rows that nobody can take."""
        self._minute += 1
        at = f"2026-11-01T{self._minute // 60:02d}:{self._minute % 60:02d}:00"
        word: Expected = {}
        lines = []
        for number in range(first, first + ROWS):
            code = f"H26.12-261008-{number:04d}"
            month = f"{8 + (number + self._minute * (number % 7 == 0)) % 3:02d}"
            status = 2 + (number + self._minute) % 2 * 2
            lines.append(f"{code},1.004222,H26.12,2026-{month}-08T08:15:00,{status},{at}\n")
            word[(source, code)] = (f"2026-{month}", status, at)
        lines += [f"H26.12-261008-{number:04d},x,H26.12,2026-10-08T08:15:00,4,{at}\n" for number in range(first, first + bad)]
        path = self._folder / f"{source}-{self._minute:04d}.csv"
        path.write_text(HEADING + "".join(lines), encoding="utf-8")
        return path, word

    def taken(self, word: Expected) -> None:
        """The later word wins."""
        for key, row in word.items():
            if key not in self.expected or self.expected[key][2] < row[2]:
                self.expected[key] = row


def start(settings: Settings, path: Path, place: str = "-", when: str = "before") -> subprocess.Popen[str]:
    """A loading process that is just about to load."""
    command = [sys.executable, "-m", "tests.procedures.killing", place, when, str(path)]
    child = subprocess.Popen(command, cwd=ROOT, env=environment(settings), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def round_of(feed: Feed) -> tuple[Path, Expected, list[str]]:
    """Three files wait, of two sources; a fourth is to be sent by the process that will die."""
    keys = []
    for source, first, bad in (("h26", 0, 3), ("h26", 900, 0), ("h14", 0, 5)):
        path, word = feed.file(source, first, bad)
        keys.append(wait(path, source, "flat-en"))
        feed.taken(word)
    path, word = feed.file("h26", 500, 2)
    return path, word, keys


def check(feed: Feed, path: Path, word: Expected, keys: list[str]) -> None:
    """The worker starts again, and all is as if nothing had happened."""
    reading().rollback()
    feeds.process_waiting(NOW)
    jobs.purge(utc_now() + timedelta(hours=2))
    reading().expire_all()
    every = reading().query(Submission).all()
    own = [item for item in every if item.file_name == path.name]
    assert len(own) <= 1
    if own:
        feed.taken(word)
    assert {item.state for item in every} <= {"accepted", "partly_accepted"}, [(item.key, item.state, item.reason_en) for item in every]
    for item in every:
        assert item.rows_received == item.rows_accepted + item.rows_superseded + item.rows_unchanged + item.rows_quarantined
        assert item.rows_received - item.rows_quarantined == ROWS
        assert set(item.coverage) == set(item.months), "what is told beside the counts was lost"
        assert quarantine.path_of(item.key).is_file() == (item.rows_quarantined > 0)
    assert {item.key for item in every} >= set(keys)
    found = Counter((row["source"], row["dossier_code"]) for row in lake_rows())
    assert set(found.values()) == {1}
    rows = {
        (row["source"], row["dossier_code"]): (
            row["reception_month"],
            row["status"],
            (row["updated_at"] + timedelta(hours=7)).strftime("%Y-%m-%dT%H:%M:%S"),
        )
        for row in lake_rows()
    }
    assert rows == feed.expected
    carried = Counter(key for text in dossier_table(data_dir()).committed(0, "submissions") for key in json.loads(text))
    assert set(carried.values()) == {1}
    assert set(carried) == {item.key for item in every}
    assert spool.keys() == []
    assert [item.name for item in (data_dir() / "work").iterdir()] == []
    assert [item.name for item in (data_dir() / "spool").iterdir()] == []
    assert [item.name for item in (data_dir() / "quarantine").iterdir() if item.suffix != ".parquet"] == []


def test_killed_at_random_moments(app: Flask, settings: Settings, tmp_path: Path) -> None:
    small_country()
    feed = Feed(tmp_path)
    path, word, keys = round_of(feed)
    began = time.monotonic()
    child = start(settings, path)
    began = time.monotonic()
    child.communicate()
    length = time.monotonic() - began  # of a run that nobody kills
    check(feed, path, word, keys)
    moments = random.Random(1)
    killed = 0
    for number in range(KILLS):
        path, word, keys = round_of(feed)
        child = start(settings, path)
        # one moment from each stretch of the run, so that no stretch is left out
        time.sleep(length * (number + moments.random()) / KILLS)
        child.kill()
        child.communicate()
        killed += child.returncode == -9
        check(feed, path, word, keys)
    assert killed > KILLS // 2


PLACES = [
    ("procedures.spool:write", "after"),
    ("procedures.intake:receive", "after"),
    ("procedures.attempts:Attempt.read", "before"),
    ("procedures.attempts:Attempt.read", "after"),
    ("procedures.quarantine:_write", "before"),
    ("procedures.quarantine:store", "after"),
    ("procedures.attempts:Attempt._checked", "after"),
    ("procedures.merging:plan", "after"),
    ("procedures.progress:note_version", "after"),
    ("procedures.merging:copy_to", "after"),
    ("procedures.merging:_move", "after"),
    ("core.lake:LakeTable.commit", "before"),
    ("core.lake:LakeTable.commit", "after"),
    ("procedures.merging:carry_out", "after"),
    ("procedures.progress:close", "before"),
    ("procedures.progress:close", "after"),
    ("procedures.progress:finish", "after"),
    ("procedures.spool:destroy", "before"),
    ("procedures.spool:destroy", "after"),
    ("procedures.progress:destroy_spooled", "after"),
]


def test_killed_at_every_step(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    settings = sqlite_app.extensions["settings"]
    feed = Feed(tmp_path)
    died: dict[tuple[str, str], Any] = {}
    for place, when in PLACES:
        path, word, keys = round_of(feed)
        child = start(settings, path, place, when)
        child.communicate()
        died[place, when] = child.returncode
        check(feed, path, word, keys)
    # Where a lake is there already a month is written anew and nothing is moved; every other step was reached.
    assert {place for place, code in died.items() if code != DIED} <= {("procedures.merging:_move", "after")}


def test_killed_while_the_lake_is_being_made(sqlite_app: Flask, tmp_path: Path) -> None:
    settings = sqlite_app.extensions["settings"]
    small_country()
    for number, (place, when) in enumerate([("procedures.merging:_move", "after"), ("core.lake:LakeTable.commit", "before")]):
        import shutil

        from core.database import writing

        shutil.rmtree(data_dir() / "lake", ignore_errors=True)
        with writing() as session:
            session.query(Submission).delete()
        (tmp_path / str(number)).mkdir()
        feed = Feed(tmp_path / str(number))
        path, word, keys = round_of(feed)
        child = start(settings, path, place, when)
        child.communicate()
        assert child.returncode == DIED
        check(feed, path, word, keys)
