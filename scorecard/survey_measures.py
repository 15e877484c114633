"""The survey's measurements: counts of answers, their estimates, and what may leave of them. Pure."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from scorecard.disclosure import Limits, Tree, protect_together
from scorecard.figures import COUNTRY, NATION, NOT_APPLICABLE, PROCEDURE, RAW, SUPPRESSED, UNIT, VALUE
from scorecard.indicators import INDICATORS, SURVEY
from scorecard.rows import Key, Material, Place, Row, as_counts, empty_status, roll_up
from scorecard.rulesets import RuleSet

if TYPE_CHECKING:
    import pandas as pd

ASKED = ("0", "1", "2+")  # answers to supplement_count that state a number


def survey_rows(material: Material, subjects: list[Key], above: Mapping[str, list[str]], rules: RuleSet) -> Iterator[Row]:
    live = "settled" in material.answers
    answers = _answer_counts(material.answers[material.answers["settled"]] if live else material.answers)
    invited = material.invited[material.invited["end_point"] != "supplement"]
    said: dict[Key, dict[str, int]] = {}
    asked: dict[Key, int] = {}
    for code, sums in roll_up(answers.drop(columns="procedure_code"), "unit_code", above).items():
        said[NATION if code == COUNTRY else UNIT, code] = sums
    for code, sums in roll_up(invited[["unit_code", "invited"]], "unit_code", above).items():
        asked[NATION if code == COUNTRY else UNIT, code] = sums["invited"]
    for code, sums in as_counts(answers.groupby("procedure_code").sum(numeric_only=True)).items():
        said[PROCEDURE, code] = sums
    for code, sums in as_counts(invited.groupby("procedure_code")[["invited"]].sum()).items():
        asked[PROCEDURE, code] = sums["invited"]
    everyone = [*subjects, *sorted(key for key in said.keys() | asked.keys() if key[0] == PROCEDURE)]
    nothing = dict.fromkeys(map(str, answers.columns), 0)
    active = dict.fromkeys(key for key in everyone if asked.get(key, 0) or said.get(key, nothing)["answered"])
    hidden = _hidden(material.places, list(active), said, rules) if active else {}
    for subject in everyone:
        counts = said.get(subject, nothing)
        for code, (numerator, denominator, n) in _survey_values(counts, asked.get(subject, 0)).items():
            if subject not in active:
                yield Row(*subject, code, RAW, empty_status(material, subject))
            elif status := hidden[code].get(_cell(subject)):
                yield Row(*subject, code, RAW, status)
            elif live and (subject != (NATION, COUNTRY) or code == "response_rate"):
                yield Row(*subject, code, RAW, SUPPRESSED)
            elif numerator > denominator:  # answers whose invitations are forgotten: there is no rate of response
                yield Row(*subject, code, RAW, NOT_APPLICABLE)
            else:
                yield Row(*subject, code, RAW, VALUE, numerator, denominator, n)


def _answer_counts(answers: "pd.DataFrame") -> "pd.DataFrame":
    """Each counted answer as zeros and ones: ``unit_code``, ``procedure_code`` and what it says. Short forms left out."""
    import pandas as pd

    answers = answers[answers["end_point"] != "supplement"]
    rating = answers["rating"].astype("Float64")
    again, times = answers["asked_again"].astype("object"), answers["supplement_count"].astype("object")
    stated = times.isin(ASKED)
    columns: dict[str, pd.Series[Any]] = {
        "answered": pd.Series(1, index=answers.index),
        "rated": rating.notna(),
        "satisfied": (rating >= 4).fillna(False),
        "yes": again == "yes",
        "no": again == "no",
        "asked_known": again.isin(("yes", "no", "unsure")),
        "stated": stated,
        "differs": stated & ((times == "0") != (answers["recorded_supplements"].astype("Int64") == 0).fillna(False)),
    }
    flags = pd.DataFrame({name: column.fillna(False).astype("int64") for name, column in columns.items()})
    return flags.assign(unit_code=answers["unit_code"], procedure_code=answers["procedure_code"])


def _survey_values(said: Mapping[str, int], invited: int) -> dict[str, tuple[int, int, int]]:
    """(numerator, denominator, n) of each survey indicator."""
    decided = said["yes"] + said["no"]
    return {
        "satisfaction": (said["satisfied"], said["rated"], said["rated"]),
        "response_rate": (said["answered"], invited, invited),
        "asked_again_experienced": (said["yes"], decided, said["asked_known"]),
        "mismatch_supplement": (said["differs"], said["stated"], said["stated"]),
    }


def _cell(subject: Key) -> str:
    """A name for the disclosure tree, in which a procedure must not be taken for a unit."""
    kind, code = subject
    return f"procedure {code}" if kind == PROCEDURE else code


def _hidden(
    places: Mapping[str, Place], active: list[Key], said: Mapping[Key, Mapping[str, int]], rules: RuleSet
) -> dict[str, dict[str, str]]:
    """Status of every hidden cell, by indicator. The nation is divided twice: by units and by procedures."""
    codes = {code for kind, code in active if kind != PROCEDURE}

    def parent(code: str) -> str | None:
        if code == COUNTRY:
            return None
        at = places[code].parent
        while at is not None and at not in codes:
            at = places[at].parent if at in places else None
        return at or COUNTRY

    units = Tree({code: parent(code) for kind, code in active if kind != PROCEDURE})
    procedures = Tree({COUNTRY: None} | {_cell(key): COUNTRY for key in active if key[0] == PROCEDURE})
    bases: dict[str, dict[str, int]] = {code: {} for code, indicator in INDICATORS.items() if indicator.kind == SURVEY}
    for key in active:
        counts = said.get(key, {})
        bases["satisfaction"][_cell(key)] = counts.get("rated", 0)
        bases["response_rate"][_cell(key)] = counts.get("answered", 0)
        bases["asked_again_experienced"][_cell(key)] = counts.get("yes", 0) + counts.get("no", 0)
        bases["mismatch_supplement"][_cell(key)] = counts.get("stated", 0)
    limits = Limits(rules.disclosure.suppress_below, rules.disclosure.least_range)
    return protect_together([units, procedures], bases, limits)
