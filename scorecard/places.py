"""Gaps, units and procedures by place, read from an edition's wide counts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from scorecard.disclosure import is_few
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
    leading_rate,
)
from scorecard.inputs import REGISTERS, RULES, UNITS, read_json
from scorecard.models import Edition
from scorecard.queries import figure_map
from scorecard.rulesets import RuleSet, read
from scorecard.shown_counts import COUNTED

Row = dict[str, Any]
COUNTS, REGISTER_COUNTS = "counts.parquet", "register_counts.parquet"
FILED = ("online_filing_den", "online_filing_raw")
AGAIN = ("asked_again_lower", "asked_again_upper")
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
    return list(_gaps(_folder(edition), unit_code))


@lru_cache(maxsize=512)
def _gaps(folder: Path, unit_code: str) -> tuple[Gap, ...]:
    around = _surroundings(folder)
    scope = _scope(around, unit_code)
    counts = _by_place(folder, COUNTS, scope, ["procedure_code"], ["supplement_den", "repeat_supplement_raw", *FILED])
    cohort: dict[str, int] = {}
    for row in counts:
        cohort[row["procedure_code"]] = cohort.get(row["procedure_code"], 0) + row["supplement_den"]
    spread = _by_place(folder, REGISTER_COUNTS, scope, ["procedure_code", "register_code"], ["dossiers"])
    found = [*_held_by_state(spread, around, cohort), *_repeated(counts, cohort), *_online_unused(counts, around)]
    found = [gap for gap in found if not is_few(gap.dossiers)]
    return tuple(sorted(found, key=lambda gap: (-gap.people, gap.kind, gap.procedure_code, gap.register_code or "", not gap.within_power)))


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
    least = edition.facts["grey_below"]
    compared = sum(
        (figure.denominator or 0) >= least for (code, name, _), figure in figures.items() if code in codes and name == "supplement"
    )
    found = []
    for code in codes:
        own = {name: figures.get((code, name, RAW)) for name in PRESSED}
        own["satisfaction"] = leading_rate(figures, code)
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
                group=_group(supplement, whole, least, compared),
            )
        )
    return sorted(found, key=lambda unit: (-unit.people, unit.unit_code))


COUNTED_OF = {"received": ("online",), "due": ("on_time",), "cohort": ("supplement", "repeat_supplement", *AGAIN)}  # of these dossiers


def count_procedure(session: Session, edition: Edition, procedure_code: str, unit_code: str, by_place: bool = True) -> list[ProcedureCount]:
    """Counts of one procedure by place, or of the unit with everything below it."""
    folder = _folder(edition)
    scope = _scope(_surroundings(folder), unit_code)
    rows = _by_place(folder, COUNTS, scope, ["procedure_code"], list(COUNTED.values()), procedure_code)
    counts = [(row["place"], {name: row[column] for name, column in COUNTED.items()}) for row in rows]
    if not by_place:
        counts = [(unit_code, {name: sum(count[name] for _, count in counts) for name in COUNTED})]
    counts.sort(key=lambda count: (-count[1]["received"], count[0]))
    return [ProcedureCount(place=place, **_without_few(count)) for place, count in counts]


def _without_few(count: Mapping[str, int]) -> dict[str, int | None]:
    """None for numbers of dossiers that are too few to be told, and for what is counted of them."""
    shown: dict[str, int | None] = dict(count)
    for whole, parts in COUNTED_OF.items():
        if is_few(count[whole]):
            shown |= dict.fromkeys((whole, *parts))
    return shown


def _group(figure: Figure, whole: Figure | None, least: int, compared: int) -> str:
    """A unit's share of supplement requests against the whole's: clearly above, clearly below, or neither.

    Fewer than ``least`` dossiers are never called clear. So many units are compared at once that some would stand out by
    chance: the interval is widened to 95 % for all of the ``compared`` ones together (Bonferroni).
    """
    from scipy.stats import norm

    from scorecard.statistics import wilson

    if whole is None or whole.value is None or figure.numerator is None or not figure.denominator or figure.denominator < least:
        return LIKE
    low, high = wilson(figure.numerator, figure.denominator, float(norm.ppf(1 - 0.025 / compared)))
    return WORSE if low > whole.value else BETTER if high < whole.value else LIKE


def _held_by_state(spread: list[Row], around: Surroundings, cohort: Mapping[str, int]) -> Iterator[Gap]:
    """Where the province is connected to the register, the handling units can look there; elsewhere its keeper must connect it."""
    groups: dict[tuple[str, str, bool], dict[str, int]] = {}
    for row in spread:
        connected = (row["register_code"], row["province_code"]) in around.connections
        _add(groups.setdefault((row["procedure_code"], row["register_code"], connected), {}), row["place"], row["dossiers"])
    for (procedure, register, connected), places in groups.items():
        known = around.registers.get(register, {"keeper": register, "name_en": register})
        keeper = (known["keeper"], f"the keeper of the {known['name_en']} ({known.get('keeper_en') or known['keeper']})")
        yield _gap(HELD_BY_STATE, procedure, register, places, cohort.get(procedure, 0), HANDLERS if connected else keeper, connected)


def _repeated(counts: list[Row], cohort: Mapping[str, int]) -> Iterator[Gap]:
    groups: dict[str, dict[str, int]] = {}
    for row in counts:
        if row["repeat_supplement_raw"]:
            _add(groups.setdefault(row["procedure_code"], {}), row["place"], row["repeat_supplement_raw"])
    for procedure, places in groups.items():
        yield _gap(REPEAT, procedure, None, places, cohort[procedure], HANDLERS, True)


def _online_unused(counts: list[Row], around: Surroundings) -> Iterator[Gap]:
    """Procedures that are offered online in their province and (almost) never filed so."""
    received: dict[str, int] = {}
    groups: dict[str, dict[str, int]] = {}
    for row in counts:
        if (row["province_code"], row["procedure_code"]) in around.offered:
            all_filed, online = (row[column] for column in FILED)
            _add(received, row["procedure_code"], all_filed)
            _add(groups.setdefault(row["procedure_code"], {}), row["place"], all_filed - online)
    limits = around.rules.gaps
    for procedure, places in groups.items():
        if received[procedure] >= limits.minimum_dossiers and sum(places.values()) >= limits.counter_share * received[procedure]:
            yield _gap(ONLINE_UNUSED, procedure, None, places, received[procedure], PROVIDERS, True)


def _gap(
    kind: str, procedure: str, register: str | None, places: Mapping[str, int], dossiers: int, agency: tuple[str, str], within_power: bool
) -> Gap:
    affected = sorted((place for place, people in places.items() if people), key=lambda place: (-places[place], place))
    return Gap(
        kind=kind,
        procedure_code=procedure,
        register_code=register,
        unit_codes=tuple(affected),
        people=sum(places.values()),
        dossiers=dossiers,
        agency_vi=agency[0],
        agency_en=agency[1],
        within_power=within_power,
    )


def _add(sums: dict[str, int], key: str, number: int) -> None:
    sums[key] = sums.get(key, 0) + number


def _by_place(folder: Path, name: str, scope: Scope, keys: list[str], columns: Sequence[str], procedure: str | None = None) -> list[Row]:
    """An edition's counts in a scope, summed by keys, province and ``place``: for the nation the province or ministry, else the unit.

    Arrow alone, since planning a query in Ibis takes longer than these few sums.
    """
    import pyarrow.parquet as pq

    wanted: list[tuple[str, str, Any]] = [] if procedure is None else [("procedure_code", "=", procedure)]
    if scope.province is not None:
        wanted.append(("province_code", "=", scope.province))
    elif not scope.national:
        wanted.append(("handling_unit", "in", sorted(scope.units)))
    place = "province_code" if scope.national else "handling_unit"
    table = pq.read_table(folder / name, columns=[*keys, "province_code", "handling_unit", *columns], filters=wanted or None)
    sums = table.group_by(list(dict.fromkeys([*keys, "province_code", place]))).aggregate([(column, "sum") for column in columns])
    sums = sums.rename_columns([column.removesuffix("_sum") for column in sums.column_names])
    rows: list[Row] = sums.append_column("place", sums[place]).to_pylist()
    return rows


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
    import pyarrow.parquet as pq

    columns = ["code", "kind", "parent_code", "province_code"]
    units = pq.read_table(folder / UNITS, columns=columns).to_pydict()
    offerings = pq.read_table(folder / "offerings.parquet", filters=[("online_level", "in", ["partial", "full"])]).to_pydict()
    registers = read_json(folder / REGISTERS)
    return Surroundings(
        places={code: tuple(view) for code, *view in zip(*(units[column] for column in columns), strict=True)},
        registers={item["code"]: item for item in registers["registers"]},
        connections=frozenset((register, unit) for register, unit in registers["connections"]),
        offered=frozenset(zip(offerings["unit_code"], offerings["procedure_code"], strict=True)),
        rules=read(folder / RULES),
    )
