"""Nothing is shown that is not defined: every code in files, pages and the interface has its line in the data dictionary."""

import ast
import csv
import dataclasses
import io
import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import jsonschema
import pytest
from flask import Flask
from sqlalchemy import select

from core.database import reading, writing
from core.settings import ROOT
from exports import data, dictionary, json_schemas, queries, workbook
from scorecard import queries as scorecard
from scorecard.edition_tables import tables
from scorecard.figures import HELD_BY_STATE, ONLINE_UNUSED, REPEAT, OfficialFigure, ProcedureCount, UnitToPress
from scorecard.indicators import INDICATORS
from scorecard.models import Measurement
from scorecard.shown_counts import COUNTED, FACT, FINDING, INTERNAL_FACTS, OFFICIAL, PROCEDURE_COUNT, UNIT_COUNT, shown_counts
from tests.country import LAST_MONTH
from tests.exports.publishing import published

CODES = {
    "period_kind": "period",
    "subject_kind": "subject",
    "breakdown": "breakdown",
    "indicator": "indicator",
    "variant": "variant",
    "status": "status",
}
# The only modules that touch measurements: they compute, keep, protect and read them. What people see comes through ``scorecard.queries``.
READERS = {"scorecard/models.py", "scorecard/operations.py", "scorecard/queries.py", "scorecard/refresh.py", "scorecard/survey_history.py"}

# The only modules that open data files or count by themselves. The first compute measurements and tables, which the tests above hold to
# their definitions; what the others let out is held to ``scorecard.shown_counts`` below, or is no figure at all.
COMPUTING = {
    *("arrivals", "counting", "data_use", "declare_once_tables", "file_counts", "handling_times", "hidden_supplements", "inputs"),
    *("integrity_inputs", "judging", "population", "public_history", "quality_marks", "refresh", "reporting_periods"),
    *("service_inputs", "survey_history"),
}
DOORS = {
    "queries": "figures by definition",
    "edition_tables": "tables by name, their columns defined",
    "places": "figures.Gap, figures.ProcedureCount, figures.UnitToPress",
    "listing": "dossiers behind a figure, found by its own expression",
    "own_names": "names and goals, no number of its own",
    "alerts": "whether a unit's rating fell, no number of its own",
    "comments": "whose comments may be read, no number of its own",
    "scoring/counts_file": "counts that a person hands in",
}
OPENING = {"read_parquet", "read_table", "read_schema", "read_files", "connect"}
CARRIERS = {PROCEDURE_COUNT: ProcedureCount, UNIT_COUNT: UnitToPress, OFFICIAL: OfficialFigure}


def by_part() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for entry in dictionary.entries():
        found.setdefault(entry.part, set()).add(entry.code)
    return found


@pytest.fixture(scope="module")
def rows(country: Flask) -> Iterator[list[dict[str, Any]]]:
    with country.app_context():
        edition = queries.newest_edition(reading(), LAST_MONTH, include_drafts=True)
        assert edition is not None
        yield data.rows(reading(), edition)


def test_every_indicator_and_table_is_in_the_dictionary_in_both_languages() -> None:
    known = by_part()
    assert known["indicator"] == set(INDICATORS)
    assert known["table"] == set(tables()) - dictionary.INTERNAL_TABLES
    assert set(tables()) >= dictionary.INTERNAL_TABLES
    for entry in dictionary.entries():
        assert entry.name_vi, entry
        assert entry.name_en, entry
        if entry.part == "indicator":
            assert all((entry.formula_vi, entry.formula_en, entry.cohort_vi, entry.cohort_en, entry.zero_vi, entry.source_vi)), entry.code


def test_every_code_in_the_files_is_defined(rows: list[dict[str, Any]]) -> None:
    known = by_part()
    assert len(rows) > 10_000
    for column, part in CODES.items():
        assert {row[column] for row in rows} <= known[part], column
    closed = {code: set(words) for code, (_vi, _en, words) in dictionary.BREAKDOWNS.items() if words is not None}
    undefined = {
        (row["breakdown"], row["category"])
        for row in rows
        if row["breakdown"] in closed and row["category"] not in closed[row["breakdown"]]
    }
    assert undefined == set()
    assert set(rows[0]) == known["column"]


def test_the_files_have_no_other_columns(country: Flask) -> None:
    known = by_part()
    within = {(entry.within, entry.code) for entry in dictionary.entries() if entry.part == "table_column"}
    with country.app_context():
        edition = queries.newest_edition(reading(), LAST_MONTH, include_drafts=True)
        assert edition is not None
        for table in dictionary.public_tables():
            for row in data.table_rows(edition, table)[:1]:
                assert {(table.name, column) for column in row} <= within
        made = workbook._wide("x", "x", "x", [], edition)
    assert [column.name for column in made.columns] == ["subject_code", "subject_name", "simulated"]
    assert list(data.COLUMNS) == [entry.code for entry in dictionary.entries() if entry.part == "column"]
    assert "simulated" in known["column"]


def test_an_undefined_figure_is_never_shown(sqlite_app: Flask) -> None:
    found = published()
    with writing() as session:
        shared = {"edition_id": found, "subject_kind": "nation", "subject_code": "VN", "rule_version": "r", "provisional": False}
        session.add(Measurement(indicator="invented", status="value", value=0.5, **shared))
    edition = scorecard.edition_of(reading(), "2026-10")
    assert edition is not None
    assert "invented" not in {figure.indicator for figure in scorecard.figures(reading(), edition)}
    assert "invented" not in {figure.indicator for figure in scorecard.selected(reading(), edition)[1]}
    with pytest.raises(KeyError):
        scorecard.edition_table(edition, "invented")


