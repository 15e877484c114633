"""The flash sheet: register figures of a month a few days after its end. Provisional, of dossiers alone; nothing of the survey is in it."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit, notices
from core.calendar import Month
from core.database import reading, writing
from procedures.queries import units
from scorecard import queries, workflow
from scorecard.figures import COUNTRY, NATION, UNIT
from scorecard.models import Edition
from scorecard.notices import FLASH_OUT
from scorecard.workflow_models import FlashSheet

INDICATORS = ("online_filing", "on_time", "supplement", "repeat_supplement")  # counted from dossiers alone


def make_due(now: datetime) -> dict[str, Any]:
    """Job: make the sheet of the month before once its day has come, from what is computed by then. Once; late if it was missed."""
    month = Month.of(now).plus(-1)
    session = reading()
    session.rollback()
    if now < workflow.schedule().moment(month, workflow.schedule().flash) or session.get(FlashSheet, str(month)) is not None:
        return {}
    edition = queries.edition_of(session, month, include_unpublished=True)
    if edition is None or not edition.facts.get("dossiers"):
        return {}
    found = _lines(session, edition)
    sheet = {"made_at": now, "simulated": edition.simulated, "rule_version": edition.rule_version, "lines": found}
    session.rollback()
    with writing() as writer:
        writer.add(FlashSheet(month=str(month), **sheet))
        notices.tell(writer, FLASH_OUT, str(month), now)
        audit.record(writer, "flash.make", str(month), actor="worker", lines=len(found))
    return {"flash": str(month)}


def sheet_of(session: Session, month: Month) -> FlashSheet | None:
    """A month's sheet."""
    return session.get(FlashSheet, str(month))


def sheets(session: Session) -> list[FlashSheet]:
    """All sheets, newest first."""
    return list(session.scalars(select(FlashSheet).order_by(FlashSheet.month.desc())))


def _lines(session: Session, edition: Edition) -> list[dict[str, Any]]:
    """Counts of the nation and of every province, as they may be shown."""
    views = units(session, Month.parse(edition.month).last_day)
    codes = [COUNTRY, *sorted(code for code, view in views.items() if view.kind == "province")]
    rows = queries.figures(session, edition, NATION, [COUNTRY], INDICATORS) + queries.figures(session, edition, UNIT, codes, INDICATORS)
    return [
        {
            "unit": row.subject_code,
            "indicator": row.indicator,
            "numerator": row.numerator,
            "denominator": row.denominator,
            "status": row.status,
        }
        for row in rows
        if row.variant == "raw"
    ]
