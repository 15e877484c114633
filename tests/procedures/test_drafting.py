"""Drafts of profiles for unknown files: right where the file speaks for itself, marked where it does not, silent about persons."""

import json
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from core.errors import InputError
from procedures import drafting, mapping, operations
from tests.procedures.feed import lake_rows, load, small_country
from tests.procedures.test_broken_files import workbook
from tests.procedures.test_profiles import EXAMPLES


def draft(path: Path, name: str = "ours") -> str:
    return drafting.draft(path, name, limit=1 << 24, scratch=path.parent / "scratch")


@pytest.mark.parametrize("file", ["flat-en.csv", "flat-en.jsonl", "flat-vi.csv", "national-sync.jsonl"])
def test_draft_of_a_known_file_reads_it(sqlite_app: Flask, file: str) -> None:
    small_country()
    operations.add_provider("vnpt", "VNPT")
    shipped = mapping.load(file.split(".", maxsplit=1)[0])
    drafted = mapping.parse(text := draft(EXAMPLES / file), "ours.yaml")
    assert drafted.layout == shipped.layout
    assert {name: columns[0] for name, columns in drafted.columns.items()} == {
        name: columns[0] for name, columns in shipped.columns.items()
    }
    assert (drafted.history, drafted.supplements, drafted.documents) == (shipped.history, shipped.supplements, shipped.documents)
    folder = sqlite_app.extensions["settings"].data_dir / "profiles"
    folder.mkdir(parents=True)
    (folder / "ours.yaml").write_text(text, encoding="utf-8")
    if shipped.layout != "objects":  # which wants the source's own words for yes and no, that two rows do not show
        assert load(EXAMPLES / file, profile="ours").accepted == 2
        assert lake_rows()[0]["status"] == 10


def test_event_log_wants_its_procedure() -> None:
    text = draft(EXAMPLES / "event-log.csv")
    assert "MISSING: procedure_code" in text
    drafted = mapping.parse(text + "constants: {procedure_code: receipt}\n", "ours.yaml")
    assert (drafted.layout, drafted.columns["dossier_code"]) == ("events", ["case:concept:name"])
    assert drafted.history == mapping.load("event-log").history


ENGLISH = """Application No,Service Code,Office Code,Applicant Name,Applicant Type,Submission Channel,Date Submitted,Due Date,State
H26.12-261008-0001,1.004222,H26.12,Nguyen Van A,Business,Online,10/13/2026 08:15 AM,10/20/2026,Completed
"""
LOG = """Case ID,Activity,Complete Timestamp,Resource,org:group,Department
H26.12-261008-0001,Receive,2026/10/08 08:15:00.000,Tran B,Front office,H26.12
H26.12-261008-0001,Check,2026/10/09 08:15:00.000,Tran B,Back office,H26.12
"""


def own_profiles(app: Flask) -> Path:
    """A small country, and where an installation keeps its own profiles."""
    small_country()
    folder: Path = app.extensions["settings"].data_dir / "profiles"
    folder.mkdir(parents=True)
    return folder


def test_headings_and_words_of_other_systems_are_guessed_and_doubted(sqlite_app: Flask, tmp_path: Path) -> None:
    folder = own_profiles(sqlite_app)
    (tmp_path / "abroad.csv").write_text(ENGLISH, encoding="utf-8")
    text = draft(tmp_path / "abroad.csv")
    assert all("# ?" in line for line in text.splitlines() if line.startswith("  ") and "Applicant Type" not in line)
    assert "Nguyen" not in text
    (folder / "ours.yaml").write_text(text, encoding="utf-8")
    assert load(tmp_path / "abroad.csv", profile="ours").accepted == 1
    (row,) = lake_rows()
    assert (row["status"], row["channel"], row["applicant_type"], row["received_at"].day) == (9, 2, "enterprise", 13)


def test_an_event_log_of_another_tool_is_told_by_its_headings(sqlite_app: Flask, tmp_path: Path) -> None:
    folder = own_profiles(sqlite_app)
    (tmp_path / "log.csv").write_text(LOG, encoding="utf-8")
    text = draft(tmp_path / "log.csv")
    assert "MISSING: procedure_code" in text
    (folder / "ours.yaml").write_text(text + 'constants: {procedure_code: "1.004222"}\n', encoding="utf-8")
    assert load(tmp_path / "log.csv", profile="ours").accepted == 1
    (row,) = lake_rows()
    assert [step["activity"] for step in row["history"]] == ["Receive", "Check"]
    assert "Tran B" not in str(row)


