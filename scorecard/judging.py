"""What each dossier of a month is: the columns that indicators use, derived once from the lake's rows.

Cohorts (methodology §6.2, §7.5), months cut in Viet Nam: *received* = reception in the month; *ended* = an end status
whose handling ended in the month; *D* = ended in it, or any supplement request in it. Requests are counted up to the end of
the month.

Few dossiers list requests, and only these need the nested columns, the clocks and the classes of papers: they are taken out into a
small table.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.calendar import Month
from core.lake import fetch, from_arrow, read_files
from procedures.dossiers import END_STATUSES, dossier_schema
from procedures.papers import HELD, UNCLEAR, PaperBook
from scorecard import timeliness

if TYPE_CHECKING:
    import ibis
    import ibis.backends.duckdb
    import pyarrow as pa

KEYS = ["handling_unit", "procedure_code"]
DOSSIER = ["source", "dossier_code"]
KEPT = ["received_at", "channel", "due_at", "first_due_at", "status", "result_electronic", "assisted"]  # as the source sent them
DERIVED = [*KEPT, "ended_at", "received_in", "ended_in", "in_cohort", "overdue_at_end", "requests"]
COLUMNS = [*DOSSIER, *KEYS, *DERIVED]
FILE = "filename"  # where dossiers are judged file by file: the file that holds them


@dataclass(frozen=True)
class Judged:
    """The month's dossiers ``silent`` (without supplement requests) and ``asking``, with the columns that indicators use; ``clocked``: the
    asking ones without what needs the classes of their papers; ``papers``: every paper asked for in D with its class and register."""

    silent: "ibis.Table"
    asking: "ibis.Table"
    clocked: "ibis.Table"
    papers: "ibis.Table"

    @property
    def dossiers(self) -> "ibis.Table":
        """All of them."""
        return self.silent.select(self.asking.columns).union(self.asking)


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
    found = judge(engine, only(read_files(engine, paths, dossier_schema())), sources, month, papers)
    return found.dossiers, found.papers


def judge(
    engine: "ibis.backends.duckdb.Backend",
    rows: "ibis.Table",
    sources: Sequence[str],
    month: Month,
    papers: PaperBook,
    numbered: bool = False,
) -> Judged:
    """Judge the lake's rows. ``numbered``: dossiers with requests have a running number in place of their code, and the others none."""
    import ibis

    extra = [FILE] if FILE in rows.columns else []
    rows = rows.filter(rows.source.isin(list(sources)) & (rows.received_at < ibis.literal(month.end)))
    counted = ibis.coalesce(rows.supplement_count, 0)
    silent, asking = without_requests(rows.filter(counted == 0), month), _asking(rows.filter(counted > 0), month)
    if numbered:  # to read all codes costs as much as to read everything else
        silent, asking = silent.mutate(dossier_code=ibis.null("int64")), asking.mutate(dossier_code=ibis.row_number())
    asking = engine.create_table("asking", asking.select(*COLUMNS, *extra, "listed", "supplements"), temp=True)
    asked = _asked(asking, month, extra)
    classes = _classify(fetch(engine, asked.select("procedure_code", "paper_code", "paper_name").distinct()), papers)
    lookup = from_arrow(engine, "paper_classes", classes)
    on = [asked[name].identical_to(lookup[name]) for name in ("procedure_code", "paper_code", "paper_name")]
    known = asked.inner_join(lookup, on).select(*extra, *DOSSIER, *KEYS, asked.paper_name, "paper_class", "register_code")
    classed = known.group_by(DOSSIER).agg(held=(known.paper_class == HELD).any(), unclear=(known.paper_class == UNCLEAR).any())
    clocked = timeliness.with_requests(asking, month)
    joined = clocked.left_join(classed, DOSSIER).select(
        *(clocked[name] for name in (*COLUMNS, *extra, *timeliness.MET)),
        asked_held=classed.held.fill_null(False),
        # a source that sends only a number of requests names no paper
        asked_unclear=classed.unclear.fill_null(False) | ((clocked.requests > 0) & (clocked.listed == 0)),
    )
    return Judged(silent, joined, clocked, known)


def without_requests(rows: "ibis.Table", month: Month) -> "ibis.Table":
    """The dossiers without requests that the month concerns, with the columns that indicators use."""
    import ibis

    no = ibis.literal(False)
    rows = _concerned(rows, month, requests=ibis.literal(0, "int64"), asked_in=no)
    return timeliness.without_requests(rows).mutate(asked_held=no, asked_unclear=no)


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


def _asked(dossiers: "ibis.Table", month: Month, extra: Sequence[str] = ()) -> "ibis.Table":
    """One row for each paper asked for in D up to the month's end; a request that lists none counts by its text."""
    import ibis

    requests = dossiers.filter(dossiers.in_cohort & (dossiers.listed > 0))
    requests = requests.select(*extra, *DOSSIER, *KEYS, request=requests.supplements.unnest())
    instant = requests.request.requested_at
    requests = requests.filter(instant.isnull() | (instant < ibis.literal(month.end)))
    documents = requests.request.documents
    named = requests.filter(documents.length() > 0)
    named = named.select(*extra, *DOSSIER, *KEYS, document=named.request.documents.unnest())
    named = named.select(*extra, *DOSSIER, *KEYS, paper_code=named.document["code"], paper_name=named.document["name"])
    bare = requests.filter(documents.isnull() | (documents.length() == 0))
    bare = bare.select(*extra, *DOSSIER, *KEYS, paper_code=ibis.null("string"), paper_name=bare.request["text"])
    return named.union(bare)


def _classify(papers: "pa.Table", book: PaperBook) -> "pa.Table":
    """The lookup table of distinct papers: the same rows with ``paper_class`` and ``register_code``."""
    import pyarrow as pa

    found = [book.classify(row["procedure_code"] or "", row["paper_code"], row["paper_name"]) for row in papers.to_pylist()]
    papers = papers.append_column("paper_class", pa.array([kind for kind, _ in found], pa.string()))
    return papers.append_column("register_code", pa.array([register for _, register in found], pa.string()))
