"""How long handling takes: what Article 19(2)(d) of Decree 224/2026 wants measured beside the share on time.

Working days (Monday to Friday) from the day of reception to the day on which handling ended, of dossiers that ended with a result in the
month; nothing is deducted, so that waiting for a supplement is in them. Whole days are counted, and medians are taken of the counts.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.calendar import Month
from scorecard.disclosure import is_few
from scorecard.edition_tables import Column, EditionTable, TableMaterial
from scorecard.figures import COUNTRY, NATION

if TYPE_CHECKING:
    import ibis
    import pandas as pd

    from scorecard.file_counts import FileCounts

HALF, MOST = 0.5, 0.9  # shares of dossiers that were done within so many days
HANDLED = (9, 10)  # statuses of an end with a result


def days_taken(paths: Sequence[Path], sources: Sequence[str], month: Month, files: "FileCounts | None" = None) -> "pd.DataFrame":
    """Dossiers of the month by ``handling_unit`` and ``days``: integer sums ``dossiers``."""
    import ibis

    from core.lake import connect, fetch
    from scorecard.arrivals import counted_over
    from scorecard.timeliness import working

    def expression(rows: "ibis.Table", keys: list[str]) -> "ibis.Table":
        from procedures.dossier_queries import microseconds

        ended = ibis.coalesce(rows.finished_at, rows.returned_at)
        rows = rows.filter(
            rows.source.isin(list(sources)),
            rows.status.between(*HANDLED),
            ended >= ibis.literal(month.start),
            ended < ibis.literal(month.end),
            ended >= rows.received_at,
        )
        ended = ibis.coalesce(rows.finished_at, rows.returned_at)
        days = working(microseconds(ended)) - working(microseconds(rows.received_at))
        return rows.group_by([*keys, "handling_unit"], days=days.cast("string")).agg(dossiers=lambda t: t.count())

    engine = connect()
    try:
        counts = counted_over(engine, "handling_times", paths, expression, files)
        frame: pd.DataFrame = fetch(engine, counts.order_by(["handling_unit", "days"])).to_pandas()
    finally:
        engine.disconnect()
    return frame.astype({"handling_unit": "str", "days": "int64", "dossiers": "int64"})


def within(counts: Mapping[int, int], share: float) -> int:
    """The least number of days within which so large a share was done. ``counts``: days → dossiers, one at least."""
    wanted, done = share * sum(counts.values()), 0
    for days in sorted(counts):
        done += counts[days]
        if done >= wanted:
            break
    return days


def _rows(material: TableMaterial) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(list(_listed(material)), columns=[column.name for column in TABLES[0].columns])


def _listed(material: TableMaterial) -> Iterator[tuple[str, int, int, int, int]]:
    """The nation first, then units by code, each with everything below it; none of fewer dossiers than are told."""
    from scorecard.parties import above

    inputs = material.inputs
    found = days_taken(material.lake_files, [source.code for source in inputs.sources], inputs.month, material.files)
    sums: dict[str, Counter[int]] = {}
    for unit, days, dossiers in found.itertuples(index=False, name=None):
        for kind, code in above(inputs.places, unit):
            sums.setdefault(COUNTRY if kind == NATION else code, Counter())[days] += dossiers
    for code in sorted(sums, key=lambda code: (code != COUNTRY, code)):
        counts = sums[code]
        whole = sum(counts.values())
        if not is_few(whole):
            yield code, whole, within(counts, HALF), within(counts, MOST), sum(days * number for days, number in counts.items())


TABLES = (
    EditionTable(
        "handling_times",
        "Thời gian giải quyết, ngày làm việc (NĐ 224/2026/NĐ-CP, Điều 19 khoản 2 điểm d)",
        "Time of handling in working days (Decree 224/2026/NĐ-CP, Article 19(2)(d))",
        (
            Column("place_code", "Mã nơi (VN: cả nước)", "Place (VN: the nation)"),
            Column("dossiers", "Hồ sơ xong trong tháng, có kết quả", "Dossiers that ended in the month with a result", "count"),
            Column("half_within", "Một nửa số hồ sơ xong trong (ngày)", "Half of them within (days)", "count"),
            Column("most_within", "Chín phần mười xong trong (ngày)", "Nine in ten within (days)", "count"),
            Column("days", "Tổng số ngày làm việc từ khi nhận đến khi xong", "Working days from reception to end, in all", "count"),
        ),
        _rows,
    ),
)
