"""Writes: ask for an edition's files, build them, store them."""

from datetime import datetime
from typing import Any


def want_report(edition_id: int, login: str, now: datetime) -> None:
    """Ask for the files of an edition."""


def build_wanted(now: datetime) -> dict[str, Any]:
    """Build what is wanted."""
    return {}
