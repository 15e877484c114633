"""A first draft of a profile for an unknown file: what its headings, dates and words probably mean, for a person to check.

The draft shows headings, and the words of columns that say status, channel or kind of applicant; of no other column any value,
for it may be personal. Every guess is marked with a question mark.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from core.errors import InputError
from procedures import delimited, mapping, sheets
from procedures.folding import plain
from procedures.headings import heading
from procedures.mapping import FIELDS, REQUIRED, Profile
from procedures.reading import TIME_FIELDS
from procedures.unpacking import Unpacked, unpack

ROWS = 2000  # that are looked at
LIKE = 80  # of 100: how alike two headings or words must be for a guess
WORDS = 40  # more different values than these are no statuses
TIMES = (
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y %I:%M:%S %p",
    "%d/%m/%Y %I:%M %p",
    "%H:%M:%S %d/%m/%Y",
    "%H:%M %d/%m/%Y",
    "%Y%m%d%H%M%S",
    "%Y%m%d%H%M",
    "%d-%m-%Y %H:%M:%S",
    "%d-%m-%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
    "%Y/%m/%d %H:%M:%S.%f",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
)
DAYS = ("%d/%m/%Y", "%Y%m%d", "%d-%m-%Y", "%d.%m.%Y", "%m/%d/%Y", "%Y/%m/%d")
NATIONAL = "flat-en"  # the profile whose pattern of dossier codes is the national one
# Words in headings of columns about persons: such a column is taken for nothing that it merely resembles.
PERSONS = re.compile(
    r"\b(nguoi|ho ten|ho va ten|can bo|chuyen vien|chu ho so|email|e mail|dia chi|dien thoai|sdt|cccd|cmnd"
    r"|name|person|phone|address|officer|user)\b"
)
MEANINGS = {  # field with words → key of the profile
    "status": "statuses",
    "channel": "channels",
    "applicant_type": "applicants",
}
_ASPECT = re.compile("dang|da|chua|khong|cho")  # đang, đã, chưa, không, chờ: what tells one status from another
_CAMEL = re.compile("(?<=[a-zà-ỹ])(?=[A-ZĐ])")
_MORNING, _AFTERNOON = re.compile(r"\bSA\b", re.IGNORECASE), re.compile(r"\bCH\b", re.IGNORECASE)
_NAME = re.compile("[a-z0-9-]{1,40}")
_DATA = re.compile(r"\d{9,}|[GH]\d\d[.\d]*-\d{6,8}-\d{4,7}|\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}.*")


@dataclass
class Sample:
    """The first rows of a file: headings as written, values as text, and which columns hold lists or objects (JSON)."""

    layout: str
    columns: dict[str, list[str]] = field(default_factory=dict)
    nested: set[str] = field(default_factory=set)


def draft(path: Path, name: str, *, limit: int, scratch: Path) -> str:
    """YAML of a profile for the file at ``path``, with comments in both languages on what is guessed and what is missing.

    Raises ``InputError`` where the file cannot be read, or where its first row is data and no heading.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"Tên {name} không dùng được. Tên gồm chữ thường không dấu, số và gạch nối, nhiều nhất 40 ký tự.",
            f"The name {name} cannot be used. A name is small letters, digits and hyphens, 40 at most.",
            field="name",
        )
    try:
        with path.open("rb") as stream:
            unpacked = unpack(stream, path.name, limit, scratch=scratch)
            with unpacked.stream:
                sample = _sample(unpacked)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"Không mở được tệp {path.name}: {reason}.", f"The file {path.name} cannot be opened: {reason}.") from error
    if any(_DATA.fullmatch(column.strip()) for column in sample.columns):
        raise InputError(
            f"Dòng đầu của tệp {path.name} là dữ liệu, không phải tiêu đề. Thêm dòng tiêu đề.",
            f"The first row of {path.name} is data, not headings. Add a heading row.",
            row=1,
        )
    shown = "".join(letter for letter in path.name if letter.isprintable())
    return "\n".join(_lines(sample, name, shown)) + "\n"


