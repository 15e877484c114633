"""Questionnaires are data: what a version must have, and what it asks whom."""

from copy import deepcopy
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from surveys import questionnaire
from surveys.models import END_POINTS

RAW: dict[str, Any] = yaml.safe_load((questionnaire.FOLDER / "v1.yaml").read_text(encoding="utf-8"))


def test_every_version_can_be_read_and_asks_at_every_end_point() -> None:
    assert questionnaire.CURRENT in questionnaire.versions()
    for version in questionnaire.versions():
        for end_point in END_POINTS:
            sheet = questionnaire.sheet_for(version, end_point, 1)
            assert sheet.first.choices
            assert all(question.vi and question.en and question.choices for question in sheet.more)


def test_the_codes_that_the_scorecard_counts() -> None:
    codes = {
        code: {choice.code for choice in questionnaire.load(1).choices(question)}
        for code, question in questionnaire.load(1).questions.items()
    }
    scale = {"1", "2", "3", "4", "5"}
    assert codes == {
        "rating": scale,
        "asked_again": {"yes", "no", "unsure"},
        "supplement_count": {"0", "1", "2+", "unsure"},
        **dict.fromkeys(("ease", "time", "clarity", "conduct"), scale | {"na"}),
        "assisted": {"yes", "no"},
        "extra_cost": {"yes", "no", "na"},
    }


def test_the_short_form_asks_two_questions_and_no_rating() -> None:
    sheet = questionnaire.sheet_for(1, "supplement", 1)
    assert [sheet.first.code, *(question.code for question in sheet.more)] == ["asked_again", "clarity"]


def test_help_with_filing_online_is_asked_of_those_who_filed_online() -> None:
    assert "assisted" in {question.code for question in questionnaire.sheet_for(1, "returned", 2).more}
    assert "assisted" not in {question.code for question in questionnaire.sheet_for(1, "returned", 1).more}


def _without_form(raw: dict[str, Any]) -> None:
    raw["forms"].pop()


def _twice(raw: dict[str, Any]) -> None:
    raw["forms"][1]["end_points"].append("returned")


def _unknown_question(raw: dict[str, Any]) -> None:
    raw["forms"][0]["more"].append("weather")


def _unknown_scale(raw: dict[str, Any]) -> None:
    raw["questions"]["rating"]["scale"] = "stars"


def _same_code(raw: dict[str, Any]) -> None:
    raw["questions"]["assisted"]["choices"][1]["code"] = "yes"


def _no_english(raw: dict[str, Any]) -> None:
    del raw["questions"]["ease"]["en"]


def _misspelled(raw: dict[str, Any]) -> None:
    raw["questions"]["ease"]["hintvi"] = "?"


@pytest.mark.parametrize("spoil", [_without_form, _twice, _unknown_question, _unknown_scale, _same_code, _no_english, _misspelled])
def test_a_spoiled_questionnaire_is_refused(spoil: Any) -> None:
    raw = deepcopy(RAW)
    questionnaire.Questionnaire.model_validate(raw)
    spoil(raw)
    with pytest.raises(ValidationError):
        questionnaire.Questionnaire.model_validate(raw)
