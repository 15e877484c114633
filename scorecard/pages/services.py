"""Pages about online service: what is declared, used and effective; who is charged with what; time under two clocks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import current_app

from core import numbers
from core.calendar import Month
from core.web import language, pick
from scorecard.availability import LEVEL, LOCAL, MINISTRY, SECTOR, sector_code
from scorecard.figures import COUNTRY, LOWER, NATION, RAW, UNIT, UPPER
from scorecard.indicators import INDICATORS
from scorecard.pages import places, words
from scorecard.pages.text import _
from scorecard.parties_words import PROVIDER
from scorecard.service_inputs import LISTS, SYSTEMS

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from procedures.queries import ProcedureView, UnitView
    from scorecard.models import Edition
    from scorecard.queries import Figure

    Figures = Mapping[tuple[str, str, str], Figure]

USED = ("online_filing", "online_strict", "online_self_filed")
EFFECTIVE = ("online_effective", "phantom_services")
CLOCKS = ("on_time", "on_time_first", "on_time_index", "on_time_restart", "on_time_by_pause")
SYSTEM = ("system_days", "system_online_days", "system_rows_refused", "system_lookup_failed", "system_result_electronic")
RATED = ("offered_full_online", "online_filing", *EFFECTIVE)
FIRST = 20  # rows that stand open


@dataclass(frozen=True)
class Line:
    """One share of a table: its name, value (or from–to, or status in words), interval and counts; ``how``: its formula."""

    name: str
    value: str
    span: str
    counts: str
    how: str


def line(figures: Figures, code: str, indicator: str, name: str = "") -> Line:
    """An indicator of a subject; from–to where it is known between two bounds only."""
    about = INDICATORS[indicator]
    told = name or pick(about.name_vi, about.name_en)
    how = pick(about.formula_vi, about.formula_en)
    if LOWER in about.variants:
        lower, upper = (figures.get((code, indicator, variant)) for variant in (LOWER, UPPER))
        exact = lower is not None and upper is not None and lower.numerator == upper.numerator
        return Line(told, words.bounds(lower, upper), words.span(upper) if exact else _("từ–đến"), words.bounds_of(lower, upper), how)
    figure = figures.get((code, indicator, RAW))
    if indicator == "boundary_published" and code != COUNTRY and words.has_value(figure):
        return Line(told, _("có"), "", "", how)  # yes, and no share
    return Line(told, words.rate(figure), words.span(figure), words.of_counts(figure), how)


def lines(figures: Figures, code: str, indicators: Iterable[str]) -> list[Line]:
    """Several of them."""
    return [line(figures, code, indicator) for indicator in indicators]


@dataclass(frozen=True)
class Phantom:
    """A service on paper only, as the list shows it."""

    unit_code: str
    unit: str
    procedure_code: str
    procedure: str
    level: str
    since: str
    months: int
    dossiers: str
    now: str


@dataclass(frozen=True)
class Divided:
    """A procedure that provinces declare at different levels."""

    code: str
    name: str
    certification: bool
    full: int
    partial: int
    none: int


@dataclass(frozen=True)
class Rated:
    """A province, ministry or sector with the same four shares: value and counts of each. ``link``: its own page, if any."""

    code: str
    name: str
    shares: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Availability:
    """The country's three layers."""

    edition: Edition
    declared: list[Line]
    used: list[Line]
    effective: list[Line]
    boundary: list[Line]
    phantoms: list[Phantom]
    phantom_dossiers: str
    divided: list[Divided]
    without_certification: int
    provinces: list[Rated]
    ministries: list[Rated]
    sectors: list[Rated]


