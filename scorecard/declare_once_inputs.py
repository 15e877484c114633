"""What an edition keeps of the declare-once registry, so that it is judged again in the same way: written and read as plain JSON."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from procedures import matching, once_only
from procedures.folding import plain
from procedures.matching import Standard
from procedures.once_only import OnceOnly
from procedures.papers import Vocabulary
from procedures.queries import connected_systems, connections, registers, standard_components

Json = Mapping[str, Any]


def describe_registry(session: Session, day: date) -> dict[str, Any]:
    """Registers, standard components, connections and legal tests. ``connections``: (register, unit) connected on ``day``;
    ``systems``: (register, source, first day)."""
    known = [
        {
            "code": item.code,
            "name": item.name,
            "name_en": item.name_en,
            "keeper": item.keeper,
            "keeper_en": item.keeper_en,
            "published_from": _iso(item.published_from),
            "source_document": item.source_document,
            "lookup_codes": item.lookup_codes,
        }
        for item in registers(session)
    ]
    standards = [
        {
            "code": item.code,
            "name": item.name,
            "name_en": item.name_en,
            "register": item.register.code if item.register else None,
            "aliases": item.aliases,
            "head": item.is_head,
            "exact": item.is_exact,
            "published_from": _iso(item.published_from or (item.register.published_from if item.register else None)),
        }
        for item in standard_components(session)
    ]
    words, law = matching.seed(), once_only.seed()
    return {
        "registers": known,
        "standards": standards,
        "connections": sorted(map(list, connections(session, day))),
        "systems": sorted([register, source, day_.isoformat()] for register, _, source, day_ in connected_systems(session)),
        "decoys": words["decoys"],
        "abbreviations": words["abbreviations"],
        "tests": [row | {"valid_from": _iso(row["valid_from"]), "valid_to": _iso(row["valid_to"])} for row in law["tests"]],
        "failed_lookups": law["failed_lookups"],
    }


def read_vocabulary(frozen: Json) -> Vocabulary:
    """How papers are told."""
    rows = frozen["standards"]
    return Vocabulary(
        standards=tuple(Standard(row["code"], tuple(row["aliases"]), row["head"], row["exact"]) for row in rows),
        registers={row["code"]: row["register"] for row in rows},
        decoys=tuple(frozen["decoys"]),
        abbreviations=frozen["abbreviations"],
    )


def read_law(frozen: Json) -> OnceOnly:
    """By what requests are judged. A register's own code stands for what it holds where a paper has no standard name."""
    published = {row["code"]: row["published_from"] for row in (*frozen["registers"], *frozen["standards"])}
    names = {plain(name): row["code"] for row in frozen["registers"] for name in (row["code"], *row["lookup_codes"])}
    return OnceOnly(
        tests=once_only.read_tests(frozen["tests"]),
        published={code: date.fromisoformat(day) if day else None for code, day in published.items()},
        connected={(register, source): date.fromisoformat(day) for register, source, day in frozen["systems"]},
        lookups=names,
        failed=once_only.failed_words(frozen["failed_lookups"]),
    )


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
