"""Migrations: bring the database to this program's schema, and refuse to work on a newer one."""

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from core.settings import ROOT


class NewerSchemaError(RuntimeError):
    """The database was migrated by a later program version."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Migrate up to ``revision``. Raises ``NewerSchemaError`` where the database is ahead of this program."""
    check(engine, allow_older=True)
    config = _config()
    with engine.execution_options(writing=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Migrate down; for tests and for a drilled way back."""
    config = _config()
    with engine.execution_options(writing=True).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def check(engine: Engine, allow_older: bool = False) -> None:
    """Raise unless the database has exactly this program's schema (or, if allowed, an older one)."""
    script = ScriptDirectory.from_config(_config())
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    known = {revision.revision for revision in script.walk_revisions()}
    if current is not None and current not in known:
        raise NewerSchemaError(f"the database is at revision {current}, which this program does not know: install the newer program")
    if not allow_older and current != script.get_current_head():
        raise RuntimeError("the database is older than the program: run `flask --app app db upgrade` first")
