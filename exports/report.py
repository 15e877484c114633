"""Gathers what the report is written from: figures that already passed disclosure control, names, claims, definitions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.calendar import Month
from exports.cells import NATION, Figures
from exports.names import PUBLIC_STATES
from procedures import queries as procedures
from procedures.models import QuotedClaim
from scorecard import queries as scorecard
from scorecard.indicators import INDICATORS, Indicator
from scorecard.models import Edition

CAUSES = 8  # procedures named in the report


@dataclass(frozen=True)
class Place:
    """A province: code, full name with type, name without it, its group by interval (high, middle, low or None)."""

    code: str
    name: str
    short: str
    group: str | None
    coverage: float | None


@dataclass(frozen=True)
class Claim:
    """A figure quoted from elsewhere."""

    key: str
    text: str
    value: float
    numerator: int | None
    denominator: int | None
    source: str
    as_of: date


@dataclass(frozen=True)
class Cause:
    """Something that could be mended: what, how many dossiers it touched, of how many, and who can mend it."""

    kind: str
    procedure_code: str
    procedure: str
    register: str
    units: int
    people: int
    dossiers: int
    agency: str


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
    indicators: Mapping[str, Indicator] = field(default_factory=lambda: INDICATORS)

    def figure(self, code: str, indicator: str, variant: str = "raw") -> "scorecard.Figure | None":
        """A figure of this month, or None where there is none."""
        return self.figures.get((code, indicator, variant))


def gather(session: Session, edition: Edition) -> Material:
    """Read everything for an edition, in one pass."""
    month = Month.parse(edition.month)
    units = procedures.units(session, month.last_day)
    provinces = sorted((unit for unit in units.values() if unit.kind == "province"), key=lambda unit: unit.code)
    codes = [NATION, *(unit.code for unit in provinces)]
    before = scorecard.edition_of(session, month.plus(-1))
    coverage = edition.facts.get("coverage", {})
    return Material(
        month=month,
        version=edition.version,
        draft=edition.state not in PUBLIC_STATES,
        simulated=edition.simulated,
        rule_version=edition.rule_version,
        cutoff_at=edition.cutoff_at,
        checksum=edition.checksum,
        facts=edition.facts,
        places=[
            Place(
                unit.code, unit.name, unit.short_name, scorecard.group_of_34(session, edition, unit.code), coverage.get(unit.code)
            )
            for unit in provinces
        ],
        figures=scorecard.figure_map(session, edition, None, codes),
        previous=scorecard.figure_map(session, before, None, codes) if before is not None else {},
        claims=_claims(session),
        causes=_causes(session, edition),
    )  # fmt: skip


def _claims(session: Session) -> list[Claim]:
    rows = session.scalars(select(QuotedClaim).order_by(QuotedClaim.as_of, QuotedClaim.id))
    return [Claim(row.key, row.text_vi, row.value, row.numerator, row.denominator, row.source, row.as_of) for row in rows]


def _causes(session: Session, edition: Edition) -> list[Cause]:
    found = scorecard.gaps(session, edition, NATION)[:CAUSES]
    names = procedures.procedures_map(session, Month.parse(edition.month).last_day)
    registers = {register.code: register.name for register in procedures.registers(session)}
    return [
        Cause(
            gap.kind,
            gap.procedure_code,
            names[gap.procedure_code].name if gap.procedure_code in names else gap.procedure_code,
            registers.get(gap.register_code or "", ""),
            len(gap.unit_codes),
            gap.people,
            gap.dossiers,
            gap.agency_vi,
        )
        for gap in found
    ]
