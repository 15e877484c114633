"""The pages as a browser without a screen sees them."""

import html
import io
import re
import time
from datetime import date

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core.access import OFFICE, TOKEN, rules_of
from core.database import reading, writing
from core.settings import ROOT
from procedures.models import Procedure
from surveys import limits, pages
from surveys.models import TEST, Answer, Invitation
from tests.surveys.helpers import PROCEDURE, invited
from tests.surveys.reach import client_of

NAME = "Đăng ký thường trú"
LATER = ("", "/more", "/more/2", "/more/3", "/more/6", "/thanks", "/delete")


def fields(page: str) -> set[str]:
    """Names of the questions on a page."""
    return set(re.findall(r'name="(\w+)"', page)) - {"viewport", "t"}


def without_time(page: str) -> str:
    """A page without the hidden field that says when it was sent."""
    return re.sub(r'name="t" value="\d+"', "", page)


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
    assert fields(page.text) == {"rating"}
    assert re.findall(r'value="(\d)"', page.text) == ["5", "4", "3", "2", "1"]
    assert " checked" not in page.text


def test_the_whole_walk(client: FlaskClient) -> None:
    token = invited(channel="in_person")
    first = client.post(f"/s/{token}", data={"rating": "2"})
    assert (first.status_code, first.location) == (303, f"/s/{token}/more?lang=vi")
    assert answers()[0].rating == 2
    here, asked = first.location, []
    fill = {"visits": "1", "supplement_count": "1", "how_asked": "mouth", "ease": "na", "trust": "3", "paid_outside": "no"}
    while "thanks" not in here:
        page = client.get(here).text
        asked.append(fields(page))
        assert f"Phần {len(asked)} trong 6" in page
        action = html.unescape(re.search(r'method="post" action="([^"]+)"', page)[1])  # type: ignore[index]
        sent = client.post(action, data={code: fill[code] for code in asked[-1] if code in fill} | {"comment": "Gọi 0912345678"})
        assert sent.status_code == 303
        here = sent.location
    assert asked == [
        {"visits", "supplement_count", "asked_again"},
        {"how_asked"},  # the catalogue has no papers of this procedure
        {"ease", "time", "clarity"},
        {"conduct", "result", "trust"},
        {"on_time", "paid_outside"},
        {"comment", "staff_present"},
    ]
    assert here == f"/s/{token}/thanks?lang=vi&papers=1"
    assert "Cảm ơn" in client.get(here).text
    (answer,) = answers()
    assert answer.responses == {**fill, "asked_more": "yes", "extra_cost": "no"}
    assert (answer.rating, answer.questionnaire, answer.revision) == (2, 2, 1)
    assert "0912345678" not in answer.comment


def test_who_was_asked_for_nothing_is_not_asked_for_papers(client: FlaskClient) -> None:
    token = invited()
    client.post(f"/s/{token}", data={"rating": "5"})
    assert client.post(f"/s/{token}/more", data={"supplement_count": "0"}).location == f"/s/{token}/more/3?lang=vi"
    assert client.post(f"/s/{token}/more", data={}).location == f"/s/{token}/more/3?lang=vi"
    assert client.post(f"/s/{token}/more", data={"asked_again": "yes"}).location == f"/s/{token}/more/2?lang=vi&papers=1"


def test_taking_back_that_papers_were_asked_for_takes_back_which(client: FlaskClient) -> None:
    token = invited()
    client.post(f"/s/{token}", data={"rating": "3"})
    client.post(f"/s/{token}/more", data={"supplement_count": "2+"})
    client.post(f"/s/{token}/more/2", data={"how_asked": "mouth"})
    assert answers()[0].responses == {"supplement_count": "2+", "asked_more": "yes", "how_asked": "mouth"}
    client.post(f"/s/{token}/more", data={"supplement_count": "0"})
    assert answers()[0].responses == {"supplement_count": "0", "asked_more": "no"}


def test_an_invitation_of_version_1_asks_what_version_1_asked(client: FlaskClient) -> None:
    token = invited()
    with writing() as session:
        session.query(Invitation).one().questionnaire = 1
    assert client.post(f"/s/{token}", data={"rating": "4"}).location == f"/s/{token}/more?lang=vi"
    page = client.get(f"/s/{token}/more").text
    assert fields(page) == {"asked_again", "supplement_count", "ease", "time", "clarity", "conduct", "assisted", "extra_cost", "comment"}
    assert client.post(f"/s/{token}/more", data={"extra_cost": "yes"}).location == f"/s/{token}/thanks?lang=vi"
    assert [(answer.questionnaire, answer.rating, answer.responses) for answer in answers()] == [(1, 4, {"extra_cost": "yes"})]
    assert client.get(f"/s/{token}/more/2").status_code == 404


def test_time_to_answer_is_the_sum_over_the_screens(client: FlaskClient) -> None:
    token, now = invited(), int(time.time())
    client.post(f"/s/{token}", data={"rating": "4", "t": str(now - 11)})
    client.post(f"/s/{token}/more", data={"visits": "0", "t": str(now - 19)})
    client.post(f"/s/{token}/more", data={"visits": "0", "t": str(now - 19)})  # the same again takes no time
    for lie in ("", "x", "9" * 30, str(now + 900), "0"):
        client.post(f"/s/{token}/more/3", data={"ease": "1", "t": lie})
    assert answers()[0].seconds == 30
    assert answers()[0].device_kind == "private"


