"""Parts of the report that the templates print: tables, numbered figures, rows."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from exports.cells import STATUS_WORDS
from exports.charts import SIMULATED, Figure


@dataclass(frozen=True)
class Head:
    """A column: its head (with the unit), its width in per cent of the table, and whether it holds numbers."""

    text: str
    width: float
    numeric: bool = True


@dataclass(frozen=True)
class Table:
    """A table with caption; the first cell of a row is its head. ``strong``: indexes of rows printed bold.

    ``tail``: period and mark of simulated figures, never broken over lines.
    """

    caption: str
    tail: Sequence[str]
    heads: Sequence[Head]
    rows: Sequence[Sequence[str]]
    note: str = ""
    strong: frozenset[int] = frozenset()
    small: bool = False

    def cells(self, row: Sequence[str]) -> list[tuple[str, int, Head]]:
        """A row's cells after the first as (text, columns it spans, head): neighbours that say the same in words are one."""
        found: list[tuple[str, int, Head]] = []
        for text, head in zip(row[1:], self.heads[1:], strict=True):
            if found and text in STATUS_WORDS.values() and found[-1][0] == text:
                found[-1] = (text, found[-1][1] + 1, found[-1][2])
            else:
                found.append((text, 1, head))
        return found


@dataclass(frozen=True)
class Picture:
    """A figure with caption. ``width``: millimetres."""

    caption: str
    tail: Sequence[str]
    source: str
    alt: str
    note: str
    width: int


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
    ) -> Table:
        """The next table. ``quoted``: figures of others, of another time, which are not simulated."""
        self.tables += 1
        return Table(f"Bảng {self.tables}. {title}", self._tail(quoted), heads, rows, note, frozenset(bold), small)

    def picture(self, title: str, figure: Figure, note: str = "", width: int = 165) -> Picture:
        """The next figure."""
        self.pictures += 1
        address = "data:image/svg+xml;base64," + base64.b64encode(figure.svg.encode()).decode()
        return Picture(f"Hình {self.pictures}. {title}", self._tail(), address, figure.alt, note, width)

    def _tail(self, quoted: bool = False) -> list[str]:
        if quoted:
            return [f"(phần còn lại của báo cáo: {SIMULATED})"] if self.simulated else []
        return [f"({self.period})", *([f"— {SIMULATED}"] if self.simulated else [])]


def strong(text: str) -> Markup:
    """Escaped text with ``**…**`` set bold."""
    return Markup(re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", str(escape(text))))  # noqa: S704  # escaped just before
