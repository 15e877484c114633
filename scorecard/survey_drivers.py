"""The nation's lists about answering: what goes along with satisfaction, response rates, and what the follow-up says. Pure."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from scorecard import survey_estimates as making
from scorecard.figures import COUNTRY, NATION, VALUE, WEIGHTED
from scorecard.integrity import REMOVED_BY
from scorecard.rows import Row
from scorecard.statistics import LAMBDAS, Driver, TwoPhase, drivers, response_rates, two_phase
from scorecard.survey_tables import FACTS, OPINIONS

if TYPE_CHECKING:
    import pandas as pd

    from scorecard.edition_tables import TableMaterial

Column = np.ndarray[Any, np.dtype[np.float64]]
LEAST_FOLLOWED = 30  # answers of a follow-up from which on it is reported and narrows the band


def driver_table(material: "TableMaterial") -> "pd.DataFrame":
    """Facts, then opinions, with the difference in the share of satisfied that goes along with each."""
    import pandas as pd

    found = [] if material.inputs.provisional or material.material is None else _drivers(material.material.rated)
    words = FACTS | OPINIONS
    rows = [
        (item.name, *words[item.name], item.fact, round(item.points, 3), round(item.low, 3), round(item.high, 3), item.n, item.of)
        for item in found
    ]
    return pd.DataFrame(rows, columns=["item", "words_vi", "words_en", "fact", "points", "low", "high", "n", "of"])


def _drivers(rated: "pd.DataFrame") -> list[Driver]:
    if not len(rated):
        return []
    return drivers(rated["satisfied"], rated["weight"], rated["unit_code"].astype(str), facts(rated), opinions(rated))


def facts(answers: "pd.DataFrame") -> dict[str, Column]:
    """What people report and what is on record: 1, 0, or nan where it is not said. Codes of ``survey_tables.FACTS``."""
    found: dict[str, Column] = {}

    def said(name: str, column: str, yes: tuple[str, ...], no: tuple[str, ...]) -> None:
        if column in answers:
            found[name] = _told(answers[column], yes, no)

    said("trips_1", "visits", ("1", "2", "3+"), ("0",))
    said("trips_2", "visits", ("2", "3+"), ("0", "1"))
    said("supplement_1", "supplement_count", ("1", "2+"), ("0",))
    said("supplement_2", "supplement_count", ("2+",), ("0", "1"))
    said("asked_again", "asked_again", ("yes",), ("no",))
    if "recorded_on_time" in answers:
        found["late"] = _told(answers["recorded_on_time"], (False,), (True,))
    said("assisted", "assisted", ("yes",), ("no",))
    said("paid_outside", "paid_outside", ("yes",), ("no",))
    return found


def opinions(answers: "pd.DataFrame") -> dict[str, Column]:
    """Whether each opinion is good (4 or 5); nan where it is not said."""
    return {name: _told(answers[name], ("4", "5"), ("1", "2", "3")) for name in OPINIONS if name in answers}


def _told(column: "pd.Series[Any]", yes: tuple[str | bool, ...], no: tuple[str | bool, ...]) -> Column:
    words = column.astype("object")
    return np.where(words.isin(yes), 1.0, np.where(words.isin(no), 0.0, np.nan))


def follow_up(answers: "pd.DataFrame", invited: int, weighted: float | None) -> TwoPhase | None:
    """The two-phase estimate of a month; None with fewer than 30 follow-up answers, or where invitations are forgotten.

    ``answers``: as ``surveys.queries.answers_frame``; ``invited``: how many were asked at an end-point; ``weighted``: the rate that the
    band is drawn around.
    """
    if "mode" not in answers:
        return None
    rated = answers[answers["rating"].notna() & (answers["end_point"] != "supplement")]
    first, later = making.by_invitation(rated), rated[rated["mode"] == "followup"]
    if REMOVED_BY in first:  # who gave a removed answer is not known: neither one who answered nor one who did not
        first = first[first[REMOVED_BY].astype("object").isin(("", None))]
    silent = invited - len(making.by_invitation(answers))
    if len(later) < LEAST_FOLLOWED or silent < len(later):
        return None
    good = [int((frame["rating"].astype("Int64") >= making.SATISFIED).sum()) for frame in (first, later)]
    return two_phase(good[0], len(first), silent, good[1], len(later), weighted=weighted)


def lambdas(found: TwoPhase | None) -> tuple[float, float]:
    """The span of λ for the nation's band: ½ to 2, unless a follow-up's interval of λ is the narrower one (as a ratio)."""
    if found is None:
        return LAMBDAS
    low, high = float(found.ratio_low), float(found.ratio_high)
    return (low, high) if low > 0 and high / low < LAMBDAS[1] / LAMBDAS[0] else LAMBDAS


def answering_table(material: "TableMaterial") -> "pd.DataFrame":
    """Response rates (AAPOR), what the weights cover, λ, and the two-phase estimate. λ is a ratio, all else are shares."""
    import pandas as pd

    inputs = material.inputs
    rows: list[tuple[str, float, float, float, int]] = []
    if not inputs.provisional:
        invited = int(inputs.invited.loc[inputs.invited["end_point"] != "supplement", "invited"].sum())
        rows += _rates(making.by_invitation(inputs.answers), invited)
        rows += _weighing(material.material.rated if material.material is not None else None)
        rows += _followed(follow_up(inputs.answers, invited, weighted_nation(material.rows)), inputs.answers)
    return pd.DataFrame(rows, columns=["item", "value", "low", "high", "n"]).astype({"item": "str", "n": "Int64"})


def weighted_nation(rows: "list[Row]") -> float | None:
    """The nation's weighted rate, if it is shown."""
    for row in rows:
        key = (row.subject_kind, row.subject_code, row.window, row.breakdown, row.indicator, row.variant, row.status)
        if key == (NATION, COUNTRY, 1, "total", "satisfaction", WEIGHTED, VALUE):
            return row.value
    return None


