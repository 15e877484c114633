"""What the pages about rule sets say, made from the rule sets' data alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from core import numbers
from core.web import language, pick
from scorecard.edition_tables import tables
from scorecard.indicators import INDICATORS
from scorecard.pages.text import _
from scorecard.rulesets import PhantomRules, RuleSet
from scorecard.scoring.library import Entry
from scorecard.scoring.points import Score, half_up, score
from scorecard.scoring.schema import FULL, LEFT_OUT, AnySet, CountRules, Group, Indicator, Measure, MeasureList, Words


def say(text: Words | None) -> str:
    """A rule file's sentence in the reader's language."""
    return "" if text is None else pick(text.vi, text.en)


def number(value: Decimal | Fraction | int, most: int = 2) -> str:
    """A number as people read it, with no more decimals than it has, and at most so many."""
    rounded = half_up(Fraction(value), most).normalize()
    decimals = max(0, -int(rounded.as_tuple().exponent))
    return numbers.number(float(rounded), language(), decimals)


def points(value: Fraction | Decimal | None, decimals: int) -> str:
    """Points with all their decimals, or that there are none."""
    return _("thiếu số liệu") if value is None else numbers.number(float(half_up(Fraction(value), decimals)), language(), decimals)


def share(value: Fraction) -> str:
    """A share in per cent, two decimals."""
    sign = "\u202f%" if language() == "vi" else "%"
    return f"{number(value * 100)}{sign}"


@dataclass(frozen=True)
class Listed:
    """A rule set on the list of all."""

    id: str
    title: str
    kind: str
    validity: str
    source: str
    purpose: str


@dataclass(frozen=True)
class Item:
    """An indicator or a measure: what earns points and how, facts, and what is not certain."""

    id: str
    name: str
    points: str
    formula: str
    example: str
    uncertain: str
    facts: list[tuple[str, str]]


@dataclass(frozen=True)
class Section:
    """A group of items; ``points`` is its maximum, empty where the rules give none."""

    id: str
    name: str
    points: str
    note: str
    uncertain: str
    items: list[Item]


@dataclass(frozen=True)
class WorkedTotal:
    """The example's groups and total, and its band."""

    groups: list[tuple[str, str, str]]
    total: str
    band: str


@dataclass(frozen=True)
class RulesPage:
    """One rule set in words."""

    listed: Listed
    facts: list[tuple[str, str]]
    caveats: list[str]
    requirements: list[str]
    sections: list[Section]
    changes: list[tuple[str, str, str, str]]
    bands: list[tuple[str, str]]
    bands_note: str
    worked: WorkedTotal | None


def listed(entry: Entry) -> Listed:
    """A rule set as the list shows it."""
    rules = entry.rules
    if isinstance(rules, RuleSet):
        return Listed(
            rules.id,
            pick(rules.title_vi, rules.title_en),
            _("Quy tắc tính phiếu kết quả tháng"),
            _validity(rules.valid_from, rules.valid_to),
            pick(rules.source, rules.source_en or rules.source),
            _("Mỗi tháng được tính theo bộ này; kỳ đã chốt giữ một bản sao và luôn được tính lại theo bản sao đó."),
        )
    kind = _("Cho điểm từ số đếm") if isinstance(rules, CountRules) else _("Danh mục nội dung đo, không cho điểm")
    return Listed(rules.id, say(rules.title), kind, _validity(rules.valid_from, rules.valid_to), say(rules.source), say(rules.purpose))


def page(entry: Entry, owner: str = "") -> RulesPage:
    """Everything about a rule set. ``owner``: name of the unit whose own set it is."""
    rules = entry.rules
    if isinstance(rules, RuleSet):
        return _monthly_page(entry, rules)
    if isinstance(rules, MeasureList):
        return _plain_page(entry, rules, [Section("", "", "", "", "", [_measure(item) for item in rules.measures])])
    made = _plain_page(entry, rules, [_section(rules, group) for group in rules.groups])
    own = [(_("Của đơn vị"), owner or rules.owner)] if rules.owner else []
    return RulesPage(
        listed=made.listed,
        facts=[
            *own,
            (_("Điểm tối đa"), number(rules.points)),
            (_("Khi thiếu số liệu"), say(rules.missing_why)),
            (_("Làm tròn"), say(rules.rounding.why)),
            *((say(factor.name), say(factor.note)) for factor in rules.factors),
        ],
        caveats=made.caveats,
        requirements=[],
        sections=made.sections,
        changes=[(change.place, change.was or _("chưa có"), change.now or _("bỏ"), say(change.source)) for change in rules.changes],
        bands=_bands(rules),
        bands_note=say(rules.bands_note),
        worked=_worked(rules),
    )


