"""What a dossier is in the lake: one row, the latest word, with all that belongs to it; and who applied is nowhere to be read."""

import csv
import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.database import reading, writing
from core.lake import connect, fetch
from procedures import attempts, feeds, intake, operations, spool
from procedures.dossier_queries import data_dir, dossiers, refilings
from procedures.dossiers import dossier_table
from procedures.models import Submission, Unit, UnitSuccessor, UnitVersion
from tests.procedures.feed import NOW, lake_rows, load, message, quarantined, small_country, unit, write
from tests.procedures.test_merge import MONTHS, state, states, version

ENGLISH = ["dossier_code", "procedure_code", "unit_code", "received_at", "status"]


def english(path: Path, *rows: dict[str, Any]) -> Path:
    """A table of the public contract; each row says what differs from a dossier under way."""
    names = list(dict.fromkeys([*ENGLISH, *(name for row in rows for name in row)]))
    usual = {"procedure_code": "1.004222", "unit_code": "H26.12", "received_at": "2026-10-08T08:15:00", "status": "4"}
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        writer.writerows({"dossier_code": f"H26.12-261008-{number:04d}"} | usual | row for number, row in enumerate(rows, 1))
    return path


def wait(path: Path, source: str = "h26", profile: str = "national-sync") -> str:
    """Leave a file to the worker."""
    with path.open("rb") as stream:
        return intake.receive(stream, path.name, source, profile, "upload", "a clerk", NOW)


def stored(key: str) -> Submission:
    """A submission as it stands now."""
    reading().expire_all()
    return reading().query(Submission).filter_by(key=key).one()


def lake_version() -> int:
    """Grows with every commit."""
    return dossier_table(data_dir()).snapshot().version


def test_one_row_for_source_and_code(app: Flask, tmp_path: Path) -> None:
    small_country()
    path = write(tmp_path / "a.jsonl", [message(1), message(2)])
    load(path)
    load(path, source="h14")
    load(write(tmp_path / "b.jsonl", [message(2, TrangThaiHoSo="9", NgayCapNhat="20261101000000")]))
    rows = lake_rows()
    assert [(row["source"], row["dossier_code"][-1], row["status"]) for row in rows] == [
        ("h14", "1", 10),
        ("h14", "2", 10),
        ("h26", "1", 10),
        ("h26", "2", 9),
    ]


def test_waiting_files_of_one_source_go_in_one_commit(app: Flask, tmp_path: Path) -> None:
    small_country()
    load(write(tmp_path / "0.jsonl", [message(9)]))
    versions = [version(1, minute, "202610", "4") for minute in range(3)]
    parts = ([versions[2], message(2)], [versions[0]], [versions[1], message(3, MaTTHC="x")])
    keys = [wait(write(tmp_path / f"{number}.jsonl", part)) for number, part in enumerate(parts)]
    other = wait(write(tmp_path / "h14.jsonl", [message(1)]), source="h14")
    before = lake_version()
    assert feeds.process_waiting(NOW) == {"finished": 4}
    assert lake_version() == before + 2  # one for each source
    told = [json.loads(text) for text in dossier_table(data_dir()).committed(before, "submissions")]
    assert sorted((sorted(entry) for entry in told), key=len) == [[other], sorted(keys)]
    found = [stored(key) for key in keys]
    assert [(item.rows_accepted, item.rows_superseded, item.rows_quarantined) for item in found] == [(2, 0, 0), (0, 1, 0), (0, 1, 1)]
    assert [item.state for item in found] == ["accepted", "accepted", "partly_accepted"]
    assert next(row for row in lake_rows() if row["source"] == "h26" and row["dossier_code"].endswith("0001"))["submission"] == keys[0]
    assert spool.keys() == []
    assert feeds.process_waiting(NOW) == {}


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_and_any_grouping_give_the_same_lake(sqlite_app: Flask, tmp_path: Path, data: st.DataObject) -> None:
    import shutil

    if not reading().query(Submission).count():
        small_country()
    dealt = data.draw(st.lists(states, min_size=2, max_size=9))
    versions = [version(number, minute, month, status) for minute, (number, month, status) in enumerate(dealt)]
    expected = {item["MaHoSo"]: (item["NgayTiepNhan"][:6], item["TrangThaiHoSo"]) for item in versions}
    shutil.rmtree(data_dir() / "lake", ignore_errors=True)
    shuffled = data.draw(st.permutations(versions))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(versions) - 1), max_size=2)))
    pieces = [shuffled[start:end] for start, end in zip([0, *cuts], [*cuts, None], strict=True)]
    together = data.draw(st.booleans())
    keys = []
    for number, piece in enumerate(pieces):
        keys.append(wait(write(tmp_path / f"{number}.jsonl", piece)))
        if not together:
            feeds.process_waiting(NOW)
    feeds.process_waiting(NOW)
    found = {row["dossier_code"]: (row["reception_month"].replace("-", ""), str(row["status"])) for row in lake_rows()}
    assert found == expected
    assert len(lake_rows()) == len(expected)
    for key, piece in zip(keys, pieces, strict=True):
        item = stored(key)
        assert item.rows_received == len(piece) == item.rows_accepted + item.rows_superseded + item.rows_unchanged


