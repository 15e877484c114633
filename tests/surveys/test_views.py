"""The pages as a browser without a screen sees them."""

import re
from datetime import date

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core.access import TOKEN, rules_of
from core.database import reading, writing
from core.settings import ROOT
from procedures.models import Procedure
from surveys.models import Answer
from tests.surveys.helpers import PROCEDURE, invited

NAME = "Đăng ký thường trú"


@pytest.fixture(autouse=True)
def _catalogue(app: Flask) -> None:
    with writing() as session:
        session.add(Procedure(code=PROCEDURE, name=NAME, valid_from=date(2020, 1, 1), valid_to=None))


def answers() -> list[Answer]:
    """All answers, freshly read."""
    reading().rollback()
    return list(reading().scalars(select(Answer)))


def test_the_first_page_asks_one_thing_and_preselects_nothing(client: FlaskClient) -> None:
    page = client.get(f"/s/{invited()}")
    assert page.status_code == 200
    assert NAME in page.text
    assert "nộp trực tuyến" in page.text
    assert "tháng 10/2026" in page.text
    assert "Câu trả lời không ảnh hưởng đến hồ sơ. Cán bộ giải quyết hồ sơ không xem được." in page.text
    assert set(re.findall(r'name="(\w+)"', page.text)) - {"viewport"} == {"rating"}
    assert re.findall(r'value="(\d)"', page.text) == ["5", "4", "3", "2", "1"]
    assert " checked" not in page.text
    assert "<script" not in page.text


def test_the_whole_walk(client: FlaskClient) -> None:
    token = invited()
    first = client.post(f"/s/{token}", data={"rating": "2"})
    assert (first.status_code, first.location) == (303, f"/s/{token}/more?lang=vi")
    assert answers()[0].rating == 2
    assert "Không áp dụng" in client.get(first.location).text
    second = client.post(first.location, data={"asked_again": "yes", "ease": "na", "comment": "Gọi 0912345678"})
    assert (second.status_code, second.location) == (303, f"/s/{token}/thanks?lang=vi")
    assert "Cảm ơn" in client.get(second.location).text
    (answer,) = answers()
    assert (answer.rating, answer.responses, answer.revision) == (2, {"asked_again": "yes", "ease": "na"}, 1)
    assert "0912345678" not in answer.comment


def test_english_stays_english_without_a_cookie(client: FlaskClient) -> None:
    token = invited()
    page = client.get(f"/s/{token}?lang=en")
    assert '<html lang="en">' in page.text
    assert "Very satisfied" in page.text
    assert "October 2026" in page.text
    assert re.search(rf'href="/s/{token}\?lang=vi"', page.text)
    first = client.post(f"/s/{token}?lang=en", data={"rating": "5"})
    assert "Send" in client.get(first.location).text
    assert "Set-Cookie" not in page.headers
    assert answers()[0].language == "en"


@pytest.mark.parametrize("path", ["", "/more", "/thanks", "/delete"])
def test_a_page_leaves_no_trace(client: FlaskClient, path: str) -> None:
    token = invited()
    client.post(f"/s/{token}", data={"rating": "5"})
    page = client.get(f"/s/{token}{path}?lang=vi")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert "Set-Cookie" not in page.headers
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert "SỐ LIỆU MÔ PHỎNG" in page.text
    assert len(page.data) + len(str(page.headers)) < 14 * 1024


def test_a_real_invitation_carries_no_banner(client: FlaskClient) -> None:
    assert "MÔ PHỎNG" not in client.get(f"/s/{invited(simulated=False)}").text


def test_nobody_else_can_read_the_answer_from_the_link(client: FlaskClient) -> None:
    token = invited()
    client.post(f"/s/{token}", data={"rating": "1"})
    client.post(f"/s/{token}/more", data={"ease": "1", "comment": "rất phiền"})
    for path in ("", "/more", "/thanks", "/delete"):
        page = client.get(f"/s/{token}{path}").text
        assert " checked" not in page
        assert "rất phiền" not in page


def test_an_empty_first_page_says_what_to_do(client: FlaskClient) -> None:
    page = client.post(f"/s/{invited()}", data={})
    assert page.status_code == 422
    assert "Xin chọn một câu trả lời" in page.text
    assert 'aria-describedby="rating-error"' in page.text
    assert answers() == []


def test_a_long_comment_is_refused_beside_its_field_and_kept(client: FlaskClient) -> None:
    token = invited()
    client.post(f"/s/{token}", data={"rating": "3"})
    text = "<b>dài</b>\r\n" * 60
    page = client.post(f"/s/{token}/more", data={"time": "4", "extra_cost": "no", "comment": text})
    assert page.status_code == 422
    assert "tối đa là 600" in page.text
    assert page.text.count(" checked") == 2
    assert page.text.count("&lt;b&gt;dài") == 60
    assert answers()[0].responses == {}
    fits = "dài " * 149 + "\r\n" * 2
    assert client.post(f"/s/{token}/more", data={"comment": fits}).status_code == 303