def formula(rules: CountRules, item: Indicator) -> str:
    """How an indicator's points come about, as one sentence."""
    if item.formula == "shown":
        return _("Chỉ hiển thị, không cho điểm.")
    if item.formula == "mean":
        return _("Điểm = tử số / mẫu số: trung bình điểm của từng lần chấm, cao nhất %(points)s.", points=number(item.points))
    factor = next((say(factor.name).lower() for factor in rules.factors if factor.id == item.factor), "")
    ratio = _("tử số / mẫu số × %(factor)s", factor=factor) if factor else _("tử số / mẫu số")
    target = Fraction(item.target or 1)
    if target == 1:
        return _("Điểm = %(points)s × (%(ratio)s), cao nhất %(points)s.", points=number(item.points), ratio=ratio)
    return _(
        "Điểm = %(points)s × (%(ratio)s) / %(target)s; từ %(target)s trở lên được đủ %(points)s.",
        points=number(item.points),
        ratio=ratio,
        target=share(target),
    )


def empty_words(item: Indicator) -> str:
    """What 0/0 gives, and why we say so."""
    if item.empty is None:
        return ""
    gives = {
        FULL: _("được đủ %(points)s điểm dù không phát sinh", points=number(item.points)),
        LEFT_OUT: _("chỉ tiêu được bỏ ra khỏi tổng"),
    }.get(item.empty.gives, _("0 điểm"))
    return f"{gives}. {say(item.empty.why)}"


def _validity(since: date, until: date | None) -> str:
    start = numbers.day(since, language())
    if until is None:
        return _("từ %(start)s", start=start)
    return _("từ %(start)s đến trước %(end)s", start=start, end=numbers.day(until, language()))


def _plain_page(entry: Entry, rules: AnySet, sections: list[Section]) -> RulesPage:
    requirements = [say(item) for item in rules.requirements] if isinstance(rules, MeasureList) else []
    return RulesPage(listed(entry), [], [say(item) for item in rules.caveats], requirements, sections, [], [], "", None)


def _monthly_page(entry: Entry, rules: RuleSet) -> RulesPage:
    facts = [
        (_("Khoảng tin cậy"), _("95 %%, Wilson, z = %(z)s", z=numbers.number(rules.z, language(), 2))),
        (_("Ô nhỏ không công bố"), _("dưới %(n)s câu trả lời", n=rules.disclosure.suppress_below)),
        (_("Ô in nét rỗng, không so sánh"), _("dưới %(n)s câu trả lời", n=rules.disclosure.grey_below)),
        (_("Số bị ẩn còn chưa chắc ít nhất"), _("%(n)s câu trả lời, tính từ mọi số được công bố", n=rules.disclosure.least_range)),
        (_("Chốt tháng sớm nhất"), _("ngày %(day)s tháng sau", day=rules.close_from_day)),
        (
            _("Dịch vụ trực tuyến ít người dùng"),
            _(
                "từ %(n)s hồ sơ, ít nhất %(share)s nộp bằng cách khác",
                n=rules.gaps.minimum_dossiers,
                share=numbers.percent(rules.gaps.counter_share, language(), 0),
            ),
        ),
        *([(_("Dịch vụ chỉ có trên danh mục"), _phantom(rules.phantom))] if rules.phantom is not None else []),
    ]
    items = [_monthly_item(code) for code in rules.empty]
    return RulesPage(listed(entry), facts, [], [], [Section("", _("Các chỉ tiêu"), "", "", "", items)], [], [], "", None)


