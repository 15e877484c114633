"""What is released is as old as the file in which it came: for how long it is kept, and who sent something lately."""

from datetime import timedelta
from pathlib import Path

from flask import Flask

from core.calendar import Month, local_date
from core.database import reading
from procedures import coverage, feeds, jobs, quarantine, submission_pages
from procedures.code_pages import waiting
from procedures.models import Source, Submission
from tests.procedures.feed import NOW, load, quarantined, small_country
from tests.procedures.test_release import declare, new_procedure
from tests.procedures.test_semantics import english


def _held_again(tmp_path: Path) -> Submission:
    """A row that waited for two codes: one is known after 60 days, so that it waits in a release's file."""
    small_country()
    rows = {"unit_code": "SO-XD"}, {"unit_code": "SO-XD", "procedure_code": "9.999999"}, {}
    load(english(tmp_path / "a.csv", *rows), profile="flat-en")
    declare("SO-XD")
    assert feeds.release(NOW + timedelta(days=60))
    reading().rollback()
    released = reading().query(Submission).filter_by(way="release").one()
    assert released.rows_quarantined == 1
    return released


def test_rows_held_again_are_kept_as_long_as_those_of_their_file(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        released = _held_again(tmp_path)
        path, sources = quarantine.path_of(released.key), reading().query(Source).all()
        last = NOW + timedelta(days=90)
        jobs.purge(last - timedelta(minutes=1))
        assert path.is_file()
        assert released in waiting(reading(), sources, last - timedelta(minutes=1))
        assert waiting(reading(), sources, last + timedelta(minutes=1)) == []
        new_procedure("9.999999")
        assert quarantine.releasable(last + timedelta(minutes=1), None) == []
        jobs.purge(last + timedelta(minutes=1))
        assert not path.is_file()


def test_the_page_says_the_day_on_which_they_go(app: Flask, tmp_path: Path) -> None:
    with app.test_request_context():
        assert "18/2/2027" in submission_pages.fate(_held_again(tmp_path)).rows.replace("/02/", "/2/")


def test_a_release_is_nothing_that_a_source_sent(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        _held_again(tmp_path)
        new_procedure("9.999999")
        at = NOW + timedelta(days=70)
        assert feeds.release(at)
        sources = reading().query(Source).filter_by(code="h26").all()
        (row,) = coverage.coverage(reading(), sources, Month.of(NOW), at).sources
        assert (row.last_sent, row.sent_today) == (local_date(NOW), False)


def test_a_row_with_only_an_unknown_column_filled_is_counted(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        small_country()
        path = english(tmp_path / "a.csv", {"ghi chú": ""})
        width = path.read_text().splitlines()[0].count(",")
        path.write_text(path.read_text() + "," * width + "Hồ sơ chưa có mã\n" + "," * width + "\n")
        result = load(path, profile="flat-en")
        assert (result.received, result.accepted, result.quarantined) == (2, 1, 1)
        (row,) = quarantined(result.submission)
        assert "missing_field" in row["reasons"]
        assert row["ghi chú"] == "[removed]"
