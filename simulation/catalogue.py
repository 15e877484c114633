"""The catalogue of the country: 5,527 procedures, some eighty of them real, the rest plainly simulated; who offers what online."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from procedures.registers import register_of
from simulation.places import REORGANISED, read_yaml

# The counts of the Steering Committee's meeting of 5 December 2025 (quoted claims in procedures/claims.yaml): the demonstration
# country is built to them, so that its pages show the orders of magnitude that a reader knows.
PROCEDURES = 5527
LOCAL = 2177
LOCAL_ONLINE = 2014
COMMUNE_LEVEL = 389  # press, methodology §1.2
MINISTRY_FULL, MINISTRY_ANY = 0.17, 0.298  # methodology §1.2
NONE, PARTIAL, FULL = 0, 1, 2
UNCHANGED = 0
LEVEL_NAMES = ("none", "partial", "full")
REAL_NOTE = "Cổng Dịch vụ công quốc gia (mã, tên, lĩnh vực); mức độ trực tuyến, thời hạn: mô phỏng"
REAL_PAPERS_NOTE = "; thành phần hồ sơ: mô phỏng"
SIMULATED_NOTE = "Thủ tục mô phỏng"
NOTES_EN = {
    REAL_NOTE: "National Public Service Portal (code, name, sector); online level and time limit: simulated",
    REAL_NOTE + REAL_PAPERS_NOTE: "National Public Service Portal (code, name, sector); online level, time limit and papers: simulated",
    SIMULATED_NOTE: "Simulated procedure",
}


@dataclass(frozen=True)
class Item:
    """One procedure. ``handler``: ``commune``, a department, a vertical agency, or ``-`` for the ministry itself."""

    code: str
    name: str
    sector: str
    ministry: str
    handler: str
    days: int
    papers: tuple[str, ...]
    enterprise: float
    demand: float
    simulated: bool
    note: str
    levels: tuple[str, ...]
    is_local: bool
    registers: tuple[str | None, ...] = field(default=())


def items(rng: np.random.Generator) -> list[Item]:
    """All procedures, real ones first, in the order of demand."""
    data = read_yaml("catalogue.yaml")
    agencies = read_yaml("agencies.yaml")
    real = list(_real(data, agencies))
    local = sum(item.is_local for item in real)
    commune = sum("commune" in item.levels for item in real)
    sectors = data["sectors"]
    at_commune = [s for s in sectors if s[2] == "commune"]
    at_province = [s for s in sectors if s[2] not in ("commune", "-")]
    at_ministry = [s for s in sectors if s[2] == "-"]
    total = sum(item.demand for item in real)
    made = list(_simulated(rng, data, at_commune, COMMUNE_LEVEL - commune, 1, 0.10 * total))
    made += _simulated(rng, data, at_province, LOCAL - local - len(made), 1 + len(made), 0.22 * total)
    made += _simulated(rng, data, at_ministry, PROCEDURES - len(real) - len(made), 1 + len(made), 0.07 * total)
    return real + made


def _real(data: dict[str, Any], agencies: dict[str, Any]) -> Iterator[Item]:
    ministries = {s[0]: s[1] for s in data["sectors"]}
    verticals = agencies["vertical"]
    ministry_of_department = {name: row[3] for name, row in agencies["departments"].items()}
    for rank, row in enumerate(read_yaml("real_procedures.yaml")):
        handler = row["handler"]
        local = handler not in verticals
        ministry = verticals[handler][0] if not local else ministry_of_department.get(handler) or ministries.get(row["sector"], "G01")
        papers = tuple(row.get("papers") or data["papers"][row["kind"]])
        yield Item(
            row["code"],
            row["name"],
            row["sector"],
            ministry,
            handler,
            row["days"],
            papers,
            0.9 if row["kind"] in ("enterprise", "transport", "permit") else 0.03,
            (rank + 2.0) ** -0.85,
            False,
            REAL_NOTE if "papers" in row else REAL_NOTE + REAL_PAPERS_NOTE,
            ("commune",) if handler == "commune" else ("province",) if local else ("ministry", "province"),
            local,
            tuple(register_of(paper) for paper in papers),
        )


def _simulated(
    rng: np.random.Generator, data: dict[str, Any], sectors: list[list[Any]], count: int, first: int, demand: float
) -> Iterator[Item]:
    """``count`` made-up procedures, dealt to sectors by Zipf's law; their demand adds up to ``demand``."""
    weights = 1.0 / np.arange(1, len(sectors) + 1) ** 0.8
    chosen = rng.choice(len(sectors), size=count, p=weights / weights.sum())
    zipf = 1.0 / (rng.permutation(count) + 3.0) ** 1.05
    zipf *= demand / zipf.sum()
    deeds, objects = rng.integers(len(data["deeds"]), size=count), rng.integers(len(data["objects"]), size=count)
    days = rng.choice([1, 2, 3, 5, 7, 10, 15, 20, 30], size=count, p=[0.05, 0.05, 0.15, 0.2, 0.15, 0.15, 0.12, 0.08, 0.05])
    series = rng.choice([1, 2], size=count, p=[0.8, 0.2])
    kept = rng.integers(2, 6, size=count)
    for i in range(count):
        sector, ministry, handler, kind, enterprise = sectors[chosen[i]]
        papers = tuple(data["papers"][kind][: kept[i]])
        number = first + i
        yield Item(
            f"{series[i]}.9{number:05d}",
            f"Thủ tục mô phỏng số {number:04d}: {data['deeds'][deeds[i]]} {data['objects'][objects[i]]} (lĩnh vực {sector})",
            sector,
            ministry,
            handler,
            int(days[i]),
            papers,
            enterprise,
            float(zipf[i]),
            True,
            SIMULATED_NOTE,
            ("commune",) if handler == "commune" else ("ministry",) if handler == "-" else ("province",),
            handler != "-",
            tuple(register_of(paper) for paper in papers),
        )


