"""Signs of what a source may have left out: questions to the source, never findings.

Each sign is a count over a count from the lake's rows, one row for each source, and asks for a look where its share is above a
threshold. Nothing under ``LEAST`` is judged. The texts and thresholds are in ``sign_list.py``; a threshold without another basis there is
this product's own choice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.calendar import Month
from procedures.dossier_queries import EPOCH, files_of, local_day, microseconds, refilings
from procedures.dossiers import dossier_schema
from procedures.models import NATIONAL, ReportedCount, Source, Unit
from procedures.sign_list import SIGNS, Sign

if TYPE_CHECKING:
    import ibis

LEAST = 30
LEAST_OF_UNIT = 200  # methodology §7.4
PEERS = 0.03  # methodology §7.4
MINUTES = 10
LAST_DAYS = 3
BREAK = 1000
DONE = (9, 10)
CODE = r"^(.+)-(?:20)?([0-9]{6})-([0-9]{4,7})$"  # unit, day, running number: methodology §8.3
SIMPLE = ("minutes", "month_end", "due_moved", "no_document", "request_to_end")


@dataclass(frozen=True)
class Reading:
    """One sign of one source in one month.

    ``state``: ``ask`` (above the threshold: cần xác minh), ``calm``, ``few`` (under ``LEAST``), ``unknown`` (nothing was sent that could
    tell), ``running`` (the month must be over). ``units``: codes of the units that it is about, where it is about single units.
    """

    sign: Sign
    numerator: int
    denominator: int
    state: str
    units: list[str] = field(default_factory=list)

    @property
    def share(self) -> float | None:
        """Numerator over denominator; None where nothing is judged."""
        return self.numerator / self.denominator if self.denominator and self.state in ("ask", "calm") else None


def judged(sign: Sign, numerator: int, denominator: int, *, over: bool = True) -> Reading:
    """A reading by the rule above."""
    if not over:
        return Reading(sign, numerator, denominator, "running")
    if denominator == 0:
        return Reading(sign, numerator, denominator, "unknown")
    if denominator < LEAST:
        return Reading(sign, numerator, denominator, "few")
    return Reading(sign, numerator, denominator, "ask" if numerator > sign.threshold * denominator else "calm")


def month_end(month: Month) -> tuple[date, float]:
    """First of the month's last working days (Monday to Friday), and their share of all its working days."""
    every = [month.first_day + timedelta(days=number) for number in range(month.last_day.day)]
    working = [day for day in every if day.weekday() < 5]
    return working[-LAST_DAYS], LAST_DAYS / len(working)


def simple(rows: "ibis.Table", month: Month) -> "ibis.Table":
    """Signs that one pass over a month's rows counts: ``source``, ``<sign>_num``, ``<sign>_den`` for ``SIMPLE``."""
    tail = (month_end(month)[0] - EPOCH).days
    finished = rows.status.isin(DONE) & rows.finished_at.notnull()
    took = microseconds(rows.finished_at) - microseconds(rows.received_at)
    timed = _has_time(rows.received_at) & _has_time(rows.finished_at)
    given_days = finished & timed & (local_day(rows.due_at) > local_day(rows.received_at))
    dues = rows.due_at.notnull() & rows.first_due_at.notnull()
    asked = (rows.supplement_count.fill_null(0) > 0) | (rows.supplements.length().fill_null(0) > 0)
    steps = rows.history.map(lambda step: step.status).filter(lambda code: code.notnull() & (code != 10))
    number = steps.length()
    conditions = {
        "minutes": (given_days & (took < MINUTES * 60 * 1_000_000), given_days),
        "month_end": (local_day(rows.received_at) >= tail, rows.received_at.notnull()),
        "due_moved": (dues & ~asked & (local_day(rows.due_at) > local_day(rows.first_due_at)), dues),
        "no_document": (rows.status.isin(DONE) & ~rows.result_electronic, rows.status.isin(DONE) & rows.result_electronic.notnull()),
        "request_to_end": (
            rows.status.isin(DONE) & (number >= 2) & (steps[number - 1] == 9) & (steps[number - 2] == 5),
            rows.status.isin(DONE) & (number >= 2),
        ),
    }
    month_rows = rows.reception_month == str(month)
    sums = {
        f"{name}_{part}": (month_rows & condition).fill_null(False).sum()
        for name, both in conditions.items()
        for part, condition in zip(("num", "den"), both, strict=True)
    }
    return rows.group_by("source").agg(**sums)


