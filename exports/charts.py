"""The report's figures: Altair charts drawn by vl-convert, made stable and accessible in one place (``finish``).

Interval as a soft band, estimate as a dot, direct labels in place of legends; one hue that reads in grey print.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING, Any, Literal

from markupsafe import escape

from core.text import _
from core.web import language

if TYPE_CHECKING:
    import altair as alt

Align = Literal["left", "center", "right"]
FONT = "Liberation Serif"
INK, QUIET, LINE = "#1b2430", "#4a5666", "#c9d1da"
BAND, DOT, NATION, GREY = "#b9d3de", "#0b5c7a", "#6b7785", "#9aa6b3"
ROW, DENSE = 15.5, 11.5  # pixels a row; of an ungrouped plot, which shares its page with text
LEAST = 0.06  # a narrower scale would make noise look like contrast
NAMES, VALUES, PLOT = 118, 128, 300  # pixels: names at the left, figures at the right, the scale between
WIDE = 205  # pixels for long names
LETTER, GAP = 5.2, 18  # pixels: a letter of the figures on average; the least room between them and the scale


@dataclass(frozen=True)
class Dot:
    """One row of a dot plot. ``low`` and ``high`` bound the band, ``value`` is the dot; what is None is not drawn, the words always are."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    words: str
    grey: bool = False


@dataclass(frozen=True)
class Figure:
    """A finished drawing: SVG text, and the words that stand for it."""

    svg: str
    title: str
    description: str

    @property
    def alt(self) -> str:
        """What a reader who cannot see it hears."""
        return f"{self.title}. {self.description}"


def dot_plot(
    groups: Sequence[tuple[str, Sequence[Dot]]],
    reference: float | None,
    reference_label: str,
    simulated: bool,
    title: str,
    description: str,
    names: int = NAMES,
    unit: str | None = None,
) -> Figure:
    """Rows in named groups, each a dot on its band; ``reference`` (the nation) is a thin grey line. Values are shares.

    ``names``: pixels for the rows' names. ``unit``: written after the axis' numbers; None: per cent, as the language writes it.
    """
    import altair as alt

    rows, heads, y = [], [], 0.0
    unit = ("\u202f%" if language() == "vi" else "%") if unit is None else unit
    for head, members in groups:
        if not members:
            continue
        if head:
            heads.append({"y": y + 0.65, "words": head})
            y += 1.35
        for dot in members:
            rows.append({"y": y + 0.5, "name": dot.name, "value": dot.value, "low": dot.low, "high": dot.high, "words": dot.words})
            rows[-1]["ink"] = GREY if dot.grey else DOT
            rows[-1]["band"] = "#e3e7eb" if dot.grey else BAND
            y += 1
        y += 0.35
    values = max([VALUES, *(LETTER * len(dot.words) + GAP for _, members in groups for dot in members)])
    plot = PLOT + VALUES - values + NAMES - names  # longer figures take their room from the scale
    ends = [edge for row in rows for edge in (row["low"], row["high"], row["value"]) if isinstance(edge, float)]
    if reference is not None:
        ends.append(reference)
    low, high = axis_range(ends)
    axis = alt.Axis(
        orient="top",
        title=None,
        gridColor="#e6eaee",
        domain=False,
        ticks=False,
        labelExpr=f"replace(format(datum.value * 100, '.0f'), '-', '−') + '{unit}'",
        values=ticks(low, high),
        labelOverlap=False,
        labelFlush=False,
    )
    x = alt.X("low:Q", scale=alt.Scale(domain=[low, high], zero=False, nice=False), axis=axis)
    vertical = alt.Y("y:Q", scale=alt.Scale(domain=[0, max(y, 1.0)], reverse=True, nice=False), axis=None)
    seen = [row for row in rows if row["low"] is not None]
    dots = [row for row in rows if row["value"] is not None]
    layers: list[Any] = [
        _marks(seen).mark_rule(strokeWidth=7).encode(x=x, x2="high:Q", y=vertical, color=alt.Color("band:N", scale=None)),
        _marks(dots).mark_circle(size=34, opacity=1).encode(x="value:Q", y=vertical, color=alt.Color("ink:N", scale=None)),
        _text(rows, "name", -8, "right", INK).encode(y=vertical),
        _text(rows, "words", plot + values - 4, "right", INK).encode(y=vertical),
        _text(heads, "words", -names + 2, "left", INK, bold=True).encode(y=vertical),
    ]
    if reference is not None:
        line = [{"low": reference, "words": reference_label, "y": 0.0}]
        layers.insert(0, _marks(line).mark_rule(color=NATION, strokeWidth=1).encode(x="low:Q"))
        layers.append(
            _marks(line)
            .mark_text(color=QUIET, font=FONT, fontSize=10, dy=-22, align="center")
            .encode(x="low:Q", y=vertical, text="words:N")
        )
    chart = alt.layer(*layers).properties(width=plot, height=max(y, 1.0) * (ROW if heads else DENSE))
    return Figure(finish(_svg(chart), title, description, simulated), title, description)


