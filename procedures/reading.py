"""A file's rows inside the engine, chunk by chunk: the relation ``raw``, text that the profile names and nothing else.

What the profile does not name is never read into it, which is how personal columns stay out. ``raw`` has ``row_no``, ``broken``,
every field as text, ``steps``, ``requests`` and ``lookups`` as the file has them, flags of the papers, and whatever ``own``
(what is kept of a row that cannot be taken) is made from.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import InputError
from procedures import delimited
from procedures.delimited import ROW, Rows, chunks
from procedures.engine_words import (
    LISTS,
    LONG_NUMBER,
    NESTED,
    NO_LOOKUPS,
    NO_REQUESTS,
    NO_STEPS,
    PERSONAL,
    REMOVED,
    UNITS,
    literal,
    mask,
    quote,
)
from procedures.headings import COLUMNS, heading, too_many_columns
from procedures.mapping import EVENT_FIELDS, FIELDS, REQUIRED, Profile
from procedures.objects import as_lines, names_alone, nested, own_object
from procedures.plain_times import plain
from procedures.unpacking import Unpacked

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

TIME_FIELDS = ("received_at", "due_at", "first_due_at", "finished_at", "returned_at", "supplement_at", "updated_at")
TOLD = ("row", "reasons", "message_vi", "message_en")  # columns that stand before the sender's own in the file of rows held back
USUAL = "unnamed(kept({}))"  # SQL for what is kept of a text
EVENTS = "(events)"  # in what is kept of a case of an event log: its events, each with the log's own headings
_NONE = f"{NO_STEPS} AS steps, {NO_REQUESTS} AS requests, {NO_LOOKUPS} AS lookups, " + ", ".join(
    f"NULL::BOOLEAN AS {name}" for name in NESTED[3:]
)


def label(profile: Profile, name: str) -> str:
    """The heading under which the sender knows a field."""
    if name == "history" and profile.history is not None:
        return profile.history.column or profile.history.at
    if name == "supplements" and profile.supplements is not None:
        return profile.supplements.column
    if name in LISTS and getattr(profile, name) is not None:
        return str(getattr(profile, name).column)
    return profile.columns.get(name, [name])[0]


def required(profile: Profile) -> list[str]:
    """The fields without which no row can be taken and that no constant gives."""
    return [name for name in (*REQUIRED, *(() if profile.status_by_end else ("status",))) if name not in profile.constants]


def rows_of(profile: Profile, unpacked: Unpacked, limit: int) -> Rows:
    """The rows of an unpacked file, at most ``limit`` bytes of text.

    Raises ``InputError`` where it is not of the kind that the profile reads.
    """
    from procedures import sheets

    wanted = [heading(column) for columns in profile.columns.values() for column in columns]
    needed = [profile.columns[name][0] for name in required(profile)]
    if profile.layout == "objects" and unpacked.kind not in ("jsonl", "parquet"):
        kinds = {"csv": ("là bảng CSV", "is a CSV table"), "xlsx": ("là bảng tính XLSX", "is an XLSX workbook")}
        raise wrong_kind(profile, unpacked.name, *kinds[unpacked.kind])
    if unpacked.kind == "jsonl":
        if profile.layout == "events":
            raise wrong_kind(profile, unpacked.name, "là JSON", "is JSON")
        return delimited.line_rows(unpacked.stream, unpacked.name)
    if unpacked.kind == "xlsx":
        return sheets.sheet_rows(unpacked.stream, unpacked.name, wanted, needed)
    if unpacked.kind == "parquet":
        return sheets.parquet_rows(unpacked.stream, unpacked.name, wanted, limit=limit)
    return delimited.csv_rows(unpacked.stream, unpacked.name, wanted)


_WANTED = {
    "objects": ("JSON, mỗi dòng một đối tượng (UTF-8), hoặc Parquet", "JSON lines, one object a line (UTF-8), or Parquet"),
    "table": ("CSV, XLSX, Parquet hoặc JSON, mỗi dòng một hồ sơ", "CSV, XLSX, Parquet or JSON lines, one dossier a row"),
    "events": ("CSV, XLSX hoặc Parquet, mỗi dòng một sự kiện", "CSV, XLSX or Parquet, one event a row"),
}


def wrong_kind(profile: Profile, name: str, vi: str, en: str, row: int | None = None) -> InputError:
    """What the file is (``vi``, ``en``), and what the profile reads instead."""
    wanted_vi, wanted_en = _WANTED[profile.layout]
    return InputError(
        f"Tệp {name} {vi}. Hồ sơ ánh xạ {profile.name} cần: {wanted_vi}. Xuất lại đúng định dạng hoặc chọn hồ sơ ánh xạ khác.",
        f"The file {name} {en}. The profile {profile.name} needs: {wanted_en}. Export it in that form or choose another profile.",
        row=row,
    )


@dataclass
class Reader:
    """Makes ``raw`` from each chunk of one file.

    ``own``: gives SQL for (row_no, own) of a relation like ``raw``: what is kept of a row that cannot be taken. ``present``: the
    fields that the chunk has a column or the profile a constant for.
    """

    con: "DuckDBPyConnection"
    profile: Profile
    rows: Rows
    name: str
    own: Callable[[str], str] = str
    present: set[str] = field(default_factory=set)
    _keys: dict[str, str] = field(default_factory=dict)
    _chunk: "pa.Table | None" = None  # what ``raw`` is a view of
    _select: Callable[[str], str] = str  # SQL of a relation like ``raw`` from one like the chunk
    _usable: bool = False  # a chunk was of the right kind and had the needed columns: what is wrong later is wrong with rows

    def __post_init__(self) -> None:
        self._lines = self.rows.names == ["line"]
        if not self._lines and self.profile.layout != "objects":
            self._need(set(self.rows.names))

    def _need(self, present: set[str]) -> None:
        names = [name for name in required(self.profile) if not present.intersection(map(heading, self.profile.columns[name]))]
        if names:
            raise missing_column(self.name, self.profile.columns[names[0]][0], self.rows.top)
        at = heading(self.profile.history.at) if self.profile.layout == "events" and self.profile.history else None
        if at is not None and at not in present:
            raise missing_column(self.name, at, self.rows.top)

    def parts(self) -> Iterator[int]:
        """Make ``raw`` from one part of the file after the other; gives their numbers. Raises ``InputError`` as ``raw`` does.

        The events of a case may lie anywhere: a log is one part.
        """
        if self.profile.layout != "events":
            for number, chunk in enumerate(chunks(self.rows)):
                self.raw(chunk)
                yield number
            return
        self.con.execute("DROP TABLE IF EXISTS events_read")
        found = False
        for chunk in chunks(self.rows):
            self.con.register("rows_read", chunk)
            self.con.execute(("INSERT INTO events_read" if found else "CREATE TEMP TABLE events_read AS") + " FROM rows_read")
            found = True
        if found:
            self._events(set(self.rows.names))
            yield 0

    def plain(self) -> bool:
        """Whether all times of the chunk are written as ISO 8601 has them, none with an offset."""
        if self._chunk is None or any(name in self.profile.constants for name in TIME_FIELDS):
            return False
        wanted = {heading(column) for name in TIME_FIELDS for column in self.profile.columns.get(name, [])}
        return all(plain(self._chunk[name]) for name in self.rows.names if name in wanted)

    def rest(self, written: Sequence[Path]) -> str:
        """The rows of ``raw`` whose numbers stand in none of some Parquet files, as a table's name."""
        import numpy as np

        query = "SELECT * FROM raw"
        if written:
            listed = ", ".join(literal(str(path)) for path in written)
            done = f"SELECT row_no FROM read_parquet([{listed}])"
            if self._chunk is None:
                query += f" WHERE row_no NOT IN ({done})"
            else:  # hardly any is left: the engine would carry all columns of all rows through a join
                numbers = self._chunk[ROW].to_numpy()
                first = numbers[0]
                left = np.ones(numbers[-1] - first + 1, bool)
                left[self.con.execute(done).fetchnumpy()["row_no"] - first] = False
                self.con.register("rows_left", self._chunk.filter(left[numbers - first]))
                query = self._select("rows_left")
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE rest AS {query}")
        return "rest"

    def raw(self, chunk: "pa.Table") -> None:
        """Make ``raw`` from the next chunk. Raises ``InputError`` where a needed column is nowhere in it."""
        self._chunk = None
        if self.profile.layout == "objects":
            self._objects(chunk)
        elif self._lines:
            self._flat_objects(chunk)
        else:
            self.con.register("rows_read", chunk)
            self._chunk = chunk
            columns = dict(zip(self.rows.names, self.rows.originals, strict=True))
            self._table("rows_read", columns, {name: quote(name) for name in columns})
        self._usable = True

    def _table(self, relation: str, columns: dict[str, str], source: dict[str, str], broken: str = "false", line: str = "") -> None:
        """``columns``: folded heading → heading as written; ``source``: folded heading → SQL for its text. ``line``: the column of
        the whole object, where the columns are only those of its keys that the profile knows.
        """
        fields = self._fields(source)
        passed = {name: f"c{number}" for number, name in enumerate(columns)}
        kept, usual = [], list[str]()
        for number, (name, original) in enumerate(columns.items(), 1):
            known = [known for known, headings in self.profile.columns.items() if name in map(heading, headings)]
            # a file without headings has its first row in their place: no number of a person is kept from there
            told = original if known or not re.search(LONG_NUMBER, original) else f"({number})"
            sql = kept_of(known[0] if known else None, passed[name])
            if sql == USUAL.format(passed[name]):
                usual.append(passed[name])
                sql = f"usual[{len(usual)}]"
            kept.append(f"{literal(told)}: {sql}")
        whole = f"to_json({{{', '.join(kept)}}})"
        if line:
            whole = f"json_merge_patch({whole}, {names_alone(line, list(columns.values()))})"
        # in a list, so that the patterns of what is blanked are compiled once and not for each column
        listed = f"list_transform([{', '.join(usual)}]::VARCHAR[], lambda x: {USUAL.format('x')}) AS usual"
        own = f"SELECT row_no, CASE WHEN NOT broken THEN {whole}::VARCHAR END AS own FROM"
        self.own = lambda rows: f"{own} (SELECT *, {listed} FROM {rows})"
        counted = ", ".join(name for name in FIELDS if name in self.present and name not in self.profile.constants)
        # an empty line of a table is no row; an empty object is one, with everything missing
        any_cell = ", ".join(f"filled({alias})" for alias in passed.values())
        blank_too = "true" if line else f"coalesce({counted}) IS NOT NULL OR coalesce({any_cell}) IS NOT NULL"
        through = ", ".join([*(f"{source[name]} AS {alias}" for name, alias in passed.items()), *([line] if line else [])])
        select = f"SELECT row_no, {broken} AS broken, {fields}, {_NONE}, {through}"
        self._select = lambda rows: f"SELECT * FROM ({select} FROM {rows}) WHERE {blank_too}"
        self.con.execute(f"CREATE OR REPLACE TEMP VIEW raw AS {self._select(relation)}")

    def _fields(self, source: dict[str, str]) -> str:
        found = {
            name: [source[heading(column)] for column in self.profile.columns.get(name, []) if heading(column) in source] for name in FIELDS
        }
        self.present = {name for name, columns in found.items() if columns or name in self.profile.constants}
        padded = self.rows.padded()
        if {*TOLD} <= {*source}:  # held back before and mended: such a file has marks against formulas
            found = {name: [f"unmarked({sql})" for sql in sources] for name, sources in found.items()}
        return ", ".join(f"{text_of(self.profile, name, found[name], padded)} AS {name}" for name in FIELDS)

    def _known(self) -> set[str]:
        """The headings that the profile knows, as they are compared."""
        return {heading(column) for columns in self.profile.columns.values() for column in columns}

    def _flat_objects(self, chunk: "pa.Table") -> None:
        """JSON lines whose keys are the headings of a table."""
        self._valid_lines(chunk)
        keys = f"SELECT DISTINCT unnest(json_keys(line)) AS key FROM valid_lines WHERE good LIMIT {COLUMNS + 1}"
        found = self.con.execute(f"FROM ({keys}) ORDER BY key").fetchall()
        if len({*self._keys.values(), *(key for (key,) in found)}) > COLUMNS:
            raise too_many_columns(self.name)
        for (key,) in found:
            if self._keys.setdefault(heading(key), key) != key:
                raise twice(self.name, key if heading(key) in self._known() else None)
        if found or not self._keys:
            self._need(set(self._keys))
        known = {name: key for name, key in self._keys.items() if name in self._known()}
        paths = [literal("/" + key.replace("~", "~0").replace("/", "~1")) for key in known.values()]
        texts = "".join(f", json_extract_string(line, {path}) AS k{number}" for number, path in enumerate(paths))
        self.con.execute(
            f"""CREATE OR REPLACE TEMP TABLE flat_lines AS SELECT row_no, NOT good AS line_broken, line{texts}
            FROM (SELECT row_no, good, CASE WHEN good THEN line ELSE '{{}}' END AS line FROM valid_lines)"""
        )
        source = {name: f"k{number}" for number, name in enumerate(known)}
        self._table("flat_lines", known, source, "line_broken", "line")

    def _valid_lines(self, chunk: "pa.Table") -> None:
        self.con.register("rows_read", chunk)
        self.con.execute(
            """CREATE OR REPLACE TEMP TABLE valid_lines AS SELECT row_no, line,
            json_valid(line) AND NOT contains(line, '\\u0000') AND
                coalesce(json_type(CASE WHEN json_valid(line) THEN line END) = 'OBJECT', false) AS good
            FROM rows_read WHERE trim(line) <> ''"""
        )
        good, every = self.con.execute("SELECT count(*) FILTER (WHERE good), count(*) FROM valid_lines").fetchall()[0]
        if every and not good and not self._usable:
            raise wrong_kind(self.profile, self.name, "không có dòng nào là đối tượng JSON", "has no line that is a JSON object", row=1)

    def _objects(self, chunk: "pa.Table") -> None:
        if not self._lines:  # rows of a Parquet file, nested lists as JSON text
            chunk = as_lines(self.con, chunk, self.rows)
        self._valid_lines(chunk)
        shape, steps, requests, lookups, flags = nested(self.profile)
        columns = [column for name in FIELDS for column in self.profile.columns.get(name, [])]
        shape |= dict.fromkeys(columns, "VARCHAR")
        self.present = {*self.profile.columns, *self.profile.constants}
        named = {name: [f"j.{quote(column)}" for column in self.profile.columns.get(name, [])] for name in FIELDS}
        fields = ", ".join(f"{text_of(self.profile, name, named[name])} AS {name}" for name in FIELDS)
        self.con.execute(
            f"""CREATE OR REPLACE TEMP TABLE whole AS
            SELECT row_no, NOT good AS broken, {fields}, {steps} AS steps, {requests} AS requests, {lookups} AS lookups,
                {", ".join(f"{sql} AS {name}" for name, sql in flags.items())}, line
            FROM (SELECT *, json_transform(sound, {literal(json.dumps(shape))}) AS j
                  FROM (SELECT row_no, good, line, CASE WHEN good THEN line ELSE '{{}}' END AS sound FROM valid_lines))"""
        )
        self._found_whole()
        self.own = partial(own_object, self.profile, shape)
        needed = required(self.profile)
        counts = self.con.execute(f"SELECT {', '.join(f'count({name})' for name in needed)} FROM raw WHERE NOT broken").fetchall()[0]
        for name, count in zip(needed, counts, strict=True):
            if count == 0 and not self._usable:
                raise missing_column(self.name, self.profile.columns[name][0])

    def _events(self, present: set[str]) -> None:
        """One row a case: its attributes from its first event, its events in the order of time."""
        if self.profile.history is None:
            raise ValueError("the profile's own check lets no event log through without a history")
        event = {}
        for key in EVENT_FIELDS:
            column = heading(getattr(self.profile.history, key))
            event[key] = f"filled({quote(column)})" if column in present else "NULL::VARCHAR"
        step = ", ".join(f"'{key}': {sql}" for key, sql in event.items())
        first = ", ".join(f"arg_min({name}, row_no) AS {name}" for name in FIELDS)
        fields = self._fields({name: quote(name) for name in present})
        entries = ", ".join(
            f"{literal(label(self.profile, name))}: {kept_of(name, name)}" for name in FIELDS if name in self.profile.columns
        )
        named = {key: getattr(self.profile.history, key) for key in EVENT_FIELDS if getattr(self.profile.history, key)}
        events = ", ".join(f"{literal(column)}: {USUAL.format(f's.{key}')}" for key, column in named.items())
        entries += f", {literal(EVENTS)}: list_transform(steps, lambda s: {{{events}}})"
        self.own = lambda rows: f"SELECT row_no, to_json({{{entries}}})::VARCHAR AS own FROM {rows}"
        self.con.execute(
            f"""CREATE OR REPLACE TEMP TABLE whole AS
            SELECT min(row_no) AS row_no, false AS broken, {first}, list({{{step}}} ORDER BY row_no) AS steps,
            {_NONE.replace(f"{NO_STEPS} AS steps, ", "")}
            FROM (SELECT *, {fields} FROM events_read) GROUP BY coalesce(dossier_code, 'row ' || row_no)"""
        )
        self._found_whole()

    def _found_whole(self) -> None:
        # always a view: the next file of the same attempt may be of another kind
        self.con.execute("CREATE OR REPLACE TEMP VIEW raw AS FROM whole")


