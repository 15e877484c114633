"""The figures as files for machines: points for decimals, codes as text, one row a figure. Only disclosure-safe figures get here."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from operator import attrgetter, itemgetter
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from exports.dictionary import COLUMN_DEFINITIONS, public_tables
from scorecard import queries as scorecard
from scorecard.availability import sector_code
from scorecard.edition_tables import EditionTable
from scorecard.figures import COUNTRY
from scorecard.models import Edition
from scorecard.own_names import procedures_of, units_of

COLUMNS = {column.name: column.en for column in COLUMN_DEFINITIONS}
ORDER = attrgetter("subject_kind", "subject_code", "period_kind", "window", "indicator", "variant", "breakdown", "category")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
MEASUREMENTS_SCHEMA = "measurements-1.json"  # in exports/schemas, served under /schemas


def rows(session: Session, edition: Edition) -> list[dict[str, Any]]:
    """One dictionary a figure, with the keys of ``COLUMNS``; by subject, indicator, variant and category."""
    _total, figures = scorecard.selected(session, edition)
    return list(as_rows(session, edition, sorted(figures, key=ORDER)))


def as_rows(session: Session, edition: Edition, figures: Iterable[scorecard.Figure]) -> Iterable[dict[str, Any]]:
    """Figures as rows of the data files and of the programming interface."""
    names = names_of(session, edition)
    for figure in figures:
        yield {
            "month": edition.month,
            "version": edition.version,
            "period_kind": figure.period_kind,
            "window": figure.window,
            "subject_kind": figure.subject_kind,
            "subject_code": figure.subject_code,
            "subject_name": names.get((figure.subject_kind, figure.subject_code), ""),
            "breakdown": figure.breakdown,
            "category": figure.category,
            "indicator": figure.indicator,
            "variant": figure.variant,
            "numerator": figure.numerator,
            "denominator": figure.denominator,
            "value": figure.value,
            "low": figure.low,
            "high": figure.high,
            "n": figure.n,
            "n_eff": figure.n_eff,
            "status": figure.status,
            "few_answers": figure.grey,
            "provisional": figure.provisional,
            "rule_version": edition.rule_version,
            "simulated": edition.simulated,
        }


def csv_file(session: Session, edition: Edition) -> bytes:
    """UTF-8 with a byte order mark (for spreadsheets), comma, CRLF."""
    return as_csv(list(COLUMNS), rows(session, edition))


def as_csv(columns: list[str], records: Iterable[Mapping[str, Any]]) -> bytes:
    """Rows as CSV in which no cell is a formula."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(record[column]) for column in columns] for record in records)
    return stream.getvalue().encode("utf-8-sig")


def json_file(session: Session, edition: Edition) -> bytes:
    """By the JSON Schema ``MEASUREMENTS_SCHEMA``: the edition, what the columns mean, a line for each figure, then the edition's tables."""
    head = {
        "month": edition.month,
        "version": edition.version,
        "published": edition.published_at is not None or edition.state == "published",  # stays so once it is superseded
        "cutoff_at": edition.cutoff_at.isoformat(),
        "rule_version": edition.rule_version,
        "checksum": edition.checksum,
        "simulated": edition.simulated,
    }
    base = current_app.extensions["settings"].public_url.rstrip("/")
    document = {"$schema": f"{base}/schemas/{MEASUREMENTS_SCHEMA}", "edition": head, "columns": list(COLUMNS), "meaning": COLUMNS}
    top = json.dumps(document, ensure_ascii=False, indent=1).removesuffix("\n}")
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
    lines = ",\n".join(encode([row[column] for column in COLUMNS]) for row in rows(session, edition))
    lists = ",\n".join(f" {encode(table.name)}: {encode(_as_json(table, edition))}" for table in public_tables())
    return f'{top},\n "rows": [\n{lines}\n],\n "tables": {{\n{lists}\n}}\n}}\n'.encode()


def table_rows(edition: Edition, table: EditionTable) -> list[dict[str, Any]]:
    """An edition's table in the order in which people read it; plain values, None for none; the last column is ``simulated``."""
    from scorecard.statistics import round10

    frame = scorecard.edition_table(edition, table.name).astype(object)
    frame = frame.where(frame.notna(), None)
    get = itemgetter(*table.types) if len(table.types) > 1 else None
    found = []
    for record in frame.to_dict("records"):
        values = get(record) if get else (record[table.columns[0].name],)
        kept = [round10(value) if isinstance(value, float) else value for value in values]
        found.append(dict(zip(table.types, kept, strict=True)) | {"simulated": edition.simulated})
    return found


def names_of(session: Session, edition: Edition) -> dict[tuple[str, str], str]:
    """Names as the edition knows them, by kind and code of the subject."""
    catalogue = procedures_of(session, edition)
    found = {("unit", code): unit.name for code, unit in units_of(session, edition).items()}
    found |= {("procedure", code): name for code, (name, _sector) in catalogue.items()}
    found |= {("sector", sector_code(sector)): sector for _name, sector in catalogue.values() if sector}
    return found | {("nation", COUNTRY): "Việt Nam"}


def _as_json(table: EditionTable, edition: Edition) -> dict[str, Any]:
    columns = [*table.types, "simulated"]
    return {
        "title_vi": table.title_vi,
        "title_en": table.title_en,
        "columns": columns,
        "rows": [[row[column] for column in columns] for row in table_rows(edition, table)],
    }


def _cell(value: Any) -> str:
    """Text that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return f"'{value}" if str(value).startswith(FORMULA) else str(value)
