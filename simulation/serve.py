"""Serves the demonstration: web and worker as child processes, until a signal comes or one of them dies."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from core.settings import ROOT

HOST = "127.0.0.1"
PATIENCE = 120  # seconds until both are well; a worker that follows a killed one waits for its lease
FAREWELL = 20  # seconds to stop by themselves


class ServingError(RuntimeError):
    """Web or worker could not start, or died."""


def check_port(port: int) -> None:
    """Raise ``ServingError`` where something listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ServingError(f"port {port} is taken ({error.strerror}): choose another one, e.g. PORT={port + 1}") from error


@contextlib.contextmanager
def running(port: int) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Web and worker in sessions of their own, stopped at the end of the block whatever happens in it."""
    granian = str(Path(sys.executable).parent / "granian")
    web = [granian, "--interface", "wsgi", "--host", HOST, "--port", str(port), "--workers", "2", "--blocking-threads", "1"]
    web += ["--no-ws", "--log-level", "warning", "--factory", "app:create_app"]
    worker = [sys.executable, "-m", "flask", "--app", "app", "worker"]
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, command in (("web", web), ("worker", worker)):
            # fixed commands of our own; a session of its own, so that Ctrl-C reaches us alone and we stop both in order
            children[name] = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, start_new_session=True)  # noqa: S603
        yield children
    finally:
        _stop(children)


def _stop(children: dict[str, subprocess.Popen[bytes]]) -> None:
    for child in children.values():
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + FAREWELL
    for child in children.values():
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(max(0.1, deadline - time.monotonic()))
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def wait_until_well(port: int, children: dict[str, subprocess.Popen[bytes]], stop: threading.Event) -> None:
    """Return once ``/healthz`` answers 200. Raises ``ServingError`` if a child dies or patience runs out."""
    deadline, last = time.monotonic() + PATIENCE, "no answer"
    while not stop.is_set():
        _check(children)
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/healthz", timeout=5):
                return
        except urllib.error.HTTPError as error:
            last = error.read().decode(errors="replace").strip()
        except OSError as error:
            last = str(error)
        if time.monotonic() > deadline:
            raise ServingError(f"not well after {PATIENCE} s: {last}")
        stop.wait(0.3)


def watch(children: dict[str, subprocess.Popen[bytes]], stop: threading.Event) -> None:
    """Wait until told to stop. Raises ``ServingError`` if a child dies first."""
    while not stop.wait(0.5):
        _check(children)


def _check(children: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, child in children.items():
        if child.poll() is not None:
            raise ServingError(f"the {name} process ended with code {child.returncode}; its messages stand above")
