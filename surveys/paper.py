"""Paper slips: printed for a reception point, handed out, and entered later by a clerk of another unit.

A slip's code is derived from the invitation key, batch and number, so that a batch can be printed again; what is kept is its keyed
hash. Every slip is taken once. A random 5 % are entered a second time by another person, and the two entries are compared, which tells
how far the entries can be trusted (double entry of a sample, as in statistical surveys on paper).
"""

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import current_app, render_template
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from core import audit
from core.calendar import local_date
from core.database import reading, writing
from core.errors import InputError
from core.keys import keyed_hash
from core.models import User
from core.settings import Settings
from procedures.queries import below, is_simulated, procedure, units
from surveys import codes, field_form, operations
from surveys.models import Slip, SlipBatch
from surveys.posters import field_context, known_unit
from surveys.questionnaire import COMMENT

TWICE = 0.05  # of the slips are entered again
MOST = 500  # slips in a batch: one file
SPOT = "end_point"  # the question that becomes the answer's end-point
NO_END_POINT = "unsaid"


@dataclass(frozen=True)
class Entered:
    """What became of a slip that was typed in.

    ``first``: stored; ``again``: stored, and another person is to enter it again; ``agrees`` or ``differs``: a second entry, with the
    number of fields in which it differs.
    """

    state: str
    differing: int = 0


@dataclass(frozen=True)
class Agreement:
    """How far two entries of the same slip agree: slips entered, entered twice, fields compared, fields that differ."""

    entered: int
    twice: int
    waiting: int
    compared: int
    differing: int


def print_batch(unit_code: str, point: str, size: int, now: datetime) -> int:
    """Make a batch of slips for a unit. Gives its number. Raises ``InputError`` for an unknown unit or a wrong size."""
    if not 1 <= size <= MOST:
        raise InputError(f"Mỗi lần in từ 1 đến {MOST} phiếu.", f"A batch has 1 to {MOST} slips.", field="size")
    today = local_date(now)
    above = known_unit(unit_code, today)
    point = " ".join(point.split())[:120]
    with writing() as session:
        simulated = is_simulated(session)
        batch = SlipBatch(unit_code=unit_code, province_code=above, point=point, size=size, printed_on=today, simulated=simulated)
        session.add(batch)
        session.flush()
        for code in _codes(batch.id, size):
            session.add(Slip(batch_id=batch.id, code_hash=hash_of(code), twice=_is_drawn(code)))
        audit.record(session, "survey.slips", unit_code, batch=batch.id, size=size)
        return batch.id


def _codes(batch: int, size: int) -> Iterator[str]:
    key = _settings().invitation_key.get_secret_value()
    return (codes.derived(key, codes.PAPER, "slip", str(batch), str(number)) for number in range(1, size + 1))


def hash_of(code: str) -> str:
    """What is stored in place of a slip's code."""
    return keyed_hash(_settings().answer_key.get_secret_value(), f"slip {code}")


def _is_drawn(code: str) -> bool:
    digest = hmac.digest(_settings().invitation_key.get_secret_value().encode(), f"twice {code}".encode(), "sha256")
    return int.from_bytes(digest[:4], "big") / 2**32 < TWICE


def slips_html(batch: SlipBatch, unit_name: str) -> str:
    """The slips of a batch, one page of A5 each."""
    spoken = [codes.spoken(code) for code in _codes(batch.id, batch.size)]
    asked = field_form.questions(field_form.PAPER_FORM)
    return render_template("survey/slips.html", batch=batch, unit_name=unit_name, codes=spoken, asked=asked)


def batches(session: Session, unit_codes: set[str] | None = None) -> list[SlipBatch]:
    """Batches, newest first; with ``unit_codes``, those of these units."""
    found = session.scalars(select(SlipBatch).order_by(SlipBatch.id.desc()))
    return [batch for batch in found if unit_codes is None or batch.unit_code in unit_codes]


def batch_of(session: Session, number: int) -> SlipBatch | None:
    """A batch by its number."""
    return session.get(SlipBatch, number)


def enter(code: str, data: Mapping[str, str], clerk: User, now: datetime) -> Entered:
    """Take a slip as a clerk typed it in. ``data``: question code to choice code, ``procedure`` (a code, may be empty), ``comment``.

    Raises ``InputError`` naming the field: a code that is none (one wrong sign is noticed), a slip that was entered already, a clerk of
    the rated unit itself, or an answer that the slip does not have.
    """
    spelled = codes.read_code(code, codes.PAPER)
    found = _slip(spelled) if spelled else None
    if spelled is None or found is None:
        raise InputError(
            "Mã phiếu không đúng: xem lại từng ký tự trên phiếu.", "This is no slip's code: look at each sign again.", field="code"
        )
    _refuse_own_unit(clerk, found.batch)
    values = _values(data)
    if found.first_by is None:
        return _enter_first(found, values, clerk, now)
    if not found.twice or found.second_by is not None or found.first is None:  # none after retention: nothing to compare with
        raise InputError("Phiếu này đã được nhập.", "This slip was entered already.", field="code")
    if found.first_by == clerk.id:
        raise InputError(
            "Phiếu này cần một người khác nhập lại để so sánh.", "Another person is to enter this slip again, to compare.", field="code"
        )
    return _enter_second(found, values, clerk)