def _sample(unpacked: Unpacked) -> Sample:
    shipped = [mapping.load(name) for name in _shipped()]
    if unpacked.kind == "jsonl":
        return _objects(delimited.line_rows(unpacked.stream, unpacked.name))
    wanted = {heading(column) for profile in shipped for columns in profile.columns.values() for column in columns}
    wanted.update(heading(column) for kind in ("table", "events") for columns in _elsewhere()[kind].values() for column in columns)
    if unpacked.kind == "xlsx":
        needed = [columns[0] for name, columns in mapping.load("flat-vi").columns.items() if name in (*REQUIRED, "status")]
        rows = sheets.sheet_rows(unpacked.stream, unpacked.name, wanted, needed, guess=True)
    elif unpacked.kind == "parquet":
        rows = sheets.parquet_rows(unpacked.stream, unpacked.name)
    else:
        rows = delimited.csv_rows(unpacked.stream, unpacked.name, wanted, guess=True)
    found = Sample("table", {original: [] for original in rows.originals if original.strip()})
    for batch in _first(rows.batches):
        for key, original in zip(rows.names, rows.originals, strict=True):
            if original in found.columns:
                found.columns[original] += [value or "" for value in batch.column(key).to_pylist()]
    for case in (heading(column) for profile in shipped if profile.layout == "events" for column in profile.columns["dossier_code"]):
        if case in rows.names:
            found.layout = "events"
    if all(_column(found, key) for key in ("cases", "activities", "times")):
        found.layout = "events"
    return found


@cache
def _elsewhere() -> dict[str, Any]:
    """Headings and words of other systems: the file beside this module."""
    found: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    return found


def _column(sample: Sample, key: str) -> str | None:
    """The first of a kind of columns of other systems' event logs that the file has."""
    present = {_key(column): column for column in sample.columns}
    return next((present[_key(column)] for column in _elsewhere()[key] if _key(column) in present), None)


def _first(batches: Iterable[Any]) -> Iterator[Any]:
    left = ROWS
    for batch in batches:
        yield batch.slice(0, left)
        left -= batch.num_rows
        if left <= 0:
            return


def _objects(rows: delimited.Rows) -> Sample:
    found = Sample("table")
    lines = (line for batch in _first(rows.batches) for line in batch.column("line").to_pylist())
    for line in islice((line for line in lines if line and line.strip()), ROWS):
        try:
            item = json.loads(line)
        except (ValueError, RecursionError):
            continue
        for key, value in item.items() if isinstance(item, dict) else ():
            texts = found.columns.setdefault(key, [])
            if isinstance(value, list | dict):
                found.nested.add(key)
            else:
                texts.append("" if value is None else str(value).lower() if isinstance(value, bool) else str(value))
    if found.nested - set(mapping.load(NATIONAL).columns["data_lookups"]):  # which may be a list in a flat object too
        found.layout = "objects"
    return found


def _shipped() -> list[str]:
    return sorted(path.stem for path in mapping.FOLDER.glob("*.yaml"))


def _key(text: str) -> str:
    """A heading or word as it is compared here: no marks, blanks, capitals; ``Mã hồ sơ`` and ``MaHoSo`` are one."""
    return plain(text).replace(" ", "")


def _begins(key: str) -> str:
    return found[0] if (found := _ASPECT.match(key)) else ""


def _likeliest(text: str, known: Mapping[str, Any], elsewhere: Mapping[str, Any]) -> tuple[Any, bool]:
    """What a text means among known ones, and whether that is certain; (None, False) if nothing is like it."""
    from rapidfuzz import fuzz, process

    key = _key(text)
    if key in known:
        return known[key], True
    if key in elsewhere:
        return elsewhere[key], False
    if PERSONS.search(plain(_CAMEL.sub(" ", unicodedata.normalize("NFC", text)))):
        return None, False
    # đã giải quyết and đang giải quyết are as alike as words can be, and opposites
    near = [word for word in known if _begins(word) == _begins(key)]
    found = process.extractOne(key, near, scorer=fuzz.ratio, score_cutoff=LIKE)
    return (known[found[0]], False) if found else (None, False)


def _fields(sample: Sample) -> dict[str, list[tuple[str, bool]]]:
    """field → columns that seem to hold it, each with whether that is certain."""
    known = {
        _key(column): name
        for shipped in map(mapping.load, _shipped())
        for name, columns in shipped.columns.items()
        for column in columns
        if (shipped.layout == "events") == (sample.layout == "events")
    }
    others = _elsewhere()["events" if sample.layout == "events" else "table"]
    elsewhere = {_key(column): name for name, columns in others.items() for column in columns}
    found: dict[str, list[tuple[str, bool]]] = {}
    for column, values in sample.columns.items():
        name, certain = _likeliest(column, known, elsewhere)
        if name is None or (not certain and not _fits(name, values)):
            continue
        if column in sample.nested and name not in ("data_lookups", "applicant_key"):
            continue
        found.setdefault(name, []).append((column, certain))
    return {name: [pair for pair in found[name] if pair[1]] or found[name][:1] for name in FIELDS if name in found}