def test_the_last_answer_counts_and_the_direction_of_changes_is_kept(client: FlaskClient) -> None:
    token = invited()
    for rating in "4", "4", "2", "5", "5", "1":
        client.post(f"/s/{token}", data={"rating": rating})
    (answer,) = answers()
    assert (answer.rating, answer.revision, answer.raised, answer.lowered) == (1, 4, 1, 2)


@pytest.mark.parametrize(("form", "question"), [("returned", "rating"), ("supplement", "clarity")])
def test_the_device_that_counts_is_the_one_of_the_answer_that_counts(app: Flask, form: str, question: str) -> None:
    """A staff log-in neither throws out what a person says later on her own telephone, nor hides behind what she said before."""
    telephone, staff = app.test_client(), client_of(app, "office", OFFICE)
    hers, theirs = invited(1, end_point=form), invited(2, end_point=form)

    def send(client: FlaskClient, token: str, choice: str) -> tuple[str, str | None]:
        client.post(f"/s/{token}", data={question: choice}, headers={"User-Agent": "Chrome" if client is staff else "Nokia"})
        answer = answers()[-1]
        return answer.device_kind, answer.device

    kind, device = send(staff, hers, "5")
    assert kind == "staff"
    kind, own = send(telephone, hers, "1")
    assert (kind, own != device) == ("private", True)
    assert send(staff, hers, "1") == ("private", own)  # the same again changes nothing
    staff.post(f"/s/{hers}/more", data={"conduct": "5", "visits": "0", "how_asked": "mouth"})
    assert (answers()[-1].device_kind, answers()[-1].device) == ("private", own)
    assert send(telephone, theirs, "1") == ("private", own)
    assert send(staff, theirs, "5") == ("staff", device)


def test_a_slash_after_a_link_does_no_harm(client: FlaskClient) -> None:
    token = invited()
    page = client.get(f"/s/{token}/")
    assert (page.status_code, fields(page.text)) == (200, {"rating"})
    assert client.post(f"/s/{token}/", data={"rating": "4"}).location == f"/s/{token}/more?lang=vi"
    unknown = client.get(f"/s/{'a' * 26}/")
    assert (unknown.status_code, "Cache-Control" in unknown.headers, "đường liên kết" in unknown.text) == (404, True, True)
    assert client.get("/q/AAAAAA/").headers["Cache-Control"] == "private, max-age=0"


def test_what_a_page_repeats_does_not_make_it_heavy(client: FlaskClient) -> None:
    token = invited()
    client.post(f"/s/{token}", data={"rating": "4"})
    seen = [client.post(f"/s/{token}/more/6", data={"comment": letter * 3_000}) for letter in ("a", "ữ", "<")]
    assert [page.status_code for page in seen] == [422] * 3
    assert "3000 ký tự" in seen[0].text
    seen += [client.get(f"/s/{token}/more?papers={'a' * 4_000}"), client.get(f"/s/{token}/more?find={'ữ' * 2_000}&step={'9' * 2_000}")]
    assert [size for page in seen if (size := len(page.data)) > pages.HEAVIEST - pages.HEADERS] == []


def test_a_trial_says_so_and_is_marked(client: FlaskClient) -> None:
    token = invited(simulated=False)
    assert "Phiếu thử" not in client.get(f"/s/{token}").text
    with writing() as session:
        session.query(Invitation).one().stratum = TEST
    assert "Phiếu thử: câu trả lời không được tính." in client.get(f"/s/{token}").text
    client.post(f"/s/{token}", data={"rating": "5"})
    assert answers()[0].is_test


def test_english_stays_english_without_a_cookie(client: FlaskClient) -> None:
    token = invited()
    page = client.get(f"/s/{token}?lang=en")
    assert '<html lang="en">' in page.text
    assert "Very satisfied" in page.text
    assert "October 2026" in page.text
    assert re.search(rf'href="/s/{token}\?lang=vi"', page.text)
    first = client.post(f"/s/{token}?lang=en", data={"rating": "5"})
    assert "Part 1 of 6" in client.get(first.location).text
    assert "Set-Cookie" not in page.headers
    assert answers()[0].language == "en"


@pytest.mark.parametrize("path", ["", "/more", "/more/2", "/more/6", "/thanks", "/delete"])
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


def test_a_real_invitation_carries_no_banner(client: FlaskClient) -> None:
    assert "MÔ PHỎNG" not in client.get(f"/s/{invited(simulated=False)}").text


