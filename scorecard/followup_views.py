"""A centre's page of what it did about findings, and of the conditions under which it works."""

from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from core.access import ADMIN, CENTRE, OFFICE, access
from core.calendar import Month, local_date, utc_now
from core.database import reading
from core.errors import InputError
from core.web import language
from procedures.queries import UnitView, below, procedures_map
from procedures.queries import units as all_units
from scorecard import followups, queries
from scorecard.asked_edition import seen_by
from scorecard.followup_models import LOOKUPS, NETWORKS
from scorecard.models import Edition
from scorecard.pages import followups as page
from scorecard.pages import places, scope
from scorecard.pages.text import _

blueprint = Blueprint("followups", __name__)


@blueprint.get("/centre/actions")
@access(CENTRE, OFFICE, ADMIN)
def actions() -> ResponseReturnValue:
    """What was done about findings, each with the months since."""
    return _page()


@blueprint.post("/centre/actions")
@access(CENTRE)
def record() -> ResponseReturnValue:
    """State an action on a finding of the newest closed month."""
    _units, unit = _own()
    edition = _newest() or abort(404)
    kind, _bar, procedure = request.form.get("finding", "").partition("|")
    try:
        known = {(gap.kind, gap.procedure_code) for gap in queries.gaps(reading(), edition, unit.code) if gap.within_power}
        if (kind, procedure) not in known:
            raise InputError("Chọn một phát hiện trong danh sách của đơn vị.", "Choose one of the unit's own findings.", field="finding")
        day = _day(request.form.get("done_on", ""), "done_on")
        month = Month.parse(edition.month)
        followups.record_action(unit.code, month, kind, procedure, day, request.form.get("action", ""), current_user.login, utc_now())
    except InputError as error:
        return _page(error, request.form.to_dict()), 400
    flash(_("Đã ghi việc đã làm. Các tháng sau sẽ cho thấy con số có đổi không."))
    return redirect(url_for("followups.actions", unit=unit.code))


@blueprint.post("/centre/actions/<int:number>/withdraw")
@access(CENTRE)
def withdraw(number: int) -> ResponseReturnValue:
    """Take a stated action back."""
    _units, unit = _own()
    followups.withdraw_action(number, _below(unit), current_user.login, utc_now())
    flash(_("Đã rút việc này."))
    return redirect(url_for("followups.actions", unit=unit.code))


@blueprint.post("/centre/conditions")
@access(CENTRE)
def declare() -> ResponseReturnValue:
    """State staff, equipment and network on a day."""
    _units, unit = _own()
    form = request.form
    try:
        stated: dict[str, Any] = {name: _number(form.get(name, ""), name) for name in ("staff", "computers", "scanners")}
        stated |= {name: form.get(name) or None for name in ("network", "population_lookup")} | {"note": form.get("note", "")}
        followups.declare_conditions(unit.code, _day(form.get("as_of", ""), "as_of"), stated, current_user.login, utc_now())
    except InputError as error:
        return _page(error, form.to_dict()), 400
    flash(_("Đã ghi điều kiện tại chỗ."))
    return redirect(url_for("followups.actions", unit=unit.code) + "#conditions")


def _page(error: InputError | None = None, filled: dict[str, str] | None = None) -> str:
    units, unit = _own()
    session, today, edition = reading(), local_date(utc_now()), _newest()
    procedures = procedures_map(session, today)
    stated = followups.actions(session, _below(unit))
    months = seen_by(session, current_user)
    gaps = queries.gaps(session, edition, unit.code) if edition is not None else []
    return render_template(
        "centre/actions.html",
        unit=unit,
        name=places.name(unit),
        edition=edition,
        own=current_user.role == CENTRE,
        today=today.isoformat(),
        findings=page.findings(gaps, procedures),
        actions=[page.action(entry, followups.course(session, entry, months), units, procedures) for entry in stated],
        proposals=page.proposals(gaps, procedures),
        conditions=page.conditions(followups.conditions(session, unit.code, today)),
        networks=NETWORKS,
        lookups=LOOKUPS,
        error=error.message(language()) if error is not None else "",
        wrong=error.field if error is not None else None,
        filled=filled or {},
    )


def _own() -> tuple[dict[str, UnitView], UnitView]:
    """All units and the one that the address or the form names, if the person may see it; office and admin must name one."""
    units = all_units(reading(), local_date(utc_now()))
    code = scope.choose(units, current_user, request.values.get("unit")) or abort(404)
    return units, units[code]


def _below(unit: UnitView) -> set[str]:
    return below(reading(), unit.code, local_date(utc_now()))


def _newest() -> Edition | None:
    return next(iter(seen_by(reading(), current_user)), None)


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError("Ngày viết theo dạng năm-tháng-ngày, ví dụ 2026-11-05.", "A day is written 2026-11-05.", field=field) from error


def _number(text: str, field: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit():
        raise InputError("Chỉ viết chữ số, ví dụ 12.", "Digits only, for example 12.", field=field)
    return int(text[:9])
