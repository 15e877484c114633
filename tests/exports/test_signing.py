"""Number, signature here and outside: what is accepted, what is refused, and that no byte changes."""

import io
from datetime import date, timedelta
from pathlib import Path

import pikepdf
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.database import reading, writing
from core.errors import InputError
from core.models import AuditEntry
from core.settings import Settings
from exports import attaching, numbering, operations, queries, signing
from exports.models import ExportFile, FileDigest, Publication
from scorecard.models import Edition
from tests.exports import publishing
from tests.exports.publishing import DAY, NOW, NUMBER, certificate, edition, light, officer, pdf, set_state, sign_with


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: bytes) -> str:
    """One kind of database: files matter here."""
    path = tmp_path / "test.sqlite"
    path.write_bytes(sqlite_template)
    return f"sqlite:///{path}"


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    light(monkeypatch)


def numbered() -> int:
    found = edition()
    numbering.take_number(found, NUMBER, DAY, "office", NOW)
    operations.build_edition(found, NOW)
    return found


def states(edition_id: int) -> dict[str, str]:
    reading().rollback()
    return {file.name: file.state for file in queries.files(reading(), edition_id)}


def publication(edition_id: int) -> Publication:
    reading().rollback()
    found = queries.publication_of(reading(), edition_id)
    assert found is not None
    return found


def outside(settings: Settings, content: bytes, folder: Path) -> bytes:
    """The file as somebody else's software signs it."""
    other = settings.model_copy()
    sign_with(other, certificate(folder, "Phó Chủ nhiệm thử nghiệm"))
    return signing.sign(content, other, "", "")


def rewritten(content: bytes) -> bytes:
    """The same pages, written anew by other software."""
    stream = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as document:
        document.save(stream)
    assert not stream.getvalue().startswith(content)
    return stream.getvalue()


def test_a_number_makes_the_report_final_before_it_is_published(app: Flask) -> None:
    found = numbered()
    names = states(found)
    assert names["bao-cao-hai-long-2026-10-v1.pdf"] == "stored"
    assert names["so-lieu-hai-long-2026-10-v1-DU-THAO.csv"] == "stored"  # the figures are public on the day of publication
    client = app.test_client()
    assert client.get("/reports/2026-10/report.pdf").status_code == 404
    assert client.get("/reports/files/bao-cao-hai-long-2026-10-v1.pdf").status_code == 404
    set_state(found, "published")
    operations.build_wanted(NOW)
    assert client.get("/reports/2026-10/report.pdf").data == pdf()
    assert client.get("/reports/files/bao-cao-hai-long-2026-10-v1.pdf").data == pdf()
    assert client.get("/reports/files/so-lieu-hai-long-2026-10-v1.csv").status_code == 200
    assert client.get("/reports/files/so-lieu-hai-long-2026-10-v1-DU-THAO.csv").status_code == 404


def test_who_may_have_a_number(app: Flask) -> None:
    cases = {
        edition(simulated=True): "mô phỏng",
        edition(month="2026-09", reviewed=False): "soát xét trước",
        edition("published", month="2026-08"): "soát xét trước",
        edition("superseded", month="2026-07"): "soát xét trước",
    }
    for number, words in cases.items():
        with pytest.raises(InputError, match=words):
            numbering.take_number(number, NUMBER, DAY, "office", NOW)
    assert reading().scalars(select(Publication)).all() == []


@pytest.mark.parametrize("number", ["123", "123/BC-BTP", "0/BC-VPCP", "123 /BC-VPCP", "123/bc-vpcp", "1234567/BC-VPCP", "=1/BC-VPCP"])
def test_a_number_has_the_agencys_form(app: Flask, number: str) -> None:
    with pytest.raises(InputError, match="không đúng dạng"):
        numbering.take_number(edition(), number, DAY, "office", NOW)


