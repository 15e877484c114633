"""The example file of each shipped profile: loaded without a row in quarantine, every field of the profile as the lake keeps it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask

from core.errors import InputError
from core.settings import ROOT
from procedures import mapping, operations
from tests.procedures.feed import lake_rows, load, small_country

EXAMPLES = ROOT / "procedures" / "examples"
FILES = {path.name: path.stem for path in sorted(EXAMPLES.iterdir())}


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


LOOKUPS = [
    {"database": "dan-cu", "at": at("2026-10-08 01:16"), "outcome": "found"},
    {"database": "dat-dai", "at": None, "outcome": "not_found"},
]
FIRST = {
    "dossier_code": "H26.12-261008-0001",
    "procedure_code": "1.004222",
    "handling_unit": "H26.12",
    "receiving_unit": "H26.99",
    "reception_point": "H26.99.01",
    "provider": "vnpt",
    "channel": 2,
    "source_channel": "2",
    "assisted": False,
    "applicant_type": "citizen",
    "received_at": at("2026-10-08 01:15"),
    "due_at": at("2026-10-20 10:00"),
    "first_due_at": at("2026-10-15 10:00"),
    "finished_at": at("2026-10-19 02:30"),
    "returned_at": at("2026-10-19 03:15"),
    "status": 10,
    "source_status": "10",
    "digitised": True,
    "reused": False,
    "result_electronic": True,
    "paid_online": True,
    "data_lookups": LOOKUPS,
    "supplement_count": 1,
    "updated_at": at("2026-10-19 03:15"),
    "utc_offset_minutes": 420,
    "reception_month": "2026-10",
}
REQUEST = {"requested_at": at("2026-10-09 03:00"), "answered_at": None, "text": "Bổ sung bản sao giấy khai sinh", "documents": []}
SECOND = {
    "dossier_code": "H26.12-261008-0002",
    "procedure_code": "1.115150",
    "handling_unit": "00004",
    "receiving_unit": None,
    "reception_point": None,
    "provider": None,
    "channel": 1,
    "assisted": None,
    "applicant_type": "enterprise",
    "received_at": at("2026-10-08 01:20"),
    "due_at": at("2026-10-30 16:59:59"),
    "first_due_at": at("2026-10-30 16:59:59"),
    "finished_at": None,
    "returned_at": None,
    "status": 4,
    "digitised": False,
    "reused": None,
    "result_electronic": None,
    "paid_online": None,
    "data_lookups": None,
    "supplement_count": 0,
    "supplements": [],
    "updated_at": at("2026-10-08 01:20"),
}
EXPECTED: dict[str, list[dict[str, Any]]] = {
    "flat-en": [FIRST | {"supplements": [REQUEST]}, SECOND],
    "flat-vi": [
        FIRST | {"supplements": [REQUEST], "source_channel": "Trực tuyến", "source_status": "Đã trả kết quả"},
        SECOND | {"source_status": "Đang xử lý"},
    ],
    "national-sync": [
        FIRST
        | {
            "provider": None,
            "assisted": None,
            "reused": True,
            "data_lookups": [{"database": code, "at": None, "outcome": None} for code in ("dan-cu", "dat-dai")],
            "supplements": [
                REQUEST | {"answered_at": at("2026-10-12 01:00"), "documents": [{"code": "T2", "name": "Bản sao giấy khai sinh"}]}
            ],
        },
        SECOND | {"paid_online": False, "result_electronic": False},
    ],
    "event-log": [
        {
            "dossier_code": "case-1",
            "procedure_code": "receipt",
            "handling_unit": "General",
            "channel": 2,
            "source_channel": "Internet",
            "received_at": at("2026-10-08 07:15:00.250"),
            "due_at": at("2026-11-19 08:15"),
            "first_due_at": at("2026-12-03 08:15"),
            "finished_at": at("2026-10-14 09:30"),
            "status": 9,
            "utc_offset_minutes": 120,
        },
        {
            "dossier_code": "case-2",
            "handling_unit": "Customer contact",
            "channel": None,
            "source_channel": "e-mail",
            "due_at": at("2026-12-14 09:00"),
            "first_due_at": at("2026-12-14 09:00"),
            "finished_at": None,
            "status": 4,
            "utc_offset_minutes": 60,
        },
    ],
}
KEPT_AS = {"applicant_key": "applicant_hash", "supplement_at": "supplements", "supplement_text": "supplements"}


@pytest.fixture
def country(app: Flask) -> None:
    small_country()
    operations.add_provider("vnpt", "VNPT")
    operations.add_source("nl", "Giấy phép", list_code="nl")


@pytest.mark.usefixtures("country")
@pytest.mark.parametrize("file", FILES)
def test_example_arrives_whole(file: str) -> None:
    name = FILES[file]
    result = load(EXAMPLES / file, "nl" if name == "event-log" else "h26", name)
    assert (result.accepted, result.quarantined) == (2, 0)
    rows = lake_rows()
    for row, expected in zip(rows, EXPECTED[name], strict=True):
        assert {field: row[field] for field in expected} == expected
    profile = mapping.load(name)
    if "applicant_key" in profile.columns:
        assert rows[0]["applicant_hash"]
        assert "nguoi-nop-17" not in str(rows)
    if name == "national-sync":
        assert [event["status"] for event in rows[0]["history"]] == [2, 5, 4, 9, 10]
        assert rows[0]["history"][0]["department"] == "Bộ phận một cửa"
        assert rows[1]["applicant_hash"] not in (None, rows[0]["applicant_hash"])
    if name == "event-log":
        assert [(len(row["history"]), row["history"][0]["department"]) for row in rows] == [(3, "Group 1"), (1, "Group 1")]


def test_every_profile_has_an_example_and_every_field_of_it_is_looked_at() -> None:
    assert set(FILES.values()) == set(mapping.names()) == set(EXPECTED)
    for name, rows in EXPECTED.items():
        profile = mapping.load(name)
        looked_at = {field for row in rows for field in row} | {"applicant_hash"}
        assert {KEPT_AS.get(field, field) for field in (*profile.columns, *profile.constants)} <= looked_at


@pytest.mark.usefixtures("country")
def test_forms_of_flat_en_say_the_same() -> None:
    assert load(EXAMPLES / "flat-en.csv", profile="flat-en").accepted == 2
    assert load(EXAMPLES / "flat-en.jsonl", profile="flat-en").unchanged == 2


@pytest.mark.usefixtures("country")
def test_documented_examples_of_flat_en_load(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "flat-en.md").read_text(encoding="utf-8")
    blocks = {language: text.split(f"```{language}\n")[1].split("```")[0] for language in ("csv", "json")}
    (tmp_path / "a.csv").write_text(blocks["csv"], encoding="utf-8")
    (tmp_path / "b.jsonl").write_text(blocks["json"], encoding="utf-8")
    first, second = load(tmp_path / "a.csv", profile="flat-en"), load(tmp_path / "b.jsonl", profile="flat-en")
    assert (first.accepted, first.quarantined, second.quarantined) == (first.received, 0, 0)
    assert first.received > 1
    assert second.unchanged == second.received > 1


def test_document_of_flat_en_names_every_column() -> None:
    text = (ROOT / "docs" / "flat-en.md").read_text(encoding="utf-8")
    documented = {line.split("`")[1] for line in text.splitlines() if line.startswith("| `")}
    assert documented == {column for columns in mapping.load("flat-en").columns.values() for column in columns}


def own_profile(app: Flask, file: str, **changes: Any) -> Path:
    sound = yaml.safe_load((mapping.FOLDER / "flat-en.yaml").read_text(encoding="utf-8"))
    folder = app.extensions["settings"].data_dir / "profiles"
    folder.mkdir(parents=True, exist_ok=True)
    path: Path = folder / f"{file}.yaml"
    path.write_text(json.dumps(sound | changes), encoding="utf-8")
    return path


def test_operators_own_profiles(sqlite_app: Flask) -> None:
    own_profile(sqlite_app, "ours", name="ours", title_en="Ours")
    own_profile(sqlite_app, "flat-vi", name="flat-vi", title_en="Not the shipped one")
    own_profile(sqlite_app, "misnamed", name="other")
    assert {"ours", "misnamed", *EXPECTED} == set(mapping.names())
    assert mapping.load("ours").title_en == "Ours"
    assert mapping.load("flat-vi").title_en != "Not the shipped one"
    for name, field in (("misnamed", "name"), ("../settings", "profile"), ("nothing", "profile")):
        with pytest.raises(InputError) as refused:
            mapping.load(name)
        assert refused.value.field == field


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"flags": {"status": {"1": True}}}, "flags"),
        ({"lookups": {"column": "a", "database": "b"}}, "objects"),
        ({"results": {"column": "a", "document": "b"}}, "objects"),
        ({"results": {"column": "a"}}, "required"),
    ],
)
def test_unsound_keys_are_told(change: dict[str, Any], word: str) -> None:
    sound = yaml.safe_load((mapping.FOLDER / "flat-en.yaml").read_text(encoding="utf-8"))
    with pytest.raises(InputError) as refused:
        mapping.parse(yaml.safe_dump(sound | change), "ours.yaml")
    assert word in refused.value.message_en
