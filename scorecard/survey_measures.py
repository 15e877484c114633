"""The survey's measurements: counts of answers, weighted rates beside them, and what may leave of them. Pure.

Rows are made with their true counts, all of them go through ``disclosure.protect`` together, and what is derived from several
figures (shrunken rates, changes) is derived from what came out of it.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from scorecard import mismatch
from scorecard import survey_estimates as making
from scorecard.definitions import VISITED_BEFORE
from scorecard.disclosure import protect
from scorecard.figures import CLEANED, COUNTRY, LOWER, NATION, NOT_APPLICABLE, PROCEDURE, RAW, UNIT, UPPER, VALUE, WEIGHTED
from scorecard.integrity import REMOVED_BY, marked
from scorecard.mismatch_indicators import MISMATCH_CODES, MISMATCH_PARTS
from scorecard.rows import Key, Material, Row, as_counts, empty_status, roll_up
from scorecard.rulesets import RuleSet
from scorecard.short_form_indicators import AGAIN, CLEAR
from scorecard.statistics import LAMBDAS, bounds, distribution, sensitivity_band
from scorecard.survey_comparison import derived_rows
from scorecard.survey_drivers import follow_up, lambdas
from scorecard.survey_estimates import Subject

if TYPE_CHECKING:
    import pandas as pd

YEAR = 12  # months
WINDOWS = (3, YEAR)
BANDED = ("province", "ministry")  # kinds of unit that get the sensitivity band, as the nation does
TOTAL = ("total", "total")


def survey_rows(material: Material, subjects: list[Key], above: Mapping[str, list[str]], rules: RuleSet) -> list[Row]:
    """All rows of the survey, as they may leave."""
    live = "settled" in material.answers
    rows = list(_count_rows(material, subjects, above, live))
    if not live:
        rows += _estimate_rows(material, rows, above)
    safe = protect(
        rows, material.places, rules, material.public, tables=material.tables, groups=material.groups, live=live, learned=material.learned
    )
    return [*safe, *(() if live else derived_rows(safe, material, rules))]


def month_counts(material: Material) -> "pd.DataFrame":
    """What a later window needs of this month, by unit: ``survey_estimates.COUNTED``; int64."""
    answers = _answer_counts(making.by_invitation(material.answers)).groupby("unit_code")[list(making.COUNTED_ANSWERS)].sum()
    invited = material.invited[material.invited["end_point"] != "supplement"].groupby("unit_code")[["invited"]].sum()
    dossiers = material.population.groupby("unit_code")[["dossiers"]].sum()
    found = answers.join([invited, dossiers], how="outer").fillna(0).astype("int64")
    return found.rename_axis("unit_code").reset_index()[list(making.COUNTED)].sort_values("unit_code", ignore_index=True)


def month_weighted(material: Material) -> "pd.DataFrame":
    """The month's rated answers with their weights and everything that they are broken down by (``survey_estimates.weighted``)."""
    answers = _cleaned(making.by_invitation(material.answers))
    return making.weighted(making.coded(answers, material.places, material.groups), material.ended)


def weighted_rate(answers: "pd.DataFrame", material: Material) -> float | None:
    """The nation's weighted share of satisfied among some of the month's answers, weighted anew; None where none stands for a dossier."""
    rated = making.weighted(making.coded(making.by_invitation(answers), material.places, material.groups), material.ended)
    return float((rated["weight"] * rated["satisfied"]).sum() / rated["weight"].sum()) if len(rated) else None


def _cleaned(answers: "pd.DataFrame") -> "pd.DataFrame":
    """Without the answers that evidence about the single answer, or two persons, took out (``integrity``)."""
    kept = (answers if REMOVED_BY in answers else marked(answers))[REMOVED_BY].astype("object").isin(("", None))
    return answers[kept]


# counts


