"""Mapping profiles: which columns of a file mean what. Data in ``profiles/*.yaml``, checked when loaded."""

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from core.errors import InputError
from procedures.dossiers import CHANNELS

FOLDER = Path(__file__).with_name("profiles")
STATUSES = range(1, 11)
FIELDS = (
    "dossier_code",
    "procedure_code",
    "handling_unit",
    "receiving_unit",
    "reception_point",
    "provider",
    "channel",
    "assisted",
    "applicant_type",
    "received_at",
    "due_at",
    "first_due_at",
    "finished_at",
    "returned_at",
    "status",
    "digitised",
    "reused",
    "result_electronic",
    "paid_online",
    "applicant_key",
    "data_lookups",
    "supplement_count",
    "supplement_at",
    "supplement_text",
    "updated_at",
)
REQUIRED = ("dossier_code", "procedure_code", "handling_unit", "received_at")
FLAGS = ("assisted", "digitised", "reused", "result_electronic", "paid_online")
EVENT_FIELDS = ("at", "status", "activity", "department")
TRUE_WORDS = ("1", "true", "yes", "y", "x", "có", "co")  # of every flag, folded
FALSE_WORDS = ("0", "false", "no", "n", "không", "khong")
UNKNOWN_WORDS = ("unknown", "null", "không rõ", "khong ro")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Events(_Strict):
    """Where the steps of a dossier are: ``column`` names the nested list (layout ``objects``)."""

    column: str = ""
    at: str
    status: str = ""
    activity: str = ""
    department: str = ""


class Papers(_Strict):
    """The papers that a supplement request asks for."""

    column: str
    code: str
    name: str


class Supplements(_Strict):
    """The supplement requests (layout ``objects``)."""

    column: str
    requested_at: str
    answered_at: str
    text: str
    due_before: str
    documents: Papers


class Documents(_Strict):
    """The papers handed in; any true flag among ``digitised`` (``reused``) marks the dossier."""

    column: str
    digitised: list[str]
    reused: list[str]


class DataLookups(_Strict):
    """What was looked up in the state's databases (layout ``objects``): a list whose entries name at least the database."""

    column: str
    database: str
    time: str = ""
    outcome: str = ""


class Results(_Strict):
    """The papers of the result (layout ``objects``): one with ``document`` filled marks the result as electronic."""

    column: str
    document: str


class StatusByEnd(_Strict):
    """Status of a dossier where the file has none: told by whether it has an end."""

    ended: int
    open: int


