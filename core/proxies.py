"""Where a request comes from: what a forwarding header says counts only when a proxy of ours said it."""

import ipaddress
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from flask import request
from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
IPV6_CUSTOMER = 64  # bits: one household or telephone has at least so wide a network to itself (RFC 6177)


def networks(text: str) -> list[Network]:
    """Networks out of a list with commas: ``127.0.0.0/8, ::1/128``. Raises ``ValueError``."""
    return [ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip()]


class TrustedProxies:
    """Reads forwarding headers (``hops`` of them) of requests that reach us from one of the proxies' networks, and of no others."""

    def __init__(self, inner: "WSGIApplication", hops: int, proxies: Sequence[Network]) -> None:
        self.direct = inner
        self.forwarded = ProxyFix(inner, x_for=hops, x_proto=hops, x_host=hops)
        self.proxies = proxies

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """A WSGI application."""
        peer = _address(environ.get("REMOTE_ADDR", ""))
        trusted = peer is not None and any(peer in network for network in self.proxies)
        return (self.forwarded if trusted else self.direct)(environ, start_response)


def client_network() -> str:
    """Who is asking, for limits: an IPv4 address, or the network of an IPv6 customer; never kept longer than a limit lasts."""
    address = _address(request.remote_addr or "")
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, IPV6_CUSTOMER), strict=False))
    return str(address)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:  # a socket of this machine has none
        return None
    return getattr(address, "ipv4_mapped", None) or address
