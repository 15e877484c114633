"""The watched folder, for systems that can only drop files: ``<source>/<profile>/FILE``.

A dropped file that has come to rest is spooled like every other, then deleted: its bytes are in the spool. What became of it is told in
``results/`` beside it; a file that cannot be taken in goes to ``rejected/`` beside it with a note. Whatever happens in between, a scan
begins anew and takes each dropped file once. Links are not followed.
"""

import hashlib
import json
import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import select

from core.database import reading
from core.errors import InputError
from core.settings import Settings
from procedures import intake
from procedures.engine_words import shown_name
from procedures.models import Submission
from procedures.receipts import FINISHED, as_json, as_text

UNFINISHED = (".part", ".tmp", ".filepart")  # what copying programs call a file that they are still writing
RESULTS, REJECTED = "results", "rejected"
RECEIVED = ".received.txt"
RESTS = timedelta(seconds=5)  # a file that has not changed for so long is taken for whole
LONGEST_NAME = 180  # bytes of a file's name that its notes carry: with their endings they stay below 255
Mark = tuple[int, int, int, int]
logger = logging.getLogger(__name__)


@dataclass
class _Memory:
    """What the scans before saw: path → (mark, since when); and files that are done with but could not be removed."""

    seen: dict[Path, tuple[Mark, datetime]] = field(default_factory=dict)
    stuck: dict[Path, Mark] = field(default_factory=dict)


class _ChangedError(Exception):
    """A file is no longer the one that was looked at."""


def scan(now: datetime) -> dict[str, Any]:
    """Take in what has come to rest, tell what has been finished. Gives counts; empty where nothing was done.

    A file that fails for a reason of ours (disk, database) stays and is tried again by the next scan; the first such error is raised
    after the other files have had their turn.
    """
    root = _settings().inbox_dir
    if root is None or not root.is_dir():
        return {}
    memory: _Memory = current_app.extensions.setdefault("folder", _Memory())
    counts = {"taken": 0, "refused": 0, "told": 0}
    seen: dict[Path, tuple[Mark, datetime]] = {}
    failure: OSError | None = None
    for path in _files(root):
        mark = _mark(path)
        if mark is None or memory.stuck.get(path) == mark:
            continue
        before = memory.seen.get(path)
        since = before[1] if before is not None and before[0] == mark else now
        if now - since < RESTS:
            seen[path] = (mark, since)
            continue
        try:
            counts[_take(path, root, mark, now)] += 1
        except _ChangedError:
            continue
        except OSError as error:
            logger.exception("dropped file %s stays for the next scan", path.parent / _shown(path))
            failure, seen[path] = failure or error, (mark, since)
            continue
        if _mark(path) == mark:  # the folder does not let us remove it: it is not taken again and again
            memory.stuck[path] = mark
    memory.seen = seen
    memory.stuck = {path: mark for path, mark in memory.stuck.items() if _mark(path) == mark}
    for receipt in _notes(root, RECEIVED):
        counts["told"] += _tell(receipt)
    if failure is not None:
        raise failure
    return {name: count for name, count in counts.items() if count}


def purge(now: datetime) -> int:
    """Destroy refused files after ``spool_days`` and notes after ``quarantine_days``, each with a line in the log. Gives how many."""
    settings = _settings()
    if settings.inbox_dir is None or not settings.inbox_dir.is_dir():
        return 0
    gone = 0
    for name, days in ((REJECTED, settings.spool_days), (RESULTS, settings.quarantine_days)):
        for path in _files(settings.inbox_dir, name):
            with suppress(FileNotFoundError):
                # the time of the move, not the one at which the sender wrote the file
                if now.timestamp() - path.lstat().st_ctime > days * 86400:
                    path.unlink()
                    logger.info("%s destroyed: %s days old", path.parent / _shown(path), days)
                    gone += 1
    return gone


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def _files(folder: Path, kind: str | None = None) -> Iterator[Path]:
    """Dropped files anywhere below a folder, or with ``kind`` those in its ``results`` or ``rejected`` folders; links are left out."""
    for entry in _entries(folder):
        if entry.name.startswith("."):
            continue
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            if entry.name in (RESULTS, REJECTED):
                yield from _plain_files(path) if entry.name == kind else ()
            else:
                yield from _files(path, kind)
        elif kind is None and entry.is_file(follow_symlinks=False) and not entry.name.lower().endswith(UNFINISHED):
            yield path


def _plain_files(folder: Path) -> Iterator[Path]:
    return (Path(entry.path) for entry in _entries(folder) if entry.is_file(follow_symlinks=False))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except (PermissionError, FileNotFoundError) as error:
        logger.warning("%s cannot be looked into: %s", folder, error.strerror)
        return []


def _notes(root: Path, ending: str) -> Iterator[Path]:
    return (path for path in _files(root, RESULTS) if path.name.endswith(ending))


def _mark(path: Path) -> Mark | None:
    """What changes when a file does: its number on the disk, size, and the times of its content and of its entry."""
    try:
        return _mark_of(path.lstat())
    except FileNotFoundError:
        return None