def axis_range(values: Sequence[float]) -> tuple[float, float]:
    """A range around shares, on whole five (narrow: two) per cents, at least six points wide; 0–1 where there are none."""
    if not values:
        return 0.0, 1.0
    grid = 20 if max(values) - min(values) > 0.1 else 50
    low, high = floor(min(values) * grid + 1e-9) / grid, min(1.0, ceil(max(values) * grid - 1e-9) / grid)
    if high - low < LEAST:
        low, high = (max(0.0, high - LEAST), high) if high >= 1.0 else (low, low + LEAST)
    return round(low, 2), round(high, 2)


def ticks(low: float, high: float) -> list[float]:
    """Four to seven round places on a range of shares."""
    width = high - low
    step = next(step for step in (0.02, 0.05, 0.1, 0.2) if width / step <= 6.001 or step == 0.2)
    first = ceil(low / step - 1e-6)
    return [round(step * at, 4) for at in range(first, floor(high / step + 1e-6) + 1)]


def _marks(rows: Sequence[dict[str, Any]]) -> "alt.Chart":
    import altair as alt

    return alt.Chart(alt.InlineData(values=list(rows)))


def _text(rows: Sequence[dict[str, Any]], field: str, x: float, align: Align, ink: str, bold: bool = False) -> "alt.Chart":
    import altair as alt

    marks = _marks(rows).mark_text(
        color=ink, font=FONT, fontSize=11, fontWeight="bold" if bold else "normal", align=align, baseline="middle"
    )
    chart: alt.Chart = marks.encode(x=alt.value(x), text=f"{field}:N")
    return chart


def _svg(chart: Any) -> str:
    import vl_convert

    chart = chart.configure(font=FONT, padding={"left": 2, "right": 2, "top": 4, "bottom": 2}).configure_view(stroke=None)
    chart = chart.configure_axis(labelFont=FONT, labelFontSize=10, labelColor=QUIET)
    svg: str = vl_convert.vegalite_to_svg(chart.to_dict(), vl_version="6.4")
    return svg


def finish(svg: str, title: str, description: str, simulated: bool) -> str:
    """The one place through which every drawing leaves: stable ids, title and description, the mark of simulated figures.

    vl-convert numbers its ids per process, describes marks in English and leaves invisible labels in the text; none
    of that may reach the file.
    """
    svg = re.sub(r' (?:aria-[a-z]+|role|class|pointer-events)="[^"]*"', "", svg)
    svg = re.sub(r'<text[^>]* opacity="0"[^>]*>[^<]*</text>', "", svg)
    known_ids: dict[str, str] = {}
    for old in re.findall(r' id="([^"]+)"', svg):
        known_ids.setdefault(old, f"f{len(known_ids) + 1}")
    for old, new in known_ids.items():
        svg = (
            svg.replace(f' id="{old}"', f' id="{new}"').replace(f"url(#{old})", f"url(#{new})").replace(f'href="#{old}"', f'href="#{new}"')
        )
    head, body = svg.split(">", 1)
    width, height = (float(_attribute(head, name)) for name in ("width", "height"))
    taller = height + 14 if simulated else height
    head = re.sub(r' (?:width|height|viewBox)="[^"]*"', "", head)
    head = f'{head} width="{width:g}" height="{taller:g}" viewBox="0 0 {width:g} {taller:g}"'
    body = re.sub(r"^<title[^>]*>[^<]*</title><desc[^>]*>[^<]*</desc>", "", body).removesuffix("</svg>")
    place = f'x="{width - 4:g}" y="{height + 9:g}" text-anchor="end"'
    mark = f'<text {place} font-family="{FONT}" font-size="10" fill="{QUIET}">{escape(_("SỐ LIỆU MÔ PHỎNG"))}</text>' if simulated else ""
    return f"{head}><title>{escape(title)}</title><desc>{escape(description)}</desc>{body}{mark}</svg>"


def _attribute(head: str, name: str) -> str:
    found = re.search(rf' {name}="([\d.]+)"', head)
    if found is None:
        raise ValueError(f"a drawing without {name}")
    return found[1]
