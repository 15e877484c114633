"""The small country, built end to end: counts, plausible shares, histories in order, nothing quarantined, truth kept apart."""

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.calendar import Month
from core.database import reading
from core.settings import ROOT
from procedures import queries
from procedures.dossiers import dossier_table
from procedures.models import Component, Offering, Procedure, Provider, RegisterConnection, Source, SourceProvider, Submission, Unit
from procedures.offerings import declared
from scorecard.models import Edition, OfficialScore
from surveys.models import Answer, Invitation
from tests.country import LAST_MONTH, NOW


@pytest.fixture
def session(country: Flask) -> Iterator[Session]:
    with country.app_context():
        yield reading()


@pytest.fixture
def folder(country: Flask) -> Path:
    data_dir: Path = country.extensions["settings"].data_dir
    return data_dir / "simulation"


@pytest.fixture
def lake(country: Flask) -> Iterator[duckdb.DuckDBPyConnection]:
    paths = [str(path) for path in dossier_table(country.extensions["settings"].data_dir).paths()]
    engine = duckdb.connect()
    engine.execute("SET TimeZone = 'UTC'")
    engine.execute(f"CREATE VIEW dossier AS FROM read_parquet({paths!r}, hive_partitioning=true, hive_types_autocast=false)")
    yield engine
    engine.close()


def _count(session: Session, *where: Any) -> int:
    return session.scalar(select(func.count()).select_from(Procedure).where(*where)) or 0


def test_counts_of_the_catalogue(session: Session) -> None:
    assert _count(session) == 5527
    assert _count(session, Procedure.is_local) == 2177
    assert 70 <= _count(session, ~Procedure.simulated) <= 100
    online = select(func.count(Offering.procedure_id.distinct())).join(Procedure, Procedure.id == Offering.procedure_id)
    assert session.scalar(online.where(Procedure.is_local, Offering.online_level != "none", Offering.valid_to.is_(None))) == 2014
    assert all(re.fullmatch(r"[1-3]\.[0-9]{6}", code) for code in session.scalars(select(Procedure.code)))
    assert all("mô phỏng" in name for name in session.scalars(select(Procedure.name).where(Procedure.simulated)))
    real_papers = select(func.count()).select_from(Component).join(Procedure).where(~Procedure.simulated)
    assert 200 <= (session.scalar(real_papers) or 0) <= 600


def test_counts_of_units_sources_and_providers(session: Session) -> None:
    kinds = dict(session.execute(select(Unit.kind, func.count()).group_by(Unit.kind)).all())
    assert (kinds["province"], kinds["commune"], kinds["nation"]) == (34, 3321, 1)
    assert kinds["centre"] == 34
    assert kinds["department"] == 34 * 14
    assert session.scalar(select(func.count()).select_from(Source).where(~Source.simulated)) == 0
    assert session.scalar(select(func.count()).select_from(Source)) == 40
    assert all("mô phỏng" in name for name in session.scalars(select(Provider.name)))
    changed = select(SourceProvider.source_id).group_by(SourceProvider.source_id).having(func.count() > 1)
    assert len(session.scalars(changed).all()) == 1


def test_provinces_offer_differently(session: Session) -> None:
    level: dict[str, list[str]] = {}
    for item in declared(session, LAST_MONTH.last_day):
        if item.is_local:
            level.setdefault(item.unit_code, []).append(item.online_level)
    assert {len(levels) for levels in level.values()} == {2177}
    full = sorted(levels.count("full") / 2177 for levels in level.values())
    assert full[-1] - full[0] > 0.2
    assert sum(levels.count("none") for levels in level.values()) / (34 * 2177) < 0.35


def test_registers_are_connected_unevenly(session: Session) -> None:
    found = session.execute(select(RegisterConnection.register_id, func.count()).group_by(RegisterConnection.register_id)).all()
    counts = [count for _register, count in found]
    assert max(counts) >= 35
    assert min(counts) <= 20
    assert session.scalar(select(func.count()).select_from(RegisterConnection).where(~RegisterConnection.simulated)) == 0


def test_every_row_was_accepted(session: Session, folder: Path) -> None:
    received, accepted, quarantined = session.execute(
        select(func.sum(Submission.rows_received), func.sum(Submission.rows_accepted), func.sum(Submission.rows_quarantined))
    ).one()
    assert (received, accepted, quarantined) == (12_000, 12_000, 0)
    assert json.loads((folder / "ready.json").read_text(encoding="utf-8"))["dossiers"] == 12_000


def test_shares_are_plausible(lake: duckdb.DuckDBPyConnection, session: Session) -> None:
    online, on_time, supplements, repeated = lake.execute(
        "SELECT avg((channel = 2)::INT), avg((finished_at <= due_at)::INT) FILTER (finished_at IS NOT NULL),"
        " avg((supplement_count > 0)::INT), avg((supplement_count > 1)::INT) FROM dossier"
    ).fetchone()
    assert 0.55 <= online <= 0.75
    assert 0.85 <= on_time <= 0.97
    assert 0.02 <= supplements <= 0.06
    assert 0 < repeated < supplements / 3
    rated = session.scalars(select(Answer.rating).where(Answer.rating.is_not(None), Answer.mode == "link")).all()
    assert 0.75 <= sum(rating >= 4 for rating in rated) / len(rated) <= 0.92
    invited = session.scalar(select(func.count()).select_from(Invitation)) or 0
    assert 0.05 <= len(rated) / invited <= 0.11


