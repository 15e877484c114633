"""What centres state about themselves: kept to their own units, checked, followed by the next months' figures, never scored."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from core.access import CENTRE, OFFICE
from core.accounts import add_user
from core.calendar import Month
from core.database import reading, writing
from core.errors import InputError
from procedures.queries import units
from scorecard import followups, operations, queries
from scorecard.figures import Gap
from scorecard.followup_models import LocalAction
from scorecard.indicators import INDICATORS
from scorecard.models import Edition
from scorecard.pages import followups as page
from tests.conftest import PASSWORD, log_in
from tests.pages.helpers import text_of
from tests.scorecard.small import BIRTH, MONTH, NOW, Dossier, add_dossiers, build

ASKED = [(2, ["Giấy khai sinh"])]
DOSSIERS = [
    *(Dossier(f"a{n}", requests=ASKED * 2 if n < 3 else ASKED, finished=6) for n in range(8)),
    *(Dossier(f"b{n}", received=32, finished=36, requests=[(33, ["Giấy khai sinh"])] if n < 2 else []) for n in range(8)),
    Dossier("c1", unit="00008", requests=ASKED, finished=6),
]


@pytest.fixture
def closed(app: Flask) -> Flask:
    build(DOSSIERS)
    operations.close(MONTH, NOW, "test")
    with writing() as session:  # units see a month once they are asked about it, or it is out
        session.execute(update(Edition).values(state="published"))
    return app


def stated(action: str = "Đã hướng dẫn bộ phận một cửa tra cứu trước khi yêu cầu", **changes: object) -> int:
    given = {"unit_code": "00004", "month": MONTH, "kind": "held_by_state", "procedure_code": BIRTH, "done_on": date(2026, 10, 20)}
    return followups.record_action(**{**given, **changes}, action=action, login="ong.a", now=NOW)  # type: ignore[arg-type]


def test_the_next_months_show_whether_the_figure_moved(closed: Flask) -> None:
    stated()
    operations.close(MONTH.plus(1), MONTH.plus(2).start + timedelta(days=6), "test")
    (entry,) = followups.actions(reading(), {"00004"})
    months = queries.editions(reading())
    found = followups.course(reading(), entry, months)
    assert [point.upper for point in found] == [8, 2]
    assert [(point.month, point.numerator, point.denominator) for point in found] == [("2026-10", 8, 8), ("2026-11", 2, 8)]


def test_a_month_that_is_restated_stands_once_by_its_newest_version(closed: Flask) -> None:
    stated()
    add_dossiers([Dossier("late", requests=ASKED, finished=6)])
    operations.close(MONTH, NOW, "test", reason="late data")
    (entry,) = followups.actions(reading(), {"00004"})
    months = queries.editions(reading())
    assert [edition.version for edition in months] == [2, 1]
    assert [(point.month, point.denominator) for point in followups.course(reading(), entry, months)] == [("2026-10", 9)]


def test_the_scorecard_of_the_next_month_shows_what_was_done_and_whether_it_moved(closed: Flask) -> None:
    stated()
    operations.close(MONTH.plus(1), MONTH.plus(2).start + timedelta(days=6), "test")
    with writing() as session:
        session.execute(update(Edition).values(state="published"))
    client = _centre(closed)
    then, later = (
        text_of(client.get(f"/centre?unit=01&month={month}").get_data(as_text=True))  # type: ignore[attr-defined]
        for month in (MONTH, MONTH.plus(1))
    )
    assert "Đã hướng dẫn bộ phận một cửa tra cứu" in then
    assert "Chưa có tháng nào sau" in then
    assert "2 trong 8 hồ sơ" in later
    assert "so với tháng 10/2026" in later


def test_where_no_lookup_is_recorded_the_upper_bound_moves(app: Flask) -> None:
    few = [
        Dossier(f"d{n}", received=32, finished=36, requests=[(33, ["Giấy khai sinh"])] if n < 4 else [], looked_up=None) for n in range(40)
    ]
    build([*(Dossier(f"c{n}", requests=ASKED, finished=6, looked_up=None) for n in range(40)), *few])
    operations.close(MONTH, NOW, "test")
    operations.close(MONTH.plus(1), MONTH.plus(2).start + timedelta(days=6), "test")
    stated()
    (entry,) = followups.actions(reading(), {"00004"})
    found = followups.course(reading(), entry, queries.editions(reading()))
    assert [(point.numerator, point.upper, point.denominator) for point in found] == [(0, 40, 40), (0, 4, 40)]
    with app.test_request_context():
        shown = page.action(entry, found, units(reading(), NOW.date()), {})
    assert shown.moved == "Thấp hơn rõ so với tháng 10/2026."
    assert shown.course[1][1] == "từ 0 đến 4 trong 40 hồ sơ"
    assert shown.course[1][2].startswith("nhiều nhất 10")


def test_a_finding_is_followed_by_a_figure_that_is_defined() -> None:
    assert set(followups.MEASURED_BY.values()) <= set(INDICATORS)


def test_fewer_than_three_dossiers_are_not_counted_out(closed: Flask) -> None:
    stated(unit_code="00008")
    (entry,) = followups.actions(reading(), {"00008"})
    (point,) = followups.course(reading(), entry, queries.editions(reading()))
    assert (point.numerator, point.denominator) == (None, None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"action": " "}, "action"),
        ({"action": "x" * 601}, "action"),
        ({"kind": "late"}, "finding"),
        ({"done_on": date(2026, 9, 30)}, "done_on"),
        ({"done_on": date(2027, 1, 1)}, "done_on"),
    ],
)
def test_what_cannot_be_is_refused_by_field(app: Flask, changes: dict[str, object], field: str) -> None:
    with pytest.raises(InputError) as refusal:
        stated(**changes)  # type: ignore[arg-type]
    assert refusal.value.field == field
    assert refusal.value.message_vi != refusal.value.message_en
    assert reading().scalar(select(func.count()).select_from(LocalAction)) == 0


def test_a_telephone_number_in_an_action_is_not_kept(app: Flask) -> None:
    stated("Gọi 0912345678 để hướng dẫn")
    assert "0912345678" not in followups.actions(reading(), {"00004"})[0].action


def test_conditions_are_dated_and_the_last_ones_stand(app: Flask) -> None:
    followups.declare_conditions("00004", date(2026, 9, 1), {"staff": 4, "network": "weak"}, "ong.a", NOW)
    followups.declare_conditions("00004", date(2026, 10, 1), {"staff": 0, "note": "Tuyến xã"}, "ong.a", NOW)
    followups.declare_conditions("00004", date(2026, 10, 1), {"staff": 5}, "ong.a", NOW)
    session = reading()
    october, september = (followups.conditions(session, "00004", day) for day in (date(2026, 10, 31), date(2026, 9, 30)))
    assert october is not None
    assert september is not None
    assert (october.staff, october.network, october.note) == (5, None, "")
    assert (september.staff, september.network) == (4, "weak")
    assert followups.conditions(session, "00004", date(2026, 8, 1)) is None


@pytest.mark.parametrize(
    ("stated_values", "day", "field"),
    [({"staff": -1}, 1, "staff"), ({"network": "fast"}, 1, "network"), ({}, 1, None), ({"staff": 1}, 30, "as_of")],
)
def test_impossible_conditions_are_refused(app: Flask, stated_values: dict[str, object], day: int, field: str | None) -> None:
    with pytest.raises(InputError) as refusal:
        followups.declare_conditions("00004", date(2026, 11, day), stated_values, "ong.a", NOW)
    assert refusal.value.field == field


def _gaps(unit: str) -> list[Gap]:
    return queries.gaps(reading(), queries.editions(reading())[0], unit)


def _centre(app: Flask, unit: str = "01") -> object:
    add_user("trungtam", "Trung tâm", CENTRE, PASSWORD, unit_code=unit)
    client = app.test_client()
    log_in(client, "trungtam")
    return client


def test_a_centre_states_and_takes_back_on_its_page(closed: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = _centre(closed)
    monkeypatch.setattr("scorecard.followup_views.utc_now", lambda: NOW)
    finding = next(f"{gap.kind}|{gap.procedure_code}" for gap in _gaps("01") if gap.within_power)
    form = {"unit": "01", "finding": finding, "done_on": "2026-10-20", "action": "Đã tra cứu trước"}
    answer = client.post("/centre/actions", data=form)  # type: ignore[attr-defined]
    assert answer.status_code == 302, answer.get_data(as_text=True)
    reading().rollback()
    assert [entry.action for entry in followups.actions(reading(), {"01"})] == ["Đã tra cứu trước"]
    wrong = client.post("/centre/actions", data=form | {"finding": "late|1.0"})  # type: ignore[attr-defined]
    assert wrong.status_code == 400
    assert "Chọn một phát hiện" in text_of(wrong.get_data(as_text=True))
    bad = client.post("/centre/conditions", data={"unit": "01", "as_of": "1/11/2026", "staff": "năm"})  # type: ignore[attr-defined]
    assert bad.status_code == 400
    assert "Chỉ viết chữ số" in text_of(bad.get_data(as_text=True))
    number = stated(unit_code="01")
    assert client.post(f"/centre/actions/{number}/withdraw", data={"unit": "01"}).status_code == 302  # type: ignore[attr-defined]
    reading().rollback()
    assert all(entry.id != number for entry in followups.actions(reading(), {"01"}))


def test_another_provinces_centre_sees_and_touches_nothing(closed: Flask) -> None:
    number = stated()
    client = _centre(closed, "46")
    assert client.get("/centre/actions?unit=01").status_code == 403  # type: ignore[attr-defined]
    assert client.get(f"/centre/proposals/{MONTH}/01/0.docx").status_code == 403  # type: ignore[attr-defined]
    assert client.post(f"/centre/actions/{number}/withdraw", data={"unit": "46"}).status_code == 400  # type: ignore[attr-defined]
    assert client.post("/centre/conditions", data={"unit": "01", "as_of": "2026-11-01", "staff": "1"}).status_code == 403  # type: ignore[attr-defined]


def test_what_others_must_mend_becomes_a_draft(country: Flask) -> None:
    from docx import Document

    with country.app_context():
        session = reading()
        edition = queries.editions(session)[0]
        province, place = next(
            (code, place)
            for code in ("01", "04", "48", "79", "91")
            for place, gap in enumerate(queries.gaps(session, edition, code))
            if not gap.within_power
        )
        month = str(Month.parse(edition.month))
    from tests.pages.helpers import OFFICE_USER, acting_as

    answer = acting_as(country, OFFICE_USER).get(f"/centre/proposals/{month}/{province}/{place}.docx")
    assert answer.status_code == 200
    assert "MO-PHONG" in answer.headers["Content-Disposition"]
    text = "\n".join(paragraph.text for paragraph in Document(BytesIO(answer.data)).paragraphs)
    assert "SỐ LIỆU MÔ PHỎNG" in text
    assert "Kính đề nghị" in text
    assert "[QUYỀN HẠN, CHỨC VỤ CỦA NGƯỜI KÝ]" in text


def test_the_office_reads_but_does_not_state(closed: Flask) -> None:
    add_user("vp", "Văn phòng", OFFICE, PASSWORD)
    client = closed.test_client()
    log_in(client, "vp")
    assert client.get("/centre/actions?unit=01").status_code == 200
    assert "Ghi một việc mới" not in text_of(client.get("/centre/actions?unit=01").get_data(as_text=True))
    assert client.post("/centre/actions", data={"unit": "01"}).status_code == 403
