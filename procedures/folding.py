"""Names of units as people and systems write them, folded to what tells places apart. Pure.

One place is written in many ways: ``UBND Xã Hoà Bình - Tỉnh Phú Thọ``, ``xã Hòa Bình``, ``X. HÒA BÌNH, Phú Thọ``. Folding takes
away what does not tell places apart; everything else must agree to the letter. What is merely similar is offered, never taken.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")  # grave, acute, tilde, hook above, dot below
LETTERS = str.maketrans({"ð": "đ", "ɖ": "đ", "'": "", "’": "", "‘": "", "`": "", "ʼ": "", "´": ""})
NUMERALS = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vii": "7", "viii": "8", "ix": "9", "x": "10"}  # "vi" is a syllable
_WORD = re.compile("(?:[^\\W_][\u0300-\u036f]*)+")


def words(text: str) -> list[str]:
    """The words of a text as they are compared: lower case, no punctuation, each tone mark behind its word.

    ``Hoà`` and ``Hòa`` are one word then, composed and decomposed letters too; ``hoà`` and ``hoá`` stay two.
    """
    return [_tone_last(word) for word in _WORD.findall(unicodedata.normalize("NFD", text.casefold().translate(LETTERS)))]


@lru_cache(maxsize=20_000)
def _tone_last(word: str) -> str:
    letters = unicodedata.normalize("NFC", "".join(mark for mark in word if mark not in TONES))
    return letters + "".join(mark for mark in word if mark in TONES)


def _sequences(*texts: str) -> list[tuple[str, ...]]:
    return sorted((tuple(words(text)) for text in texts), key=len, reverse=True)


COMMITTEE = _sequences("ủy ban nhân dân", "ủy ban", "ubnd")
LEVELS = {"province": _sequences("tỉnh", "thành phố", "tp", "t"), "commune": _sequences("xã", "phường", "đặc khu", "thị trấn", "x", "p")}
TYPES: dict[tuple[str, ...], tuple[str, ...]] = {
    ("x",): tuple(words("xã")),
    ("p",): tuple(words("phường")),
    ("tp",): tuple(words("thành phố")),
    ("t",): tuple(words("tỉnh")),
}
SHORT = {"hcm": words("Hồ Chí Minh"), "tphcm": words("tp Hồ Chí Minh")}


@dataclass(frozen=True)
class UnitName:
    """A name taken apart: ``core`` without committee, type and place; ``level`` and ``type`` if a type word said so; ``place``: above."""

    core: str
    level: str | None
    type: tuple[str, ...]
    place: str


def _after(tokens: list[str], sequences: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The longest of the sequences with which the words begin, if something follows it."""
    return next((found for found in sequences if len(tokens) > len(found) and tuple(tokens[: len(found)]) == found), ())


def _tokens(text: str) -> list[str]:
    found = [part for word in words(text) for part in SHORT.get(word, [word])]
    if len(found) > 1 and found[-1] in NUMERALS:
        found[-1] = NUMERALS[found[-1]]
    return [word.lstrip("0") or "0" if word.isdecimal() else word for word in found]


@lru_cache(maxsize=20_000)
def parse(name: str) -> UnitName:
    """Take a unit's name apart."""
    first, place = _tokens(name), ""
    first = first[len(_after(first, COMMITTEE)) :]
    level, kind = None, ()  # type: str | None, tuple[str, ...]
    for candidate, sequences in LEVELS.items():
        if found := _after(first, sequences):
            level, kind, first = candidate, TYPES.get(found, found), first[len(found) :]
            break
    # What stands behind a later "tỉnh" or "thành phố" says where the unit lies.
    for position in range(1, len(first)):
        found = next((each for each in LEVELS["province"] if tuple(first[position : position + len(each)]) == each), ())
        if found:
            place, first = _place(first[position:]), first[:position]
            break
    return UnitName(" ".join(first), level, kind, place)


def _place(tokens: list[str]) -> str:
    while tokens:
        found = next((each for each in LEVELS["province"] if tuple(tokens[: len(each)]) == each), ())
        if not found:
            break
        tokens = tokens[len(found) :]
    return " ".join(tokens)


def fold(name: str) -> str:
    """What tells a unit's name apart from others of its parent: the key by which names are compared. Not for showing."""
    return parse(name).core


def commune_named(name: str) -> str:
    """The commune that an office's name ends with: ``Bộ phận Một cửa xã Lâm Thao`` gives ``xã Lâm Thao``; else the name."""
    tokens = _tokens(name)
    full = [each for each in LEVELS["commune"] if len("".join(each)) > 1]
    starts = (at for at in range(1, len(tokens)) if _after(tokens[at:], full))
    return " ".join(tokens[next(starts, 0) :])


def plain(text: str) -> str:
    """Words without any mark, for measuring likeness only: ``Ba Đình`` gives ``ba dinh``."""
    return " ".join(_bare(word) for word in words(text))


@lru_cache(maxsize=20_000)
def _bare(word: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFD", word.replace("đ", "d")) if not unicodedata.combining(letter))


def is_name(text: str) -> bool:
    """Whether a text in a column of codes looks like a name: letters, and blanks or no digit (``H44.07`` does not)."""
    return any(letter.isalpha() for letter in text) and (" " in text.strip() or not any(letter.isdigit() for letter in text))
