"""Weighted rates of satisfaction of a month or a window of months, for every unit, procedure and breakdown. Pure.

Each month's answers are weighted to that month's register. A window puts its months' weighted answers together, so that every
dossier of the window counts once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scorecard.figures import COUNTRY, NATION, PROCEDURE, UNIT
from scorecard.mismatch_indicators import MISMATCH_CODES
from scorecard.statistics import Estimates, estimate, weights

if TYPE_CHECKING:
    import pandas as pd

    from scorecard.rows import Place

Ints = NDArray[np.int64]

# What the register knows of every dossier, from what goes along most with satisfaction to what does least: thin weighting cells are merged
# across the last first, and end-points only where nothing else is left.
DIMENSIONS = ("outcome", "channel", "level", "applicant_type")
HEADLINE = ("link",)  # modes that the rate rests on: a link sent to one person about one dossier; the others are series of their own
SATISFIED = 4
BREAKDOWNS = {  # breakdown: column that holds its category
    "channel": "channel",
    "end_point": "end_point",
    "applicant": "applicant_type",
    "procedure_group": "procedure_group",
    "provider": "provider_code",
}
KEPT = ("unit_code", "province_code", "cell", "weight", "satisfied")  # of an answer, for later windows
COUNTED_ANSWERS = ("answered", "rated", "satisfied", *(name for code in MISMATCH_CODES for name in (code, f"{code}_of")))
COUNTED = ("unit_code", "dossiers", "invited", *COUNTED_ANSWERS)

Subject = tuple[str, str, str, str]  # kind, code, breakdown, category


@dataclass(frozen=True)
class Earlier:
    """Earlier months of the survey, newest first: ``months`` by name; ``weighted`` with ``KEPT``, ``answers`` (how many alike) and
    ``month``; ``counts`` with ``COUNTED`` and ``month``: what the editions of those months counted."""

    months: tuple[str, ...]
    weighted: "pd.DataFrame"
    counts: "pd.DataFrame"


def by_invitation(answers: "pd.DataFrame") -> "pd.DataFrame":
    """Answers that count: to a personal invitation at an end-point, no trials."""
    wanted = answers["end_point"] != "supplement"
    if "mode" in answers:
        wanted &= answers["mode"].isna() | answers["mode"].isin(HEADLINE)
    if "is_test" in answers:
        wanted &= ~answers["is_test"].fillna(False).astype(bool)
    return answers[wanted]


def coded(frame: "pd.DataFrame", places: "Mapping[str, Place]", groups: Mapping[str, str]) -> "pd.DataFrame":
    """Answers or population with the columns that weighting and breakdowns need, as categories; a missing one is an empty text."""
    known = {code: place.province or code for code, place in places.items()}
    kind = {code: place.kind for code, place in places.items()}
    return frame.assign(
        unit_code=_texts(frame["unit_code"]),
        procedure_code=_texts(frame["procedure_code"]),
        province_code=_texts(frame["unit_code"], lambda code: known.get(code, "")),
        outcome=_texts(frame["end_point"], lambda code: "returned" if code == "returned" else "not_returned"),
        end_point=_texts(frame["end_point"]),
        channel=_texts(frame["channel"], lambda code: "" if code == "0" else code),
        level=_texts(frame["unit_code"], lambda code: "commune" if kind.get(code) == "commune" else "above"),
        procedure_group=_texts(frame["procedure_code"], lambda code: groups.get(code, "")),
        applicant_type=_texts(frame["applicant_type"]) if "applicant_type" in frame else "",
        provider_code=_texts(frame["provider_code"]) if "provider_code" in frame else "",
    )


def _texts(column: "pd.Series[Any]", word: Callable[[str], str] = str) -> "pd.Series[Any]":
    """A column as categories, each distinct text through ``word``; missing ones are empty."""
    import pandas as pd

    number, distinct = pd.factorize(column)
    words = ["" if pd.isna(text) else word(str(text)) for text in distinct]
    kinds = {text: place for place, text in enumerate(sorted({*words, ""}))}
    place = np.array([kinds[text] for text in words] + [kinds[""]], dtype=np.int64)
    return pd.Series(pd.Categorical.from_codes(place[number], categories=pd.Index(list(kinds))), index=column.index)


def weighted(answers: "pd.DataFrame", population: "pd.DataFrame") -> "pd.DataFrame":
    """Rated answers (``coded``) with ``weight``, ``cell`` and ``satisfied`` (0 or 1); those that stand for no dossier are left out.

    ``attrs``: ``covered``, share of the dossiers in provinces with an answer; ``trimmed``, answers whose weight was cut.
    """
    rated = answers[answers["rating"].notna()].reset_index(drop=True)
    cells = population.groupby(["province_code", *DIMENSIONS], observed=True)[["dossiers"]].sum().reset_index()
    found = weights(rated, cells, DIMENSIONS)
    satisfied = (rated["rating"].astype("Int64") >= SATISFIED).astype("int64")
    rated = rated.assign(weight=found.weight, cell=found.cell, satisfied=satisfied)
    standing = rated[rated["weight"] > 0].reset_index(drop=True)
    standing.attrs.update(covered=found.covered, trimmed=found.trimmed)
    return standing


def compact(rated: "pd.DataFrame") -> "pd.DataFrame":
    """Weighted answers as later windows need them: alike ones as one row with their number in ``answers``."""
    short = rated.assign(weight=rated["weight"].round(9))
    found = short.groupby(list(KEPT), as_index=False, observed=True).size().rename(columns={"size": "answers"})
    return found.astype({"unit_code": "str", "province_code": "str"}).sort_values(list(KEPT), ignore_index=True)


class Partition:
    """Domains of which each answer and each dossier belongs to at most one: numbers by row, and what each number is."""

    def __init__(self, subjects: Sequence[Subject], answers: Ints, population: Ints) -> None:
        self.subjects, self.answers, self.population = subjects, answers, population


def estimates(
    rated: "pd.DataFrame",
    population: "pd.DataFrame",
    above: Mapping[str, list[str]],
    *,
    breakdowns_of: Sequence[str] | None = None,
    procedures: bool = True,
) -> "dict[Subject, dict[str, float]]":
    """Weighted figures of every subject that has an answer: ``value``, ``raw``, ``low``, ``high``, ``n``, ``n_eff``, ``dossiers``.

    ``rated``: as from ``weighted`` (or ``KEPT`` with ``answers`` and, for a window, ``month``). ``population``: dossiers of the same
    time with ``unit_code``. ``above``: each unit and what is above it. ``breakdowns_of``: codes of units (and ``COUNTRY``) that are
    broken down; None: nothing is.
    """
    shared = _Shared(rated, population)
    found: dict[Subject, dict[str, float]] = {}
    partitions: list[Callable[[], Partition]] = [*_unit_partitions(shared, above)]
    if procedures:
        partitions.append(lambda: _category_partition(shared, "procedure_code", lambda code: (PROCEDURE, code, "total", "total")))
    for breakdown, column in BREAKDOWNS.items() if breakdowns_of else ():
        partitions.append(lambda c=column, b=breakdown: _category_partition(shared, c, lambda code: (NATION, COUNTRY, b, code)))  # type: ignore[misc]
        partitions.append(lambda c=column, b=breakdown: _province_partition(shared, c, b, breakdowns_of or ()))  # type: ignore[misc]
    for make in partitions:
        found |= shared.estimated(make())
    return found


class _Shared:
    """The two frames with their texts as numbers, once for all partitions."""

    def __init__(self, rated: "pd.DataFrame", population: "pd.DataFrame") -> None:
        self.rated, self.population = rated, population
        self.count = rated["answers"].to_numpy(np.int64) if "answers" in rated else np.ones(len(rated), dtype=np.int64)
        self.dossiers = population["dossiers"].to_numpy(np.float64)
        month = rated["month"].to_numpy(object) if "month" in rated else np.full(len(rated), "")
        self.cell = np.unique([f"{a} {b}" for a, b in zip(month, rated["cell"], strict=True)], return_inverse=True)[1].astype(np.int64)
        self.unit, self.unit_of_dossiers, self.units = self.codes("unit_code")
        self.stratum = _texts(rated["province_code"]).cat.codes.to_numpy(np.int64)

    def codes(self, column: str) -> tuple[Ints, Ints, list[str]]:
        """A column of both frames as numbers of the sorted texts."""
        one, other = _texts(self.rated[column]), _texts(self.population[column])
        texts = sorted({*one.cat.categories, *other.cat.categories})
        number = {text: index for index, text in enumerate(texts)}
        found = [
            np.array([number[text] for text in each.cat.categories], dtype=np.int64)[each.cat.codes.to_numpy()] for each in (one, other)
        ]
        return found[0], found[1], texts

    def estimated(self, part: Partition) -> "dict[Subject, dict[str, float]]":
        size = len(part.subjects)
        inside = part.population >= 0
        dossiers = np.bincount(part.population[inside], self.dossiers[inside], size)
        wide = len(self.units)
        answering = np.unique(part.answers[part.answers >= 0] * wide + self.unit[part.answers >= 0])
        heard = np.isin(part.population[inside] * wide + self.unit_of_dossiers[inside], answering)
        reached = np.bincount(part.population[inside], self.dossiers[inside] * heard, size) / np.maximum(dossiers, 1)
        made: Estimates = estimate(
            self.rated["satisfied"],
            self.rated["weight"],
            part.answers,
            self.unit,
            self.cell,
            stratum=self.stratum,
            count=self.count,
            domains=size,
            population=dossiers,
            reached=reached,
        )
        names: dict[str, Any] = {name: getattr(made, name) for name in ("value", "raw", "low", "high", "n", "n_eff")}
        names["dossiers"] = dossiers
        return {
            subject: {name: float(values[index]) for name, values in names.items()}
            for index, subject in enumerate(part.subjects)
            if made.n[index] > 0
        }


def _unit_partitions(shared: _Shared, above: Mapping[str, list[str]]) -> list[Callable[[], Partition]]:
    """One for each storey of the tree, the nation first: a unit counts with everything below it."""
    chains = [above.get(unit, [COUNTRY])[::-1] for unit in shared.units]

    def storey(depth: int) -> Callable[[], Partition]:
        def make() -> Partition:
            codes = sorted({chain[depth] for chain in chains if len(chain) > depth})
            number = {code: index for index, code in enumerate(codes)}
            lookup = np.array([number[chain[depth]] if len(chain) > depth else -1 for chain in chains] or [-1], dtype=np.int64)
            subjects = [(NATION if code == COUNTRY else UNIT, code, "total", "total") for code in codes]
            return Partition(subjects, lookup[shared.unit], lookup[shared.unit_of_dossiers])

        return make

    return [storey(depth) for depth in range(max((len(chain) for chain in chains), default=0))]


def _category_partition(shared: _Shared, column: str, subject: Callable[[str], Subject]) -> Partition:
    answers, population, texts = shared.codes(column)
    blank = texts.index("") if "" in texts else -2
    return Partition(
        [subject(text) for text in texts], np.where(answers == blank, -1, answers), np.where(population == blank, -1, population)
    )


def _province_partition(shared: _Shared, column: str, breakdown: str, codes: Sequence[str]) -> Partition:
    """A breakdown of each of some provinces."""
    one, other, provinces = shared.codes("province_code")
    answers, population, texts = shared.codes(column)
    wide = len(texts)
    wanted = np.array([code in codes and code != COUNTRY for code in provinces] or [False])
    blank = np.array([text == "" for text in texts] or [True])
    subjects = [(UNIT, province, breakdown, text) for province in provinces for text in texts]
    return Partition(
        subjects,
        np.where(wanted[one] & ~blank[answers], one * wide + answers, -1),
        np.where(wanted[other] & ~blank[population], other * wide + population, -1),
    )


def window_frames(
    rated: "pd.DataFrame", counts: "pd.DataFrame", month: str, earlier: Earlier, months: int
) -> "tuple[pd.DataFrame, pd.DataFrame] | None":
    """Weighted answers and counts of a window of so many months ending with ``month``; None where one of them has no edition."""
    import pandas as pd

    from core.calendar import Month

    wanted = [str(Month.parse(month).plus(-back)) for back in range(1, months)]
    if not set(wanted) <= set(earlier.months):
        return None
    now = compact(rated).assign(month=month)
    before = earlier.weighted[earlier.weighted["month"].isin(wanted)]
    counted = pd.concat([counts, earlier.counts[earlier.counts["month"].isin(wanted)]], ignore_index=True)
    return pd.concat([now, before], ignore_index=True), counted
