"""A month closed on a country made by hand: every figure recomputed here from the list of dossiers and answers."""

import shutil
from datetime import timedelta

import pytest
from flask import Flask

from core.calendar import Month
from core.database import reading
from core.errors import InputError
from scorecard import operations, queries
from scorecard.figures import Figure
from scorecard.indicators import INDICATORS, LAKE
from scorecard.statistics import wilson
from tests.scorecard.small import BIRTH, BUILD, MONTH, NOW, Dossier, answer, answers, build, invite, submit

DOSSIERS = [
    # Ba Đình: received and ended in the month, on time and late, online and at the counter
    Dossier("a1", channel=2, finished=5, due=10),
    Dossier("a2", channel=2, finished=12, due=10),
    Dossier("a3", channel=1, finished=10, due=10),
    Dossier("a4", channel=3, finished=4, due=None),
    # received before, ended in it
    Dossier("a5", received=-20, finished=3, due=2),
    # due in it, still open at its end (finished afterwards): overdue and not ended in it
    Dossier("a6", finished=33, due=20),
    Dossier("a7", finished=None, due=20),
    # open and not yet due: received only
    Dossier("a8", finished=None, due=60),
    # first instants of the month and of the next one, as cut in Viet Nam
    Dossier("a9", received=0, finished=None, due=60),
    Dossier("b0", received=31, finished=32, due=40),
    # asked: a paper of a register; the same again; a drawing (known, held by nobody); a form; nothing named; an unknown paper
    Dossier("c1", finished=6, requests=[(2, ["Bản sao Giấy khai sinh"])]),
    Dossier("c2", finished=6, requests=[(2, ["Giấy khai sinh"]), (3, ["Giấy khai sinh"])]),
    Dossier("c3", procedure=BUILD, finished=6, requests=[(2, ["Bản vẽ thiết kế"])]),
    Dossier("c4", procedure=BUILD, finished=6, requests=[(2, ["Đơn đề nghị cấp giấy khai sinh"])]),
    Dossier("c5", finished=None, due=60, requests=[(2, [])]),
    Dossier("c6", finished=6, requests=[(2, ["Giấy gì đó"])]),
    # asked after the month's end only: not yet a supplement of this month
    Dossier("c7", finished=7, requests=[(35, ["Giấy khai sinh"])]),
    # a department, another province, a foreign source that stays out
    Dossier("d1", unit="H26.02", channel=2, finished=3),
    Dossier("e1", unit="19750", source="hue", channel=2, finished=3),
    Dossier("f1", unit="00004", source="abroad", finished=3),
]


def figure(code: str, indicator: str, variant: str = "raw", kind: str | None = None) -> Figure:
    session = reading()
    edition = queries.edition_of(session, MONTH, include_unpublished=True)
    assert edition is not None
    found = queries.figures(session, edition, kind, [code], [indicator])
    return next(item for item in found if item.variant == variant)


def test_recorded_figures_are_those_of_the_list(app: Flask) -> None:
    build(DOSSIERS)
    edition = operations.close(MONTH, NOW, "test")
    assert (edition.state, edition.version, edition.simulated, edition.rule_version) == ("closed", 1, True, "tthc-2026-1")

    here = [item for item in DOSSIERS if item.source != "abroad" and item.unit == "00004"]
    received = [item for item in here if 0 <= item.received < 31]
    ended = [item for item in here if item.finished is not None and 0 <= item.finished < 31]
    cohort = [item for item in here if item in ended or any(0 <= day < 31 for day, _ in item.requests)]
    due = [item for item in ended if item.due is not None] + [
        item for item in here if item.due is not None and 0 <= item.due < 31 and (item.finished is None or item.finished >= 31)
    ]
    in_time = [item for item in ended if item.due is not None and item.finished is not None and item.finished <= item.due]
    expected = {
        ("online_filing", "raw"): (sum(item.channel == 2 for item in received), len(received)),
        ("on_time", "raw"): (len(in_time), len(due)),
        ("supplement", "raw"): (6, len(cohort)),
        ("repeat_supplement", "raw"): (1, len(cohort)),
        ("asked_again_recorded", "lower"): (2, len(cohort)),
        ("asked_again_recorded", "upper"): (4, len(cohort)),
    }
    for (indicator, variant), (numerator, denominator) in expected.items():
        shown = figure("00004", indicator, variant)
        assert (shown.numerator, shown.denominator, shown.status) == (numerator, denominator, "value"), indicator
        assert shown.value == pytest.approx(numerator / denominator, rel=1e-9)
        assert (shown.low, shown.high) == pytest.approx(wilson(numerator, denominator), rel=1e-9)


