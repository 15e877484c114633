"""What the worker does for the survey."""

from datetime import datetime

from apscheduler.triggers.cron import CronTrigger
from sqlalchemy.orm import Session

from core.calendar import TIMEZONE, Month
from core.database import get_engine
from core.worker import Job
from procedures.queries import end_points, is_simulated
from surveys import operations


def invite_month(month: Month, now: datetime) -> dict[str, int]:
    """Invite for the end-points that were reached in a month up to now. Returns counts as ``operations.invite``."""
    with Session(get_engine()) as session:
        return operations.invite(end_points(session, month, now), now, simulated=is_simulated(session))


def invite_new(now: datetime) -> dict[str, int]:
    """Invite for this month's and last month's end-points (feeds come late); empty if there were no new ones."""
    current = Month.of(now)
    invited = sum(invite_month(month, now)["invited"] for month in (current.plus(-1), current))
    return {"invited": invited} if invited else {}


def jobs() -> list[Job]:
    """Invitations every hour, retention every night."""
    return [
        Job("surveys.invite", CronTrigger(minute=20, timezone=TIMEZONE), invite_new, quiet=True),
        Job("surveys.forget", CronTrigger(hour=3, minute=40, timezone=TIMEZONE), operations.forget, quiet=True),
    ]
