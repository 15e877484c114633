"""A unit's page of its own draft, and the office's page of what units said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from core import notices, numbers
from core.calendar import Month, local_date, working_days_left
from core.models import User
from core.web import language, pick
from procedures.models import Source
from procedures.once_only import CLASSES
from procedures.queries import procedures_map
from scorecard import draft_comments, late_rows, workflow
from scorecard.figures import COUNTRY
from scorecard.indicators import INDICATORS
from scorecard.models import Edition
from scorecard.notices import asked_units, headline
from scorecard.pages import cards, declare_once, places, unit_page, words
from scorecard.pages import centre as centre_page
from scorecard.pages.text import _

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from procedures.queries import UnitView
    from scorecard.workflow_models import DraftComment, EditionStep, FlashSheet


@dataclass(frozen=True)
class Line:
    """One comment as it is shown. ``verdict`` and ``answer`` are empty while the office has not answered."""

    id: int
    unit: str
    kind: str
    about: str
    text: str
    written: str
    verdict: str
    answer: str
    answered: str
    accepted: bool = False


@dataclass(frozen=True)
class DraftPage:
    """A unit's own draft."""

    edition: Edition
    unit: UnitView
    name: str
    cards: tuple[cards.Card, ...]
    asked: bool
    is_open: bool
    until: date | None
    days: int
    explanation: Line | None
    objections: tuple[Line, ...]
    subjects: tuple[tuple[str, str], ...]
    late: tuple[tuple[str, str], ...]
    notices: tuple[tuple[datetime, str], ...]


@dataclass(frozen=True)
class Received:
    """What units said about a month's draft."""

    edition: Edition
    until: date | None
    is_open: bool
    is_final: bool
    waiting: tuple[Line, ...]
    answered: tuple[Line, ...]
    silent: tuple[str, ...]
    said: int


def newest(session: Session, found: Sequence[Edition]) -> str | None:
    """Of these editions the month of the draft that is out for comment, else the newest."""
    for edition in found:
        if edition.state == "closed" and workflow.IN_COMMENT in workflow.steps(session, edition.id):
            return edition.month
    return found[0].month if found else None


def build(session: Session, edition: Edition, code: str, views: Mapping[str, UnitView], now: datetime) -> DraftPage:
    """The page of one unit."""
    page = unit_page.build(session, edition, code, dict(views), include_unpublished=True)
    step = workflow.steps(session, edition.id).get(workflow.IN_COMMENT)
    until = step.due_on if step is not None else None
    lines = [_line(session, comment, views) for comment in draft_comments.of_month(session, edition.month, [code])]
    explanations = [line for line in lines if line.kind == draft_comments.EXPLANATION]
    owner = views[code].province_code or code
    return DraftPage(
        edition=edition,
        unit=views[code],
        name=places.name(views[code]),
        cards=centre_page.three_cards(page),
        asked=step is not None,
        is_open=_is_open(session, edition, step, now),
        until=until,
        days=working_days_left(local_date(now), until) if until is not None else 0,
        explanation=explanations[-1] if explanations else None,
        objections=tuple(line for line in lines if line.kind == draft_comments.OBJECTION),
        subjects=tuple(subjects().items()),
        late=tuple(_late(session, edition, until, owner)),
        notices=tuple((notice.created_at, headline(notice)) for notice in notices.newest(session, [code], 5)),
    )


def received(session: Session, edition: Edition, now: datetime) -> Received:
    """The office's page of one month."""
    from procedures.queries import units

    views = units(session, Month.parse(edition.month).last_day)
    step = workflow.steps(session, edition.id).get(workflow.IN_COMMENT)
    lines = [_line(session, comment, views) for comment in draft_comments.of_month(session, edition.month)]
    spoken = {comment.unit_code for comment in draft_comments.of_month(session, edition.month)}
    asked = asked_units(session, edition) if step is not None else {}
    return Received(
        edition=edition,
        until=step.due_on if step is not None else None,
        is_open=_is_open(session, edition, step, now),
        is_final=edition.state != "closed",
        waiting=tuple(line for line in lines if not line.answered),
        answered=tuple(line for line in lines if line.answered),
        silent=tuple(sorted((places.name(view) for code, view in asked.items() if code not in spoken), key=places.plain)),
        said=len(spoken),
    )


