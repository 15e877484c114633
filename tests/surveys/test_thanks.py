"""What somebody gets back who was asked for more papers, where people complain, and what the notice says."""

import re
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from core.database import reading, writing
from core.errors import InputError
from core.settings import Settings
from procedures.asked_papers import AskedPaper, asked_papers, legal_basis
from procedures.models import RegisterConnection, StateRegister
from surveys import contacts, pages, posters
from tests.surveys.form import LONG_NAME, put_catalogue
from tests.surveys.helpers import NOW, PROCEDURE, invited

TODAY = date(2026, 11, 22)
HANOI = ("00004", "01")
RIGHT = "một phiếu ghi đủ, một lần"


@pytest.fixture
def catalogue(app: Flask) -> None:
    put_catalogue()


def thanks(client: FlaskClient, token: str, **said: str) -> str:
    """The page after saying this on the first screen of facts."""
    client.post(f"/s/{token}", data={"rating": "2", "clarity": "2"})
    here = client.post(f"/s/{token}/more", data=said).location
    while "thanks" not in here:
        here = client.post(here, data={}).location
    return client.get(here).text


def says(page: str) -> str:
    """What is read on a page."""
    page = re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_who_was_asked_for_papers_is_told_what_the_state_has_already(catalogue: None, client: FlaskClient) -> None:
    page = says(thanks(client, invited(supplements=0), supplement_count="1"))
    assert (
        "Không phải nộp lại: Giấy chứng nhận kết hôn : Cơ sở dữ liệu hộ tịch điện tử, Bộ Tư pháp, công bố từ 10/12/2025 (QĐ 3458/QĐ-BTP)."
        in page
    )
    assert "có thể chưa tra cứu được: Thẻ căn cước của cha, mẹ ." in page
    assert "Căn cứ: NĐ 118/2025/NĐ-CP, Điều 4 khoản 2a (NĐ 309/2026/NĐ-CP), áp dụng từ 05/08/2026." in page
    assert "Giấy chứng sinh" in page
    assert RIGHT in page
    assert "không phải là đơn và không làm phát sinh vụ việc" in page
    assert "Trang này không xem xét hồ sơ của Ông/Bà." in page
    assert "Phản ánh, kiến nghị trên Cổng Dịch vụ công quốc gia" in page


@pytest.mark.parametrize(
    ("invitation", "said", "with_papers"),
    [
        ({"supplements": 0}, {"supplement_count": "0", "asked_again": "no"}, False),
        ({"supplements": 0}, {}, False),
        ({"supplements": 0}, {"asked_again": "yes"}, True),
        ({"supplements": 1}, {}, True),
        ({"end_point": "supplement", "occasion": "supplement-1"}, {}, True),
    ],
)
def test_papers_are_shown_where_papers_were_asked_for(
    catalogue: None, client: FlaskClient, invitation: dict[str, str], said: dict[str, str], with_papers: bool
) -> None:
    page = thanks(client, invited(**invitation), **said)
    assert (RIGHT in page) is with_papers
    assert ("Xem giấy tờ mà thủ tục này cần" in page) is not with_papers
    assert "không phải là đơn và không làm phát sinh vụ việc" in page


def test_nothing_on_the_page_judges_the_case(catalogue: None, client: FlaskClient) -> None:
    said = {"supplement_count": "2+", "asked_again": "yes"}
    page = says(thanks(client, invited(supplements=2), **said))
    assert not re.search(r"gian lận|vi phạm|sai phạm|trái (luật|quy định)|cán bộ (đã )?(sai|lỗi)", page, re.IGNORECASE)
    assert page == says(thanks(client, invited(2, supplements=2), supplement_count="0"))  # whatever she said


