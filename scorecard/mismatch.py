"""What does not match within answered dossiers: counts for the measurements, and the list that an edition keeps.

Both directions are counted apart; that they differ more than chance would have it is McNemar's test on the pairs (Q. McNemar,
Psychometrika 12 (1947) 153), exact. The text says "không khớp" and never that either side is untrue.
"""

import functools
import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scorecard.edition_tables import Column, EditionTable, TableMaterial
from scorecard.figures import COUNTRY, NATION, PROCEDURE, RAW, UNIT, VALUE
from scorecard.mismatch_indicators import (
    MISMATCH_ANY,
    PAID_OUTSIDE,
    UNCONFIRMED_ON_TIME,
    UNCONFIRMED_ONLINE,
    UNCONFIRMED_SUPPLEMENT,
    UNRECORDED_AGAIN,
    UNRECORDED_ON_TIME,
    UNRECORDED_SUPPLEMENT,
)

if TYPE_CHECKING:
    import pandas as pd

    from scorecard.measuring import Row

TIMES = ("0", "1", "2+")  # answers to supplement_count that state a number


def flags(answers: "pd.DataFrame") -> "pd.DataFrame":
    """Each answer as zeros and ones: for every indicator of ``MISMATCH`` its code (counted) and ``<code>_of`` (of how many).

    ``answers``: as ``surveys.queries.answers_frame``. A question that the answer's questionnaire does not have counts nowhere.
    """
    import pandas as pd

    def said(code: str, *choices: str) -> "pd.Series[Any]":
        if code not in answers:
            return pd.Series(False, index=answers.index)
        return answers[code].astype("object").isin(choices)

    def recorded_as(fact: str, told: bool) -> "pd.Series[Any]":
        if fact not in answers:
            return pd.Series(False, index=answers.index)
        return answers[fact].astype("boolean").eq(told).fillna(False).astype(bool)

    recorded = (answers["recorded_supplements"].astype("Int64") > 0).fillna(False).astype(bool)
    online = recorded_as("recorded_online", True)
    on_time, overdue = (recorded_as("recorded_on_time", told) for told in (True, False))
    stated, dated = said("supplement_count", *TIMES), said("on_time", "yes", "no") & (on_time | overdue)
    again, helped = said("asked_again", "yes", "no"), said("assisted", "yes", "no") & online
    counted = {
        UNRECORDED_SUPPLEMENT: (said("supplement_count", *TIMES[1:]) & ~recorded, stated),
        UNCONFIRMED_SUPPLEMENT: (said("supplement_count", TIMES[0]) & recorded, stated),
        UNRECORDED_AGAIN: (said("asked_again", "yes") & ~recorded, again),
        UNCONFIRMED_ONLINE: (said("assisted", "yes") & online, helped),
        UNCONFIRMED_ON_TIME: (said("on_time", "no") & on_time, dated),
        UNRECORDED_ON_TIME: (said("on_time", "yes") & overdue, dated),
        PAID_OUTSIDE: (said("extra_cost", "yes"), said("extra_cost", "yes", "no")),
    }
    compared = [pair for code, pair in counted.items() if code != PAID_OUTSIDE]  # of costs the record says nothing
    counted[MISMATCH_ANY] = tuple(functools.reduce(operator.or_, either) for either in zip(*compared, strict=True))
    columns = {name: series for code, (top, bottom) in counted.items() for name, series in ((code, top), (f"{code}_of", bottom))}
    return pd.DataFrame(columns).astype("int64")


@dataclass(frozen=True)
class Fact:
    """A fact that record and person both speak of. ``census``: the lake's indicator beside it, if there is one.

    ``unrecorded``: the person says what the record does not; ``unconfirmed``: the record says what the person does not.
    """

    code: str
    vi: str
    en: str
    unrecorded: str | None
    unconfirmed: str | None
    census: str | None


