"""Closing a month, the running view, review and publication, replay.

One process at a time closes or refreshes (lease ``close``). A folder is built under a name that begins with a point and is
renamed when whole; rows are written under the state ``computing``, which no reader sees, and one short transaction makes them
visible. What a crash leaves behind is swept by the next run.
"""

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

from flask import current_app
from sqlalchemy import delete, func, insert, select, update

from core import audit, lease
from core.calendar import Month, local_date
from core.database import reading, writing
from core.errors import InputError
from scorecard import rulesets, workflow
from scorecard.models import Edition, Measurement
from scorecard.release import UNSIGNED, Release, release_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from core.lake import LakeTable
    from scorecard.computing import Computed

LEASE = "close"
CHUNK = 1_000  # rows a transaction, so that a citizen's answer never waits long for the writer's lock
COMPUTING, RUNNING, CLOSED, PUBLISHED, SUPERSEDED = "computing", "running", "closed", "published", "superseded"
FINAL = (CLOSED, PUBLISHED)
CORRECTION = workflow.Obstacle(
    "correction",
    "bản này đính chính một bản đã công bố, cần nêu lý do đính chính",
    "this corrects a published version, which needs the reason for the correction",
)
DECIDED_MEANWHILE = (
    "Trong lúc tính lại, bản đang có của tháng này đã được soát xét, lấy số, ký hoặc công bố. Quyết định đó được giữ, bản vừa tính bị bỏ. "
    "Nếu vẫn cần tính lại, hãy yêu cầu lần nữa.",
    "While the month was computed again, its present version was reviewed, numbered, signed or published. That decision stands and what "
    "was computed is dropped. If it must be computed again, ask once more.",
)


@dataclass(frozen=True)
class ReplayResult:
    """What came out of computing an edition again from its own inputs. ``differences``: sentences, empty if identical."""

    month: str
    version: int
    identical: bool
    differences: list[str]


def close(month: Month, now: datetime, actor: str, reason: str = "") -> Edition:
    """Freeze a month that is over, as a new closed edition with its inputs. ``reason``: of a correction, what it corrects.

    Where the newest closed or published edition already rests on the same inputs, it is returned unchanged. Otherwise the
    next version supersedes an unpublished one; a published one stays until the new version is published itself. Raises
    ``InputError`` for a month that is not over or that no rules cover, and where the version before was reviewed, numbered, signed or
    published while this one was computed.
    """
    if now < month.end:
        raise InputError(
            f"Tháng {month} chưa kết thúc, chưa thể chốt. Hãy chốt từ ngày {month.plus(1).first_day:%d/%m/%Y}.",
            f"{month} is not over and cannot be closed yet. Close it from {month.plus(1).first_day:%d/%m/%Y} on.",
        )
    from scorecard.inputs import fingerprint

    rules, _ = rulesets.for_month(month)
    with lease.held(LEASE):
        _sweep()
        decided = _decided(month)
        computed, building = _build(month, now, provisional=False)
        try:
            mark = fingerprint(building)
            before = _newest_final(month)
            if before is not None and mark == before.facts.get("fingerprint"):
                return _examined(before, now)
            top = reading().scalar(select(func.max(Edition.version)).where(Edition.month == str(month), Edition.version > 0))
            version = (top or 0) + 1
            until = before.facts.get("answers_until") if before is not None else _answers_until(month, now)
            facts = computed.facts | {"fingerprint": mark, "answers_until": until} | _quality(month, now)
            folder = _editions_dir() / f"{month}-v{version}"
            building.rename(folder)
        finally:
            shutil.rmtree(building, ignore_errors=True)
        edition_id = _insert(month, version, now, rules.id, computed, folder.name, facts)
        with writing() as session:
            if _decided(month, session) != decided:  # what a person decided meanwhile stands; the next run sweeps away what was computed
                raise InputError(*DECIDED_MEANWHILE)
            closed = select(Edition).where(Edition.month == str(month), Edition.state == CLOSED, Edition.id != edition_id)
            earlier = session.scalar(closed)
            workflow.follow(session, session.get_one(Edition, edition_id), earlier, now, actor, reason.strip())
            if earlier is not None:
                earlier.state = SUPERSEDED
                workflow.supersede(session, earlier, now, actor)
            session.execute(
                update(Edition).where(Edition.month == str(month), Edition.state == RUNNING).values(state=COMPUTING, version=-1)
            )
            session.execute(update(Edition).where(Edition.id == edition_id).values(state=CLOSED, computed_at=now))
            audit.record(session, "edition.close", f"{month} v{version}", actor=actor, checksum=computed.checksum)
    return _edition(edition_id)


