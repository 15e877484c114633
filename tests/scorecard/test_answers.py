"""What a centre sees of answers: released comments, alerts, a page that no single answer moves."""

import re
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from flask import Flask, current_app
from flask.testing import FlaskClient
from sqlalchemy import select

from core.access import CENTRE, OFFICE, rules_of
from core.accounts import add_user
from core.calendar import Month
from core.database import reading, writing
from core.errors import InputError
from scorecard import alerts, comments
from scorecard.alerts import Fall
from scorecard.answers_models import CommentDecision, RatingAlert
from scorecard.figures import NATION, RAW, UNIT, WEIGHTED
from scorecard.inputs import write_frame
from scorecard.models import Edition, Measurement
from scorecard.reception_falls import receiving_falls
from surveys import operations, retention
from surveys.models import Answer
from surveys.queries import answers_frame
from tests.conftest import PASSWORD, log_in
from tests.surveys.helpers import NOW, invited
from tests.surveys.reach import put_units

SAID, CUT, AFTER = NOW - timedelta(days=5), NOW - timedelta(days=4), NOW - timedelta(days=3)  # answers, the cut-off, and after it
LAST_DAY, TODAY = date(2026, 11, 20), date(2026, 11, 22)
SHOWN, HIDDEN = "00004", "00008"  # communes of province 01


def measured(edition: Edition, code: str, indicator: str, variant: str, value: float | None, **changes: object) -> Measurement:
    """One figure; ``value`` None: hidden."""
    kind = NATION if code == "VN" else UNIT
    shown = {"value": value, "low": None if value is None else value - 0.05, "high": None if value is None else value + 0.05, "n": 40}
    counts = {"numerator": None if value is None else round(40 * value), "denominator": None if value is None else 40}
    return Measurement(
        edition_id=edition.id, subject_kind=kind, subject_code=code, indicator=indicator, variant=variant, rule_version="r",
        provisional=False, status="too_few" if value is None else "value", **({} if value is None else shown | counts) | changes,
    )  # fmt: skip


def put_edition(month: str, rates: dict[str, float | None], state: str = "published") -> Edition:
    """A month with raw and weighted satisfaction of some units."""
    with writing() as session:
        edition = Edition(
            month=month, version=int(state != "running"), state=state, simulated=False, rule_version="r", cutoff_at=CUT, folder=month,
        )  # fmt: skip
        session.add(edition)
        session.flush()
        for code, rate in rates.items():
            session.add_all(measured(edition, code, "satisfaction", variant, rate) for variant in (RAW, WEIGHTED))
    return reading().scalars(select(Edition).where(Edition.month == month, Edition.state == state)).one()


@pytest.fixture
def october(app: Flask) -> Edition:
    """Twelve answers with comments about one commune, nine about another; the month is closed and shows the first."""
    put_units()
    for number in range(12):
        say(number, 5 if number % 3 else 2, f"Chờ lâu, lần {number}. Gọi 0912345678")
    for number in range(20, 29):
        say(number, 5 if number % 3 else 2, "ở nơi ít phiếu", unit_code=HIDDEN)
    edition = put_edition("2026-10", {"VN": 0.7, "01": 0.68, SHOWN: 0.66, HIDDEN: None})
    freeze(edition)
    return edition


def freeze(edition: Edition) -> None:
    """Put the month's answers into the edition's folder, as its cut-off does."""
    folder = current_app.extensions["settings"].data_dir / "editions" / edition.folder
    folder.mkdir(parents=True, exist_ok=True)
    reading().rollback()
    write_frame(folder / "answers.parquet", answers_frame(reading(), Month.parse(edition.month), CUT))


def say(number: int, rating: int, comment: str, **changes: object) -> str:
    """Somebody answers; gives the token."""
    token = invited(number, expires_on=LAST_DAY, **changes)
    operations.submit(token, {"rating": str(rating), "comment": comment, "clarity": "2"}, SAID, "vi")
    return token


def texts(edition: Edition) -> list[str]:
    reading().rollback()
    return [each.text for each in comments.waiting(reading(), edition, TODAY, 100)[0]]


def first(edition: Edition) -> comments.Waiting:
    reading().rollback()
    return comments.waiting(reading(), edition, TODAY, 1)[0][0]


def logged_in(app: Flask, login: str, role: str, unit: str | None = None) -> FlaskClient:
    add_user(login, login, role, PASSWORD, unit_code=unit)
    client = app.test_client()
    with app.app_context():
        log_in(client, login)
    return client


def page(app: Flask, client: FlaskClient, address: str) -> str:
    """A page as a new request sees it."""
    with app.app_context():
        answer = client.get(address)
    assert answer.status_code == 200, address
    return re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text)