def test_units_count_with_everything_below_them(sqlite_app: Flask) -> None:
    build(DOSSIERS)
    operations.close(MONTH, NOW, "test")
    ward, department, province, other, nation = (
        figure(code, "online_filing").denominator for code in ("00004", "H26.02", "01", "46", "VN")
    )
    assert None not in (ward, department, other)
    assert province == ward + department  # type: ignore[operator]
    assert nation == province + other  # type: ignore[operator]
    assert figure(BIRTH, "supplement", kind="procedure").denominator == 12
    assert figure(BUILD, "supplement", kind="procedure").numerator == 2


def test_no_data_is_never_zero(sqlite_app: Flask) -> None:
    """A ward without dossiers in a province that reports, a ward of a silent province, and one whose source sent an empty month."""
    build(DOSSIERS)
    operations.close(MONTH, NOW, "test")
    assert figure("00008", "online_filing").status == "not_applicable"
    assert figure("31000", "online_filing").status == "not_reported"
    assert figure("96", "satisfaction").status == "not_reported"
    assert figure("00004", "offered_online").status == "not_applicable"
    assert figure("96", "offered_online").status == "not_reported"
    for item in (figure("00008", "online_filing"), figure("31000", "online_filing")):
        assert {item.numerator, item.denominator, item.value, item.low, item.high, item.n} == {None}
    submit("camau", [str(MONTH)])
    operations.close(MONTH, NOW + timedelta(hours=1), "test")
    assert figure("31000", "online_filing").status == "not_applicable"


def test_shares_of_the_catalogue(sqlite_app: Flask) -> None:
    build(DOSSIERS)
    operations.close(MONTH, NOW, "test")
    shares = {
        code: [(figure(code, name).numerator, figure(code, name).denominator) for name in ("offered_online", "offered_full_online")]
        for code in ("01", "46", "VN", BIRTH)
    }
    assert shares == {"01": [(2, 2), (2, 2)], "46": [(1, 2), (0, 2)], "VN": [(3, 4), (2, 4)], BIRTH: [(2, 2), (1, 2)]}
    assert figure("VN", "offered_online").low is None


def test_survey_figures(app: Flask) -> None:
    build(DOSSIERS)
    rows = [("00004", 5, BIRTH, 0, None, {"asked_again": "no", "supplement_count": "0"})] * 20
    rows += [("00004", 2, BIRTH, 0, None, {"asked_again": "yes", "supplement_count": "1"})] * 6
    rows += [("00004", 4, BIRTH, 1, None, {"asked_again": "unsure", "supplement_count": "2+"})] * 5
    rows += [("00004", None, BIRTH, 1, None, {"supplement_count": "unsure"})] * 4
    answers(rows)
    answers([("00004", None, BIRTH, 1, None, {"asked_again": "yes"})] * 50, end_point="supplement")  # the short form stays out
    invite("00004", 65)
    operations.close(MONTH, NOW, "test")
    for code in ("00004", "01", "VN"):
        satisfied = figure(code, "satisfaction")
        assert (satisfied.numerator, satisfied.denominator, satisfied.n, satisfied.grey) == (25, 31, 31, False)
        again = figure(code, "asked_again_experienced")
        assert (again.numerator, again.denominator, again.n) == (6, 26, 31)
        mismatch = figure(code, "mismatch_any")
        assert (mismatch.numerator, mismatch.denominator) == (6, 31)
        # six were asked for papers without a record of it, five with one: none says that it was not asked
        if code == "00004":  # communes are told apart over twelve months
            with pytest.raises(StopIteration):
                figure(code, "unrecorded_supplement")
        else:
            unrecorded = figure(code, "unrecorded_supplement")
            assert (unrecorded.numerator, unrecorded.denominator) == (6, 31)
            assert figure(code, "unconfirmed_supplement").status == "suppressed"
        response = figure(code, "response_rate")
        assert (response.numerator, response.denominator) == (35, 100)