def test_a_paper_need_not_be_given_again_only_as_far_as_the_law_in_force_goes(catalogue: None, app: Flask) -> None:
    def spared(on: date, around: tuple[str, ...] = HANOI) -> list[str]:
        return [paper.name for paper in asked_papers(reading(), PROCEDURE, around, on) if paper.held is not None and paper.held.spares]

    assert spared(TODAY) == ["Giấy chứng nhận kết hôn"]
    assert spared(TODAY, ("31000", "96")) == []  # not connected there
    assert spared(date(2025, 12, 1)) == []  # not published yet
    assert spared(date(2026, 7, 15), ("31000", "96")) == ["Giấy chứng nhận kết hôn"]  # NĐ 224/2026 asks for publication alone
    basis = legal_basis(date(2026, 7, 15))
    assert basis is not None
    assert basis.name.startswith("NĐ 224/2026")
    assert legal_basis(date(2019, 1, 1)) is None
    assert asked_papers(reading(), "9.999999", HANOI, TODAY) == []
    with writing() as session:
        session.query(RegisterConnection).delete()
        session.query(StateRegister).filter_by(code="civil_status").one().published_from = None
    assert spared(date(2026, 7, 15)) == []  # whether it is published is not known, so nothing is promised


def test_the_poster_s_thanks_give_the_same(catalogue: None, client: FlaskClient) -> None:
    place = posters.open_place("00004", "Một cửa", "open", NOW)
    visit = posters.new_visit()
    client.post(f"/q/{place.code}/{visit}", data={"end_point": "turned_away"})
    client.post(f"/q/{place.code}/{visit}/more", data={"procedure": PROCEDURE})
    asked = client.get(f"/q/{place.code}/{visit}/more?step=2").text
    assert set(re.findall(r'name="(\w+)"', asked)) - {"viewport"} == {"which_paper", "asked_again", "how_asked"}
    page = says(client.get(f"/q/{place.code}/{visit}/thanks").text)
    assert "Không phải nộp lại: Giấy chứng nhận kết hôn" in page
    assert RIGHT in page
    client.post(f"/q/{place.code}/{posters.new_visit()}", data={"end_point": "filed"})


def test_many_papers_with_long_names_are_shortened_to_fit(catalogue: None, app: Flask) -> None:
    papers = asked_papers(reading(), PROCEDURE, HANOI, TODAY) * 20

    def drawn(each: int) -> tuple[str, int, int]:
        """A page with so many bytes around each paper; papers and left out."""
        told: list[tuple[int, int]] = []

        def draw(shown: list[AskedPaper], left: int) -> str:
            told.append((len(shown), left))
            return "".join(paper.name + "x" * each for paper in shown)

        with app.test_request_context("/s/x"):
            return pages.fitting(papers, draw), *told[-1]

    for each, most in ((100, 24), (800, 16), (1_600, 8), (15_000, 0)):
        page, shown, left = drawn(each)
        assert len(page.encode()) <= pages.HEAVIEST - pages.HEADERS
        assert (shown, left) == (most, len(papers) - most)


CONTACTS = """
"01": {channel_vi: Tổng đài của Hà Nội, channel_en: Hà Nội's switchboard, phone: "0123 456 789"}
"00008": {phone: "0123 000 111"}
"""


