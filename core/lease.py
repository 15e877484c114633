"""A lease in the database: at most one process works at a time, and a dead one is followed after a while."""

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog
from flask import Flask, current_app
from sqlalchemy import delete, insert, or_, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from core.calendar import utc_now
from core.database import writing
from core.models import Lease

log = structlog.get_logger()


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
def held(name: str, patience: int = 600, seconds: int = 60) -> Iterator[None]:
    """Hold a lease for the length of a block, however long that is, waiting for it for at most ``patience`` seconds.

    It is renewed while the block runs; after a crash it is free ``seconds`` later. Raises ``TimeoutError``.
    """
    holder = new_holder()
    deadline = utc_now() + timedelta(seconds=patience)
    while not acquire(name, holder, utc_now(), seconds):
        if utc_now() > deadline:
            raise TimeoutError(f"another process has held {name!r} for {patience} s")
        time.sleep(0.2)
    done = threading.Event()
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # the application itself, for another thread
    renewer = threading.Thread(target=_renew, args=(app, name, holder, seconds, done), daemon=True)
    renewer.start()
    try:
        yield
    finally:
        done.set()
        renewer.join()
        release(name, holder)


def _renew(app: Flask, name: str, holder: str, seconds: int, done: threading.Event) -> None:
    while not done.wait(seconds / 4):
        with app.app_context():
            try:
                acquire(name, holder, utc_now(), seconds)
            except SQLAlchemyError:  # the database is away for a moment: the next renewal comes in time
                log.warning("lease not renewed", name=name)
