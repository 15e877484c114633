"""A country that answers, made by chance: true counts of every cell of the public tables, as measurements before protection."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from scorecard.figures import VALUE
from scorecard.measuring import Place, Row

BREAKDOWNS = {"channel": 4, "end_point": 4, "applicant": 2, "procedure_group": 10, "provider": 5}
Answers = dict[str, np.ndarray]
Key = tuple[str, str, str, str]  # subject kind and code, breakdown, category


@dataclass(frozen=True)
class Country:
    """Provinces with their communes and one department each, which has no public table of its own."""

    communes: Mapping[str, Sequence[str]]
    breakdowns: Mapping[str, int] = field(default_factory=lambda: BREAKDOWNS)

    @classmethod
    def of(cls, provinces: int, communes: int, breakdowns: Mapping[str, int] | None = None) -> "Country":
        """So many provinces, and so many communes in all."""
        split = np.array_split(np.arange(communes), provinces)
        names = {f"{p + 1:02d}": [f"{commune:05d}" for commune in part] for p, part in enumerate(split)}
        return cls(names, BREAKDOWNS if breakdowns is None else breakdowns)

    @property
    def places(self) -> dict[str, Place]:
        """As the scorecard knows them."""
        found = {"VN": Place("VN", "nation", None, None)}
        for province, communes in self.communes.items():
            found[province] = Place(province, "province", "VN", province)
            found[f"D{province}"] = Place(f"D{province}", "department", province, province)
            found |= {code: Place(code, "commune", province, province) for code in communes}
        return found

    @property
    def units(self) -> list[tuple[str, str]]:
        """Every unit that people answer about, with its province."""
        return [(unit, province) for province, communes in self.communes.items() for unit in (*communes, f"D{province}")]


def month(country: Country, mean: float, seed: int, removed: float = 0.02, department: float = 1.0) -> Answers:
    """One month's answers: ``mean`` for each commune, unevenly spread; ``removed``: share without standing in the cleaned figure."""
    chance = np.random.default_rng(seed)
    units = country.units
    rate = np.random.default_rng(7).gamma(2.0, mean / 2.0, len(units))
    rate = np.array([department * mean if unit.startswith("D") else each for (unit, _), each in zip(units, rate, strict=True)])
    unit = np.repeat(np.arange(len(units)), chance.poisson(rate))
    answers: Answers = {"unit": unit, "satisfied": chance.random(len(unit)) < 0.85, "removed": chance.random(len(unit)) < removed}
    answers["rated"] = chance.random(len(unit)) < 0.97
    for name, size in country.breakdowns.items():
        answers[name] = np.minimum(chance.geometric(0.45, len(unit)) - 1, size - 1)
    return answers


def together(months: Iterable[Answers]) -> Answers:
    """The answers of several months."""
    parts = list(months)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def tally(country: Country, answers: Answers) -> dict[Key, tuple[int, ...]]:
    """(answered, rated, satisfied, rated and satisfied in the cleaned figure) of every cell, empty ones among them."""
    units = country.units
    province_of = np.array([list(country.communes).index(province) for _, province in units])
    rated = answers["rated"]
    kept = rated & ~answers["removed"]
    parts = (np.ones(len(rated), dtype=bool), rated, rated & answers["satisfied"], kept, kept & answers["satisfied"])
    found: dict[Key, tuple[int, ...]] = {}

    def put(codes: np.ndarray, names: Sequence[tuple[str, str]], breakdown: str, categories: Sequence[str]) -> None:
        sums = [np.bincount(codes[part], minlength=len(names) * len(categories)) for part in parts]
        for index, (kind, code) in enumerate(names):
            for place, category in enumerate(categories):
                found[kind, code, breakdown, category] = tuple(int(each[index * len(categories) + place]) for each in sums)

    unit = answers["unit"]
    provinces = [("unit", code) for code in country.communes]
    communes = [("unit", code) for code, _ in units]
    put(unit, communes, "total", ["total"])
    for key in [key for key in found if key[1].startswith("D")]:
        del found[key]
    put(province_of[unit], provinces, "total", ["total"])
    put(np.zeros_like(unit), [("nation", "VN")], "total", ["total"])
    for name, size in country.breakdowns.items():
        categories = [f"{name}{index}" for index in range(size)]
        put(province_of[unit] * size + answers[name], provinces, name, categories)
        put(answers[name], [("nation", "VN")], name, categories)
    return found


def measured(counted: Mapping[Key, tuple[int, ...]], window: int = 1) -> list[Row]:
    """The rows that are made of the counts: satisfaction, raw (of units alone), cleaned and weighted, and the rate of response."""
    rows = []
    for (kind, code, breakdown, category), (answered, rated, satisfied, kept, kept_satisfied) in counted.items():
        place = {"window": window, "breakdown": breakdown, "category": category}
        for indicator, variant, k, d, n in (
            ("satisfaction", "raw", satisfied, rated, rated),
            ("satisfaction", "cleaned", kept_satisfied, kept, kept),
            ("satisfaction", "weighted", None, None, kept),
            ("response_rate", "raw", answered, answered * 5 + 3, answered * 5 + 3),
        ):
            if (indicator, variant) == ("satisfaction", "raw") and breakdown != "total":
                continue
            value = k / d if k is not None and d else 0.5
            rows.append(Row(kind, code, indicator, variant, VALUE, k, d, n, value, 0.1, 0.9, **place))  # type: ignore[arg-type]
    return rows + _said_again(counted["nation", "VN", "total", "total"], window)


def _said_again(total: tuple[int, ...], window: int) -> list[Row]:
    """Rows that say what the nation's total says: the answers by personal link, and how many gave each rating."""
    _, rated, satisfied, _, _ = total
    if not rated:
        return []
    fives, ones = satisfied * 2 // 3, (rated - satisfied) // 4
    levels = {"5": fives, "4": satisfied - fives, "3": rated - satisfied - ones, "2": 0, "1": ones}
    found = [Row("nation", "VN", "satisfaction", "raw", VALUE, satisfied, rated, rated, window=window, breakdown="mode", category="link")]
    for level, count in levels.items():
        place = {"window": window, "breakdown": "rating", "category": level}
        found.append(Row("nation", "VN", "rating_share", "raw", VALUE, count, rated, rated, **place))  # type: ignore[arg-type]
    return found
