"""Writes: ask for an edition's files, build them in the worker, store them. A final file never changes."""

import gzip
import hashlib
import os
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import audit, lease
from core.database import reading, writing
from core.errors import InputError
from exports import environment, papers, report_words
from exports.models import ExportFile, FileDigest
from exports.names import (
    CIRCULATION,
    DATA,
    DICTIONARY,
    DRAFT_STATES,
    ENGLISH,
    FILES,
    NUMBERED,
    PLACE,
    REPORT,
    SIGNED,
    Made,
    file_name,
    is_public,
)
from exports.queries import name_of, publication_of
from exports.render import SECONDS, render
from scorecard.models import Edition

WORKER = "worker"
LEASE_SECONDS = 2 * SECONDS  # gathering and drawing, then rendering; a dead builder is followed after that
PAGE = ".html.gz"  # beside a final report: the page that it was drawn from
log = structlog.get_logger()


def want_report(edition_id: int, login: str, now: datetime) -> int:
    """Ask for the report and the data files of a closed or published edition; returns how many will be made.

    What is final stays as it is; a draft's files and failed ones are made again. Raises ``InputError`` for an edition in any other
    state.
    """
    with writing() as session:
        return want(session, edition_id, login, now)


def want(session: Session, edition_id: int, login: str, now: datetime, missing_only: bool = False) -> int:
    """The same inside the caller's transaction. ``missing_only``: what was asked for before, and failed, stays as it is."""
    edition = session.get(Edition, edition_id)
    if edition is None or edition.state not in DRAFT_STATES:
        raise InputError(
            "Chỉ dựng được báo cáo của tháng đã chốt hoặc đã công bố. Hãy chốt tháng đó trước.",
            "A report can be made of a closed or published month only. Close the month first.",
        )
    names = {name_of(session, edition, kind, extension): kind for kind, extension in FILES}
    numbered = publication_of(session, edition_id) is not None
    known = {file.name: file for file in session.scalars(select(ExportFile).where(ExportFile.edition_id == edition_id))}
    asked = 0
    for name, kind in names.items():
        file = known.get(name)
        if file is None:
            session.add(ExportFile(edition_id=edition_id, kind=kind, name=name, state="wanted", wanted_by=login, wanted_at=now))
        elif missing_only:
            continue
        elif file.state == "failed" or (file.state == "stored" and not is_public(edition) and not (numbered and kind in NUMBERED)):
            file.state, file.wanted_by, file.wanted_at, file.error = "wanted", login, now, ""
        else:
            continue
        asked += 1
    if asked:
        audit.record(session, "exports.want", f"{edition.month} v{edition.version}", actor=login, files=asked)
    return asked


def build_wanted(now: datetime) -> dict[str, Any]:
    """The worker's job: want what published editions lack, then build what is wanted. Counts by outcome; empty if nothing was."""
    for edition_id in _lacking():
        with writing() as session:
            want(session, edition_id, WORKER, now, missing_only=True)
    return _build(None, now)


def _lacking() -> list[int]:
    """Published editions of which a file was never asked for. Read only: the worker looks every few seconds, and mostly finds none."""
    session = reading()
    session.rollback()
    known = set(session.scalars(select(ExportFile.name)))
    published = session.scalars(select(Edition).where(Edition.state == "published").order_by(Edition.id)).all()
    found = [edition.id for edition in published if any(file_name(edition, *one) not in known for one in FILES)]
    session.rollback()
    return found


def build_edition(edition_id: int, now: datetime) -> dict[str, Any]:
    """Build what is wanted of one edition, now and here."""
    return _build(edition_id, now)


def _build(edition_id: int | None, now: datetime) -> dict[str, Any]:
    query = select(ExportFile.id).where(ExportFile.state.in_(("wanted", "building"))).order_by(ExportFile.id)
    if edition_id is not None:
        query = query.where(ExportFile.edition_id == edition_id)
    counts: dict[str, int] = {}
    started = time.monotonic()
    wanted = _ids(query)
    drawn = papers.Drawing(wanted)  # papers of single places: composed here one by one, rendered beside each other
    for file_id in wanted:
        moment = now + timedelta(seconds=time.monotonic() - started)
        holder, name = lease.new_holder(), f"exports.file.{file_id}"
        # A file that is "building" without a lease was left by a process that died: it is simply built again.
        if not lease.acquire(name, holder, moment, LEASE_SECONDS):
            continue
        try:
            outcome = _build_one(file_id, moment, drawn)
        finally:
            lease.release(name, holder)
        counts[outcome] = counts.get(outcome, 0) + 1
    drawn.close()
    return counts


def _ids(query: Any) -> Sequence[int]:
    with writing() as session:
        found: Sequence[int] = session.scalars(query).all()
    return found


