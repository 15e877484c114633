"""Rows held back for a code that nobody knew: told with the nearest names, taken once when the code is known, whatever breaks off."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from core.database import reading, writing
from core.errors import InputError
from procedures import attempts, feeds, jobs, merging, operations, progress, quarantine
from procedures.dossier_queries import data_dir
from procedures.models import Procedure, Submission
from tests.procedures.feed import NOW, START, lake_rows, load, message, quarantined, small_country, write
from tests.procedures.test_semantics import ENGLISH, english, lake_version, stored


def new_procedure(code: str) -> None:
    """A procedure that the catalogue lacked."""
    values: dict[str, Any] = {"levels": ["province"], "issuing_agencies": [], "executing_agencies": [], "details": {}}
    with writing() as session:
        session.add(Procedure(code=code, name=f"Thủ tục {code}", is_local=True, valid_from=START, **values))


def declare(code: str) -> None:
    """The source's code means the department."""
    operations.add_code("H26.12", "source:h26", code, START)


HELD = [
    message(1),
    message(2, DonViXuLy="SO-XD"),
    message(3, DonViXuLy="SO-XD", MaTTHC="9.999999"),
    message(4, MaTTHC="9.999999"),
    message(5, DonViXuLy="SO-XD", TrangThaiHoSo="77"),  # a code alone does not cure it
]


def test_unknown_codes_are_told_with_the_nearest(app: Flask, tmp_path: Path) -> None:
    small_country()
    rows = [{"unit_code": "H26.13"}, {"procedure_code": "1.00422"}, {"procedure_code": "1.11515"}, {}]
    result = load(english(tmp_path / "a.csv", *rows), profile="flat-en")
    unit, procedure, other = quarantined(result.submission)
    assert [row["reasons"] for row in (unit, procedure, other)] == ["unknown_unit", "unknown_procedure", "unknown_procedure"]
    for row, near in ((unit, "H26.12"), (procedure, "1.004222"), (other, "1.115150")):
        assert f"Gần nhất: {near}" in row["message_vi"]
        assert f"Nearest: {near}" in row["message_en"]
        assert [name for name in row if name in ENGLISH] == ENGLISH
    assert quarantine.unknown_codes(result.submission) == [
        ("unknown_procedure", "1.00422", 1),
        ("unknown_procedure", "1.11515", 1),
        ("unknown_unit", "H26.13", 1),
    ]


def test_rows_are_taken_when_their_codes_are_known(app: Flask, tmp_path: Path) -> None:
    small_country()
    parent = load(write(tmp_path / "a.jsonl", HELD)).submission
    assert jobs.release(NOW) == {}
    declare("SO-XD")
    assert feeds.release(NOW) == {"submissions": 1, "released": 1}
    assert [row["dossier_code"][-1] for row in lake_rows()] == ["1", "2"]
    child = reading().query(Submission).filter_by(way="release").one()
    assert (child.parent_id, child.state, child.rows_received, child.rows_accepted, child.rows_quarantined) == (
        stored(parent).id,
        "partly_accepted",
        3,
        1,
        2,
    )
    assert stored(parent).rows_released == 1
    new_procedure("9.999999")
    feeds.release(NOW)
    assert [row["dossier_code"][-1] for row in lake_rows()] == ["1", "2", "3", "4"]
    version, submissions = lake_version(), reading().query(Submission).count()
    assert feeds.release(NOW) == {}
    assert reading().query(Submission).count() == submissions
    assert lake_version() == version
    everywhere = [row for item in reading().query(Submission) if quarantine.path_of(item.key).is_file() for row in quarantined(item.key)]
    assert [(row["MaHoSo"][-1], row["reasons"]) for row in everywhere] == [("5", "unknown_status unknown_unit")]
    assert not list((data_dir() / "quarantine").glob("*.input.parquet"))


