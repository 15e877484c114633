"""Three layers of online service: what is planted as existing on paper only is found, and no other; no local figure is the nation's."""

from collections.abc import Collection, Mapping
from datetime import date

import pytest
from flask import Flask

from core.calendar import Month
from core.database import reading, writing
from procedures.models import Offering, Procedure, Unit
from procedures.offerings import Boundary, Declared, boundaries, declared, publish_list
from scorecard import operations, queries
from scorecard.availability import LOCAL, MINISTRY, SECTOR, Phantom, Service, find_phantoms, sector_code, service_rows
from scorecard.figures import COUNTRY, NATION, UNIT
from scorecard.rows import Place, Row
from scorecard.rulesets import PhantomRules
from scorecard.service_inputs import ServiceInputs
from tests.scorecard.small import BIRTH, BORN, BUILD, MONTH, NOW, Dossier, build, submit

RULES = PhantomRules(minimum_months=3, minimum_dossiers=10, longest_months=6)
PLACES = {
    "VN": Place("VN", "nation", None, None),
    "01": Place("01", "province", "VN", "01"),
    "46": Place("46", "province", "VN", "46"),
    "G01": Place("G01", "ministry", "VN", "G01"),
}


def service(unit: str, procedure: str, level: str = "full", since: str = "2025-07-01", reason: str = "", local: bool = True) -> Declared:
    return Declared(unit, procedure, level, reason, "" if level == "none" else since, local)


class Past:
    """Earlier months as a table; remembers what was asked."""

    def __init__(self, counts: Mapping[Month, Mapping[Service, tuple[int, int]]]) -> None:
        self.counts = counts
        self.asked: list[Month] = []

    def __call__(self, month: Month, wanted: Collection[Service]) -> dict[Service, tuple[int, int]]:
        self.asked.append(month)
        return {key: value for key, value in self.counts.get(month, {}).items() if key in wanted}


def planted(past_months: int, counts: Mapping[Service, tuple[int, int]]) -> Past:
    return Past({MONTH.plus(-back): counts for back in range(1, past_months + 1)})


@pytest.mark.parametrize(
    ("item", "now", "before", "months"),
    [
        (service("01", "A"), (5, 0), (4, 0), 4),  # a phantom: 5 + 3 × 4 dossiers in four months
        (service("01", "A"), (5, 1), (4, 0), None),  # one was filed online this month
        (service("01", "A"), (5, 0), (4, 1), None),  # and in the months before
        (service("01", "A", "none"), (5, 0), (4, 0), None),  # never declared
        (service("01", "A"), (0, 0), (4, 0), None),  # nobody came at all
        (service("01", "A"), (2, 0), (1, 0), None),  # too few dossiers
        (service("01", "A", since="2026-09-02"), (5, 0), (4, 0), None),  # not declared for long enough
        (service("01", "A", since="2026-08-01"), (5, 0), (4, 0), 3),  # for just long enough
        (service("01", "A", "partial", since="2026-08-02"), (50, 0), (40, 0), None),  # a month that began undeclared does not count
    ],
)
def test_a_service_on_paper_only(item: Declared, now: tuple[int, int], before: tuple[int, int], months: int | None) -> None:
    key = (item.unit_code, item.procedure_code)
    found = find_phantoms(ServiceInputs(declared=[item]), {key: now}, MONTH, RULES, planted(3, {key: before}))
    assert [phantom.months for phantom in found] == ([] if months is None else [months])
    if months:
        assert found == [Phantom(item, months, now[0] + (months - 1) * before[0], now[0])]


def test_earlier_months_are_asked_only_of_what_is_still_in_question() -> None:
    items = [service("01", "A"), service("01", "B")]
    past = Past({MONTH.plus(-1): {("01", "A"): (3, 2), ("01", "B"): (9, 0)}, MONTH.plus(-2): {("01", "B"): (9, 1)}})
    assert find_phantoms(ServiceInputs(declared=items), {("01", "A"): (9, 0), ("01", "B"): (9, 0)}, MONTH, RULES, past) == []
    assert past.asked == [MONTH.plus(-1), MONTH.plus(-2)]
    assert find_phantoms(ServiceInputs(declared=items), {("01", "A"): (99, 0)}, MONTH, None, past) == []


