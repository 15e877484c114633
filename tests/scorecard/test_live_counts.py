"""The running month is counted file by file, and comes to what counting everything gives; only what is new is opened."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from flask import Flask
from sqlalchemy import select

from core.calendar import Month
from core.database import reading, writing
from core.lake import LakeTable
from procedures.dossiers import dossier_table
from procedures.models import Unit
from procedures.once_only import OnceOnly
from procedures.service_models import PetitionCount
from scorecard import arrivals, computing, file_counts, operations, queries
from scorecard.counting import Counts, count
from scorecard.data_use import data_use
from scorecard.file_counts import FileCounts, mark_of
from scorecard.population import population
from tests.lake import put
from tests.scorecard.small import MONTH, Dossier, add_dossiers, at, build, submit
from tests.scorecard.test_counting import BOOK, NATIONAL, UNITS, rows_of

FRAMES = ("by_unit", "by_procedure", "by_service", "registers", "classes")


def same(one: Counts, other: Counts) -> None:
    """All counts are equal, to the last column."""
    for name in FRAMES:
        left, right = getattr(one, name), getattr(other, name)
        order = [column for column in left if str(left[column].dtype) in ("str", "object")]
        assert left.sort_values(order, ignore_index=True).equals(right.sort_values(order, ignore_index=True)[list(left)]), name
    assert one.sources == other.sources


def both(table: LakeTable, folder: Path, kept: Path) -> tuple[Counts, Counts, list[Path]]:
    """In full, file by file, and which files were opened for the latter."""
    files = FileCounts(kept, MONTH, mark_of("lists"))
    full = count(table.paths(), NATIONAL, MONTH, BOOK, UNITS, folder / "full.parquet")
    live = count(table.paths(), NATIONAL, MONTH, BOOK, UNITS, folder / "live.parquet", files)
    assert pq.read_table(folder / "full.parquet").to_pylist() == pq.read_table(folder / "live.parquet").to_pylist()
    return full, live, files.opened


@pytest.mark.parametrize("seed", [3, 4])
def test_counting_file_by_file_is_counting_everything(tmp_path: Path, seed: int) -> None:
    table, kept = dossier_table(tmp_path / "lake"), tmp_path / "kept"
    rows = rows_of(seed, 150)
    put(table, rows[:60])
    full, live, opened = both(table, tmp_path, kept)
    same(full, live)
    assert sorted(opened) == sorted(table.paths())

    full, live, opened = both(table, tmp_path, kept)
    same(full, live)
    assert opened == []

    before = set(table.paths())
    put(table, [row for row in rows[60:] if row["reception_month"] == str(MONTH)])
    full, live, opened = both(table, tmp_path, kept)
    same(full, live)
    assert set(opened) == set(table.paths()) - before
    assert set(table.paths()) & before, "some files stayed as they were"


def test_many_batches_are_put_together_and_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_counts, "MOST_BATCHES", 2)
    table, kept = dossier_table(tmp_path / "lake"), tmp_path / "kept"
    rows = rows_of(8, 160)
    for first in range(0, 160, 40):
        put(table, rows[first : first + 40])
        full, live, _opened = both(table, tmp_path, kept)
        same(full, live)
    assert len(list(kept.rglob("cells-*-cells.parquet"))) <= 2


def test_other_lists_or_another_program_count_anew(tmp_path: Path) -> None:
    table, kept = dossier_table(tmp_path / "lake"), tmp_path / "kept"
    put(table, rows_of(5, 40))
    both(table, tmp_path, kept)
    changed = FileCounts(kept, MONTH, mark_of("other lists"))
    count(table.paths(), NATIONAL, MONTH, BOOK, UNITS, None, changed)
    assert sorted(changed.opened) == sorted(table.paths())
    assert [path.name for path in (kept / str(MONTH)).iterdir()] == [changed.folder.name]
    FileCounts(kept, MONTH.plus(2), mark_of("lists"))
    assert [path.name for path in kept.iterdir()] == [str(MONTH.plus(2))]


def data_used(paths: Sequence[Path], sources: Sequence[str], month: Month, files: FileCounts | None) -> Any:
    """The question that also needs to know what systems call the databases."""
    return data_use(paths, sources, month, OnceOnly(lookups={"dan cu": "population"}), files)


@pytest.mark.parametrize("question", [arrivals.reception, arrivals.lookups, arrivals.days, data_used])
def test_the_other_questions_too(tmp_path: Path, question: Any) -> None:
    table = dossier_table(tmp_path / "lake")
    put(table, with_parties(rows_of(6, 120)))
    files = FileCounts(tmp_path / "kept", MONTH, mark_of())
    for _turn in range(2):
        full, live = (question(table.paths(), NATIONAL, MONTH, kept) for kept in (None, files))
        assert len(full) > 2
        assert full.equals(live)
    if question is data_used:
        assert 0 < full["population_data_lower"].sum() < full["population_data_den"].sum()
    past = [arrivals.Arrivals(table.paths(), NATIONAL, UNITS, kept)(MONTH, WANTED) for kept in (None, files)]
    assert past[0] == past[1] != {}
    reached = [population(table.paths(), NATIONAL, MONTH, UNITS, tmp_path, kept) for kept in (None, files)]
    assert len(reached[0]) > 2
    assert reached[0].equals(reached[1])


def test_a_lake_without_files(tmp_path: Path) -> None:
    files = FileCounts(tmp_path / "kept", MONTH, mark_of())
    counts = count([], NATIONAL, MONTH, BOOK, UNITS, None, files)
    assert len(counts.by_unit) == 0
    assert counts.sources == {}


WANTED = [("01", "1.001193"), ("46", "1.009994")]


def with_parties(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same rows with who received, who supplied the system, and what was looked up."""
    outcomes = ("found", "error", None)
    return [
        row
        | {
            "receiving_unit": (None, "00004", "H26.02")[number % 3],
            "provider": (None, "A", "B")[number % 3],
            "digitised": (None, True, False)[number % 3],
            "data_lookups": [{"database": "dan-cu", "at": None, "outcome": outcomes[number % 3]}] * (number % 3),
        }
        for number, row in enumerate(rows)
    ]


