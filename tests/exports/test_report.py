"""The report of the small country: form, words, figures, tags, fonts, bytes."""

import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from core.calendar import Month
from core.database import reading
from exports import cells, data, environment, operations, pictures, queries, rebuilding
from exports.composition import appended, chapters
from exports.layout import roman
from exports.render import render
from exports.report import gather
from scorecard.models import Edition
from scorecard.tiles import PLACES
from tests.country import LAST_MONTH

FONTS = {"Liberation-Serif", "Liberation-Serif-Bold", "Liberation-Serif-Italic", "Liberation-Serif-Bold-Italic"}
NEVER = ("gian lận", "vi phạm", "bản đồ", "None", "nan ", "undefined")


@dataclass(frozen=True)
class Report:
    """One built report."""

    html: str
    content: bytes
    pages: list[str]

    @property
    def text(self) -> str:
        return "\n".join(self.pages)


def edition_of(app: Flask, month: Month = LAST_MONTH) -> Edition:
    found = queries.newest_edition(reading(), month, include_drafts=True)
    assert found is not None
    return found


def pdf_pages(content: bytes) -> list[str]:
    """Text of each page by poppler, in Unicode's composed form with plain spaces."""
    import subprocess

    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True)
    text = unicodedata.normalize("NFC", done.stdout.decode())
    return re.sub(r"[\u00a0\u202f]", " ", text).split("\f")[:-1]


@pytest.fixture(scope="module")
def report(country: Flask) -> Iterator[Report]:
    """The published report of the small country, built here once."""
    with country.app_context():
        html = operations.report_html(reading(), edition_of(country))
        content = render(html).content
        yield Report(html, content, pdf_pages(content))


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_first_page_has_the_official_form_and_the_whole_summary(report: Report) -> None:
    first = flat(report.pages[0])
    for words in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "[CƠ QUAN BAN HÀNH] —",
        "BẢN MÔ PHỎNG",
        "BÁO CÁO",
        "Kính gửi:",
        "điểm h mục 3 Phụ lục Thông báo số 07-TB/CQTTBCĐ",
        "TÓM TẮT",
        "Kỳ số liệu: 01/10–31/10/2026; khảo sát nhận trả lời đến",
        "1. Ba con số.",
        "(iii)",
        "5. Mức độ chắc chắn.",
        "SỐ LIỆU MÔ PHỎNG",
    ):
        assert words in first
    assert re.search(r"Số:\s*ngày\s+tháng\s+năm", first)  # number, place and date stay empty
    assert flat(report.pages[1]).count("Mục lục") == 1
    for agency in ("VĂN PHÒNG CHÍNH PHỦ", "Thủ tướng"):
        assert agency not in report.text


def test_length_parts_and_trace(report: Report) -> None:
    assert 24 <= len(report.pages) <= 36
    text = flat(report.text)
    for number, (_id, title, _make) in enumerate(chapters(), start=1):
        assert f"{roman(number)}. {title.upper()}" in text
    assert "Nơi nhận:" in text
    trace = r"Chốt số liệu \d\d/\d\d/2026; kỳ 01/10–31/10/2026; phiên bản 1; bộ quy tắc .+ \(SHA-256\) [0-9a-f]{20}"
    assert re.search(trace + r".+ http\S+/verify để kiểm tra\..+Trên đây là báo cáo", flat(" ".join(report.pages)))


def test_running_head_and_page_numbers(report: Report) -> None:
    assert "phiên bản 1" not in report.pages[0].split("BÁO CÁO")[0]
    told = []
    for page in report.pages[1:]:
        head = page.strip().splitlines()[0]
        found = re.fullmatch(r"\s*Kỳ 01/10–31/10/2026 · phiên bản 1\s+(Phụ lục [IV]+ – \d+|\d+)\s+SỐ LIỆU MÔ PHỎNG\s*", head)
        assert found, head
        told.append(found[1])
    plain = [number for number in told if number.isdigit()]
    assert plain == [str(number) for number in range(2, len(plain) + 2)]
    annexes = [number for number in told if not number.isdigit()]
    firsts = [number for number in annexes if number.endswith(" – 1")]
    assert firsts == [f"Phụ lục {roman(number)} – 1" for number in range(1, len(appended()) + 1)]  # each annex has its own
    assert told == plain + annexes


def test_contents_name_the_pages_where_parts_begin(report: Report) -> None:
    entries = re.findall(r"^ *([IVX]+)\. .*?\.{5,} *(\d+)$", report.pages[1], re.MULTILINE)
    assert [part for part, _ in entries] == [roman(number) for number in range(1, len(chapters()) + 1)]
    for part, number in entries:
        assert re.search(rf"^ *{part}\. [A-ZĐ]", report.pages[int(number) - 1], re.MULTILINE)
    assert len(re.findall(r"Phụ lục [IV]+\. .*\.{5,} phụ lục, trang 1$", report.pages[1], re.MULTILINE)) == len(appended())


