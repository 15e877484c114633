"""The short form's answers are a series of their own, of the nation alone."""

from types import SimpleNamespace
from typing import Any, cast

import pandas as pd

from scorecard.figures import COUNTRY, NATION, NOT_APPLICABLE
from scorecard.rows import Row
from scorecard.short_form_indicators import AGAIN, CLEAR
from scorecard.survey_estimates import by_invitation
from scorecard.survey_measures import _short_form_rows


def answers(*said: tuple[str, str, str | None, str | None, bool]) -> pd.DataFrame:
    """End-point, mode, clarity, asked again, trial."""
    return pd.DataFrame(said, columns=["end_point", "mode", "clarity", "asked_again", "is_test"]).assign(rating=None)


def rows(frame: pd.DataFrame) -> dict[str, Row]:
    return {row.indicator: row for row in _short_form_rows(cast(Any, SimpleNamespace(answers=frame)))}


def test_only_short_forms_of_personal_links_are_in_it_and_trials_are_not() -> None:
    frame = answers(
        ("supplement", "link", "5", "yes", False),
        ("supplement", "link", "4", "no", False),
        ("supplement", "link", "1", "unsure", False),
        ("supplement", "link", "na", None, False),
        ("supplement", "link", "5", "yes", True),
        ("supplement", "paper", "5", "yes", False),
        ("returned", "link", "5", "yes", False),
    )
    found = rows(frame)
    assert {(row.subject_kind, row.subject_code) for row in found.values()} == {(NATION, COUNTRY)}
    assert (found[CLEAR].numerator, found[CLEAR].denominator, found[CLEAR].n) == (2, 3, 3)
    assert (found[AGAIN].numerator, found[AGAIN].denominator, found[AGAIN].n) == (1, 2, 3)
    assert list(by_invitation(frame)["end_point"]) == ["returned"]  # and none of it is in the rate of satisfaction


def test_without_short_forms_there_is_no_figure_and_no_zero() -> None:
    found = rows(answers(("returned", "link", "5", "yes", False)))
    assert {row.status for row in found.values()} == {NOT_APPLICABLE}
    assert {row.numerator for row in found.values()} == {None}
