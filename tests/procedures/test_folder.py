"""The watched folder: each dropped file once, whatever happens in between; nothing outside it; an answer for everyone."""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from core.database import reading, writing
from procedures import folder, spool
from procedures.models import Submission
from tests.procedures.feed import NOW, message, small_country, write

LATER = timedelta(seconds=10)


@pytest.fixture
def inbox(app: Flask, tmp_path: Path) -> Path:
    """An empty watched folder with a place for the source h26."""
    small_country()
    root = tmp_path / "inbox"
    (root / "h26" / "national-sync").mkdir(parents=True)
    app.extensions["settings"].inbox_dir = root
    return root


@pytest.fixture
def place(inbox: Path) -> Path:
    """Where h26 drops its files."""
    return inbox / "h26" / "national-sync"


class Worker:
    """Scans every ten seconds."""

    def __init__(self) -> None:
        self.now = NOW

    def once(self) -> dict[str, Any]:
        self.now += LATER
        return folder.scan(self.now)

    def twice(self) -> dict[str, Any]:
        """What the second of two scans did: by then what was dropped before has come to rest."""
        self.once()
        return self.once()


@pytest.fixture
def worker() -> Worker:
    return Worker()


def submissions() -> list[Submission]:
    reading().expire_all()
    return list(reading().scalars(select(Submission).order_by(Submission.id)))


def names(place: Path) -> list[str]:
    """Everything below a folder, by its path."""
    return sorted(str(path.relative_to(place)) for path in place.rglob("*") if not path.is_dir() or path.is_symlink())


def finish(key: str) -> None:
    with writing() as session:
        submission = session.query(Submission).filter_by(key=key).one()
        submission.state, submission.finished_at, submission.rows_received, submission.rows_accepted = "accepted", NOW, 2, 2


def test_a_file_at_rest_is_taken_and_answered(place: Path, worker: Worker) -> None:
    path = write(place / "ngày 08.jsonl", [message(1), message(2)])
    content = path.read_bytes()
    assert folder.scan(NOW) == {}
    assert folder.scan(NOW + timedelta(seconds=4)) == {}
    assert folder.scan(NOW + timedelta(seconds=5)) == {"taken": 1}
    (taken,) = submissions()
    assert (taken.way, taken.sent_by, taken.file_name, taken.profile) == ("folder", "folder", "ngày 08.jsonl", "national-sync")
    with spool.read(taken.key) as stream:
        assert stream.read() == content
    assert names(place) == [f"results/ngày 08.jsonl.{taken.key}.received.txt"]
    assert folder.scan(NOW + timedelta(seconds=15)) == {}
    finish(taken.key)
    assert folder.scan(NOW + timedelta(seconds=25)) == {"told": 1}
    head = f"results/ngày 08.jsonl.{taken.key}.result"
    assert names(place) == [f"{head}.json", f"{head}.txt"]
    told = json.loads((place / f"{head}.json").read_text())
    assert (told["state"], told["rows"]["accepted"]) == ("accepted", 2)
    text = (place / f"{head}.txt").read_text()
    assert "đã nhận đủ" in text
    assert "2 rows received = 2 accepted" in text
    assert worker.twice() == {}
    assert len(submissions()) == 1


def test_a_file_that_is_still_written_waits(place: Path, worker: Worker) -> None:
    path = write(place / "a.jsonl", [message(1)])
    for second in range(0, 40, 4):
        assert folder.scan(NOW + timedelta(seconds=second)) == {}
        with path.open("a") as stream:
            stream.write("\n")
    for name in ("b.jsonl.part", "c.TMP", "d.filepart", ".e.jsonl"):
        write(place / name, [message(2)])
    assert worker.twice() == {"taken": 1}
    assert [submission.file_name for submission in submissions()] == ["a.jsonl"]
    assert {"b.jsonl.part", "c.TMP", "d.filepart", ".e.jsonl"} <= set(names(place))


