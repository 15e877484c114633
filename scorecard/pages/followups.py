"""What a centre did about its findings and whether the figures moved; the draft of a proposal; its stated conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core import numbers
from core.web import language, pick
from scorecard.figures import HELD_BY_STATE, REPEAT, VALUE, Figure
from scorecard.followups import MEASURED_BY
from scorecard.indicators import INDICATORS
from scorecard.pages import places, todo, words
from scorecard.pages.text import _
from scorecard.statistics import rate, wilson

if TYPE_CHECKING:
    from procedures.queries import ProcedureView, UnitView
    from scorecard.followup_models import LocalAction, LocalCondition
    from scorecard.followups import Course
    from scorecard.queries import Gap


@dataclass(frozen=True)
class Action:
    """One stated action with the course of its figure. ``course``: month, counts, rate with interval; newest last."""

    number: int
    finding: str
    procedure: str
    procedure_code: str
    unit: str
    day: str
    text: str
    course: list[tuple[str, str, str]]
    moved: str
    measured_by: str


@dataclass(frozen=True)
class Finding:
    """A finding that an action can be stated about. ``key`` goes into the form."""

    key: str
    text: str


def finding_words(kind: str) -> str:
    """What a kind of finding is about."""
    if kind == HELD_BY_STATE:
        return _("Yêu cầu giấy tờ Nhà nước đã có")
    return _("Yêu cầu bổ sung từ hai lần") if kind == REPEAT else _("Có dịch vụ trực tuyến mà ít ai nộp")


def findings(gaps: Sequence[Gap], procedures: Mapping[str, ProcedureView], most: int = 40) -> list[Finding]:
    """What the unit can mend itself, most people first, each kind and procedure once."""
    found: dict[str, Finding] = {}
    for gap in gaps:
        if gap.within_power:
            key = f"{gap.kind}|{gap.procedure_code}"
            name = procedures[gap.procedure_code].name if gap.procedure_code in procedures else gap.procedure_code
            found.setdefault(key, Finding(key, f"{finding_words(gap.kind)}: {todo.shortened(name, 90)}"))
    return list(found.values())[:most]


def action(entry: LocalAction, course: Sequence[Course], units: Mapping[str, UnitView], procedures: Mapping[str, ProcedureView]) -> Action:
    """One action as the page shows it."""
    view = procedures.get(entry.procedure_code)
    figures = [_figure(entry, point) for point in course]
    return Action(
        number=entry.id,
        finding=finding_words(entry.kind),
        procedure=view.name if view is not None else entry.procedure_code,
        procedure_code=entry.procedure_code,
        unit=places.short(units, entry.unit_code),
        day=numbers.day(entry.done_on, language()),
        text=entry.action,
        course=[
            (numbers.month(point.month, language()), _counts(point), _share(point, figure))
            for point, figure in zip(course, figures, strict=True)
        ],
        moved=_moved(course, figures),
        measured_by=pick(INDICATORS[MEASURED_BY[entry.kind]].name_vi, INDICATORS[MEASURED_BY[entry.kind]].name_en),
    )


def _share(point: Course, figure: Figure | None) -> str:
    if figure is None:
        return ""
    share = words.rate_with_span(figure)
    return share if point.upper == point.numerator else _("nhiều nhất %(share)s", share=share)


def _counts(point: Course) -> str:
    if point.numerator is None or point.denominator is None:
        return _("dưới 3 hồ sơ")
    if not point.denominator:
        return _("không phát sinh hồ sơ")
    if point.upper != point.numerator:
        bounds = words.count(point.numerator), words.count(point.upper)
        return _("từ %(k)s đến %(most)s trong %(n)s hồ sơ", k=bounds[0], most=bounds[1], n=words.count(point.denominator))
    return _("%(k)s trong %(n)s hồ sơ", k=words.count(point.numerator), n=words.count(point.denominator))


def _figure(entry: LocalAction, point: Course) -> Figure | None:
    """The share of a month; of bounds the upper one, which falls whenever fewer are asked, be it looked up or not."""
    if not point.denominator or point.upper is None:
        return None
    low, high = wilson(point.upper, point.denominator)
    return Figure(
        subject_kind="unit",
        subject_code=entry.unit_code,
        indicator=MEASURED_BY[entry.kind],
        variant="raw" if point.upper == point.numerator else "upper",
        numerator=point.upper,
        denominator=point.denominator,
        value=rate(point.upper, point.denominator),
        low=low,
        high=high,
        n=point.denominator,
        status=VALUE,
        provisional=False,
        grey=point.denominator < 30,
    )


def _moved(course: Sequence[Course], figures: Sequence[Figure | None]) -> str:
    """One sentence on the newest month against the month of the finding."""
    if len(course) < 2:
        return _("Chưa có tháng nào sau tháng nêu phát hiện.")
    return words.change_words(figures[-1], figures[0], course[0].month) or _("Chưa so sánh được: tháng gần nhất không có số liệu.")


def conditions(entry: LocalCondition | None) -> list[tuple[str, str]]:
    """What a unit stated about itself, as label and words; empty where it stated nothing."""
    if entry is None:
        return []
    network = {"none": _("không có"), "weak": _("yếu"), "stable": _("ổn định")}
    lookups = {"none": _("chưa dùng"), "some": _("dùng ở một số thủ tục"), "all": _("dùng ở mọi thủ tục cần đến")}
    said: list[tuple[str, str]] = [(_("Ngày khai"), numbers.day(entry.as_of, language()))]
    for label, number in (
        (_("Người tiếp nhận hồ sơ"), entry.staff),
        (_("Máy tính"), entry.computers),
        (_("Máy quét"), entry.scanners),
    ):
        said.append((label, _("không khai") if number is None else words.count(number)))
    said.append((_("Đường truyền"), network.get(entry.network or "", _("không khai"))))
    said.append((_("Khai thác cơ sở dữ liệu dân cư tại bộ phận một cửa"), lookups.get(entry.population_lookup or "", _("không khai"))))
    if entry.note:
        said.append((_("Ghi chú"), entry.note))
    return said


@dataclass(frozen=True)
class Proposal:
    """Something beyond the unit's power of which a proposal can be drafted. ``place``: its number in the edition's list of gaps."""

    place: int
    text: str
    agency: str
    people: str


def proposals(gaps: Sequence[Gap], procedures: Mapping[str, ProcedureView], most: int = 20) -> list[Proposal]:
    """What others must mend, most people first."""
    found = []
    for place, gap in enumerate(gaps):
        if not gap.within_power:
            name = procedures[gap.procedure_code].name if gap.procedure_code in procedures else gap.procedure_code
            agency = gap.agency_en if language() == "en" else gap.agency_vi
            people = _("%(n)s người", n=words.count(gap.people))
            found.append(Proposal(place, f"{finding_words(gap.kind)}: {todo.shortened(name, 90)}", agency, people))
    return found[:most]
