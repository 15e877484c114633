"""From counts and answers to measurements, already safe. Pure: what it reads is handed in.

Every unit counts with everything below it. Statuses (DESIGN §7.1): ``not_reported`` where no source of the unit's province
or ministry sent anything for the month, ``not_applicable`` where something was sent and nothing of the kind arose,
``too_few`` and ``suppressed`` where answers are hidden. No data is never zero.
"""

from collections.abc import Iterator, Mapping

from scorecard.availability import OFFERING_KINDS
from scorecard.definitions import FOLLOWED, SERVICE
from scorecard.figures import COUNTRY, NATION, NOT_APPLICABLE, NOT_REPORTED, PROCEDURE, RAW, UNIT, VALUE
from scorecard.indicators import CATALOGUE, INDICATORS, LAKE
from scorecard.rows import KEY, NO_SUBJECT, Key, Material, Place, Row, ancestors, as_counts, empty_status, roll_up
from scorecard.rulesets import RuleSet
from scorecard.statistics import round10_all, wilson
from scorecard.survey_measures import survey_rows

__all__ = ["KEY", "Key", "Material", "Place", "Row", "measure"]


def measure(material: Material, rules: RuleSet) -> list[Row]:
    """All measurements of the month, sorted by subject, indicator and variant."""
    subjects = [(NATION, COUNTRY)] + [(UNIT, place.code) for place in material.places.values() if place.kind not in NO_SUBJECT]
    above = ancestors(material.places)
    rows = [
        *_lake_rows(material, subjects, above),
        *survey_rows(material, subjects, above, rules),
        *_catalogue_rows(material, subjects),
        *material.others,
    ]
    rows = [row for row in rows if row.indicator in rules.empty]  # an old edition's rules know nothing of newer indicators
    _rate(rows, rules.z)
    return sorted(rows, key=lambda row: row.key)


def _lake_rows(material: Material, subjects: list[Key], above: Mapping[str, list[str]]) -> Iterator[Row]:
    counted: dict[Key, dict[str, int]] = {}
    for code, sums in roll_up(material.by_unit, "handling_unit", above).items():
        counted[NATION if code == COUNTRY else UNIT, code] = sums
    by_procedure = as_counts(material.by_procedure.set_index("procedure_code"))
    counted |= {(PROCEDURE, code): sums for code, sums in by_procedure.items()}
    for subject in [*subjects, *((PROCEDURE, code) for code in sorted(by_procedure))]:
        sums = counted.get(subject, {})
        for indicator in INDICATORS.values():
            if indicator.kind not in (LAKE, FOLLOWED):
                continue
            denominator = sums.get(f"{indicator.code}_den", 0)
            silent = indicator.kind == FOLLOWED and sums.get("ended", 0) > 0  # who applied is not known: something arose all the same
            nothing = NOT_REPORTED if silent else empty_status(material, subject)
            for variant in indicator.variants:
                row = Row(*subject, indicator.code, variant, VALUE if denominator else nothing)
                if denominator:
                    row.numerator, row.denominator, row.n = sums[f"{indicator.code}_{variant}"], denominator, denominator
                yield row


def _catalogue_rows(material: Material, subjects: list[Key]) -> Iterator[Row]:
    """Shares of procedures offered online: of each province or ministry, of all pairs of these and procedures, of each procedure."""
    offered: dict[Key, list[str]] = {}
    for unit, procedure, level in material.offerings:
        if unit in material.places and material.places[unit].kind in OFFERING_KINDS:
            whole = [(NATION, COUNTRY)] if material.places[unit].kind == "province" else []  # the nation's share is of the local level
            for key in ((UNIT, unit), (PROCEDURE, procedure), *whole):
                offered.setdefault(key, []).append(level)
    everyone = [*subjects, *sorted(key for key in offered if key[0] == PROCEDURE)]
    for subject in everyone:
        levels = offered.get(subject, [])
        declares = subject[0] != UNIT or material.places[subject[1]].kind in OFFERING_KINDS
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
        if INDICATORS[row.indicator].kind not in (CATALOGUE, SERVICE):
            row.low, row.high = row_low, row_high
