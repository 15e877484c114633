"""A lease in the database: at most one process works at a time, and a dead one is followed after a while."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, or_, update
from sqlalchemy.exc import IntegrityError

from core.calendar import utc_now
from core.database import writing
from core.models import Lease


def new_holder() -> str:
    """A name for this process that no other has."""
    return secrets.token_hex(8)


def acquire(name: str, holder: str, now: datetime, seconds: int = 60) -> bool:
    """Take or renew the lease. True if ``holder`` has it until ``now + seconds``."""
    until = now + timedelta(seconds=seconds)
    with writing() as session:
        taken = session.execute(
            update(Lease)
            .where(Lease.name == name, or_(Lease.holder == holder, Lease.expires_at < now))
            .values(holder=holder, expires_at=until)
        )
        if taken.rowcount:  # type: ignore[attr-defined]  # an UPDATE's result has it
            return True
    try:
        with writing() as session:
            session.execute(insert(Lease).values(name=name, holder=holder, expires_at=until))
    except IntegrityError:
        return False
    return True


def release(name: str, holder: str) -> None:
    """Give the lease back, if it is still ours."""
    with writing() as session:
        session.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder))


@contextmanager
def held(name: str, seconds: int = 600) -> Iterator[None]:
    """Hold a lease for the length of a block, waiting for at most ``seconds``. Raises ``TimeoutError``."""
    import time

    holder = new_holder()
    deadline = utc_now() + timedelta(seconds=seconds)
    while not acquire(name, holder, utc_now(), seconds):
        if utc_now() > deadline:
            raise TimeoutError(f"another process has held {name!r} for {seconds} s")
        time.sleep(0.2)
    try:
        yield
    finally:
        release(name, holder)
