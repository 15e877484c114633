"""The report of the small country: form, words, figures, tags, fonts, bytes."""

import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

from core.calendar import Month
from core.database import reading
from exports import data, operations, pictures, queries
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
        "Kỳ số liệu: 01/10–31/10/2026",
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
    assert 10 <= len(report.pages) <= 20
    text = flat(report.text)
    for part in ("I. PHẠM VI", "II. MỨC ĐỘ", "III. CHỈ KHAI BÁO", "IV. CUNG CẤP", "V. GIẢI QUYẾT", "VI. GIỚI HẠN", "VII. PHƯƠNG PHÁP"):
        assert part in text
    assert "Nơi nhận:" in text
    last = flat(report.pages[-1])
    assert re.search(r"Chốt số liệu \d\d/\d\d/2026; kỳ 01/10–31/10/2026; phiên bản 1; bộ quy tắc .+ \(SHA-256\) [0-9a-f]{20}", last)


def test_running_head_and_page_numbers(report: Report) -> None:
    assert "phiên bản 1" not in report.pages[0].split("BÁO CÁO")[0]
    numbers = [str(number) for number in range(2, len(report.pages) - 3)]
    numbers += ["Phụ lục I – 1", "Phụ lục I – 2", "Phụ lục II – 1", "Phụ lục III – 1"]  # each annex has its own
    for number, page in zip(numbers, report.pages[1:], strict=True):
        head = page.strip().splitlines()[0]
        assert "Kỳ 01/10–31/10/2026 · phiên bản 1" in head
        assert re.search(rf"\s{number}\s", head)
        assert "SỐ LIỆU MÔ PHỎNG" in head


def test_contents_name_the_pages_where_parts_begin(report: Report) -> None:
    entries = re.findall(r"^ *([IV]+)\. .*?\.{5,} *(\d+)$", report.pages[1], re.MULTILINE)
    assert [part for part, _ in entries] == ["I", "II", "III", "IV", "V", "VI", "VII"]
    for part, number in entries:
        assert re.search(rf"^ *{part}\. [A-ZĐ]", report.pages[int(number) - 1], re.MULTILINE)
    assert len(re.findall(r"Phụ lục I+\. .*\.{5,} phụ lục, trang 1$", report.pages[1], re.MULTILINE)) == 3


def test_every_survey_share_has_its_interval(report: Report) -> None:
    # in so small a country the count of what does not match may be hidden: then the sentence says so
    third = r"\(iii\) (Trong [\d.]+ hồ sơ có trả lời, .*?\(khoảng \d+,\d–\d+,\d %; [\d.]+ hồ sơ\)|Chưa công bố được mức không khớp)"
    assert re.search(third, flat(report.pages[0]))
    annex = next(page for page in report.pages if "Phụ lục II – 1" in page)
    assert re.search(r"Cả nước(\s+[\d.,]+){3,6}\s", annex)  # dossiers, their shares, answers, share, interval


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
        assert rows.count(name) == 5  # satisfaction and the four tables of the annexes


def test_every_caption_says_simulated(report: Report) -> None:
    captions = re.findall(r"<(?:caption|figcaption)>(.*?)</(?:caption|figcaption)>", report.html, re.DOTALL)
    assert len(captions) >= 12
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
        assert len(figures) == 4
        assert all(len(str(item.Alt)) > 40 for item in figures)
        with pdf.open_outline() as outline:
            titles = [item.title for item in outline.root]
        assert titles[:3] == ["BÁO CÁO", "TÓM TẮT", "I. PHẠM VI, NGUỒN VÀ ĐỘ PHỦ SỐ LIỆU"]


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