@pytest.mark.parametrize("before", ["note", "delete"])
def test_a_crash_between_taking_and_deleting_makes_no_second_submission(
    app: Flask, place: Path, worker: Worker, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    path = write(place / "a.jsonl", [message(1)])
    unlink = Path.unlink

    def die(*_args: Any) -> None:
        raise KeyboardInterrupt

    def die_at_last(self: Path, missing_ok: bool = False) -> None:
        return die() if self == path else unlink(self, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(*((folder, "_write", die) if before == "note" else (Path, "unlink", die_at_last)))
        with pytest.raises(KeyboardInterrupt):
            worker.twice()
    assert len(submissions()) == 1
    assert path.exists()
    app.extensions.pop("folder")  # the process is gone, and with it what it remembered
    assert worker.twice() == {"taken": 1}
    (taken,) = submissions()
    assert names(place) == [f"results/a.jsonl.{taken.key}.received.txt"]
    assert spool.keys() == [taken.key]


def test_the_same_file_dropped_anew_is_a_submission_of_its_own(place: Path, worker: Worker) -> None:
    for _ in range(2):
        write(place / "a.jsonl", [message(1)])
        assert worker.twice() == {"taken": 1}
    assert len({submission.key for submission in submissions()}) == 2


def test_what_is_added_while_a_file_is_read_is_not_lost(place: Path, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(place / "a.jsonl", [message(1)])
    write_spool = spool.write

    def slow(key: str, stream: Any, name: str) -> Any:
        spooled = write_spool(key, stream, name)
        with path.open("a") as late:
            late.write("\n" + json.dumps(message(2)))
        return spooled

    with monkeypatch.context() as patch:
        patch.setattr(spool, "write", slow)
        assert worker.twice() == {"taken": 1}
    assert path.exists()
    assert worker.twice() == {"taken": 1}
    assert not path.exists()
    sizes = [submission.size_bytes for submission in submissions()]
    assert sizes[0] < sizes[1]


@pytest.mark.parametrize(
    ("dropped", "word"),
    [
        ("nobody/national-sync/a.jsonl", "nobody"),
        ("h26/no-such/a.jsonl", "no-such"),
        ("h26/a.jsonl", "<source>/<profile>/"),
        ("a.jsonl", "<source>/<profile>/"),
        ("h26/national-sync/2026/a.jsonl", "<source>/<profile>/"),
        ("h26/national-sync/empty.jsonl", "empty"),
    ],
)
def test_what_cannot_be_taken_is_set_aside_with_a_note(inbox: Path, worker: Worker, dropped: str, word: str) -> None:
    path = inbox / dropped
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"" if "empty" in dropped else b"{}\n")
    assert worker.twice() == {"refused": 1}
    assert names(path.parent) == [f"rejected/{path.name}", f"results/{path.name}.error.txt"]
    note = (path.parent / "results" / f"{path.name}.error.txt").read_text()
    assert word in note
    assert len([line for line in note.splitlines() if line]) == 3  # its name, Vietnamese, English
    assert worker.twice() == {}
    assert submissions() == []
    path.write_bytes(b"" if "empty" in dropped else b"[]\n")  # a second of the same name does not replace the first
    assert worker.twice() == {"refused": 1}
    assert len(list((path.parent / "rejected").iterdir())) == 2


def test_links_and_what_is_no_file_are_left_alone(inbox: Path, place: Path, worker: Worker, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    secret = write(outside / "secret.jsonl", [message(1)])
    (place / "link.jsonl").symlink_to(secret)
    (place / "dangling.jsonl").symlink_to(tmp_path / "none")
    (inbox / "h14").symlink_to(outside)
    (inbox / "h26" / "flat-vi").symlink_to(outside)
    os.mkfifo(place / "pipe.jsonl")
    assert worker.twice() == {}
    assert submissions() == []
    assert names(outside) == ["secret.jsonl"]


def test_no_note_is_written_through_a_link(place: Path, worker: Worker, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (place / "results").symlink_to(outside)
    (place / "rejected").symlink_to(outside)
    write(place / "a.jsonl", [message(1)])
    (place / "empty.jsonl").touch()
    assert worker.twice() == {"taken": 1, "refused": 1}
    assert names(outside) == []
    assert (place / "empty.jsonl").exists()
    assert worker.twice() == {}  # it stays where it is, and is not taken up again and again
    assert len(submissions()) == 1


def test_our_own_failure_leaves_the_file_and_holds_no_other_back(place: Path, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    write(place / "a.jsonl", [message(1)])
    write(place / "b.jsonl", [message(2)])
    write_spool = spool.write

    def full(key: str, stream: Any, name: str) -> Any:
        if name == "a.jsonl":
            raise OSError(28, "No space left on device")
        return write_spool(key, stream, name)

    with monkeypatch.context() as patch:
        patch.setattr(spool, "write", full)
        with pytest.raises(OSError, match="No space left"):
            worker.twice()
    assert [submission.file_name for submission in submissions()] == ["b.jsonl"]
    assert worker.once() == {"taken": 1}
    assert not (place / "a.jsonl").exists()


def test_names_of_every_kind(place: Path, worker: Worker) -> None:
    strange = ["ệ" * 84, "a\nb.jsonl", os.fsdecode(b"\xff\xfe.jsonl"), "%00'; DROP.jsonl", "x.jsonl" * 36]
    for number, name in enumerate(strange):
        write(place / name, [message(number + 1)])
    assert worker.twice() == {"taken": 5}
    for submission in submissions():
        finish(submission.key)
    assert worker.once() == {"told": 5}
    assert len(list((place / "results").iterdir())) == 10


def test_refused_files_and_old_notes_are_destroyed_in_time(
    inbox: Path, place: Path, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    (place / "empty.jsonl").touch()
    (place / "waiting.part").touch()
    worker.twice()
    written = (place / "rejected" / "empty.jsonl").lstat().st_ctime
    at = NOW + timedelta(seconds=written - NOW.timestamp())
    assert folder.purge(at + timedelta(days=7, minutes=-1)) == 0
    with caplog.at_level("INFO"):
        assert folder.purge(at + timedelta(days=7, minutes=1)) == 1
    assert "empty.jsonl destroyed" in caplog.text
    assert folder.purge(at + timedelta(days=90, minutes=1)) == 1
    assert names(place) == ["waiting.part"]


def test_no_watched_folder_is_no_work(app: Flask) -> None:
    assert folder.scan(NOW) == {}
    assert folder.purge(NOW) == 0
    assert reading().scalar(select(func.count()).select_from(Submission)) == 0
