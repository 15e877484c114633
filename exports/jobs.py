"""What the worker does for this room."""

from apscheduler.triggers.interval import IntervalTrigger

from core.worker import Job
from exports import operations

EVERY_SECONDS = 5


def jobs() -> list[Job]:
    """Build the files that were asked for, and those a published edition still lacks."""
    return [Job("exports.build_wanted", IntervalTrigger(seconds=EVERY_SECONDS), operations.build_wanted, quiet=True)]