def test_a_choice_that_was_not_offered_is_refused_and_the_others_are_kept(client: FlaskClient) -> None:
    token = invited()
    client.post(f"/s/{token}", data={"rating": "3"})
    page = client.post(f"/s/{token}/more", data={"time": "9", "ease": "4"})
    assert page.status_code == 422
    assert 'id="time-error"' in page.text
    assert page.text.count(" checked") == 1


def test_unknown_and_malformed_links_look_alike(client: FlaskClient) -> None:
    pages = [client.get(f"/s/{token}") for token in ("a" * 26, "a" * 25, "%00", "a-b", "a" * 3000)]
    pages.append(client.post(f"/s/{'a' * 26}", data={"rating": "5"}))
    assert {page.status_code for page in pages} == {404}
    assert len({re.sub(r"/s/[^?]*", "", page.text) for page in pages}) == 1
    assert "Không mở được đường liên kết này" in pages[0].text
    assert all(page.headers["Cache-Control"] == "no-store" for page in pages)


def test_a_link_typed_in_capitals_works(client: FlaskClient) -> None:
    assert client.get(f"/s/{invited().upper()}").status_code == 200


def test_an_expired_link_takes_no_answer_but_still_deletes(client: FlaskClient) -> None:
    token = invited(expires_on=date(2026, 1, 31))
    for page in (client.get(f"/s/{token}"), client.post(f"/s/{token}", data={"rating": "5"}), client.get(f"/s/{token}/more")):
        assert page.status_code == 410
        assert "31/01/2026" in page.text
    assert answers() == []
    assert client.get(f"/s/{token}/delete").status_code == 200


def test_deleting_asks_first(client: FlaskClient) -> None:
    token = invited()
    client.post(f"/s/{token}", data={"rating": "5"})
    assert "Xóa câu trả lời?" in client.get(f"/s/{token}/delete").text
    assert len(answers()) == 1
    assert "Đã xóa" in client.post(f"/s/{token}/delete").text
    assert answers() == []


def test_the_short_form_at_a_supplement_request(client: FlaskClient) -> None:
    token = invited(occasion="supplement-1", end_point="supplement", channel="in_person")
    page = client.get(f"/s/{token}").text
    assert set(re.findall(r'name="(\w+)"', page)) - {"viewport"} == {"asked_again"}
    more = client.post(f"/s/{token}", data={"asked_again": "yes"}, follow_redirects=True).text
    assert set(re.findall(r'name="(\w+)"', more)) - {"viewport"} == {"clarity", "comment"}
    (answer,) = answers()
    assert (answer.rating, answer.responses) == (None, {"asked_again": "yes"})


def test_later_pages_lead_back_to_the_first_until_it_is_answered(client: FlaskClient) -> None:
    token = invited()
    for path in ("more", "thanks"):
        assert client.get(f"/s/{token}/{path}").location == f"/s/{token}?lang=vi"


def test_too_much_of_everything_is_refused_kindly(client: FlaskClient) -> None:
    token = invited()
    big = client.post(f"/s/{token}", data={"rating": "5", "comment": "a" * 40_000})
    assert (big.status_code, "quá dài" in big.text) == (413, True)
    pages = [client.get(f"/s/{token}") for _ in range(31)]
    assert pages[-1].status_code == 429
    assert "Xin chờ một phút" in pages[-1].text
    assert client.get(f"/s/{invited(2)}").status_code == 200


def test_a_failure_is_told_kindly(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("the disk is full")

    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr("surveys.views.submit", fail)
    page = client.post(f"/s/{invited()}?lang=en", data={"rating": "5"})
    assert (page.status_code, "Something went wrong on our side" in page.text) == (500, True)
    assert "disk" not in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_every_route_is_opened_by_the_token_alone(app: Flask) -> None:
    routes = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("survey.")]
    assert {rule.endpoint for rule in routes} >= {"survey.start", "survey.more", "survey.thanks", "survey.delete"}
    assert all(rules_of(app, rule.endpoint) == {TOKEN} for rule in routes)


def test_forms_need_no_cookie_though_the_site_guards_its_own(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    assert app.test_client(use_cookies=False).post(f"/s/{invited()}", data={"rating": "5"}).status_code == 303


def test_every_text_has_its_english_and_none_is_stale() -> None:
    def texts(*folders: str) -> set[str]:
        methods = [("**.py", "python"), ("**.html", "jinja2")]
        return {found[2] for folder in folders for found in extract_from_dir(ROOT / folder, method_map=methods)}

    def english(*rooms: str) -> set[str]:
        found = set()
        for room in rooms:
            with (ROOT / "translations" / room / "en/LC_MESSAGES/messages.po").open("rb") as stream:
                found |= {message.id for message in read_po(stream) if message.id and message.string}
        return found

    everywhere = english(*(path.name for path in (ROOT / "translations").iterdir() if path.is_dir()))
    assert texts("surveys", "templates/survey") - everywhere == set()
    assert english("survey", "reach") - texts("surveys", "templates/survey", "templates/partials") == set()
