"""Rows held back come back in the form in which they were sent, with all that may be kept of them."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from core.database import reading
from core.errors import InputError
from procedures import feeds, quarantine
from procedures.models import Submission
from procedures.receipts import as_json, as_text
from tests.procedures.feed import NOW, load, quarantined, small_country
from tests.procedures.test_blocking_files import ROW
from tests.procedures.test_release import declare
from tests.procedures.test_semantics import english


def form_of(key: str) -> str:
    return quarantine.download(reading().query(Submission).filter_by(key=key).one())[1]


def test_objects_come_back_as_objects_also_when_held_again(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        small_country()
        path = tmp_path / "a.jsonl"
        odd = ROW | {"unit_code": "SO-XD", "procedure_code": "9.999999"}
        path.write_text("\n".join(json.dumps(row) for row in (ROW, odd, odd | {"procedure_code": "1.004222"})))
        key = load(path, profile="flat-en").submission
        assert form_of(key) == "jsonl"
        declare("SO-XD")
        feeds.release(NOW + timedelta(hours=1))
        reading().rollback()
        again = reading().query(Submission).filter_by(way="release").one()
        assert again.rows_quarantined == 1
        assert form_of(again.key) == "jsonl"
        assert form_of(load(english(tmp_path / "b.csv", {"unit_code": "H99"}), profile="flat-en").submission) == "csv"


def test_a_row_with_a_cell_too_many_or_too_few_keeps_code_and_times(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        small_country()
        path = tmp_path / "a.csv"
        path.write_text(
            "dossier_code,procedure_code,applicant_name,unit_code,received_at,status\n"
            "H26.12-261008-0001,1.004222,Nguyễn Văn A,H26.12,2026-10-08T08:15:00,4\n"
            "H26.12-261008-0002,1.004222,Nguyễn, Văn Bê,H26.12,2026-10-08T08:15:00,4\n"
            "H26.12-261008-0003,1.004222,001099000001,H26.12\n"
        )
        result = load(path, profile="flat-en")
        assert (result.received, result.quarantined) == (3, 2)
        more, fewer = quarantined(result.submission)
        assert (more["row"], more["dossier_code"], more["procedure_code"]) == ("3", "H26.12-261008-0002", "1.004222")
        assert (more["received_at"], more["status"], more["(7)"]) == ("H26.12", "2026-10-08T08:15:00", "4")
        assert (fewer["dossier_code"], fewer["applicant_name"]) == ("H26.12-261008-0003", "[removed]")
        assert not any(word in str((more, fewer)) for word in ("Nguyễn", "Bê", "001099000001"))


def test_a_key_seen_late_has_a_column(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        small_country()
        path = tmp_path / "a.csv"
        path.write_text("dossier_code,procedure_code,unit_code,received_at,status\nx\nH26.12-261008-0002,1.004222,H99,2026-10-08,4\n")
        first, second = quarantined(load(path, profile="flat-en").submission)
        assert first["dossier_code"] == "[removed]"
        assert second["unit_code"] == "H99"


def test_a_missing_file_is_told_in_the_readers_language(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        small_country()
        with pytest.raises(InputError) as caught:
            load(tmp_path / "none.csv", profile="flat-en")
        assert "Kiểm tra đường dẫn" in caught.value.text("vi")
        assert "No such" not in caught.value.text("vi")


def test_a_rule_names_the_column_of_which_it_speaks(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        small_country()
        key = load(english(tmp_path / "a.csv", {"dossier_code": "x"}, {"unit_code": "H99"}), profile="flat-en").submission
        told = as_json(reading().query(Submission).filter_by(key=key).one())["quarantined"]
        assert {item["rule"]: item["field"] for item in told} == {"bad_dossier_code": "dossier_code", "unknown_unit": "unit_code"}


def test_a_missing_column_is_told_by_its_name_and_counted_in_rows(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        small_country()
        foot = {"procedure_code": "", "status": ""}
        key = load(english(tmp_path / "a.csv", foot, {"dossier_code": "H26.12-261008-0002", "status": ""}), profile="flat-en").submission
        submission = reading().query(Submission).filter_by(key=key).one()
        told = {(item["rule"], item["field"]): item["rows"] for item in as_json(submission)["quarantined"]}
        assert told == {("missing_field", "status"): 2, ("missing_field", "procedure_code"): 1}
        assert "- 2 dòng giữ lại: Thiếu status: điền giá trị." in as_text(submission)
