"""Posters and kiosks: one choice counts at once, nothing counts twice, and it is a series of its own."""

import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import select

from core.access import CENTRE, OFFICE
from core.calendar import Month, utc_now
from core.database import reading, writing
from core.errors import InputError
from surveys import codes, operations, pages, posters, queries, retention
from surveys.models import Answer, Invitation, Place
from tests.surveys.helpers import NOW, PROCEDURE, invited
from tests.surveys.reach import client_of, put_units

POINT = "Bộ phận Một cửa phường Ba Đình"


@pytest.fixture
def place(app: Flask) -> Place:
    """A poster in a commune."""
    put_units()
    return posters.open_place("00004", POINT, "open", NOW)


def answers() -> list[Answer]:
    reading().rollback()
    return list(reading().scalars(select(Answer).order_by(Answer.id)))


def opened(client: FlaskClient, place: Place) -> str:
    """Open the poster's link; gives the visit that its form names."""
    page = client.get(f"/q/{place.code}")
    assert page.status_code == 200
    found = re.search(rf'action="/q/{place.code}/([a-z2-7]{{26}})', page.text)
    assert found is not None
    return found[1]


def test_opening_stores_nothing_and_a_choice_counts_at_once(place: Place, client: FlaskClient) -> None:
    visit = opened(client, place)
    assert answers() == []
    gone = client.post(f"/q/{place.code}/{visit}", data={"end_point": "turned_away"})
    assert (gone.status_code, gone.location) == (303, f"/q/{place.code}/{visit}/more?lang=vi")
    (answer,) = answers()
    assert (answer.mode, answer.end_point, answer.unit_code, answer.province_code) == ("open", "turned_away", "00004", "01")
    assert (answer.invitation_id, answer.probability, answer.procedure_code, answer.month) == (None, None, "", str(Month.of(utc_now())))
    assert visit not in str(vars(answer))


def test_repeating_and_going_back_make_no_second_answer(place: Place, client: FlaskClient) -> None:
    visit = opened(client, place)
    for choice in ("turned_away", "turned_away", "filed"):
        client.post(f"/q/{place.code}/{visit}", data={"end_point": choice})
    assert [(answer.end_point, answer.revision) for answer in answers()] == [("filed", 2)]
    for _ in range(2):
        client.post(f"/q/{place.code}/{visit}/more", data={"rating": "4", "visits": "3+"})
    (answer,) = answers()
    assert (answer.rating, answer.responses, answer.revision) == (4, {"visits": "3+"}, 2)
    assert opened(client, place) != visit


def test_the_four_questions_after_being_sent_away(place: Place, client: FlaskClient) -> None:
    invited()  # the procedure is one that people have at this unit
    with writing() as session:
        for row in session.scalars(select(Invitation)):
            row.month = str(Month.of(utc_now()))
    visit = opened(client, place)
    client.post(f"/q/{place.code}/{visit}", data={"end_point": "turned_away"})
    first = client.get(f"/q/{place.code}/{visit}/more")
    assert "Đăng ký khai sinh" in first.text
    gone = client.post(f"/q/{place.code}/{visit}/more", data={"procedure": PROCEDURE})
    second = client.get(gone.location)
    assert "Giấy chứng sinh" in second.text
    values = {"which_paper": "2", "asked_again": "yes", "how_asked": "mouth"}
    done = client.post(f"/q/{place.code}/{visit}/more?step=2", data=values)
    assert done.location == f"/q/{place.code}/{visit}/thanks?lang=vi"
    (answer,) = answers()
    assert (answer.procedure_code, answer.responses) == (PROCEDURE, values)
    assert "phiếu ghi đủ, một lần" in client.get(done.location).text


