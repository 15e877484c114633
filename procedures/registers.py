"""State registers known from the start, and what a paper's name in the catalogue means. Pure, but for seed files."""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from procedures.matching import seed as component_seed
from procedures.matching import standard_matcher

SEED = Path(__file__).with_name("registers.yaml")
# Notes among the papers, which are none.
_NOTE = re.compile(
    r"^\W*(?:\d+\W+)?(?:truong hop|luu y|ghi chu|nguoi|tru truong hop|doi voi|so luong ho so|trong thoi han|neu|"
    r"phieu (?:nay|duoc|cc01 duoc))\b"
)


def plain(text: str) -> str:
    """Lower case without diacritics, blanks made single: ``Giấy  Khai sinh`` → ``giay khai sinh``."""
    text = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return " ".join("".join(letter for letter in text if not unicodedata.combining(letter)).split())


@cache
def seed() -> tuple[dict[str, Any], ...]:
    """The registers known from the start (methodology §7.2)."""
    return tuple(yaml.safe_load(SEED.read_text(encoding="utf-8")))


@cache
def _standards() -> dict[str, tuple[str | None, bool]]:
    return {item["code"]: (item["register"], item.get("head", False)) for item in component_seed()["components"]}


@cache
def standard_of(paper_name: str) -> tuple[str | None, str | None]:
    """(standard component, register that holds it) of a paper's name in the catalogue.

    Of a name that lists alternatives the first that a register holds counts, unless a form or the like stands before it: then what
    follows is what the form is about. (None, None): a note, or a paper without a standard name.
    """
    if _NOTE.match(plain(paper_name)):
        return None, None
    named = [match.code for match in standard_matcher().match(paper_name)]
    for code in named:
        register, head = _standards()[code]
        if register is not None:
            return code, register
        if head:
            break
    return (named[0] if named else None), None


def register_of(paper_name: str) -> str | None:
    """Code of the register that holds a paper of this name, or None: a form to fill in, or nothing that a register holds."""
    return standard_of(paper_name)[1]
