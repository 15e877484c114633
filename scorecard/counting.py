"""From the lake's files to wide counts, one row for each unit and procedure: Ibis expressions, run by DuckDB.

Cohorts (methodology §6.2, §7.5), months cut in Viet Nam: *received* = reception in the month; *ended* = an end status
whose handling ended in the month; *D* = ended in it, or any supplement request in it. Requests are counted up to the end of
the month. Everything is an integer count.

Few dossiers list requests, and only these need the nested columns and the classes of papers: they are taken out into a small
table, all others are read and counted in one pass that keeps nothing. Months of any size are counted in the same memory.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from pathlib import Path
from tempfile import TemporaryDirectory
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
MEMORY = "1200MB"  # the engine's share of a close; beyond it, it works on disk
ROW_GROUP = 20_480  # small, so that a page about one province reads little of the file
DERIVED = ["received_at", "channel", "due_at", "ended_at", "received_in", "ended_in", "in_cohort", "overdue_at_end", "requests"]
COLUMNS = [*DOSSIER, *KEYS, *DERIVED]


@dataclass(frozen=True)
class Counts:
    """What was counted. ``by_unit`` (``handling_unit``) and ``by_procedure`` (``procedure_code``): sums of
    ``<indicator>_<variant>``, ``<indicator>_den``, ``channel_<code>``, ``ended``. ``registers``: ``handling_unit``,
    ``procedure_code``, ``register_code``, ``dossiers``. ``sources``: dossiers that the month concerns, by source."""

    by_unit: "pd.DataFrame"
    by_procedure: "pd.DataFrame"
    registers: "pd.DataFrame"
    sources: dict[str, int]


def count(
    paths: Sequence[Path],
    sources: Sequence[str],
    month: Month,
    papers: PaperBook,
    provinces: Mapping[str, str],
    target: Path | None = None,
) -> Counts:
    """Count a month. ``paths``: the lake's data files; ``sources``: those that enter national figures.

    ``target``: where the sums by ``province_code`` (from ``provinces``: unit → province or ministry, empty where unknown),
    ``handling_unit``, ``procedure_code`` and ``source`` go as Parquet, in this order; the same counts give the same bytes.
    """
    with TemporaryDirectory(dir=target.parent if target else None, prefix=".scratch-") as scratch:
        engine = connect(MEMORY, Path(scratch))
        try:
            return _count(engine, paths, sources, month, papers, provinces, target or Path(scratch) / "counts.parquet")
        finally:
            engine.disconnect()


def _count(
    engine: "ibis.backends.duckdb.Backend",
    paths: Sequence[Path],
    sources: Sequence[str],
    month: Month,
    papers: PaperBook,
    provinces: Mapping[str, str],
    target: Path,
) -> Counts:
    dossiers, known = judged(engine, paths, sources, month, papers, numbered=True)
    _write(engine, _aggregate(dossiers), provinces, target)
    cells = engine.read_parquet(target)  # all sums from one place, and the many cells are held nowhere
    held = known.filter(known.paper_class == HELD).select(*DOSSIER, *KEYS, "register_code").distinct()
    held = held.group_by([*KEYS, "register_code"]).agg(dossiers=lambda t: t.count()).order_by([*KEYS, "register_code"])
    registers = fetch(engine, held).to_pandas()
    totals = fetch(engine, cells.group_by("source").agg(dossiers=cells.dossiers.sum()).order_by("source")).to_pydict()
    return Counts(
        by_unit=_summed(engine, cells, "handling_unit"),
        by_procedure=_summed(engine, cells, "procedure_code"),
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
    numbered: bool = False,
) -> tuple["ibis.Table", "ibis.Table"]:
    """The month's dossiers with the columns that indicators use, and every paper asked for in D with its class and register.

    ``only`` narrows the lake's rows before anything is derived from them. ``numbered``: dossiers with requests have a running
    number in place of their code, and the others none.
    """
    import ibis

    end = ibis.literal(month.end)
    rows = only(read_files(engine, paths, dossier_schema()))
    rows = rows.filter(rows.source.isin(list(sources)) & (rows.received_at < end))
    counted = ibis.coalesce(rows.supplement_count, 0)
    silent = _concerned(rows.filter(counted == 0), month, requests=ibis.literal(0, "int64"), asked_in=ibis.literal(False))
    silent = silent.mutate(asked_held=ibis.literal(False), asked_unclear=ibis.literal(False))
    asking = _asking(rows.filter(counted > 0), month)
    if numbered:  # to read all codes costs as much as to read everything else
        silent, asking = silent.mutate(dossier_code=ibis.null("int64")), asking.mutate(dossier_code=ibis.row_number())
    asking = engine.create_table("asking", asking.select(*COLUMNS, "listed", "supplements"), temp=True)
    asked = _asked(asking, month)
    classes = _classify(fetch(engine, asked.select("procedure_code", "paper_code", "paper_name").distinct()), papers)
    lookup = from_arrow(engine, "paper_classes", classes)
    on = [asked[name].identical_to(lookup[name]) for name in ("procedure_code", "paper_code", "paper_name")]
    known = asked.inner_join(lookup, on).select(*DOSSIER, *KEYS, asked.paper_name, "paper_class", "register_code")
    classed = known.group_by(DOSSIER).agg(held=(known.paper_class == HELD).any(), unclear=(known.paper_class == UNCLEAR).any())
    joined = asking.left_join(classed, DOSSIER).select(
        *(asking[name] for name in COLUMNS),
        asked_held=classed.held.fill_null(False),
        # a source that sends only a number of requests names no paper
        asked_unclear=classed.unclear.fill_null(False) | ((asking.requests > 0) & (asking.listed == 0)),
    )
    return silent.select(joined.columns).union(joined), known


def _asking(rows: "ibis.Table", month: Month) -> "ibis.Table":
    """The dossiers with requests that the month concerns. Where none is listed, the number that the source sent stands."""
    import ibis

    start, end = ibis.literal(month.start), ibis.literal(month.end)
    rows = rows.mutate(listed=ibis.coalesce(rows.supplements.length(), 0))
    before_end = rows.supplements.filter(lambda item: (item.requested_at < end) | item.requested_at.isnull()).length()
    inside = rows.supplements.filter(lambda item: (item.requested_at >= start) & (item.requested_at < end)).length()
    requests = ibis.ifelse(rows.listed > 0, before_end, rows.supplement_count).cast("int64")
    return _concerned(rows, month, requests, ibis.coalesce(inside, 0) > 0)


def _concerned(rows: "ibis.Table", month: Month, requests: Any, asked_in: Any) -> "ibis.Table":
    """The dossiers that the month concerns, with ``DERIVED``; true or false is null where an instant is missing, and counts as false.

    ``requests``: how many up to the month's end; ``asked_in``: one of them in the month.
    """
    import ibis

    start, end = ibis.literal(month.start), ibis.literal(month.end)

    def within(instant: Any) -> Any:
        return (instant >= start) & (instant < end)

    ended_at = ibis.coalesce(rows.finished_at, rows.returned_at)
    ended_at = ibis.ifelse(_ended(rows.status), ended_at, ibis.null(ended_at.type()))
    rows = rows.mutate(requests=requests, asked_in=asked_in, ended_at=ended_at, received_in=within(rows.received_at))
    rows = rows.mutate(ended_in=within(rows.ended_at))
    rows = rows.mutate(
        in_cohort=rows.ended_in | rows.asked_in,
        overdue_at_end=within(rows.due_at) & (rows.ended_at.isnull() | (rows.ended_at >= end)),
    )
    return rows.filter(rows.received_in | rows.in_cohort | rows.overdue_at_end)


def _ended(status: Any) -> Any:
    """An end status, as spans of codes: DuckDB makes a join of each list of more than a few values."""
    firsts = [code for code in END_STATUSES if code - 1 not in END_STATUSES]
    lasts = [code for code in END_STATUSES if code + 1 not in END_STATUSES]
    return reduce(or_, (status.between(first, last) for first, last in zip(firsts, lasts, strict=True)))


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
    """The wide counts by source, unit and procedure: every lake indicator's numerators and denominator, the channels, what ended."""
    import ibis

    conditions: dict[str, Any] = {}
    for indicator in INDICATORS.values():
        if indicator.kind != LAKE or indicator.denominator is None:
            continue
        for variant, numerator in indicator.numerators.items():
            conditions[f"{indicator.code}_{variant}"] = numerator(dossiers)
        conditions[f"{indicator.code}_den"] = indicator.denominator(dossiers)
    for code in CHANNEL_CODES:
        conditions[f"channel_{code}"] = dossiers.received_in & (dossiers.channel == code)
    conditions["ended"] = dossiers.ended_in
    # counted as values that are not null, which is the same everywhere; Spark has no COUNT … FILTER in Ibis
    sums = {name: ibis.ifelse(true, 1, ibis.null("int8")).count().cast("int32") for name, true in conditions.items()}
    return dossiers.group_by("source", *KEYS).agg(dossiers=dossiers.count().cast("int32"), **sums)


