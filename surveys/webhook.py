"""A parcel's way over HTTPS: JSON, signed, to one address that never leads elsewhere."""

import hashlib
import hmac
import json
import ssl
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

from core.settings import Webhook

if TYPE_CHECKING:
    from surveys.handover import Item
    from surveys.models import Handover

SECONDS = 20
Post = Callable[[str, bytes, dict[str, str]], None]


class _NoRedirect(HTTPRedirectHandler):
    """A parcel goes where it was meant to go, or nowhere."""

    def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str) -> None:
        return None


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """``v1=`` and the HMAC-SHA256 of timestamp, full stop and body: the receiver compares it and refuses old timestamps."""
    return "v1=" + hmac.digest(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hex()


def deliver(target: Webhook, parcel: "Handover", items: Iterable["Item"], now: datetime, post: Post) -> None:
    """Post a parcel. Any 2xx answer is its receipt. Raises ``OSError`` where there was none."""
    content = {"handover": parcel.key, "source": parcel.source_code, "invitations": [asdict(item) for item in items]}
    body = json.dumps(content, ensure_ascii=False).encode()
    timestamp = str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Idempotency-Key": parcel.key,
        "X-Scorecard-Timestamp": timestamp,
        "X-Scorecard-Signature": signature(target.secret.get_secret_value(), timestamp, body),
    }
    post(target.url, body, headers)


def poster(authority: Path | None) -> Post:
    """How parcels are posted: certificates checked, no proxy, no redirect."""
    context = ssl.create_default_context(cafile=str(authority) if authority else None)
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context), _NoRedirect())

    def post(url: str, body: bytes, headers: dict[str, str]) -> None:
        request = Request(url, data=body, headers=headers, method="POST")  # noqa: S310  # the settings take https alone
        try:
            with opener.open(request, timeout=SECONDS) as answer:
                answer.read(1024)
        except HTTPException as error:
            raise OSError(f"no proper answer: {type(error).__name__}") from error

    return post
