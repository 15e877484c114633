"""What the country is like beneath the surface: how good each unit truly is. Dealt by the seed alone; no province is favoured.

Traits are standard normal unless said otherwise; positive ``slow`` is late more often, ``ask`` asks for more papers, ``mood``
leaves people more satisfied. ``hide`` is a probability.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from simulation.catalogue import Item, Levels
from simulation.places import Place, read_yaml, vertical_code

# The islands' special zones have no one-stop activity in the demonstration.
WITHOUT_ACTIVITY = ("20333", "22736")
SMALL_ZONE = 0.12  # weight of a special zone against a commune
OFTEN, PHANTOM = 40, 0.025  # procedures that are often wanted; share of their services that are online on the list alone


@dataclass(frozen=True)
class World:
    """Units that handle dossiers with their traits; all arrays are indexed by unit, system, or item as their name says."""

    codes: list[str]  # unit
    unit_dossier_prefix: list[str]
    unit_system: np.ndarray  # index into systems
    systems: list[str]  # unit codes of the provinces, then of the ministries that send dossiers
    sources: list[str]  # source code of each system
    unit_slow: np.ndarray
    unit_ask: np.ndarray
    unit_neglect: np.ndarray
    unit_mood: np.ndarray
    system_digital: np.ndarray
    system_hide: np.ndarray
    system_assist: np.ndarray
    province_weight: np.ndarray
    commune_cumulative: np.ndarray  # province index + cumulated share inside it
    department_unit: dict[str, np.ndarray]  # handler → unit by province; vertical agencies too
    ministry_unit: dict[str, int]
    item_demand: np.ndarray  # share
    item_ask: np.ndarray
    item_slow: np.ndarray
    registers: list[str]
    connected: np.ndarray  # registers × systems: ordinal of the first day, or a day that never comes
    phantom: np.ndarray  # provinces × items: online on the list alone, nobody can file so

    @property
    def provinces(self) -> int:
        """How many systems are provinces'; they come first."""
        return len(self.province_weight)


NEVER = date.max.toordinal()


def make_world(
    rng: np.random.Generator,
    provinces: list[Place],
    communes: list[Place],
    catalogue: list[Item],
    connections: dict[tuple[str, str], date],
    busy: int | None = None,
) -> World:
    """Deal the traits. ``busy``: how many communes of a province receive dossiers; None: all."""
    agencies = read_yaml("agencies.yaml")
    ministries = agencies["ministry_sources"]
    systems: list[str] = [place.code for place in provinces] + list(ministries)
    exchange = {place.code: place.exchange or "" for place in provinces}
    index = {code: number for number, code in enumerate(systems)}
    codes: list[str] = [place.code for place in communes]
    prefixes: list[str] = []
    seen: dict[str, int] = {}
    parents = [str(place.versions[-1].parent) for place in communes]
    for parent in parents:
        seen[parent] = seen.get(parent, 99) + 1
        prefixes.append(f"{exchange[parent]}.{seen[parent]}")
    system_of = [index[parent] for parent in parents]
    handlers: dict[str, np.ndarray] = {}

    def add(code: str, system: int) -> int:
        codes.append(code)
        prefixes.append(code)
        system_of.append(system)
        return len(codes) - 1

    for handler, (number, *_rest) in agencies["departments"].items():
        handlers[handler] = np.array([add(f"{exchange[place.code]}.{number}", index[place.code]) for place in provinces])
    for order, (handler, (ministry, *_rest)) in enumerate(agencies["vertical"].items()):
        handlers[handler] = np.array([add(vertical_code(ministry, order, place.code), index[ministry]) for place in provinces])
    ministry_unit = {code: add(code, index[code]) for code in ministries}

    unit_system = np.array(system_of)
    size, count = len(systems), len(codes)
    slow, ask, mood = rng.normal(size=(3, size))
    hide = rng.beta(1.2, 12.0, size=size)
    hide[rng.permutation(size)[:3]] = rng.uniform(0.35, 0.6, size=3)
    demand = np.array([0.0 if item.handler == "-" and item.ministry not in ministry_unit else item.demand for item in catalogue])
    names = list(read_yaml("catalogue.yaml")["registers"])
    since = np.full((len(names), size), NEVER)
    for (register, system), day in connections.items():
        since[names.index(register), index[system]] = day.toordinal()
    return World(
        codes=codes,
        unit_dossier_prefix=prefixes,
        unit_system=unit_system,
        systems=systems,
        sources=[exchange.get(code, code) for code in systems],
        unit_slow=0.66 * slow[unit_system] + 0.55 * rng.normal(size=count),
        unit_ask=0.42 * ask[unit_system] + 0.5 * rng.normal(size=count),
        unit_neglect=rng.normal(size=count),
        unit_mood=0.36 * mood[unit_system] + 0.35 * rng.normal(size=count),
        system_digital=rng.normal(size=size),
        system_hide=hide,
        system_assist=rng.beta(3.0, 6.0, size=size),
        province_weight=_province_weights(rng, provinces, agencies["provinces"]),
        commune_cumulative=_commune_weights(rng, communes, unit_system[: len(communes)], busy),
        department_unit=handlers,
        ministry_unit=ministry_unit,
        item_demand=demand / demand.sum(),
        item_ask=rng.normal(size=len(catalogue)),
        item_slow=rng.normal(size=len(catalogue)),
        registers=names,
        connected=since,
        phantom=_phantoms(rng, len(provinces), demand),
    )