def test_complaints_go_where_the_locality_says(catalogue: None, app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    path = tmp_path / "contacts.yaml"
    path.write_text(CONTACTS, encoding="utf-8")
    settings = app.extensions["settings"] = app.extensions["settings"].model_copy(update={"survey_contacts": path})

    def found(*codes: str) -> tuple[str, str]:
        contact = contacts.contact(settings, codes)
        return contact.channel_vi, contact.phone

    national = "mục Phản ánh, kiến nghị trên Cổng Dịch vụ công quốc gia"
    assert found("00004", "01") == ("Tổng đài của Hà Nội", "0123 456 789")
    assert found("00008", "01") == ("Tổng đài của Hà Nội", "0123 000 111")  # its own number, the channel from above
    assert found("31000", "96") == (national, "")
    assert found("nowhere") == (national, "")
    page = thanks(client, invited())
    assert "Tổng đài của Hà Nội" in page
    assert 'href="tel:0123456789"' in page
    assert "chưa cho biết số điện thoại" not in page
    app.extensions["settings"] = settings.model_copy(update={"survey_contacts": None})
    assert "Địa phương chưa cho biết số điện thoại tiếp nhận; xin hỏi ở nơi nộp hồ sơ." in thanks(client, invited(2))
    app.extensions["settings"] = settings
    assert "Hà Nội&#39;s switchboard" in client.get(f"/s/{_last(client)}/thanks?lang=en").text


def _last(client: FlaskClient) -> str:
    token = invited(7)
    client.post(f"/s/{token}", data={"rating": "5"})
    return token


@pytest.mark.parametrize("wrong", ["'01': {phone: gọi tôi}", "'01': {address: 'javascript:alert(1)'}", "'01': {mail: x}"])
def test_a_wrong_file_of_contacts_is_refused(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "contacts.yaml"
    path.write_text(wrong, encoding="utf-8")
    with pytest.raises(InputError, match=r"contacts.yaml is not valid: 01"):
        contacts.load(path)


def test_a_wrong_file_of_contacts_stops_the_start(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "contacts.yaml"
    for wrong in ("01: {phone: '024'}", "a: [", "- x"):
        path.write_text(wrong, encoding="utf-8")
        contacts.load.cache_clear()
        with pytest.raises(InputError, match=r"contacts.yaml"):
            create_app({"survey"}, settings.model_copy(update={"survey_contacts": path}))


def test_the_example_of_contacts_is_read_and_checked_against_the_units(catalogue: None, app: Flask) -> None:
    example = contacts.SHIPPED.with_name("contacts.example.yaml")
    settings = app.extensions["settings"] = app.extensions["settings"].model_copy(update={"survey_contacts": example})
    assert contacts.contact(settings, ["00004", "01"]).phone == "024 0000 0004"
    told = app.test_cli_runner().invoke(args=["surveys", "contacts"])
    assert told.exit_code == 0
    assert "Provinces without a telephone number: 96 tỉnh Cà Mau." in told.output


@pytest.mark.parametrize(("language", "agency"), [("vi", "Bộ Tư pháp"), ("en", "Ministry of Justice")])
def test_the_notice_on_the_first_page_is_four_sentences(
    catalogue: None, app: Flask, client: FlaskClient, language: str, agency: str
) -> None:
    """Who asks; for what, and freely; what is kept and how long; how to delete it (methodology §10)."""
    app.extensions["settings"] = app.extensions["settings"].model_copy(
        update={"survey_agency_vi": "Bộ Tư pháp", "survey_agency_en": "Ministry of Justice", "survey_contact": "khaosat@example.org"}
    )
    place = posters.open_place("00004", "Một cửa", "open", NOW)
    for path in (f"/s/{invited(simulated=False)}", f"/q/{place.code}"):
        page = client.get(f"{path}?lang={language}").text
        notice = re.search(r'<section class="notice">(.*?)(<details>|</section>)', page, re.S)
        assert notice is not None
        sentences = [says(one).strip() for one in re.findall(r"<p>(.*?)</p>", notice[1], re.S)]
        assert len(sentences) == 4
        assert all(one.count(".") - one.count("example.org") == 1 for one in sentences), sentences
        assert all(one.endswith(".") for one in sentences)
        assert agency in sentences[0]
        assert "khaosat@example.org" in sentences[0]
        assert "120" in sentences[2]
    assert "delete" in client.get(f"/s/{invited(simulated=False)}?lang=en").text


def test_the_procedure_is_named_in_vietnamese_and_marked_so(catalogue: None, client: FlaskClient) -> None:
    page = client.get(f"/s/{invited()}?lang=en").text
    assert f'<span lang="vi">{LONG_NAME}</span>' in page
