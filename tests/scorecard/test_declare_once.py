"""A small simulated country with planted requests that are not on record: found where they were planted and nowhere else; its figures
counted again with plain SQL over the lake."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pytest
from flask import Flask, current_app
from sqlalchemy import select

from core.database import reading, writing
from procedures.dossiers import dossier_table
from procedures.models import Component, Procedure, RegisterConnection, StandardComponent, StateRegister, Unit, UnitVersion
from scorecard import edition_tables, operations, queries
from scorecard.edition_tables import read as read_table
from scorecard.models import Edition
from scorecard.zeros import tails
from surveys.models import Answer
from tests.lake import put
from tests.scorecard.small import BORN, MONTH, NOW, answers, at, build, submit

WARDS = [f"1{number:04d}" for number in range(22)]
PROCEDURES = {"2.000815": ("Chứng thực", 0.0005, 0.5), "1.000001": ("Đất đai", 0.14, 0.2), "1.000002": ("Kết hôn", 0.06, 0.3)}
CERTIFYING = WARDS[:6]  # hardly ever ask for anything, by their mix of procedures
SILENT, TWICE, REFILING, TRIED = WARDS[10], WARDS[11], WARDS[12], WARDS[13]
PAPERS = ["Giấy khai sinh", "Bản vẽ nhà", "giay chung nhan QSDD", "giấy tờ gì đó"]


def dossiers(seed: int) -> list[dict[str, Any]]:
    """Some 11,000 dossiers of the month before and of the month. ``SILENT`` and ``TWICE`` record no request; ``TWICE`` and ``REFILING``
    refuse instead, and the same people come again some days later."""
    draw = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []

    def add(
        ward: str, procedure: str, received: float, status: int, applicant: str, requests: list[tuple[float, str]], looked: str | None
    ) -> None:
        instant = at(received)
        rows.append(
            {
                "source": "hanoi",
                "reception_month": str(MONTH.of(instant)),
                "dossier_code": f"D{len(rows):06d}",
                "procedure_code": procedure,
                "handling_unit": ward,
                "channel": int(draw.choice([1, 2], p=[0.9, 0.1])) if procedure == "1.000001" else 2,
                "applicant_hash": applicant,
                "received_at": instant,
                "due_at": at(received + 15),
                "finished_at": at(received + (2 if status == 3 else 6)),
                "status": status,
                "supplement_count": len(requests),
                "supplements": [{"requested_at": at(day), "text": text, "documents": None, "answered_at": None} for day, text in requests],
                "data_lookups": [{"database": "civil", "at": instant, "outcome": looked}] if looked else None,
                "history": [{"at": instant, "status": code} for code in ([2, 5, 9] if requests and ward == TWICE else [2, 4, 9])],
                "submission": "s",
            }
        )

    for ward in WARDS:
        mood = float(np.exp(draw.normal(0, 0.3)))
        share = [0.96, 0.02, 0.02] if ward in CERTIFYING else [0.3, 0.4, 0.3]
        for number in range(int(draw.integers(480, 560))):
            procedure = str(draw.choice(list(PROCEDURES), p=share))
            received = float(draw.uniform(-28, 24))
            asked = draw.random() < PROCEDURES[procedure][1] * mood
            refused = draw.random() < (0.16 if ward in (TWICE, REFILING) else 0.02)
            person = f"{ward}-{number}"
            if refused:
                add(ward, procedure, received, 3, person, [], None)
                if draw.random() < (0.9 if ward in (TWICE, REFILING) else 0.2):
                    add(ward, procedure, received + 2 + float(draw.uniform(1, 5)), 9, person, [], None)
                continue
            recorded = asked and ward not in (SILENT, TWICE)
            requests = [(received + 1, str(draw.choice(PAPERS)))] if recorded else []
            add(ward, procedure, received, 9, person, requests, str(draw.choice(["found", "not_found", ""])) or None)
    return rows


@pytest.fixture
def edition(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Edition]:
    """The month of this country, closed, with answers of people; of an edition's lists only those that are looked at here."""
    named_by_rules = "scorecard.handling_times"
    monkeypatch.setattr(edition_tables, "MODULES", ("scorecard.declare_once_tables", named_by_rules))
    edition_tables.tables.cache_clear()
    build([])
    with writing() as session:
        province = session.query(Unit).filter_by(code="01").one()
        for ward in WARDS:
            unit = Unit(code=ward, kind="commune")
            session.add(unit)
            session.flush()
            words = {"name": f"phường {ward}", "short_name": ward, "name_en": ward, "type_label": "phường"}
            session.add(UnitVersion(unit_id=unit.id, parent_id=province.id, valid_from=BORN, **words))
        for code, (name, _, _) in PROCEDURES.items():
            procedure = Procedure(code=code, name=name, is_local=True, levels=["commune"], valid_from=BORN)
            session.add(procedure)
            session.flush()
            session.add(Component(procedure_id=procedure.id, position=1, name="Bản vẽ nhà"))
        land = StateRegister(code="land", name="Đất đai", name_en="Land", keeper="Bộ NNMT", published_from=date(2026, 1, 1))
        session.add(land)
        session.flush()
        certificate = StandardComponent(code="land_certificate", name="GCN", name_en="Land certificate", register_id=land.id)
        certificate.aliases = ["giấy chứng nhận QSDĐ", "giấy chứng nhận QSDD"]
        session.add(certificate)
        session.add(RegisterConnection(register_id=land.id, unit_id=province.id, connected_from=date(2026, 12, 1)))
    put(dossier_table(current_app.extensions["settings"].data_dir), dossiers(3))
    submit("hanoi", [str(MONTH)])
    told = [
        (ward, (2, 4, 5)[number % 3], "1.000001", 0, None, {"supplement_count": "0" if number else "1"})
        for ward in WARDS
        for number in range(12)
    ]
    told += [(SILENT, 2 + 2 * (number % 2), "1.000001", 0, None, {"supplement_count": "1"}) for number in range(14)]
    trials = [(TRIED, 4, "1.000001", 0, None, {"supplement_count": "2+"}) for _ in range(14)]  # answers to links that were made to try out
    answers(told + trials)
    with writing() as session:
        for answer in session.scalars(select(Answer).where(Answer.unit_code == TRIED)):
            answer.is_test = answer.responses["supplement_count"] == "2+"
    yield operations.close(MONTH, NOW, "test")
    edition_tables.tables.cache_clear()


