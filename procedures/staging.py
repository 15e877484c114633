"""From text to dossiers: the relation ``raw`` of a chunk typed, looked up and judged inside the engine (table ``judged``).

Instants are held as UTC without a zone until the end: the engine's arithmetic with zones costs more than all else together.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from procedures.dossiers import END_STATUSES, dossier_schema
from procedures.engine_words import LISTS, LONG_NUMBER, ONLY_PERSON, PAPERS, REMOVED, literal
from procedures.lookups import Lookups
from procedures.mapping import FALSE_WORDS, FIELDS, FLAGS, TRUE_WORDS, Profile
from procedures.reading import TIME_FIELDS
from procedures.rules import CODE_DAY, FIRST, LONGEST, MAX_DOSSIER_CODE, conditions

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from procedures.reading import Reader

FIRST_YEAR = 1990
_GLUED = re.compile(r"(?:%[YmdHMS])+")  # each two letters long and, but for the year, two digits
HASHED = "sha256:"  # before the hash of an applicant in a row that comes back from quarantine
VIETNAM = 420  # minutes east of UTC: months and days of validity are cut there; constant since 1975
STAMPS = ("source", "reception_month", "submission", "row_no", "updated_at", "code_day", "warnings")
MICROSECONDS = 60_000_000  # of a minute


def macros(con: "DuckDBPyConnection", profile: Profile, applicant_key: str) -> None:
    """The engine's words for dates, flags and hashes, as the profile has them."""
    shift = f"INTERVAL '{profile.utc_offset_minutes} minutes'"
    naive = []
    # sáng, chiều: the halves of the day as office programs write them in Vietnamese
    halves = r"regexp_replace(regexp_replace(x, '\bSA\b', 'AM', 'i'), '\bCH\b', 'PM', 'i')"
    for formats, full in ((profile.date_formats, True), (profile.day_formats, False)):
        # The engine takes 2026108 for a day: digits without marks between them must be as many as the form has.
        glued = [form for form in formats if _GLUED.fullmatch(form)]
        halved = [form for form in formats if "%p" in form]
        marked = [form for form in formats if form not in (*glued, *halved)]
        read = [f"CASE WHEN strlen(x) = {len(form) + 2 * form.count('%Y')} THEN try_strptime(x, {literal(form)}) END" for form in glued]
        read += [f"try_strptime({text}, [{', '.join(map(literal, some))}])" for text, some in (("x", marked), (halves, halved)) if some]
        naive += [("time" if full else "day", sql) for sql in read]
    # The engine's own reading passes over what it does not know at the end, zones by name among it: the whole must be of this form.
    moment = r"\d{4}-\d\d?-\d\d?[T ]\d\d?:\d\d(:\d\d(\.\d+)?)?"
    has_offset = rf"regexp_full_match(x, '{moment} ?(Z|[+-]\d\d(:?\d\d)?)')"
    usual = "strlen(x) = 19 AND x[14] = ':' AND x[17] = ':' AND x[19] BETWEEN '0' AND '9'"
    if profile.iso_dates:
        naive.append(("day", r"CASE WHEN regexp_full_match(x, '\d{4}-\d\d?-\d\d?') THEN try_cast(x AS TIMESTAMP) END"))
        naive.append(("time", f"CASE WHEN regexp_full_match(x, '{moment}') THEN try_cast(x AS TIMESTAMP) END"))
    days = ", ".join(sql for kind, sql in naive if kind == "day") or "NULL::TIMESTAMP"
    local = ", ".join(sql for _kind, sql in naive) or "NULL::TIMESTAMP"
    exact = f"CASE WHEN {has_offset} THEN timezone('UTC', try_cast(x AS TIMESTAMPTZ)) END, " if profile.iso_dates else ""
    whole = f"coalesce({exact}coalesce({local}) - {shift})"
    day_only = f"coalesce({days}) IS NOT NULL"
    if profile.iso_dates and not (profile.date_formats or profile.day_formats):
        # the usual spelling, 2026-10-08T08:15:00, is told by its length and needs no pattern
        con.execute(f"CREATE OR REPLACE TEMP MACRO plain_instant(x) AS try_cast(x AS TIMESTAMP) - {shift}")
        ended = "plain_instant(x) + INTERVAL '86399 seconds'"
        con.execute(f"CREATE OR REPLACE TEMP MACRO plain_deadline(x) AS CASE WHEN strlen(x) < 11 THEN {ended} ELSE plain_instant(x) END")
        whole = f"CASE WHEN {usual} THEN try_cast(x AS TIMESTAMP) - {shift} ELSE {whole} END"
        day_only = f"strlen(x) < 11 AND {day_only}"
    con.execute(f"CREATE OR REPLACE TEMP MACRO any_instant(x) AS {whole}")
    # A year of two digits is read as one of antiquity: no date then, like every year before any dossier was kept by machine.
    con.execute(
        f"CREATE OR REPLACE TEMP MACRO instant(x) AS CASE WHEN any_instant(x) >= TIMESTAMP '{FIRST_YEAR}-01-01' THEN any_instant(x) END"
    )
    end_of_day = "INTERVAL '86399 seconds'"
    con.execute(
        f"CREATE OR REPLACE TEMP MACRO any_deadline(x) AS CASE WHEN {day_only} THEN any_instant(x) + {end_of_day} ELSE any_instant(x) END"
    )
    con.execute(f"CREATE OR REPLACE TEMP MACRO deadline(x) AS CASE WHEN {day_only} THEN instant(x) + {end_of_day} ELSE instant(x) END")
    # What is kept of a row that is held back: a time has as many figures as an identity number, and is none.
    con.execute(
        "CREATE OR REPLACE TEMP MACRO kept(x) AS CASE WHEN length(x) < 9 OR instant(filled(x)) IS NOT NULL THEN x ELSE masked(x) END"
    )
    # What stands in the place of a dossier's code and is none by its form may be anything, a person's name above all.
    is_code = f"length(filled(x)) <= {MAX_DOSSIER_CODE} AND regexp_full_match(filled(x), {literal(profile.dossier_code_pattern)})"
    is_code += " AND NOT numbered(filled(x)) AND regexp_matches(filled(x), '[0-9]')"
    con.execute(
        f"CREATE OR REPLACE TEMP MACRO kept_code(x) AS CASE WHEN filled(x) IS NULL THEN x WHEN {is_code} THEN x ELSE '{REMOVED}' END"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP MACRO kept_unit(x) AS CASE WHEN regexp_full_match(filled(x), {literal(ONLY_PERSON)}) THEN '{REMOVED}' "
        "ELSE kept(x) END"
    )
    parts = "array_to_string(list_transform(string_split({0}, '{1}'), lambda {2}: {3}), '{1}')"
    table = parts.format("x", ";", "entry", parts.format("entry", "|", "part", "kept(part)"))
    quoted = parts.format("x", '"', "part", "kept(part)")
    con.execute(f"CREATE OR REPLACE TEMP MACRO kept_parts(x) AS CASE WHEN x[1] = '[' THEN {quoted} ELSE {table} END")
    con.execute("CREATE OR REPLACE TEMP MACRO day_no(moment, minutes) AS (epoch_us(moment) + minutes::BIGINT * 60000000) // 86400000000")
    con.execute("CREATE OR REPLACE TEMP MACRO zoned(moment) AS make_timestamptz(epoch_us(moment))")
    con.execute("CREATE OR REPLACE TEMP MACRO folded(x) AS lower(nfc_normalize(trim(x)))")
    sign = r"regexp_extract(x, '([+-])(\d\d):?(\d\d)?$', 1)"
    hours, rest = (rf"try_cast(regexp_extract(x, '([+-])(\d\d):?(\d\d)?$', {group}) AS INT)" for group in (2, 3))
    minutes = f"({hours} * 60 + coalesce({rest}, 0))"
    told = f"CASE WHEN strlen(x) > 15 AND {has_offset} THEN CASE {sign} WHEN '+' THEN {minutes} WHEN '-' THEN -{minutes} ELSE 0 END END, "
    offset = f"CASE WHEN {usual} THEN {profile.utc_offset_minutes} ELSE coalesce({told}{profile.utc_offset_minutes}) END"
    con.execute(
        f"CREATE OR REPLACE TEMP MACRO offset_of(x) AS CAST({offset if profile.iso_dates else profile.utc_offset_minutes} AS SMALLINT)"
    )
    true, false = (", ".join(map(literal, words)) for words in (TRUE_WORDS, FALSE_WORDS))
    said = f"CASE WHEN list_contains([{true}], folded(x)) THEN true WHEN list_contains([{false}], folded(x)) THEN false END"
    con.execute(f"CREATE OR REPLACE TEMP MACRO flag(x) AS {said}")
    con.execute("SET VARIABLE applicant_key = ?", [applicant_key])
    # The outer hash keeps the key out of reach of whoever could append to the text.
    key = "getvariable('applicant_key')"
    # one number is written with blanks or points and without
    hashed = f"sha256({key} || sha256({key} || replace(replace(x, ' ', ''), '.', '')))"
    # A row that comes back from quarantine has its hash already; in any other file such a text is one like all others.
    back = f"getvariable('released') AND regexp_full_match(x, '{HASHED}[0-9a-f]{{64}}')"
    told = f"CASE WHEN {back} THEN substr(x, {len(HASHED) + 1}) ELSE {hashed} END"
    con.execute(f"CREATE OR REPLACE TEMP MACRO applicant(x) AS CASE WHEN x IS NOT NULL THEN {told} END")


