"""Workbooks and Parquet files as batches of text: what each cell becomes, in little memory, damaged ones refused in words."""

import io
import random
import zipfile
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from pyarrow import parquet

from core.errors import InputError
from procedures import sheets

HEADINGS = ["Mã hồ sơ", "Ngày tiếp nhận", "Trạng thái"]
WANTED = ["mã hồ sơ", "ngày tiếp nhận", "trạng thái"]
DAY = datetime(2026, 10, 8)  # noqa: DTZ001  # workbooks know no offset


def book(*rows: list[Any], merge: str = "") -> bytes:
    found = Workbook()
    for row in rows:
        found.active.append(row)
    if merge:
        found.active.merge_cells(merge)
    stream = io.BytesIO()
    found.save(stream)
    return stream.getvalue()


def sheet(data: bytes) -> tuple[sheets.Rows, list[dict[str, Any]]]:
    rows = sheets.sheet_rows(io.BytesIO(data), "a.xlsx", WANTED, HEADINGS)
    return rows, [row for batch in rows.batches for row in batch.to_pylist()]


def columns(table: pa.Table, **options: Any) -> tuple[sheets.Rows, list[dict[str, Any]]]:
    stream = io.BytesIO()
    parquet.write_table(table, stream, **options)
    stream.seek(0)
    rows = sheets.parquet_rows(stream, "a.parquet")
    return rows, [row for batch in rows.batches for row in batch.to_pylist()]


def test_sheet_under_a_title_with_gaps() -> None:
    rows, found = sheet(
        book(
            ["BÁO CÁO"],
            [],
            ["Mã  hồ sơ *", "NGÀY tiếp nhận", "Trạng thái", None, "Ghi chú"],
            ["H26.12-261008-0001", DAY.replace(hour=8, minute=15), 9, "x", None],
            [],
            ["1.115150", DAY, 1.5, None, True],
            merge="A1:E1",
        )
    )
    assert rows.originals == ["Mã  hồ sơ *", "NGÀY tiếp nhận", "Trạng thái", "", "Ghi chú"]
    assert rows.names == ["mã hồ sơ", "ngày tiếp nhận", "trạng thái", "(4)", "ghi chú"]
    assert [list(row.values()) for row in found] == [
        [4, "H26.12-261008-0001", "2026-10-08 08:15:00", "9", "x", ""],
        [6, "1.115150", "2026-10-08", "1.5", "", "True"],
    ]
    assert rows.broken == []


def test_sheet_whose_size_is_told_wrongly() -> None:
    """Writers that stream leave A1 behind as the size of the sheet: all rows are read none the less."""
    source = zipfile.ZipFile(io.BytesIO(book(HEADINGS, *(["H26.12-261008-0001", DAY, 4] for _ in range(20)))))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as target:
        for entry in source.infolist():
            data = source.read(entry)
            target.writestr(entry, data.replace(b'<dimension ref="A1:C21"', b'<dimension ref="A1"'))
    assert len(sheet(stream.getvalue())[1]) == 20


@pytest.mark.parametrize(
    ("rows", "merge", "row", "words"),
    [
        ([HEADINGS, ["a", "b", "c"]], "A1:B1", 1, "ô gộp"),
        ([["x"], HEADINGS, ["a", "b", "c"]], "C2:C3", 2, "ô gộp"),
        ([["Hồ sơ", None, "Thời gian"], ["Mã", "Loại", "Ngày"]], "A1:B1", 1, "ô gộp"),
        ([["a", "b", "c"]], "", 1, "tiêu đề"),
        ([[]], "", 1, "tiêu đề"),
        ([[*HEADINGS, "MÃ HỒ SƠ"], ["a", "b", "c", "d"]], "", 1, "lặp lại"),
    ],
)
def test_headings_that_cannot_be_used(rows: list[list[Any]], merge: str, row: int, words: str) -> None:
    with pytest.raises(InputError) as refused:
        sheet(book(*rows, merge=merge))
    assert (refused.value.row, words in refused.value.message_vi) == (row, True)


