"""Migrations on both databases, with data in the tables."""

from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import func, select, text

from core import schema
from core.access import OFFICE
from core.accounts import add_user
from core.database import Base, UtcDateTime, get_engine, reading, writing
from core.models import AuditEntry, User
from tests.conftest import PASSWORD


def test_the_migrated_schema_is_the_models(app: Flask) -> None:
    with get_engine().connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_upgrading_again_keeps_the_data(app: Flask) -> None:
    add_user("someone", "Ông Nguyễn", OFFICE, PASSWORD)
    schema.upgrade(get_engine())
    assert reading().scalar(select(User.name)) == "Ông Nguyễn"


def test_down_and_up_again(app: Flask) -> None:
    add_user("someone", "Someone", OFFICE, PASSWORD)
    schema.downgrade(get_engine(), "base")
    schema.upgrade(get_engine())
    schema.check(get_engine())
    assert reading().scalar(select(func.count()).select_from(User)) == 0


def test_an_older_program_refuses_a_newer_schema(app: Flask) -> None:
    with writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(schema.NewerSchemaError, match="9999"):
        schema.check(get_engine())
    with pytest.raises(schema.NewerSchemaError):
        schema.upgrade(get_engine())


def test_instants_come_back_in_utc_and_need_an_offset(app: Flask) -> None:
    instant = datetime(2026, 10, 31, 17, 30, tzinfo=UTC)
    with writing() as session:
        session.add(AuditEntry(at=instant, actor="cli", action="x", subject="y", details={}))
    assert reading().scalar(select(AuditEntry.at)) == instant
    with pytest.raises(ValueError, match="offset"):
        UtcDateTime().process_bind_param(datetime(2026, 10, 31), get_engine().dialect)  # noqa: DTZ001  # the mistake itself
