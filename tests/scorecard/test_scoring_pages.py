"""Published and recomputed scores of a place, and our own counts in the index's form: in a country where every dossier is known."""

import csv
from fractions import Fraction
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from core.database import reading, writing
from core.errors import InputError
from scorecard import official, operations
from scorecard.models import OfficialCount
from scorecard.scoring.counts_file import read_counts
from scorecard.scoring.library import find_scoring, kept_rules
from tests.lake import put
from tests.pages.helpers import text_of
from tests.scorecard.small import MONTH, NOW, Dossier, build, row_of

INDEX = find_scoring("qd766-2022")
IDS = [item.id for item in INDEX.indicators]
NOTHING = ("4.2b", "5.2", "5.3")


def counts_file(folder: Path, *codes: str, name: str = "COUNTS.csv") -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["unit_code", "unit_name", *(f"{item}_{side}" for item in IDS for side in ("num", "den")), "sync_coefficient"])
        for code in codes:
            writer.writerow([code, "", *(cell for item in IDS for cell in ((0, 0) if item in NOTHING else (1, 2))), "0.5"])
    return path


def scores_file(folder: Path) -> Path:
    path = folder / "scores_asof_2026-10-17.csv"
    path.write_text(
        "department_code,department_name,total_score,CKMB,TDGQ,CLGQ,TTTT,MDHL,MDSH\n"
        "H26,UBND Thành phố Hà Nội,52.96,9.00,10.00,6.25,5.50,15.33,13.00\n",
        encoding="utf-8",
    )
    return path


def words_of(value: Fraction | None) -> str:
    return f"{float(value or 0):.2f}".replace(".", ",")


def test_a_published_score_stands_with_its_maxima_and_says_what_is_not_known(sqlite_app: Flask, tmp_path: Path) -> None:
    build([])
    official.load(scores_file(tmp_path), None, NOW)
    said = text_of(sqlite_app.test_client().get("/localities/01/index").text)
    assert "Điểm công bố: 52,96/100, mức Trung bình." in said
    assert "10,00/20" in said
    assert "chưa biết phần điểm nào do không phát sinh" in said
    assert "4.2b (2), 5.2 (6), 5.3 (6)" in said
    assert "khảo sát" in said


def test_what_came_from_nothing_is_marked_and_taken_off_a_second_total(app: Flask, tmp_path: Path) -> None:
    build([])
    official.load(scores_file(tmp_path), None, NOW)
    loaded = official.load_counts(counts_file(tmp_path, "01"), MONTH, NOW)
    assert (loaded.units, loaded.scores, loaded.unmatched) == (1, len(IDS), [])
    said = text_of(app.test_client().get(f"/localities/01/index?month={MONTH}").text)
    assert "6/6, không phát sinh" in said
    assert "2/2, không phát sinh" in said
    page = official.recomputed(reading(), "01", str(MONTH), INDEX)
    assert page is not None
    assert [item.indicator.id for item in page.score.empty_full] == list(NOTHING)
    online = next(group for group in page.score.groups if group.group.id == "CLGQ")
    assert online.points == 2 * 5 / 8 + 4 / 2 + 6 / 2  # the coefficient of 0.5 halves the share of 3.3
    assert "4.2b, 5.2, 5.3 được đủ điểm dù không phát sinh" in said
    assert f"{words_of(page.score.total_without_empty)}/86" in said
    with app.app_context():  # a request of its own: the test's context would keep the language of the one before
        english = text_of(app.test_client().get(f"/localities/01/index?month={MONTH}&lang=en").text)
    assert "6/6, nothing arose" in english


def test_counts_are_taken_whole_or_not_at_all(sqlite_app: Flask, tmp_path: Path) -> None:
    build([])
    official.load_counts(counts_file(tmp_path, "01", "46"), MONTH, NOW)
    broken = counts_file(tmp_path, "01", name="BROKEN.csv")
    broken.write_text(broken.read_text(encoding="utf-8").replace("1,2", "x,2", 1), encoding="utf-8")
    with pytest.raises(InputError) as failure:
        official.load_counts(broken, MONTH, NOW)
    assert (failure.value.row, failure.value.field) == (2, "1.1_num")
    units = set(reading().scalars(select(OfficialCount.unit_code)))
    assert units == {"01", "46"}
    official.load_counts(counts_file(tmp_path, "46"), MONTH, NOW)  # again: replaced, not added
    with writing() as session:
        assert len(list(session.scalars(select(OfficialCount)))) == 2 * (len(IDS) + 1)


