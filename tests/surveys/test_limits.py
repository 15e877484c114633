"""Who is turned away, and who never is."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy import event, select

from app import create_app
from core.access import OFFICE
from core.accounts import add_user
from core.counters import ProcessStorage
from core.database import get_engine, reading, writing
from core.settings import Settings
from core.web import limiter
from surveys import devices, limits, operations, posters
from surveys.models import Answer, DeviceKey
from tests.conftest import log_in
from tests.surveys.helpers import NOW, invited
from tests.surveys.reach import put_units

HERE = {"REMOTE_ADDR": "203.0.113.7"}


@pytest.fixture
def narrow(settings: Settings) -> Iterator[Flask]:
    """An installation that takes five requests a minute from an address, and three with links that there are not."""
    changed = settings.model_copy(update={"survey_per_address": 5, "survey_unknown_per_address": 3})
    application = create_app(settings=changed)
    application.config.update(TESTING=True)
    with application.app_context():
        yield application
    application.extensions["engine"].dispose()


def get(client: FlaskClient, token: str, **environ: str) -> int:
    return client.get(f"/s/{token}", environ_base=HERE | environ).status_code


def test_links_that_are_not_there_are_counted_by_address_and_narrowly(narrow: Flask) -> None:
    client = narrow.test_client()
    token, used = invited(1), invited(2)
    operations.submit(used, {"rating": "4"}, NOW, "vi")
    assert [get(client, "a" * 25 + letter) for letter in "abcd"] == [404, 404, 404, 429]
    assert get(client, "not a token") == 429
    assert get(client, "a" * 26, REMOTE_ADDR="203.0.113.8") == 404
    assert (get(client, token), get(client, used)) == (200, 200)


def test_a_token_that_is_valid_and_unused_is_never_turned_away_for_its_address(narrow: Flask) -> None:
    client = narrow.test_client()
    used = invited(1)
    operations.submit(used, {"rating": "4"}, NOW, "vi")
    assert [get(client, used) for _ in range(46)] == [200] * 45 + [429]
    for number in range(2, 30):
        assert client.post(f"/s/{invited(number)}", data={"rating": "5"}, environ_base=HERE).status_code == 303
    assert get(client, used) == 429
    assert get(client, used, REMOTE_ADDR="203.0.113.8") == 200


def test_the_walk_after_the_first_tap_goes_on_when_others_exhausted_the_address(narrow: Flask) -> None:
    client = narrow.test_client()
    loud, mine = invited(1), invited(2)
    operations.submit(loud, {"rating": "4"}, NOW, "vi")
    assert [get(client, loud) for _ in range(46)][-1] == 429
    assert client.post(f"/s/{mine}", data={"rating": "2"}, environ_base=HERE).status_code == 303
    assert client.post(f"/s/{mine}/more", data={"supplement_count": "0"}, environ_base=HERE).status_code == 303
    assert client.post(f"/s/{mine}", data={"rating": "3"}, environ_base=HERE).status_code == 303
    assert client.post(f"/s/{mine}/delete", environ_base=HERE).status_code == 200


def test_a_flood_of_unknown_posters_turns_no_visitor_away(narrow: Flask) -> None:
    client = narrow.test_client()
    put_units()
    code = posters.open_place("00004", "Bộ phận Một cửa", "open", NOW).code
    guessed = [client.get(f"/q/{'A' * (3 + number)}", environ_base=HERE).status_code for number in range(10)]
    assert guessed == [404] * 3 + [429] * 7
    visit = posters.new_visit()
    assert client.get(f"/q/{code}", environ_base=HERE).status_code == 200
    assert client.post(f"/q/{code}/{visit}", data={"end_point": "filed"}, environ_base=HERE).status_code == 303
    assert client.post(f"/q/{code}/{visit}/more", data={"rating": "4"}, environ_base=HERE).status_code == 303
    assert [client.get(f"/q/{code}", environ_base=HERE).status_code for _ in range(4)] == [200, 200, 200, 429]


@pytest.mark.parametrize(("mode", "begins_anew"), [("kiosk", True), ("open", False)])
def test_a_kiosk_that_is_turned_away_begins_anew_by_itself(narrow: Flask, mode: str, begins_anew: bool) -> None:
    client = narrow.test_client()
    put_units()
    code = posters.open_place("00004", "Bộ phận Một cửa", mode, NOW).code
    last = [client.get(f"/q/{code}", environ_base=HERE) for _ in range(6)][-1]
    assert last.status_code == 429
    assert last.headers.get("Refresh") == (f"60;url=/q/{code}" if begins_anew else None)


def test_a_flood_of_unknown_and_used_links_turns_no_visitor_of_a_poster_away(narrow: Flask) -> None:
    """A hundred times each limit from the carrier's address behind which people stand before a poster."""
    client = narrow.test_client()
    put_units()
    code = posters.open_place("00004", "Bộ phận Một cửa", "open", NOW).code
    used = invited(1)
    operations.submit(used, {"rating": "4"}, NOW, "vi")
    flooded = [get(client, token) for number in range(300) for token in (f"{'a' * 23}{number:03d}", used)]
    assert flooded.count(429) > 500
    for _ in range(2):
        visit = posters.new_visit()
        assert client.get(f"/q/{code}", environ_base=HERE).status_code == 200
        assert client.post(f"/q/{code}/{visit}", data={"end_point": "filed"}, environ_base=HERE).status_code == 303


