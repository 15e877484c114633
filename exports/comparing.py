"""Two PDF files compared page by page by their text: what one says that the other does not. Pure."""

import io
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, TypeVar

from core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pypdf import PdfReader

Found = TypeVar("Found")
NEAR = 30  # characters of context around what is missing or added


@dataclass(frozen=True)
class PageDifference:
    """What a page of the second file lacks of the first one's text, and what it has besides; each a short passage. Pages from 1."""

    page: int
    missing: tuple[str, ...]
    added: tuple[str, ...]


def compare(first: bytes, second: bytes) -> list[PageDifference]:
    """The pages that differ, in order. Blanks and line breaks do not count: another program may set them differently.

    Raises ``InputError`` where a file cannot be read, is encrypted, or has another number of pages.
    """
    before, after = page_texts(first), page_texts(second)
    if len(before) != len(after):
        raise InputError(
            f"Tệp có {len(after)} trang, bản cuối có {len(before)} trang: không phải cùng một báo cáo.",
            f"The file has {len(after)} pages and the final report {len(before)}: it is not the same report.",
        )
    return [found for page, pair in enumerate(zip(before, after, strict=True), start=1) if (found := _differ(page, *pair)) is not None]


def page_texts(content: bytes) -> list[str]:
    """The text of each page. Raises ``InputError`` for what is no PDF that can be read."""
    return _read(content, lambda reader: [page.extract_text() for page in reader.pages])


def page_count(content: bytes) -> int:
    """How many pages it has. Raises ``InputError`` for what is no PDF that can be read."""
    return _read(content, lambda reader: len(reader.pages))


def _read(content: bytes, what: "Callable[[PdfReader], Found]") -> Found:
    from pypdf import PdfReader

    with readable():
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted:
            raise InputError("Tệp PDF bị khóa bằng mật khẩu.", "The PDF file is locked by a password.")
        return what(reader)


@contextmanager
def readable() -> Iterator[None]:
    """What a library finds wrong in a file inside the block is an ``InputError``."""
    from pikepdf import PdfError
    from pypdf.errors import PyPdfError

    try:
        yield
    except (PyPdfError, PdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError) as error:
        raise InputError(
            f"Không đọc được tệp PDF ({type(error).__name__}). Hãy xuất lại tệp rồi thử lại.",
            f"The PDF file can not be read ({type(error).__name__}). Export it again and retry.",
        ) from error


def _differ(page: int, before: str, after: str) -> PageDifference | None:
    first, second = _plain(before), _plain(after)
    if first == second:
        return None
    missing, added = [], []
    for what, start, end, other_start, other_end in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if what in ("delete", "replace"):
            missing.append(_passage(first, start, end))
        if what in ("insert", "replace"):
            added.append(_passage(second, other_start, other_end))
    return PageDifference(page, tuple(missing), tuple(added))


def _plain(text: str) -> str:
    return re.sub(r"\s+|\u00ad", "", unicodedata.normalize("NFC", text))


def _passage(text: str, start: int, end: int) -> str:
    """``…context[what differs]context…``"""
    return f"…{text[max(0, start - NEAR) : start]}[{text[start:end][:200]}]{text[end : end + NEAR]}…"
