"""From the lake's files to wide counts, one row for each unit and procedure: Ibis expressions, run by DuckDB.

Cohorts (methodology §6.2, §7.5), months cut in Viet Nam: *received* = reception in the month; *ended* = an end status
whose handling ended in the month; *D* = ended in it, or any supplement request in it. Requests are counted up to the end of
the month. Everything is an integer count.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.calendar import Month
from core.lake import connect, fetch, from_arrow, read_files
from procedures.dossiers import END_STATUSES, dossier_schema
from procedures.papers import HELD, UNCLEAR, PaperBook
from scorecard.indicators import INDICATORS, LAKE

if TYPE_CHECKING:
    import ibis
    import ibis.backends.duckdb
    import pandas as pd
    import pyarrow as pa

KEYS = ["handling_unit", "procedure_code"]
DOSSIER = ["source", "dossier_code"]
CHANNEL_CODES = (1, 2, 3, 4)


@dataclass(frozen=True)
class Counts:
    """What was counted. ``wide``: ``handling_unit``, ``procedure_code``, ``<indicator>_<variant>``, ``<indicator>_den``,
    ``channel_<code>``, ``ended``. ``registers``: ``handling_unit``, ``procedure_code``, ``register_code``, ``dossiers``.
    ``sources``: dossiers of the month by source."""

    wide: "pd.DataFrame"
    registers: "pd.DataFrame"
    sources: dict[str, int]


def count(paths: Sequence[Path], sources: Sequence[str], month: Month, papers: PaperBook) -> Counts:
    """Count a month. ``paths``: the lake's data files; ``sources``: those that enter national figures."""
    engine = connect()
    joined, known = judged(engine, paths, sources, month, papers)
    wide = fetch(engine, _aggregate(joined).order_by(KEYS)).to_pandas()
    held = known.filter(known.paper_class == HELD).select(*DOSSIER, *KEYS, "register_code").distinct()
    held = held.group_by([*KEYS, "register_code"]).agg(dossiers=lambda t: t.count()).order_by([*KEYS, "register_code"])
    registers = fetch(engine, held).to_pandas()
    totals = fetch(engine, joined.group_by("source").agg(dossiers=lambda t: t.count()).order_by("source")).to_pydict()
    whole = {name: "int64" for name in wide.columns if name not in KEYS}
    return Counts(
        wide=wide.astype({**dict.fromkeys(KEYS, "str"), **whole}),
        registers=registers.astype({**dict.fromkeys([*KEYS, "register_code"], "str"), "dossiers": "int64"}),
        sources={str(source): int(number) for source, number in zip(totals["source"], totals["dossiers"], strict=True)},
    )


def judged(
    engine: "ibis.backends.duckdb.Backend",
    paths: Sequence[Path],
    sources: Sequence[str],
    month: Month,
    papers: PaperBook,
    only: Callable[["ibis.Table"], "ibis.Table"] = lambda rows: rows,
) -> tuple["ibis.Table", "ibis.Table"]:
    """The month's dossiers with the columns that indicators use, and every paper asked for in D with its class and register.

    ``only`` narrows the lake's rows before anything is derived from them.
    """
    dossiers = _derive(only(read_files(engine, paths, dossier_schema())), sources, month)
    dossiers = engine.create_table("dossiers", dossiers, temp=True)
    asked = _asked(dossiers, month)
    classes = _classify(fetch(engine, asked.select("procedure_code", "paper_code", "paper_name").distinct()), papers)
    lookup = from_arrow(engine, "paper_classes", classes)
    on = [asked[name].identical_to(lookup[name]) for name in ("procedure_code", "paper_code", "paper_name")]
    known = asked.inner_join(lookup, on).select(*DOSSIER, *KEYS, asked.paper_name, "paper_class", "register_code")
    classed = known.group_by(DOSSIER).agg(
        held=(known.paper_class == HELD).any(),
        unclear=(known.paper_class == UNCLEAR).any(),
    )
    joined = dossiers.left_join(classed, DOSSIER).select(dossiers, classed.held, classed.unclear)
    joined = joined.mutate(
        asked_held=joined.held.fill_null(False),
        # a source that sends only a number of requests names no paper
        asked_unclear=joined.unclear.fill_null(False) | ((joined.requests > 0) & (joined.listed == 0)),
    )
    return joined, known


