"""Questionnaires are data: what a version must have, and what it asks whom."""

import re
from copy import deepcopy
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from surveys import questionnaire
from surveys.models import END_POINTS

RAW: dict[str, Any] = yaml.safe_load((questionnaire.FOLDER / "v2.yaml").read_text(encoding="utf-8"))
SCALE = {"1", "2", "3", "4", "5"}


def test_every_version_can_be_read_and_asks_at_every_end_point() -> None:
    assert questionnaire.CURRENT in questionnaire.versions()
    for version in questionnaire.versions():
        for end_point in END_POINTS:
            for channel in (1, 2, 3, 4):
                sheet = questionnaire.sheet_for(version, end_point, channel, "enterprise")
                assert len(sheet.first.choices) >= 3
                assert len(sheet.steps) <= questionnaire.MOST_STEPS
                assert all(question.vi and question.en and (question.choices or question.kind != "choice") for question in sheet.all)


def codes(version: int) -> dict[str, set[str]]:
    """Question codes of a version with the choices that an answer can have, implied ones too; texts and papers are left out."""
    found: dict[str, set[str]] = {}
    loaded = questionnaire.load(version)
    for end_point in END_POINTS:
        for question in questionnaire.sheet_for(version, end_point, 2).all:
            for choice in question.choices:
                found.setdefault(question.code, set()).add(choice.code)
                for implied, value in choice.implies.items():
                    found.setdefault(implied, set()).add(value)
    assert loaded.version == version
    return found


def test_the_codes_of_version_1_stay_what_they_were() -> None:
    assert codes(1) == {
        "rating": SCALE,
        "asked_again": {"yes", "no", "unsure"},
        "supplement_count": {"0", "1", "2+", "unsure"},
        **dict.fromkeys(("ease", "time", "clarity", "conduct"), SCALE | {"na"}),
        "assisted": {"yes", "no"},
        "extra_cost": {"yes", "no", "na"},
    }


def test_the_codes_that_the_scorecard_counts() -> None:
    assert codes(2) == {
        "rating": SCALE,
        "visits": {"0", "1", "2", "3+"},
        "supplement_count": {"0", "1", "2+", "unsure"},
        "asked_more": {"yes", "no", "unsure"},
        "asked_again": {"yes", "no", "unsure"},
        "how_asked": {"slip", "mouth", "both"},
        **dict.fromkeys(("ease", "time", "clarity", "conduct", "result", "trust"), SCALE | {"na"}),
        "on_time": {"yes", "no", "unsure"},
        "assisted": {"yes", "no"},
        "paid_outside": {"yes", "no", "refuse"},
        "extra_cost": {"yes", "no", "na"},
        "staff_present": {"alone", "beside", "tapped"},
    }


def test_the_first_question_has_five_answers_in_words() -> None:
    for end_point in END_POINTS:
        first = questionnaire.sheet_for(2, end_point, 1).first
        assert [choice.code for choice in first.choices] == ["5", "4", "3", "2", "1"]
        assert (first.code, first.layout) == ("clarity" if end_point == "supplement" else "rating", "list")


def test_wording_fits_the_end_point_the_channel_and_who_applied() -> None:
    def asked(end_point: str, channel: int, applicant: str | None) -> dict[str, str]:
        return {question.code: question.vi for question in questionnaire.sheet_for(2, end_point, channel, applicant).all}

    assert asked("returned", 1, "citizen")["rating"].startswith("Ông/Bà")
    assert asked("returned", 1, "enterprise")["rating"].startswith("Quý đơn vị")
    assert asked("supplement", 1, "enterprise")["clarity"].startswith("Quý đơn vị")
    assert "nộp lại" in asked("returned", 2, None)["visits"]
    assert "nộp lại" not in asked("returned", 1, None)["visits"]
    assert "từ chối" in asked("refused", 1, None)["result"]
    assert "result" not in asked("withdrawn", 1, None)
    assert "on_time" not in asked("stopped", 1, None)
    assert "từ chối" not in questionnaire.sheet_for(2, "returned", 1).first.hint_vi
    assert "không được chấp nhận" in questionnaire.sheet_for(2, "refused", 1).first.hint_vi