def table(edition: Edition, name: str) -> list[dict[str, Any]]:
    frame = read_table(current_app.extensions["settings"].data_dir / "editions" / edition.folder, name)
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def lake(sql: str) -> list[tuple[Any, ...]]:
    """Plain SQL over the lake's files; ``dossier`` is the table."""
    import duckdb

    paths = [str(path) for path in dossier_table(current_app.extensions["settings"].data_dir).paths()]
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    return con.execute(f"WITH dossier AS (SELECT * FROM read_parquet({paths})) {sql}").fetchall()


def test_planted_requests_are_found_and_nothing_else(edition: Edition) -> None:
    named = table(edition, "hidden_supplements")
    assert {row["unit_code"]: (row["zero"], row["refiled"]) for row in named} == {SILENT: (True, False), TWICE: (True, True)}
    assert {row["unit_code"] for row in named if row["people"]} == {SILENT}
    signs = {row["province_code"]: row for row in table(edition, "hidden_supplement_signs")}
    assert signs["VN"] == signs["01"] | {"province_code": "VN"}
    # the ward that only refiles is counted and not named; those that certify copies are no zeros that stand out
    assert [signs["VN"][name] for name in ("zero", "refiled", "people", "two")] == [2, 2, 1, 2]
    assert sum(row["recorded"] == 0 for row in named) == 2
    # where a record without requests says something at all: not of the wards whose mix needs none, and of the provinces nothing
    reach = {row["province_code"]: row for row in table(edition, "zero_reach")}["VN"]
    assert (reach["units"], reach["few_peers"]) == (len(WARDS), 0)
    assert reach["uneven"] >= len(CERTIFYING) - 1
    assert reach["comparable"] == reach["units"] - reach["uneven"] > 10

    figures = queries.figure_map(reading(), edition, "unit", WARDS, ["refused_and_refiled", "supplement"])
    first, until = f"TIMESTAMP '{MONTH.start:%F %T}' - INTERVAL 30 DAY", f"TIMESTAMP '{MONTH.end:%F %T}' - INTERVAL 30 DAY"
    by_hand = lake(
        f"""SELECT d.handling_unit, count(*), count(*) FILTER (d.status IN (3, 7, 8) AND EXISTS (
                SELECT 1 FROM dossier n WHERE n.applicant_hash = d.applicant_hash AND n.procedure_code = d.procedure_code
                AND n.dossier_code <> d.dossier_code AND n.received_at >= d.finished_at
                AND n.received_at < d.finished_at + INTERVAL 30 DAY))
            FROM dossier d WHERE d.finished_at AT TIME ZONE 'UTC' >= {first} AND d.finished_at AT TIME ZONE 'UTC' < {until}
            GROUP BY 1"""
    )
    assert len(by_hand) == len(WARDS)
    for ward, ended, again in by_hand:
        figure = figures[ward, "refused_and_refiled", "raw"]
        assert (figure.numerator, figure.denominator) == (again, ended)

    start, end = f"TIMESTAMP '{MONTH.start:%F %T}'", f"TIMESTAMP '{MONTH.end:%F %T}'"
    of_month = queries.figure_map(reading(), edition, "nation", None, ["refiled_in_month"])["VN", "refiled_in_month", "raw"]
    [(ended, again)] = lake(
        f"""SELECT count(*), count(*) FILTER (d.status IN (3, 7, 8) AND EXISTS (
                SELECT 1 FROM dossier n WHERE n.applicant_hash = d.applicant_hash AND n.procedure_code = d.procedure_code
                AND n.dossier_code <> d.dossier_code AND n.received_at >= d.finished_at
                AND n.received_at < d.finished_at + INTERVAL 30 DAY AND n.received_at AT TIME ZONE 'UTC' < {end}))
            FROM dossier d WHERE d.finished_at AT TIME ZONE 'UTC' >= {start} AND d.finished_at AT TIME ZONE 'UTC' < {end}"""
    )
    assert (of_month.numerator or 0, of_month.denominator) == (again, ended)
    inside = f"AT TIME ZONE 'UTC' >= {start} AND %s AT TIME ZONE 'UTC' < {end}"
    cohort = f"(finished_at {inside % 'finished_at'} OR supplements[1].requested_at {inside % 'supplements[1].requested_at'})"
    bounds = {
        variant: queries.figure_map(reading(), edition, "nation", None, ["asked_again_recorded"])["VN", "asked_again_recorded", variant]
        for variant in ("lower", "upper")
    }
    asked = f"supplement_count > 0 AND supplements[1].requested_at AT TIME ZONE 'UTC' < {end}"
    [(whole, certain, possible)] = lake(
        f"""SELECT count(*), count(*) FILTER ({asked} AND supplements[1].text = 'Giấy khai sinh' AND data_lookups[1].outcome = 'found'),
                count(*) FILTER ({asked} AND (supplements[1].text = 'giấy tờ gì đó'
                    OR (supplements[1].text = 'Giấy khai sinh' AND coalesce(data_lookups[1].outcome, '') <> 'not_found')))
            FROM dossier WHERE {cohort} AND received_at AT TIME ZONE 'UTC' < {end}"""
    )
    assert (bounds["lower"].numerator, bounds["lower"].denominator) == (certain, whole)
    assert (bounds["upper"].numerator, bounds["upper"].denominator) == (possible, whole)
    assert 0 < certain < possible

    value = {(row["province_code"], row["register_code"]): row for row in table(edition, "connection_value")}
    [(spared,)] = lake(
        f"""SELECT count(*) FROM dossier WHERE {cohort} AND {asked} AND supplements[1].text = 'giay chung nhan QSDD'
            AND received_at AT TIME ZONE 'UTC' < {end}"""
    )
    assert value.keys() == {("VN", "land"), ("01", "land")}  # the civil register is connected
    assert [(row["spared"], row["unconnected"], row["action"]) for row in value.values()] == [
        (spared, 3, "connect"),
        (spared, 1, "connect"),
    ]
    classes = {row["paper_class"]: row["documents"] for row in table(edition, "request_classes") if row["province_code"] == "VN"}
    assert classes.keys() == {"F0", "F1", "F12", "F2", "F4", "F5"}
    assert classes["F5"] == spared


