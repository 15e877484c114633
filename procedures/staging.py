"""A file's rows inside the engine: first the text that the profile names (``raw``), then typed and looked up (``staged``).

All of it is done over the whole batch. What the profile does not name is never read, which is how personal columns stay out.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from core.errors import InputError
from procedures import file_kinds, files
from procedures.dossiers import END_STATUSES
from procedures.mapping import FIELDS, REQUIRED, Profile
from procedures.rules import DATE_FIELDS, reasons

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FIRST_YEAR = 1990
VIETNAM = 420  # minutes east of UTC: months and days of validity are cut there; constant since 1975
TRUE_WORDS = "'1', 'true', 'yes', 'x', 'có'"
NO_STEPS = 'NULL::STRUCT("at" VARCHAR, status VARCHAR, activity VARCHAR, department VARCHAR)[]'
PAPERS = "STRUCT(code VARCHAR, name VARCHAR)[]"
NO_REQUESTS = f"NULL::STRUCT(requested_at VARCHAR, answered_at VARCHAR, due_before VARCHAR, text VARCHAR, documents {PAPERS})[]"


def quote(name: str) -> str:
    """An identifier for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text for SQL."""
    return "'" + text.replace("'", "''") + "'"


def read_raw(con: "DuckDBPyConnection", profile: Profile, data: bytes, name: str) -> None:
    """Make the table ``raw``: ``row_no``, ``broken``, every field as text, steps, requests and flags as the file has them.

    Raises ``InputError`` where the file as a whole cannot be read.
    """
    con.execute(f"CREATE TEMP MACRO filled(x) AS nullif(trim(x), ''); CREATE TEMP MACRO truth(x) AS lower(trim(x)) IN ({TRUE_WORDS})")
    file_kinds.check_kind(profile, data, name)
    if profile.layout == "objects":
        _read_objects(con, profile, files.as_utf8(data, name), name)
    else:
        _read_table(con, profile, data, name)
    if _one(con, "SELECT count(*) FROM raw") == 0:
        raise InputError(
            f"Tệp {name} không có dòng dữ liệu nào. Kiểm tra bộ lọc khi xuất rồi gửi lại.",
            f"The file {name} has no rows of data. Check the filter of the export and resend it.",
        )


def _one(con: "DuckDBPyConnection", sql: str) -> Any:
    row = con.execute(sql).fetchone()
    return row[0] if row else None


def _missing_column(name: str, column: str) -> InputError:
    return InputError(
        f"Tệp {name} thiếu cột bắt buộc. Thêm cột này (đúng tiêu đề) rồi gửi lại.",
        f"The file {name} lacks a required column. Add it (with this very heading) and resend.",
        row=1,
        field=column,
    )


def _required(profile: Profile) -> list[str]:
    return [field for field in (*REQUIRED, *(() if profile.status_by_end else ("status",))) if field not in profile.constants]


def _read_objects(con: "DuckDBPyConnection", profile: Profile, data: bytes, name: str) -> None:
    lines = files.read_lines(data)
    con.register("lines", lines.table)
    shape: dict[str, Any] = {column: "VARCHAR" for columns in profile.columns.values() for column in columns}
    steps, requests, digitised, reused = NO_STEPS, NO_REQUESTS, "NULL::BOOLEAN", "NULL::BOOLEAN"
    if profile.history:
        h = profile.history
        shape[h.column] = [{key: "VARCHAR" for key in (h.at, h.status, h.activity, h.department) if key}]
        steps = (
            f"list_transform(j.{quote(h.column)}, lambda s: {{'at': filled(s.{quote(h.at)}), 'status': filled(s.{quote(h.status)}), "
            f"'activity': filled(s.{quote(h.activity)}), 'department': filled(s.{quote(h.department)})}})"
        )
    if profile.supplements:
        s, d = profile.supplements, profile.supplements.documents
        papers = {d.code: "VARCHAR", d.name: "VARCHAR"}
        shape[s.column] = [
            {s.requested_at: "VARCHAR", s.answered_at: "VARCHAR", s.text: "VARCHAR", s.due_before: "VARCHAR", d.column: [papers]}
        ]
        requests = (
            f"list_transform(j.{quote(s.column)}, lambda r: {{'requested_at': filled(r.{quote(s.requested_at)}), "
            f"'answered_at': filled(r.{quote(s.answered_at)}), 'due_before': filled(r.{quote(s.due_before)}), "
            f"'text': filled(r.{quote(s.text)}), 'documents': list_transform(r.{quote(d.column)}, "
            f"lambda p: {{'code': filled(p.{quote(d.code)}), 'name': filled(p.{quote(d.name)})}})}})"
        )
    if profile.documents:
        p = profile.documents
        shape[p.column] = [dict.fromkeys((*p.digitised, *p.reused), "VARCHAR")]
        digitised, reused = (
            f"len(list_filter(j.{quote(p.column)}, lambda d: {' OR '.join(f'truth(d.{quote(flag)})' for flag in flags)})) > 0"
            for flags in (p.digitised, p.reused)
        )
    fields = ", ".join(f"{_text(profile, field, [f'j.{quote(c)}' for c in profile.columns.get(field, [])])} AS {field}" for field in FIELDS)
    con.execute(
        f"""CREATE TEMP TABLE raw AS
        SELECT row_no, broken, {fields}, {steps} AS steps, {requests} AS requests, {digitised} AS any_digitised, {reused} AS any_reused
        FROM (SELECT row_no, NOT good AS broken, json_transform(CASE WHEN good THEN line ELSE '{{}}' END, {literal(json.dumps(shape))}) AS j
              FROM (SELECT row_no, line,
                json_valid(line) AND coalesce(json_type(CASE WHEN json_valid(line) THEN line END) = 'OBJECT', false) AS good
                    FROM lines WHERE trim(line) <> ''))"""
    )
    con.unregister("lines")
    _add_broken(con, lines.broken)
    counted = con.execute(
        f"SELECT count(*), {', '.join(f'count({field})' for field in _required(profile))} FROM raw WHERE NOT broken"
    ).fetchone()
    if counted and not counted[0] and _one(con, "SELECT count(*) FROM raw"):
        raise file_kinds.wrong_kind(profile, name, "không có dòng nào là đối tượng JSON", "has no line that is a JSON object", row=1)
    for field, count in zip(_required(profile), (counted or (0,))[1:], strict=True):
        if counted and counted[0] and count == 0:
            raise _missing_column(name, profile.columns[field][0])


def _text(profile: Profile, field: str, sources: Sequence[str]) -> str:
    """SQL for a field's text: the first filled column, else the constant."""
    choices = [f"filled({source})" for source in sources]
    if field in profile.constants:
        choices.append(literal(profile.constants[field]))
    return f"coalesce({', '.join(choices)})" if choices else "NULL::VARCHAR"