def test_no_heading_stands_alone_at_the_foot_of_a_page(report: Report) -> None:
    heads = {re.sub(r"<[^>]+>", "", text) for text in re.findall(r"<h[23][^>]*>(.*?)</h[23]>", report.html)}
    for page in report.pages:
        lines = [flat(line).strip() for line in page.strip().splitlines() if line.strip()]
        assert lines[-2] not in heads  # the last line is the foot


def test_a_table_over_pages_repeats_its_head(report: Report) -> None:
    annex = [page for page in report.pages if "Phụ lục V – " in page.strip().splitlines()[0]]
    assert len(annex) >= 3
    for page in annex:
        assert re.search(r"^ *Chỉ tiêu +Công thức và phạm vi +Nguồn$", page, re.MULTILINE)


def test_the_summary_leads_with_the_rate_that_the_pages_lead_with(country: Flask, report: Report) -> None:
    with country.app_context():
        rate = gather(reading(), edition_of(country)).rate("VN")
    assert rate is not None
    assert rate.variant == "weighted"
    told = f"sau hiệu chỉnh: {cells.percent(rate.value or 0)} hài lòng hoặc rất hài lòng (khoảng"
    assert re.sub("[\u00a0\u202f]", " ", told) in flat(report.pages[0])


def test_the_third_figure_has_interval_and_base_or_says_why_not(country: Flask, report: Report) -> None:
    with country.app_context():
        figure = gather(reading(), edition_of(country)).figure("VN", "mismatch_any")
    compared = "hồ sơ có trả lời đối chiếu được"
    shown = rf"\(iii\) Trong [\d.]+ {compared}, \d+,\d % có ít nhất một điểm .*?\(khoảng \d+,\d–\d+,\d %; [\d.]+ hồ sơ\)\."
    hidden = {
        "suppressed": r"\(iii\) Mức không khớp .* được ẩn vì từ đó có thể suy ra câu trả lời của một nhóm dưới 10 người\.",
        "too_few": r"\(iii\) Chưa công bố được mức không khớp .*: quá ít hồ sơ đối chiếu được\.",
    }
    assert figure is not None
    assert re.search(shown if figure.shown else hidden[figure.status], flat(report.pages[0]))


def test_the_nations_row_of_the_annex_has_every_part(report: Report) -> None:
    annex = next(page for page in report.pages if "Phụ lục II – 1" in page)
    numbers = r"\s+[\d.]+\s+[\d.]+(–[\d.]+)?\s+\d+,\d(–\d+,\d)?"  # all dossiers; of them, from–to; their shares
    answers = r"(\s+[\d.]+\s+\d+,\d\s+\d+,\d–\d+,\d|\s+(được ẩn|không đủ số liệu))"  # answers, share, interval; or why not
    assert re.search(rf"Cả nước{numbers}{answers}\s*$", annex, re.MULTILINE)


def test_on_time_is_drawn_with_counts_and_interval(country: Flask) -> None:
    with country.app_context():
        drawing = pictures.on_time(gather(reading(), edition_of(country))).svg
    assert len(re.findall(r">[\d.]+/[\d.]+; \d+,\d \(\d+,\d–\d+,\d\)<", drawing)) == len(PLACES)


def test_every_province_and_both_archipelagos(report: Report) -> None:
    text = flat(report.text)
    assert "Hoàng Sa" in text
    assert "Trường Sa" in text
    assert "Sơ đồ" in text
    rows = re.findall(r'<th scope="row">([^<]+)</th>', report.html)
    assert len(PLACES) == 34
    for name in ("Hà Nội", "Cà Mau", "Huế", "Đắk Lắk"):
        assert rows.count(name) >= 6  # satisfaction, the index, and the four tables of the annexes


def test_every_caption_says_simulated(report: Report) -> None:
    captions = re.findall(r"<(?:caption|figcaption)>(.*?)</(?:caption|figcaption)>", report.html, re.DOTALL)
    assert len(captions) >= 30
    for caption in captions:
        assert "SỐ LIỆU MÔ PHỎNG" in caption


def test_harmful_words_are_absent(report: Report) -> None:
    text = flat(report.text)
    for words in NEVER:
        assert words not in text, words


def test_tags_language_title_and_descriptions(report: Report, tmp_path: Path) -> None:
    import page
    import pikepdf

    path = tmp_path / "report.pdf"
    path.write_bytes(report.content)
    checked = page.validate_pdf(str(path), profile=page.ValidationProfile.PDF_UA_1)
    assert checked.is_compliant, checked.failures
    with pikepdf.open(path) as pdf:
        assert str(pdf.Root.Lang) == "vi"
        assert "tháng 10/2026 (số liệu mô phỏng)" in str(pdf.docinfo["/Title"])
        assert "/CreationDate" not in pdf.docinfo
        assert "/ModDate" not in pdf.docinfo
        figures = [item for item in pdf.objects if isinstance(item, pikepdf.Dictionary) and item.get("/S") == "/Figure"]
        assert len(figures) == 6
        assert all(len(str(item.Alt)) > 40 for item in figures)
        with pdf.open_outline() as outline:
            titles = [item.title for item in outline.root]
            second = next(item for item in outline.root if item.title == "II. MỨC ĐỘ HÀI LÒNG")
            sections = [item.title for item in second.children]
        assert titles[:3] == ["BÁO CÁO", "TÓM TẮT", "I. PHẠM VI, NGUỒN VÀ ĐỘ PHỦ SỐ LIỆU"]
        assert sections[:2] == ["1. Cả nước", "2. Theo địa phương"]
        assert next(title for title in titles if title.startswith("Phụ lục")).startswith("Phụ lục I. ")


