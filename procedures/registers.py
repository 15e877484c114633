"""Which state register holds a paper, told by its name. Pure, but for the seed file beside it."""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import yaml

SEED = Path(__file__).with_name("registers.yaml")
# A form that the applicant fills in is not held by any register, whatever it is about.
_FORM = re.compile(r"^(\W|\d|[ivx]+\.|ban|chinh)*(don|to khai|(giay|van ban|phieu|cong van|to trinh|thu) (de nghi|yeu cau|dang ky)|phieu khai|mau don)\b")


def plain(text: str) -> str:
    """Lower case without diacritics, blanks made single: ``Giấy  Khai sinh`` → ``giay khai sinh``."""
    text = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return " ".join("".join(letter for letter in text if not unicodedata.combining(letter)).split())


@cache
def seed() -> tuple[dict[str, Any], ...]:
    """The registers known from the start (methodology §7.2)."""
    return tuple(yaml.safe_load(SEED.read_text(encoding="utf-8")))


@cache
def _keywords() -> tuple["re.Pattern[str]", dict[str, str]]:
    owners = {keyword: register["code"] for register in seed() for keyword in register["keywords"]}
    longest_first = sorted(owners, key=len, reverse=True)
    return re.compile(r"(?<!\w)(" + "|".join(map(re.escape, longest_first)) + r")(?!\w)"), owners


@cache
def register_of(paper_name: str) -> str | None:
    """Code of the register that holds a paper of this name, or None: a form to fill in, or nothing that a register holds."""
    name = plain(paper_name)
    if _FORM.match(name):
        return None
    pattern, owners = _keywords()
    found = pattern.search(name)
    return owners[found.group(1)] if found else None
