"""The languages of the survey. Vietnamese and English are the program's own; every further one is a file (``languages/<code>.yaml``).

A file gives each Vietnamese text, of the pages and of the questionnaires, in its language, so that Khmer, Mông or Tày needs no code.
``flask surveys words CODE`` writes the file to be filled in. A language is offered only where the installation names it
(``TTHC_SURVEY_LANGUAGES``).
"""

from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml
from flask import current_app, has_request_context, request
from flask_babel import gettext as _program_text
from markupsafe import Markup, escape
from pydantic import BaseModel, ConfigDict, Field

from core import web
from core.errors import InputError

FOLDER = Path(__file__).parent / "languages"
OWN = {"vi": "Tiếng Việt", "en": "English"}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(_Strict):
    """A text in Vietnamese, and in the language; empty: not translated yet, so that the Vietnamese one is shown."""

    vi: str
    to: str = ""


class Language(_Strict):
    """One further language. ``name``: as its speakers write it; ``test``: made up, to try the form out."""

    name: str = Field(min_length=1)
    test: bool = False
    texts: tuple[Text, ...]

    @cached_property
    def known(self) -> dict[str, str]:
        """Vietnamese text → text in this language."""
        return {text.vi: text.to for text in self.texts if text.to}


@lru_cache
def load(code: str) -> Language:
    """A language from its file. Raises ``InputError`` naming the file and what is wrong in it."""
    path = FOLDER / f"{code}.yaml"
    try:
        return Language.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(
            f"Ngôn ngữ “{code}” của khảo sát không dùng được, tệp {path}: {error}",
            f"The survey's language “{code}” cannot be used, file {path}: {error}",
        ) from error


def files() -> list[str]:
    """Codes of the languages that there are files for."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def offered() -> tuple[str, ...]:
    """Codes of the languages that this installation offers, Vietnamese first."""
    return (*OWN, *current_app.extensions["settings"].survey_languages)


def name_of(code: str) -> str:
    """How the speakers of a language call it."""
    return OWN.get(code) or load(code).name


def current() -> str:
    """The language of this page: the one that the address names, or else the program's."""
    if not has_request_context():
        return web.language()
    wanted = request.args.get("lang", "")
    return wanted if wanted in OWN or wanted in offered() else web.language()


def others() -> list[tuple[str, str]]:
    """Code and name of the other languages offered."""
    return [(code, name_of(code)) for code in offered() if code != current()]


def words(vi: str, en: str) -> str:
    """A text that carries both of the program's languages, in the language of this page."""
    code = current()
    return en if code == "en" else vi if code == "vi" else load(code).known.get(vi, vi)


def gettext(text: str, **values: Any) -> str:
    """A text of the pages, given in Vietnamese, in the language of this page."""
    code = current()
    if code in OWN:
        found: str = _program_text(text, **values)
        return found
    translated = load(code).known.get(text, text)
    return translated % values if values else translated


def gettext_in_page(text: str, **values: Any) -> Markup:
    """``gettext`` for templates: the text, which may come from a file, and what is filled in are escaped."""
    found = escape(gettext(text))
    return found % values if values else found
