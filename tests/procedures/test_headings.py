"""The heading of a table stands below titles as offices write them, in text as in workbooks; times in halves of the day."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask

from core.errors import InputError
from procedures import delimited, drafting, feeds, mapping
from procedures.headings import WITHIN
from tests.procedures.feed import NOW, lake_rows, load, quarantined, small_country
from tests.procedures.test_broken_files import workbook
from tests.procedures.test_feeds import FLAT, FLAT_ROWS

TITLES = {
    "none": [],
    "rows of blank cells": [["ỦY BAN NHÂN DÂN"], ["Từ 01/10/2026, đến 31/10/2026; hồ sơ"], [""]],
    "of several lines": [["TRUNG TÂM\nPHỤC VỤ, HÀNH CHÍNH CÔNG; TỈNH"], []],
    "a group above the headings": [["", "Hồ sơ", "", "Trạng thái"]],
    "as many as are looked at": [["x"]] * (WITHIN - 1),
}


def text(rows: list[list[str]], separator: str, start: str = "") -> bytes:
    def cell(value: str) -> str:
        return f'"{value}"' if separator in value or "\n" in value else value

    return (start + "".join(separator.join(map(cell, row)) + "\r\n" for row in rows)).encode()


def wide(titles: list[list[str]]) -> list[list[str]]:
    """Titles as an office program saves them: as many cells as the table has columns."""
    return [[*row, *[""] * (len(FLAT) - len(row))] for row in titles]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("case", TITLES)
def test_heading_below_titles(sqlite_app: Flask, tmp_path: Path, case: str, separator: str) -> None:
    small_country()
    titles = wide(TITLES[case])
    bad = [*FLAT_ROWS[1][:4], "gì đó", *FLAT_ROWS[1][5:]]
    (tmp_path / "a.csv").write_bytes(text([*titles, FLAT, FLAT_ROWS[0], bad], separator))
    result = load(tmp_path / "a.csv", profile="flat-vi")
    assert (result.received, result.accepted) == (2, 1)
    assert [row["row"] for row in quarantined(result.submission)] == [str(len(titles) + 3)]


def test_line_that_names_the_separator(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    (tmp_path / "a.csv").write_bytes(text([FLAT, *FLAT_ROWS], ";", "sep=;\r\n"))
    assert load(tmp_path / "a.csv", profile="flat-vi").accepted == len(FLAT_ROWS)


@pytest.mark.parametrize("block", [9, 1 << 24])
def test_rows_below_titles_keep_their_numbers(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(delimited, "BLOCK", block)
    rows = delimited.csv_rows(io.BytesIO(b'title,\n"x\ny",\na,b\n1,2\n\nshort\n3,"4"\n'), "a.csv", ["a", "b"])
    found = [tuple(row.values()) for batch in rows.batches for row in batch.to_pylist()]
    assert ([row for row in found if any(row[1:])], rows.broken, rows.top) == ([(4, "1", "2"), (7, "3", "4")], [6], 3)
    with pytest.raises(InputError) as refused:
        list(delimited.csv_rows(io.BytesIO(b'title,\na,b\n1,2\n3,"x\n4,5\n'), "a.csv", ["a", "b"]).batches)
    assert (refused.value.row, refused.value.field) == (4, "b")


def test_first_row_stays_the_heading_where_none_is_better() -> None:
    rows = delimited.csv_rows(io.BytesIO(b"a,x\nb,2\n"), "a.csv", ["a", "b"])
    assert (rows.top, rows.names) == (1, ["a", "x"])
    rows = delimited.csv_rows(io.BytesIO(b"q,x\n1,2\n"), "a.csv", ["a", "b"])
    assert (rows.top, rows.names) == (1, ["q", "x"])


@pytest.mark.parametrize("titles", ["none", "of several lines"])
def test_heading_alone_has_no_rows(sqlite_app: Flask, tmp_path: Path, titles: str) -> None:
    small_country()
    (tmp_path / "a.csv").write_bytes(text([*wide(TITLES[titles]), FLAT], ",").rstrip())
    with pytest.raises(InputError, match="has no rows of data"):
        feeds.load_feed(tmp_path / "a.csv", "h26", "flat-vi", NOW)


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_a_missing_column_is_told_with_the_row_of_the_heading(sqlite_app: Flask, tmp_path: Path, name: str) -> None:
    small_country()
    rows = [*wide(TITLES["rows of blank cells"]), FLAT[1:], *(row[1:] for row in FLAT_ROWS)]
    (tmp_path / name).write_bytes(text(rows, ";") if name == "a.csv" else workbook(rows))
    with pytest.raises(InputError) as refused:
        feeds.load_feed(tmp_path / name, "h26", "flat-vi", NOW)
    assert (refused.value.row, refused.value.field) == (4, FLAT[0])


HALVES = {
    "8/10/2026 8:15 SA": (8, 1, 15),
    "08/10/2026 12:15:30 SA": (7, 17, 15),
    "08/10/2026 12:15 CH": (8, 5, 15),
    "8/10/2026 1:15:00 ch": (8, 6, 15),
    "8/10/2026 1:15 PM": (8, 6, 15),
}


def received(at: str) -> Callable[[list[str]], list[str]]:
    column = FLAT.index("Ngày tiếp nhận")
    return lambda row: [*row[:column], at, *row[column + 1 :]]


@pytest.mark.parametrize("written", HALVES)
def test_halves_of_the_day(sqlite_app: Flask, tmp_path: Path, written: str) -> None:
    small_country()
    (tmp_path / "a.csv").write_bytes(text([FLAT, received(written)(FLAT_ROWS[0])], ";"))
    assert load(tmp_path / "a.csv", profile="flat-vi").accepted == 1
    day, hour, minute = HALVES[written]
    assert lake_rows()[0]["received_at"].replace(second=0) == datetime(2026, 10, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize("written", ["8/10/2026 13:15 CH", "8/10/2026 8:15 SC", "8/10/2026 8:15 SA CH"])
def test_halves_that_are_none(sqlite_app: Flask, tmp_path: Path, written: str) -> None:
    small_country()
    (tmp_path / "a.csv").write_bytes(text([FLAT, received(written)(FLAT_ROWS[0])], ";"))
    assert [row["reasons"] for row in quarantined(load(tmp_path / "a.csv", profile="flat-vi").submission)] == ["bad_date"]


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_draft_of_a_table_below_titles(sqlite_app: Flask, tmp_path: Path, name: str) -> None:
    small_country()
    heading = ["Số biên nhận", "Mã dịch vụ công", "Cơ quan thực hiện", "Ngày nộp hồ sơ", "Tình trạng"]
    cells = ["H26.12-261008-0001", "1.004222", "H26.12", "8/10/2026 1:15 CH", "Đang xử lý"]
    rows = [["DANH SÁCH", "", "", "", ""], ["", "", "", "", ""], heading, cells]
    (tmp_path / name).write_bytes(text(rows, ";") if name == "a.csv" else workbook(rows))
    drafted = drafting.draft(tmp_path / name, "ours", limit=1 << 24, scratch=tmp_path / "scratch")
    assert mapping.parse(drafted, "ours.yaml").date_formats == ["%d/%m/%Y %I:%M %p"]
    folder = sqlite_app.extensions["settings"].data_dir / "profiles"
    folder.mkdir(parents=True)
    (folder / "ours.yaml").write_text(drafted, encoding="utf-8")
    assert load(tmp_path / name, profile="ours").accepted == 1
    assert lake_rows()[0]["received_at"] == datetime(2026, 10, 8, 6, 15, tzinfo=UTC)


def test_a_draft_finds_the_heading_among_words_that_nobody_knows(tmp_path: Path) -> None:
    rows = [["PHÒNG", "", ""], ["", "", ""], ["aaa", "bbb", "ccc"], ["H26.12-261008-0001", "04/10/2026", "x y"], ["2", "3", "z"]]
    for name, data in (("a.csv", text(rows, ";")), ("a.xlsx", workbook(rows))):
        (tmp_path / name).write_bytes(data)
        drafted = drafting.draft(tmp_path / name, "ours", limit=1 << 24, scratch=tmp_path / "scratch")
        assert [f'"{heading}"' in drafted for heading in ("aaa", "bbb", "ccc", "PHÒNG")] == [True, True, True, False]
        assert "H26.12" not in drafted


@pytest.mark.parametrize(("word", "status"), [("Đã giải quyết", "9"), ("Đang giải quyết hồ sơ", "4"), ("Chưa tiếp nhận", None)])
def test_a_draft_does_not_take_what_is_done_for_what_is_under_way(tmp_path: Path, word: str, status: str | None) -> None:
    (tmp_path / "a.csv").write_bytes(text([FLAT, [*FLAT_ROWS[0][:4], word, *FLAT_ROWS[0][5:]]], ";"))
    drafted = drafting.draft(tmp_path / "a.csv", "ours", limit=1 << 24, scratch=tmp_path / "scratch")
    (line,) = [line for line in drafted.splitlines() if f'"{word}"' in line]
    assert line.strip().startswith(f'"{word}": {status}' if status else f'# "{word}": ?')


MONTH_FIRST = {
    "10/04/2026": ["day_for_month"],
    "2026-04-10": ["day_for_month"],
    "2026-04-10T08:15": [],
    "04/10/2026": [],
    "10/10/2026 08:00": [],
    "05/04/2026": [],
}


@pytest.mark.parametrize("written", MONTH_FIRST)
def test_a_month_written_first_is_not_taken_for_the_day(sqlite_app: Flask, tmp_path: Path, written: str) -> None:
    small_country()
    row = received(written)(FLAT_ROWS[1])
    row[0] = "H26.12-261010-0002" if "10/10" in written else "H26.12-261004-0002"
    (tmp_path / "a.csv").write_bytes(text([FLAT, row], ";"))
    result = load(tmp_path / "a.csv", profile="flat-vi")
    assert ([held["reasons"] for held in quarantined(result.submission)] if result.quarantined else []) == MONTH_FIRST[written]