def _fits(name: str, values: list[str]) -> bool:
    filled = [value for value in values if value.strip()]
    dates = sum(_is_date(value) for value in filled)
    if name in TIME_FIELDS:
        return bool(filled) and dates * 5 >= len(filled) * 4
    return dates * 5 < len(filled) and (name not in MEANINGS or len(set(filled)) <= WORDS)


def _is_date(value: str) -> bool:
    return _iso(value) or any(_reads(value, pattern) for pattern in (*TIMES, *DAYS))


def _iso(value: str) -> bool:
    try:
        return bool(datetime.fromisoformat(value.strip())) and value.strip()[4:5] == "-"
    except ValueError:
        return False


def _reads(value: str, pattern: str) -> bool:
    if "%p" in pattern:
        value = _AFTERNOON.sub("PM", _MORNING.sub("AM", value))
    try:
        datetime.strptime(value.strip(), pattern)  # noqa: DTZ007  # whether it can be read is all that is asked
    except ValueError:
        return False
    return True


def _formats(values: list[str]) -> tuple[list[str], list[str], bool, int]:
    """Formats with a time, formats of days, whether ISO occurs, and how many values none of them reads."""
    left = [value for value in values if value.strip() and not _iso(value)]
    iso = len(left) < sum(bool(value.strip()) for value in values)
    found: list[str] = []
    while left:
        best, count = Counter({pattern: sum(_reads(value, pattern) for value in left) for pattern in (*TIMES, *DAYS)}).most_common(1)[0]
        if count == 0:
            break
        found.append(best)
        left = [value for value in left if not _reads(value, best)]
    return [p for p in TIMES if p in found], [p for p in DAYS if p in found], iso, len(left)


def _known_words(key: str) -> dict[str, Any]:
    return {
        _key(word): code for shipped in map(mapping.load, _shipped()) for word, code in getattr(shipped, key).items() if code is not None
    }


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _words(key: str, values: list[str]) -> list[str]:
    """The lines of ``statuses``, ``channels`` or ``applicants``."""
    known, counts = _known_words(key), Counter(" ".join(value.split()) for value in values if value.strip())
    elsewhere = {_key(word): code for word, code in _elsewhere()[key].items()}
    lines, seen = [], set()
    for word, count in counts.most_common(WORDS):
        folded = unicodedata.normalize("NFC", word).lower()
        if folded in seen or len(word) > 80:
            continue
        seen.add(folded)
        code, certain = _likeliest(word, known, elsewhere)
        if code is None:
            lines.append(f"  # {_text(word)}: ?  # {count} dòng, chưa rõ nghĩa | rows, meaning unknown")
        elif word.isdigit():
            lines.append(f"  {_text(word)}: {code}  # ? số của mỗi hệ thống một khác: đối chiếu theo tên | numbers differ: check by label")
        else:
            lines.append(f"  {_text(word)}: {code}" + ("" if certain else "  # ?"))
    if len(counts) > WORDS:
        lines.append(f"  # và {len(counts) - WORDS} giá trị khác | and {len(counts) - WORDS} other values")
    return lines