def _has_time(instant: Any) -> Any:
    """Whether an instant carries a time of day: midnight in Viet Nam is how systems write a bare day."""
    return (microseconds(instant) + 7 * 3600 * 1_000_000) % (24 * 3600 * 1_000_000) != 0


def number_gaps(rows: "ibis.Table", month: Month) -> "ibis.Table":
    """Running numbers that are missing between the least and the greatest of each series: ``source``, ``missing``, ``expected``.

    A series is a unit's (as written in the code) on one day; where no two units of a source share a number on a day, the source numbers
    all its units in one series, and that is looked at. Where a number lies ``BREAK`` or more above the one before, the series is taken
    to begin anew. Numbers below the least are not counted: where a series starts is not known. Codes of another form are left aside.
    """
    import ibis

    code = rows.dossier_code
    parts = rows.select(
        "source", unit=code.re_extract(CODE, 1), day=code.re_extract(CODE, 2), number=code.re_extract(CODE, 3).try_cast("int64")
    )
    parts = parts.filter(parts.number.notnull() & parts.day.startswith(f"{month.year % 100:02d}{month.month:02d}")).distinct()
    whole = parts.select("source", "day", "number").distinct()
    by_unit, together = _gaps(parts, ["source", "unit", "day"]), _gaps(whole, ["source", "day"])
    found = by_unit.inner_join(together, "source").select(
        "source",
        missing=ibis.ifelse(by_unit.seen == together.seen, together.missing, by_unit.missing),
        seen=by_unit.seen,
    )
    return found.select("source", "missing", expected=found.missing + found.seen)


def _gaps(numbers: "ibis.Table", series: Sequence[str]) -> "ibis.Table":
    """``source``, ``missing``, ``seen`` of distinct numbers in series."""
    import ibis

    before = numbers.number.lag().over(ibis.window(group_by=list(series), order_by="number"))
    steps = numbers.mutate(gap=(numbers.number - before - 1).fill_null(0))
    gap = ibis.ifelse(steps.gap < BREAK, steps.gap, 0)
    return steps.group_by("source").agg(missing=gap.sum(), seen=steps.count())


def refiled(rows: "ibis.Table", month: Month) -> "ibis.Table":
    """Dossiers of known applicants that ended without a result in the month, and those of them that were filed anew: ``source``,
    ``kind``, ``refiled``, ``ended``. ``rows``: also those of the months before, and of the next month."""
    import ibis

    from procedures.dossier_queries import END_POINTS, ENDED_WITHOUT_RESULT

    def within(instant: Any) -> Any:
        return (instant >= ibis.literal(month.start)) & (instant < ibis.literal(month.end))

    known = rows.filter(rows.applicant_hash.notnull() & rows.status.isin(ENDED_WITHOUT_RESULT))
    known = known.filter(within(ibis.coalesce(known.finished_at, known.returned_at)))
    kind = known.status.cases(*((code, END_POINTS[code]) for code in ENDED_WITHOUT_RESULT))
    ended = known.group_by("source", kind=kind).agg(ended=lambda t: t.count())
    pairs = refilings(rows)
    again = pairs.filter(within(pairs.ended_at)).group_by("source", "kind").agg(refiled=lambda t: t.count())
    return ended.left_join(again, ["source", "kind"]).select("source", "kind", "ended", refiled=again.refiled.fill_null(0))


def supplements_by_unit(rows: "ibis.Table", month: Month) -> "ibis.Table":
    """Dossiers received in the month and those of them with a supplement request: ``source``, ``unit``, ``dossiers``, ``asked``."""
    rows = rows.filter(rows.reception_month == str(month))
    asked = (rows.supplement_count.fill_null(0) > 0) | (rows.status == 5) | (rows.supplements.length().fill_null(0) > 0)
    asked |= rows.history.filter(lambda step: step.status == 5).length().fill_null(0) > 0
    counted = rows.select("source", unit="handling_unit", asked=asked.fill_null(False))
    return counted.group_by("source", "unit").agg(dossiers=lambda t: t.count(), asked=lambda t: t.asked.sum())


