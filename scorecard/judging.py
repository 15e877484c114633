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
from core.lake import read_files
from procedures.dossiers import END_STATUSES, dossier_schema
from procedures.papers import PaperBook
from scorecard import declare_once, timeliness

if TYPE_CHECKING:
    import ibis
    import ibis.backends.duckdb

KEYS = ["handling_unit", "procedure_code"]
DOSSIER = ["source", "dossier_code"]
KEPT = ["received_at", "channel", "due_at", "first_due_at", "status", "result_electronic", "assisted"]  # as the source sent them
DERIVED = [*KEPT, "ended_at", "received_in", "ended_in", "in_cohort", "overdue_at_end", "requests"]
COLUMNS = [*DOSSIER, *KEYS, *DERIVED]
NESTED = ["listed", "supplements", "data_lookups", "history"]  # read for dossiers with requests only
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
    asking = engine.create_table("asking", asking.select(*COLUMNS, *extra, *NESTED), temp=True)
    known = declare_once.classed_papers(engine, asking, month, papers, extra)
    classed = declare_once.flags(known)
    clocked = timeliness.with_requests(asking, month)
    joined = clocked.left_join(classed, DOSSIER).select(
        *(clocked[name] for name in (*COLUMNS, *extra, *timeliness.MET)),
        ended_from_request=declare_once.ended_from_request(clocked).fill_null(False),
        asked_fault=classed.asked_fault.fill_null(False),
        # a source that sends only a number of requests names no paper
        asked_open=classed.asked_open.fill_null(False) | ((clocked.requests > 0) & (clocked.listed == 0)),
    )
    return Judged(silent, joined, clocked, known)


def without_requests(rows: "ibis.Table", month: Month) -> "ibis.Table":
    """The dossiers without requests that the month concerns, with the columns that indicators use."""
    import ibis

    no = ibis.literal(False)
    rows = _concerned(rows, month, requests=ibis.literal(0, "int64"), asked_in=no)
    return timeliness.without_requests(rows).mutate(ended_from_request=no, asked_fault=no, asked_open=no)


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