def test_small_cells_leave_no_number_behind(app: Flask) -> None:
    build(DOSSIERS)
    many = [("00004", 5, 30), ("00004", 2, 10), ("00008", 4, 9), ("00025", 4, 10), ("00025", 1, 5)]
    answers([(unit, rating, BIRTH, 0, None, {}) for unit, rating, number in many for _ in range(number)])
    operations.close(MONTH, NOW, "test")
    assert figure("00004", "satisfaction").status == "value"
    assert figure("00008", "satisfaction").status == "too_few"
    assert figure("00025", "satisfaction").status == "suppressed"  # or 64 − 40 − 15 would give the nine away
    for code in ("00008", "00025"):
        for indicator in ("satisfaction", "response_rate", "asked_again_experienced", "mismatch_any"):
            item = figure(code, indicator)
            assert {item.numerator, item.denominator, item.value, item.low, item.high, item.n} == {None}, (code, indicator)


def test_ten_to_twenty_nine_answers_are_grey(sqlite_app: Flask) -> None:
    build(DOSSIERS)
    answers([("00004", 5, BIRTH, 0, None, {})] * 20 + [("00004", 1, BIRTH, 0, None, {})] * 9)
    operations.close(MONTH, NOW, "test")
    assert figure("00004", "satisfaction").grey
    assert not figure("00004", "online_filing").grey


def test_answers_after_the_first_close_are_in_no_version_of_the_month(sqlite_app: Flask) -> None:
    build(DOSSIERS)
    answers([("00004", 5, BIRTH, 0, None, {})] * 12 + [("00004", 2, BIRTH, 0, None, {})] * 5)
    answer("00004", 1, when=NOW + timedelta(minutes=1))
    first = operations.close(MONTH, NOW, "test")
    assert figure("00004", "satisfaction").numerator == 12
    second = operations.close(MONTH, NOW + timedelta(hours=1), "test")
    assert figure("00004", "satisfaction").denominator == 17  # one more would stand open in the difference of two versions
    assert first.id == second.id


def test_a_month_that_is_not_over_is_refused(sqlite_app: Flask) -> None:
    with pytest.raises(InputError, match="not over"):
        operations.close(MONTH, MONTH.end - timedelta(seconds=1), "test")


def test_a_month_without_rules_is_refused(sqlite_app: Flask) -> None:
    with pytest.raises(InputError, match="2024-01"):
        operations.close(Month(2024, 1), NOW, "test")


def test_requests_that_are_only_counted_name_no_paper(sqlite_app: Flask) -> None:
    build([Dossier("a", counted=2), Dossier("b", counted=1), Dossier("c")])
    operations.close(MONTH, NOW, "test")
    assert [figure("00004", name).numerator for name in ("supplement", "repeat_supplement")] == [2, 1]
    bounds = [figure("00004", "asked_again_recorded", variant).numerator for variant in ("lower", "upper")]
    assert bounds == [0, 2]


def test_a_month_before_any_dossier_came(sqlite_app: Flask) -> None:
    build([])
    shutil.rmtree(sqlite_app.extensions["settings"].data_dir / "lake")
    edition = operations.close(MONTH, NOW, "test")
    recorded = {code for code, indicator in INDICATORS.items() if indicator.kind == LAKE}
    states = {item.status for item in queries.figures(reading(), edition) if item.indicator in recorded}
    assert states == {"not_reported"}
    assert operations.replay(MONTH).identical
    assert queries.gaps(reading(), edition) == []


def test_a_unit_that_no_list_knows_counts_for_the_nation_alone(sqlite_app: Flask) -> None:
    build([Dossier("a"), Dossier("b", unit="99999")])
    edition = operations.close(MONTH, NOW, "test")
    assert edition.facts["unknown_units"] == ["99999"]
    assert (figure("VN", "online_filing").denominator, figure("01", "online_filing").denominator) == (2, 1)
