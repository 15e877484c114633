"""Paper slips: each is taken once, by somebody of another unit, and a sample of them twice."""

import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select

from core.access import CLERK, OFFICE
from core.accounts import add_user
from core.calendar import Month
from core.database import reading, writing
from core.errors import InputError
from core.models import User
from surveys import codes, paper, queries, retention
from surveys.models import Answer, Slip
from surveys.privacy import NUMBER
from tests.conftest import PASSWORD
from tests.surveys.helpers import NOW, PROCEDURE
from tests.surveys.reach import client_of, put_units

FILLED = {"end_point": "returned", "rating": "4", "visits": "1", "how_asked": "mouth", "asked_again": "yes"}


def clerk(login: str = "clerk", unit: str = "31000") -> User:
    """A clerk of a commune elsewhere."""
    add_user(login, login, CLERK, PASSWORD, unit_code=unit)
    return reading().scalars(select(User).where(User.login == login)).one()


@pytest.fixture
def batch(app: Flask) -> list[str]:
    """The codes of ten slips of a commune in Hà Nội; the last one is drawn for double entry, no other is."""
    put_units()
    number = paper.print_batch("00004", "Một cửa", 10, NOW)
    found = list(paper._codes(number, 10))
    with writing() as session:
        for slip in session.scalars(select(Slip)):
            slip.twice = slip.code_hash == paper.hash_of(found[-1])
    return found


def answers() -> list[Answer]:
    reading().rollback()
    return list(reading().scalars(select(Answer)))


def refused(code: str, data: dict[str, str], by: User) -> str | None:
    """The field that an entry is refused for."""
    with pytest.raises(InputError) as error:
        paper.enter(code, data, by, NOW)
    return error.value.field


def test_a_slip_becomes_an_answer_of_its_own_mode(batch: list[str]) -> None:
    said = FILLED | {"procedure": PROCEDURE, "comment": "Gọi 0912345678"}
    assert paper.enter(codes.spoken(batch[0]).lower(), said, clerk(), NOW) == paper.Entered("first")
    (answer,) = answers()
    assert (answer.mode, answer.end_point, answer.rating, answer.procedure_code) == ("paper", "returned", 4, PROCEDURE)
    assert answer.responses == {"visits": "1", "how_asked": "mouth", "asked_again": "yes"}
    assert (answer.comment, answer.unit_code, answer.province_code, answer.device_kind) == (f"Gọi {NUMBER}", "00004", "01", "staff")
    assert batch[0] not in str(vars(answer))
    assert list(queries.answers_frame(reading(), Month.of(NOW), NOW.replace(day=28))["mode"]) == ["paper"]


def test_a_slip_is_taken_once(batch: list[str]) -> None:
    someone, other = clerk(), clerk("other")
    paper.enter(batch[0], FILLED, someone, NOW)
    assert refused(batch[0], FILLED, someone) == "code"
    assert refused(batch[0], FILLED, other) == "code"
    assert len(answers()) == 1


@pytest.mark.parametrize("unit", ["00004", "01", "VN"])
def test_nobody_enters_slips_about_the_own_unit(batch: list[str], unit: str) -> None:
    assert refused(batch[0], FILLED, clerk(unit=unit)) == "code"
    assert answers() == []


def test_a_neighbour_may(batch: list[str]) -> None:
    assert paper.enter(batch[0], FILLED, clerk(unit="00008"), NOW).state == "first"


def test_what_the_slip_does_not_have_is_refused(batch: list[str]) -> None:
    someone = clerk()
    wrong = batch[0][:-1] + next(sign for sign in codes.ALPHABET if sign != batch[0][-1])
    assert refused(wrong, FILLED, someone) == "code"
    assert refused("", FILLED, someone) == "code"
    assert refused(batch[0], FILLED | {"rating": "6"}, someone) == "rating"
    assert refused(batch[0], FILLED | {"procedure": "0"}, someone) == "procedure"
    assert refused(batch[0], FILLED | {"comment": "x" * 601}, someone) == "comment"
    assert answers() == []


def test_an_empty_slip_counts_as_one_that_was_handed_in(batch: list[str]) -> None:
    paper.enter(batch[0], {}, clerk(), NOW)
    assert [(answer.rating, answer.end_point) for answer in answers()] == [(None, "unsaid")]


def test_the_second_entry_is_another_person_s_and_is_compared(batch: list[str]) -> None:
    first, second = clerk("first"), clerk("second")
    assert paper.enter(batch[-1], FILLED, first, NOW).state == "again"
    assert paper.agreement(reading(), User(unit_code="31000"), NOW.date()).waiting == 1
    assert refused(batch[-1], FILLED, first) == "code"
    differing = paper.enter(batch[-1], FILLED | {"rating": "5", "visits": ""}, second, NOW)
    assert differing == paper.Entered("differs", 2)
    assert [answer.rating for answer in answers()] == [4]
    assert refused(batch[-1], FILLED, clerk("third")) == "code"
    reading().rollback()
    assert paper.agreement(reading(), User(unit_code="31000"), NOW.date()) == paper.Agreement(1, 1, 0, 7, 2)
    slip = reading().scalars(select(Slip).where(Slip.twice)).one()
    assert (slip.first, slip.differing) == (None, ["rating", "visits"])


