"""Rows that were not taken: stored beside the lake with the sender's own columns and the reasons, never with personal columns."""

import csv
import gzip
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from procedures.dossier_queries import data_dir
from procedures.mapping import FIELDS, Profile
from procedures.rules import label, messages

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would calculate such a cell


def path_of(key: str) -> Path:
    """Where the quarantined rows of a submission lie."""
    return data_dir() / "quarantine" / f"{key}.csv.gz"


def store(con: "DuckDBPyConnection", profile: Profile, key: str, simulated: bool) -> None:
    """Write the rows of ``judged`` that broke a rule, if any: row number, reasons, messages, then the columns as they came."""
    fields = [name for name in FIELDS if name in profile.columns]
    nested = [name for name in ("steps", "requests") if (profile.history if name == "steps" else profile.supplements) is not None]
    selected = ", ".join([f"r.{name}" for name in fields] + [f"to_json(r.{name})::VARCHAR" for name in nested])
    rows = con.execute(
        f"SELECT j.row_no, j.errors, {selected} FROM judged j JOIN raw r ON r.row_no = j.row_no WHERE len(j.errors) > 0 ORDER BY j.row_no"
    ).fetchall()
    if not rows:
        return
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    names = [label(profile, name) for name in fields] + [
        label(profile, {"steps": "history", "requests": "supplements"}[name]) for name in nested
    ]
    writer.writerow(["row", "reasons", "message_vi", "message_en", "simulated", *names])
    for number, earned, *values in rows:
        codes = sorted({reason.split(":", 1)[0] for reason in earned})
        writer.writerow([number, " ".join(codes), *messages(profile, earned), str(simulated).lower(), *(_cell(value) for value in values)])
    path = path_of(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as stream:
        # A fixed time in the archive: the same rows give the same bytes.
        stream.write(gzip.compress(text.getvalue().encode("utf-8-sig"), mtime=0))
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)


def _cell(value: str | None) -> str:
    text = value or ""
    return f"'{text}" if text.startswith(FORMULA) else text
