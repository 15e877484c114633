"""A file that cannot be taken holds up nobody else's, and says why."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from flask import Flask
from sqlalchemy import select

from core.database import reading
from core.errors import InputError
from procedures import feeds, intake, quarantine
from procedures.attempts import Attempt
from procedures.models import Submission
from tests.procedures.feed import NOW, lake_rows, load, quarantined, small_country

ROW = {
    "dossier_code": "H26.12-261008-0001",
    "procedure_code": "1.004222",
    "unit_code": "H26.12",
    "channel": "2",
    "applicant_type": "citizen",
    "received_at": "2026-10-08T08:15:00",
    "due_at": "2026-10-15T17:00:00",
    "status": "2",
    "updated_at": "2026-10-08T08:15:00",
}


@pytest.fixture(autouse=True)
def country(app: Flask) -> Iterator[None]:
    with app.app_context():
        small_country()
        yield


def receive(name: str, *rows: dict[str, Any]) -> str:
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    return intake.receive(io.BytesIO(content), name, "h26", "flat-en", "upload", "tester", NOW)


def stored(key: str) -> Submission:
    reading().rollback()
    return reading().scalars(select(Submission).where(Submission.key == key)).one()


def test_objects_of_thousands_of_keys_are_refused_and_the_next_file_is_taken() -> None:
    wide = receive("wide.jsonl", ROW | {f"k{number}": 1 for number in range(6000)})
    sound = receive("sound.jsonl", ROW)
    assert feeds.process_waiting(NOW) == {"finished": 1, "rejected": 1}
    assert stored(wide).state == "rejected"
    assert "1000 cột" in stored(wide).reason
    assert "1000 columns" in stored(wide).reason_en
    assert stored(sound).state == "accepted"


def test_a_table_of_thousands_of_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(",".join([*ROW, *(f"k{number}" for number in range(6000))]) + "\n")
    with pytest.raises(InputError, match="1000"):
        load(path, profile="flat-en")


def test_as_many_keys_as_are_allowed_are_read_and_their_names_kept(tmp_path: Path) -> None:
    more = {f"k{number}": "Nguyễn Văn A" for number in range(900)}
    path = tmp_path / "wide.jsonl"
    path.write_text("\n".join(json.dumps(row | more) for row in (ROW, ROW | {"dossier_code": "H26.12-261008-0002", "unit_code": "H99"})))
    result = load(path, profile="flat-en")
    assert (result.accepted, result.quarantined) == (1, 1)
    (row,) = quarantined(result.submission)
    assert row["k0"] == row["k899"] == "[removed]"
    assert row["unit_code"] == "H99"


def _failing(kind: Callable[[], Exception], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Attempt.read

    def failing(self: Attempt, submission: Submission, now: Any) -> None:
        read(self, submission, now)
        if submission.file_name == name:
            raise kind()

    monkeypatch.setattr(Attempt, "read", failing)


def test_a_file_that_alone_needs_too_much_memory_is_refused_and_the_others_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    before = receive("before.jsonl", ROW)
    large = receive("large.jsonl", ROW | {"dossier_code": "H26.12-261008-0002"}, {})
    after = receive("after.jsonl", ROW | {"dossier_code": "H26.12-261008-0003"})
    _failing(lambda: duckdb.OutOfMemoryException("Out of Memory"), "large.jsonl", monkeypatch)
    assert feeds.process_waiting(NOW) == {"finished": 2, "rejected": 1}
    assert [stored(key).state for key in (before, large, after)] == ["accepted", "rejected", "accepted"]
    assert "Chia tệp" in stored(large).reason
    assert "Split it" in stored(large).reason_en
    assert not quarantine.path_of(large).exists()
    assert [row["dossier_code"][-4:] for row in lake_rows()] == ["0001", "0003"]
    assert feeds.process_waiting(NOW) == {}


def test_what_may_be_the_machines_fault_keeps_that_file_waiting_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    unlucky, other = receive("unlucky.jsonl", ROW), receive("other.jsonl", ROW | {"dossier_code": "H26.12-261008-0002"})
    with monkeypatch.context() as patch:
        _failing(lambda: OSError("disk full"), "unlucky.jsonl", patch)
        with pytest.raises(OSError, match="disk full"):
            feeds.process_waiting(NOW)
    assert (stored(unlucky).state, stored(other).state) == ("received", "accepted")
    assert feeds.process_waiting(NOW) == {"finished": 1}
    assert stored(unlucky).state == "accepted"


@pytest.mark.parametrize("field", ["unit_code", "procedure_code", "receiving_unit_code", "dossier_code", "supplement_text"])
def test_a_nul_in_a_text_holds_its_row_back_or_is_taken_and_never_stops_the_file(field: str, caplog: pytest.LogCaptureFixture) -> None:
    secret = "H26\0bimat"
    odd = receive("odd.jsonl", ROW | {field: secret}, ROW | {"dossier_code": "H26.12-261008-0002"})
    sound = receive("sound.jsonl", ROW | {"dossier_code": "H26.12-261008-0003"})
    assert feeds.process_waiting(NOW) == {"finished": 2}
    assert stored(odd).rows_received == 2
    assert stored(sound).state == "accepted"
    if field in ("unit_code", "procedure_code"):
        assert stored(odd).rows_quarantined == 1
        assert len(quarantined(odd)) == 1
    assert feeds.release(NOW) == {}
    assert "bimat" not in caplog.text
