"""Sending files on the pages: the form, what became of a file, who may do what."""

import io
import re

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from core import accounts
from core.calendar import Month, utc_now
from core.database import reading, writing
from core.models import AuditEntry
from procedures import spool
from procedures.models import Source, Submission
from tests.conftest import PASSWORD
from tests.procedures.feed import small_country
from tests.procedures.sending import CENTRE, Person, key_of, lines, people, record, seen, stored


def submissions() -> int:
    """How many submissions there are."""
    reading().rollback()
    return reading().query(Submission).count()


def test_a_sent_file_becomes_a_submission_and_leads_to_its_page(app: Flask) -> None:
    clerk, _neighbour, _officer = people(app)
    key = key_of(clerk.send(lines(), "Hồ sơ ngày 20.jsonl"))
    item = stored(key)
    assert (item.state, item.way, item.sent_by, item.source.code, item.profile) == ("received", "upload", CENTRE, "h26", "national-sync")
    assert item.file_name == "Hồ sơ ngày 20.jsonl"
    with spool.read(key) as stream:
        assert stream.read() == lines()
    assert [entry.subject for entry in reading().scalars(select(AuditEntry).where(AuditEntry.action == "feed.upload"))] == [key]
    page = clerk.get(f"/submissions/{key}")
    assert "Tệp đã đến nơi và đang chờ kiểm tra." in seen(page)
    assert page.headers["Refresh"] == "3"
    assert "Refresh" not in clerk.get(f"/submissions/{key}?still=1").headers
    assert "The file has arrived" in seen(clerk.get(f"/submissions/{key}?lang=en"))


def test_a_large_file_lies_nowhere_as_it_was_sent(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    from core import uploads

    kept: list[bytes] = []
    close = uploads.SealedFile.close

    def look(self: uploads.SealedFile) -> None:
        self._file.seek(0)
        kept.append(self._file.read())
        close(self)

    monkeypatch.setattr(uploads.SealedFile, "close", look)
    clerk, _neighbour, _officer = people(app)
    content = b"Nguyen Van A 001099000001\n" * 60_000  # beyond what stays in memory by itself
    form = {"source": "h26", "profile": "national-sync", "file": FileStorage(io.BytesIO(content), "a.csv")}
    boundary, body = encode_multipart(form)
    with app.app_context():
        answer = clerk.client.post("/submissions/new", data=body, content_type=f'multipart/form-data; boundary="{boundary}"')
    key = key_of(answer)
    assert stored(key).size_bytes == len(content)
    with spool.read(key) as stream:
        assert stream.read() == content
    assert [len(data) for data in kept] == [len(content)]
    assert all(b"Nguyen Van A" not in data for data in (*kept, spool.path_of(key).read_bytes()))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"content": None}, "Xin chọn tệp cần gửi."),
        ({"profile": ""}, "Xin chọn loại tệp."),
        ({"content": b""}, "Tệp ho-so.jsonl trống"),
        ({"profile": "no-such"}, "Không có hồ sơ ánh xạ no-such"),
        ({"month": "2026-13"}, "Tháng 2026-13 không đúng dạng"),
    ],
)
def test_what_is_wrong_stands_beside_the_field_and_what_was_typed_stays(app: Flask, changes: dict[str, object], said: str) -> None:
    clerk, _neighbour, _officer = people(app)
    month = str(Month.of(utc_now()))
    form = {"content": lines(), "month": month} | changes
    answer = clerk.send(form.pop("content"), **form)  # type: ignore[arg-type]  # the file's bytes or none
    assert answer.status_code == 400
    assert said in seen(answer)
    field = "profile" if "profile" in changes else "month" if "month" in changes else "file"
    assert re.search(rf'id="{field}-wrong" role="alert">{re.escape(said)}', answer.text)
    if field == "file":
        assert 'value="national-sync" required checked' in answer.text
        assert f'<option value="{month}" selected>' in answer.text
    else:
        assert "Xin chọn lại tệp" in seen(answer)
    assert submissions() == 0
    assert spool.keys() == []


def test_errors_are_in_the_readers_language(app: Flask) -> None:
    clerk, _neighbour, _officer = people(app)
    with app.app_context():
        answer = clerk.client.post(
            "/submissions/new?lang=en", data={"source": "h26", "profile": "no-such", "file": (io.BytesIO(b"x"), "a.csv")}
        )
    assert "There is no profile no-such" in seen(answer)


def test_a_file_beyond_the_limit_is_refused_in_words(app: Flask) -> None:
    clerk, _neighbour, _officer = people(app)
    app.config["MAX_CONTENT_LENGTH"] = 2000
    answer = clerk.send(b"x" * 5000)
    assert answer.status_code == 413
    assert "Tệp lớn hơn 200 MB nên máy chủ không nhận. Nén tệp" in seen(answer)
    with app.app_context():
        stranger = app.test_client().post("/submissions/new", data={"file": (io.BytesIO(b"x" * 5000), "a.csv")})
    assert stranger.status_code == 302
    assert stranger.location.startswith("/login")
    assert submissions() == 0


