"""Short codes that people read, say and write: on posters, on paper slips, on an interviewer's list. Pure.

The alphabet has no two signs that look or sound alike (no 0 O, 1 I L, 2 Z, 5 S, 8 B, U V) and 23 of them, a prime: a check sign that
makes the weighted sum 0 modulo 23 then notices every single wrong sign and every exchange of two signs, because the weights differ
(the principle of ISBN-10, ISO 2108).
"""

import hashlib
import hmac
import re

ALPHABET = "34679ACDEFGHJKMNPQRTWXY"
PRIME = len(ALPHABET)
PAPER = 10  # signs of a code on paper or on a list of calls, check sign included: 40 bits
PLACE = 6  # of an open link's code, which is public
_IGNORED = re.compile(r"[\s.\-–—_]+")


def check_sign(signs: str) -> str:
    """The sign that makes ``signs`` a code. At most 21 signs of the alphabet."""
    total = sum(weight * ALPHABET.index(sign) for weight, sign in enumerate(signs, start=2))
    return ALPHABET[-total % PRIME]


def derived(key: str, length: int, *parts: str) -> str:
    """The code of so many signs, check sign included, that only the key's holder can make from ``parts``."""
    digest = hmac.digest(key.encode(), "\x1f".join(("code", *parts)).encode(), hashlib.sha256)
    number, signs = int.from_bytes(digest, "big"), ""
    while len(signs) < length - 1:
        number, place = divmod(number, PRIME)
        signs += ALPHABET[place]
    return signs + check_sign(signs)


def read_code(text: str, length: int) -> str | None:
    """The code that somebody typed, in its stored spelling; None where it cannot be one, be it for a single wrong sign."""
    spelled = _IGNORED.sub("", text).upper()
    if len(spelled) != length or not set(spelled) <= set(ALPHABET):
        return None
    return spelled if check_sign(spelled[:-1]) == spelled[-1] else None


def spoken(code: str) -> str:
    """The code in groups of at most five, to be read aloud or copied: ``7KMAC-4DEFX``, ``7KM-AC4``."""
    half = (len(code) + 1) // 2
    return f"{code[:half]}-{code[half:]}"