def about(session: Session, comment: DraftComment) -> str:
    """What an objection speaks of: the class or indicator, and the procedure if it names one."""
    said = subjects().get(comment.subject, comment.subject)
    if not comment.procedure_code:
        return said
    named = procedures_map(session, Month.parse(comment.month).last_day).get(comment.procedure_code)
    return f"{said} — {named.name if named is not None else comment.procedure_code}"


def subjects() -> dict[str, str]:
    """What may be objected to: classes of papers asked for, and indicators, in the reader's words."""
    short = {code: code.replace("F12", "F1/F2").replace("F23", "F2/F3") for code in CLASSES}
    found = {code: f"{short[code]}: {meaning}" for code, (meaning, _who) in declare_once.meanings().items() if code in short}
    return found | {code: pick(indicator.name_vi, indicator.name_en) for code, indicator in INDICATORS.items()}


def flash_table(sheet: FlashSheet, views: Mapping[str, UnitView]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Each place with its share and counts by indicator, the nation first."""
    by_unit: dict[str, dict[str, dict[str, Any]]] = {}
    for line in sheet.lines:
        by_unit.setdefault(line["unit"], {})[line["indicator"]] = line
    order = sorted(by_unit, key=lambda code: (code != COUNTRY, places.plain(places.name(views[code])) if code in views else code))
    names = {code: places.name(views[code]) if code in views else code for code in order}
    return [(names[code], [_flash_cell(by_unit[code].get(name)) for name in _FLASH]) for code in order]


_FLASH = ("online_filing", "on_time", "supplement", "repeat_supplement")


def _flash_cell(line: dict[str, Any] | None) -> tuple[str, str]:
    if line is None or line["status"] != "value" or not line["denominator"]:
        return (_("chưa có số liệu"), "")
    return words.share(line["numerator"] / line["denominator"]), f"{words.count(line['numerator'])}/{words.count(line['denominator'])}"


def _is_open(session: Session, edition: Edition, step: EditionStep | None, now: datetime) -> bool:
    if step is None or edition.state != "closed" or workflow.in_comment(session, edition.month) is None:
        return False
    return step.due_on is None or local_date(now) <= step.due_on


def _line(session: Session, comment: DraftComment, views: Mapping[str, UnitView]) -> Line:
    answered = ""
    if comment.answered_by and comment.answered_at:
        answered = f"{_name(session, comment.answered_by)}, {numbers.day(comment.answered_at, language())}"
    return Line(
        id=comment.id,
        unit=places.name(views[comment.unit_code]) if comment.unit_code in views else comment.unit_code,
        kind=comment.kind,
        about=about(session, comment) if comment.kind == draft_comments.OBJECTION else "",
        text=comment.text,
        written=f"{_name(session, comment.written_by)}, {numbers.day(comment.written_at, language())}",
        verdict={"accepted": _("chấp nhận"), "refused": _("không chấp nhận"), "noted": _("ghi nhận")}.get(comment.verdict or "", ""),
        answer=comment.answer,
        answered=answered,
        accepted=comment.kind == draft_comments.OBJECTION and comment.verdict == "accepted",
    )


def _late(session: Session, edition: Edition, until: date | None, owner: str) -> Sequence[tuple[str, str]]:
    """Files of the unit's systems that arrived in time and are counted the next night."""
    if until is None or edition.state != "closed":
        return []
    found = []
    for item in late_rows.waiting(session, edition, until):
        source = session.get(Source, item.source_id)
        unit = source.unit.code if source is not None and source.unit is not None else None
        if unit == owner:
            found.append((item.file_name, numbers.day(item.received_at, language())))
    return found


def _name(session: Session, login: str) -> str:
    return session.scalar(select(User.name).where(User.login == login)) or login
