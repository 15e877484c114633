"""Counts that localities and the national portal report: forms taken whole or refused, kept beside our own figures, never mixed in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.calendar import Month
from core.database import reading, writing
from core.errors import InputError
from procedures.form_comparison import Compared, compare_with_dossiers
from procedures.form_files import FormRow, key_of, read_form
from procedures.form_rules import FORMS, II_06A, PORTAL, TOTAL, Form, check
from procedures.models import NATIONAL, ReportedCount, Unit, UnitCode
from procedures.names import match_units
from procedures.queries import UnitView, below, units, valid

__all__ = ["FORMS", "Compared", "FormResult", "compare_with_dossiers", "load_form"]


@dataclass
class FormResult:
    """What a form's file did. With ``errors`` nothing was written. ``unmatched``: rows of the portal that name no known unit, kept
    under the reporting unit with the name as sent.
    """

    form: str
    unit: str
    month: str
    rows: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    unmatched: list[str] = field(default_factory=list)
    errors: list[InputError] = field(default_factory=list)
    warnings: list[InputError] = field(default_factory=list)


@dataclass(frozen=True)
class _Counts:
    """Counts of one unit under one label."""

    unit_id: int
    label: str
    counts: dict[str, int]


def load_form(path: Path, unit_code: str, month: Month, form_name: str, now: datetime) -> FormResult:
    """Take in a form of a unit and month, in place of what an earlier file of that form, unit and month said; or nothing.

    Raises ``InputError`` for an unknown unit or form, or a file that cannot be read; what breaks a rule is in ``errors``.
    """
    form = FORMS.get(form_name)
    if form is None:
        raise InputError(
            f"Không có biểu {form_name}. Có: {', '.join(FORMS)}.",
            f"There is no form {form_name}. There are: {', '.join(FORMS)}.",
            field="form",
        )
    session = reading()
    views = units(session, month.last_day)
    if unit_code not in views:
        raise InputError(f"Không có đơn vị {unit_code} trong tháng {month}.", f"There is no unit {unit_code} in {month}.", field="unit")
    result = FormResult(form.name, unit_code, str(month))
    rows = read_form(path, form)
    result.rows = len(rows)
    result.errors += _wrong_months(rows, month)
    named = _named(session, rows, views, unit_code, month.last_day) if form is PORTAL else [(unit_code, row.label) for row in rows]
    result.unmatched = [label for unit, label in named if form is PORTAL and unit == unit_code and label != TOTAL]
    counts, errors, result.warnings = _check(session, form, rows, named, views[unit_code].id, month)
    result.errors += errors
    if result.errors:
        return result
    kept = [_Counts(views[unit].id, label, counts[row.row]) for row, (unit, label) in zip(rows, named, strict=True)]
    scope = {views[code].id for code in below(session, unit_code, month.last_day)} if form is PORTAL else {views[unit_code].id}
    with writing() as writer:
        _replace(writer, kept, scope, path.name[:300], now, result)
    return result


def _wrong_months(rows: Sequence[FormRow], month: Month) -> list[InputError]:
    same = {str(month), f"{month.month:02d}/{month.year}", f"{month.month}/{month.year}", ""}
    return [
        InputError(
            f"Dòng của kỳ {row.month}, không phải {month}. Gửi mỗi tháng một tệp.",
            f"The row is of {row.month}, not of {month}. Send one file a month.",
            row=row.row,
            field="month",
        )
        for row in rows
        if row.month not in same
    ]


def _named(session: Session, rows: Sequence[FormRow], views: dict[str, UnitView], unit_code: str, on: date) -> list[tuple[str, str]]:
    """(unit, label) of each row of the portal: the unit below the reporting one that its code or name means, else the reporting unit
    with the row's own name.
    """
    inside = below(session, unit_code, on)
    codes = {code: code for code in inside}
    registered = session.execute(
        select(UnitCode.code, Unit.code)
        .join(Unit, Unit.id == UnitCode.unit_id)
        .where(Unit.list_code == NATIONAL, UnitCode.system.in_(("exchange", "gso")), valid(UnitCode, on))
    )
    codes |= {code: unit for code, unit in registered if unit in inside}
    names = match_units(session, [row.label for row in rows], unit_code, on=on)
    found = []
    for row in rows:
        unit = unit_code if row.label == TOTAL else codes.get(row.code) or names[row.label]
        found.append((unit, TOTAL) if unit is not None else (unit_code, row.label))
    return found


def _check(
    session: Session, form: Form, rows: Sequence[FormRow], named: Sequence[tuple[str, str]], unit_id: int, month: Month
) -> tuple[dict[int, dict[str, int]], list[InputError], list[InputError]]:
    import pyarrow as pa

    from core.lake import connect

    before, after = (_recorded(session, form, unit_id, month.plus(step)) for step in (-1, 1))
    keys = [key_of(label) for _unit, label in named]
    columns: dict[str, Any] = {
        "row_no": pa.array([row.row for row in rows], pa.int64()),
        "key": pa.array([f"{unit} {key}" for (unit, _label), key in zip(named, keys, strict=True)], pa.string()),
        "label": pa.array([row.label for row in rows], pa.string()),
        "before": pa.array([before.get(key, {}).get("11") for key in keys], pa.int64()),
        "after": pa.array([after.get(key, {}).get("6") for key in keys], pa.int64()),
    }
    columns |= {f"c{column}": pa.array([row.counts[column] for row in rows], pa.string()) for column in form.columns}
    con = connect().con
    con.register("cells", pa.table(columns))
    return check(con, form)


def _recorded(session: Session, form: Form, unit_id: int, month: Month) -> dict[str, dict[str, int]]:
    """Counts of another period's report of the unit, by label."""
    if form is not II_06A:
        return {}
    rows = session.execute(
        select(ReportedCount.label, ReportedCount.counts).where(
            ReportedCount.unit_id == unit_id, ReportedCount.form == form.name, ReportedCount.month == str(month)
        )
    )
    return {key_of(label): counts for label, counts in rows}


def _replace(session: Session, kept: Sequence[_Counts], scope: set[int], document: str, now: datetime, result: FormResult) -> None:
    """Make the recorded counts of the scope those of the file; what changed goes into the audit trail with both numbers."""
    every = session.scalars(select(ReportedCount).where(ReportedCount.form == result.form, ReportedCount.month == result.month))
    old = {(row.unit_id, row.label): row for row in every if row.unit_id in scope}
    changes: dict[str, Any] = {}
    for item in kept:
        row = old.pop((item.unit_id, item.label), None)
        if row is None:
            session.add(
                ReportedCount(
                    unit_id=item.unit_id,
                    form=result.form,
                    month=result.month,
                    label=item.label,
                    counts=item.counts,
                    document=document,
                    reported_at=now,
                )
            )
            result.added += 1
        elif row.counts == item.counts:
            result.unchanged += 1
        else:
            changes[f"{item.unit_id} {item.label}"] = [row.counts, item.counts]
            row.counts, row.document, row.reported_at = item.counts, document, now
            result.changed += 1
    for row in old.values():
        changes[f"{row.unit_id} {row.label}"] = [row.counts, None]
        session.delete(row)
        result.removed += 1
    if result.added or changes:
        audit.record(
            session,
            "form.load",
            f"{result.form} {result.unit} {result.month}",
            document=document,
            added=result.added,
            changed=result.changed,
            removed=result.removed,
            changes=changes,
        )