def _add_broken(con: "DuckDBPyConnection", broken: list[int]) -> None:
    if broken:
        con.execute("INSERT INTO raw (row_no, broken) SELECT unnest(?::BIGINT[]), true", [broken])


def _read_table(con: "DuckDBPyConnection", profile: Profile, data: bytes, name: str) -> None:
    wanted = [files.heading(column) for columns in profile.columns.values() for column in columns]
    if files.is_workbook(data):
        read = files.read_sheet(data, name, wanted, [profile.columns[field][0] for field in _required(profile)])
    else:
        read = files.read_csv(files.as_utf8(data, name), name)
    present = set(read.table.column_names)
    con.register("rows_read", read.table)

    def found(field: str) -> list[str]:
        return [quote(files.heading(column)) for column in profile.columns.get(field, []) if files.heading(column) in present]

    for field in _required(profile):
        if not found(field):
            raise _missing_column(name, profile.columns[field][0])
    if profile.layout == "events":
        _group_events(con, profile, found, present, name)
    else:
        fields = ", ".join(f"{_text(profile, field, found(field))} AS {field}" for field in FIELDS)
        con.execute(
            f"""CREATE TEMP TABLE raw AS SELECT row_no, false AS broken, *,
            {NO_STEPS} AS steps, {NO_REQUESTS} AS requests, NULL::BOOLEAN AS any_digitised, NULL::BOOLEAN AS any_reused
            FROM (SELECT row_no, {fields} FROM rows_read) WHERE coalesce({", ".join(FIELDS)}) IS NOT NULL"""
        )
    con.unregister("rows_read")
    _add_broken(con, read.broken)