def test_same_file_twice_makes_no_commit(app: Flask, tmp_path: Path) -> None:
    small_country()
    path = write(tmp_path / "a.jsonl", [message(1), message(2, HoSoBoSung=[{"NgayBoSung": "20261009100000"}])])
    load(path)
    before, version_before = lake_rows(), lake_version()
    again = load(path)
    assert (again.unchanged, again.received, again.state) == (2, 2, "accepted")
    keys = [wait(path), wait(path)]
    feeds.process_waiting(NOW)
    counts = [(stored(key).rows_unchanged, stored(key).rows_superseded) for key in keys]
    assert sorted(counts) == [(0, 2), (2, 0)]  # of two files at once each row counts once
    assert (lake_rows(), lake_version()) == (before, version_before)


def test_dossier_that_moves_between_months_stays_one_row(app: Flask, tmp_path: Path) -> None:
    small_country()
    load(write(tmp_path / "0.jsonl", [message(2), message(3, NgayTiepNhan="20260905080000")]))
    for minute, month in enumerate([*MONTHS, *MONTHS[::-1], "202609", "202610"]):
        result = load(write(tmp_path / f"{minute}.jsonl", [version(1, minute, month, "4")]))
        assert (result.accepted, result.superseded, result.unchanged) == (1, 0, 0)
        rows = [row for row in lake_rows() if row["dossier_code"].endswith("0001")]
        assert [row["reception_month"].replace("-", "") for row in rows] == [month]
        assert len(lake_rows()) == 3
        # The old row leaves and the new one comes in one commit, not in two.
        (entry,) = [json.loads(text) for text in dossier_table(data_dir()).committed(lake_version() - 1, "submissions")]
        assert list(entry) == [result.submission]
    # A word from before the last one moves it nowhere.
    assert load(write(tmp_path / "old.jsonl", [version(1, 1, "202608", "5")])).superseded == 1
    assert [row["reception_month"] for row in lake_rows()] == ["2026-10", "2026-10", "2026-09"]


def test_dossier_with_a_code_without_a_day_is_found_in_every_month(sqlite_app: Flask, tmp_path: Path) -> None:
    operations.add_source("nl", "Giấy phép", list_code="nl")
    heading = "case:concept:name,case:department,case:channel,case:startdate,concept:name,time:timestamp\n"
    for number, month in enumerate(("08", "10", "09")):
        (tmp_path / "a.csv").write_text(
            heading
            + "".join(
                f"case-{case},General,Internet,2026-{month}-08 09:00:00+02:00,x,2026-11-0{number + 1} 09:00:00+02:00\n" for case in (1, 2)
            ),
            encoding="utf-8",
        )
        assert load(tmp_path / "a.csv", "nl", "event-log", NOW.replace(hour=5 + number)).accepted == 2
        assert [row["reception_month"] for row in lake_rows()] == [f"2026-{month}"] * 2


