"""The page about satisfaction: the rate with its doubts, its parts, what goes along with it, who can be compared and who cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core import numbers
from core.web import language, pick
from scorecard.figures import CLEANED, COUNTRY, NATION, RAW, WEIGHTED
from scorecard.pages import estimates, places, words
from scorecard.pages.text import _
from scorecard.short_form_indicators import SHORT_FORM

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy.orm import Session

    from procedures.queries import UnitView
    from scorecard.models import Edition
    from scorecard.queries import Figure


@dataclass(frozen=True)
class Part:
    """One row of a division of the nation: its name, weighted rate with interval, plain rate, answers."""

    name: str
    rate: str
    plain: str
    answers: str


@dataclass(frozen=True)
class Step:
    """One rating: its words, how many gave it, its plain and its weighted share."""

    name: str
    count: str
    plain: str
    weighted: str


@dataclass(frozen=True)
class Driver:
    """What goes along with satisfaction: people who say so, by how many points their rate differs, of how many."""

    words: str
    points: str
    answers: str


@dataclass(frozen=True)
class Standing:
    """A unit among its like: its group, its shrunken rate, its rank as an interval if ranks are told."""

    code: str
    name: str
    group: str
    rate: str
    rank: str
    named: str


@dataclass(frozen=True)
class Silent:
    """Units that are not compared for one reason."""

    reason: str
    units: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Satisfaction:
    """Everything of the page."""

    estimate: estimates.Estimate | None
    response: str
    short_form: tuple[tuple[str, str, str], ...]
    steps: tuple[Step, ...]
    divisions: tuple[tuple[str, tuple[Part, ...]], ...]
    facts: tuple[Driver, ...]
    opinions: tuple[Driver, ...]
    provinces: tuple[Standing, ...]
    provinces_silent: tuple[Silent, ...]
    communes: tuple[tuple[str, str], ...]
    communes_named: tuple[Standing, ...]
    communes_silent: tuple[tuple[str, str], ...]
    months: str


def build(session: Session, edition: Edition, units: Mapping[str, UnitView]) -> Satisfaction:
    """The page of an edition. ``units``: as they are on the month's last day."""
    from scorecard import queries

    drivers = estimates.records(estimates.table(edition, "drivers"))
    frame = estimates.table(edition, "comparison")
    rows = frame[frame["unit_code"].isin(list(units))]
    provinces, communes = rows[rows["kind"] == "province"], rows[rows["kind"] == "commune"]
    asked = queries.figure_map(session, edition, NATION, [COUNTRY], ["response_rate"]).get((COUNTRY, "response_rate", RAW))
    return Satisfaction(
        estimate=estimates.build(session, edition, COUNTRY),
        response=words.rate(asked) if asked is not None else "",
        short_form=tuple(_short_form(session, edition)),
        steps=tuple(_steps(session, edition)),
        divisions=tuple(_divisions(session, edition)),
        facts=tuple(driver(row) for row in drivers if row["fact"]),
        opinions=tuple(driver(row) for row in drivers if not row["fact"]),
        provinces=tuple(_standings(provinces[provinces["reason"] == ""], units)),
        provinces_silent=tuple(_silent(provinces, units)),
        communes=tuple(_group_sizes(communes)),
        communes_named=tuple(_standings(communes[(communes["outside"] != "") | (communes["change_named"] != "")], units)),
        communes_silent=tuple((item.reason, words.count(len(item.units))) for item in _silent(communes, units)),
        months=words.count(int(communes["window"].max())) if len(communes) else "1",
    )


def _short_form(session: Session, edition: Edition) -> list[tuple[str, str, str]]:
    """What the nation's short forms say: name, rate or why there is none, answers (empty without a rate); nothing where there were none."""
    from scorecard import queries

    found = queries.figures(session, edition, NATION, [COUNTRY], [item.code for item in SHORT_FORM])
    named = {item.code: pick(item.name_vi, item.name_en) for item in SHORT_FORM}
    return [
        (named[figure.indicator], words.rate_with_span(figure), words.answers(figure) if figure.value is not None else "")
        for figure in found
        if figure.status != "not_applicable"
    ]


def _steps(session: Session, edition: Edition) -> list[Step]:
    from scorecard import queries

    found = {
        (item.category, item.variant): item
        for item in queries.figures(session, edition, NATION, [COUNTRY], ["rating_share"], breakdown="rating")
    }
    steps = []
    for step, name in step_names().items():
        raw, weighted = found.get((step, RAW)), found.get((step, WEIGHTED))
        if raw is not None:
            counted = words.count(raw.numerator) if words.has_value(raw) else words.status_words(raw)
            steps.append(Step(f"{step} · {name}", counted, words.rate(raw), words.rate(weighted)))
    return steps


def step_names() -> dict[str, str]:
    """The five ratings in words, 5 first."""
    return {
        "5": _("Rất hài lòng"),
        "4": _("Hài lòng"),
        "3": _("Bình thường"),
        "2": _("Không hài lòng"),
        "1": _("Rất không hài lòng"),
    }