def _group_events(con: "DuckDBPyConnection", profile: Profile, found: Any, present: set[str], name: str) -> None:
    """One row a case: its attributes from its first event, its events in the order of time."""
    if profile.history is None:
        raise ValueError("the profile's own check lets no event log through without a history")
    event = {}
    for key in ("at", "status", "activity", "department"):
        column = files.heading(getattr(profile.history, key))
        if key == "at" and column not in present:
            raise _missing_column(name, profile.history.at)
        event[key] = f"filled({quote(column)})" if column in present else "NULL::VARCHAR"
    step = ", ".join(f"'{key}': {sql}" for key, sql in event.items())
    first = ", ".join(f"arg_min({field}, row_no) AS {field}" for field in FIELDS)
    fields = ", ".join(f"{_text(profile, field, found(field))} AS {field}" for field in FIELDS)
    con.execute(
        f"""CREATE TEMP TABLE raw AS SELECT min(row_no) AS row_no, false AS broken, {first}, list({{{step}}} ORDER BY row_no) AS steps,
        {NO_REQUESTS} AS requests, NULL::BOOLEAN AS any_digitised, NULL::BOOLEAN AS any_reused
        FROM (SELECT *, {fields} FROM rows_read) GROUP BY coalesce(dossier_code, 'row ' || row_no)"""
    )


def _macros(con: "DuckDBPyConnection", profile: Profile) -> None:
    shift = f"INTERVAL '{profile.utc_offset_minutes} minutes'"
    naive = []
    for formats, full in ((profile.date_formats, True), (profile.day_formats, False)):
        if formats:
            whole = f"try_strptime(x, [{', '.join(map(literal, formats))}])"
            naive.append(("time" if full else "day", whole))
    has_offset = r"regexp_matches(x, '\d:\d\d.*(Z|[+-]\d\d(:?\d\d)?)$')"
    if profile.iso_dates:
        naive.append(("day", r"CASE WHEN regexp_full_match(x, '\d{4}-\d\d?-\d\d?') THEN try_cast(x AS TIMESTAMP) END"))
        naive.append(("time", f"CASE WHEN regexp_matches(x, '^\\d{{4}}-') AND NOT {has_offset} THEN try_cast(x AS TIMESTAMP) END"))
    days = ", ".join(sql for kind, sql in naive if kind == "day") or "NULL::TIMESTAMP"
    local = ", ".join(sql for _kind, sql in naive) or "NULL::TIMESTAMP"
    exact = f"CASE WHEN {has_offset} THEN try_cast(x AS TIMESTAMPTZ) END, " if profile.iso_dates else ""
    con.execute(f"CREATE TEMP MACRO any_instant(x) AS coalesce({exact} timezone('UTC', coalesce({local}) - {shift}))")
    # A year of two digits is read as one of antiquity: no date then, like every year before any dossier was kept by machine.
    con.execute(
        f"CREATE TEMP MACRO instant(x) AS CASE WHEN any_instant(x) >= TIMESTAMPTZ '{FIRST_YEAR}-01-01 00:00:00+00' THEN any_instant(x) END"
    )
    con.execute(
        f"""CREATE TEMP MACRO deadline(x) AS
        instant(x) + CASE WHEN coalesce({days}) IS NOT NULL THEN INTERVAL '1 day' - INTERVAL '1 second' ELSE INTERVAL '0 day' END"""
    )
    con.execute("CREATE TEMP MACRO local_day(moment, minutes) AS CAST(timezone('UTC', moment + to_minutes(minutes)) AS DATE)")
    con.execute("CREATE TEMP MACRO folded(x) AS lower(nfc_normalize(trim(x)))")
    sign = r"regexp_extract(x, '([+-])(\d\d):?(\d\d)?$', 1)"
    hours, rest = (rf"try_cast(regexp_extract(x, '([+-])(\d\d):?(\d\d)?$', {group}) AS INT)" for group in (2, 3))
    minutes = f"({hours} * 60 + coalesce({rest}, 0))"
    told = (
        f"CASE WHEN {has_offset} THEN CASE {sign} WHEN '+' THEN {minutes} WHEN '-' THEN -{minutes} ELSE 0 END END, "
        if profile.iso_dates
        else ""
    )
    con.execute(f"CREATE TEMP MACRO offset_of(x) AS CAST(coalesce({told} {profile.utc_offset_minutes}) AS SMALLINT)")


