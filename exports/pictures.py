"""The report's charts and diagram, drawn from its material."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from core import numbers
from exports.cells import NATION, count, known, percent, rate_cell, share, span, status_word
from exports.charts import Dot, Figure, dot_plot, finish
from exports.report import Material, Place

if TYPE_CHECKING:
    from scorecard import queries as scorecard

GROUPS = (
    ("high", "Nhóm cao: khoảng nằm trên mức cả nước"),
    ("middle", "Nhóm giữa: chưa phân biệt được với mức cả nước"),
    ("low", "Nhóm thấp: khoảng nằm dưới mức cả nước"),
    (None, "Chưa xếp nhóm"),
)
Value = Callable[[Place], "scorecard.Figure | None"]


def satisfaction(material: Material) -> Figure:
    """Satisfaction by province with intervals, in groups; inside a group by value."""

    def dot(place: Place) -> Dot:
        figure = material.figure(place.code, "satisfaction")
        if figure is None or not known(figure) or figure.low is None or figure.high is None:
            return Dot(place.short, None, None, None, status_word(figure))
        return Dot(
            place.short, figure.value, figure.low, figure.high, f"{rate_cell(figure)} ({span(figure.low, figure.high)})", figure.grey
        )

    groups = [(head, _sorted([dot(place) for place in material.places if place.group == group])) for group, head in GROUPS]
    return _plot(material, groups, "satisfaction", "Tỷ lệ hài lòng của 34 tỉnh, thành phố theo nhóm, kèm khoảng 95 %")


def asked_again(material: Material) -> Figure:
    """Bounds of the share of dossiers asked again, by province: a band without a dot."""
    dots = []
    for place in material.places:
        lower, upper = (material.figure(place.code, "asked_again_recorded", variant) for variant in ("lower", "upper"))
        if lower is None or upper is None or lower.value is None or upper.value is None:
            dots.append(Dot(place.short, None, None, None, status_word(lower)))
        else:
            dots.append(Dot(place.short, None, lower.value, upper.value, span(lower.value, upper.value)))
    dots.sort(key=lambda dot: (dot.high is None, -(dot.high or 0.0), dot.name))
    title = "Tỷ lệ hồ sơ bị yêu cầu nộp lại giấy tờ Nhà nước đã có, từ mức chắc chắn đến mức nhiều nhất, theo địa phương"
    return dot_plot([("", dots)], None, "", material.simulated, title, _ends([(dot.name, dot.high) for dot in dots]))


def on_time(material: Material) -> Figure:
    """Share handled on time by province."""
    dots = []
    for place in material.places:
        figure = material.figure(place.code, "on_time")
        if figure is None or not known(figure) or figure.value is None or figure.low is None or figure.high is None:
            dots.append(Dot(place.short, None, None, None, status_word(figure)))
        else:
            counts = f"{count(figure.numerator)}/{count(figure.denominator)}"
            words = f"{counts}; {share(figure.value)} ({span(figure.low, figure.high)})"
            dots.append(Dot(place.short, figure.value, figure.low, figure.high, words))
    return _plot(material, [("", _sorted(dots))], "on_time", "Tỷ lệ giải quyết đúng hạn theo địa phương")


def online(material: Material) -> Figure:
    """The tile diagram of online filing."""
    from scorecard.tiles import Palette, Tile, tile_diagram

    tiles, seen = {}, []
    for place in material.places:
        figure = material.figure(place.code, "online_filing")
        value = figure.value if figure is not None and known(figure) else None
        words = percent(value) if value is not None else status_word(figure)
        tiles[place.code] = Tile(place.name, value, numbers.number(value * 100, "vi") if value is not None else "", words)
        seen.append((place.short, value))
    title = (
        "Sơ đồ tỷ lệ hồ sơ nộp trực tuyến của 34 tỉnh, thành phố, có Quần đảo Hoàng Sa (TP. Đà Nẵng) và Quần đảo Trường Sa (tỉnh Khánh Hòa)"
    )
    description = _ends(seen)
    svg = tile_diagram(
        tiles, "vi", title=title, description=description, simulated=material.simulated, palette=Palette(font="Liberation Serif")
    )
    return Figure(finish(str(svg), title, description, simulated=False), title, description)  # it carries the mark itself


def abbreviations(material: Material) -> str:
    """What the letters in the diagram's squares mean, by name."""
    from scorecard.tiles import PLACES

    pairs = [f"{PLACES[place.code][2]}: {place.short}" for place in material.places if place.code in PLACES]
    return "; ".join(sorted(pairs)) + "."


def _plot(material: Material, groups: list[tuple[str, list[Dot]]], indicator: str, title: str) -> Figure:
    nation = material.figure(NATION, indicator)
    value = nation.value if nation is not None and known(nation) else None
    label = f"Cả nước {percent(value)}" if value is not None else ""
    ends = _ends([(dot.name, dot.value) for _, dots in groups for dot in dots])
    return dot_plot(groups, value, label, material.simulated, title, f"{label}. {ends}" if label else ends)


def _sorted(dots: list[Dot]) -> list[Dot]:
    return sorted(dots, key=lambda dot: (dot.value is None, -(dot.value or 0.0), dot.name))


def _ends(values: list[tuple[str, float | None]]) -> str:
    """Between which values the places lie, in words; the table beside the figure has each."""
    shown = [value for _, value in values if value is not None]
    missing = len(values) - len(shown)
    if not shown:
        return "Chưa có số liệu để vẽ."
    text = f"{len(shown)} địa phương, từ {percent(min(shown))} đến {percent(max(shown))}"
    return f"{text}; {missing} địa phương không đủ số liệu." if missing else f"{text}."
