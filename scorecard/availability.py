"""The three layers of online service as measurements and lists: declared, used, effective. Pure but for what it is handed.

A *service* is a procedure as one province or ministry offers it. One that is declared online while dossiers keep arriving by other
channels and none online is a *phantom*; from when on is a matter of the rules (``rulesets.PhantomRules``).
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from core.calendar import Month
from procedures.folding import plain
from procedures.offerings import Declared
from scorecard.edition_tables import Column, EditionTable, TableMaterial
from scorecard.figures import COUNTRY, NATION, NOT_APPLICABLE, NOT_REPORTED, PROCEDURE, RAW, UNIT, VALUE
from scorecard.indicators import INDICATORS, LAKE
from scorecard.rows import Key, Place, Row

if TYPE_CHECKING:
    import pandas as pd

    from scorecard.rulesets import PhantomRules
    from scorecard.service_inputs import ServiceInputs

SECTOR = "sector"  # a kind of subject: a field (lĩnh vực) of procedures
LEVEL, LOCAL, MINISTRY = "level", "local", "ministry"  # a breakdown and its categories
PARTIAL, FULL, OFFLINE = "partial", "full", "none"
OFFERING_KINDS = ("province", "ministry")
CERTIFICATION = "chung thuc"
Service = tuple[str, str]  # province or ministry, procedure
Past = Callable[[Month, Collection[Service]], Mapping[Service, tuple[int, int]]]


@dataclass(frozen=True)
class Phantom:
    """A service on paper only. ``months`` in a row up to this one; ``dossiers`` in these by other channels, ``now`` in this month."""

    declared: Declared
    months: int
    dossiers: int
    now: int


@lru_cache(maxsize=2_000)
def sector_code(sector: str) -> str:
    """A sector's code as a subject: its name without marks; a long one shortened, with a digest of the whole."""
    name = plain(sector).replace(" ", "-")
    return name if len(name) <= 32 else f"{name[:23]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def find_phantoms(
    services: "ServiceInputs", use: Mapping[Service, tuple[int, int]], month: Month, rules: "PhantomRules | None", past: Past
) -> list[Phantom]:
    """The phantoms of a month. ``use``: (received, filed online) by service in the month; ``past``: the same for an earlier one.

    A month counts only where the service was declared online from its first day on, and had dossiers.
    """
    if rules is None:
        return []
    running: dict[Service, tuple[Declared, int]] = {}
    found: dict[Service, Phantom] = {}
    for item in services.declared:
        key = (item.unit_code, item.procedure_code)
        received, online = use.get(key, (0, 0))
        if item.online_level != OFFLINE and received and not online and item.since <= month.first_day.isoformat():
            running[key] = item, received
            found[key] = Phantom(item, 1, received, received)
    for back in range(1, rules.longest_months):
        earlier = month.plus(-back)
        first = earlier.first_day.isoformat()
        wanted = {key for key, (item, _now) in running.items() if item.since <= first}
        then = past(earlier, wanted) if wanted else {}
        for key in sorted(wanted):
            received, online = then.get(key, (0, 0))
            if received and not online:
                before = found[key]
                found[key] = Phantom(before.declared, before.months + 1, before.dossiers + received, before.now)
        running = {key: running[key] for key in wanted if found[key].months == back + 1}
        if not running:
            break
    return [item for _key, item in sorted(found.items()) if item.months >= rules.minimum_months and item.dossiers >= rules.minimum_dossiers]