def test_an_answer_is_stored_under_each_code_that_it_speaks_to() -> None:
    sheet = questionnaire.sheet_for(2, "returned", 1)
    reading = questionnaire.read(sheet.all, {"paid_outside": "refuse", "supplement_count": "2+", "which_paper": "KQ.G15"}, {"KQ.G15"})
    assert reading.values == {
        "supplement_count": "2+", "asked_more": "yes", "which_paper": "KQ.G15", "paid_outside": "refuse", "extra_cost": "na",
    }  # fmt: skip
    assert questionnaire.read(sheet.all, {"which_paper": "KQ.G15"}, {"KQ.G16"}).problems == {"which_paper": "unknown"}
    assert questionnaire.read(sheet.all, {"which_paper": "other"}).values == {"which_paper": "other"}


def test_papers_are_asked_of_those_who_had_to_add_some() -> None:
    step = questionnaire.sheet_for(2, "returned", 1).steps[1]
    assert [question.code for question in step.questions] == ["how_asked", "which_paper"]
    assert [step.wanted(said) for said in ({}, {"supplement_count": "0"}, {"supplement_count": "1"}, {"asked_again": "yes"})] == [
        False, False, True, True,
    ]  # fmt: skip


def test_the_short_form_asks_no_rating() -> None:
    assert [question.code for question in questionnaire.sheet_for(1, "supplement", 1).all] == ["asked_again", "clarity", "comment"]
    short = questionnaire.sheet_for(2, "supplement", 1)
    assert [[question.code for question in step.questions] for step in short.steps] == [
        ["asked_again", "how_asked", "which_paper"],
        ["comment", "staff_present"],
    ]


def test_help_with_filing_online_is_asked_of_those_who_filed_online() -> None:
    assert "assisted" in {question.code for question in questionnaire.sheet_for(1, "returned", 2).more}
    assert "assisted" not in {question.code for question in questionnaire.sheet_for(1, "returned", 1).more}


def _without_form(raw: dict[str, Any]) -> None:
    raw["forms"].pop()


def _twice(raw: dict[str, Any]) -> None:
    raw["forms"][1]["end_points"].append("returned")


def _unknown_question(raw: dict[str, Any]) -> None:
    raw["forms"][0]["steps"][0]["asks"].append("weather")


def _unknown_scale(raw: dict[str, Any]) -> None:
    raw["questions"]["rating"]["scale"] = "stars"


def _unknown_scale_of_a_variant(raw: dict[str, Any]) -> None:
    raw["questions"]["clarity"]["variants"][0]["scale"] = "stars"


def _seven_screens(raw: dict[str, Any]) -> None:
    raw["forms"][0]["steps"].append({"vi": "Thêm", "en": "More", "asks": ["ease"]})


def _depends_on_what_was_said_long_ago(raw: dict[str, Any]) -> None:
    raw["forms"][0]["steps"][3]["when"] = {"visits": ["0"]}


def _same_code(raw: dict[str, Any]) -> None:
    raw["questions"]["assisted"]["choices"][1]["code"] = "yes"


def _no_english(raw: dict[str, Any]) -> None:
    del raw["questions"]["ease"]["en"]


def _misspelled(raw: dict[str, Any]) -> None:
    raw["questions"]["ease"]["hintvi"] = "?"


SPOILS = [_without_form, _twice, _unknown_question, _unknown_scale, _same_code, _no_english, _misspelled]
SPOILS += [_unknown_scale_of_a_variant, _seven_screens, _depends_on_what_was_said_long_ago]


@pytest.mark.parametrize("spoil", SPOILS)
def test_a_spoiled_questionnaire_is_refused(spoil: Any) -> None:
    raw = deepcopy(RAW)
    questionnaire.Questionnaire.model_validate(raw)
    spoil(raw)
    with pytest.raises(ValidationError):
        questionnaire.Questionnaire.model_validate(raw)


def test_questions_are_short_and_have_no_abbreviations() -> None:
    """Vietnamese writes each syllable apart: a question of twenty can be read in one breath."""
    for end_point in END_POINTS:
        for question in questionnaire.sheet_for(2, end_point, 2, "enterprise").all:
            assert len(question.vi.split()) <= 20, question.vi
            assert len(question.hint_vi.split()) <= 24, question.hint_vi
            for text in (question.vi, question.hint_vi, *(choice.vi for choice in question.choices)):
                assert not re.search(r"\b[A-ZĐ]{2,}\b", text), text


def test_an_interviewer_does_not_ask_who_stood_beside() -> None:
    sheet = questionnaire.sheet_for(2, "returned", 1)
    assert {"staff_present", "which_paper", "comment"}.isdisjoint({question.code for question in sheet.more})
    assert "visits" in {question.code for question in sheet.more}
