"""The portal's lists and pages."""

import gzip
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openpyxl import Workbook

from core.database import reading
from core.errors import InputError
from procedures import operations, queries
from procedures.catalogue_files import read_catalogue
from procedures.models import Procedure, QuotedClaim
from procedures.registers import register_of

DAY = date(2026, 7, 1)
HEADINGS = ["Mã số", "Tên", "Cơ quan ban hành", "Cơ quan thực hiện", "Lĩnh vực"]


def portal_list(rows: list[list[Any]]) -> bytes:
    book = Workbook()
    book.active.append(["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"])
    book.active.merge_cells("A1:E1")
    for row in [HEADINGS, *rows]:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_real_lists_and_pages(app: Flask, shared_data: Path) -> None:
    folder = shared_data / "procedures"
    lists = sorted(folder.glob("*.xlsx"))
    result = operations.load_catalogue(lists, DAY)
    assert (result.added, result.unread) == (339 + 706 + 271 + 525 + 261 - repeated(lists), [])
    pages = folder / "procedures_detail_300.jsonl.gz"
    result = operations.load_catalogue([pages], DAY)
    # five pages carry a code under which the ministry lists another procedure
    assert result.added + result.changed == 295
    assert sum("≠" in item.vi for item in result.unread) == 5
    assert result.components > 1600
    assert result.read_share is not None
    assert result.read_share > 0.98
    assert {item.row for item in result.unread} >= {152, 216, 274}  # no table, a note after the last row
    for files in ([pages], lists):
        again = operations.load_catalogue(files, DAY)
        assert (again.added, again.changed) == (0, 0)
    found = queries.procedure(reading(), "1.007908")
    assert found is not None
    assert (found.levels, found.is_local, found.sector) == (["ministry", "province"], True, "Hải quan")
    assert found.details["time"] == "5 Ngày làm việc"
    assert [(paper.originals, paper.copies) for paper in found.components] == [(0, 0), (0, 0)]  # so says the portal
    assert reading().query(Procedure).filter_by(code="1.115150").count() == 1
    assert "1.115150" in queries.procedures_map(reading(), DAY)
    several = queries.procedure(reading(), "2.001538")
    assert several is not None
    assert several.executing_agencies == ["Ngân hàng Nhà nước Việt Nam", "Ngân hàng Nhà nước Khu vực"]


def repeated(paths: list[Path]) -> int:
    codes = [entry.code for path in paths for entry in read_catalogue(path.read_bytes(), path.name).entries]
    return len(codes) - len(set(codes))


