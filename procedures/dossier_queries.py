"""Reads of the lake: end-points reached, coverage, refilings, health."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.calendar import Month, local_date
from procedures.dossiers import CHANNELS, END_STATUSES, dossier_schema, dossier_table
from procedures.models import NATIONAL, Source, Unit

if TYPE_CHECKING:
    import ibis
    import ibis.backends.duckdb

END_POINTS = {3: "refused", 7: "withdrawn", 8: "stopped", 9: "returned", 10: "returned"}
ENDED_WITHOUT_RESULT = (3, 7, 8)
EPOCH = date(1970, 1, 1)  # a Thursday
KEPT = (  # of a dossier, for its end-points
    "source",
    "dossier_code",
    "procedure_code",
    "handling_unit",
    "receiving_unit",
    "provider",
    "channel",
    "applicant_type",
    "applicant_hash",
    "status",
    "supplement_count",
)


@dataclass(frozen=True)
class EndPoint:
    """Something about which a person may be asked: a dossier's end, or one supplement request.

    ``occasion``: the end-point, or ``supplement-1``, ``supplement-2`` …; ``on_time``: None where there is no deadline or no end yet;
    ``unit_code``: the handling unit; ``applicant_hash``: keyed, of what the source calls the applicant.
    """

    source: str
    dossier_code: str
    occasion: str
    procedure_code: str
    unit_code: str
    province_code: str | None
    channel: str | None
    end_point: str
    applicant_type: str | None
    supplements: int
    on_time: bool | None
    reached_at: datetime
    receiving_unit: str | None = None
    provider: str | None = None
    applicant_hash: str | None = None


def data_dir() -> Path:
    """The data folder of the current installation."""
    folder: Path = current_app.extensions["settings"].data_dir
    return folder


def lake_health() -> str:
    """``ok`` (also before the first dossier came) or what is wrong."""
    table = dossier_table(data_dir())
    if not table.root.exists():
        return "ok"
    missing = [path for path in table.paths() if not path.is_file()]
    return f"{len(missing)} data files are missing" if missing else "ok"


def dossiers(
    engine: "ibis.backends.duckdb.Backend", sources: Sequence[str], first: Month | None = None, last: Month | None = None
) -> "ibis.Table":
    """The lake's dossiers of some sources, received from the first to the last month (None: without that bound)."""
    from core.lake import read_files

    table = read_files(engine, files_of(sources, first, last), dossier_schema())
    return table.filter(table.source.isin(list(sources)))


def files_of(sources: Sequence[str], first: Month | None = None, last: Month | None = None) -> list[Path]:
    """The data files of some sources and reception months, told by their folders: the others are never opened."""
    wanted = set(sources)

    def named(path: Path) -> bool:
        month, source = (unquote(folder.name.partition("=")[2]) for folder in (path.parent.parent, path.parent))
        return source in wanted and (first is None or month >= str(first)) and (last is None or month <= str(last))

    return [path for path in dossier_table(data_dir()).paths() if named(path)]


def refilings(table: "ibis.Table", days: int = 30) -> "ibis.Table":
    """Dossiers that ended without a result and the next dossier of the same procedure and applicant in the same source.

    Columns: ``source``, ``dossier_code``, ``next_code``, ``procedure_code``, ``kind`` (refused, withdrawn, stopped), ``ended_at``,
    ``days`` (from the end to the reception of the next one, in calendar days of Viet Nam). The next one is received at or after
    the end (of a reception without a time of day: on its day or later) and within ``days`` calendar days of it; of several only the
    nearest counts (at one instant: the least code). Where a
    dossier has no applicant or no end, nothing can be said, and it is in no pair. Methodology §7.4: a hidden supplement.
    """
    import ibis

    same = ["source", "procedure_code", "applicant_hash"]
    known = table.filter(table.applicant_hash.notnull())
    ended = known.mutate(ended_at=ibis.coalesce(known.finished_at, known.returned_at))
    ended = ended.filter(ended.status.isin(ENDED_WITHOUT_RESULT)).select(*same, "dossier_code", "status", "ended_at")
    later = known.select(*same, next_code="dossier_code", next_at="received_at")
    pairs = ended.inner_join(later, same)
    untimed = (microseconds(pairs.next_at) + 7 * 3600 * 1_000_000) % (24 * 3600 * 1_000_000) == 0
    pairs = pairs.filter(
        (pairs.next_code != pairs.dossier_code)
        & ((pairs.next_at >= pairs.ended_at) | (untimed & (local_day(pairs.next_at) == local_day(pairs.ended_at))))
        & (local_day(pairs.next_at) - local_day(pairs.ended_at) <= days)
    )
    nearest = ibis.window(group_by=["source", "dossier_code"], order_by=["next_at", "next_code"])
    pairs = pairs.mutate(place=ibis.row_number().over(nearest))
    pairs = pairs.filter(pairs.place == 0)
    return pairs.select(
        "source",
        "dossier_code",
        "next_code",
        "procedure_code",
        kind=pairs.status.cases(*((code, END_POINTS[code]) for code in ENDED_WITHOUT_RESULT)),
        ended_at="ended_at",
        days=local_day(pairs.next_at) - local_day(pairs.ended_at),
    )