def twice(name: str, column: str | None) -> InputError:
    """Two keys of an object are one heading; ``column``: where it is one that the profile knows."""
    return InputError(
        f"Tiêu đề lặp lại trong tệp {name}. Đổi tên hoặc bỏ một cột.",
        f"A heading occurs twice in {name}. Rename or drop one of the columns.",
        row=1,
        field=column,
    )


def missing_column(name: str, column: str, row: int = 1) -> InputError:
    """A column without which no row can be taken is nowhere in the file. ``row``: of its heading."""
    return InputError(
        f"Tệp {name} thiếu cột bắt buộc. Thêm cột này (đúng tiêu đề) rồi gửi lại.",
        f"The file {name} lacks a required column. Add it (with this very heading) and resend.",
        row=row,
        field=column,
    )


def kept_cells(profile: Profile, headings: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """What is kept of a row with too many or too few cells, under the headings in their order; surplus cells have their place alone.

    Any cell may stand under the wrong heading, so that words, which may be somebody's name, are blanked wherever they stand.
    """
    codes = {heading(column) for column in profile.columns.get("dossier_code", [])}
    kept = {}
    for number, cell in enumerate(cells):
        name = headings[number] if number < len(headings) else ""
        code = heading(name) in codes and len(cell) <= 64 and re.fullmatch(profile.dossier_code_pattern, cell) and " " not in cell
        told = cell if code else mask(cell)
        words = re.search(r"[^\W\d_]{2,}\s+[^\W\d_]", told) or not re.search(r"\d", told)
        kept[mask(name) or f"({number + 1})"] = REMOVED if told and words else told
    return kept


def kept_of(name: str | None, text: str) -> str:
    """SQL for what is kept of a field's text in a row that is held back; ``name``: None for a column that the profile does not know.

    Any column may hold a person's number by mistake: long numbers are blanked everywhere but in times and in what is a
    dossier's code by its form. So are persons; of units, many of which are named after one, only where nothing else is said.
    """
    if name is None or name in PERSONAL:
        return f"CASE WHEN {text} <> '' THEN '{REMOVED}' END"
    if name == "dossier_code":
        return f"kept_code({text})"
    if name in UNITS:
        return f"kept_unit({text})"
    return f"unnamed(kept_parts({text}))" if name == "data_lookups" else USUAL.format(text)


def text_of(profile: Profile, name: str, sources: Sequence[str], padded: bool = True) -> str:
    """SQL for a field's text: the first filled column, else the constant. ``padded``: blanks around it are to be taken off."""
    choices = [f"filled({source})" if padded else f"nullif({source}, '')" for source in sources]
    if name in PERSONAL:  # rows that come back from quarantine
        choices = [f"nullif({choice}, '{REMOVED}')" for choice in choices]
    if name in profile.constants:
        choices.append(literal(profile.constants[name]))
    return (choices[0] if len(choices) == 1 else f"coalesce({', '.join(choices)})") if choices else "NULL::VARCHAR"
