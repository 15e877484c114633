"""From the form to the lake: results, a month replaced, codes declared, all as a person does it on the pages."""

import csv
import io
import json

from flask import Flask
from sqlalchemy import select

from core.database import reading
from core.models import AuditEntry
from procedures import feeds
from procedures.models import Submission
from tests.procedures.feed import NOW, lake_rows, message
from tests.procedures.sending import Person, key_of, lines, people, seen, stored

HEADINGS = "Mã hồ sơ,Mã TTHC,Đơn vị xử lý,Ngày tiếp nhận,Ngày hẹn trả,Ngày kết thúc xử lý,Trạng thái"


def table(*rows: str) -> bytes:
    """A file as Excel writes it: with a byte-order mark."""
    return ("\ufeff" + "\r\n".join((HEADINGS, *rows)) + "\r\n").encode()


def row(number: int, unit: str = "H26.12", procedure: str = "1.004222", received: str = "08/10/2026 08:15") -> str:
    """One dossier, finished on time."""
    return f"H26.12-261008-{number:04d},{procedure},{unit},{received},15/10/2026 17:00,14/10/2026 09:30,Đã xử lý xong"


def sent(person: Person, content: bytes, **data: str) -> str:
    """Send a table and let the worker take it."""
    key = key_of(person.send(content, "ngay-20.csv", **({"profile": "flat-vi"} | data)))
    work(key)
    return key


def work(key: str) -> None:
    """What the worker does, in a context of its own."""
    reading().rollback()
    feeds.process(key, NOW)


def audited(action: str) -> list[str]:
    """Who did what to which submission, by the audit trail."""
    reading().rollback()
    return [entry.subject for entry in reading().scalars(select(AuditEntry).where(AuditEntry.action == action))]


def test_a_table_with_bad_rows_is_told_in_words_and_given_back(app: Flask) -> None:
    clerk, _neighbour, _officer = people(app)
    key = sent(clerk, table(row(1), row(2), row(3, received="31/02/2026 08:15"), row(3, procedure="1.00422")))
    answer = clerk.get(f"/submissions/{key}")
    page = seen(answer)
    assert "Đã nhận 2 trên 4 dòng; 2 dòng cần sửa." in page
    assert "Refresh" not in answer.headers
    assert "Tệp đã gửi được hủy lúc" in page
    assert "Ngày tiếp nhận không phải ngày hợp lệ" in page
    assert "thường do Excel làm mất số 0 cuối" in page
    item = stored(key)
    assert item.rows_received == item.rows_accepted + item.rows_superseded + item.rows_unchanged + item.rows_quarantined
    with app.app_context():
        download = clerk.client.get(f"/submissions/{key}/quarantine")
    assert download.mimetype == "text/csv"
    assert download.headers["Content-Disposition"] == f"attachment; filename=h26-{key}.csv"
    back = list(csv.DictReader(io.StringIO(download.get_data().decode("utf-8-sig"))))
    assert [line["reasons"] for line in back] == ["bad_date", "unknown_procedure"]
    assert back[0]["Ngày tiếp nhận"] == "31/02/2026 08:15"
    assert clerk.get(f"/submissions/{key}?lang=en").status_code == 200


def test_rows_of_a_sync_message_are_given_back_as_they_came_without_the_person(app: Flask) -> None:
    clerk, _neighbour, _officer = people(app)
    key = key_of(clerk.send(lines(message(1), message(2, MaTTHC="9.999999"))))
    work(key)
    with app.app_context():
        download = clerk.client.get(f"/submissions/{key}/quarantine")
    assert download.headers["Content-Disposition"].endswith(".jsonl")
    back = json.loads(download.get_data().decode("utf-8-sig"))
    assert back["MaHoSo"] == message(2)["MaHoSo"]
    assert back["reasons"] == "unknown_procedure"
    assert "Nguyễn Văn A" not in download.get_data().decode()
    assert "001099000001" not in download.get_data().decode()


def test_the_same_file_again_is_nothing_new(app: Flask) -> None:
    clerk, _neighbour, _officer = people(app)
    sent(clerk, table(row(1), row(2)))
    assert "Cả 2 dòng đã có từ trước, không có gì mới." in seen(clerk.get(f"/submissions/{sent(clerk, table(row(1), row(2)))}"))
    assert len(lake_rows()) == 2


def test_a_file_that_cannot_be_used_is_refused_with_reason_and_remedy(app: Flask) -> None:
    clerk, _neighbour, _officer = people(app)
    key = key_of(clerk.send(b"Cot la,Cot khac\r\n1,2\r\n", "la.csv", profile="flat-vi"))
    assert feeds.process_waiting(NOW)
    page = clerk.get(f"/submissions/{key}")
    assert "Tệp này không được nạp." in seen(page)
    assert stored(key).reason
    assert stored(key).reason in seen(page)
    assert stored(key).reason_en in seen(clerk.get(f"/submissions/{key}?lang=en"))
    assert "Gửi tệp khác" in seen(page)