def local_day(instant: Any) -> Any:
    """The calendar day of an instant in Viet Nam (at UTC+7 since 1975), as an expression: days since ``EPOCH``.

    Whole numbers, because DuckDB adds an interval to an instant by the calendar, which takes four times as long.
    """
    return (microseconds(instant) + 7 * 3600 * 1_000_000) // (24 * 3600 * 1_000_000)


def microseconds(instant: Any) -> Any:
    """An instant as microseconds since 1970 UTC, as an expression."""
    import ibis

    @ibis.udf.scalar.builtin(signature=(("timestamp('UTC')",), "int64"))  # type: ignore[untyped-decorator]  # ibis ships no types
    def epoch_us(instant: Any) -> Any: ...

    return epoch_us(instant)


def _national(session: Session) -> list[str]:
    return list(session.scalars(select(Source.code).where(Source.list_code == NATIONAL)))


def _ended_in(table: "ibis.Table", start: datetime, until: datetime) -> Any:
    """Handling ended within the span (finish, or where the source gave none, return)."""
    import ibis

    end = ibis.coalesce(table.finished_at, table.returned_at)
    return table.status.isin(END_STATUSES) & (end >= ibis.literal(start)) & (end < ibis.literal(until))


def _asked_in(table: "ibis.Table", start: datetime, until: datetime) -> Any:
    """A supplement request was made within the span."""
    import ibis

    first, last = ibis.literal(start), ibis.literal(until)
    return table.supplements.filter(lambda item: (item.requested_at >= first) & (item.requested_at < last)).length() > 0


def _reached(table: "ibis.Table", start: datetime, until: datetime) -> "ibis.Table":
    """All end-points of a span (half-open), one a row: the columns of ``KEPT``, ``reached_at``, ``on_time``, ``position``."""
    import ibis

    table = table.mutate(end=ibis.coalesce(table.finished_at, table.returned_at))
    ended = table.filter(_ended_in(table, start, until)).select(
        *KEPT, reached_at=table.end, on_time=table.end <= table.due_at, position=ibis.literal(0, "int64")
    )
    asked = table.filter(_asked_in(table, start, until)).mutate(position=ibis.range(0, table.supplements.length()))
    asked = asked.unnest("position").mutate(request=lambda t: t.supplements[t.position])
    asked = asked.mutate(reached_at=asked.request.requested_at, position=asked.position + 1)
    asked = asked.filter((asked.reached_at >= ibis.literal(start)) & (asked.reached_at < ibis.literal(until)))
    asked = asked.select(*KEPT, "reached_at", on_time=ibis.null("boolean"), position=asked.position.cast("int64"))
    return ended.union(asked)


def end_points(session: Session, month: Month, now: datetime, sources: Collection[str] | None = None) -> Iterator[EndPoint]:
    """End statuses and supplement requests of national sources (or of these among them) that fell into the month and not after ``now``.

    A dossier has one end-point: handled and returned are the same occasion, reached when handling ended.
    """
    yield from _listed(session, month, now, lambda reached: reached.order_by("source", "dossier_code", "position"), sources=sources)


