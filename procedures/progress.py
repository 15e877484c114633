"""Where a submission stands: the writes that bring its row from one state to the next, each in one short transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.calendar import utc_now
from core.database import reading, writing
from core.errors import InputError
from procedures import merging, quarantine, spool
from procedures.dossier_queries import data_dir
from procedures.dossiers import dossier_table
from procedures.models import Submission

FINISHED = ("accepted", "partly_accepted", "rejected")


def unfinished(keys: Sequence[str]) -> list[Submission]:
    """Those of the submissions that are not finished, in the order in which they came."""
    reading().expire_all()
    wanted = select(Submission).where(Submission.key.in_(keys), Submission.state.not_in(FINISHED)).order_by(Submission.id)
    found = list(reading().scalars(wanted))
    for submission in found:
        _ = submission.source.code, submission.source.simulated  # read before a later transaction makes them stale
    return found


def close(session: Session, submission: Submission, count: merging.Counts) -> None:
    """Write a submission's counts and final state; ``rows_quarantined`` stands already. What is finished stays as it is."""
    if submission.state in FINISHED:
        return
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


def note_version(keys: Sequence[str], version: int) -> None:
    """Note the lake's version before an attempt: the log since then tells whether the attempt went through."""
    with writing() as session:
        for submission in session.scalars(select(Submission).where(Submission.key.in_(keys))):
            submission.lake_version = version


def finish_from_log(submission: Submission, now: datetime) -> bool:
    """Finish a submission whose commit went through before its process ended. True if there was such a commit."""
    if submission.lake_version is None:
        return False
    count = merging.find_commit(dossier_table(data_dir()), submission.lake_version, submission.key)
    if count is None:
        return False
    with writing() as session:
        close(session, session.query(Submission).filter_by(key=submission.key).one(), count)
    destroy_spooled(submission.key)
    return True


def destroy_spooled(key: str) -> None:
    """Destroy what was received: the submission is finished."""
    quarantine.close_rows(key)
    if spool.destroy(key, "submission finished"):
        with writing() as session:
            session.query(Submission).filter_by(key=key).one().spool_destroyed_at = utc_now()


def reject(key: str, error: InputError) -> None:
    """Finish a submission of which nothing could be used. Rows that were to be released wait on."""
    waiting = reading().scalars(select(Submission).where(Submission.key == key)).one()
    if waiting.way == "release":
        quarantine.give_back(waiting)
    with writing() as session:
        submission = session.query(Submission).filter_by(key=key).one()
        submission.state, submission.finished_at = "rejected", utc_now()
        submission.reason, submission.reason_en = error.text("vi"), error.text("en")
    destroy_spooled(key)
