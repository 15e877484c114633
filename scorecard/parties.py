"""Who is charged with what: reception to the receiving unit, the system to its provider; petitions to the unit that they are about.

Time and result are charged to the handling unit: these are the figures of units without a breakdown. What a receiving unit is charged
with stands under the breakdown ``party``, category ``receiver``; a provider is a kind of subject of its own.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from procedures.folding import plain
from scorecard.definitions import PETITION, RECEPTION, SYSTEM
from scorecard.figures import COUNTRY, LOWER, NATION, NOT_APPLICABLE, NOT_REPORTED, RAW, UNIT, UPPER, VALUE
from scorecard.indicators import INDICATORS
from scorecard.parties_words import PARTY, PROVIDER, RECEIVER
from scorecard.rows import Key, Place, Row

if TYPE_CHECKING:
    import pandas as pd

    from scorecard.service_inputs import ServiceInputs, System

EPOCH = date(1970, 1, 1).toordinal()
RECEIVED_SHARES = {  # indicator and variant: columns of ``arrivals.reception``
    ("reception_refused", RAW): ("refused", "received"),
    ("reception_supplement", RAW): ("asked", "received"),
    ("reception_digitised", RAW): ("digitised", "digitised_known"),
}
PETITION_SHARES = {
    ("petitions_on_time", RAW): ("on_time", "received"),
    ("petitions_reopened", RAW): ("reopened", "received"),
    ("petitions_settled", LOWER): ("settled_lower", "received"),
    ("petitions_settled", UPPER): ("settled_upper", "received"),
}
ANSWERING = ("province", "ministry")


def receiver_rows(received: "pd.DataFrame", places: Mapping[str, Place], reported: Collection[str]) -> Iterator[Row]:
    """Reception by who received: each unit with everything below it. ``received``: as ``arrivals.reception``."""
    columns = sorted({name for pair in RECEIVED_SHARES.values() for name in pair})
    by_unit = received[received["receiving_unit"] != ""].groupby("receiving_unit")[columns].sum()
    sums: dict[Key, dict[str, int]] = {}
    for row in by_unit.reset_index().to_dict("records"):
        for subject in above(places, str(row["receiving_unit"])):
            found = sums.setdefault(subject, dict.fromkeys(columns, 0))
            for name in columns:
                found[name] += int(row[name])
    yield from _rows(RECEPTION, RECEIVED_SHARES, sums, places, reported, PARTY, RECEIVER)


def petition_rows(services: "ServiceInputs", places: Mapping[str, Place]) -> Iterator[Row]:
    """Petitions by unit, with everything below it; a province or ministry that no list speaks of has not reported."""
    sums: dict[Key, dict[str, int]] = {}
    told = set()
    for item in services.petitions:
        place = places.get(item.unit_code)
        told.add((place.province or place.code) if place is not None else "")
        for subject in above(places, item.unit_code):
            found = sums.setdefault(subject, dict.fromkeys(("received", "on_time", "reopened", "settled_lower", "settled_upper"), 0))
            for name in ("received", "on_time", "reopened"):
                found[name] += int(getattr(item, name))
            # of those opened again it is not told which were answered on time
            found["settled_lower"] += max(0, item.on_time - item.reopened)
            found["settled_upper"] += min(item.on_time, item.received - item.reopened)
    yield from _rows(PETITION, PETITION_SHARES, sums, places, told)


def above(places: Mapping[str, Place], code: str) -> list[Key]:
    """A unit and everything above it, the nation among them; a code that nobody has counts for the nation alone."""
    found: list[Key] = []
    seen: set[str] = set()
    at: str | None = code
    while at is not None and at in places and at not in seen and at != COUNTRY:
        seen.add(at)
        if places[at].kind != "reception_point":
            found.append((UNIT, at))
        at = places[at].parent
    return [*found, (NATION, COUNTRY)]


def _rows(
    kind: str,
    shares: Mapping[tuple[str, str], tuple[str, str]],
    sums: Mapping[Key, Mapping[str, int]],
    places: Mapping[str, Place],
    reported: Collection[str],
    breakdown: str = "total",
    category: str = "total",
) -> Iterator[Row]:
    """Of units that have counts, of the nation, and of every province and ministry, also of those that have none."""
    answering = {(UNIT, code) for code, place in places.items() if place.kind in ANSWERING}
    for subject in sorted({*sums, *answering, (NATION, COUNTRY)}):
        counts = sums.get(subject, {})
        known = bool(reported) if subject[0] == NATION else subject in sums or subject[1] in reported
        for indicator in INDICATORS.values():
            if indicator.kind != kind:
                continue
            for variant in indicator.variants:
                numerator, denominator = (counts.get(name, 0) for name in shares[indicator.code, variant])
                row = _share(subject, indicator.code, numerator, denominator, known, variant)
                row.breakdown, row.category = breakdown, category
                yield row


def _share(subject: Key, indicator: str, numerator: int, denominator: int, known: bool, variant: str = RAW) -> Row:
    if denominator:
        return Row(*subject, indicator, variant, VALUE, numerator, denominator, denominator)
    return Row(*subject, indicator, variant, NOT_APPLICABLE if known else NOT_REPORTED)


def provider_rows(
    services: "ServiceInputs",
    received: "pd.DataFrame",
    looked_up: "pd.DataFrame",
    days: "pd.DataFrame",
    failed: Collection[str],
    first: date,
) -> Iterator[Row]:
    """What is charged to a system's provider. Frames: as ``arrivals.reception``, ``lookups`` and ``days``; ``failed``: outcomes, as
    ``plain`` gives them; ``first``: the month's first day. A dossier belongs to who supplied the system on its day.
    """
    sums = _days(services.systems, days, _working_days(first, services.until))
    for item in services.systems:
        if item.provider:
            _add(sums, item.provider, "system_rows_refused", item.refused, item.rows)
    for row in received.to_dict("records"):
        _add(sums, str(row["provider"]), "system_result_electronic", int(row["electronic"]), int(row["results"]))
    for row in looked_up.to_dict("records"):
        number = int(row["number"])
        _add(sums, str(row["provider"]), "system_lookup_failed", number if plain(str(row["outcome"])) in failed else 0, number)
    named = {item.provider for item in services.systems if item.provider} | {code for code, _indicator in sums}
    for provider in sorted(named & set(services.providers)):
        for indicator in INDICATORS.values():
            if indicator.kind == SYSTEM:
                numerator, denominator = sums.get((provider, indicator.code), (0, 0))
                yield _share((PROVIDER, provider), indicator.code, numerator, denominator, known=True)


def _add(sums: dict[tuple[str, str], tuple[int, int]], provider: str, indicator: str, numerator: int, denominator: int) -> None:
    if provider and denominator:
        before = sums.get((provider, indicator), (0, 0))
        sums[provider, indicator] = before[0] + numerator, before[1] + denominator


def _working_days(first: date, last: date) -> list[int]:
    """Mondays to Fridays, as days since 1970."""
    days = (date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1))
    return [day.toordinal() - EPOCH for day in days if day.weekday() < 5]


def _days(systems: "Sequence[System]", days: "pd.DataFrame", working: Sequence[int]) -> dict[tuple[str, str], tuple[int, int]]:
    """Working days with dossiers, and with online ones, by provider: of a silent day, who supplies the system at the month's end."""
    shown: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for row in days.to_dict("records"):
        shown.setdefault((str(row["source"]), int(row["day"])), []).append((str(row["provider"]), int(row["online"])))
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for system in systems:
        for day in working:
            there = shown.get((system.source, day), [])
            provider = next((code for code, _online in there if code), system.provider or "")
            _add(sums, provider, "system_days", int(bool(there)), 1)
            if there:
                _add(sums, provider, "system_online_days", int(any(online for _code, online in there)), 1)
    return sums
