"""Which state register holds a paper, told by its name. Pure, but for the seed file beside it."""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import yaml

SEED = Path(__file__).with_name("registers.yaml")
# What the applicant or another party draws up, and notes among the papers, are held by no register whatever they are about.
_DRAWN_UP = re.compile(
    r"^(?:\W|\d|[a-z]{1,3}[.)]\s)*(?:ban chinh )?"
    r"(?:don|to khai|mau don|phieu (?:khai|de nghi|yeu cau|dang ky)|giay (?:khai(?! sinh)|de nghi|yeu cau|uy quyen)|"
    r"van ban (?:de nghi|yeu cau|dang ky|uy quyen|giai trinh|thoa thuan|cam ket|cua|cu)|cong van|to trinh|thu|hop dong|"
    r"danh sach|bao cao|cam ket|thong bao|truong hop|luu y|ghi chu|nguoi|tru truong hop)\b"
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
def _keywords() -> tuple["re.Pattern[str]", dict[str, str]]:
    owners = {keyword: register["code"] for register in seed() for keyword in register["keywords"]}
    longest_first = sorted(owners, key=len, reverse=True)
    return re.compile(r"(?<!\w)(" + "|".join(map(re.escape, longest_first)) + r")(?!\w)"), owners


def is_drawn_up(plain_name: str) -> bool:
    """Whether a name (as ``plain`` gives it) is that of a form, a contract, a notice: nothing that a register could hold."""
    return _DRAWN_UP.match(plain_name) is not None


@cache
def register_of(paper_name: str) -> str | None:
    """Code of the register that holds a paper of this name, or None: a form to fill in, or nothing that a register holds."""
    name = plain(paper_name)
    if is_drawn_up(name):
        return None
    pattern, owners = _keywords()
    found = pattern.search(name)
    return owners[found.group(1)] if found else None
