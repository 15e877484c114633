"""The report's charts and diagram, drawn from its material."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core import numbers
from core.text import _
from core.web import language, pick
from exports.cells import NATION, bounds_cell, capital, count, known, percent, points, rate_cell, share, span, status_word
from exports.charts import WIDE, Dot, Figure, dot_plot, finish
from exports.report import Material, Place

if TYPE_CHECKING:
    from scorecard import queries as scorecard


def satisfaction(material: Material) -> Figure:
    """Satisfaction by province with intervals, in groups; inside a group by value."""

    def dot(place: Place) -> Dot:
        figure = material.rate(place.code)
        if figure is None or not known(figure) or figure.low is None or figure.high is None:
            return Dot(place.short, None, None, None, status_word(figure))
        return Dot(
            place.short, figure.value, figure.low, figure.high, f"{rate_cell(figure)} ({span(figure.low, figure.high)})", figure.grey
        )

    heads = (
        ("high", _("Nhóm cao: khoảng nằm trên mức cả nước")),
        ("middle", _("Nhóm giữa: chưa phân biệt được với mức cả nước")),
        ("low", _("Nhóm thấp: khoảng nằm dưới mức cả nước")),
        (None, _("Chưa xếp nhóm")),
    )
    groups = [(head, _sorted([dot(place) for place in material.places if place.group == group])) for group, head in heads]
    title = _("Tỷ lệ hài lòng của 34 tỉnh, thành phố theo nhóm, kèm khoảng 95 %")
    return _plot(material, groups, material.rate(NATION), title)


def trend(material: Material) -> Figure:
    """The nation's rate month by month."""
    return course(material.trend, material.simulated, _("Tỷ lệ hài lòng cả nước theo tháng, kèm khoảng 95 %"))


def course(months: "Sequence[tuple[str, scorecard.Figure | None]]", simulated: bool, title: str) -> Figure:
    """A rate month by month, oldest first; at least one of the months has a value."""
    dots = []
    for month, figure in months:
        name = numbers.month(month, language())
        if figure is None or not known(figure) or figure.low is None or figure.high is None:
            dots.append(Dot(name, None, None, None, status_word(figure)))
        else:
            words = f"{rate_cell(figure)} ({span(figure.low, figure.high)})"
            dots.append(Dot(name, figure.value, figure.low, figure.high, words, figure.grey))
    shown = [dot.value for dot in dots if dot.value is not None]
    told = _("%(n)s tháng, từ %(low)s đến %(high)s.", n=len(shown), low=percent(min(shown)), high=percent(max(shown)))
    return dot_plot([("", dots)], None, "", simulated, title, told)


def drivers(material: Material) -> Figure:
    """By how many points the satisfied share differs with what people say; zero is the line."""
    groups = []
    for fact, head in ((True, _("Sự việc người trả lời nêu")), (False, _("Điều người trả lời cảm nhận"))):
        dots = [
            Dot(
                capital(pick(row["words_vi"], row["words_en"])),
                row["points"],
                row["low"],
                row["high"],
                f"{points(row['points'])} ({points(row['low'])}; {points(row['high'])})",
            )
            for row in material.table("drivers")
            if bool(row["fact"]) == fact
        ]
        groups.append((head, dots))
    title = _("Chênh lệch tỷ lệ hài lòng giữa người nêu và người không nêu từng điều, điểm phần trăm, kèm khoảng 95 %")
    told = _("%(n)s điều; vạch xám là không chênh lệch.", n=sum(len(dots) for _head, dots in groups))
    return dot_plot(groups, 0.0, _("không chênh lệch"), material.simulated, title, told, names=WIDE, unit="")


def asked_again(material: Material) -> Figure:
    """Bounds of the share of dossiers asked again, by province: a band without a dot."""
    dots = []
    for place in material.places:
        lower, upper = (material.figure(place.code, "asked_again_recorded", variant) for variant in ("lower", "upper"))
        if lower is None or upper is None or lower.value is None or upper.value is None:
            dots.append(Dot(place.short, None, None, None, status_word(lower)))
        else:
            met = lower.value if lower.value == upper.value else None  # a bar without length cannot be seen
            dots.append(Dot(place.short, met, lower.value, upper.value, bounds_cell(lower, upper)))
    dots.sort(key=lambda dot: (dot.high is None, -(dot.high or 0.0), dot.name))
    title = _("Tỷ lệ hồ sơ bị yêu cầu nộp lại giấy tờ Nhà nước đã có, từ mức chắc chắn đến mức nhiều nhất, theo địa phương")
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
    return _plot(material, [("", _sorted(dots))], material.figure(NATION, "on_time"), _("Tỷ lệ giải quyết đúng hạn theo địa phương"))


def online(material: Material) -> Figure:
    """The tile diagram of online filing."""
    from scorecard.tiles import Palette, Tile, tile_diagram

    tiles, seen = {}, []
    for place in material.places:
        figure = material.figure(place.code, "online_filing")
        value = figure.value if figure is not None and known(figure) else None
        words = percent(value) if value is not None else status_word(figure)
        tiles[place.code] = Tile(place.name, value, numbers.number(value * 100, language()) if value is not None else "", words)
        seen.append((place.short, value))
    title = _(
        "Sơ đồ tỷ lệ hồ sơ nộp trực tuyến của 34 tỉnh, thành phố, có Quần đảo Hoàng Sa (TP. Đà Nẵng) và Quần đảo Trường Sa (tỉnh Khánh Hòa)"
    )
    description = _ends(seen)
    svg = tile_diagram(
        tiles, language(), title=title, description=description, simulated=material.simulated, palette=Palette(font="Liberation Serif")
    )
    return Figure(finish(str(svg), title, description, simulated=False), title, description)  # it carries the mark itself


def abbreviations(material: Material) -> str:
    """What the letters in the diagram's squares mean, by name."""
    from scorecard.tiles import PLACES

    pairs = [f"{PLACES[place.code][2]}: {place.short}" for place in material.places if place.code in PLACES]
    return "; ".join(sorted(pairs)) + "."


def _plot(material: Material, groups: list[tuple[str, list[Dot]]], nation: "scorecard.Figure | None", title: str) -> Figure:
    value = nation.value if nation is not None and known(nation) else None
    label = _("Cả nước %(rate)s", rate=percent(value)) if value is not None else ""
    ends = _ends([(dot.name, dot.value) for _head, dots in groups for dot in dots])
    return dot_plot(groups, value, label, material.simulated, title, f"{label}. {ends}" if label else ends)


def _sorted(dots: list[Dot]) -> list[Dot]:
    return sorted(dots, key=lambda dot: (dot.value is None, -(dot.value or 0.0), dot.name))


def _ends(values: list[tuple[str, float | None]]) -> str:
    """Between which values the places lie, in words; the table beside the figure has each."""
    shown = [value for _name, value in values if value is not None]
    missing = len(values) - len(shown)
    if not shown:
        return _("Chưa có số liệu để vẽ.")
    text = _("%(n)s địa phương, từ %(low)s đến %(high)s", n=len(shown), low=percent(min(shown)), high=percent(max(shown)))
    if missing:
        return _("%(text)s; %(n)s địa phương không đủ số liệu.", text=text, n=missing)
    return f"{text}."