def _phantom(rules: PhantomRules) -> str:
    return _(
        "đã khai báo trực tuyến mà từ %(months)s tháng liền trở lên (xét nhiều nhất %(longest)s tháng) tháng nào cũng có hồ sơ, "
        "không hồ sơ nào trực tuyến, tổng cộng từ %(n)s hồ sơ bằng kênh khác",
        months=rules.minimum_months,
        longest=rules.longest_months,
        n=rules.minimum_dossiers,
    )


def _monthly_item(code: str) -> Item:
    indicator = INDICATORS[code]
    facts = [
        (_("Khi mẫu số bằng 0"), pick(indicator.empty_vi, indicator.empty_en)),
        (_("Nguồn"), pick(indicator.source, indicator.source_en)),
    ]
    name, how = pick(indicator.name_vi, indicator.name_en), pick(indicator.formula_vi, indicator.formula_en)
    return Item("", name, "", how, "", "", facts)


def _measure(item: Measure) -> Item:
    names = [pick(INDICATORS[code].name_vi, INDICATORS[code].name_en) for code in item.measured_by]
    names += [pick(tables()[name].title_vi, tables()[name].title_en) for name in item.told_in]
    measured = _("Hệ thống này đo bằng: %(names)s.", names="; ".join(names)) if names else _("Hệ thống này chưa đo.")
    return Item(item.id, say(item.name), "", measured, "", "", [(_("Ghi chú"), say(item.note))])


def _section(rules: CountRules, group: Group) -> Section:
    items = [_item(rules, item) for item in group.indicators]
    return Section(group.id, say(group.name), number(group.points), say(group.note), say(group.uncertain), items)


def _item(rules: CountRules, item: Indicator) -> Item:
    own = say(item.own.note) if item.own else ""
    facts = [
        (_("Tử số"), say(item.numerator)),
        (_("Mẫu số"), say(item.denominator)),
        (_("Thang điểm"), "; ".join(map(say, item.levels))),
        (_("Khi mẫu số bằng 0"), empty_words(item)),
        (_("Ghi chú"), say(item.note)),
        (_("Hệ thống này tự đếm"), own),
        (_("Hệ thống này không đếm được"), say(item.unrecorded)),
        (_("Tên trên Cổng"), item.code),
    ]
    return Item(
        item.id,
        say(item.name),
        number(item.points) if item.points else "",
        formula(rules, item),
        _example(rules, item),
        say(item.uncertain),
        [(label, text) for label, text in facts if text],
    )


def _example_score(rules: CountRules) -> Score:
    counts = {item.id: (item.example.numerator, item.example.denominator) for item in rules.indicators if item.example}
    return score(rules, counts)


def _example(rules: CountRules, item: Indicator) -> str:
    """The example's numbers and what they come to."""
    if item.example is None:
        return ""
    scored = next(found for found in _example_score(rules).indicators if found.indicator.id == item.id)
    ratio = scored.ratio or Fraction(0)
    return _(
        "%(numerator)s/%(denominator)s = %(ratio)s → %(points)s điểm",
        numerator=number(item.example.numerator),
        denominator=number(item.example.denominator),
        ratio=number(ratio) if item.formula == "mean" else share(ratio),
        points=number(scored.points or Fraction(0), rules.rounding.indicators if rules.rounding.indicators is not None else 4),
    )


def _bands(rules: CountRules) -> list[tuple[str, str]]:
    found = []
    above: Decimal | None = None
    for band in rules.bands:
        least = number(band.least)
        edge = (
            _("từ %(least)s trở lên", least=least)
            if above is None
            else _("từ %(least)s đến dưới %(above)s", least=least, above=number(above))
        )
        found.append((edge, say(band.name)))
        above = band.least
    return found


def _worked(rules: CountRules) -> WorkedTotal:
    scored = _example_score(rules)
    rounding = rules.rounding
    groups = [(say(group.group.name), points(group.points, rounding.groups), number(group.group.points)) for group in scored.groups]
    band = say(scored.band.name) if scored.band is not None else ""
    return WorkedTotal(groups, f"{points(scored.total, rounding.total)}/{number(rules.points)}", band)
