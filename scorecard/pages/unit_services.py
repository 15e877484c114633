"""One unit: its services, its time under two clocks, its reception, the systems that it works with, petitions about it, visits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.calendar import Month
from core.web import pick
from scorecard.definitions import VISITED_BEFORE
from scorecard.figures import RAW, UNIT
from scorecard.indicators import INDICATORS
from scorecard.pages import places, services, words
from scorecard.pages.text import _
from scorecard.parties_words import PARTY
from scorecard.service_inputs import LISTS, SYSTEMS

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from procedures.queries import UnitView
    from scorecard.models import Edition

CLOCKS = services.CLOCKS
DECLARED = ("offered_online", "offered_full_online", "partial_with_reason")
RECEPTION = ("reception_refused", "reception_supplement", "reception_digitised")
PETITIONS = ("petitions_on_time", "petitions_reopened")


@dataclass(frozen=True)
class Visits:
    """Queue tickets of one point and field beside its dossiers; empty texts where fewer than three must not be told."""

    point: str
    field: str
    days: str
    tickets: str
    dossiers: str
    not_yet: str


@dataclass(frozen=True)
class SentIn:
    """Petitions about one unit on one subject."""

    unit: str
    subject: str
    received: str
    on_time: str
    reopened: str


@dataclass(frozen=True)
class UnitServices:
    """A unit's services, times, reception, systems and petitions. ``came_before``: what people say of visits before reception, of the
    unit or of the province or ministry above it."""

    edition: Edition
    name: str
    declared: list[services.Line]
    used: list[services.Line]
    effective: list[services.Line]
    clocks: list[services.Line]
    pause: str
    taken: str
    reception: list[services.Line]
    phantoms: list[services.Phantom]
    systems: list[tuple[str, str]]
    petitions: list[services.Line]
    subjects: list[SentIn]
    visits: list[Visits]
    came_before: list[services.Line]


def unit_services(session: Session, edition: Edition, code: str, units: Mapping[str, UnitView]) -> UnitServices:
    """A unit in an edition. ``code`` must be among the units of the month's last day."""
    from procedures.queries import below, procedures_map
    from scorecard import queries

    day = Month.parse(edition.month).last_day
    view = units[code]
    figures = queries.figure_map(session, edition, UNIT, [code])
    received = {
        (figure.subject_code, figure.indicator, figure.variant): figure
        for figure in queries.figures(session, edition, UNIT, [code], RECEPTION, breakdown=PARTY)
    }
    offers = view.kind in services.OFFERING
    boundary = ("boundary_published", "boundary_coverage") if view.kind == "province" else ()
    inside = below(session, code, day)
    procedures = procedures_map(session, day)
    return UnitServices(
        edition=edition,
        name=places.name(view),
        declared=services.lines(figures, code, DECLARED + boundary) if offers else [],
        used=services.lines(figures, code, services.USED),
        effective=services.lines(figures, code, services.EFFECTIVE) if offers else [],
        clocks=services.lines(figures, code, CLOCKS),
        pause=services.pause_words(figures, code),
        taken=services.taken_words(edition, code),
        reception=services.lines(received, code, RECEPTION),
        phantoms=services.phantoms(edition, units, procedures, code) if offers else [],
        systems=_systems_of(edition, view.province_code or code),
        petitions=services.lines(figures, code, PETITIONS),
        subjects=_subjects(edition, inside, units),
        visits=_visits(edition, inside, units),
        came_before=_came_before(session, edition, code, units),
    )


def _came_before(session: Session, edition: Edition, code: str, units: Mapping[str, UnitView]) -> list[services.Line]:
    from scorecard import queries

    above = units[code].province_code or code
    figures = queries.figure_map(session, edition, UNIT, [code, above], [VISITED_BEFORE])
    told = next((place for place in (code, above) if (place, VISITED_BEFORE, RAW) in figures), None)
    if told is None:
        return []
    about = INDICATORS[VISITED_BEFORE]
    name = pick(about.name_vi, about.name_en)
    return [services.line(figures, told, VISITED_BEFORE, name if told == code else f"{name} ({places.name(units[told])})")]


def _systems_of(edition: Edition, province: str) -> list[tuple[str, str]]:
    """Providers of a province's or ministry's systems: code and name."""
    names: dict[str, str] = (services.frozen(edition, LISTS) or {}).get("providers", {})
    own = {item["code"] for item in services.frozen(edition, "sources.json") or [] if item["province"] == province}
    codes = {item["provider"] for item in services.frozen(edition, SYSTEMS) or [] if item["source"] in own and item["provider"]}
    return [(code, names.get(code, code)) for code in sorted(codes)]


def _subjects(edition: Edition, inside: set[str], units: Mapping[str, UnitView]) -> list[SentIn]:
    from scorecard import queries

    table = queries.edition_table(edition, "petitions")
    return [
        SentIn(
            places.short(units, row["unit_code"]),
            row["subject"] or _("không chia nội dung"),
            *(words.count(int(row[name])) for name in ("received", "on_time", "reopened")),
        )
        for row in table[table["unit_code"].isin(inside)].sort_values("received", ascending=False).to_dict("records")
    ]


def _visits(edition: Edition, inside: set[str], units: Mapping[str, UnitView]) -> list[Visits]:
    import pandas as pd

    from scorecard import queries

    table = queries.edition_table(edition, "queue_tickets")
    found = []
    for row in table[table["unit_code"].isin(inside)].to_dict("records"):
        few = pd.isna(row["dossiers"])
        surplus = 0 if few else int(row["surplus"])
        not_yet = "" if few else words.count(int(row["not_yet"]))
        found.append(
            Visits(
                places.short(units, row["unit_code"]),
                row["field"] or _("mọi lĩnh vực"),
                words.count(int(row["days"])),
                words.count(int(row["tickets"])),
                "< 3" if few else words.count(int(row["dossiers"])),
                _("không khớp: nhiều hơn lượt %(n)s hồ sơ", n=words.count(surplus)) if surplus else not_yet or _("không nêu"),
            )
        )
    return found
