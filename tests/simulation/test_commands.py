"""The commands behind ``make demo``: never over real data, nothing to do twice, and two processes that live and die together."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from flask import Flask

from core import accounts
from core.errors import InputError
from core.settings import ROOT
from simulation import renewal, serve


def test_a_database_with_real_accounts_is_left_alone(sqlite_app: Flask) -> None:
    accounts.add_user("someone", "A real person", "office", "a long test password")
    with pytest.raises(InputError, match="real data or accounts"):
        renewal.start_over()
    done = sqlite_app.test_cli_runner().invoke(args=["demo", "build"])
    assert done.exit_code == 1
    assert "real data or accounts" in done.output


def test_an_interrupted_build_starts_over(sqlite_app: Flask) -> None:
    folder = sqlite_app.extensions["settings"].data_dir
    (folder / "lake" / "dossiers").mkdir(parents=True)
    (folder / "simulation" / "feeds").mkdir(parents=True)
    accounts.add_user("vanphong", "Half built", "office", "a long test password", simulated=True)
    assert renewal.standing() is None
    renewal.start_over()
    assert not (folder / "lake").exists()
    assert not (folder / "simulation").exists()
    accounts.add_user("vanphong", "Free again", "office", "a long test password", simulated=True)


def test_a_standing_country_is_reused(country: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DEMO_DOSSIERS", "DEMO_MONTH", "DEMO_SEED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DEMO_DOSSIERS", "12000")
    done = country.test_cli_runner().invoke(args=["demo", "build"])
    assert (done.exit_code, "stands already" in done.output) == (0, True)


def test_serving_needs_a_country(sqlite_app: Flask) -> None:
    done = sqlite_app.test_cli_runner().invoke(args=["demo", "serve"])
    assert done.exit_code == 1
    assert "no demonstration country yet" in done.output


def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind((serve.HOST, 0))
        taken.listen()
        with pytest.raises(serve.ServingError, match="is taken"):
            serve.check_port(taken.getsockname()[1])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((serve.HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def _children(process: int) -> list[int]:
    text = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    return [int(number) for number in text.split()]


def _alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def served(country: Flask, country_folder: Path, tmp_path: Path) -> "subprocess.Popen[str]":
    """``demo serve`` on a copy of the small country."""
    copy = tmp_path / "country"
    shutil.copytree(country_folder, copy)
    settings = {
        "TTHC_SECRET_KEY": "s" * 40,
        "TTHC_INVITATION_KEY": "i" * 40,
        "TTHC_ANSWER_KEY": "a" * 40,
        "TTHC_SPOOL_KEY": "p" * 40,
        "TTHC_APPLICANT_KEY": "h" * 40,
        "TTHC_DATA_DIR": str(copy / "data"),
        "TTHC_DATABASE_URL": f"sqlite:///{copy / 'country.sqlite'}",
        "TTHC_SECURE_COOKIES": "false",
    }
    command = [sys.executable, "-m", "flask", "--app", "app", "demo", "serve", "--port", str(_free_port())]
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _read_until_ready(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if "trungtam.h17" in line:
            return text
    raise AssertionError(text)


@pytest.mark.long
def test_serve_is_ready_and_stops_cleanly(served: "subprocess.Popen[str]") -> None:
    text = _read_until_ready(served)
    assert re.search(r"^ready http://127\.0\.0\.1:\d+$", text, re.MULTILINE)
    children = _children(served.pid)
    assert len(children) == 2
    for address in re.findall(r"http://127\.0\.0\.1:\d+/\S*", text):
        with urllib.request.urlopen(address, timeout=60) as answer:
            assert answer.status == 200, address
    served.send_signal(signal.SIGTERM)
    assert served.wait(30) == 0
    assert not any(_alive(child) for child in children)
    assert served.stdout is not None
    served.stdout.close()


@pytest.mark.long
def test_serve_ends_when_a_child_dies(served: "subprocess.Popen[str]") -> None:
    _read_until_ready(served)
    children = _children(served.pid)
    os.kill(children[-1], signal.SIGKILL)
    started = time.monotonic()
    assert served.wait(40) == 1
    assert time.monotonic() - started < 40
    assert served.stdout is not None
    assert "demo: the w" in served.stdout.read()
    assert not any(_alive(child) for child in children)
    served.stdout.close()
