"""On time under two clocks, from the raw events: as the index counts (what waits is subtracted) and as the decree counts (it begins anew).

Both start from the first appointment. *Index* (QĐ 766/QĐ-TTg as the portal computes it, methodology §3.4): the working days between
a supplement request and its answer are added to the appointment; while an answer is awaited, the dossier's end is the request; more
than one request counts as overdue. *Restart* (NĐ 61/2018/NĐ-CP Art. 19(4); whether NĐ 118/2025/NĐ-CP keeps it is not known): the
working days allowed at first are counted afresh from the last answer; while one is awaited, nothing runs.

A share is known only between two bounds where the record says too little: a request without a time (from: nothing is deducted; to: it
was in time), or a dossier with a request whose appointment never moved: it may have been moved before the source sent it (from: nothing
is deducted any more; to: the pause still is). Working days are Monday to Friday: public holidays are not known to the program.
"""

from typing import TYPE_CHECKING, Any

from core.calendar import Month

if TYPE_CHECKING:
    import ibis

FIRST = "met_first"
CLOCKS = ("met_index_lower", "met_index_upper", "met_restart_lower", "met_restart_upper")
MET = (FIRST, *CLOCKS)
DAY = 24 * 3600 * 1_000_000  # microseconds
MONDAY = 3  # 1970-01-01 was a Thursday: days since the Monday before it


def met_first(rows: "ibis.Table") -> Any:
    """Ended in the month and not after the first appointment; nothing is deducted."""
    return rows.ended_in & (rows.ended_at <= rows.first_due_at)


def without_requests(rows: "ibis.Table") -> "ibis.Table":
    """Dossiers without requests, with ``MET``: nothing waited, so all clocks say the same."""
    met = met_first(rows)
    return rows.mutate(**dict.fromkeys(MET, met))


def with_requests(rows: "ibis.Table", month: Month) -> "ibis.Table":
    """Dossiers with requests (the columns of ``counting._asking``), with ``MET``."""
    import ibis

    from procedures.dossier_queries import microseconds

    end = ibis.literal(month.end)
    rows = rows.mutate(timed=rows.supplements.filter(lambda item: item.requested_at < end), met_first=met_first(rows).fill_null(False))
    rows = rows.mutate(all_timed=(rows.requests > 0) & (rows.timed.length() == rows.requests))
    rows = rows.mutate(asked=rows.timed.map(lambda item: item.requested_at).maxs())
    rows = rows.mutate(answered=rows.timed.filter(lambda item: item.requested_at == rows.asked)[0].answered_at)
    rows = rows.mutate(awaited=rows.answered.isnull() | (rows.answered >= end))
    first, asked, answered, received = (microseconds(rows[name]) for name in ("first_due_at", "asked", "answered", "received_at"))
    paused = working(answered) - working(asked)
    allowed = working(first) - working(received)
    at = microseconds(ibis.ifelse(rows.ended_in, rows.ended_at, end))
    index = ibis.ifelse(rows.awaited, asked <= first, at <= _moved(first, _day(first), paused)) & (rows.requests == 1)
    restart = rows.awaited | (at <= _moved(first, _day(answered), allowed))
    told = rows.due_at > rows.first_due_at  # the source sent both appointments
    bounds = {}
    for name, met in (("index", index), ("restart", restart)):
        one = rows.requests <= 1 if name == "index" else ibis.literal(True)
        bounds[f"met_{name}_lower"] = ibis.ifelse(rows.all_timed & told, met, rows.met_first & one).fill_null(False)
        bounds[f"met_{name}_upper"] = ibis.ifelse(rows.all_timed, met | (rows.met_first & one), one).fill_null(False)
    return rows.mutate(**bounds).drop("timed", "all_timed", "asked", "answered", "awaited")


def _day(instant: Any) -> Any:
    """The calendar day in Viet Nam of an instant in microseconds, as days since a Monday."""
    return (instant + 7 * 3600 * 1_000_000) // DAY + MONDAY


def _index(day: Any) -> Any:
    """How many working days lie before a day (days since a Monday)."""
    import ibis

    return 5 * (day // 7) + ibis.least(day % 7, 5)


def working(instant: Any) -> Any:
    """How many working days lie before an instant in microseconds; differences of them are working days between two days."""
    return _index(_day(instant))


def _moved(instant: Any, start: Any, days: Any) -> Any:
    """The time of day of an instant, so many working days after ``start``; the instant itself where it starts there and none are added."""
    import ibis

    target = _index(start) + days
    day = ibis.ifelse(days > 0, 7 * (target // 5) + target % 5, start)
    return instant + (day - _day(instant)) * DAY