def rows_by(rows: list[Row]) -> dict[tuple[str, str, str, str], tuple[str, int | None, int | None]]:
    return {(row.subject_kind, row.subject_code, row.indicator, row.category): (row.status, row.numerator, row.denominator) for row in rows}


def test_the_local_level_never_passes_for_the_nation() -> None:
    local = {f"1.{number:06d}": ("Hộ tịch", True) for number in range(2177)}
    central = {f"2.{number:06d}": ("Thuế", False) for number in range(3350)}
    items = [service("01", code, "full" if number < 2014 else "none") for number, code in enumerate(local)]
    items += [service("G01", code, "partial" if number < 998 else "none", local=False) for number, code in enumerate(central)]
    found = rows_by(list(service_rows(ServiceInputs(declared=items, catalogue=local | central), PLACES, {}, [])))
    assert found[NATION, COUNTRY, "procedures_online", "total"] == ("value", 3012, 5527)
    assert found[NATION, COUNTRY, "procedures_online", LOCAL] == ("value", 2014, 2177)
    assert found[NATION, COUNTRY, "procedures_online", MINISTRY] == ("value", 998, 3350)
    national = [counts for (kind, _code, _name, category), counts in found.items() if kind == NATION and category == "total"]
    assert ("value", 2014, 2177) not in national
    assert found[SECTOR, "ho-tich", "procedures_online", "total"] == ("value", 2014, 2177)


def test_rows_of_provinces_ministries_sectors_and_the_nation() -> None:
    items = [
        service("01", "A"),
        service("01", "B", "partial", reason="Phải có mặt"),
        service("46", "B", "partial"),
        service("G01", "C", local=False),
    ]
    services = ServiceInputs(
        declared=items,
        catalogue={"A": ("Hộ tịch", True), "B": ("Hộ tịch", True), "C": ("Thuế", False)},
        boundaries=[Boundary("01", "QĐ 1", date(2026, 1, 1), ("A", "X")), Boundary("46", "QĐ 2", date(2026, 1, 1), ())],
    )
    use = {("01", "A"): (12, 0), ("01", "B"): (5, 4), ("G01", "C"): (7, 7)}
    found = rows_by(list(service_rows(services, PLACES, use, [Phantom(items[0], 3, 12, 12)])))
    assert found[UNIT, "01", "phantom_services", "total"] == ("value", 1, 2)
    assert found[UNIT, "01", "online_effective", "total"] == ("value", 1, 2)
    assert found[UNIT, "46", "online_effective", "total"] == ("not_applicable", None, None)
    assert found[UNIT, "G01", "online_effective", "total"] == ("value", 1, 1)
    assert found[NATION, COUNTRY, "phantom_services", "total"] == ("value", 1, 3)
    assert found[SECTOR, "ho-tich", "phantom_services", "total"] == ("value", 1, 2)
    assert found[NATION, COUNTRY, "partial_with_reason", "total"] == ("value", 1, 2)
    assert found[UNIT, "46", "partial_with_reason", "total"] == ("value", 0, 1)
    # published and covered are two numbers; a list known only as published has no coverage
    assert found[NATION, COUNTRY, "boundary_published", "total"] == ("value", 2, 2)
    assert found[NATION, COUNTRY, "boundary_coverage", "total"] == ("value", 1, 2)
    assert found[UNIT, "46", "boundary_published", "total"] == ("value", 1, 1)
    assert found[UNIT, "46", "boundary_coverage", "total"] == ("not_reported", None, None)


