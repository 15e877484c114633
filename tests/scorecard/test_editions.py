"""An edition's life: versions, crashes, replay, two persons, the running view, the worker's jobs."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select, update

from core import accounts
from core.calendar import Month
from core.database import reading, writing
from core.errors import InputError
from core.models import AuditEntry
from scorecard import computing, operations, queries
from scorecard.jobs import close_due
from scorecard.models import Edition, Measurement
from tests.conftest import PASSWORD
from tests.scorecard.small import BIRTH, MONTH, NOW, Dossier, add_dossiers, answer, answers, build, row_of

DOSSIERS = [Dossier(f"a{n}", channel=1 + n % 2, finished=3 + n % 9, requests=[(2, ["Giấy khai sinh"])] * (n % 3 == 0)) for n in range(40)]


@pytest.fixture
def folder(app: Flask) -> Path:
    """Where the editions lie, in a country with a month to close, on either kind of database."""
    return _fill(app)


@pytest.fixture
def embedded(sqlite_app: Flask) -> Path:
    """The same on SQLite alone."""
    return _fill(sqlite_app)


def _fill(app: Flask) -> Path:
    build(DOSSIERS)
    answers([("00004", 3 + n % 3, BIRTH, 0, None, {"asked_again": "no"}) for n in range(30)])
    return Path(app.extensions["settings"].data_dir) / "editions"


def count(what: type[Edition] | type[Measurement]) -> int:
    session = reading()
    session.rollback()
    return session.scalar(select(func.count()).select_from(what)) or 0


def test_a_replay_is_identical(folder: Path) -> None:
    edition = operations.close(MONTH, NOW, "test")
    result = operations.replay(MONTH)
    assert (result.identical, result.differences, result.version) == (True, [], 1)
    stored = (folder / edition.folder / computing.MEASUREMENTS).read_bytes()
    assert len(json.loads(stored)["rows"]) == count(Measurement)


def test_closing_again_with_the_same_inputs_changes_nothing(embedded: Path) -> None:
    first = operations.close(MONTH, NOW, "test")
    checksum = first.checksum
    again = operations.close(MONTH, NOW + timedelta(days=1), "test")
    assert (again.id, again.version, again.checksum, count(Edition)) == (first.id, 1, checksum, 1)
    assert [path.name for path in embedded.iterdir()] == ["2026-10-v1"]


def test_a_merge_of_another_months_rows_leaves_replay_and_inputs_alone(embedded: Path) -> None:
    """A dossier received in October and finished in December rewrites October's file: the old one stays, and so does the month."""
    from procedures.dossiers import dossier_table
    from tests.lake import put

    table = dossier_table(embedded.parent)
    operations.close(MONTH, NOW, "test")
    before = table.paths()
    late = row_of(Dossier("z", received=29, finished=65, due=90))
    put(table, [late])
    assert table.paths() != before
    assert operations.replay(MONTH).identical
    second = operations.close(MONTH, NOW + timedelta(days=60), "test")
    assert second.version == 2  # it was received in the month: that is another count
    finished = late | {"finished_at": late["finished_at"] + timedelta(days=1)}
    put(table, [finished])
    assert operations.close(MONTH, NOW + timedelta(days=61), "test").version == 2
    assert operations.replay(MONTH).identical
    assert operations.replay(MONTH, version=1).identical


def test_new_data_make_a_new_version_and_supersede_the_old(folder: Path) -> None:
    first = operations.close(MONTH, NOW, "test").id
    add_dossiers([Dossier("late", finished=8)])
    second = operations.close(MONTH, NOW + timedelta(days=1), "test")
    session = reading()
    assert (second.version, session.get_one(Edition, first).state) == (2, "superseded")
    assert queries.edition_of(session, MONTH, include_unpublished=True) == second


def test_replay_notices_a_changed_byte_in_the_lake(embedded: Path) -> None:
    edition = operations.close(MONTH, NOW, "test")
    listed = json.loads((embedded / edition.folder / "lake_files.json").read_text())
    path = embedded.parent / "lake" / "dossiers" / listed[0]["path"]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    result = operations.replay(MONTH)
    assert not result.identical
    assert result.differences == [f"lake file changed: {listed[0]['path']}"]


