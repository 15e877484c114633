"""Two annexes over the lake: the period of NĐ 09/2019 (15th to 14th), and supplements by month of request and by cohort.

Both are counts of dossiers by province or ministry of the handling unit, of all national sources; nothing of the survey is in them. They
stand beside the month's own figures and are never mixed with them: each carries its period in a column (methodology §6.3, §6.4). An
edition from before there were such annexes has no ``periods.json`` and no rows.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from core.calendar import TIMEZONE, Month
from scorecard.edition_tables import Column, EditionTable, TableMaterial
from scorecard.figures import COUNTRY
from scorecard.rows import named

if TYPE_CHECKING:
    import ibis
    import pandas as pd

FILE = "periods.json"  # frozen with the inputs
ONLINE = 2  # channel of the national sync message
RECENT = 6  # months of reception in which requests of the month are looked for
MATURED = 3  # months after which a cohort's requests are taken as complete
LEAST = 3  # dossiers of a cell, fewer are not told
MONTH_IN_PATH = re.compile(r"(?:^|/)reception_month=(\d{4}-\d{2})/")


def period_of(month: Month) -> tuple[date, date]:
    """First and last day of a month's period under NĐ 09/2019, Article 12: the 15th of the month before to the 14th."""
    return month.plus(-1).first_day.replace(day=15), month.first_day.replace(day=14)


def describe(month: Month) -> dict[str, Any]:
    """The periods as they are frozen with an edition."""
    first, last = period_of(month)
    cohort = str(month.plus(-MATURED))
    return {"nd09": [first.isoformat(), last.isoformat()], "requests": str(month), "cohort": cohort, "recent": str(month.plus(1 - RECENT))}


def _frozen(material: TableMaterial) -> dict[str, Any] | None:
    from scorecard.inputs import read_json

    path = material.folder / FILE
    found: dict[str, Any] | None = read_json(path) if path.is_file() and not material.inputs.provisional else None
    return found


def _report_period(material: TableMaterial) -> "pd.DataFrame":
    """Form II.06a over the period: 3 = 4 + 5 + 6, 7 = 8 + 9 + 10 + without a due date, 11 = 12 + 13, 3 = 7 + 11."""
    import ibis

    frozen = _frozen(material)
    if frozen is None:
        return _empty(PERIOD)
    first, last = (date.fromisoformat(text) for text in frozen["nd09"])
    start, until = (ibis.literal(_midnight(day)) for day in (first, last + timedelta(days=1)))

    def sums(rows: "ibis.Table") -> dict[str, Any]:
        from procedures.dossier_queries import ENDED_WITHOUT_RESULT, local_day
        from procedures.dossiers import END_STATUSES

        ended = ibis.coalesce(rows.finished_at, rows.returned_at)
        over = rows.status.isin(list(END_STATUSES)) & ended.notnull() & (ended < until)
        known = rows.received_at < until
        new, carried = rows.received_at >= start, (rows.received_at < start) & ~(over & (ended < start))
        online = (rows.channel == ONLINE).fill_null(False)
        resolved = known & over & (ended >= start)
        pending = known & ~over
        due = local_day(ended) - local_day(rows.due_at)
        no_due = rows.due_at.isnull()
        return {
            "received": known & (new | carried),
            "received_online": known & new & online,
            "received_other": known & new & ~online,
            "carried_over": known & carried,
            "resolved": resolved,
            "resolved_early": resolved & (due < 0).fill_null(False),
            "resolved_on_day": resolved & (due == 0).fill_null(False),
            "resolved_late": resolved & (due > 0).fill_null(False),
            "resolved_no_due": resolved & no_due,
            "without_result": resolved & rows.status.isin(list(ENDED_WITHOUT_RESULT)),
            "pending": pending,
            "pending_in_time": pending & ~(rows.due_at < until).fill_null(False),
            "pending_late": pending & (rows.due_at < until).fill_null(False),
        }

    frame = _counted(material, material.lake_files, sums)
    frame = frame[frame["received"] >= LEAST]
    return frame.assign(first_day=first.isoformat(), last_day=last.isoformat())


def _supplements(material: TableMaterial) -> "pd.DataFrame":
    """Requests by the month in which they were made (provisional), and of dossiers received three months ago (final)."""
    import pandas as pd

    frozen = _frozen(material)
    if frozen is None:
        return _empty(SUPPLEMENTS)
    month, cohort = Month.parse(frozen["requests"]), Month.parse(frozen["cohort"])
    parts = []
    for basis, of, files in (
        ("request_month", month, _received(material.lake_files, frozen["recent"], str(month))),
        ("cohort", cohort, _received(material.lake_files, str(cohort), str(cohort))),
    ):
        frame = _counted(material, files, lambda rows, basis=basis, of=of: _asked(rows, basis, of))
        base = "dossiers" if basis == "cohort" else "asked"
        parts.append(frame[frame[base] >= LEAST].assign(basis=basis, month=str(of), provisional=basis != "cohort"))
    rows = pd.concat(parts, ignore_index=True)
    known = rows["basis"] == "cohort"
    found: pd.DataFrame = rows.assign(dossiers=rows["dossiers"].astype("Int64").where(known))
    return found  # by month of request there is no whole of which they were a share