def test_a_visit_to_a_poster_goes_on_when_others_exhausted_the_address(narrow: Flask) -> None:
    client = narrow.test_client()
    put_units()
    code = posters.open_place("00004", "Bộ phận Một cửa", "open", NOW).code
    visit = posters.new_visit()
    assert client.post(f"/q/{code}/{visit}", data={"end_point": "filed"}, environ_base=HERE).status_code == 303
    assert [client.get(f"/q/{code}", environ_base=HERE).status_code for _ in range(6)][-1] == 429
    assert client.post(f"/q/{code}/{visit}/more", data={"rating": "4"}, environ_base=HERE).status_code == 303
    assert client.get(f"/q/{code}/{visit}/thanks", environ_base=HERE).status_code == 200
    assert [client.get(f"/q/{code}/{visit}/thanks", environ_base=HERE).status_code for _ in range(46)][-1] == 429


def test_one_token_is_strictly_limited_wherever_it_comes_from(client: FlaskClient) -> None:
    token = invited()
    statuses = [get(client, token, REMOTE_ADDR=f"203.0.113.{number}") for number in range(limits.PER_TOKEN + 1)]
    assert statuses == [200] * limits.PER_TOKEN + [429]
    assert get(client, invited(2)) == 200


def test_a_token_is_the_same_however_it_is_spelled(client: FlaskClient) -> None:
    token = invited()
    spellings = [f"{'%20' * number}{token.upper() if number % 2 else token}{'%20' * (number % 5)}" for number in range(limits.PER_TOKEN)]
    assert {get(client, spelled) for spelled in spellings} == {200}
    assert [get(client, spelled) for spelled in spellings[:3]] == [429] * 3


def test_a_visit_is_the_same_however_it_is_spelled(narrow: Flask) -> None:
    client = narrow.test_client()
    put_units()
    code = posters.open_place("00004", "Bộ phận Một cửa", "open", NOW).code
    visit = posters.new_visit()
    client.post(f"/q/{code}/{visit}", data={"end_point": "filed"}, environ_base=HERE)
    walked = [client.get(f"/q/{code}/{'%20' * number}{visit}/more", environ_base=HERE).status_code for number in range(50)]
    assert walked[-1] == 429


def test_each_process_holds_its_share_unless_the_counters_are_shared(settings: Settings) -> None:
    def share(**changes: Any) -> int:
        return limits.share(600, settings.model_copy(update=changes))

    assert (share(), share(web_processes=4), share(web_processes=7)) == (600, 150, 86)
    assert share(web_processes=4, rate_limit_storage="redis://localhost") == 600
    assert limits.share(30, settings.model_copy(update={"web_processes": 8}), 15) == 15


def test_the_limiter_s_store_holds_neither_tokens_nor_addresses(client: FlaskClient) -> None:
    token = invited()
    assert get(client, token) == 200
    storage = limiter.storage
    assert isinstance(storage, ProcessStorage)
    kept = " ".join(storage._counters)
    assert "survey-token" in kept
    assert token not in kept
    assert "203.0.113.7" not in kept


def test_counters_run_out_and_are_swept() -> None:
    storage = ProcessStorage()
    assert [storage.incr("a", 60), storage.incr("a", 60), storage.get("a"), storage.get("b")] == [1, 2, 2, 0]
    assert storage.get_expiry("a") == pytest.approx(time.time() + 60, abs=5)
    assert [storage.incr("short", 0), storage.get("short"), storage.incr("short", 0)] == [1, 0, 1]
    storage._swept -= 1_000
    storage.incr("c", 60)
    assert set(storage._counters) == {"a", "c"}
    storage.clear("a")
    assert (storage.get("a"), storage.reset(), storage.check()) == (0, 1, True)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Origin": "null"}, 303),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_a_form_that_another_site_sent_is_refused(client: FlaskClient, headers: dict[str, str], status: int) -> None:
    token = invited()
    assert client.post(f"/s/{token}", data={"rating": "1"}, headers=headers).status_code == status
    assert (reading().scalar(select(Answer.id)) is not None) == (status == 303)