def test_a_procedure_is_found_without_diacritics(place: Place, client: FlaskClient) -> None:
    visit = opened(client, place)
    client.post(f"/q/{place.code}/{visit}", data={"end_point": "turned_away"})
    more = f"/q/{place.code}/{visit}/more"
    assert f'value="{PROCEDURE}"' in client.get(f"{more}?find=KHAI+sinh").text
    assert "Không tìm thấy" in client.get(f"{more}?find=xyz").text
    client.post(more, data={"procedure": "9.999999"})
    assert answers()[0].procedure_code == ""


def test_a_long_search_does_not_make_a_page_heavy(place: Place, client: FlaskClient) -> None:
    visit = opened(client, place)
    client.post(f"/q/{place.code}/{visit}", data={"end_point": "turned_away"})
    for letter in "aữ<":
        page = client.get(f"/q/{place.code}/{visit}/more", query_string={"find": letter * 5_000})
        assert (page.status_code, len(page.data) <= pages.HEAVIEST - pages.HEADERS) == (200, True), len(page.data)


def test_what_was_not_offered_is_refused(place: Place, client: FlaskClient) -> None:
    visit = opened(client, place)
    assert client.post(f"/q/{place.code}/{visit}", data={}).status_code == 422
    assert client.post(f"/q/{place.code}/{visit}", data={"end_point": "returned"}).status_code == 422
    assert client.post(f"/q/{place.code}/{'A1' * 13}", data={"end_point": "filed"}).status_code == 303
    assert answers() == []
    client.post(f"/q/{place.code}/{visit}", data={"end_point": "turned_away"})
    for data in ({"which_paper": "9"}, {"asked_again": "perhaps"}, {"rating": "5"}):
        status = client.post(f"/q/{place.code}/{visit}/more?step=2", data=data).status_code
        assert status == (303 if "rating" in data else 422), data
    assert (answers()[0].rating, answers()[0].responses) == (None, {})


def test_a_machine_that_fills_every_field_is_thanked_and_not_counted(place: Place, client: FlaskClient) -> None:
    visit = opened(client, place)
    page = client.post(f"/q/{place.code}/{visit}", data={"end_point": "filed", "website": "http://spam.example"})
    assert page.status_code == 200
    assert answers() == []


def test_unknown_closed_and_foreign_visits_are_answered_kindly(place: Place, client: FlaskClient) -> None:
    other = posters.open_place("00008", "Nơi khác", "open", NOW)
    visit = opened(client, place)
    client.post(f"/q/{place.code}/{visit}", data={"end_point": "filed"})
    assert client.get(f"/q/{other.code}/{visit}/more").location == f"/q/{other.code}?lang=vi"
    assert client.get(f"/q/{place.code}/{'a' * 26}/thanks").status_code == 303
    wrong = client.get(f"/q/{place.code[:-1]}{'3' if place.code[-1] != '3' else '4'}")
    assert (wrong.status_code, "từng chữ của mã" in wrong.text) == (404, True)
    posters.close_place(place.code, NOW)
    assert client.get(f"/q/{place.code}").status_code == 410
    assert client.post(f"/q/{place.code}/{posters.new_visit()}", data={"end_point": "filed"}).status_code == 303
    assert len(answers()) == 1


def test_a_code_is_read_as_it_was_said(place: Place, client: FlaskClient) -> None:
    assert client.get(f"/q/{codes.spoken(place.code).lower()}").status_code == 200


def test_a_kiosk_begins_anew_by_itself_and_a_poster_does_not(app: Flask, place: Place, client: FlaskClient) -> None:
    kiosk = posters.open_place("00004", POINT, "kiosk", NOW)
    for where, resets in ((kiosk, True), (place, False)):
        visit = opened(client, where)
        assert "Refresh" not in client.get(f"/q/{where.code}").headers
        client.post(f"/q/{where.code}/{visit}", data={"end_point": "filed"})
        for page in ("more", "thanks"):
            headers = client.get(f"/q/{where.code}/{visit}/{page}").headers
            to = f";url=/q/{where.code}/{visit}/end" if page == "more" else f";url=/q/{where.code}"
            assert headers.get("Refresh", "").endswith(to) == resets
            assert headers["Cache-Control"] == "no-store"
    assert sorted((answer.mode, answer.device_kind) for answer in answers()) == [("kiosk", "counter"), ("open", "private")]


