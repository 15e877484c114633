"""The small simulated country, built once for a whole test run, and a browser to look at it."""

import os
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from flask import Flask

from core import schema
from core.calendar import Month
from core.database import make_engine

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NOW = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
LAST_MONTH = Month(2026, 10)
BUSY = 4  # communes of a province with dossiers: few enough for some to have answers that may be shown
KEPT = os.environ.get("TEST_COUNTRY", "")  # a folder to build it in once and use again while writing tests; empty: anew in each run
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def country_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Data folder of the small country: built by the first process that needs it, shared by the others."""
    import fcntl

    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "country"
    if KEPT:
        folder = Path(KEPT)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            _build(folder)
            (folder / "ready").touch()
    return folder


def _build(folder: Path) -> None:
    from simulation.build import build
    from tests.conftest import make_settings, run_app

    url = f"sqlite:///{folder / 'country.sqlite'}"
    engine = make_engine(url)
    schema.upgrade(engine)
    engine.dispose()
    for _application in run_app(make_settings(folder / "data", url)):
        build(dossiers=12_000, last_month=LAST_MONTH, seed=7, now=NOW, progress=False, busy=BUSY)


@pytest.fixture(scope="session")
def country(country_folder: Path) -> Iterator[Flask]:
    """The application on the small country. Read only; push its context yourself: ``with country.app_context():``."""
    from tests.conftest import make_app, make_settings

    application = make_app(make_settings(country_folder / "data", f"sqlite:///{country_folder / 'country.sqlite'}"))
    yield application
    application.extensions["engine"].dispose()


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def live_country(country: Flask) -> Iterator[str]:
    """Address of a server on the small country."""
    server: WSGIServer = make_server("127.0.0.1", 0, country.wsgi_app, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """A real Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
        yield chromium
        chromium.close()