def _asked(rows: "ibis.Table", basis: str, month: Month) -> dict[str, Any]:
    import ibis

    start, end = ibis.literal(month.start), ibis.literal(month.end)
    received = (rows.received_at >= start) & (rows.received_at < end)
    if basis == "cohort":
        listed = rows.supplements.length().fill_null(0)
        asked = ibis.greatest(listed, rows.supplement_count.fill_null(0))
        return {"dossiers": received, "asked": received & (asked > 0), "asked_twice": received & (asked > 1)}
    times = rows.supplements.map(lambda request: request.requested_at)
    made = times.filter(lambda at: (at >= start) & (at < end)).length().fill_null(0)
    return {"dossiers": received, "asked": made > 0, "asked_twice": made > 1}


def _counted(material: TableMaterial, paths: Sequence[Path], conditions: Any) -> "pd.DataFrame":
    """How many dossiers of national sources meet each condition: the nation first, then provinces and ministries by code."""
    import pandas as pd

    from core.lake import connect, fetch, read_files
    from procedures.dossiers import dossier_schema

    with TemporaryDirectory(prefix="periods-") as scratch:
        engine = connect(scratch=Path(scratch))
        try:
            rows = read_files(engine, paths, dossier_schema())
            rows = rows.filter(rows.source.isin([source.code for source in material.inputs.sources]))
            wanted = conditions(rows)
            sums = {name: condition.fill_null(False).sum().cast("int64") for name, condition in wanted.items()}
            frame = fetch(engine, rows.group_by("handling_unit").agg(**sums)).to_pandas()
        finally:
            engine.disconnect()
    places = material.inputs.places
    owner = {code: place.province or code for code, place in places.items()}
    names = list(sums)
    frame = frame.assign(province_code=named(frame["handling_unit"], owner))
    by_place = frame.groupby("province_code", as_index=False)[names].sum()
    nation = pd.DataFrame([frame[names].sum()]).assign(province_code=COUNTRY)
    both = pd.concat([nation, by_place[by_place["province_code"] != ""].sort_values("province_code")], ignore_index=True)
    found: pd.DataFrame = both.astype(dict.fromkeys(names, "int64"))
    return found


def _received(paths: Sequence[Path], first: str, last: str) -> list[Path]:
    """The lake's files of receptions in some months."""
    found = []
    for path in paths:
        match = MONTH_IN_PATH.search(path.as_posix())
        if match is None or first <= match.group(1) <= last:
            found.append(path)
    return found


def _empty(table: EditionTable) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(columns=[column.name for column in table.columns])


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), TIMEZONE)


PERIOD = EditionTable(
    "report_period",
    "Tình hình giải quyết hồ sơ theo kỳ báo cáo của NĐ 09/2019 (ngày 15 tháng trước đến ngày 14)",
    "Dossiers in the reporting period of Decree 09/2019 (15th of the month before to the 14th)",
    (
        Column("province_code", "Nơi", "Place"),
        Column("first_day", "Từ ngày", "From", "day"),
        Column("last_day", "Đến hết ngày", "To", "day"),
        Column("received", "Tổng tiếp nhận", "Received in all", "count"),
        Column("received_online", "Trong kỳ, trực tuyến", "In the period, online", "count"),
        Column("received_other", "Trong kỳ, trực tiếp, bưu chính", "In the period, in person or by post", "count"),
        Column("carried_over", "Từ kỳ trước", "Carried over", "count"),
        Column("resolved", "Tổng đã giải quyết", "Resolved in all", "count"),
        Column("resolved_early", "Trước hạn", "Before the due day", "count"),
        Column("resolved_on_day", "Đúng hạn", "On the due day", "count"),
        Column("resolved_late", "Quá hạn", "After the due day", "count"),
        Column("resolved_no_due", "Không ghi hạn", "Without a due day", "count"),
        Column("without_result", "Trong đó từ chối, rút, dừng", "Of these refused, withdrawn or stopped", "count"),
        Column("pending", "Tổng đang giải quyết", "Pending in all", "count"),
        Column("pending_in_time", "Đang giải quyết, trong hạn", "Pending, in time", "count"),
        Column("pending_late", "Đang giải quyết, quá hạn", "Pending, overdue", "count"),
    ),
    _report_period,
)
SUPPLEMENTS = EditionTable(
    "supplement_cohorts",
    "Hồ sơ bị yêu cầu bổ sung theo tháng yêu cầu (tạm tính) và theo tháng tiếp nhận ba tháng trước (chính thức)",
    "Dossiers with supplement requests by month of request (provisional) and by month of reception three months ago (final)",
    (
        Column("basis", "Tính theo", "Counted by"),
        Column("month", "Tháng", "Month"),
        Column("province_code", "Nơi", "Place"),
        Column("provisional", "Tạm tính", "Provisional", "flag"),
        Column("dossiers", "Hồ sơ tiếp nhận", "Dossiers received", "count"),
        Column("asked", "Hồ sơ bị yêu cầu bổ sung", "Dossiers with a request", "count"),
        Column("asked_twice", "Từ hai lần", "With two or more", "count"),
    ),
    _supplements,
)
TABLES = (PERIOD, SUPPLEMENTS)