def test_sheet_of_several_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "SHEET_BATCH", 3)
    rows = sheets.sheet_rows(io.BytesIO(book(HEADINGS, *([str(n), DAY, 4] for n in range(8)))), "a.xlsx", WANTED, HEADINGS)
    batches = list(rows.batches)
    assert [batch.num_rows for batch in batches] == [3, 3, 2]
    assert pa.Table.from_batches(batches).column("row_no").to_pylist() == list(range(2, 10))
    assert {batch.schema.field("mã hồ sơ").type for batch in batches} == {pa.string()}


def test_merged_cells_are_found_wherever_the_blocks_end() -> None:
    text = (
        b"<sheetData/>"
        + b" " * 90
        + b'<mergeCells count="2"><mergeCell ref="A1:B1"/><x:mergeCell ref="$C$12:D14" /></mergeCells>'
        + b" " * 90
    )
    for size in range(1, 60):

        class Part:
            def __init__(self) -> None:
                self.stream = io.BytesIO(text)

            def read(self, _size: int, step: int = size) -> bytes:
                return self.stream.read(step)

        assert list(sheets._merged_rows(Part(), "a.xlsx")) == [(1, 1), (12, 14)]


@pytest.mark.parametrize("number", ["1", "2", "-3", "1048577"])
def test_rows_that_would_be_passed_over_are_told(number: str) -> None:
    data = io.BytesIO()
    rows = book(HEADINGS, ["H26.12-261008-0001", DAY, "4"], ["H26.12-261008-0002", DAY, "4"])
    with zipfile.ZipFile(io.BytesIO(rows)) as old, zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.namelist():
            new.writestr(item, old.read(item).replace(b'<row r="3"', f'<row r="{number}"'.encode()))
    with pytest.raises(InputError, match="thứ tự") as refused:
        sheet(data.getvalue())
    assert refused.value.row == 2


def test_a_table_behind_an_empty_sheet_is_named() -> None:
    found = Workbook()
    found.create_sheet("Bảng").append(HEADINGS)
    stream = io.BytesIO()
    found.save(stream)
    with pytest.raises(InputError, match="trang tính 2, trang 1 không có"):
        sheet(stream.getvalue())


def test_what_is_hidden_is_not_the_first_sheet() -> None:
    found = Workbook()
    found.active.sheet_state = "hidden"
    found.active.append(["Danh mục"])
    found.create_sheet("Bảng").append(HEADINGS)
    found["Bảng"].append(["a", DAY, "Đã trả"])
    stream = io.BytesIO()
    found.save(stream)
    assert [row[WANTED[0]] for row in sheet(stream.getvalue())[1]] == ["a"]
    found.worksheets[0].append(HEADINGS)
    stream = io.BytesIO()
    found.save(stream)
    with pytest.raises(InputError, match="trang 2 và trang 1"):
        sheet(stream.getvalue())


ZONE = timezone(timedelta(hours=7))
VALUES: list[tuple[Any, Any, Any]] = [
    (pa.string(), "1.115150", "1.115150"),
    (pa.large_string(), "Đã trả", "Đã trả"),
    (pa.dictionary(pa.int8(), pa.string()), "Đang xử lý", "Đang xử lý"),
    (pa.binary(), "Sở".encode(), "Sở"),
    (pa.int8(), 9, "9"),
    (pa.uint64(), 2**64 - 1, "18446744073709551615"),
    (pa.bool_(), True, "true"),
    (pa.float64(), 9.0, "9"),
    (pa.float64(), 1.1153, "1.1153"),
    (pa.float64(), 1e17, "100000000000000000"),
    (pa.decimal128(20, 9), Decimal("0.000000001"), "0.000000001"),
    (pa.decimal128(10, 2), Decimal("1200.50"), "1200.50"),
    (pa.date32(), date(2026, 10, 8), "2026-10-08"),
    (pa.time32("s"), time(8, 15), "08:15:00"),
    (pa.timestamp("s"), datetime(2026, 10, 8, 8, 15), "2026-10-08T08:15:00"),  # noqa: DTZ001
    (pa.timestamp("ns"), datetime(2026, 10, 8, 8, 15, 0, 250000), "2026-10-08T08:15:00.250000"),  # noqa: DTZ001
    (pa.timestamp("us", "UTC"), datetime(2026, 10, 8, 8, 15, tzinfo=UTC), "2026-10-08T08:15:00+00:00"),
    (pa.timestamp("ms", "+07:00"), datetime(2026, 10, 8, 8, 15, tzinfo=ZONE), "2026-10-08T01:15:00+00:00"),
    (pa.list_(pa.struct([("database", pa.string()), ("time", pa.timestamp("s"))])), [{"database": "dân cư", "time": DAY}], None),
    (pa.struct([("a", pa.float64()), ("b", pa.bool_())]), {"a": 1.5, "b": None}, '{"a": 1.5, "b": null}'),
]