def _rates(answers: "pd.DataFrame", invited: int) -> list[tuple[str, float, float, float, int]]:
    """RR1, RR2: an answer is complete with the rating and both questions that are compared with the record; all who did not answer are of
    unknown fate, since nobody refuses in so many words and delivery is not always told."""
    if invited < max(len(answers), LEAST_FOLLOWED):
        return []
    complete = answers["rating"].notna() & answers["asked_again"].notna() & answers["supplement_count"].notna()
    whole = int(complete.sum())
    made = response_rates(whole, len(answers) - whole, 0, 0, 0, invited - len(answers))
    values: Mapping[str, Any] = {"rr1": made.rr1, "rr2": made.rr2}
    return [(name, round(float(value), 4), np.nan, np.nan, invited) for name, value in values.items()]


def _weighing(rated: "pd.DataFrame | None") -> list[tuple[str, float, float, float, int]]:
    """How much of the register the weighted answers speak for, and how many of them had their weight cut."""
    if rated is None or len(rated) < LEAST_FOLLOWED:
        return []
    covered, trimmed = float(rated.attrs["covered"]), int(rated.attrs["trimmed"])
    return [
        ("covered", round(covered, 4), np.nan, np.nan, len(rated)),
        ("trimmed", round(trimmed / len(rated), 4), np.nan, np.nan, len(rated)),
    ]


def _followed(found: TwoPhase | None, answers: "pd.DataFrame") -> list[tuple[str, float, float, float, int]]:
    if found is None:
        return []
    n = int(((answers["mode"] == "followup") & answers["rating"].notna()).sum())
    spans = {
        "two_phase": (found.value, found.low, found.high),
        "silent": (found.silent, found.silent_low, found.silent_high),
        "lambda": (found.ratio, found.ratio_low, found.ratio_high),
    }
    return [(name, *(round(float(end), 3) for end in span), n) for name, span in spans.items()]  # type: ignore[misc]