def _codes(words: dict[str, Any]) -> str:
    known = {word: code for word, code in words.items() if code is not None}
    if not known:
        return "MAP {'': 0}"
    return "MAP {" + ", ".join(f"{literal(word)}: {literal(code) if isinstance(code, str) else code}" for word, code in known.items()) + "}"


def stage(con: "DuckDBPyConnection", profile: Profile) -> None:
    """Make the table ``typed`` from ``raw``: instants, codes of statuses and channels, sorted steps and requests."""
    _macros(con, profile)
    texts = ", ".join(f"{field} AS {field}_text" for field in FIELDS)
    dates = ", ".join(f"{'deadline' if 'due' in field else 'instant'}({field}) AS {field}" for field in DATE_FIELDS)
    status = f"CAST({_codes(profile.statuses)}[folded(status)] AS TINYINT)"
    if profile.status_by_end:
        status = f"CAST(CASE WHEN finished_at IS NULL THEN {profile.status_by_end.open} ELSE {profile.status_by_end.ended} END AS TINYINT)"
    con.execute(
        f"""CREATE TEMP TABLE typed AS SELECT row_no, broken, {texts}, {dates}, offset_of(received_at) AS utc_offset_minutes,
        {status} AS status,
        CAST(CASE WHEN channel IS NULL THEN {profile.default_channel or "NULL"}
            ELSE {_codes(profile.channels)}[folded(channel)] END AS TINYINT) AS channel,
        {f"{_codes(profile.applicants)}[folded(applicant_type)]" if profile.applicants else "NULL::VARCHAR"} AS applicant_type,
        CASE WHEN digitised IS NOT NULL OR any_digitised IS NOT NULL
            THEN coalesce(truth(digitised), false) OR coalesce(any_digitised, false) END AS digitised,
        any_reused AS reused,
        list_sort(list_transform(coalesce(steps, []), lambda s: {{'at': instant(s.at),
            'status': CAST({_codes(profile.statuses)}[folded(s.status)] AS TINYINT), 'source_status': s.status,
            'activity': s.activity, 'department': s.department}})) AS steps,
        list_sort(list_transform(CASE WHEN len(requests) > 0 THEN requests WHEN supplement_at IS NULL THEN []
            ELSE [{{'requested_at': supplement_at, 'answered_at': NULL, 'due_before': NULL, 'text': supplement_text,
                'documents': []}}] END, lambda r: {{
            'requested_at': instant(r.requested_at), 'answered_at': instant(r.answered_at), 'text': r.text,
            'documents': coalesce(r.documents, []), 'due_before': deadline(r.due_before)}})) AS requests
        FROM raw"""
    )


