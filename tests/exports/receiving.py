"""A real HTTP server on this machine that plays the Monitoring System, and fails in all the ways that servers fail."""

import hashlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """What it got, and what it does next: ``script`` holds names of ``_Handler``'s methods, used up in turn; then it behaves."""

    url: str = ""
    script: list[str] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.receiver.got.append((dict(self.headers.items()), body))
        what = self.receiver.script.pop(0) if self.receiver.script else "good"
        action: Callable[[bytes], None] = getattr(self, what)
        action(body)

    def good(self, body: bytes) -> None:
        """The same receipt for the same key, however often it comes."""
        key = self.headers["Idempotency-Key"]
        again = key in self.receiver.receipts
        receipt = {"receipt": f"NQ57-{len(self.receiver.receipts) + 1}", "key": key, "sha256": hashlib.sha256(body).hexdigest()}
        self.say(200 if again else 201, self.receiver.receipts.setdefault(key, receipt))

    def taken_then_lost(self, body: bytes) -> None:
        """Takes it, and the line breaks before the answer."""
        key = self.headers["Idempotency-Key"]
        self.receiver.receipts[key] = {"receipt": "NQ57-lost", "key": key, "sha256": hashlib.sha256(body).hexdigest()}
        self.reset(body)

    def known(self, body: bytes) -> None:
        key = self.headers["Idempotency-Key"]
        self.say(409, {"receipt": "NQ57-before", "key": key, "sha256": hashlib.sha256(body).hexdigest()})

    def reset(self, _body: bytes) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def closed(self, _body: bytes) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)

    def broken(self, _body: bytes) -> None:
        self.say(500, {"error": "x"})

    def away(self, _body: bytes) -> None:
        self.say(503, {}, **{"Retry-After": "7200"})

    def busy(self, _body: bytes) -> None:
        self.say(429, {}, **{"Retry-After": "Wed, 25 Nov 2026 06:00:00 GMT"})

    def nonsense_wait(self, _body: bytes) -> None:
        self.say(429, {}, **{"Retry-After": "soon"})

    def slow(self, _body: bytes) -> None:
        time.sleep(1.5)

    def dripping(self, _body: bytes) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(15):
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.1)

    def dripping_headers(self, _body: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(15):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.1)

    def half_letter(self, body: bytes) -> None:
        self.say(200, {"receipt": "r", "key": "\ud800", "sha256": hashlib.sha256(body).hexdigest()})

    def nul(self, body: bytes) -> None:
        self.say(200, {"receipt": "r", "key": "a\u0000b", "sha256": hashlib.sha256(body).hexdigest()})

    def odd_receipt(self, body: bytes) -> None:
        key = self.headers["Idempotency-Key"]
        receipt = {"receipt": "NQ57-\ud800", "key": key, "sha256": hashlib.sha256(body).hexdigest(), "more": ["\u0000x"]}
        self.say(200, receipt)

    def half(self, _body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "500")
        self.end_headers()
        self.wfile.write(b'{"receipt": "NQ57')

    def endless(self, _body: bytes) -> None:
        self.say(200, {"receipt": "x" * 200_000})

    def page(self, _body: bytes) -> None:
        self.text(200, b"<html>Log in first</html>")

    def other_key(self, body: bytes) -> None:
        self.say(200, {"receipt": "1", "key": "another", "sha256": hashlib.sha256(body).hexdigest()})

    def other_content(self, _body: bytes) -> None:
        self.say(200, {"receipt": "1", "key": self.headers["Idempotency-Key"], "sha256": "0" * 64})

    def no_http(self, _body: bytes) -> None:
        self.wfile.write(b"hello\r\n\r\n")

    def elsewhere(self, _body: bytes) -> None:
        self.say(302, {}, Location=self.receiver.url + "/elsewhere")

    def unknown(self, _body: bytes) -> None:
        self.say(403, {"error": "unknown key"})

    def conflict(self, _body: bytes) -> None:
        self.say(409, {"error": "other content under this key"})

    def say(self, status: int, body: dict[str, Any], **headers: str) -> None:
        self.text(status, json.dumps(body).encode(), **headers)

    def text(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A broken line is what it is there for."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """The server, for the length of a block."""
    receiver = Receiver()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"receiver": receiver}))
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
