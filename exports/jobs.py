"""What the worker does for this room."""

from apscheduler.triggers.interval import IntervalTrigger

from core.worker import Job
from exports import monitoring, operations

EVERY_SECONDS = 5
SENDING_SECONDS = 60


def jobs() -> list[Job]:
    """Build the files that were asked for, and those a published edition still lacks; send published editions on."""
    return [
        Job("exports.build_wanted", IntervalTrigger(seconds=EVERY_SECONDS), operations.build_wanted, quiet=True),
        Job("exports.send_monitoring", IntervalTrigger(seconds=SENDING_SECONDS), monitoring.send_due, quiet=True),
    ]