def test_a_month_is_replaced_only_after_its_difference_was_seen(app: Flask) -> None:
    clerk, neighbour, _officer = people(app)
    sent(clerk, table(row(1), row(2), row(3)))
    changed = row(2).replace("14/10/2026", "13/10/2026")
    key = sent(clerk, table(row(1), changed, row(4)), month="2026-10")
    answer = clerk.get(f"/submissions/{key}")
    page = seen(answer)
    assert "Tệp này sẽ thay toàn bộ tháng 10/2026 của nguồn." in page
    assert "1 hồ sơ đang có trong tháng nhưng không có trong tệp, sẽ không còn được tính." in page
    assert stored(key).difference == {"added": 1, "changed": 1, "removed": 1, "unchanged": 1}
    assert "Refresh" not in answer.headers
    assert {item["dossier_code"][-4:] for item in lake_rows()} == {"0001", "0002", "0003"}
    assert neighbour.post(f"/submissions/{key}/confirm").status_code == 404
    assert clerk.get(f"/submissions/{key}/confirm").status_code == 405
    assert clerk.post(f"/submissions/{key}/confirm").status_code == 303
    assert clerk.get(f"/submissions/{key}").headers["Refresh"] == "3"
    work(key)
    assert {item["dossier_code"][-4:] for item in lake_rows()} == {"0001", "0002", "0004"}
    assert "Đã nhận đủ 3 dòng." in seen(clerk.get(f"/submissions/{key}"))
    assert audited("feed.confirm") == [key]
    again = clerk.post(f"/submissions/{key}/cancel")
    assert again.status_code == 303
    assert stored(key).state == "accepted"


def test_a_replacement_that_is_cancelled_changes_nothing(app: Flask) -> None:
    clerk, _neighbour, _officer = people(app)
    sent(clerk, table(row(1), row(2)))
    key = sent(clerk, table(row(1)), month="2026-10")
    assert clerk.post(f"/submissions/{key}/cancel").status_code == 303
    assert len(lake_rows()) == 2
    assert "Tệp này không được nạp." in seen(clerk.get(f"/submissions/{key}"))
    assert audited("feed.cancel") == [key]


def test_declaring_a_code_takes_the_rows_that_waited(app: Flask) -> None:
    clerk, neighbour, officer = people(app)
    key = sent(clerk, table(row(1), row(2, unit="TP-HN"), row(3, unit="TP-HN"), row(4, procedure="1.00422")))
    assert "Có dòng đang bị giữ lại vì mã chưa biết." in seen(clerk.get("/submissions"))
    page = clerk.get("/submissions/codes")
    assert "TP-HN · 2 dòng đang chờ" in seen(page)
    assert 'value="2026-10-08"' in page.text
    assert "1.004222" in seen(page)
    assert "TP-HN" in seen(officer.get("/submissions/codes"))
    assert "TP-HN" not in seen(neighbour.get("/submissions/codes"))
    form = {"source": "h26", "code": "TP-HN", "since": "2025-07-01"}
    for wrong, said in (
        ({"unit": "04"}, "không phải đơn vị của Ông/Bà"),
        ({"unit": ""}, "Chọn một đơn vị"),
        ({"unit": "H26.12", "since": "hôm qua"}, "Chọn ngày bắt đầu"),
        ({"unit": "H26.12", "code": "H26.12"}, ""),  # a known code is not bent to another unit
    ):
        refused = clerk.post("/submissions/codes", **(form | wrong))
        assert refused.status_code == 400, wrong
        assert said in seen(refused)
    assert len(lake_rows()) == 1
    assert clerk.post("/submissions/codes", **form, unit="H26.12").status_code == 303
    assert "Đã nhận thêm 2 dòng, không cần gửi lại." in seen(clerk.get("/submissions/codes"))
    assert len(lake_rows()) == 3
    assert {item["handling_unit"] for item in lake_rows()} == {"H26.12"}
    assert audited("units.code") == ["H26.12"]
    child = reading().scalars(select(Submission).where(Submission.way == "release")).one()
    parent = clerk.get(f"/submissions/{key}")
    assert "Đã nhận 3 trên 4 dòng; 1 dòng cần sửa." in seen(parent)
    assert f"/submissions/{child.key}" in parent.text
    assert f"/submissions/{key}" in clerk.get(f"/submissions/{child.key}").text
    assert "Đã nhận thêm 2 dòng từng bị giữ lại." in seen(clerk.get(f"/submissions/{child.key}"))


def test_an_officer_declares_a_code_for_any_source_and_unit_by_typing_it(app: Flask) -> None:
    _clerk, neighbour, officer = people(app)
    sent(neighbour, table(row(1, unit="CB.LA")), source="h14")
    answer = officer.post("/submissions/codes", source="h14", code="CB.LA", unit="", other="01273", since="2025-07-01")
    assert answer.status_code == 303
    assert [item["handling_unit"] for item in lake_rows()] == ["01273"]
    assert "Không có dòng nào bị giữ lại vì mã chưa biết." in seen(officer.get("/submissions/codes"))
    unknown = officer.post("/submissions/codes", source="h14", code="CB.LA", unit="01273", since="2025-07-01")
    assert unknown.status_code == 400