def _build_one(file_id: int, now: datetime, drawn: "papers.Drawing") -> str:
    with writing() as session:
        file = session.get(ExportFile, file_id)
        if file is None or file.state not in ("wanted", "building"):
            return "done_elsewhere"
        edition = file.edition
        extension = file.name.rsplit(".", 1)[1]
        if file.name != name_of(session, edition, file.kind, extension, file.subject):  # a draft whose edition was published meanwhile
            session.delete(file)
            return "overtaken"
        if is_public(edition):
            report_words.freeze(session, edition, now)  # the first drawing after publication binds the later ones
        file.state, asked_at = "building", file.wanted_at
        kind, name, edition_id = file.kind, file.name, edition.id
        folder = Path("reports") / f"{edition.month}-v{edition.version}"
    if kind == SIGNED:
        return _take_signed(file_id, edition_id, asked_at, name, now)
    try:
        made = drawn.take(file_id) if kind == PLACE else make(edition_id, kind, extension)
        whole = Path(current_app.extensions["settings"].data_dir) / folder / name
        if made.page:  # what a final report was drawn from: by it a later rebuild tells its words from their drawing
            store(whole.with_suffix(PAGE), pack(made.page))
        digest = store(whole, made.content)
    except Exception as error:  # whatever it is: it is shown to the office, and the other files go on
        log.exception("export failed", file=name)
        return _finish(file_id, asked_at, name, state="failed", error=_told(error))
    return _finish(
        file_id,
        asked_at,
        name,
        state="stored",
        stored_at=now,
        path=str(folder / name),
        size=len(made.content),
        pages=made.pages,
        sha256=digest,
        error="",
        built_with=environment.here(),
    )


def _take_signed(file_id: int, edition_id: int, asked_at: datetime, name: str, now: datetime) -> str:
    """A report that was signed outside and handed over: attached, or told why not."""
    from exports import attaching

    try:
        attaching.take(edition_id, now)
    except InputError as error:
        log.warning("signed file not taken", file=name, reason=error.message_en)
        asks = {attaching.ASKS: True} if error.field == "confirmed_by" else {}
        return _finish(file_id, asked_at, name, state="failed", error=_told(error), built_with=asks)
    except Exception as error:  # whatever it is: the office reads it beside the file
        log.exception("signed file not taken", file=name)
        return _finish(file_id, asked_at, name, state="failed", error=_told(error), built_with={})
    return "stored"


def _told(error: Exception) -> str:
    message = error.message("vi") if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
    return message[:2000]


def remember(session: Session, file: ExportFile) -> None:
    """Note a stored file's digest for ever, so that /verify knows the file when it comes back."""
    stage = "signed" if file.kind == SIGNED else "draft" if "DU-THAO" in file.name else "final"
    known = select(FileDigest.id).where(FileDigest.sha256 == file.sha256, FileDigest.name == file.name)
    if session.scalar(known) is None and file.stored_at is not None:
        values = {"sha256": file.sha256, "size": file.size, "name": file.name, "stage": stage, "stored_at": file.stored_at}
        session.add(FileDigest(edition_id=file.edition_id, **values))


def _finish(file_id: int, asked_at: datetime, name: str, **values: Any) -> str:
    """Write down what came of a build, unless it was overtaken while it ran: asked for anew (by another number) or not wanted any more."""
    with writing() as session:
        still = (ExportFile.id == file_id, ExportFile.state == "building", ExportFile.wanted_at == asked_at)
        file = session.scalar(select(ExportFile).where(*still))
        if file is None:
            return "overtaken"
        session.execute(update(ExportFile).where(ExportFile.id == file_id).values(**values))
        session.refresh(file)
        if values["state"] == "stored":
            remember(session, file)
        audit.record(session, f"exports.{values['state']}", name, actor=WORKER, sha256=values.get("sha256", ""))
    return str(values["state"])


def make(edition_id: int, kind: str, extension: str, subject: str = "") -> Made:
    """An edition's file, made now: the same bytes under the same lock file, system and fonts."""
    from exports import data, dictionary, workbook

    session = reading()
    edition = session.get_one(Edition, edition_id)
    try:
        if kind == REPORT:
            page = report_html(session, edition)
            rendered = render(page)
            return Made(rendered.content, rendered.pages, page if is_public(edition) or publication_of(session, edition_id) else "")
        if kind in (ENGLISH, CIRCULATION):
            return papers.make(session, edition, kind)
        if kind == PLACE:
            return papers.make_place(session, edition, subject)
        if kind == DICTIONARY:
            columns = [*dictionary.ENTRY_COLUMNS, "simulated"]
            return Made(data.as_csv(columns, dictionary.csv_rows(edition.simulated)))
        makers = {(DATA, "csv"): data.csv_file, (DATA, "json"): data.json_file, (DATA, "xlsx"): workbook.workbook_file}
        return Made(makers[kind, extension](session, edition))
    finally:
        session.rollback()  # a reader that stays open would hold back the next one's view


def report_html(session: Session, edition: Edition) -> str:
    """The report's page, with every address inside ``report:///`` or ``data:``. From the moment it has its number it is no draft."""
    return papers.report_html(session, edition, "vi")


def pack(page: str) -> bytes:
    """A page, compressed to the same bytes whenever it is the same."""
    return gzip.compress(page.encode(), mtime=0)


def store(path: Path, content: bytes) -> str:
    """Write a file so that after a crash it is wholly there or not at all. Returns its SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as stream:
        temporary = Path(stream.name)
        try:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
            temporary.chmod(0o644)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return hashlib.sha256(content).hexdigest()
