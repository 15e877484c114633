"""Parts of the report that the templates print: tables, numbered figures, rows."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from exports.charts import SIMULATED, Figure


@dataclass(frozen=True)
class Head:
    """A column: its head (with the unit), its width in per cent of the table, and whether it holds numbers."""

    text: str
    width: float
    numeric: bool = True


@dataclass(frozen=True)
class Table:
    """A table with caption; the first cell of a row is its head. ``strong``: indexes of rows printed bold."""

    caption: str
    heads: Sequence[Head]
    rows: Sequence[Sequence[str]]
    note: str = ""
    strong: frozenset[int] = frozenset()
    small: bool = False


@dataclass(frozen=True)
class Picture:
    """A figure with caption. ``width``: millimetres."""

    caption: str
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
    index: list[str] = field(default_factory=list)

    def table(self, title: str, heads: Sequence[Head], rows: Sequence[Sequence[str]], note: str = "", bold: Sequence[int] = (), small: bool = False) -> Table:  # fmt: skip
        """The next table."""
        self.tables += 1
        return Table(self._caption(f"Bảng {self.tables}. {title}"), heads, rows, note, frozenset(bold), small)

    def picture(self, title: str, figure: Figure, note: str = "", width: int = 165) -> Picture:
        """The next figure."""
        self.pictures += 1
        address = "data:image/svg+xml;base64," + base64.b64encode(figure.svg.encode()).decode()
        return Picture(self._caption(f"Hình {self.pictures}. {title}"), address, figure.alt, note, width)

    def _caption(self, text: str) -> str:
        text = f"{text} ({self.period})"
        return f"{text}. {SIMULATED}" if self.simulated else text


def strong(text: str) -> Markup:
    """Escaped text with ``**…**`` set bold."""
    return Markup(re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", str(escape(text))))  # noqa: S704  # escaped just before
