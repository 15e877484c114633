"""JSON objects inside the engine: what of their nested lists a profile reads, and what is kept of one that cannot be taken."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from procedures.delimited import Rows
from procedures.engine_words import LISTS, NESTED, NO_LOOKUPS, NO_REQUESTS, NO_STEPS, PERSONAL, REMOVED, UNITS, literal, quote
from procedures.mapping import FALSE_WORDS, TRUE_WORDS, UNKNOWN_WORDS, Profile

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection


def as_lines(con: "DuckDBPyConnection", chunk: "pa.Table", rows: Rows) -> "pa.Table":
    """Rows of text columns as one JSON object a row; what looks like a JSON list stays one."""
    con.register("columns_read", chunk)
    entries = ", ".join(
        f"{literal(original)}: CASE WHEN {quote(name)}[1] = '[' AND json_valid({quote(name)}) THEN {quote(name)}::JSON "
        f"WHEN {quote(name)} <> '' THEN to_json({quote(name)}) END"
        for name, original in zip(rows.names, rows.originals, strict=True)
    )
    table = con.sql(f"SELECT row_no, to_json({{{entries}}})::VARCHAR AS line FROM columns_read").to_arrow_table()
    con.unregister("columns_read")
    return table


def nested(profile: Profile) -> tuple[dict[str, Any], str, str, str, dict[str, str]]:
    """Of a profile of objects: the shape of its nested lists, and SQL over ``j`` and ``sound`` for steps, requests, lookups and flags."""
    shape: dict[str, Any] = {}
    steps, requests, lookups = NO_STEPS, NO_REQUESTS, NO_LOOKUPS
    flags = dict.fromkeys(NESTED[3:], "NULL::BOOLEAN")
    if profile.history:
        h = profile.history
        shape[h.column] = [{key: "VARCHAR" for key in (h.at, h.status, h.activity, h.department) if key}]
        parts = {"at": h.at, "status": h.status, "activity": h.activity, "department": h.department}
        entries = ", ".join(f"'{key}': {f'filled(s.{quote(column)})' if column else 'NULL::VARCHAR'}" for key, column in parts.items())
        steps = _listed(h.column, f"list_transform(j.{quote(h.column)}, lambda s: {{{entries}}})")
    if profile.supplements:
        s, d = profile.supplements, profile.supplements.documents
        papers = {d.code: "VARCHAR", d.name: "VARCHAR"}
        shape[s.column] = [
            {s.requested_at: "VARCHAR", s.answered_at: "VARCHAR", s.text: "VARCHAR", s.due_before: "VARCHAR", d.column: [papers]}
        ]
        requests = _listed(
            s.column,
            f"list_transform(j.{quote(s.column)}, lambda r: {{'requested_at': filled(r.{quote(s.requested_at)}), "
            f"'answered_at': filled(r.{quote(s.answered_at)}), 'due_before': filled(r.{quote(s.due_before)}), "
            f"'text': filled(r.{quote(s.text)}), 'documents': list_transform(r.{quote(d.column)}, "
            f"lambda p: {{'code': filled(p.{quote(d.code)}), 'name': filled(p.{quote(d.name)})}})}})",
        )
    if profile.documents:
        p = profile.documents
        shape[p.column] = [dict.fromkeys((*p.digitised, *p.reused), "VARCHAR")]
        handed_in, words = f"j.{quote(p.column)}", ", ".join(map(literal, (*TRUE_WORDS, *FALSE_WORDS, *UNKNOWN_WORDS)))
        for name, columns in (("any_digitised", p.digitised), ("any_reused", p.reused)):
            # true where one paper is; not known where none is and of one it is not said
            said = [f"flag(filled(d.{quote(flag)}))" for flag in columns]
            true, unsaid = " OR ".join(said), f"coalesce({', '.join(said)}) IS NULL"
            any_paper = f"CASE WHEN len(list_filter({handed_in}, lambda d: {{}})) > 0 THEN {{}} ELSE"
            told = f"{any_paper.format(true, 'true')} {any_paper.format(unsaid, 'NULL')} false END END"
            flags[name] = f"CASE WHEN {handed_in} IS NOT NULL THEN {told} END"
        unread = " OR ".join(f"NOT list_contains([{words}], folded(filled(d.{quote(flag)})))" for flag in (*p.digitised, *p.reused))
        flags["bad_words"] = f"coalesce(len(list_filter({handed_in}, lambda d: {unread})), 0) > 0"
    if profile.lookups:
        k = profile.lookups
        parts = {"database": k.database, "at": k.time, "outcome": k.outcome}
        shape[k.column] = [{column: "VARCHAR" for column in parts.values() if column}]
        entries = ", ".join(f"'{key}': {f'filled(l.{quote(column)})' if column else 'NULL::VARCHAR'}" for key, column in parts.items())
        named = f"list_filter(j.{quote(k.column)}, lambda l: filled(l.{quote(k.database)}) IS NOT NULL)"
        lookups = f"list_transform({named}, lambda l: {{{entries}}})"
    if profile.results:
        column, document = quote(profile.results.column), quote(profile.results.document)
        shape[profile.results.column] = [{profile.results.document: "VARCHAR"}]
        flags["any_result"] = f"len(list_filter(j.{column}, lambda r: filled(r.{document}) IS NOT NULL)) > 0"
    for name in LISTS:
        part = getattr(profile, name)
        if part:
            flags[f"bad_{name}"] = f"coalesce({_wrong(part.column)}, false)"
    return shape, steps, requests, lookups, flags


def _listed(column: str, entries: str) -> str:
    """SQL for the entries of a list; what stands in a list's place and is none becomes one without content (rule ``bad_list``)."""
    return f"CASE WHEN {_wrong(column)} THEN [NULL] ELSE {entries} END"


