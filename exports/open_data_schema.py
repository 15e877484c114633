"""Open data as a part of the OpenAPI 3.1 document; a test holds it to the routes and to what they answer."""

from typing import Any

from exports.dictionary import COLUMN_DEFINITIONS, ENTRY_COLUMNS, public_tables
from exports.json_schemas import KNOWN, SHA256, row_schema

FILTERS = ("subject_kind", "subject_code", "indicator", "variant", "period_kind", "window", "breakdown", "category")
TEXT: dict[str, Any] = {"type": "string"}
MAYBE: dict[str, Any] = {"type": ["string", "null"]}
FLAG: dict[str, Any] = {"type": "boolean"}
COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
EDITION = {
    "name": "edition",
    "in": "path",
    "required": True,
    "description": "a version (2026-10-v1), or a month: its published version",
    "schema": {"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[0-2])(-v[1-9]\d{0,3})?$"},
}
PAGES = [
    {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 1_000_000, "default": 1}},
    {"name": "per_page", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}},
]


def description() -> dict[str, Any]:
    """``{"paths": …, "schemas": …}``."""
    named = {"edition": TEXT, "simulated": FLAG}
    schemas = {
        "OpenEdition": _object(
            {
                "id": TEXT,
                "month": TEXT,
                "version": {"type": "integer", "minimum": 1},
                "simulated": FLAG,
                "cutoff_at": TEXT,
                "published_at": MAYBE,
                "number": MAYBE,
                "dated_on": MAYBE,
                "superseded_by": MAYBE,
                "rule_version": TEXT,
                "checksum": SHA256,
                "measurements": TEXT,
                "tables": TEXT,
                "files": TEXT,
            }
        ),
        "OpenIndicator": _object(dict.fromkeys(ENTRY_COLUMNS, TEXT)),
        "OpenMeasurement": row_schema(COLUMN_DEFINITIONS),
        "OpenTable": _object(
            {
                "name": {"enum": [table.name for table in public_tables()]},
                "title_vi": TEXT,
                "title_en": TEXT,
                "columns": {"type": "array", "items": _object(dict.fromkeys(("name", "vi", "en", "type"), TEXT))},
                "address": TEXT,
                "csv": TEXT,
            }
        ),
        "OpenRow": {"type": "object", "required": ["simulated"], "description": "columns as the list of tables tells them"},
        "OpenFile": _object(
            {
                "name": TEXT,
                "kind": TEXT,
                "media_type": TEXT,
                "size": COUNT,
                "sha256": SHA256,
                "stored_at": MAYBE,
                "simulated": FLAG,
                "address": TEXT,
            }
        ),
    }
    pages = {
        "OpenEditions": _page("OpenEdition", {}),
        "OpenIndicators": _page("OpenIndicator", {}),
        "OpenMeasurements": _page("OpenMeasurement", named),
        "OpenTables": _page("OpenTable", named),
        "OpenRows": _page("OpenRow", named | {"table": TEXT}),
        "OpenFiles": _page("OpenFile", named),
    }
    filters = [{"name": name, "in": "query", "schema": _filter(name)} for name in FILTERS]
    table = {"name": "name", "in": "path", "required": True, "schema": {"enum": [one.name for one in public_tables()]}}
    paths = {
        "/api/v1/editions": _get("editions", "Every published version, newest first", "OpenEditions", PAGES),
        "/api/v1/editions/{edition}": _get("edition", "One published version", "OpenEdition", [EDITION]),
        "/api/v1/indicators": _get("indicators", "The definitions of all indicators", "OpenIndicators", PAGES),
        "/api/v1/editions/{edition}/measurements": _get("measurements", "Figures", "OpenMeasurements", [EDITION, *filters, *PAGES]),
        "/api/v1/editions/{edition}/tables": _get("tables", "Lists and their columns", "OpenTables", [EDITION, *PAGES]),
        "/api/v1/editions/{edition}/tables/{name}": _get("table", "Rows of a list", "OpenRows", [EDITION, table, *PAGES]),
        "/api/v1/editions/{edition}/tables/{name}.csv": _get("table_csv", "A list whole, as CSV", "", [EDITION, table]),
        "/api/v1/editions/{edition}/files": _get("files", "Files with their digests", "OpenFiles", [EDITION, *PAGES]),
    }
    return {"paths": paths, "schemas": schemas | pages}


def _filter(name: str) -> dict[str, Any]:
    if name == "window":
        return {"type": "integer", "minimum": 1, "maximum": 120}
    return {"enum": KNOWN[name]} if name in KNOWN else {"type": "string", "maxLength": 64}


def _get(operation: str, summary: str, schema: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    etag = {"ETag": {"description": "of the body; send it back as If-None-Match", "schema": TEXT}}
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}} if schema else {"text/csv": {"schema": TEXT}}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    wait = {"Retry-After": {"description": "seconds to wait", "schema": TEXT}}
    answers = {
        "200": {"description": summary, "content": content, "headers": etag},
        "304": {"description": "As it was"},
        "400": {"description": "A parameter is wrong", "content": problem},
        "404": {"description": "No such thing, or not published", "content": problem},
        "429": {"description": "Too many requests of this address", "content": problem, "headers": wait},
    }
    return {"get": {"operationId": operation, "summary": summary, "security": [], "parameters": parameters, "responses": answers}}


def _page(item: str, more: dict[str, Any]) -> dict[str, Any]:
    items = {"type": "array", "items": {"$ref": f"#/components/schemas/{item}"}}
    links = {"next": MAYBE, "previous": MAYBE}
    return _object(more | {"page": COUNT, "per_page": COUNT, "total": COUNT, **links, "items": items})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties, "additionalProperties": False}
