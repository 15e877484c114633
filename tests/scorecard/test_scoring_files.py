"""COUNTS.csv as people send it, SCORES.csv as others read it."""

import csv
import io
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorecard.scoring.counts_file import CountsFile, read_counts
from scorecard.scoring.library import find_scoring

INDEX = find_scoring("qd766-2022")
IDS = [item.id for item in INDEX.indicators]
COLUMNS = [f"{name}_{side}" for name in IDS for side in ("num", "den")]
HEAD = ["unit_code", "unit_name", *COLUMNS]
SCORES = "unit_code,unit_name,CKMB,TDGQ,CLGQ,TTTT,MDSH,MDHL,total,total_max,band,missing"
FULL = ["8", "10"] * len(IDS)


def text_of(rows: list[list[str]], separator: str = ",", end: str = "\n") -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator, lineterminator=end).writerows(rows)
    return stream.getvalue()


@pytest.fixture
def reading(tmp_path: Path) -> Callable[[str | bytes], CountsFile]:
    """Reads counts from a text."""

    def read(content: str | bytes) -> CountsFile:
        path = tmp_path / "COUNTS.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_counts(path, INDEX)

    return read


@pytest.fixture
def scoring(sqlite_app: Flask, tmp_path: Path) -> Callable[..., tuple[Result, list[dict[str, str]]]]:
    """Runs the command and reads what it wrote."""

    def run(rows: list[list[str]], *more: str, rules: str = "qd766-2022") -> tuple[Result, list[dict[str, str]]]:
        counts, scores = tmp_path / "COUNTS.csv", tmp_path / "SCORES.csv"
        counts.write_text(text_of(rows), encoding="utf-8")
        options = ["--rules", rules, str(counts), "--output", str(scores), *more]
        result = sqlite_app.test_cli_runner().invoke(args=["scorecard", "score", *options])
        written = list(csv.DictReader(io.StringIO(scores.read_text(encoding="utf-8")))) if scores.is_file() else []
        return result, written

    return run


def test_the_scores_have_exactly_the_promised_columns(scoring: Callable[..., tuple[Result, list[dict[str, str]]]], tmp_path: Path) -> None:
    result, rows = scoring([HEAD, ["01", "thành phố Hà Nội", *FULL]])
    assert result.exit_code == 0, result.output
    lines = (tmp_path / "SCORES.csv").read_bytes().split(b"\n")
    assert lines[0] == SCORES.encode()
    assert rows == [
        {
            "unit_code": "01",
            "unit_name": "thành phố Hà Nội",
            "CKMB": "14.40",
            "TDGQ": "16.00",
            "CLGQ": "11.20",
            "TTTT": "8.80",
            "MDSH": "18.00",
            "MDHL": "14.93",
            "total": "83.33",
            "total_max": "100",
            "band": "Tốt",
            "missing": "",
        }
    ]
    assert "sync_coefficient" in result.stderr


def test_a_group_without_an_indicator_is_empty_and_named(scoring: Callable[..., tuple[Result, list[dict[str, str]]]]) -> None:
    blank = FULL.copy()
    blank[COLUMNS.index("3.3_num")] = ""
    blank[COLUMNS.index("4.1_num")] = blank[COLUMNS.index("4.1_den")] = ""
    result, rows = scoring([HEAD, ["01", "A", *blank], ["02", "B", *FULL]])
    assert result.exit_code == 0
    assert (rows[0]["CLGQ"], rows[0]["MDSH"], rows[0]["total"], rows[0]["band"]) == ("", "", "", "")
    assert rows[0]["missing"] == "CLGQ;MDSH"
    assert rows[0]["TDGQ"] == "16.00"
    assert rows[1]["total"] == "83.33"
    assert "3.3 (2)" in result.stderr  # only one of the two numbers is there


