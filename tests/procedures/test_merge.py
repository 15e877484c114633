"""What the lake holds does not depend on how often or in what order files come."""

from pathlib import Path
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.database import reading
from procedures.models import Submission
from tests.procedures.feed import lake_rows, load, message, small_country, write

MONTHS = ("202608", "202609", "202610")


def version(number: int, minute: int, month: str, status: str) -> dict[str, Any]:
    """A state of dossier ``number`` as updated at a minute; its reception may have been corrected to another month."""
    return message(
        number,
        NgayTiepNhan=f"{month}05080000",
        NgayHenTra=f"{month}25170000",
        NgayKetThucXuLy=None,
        NgayTra=None,
        QuaTrinhXuLy=[],
        TrangThaiHoSo=status,
        NgayCapNhat=f"20261101{minute // 60:02d}{minute % 60:02d}00",
    )


def state() -> list[dict[str, Any]]:
    """The lake without the name of the submission."""
    return [{key: value for key, value in row.items() if key != "submission"} for row in lake_rows()]


states = st.tuples(st.integers(1, 4), st.sampled_from(MONTHS), st.sampled_from(["2", "4", "5"]))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_files_in_any_order_any_number_of_times(sqlite_app: Flask, tmp_path: Path, data: st.DataObject) -> None:
    # Every state has its own time of update, so that there is one right answer.
    dealt = data.draw(st.lists(states, min_size=1, max_size=10))
    versions = [version(number, minute, month, status) for minute, (number, month, status) in enumerate(dealt)]
    cut = data.draw(st.integers(0, len(versions)))
    files = [part for part in (versions[:cut], versions[cut:]) if part]
    expected = {item["MaHoSo"]: item for item in versions}
    outcomes = []
    if not reading().query(Submission).count():
        small_country()
    for order in (files, files[::-1], [*files, *files]):
        _empty_lake()
        for position, part in enumerate(order):
            load(write(tmp_path / f"{position}.jsonl", part))
        outcomes.append(state())
    assert outcomes[0] == outcomes[1] == outcomes[2]
    assert len(outcomes[0]) == len(expected)
    for row in outcomes[0]:
        assert row["reception_month"].replace("-", "") == expected[row["dossier_code"]]["NgayTiepNhan"][:6]
        assert str(row["status"]) == expected[row["dossier_code"]]["TrangThaiHoSo"]


def _empty_lake() -> None:
    import shutil

    from procedures.dossier_queries import data_dir

    shutil.rmtree(data_dir() / "lake", ignore_errors=True)


def test_same_file_twice_changes_nothing(app: Flask, tmp_path: Path) -> None:
    small_country()
    path = write(tmp_path / "a.jsonl", [message(number) for number in range(1, 30)])
    assert load(path).accepted == 29
    before = lake_rows()
    assert load(path).unchanged == 29
    assert lake_rows() == before


def test_duplicates_in_a_file_the_latest_wins(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    rows = [
        message(1, TrangThaiHoSo="9", NgayCapNhat="20261016000000"),
        message(1, TrangThaiHoSo="4", NgayCapNhat="20261015000000"),
        message(2, TrangThaiHoSo="4"),
        message(2, TrangThaiHoSo="10"),  # same time of update: the later row
    ]
    result = load(write(tmp_path / "a.jsonl", rows))
    assert (result.accepted, result.superseded) == (2, 2)
    assert [row["status"] for row in lake_rows()] == [9, 10]


def test_older_row_does_not_undo_a_newer_one(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    load(write(tmp_path / "a.jsonl", [message(1)]))
    result = load(write(tmp_path / "b.jsonl", [message(1, TrangThaiHoSo="4", NgayCapNhat="20261009000000")]))
    assert (result.superseded, lake_rows()[0]["status"]) == (1, 10)


def test_corrected_month_leaves_one_row(app: Flask, tmp_path: Path) -> None:
    small_country()
    load(write(tmp_path / "a.jsonl", [message(1), message(2)]))
    moved = message(1, NgayTiepNhan="20260908081500", NgayCapNhat="20261101000000")
    result = load(write(tmp_path / "b.jsonl", [moved, message(3)]))
    assert result.accepted == 2
    assert [(row["dossier_code"][-1], row["reception_month"]) for row in lake_rows()] == [
        ("1", "2026-09"),
        ("2", "2026-10"),
        ("3", "2026-10"),
    ]
    assert reading().query(Submission).filter_by(key=result.submission).one().months == ["2026-09", "2026-10"]


def test_two_sources_may_use_one_code(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    path = write(tmp_path / "a.jsonl", [message(1)])
    load(path)
    assert load(path, source="h14").accepted == 1
    assert [row["source"] for row in lake_rows()] == ["h14", "h26"]


def test_row_said_twice_stays_where_it_was_read_first(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    same, early, late = message(1), message(2, TrangThaiHoSo="4", NgayTra=None, NgayKetThucXuLy=None, QuaTrinhXuLy=[]), message(2)
    result = load(write(tmp_path / "a.jsonl", [same, early, same, late, same]))
    assert (result.accepted, result.superseded, result.warnings) == (2, 3, {"repeated_dossier": 3})
    assert [(row["row_no"], row["status"]) for row in lake_rows()] == [(1, 10), (4, 10)]
