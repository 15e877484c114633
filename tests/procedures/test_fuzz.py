"""Files mutated in every way: each is refused in words of both languages, or its rows are all accounted for; never anything else."""

import csv
import gzip
import io
import json
import logging
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from core.errors import InputError
from core.settings import ROOT
from procedures import feeds, operations, quarantine, spool
from procedures.dossier_queries import data_dir
from procedures.models import Submission
from tests.conftest import SEARCHING
from tests.procedures.feed import NOW, lake_rows, load, message, small_country
from tests.procedures.test_semantics import stored

pytestmark = pytest.mark.long
EXAMPLES = ROOT / "procedures" / "examples"
BIG = settings(
    max_examples=150 if SEARCHING else 15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)


def example(name: str) -> bytes:
    """A file that ships with the profiles, a few times over."""
    first, *rest = (EXAMPLES / name).read_bytes().splitlines(keepends=True)
    return first + b"".join(rest) * 3


def workbook() -> bytes:
    book = Workbook()
    for row in csv.reader(io.StringIO((EXAMPLES / "flat-vi.csv").read_text(encoding="utf-8-sig"))):
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def parquet() -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    rows = list(csv.DictReader(io.StringIO((EXAMPLES / "flat-en.csv").read_text(encoding="utf-8-sig"))))
    stream = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), stream)
    return stream.getvalue()


BASES: dict[str, tuple[Callable[[], bytes], str]] = {
    "flat-en.csv": (lambda: example("flat-en.csv"), "flat-en"),
    "flat-en.jsonl": (lambda: example("flat-en.jsonl"), "flat-en"),
    "flat-vi.csv": (lambda: example("flat-vi.csv"), "flat-vi"),
    "event-log.csv": (lambda: example("event-log.csv"), "event-log"),
    "national-sync.jsonl": (lambda: example("national-sync.jsonl"), "national-sync"),
    "flat-vi.xlsx": (workbook, "flat-vi"),
    "flat-en.parquet": (parquet, "flat-en"),
}
INSERTED = [
    b'"',
    b"\0",
    b"\n",
    b"\r",
    b",",
    b";",
    b"\t",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"{",
    b"]",
    b"\\ud800",
    b"\xed\xa0\x80",
    b"\x1a",
    b"'",
    b"1e999",
    b"\xc2\x85",
    "ệ".encode(),
]


def flip(data: bytes, place: int, value: int) -> bytes:
    at = place % len(data)
    return data[:at] + bytes([value % 256]) + data[at + 1 :]


def insert(data: bytes, place: int, value: int) -> bytes:
    at = place % (len(data) + 1)
    return data[:at] + INSERTED[value % len(INSERTED)] + data[at:]


def truncate(data: bytes, place: int, _value: int) -> bytes:
    return data[: 1 + place % len(data)]


def repeat(data: bytes, place: int, value: int) -> bytes:
    at = place % len(data)
    return data[:at] + data[at : at + value] * 3 + data[at + value :]


def drop(data: bytes, place: int, value: int) -> bytes:
    at = place % len(data)
    return data[:at] + data[at + value :] or b"x"


def swell(data: bytes, place: int, value: int) -> bytes:
    at = place % (len(data) + 1)
    return data[:at] + bytes([32 + value % 90]) * 300_000 + data[at:]


def widen(data: bytes, _place: int, value: int) -> bytes:
    first, _, rest = data.partition(b"\n")
    return first + b"".join(b",c%d" % number for number in range(5_000 if value % 2 else 40)) + b"\n" + rest


mutations = st.lists(
    st.tuples(
        st.sampled_from([flip, flip, insert, insert, insert, truncate, repeat, drop, swell, widen]),
        st.integers(0, 1 << 20),
        st.integers(0, 400),
    ),
    min_size=1,
    max_size=5,
)


def packed(data: bytes, how: str) -> bytes:
    if how == "gzip":
        return gzip.compress(data)
    if how == "zip":
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", data)
        return stream.getvalue()
    return data


@pytest.fixture
def country(sqlite_app: Flask) -> Flask:
    """A small country, and a foreign source for logs of events."""
    small_country()
    operations.add_source("nl", "Giấy phép", list_code="nl")
    return sqlite_app


