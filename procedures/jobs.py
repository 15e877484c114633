"""What the worker does for this room."""

from core.worker import Job


def jobs() -> list[Job]:
    """The room's jobs."""
    return []