def test_a_draft_of_comments_alone_says_what_it_needs() -> None:
    with pytest.raises(InputError, match="dossier_code"):
        mapping.parse("name: ours\ntitle_vi: a\ntitle_en: a\nlayout: table\ncolumns:\nchannels: {}\n", "ours.yaml")


ODD = [
    [
        "Mã hồ sơ",
        "Mã số TTHC",
        "Bên xử trí",
        "Ngày nhận hồ sơ",
        "Trạng thái hồ sơ TTHC",
        "Người tiếp nhận",
        "Họ tên",
        "Kênh nộp",
        "Ghi chú",
    ],
    [
        "H26.12-261008-0001",
        "1.004222",
        "H26.12",
        "08/10/2026 08:15",
        "Đã trả kết quả",
        "Trần Thị B",
        "Nguyễn Văn A",
        "Trực tuyến",
        "0912345678",
    ],
    ["H26.12-261008-0002", "1.115150", "00004", "09/10/2026 08:15", "Chờ ký số", "Trần Thị B", "Lê Văn C", "Zalo", "001099000001"],
]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_draft_of_an_unknown_file_marks_what_it_guesses(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"la{suffix}"
    path.write_bytes(workbook(ODD) if suffix == ".xlsx" else "\n".join(";".join(row) for row in ODD).encode())
    text = draft(path)
    lines = {line.strip().split(":")[0].strip("# "): line for line in text.splitlines()}
    assert lines["dossier_code"] == '  dossier_code: ["Mã hồ sơ"]'
    assert lines["procedure_code"].endswith("# ?")
    assert '"Chờ ký số": ?' in text
    assert '"Đã trả kết quả": 10' in text
    assert "MISSING: handling_unit" in text
    assert "%d/%m/%Y %H:%M" in text
    assert "day/month or month/day" in text
    for person in ("Trần", "Nguyễn", "Lê", "0912345678", "001099000001"):
        assert person not in text
    with pytest.raises(InputError, match="handling_unit"):
        mapping.parse(text, "ours.yaml")
    mended = text.replace("  # handling_unit: [?]", '  handling_unit: ["Bên xử trí"]')
    assert mapping.parse(mended, "ours.yaml").statuses == {"đã trả kết quả": 10}


def test_day_that_settles_the_order_of_day_and_month(tmp_path: Path) -> None:
    rows = [ODD[0], [*ODD[1][:3], "25/10/2026", *ODD[1][4:]]]
    (tmp_path / "a.csv").write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
    text = draft(tmp_path / "a.csv")
    assert '["%d/%m/%Y"]' in text
    assert "month/day" not in text


def test_values_that_are_too_many_to_be_statuses_are_not_shown(tmp_path: Path) -> None:
    rows = ["Mã hồ sơ,Trạng thái hồ sơ xử lý", *(f"H26.12-261008-{n:04d},Nguyễn Văn {n}" for n in range(100))]
    (tmp_path / "a.csv").write_text("\n".join(rows), encoding="utf-8")
    assert "Nguyễn" not in draft(tmp_path / "a.csv")


def test_file_without_headings_is_refused_without_its_values(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n".join(",".join(row) for row in ODD[1:]), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        draft(tmp_path / "a.csv")
    assert refused.value.row == 1
    assert "Nguyễn" not in str(refused.value)


def test_lines_that_are_no_objects_are_passed_over(tmp_path: Path) -> None:
    good = json.dumps({"MaHoSo": "H26.12-261008-0001", "NgayTiepNhan": "20261008081500", "la": [1]})
    (tmp_path / "a.jsonl").write_text('{"broken\n' + good + "\n", encoding="utf-8")
    text = draft(tmp_path / "a.jsonl")
    assert 'received_at: ["NgayTiepNhan"]' in text
    assert 'unknown: "la"' in text


def test_command(sqlite_app: Flask, tmp_path: Path) -> None:
    runner: FlaskCliRunner = sqlite_app.test_cli_runner()
    out = tmp_path / "p.yaml"
    file = str(EXAMPLES / "flat-vi.csv")
    assert runner.invoke(args=["feeds", "profile", file, "--name", "mot-cua", "-o", str(out)]).exit_code == 0
    assert mapping.parse(out.read_text(encoding="utf-8"), "p.yaml").name == "mot-cua"
    assert "name: draft" in runner.invoke(args=["feeds", "profile", file]).stdout
    (tmp_path / "x.pdf").write_bytes(b"%PDF-1.7")
    for arguments in ([str(tmp_path / "x.pdf")], [str(tmp_path / "nothing")], [file, "--name", "Một cửa"]):
        done = runner.invoke(args=["feeds", "profile", *arguments])
        assert (done.exit_code, "Traceback" in done.output) == (1, False)
        assert len(done.stderr.strip().splitlines()) == 2