def test_the_next_person_at_a_kiosk_cannot_add_to_the_last_one_s(app: Flask) -> None:
    put_units()
    kiosk = posters.open_place("00004", POINT, "kiosk", NOW)
    visit = posters.new_visit()
    posters.begin(kiosk, visit, "filed", NOW, "vi")
    later = NOW + timedelta(minutes=31)
    assert posters.visit_of(reading(), kiosk, visit, NOW + timedelta(minutes=14)) is not None
    assert posters.visit_of(reading(), kiosk, visit, later) is None
    assert posters.begin(kiosk, visit, "turned_away", later, "vi").state == "expired"
    assert answers()[0].end_point == "filed"


@pytest.mark.parametrize("leaving", ["thanks", "end"])
def test_whoever_goes_back_at_a_kiosk_neither_sees_nor_changes_what_was_said(app: Flask, client: FlaskClient, leaving: str) -> None:
    """Neither after the thanks nor after the visit was left or timed out; what was said stays."""
    put_units()
    kiosk = posters.open_place("00004", POINT, "kiosk", NOW)
    visit = opened(client, kiosk)
    at, start = f"/q/{kiosk.code}/{visit}", f"/q/{kiosk.code}?lang=vi"
    client.post(at, data={"end_point": "turned_away"})
    client.post(f"{at}/more", data={"procedure": PROCEDURE})
    client.post(f"{at}/more?step=2", data={"asked_again": "yes"})
    said = client.get(f"{at}/{leaving}")
    assert ("Giấy chứng sinh" in said.text) == (leaving == "thanks")
    for path in ("/more", "/more?step=2", "/thanks"):
        assert client.get(at + path).location == start, path
    again: list[tuple[str, dict[str, str]]] = [
        ("", {"end_point": "filed"}),
        ("/more", {"procedure": ""}),
        ("/more?step=2", {"asked_again": "no"}),
    ]
    for path, data in again:
        told = client.post(at + path, data=data)
        assert (told.status_code, "chưa được ghi" in told.text, "Giấy chứng sinh" in told.text) == (409, True, False), path
        assert f'action="{at}' not in told.text
    (answer,) = answers()
    assert (answer.end_point, answer.procedure_code, answer.responses) == ("turned_away", PROCEDURE, {"asked_again": "yes"})
    assert opened(client, kiosk) != visit


def test_what_is_pressed_on_a_page_of_an_ended_visit_is_told_and_counts_when_it_is_pressed_again(app: Flask, client: FlaskClient) -> None:
    put_units()
    kiosk = posters.open_place("00004", POINT, "kiosk", NOW)
    visit = opened(client, kiosk)
    client.post(f"/q/{kiosk.code}/{visit}", data={"end_point": "filed"})
    client.get(f"/q/{kiosk.code}/{visit}/thanks")
    told = client.post(f"/q/{kiosk.code}/{visit}", data={"end_point": "turned_away"})  # the next person, on a page gone back to
    assert told.headers["Refresh"] == f"60;url=/q/{kiosk.code}"
    found = re.search(rf'action="/q/{kiosk.code}/([a-z2-7]{{26}})', told.text)
    assert found is not None
    assert client.post(f"/q/{kiosk.code}/{found[1]}", data={"end_point": "turned_away"}).status_code == 303
    assert [answer.end_point for answer in answers()] == ["filed", "turned_away"]
    posters.close_place(kiosk.code, NOW)
    assert client.post(f"/q/{kiosk.code}/{visit}/more", data={"rating": "4"}).location == f"/q/{kiosk.code}?lang=vi"