def _mark_of(told: os.stat_result) -> Mark:
    return told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns


def _take(path: Path, root: Path, mark: Mark, now: datetime) -> str:
    """Bring one file in. Gives the count that it belongs to. Raises ``OSError`` for what is no fault of the file."""
    try:
        key = _receive(path, root, mark, now)
    except InputError as error:
        with suppress(PermissionError):
            _write(path.parent / RESULTS, f"{_shown(path)}.error.txt", f"{_shown(path)}\n\n{error.text('vi')}\n\n{error.text('en')}\n")
        with suppress(PermissionError):
            _move(path, now)
        logger.warning("dropped file %s refused: %s", path.parent / _shown(path), error.text("en"))
        return "refused"
    submission = reading().scalar(select(Submission).where(Submission.key == key))
    with suppress(PermissionError):  # a note that cannot be written does not keep the data out
        _write(path.parent / RESULTS, f"{_shown(path)}.{key}{RECEIVED}", as_text(submission) if submission is not None else key)
    if _mark(path) == mark:  # what was added while it was read comes in with the next scan, as a file of its own
        with suppress(PermissionError):
            path.unlink()
    return "taken"


def _receive(path: Path, root: Path, mark: Mark, now: datetime) -> str:
    parts = path.relative_to(root).parts
    limit = _settings().max_unpacked_mb
    if len(parts) != 3:
        raise InputError(
            "Tệp phải nằm trong thư mục <nguồn>/<hồ sơ ánh xạ>/. Thả tệp vào đúng thư mục.",
            "A file must lie in the folder <source>/<profile>/. Drop it there.",
        )
    if mark[1] > limit << 20:
        raise InputError(
            f"Tệp lớn hơn {limit} MiB. Chia tệp theo tháng rồi gửi từng phần.",
            f"The file is larger than {limit} MiB. Split it by month and send the parts.",
        )
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"Không mở được tệp: {reason}. Cho phép đọc tệp rồi gửi lại.",
            f"The file cannot be opened: {reason}. Let it be read, then send it again.",
        ) from error
    # The same file on the disk is the same submission, also after a crash between taking and deleting it; dropped anew it is a new one.
    drop = hashlib.sha256(repr((parts, mark)).encode("utf-8", "replace")).hexdigest()
    with os.fdopen(handle, "rb") as stream:
        if _mark_of(os.fstat(handle)) != mark:
            raise _ChangedError
        source, profile, name = (part.encode("utf-8", "replace").decode() for part in parts)
        return intake.receive(stream, name, source, profile, "folder", "folder", now, idempotency_key=f"folder:{drop}")


def _tell(receipt: Path) -> bool:
    """Put the result in the receipt's place once the submission is finished. True if it was."""
    head = receipt.name.removesuffix(RECEIVED)
    submission = reading().scalar(select(Submission).where(Submission.key == head.rpartition(".")[2], Submission.way == "folder"))
    if submission is None or submission.state not in FINISHED:
        return False
    with suppress(PermissionError):
        _write_rows(receipt.parent, head, submission)
        _write(receipt.parent, f"{head}.result.json", json.dumps(as_json(submission), ensure_ascii=False, indent=1) + "\n")
        _write(receipt.parent, f"{head}.result.txt", as_text(submission))
        receipt.unlink(missing_ok=True)
        return True
    return False


def _write_rows(folder: Path, head: str, submission: Submission) -> None:
    """The rows that were held back, for those who see no page: mended, they are dropped again."""
    from procedures import quarantine

    if submission.rows_quarantined and quarantine.path_of(submission.key).is_file():
        rows, extension = quarantine.download(submission)
        _write(folder, f"{head}.held-back.{extension}", rows)


def _shown(path: Path) -> str:
    """A dropped file's name as notes and the log may have it."""
    return shown_name(os.fsencode(path.name).decode("utf-8", "replace")).encode()[:LONGEST_NAME].decode("utf-8", "ignore")


def _write(folder: Path, name: str, content: str | Iterator[bytes]) -> None:
    """A note, whole or not at all; a link in its place is replaced and not followed."""
    folder = _own(folder)
    part = folder / f".{hashlib.sha256(name.encode()).hexdigest()[:16]}.part"
    part.unlink(missing_ok=True)
    with part.open("xb") as stream:
        stream.writelines([content.encode("utf-8", "replace")] if isinstance(content, str) else content)
    part.replace(folder / name)


def _move(path: Path, now: datetime) -> None:
    folder = _own(path.parent / REJECTED)
    aside = folder / path.name
    if os.path.lexists(aside):
        aside = folder / f"{now:%Y%m%dT%H%M%SZ}-{_shown(path)}"
    path.replace(aside)


def _own(folder: Path) -> Path:
    """A folder of notes, made if need be. Raises ``PermissionError`` where a link or a file has its name."""
    with suppress(FileExistsError):
        folder.mkdir()
    if folder.is_symlink() or not folder.is_dir():
        raise PermissionError(f"{folder} is not a folder of its own")
    return folder
