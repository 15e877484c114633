"""The life of a submission: received, checked, then accepted, partly accepted or rejected; every step can be broken off and repeated.

The submission's row is the truth about progress. A commit of the lake carries the counts of its submissions, so that one whose
process ended right after it is finished from the log.
"""

import fcntl
import logging
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from flask import current_app
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core import audit, lake
from core.calendar import Month, local_date, utc_now
from core.database import reading, writing
from core.errors import InputError
from core.settings import Settings
from procedures import intake, lookups, mapping, merging, quarantine, spool, staging
from procedures.dossier_queries import data_dir
from procedures.dossiers import dossier_table
from procedures.lookups import Lookups
from procedures.models import Submission
from procedures.reading import Reader, chunks, rows_of
from procedures.reading import macros as reading_macros
from procedures.unpacking import Unpacked, unpack

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ATTEMPTS = 20  # at a commit while others commit too
TOGETHER = 64 << 20  # bytes of waiting submissions of one source that one commit takes together
SIDE_UNITS = {"receiving_unit", "reception_point"}  # an unknown one holds no row back, so it is looked up beforehand
FINISHED = ("accepted", "partly_accepted", "rejected")
COVERED = 3  # months of a submission for which coverage before and after is told: the newest ones
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoadResult:
    """What became of one file: accepted, superseded, unchanged and quarantined add up to received. ``warnings``: rule → rows.

    ``state``: of the submission; ``checked`` where a replacement waits for its confirmation, with ``difference``.
    """

    submission: str
    received: int
    accepted: int
    superseded: int
    quarantined: int
    unchanged: int
    seconds: float
    state: str = ""
    warnings: dict[str, int] = field(default_factory=dict)
    difference: dict[str, int] = field(default_factory=dict)


def load_feed(
    path: Path,
    source_code: str,
    profile_name: str,
    now: datetime,
    sent_by: str = "cli",
    *,
    replaces_month: str | None = None,
    confirmed: bool = False,
) -> LoadResult:
    """Take one file of a source into the lake, now.

    Raises ``InputError`` where source, profile or the file as a whole cannot be used; a file of a known source then leaves a
    rejected submission behind and nothing else. ``confirmed``: a replacement is not asked about again.
    """
    started = time.perf_counter()
    try:
        with path.open("rb") as stream:
            key = intake.receive(stream, path.name, source_code, profile_name, "cli", sent_by, now, replaces_month=replaces_month)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"Không mở được tệp {path.name}: {reason}.", f"The file {path.name} cannot be opened: {reason}.") from error
    result = process(key, now)
    if confirmed and result.state == "checked":
        confirm(key, sent_by, now)
        result = process(key, now)
    return LoadResult(**asdict(result) | {"seconds": round(time.perf_counter() - started, 3)})


def process(key: str, now: datetime) -> LoadResult:
    """Bring one submission as far as it goes; one that is finished stays as it is. Waits where another process works on it.

    Raises ``InputError`` after rejecting a file that cannot be read.
    """
    started = time.perf_counter()
    with _claimed([key], wait=True):
        failure = _advance([key], now)
    if key in failure:
        raise failure[key]
    return _result(key, time.perf_counter() - started)


def process_waiting(now: datetime) -> dict[str, Any]:
    """Take everything that waits, several files of one source in one commit. Gives counts; {} where nothing waited."""
    done: dict[str, int] = {}
    waiting = select(Submission.key, Submission.source_id, Submission.size_bytes, Submission.replaces_month)
    ready = or_(Submission.state == "received", (Submission.state == "checked") & Submission.confirmed_at.is_not(None))
    ready |= (Submission.state == "checked") & Submission.replaces_month.is_(None)
    groups: list[tuple[tuple[int, str | None], list[str], int]] = []
    for key, source, size, replaces in reading().execute(waiting.where(ready).order_by(Submission.source_id, Submission.id)).all():
        kind = (source, key if replaces else None)
        if groups and groups[-1][0] == kind and groups[-1][2] + size <= TOGETHER:
            groups[-1] = (kind, [*groups[-1][1], key], groups[-1][2] + size)
        else:
            groups.append((kind, [key], size))
    for _kind, keys, _size in groups:
        with _claimed(keys, wait=False) as mine:
            failed = _advance(mine, now) if mine else {}
            done["finished"] = done.get("finished", 0) + len(mine) - len(failed)
            if failed:
                done["rejected"] = done.get("rejected", 0) + len(failed)
    return {name: count for name, count in done.items() if count}


