"""From counts and answers to measurements, already safe. Pure: what it reads is handed in.

Every unit counts with everything below it. Statuses (DESIGN §7.1): ``not_reported`` where no source of the unit's province
or ministry sent anything for the month, ``not_applicable`` where something was sent and nothing of the kind arose,
``too_few`` and ``suppressed`` where answers are hidden. No data is never zero.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scorecard.disclosure import Limits, Tree, protect_together
from scorecard.figures import COUNTRY, NATION, NOT_APPLICABLE, NOT_REPORTED, PROCEDURE, RAW, SUPPRESSED, UNIT, VALUE
from scorecard.indicators import CATALOGUE, INDICATORS, LAKE, SURVEY
from scorecard.rulesets import RuleSet
from scorecard.statistics import round10_all, wilson

if TYPE_CHECKING:
    import pandas as pd

NO_SUBJECT = ("nation", "reception_point")  # kinds of unit without measurements of their own
ASKED = ("0", "1", "2+")  # answers to supplement_count that state a number

Key = tuple[str, str]  # subject kind and code
KEY = ("subject_kind", "subject_code", "indicator", "variant", "period_kind", "window", "breakdown", "category")  # of a measurement


@dataclass(frozen=True)
class Place:
    """A unit as far as measuring needs it. ``province``: the province or ministry that answers for it."""

    code: str
    kind: str
    parent: str | None
    province: str | None


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
    ``reported``: provinces and ministries of which a source sent something for the month.

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


def measure(material: Material, rules: RuleSet) -> list[Row]:
    """All measurements of the month, sorted by subject, indicator and variant."""
    subjects = [(NATION, COUNTRY)] + [(UNIT, place.code) for place in material.places.values() if place.kind not in NO_SUBJECT]
    above = _ancestors(material.places)
    rows = [
        *_lake_rows(material, subjects, above),
        *_survey_rows(material, subjects, above, rules),
        *_catalogue_rows(material, subjects),
    ]
    rows = [row for row in rows if row.indicator in rules.empty]  # an old edition's rules know nothing of newer indicators
    _rate(rows, rules.z)
    return sorted(rows, key=lambda row: row.key)


def _ancestors(places: Mapping[str, Place]) -> dict[str, list[str]]:
    """For each unit itself and everything above it; the nation is always among them."""
    found: dict[str, list[str]] = {}
    for code in places:
        chain, at = [], code
        while at in places and at not in chain and at != COUNTRY:
            chain.append(at)
            at = places[at].parent or COUNTRY
        found[code] = [*chain, COUNTRY]
    return found


def _roll_up(frame: "pd.DataFrame", unit: str, above: Mapping[str, list[str]]) -> dict[str, dict[str, int]]:
    """Sums of the number columns for every unit with everything below it. Codes that no unit has count for the nation."""
    import pandas as pd

    by_unit = frame.groupby(unit, dropna=False).sum(numeric_only=True)
    codes = [code if isinstance(code, str) else "" for code in by_unit.index]
    pairs = [(index, subject) for index, code in enumerate(codes) for subject in above.get(code, [COUNTRY])]
    spread = by_unit.iloc[[index for index, _ in pairs]]
    summed = spread.groupby(pd.Index([subject for _, subject in pairs], dtype="str")).sum()
    return _as_counts(summed)


def _as_counts(frame: "pd.DataFrame") -> dict[str, dict[str, int]]:
    columns = [str(column) for column in frame.columns]
    rows = frame.astype("int64").itertuples(name=None)
    return {str(row[0]): dict(zip(columns, row[1:], strict=True)) for row in rows}


def _empty_status(material: Material, subject: Key) -> str:
    """What nothing means for this subject."""
    kind, code = subject
    if kind == PROCEDURE:
        return NOT_APPLICABLE
    if kind == NATION:
        return NOT_APPLICABLE if material.reported else NOT_REPORTED
    place = material.places[code]
    return NOT_APPLICABLE if (place.province or code) in material.reported else NOT_REPORTED


def _lake_rows(material: Material, subjects: list[Key], above: Mapping[str, list[str]]) -> Iterator[Row]:
    counted: dict[Key, dict[str, int]] = {}
    for code, sums in _roll_up(material.by_unit, "handling_unit", above).items():
        counted[NATION if code == COUNTRY else UNIT, code] = sums
    by_procedure = _as_counts(material.by_procedure.set_index("procedure_code"))
    counted |= {(PROCEDURE, code): sums for code, sums in by_procedure.items()}
    for subject in [*subjects, *((PROCEDURE, code) for code in sorted(by_procedure))]:
        sums = counted.get(subject, {})
        for indicator in INDICATORS.values():
            if indicator.kind != LAKE:
                continue
            denominator = sums.get(f"{indicator.code}_den", 0)
            for variant in indicator.variants:
                row = Row(*subject, indicator.code, variant, VALUE if denominator else _empty_status(material, subject))
                if denominator:
                    row.numerator, row.denominator, row.n = sums[f"{indicator.code}_{variant}"], denominator, denominator
                yield row


def _survey_rows(material: Material, subjects: list[Key], above: Mapping[str, list[str]], rules: RuleSet) -> Iterator[Row]:
    live = "settled" in material.answers
    answers = _answer_counts(material.answers[material.answers["settled"]] if live else material.answers)
    invited = material.invited[material.invited["end_point"] != "supplement"]
    said: dict[Key, dict[str, int]] = {}
    asked: dict[Key, int] = {}
    for code, sums in _roll_up(answers.drop(columns="procedure_code"), "unit_code", above).items():
        said[NATION if code == COUNTRY else UNIT, code] = sums
    for code, sums in _roll_up(invited[["unit_code", "invited"]], "unit_code", above).items():
        asked[NATION if code == COUNTRY else UNIT, code] = sums["invited"]
    for code, sums in _as_counts(answers.groupby("procedure_code").sum(numeric_only=True)).items():
        said[PROCEDURE, code] = sums
    for code, sums in _as_counts(invited.groupby("procedure_code")[["invited"]].sum()).items():
        asked[PROCEDURE, code] = sums["invited"]
    everyone = [*subjects, *sorted(key for key in said.keys() | asked.keys() if key[0] == PROCEDURE)]
    nothing = dict.fromkeys(map(str, answers.columns), 0)
    active = dict.fromkeys(key for key in everyone if asked.get(key, 0) or said.get(key, nothing)["answered"])
    hidden = _hidden(material.places, list(active), said, rules) if active else {}
    for subject in everyone:
        counts = said.get(subject, nothing)
        for code, (numerator, denominator, n) in _survey_values(counts, asked.get(subject, 0)).items():
            if subject not in active:
                yield Row(*subject, code, RAW, _empty_status(material, subject))
            elif status := hidden[code].get(_cell(subject)):
                yield Row(*subject, code, RAW, status)
            elif live and (subject != (NATION, COUNTRY) or code == "response_rate"):
                yield Row(*subject, code, RAW, SUPPRESSED)
            elif numerator > denominator:  # answers whose invitations are forgotten: there is no rate of response
                yield Row(*subject, code, RAW, NOT_APPLICABLE)
            else:
                yield Row(*subject, code, RAW, VALUE, numerator, denominator, n)


def _answer_counts(answers: "pd.DataFrame") -> "pd.DataFrame":
    """Each counted answer as zeros and ones: ``unit_code``, ``procedure_code`` and what it says. Short forms left out."""
    import pandas as pd

    answers = answers[answers["end_point"] != "supplement"]
    rating = answers["rating"].astype("Float64")
    again, times = answers["asked_again"].astype("object"), answers["supplement_count"].astype("object")
    stated = times.isin(ASKED)
    columns: dict[str, pd.Series[Any]] = {
        "answered": pd.Series(1, index=answers.index),
        "rated": rating.notna(),
        "satisfied": (rating >= 4).fillna(False),
        "yes": again == "yes",
        "no": again == "no",
        "asked_known": again.isin(("yes", "no", "unsure")),
        "stated": stated,
        "differs": stated & ((times == "0") != (answers["recorded_supplements"].astype("Int64") == 0).fillna(False)),
    }
    flags = pd.DataFrame({name: column.fillna(False).astype("int64") for name, column in columns.items()})
    return flags.assign(unit_code=answers["unit_code"], procedure_code=answers["procedure_code"])


def _survey_values(said: Mapping[str, int], invited: int) -> dict[str, tuple[int, int, int]]:
    """(numerator, denominator, n) of each survey indicator."""
    decided = said["yes"] + said["no"]
    return {
        "satisfaction": (said["satisfied"], said["rated"], said["rated"]),
        "response_rate": (said["answered"], invited, invited),
        "asked_again_experienced": (said["yes"], decided, said["asked_known"]),
        "mismatch_supplement": (said["differs"], said["stated"], said["stated"]),
    }


def _cell(subject: Key) -> str:
    """A name for the disclosure tree, in which a procedure must not be taken for a unit."""
    kind, code = subject
    return f"procedure {code}" if kind == PROCEDURE else code


def _hidden(
    places: Mapping[str, Place], active: list[Key], said: Mapping[Key, Mapping[str, int]], rules: RuleSet
) -> dict[str, dict[str, str]]:
    """Status of every hidden cell, by indicator. The nation is divided twice: by units and by procedures."""
    codes = {code for kind, code in active if kind != PROCEDURE}

    def parent(code: str) -> str | None:
        if code == COUNTRY:
            return None
        at = places[code].parent
        while at is not None and at not in codes:
            at = places[at].parent if at in places else None
        return at or COUNTRY

    units = Tree({code: parent(code) for kind, code in active if kind != PROCEDURE})
    procedures = Tree({COUNTRY: None} | {_cell(key): COUNTRY for key in active if key[0] == PROCEDURE})
    bases: dict[str, dict[str, int]] = {code: {} for code, indicator in INDICATORS.items() if indicator.kind == SURVEY}
    for key in active:
        counts = said.get(key, {})
        bases["satisfaction"][_cell(key)] = counts.get("rated", 0)
        bases["response_rate"][_cell(key)] = counts.get("answered", 0)
        bases["asked_again_experienced"][_cell(key)] = counts.get("yes", 0) + counts.get("no", 0)
        bases["mismatch_supplement"][_cell(key)] = counts.get("stated", 0)
    limits = Limits(rules.disclosure.suppress_below, rules.disclosure.least_range)
    return protect_together([units, procedures], bases, limits)


def _catalogue_rows(material: Material, subjects: list[Key]) -> Iterator[Row]:
    """Shares of procedures offered online: of each province, of all pairs of province and procedure, of each procedure's provinces."""
    offered: dict[Key, list[str]] = {}
    for unit, procedure, level in material.offerings:
        if unit in material.places and material.places[unit].kind == "province":
            for key in ((UNIT, unit), (NATION, COUNTRY), (PROCEDURE, procedure)):
                offered.setdefault(key, []).append(level)
    everyone = [*subjects, *sorted(key for key in offered if key[0] == PROCEDURE)]
    for subject in everyone:
        levels = offered.get(subject, [])
        declares = subject[0] != UNIT or material.places[subject[1]].kind == "province"
        for indicator in INDICATORS.values():
            if indicator.kind != CATALOGUE:
                continue
            if not levels:
                yield Row(*subject, indicator.code, RAW, NOT_REPORTED if declares else NOT_APPLICABLE)
                continue
            wanted = ("full",) if indicator.code == "offered_full_online" else ("partial", "full")
            yield Row(*subject, indicator.code, RAW, VALUE, sum(level in wanted for level in levels), len(levels), len(levels))


def _rate(rows: list[Row], z: float) -> None:
    """Fill in values and intervals, computed at the end and once (DESIGN §7.2). The catalogue's shares are no sample."""
    import numpy as np

    shown = [row for row in rows if row.status == VALUE and row.numerator is not None and row.denominator is not None]
    numerators = np.array([row.numerator for row in shown], dtype=np.float64)
    denominators = np.array([row.denominator for row in shown], dtype=np.float64)
    low, high = wilson(numerators, denominators, z)
    ends = zip(shown, round10_all(numerators / denominators), round10_all(low), round10_all(high), strict=True)
    for row, value, row_low, row_high in ends:
        row.value = value
        if INDICATORS[row.indicator].kind != CATALOGUE:
            row.low, row.high = row_low, row_high
