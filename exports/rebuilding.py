"""An old edition's files made again and held against the stored ones, byte for byte; what differs is said exactly."""

import gzip
import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

from flask import current_app
from sqlalchemy.orm import Session

from core.database import reading
from core.errors import InputError
from exports import comparing, environment
from exports.models import ExportFile
from exports.names import SIGNED
from exports.operations import PAGE, make
from exports.queries import files, name_of
from scorecard.models import Edition

MOST = 20  # lines of a difference


@dataclass(frozen=True)
class Rebuilt:
    """A stored file and what came out of making it again. ``differences``: sentences and lines, empty if identical."""

    name: str
    identical: bool
    differences: list[str]


def rebuild(edition_id: int) -> list[Rebuilt]:
    """Make every stored file of an edition again. A signed one cannot be made again: its digest alone is checked.

    Raises ``InputError`` where nothing is stored.
    """
    session = reading()
    edition = session.get_one(Edition, edition_id)
    every = [file for file in files(session, edition_id) if file.state == "stored" and _present(session, edition, file)]
    if not every:
        raise InputError(
            f"Kỳ {edition.month}, phiên bản {edition.version} chưa có tệp nào được lưu.",
            f"No file of {edition.month}, version {edition.version} is stored.",
        )
    kept = [(file.kind, file.subject, file.name, file.path, file.sha256, file.built_with) for file in every]
    return [_again(edition_id, *one) for one in kept]


def _present(session: Session, edition: Edition, file: ExportFile) -> bool:
    return file.name == name_of(session, edition, file.kind, file.name.rsplit(".", 1)[1], file.subject)


def _again(edition_id: int, kind: str, subject: str, name: str, path: str, sha256: str, built_with: dict[str, object]) -> Rebuilt:
    whole = Path(current_app.extensions["settings"].data_dir) / path
    if not whole.is_file():
        return Rebuilt(name, False, [f"missing on disk: {path}"])
    stored = whole.read_bytes()
    if hashlib.sha256(stored).hexdigest() != sha256:
        return Rebuilt(name, False, [f"the stored bytes changed: they no longer have the digest {sha256}"])
    if kind == SIGNED:
        return Rebuilt(name, True, [])
    extension = name.rsplit(".", 1)[1]
    elsewhere = [f"built with another {line}" for line in environment.differing(built_with, environment.here())]
    elsewhere = elsewhere if built_with else ["there is no record of what it was built with"]
    try:
        made = make(edition_id, kind, extension, subject)
    except Exception as error:  # whatever it is, it is told, and the other files go on
        said = error.text("en") if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
        return Rebuilt(name, False, [f"it can not be made again: {said}", *elsewhere])
    if made.content == stored:
        return Rebuilt(name, True, [])
    if extension == "pdf":
        return Rebuilt(name, False, [*_pages(whole, stored, made.content, made.page), *elsewhere])
    return Rebuilt(name, False, [*(_members if extension in ("xlsx", "docx") else _lines)(stored, made.content), *elsewhere])


def _pages(path: Path, stored: bytes, made: bytes, page: str) -> list[str]:
    """Of a report: whether its words changed, or only the way they are drawn."""
    source = path.with_suffix(PAGE)
    if source.is_file() and page:
        before = gzip.decompress(source.read_bytes())
        if before != page.encode():
            return ["the report's page differs (- stored, + made now):", *_lines(before, page.encode())]
        return ["the report's page is the same; only its drawing differs"]
    told = [f"page {one.page}: - {' '.join(one.missing)} + {' '.join(one.added)}" for one in comparing.compare(stored, made)]
    return told[:MOST] or ["the text of all pages is the same; only its drawing differs"]


def _members(stored: bytes, made: bytes) -> list[str]:
    """Of a workbook: which of its parts differ, and in what."""
    before, after = zipfile.ZipFile(io.BytesIO(stored)), zipfile.ZipFile(io.BytesIO(made))
    told: list[str] = []
    for name in sorted({*before.namelist(), *after.namelist()}):
        if name not in before.namelist() or name not in after.namelist():
            told.append(f"{'+' if name in after.namelist() else '-'} {name}")
        elif before.read(name) != after.read(name):
            told += [f"{name} differs:", *_lines(before.read(name).replace(b"><", b">\n<"), after.read(name).replace(b"><", b">\n<"))]
    return told[: 2 * MOST] or ["the parts are the same; only their packing differs"]


def _lines(stored: bytes, made: bytes) -> list[str]:
    """Lines that stand in one of them only."""
    from scorecard.computing import differing

    return [line[:300] for line in differing(stored, made, MOST)] or ["the same lines in another order"]