def service_rows(
    services: "ServiceInputs", places: Mapping[str, Place], use: Mapping[Service, tuple[int, int]], phantoms: Collection[Phantom]
) -> Iterator[Row]:
    """What is declared and what takes effect: of the nation, provinces, ministries, sectors and procedures."""
    unreal = {(item.declared.unit_code, item.declared.procedure_code) for item in phantoms}
    counts: dict[tuple[Key, str], list[int]] = {}
    units = [code for code, place in places.items() if place.kind in OFFERING_KINDS]
    for item in services.declared:
        if item.unit_code not in places:
            continue
        key = (item.unit_code, item.procedure_code)
        sector = services.catalogue.get(item.procedure_code, ("", False))[0]
        subjects = [(NATION, COUNTRY), (UNIT, item.unit_code), (PROCEDURE, item.procedure_code)]
        subjects += [(SECTOR, sector_code(sector))] if sector else []
        online, received = item.online_level != OFFLINE, use.get(key, (0, 0))
        said = []
        if item.online_level == PARTIAL:
            said.append(("partial_with_reason", bool(item.reason.strip())))
        if online and received[0]:
            said += [("online_effective", received[1] > 0), ("phantom_services", key in unreal)]
        for subject in subjects:
            for indicator, true in said:
                sums = counts.setdefault((subject, indicator), [0, 0])
                sums[0], sums[1] = sums[0] + true, sums[1] + 1
    sectors = sorted({sector_code(sector) for sector, _local in services.catalogue.values() if sector})
    everyone = [(NATION, COUNTRY), *((UNIT, code) for code in units), *((SECTOR, code) for code in sectors)]
    everyone += sorted({subject for subject, _indicator in counts if subject[0] == PROCEDURE})
    known = {item.unit_code for item in services.declared}
    for subject in everyone:
        told = subject[1] in known if subject[0] == UNIT else bool(known)
        for indicator in ("partial_with_reason", "online_effective", "phantom_services"):
            if subject[0] == PROCEDURE and indicator == "partial_with_reason":
                continue  # the table of offerings on the procedure's page says more
            yield _share(subject, indicator, counts.get((subject, indicator)), told)
    yield from _procedures_online(services)
    yield from _boundary_rows(services, [code for code in units if places[code].kind == "province"])


def _procedures_online(services: "ServiceInputs") -> Iterator[Row]:
    """Each procedure once, wherever it is offered: the nation's share, the two levels' of their own, and each sector's."""
    online = {item.procedure_code for item in services.declared if item.online_level != OFFLINE}
    sums: dict[tuple[str, str, str, str], list[int]] = {}
    for code, (sector, is_local) in services.catalogue.items():
        keys = [(NATION, COUNTRY, "total", "total"), (NATION, COUNTRY, LEVEL, LOCAL if is_local else MINISTRY)]
        keys += [(SECTOR, sector_code(sector), "total", "total")] if sector else []
        for key in keys:
            found = sums.setdefault(key, [0, 0])
            found[0], found[1] = found[0] + (code in online), found[1] + 1
    sums.setdefault((NATION, COUNTRY, "total", "total"), [0, 0])
    for (kind, subject, breakdown, category), counts in sorted(sums.items()):
        row = _share((kind, subject), "procedures_online", counts if services.declared else None, bool(services.declared))
        row.breakdown, row.category = breakdown, category
        yield row


def _boundary_rows(services: "ServiceInputs", provinces: list[str]) -> Iterator[Row]:
    """Published yes or no, and how much of the authority's procedures the list covers: two numbers, never one."""
    lists = {item.unit_code: item for item in services.boundaries}
    authority: dict[str, set[str]] = {}
    for item in services.declared:
        if item.is_local:
            authority.setdefault(item.unit_code, set()).add(item.procedure_code)
    total = [0, 0]
    for code in provinces:
        listed, own = lists.get(code), authority.get(code, set())
        yield _share((UNIT, code), "boundary_published", [1, 1] if listed else None, told=False)
        counts = [len(own & set(listed.procedures)), len(own)] if listed and listed.procedures and own else None
        yield _share((UNIT, code), "boundary_coverage", counts, told=False)
        if counts:
            total = [total[0] + counts[0], total[1] + counts[1]]
    nation = (NATION, COUNTRY)
    yield _share(nation, "boundary_published", [len(set(provinces) & set(lists)), len(provinces)] if lists else None, told=False)
    yield _share(nation, "boundary_coverage", total if total[1] else None, told=False)


def _share(subject: Key, indicator: str, counts: list[int] | None, told: bool) -> Row:
    """A share, or what its absence means. ``told``: something is known, so that an empty denominator is no lack of data."""
    if counts is None or not counts[1]:
        return Row(*subject, indicator, RAW, NOT_APPLICABLE if told else NOT_REPORTED)
    return Row(*subject, indicator, RAW, VALUE, counts[0], counts[1], counts[1])


