"""Any file, dropped: what is said of it, and that nothing of it stays."""

import io
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from core.database import get_engine, reading
from core.settings import Settings
from core.web import limiter
from exports import attaching, numbering, operations, signing, verifying
from exports.models import FileDigest
from tests.exports.publishing import DAY, NOW, NUMBER, certificate, edition, light, pdf, set_state, sign_with


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: bytes) -> str:
    """One kind of database: files matter here."""
    path = tmp_path / "test.sqlite"
    path.write_bytes(sqlite_template)
    return f"sqlite:///{path}"


OTHER = "Một câu khác hẳn"


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    light(monkeypatch)


def drop(client: FlaskClient, content: bytes, language: str = "vi") -> str:
    """The verdict's first sentence, and whatever stands in boxes."""
    with client.application.app_context():  # of its own, as every request has: the language is kept in it
        answer = client.post(f"/verify?lang={language}", data={"file": (io.BytesIO(content), "x.pdf")})
    assert answer.status_code == 200, answer.text
    found = re.search(r'<section class="verdict.*?</section>', answer.text, re.DOTALL)
    assert found is not None
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found.group()))


def signed_edition(settings: Settings, folder: Path) -> tuple[int, bytes]:
    sign_with(settings, certificate(folder))
    found = edition()
    numbering.take_number(found, NUMBER, DAY, "office", NOW)
    operations.build_edition(found, NOW)
    attaching.sign_here(found, "office", NOW)
    path = settings.data_dir / "reports" / "2026-10-v1" / "bao-cao-hai-long-2026-10-v1-DA-KY.pdf"
    return found, path.read_bytes()


def test_each_kind_of_file_is_told_in_words(app: Flask, client: FlaskClient, settings: Settings, tmp_path: Path) -> None:
    found = edition()
    operations.want_report(found, "office", NOW)
    operations.build_edition(found, NOW)
    drafted = pdf()
    assert "Đây là một bản dự thảo của tháng 10/2026, phiên bản 1" in drop(client, drafted)
    set_state(found, "superseded")
    other, content = signed_edition_of(settings, tmp_path)
    assert "Đây là bản cuối chưa ký" in drop(client, pdf(OTHER))
    set_state(other, "published")
    operations.build_wanted(NOW)
    said = drop(client, content)
    assert "Đúng: đây là báo cáo đã ký tháng 09/2026, phiên bản 1, không khác một byte nào." in said
    assert NUMBER in said
    assert "Văn phòng thử nghiệm" in said
    assert "bản không có chữ ký số" in drop(client, pdf(OTHER))
    data = (settings.data_dir / "reports" / "2026-09-v1" / "so-lieu-hai-long-2026-09-v1.csv").read_bytes()
    assert "Đúng: đây là tệp số liệu tháng 09/2026" in drop(client, data)
    assert "Genuine: this is the signed report of September 2026, version 1" in drop(client, content, "en")
    assert "Đây không phải tệp do nơi này công bố" in drop(client, b"anything else")


def signed_edition_of(settings: Settings, folder: Path) -> tuple[int, bytes]:
    """A signed September, whose report says something else."""
    with pytest.MonkeyPatch.context() as patch:
        light(patch, pdf(OTHER))
        sign_with(settings, certificate(folder))
        found = edition(month="2026-09")
        numbering.take_number(found, NUMBER, DAY, "office", NOW)
        operations.build_edition(found, NOW)
        attaching.sign_here(found, "office", NOW)
    path = settings.data_dir / "reports" / "2026-09-v1" / "bao-cao-hai-long-2026-09-v1-DA-KY.pdf"
    return found, path.read_bytes()


@pytest.mark.parametrize("place", [0, 1000, -1])
def test_one_changed_byte_is_found(app: Flask, client: FlaskClient, settings: Settings, tmp_path: Path, place: int) -> None:
    found, content = signed_edition(settings, tmp_path)
    set_state(found, "published")
    operations.build_wanted(NOW)
    changed = bytearray(content)
    changed[place] ^= 1
    said = drop(client, bytes(changed))
    assert "Tệp này đã bị thay đổi: giống bao-cao-hai-long-2026-10-v1-DA-KY.pdf nhưng khác 1 byte" in said
    position = f"{place % len(content) + 1:,}".replace(",", ".")
    assert f"ở vị trí {position}." in said
    assert "Đúng" not in said


def test_what_follows_our_bytes_is_told(app: Flask, client: FlaskClient, settings: Settings, tmp_path: Path) -> None:
    found, content = signed_edition(settings, tmp_path)
    set_state(found, "published")
    said = drop(client, content + b"\n%more")
    assert "bắt đầu đúng như bao-cao-hai-long-2026-10-v1-DA-KY.pdf" in said
    assert "6 byte" in said
    elsewhere = settings.model_copy()
    sign_with(elsewhere, certificate(tmp_path, "Người khác"))
    assert "bắt đầu đúng như bao-cao-hai-long-2026-10-v1.pdf" in drop(client, signing.sign(pdf(), elsewhere, "", ""))


