"""The centre's scorecard beyond what is public: tasks, units to press, data quality, dossier lists, files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from core import numbers
from core.calendar import Month
from core.web import language, pick
from scorecard.figures import COUNTRY, RAW, VALUE
from scorecard.indicators import INDICATORS, SURVEY
from scorecard.pages import cards, places, todo, unit_rows, words
from scorecard.pages.text import _
from scorecard.pages.unit_page import UnitPage
from scorecard.quality_marks import MARKS

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from procedures.queries import ProcedureView, UnitView
    from scorecard.listing import DossierRow
    from scorecard.models import Edition

SHOWN_DOSSIERS = 200
CSV_HEAD = (
    "month",
    "version",
    "state",
    "simulated",
    "subject_code",
    "subject_name",
    "indicator",
    "variant",
    "numerator",
    "denominator",
    "value",
    "low",
    "high",
    "n",
    "status",
    "provisional",
)
DOSSIER_HEAD = (
    "received_on",
    "dossier_code",
    "procedure_code",
    "procedure_name",
    "handling_unit",
    "handling_unit_name",
    "requested_paper",
    "simulated",
)


def title(units: Mapping[str, UnitView], view: UnitView) -> str:
    """The one-stop centre that serves a place, or the place itself."""
    for other in units.values():
        if other.kind == "centre" and other.parent_code == view.code:
            return places.name(other)
    return places.name(view)


def three_cards(page: UnitPage) -> tuple[cards.Card, ...]:
    """Satisfaction; asked again for what the state has; not matching between record and person."""
    code = page.unit.code
    return cards.satisfaction(page.figures, code), cards.asked_again(page.figures, code), cards.mismatch(page.figures, code)


@dataclass(frozen=True)
class Count:
    """One recorded count in words, its rate, and the list that it opens."""

    text: str
    rate: str
    opens: str


def recorded_counts(page: UnitPage) -> list[Count]:
    """What the systems recorded about the unit in the month; each opens the list of its dossiers."""
    filed, asked, twice, on_time = (
        page.figures.get((page.unit.code, indicator, RAW)) for indicator in ("online_filing", "supplement", "repeat_supplement", "on_time")
    )
    late = words.late(on_time) if words.has_value(on_time) else None
    return [
        Count(_("%(n)s hồ sơ nhận", n=words.count(filed.denominator if filed else None)), "", "received"),
        Count(_("%(n)s nộp trực tuyến", n=words.count(filed.numerator if filed else None)), words.rate_with_span(filed), "online"),
        Count(_("%(n)s phải bổ sung", n=words.count(asked.numerator if asked else None)), words.rate_with_span(asked), "supplement"),
        Count(
            _("%(n)s phải bổ sung từ hai lần", n=words.count(twice.numerator if twice else None)),
            words.rate_with_span(twice),
            "repeat_supplement",
        ),
        Count(
            _("%(n)s quá hạn, kể cả đang chờ", n=words.count(late)),
            _("đúng hạn %(rate)s", rate=words.rate_with_span(on_time)),
            "late" if late else "",
        ),
    ]


@dataclass(frozen=True)
class Work:
    """What can be done, by whom."""

    tasks: list[todo.Task]
    beyond: list[todo.Task]
    unconnected: list[str]
    registers: int
    groups: tuple[unit_rows.Group, ...]


def work(session: Session, page: UnitPage) -> Work:
    """Tasks within and beyond the unit's power, registers its system cannot look into, units to press."""
    from procedures.queries import connections, procedures_map, registers
    from scorecard import queries

    on = Month.parse(page.edition.month).last_day
    found = queries.gaps(session, page.edition, page.unit.code)
    procedures = procedures_map(session, on)
    all_registers = {register.code: register for register in registers(session)}
    connected = {register for register, unit in connections(session, on) if unit == page.unit.province_code}
    return Work(
        tasks=todo.tasks(found, page.units, procedures, all_registers, within_power=True),
        beyond=todo.tasks(found, page.units, procedures, all_registers, within_power=False),
        unconnected=[pick(register.name, register.name_en) for code, register in sorted(all_registers.items()) if code not in connected],
        registers=len(all_registers),
        groups=unit_rows.groups(page.below, page.units, page.supplement),
    )


def coverage_share(edition: Edition, view: UnitView) -> float | None:
    """Share of the month's working days with data from the unit's system, as the edition froze it."""
    found: dict[str, Any] = edition.facts.get("coverage") or {}
    share = found.get(view.province_code or view.code)
    return float(share) if isinstance(share, int | float) else None


def coverage_words(edition: Edition, view: UnitView) -> str:
    """For the strip."""
    share = coverage_share(edition, view)
    return "" if share is None else _("Độ phủ dữ liệu %(share)s", share=words.share(share))


def quality(page: UnitPage) -> list[tuple[str, str]]:
    """What tells how far the figures can be trusted: label and words."""
    code, edition = page.unit.code, page.edition
    share = coverage_share(edition, page.unit)
    covered = _("%(share)s số ngày làm việc trong tháng có hồ sơ gửi về", share=words.share(share or 0.0))
    experienced = page.figures.get((code, "asked_again_experienced", RAW))
    return [
        (_("Độ phủ dữ liệu"), _("chưa gửi số liệu") if share is None else covered),
        (_("Chốt số liệu"), numbers.day(edition.cutoff_at, language())),
        (_("Trả lời khảo sát"), words.rate_with_span(page.figures.get((code, "response_rate", RAW)))),
        (
            _("Không khớp với hệ thống"),
            words.rate_with_span(page.figures.get((code, "mismatch_any", RAW))),
        ),
        (_("Người dân nói bị hỏi lại điều Nhà nước đã có"), words.rate_with_span(experienced)),
        (_("Bộ quy tắc"), edition.rule_version),
        (_("Giới hạn"), _("Khoảng ở mức 95 %: chỉ tính sai số do số người trả lời; người không trả lời có thể nghĩ khác.")),
    ]


