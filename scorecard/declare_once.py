"""Every paper asked for in D, with its class F0 to F5 on the day of its request: Ibis expressions over the dossiers with requests.

Matching and the law are looked up for what is distinct only: a text of a procedure once, a paper of a source and a day once.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from core.calendar import Month
from core.lake import fetch, from_arrow
from procedures.dossier_queries import EPOCH, local_day
from procedures.once_only import F0, F4, FAILED, FAULT, FOUND, OPEN, UNREACHED, OnceOnly
from procedures.papers import HELD, UNCLEAR, PaperBook

if TYPE_CHECKING:
    import ibis
    import ibis.backends.duckdb

DOSSIER, KEYS = ["source", "dossier_code"], ["handling_unit", "procedure_code"]
PAPER = ["procedure_code", "paper_code", "paper_name"]
FLAGS = ("asked_fault", "asked_open", "ended_from_request")
OF_REGISTERS = ["dossiers", "unreached", "spared"]
JUDGED = ["source", "component", "register_code", "day", "looked_up"]
REQUESTED, HANDLED, RETURNED = 5, 9, 10  # statuses of the national sync message
Row = dict[str, Any]


def classed_papers(
    engine: "ibis.backends.duckdb.Backend", asking: "ibis.Table", month: Month, book: PaperBook, extra: Sequence[str] = ()
) -> "ibis.Table":
    """One row for each paper asked for up to the month's end in a dossier of D; a request that lists none counts by its text, and a
    text that names several papers for each of them.

    ``asking``: dossiers with ``in_cohort``, ``listed``, ``received_at``, ``supplements``, ``data_lookups``. Columns: ``extra``, the
    dossier, its unit and procedure, ``request`` (its number in the dossier), ``paper_name``, ``paper_kind``, ``component``,
    ``register_code``, ``paper_class``, ``test_code``.
    """
    import ibis

    kept = [*extra, *DOSSIER, *KEYS, "request"]
    asked = _asked(asking, month, kept)
    asked = asked.mutate(day=local_day(asked.judged_at)).drop("judged_at")
    asked = engine.create_table("asked_papers", asked, temp=True)
    means = ("paper_kind", "component", "register_code")
    named = _looked_up(engine, "paper_names", asked, PAPER, lambda row: _identified(book, row), means)
    shown = _lookups(engine, asking, book.law)
    named = named.left_join(shown, [*DOSSIER, "register_code"]).select(
        *(named[name] for name in named.columns),
        looked_up=ibis.cases((shown.failed_at <= named.asked_at, FAILED), (shown.found_at <= named.asked_at, FOUND)),
    )
    named = engine.create_table("named_papers", named, temp=True)
    held = named.filter(named.paper_kind == HELD)
    held = _looked_up(engine, "paper_classes", held, JUDGED, lambda row: _judged(book.law, row), ("paper_class", "test_code"))
    columns = [*kept, "paper_name", "paper_kind", "component", "register_code", "paper_class", "test_code"]
    other = named.filter(named.paper_kind != HELD)
    other = other.mutate(paper_class=ibis.ifelse(other.paper_kind == UNCLEAR, F0, F4), test_code=ibis.null("string"))
    return engine.create_table("classed_papers", held.select(columns).union(other.select(columns)), temp=True)


def flags(papers: "ibis.Table", extra: Sequence[str] = ()) -> "ibis.Table":
    """Per dossier: whether one paper counts as the handling agency's failure, and whether one's class is open."""
    return papers.group_by([*extra, *DOSSIER]).agg(
        asked_fault=papers.paper_class.isin(FAULT).any(), asked_open=papers.paper_class.isin(OPEN).any()
    )


def ended_from_request(dossiers: "ibis.Table") -> Any:
    """Whether a dossier's handling ended straight from a request, as if the papers had come by themselves (methodology §7.4)."""
    steps = dossiers.history.map(lambda step: step.status).filter(lambda code: code.notnull() & (code != RETURNED))
    number = steps.length()
    return (number >= 2) & (steps[number - 1] == HANDLED) & (steps[number - 2] == REQUESTED)


def register_counts(papers: "ibis.Table", extra: Sequence[str] = ()) -> "ibis.Table":
    """By unit, procedure and register: ``dossiers`` asked for a paper that it holds; ``unreached``, of them those asked where the system
    could not look into it; ``spared``, of these those with a request for nothing else, which a connection would have spared."""
    held = papers.mutate(is_held=papers.paper_kind == HELD, out=(papers.paper_kind == HELD) & papers.paper_class.isin(UNREACHED))
    alone = held.group_by([*extra, *DOSSIER, "request"]).agg(
        registers=held.register_code.nunique(), all_out=held.out.all(), register_code=held.register_code.max()
    )
    alone = alone.filter(alone.all_out & (alone.registers == 1)).select(*extra, *DOSSIER, "register_code").distinct()
    alone = alone.mutate(alone=True)
    asked = held.filter(held.is_held).group_by([*extra, *DOSSIER, *KEYS, "register_code"]).agg(out=lambda t: t.out.any())
    joined = asked.left_join(alone, [*extra, *DOSSIER, "register_code"]).select(
        *(asked[name] for name in asked.columns), spared=alone.alone.fill_null(False)
    )
    return joined.group_by([*extra, *KEYS, "register_code"]).agg(
        dossiers=joined.count(), unreached=joined.out.sum().cast("int64"), spared=joined.spared.sum().cast("int64")
    )