def test_a_cut_off_file_is_not_ours(app: Flask, client: FlaskClient, settings: Settings, tmp_path: Path) -> None:
    _found, content = signed_edition(settings, tmp_path)
    assert "mà nơi công bố không biết" in drop(client, content[:-1])  # our unsigned report, and a piece of a signature
    assert "Đây không phải tệp do nơi này công bố" in drop(client, pdf()[:-1])


def test_a_superseded_version_says_by_which(app: Flask, client: FlaskClient, settings: Settings, tmp_path: Path) -> None:
    found, content = signed_edition(settings, tmp_path)
    set_state(found, "published")
    operations.build_wanted(NOW)
    set_state(found, "superseded")
    edition("published", version=2)
    said = drop(client, content)
    assert "báo cáo đã ký tháng 10/2026, phiên bản 1" in said
    assert "đã được thay bằng phiên bản 2, công bố ngày 25/11/2026" in said


def test_a_draft_that_was_replaced_is_still_known(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    found = edition()
    operations.want_report(found, "office", NOW)
    operations.build_edition(found, NOW)
    light(monkeypatch, pdf(OTHER))
    operations.want_report(found, "office", NOW)
    operations.build_edition(found, NOW)
    for content in (pdf(), pdf(OTHER)):
        assert "bản dự thảo" in drop(client, content)


def test_simulated_files_say_so(app: Flask, client: FlaskClient) -> None:
    edition("published", simulated=True)
    operations.build_wanted(NOW)
    assert "SỐ LIỆU MÔ PHỎNG" in drop(client, pdf())


def test_nothing_of_a_file_stays(app: Flask, client: FlaskClient, settings: Settings) -> None:
    secret = b"a document of somebody's own " * 10_000
    assert "Đây không phải tệp" in drop(client, secret)
    for path in settings.data_dir.parent.rglob("*"):
        assert not path.is_file() or secret[:29] not in path.read_bytes()
    with get_engine().connect():
        assert reading().scalar(select(func.count()).select_from(FileDigest)) == 0


@pytest.mark.parametrize(("content", "status", "words"), [(b"", 400, "tệp rỗng"), (b"x" * 5000, 413, "lớn hơn")], ids=["empty", "large"])
def test_limits(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, content: bytes, status: int, words: str) -> None:
    monkeypatch.setattr(verifying, "LARGEST", 500)
    monkeypatch.setattr("exports.verify_views.AROUND", 400)
    answer = client.post("/verify", data={"file": (io.BytesIO(content), "x")})
    assert answer.status_code == status
    assert words in answer.text
    assert client.post("/verify").status_code == 400


def test_too_many_looks_are_refused(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "enabled", True)
    limiter.reset()
    client = app.test_client()
    statuses = [client.get("/verify").status_code for _ in range(31)]
    assert statuses[:30] == [200] * 30
    assert statuses[30] == 429
    limiter.reset()


def test_by_digest_alone(app: Flask, client: FlaskClient, settings: Settings, tmp_path: Path) -> None:
    found, _content = signed_edition(settings, tmp_path)
    set_state(found, "published")
    operations.build_wanted(NOW)
    sums = client.get("/verify/SHA256SUMS").text
    digest, name = next(line.split("  ") for line in sums.splitlines() if "DA-KY" in line)
    assert name == "bao-cao-hai-long-2026-10-v1-DA-KY.pdf"
    assert "báo cáo đã ký tháng 10/2026" in client.get(f"/verify?sha256={digest}").text
    assert "báo cáo đã ký tháng 10/2026" in client.get(f"/verify?sha256=%20{digest.upper()}").text
    assert "Đây không phải tệp" in client.get(f"/verify?sha256={'0' * 64}").text
    assert client.get("/verify?sha256=xyz").status_code == 400
    page = client.get("/verify/digests").text
    assert name in page
    assert digest in page.replace("<wbr>", "")
    assert "DU-THAO" not in page


def test_digests_of_drafts_are_not_told(app: Flask, client: FlaskClient) -> None:
    found = edition()
    numbering.take_number(found, NUMBER, DAY, "office", NOW)
    operations.build_edition(found, NOW)
    set_state(found, "superseded")  # replaced before anybody saw it
    with_time_of_publication_taken_back(found)
    assert client.get("/verify/SHA256SUMS").text == ""
    assert "Chưa có tệp nào được công bố" in client.get("/verify/digests").text


def with_time_of_publication_taken_back(edition_id: int) -> None:
    from core.database import writing
    from scorecard.models import Edition

    with writing() as session:
        session.get_one(Edition, edition_id).published_at = None


def test_counting_what_differs() -> None:
    ours = bytes(200_000)
    other = bytearray(ours)
    other[70_000] = other[199_999] = 1
    assert verifying.count_differing(ours, bytes(other)) == (2, 70_001)
    assert verifying.count_differing(ours, ours) == (0, 0)
