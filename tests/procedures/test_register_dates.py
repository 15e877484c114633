"""Days of publication and connection from a small list."""

from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from core.database import reading
from procedures.models import StandardComponent, StateRegister
from procedures.queries import connected_systems, connections
from procedures.register_dates import load_register_dates
from tests.scorecard.small import BORN, NOW, build

HEAD = "register_code,source_document,component_code,published_from,unit_code,source_code,connected_from\n"


@pytest.fixture
def folder(sqlite_app: Flask, tmp_path: Path) -> Path:
    build([])
    return tmp_path


def given(folder: Path, *rows: str) -> Path:
    path = folder / "days.csv"
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def test_days_are_recorded_with_their_documents_and_once(folder: Path) -> None:
    path = given(
        folder,
        "civil,QĐ 1,,2026-02-01,,,",
        "civil,QĐ 2,birth,01/03/2026,,,",
        "civil,CV 3,,,46,,2026-05-01",
        "civil,CV 4,,,96,camau,2026-06-01",
    )
    result = load_register_dates(path, NOW)
    assert (result.rows, result.added, result.changed, result.errors) == (4, 3, 1, [])
    session = reading()
    register = session.scalars(select(StateRegister)).one()
    birth = session.scalars(select(StandardComponent).where(StandardComponent.code == "birth")).one()
    assert (register.published_from, register.source_document) == (date(2026, 2, 1), "QĐ 1")
    assert (birth.published_from, birth.source_document) == (date(2026, 3, 1), "QĐ 2")
    assert connected_systems(session) == [
        ("civil", "01", "hanoi", BORN),
        ("civil", "46", "hue", date(2026, 5, 1)),
        ("civil", "96", "camau", date(2026, 6, 1)),
    ]
    assert connections(session, date(2026, 5, 31)) == {("civil", "01"), ("civil", "46")}
    session.rollback()
    again = load_register_dates(path, NOW)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 4)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("land,QĐ,,2026-02-01,,,", "register_code"),
        ("civil,,,2026-02-01,,,", "source_document"),
        ("civil,QĐ,photo,2026-02-01,,,", "component_code"),
        ("civil,QĐ,,,00004,,2026-02-01", "unit_code"),
        ("civil,QĐ,,,46,hanoi,2026-02-01", "source_code"),
        ("civil,QĐ,,2030-02-01,,,", "published_from"),
        ("civil,QĐ,,,46,,", "connected_from"),
        ("civil,QĐ,,2026-02-01,46,,2026-03-01", "connected_from"),
        ("civil,QĐ,,,,,2026-03-01", "connected_from"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_written(folder: Path, row: str, field: str) -> None:
    result = load_register_dates(given(folder, "civil,QĐ 1,,2026-02-01,,,", row), NOW)
    assert [(error.row, error.field) for error in result.errors] == [(3, field)]
    assert reading().scalars(select(StateRegister)).one().published_from == BORN