def refresh_running(now: datetime) -> dict[str, Any]:
    """Bring the running view up to date, if anything arrived since: of the current month, and of the last one while it is open.

    Returns how many measurements were written, by month; empty if nothing changed.
    """
    from scorecard.inputs import seen

    written: dict[str, Any] = {}
    current = Month.of(now)
    for month in (current.plus(-1), current):
        with lease.held(LEASE):
            session = reading()
            session.rollback()
            before = session.scalar(select(Edition).where(Edition.month == str(month), Edition.state == RUNNING))
            final = _newest_final(month)
            if final is not None or (before is None and month != current):
                continue
            arrived = seen(session, month)
            if before is not None and before.facts.get("seen") == arrived:
                continue
            session.rollback()
            written[str(month)] = _refresh(month, now, arrived)
    return written


def review(edition_id: int, user_login: str, now: datetime, reason: str = "") -> Edition:
    """The first of two persons has looked at a closed edition.

    Raises ``InputError`` for a wrong person or state, and without a ``reason`` where comments were not taken, answered or counted.
    """
    with writing() as session:
        edition = _known(session.get(Edition, edition_id))
        workflow.may_decide(session, user_login)
        if edition.state != CLOSED:
            raise InputError("Chỉ soát xét được kỳ đã chốt và chưa công bố.", "Only a closed, unpublished edition can be reviewed.")
        said = workflow.reason_for(workflow.obstacles(session, edition, now), reason)
        workflow.record(session, edition, workflow.REVIEWED, now, user_login.lower(), said)
        edition.reviewed_by, edition.reviewed_at = user_login.lower(), now
        audit.record(session, "edition.review", f"{edition.month} v{edition.version}", actor=user_login.lower(), reason=said)
    return _edition(edition_id)


def publish(edition_id: int, user_login: str, now: datetime, reason: str = "", unsigned: str = "") -> Edition:
    """The second person publishes a reviewed edition; an older published version of the month is superseded.

    Raises ``InputError`` for an edition that is not closed and reviewed, for the person who reviewed it, where the report has no number
    or is not built, without a signature or the reason why it goes out ``unsigned``, and for a correction without a ``reason``, which
    its errata list prints.
    """
    with writing() as session:
        edition = _known(session.get(Edition, edition_id))
        workflow.may_decide(session, user_login)
        if edition.state != CLOSED or edition.reviewed_by is None:
            raise InputError("Kỳ phải được chốt và soát xét trước khi công bố.", "Close and review an edition before publishing it.")
        if edition.reviewed_by == user_login.lower():
            raise InputError("Người công bố phải khác người soát xét.", "Whoever publishes must be another person than the reviewer.")
        why_unsigned = _ready(release_of(session, edition), unsigned)
        before = session.scalar(select(Edition).where(Edition.month == edition.month, Edition.state == PUBLISHED))
        cut_off = workflow.steps(session, edition.id).get(workflow.CUT_OFF)
        unsaid = before is not None and not (cut_off is not None and cut_off.reason)
        said = workflow.reason_for([CORRECTION] if unsaid else [], reason)
        if unsaid and cut_off is not None:
            cut_off.reason = said  # where the reason of a correction stands, stated at the latest now
        if before is not None:
            before.state = SUPERSEDED
            workflow.supersede(session, before, now, user_login.lower())
        workflow.record(session, edition, workflow.PUBLISHED, now, user_login.lower(), "\n".join(filter(None, (said, why_unsigned))))
        edition.state, edition.published_by, edition.published_at = PUBLISHED, user_login.lower(), now
        subject, who = f"{edition.month} v{edition.version}", user_login.lower()
        audit.record(session, "edition.publish", subject, actor=who, checksum=edition.checksum, reason=said, unsigned=why_unsigned)
    return _edition(edition_id)


def _ready(release: Release, unsigned: str) -> str:
    """Why a report goes out without its signature; empty where it has one, or needs none. Raises ``InputError``."""
    if release.lacking:
        vi, en = ("; ".join(getattr(each, language) for each in release.lacking) for language in ("vi", "en"))
        raise InputError(f"Chưa công bố được: {vi}.", f"It can not be published yet: {en}.")
    return workflow.reason_for([UNSIGNED] if release.unsigned else [], unsigned)


