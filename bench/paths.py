"""What is measured, and against which limit: the least that any program would have to do for the same work."""

import gzip
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Flask
from sqlalchemy import delete, select

from core.calendar import Month
from core.database import writing


@dataclass(frozen=True)
class Ratio:
    """Seconds of a path and of its limit, for ``units`` pieces of work."""

    name: str
    seconds: float
    limit_seconds: float
    limit: str

    def line(self) -> str:
        """One line to read and to compare."""
        return f"{self.name:<16} {self.seconds / self.limit_seconds:8.1f} x  {self.limit}"


def _least(rounds: int, work: Callable[[], object], before: Callable[[], object] = lambda: None) -> float:
    best = float("inf")
    for _ in range(rounds):
        before()
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def feed_load(app: Flask, _month: Month, now: datetime, rounds: int) -> Ratio:
    """A source's file with every dossier changed: read, checked, compared and merged. Limit: DuckDB reads it and writes Parquet."""
    import duckdb

    from procedures.feeds import load_feed

    folder = app.extensions["settings"].data_dir / "simulation" / "feeds"
    original = max(folder.glob("*.jsonl.gz"), key=lambda path: path.stat().st_size)
    source = original.name.split(".")[0]
    files = []
    for number in range(rounds):
        text = gzip.decompress(original.read_bytes()).replace(b'"NgayCapNhat":"2', f'"NgayCapNhat":"{3 + number}'.encode())
        path = folder.parent / f"changed-{number}.jsonl.gz"
        path.write_bytes(gzip.compress(text, 1, mtime=0))
        files.append(path)
    turns = iter(files)
    loaded = _least(rounds, lambda: load_feed(next(turns), source, "national-sync", now))
    target = folder.parent / "bare.parquet"
    query = f"COPY (SELECT * FROM read_json('{original}', format='newline_delimited')) TO '{target}'"
    bare = _least(rounds, lambda: duckdb.connect().execute(query))
    return Ratio("feed load", loaded, bare, "DuckDB reading the same file and writing it as Parquet")


def month_close(app: Flask, month: Month, now: datetime, rounds: int) -> Ratio:
    """A month closed into an edition. Limit: DuckDB counting the lake by unit and procedure, once."""
    import duckdb

    from exports.models import ExportFile
    from procedures.dossiers import dossier_table
    from scorecard import operations
    from scorecard.models import Edition, Measurement

    def reopen() -> None:
        with writing() as session:
            ids = select(Edition.id).where(Edition.month == str(month))
            for table in (ExportFile, Measurement):
                session.execute(delete(table).where(table.edition_id.in_(ids)))
            session.execute(delete(Edition).where(Edition.month == str(month)))

    closed = _least(rounds, lambda: operations.close(month, now, "bench"), reopen)
    data_dir = app.extensions["settings"].data_dir
    files = [str(path) for path in dossier_table(data_dir).paths()]
    query = "SELECT handling_unit, procedure_code, count(*), count(*) FILTER (WHERE channel = 2) FROM read_parquet(?) GROUP BY ALL"
    bare = _least(rounds, lambda: duckdb.connect().execute(query, [files]).fetchall())
    return Ratio("month close", closed, bare, "DuckDB counting the whole lake by unit and procedure, once")


def scorecard_page(app: Flask, _month: Month, _now: datetime, rounds: int) -> Ratio:
    """A centre's page. Limit: a Flask route that sends the same bytes from memory."""
    from simulation import logins

    known = logins.read(app.extensions["settings"].data_dir / "simulation" / "logins.json")
    centre = next(login for login in known if login.role == "centre")
    client = app.test_client()
    client.post("/login", data={"login": centre.login, "password": centre.password})
    page = client.get("/centre")
    if page.status_code != 200:
        raise RuntimeError(f"the centre's page answered {page.status_code}")
    bare_app = Flask("bare")
    bare_app.add_url_rule("/", "bare", lambda: page.data)
    bare_client = bare_app.test_client()
    seconds = _least(rounds, lambda: [client.get("/centre") for _ in range(10)])
    bare = _least(rounds, lambda: [bare_client.get("/") for _ in range(10)])
    return Ratio("scorecard page", seconds, bare, "a Flask route that sends the same bytes from memory")
