"""HTML to PDF in child processes, so that a document that eats memory or never ends takes nothing else with it.

Loading WeasyPrint takes longer than drawing a place's paper. So a child loads it once and forks for each document: every document has
a process of its own with its own limits, and begins where every other one began, which keeps its bytes the same.
"""

import os
import queue
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from core.errors import InputError
from core.settings import ROOT

MEMORY_BYTES = 1_500_000_000  # a report takes some 150 MB; measured address space with fonts and tags is below 1 GB
SECONDS = 120
KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "XDG_CACHE_HOME")
TOO_LONG = (signal.SIGALRM, signal.SIGXCPU)  # what ends a document that takes longer than its time


@dataclass(frozen=True)
class Rendered:
    """A PDF and its number of pages."""

    content: bytes
    pages: int


class Renderer:
    """One child process, for one document at a time; started at the first one, and anew where it was killed.

    It gets no secret: its environment is a short list of names. ``memory_bytes``, ``seconds``: limits of each document.
    """

    def __init__(self, memory_bytes: int = MEMORY_BYTES, seconds: int = SECONDS) -> None:
        self._memory, self._seconds = memory_bytes, seconds
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def render(self, html: str) -> Rendered:
        """The PDF of a page whose addresses all start with ``report:///`` or ``data:``.

        Raises ``InputError`` where the document fails, is killed or takes too long.
        """
        code, content = self._ask(html.encode())
        if -code in TOO_LONG:
            raise _failure(f"quá {self._seconds} giây", f"it took more than {self._seconds} s")
        if code < 0:
            raise _failure(f"tiến trình bị dừng (tín hiệu {-code})", f"the process was killed (signal {-code})")
        if code:
            said = content.decode(errors="replace").strip()[:500] or "?"
            raise _failure(said, said)
        pages, _newline, pdf = content.partition(b"\n")
        if not pages.isdigit() or not pdf.startswith(b"%PDF-"):
            raise _failure("kết quả không phải là PDF", "what came back is no PDF")
        return Rendered(pdf, int(pages))

    def close(self) -> None:
        """End the child process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _ask(self, page: bytes) -> tuple[int, bytes]:
        """Exit code of the document's process (negative: the signal that killed it) and what it wrote."""
        if self._process is None:
            self._process = self._start()
        asked, answers = self._process.stdin, self._process.stdout
        assert asked is not None  # noqa: S101  # both are pipes: _start says so
        assert answers is not None  # noqa: S101
        try:
            asked.write(b"%d\n" % len(page) + page)
            asked.flush()
            code, size = map(int, answers.readline().split())
            content = answers.read(size)
        except (OSError, ValueError):  # the pipe is closed: nobody is at the other end any more
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
            self._process.kill()
            code, content = self._process.wait(), b""
            self.close()
        return code, content

    def _start(self) -> "subprocess.Popen[bytes]":
        environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
        environment["PYTHONHASHSEED"] = "0"  # the order of sets must not reach the bytes
        command = [sys.executable, "-m", "exports.render_child", str(self._memory), str(self._seconds)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=environment)  # noqa: S603  # our own module


def render(html: str, memory_bytes: int = MEMORY_BYTES, seconds: int = SECONDS) -> Rendered:
    """One document in a child process of its own; see ``Renderer.render``."""
    with Renderer(memory_bytes, seconds) as renderer:
        return renderer.render(html)


class Renderers:
    """Documents rendered beside each other: as many children as there are processors."""

    def __init__(self) -> None:
        number = os.cpu_count() or 1
        self._threads = ThreadPoolExecutor(max_workers=number)  # each only waits for its child
        self._renderers = [Renderer() for _ in range(number)]
        self._free: queue.SimpleQueue[Renderer] = queue.SimpleQueue()
        for renderer in self._renderers:
            self._free.put(renderer)

    def start(self, html: str) -> "Future[Rendered]":
        """Begin a document as soon as a child is free."""
        return self._threads.submit(self._render, html)

    def close(self) -> None:
        """Begin nothing any more, wait for what runs, end the children."""
        self._threads.shutdown(cancel_futures=True)
        for renderer in self._renderers:
            renderer.close()

    def _render(self, html: str) -> Rendered:
        with self._taken() as renderer:
            return renderer.render(html)

    @contextmanager
    def _taken(self) -> Iterator[Renderer]:
        renderer = self._free.get()
        try:
            yield renderer
        finally:
            self._free.put(renderer)


def _failure(reason_vi: str, reason_en: str) -> InputError:
    return InputError(
        f"Chưa dựng được báo cáo: {reason_vi}. Bản đã lưu trước đó không thay đổi; có thể yêu cầu dựng lại.",
        f"The report could not be made: {reason_en}. What was stored before is unchanged; ask for it again.",
    )
