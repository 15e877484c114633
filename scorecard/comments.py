"""Free texts of the survey: held until a person of the office has read and released them, shown to a centre without whose they are.

Numbers are masked before a text is stored; names cannot be found surely, and so no text goes out that nobody has read. Nothing is
offered for release before the month is closed, so that no page changes when one person writes something; and only texts out of cells
that are shown themselves: ten answers or more, not all alike. They are offered all together, when nobody can change any of them any more:
after the last day for answering of the month's last invitation. Texts of the short form are never offered: the dossier may still be with
the people who would read it. The office sees neither unit nor time nor rating, and the order says nothing.
"""

import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import yaml
from flask import current_app
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import audit
from core.calendar import Month, local_date
from core.database import reading, writing
from core.errors import InputError
from core.keys import keyed_hash
from procedures.queries import units as all_units
from scorecard import queries
from scorecard.answers_models import CommentDecision
from scorecard.figures import COUNTRY, RAW, UNIT, VALUE
from scorecard.models import Edition
from surveys import privacy
from surveys.models import TEST, Answer, Invitation
from surveys.queries import SATISFIED

FILE = Path(__file__).with_name("answer_tags.yaml")
LEAST = 10  # answers of a cell; methodology §11.6
LONGEST = 600  # letters, as in the form
MOST_TAGS = 3
KEPT_FOR = timedelta(days=365)  # released texts, after the month they belong to
HEADLINE = "link"


@dataclass(frozen=True)
class Waiting:
    """A text to be decided on. ``name`` tells it from others and says nothing about it."""

    name: str
    text: str


@dataclass(frozen=True)
class Released:
    """A text as it may be read, with its tags' codes."""

    unit_code: str
    text: str
    tags: tuple[str, ...]


