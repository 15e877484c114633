"""Dossiers that ended without a result and came again: a question of its own over the lake (methodology §7.4).

A share is whole only after 30 days, so those that ended up to 30 days before the month's end are one cohort. The files that an edition
lists hold nothing received later; of what ended in the month itself, what has come again by its end is counted, which is the least that
there will be.
"""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from core.calendar import Month
from core.lake import connect, fetch, read_files
from procedures.dossier_queries import refilings
from procedures.dossiers import END_STATUSES, dossier_schema
from scorecard.definitions import FOLLOWED
from scorecard.indicators import INDICATORS

if TYPE_CHECKING:
    import ibis
    import pandas as pd

DAYS = 30
EITHER = "refiled_either"
KEYS = ["handling_unit", "procedure_code"]


def count_refilings(paths: Sequence[Path], sources: Sequence[str], month: Month) -> "pd.DataFrame":
    """By ``handling_unit`` and ``procedure_code`` of the first dossier: ``<indicator>_raw`` and ``<indicator>_den`` of the indicators of
    kind ``FOLLOWED``, and the same of ``EITHER``, all dossiers of their cohorts once."""
    with TemporaryDirectory(prefix="refilings-") as scratch:
        engine = connect(scratch=Path(scratch))
        try:
            rows = read_files(engine, paths, dossier_schema())
            cohort = followed(rows.filter(rows.source.isin(list(sources))), month)
            sums: dict[str, Any] = {f"{EITHER}_den": cohort.count(), f"{EITHER}_raw": cohort.refiled.sum().cast("int64")}
            for code, indicator in INDICATORS.items():
                if indicator.kind == FOLLOWED and indicator.denominator is not None:
                    counted = {"den": indicator.denominator(cohort)} | {name: true(cohort) for name, true in indicator.numerators.items()}
                    sums |= {f"{code}_{name}": true.sum().cast("int64") for name, true in counted.items()}
            cells = cohort.group_by(KEYS).agg(**sums).order_by(KEYS)
            frame: pd.DataFrame = fetch(engine, cells).to_pandas().astype(dict.fromkeys(KEYS, "str") | dict.fromkeys(sums, "int64"))
            return frame
        finally:
            engine.disconnect()


def followed(rows: "ibis.Table", month: Month) -> "ibis.Table":
    """Dossiers of known applicants with ``refiled``: ``whole``, which ended ``DAYS`` to a month and ``DAYS`` before the month's end, and
    ``fresh``, which ended in the month (of a month of 31 days, on its first day both)."""
    import ibis

    first, until = month.start - timedelta(days=DAYS), month.end - timedelta(days=DAYS)
    rows = rows.filter(rows.applicant_hash.notnull() & (rows.received_at < ibis.literal(month.end)))
    rows = rows.mutate(ended_at=ibis.coalesce(rows.finished_at, rows.returned_at))
    ended = rows.status.isin(END_STATUSES) & rows.ended_at.notnull()
    rows = rows.mutate(
        whole=(ended & (rows.ended_at >= ibis.literal(first)) & (rows.ended_at < ibis.literal(until))).fill_null(False),
        fresh=(ended & (rows.ended_at >= ibis.literal(month.start)) & (rows.ended_at < ibis.literal(month.end))).fill_null(False),
    )
    near = rows.filter(rows.whole | rows.fresh | (rows.received_at >= ibis.literal(first)))
    again = refilings(near, DAYS).select("source", "dossier_code").distinct().mutate(refiled=True)
    cohort = near.filter(near.whole | near.fresh)
    joined = cohort.left_join(again, ["source", "dossier_code"])
    kept = ("source", "dossier_code", *KEYS, "whole", "fresh")
    return joined.select(*(cohort[name] for name in kept), refiled=again.refiled.fill_null(False))


def with_refilings(sums: "pd.DataFrame", refiled: "pd.DataFrame") -> "pd.DataFrame":
    """Counts by unit or by procedure (their first column), with those of refilings; a unit that only has these is added."""
    key = str(sums.columns[0])
    more = refiled.groupby(key, as_index=False).sum(numeric_only=True)
    joined = sums.merge(more, how="outer", on=key).fillna(0)
    return joined.astype({name: "int64" for name in joined.columns if name != key}).sort_values(key, ignore_index=True)
