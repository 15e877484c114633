"""Nothing is shown that is not defined: every code in files, pages and the interface has its line in the data dictionary."""

import ast
import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from flask import Flask
from sqlalchemy import select

from core.database import reading, writing
from core.settings import ROOT
from exports import data, dictionary, json_schemas, queries, workbook
from scorecard import queries as scorecard
from scorecard.edition_tables import tables
from scorecard.indicators import INDICATORS
from scorecard.models import Measurement
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
