"""Who sent what, day by day: what was expected, what came, what came late, what lies still.

All days are calendar days of Viet Nam. The rules, which are this product's own choice (no text sets any):

- *Received*: dossiers in the lake by their day of reception.
- *Expected*: the median of the receptions of that source on the same weekday in the eight weeks before, days without any counting
  as zero; nothing is expected before four such days have passed since the source's first dossier. Public holidays show as gaps.
- *None, few*: a day is remarked on only where chance hardly explains it. Nothing, where ``NONE_FROM`` or more are expected (were
  receptions Poisson, that happens on less than one such day in twenty); less than half, where ``FEW_FROM`` or more are (as rare).
- *Late*: dossiers of which it can be shown that news of them took more than ``LATE_DAYS`` days to come: either the source sent no file
  that touched their month of reception within that time, or the state that the lake keeps was sent longer than that after the source
  wrote it (``updated_at``). The lake keeps the newest state and not when the first one came, so this is the least that is certain.
- *Stale*: dossiers still open whose source has not touched them for more than ``STALE_DAYS`` days.
- A source is *silent* when its last file is older than the longest pause between two days of sending in the eight weeks before that
  file, once it has sent on four days or more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.calendar import Month, local_date
from procedures.dossier_queries import EPOCH, files_of, local_day, microseconds
from procedures.dossiers import END_STATUSES, dossier_schema
from procedures.models import Source, Submission
from procedures.quarantine import origin

if TYPE_CHECKING:
    import ibis

WEEKS = 8
LEAST_WEEKS = 4
LATE_DAYS = 3
STALE_DAYS = 30
LEAST_SENDING_DAYS = 4
NONE_FROM = 3  # e^-3 = 0.050
FEW_FROM = 10  # P(X < 5 | 10) = 0.029


@dataclass(frozen=True)
class Day:
    """One source on one day. ``expected``: None where the past is too short to say.

    ``state``: ``ahead`` (has not come), ``none`` (nothing although some is usual), ``few``, ``quiet`` (nothing, and no reason to expect
    some), ``some``.
    """

    day: date
    received: int
    expected: float | None
    late: int
    stale: int
    state: str


@dataclass(frozen=True)
class SourceCoverage:
    """One source in one month. ``last_sent``: the day of its last file that was not refused; ``pause``: the longest usual one, in days."""

    source: Source
    days: list[Day]
    last_sent: date | None
    pause: int | None
    silent: bool
    sent_today: bool

    @property
    def received(self) -> int:
        """Dossiers received in the month."""
        return sum(day.received for day in self.days)

    @property
    def late(self) -> int:
        """Of these, those that came late."""
        return sum(day.late for day in self.days)

    @property
    def stale(self) -> int:
        """Of these, those that are open and lie still."""
        return sum(day.stale for day in self.days)

    @property
    def expected(self) -> float | None:
        """What was expected over the days that are over; None where nothing is known for any of them."""
        known = [day.expected for day in self.days if day.expected is not None and day.state != "ahead"]
        return sum(known) if known else None

    @property
    def missing(self) -> list[date]:
        """Days with nothing although some is usual."""
        return [day.day for day in self.days if day.state == "none"]


@dataclass(frozen=True)
class Coverage:
    """All sources asked for, in one month, as seen on one day."""

    month: Month
    today: date
    sources: list[SourceCoverage]

    @property
    def running(self) -> bool:
        """Whether the month is not over yet."""
        return Month(self.today.year, self.today.month) == self.month

    @property
    def due(self) -> list[SourceCoverage]:
        """Sources of which something may be expected today: some is usual, or nothing is known. None in a month that is over."""
        number = self.today.day - 1
        return [item for item in self.sources if item.days[number].expected != 0] if self.running else []

    @property
    def unsent(self) -> list[SourceCoverage]:
        """Of these, those that sent nothing today."""
        return [item for item in self.due if not item.sent_today]


@dataclass(frozen=True)
class _Sent:
    """A submission: when its rows arrived, which months of reception it touched, whether it was not refused and replaced a month."""

    source_id: int
    key: str
    arrived_at: datetime
    months: list[str]
    taken: bool
    replaces: bool


@dataclass
class _Counted:
    received: dict[date, int] = field(default_factory=dict)
    late: dict[date, int] = field(default_factory=dict)
    stale: dict[date, int] = field(default_factory=dict)


def daily(rows: "ibis.Table", arrivals: "ibis.Table", month: Month, today: date) -> "ibis.Table":
    """Dossiers by ``source`` and ``day`` of reception (days since ``EPOCH``): ``received``, ``late`` and
    ``stale`` (these two for one month only, else 0).

    ``arrivals``: ``submission``, ``arrived_at``. A dossier whose submission is not among them is late in nothing.
    """
    asked = rows.reception_month == str(month)
    still = (today - timedelta(days=STALE_DAYS) - EPOCH).days
    joined = rows.left_join(arrivals, "submission")
    joined = joined.select(
        rows.source,
        day=local_day(rows.received_at),
        late=asked & (microseconds(arrivals.arrived_at) - microseconds(rows.updated_at) > LATE_DAYS * 24 * 3600 * 1_000_000),
        stale=asked & rows.status.notin(END_STATUSES) & (local_day(rows.updated_at) < still),
    )
    return joined.group_by("source", "day").agg(
        received=joined.count(),
        late=joined.late.fill_null(False).sum(),
        stale=joined.stale.fill_null(False).sum(),
    )


def coverage(session: Session, sources: Sequence[Source], month: Month, now: datetime) -> Coverage:
    """The month of some sources as it is known now."""
    today = local_date(now)
    codes = sorted(source.code for source in sources)
    earliest = month.first_day - timedelta(weeks=WEEKS)
    since = Month(earliest.year, earliest.month)
    sent = _submissions(session, [source.id for source in sources], since.start)
    last = _last_sent(session)
    # what replaces a month repeats what had come before: it says nothing about when that came
    arrivals = tuple(sorted((item.key, item.arrived_at) for item in sent if not item.replaces))
    counted = _count(tuple(files_of(codes, since, month)), arrivals, month, today) if codes else {}
    by_source: dict[int, list[_Sent]] = {}
    for item in sent:
        if item.taken:
            by_source.setdefault(item.source_id, []).append(item)
    return Coverage(
        month,
        today,
        [
            _source(source, counted.get(source.code, _Counted()), by_source.get(source.id, []), last.get(source.id), month, today)
            for source in sources
        ],
    )


def _submissions(session: Session, source_ids: Sequence[int], since: datetime) -> list["_Sent"]:
    """The submissions of some sources since an instant. Released rows had arrived with the submission that held them back."""
    columns = (Submission.id, Submission.source_id, Submission.key, Submission.parent_id, Submission.received_at, Submission.months)
    wanted = select(*columns, Submission.state, Submission.replaces_month).where(
        Submission.source_id.in_(source_ids), Submission.received_at >= since
    )
    rows = session.execute(wanted.order_by(Submission.id)).all()
    arrived: dict[int, datetime] = {}  # a release of what a release held back came with the file of the first
    for row in rows:
        if row.parent_id is None or row.parent_id in arrived:
            arrived[row.id] = arrived.get(row.parent_id, row.received_at)
        else:
            arrived[row.id] = origin(session.get_one(Submission, row.id)).received_at
    return [
        _Sent(row.source_id, row.key, arrived[row.id], row.months, row.state != "rejected", row.replaces_month is not None) for row in rows
    ]


def _last_sent(session: Session) -> dict[int, date]:
    """The day on which each source last sent something that was not refused; what is released was sent before."""
    sent = (Submission.state != "rejected", Submission.way != "release")
    newest = select(Submission.source_id, func.max(Submission.received_at)).where(*sent)
    return {source: local_date(instant) for source, instant in session.execute(newest.group_by(Submission.source_id))}


@lru_cache(maxsize=16)
def _count(paths: tuple[Path, ...], arrivals: tuple[tuple[str, datetime], ...], month: Month, today: date) -> Mapping[str, _Counted]:
    """By source. Data files never change, so that a count of the same files on the same day is the same count."""
    import pyarrow as pa

    from core.lake import connect, fetch, from_arrow, read_files

    engine = connect()
    rows = read_files(engine, paths, dossier_schema())
    keys, instants = [key for key, _ in arrivals], [instant for _, instant in arrivals]
    table = pa.table({"submission": pa.array(keys, pa.string()), "arrived_at": pa.array(instants, pa.timestamp("us", "UTC"))})
    found = fetch(engine, daily(rows, from_arrow(engine, "arrivals", table), month, today)).to_pylist()
    counted: dict[str, _Counted] = {}
    for row in found:
        one = counted.setdefault(row["source"], _Counted())
        for name, days in (("received", one.received), ("late", one.late), ("stale", one.stale)):
            days[EPOCH + timedelta(days=row["day"])] = int(row[name])  # a sum comes as a decimal
    return counted


def _source(source: Source, counted: _Counted, sent: Sequence[_Sent], last: date | None, month: Month, today: date) -> SourceCoverage:
    touched = sorted({local_date(item.arrived_at) for item in sent if str(month) in item.months})
    begun = min(counted.received, default=None)
    days = []
    for number in range(month.last_day.day):
        day = month.first_day + timedelta(days=number)
        received = counted.received.get(day, 0)
        usual = expected(counted.received, begun, day)
        # the first file that can have carried a dossier of that day
        carried = next((sent_on for sent_on in touched if sent_on >= day), None)
        late = received if carried is not None and carried > day + timedelta(days=LATE_DAYS) else counted.late.get(day, 0)
        days.append(Day(day, received, usual, late, counted.stale.get(day, 0), state(received, usual, day, today)))
    sending = sorted({local_date(item.arrived_at) for item in sent})
    pause = longest_pause(sending)
    return SourceCoverage(
        source=source,
        days=days,
        last_sent=last,
        pause=pause,
        silent=last is not None and pause is not None and (today - last).days > pause,
        sent_today=last is not None and last >= today,
    )


def expected(received: Mapping[date, int], begun: date | None, day: date) -> float | None:
    """Receptions to expect of a source on a day: see the head of this file. ``begun``: the day of its first known dossier."""
    weeks = [day - timedelta(weeks=back) for back in range(1, WEEKS + 1)]
    known = [received.get(past, 0) for past in weeks if begun is not None and past >= begun]
    return float(median(known)) if len(known) >= LEAST_WEEKS else None


def state(received: int, usual: float | None, day: date, today: date) -> str:
    """What a day's cell shows: of ``Day.state``."""
    if received == 0:
        if day > today:
            return "ahead"
        return "none" if usual is not None and usual >= NONE_FROM else "quiet"
    small = usual is not None and usual >= FEW_FROM and received < usual / 2 and day < today  # today is not over
    return "few" if small else "some"


def longest_pause(sending: Sequence[date]) -> int | None:
    """The longest pause, in days, between two days of sending in the eight weeks up to the last one; None where they are too few."""
    recent = [day for day in sending if day >= sending[-1] - timedelta(weeks=WEEKS)]
    if len(recent) < LEAST_SENDING_DAYS:
        return None
    return max((later - earlier).days for earlier, later in pairwise(recent))