def availability(session: Session, edition: Edition) -> Availability:
    """The country in an edition."""
    from procedures.queries import procedures_map
    from procedures.queries import units as all_units
    from scorecard import queries

    day = Month.parse(edition.month).last_day
    units, procedures = all_units(session, day), procedures_map(session, day)
    figures = queries.figure_map(session, edition, NATION, [COUNTRY])
    levels = queries.figures(session, edition, NATION, [COUNTRY], ["procedures_online"], breakdown=LEVEL)
    by_level = {figure.category: {(COUNTRY, "procedures_online", RAW): figure} for figure in levels}
    named = (
        (MINISTRY, _("Riêng thủ tục do bộ, ngành thực hiện")),
        (LOCAL, _("Riêng thủ tục do địa phương thực hiện (không phải con số cả nước)")),
    )
    rated = queries.figure_map(session, edition, UNIT, [code for code, view in units.items() if view.kind in OFFERING], RATED)
    sectors = {sector_code(view.sector): view.sector for view in procedures.values() if view.sector}
    of_sectors = queries.figure_map(session, edition, SECTOR, None, ("procedures_online", *RATED[1:]))
    found = phantoms(edition, units, procedures)
    divided = _divided(edition, procedures)
    return Availability(
        edition=edition,
        declared=[
            line(figures, COUNTRY, "procedures_online", _("Cả nước: thủ tục có dịch vụ trực tuyến ở ít nhất một nơi")),
            *(line(by_level.get(level, {}), COUNTRY, "procedures_online", name) for level, name in named),
            line(figures, COUNTRY, "partial_with_reason"),
        ],
        used=lines(figures, COUNTRY, USED),
        effective=lines(figures, COUNTRY, EFFECTIVE),
        boundary=lines(figures, COUNTRY, ("boundary_published", "boundary_coverage")),
        phantoms=found,
        phantom_dossiers=words.count(sum(int(number) for number in _column(edition, "phantom_services", "dossiers"))),
        divided=divided,
        without_certification=sum(not item.certification for item in divided),
        provinces=[_rated(rated, view.code, places.name(view), RATED) for view in places.provinces(units)],
        ministries=[
            _rated(rated, code, places.name(view), RATED)
            for code, view in sorted(units.items(), key=lambda pair: places.plain(pair[1].short_name))
            if view.kind == "ministry"
        ],
        sectors=[
            _rated(of_sectors, code, name, ("procedures_online", *RATED[1:]))
            for code, name in sorted(sectors.items(), key=lambda pair: places.plain(pair[1]))
        ],
    )


OFFERING = ("province", "ministry")


def _rated(figures: Figures, code: str, name: str, indicators: Sequence[str]) -> Rated:
    found = [figures.get((code, indicator, RAW)) for indicator in indicators]
    return Rated(code, name, tuple((words.rate(figure), words.of_counts(figure)) for figure in found))


def _column(edition: Edition, table: str, column: str) -> list[Any]:
    from scorecard import queries

    values: list[Any] = queries.edition_table(edition, table)[column].tolist()
    return values


def level_words(level: str) -> str:
    """A declared level in words."""
    return {"full": _("toàn trình"), "partial": _("một phần"), "none": _("chưa trực tuyến")}.get(level, level)


def phantoms(
    edition: Edition, units: Mapping[str, UnitView], procedures: Mapping[str, ProcedureView], code: str | None = None
) -> list[Phantom]:
    """Services on paper only, most dossiers first; of one province or ministry, or of all."""
    from datetime import date

    from scorecard import queries

    table = queries.edition_table(edition, "phantom_services")
    return [
        Phantom(
            unit_code=row["unit_code"],
            unit=places.short(units, row["unit_code"]),
            procedure_code=row["procedure_code"],
            procedure=procedures[row["procedure_code"]].name if row["procedure_code"] in procedures else row["procedure_code"],
            level=level_words(row["online_level"]),
            since=numbers.day(date.fromisoformat(row["declared_since"]), language()),
            months=int(row["months"]),
            dossiers=words.count(int(row["dossiers"])),
            now=words.count(int(row["dossiers_now"])),
        )
        for row in table.to_dict("records")
        if code is None or row["unit_code"] == code
    ]


def _divided(edition: Edition, procedures: Mapping[str, ProcedureView]) -> list[Divided]:
    from scorecard import queries

    return [
        Divided(
            row["procedure_code"],
            procedures[row["procedure_code"]].name if row["procedure_code"] in procedures else row["procedure_code"],
            bool(row["certification"]),
            int(row["provinces_full"]),
            int(row["provinces_partial"]),
            int(row["provinces_none"]),
        )
        for row in queries.edition_table(edition, "level_differences").to_dict("records")
    ]