def _wrong(column: str) -> str:
    """SQL: something stands in a list's place that is none, or an entry that is no object."""
    path = literal("/" + column.replace("~", "~0").replace("/", "~1"))
    entries = literal(f'$."{column}"[*]')
    return f"""CASE WHEN j.{quote(column)} IS NULL THEN json_type(sound, {path}) NOT IN ('NULL', 'ARRAY')
        ELSE len(list_filter(json_type(sound, {entries}), lambda t: t <> 'OBJECT')) > 0 END"""


def _kept(sql: str, kind: Any, depth: int = 0) -> str:
    """SQL for a text, or a list of objects of texts and lists, with long numbers and persons blanked."""
    if not isinstance(kind, list):
        return f"unnamed(kept({sql}))"
    entry = f"e{depth}"
    entries = ", ".join(f"{literal(key)}: {_kept(f'{entry}.{quote(key)}', inner, depth + 1)}" for key, inner in kind[0].items())
    return f"list_transform({sql}, lambda {entry}: {{{entries}}})"


def names_alone(line: str, told: Sequence[str]) -> str:
    """SQL for an object with the keys of another, but for those ``told``, whose values are removed."""
    named = "[" + ", ".join(map(literal, told)) + "]"
    # a key that an object has twice counts once, with its first value, here as in all that reads it
    others = f"list_filter(json_keys({line}), lambda k: NOT list_contains({named}, k))"
    # somebody's number may stand in a name, too; two names that are alike then are one
    masked = f"list_sort(list_distinct(list_transform({others}, lambda k: masked(k))))"
    return f"to_json(map_from_entries(list_transform({masked}, lambda k: {{'k': k, 'v': '{REMOVED}'}})))"


def nobodys(own: str, profile: Profile) -> str:
    """SQL for what is kept of a row that names no dossier, such as the signatures below a list, where any word may be somebody's name:
    numbers, times, codes and the words that the profile knows.
    """
    known = ", ".join(map(literal, (*profile.statuses, *profile.channels, *profile.applicants, *TRUE_WORDS, *FALSE_WORDS, "")))
    value = f"json_extract_string({own}, '/' || replace(replace(k, '~', '~0'), '/', '~1'))"
    words = r"regexp_matches(e.v, '\pL{2,}\s+\pL') OR NOT regexp_matches(e.v, '[0-9]')"
    told = f"CASE WHEN ({words}) AND NOT list_contains([{known}], folded(e.v)) THEN '{REMOVED}' ELSE e.v END"
    entries = f"list_transform(json_keys({own}), lambda k: {{'k': k, 'v': {value}}})"
    return f"to_json(map_from_entries(list_transform({entries}, lambda e: {{'k': e.k, 'v': {told}}})))::VARCHAR"


def own_object(profile: Profile, shape: dict[str, Any], rows: str) -> str:
    """What is kept of objects: the columns that the profile names, as ``_kept`` has them; of others the name alone."""
    personal = {column for name in PERSONAL for column in profile.columns.get(name, [])}
    kept = {column: kind for column, kind in shape.items() if column not in personal}
    units = {column for name in UNITS for column in profile.columns.get(name, [])}  # of which many are named after a person
    parts = []
    for column, kind in kept.items():
        text = f"o.{quote(column)}"
        code, unit = column in profile.columns["dossier_code"], column in units
        kept_text = f"kept_code({text})" if code else f"kept_unit({text})" if unit else _kept(text, kind)
        parts.append(f"{literal(column)}: {kept_text}")
    return f"""SELECT row_no, json_merge_patch(to_json({{{", ".join(parts)}}}), {names_alone("line", list(kept))})::VARCHAR AS own
        FROM (SELECT row_no, line, json_transform(line, {literal(json.dumps(kept))}) AS o FROM {rows} WHERE NOT broken)"""
