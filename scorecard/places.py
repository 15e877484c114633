"""Gaps, units and procedures by place, read from an edition's wide counts with DuckDB."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import current_app
from sqlalchemy.orm import Session

from core.lake import connect, fetch, from_arrow
from scorecard.figures import (
    BETTER,
    COUNTRY,
    HELD_BY_STATE,
    LIKE,
    ONLINE_UNUSED,
    RAW,
    REPEAT,
    WORSE,
    Figure,
    Gap,
    ProcedureCount,
    UnitToPress,
)
from scorecard.inputs import RULES, read_json
from scorecard.models import Edition
from scorecard.queries import figure_map
from scorecard.rulesets import RuleSet, read

if TYPE_CHECKING:
    import ibis
    import ibis.backends.duckdb

HANDLERS = ("đơn vị tiếp nhận và xử lý hồ sơ", "the units that receive and handle the dossiers")
PROVIDERS = ("cơ quan cung cấp dịch vụ trực tuyến và đơn vị tiếp nhận", "the agency that offers the service and the receiving units")
PRESSED = ("online_filing", "supplement", "on_time", "satisfaction", "response_rate")


@dataclass(frozen=True)
class Surroundings:
    """What an edition's folder says about places: unit → (kind, parent, province), registers, connections, offerings, rules."""

    places: Mapping[str, tuple[str, str | None, str | None]]
    registers: Mapping[str, Mapping[str, Any]]
    connections: frozenset[tuple[str, str]]
    offered: frozenset[tuple[str, str]]  # (province or ministry, procedure) at any online level
    rules: RuleSet


@dataclass(frozen=True)
class Scope:
    """The units that a question is about. ``province``: set where they are exactly one province's or ministry's."""

    code: str
    units: frozenset[str]
    province: str | None

    @property
    def national(self) -> bool:
        """All units, also those that no list knows."""
        return self.code == COUNTRY


def find_gaps(session: Session, edition: Edition, unit_code: str) -> list[Gap]:
    """Three kinds: papers asked for that a register holds; repeated requests; online service that is hardly used."""
    folder = _folder(edition)
    around = _surroundings(folder)
    scope = _scope(around, unit_code)
    engine = connect()
    counts = _within(engine, folder, "counts.parquet", scope)
    spread = _within(engine, folder, "register_counts.parquet", scope)
    cohort = counts.group_by("procedure_code").agg(dossiers=lambda t: t.supplement_den.sum().cast("int64"))
    found: list[Gap] = []
    for row in _sum_up(engine, _held_by_state(engine, spread, around), ["procedure_code", "register_code", "connected"], cohort):
        register = around.registers.get(row["register_code"], {"keeper": row["register_code"], "name_en": row["register_code"]})
        keeper = (register["keeper"], f"the keeper of the {register['name_en']} ({register['keeper']})")
        found.append(_gap(HELD_BY_STATE, row, HANDLERS if row["connected"] else keeper, bool(row["connected"])))
    repeated = counts.mutate(people=counts.repeat_supplement_raw)
    found.extend(_gap(REPEAT, row, HANDLERS, True) for row in _sum_up(engine, repeated, ["procedure_code"], cohort))
    unused, received = _online_unused(engine, folder, counts, around.rules)
    found.extend(_gap(ONLINE_UNUSED, row, PROVIDERS, True) for row in _sum_up(engine, unused, ["procedure_code"], received))
    return sorted(found, key=lambda gap: (-gap.people, gap.kind, gap.procedure_code, gap.register_code or "", not gap.within_power))