def test_a_place_without_scores_says_so_and_an_unknown_one_is_not_found(sqlite_app: Flask) -> None:
    build([])
    client = sqlite_app.test_client()
    assert "Chưa nạp điểm" in client.get("/localities/01/index").text
    assert client.get("/localities/nowhere/index").status_code == 404
    assert client.get("/localities/01/index?month=2026-10").status_code == 404
    assert client.get("/localities/01/index?month=soon").status_code == 404


def test_our_own_counts_fill_what_dossiers_determine_and_leave_the_rest_blank(sqlite_app: Flask, tmp_path: Path) -> None:
    dossiers = [row_of(Dossier(f"a{number}", channel=2 if number < 3 else 1)) for number in range(4)]
    put(build([]), [row | {"first_due_at": row["due_at"]} for row in dossiers])  # as sources send it
    edition = operations.close(MONTH, NOW, "test")
    folder = Path(sqlite_app.extensions["settings"].data_dir) / "editions" / edition.folder
    assert kept_rules(folder)["qd766-2022"] == INDEX
    target = tmp_path / "COUNTS.csv"
    result = sqlite_app.test_cli_runner().invoke(
        args=["scorecard", "score-counts", str(MONTH), "--output", str(target), "--bound", "upper"]
    )
    assert result.exit_code == 0, result.output
    with target.open(encoding="utf-8", newline="") as stream:
        rows = {row["unit_code"]: row for row in csv.DictReader(stream)}
    assert set(rows) == {"01", "46", "96"}
    hanoi = rows["01"]
    assert (hanoi["3.3_num"], hanoi["3.3_den"]) == ("3", "4")
    assert (hanoi["2.1_num"], hanoi["2.1_den"]) == ("4", "4")
    assert (hanoi["3.1_num"], hanoi["3.1_den"]) == ("2", "2")
    assert (hanoi["3.2_num"], hanoi["3.2_den"]) == ("1", "2")
    assert hanoi["simulated"] == "true"
    # neither decisions, payments and stores nor petitions are told here
    assert {item for item in IDS if not hanoi[f"{item}_num"]} == {
        *("1.1", "1.2", "1.3", "1.4", "3.5", "3.5b", "3.6", "4.2b", "4.4", "5.2", "5.3"),
    }
    assert (hanoi["5.4_num"], hanoi["5.4_den"]) == ("4", "4")
    assert rows["96"]["2.1_den"] == ""  # nothing was sent: not known, and not zero
    read = read_counts(target, INDEX)
    assert read.refused == []
    assert read.units[0].counts["3.3"] == (3, 4)
    scores = tmp_path / "SCORES.csv"
    chained = sqlite_app.test_cli_runner().invoke(
        args=["scorecard", "score", "--rules", "qd766-2022", str(target), "--output", str(scores)]
    )
    assert chained.exit_code == 0, chained.output
    with scores.open(encoding="utf-8", newline="") as stream:
        assert next(csv.DictReader(stream))["TDGQ"] == "20.00"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["2026-99"], "2026-10"),
        (["2025-01"], "no figures"),
        ([str(MONTH), "--kind", "kingdom"], "kingdom"),
        ([str(MONTH), "--rules", "x"], "no rule set"),
    ],
)
def test_own_counts_refuse_in_words(sqlite_app: Flask, tmp_path: Path, args: list[str], said: str) -> None:
    build([Dossier("a")])
    operations.close(MONTH, NOW, "test")
    result = sqlite_app.test_cli_runner().invoke(args=["scorecard", "score-counts", *args, "--output", str(tmp_path / "C.csv")])
    assert result.exit_code == 1
    assert said in result.stderr
    assert not (tmp_path / "C.csv").exists()


def test_a_replay_uses_the_rules_that_the_edition_kept(sqlite_app: Flask) -> None:
    build([Dossier("a")])
    edition = operations.close(MONTH, NOW, "test")
    folder = Path(sqlite_app.extensions["settings"].data_dir) / "editions" / edition.folder
    assert operations.replay(MONTH).identical
    (folder / "scoring_rules.json").write_text("[]", encoding="utf-8")
    assert operations.replay(MONTH).differences == ["input changed: scoring_rules.json"]
