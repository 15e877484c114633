"""Telephone interviews and the follow-up of those who did not answer."""

import csv
import re
from collections import Counter
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select

from core.access import INTERVIEWER
from core.calendar import Month
from core.database import reading, writing
from core.errors import InputError
from core.models import User
from surveys import codes, followup, handover, operations, queries, retention, telephone
from surveys.design import Drawn
from surveys.models import Answer, Invitation, PhoneCase
from tests.surveys.helpers import NOW, token_of
from tests.surveys.reach import OCTOBER, PAST, client_of, feed, invite, put_units


@pytest.fixture
def silent(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """Twenty people invited, five of whom answered; the time for answering is over."""
    put_units()
    points = feed(monkeypatch, 20)
    invite(points)
    for point in points[:5]:
        operations.submit(token_of(point), {"rating": "5"}, NOW, "vi")
    expire()
    return app


def expire(on: date = PAST) -> None:
    """The last day for answering was so long ago."""
    with writing() as session:
        for invitation in session.scalars(select(Invitation)):
            invitation.expires_on = on


CALLER = User(login="caller", role=INTERVIEWER, unit_code="31000")


def cases() -> list[PhoneCase]:
    reading().rollback()
    return list(reading().scalars(select(PhoneCase).order_by(PhoneCase.id)))


def call_code() -> str:
    """The code of the first case."""
    number = cases()[0].invitation_id
    assert number is not None
    return telephone.call_code(number)


def found() -> telephone.Case:
    case = telephone.find(call_code())
    assert case is not None
    return case


def test_the_silent_are_drawn_once_at_random(silent: Flask) -> None:
    drawn = followup.draw(OCTOBER, 1, NOW, size=6)
    assert (drawn.silent, drawn.drawn) == (15, 6)
    answered = set(reading().scalars(select(Answer.invitation_id)))
    assert len({case.invitation_id for case in cases()} - answered) == 6
    assert {case.probability for case in cases()} == {6 / 15}
    with pytest.raises(InputError, match="lần hai"):
        followup.draw(OCTOBER, 2, NOW)
    assert queries.follow_up(reading(), OCTOBER) == queries.FollowUpCounts(15, 6, {"": 6})
    assert queries.follow_up(reading(), OCTOBER.plus(1)) is None


def test_each_of_the_silent_is_drawn_equally_often(silent: Flask) -> None:
    among = followup.silent(OCTOBER, NOW)
    counted: Counter[int] = Counter()
    for seed in range(600):
        counted.update(followup.chosen(among, OCTOBER, seed, 5))
    assert set(counted) == set(among)
    for number in among:
        assert abs(counted[number] / 600 - 1 / 3) < 4 * (1 / 3 * 2 / 3 / 600) ** 0.5
    assert followup.chosen(among, OCTOBER, 7, 5) == followup.chosen(among, OCTOBER, 7, 5)


def test_who_may_still_answer_is_not_silent_yet(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    invite(feed(monkeypatch, 3))
    with pytest.raises(InputError, match="14"):
        followup.draw(OCTOBER, 1, NOW)
    expire(NOW.date())
    with pytest.raises(InputError):
        followup.draw(OCTOBER, 1, NOW)


def test_an_interview_becomes_an_answer_of_its_own_mode(silent: Flask) -> None:
    followup.draw(OCTOBER, 1, NOW, size=3)
    assert telephone.record(found(), "complete", {"rating": "2"}, NOW, "vi", CALLER).state == "stored"
    frame = queries.answers_frame(reading(), OCTOBER, NOW + timedelta(days=1))
    followed = frame[frame["mode"] == "followup"]
    assert (followed["rating"].tolist(), followed["second_probability"].tolist()) == ([2], [0.2])
    assert followed["probability"].tolist() == [1.0]
    assert frame.loc[frame["mode"] == "link", "second_probability"].isna().all()
    done = found()
    assert (done.case.outcome, done.case.done, done.case.attempts) == ("complete", True, 1)
    assert telephone.record(done, "complete", {"rating": "5"}, NOW, "vi", CALLER).state == "unchanged"
    assert queries.follow_up(reading(), OCTOBER) == queries.FollowUpCounts(15, 3, {"": 2, "complete": 1})


@pytest.mark.parametrize("unit", ["00004", "01"])
def test_nobody_interviews_about_the_own_unit(silent: Flask, unit: str) -> None:
    followup.draw(OCTOBER, 1, NOW, size=3)
    with pytest.raises(InputError, match="đơn vị của Ông/Bà"):
        telephone.record(found(), "complete", {"rating": "5"}, NOW, "vi", User(login="own", role=INTERVIEWER, unit_code=unit))
    assert found().case.attempts == 0
    assert reading().scalar(select(Answer.id).where(Answer.mode == "followup")) is None


def test_an_interviewer_of_the_rated_unit_does_not_learn_whether_a_case_is_done(silent: Flask) -> None:
    followup.draw(OCTOBER, 1, NOW, size=3)
    client, code = client_of(silent, "nha", INTERVIEWER, "00004"), call_code()
    pages = [client.get(f"/survey/calls/{code}")]
    telephone.record(found(), "complete", {"rating": "1"}, NOW, "vi", CALLER)
    reading().rollback()
    pages.append(client.get(f"/survey/calls/{code}"))
    pages.append(client.post(f"/survey/calls/{code}", data={"outcome": "complete", "rating": "5"}))
    assert [page.status_code for page in pages] == [403] * 3
    assert all("đơn vị của Ông/Bà, nên phải do người của đơn vị khác gọi" in page.text for page in pages)
    assert not any("đã xong" in page.text or "Đăng ký khai sinh" in page.text for page in pages)


def test_outcomes_without_an_answer_are_counted_and_called_again(silent: Flask) -> None:
    followup.draw(OCTOBER, 1, NOW, size=3)
    for attempt in range(1, telephone.MOST_ATTEMPTS + 1):
        telephone.record(found(), "no_answer", {"rating": "5"}, NOW, "vi", CALLER)
        assert (found().case.attempts, found().case.done) == (attempt, attempt == telephone.MOST_ATTEMPTS)
    assert reading().scalar(select(Answer.id).where(Answer.mode == "followup")) is None


def test_an_outcome_must_be_one_and_an_interview_must_say_something(silent: Flask) -> None:
    followup.draw(OCTOBER, 1, NOW, size=3)
    for outcome, data in (("", {}), ("gone", {"rating": "5"}), ("complete", {})):
        with pytest.raises(InputError):
            telephone.record(found(), outcome, data, NOW, "vi", CALLER)
    assert telephone.record(found(), "complete", {"rating": "9"}, NOW, "vi", CALLER).state == "invalid"
    assert found().case.attempts == 0


def test_every_outcome_has_its_code_and_words() -> None:
    script = telephone.script()
    assert len({outcome.code for outcome in script.outcomes}) == len(script.outcomes)
    assert all(re.fullmatch(r"\d\.\d{1,3}", outcome.aapor) for outcome in script.outcomes)
    assert {outcome.code for outcome in script.outcomes} >= set(telephone.ANSWERED)


def test_the_list_of_calls_is_derived_and_kept_nowhere(silent: Flask) -> None:
    followup.draw(OCTOBER, 1, NOW, size=4)
    rows = list(telephone.calls("DEMO", OCTOBER, NOW))
    assert len(rows) == 4
    assert list(telephone.calls("OTHER", OCTOBER, NOW)) == []
    kept = "\n".join(str(row) for row in reading().connection().exec_driver_sql("SELECT * FROM phone_case"))
    for dossier, code in rows:
        opened = telephone.find(code)
        assert opened is not None
        spelled = codes.read_code(code, codes.PAPER)
        assert spelled is not None
        assert spelled not in kept
        assert dossier not in kept
    telephone.record(found(), "refusal", {}, NOW, "vi", CALLER)
    assert len(list(telephone.calls("DEMO", OCTOBER, NOW))) == 3


def test_communes_without_signal_are_interviewed_in_the_first_place(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    points = feed(monkeypatch, 2)
    operations.invite([Drawn(points[0], mode="phone"), Drawn(points[1])], NOW)
    assert telephone.open_cases(OCTOBER) == 1
    assert telephone.open_cases(OCTOBER) == 0
    assert handover.pack("DEMO", [OCTOBER], "file", NOW) != []  # the other one gets a link
    assert [dossier for dossier, _code in telephone.calls("DEMO", OCTOBER, NOW)] == [points[0].dossier_code]
    telephone.record(found(), "complete", {"rating": "4"}, NOW, "vi", CALLER)
    frame = queries.answers_frame(reading(), OCTOBER, NOW + timedelta(days=1))
    assert (frame["mode"].tolist(), frame["second_probability"].isna().tolist()) == (["phone"], [True])


def test_the_interviewer_s_pages(silent: Flask) -> None:
    followup.draw(OCTOBER, 1, NOW, size=2)
    client = client_of(silent, "goi", INTERVIEWER)
    assert "Gọi người chưa trả lời" in client.get("/survey/calls").text
    assert client.post("/survey/calls", data={"code": "ABC"}).status_code == 422
    assert client.get("/survey/calls/AAAAAAAAAA").status_code == 404
    opened = client.post("/survey/calls", data={"code": codes.spoken(call_code())})
    page = client.get(opened.location).text
    assert "Đăng ký khai sinh" in page
    assert "H26.12" not in page
    for words in ("không phải cơ quan đã giải quyết hồ sơ", "mã OTP", "AAPOR 1.1"):
        assert words in page
    assert client.post(opened.location, data={"rating": "3"}).status_code == 422
    kept = client.post(opened.location, data={"rating": "3", "outcome": "nonsense"}).text
    assert re.search(r'name="rating" value="3" checked', kept)
    assert client.post(opened.location, data={"rating": "3", "outcome": "complete"}).status_code == 303
    done = client.get(opened.location).text
    assert "đã xong" in done
    assert "<fieldset" not in done


def test_an_organisation_is_asked_as_one_by_telephone_too(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    put_units()
    points = feed(monkeypatch, 1, applicant_type="enterprise")
    operations.invite([Drawn(points[0], mode="phone")], NOW)
    telephone.open_cases(OCTOBER)
    page = client_of(app, "goi", INTERVIEWER).get(f"/survey/calls/{call_code()}").text
    assert "Quý đơn vị hài lòng đến mức nào?" in page


def test_after_retention_a_case_leads_to_nobody(silent: Flask) -> None:
    followup.draw(OCTOBER, 1, NOW, size=2)
    code = call_code()
    expire(PAST - timedelta(days=120))
    retention.forget(NOW)
    assert telephone.find(code) is None
    assert [case.invitation_id for case in cases()] == [None, None]


def test_commands(silent: Flask) -> None:
    runner: FlaskCliRunner = silent.test_cli_runner()
    assert "2026-10: 4 of 15" in runner.invoke(args=["surveys", "followup", "draw", "2026-10", "--size", "4"]).output
    assert runner.invoke(args=["surveys", "followup", "draw", "2026-10"]).exit_code == 1
    assert "not called yet: 4" in runner.invoke(args=["surveys", "followup", "show", "2026-10"]).output
    assert "not drawn" in runner.invoke(args=["surveys", "followup", "show", "2026-09"]).output
    assert "calls-DEMO-2026-10.csv" in runner.invoke(args=["surveys", "calls", "DEMO", "2026-10"]).output
    with (handover.folder() / "calls-DEMO-2026-10.csv").open(encoding="utf-8", newline="") as stream:
        assert len(list(csv.DictReader(stream))) == 4


def test_communes_without_signal_are_declared_with_days(app: Flask) -> None:
    put_units()
    runner: FlaskCliRunner = app.test_cli_runner()
    declare = ["surveys", "signal", "declare", "31000", "--since", "2026-09-01", "--document", "Công văn của tỉnh"]
    assert runner.invoke(args=declare).exit_code == 0
    assert set(queries.without_signal(reading(), date(2026, 10, 5))) == {"31000"}
    assert set(queries.without_signal(reading(), date(2026, 8, 31))) == set()
    assert "31000 whole since 2026-09-01" in runner.invoke(args=["surveys", "signal", "list", "--on", "2026-10-01"]).output
    runner.invoke(args=[*declare, "--until", "2026-10-01", "--part"])
    reading().rollback()
    assert set(queries.without_signal(reading(), date(2026, 10, 1))) == set()
    assert not queries.without_signal(reading(), date(2026, 9, 30))["31000"].whole
    for wrong in ("--until 2026-08-01", "--document "):
        name, _, value = wrong.partition(" ")
        assert runner.invoke(args=[*declare, name, value]).exit_code == 1
    assert runner.invoke(args=[*declare[:3], "77777", *declare[4:]]).exit_code == 1


def test_months_are_told_apart(silent: Flask) -> None:
    followup.draw(OCTOBER, 1, NOW, size=2)
    assert telephone.progress(reading(), CALLER, NOW.date()) == [("2026-10", "followup", 2, 0)]
    assert followup.silent(Month(2026, 9), NOW) == []