@pytest.mark.parametrize("day", [date(2026, 11, 17), date(2026, 12, 3)])
def test_a_report_is_dated_after_its_cut_off_and_not_far_ahead(app: Flask, day: date) -> None:
    with pytest.raises(InputError, match="phải từ ngày"):
        numbering.take_number(edition(), NUMBER, day, "office", NOW)


def test_a_number_is_used_once_a_year_and_can_be_mended_until_signed(app: Flask, settings: Settings, tmp_path: Path) -> None:
    first, second = numbered(), edition(month="2026-09")
    with pytest.raises(InputError, match="đã dùng cho kỳ 2026-10"):
        numbering.take_number(second, NUMBER, DAY, "office", NOW)
    numbering.take_number(first, "124/BC-VPCP", DAY, "office", NOW)
    assert states(first)["bao-cao-hai-long-2026-10-v1.pdf"] == "wanted"  # it is printed anew with its number
    operations.build_edition(first, NOW)
    sign_with(settings, certificate(tmp_path))
    attaching.sign_here(first, "office", NOW)
    with pytest.raises(InputError, match="đã ký"):
        numbering.take_number(first, "125/BC-VPCP", DAY, "office", NOW)


def test_a_number_mended_while_the_report_is_drawn_is_the_one_printed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    found = edition()
    numbering.take_number(found, NUMBER, DAY, "office", NOW)
    drawn: list[str] = []

    def page(session: Session, _edition: Edition) -> str:
        publication = queries.publication_of(session, found)
        assert publication is not None
        drawn.append(publication.number)
        session.rollback()
        if len(drawn) == 1:  # the clerk mends the number while the worker draws
            numbering.take_number(found, "124/BC-VPCP", DAY, "office", NOW + timedelta(seconds=9))
        return "<html></html>"

    monkeypatch.setattr(operations, "report_html", page)
    operations.build_edition(found, NOW)
    assert states(found)["bao-cao-hai-long-2026-10-v1.pdf"] == "wanted"
    operations.build_edition(found, NOW + timedelta(minutes=1))
    assert states(found)["bao-cao-hai-long-2026-10-v1.pdf"] == "stored"
    assert drawn == [NUMBER, "124/BC-VPCP"]


def test_a_version_that_was_never_issued_gives_its_number_back(app: Flask) -> None:
    first = numbered()
    with writing() as session:
        session.get_one(Edition, first).state = "superseded"  # closed again before it was published
    again = edition(version=2)
    assert numbering.take_number(again, NUMBER, DAY, "office", NOW).number == NUMBER


def test_a_number_that_stands_in_a_signed_report_is_never_free_again(app: Flask, settings: Settings, tmp_path: Path) -> None:
    first = numbered()
    sign_with(settings, certificate(tmp_path))
    attaching.sign_here(first, "office", NOW)
    with writing() as session:
        session.get_one(Edition, first).state = "superseded"  # closed again before it was published
    with pytest.raises(InputError, match="đã dùng cho kỳ 2026-10, phiên bản 1"):
        numbering.take_number(edition(version=2), NUMBER, DAY, "office", NOW)


