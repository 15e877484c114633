"""The pages for the office, files at their own addresses, rebuilding: on both kinds of database."""

import gzip
import hashlib
import io
import json
from pathlib import Path

import pikepdf
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask
from flask.testing import FlaskClient

from core.database import reading, writing
from core.errors import InputError
from core.settings import Settings
from exports import attaching, data, environment, monitoring, numbering, operations, queries, rebuilding, signing
from exports.render import Rendered
from scorecard import operations as scorecard
from scorecard import workflow
from scorecard.models import Edition
from scorecard.workflow_models import EditionStep
from tests.conftest import log_in
from tests.exports.publishing import DAY, NOW, NUMBER, certificate, edition, light, officer, pdf, published, set_state, sign_with
from tests.exports.receiving import receiving


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    light(monkeypatch)


def test_from_the_number_to_the_receipt_by_the_offices_page(
    app: Flask, client: FlaskClient, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exports.publication_views.utc_now", lambda: NOW)
    key = tmp_path / "key.pem"
    key.write_bytes(Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    settings.monitoring_key = key
    found = edition()
    officer()
    log_in(client, "office")
    base = f"/office/publication/{found}"
    assert "đã soát xét, chờ lấy số" in client.get("/office/publication").text
    answer = client.post(f"{base}/number", data={"number": "x", "dated_on": "2026-11-25"}, follow_redirects=True)
    assert "không đúng dạng" in answer.text
    assert "Cột number" not in answer.text  # a form has no columns
    assert "ngày không đúng" in client.post(f"{base}/number", data={"number": NUMBER, "dated_on": ""}, follow_redirects=True).text
    answer = client.post(f"{base}/number", data={"number": NUMBER, "dated_on": "2026-11-25"}, follow_redirects=True)
    assert "Đã lấy số" in answer.text
    operations.build_wanted(NOW)
    assert "đã lấy số, chờ ký" in client.get("/office/publication").text
    sign_with(settings, certificate(tmp_path))
    content = signing.sign(pdf(), settings, "", "")
    settings.signing_certificate = None
    with (tmp_path / "signed.pdf").open("w+b") as file:
        file.write(content)
        file.seek(0)
        answer = client.post(f"{base}/signed", data={"file": (file, "signed.pdf")}, follow_redirects=True)
    assert "chờ đối chiếu" in answer.text
    assert operations.build_wanted(NOW) == {"stored": 1}
    assert "đã ký, chờ công bố" in client.get("/office/publication").text
    set_state(found, "published")
    operations.build_wanted(NOW)
    with receiving() as receiver:
        settings.monitoring_url = receiver.url
        assert "Đã ghi yêu cầu gửi" in client.post(f"{base}/send", follow_redirects=True).text
        assert monitoring.send_due(NOW) == {"received": 1}
    page = client.get("/office/publication").text
    assert "NQ57-1" in page
    assert "bao-cao-hai-long-2026-10-v1-DA-KY.pdf" in page
    assert client.get("/reports/files/bao-cao-hai-long-2026-10-v1-DA-KY.pdf").data == content


def test_a_report_is_published_with_its_number_and_signed_or_with_a_reason(
    app: Flask, client: FlaskClient, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = edition()
    for login in ("office", "second"):
        officer(login)
    with writing() as session:
        for stage in ("cut_off", "computed", "in_comment", "reviewed"):
            session.add(EditionStep(edition_id=found, stage=stage, at=NOW, by="office"))
    with pytest.raises(InputError, match="chưa lấy số"):
        scorecard.publish(found, "second", NOW, unsigned="Chữ ký sẽ được bổ sung sau.")
    numbering.take_number(found, NUMBER, DAY, "office", NOW)
    with pytest.raises(InputError, match="bản cuối của báo cáo chưa dựng xong"):
        scorecard.publish(found, "second", NOW, unsigned="Chữ ký sẽ được bổ sung sau.")
    operations.build_wanted(NOW)
    with pytest.raises(InputError, match="chưa có chữ ký"):
        scorecard.publish(found, "second", NOW)
    monkeypatch.setattr("scorecard.workflow_views.utc_now", lambda: NOW)
    log_in(client, "second")
    page = client.get("/office?month=2026-10").text
    assert 'name="unsigned"' in page
    assert client.post(f"/office/editions/{found}/publish", follow_redirects=True).status_code == 400
    answer = client.post(f"/office/editions/{found}/publish", data={"unsigned": "Máy ký hỏng, ký sau."}, follow_redirects=True)
    assert "Đã công bố" in answer.text
    step = workflow.steps(reading(), found)["published"]
    assert (step.by, step.reason) == ("second", "Máy ký hỏng, ký sau.")


@pytest.fixture
def numbered(app: Flask, client: FlaskClient, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """An edition whose final report waits for its signature, with an officer logged in and a certificate at hand."""
    monkeypatch.setattr("exports.publication_views.utc_now", lambda: NOW)
    found = edition()
    officer()
    log_in(client, "office")
    numbering.take_number(found, NUMBER, DAY, "office", NOW)
    operations.build_wanted(NOW)
    sign_with(settings, certificate(tmp_path))
    return found


def test_a_file_that_cannot_be_the_signed_report_is_told_and_another_may_follow(
    numbered: int, client: FlaskClient, settings: Settings
) -> None:
    found = numbered
    right = signing.sign(pdf(), settings, "", "")
    for content, said in (
        (b"%PDF-1.7 nothing", "chưa nhận"),
        (signing.sign(pdf("Tám mươi phần trăm"), settings, "", ""), "Nội dung khác bản cuối"),
    ):
        client.post(f"/office/publication/{found}/signed", data={"file": (io.BytesIO(content), "signed.pdf")})
        assert operations.build_wanted(NOW) == {"failed": 1}
        assert said in client.get("/office/publication").text
        assert attaching.awaiting().id == found
    client.post(f"/office/publication/{found}/signed", data={"file": (io.BytesIO(right), "signed.pdf")})
    assert operations.build_wanted(NOW) == {"stored": 1}
    stored = queries.stored(reading(), reading().get_one(Edition, found), "report", "pdf")
    assert stored is not None
    assert stored.sha256 == hashlib.sha256(right).hexdigest()


def test_a_file_that_was_written_anew_is_confirmed_without_a_second_upload(numbered: int, client: FlaskClient, settings: Settings) -> None:
    found = numbered
    stream = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf())) as document:
        document.save(stream)
    content = signing.sign(stream.getvalue(), settings, "", "")
    base, digest = f"/office/publication/{found}", hashlib.sha256(content).hexdigest()
    client.post(f"{base}/signed", data={"file": (io.BytesIO(content), "signed.pdf")})
    assert client.get(f"{base}/handed-over.pdf").status_code == 404  # nobody is asked yet
    assert operations.build_wanted(NOW) == {"failed": 1}
    page = client.get("/office/publication").text
    assert "Nét vẽ trên mọi trang giống hệt" in page
    assert "Cột confirmed_by" not in page
    assert f'action="{base}/signed/confirm"' in page
    assert client.get(f"{base}/handed-over.pdf").data == content
    wrong = client.post(f"{base}/signed/confirm", data={"sha256": "0" * 64}, follow_redirects=True)
    assert "không còn chờ xác nhận" in wrong.text
    client.post(f"{base}/signed/confirm", data={"sha256": digest})
    assert operations.build_wanted(NOW) == {"stored": 1}
    reading().rollback()
    known = queries.publication_of(reading(), found)
    assert known is not None
    assert (known.signed_way, known.signed_by, known.confirmed_by) == ("compared", "office", "office")
    assert "không còn chờ xác nhận" not in client.get("/office/publication").text
    assert client.get(f"{base}/handed-over.pdf").status_code == 404


def test_a_signed_report_needs_no_reason(app: Flask, settings: Settings, tmp_path: Path) -> None:
    found = edition()
    for login in ("office", "second"):
        officer(login)
    numbering.take_number(found, NUMBER, DAY, "office", NOW)
    operations.build_wanted(NOW)
    sign_with(settings, certificate(tmp_path))
    attaching.sign_here(found, "office", NOW)
    scorecard.publish(found, "second", NOW)
    assert workflow.steps(reading(), found)["published"].reason == ""


def test_a_simulated_edition_can_do_none_of_it(app: Flask, client: FlaskClient) -> None:
    found = edition(simulated=True)
    officer()
    log_in(client, "office")
    page = client.get("/office/publication").text
    assert "không lấy số, không ký, không gửi" in page
    assert "/number" not in page
    for deed, words in (
        ("number", "mô phỏng"),
        ("sign", "mô phỏng"),
        ("signed", "mô phỏng"),
        ("send", "mô phỏng"),
        ("by-hand", "mô phỏng"),
    ):
        given = {"number": NUMBER, "dated_on": "2026-11-25", "receipt": "abc"}
        answer = client.post(f"/office/publication/{found}/{deed}", data=given, follow_redirects=True)
        assert words in answer.text, deed
    assert client.get(f"/office/publication/{found}/package.zip").status_code == 400
    assert client.post("/office/publication/999/send").status_code == 404


def test_every_published_version_keeps_its_own_address(app: Flask, client: FlaskClient) -> None:
    first = published()
    set_state(first, "superseded")
    drafted = edition(version=2)
    operations.want_report(drafted, "office", NOW)
    operations.build_edition(drafted, NOW)
    assert client.get("/reports/files/bao-cao-hai-long-2026-10-v1.pdf").data == pdf()
    assert client.get("/reports/files/bao-cao-hai-long-2026-10-v2-DU-THAO.pdf").status_code == 404
    assert client.get("/reports/files/../../etc/passwd").status_code == 404
    assert client.get("/reports/files/nothing.pdf").status_code == 404
    officer()
    log_in(client, "office")
    assert client.get("/reports/files/bao-cao-hai-long-2026-10-v2-DU-THAO.pdf").data == pdf()


def test_rebuilding_says_what_differs(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    found = published()
    assert all(one.identical for one in rebuilding.rebuild(found))
    folder = settings.data_dir / "reports" / "2026-10-v1"
    with monkeypatch.context() as patch:  # the words are the same; a font is not
        patch.setattr(operations, "render", lambda _html: Rendered(pdf("Khác"), 2))
        patch.setattr(environment, "here", lambda: {"fonts": {"LiberationSerif-Bold.ttf": "0" * 64}})
        (report,) = (one for one in rebuilding.rebuild(found) if not one.identical)
        assert report.differences[0] == "the report's page is the same; only its drawing differs"
        assert any(line.startswith("built with another fonts.LiberationSerif-Bold.ttf: ") for line in report.differences)
        assert any(line.startswith("built with another lock: ") for line in report.differences)
    with monkeypatch.context() as patch:  # it can not be made at all: the other files are compared all the same

        def broken(_html: str) -> Rendered:
            raise InputError("Chưa dựng được.", "It could not be made.")

        patch.setattr(operations, "render", broken)
        (report,) = (one for one in rebuilding.rebuild(found) if not one.identical)
        assert report.differences == ["it can not be made again: It could not be made."]
    with monkeypatch.context() as patch:  # the words are others
        patch.setattr(operations, "report_html", lambda _session, _edition: "<html>\nother\n</html>")
        patch.setattr(operations, "render", lambda _html: Rendered(pdf("Khác"), 2))
        (report,) = (one for one in rebuilding.rebuild(found) if not one.identical)
        assert "+ other" in report.differences
    with monkeypatch.context() as patch:  # a figure is another
        row = dict.fromkeys(data.COLUMNS, "") | {"month": "2026-10", "simulated": False}
        patch.setattr(data, "rows", lambda _session, _edition: [row])
        names = {one.name.rsplit(".", 1)[1]: one for one in rebuilding.rebuild(found) if not one.identical}
        assert set(names) == {"csv", "json", "xlsx"}
        assert any(line.startswith("xl/worksheets/sheet") for line in names["xlsx"].differences)
        assert names["csv"].differences[0].startswith("+ 2026-10,")
    stored = folder / "so-lieu-hai-long-2026-10-v1.json"
    stored.write_bytes(stored.read_bytes().replace(b"2026", b"2027", 1))
    (folder / "so-lieu-hai-long-2026-10-v1.xlsx").unlink()
    told = {one.name.rsplit(".", 1)[1]: one.differences for one in rebuilding.rebuild(found) if not one.identical}
    assert told["json"][0].startswith("the stored bytes changed")
    assert told["xlsx"] == ["missing on disk: reports/2026-10-v1/so-lieu-hai-long-2026-10-v1.xlsx"]
    result = app.test_cli_runner().invoke(args=["editions", "rebuild", "2026-10"])
    assert result.exit_code == 1
    assert "DIFFERENT\tso-lieu-hai-long-2026-10-v1.json" in result.output


def test_what_built_a_file_is_kept_with_it(app: Flask, settings: Settings) -> None:
    from core.database import reading
    from exports import queries

    found = published()
    (report, *_others) = queries.files(reading(), found)
    assert {"lock", "program", "system", "python", "packages", "fonts"} <= set(report.built_with)
    assert len(report.built_with["lock"]) == 64
    assert any(name.startswith("LiberationSerif-Regular") for name in report.built_with["fonts"])
    assert json.dumps(report.built_with)
    page = settings.data_dir / "reports" / "2026-10-v1" / "bao-cao-hai-long-2026-10-v1.html.gz"
    assert gzip.decompress(page.read_bytes()) == b"<html></html>"