def test_a_poster_s_visit_goes_on_after_its_thanks(place: Place, client: FlaskClient) -> None:
    visit = opened(client, place)
    client.post(f"/q/{place.code}/{visit}", data={"end_point": "filed"})
    for page in ("thanks", "end", "thanks", "more"):
        assert client.get(f"/q/{place.code}/{visit}/{page}").status_code == (303 if page == "end" else 200)


def test_open_answers_never_count_as_invited_ones(place: Place) -> None:
    visit = posters.new_visit()
    posters.begin(place, visit, "filed", NOW, "vi")
    found = posters.visit_of(reading(), place, visit, NOW)
    assert found is not None
    posters.go_on(place, found, {"rating": "5"}, set(), NOW, "vi")
    operations.submit(invited(), {"rating": "2"}, NOW, "vi")
    november = queries.answers_frame(reading(), Month.of(NOW), NOW + timedelta(days=1))
    assert (list(november["mode"]), november["probability"].isna().tolist()) == (["open"], [True])
    assert len(queries.invited_counts(reading(), Month.of(NOW))) == 0


def test_retention_forgets_which_visit_it_was(place: Place) -> None:
    visit = posters.new_visit()
    posters.begin(place, visit, "filed", datetime(2026, 8, 9, tzinfo=UTC), "vi")
    assert retention.forget(datetime(2026, 11, 21, tzinfo=UTC)) == {}
    assert retention.forget(datetime(2026, 11, 22, tzinfo=UTC)) == {"forgotten": 1}
    assert answers()[0].entry_hash is None


def test_pages_carry_no_cookie_fetch_nothing_and_have_little_weight(place: Place, client: FlaskClient) -> None:
    visit = opened(client, place)
    pages = [client.get(f"/q/{place.code}"), client.post(f"/q/{place.code}/{visit}", data={"end_point": "turned_away"})]
    pages += [client.get(f"/q/{place.code}/{visit}/more"), client.get(f"/q/{place.code}/{visit}/more?step=2&lang=en")]
    pages += [client.get(f"/q/{place.code}/{visit}/thanks")]
    for page in pages:
        assert "Set-Cookie" not in page.headers
        assert " src=" not in page.text
        assert '<link rel="stylesheet"' not in page.text
        assert len(page.data) + len(str(page.headers)) < 15_000
        assert "script-src 'sha256-" in page.headers["Content-Security-Policy"]


def test_a_counter_has_no_code_of_its_own_unless_it_is_allowed(app: Flask) -> None:
    put_units()
    with pytest.raises(InputError) as refused:
        posters.open_place("00004", POINT, "open", NOW, counter="Quầy 3")
    assert refused.value.field == "counter"
    app.extensions["settings"].counter_codes = True
    assert posters.open_place("00004", POINT, "open", NOW, counter="Quầy 3").counter == "Quầy 3"


def test_a_place_is_opened_once(place: Place) -> None:
    assert posters.open_place("00004", f"  {POINT} ", "open", NOW).code == place.code
    assert posters.open_place("00004", POINT, "kiosk", NOW).code != place.code
    for unit, point, field in (("77777", POINT, "unit_code"), ("00004", "  ", "point")):
        with pytest.raises(InputError) as refused:
            posters.open_place(unit, point, "open", NOW)
        assert refused.value.field == field


def test_a_centre_prints_for_its_own_units_alone(app: Flask, place: Place) -> None:
    foreign = posters.open_place("31000", "Xa", "open", NOW)
    centre = client_of(app, "hanoi", CENTRE, "01")
    page = centre.get("/survey/places").text
    assert POINT in page
    assert "31000" not in page
    assert centre.get(f"/survey/places/{foreign.code}.pdf").status_code == 404
    assert centre.post(f"/survey/places/{foreign.code}/close").status_code == 404
    refused = centre.post("/survey/places", data={"what": "open", "unit": "31000", "point": "x"})
    assert refused.status_code == 422
    assert centre.post("/survey/places", data={"what": "kiosk", "unit": "00008", "point": "Sảnh"}).status_code == 303
    assert centre.post("/survey/places", data={"what": "slips", "unit": "00008", "point": "", "size": "abc"}).status_code == 422
    assert "Sảnh" in centre.get("/survey/places").text
    centre.post(f"/survey/places/{place.code}/close")
    assert app.test_client().get(f"/q/{place.code}").status_code == 410