def _count_rows(material: Material, subjects: list[Key], above: Mapping[str, list[str]], live: bool) -> Iterator[Row]:
    answers = making.by_invitation(material.answers[material.answers["settled"]] if live else material.answers)
    invited = material.invited[material.invited["end_point"] != "supplement"]
    asked = {key: sums["invited"] for key, sums in _sums(invited[["unit_code", "procedure_code", "invited"]], above).items()}
    for variant, counted in {RAW: answers, CLEANED: _cleaned(answers)}.items():
        flags = _answer_counts(counted)
        said = _sums(flags, above)
        nothing = dict.fromkeys((str(column) for column in flags.columns if column not in ("unit_code", "procedure_code")), 0)
        everyone = [*subjects, *sorted(key for key in said.keys() | asked.keys() if key[0] == PROCEDURE)]
        for subject in everyone:
            counts, invitations = said.get(subject, nothing), asked.get(subject, 0)
            active = invitations or counts["answered"]
            for code, (numerator, denominator, n) in _survey_values(counts, invitations).items():
                if code == "satisfaction" and subject[0] == PROCEDURE and not live:
                    if variant == RAW:  # counted once, cleaned: see _breakdown_rows
                        continue
                elif variant == CLEANED and (live or not active or code != "satisfaction"):
                    continue
                if code in (*MISMATCH_PARTS, VISITED_BEFORE) and not _told_apart(subject, material):
                    continue
                if not active:
                    yield Row(*subject, code, variant, empty_status(material, subject))
                elif numerator > denominator:  # answers whose invitations are forgotten: there is no rate of response
                    yield Row(*subject, code, variant, NOT_APPLICABLE)
                else:
                    yield Row(*subject, code, variant, VALUE, numerator, denominator, n)


def _told_apart(subject: Key, material: Material) -> bool:
    """Whether what one question says is told of a month: communes and procedures have too few answers for that."""
    return subject[0] == NATION or (subject[0] == UNIT and material.places[subject[1]].kind in BANDED)


def _sums(frame: "pd.DataFrame", above: Mapping[str, list[str]]) -> dict[Key, dict[str, int]]:
    """Sums by unit with everything below it, for the nation, and by procedure."""
    found: dict[Key, dict[str, int]] = {}
    for code, sums in roll_up(frame.drop(columns="procedure_code"), "unit_code", above).items():
        found[NATION if code == COUNTRY else UNIT, code] = sums
    by_procedure = frame.drop(columns="unit_code").groupby("procedure_code").sum(numeric_only=True)
    return found | {(PROCEDURE, code): sums for code, sums in as_counts(by_procedure).items()}


def _answer_counts(answers: "pd.DataFrame") -> "pd.DataFrame":
    """Each counted answer as zeros and ones: ``unit_code``, ``procedure_code`` and what it says."""
    import pandas as pd

    rating = answers["rating"].astype("Float64")
    again = answers["asked_again"].astype("object")
    visits = answers["visits"].astype("object") if "visits" in answers else pd.Series(None, index=answers.index, dtype="object")
    columns: dict[str, pd.Series[Any]] = {
        "answered": pd.Series(1, index=answers.index),
        "rated": rating.notna(),
        "satisfied": (rating >= making.SATISFIED).fillna(False),
        "yes": again == "yes",
        "no": again == "no",
        "asked_known": again.isin(("yes", "no", "unsure")),
        "came": visits.isin(("1", "2", "3+")),
        "came_known": visits.isin(("0", "1", "2", "3+")),
    }
    flags = pd.DataFrame({name: column.fillna(False).astype("int64") for name, column in columns.items()})
    return flags.join(mismatch.flags(answers)).assign(unit_code=answers["unit_code"], procedure_code=answers["procedure_code"])


def _survey_values(said: Mapping[str, int], invited: int) -> dict[str, tuple[int, int, int]]:
    """(numerator, denominator, n) of each survey indicator."""
    decided = said["yes"] + said["no"]
    return {
        "satisfaction": (said["satisfied"], said["rated"], said["rated"]),
        "response_rate": (said["answered"], invited, invited),
        "asked_again_experienced": (said["yes"], decided, said["asked_known"]),
        VISITED_BEFORE: (said["came"], said["came_known"], said["came_known"]),
    } | {code: (said[code], said[f"{code}_of"], said[f"{code}_of"]) for code in MISMATCH_CODES}


# estimates


def _estimate_rows(material: Material, counted: list[Row], above: Mapping[str, list[str]]) -> list[Row]:
    """Weighted rates, the band and the bounds; breakdowns; the distribution; modes; windows."""
    active = {
        (row.subject_kind, row.subject_code): row
        for row in counted
        if (row.indicator, row.variant, row.status) == ("satisfaction", CLEANED, VALUE)
    }
    rated = material.rated
    provinces = [code for code, place in material.places.items() if place.kind == "province"]
    found = making.estimates(rated, material.ended, above, breakdowns_of=[COUNTRY, *provinces])
    rows = []
    for (kind, code), cleaned in active.items():
        weighted = found.get((kind, code, *TOTAL))
        rows.append(_weighted_row((kind, code, *TOTAL), weighted))
        if kind == NATION or (kind == UNIT and material.places[code].kind in BANDED):
            rows += _doubt_rows((kind, code), cleaned, weighted, material)
    rows += _breakdown_rows(material, found, provinces)
    rows += _rating_rows(material, rated)
    rows += _mode_rows(material)
    rows += _short_form_rows(material)
    for months in WINDOWS if material.windows is not None else ():
        rows += _window_rows(material, rated, above, list(active), months)
    return rows


