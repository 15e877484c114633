"""Small feeds for these tests: one province with a centre, made-up dossiers in the form of the national sync message."""

import csv
import gzip
import io
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from core.database import reading, writing
from core.lake import connect, fetch, read_files
from procedures import operations, quarantine
from procedures.dossier_queries import data_dir
from procedures.dossiers import dossier_schema, dossier_table
from procedures.feeds import LoadResult, load_feed
from procedures.models import Procedure, Submission
from procedures.unit_lists import UnitRow

NOW = datetime(2026, 11, 20, 5, tzinfo=UTC)
START = date(2025, 7, 1)


def unit(code: str, kind: str, parent: str | None, system: str = "exchange", **values: Any) -> UnitRow:
    """A unit whose name is its code."""
    return UnitRow(code, kind, code, code, code, kind, parent, values.pop("valid_from", START), codes=((system, code),), **values)


def small_country() -> None:
    """Nation, one province with department, centre, counter and communes, a second province; two procedures; a source each."""
    with writing() as session:
        operations.add_units(
            session,
            [
                unit("VN", "nation", None),
                unit("01", "province", "VN", "gso"),
                unit("04", "province", "VN", "gso"),
                unit("H26.12", "department", "01"),
                unit("H26.99", "centre", "01"),
                unit("H26.99.01", "reception_point", "H26.99"),
                unit("00004", "commune", "01", "gso"),
                unit("00008", "commune", "01", "gso", valid_to=date(2026, 10, 1)),
                unit("01273", "commune", "04", "gso"),
            ],
        )
        for code in ("1.004222", "1.115150"):
            session.add(
                Procedure(
                    code=code,
                    name=f"Thủ tục {code}",
                    is_local=True,
                    levels=["province"],
                    issuing_agencies=[],
                    executing_agencies=[],
                    details={},
                    valid_from=START,
                )
            )
    operations.load_registers()
    operations.add_source("h26", "Một cửa 01", "01")
    operations.add_source("h14", "Một cửa 04", "04")


def message(number: int = 1, **changes: Any) -> dict[str, Any]:
    """One dossier, finished on time."""
    return {
        "MaHoSo": f"H26.12-261008-{number:04d}",
        "MaTTHC": "1.004222",
        "KenhThucHien": "2",
        "LoaiDoiTuong": "1",
        "NgayTiepNhan": "20261008081500",
        "NgayHenTra": "20261015170000",
        "TrangThaiHoSo": "10",
        "NgayTra": "20261014101500",
        "NgayKetThucXuLy": "20261014093000",
        "DonViXuLy": "H26.12",
        "NoiNopHoSo": "H26.99.01",
        "ChuHoSo": "Nguyễn Văn A",
        "SoGiayToChuHoSo": "001099000001",
        "TaiLieuNop": [{"MaThanhPhanHoSo": "T1", "DuocSoHoa": "1", "DuocTaiSuDung": "0", "TenTepDinhKem": "cccd-nguyen-van-a.pdf"}],
        "QuaTrinhXuLy": [
            {"ThoiDiemXuLy": "20261008081500", "TrangThai": "2", "NguoiXuLy": "Trần Thị B", "NoiDungXuLy": "Tiếp nhận"},
            {"ThoiDiemXuLy": "20261014093000", "TrangThai": "9"},
        ],
        "NgayCapNhat": "20261014101500",
    } | changes


def write(path: Path, messages: Iterable[dict[str, Any] | str]) -> Path:
    """JSON lines; a text goes in as it is. Gzipped if the name says so."""
    text = "\n".join(item if isinstance(item, str) else json.dumps(item, ensure_ascii=False) for item in messages)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def load(path: Path, source: str = "h26", profile: str = "national-sync", now: datetime = NOW) -> LoadResult:
    """Load a file and check that the four counts add up, in the result and as stored."""
    result = load_feed(path, source, profile, now)
    assert result.received == result.accepted + result.superseded + result.unchanged + result.quarantined
    stored = reading().query(Submission).filter_by(key=result.submission).one()
    counts = (stored.rows_received, stored.rows_accepted, stored.rows_superseded, stored.rows_unchanged, stored.rows_quarantined)
    assert counts == (result.received, result.accepted, result.superseded, result.unchanged, result.quarantined)
    return result


def lake_rows() -> list[dict[str, Any]]:
    """All rows of the lake, by dossier."""
    table = dossier_table(data_dir())
    engine = connect()
    return fetch(engine, read_files(engine, table.paths(), dossier_schema()).order_by(["source", "dossier_code"])).to_pylist()


def quarantined(key: str) -> list[dict[str, str]]:
    """The stored rows that were not taken."""
    submission = reading().scalars(select(Submission).where(Submission.key == key)).one()
    parts, kind = quarantine.download(submission)
    text = b"".join(parts).decode("utf-8-sig")
    if kind == "csv":
        return list(csv.DictReader(io.StringIO(text)))
    return [{name: str(value) for name, value in json.loads(line).items()} for line in text.splitlines()]