def _codes(expression: str, words: dict[str, Any], kind: str) -> str:
    known = {word: code for word, code in words.items() if code is not None}
    if not known:
        return f"NULL::{kind}"
    values = {word: literal(code) if isinstance(code, str) else str(code).lower() for word, code in known.items()}
    cases = " ".join(f"WHEN {literal(word)} THEN {value}" for word, value in values.items())
    if expression.isidentifier() and not all(word.isdigit() for word in known):
        # most rows have the word as the profile writes it; only the others are folded
        return f"CAST(coalesce(CASE {expression} {cases} END, CASE folded({expression}) {cases} END) AS {kind})"
    return f"CAST(CASE {expression} {cases} END AS {kind})"


def _flag(profile: Profile, name: str) -> str:
    own = profile.flags.get(name)
    return f"coalesce({_codes(f'folded({name})', own, 'BOOLEAN')}, flag({name}))" if own else f"flag({name})"


LOOKUP = '{"database": "VARCHAR", "time": "VARCHAR", "outcome": "VARCHAR"}'


def _typed(profile: Profile, present: set[str], plain: bool) -> str:
    """SQL: ``raw`` with instants, codes of statuses and channels, sorted steps and requests; the texts as ``<field>_text``.

    ``plain``: the times are in ISO form and none has an offset.
    """
    texts = ", ".join(f"{name} AS {name}_text" for name in FIELDS)
    # the rule on dates refuses years before FIRST_YEAR: one comparison for the row costs less than one for each date
    kind = "plain" if plain else "any"
    words = {name: f"{kind}_deadline" if "due" in name else f"{kind}_instant" for name in TIME_FIELDS}
    dates = ", ".join(f"{f'{words[name]}({name})' if name in present else 'NULL::TIMESTAMP'} AS {name}" for name in TIME_FIELDS)
    status = _codes("status", profile.statuses, "TINYINT")
    if profile.status_by_end:
        status = f"CAST(CASE WHEN finished_at IS NULL THEN {profile.status_by_end.open} ELSE {profile.status_by_end.ended} END AS TINYINT)"
    channel = _codes("channel", profile.channels, "TINYINT")
    if profile.default_channel:
        channel = f"CASE WHEN channel IS NULL THEN CAST({profile.default_channel} AS TINYINT) ELSE {channel} END"
    flags = {name: _flag(profile, name) if name in present else "NULL::BOOLEAN" for name in FLAGS}
    for name, any_paper in (("digitised", "any_digitised"), ("reused", "any_reused"), ("result_electronic", "any_result")):
        if profile.layout == "objects":
            flags[name] = f"CASE WHEN {any_paper} IS NULL THEN {flags[name]} ELSE coalesce({flags[name]}, false) OR {any_paper} END"
    history = '[]::STRUCT("at" TIMESTAMP, status TINYINT, source_status VARCHAR, activity VARCHAR, department VARCHAR)[]'
    if profile.history:
        step_status = _codes("folded(s.status)", profile.statuses, "TINYINT")
        history = f"""list_sort(list_transform(coalesce(steps, []), lambda s: {{'at': instant(s.at), 'status': {step_status},
            'source_status': s.status, 'activity': unnamed(masked(s.activity)), 'department': unnamed(masked(s.department))}}))"""
    offset = f"{profile.utc_offset_minutes}::SMALLINT" if plain else "offset_of(received_at)"
    return f"""SELECT row_no, broken, {texts}, {dates}, {offset} AS utc_offset_minutes,
        {status} AS status, {channel} AS channel,
        {_codes("applicant_type", profile.applicants, "VARCHAR")} AS applicant_type,
        {", ".join(f"{sql} AS {name}" for name, sql in flags.items())},
        {"applicant(applicant_key)" if "applicant_key" in present else "NULL::VARCHAR"} AS applicant_hash,
        CASE WHEN strlen(supplement_count) = 1 OR regexp_full_match(supplement_count, '[0-9]+')
            THEN try_cast(supplement_count AS INTEGER) END AS supplement_number,
        {_unread(profile)} AS request_unread, {", ".join(f"bad_{name}" for name in LISTS)}, bad_words,
        {_requests(profile, present)} AS requests, {_lookups(profile, present)} AS lookups, {history} AS steps"""


