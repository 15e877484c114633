"""The tile diagram of the 34 provinces: one square each in a rough geographic order, never a map.

It always carries the two labelled frames of Hoàng Sa and Trường Sa (DESIGN §8). Pure: tiles in, one SVG text out, the
same for page (colours by class) and paper (literal colours by ``Palette``).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

PITCH, SIZE = 44, 40  # distance of two squares; edge of one
LEFT, TOP = 2, 2
WIDTH = 312
STEPS = 5  # shades; more cannot be told apart in grey print
LEAST_SPAN = 0.05  # a scale narrower than five points would make noise look like contrast

# code (statistics office): column, row, abbreviation
PLACES: Mapping[str, tuple[int, int, str]] = {
    "12": (1, 0, "LCh"),
    "15": (2, 0, "LCa"),
    "08": (3, 0, "TQ"),
    "04": (4, 0, "CB"),
    "11": (0, 1, "ĐB"),
    "14": (1, 1, "SL"),
    "25": (2, 1, "PT"),
    "19": (3, 1, "TNg"),
    "20": (4, 1, "LS"),
    "01": (2, 2, "HN"),
    "24": (3, 2, "BN"),
    "22": (4, 2, "QNi"),
    "37": (2, 3, "NB"),
    "33": (3, 3, "HY"),
    "31": (4, 3, "HP"),
    "38": (2, 4, "TH"),
    "40": (2, 5, "NA"),
    "42": (3, 5, "HT"),
    "44": (3, 6, "QT"),
    "46": (4, 6, "Huế"),
    "48": (4, 7, "ĐNg"),
    "51": (4, 8, "QNg"),
    "52": (4, 9, "GL"),
    "66": (4, 10, "ĐL"),
    "75": (3, 11, "ĐNa"),
    "68": (4, 11, "LĐ"),
    "56": (5, 11, "KH"),
    "80": (2, 12, "TNi"),
    "79": (3, 12, "HCM"),
    "91": (1, 13, "AG"),
    "82": (2, 13, "ĐT"),
    "86": (3, 13, "VL"),
    "96": (1, 14, "CM"),
    "92": (2, 14, "CT"),
}

# x, y, width, height; lines of the label in Vietnamese and in English
FRAMES = (
    (222, 306, 88, 78, ("Quần đảo", "Hoàng Sa", "(TP. Đà Nẵng)"), ("Hoang Sa", "Special Zone", "(Da Nang City)")),
    (196, 556, 114, 78, ("Quần đảo", "Trường Sa", "(tỉnh Khánh Hòa)"), ("Truong Sa", "Special Zone", "(Khanh Hoa)")),
)
SEA = (262, 424, ("Biển", "Đông"), ("East", "Sea"))


@dataclass(frozen=True)
class Tile:
    """One province: ``value`` a share 0–1 or None; ``text`` what stands in the square; ``words`` the whole said aloud.

    ``grey``: rests on so few answers that it is shown without a shade and left out of the scale (methodology §11.6).
    """

    name: str
    value: float | None
    text: str
    words: str
    href: str = ""
    grey: bool = False


@dataclass(frozen=True)
class Palette:
    """Literal colours for paper and for a file of its own; five shades from light to dark."""

    shades: tuple[str, str, str, str, str] = ("#e3eff4", "#bcd8e2", "#8fbccb", "#2f748f", "#0b4f69")
    ink: str = "#1b2430"
    ink_on_dark: str = "#ffffff"
    quiet: str = "#4a5666"
    line: str = "#7b8794"
    paper: str = "#ffffff"
    font: str = "Liberation Sans, sans-serif"


def scale(values: list[float]) -> list[float]:
    """The six edges of five equally wide classes, on whole per cents, around all values. Empty without values."""
    if not values:
        return []
    low, high = math.floor(min(values) * 100 + 1e-9) / 100, math.ceil(max(values) * 100 - 1e-9) / 100
    if high - low < LEAST_SPAN:
        low = max(0.0, min(low, 1 - LEAST_SPAN))
        high = low + LEAST_SPAN
    width = math.ceil((high - low) * 100 / STEPS - 1e-9) / 100
    low = max(0.0, min(low, 1 - width * STEPS))
    return [round(low + width * step, 4) for step in range(STEPS + 1)]


def shade(value: float, edges: list[float]) -> int:
    """Which of the five classes, 1 to 5, a value falls in."""
    return 1 + sum(value >= edge for edge in edges[1:-1])


def tile_diagram(
    tiles: Mapping[str, Tile],
    language: str,
    *,
    title: str,
    description: str,
    simulated: bool,
    palette: Palette | None = None,
    prefix: str = "tiles",
) -> Markup:
    """The diagram as one SVG element with ``<title>`` and ``<desc>``.

    ``tiles`` by province code; a province that is missing, or whose value is None, is hatched. With a ``palette`` the
    colours are literal (paper); without one they come from the style sheet. ``prefix`` keeps ids apart on one page.
    """
    draw = _Pen(palette)
    english = language == "en"
    edges = scale([tile.value for tile in tiles.values() if tile.value is not None and not tile.grey])
    parts = [_square(draw, code, place, tiles.get(code), edges, english) for code, place in PLACES.items()]
    for x, y, width, height, vi, en in FRAMES:
        parts.append(_frame(draw, x, y, width, height, en if english else vi))
    x, y, sea_vi, sea_en = SEA
    parts.extend(draw.text(x, y + 15 * line, word, "sea") for line, word in enumerate(sea_en if english else sea_vi))
    bottom = TOP + 15 * PITCH + 10
    parts.append(_legend(draw, edges, bottom, english, few=any(tile.grey for tile in tiles.values())))
    bottom += 46
    if simulated:
        parts.append(draw.text(LEFT, bottom, "SIMULATED DATA" if english else "SỐ LIỆU MÔ PHỎNG", "mark", anchor="start"))
        bottom += 14
    height = bottom + (38 if palette is None else 0)  # on a page: room for what a focused square says
    size = f' width="{WIDTH}" height="{height}" font-family="{escape(palette.font)}"' if palette else ""
    kind = "img" if palette else "group"
    return Markup(  # noqa: S704  # every text from outside went through escape
        f'<svg xmlns="http://www.w3.org/2000/svg" class="diagram" viewBox="0 0 {WIDTH} {height}"{size} role="{kind}" '
        f'aria-labelledby="{prefix}-title {prefix}-desc"><title id="{prefix}-title">{escape(title)}</title>'
        f'<desc id="{prefix}-desc">{escape(description)}</desc>{"".join(parts)}</svg>'
    )


class _Pen:
    """Writes elements with a class (page) or with literal colours (paper)."""

    SIZES = {"abbr": 13, "value": 12, "frame": 11.5, "sea": 12, "mark": 12, "tick": 11, "say": 13}

    def __init__(self, palette: Palette | None) -> None:
        self.palette = palette

    def rect(self, x: float, y: float, width: float, height: float, kind: str) -> str:
        return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="3" {self._paint(kind)}/>'

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
        return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" {self._paint(kind)}/>'

    def dot(self, x: float, y: float) -> str:
        return f'<circle cx="{x}" cy="{y}" r="2" {self._paint("isle")}/>'

    def text(self, x: float, y: float, words: str, kind: str, anchor: str = "middle", on: str = "") -> str:
        ink = ""
        if self.palette:
            colour = self.palette.ink_on_dark if on in ("t4", "t5") else self.palette.ink
            ink = f' fill="{self.palette.quiet if kind in ("sea", "tick") else colour}"'
            ink += ' font-weight="bold"' if kind in ("abbr", "mark") else ""
        return (
            f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{self.SIZES[kind]}" '
            f'class="d-{kind}{" on-" + on if on else ""}"{ink}>{escape(words)}</text>'
        )

    def _paint(self, kind: str) -> str:
        if self.palette is None:
            return f'class="d-{kind}"'
        palette = self.palette
        if kind.startswith("t") and kind[1:].isdigit():
            return f'fill="{palette.shades[int(kind[1:]) - 1]}" stroke="{palette.line}" stroke-width="0.5"'
        if kind == "isle":
            return f'fill="{palette.line}"'
        dashes = ' stroke-dasharray="3 2"' if kind == "few" else ""
        return f'fill="{palette.paper}" stroke="{palette.line}" stroke-width="1"{dashes}'


def _square(draw: _Pen, code: str, place: tuple[int, int, str], tile: Tile | None, edges: list[float], english: bool) -> str:
    column, row, abbreviation = place
    x, y = LEFT + column * PITCH, TOP + row * PITCH
    if tile is None or tile.value is None:
        kind = "none"
        body = draw.rect(x, y, SIZE, SIZE, kind) + _hatching(draw, x, y, SIZE)
        body += draw.rect(x + 3, y + 10, SIZE - 6, 20, "label") + draw.text(x + SIZE / 2, y + 25, abbreviation, "abbr")
    else:
        kind = "few" if tile.grey else f"t{shade(tile.value, edges)}"
        body = draw.rect(x, y, SIZE, SIZE, kind)
        body += draw.text(x + SIZE / 2, y + 17, abbreviation, "abbr", on=kind)
        body += draw.text(x + SIZE / 2, y + 33, tile.text, "value", on=kind)
    if tile is None:
        missing = "no data" if english else "không có số liệu"
        return f"<g><title>{escape(abbreviation)}: {missing}</title>{body}</g>"
    whole = f"{tile.name}: {tile.words}"
    if draw.palette is not None:
        return f"<g><title>{escape(whole)}</title>{body}</g>"
    bottom = TOP + 15 * PITCH + 76
    body += f'<g class="say">{draw.text(LEFT, bottom, tile.name, "say", anchor="start")}'
    body += f"{draw.text(LEFT, bottom + 16, tile.words, 'say', anchor='start')}</g>"
    return f'<a href="{escape(tile.href)}" aria-label="{escape(whole)}" data-code="{escape(code)}"><title>{escape(whole)}</title>{body}</a>'


def _hatching(draw: _Pen, x: float, y: float, size: float) -> str:
    """Diagonals drawn one by one: patterns need ids, and not every renderer fills with them."""
    lines = []
    for offset in range(8, int(2 * size), 8):
        start, end = max(0.0, offset - size), min(size, float(offset))
        lines.append(draw.line(x + start, y + offset - start, x + end, y + offset - end, "hatch"))
    return "".join(lines)


def _frame(draw: _Pen, x: int, y: int, width: int, height: int, label: tuple[str, ...]) -> str:
    islands = ((10, 12), (20, 8), (31, 13), (width - 28, 9), (width - 16, 14))
    lines = "".join(draw.text(x + width / 2, y + 34 + 16 * line, words, "frame") for line, words in enumerate(label))
    dots = "".join(draw.dot(x + dx, y + dy) for dx, dy in islands)
    return f"<g><title>{escape(' '.join(label))}</title>{draw.rect(x, y, width, height, 'frame-box')}{dots}{lines}</g>"


def _legend(draw: _Pen, edges: list[float], y: float, english: bool, few: bool) -> str:
    """What the shades mean; that of few answers only where a tile has it: a figure of dossiers knows none."""
    width = 34
    parts = []
    for step in range(STEPS if edges else 0):
        parts.append(draw.rect(LEFT + step * width, y, width - 2, 12, f"t{step + 1}"))
    for step, edge in enumerate(edges):
        words = f"{edge * 100:.0f}" + ((" %" if not english else "%") if step == STEPS else "")
        parts.append(draw.text(LEFT + step * width, y + 26, words, "tick", anchor="start" if step == 0 else "middle"))
    x = LEFT + STEPS * width + 24
    if few:
        parts.append(draw.rect(x, y - 4, 14, 12, "few"))
        parts.append(draw.text(x + 19, y + 6, "few answers" if english else "ít trả lời", "tick", anchor="start"))
    parts.append(draw.rect(x, y + 14, 14, 12, "none") + _hatching_small(draw, x, y + 14))
    parts.append(draw.text(x + 19, y + 24, "no figure" if english else "chưa có con số", "tick", anchor="start"))
    return "".join(parts)


def _hatching_small(draw: _Pen, x: float, y: float) -> str:
    return "".join(draw.line(x + at, y + 12, x + at + 6, y, "hatch") for at in (0, 4, 8))
