"""A time with a zone is read with it or refused; the zone is never passed over."""

from pathlib import Path

from flask import Flask

from tests.procedures.feed import lake_rows, load, quarantined, small_country
from tests.procedures.test_semantics import english

READ = {
    "2026-10-08T08:15:00": "2026-10-08T01:15",
    "2026-10-08 8:15": "2026-10-08T01:15",
    "2026-10-08T08:15:00.250": "2026-10-08T01:15",
    "2026-10-08T08:15:00Z": "2026-10-08T08:15",
    "2026-10-08T08:15Z": "2026-10-08T08:15",
    "2026-10-08T08:15:00.250Z": "2026-10-08T08:15",
    "2026-10-08T08:15:00+09:00": "2026-10-07T23:15",
    "2026-10-08T08:15:00+0900": "2026-10-07T23:15",
    "2026-10-08 08:15+09": "2026-10-07T23:15",
    "2026-1-8 8:15+09:00": "2026-01-07T23:15",  # as long as the usual form
    "2026-10-08": "2026-10-07T17:00",
}
REFUSED = [
    "2026-10-31T23:30:00 UTC",
    "2026-10-08T08:15:00 America/New_York",
    "2026-10-08T08:15:00+00:00:00",
    "2026-10-08T08:15:00GMT",
    "2026-10-08T08:15:00z",
    "2026-10-08T08:15:0Z",
    "2026-10-8Z",
    "2026-10-08Z",
    "2026-10-08+07:00",
]


def test_times_are_read_with_their_zones(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    load(english(tmp_path / "a.csv", *({"received_at": text} for text in READ)), profile="flat-en")
    assert [f"{row['received_at']:%Y-%m-%dT%H:%M}" for row in lake_rows()] == list(READ.values())


def test_a_zone_that_is_not_understood_is_a_bad_date(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    result = load(english(tmp_path / "a.csv", *({"received_at": text} for text in REFUSED)), profile="flat-en")
    assert [row["reasons"] for row in quarantined(result.submission)] == ["bad_date"] * len(REFUSED)


def test_a_zone_in_a_file_of_usual_times_is_seen(sqlite_app: Flask, tmp_path: Path) -> None:
    small_country()
    for number, text in enumerate(["2026-10-08T08:15:0Z", "2026-10-8Z"]):
        result = load(english(tmp_path / f"{number}.csv", {}, {"received_at": text}), profile="flat-en")
        assert [(row["row"], row["reasons"]) for row in quarantined(result.submission)] == [("3", "bad_date")]
