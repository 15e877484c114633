"""The JSON Schemas by which data files and messages are published, generated from the same definitions as the files themselves.

They are stored under ``exports/schemas`` and served under ``/schemas``; a test holds the stored ones to what is generated, so that no
column changes without a new schema. Write them anew with ``python -m exports.json_schemas``.
"""

import json
from pathlib import Path
from typing import Any

from exports.dictionary import BREAKDOWNS, COLUMN_DEFINITIONS, PERIODS, SIMULATED, STATUSES, SUBJECTS, VARIANTS, public_tables
from scorecard.edition_tables import Column
from scorecard.indicators import INDICATORS

FOLDER = Path(__file__).resolve().parent / "schemas"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
TYPES = {
    "text": ["string", "null"],
    "count": ["integer", "null"],
    "share": ["number", "null"],
    "day": ["string", "null"],
    "flag": ["boolean", "null"],
}
KNOWN: dict[str, list[str]] = {  # columns that hold one of some words
    "period_kind": list(PERIODS),
    "subject_kind": list(SUBJECTS),
    "breakdown": list(BREAKDOWNS),
    "indicator": list(INDICATORS),
    "variant": list(VARIANTS),
    "status": list(STATUSES),
}
ALWAYS = ("month", "subject_code", "category", "rule_version", "subject_name")  # text that is never missing
MONTH = {"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[0-2])$"}
SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
TEXT: dict[str, Any] = {"type": "string"}
INSTANT: dict[str, Any] = {"type": "string", "format": "date-time"}


def column_schema(column: Column, free: bool = False) -> dict[str, Any]:
    """What a column of the data files may hold; ``free``: of an edition's table, whose words are its own."""
    told = {"description": f"{column.vi} / {column.en}"}
    if column.name == "simulated" or (column.type == "flag" and not free):
        return {"type": "boolean"} | told
    if not free and column.name in KNOWN:
        return {"enum": KNOWN[column.name]} | told
    if not free and column.name in ("version", "window"):
        return {"type": "integer", "minimum": 1} | told
    if not free and column.name in ALWAYS:
        return (MONTH if column.name == "month" else TEXT) | told
    found: dict[str, Any] = {"type": TYPES[column.type]}
    if not free and column.type == "count":
        found["minimum"] = 0
    return found | told


def row_schema(columns: tuple[Column, ...], free: bool = False) -> dict[str, Any]:
    """A row as an object."""
    return _object({column.name: column_schema(column, free) for column in columns})


def measurements() -> dict[str, Any]:
    """Of the data file ``so-lieu-….json``: rows are lists, in the order of ``columns``."""
    tables = {
        table.name: _object(
            {
                "title_vi": TEXT,
                "title_en": TEXT,
                "columns": {"const": [*table.types, "simulated"]},
                "rows": _rows((*table.columns, SIMULATED), free=True),
            }
        )
        for table in public_tables()
    }
    edition = {
        "month": MONTH,
        "version": {"type": "integer", "minimum": 1},
        "published": {"type": "boolean"},
        "cutoff_at": INSTANT,
        "rule_version": TEXT,
        "checksum": SHA256,
        "simulated": {"type": "boolean"},
    }
    return {
        "$schema": DRAFT,
        "title": "Measurements of an edition",
        **_object(
            {
                "$schema": TEXT,
                "edition": _object(edition),
                "columns": {"const": [column.name for column in COLUMN_DEFINITIONS]},
                "meaning": _object({column.name: TEXT for column in COLUMN_DEFINITIONS}),
                "rows": _rows(COLUMN_DEFINITIONS),
                "tables": _object(tables),
            }
        ),
    }


def monitoring() -> dict[str, Any]:
    """Of the message to the Monitoring System."""
    columns = {column.name: column for column in COLUMN_DEFINITIONS}
    left_out = ("month", "version", "period_kind", "window", "breakdown", "category")  # said once, of the whole message
    told = {name: column_schema(column) for name, column in columns.items() if name not in left_out}
    indicator = {"name_vi": TEXT, "name_en": TEXT} | told
    maybe_text, maybe_instant = {"type": ["string", "null"]}, {"type": ["string", "null"], "format": "date-time"}
    edition = {
        "month": MONTH,
        "version": {"type": "integer", "minimum": 1},
        "first_day": {"type": "string", "format": "date"},
        "last_day": {"type": "string", "format": "date"},
        "cutoff_at": INSTANT,
        "published_at": maybe_instant,
        "number": maybe_text,
        "dated_on": maybe_text,
        "rule_version": TEXT,
        "checksum": SHA256,
        "simulated": {"const": False},
    }
    file = {"name": TEXT, "kind": TEXT, "media_type": TEXT, "size": {"type": "integer", "minimum": 1}, "sha256": SHA256, "url": TEXT}
    evidence = {
        "files": {"type": "array", "minItems": 1, "items": _object(file)},
        "verify": TEXT,
        "measurements": TEXT,
        "report": _object({"name": TEXT, "content_base64": {"type": "string", "contentEncoding": "base64"}}),
    }
    return {
        "$schema": DRAFT,
        "title": "A published edition, as it is sent to the Monitoring System",
        **_object(
            {
                "$schema": TEXT,
                "key": {"type": "string", "pattern": "^[!-~]{1,64}$"},
                "edition": _object(edition),
                "indicators": {"type": "array", "items": _object(indicator)},
                "evidence": _object(evidence),
            }
        ),
    }


def receipt() -> dict[str, Any]:
    """Of what the Monitoring System answers."""
    told = {"receipt": {"type": "string", "minLength": 1}, "key": TEXT, "sha256": SHA256}
    return {"$schema": DRAFT, "title": "Receipt of an edition", **_object(told), "additionalProperties": True}


SCHEMAS = {"measurements-1.json": measurements, "monitoring-1.json": monitoring, "monitoring-receipt-1.json": receipt}


def written(name: str) -> str:
    """A schema as its file."""
    return json.dumps(SCHEMAS[name](), ensure_ascii=False, indent=1) + "\n"


def _rows(columns: tuple[Column, ...], free: bool = False) -> dict[str, Any]:
    items = [column_schema(column, free) for column in columns]
    return {"type": "array", "items": {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties, "additionalProperties": False}


if __name__ == "__main__":
    for schema_name in SCHEMAS:
        (FOLDER / schema_name).write_text(written(schema_name), encoding="utf-8")