REQUEST = f'STRUCT(requested_at TIMESTAMP, answered_at TIMESTAMP, "text" VARCHAR, documents {PAPERS}, due_before TIMESTAMP)[]'


def _requests(profile: Profile, present: set[str]) -> str:
    """SQL for the supplement requests. A flat file gives the first one's time and text and how many there were."""
    if profile.supplements:
        return """list_sort(list_transform(coalesce(requests, []), lambda r: {
            'requested_at': instant(r.requested_at), 'answered_at': instant(r.answered_at), 'text': unnamed(masked(r.text)),
            'documents': list_transform(coalesce(r.documents, []), lambda p: {'code': masked(p.code), 'name': unnamed(masked(p.name))}),
            'due_before': deadline(r.due_before)}))"""
    if not {"supplement_at", "supplement_text"} & present:
        return f"[]::{REQUEST}"
    at = "instant(supplement_at)" if "supplement_at" in present else "NULL::TIMESTAMP"
    rest = f"'answered_at': NULL::TIMESTAMP, 'text': %s, 'documents': []::{PAPERS}, 'due_before': NULL::TIMESTAMP}}"
    first = f"{{'requested_at': {at}, {rest % 'unnamed(masked(supplement_text))'}"
    other = f"{{'requested_at': NULL::TIMESTAMP, {rest % 'NULL::VARCHAR'}"
    # Requests without a time are as many entries as the count says: they are counted, in no month of request.
    more = f"list_transform(range(2, least(coalesce(try_cast(supplement_count AS INTEGER), 1), 99) + 1), lambda i: {other})"
    several = f"CASE WHEN supplement_count IS NULL OR supplement_count = '1' THEN []::{REQUEST} ELSE {more} END"
    return f"""CASE WHEN supplement_at IS NULL AND supplement_text IS NULL THEN []::{REQUEST}
        ELSE CAST(list_concat([{first}], {several}) AS {REQUEST}) END"""


