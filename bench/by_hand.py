"""The lake part of a close as one would write it by hand with polars and with pandas: the counts without the classes of papers."""

from collections.abc import Sequence
from typing import Any

from bench.installation import MONTH
from procedures.dossiers import END_STATUSES

KEYS = ["handling_unit", "procedure_code"]
NAMES = (
    "online_filing_raw",
    "online_filing_den",
    "on_time_raw",
    "on_time_den",
    "supplement_raw",
    "supplement_den",
    "repeat_supplement_raw",
    "channel_1",
    "channel_2",
    "channel_3",
    "channel_4",
    "ended",
)
PLAIN = [*KEYS, "channel", "status", "received_at", "due_at", "finished_at", "returned_at", "supplement_count"]


def with_polars(paths: Sequence[str], target: str) -> None:
    """Lazy frames; the streaming engine. Requests are taken apart only where there are any."""
    import polars as pl

    start, end = pl.lit(MONTH.start), pl.lit(MONTH.end)

    def within(instant: pl.Expr) -> pl.Expr:
        return (instant >= start) & (instant < end)

    rows = pl.scan_parquet(list(paths), hive_partitioning=False).filter(pl.col("received_at") < end)
    quiet = rows.filter(pl.col("supplement_count") == 0).select(*PLAIN[:-1], requests=pl.lit(0, pl.Int64), asked_in=pl.lit(False))
    asking = rows.filter(pl.col("supplement_count") > 0).select(*PLAIN[:-1], "supplements").collect(engine="streaming").with_row_index()
    asked = asking.select("index", "supplements").explode("supplements").unnest("supplements")
    by_dossier = asked.group_by("index").agg(
        requests=((pl.col("requested_at") < end) | pl.col("requested_at").is_null()).sum().cast(pl.Int64),
        asked_in=within(pl.col("requested_at")).any(),
    )
    loud = asking.drop("supplements").join(by_dossier, on="index").drop("index").lazy()
    ended_at = pl.when(pl.col("status").is_in(END_STATUSES)).then(pl.coalesce("finished_at", "returned_at"))
    both = pl.concat([quiet, loud.select(quiet.collect_schema().names())]).with_columns(ended_at=ended_at)
    both = both.with_columns(received=within(pl.col("received_at")), ended=within(pl.col("ended_at")).fill_null(False))
    late = (within(pl.col("due_at")) & (pl.col("ended_at").is_null() | (pl.col("ended_at") >= end))).fill_null(False)
    both = both.with_columns(cohort=pl.col("ended") | pl.col("asked_in"), late=late)
    both = both.filter(pl.col("received") | pl.col("cohort") | pl.col("late"))
    due = pl.col("due_at").is_not_null()
    said = {
        "online_filing_raw": pl.col("received") & (pl.col("channel") == 2),
        "online_filing_den": pl.col("received"),
        "on_time_raw": pl.col("ended") & due & (pl.col("ended_at") <= pl.col("due_at")),
        "on_time_den": (pl.col("ended") & due) | pl.col("late"),
        "supplement_raw": pl.col("cohort") & (pl.col("requests") >= 1),
        "supplement_den": pl.col("cohort"),
        "repeat_supplement_raw": pl.col("cohort") & (pl.col("requests") >= 2),
        **{f"channel_{code}": pl.col("received") & (pl.col("channel") == code) for code in (1, 2, 3, 4)},
        "ended": pl.col("ended"),
    }
    counts = both.group_by(KEYS).agg(**{name: true.sum() for name, true in said.items()})
    counts.sort(KEYS).collect(engine="streaming").write_parquet(target)


def with_pandas(paths: Sequence[str], target: str) -> None:
    """Plain columns of all dossiers; the requests of those that have any."""
    import pandas as pd
    import pyarrow.parquet as pq

    start, end = pd.Timestamp(MONTH.start), pd.Timestamp(MONTH.end)

    def within(instant: Any) -> Any:
        return (instant >= start) & (instant < end)

    frame = pq.read_table(list(paths), columns=PLAIN, partitioning=None).to_pandas(strings_to_categorical=True)
    asking = pq.read_table(list(paths), columns=["supplements"], partitioning=None)["supplements"]
    places = frame.index[frame["supplement_count"] > 0]
    lists = asking.take(places.to_numpy()).to_pandas()
    lists.index = places
    asked = lists.explode()
    instants = pd.Series(pd.to_datetime([item["requested_at"] for item in asked], utc=True), index=asked.index)
    frame["requests"] = ((instants < end) | instants.isna()).groupby(level=0).sum()
    frame["requests"] = frame["requests"].fillna(0).astype("int64")
    frame["asked_in"] = within(instants).groupby(level=0).any()
    asked_in = frame.pop("asked_in").fillna(False).astype(bool)
    ended_at = frame["finished_at"].fillna(frame["returned_at"]).where(frame["status"].isin(END_STATUSES))
    received, ended = within(frame["received_at"]), within(ended_at)
    late = within(frame["due_at"]) & (ended_at.isna() | (ended_at >= end))
    cohort, due = ended | asked_in, frame["due_at"].notna()
    said = {
        "online_filing_raw": received & (frame["channel"] == 2),
        "online_filing_den": received,
        "on_time_raw": ended & due & (ended_at <= frame["due_at"]),
        "on_time_den": (ended & due) | late,
        "supplement_raw": cohort & (frame["requests"] >= 1),
        "supplement_den": cohort,
        "repeat_supplement_raw": cohort & (frame["requests"] >= 2),
        **{f"channel_{code}": received & (frame["channel"] == code) for code in (1, 2, 3, 4)},
        "ended": ended,
    }
    concerned = (received | cohort | late) & (frame["received_at"] < end)
    flags = pd.DataFrame({name: true[concerned] for name, true in said.items()}).astype("int32")
    keys = [frame.loc[concerned, key] for key in KEYS]
    flags.groupby(keys, observed=True).sum().reset_index().to_parquet(target)