def test_nobody_else_can_read_the_answer_from_the_link(client: FlaskClient) -> None:
    token = invited()
    client.post(f"/s/{token}", data={"rating": "1"})
    pages = {path: without_time(client.get(f"/s/{token}{path}").text) for path in LATER}
    client.post(f"/s/{token}/more", data={"supplement_count": "2+", "asked_again": "yes"})
    client.post(f"/s/{token}/more/2", data={"how_asked": "mouth", "which_paper": "other"})
    client.post(f"/s/{token}/more/6", data={"comment": "rất phiền"})
    for path, before in pages.items():  # not a letter depends on what was said
        page = without_time(client.get(f"/s/{token}{path}").text)
        assert page == before
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
    page = client.post(f"/s/{token}/more/6", data={"staff_present": "beside", "comment": text})
    assert page.status_code == 422
    assert "tối đa 600" in page.text
    assert page.text.count(" checked") == 1
    assert page.text.count("&lt;b&gt;dài") == 50  # the 600 letters that fit
    assert answers()[0].responses == {}
    fits = "dài " * 149 + "\r\n" * 2
    assert client.post(f"/s/{token}/more/6", data={"comment": fits}).status_code == 303


def test_a_choice_that_was_not_offered_is_refused_and_the_others_are_kept(client: FlaskClient) -> None:
    token = invited()
    client.post(f"/s/{token}", data={"rating": "3"})
    page = client.post(f"/s/{token}/more/3", data={"time": "9", "ease": "4"})
    assert page.status_code == 422
    assert 'id="time-error"' in page.text
    assert page.text.count(" checked") == 1
    assert client.post(f"/s/{token}/more/2", data={"which_paper": "KQ.NONE"}).status_code == 422


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
    assert fields(client.get(f"/s/{token}").text) == {"clarity"}
    more = client.post(f"/s/{token}", data={"clarity": "1"}, follow_redirects=True).text
    assert fields(more) == {"asked_again", "how_asked"}
    last = client.post(f"/s/{token}/more", data={"asked_again": "yes"}, follow_redirects=True).text
    assert fields(last) == {"comment", "staff_present"}
    (answer,) = answers()
    assert (answer.rating, answer.responses) == (None, {"clarity": "1", "asked_again": "yes"})


def test_later_pages_lead_back_to_the_first_until_it_is_answered(client: FlaskClient) -> None:
    token = invited()
    for path in ("more", "more/5", "thanks"):
        assert client.get(f"/s/{token}/{path}").location == f"/s/{token}?lang=vi"
    assert client.get(f"/s/{token}/more/7").status_code == 404


def test_the_script_is_told_the_next_page_in_place_of_a_redirect(client: FlaskClient) -> None:
    token = invited()
    sent = client.post(f"/s/{token}", data={"rating": "4"}, headers={"X-Form": "1"})
    assert (sent.status_code, sent.headers["X-Next"]) == (204, f"/s/{token}/more?lang=vi")
    assert "Content-Security-Policy" in sent.headers
    assert "Set-Cookie" not in sent.headers
    assert client.post(f"/s/{token}", data={"rating": "9"}, headers={"X-Form": "1"}).status_code == 422


def test_too_much_of_everything_is_refused_kindly(client: FlaskClient) -> None:
    token = invited()
    big = client.post(f"/s/{token}", data={"rating": "5", "comment": "a" * 40_000})
    assert (big.status_code, "quá dài" in big.text) == (413, True)
    pages = [client.get(f"/s/{token}") for _ in range(limits.PER_TOKEN + 1)]
    assert pages[-1].status_code == 429
    assert "Xin chờ một phút" in pages[-1].text
    assert client.get(f"/s/{invited(2)}").status_code == 200


@pytest.mark.parametrize("terminated", [False, True])  # whether the server itself tells where a body ends
def test_half_an_answer_is_none(client: FlaskClient, terminated: bool) -> None:
    """A connection that is cut in the middle of sending leaves a beginning, which may say something else than the whole."""
    token = invited()
    said = b"rating=4&comment=half of"
    cut = {"CONTENT_LENGTH": "800", "wsgi.input": io.BytesIO(said), "wsgi.input_terminated": terminated}
    status = client.post(f"/s/{token}", content_type="application/x-www-form-urlencoded", environ_overrides=cut).status_code
    assert (status, reading().scalar(select(Answer.id))) == (400, None)
    assert client.post(f"/s/{token}", data={"rating": "4"}).status_code == 303


def test_a_failure_is_told_kindly(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_named: object) -> None:
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
    assert english("survey", "reach", "form") - texts("surveys", "templates/survey", "templates/partials") == set()


def test_the_way_to_the_other_language_stays_on_this_page_and_this_site(client: FlaskClient) -> None:
    token = invited()
    client.post(f"/s/{token}", data={"rating": "5"})
    page = client.get(f"/s/{token}/more/2?papers=1&lang=vi&_external=1&_scheme=javascript&_anchor=x&token=b").text
    assert re.findall(r'<a href="([^"]*)"[^>]*hreflang', page) == [f"/s/{token}/more/2?papers=1&amp;lang=en"]
    refused = client.post(f"/s/{token}/more/2?papers=1", data={"how_asked": "smoke"}).text
    assert re.findall(r'<a href="([^"]*)"[^>]*hreflang', refused) == [f"/s/{token}/more/2?papers=1&amp;lang=en"]
