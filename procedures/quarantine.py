"""Rows that were not taken: kept for a while with the sender's own columns and the reasons, personal columns blanked.

A row of ``quarantine/<submission>.parquet``: ``row_no``, ``dossier_code``, ``unit_code`` and ``procedure_code`` as sent,
``received_at``, ``errors`` (``rule:field``), ``own``, the row as a JSON object under the sender's headings, and ``sent``, the
form in which it came (``csv``, ``jsonl``).
"""

import csv
import io
import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from flask import current_app
from sqlalchemy import select

from core import lake
from core.calendar import local_date
from core.database import reading, writing
from procedures import lookups, mapping
from procedures.dossier_queries import data_dir
from procedures.engine_words import FORMULA, REMOVED, literal
from procedures.models import Source, Submission
from procedures.reading import EVENTS, TOLD
from procedures.rules import messages
from procedures.staging import HASHED

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CODE_RULES = ("unknown_unit", "unknown_procedure")  # what a mapping can cure
WAITS = f"len(list_filter(errors, lambda e: split_part(e, ':', 1) NOT IN {CODE_RULES})) = 0"  # a row that nothing else holds back
BATCH = 5_000
TAKEN = ("accepted", "partly_accepted")  # states of a submission of which rows are in the lake


def path_of(key: str) -> Path:
    """Where the quarantined rows of a submission lie; there is no file where none were held back."""
    return data_dir() / "quarantine" / f"{key}.parquet"


def input_of(key: str) -> Path:
    """The rows that a submission of released rows reads."""
    return data_dir() / "quarantine" / f"{key}.input.parquet"


def store(con: "DuckDBPyConnection", key: str) -> None:
    """Write a submission's rows of the table ``held``; where there are none, no file is left of an attempt that broke off."""
    if con.execute("SELECT 1 FROM held WHERE submission = ? LIMIT 1", [key]).fetchall():
        _write(con, f"SELECT * EXCLUDE submission FROM held WHERE submission = {literal(key)} ORDER BY row_no", path_of(key))
    else:
        path_of(key).unlink(missing_ok=True)


