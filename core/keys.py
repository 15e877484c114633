"""Keyed hashes. Each purpose has its own key (DESIGN §5), so that knowing one says nothing about another."""

import base64
import hashlib
import hmac

TOKEN_LENGTH = 26  # 130 bits in base32


def token(key: str, *parts: str) -> str:
    """A 130-bit token (26 lower-case base32 letters) that only the key's holder can make from ``parts``."""
    message = "\x1f".join(parts).encode()
    digest = hmac.digest(key.encode(), message, hashlib.sha256)
    return base64.b32encode(digest[:20]).decode().lower()[:TOKEN_LENGTH]


def keyed_hash(key: str, value: str) -> str:
    """What is stored in place of a token: 64 hexadecimal letters, useless without the key."""
    return hmac.digest(key.encode(), value.encode(), hashlib.sha256).hex()
