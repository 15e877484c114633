"""The child process: HTML on standard input; on standard output the number of pages in a line, then the PDF.

Errors go to standard error, with exit code 1. Run as ``python -m exports.render_child MEMORY_BYTES SECONDS`` by
``exports.render`` alone. It sees the project's own ``static/report`` and ``data:`` images and nothing else: no network,
no other file.
"""

import logging
import resource
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ASSETS = Path(__file__).resolve().parent.parent / "static" / "report"
BASE = "report:///"


def limit(memory: int, seconds: int) -> None:
    """Bound this process: address space in bytes, processor time in seconds. The parent bounds the wall clock."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
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


def main() -> int:
    """Read, render, write."""
    limit(int(sys.argv[1]), int(sys.argv[2]))
    try:
        content, pages = to_pdf(sys.stdin.buffer.read().decode())
    except MemoryError:
        print("out of memory", file=sys.stderr)
        return 1
    except Exception as error:  # the parent records whatever it was
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    sys.stdout.buffer.write(b"%d\n" % pages + content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