@pytest.mark.parametrize(("peer", "seen"), [("127.0.0.1", "198.51.100.9"), ("203.0.113.7", "203.0.113.7")])
def test_forwarding_headers_count_only_from_a_proxy_of_ours(settings: Settings, peer: str, seen: str) -> None:
    behind = create_app({"survey"}, settings.model_copy(update={"trusted_proxies": 1}))
    behind.add_url_rule("/who", "who", lambda: request.remote_addr or "")
    behind.before_request_funcs[None].clear()
    page = behind.test_client().get("/who", headers={"X-Forwarded-For": "192.0.2.66, 198.51.100.9"}, environ_base={"REMOTE_ADDR": peer})
    assert page.text == seen
    behind.extensions["engine"].dispose()


def test_no_forwarding_header_counts_without_a_proxy(narrow: Flask) -> None:
    client = narrow.test_client()
    statuses = [
        client.get(f"/s/{'a' * 26}", headers={"X-Forwarded-For": f"192.0.2.{number}"}, environ_base=HERE).status_code for number in range(4)
    ]
    assert statuses == [404, 404, 404, 429]


def test_customers_of_ipv6_are_counted_by_their_network(narrow: Flask) -> None:
    client = narrow.test_client()
    assert [get(client, "a" * 26, REMOTE_ADDR=f"2001:db8:1:2::{number}") for number in range(4)] == [404, 404, 404, 429]
    assert get(client, "a" * 26, REMOTE_ADDR="2001:db8:1:3::1") == 404


def test_what_cannot_be_a_token_costs_the_same_lookup_as_one_that_is_not_there(app: Flask) -> None:
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    client = app.test_client()
    event.listen(get_engine(), "before_cursor_execute", note)
    try:
        counts = []
        for token in ("a" * 26, "a" * 25, "A-b", "ă" * 26, "x" * 3_000):
            asked.clear()
            with app.app_context():
                assert client.get(f"/s/{token}").status_code == 404
            counts.append([statement for statement in asked if "invitation" in statement])
    finally:
        event.remove(get_engine(), "before_cursor_execute", note)
    assert counts == [counts[0]] * len(counts)
    assert len(counts[0]) == 1


@pytest.fixture
def poster(app: Flask) -> str:
    """The code of a poster's open link."""
    put_units()
    return str(posters.open_place("00004", "Bộ phận Một cửa", "open", NOW).code)


def say(client: FlaskClient, poster: str, agent: str = "one", **more: str) -> int:
    """A new visit to a poster's link says that the dossier was taken."""
    visit = posters.new_visit()
    return client.post(f"/q/{poster}/{visit}", data={"end_point": "filed"} | more, headers={"User-Agent": agent}).status_code


def test_visitors_who_share_network_and_browser_are_all_stored(client: FlaskClient, poster: str) -> None:
    assert [say(client, poster) for _ in range(20)] == [303] * 20
    assert len(list(reading().scalars(select(Answer.id)))) == 20