def codes_in_file(con: "DuckDBPyConnection") -> tuple[list[str], list[str]]:
    """The distinct unit codes and procedure codes that the rows name."""
    units = "SELECT handling_unit_text FROM typed UNION SELECT receiving_unit_text FROM typed"
    unit_codes = [row[0] for row in con.execute(f"SELECT * FROM ({units}) AS u(code) WHERE code IS NOT NULL ORDER BY code").fetchall()]
    procedures = "SELECT DISTINCT procedure_code_text AS code FROM typed WHERE procedure_code_text IS NOT NULL ORDER BY code"
    return unit_codes, [row[0] for row in con.execute(procedures).fetchall()]


def judge(con: "DuckDBPyConnection", profile: Profile, now: datetime) -> None:
    """Make the table ``judged``: all that the lake keeps of a row, with the rules it broke (``errors``) and ``warnings``.

    Needs the tables ``unit_codes``, ``procedure_codes`` and ``providers`` (``lookups.py``).
    """
    ended = ", ".join(map(str, END_STATUSES))
    con.execute(
        f"""CREATE TEMP TABLE places AS
        SELECT code, day, arg_min(u.unit, u.rank) AS unit, arg_min(u.kind, u.rank) AS kind, arg_min(u.parent, u.rank) AS parent
        FROM (SELECT DISTINCT handling_unit_text AS code, local_day(received_at, {VIETNAM}) AS day FROM typed
              UNION SELECT DISTINCT receiving_unit_text, local_day(received_at, {VIETNAM}) FROM typed) AS named
        JOIN unit_codes u USING (code) WHERE named.day >= u.valid_from AND named.day < u.valid_to GROUP BY ALL"""
    )
    con.execute(
        f"""CREATE TEMP TABLE staged AS
        WITH ended AS (SELECT *, local_day(received_at, {VIETNAM}) AS day, status IN ({ended}) AS is_end FROM typed)
        SELECT t.* REPLACE (
            coalesce(t.finished_at, CASE WHEN is_end THEN coalesce(
                list_min(list_transform(list_filter(steps, lambda s: s.status IN ({ended})), lambda s: s.at)),
                t.returned_at) END) AS finished_at,
            coalesce(t.returned_at, list_min(list_transform(list_filter(steps, lambda s: s.status = 10), lambda s: s.at))) AS returned_at,
            coalesce(t.first_due_at, list_filter(requests, lambda r: r.due_before IS NOT NULL)[1].due_before, t.due_at) AS first_due_at),
          CASE WHEN len(requests) > 0 THEN list_transform(requests, lambda r: {{'requested_at': r.requested_at,
              'answered_at': r.answered_at, 'text': r.text, 'documents': CAST(r.documents AS {PAPERS})}})
            ELSE list_transform(list_filter(steps, lambda s: s.status = 5), lambda s: {{'requested_at': s.at,
              'answered_at': list_min(list_transform(
                  list_filter(steps, lambda later: later.at > s.at AND later.status <> 5), lambda later: later.at)),
              'text': s.activity, 'documents': []::{PAPERS}}}) END AS supplements,
          handling.unit AS handling_unit, place.unit AS place,
          CASE WHEN place.kind = 'reception_point' THEN place.parent ELSE place.unit END AS receiving_unit,
          CASE WHEN place.kind = 'reception_point' THEN place.unit END AS reception_point,
          known.code IS NOT NULL AS procedure_known, p.provider
        FROM ended t
        LEFT JOIN places handling ON handling.code = t.handling_unit_text AND handling.day = t.day
        LEFT JOIN places place ON place.code = t.receiving_unit_text AND place.day = t.day
        LEFT JOIN procedure_codes known ON known.code = t.procedure_code_text
        LEFT JOIN providers p ON t.day >= p.valid_from AND t.day < p.valid_to"""
    )
    con.execute("CREATE TEMP TABLE clock AS SELECT ?::TIMESTAMPTZ AS latest", [now + timedelta(days=1)])
    con.execute(
        f"""CREATE TEMP TABLE judged AS
        SELECT *, {reasons(profile, "error")} AS errors, {reasons(profile, "warning")} AS warnings FROM staged, clock"""
    )
