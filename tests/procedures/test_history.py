"""End-points with the earlier ones of the same applicants: what the rule of rest is kept by."""

from datetime import UTC, datetime
from pathlib import Path

from flask import Flask

from core.calendar import Month
from core.database import reading
from procedures import queries
from tests.procedures.feed import NOW, load, message, small_country, write

OCTOBER = Month(2026, 10)


def ended(number: int, day: str, who: str | None) -> dict[str, object]:
    """A dossier that ended on a day (yyyymmdd), of an applicant."""
    return message(
        number, NgayTiepNhan="20260801080000", NgayHenTra="20261231170000", NgayKetThucXuLy=f"{day}080000", NgayTra=f"{day}090000",
        SoGiayToChuHoSo=who,
    )  # fmt: skip


def test_earlier_end_points_of_the_month_s_applicants_come_with_it(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    rows = [
        ended(1, "20260905", "001099000001"),
        ended(2, "20261003", "001099000001"),
        ended(3, "20261020", "001099000001"),
        ended(4, "20260910", "001099000002"),  # nothing in October: of no use
        ended(5, "20260401", "001099000003"),  # too long ago
        ended(6, "20261005", "001099000003"),
        ended(7, "20261006", None),
    ]
    load(write(tmp_path / "a.jsonl", rows))
    found = list(queries.end_points_with_history(reading(), OCTOBER, NOW, 60))
    assert sorted(point.dossier_code[-1] for point in found) == ["1", "2", "3", "6", "7"]
    by_applicant = [point.dossier_code[-1] for point in found if point.dossier_code[-1] in "123"]
    assert by_applicant == ["1", "2", "3"]
    assert found[-1].applicant_hash is None
    hashes = {point.applicant_hash for point in found if point.applicant_hash}
    assert len(hashes) == 2
    assert not any("001099" in known for known in hashes)
    assert {point.dossier_code[-1] for point in queries.end_points(reading(), OCTOBER, NOW)} == {"2", "3", "6", "7"}


def test_nothing_after_now_comes(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    load(write(tmp_path / "a.jsonl", [ended(1, "20261003", "001099000001"), ended(2, "20261020", "001099000001")]))
    now = datetime(2026, 10, 10, tzinfo=UTC)
    assert [point.dossier_code[-1] for point in queries.end_points_with_history(reading(), OCTOBER, now, 60)] == ["1"]