def test_who_is_not_stored_is_told_so_and_may_press_again(client: FlaskClient, poster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DUPLICATES", 3)
    assert [say(client, poster) for _ in range(4)] == [303] * 3 + [429]
    visit = posters.new_visit()
    refused = client.post(f"/q/{poster}/{visit}", data={"end_point": "filed"}, headers={"User-Agent": "one"})
    assert refused.status_code == 429
    assert "Chưa ghi nhận câu trả lời này" in refused.text
    assert "đã được ghi nhận" not in refused.text
    assert say(client, poster, "another") == 303
    assert len(list(reading().scalars(select(Answer.id)))) == 4
    limiter.reset()
    assert client.post(f"/q/{poster}/{visit}", data={"end_point": "filed"}, headers={"User-Agent": "one"}).status_code == 303
    assert len(list(reading().scalars(select(Answer.id)))) == 5


@pytest.mark.parametrize("mode", ["open", "kiosk"])
def test_a_flood_of_changing_browsers_at_a_known_poster_stores_no_more_than_a_full_hall(client: FlaskClient, mode: str) -> None:
    """And stops nobody at another network, at another poster, or in the midst of a visit."""
    put_units()
    flooded, other = (posters.open_place("00004", point, mode, NOW).code for point in ("Bộ phận Một cửa", "Sảnh"))
    visit = posters.new_visit()
    assert client.post(f"/q/{flooded}/{visit}", data={"end_point": "filed"}).status_code == 303
    said = [say(client, flooded, f"browser {number}") for number in range(3 * limits.NEW_ANSWERS)]
    assert said == [303] * (limits.NEW_ANSWERS - 1) + [429] * (2 * limits.NEW_ANSWERS + 1)
    assert say(client, other) == 303
    assert client.post(f"/q/{flooded}/{visit}/more", data={"rating": "4"}).status_code == 303
    elsewhere = {"REMOTE_ADDR": "198.51.100.4"}
    assert client.post(f"/q/{flooded}/{posters.new_visit()}", data={"end_point": "filed"}, environ_base=elsewhere).status_code == 303


def test_who_floods_one_poster_turns_nobody_away_at_another(narrow: Flask) -> None:
    client = narrow.test_client()
    put_units()
    flooded, other = (posters.open_place("00004", point, "open", NOW).code for point in ("Bộ phận Một cửa", "Sảnh"))
    last = [client.get(f"/q/{flooded}", environ_base=HERE) for _ in range(500)][-1]
    assert (last.status_code, "mạng di động" in last.text) == (429, True)
    assert client.get(f"/q/{other}", environ_base=HERE).status_code == 200
    assert client.get(f"/q/{flooded}", environ_base=HERE | {"REMOTE_ADDR": "203.0.113.8"}).status_code == 200


def test_pressing_again_on_the_same_visit_is_no_repetition(client: FlaskClient, poster: str) -> None:
    visit = posters.new_visit()
    assert {client.post(f"/q/{poster}/{visit}", data={"end_point": "filed"}).status_code for _ in range(6)} == {303}
    assert len(list(reading().scalars(select(Answer.id)))) == 1


def test_a_machine_that_fills_every_field_is_thanked_and_not_counted(client: FlaskClient, poster: str) -> None:
    page = client.get(f"/q/{poster}").text
    assert f'name="{limits.BLANK}"' in page
    assert "Xin để trống ô này" in page
    assert say(client, poster, **{limits.BLANK: "http://spam.example"}) == 200
    assert reading().scalar(select(Answer.id)) is None


def test_a_device_is_known_again_within_a_month_and_no_longer(app: Flask) -> None:
    def seen(now: datetime, agent: str = "phone", address: str = "203.0.113.7") -> str:
        with app.test_request_context(headers={"User-Agent": agent}, environ_base={"REMOTE_ADDR": address}):
            return devices.evidence(now)

    first = seen(NOW)
    assert first == seen(NOW + timedelta(days=1))
    assert first not in (seen(NOW, agent="tablet"), seen(NOW, address="203.0.113.8"), seen(NOW + timedelta(days=31)))
    app.extensions["device_keys"].clear()  # another process, which reads the stored part
    assert seen(NOW) == first
    assert len(first) == 64


def test_the_answer_keeps_the_hash_and_never_the_address(client: FlaskClient) -> None:
    client.post(f"/s/{invited()}", data={"rating": "5"}, environ_base=HERE, headers={"User-Agent": "phone"})
    answer = reading().scalars(select(Answer)).one()
    assert answer.device is not None
    assert answer.device_kind == "private"
    with writing() as session:
        session.delete(session.get(DeviceKey, reading().scalar(select(DeviceKey.month))))
    client.application.extensions["device_keys"].clear()
    client.post(f"/s/{invited(2)}", data={"rating": "5"}, environ_base=HERE, headers={"User-Agent": "phone"})
    reading().rollback()
    other = reading().scalars(select(Answer.device).where(Answer.id != answer.id)).one()
    assert other != answer.device  # without the stored part nobody can make the same hash again


def test_an_answer_from_a_browser_that_is_logged_in_says_so(app: Flask) -> None:
    add_user("someone", "Someone", OFFICE, "a long test password")
    client = app.test_client()
    log_in(client, "someone")
    client.post(f"/s/{invited()}", data={"rating": "5"})
    assert reading().scalars(select(Answer.device_kind)).one() == "staff"


def test_device_keys_and_hashes_are_forgotten_after_90_days(app: Flask) -> None:
    token = invited()
    operations.submit(token, {"rating": "5"}, NOW, "vi", device="f" * 64)
    with app.test_request_context(environ_base=HERE):
        devices.evidence(NOW)
    assert devices.forget(datetime(2027, 2, 28, 5, tzinfo=UTC)) == {}
    assert devices.forget(datetime(2027, 3, 1, 5, tzinfo=UTC)) == {"device_keys": 1, "devices": 1}
    reading().rollback()
    assert reading().scalars(select(Answer.device)).one() is None
    assert devices.forget(datetime(2027, 3, 1, 5, tzinfo=UTC)) == {}


def test_twenty_who_write_at_once_lose_nothing(app: Flask) -> None:
    each, writers = 3, 20
    tokens = [invited(number) for number in range(each * writers)]
    together = Barrier(writers)

    def write(mine: list[str]) -> list[int]:
        client = app.test_client()
        together.wait(30)
        return [client.post(f"/s/{token}", data={"rating": "4"}).status_code for token in mine]

    with ThreadPoolExecutor(writers) as pool:
        statuses = [status for some in pool.map(write, [tokens[number::writers] for number in range(writers)]) for status in some]
    assert statuses == [303] * len(tokens)
    reading().rollback()
    assert reading().scalars(select(Answer.rating)).all() == [4] * len(tokens)
