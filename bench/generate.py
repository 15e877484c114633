"""Feed files and lakes of any size, in seconds: every dossier is a function of its month and number, computed by DuckDB.

The same dossier is written as a row of a ``flat-en`` file or as a row of the lake, so that updates meet what is there. Places and
procedures are the demonstration country's: 3,321 communes of 34 provinces (one source each, its size by its communes'), 2,177
local procedures by Zipf's law. Of the dossiers 55 % come online, 3 % have a supplement request (one in ten of these a second
one), 88 % have ended by the end of their month, 2 % never do. In files 0.2 % of the rows are bad and 0.1 % stand twice.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.calendar import Month

if TYPE_CHECKING:
    import duckdb

    from core.lake import Part

SLOTS = 1 << 16  # entries of the tables from which communes and procedures are drawn
SEED = 7
DAY = 86_400_000_000  # microseconds
NEW_SHARE = 0.7  # of a day's updates; the others change dossiers that are in the lake
TEXTS = (
    "Bổ sung Giấy khai sinh",
    "Bổ sung giấy xác nhận thông tin về cư trú",
    "Nộp lại bản vẽ thiết kế đã ký",
    "Tờ khai thiếu chữ ký",
    "Bổ sung Giấy chứng nhận kết hôn và Thẻ căn cước",
    "Ảnh chụp không rõ",
)
PAPERS = ("Giấy chứng nhận kết hôn", "Thẻ căn cước hoặc căn cước điện tử", "Bản vẽ thiết kế", "Văn bản ủy quyền", "Giấy khai sinh")


def engine(memory_limit: str = "2GB", spill: Path | None = None) -> "duckdb.DuckDBPyConnection":
    """A DuckDB with the tables ``communes`` and ``procedures`` to draw from."""
    import duckdb
    import pyarrow as pa

    from simulation import catalogue, places

    con = duckdb.connect(config={"memory_limit": memory_limit, "preserve_insertion_order": False})
    con.execute("SET TimeZone = 'UTC'")
    if spill is not None:
        con.execute(f"SET temp_directory = '{spill}'")
    rng = np.random.default_rng(SEED)
    provinces, communes = places.territory()
    exchange = {place.code: place.exchange for place in provinces}
    weights = rng.lognormal(0.0, 0.8, len(communes))
    drawn = rng.choice(len(communes), SLOTS, p=weights / weights.sum())
    drawn[: len(communes)] = np.arange(len(communes))  # nobody is left out
    parents = [communes[index].versions[-1].parent for index in drawn]
    con.register(
        "commune_slots",
        pa.table(
            {
                "slot": np.arange(SLOTS, dtype=np.uint64),
                "unit_code": [communes[index].code for index in drawn],
                "source": parents,
                "office": [exchange[str(parent)] for parent in parents],
            }
        ),
    )
    codes = [item.code for item in catalogue.items(np.random.default_rng(SEED)) if item.is_local]
    zipf = 1.0 / np.arange(1, len(codes) + 1) ** 1.05
    chosen = rng.choice(len(codes), SLOTS, p=zipf / zipf.sum())
    chosen[: len(codes)] = np.arange(len(codes))
    con.register(
        "procedure_slots", pa.table({"slot": np.arange(SLOTS, dtype=np.uint64), "procedure_code": [codes[index] for index in chosen]})
    )
    con.execute("CREATE TEMP TABLE communes AS FROM commune_slots")
    con.execute("CREATE TEMP TABLE procedures AS FROM procedure_slots")
    con.execute("CREATE TEMP MACRO share(number, salt) AS (hash(number, salt) >> 11)::DOUBLE / 9007199254740992.0")
    return con


def drawn(month: Month, numbers: str, horizon: int) -> str:
    """SQL of dossiers with times in microseconds of UTC.

    ``numbers``: SQL with a column ``n``; ``horizon``: what comes later is not known yet.
    """
    start, days = _micros(month.start), month.last_day.day
    salt = month.year * 12 + month.month
    listed = ", ".join(f"'{text}'" for text in TEXTS)
    return f"""
    WITH numbers AS ({numbers}),
    received AS (
        SELECT n, {start} + floor(share(n, {salt}) * {days})::BIGINT * {DAY} + 27_000_000_000
                + floor(share(n, {salt} + 10_000_000) * 32_400)::BIGINT * 1_000_000 AS received_us,
            share(n, {salt} + 20_000_000) AS pace, share(n, {salt} + 30_000_000) AS fate, share(n, {salt} + 40_000_000) AS asked,
            (hash(n, {salt} + 50_000_000) >> 1)::BIGINT AS pick
        FROM numbers),
    planned AS (
        SELECT *, received_us + (1 + pick % 15)::BIGINT * {DAY} AS due_us,
            CASE WHEN fate < 0.98
                THEN received_us + (1 + floor(pace * pace * (1 + pick % 15) * 1.3 * 86_400))::BIGINT * 1_000_000 END AS plan_us,
            CASE WHEN asked < 0.003 THEN 2 WHEN asked < 0.03 THEN 1 ELSE 0 END AS wanted
        FROM received),
    known AS (
        SELECT *, CASE WHEN plan_us < {horizon} THEN plan_us END AS finished_us,
            CASE WHEN received_us + 3_600_000_000 < {horizon} THEN wanted ELSE 0 END AS requests
        FROM planned)
    SELECT n, c.source, p.procedure_code, c.unit_code,
        c.office || '-' || strftime(make_timestamp(received_us + 25_200_000_000), '%y%m%d') || '-' || lpad(n::VARCHAR, 7, '0')
            AS dossier_code,
        CASE WHEN pick % 100 < 55 THEN 2 WHEN pick % 100 < 97 THEN 1 WHEN pick % 100 < 99 THEN 3 ELSE 4 END::TINYINT AS channel,
        CASE WHEN pick % 7 = 0 THEN 'enterprise' ELSE 'citizen' END AS applicant_type,
        received_us, due_us, finished_us, CASE WHEN fate < 0.9 THEN finished_us + 7_200_000_000 END AS returned_us,
        CASE WHEN finished_us IS NULL THEN CASE WHEN requests > 0 THEN 5 ELSE 4 END
             WHEN fate < 0.9 THEN 10 WHEN fate < 0.95 THEN 9 WHEN fate < 0.96 THEN 3 WHEN fate < 0.97 THEN 7 ELSE 8 END::TINYINT AS status,
        requests, CASE WHEN requests > 0 THEN received_us + 3_600_000_000 END AS requested_us,
        CASE WHEN requests > 0 THEN [{listed}][1 + pick % {len(TEXTS)}] END AS text,
        greatest(received_us, finished_us, CASE WHEN requests > 0 THEN received_us + 3_600_000_000 END) AS updated_us, pick
    FROM known JOIN communes c ON c.slot = (pick >> 8) % {SLOTS} JOIN procedures p ON p.slot = (pick >> 24) % {SLOTS}
    """


FLAT = """dossier_code, procedure_code, unit_code, channel, applicant_type, received_at, due_at, finished_at, returned_at, status,
    supplement_requests, supplement_requested_at, supplement_text, updated_at"""


def flat_rows(rows: str, bad: bool = True) -> str:
    """SQL of ``flat-en`` rows from drawn ones, in local time; 0.2 % of them bad in one of four ways, 0.1 % twice."""

    def local(name: str) -> str:
        return f"strftime(make_timestamp({name}_us + 25_200_000_000), '%Y-%m-%dT%H:%M:%S')"

    spoilt = "(n * 2654435761) % 2000" if bad else "99"
    twice = "UNION ALL BY NAME SELECT * FROM flat WHERE n % 1000 = 7" if bad else ""
    return f"""
    WITH flat AS (
        SELECT n, dossier_code, CASE WHEN {spoilt} = 0 THEN '9.999999' ELSE procedure_code END AS procedure_code,
            CASE WHEN {spoilt} = 1 THEN '99999' ELSE unit_code END AS unit_code, channel, applicant_type,
            CASE WHEN {spoilt} = 2 THEN '2026-13-45' ELSE {local("received")} END AS received_at, {local("due")} AS due_at,
            {local("finished")} AS finished_at, {local("returned")} AS returned_at,
            CASE WHEN {spoilt} = 3 THEN 77 ELSE status END AS status,
            requests AS supplement_requests, {local("requested")} AS supplement_requested_at, text AS supplement_text,
            {local("updated")} AS updated_at, source
        FROM ({rows}))
    SELECT {FLAT}, source FROM (FROM flat {twice})
    """


def write_csv(con: "duckdb.DuckDBPyConnection", path: Path, month: Month, rows: int) -> Path:
    """One ``flat-en`` file of a month's dossiers 0 to ``rows``, all sources in one, as at the month's end."""
    numbers = f"SELECT range AS n FROM range({rows})"
    con.execute(f"COPY (SELECT {FLAT} FROM ({flat_rows(drawn(month, numbers, _micros(month.end)))})) TO '{path}' (FORMAT csv, HEADER)")
    return path


def write_updates(con: "duckdb.DuckDBPyConnection", folder: Path, month: Month, held: int, updates: int) -> dict[str, Path]:
    """A day's files by source: ``NEW_SHARE`` new dossiers, and others of the month's first ``held`` changed since the lake was made."""
    new = round(updates * NEW_SHARE)
    step = max(1, held // max(1, updates - new))
    changed = f"SELECT range AS n FROM range(0, {step * (updates - new)}, {step})"
    added = f"SELECT range + {held} AS n FROM range({new})"
    horizon = _micros(month.end) + DAY
    rows = flat_rows(drawn(month, f"{changed} UNION ALL {added}", horizon), bad=False)
    # A change is told by its time, also where nothing else happened that day.
    late = f"strftime(make_timestamp({horizon} + 25_200_000_000), '%Y-%m-%dT%H:%M:%S')"
    return _by_source(con, folder, f"SELECT * REPLACE ({late} AS updated_at) FROM ({rows})")


def write_month(con: "duckdb.DuckDBPyConnection", folder: Path, month: Month, rows: int) -> dict[str, Path]:
    """A month's files by source, as at the month's end."""
    return _by_source(con, folder, flat_rows(drawn(month, f"SELECT range AS n FROM range({rows})", _micros(month.end))))


def _by_source(con: "duckdb.DuckDBPyConnection", folder: Path, rows: str) -> dict[str, Path]:
    con.execute(f"COPY ({rows}) TO '{folder}' (FORMAT csv, HEADER, PARTITION_BY (source), OVERWRITE_OR_IGNORE)")
    files = {}
    for part in sorted(folder.glob("source=*")):
        source = part.name.partition("=")[2]
        (path,) = part.glob("*.csv")
        files[source] = path.rename(folder / f"feed-{source}.csv")
        part.rmdir()
    return files


def lake_rows(rows: str, month: Month, types: dict[str, str]) -> str:
    """SQL of the lake's rows from drawn ones, with two to four steps of history."""

    def instant(name: str) -> str:
        return f"make_timestamptz({name})"

    def step(at: str, status: str) -> str:
        return f"{{'at': {instant(at)}, 'status': {status}::TINYINT, 'source_status': NULL, 'activity': NULL, 'department': NULL}}"

    begun = f"{step('received_us', '2')}, {step('received_us + 600_000_000', '4')}"
    done = step("finished_us", "9")
    papers = ", ".join(f"{{'code': NULL, 'name': '{name}'}}" for name in PAPERS)
    request = f"""{{'requested_at': {instant("requested_us")}, 'answered_at': {instant("finished_us")}, 'text': text,
        'documents': CASE WHEN pick % 3 = 0 THEN [] ELSE [[{papers}][1 + pick % {len(PAPERS)}]] END}}"""
    said = {
        "source": "source",
        "reception_month": f"'{month}'",
        "handling_unit": "unit_code",
        "provider": "NULL",
        "source_channel": "channel::VARCHAR",
        "received_at": instant("received_us"),
        "utc_offset_minutes": "420",
        "due_at": instant("due_us"),
        "first_due_at": instant("due_us"),
        "finished_at": instant("finished_us"),
        "returned_at": instant("returned_us"),
        "source_status": "status::VARCHAR",
        "supplement_count": "requests",
        "history": f"""CASE WHEN finished_us IS NULL THEN [{begun}] WHEN returned_us IS NULL THEN [{begun}, {done}]
            ELSE [{begun}, {done}, {step("returned_us", "10")}] END""",
        "supplements": f"CASE requests WHEN 0 THEN [] WHEN 1 THEN [{request}] ELSE [{request}, {request}] END",
        "updated_at": instant("updated_us"),
        "submission": "'0000000000000000'",
        "code_day": "strftime(make_timestamp(received_us + 25_200_000_000), '%y%m%d')::INTEGER",
    }
    own = ("dossier_code", "procedure_code", "channel", "applicant_type", "status")
    columns = [f"({said.get(name, name if name in own else 'NULL')})::{kind} AS {name}" for name, kind in types.items()]
    return f"SELECT {', '.join(columns)} FROM ({rows})"