def find_units(session: Session, edition: Edition, unit_code: str) -> list[UnitToPress]:
    """Below the nation its provinces and ministries, below any other unit all units that had dossiers in the month."""
    around = _surroundings(_folder(edition))
    scope = _scope(around, unit_code)
    if scope.national:
        codes = {code for code, (kind, _, _) in around.places.items() if kind in ("province", "ministry")}
    else:
        codes = set(scope.units) - {scope.code, unit_code}
    figures = figure_map(session, edition, None, codes | {scope.code}, PRESSED)
    whole = figures.get((scope.code, "supplement", RAW))
    found = []
    for code in codes:
        own = {name: figures.get((code, name, RAW)) for name in PRESSED}
        filed, supplement, on_time, satisfaction = (own[name] for name in PRESSED[:4])
        if filed is None or supplement is None or on_time is None or satisfaction is None or own["response_rate"] is None:
            continue  # a unit without measurements of its own (a reception point)
        if not (filed.denominator or supplement.denominator or on_time.denominator):
            continue
        found.append(
            UnitToPress(
                unit_code=code,
                received=filed.denominator or 0,
                people=supplement.numerator or 0,
                supplement=supplement,
                on_time=on_time,
                satisfaction=satisfaction,
                answers=own["response_rate"].numerator,
                group=_group(supplement, whole),
            )
        )
    return sorted(found, key=lambda unit: (-unit.people, unit.unit_code))


def count_procedure(session: Session, edition: Edition, procedure_code: str, unit_code: str) -> list[ProcedureCount]:
    """Counts of one procedure by place."""
    folder = _folder(edition)
    engine = connect()
    rows = _within(engine, folder, "counts.parquet", _scope(_surroundings(folder), unit_code))
    rows = rows.filter(rows.procedure_code == procedure_code)
    names = {
        "received": "online_filing_den",
        "online": "online_filing_raw",
        "on_time": "on_time_raw",
        "due": "on_time_den",
        "cohort": "supplement_den",
        "supplement": "supplement_raw",
        "repeat_supplement": "repeat_supplement_raw",
        "asked_again_lower": "asked_again_recorded_lower",
        "asked_again_upper": "asked_again_recorded_upper",
    }
    sums = rows.group_by("place").agg(**{name: rows[column].sum().cast("int64") for name, column in names.items()})
    found = [ProcedureCount(**row) for row in fetch(engine, sums).to_pylist()]
    return sorted(found, key=lambda row: (-row.received, row.place))


def _group(figure: Figure, whole: Figure | None) -> str:
    """A unit's share of supplement requests against the whole's: clearly above, clearly below, or neither."""
    if whole is None or whole.value is None or figure.low is None or figure.high is None:
        return LIKE
    return WORSE if figure.low > whole.value else BETTER if figure.high < whole.value else LIKE


def _gap(kind: str, row: Mapping[str, Any], agency: tuple[str, str], within_power: bool) -> Gap:
    return Gap(
        kind=kind,
        procedure_code=row["procedure_code"],
        register_code=row.get("register_code"),
        unit_codes=tuple(row["places"]),
        people=row["people"],
        dossiers=row["dossiers"],
        agency_vi=agency[0],
        agency_en=agency[1],
        within_power=within_power,
    )


def _held_by_state(engine: "ibis.backends.duckdb.Backend", spread: "ibis.Table", around: Surroundings) -> "ibis.Table":
    """Where the province is connected to the register, the handling units can look there; elsewhere its keeper must connect it."""
    import pyarrow as pa

    pairs = sorted(around.connections)
    text = pa.schema([("register_code", pa.string()), ("province_code", pa.string())])
    known = pa.table({"register_code": [pair[0] for pair in pairs], "province_code": [pair[1] for pair in pairs]}, schema=text)
    links = from_arrow(engine, "links", known).mutate(linked=True)
    joined = spread.left_join(links, ["register_code", "province_code"])
    return joined.select(spread, connected=joined.linked.fill_null(False), people=spread.dossiers)