def test_the_kind_of_file_used_last_is_chosen_and_nothing_before(app: Flask) -> None:
    clerk, _neighbour, _officer = people(app)
    assert "checked" not in clerk.get("/submissions/new").text
    record("a", profile="flat-vi")
    record("b", profile="event-log", state="rejected")
    record("c", source="h14", profile="event-log")
    assert re.findall(r'value="([a-z-]+)" required checked', clerk.get("/submissions/new").text) == ["flat-vi"]


def test_an_officer_chooses_among_the_sources_first(app: Flask) -> None:
    clerk, _neighbour, officer = people(app)
    page = officer.get("/submissions/new")
    assert "Một cửa 01" in seen(page)
    assert "Một cửa 04" in seen(page)
    assert 'type="file"' not in page.text
    assert 'type="file"' in officer.get("/submissions/new?source=h14").text
    assert stored(key_of(officer.send(lines(), source="h14"))).source.code == "h14"
    assert "Một cửa 04" not in seen(clerk.get("/submissions/new"))


def test_a_script_runs_on_the_form_alone(app: Flask) -> None:
    clerk, _neighbour, _officer = people(app)
    key = key_of(clerk.send(lines()))
    for path, allowed in (
        ("/submissions/new", True),
        (f"/submissions/{key}", False),
        ("/submissions", False),
        ("/submissions/codes", False),
    ):
        answer = clerk.get(path)
        assert ("script-src 'self'" in answer.headers["Content-Security-Policy"]) is allowed
        assert ("<script" in answer.text) is allowed
        assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_nobody_sees_or_feeds_someone_elses_source(app: Flask) -> None:
    clerk, neighbour, officer = people(app)
    key = key_of(clerk.send(lines()))
    record("waits", state="checked", checked_at=utc_now(), replaces_month="2026-10", difference={"added": 1})
    assert neighbour.send(lines()).status_code == 404
    assert submissions() == 2
    for path in ("/submissions/new?source=h26", f"/submissions/{key}", f"/submissions/{key}/quarantine", "/submissions?source=h26"):
        assert neighbour.get(path).status_code == 404, path
    for path in ("/submissions/waits/confirm", "/submissions/waits/cancel"):
        assert neighbour.post(path).status_code == 404, path
    assert neighbour.post("/submissions/codes", source="h26", code="X", unit="04", since="2026-01-01").status_code == 404
    assert stored("waits").state == "checked"
    assert "ho-so.jsonl" not in neighbour.get("/submissions").text
    assert "ho-so.jsonl" in clerk.get("/submissions").text
    assert officer.get(f"/submissions/{key}").status_code == 200


def test_a_centre_sends_for_the_sources_below_it_but_not_above(app: Flask) -> None:
    clerk, _neighbour, _officer = people(app)
    with writing() as session:
        unit = session.scalars(select(Source).where(Source.code == "h26")).one().unit
        assert unit is not None
        session.add(Source(code="abroad", name="Nguồn ngoài danh mục", list_code="abroad"))
    accounts.add_user("xaphuong", "Phường", "centre", PASSWORD, "00004")
    commune = Person(app, "xaphuong")
    assert "chưa có nguồn số liệu nào" in seen(commune.get("/submissions/new"))
    assert commune.send(lines()).status_code == 404
    assert clerk.send(lines(), source="abroad").status_code == 404


def test_an_account_without_a_unit_sees_nothing(app: Flask) -> None:
    small_country()
    record("a")
    accounts.add_user("khong", "Không đơn vị", "centre", PASSWORD, "H26.99")
    with writing() as session:
        from core.models import User

        session.scalars(select(User).where(User.login == "khong")).one().unit_code = None
    person = Person(app, "khong")
    assert "a.csv" not in person.get("/submissions").text
    assert person.get("/submissions/a").status_code == 404
    assert person.send(lines()).status_code == 404


def test_forms_without_their_token_are_refused(app: Flask) -> None:
    clerk, _neighbour, _officer = people(app)
    record("waits", state="checked", checked_at=utc_now(), replaces_month="2026-10")
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert clerk.send(lines()).status_code == 400
        for path in ("/submissions/waits/confirm", "/submissions/waits/cancel", "/submissions/codes"):
            assert clerk.post(path).status_code == 400, path
        page = clerk.get("/submissions/new").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token is not None
        assert clerk.send(lines(), csrf_token=token.group(1)).status_code == 303
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert submissions() == 2
    assert stored("waits").confirmed_at is None