def test_replay_notices_a_changed_answer(embedded: Path) -> None:
    import pandas as pd

    from scorecard.inputs import write_frame

    edition = operations.close(MONTH, NOW, "test")
    path = embedded / edition.folder / "answers.parquet"
    frame = pd.read_parquet(path)
    frame.loc[0, "rating"] = 1 if frame.loc[0, "rating"] != 1 else 5
    write_frame(path, frame)
    assert operations.replay(MONTH).differences == ["input changed: answers.parquet"]


def test_replay_notices_a_changed_figure_in_the_database(folder: Path) -> None:
    operations.close(MONTH, NOW, "test")
    with writing() as session:
        session.execute(update(Measurement).where(Measurement.subject_code == "VN", Measurement.indicator == "on_time").values(numerator=1))
    result = operations.replay(MONTH)
    assert not result.identical
    assert any('"on_time"' in line for line in result.differences)


def test_what_arrives_later_is_not_in_the_edition(embedded: Path) -> None:
    """Replay reads the frozen answers and registers, whatever the database says by now."""
    operations.close(MONTH, NOW, "test")
    answer("00004", 1)
    add_dossiers([Dossier("late", finished=8)])
    with writing() as session:
        from procedures.models import StandardComponent

        session.execute(update(StandardComponent).values(aliases=["nothing"]))
    assert operations.replay(MONTH).identical