def sector_rows(by_procedure: "pd.DataFrame", services: "ServiceInputs", reported: bool) -> Iterator[Row]:
    """What is counted from dossiers, by sector (lĩnh vực)."""
    codes = {procedure: sector_code(sector) for procedure, (sector, _local) in services.catalogue.items() if sector}
    sums = by_procedure.drop(columns="procedure_code").groupby(by_procedure["procedure_code"].map(codes)).sum().astype("int64")
    for code in sorted(set(codes.values())):
        counts = sums.loc[code].to_dict() if code in sums.index else {}
        for indicator in INDICATORS.values():
            if indicator.kind != LAKE:
                continue
            for variant in indicator.variants:
                if denominator := int(counts.get(f"{indicator.code}_den", 0)):
                    numerator = int(counts[f"{indicator.code}_{variant}"])
                    yield Row(SECTOR, code, indicator.code, variant, VALUE, numerator, denominator, denominator)
                else:
                    yield Row(SECTOR, code, indicator.code, variant, NOT_APPLICABLE if reported else NOT_REPORTED)


def _phantom_table(material: TableMaterial) -> "pd.DataFrame":
    import pandas as pd

    rows = [
        {
            "unit_code": item.declared.unit_code,
            "procedure_code": item.declared.procedure_code,
            "sector": material.inputs.services.catalogue.get(item.declared.procedure_code, ("", False))[0],
            "online_level": item.declared.online_level,
            "declared_since": item.declared.since,
            "months": item.months,
            "dossiers": item.dossiers,
            "dossiers_now": item.now,
        }
        for item in sorted(material.phantoms, key=lambda item: (-item.dossiers, item.declared.unit_code, item.declared.procedure_code))
    ]
    return pd.DataFrame(rows, columns=[column.name for column in PHANTOMS.columns])


def _level_table(material: TableMaterial) -> "pd.DataFrame":
    """Local procedures that provinces declare at different levels, the most divided first."""
    import pandas as pd

    levels: dict[str, dict[str, int]] = {}
    for item in material.inputs.services.declared:
        if item.is_local:
            counts = levels.setdefault(item.procedure_code, {FULL: 0, PARTIAL: 0, OFFLINE: 0})
            counts[item.online_level] += 1
    rows = []
    for code, counts in levels.items():
        if sum(number > 0 for number in counts.values()) < 2:
            continue
        sector = material.inputs.services.catalogue.get(code, ("", False))[0]
        certifies = plain(sector) == CERTIFICATION
        rows.append({"procedure_code": code, "sector": sector, "certification": certifies, **counts, "spread": -max(counts.values())})
    frame = pd.DataFrame(rows, columns=["procedure_code", "sector", "certification", FULL, PARTIAL, OFFLINE, "spread"])
    frame = frame.sort_values(["spread", "procedure_code"], ascending=[False, True])
    return frame.rename(columns={FULL: "provinces_full", PARTIAL: "provinces_partial", OFFLINE: "provinces_none"})


PHANTOMS = EditionTable(
    "phantom_services",
    "Dịch vụ trực tuyến chỉ có trên danh mục",
    "Online services on paper only",
    (
        Column("unit_code", "Cơ quan cung cấp", "Offering agency"),
        Column("procedure_code", "Thủ tục", "Procedure"),
        Column("sector", "Lĩnh vực", "Sector"),
        Column("online_level", "Mức độ khai báo", "Declared level"),
        Column("declared_since", "Khai báo trực tuyến từ ngày", "Declared online since", "day"),
        Column("months", "Số tháng liền không có hồ sơ trực tuyến", "Months in a row without an online dossier", "count"),
        Column("dossiers", "Hồ sơ nộp bằng kênh khác trong các tháng đó", "Dossiers by other channels in these months", "count"),
        Column("dossiers_now", "Trong đó tháng này", "Of these in this month", "count"),
    ),
    _phantom_table,
)
LEVELS = EditionTable(
    "level_differences",
    "Thủ tục mà các tỉnh khai báo mức độ trực tuyến khác nhau",
    "Procedures that provinces declare at different online levels",
    (
        Column("procedure_code", "Thủ tục", "Procedure"),
        Column("sector", "Lĩnh vực", "Sector"),
        Column("certification", "Thuộc lĩnh vực chứng thực", "Certification", "flag"),
        Column("provinces_full", "Số tỉnh toàn trình", "Provinces: full", "count"),
        Column("provinces_partial", "Số tỉnh một phần", "Provinces: partial", "count"),
        Column("provinces_none", "Số tỉnh chưa trực tuyến", "Provinces: none", "count"),
    ),
    _level_table,
)
TABLES = (PHANTOMS, LEVELS)
