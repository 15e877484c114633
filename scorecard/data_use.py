"""How far a month's dossiers run on data, by unit and by service: what the lake records of it, and bounds where it is silent."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.lake import connect, fetch
from procedures.once_only import OnceOnly
from scorecard.arrivals import counted_over, number, received_in
from scorecard.data_use_indicators import (
    DATA_USES,
    PAID_ONLINE,
    PAYMENT,
    POPULATION_DATA,
    PROCEDURES_PAID_ONLINE,
    PROCEDURES_POPULATION_DATA,
)
from scorecard.figures import COUNTRY, LOWER, NATION, NOT_APPLICABLE, NOT_REPORTED, UNIT, UPPER, VALUE
from scorecard.judging import KEYS
from scorecard.parties import ANSWERING, above
from scorecard.rows import Key, Place, Row, named

if TYPE_CHECKING:
    import ibis
    import pandas as pd

    from core.calendar import Month
    from scorecard.file_counts import FileCounts

POPULATION_REGISTER = "population"  # code in the registers
ENTERPRISE = "enterprise"
SERVICES = {PROCEDURES_POPULATION_DATA: POPULATION_DATA, PROCEDURES_PAID_ONLINE: PAID_ONLINE}  # share of services: of dossiers


def data_use(
    paths: Sequence[Path], sources: Sequence[str], month: "Month", law: OnceOnly, files: "FileCounts | None" = None
) -> "pd.DataFrame":
    """Dossiers received in a month by ``KEYS``: integer sums ``citizens`` (not recorded as an enterprise's), and
    ``<indicator>_den``, ``<indicator>_lower``, ``<indicator>_upper`` of each indicator of ``DATA_USES`` that has expressions.

    ``law``: tells which database a recorded look-up was made in.
    """
    engine = connect()
    try:

        def expression(rows: "ibis.Table", keys: list[str]) -> "ibis.Table":
            rows = rows.filter(rows.source.isin(list(sources)))
            rows = rows.mutate(population=_names(rows, _population_names(rows, law)))
            sums: dict[str, Any] = {"citizens": number((rows.applicant_type != ENTERPRISE).fill_null(True))}
            for item in DATA_USES:
                if item.denominator is not None:
                    sums[f"{item.code}_den"] = number(item.denominator(rows))
                    sums |= {f"{item.code}_{variant}": number(numerator(rows)) for variant, numerator in item.numerators.items()}
            return rows.group_by([*keys, *KEYS]).agg(**sums)

        def _population_names(rows: "ibis.Table", law: OnceOnly) -> list[str]:
            named = rows.filter(rows.data_lookups.length() > 0).select(entry=rows.data_lookups.unnest())
            found = fetch(engine, named.select(name=named.entry["database"]).distinct().order_by("name")).to_pydict()["name"]
            return [name for name in found if (told := law.lookup(name or "", None)) is not None and told[0] == POPULATION_REGISTER]

        counts = counted_over(engine, "data_use", received_in(paths, month), expression, files)
        frame: pd.DataFrame = fetch(engine, counts.order_by(KEYS)).to_pandas()
    finally:
        engine.disconnect()
    return frame.astype(dict.fromkeys(KEYS, "str") | {name: "int64" for name in frame if name not in KEYS})


def _names(rows: "ibis.Table", databases: Sequence[str]) -> Any:
    """Whether one of these databases is among a dossier's look-ups; null where the source records none at all."""
    import ibis

    if not databases:
        return ibis.ifelse(rows.data_lookups.notnull(), False, ibis.null("boolean"))
    return rows.data_lookups.filter(lambda item: reduce(or_, (item.database == name for name in databases))).length() > 0


def data_use_rows(
    used: "pd.DataFrame", places: Mapping[str, Place], provinces: Mapping[str, str], reported: Collection[str]
) -> Iterator[Row]:
    """Measurements of the nation, of units with dossiers, and of every province and ministry. ``used``: as ``data_use`` gives it;
    ``provinces``: unit → province or ministry."""
    columns = [str(name) for name in used if name not in KEYS]
    sums: dict[Key, dict[str, int]] = {}

    def add(subjects: Collection[Key], counts: Mapping[str, int]) -> None:
        for subject in subjects:
            found = sums.setdefault(subject, {})
            for name, value in counts.items():
                found[name] = found.get(name, 0) + value

    for unit in used.groupby("handling_unit")[columns].sum().reset_index().to_dict("records"):
        add(above(places, str(unit["handling_unit"])), {name: int(unit[name]) for name in columns})
    served = used.assign(province_code=named(used["handling_unit"], provinces))
    by_service = served[served["province_code"] != ""].groupby(["province_code", "procedure_code"])[columns].sum()
    for service in by_service.reset_index().to_dict("records"):
        add([(UNIT, str(service["province_code"])), (NATION, COUNTRY)], _of_service({name: int(service[name]) for name in columns}))
    answering = {(UNIT, code) for code, place in places.items() if place.kind in ANSWERING}
    for subject in sorted({*sums, *answering, (NATION, COUNTRY)}):
        counts = sums.get(subject, {})
        known = bool(reported) if subject[0] == NATION else bool(counts) or subject[1] in reported
        for item in DATA_USES:
            if item.code in SERVICES and subject not in answering and subject[0] != NATION:
                continue  # services are a province's or ministry's
            denominator = counts.get(f"{item.code}_den", 0)
            nothing = NOT_APPLICABLE if known and item.code not in PAYMENT else NOT_REPORTED
            for variant in item.variants:
                row = Row(*subject, item.code, variant, VALUE if denominator else nothing)
                if denominator:
                    row.numerator, row.denominator, row.n = counts[f"{item.code}_{variant}"], denominator, denominator
                yield row


def _of_service(counts: Mapping[str, int]) -> dict[str, int]:
    """One service's share in each of ``SERVICES``: whether it counts, and whether it has such a dossier."""
    found = {}
    for code, dossiers in SERVICES.items():
        counts_at_all = counts["citizens"] > 0 if code == PROCEDURES_POPULATION_DATA else counts[f"{dossiers}_den"] > 0
        found[f"{code}_den"] = int(counts_at_all)
        for variant in (LOWER, UPPER):
            found[f"{code}_{variant}"] = int(counts_at_all and counts[f"{dossiers}_{variant}"] > 0)
    return found
