"""What the worker does for the survey."""

from core.worker import Job


def jobs() -> list[Job]:
    """The survey's jobs."""
    return []