class Findings(logging.Handler):
    """Errors that the product did not foresee."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(logging.Formatter("%(message)s").format(record))


@pytest.fixture
def findings() -> Iterator[list[str]]:
    """What was logged as an error."""
    handler = Findings()
    logging.getLogger("procedures").addHandler(handler)
    yield handler.found
    logging.getLogger("procedures").removeHandler(handler)


def sound(path: Path, profile: str, findings: list[str]) -> None:
    """One file goes in: refused in words, or accounted for."""
    findings.clear()
    try:
        result = load(path, "nl" if profile == "event-log" else "h26", profile)
    except InputError as error:
        refused = error
    else:
        refused = None
    if refused is not None:
        assert refused.message_vi
        assert refused.message_en
        assert refused.message_vi != refused.message_en
        assert "Traceback" not in str(refused)
        assert findings == [], findings
        return
    assert findings == [], findings
    assert result.received > 0
    assert quarantine.path_of(result.submission).is_file() == (result.quarantined > 0)
    if result.quarantined:
        parts, _kind = quarantine.download(stored(result.submission))
        assert b"".join(parts)
        quarantine.unknown_codes(result.submission)
    assert spool.keys() == []


@pytest.mark.parametrize("name", BASES)
def test_mutated_file(country: Flask, tmp_path: Path, findings: list[str], name: str) -> None:
    make, profile = BASES[name]
    data = make()

    @BIG
    @given(mutations, st.sampled_from(["", "", "", "gzip", "zip"]), st.booleans())
    def run(changes: list[tuple[Callable[[bytes, int, int], bytes], int, int]], how: str, inside: bool) -> None:
        content = data if inside else packed(data, how)
        for change, place, value in changes:
            content = change(content, place, value)
        (tmp_path / name).write_bytes(packed(content, how) if inside else content)
        sound(tmp_path / name, profile, findings)

    run()
    assert len(lake_rows()) == len({(row["source"], row["dossier_code"]) for row in lake_rows()})


def deep(levels: int, kind: str) -> str:
    return ("[" * levels + "]" * levels) if kind == "list" else '{"a":' * levels + "1" + "}" * levels


odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 70), 1 << 70),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(max_size=30),
    st.sampled_from(
        [
            "",
            " ",
            "\ud800",
            "0",
            "1e5",
            "20261301000000",
            "9999999999999999",
            "99991231235959",
            "00010101",
            "\x00",
            "ᵃ" * 70,
            "2026-10-08T08:15:00+99:99",
            "1" * 400,
        ]
    ),
    st.lists(
        st.one_of(st.none(), st.text(max_size=5), st.integers(), st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2)),
        max_size=3,
    ),
    st.dictionaries(st.text(max_size=12), st.one_of(st.text(max_size=5), st.integers()), max_size=3),
)


@pytest.mark.parametrize("profile", ["national-sync", "flat-en"])
def test_odd_objects(country: Flask, tmp_path: Path, findings: list[str], profile: str) -> None:
    base = message(1, HoSoBoSung=[{"NgayBoSung": "20261009100000"}], DSKetNoiCSDL=[{"MaCSDL": "x"}], GiayToKetQua=[{"MaGiayToKetQua": "y"}])
    if profile == "flat-en":
        base = json.loads((EXAMPLES / "flat-en.jsonl").read_text(encoding="utf-8").splitlines()[0])

    @BIG
    @given(st.data())
    def run(data: st.DataObject) -> None:
        lines = [json.dumps(base)]
        for _ in range(data.draw(st.integers(1, 4))):
            item: dict[str, Any] = dict(base)
            for name in data.draw(st.lists(st.sampled_from(sorted(base)), min_size=1, max_size=4)):
                value = data.draw(odd)
                if isinstance(base[name], list) and data.draw(st.booleans()):
                    inner = dict(base[name][0])
                    inner[data.draw(st.sampled_from(sorted(inner)))] = value
                    value = [inner]
                item[name] = value
            lines.append(json.dumps(item, ensure_ascii=True))
        if data.draw(st.booleans()):
            lines.append(
                f'{{"MaHoSo": {deep(data.draw(st.sampled_from([10, 200, 3_000])), data.draw(st.sampled_from(["list", "object"])))}}}'
            )
        (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
        sound(tmp_path / "a.jsonl", profile, findings)

    run()


odd_cells = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            "",
            "31/12/9999",
            "0001-01-01",
            "9999-12-31T23:59:59",
            "290000-01-01",
            "1e3",
            "-1",
            "99",
            "١",
            "có",
            "=1+1",
            "H26.12-261008-0001",
            "2026-10-08",
            "infinity",
            "epoch",
            "NaN",
            "a|b|c;d|",
            "[1]",
            "[{}]",
            '[{"database":1}]',
            "x" * 5000,
        ]
    ),
)


@pytest.mark.parametrize("profile", ["flat-en", "flat-vi", "event-log"])
def test_odd_cells(country: Flask, tmp_path: Path, findings: list[str], profile: str) -> None:
    heading, first, *_rest = csv.reader(io.StringIO((EXAMPLES / f"{profile}.csv").read_text(encoding="utf-8-sig")))

    @BIG
    @given(st.lists(st.lists(st.tuples(st.integers(0, len(heading) - 1), odd_cells), min_size=1, max_size=5), min_size=1, max_size=5))
    def run(rows: list[list[tuple[int, str]]]) -> None:
        with (tmp_path / "a.csv").open("w", encoding="utf-8", errors="replace", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerows([heading, first])
            for changes in rows:
                row = list(first)
                for place, text in changes:
                    row[place] = text.replace("\0", "")
                writer.writerow(row)
        sound(tmp_path / "a.csv", profile, findings)

    run()


def test_submissions_of_all_that_are_finished(country: Flask, tmp_path: Path, findings: list[str]) -> None:
    """Whatever came before, the worker finds nothing left to do."""
    for number, content in enumerate(
        (b"{", b"\0" * 100, b"PK\x03\x04" + b"\0" * 50, b"PAR1" * 10, b"\x1f\x8b\x08" + b"\0" * 20, b"a" * 200_000, b'"' * 1000)
    ):
        for profile in ("flat-en", "national-sync"):
            path = tmp_path / f"{number}.bin"
            path.write_bytes(content)
            sound(path, profile, findings)
    assert feeds.process_waiting(NOW) == {}
    assert {item.state for item in stored_all()} == {"rejected"}
    assert not list((data_dir() / "work").iterdir())


def stored_all() -> list[Submission]:
    from core.database import reading

    reading().expire_all()
    return list(reading().query(Submission))