def _unread(profile: Profile) -> str:
    """SQL: whether a supplement request has a time of answer or a deadline that is none. When it was asked, the rules look at."""
    if not profile.supplements:
        return "false"
    unread = " OR ".join(f"(r.{name} IS NOT NULL AND instant(r.{name}) IS NULL)" for name in ("answered_at", "due_before"))
    return f"coalesce(len(list_filter(requests, lambda r: {unread})), 0) > 0"


def _lookups(profile: Profile, present: set[str]) -> str:
    """SQL for what was looked up: a JSON list, or ``database|time|outcome`` joined by semicolons."""
    kind = 'STRUCT(database VARCHAR, "at" TIMESTAMP, outcome VARCHAR, said VARCHAR)[]'
    if profile.layout == "objects":
        entry = "{'database': unnamed(masked(l.database)), 'at': instant(l.at), 'outcome': unnamed(masked(l.outcome)), 'said': l.at}"
        return f"CAST(list_transform(lookups, lambda l: {entry}) AS {kind})"
    if "data_lookups" not in present:
        return f"NULL::{kind}"
    entry = "{'database': unnamed(masked(filled(l.database))), 'at': instant(filled(l.time)), "
    entry += "'outcome': unnamed(masked(filled(l.outcome))), 'said': filled(l.time)}"
    split = "{'database': unnamed(masked(filled(split_part(l, '|', 1)))), 'at': instant(filled(split_part(l, '|', 2))), "
    split += "'outcome': unnamed(masked(filled(split_part(l, '|', 3)))), 'said': filled(split_part(l, '|', 2))}"
    listed = "CASE WHEN data_lookups[1] = '{' THEN '[' || data_lookups || ']' ELSE data_lookups END"
    return f"""CAST(CASE WHEN data_lookups IS NULL THEN NULL
        WHEN data_lookups[1] IN ('[', '{{') THEN list_transform(from_json(CASE WHEN json_valid({listed}) THEN {listed} ELSE '[{{}}]' END,
            '[{LOOKUP}]'), lambda l: {entry})
        ELSE list_transform(string_split(data_lookups, ';'), lambda l: {split}) END AS {kind})"""