@dataclass(frozen=True)
class Levels:
    """Online levels: ``before`` and ``after`` are provinces × procedures (0 none, 1 partial, 2 full; -1 where the province has no say).

    ``changed``: ordinal of the first day of the new level, ``UNCHANGED`` where there is none; ``ministry``: the level at the ministry.
    """

    before: np.ndarray
    after: np.ndarray
    changed: np.ndarray
    ministry: np.ndarray
    reasons: np.ndarray


def online_levels(rng: np.random.Generator, catalogue: list[Item], provinces: int, window: tuple[date, date]) -> Levels:
    """Deal online levels: exactly ``LOCAL_ONLINE`` local procedures are online somewhere; provinces differ.

    ``window``: the days between which some offerings rise by one level, on the first of a month.
    """
    local = np.array([item.is_local for item in catalogue])
    real = np.array([not item.simulated for item in catalogue])
    count = len(catalogue)
    ease = rng.normal(0.0, 1.0, size=count) + 1.2 * real
    zeal = rng.normal(0.0, 0.45, size=(provinces, 1))
    score = ease + zeal + rng.normal(0.0, 0.6, size=(provinces, count))
    level = np.where(score > 0.45, FULL, np.where(score > -1.75, PARTIAL, NONE)).astype(np.int8)
    offline = rng.permutation(np.flatnonzero(local & ~real))[: LOCAL - LOCAL_ONLINE]
    level[:, offline] = NONE
    nowhere = np.setdiff1d(np.flatnonzero(local & (level.max(axis=0) == NONE)), offline)
    level[rng.integers(provinces, size=len(nowhere)), nowhere] = PARTIAL
    level[:, ~local] = -1
    before = level.copy()
    rises = (rng.random(level.shape) < 0.02) & (level > NONE)
    # A procedure that is online nowhere else must not lose its only offering in the past.
    rises &= ~((level == PARTIAL) & (level.max(axis=0) == PARTIAL))
    before[rises] -= 1
    firsts = _firsts(*window)
    changed = np.where(rises, rng.choice(np.array([day.toordinal() for day in firsts]), size=level.shape), UNCHANGED)
    draw = rng.random(count)
    ministry = np.where(draw < MINISTRY_FULL, FULL, np.where(draw < MINISTRY_ANY, PARTIAL, NONE)).astype(np.int8)
    ministry[real & ~local] = FULL
    ministry[local] = -1
    reasons = rng.integers(len(read_yaml("catalogue.yaml")["partial_reasons"]) + 1, size=level.shape)
    return Levels(before, level, changed, ministry, reasons)


def _firsts(start: date, end: date) -> list[date]:
    """First days of months from ``start`` up to ``end``; never before the reorganisation."""
    days = [date.fromordinal(n) for n in range(start.toordinal(), end.toordinal() + 1)]
    return [day for day in days if day.day == 1 and day > REORGANISED] or [end]


def connections(rng: np.random.Generator, systems: list[str], day: date) -> dict[tuple[str, str], date]:
    """Since when each system (province or ministry) can look into each register; pairs that are not connected are left out.

    Uneven on purpose: each system has its own zeal. ``day``: the last day of the period; a few connect during its last months.
    """
    result: dict[tuple[str, str], date] = {}
    zeal = rng.normal(0.0, 0.9, size=len(systems))
    for register, (published, share) in read_yaml("catalogue.yaml")["registers"].items():
        lean, late = rng.normal(0.0, 0.7, size=len(systems)), rng.integers(0, 300, size=len(systems))
        odds = np.log(max(share, 1e-6) / max(1.0 - share, 1e-6))
        for index, system in enumerate(systems):
            if published is not None and odds + zeal[index] + lean[index] > 0:
                since = min(published.toordinal() + int(late[index]), day.toordinal() - int(late[index]) // 3)
                result[register, system] = date.fromordinal(max(since, published.toordinal()))
    return result
