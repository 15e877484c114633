"""The workbook: typed, safe, the same bytes each time, opened by openpyxl and by LibreOffice."""

import io
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask import Flask

from core.database import reading
from exports import data, queries, workbook
from scorecard.edition_tables import Column
from scorecard.models import Edition
from tests.country import LAST_MONTH
from tests.exports.publishing import CUTOFF

DANGEROUS = ("=1+1", "+84", "-5 ngày", "@SUM(A1)", "\tx", '=HYPERLINK("http://x")', "{=1}")


def bare(simulated: bool = True) -> Edition:
    return Edition(month="2026-10", version=1, simulated=simulated, rule_version="r", cutoff_at=CUTOFF, checksum="c" * 64, facts={})


def sheet(rows: list[dict[str, Any]]) -> workbook.Sheet:
    columns = (Column("code", "mã", "code"), Column("count", "số", "count", "count"), Column("share", "tỷ lệ", "share", "share"))
    return workbook.Sheet("thu", "Bảng thử", "A table", (*columns, Column("flag", "cờ", "flag", "flag")), rows)


def opened(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def test_values_keep_their_types_and_nothing_is_a_formula() -> None:
    rows = [{"code": text, "count": 3, "share": 0.25, "flag": True} for text in (*DANGEROUS, "1.001000", "01", "")]
    rows.append({"code": "x", "count": None, "share": None, "flag": False})
    book = opened(workbook.write(bare(), [sheet(rows)]))
    found = book["thu"]
    assert [cell.value for cell in found[1]] == ["code", "count", "share", "month", "version", "flag"]
    assert [found.cell(2, column).value for column in (1, 2, 3, 6)] == ["mã", "số", "tỷ lệ", "cờ"]
    assert {(found.cell(line, 4).value, found.cell(line, 5).value) for line in range(3, 3 + len(rows))} == {("2026-10", 1)}
    assert found.oddHeader.left.text == "Số liệu tháng 10/2026, phiên bản 1"
    codes = [found.cell(line, 1) for line in range(3, 3 + len(rows))]
    assert [cell.value for cell in codes[: len(DANGEROUS)]] == list(DANGEROUS)
    assert {cell.data_type for cell in codes if cell.value is not None} == {"s"}
    assert (found["B3"].value, found["C3"].value, found["F3"].value) == (3, 0.25, True)
    assert (found["B3"].data_type, found["C3"].data_type, found["F3"].data_type) == ("n", "n", "b")
    assert found.cell(2 + len(rows), 2).value is None
    assert found.freeze_panes == "C3"
    assert all(cell.data_type != "f" for one in book for line in one.iter_rows() for cell in line)
    assert b"<f>" not in b"".join(
        zipfile.ZipFile(io.BytesIO(workbook.write(bare(), [sheet(rows)]))).read(name) for name in ["xl/worksheets/sheet3.xml"]
    )


def test_contents_and_notes_come_first_and_links_lead_to_the_sheets() -> None:
    book = opened(workbook.write(bare(), [sheet([])]))
    assert book.sheetnames == ["muc_luc", "ghi_chu", "thu", "tu_dien"]
    links = [cell.hyperlink.location for line in book["muc_luc"].iter_rows() for cell in line if cell.hyperlink]
    assert links == ["'ghi_chu'!A1", "'thu'!A1", "'tu_dien'!A1"]
    said = [cell.value for line in book["ghi_chu"].iter_rows() for cell in line]
    assert "01/10/2026–31/10/2026, giờ Việt Nam" in said
    assert workbook.SIMULATED_WORDS in said
    assert workbook.SIMULATED_WORDS not in [
        cell.value for line in opened(workbook.write(bare(False), []))["ghi_chu"].iter_rows() for cell in line
    ]


def test_a_table_too_long_for_a_sheet_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "LIMIT", 1)
    rows = [{"code": "x", "count": 1, "share": 0.1, "flag": True}]
    assert sheet(rows).fitting.rows == rows
    assert sheet(rows * 2).fitting.rows == []
    assert "xem tệp CSV" in sheet(rows * 2).fitting.title_vi


def test_the_same_edition_gives_the_same_bytes() -> None:
    rows = [{"code": "x", "count": 1, "share": 0.1, "flag": True}]
    assert workbook.write(bare(), [sheet(rows)]) == workbook.write(bare(), [sheet(rows)])
    assert workbook.write(bare(), [sheet(rows)]) != workbook.write(bare(), [sheet([])])


@pytest.fixture(scope="module")
def whole(country: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The small country's workbook."""
    path = tmp_path_factory.mktemp("workbook") / "x.xlsx"
    with country.app_context():
        edition = queries.newest_edition(reading(), LAST_MONTH, include_drafts=True)
        assert edition is not None
        path.write_bytes(workbook.workbook_file(reading(), edition))
    return path


def test_the_workbook_says_what_the_csv_says(country: Flask, whole: Path) -> None:
    book = openpyxl.load_workbook(whole, read_only=True)
    with country.app_context():
        edition = queries.newest_edition(reading(), LAST_MONTH, include_drafts=True)
        assert edition is not None
        rows = data.rows(reading(), edition)
    lines = book["ca_nuoc"].iter_rows(values_only=True)
    head = next(lines)
    next(lines)
    national = [row for row in rows if row["subject_kind"] == "nation"]
    found = [dict(zip(head, line, strict=True)) for line in lines]
    assert len(found) == len(national) > 100
    for mine, theirs in zip(found, national, strict=True):
        assert {name: value for name, value in mine.items() if value is not None} == {
            name: value for name, value in theirs.items() if value not in (None, "")
        }
    lines = book["don_vi"].iter_rows(values_only=True)
    head = next(lines)
    next(lines)
    units = {line[0]: dict(zip(head, line, strict=True)) for line in lines}
    total = {("total", 1): 0}
    for row in rows:
        if row["subject_kind"] == "unit" and row["subject_code"] in units and (row["breakdown"], row["window"]) in total:
            cell = units[row["subject_code"]][f"{row['indicator']}.{row['variant']}"]
            assert cell == (row["value"] if row["status"] == "value" else workbook.STATUSES[row["status"]][0])
            total["total", 1] += 1
    assert total["total", 1] > 10_000
    assert all(one["simulated"] is True for one in units.values())
    assert set(book.sheetnames).isdisjoint({"hidden_supplements", "integrity_moves"})
    book.close()


@pytest.mark.long
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_it(whole: Path, tmp_path: Path) -> None:
    command = [
        "soffice",
        "--headless",
        f"-env:UserInstallation=file://{tmp_path}/profile",
        "--convert-to",
        "ods",
        "--outdir",
        str(tmp_path),
    ]
    done = subprocess.run([*command, str(whole)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "x.ods").stat().st_size > 10_000