def end_points_with_history(session: Session, month: Month, now: datetime, days: int) -> Iterator[EndPoint]:
    """The month's end-points as ``end_points``, and the earlier ones of the same applicants, as far back as ``days`` before the month.

    In the order of source, applicant (those of whom nothing is known last) and time, so that each applicant's lie together.
    """
    import ibis

    def of_its_applicants(reached: "ibis.Table") -> "ibis.Table":
        inside = reached.reached_at >= ibis.literal(month.start)
        known = ibis.window(group_by=["source", "applicant_hash"])
        present = reached.applicant_hash.notnull() & inside.any().over(known)
        return reached.filter(inside | present).order_by("source", "applicant_hash", "reached_at", "dossier_code", "position")

    yield from _listed(session, month, now, of_its_applicants, days)


def _listed(
    session: Session,
    month: Month,
    now: datetime,
    arrange: "Callable[[ibis.Table], ibis.Table]",
    days: int = 0,
    sources: Collection[str] | None = None,
) -> Iterator[EndPoint]:
    from core.lake import connect, fetch
    from procedures.queries import units

    wanted = [source for source in _national(session) if sources is None or source in sources]
    if not wanted:
        return
    provinces = {code: view.province_code for code, view in {**units(session, month.first_day), **units(session, month.last_day)}.items()}
    engine = connect()
    until = min(month.end, now + timedelta(microseconds=1))
    reached = _reached(dossiers(engine, wanted), month.start - timedelta(days=days), until)
    for batch in fetch(engine, arrange(reached)).to_batches(max_chunksize=20_000):
        yield from _as_end_points(batch.to_pydict(), provinces)


def _as_end_points(columns: dict[str, list[Any]], provinces: dict[str, str | None]) -> Iterator[EndPoint]:
    rows = zip(*(columns[name] for name in (*KEPT, "reached_at", "on_time", "position")), strict=True)
    for source, code, procedure, unit, receiving, provider, channel, applicant, known_as, status, asked, reached, on_time, position in rows:
        name = END_POINTS[status] if position == 0 else "supplement"
        yield EndPoint(
            source=source,
            dossier_code=code,
            occasion=name if position == 0 else f"supplement-{position}",
            procedure_code=procedure,
            unit_code=unit,
            province_code=provinces.get(unit),
            channel=CHANNELS.get(channel),
            end_point=name,
            applicant_type=applicant,
            supplements=asked,
            on_time=on_time,
            reached_at=reached.astimezone(UTC),
            receiving_unit=receiving,
            provider=provider,
            applicant_hash=known_as,
        )


def coverage(session: Session, month: Month, now: datetime) -> dict[str, float | None]:
    """Share of the month's elapsed working days (Monday to Friday) on which a province's or ministry's sources show a reception.

    None where the unit has no source; several sources count by their mean, so that a silent one shows. Working days, because a
    quiet Sunday is no gap in the data; public holidays do show as one.
    """
    from core.lake import connect, fetch
    from procedures.queries import units

    last = min(month.last_day, local_date(now))
    elapsed = [
        day
        for day in (date.fromordinal(number) for number in range(month.first_day.toordinal(), last.toordinal() + 1))
        if day.weekday() < 5
    ]
    result: dict[str, float | None] = {
        code: None for code, view in units(session, month.last_day).items() if view.kind in ("province", "ministry")
    }
    owners = session.execute(select(Source.code, Unit.code).join(Unit, Unit.id == Source.unit_id).where(Source.list_code == NATIONAL)).all()
    if not elapsed or not owners:
        return result
    engine = connect()
    table = dossiers(engine, [source for source, _ in owners], month, month)
    days = table.mutate(day=local_day(table.received_at)).filter(lambda t: (t.day + EPOCH.weekday()) % 7 < 5)
    counted = fetch(engine, days.group_by("source").agg(days=lambda t: t.day.nunique())).to_pydict()
    seen = dict(zip(counted["source"], counted["days"], strict=True))
    by_unit: dict[str, list[float]] = {}
    for source, unit in owners:
        by_unit.setdefault(unit, []).append(min(1.0, seen.get(source, 0) / len(elapsed)))
    for unit, shares in by_unit.items():
        result[unit] = sum(shares) / len(shares)
    return result
