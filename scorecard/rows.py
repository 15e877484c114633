"""A measurement, what it is about and what it is made of. Shared by all that measures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from scorecard.figures import COUNTRY, NATION, NOT_APPLICABLE, NOT_REPORTED, PROCEDURE

if TYPE_CHECKING:
    import pandas as pd

    from scorecard.disclosure import Learned, PublicTables
    from scorecard.survey_estimates import Earlier

NO_SUBJECT = ("nation", "reception_point")  # kinds of unit without measurements of their own
KEY = ("subject_kind", "subject_code", "indicator", "variant", "period_kind", "window", "breakdown", "category")  # of a measurement

Key = tuple[str, str]  # subject kind and code


@dataclass(frozen=True)
class Place:
    """A unit as far as measuring needs it. ``province``: the province or ministry that answers for it."""

    code: str
    kind: str
    parent: str | None
    province: str | None
    type_label: str = ""


@dataclass
class Row:
    """One measurement, with the key of DESIGN §7.1; ``window`` in months."""

    subject_kind: str
    subject_code: str
    indicator: str
    variant: str
    status: str
    numerator: int | None = None
    denominator: int | None = None
    n: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n_eff: float | None = None
    period_kind: str = "calendar"
    window: int = 1
    breakdown: str = "total"
    category: str = "total"

    @property
    def key(self) -> tuple[Any, ...]:
        """What no other measurement of an edition has."""
        return tuple(getattr(self, name) for name in KEY)


@dataclass(frozen=True)
class Material:
    """All that a month's measurements are made of.

    ``by_unit``, ``by_procedure``: as in ``counting.Counts``. ``answers``: as ``surveys.queries.answers_frame``. ``invited``: as
    ``surveys.queries.invited_counts``. ``population``: as ``population.population``. ``offerings``: (unit, procedure, online
    level) of local procedures.
    ``reported``: provinces and ministries of which a source sent something for the month. ``others``: rows that were counted elsewhere
    and only lack their value.

    ``month``: its name. ``groups``: procedure → procedure group. ``windows``: what earlier months' editions counted, for windows of
    several months; ``before``: the month before as it was shown, for changes (``survey_history``); None where there is none.

    Of a month that is not over, answers carry ``settled`` (see ``answers_frame``): only these are counted, and only the nation shows
    them, since a new state every minute would tell the answers of smaller places apart.
    """

    places: Mapping[str, Place]
    by_unit: "pd.DataFrame"
    by_procedure: "pd.DataFrame"
    answers: "pd.DataFrame"
    invited: "pd.DataFrame"
    offerings: list[tuple[str, str, str]]
    population: "pd.DataFrame"
    reported: frozenset[str]
    others: Sequence[Row] = ()
    month: str = ""
    groups: Mapping[str, str] = field(default_factory=dict)
    windows: "Earlier | None" = None
    before: "pd.DataFrame | None" = None
    public: "pd.DataFrame | None" = None  # survey figures that are public already, and the tables that may be (``public_history``)
    tables: "PublicTables | None" = None
    learned: "list[Learned]" = field(default_factory=list)  # what later editions have to know besides what is shown

    @cached_property
    def ended(self) -> "pd.DataFrame":
        """The population with the columns that weighting and breakdowns need (``survey_estimates.coded``); computed once."""
        from scorecard.survey_estimates import coded

        return coded(self.population, self.places, self.groups)

    @cached_property
    def rated(self) -> "pd.DataFrame":
        """The month's rated answers with their weights (``survey_measures.month_weighted``); computed once."""
        from scorecard.survey_measures import month_weighted

        return month_weighted(self)


def ancestors(places: Mapping[str, Place]) -> dict[str, list[str]]:
    """For each unit itself and everything above it; the nation is always among them."""
    found: dict[str, list[str]] = {}
    for code in places:
        chain, at = [], code
        while at in places and at not in chain and at != COUNTRY:
            chain.append(at)
            at = places[at].parent or COUNTRY
        found[code] = [*chain, COUNTRY]
    return found


def roll_up(frame: "pd.DataFrame", unit: str, above: Mapping[str, list[str]]) -> dict[str, dict[str, int]]:
    """Sums of the number columns for every unit with everything below it. Codes that no unit has count for the nation."""
    import pandas as pd

    by_unit = frame.groupby(unit, dropna=False).sum(numeric_only=True)
    codes = [code if isinstance(code, str) else "" for code in by_unit.index]
    pairs = [(index, subject) for index, code in enumerate(codes) for subject in above.get(code, [COUNTRY])]
    spread = by_unit.iloc[[index for index, _ in pairs]]
    summed = spread.groupby(pd.Index([subject for _, subject in pairs], dtype="str")).sum()
    return as_counts(summed)


def as_counts(frame: "pd.DataFrame") -> dict[str, dict[str, int]]:
    columns = [str(column) for column in frame.columns]
    rows = frame.astype("int64").itertuples(name=None)
    return {str(row[0]): dict(zip(columns, row[1:], strict=True)) for row in rows}


def empty_status(material: Material, subject: Key) -> str:
    """What nothing means for this subject."""
    kind, code = subject
    if kind == PROCEDURE:
        return NOT_APPLICABLE
    if kind == NATION:
        return NOT_APPLICABLE if material.reported else NOT_REPORTED
    place = material.places[code]
    return NOT_APPLICABLE if (place.province or code) in material.reported else NOT_REPORTED


def named(codes: "pd.Series[Any]", names: Mapping[str, str]) -> "pd.Series[Any]":
    """What each code stands for, empty where nobody knows; asked once for each different code of a long column."""
    import pandas as pd

    places, different = pd.factorize(codes, use_na_sentinel=False)
    found = pd.array([names.get(str(code), "") for code in different], dtype="str")
    return pd.Series(found.take(places), index=codes.index)
