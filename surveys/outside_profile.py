"""Mapping profiles of ratings collected elsewhere: which column says what, which end of the scale is best, what is no answer."""

from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import InputError

FOLDER = Path(__file__).with_name("outside_profiles")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Scale(_Strict):
    """The two ends as the source has them; ``best`` may be the smaller number. ``unknown``: codes for "don't know" and refusals."""

    worst: float
    best: float
    unknown: list[float] = []

    @model_validator(mode="after")
    def _long(self) -> Self:
        if self.worst == self.best:
            raise ValueError("a scale needs two different ends")
        return self


class Question(_Strict):
    """A question's column, or, by ``levels``, one column for each answer with the number of people who gave it (column → answer).

    Its own ``scale`` and ``unknown`` codes where they differ. ``labels``: text in the file → number.
    """

    column: str | None = None
    levels: dict[str, float] = {}
    vi: str
    en: str
    scale: Scale | None = None
    labels: dict[str, float] = {}

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.column is None) == (not self.levels):
            raise ValueError("a question has either 'column' or 'levels'")
        return self

    @property
    def columns(self) -> list[str]:
        """All its columns."""
        return [self.column] if self.column is not None else [*self.levels]


class Period(_Strict):
    """The column that says when, a day before its month where it has one; ``quarter``: another one beside a year."""

    column: str
    form: Literal["month", "year", "text"] = Field(alias="as")
    quarter: str | None = None


class Exclusion(_Strict):
    """Rows that are no answers, and why: the column is missing, or holds one of these texts."""

    column: str
    missing: bool = False
    values: list[str] = []
    reason_vi: str = Field(min_length=1)
    reason_en: str = Field(min_length=1)

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if not self.missing and not self.values:
            raise ValueError("an exclusion needs 'missing: true' or 'values'")
        return self


class Profile(_Strict):
    """How one file is read. ``rows``: each is one person's ``answers`` (with an optional ``weight``), the ``means`` of a group of
    ``answered`` people, or ``counts``: the one answer of ``answered`` people, or how many gave each answer (``levels``)."""

    code: str = Field(pattern=r"^[a-z0-9-]{1,60}$")
    title_vi: str
    title_en: str
    source_vi: str = Field(min_length=1)
    source_en: str = Field(min_length=1)
    rows: Literal["answers", "means", "counts"]
    scale: Scale
    missing: list[str] = []
    period: Period | None = None
    groups: list[str] = []
    answered: str | None = None
    offered: str | None = None
    weight: str | None = None
    questions: dict[str, Question] = Field(min_length=1)
    exclude: list[Exclusion] = []

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.rows == "means" and self.answered is None:
            raise ValueError("rows that are means need 'answered', the column with the number of answers")
        if self.rows == "answers" and self.answered is not None:
            raise ValueError("rows that are single answers have no column 'answered'; a weight goes into 'weight'")
        in_columns = {bool(question.levels) for question in self.questions.values()}
        if self.rows != "counts" and True in in_columns:
            raise ValueError("'levels' are for rows that are counts")
        if self.rows == "counts" and (False in in_columns) != (self.answered is not None):
            raise ValueError("rows that are counts need 'answered', or 'levels' for every question, and never both")
        if self.rows == "counts" and (len(in_columns) > 1 or self.weight is not None):
            raise ValueError("rows that are counts have all questions in one form, and no weight")
        return self

    def scale_of(self, question: Question) -> Scale:
        """The question's own scale, or the file's."""
        return question.scale or self.scale


def read_profile(text: str | bytes, name: str = "profile.yaml") -> Profile:
    """Check a profile's text. Raises ``InputError`` naming the file and what is wrong in it."""
    try:
        return Profile.model_validate(yaml.safe_load(text))
    except (ValidationError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"Tệp cấu hình {name} không hợp lệ: {error}", f"The profile {name} is not valid: {error}") from error


def find_profile(name: str) -> Profile:
    """A shipped profile by its name, or one by its path. Raises ``InputError`` where there is none."""
    for path in (FOLDER / f"{name}.yaml", Path(name)):
        if path.is_file():
            return read_profile(path.read_bytes(), path.name)
    shipped = ", ".join(sorted(path.stem for path in FOLDER.glob("*.yaml")))
    raise InputError(f"Không có tệp cấu hình {name}. Có sẵn: {shipped}.", f"There is no profile {name}. Shipped ones: {shipped}.")