def pause_words(figures: Figures, code: str) -> str:
    """How much of on time is owed to the pause, in one sentence; empty without a figure."""
    lower, upper = (figures.get((code, "on_time_by_pause", variant)) for variant in (LOWER, UPPER))
    if lower is None or upper is None or not words.has_value(upper):
        return ""
    return _(
        "Trong %(due)s hồ sơ đến hạn hoặc xong trong tháng, %(people)s hồ sơ được tính đúng hạn chỉ vì đồng hồ dừng khi yêu cầu bổ sung.",
        due=words.count(upper.denominator),
        people=words.people(lower, upper),
    )


def taken_words(edition: Edition, code: str) -> str:
    """How long handling took at a place; empty where too few dossiers ended, or in an edition that does not tell."""
    from scorecard import queries

    table = queries.edition_table(edition, "handling_times")
    row = next(iter(table[table["place_code"] == code].to_dict("records")), None)
    return "" if row is None else days_words(row)


def days_words(row: Mapping[Any, Any]) -> str:
    """A row of ``handling_times`` as a sentence."""
    return _(
        "Một nửa trong %(n)s hồ sơ có kết quả trong tháng xong trong %(half)s ngày làm việc, chín phần mười trong %(most)s ngày; "
        "trung bình %(mean)s ngày, tính từ ngày nhận, không trừ thời gian chờ bổ sung.",
        n=words.count(int(row["dossiers"])),
        half=words.count(int(row["half_within"])),
        most=words.count(int(row["most_within"])),
        mean=numbers.number(row["days"] / row["dossiers"], language(), 1),
    )


def frozen(edition: Edition, name: str) -> Any:
    """A JSON file of an edition's folder; None where an older edition has none."""
    path = current_app.extensions["settings"].data_dir / "editions" / edition.folder / name
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


@dataclass(frozen=True)
class Provider:
    """A provider's scorecard. ``sources``: of the systems that it supplies at the month's end, the provinces and ministries."""

    code: str
    name: str
    sources: list[tuple[str, str]]
    lines: list[Line]


def providers(session: Session, edition: Edition) -> list[Provider]:
    """All providers, by name."""
    from procedures.queries import units as all_units
    from scorecard import queries

    units = all_units(session, Month.parse(edition.month).last_day)
    figures = queries.figure_map(session, edition, PROVIDER)
    names: dict[str, str] = (frozen(edition, LISTS) or {}).get("providers", {})
    answers = {item["code"]: item["province"] for item in frozen(edition, "sources.json") or []}
    supplied: dict[str, list[tuple[str, str]]] = {}
    for item in frozen(edition, SYSTEMS) or []:
        unit = answers.get(item["source"])
        if item["provider"] and unit:
            supplied.setdefault(item["provider"], []).append((unit, places.short(units, unit)))
    codes = sorted({code for code, _indicator, _variant in figures}, key=lambda code: places.plain(str(names.get(code) or code)))
    return [
        Provider(
            code,
            names.get(code, code),
            sorted(set(supplied.get(code, [])), key=lambda pair: places.plain(pair[1])),
            lines(figures, code, SYSTEM),
        )
        for code in codes
    ]


@dataclass(frozen=True)
class SectorPage:
    """A sector's month."""

    edition: Edition
    name: str
    declared: list[Line]
    used: list[Line]
    effective: list[Line]
    clocks: list[Line]
    pause: str


def sector(session: Session, edition: Edition, code: str) -> SectorPage | None:
    """A sector in an edition; None where no procedure has it."""
    from procedures.queries import procedures_map
    from scorecard import queries

    names = {sector_code(view.sector): view.sector for view in procedures_map(session, Month.parse(edition.month).last_day).values()}
    if not code or code not in names:
        return None
    figures = queries.figure_map(session, edition, SECTOR, [code])
    return SectorPage(
        edition=edition,
        name=names[code],
        declared=lines(figures, code, ("procedures_online", "partial_with_reason")),
        used=lines(figures, code, USED),
        effective=lines(figures, code, EFFECTIVE),
        clocks=lines(figures, code, CLOCKS),
        pause=pause_words(figures, code),
    )