def test_a_zero_is_judged_against_the_units_own_mix_of_procedures() -> None:
    import pandas as pd

    draw = np.random.default_rng(11)
    rates = {"copies": 0.001, "land": 0.15, "building": 0.1}
    rows = []
    for number in range(60):
        mood = float(np.exp(draw.normal(0, 0.5)))
        mix = [0.98, 0.01, 0.01] if number < 15 else draw.dirichlet([1, 1, 1])
        for (procedure, rate), n in zip(rates.items(), draw.multinomial(draw.integers(150, 400), mix), strict=True):
            if n:
                rows.append((f"u{number:02d}", "commune", procedure, int(n), int(draw.binomial(n, min(0.9, rate * mood)))))
    cells = pd.DataFrame(rows, columns=["unit", "kind", "procedure", "n", "k"])
    assert tails(cells, lower=True, least=30)["flagged"].sum() == 0
    planted = ["u20", "u33", "u41"]
    cells.loc[cells["unit"].isin(planted), "k"] = 0
    found = tails(cells, lower=True, least=30)
    natural = set(found.loc[found["k"] == 0, "unit"]) - set(planted)
    flagged = set(found.loc[found["flagged"], "unit"])
    assert natural
    assert flagged <= set(planted)
    assert len(flagged) >= 2
    high = cells.assign(k=cells["n"].where(cells["unit"] == "u50", cells["k"]))
    assert set(tails(high, lower=False, least=30).query("flagged")["unit"]) == {"u50"}


