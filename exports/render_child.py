"""The child process that loads WeasyPrint once and forks for each document.

On standard input: a document's length in bytes in a line, then its HTML; and so on until it is closed. On standard output, for each:
the exit code of the document's process and the length of what it wrote in a line, then that: the number of pages in a line and the
PDF; with exit code 1 the error; nothing where it was killed. Run as ``python -m exports.render_child MEMORY_BYTES SECONDS`` by
``exports.render`` alone. It sees the project's own ``static/report`` and ``data:`` images and nothing else: no network,
no other file.
"""

import gc
import logging
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ASSETS = Path(__file__).resolve().parent.parent / "static" / "report"
BASE = "report:///"


def limit(memory: int, seconds: int) -> None:
    """Bound this process: address space in bytes, seconds of processor and of wall clock. The kernel kills it when they are over."""
    signal.alarm(seconds)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))  # at the first its own signal, which tells why; at the second SIGKILL
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def asset(url: str) -> Path:
    """The file behind ``report:///name``. Raises ``ValueError`` for anything that is not directly in ``static/report``."""
    parts = urlsplit(url)
    path = (ASSETS / parts.path.lstrip("/")).resolve()
    if parts.scheme != "report" or parts.netloc or path.parent != ASSETS or not path.is_file():
        raise ValueError(f"not a file of the report: {url}")
    return path


class Complaints(logging.Handler):
    """Keeps what WeasyPrint calls an error: a missing image or description must not end in a file."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def to_pdf(html: str) -> tuple[bytes, int]:
    """A tagged PDF (PDF/UA-1) without any date, and its number of pages: the same HTML gives the same bytes. Raises ``ValueError``."""
    import weasyprint
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class Fetcher(URLFetcher):  # type: ignore[misc]  # weasyprint ships no types
        def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
            if url.startswith("data:image/svg+xml;base64,"):
                return super().fetch(url, headers)
            path = asset(url)
            kind = "text/css" if path.suffix == ".css" else "image/svg+xml"
            return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": f"{kind}; charset=utf-8"})

    complaints = Complaints()
    logging.getLogger("weasyprint").addHandler(complaints)
    page = weasyprint.HTML(string=html, base_url=BASE, url_fetcher=Fetcher(allowed_protocols=("data", "report")))
    document = page.render(pdf_variant="pdf/ua-1")
    content: bytes = document.write_pdf(finisher=scoped, pdf_variant="pdf/ua-1")
    if complaints.messages:
        raise ValueError("; ".join(complaints.messages))
    return content, len(document.pages)


def scoped(_document: Any, pdf: Any) -> None:
    """Say of each head of a table whether it heads a column or a row (ISO 14289-1, 7.5).

    WeasyPrint links every cell with its heads, by an id that ends in the head's row and column, and leaves the scope out. In our
    tables the first row holds the heads of columns, also where it is repeated on the next page.
    """
    for item in pdf.objects:
        if isinstance(item, dict) and item.get("S") == "/TH" and "ID" in item:
            row = item["ID"].string.rsplit("-", 2)[1]
            item["A"]["Scope"] = "/Column" if row == "0" else "/Row"


def document(html: bytes, target: int, memory: int, seconds: int) -> int:
    """Render into a file descriptor, inside the limits. Returns the exit code."""
    limit(memory, seconds)
    try:
        content, pages = to_pdf(html.decode())
        written, code = b"%d\n" % pages + content, 0
    except MemoryError:
        written, code = b"out of memory", 1
    except Exception as error:  # the parent records whatever it was
        written, code = f"{type(error).__name__}: {error}".encode(), 1
    with os.fdopen(target, "wb", closefd=False) as stream:
        stream.write(written)
    return code


def forked(html: bytes, memory: int, seconds: int) -> tuple[int, bytes]:
    """Exit code of a document's own process, negative for a signal, and what it wrote."""
    target = os.memfd_create("document")
    try:
        number = os.fork()
        if number == 0:
            code = 1
            try:
                code = document(html, target, memory, seconds)
            finally:
                os._exit(code)  # nothing of the parent's is flushed or closed a second time
        code = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
        os.lseek(target, 0, os.SEEK_SET)
        with os.fdopen(target, "rb", closefd=False) as stream:
            return code, stream.read() if code >= 0 else b""
    finally:
        os.close(target)


def main() -> None:
    """Load, then one document after the other."""
    import weasyprint  # noqa: F401  # every document begins with it loaded

    gc.freeze()  # what is shared with the documents' processes is not touched, so not copied
    while line := sys.stdin.buffer.readline():
        code, content = forked(sys.stdin.buffer.read(int(line)), int(sys.argv[1]), int(sys.argv[2]))
        sys.stdout.buffer.write(b"%d %d\n" % (code, len(content)) + content)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