def test_an_absent_column_is_missing_and_an_empty_denominator_is_not(scoring: Callable[..., tuple[Result, list[dict[str, str]]]]) -> None:
    result, rows = scoring(
        [["unit_code", "unit_name", "5.2_num", "5.2_den", "5.3_num", "5.3_den", "5.4_num", "5.4_den"], ["01", "A", *"000000"]]
    )
    assert result.exit_code == 0
    assert (rows[0]["MDHL"], rows[0]["missing"], rows[0]["total"]) == ("12.00", "CKMB;TDGQ;CLGQ;TTTT;MDSH", "")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("-1", "negative"),
        ("−5", "negative"),
        ("1.234", "1234"),
        ("1,234,567", "1234567"),
        ("1 234", "1234"),
        ("12.5", "share"),
        ("0,5", "share"),
        ("80%", "share"),
        ("abc", "not a number"),
        ("-", "not a number"),
        ("N/A", "not a number"),
        ("1e3", "not a number"),
        ("٣", "not a number"),
        ("NaN", "not a number"),
        ("9" * 400, "not a number"),
    ],
)
def test_what_is_no_count_refuses_its_row_and_no_other(reading: Callable[[str | bytes], CountsFile], cell: str, said: str) -> None:
    found = reading(text_of([HEAD, ["01", "A", cell, "9", *FULL[2:]], ["02", "B", *FULL]]))
    assert [unit.code for unit in found.units] == ["02"]
    [error] = found.refused
    assert (error.row, error.field) == (2, "1.1_num")
    assert said in error.message_en
    assert error.message_vi != error.message_en


def test_a_numerator_over_an_empty_denominator_refuses_its_row(reading: Callable[[str | bytes], CountsFile]) -> None:
    found = reading(text_of([HEAD, ["01", "A", "3", "0", *FULL[2:]], ["02", "B", *FULL]]))
    assert [unit.code for unit in found.units] == ["02"]
    assert [(error.row, error.field) for error in found.refused] == [(2, "1.1_num")]


def test_every_wrong_cell_of_a_row_is_told(reading: Callable[[str | bytes], CountsFile]) -> None:
    found = reading(text_of([HEAD, ["", "A", "x", "-2", *FULL[2:]]]))
    assert [error.field for error in found.refused] == ["unit_code", "1.1_num", "1.1_den"]


def test_a_code_that_stands_twice_refuses_both_rows(reading: Callable[[str | bytes], CountsFile]) -> None:
    found = reading(text_of([HEAD, ["01", "A", *FULL], ["01", "B", *FULL], ["1", "C", *FULL]]))
    assert [unit.code for unit in found.units] == ["1"]
    assert [(error.row, error.field) for error in found.refused] == [(2, "unit_code"), (3, "unit_code")]


SAME = [HEAD, ["01", "UBND tỉnh Đắk Lắk, Tây Nguyên", *FULL]]


@pytest.mark.parametrize(
    "content",
    [
        text_of(SAME).encode("utf-8-sig"),
        text_of(SAME, end="\r\n").encode(),
        text_of(SAME, separator=";", end="\r\n").encode("utf-8-sig"),
        text_of(SAME, separator="\t", end="\r\n").encode("utf-16"),
        text_of([[" " + name.upper() + " " for name in HEAD], SAME[1]]).encode(),
        text_of([HEAD, [f" {cell} " for cell in SAME[1]]]).encode(),
        text_of([HEAD, [*SAME[1][:2], *(f"{cell}.0" for cell in FULL)]]).encode(),
        text_of([*SAME, [""] * len(HEAD)]).encode(),
    ],
    ids=["bom", "crlf", "semicolon", "utf-16", "headings", "blanks", "floats", "blank row"],
)
def test_the_same_counts_in_other_clothes_are_the_same(reading: Callable[[str | bytes], CountsFile], content: bytes) -> None:
    found = reading(content)
    assert found.refused == []
    [unit] = found.units
    assert (unit.code, unit.name) == ("01", "UBND tỉnh Đắk Lắk, Tây Nguyên")
    assert unit.counts == dict.fromkeys(IDS, (8, 10))