def _small_country(seed: int, units: int, hiding: int, spread: float = 30, share: float = 0.02) -> Any:
    """Units of some 150 dossiers in three procedures that end and come again, as peers differ; those that hide do so far more often."""
    import pandas as pd

    draw = np.random.default_rng(seed)
    rows = []
    for number in range(units):
        own = 0.25 if number < hiding else draw.beta(spread * share, spread * (1 - share))
        for procedure, n in enumerate(draw.multinomial(150, draw.dirichlet([1, 1, 1]))):
            if n:
                rows.append((f"u{number:02d}", "commune", str(procedure), int(n), int(draw.binomial(n, own))))
    return pd.DataFrame(rows, columns=["unit", "kind", "procedure", "n", "k"])


@pytest.mark.parametrize(("units", "hiding"), [(10, 2), (12, 3), (16, 3), (30, 4)])
def test_a_few_that_hide_do_not_hide_each_other_in_a_small_country(units: int, hiding: int) -> None:
    found = 0
    for seed in range(10):
        judged = tails(_small_country(seed, units, hiding, spread=300), lower=False, least=30)
        found += sum(unit < f"u{hiding:02d}" for unit in judged.loc[judged["flagged"], "unit"])
    assert found >= 0.6 * 10 * hiding


@pytest.mark.parametrize("units", [9, 16, 40])
@pytest.mark.parametrize(("spread", "share"), [(30, 0.02), (30, 0.15), (1000, 0.05)])
def test_where_nobody_hides_hardly_anybody_is_flagged(units: int, spread: float, share: float) -> None:
    countries = [tails(_small_country(seed, units, 0, spread, share), lower=False, least=30) for seed in range(20)]
    assert sum(bool(judged["flagged"].any()) for judged in countries) <= 3


def test_too_few_peers_say_nothing() -> None:
    import pandas as pd

    cells = pd.DataFrame({"unit": ["a", "b"], "kind": "commune", "procedure": "p", "n": [500, 500], "k": [0, 90]})
    assert len(tails(cells, lower=True, least=30)) == 0
    assert len(tails(cells.iloc[:0], lower=True, least=30)) == 0


def test_a_zero_tells_nothing_beside_very_uneven_peers_or_in_a_mix_without_requests() -> None:
    """Even peers let a zero speak; the same units with most requests in a few of them do not, nor does a ward that certifies copies."""
    import pandas as pd

    def country(requests: list[int]) -> Any:
        rows = [(f"u{number:02d}", "commune", "land", 100, count) for number, count in enumerate(requests)]
        return pd.DataFrame([*rows, ("copies", "commune", "copies", 100, 0)], columns=["unit", "kind", "procedure", "n", "k"])

    even = tails(country([10] * 19 + [0]), lower=True, least=30).set_index("unit")["telling"]
    assert even["u19"]
    uneven = tails(country([1, 2, 1, 90, 1, 2, 1, 95, 1, 1, 2, 85, 0, 0, 0]), lower=True, least=30).set_index("unit")["telling"]
    assert not uneven["u14"]
    with_copies = country([10] * 20)
    peers = [(f"c{number:02d}", "commune", "copies", 100, int(number == 0)) for number in range(10)]
    with_copies = pd.concat([with_copies, pd.DataFrame(peers, columns=with_copies.columns)])
    judged = tails(with_copies, lower=True, least=30).set_index("unit")["telling"]
    assert judged["u00"]
    assert not judged["copies"]