def test_without_lists_nothing_is_said_to_be_missing() -> None:
    found = rows_by(list(service_rows(ServiceInputs(), PLACES, {}, [])))
    assert {status for status, _numerator, _denominator in found.values()} == {"not_reported"}


def test_codes_of_sectors() -> None:
    assert sector_code("Hộ tịch") == "ho-tich"
    long = [sector_code(f"Một lĩnh vực rất dài về quản lý hoạt động xây dựng số {number}") for number in (1, 2)]
    assert all(len(code) <= 32 for code in long)
    assert len(set(long)) == 2


def test_since_when_a_service_is_online_without_a_break(sqlite_app: Flask) -> None:
    build([])
    with writing() as session:
        unit, procedure = (session.query(kind).filter_by(code=code).one() for kind, code in ((Unit, "46"), (Procedure, BUILD)))
        session.query(Offering).filter_by(unit_id=unit.id, procedure_id=procedure.id).delete()
        spans = [
            ("full", BORN, date(2026, 1, 1)),
            ("none", date(2026, 1, 1), date(2026, 3, 1)),
            ("partial", date(2026, 3, 1), date(2026, 6, 1)),
        ]
        for level, start, end in [*spans, ("full", date(2026, 6, 1), None)]:
            session.add(Offering(unit_id=unit.id, procedure_id=procedure.id, online_level=level, valid_from=start, valid_to=end))
    found = {(item.unit_code, item.procedure_code): item for item in declared(reading(), MONTH.last_day)}
    assert found["46", BUILD].since == "2026-03-01"
    assert found["01", BIRTH].since == BORN.isoformat()
    assert found["46", BUILD].online_level == "full"


def test_lists_of_procedures_follow_one_another(sqlite_app: Flask) -> None:
    build([])
    publish_list("01", [], "QĐ 1", date(2026, 1, 1))
    publish_list("01", [BIRTH, BIRTH], "QĐ 2", date(2026, 10, 1))
    assert boundaries(reading(), date(2026, 9, 30)) == [Boundary("01", "QĐ 1", date(2026, 1, 1), ())]
    assert boundaries(reading(), date(2026, 10, 1)) == [Boundary("01", "QĐ 2", date(2026, 10, 1), (BIRTH,))]


def phantom_country() -> list[Dossier]:
    """Three months: births in Hà Nội only at the counter, buildings there online too; in Huế births online once in the middle month."""
    found = []
    for month, first in enumerate((-60, -30, 1)):
        found += [Dossier(f"a{month}{n}", "00004", BIRTH, received=first + n, finished=None) for n in range(5)]
        found += [Dossier(f"b{month}{n}", "00008", BUILD, received=first + n, finished=None, channel=1 + (n == 0)) for n in range(5)]
        found += [
            Dossier(f"c{month}{n}", "19750", BIRTH, received=first + n, finished=None, source="hue", channel=1 + (month == 1 and n == 2))
            for n in range(5)
        ]
    return found


def test_planted_in_a_country_they_are_found_and_no_others(app: Flask) -> None:
    build(phantom_country())
    for source in ("hanoi", "hue"):
        submit(source, [str(MONTH)])
    edition = operations.close(MONTH, NOW, actor="test")
    table = queries.edition_table(edition, "phantom_services").to_dict("records")
    assert [(row["unit_code"], row["procedure_code"], row["months"], row["dossiers"], row["dossiers_now"]) for row in table] == [
        ("01", BIRTH, 3, 15, 5)
    ]
    assert table[0]["declared_since"] == BORN.isoformat()
    share = queries.figure_map(reading(), edition, UNIT, ["01"], ["phantom_services"])["01", "phantom_services", "raw"]
    assert (share.numerator, share.denominator) == (1, 2)
    levels = queries.edition_table(edition, "level_differences").to_dict("records")
    assert [(row["procedure_code"], row["provinces_full"], row["provinces_none"]) for row in levels if row["procedure_code"] == BUILD] == [
        (BUILD, 1, 1)
    ]
    assert operations.replay(MONTH).identical