def test_history_supplements_and_papers_stay_with_their_dossier(app: Flask, tmp_path: Path) -> None:
    small_country()
    request = {"NoiDungBoSung": "Bổ sung A", "NgayBoSung": "20261009100000", "DanhSachGiayToBoSung": [{"MaGiayTo": "G1", "TenGiayTo": "A"}]}
    second = {"NoiDungBoSung": "Bổ sung B", "NgayBoSung": "20261010100000", "DanhSachGiayToBoSung": [{"MaGiayTo": "G2", "TenGiayTo": "B"}]}
    load(write(tmp_path / "a.jsonl", [message(1, HoSoBoSung=[request]), message(2)]))
    later = {"NgayCapNhat": "20261101000000", "NgayTiepNhan": "20260908081500"}
    load(write(tmp_path / "b.jsonl", [message(1, HoSoBoSung=[second, request], **later), message(3)]))
    first, other, third = lake_rows()
    assert [item["text"] for item in first["supplements"]] == ["Bổ sung A", "Bổ sung B"]  # by time, whatever the order they came in
    assert [item["documents"] for item in first["supplements"]] == [[{"code": "G1", "name": "A"}], [{"code": "G2", "name": "B"}]]
    assert [len(row["history"]) for row in (first, other, third)] == [2, 2, 2]
    assert [row["supplement_count"] for row in (first, other, third)] == [2, 0, 0]
    # What the later word no longer has is gone: one row is one whole word.
    load(write(tmp_path / "c.jsonl", [message(1, QuaTrinhXuLy=[], NgayCapNhat="20261102000000")]))
    assert (lake_rows()[0]["supplements"], lake_rows()[0]["history"]) == ([], [])


@pytest.mark.parametrize("column", ["HoSoBoSung", "QuaTrinhXuLy"])
@pytest.mark.parametrize("wrong", ["không", 3, {"NgayBoSung": "20261009100000"}, [7], [{}], [None], True])
def test_what_stands_in_a_lists_place_is_not_taken_for_an_empty_list(sqlite_app: Flask, tmp_path: Path, column: str, wrong: object) -> None:
    small_country()
    right = [message(2, **{column: []}), message(3, **{column: None})]
    result = load(write(tmp_path / "a.jsonl", [message(1, **{column: wrong}), *right, "{"]))
    assert (result.accepted, result.quarantined) == (2, 2)
    reasons = {row.get("MaHoSo", ""): str(row) for row in quarantined(result.submission)}
    assert column in reasons["H26.12-261008-0001"]
    assert "danh sách" in reasons["H26.12-261008-0001"]