def _derive(rows: "ibis.Table", sources: Sequence[str], month: Month) -> "ibis.Table":
    """The dossiers that the month concerns, with the columns that the indicators' expressions use."""
    import ibis

    start, end = ibis.literal(month.start), ibis.literal(month.end)

    def within(instant: Any) -> Any:
        return ((instant >= start) & (instant < end)).fill_null(False)

    rows = rows.filter(rows.source.isin(list(sources)) & (rows.received_at < end))
    listed = ibis.coalesce(rows.supplements.length(), 0)
    before_end = rows.supplements.filter(lambda item: (item.requested_at < end) | item.requested_at.isnull())
    rows = rows.mutate(
        ended_at=ibis.ifelse(
            rows.status.isin(END_STATUSES), ibis.coalesce(rows.finished_at, rows.returned_at), ibis.null("timestamp('UTC')")
        ),
        listed=listed,
        requests=ibis.ifelse(listed > 0, before_end.length(), ibis.coalesce(rows.supplement_count, 0)),
        asked_in=ibis.coalesce(rows.supplements.filter(lambda item: (item.requested_at >= start) & (item.requested_at < end)).length(), 0)
        > 0,
        received_in=within(rows.received_at),
    )
    rows = rows.mutate(ended_in=within(rows.ended_at))
    rows = rows.mutate(
        in_cohort=rows.ended_in | rows.asked_in,
        overdue_at_end=within(rows.due_at) & (rows.ended_at.isnull() | (rows.ended_at >= end)),
    )
    derived = [
        "received_at",
        "channel",
        "due_at",
        "ended_at",
        "received_in",
        "ended_in",
        "in_cohort",
        "overdue_at_end",
        "listed",
        "requests",
    ]
    concerned = rows.filter(rows.received_in | rows.in_cohort | rows.overdue_at_end)
    return concerned.select(*DOSSIER, *KEYS, *derived, "supplements")


def _asked(dossiers: "ibis.Table", month: Month) -> "ibis.Table":
    """One row for each paper asked for in D up to the month's end; a request that lists none counts by its text."""
    import ibis

    requests = dossiers.filter(dossiers.in_cohort & (dossiers.listed > 0))
    requests = requests.select(*DOSSIER, *KEYS, request=requests.supplements.unnest())
    instant = requests.request.requested_at
    requests = requests.filter(instant.isnull() | (instant < ibis.literal(month.end)))
    documents = requests.request.documents
    named = requests.filter(documents.length() > 0)
    named = named.select(*DOSSIER, *KEYS, document=named.request.documents.unnest())
    named = named.select(*DOSSIER, *KEYS, paper_code=named.document["code"], paper_name=named.document["name"])
    bare = requests.filter(documents.isnull() | (documents.length() == 0))
    bare = bare.select(*DOSSIER, *KEYS, paper_code=ibis.null("string"), paper_name=bare.request["text"])
    return named.union(bare)


def _classify(papers: "pa.Table", book: PaperBook) -> "pa.Table":
    """The lookup table of distinct papers: the same rows with ``paper_class`` and ``register_code``."""
    import pyarrow as pa

    found = [book.classify(row["procedure_code"] or "", row["paper_code"], row["paper_name"]) for row in papers.to_pylist()]
    papers = papers.append_column("paper_class", pa.array([kind for kind, _ in found], pa.string()))
    return papers.append_column("register_code", pa.array([register for _, register in found], pa.string()))


def _aggregate(dossiers: "ibis.Table") -> "ibis.Table":
    """The wide counts: every lake indicator's numerators and denominator, the channels, and what ended."""

    def number(condition: Any) -> Any:
        return condition.fill_null(False).cast("int64").sum()

    sums: dict[str, Any] = {}
    for indicator in INDICATORS.values():
        if indicator.kind != LAKE or indicator.denominator is None:
            continue
        for variant, numerator in indicator.numerators.items():
            sums[f"{indicator.code}_{variant}"] = number(numerator(dossiers))
        sums[f"{indicator.code}_den"] = number(indicator.denominator(dossiers))
    for code in CHANNEL_CODES:
        sums[f"channel_{code}"] = number(dossiers.received_in & (dossiers.channel == code))
    sums["ended"] = number(dossiers.ended_in)
    return dossiers.group_by(KEYS).agg(**sums)