def class_counts(papers: "ibis.Table", extra: Sequence[str] = ()) -> "ibis.Table":
    """By unit, class and test: ``documents`` asked for, and the ``dossiers`` in which they were."""
    by = [*extra, "handling_unit", "paper_class", "test_code"]
    each = papers.group_by([*by, *DOSSIER]).agg(documents=papers.count())
    return each.group_by(by).agg(documents=each.documents.sum().cast("int64"), dossiers=each.count())


def _asked(asking: "ibis.Table", month: Month, kept: Sequence[str]) -> "ibis.Table":
    import ibis

    rows = asking.filter(asking.in_cohort & (asking.listed > 0))
    rows = rows.mutate(request=ibis.range(0, rows.listed)).unnest("request")
    rows = rows.mutate(entry=rows.supplements[rows.request], request=rows.request.cast("int64"))
    end = ibis.literal(month.end)
    instant = rows.entry.requested_at
    rows = rows.filter(instant.isnull() | (instant < end))
    rows = rows.mutate(
        documents=rows.entry.documents,
        asked_at=ibis.coalesce(rows.entry.requested_at, end),
        judged_at=ibis.coalesce(rows.entry.requested_at, rows.received_at),
    )
    columns = [*kept, "asked_at", "judged_at"]
    listed = rows.filter(rows.documents.length() > 0)
    listed = listed.select(*columns, document=listed.documents.unnest())
    listed = listed.select(*columns, paper_code=listed.document["code"], paper_name=listed.document["name"])
    bare = rows.filter(rows.documents.isnull() | (rows.documents.length() == 0))
    return listed.union(bare.select(*columns, paper_code=ibis.null("string"), paper_name=bare.entry["text"]))


def _lookups(engine: "ibis.backends.duckdb.Backend", asking: "ibis.Table", law: OnceOnly) -> "ibis.Table":
    """Per dossier and register: since when a look-up is recorded that gave something, and since when one that failed."""
    import ibis

    rows = asking.filter(asking.data_lookups.length() > 0)
    rows = rows.select(*DOSSIER, "received_at", entry=rows.data_lookups.unnest())
    rows = rows.select(
        *DOSSIER, database=rows.entry["database"], outcome=rows.entry["outcome"], at=ibis.coalesce(rows.entry["at"], rows.received_at)
    )

    def known(row: Row) -> list[tuple[str, str]]:
        found = law.lookup(row["database"] or "", row["outcome"])
        return [found] if found else []

    told = _looked_up(engine, "lookup_words", rows, ["database", "outcome"], known, ("register_code", "verdict"))
    never = ibis.null(told.at.type())
    return told.group_by([*DOSSIER, "register_code"]).agg(
        failed_at=ibis.ifelse(told.verdict == FAILED, told.at, never).min(),
        found_at=ibis.ifelse(told.verdict == FOUND, told.at, never).min(),
    )


def _looked_up(
    engine: "ibis.backends.duckdb.Backend",
    name: str,
    rows: "ibis.Table",
    by: Sequence[str],
    told: Callable[[Row], Sequence[Sequence[str | None]]],
    columns: Sequence[str],
) -> "ibis.Table":
    """The rows, each once for everything that is told of its values of ``by``, with that as further text ``columns``."""
    import pyarrow as pa

    distinct: pa.Table = fetch(engine, rows.select(*by).distinct())
    found = [(number, *entry) for number, row in enumerate(distinct.to_pylist()) for entry in told(row)]
    table = distinct.take(pa.array([number for number, *_ in found], pa.int64()))
    for place, column in enumerate(columns, start=1):
        table = table.append_column(column, pa.array([entry[place] for entry in found], pa.string()))
    lookup = from_arrow(engine, name, table)
    joined = rows.inner_join(lookup, [rows[column].identical_to(lookup[column]) for column in by])
    return joined.select(*(rows[column] for column in rows.columns), *(lookup[column] for column in columns))


def _identified(book: PaperBook, row: Row) -> list[tuple[str, str | None, str | None]]:
    wanted = book.identify(row["procedure_code"] or "", row["paper_code"], row["paper_name"])
    return [(each.kind, each.component, each.register) for each in wanted]


def _judged(law: OnceOnly, row: Row) -> list[tuple[str, str | None]]:
    day = date.fromordinal(EPOCH.toordinal() + row["day"])
    register = row["register_code"]
    return [law.classify(row["component"] or register, register, row["source"], day, row["looked_up"])]