def test_provinces_are_uneven(lake: duckdb.DuckDBPyConnection) -> None:
    counts = [row[0] for row in lake.execute("SELECT count(*) FROM dossier WHERE source LIKE 'H%' GROUP BY source ORDER BY 1").fetchall()]
    assert len(counts) == 34
    assert counts[-1] > 8 * counts[0]
    weekday = dict(lake.execute("SELECT isodow(received_at + INTERVAL 7 HOUR), count(*) FROM dossier GROUP BY 1").fetchall())
    assert weekday[1] > weekday[5] > 3 * weekday.get(6, 0)


def test_nobody_files_online_what_is_not_offered_online(lake: duckdb.DuckDBPyConnection, session: Session) -> None:
    offered = {(item.unit_code, item.procedure_code) for item in declared(session, LAST_MONTH.last_day) if item.online_level != "none"}
    provinces = {code: view.province_code for code, view in queries.units(session, LAST_MONTH.last_day).items()}
    filed = lake.execute(
        "SELECT DISTINCT handling_unit, procedure_code FROM dossier"
        f" WHERE channel = 2 AND source LIKE 'H%' AND reception_month = '{LAST_MONTH}'"
    ).fetchall()
    assert filed
    assert all((provinces[unit], procedure) in offered for unit, procedure in filed)


def test_histories_agree_with_the_dates(lake: duckdb.DuckDBPyConnection) -> None:
    broken = lake.execute(
        """
        SELECT dossier_code FROM dossier
        WHERE received_at > first_due_at OR finished_at < received_at OR returned_at < finished_at OR first_due_at > due_at
           OR list_transform(history, lambda e: e.at) <> list_sort(list_transform(history, lambda e: e.at))
           OR history[-1].status <> status
           OR (status IN (3, 7, 8, 9, 10)) <> (finished_at IS NOT NULL)
           OR (status = 10) <> (returned_at IS NOT NULL)
           OR len(list_filter(history, lambda e: e.status = 5)) <> supplement_count
           OR len(list_filter(supplements, lambda s: s.answered_at < s.requested_at)) > 0
        """
    ).fetchall()
    assert broken == []


def test_nothing_happens_after_now(lake: duckdb.DuckDBPyConnection) -> None:
    latest = lake.execute("SELECT max(received_at), max(finished_at), max(returned_at), max(updated_at) FROM dossier").fetchone()
    assert all(moment <= NOW for moment in latest)
    open_now = lake.execute("SELECT count(*) FROM dossier WHERE finished_at IS NULL").fetchone()
    assert open_now[0] > 100


def test_months_are_closed_and_published_by_two_persons(session: Session) -> None:
    states = {edition.month: edition for edition in session.scalars(select(Edition).where(Edition.version > 0))}
    assert set(states) == {str(LAST_MONTH.plus(-back)) for back in range(3)}
    for edition in states.values():
        assert (edition.state, edition.reviewed_by, edition.published_by, edition.simulated) == ("published", "vanphong", "congbo", True)


def test_official_scores_keep_to_their_maxima(session: Session) -> None:
    scores = session.scalars(select(OfficialScore)).all()
    assert len(scores) == 34 * 12 * 7
    assert all(0 <= row.score <= row.maximum and row.simulated for row in scores)
    totals = [row.score for row in scores if row.group_code == "total"]
    assert 58 <= sum(totals) / len(totals) <= 66
    assert {row.period for row in scores} == {str(LAST_MONTH.plus(-back)) for back in range(12)}


def test_answers_speak_the_questionnaire(session: Session) -> None:
    from surveys.questionnaire import sheet_for

    for answer in session.scalars(select(Answer).where(Answer.mode.in_(("link", "followup"))).limit(400)):
        sheet = sheet_for(answer.questionnaire, answer.end_point, answer.channel)
        choices = {question.code: {choice.code for choice in question.choices} for question in sheet.all}
        for choice in (choice for question in sheet.all for choice in question.choices):
            for code, implied in choice.implies.items():
                choices.setdefault(code, set()).add(implied)
        assert all(value in choices[code] for code, value in answer.responses.items())
        assert (answer.rating is None) == (answer.end_point == "supplement")


def test_truth_and_passwords_are_kept_apart(folder: Path) -> None:
    assert {path.name for path in (folder / "truth").iterdir()} == {"dossiers.parquet", "units.parquet", "procedures.parquet"}
    assert stat.S_IMODE((folder / "logins.json").stat().st_mode) == 0o600
    for room in ("core", "procedures", "surveys", "scorecard", "exports"):
        for path in (ROOT / room).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert "simulation" not in re.findall(r"(?:from|import) (\w+)", text), path
            assert not re.search(r"[\"']truth[\"']|simulation/|\"simulation\"", text), path


def test_hidden_requests_are_in_the_truth_alone(folder: Path, lake: duckdb.DuckDBPyConnection) -> None:
    lake.execute(f"CREATE VIEW truth AS FROM '{folder / 'truth' / 'dossiers.parquet'}'")
    hidden, dossiers = lake.execute(
        "SELECT count(*) FILTER (requests_true > supplement_count AND requests_recorded = 0), count(*) FROM truth JOIN dossier"
        " USING (source, dossier_code)"
    ).fetchone()
    assert dossiers == 12_000
    assert 10 < hidden < 400


def test_an_unused_survey_link_waits(session: Session, country: Flask, folder: Path) -> None:
    from surveys import privacy

    settings = country.extensions["settings"]
    marker = json.loads((folder / "ready.json").read_text(encoding="utf-8"))
    token = privacy.hash_token(settings, privacy.token_for(settings, *marker["link"]))
    invitation = session.scalars(select(Invitation).where(Invitation.token_hash == token)).one()
    assert invitation.month == str(Month.of(NOW))
    assert invitation.expires_on >= NOW.date()
    assert session.scalar(select(Answer.id).where(Answer.invitation_id == invitation.id)) is None