def test_two_requests_with_one_time_are_two(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    asked = {"supplement_requested_at": "2026-10-09T10:00:00", "supplement_text": "thiếu đơn"}
    rows = (
        asked | {"supplement_requests": "2"},
        asked | {"supplement_requests": ""},
        {"supplement_requests": "3"},
        {"supplement_requests": "0"},
        {},
    )
    load(english(tmp_path / "a.csv", *rows), profile="flat-en")
    found = lake_rows()
    assert [row["supplement_count"] for row in found] == [2, 1, 3, 0, 0]
    assert [len(row["supplements"]) for row in found] == [2, 1, 0, 0, 0]
    assert [request["text"] for request in found[0]["supplements"]] == ["thiếu đơn", None]
    assert [request["requested_at"] is not None for request in found[0]["supplements"]] == [True, False]


def test_flags_and_lookups(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    rows = (
        {
            "assisted": "yes",
            "paid_online": "Không",
            "reused": "1",
            "digitised": "unknown",
            "data_lookups": "dan-cu|2026-10-08T08:16:00|found",
        },
        {"assisted": "", "paid_online": "TRUE", "reused": "0", "data_lookups": "dan-cu; dat-dai|2026-10-08T08:20:00Z|"},
        {"assisted": "maybe"},
        {"data_lookups": "dan-cu|yesterday"},
        {"data_lookups": '[{"database": "dan-cu", "time": "2026-10-08T08:16:00", "outcome": "found"}]'},
        {"data_lookups": "[{broken"},
    )
    result = load(english(tmp_path / "a.csv", *rows), profile="flat-en")
    one, two, five = lake_rows()
    assert [one[name] for name in ("assisted", "paid_online", "reused", "digitised")] == [True, False, True, None]
    assert [two[name] for name in ("assisted", "paid_online", "reused", "digitised")] == [None, True, False, None]
    assert [(item["database"], item["at"] and item["at"].hour, item["outcome"]) for item in one["data_lookups"]] == [("dan-cu", 1, "found")]
    assert [(item["database"], item["at"] and item["at"].hour, item["outcome"]) for item in two["data_lookups"]] == [
        ("dan-cu", None, None),
        ("dat-dai", 8, None),
    ]
    assert five["data_lookups"] == one["data_lookups"]
    assert [row["reasons"] for row in quarantined(result.submission)] == ["bad_flag", "bad_lookup", "bad_lookup"]


def test_refusal_is_linked_to_the_next_dossier_of_the_same_applicant(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    refused = {"TrangThaiHoSo": "3", "NgayKetThucXuLy": "20261009080000", "NgayTra": None, "QuaTrinhXuLy": []}
    again = {"NgayTiepNhan": "20261012080000", "TrangThaiHoSo": "4", "NgayKetThucXuLy": None, "NgayTra": None, "QuaTrinhXuLy": []}
    rows = [
        message(1, SoGiayToChuHoSo="001", **refused),
        message(2, SoGiayToChuHoSo="001", **again),
        message(3, SoGiayToChuHoSo="002", **refused),
        message(4, SoGiayToChuHoSo="003", **again),
        message(5, SoGiayToChuHoSo=None, **refused),
        message(6, SoGiayToChuHoSo=None, **again),
    ]
    load(write(tmp_path / "a.jsonl", rows))
    engine = connect()
    (pair,) = fetch(engine, refilings(dossiers(engine, ["h26"]))).to_pylist()
    assert (pair["dossier_code"][-1], pair["next_code"][-1], pair["kind"], pair["days"]) == ("1", "2", "refused", 3)
    hashes = {row["dossier_code"][-1]: row["applicant_hash"] for row in lake_rows()}
    assert hashes["1"] == hashes["2"] != hashes["3"] != hashes["4"]
    assert hashes["5"] is hashes["6"] is None


def test_units_are_resolved_on_the_day(app: Flask, tmp_path: Path) -> None:
    small_country()
    merged, renamed = date(2026, 10, 1), date(2026, 9, 1)
    with writing() as session:
        operations.add_units(session, [unit("00099", "commune", "01", "gso"), unit("00100", "commune", "01", "gso", valid_to=merged)])
        ids = {code: session.query(Unit).filter_by(code=code).one().id for code in ("00099", "01")}
        version_of = session.query(UnitVersion).filter_by(unit_id=ids["00099"]).one()
        version_of.name, version_of.valid_to = "Xã Tân Hòa", renamed
        values = {"short_name": "x", "name_en": "x", "type_label": "commune", "document": "NQ"}
        session.add(UnitVersion(unit_id=ids["00099"], name="Phường Hòa Bình", valid_from=renamed, parent_id=ids["01"], **values))
        session.add(UnitSuccessor(code="00100", name="Xã Cũ", unit_id=ids["00099"], valid_from=merged))
    days = {"received_at": "2026-10-08T08:15:00"}, {"received_at": "2026-08-08T08:15:00"}
    rows = [
        {"unit_code": "00099", **days[0]},
        {"unit_code": "00099", **days[1]},  # under its old name
        {"unit_code": "00100", **days[0]},  # merged by then
        {"unit_code": "00100", **days[1]},  # not yet
        {"unit_code": "UBND phường Hoà Bình", **days[0]},
        {"unit_code": "xã tân hòa", **days[1]},
        {"unit_code": "Phường Không Có", **days[0]},
    ]
    result = load(english(tmp_path / "a.csv", *rows), profile="flat-en")
    assert [row["handling_unit"] for row in lake_rows()] == ["00099", "00099", "00099", "00100", "00099", "00099"]
    assert [row["reasons"] for row in quarantined(result.submission)] == ["unknown_unit"]


PERSON = ("Nguyễn Văn A", "Trần Thị B", "001099000001", "0912345678", "cccd-nguyen-van-a", "ngõ 5 phố Huế")


def test_who_applied_is_nowhere(sqlite_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_country()
    person = {"SoDienThoai": "0912345678", "DiaChi": "ngõ 5 phố Huế", "DinhDanhCHS": "001099000001"}
    asked = {"NgayBoSung": "20261009100000", "NoiDungBoSung": "Gọi 0912 345 678, bản sao 001099000001"}
    rows = [
        message(1, HoSoBoSung=[asked], **person),
        message(2, HoSoBoSung=[asked], MaTTHC="x", **person),
        "{broken 001099000001 Nguyễn Văn A",
    ]
    while_spooled = []
    take = attempts.Attempt.merge

    def look(attempt: Any, *arguments: Any) -> None:
        while_spooled.append(traces())
        take(attempt, *arguments)

    monkeypatch.setattr(attempts.Attempt, "merge", look)
    path = write(tmp_path / "a.jsonl", rows)
    load(path)
    flat = "Mã hồ sơ,Mã TTHC,Đơn vị xử lý,Ngày tiếp nhận,Trạng thái,Họ tên,CCCD,Nội dung yêu cầu bổ sung\n"
    for number, procedure in ((11, "1.004222"), (12, "x")):
        line = f"H26.12-261008-{number:04d},{procedure},H26.12,08/10/2026,Đang xử lý,Nguyễn Văn A,001099000001,Gọi 0912345678"
        flat += line + "\n"
    (tmp_path / "b.csv").write_text(flat, encoding="utf-8")
    result = load(tmp_path / "b.csv", profile="flat-vi")
    load(
        english(
            tmp_path / "c.csv",
            {"dossier_code": "H26.12-261008-0021", "applicant_key": "001099000001"},
            {"applicant_key": "001099000001", "status": "x"},
        ),
        profile="flat-en",
    )
    assert while_spooled == [[], [], []]
    assert traces() == []
    assert not list((data_dir() / "spool").iterdir())
    (row,) = quarantined(result.submission)
    assert (row["Họ tên"], row["CCCD"], row["Nội dung yêu cầu bổ sung"]) == ("[removed]", "[removed]", "Gọi [removed]")
    texts = [request["text"] for row in lake_rows() for request in row["supplements"]]
    assert texts[0] == "Gọi [removed], bản sao [removed]"
    assert {row["applicant_hash"] is not None for row in lake_rows() if row["dossier_code"][-2:] in ("01", "21")} == {True}


def traces() -> list[tuple[str, str]]:
    """Files of the installation in which a person can be read: as they are, and the rows of the Parquet files among them."""
    from pyarrow import parquet

    found = []
    home = data_dir().parent
    for path in sorted(
        item for folder in (data_dir(), home) for item in (folder.rglob("*") if folder == data_dir() else folder.glob("test.sqlite*"))
    ):
        if path.is_file():
            content = path.read_bytes()
            if path.suffix == ".parquet":
                content += str(parquet.ParquetFile(path).read().to_pylist()).encode()
            found += [(path.name, text) for text in PERSON if text.encode() in content]
    return found


BAD = ({"MaTTHC": "x"}, {"TrangThaiHoSo": "77"}, {"NgayTiepNhan": "never"}, {"MaHoSo": None}, {"DonViXuLy": "?", "MaTTHC": ""})
kinds = st.one_of(
    st.tuples(st.just("good"), st.integers(1, 5), st.integers(0, 3)),
    st.tuples(st.just("bad"), st.integers(1, 5), st.integers(0, len(BAD) - 1)),
    st.tuples(st.just("broken"), st.just(0), st.integers(0, 2)),
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(dealt=st.lists(kinds, min_size=1, max_size=12))
def test_the_four_counts_add_up(sqlite_app: Flask, tmp_path: Path, dealt: list[tuple[str, int, int]]) -> None:
    if not reading().query(Submission).count():
        small_country()
    lines: list[dict[str, Any] | str] = []
    for kind, number, what in dealt:
        if kind == "good":
            lines.append(message(number, NgayCapNhat=f"2026110{what + 1}000000"))
        elif kind == "bad":
            lines.append(message(number) | BAD[what])
        else:
            lines.append(("{broken", "[1]", '"text"')[what])
    if all(kind == "broken" for kind, _number, _what in dealt):
        lines.append(message(1))
        dealt = [*dealt, ("good", 1, 0)]
    # One good row to begin with: a column that is nowhere filled is another matter (the file is refused).
    result = load(write(tmp_path / "a.jsonl", [message(6), *lines]))
    count = Counter(kind for kind, _number, _what in dealt)
    assert result.received == len(dealt) + 1
    assert result.quarantined == count["bad"] + count["broken"] == len(quarantined(result.submission) if result.quarantined else [])
    table = tmp_path / "a.csv"
    cells = [
        {
            "dossier_code": f"H26.12-261008-{number:04d}",
            "updated_at": f"2026-11-0{what + 1}T00:00:00",
            "status": "4" if kind == "good" else "?",
        }
        for kind, number, what in dealt
    ]
    english(table, *cells)
    with table.open("a", encoding="utf-8") as stream:
        stream.write("\nx,y\n\n")
    result = load(table, profile="flat-en")
    assert result.received == len(dealt) + 1
    assert result.quarantined == len(dealt) - count["good"] + 1
    assert len(lake_rows()) == len({row["dossier_code"] for row in lake_rows()})
    assert state()