def test_the_poster_is_a5_and_its_square_leads_to_the_place(sqlite_app: Flask, tmp_path: Path) -> None:
    put_units()
    place = posters.open_place("00004", POINT, "open", NOW)
    office = client_of(sqlite_app, "office", OFFICE)
    pdf = office.get(f"/survey/places/{place.code}.pdf")
    assert (pdf.status_code, pdf.mimetype) == (200, "application/pdf")
    path = tmp_path / "poster.pdf"
    path.write_bytes(pdf.data)
    told = subprocess.run(["pdfinfo", path], capture_output=True, text=True, check=True).stdout
    assert re.search(r"Pages:\s+1\n", told)
    assert re.search(r"Page size:\s+419\.\d+ x 595\.\d+ pts", told)
    text = " ".join(subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout.split())
    for words in ("Đã nộp được hồ sơ", "Chưa nộp được, phải về bổ sung", codes.spoken(place.code), "mã OTP", POINT):
        assert words in text
    fonts = subprocess.run(["pdffonts", path], capture_output=True, text=True, check=True).stdout
    assert all("Liberation" in line and " yes " in line for line in fonts.splitlines()[2:])


def test_a_kiosk_s_sheet_asks_nobody_to_scan_it(app: Flask) -> None:
    """Its pages begin anew by themselves: an obstacle on somebody's own telephone, whose answers would also be mixed into the kiosk's."""
    put_units()
    sheets = {mode: posters.poster_html(posters.open_place("00004", POINT, mode, NOW), "Ba Đình") for mode in ("open", "kiosk")}
    assert [("<img" in sheets[mode], "Quét mã" in sheets[mode], "địa chỉ cài trên máy" in sheets[mode]) for mode in sheets] == [
        (True, True, False),
        (False, False, True),
    ]


def test_the_poster_command(sqlite_app: Flask, tmp_path: Path) -> None:
    put_units()
    runner: FlaskCliRunner = sqlite_app.test_cli_runner()
    path = tmp_path / "p.pdf"
    said = runner.invoke(args=["surveys", "poster", "00004", "--point", POINT, "--to", str(path)]).output
    place = reading().scalars(select(Place)).one()
    assert f"/q/{place.code}" in said
    assert path.read_bytes().startswith(b"%PDF-")
    wrong = runner.invoke(args=["surveys", "poster", "99999", "--point", POINT, "--to", str(path)])
    assert (wrong.exit_code, "99999" in wrong.output) == (1, True)


def test_the_notice_says_how_long_and_with_what_an_answer_is_kept(place: Place, client: FlaskClient) -> None:
    poster, link = client.get(f"/q/{place.code}").text, client.get(f"/s/{invited()}").text
    for page in (poster, link):
        assert "90 ngày" not in page
        assert "khoảng 120 ngày" in page
        assert "ngày giờ trả lời" in page
    assert "365 ngày" in link
    assert "thủ tục, ngày giờ trả lời, ngôn ngữ" in poster


def test_a_kiosk_leaves_five_minutes_for_each_question(app: Flask, client: FlaskClient) -> None:
    put_units()
    kiosk, visit = posters.open_place("00004", POINT, "kiosk", NOW), posters.new_visit()
    client.post(f"/q/{kiosk.code}/{visit}", data={"end_point": "filed"})
    assert client.get(f"/q/{kiosk.code}/{visit}/more").headers["Refresh"].startswith("300;")