def _staged(profile: Profile, present: set[str], lookups: Lookups) -> str:
    """SQL: ``typed`` with its units, its procedure and what follows from steps and requests."""
    ended = " OR ".join(f"status = {code}" for code in END_STATUSES)  # a list of more than a few would become a join
    s_ended = ended.replace("status", "s.status")
    point = "point.unit" if "reception_point" in present else "NULL::VARCHAR"
    joins = "LEFT JOIN unit_spans handling ON handling.code = t.handling_unit_text AND t.day >= handling.since AND t.day < handling.until"
    place, kind, parent = "NULL::VARCHAR", "NULL::VARCHAR", "NULL::VARCHAR"
    if "receiving_unit" in present:
        joins += " LEFT JOIN unit_spans place ON place.code = t.receiving_unit_text AND t.day >= place.since AND t.day < place.until"
        place, kind, parent = "place.unit", "place.kind", "place.parent"
    if "reception_point" in present:
        joins += " LEFT JOIN unit_spans point ON point.code = t.reception_point_text AND t.day >= point.since AND t.day < point.until"
    finished, returned, first_due, supplements = "finished_at", "returned_at", "first_due_at", "requests"
    if profile.history:
        # what was ended and taken up again ended when it did so for good
        open_again = f"list_max(list_transform(list_filter(steps, lambda s: NOT ({s_ended})), lambda s: s.at))"
        first = "list_min(list_transform(list_filter(steps, lambda s: ({}) {}), lambda s: s.at))"
        for_good = f"AND s.at >= coalesce({open_again}, s.at)"
        ends, last = f"coalesce({first.format(s_ended, for_good)}, {first.format(s_ended, '')})", first.format("s.status = 10", for_good)
        finished = f"coalesce(finished_at, CASE WHEN is_end THEN coalesce({ends}, returned_at) END)"
        returned = f"coalesce(returned_at, {last}, {first.format('s.status = 10', '')})"
        answered = "list_filter(steps, lambda later: later.at > s.at AND later.status <> 5)"
        supplements = f"""CASE WHEN len(requests) > 0 THEN requests
            ELSE list_transform(list_filter(steps, lambda s: s.status = 5), lambda s: {{'requested_at': s.at,
              'answered_at': list_min(list_transform({answered}, lambda later: later.at)),
              'text': s.activity, 'documents': []::{PAPERS}, 'due_before': NULL::TIMESTAMP}}) END"""
    else:
        finished = "coalesce(finished_at, CASE WHEN is_end THEN returned_at END)"
    if profile.supplements:
        first_due = "coalesce(first_due_at, list_filter(requests, lambda r: r.due_before IS NOT NULL)[1].due_before)"
    # a code that is on no register may be somebody's number
    code = f"""CASE WHEN regexp_full_match(provider_text, '[A-Za-z0-9._-]{{1,32}}') AND
        (NOT regexp_matches(provider_text, '{LONG_NUMBER}') OR list_contains(getvariable('known_providers'), provider_text))
        THEN provider_text END"""
    provider = code if "provider" in present else "NULL::VARCHAR"
    return f"""SELECT t.* REPLACE ({finished} AS finished_at, {returned} AS returned_at, coalesce({first_due}, due_at) AS first_due_at),
          t.first_due_at AS first_due_read, t.finished_at AS finished_read, t.returned_at AS returned_read,
          {supplements} AS supplements, handling.unit AS handling_unit, {place} AS place,
          CASE WHEN {kind} = 'reception_point' THEN {parent} ELSE {place} END AS receiving_unit,
          coalesce({point}, CASE WHEN {kind} = 'reception_point' THEN {place} END) AS reception_point,
          known.code IS NOT NULL AS procedure_known, known.since AS procedure_since, known.until AS procedure_until,
          coalesce({provider}, {lookups.provider_on("t.day")}) AS provider
        FROM (SELECT *, CAST(received_at + INTERVAL '{VIETNAM} minutes' AS DATE) AS day, ({ended}) AS is_end FROM typed) t
        {joins} LEFT JOIN known_procedures known ON known.code = t.procedure_code_text"""


