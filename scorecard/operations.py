"""Closing a month, the running view, review and publication, replay."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.calendar import Month
from scorecard.models import Edition


@dataclass(frozen=True)
class ReplayResult:
    """What came out of computing an edition again from its own inputs. ``differences``: sentences, empty if identical."""

    month: str
    version: int
    identical: bool
    differences: list[str]


def close(month: Month, now: datetime, actor: str) -> Edition:
    """Freeze a month that is over. Raises ``InputError`` where that cannot be done."""
    raise NotImplementedError


def refresh_running(now: datetime) -> dict[str, Any]:
    """Bring the running view of the current month up to date, if anything arrived since."""
    raise NotImplementedError


def review(edition_id: int, user_login: str, now: datetime) -> Edition:
    """The first of two persons has looked at a closed edition."""
    raise NotImplementedError


def publish(edition_id: int, user_login: str, now: datetime) -> Edition:
    """The second person publishes it."""
    raise NotImplementedError


def replay(month: Month, version: int | None = None) -> ReplayResult:
    """Compute a closed edition again from its own folder and the lake's files that it lists."""
    raise NotImplementedError
