"""Looking at pages as a person with a browser does: a server on the loopback, axe, and the width of the page."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, make_server

import axe_playwright_python
from flask import Flask

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serve(app: Flask) -> Iterator[str]:
    """A server for the application on a free loopback port; gives its address, without a slash at the end."""
    server = make_server("127.0.0.1", 0, app.wsgi_app, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def check_page(page: "Page") -> list[str]:
    """What axe finds against WCAG 2.2 A and AA on the page as it is now: rule, help and element. Empty is good.

    The page's context must have been made with ``bypass_csp=True`` (and with scripts on).
    """
    page.add_script_tag(path=AXE)
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [f"{item['id']}: {item['help']}: {node['html']}" for item in found["violations"] for node in item["nodes"]]


def overflow(page: "Page") -> bool:
    """Whether the page is wider than the window, so that it would have to be scrolled sideways."""
    wider: bool = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return wider