LAKE = {
    "dossier_code": "dossier_code_text",
    "procedure_code": "procedure_code_text",
    "source_channel": "channel_text",
    "source_status": "status_text",
    "supplement_count": "CAST(greatest(len(supplements), coalesce(supplement_number, 0)) AS INTEGER)",
    "data_lookups": "list_transform(lookups, lambda l: {'database': l.database, 'at': zoned(l.at), 'outcome': l.outcome})",
    "history": """list_transform(steps, lambda s: {'at': zoned(s.at), 'status': s.status, 'source_status': s.source_status,
        'activity': s.activity, 'department': s.department})""",
    "supplements": """list_transform(supplements, lambda r: {'requested_at': zoned(r.requested_at),
        'answered_at': zoned(r.answered_at), 'text': r.text, 'documents': r.documents})""",
    "updated_at": "coalesce(zoned(updated_at), received_file)",
    "row_no": "CAST(row_no AS INTEGER)",
    "code_day": CODE_DAY,
}
LOG_UPDATED = "coalesce(zoned(updated_at), zoned(list_max(list_transform(steps, lambda s: s.at))), received_file)"  # by its newest event
EMPTY = {"data_lookups": "NULL", "history": "[]", "supplements": "[]"}


# What the rules compare times with: the begin of the day of reception at its place, and the last moment that is no wrong year.
MOMENTS = f"""make_timestamp((epoch_us(received_at) + utc_offset_minutes::BIGINT * {MICROSECONDS}) // 86400000000 * 86400000000
    - utc_offset_minutes::BIGINT * {MICROSECONDS}) AS day_start,
    CASE WHEN received_at >= {FIRST} AND received_at <= latest THEN received_at + {LONGEST} END AS longest"""


@dataclass(frozen=True)
class Judgement:
    """SQL that judges the rows of a relation like ``raw``. ``columns``: what a lake's file keeps of a row that no rule holds back.

    ``local``: times are in ISO form, in Viet Nam's time, without an offset.
    """

    columns: str
    local: bool
    _steps: str

    def good(self, relation: str) -> str:
        """The rows that no rule holds back as the lake's files have them, and ``month_no``, the month of reception (202610)."""
        return f"{self._steps.format(relation=relation)} SELECT {self.columns}, month_no FROM ruled WHERE NOT bad"

    def bad(self, relation: str) -> str:
        """``row_no``, ``dossier_code``, ``procedure_code``, ``received_at``, ``errors`` of the rows that are held back."""
        names = "row_no, dossier_code_text AS dossier_code, procedure_code_text AS procedure_code, zoned(received_at) AS received_at"
        return f"{self._steps.format(relation=relation)} SELECT {names}, errors FROM ruled WHERE bad"

    def months(self, relation: str) -> str:
        """The months of reception that may occur (202610)."""
        if self.local:  # told by the first letters, which costs a fifth of reading the times
            return f"SELECT DISTINCT try_cast(replace(left(received_at, 7), '-', '') AS INTEGER) AS month_no FROM {relation}"
        day = f"CAST(any_instant(received_at) + INTERVAL '{VIETNAM} minutes' AS DATE)"
        return f"SELECT DISTINCT year(day) * 100 + month(day) AS month_no FROM (SELECT {day} AS day FROM {relation}) WHERE day IS NOT NULL"


