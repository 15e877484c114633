"""The ladder: asked, explained, reviewed twice, only then named; overrides by two persons; remarks."""

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from flask import Flask
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from core.access import CENTRE, OBSERVER, OFFICE
from core.accounts import add_user
from core.database import reading, writing
from core.errors import InputError
from core.models import AuditEntry, User
from scorecard import integrity_operations, operations, queries
from scorecard.integrity_models import EditionRemark, IntegrityOverride, IntegrityQuestion
from scorecard.models import Edition
from scorecard.release import Mark, Release
from tests.conftest import PASSWORD, log_in
from tests.scorecard.small import MONTH, NOW, Dossier, answers, build, submit

DUE = NOW.date() + timedelta(days=7)
LATER = NOW + timedelta(days=20)


class Browser:
    """Each request in a context of its own, as on a server: who logged in and the language are kept in it."""

    def __init__(self, app: Flask, login: str = "") -> None:
        self.app, self.client = app, app.test_client()
        if login:
            with app.app_context():
                log_in(self.client, login)

    def get(self, path: str) -> TestResponse:
        with self.app.app_context():
            return self.client.get(path)

    def post(self, path: str, **given: Any) -> TestResponse:
        with self.app.app_context():
            return self.client.post(path, **given)


def _question(fixed_before: bool = True, unit: str = "00004", **changes: object) -> int:
    values: dict[str, object] = {"hits": 7, "trials": 40, "share": 0.43, "peers": 0.1, "p": 1e-9, "q": 1e-5}
    with writing() as session:
        row = IntegrityQuestion(
            month=str(MONTH),
            subject_kind="unit",
            subject_code=unit,
            detector="device",
            rules="integrity-2026-1",
            fixed_before=fixed_before,
            opened_at=NOW,
            due_on=DUE,
            **(values | changes),
        )
        session.add(row)
        session.flush()
        return row.id


def _people() -> dict[str, User]:
    roles = {"one": OFFICE, "two": OFFICE, "unit": CENTRE, "other": CENTRE, "front": OBSERVER, "late": OBSERVER}
    for login, role in roles.items():
        add_user(login, login.title(), role, PASSWORD, unit_code={"unit": "00004", "other": "46"}.get(login))
    return {login: reading().scalars(select(User).where(User.login == login)).one() for login in roles}


def _edition(state: str = "closed") -> None:
    with writing() as session:
        session.add(
            Edition(month=str(MONTH), version=1, state=state, simulated=True, rule_version="r", cutoff_at=NOW, folder="none", facts={})
        )