def _slip(code: str) -> Slip | None:
    return reading().scalar(select(Slip).where(Slip.code_hash == hash_of(code)).options(joinedload(Slip.batch)))


def around(person: User, day: date) -> set[str]:
    """Codes of the unit that somebody belongs to on a day, of all below it and all above it; empty for somebody of no unit."""
    if not person.unit_code:
        return set()
    found, views = {person.unit_code} | below(reading(), person.unit_code, day), units(reading(), day)
    at = views.get(person.unit_code)
    while at is not None and at.parent_code is not None:
        found.add(at.parent_code)
        at = views.get(at.parent_code)
    return found


def _refuse_own_unit(clerk: User, batch: SlipBatch) -> None:
    """Nobody enters the slips that rate the own unit, one below it or one above it."""
    if batch.unit_code in around(clerk, batch.printed_on):
        raise InputError(
            "Phiếu này đánh giá đơn vị của Ông/Bà, nên phải do người của đơn vị khác nhập.",
            "This slip rates your own unit, so somebody of another unit has to enter it.",
            field="code",
        )


def _values(data: Mapping[str, str]) -> dict[str, str]:
    filled = field_form.read(field_form.PAPER_FORM, data, comment=True)
    code = data.get("procedure", "").strip()
    if code and procedure(reading(), code) is None:
        raise InputError(
            "Không có thủ tục mã này. Kiểm tra mã, hoặc để trống.",
            "There is no such procedure. Check the code, or leave it out.",
            field="procedure",
        )
    if filled.problems:
        field = next(iter(filled.problems))
        raise InputError("Câu trả lời không có trên phiếu.", "The slip has no such answer.", field=field)
    return filled.values | ({COMMENT: filled.comment} if filled.comment else {}) | ({"procedure": code} if code else {})


def _enter_first(slip: Slip, values: dict[str, str], clerk: User, now: datetime) -> Entered:
    filled = field_form.read(field_form.PAPER_FORM, values, comment=True)
    end_point = filled.values.pop(SPOT, NO_END_POINT)
    context = field_context(slip.batch.unit_code, slip.batch.province_code, "paper", now, slip.batch.simulated)
    context |= {"entry_hash": slip.code_hash, "end_point": end_point, "procedure_code": values.get("procedure", ""), "device_kind": "staff"}
    operations.store(context, filled, now, "vi")  # before the slip is marked: after a crash between the two it can be entered again
    with writing() as session:
        mine = session.scalars(select(Slip).where(Slip.id == slip.id).with_for_update()).one()
        if mine.first_by is not None:
            raise InputError("Phiếu này vừa được người khác nhập.", "Somebody else has just entered this slip.", field="code")
        mine.first_by = clerk.id
        mine.first = {name: value for name, value in values.items() if name != COMMENT} if mine.twice else None
    return Entered("again" if slip.twice else "first")


def _enter_second(slip: Slip, values: dict[str, str], clerk: User) -> Entered:
    fields = [*(question.code for question in field_form.questions(field_form.PAPER_FORM)), "procedure"]  # a comment is no choice
    with writing() as session:
        mine = session.scalars(select(Slip).where(Slip.id == slip.id).with_for_update()).one()
        before: dict[str, Any] = mine.first or {}
        differing = [name for name in fields if before.get(name) != values.get(name)]
        mine.second_by, mine.first, mine.compared, mine.differing = clerk.id, None, len(fields), differing
        audit.record(session, "survey.slip_compared", str(mine.batch_id), differing=differing)
    return Entered("differs" if differing else "agrees", len(differing))


def agreement(session: Session, clerk: User, today: date) -> Agreement:
    """How far the second entries agree with the first ones, over the batches that the clerk may enter: nobody sees slips about the own unit
    come in."""
    others = SlipBatch.unit_code.not_in(around(clerk, today))
    counted = select(func.count()).select_from(Slip).join(Slip.batch).where(others)
    entered = session.scalar(counted.where(Slip.first_by.is_not(None))) or 0
    waiting = session.scalar(counted.where(Slip.first.is_not(None), Slip.twice, Slip.second_by.is_(None))) or 0
    compared = select(Slip.compared, Slip.differing).join(Slip.batch).where(others, Slip.second_by.is_not(None))
    rows = session.execute(compared).all()
    return Agreement(entered, len(rows), waiting, sum(row[0] or 0 for row in rows), sum(len(row[1] or ()) for row in rows))


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
