"""How many dossiers reached an end-point in a month: the population that the survey's answers are weighted to."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.calendar import Month
from scorecard.rows import named

if TYPE_CHECKING:
    import ibis
    import pandas as pd

    from scorecard.file_counts import FileCounts

CELLS = ["unit_code", "procedure_code", "channel", "end_point", "applicant_type", "provider_code"]
FILE = "population.parquet"


def population(
    paths: Sequence[Path],
    sources: Sequence[str],
    month: Month,
    provinces: Mapping[str, str],
    scratch: Path,
    files: "FileCounts | None" = None,
) -> "pd.DataFrame":
    """Dossiers of national sources whose handling ended in the month, each once, by what the register records of all of them.

    Columns: ``province_code`` (of the handling unit; empty where unknown), ``CELLS`` (empty text and channel 0 where the source
    did not say), ``dossiers``; sorted. The same dossiers as those invited at an end-point (``procedures.queries.end_points``).
    ``files``: counts of files that were counted before, of a running month.
    """
    import ibis

    from core.lake import connect, fetch
    from procedures.dossier_queries import END_POINTS
    from scorecard.arrivals import counted_over

    def expression(rows: "ibis.Table", keys: list[str]) -> "ibis.Table":
        ended_at = ibis.coalesce(rows.finished_at, rows.returned_at)
        rows = rows.filter(
            rows.source.isin(list(sources)),
            rows.status.isin(list(END_POINTS)),
            ended_at >= ibis.literal(month.start),
            ended_at < ibis.literal(month.end),
        )
        cells = rows.select(
            *keys,
            unit_code=rows.handling_unit,
            procedure_code=rows.procedure_code,
            channel=ibis.coalesce(rows.channel, 0).cast("string"),
            end_point=rows.status.cases(*END_POINTS.items(), else_=""),
            applicant_type=ibis.coalesce(rows.applicant_type, ""),
            provider_code=ibis.coalesce(rows.provider, ""),
        )
        return cells.group_by([*keys, *CELLS]).agg(dossiers=lambda t: t.count())

    engine = connect(scratch=scratch)
    try:
        counted = fetch(engine, counted_over(engine, "population", paths, expression, files)).to_pandas()
    finally:
        engine.disconnect()
    frame: pd.DataFrame = counted.astype(dict.fromkeys(CELLS, "str") | {"channel": "int64", "dossiers": "int64"})
    frame.insert(0, "province_code", named(frame["unit_code"], provinces))
    return frame.sort_values(["province_code", *CELLS], ignore_index=True)
