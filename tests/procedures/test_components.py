"""Papers separated from the portal's glued texts."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procedures.components import HEADING, Paper, read_components


@pytest.mark.parametrize(
    ("text", "papers"),
    [
        ("--" + HEADING + "Đơn xin phép1 bản chính", [Paper("Đơn xin phép", "", 1, 0, "")]),
        (
            "--" + HEADING + "Đơn theo Nghị định số 33/2026/NĐ-CPMẫu số 25.docx1 bản chínhBản sao Bằng0 bản chính,1 bản sao",
            [Paper("Đơn theo Nghị định số 33/2026/NĐ-CP", "", 1, 0, "Mẫu số 25.docx"), Paper("Bản sao Bằng", "", 0, 1, "")],
        ),
        (
            "Trường hợp mất:" + HEADING + "Đơn1 bản chínhTrường hợp hỏng: " + HEADING + "Thẻ cũ1 bản chính",
            [Paper("Đơn", "Trường hợp mất", 1, 0, ""), Paper("Thẻ cũ", "Trường hợp hỏng", 1, 0, "")],
        ),
        ("--" + HEADING + "- Báo cáo: 01 bản chính0 bản chính", [Paper("- Báo cáo: 01 bản chính", "", 0, 0, "")]),
        ("--" + HEADING + "Công văn: 01 bản chính.1 bản chính", [Paper("Công văn: 01 bản chính.", "", 1, 0, "")]),
        (
            "--" + HEADING + "Hợp đồng (01 bản chính hoặc 01 bản sao có chứng thực) đối với nhà ở1 bản chính",
            [Paper("Hợp đồng (01 bản chính hoặc 01 bản sao có chứng thực) đối với nhà ở", "", 1, 0, "")],
        ),
        (
            "--" + HEADING + "Bằng1 bản chính,1 bản sao01 bản chính danh sách nhân viên1 bản chính",
            [Paper("Bằng", "", 1, 1, ""), Paper("01 bản chính danh sách nhân viên", "", 1, 0, "")],
        ),
        ("--" + HEADING + "Theo Thông tư số 75/20251 bản chính", [Paper("Theo Thông tư số 75/2025", "", 1, 0, "")]),
        ("--" + HEADING + "Ảnh thẻ;10 bản chính", [Paper("Ảnh thẻ;", "", 10, 0, "")]),
        ("--" + HEADING + "Đơn;A.docxB.docx1 bản chính", [Paper("Đơn;", "", 1, 0, "A.docxB.docx")]),
    ],
)
def test_rows(text: str, papers: list[Paper]) -> None:
    reading = read_components(text)
    assert [(p.name, p.case_label, p.originals, p.copies) for p in reading.papers] == [
        (p.name, p.case_label, p.originals, p.copies) for p in papers
    ]
    assert "".join(p.form_name.replace("; ", "") for p in reading.papers) == "".join(p.form_name for p in papers)
    assert reading.unread == []


def test_what_is_no_table_is_told() -> None:
    assert read_components("Nộp hồ sơ cho xã.").unread == ["Nộp hồ sơ cho xã."]
    assert read_components("--" + HEADING + "Đơn1 bản chínhLưu ý chung").unread == ["Lưu ý chung"]
    assert read_components("") == read_components("  ")


def test_real_texts(shared_data: Path) -> None:
    lines = gzip.decompress((shared_data / "procedures" / "procedures_detail_300.jsonl.gz").read_bytes()).decode().splitlines()
    texts = [json.loads(line)["thanh_phan_ho_so"] for line in lines]
    readings = [read_components(text) for text in texts]
    assert sum(not reading.unread for reading in readings) == 297
    papers = [paper for reading in readings for paper in reading.papers]
    assert len(papers) == 1701
    assert sum(paper.form_name != "" for paper in papers) >= 205
    for paper in papers:
        assert HEADING not in paper.name
        assert len(paper.name) > 3
    for text, reading in zip(texts, readings, strict=True):
        assert _letters(_joined(reading)) == _letters_without_amounts(text, reading)


def _joined(reading: object) -> str:
    labels = list(dict.fromkeys(paper.case_label for paper in reading.papers))  # type: ignore[attr-defined]
    return " ".join([paper.name + paper.form_name for paper in reading.papers] + labels + reading.unread)  # type: ignore[attr-defined]


def _letters(text: str) -> int:
    return len([letter for letter in text if letter.isalpha()])


def _letters_without_amounts(text: str, reading: object) -> int:
    """Letters that must turn up again: all but headings, the portal's amounts, and labels that no paper carries or several do."""
    found = _letters(text) - text.count(HEADING) * _letters(HEADING)
    found -= sum(_letters("bản chính") + (_letters("bản sao") if paper.copies else 0) for paper in reading.papers)  # type: ignore[attr-defined]
    return found


names = (
    st.text(alphabet="abcđêơĐÀƯ -;.,()", min_size=1, max_size=40)
    .map(str.strip)
    .filter(lambda name: len(name) > 1 and name[-1] not in " (:/")
)


@given(st.lists(st.tuples(names, st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=6))
def test_glued_rows_come_apart_again(rows: list[tuple[str, int, int]]) -> None:
    rows = [(name, originals, copies) for name, originals, copies in rows if name[0] not in ".;:),/"] or [("Đơn", 1, 0)]
    glued = "--" + HEADING
    for name, originals, copies in rows:
        glued += f"{name}{originals} bản chính" + (f",{copies} bản sao" if copies else "")
    reading = read_components(glued)
    assert [(paper.name, paper.originals, paper.copies) for paper in reading.papers] == rows
    assert reading.unread == []


@given(st.text(alphabet="ab 01.,:(bản chínhsao\n") | st.text())
def test_any_text_is_read_without_a_stumble(text: str) -> None:
    for given_text in (text, f"--{HEADING}{text}", f"x{HEADING}{text}{HEADING}"):
        reading = read_components(given_text)
        assert all(paper.name for paper in reading.papers)