def test_the_running_view_is_what_counting_everything_gives(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[list[Path]] = []
    tables = FileCounts.tables

    def watched(self: FileCounts, *arguments: Any) -> Any:
        found = tables(self, *arguments)
        opened.append(list(self.opened))
        return found

    monkeypatch.setattr(FileCounts, "tables", watched)
    now = at(20)
    lake = build([Dossier(f"a{number}", received=1 + number, requests=[(3 + number, ["Giấy khai sinh"])]) for number in range(6)])
    submit("hanoi", [str(MONTH)], now)
    folder = sqlite_app.extensions["settings"].data_dir / "editions"
    for turn, source in enumerate(("hanoi", "hue")):
        opened.clear()
        before = set(lake.paths()) if turn else set()
        if turn:
            add_dossiers([Dossier(f"b{number}", "19750", received=1 + number, source=source) for number in range(4)])
            submit(source, [str(MONTH)], at(20.5))
        assert str(MONTH) in operations.refresh_running(at(21 + turn))
        edition = queries.running(reading())
        assert edition is not None
        assert computing.compute(folder / edition.folder, lake.root).checksum == edition.checksum
        assert {path for found in opened for path in found} == set(lake.paths()) - before
        reading().rollback()


def test_a_list_of_petitions_refreshes_the_running_month_too(sqlite_app: Flask) -> None:
    build([Dossier("a")])
    submit("hanoi", [str(MONTH)], at(20))
    assert str(MONTH) in operations.refresh_running(at(21))
    assert operations.refresh_running(at(21.1)) == {}
    with writing() as session:
        unit = session.scalars(select(Unit.id).where(Unit.code == "00004")).one()
        session.add(PetitionCount(unit_id=unit, month=str(MONTH), subject="", received=3, on_time=2, reopened=1, reported_at=at(21.2)))
    assert str(MONTH) in operations.refresh_running(at(21.3))
    running = queries.running(reading())
    assert running is not None
    share = queries.figure_map(reading(), running, "unit", ["01"], ["petitions_on_time"])["01", "petitions_on_time", "raw"]
    assert (share.numerator, share.denominator) == (2, 3)
