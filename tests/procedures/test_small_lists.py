"""Queue tickets, petitions, lists of procedures: taken whole or refused with every wrong row named; a new file replaces what it names."""

import io
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import select

from core.access import CENTRE, OFFICE
from core.accounts import add_user
from core.calendar import Month
from core.database import reading
from core.errors import InputError
from procedures.offerings import boundaries
from procedures.petitions import Petitions, load_petitions, petitions_of
from procedures.service_models import QueueTicket
from procedures.tickets import Tickets, load_tickets, tickets_of
from tests.conftest import PASSWORD, log_in
from tests.procedures.feed import NOW, small_country

OCTOBER = Month(2026, 10)
TICKETS = "Mã điểm tiếp nhận;Ngày;Lĩnh vực;Số lượt\nH26.99.01;01/10/2026;Hộ tịch;40\nH26.99.01;02/10/2026;;1.200\n"
PETITIONS = "unit_code,month,subject,received,on_time,reopened\n01,2026-10,Thái độ,12,9,2\n00004,10/2026,,3,3,0\n"


@pytest.fixture
def country(app: Flask) -> Flask:
    small_country()
    return app


def written(folder: Path, text: str, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_tickets_are_taken_and_replaced_by_point_and_day(country: Flask, tmp_path: Path) -> None:
    result = load_tickets(written(tmp_path, "SỞ ABC\n\n" + TICKETS), NOW)
    assert (result.rows, result.added, result.errors) == (2, 2, [])
    first, second = tickets_of(OCTOBER)
    assert first == Tickets("H26.99.01", first.day, "Hộ tịch", 40)
    assert (second.field, second.tickets) == ("", 1200)
    again = load_tickets(written(tmp_path, TICKETS.replace("Hộ tịch;40", "Đất đai;41")), NOW)
    assert (again.added, again.removed, again.unchanged) == (1, 1, 1)
    assert [(item.field, item.tickets) for item in tickets_of(OCTOBER)] == [("Đất đai", 41), ("", 1200)]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("H00.1;01/10/2026;;4", "reception_point"),
        ("H26.99.01;32/10/2026;;4", "day"),
        ("H26.99.01;01/12/2026;;4", "day"),  # not yet
        ("H26.99.01;01/10/2026;;-4", "tickets"),
        ("H26.99.01;01/10/2026;;4,5", "tickets"),
        ("H26.99.01;01/10/2026;Hộ tịch;4", "field"),  # stands above already
    ],
)
def test_a_wrong_row_refuses_the_whole_file(country: Flask, tmp_path: Path, row: str, field: str) -> None:
    result = load_tickets(written(tmp_path, TICKETS + row + "\n"), NOW)
    assert [(error.row, error.field) for error in result.errors] == [(4, field)]
    assert reading().scalars(select(QueueTicket)).all() == []


def test_a_file_without_the_columns_is_refused(country: Flask, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_tickets(written(tmp_path, "a,b\n1,2\n"), NOW)
    assert caught.value.field == "reception_point"


def test_petitions_keep_parts_within_the_whole(country: Flask, tmp_path: Path) -> None:
    assert load_petitions(written(tmp_path, PETITIONS), NOW).added == 2
    assert petitions_of(OCTOBER) == [Petitions("00004", "", 3, 3, 0), Petitions("01", "Thái độ", 12, 9, 2)]
    wrong = load_petitions(written(tmp_path, PETITIONS.replace("12,9,2", "12,13,2")), NOW)
    assert [(error.row, error.field) for error in wrong.errors] == [(2, "on_time")]
    changed = load_petitions(written(tmp_path, PETITIONS.replace("12,9,2", "12,9,3")), NOW)
    assert (changed.changed, changed.unchanged) == (1, 1)
    later = load_petitions(written(tmp_path, PETITIONS.replace("2026-10", "2026-12")), NOW)
    assert [(error.row, error.field) for error in later.errors] == [(2, "month")]


def test_a_sender_names_only_units_of_its_own(country: Flask, tmp_path: Path) -> None:
    result = load_petitions(written(tmp_path, PETITIONS + "04,2026-10,,1,1,1\n"), NOW, root_code="01")
    assert [(error.row, error.field) for error in result.errors] == [(4, "unit_code")]


def test_commands(country: Flask, runner: FlaskCliRunner, tmp_path: Path) -> None:
    done = runner.invoke(args=["feeds", "tickets", str(written(tmp_path, TICKETS)), "--json"])
    assert done.exit_code == 0, done.output
    assert '"added": 2' in done.output
    bad = runner.invoke(args=["feeds", "petitions", str(written(tmp_path, PETITIONS.replace("12,", "x,")))])
    assert bad.exit_code == 1
    assert "received" in bad.output
    codes = written(tmp_path, "procedure_code\n1.004222\n9.999999\n")
    boundary = ["catalogue", "boundary-list", str(codes), "--unit", "01", "--since", "2026-10-01", "--document", "QĐ 5"]
    assert runner.invoke(args=boundary).exit_code == 1
    written(tmp_path, "procedure_code\n1.004222\n")
    assert runner.invoke(args=boundary).exit_code == 0
    assert [item.procedures for item in boundaries(reading(), OCTOBER.last_day)] == [("1.004222",)]


def test_the_page_takes_a_list_or_names_the_wrong_rows(country: Flask, client: FlaskClient) -> None:
    add_user("centre", "Centre", CENTRE, PASSWORD, unit_code="H26.99")
    log_in(client, "centre")
    page = client.get("/lists/tickets")
    assert page.status_code == 200
    assert "reception_point" in page.text

    def send(text: str, kind: str = "tickets") -> tuple[int, str]:
        answer = client.post(f"/lists/{kind}", data={"file": (io.BytesIO(text.encode()), "list.csv")}, follow_redirects=True)
        return answer.status_code, answer.text

    status, text = send(TICKETS.replace("01/10/2026", "01/13/2026"))
    assert status == 400
    assert "dòng 2" in text.casefold()
    assert tickets_of(OCTOBER) == []
    assert send(TICKETS)[0] == 200
    assert len(tickets_of(OCTOBER)) == 2
    status, text = send(PETITIONS.replace("00004", "01273"), "petitions")
    assert status == 400
    assert "không thuộc đơn vị gửi" in text
    assert client.post("/lists/tickets", data={}).status_code == 400
    assert client.get("/lists/other").status_code == 404


def test_the_office_sends_for_everyone(country: Flask, client: FlaskClient) -> None:
    add_user("office", "Office", OFFICE, PASSWORD)
    log_in(client, "office")
    file = (io.BytesIO(PETITIONS.replace("00004", "01273").encode()), "p.csv")
    assert client.post("/lists/petitions", data={"file": file}).status_code == 303
    assert len(petitions_of(OCTOBER)) == 2
