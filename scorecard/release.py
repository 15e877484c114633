"""What the room of publications knows of an edition, for pages of this room: it lies above, so it hands itself in by a hook.

``app.extensions["release"]`` is a function ``(session, edition) -> Release``; without one nothing is known.
"""

from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from scorecard.models import Edition
from scorecard.workflow import Obstacle

UNSIGNED = Obstacle(
    "unsigned",
    "báo cáo chưa có chữ ký, công bố trước khi ký thì cần nêu lý do",
    "the report is not signed; publishing it before it is signed needs a reason",
)


@dataclass(frozen=True)
class Mark:
    """By whom and when; ``note``: a number, a receipt."""

    by: str
    at: datetime
    note: str = ""


@dataclass(frozen=True)
class File:
    """A file of an edition. ``address``: where it is downloaded, empty while it is not stored."""

    name: str
    state: str
    address: str
    size: int | None
    sha256: str
    error: str = ""


@dataclass(frozen=True)
class Receipt:
    """One attempt to hand the edition to the Monitoring System."""

    at: datetime
    words: str
    received: bool


@dataclass(frozen=True)
class Blocker:
    """What keeps the report from being signed. ``post`` or ``link``: where its button leads; ``who``: the person who can do it."""

    text: str
    who: str
    button: str = ""
    post: str = ""
    link: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    reasons: tuple[str, ...] = ()  # fields of reasons that the form asks for: "reason", "unsigned"


@dataclass(frozen=True)
class Paper:
    """A place's own report or sheet. ``address``: where it is downloaded, empty while it is not stored; ``state``: in words, where it is
    being made; ``ask``: where this person may ask for it, empty if not."""

    address: str = ""
    state: str = ""
    ask: str = ""


@dataclass(frozen=True)
class Release:
    """``numbered``, ``signed``, ``sent``: None if not yet. ``numbers``: whether this edition gets a number at all. ``is_stored``: the
    report itself can be downloaded. ``lacking``: what must be there before it is published; ``unsigned``: what may be set aside with a
    reason, its signature, is not there."""

    numbers: bool = True
    numbered: Mark | None = None
    signed: Mark | None = None
    sent: Mark | None = None
    is_stored: bool = False
    lacking: tuple[Obstacle, ...] = ()
    unsigned: bool = False
    files: tuple[File, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    blockers: tuple[Blocker, ...] = ()


def paper_of(edition: Edition, code: str) -> Paper:
    """A place's paper as the person at the page may have it. The room above hands itself in as ``app.extensions["paper"]``."""
    hook = current_app.extensions.get("paper")
    found: Paper = hook(edition, code) if hook is not None else Paper()
    return found


def release_of(session: Session, edition: Edition) -> Release:
    """What is known of an edition's publication."""
    hook = current_app.extensions.get("release")
    found: Release = hook(session, edition) if hook is not None else Release()
    return found


def number_of(session: Session, month: str) -> str:
    """The number of a month's newest version: from it on, what its report prints of people's words stays. Empty without one."""
    query = select(Edition).where(Edition.month == month, Edition.version > 0).order_by(Edition.version.desc()).limit(1)
    newest = session.scalar(query)
    mark = release_of(session, newest).numbered if newest is not None else None
    return mark.note if mark is not None else ""
