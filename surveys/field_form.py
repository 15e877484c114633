"""The short forms for people who were not invited (``field_form.yaml``): at an open link, at a kiosk, on a paper slip."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from surveys.questionnaire import COMMENT, MAX_COMMENT, Reading

PAPER_FORM = "paper"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldChoice(_Strict):
    """One answer that can be ticked."""

    code: str = Field(pattern=r"^[a-z0-9_+]{1,12}$")
    vi: str
    en: str


class FieldQuestion(_Strict):
    """A question with its choices."""

    code: str = ""
    vi: str
    en: str
    choices: tuple[FieldChoice, ...] = Field(min_length=2)


class FieldForm(_Strict):
    """All questions, and which of them each form asks."""

    version: int = Field(ge=1)
    questions: dict[str, FieldQuestion]
    forms: dict[str, tuple[str, ...]]


@lru_cache
def load() -> FieldForm:
    """The forms from their file. Raises ``pydantic.ValidationError``."""
    with Path(__file__).with_suffix(".yaml").open(encoding="utf-8") as stream:
        return FieldForm.model_validate(yaml.safe_load(stream))


@lru_cache
def questions(form: str) -> tuple[FieldQuestion, ...]:
    """What a form asks, in order."""
    whole = load()
    return tuple(whole.questions[code].model_copy(update={"code": code}) for code in whole.forms[form])


def read(form: str, data: Mapping[str, str], *, comment: bool = False) -> Reading:
    """Check what was filled in against a form; what the form does not ask is not looked at."""
    reading = Reading()
    for question in questions(form):
        chosen = data.get(question.code, "")
        if chosen in {choice.code for choice in question.choices}:
            reading.values[question.code] = chosen
        elif chosen:
            reading.problems[question.code] = "unknown"
    if comment:
        reading.comment = data.get(COMMENT, "").replace("\r\n", "\n").strip()
        if len(reading.comment) > MAX_COMMENT:
            reading.problems[COMMENT] = "too_long"
    return reading
