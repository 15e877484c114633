"""Counts of the lake's single files, kept from one refresh of the running month to the next.

A file of the lake never changes, and a dossier lies in one file as a whole: what all files come to is the sum of what each comes to. Of
a month that is still running only files that came since the last refresh are counted; a closed month is always counted in full.

Kept under ``<root>/<month>/<mark>``, where the mark stands for everything else that the counts rest on: the frozen lists, the sources and
the program itself. Only the one process that closes and refreshes (lease ``close``) uses them.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.calendar import Month
from core.lake import from_arrow
from core.settings import ROOT

if TYPE_CHECKING:
    import ibis
    import ibis.backends.duckdb

FILE = "filename"
NUMBER = "file_number"
INDEX = "{}.json"
MOST_BATCHES = 24  # files of counts of one name; more are put together
PROGRAM = ("core", "procedures", "scorecard")  # where code is that the counts rest on

Counted = Callable[[Sequence[Path], bool], Mapping[str, "ibis.Table"]]


class FileCounts:
    """The kept counts of one running month. ``mark``: of what they rest on beside the files, see ``mark_of``."""

    def __init__(self, root: Path, month: Month, mark: str) -> None:
        self.folder = root / str(month) / mark
        self.folder.mkdir(parents=True, exist_ok=True)
        for other in root.iterdir():  # months that are over, and counts that rest on something else
            if other.name < str(month.plus(-1)) or other.name > str(month.plus(1)):
                shutil.rmtree(other, ignore_errors=True)
        for other in self.folder.parent.iterdir():
            if other != self.folder:
                shutil.rmtree(other, ignore_errors=True)
        self.opened: list[Path] = []  # files of the lake that were counted, and not only looked up

    def tables(self, engine: "ibis.backends.duckdb.Backend", name: str, paths: Sequence[Path], counted: Counted) -> "dict[str, ibis.Table]":
        """Counts of all ``paths``, one part for each file: what ``counted(files, True)`` gives for those that are new, and what is kept.

        ``counted`` gives tables with the file of each row as ``filename``; the result's tables have ``NUMBER`` in its place.
        """
        index = self._read(name)
        files: dict[str, list[int]] = index["files"]
        sizes = {str(path): path.stat().st_size for path in paths}
        files = {path: entry for path, entry in files.items() if sizes.get(path) == entry[1]}
        new = [path for path in paths if str(path) not in files]
        first = index["next"]
        files |= {str(path): [first + place, sizes[str(path)]] for place, path in enumerate(new)}
        index |= {"files": files, "next": first + len(new)}
        if new or not index["batches"]:
            self.opened += new
            index["batches"].append(self._keep(engine, name, counted(new, True), files, index))
        live = sorted(number for number, _size in files.values())
        tables = self._live(engine, name, index, live)
        if len(index["batches"]) > MOST_BATCHES:
            batch = self._write(engine, name, tables, index)
            gone, index["batches"] = index["batches"], [batch]
            self._save(name, index)
            for old in gone:
                for path in self.folder.glob(f"{name}-{old}-*.parquet"):
                    path.unlink()
            return self._live(engine, name, index, live)
        self._save(name, index)
        return tables

    def _keep(
        self,
        engine: "ibis.backends.duckdb.Backend",
        name: str,
        tables: "Mapping[str, ibis.Table]",
        files: Mapping[str, list[int]],
        index: dict[str, Any],
    ) -> int:
        import pyarrow as pa

        pairs = pa.table({FILE: pa.array(list(files), pa.string()), NUMBER: pa.array([entry[0] for entry in files.values()], pa.int64())})
        numbers = from_arrow(engine, f"{name}_numbers", pairs)
        numbered = {part: table.inner_join(numbers, FILE).drop(FILE) if FILE in table.columns else table for part, table in tables.items()}
        return self._write(engine, name, numbered, index)

    def _write(self, engine: "ibis.backends.duckdb.Backend", name: str, tables: "Mapping[str, ibis.Table]", index: dict[str, Any]) -> int:
        number: int = index["written"]
        index["written"] += 1
        for part, table in tables.items():
            engine.to_parquet(table, self.folder / f"{name}-{number}-{part}.parquet", compression="zstd")
        index["parts"] = sorted(tables)
        return number

    def _live(
        self, engine: "ibis.backends.duckdb.Backend", name: str, index: dict[str, Any], live: Sequence[int]
    ) -> "dict[str, ibis.Table]":
        import pyarrow as pa

        known = from_arrow(engine, f"{name}_live_{index['written']}", pa.table({NUMBER: pa.array(live, pa.int64())}))
        found = {}
        for part in index["parts"]:
            rows = engine.read_parquet([str(self.folder / f"{name}-{batch}-{part}.parquet") for batch in index["batches"]])
            found[part] = rows.semi_join(known, NUMBER)
        return found

    def _read(self, name: str) -> dict[str, Any]:
        path = self.folder / INDEX.format(name)
        if not path.is_file():
            return {"files": {}, "next": 0, "batches": [], "written": 0, "parts": []}
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    def _save(self, name: str, index: dict[str, Any]) -> None:
        path = self.folder / INDEX.format(name)
        path.with_suffix(".new").write_text(json.dumps(index), encoding="utf-8")
        path.with_suffix(".new").replace(path)


def mark_of(*parts: str) -> str:
    """A name for what counts rest on: the given texts and the program."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part.encode() + b"\0")
    for room in PROGRAM:
        for path in sorted((ROOT / room).rglob("*.py")):
            whole.update(path.read_bytes())
    return whole.hexdigest()[:24]