def fill_lake(data_dir: Path, months: list[tuple[Month, int]], spill: Path | None = None) -> int:
    """Write dossiers straight into a new lake, one commit a month; gives the bytes written. All is as at the end of the last month."""
    from procedures.dossiers import dossier_schema, dossier_table

    table = dossier_table(data_dir)
    table.snapshot()  # makes the table
    con = engine(spill=spill)
    con.register("empty", dossier_schema().empty_table())
    described = con.execute("DESCRIBE SELECT * FROM empty").fetchall()
    types = {str(row[0]): str(row[1]) for row in described}
    horizon = max(_micros(month.end) for month, _ in months)
    written = 0
    for month, count in months:
        rows = lake_rows(drawn(month, f"SELECT range AS n FROM range({count})", horizon), month, types)
        con.execute(
            f"""COPY ({rows}) TO '{table.root}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (reception_month, source),
            OVERWRITE_OR_IGNORE, FILENAME_PATTERN 'part-{{uuid}}')"""
        )
        files = sorted((table.root / f"reception_month={month}").glob("*/*.parquet"))
        parts = [_part(table.root, path) for path in files]
        with table.lock():
            table.commit(table.snapshot(), parts, [], {})
        written += sum(part.size for part in parts)
    con.close()
    return written


def _part(root: Path, path: Path) -> "Part":
    import pyarrow.parquet as pq

    from core.lake import Part

    about = pq.read_metadata(path)
    columns = (about.row_group(group).column(leaf) for group in range(about.num_row_groups) for leaf in range(about.num_columns))
    days = [column.statistics for column in columns if column.path_in_schema == "code_day"]
    folders = path.relative_to(root).parts[:-1]
    return Part(
        path=path.relative_to(root).as_posix(),
        size=path.stat().st_size,
        rows=about.num_rows,
        partition=dict(folder.split("=") for folder in folders),
        lowest=min(day.min for day in days),
        highest=max(day.max for day in days),
    )


def months_before(last: Month, number: int, dossiers: int) -> Iterator[tuple[Month, int]]:
    """``number`` months up to ``last`` that share ``dossiers`` evenly."""
    for back in range(number - 1, -1, -1):
        yield last.plus(-back), dossiers // number


def _micros(instant: Any) -> int:
    return round(instant.timestamp()) * 1_000_000
