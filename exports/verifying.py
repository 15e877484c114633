"""What a file is: told by its bytes alone, which are compared and never kept, opened or run."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from exports.models import ExportFile, FileDigest, Publication
from exports.names import is_public
from exports.queries import publication_of
from scorecard.models import Edition

LARGEST = 64 * 1024 * 1024  # bytes that are looked at
SIGNED, FINAL, DRAFT, REPLACED = "signed", "final", "draft", "replaced"  # what it is; replaced: final, and built anew before publication
APPENDED, CHANGED, UNKNOWN = "appended", "changed", "unknown"
ALIKE = 0.02  # share of bytes that may differ in a file that is still called a changed copy of ours
PIECE = 65_536


@dataclass(frozen=True)
class Verdict:
    """What a file is. ``digest``: the file of ours that it is, begins with, or was made of; ``newer``: the version that took its place;
    ``differing``, ``first``: bytes that are not ours, and where the first of them lies (counted from 1)."""

    kind: str
    sha256: str
    size: int
    digest: FileDigest | None = None
    publication: Publication | None = None
    newer: Edition | None = None
    differing: int = 0
    first: int = 0

    @property
    def genuine(self) -> bool:
        """It is, byte for byte, a file that stands published."""
        return self.kind in (SIGNED, FINAL) and self.digest is not None and is_public(self.digest.edition)


def verify(session: Session, content: bytes) -> Verdict:
    """Tell what these bytes are."""
    sha256 = hashlib.sha256(content).hexdigest()
    found = by_digest(session, sha256)
    if found.kind != UNKNOWN:
        return found
    return _alike(session, content, sha256) or _beginning(session, content, sha256) or Verdict(UNKNOWN, sha256, len(content))


def by_digest(session: Session, sha256: str) -> Verdict:
    """The same, for somebody who has computed the digest at home."""
    known = select(FileDigest).where(FileDigest.sha256 == sha256).order_by(FileDigest.id.desc())
    digest = next(iter(session.scalars(known)), None)
    if digest is None:
        return Verdict(UNKNOWN, sha256, 0)
    return Verdict(_stage(session, digest), sha256, digest.size, digest, *_about(session, digest))


def _stage(session: Session, digest: FileDigest) -> str:
    if digest.stage == DRAFT:
        return DRAFT
    current = select(ExportFile.id).where(ExportFile.sha256 == digest.sha256, ExportFile.name == digest.name)
    return digest.stage if session.scalar(current) is not None else REPLACED


def _about(session: Session, digest: FileDigest) -> tuple[Publication | None, Edition | None]:
    """The number and signature of its edition; the newest published version, where that is another one."""
    newest = select(Edition).where(Edition.month == digest.edition.month, Edition.state == "published")
    newer = session.scalar(newest.order_by(Edition.version.desc()))
    replaced = newer if newer is not None and newer.version > digest.edition.version else None
    return publication_of(session, digest.edition_id), replaced


def _beginning(session: Session, content: bytes, sha256: str) -> Verdict | None:
    """A file of ours with something behind it: signed elsewhere, or written on."""
    size = len(content)
    shorter = session.scalars(select(FileDigest).where(FileDigest.size.between(size // 2, size - 1)))
    known = {(digest.size, digest.sha256): digest for digest in shorter}
    running, done = hashlib.sha256(), 0
    found: FileDigest | None = None
    for length in sorted({length for length, _sha256 in known}):  # in one pass over the bytes, however many sizes there are
        running.update(memoryview(content)[done:length])
        done = length
        found = known.get((length, running.copy().hexdigest()), found)  # the longest beginning is what it was made of
    if found is None:
        return None
    return Verdict(APPENDED, sha256, size, found, *_about(session, found), differing=size - found.size, first=found.size + 1)


def _alike(session: Session, content: bytes, sha256: str) -> Verdict | None:
    """A file as long as one of ours, with few bytes changed."""
    size = len(content)
    for digest in session.scalars(select(FileDigest).where(FileDigest.size == size).order_by(FileDigest.id.desc())):
        ours = _ours(session, digest)
        if ours is None:
            continue
        differing, first = count_differing(ours, content)
        if differing <= size * ALIKE:
            return Verdict(CHANGED, sha256, size, digest, *_about(session, digest), differing=differing, first=first)
    return None


def count_differing(ours: bytes, other: bytes) -> tuple[int, int]:
    """How many bytes of two files of one length differ, and where the first one is (from 1)."""
    count, first = 0, 0
    for start in range(0, len(ours), PIECE):
        mine, theirs = ours[start : start + PIECE], other[start : start + PIECE]
        if mine == theirs:
            continue
        places = [place for place, pair in enumerate(zip(mine, theirs, strict=True)) if pair[0] != pair[1]]
        count += len(places)
        first = first or start + places[0] + 1
    return count, first


def _ours(session: Session, digest: FileDigest) -> bytes | None:
    """The stored file, where it is still there."""
    wanted = select(ExportFile.path).where(ExportFile.sha256 == digest.sha256, ExportFile.name == digest.name, ExportFile.state == "stored")
    path = session.scalar(wanted)
    whole = Path(current_app.extensions["settings"].data_dir) / path if path else None
    return whole.read_bytes() if whole is not None and whole.is_file() else None