def _divisions(session: Session, edition: Edition) -> list[tuple[str, tuple[Part, ...]]]:
    from scorecard import queries

    titles = {
        "channel": _("Theo kênh nộp hồ sơ"),
        "end_point": _("Theo cách hồ sơ kết thúc"),
        "applicant": _("Người dân và doanh nghiệp"),
        "mode": _("Theo cách trả lời (mỗi cách một chuỗi riêng, không cộng vào nhau)"),
    }
    divisions = []
    for breakdown, title in titles.items():
        found = queries.figures(session, edition, NATION, [COUNTRY], ["satisfaction"], breakdown=breakdown)
        by_category: dict[str, dict[str, Figure]] = {}
        for item in found:
            by_category.setdefault(item.category, {})[item.variant] = item
        parts = tuple(part(category, variants) for category, variants in sorted(by_category.items()))
        if len(parts) > 1 or (parts and breakdown != "mode"):
            divisions.append((title, parts))
    return divisions


def part(category: str, variants: Mapping[str, Figure]) -> Part:
    """One category by variant, as a row. Modes are series of their own, of which nothing is removed."""
    counted, weighted = variants.get(CLEANED, variants.get(RAW)), variants.get(WEIGHTED)
    shown = weighted if weighted is not None and words.has_value(weighted) else None
    return Part(category_name(category), words.rate_with_span(shown) if shown else "", estimates.plain(counted), words.answers(counted))


def category_name(category: str) -> str:
    """A category of a breakdown in words; one that is not known stands as it is."""
    return {
        "1": _("Trực tiếp"),
        "2": _("Trực tuyến"),
        "3": _("Bưu chính"),
        "4": _("Máy tự phục vụ"),
        "returned": _("Đã trả kết quả"),
        "refused": _("Không được tiếp nhận"),
        "withdrawn": _("Người nộp rút hồ sơ"),
        "stopped": _("Dừng giải quyết"),
        "citizen": _("Người dân"),
        "enterprise": _("Doanh nghiệp"),
        "link": _("Liên kết gửi riêng"),
        "open": _("Liên kết mở (lượt tham gia)"),
        "kiosk": _("Máy tại quầy (lượt tham gia)"),
        "paper": _("Phiếu giấy (lượt tham gia)"),
        "phone": _("Phỏng vấn qua điện thoại"),
        "followup": _("Hỏi lại người chưa trả lời"),
    }.get(category, category)


def driver(row: Mapping[str, Any]) -> Driver:
    """A row of the edition's table ``drivers`` in words."""
    return Driver(
        pick(str(row["words_vi"]), str(row["words_en"])),
        _("%(points)s (%(low)s đến %(high)s)", points=points(row["points"]), low=points(row["low"]), high=points(row["high"])),
        _("%(n)s trong %(of)s", n=words.count(int(row["n"])), of=words.count(int(row["of"]))),
    )


def points(share: float) -> str:
    """-0.134 → ``−13``: a difference in percentage points."""
    whole = round(share * 100)
    return f"{'−' if whole < 0 else '+' if whole > 0 else ''}{abs(whole)}"


def _standings(frame: pd.DataFrame, units: Mapping[str, UnitView]) -> list[Standing]:
    """By group, within a group by name: the order inside says nothing."""
    found = []
    for row in estimates.records(frame):
        named = [word for word in (_outside(str(row["outside"])), _moved(str(row["change_named"]))) if word]
        found.append(
            (
                int(row["group"]),
                places.plain(units[row["unit_code"]].short_name),
                Standing(
                    row["unit_code"],
                    places.name(units[row["unit_code"]]),
                    words.count(int(row["group"])),
                    f"{words.share(row['value'])} ({numbers.interval(row['low'], row['high'], language())})",
                    _rank(row),
                    "; ".join(named),
                ),
            )
        )
    return [standing for _group, _name, standing in sorted(found, key=lambda item: item[:2])]


def _rank(row: Mapping[str, Any]) -> str:
    import pandas as pd

    if pd.isna(row["rank_low"]):
        return ""
    return _("%(low)s–%(high)s trong %(units)s", low=int(row["rank_low"]), high=int(row["rank_high"]), units=int(row["ranked"]))


def _outside(where: str) -> str:
    return {"above": _("cao hơn rõ các đơn vị cùng loại"), "below": _("thấp hơn rõ các đơn vị cùng loại")}.get(where, "")


def _moved(where: str) -> str:
    return {"up": _("cao hơn rõ so với tháng trước"), "down": _("thấp hơn rõ so với tháng trước")}.get(where, "")


def _silent(frame: pd.DataFrame, units: Mapping[str, UnitView]) -> list[Silent]:
    reasons = {
        "no_figure": _("Chưa gửi số liệu, hoặc số phiếu quá ít nên không công bố"),
        "too_few": _("Dưới 30 phiếu trả lời"),
        "low_response": _("Dưới 5 phần trăm số người được mời trả lời"),
        "too_wide": _("Khoảng tin cậy rộng hơn ±10 điểm"),
    }
    found = []
    for reason, text in reasons.items():
        codes = frame.loc[frame["reason"] == reason, "unit_code"]
        named = sorted(((code, places.name(units[code])) for code in codes), key=lambda item: places.plain(item[1]))
        if named:
            found.append(Silent(text, tuple(named)))
    return found


def _group_sizes(frame: pd.DataFrame) -> Sequence[tuple[str, str]]:
    """How many communes each group of each type has."""
    kinds = {"commune xã": _("Xã và đặc khu"), "commune phường": _("Phường")}
    compared = frame[frame["reason"] == ""]
    sizes = compared.groupby(["peer_group", "group"]).size()
    return [
        (
            _("%(kind)s, nhóm %(group)s", kind=kinds.get(str(peer), str(peer)), group=int(group)),
            _("%(n)s đơn vị", n=words.count(int(size))),
        )
        for (peer, group), size in ((key if isinstance(key, tuple) else (key, 0), size) for key, size in sizes.items())
    ]
