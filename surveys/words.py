"""The texts that a language of the survey needs: found in the pages and in the questionnaires, written to a file to be translated."""

from pathlib import Path

import yaml
from babel.messages.extract import extract_from_dir

from core.settings import ROOT
from surveys import field_form, languages, open_views, questionnaire
from surveys.questionnaire import Question

PAGES = (  # modules and templates whose texts people see who answer; the desk's and the posters' are for officials and for paper
    "surveys/views.py",
    "surveys/open_views.py",
    "templates/survey/*.html",
    "templates/survey/open/*.html",
)
ON_PAPER = ("poster.html", "slips.html")


def needed() -> list[str]:
    """Vietnamese texts that a language must give, in their order on the way through the form."""
    found: dict[str, None] = {}
    for version in questionnaire.versions():
        loaded = questionnaire.load(version)
        for choices in loaded.scales.values():
            found |= {choice.vi: None for choice in choices}
        for question in (*loaded.questions.values(), open_views.WHICH_PAPER):
            found |= dict.fromkeys(_of_question(question))
        found |= {step.vi: None for form in loaded.forms for step in form.steps}
    for form in ("filed", "turned_away"):
        for asked in field_form.questions(form):
            found |= dict.fromkeys((asked.vi, *(choice.vi for choice in asked.choices)))
    found |= dict.fromkeys((*_of_pages(), "tháng"))
    return [text for text in found if text]


def _of_question(question: Question) -> list[str]:
    texts = [question.vi, question.hint_vi, *(choice.vi for choice in question.choices)]
    return texts + [text for variant in question.variants for text in (variant.vi, variant.hint_vi) if text]


def _of_pages() -> list[str]:
    texts: list[str] = []
    methods = [(pattern, "python" if pattern.endswith(".py") else "jinja2") for pattern in PAGES]
    for folder in ("surveys", "templates/survey"):
        own = [(pattern.removeprefix(f"{folder}/"), kind) for pattern, kind in methods if pattern.startswith(folder)]
        for name, _line, text, _comments, _context in extract_from_dir(ROOT / folder, method_map=own):
            if Path(name).name not in ON_PAPER and isinstance(text, str):
                texts.append(text)
    return texts


def missing(code: str) -> list[str]:
    """Texts that a language does not have yet. Raises ``InputError``."""
    known = languages.load(code).known
    return [text for text in needed() if text not in known]


def draft(code: str, name: str, pseudo: bool = False) -> str:
    """A language's file as it is to be filled in: what it has already stays, what it lacks is empty.

    ``pseudo``: for a test language, filled with the Vietnamese texts between marks, so that a page shows what was not translated.
    """
    known = languages.load(code) if code in languages.files() else None
    done = known.known if known is not None else {}
    texts = [{"vi": text, "to": f"⟦{text}⟧" if pseudo else done.get(text, "")} for text in needed()]
    whole = {"name": name, "test": pseudo or (known is not None and known.test), "texts": texts}
    return yaml.safe_dump(whole, allow_unicode=True, sort_keys=False, width=100_000)