def test_code_that_became_a_number_is_listed_by_row(sqlite_app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(portal_list([[1.11515, "a", "", "", ""], [1.115151, "b", "", "", ""], ["1.115150", "c", "Bộ A\nBộ B", "Sở C", "D"]]))
    result = operations.load_catalogue([path], DAY)
    assert [(item.row, item.code) for item in result.unread] == [(3, "1.11515")]
    assert set(queries.procedures_map(reading(), DAY)) == {"1.115150", "1.115151"}
    found = queries.procedure(reading(), "1.115150")
    assert found is not None
    assert found.issuing_agencies == ["Bộ A", "Bộ B"]


def test_empty_name_and_repeated_code_name_their_column() -> None:
    found = read_catalogue(portal_list([["1.000001", "a", "", "", ""], ["1.000002", " ", "", "", ""], ["1.000001", "b", "", "", ""]]), "x")
    assert [entry.values["name"] for entry in found.entries] == ["a"]
    assert (found.unread[0].row, "Cột Tên" in found.unread[0].vi) == (4, True)
    assert (found.unread[1].row, "Mã số" in found.unread[1].vi, "row 3" in found.unread[1].en) == (5, True, True)


@pytest.mark.parametrize(
    ("text", "agencies", "unclear"),
    [
        ("Cục cảnh sát phòng cháy, chữa cháy và cứu nạn cứu hộ", ["Cục cảnh sát phòng cháy, chữa cháy và cứu nạn cứu hộ"], 0),
        ("Sở Xây dựng, UBND cấp xã,Công an tỉnh", ["Sở Xây dựng", "UBND cấp xã", "Công an tỉnh"], 0),
        ("Bộ Văn hóa, Thể thao và Du lịch\nCục A", ["Bộ Văn hóa, Thể thao và Du lịch", "Cục A"], 0),
        ("Sở A, đơn vị liên quan", ["Sở A, đơn vị liên quan"], 1),
    ],
)
def test_agencies_are_parted_where_one_begins(text: str, agencies: list[str], unclear: int) -> None:
    page = {"ma_thu_tuc": "3.000490", "ten_thu_tuc": "A", "co_quan_thuc_hien": text}
    found = read_catalogue(json.dumps(page).encode(), "x")
    assert found.entries[0].agencies == agencies
    assert [item.row for item in found.unread if "co_quan_thuc_hien" in item.en] == [1] * unclear


def test_command_reports_as_json(sqlite_app: Flask, tmp_path: Path) -> None:
    page = {"ma_thu_tuc": "1.000001", "ten_thu_tuc": "Đăng ký", "cap_thuc_hien": "Cấp xã", "thanh_phan_ho_so": "không có bảng"}
    (tmp_path / "pages.jsonl.gz").write_bytes(gzip.compress((json.dumps(page) + "\n{x").encode()))
    done = sqlite_app.test_cli_runner().invoke(args=["catalogue", "load", str(tmp_path / "pages.jsonl.gz"), "--json"])
    answer = json.loads(done.output)
    assert (answer["added"], answer["components"], answer["read_share"]) == (1, 0, 0.0)
    assert [item["row"] for item in answer["unread"]] == [1, 2]
    page["thanh_phan_ho_so"] = "--Tên giấy tờMẫu đơn, tờ khaiSố lượngBản sao Giấy khai sinh0 bản chính,1 bản sao"
    (tmp_path / "pages.jsonl").write_text(json.dumps(page), encoding="utf-8")
    result = operations.load_catalogue([tmp_path / "pages.jsonl"], DAY)
    assert (result.changed, result.components) == (1, 1)
    found = queries.procedure(reading(), "1.000001")
    assert found is not None
    assert found.components[0].register is not None
    assert found.components[0].register.code == "civil_status"


@pytest.mark.parametrize("data", [b"PK\x03\x04", b"abc\n", b"\xff\xfe\x00"])
def test_no_catalogue(data: bytes) -> None:
    with pytest.raises(InputError):
        read_catalogue(data, "x")


def test_merged_heading_of_a_list_is_refused() -> None:
    book = Workbook()
    book.active.append(HEADINGS)
    book.active.merge_cells("A1:B1")
    stream = io.BytesIO()
    book.save(stream)
    with pytest.raises(InputError, match="gộp"):
        read_catalogue(stream.getvalue(), "x.xlsx")


def test_seeds_are_loaded_once(app: Flask) -> None:
    runner = app.test_cli_runner()
    assert json.loads(runner.invoke(args=["catalogue", "registers"]).output) == {
        "registers": {"added": 12, "changed": 0, "unchanged": 0},
        "claims": {"added": 15, "changed": 0, "unchanged": 0},
    }
    assert json.loads(runner.invoke(args=["catalogue", "registers"]).output)["claims"]["unchanged"] == 15
    claim = reading().query(QuotedClaim).filter_by(key="local_online").one()
    assert (claim.numerator, claim.denominator, claim.as_of) == (2014, 2177, date(2025, 12, 5))


@pytest.mark.parametrize(
    ("paper", "register"),
    [
        ("Bản sao Giấy khai sinh", "civil_status"),
        ("a) GIẤY CHỨNG NHẬN KẾT HÔN", "civil_status"),
        ("Thẻ căn cước công dân hoặc giấy khai sinh", "population"),
        ("Giấy chứng nhận quyền sử dụng đất", "land"),
        ("Giấy chứng nhận đăng ký doanh nghiệp", "enterprise"),
        ("Phiếu lý lịch tư pháp số 1", "criminal_record"),
        ("Giấy phép lái xe", "driving_vehicle"),
        ("Đơn đề nghị cấp giấy phép lái xe", None),
        ("- Tờ khai đăng ký khai sinh theo mẫu", None),
        ("Văn bản ủy quyền làm thủ tục đăng ký doanh nghiệp", None),
        ("Bản vẽ thiết kế", None),
        ("", None),
    ],
)
def test_register_of_a_paper(paper: str, register: str | None) -> None:
    assert register_of(paper) == register
