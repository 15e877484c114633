"""A month replaced: first the difference, then, when somebody has seen it, the month as the file has it; nothing else moves."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from core.errors import InputError
from procedures import feeds, spool
from procedures.feeds import LoadResult
from tests.procedures.feed import NOW, lake_rows, load, message, quarantined, small_country, write
from tests.procedures.test_semantics import lake_version, stored

SEPTEMBER = {"NgayTiepNhan": "20260908081500"}
OLDER = {"NgayCapNhat": "20261010000000", "TrangThaiHoSo": "4"}  # a replacement may take a word back


def prepared(tmp_path: Path) -> None:
    """Four dossiers of October, one of September, and another source's."""
    small_country()
    load(write(tmp_path / "0.jsonl", [*(message(number) for number in range(1, 5)), message(9, **SEPTEMBER)]))
    load(write(tmp_path / "1.jsonl", [message(1), message(2)]), source="h14")


def send(tmp_path: Path, *messages: dict[str, Any], month: str = "2026-10", confirmed: bool = False) -> LoadResult:
    """Send a file in place of a month."""
    path = write(tmp_path / "replacement.jsonl", messages)
    return feeds.load_feed(path, "h26", "national-sync", NOW, replaces_month=month, confirmed=confirmed)


def held() -> list[tuple[str, str, str, int]]:
    """(source, month, last digit, status) of each dossier."""
    return [(row["source"], row["reception_month"], row["dossier_code"][-1], row["status"]) for row in lake_rows()]


OTHERS = [("h14", "2026-10", "1", 10), ("h14", "2026-10", "2", 10)]
STAYS = ("h26", "2026-09", "9", 10)
NEW = [message(1), message(2, **OLDER), message(5), message(5, NgayCapNhat="20261010000000")]


def test_difference_is_shown_and_nothing_done(app: Flask, tmp_path: Path) -> None:
    prepared(tmp_path)
    before, version = lake_rows(), lake_version()
    result = send(tmp_path, *NEW)
    assert (result.state, result.difference) == ("checked", {"added": 1, "changed": 1, "removed": 2, "unchanged": 1})
    assert feeds.process_waiting(NOW) == {}
    assert (lake_rows(), lake_version()) == (before, version)
    assert spool.keys() == [result.submission]


def test_confirmed_replacement_is_the_month(app: Flask, tmp_path: Path) -> None:
    prepared(tmp_path)
    key = send(tmp_path, *NEW).submission
    feeds.confirm(key, "a clerk", NOW)
    assert feeds.process_waiting(NOW) == {"finished": 1}
    rows = [("h26", "2026-10", "1", 10), ("h26", "2026-10", "2", 4), ("h26", "2026-10", "5", 10)]
    assert held() == [*OTHERS, *rows, STAYS]
    item = stored(key)
    counts = (item.state, item.rows_received, item.rows_accepted, item.rows_superseded, item.rows_unchanged, item.rows_quarantined)
    assert counts == ("accepted", 4, 2, 1, 1, 0)
    assert item.months == ["2026-10"]
    assert spool.keys() == []
    with pytest.raises(InputError):
        feeds.confirm(key, "a clerk", NOW)
    # The same again would change nothing.
    assert send(tmp_path, *NEW[:3]).difference == {"added": 0, "changed": 0, "removed": 0, "unchanged": 3}


def test_given_up_replacement_leaves_nothing(app: Flask, tmp_path: Path) -> None:
    prepared(tmp_path)
    before = lake_rows()
    key = send(tmp_path, *NEW).submission
    feeds.cancel(key, "a clerk", NOW)
    assert (stored(key).state, lake_rows(), spool.keys()) == ("rejected", before, [])
    assert feeds.process_waiting(NOW) == {}
    for act in (feeds.confirm, feeds.cancel):
        with pytest.raises(InputError):
            act(key, "a clerk", NOW)
        with pytest.raises(InputError):
            act("0" * 16, "a clerk", NOW)


