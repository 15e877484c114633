"""The dossiers behind a recorded figure are those that it counted."""

import pytest
from flask import Flask

from core.database import reading
from core.errors import InputError
from scorecard import operations, queries
from scorecard.listing import open_figure
from scorecard.models import Edition
from tests.scorecard.small import BIRTH, BUILD, MONTH, NOW, Dossier, add_dossiers, build

OWN = {"00004", "00008"}
DOSSIERS = [
    Dossier("1", channel=2, finished=8),
    Dossier("2", finished=16),  # after its deadline
    Dossier("3", unit="00008", procedure=BUILD, finished=9, requests=[(2, ["Giấy khai sinh"])]),
    Dossier("4", finished=None, requests=[(3, ["Bản vẽ thiết kế"]), (4, ["Giấy tờ khác"])]),  # open, asked twice, overdue
    Dossier("5", received=-20, due=None, finished=3),  # of an earlier month
    Dossier("6", unit="19750", finished=8, requests=[(2, ["Giấy khai sinh"])]),  # another province's
]
EXPECTED = {
    "received": "1234",
    "online": "1",
    "supplement": "34",
    "repeat_supplement": "4",
    "late": "24",
    "asked_again": "3",
    "asked_again_upper": "34",
}


@pytest.fixture
def edition(sqlite_app: Flask) -> Edition:
    """October, closed."""
    build(DOSSIERS)
    return operations.close(MONTH, NOW, "test")


@pytest.mark.parametrize("figure", EXPECTED)
def test_a_figure_opens_to_what_it_counted(edition: Edition, figure: str) -> None:
    assert "".join(sorted(row.dossier_code for row in open_figure(edition, figure, OWN))) == EXPECTED[figure]
    of_build = [row.dossier_code for row in open_figure(edition, figure, OWN, BUILD)]
    assert of_build == [code for code in EXPECTED[figure] if code == "3"]


def test_the_list_is_as_long_as_the_figure_and_stays_so_after_the_cut_off(edition: Edition) -> None:
    add_dossiers([Dossier("7", finished=5, requests=[(3, ["Giấy khai sinh"])])])
    figures = queries.figure_map(reading(), edition, "unit", ["01"])
    for figure, indicator, variant in (
        ("received", "online_filing", "raw"),
        ("supplement", "supplement", "raw"),
        ("asked_again", "asked_again_recorded", "lower"),
        ("asked_again_upper", "asked_again_recorded", "upper"),
    ):
        measured = figures["01", indicator, variant]
        counted = measured.denominator if figure == "received" else measured.numerator
        assert len(open_figure(edition, figure, {*OWN, "01"})) == counted, figure


def test_a_register_narrows_the_list_and_papers_are_named(edition: Edition) -> None:
    (row,) = open_figure(edition, "asked_again", OWN, register_code="civil")
    assert (row.dossier_code, row.requested_paper) == ("3", "Giấy khai sinh")
    assert open_figure(edition, "asked_again", OWN, register_code="land") == []
    assert open_figure(edition, "asked_again", OWN, BIRTH) == []


def test_an_unknown_figure_is_refused(edition: Edition) -> None:
    with pytest.raises(InputError):
        open_figure(edition, "satisfaction", OWN)