def _online_unused(
    engine: "ibis.backends.duckdb.Backend", folder: Path, counts: "ibis.Table", rules: RuleSet
) -> tuple["ibis.Table", "ibis.Table"]:
    """Rows of procedures that are offered online in their province and (almost) never filed so; and what was received of each."""
    offerings = engine.read_parquet(str(folder / "offerings.parquet"))
    online = offerings.filter(offerings.online_level.isin(("partial", "full"))).select("procedure_code", province_code="unit_code")
    offered = counts.semi_join(online, ["procedure_code", "province_code"])
    offered = offered.mutate(people=offered.online_filing_den - offered.online_filing_raw)
    sums = offered.group_by("procedure_code").agg(
        dossiers=offered.online_filing_den.sum().cast("int64"), otherwise=offered.people.sum().cast("int64")
    )
    enough = sums.dossiers >= rules.gaps.minimum_dossiers
    unused = sums.filter(enough & (sums.otherwise >= rules.gaps.counter_share * sums.dossiers)).drop("otherwise")
    return offered.semi_join(unused, "procedure_code"), unused


def _sum_up(engine: "ibis.backends.duckdb.Backend", rows: "ibis.Table", keys: list[str], totals: "ibis.Table") -> list[dict[str, Any]]:
    """One row for each group of keys with anybody in it: ``people``, ``places`` (most people first), ``dossiers`` from totals."""
    import ibis

    by_place = rows.group_by([*keys, "place"]).agg(people=rows.people.sum().cast("int64"))
    by_place = by_place.filter(by_place.people > 0)
    summed = by_place.group_by(keys).agg(
        people=by_place.people.sum().cast("int64"), places=by_place.place.collect(order_by=[ibis.desc(by_place.people), by_place.place])
    )
    joined = summed.left_join(totals, "procedure_code")
    found: list[dict[str, Any]] = fetch(engine, joined.select(summed, totals.dossiers)).to_pylist()
    return found


def _within(engine: "ibis.backends.duckdb.Backend", folder: Path, name: str, scope: Scope) -> "ibis.Table":
    """An edition's counts in a scope, with ``place``: for the nation the province or ministry, else the handling unit."""
    table = engine.read_parquet(str(folder / name))
    if scope.national:
        return table.mutate(place=table.province_code)
    within = table.province_code == scope.province if scope.province else table.handling_unit.isin(sorted(scope.units))
    return table.filter(within).mutate(place=table.handling_unit)


def _scope(around: Surroundings, unit_code: str) -> Scope:
    """The unit and everything below it. A centre serves the province or ministry above it, whose whole is therefore its own."""
    kind, parent, _ = around.places.get(unit_code, ("", None, None))
    code = parent if kind == "centre" and parent else unit_code
    if code == COUNTRY:
        return Scope(code, frozenset(around.places), None)
    children: dict[str, list[str]] = {}
    for each, (_, above, _) in around.places.items():
        if above is not None:
            children.setdefault(above, []).append(each)
    found: set[str] = set()
    waiting = [code]
    while waiting:
        at = waiting.pop()
        if at not in found:
            found.add(at)
            waiting.extend(children.get(at, ()))
    whole = around.places.get(code, ("", None, None))[0] in ("province", "ministry")
    return Scope(code, frozenset(found), code if whole else None)


def _folder(edition: Edition) -> Path:
    folder: Path = current_app.extensions["settings"].data_dir / "editions" / edition.folder
    return folder


@lru_cache(maxsize=16)
def _surroundings(folder: Path) -> Surroundings:
    """Read once: an edition's folder never changes."""
    import pandas as pd

    units = pd.read_parquet(folder / "units.parquet", columns=["code", "kind", "parent_code", "province_code"])
    offerings = pd.read_parquet(folder / "offerings.parquet")
    registers = read_json(folder / "registers.json")
    online = offerings[offerings["online_level"].isin(("partial", "full"))]
    return Surroundings(
        places={
            str(code): (str(kind), parent if isinstance(parent, str) else None, province if isinstance(province, str) else None)
            for code, kind, parent, province in units.itertuples(index=False, name=None)
        },
        registers={item["code"]: item for item in registers["registers"]},
        connections=frozenset((register, unit) for register, unit in registers["connections"]),
        offered=frozenset(zip(online["unit_code"], online["procedure_code"], strict=True)),
        rules=read(folder / RULES),
    )
