"""Reported counts beside those of the dossiers themselves. A difference is something to look into, nothing more."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.calendar import TIMEZONE, Month
from procedures.form_rules import II_06A, PORTAL, TOTAL
from procedures.models import NATIONAL, ReportedCount, Unit
from procedures.queries import below, national_sources

Period = Literal["calendar", "decree"]
OPEN_WITHOUT_DUE, ENDED_WITHOUT_DUE = "open_without_due", "ended_without_due"
# form, column, what is counted, its names
ROWS = (
    (PORTAL.name, "received", "received", "Tiếp nhận trong kỳ", "Received in the period"),
    (II_06A.name, "3", "total", "Tổng tiếp nhận, kể cả từ kỳ trước", "All received, with those carried over"),
    (II_06A.name, "4", "online", "Trong kỳ, trực tuyến", "In the period, online"),
    (II_06A.name, "5", "other", "Trong kỳ, trực tiếp và bưu chính", "In the period, in person and by post"),
    (II_06A.name, "6", "carried_over", "Từ kỳ trước", "Carried over"),
    (II_06A.name, "7", "ended", "Tổng đã giải quyết", "All handled"),
    (II_06A.name, "8", "ended_before", "Đã giải quyết trước hạn", "Handled before the due day"),
    (II_06A.name, "9", "ended_on", "Đã giải quyết đúng hạn", "Handled on the due day, in time"),
    (II_06A.name, "10", "ended_late", "Đã giải quyết quá hạn", "Handled late"),
    (II_06A.name, "", ENDED_WITHOUT_DUE, "Đã giải quyết, không có hạn trả", "Handled, without a due date"),
    (II_06A.name, "11", "open", "Tổng đang giải quyết", "All open"),
    (II_06A.name, "12", "open_in_time", "Đang giải quyết, trong hạn", "Open, in time"),
    (II_06A.name, "13", "open_late", "Đang giải quyết, quá hạn", "Open, overdue"),
    (II_06A.name, "", OPEN_WITHOUT_DUE, "Đang giải quyết, không có hạn trả", "Open, without a due date"),
)


@dataclass(frozen=True)
class Compared:
    """One count as reported and as counted. None: nothing was reported, or no dossier of the unit has come yet.

    ``column``: of the form; empty for what the form has no column for. ``difference``: reported less counted.
    """

    form: str
    column: str
    key: str
    name_vi: str
    name_en: str
    reported: int | None
    counted: int | None

    @property
    def difference(self) -> int | None:
        """Reported less counted; None where either is not known."""
        return None if self.reported is None or self.counted is None else self.reported - self.counted


def span(month: Month, period: Period) -> tuple[datetime, datetime]:
    """First instant of a period and the first after it: the calendar month, or from the 15th of the month before to the 14th, which
    is how periodic reports are cut (Decree 09/2019/NĐ-CP, Article 12).
    """
    if period == "calendar":
        return month.start, month.end
    previous = month.plus(-1)
    return datetime(previous.year, previous.month, 15, tzinfo=TIMEZONE), datetime(month.year, month.month, 15, tzinfo=TIMEZONE)


def compare_with_dossiers(session: Session, unit_code: str, month: Month, period: Period = "calendar") -> list[Compared]:
    """What a unit (or the portal for it) reported of a month, beside what the dossiers of national sources say of the unit and
    everything below it in the same period.
    """
    inside = below(session, unit_code, month.last_day)
    reported = _reported(session, unit_code, inside, month)
    counted = _counted(session, inside, month, *span(month, period))
    return [Compared(form, column, key, vi, en, reported.get((form, column)), counted.get(key)) for form, column, key, vi, en in ROWS]


def _reported(session: Session, unit_code: str, inside: set[str], month: Month) -> dict[tuple[str, str], int]:
    """Reported counts by form and column: the unit's row of the whole, else the sum of its rows (the portal's: of all units below)."""
    rows = session.execute(
        select(Unit.code, ReportedCount.form, ReportedCount.label, ReportedCount.counts)
        .join(Unit, Unit.id == ReportedCount.unit_id)
        .where(Unit.list_code == NATIONAL, ReportedCount.month == str(month))
    ).all()
    found: dict[tuple[str, str], int] = {}
    for form in (II_06A, PORTAL):
        of_form = [(code, label, counts) for code, name, label, counts in rows if name == form.name and code in inside]
        whole = [counts for code, label, counts in of_form if code == unit_code and label == TOTAL]
        parts = [counts for code, _label, counts in of_form if code == unit_code or form is PORTAL]
        for column in form.columns:
            if whole or parts:
                found[form.name, column] = sum(counts[column] for counts in (whole or parts))
    return found


def _counted(session: Session, inside: set[str], month: Month, start: datetime, end: datetime) -> dict[str, int]:
    """Counts by key; empty where no dossier of these units came before the period's end."""
    import ibis

    from core.lake import connect, fetch
    from procedures.dossier_queries import dossiers, local_day
    from procedures.dossiers import END_STATUSES

    sources = national_sources(session)
    if not inside or not sources:
        return {}
    first, last = ibis.literal(start), ibis.literal(end)
    engine = connect()
    table = dossiers(engine, sources, last=month)
    table = table.filter(table.handling_unit.isin(sorted(inside)) & (table.received_at < last))
    closed = table.status.isin(END_STATUSES).fill_null(False)
    ended_at = ibis.coalesce(table.finished_at, table.returned_at)
    # A dossier with an end status and no date of its end has ended on no known day: it is neither handled in a period nor open.
    table = table.mutate(
        received_in=table.received_at >= first,
        ended_in=(closed & (ended_at >= first) & (ended_at < last)).fill_null(False),
        open_before=(table.received_at < first) & (~closed | (ended_at >= first).fill_null(False)),
        open_after=~closed | (ended_at >= last).fill_null(False),
        early=(local_day(ended_at) < local_day(table.due_at)).fill_null(False),
        in_time=(ended_at <= table.due_at).fill_null(False),
        has_due=table.due_at.notnull(),
        online=(table.channel == 2).fill_null(False),
    )

    def number(condition: Any) -> Any:
        return ibis.coalesce(condition.cast("int64").sum(), 0)

    t = table
    sums = {
        "dossiers": t.count(),
        "received": number(t.received_in),
        "total": number(t.received_in | t.open_before),
        "online": number(t.received_in & t.online),
        "other": number(t.received_in & ~t.online),
        "carried_over": number(t.open_before),
        "ended": number(t.ended_in),
        "ended_before": number(t.ended_in & t.has_due & t.early),
        "ended_on": number(t.ended_in & t.has_due & ~t.early & t.in_time),
        "ended_late": number(t.ended_in & t.has_due & ~t.early & ~t.in_time),
        ENDED_WITHOUT_DUE: number(t.ended_in & ~t.has_due),
        "open": number(t.open_after),
        "open_in_time": number(t.open_after & t.has_due & (t.due_at >= last)),
        "open_late": number(t.open_after & t.has_due & (t.due_at < last)),
        OPEN_WITHOUT_DUE: number(t.open_after & ~t.has_due),
    }
    (counts,) = fetch(engine, table.aggregate(**sums)).to_pylist()
    # The engine's sums are wider than its whole numbers and come as decimals.
    return {key: int(count) for key, count in counts.items()} if counts["dossiers"] else {}