def judgement(reader: "Reader", lookups: Lookups, key: str, received_at: datetime, month: str | None) -> Judgement:
    """How the rows of a chunk are judged.

    ``month``: with a replacement, the only month of reception that may occur. The time of reception of the file stands for a
    missing time of update. What a row breaks is told for rows that are held back only (``errors``), and kept beside the others
    (``warnings``).
    """
    schema, profile, present = dossier_schema(), reader.profile, reader.present
    instants = {name for name in schema.names if str(schema.field(name).type).startswith("timestamp")}
    found = conditions(profile, present, month)
    errors, warnings = ([(f"{code}:{name}", sql) for code, name, sql, kind in found if kind == wanted] for wanted in ("error", "warning"))
    said = _same_for_all(profile, present, lookups) | ({"updated_at": LOG_UPDATED} if profile.layout == "events" else {})
    said |= {
        "submission": literal(key),
        "warnings": f"CASE WHEN {_any(warnings)} THEN {_list(warnings)} END",
    }
    columns = []
    for name in schema.names:
        if name in ("source", "reception_month"):
            continue
        sql = (
            said.get(name)
            or (LOG_UPDATED if name == "updated_at" and profile.layout == "events" else None)
            or LAKE.get(name, f"zoned({name})" if name in instants else name)
        )
        if name in EMPTY and name not in said:
            length = {"data_lookups": "lookups", "history": "steps", "supplements": "supplements"}[name]
            sql = f"CASE WHEN len({length}) > 0 THEN {sql} ELSE {EMPTY[name]} END"
        columns.append(f"CAST({sql} AS {lookups.types[name]}) AS {name}")
    plain = profile.iso_dates and not (profile.date_formats or profile.day_formats) and reader.plain()
    now, file = (f"'{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}'" for moment in (received_at + timedelta(days=1), received_at))
    typed, staged = _typed(profile, present, plain).replace("{", "{{").replace("}", "}}"), _staged(profile, present, lookups)
    ruled = f"""SELECT *, year(day) * 100 + month(day) AS month_no, broken OR {_any(errors)} AS bad
        FROM (SELECT *, {MOMENTS} FROM (SELECT *, TIMESTAMP {now} AS latest, TIMESTAMPTZ {file[:-1]}+00' AS received_file FROM staged))"""
    listed = f"SELECT *, CASE WHEN broken THEN ['unreadable_row:'] WHEN bad THEN {_list(errors)} END AS errors FROM judged"
    escaped = (sql.replace("{", "{{").replace("}", "}}") for sql in (staged, ruled, listed))
    steps = "WITH typed AS ({}), staged AS ({}), judged AS ({}), ruled AS ({})".replace("{}", "%s")
    local = plain and profile.utc_offset_minutes == VIETNAM
    return Judgement(", ".join(columns), local, steps % (f"{typed} FROM {{relation}}", *escaped))


def _same_for_all(profile: Profile, present: set[str], lookups: Lookups) -> dict[str, str]:
    """The lake's columns that the file says nothing about."""
    needed: dict[str, bool] = {
        "receiving_unit": "receiving_unit" in present,
        "reception_point": bool({"receiving_unit", "reception_point"} & present),
        "provider": "provider" in present or lookups.has_providers,
        "channel": "channel" in present or profile.default_channel is not None,
        "source_channel": "channel" in present,
        "source_status": "status" in present,
        "applicant_type": "applicant_type" in present,
        "applicant_hash": "applicant_key" in present,
        "data_lookups": "data_lookups" in present or profile.lookups is not None,
        "history": profile.history is not None,
        "supplements": bool({"supplement_at", "supplement_text"} & present)
        or profile.supplements is not None
        or profile.history is not None,
        "due_at": "due_at" in present,
    } | {name: name in present or profile.layout == "objects" for name in FLAGS}
    empty = {"history": "[]", "supplements": "[]"}
    return {name: empty.get(name, "NULL") for name, there in needed.items() if not there}


def _any(found: list[tuple[str, str]]) -> str:
    # a chain of cases looks at each condition only where none before it held: half as dear as OR
    return f"CASE {' '.join(f'WHEN {sql} THEN true' for _reason, sql in found)} ELSE false END" if found else "false"


def _list(found: list[tuple[str, str]]) -> str:
    cases = ", ".join(f"CASE WHEN {sql} THEN {literal(reason)} END" for reason, sql in found)
    return f"list_filter([{cases}]::VARCHAR[], lambda reason: reason IS NOT NULL)"
