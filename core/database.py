"""The relational store: one engine per process, short transactions, UTC instants."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask, current_app, g
from sqlalchemy import DateTime, Engine, MetaData, create_engine, event
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: must carry an offset when written, comes back in UTC. SQLite keeps no offsets, hence this type."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs an offset")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of all tables, in every room."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime}


def make_engine(url: str) -> Engine:
    """An engine for SQLite (WAL, foreign keys, 30 s of patience) or PostgreSQL. Its errors, which go to the log, never say values."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        return create_engine(address, pool_pre_ping=True, hide_parameters=True)
    if address.database and address.database != ":memory:":
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(address, connect_args={"timeout": 30}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # the "begin" listener below opens transactions itself
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes its lock at once: upgrading a read lock later fails without waiting.
        writing = connection.get_execution_options().get("writing")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN DEFERRED")

    return engine


def init_app(app: Flask, url: str) -> None:
    """Give the application its engine and close the request's reading session at the end."""
    engine = app.extensions["engine"] = make_engine(url)
    app.extensions["writing_engine"] = engine.execution_options(writing=True)  # the same pool
    app.teardown_appcontext(_close)


def get_engine() -> Engine:
    """The engine of the current application."""
    engine: Engine = current_app.extensions["engine"]
    return engine


def reading() -> Session:
    """The reading session of this request or command. Never commit it; use ``writing`` to change anything."""
    if "reading_session" not in g:
        g.reading_session = Session(get_engine())
    session: Session = g.reading_session
    return session


@contextmanager
def writing() -> Iterator[Session]:
    """One short transaction that commits at the end of the block, or leaves nothing behind. Keep it below 100 ms."""
    if "reading_session" in g:  # what was read before is stale afterwards, and a reader must not outlive the write
        g.reading_session.rollback()
    with Session(current_app.extensions["writing_engine"]) as session, session.begin():
        yield session
    if "reading_session" in g:  # somebody may have read inside the block
        g.reading_session.rollback()


def _close(_error: BaseException | None) -> None:
    session: Session | None = g.pop("reading_session", None)
    if session is not None:
        session.close()
