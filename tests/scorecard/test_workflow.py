"""The way of an edition: steps by named people, comments of those who are judged, reasons for what is set aside."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from core import accounts
from core.database import reading, writing
from core.errors import InputError
from core.models import AuditEntry, User
from scorecard import draft_comments as comments
from scorecard import jobs, operations, workflow
from scorecard.models import Edition
from scorecard.release import Mark, Release
from scorecard.workflow_models import EditionStep
from tests.conftest import PASSWORD
from tests.scorecard.small import MONTH, Dossier, add_dossiers, answer, answers, build, submit

CLOSING = datetime(2026, 11, 18, 2, tzinfo=UTC)
IN_TIME, OVER = datetime(2026, 11, 24, 16, tzinfo=UTC), datetime(2026, 11, 25, 2, tzinfo=UTC)
REASON = "Agreed by telephone with every unit."


@pytest.fixture
def month(app: Flask) -> Path:
    """A month to close, two people of the office, and those of two provinces."""
    build([Dossier(f"a{n}", finished=3 + n % 9) for n in range(30)])
    answers([("00004", 3 + n % 3, "1.001193", 0, None, {}) for n in range(20)])
    for login in ("an", "binh"):
        accounts.add_user(login, login.title(), "office", PASSWORD)
    for login, unit in (("hanoi", "01"), ("hue", "46")):
        accounts.add_user(login, login.title(), "centre", PASSWORD, unit_code=unit)
    return Path(app.extensions["settings"].data_dir)


def who(login: str) -> User:
    return reading().scalars(select(User).where(User.login == login)).one()


def stages(edition_id: int) -> dict[str, tuple[str, str]]:
    session = reading()
    session.rollback()
    return {stage: (step.by, step.reason) for stage, step in workflow.steps(session, edition_id).items()}


def draft() -> int:
    """A draft that is out for comment."""
    number = operations.close(MONTH, CLOSING, "worker").id
    workflow.send_for_comment(number, "an", CLOSING)
    return number


def test_a_month_goes_its_way_by_named_people(month: Path) -> None:
    number = draft()
    with pytest.raises(InputError, match="24/11/2026"):
        operations.review(number, "an", IN_TIME)
    operations.review(number, "an", OVER)
    operations.publish(number, "binh", OVER)
    assert stages(number) == {
        "cut_off": ("worker", ""),
        "computed": ("worker", ""),
        "in_comment": ("an", ""),
        "reviewed": ("an", ""),
        "published": ("binh", ""),
    }


def test_no_step_is_taken_twice_or_backwards(month: Path) -> None:
    number = draft()
    with pytest.raises(InputError, match="never go back"):
        workflow.send_for_comment(number, "an", CLOSING)
    operations.review(number, "an", OVER)
    for again in (lambda: operations.review(number, "binh", OVER), lambda: workflow.send_for_comment(number, "binh", OVER)):
        with pytest.raises(InputError, match="never go back"):
            again()
    with pytest.raises(InputError, match="may neither"):
        workflow.send_for_comment(number, "hanoi", OVER)


def test_a_rule_is_set_aside_with_a_reason_that_stays(month: Path) -> None:
    number = operations.close(MONTH, CLOSING, "worker").id
    for short in ("", "vì gấp"):
        with pytest.raises(InputError, match="not sent for comment"):
            operations.review(number, "an", CLOSING, short)
    operations.review(number, "an", CLOSING, REASON)
    assert stages(number)["reviewed"] == ("an", REASON)
    details = reading().scalars(select(AuditEntry.details).where(AuditEntry.action == "edition.review")).one()
    assert details["reason"] == REASON


def test_a_unit_says_and_the_office_answers_before_the_review(month: Path) -> None:
    number = draft()
    first = comments.explain("2026-10", "01", "Mất điện hai ngày.", who("hanoi"), CLOSING)
    comments.explain("2026-10", "01", "Mất điện ba ngày, máy chủ ngừng.", who("hanoi"), IN_TIME)
    objection = comments.object_to("2026-10", "46", "F1", "", "Giấy này cơ sở dữ liệu không có.", who("hue"), IN_TIME)
    with pytest.raises(InputError, match="2 comments have no answer"):
        operations.review(number, "an", OVER)
    with pytest.raises(InputError, match="took it back"):
        comments.answer(first.id, "noted", "Đã ghi.", "binh", OVER)
    for open_one in comments.of_month(reading(), "2026-10"):
        comments.answer(open_one.id, "noted", "Đã ghi nhận.", "binh", OVER)
    assert reading().get_one(type(objection), objection.id).answered_by == "binh"
    operations.review(number, "an", OVER)
    edition = reading().get_one(Edition, number)
    assert comments.printed(reading(), edition, "01").explanation == "Mất điện ba ngày, máy chủ ngừng."
    assert comments.printed(reading(), edition, "46") == comments.Said(True, "", "", 1, 0)
    silent = comments.printed(reading(), edition, "96")
    assert (silent.asked, silent.explanation) == (True, "")  # printed as "không có ý kiến"


def test_an_answer_stands_from_the_number_on_and_one_never_given_holds_no_later_version_back(month: Path, app: Flask) -> None:
    number = draft()
    said = comments.explain("2026-10", "01", "Mất điện hai ngày.", who("hanoi"), CLOSING)
    known, app.extensions["release"] = app.extensions["release"], lambda *_: Release(numbered=Mark("an", OVER, "123/BC-VPCP"))
    with pytest.raises(InputError, match="123/BC-VPCP"):
        comments.answer(said.id, "noted", "Đã ghi.", "binh", OVER)
    app.extensions["release"] = known
    reading().rollback()
    assert [one.id for one in workflow.open_comments(reading(), "2026-10")] == [said.id]
    set_published(number)
    assert workflow.open_comments(reading(), "2026-10") == []


def set_published(number: int) -> None:
    reading().rollback()
    with writing() as session:
        session.get_one(Edition, number).published_at = OVER


def test_comments_have_their_time_their_people_and_their_length(month: Path) -> None:
    say = comments.explain
    with pytest.raises(InputError, match="not out for comment"):
        say("2026-10", "01", "Sớm quá.", who("hanoi"), CLOSING)
    number = draft()
    with pytest.raises(InputError, match="Only the unit"):
        say("2026-10", "01", "Văn phòng nói thay.", who("an"), CLOSING)
    with pytest.raises(InputError, match="601"):
        say("2026-10", "01", "x" * 601, who("hanoi"), CLOSING)
    with pytest.raises(InputError, match="were taken until"):
        say("2026-10", "01", "Muộn rồi.", who("hanoi"), OVER)
    with pytest.raises(InputError, match="class or an indicator"):
        comments.object_to("2026-10", "01", "F9", "", "Sai lớp.", who("hanoi"), CLOSING)
    for code in ("1.001193" * 5, "không có", "gọi 0912345678"):
        with pytest.raises(InputError, match="no procedure of this code"):
            comments.object_to("2026-10", "01", "F1", code, "Sai lớp.", who("hanoi"), CLOSING)
    assert comments.object_to("2026-10", "46", "F1", "1.001193", "Sai lớp.", who("hue"), CLOSING).procedure_code == "1.001193"
    comments.withdraw(comments.of_month(reading(), "2026-10")[0].id, ["46"], who("hue"), CLOSING)
    kept = say("2026-10", "01", "Gọi ông Nam 0912 345 678.", who("hanoi"), CLOSING)
    assert "0912" not in kept.text
    with pytest.raises(InputError, match="no such comment"):
        comments.withdraw(kept.id, ["46"], who("hue"), IN_TIME)
    comments.withdraw(kept.id, ["01"], who("hanoi"), IN_TIME)
    assert comments.of_month(reading(), "2026-10") == []
    operations.review(number, "an", OVER)
    with pytest.raises(InputError, match="not out for comment"):
        say("2026-10", "01", "Sau soát xét.", who("hanoi"), IN_TIME)


def test_corrected_rows_sent_in_time_are_counted_by_night_and_keep_the_deadline(month: Path) -> None:
    first = draft()
    add_dossiers([Dossier("late", finished=8)])
    submit("hanoi", ["2026-10"], CLOSING + timedelta(hours=5))
    with writing() as session:
        from procedures.models import Submission

        session.scalars(select(Submission)).one().rows_accepted = 1
    with pytest.raises(InputError, match="1 submissions that came after the cut-off"):
        operations.review(first, "an", OVER)
    assert jobs.compute_drafts_again(OVER) == {"computed": ["2026-10 v2"]}
    assert jobs.compute_drafts_again(OVER + timedelta(hours=1)) == {}
    second = reading().scalars(select(Edition).where(Edition.version == 2)).one().id
    assert list(stages(first)) == ["cut_off", "computed", "in_comment", "superseded"]
    assert stages(second)["in_comment"] == ("an", "")
    operations.review(second, "an", OVER)  # the time for comments went on, and is over


def test_rows_that_change_nothing_are_looked_at_once(month: Path) -> None:
    number = draft()
    submit("hanoi", ["2026-09"], CLOSING + timedelta(hours=5))
    with writing() as session:
        from procedures.models import Submission

        session.scalars(select(Submission)).one().rows_accepted = 1
    assert jobs.compute_drafts_again(IN_TIME) == {"computed": ["2026-10 v1"]}
    assert jobs.compute_drafts_again(IN_TIME) == {}
    operations.review(number, "an", OVER)


def test_a_version_made_after_the_deadline_asks_anew(month: Path) -> None:
    draft()
    for number, when in enumerate((OVER, OVER + timedelta(days=2))):
        add_dossiers([Dossier(f"late{number}", finished=8)])
        made = operations.close(MONTH, when, "an").id
    assert list(stages(made)) == ["cut_off", "computed"]


def test_a_correction_says_what_it_corrects_and_counts_no_late_answer(month: Path) -> None:
    first = draft()
    operations.review(first, "an", OVER)
    operations.publish(first, "binh", OVER)
    add_dossiers([Dossier("late", finished=8)])
    answer("00004", 1, when=CLOSING - timedelta(days=1))
    second = operations.close(MONTH, OVER + timedelta(days=30), "an", "Tỉnh gửi thiếu một tệp.")
    assert workflow.corrected(reading(), second).id == first  # type: ignore[union-attr]
    assert second.facts["answers_until"] == "2026-11-17"
    operations.review(second.id, "an", OVER + timedelta(days=30), REASON)
    operations.publish(second.id, "binh", OVER + timedelta(days=31))
    assert stages(second.id)["cut_off"] == ("an", "Tỉnh gửi thiếu một tệp.")
    assert list(stages(first))[-1] == "superseded"


def test_answers_after_the_survey_closed_are_not_counted(month: Path) -> None:
    from scorecard import queries

    answer("00004", 1, when=datetime(2026, 11, 17, 16, 59, tzinfo=UTC))
    answer("00004", 1, when=datetime(2026, 11, 17, 17, 0, tzinfo=UTC))  # 18 November in Viet Nam
    edition = operations.close(MONTH, CLOSING, "worker")
    assert queries.figure_map(reading(), edition)["VN", "satisfaction", "raw"].n == 21


def test_a_person_asks_the_worker_to_compute_and_sees_what_came_of_it(month: Path) -> None:
    from core.models import JobRun

    jobs.ask_to_close(MONTH, "an", "", CLOSING)
    with pytest.raises(InputError, match="asked for already"):
        jobs.ask_to_close(MONTH, "binh", "", CLOSING)
    with pytest.raises(InputError, match="may neither"):
        jobs.ask_to_close(MONTH, "hue", "", CLOSING)
    jobs.ask_to_close(MONTH.plus(100), "an", "", CLOSING)
    assert jobs.close_wanted(CLOSING) == {"closed": ["2026-10 done", "2035-02 failed"]}
    done, failed = reading().scalars(select(JobRun).order_by(JobRun.id))
    assert (done.outcome, done.message, done.counts["version"]) == ("done", "an", 1)
    assert done.finished_at is not None
    assert done.finished_at >= done.started_at
    assert (failed.outcome, "chưa kết thúc" in failed.message) == ("failed", True)
    assert stages(reading().scalars(select(Edition.id)).one())["cut_off"][0] == "an"
    with writing() as session:  # a worker that died left this
        session.get_one(JobRun, done.id).outcome = "running"
    assert jobs.close_wanted(CLOSING) == {"closed": ["2026-10 done"]}
    assert reading().scalar(select(func.count()).select_from(EditionStep)) == 2


def test_a_review_made_while_the_month_is_computed_again_stands(month: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number = draft()
    add_dossiers([Dossier("late", finished=8)])
    insert = operations._insert

    def slow(*args: Any) -> int:
        operations.review(number, "an", OVER)
        return insert(*args)

    with monkeypatch.context() as patch:
        patch.setattr(operations, "_insert", slow)
        with pytest.raises(InputError, match="đã được soát xét"):
            operations.close(MONTH, OVER, "worker")
    session = reading()
    session.rollback()
    assert session.get_one(Edition, number).state == "closed"
    assert stages(number)["reviewed"] == ("an", "")
    again = operations.close(MONTH, OVER, "binh", "Có dòng đến muộn.")  # who knows of the review may ask all the same
    assert (again.version, again.state) == (2, "closed")


def test_two_workers_make_one_edition(month: Path, app: Flask) -> None:
    import threading

    found: list[object] = []

    def work() -> None:
        with app.app_context():
            found.append(jobs.close_due(CLOSING))

    workers = [threading.Thread(target=work) for _ in range(2)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    assert {"closed": ["2026-10"]} in found
    session = reading()
    session.rollback()
    assert [(row.version, row.state) for row in session.scalars(select(Edition))] == [(1, "closed")]