@contextmanager
def _claimed(keys: Sequence[str], wait: bool) -> Iterator[list[str]]:
    """Those of the submissions that no other process works on; with ``wait``, all of them in the end. Ends with the process."""
    with ExitStack() as held:
        mine = []
        for key in keys:
            try:
                handle = held.enter_context(spool.path_of(key).open("rb"))
                fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            except FileNotFoundError:  # finished, or its file is gone: seen when its row is read
                pass
            except BlockingIOError:
                continue
            mine.append(key)
        yield mine


def _advance(keys: Sequence[str], now: datetime) -> dict[str, InputError]:
    """Read, check, quarantine and merge submissions of one source. Gives those that were rejected as a whole."""
    submissions = {item.key: item for item in _unfinished(keys)}
    failed: dict[str, InputError] = {}
    for key in list(submissions):
        if _finish_from_log(submissions[key], now):
            del submissions[key]
    if not submissions:
        return failed
    settings: Settings = current_app.extensions["settings"]
    work = data_dir() / "work"
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work) as scratch:
        con = lake.engine(Path(scratch))
        try:
            attempt = _Attempt(con, Path(scratch), next(iter(submissions.values())).source.code, settings)
            for key, submission in submissions.items():
                try:
                    attempt.read(submission, now)
                except InputError as error:
                    failed[key] = error
                    attempt.forget(key)
                    _reject(key, error)
                except Exception as error:
                    # Nothing has gone anywhere yet, and the cause is in the file: the sender gets an answer whatever it is.
                    logger.exception("submission %s cannot be read", key)
                    failed[key] = _unreadable(submission, error)
                    attempt.forget(key)
                    _reject(key, failed[key])
            left = [submission for key, submission in submissions.items() if key not in failed]
            if left:
                attempt.merge(left, now)
        finally:
            con.close()
    return failed


def _unfinished(keys: Sequence[str]) -> list[Submission]:
    reading().expire_all()
    wanted = select(Submission).where(Submission.key.in_(keys), Submission.state.not_in(FINISHED)).order_by(Submission.id)
    found = list(reading().scalars(wanted))
    for submission in found:
        _ = submission.source.code, submission.source.simulated  # read before a later transaction makes them stale
    return found


def _unreadable(submission: Submission, error: Exception) -> InputError:
    name, profile = submission.file_name, submission.profile
    return InputError(
        f"Không đọc được tệp {name} ({type(error).__name__}). Xuất lại tệp đúng định dạng của hồ sơ ánh xạ {profile}.",
        f"The file {name} cannot be read ({type(error).__name__}). Export it again in the form of the profile {profile}.",
    )


