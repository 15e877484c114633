"""What the pages of verification show: questions in words, without small counts; what cleaning moved; what observers said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select

from core.web import pick
from scorecard import queries
from scorecard.integrity import DECIDED, WORDS
from scorecard.integrity_models import EditionRemark, IntegrityOverride, IntegrityQuestion
from scorecard.pages import places
from scorecard.pages.text import _

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.orm import Session

    from procedures.queries import UnitView
    from scorecard.models import Edition

FIVE = 5  # points: a difference is told in steps of five, so that no small count can be read from it
WAITING = ("open", "explained", "referred")


@dataclass(frozen=True)
class Asked:
    """One question as people read it. ``above``: points above what it is compared with, in steps of five."""

    id: int
    month: str
    code: str
    name: str
    pattern: str
    above: int
    state: str
    state_words: str
    due_on: date
    explanation: str
    explained: bool
    late: bool
    still_found: bool
    fixed_before: bool
    first_by: str
    first_reason: str
    second_by: str
    second_reason: str


def questions(
    session: Session, units: Mapping[str, UnitView], today: date, codes: Collection[str] | None = None, month: str | None = None
) -> list[Asked]:
    """Questions to these units (None: to everybody), newest month first, undecided ones before decided ones."""
    wanted = select(IntegrityQuestion).order_by(IntegrityQuestion.month.desc(), IntegrityQuestion.subject_code, IntegrityQuestion.detector)
    if month is not None:
        wanted = wanted.where(IntegrityQuestion.month == month)
    if codes is not None:
        wanted = wanted.where(IntegrityQuestion.subject_kind == "unit", IntegrityQuestion.subject_code.in_(sorted(codes)))
    found = [_asked(row, units, today) for row in session.scalars(wanted)]
    return sorted(found, key=lambda row: (row.state not in WAITING,))


def _asked(row: IntegrityQuestion, units: Mapping[str, UnitView], today: date) -> Asked:
    from scorecard.integrity_patterns import BY_NAME

    view = units.get(row.subject_code) if row.subject_kind == "unit" else None
    detector = BY_NAME.get(row.detector)
    return Asked(
        id=row.id,
        month=row.month,
        code=row.subject_code,
        name=places.name(view) if view is not None else row.subject_code,
        pattern=pick(detector.vi, detector.en) if detector else row.detector,
        above=max(FIVE, round((row.share - row.peers) * 100 / FIVE) * FIVE),
        state=row.state,
        state_words=state_words(row.state),
        due_on=row.due_on,
        explanation=row.explanation,
        explained=row.explained_at is not None,
        late=row.state == "open" and today > row.due_on,
        still_found=row.still_found,
        fixed_before=row.fixed_before,
        first_by=row.first_by or "",
        first_reason=row.first_reason,
        second_by=row.second_by or "",
        second_reason=row.second_reason,
    )


def under_verification(edition: Edition) -> tuple[int, int] | None:
    """How many units and providers the edition's detectors ask about, of how many that could be compared: all that the public edition
    says of them. None: nobody was compared."""
    found = queries.edition_table(edition, "integrity_counts")
    whole = found.loc[found["detector"] == "all", ["asked", "tested"]]
    return (int(whole["asked"].iloc[0]), int(whole["tested"].iloc[0])) if len(whole) and whole["tested"].iloc[0] else None


def state_words(state: str) -> str:
    """Where a question stands."""
    return {
        "open": _("chờ đơn vị giải trình"),
        "explained": _("đã giải trình, chờ soát"),
        "referred": _("chờ người soát thứ hai"),
        "named": _("đã kết luận, nêu tên trong bản nội bộ"),
        "closed": _("đã khép"),
    }[state]


@dataclass(frozen=True)
class Moved:
    """One detector or human override and what it moved."""

    by: str
    name: str
    action: str
    answers: int | None
    points: float | None


def moved(frame: object) -> list[Moved]:
    """Rows of the edition's table ``integrity_moves``."""
    import pandas as pd

    rows = []
    for record in frame.to_dict("records") if isinstance(frame, pd.DataFrame) else ():
        answers, points = record["answers"], record["moved"]
        by = _("hai người quyết định") if record["by"] == "override" else _("phép lọc tự động")
        action = _("giữ lại") if record["action"] == "keep" else _("loại khỏi số liệu đã làm sạch")
        name = pick(str(record["name_vi"]), str(record["name_en"]))
        rows.append(Moved(by, name, action, None if pd.isna(answers) else int(answers), None if pd.isna(points) else float(points)))
    return rows


@dataclass(frozen=True)
class Changed:
    """Answers that were changed afterwards in one direction. None: fewer than ten."""

    way: str
    answers: int | None
    share: float | None


def changed(frame: object) -> list[Changed]:
    """Rows of the edition's table ``integrity_changes``."""
    import pandas as pd

    return [
        Changed(
            pick(str(record["name_vi"]), str(record["name_en"])),
            None if pd.isna(record["answers"]) else int(record["answers"]),
            None if pd.isna(record["share"]) else float(record["share"]),
        )
        for record in (frame.to_dict("records") if isinstance(frame, pd.DataFrame) else ())
    ]


@dataclass(frozen=True)
class Proposal:
    """A human override. ``own``: the reader proposed it and cannot decide it."""

    id: int
    unit: str
    mark: str
    action: str
    reason: str
    state: str
    state_words: str
    proposed_by: str
    decided_by: str
    own: bool


def proposals(session: Session, units: Mapping[str, UnitView], month: str, login: str) -> list[Proposal]:
    """The month's overrides, waiting ones first."""
    rows = session.scalars(select(IntegrityOverride).where(IntegrityOverride.month == month).order_by(IntegrityOverride.id))
    words = {"proposed": _("chờ người thứ hai"), "accepted": _("đã chấp nhận"), "refused": _("không chấp nhận")}
    found = [
        Proposal(
            row.id,
            places.name(units[row.unit_code]) if row.unit_code in units else row.unit_code,
            pick(*WORDS[row.mark]),
            _("giữ lại") if row.action == "keep" else _("loại khỏi số liệu đã làm sạch"),
            row.reason,
            row.state,
            words[row.state],
            row.proposed_by,
            row.decided_by or "",
            row.proposed_by == login,
        )
        for row in rows
    ]
    return sorted(found, key=lambda row: row.state != "proposed")


def marks() -> list[tuple[str, str]]:
    """Marks that persons may decide about: code and words."""
    return [(mark, pick(*WORDS[mark])) for mark in DECIDED]


def remarks(session: Session, month: str) -> list[EditionRemark]:
    """What observers said about a month, in the order in which they wrote."""
    return list(session.scalars(select(EditionRemark).where(EditionRemark.month == month).order_by(EditionRemark.written_at)))
