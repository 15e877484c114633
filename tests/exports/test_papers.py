"""Papers made on request: a province's report, a commune's sheet, the draft for circulation; who may ask for them and see them."""

import io
import re
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from flask import Flask, g
from flask_babel import force_locale
from flask_login import login_user

from core.accounts import add_user
from core.database import reading, writing
from core.errors import InputError
from core.models import User
from exports import circulation, operations, papers, report_views
from exports.composition import compose
from exports.models import ExportFile
from exports.names import CIRCULATION, ENGLISH, PLACE
from exports.render import Rendered, Renderer, render
from exports.report import gather
from scorecard.models import Edition
from scorecard.release import Paper
from scorecard.workflow_models import EditionStep
from tests.conftest import PASSWORD, log_in
from tests.exports.test_operations import NOW, PDF, edition, states
from tests.exports.test_report import NEVER, edition_of, flat, pdf_pages
from tests.scorecard import small


@pytest.fixture(scope="module")
def pages(country: Flask) -> Iterator[papers.PlacePages]:
    """The places of the small country."""
    with country.app_context():
        yield papers.PlacePages(reading(), edition_of(country))


def checked(page: str, tmp_path: Path) -> list[str]:
    """The pages of a paper that passes for PDF/UA."""
    import page as validation

    rendered = render(page)
    path = tmp_path / "paper.pdf"
    path.write_bytes(rendered.content)
    found = validation.validate_pdf(str(path), profile=validation.ValidationProfile.PDF_UA_1)
    assert found.is_compliant, found.failures
    return pdf_pages(rendered.content)


def test_a_provinces_report(pages: papers.PlacePages, tmp_path: Path) -> None:
    html = pages.page("79")
    found = checked(html, tmp_path)
    assert 4 <= len(found) <= 6
    text = flat(" ".join(found))
    for words in ("BÁO CÁO ĐỊA PHƯƠNG", "Thành phố Hồ Chí Minh", "I. KẾT QUẢ CỦA KỲ", "VII. CÁC ĐƠN VỊ", "IX. Ý KIẾN CỦA ĐỊA PHƯƠNG"):
        assert words in text
    for words in (*NEVER, "VĂN PHÒNG CHÍNH PHỦ"):
        assert words not in text
    for caption in re.findall(r"<(?:caption|figcaption)>(.*?)</(?:caption|figcaption)>", html, re.DOTALL):
        assert "SỐ LIỆU MÔ PHỎNG" in caption


def test_a_ministry_has_one_too(pages: papers.PlacePages) -> None:
    assert "Bộ Công an" in pages.page("G01")


def test_a_communes_sheet_is_one_page(pages: papers.PlacePages, tmp_path: Path) -> None:
    found = checked(pages.page("00004"), tmp_path)
    assert len(found) == 1
    assert "PHIẾU KẾT QUẢ CẤP XÃ" in found[0]
    assert "Phường Ba Đình, Thành phố Hà Nội" in flat(found[0])


def test_a_sheet_with_everything_is_still_one_page(country: Flask) -> None:
    """The longest sheet of the country: the commune with the most findings."""
    from scorecard import queries

    with country.app_context():
        found = edition_of(country)
        busiest = max(
            (unit for unit in queries.units_to_press(reading(), found, "01") if unit.unit_code.isdigit()),
            key=lambda unit: len(queries.gaps(reading(), found, unit.unit_code)),
        )
        assert render(papers.PlacePages(reading(), found).page(busiest.unit_code)).pages == 1


def test_the_draft_for_circulation_opens_and_says_what_it_is(country: Flask) -> None:
    import docx

    with country.app_context(), force_locale("vi"):
        context = compose(gather(reading(), edition_of(country)))
        content = circulation.draft(context)
        again = circulation.draft(context)
    assert content == again
    document = docx.Document(io.BytesIO(content))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "DỰ THẢO để lấy ý kiến" in text
    assert "SỐ LIỆU MÔ PHỎNG" in text
    assert "SỐ LIỆU MÔ PHỎNG" in document.sections[0].header.paragraphs[0].text
    assert "**" not in text
    heads = [paragraph.text for paragraph in document.paragraphs if (paragraph.style and paragraph.style.name == "Heading 2")]
    assert heads[:2] == ["TÓM TẮT", "I. Phạm vi, nguồn và độ phủ số liệu"]
    assert len(document.tables) > 25
    assert all("w:tblHeader" in table.rows[0]._tr.xml for table in document.tables)
    assert all(shape._inline.docPr.get("descr") for shape in document.inline_shapes)
    assert document.core_properties.author == ""


@pytest.fixture
def units(app: Flask) -> Flask:
    """An installation with a few units and no dossiers."""
    small.build([])
    return app