class _Attempt:
    """One try at some submissions of one source: the engine, its scratch folder and what was read into it."""

    def __init__(self, con: "DuckDBPyConnection", scratch: Path, source_code: str, settings: Settings) -> None:
        self.con, self.scratch, self.settings = con, scratch, settings
        self.source = lookups.find_source(source_code)
        self.source_code, self.simulated = self.source.code, self.source.simulated
        self.quarantined: dict[str, dict[str, int]] = {}
        self.warnings: dict[str, dict[str, int]] = {}
        self.bad: dict[str, int] = {}
        self.notes: dict[str, list[dict[str, str]]] = {}
        self.lookups: lookups.Lookups | None = None
        self._macros: str | None = None
        con.execute("CREATE TEMP TABLE batch (submission VARCHAR, received_at TIMESTAMPTZ)")
        con.execute(
            "CREATE TEMP TABLE held (submission VARCHAR, row_no BIGINT, dossier_code VARCHAR, unit_code VARCHAR, "
            "procedure_code VARCHAR, received_at TIMESTAMPTZ, errors VARCHAR[], own VARCHAR)"
        )
        reading_macros(con)

    def read(self, submission: Submission, now: datetime) -> None:
        """Stage a submission's good rows as files and hold back the others. Raises ``InputError`` where the whole cannot be used."""
        profile = mapping.load(submission.profile)
        if self._macros != profile.name:
            staging.macros(self.con, profile, self.settings.applicant_key.get_secret_value())
            self._macros = profile.name
        if self.lookups is None:
            self.lookups = lookups.Lookups(self.con, self.source, local_date(now))
        key, folder = submission.key, self.scratch / submission.key
        self.con.execute("INSERT INTO batch VALUES (?, ?)", [key, submission.received_at])
        with ExitStack() as held:
            stream = held.enter_context(_opened(submission))
            unpacked = held.enter_context(self._unpacked(stream, submission.file_name))
            rows = rows_of(profile, unpacked, self.settings.max_unpacked_mb << 20)
            reader = Reader(self.con, profile, rows, unpacked.name)
            counted = 0
            for number, chunk in enumerate(chunks(rows)):
                reader.raw(chunk)
                counted += self._take_chunk(folder, number, reader, submission)
            self._hold_broken(key, rows.broken)
            self.notes[key] = [{"vi": vi, "en": en} for vi, en in unpacked.notes]
        if counted + len(rows.broken) == 0:
            raise InputError(
                f"Tệp {submission.file_name} không có dòng dữ liệu nào. Kiểm tra bộ lọc khi xuất rồi gửi lại.",
                f"The file {submission.file_name} has no rows of data. Check the filter of the export and resend it.",
            )
        self._count(key)
        quarantine.store(self.con, key)

    @contextmanager
    def _unpacked(self, stream: BinaryIO, name: str) -> Iterator[Unpacked]:
        unpacked = unpack(stream, name, self.settings.max_unpacked_mb << 20, scratch=self.scratch)
        with unpacked.stream:
            yield unpacked

    def _take_chunk(self, folder: Path, number: int, reader: Reader, submission: Submission) -> int:
        """Write the good rows of ``raw`` by month of reception, hold back the others. Gives the number of rows.

        Codes are looked up when a row needs them: after the first chunk hardly any is new.
        """
        con, lookups = self.con, cast(Lookups, self.lookups)
        total: int = con.execute("SELECT count(*) FROM raw").fetchall()[0][0]
        lookups.learn("raw", reader.present if number == 0 else reader.present & SIDE_UNITS)
        judged = staging.judgement(reader, lookups, submission.key, submission.received_at, submission.replaces_month)
        written: list[Path] = []
        relation, left = "raw", total
        while True:
            for (month,) in con.execute(judged.months(relation)).fetchall():
                target = folder / f"reception_month={month // 100}-{month % 100:02d}" / f"{number:06d}-{len(written)}.parquet"
                target.parent.mkdir(parents=True, exist_ok=True)
                left -= merging.copy_to(con, judged.good(relation, month), target)
                written.append(target)
            if left == 0:
                break
            relation = self._rest(written)
            if not lookups.learn(relation, reader.present):
                break
        if left:
            own = f"JOIN {relation} r ON r.row_no = j.row_no LEFT JOIN ({reader.own}) o ON o.row_no = j.row_no"
            names = "?, j.row_no, j.dossier_code, r.handling_unit, j.procedure_code, j.received_at, j.errors, o.own"
            con.execute(f"INSERT INTO held SELECT {names} FROM ({judged.bad(relation)}) j {own}", [submission.key])
        self._warn(submission.key, written)
        return total

    def _rest(self, written: Sequence[Path]) -> str:
        """The rows of ``raw`` that were not written, as a table's name."""
        done = f"ANTI JOIN {merging.read(written)} USING (row_no)" if written else ""
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE rest AS SELECT raw.* FROM raw {done}")
        return "rest"

    def _warn(self, key: str, written: Sequence[Path]) -> None:
        warned = self.warnings.setdefault(key, {})
        if written:
            listed = f"SELECT unnest(warnings) AS reason FROM {merging.read(written)}"
            found = self.con.execute(f"SELECT split_part(reason, ':', 1) AS rule, count(*) FROM ({listed}) GROUP BY rule").fetchall()
            for rule, rows in found:
                warned[rule] = warned.get(rule, 0) + rows

    def _hold_broken(self, key: str, broken: Sequence[int]) -> None:
        if broken:
            self.con.execute(
                "INSERT INTO held SELECT ?, unnest(?::BIGINT[]), NULL, NULL, NULL, NULL, ['unreadable_row:'], NULL", [key, list(broken)]
            )

    def _count(self, key: str) -> None:
        con = self.con
        self.bad[key] = con.execute("SELECT count(*) FROM held WHERE submission = ?", [key]).fetchall()[0][0]
        rules = con.execute(
            """SELECT split_part(reason, ':', 1) AS rule, count(*) AS rows
            FROM (SELECT unnest(errors) AS reason FROM held WHERE submission = ?) GROUP BY rule ORDER BY rows DESC, rule""",
            [key],
        ).fetchall()
        self.quarantined[key] = dict(rules)

    def forget(self, key: str) -> None:
        """Drop what was read of a submission that turned out to be unusable."""
        shutil.rmtree(self.scratch / key, ignore_errors=True)
        self.con.execute("DELETE FROM held WHERE submission = ?", [key])
        quarantine.path_of(key).unlink(missing_ok=True)

    def merge(self, submissions: Sequence[Submission], now: datetime) -> None:
        """Bring the staged rows into the lake in one commit and finish the submissions."""
        table = dossier_table(data_dir())
        table.snapshot()  # makes the table where there is none
        keys = [submission.key for submission in submissions]
        replaces, confirmed = submissions[0].replaces_month, submissions[0].confirmed_at is not None
        known = submissions[0].difference
        staged = merging.Staged(self.con, self.source_code, self.scratch, keys, replaces)
        self._checked(keys, now)
        with table.lock():
            keys = [submission.key for submission in _unfinished(keys) if not _finish_from_log(submission, now)]
            if set(keys) != set(staged.submissions):
                return  # another process was faster; what it left is taken up again
            for attempt in range(ATTEMPTS):
                base = table.snapshot()
                counts = merging.plan(table, base, staged)
                if replaces is not None:
                    found = asdict(merging.difference(staged, counts))
                    if not confirmed or found != known:
                        self._ask(keys[0], counts[keys[0]], found, again=confirmed)
                        return
                before = self._coverage(table, base, counts, now)
                _note_version(keys, base.version)
                try:
                    version = merging.carry_out(table, base, staged, merging.metadata_of(counts))
                except lake.ConflictError:
                    if attempt == ATTEMPTS - 1:
                        raise
                    continue
                after = self._coverage(table, table.snapshot(), counts, now) if version is not None else before
                self._finish(counts, before, after)
                return

    def _checked(self, keys: Sequence[str], now: datetime) -> None:
        with writing() as session:
            for submission in session.scalars(select(Submission).where(Submission.key.in_(keys))):
                submission.state, submission.checked_at = "checked", submission.checked_at or utc_now()
                submission.rows_quarantined, submission.quarantined = self.bad[submission.key], self.quarantined[submission.key]
                submission.notes = self.notes[submission.key]
                submission.reason, submission.reason_en = "", ""

    def _ask(self, key: str, counts: merging.Counts, found: dict[str, int], again: bool) -> None:
        """Leave a replacement waiting for somebody who confirms what it would do."""
        vi = "Kho dữ liệu đã thay đổi từ khi xác nhận: xem lại khác biệt." if again else "Chờ xác nhận khác biệt trước khi thay cả tháng."
        en = (
            "The store has changed since the confirmation: look at the difference again."
            if again
            else "Waits for the difference to be confirmed."
        )
        with writing() as session:
            submission = session.query(Submission).filter_by(key=key).one()
            submission.difference, submission.confirmed_at = found, None
            submission.reason, submission.reason_en = vi, en
            submission.rows_received = counts.accepted + counts.superseded + counts.unchanged + self.bad[key]

    def _coverage(
        self, table: lake.LakeTable, base: lake.Snapshot, counts: Mapping[str, merging.Counts], now: datetime
    ) -> dict[str, float | None]:
        months = sorted({month for count in counts.values() for month in count.months})[-COVERED:]
        return {month: merging.presence(self.con, table, base, self.source_code, Month.parse(month), now) for month in months}

    def _finish(self, counts: Mapping[str, merging.Counts], before: Mapping[str, float | None], after: Mapping[str, float | None]) -> None:
        with writing() as session:
            for submission in session.scalars(select(Submission).where(Submission.key.in_(list(counts)))):
                key = submission.key
                count = counts[key]
                warned = self.warnings.get(key, {})
                if count.repeated:
                    warned["repeated_dossier"] = count.repeated
                submission.warnings = warned
                submission.coverage = {month: [before[month], after[month]] for month in before if month in count.months}
                _close(session, submission, count)
        for key in counts:
            _destroy_spooled(key)