def test_signed_here(app: Flask, settings: Settings, tmp_path: Path) -> None:
    sign_with(settings, certificate(tmp_path))
    found = numbered()
    made = attaching.sign_here(found, "office", NOW)
    assert (made.signed_way, made.signed_by, made.signers[0]["signer"]) == ("here", "office", "Văn phòng thử nghiệm")
    file = queries.named(reading(), "bao-cao-hai-long-2026-10-v1-DA-KY.pdf")
    assert file is not None
    content = (settings.data_dir / file.path).read_bytes()
    assert content.startswith(pdf())
    assert len(content) == file.size > len(pdf())
    (one,) = signing.signatures(content)
    assert one.intact
    assert one.whole
    assert one.trusted is None
    damaged = bytearray(content)
    damaged[len(pdf()) // 2] ^= 1
    assert not signing.signatures(bytes(damaged))[0].intact
    set_state(found, "published")
    operations.build_wanted(NOW)
    client = app.test_client()
    assert client.get("/reports/2026-10/report.pdf").data == content  # the signed file is the published one
    assert client.get("/reports/files/bao-cao-hai-long-2026-10-v1.pdf").data == pdf()
    assert set(reading().scalars(select(FileDigest.stage))) == {"draft", "final", "signed"}
    with pytest.raises(InputError, match="đã có bản ký"):
        attaching.sign_here(found, "office", NOW)


def test_a_signed_report_stays_accessible(app: Flask, settings: Settings, tmp_path: Path) -> None:
    import page

    path = tmp_path / "signed.pdf"
    path.write_bytes(outside(settings, pdf(), tmp_path))
    found = page.validate_pdf(str(path), profile=page.ValidationProfile.PDF_UA_1)
    assert found.is_compliant, found.failures


def test_a_time_stamp_stands_in_the_signature(app: Flask, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyhanko.sign import signers, timestamps

    stamping = certificate(tmp_path, "Dấu thời gian thử nghiệm", stamps=True)
    loaded = signers.SimpleSigner.load_pkcs12(str(stamping.path), passphrase=stamping.password.encode())
    assert loaded is not None
    asked = []

    def service(url: str, timeout: int) -> timestamps.TimeStamper:
        asked.append(url)
        return timestamps.DummyTimeStamper(tsa_cert=loaded.signing_cert, tsa_key=loaded.signing_key)

    monkeypatch.setattr(timestamps, "HTTPTimeStamper", service)
    sign_with(settings, certificate(tmp_path))
    settings.signing_timestamps = "http://127.0.0.1:9/tsa"
    (one,) = signing.signatures(signing.sign(pdf(), settings, "", ""))
    assert asked == ["http://127.0.0.1:9/tsa"]
    assert one.stamped_at


def test_without_a_time_stamp_service_nothing_is_signed(app: Flask, settings: Settings, tmp_path: Path) -> None:
    sign_with(settings, certificate(tmp_path))
    settings.signing_timestamps = "http://127.0.0.1:9/tsa"  # nobody is there
    found = numbered()
    with pytest.raises(InputError, match="Dịch vụ cấp dấu thời gian"):
        attaching.sign_here(found, "office", NOW)
    assert publication(found).signed_way is None


def test_a_certificate_that_can_not_be_used_is_said(app: Flask, settings: Settings, tmp_path: Path) -> None:
    found = numbered()
    with pytest.raises(InputError, match="attach-signed"):
        attaching.sign_here(found, "office", NOW)
    made = certificate(tmp_path)
    sign_with(settings, publishing.Certificate(made.path, "wrong", made.pem))
    with pytest.raises(InputError, match="mật khẩu"):
        attaching.sign_here(found, "office", NOW)


def test_signed_outside_with_our_bytes_unchanged(app: Flask, settings: Settings, tmp_path: Path) -> None:
    found = numbered()
    content = outside(settings, pdf(), tmp_path)
    made = attaching.attach(found, content, "clerk", NOW + timedelta(hours=1), confirmed_by="nobody needed")
    assert (made.signed_way, made.confirmed_by) == ("appended", None)
    assert made.signers[0]["signer"] == "Phó Chủ nhiệm thử nghiệm"
    assert reading().scalars(select(ExportFile.sha256).where(ExportFile.kind == "signed")).all()


def test_written_anew_it_needs_a_named_persons_word(app: Flask, settings: Settings, tmp_path: Path) -> None:
    found = numbered()
    content = outside(settings, rewritten(pdf()), tmp_path)
    with pytest.raises(InputError, match="confirmed-by") as asked:
        attaching.attach(found, content, "clerk", NOW)
    assert "Chữ trên mọi trang giống hệt" in asked.value.message_vi
    assert "Nét vẽ trên mọi trang giống hệt" in asked.value.message_vi
    with pytest.raises(InputError, match="không được"):
        attaching.attach(found, content, "clerk", NOW, confirmed_by=officer("centre", "centre"))
    made = attaching.attach(found, content, "clerk", NOW, confirmed_by=officer())
    assert (made.signed_way, made.confirmed_by) == ("compared", "office")
    entry = reading().scalars(select(AuditEntry).where(AuditEntry.action == "edition.sign")).one()
    assert entry.details["confirmed_by"] == "office"


def test_what_the_document_system_stamped_on_it_is_shown(app: Flask, settings: Settings, tmp_path: Path) -> None:
    found = numbered()
    stamped = pdf("Bảy mươi mốt phần trăm hài lòng. Đến: số 7")
    with pytest.raises(InputError) as asked:
        attaching.attach(found, outside(settings, stamped, tmp_path), "clerk", NOW)
    assert "trang 1" in asked.value.message_vi
    assert "Đến" in asked.value.message_vi
    made = attaching.attach(found, outside(settings, stamped, tmp_path), "clerk", NOW, confirmed_by=officer())
    assert [page for page, words in made.comparison.items() if words] == ["1"]


@pytest.mark.parametrize("words", ["Bảy mươi hai phần trăm hài lòng", "Hài lòng"])
def test_another_text_is_never_taken(app: Flask, settings: Settings, tmp_path: Path, words: str) -> None:
    found = numbered()
    with pytest.raises(InputError, match="Trang 1 thiếu"):
        attaching.attach(found, outside(settings, pdf(words), tmp_path), "clerk", NOW, confirmed_by=officer())
    assert publication(found).signed_way is None


def test_what_is_no_signed_report_is_refused_with_the_reason(app: Flask, settings: Settings, tmp_path: Path) -> None:
    found = numbered()
    signed = outside(settings, pdf(), tmp_path)
    damaged = bytearray(signed)
    damaged[signed.index(b"/Title") + 9] ^= 1
    with pikepdf.open(io.BytesIO(pdf())) as document:
        document.pages.append(document.pages[0])
        longer = io.BytesIO()
        document.save(longer)
    cases = {
        pdf(): "chưa ký",
        rewritten(pdf()): "không có chữ ký số",
        bytes(damaged): "không còn khớp",
        outside(settings, longer.getvalue(), tmp_path): "3 trang",
        b"": "PDF",
        b"%PDF-1.7 nothing": "PDF",
        b"PK\x03\x04" * 50: "PDF",
    }
    for content, words in cases.items():
        with pytest.raises(InputError, match=words):
            attaching.attach(found, content, "clerk", NOW, confirmed_by="office")
    assert publication(found).signed_way is None


def test_only_trusted_authorities_where_they_are_set(app: Flask, settings: Settings, tmp_path: Path) -> None:
    found = numbered()
    trusted, other = certificate(tmp_path), certificate(tmp_path, "Người lạ")
    settings.signing_roots = tmp_path / "roots.pem"
    settings.signing_roots.write_bytes(trusted.pem)
    with pytest.raises(InputError, match="không do tổ chức được cài đặt tin cậy"):
        attaching.attach(found, outside(settings, pdf(), tmp_path), "clerk", NOW)
    assert other.pem != trusted.pem


def test_two_signatures(app: Flask, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = numbered()
    once = outside(settings, pdf(), tmp_path)
    monkeypatch.setattr(signing, "FIELD", "ConDau")
    made = attaching.attach(found, outside(settings, once, tmp_path), "clerk", NOW)
    assert len(made.signers) == 2
    assert made.signed_way == "appended"


def painted(content: bytes) -> bytes:
    """The file with a white rectangle over its first page, appended as an update of its own."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    stream = io.BytesIO()
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    rectangle = writer.add_object(generic.StreamObject(stream_data=b"q 1 1 1 rg 0 0 600 900 re f Q"))
    writer.add_stream_to_page(0, rectangle)
    writer.write(stream)
    assert stream.getvalue().startswith(content)
    return stream.getvalue()


def test_what_is_painted_over_a_signed_report_is_seen(
    app: Flask, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = numbered()
    over = painted(outside(settings, pdf(), tmp_path))
    with pytest.raises(InputError, match="sửa sau khi ký"):
        attaching.attach(found, over, "clerk", NOW)
    monkeypatch.setattr(signing, "FIELD", "ConDau")
    with pytest.raises(InputError, match="sửa sau khi ký"):  # nor does a second signature cover up for the first
        attaching.attach(found, outside(settings, over, tmp_path), "clerk", NOW, confirmed_by=officer())
    assert publication(found).signed_way is None


@pytest.mark.parametrize("again", [False, True])
def test_what_is_painted_over_a_report_before_it_is_signed_is_asked_about(
    app: Flask, settings: Settings, tmp_path: Path, again: bool
) -> None:
    found = numbered()
    over = painted(pdf())
    content = outside(settings, rewritten(over) if again else over, tmp_path)
    with pytest.raises(InputError) as asked:
        attaching.attach(found, content, "clerk", NOW)
    assert ("ghi lại" in asked.value.message_vi) is again
    assert "Trang 1 được vẽ khác bản cuối" in asked.value.message_vi
    made = attaching.attach(found, content, "clerk", NOW, confirmed_by=officer())
    assert (made.signed_way, made.comparison) == ("compared", {"1": []})


@pytest.mark.parametrize(("box", "way"), [((60, 100, 260, 200), "appended"), ((60, 700, 260, 820), None)])
def test_a_signatures_picture_may_stand_beside_the_words_and_not_over_them(
    app: Flask, settings: Settings, tmp_path: Path, box: tuple[int, int, int, int], way: str | None
) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    found, made = numbered(), certificate(tmp_path)
    signer = signers.SimpleSigner.load_pkcs12(str(made.path), passphrase=made.password.encode())
    where = fields.SigFieldSpec("HinhChuKy", on_page=0, box=box)
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf()))
    content = signers.sign_pdf(writer, signers.PdfSignatureMetadata(field_name="HinhChuKy"), signer=signer, new_field_spec=where).getvalue()
    if way:
        assert attaching.attach(found, content, "clerk", NOW).signed_way == way
    else:
        with pytest.raises(InputError, match="đè lên chữ"):
            attaching.attach(found, content, "clerk", NOW)


def test_commands(app: Flask, settings: Settings, tmp_path: Path) -> None:
    runner = app.test_cli_runner()
    simulated = edition(simulated=True)
    result = runner.invoke(args=["editions", "number", "2026-10", NUMBER, "2026-11-25"])
    assert result.exit_code == 1
    assert "mô phỏng" in result.output
    set_state(simulated, "superseded")
    edition(version=2)
    assert runner.invoke(args=["editions", "number", "2026-10", NUMBER, "25/11/2026"]).exit_code == 2
    result = runner.invoke(args=["editions", "attach-signed", str(tmp_path)])
    assert result.exit_code == 2
    path = tmp_path / "signed.pdf"
    path.write_bytes(outside(settings, pdf(), tmp_path))
    result = runner.invoke(args=["editions", "attach-signed", str(path)])
    assert "Hãy lấy số trước" in result.output


def test_the_whole_way_by_commands(app: Flask, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exports.cli.utc_now", lambda: NOW)
    runner = app.test_cli_runner()
    edition()
    result = runner.invoke(args=["editions", "number", "2026-10", NUMBER, "2026-11-25", "--as", "office"])
    assert result.exit_code == 0, result.output
    assert "stored\tbao-cao-hai-long-2026-10-v1.pdf" in result.output
    path = tmp_path / "signed.pdf"
    path.write_bytes(outside(settings, pdf(), tmp_path))
    result = runner.invoke(args=["editions", "attach-signed", str(path), "--as", "office"])
    assert result.exit_code == 0, result.output
    assert f"signed (appended): {NUMBER}, Phó Chủ nhiệm thử nghiệm" in result.output
    result = runner.invoke(args=["editions", "rebuild", "2026-10"])
    assert result.exit_code == 0, result.output
    assert result.output.count("identical\t") == 6