def test_a_newer_word_in_the_lake_is_not_undone_by_a_release(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    load(write(tmp_path / "a.jsonl", [message(1, DonViXuLy="SO-XD", TrangThaiHoSo="4")]))
    load(write(tmp_path / "b.jsonl", [message(1, TrangThaiHoSo="9", NgayCapNhat="20261101000000")]))
    declare("SO-XD")
    feeds.release(NOW)
    assert [row["status"] for row in lake_rows()] == [9]
    assert reading().query(Submission).filter_by(way="release").one().rows_superseded == 1


def test_release_keeps_what_the_row_said(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    asked = [{"NgayBoSung": "20261009100000", "NoiDungBoSung": "thiếu đơn", "DanhSachGiayToBoSung": [{"MaGiayTo": "G1", "TenGiayTo": "A"}]}]
    load(write(tmp_path / "a.jsonl", [message(1, HoSoBoSung=asked), message(2, HoSoBoSung=asked, DonViXuLy="SO-XD")]))
    flat = {"supplement_requests": "2", "supplement_requested_at": "2026-10-09T10:00:00", "supplement_text": "a, b\nc", "assisted": "yes"}
    codes = [{"dossier_code": f"H26.12-261008-000{number}"} for number in (3, 4)]
    load(english(tmp_path / "a.csv", codes[0] | flat, codes[1] | flat | {"unit_code": "SO-XD"}), profile="flat-en")
    declare("SO-XD")
    assert feeds.release(NOW)["released"] == 2
    first, second, third, fourth = (
        {name: value for name, value in row.items() if name not in ("dossier_code", "submission", "row_no", "updated_at", "applicant_hash")}
        for row in lake_rows()
    )
    assert first == second
    assert third == fourth


def test_release_by_day_takes_only_rows_of_that_time(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    load(
        write(
            tmp_path / "a.jsonl", [message(1), message(2, DonViXuLy="SO-XD"), message(3, DonViXuLy="SO-XD", NgayTiepNhan="20260908081500")]
        )
    )
    operations.add_code("H26.12", "source:h26", "SO-XD", date(2026, 10, 1))
    assert feeds.release(NOW)["released"] == 1
    assert [row["dossier_code"][-1] for row in lake_rows()] == ["1", "2"]
    assert feeds.release(NOW) == {}  # the other row's day is not covered
    assert len(lake_rows()) == 2


def test_release_that_cannot_be_read_loses_nothing(sqlite_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_country()
    parent = load(write(tmp_path / "a.jsonl", [message(1), message(2, DonViXuLy="SO-XD"), message(3, TrangThaiHoSo="77")])).submission
    declare("SO-XD")

    def full(*_arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(attempts.Reader, "raw", full)
        try:
            feeds.release(NOW)
        except (InputError, OSError):
            reading().rollback()
    jobs.purge(NOW)
    feeds.process_waiting(NOW)
    feeds.release(NOW)
    assert [row["dossier_code"][-1] for row in lake_rows()] == ["1", "2"]
    assert stored(parent).rows_released == 1
    assert [row["MaHoSo"][-1] for row in quarantined(parent)] == ["3"]


def stop(*_arguments: Any, **_named: Any) -> None:
    """The process ends here."""
    raise KeyboardInterrupt


def after(step: Callable[..., Any]) -> Callable[..., Any]:
    """The process ends right after a step."""

    def done(*arguments: Any, **named: Any) -> None:
        step(*arguments, **named)
        raise KeyboardInterrupt

    return done


STEPS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "before the first file is written": (quarantine, "_write", stop),
    "after the first file is written": (quarantine, "_write", after(quarantine._write)),
    "before the parent's file goes": (Path, "unlink", stop),
    "while the rows are judged": (attempts.Attempt, "read", stop),
    "after they are judged": (attempts.Attempt, "read", after(attempts.Attempt.read)),
    "before the commit": (merging, "carry_out", stop),
    "after the commit": (merging, "carry_out", after(merging.carry_out)),
    "before the counts": (progress, "close", stop),
    "after the counts": (progress, "finish", after(progress.finish)),
    "before the input goes": (quarantine, "close_rows", stop),
}


@pytest.mark.parametrize("case", STEPS)
@pytest.mark.parametrize("all_of_them", [True, False])
def test_release_broken_off_is_done_once(
    sqlite_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str, all_of_them: bool
) -> None:
    small_country()
    rows = [message(1), message(2, DonViXuLy="SO-XD"), message(3, DonViXuLy="SO-XD"), *([] if all_of_them else [message(4, MaTTHC="x")])]
    parent = load(write(tmp_path / "a.jsonl", rows)).submission
    declare("SO-XD")
    owner, name, replacement = STEPS[case]
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, replacement)
        try:
            feeds.release(NOW)
        except KeyboardInterrupt:
            reading().rollback()
    for _ in range(2):
        feeds.process_waiting(NOW)
        feeds.release(NOW)
    jobs.purge(NOW)
    assert [row["dossier_code"][-1] for row in lake_rows()] == ["1", "2", "3"]
    assert stored(parent).rows_released == 2
    children = reading().query(Submission).filter_by(way="release").all()
    assert {item.state for item in children} <= {"accepted", "partly_accepted", "rejected"}
    assert sum(item.rows_accepted for item in children) == 2
    assert not list((data_dir() / "quarantine").glob("*.input.parquet"))
    left = [
        row["MaHoSo"][-1] for item in reading().query(Submission) if quarantine.path_of(item.key).is_file() for row in quarantined(item.key)
    ]
    assert left == ([] if all_of_them else ["4"])
