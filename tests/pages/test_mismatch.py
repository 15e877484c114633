"""The page of what does not match: petitions stand beside the facts that they are about."""

import pytest
from flask import Flask
from sqlalchemy import select, update

from core.database import writing
from procedures.models import Unit
from procedures.service_models import PetitionCount
from scorecard import operations
from scorecard.models import Edition
from tests.pages.helpers import text_of
from tests.scorecard.small import MONTH, NOW, Dossier, build, submit

PETITIONS = [("00004", "Thành phần hồ sơ", 5, 2), ("01", "Lỗi hệ thống", 2, 0), ("01", "Thái độ phục vụ", 4, 1), ("46", "", 7, 1)]


@pytest.fixture
def published(sqlite_app: Flask) -> Flask:
    """A published month with petitions about Hà Nội by subject, about Huế without."""
    build([Dossier("a"), Dossier("b", unit="19750", source="hue")])
    for source in ("hanoi", "hue"):
        submit(source, [str(MONTH)])
    with writing() as session:
        ids = dict(session.execute(select(Unit.code, Unit.id)).all())
        for unit, subject, received, reopened in PETITIONS:
            counts = {"received": received, "on_time": received, "reopened": reopened}
            session.add(PetitionCount(unit_id=ids[unit], month=str(MONTH), subject=subject, reported_at=NOW, **counts))
    edition = operations.close(MONTH, NOW, "test")
    with writing() as session:
        session.execute(update(Edition).where(Edition.id == edition.id).values(state="published", published_at=NOW))
    return sqlite_app


def rows_of(app: Flask, place: str) -> dict[str, str]:
    """The last cell of each fact's row."""
    html = app.test_client().get("/mismatch", query_string={"place": place} if place else {}).text
    body = html.split('<tbody role="rowgroup">')[1].split("</tbody>")[0]
    cells = [[text_of(cell) for cell in row.split("<t")[1:]] for row in body.split('<tr role="row">')[1:]]
    return {row[0].split(">")[-1].strip(): row[-1].split(">")[-1].strip() for row in cells}


def test_petitions_join_each_fact_by_subject(published: Flask) -> None:
    nation = rows_of(published, "")
    assert nation["Yêu cầu bổ sung"] == nation["Nộp lại điều đã cung cấp"] == "5, mở lại 2"
    assert nation["Nộp trực tuyến"] == "2, mở lại 0"
    assert nation["Đúng hẹn"] == nation["Chi phí ngoài quy định"] == "không có"
    text = text_of(published.test_client().get("/mismatch").text)
    assert "4 về nội dung khác; 7 không ghi nội dung" in text


def test_a_list_without_subjects_and_no_list_are_told_apart(published: Flask) -> None:
    assert set(rows_of(published, "46").values()) == {"danh sách không chia nội dung"}
    assert set(rows_of(published, "96").values()) == {"chưa gửi danh sách"}