# comments


def test_only_texts_out_of_shown_cells_of_a_closed_month_are_offered(october: Edition) -> None:
    say(40, 4, "phiếu ngắn", end_point="supplement", occasion="supplement-1")
    late = invited(41, expires_on=LAST_DAY)
    operations.submit(late, {"rating": "4", "comment": "sau khi chốt"}, AFTER, "vi")
    assert comments.waiting(reading(), october, LAST_DAY, 100) == ([], 0)  # somebody may still change what she wrote
    offered = texts(october)
    assert len(offered) == 12
    assert all(text.startswith("Chờ lâu") and "0912345678" not in text for text in offered)
    assert offered != sorted(offered)  # nor in the order in which they came: chance


def test_nothing_is_offered_of_a_cell_where_all_said_the_same_or_whose_figure_is_hidden(october: Edition) -> None:
    with writing() as session:
        for answer in session.scalars(select(Answer).where(Answer.unit_code == SHOWN)):
            answer.rating = 5
    freeze(october)
    assert texts(october) == []
    with writing() as session:
        session.scalars(select(Answer).where(Answer.unit_code == SHOWN).limit(1)).one().rating = 1
    freeze(october)
    assert len(texts(october)) == 12
    with writing() as session:
        figure = session.scalars(select(Measurement).where(Measurement.subject_code == SHOWN, Measurement.variant == RAW)).one()
        figure.status = "suppressed"
    assert texts(october) == []


def test_nothing_is_offered_of_a_month_that_is_not_closed(app: Flask) -> None:
    put_units()
    for number in range(12):
        say(number, 5 if number % 3 else 2, "đang chạy")
    put_edition("2026-10", {"01": 0.7, SHOWN: 0.7}, "running")
    office = logged_in(app, "office", OFFICE)
    assert "đang chạy" not in page(app, office, "/office/comments")


def test_a_released_text_is_shown_to_its_centre_without_whose_it_is(app: Flask, october: Edition) -> None:
    office, centre, other = logged_in(app, "office", OFFICE), logged_in(app, "c1", CENTRE, SHOWN), logged_in(app, "c2", CENTRE, "96")
    screen = page(app, office, "/office/comments")
    assert "Ba Đình" not in screen
    assert "22/11/2026" not in screen
    assert "Chờ lâu" not in page(app, centre, "/centre/answers")
    with app.app_context():
        one = first(october)
        sent = {"month": "2026-10", "name": one.name, "text": "Chờ lâu. Gọi 0987654321", "tags": ["waiting", "trips"], "verdict": "release"}
        assert office.post("/office/comments", data=sent).status_code == 302
        assert office.post("/office/comments", data=sent).status_code == 400
    seen = page(app, centre, "/centre/answers")
    assert "Chờ lâu. Gọi [số đã che]" in seen
    assert "Thời gian chờ" in seen
    assert "Chờ lâu" not in page(app, other, "/centre/answers")
    assert one.text not in texts(october)


def test_a_held_text_is_never_shown_and_mistakes_are_told(october: Edition) -> None:
    one = first(october)
    comments.decide(october, one.name, None, [], "office", NOW)
    assert comments.released(reading(), october, {SHOWN}) == []
    assert one.text not in texts(october)
    two = first(october)
    for text, tags in (
        ("", ["waiting"]),
        ("a" * 601, ["waiting"]),
        ("đúng", []),
        ("đúng", ["no such tag"]),
        ("đúng", list(comments.tags())),
    ):
        with pytest.raises(InputError):
            comments.decide(october, two.name, text, tags, "office", NOW)
    with pytest.raises(InputError):
        comments.decide(october, "0" * 20, "đúng", ["waiting"], "office", NOW)


def test_a_released_text_goes_with_its_answer(october: Edition) -> None:
    token = say(50, 3, "xóa tôi đi")
    one = next(each for each in comments.waiting(reading(), october, TODAY, 100)[0] if each.text == "xóa tôi đi")
    comments.decide(october, one.name, one.text, ["other"], "office", NOW)
    assert [each.text for each in comments.released(reading(), october, {SHOWN})] == ["xóa tôi đi"]
    assert operations.delete_answer(token)
    assert comments.released(reading(), october, {SHOWN}) == []


def test_a_deleted_answer_takes_its_own_text_along_and_moves_nobody_else_s(october: Edition) -> None:
    """Nine of the twelve answers behind a closed month are deleted: what was shown of the others stays, and none is offered less."""
    kept = first(october)
    comments.decide(october, kept.name, "Chờ lâu quá", ["other"], "office", NOW)
    mine = reading().scalar(select(CommentDecision.answer_id))
    with writing() as session:
        gone = list(session.scalars(select(Answer).where(Answer.unit_code == SHOWN, Answer.id != mine).limit(9)))
        for answer in gone:
            session.delete(answer)
    assert [each.text for each in comments.released(reading(), october, {SHOWN})] == ["Chờ lâu quá"]
    assert len(texts(october)) == 2


