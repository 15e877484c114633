"""Gathers what the report is written from: figures that already passed disclosure control, names, claims, definitions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import numbers
from core.calendar import Month, local_date
from core.web import language, pick
from exports.cells import NATION, Figures, capital
from exports.models import Publication
from exports.names import PUBLIC_STATES
from exports.quoted import Claim, Scores, official
from exports.report_words import Words, words_of
from scorecard import queries as scorecard
from scorecard.figures import leading_rate
from scorecard.indicators import INDICATORS, Indicator
from scorecard.models import Edition
from scorecard.own_names import procedures_of, registers_of, targets_of, units_of
from scorecard.parties_words import PROVIDER
from scorecard.proof import Proved, proved

if TYPE_CHECKING:
    from procedures.queries import UnitView
    from scorecard.pages.targets import Line

BREAKDOWNS = ("channel", "end_point", "applicant", "mode", "provider", "rating", "level")
TREND = 12  # months


@dataclass(frozen=True)
class Place:
    """A province or ministry: code, full name with type, name without it, group by interval (high, middle, low or None), coverage."""

    code: str
    name: str
    short: str
    group: str | None
    coverage: float | None


@dataclass(frozen=True)
class Cause:
    """Something that could be mended: what, how many dossiers it touched, where, and who can mend it."""

    kind: str
    procedure_code: str
    procedure: str
    register: str
    units: int
    people: int
    dossiers: int
    agency: str
    within_power: bool = True


@dataclass(frozen=True)
class Material:
    """Everything that the report says, before it is put into words."""

    month: Month
    version: int
    draft: bool
    simulated: bool
    rule_version: str
    cutoff_at: datetime
    checksum: str
    facts: Mapping[str, Any]
    places: Sequence[Place]
    figures: Figures
    previous: Figures
    claims: Sequence[Claim]
    causes: Sequence[Cause]
    ministries: Sequence[Place] = ()
    parts: "Mapping[str, Sequence[scorecard.Figure]]" = field(default_factory=dict)
    providers: Figures = field(default_factory=dict)
    tables: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)  # of units and providers
    procedures: Mapping[str, str] = field(default_factory=dict)
    registers: Mapping[str, str] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)  # unit: the province or ministry that answers for it
    official: Scores = field(default_factory=dict)
    targets: "Sequence[Line]" = ()
    trend: "Sequence[tuple[str, scorecard.Figure | None]]" = ()
    proved: Sequence[Proved] = ()
    words: Words = field(default_factory=Words)
    closed_on: date | None = None  # last day of the survey
    number: str = ""  # as printed, once there is one
    dated_on: date | None = None
    indicators: Mapping[str, Indicator] = field(default_factory=lambda: INDICATORS)

    def figure(self, code: str, indicator: str, variant: str = "raw") -> "scorecard.Figure | None":
        """A figure of this month, or None where there is none."""
        return self.figures.get((code, indicator, variant))

    def rate(self, code: str) -> "scorecard.Figure | None":
        """The rate of satisfaction that the pages lead with: weighted; unweighted where none is estimated."""
        return leading_rate(self.figures, code)

    def table(self, name: str) -> Sequence[Mapping[str, Any]]:
        """An edition's list, as rows by column; empty where there is none."""
        return self.tables.get(name, ())

    def name(self, code: str) -> str:
        """A unit's or provider's name, or its code."""
        return self.names.get(code, code)

    def procedure(self, code: str) -> str:
        """A procedure's name, or its code."""
        return self.procedures.get(code, code)

    def register(self, code: str) -> str:
        """A state register's name, or its code."""
        return self.registers.get(code, code)

    def owner(self, code: str) -> str:
        """The province or ministry that answers for a unit."""
        return self.owners.get(code, code)

    @property
    def codes(self) -> set[str]:
        """Of the provinces."""
        return {place.code for place in self.places}

    @property
    def answering(self) -> list[Place]:
        """Provinces and ministries."""
        return [*self.places, *self.ministries]

    @property
    def period(self) -> str:
        """``01/10–31/10/2026``."""
        first, last = self.month.first_day, numbers.day(self.month.last_day, language())
        return f"{first.day}–{last}" if language() == "en" else f"{first:%d/%m}–{last}"

    @property
    def answers_until(self) -> date:
        """The last day on which an answer came that is counted: the survey's end, at the latest the cut-off."""
        cutoff = local_date(self.cutoff_at)
        return min(cutoff, self.closed_on) if self.closed_on else cutoff

    @property
    def verified(self) -> int | None:
        """How many units and providers are asked about; None where they were not compared."""
        return next((row["asked"] for row in self.table("integrity_counts") if row["detector"] == "all"), None)

    @property
    def compared(self) -> int | None:
        """How many units and providers had enough data for one detector at least; None where they were not compared."""
        return next((row["tested"] for row in self.table("integrity_counts") if row["detector"] == "all"), None)

    @property
    def asked_later(self) -> int | None:
        """How many silent people were asked again, where the sensitivity band rests on them (as ``scorecard.pages.estimates``)."""
        from scorecard.statistics import LAMBDAS

        ratio = next((row for row in self.table("answering") if row["item"] == "lambda"), None)
        if ratio is None or not ratio["low"] or ratio["high"] is None or ratio["high"] / ratio["low"] >= LAMBDAS[1] / LAMBDAS[0]:
            return None
        return int(ratio["n"])


