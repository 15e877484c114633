"""Parts of which every paper is made: chapters of blocks, numbered tables and figures. The PDF and the draft for circulation print them."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup, escape

from core.text import _
from exports.cells import Word
from exports.charts import Figure


@dataclass(frozen=True)
class Head:
    """A column: its head (with the unit), its width in per cent of the table, and whether it holds numbers."""

    text: str
    width: float
    numeric: bool = True


@dataclass(frozen=True)
class Table:
    """A table with caption; the first cell of a row is its head. ``strong``: indexes of rows printed bold.

    ``tail``: period and mark of simulated figures, never broken over lines. ``whole``: kept on one page.
    """

    kind: ClassVar = "table"
    caption: str
    tail: Sequence[str]
    heads: Sequence[Head]
    rows: Sequence[Sequence[str]]
    note: str = ""
    strong: frozenset[int] = frozenset()
    small: bool = False
    whole: bool = False

    def cells(self, row: Sequence[str]) -> list[tuple[str, int, Head]]:
        """A row's cells after the first as (text, columns it spans, head): neighbours that say the same in words are one."""
        found: list[tuple[str, int, Head]] = []
        for text, head in zip(row[1:], self.heads[1:], strict=True):
            if found and isinstance(text, Word) and found[-1][0] == text:
                found[-1] = (text, found[-1][1] + 1, found[-1][2])
            else:
                found.append((text, 1, head))
        return found


@dataclass(frozen=True)
class Picture:
    """A figure with caption. ``width``: millimetres. ``drawing``: the SVG itself."""

    kind: ClassVar = "picture"
    caption: str
    tail: Sequence[str]
    drawing: str
    alt: str
    note: str
    width: int

    @property
    def source(self) -> str:
        """Its address inside the page."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.drawing.encode()).decode()


@dataclass(frozen=True)
class Say:
    """A sentence that the program wrote from figures; nobody edits it. ``**…**`` is set bold."""

    kind: ClassVar = "say"
    text: str


@dataclass(frozen=True)
class Section:
    """A heading inside a chapter."""

    kind: ClassVar = "section"
    text: str


@dataclass(frozen=True)
class Points:
    """A list of sentences."""

    kind: ClassVar = "points"
    items: Sequence[str]


@dataclass(frozen=True)
class Note:
    """Small print that belongs to what stands above."""

    kind: ClassVar = "note"
    text: str


@dataclass(frozen=True)
class Human:
    """What a person wrote, and who and when: never mixed with the program's sentences."""

    kind: ClassVar = "human"
    text: str
    author: str


@dataclass(frozen=True)
class Beside:
    """Blocks in two columns, kept together."""

    kind: ClassVar = "beside"
    left: "Sequence[Block]"
    right: "Sequence[Block]"


Block = Table | Picture | Say | Section | Points | Note | Human | Beside


@dataclass(frozen=True)
class Chapter:
    """A part of a paper. ``label``: its number as printed (``II.``, ``Phụ lục I``)."""

    id: str
    label: str
    title: str
    blocks: Sequence[Block]


@dataclass
class Numbering:
    """Numbers captions through the document and puts the period, and the mark of simulated figures, into each."""

    period: str
    simulated: bool
    tables: int = 0
    pictures: int = 0

    def table(
        self,
        title: str,
        heads: Sequence[Head],
        rows: Sequence[Sequence[str]],
        note: str = "",
        bold: Sequence[int] = (),
        small: bool = False,
        quoted: bool = False,
        whole: bool = False,
    ) -> Table:
        """The next table. ``quoted``: figures of others, of another time, which are not simulated."""
        self.tables += 1
        caption = _("Bảng %(number)s. %(title)s", number=self.tables, title=title)
        return Table(caption, self._tail(quoted), heads, rows, note, frozenset(bold), small, whole)

    def picture(self, title: str, figure: Figure, note: str = "", width: int = 165) -> Picture:
        """The next figure."""
        self.pictures += 1
        caption = _("Hình %(number)s. %(title)s", number=self.pictures, title=title)
        return Picture(caption, self._tail(), figure.svg, figure.alt, note, width)

    def _tail(self, quoted: bool = False) -> list[str]:
        mark = _("SỐ LIỆU MÔ PHỎNG")
        if quoted:
            return [_("(phần còn lại của báo cáo: %(mark)s)", mark=mark)] if self.simulated else []
        return [f"({self.period})", *([f"— {mark}"] if self.simulated else [])]


def strong(text: str) -> Markup:
    """Escaped text with ``**…**`` set bold."""
    return Markup(re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", str(escape(text))))  # noqa: S704  # escaped just before


ROMAN = ((100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))


def roman(number: int) -> str:
    """14 → ``XIV``."""
    text = ""
    for value, letters in ROMAN:
        while number >= value:
            text, number = text + letters, number - value
    return text