def _weighted_row(subject: Subject, figures: Mapping[str, float] | None, window: int = 1) -> Row:
    """``not_applicable`` where the register has no dossier that the answers could stand for."""
    kind, code, breakdown, category = subject
    row = Row(kind, code, "satisfaction", WEIGHTED, NOT_APPLICABLE, window=window, breakdown=breakdown, category=category)
    if figures is not None:
        row.status, row.n, row.n_eff = VALUE, int(figures["n"]), figures["n_eff"]
        row.value, row.low, row.high = figures["value"], figures["low"], figures["high"]
    return row


def _doubt_rows(subject: Key, cleaned: Row, weighted: Mapping[str, float] | None, material: Material) -> list[Row]:
    """What sampling error does not cover: the sensitivity band, and the bounds that assume nothing, nor that a removed answer is true."""
    if weighted is None or cleaned.numerator is None or cleaned.denominator is None:
        return []
    low, high = sensitivity_band(weighted["low"], weighted["high"], _lambdas(subject, weighted["value"], material))
    population = max(weighted["dossiers"], cleaned.denominator)  # answers of dossiers that no source sent are dossiers all the same
    least, most = bounds(cleaned.numerator, cleaned.denominator, population)
    n = int(weighted["n"])
    return [
        Row(*subject, "satisfaction", LOWER, VALUE, n=n, value=float(low)),
        Row(*subject, "satisfaction", UPPER, VALUE, n=n, value=float(high)),
        Row(*subject, "satisfaction_bounds", LOWER, VALUE, n=n, value=float(least)),
        Row(*subject, "satisfaction_bounds", UPPER, VALUE, n=n, value=float(most)),
    ]


def _lambdas(subject: Key, weighted: float, material: Material) -> tuple[float, float]:
    """How many times as often the satisfied may have answered; a follow-up speaks for the nation only."""
    if subject[0] != NATION:
        return LAMBDAS
    invited = int(material.invited.loc[material.invited["end_point"] != "supplement", "invited"].sum())
    return lambdas(follow_up(material.answers, invited, weighted))


def _breakdown_rows(material: Material, found: Mapping[Subject, Mapping[str, float]], provinces: list[str]) -> Iterator[Row]:
    """Of the nation and of every province, each category in which a dossier ended or somebody answered.

    Cleaned counts alone: answers leave the cleaned figure by ten and more of a unit, of which one or two may be of a category, and raw
    beside cleaned would tell what those said (``disclosure.protect``).
    """
    answers = making.coded(_cleaned(making.by_invitation(material.answers)), material.places, material.groups)
    flags = _answer_counts(answers)[["satisfied", "rated"]]
    for breakdown, column in making.BREAKDOWNS.items():
        sums = _pairs(flags.groupby([answers["province_code"], answers[column]], observed=True).sum())
        there = {*sums, *material.ended.groupby(["province_code", column], observed=True).size().index}
        cells: dict[Subject, list[int]] = {}
        for province, category in sorted(there):
            if not category:
                continue
            satisfied, rated = sums.get((province, category), (0, 0))
            for kind, code in ((NATION, COUNTRY), (UNIT, province)):
                if kind == NATION or province in provinces:
                    cell = cells.setdefault((kind, code, breakdown, category), [0, 0])
                    cell[0] += satisfied
                    cell[1] += rated
        for subject, (good, all_) in cells.items():
            yield Row(*subject[:2], "satisfaction", CLEANED, VALUE, good, all_, all_, breakdown=breakdown, category=subject[3])
            yield _weighted_row(subject, found.get(subject))


def _pairs(sums: "pd.DataFrame") -> dict[tuple[str, str], tuple[int, int]]:
    rows = sums.astype("int64").itertuples(name=None)
    return {(str(key[0]), str(key[1])): (first, second) for key, first, second in rows}


