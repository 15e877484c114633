"""The page on declaring once, on a country made by hand."""

import pytest
from flask import Flask
from flask_babel import refresh
from sqlalchemy import update

from core.access import CENTRE, OFFICE
from core.accounts import add_user
from core.database import reading, writing
from scorecard import operations, queries
from scorecard.models import Edition
from tests.conftest import PASSWORD
from tests.pages.helpers import text_of
from tests.scorecard.small import BUILD, MONTH, NOW, Dossier, build

CERTIFICATE = ["Giấy khai sinh"]


@pytest.fixture
def month(sqlite_app: Flask) -> Edition:
    """Hà Nội is connected to the civil register and Huế is not; Huế's building permits come by paper and are often sent back."""
    build(
        [
            *(Dossier(f"a{n}", requests=[(2, CERTIFICATE)]) for n in range(3)),
            *(Dossier(f"n{n}", requests=[(2, CERTIFICATE)], looked_up=None) for n in range(2)),
            *(Dossier(f"h{n}", unit="19750", source="hue", requests=[(2, CERTIFICATE)]) for n in range(4)),
            Dossier("both", unit="19750", source="hue", requests=[(2, [*CERTIFICATE, "Giấy gì đó"])]),
            *(Dossier(f"o{n}", unit="00008", channel=2) for n in range(60)),
            *(Dossier(f"p{n}", unit="00025", procedure=BUILD, requests=[(2, ["Bản vẽ thiết kế"])] * (n < 30)) for n in range(40)),
        ]
    )
    edition = operations.close(MONTH, NOW, "test")
    with writing() as session:
        session.execute(update(Edition).where(Edition.id == edition.id).values(state="published", published_at=NOW))
    return edition


def test_the_page_says_what_a_connection_is_worth_and_who_must_act(sqlite_app: Flask, month: Edition) -> None:
    client = sqlite_app.test_client()
    html = client.get("/declare-once").text
    said = text_of(html)
    # 3 of 110 were looked up with success; 2 without a record of a look-up and 1 with an unknown paper widen the bounds
    assert "Từ 2,7 % đến 5,5 % hồ sơ" in said
    assert "Hộ tịch Ai phải làm: Bộ Tư pháp và cơ quan chủ quản hệ thống một cửa: kết nối 4 5 2 / 3 01/07/2025" in said
    assert "F1/F2 F1 hoặc F2" in said
    assert "F5 cơ sở dữ liệu đã công bố nhưng hệ thống này chưa kết nối" in said
    assert "Cấp giấy phép xây dựng" in said
    assert html.count("SỐ LIỆU MÔ PHỎNG") >= 3
    assert "Giấy khai sinh" in said
    # three units with 30 dossiers at most are no peers of each other: said, and no zero in its place
    assert "Chưa đủ số liệu để xét." in said
    assert "không đủ 8 đơn vị cùng loại để so" in said
    assert "0 đơn vị không ghi nhận yêu cầu nào" not in said

    hue, hanoi = (text_of(client.get("/declare-once", query_string={"place": code}).text) for code in ("46", "01"))
    assert "kết nối 4 5 1 / 1" in hue
    # since when who is connected, and by which document: of the nation everybody, of a place its own systems
    assert "Kết nối từ 01/07/2025" in said
    assert "Kết nối từ" in hanoi
    assert "Kết nối từ" not in hue
    assert "Tháng này không có yêu cầu nào vì cơ sở dữ liệu chưa công bố" in hanoi
    refresh()
    english = text_of(client.get("/declare-once", query_string={"lang": "en"}).text)
    assert "Between 2.7% and 5.5% of dossiers" in english
    assert "the owner of the one-stop system: connect" in english


def test_where_nobody_records_who_applied_it_is_not_said_that_nothing_arose(sqlite_app: Flask, month: Edition) -> None:
    figures = queries.figure_map(reading(), month, None, ["VN", "00004", "31000"], ["refiled_in_month", "supplement"])
    assert {code: figures[code, "refiled_in_month", "raw"].status for code in ("VN", "00004", "31000")} == {
        "VN": "not_reported",
        "00004": "not_reported",
        "31000": "not_reported",  # its source sent nothing at all
    }
    assert figures["VN", "supplement", "raw"].status == "value"


@pytest.mark.parametrize("query", [{"place": "00004"}, {"place": "x"}, {"month": "2025-01"}, {"month": "x"}])
def test_what_is_not_there_is_not_found(sqlite_app: Flask, query: dict[str, str]) -> None:
    build([])
    with writing() as session:
        session.add(_edition())
    assert sqlite_app.test_client().get("/declare-once", query_string=query).status_code == 404


def test_before_the_first_month(sqlite_app: Flask) -> None:
    add_user("someone", "Someone", OFFICE, PASSWORD)
    assert "Chưa có tháng nào được công bố" in sqlite_app.test_client().get("/declare-once").text


def _edition() -> Edition:
    return Edition(
        month=str(MONTH), version=1, state="published", simulated=True, rule_version="tthc-2026-1", cutoff_at=NOW, folder="none", facts={}
    )


def test_units_to_verify_are_named_to_those_in_charge_alone(sqlite_app: Flask, month: Edition) -> None:
    """One unit with two signs, one with a single one: only the former is named, to the office and to the centre above it."""
    import pandas as pd

    from scorecard.edition_tables import FOLDER, tables

    row = {"province_code": "01", "dossiers": 200, "recorded": 0, "expected": 9, "refiled_dossiers": 14, "people": False}
    named = row | {"unit_code": "00008", "zero": True, "refiled": True, "signs": 2}
    table = tables()["hidden_supplements"]
    path = sqlite_app.extensions["settings"].data_dir / "editions" / month.folder / FOLDER / "hidden_supplements.parquet"
    pd.DataFrame([named])[[column.name for column in table.columns]].astype(table.types).to_parquet(path)

    add_user("office", "Office", OFFICE, PASSWORD)
    add_user("hanoi", "Hà Nội", CENTRE, PASSWORD, unit_code="01")
    add_user("hue", "Huế", CENTRE, PASSWORD, unit_code="46")
    said = {}
    for login in ("", "office", "hanoi", "hue"):
        client = sqlite_app.test_client()
        if login:
            client.post("/login", data={"login": login, "password": PASSWORD})
        said[login] = text_of(client.get("/declare-once").text)
    assert [login for login, text in said.items() if "không ghi nhận yêu cầu nào; nộp lại nhiều hơn hẳn" in text] == ["office", "hanoi"]
    assert "0 (đơn vị tương đương: khoảng 9) 14" in said["office"]
    # the records' own traces are for everybody: all 110 dossiers, none asked twice
    assert "Tỷ lệ hồ sơ kết thúc ngay sau yêu cầu bổ sung" in said[""]
    assert "đã được nộp lại trước cuối tháng" in said[""]
