"""Questionnaires: versions that are data (``questionnaires/v1.yaml``), and reading what a person filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from surveys.models import END_POINTS

FOLDER = Path(__file__).parent / "questionnaires"
CURRENT = 1
RATING = "rating"  # the one question with a column of its own; 5 best
COMMENT = "comment"
MAX_COMMENT = 600  # characters

Problem = Literal["missing", "unknown", "too_long"]
Layout = Literal["list", "row", "scale"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Choice(_Strict):
    """One answer that can be ticked."""

    code: str = Field(pattern=r"^[a-z0-9+]{1,12}$")
    vi: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Question(_Strict):
    """A question with its choices. ``scale`` names a shared list of choices; ``channels`` empty: asked in every channel."""

    code: str = ""
    vi: str = Field(min_length=1)
    en: str = Field(min_length=1)
    hint_vi: str = ""
    hint_en: str = ""
    layout: Layout = "list"
    scale: str | None = None
    choices: tuple[Choice, ...] = ()
    channels: frozenset[int] = frozenset()


class Wording(_Strict):
    """How a form words or lays out a question differently."""

    vi: str
    en: str
    layout: Layout | None = None


class Form(_Strict):
    """Which questions are asked at which end-points: ``first`` on a page of its own, the rest on a second one."""

    end_points: tuple[str, ...] = Field(min_length=1)
    first: str
    more: tuple[str, ...]
    comment: bool
    wording: dict[str, Wording] = {}


class Questionnaire(_Strict):
    """One version. Every end-point has exactly one form."""

    version: int = Field(ge=1)
    valid_from: date
    scales: dict[str, tuple[Choice, ...]]
    questions: dict[str, Question]
    comment: Question
    forms: tuple[Form, ...]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        asked = [end_point for form in self.forms for end_point in form.end_points]
        if sorted(asked) != sorted(END_POINTS):
            raise ValueError(f"the forms cover {sorted(asked)}, and must cover each of {sorted(END_POINTS)} once")
        for form in self.forms:
            for code in (form.first, *form.more, *form.wording):
                if code not in self.questions:
                    raise ValueError(f"a form asks {code!r}, which is no question")
        for code, question in self.questions.items():
            if question.scale is not None and question.scale not in self.scales:
                raise ValueError(f"question {code!r} uses the unknown scale {question.scale!r}")
            codes = [choice.code for choice in self.choices(question)]
            if len(codes) < 2 or len(codes) != len(set(codes)):
                raise ValueError(f"question {code!r} needs at least two choices with different codes")
        return self

    def choices(self, question: Question) -> tuple[Choice, ...]:
        """The choices of a question, its own or those of its scale."""
        return self.scales[question.scale] if question.scale is not None else question.choices


@dataclass(frozen=True)
class Sheet:
    """What one person is asked: a first question, then more that may all be left open."""

    first: Question
    more: tuple[Question, ...]
    comment: Question | None


@dataclass
class Reading:
    """What was filled in. ``values``: question code to choice code, open questions left out; ``problems`` by field."""

    values: dict[str, str] = field(default_factory=dict)
    comment: str = ""
    problems: dict[str, Problem] = field(default_factory=dict)


@lru_cache
def load(version: int) -> Questionnaire:
    """A version from its file. Raises ``FileNotFoundError`` or ``pydantic.ValidationError``."""
    with (FOLDER / f"v{version}.yaml").open(encoding="utf-8") as stream:
        return Questionnaire.model_validate(yaml.safe_load(stream))


def versions() -> list[int]:
    """The versions there are, oldest first."""
    return sorted(int(path.stem[1:]) for path in FOLDER.glob("v*.yaml"))


def question_codes() -> list[str]:
    """Codes of all questions but the rating, over all versions, in the order in which they first appear."""
    codes = dict.fromkeys(code for version in versions() for code in load(version).questions)
    return [code for code in codes if code != RATING]


@lru_cache
def sheet_for(version: int, end_point: str, channel: int) -> Sheet:
    """What somebody is asked who reached ``end_point`` having filed by ``channel`` (1 in person … 4 kiosk)."""
    questionnaire = load(version)
    form = next(form for form in questionnaire.forms if end_point in form.end_points)

    def made(code: str) -> Question:
        question = questionnaire.questions[code]
        worded = form.wording[code].model_dump(exclude_none=True) if code in form.wording else {}
        return question.model_copy(update={"code": code, "choices": questionnaire.choices(question), **worded})

    more = tuple(made(code) for code in form.more)
    return Sheet(
        first=made(form.first),
        more=tuple(question for question in more if not question.channels or channel in question.channels),
        comment=questionnaire.comment.model_copy(update={"code": COMMENT}) if form.comment else None,
    )


def read(sheet: Sheet, data: Mapping[str, str]) -> Reading:
    """Check what was sent against the sheet. Fields that the sheet does not have are not looked at."""
    reading = Reading()
    for question in (sheet.first, *sheet.more):
        chosen = data.get(question.code, "")
        if not chosen:
            continue
        if chosen in {choice.code for choice in question.choices}:
            reading.values[question.code] = chosen
        else:
            reading.problems[question.code] = "unknown"
    if sheet.comment is not None:
        reading.comment = data.get(COMMENT, "").replace("\r\n", "\n").strip()
        if len(reading.comment) > MAX_COMMENT:
            reading.problems[COMMENT] = "too_long"
    return reading
