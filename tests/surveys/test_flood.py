"""A flood of a hundred times the limit against a real server, while people answer from behind the same address."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from core.database import reading
from core.settings import ROOT
from surveys.models import Answer
from tests.surveys.helpers import invited

LIMIT, UNKNOWN = 60, 20  # a minute: small, so that a hundred times as much is over soon
FLOOD = 100 * LIMIT
GENUINE = 120
FLOODERS = 4


@pytest.fixture
def server(app: Flask, tmp_path: Path) -> Iterator[int]:
    """The port of the survey alone, served by granian with two processes."""
    settings = app.extensions["settings"]
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    environment = os.environ | {
        f"TTHC_{name.upper()}": getattr(settings, name).get_secret_value()
        for name in ("secret_key", "invitation_key", "answer_key", "spool_key", "applicant_key")
    }
    environment |= {
        "TTHC_DATA_DIR": str(tmp_path),
        "TTHC_DATABASE_URL": settings.database_url,
        "TTHC_ENV_FILE": str(tmp_path / "none"),
        "TTHC_WEB_PROCESSES": "2",
        "TTHC_SURVEY_PER_ADDRESS": str(LIMIT),
        "TTHC_SURVEY_UNKNOWN_PER_ADDRESS": str(UNKNOWN),
    }
    (tmp_path / "served.py").write_text('from app import create_app\n\ndef make():\n    return create_app({"survey"})\n')
    granian = shutil.which("granian", path=str(Path(sys.executable).parent)) or "granian"
    command = [granian, "--interface", "wsgi", "--factory", "--workers", "2", "--blocking-threads", "1", "--no-ws", "--port", str(port)]
    environment["PYTHONPATH"] = os.pathsep.join((str(ROOT), str(tmp_path)))
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([*command, "served:make"], cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            for _ in range(300):
                try:
                    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as probe:
                        _request(probe, "GET", "/healthz")
                    break
                except OSError:
                    time.sleep(0.2)
            else:
                raise RuntimeError((tmp_path / "log").read_text())
            yield port
        finally:
            process.terminate()
            process.wait(30)


def _request(connection: http.client.HTTPConnection, method: str, path: str, body: str | None = None) -> tuple[int, float]:
    started = time.perf_counter()
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    connection.request(method, path, body=body, headers=headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status, time.perf_counter() - started


@pytest.mark.long
def test_under_a_flood_every_genuine_answer_gets_through(app: Flask, server: int) -> None:
    tokens = [invited(number) for number in range(GENUINE + 1)]
    used = tokens.pop()
    flooded: Counter[tuple[str, int]] = Counter()
    lock = threading.Lock()
    connection = http.client.HTTPConnection("127.0.0.1", server, timeout=30)
    assert _request(connection, "POST", f"/s/{used}", "rating=4")[0] == 303

    def flood(number: int) -> None:
        mine: Counter[tuple[str, int]] = Counter()
        with closing(http.client.HTTPConnection("127.0.0.1", server, timeout=60)) as line:
            for turn in range(FLOOD // FLOODERS):
                guess = f"{'a' * 22}{number + 2}{turn % 5 + 2}aa"
                kind, token = ("guessed", guess) if turn % 3 else ("used", used)
                try:
                    status, _ = _request(line, "POST", f"/s/{token}", "rating=1")
                except (ConnectionError, http.client.HTTPException):  # a server may hang up between two requests: dial again, as any client
                    line.close()
                    status, _ = _request(line, "POST", f"/s/{token}", "rating=1")
                mine[kind, status] += 1
        with lock:
            flooded.update(mine)

    threads = [threading.Thread(target=flood, args=(number,)) for number in range(FLOODERS)]
    for thread in threads:
        thread.start()
    statuses = Counter(_request(connection, "POST", f"/s/{token}", "rating=5")[0] for token in tokens)
    busy = any(thread.is_alive() for thread in threads)
    for thread in threads:
        thread.join(300)
    connection.close()
    assert busy, "the flood was over before the genuine answers were"
    assert statuses == {303: GENUINE}
    assert flooded.total() == FLOOD
    refused = sum(count for (_, status), count in flooded.items() if status == 429)
    assert refused >= 0.9 * FLOOD, flooded
    assert {status for _, status in flooded} <= {303, 404, 429}, flooded
    reading().rollback()
    assert reading().scalar(select(func.count()).where(Answer.rating == 5)) == GENUINE