class Profile(_Strict):
    """How one kind of file is read."""

    name: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    title_vi: str
    title_en: str
    layout: Literal["objects", "table", "events"] = Field(description="JSON lines; a row a dossier; a row an event")
    utc_offset_minutes: int = Field(default=420, description="of dates that carry no offset themselves")
    date_formats: list[str] = Field(default_factory=list, description="as strptime writes them, with a time of day; %p: SA, CH, too")
    day_formats: list[str] = Field(default_factory=list, description="without one: a deadline then ends with its day")
    iso_dates: bool = Field(default=False, description="ISO 8601 is read too, with or without an offset")
    columns: dict[str, list[str]] = Field(description="field → headings that it may have")
    constants: dict[str, str] = Field(default_factory=dict, description="field → value that every row has")
    statuses: dict[str, int] = Field(default_factory=dict)
    status_by_end: StatusByEnd | None = None
    channels: dict[str, int | None]
    default_channel: int | None = None
    applicants: dict[str, Literal["citizen", "enterprise"]] = Field(default_factory=dict)
    dossier_code_pattern: str = r".+"
    history: Events | None = None
    supplements: Supplements | None = None
    documents: Documents | None = None
    lookups: DataLookups | None = None
    results: Results | None = None
    flags: dict[str, dict[str, bool]] = Field(default_factory=dict, description="field → words of the source's own for yes and no")

    @field_validator("columns", "constants", "channels", mode="before")
    @classmethod
    def _empty(cls, given: object) -> object:
        return {} if given is None else given  # a draft in which everything is still a comment: told by what is missing

    @field_validator("flags", mode="after")
    @classmethod
    def _fold_flags(cls, words: dict[str, dict[str, bool]]) -> dict[str, dict[str, bool]]:
        return {field: {unicodedata.normalize("NFC", word).lower(): value for word, value in own.items()} for field, own in words.items()}

    @field_validator("statuses", "channels", "applicants", mode="after")
    @classmethod
    def _fold(cls, words: dict[str, object]) -> dict[str, object]:
        return {unicodedata.normalize("NFC", word).lower(): code for word, code in words.items()}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if unknown := ({*self.columns, *self.constants} - set(FIELDS)):
            raise ValueError(f"unknown fields {sorted(unknown)}; known are {', '.join(FIELDS)}")
        if missing := (set(REQUIRED) - {*self.columns, *self.constants}):
            raise ValueError(f"fields {sorted(missing)} need a column or a constant")
        if "status" not in self.columns and self.status_by_end is None:
            raise ValueError("either a column for status or status_by_end is needed")
        if bad := {code for code in self.statuses.values() if code not in STATUSES}:
            raise ValueError(f"statuses {sorted(bad)} are not among 1 to 10")
        if bad_channels := {code for code in (*self.channels.values(), self.default_channel) if code is not None and code not in CHANNELS}:
            raise ValueError(f"channels {sorted(bad_channels)} are not among {sorted(CHANNELS)}")
        if strange := (set(self.flags) - set(FLAGS)):
            raise ValueError(f"flags {sorted(strange)} are not among {', '.join(FLAGS)}")
        if self.layout != "objects" and (self.supplements or self.documents or self.lookups or self.results):
            raise ValueError("`supplements`, `documents`, `lookups` and `results` are lists within JSON objects: layout `objects` only")
        if not (self.date_formats or self.day_formats or self.iso_dates):
            raise ValueError("say how dates are written")
        if self.layout == "events" and self.history is None:
            raise ValueError("an event log needs `history`")
        re.compile(self.dossier_code_pattern)
        return self


def _files() -> dict[str, Path]:
    """The shipped profiles, then the operator's own in ``data_dir/profiles``, which take no shipped name."""
    from flask import current_app, has_app_context

    shipped = {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}
    if not has_app_context():
        return shipped
    own: Path = current_app.extensions["settings"].data_dir / "profiles"
    return {path.stem: path for path in sorted(own.glob("*.yaml"))} | shipped


def names() -> list[str]:
    """The profiles that there are."""
    return sorted(_files())


def load(name: str) -> Profile:
    """A profile by name. Raises ``InputError`` if there is none or it is not sound."""
    path = _files().get(name)
    if path is None:
        raise InputError(
            f"Không có hồ sơ ánh xạ {name}. Có: {', '.join(names())}.",
            f"There is no profile {name}. There are: {', '.join(names())}.",
            field="profile",
        )
    profile = _parsed(path, path.stat().st_mtime_ns)
    if profile.name != name:
        raise InputError(
            f"Hồ sơ ánh xạ trong {path.name} có tên {profile.name}. Tên phải giống tên tệp: {name}.",
            f"The profile in {path.name} is named {profile.name}. The name must be that of the file: {name}.",
            field="name",
        )
    return profile


@lru_cache(maxsize=64)  # reading YAML takes longer than a small feed's rows
def _parsed(path: Path, _changed: int) -> Profile:
    return parse(path.read_text(encoding="utf-8", errors="replace"), path.name)


def parse(text: str, file_name: str) -> Profile:
    """A profile from its YAML text. Raises ``InputError`` naming the first field that is wrong."""
    try:
        return Profile.model_validate(yaml.safe_load(text))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "(file)"
        raise InputError(
            f"Hồ sơ ánh xạ {file_name} không đúng: {first['msg']}. Sửa tệp YAML.",
            f"The profile {file_name} is wrong: {first['msg']}. Mend the YAML file.",
            field=place,
        ) from error
    except yaml.YAMLError as error:
        raise InputError(
            f"Hồ sơ ánh xạ {file_name} không phải YAML: {error}. Sửa tệp.",
            f"The profile {file_name} is not YAML: {error}. Mend the file.",
        ) from error
