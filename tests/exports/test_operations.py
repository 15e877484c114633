"""From asking for a report to serving its stored bytes; what happens when building fails."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core import lease
from core.accounts import add_user
from core.database import reading, writing
from core.errors import InputError
from core.settings import Settings
from exports import data, operations, queries
from exports.models import ExportFile
from exports.render import Rendered
from scorecard.models import Edition
from tests.conftest import PASSWORD, log_in

NOW = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)
PDF = b"%PDF-1.7 a report"


def edition(state: str = "published", month: str = "2026-10", version: int = 1, simulated: bool = True) -> int:
    with writing() as session:
        row = Edition(
            month=month,
            version=version,
            state=state,
            simulated=simulated,
            rule_version="2026-08",
            cutoff_at=NOW,
            computed_at=NOW,
            folder=f"editions/{month}-v{version}",
            checksum="c" * 64,
        )
        session.add(row)
        session.flush()
        return row.id


def states(edition_id: int) -> dict[str, str]:
    reading().rollback()
    return {file.name: file.state for file in queries.files(reading(), edition_id)}


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Storing and serving do not depend on what is in the files; the report itself is tested on the small country."""
    monkeypatch.setattr(operations, "report_html", lambda _session, _edition: "<html></html>")
    monkeypatch.setattr(operations, "render", lambda _html: Rendered(PDF, 3))
    monkeypatch.setattr(data, "rows", lambda _session, _edition: [])


def test_a_published_edition_gets_its_files_by_itself(app: Flask, client: FlaskClient, settings: Settings) -> None:
    number = edition()
    assert client.get("/reports/2026-10/report.pdf").status_code == 404
    assert client.get("/reports/latest.pdf").status_code == 404
    assert operations.build_wanted(NOW) == {"stored": 5}
    assert states(number) == {
        "bao-cao-hai-long-2026-10-v1-MO-PHONG.pdf": "stored",
        "so-lieu-hai-long-2026-10-v1-MO-PHONG.xlsx": "stored",
        "so-lieu-hai-long-2026-10-v1-MO-PHONG.csv": "stored",
        "so-lieu-hai-long-2026-10-v1-MO-PHONG.json": "stored",
        "tu-dien-so-lieu-2026-10-v1-MO-PHONG.csv": "stored",
    }
    assert operations.build_wanted(NOW) == {}  # nothing left to do leaves no trace
    for address in ("/reports/2026-10/report.pdf", "/reports/latest.pdf"):
        answer = client.get(address)
        assert answer.data == PDF
        assert answer.mimetype == "application/pdf"
        assert answer.headers["Content-Disposition"] == "inline; filename=bao-cao-hai-long-2026-10-v1-MO-PHONG.pdf"
        digest = hashlib.sha256(PDF).hexdigest()
        assert answer.headers["ETag"] == f'"{digest}"'
        assert client.get(address, headers={"If-None-Match": f'"{digest}"'}).status_code == 304
    stored = settings.data_dir / "reports" / "2026-10-v1"
    page = "bao-cao-hai-long-2026-10-v1-MO-PHONG.html.gz"  # what the report was drawn from
    assert sorted(path.name for path in stored.iterdir()) == sorted([*states(number), page])
    page = client.get("/reports").text
    assert hashlib.sha256(PDF).hexdigest()[:16] in page
    assert "/reports/2026-10/data.csv" in page


def test_data_files_download_with_their_names(app: Flask, client: FlaskClient) -> None:
    edition()
    operations.build_wanted(NOW)
    answer = client.get("/reports/2026-10/data.csv")
    assert answer.mimetype == "text/csv"
    assert "so-lieu-hai-long-2026-10-v1-MO-PHONG.csv" in answer.headers["Content-Disposition"]
    assert answer.data.decode("utf-8-sig").startswith("month,version,")
    assert answer.data.decode("utf-8-sig").strip().endswith("simulated")
    document = client.get("/reports/2026-10/data.json").get_json()
    assert document["edition"] == {
        "month": "2026-10",
        "version": 1,
        "published": True,
        "cutoff_at": NOW.isoformat(),
        "rule_version": "2026-08",
        "checksum": "c" * 64,
        "simulated": True,
    }
    assert document["columns"] == list(data.COLUMNS) == list(document["meaning"])
    assert client.get("/reports/2026-10/data.xlsx").data.startswith(b"PK")
    assert client.get("/reports/2026-10/data.doc").status_code == 404


