"""The limits with their counters in a real Redis and a real Memcached, shared by processes of their own; and with that store gone."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from core.settings import ROOT
from surveys import operations, posters
from tests.surveys.helpers import NOW, invited
from tests.surveys.reach import put_units

HERE = "203.0.113.7"
UNKNOWN = ["a" * 25 + letter for letter in "abcdefg"]
# One web process: it makes each request that it is told, a line of JSON each, and answers with the statuses.
PROCESS = """
import json, sys
from app import create_app
app = create_app({"survey"})
client = app.test_client()
for line in sys.stdin:
    statuses = [client.open(path, method="POST" if data else "GET", data=data, environ_base={"REMOTE_ADDR": "203.0.113.7"}).status_code
                for path, data in json.loads(line)]
    print(json.dumps(statuses), flush=True)
"""


@dataclass
class Store:
    """A server of its own, on a port of its own."""

    address: str
    port: int
    process: "subprocess.Popen[bytes]"

    def stop(self) -> None:
        """Take it away."""
        self.process.kill()
        self.process.wait(10)


@pytest.fixture(params=["redis", "memcached"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """``ops/install.sh --tests`` installs both; where one is missing these tests fail and are not skipped."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    commands = {
        "redis": ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(tmp_path)],
        "memcached": ["memcached", "-l", "127.0.0.1", "-p", str(port), "-U", "0", *(["-u", "nobody"] if os.geteuid() == 0 else [])],
    }
    command = commands[request.param]
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin"))
    program = shutil.which(command[0], path=path)
    assert program, f"{command[0]} is not installed: run ops/install.sh --tests"
    with (tmp_path / "store.log").open("wb") as log:
        process = subprocess.Popen([program, *command[1:]], stdout=log, stderr=log)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield Store(f"{request.param}://127.0.0.1:{port}", port, process)
    process.kill()
    process.wait(10)


class Web:
    """A web process whose counters are in the store."""

    def __init__(self, settings: Any, address: str, folder: Path) -> None:
        keys = ("secret_key", "invitation_key", "answer_key", "spool_key", "applicant_key")
        environment = os.environ | {f"TTHC_{name.upper()}": getattr(settings, name).get_secret_value() for name in keys}
        environment |= {
            "TTHC_DATA_DIR": str(settings.data_dir), "TTHC_DATABASE_URL": settings.sqlalchemy_url, "TTHC_ENV_FILE": str(folder / "none"),
            "TTHC_RATE_LIMIT_STORAGE": address, "TTHC_SURVEY_PER_ADDRESS": "5", "TTHC_SURVEY_UNKNOWN_PER_ADDRESS": "3",
        }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROCESS], cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, *requests: str | tuple[str, dict[str, str]]) -> list[int]:
        """The statuses of these requests: paths to get, or paths with what is posted."""
        told = [(one, None) if isinstance(one, str) else one for one in requests]
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps(told), file=self.process.stdin, flush=True)
        found: list[int] = json.loads(self.process.stdout.readline())
        return found

    def close(self) -> None:
        """End it."""
        self.process.communicate(timeout=20)


@pytest.fixture
def two(sqlite_app: Flask, store: Store, tmp_path: Path) -> Iterator[tuple[Web, Web]]:
    """Two web processes beside each other."""
    put_units()
    settings = sqlite_app.extensions["settings"]
    with closing(Web(settings, store.address, tmp_path)) as one, closing(Web(settings, store.address, tmp_path)) as other:
        yield one, other


def test_processes_share_one_count_and_genuine_answers_get_through(two: tuple[Web, Web]) -> None:
    one, other = two
    place = posters.open_place("00004", "Một cửa", "open", NOW).code
    assert one(*(f"/s/{token}" for token in UNKNOWN[:2])) == [404, 404]
    assert other(*(f"/s/{token}" for token in UNKNOWN[2:5])) == [404, 429, 429]
    assert one(f"/s/{UNKNOWN[5]}") == [429]
    fresh = [invited(number) for number in range(8)]
    assert other(*((f"/s/{token}", {"rating": "5"}) for token in fresh)) == [303] * 8  # never turned away for their address
    assert one(f"/q/{place}", (f"/q/{place}/{posters.new_visit()}", {"end_point": "filed"})) == [200, 303]
    assert one(*(f"/s/{fresh[0]}" for _ in range(30))) == [200] * 30  # one token is counted in both
    assert other(*(f"/s/{fresh[0]}" for _ in range(30)))[-1] == 429


def test_the_store_holds_neither_tokens_nor_addresses(two: tuple[Web, Web], store: Store) -> None:
    one, _ = two
    token = invited(1)
    operations.submit(token, {"rating": "4"}, NOW, "vi")
    assert one(f"/s/{token}", f"/s/{UNKNOWN[0]}") == [200, 404]
    kept = _keys(store)
    assert "survey-token" in kept
    assert token not in kept
    assert HERE not in kept


def _keys(store: Store) -> str:
    """Everything that the store calls by a name."""
    question = b"KEYS *\r\n" if store.address.startswith("redis") else b"lru_crawler metadump all\r\n"
    with socket.create_connection(("127.0.0.1", store.port), 5) as line:
        line.settimeout(1)
        line.sendall(question)
        answer = b""
        try:
            while more := line.recv(65_536):
                answer += more
        except TimeoutError:
            pass
    return answer.decode()


def test_without_the_store_each_process_goes_on_and_still_limits(two: tuple[Web, Web], store: Store) -> None:
    one, other = two
    used, fresh = invited(1), invited(2)
    operations.submit(used, {"rating": "4"}, NOW, "vi")
    assert one(f"/s/{used}", f"/s/{UNKNOWN[0]}") == [200, 404]
    store.stop()
    assert one(f"/s/{used}", (f"/s/{fresh}", {"rating": "5"}), f"/s/{used}") == [200, 303, 200]  # the first to meet the dead store: used
    assert one(*(f"/s/{token}" for token in UNKNOWN))[-1] == 429
    assert other(f"/s/{UNKNOWN[0]}", f"/s/{used}") == [404, 200]  # the first to meet it: unknown
    place = posters.open_place("00004", "Một cửa", "open", NOW).code
    assert other((f"/q/{place}/{posters.new_visit()}", {"end_point": "filed"})) == [303]