def _lines(sample: Sample, name: str, file_name: str) -> Iterator[str]:
    fields = _fields(sample)
    if sample.layout == "events" and "received_at" not in fields and (first := _column(sample, "times")):
        yield "# ? received_at là bước đầu: chỉ đúng khi mỗi tệp có đủ các bước | the first event: right where files hold whole cases"
        fields["received_at"] = [(first, False)]
    values = {key: [value for column, _certain in pairs for value in sample.columns[column]] for key, pairs in fields.items()}
    status = () if sample.layout == "events" else ("status",)
    missing = [key for key in (*REQUIRED, *status) if key not in fields]
    yield f"# Bản nháp từ {file_name}: kiểm tra từng dòng có dấu ? rồi đặt vào data_dir/profiles/{name}.yaml."
    yield f"# A draft from {file_name}: check every line with a ? and put it into data_dir/profiles/{name}.yaml."
    for key in missing:
        yield f"# THIẾU | MISSING: {key} (thêm cột, hoặc một hằng số trong constants | name its column, or a constant)"
    yield f"name: {name}"
    yield f"title_vi: {_text(f'Bản nháp từ {file_name}')}"
    yield f"title_en: {_text(f'Draft from {file_name}')}"
    yield f"layout: {sample.layout}"
    yield "utc_offset_minutes: 420  # ? giờ Việt Nam, nếu ngày không ghi múi giờ | Viet Nam time, where dates carry no offset"
    yield from _date_lines([value for key in TIME_FIELDS for value in values.get(key, [])])
    yield "columns:"
    for key in (*REQUIRED, "status", *(key for key in FIELDS if key not in REQUIRED and key != "status")):
        if key in fields:
            doubt = "" if all(certain for _column, certain in fields[key]) else "  # ?"
            yield f"  {key}: [{', '.join(_text(column) for column, _certain in fields[key])}]{doubt}"
        elif key in missing:
            yield f"  # {key}: [?]  # THIẾU | MISSING"
    mapped = {column for pairs in fields.values() for column, _certain in pairs}
    if sample.layout == "events":
        history = next(profile.history for profile in map(mapping.load, _shipped()) if profile.layout == "events")
        steps = history.model_dump() if history else {}
        for key, kind in (("at", "times"), ("activity", "activities"), ("department", "departments")):
            if steps[key] not in sample.columns:
                steps[key] = _column(sample, kind) or ""
        mapped.update(steps.values())
        yield f"history: {_text(steps)}  # ?"
        yield "status_by_end: {ended: 9, open: 4}  # ?"
    yield from _meaning_lines(values)
    yield from _code_lines(values.get("dossier_code", []))
    yield from _nested_lines(sample, mapped)
    if unread := [column for column in sample.columns if column not in mapped and column not in sample.nested]:
        yield "# Các cột sau không được đọc | These columns are not read:"
        for column in unread:
            yield f"#   {_text(column)}"


def _date_lines(values: list[str]) -> Iterator[str]:
    times, days, iso, unread = _formats(values)
    if times:
        yield f"date_formats: {_text(times)}"
    if days:
        yield f"day_formats: {_text(days)}"
    yield f"iso_dates: {_text(iso or not (times or days))}"
    slashed = [pattern for pattern in (*times, *days) if "%d/%m" in pattern]
    if slashed and all(
        _reads(value, pattern.replace("%d/%m", "%m/%d")) for pattern in slashed for value in values if _reads(value, pattern)
    ):
        yield "# ? ngày/tháng hay tháng/ngày: dữ liệu không cho biết | day/month or month/day: the data do not tell"
    if unread:
        yield f"# ? {unread} ngày không đọc được theo các dạng trên | {unread} dates fit none of these forms"


def _meaning_lines(values: Mapping[str, list[str]]) -> Iterator[str]:
    for name, key in MEANINGS.items():
        lines = _words(key, values.get(name, []))
        if any(not line.lstrip().startswith("#") for line in lines):
            yield f"{key}:"
        elif name in values or name == "channel":
            yield f"{key}: {{}}"
        yield from lines


def _code_lines(codes: list[str]) -> Iterator[str]:
    filled = [code.strip() for code in codes if code.strip()]
    pattern = mapping.load(NATIONAL).dossier_code_pattern
    fitting = sum(re.fullmatch(pattern, code) is not None for code in filled)
    if filled and fitting == len(filled):
        yield f"dossier_code_pattern: {_text(pattern)}"
    else:
        yield f'dossier_code_pattern: ".+"  # ? {fitting}/{len(filled)} mã đúng dạng quốc gia | codes have the national form'


def _nested_lines(sample: Sample, mapped: set[str]) -> Iterator[str]:
    """What shipped profiles of objects say of lists that this file has too."""
    rest = set(sample.nested) - mapped
    for shipped in map(mapping.load, _shipped()):
        for key, block in _blocks(shipped):
            if sample.layout == "objects" and block["column"] in rest:
                rest.discard(block["column"])
                yield f"{key}: {_text(block)}"
    for column in sorted(rest):
        yield f"# ? danh sách chưa rõ | a list whose meaning is unknown: {_text(column)}"


def _blocks(profile: Profile) -> Iterator[tuple[str, dict[str, Any]]]:
    for key in ("history", "supplements", "documents", "lookups", "results"):
        part = getattr(profile, key)
        if part is not None and part.column:
            yield key, part.model_dump()
