"""What the worker does for the months."""

from core.worker import Job


def jobs() -> list[Job]:
    """This room's jobs."""
    return []
