"""The figures as files for machines: points for decimals, codes as text, one row a figure. Only disclosure-safe figures get here."""

import csv
import io
import json
from typing import Any

from sqlalchemy.orm import Session

from core.calendar import Month
from procedures import queries as procedures
from scorecard import queries as scorecard
from scorecard.figures import COUNTRY
from scorecard.models import Edition

COLUMNS = {
    "month": "calendar month in Asia/Ho_Chi_Minh, 2026-10",
    "version": "version of the edition",
    "period_kind": "calendar",
    "window": "months that the figure covers",
    "subject_kind": "nation, unit or procedure",
    "subject_code": "VN, the unit's code or the procedure's code; text",
    "subject_name": "name on the last day of the month",
    "breakdown": "total",
    "category": "total",
    "indicator": "code of the indicator; its formula is on the page /method",
    "variant": "raw, lower or upper bound",
    "numerator": "count; empty unless status is value",
    "denominator": "count; empty unless status is value",
    "value": "numerator / denominator, 0 to 1",
    "low": "lower end of the 95 % interval",
    "high": "upper end of the 95 % interval",
    "n": "observations the value rests on",
    "status": "value, not_applicable, not_reported, too_few or suppressed",
    "few_answers": "true: 10 to 29 answers, not to be compared",
    "provisional": "true: will still change",
    "rule_version": "rule set by which it was computed",
    "simulated": "true: made up for demonstration, measures no real place",
}
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def rows(session: Session, edition: Edition) -> list[dict[str, Any]]:
    """One dictionary a figure, with the keys of ``COLUMNS``."""
    names = _names(session, Month.parse(edition.month))
    return [
        {
            "month": edition.month,
            "version": edition.version,
            "period_kind": "calendar",
            "window": 1,
            "subject_kind": figure.subject_kind,
            "subject_code": figure.subject_code,
            "subject_name": names.get((figure.subject_kind, figure.subject_code), ""),
            "breakdown": "total",
            "category": "total",
            "indicator": figure.indicator,
            "variant": figure.variant,
            "numerator": figure.numerator,
            "denominator": figure.denominator,
            "value": figure.value,
            "low": figure.low,
            "high": figure.high,
            "n": figure.n,
            "status": figure.status,
            "few_answers": figure.grey,
            "provisional": figure.provisional,
            "rule_version": edition.rule_version,
            "simulated": edition.simulated,
        }
        for figure in scorecard.figures(session, edition)
    ]


def csv_file(session: Session, edition: Edition) -> bytes:
    """UTF-8 with a byte order mark (for spreadsheets), comma, CRLF."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(COLUMNS), lineterminator="\r\n")
    writer.writeheader()
    for row in rows(session, edition):
        writer.writerow({key: _cell(value) for key, value in row.items()})
    return stream.getvalue().encode("utf-8-sig")


def json_file(session: Session, edition: Edition) -> bytes:
    """``{"edition": {…}, "columns": [name, …], "meaning": {name: words}, "rows": [[value, …], …]}``, a line for each row."""
    head = {
        "month": edition.month,
        "version": edition.version,
        "published": edition.state == "published",
        "cutoff_at": edition.cutoff_at.isoformat(),
        "rule_version": edition.rule_version,
        "checksum": edition.checksum,
        "simulated": edition.simulated,
    }
    document = {"edition": head, "columns": list(COLUMNS), "meaning": COLUMNS}
    top = json.dumps(document, ensure_ascii=False, indent=1).removesuffix("\n}")
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
    lines = ",\n".join(encode([row[column] for column in COLUMNS]) for row in rows(session, edition))
    return f'{top},\n "rows": [\n{lines}\n]\n}}\n'.encode()


def _cell(value: Any) -> str:
    """Text that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return f"'{value}" if str(value).startswith(FORMULA) else str(value)


def _names(session: Session, month: Month) -> dict[tuple[str, str], str]:
    found = {("unit", code): unit.name for code, unit in procedures.units(session, month.last_day).items()}
    found |= {("procedure", code): view.name for code, view in procedures.procedures_map(session, month.last_day).items()}
    return found | {("nation", COUNTRY): "Việt Nam"}
