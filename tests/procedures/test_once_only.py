"""The class of a requested paper by the test in force on its day, publication, connection and look-ups."""

from datetime import date

import pytest

from procedures.once_only import FAILED, FOUND, OnceOnly, failed_words, read_tests, seed

PUBLISHED, CONNECTED = date(2026, 3, 1), date(2026, 7, 20)
LAW = OnceOnly(
    tests=read_tests(seed()["tests"]),
    published={"birth": PUBLISHED, "earlier_result": PUBLISHED, "land_certificate": None},
    connected={("civil", "01"): CONNECTED, ("results_store", "01"): CONNECTED, ("land", "01"): CONNECTED},
    lookups={"ho tich": "civil"},
    failed=failed_words(seed()["failed_lookups"]),
)


@pytest.mark.parametrize(
    ("day", "source", "looked_up", "expected", "test"),
    [
        (date(2020, 1, 1), "01", None, "F4", None),  # before any test
        (date(2025, 12, 1), "01", None, "F5", "nd47-2020"),  # not ready through connection
        (date(2026, 2, 1), "01", None, "F4", "nq66.7-2025"),  # not published yet
        (date(2026, 3, 1), "01", None, "F5", "nq66.7-2025"),  # published; the data cannot be retrieved, which the text excuses
        (date(2026, 7, 10), "01", None, "F12", "nd224-2026"),  # this text asks for publication alone
        (date(2026, 8, 5), "46", FOUND, "F5", "nd118-2025-4-2a"),  # never connected
        (date(2026, 8, 5), "01", None, "F12", "nd118-2025-4-2a"),
        (date(2026, 8, 5), "01", FOUND, "F1", "nd118-2025-4-2a"),
        (date(2026, 8, 5), "01", FAILED, "F2", "nd118-2025-4-2a"),
    ],
)
def test_a_paper_of_a_database(day: date, source: str, looked_up: str | None, expected: str, test: str | None) -> None:
    assert LAW.classify("birth", "civil", source, day, looked_up) == (expected, test)


@pytest.mark.parametrize(("looked_up", "expected"), [(None, "F23"), (FOUND, "F3"), (FAILED, "F2")])
def test_an_earlier_result(looked_up: str | None, expected: str) -> None:
    assert LAW.classify("earlier_result", "results_store", "01", date(2026, 9, 1), looked_up)[0] == expected


def test_nobody_is_charged_where_the_day_of_publication_is_not_known() -> None:
    assert LAW.classify("land_certificate", "land", "01", date(2026, 9, 1), FOUND)[0] == "F0"


@pytest.mark.parametrize(
    ("database", "outcome", "expected"),
    [
        ("Hộ tịch", "found", ("civil", FOUND)),
        ("ho-tich", None, ("civil", FOUND)),  # a look-up without a word on its outcome did not fail on record
        ("ho-tich", "Không tìm thấy", ("civil", FAILED)),
        ("ho-tich", "TIMEOUT", ("civil", FAILED)),
        ("thời tiết", "found", None),
    ],
)
def test_what_a_look_up_shows(database: str, outcome: str | None, expected: tuple[str, str] | None) -> None:
    assert LAW.lookup(database, outcome) == expected


def test_of_tests_in_force_the_youngest_is_applied() -> None:
    days = [
        (date(2020, 5, 24), None),
        (date(2020, 5, 25), "nd47-2020"),
        (date(2026, 6, 30), "nq66.7-2025"),
        (date(2026, 8, 4), "nd224-2026"),
    ]
    assert [getattr(LAW.test_on(day), "code", None) for day, _ in days] == [code for _, code in days]