def test_a_workbook_will_do(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(HEAD)
    sheet.append(["01", "A", *map(int, FULL)])
    book.save(tmp_path / "COUNTS.xlsx")
    [unit] = read_counts(tmp_path / "COUNTS.xlsx", INDEX).units
    assert (unit.code, unit.counts["5.4"]) == ("01", (8, 10))


def test_unquoted_thousands_are_told_and_not_shifted_into_the_next_cell(reading: Callable[[str | bytes], CountsFile]) -> None:
    found = reading(text_of([HEAD, ["02", "B", *FULL]]) + "01,A,1,234,2,000" + ",9" * (len(COLUMNS) - 2) + "\n")
    assert [unit.code for unit in found.units] == ["02"]
    assert [error.row for error in found.refused] == [3]
    assert "thousands" in found.refused[0].message_en


def test_other_columns_are_named_and_no_error(scoring: Callable[..., tuple[Result, list[dict[str, str]]]]) -> None:
    result, rows = scoring([[*HEAD, "simulated", "Ghi chú"], ["01", "A", *FULL, "true", "x"]])
    assert (result.exit_code, len(rows)) == (0, 1)
    assert "Columns not used: ghi chú, simulated." in result.stderr


@pytest.mark.parametrize(("cell", "points"), [("", "4.8"), ("1", "4.8"), ("0.5", "2.4"), ("0,5", "2.4"), ("0", "0")])
def test_the_coefficient_counts_as_one_where_it_is_blank(
    scoring: Callable[..., tuple[Result, list[dict[str, str]]]], tmp_path: Path, cell: str, points: str
) -> None:
    counts = FULL.copy()
    counts[COLUMNS.index("3.3_num")] = "4"
    details = tmp_path / "DETAILS.csv"
    result, _rows = scoring([[*HEAD, "sync_coefficient"], ["01", "A", *counts, cell]], "--details", str(details))
    found = {row["indicator"]: row for row in csv.DictReader(io.StringIO(details.read_text(encoding="utf-8")))}
    assert Fraction(found["3.3"]["points"]) == Fraction(points)
    assert ("sync_coefficient is blank in 1 rows" in result.stderr) == (not cell)


@pytest.mark.parametrize("cell", ["-0.5", "x", "1/2"])
def test_a_wrong_coefficient_refuses_its_row(scoring: Callable[..., tuple[Result, list[dict[str, str]]]], cell: str) -> None:
    result, rows = scoring([[*HEAD, "sync_coefficient"], ["01", "A", *FULL, cell], ["02", "B", *FULL, "1"]])
    assert result.exit_code == 1
    assert [row["unit_code"] for row in rows] == ["02"]
    assert "Row 2, column sync_coefficient" in result.stderr
    assert "Dòng 2, cột sync_coefficient" in result.stderr


@pytest.mark.parametrize(("quotient", "points"), [(370610 / 443565, "9.21"), (2 / 3, "8.40"), (0.1 + 0.2, "6.64")])
def test_a_coefficient_may_have_the_decimals_of_a_quotient(
    scoring: Callable[..., tuple[Result, list[dict[str, str]]]], quotient: float, points: str
) -> None:
    counts = FULL.copy()
    counts[COLUMNS.index("3.3_num")] = "4"
    result, rows = scoring([[*HEAD, "sync_coefficient"], ["01", "A", *counts, repr(quotient)]])
    assert result.exit_code == 0, result.stderr
    assert rows[0]["CLGQ"] == points


def test_a_coefficient_that_looks_like_a_percentage_is_told_and_no_numerator_is_blamed(
    scoring: Callable[..., tuple[Result, list[dict[str, str]]]],
) -> None:
    result, rows = scoring([[*HEAD, "sync_coefficient"], ["01", "A", *FULL, "98"], ["02", "B", *FULL, "0.98"]])
    assert (result.exit_code, len(rows)) == (0, 2)
    assert "sync_coefficient is above 1 in row 2; if that is a percentage" in result.stderr
    assert "Numerator above denominator" not in result.stderr


def test_more_than_all_is_full_points_and_a_note(scoring: Callable[..., tuple[Result, list[dict[str, str]]]]) -> None:
    more = FULL.copy()
    more[COLUMNS.index("1.4_num")] = "11"
    result, rows = scoring([HEAD, ["01", "A", *more]])
    assert (result.exit_code, rows[0]["CKMB"]) == (0, "15.60")
    assert "01 (1.4)" in result.stderr


def test_details_and_json_tell_what_came_from_nothing(scoring: Callable[..., tuple[Result, list[dict[str, str]]]], tmp_path: Path) -> None:
    counts = FULL.copy()
    for name in ("5.2", "5.3"):
        counts[COLUMNS.index(f"{name}_num")] = counts[COLUMNS.index(f"{name}_den")] = "0"
    details = tmp_path / "DETAILS.csv"
    result, rows = scoring([HEAD, ["01", "A", *counts]], "--details", str(details), "--json")
    told = json.loads(result.stdout)
    assert (told["scored"], told["complete"], told["refused"], told["rules"]) == (1, 1, [], "qd766-2022")
    [unit] = told["units"]
    assert unit["empty_full_points"] == "5.2;5.3"
    assert Fraction(rows[0]["total"]) - Fraction(unit["total_without_empty"]) == 12
    assert unit["total_max_without_empty"] == "88"
    found = {row["indicator"]: row for row in csv.DictReader(io.StringIO(details.read_text(encoding="utf-8")))}
    assert list(found) == IDS
    assert (found["5.2"]["status"], found["5.2"]["points"], found["5.2"]["empty_rule"]) == ("empty_full", "6.000000", "full")
    assert (found["2.1"]["numerator"], found["2.1"]["ratio"]) == ("8", "0.800000")
    assert found["2.1"]["total_without_empty"] == unit["total_without_empty"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "empty"),
        ("code,name\n1,2\n", "unit_code"),
        ("unit_code,unit_name,a\n1,2,3\n", "no column of the rule set"),
        (",".join(HEAD) + "\n", "no row of a unit"),
        ("unit_code,unit_code,2.1_num,2.1_den\n1,2,3,4\n", "twice"),
    ],
)
def test_a_file_that_is_no_counts_is_refused_whole(sqlite_app: Flask, tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "COUNTS.csv").write_text(content, encoding="utf-8")
    options = ["--rules", "qd766-2022", str(tmp_path / "COUNTS.csv"), "--output", str(tmp_path / "SCORES.csv")]
    result = sqlite_app.test_cli_runner().invoke(args=["scorecard", "score", *options])
    assert result.exit_code == 1
    assert said in result.stderr
    assert not (tmp_path / "SCORES.csv").exists()