@pytest.fixture(autouse=True)
def _light(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "units" in request.fixturenames:
        monkeypatch.setattr(papers.PlacePages, "page", lambda _self, code: f"<html>{code}</html>")
        monkeypatch.setattr(Renderer, "render", lambda _self, page: Rendered(PDF + page.encode(), 5))
        monkeypatch.setattr(papers, "report_html", lambda _session, _edition, _language: "<html></html>")


def test_places_are_built_beside_each_other_and_each_gets_its_own(units: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2, timeout=20)

    def slow(_self: object, page: str) -> Rendered:
        both.wait()  # goes on only when a second one is being rendered at the same time
        return Rendered(PDF + page.encode(), 5)

    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(Renderer, "render", slow)
    number = edition()
    assert papers.want(number, PLACE, ["01", "46"], "office", NOW) == 2
    assert operations.build_edition(number, NOW) == {"stored": 2}
    client = units.test_client()
    assert client.get("/reports/2026-10/places/01.pdf").data == PDF + b"<html>01</html>"
    assert client.get("/reports/2026-10/places/46.pdf").data == PDF + b"<html>46</html>"
    assert sorted(states(number)) == [
        "bao-cao-dia-phuong-01-2026-10-v1-MO-PHONG.pdf",
        "bao-cao-dia-phuong-46-2026-10-v1-MO-PHONG.pdf",
    ]


def test_one_place_that_fails_keeps_no_other_back(units: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_self: object, code: str) -> str:
        if code == "01":
            raise ValueError("no such figure")
        return "<html></html>"

    monkeypatch.setattr(papers.PlacePages, "page", broken)
    number = edition()
    papers.want(number, PLACE, ["01", "46", "00004"], "office", NOW)
    assert operations.build_edition(number, NOW) == {"failed": 1, "stored": 2}
    monkeypatch.setattr(papers.PlacePages, "page", lambda _self, _code: "<html></html>")
    assert papers.want(number, PLACE, ["01", "46"], "office", NOW) == 1  # the failed one again; what is published stays


def test_what_may_not_be_asked_for(units: Flask) -> None:
    with pytest.raises(InputError, match="không có báo cáo riêng"):
        papers.want(edition(), PLACE, ["H26.02"], "office", NOW)
    with pytest.raises(InputError, match="không còn bản lấy ý kiến"):
        papers.want(edition(month="2026-09"), CIRCULATION, [""], "office", NOW)
    with pytest.raises(InputError, match="đã chốt hoặc đã công bố"):
        papers.want(edition("running", version=0), ENGLISH, [""], "office", NOW)


def test_who_sees_a_drafts_papers(units: Flask) -> None:
    """A draft is seen by the office; by a centre its own only, and only while it is asked about it; by nobody else."""
    number = edition("closed")
    papers.want(number, PLACE, ["01", "46"], "office", NOW)
    operations.build_edition(number, NOW)
    for login, role, unit in (("hanoi", "centre", "H26.01"), ("hue", "centre", "46"), ("office", "office", None)):
        add_user(login, login, role, PASSWORD, unit_code=unit)
    clients = {login: units.test_client() for login in ("hanoi", "hue", "office")}
    for login, client in clients.items():
        log_in(client, login)
    address = "/reports/2026-10/places/01.pdf"

    def answers() -> dict[str, int]:
        found = {}
        for login, client in clients.items():
            g.pop("_login_user", None)  # the fixture's context outlives a request, and flask-login keeps the person there
            found[login] = client.get(address).status_code
        g.pop("_login_user", None)
        return found

    assert answers() == {"hanoi": 404, "hue": 404, "office": 200}
    with writing() as session:
        session.add(EditionStep(edition_id=number, stage="in_comment", at=NOW, by="office", due_on=date(2026, 11, 24)))
    assert answers() == {"hanoi": 200, "hue": 404, "office": 200}
    assert units.test_client().get(address).status_code == 404
    g.pop("_login_user", None)
    assert clients["hue"].post(address.removesuffix(".pdf")).status_code == 403
    g.pop("_login_user", None)
    assert clients["hanoi"].post(address.removesuffix(".pdf")).status_code == 302


def test_a_places_paper_is_offered_to_whom_it_belongs(units: Flask) -> None:
    number = edition()
    add_user("hanoi", "hanoi", "centre", PASSWORD, unit_code="01")

    def seen(login: str | None, code: str = "01") -> Paper:
        with units.test_request_context():
            if login:
                login_user(reading().query(User).filter_by(login=login).one())
            return report_views.paper(reading().get_one(Edition, number), code)

    ask = "/reports/2026-10/places/01"
    assert seen(None) == Paper()
    assert seen("hanoi") == Paper(ask=ask)
    assert seen("hanoi", "46") == Paper()
    assert seen("hanoi", "VN") == Paper()
    papers.want(number, PLACE, ["01"], "hanoi", NOW)
    waiting = seen("hanoi")
    assert "đang dựng" in waiting.state
    assert not waiting.ask
    operations.build_edition(number, NOW)
    assert seen(None) == seen("hanoi") == Paper(address=f"{ask}.pdf")


def test_a_places_page_leads_to_its_paper_or_lets_its_people_ask_for_it(country: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = country.test_client()
    monkeypatch.setitem(country.extensions, "paper", lambda edition, code: Paper(address=f"/reports/{edition.month}/places/{code}.pdf"))
    assert '<a class="tall" href="/reports/2026-10/places/01.pdf">Báo cáo của nơi này (PDF)</a>' in client.get("/localities/01").text
    monkeypatch.setitem(country.extensions, "paper", lambda edition, code: Paper(ask=f"/reports/{edition.month}/places/{code}"))
    page = client.get("/localities/00004?month=2026-10").text
    assert '<form method="post" action="/reports/2026-10/places/00004">' in page
    assert 'name="back" value="/localities/00004?month=2026-10"' in page
    assert "Phiếu một trang của nơi này (PDF)" in page


def test_the_office_asks_for_everything_at_once(units: Flask) -> None:
    number = edition("closed")
    add_user("office", "Office", "office", PASSWORD)
    client = units.test_client()
    log_in(client, "office")
    assert client.post("/office/report/2026-10/papers").status_code == 302
    kinds = [file.kind for file in reading().query(ExportFile).filter_by(edition_id=number)]
    assert sorted(kinds) == [CIRCULATION, ENGLISH, PLACE, PLACE, PLACE]
    page = client.get("/office/report/2026-10").text
    assert "chờ dựng" in page
    assert client.get("/reports/2026-10/english.pdf").status_code == 404
    assert reading().get(Edition, number) is not None
