"""Invitations, answers, deletion and retention, as the database keeps them."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import event, select, text

from core import schema
from core.calendar import Month
from core.database import get_engine, reading, writing
from surveys import operations, privacy, queries, retention
from surveys.design import everyone
from surveys.models import Answer, Invitation
from tests.surveys.helpers import END_POINT, NOW, invited, many, token_of

OCTOBER = Month(2026, 10)


def answers() -> list[Answer]:
    """All answers, freshly read."""
    reading().rollback()
    return list(reading().scalars(select(Answer)))


def send(token: str, now: datetime = NOW, **data: str) -> str:
    """Submit, and say what became of it."""
    return operations.submit(token, data, now, "vi").state


def test_an_invitation_knows_only_coarse_facts(app: Flask) -> None:
    operations.invite(everyone([END_POINT]), NOW)
    invitation = reading().scalars(select(Invitation)).one()
    assert (invitation.month, invitation.channel, invitation.recorded_supplements, invitation.recorded_online) == ("2026-10", 2, 2, True)
    assert (invitation.issued_on, invitation.expires_on) == (date(2026, 11, 22), date(2026, 12, 6))
    kept = "\x1f".join(str(value) for value in vars(invitation).values())
    assert END_POINT.dossier_code not in kept
    assert token_of(END_POINT) not in kept


def test_the_month_is_the_one_of_viet_nam(app: Flask) -> None:
    invited(1, reached_at=datetime(2026, 10, 31, 16, 59, 59, tzinfo=UTC))
    invited(2, reached_at=datetime(2026, 10, 31, 17, 0, tzinfo=UTC))
    assert sorted(reading().scalars(select(Invitation.month))) == ["2026-10", "2026-11"]


def test_inviting_twice_invites_once(app: Flask) -> None:
    assert operations.invite(everyone(many(4500)), NOW) == {"invited": 4500, "known": 0, "resting": 0}
    assert operations.invite(everyone(many(4510)), NOW + timedelta(days=1)) == {"invited": 10, "known": 4500, "resting": 0}
    assert operations.invite(everyone([END_POINT, END_POINT]), NOW) == {"invited": 1, "known": 1, "resting": 0}


def test_two_processes_inviting_at_once_invite_once(app: Flask) -> None:
    counts: list[int] = []
    at_once(app, lambda: counts.append(operations.invite(everyone(many(3000)), NOW)["invited"]))
    assert sum(counts) == 3000


def test_the_first_answer_counts_and_more_is_added(app: Flask) -> None:
    token = invited()
    assert send(token, rating="4") == "stored"
    assert send(token, asked_again="yes", ease="na", comment="Gọi 0912345678 không ai nghe") == "stored"
    (answer,) = answers()
    assert (answer.rating, answer.responses, answer.revision) == (4, {"asked_again": "yes", "ease": "na"}, 1)
    assert answer.comment == f"Gọi {privacy.NUMBER} không ai nghe"
    assert (answer.month, answer.unit_code, answer.simulated, answer.answered_on) == ("2026-10", "00004", True, date(2026, 11, 22))


def test_repeating_changes_nothing_and_differing_replaces(app: Flask) -> None:
    token = invited()
    later = NOW + timedelta(days=2)
    send(token, rating="4", time="2", comment="chậm, mã H26.12-251101-0042")
    assert send(token, later, rating="4", time="2", comment="chậm, mã H26.12-251101-0042") == "unchanged"
    assert send(token, later, rating="") == "empty"
    assert answers()[0].revision == 1
    assert send(token, later, rating="1", conduct="5") == "changed"
    (answer,) = answers()
    assert (answer.rating, answer.responses, answer.revision) == (1, {"time": "2", "conduct": "5"}, 2)
    assert answer.first_answered_at == NOW


def test_what_cannot_be_answered_is_refused(app: Flask) -> None:
    token = invited()
    assert operations.submit(token, {"rating": "6", "ease": "5"}, NOW, "vi").problems == {"rating": "unknown"}
    assert operations.submit(token, {"rating": "5", "comment": "a" * 601}, NOW, "vi").problems == {"comment": "too_long"}
    assert send("a" * 26, rating="5") == "unknown"
    assert send("'; DROP TABLE answer", rating="5") == "unknown"
    assert answers() == []


def test_the_last_day_is_a_day_in_viet_nam(app: Flask) -> None:
    token = invited(expires_on=date(2026, 12, 6))
    assert send(token, datetime(2026, 12, 6, 17, 0, tzinfo=UTC), rating="5") == "expired"
    assert send(token, datetime(2026, 12, 6, 16, 59, tzinfo=UTC), rating="5") == "stored"


def at_once(app: Flask, work: Callable[[], None], times: int = 2) -> None:
    """Do the same in several threads at the same moment; an error in any of them is raised."""
    gate = threading.Barrier(times)
    errors: list[BaseException] = []

    def run() -> None:
        try:
            with app.app_context():
                gate.wait()
                work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_a_double_click_makes_one_answer(app: Flask) -> None:
    for number in range(10):
        token = invited(number)
        states: list[str] = []
        at_once(app, lambda token=token, states=states: states.append(send(token, rating="5", ease="4")))
        assert sorted(states) == ["stored", "unchanged"]
    assert [answer.revision for answer in answers()] == [1] * 10


def test_two_differing_answers_at_once_leave_one_whole_answer(app: Flask) -> None:
    token = invited()
    ratings = iter("12345")
    lock = threading.Lock()

    def work() -> None:
        with lock:
            rating = next(ratings)
        send(token, rating=rating, ease=rating)

    at_once(app, work, times=5)
    (answer,) = answers()
    assert answer.responses == {"ease": str(answer.rating)}
    assert answer.revision == 5


def test_an_answer_can_be_deleted_and_given_again(app: Flask) -> None:
    token = invited()
    send(token, rating="5")
    assert operations.delete_answer(token)
    assert answers() == []
    assert not operations.delete_answer(token)
    assert not operations.delete_answer("a" * 26)
    assert send(token, rating="2") == "stored"


def test_repeating_a_choice_writes_what_changing_it_writes(app: Flask) -> None:
    token = invited()
    send(token, rating="4")
    written: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        written.append(statement)

    event.listen(get_engine(), "before_cursor_execute", note)
    try:
        states, statements = [], []
        for rating in ("4", "1"):
            written.clear()
            states.append(send(token, rating=rating))
            statements.append(list(written))
    finally:
        event.remove(get_engine(), "before_cursor_execute", note)
    assert states == ["unchanged", "changed"]
    assert statements[0] == statements[1]
    assert any(statement.startswith("UPDATE answer") for statement in statements[0])


def test_a_late_answer_is_stored_for_the_next_version(app: Flask) -> None:
    cutoff = NOW
    send(invited(1), cutoff - timedelta(seconds=1), rating="5")
    send(invited(2), cutoff, rating="1")
    assert list(queries.answers_frame(reading(), OCTOBER, cutoff)["rating"]) == [5]
    assert list(queries.answers_frame(reading(), OCTOBER, cutoff + timedelta(days=5))["rating"]) == [1, 5]


def test_retention_cuts_the_link_and_drops_the_text(app: Flask) -> None:
    old, recent = invited(1, expires_on=date(2026, 8, 23)), invited(2, expires_on=date(2026, 8, 24))
    then = datetime(2026, 8, 20, tzinfo=UTC)
    for token in (old, recent):
        send(token, then, rating="3", comment="Chờ lâu")
    assert retention.forget(NOW) == {"forgotten": 1}
    assert retention.forget(NOW) == {}
    assert sorted((answer.invitation_id is None, answer.comment, answer.rating) for answer in answers()) == [
        (False, "Chờ lâu", 3),
        (True, "", 3),
    ]


def test_after_retention_no_token_leads_to_its_invitation(app: Flask) -> None:
    old, recent = invited(1, expires_on=date(2026, 8, 23)), invited(2, expires_on=date(2026, 8, 24))

    def hashes() -> list[str]:
        reading().rollback()
        return list(reading().scalars(select(Invitation.token_hash).order_by(Invitation.id)))

    before = hashes()
    retention.forget(NOW)
    cut, kept = hashes()
    assert (kept, cut != before[0], len(cut)) == (before[1], True, 64)
    assert send(old, datetime(2026, 8, 20, tzinfo=UTC), rating="1") == "unknown"
    assert send(recent, datetime(2026, 8, 20, tzinfo=UTC), rating="1") == "stored"
    retention.forget(NOW)
    assert hashes() == [cut, kept]


def row(token: str, **changes: object) -> dict[str, object]:
    """One simulated answer."""
    return {
        "token_hash": token,
        "rating": 4,
        "responses": {"asked_again": "no"},
        "comment": "",
        "answered_on": date(2026, 11, 2),
        "first_answered_at": NOW,
        "language": "vi",
        "simulated": True,
    } | changes


def test_bulk_answers_copy_the_context(app: Flask) -> None:
    settings = app.extensions["settings"]
    known = privacy.hash_token(settings, invited(1))
    assert operations.bulk_answers([row(known, comment="gọi 0912345678"), row("f" * 64)]) == {"answered": 1, "skipped": 1}
    assert operations.bulk_answers([row(known, rating=1)]) == {"answered": 0, "skipped": 1}
    (answer,) = answers()
    assert (answer.rating, answer.procedure_code, answer.recorded_online) == (4, END_POINT.procedure_code, True)
    assert answer.comment == f"gọi {privacy.NUMBER}"


def test_frames(app: Flask) -> None:
    send(invited(1), rating="5", supplement_count="2+", comment="xin cảm ơn")
    send(invited(2, occasion="supplement-1", end_point="supplement", on_time=None), asked_again="yes")
    invited(3, channel="in_person")
    frame = queries.answers_frame(reading(), OCTOBER, NOW + timedelta(days=1))
    assert list(frame["end_point"]) == ["returned", "supplement"]
    assert frame["rating"].isna().tolist() == [False, True]
    assert frame["supplement_count"].tolist()[0] == "2+"
    assert frame["recorded_on_time"].isna().tolist() == [False, True]
    assert not {"id", "invitation_id", "comment", "answered_on", "first_answered_at", "token_hash"} & set(frame.columns)
    counts = queries.invited_counts(reading(), OCTOBER)
    assert counts[["channel", "end_point", "invited"]].values.tolist() == [[1, "returned", 1], [2, "returned", 1], [2, "supplement", 1]]


def test_frames_of_an_empty_month_have_their_columns(app: Flask) -> None:
    frame = queries.answers_frame(reading(), Month(2026, 1), NOW)
    assert len(frame) == 0
    assert {"rating", "asked_again", "unit_code", "simulated"} <= set(frame.columns)
    assert list(queries.invited_counts(reading(), Month(2026, 1)).columns) == [
        "unit_code",
        "procedure_code",
        "channel",
        "end_point",
        "invited",
    ]


def test_bulk_speed_is_of_the_right_order(sqlite_app: Flask) -> None:
    """A tenth of the demonstration, in seconds of the processor: 300,000 invitations in 15, 30,000 answers in 5; twice that is allowed."""
    settings = sqlite_app.extensions["settings"]
    started = time.process_time()
    operations.invite(everyone(many(30_000)), NOW, simulated=True)
    inviting = time.process_time() - started
    hashes = [privacy.hash_token(settings, token_of(end_point)) for end_point in many(3_000)]
    started = time.process_time()
    operations.bulk_answers(row(key) for key in hashes)
    assert inviting < 15 / 10 * 2
    assert time.process_time() - started < 5 / 10 * 2


def test_answers_given_before_the_schema_changed_stay_and_lose_their_minute(app: Flask) -> None:
    token = invited()
    send(token, rating="4")
    schema.downgrade(get_engine(), "0014")
    with writing() as session:
        session.execute(text("UPDATE answer SET first_answered_at = :at"), {"at": "2026-11-22 05:17:31.250000"})
    schema.upgrade(get_engine())
    (answer,) = answers()
    assert (answer.rating, answer.first_answered_at) == (4, datetime(2026, 11, 22, 5, tzinfo=UTC))
    assert send(token, rating="5") == "changed"
    assert operations.delete_answer(token)
