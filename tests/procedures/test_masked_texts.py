"""Nobody's number or address is kept of a text, wherever it stands; days and codes stay."""

import io
import json
import logging
import os
import re
import zipfile
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from flask import Flask

from core.errors import InputError
from procedures import folder
from procedures.engine_words import macros, mask, shown_name
from procedures.unpacking import unpack
from tests.procedures.feed import NOW, lake_rows, load, message, quarantined, small_country
from tests.procedures.sending import key_of, lines, people, stored
from tests.procedures.test_blocking_files import ROW

REMOVED = "[removed]"
PERSONAL = [
    "(024) 3825 1234",
    "0912\u00a0345\u00a0678",
    "0912–345–678",
    "0912‑345‑678",
    "0912  345  678",
    "0912. 345. 678",
    "0912/345/678",
    "0912_345_678",
    "０９１２３４５６７８",
    "+84(912)345678",
    "c1234567",
    "B1234567",
    "001099000001",
    "số nhà 12",
    "12 Lê Lợi",
    "số 12/3A Nguyễn Trãi",
    "ngõ 15",
    "hẻm 7/2",
    "tổ 4",
    "thôn 3",
    "25 phố Huế",
    "a.nguyen@example.vn",
]
HARMLESS = [
    "12/10/2026",
    "12/10/2026 08 giờ",
    "2026-10-12 08:15",
    "từ 20/10/2026 - 25/10/2026",
    "000.00.12.H26",
    "1.004222",
    "1.004222.000.00.00.H17",
    "Nghị định 61/2018/NĐ-CP",
    "Bổ sung 2 bản sao Giấy khai sinh",
    "nộp 500.000 đồng",
]


def masked(texts: list[str]) -> list[str]:
    con = duckdb.connect()
    macros(con)
    return [con.execute("SELECT masked(?::VARCHAR)", [text]).fetchall()[0][0] for text in texts]


@pytest.mark.parametrize("way", [masked, lambda texts: [mask(text) for text in texts]])
def test_numbers_and_houses_are_masked_and_days_and_codes_stay(way) -> None:  # type: ignore[no-untyped-def]
    texts = [f"Gọi {text} sau ngày 12/10/2026" for text in PERSONAL]
    found = dict(zip(texts, way(texts), strict=True))
    assert {text for text, kept in found.items() if REMOVED not in kept or not kept.endswith("sau ngày 12/10/2026")} == set()
    for text, kept in found.items():
        assert not set(text[4:-20]) & set("0123456789０１２３") & set(kept[:-20])
    assert way(HARMLESS) == HARMLESS


PERSONS = [
    "ông Nguyễn Văn An", "Bà Trần Thị B", "ÔNG NGUYỄN VĂN A", "chị Lê Thị Hồng Gấm", "Phạm Minh Tuấn", "HOÀNG THỊ LAN", "anh Tuấn",
    "bà Hồ Thị Mai", "cô Kim Sa Rây", "Giàng A Pháo", "ông Vi Văn Định", "(Đặng Thùy Trâm)", "Lâm Thị Mỹ Dạ",
]  # fmt: skip
PAPERS = [
    "Giấy chứng nhận kết hôn", "Lý Lịch Tư Pháp", "HỒ SƠ PHÁP LÝ", "ĐỀ NGHỊ BỔ SUNG SỔ HỘ KHẨU, LÝ LỊCH TƯ PHÁP", "Hồ Sơ Mai Táng Phí",
    "Sở Tư pháp tỉnh Lâm Đồng", "Bằng Cao Đẳng Nghề", "UBND phường Hà Đông", "Sở Xây dựng Lâm Đồng Đà Lạt", "xác nhận của em",
]  # fmt: skip


def test_persons_in_free_texts_are_masked_and_papers_stay() -> None:
    con = duckdb.connect()
    macros(con)
    told = [con.execute("SELECT unnamed(masked(?::VARCHAR))", [f"nộp thêm, {text}: nộp lại"]).fetchall()[0][0] for text in PERSONS + PAPERS]
    for text, kept in zip(PERSONS, told, strict=False):
        assert REMOVED in kept, text
        assert not set(text.strip("()").split()[1:]) & set(re.split(r"\W+", kept)), (text, kept)
    assert told[len(PERSONS) :] == [f"nộp thêm, {text}: nộp lại" for text in PAPERS]