FACTS = (
    Fact("supplement", "Yêu cầu bổ sung", "Supplement requests", UNRECORDED_SUPPLEMENT, UNCONFIRMED_SUPPLEMENT, "supplement"),
    Fact("again", "Nộp lại điều đã cung cấp", "Asked for something given before", UNRECORDED_AGAIN, None, "asked_again_recorded"),
    Fact("time", "Đúng hẹn", "On time", UNRECORDED_ON_TIME, UNCONFIRMED_ON_TIME, "on_time"),
    Fact("online", "Nộp trực tuyến", "Filed online", None, UNCONFIRMED_ONLINE, "online_filing"),
    Fact("cost", "Chi phí ngoài quy định", "Costs outside the rules", PAID_OUTSIDE, None, None),
)


def direction(unrecorded: int, unconfirmed: int) -> float:
    """Two-sided exact p-value of McNemar's test: how easily chance alone would make one direction so much more frequent."""
    from statsmodels.stats.contingency_tables import mcnemar

    return float(mcnemar([[0, unrecorded], [unconfirmed, 0]], exact=True).pvalue)


def _rows(material: TableMaterial) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(list(_listed(material.rows)), columns=[column.name for column in TABLES[0].columns])


def _listed(rows: "list[Row]") -> Iterator[tuple[Any, ...]]:
    """A line for each place and fact of which every count may be shown; the nation first."""
    wanted = {code for fact in FACTS for code in (fact.unrecorded, fact.unconfirmed, fact.census) if code}
    found: dict[tuple[str, str, int], dict[str, Row]] = {}
    for row in rows:
        plain = row.breakdown == "total" and row.period_kind == "calendar" and row.subject_kind != PROCEDURE
        if plain and row.indicator in wanted and row.variant in (RAW, "lower"):
            found.setdefault((row.subject_kind, row.subject_code, row.window), {}).setdefault(row.indicator, row)
    places = sorted(found, key=lambda key: (key[0] != NATION, key[1], key[2]))
    for kind, code, window in places:
        if kind in (NATION, UNIT):
            for fact in FACTS:
                line = _line(fact, found[kind, code, window], found.get((kind, code, 1), {}))
                if line is not None:
                    yield (COUNTRY if kind == NATION else code, window, fact.code, *line)


def _line(fact: Fact, rows: "Mapping[str, Row]", month: "Mapping[str, Row]") -> tuple[Any, ...] | None:
    """n, both directions, the p-value, and the census figure of the month beside; None where anything of it is hidden."""
    parts = [rows.get(code) if code else None for code in (fact.unrecorded, fact.unconfirmed)]
    named = [part for part, code in zip(parts, (fact.unrecorded, fact.unconfirmed), strict=True) if code]
    if any(part is None or part.status != VALUE for part in named):
        return None
    n = max(part.denominator or 0 for part in named if part is not None)
    either = [part.numerator if part is not None else None for part in parts]
    unrecorded, unconfirmed = either
    p = direction(unrecorded, unconfirmed) if unrecorded is not None and unconfirmed is not None and unrecorded + unconfirmed else None
    census = month.get(fact.census or "")
    known = census is not None and census.status == VALUE
    return n, unrecorded, unconfirmed, p, census.numerator if census and known else None, census.denominator if census and known else None


TABLES = (
    EditionTable(
        name="mismatch",
        title_vi="Không khớp giữa hệ thống và người trả lời",
        title_en="What does not match between record and person",
        columns=(
            Column("place_code", "Mã đơn vị", "Code of the place"),
            Column("window", "Số tháng", "Months", "count"),
            Column("fact", "Điều được so", "Fact"),
            Column("answers", "Phiếu", "Answers", "count"),
            Column("unrecorded", "Người dân nói, hệ thống không ghi", "Person says, record does not", "count"),
            Column("unconfirmed", "Hệ thống ghi, người dân không nói", "Record says, person does not", "count"),
            Column("p_value", "p (McNemar)", "p (McNemar)", "share"),
            Column("census_numerator", "Số ghi nhận của mọi hồ sơ", "On record, all dossiers", "count"),
            Column("census_denominator", "Trong số hồ sơ", "Of dossiers", "count"),
        ),
        rows=_rows,
    ),
)