def test_released_texts_are_cut_from_their_answers_and_gone_after_a_year(october: Edition) -> None:
    comments.decide(october, first(october).name, "giữ", ["other"], "office", NOW)
    retention.forget(datetime(3001, 1, 1, tzinfo=UTC))
    assert comments.forget(datetime(2027, 10, 31, 5, tzinfo=UTC)) == {}
    reading().rollback()
    kept = reading().scalars(select(CommentDecision)).one()
    assert (kept.answer_id, kept.text) == (None, "giữ")
    assert comments.forget(datetime(2027, 11, 1, 5, tzinfo=UTC)) == {"comments": 1}


# the page


def test_no_answer_moves_the_page_by_itself(app: Flask, october: Edition) -> None:
    put_edition("2026-11", {"01": 0.7}, "running")
    centre, province = logged_in(app, "c1", CENTRE, SHOWN), logged_in(app, "c2", CENTRE, "01")
    office = logged_in(app, "office", OFFICE)
    addresses = [(centre, "/centre/answers"), (province, "/centre/answers"), (province, f"/centre/answers?unit={HIDDEN}")]
    before = [page(app, client, address) for client, address in addresses]
    held = page(app, office, "/office/comments")
    amended = say(60, 1, "", unit_code=SHOWN)
    operations.submit(amended, {"rating": "5", "comment": "đổi ý"}, AFTER, "vi")
    new = datetime(2026, 11, 10, 3, tzinfo=UTC)
    operations.submit(invited(61, reached_at=new), {"rating": "1", "comment": "tháng này"}, NOW, "vi")
    assert [page(app, client, address) for client, address in addresses] == before
    assert "tháng này" not in page(app, office, "/office/comments")
    assert "tháng này" not in held


def test_a_centre_opens_its_own_units_alone(app: Flask, october: Edition) -> None:
    centre = logged_in(app, "c1", CENTRE, "96")
    with app.app_context():
        assert centre.get(f"/centre/answers?unit={SHOWN}").status_code == 403
        assert centre.get("/centre/answers").status_code == 200
        assert centre.get("/office/comments").status_code == 403
        assert centre.get("/centre/answers?month=2020-01").status_code == 404
    assert rules_of(app, "answers.held") == rules_of(app, "answers.decide") == {OFFICE}


def test_a_hidden_cell_shows_its_reason_and_no_number(app: Flask, october: Edition) -> None:
    seen = page(app, logged_in(app, "c1", CENTRE, HIDDEN), "/centre/answers")
    assert "chưa có tỷ lệ hài lòng" in seen
    assert "không đủ số liệu" in seen
    assert not re.search(r"\b9 phiếu", seen)


# alerts


def fall(code: str, before: float, after: float, high: float = -0.01) -> Fall:
    return Fall(code, before, after, after - before - 0.05, high)


def test_only_large_and_clear_falls_are_sharp_the_largest_first() -> None:
    falls = [fall("a", 0.9, 0.85), fall("b", 0.9, 0.75), fall("c", 0.9, 0.5), fall("d", 0.9, 0.6, high=0.02), fall("e", 0.5, 0.9)]
    assert [each.unit_code for each in alerts.sharp(falls)] == ["c", "b"]


def test_units_rest_and_places_have_a_cap() -> None:
    falls = [fall(f"{place}{number:02d}", 0.9, 0.5) for place in "ab" for number in range(15)]
    places = {each.unit_code: each.unit_code[0] for each in falls}
    found = alerts.capped(falls, places, resting=["a00"], told={"a": 4})
    assert [each.unit_code for each in found if each.unit_code < "b"] == [f"a{number:02d}" for number in range(1, 7)]
    assert len([each for each in found if each.unit_code > "b"]) == alerts.MOST


