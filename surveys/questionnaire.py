"""Questionnaires: versions that are data (``questionnaires/v1.yaml``), and reading what a person filled in.

A version says which question comes first, what follows on which screen, and how wording and choices fit the end-point, the channel and
who applied. Once anybody has answered a question, a change of its meaning is a new version; answers keep theirs.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from surveys.models import END_POINTS

FOLDER = Path(__file__).parent / "questionnaires"
CURRENT = 2
RATING = "rating"  # the one question with a column of its own; 5 best
COMMENT = "comment"  # the free text, likewise
OTHER_PAPER = "other"  # a paper that is not on the procedure's list
MAX_COMMENT = 600  # characters
MOST_STEPS = 6  # screens after the first

Problem = Literal["missing", "unknown", "too_long"]
Layout = Literal["list", "row", "scale"]
Kind = Literal["choice", "paper", "text"]  # one of the choices; one of the procedure's papers; free text


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Choice(_Strict):
    """One answer that can be ticked. ``implies``: what it says about other questions, which are then not asked (code → choice)."""

    code: str = Field(pattern=r"^[a-z0-9+]{1,12}$")
    vi: str = Field(min_length=1)
    en: str = Field(min_length=1)
    implies: dict[str, str] = {}


class Condition(_Strict):
    """Whom something holds for; an empty list: for everybody. ``applicants``: citizen, enterprise."""

    end_points: frozenset[str] = frozenset()
    channels: frozenset[int] = frozenset()
    applicants: frozenset[str] = frozenset()

    def holds(self, end_point: str, channel: int, applicant: str | None) -> bool:
        """Whether it holds for somebody."""
        pairs: tuple[tuple[str | int | None, Collection[str | int]], ...] = (
            (end_point, self.end_points),
            (channel, self.channels),
            (applicant, self.applicants),
        )
        return all(not allowed or value in allowed for value, allowed in pairs)


class Variant(Condition):
    """How some people are asked a question; what is left out stays as it is for all."""

    vi: str | None = None
    en: str | None = None
    hint_vi: str | None = None
    hint_en: str | None = None
    layout: Layout | None = None
    scale: str | None = None


class Question(Condition):
    """A question, and whom it is asked. ``scale`` names a shared list of choices. Of the variants that hold, later ones win."""

    code: str = ""
    kind: Kind = "choice"
    vi: str = Field(min_length=1)
    en: str = Field(min_length=1)
    hint_vi: str = ""
    hint_en: str = ""
    layout: Layout = "list"
    scale: str | None = None
    choices: tuple[Choice, ...] = ()
    variants: tuple[Variant, ...] = ()
    read_out: bool = True  # whether an interviewer asks it too


class Screen(_Strict):
    """Questions that are asked together. ``when``: only where one of these questions was given one of these answers."""

    vi: str
    en: str
    asks: tuple[str, ...] = Field(min_length=1)
    when: dict[str, tuple[str, ...]] = {}


class Form(_Strict):
    """Which questions are asked at which end-points: ``first`` on a page of its own, the rest screen by screen."""

    end_points: tuple[str, ...] = Field(min_length=1)
    first: str
    steps: tuple[Screen, ...] = Field(max_length=MOST_STEPS)


class Questionnaire(_Strict):
    """One version. Every end-point has exactly one form."""

    version: int = Field(ge=1)
    valid_from: date
    scales: dict[str, tuple[Choice, ...]]
    questions: dict[str, Question]
    forms: tuple[Form, ...]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        asked = [end_point for form in self.forms for end_point in form.end_points]
        if sorted(asked) != sorted(END_POINTS):
            raise ValueError(f"the forms cover {sorted(asked)}, and must cover each of {sorted(END_POINTS)} once")
        for form in self.forms:
            for code in (form.first, *(code for step in form.steps for code in (*step.asks, *step.when))):
                if code not in self.questions:
                    raise ValueError(f"a form asks {code!r}, which is no question")
            before: tuple[str, ...] = (form.first,)
            for step in form.steps:  # the page that was sent decides which comes next: what is stored is not looked at to show a page
                if unknown := step.when.keys() - set(before):
                    raise ValueError(f"a screen depends on {unknown}, which the screen before it does not ask")
                before = step.asks
        for code, question in self.questions.items():
            scales = {scale for scale in (question.scale, *(variant.scale for variant in question.variants)) if scale is not None}
            if missing := scales - self.scales.keys():
                raise ValueError(f"question {code!r} uses the unknown scale {missing}")
            for choices in ([question.choices] if question.choices or not scales else []) + [self.scales[name] for name in scales]:
                codes = [choice.code for choice in choices]
                if question.kind == "choice" and (len(codes) < 2 or len(codes) != len(set(codes))):
                    raise ValueError(f"question {code!r} needs at least two choices with different codes")
        return self


@dataclass(frozen=True)
class Step:
    """A screen as one person sees it."""

    vi: str
    en: str
    questions: tuple[Question, ...]
    when: Mapping[str, tuple[str, ...]]

    def wanted(self, said: Mapping[str, str]) -> bool:
        """Whether it is asked after these answers (question code → choice code)."""
        return not self.when or any(said.get(code) in answers for code, answers in self.when.items())


@dataclass(frozen=True)
class Sheet:
    """What one person is asked: a first question, then steps that may all be left open."""

    first: Question
    steps: tuple[Step, ...]

    @property
    def all(self) -> tuple[Question, ...]:
        """All questions, in their order."""
        return (self.first, *(question for step in self.steps for question in step.questions))

    @property
    def more(self) -> tuple[Question, ...]:
        """The questions with fixed choices, but for the first: what an interviewer reads out."""
        return tuple(question for question in self.all[1:] if question.kind == "choice" and question.read_out)

    @property
    def comment(self) -> Question | None:
        """The question that is answered in own words."""
        return next((question for question in self.all if question.kind == "text"), None)


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


@lru_cache
def _codes() -> tuple[str, ...]:
    found: dict[str, None] = {}
    for version in versions():
        for code, question in load(version).questions.items():
            found[code] = None
            found |= {implied: None for choice in question.choices for implied in choice.implies}
    return tuple(code for code in found if code not in (RATING, COMMENT))


def question_codes() -> list[str]:
    """Codes of all questions but rating and comment, over all versions, in the order in which they first appear."""
    return list(_codes())


@cache
def sheet_for(version: int, end_point: str, channel: int, applicant: str | None = None) -> Sheet:
    """What somebody is asked who reached ``end_point`` having filed by ``channel`` (1 in person … 4 kiosk).

    ``applicant``: citizen, enterprise or None, not known.
    """
    questionnaire = load(version)
    form = next(form for form in questionnaire.forms if end_point in form.end_points)
    asked = {
        code: _worded(questionnaire, code, question, (end_point, channel, applicant))
        for code, question in questionnaire.questions.items()
        if question.holds(end_point, channel, applicant)
    }
    steps = (
        Step(step.vi, step.en, tuple(asked[code] for code in step.asks if code in asked), step.when) for step in form.steps
    )  # fmt: skip
    return Sheet(first=asked[form.first], steps=tuple(step for step in steps if step.questions))


def _worded(questionnaire: Questionnaire, code: str, question: Question, who: tuple[str, int, str | None]) -> Question:
    changes: dict[str, object] = {"code": code}
    wording = set(Variant.model_fields) - set(Condition.model_fields)
    for variant in question.variants:
        if variant.holds(*who):
            changes |= variant.model_dump(include=wording, exclude_none=True)
    scale = changes.get("scale", question.scale)
    if isinstance(scale, str):
        changes["choices"] = questionnaire.scales[scale]
    return question.model_copy(update=changes)


def read(questions: Collection[Question], data: Mapping[str, str], papers: Collection[str] = ()) -> Reading:
    """Check what was sent against the questions. Fields that are no question of theirs are not looked at.

    ``papers``: codes of the procedure's papers, for the question which one it was.
    """
    reading = Reading()
    for question in questions:
        if question.kind == "text":
            reading.comment = data.get(question.code, "").replace("\r\n", "\n").strip()
            if len(reading.comment) > MAX_COMMENT:
                reading.problems[question.code] = "too_long"
            continue
        chosen = data.get(question.code, "")
        choices = {choice.code: choice for choice in question.choices}
        if chosen in choices:
            reading.values |= {question.code: chosen, **choices[chosen].implies}
        elif question.kind == "paper" and chosen and (chosen == OTHER_PAPER or chosen in papers):
            reading.values[question.code] = chosen
        elif chosen:
            reading.problems[question.code] = "unknown"
    return reading
