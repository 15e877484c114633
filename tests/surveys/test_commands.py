"""Commands, jobs, and the process that serves the survey alone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select

from core.calendar import Month
from core.database import reading
from core.models import AuditEntry
from core.settings import ROOT
from core.worker import run_job
from procedures.queries import EndPoint
from surveys import jobs, operations, planning
from surveys.models import Answer, Invitation
from tests.surveys.helpers import END_POINT, NOW, invited, token_of


@pytest.fixture
def _feed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two dossiers that ended in October and one in November, without a lake."""

    def end_points(_session: object, month: Month, now: datetime, _days: int) -> Iterator[EndPoint]:
        reached = (END_POINT.reached_at, END_POINT.reached_at + timedelta(hours=-1), datetime(2026, 11, 3, tzinfo=UTC))
        for number, instant in enumerate(reached):
            if Month.of(instant) == month and instant <= now:
                yield replace(END_POINT, dossier_code=f"H26.12-251101-{number:04d}", reached_at=instant)

    monkeypatch.setattr(planning, "end_points_with_history", end_points)


@pytest.mark.usefixtures("_feed")
def test_the_invite_command_can_be_repeated(runner: FlaskCliRunner) -> None:
    assert "2026-10: 2 invited, 0 already known, 0 resting" in runner.invoke(args=["surveys", "invite", "2026-10"]).output
    assert "2026-10: 0 invited, 2 already known, 0 resting" in runner.invoke(args=["surveys", "invite", "2026-10"]).output
    wrong = runner.invoke(args=["surveys", "invite", "2026-13"])
    assert wrong.exit_code != 0
    assert "2026-10" in wrong.output


@pytest.mark.usefixtures("_feed")
def test_the_worker_invites_for_this_month_and_the_last(app: Flask) -> None:
    assert jobs.invite_new(NOW) == {"invited": 1}  # after the third day of the month those of the last one would come too late
    assert jobs.invite_new(NOW.replace(day=3)) == {"invited": 2}
    assert jobs.invite_new(NOW.replace(day=3) + timedelta(hours=1)) == {}
    assert sorted(reading().execute(select(Invitation.month, func.count()).group_by(Invitation.month)).all()) == [
        ("2026-10", 2),
        ("2026-11", 1),
    ]


def test_every_job_runs(app: Flask) -> None:
    assert [job.name for job in jobs.jobs()] == ["surveys.invite", "surveys.handover", "surveys.deliver", "surveys.forget"]
    assert all(run_job(app, job) for job in jobs.jobs())


def test_the_link_command_prints_an_address_and_records_no_secret(app: Flask, runner: FlaskCliRunner) -> None:
    token = invited(1)
    printed = runner.invoke(args=["surveys", "link", "DEMO", "H26.12-251101-0001", "returned"])
    assert printed.output.strip() == f"{app.extensions['settings'].public_url}/s/{token}"
    entry = reading().scalars(select(AuditEntry).where(AuditEntry.action == "survey.link")).one()
    recorded = f"{entry.subject} {entry.details}"
    assert token not in recorded
    assert "251101" not in recorded
    unknown = runner.invoke(args=["surveys", "link", "DEMO", "H26.12-251101-9999", "returned"])
    assert unknown.exit_code == 1
    assert token_of(replace(END_POINT, dossier_code="H26.12-251101-9999")) not in unknown.output


def test_the_delete_command_asks_for_the_link_and_leaves_no_trace(app: Flask, runner: FlaskCliRunner) -> None:
    token, other = invited(1), invited(2)
    operations.submit(token, {"rating": "2"}, NOW, "vi")
    operations.submit(other, {"rating": "3"}, NOW, "vi")
    before = reading().scalar(select(func.count()).select_from(AuditEntry))
    link = f"{app.extensions['settings'].public_url}/s/{token.upper()}/delete?lang=en"
    done = runner.invoke(args=["surveys", "delete"], input=f"{link}\n")
    assert (done.exit_code, "Đã xóa" in done.output) == (0, True)
    reading().rollback()
    assert list(reading().scalars(select(Answer.rating))) == [3]
    assert reading().scalar(select(func.count()).select_from(AuditEntry)) == before
    for nothing in (link, "https://example.org/s/", "a" * 26, "what"):
        again = runner.invoke(args=["surveys", "delete"], input=f"{nothing}\n")
        assert (again.exit_code, "Không có câu trả lời" in again.output) == (1, True), nothing
    assert runner.invoke(args=["surveys", "delete"], input=f"{other}\n").exit_code == 0


ALONE = """
import sys
from app import create_app
application = create_app(parts={"survey"})
client = application.test_client()
token = sys.argv[1]
assert client.get(f"/s/{token}").status_code == 200
assert client.post(f"/s/{token}", data={"rating": "5"}).status_code == 303
assert client.post(f"/s/{token}/more", data={"comment": "nhanh"}).status_code == 303
assert client.get("/healthz").status_code in (200, 503)
assert client.get("/login/nothing").status_code == 404
heavy = {"pandas", "numpy", "duckdb", "ibis", "pyarrow", "weasyprint", "deltalake", "altair", "openpyxl", "scipy"}
print(sorted(heavy & set(sys.modules)))
"""


def test_the_survey_alone_loads_no_data_library(sqlite_app: Flask, tmp_path: Path) -> None:
    settings = sqlite_app.extensions["settings"]
    environment = os.environ | {
        "TTHC_SECRET_KEY": settings.secret_key.get_secret_value(),
        "TTHC_INVITATION_KEY": settings.invitation_key.get_secret_value(),
        "TTHC_ANSWER_KEY": settings.answer_key.get_secret_value(),
        "TTHC_SPOOL_KEY": settings.spool_key.get_secret_value(),
        "TTHC_APPLICANT_KEY": settings.applicant_key.get_secret_value(),
        "TTHC_DATABASE_URL": settings.database_url,
        "TTHC_DATA_DIR": str(tmp_path / "data"),
        "TTHC_ENV_FILE": os.devnull,
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", ALONE, invited()], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