def test_a_unit_is_named_only_after_its_explanation_and_by_two_reviewers(app: Flask) -> None:
    people, number = _people(), _question()
    with pytest.raises(InputError, match="explanation"):
        integrity_operations.decide(number, True, "because", people["one"], NOW)
    asked = integrity_operations.explain(number, "Điện thoại của quầy, gọi 0912345678", people["unit"], NOW)
    assert asked.state == "explained"
    assert "0912345678" not in asked.explanation
    assert integrity_operations.decide(number, True, "because", people["one"], NOW).state == "referred"
    with pytest.raises(InputError, match="another person"):
        integrity_operations.decide(number, True, "because", people["one"], NOW)
    with pytest.raises(InputError, match="office"):
        integrity_operations.decide(number, True, "because", people["front"], NOW)
    with pytest.raises(InputError):
        integrity_operations.decide(number, True, "  ", people["two"], NOW)
    assert integrity_operations.decide(number, True, "seen", people["two"], NOW).state == "named"
    with pytest.raises(InputError):
        integrity_operations.explain(number, "too late", people["unit"], NOW)
    deeds = list(reading().scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    assert deeds[-3:] == ["integrity.explain", "integrity.decide", "integrity.decide"]


def test_a_silent_unit_is_reviewed_once_its_time_is_over(app: Flask) -> None:
    people, number = _people(), _question()
    assert integrity_operations.decide(number, False, "nothing in it", people["one"], LATER).state == "closed"


@pytest.mark.parametrize("changes", [{"fixed_before": False}, {"still_found": False}])
def test_nobody_is_named_by_later_thresholds_or_by_what_is_no_longer_found(sqlite_app: Flask, changes: dict[str, bool]) -> None:
    people, number = _people(), _question(**changes)
    integrity_operations.decide(number, True, "because", people["one"], LATER)
    with pytest.raises(InputError):
        integrity_operations.decide(number, True, "because", people["two"], LATER)
    assert integrity_operations.decide(number, False, "because", people["two"], LATER).state == "closed"


def test_an_override_needs_two_persons_and_a_reason_and_reaches_the_next_edition(sqlite_app: Flask) -> None:
    build([Dossier("d1")])
    answers(("00004", (5, 4, 2)[number % 3], "1.001193", 0, None, {}) for number in range(60))
    submit("hanoi", [str(MONTH)])
    with writing() as session:
        session.execute(text("UPDATE answer SET device_kind = 'staff' WHERE rating = 5"))
        numbers = session.scalars(text("SELECT id FROM answer ORDER BY id")).all()
        for column, some in (("raised", numbers[:12]), ("lowered", numbers[12:17])):
            session.execute(text(f"UPDATE answer SET {column} = 1 WHERE id BETWEEN {some[0]} AND {some[-1]}"))
    people = _people()
    first = operations.close(MONTH, NOW, "cli")
    assert _rates(first) == {"raw": pytest.approx(2 / 3), "cleaned": 0.5}
    moved = queries.edition_table(first, "integrity_moves").to_dict("records")
    assert [(row["mark"], row["answers"], row["moved"], row["direction"]) for row in moved] == [("staff", 20, -0.1667, "down")]
    with pytest.raises(InputError):
        integrity_operations.propose_override(MONTH, "00004", "staff", "", people["one"], NOW)
    proposal = integrity_operations.propose_override(MONTH, "00004", "staff", "the counter's own tablet", people["one"], NOW)
    with pytest.raises(InputError, match="another person"):
        integrity_operations.decide_override(proposal.id, True, people["one"], NOW)
    assert operations.close(MONTH, NOW, "cli").id == first.id  # proposed is not decided
    integrity_operations.decide_override(proposal.id, True, people["two"], NOW)
    second = operations.close(MONTH, NOW, "cli")
    assert second.version == 2
    assert _rates(second) == {"raw": pytest.approx(2 / 3), "cleaned": pytest.approx(2 / 3)}
    rows = queries.edition_table(second, "integrity_moves").to_dict("records")
    assert [(row["by"], row["direction"]) for row in rows] == [("detector", "down"), ("override", "up")]
    assert operations.replay(MONTH).identical
    changed = queries.edition_table(second, "integrity_changes").astype(object).where(lambda frame: frame.notna(), None)
    told = [tuple(row) for row in changed[["way", "answers", "share"]].itertuples(index=False)]
    assert told == [("raised", 12, 0.2), ("lowered", None, None), ("redone", None, None)]  # five were lowered: not told
    assert integrity_operations.ask_units(NOW) == {str(MONTH): 0}  # a country too small to have peers
    assert integrity_operations.ask_units(NOW) == {}


def _rates(edition: Edition) -> dict[str, float | None]:
    found = queries.figures(reading(), edition, "nation", None, ["satisfaction"])
    return {figure.variant: figure.value for figure in found if figure.variant in ("raw", "cleaned") and figure.category == "total"}


def test_a_remark_is_the_observers_and_stands_once_published(app: Flask) -> None:
    people = _people()
    with pytest.raises(InputError):
        integrity_operations.remark(MONTH, "too early", people["front"], NOW)
    _edition()
    with pytest.raises(InputError):
        integrity_operations.remark(MONTH, "not mine to say", people["one"], NOW)
    for words in ("first", "second, call 0912 345 678"):
        integrity_operations.remark(MONTH, words, people["front"], NOW)
    assert [row.text for row in reading().scalars(select(EditionRemark))] == ["second, call [số đã che]"]
    reading().rollback()
    integrity_operations.remark(MONTH, "second", people["front"], NOW)
    known, app.extensions["release"] = app.extensions.get("release"), lambda *_: Release(numbered=Mark("an", NOW, "123/BC-VPCP"))
    for writer in ("front", "late"):
        with pytest.raises(InputError, match="123/BC-VPCP"):
            integrity_operations.remark(MONTH, "after the number", people[writer], NOW)
    app.extensions["release"] = known
    with writing() as session:
        session.execute(Edition.__table__.update().values(state="published"))  # type: ignore[attr-defined]  # a mapped class's table
    with pytest.raises(InputError):
        integrity_operations.remark(MONTH, "third", people["front"], NOW)
    with pytest.raises(InputError):
        integrity_operations.remark(MONTH, "a new one", people["late"], NOW)
    assert [row.text for row in reading().scalars(select(EditionRemark))] == ["second"]


def test_a_unit_sees_its_own_questions_and_answers_them_itself(sqlite_app: Flask) -> None:
    build([])
    _people()
    own, foreign = _question(), _question(unit="19750")
    client = Browser(sqlite_app, "unit")
    page = client.get("/centre/questions").text
    assert "điện thoại" in page or "thiết bị riêng" in page
    assert "Ba Đình" in page
    assert "Thuận Hóa" not in page
    assert client.get("/centre/questions?unit=46").status_code == 403
    assert client.post(f"/centre/questions/{foreign}/explain", data={"explanation": "x"}).status_code == 403
    assert client.post(f"/centre/questions/{own}/explain", data={"explanation": "Máy của quầy"}).status_code == 302
    with sqlite_app.app_context():
        assert reading().get_one(IntegrityQuestion, own).state == "explained"
    assert "Máy của quầy" in client.get("/centre/questions?lang=en").text


def test_a_small_count_is_never_shown_to_anybody(sqlite_app: Flask) -> None:
    build([])
    _people()
    _edition()
    _question(hits=7, trials=40, share=0.175, peers=0.0123)
    for login, path in (("unit", "/centre/questions"), ("one", f"/office/integrity?month={MONTH}")):
        client = Browser(sqlite_app, login)
        page = client.get(path).text
        assert "khoảng 15 điểm" in page
        for number in ("17,5", "0.175", "7/40", "1,23"):
            assert number not in page


def test_the_office_reviews_on_its_page(sqlite_app: Flask) -> None:
    build([])
    _people()
    _edition()
    number = _question()
    integrity_operations.explain(number, "ok", reading().scalars(select(User).where(User.login == "unit")).one(), NOW)
    for login, state in (("one", "referred"), ("two", "named")):
        client = Browser(sqlite_app, login)
        assert "Ba Đình" in client.get(f"/office/integrity?month={MONTH}").text
        client.post(f"/office/integrity/{number}/decide", data={"verdict": "name", "reason": "seen"})
        with sqlite_app.app_context():
            assert reading().get_one(IntegrityQuestion, number).state == state
    assert 'value="test"' not in client.get(f"/office/integrity?month={MONTH}").text
    client.post("/office/integrity/overrides", data={"month": str(MONTH), "unit": "00004", "mark": "test", "reason": "numbers"})
    client.post("/office/integrity/overrides", data={"month": str(MONTH), "unit": "00004", "mark": "diverted", "reason": "numbers"})
    with sqlite_app.app_context():
        assert reading().scalars(select(IntegrityOverride)).one().action == "remove"
    assert client.post("/office/integrity/overrides", data={"month": "x"}).status_code == 404
    assert client.get("/office/integrity?month=2026-01").status_code == 404
    page = client.get(f"/office/integrity?month={MONTH}&lang=en").text
    assert "named in the internal edition" in page


def test_the_observer_reads_every_edition_remarks_and_imports(sqlite_app: Flask) -> None:
    build([])
    _people()
    _edition()
    client = Browser(sqlite_app, "front")
    assert "10/2026" in client.get("/observer").text
    client.post("/observer/remarks", data={"month": str(MONTH), "text": "Phỏng vấn lại 200 người: khớp."})
    assert "Phỏng vấn lại 200 người" in client.get("/observer?lang=en").text
    profile = (
        "code: front\ntitle_vi: Mặt trận\ntitle_en: Front\nsource_vi: tự phỏng vấn\nsource_en: own interviews\nrows: answers\n"
        "scale: {worst: 1, best: 5}\nquestions: {q: {column: Q, vi: Hài lòng, en: Satisfied}}\n"
    )
    files = {"file": (_bytes("Q\n" + "5\n" * 12), "own.csv"), "profile": (_bytes(profile), "own.yaml")}
    assert client.post("/observer/surveys", data=files, content_type="multipart/form-data").status_code == 302
    stranger = Browser(sqlite_app)
    assert "tự phỏng vấn" in stranger.get("/other-surveys").text
    assert stranger.get("/observer").status_code == 302
    for path in ("/office", "/centre", "/office/integrity", "/centre/questions"):
        assert client.get(path).status_code == 403


def _bytes(text: str) -> object:
    from io import BytesIO

    return BytesIO(text.encode())


def test_questions_are_opened_once_and_marked_where_a_newer_edition_does_not_find_them(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"subject_kind": "unit", "subject_code": "00004", "detector": "device", "hits": 20, "trials": 90, "share": 0.22, "peers": 0.01}
    found = pd.DataFrame(
        [row | {"p": 1e-9, "q": 1e-5, "question": True}, row | {"subject_code": "00008", "p": 0.2, "q": 1.0, "question": False}]
    )
    monkeypatch.setattr("scorecard.integrity_tables.patterns", lambda _folder: found)
    _edition()
    assert integrity_operations.ask_units(NOW) == {str(MONTH): 1}
    question = reading().scalars(select(IntegrityQuestion)).one()
    assert (question.subject_code, question.state, question.still_found) == ("00004", "open", True)
    assert question.due_on == DUE  # five working days from Friday
    assert not question.fixed_before  # the thresholds are younger than that month
    monkeypatch.setattr("scorecard.integrity_tables.patterns", lambda _folder: found.assign(question=False))
    integrity_operations.ask(reading().scalars(select(Edition)).one(), NOW)
    assert [row.still_found for row in reading().scalars(select(IntegrityQuestion))] == [False]
