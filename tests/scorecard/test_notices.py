"""What units and the office are told, once each; mail through a real server on the loopback that refuses and goes away."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from flask import Flask
from sqlalchemy import select

from core import accounts, notices
from core.database import reading, writing
from core.errors import InputError
from core.notice_models import Notice, NoticeMail, Recipient
from scorecard import flash, operations, workflow
from scorecard.notices import notify
from scorecard.release import Release
from tests.conftest import PASSWORD, log_in
from tests.scorecard.small import MONTH, Dossier, answers, build
from tests.surveys.test_mail import server

CLOSING = datetime(2026, 11, 18, 2, tzinfo=UTC)
NEAR, OVER = datetime(2026, 11, 23, 3, tzinfo=UTC), datetime(2026, 11, 25, 3, tzinfo=UTC)


@pytest.fixture
def closed(sqlite_app: Flask) -> int:
    """A closed month and people of the office and of one province."""
    build([Dossier(f"a{n}", finished=3 + n % 9) for n in range(30)])
    answers([("00004", 3 + n % 3, "1.001193", 0, None, {}) for n in range(20)])
    for login in ("an", "binh"):
        accounts.add_user(login, login.title(), "office", PASSWORD)
    accounts.add_user("hanoi", "Hà Nội", "centre", PASSWORD, unit_code="01")
    notices.add_recipient("vanthu@example.vn", None, "vi", "an", CLOSING)
    notices.add_recipient("hanoi@example.vn", "01", "vi", "an", CLOSING)
    notices.add_recipient("hue@example.vn", "46", "en", "an", CLOSING)
    return operations.close(MONTH, CLOSING, "worker").id


def told() -> list[tuple[str, str | None]]:
    session = reading()
    session.rollback()
    return [(row.kind, row.unit_code) for row in session.scalars(select(Notice).order_by(Notice.id))]


def test_each_unit_is_told_of_its_draft_once_and_the_silent_are_reminded(closed: int) -> None:
    from core.models import User
    from scorecard import draft_comments

    notify(CLOSING)
    assert told() == [("computed", None)]
    workflow.send_for_comment(closed, "an", CLOSING)
    for _ in range(2):
        notify(CLOSING)
    assert told()[1:] == [("draft_out", code) for code in ("01", "46", "96")]
    hanoi = reading().scalars(select(User).where(User.login == "hanoi")).one()
    draft_comments.explain(str(MONTH), "01", "Mất điện hai ngày.", hanoi, CLOSING)
    notify(NEAR.replace(hour=0))  # 7 in the morning in Viet Nam: nobody is reminded yet
    notify(NEAR)
    assert told()[4:] == [("sign_due", None), ("comment_due", "46"), ("comment_due", "96")]
    notify(OVER)
    assert told()[7:] == [("comment_over", None)]


def test_a_report_is_told_of_once_it_can_be_downloaded(closed: int, sqlite_app: Flask) -> None:
    workflow.send_for_comment(closed, "an", CLOSING)
    operations.review(closed, "an", OVER)
    operations.publish(closed, "binh", OVER)
    ready = Release()
    sqlite_app.extensions["release"] = lambda _session, _edition: ready
    notify(OVER)
    assert told() == []
    ready = Release(is_stored=True)
    with server(sqlite_app) as mails:
        notify(OVER)
        notify(OVER + timedelta(hours=1))
    assert told() == [("report_out", code) for code in (None, "01", "46", "96")]
    texts = {mail["To"]: mail for mail in (message_from_bytes(raw, policy=policy.default) for raw in mails.taken)}
    assert set(texts) == {"vanthu@example.vn", "hanoi@example.vn", "hue@example.vn"}
    assert f"{sqlite_app.extensions['settings'].public_url}/reports/2026-10/report.pdf" in texts["vanthu@example.vn"].get_content()
    assert texts["vanthu@example.vn"]["Subject"] == "[MÔ PHỎNG] Báo cáo tháng 10/2026 đã công bố"
    assert "has been published" in texts["hue@example.vn"]["Subject"]
    assert notify(OVER + timedelta(days=1)) == {}


def test_old_reports_are_no_news(closed: int) -> None:
    operations.review(closed, "an", CLOSING, "Nobody can be asked today.")
    operations.publish(closed, "binh", CLOSING)
    notify(CLOSING + timedelta(days=20))
    assert told() == []


def mail_states() -> list[tuple[str, int]]:
    session = reading()
    session.rollback()
    return [(row.state, row.attempts) for row in session.scalars(select(NoticeMail).order_by(NoticeMail.id))]


def test_mail_waits_for_a_server_and_is_tried_again_ever_later(closed: int, sqlite_app: Flask) -> None:
    assert notify(CLOSING) == {"told": 1}  # no server is set up: it waits
    assert mail_states() == [("waiting", 0)]
    settings = sqlite_app.extensions["settings"]
    with server(sqlite_app):
        pass  # it was there, and is gone
    assert notify(CLOSING) == {"mail_failed": 1}
    assert notify(CLOSING + timedelta(minutes=4)) == {}
    assert notify(CLOSING + timedelta(minutes=6)) == {"mail_failed": 1}
    assert notify(CLOSING + timedelta(minutes=14)) == {}
    with server(sqlite_app) as found:
        assert notify(CLOSING + timedelta(minutes=17)) == {"mail_sent": 1}
        assert notify(CLOSING + timedelta(hours=9)) == {}
    assert len(found.taken) == 1
    assert mail_states() == [("sent", 3)]
    assert settings.smtp_host == "127.0.0.1"


def test_what_a_server_refuses_for_good_is_shown_and_not_tried_again(closed: int, sqlite_app: Flask) -> None:
    notices.add_recipient("refused@example.vn", None, "vi", "an", CLOSING)
    with server(sqlite_app) as found:
        assert notify(CLOSING) == {"told": 1, "mail_sent": 1, "mail_given_up": 1}
        assert notify(CLOSING + timedelta(days=3)).get("mail_sent") is None
    assert [raw for raw in found.taken if b"To: vanthu@" in raw]
    client = sqlite_app.test_client()
    log_in(client, "an")
    assert "refused@example.vn: 550" in client.get("/office").text


def test_a_connection_that_breaks_loses_no_mail(closed: int, sqlite_app: Flask) -> None:
    workflow.send_for_comment(closed, "an", CLOSING)
    with server(sqlite_app, breaks_after=1) as found:
        assert notify(CLOSING) == {"told": 3, "mail_sent": 1, "mail_failed": 1}
        found.breaks_after = 0
        assert notify(CLOSING + timedelta(minutes=6)) == {"mail_sent": 1}
    assert len({message_from_bytes(raw)["Message-ID"] for raw in found.taken}) == 2


def test_what_goes_wrong_with_one_mail_holds_no_other_back(closed: int, sqlite_app: Flask) -> None:
    with writing() as session:  # as addresses were taken before
        first = session.scalars(select(Recipient).where(Recipient.unit_code.is_(None))).one()
        first.address = "vănthư@example.vn"
    notices.add_recipient("spam@example.vn", None, "vi", "an", CLOSING)
    notices.add_recipient("last@example.vn", None, "vi", "an", CLOSING)
    with server(sqlite_app) as found:
        assert notify(CLOSING) == {"told": 1, "mail_given_up": 2, "mail_sent": 1}
    assert mail_states() == [("given_up", 1), ("given_up", 1), ("sent", 1)]
    assert b"To: last@" in found.taken[0]
    assert next(row.error for row, _to in notices.troubled(reading())) == "554 looks like spam"


def test_an_address_that_is_none_is_refused(closed: int) -> None:
    for address in ("nobody", "vănthư@example.vn", "a@b\r\nBcc: x@y.vn", "hanoi@example.vn"):
        with pytest.raises(InputError):
            notices.add_recipient(address, "01", "vi", "an", CLOSING)


def test_the_flash_sheet_is_made_once_and_has_no_answer_in_it(sqlite_app: Flask) -> None:
    build([Dossier(f"a{n}", finished=3 + n % 9, channel=1 + n % 2) for n in range(30)])
    answers([("00004", 3 + n % 3, "1.001193", 0, None, {}) for n in range(20)])
    accounts.add_user("an", "An", "office", PASSWORD)
    operations.refresh_running(datetime(2026, 10, 30, tzinfo=UTC))
    day = datetime(2026, 11, 5, 1, tzinfo=UTC)
    assert flash.make_due(day - timedelta(minutes=1)) == {}
    assert flash.make_due(day + timedelta(days=2)) == {"flash": "2026-10"}  # the worker was down on the day
    assert flash.make_due(day + timedelta(days=3)) == {}
    sheet = flash.sheet_of(reading(), MONTH)
    assert sheet is not None
    assert {line["indicator"] for line in sheet.lines} == set(flash.INDICATORS)
    nation = next(line for line in sheet.lines if line["unit"] == "VN" and line["indicator"] == "online_filing")
    assert (nation["numerator"], nation["denominator"]) == (15, 30)
    client = sqlite_app.test_client()
    log_in(client, "an")
    page = client.get("/office/flash/2026-10").text
    assert "TẠM TÍNH" in page
    assert "SỐ LIỆU MÔ PHỎNG" in page
    assert "15/30" in page
    assert client.get("/office/flash/2026-09").status_code == 404


def test_a_worker_that_was_down_makes_up_for_everything_at_once(closed: int) -> None:
    """All of the month's reminders lie behind: what still matters is told, what is over is not."""
    with writing() as session:
        session.execute(Notice.__table__.delete())  # type: ignore[attr-defined]
    workflow.send_for_comment(closed, "an", CLOSING)
    notify(OVER + timedelta(days=3))
    assert {kind for kind, _unit in told()} == {"sign_due", "draft_out", "comment_over"}