def test_an_alert_comes_from_shown_figures_once_and_stands_on_the_page(app: Flask, october: Edition) -> None:
    with writing() as session:
        change = {"low": -0.3, "high": -0.06, "n": 40, "numerator": None, "denominator": None}
        session.add(measured(october, SHOWN, "satisfaction_change", WEIGHTED, -0.18, **change))
        session.add(measured(october, HIDDEN, "satisfaction_change", WEIGHTED, None))
        session.add(measured(october, "01", "satisfaction_change", WEIGHTED, -0.05, **change))
    centre = logged_in(app, "c1", CENTRE, SHOWN)
    assert "giảm mạnh" not in page(app, centre, "/centre/answers")
    assert alerts.raise_new(NOW) == {"alerts": 1}
    assert alerts.raise_new(NOW) == {}
    reading().rollback()
    alert = reading().scalars(select(RatingAlert)).one()
    assert (alert.unit_code, alert.month, alert.after) == (SHOWN, "2026-10", 0.66)
    assert alert.before == pytest.approx(0.84)
    with writing() as session:  # the page shows alerts of the last months only
        session.get(RatingAlert, alert.id).raised_on = date.today()  # type: ignore[union-attr]  # noqa: DTZ011  # as the page's clock
    assert "giảm mạnh" in page(app, centre, "/centre/answers")


def received(counts: dict[tuple[str, str], tuple[int, int]]) -> pd.DataFrame:
    """Answers by receiving and handling unit: satisfied, not satisfied."""
    rows = [
        {"receiving_unit_code": receiver, "unit_code": handler, "rating": rating}
        for (receiver, handler), pair in counts.items()
        for rating, number in zip((5, 2), pair, strict=True)
        for _ in range(number)
    ]
    return pd.DataFrame(rows).assign(mode="link", end_point="returned", is_test=False, removed_by="")


MANY = {("R", "a"): (30, 5), ("R", "b"): (12, 3), ("S", "a"): (20, 5)}


@pytest.mark.parametrize(
    ("now", "falls"),
    [
        ({("R", "a"): (12, 23), ("R", "b"): (6, 9), ("S", "a"): (20, 5)}, ["R"]),
        (MANY, []),
        ({("R", "a"): (12, 23), ("R", "b"): (3, 4), ("S", "a"): (20, 5)}, []),  # seven of another handler would stand apart
        ({("R", "a"): (12, 23), ("R", "b"): (6, 9), ("S", "a"): (4, 3)}, []),  # seven of the handler came from elsewhere
        ({("R", "a"): (12, 23), ("R", "b"): (6, 9), ("S", "b"): (20, 5)}, ["R"]),
        ({("R", "a"): (7, 11), ("R", "b"): (3, 8), ("S", "a"): (20, 5)}, []),  # 29 answers
        ({("R", "a"): (0, 35), ("R", "b"): (0, 15), ("S", "a"): (20, 5)}, []),  # all alike would tell what each said
    ],
)
def test_what_a_unit_took_in_falls_only_where_nobody_stands_apart(now: dict[tuple[str, str], tuple[int, int]], falls: list[str]) -> None:
    assert [each.unit_code for each in alerts.sharp(receiving_falls(received(now), received(MANY)))] == falls


def test_the_same_people_as_the_handling_unit_s_are_told_once() -> None:
    assert receiving_falls(received({("a", "a"): (5, 30)}), received({("a", "a"): (30, 5)})) == []


def test_an_alert_of_reception_has_no_number(app: Flask) -> None:
    put_units()
    months = {"2026-09": MANY, "2026-10": {("R", "a"): (12, 23), ("R", "b"): (6, 9), ("S", "a"): (20, 5)}}
    for month, counts in months.items():
        edition = put_edition(month, {"01": 0.9})
        folder = app.extensions["settings"].data_dir / "editions" / edition.folder
        folder.mkdir(parents=True, exist_ok=True)
        named = received({(receiver.replace("R", SHOWN), handler): pair for (receiver, handler), pair in counts.items()})
        write_frame(folder / "answers.parquet", named)
    assert alerts.raise_new(NOW) == {"alerts": 1}
    assert alerts.raise_new(NOW) == {}
    reading().rollback()
    alert = reading().scalars(select(RatingAlert)).one()
    assert (alert.unit_code, alert.party, alert.before, alert.after, alert.change_low) == (SHOWN, "receiving", None, None, None)
    with writing() as session:
        session.get(RatingAlert, alert.id).raised_on = date.today()  # type: ignore[union-attr]  # noqa: DTZ011  # as the page's clock
    seen = page(app, logged_in(app, "c1", CENTRE, SHOWN), "/centre/answers")
    assert "bộ phận tiếp nhận của đơn vị này" in seen
    assert "con số không được nêu" in seen


def test_a_province_is_told_from_the_running_month_s_state(app: Flask) -> None:
    put_units()
    put_edition("2026-10", {"01": 0.9, "96": 0.9})
    put_edition("2026-11", {"01": 0.6, "96": 0.88}, "running")
    assert alerts.raise_new(NOW) == {"alerts": 1}
    reading().rollback()
    assert reading().scalars(select(RatingAlert.unit_code)).all() == ["01"]