def without_supplements(rows: Sequence[Mapping[str, Any]], kinds: Mapping[str, str], source: str) -> tuple[list[str], int]:
    """Units of a source with ``LEAST_OF_UNIT`` dossiers or more and not one request, where the median share of the other units of that
    size and kind, in all sources, is above ``PEERS``; and how many units of that size the source has. ``rows``: of
    ``supplements_by_unit``; ``kinds``: unit code → kind."""
    large = [row for row in rows if row["dossiers"] >= LEAST_OF_UNIT]
    own = [row for row in large if row["source"] == source]
    found = []
    for row in own:
        kind = kinds.get(row["unit"])
        peers = [int(other["asked"]) / other["dossiers"] for other in large if other is not row and kinds.get(other["unit"]) == kind]
        if row["asked"] == 0 and peers and median(peers) > PEERS:
            found.append(row["unit"])
    return sorted(found), len(own)


def readings(session: Session, source: Source, month: Month, today: date) -> list[Reading]:
    """All signs of a source in a month."""
    from core.lake import connect, fetch
    from procedures.dossier_queries import dossiers

    engine = connect()

    def numbers(expression: "ibis.Table") -> dict[str, int]:
        """The only row's counts (a sum comes as a decimal); none where the source has no row."""
        rows = fetch(engine, expression).to_pylist()
        return {name: int(value) for name, value in rows[0].items() if name != "source"} if rows else {}

    over = today > month.last_day
    own = dossiers(engine, [source.code], month, month)
    counted = numbers(simple(own, month))
    found = {name: judged(SIGNS[name], counted.get(f"{name}_num", 0), counted.get(f"{name}_den", 0)) for name in SIMPLE}
    tail = found["month_end"]
    found["month_end"] = judged(SIGNS["month_end"].times(month_end(month)[1]), tail.numerator, tail.denominator, over=over)
    # what was filed late in a month may be received in the next one
    gaps = numbers(number_gaps(dossiers(engine, [source.code], month, month.plus(1)), month))
    found["number_gaps"] = judged(SIGNS["number_gaps"], gaps.get("missing", 0), gaps.get("expected", 0))
    for row in fetch(engine, refiled(dossiers(engine, [source.code], None, month.plus(1)), month)).to_pylist():
        found[row["kind"]] = judged(SIGNS[row["kind"]], row["refiled"], row["ended"])
    found["portal"] = _portal(session, source, month, over)
    found["no_supplements"] = _no_supplements(session, source, month)
    return [found.get(code) or judged(sign, 0, 0) for code, sign in SIGNS.items()]


def _portal(session: Session, source: Source, month: Month, over: bool) -> Reading:
    """Dossiers that the national portal counts beyond those that came from the sources of the same unit."""
    from core.lake import connect, fetch
    from procedures.dossier_queries import dossiers

    sign = SIGNS["portal"]
    reported = session.scalar(
        select(ReportedCount).where(
            ReportedCount.unit_id == source.unit_id,
            ReportedCount.form == "portal",
            ReportedCount.month == str(month),
            ReportedCount.label == "total",
        )
    )
    if reported is None or "received" not in reported.counts:
        return judged(sign, 0, 0)
    siblings = session.scalars(select(Source.code).where(Source.unit_id == source.unit_id, Source.list_code == NATIONAL)).all()
    engine = connect()
    ours = dossiers(engine, siblings, month, month)
    received = int(fetch(engine, ours.aggregate(n=ours.dossier_code.nunique())).to_pylist()[0]["n"])  # two systems may hold one dossier
    return judged(sign, max(0, reported.counts["received"] - received), reported.counts["received"], over=over)


def _no_supplements(session: Session, source: Source, month: Month) -> Reading:
    codes = sorted({source.code, *session.scalars(select(Source.code).where(Source.list_code == NATIONAL))})
    rows = _by_unit(tuple(files_of(codes, month, month)), month)
    kinds = dict(session.execute(select(Unit.code, Unit.kind).where(Unit.list_code == NATIONAL)).all())
    named, large = without_supplements(rows, kinds, source.code)
    state = "ask" if named else "calm" if large else "few"
    return Reading(SIGNS["no_supplements"], len(named), large, state, named)


@lru_cache(maxsize=8)
def _by_unit(paths: tuple[Path, ...], month: Month) -> list[dict[str, Any]]:
    """``supplements_by_unit`` of data files. They never change, and every source's page of a month asks for the same ones."""
    from core.lake import connect, fetch, read_files

    engine = connect()
    rows: list[dict[str, Any]] = fetch(engine, supplements_by_unit(read_files(engine, paths, dossier_schema()), month)).to_pylist()
    return rows
