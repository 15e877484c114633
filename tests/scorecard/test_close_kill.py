"""The worker is killed at each step of a close: afterwards there is the old state or the new one, and the next run finishes the work."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from core import accounts
from core.calendar import utc_now
from core.database import reading, writing
from core.models import Lease
from core.settings import ROOT, Settings
from scorecard import operations, queries, workflow
from scorecard.models import Edition
from tests.conftest import PASSWORD, make_settings, run_app
from tests.procedures.killing import DIED
from tests.scorecard.small import MONTH, Dossier, add_dossiers, answers, build

pytestmark = pytest.mark.long
CLOSING, AGAIN = datetime(2026, 11, 18, 2, tzinfo=UTC), datetime(2026, 11, 20, 2, tzinfo=UTC)
OLD, NEW = {1: "closed"}, {1: "superseded", 2: "closed"}
STEPS = (
    ("scorecard.inputs:freeze", "after", OLD),
    ("scorecard.computing:compute", "after", OLD),
    ("scorecard.operations:_insert", "before", OLD),
    ("scorecard.operations:insert", "before", OLD),
    ("scorecard.operations:_insert", "after", OLD),
    ("scorecard.workflow:follow", "after", OLD),
    ("scorecard.workflow:supersede", "after", OLD),
    ("core.audit:record", "after", OLD),
    ("scorecard.operations:_edition", "before", NEW),  # everything is done, and nobody was told
    ("core.lease:release", "before", NEW),
)


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory, sqlite_template: bytes) -> Path:
    """A month whose first version is out for comment, and whose rows have changed since."""
    folder = tmp_path_factory.mktemp("killed")
    (folder / "test.sqlite").write_bytes(sqlite_template)
    for app in run_app(_settings(folder)):
        build([Dossier(f"a{n}", finished=3 + n % 9, requests=[(2, ["Giấy khai sinh"])] * (n % 3 == 0)) for n in range(40)])
        answers([("00004", 3 + n % 3, "1.001193", 0, None, {}) for n in range(30)])
        accounts.add_user("an", "An", "office", PASSWORD)
        workflow.send_for_comment(operations.close(MONTH, CLOSING, "worker").id, "an", CLOSING)
        add_dossiers([Dossier("late", finished=8)])
        reading().rollback()
        with app.extensions["engine"].connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder


@pytest.fixture(params=STEPS, ids=lambda step: f"{step[0].split(':')[1]}-{step[1]}")
def killed(request: pytest.FixtureRequest, country: Path, tmp_path: Path) -> Iterator[tuple[Path, dict[int, str]]]:
    """The data folder after the second close was killed, and what there must be then."""
    folder = tmp_path / "country"
    shutil.copytree(country, folder)
    place, when, expected = request.param
    _run(folder, place, when)
    for _app in run_app(_settings(folder)):
        yield folder / "data", expected


def _settings(folder: Path) -> Settings:
    return make_settings(folder / "data", f"sqlite:///{folder / 'test.sqlite'}")


def _run(folder: Path, place: str, when: str) -> None:
    settings = _settings(folder)
    keys = ("secret_key", "invitation_key", "answer_key", "spool_key", "applicant_key")
    given = {f"TTHC_{name.upper()}": getattr(settings, name).get_secret_value() for name in keys}
    given |= {"TTHC_DATA_DIR": str(settings.data_dir), "TTHC_DATABASE_URL": settings.database_url, "TTHC_ENV_FILE": str(folder / "none")}
    command = [sys.executable, "-m", "tests.scorecard.closing", place, when]
    run = subprocess.run(command, cwd=ROOT, env=os.environ | given, capture_output=True, text=True, check=False)
    assert run.returncode == DIED, run.stderr


def _states() -> dict[int, str]:
    session = reading()
    session.rollback()
    return {row.version: row.state for row in session.scalars(select(Edition).where(Edition.state != "computing"))}


def _steps(version: int) -> list[str]:
    session = reading()
    session.rollback()
    return list(workflow.steps(session, session.scalars(select(Edition.id).where(Edition.version == version)).one()))


def test_there_is_the_old_state_or_the_new_one(killed: tuple[Path, dict[int, str]]) -> None:
    data, expected = killed
    assert _states() == expected
    shown = queries.edition_of(reading(), MONTH, include_unpublished=True)
    assert shown is not None
    assert shown.version == max(expected)
    held = reading().scalar(select(Lease.expires_at).where(Lease.name == operations.LEASE))
    assert held is None or held < utc_now() + timedelta(seconds=61)  # nobody waits longer for a dead one
    with writing() as session:
        session.execute(update(Lease).values(expires_at=utc_now() - timedelta(seconds=1)))
    operations.close(MONTH, AGAIN + timedelta(hours=1), "worker")
    assert _states() == NEW
    assert _steps(1) == ["cut_off", "computed", "in_comment", "superseded"]
    assert _steps(2) == ["cut_off", "computed", "in_comment"]
    assert operations.replay(MONTH).identical
    assert sorted(path.name for path in (data / "editions").iterdir()) == ["2026-10-v1", "2026-10-v2"]
    assert reading().scalars(select(Edition.id).where(Edition.state == "computing")).all() == []
