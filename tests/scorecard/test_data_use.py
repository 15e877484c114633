"""How far dossiers run on data: counted from the lake, bounds where it is silent, and from there the index's groups."""

import csv
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from core.database import reading, writing
from procedures.models import StateRegister
from scorecard import operations, queries
from scorecard.data_use_indicators import DATA_USES
from scorecard.figures import COUNTRY, NATION, UNIT
from tests.scorecard.small import BIRTH, BUILD, MONTH, NOW, Dossier, build, put, row_of, submit

POPULATION = [{"database": "Dân cư", "at": None, "outcome": None}]
CIVIL = [{"database": "civil", "at": None, "outcome": "found"}]


def planted() -> list[dict[str, Any]]:
    """Of Ba Đình: six dossiers; of Thuận Hóa: one, of a source that says nothing of all this."""
    said = [  # channel 2 throughout; (digitised, reused, electronic result, paid online, look-ups, status, applicant, procedure)
        (True, True, True, True, POPULATION, 10, "citizen", BIRTH),
        (True, False, False, False, CIVIL, 9, "citizen", BIRTH),
        (False, None, None, None, None, 9, None, BIRTH),
        (None, None, None, None, None, 4, "citizen", BIRTH),
        (None, None, None, None, CIVIL, 6, "enterprise", BUILD),
        (True, True, None, False, POPULATION, 4, "enterprise", BUILD),
    ]
    rows = []
    for number, (digitised, reused, electronic, paid, looked_up, status, applicant, procedure) in enumerate(said):
        row = row_of(Dossier(f"d{number}", procedure=procedure, status=status, finished=5 if status > 8 else None))
        row |= {"digitised": digitised, "reused": reused, "result_electronic": electronic, "paid_online": paid, "status": status}
        rows.append(row | {"data_lookups": looked_up, "applicant_type": applicant})
    rows.append(row_of(Dossier("silent", unit="19750", source="hue", looked_up=None)))
    earlier = row_of(Dossier("earlier", received=-3)) | {"digitised": True, "data_lookups": POPULATION}
    abroad = row_of(Dossier("abroad", source="abroad")) | {"digitised": True}
    return [*rows, earlier, abroad]


@pytest.fixture
def closed(sqlite_app: Flask) -> Any:
    """The planted month, closed."""
    table = build([])
    put(table, planted())
    with writing() as session:
        session.add(
            StateRegister(
                code="population", name="Dân cư", name_en="Population", keeper="Bộ Công an", published_from=None, lookup_codes=["dan-cu"]
            )
        )
    for source in ("hanoi", "hue"):
        submit(source, [str(MONTH)])
    return operations.close(MONTH, NOW, actor="test")


def figures(edition: Any, kind: str, code: str) -> dict[str, Any]:
    """(lower, upper, denominator), or the status."""
    found: dict[str, Any] = {}
    for item in DATA_USES:
        told = queries.figure_map(reading(), edition, kind, [code], [item.code])
        pair = [told[code, item.code, variant] for variant in item.variants]
        known = pair[0].status == "value"
        found[item.code] = (pair[0].numerator, pair[1].numerator, pair[0].denominator) if known else pair[0].status
    return found


def test_what_the_lake_records_is_counted_and_silence_widens_the_bounds(closed: Any) -> None:
    assert figures(closed, UNIT, "01") == {
        "results_electronic": (1, 2, 3),
        "papers_digitised": (3, 5, 6),
        "data_reused": (2, 5, 6),
        "population_data": (2, 4, 6),
        "paid_online": (1, 2, 4),
        "procedures_population_data": (1, 1, 1),  # the building permit is asked for by enterprises alone
        "procedures_paid_online": (1, 2, 2),
    }


def test_a_source_without_payments_has_reported_none_and_not_zero(closed: Any) -> None:
    found = figures(closed, UNIT, "46")
    assert found["paid_online"] == found["procedures_paid_online"] == "not_reported"
    assert found["papers_digitised"] == (0, 1, 1)
    assert figures(closed, UNIT, "96")["papers_digitised"] == "not_reported"  # Cà Mau sent nothing


def test_the_nation_counts_each_service_once_and_other_lists_not(closed: Any) -> None:
    found = figures(closed, NATION, COUNTRY)
    assert found["papers_digitised"] == (3, 6, 7)
    assert found["procedures_population_data"] == (1, 2, 2)
    assert operations.replay(MONTH).identical


def test_the_index_s_counts_come_from_it_with_blanks_for_what_is_not_recorded(closed: Any, sqlite_app: Flask, tmp_path: Path) -> None:
    target = tmp_path / "COUNTS.csv"
    result = sqlite_app.test_cli_runner().invoke(args=["scorecard", "score-counts", str(MONTH), "--output", str(target)])
    assert result.exit_code == 0, result.output
    with target.open(encoding="utf-8") as stream:
        rows = {row["unit_code"]: row for row in csv.DictReader(stream)}
    hanoi, hue = rows["01"], rows["46"]
    told = {
        name: (hanoi[f"{name}_num"], hanoi[f"{name}_den"])
        for name in ("3.5b", "3.6", "4.1", "4.2", "4.2b", "4.3", "4.4", "4.5a", "4.5b", "5.2")
    }
    assert told == {
        "3.5b": ("1", "2"),
        "3.6": ("1", "4"),
        "4.1": ("1", "3"),
        "4.2": ("3", "6"),
        "4.2b": ("", ""),
        "4.3": ("2", "6"),
        "4.4": ("", ""),
        "4.5a": ("1", "1"),
        "4.5b": ("2", "6"),
        "5.2": ("", ""),  # no list of petitions came
    }
    assert (hue["3.6_num"], hue["3.6_den"]) == ("", "")  # no record of payments is no empty denominator
    assert "4.2b" in result.stderr  # what cannot be counted is said, with why