def test_whatever_is_shown_comes_through_the_one_query() -> None:
    """Pages, files and the interface cannot show a figure past the definitions: no other module names the table of measurements."""
    touching = set()
    for room in ("core", "procedures", "surveys", "scorecard", "exports"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ImportFrom) and any(name.name == "Measurement" for name in node.names):
                    touching.add(str(path.relative_to(ROOT)))
    assert touching <= READERS
    sql = [path for room in ("procedures", "surveys", "scorecard", "exports") for path in (ROOT / room).rglob("*.py")]
    assert [path for path in sql if re.search(r"FROM measurement\b", path.read_text())] == []


def opens_data(source: str) -> bool:
    """Whether a module reads data files, asks the lake, or lets the database count."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            of = called.value.id if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) else ""
            if name in OPENING or (of == "func" and name in ("count", "sum", "avg")):
                return True
    return False


def test_no_number_gets_past_the_definitions_by_another_door() -> None:
    """Pages, files and the report open no data by themselves: every module that does is known here, with what defines its numbers."""
    assert opens_data("import pandas as pd\nfound = pd.read_parquet(path)")
    assert opens_data("select(func.count()).select_from(Answer)")
    assert not opens_data("from core.lake import connect")
    opening = {
        str(path.relative_to(ROOT / room).with_suffix("")) if room == "scorecard" else f"{room}/{path.name}"
        for room in ("scorecard", "exports")
        for path in (ROOT / room).rglob("*.py")
        if opens_data(path.read_text())
    }
    assert opening == COMPUTING | set(DOORS)


def test_every_number_that_is_no_measurement_is_defined() -> None:
    known: dict[str, set[str]] = {}
    for each in shown_counts():
        assert each.code not in known.setdefault(each.kind, set())
        known[each.kind].add(each.code)
        assert all((each.vi, each.en, each.how_vi, each.how_en)), each
    for kind, carrier in CARRIERS.items():
        numbers = {field.name for field in dataclasses.fields(carrier) if {int, float} & {field.type, *get_args(field.type)}}
        assert known[kind] == numbers, kind
    assert known[FINDING] == {HELD_BY_STATE, REPEAT, ONLINE_UNUSED, "dossiers"}
    assert {(entry.within, entry.code) for entry in dictionary.entries() if entry.part == "count"} == {
        (kind, code) for kind, codes in known.items() for code in codes
    }


def test_a_procedures_counts_are_parts_of_indicators() -> None:
    parts = {f"{item.code}_{part}" for item in INDICATORS.values() for part in (*item.variants, "den")}
    assert set(COUNTED.values()) <= parts


def test_what_an_edition_notes_of_its_data_is_defined(country: Flask) -> None:
    known = {each.code for each in shown_counts() if each.kind == FACT}
    with country.app_context():
        edition = queries.newest_edition(reading(), LAST_MONTH, include_drafts=True)
        assert edition is not None
        assert known <= set(edition.facts)
        assert set(edition.facts) - known <= INTERNAL_FACTS


def test_every_indicator_that_a_page_names_is_defined() -> None:
    """A page asks for figures by code; one that is not defined would be an empty place for ever."""
    asked = re.compile(r'(?:figure|rate|get)\(\(?\s*(?:code|COUNTRY|NATION|unit|place)[\w.]*,\s*"([a-z_]+)"')
    named = set()
    for room in ("scorecard/pages", "exports"):
        for path in (ROOT / room).rglob("*.py"):
            named |= set(asked.findall(path.read_text()))
    assert len(named) > 5
    assert named <= set(INDICATORS)


def test_the_data_files_follow_their_published_schema(country: Flask) -> None:
    import jsonschema_rs

    with country.app_context():
        edition = queries.newest_edition(reading(), LAST_MONTH, include_drafts=True)
        assert edition is not None
        document = json.loads(data.json_file(reading(), edition))
    schema = json.loads((json_schemas.FOLDER / data.MEASUREMENTS_SCHEMA).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema_rs.Draft202012Validator(schema).validate(document)
    document["rows"][0][list(data.COLUMNS).index("indicator")] = "invented"
    assert not jsonschema_rs.Draft202012Validator(schema).is_valid(document)


@pytest.mark.parametrize("name", json_schemas.SCHEMAS)
def test_the_stored_schemas_are_the_generated_ones(name: str) -> None:
    assert (json_schemas.FOLDER / name).read_text(encoding="utf-8") == json_schemas.written(name)
    jsonschema.Draft202012Validator.check_schema(json_schemas.SCHEMAS[name]())


def test_the_page_and_the_file_say_the_same(sqlite_app: Flask) -> None:
    client = sqlite_app.test_client()
    page = client.get("/dictionary")
    assert page.status_code == 200
    text = client.get("/dictionary.csv").data.decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert len(lines) == len(dictionary.entries())
    for line in lines:
        assert line["code"] in page.text
    assert all(line["simulated"] == "false" for line in lines)
    assert reading().scalars(select(Measurement.id)).all() == []