@pytest.mark.parametrize("address", ["/reports/2026-13/report.pdf", "/reports/2026-09/report.pdf", "/reports/x/data.csv"])
def test_no_such_report(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 404


def test_a_draft_is_for_the_office_alone(app: Flask, client: FlaskClient) -> None:
    number = edition("closed", simulated=False)
    assert operations.build_wanted(NOW) == {}  # nobody asked
    assert operations.want_report(number, "office", NOW) == 5
    operations.build_wanted(NOW)
    assert "bao-cao-hai-long-2026-10-v1-DU-THAO.pdf" in states(number)
    assert client.get("/reports/2026-10/report.pdf").status_code == 404
    assert client.get("/reports/latest.pdf").status_code == 404
    assert "DU-THAO" not in client.get("/reports").text
    add_user("office", "O", "office", PASSWORD)
    add_user("centre", "C", "centre", PASSWORD, unit_code="01")
    log_in(client, "centre")
    assert client.get("/reports/2026-10/report.pdf").status_code == 404
    assert client.post("/reports/2026-10/build").status_code == 403
    client.post("/logout")
    log_in(client, "office")
    assert client.get("/reports/2026-10/report.pdf").data == PDF
    assert "DU-THAO" in client.get("/reports").text


def test_publishing_makes_a_file_of_its_own(app: Flask, client: FlaskClient) -> None:
    number = edition("closed")
    operations.want_report(number, "office", NOW)
    with writing() as session:
        session.get_one(Edition, number).state = "published"
    assert operations.build_wanted(NOW) == {"overtaken": 5, "stored": 5}
    assert all("DU-THAO" not in name for name in states(number))


def test_published_bytes_never_change(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    number = edition()
    operations.build_wanted(NOW)
    monkeypatch.setattr(operations, "render", lambda _html: Rendered(b"%PDF-1.7 another", 3))
    assert operations.want_report(number, "office", NOW) == 0
    operations.build_wanted(NOW)
    assert client.get("/reports/latest.pdf").data == PDF


def test_failure_is_shown_and_can_be_retried(app: Flask, client: FlaskClient, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    number = edition()

    def broken(_html: str) -> Rendered:
        raise InputError("Chưa dựng được báo cáo: tiến trình bị dừng (tín hiệu 9).", "It was killed.")

    with monkeypatch.context() as patch:
        patch.setattr(operations, "render", broken)
        assert operations.build_wanted(NOW) == {"failed": 1, "stored": 4}
    assert operations.build_wanted(NOW) == {}  # it does not try for ever by itself
    assert client.get("/reports/2026-10/report.pdf").status_code == 404
    assert not list((settings.data_dir / "reports").rglob("*.pdf"))
    add_user("office", "O", "office", PASSWORD)
    log_in(client, "office")
    assert "tín hiệu 9" in client.get("/reports").text
    assert client.post("/reports/2026-10/build").status_code == 302
    assert operations.build_wanted(NOW) == {"stored": 1}
    assert client.get("/reports/2026-10/report.pdf").data == PDF
    assert states(number)["bao-cao-hai-long-2026-10-v1-MO-PHONG.pdf"] == "stored"


def test_two_builders_make_one_file(app: Flask) -> None:
    number = edition()
    operations.want_report(number, "office", NOW)
    with writing() as session:
        first = session.scalars(select(ExportFile.id).order_by(ExportFile.id)).first()
    assert lease.acquire(f"exports.file.{first}", "another process", NOW, 600)
    assert operations.build_wanted(NOW) == {"stored": 4}
    lease.release(f"exports.file.{first}", "another process")
    assert operations.build_wanted(NOW) == {"stored": 1}


def test_what_a_dead_builder_left_is_built_again(app: Flask) -> None:
    number = edition()
    operations.want_report(number, "office", NOW)
    with writing() as session:
        for file in session.scalars(select(ExportFile)):
            file.state = "building"
    assert operations.build_wanted(NOW) == {"stored": 5}


def test_only_a_closed_month_has_a_report(app: Flask) -> None:
    for state in ("running", "computing", "superseded"):
        number = edition(state, version=len(state))
        with pytest.raises(InputError, match="Hãy chốt tháng đó trước"):
            operations.want_report(number, "office", NOW)


def test_a_newer_month_without_file_does_not_hide_the_older(app: Flask, client: FlaskClient) -> None:
    edition()
    operations.build_wanted(NOW)
    edition(month="2026-11")
    assert client.get("/reports/latest.pdf").data == PDF


def test_no_route_renders(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    edition()

    def never(*_args: object) -> Rendered:
        raise AssertionError("rendered inside a request")

    monkeypatch.setattr(operations, "render", never)
    monkeypatch.setattr(operations, "report_html", never)
    for address in ("/reports", "/reports/latest.pdf", "/reports/2026-10/report.pdf", "/reports/2026-10/data.csv"):
        assert client.get(address).status_code in (200, 404)


def test_a_missing_file_is_said_and_not_served_empty(app: Flask, client: FlaskClient, settings: Settings) -> None:
    edition()
    operations.build_wanted(NOW)
    for path in (settings.data_dir / "reports").rglob("*.pdf"):
        path.unlink()
    assert client.get("/reports/latest.pdf").status_code == 503


def test_a_file_is_whole_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a" / "b.pdf"
    assert operations.store(path, b"one") == hashlib.sha256(b"one").hexdigest()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        operations.store(path, b"two")
    assert path.read_bytes() == b"one"
    assert [entry.name for entry in path.parent.iterdir()] == ["b.pdf"]


def test_command(app: Flask) -> None:
    runner = app.test_cli_runner()
    result = runner.invoke(args=["exports", "build", "2026-10"])
    assert result.exit_code == 1
    assert "chưa có phiên bản nào đã chốt" in result.output
    edition()
    result = runner.invoke(args=["exports", "build", "2026-10"])
    assert result.exit_code == 0, result.output
    assert "stored\tbao-cao-hai-long-2026-10-v1-MO-PHONG.pdf" in result.output
    assert runner.invoke(args=["exports", "build", "October"]).exit_code == 2