@pytest.mark.parametrize("where", ["compute", "insert", "flip"])
def test_a_crash_while_closing_shows_nothing_and_is_swept(folder: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    class CrashError(Exception):
        pass

    def crash(*_args: object, **_kwargs: object) -> None:
        raise CrashError

    with monkeypatch.context() as patch:
        if where == "compute":
            patch.setattr(computing, "compute", crash)
        elif where == "insert":
            patch.setattr(operations, "insert", crash)
        else:
            patch.setattr("core.audit.record", crash)
        with pytest.raises(CrashError):
            operations.close(MONTH, NOW, "test")
    session = reading()
    session.rollback()
    assert queries.edition_of(session, MONTH, include_unpublished=True) is None
    assert queries.editions(session) == []
    assert queries.running(session) is None
    edition = operations.close(MONTH, NOW, "test")
    assert (edition.version, count(Edition)) == (1, 1)
    assert [path.name for path in folder.iterdir()] == [edition.folder]
    assert operations.replay(MONTH).identical


def test_two_persons_publish_and_a_published_edition_stays(folder: Path) -> None:
    for login, role in (("first", "office"), ("second", "admin")):
        accounts.add_user(login, login, role, PASSWORD)
    accounts.add_user("hanoi", "Hà Nội", "centre", PASSWORD, unit_code="01")
    edition = operations.close(MONTH, NOW, "test").id
    with pytest.raises(InputError, match="review an edition before"):
        operations.publish(edition, "first", NOW)
    for login in ("hanoi", "nobody"):
        with pytest.raises(InputError, match="may neither"):
            operations.review(edition, login, NOW)
    with pytest.raises(InputError, match="not sent for comment"):
        operations.review(edition, "first", NOW)
    assert operations.review(edition, "First", NOW, "Nobody is left to ask.").reviewed_by == "first"
    with pytest.raises(InputError, match="another person"):
        operations.publish(edition, "first", NOW)
    published = operations.publish(edition, "second", NOW)
    assert (published.state, published.published_by, published.published_at) == ("published", "second", NOW)
    session = reading()
    assert queries.latest_published(session) == published
    assert {"edition.close", "edition.review", "edition.publish"} <= set(session.scalars(select(AuditEntry.action)))

    before = queries.figure_map(session, published)
    add_dossiers([Dossier("late", finished=8)])
    answer("00004", 1, when=NOW + timedelta(days=1))  # a correction must not show by its difference what one late answer said
    correction = operations.close(MONTH, NOW + timedelta(days=9), "test")
    assert (correction.version, correction.state) == (2, "closed")
    after = queries.figure_map(reading(), correction)
    assert after["VN", "satisfaction", "raw"] == before["VN", "satisfaction", "raw"]
    assert after["VN", "response_rate", "raw"] == before["VN", "response_rate", "raw"]
    assert after["VN", "online_filing", "raw"].denominator == (before["VN", "online_filing", "raw"].denominator or 0) + 1
    session = reading()
    assert queries.latest_published(session).id == edition  # type: ignore[union-attr]
    operations.review(correction.id, "second", NOW, "Sent to the unit by post.")
    with pytest.raises(InputError, match="reason for the correction"):
        operations.publish(correction.id, "first", NOW)
    operations.publish(correction.id, "first", NOW, "A dossier had been left out.")
    assert reading().get_one(Edition, edition).state == "superseded"
    with pytest.raises(InputError, match="Only a closed"):
        operations.review(correction.id, "first", NOW)
    assert operations.replay(MONTH, version=1).identical


def test_the_running_view_follows_what_arrives_and_gives_way(folder: Path) -> None:
    during = datetime(2026, 10, 20, 5, tzinfo=UTC)
    assert set(operations.refresh_running(during)) == {"2026-10"}
    assert operations.refresh_running(during + timedelta(minutes=1)) == {}
    session = reading()
    view = queries.running(session)
    assert view is not None
    assert (view.version, view.month) == (0, "2026-10")
    assert {item.provisional for item in queries.figures(session, view)} == {True}
    answer("00004", 5, when=during)
    assert set(operations.refresh_running(during + timedelta(minutes=2))) == {"2026-10"}
    session = reading()
    session.rollback()
    assert len(session.scalars(select(Edition).where(Edition.state == "running")).all()) == 1
    operations.close(MONTH, NOW, "test")
    session = reading()
    assert queries.running(session) is None
    assert operations.refresh_running(NOW).keys() == {"2026-11"}
    assert operations.refresh_running(NOW + timedelta(minutes=1)) == {}


def test_the_worker_closes_the_last_month_when_it_is_due_and_catches_up(embedded: Path) -> None:
    assert close_due(datetime(2026, 11, 18, 0, 59, tzinfo=UTC)) == {}  # 18 November, 7:59 in Viet Nam
    assert close_due(datetime(2026, 11, 18, 1, 0, tzinfo=UTC)) == {"closed": ["2026-10"]}
    assert close_due(datetime(2026, 11, 20, tzinfo=UTC)) == {}
    assert close_due(datetime(2027, 1, 20, tzinfo=UTC)) == {"closed": ["2026-11", "2026-12"]}


def test_nothing_is_closed_in_an_empty_installation(app: Flask) -> None:
    assert close_due(NOW) == {}


def test_commands(embedded: Path, sqlite_app: Flask) -> None:
    runner: FlaskCliRunner = sqlite_app.test_cli_runner()
    for login in ("first", "second"):
        accounts.add_user(login, login, "office", PASSWORD)
    assert runner.invoke(args=["scorecard", "replay", "2026-10"]).exit_code == 1
    assert runner.invoke(args=["scorecard", "close", "2026-13"]).exit_code == 2
    closed = runner.invoke(args=["scorecard", "close", "2026-10"])
    assert (closed.exit_code, closed.output.split(":")[0]) == (0, "closed"), closed.output
    assert runner.invoke(args=["scorecard", "close", "2026-10"]).output.startswith("unchanged: 2026-10 v1")
    assert runner.invoke(args=["scorecard", "replay", "2026-10"]).exit_code == 0
    assert runner.invoke(args=["scorecard", "review", "2026-10", "--as", "first"]).exit_code == 1
    reason = ["--reason", "No unit has an account yet."]
    assert runner.invoke(args=["scorecard", "review", "2026-10", "--as", "first", *reason]).exit_code == 0
    refused = runner.invoke(args=["scorecard", "publish", "2026-10", "--as", "first"])
    assert refused.exit_code == 1
    assert "another person" in refused.output
    assert runner.invoke(args=["scorecard", "publish", "2026-10", "--as", "second"]).exit_code == 0
    assert "2026-10 v1 published tthc-2026-1" in runner.invoke(args=["scorecard", "list"]).output
    with writing() as session:
        session.execute(update(Measurement).where(Measurement.indicator == "supplement").values(value=None))
    changed = runner.invoke(args=["scorecard", "replay", "2026-10"])
    assert changed.exit_code == 1
    assert "NOT identical" in changed.output


def test_months_are_listed_in_order(embedded: Path) -> None:
    for month in (Month(2026, 9), MONTH):
        operations.close(month, NOW, "test")
    session = reading()
    course = queries.series(session, "nation", "VN", ["on_time"], include_unpublished=True)
    assert [month for month, _ in course] == ["2026-09", "2026-10"]
    assert [len(figures) for _, figures in course] == [1, 1]
    assert queries.series(session, "nation", "VN", ["on_time"]) == []
