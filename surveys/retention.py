"""What is forgotten of the survey, and when."""

import secrets
from datetime import date, datetime, timedelta

from sqlalchemy import Select, Update, bindparam, null, select, update
from sqlalchemy.orm import Session

from core.calendar import Month, local_date
from core.database import writing
from surveys.models import Answer, Invitation, PhoneCase, Slip
from surveys.operations import OPEN_FOR

RETENTION = timedelta(days=90)  # after the last day for answering; methodology §10
CHUNK = 2_000  # rows a transaction, so that a citizen's answer never waits long for the writer's lock
CUT = "cut "  # begins what stands in place of a hash after retention: no hash begins so


def forget(now: datetime) -> dict[str, int]:
    """Retention: 90 days after the last day for answering, cut answer from invitation or entry and drop the free text.

    What could join the two again goes too: the invitation's hash, by which whoever holds the keys finds its dossier, and what a slip that
    nobody entered a second time said. A month so old is not invited for again (``is_cut``), and its links are answered like those that
    never were (``templates/survey/error.html`` says both): nothing is kept by which they could be told apart.
    """
    until = local_date(now) - RETENTION
    ended = select(Invitation.id).where(Invitation.expires_on < until)
    old = select(Answer.id).where(
        Answer.invitation_id.in_(ended) | (Answer.entry_hash.is_not(None) & (Answer.answered_on < until - OPEN_FOR))
    )
    cut = update(Answer).values(invitation_id=None, entry_hash=None, comment="")
    forgotten = _in_chunks(Answer, old, cut)
    _in_chunks(PhoneCase, select(PhoneCase.id).where(PhoneCase.invitation_id.in_(ended)), update(PhoneCase).values(invitation_id=None))
    _cut_invitations(until)
    answered = select(Answer.id).where(Answer.entry_hash == Slip.code_hash)
    _in_chunks(Slip, select(Slip.id).where(Slip.first.is_not(None), ~answered.exists()), update(Slip).values(first=null()))
    return {"forgotten": forgotten} if forgotten else {}


def is_cut(session: Session, month: Month) -> bool:
    """Whether retention has reached invitations of a month: who was invited for it is then not known any more."""
    cut = select(Invitation.id).where(Invitation.month == str(month), Invitation.token_hash.like(f"{CUT}%"))
    return session.scalar(cut.limit(1)) is not None


def _cut_invitations(until: date) -> None:
    """Put something random, marked as such, in place of the hashes of invitations that ended before a day."""
    after, kept = 0, Invitation.token_hash.not_like(f"{CUT}%")
    renamed = update(Invitation).where(Invitation.id == bindparam("number")).values(token_hash=bindparam("cut"), withdrawn=0)
    while True:
        with writing() as session:
            wanted = select(Invitation.id).where(Invitation.id > after, Invitation.expires_on < until, kept)
            ids = list(session.scalars(wanted.order_by(Invitation.id).limit(CHUNK)))
            if ids:
                rows = [{"number": number, "cut": CUT + secrets.token_hex(30)} for number in ids]
                session.connection().execute(renamed, rows)
        if len(ids) < CHUNK:
            return
        after = ids[-1]


def _in_chunks(model: type[Answer] | type[PhoneCase] | type[Slip], wanted: Select[int], change: Update) -> int:
    """Change the rows wanted, which are then no longer wanted, in short transactions. Returns how many they were."""
    changed = 0
    while True:
        with writing() as session:
            ids = list(session.scalars(wanted.limit(CHUNK)))
            if ids:
                session.execute(change.where(model.id.in_(ids)))
        changed += len(ids)
        if len(ids) < CHUNK:
            return changed
