"""One try at submissions of one source: read, judged, held back, merged."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from sqlalchemy import select

from core import lake
from core.calendar import local_date, utc_now
from core.database import writing
from core.errors import InputError
from core.settings import Settings
from procedures import lookups, mapping, merging, progress, quarantine, spool, staging
from procedures.delimited import Rows
from procedures.dossier_queries import data_dir
from procedures.dossiers import dossier_table
from procedures.engine_words import REMOVED
from procedures.engine_words import macros as text_macros
from procedures.lookups import Lookups
from procedures.models import Submission
from procedures.objects import nobodys
from procedures.reading import Reader, kept_cells, rows_of
from procedures.unpacking import Unpacked, unpack

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ATTEMPTS = 20  # at a commit while others commit too
SIDE_UNITS = {"receiving_unit", "reception_point"}  # an unknown one holds no row back, so it is looked up beforehand


# What an attempt knows of its submissions: where each stands among the source's others; the rows that are held back; months that a later
# file has replaced; the dossiers of which rows of earlier submissions wait in quarantine.
TABLES = (
    "batch (submission VARCHAR, received_at TIMESTAMPTZ, arrival BIGINT, replaces BOOLEAN, events BOOLEAN)",
    "came_later (submission VARCHAR, later VARCHAR)",
    "said_anew (submission VARCHAR, reception_month VARCHAR)",
    "waiting (dossier_code VARCHAR)",
    """held (submission VARCHAR, row_no BIGINT, dossier_code VARCHAR, unit_code VARCHAR, procedure_code VARCHAR,
        received_at TIMESTAMPTZ, errors VARCHAR[], own VARCHAR, applicant_hash VARCHAR, sent VARCHAR)""",
)


class Attempt:
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
        self._months: dict[str, set[int]] = {}  # of reception, by submission
        self._macros: str | None = None
        for columns in TABLES:
            con.execute(f"CREATE TEMP TABLE {columns}")
        text_macros(con)

    def read(self, submission: Submission, now: datetime) -> None:
        """Stage a submission's good rows as files and hold back the others. Raises ``InputError`` where the whole cannot be used."""
        profile = mapping.load(submission.profile)
        if self._macros != profile.name:
            staging.macros(self.con, profile, self.settings.applicant_key.get_secret_value())
            self._macros = profile.name
        if self.lookups is None:
            self.lookups = lookups.Lookups(self.con, self.source, local_date(now))
        key, folder = submission.key, self.scratch / submission.key
        released = submission.way == "release"
        self.con.execute("SET VARIABLE released = ?", [released])
        self._place(submission, profile.layout == "events")
        with ExitStack() as held:
            stream = held.enter_context(_opened(submission))
            unpacked = held.enter_context(self._unpacked(stream, submission.file_name))
            rows = rows_of(profile, unpacked, self.settings.max_unpacked_mb << 20)
            reader = Reader(self.con, profile, rows, unpacked.name)
            counted = 0
            for number in reader.parts():
                counted += self._take_chunk(folder, number, reader, submission)
            self._hold_broken(key, rows, profile)
            sent = quarantine.sent_as(submission, profile) if released else quarantine.form(profile, unpacked.kind)
            self.con.execute("UPDATE held SET sent = ? WHERE submission = ?", [sent, key])
            self.notes[key] = [{"vi": vi, "en": en} for vi, en in unpacked.notes]
        if counted + len(rows.broken) == 0:
            raise InputError(
                f"Tệp {submission.file_name} không có dòng dữ liệu nào. Kiểm tra bộ lọc khi xuất rồi gửi lại.",
                f"The file {submission.file_name} has no rows of data. Check the filter of the export and resend it.",
            )
        self._count(key)
        if submission.replaces_month is not None:
            self._check_replacement(submission)
        quarantine.store(self.con, key)

    def _place(self, submission: Submission, events: bool) -> None:
        """Where the submission stands among the others of its source: what it is older than, whenever it is taken."""
        con, key, origin = self.con, submission.key, quarantine.origin(submission)
        placed = [key, origin.received_at, origin.id, origin.replaces_month is not None, events]
        con.execute("INSERT INTO batch VALUES (?, ?, ?, ?, ?)", placed)
        con.execute("INSERT INTO came_later SELECT ?, unnest(?::VARCHAR[])", [key, quarantine.came_later(origin)])
        con.execute("INSERT INTO said_anew SELECT ?, unnest(?::VARCHAR[])", [key, quarantine.said_anew(origin)])

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
        lookups.learn("raw", reader.present if number == 0 else reader.present & SIDE_UNITS)
        arrived = quarantine.origin(submission).received_at
        judged = staging.judgement(reader, lookups, submission.key, arrived, submission.replaces_month)
        last = local_date(submission.received_at + timedelta(days=1))
        possible = {year * 100 + month for year in range(staging.FIRST_YEAR, last.year + 1) for month in range(1, 13)}

        def months_of(relation: str) -> set[int]:
            return possible.intersection(month for (month,) in con.execute(judged.months(relation)).fetchall())

        written: list[Path] = []
        taken, relation = 0, "raw"
        # a chunk has the months of those before it, as a rule; others are looked for among what is left
        tried = months = self._months.setdefault(submission.key, months_of("raw") if number == 0 else set())
        while True:
            taken += self._write(judged.good(relation), sorted(months), folder, number, written)
            relation = reader.rest(written)
            left: int = con.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0]
            if left == 0:
                break
            learnt, found = lookups.learn(relation, reader.present), months_of(relation)
            months = found if learnt else found - tried
            if not months:
                break
            tried |= months
        if left:
            own = f"JOIN {relation} r ON r.row_no = j.row_no LEFT JOIN ({reader.own(relation)}) o ON o.row_no = j.row_no"
            named = "regexp_matches(j.dossier_code, '[0-9]')"
            codes = f"CASE WHEN {named} THEN kept_unit(r.handling_unit) END, CASE WHEN {named} THEN unnamed(masked(j.procedure_code)) END"
            kept = f"CASE WHEN {named} THEN o.own ELSE {nobodys('o.own', reader.profile)} END"
            names = f"?, j.row_no, kept_code(j.dossier_code), {codes}, j.received_at, j.errors, {kept}, applicant(r.applicant_key), NULL"
            con.execute(f"INSERT INTO held SELECT {names} FROM ({judged.bad(relation)}) j {own}", [submission.key])
        self._warn(submission.key, written)
        return taken + left

    def _write(self, good: str, months: Sequence[int], folder: Path, number: int, written: list[Path]) -> int:
        """Write good rows as one more file for each month that has some. Gives their number."""
        taken, rows = 0, f"({good})"
        if len(months) > 1:  # judging is planned, and done, once
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE good AS {good}")
            rows = "good"
        for month in months:
            target = folder / f"reception_month={month // 100}-{month % 100:02d}" / f"{number:06d}-{len(written)}.parquet"
            target.parent.mkdir(parents=True, exist_ok=True)
            count = merging.copy_to(self.con, f"SELECT * EXCLUDE month_no FROM {rows} WHERE month_no = {month}", target)
            if count:
                written.append(target)
                taken += count
            else:
                target.unlink()
        return taken

    def _warn(self, key: str, written: Sequence[Path]) -> None:
        warned = self.warnings.setdefault(key, {})
        if written:
            listed = f"SELECT unnest(warnings) AS reason FROM {merging.read(written)}"
            found = self.con.execute(f"SELECT split_part(reason, ':', 1) AS rule, count(*) FROM ({listed}) GROUP BY rule").fetchall()
            for rule, rows in found:
                warned[rule] = warned.get(rule, 0) + rows

    def _hold_broken(self, key: str, rows: Rows, profile: mapping.Profile) -> None:
        if rows.broken:
            kept = {number: json.dumps(kept_cells(profile, rows.originals, cells)) for number, cells in rows.torn.items()}
            self.con.execute(
                "INSERT INTO held (submission, row_no, errors, own) "
                "SELECT ?, unnest(?::BIGINT[]), ['unreadable_row:'], unnest(?::VARCHAR[])",
                [key, list(rows.broken), [kept.get(number) for number in rows.broken]],
            )

    def _check_replacement(self, submission: Submission) -> None:
        """Of a row without a dossier's code nobody knows which dossier it leaves in the month. Raises ``InputError``."""
        nameless = "submission = ? AND (dossier_code IS NULL OR dossier_code = ?)"
        query = f"SELECT row_no FROM held WHERE {nameless} ORDER BY row_no LIMIT 1"
        found = self.con.execute(query, [submission.key, REMOVED]).fetchall()
        if found:
            raise InputError(
                f"Tệp {submission.file_name} có dòng không đọc được mã hồ sơ nên không thay cả tháng được: hồ sơ của dòng đó sẽ bị xóa. "
                "Sửa dòng này (dòng tổng, dòng ký thì bỏ) rồi gửi lại tệp; số liệu giữ nguyên.",
                f"{submission.file_name} has a row whose dossier code cannot be read and cannot replace the month: that row's dossier "
                "would be removed. Mend the row (drop it if it is a total or a signature) and send the file again; nothing was changed.",
                row=found[0][0],
            )

    def _count(self, key: str) -> None:
        con = self.con
        self.bad[key] = con.execute("SELECT count(*) FROM held WHERE submission = ?", [key]).fetchall()[0][0]
        rules = con.execute(
            """SELECT rtrim(reason, ':') AS told, count(*) AS rows FROM (SELECT unnest(errors) AS reason FROM held WHERE submission = ?)
            GROUP BY told ORDER BY rows DESC, told""",
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
        keys = [submission.key for submission in submissions]
        replaces, confirmed = submissions[0].replaces_month, submissions[0].confirmed_at is not None
        known = submissions[0].difference
        staged = merging.Staged(self.con, self.source_code, self.scratch, keys, replaces)
        self._checked(keys, now)
        if waiting := [str(path) for path in quarantine.waiting(self.source.id, keys)]:
            named = "SELECT DISTINCT dossier_code FROM read_parquet(?) WHERE dossier_code IS NOT NULL"
            self.con.execute(f"INSERT INTO waiting {named}", [waiting])
        with table.lock():
            keys = [submission.key for submission in progress.unfinished(keys) if not progress.finish_from_log(submission, now)]
            if set(keys) != set(staged.submissions):
                return  # another process was faster; what it left is taken up again
            for attempt in range(ATTEMPTS):
                base = table.snapshot()
                counts = merging.plan(table, base, staged)
                if replaces is not None:
                    found = asdict(merging.difference(staged, counts))
                    if not confirmed or found != known:
                        self._ask(keys[0], found, again=confirmed)
                        return
                self._tell(counts, progress.coverage(self.con, table, base, self.source_code, counts.values(), now))
                progress.note_version(keys, base.version)
                try:
                    left = merging.carry_out(table, base, staged, merging.metadata_of(counts))
                except lake.ConflictError:
                    if attempt == ATTEMPTS - 1:
                        raise
                    continue
                after = progress.coverage(self.con, table, left or base, self.source_code, counts.values(), now)
                progress.finish(counts, after)
                return

    def _checked(self, keys: Sequence[str], now: datetime) -> None:
        with writing() as session:
            for submission in session.scalars(select(Submission).where(Submission.key.in_(keys))):
                submission.state, submission.checked_at = "checked", submission.checked_at or utc_now()
                submission.rows_quarantined, submission.quarantined = self.bad[submission.key], self.quarantined[submission.key]
                submission.notes = self.notes[submission.key]
                submission.reason, submission.reason_en = "", ""

    def _ask(self, key: str, found: dict[str, int], again: bool) -> None:
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
            submission.rows_quarantined = 0  # until it is confirmed nothing has become of any row

    def _tell(self, counts: Mapping[str, merging.Counts], coverage: Mapping[str, float | None]) -> None:
        """Put beside the counts what else is told of each submission, so that the commit carries it."""
        for key, count in counts.items():
            count.warnings = self.warnings.get(key, {}) | ({"repeated_dossier": count.repeated} if count.repeated else {})
            count.before = {month: share for month, share in coverage.items() if month in count.months}


def _opened(submission: Submission) -> BinaryIO:
    if submission.way == "release":
        return quarantine.open_rows(submission)
    try:
        return spool.read(submission.key)
    except FileNotFoundError as error:
        raise InputError(
            f"Tệp {submission.file_name} không còn được giữ. Gửi lại tệp.", f"The file {submission.file_name} is no longer kept. Resend it."
        ) from error