def replay(month: Month, version: int | None = None) -> ReplayResult:
    """Compute a closed edition again from its own folder and the lake's files that it lists.

    Identical means: all inputs are as they were, and the canonical JSON computed now, the one stored and the one made from
    the database's rows are the same bytes. Raises ``InputError`` where the month has no such edition.
    """
    from scorecard import computing, edition_tables, inputs

    session = reading()
    wanted = select(Edition).where(Edition.month == str(month), Edition.state.in_((*FINAL, SUPERSEDED)))
    wanted = wanted.where(Edition.version == version) if version is not None else wanted.where(Edition.state != SUPERSEDED)
    edition = session.scalar(wanted.order_by(Edition.version.desc()))
    if edition is None:
        raise InputError(f"Tháng {month} chưa có kỳ nào được chốt.", f"No edition of {month} has been closed.")
    folder = _editions_dir() / edition.folder
    missing = [name for name in (inputs.MANIFEST, computing.MEASUREMENTS) if not (folder / name).is_file()]
    if missing:
        return ReplayResult(edition.month, edition.version, False, [f"missing in the edition's folder: {name}" for name in missing])
    differences = [f"input changed: {name}" for name in inputs.changed_inputs(folder)]
    if not differences:
        differences += [f"lake file changed: {path}" for path in inputs.changed_lake_files(inputs.load(folder), _lake().root)]
    if differences:
        return ReplayResult(edition.month, edition.version, False, differences)
    computed = computing.compute(folder, _lake().root)
    stored = (folder / computing.MEASUREMENTS).read_bytes()
    if stored != computed.canonical:
        differences += ["stored measurements differ from the computed ones:", *computing.differing(stored, computed.canonical)]
    if edition.checksum != computed.checksum:
        differences.append("the checksum in the database differs from the computed one")
    kept = [tuple(row) for row in session.execute(_kept_rows(edition.id))]
    shown = computing.canonical(edition.month, edition.rule_version, False, kept, edition_tables.read_all(folder))
    if shown != computed.canonical:
        differences += ["the database's rows differ from the computed ones:", *computing.differing(shown, computed.canonical)]
    return ReplayResult(edition.month, edition.version, not differences, differences)


def _answers_until(month: Month, now: datetime) -> str:
    """Last day whose answers are counted. A later version counts the very same answers (``inputs.freeze``)."""
    return local_date(min(now, workflow.schedule().survey_end(month) - timedelta(seconds=1))).isoformat()


def _examined(edition: Edition, now: datetime) -> Edition:
    """Note on a draft that what had arrived by now changes nothing in it; a published edition is never touched."""
    edition_id = edition.id
    if edition.state == CLOSED:
        with writing() as session:
            stored = session.get_one(Edition, edition_id)
            stored.facts = stored.facts | {"examined_at": now.isoformat()}
    return _edition(edition_id)


def _refresh(month: Month, now: datetime, arrived: dict[str, Any]) -> int:
    """Compute the running view anew and put it in the old one's place; whoever is reading the old one may finish."""
    rules, _ = rulesets.for_month(month)
    begun = process_time()
    _sweep()
    computed, building = _build(month, now, provisional=True)
    folder = _editions_dir() / f"{month}-running-{lease.new_holder()}"
    building.rename(folder)
    facts = computed.facts | {"seen": arrived} | _quality(month, now)
    edition_id = _insert(month, -2, now, rules.id, computed, folder.name, facts)
    with writing() as session:
        session.execute(update(Edition).where(Edition.month == str(month), Edition.version == 0).values(state=COMPUTING, version=-1))
        cost = {"cost": round(process_time() - begun, 1)}  # seconds of the processor: the worker spaces its runs by it
        session.execute(
            update(Edition).where(Edition.id == edition_id).values(state=RUNNING, version=0, computed_at=now, facts=facts | cost)
        )
    return len(computed.rows)


def _build(month: Month, now: datetime, provisional: bool) -> tuple["Computed", Path]:
    """Freeze the inputs and compute, in a folder that nobody looks into yet."""
    from scorecard.computing import COUNTS, compute
    from scorecard.inputs import freeze
    from scorecard.scoring.library import OWN, keep_rules

    _, rules_file = rulesets.for_month(month)
    building = _editions_dir() / f".building-{lease.new_holder()}"
    building.mkdir(parents=True)
    try:
        keep_rules(building, month, current_app.extensions["settings"].data_dir / OWN)
        until = workflow.schedule().survey_end(month)
        freeze(building, reading(), _lake(), month, now, rules_file, provisional, _first_published(month), until)
        reading().rollback()  # nothing is held open while it is computed
        computed = compute(building, _lake().root, building / COUNTS, _editions_dir().parent / "counted")
        computed.write(building)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return computed, building