def _phantoms(rng: np.random.Generator, provinces: int, demand: np.ndarray) -> np.ndarray:
    """One service in forty of those that people often want does not work online, whatever the list says."""
    often = demand >= np.sort(demand)[-OFTEN]
    return np.asarray((rng.random((provinces, len(demand))) < PHANTOM) & often)


def _province_weights(rng: np.random.Generator, provinces: list[Place], facts: dict[str, tuple[str, int]]) -> np.ndarray:
    people = np.array([facts[place.code][1] for place in provinces], dtype=float)
    weights = people**0.9 * np.exp(rng.normal(0.0, 0.18, size=len(provinces)))
    return np.asarray(weights / weights.sum())


def _commune_weights(rng: np.random.Generator, communes: list[Place], province: np.ndarray, busy: int | None) -> np.ndarray:
    """For each commune: index of its province plus the cumulated share up to and with it (communes are sorted by province)."""
    size = np.exp(rng.normal(0.0, 0.75, size=len(communes)))
    for number, place in enumerate(communes):
        kind = place.versions[-1].type_label
        size[number] *= 1.7 if kind == "Phường" or place.versions[-1].short_name == "Phú Quốc" else SMALL_ZONE if kind == "Đặc khu" else 1.0
        if place.code in WITHOUT_ACTIVITY:
            size[number] = 0.0
    if busy is not None:
        first = np.searchsorted(province, province)  # the communes are sorted by province
        size[np.arange(len(communes)) - first >= busy] = 0.0
    share = size / np.bincount(province, weights=size)[province]
    return np.asarray(np.cumsum(share))


def online_chance(levels: Levels, world: World, item: np.ndarray, system: np.ndarray, place: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Probability that a dossier is filed online; 0 where the procedure was not offered online on the day, or only on the list.

    ``place``: the province's index, also for a ministry's own office there; ``day``: ordinal of the day.
    """
    level = np.where(day < levels.changed[place, item], levels.before[place, item], levels.after[place, item])
    level = np.where(level < 0, levels.ministry[item], level)
    base = np.array([-99.0, 0.45, 1.05])[level]
    works = (level > 0) & ~world.phantom[place, item]
    return np.asarray(np.where(works, 1.0 / (1.0 + np.exp(-(base + 0.55 * world.system_digital[system]))), 0.0))
