"""How every number is made: generated from the indicators, the rule set and the glossary themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from core.calendar import Month
from core.settings import ROOT
from core.web import pick
from scorecard.definitions import DATA_USE, FOLLOWED, PETITION, RECEPTION, SERVICE, SYSTEM
from scorecard.indicators import CATALOGUE, INDICATORS, LAKE, SURVEY, Indicator
from scorecard.pages.text import _
from scorecard.quality_marks import MARKS
from scorecard.rulesets import RuleSet, for_month

GLOSSARY = ROOT / "docs" / "glossary.md"


@dataclass(frozen=True)
class Definition:
    """One indicator as the page says it."""

    code: str
    name: str
    formula: str
    facts: list[tuple[str, str]]


def definitions() -> list[tuple[str, list[Definition]]]:
    """All indicators under the kind of their source."""
    titles = {
        SURVEY: _("Từ câu trả lời của người dân, doanh nghiệp"),
        LAKE: _("Từ hồ sơ hệ thống ghi lại"),
        CATALOGUE: _("Từ danh mục thủ tục"),
        SERVICE: _("Từ danh mục dịch vụ và việc sử dụng"),
        DATA_USE: _("Từ hồ sơ tiếp nhận trong tháng: dữ liệu số, thanh toán"),
        RECEPTION: _("Từ nơi tiếp nhận"),
        SYSTEM: _("Từ hệ thống của nhà cung cấp"),
        PETITION: _("Từ phản ánh, kiến nghị"),
        FOLLOWED: _("Từ hồ sơ được theo dõi tiếp sau khi kết thúc"),
    }
    return [(title, [_definition(item) for item in INDICATORS.values() if item.kind == kind]) for kind, title in titles.items()]


def _definition(indicator: Indicator) -> Definition:
    better = {True: _("cao hơn là tốt hơn"), False: _("thấp hơn là tốt hơn"), None: _("tự nó không tốt, không xấu")}
    return Definition(
        indicator.code,
        pick(indicator.name_vi, indicator.name_en),
        pick(indicator.formula_vi, indicator.formula_en),
        [
            (_("Tính trên"), pick(indicator.cohort_vi, indicator.cohort_en)),
            (_("Đơn vị đếm"), pick(indicator.unit_of_analysis_vi, indicator.unit_of_analysis_en)),
            (_("Khi mẫu số bằng 0"), pick(indicator.empty_vi, indicator.empty_en)),
            (_("Đọc thế nào"), better[indicator.higher_is_better]),
            (_("Nguồn"), pick(indicator.source, indicator.source_en)),
        ],
    )


def quality_marks() -> list[tuple[str, str]]:
    """The six marks of data quality: name and what is counted of what."""
    return [(pick(mark.vi, mark.en), pick(mark.measure_vi, mark.measure_en)) for mark in MARKS]


def rules(on: date) -> RuleSet:
    """The rule set in force on a day's month."""
    return for_month(Month(on.year, on.month))[0]


@dataclass(frozen=True)
class Term:
    """One line of the glossary."""

    code: str
    vietnamese: str
    meaning: str


@cache
def glossary() -> tuple[Term, ...]:
    """The terms of docs/glossary.md, in its order."""
    found = []
    for line in GLOSSARY.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 3 and not set(cells[0]) <= {"-", ":"}:
            found.append(Term(*cells))
    return tuple(found[1:])