def test_nothing_is_written_over_the_counts(scoring: Callable[..., tuple[Result, list[dict[str, str]]]], tmp_path: Path) -> None:
    result, rows = scoring([HEAD, ["01", "A", *FULL]], "--details", str(tmp_path / "COUNTS.csv"))
    assert (result.exit_code, rows) == (1, [])
    assert (tmp_path / "COUNTS.csv").read_text(encoding="utf-8").startswith("unit_code")


@pytest.mark.parametrize(
    ("rules", "said"), [("qd767", "qd766-2022"), ("nd224-art19", "gives no points"), ("tthc-2026-1", "gives no points")]
)
def test_a_rule_set_that_cannot_score_is_refused(
    scoring: Callable[..., tuple[Result, list[dict[str, str]]]], rules: str, said: str
) -> None:
    result, rows = scoring([HEAD, ["01", "A", *FULL]], rules=rules)
    assert (result.exit_code, rows) == (1, [])
    assert said in result.stderr


def test_the_circular_scores_sums_of_points(scoring: Callable[..., tuple[Result, list[dict[str, str]]]]) -> None:
    head = ["unit_code", "unit_name", *(f"{number}_{side}" for number in range(1, 9) for side in ("num", "den"))]
    result, rows = scoring([head, ["01", "A", *["15", "10"] * 8], ["02", "B", "21", "10", *["15", "10"] * 7]], rules="tt01-2018")
    assert result.exit_code == 1
    assert [(row["unit_code"], row["total"], row["total_max"], row["band"], row["missing"]) for row in rows] == [
        ("01", "13.50", "18", "Tốt", "CQ")
    ]
    assert "Row 3, column 1_num" in result.stderr


def test_a_total_that_was_stretched_says_from_what(scoring: Callable[..., tuple[Result, list[dict[str, str]]]]) -> None:
    head = ["unit_code", "unit_name", *(f"{number}_{side}" for number in range(1, 10) for side in ("num", "den"))]
    nothing = ["15", "10", *["0", "0"] * 8]
    result, rows = scoring([head, ["01", "A", *["15", "10"] * 9], ["02", "B", *nothing]], rules="tt01-2018")
    assert [row["total"] for row in rows] == ["13.50", "13.50"]
    assert "Total stretched to the maximum from what is there (points that could be had): 02 (2/18)." in result.stderr


cells = st.one_of(st.integers(0, 10**6).map(str), st.just(""), st.just("0"), st.text(max_size=6))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.lists(cells, min_size=6, max_size=6), min_size=1, max_size=4))
def test_every_row_is_taken_or_told(reading: Callable[[str | bytes], CountsFile], rows: list[list[str]]) -> None:
    printable = [["".join(sign for sign in cell if sign.isprintable()) for cell in row] for row in rows]
    head = ["unit_code", "unit_name", "2.1_num", "2.1_den", "5.4_num", "5.4_den"]
    numbered = [[f"{number:02d}", "Đ", *row[2:]] for number, row in enumerate(printable)]
    found = reading(text_of([head, *numbered]))
    assert {unit.row for unit in found.units} | {error.row for error in found.refused} == set(range(2, len(rows) + 2))
    assert not {unit.row for unit in found.units} & {error.row for error in found.refused}