def _summed(engine: "ibis.backends.duckdb.Backend", cells: "ibis.Table", key: str) -> "pd.DataFrame":
    """The cells' sums by one key."""
    names = [name for name in cells.columns if name not in ("province_code", "source", "dossiers", *KEYS)]
    sums = cells.group_by(key).agg(**{name: cells[name].sum() for name in names}).order_by(key)
    # DuckDB sums in 128 bits, which Ibis does not know
    frame: pd.DataFrame = fetch(engine, sums).to_pandas().astype({key: "str", **dict.fromkeys(names, "int64")})
    return frame


def _write(engine: "ibis.backends.duckdb.Backend", cells: "ibis.Table", provinces: Mapping[str, str], target: Path) -> None:
    import ibis
    import pyarrow as pa

    known = sorted(provinces, key=lambda code: (provinces[code], code))
    types = pa.schema([("code", pa.string()), ("province", pa.string()), ("place", pa.int32())])
    ranks = pa.table([known, [provinces[code] for code in known], list(range(len(known)))], schema=types)
    units = from_arrow(engine, "unit_provinces", ranks)
    placed = cells.left_join(units, cells.handling_unit == units.code)
    placed = placed.select(ibis.coalesce(units.province, "").name("province_code"), *cells.columns, "place")
    # a unit's rank stands for its province and code, since numbers sort quicker; units that no list knows come first
    order = [ibis.coalesce(placed.place, -1), *KEYS, "source"]
    engine.to_parquet(placed.order_by(order).drop("place"), target, compression="zstd", row_group_size=ROW_GROUP)
