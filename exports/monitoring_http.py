"""One attempt to hand a message over by HTTPS, and what to make of the answer. Knows no database.

What a server can do wrong is one of two things: ``again`` (later, with the same key) or ``refused`` (a person must look at it).
"""

import base64
import hashlib
import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

from surveys.privacy import clean

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SECONDS = 30  # for connecting, and between two pieces of the answer
WHOLE = 90  # for the whole exchange
LARGEST = 65_536  # bytes of an answer
LONGEST_WAIT = timedelta(hours=24)  # of what a server asks for
RECEIVED, AGAIN, REFUSED = "received", "again", "refused"
LATER = (408, 425, 429)  # and 5xx


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt. ``wait``: how long the server asked to be left alone; ``receipt``: as it came."""

    kind: str
    status: int | None
    message: str
    wait: timedelta | None = None
    receipt: dict[str, Any] = field(default_factory=dict)


class _NoRedirect(HTTPRedirectHandler):
    """A message goes where it was meant to go, or nowhere."""

    def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str) -> None:
        return None


def headers(body: bytes, key: str, private: "Ed25519PrivateKey", now: datetime) -> dict[str, str]:
    """Of an attempt. The signature covers the timestamp, a full stop and the body; the key's id is a digest of the public key."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    timestamp = str(int(now.timestamp()))
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {
        "Content-Type": "application/json; charset=utf-8",
        "Idempotency-Key": key,
        "X-Scorecard-Timestamp": timestamp,
        "X-Scorecard-Key": hashlib.sha256(public).hexdigest()[:16],
        "X-Scorecard-Signature": "ed25519=" + base64.b64encode(private.sign(timestamp.encode() + b"." + body)).decode(),
    }


def post(url: str, body: bytes, key: str, private: "Ed25519PrivateKey", authority: Path | None, now: datetime) -> Outcome:
    """Send once: certificates checked, no proxy, no redirect. Never raises for what a server or the network does."""
    context = ssl.create_default_context(cafile=str(authority) if authority else None)
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context), _NoRedirect())
    request = Request(url, data=body, headers=headers(body, key, private, now), method="POST")  # noqa: S310  # the settings take https alone

    def exchange() -> Outcome:
        try:
            answer = opener.open(request, timeout=SECONDS)
        except HTTPError as error:  # an answer all the same
            answer = error
        with answer:
            return judge(answer.status, _read(answer), answer.headers, key, hashlib.sha256(body).hexdigest(), now)

    try:
        return _within(WHOLE, exchange)
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        return Outcome(AGAIN, None, clean(f"{type(reason).__name__}: {reason}")[:500])


def _within(seconds: float, exchange: Callable[[], Outcome]) -> Outcome:
    """What an exchange comes to, or ``TimeoutError``: the sockets' own limit begins anew with each byte, of the headers too.

    An exchange that takes longer is left to a thread of its own, which ends with its server's patience and holds nobody up.
    """
    result: SimpleQueue[Outcome | Exception] = SimpleQueue()

    def run() -> None:
        try:
            result.put(exchange())
        except Exception as error:  # raised again where it is waited for
            result.put(error)

    Thread(target=run, daemon=True).start()
    try:
        found = result.get(timeout=seconds)
    except Empty:
        raise TimeoutError(f"the exchange took more than {seconds} s") from None
    if isinstance(found, Exception):
        raise found
    return found


def judge(status: int, content: bytes, told: HTTPMessage, key: str, digest: str, now: datetime) -> Outcome:
    """What an answer means. A receipt must name our key and the digest of what was sent; 409 with one says that it had come before."""
    if 200 <= status < 300 or status == 409:
        receipt, wrong = _receipt(content, key, digest)
        if not wrong:
            return Outcome(RECEIVED, status, "", receipt=receipt)
        return Outcome(AGAIN if status != 409 else REFUSED, status, wrong)
    if status in LATER or status >= 500:
        return Outcome(AGAIN, status, _beginning(content), wait=_wait(told.get("Retry-After"), now))
    return Outcome(REFUSED, status, _beginning(content))


def _read(answer: Any) -> bytes:
    """The answer's body. Raises ``OSError`` where it is cut off or too large."""
    content = b""
    while chunk := answer.read1(8192):
        content += chunk
        if len(content) > LARGEST:
            raise OSError(f"the answer is larger than {LARGEST} bytes")
    announced = answer.headers.get("Content-Length")
    if announced is not None and announced.isdigit() and len(content) < int(announced):
        raise OSError(f"the answer was cut off after {len(content)} of {announced} bytes")
    return content


def _receipt(content: bytes, key: str, digest: str) -> tuple[dict[str, Any], str]:
    """The receipt, and what is wrong with it (empty: nothing)."""
    try:
        receipt = json.loads(content)
    except ValueError:
        return {}, f"no receipt: {_beginning(content)}"
    if not isinstance(receipt, dict) or not isinstance(receipt.get("receipt"), str) or not clean(receipt["receipt"]):
        return {}, f"no receipt: {_beginning(content)}"
    if receipt.get("key") != key:
        return {}, clean(f"the receipt is for another key: {str(receipt.get('key'))[:80]}")
    if receipt.get("sha256") != digest:
        return {}, clean(f"the receipt is for other content: {str(receipt.get('sha256'))[:80]}")
    return _storable(receipt), ""


def _storable(value: Any) -> Any:
    """The same without signs that no database and no page can hold (NUL, halves of surrogate pairs), at any depth."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(name): _storable(one) for name, one in value.items()}
    return [_storable(one) for one in value] if isinstance(value, list) else value


def _wait(text: str | None, now: datetime) -> timedelta | None:
    """``Retry-After``: seconds or a day and time; None for none or nonsense."""
    if text is None:
        return None
    try:
        wait = timedelta(seconds=int(text)) if text.strip().isdigit() else parsedate_to_datetime(text) - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, timedelta(0)), LONGEST_WAIT)


def _beginning(content: bytes) -> str:
    text = content[:300].decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else " " for letter in text)
