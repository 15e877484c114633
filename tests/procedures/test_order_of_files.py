"""What is said later wins, whatever lay aside, waited or was replaced in between."""

from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest
from flask import Flask

from core.database import reading
from core.errors import InputError
from procedures import feeds, intake
from procedures.models import Submission
from tests.procedures.feed import NOW, lake_rows, load, message, small_country, write
from tests.procedures.test_release import declare, new_procedure
from tests.procedures.test_semantics import english


def receive(path: Path, now_hours: int = 0, profile: str = "national-sync") -> str:
    with path.open("rb") as stream:
        return intake.receive(stream, path.name, "h26", profile, "upload", "someone", NOW + timedelta(hours=now_hours))


def replace(path: Path, hours: int = 0) -> feeds.LoadResult:
    return feeds.load_feed(path, "h26", "national-sync", NOW + timedelta(hours=hours), replaces_month="2026-10", confirmed=True)


def test_what_was_said_again_since_is_later_than_what_lay_aside(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    load(english(tmp_path / "a.csv", {"status": "4"}), profile="flat-en")
    load(english(tmp_path / "b.csv", {"status": "5", "unit_code": "SO-XD"}), profile="flat-en", now=NOW + timedelta(days=2))
    load(english(tmp_path / "c.csv", {"status": "4"}), profile="flat-en", now=NOW + timedelta(days=4))
    declare("SO-XD")
    feeds.release(NOW + timedelta(days=5))
    assert [row["status"] for row in lake_rows()] == [4]


def test_a_file_that_waited_brings_nothing_back_into_a_month_that_was_replaced(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    waiting = receive(write(tmp_path / "a.jsonl", [message(1), message(2), message(3, NgayTiepNhan="20260908081500")]))
    replace(write(tmp_path / "b.jsonl", [message(1)]), hours=1)
    found = feeds.process(waiting, NOW + timedelta(hours=2))
    assert (found.accepted, found.superseded) == (1, 2)
    assert [row["dossier_code"][-1] for row in lake_rows()] == ["1", "3"]


def test_of_two_rows_of_one_time_the_one_of_the_later_file_wins_though_the_other_is_taken_later(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    waiting = receive(write(tmp_path / "a.jsonl", [message(1, TrangThaiHoSo="4", NgayKetThucXuLy="", NgayTra="")]))
    load(write(tmp_path / "b.jsonl", [message(1)]), now=NOW + timedelta(hours=1))
    assert feeds.process(waiting, NOW + timedelta(hours=2)).superseded == 1
    assert [row["status"] for row in lake_rows()] == [10]


def test_a_replacement_leaves_what_came_after_it(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    load(write(tmp_path / "a.jsonl", [message(1), message(2)]))
    path = write(tmp_path / "b.jsonl", [message(1)])
    with path.open("rb") as stream:
        key = intake.receive(stream, path.name, "h26", "national-sync", "upload", "someone", NOW, replaces_month="2026-10")
    assert feeds.process(key, NOW).difference["removed"] == 1
    load(write(tmp_path / "c.jsonl", [message(3)]), now=NOW + timedelta(hours=1))
    feeds.confirm(key, "someone", NOW + timedelta(hours=2))
    feeds.process(key, NOW + timedelta(hours=2))
    assert [row["dossier_code"][-1] for row in lake_rows()] == ["1", "3"]


def test_a_row_without_a_code_stops_a_replacement(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    load(write(tmp_path / "a.jsonl", [message(number) for number in (1, 2, 3)]))
    with pytest.raises(InputError, match="mã hồ sơ") as refused:
        replace(write(tmp_path / "b.jsonl", [message(1), '{"MaHoSo": "H26.12-2610']))
    assert refused.value.row == 2
    assert replace(write(tmp_path / "c.jsonl", [message(1, TrangThaiHoSo="77")])).state == "rejected"
    assert len(lake_rows()) == 3


def test_a_row_that_a_replacement_held_back_replaces_when_it_is_released(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    load(write(tmp_path / "a.jsonl", [message(1)]))
    old = message(1, TrangThaiHoSo="4", NgayKetThucXuLy="", NgayTra="", NgayCapNhat="20261009101500", DonViXuLy="SO-XD")
    replace(write(tmp_path / "b.jsonl", [old, message(2)]))
    declare("SO-XD")
    feeds.release(NOW)
    assert [row["status"] for row in lake_rows()] == [4, 10]


HEAD = "case:concept:name,case:department,case:startdate,concept:name,time:timestamp\n"
CASE = "c-1,H26.12,2026-10-08T08:00:00+02:00,"


def test_the_events_of_a_case_gather_whatever_file_they_are_in(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    new_procedure("receipt")
    days = [tmp_path / name for name in ("one.csv", "two.csv")]
    for path, event in zip(days, ("Confirmation,2026-10-08T09:00:00+02:00", "Decision,2026-10-12T08:00:00+02:00"), strict=True):
        path.write_text(f"{HEAD}{CASE}{event}\n", encoding="utf-8")
    assert load(days[0], profile="event-log").accepted == 1
    assert load(days[1], profile="event-log", now=NOW + timedelta(days=1)).accepted == 1
    assert load(days[0], profile="event-log", now=NOW + timedelta(days=2)).accepted == 0
    assert load(days[1], profile="event-log", now=NOW + timedelta(days=3)).unchanged == 1
    assert [step["activity"] for step in lake_rows()[0]["history"]] == ["Confirmation", "Decision"]


EVENTS = (
    "Confirmation,2026-10-08T09:00:00+02:00",
    "Check,2026-10-10T08:00:00+02:00",
    "Decision,2026-10-12T08:00:00+02:00",
)


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("together", [True, False])
def test_events_gather_in_whatever_order_their_files_come(
    sqlite_app: Flask, tmp_path: Path, order: tuple[int, ...], together: bool
) -> None:
    small_country()
    new_procedure("receipt")
    for hours, number in enumerate(order):
        path, now = tmp_path / f"{number}.csv", NOW + timedelta(hours=hours)
        path.write_text(f"{HEAD}{CASE}{EVENTS[number]}\n", encoding="utf-8")
        key = receive(path, hours, "event-log")
        if not together:
            feeds.process(key, now)
    feeds.process_waiting(NOW + timedelta(days=1))
    (row,) = lake_rows()
    assert [step["activity"] for step in row["history"]] == ["Confirmation", "Check", "Decision"]
    every = reading().query(Submission)
    assert sum(item.rows_accepted + item.rows_superseded + item.rows_unchanged for item in every) == 3


def test_a_replaced_month_has_the_events_of_the_new_file_alone(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    new_procedure("receipt")
    for name, events in (("wrong.csv", EVENTS[:2]), ("right.csv", EVENTS[1:])):
        (tmp_path / name).write_text(HEAD + "".join(f"{CASE}{event}\n" for event in events), encoding="utf-8")
    load(tmp_path / "wrong.csv", profile="event-log")
    replaced = {"replaces_month": "2026-10", "confirmed": True}
    found = feeds.load_feed(tmp_path / "right.csv", "h26", "event-log", NOW + timedelta(hours=1), **replaced)
    assert found.difference["changed"] == 1
    assert [step["activity"] for step in lake_rows()[0]["history"]] == ["Check", "Decision"]


@pytest.mark.parametrize("newer_first", [True, False])
@pytest.mark.parametrize("together", [True, False])
def test_who_applied_is_known_from_an_older_row_too(sqlite_app: Flask, tmp_path: Path, newer_first: bool, together: bool) -> None:
    small_country()
    code = {"dossier_code": "H26.12-261008-0001"}
    older = code | {"applicant_key": "001099000001", "updated_at": "2026-10-09", "status": "1"}
    newer = code | {"applicant_key": "", "updated_at": "2026-10-20"}
    rows = [newer, older] if newer_first else [older, newer]
    for hours, row in enumerate(rows):
        path, now = english(tmp_path / f"{hours}.csv", row), NOW + timedelta(hours=hours)
        key = receive(path, hours, "flat-en")
        if not together:
            feeds.process(key, now)
    feeds.process_waiting(NOW + timedelta(days=1))
    (row,) = lake_rows()
    assert row["applicant_hash"]
    assert row["updated_at"].day == 19  # 20 October in Viet Nam begins on the 19th
    assert row["status"] == 4


def test_who_applied_is_kept_from_any_row_of_a_file(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    code = {"dossier_code": "H26.12-261008-0001"}
    rows = [code | {"applicant_key": "001099000001", "updated_at": "2026-10-09"}, code | {"applicant_key": "", "updated_at": "2026-10-10"}]
    load(english(tmp_path / "a.csv", *rows), profile="flat-en")
    (row,) = lake_rows()
    assert row["applicant_hash"]
    assert row["updated_at"].day == 9  # 10 October in Viet Nam begins on the 9th


def test_nobody_is_told_that_a_confirmed_replacement_was_not_confirmed(sqlite_app: Flask, tmp_path: Path) -> None:
    from procedures import jobs, spool

    small_country()
    path = write(tmp_path / "a.jsonl", [message(1)])
    with path.open("rb") as stream:
        key = intake.receive(stream, path.name, "h26", "national-sync", "upload", "someone", NOW, replaces_month="2026-10")
    feeds.process(key, NOW)
    feeds.confirm(key, "someone", NOW)
    spool.destroy(key, "a test")
    jobs.purge(NOW + timedelta(days=8))
    found = reading().query(Submission).filter_by(key=key).one()
    reading().refresh(found)
    assert found.state != "rejected" or "Không ai" not in found.reason
