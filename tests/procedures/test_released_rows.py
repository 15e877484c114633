"""A released row is as old as its file: it undoes nothing that was said since, and only its own hash is believed."""

from datetime import timedelta
from pathlib import Path

from flask import Flask

from core.database import reading
from procedures import feeds
from procedures.models import Submission
from tests.procedures.feed import NOW, lake_rows, load, message, small_country, write
from tests.procedures.test_release import declare, new_procedure
from tests.procedures.test_semantics import english

HASH = "a" * 64


def test_a_hash_written_by_the_sender_is_hashed_like_any_text(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    keys = [f"sha256:{HASH}", "sha256:CCCD 001099000001 Nguyen Van A", "001099000001"]
    load(english(tmp_path / "a.csv", *({"applicant_key": key} for key in keys)), profile="flat-en")
    found = [row["applicant_hash"] for row in lake_rows()]
    assert len(set(found)) == 3
    assert all(len(one) == 64 and one != HASH for one in found)


def test_a_released_row_keeps_the_hash_of_its_applicant(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    load(write(tmp_path / "a.jsonl", [message(1), message(2, DonViXuLy="SO-XD")]))
    claims = f"sha256:{HASH}"
    load(write(tmp_path / "b.jsonl", [message(3, SoGiayToChuHoSo=claims), message(4, SoGiayToChuHoSo=claims, DonViXuLy="SO-XD")]))
    declare("SO-XD")
    assert feeds.release(NOW)["released"] == 2
    first, second, third, fourth = (row["applicant_hash"] for row in lake_rows())
    assert first == second
    assert third == fourth != HASH


def test_of_two_rows_of_one_time_the_mended_one_stays(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    load(write(tmp_path / "a.jsonl", [message(1, DonViXuLy="SO-XD", TrangThaiHoSo="4")]))
    load(write(tmp_path / "b.jsonl", [message(1)]))
    declare("SO-XD")
    feeds.release(NOW)
    assert [row["status"] for row in lake_rows()] == [10]
    assert reading().query(Submission).filter_by(way="release").one().rows_superseded == 1


def test_a_row_released_twice_is_still_as_old_as_its_file(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    load(english(tmp_path / "a.csv", {"unit_code": "SO-XD"}, {"unit_code": "SO-XD", "procedure_code": "9.999999"}), profile="flat-en")
    declare("SO-XD")
    feeds.release(NOW + timedelta(hours=2))
    later = english(tmp_path / "b.csv", {"dossier_code": "H26.12-261008-0002", "status": "9", "finished_at": "2026-10-09"})
    load(later, profile="flat-en", now=NOW + timedelta(hours=1))
    new_procedure("9.999999")
    feeds.release(NOW + timedelta(hours=3))
    assert [row["status"] for row in lake_rows()] == [4, 9]


def test_a_month_that_was_replaced_since_takes_no_row_from_before(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    other = message(3, DonViXuLy="SO-XD", NgayTiepNhan="20260908081500")
    after = dict.fromkeys(("NgayHenTra", "NgayTra", "NgayKetThucXuLy", "NgayCapNhat"), "20261105093000") | {"QuaTrinhXuLy": []}
    last = message(4, DonViXuLy="SO-XD", NgayTiepNhan="20261031233000", **after)  # 16:30 UTC
    load(write(tmp_path / "a.jsonl", [message(1), message(2, DonViXuLy="SO-XD"), other, last]))
    new = [message(1), message(5, DonViXuLy="SO-XD")]  # what the replacement itself holds back is of the month
    feeds.load_feed(write(tmp_path / "b.jsonl", new), "h26", "national-sync", NOW, replaces_month="2026-10", confirmed=True)
    declare("SO-XD")
    assert feeds.release(NOW)["released"] == 4
    assert sum(item.rows_superseded for item in reading().query(Submission).filter_by(way="release")) == 2
    assert [row["dossier_code"][-1] for row in lake_rows()] == ["1", "3", "5"]
    assert feeds.release(NOW) == {}