def _rating_rows(material: Material, rated: "pd.DataFrame") -> Iterator[Row]:
    """The nation's whole distribution, 1 to 5: counts, and shares after weighting."""
    import numpy as np

    rating = making.by_invitation(material.answers)["rating"].dropna().astype("int64")
    everyone = np.zeros(len(rating), dtype=np.int64)
    plain = distribution(rating, np.ones(len(rating)), everyone, domains=1)[0]
    heavy = distribution(rated["rating"].astype("int64"), rated["weight"], np.zeros(len(rated), dtype=np.int64), domains=1)[0]
    n = len(rating)
    for step in range(5):
        key = {"breakdown": "rating", "category": str(step + 1)}
        yield Row(NATION, COUNTRY, "rating_share", RAW, VALUE, int(plain[step]), n, n, **key)  # type: ignore[arg-type]
        if heavy.sum():
            share = float(heavy[step] / heavy.sum())
            yield Row(NATION, COUNTRY, "rating_share", WEIGHTED, VALUE, n=len(rated), value=share, **key)  # type: ignore[arg-type]


def _mode_rows(material: Material) -> Iterator[Row]:
    """The nation by mode of answering, each a series of its own: open links and kiosks have participations and no denominator."""
    if "mode" not in material.answers:
        return
    answers = material.answers[material.answers["end_point"] != "supplement"]
    if "is_test" in answers:
        answers = answers[~answers["is_test"].fillna(False).astype(bool)]
    flags = _answer_counts(answers)[["rated", "satisfied"]].groupby(answers["mode"]).sum()
    for mode, sums in as_counts(flags).items():
        yield Row(
            NATION, COUNTRY, "satisfaction", RAW, VALUE, sums["satisfied"], sums["rated"], sums["rated"], breakdown="mode", category=mode
        )


def _short_form_rows(material: Material) -> Iterator[Row]:
    """The nation's short forms, a series of their own (``short_form_indicators``)."""
    answers = material.answers[material.answers["end_point"] == "supplement"]
    if "is_test" in answers:
        answers = answers[~answers["is_test"].fillna(False).astype(bool)]
    if "mode" in answers:
        answers = answers[answers["mode"].isna() | answers["mode"].isin(making.HEADLINE)]
    counts: dict[str, Mapping[Any, int]] = {
        name: answers[name].astype("object").value_counts().to_dict() if name in answers else {} for name in ("clarity", "asked_again")
    }
    clear, again = counts["clarity"], counts["asked_again"]
    judged = [int(clear.get(step, 0)) for step in "12345"]
    yes, no, unsure = (int(again.get(word, 0)) for word in ("yes", "no", "unsure"))
    for code, good, whole, n in ((CLEAR, sum(judged[3:]), sum(judged), sum(judged)), (AGAIN, yes, yes + no, yes + no + unsure)):
        if n:
            yield Row(NATION, COUNTRY, code, RAW, VALUE, good, whole, n)
        else:
            yield Row(NATION, COUNTRY, code, RAW, NOT_APPLICABLE)


def _window_rows(
    material: Material, rated: "pd.DataFrame", above: Mapping[str, list[str]], active: list[Key], months: int
) -> Iterator[Row]:
    """Units over several months; nothing where a month of the window has no edition."""
    if material.windows is None:
        return
    frames = making.window_frames(rated, month_counts(material), material.month, material.windows, months)
    if frames is None:
        return
    weighted, counts = frames
    found = making.estimates(weighted, counts, above, procedures=False)
    sums = roll_up(counts, "unit_code", above)
    known = {key for key in active if key[0] != PROCEDURE}
    known |= {(UNIT, code) for code in sums if code in material.places and code != COUNTRY and sums[code]["invited"]}
    for kind, code in sorted(known):
        said = sums.get(code)
        if said is None:
            continue
        rates = {"satisfaction": (said["satisfied"], said["rated"]), "response_rate": (said["answered"], said["invited"])}
        if months == YEAR:
            rates |= {code: (said[code], said[f"{code}_of"]) for code in MISMATCH_CODES if code in said}  # not in old editions
        for indicator, (numerator, denominator) in rates.items():
            if numerator <= denominator:
                yield Row(kind, code, indicator, RAW, VALUE, numerator, denominator, denominator, window=months)
        figures = found.get((kind, code, *TOTAL))
        if figures is not None:  # how many answers the weighted rate rests on is a count like any other, and protected like one
            n = int(figures["n"])
            yield Row(kind, code, "satisfaction", CLEANED, VALUE, round(figures["raw"] * n), n, n, window=months)
        yield _weighted_row((kind, code, *TOTAL), figures, months)
