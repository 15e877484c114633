"""Several writers, compaction and vacuum: no row is lost, no file goes that anybody may still need."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from core import lake
from core.calendar import utc_now
from core.database import reading
from core.lake import ConflictError, LakeTable
from core.settings import ROOT
from procedures import feeds
from procedures.dossier_queries import data_dir
from procedures.dossiers import dossier_table
from procedures.models import Submission
from scorecard import jobs as scorecard_jobs
from scorecard.inputs import LAKE_FILES
from tests.procedures.feed import lake_rows, load, message, small_country, write
from tests.procedures.test_kill import HEADING, environment

WEEK = 7 * 86_400


def test_two_processes_at_once_lose_no_row(app: Flask, tmp_path: Path) -> None:
    small_country()
    settings = app.extensions["settings"]
    children = []
    for number, source in enumerate(("h26", "h26", "h14")):
        files = []
        for part in range(3):
            codes = range(part * 1000 + number * 250, part * 1000 + number * 250 + 500)  # the first two overlap by half
            lines = [f"H26.12-261008-{code:04d},1.004222,H26.12,2026-10-08T08:15:00,4,2026-11-0{number + 1}T00:00:00\n" for code in codes]
            files.append(tmp_path / f"{number}-{part}.csv")
            files[-1].write_text(HEADING + "".join(lines), encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "flask",
            "--app",
            "app",
            "feeds",
            "load",
            *map(str, files),
            "--source",
            source,
            "--profile",
            "flat-en",
            "--json",
        ]
        children.append(
            subprocess.Popen(command, cwd=ROOT, env=environment(settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
    told = []
    for child in children:
        out, err = child.communicate(timeout=200)
        assert child.returncode == 0, err
        told += [json.loads(line) for line in out.splitlines()]
    assert len(told) == 9
    assert {entry["received"] for entry in told} == {500}
    assert all(entry["accepted"] + entry["superseded"] + entry["unchanged"] + entry["quarantined"] == 500 for entry in told)
    expected = {("h14", part * 1000 + code): "3" for part in range(3) for code in range(500, 1000)}
    for number in (0, 1):
        expected |= {("h26", part * 1000 + code): str(number + 1) for part in range(3) for code in range(number * 250, number * 250 + 500)}
    rows = lake_rows()
    assert len(rows) == len(expected)
    found = {(row["source"], int(row["dossier_code"][-4:])): str((row["updated_at"] + timedelta(hours=7)).day) for row in rows}
    assert found == expected


def small_lake(tmp_path: Path) -> LakeTable:
    """A lake of some months in several files each."""
    small_country()
    for number in range(6):
        load(write(tmp_path / f"{number}.jsonl", [message(number), message(100 + number, NgayTiepNhan="20260908081500")]))
    return dossier_table(data_dir())


def rewritten(table: LakeTable, base: lake.Snapshot) -> Callable[[], int]:
    """A commit that puts a copy of the first file in its place."""
    old = base.parts[0]
    copy = table.root / old.path.replace("part-", f"part-{time.monotonic_ns()}")
    copy.write_bytes((table.root / old.path).read_bytes())
    new = lake.Part(str(copy.relative_to(table.root)), old.size, old.rows, old.partition, old.lowest, old.highest, old.unknown)
    return lambda: table.commit(base, [new], [old], {})


def appended(table: LakeTable, base: lake.Snapshot) -> Callable[[], int]:
    """A commit that adds a file and takes none away."""
    old = base.parts[0]
    copy = table.root / old.path.replace("part-", f"part-{time.monotonic_ns()}")
    copy.write_bytes((table.root / old.path).read_bytes())
    new = lake.Part(str(copy.relative_to(table.root)), old.size, old.rows, old.partition, old.lowest, old.highest, old.unknown)
    return lambda: table.commit(base, [new], [], {})


@pytest.mark.parametrize("first", [appended, rewritten])
@pytest.mark.parametrize("second", [appended, rewritten])
def test_commit_from_a_stale_snapshot_is_refused(sqlite_app: Flask, tmp_path: Path, first: Any, second: Any) -> None:
    small_country()
    load(write(tmp_path / "a.jsonl", [message(1)]))
    table = dossier_table(data_dir())
    base, other = table.snapshot(), table.snapshot()
    assert first(table, base)() == base.version + 1
    live = table.paths()
    with pytest.raises(ConflictError):
        second(table, other)()
    assert (table.paths(), table.snapshot().version) == (live, base.version + 1)
    assert second(table, table.snapshot())() == base.version + 2


def test_load_that_meets_another_commit_plans_again(sqlite_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_country()
    load(write(tmp_path / "a.jsonl", [message(1, TrangThaiHoSo="4")]))
    table = dossier_table(data_dir())
    take, met = LakeTable.commit, []

    def met_by_another(self: LakeTable, base: lake.Snapshot, *arguments: Any) -> int:
        if not met:
            met.append(1)
            rewritten(table, table.snapshot())()  # a writer that does not know the lock, as on another machine
        return take(self, base, *arguments)

    monkeypatch.setattr(LakeTable, "commit", met_by_another)
    version = table.snapshot().version
    result = load(write(tmp_path / "b.jsonl", [message(1, TrangThaiHoSo="9", NgayCapNhat="20261101000000"), message(2)]))
    assert (result.accepted, table.snapshot().version) == (2, version + 2)
    assert [row["status"] for row in lake_rows()] == [9, 10]


def age(path: Path, days: float) -> None:
    """Make a file look old."""
    moment = time.time() - days * 86_400
    os.utime(path, (moment, moment))


def age_all(table: LakeTable, days: float) -> None:
    """Make everything of the table look old."""
    for path in table.root.rglob("*"):
        if path.is_file():
            age(path, days)


def test_compaction_keeps_every_row(app: Flask, tmp_path: Path) -> None:
    table = small_lake(tmp_path)
    before, files = lake_rows(), table.paths()
    assert len(files) == 12
    assert feeds.tidy_lake([]) == {"compacted": 1, "deleted": 0}
    assert lake_rows() == before
    assert len(table.paths()) == 2
    assert feeds.tidy_lake([]) == {}
    assert all(path.is_file() for path in files)  # removed a moment ago: a reader may be at it
    # Loading goes on as before.
    assert load(write(tmp_path / "a.jsonl", [message(1, NgayTiepNhan="20260908081500", NgayCapNhat="20261101000000")])).accepted == 1
    assert len(lake_rows()) == len(before)


def test_vacuum_deletes_only_what_nobody_needs(sqlite_app: Flask, tmp_path: Path) -> None:
    table = small_lake(tmp_path)
    dead = table.paths()
    feeds.tidy_lake([])
    live = table.paths()
    orphan = live[0].with_name("part-orphan.parquet")
    orphan.write_bytes(b"broken off")
    young = live[0].with_name("part-young.parquet")
    kept = dead[0]
    # Old files, but removed a moment ago: by the log, not by their own age.
    for path in (*dead, *live):
        age(path, 100)
    assert table.vacuum([], WEEK) == []
    age_all(table, 6)
    assert table.vacuum([], WEEK) == []
    age_all(table, 8)
    young.write_bytes(b"being written")
    deleted = table.vacuum([str(kept.relative_to(table.root))], WEEK)
    assert sorted(deleted) == sorted(str(path.relative_to(table.root)) for path in (*dead[1:], orphan))
    assert all(path.is_file() for path in (*live, kept, young))
    assert not any(path.exists() for path in (*dead[1:], orphan))
    assert len(lake_rows()) == 12
    assert table.vacuum([], WEEK) == [str(kept.relative_to(table.root))]


def test_files_that_an_edition_lists_survive(sqlite_app: Flask, tmp_path: Path) -> None:
    table = small_lake(tmp_path)
    listed = [item.path for item in table.freeze()][:3]
    folder = data_dir() / "editions" / "2026-10-v1"
    folder.mkdir(parents=True)
    (folder / LAKE_FILES).write_text(json.dumps([{"path": path, "size": 1, "sha256": ""} for path in listed]), encoding="utf-8")
    dead = table.paths()
    assert scorecard_jobs.tidy_lake(utc_now()) == {"compacted": 1, "deleted": 0}
    age_all(table, 8)
    assert scorecard_jobs.tidy_lake(utc_now()) == {"compacted": 0, "deleted": 9}
    left = {str(path.relative_to(table.root)) for path in dead if path.is_file()}
    assert left == set(listed)
    # A manifest that cannot be read: rather nothing is deleted than something that an edition needs.
    (folder / LAKE_FILES).write_text("{broken", encoding="utf-8")
    with pytest.raises(json.JSONDecodeError):
        scorecard_jobs.tidy_lake(utc_now())
    assert all((table.root / path).is_file() for path in listed)


def test_empty_lake_is_tidied(sqlite_app: Flask) -> None:
    assert feeds.tidy_lake([]) == {}
    assert reading().query(Submission).count() == 0
