"""The population of end-points is the very set of dossiers that are invited; a table of an edition is frozen with it."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from flask import Flask

from core.database import reading
from procedures.dossiers import dossier_table
from procedures.queries import end_points
from scorecard import edition_tables, operations, queries
from scorecard.edition_tables import Column, EditionTable
from scorecard.population import FILE, population
from tests.scorecard.small import BUILD, MONTH, NOW, Dossier, build

DOSSIERS = [
    Dossier("a1", channel=2),
    Dossier("a2", channel=2, requests=[(2, ["Giấy khai sinh"])]),
    Dossier("a3", status=3),
    Dossier("a4", status=7, unit="H26.02"),
    Dossier("a5", status=8, unit="19750", source="hue", procedure=BUILD),
    Dossier("a6", status=4, finished=None),
    Dossier("a7", received=-20, finished=-2),
    Dossier("a8", finished=40),
    Dossier("a9", source="abroad"),
]


def test_the_population_is_whom_the_survey_could_ask(app: Flask, tmp_path: Path) -> None:
    build(DOSSIERS)
    paths = dossier_table(app.extensions["settings"].data_dir).paths()
    found = population(paths, ["hanoi", "hue"], MONTH, {"00004": "01", "H26.02": "01", "19750": "46"}, tmp_path)
    counted = {(row.unit_code, row.procedure_code, row.end_point): row.dossiers for row in found.itertuples()}
    asked = Counter(
        (item.unit_code, item.procedure_code, item.end_point)
        for item in end_points(reading(), MONTH, MONTH.end + timedelta(days=9))
        if item.end_point != "supplement"
    )
    assert counted == dict(asked)
    assert found["dossiers"].sum() == 5
    assert set(found["province_code"]) == {"01", "46"}


def test_an_editions_table_is_frozen_with_it(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    table = EditionTable(
        name="by_hand",
        title_vi="Bảng",
        title_en="Table",
        columns=(
            Column("code", "Mã", "Code"),
            Column("dossiers", "Hồ sơ", "Dossiers", "count"),
            Column("share", "Tỷ lệ", "Share", "share"),
        ),
        rows=lambda material: pd.DataFrame(
            [("001", sum(material.register_counts["dossiers"]), 1 / 3, "left out"), ("002", None, None, "")],
            columns=["code", "dossiers", "share", "other"],
        ),
    )
    monkeypatch.setattr(edition_tables, "tables", lambda: {"by_hand": table})
    monkeypatch.setattr("scorecard.computing.edition_tables", lambda: {"by_hand": table})
    build(DOSSIERS)
    edition = operations.close(MONTH, NOW, "test")
    shown = queries.edition_table(edition, "by_hand")
    assert shown["code"].tolist() == ["001", "002"]
    assert shown["dossiers"].tolist() == [1, pd.NA]
    assert list(shown.columns) == ["code", "dossiers", "share"]
    assert operations.replay(MONTH).identical
    folder = app.extensions["settings"].data_dir / "editions" / edition.folder
    assert (folder / FILE).is_file()
    path = folder / edition_tables.FOLDER / "by_hand.parquet"
    pd.DataFrame({"code": ["001", "002"], "dossiers": [2, None], "share": [1 / 3, None]}).to_parquet(path)
    result = operations.replay(MONTH)
    assert not result.identical
    assert any("by_hand" in line for line in result.differences)


def test_an_edition_older_than_a_table_has_it_empty(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = EditionTable("later", "Bảng", "Table", (Column("code", "Mã", "Code"),), lambda material: pd.DataFrame())
    monkeypatch.setattr(edition_tables, "tables", lambda: {"later": table})
    assert edition_tables.read(tmp_path, "later").empty
    with pytest.raises(KeyError):
        edition_tables.read(tmp_path, "unknown")
