"""Who sent what: expected, received, late, stale, silent; on lakes made by hand."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from core.calendar import Month
from core.database import reading, writing
from procedures import coverage
from procedures.coverage import SourceCoverage
from procedures.dossier_queries import files_of
from procedures.models import Source, Submission
from tests.procedures.feed import small_country
from tests.procedures.lake import at, put, row

OCTOBER = Month(2026, 10)
NOW = datetime(2026, 10, 22, 5, tzinfo=UTC)  # a Thursday
THURSDAY = date(2026, 10, 22)


def send(key: str, when: str, source: str = "h26", state: str = "accepted", parent: str | None = None, **values: Any) -> None:
    """A submission that touched October, or what ``values`` say."""
    month = values.pop("month", "2026-10")
    with writing() as session:
        session.add(
            Submission(
                key=key,
                source_id=session.query(Source).filter_by(code=source).one().id,
                profile="national-sync",
                file_name=f"{key}.jsonl",
                sha256="0" * 64,
                state=state,
                received_at=at(when),
                sent_by="cli",
                months=[month],
                parent_id=session.query(Submission).filter_by(key=parent).one().id if parent else None,
                way="release" if parent else "cli",
                **values,
            )
        )


def weekly(code: str, days: list[date], each: int, **changes: Any) -> list[dict[str, Any]]:
    return [row(f"{code}-{day:%y%m%d}-{n:04d}", f"{day} 08:15", **changes) for day in days for n in range(each)]


def seen(now: datetime = NOW, month: Month = OCTOBER) -> dict[str, SourceCoverage]:
    sources = reading().query(Source).order_by(Source.code).all()
    return {item.source.code: item for item in coverage.coverage(reading(), sources, month, now).sources}


def test_a_day_is_expected_to_be_like_the_same_weekday_of_the_last_eight_weeks(sqlite_app: Flask) -> None:
    small_country()
    thursdays = [THURSDAY - timedelta(weeks=back) for back in range(9)]
    put([*weekly("H26.12", thursdays[1:], 4), *weekly("H26.12", [THURSDAY - timedelta(days=1)], 2)])
    send("s1", "2026-10-21 20:00")
    days = {day.day.day: day for day in seen()["h26"].days}
    assert len(days) == 31
    assert (days[15].received, days[15].expected, days[15].state) == (4, 4.0, "some")
    assert (days[22].received, days[22].expected, days[22].state) == (0, 4.0, "none")
    assert (days[21].received, days[21].expected, days[21].state) == (2, 0.0, "some")
    assert (days[20].expected, days[20].state) == (0.0, "quiet")
    assert days[29].state == "ahead"
    assert [item.source.code for item in coverage.coverage(reading(), reading().query(Source).all(), OCTOBER, NOW).unsent] == ["h26", "h14"]
    assert seen()["h26"].missing == [THURSDAY]


def test_a_source_that_never_sent_is_expected_to_do_nothing_and_is_named_all_the_same(sqlite_app: Flask) -> None:
    small_country()
    found = seen()["h14"]
    assert {day.expected for day in found.days} == {None}
    assert {day.state for day in found.days} == {"quiet", "ahead"}
    assert (found.received, found.expected, found.last_sent, found.pause, found.silent, found.sent_today) == (
        0,
        None,
        None,
        None,
        False,
        False,
    )


@given(st.dictionaries(st.integers(1, 70), st.integers(0, 50)), st.integers(1, 70))
def test_expectation_is_a_median_of_what_was_seen_on_that_weekday(counts: dict[int, int], begun: int) -> None:
    received = {THURSDAY - timedelta(days=back): count for back, count in counts.items()}
    known = [received.get(THURSDAY - timedelta(weeks=week), 0) for week in range(1, 9) if week * 7 <= begun]
    usual = coverage.expected(received, THURSDAY - timedelta(days=begun), THURSDAY)
    if len(known) < 4:
        assert usual is None
    else:
        assert usual is not None
        assert sum(count < usual for count in known) * 2 <= len(known)
        assert sum(count > usual for count in known) * 2 <= len(known)


@pytest.mark.parametrize(
    ("received", "usual", "day", "expected"),
    [
        (0, 3.0, 21, "none"),
        (0, 2.5, 21, "quiet"),  # chance may do that
        (0, None, 21, "quiet"),
        (0, 9.0, 23, "ahead"),
        (4, 10.0, 21, "few"),
        (4, 10.0, 22, "some"),  # today is not over
        (5, 10.0, 21, "some"),
        (1, 9.0, 21, "some"),
    ],
)
def test_a_day_is_remarked_on_where_chance_hardly_explains_it(received: int, usual: float | None, day: int, expected: str) -> None:
    assert coverage.state(received, usual, date(2026, 10, day), THURSDAY) == expected


def test_late_is_what_can_be_shown_to_be_late(sqlite_app: Flask) -> None:
    small_country()
    put(
        [
            # received on the 1st; the first file that can have carried it came on the 5th
            row("A", "2026-10-01 08:00", updated_at=at("2026-10-05 08:00"), submission="first"),
            # received on the 2nd: that file came within three days; the state of the 4th came on the 20th
            row("B", "2026-10-02 08:00", updated_at=at("2026-10-04 08:00"), submission="second"),
            row("C", "2026-10-02 08:00", updated_at=at("2026-10-19 08:00"), submission="second"),
            # held back here and released later: it had arrived in time
            row("D", "2026-10-05 08:00", updated_at=at("2026-10-05 09:00"), submission="released"),
            # said again when a month was replaced: it had come long before
            row("F", "2026-10-02 08:00", updated_at=at("2026-10-02 09:00"), submission="replacing"),
            row("E", "2026-10-06 08:00", updated_at=at("2026-10-06 08:00"), submission="nobody knows"),
        ]
    )
    send("first", "2026-10-05 20:00")
    send("second", "2026-10-20 20:00")
    send("released", "2026-10-21 20:00", parent="first")
    send("replacing", "2026-10-20 21:00", replaces_month="2026-10")
    late = {day.day.day: day.late for day in seen()["h26"].days if day.received}
    assert late == {1: 1, 2: 1, 5: 0, 6: 1}  # nothing touched the month between the 6th and the 20th


def test_open_dossiers_that_nobody_touched_for_a_month_are_stale(sqlite_app: Flask) -> None:
    small_country()
    now = datetime(2026, 11, 20, 5, tzinfo=UTC)
    put(
        [
            row("A", "2026-10-01 08:00", status=4, updated_at=at("2026-10-20 23:00")),
            row("B", "2026-10-01 08:00", status=4, updated_at=at("2026-10-21 00:00")),  # thirty days ago
            row("C", "2026-10-01 08:00", status=9, updated_at=at("2026-10-02 00:00")),
        ]
    )
    assert seen(now)["h26"].stale == 1


def test_a_source_is_silent_when_it_pauses_longer_than_it_ever_did(app: Flask) -> None:
    small_country()
    for number, day in enumerate(("2026-10-05", "2026-10-06", "2026-10-09", "2026-10-12")):
        send(f"k{number}", f"{day} 20:00")
    send("refused", "2026-10-22 08:00", state="rejected")
    found = seen(datetime(2026, 10, 15, 5, tzinfo=UTC))["h26"]
    assert (found.last_sent, found.pause, found.silent) == (date(2026, 10, 12), 3, False)
    found = seen()["h26"]
    assert (found.last_sent, found.pause, found.silent, found.sent_today) == (date(2026, 10, 12), 3, True, False)
    send("today", "2026-10-22 09:00", state="received")  # waits to be read: it was sent
    assert seen()["h26"].sent_today


def test_only_the_files_of_the_sources_and_months_are_opened(sqlite_app: Flask) -> None:
    small_country()
    put([row("A", "2026-10-01 08:00"), row("B", "2026-09-01 08:00"), row("C", "2026-10-01 08:00", source="h14")])
    (path,) = files_of(["h26"], OCTOBER, OCTOBER)
    assert path.parent.name == "source=h26"
    assert path.parent.parent.name == "reception_month=2026-10"
    assert len(files_of(["h26"])) == 2
    assert len(files_of(["h26", "h14"], None, Month(2026, 9))) == 1
    assert files_of([]) == []


def test_a_new_file_is_counted_at_once(sqlite_app: Flask) -> None:
    small_country()
    put([row("A", "2026-10-01 08:00")])
    assert seen()["h26"].received == 1
    put([row("B", "2026-10-01 08:00")])
    assert seen()["h26"].received == 2