def _write(con: "DuckDBPyConnection", query: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    con.execute(f"COPY ({query}) TO {literal(str(part))} (FORMAT parquet, COMPRESSION zstd)")
    lake.flush(part)
    part.replace(path)


def for_codes(submission: Submission) -> bool:
    """Whether a submission holds rows back for codes that a mapping can make known."""
    return any(told.partition(":")[0] in CODE_RULES for told in submission.quarantined)


def unknown_codes(key: str) -> list[tuple[str, str, int]]:
    """(rule, code, rows) of the codes that hold rows of a submission back, most rows first."""
    return [(rule, code, rows) for rule, code, rows, _since in _codes(path_of(key))]


def earliest_day(key: str, rule: str, code: str) -> datetime | None:
    """The first reception among the rows that a code holds back."""
    return next((since for other, named, _rows, since in _codes(path_of(key)) if (other, named) == (rule, code)), None)


def _codes(path: Path) -> list[tuple[str, str, int, datetime | None]]:
    if not path.is_file():
        return []
    parts = " UNION ALL ".join(
        f"SELECT '{rule}' AS rule, {column} AS code, received_at FROM rows_held WHERE list_contains(errors, '{rule}:{field}')"
        for rule, column, field in zip(CODE_RULES, ("unit_code", "procedure_code"), ("handling_unit", "procedure_code"), strict=True)
    )
    with closing(lake.engine(data_dir() / "work")) as con:
        found: list[tuple[str, str, int, datetime | None]] = con.execute(
            f"""WITH rows_held AS (FROM read_parquet({literal(str(path))}))
            SELECT rule, code, count(*) AS rows, min(received_at) FROM ({parts}) WHERE code <> '{REMOVED}'
            GROUP BY rule, code ORDER BY rows DESC, rule, code"""
        ).fetchall()
    return found


def download(submission: Submission) -> tuple[Iterator[bytes], str]:
    """The rows as they were sent, with their reasons: an iterator of bytes and the file's extension, ``csv`` or ``jsonl``."""
    profile = mapping.load(submission.profile)
    rows = _told(submission, profile)
    if sent_as(submission, profile) == "jsonl":
        return _as_lines(rows), "jsonl"
    return _as_csv(rows, _headings(submission), submission.source.simulated), "csv"


def form(profile: mapping.Profile, kind: str) -> str:
    """In what form rows are given back that came in a file of a kind: ``csv`` or ``jsonl``."""
    return "jsonl" if profile.layout == "objects" or kind == "jsonl" else "csv"


def sent_as(submission: Submission, profile: mapping.Profile) -> str:
    """In what form the rows held back of a submission are given back. Released rows are given back as their file came."""
    from pyarrow import parquet

    for path in (path_of(submission.key), input_of(submission.key)):
        if path.is_file() and "sent" in parquet.read_schema(path).names:
            with closing(lake.engine(data_dir() / "work")) as con:
                ((sent,),) = con.execute("SELECT any_value(sent) FROM read_parquet(?)", [str(path)]).fetchall()
            if sent is not None:
                return str(sent)
    return form(profile, "csv")


def _headings(submission: Submission) -> list[str]:
    """All headings under which something is kept, in the order in which they first occur."""
    with closing(lake.engine(data_dir() / "work")) as con:
        rows = con.execute(
            "SELECT arg_min(own, row_no) FROM read_parquet(?) WHERE own IS NOT NULL GROUP BY json_keys(own) ORDER BY min(row_no)",
            [str(path_of(submission.key))],
        ).fetchall()
    return list(dict.fromkeys(name for (own,) in rows for row in _as_sent(json.loads(own)) for name in row))


Told = tuple[int, str, str, str, dict[str, Any]]


def _told(submission: Submission, profile: mapping.Profile) -> Iterator[Told]:
    """(row, rules, message in Vietnamese, in English, own columns) of each row."""
    nearest = _nearest(submission)
    with closing(lake.engine(data_dir() / "work")) as con:
        cursor = con.execute(
            "SELECT row_no, errors, own, unit_code, procedure_code FROM read_parquet(?) ORDER BY row_no", [str(path_of(submission.key))]
        )
        while batch := cursor.fetchmany(BATCH):
            for number, errors, own, unit, procedure in batch:
                vi, en = messages(profile, errors)
                rules = {reason.split(":", 1)[0] for reason in errors}
                for rule, code in zip(CODE_RULES, (unit, procedure), strict=True):
                    offered = nearest.get((rule, code)) if rule in rules else None
                    if offered:
                        vi, en = f"{vi} Gần nhất: {offered}.", f"{en} Nearest: {offered}."
                for row in _as_sent(json.loads(own) if own else {}):
                    yield number, " ".join(sorted(rules)), vi, en, row


def _as_sent(own: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that a kept one was in the file: one, or, of a case of an event log, one for each of its events (of a case that names no
    dossier they are kept as one text, if at all)."""
    events = own.pop(EVENTS, None)
    return [own | event for event in events] if isinstance(events, list) else [own]


def _nearest(submission: Submission) -> dict[tuple[str, str], str]:
    from procedures import names

    by_rule: dict[str, list[str]] = {}
    for rule, code, _rows in unknown_codes(submission.key):
        by_rule.setdefault(rule, []).append(code)
    return {
        (rule, code): "; ".join(f"{candidate.code} {candidate.name}" for candidate in found)
        for rule, codes in by_rule.items()
        for code, found in names.names_for_quarantine(reading(), submission.source, rule, codes).items()
    }


def _as_csv(rows: Iterator[Told], headings: Sequence[str], simulated: bool) -> Iterator[bytes]:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    yield b"\xef\xbb\xbf"
    writer.writerow([*TOLD, "simulated", *headings])
    for number, rules, vi, en, own in rows:
        writer.writerow([number, rules, vi, en, str(simulated).lower(), *(_cell(own.get(name)) for name in headings)])
        if text.tell() > 1 << 16:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _as_lines(rows: Iterator[Told]) -> Iterator[bytes]:
    for number, rules, vi, en, own in rows:
        reasons = {"row": number, "reasons": rules, "message_vi": vi, "message_en": en}
        yield json.dumps(reasons | own, ensure_ascii=False).encode() + b"\n"


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(FORMULA) else text


def releasable(now: datetime, source_code: str | None) -> list[str]:
    """Open a submission for each one whose rows wait for codes alone of which at least one is known by now. Gives the new keys."""
    oldest = now - timedelta(days=current_app.extensions["settings"].quarantine_days)
    held = Submission.rows_quarantined > Submission.rows_released
    wanted = select(Submission).join(Source).where(held, Submission.received_at > oldest, Submission.finished_at.is_not(None))
    if source_code is not None:
        wanted = wanted.where(Source.code == source_code)
    opened = []
    for parent in reading().scalars(wanted.order_by(Submission.id)).all():
        # rows are as old as the file in which they came
        if for_codes(parent) and origin(parent).received_at > oldest and _some_known(parent, now):
            opened.append(_open_release(parent, now))
    return opened


def _some_known(parent: Submission, now: datetime) -> bool:
    """Whether a row that waits for codes alone has them all by now, on its own day."""
    if not path_of(parent.key).is_file():
        return False
    with closing(lake.engine(data_dir() / "work")) as con:
        waiting: list[tuple[str | None, str | None, date]] = con.execute(
            f"""SELECT DISTINCT CASE WHEN list_contains(errors, 'unknown_unit:handling_unit') THEN unit_code END,
                CASE WHEN list_contains(errors, 'unknown_procedure:procedure_code') THEN procedure_code END,
                CAST(received_at + INTERVAL 7 HOUR AS DATE)
            FROM read_parquet({literal(str(path_of(parent.key)))}) WHERE {WAITS}"""
        ).fetchall()
    units = {unit for unit, _procedure, _day in waiting if unit is not None}
    codes = {procedure for _unit, procedure, _day in waiting if procedure is not None}
    spans = lookups.spans(reading(), parent.source, sorted(units), local_date(now))
    days = {unit: [(since, until) for code, since, until, *_rest in spans if code == unit] for unit in units}
    known = {row[0] for row in lookups.known_procedures(reading(), parent.source.list_code, sorted(codes))}
    return any(
        (unit is None or any(since <= day < until for since, until in days[unit])) and (procedure is None or procedure in known)
        for unit, procedure, day in waiting
    )


def origin(submission: Submission) -> Submission:
    """The submission whose file the rows were in, and as old as which they are: what is released may be held back and released again."""
    while submission.parent_id is not None:
        submission = reading().get_one(Submission, submission.parent_id)
    return submission


def came_later(since: Submission) -> list[str]:
    """The submissions of the same source whose rows came in later files and were taken before."""
    wanted = select(Submission).where(Submission.source_id == since.source_id, Submission.id > since.id, Submission.state.in_(TAKEN))
    return [item.key for item in reading().scalars(wanted) if origin(item).id > since.id]


def said_anew(since: Submission) -> list[str]:
    """The months that the source has replaced in later files: what comes from before is no part of them."""
    wanted = select(Submission.replaces_month).where(
        Submission.source_id == since.source_id, Submission.id > since.id, Submission.state.in_(TAKEN)
    )
    return [month for month in reading().scalars(wanted.where(Submission.replaces_month.is_not(None)).distinct()) if month]


def waiting(source_id: int, but: Sequence[str]) -> list[Path]:
    """Where rows of a source lie that wait for codes and may yet be released; ``but``: submissions that are left out."""
    wanted = select(Submission).where(
        Submission.source_id == source_id,
        Submission.key.not_in(but),
        Submission.rows_quarantined > Submission.rows_released,
        Submission.finished_at.is_not(None),
    )
    found = [path_of(item.key) for item in reading().scalars(wanted) if for_codes(item)]
    return [path for path in found if path.is_file()]


def _open_release(parent: Submission, now: datetime) -> str:
    key = secrets.token_hex(8)
    values = {
        "source_id": parent.source_id,
        "profile": parent.profile,
        "file_name": parent.file_name,
        "sha256": parent.sha256,
        "parent_id": parent.id,
    }
    with writing() as session:
        session.add(Submission(key=key, way="release", state="received", received_at=now, sent_by="worker", months=[], **values))
    return key


def open_rows(submission: Submission) -> BinaryIO:
    """The rows that a submission of released rows reads, as JSON lines (of an event log: CSV); they leave the parent's file.

    Broken off at any point it does the same again: what is in the input is no longer the parent's.
    """
    parent = reading().get_one(Submission, submission.parent_id)
    mine, theirs = input_of(submission.key), path_of(parent.key)
    with closing(lake.engine(data_dir() / "work")) as con:
        if not mine.is_file():
            _write(con, f"SELECT * FROM read_parquet({literal(str(theirs))}) WHERE {WAITS} ORDER BY row_no", mine)
        if theirs.is_file():
            left = _without(theirs, mine)
            if con.execute(f"{left} LIMIT 1").fetchall():
                _write(con, f"{left} ORDER BY row_no", theirs)
            else:
                theirs.unlink()
        rows = con.execute("SELECT own, applicant_hash FROM read_parquet(?) ORDER BY row_no", [str(mine)]).fetchall()
    profile = mapping.load(submission.profile)
    heading = next(iter(profile.columns.get("applicant_key", [])), None)
    sent = [row for own, hashed in rows for row in _as_sent(_with_hash(json.loads(own), heading, hashed))]
    if profile.layout != "events":
        return io.BytesIO("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in sent).encode())
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in sent for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(sent)
    return io.BytesIO(text.getvalue().encode())


def _with_hash(own: dict[str, Any], heading: str | None, hashed: str | None) -> dict[str, Any]:
    """The row with the applicant's hash in the place of what the hash was made from."""
    return own if heading is None or hashed is None else own | {heading: f"{HASHED}{hashed}"}


def close_rows(key: str) -> None:
    """The submission of released rows is finished: its input goes."""
    input_of(key).unlink(missing_ok=True)


def give_back(submission: Submission) -> None:
    """Rows that could not be released after all are their parent's again."""
    mine, theirs = input_of(submission.key), path_of(reading().get_one(Submission, submission.parent_id).key)
    if not mine.is_file():
        return
    if not theirs.is_file():
        mine.replace(theirs)
        return
    with closing(lake.engine(data_dir() / "work")) as con:
        _write(con, f"{_without(theirs, mine)} UNION ALL SELECT * FROM read_parquet({literal(str(mine))}) ORDER BY row_no", theirs)
    mine.unlink()


def _without(theirs: Path, mine: Path) -> str:
    return (
        f"SELECT * FROM read_parquet({literal(str(theirs))}) AS theirs ANTI JOIN read_parquet({literal(str(mine))}) AS mine USING (row_no)"
    )