def test_the_list_is_filtered_and_paged(app: Flask) -> None:
    clerk, _neighbour, officer = people(app)
    for number in range(30):
        record(f"n{number:02d}", received_at=Month(2026, 10).start.replace(minute=number))
    record("bad", state="rejected", reason="Tệp trống.", reason_en="The file is empty.")
    record("far", source="h14")
    first, second = clerk.get("/submissions").text, clerk.get("/submissions?page=2").text
    assert "bad.csv" in first
    assert "n29.csv" in first
    assert "n00.csv" not in first
    assert "n00.csv" in second
    assert "n29.csv" not in second
    assert "Trang 1 trên 2" in seen(clerk.get("/submissions"))
    refused = clerk.get("/submissions?state=rejected")
    assert "bad.csv" in refused.text
    assert "n29.csv" not in refused.text
    assert "Tệp trống." in seen(refused)
    assert "không tính" in seen(refused)
    assert ">0<" not in refused.text
    assert "The file is empty." in seen(clerk.get("/submissions?state=rejected&lang=en"))
    only = officer.get("/submissions?source=h14").text
    assert "far.csv" in only
    assert "bad.csv" not in only
    assert "Không có lần gửi nào như vậy." in seen(officer.get("/submissions?source=h14&state=rejected"))
    for odd in ("page=0", "page=-3", "page=x", "page=999999999999", "state=nothing"):
        assert clerk.get(f"/submissions?{odd}").status_code == 200, odd


COUNTS = {"rows_received": 5000, "rows_accepted": 4100, "rows_superseded": 20, "rows_unchanged": 860, "rows_quarantined": 20}


@pytest.mark.parametrize(
    ("values", "vi", "en"),
    [
        (
            {"state": "partly_accepted", **COUNTS},
            "Đã nhận 4.980 trên 5.000 dòng; 20 dòng cần sửa.",
            "4,980 of 5,000 rows taken; rows to mend: 20.",
        ),
        ({"state": "partly_accepted", **COUNTS, "rows_released": 12}, "Đã nhận 4.992 trên 5.000 dòng; 8 dòng cần sửa.", "rows to mend: 8."),
        ({"state": "partly_accepted", **COUNTS, "rows_released": 20}, "Đã nhận đủ 5.000 dòng.", "Every row was taken (5,000)."),
        ({"state": "accepted", "rows_received": 9, "rows_unchanged": 9}, "Cả 9 dòng đã có từ trước", "Nothing new"),
        ({"state": "rejected", "rows_received": 9, "rows_quarantined": 9}, "Chưa nhận dòng nào: cả 9 dòng cần sửa.", "No row taken yet"),
        ({"state": "rejected", "reason": "Tệp trống.", "reason_en": "It is empty."}, "Tệp này không được nạp. Tệp trống.", "It is empty."),
        ({"state": "checked"}, "Tệp đã kiểm tra xong và đang được nạp.", "being loaded"),
        ({"state": "accepted", "way": "release", "rows_received": 3, "rows_accepted": 3}, "Đã nhận thêm 3 dòng", "now taken: 3."),
    ],
)
def test_the_page_says_one_thing_first(app: Flask, values: dict[str, object], vi: str, en: str) -> None:
    clerk, _neighbour, _officer = people(app)
    at = None if values["state"] == "checked" else utc_now()
    record("one", checked_at=utc_now(), finished_at=at, **values)
    assert vi in seen(clerk.get("/submissions/one"))
    assert en in seen(clerk.get("/submissions/one?lang=en"))


def test_the_page_tells_reasons_notes_coverage_and_the_files_end(app: Flask) -> None:
    clerk, _neighbour, _officer = people(app)
    record(
        "one",
        state="partly_accepted",
        checked_at=utc_now(),
        finished_at=utc_now(),
        spool_destroyed_at=Month(2026, 10).start,
        quarantined={"bad_date": 3, "unknown_unit": 12, "no_such_rule_any_more": 1},
        warnings={"unknown_receiving_unit": 44},
        notes=[{"vi": "Tệp dùng bảng mã Windows-1258.", "en": "The file is in Windows-1258."}],
        coverage={"2026-10": [None, 0.625]},
        **COUNTS,
    )
    page = seen(clerk.get("/submissions/one"))
    assert page.index("Mã đơn vị chưa có trong danh mục") < page.index("Một cột không phải ngày hợp lệ")
    for said in (
        "Nơi tiếp nhận có mã chưa biết",
        "no_such_rule_any_more",
        "44",
        "Windows-1258",
        "10/2026 chưa có 62,5 %",
        "được hủy lúc 00:00, 01/10/2026",
    ):
        assert said in page, said
    assert "{field}" not in page
    assert "The file is in Windows-1258." in seen(clerk.get("/submissions/one?lang=en"))
    assert "None" not in page