def test_names_of_files_are_masked(tmp_path: Path) -> None:
    assert shown_name("sđt 0912_345_678 (024) 3825 1234.csv") == f"sđt {REMOVED}.csv"
    assert shown_name("a\0b\udce0.csv") == "a?b?.csv"
    assert shown_name("Hồ sơ ông Nguyễn Văn An.xlsx") == f"Hồ sơ ông {REMOVED}.xlsx"
    assert shown_name("HS_Nguyễn_Văn_An_T10_2026.csv") == f"HS_{REMOVED}_T10_2026.csv"
    assert shown_name("Lâm Đồng T10.xlsx") == "Lâm Đồng T10.xlsx"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("CCCD 001099000001.csv", "a")
        archive.writestr("CCCD 001099000002.csv", "a")
    packed.seek(0)
    with pytest.raises(InputError) as caught:
        unpack(packed, "a.zip", 1 << 20, scratch=tmp_path)
    assert "00109900000" not in caught.value.text("vi") + caught.value.text("en")
    assert f"CCCD {REMOVED}.csv" in caught.value.text("vi")


def test_what_is_kept_in_the_lake_is_masked(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        small_country()
        row = ROW | {
            "supplement_requests": 1,
            "supplement_requested_at": "2026-10-09T08:15:00",
            "supplement_text": "Gọi (024) 3825 1234, số 12 Lê Lợi, trước 12/10/2026, ông Nguyễn Văn A",
        }
        path = tmp_path / "a.jsonl"
        path.write_text(json.dumps(row))
        assert load(path, profile="flat-en").accepted == 1
        (supplement,) = lake_rows()[0]["supplements"]
        assert supplement["text"] == f"Gọi {REMOVED}, {REMOVED}, trước 12/10/2026, ông {REMOVED}"


@pytest.mark.parametrize("code", ["Nguyễn Văn A 001099000001", "001099000001", "0912 345 678", "0912.345.678", "Nguyễn Văn A"])
def test_a_dossier_code_that_is_none_is_not_kept(app: Flask, tmp_path: Path, code: str) -> None:
    with app.app_context():
        small_country()
        path = tmp_path / "a.jsonl"
        path.write_bytes(lines(message(1, MaHoSo=code), message(2, DonViXuLy="H99")))
        rows = quarantined(load(path).submission)
        assert [row["MaHoSo"] for row in rows] == [REMOVED, "H26.12-261008-0002"]
        table = tmp_path / "a.csv"
        table.write_text(
            "dossier_code,procedure_code,unit_code,channel,applicant_type,received_at,due_at,status,updated_at\n"
            f"{code},1.004222,H26.12,2,citizen,2026-10-08,2026-10-15,2,2026-10-08\n"
        )
        result = load(table, profile="flat-en")
        assert [row["dossier_code"] for row in quarantined(result.submission)] == [REMOVED]
        from procedures import quarantine

        kept = duckdb.sql(f"FROM read_parquet('{quarantine.path_of(result.submission)}')").fetchall()
        assert code not in str(kept)


def test_a_refused_dropped_file_leaves_no_number_in_log_or_note(app: Flask, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    inbox = tmp_path / "inbox"
    (inbox / "nobody" / "flat-en").mkdir(parents=True)
    (inbox / "nobody" / "flat-en" / "CCCD 001099000001.csv").write_text("x")
    with app.app_context(), caplog.at_level(logging.INFO):
        small_country()
        app.extensions["settings"].inbox_dir = inbox
        folder.scan(NOW)
        assert folder.scan(NOW + timedelta(minutes=1)) == {"refused": 1}
    assert "001099000001" not in caplog.text
    (note,) = (inbox / "nobody" / "flat-en" / "results").iterdir()
    assert "001099000001" not in note.name + note.read_text()


def test_odd_addresses_and_names_of_files_are_no_error_of_ours(app: Flask) -> None:
    with app.app_context():
        clerk, _neighbour, _officer = people(app)
        for path in ("%00", "%00/quarantine", "a%00b"):
            assert clerk.get(f"/submissions/{path}").status_code == 404
        assert clerk.post("/submissions/%00/confirm").status_code == 404
        key = key_of(clerk.send(lines(), "a\0b.jsonl"))
        assert stored(key).file_name == "a?b.jsonl"


def test_a_file_whose_name_is_no_utf8_is_loaded(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        small_country()
        path = tmp_path / os.fsdecode(b"b\xe0i.jsonl")
        path.write_bytes(lines(message()))
        result = load(path)
        assert result.accepted == 1
        assert stored(result.submission).file_name == "b?i.jsonl"


def test_a_line_with_a_zero_byte_in_a_text_is_held_back(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        small_country()
        path = tmp_path / "a.jsonl"
        path.write_bytes(lines(message(1), message(2, TenDonViXuLy="a\0b")))
        result = load(path)
        assert (result.accepted, result.quarantined) == (1, 1)