@dataclass(frozen=True)
class QualityMark:
    """One of the six marks: its name, what it counts, k of n, and the share or why there is none."""

    name: str
    measure: str
    counts: str
    share: str


def quality_marks(page: UnitPage) -> list[QualityMark]:
    """The six marks of the province or ministry that answers for the unit's data."""
    from scorecard import queries

    table = queries.edition_table(page.edition, "quality_marks")
    place = page.unit.province_code or page.unit.code
    own: dict[str, Any] = {row["mark"]: row for row in table[table["place_code"] == place].to_dict("records")}
    found = []
    for mark in MARKS:
        row = own.get(mark.code, {})
        counts, share = "", _("nguồn không gửi dữ liệu để đo")
        if row.get("status") == VALUE:
            counts = _("%(k)s trong %(n)s", k=words.count(int(row["numerator"])), n=words.count(int(row["denominator"])))
            share = words.share(float(row["value"]))
        found.append(QualityMark(pick(mark.vi, mark.en), pick(mark.measure_vi, mark.measure_en), counts, share))
    return found


@dataclass(frozen=True)
class WantedDossiers:
    """The dossiers behind one recorded figure, with what names them. ``register``: only papers that this register holds."""

    edition: Edition
    figure: str
    unit: str
    procedure: str | None
    register: str | None
    found: list[DossierRow]
    units: Mapping[str, UnitView]
    procedures: Mapping[str, ProcedureView]


def wanted_dossiers(
    session: Session, edition: Edition, units: Mapping[str, UnitView], unit: str, procedure: str | None, figure: str, register: str | None
) -> WantedDossiers:
    """Open one figure of a unit and everything below it. Raises ``InputError`` for an unknown figure."""
    from procedures.queries import below, procedures_map
    from scorecard.listing import open_figure

    day = Month.parse(edition.month).last_day
    found = open_figure(edition, figure, below(session, unit, day), procedure, register)
    return WantedDossiers(edition, figure, unit, procedure, register, found, units, procedures_map(session, day))


def is_survey(figure: str) -> bool:
    """Whether a figure comes from answers, which never open."""
    return figure in INDICATORS and INDICATORS[figure].kind == SURVEY


def dossier_heading(figure: str) -> str:
    """What a list of dossiers is about. Raises ``KeyError`` for another figure."""
    return {
        "received": _("Hồ sơ tiếp nhận trong tháng"),
        "online": _("Hồ sơ nộp trực tuyến"),
        "supplement": _("Hồ sơ bị yêu cầu bổ sung"),
        "repeat_supplement": _("Hồ sơ bị yêu cầu bổ sung từ hai lần"),
        "late": _("Hồ sơ quá ngày hẹn trả"),
        "asked_again": _("Hồ sơ bị yêu cầu giấy tờ Nhà nước đã có"),
        "asked_again_upper": _("Hồ sơ bị yêu cầu giấy tờ Nhà nước đã có, gồm cả yêu cầu không ghi rõ"),
    }[figure]


@dataclass(frozen=True)
class DossierLine:
    """One dossier as the list shows it: no applicant, no officer."""

    day: date
    dossier_code: str
    procedure: str
    unit: str
    paper: str


def dossier_lines(found: Iterable[DossierRow], units: Mapping[str, UnitView], procedures: Mapping[str, ProcedureView]) -> list[DossierLine]:
    """Rows with names in place of codes."""
    return [
        DossierLine(
            row.received_on,
            row.dossier_code,
            procedures[row.procedure_code].name if row.procedure_code in procedures else row.procedure_code,
            places.short(units, row.handling_unit),
            row.requested_paper,
        )
        for row in found
    ]


def dossier_cells(
    found: Iterable[DossierRow], units: Mapping[str, UnitView], procedures: Mapping[str, ProcedureView], simulated: bool
) -> Iterable[Sequence[object]]:
    """The same for a file, with the codes beside the names."""
    for row in found:
        view = procedures.get(row.procedure_code)
        name = view.name if view is not None else ""
        unit = units[row.handling_unit].name if row.handling_unit in units else ""
        day = row.received_on.isoformat()
        yield day, row.dossier_code, row.procedure_code, name, row.handling_unit, unit, row.requested_paper, int(simulated)


def figure_cells(session: Session, page: UnitPage) -> Iterable[Sequence[object]]:
    """All figures of the unit, of the units below it and of the nation, for a file; values as machines read them."""
    from scorecard import queries

    edition = page.edition
    codes = [page.unit.code, *(unit.unit_code for unit in page.below), COUNTRY]
    for figure in queries.figures(session, edition, None, codes):
        view = page.units.get(figure.subject_code)
        yield (
            edition.month,
            edition.version,
            edition.state,
            int(edition.simulated),
            figure.subject_code,
            view.name if view is not None else "",
            figure.indicator,
            figure.variant,
            figure.numerator,
            figure.denominator,
            figure.value,
            figure.low,
            figure.high,
            figure.n,
            figure.status,
            int(figure.provisional),
        )
