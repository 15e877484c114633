"""The six marks of data quality of the Notice — đúng, đủ, sạch, sống, thống nhất, dùng chung — each with its measure.

For each province and ministry that answers for a source, and for the nation. Every mark is k of n with its own unit of counting;
where a source sends nothing that could tell, the mark is ``not_reported`` and never zero.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from core.calendar import Month
from scorecard.edition_tables import Column, EditionTable, TableMaterial
from scorecard.figures import COUNTRY, NOT_REPORTED, VALUE
from scorecard.statistics import rate

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy.orm import Session

SUBMISSIONS = "submissions.parquet"  # the frozen input, as ``submissions_frame``
LIVE_WITHIN = timedelta(hours=24)
UNKNOWN_CODE = "unknown_"  # rules of this family speak of a code that no list has
ACCEPTED = ("accepted", "partly_accepted")


@dataclass(frozen=True)
class Mark:
    """One of the six: its name, and what is counted of what."""

    code: str
    vi: str
    en: str
    measure_vi: str
    measure_en: str


SOURCE_VI, SOURCE_EN = "Thông báo 07-TB/CQTTBCĐ (đúng, đủ, sạch, sống, thống nhất, dùng chung)", "Notice 07-TB/CQTTBCĐ"
MARKS = (
    Mark(
        "correct",
        "Đúng",
        "Correct",
        "dòng nhận không bị giữ lại vì nội dung sai (ngày ngược, thiếu, không thể có) / dòng nhận trong các lần gửi chạm tháng",
        "rows not held back for their content (dates in the wrong order, missing, impossible) / rows received that touch the month",
    ),
    Mark(
        "complete",
        "Đủ",
        "Complete",
        "ngày làm việc có hồ sơ tiếp nhận gửi về / ngày làm việc đã qua của tháng",
        "working days with receptions sent / working days of the month that have passed",
    ),
    Mark(
        "clean",
        "Sạch",
        "Clean",
        "hồ sơ tiếp nhận trong tháng không mang cảnh báo nào / hồ sơ tiếp nhận trong tháng",
        "dossiers received in the month that carry no warning / dossiers received in the month",
    ),
    Mark(
        "live",
        "Sống",
        "Live",
        "hồ sơ về kho trong 24 giờ sau lần cập nhật cuối ở nguồn / hồ sơ có ghi giờ cập nhật",
        "dossiers that arrived within 24 hours of their last change at the source / dossiers that say when they changed",
    ),
    Mark(
        "uniform",
        "Thống nhất",
        "Uniform",
        "dòng nhận dùng mã đơn vị, thủ tục, trạng thái, kênh có trong danh mục chung / dòng nhận",
        "rows whose unit, procedure, status and channel are in the common lists / rows received",
    ),
    Mark(
        "shared",
        "Dùng chung",
        "Shared",
        "hồ sơ có tra cứu cơ sở dữ liệu hoặc dùng lại giấy tờ điện tử / hồ sơ mà nguồn có ghi một trong hai điều đó",
        "dossiers with a database lookup or a reused electronic paper / dossiers of which the source records either",
    ),
)


def submissions_frame(session: "Session", month: Month) -> "pd.DataFrame":
    """National submissions that touched a month: ``source``, ``key``, ``received_at`` (UTC), rows received, held, of unknown codes.

    A submission of which no row was good counts in the month in which it came.
    """
    import pandas as pd
    from sqlalchemy import select

    from procedures.models import NATIONAL, Source, Submission

    rows = session.execute(
        select(Source.code, Submission).join(Source).where(Source.list_code == NATIONAL, Submission.finished_at.is_not(None))
    )
    found = []
    for source, item in rows:
        if str(month) not in (item.months or [str(Month.of(item.received_at))]) or item.parent_id is not None:
            continue
        unknown = sum(count for rule, count in item.quarantined.items() if rule.startswith(UNKNOWN_CODE))
        unknown = min(unknown, item.rows_quarantined)
        found.append((source, item.key, item.received_at, item.rows_received, item.rows_quarantined, unknown))
    columns = ["source", "key", "received_at", "received", "held", "unknown"]
    frame = pd.DataFrame(found, columns=columns).astype({"source": "str", "key": "str", "received": "int64", "held": "int64"})
    frame["unknown"] = frame["unknown"].astype("int64")
    frame["received_at"] = pd.to_datetime(frame["received_at"], utc=True).astype("datetime64[us, UTC]")
    return frame.sort_values(["source", "key"], ignore_index=True)


def working_days(month: Month, until: date) -> int:
    """Days from Monday to Friday of the month up to and with ``until`` (public holidays are not known here and count)."""
    last = min(month.last_day, until)
    days = range(month.first_day.toordinal(), last.toordinal() + 1)
    return sum(date.fromordinal(day).weekday() < 5 for day in days)


def from_lake(material: TableMaterial, submissions: "pd.DataFrame", until: date) -> "pd.DataFrame":
    """By source: dossiers received in the month, days, those without warnings, fresh ones, shared ones; one pass over their files."""
    import ibis

    from core.lake import connect, fetch, from_arrow, read_files
    from procedures.dossier_queries import EPOCH, local_day, microseconds
    from procedures.dossiers import dossier_schema

    month = material.inputs.month
    wanted = [path for path in material.lake_files if f"reception_month={month}" in path.as_posix()]
    engine = connect()
    try:
        import pyarrow as pa

        rows = read_files(engine, wanted, dossier_schema())
        rows = rows.filter(rows.source.isin([source.code for source in material.inputs.sources]))
        arrivals = from_arrow(engine, "arrivals", pa.Table.from_pandas(submissions[["key", "received_at"]], preserve_index=False))
        joined = rows.left_join(arrivals, rows.submission == arrivals.key)
        lag = microseconds(joined.received_at_right) - microseconds(joined.updated_at)
        known = joined.updated_at.notnull() & joined.received_at_right.notnull()
        looked = ibis.coalesce(joined.data_lookups.length(), 0) > 0
        day = local_day(joined.received_at)
        open_day = ((day + EPOCH.weekday()) % 7 < 5) & (day <= (until - EPOCH).days)
        per_source = joined.group_by("source").agg(
            dossiers=lambda t: t.count(),
            days=ibis.ifelse(open_day, day, ibis.null("int64")).nunique(),
            clean=(ibis.coalesce(joined.warnings.length(), 0) == 0).sum(),
            timed=known.sum(),
            live=(known & (lag <= LIVE_WITHIN // timedelta(microseconds=1))).sum(),
            told=(joined.data_lookups.notnull() | joined.reused.notnull()).sum(),
            shared=(looked | ibis.coalesce(joined.reused, False)).sum(),
        )
        found: pd.DataFrame = fetch(engine, per_source.order_by("source")).to_pandas()
    finally:
        engine.disconnect()
    numbers = [name for name in found.columns if name != "source"]
    return found.astype({"source": "str", **dict.fromkeys(numbers, "int64")})


def _rows(material: TableMaterial) -> "pd.DataFrame":
    import pandas as pd

    from scorecard.inputs import cutoff_day

    submissions = pd.read_parquet(material.folder / SUBMISSIONS)
    until = cutoff_day(material.folder)
    lake = from_lake(material, submissions, until).set_index("source")
    sent = submissions.groupby("source")[["received", "held", "unknown"]].sum()
    elapsed = working_days(material.inputs.month, until)
    places: dict[str, list[str]] = {COUNTRY: []}
    for source in material.inputs.sources:
        places[COUNTRY].append(source.code)
        if source.province is not None:
            places.setdefault(source.province, []).append(source.code)
    found = list(_marks(places, lake, sent, elapsed))
    return pd.DataFrame(found, columns=["place_code", "mark", "numerator", "denominator", "value", "status"])


def _marks(places: dict[str, list[str]], lake: "pd.DataFrame", sent: "pd.DataFrame", elapsed: int) -> Iterator[tuple[Any, ...]]:
    for place in sorted(places, key=lambda code: (code != COUNTRY, code)):
        sources = places[place]
        inside = lake.loc[lake.index.intersection(sources)].sum()
        arrived = sent.loc[sent.index.intersection(sources)].sum()
        received, held, unknown = (int(arrived.get(name, 0)) for name in ("received", "held", "unknown"))
        pairs = {
            "correct": (received - (held - unknown), received),
            # a source that sent nothing counts with its days, so that a silent one shows; nothing at all is another matter
            "complete": (int(inside.get("days", 0)), elapsed * len(sources) if len(lake.index.intersection(sources)) else 0),
            "clean": (int(inside.get("clean", 0)), int(inside.get("dossiers", 0))),
            "live": (int(inside.get("live", 0)), int(inside.get("timed", 0))),
            "uniform": (received - unknown, received),
            "shared": (int(inside.get("shared", 0)), int(inside.get("told", 0))),
        }
        for mark in MARKS:
            top, bottom = pairs[mark.code]
            if bottom:
                yield place, mark.code, top, bottom, rate(top, bottom), VALUE
            else:
                yield place, mark.code, None, None, None, NOT_REPORTED


TABLES = (
    EditionTable(
        name="quality_marks",
        title_vi="Sáu dấu chất lượng số liệu",
        title_en="Six marks of data quality",
        columns=(
            Column("place_code", "Mã đơn vị", "Code of the place"),
            Column("mark", "Dấu", "Mark"),
            Column("numerator", "Tử số", "Numerator", "count"),
            Column("denominator", "Mẫu số", "Denominator", "count"),
            Column("value", "Tỷ lệ", "Share", "share"),
            Column("status", "Trạng thái", "Status"),
        ),
        rows=_rows,
    ),
)