@lru_cache(maxsize=1)
def tags() -> dict[str, dict[str, str]]:
    """Code → name by language."""
    found: dict[str, dict[str, str]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def waiting(session: Session, edition: Edition, today: date, most: int) -> tuple[list[Waiting], int]:
    """Up to ``most`` texts of a closed month that nobody has decided on, in an order of chance, and how many there are."""
    chosen = sorted((_name(number), number) for number in _undecided(session, edition, today))
    shown = [number for _, number in chosen[:most]]
    texts = {row[0]: row[1] for row in session.execute(select(Answer.id, Answer.comment).where(Answer.id.in_(shown)))}
    return [Waiting(name, texts[number]) for name, number in chosen[:most] if number in texts], len(chosen)


def decide(edition: Edition, name: str, text: str | None, chosen: Sequence[str], login: str, now: datetime) -> None:
    """Release a text as the person leaves it, with tags; ``text`` None: hold it back for good.

    Raises ``InputError`` where the text is gone or decided, empty or too long, or the tags are not one to three that there are.
    """
    session = reading()
    number = next((number for number in _undecided(session, edition, local_date(now)) if hmac.compare_digest(_name(number), name)), None)
    if number is None:
        raise InputError("Ý kiến này đã có người xử lý hoặc đã bị xóa.", "This comment has been decided on or deleted.", field="name")
    if text is not None:
        text = privacy.mask(text.replace("\r\n", "\n"))
        if not 0 < len(text) <= LONGEST:
            raise InputError(f"Nội dung cần có từ 1 đến {LONGEST} ký tự.", f"The text needs 1 to {LONGEST} letters.", field="text")
        if not 0 < len(chosen) <= MOST_TAGS or not set(chosen) <= set(tags()):
            raise InputError(f"Chọn từ 1 đến {MOST_TAGS} nhãn.", f"Choose one to {MOST_TAGS} tags.", field="tags")
    unit = session.scalar(select(Answer.unit_code).where(Answer.id == number))
    try:
        with writing() as session:
            session.add(
                CommentDecision(
                    answer_id=number,
                    month=edition.month,
                    unit_code=unit,
                    decision="held" if text is None else "released",
                    text=text or "",
                    tags=[] if text is None else list(chosen),
                    decided_by=login,
                    decided_on=local_date(now),
                )
            )
            audit.record(session, "comment.hold" if text is None else "comment.release", edition.month)
    except IntegrityError as error:  # somebody else was quicker, or the answer was deleted meanwhile
        raise InputError("Ý kiến này đã có người xử lý hoặc đã bị xóa.", "This comment has been decided on or deleted.") from error


def released(session: Session, edition: Edition, inside: Collection[str]) -> list[Released]:
    """The released texts of some units, of cells that this edition shows; in the order of their letters."""
    rows = session.execute(
        select(CommentDecision.unit_code, CommentDecision.text, CommentDecision.tags)
        .where(CommentDecision.month == edition.month, CommentDecision.decision == "released")
        .order_by(CommentDecision.text)
    )
    shown = shown_units(session, edition)
    return [Released(unit, text, tuple(codes)) for unit, text, codes in rows if unit in inside and unit in shown]


def shown_units(session: Session, edition: Edition) -> set[str]:
    """Units whose own answers make a cell that is shown: enough of them, not all alike, and no figure above them hidden for it.

    Counted as the edition froze them: an answer that is deleted afterwards changes no page of a closed month but its own text's.
    """
    units = all_units(session, Month.parse(edition.month).last_day)
    figures = queries.figures(session, edition, UNIT, None, ["satisfaction"])
    status = {figure.subject_code: figure.status for figure in figures if figure.variant == RAW}
    found = set()
    for code, answers, satisfied in _frozen(edition):
        near: str | None = code
        while near is not None and near != COUNTRY and near not in status:
            near = units[near].parent_code if near in units else None
        if answers >= LEAST and 0 < satisfied < answers and near is not None and status.get(near) == VALUE:
            found.add(code)
    return found


def _frozen(edition: Edition) -> list[tuple[str, int, int]]:
    """Unit, answers that the month's rate rests on, and the satisfied ones among them; empty where the edition has no answers."""
    import pandas as pd

    path = current_app.extensions["settings"].data_dir / "editions" / edition.folder / "answers.parquet"
    if not path.is_file():
        return []
    answers = pd.read_parquet(path, columns=["unit_code", "mode", "end_point", "is_test", "rating"])
    mine = (answers["mode"] == HEADLINE) & (answers["end_point"] != "supplement") & ~answers["is_test"] & answers["rating"].notna()
    answers = answers[mine.astype(bool)]
    groups = (answers["rating"] >= SATISFIED).groupby(answers["unit_code"]).agg(["size", "sum"])
    return [(str(code), int(size), int(good)) for code, size, good in groups.itertuples(name=None)]


def forget(now: datetime) -> dict[str, int]:
    """Cut decisions from answers whose link is cut, and delete those of months that ended a year ago."""
    day = local_date(now)
    with writing() as session:
        cut = select(Answer.id).where(Answer.invitation_id.is_(None))
        session.execute(update(CommentDecision).where(CommentDecision.answer_id.in_(cut)).values(answer_id=None))
        old = [month for month in session.scalars(select(CommentDecision.month).distinct()) if Month.parse(month).last_day + KEPT_FOR < day]
        gone = session.execute(delete(CommentDecision).where(CommentDecision.month.in_(old))).rowcount  # type: ignore[attr-defined]
    return {"comments": gone} if gone else {}


def _counted(session: Session, edition: Edition) -> tuple[ColumnElement[bool], ...]:
    """Which answers: those that the month's rate rests on, which its first version counted."""
    first = session.scalar(select(func.min(Edition.cutoff_at)).where(Edition.month == edition.month, Edition.version > 0))
    return (
        Answer.month == edition.month,
        Answer.mode == HEADLINE,
        Answer.end_point != "supplement",
        Answer.is_test.is_(False),
        Answer.first_answered_at < (first or edition.cutoff_at),
    )


def _undecided(session: Session, edition: Edition, today: date) -> list[int]:
    last = session.scalar(select(func.max(Invitation.expires_on)).where(Invitation.month == edition.month, Invitation.stratum != TEST))
    if last is None or last >= today:
        return []
    decided = select(CommentDecision.answer_id).where(CommentDecision.answer_id == Answer.id).exists()
    rows = session.execute(select(Answer.id, Answer.unit_code).where(*_counted(session, edition), Answer.comment != "", ~decided))
    shown = shown_units(session, edition)
    return [number for number, unit in rows if unit in shown]


def _name(number: int) -> str:
    secret = current_app.extensions["settings"].secret_key.get_secret_value()
    return keyed_hash(secret, f"comment\x1f{number}")[:20]