@pytest.mark.parametrize(("kind", "value", "text"), VALUES)
def test_parquet_values_as_text(kind: Any, value: Any, text: str | None) -> None:
    rows, found = columns(pa.table({"Mã hồ sơ": pa.array([value, None], kind)}))
    assert (rows.names, rows.originals) == (["mã hồ sơ"], ["Mã hồ sơ"])
    expected = '[{"database": "dân cư", "time": "2026-10-08"}]' if text is None else text
    assert found == [{"row_no": 2, "mã hồ sơ": expected}, {"row_no": 3, "mã hồ sơ": None}]


def test_parquet_row_groups_are_numbered_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "PARQUET_BATCH", 7)
    table = pa.table({"a": [f"H26.12-261008-{number:04d}" for number in range(50)], "b": ["x"] * 50, "c": pa.nulls(50)})
    _rows, found = columns(table, row_group_size=10)
    assert [row["row_no"] for row in found] == list(range(2, 52))
    assert [row["a"] for row in found] == table.column("a").to_pylist()


def test_parquet_without_rows() -> None:
    rows, found = columns(pa.table({"a": pa.array([], pa.string()), "b": pa.array([], pa.float64())}))
    assert (rows.names, found) == (["a", "b"], [])


def test_parquet_value_that_is_no_text_names_row_and_column() -> None:
    with pytest.raises(InputError) as refused:
        columns(pa.table({"a": pa.array([b"x", b"\xff"], pa.binary())}))
    assert (refused.value.row, refused.value.field) == (3, "a")
    with pytest.raises(InputError) as twice:
        columns(pa.table([pa.array(["x"]), pa.array(["y"])], names=["a", "A "]))
    assert twice.value.field == "a"


def test_parquet_that_says_one_long_thing_a_million_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "BATCH_BYTES", 1 << 20)
    table = pa.table({"a": pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), ["x" * 5000]).dictionary_decode()})
    with pytest.raises(InputError) as refused:
        columns(table)
    assert (refused.value.row, refused.value.field) == (2, "a")
    stream = io.BytesIO()
    parquet.write_table(pa.table({"a": ["xy"] * 100_000}), stream)
    with pytest.raises(InputError, match="Chia tệp"):
        list(sheets.parquet_rows(stream, "a.parquet", limit=100_000).batches)


GOOD_BOOK = book(HEADINGS, ["H26.12-261008-0001", DAY, 4], ["H26.12-261008-0002", DAY, 9.5])


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(zipfile.ZipFile(io.BytesIO(GOOD_BOOK)).namelist()), st.integers(0, 1 << 32))
def test_workbook_with_changed_parts_is_read_or_refused(part: str, seed: int) -> None:
    """The archive is sound, the XML in it is not."""
    chance = random.Random(seed)
    source = zipfile.ZipFile(io.BytesIO(GOOD_BOOK))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as target:
        for entry in source.infolist():
            data = bytearray(source.read(entry))
            if entry.filename == part:
                for _ in range(chance.randint(1, 4)):
                    place = chance.randrange(len(data))
                    data[place : place + chance.randint(0, 9)] = bytes(chance.choice(b'09A</>"= \xff') for _ in range(chance.randint(0, 5)))
            target.writestr(entry.filename, bytes(data))
    try:
        sheet(stream.getvalue())
    except InputError as error:
        assert error.message_vi  # noqa: PT017  # either outcome will do, another error will not
