"""What the worker does for the survey."""

from datetime import datetime

from apscheduler.triggers.cron import CronTrigger
from flask import current_app

from core.calendar import TIMEZONE, local_date
from core.worker import Job
from surveys import devices, handover, planning, retention


def invite_new(now: datetime) -> dict[str, int]:
    """Invite for this month's end-points, and until the calendar's day for last month's (feeds come late); empty if there were no new ones.

    Who is invited later could not answer before the survey of that month closes.
    """
    last, current = planning.current(now)
    late = local_date(now).day > current_app.extensions["settings"].schedule.invite_until
    invited = sum(planning.invite_month(month, now)["invited"] for month in ((current,) if late else (last, current)))
    return {"invited": invited} if invited else {}


def jobs() -> list[Job]:
    """Invitations and their hand-over every hour, failed deliveries again every ten minutes, retention every night."""
    return [
        Job("surveys.invite", CronTrigger(minute=20, timezone=TIMEZONE), invite_new, quiet=True),
        Job("surveys.handover", CronTrigger(minute=40, timezone=TIMEZONE), _hand_over, quiet=True),
        Job("surveys.deliver", CronTrigger(minute="*/10", timezone=TIMEZONE), handover.deliver_waiting, quiet=True),
        Job("surveys.forget", CronTrigger(hour=3, minute=40, timezone=TIMEZONE), _forget, quiet=True),
    ]


def _hand_over(now: datetime) -> dict[str, int]:
    return handover.pack_new(now, planning.current(now))


def _forget(now: datetime) -> dict[str, int]:
    return retention.forget(now) | handover.forget(now) | devices.forget(now)
