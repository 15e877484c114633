"""Rows of delimited text: every one with its number, whatever the portions in which the file is read."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError
from procedures import delimited
from tests.procedures.feed import lake_rows, load, message, quarantined, small_country, write
from tests.procedures.test_semantics import english
from tests.procedures.test_whole_files import SWALLOWING, table

HEADING = ["mã", "tên", "ngày"]
Read = tuple[list[tuple[int, ...]], list[int]]


def read(text: str | bytes, block: int = 1 << 24, parsed: int = 1 << 20) -> Read:
    """(row number and cells of each row, numbers of broken rows), read in portions of ``block`` bytes."""
    data = text.encode() if isinstance(text, str) else text
    head = max(block, data.find(b"\n") + 1)
    with patch.object(delimited, "BLOCK", block), patch.object(delimited, "HEAD", head), patch.object(delimited, "PARSED", parsed):
        rows = delimited.csv_rows(io.BytesIO(data), "a.csv")
        found = [tuple(row.values()) for batch in rows.batches for row in batch.to_pylist()]
    return [row for row in found if any(row[1:])], rows.broken  # an empty line may come as an empty row, which nobody counts


def written(records: Sequence[Sequence[str]], separator: str = ",", quoting: int = csv.QUOTE_MINIMAL) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=separator, lineterminator="\n", quoting=quoting).writerows([HEADING, *records])  # type: ignore[arg-type]
    return stream.getvalue()


letters = st.text(st.sampled_from("ab ,;\t\"'đ\u00a0-+:Z0"), max_size=8)
lines = st.text(st.sampled_from('ab "\n'), max_size=6)  # a cell of several lines; with separators enough it would look like rows
cells = st.one_of(letters, letters, lines)
records = st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=12)
sizes = st.integers(1, 60)


@settings(max_examples=150, deadline=None)
@given(records, st.sampled_from(",;\t"), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), sizes, sizes)
def test_well_formed_file_as_python_reads_it(found: list[tuple[str, ...]], separator: str, quoting: int, block: int, parsed: int) -> None:
    text = written(found, separator, quoting)
    expected = [
        (number, *row) for number, row in enumerate(list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))[1:], 2) if any(row)
    ]
    assert read(text) == (expected, [])
    assert read(text, block, parsed) == (expected, [])


kinds = st.lists(st.sampled_from(["row", "lines", "blank", "short", "long", "quoted short"]), min_size=1, max_size=25)


@settings(max_examples=150, deadline=None)
@given(kinds, sizes, sizes)
def test_numbers_count_blank_and_broken_rows_too(found: list[str], block: int, parsed: int) -> None:
    text, rows, broken = written([]), [], []
    for number, kind in enumerate(found, 2):
        cells = {"row": ("a", f"b{number}", ""), "lines": ("a", f"b\nc{number}", "d")}.get(kind)
        if cells is not None:
            text += written([cells]).split("\n", 1)[1]
            rows.append((number, *cells))
        elif kind == "blank":
            text += "\n"
        else:
            text += {"short": "x,y\n", "long": "1,2,3,4\n", "quoted short": '"x\nz",y\n'}[kind]
            broken.append(number)
    assert read(text) == (rows, broken)
    assert read(text, block, parsed) == (rows, broken)


@pytest.mark.parametrize("block", [7, 64, 1000, 1 << 24])
@pytest.mark.parametrize("case", SWALLOWING)
def test_mark_that_swallows_rows_is_told_whatever_the_portions(case: str, block: int) -> None:
    stray, row = SWALLOWING[case]
    with pytest.raises(InputError) as refused:
        read(table(stray), block)
    assert (refused.value.row, refused.value.field) == (row, "nội dung yêu cầu bổ sung")
    assert "Nguyễn" not in str(refused.value)


@pytest.mark.parametrize("block", [3, 10, 1 << 24])
@pytest.mark.parametrize("text", ['a,b\n1,"', 'a,b\n1,"x\n', '"a,b\n1,2', 'a,b\n1,"x"y\n2,"z\nw"v\n3,4\n'])
def test_mark_that_never_closes(text: str, block: int) -> None:
    with pytest.raises(InputError):
        read(text, block)


@pytest.mark.parametrize("block", [5, 1 << 24])
def test_last_row_without_its_end(block: int) -> None:
    assert read("a,b\n1,2\n3,4", block) == ([(2, "1", "2"), (3, "3", "4")], [])
    assert read('a,b\n1,2\n3,"4"', block) == ([(2, "1", "2"), (3, "3", "4")], [])
    assert read("a,b\n1,2\n3", block) == ([(2, "1", "2")], [3])


def test_lines_keep_their_numbers() -> None:
    for block in (1, 7, 1 << 24):
        with patch.object(delimited, "BLOCK", block), patch.object(delimited, "HEAD", 4), patch.object(delimited, "PARSED", 3):
            rows = delimited.line_rows(io.BytesIO(b'{"a": 1}\n\n"x", y\n{"b": "\\u0022"}'), "a.jsonl")
            found = [(row["row_no"], row["line"]) for batch in rows.batches for row in batch.to_pylist()]
        assert [entry for entry in found if entry[1]] == [(1, '{"a": 1}'), (3, '"x", y'), (4, '{"b": "\\u0022"}')]


OFFSETS = {
    "2026-10-08T08:15:00": 1,
    "2026-10-08T08:15:00Z": 8,
    "2026-10-08T08:15:00-07:00": 15,
    "2026-10-08T08:15:00.500-07:00": 15,
    "2026-10-08T08:15:00.500Z": 8,
    "2026-10-08T08:15-0700": 15,
    "2026-10-08 08:15:00+00": 8,
}


def test_offset_that_cannot_be_read_is_no_local_time(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    result = load(english(tmp_path / "a.csv", {"received_at": "2026-10-08 08:15:00 -07:00"}), profile="flat-en")
    assert [row["reasons"] for row in quarantined(result.submission)] == ["bad_date"]


@pytest.mark.parametrize("text", OFFSETS)
def test_offset_is_read_wherever_it_stands(sqlite_app: Flask, tmp_path: Path, text: str) -> None:
    small_country()
    late = {"due_at": "2026-10-20T17:00:00"}
    assert load(english(tmp_path / "a.csv", {"received_at": text, **late}), profile="flat-en").accepted == 1
    alone = lake_rows()[0]["received_at"]
    assert alone.replace(microsecond=0) == datetime(2026, 10, 8, OFFSETS[text], 15, tzinfo=UTC)
    beside = english(
        tmp_path / "b.csv", {"received_at": text, **late}, {"received_at": "2026-10-08T08:15:00+07:00"}, {"received_at": " 2026-10-08 "}
    )
    load(beside, profile="flat-en")
    assert lake_rows()[0]["received_at"] == alone


def test_counts_do_not_depend_on_portions(sqlite_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of one row give what one chunk gives: also where the last one has nothing good."""
    small_country()
    rows = [{"supplement_text": "a,\nb"}, {"status": "?"}, {}, {"unit_code": "xã lạ"}, {"status": "?"}]
    path = english(tmp_path / "a.csv", *rows)
    with path.open("a", encoding="utf-8") as stream:
        stream.write("\n\nx,y\n")
    lines = write(tmp_path / "a.jsonl", [message(11), message(12, MaTTHC="x"), message(11), "", "{broken", message(13, MaHoSo=None), "[]"])
    outcomes = []
    for source, rows_at_once in (("h26", 400_000), ("h14", 1)):
        monkeypatch.setattr("procedures.delimited.CHUNK_ROWS", rows_at_once)
        if rows_at_once == 1:
            monkeypatch.setattr(delimited, "BLOCK", 40)
            monkeypatch.setattr(delimited, "HEAD", 200)
        results = [load(path, source, "flat-en"), load(lines, source)]
        counts = [(item.received, item.accepted, item.superseded, item.quarantined, item.warnings) for item in results]
        held = [[(row["row"], row["reasons"]) for row in quarantined(item.submission)] for item in results]
        kept = [
            {name: value for name, value in row.items() if name not in ("source", "submission")}
            for row in lake_rows()
            if row["source"] == source
        ]
        outcomes.append((counts, held, kept))
    assert outcomes[0] == outcomes[1]


def test_case_of_an_event_log_is_whole_across_chunks(sqlite_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from procedures import operations

    operations.add_source("nl", "Giấy phép", list_code="nl")
    heading = "case:concept:name,case:department,case:channel,case:startdate,concept:name,time:timestamp\n"
    events = [
        f"case-{number % 3},General,Internet,2026-10-08 09:00:00+02:00,step {number},2026-10-08 09:{number:02d}:00+02:00\n"
        for number in range(30)
    ]
    (tmp_path / "a.csv").write_text(heading + "".join(events), encoding="utf-8")
    monkeypatch.setattr("procedures.delimited.CHUNK_ROWS", 7)
    monkeypatch.setattr(delimited, "BLOCK", 500)
    monkeypatch.setattr(delimited, "HEAD", 500)
    result = load(tmp_path / "a.csv", "nl", "event-log")
    assert (result.received, result.accepted) == (3, 3)
    assert [len(row["history"]) for row in lake_rows()] == [10, 10, 10]
