"""What other rooms read: end-points, coverage, health; and the page of submissions."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import refresh

from core import accounts
from core.calendar import Month
from core.database import reading, writing
from procedures import operations, queries
from procedures.dossier_queries import data_dir
from procedures.dossiers import dossier_table
from procedures.models import Offering, Procedure, RegisterConnection, StateRegister, Unit
from procedures.offerings import declared
from tests.conftest import PASSWORD, log_in
from tests.procedures.feed import NOW, lake_rows, load, message, small_country, write

OCTOBER = Month(2026, 10)
PAPERS = [{"MaGiayTo": "", "TenGiayTo": "Giấy khai sinh"}]


def asked(day: int, papers: list[dict[str, str]] | None = None) -> dict[str, object]:
    return {"NoiDungBoSung": "Bổ sung", "NgayBoSung": f"202610{day:02d}100000", "DanhSachGiayToBoSung": papers or []}


@pytest.fixture
def dossiers(sqlite_app: Flask, tmp_path: Path) -> Flask:
    """Seven dossiers around October."""
    small_country()
    running = {"TrangThaiHoSo": "4", "NgayTra": None, "NgayKetThucXuLy": None, "QuaTrinhXuLy": []}
    load(
        write(
            tmp_path / "a.jsonl",
            [
                message(1),
                message(2, NgayKetThucXuLy="20261016080000", KenhThucHien="1"),  # late
                message(
                    3,
                    TrangThaiHoSo="3",
                    NgayTra=None,
                    NgayKetThucXuLy=None,
                    QuaTrinhXuLy=[{"ThoiDiemXuLy": "20261009080000", "TrangThai": "3"}],
                ),
                message(4, **running, HoSoBoSung=[asked(9, PAPERS), asked(12)]),  # running, asked twice
                message(5, **running),
                message(6, NgayTiepNhan="20260920080000", NgayHenTra=None, HoSoBoSung=[asked(1)], MaTTHC="1.115150"),  # ended in October
                message(7, NgayKetThucXuLy="20261102080000", NgayTra=None, TrangThaiHoSo="9", DonViXuLy="00004"),  # ended in November
            ],
        )
    )
    return sqlite_app


def test_end_points_of_a_month(dossiers: Flask) -> None:
    found = {(point.dossier_code[-1], point.occasion): point for point in queries.end_points(reading(), OCTOBER, NOW)}
    assert set(found) == {
        ("1", "returned"),
        ("2", "returned"),
        ("3", "refused"),
        ("4", "supplement-1"),
        ("4", "supplement-2"),
        ("6", "returned"),
        ("6", "supplement-1"),
    }
    assert [found[key].on_time for key in (("1", "returned"), ("2", "returned"), ("6", "returned"), ("4", "supplement-1"))] == [
        True,
        False,
        None,
        None,
    ]
    one = found["1", "returned"]
    assert (one.unit_code, one.province_code, one.channel, one.applicant_type) == ("H26.12", "01", "online", "citizen")
    assert one.reached_at == datetime(2026, 10, 14, 2, 30, tzinfo=UTC)
    assert found["4", "supplement-2"].end_point == "supplement"
    assert found["4", "supplement-2"].reached_at == datetime(2026, 10, 12, 3, tzinfo=UTC)


def test_end_points_stop_at_now(dossiers: Flask) -> None:
    now = datetime(2026, 10, 9, 5, tzinfo=UTC)
    assert {point.dossier_code[-1] for point in queries.end_points(reading(), OCTOBER, now)} == {"3", "4", "6"}


def test_coverage_counts_working_days_with_receptions(dossiers: Flask) -> None:
    covered = queries.coverage(reading(), OCTOBER, NOW)
    assert covered == {"01": pytest.approx(1 / 22), "04": 0.0}
    assert queries.coverage(reading(), OCTOBER, datetime(2026, 10, 8, 12, tzinfo=UTC))["01"] == pytest.approx(1 / 6)
    assert queries.coverage(reading(), Month(2026, 12), NOW) == {"01": None, "04": None}


def test_health(sqlite_app: Flask, tmp_path: Path) -> None:
    assert queries.lake_health() == "ok"
    small_country()
    load(write(tmp_path / "a.jsonl", [message(1)]))
    assert queries.lake_health() == "ok"
    dossier_table(data_dir()).paths()[0].unlink()
    assert "missing" in queries.lake_health()


def test_catalogue_reads(app: Flask) -> None:
    small_country()
    with writing() as session:
        procedure = session.query(Procedure).filter_by(code="1.004222").one()
        province = session.query(Unit).filter_by(code="01").one()
        register = session.query(StateRegister).filter_by(code="land").one()
        session.add(
            Offering(
                procedure_id=procedure.id,
                unit_id=province.id,
                online_level="partial",
                valid_from=date(2026, 1, 1),
                valid_to=date(2026, 7, 1),
            )
        )
        session.add(Offering(procedure_id=procedure.id, unit_id=province.id, online_level="full", valid_from=date(2026, 7, 1)))
        session.add(RegisterConnection(register_id=register.id, unit_id=province.id, connected_from=date(2026, 5, 1)))
    session = reading()
    before, after = (declared(session, date(2026, *day))[0] for day in ((6, 30), (7, 1)))
    assert (before.unit_code, before.procedure_code, before.online_level) == ("01", "1.004222", "partial")
    assert (after.online_level, after.since) == ("full", "2026-01-01")  # online without a break since then
    assert queries.connections(session, date(2026, 4, 30)) == set()
    assert queries.connections(session, date(2026, 5, 1)) == {("land", "01")}
    assert [register.code for register in queries.registers(session)][:2] == ["civil_status", "criminal_record"]
    assert queries.is_simulated(session) is False
    operations.add_source("sim", "x", "01", simulated=True)
    assert queries.is_simulated(session) is True
    assert queries.procedure(session, "9.999999") is None


def test_page_shows_own_submissions_only(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    small_country()
    own = load(write(tmp_path / "cua-minh.jsonl", [message(1), message(2, MaTTHC="x")]))
    other = load(write(tmp_path / "noi-khac.jsonl", [message(3), message(4, MaTTHC="x")]), source="h14")
    accounts.add_user("trungtam", "Trung tâm", "centre", PASSWORD, "H26.99")
    accounts.add_user("congchuc", "Công chức", "office", PASSWORD)
    assert client.get("/submissions").status_code == 302
    assert client.get(f"/submissions/{own.submission}/quarantine").status_code == 302
    log_in(client, "trungtam")
    page = client.get("/submissions").text
    assert "cua-minh.jsonl" in page
    assert "noi-khac.jsonl" not in page
    assert "nhận một phần" in page
    answer = client.get(f"/submissions/{own.submission}/quarantine")
    assert answer.mimetype == "application/x-ndjson"
    assert "unknown_procedure" in answer.get_data().decode("utf-8-sig")
    assert client.get(f"/submissions/{other.submission}/quarantine").status_code == 404
    assert client.get("/submissions/nothing/quarantine").status_code == 404
    refresh()  # the test's context outlives a request, and with it the language
    assert "Data sent in" in client.get("/submissions?lang=en").text
    refresh()
    client.post("/logout")
    log_in(client, "congchuc")
    page = client.get("/submissions").text
    assert "cua-minh.jsonl" in page
    assert "noi-khac.jsonl" in page
    assert client.get(f"/submissions/{other.submission}/quarantine").status_code == 200
    assert len(lake_rows()) == 2
