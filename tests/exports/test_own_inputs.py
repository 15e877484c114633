"""An old edition's papers are made again from its own inputs: whatever names, goals and scores are by then."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from core import accounts
from core.database import reading, writing
from exports import data, papers, report_words, workbook
from procedures.models import Procedure, StateRegister, UnitVersion
from scorecard import operations, targets
from scorecard.models import Edition, OfficialScore
from tests.conftest import PASSWORD
from tests.scorecard.small import MONTH, NOW, Dossier, answers, build

LATER = NOW + timedelta(days=20)


def drawn(number: int) -> list[object]:
    """What the edition's papers and files say, as they are made now."""
    session = reading()
    session.rollback()
    edition = session.get_one(Edition, number)
    pages = papers.PlacePages(session, edition)
    said = [papers.report_html(session, edition, language) for language in ("vi", "en")]
    return [*said, pages.page("01"), pages.page("00004"), data.csv_file(session, edition), workbook.workbook_file(session, edition)]


def test_names_goals_and_scores_of_another_day_change_nothing(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    build([Dossier(f"a{n}", finished=3 + n % 9, requests=[(2, ["Giấy khai sinh"])] if n % 2 else []) for n in range(40)])
    answers([("00004", 3 + n % 3, "1.001193", 0, None, {}) for n in range(40)])
    for login in ("an", "binh"):
        accounts.add_user(login, login.title(), "office", PASSWORD)
    with writing() as session:
        score = {"unit_code": "01", "period": str(MONTH), "group_code": "MDHL", "score": 15.5, "maximum": 18.0}
        session.add(OfficialScore(**score, source="Cổng"))
    number = operations.close(MONTH, LATER, "worker").id
    operations.review(number, "an", LATER, "Một phép thử.")
    operations.publish(number, "binh", LATER)
    with writing() as session:
        report_words.freeze(session, session.get_one(Edition, number), LATER)
    before = drawn(number)
    assert "15,50" in str(before[0])
    assert "Hộ tịch" in str(before[2])
    with writing() as session:
        for table, column in ((UnitVersion, "name"), (UnitVersion, "short_name"), (Procedure, "name"), (StateRegister, "name")):
            session.execute(update(table).values({column: "Tên mới"}))
        session.execute(update(OfficialScore).values(score=3.25))
    read, goal = targets.read, targets.read()[0].model_copy(update={"text_vi": "Mục tiêu mới", "text_en": "A new goal"})
    monkeypatch.setattr(targets, "read", lambda *path: read(*path) if path else (goal,))
    for old, new in zip(before, drawn(number), strict=True):
        assert old == new