def _insert(month: Month, version: int, now: datetime, rules: str, computed: "Computed", folder: str, facts: dict[str, Any]) -> int:
    """Write an invisible edition with its measurements, in short transactions."""
    with writing() as session:
        edition = Edition(
            month=str(month),
            version=version,
            state=COMPUTING,
            simulated=any(source.simulated for source in computed.inputs.sources),
            rule_version=rules,
            cutoff_at=now,
            folder=folder,
            checksum=computed.checksum,
            facts=facts,
        )
        session.add(edition)
        session.flush()
        edition_id = edition.id
    shared = {"edition_id": edition_id, "rule_version": rules, "provisional": computed.inputs.provisional}
    rows = iter(computed.rows)
    while chunk := [vars(row) | shared for row in islice(rows, CHUNK)]:
        with writing() as session:
            session.connection().execute(insert(Measurement.__table__), chunk)  # type: ignore[arg-type]  # a mapped class's table
    return edition_id


def _sweep() -> None:
    """Remove editions that were never finished or have been replaced, and folders that no edition names. Only under the lease."""
    while True:
        with writing() as session:
            stale = select(Edition.id).where(Edition.state == COMPUTING)
            ids = list(session.scalars(select(Measurement.id).where(Measurement.edition_id.in_(stale)).limit(CHUNK)))
            if not ids:
                session.execute(delete(Edition).where(Edition.state == COMPUTING))
                known = set(session.scalars(select(Edition.folder)))
                break
            session.execute(delete(Measurement).where(Measurement.id.in_(ids)))
    folder = _editions_dir()
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_dir() and path.name not in known:
            shutil.rmtree(path, ignore_errors=True)


def _quality(month: Month, now: datetime) -> dict[str, Any]:
    """What is printed beside the figures about the data they rest on: coverage by province and ministry, rows set aside, communes without
    mobile signal (whole or in part)."""
    from procedures.models import NATIONAL, Source, Submission
    from procedures.queries import coverage
    from surveys.queries import without_signal

    session = reading()
    received = quarantined = 0
    columns = (Submission.months, Submission.received_at, Submission.rows_received, Submission.rows_quarantined)
    for months, arrived, rows, bad in session.execute(select(*columns).join(Source).where(Source.list_code == NATIONAL)):
        if str(month) in (months or [str(Month.of(arrived))]):  # where no row was good, the month in which it came
            received, quarantined = received + rows, quarantined + bad
    shares = coverage(session, month, now)
    silent = {code: row.whole for code, row in without_signal(session, month.last_day).items()}
    session.rollback()
    return {"coverage": shares, "rows_received": received, "rows_quarantined": quarantined, "without_signal": silent}


def _kept_rows(edition_id: int) -> Any:
    """The database's rows in the canonical form's columns."""
    from scorecard.computing import COLUMNS

    return select(*(getattr(Measurement, name) for name in COLUMNS)).where(Measurement.edition_id == edition_id)


def _first_published(month: Month) -> Path | None:
    """Folder of the month's first version that anybody saw, the office among them, also if it has been superseded since."""
    seen = select(Edition.folder).where(Edition.month == str(month), Edition.version > 0, Edition.state != COMPUTING)
    folder = reading().scalar(seen.order_by(Edition.version))
    return _editions_dir() / folder if folder is not None else None


def _decided(month: Month, session: "Session | None" = None) -> tuple[Any, ...]:
    """How far people have brought the month's newest version since it was computed (being asked for comments goes on with the next)."""
    edition = _newest_final(month, session)
    if edition is None:
        return ()
    release = release_of(session or reading(), edition)
    return edition.id, edition.state, edition.reviewed_by, release.numbered, release.signed


def _newest_final(month: Month, session: "Session | None" = None) -> Edition | None:
    if session is None:
        session = reading()
        session.rollback()
    return session.scalar(select(Edition).where(Edition.month == str(month), Edition.state.in_(FINAL)).order_by(Edition.version.desc()))


def _edition(edition_id: int) -> Edition:
    session = reading()
    session.rollback()
    return session.get_one(Edition, edition_id)


def _known(edition: Edition | None) -> Edition:
    if edition is None:
        raise InputError("Không có kỳ này.", "There is no such edition.")
    return edition


def _editions_dir() -> Path:
    folder: Path = current_app.extensions["settings"].data_dir / "editions"
    return folder


def _lake() -> "LakeTable":
    from procedures.dossiers import dossier_table

    return dossier_table(current_app.extensions["settings"].data_dir)