def gather(session: Session, edition: Edition) -> Material:
    """Read everything for an edition, in one pass and in the language that is set."""
    from scorecard.edition_tables import tables
    from scorecard.pages import targets
    from scorecard.pages.services import frozen
    from scorecard.service_inputs import LISTS

    month = Month.parse(edition.month)
    schedule = current_app.extensions["settings"].schedule
    said = words_of(session, edition)
    publication = session.scalar(select(Publication).where(Publication.edition_id == edition.id))
    units = units_of(session, edition)
    provinces, ministries = (
        sorted((unit for unit in units.values() if unit.kind == kind), key=lambda unit: unit.code) for kind in ("province", "ministry")
    )
    codes = [NATION, *(unit.code for unit in (*provinces, *ministries))]
    before = scorecard.public_beside(session, edition).get(str(month.plus(-1)))
    coverage, until = edition.facts.get("coverage", {}), edition.facts.get("answers_until")
    names = {code: _short(unit) for code, unit in units.items()} | dict((frozen(edition, LISTS) or {}).get("providers", {}))
    return Material(
        month=month,
        version=edition.version,
        draft=edition.state not in PUBLIC_STATES,
        simulated=edition.simulated,
        rule_version=edition.rule_version,
        cutoff_at=edition.cutoff_at,
        checksum=edition.checksum,
        facts=edition.facts,
        places=[_place(session, edition, unit, coverage, True) for unit in provinces],
        ministries=[_place(session, edition, unit, coverage, False) for unit in ministries],
        figures=scorecard.figure_map(session, edition, None, codes),
        previous=scorecard.figure_map(session, before, None, codes) if before is not None else {},
        claims=said.claims,
        causes=causes_of(session, edition, NATION),
        parts={name: scorecard.figures(session, edition, "nation", [NATION], breakdown=name) for name in BREAKDOWNS},
        providers=scorecard.figure_map(session, edition, PROVIDER),
        tables={name: _rows(edition, name) for name in tables()},
        names=names,
        procedures={code: name for code, (name, _sector) in procedures_of(session, edition).items()},
        registers=registers_of(session, edition),
        owners={code: unit.province_code for code, unit in units.items() if unit.province_code},
        official=said.official if said.official is not None else official(session, edition),
        targets=targets.build(session, targets_of(edition), month.last_day, edition),
        trend=_trend(session, edition),
        proved=proved(language()),
        words=said,
        closed_on=date.fromisoformat(until) if until else schedule.day(month, schedule.survey_closes),
        number=publication.number if publication is not None else "",
        dated_on=publication.dated_on if publication is not None else None,
    )


def _short(unit: "UnitView") -> str:
    return pick(unit.short_name, (unit.name_en or unit.short_name).removesuffix(" Province"))


def _place(session: Session, edition: Edition, unit: "UnitView", coverage: Mapping[str, float], grouped: bool) -> Place:
    group = scorecard.group_of_34(session, edition, unit.code) if grouped else None
    return Place(unit.code, capital(pick(unit.name, unit.name_en or unit.name)), _short(unit), group, coverage.get(unit.code))


def causes_of(session: Session, edition: Edition, code: str) -> list[Cause]:
    """What could be mended in a place, most people affected first."""
    registers, catalogue = registers_of(session, edition), procedures_of(session, edition)
    return [
        Cause(
            gap.kind,
            gap.procedure_code,
            catalogue.get(gap.procedure_code, (gap.procedure_code, ""))[0],
            registers.get(gap.register_code or "", ""),
            len(gap.unit_codes),
            gap.people,
            gap.dossiers,
            pick(gap.agency_vi, gap.agency_en),
            gap.within_power,
        )
        for gap in scorecard.gaps(session, edition, code)
    ]


def _rows(edition: Edition, name: str) -> list[Mapping[str, Any]]:
    frame = scorecard.edition_table(edition, name).astype(object)
    rows = frame.where(frame.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def _trend(session: Session, edition: Edition) -> list[tuple[str, scorecard.Figure | None]]:
    """The nation's leading rate in the published months up to this one, oldest first; this one whether published or not."""
    chosen = [*scorecard.public_beside(session, edition).values(), edition][-TREND:]
    found = ((one.month, scorecard.figure_map(session, one, "nation", [NATION], ["satisfaction"])) for one in chosen)
    return [(month, leading_rate(figures, NATION)) for month, figures in found]