def test_retention_forgets_what_waits_for_a_second_entry(batch: list[str]) -> None:
    paper.enter(batch[-1], FILLED, clerk("first"), NOW)
    for days, kept in ((104, True), (105, False)):
        retention.forget(NOW + timedelta(days=days))
        reading().rollback()
        slip = reading().scalars(select(Slip).where(Slip.twice)).one()
        assert (slip.first is not None) == kept
        assert paper.agreement(reading(), User(unit_code="31000"), NOW.date()).waiting == kept
    assert refused(batch[-1], FILLED, clerk("second")) == "code"


def test_equal_entries_agree(batch: list[str]) -> None:
    paper.enter(batch[-1], FILLED, clerk("first"), NOW)
    assert paper.enter(batch[-1], FILLED, clerk("second"), NOW).state == "agrees"


def test_five_in_a_hundred_are_drawn_for_double_entry(sqlite_app: Flask) -> None:
    drawn = sum(paper._is_drawn(f"code {number}") for number in range(20_000))
    assert 880 < drawn < 1120


def test_codes_are_derived_again_and_kept_nowhere(batch: list[str]) -> None:
    number = reading().scalar(select(Slip.batch_id))
    assert number is not None
    assert list(paper._codes(number, 10)) == batch
    kept = "\n".join(str(row) for row in reading().connection().exec_driver_sql("SELECT * FROM slip"))
    assert not any(code in kept for code in batch)


@pytest.mark.parametrize("size", [0, -1, 501])
def test_a_batch_has_a_size(app: Flask, size: int) -> None:
    put_units()
    with pytest.raises(InputError):
        paper.print_batch("00004", "", size, NOW)


def test_the_page_takes_one_slip_after_the_other(app: Flask, batch: list[str]) -> None:
    client = client_of(app, "giay", CLERK, "31000")
    page = client.get("/survey/slips").text
    assert page.count("<fieldset>") == 6
    done = client.post("/survey/slips", data={"code": batch[0]} | FILLED)
    assert (done.status_code, done.location) == (303, "/survey/slips")
    assert "Đã nhập." in client.get("/survey/slips").text
    wrong = client.post("/survey/slips", data={"code": "ABC"} | FILLED)
    assert wrong.status_code == 422
    assert 'aria-invalid="true"' in wrong.text
    assert re.search(r'value="4" checked', wrong.text)  # what was typed stays
    assert "Rất hài lòng" in client.get("/survey/slips").text
    assert "answer" not in client.get("/survey/slips").text


def test_the_clerk_s_page_never_shows_what_was_entered(app: Flask, batch: list[str]) -> None:
    client = client_of(app, "giay", CLERK, "31000")
    client.post("/survey/slips", data={"code": batch[0]} | FILLED)
    again = client.post("/survey/slips", data={"code": batch[0]})
    assert "đã được nhập" in again.text
    assert not re.search(r'name="rating" value="4" checked', again.text)


def test_slips_are_a5_one_a_page_with_their_codes(sqlite_app: Flask, tmp_path: Path) -> None:
    put_units()
    number = paper.print_batch("00004", "Một cửa", 3, NOW)
    pdf = client_of(sqlite_app, "office", OFFICE).get(f"/survey/slips/{number}.pdf")
    path = tmp_path / "slips.pdf"
    path.write_bytes(pdf.data)
    told = subprocess.run(["pdfinfo", path], capture_output=True, text=True, check=True).stdout
    assert re.search(r"Pages:\s+3\n", told)
    assert re.search(r"Page size:\s+419\.\d+ x 595\.\d+ pts", told)
    text = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout
    assert [code for code in paper._codes(number, 3) if codes.spoken(code) in text] == list(paper._codes(number, 3))


def test_the_slips_command_prints_a_batch_again(sqlite_app: Flask, tmp_path: Path) -> None:
    put_units()
    runner: FlaskCliRunner = sqlite_app.test_cli_runner()
    path = tmp_path / "s.pdf"
    assert "batch 1: 2 slips" in runner.invoke(args=["surveys", "slips", "00004", "--size", "2", "--to", str(path)]).output
    first = path.read_bytes()
    assert "batch 1: 2 slips" in runner.invoke(args=["surveys", "slips", "00004", "--again", "1", "--to", str(path)]).output
    assert path.read_bytes() == first
    assert runner.invoke(args=["surveys", "slips", "00008", "--again", "1", "--to", str(path)]).exit_code == 1