def test_the_tags_are_in_the_order_of_reading_and_heads_belong_to_their_cells(report: Report) -> None:
    import pikepdf

    with pikepdf.open(io.BytesIO(report.content)) as pdf:
        kinds = [str(item.S) for item in walk(pdf.Root.StructTreeRoot)]
        assert kinds.index("/H1") < kinds.index("/H2")
        assert {"/Document", "/Table", "/TH", "/TD", "/Figure", "/L", "/Link", "/Caption"} <= set(kinds)
        heads = [item for item in walk(pdf.Root.StructTreeRoot) if str(item.S) == "/TH"]
        assert {str(item.A.get("/Scope", "")) for item in heads} == {"/Column", "/Row"}
        cells = [item for item in walk(pdf.Root.StructTreeRoot) if str(item.S) == "/TD"]
        assert all(len(item.A.Headers) >= 2 for item in cells)  # each cell is linked with the heads of its row and column


def walk(item: Any) -> Iterator[Any]:
    """Every structure element below an item, in reading order."""
    import pikepdf

    kids = item.get("/K") if isinstance(item, pikepdf.Dictionary) else None
    if kids is None:
        return
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield kid
            yield from walk(kid)


def test_the_english_edition_is_english(country: Flask) -> None:
    from exports.papers import report_html as page

    with country.app_context():
        html = page(reading(), edition_of(country), "en")
    rendered = render(html)
    pages = pdf_pages(rendered.content)
    assert '<html lang="en"' in html
    assert "Of those who answered, adjusted:" in flat(pages[0])
    assert "Translation; the Vietnamese edition is the official one." in flat(pages[0])
    assert "Số:" not in pages[0]
    prose = re.sub(r"<(td|th)[^>]*>.*?</\1>", "", html, flags=re.DOTALL)  # names of procedures and providers stay Vietnamese
    prose = re.sub(r"Main causes\..*?</p>", "", prose, flags=re.DOTALL)
    text = re.sub(r"<[^>]+>", " ", prose)
    assert re.search(r".{0,30}\b(người|hồ sơ|của|không|địa phương|thủ tục|giấy tờ)\b.{0,30}", text) is None


def test_only_liberation_serif_embedded(report: Report) -> None:
    import pikepdf

    with pikepdf.open(io.BytesIO(report.content)) as pdf:
        fonts = [item for item in pdf.objects if isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/FontDescriptor"]
        assert {str(font.FontName).split("+")[1] for font in fonts} <= FONTS
        assert all("/FontFile2" in font or "/FontFile3" in font for font in fonts)


def test_the_same_edition_gives_the_same_bytes(country: Flask, report: Report) -> None:
    with country.app_context():
        again = operations.report_html(reading(), edition_of(country))
    assert again == report.html
    assert render(again).content == report.content


@pytest.mark.long
def test_a_whole_published_month_is_made_again_byte_for_byte(country: Flask) -> None:
    """Report, workbook, CSV, JSON and dictionary, as another process stored them when the country was built."""
    with country.app_context():
        edition = edition_of(country)
        kept = [file.built_with for file in queries.files(reading(), edition.id) if file.state == "stored"]
        if any(environment.differing(one, environment.here()) for one in kept):
            pytest.skip("this country was built by an earlier state of the program")
        found = rebuilding.rebuild(edition.id)
    assert {one.name.rsplit(".", 1)[1] for one in found} == {"pdf", "xlsx", "csv", "json"}
    assert [(one.name, one.differences) for one in found if not one.identical] == []


def test_data_files_hold_every_figure_safely(country: Flask) -> None:
    import csv
    import json

    with country.app_context():
        edition = edition_of(country)
        table = data.csv_file(reading(), edition).decode("utf-8-sig")
        document = json.loads(data.json_file(reading(), edition))
    rows = list(csv.DictReader(io.StringIO(table)))
    assert len(rows) == len(document["rows"]) > 10_000
    assert document["columns"] == list(rows[0])
    codes = {row["subject_code"] for row in rows}
    assert {"VN", "01", "00004"} & codes >= {"VN", "01"}
    for row in rows:
        assert row["simulated"] == "true"
        if row["status"] == "value":
            least = -1 if row["indicator"].endswith("_change") else 0  # a difference of two shares
            assert least <= float(row["value"]) <= 1
        else:
            assert (row["numerator"], row["denominator"], row["value"], row["low"], row["high"], row["n"]) == ("",) * 6
        if row["indicator"] == "satisfaction" and row["status"] == "value":
            assert int(row["n"]) >= 10


def test_a_cell_is_never_a_formula() -> None:
    for text in ("=1+1", "+84", "-x", "@a", "\tx"):
        assert data._cell(text) == "'" + text
    assert data._cell(0.1) == "0.1"
    assert data._cell(None) == ""
