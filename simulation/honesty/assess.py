"""What the scorecard makes of a drawn month. Estimates and detects only, by ``scorecard.statistics`` and ``scorecard.integrity_*``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scorecard import integrity_patterns, statistics, zeros
from scorecard.integrity_rules import IntegrityRules
from scorecard.survey_estimates import DIMENSIONS

if TYPE_CHECKING:
    import pandas as pd

Numbers = NDArray[np.float64]
LEAST_DOSSIERS, LEAST_ANSWERS = 100, 10


@dataclass(frozen=True)
class Judged:
    """One entry a domain: ``value`` with its interval, ``raw`` (unweighted), the sensitivity band, ``n`` answers."""

    value: Numbers
    raw: Numbers
    low: Numbers
    high: Numbers
    band_low: Numbers
    band_high: Numbers
    n: Numbers


class Month:
    """A drawn month (or several): weighted once, estimated for any division into domains."""

    def __init__(self, answers: "pd.DataFrame", population: "pd.DataFrame") -> None:
        sizes = population.groupby(["province_code", *DIMENSIONS], observed=True)["dossiers"].sum().reset_index()
        self.answers, self.population = answers, population
        weighted = statistics.weights(answers, sizes, DIMENSIONS)
        self.weight, self.cell = weighted.weight, weighted.cell
        self.unit = answers["unit_code"].cat.codes.to_numpy(dtype=np.int64)
        self.province = answers["province_code"].cat.codes.to_numpy(dtype=np.int64)

    def judge(self, by: str | None) -> Judged:
        """Shares of the satisfied, by the column ``by`` (None: the nation)."""
        dossiers, names = self.population["dossiers"].to_numpy(np.float64), self.population["unit_code"].cat.codes.to_numpy()
        reached = np.isin(names, np.unique(self.unit))
        domain, home, domains = np.zeros(len(self.answers), dtype=np.int64), np.zeros(len(dossiers), dtype=np.int64), 1
        if by is not None:
            domain, home = (np.array(frame[by].cat.codes, dtype=np.int64) for frame in (self.answers, self.population))
            domains = len(self.population[by].cat.categories)
        whole = np.bincount(home, dossiers, domains)
        found = statistics.estimate(
            self.answers["satisfied"].to_numpy(dtype=np.float64),
            self.weight,
            domain,
            self.unit,
            self.cell,
            stratum=self.province,
            count=self.answers["count"].to_numpy(dtype=np.float64),
            domains=domains,
            population=whole,
            reached=np.bincount(home, dossiers * reached, domains) / np.maximum(whole, 1),
        )
        low, high = statistics.sensitivity_band(found.low, found.high)
        return Judged(found.value, found.raw, found.low, found.high, low, high, found.n)


def questions(answers: "pd.DataFrame", contacts: "pd.DataFrame", groups: Mapping[str, str], rules: IntegrityRules) -> dict[str, set[str]]:
    """Who is put before a reviewer: the names of the detectors, by unit or provider."""
    found = integrity_patterns.compare(integrity_patterns.tally(answers, contacts, rules), groups, rules)
    asked: dict[str, set[str]] = {}
    for code, detector in found.loc[found["question"], ["subject_code", "detector"]].itertuples(index=False):
        asked.setdefault(str(code), set()).add(str(detector))
    return asked


def hiding(recorded: "pd.DataFrame", refiled: "pd.DataFrame", denied: "pd.DataFrame") -> list[set[str]]:
    """Units flagged for recording nothing, for dossiers that came again, and for people who say that they were asked."""
    found = [
        zeros.tails(recorded, True, LEAST_DOSSIERS),
        zeros.tails(refiled, False, LEAST_DOSSIERS),
        zeros.tails(denied, False, LEAST_ANSWERS),
    ]
    return [set(map(str, frame.loc[frame["flagged"].astype(bool), "unit"])) for frame in found]