def _opened(submission: Submission) -> BinaryIO:
    if submission.way == "release":
        return quarantine.open_rows(submission)
    return spool.read(submission.key)


def _close(session: Session, submission: Submission, count: merging.Counts) -> None:
    """Write a submission's counts and final state; ``rows_quarantined`` stands already."""
    bad = submission.rows_quarantined
    submission.rows_accepted, submission.rows_superseded, submission.rows_unchanged = count.accepted, count.superseded, count.unchanged
    submission.rows_received = count.accepted + count.superseded + count.unchanged + bad
    submission.months, submission.finished_at = count.months, utc_now()
    if submission.parent_id is not None:
        session.get_one(Submission, submission.parent_id).rows_released += submission.rows_received - bad
    submission.state = "accepted" if not bad else "partly_accepted" if bad < submission.rows_received else "rejected"
    submission.reason = submission.reason_en = ""
    if submission.state == "rejected":
        submission.reason = "Không dòng nào dùng được: xem các dòng bị giữ lại."
        submission.reason_en = "No row could be used: see the rows that were held back."
    elif bad:
        submission.reason = "Một số dòng bị giữ lại: xem lý do, sửa rồi gửi lại các dòng đó."
        submission.reason_en = "Some rows were held back: see the reasons, mend and resend those rows."