def test_lake_that_changed_meanwhile_is_asked_about_again(app: Flask, tmp_path: Path) -> None:
    prepared(tmp_path)
    key = send(tmp_path, *NEW).submission
    load(write(tmp_path / "more.jsonl", [message(3, NgayCapNhat="20261101000000"), message(6)]))
    feeds.confirm(key, "a clerk", NOW)
    feeds.process_waiting(NOW)
    item = stored(key)
    assert (item.state, item.confirmed_at, item.difference["removed"]) == ("checked", None, 1)
    assert "xem lại" in item.reason
    assert ("h26", "2026-10", "4", 10) in held()
    feeds.confirm(key, "a clerk", NOW)
    feeds.process_waiting(NOW)
    assert [row for row in held() if row[0] == "h26"] == [
        ("h26", "2026-10", "1", 10),
        ("h26", "2026-10", "2", 4),
        ("h26", "2026-10", "3", 10),  # what came after the replacement stays
        ("h26", "2026-10", "5", 10),
        ("h26", "2026-10", "6", 10),
        STAYS,
    ]


def test_rows_of_other_months_are_held_back(sqlite_app: Flask, tmp_path: Path) -> None:
    prepared(tmp_path)
    result = send(tmp_path, message(1), message(7, **SEPTEMBER), message(9), confirmed=True)
    assert (result.state, result.accepted, result.unchanged, result.quarantined) == ("partly_accepted", 1, 1, 1)
    assert [(row["MaHoSo"][-1], row["reasons"]) for row in quarantined(result.submission)] == [("7", "other_month")]
    # Dossier 9 moved into the month by the file's word: it is there, and no longer in September.
    assert held() == [*OTHERS, ("h26", "2026-10", "1", 10), ("h26", "2026-10", "9", 10)]


def test_dossier_whose_new_row_is_held_back_stays_as_it_was(sqlite_app: Flask, tmp_path: Path) -> None:
    prepared(tmp_path)
    asked = send(tmp_path, message(1, **OLDER), message(2, MaTTHC="x"), message(3, **SEPTEMBER))
    assert asked.difference == {"added": 0, "changed": 1, "removed": 1, "unchanged": 0}
    feeds.confirm(asked.submission, "a clerk", NOW)
    feeds.process_waiting(NOW)
    assert held() == [*OTHERS, ("h26", "2026-10", "1", 4), ("h26", "2026-10", "2", 10), ("h26", "2026-10", "3", 10), STAYS]


def test_month_that_is_not_there_yet(sqlite_app: Flask, tmp_path: Path) -> None:
    prepared(tmp_path)
    result = send(tmp_path, message(20, **(SEPTEMBER | {"NgayTiepNhan": "20260808081500"})), month="2026-08", confirmed=True)
    assert (result.state, result.accepted) == ("accepted", 1)
    with pytest.raises(InputError, match="2026-13"):
        send(tmp_path, message(1), month="2026-13")


def test_file_that_cannot_be_read_replaces_nothing(sqlite_app: Flask, tmp_path: Path) -> None:
    prepared(tmp_path)
    before = lake_rows()
    (tmp_path / "a.jsonl").write_text("{broken\n", encoding="utf-8")
    with pytest.raises(InputError):
        feeds.load_feed(tmp_path / "a.jsonl", "h26", "national-sync", NOW, replaces_month="2026-10", confirmed=True)
    assert lake_rows() == before
    # Every row held back: the difference says that nothing would go.
    result = send(tmp_path, *(message(number, MaTTHC="x") for number in range(1, 5)))
    assert result.difference == {"added": 0, "changed": 0, "removed": 0, "unchanged": 0}


def test_ordinary_file_beside_a_waiting_replacement_goes_on(sqlite_app: Flask, tmp_path: Path) -> None:
    prepared(tmp_path)
    key = send(tmp_path, *NEW).submission
    result = load(write(tmp_path / "a.jsonl", [message(8)]))
    assert (result.state, stored(key).state) == ("accepted", "checked")


@pytest.mark.parametrize("code", ["H26.12 - 261008 - 0002", "0912345678", "Nguyễn Văn A", ""])
def test_a_row_of_a_dossier_that_nobody_can_tell_replaces_nothing(sqlite_app: Flask, tmp_path: Path, code: str) -> None:
    prepared(tmp_path)
    before = lake_rows()
    with pytest.raises(InputError) as refused:
        send(tmp_path, message(1), message(3) | {"MaHoSo": code}, confirmed=True)
    assert refused.value.row == 2
    assert lake_rows() == before