def _note_version(keys: Sequence[str], version: int) -> None:
    with writing() as session:
        for submission in session.scalars(select(Submission).where(Submission.key.in_(keys))):
            submission.lake_version = version


def _finish_from_log(submission: Submission, now: datetime) -> bool:
    """Finish a submission whose commit went through before its process ended. True if there was such a commit."""
    if submission.lake_version is None:
        return False
    count = merging.find_commit(dossier_table(data_dir()), submission.lake_version, submission.key)
    if count is None:
        return False
    with writing() as session:
        _close(session, session.query(Submission).filter_by(key=submission.key).one(), count)
    _destroy_spooled(submission.key)
    return True


def _destroy_spooled(key: str) -> None:
    quarantine.close_rows(key)
    if spool.destroy(key, "submission finished"):
        with writing() as session:
            session.query(Submission).filter_by(key=key).one().spool_destroyed_at = utc_now()


def _reject(key: str, error: InputError) -> None:
    with writing() as session:
        submission = session.query(Submission).filter_by(key=key).one()
        submission.state, submission.finished_at = "rejected", utc_now()
        submission.reason, submission.reason_en = error.text("vi"), error.text("en")
    _destroy_spooled(key)


def _result(key: str, seconds: float) -> LoadResult:
    reading().expire_all()
    item = reading().scalars(select(Submission).where(Submission.key == key)).one()
    return LoadResult(
        submission=key,
        received=item.rows_received,
        accepted=item.rows_accepted,
        superseded=item.rows_superseded,
        quarantined=item.rows_quarantined,
        unchanged=item.rows_unchanged,
        seconds=round(seconds, 3),
        state=item.state,
        warnings=dict(item.warnings),
        difference=dict(item.difference),
    )


def confirm(key: str, by: str, now: datetime) -> None:
    """Somebody has seen the difference of a replacement and wants it. Raises ``InputError`` where it does not wait for that."""
    with writing() as session:
        submission = _waiting(session.scalar(select(Submission).where(Submission.key == key)))
        submission.confirmed_at, submission.reason, submission.reason_en = now, "", ""
        audit.record(session, "feed.confirm", key, by, **submission.difference)


def cancel(key: str, by: str, now: datetime) -> None:
    """Somebody has seen the difference of a replacement and does not want it: the submission ends as rejected."""
    with writing() as session:
        submission = _waiting(session.scalar(select(Submission).where(Submission.key == key)))
        submission.state, submission.finished_at = "rejected", now
        submission.reason = "Người gửi đã hủy việc thay cả tháng."
        submission.reason_en = "The sender gave up replacing the month."
        audit.record(session, "feed.cancel", key, by, **submission.difference)
    _destroy_spooled(key)


def _waiting(submission: Submission | None) -> Submission:
    if submission is None or submission.state != "checked" or submission.replaces_month is None or submission.confirmed_at is not None:
        raise InputError(
            "Lần gửi này không chờ xác nhận. Tải lại trang để xem tình trạng.",
            "This submission does not wait for a confirmation. Reload the page to see its state.",
        )
    return submission


def release(now: datetime, source_code: str | None = None) -> dict[str, Any]:
    """Judge anew the rows that were held back for codes nobody knew; those that are good now are taken, as a submission of their own."""
    results = [process(key, now) for key in quarantine.releasable(now, source_code)]
    return {"submissions": len(results), "released": sum(item.received - item.quarantined for item in results)} if results else {}


def tidy_lake(keep: Iterable[str]) -> dict[str, Any]:
    """Write small files together and delete what neither the lake nor ``keep`` lists (paths) and is dead for a week."""
    table = dossier_table(data_dir())
    con = lake.engine(data_dir() / "work")
    try:
        with table.lock():
            merged = merging.compact(table, con, table.snapshot())
            deleted = table.vacuum(keep, older_than=7 * 86_400)
    finally:
        con.close()
    return {"compacted": int(merged is not None), "deleted": len(deleted)} if merged is not None or deleted else {}
