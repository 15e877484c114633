"""Writes of the catalogue: procedures with their papers, state registers, quoted claims. Everything is upserted by its code."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, selectinload

from core import audit
from core.database import writing
from core.errors import InputError
from procedures.catalogue_files import Entry, Unread, read_catalogue
from procedures.components import Paper
from procedures.files import read_bytes
from procedures.matching import seed as component_seed
from procedures.models import NATIONAL, Component, Procedure, QuotedClaim, StandardComponent, StateRegister
from procedures.registers import plain, seed, standard_of

CLAIMS = Path(__file__).with_name("claims.yaml")
MAX_FORM = 300
CHUNK = 500
SAME_NAME = 0.5  # likeness of two names below which they are two procedures; renamed ones stay well above
COMPONENT_KEYS = ("position", "name", "case_label", "originals", "copies", "form_name", "register_id", "standard_id")


@dataclass
class CatalogueResult:
    """What became of the entries of some files.

    ``read_share``: share of the letters of the papers' glued texts that found their place; None where there was no such text.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    components: int = 0
    read_share: float | None = None
    unread: list[Unread] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)


def load_catalogue(paths: Sequence[Path], valid_from: date, list_code: str = NATIONAL) -> CatalogueResult:
    """Read files of the portal and upsert their procedures; ``valid_from`` goes to new ones only.

    All files are read before anything is written. A list changes only what it speaks of: it leaves the papers that a page gave.
    Raises ``InputError`` for a file that cannot be read at all.
    """
    result = CatalogueResult()
    read = total = 0
    entries: dict[str, list[tuple[str, Entry]]] = {}
    for path in paths:
        catalogue = read_catalogue(read_bytes(path), path.name)
        result.unread += catalogue.unread
        read, total = read + catalogue.letters[0], total + catalogue.letters[1]
        for entry in catalogue.entries:
            entries.setdefault(entry.code, []).append((path.name, entry))
    result.read_share = round(read / total, 4) if total else None
    load_registers()
    codes = sorted(entries)
    for start in range(0, len(codes), CHUNK):
        chunk = codes[start : start + CHUNK]
        with writing() as session:
            registers = dict(session.execute(select(StateRegister.code, StateRegister.id)).all())
            standards = dict(session.execute(select(StandardComponent.code, StandardComponent.id)).all())
            found = session.scalars(
                select(Procedure)
                .where(Procedure.list_code == list_code, Procedure.code.in_(chunk))
                .options(selectinload(Procedure.components))
            )
            known = {procedure.code: procedure for procedure in found}
            for code in chunk:
                _upsert(session, result, known.get(code), entries[code], list_code, valid_from, Ids(registers, standards))
            audit.record(session, "catalogue.load", ", ".join(path.name for path in paths)[:200], procedures=len(chunk))
    return result


def _upsert(
    session: Session,
    result: CatalogueResult,
    procedure: Procedure | None,
    entries: Sequence[tuple[str, Entry]],
    list_code: str,
    valid_from: date,
    ids: "Ids",
) -> None:
    values, papers = _joined(result, procedure, entries)
    if not values:
        return
    wanted = [_component(paper, position, ids) for position, paper in enumerate(papers or [], 1)]
    if procedure is None:
        empty: dict[str, Any] = {"issuing_agencies": [], "executing_agencies": [], "levels": [], "details": {}}
        note = f"Cổng Dịch vụ công quốc gia: {', '.join(dict.fromkeys(name for name, _ in entries))}"
        procedure = Procedure(
            list_code=list_code, code=entries[0][1].code, valid_from=valid_from, source_note=note[:300], **(empty | values)
        )
        session.add(procedure)
        session.flush()
        changed, result.added = True, result.added + 1
    else:
        differing = {key: value for key, value in values.items() if getattr(procedure, key) != value}
        changed = bool(differing)
        for key, value in differing.items():
            setattr(procedure, key, value)
        old = [{key: getattr(component, key) for key in COMPONENT_KEYS} for component in procedure.components]
        if papers is not None and old == wanted:
            papers = None  # nothing to rewrite
        changed = changed or papers is not None
        result.changed += changed
        result.unchanged += not changed
    result.components += len(wanted)
    if papers is not None:
        session.execute(delete(Component).where(Component.procedure_id == procedure.id))
        session.expire(procedure, ["components"])
        session.add_all(Component(procedure_id=procedure.id, **row) for row in wanted)


def _joined(
    result: CatalogueResult, procedure: Procedure | None, entries: Sequence[tuple[str, Entry]]
) -> tuple[dict[str, Any], list[Paper] | None]:
    """What all files together say of one code, lists before pages; and the papers, if a page speaks of them.

    Codes are given twice in practice: a page whose name is that of quite another procedure is told and left out. Where a list
    says so, the code was another procedure's until now, and what its page said goes.
    """
    values: dict[str, Any] = {}
    papers: list[Paper] | None = None
    for file, entry in sorted(entries, key=lambda item: item[1].papers is not None):
        recorded = values.get("name") or (procedure.name if procedure else entry.values["name"])
        same = SequenceMatcher(None, plain(recorded), plain(entry.values["name"]), autojunk=False).ratio() >= SAME_NAME
        if not same and entry.papers is not None:
            names = entry.values["name"], recorded
            result.unread.append(
                Unread(
                    file,
                    entry.row,
                    entry.code,
                    f"Mã đã thuộc thủ tục khác: “{names[0][:80]}” ≠ “{names[1][:80]}”. Kiểm tra mã trên Cổng.",
                    f"The code belongs to another procedure: “{names[0][:80]}” ≠ “{names[1][:80]}”. Check it on the portal.",
                )
            )
            continue
        if not same:
            values, papers = {"levels": [], "is_local": False, "details": {}}, []
        values |= entry.values
        papers = entry.papers if entry.papers is not None else papers
        if entry.agencies and not values.get("executing_agencies") and not (procedure and procedure.executing_agencies):
            values["executing_agencies"] = entry.agencies
    return values, papers


@dataclass(frozen=True)
class Ids:
    """Database ids by code."""

    registers: dict[str, int]
    standards: dict[str, int]


def _component(paper: Paper, position: int, ids: Ids) -> dict[str, Any]:
    standard, register = standard_of(paper.name)
    return {
        "position": position,
        "name": paper.name,
        "case_label": paper.case_label,
        "originals": paper.originals,
        "copies": paper.copies,
        "form_name": paper.form_name[:MAX_FORM],
        "register_id": ids.registers.get(register) if register else None,
        "standard_id": ids.standards.get(standard) if standard else None,
    }


def load_registers() -> dict[str, int]:
    """Upsert the seed of state registers and of standard components. A day of publication that was recorded stays where the seed has
    none. The counts are of registers."""
    counts = {"added": 0, "changed": 0, "unchanged": 0}
    with writing() as session:
        known = {register.code: register for register in session.scalars(select(StateRegister))}
        for row in seed():
            register = known.get(row["code"])
            if register is None:
                session.add(StateRegister(**row))
                counts["added"] += 1
                continue
            values = {key: value for key, value in row.items() if value is not None and getattr(register, key) != value}
            for key, value in values.items():
                setattr(register, key, value)
            counts["changed" if values else "unchanged"] += 1
        session.flush()
        _load_standards(session, dict(session.execute(select(StateRegister.code, StateRegister.id)).all()))
    return counts


def _load_standards(session: Session, registers: dict[str, int]) -> None:
    known = {standard.code: standard for standard in session.scalars(select(StandardComponent))}
    for row in component_seed()["components"]:
        values = {
            "name": row["name"],
            "name_en": row["name_en"],
            "register_id": registers[row["register"]] if row["register"] else None,
            "aliases": row["aliases"],
            "is_head": row.get("head", False),
            "is_exact": row.get("exact", False),
        }
        standard = known.get(row["code"])
        if standard is None:
            session.add(StandardComponent(code=row["code"], **values))
        for key, value in values.items():
            if standard is not None and getattr(standard, key) != value:
                setattr(standard, key, value)


class _Claim(BaseModel):
    """A figure quoted from elsewhere, as a file has it: a share or a count, and what it is made of where the source tells."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(pattern=r"^[a-z0-9_]{1,40}$")
    text_vi: str = Field(min_length=1)
    text_en: str = Field(min_length=1)
    value: float = Field(ge=0)
    numerator: int | None = Field(ge=0)
    denominator: int | None = Field(ge=1)
    source: str = Field(min_length=1)
    source_en: str = ""
    as_of: date


def load_claims(path: Path = CLAIMS) -> dict[str, int]:
    """Upsert the figures quoted from elsewhere, by key. Raises ``InputError`` for a file that is not sound; then nothing is taken."""
    counts = {"added": 0, "changed": 0, "unchanged": 0}
    try:
        rows = TypeAdapter(list[_Claim]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError, UnicodeDecodeError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": str(error)}
        place = ".".join(str(part + 1 if isinstance(part, int) else part) for part in first["loc"]) or "YAML"
        raise InputError(
            f"Tệp {path.name} không hợp lệ ở {place}: {first['msg']}. Xem các trường của procedures/claims.yaml.",
            f"The file {path.name} is not sound at {place}: {first['msg']}. See the fields of procedures/claims.yaml.",
            field=place,
        ) from error
    with writing() as session:
        known = {claim.key: claim for claim in session.scalars(select(QuotedClaim))}
        for row in (item.model_dump() for item in rows):
            claim = known.get(row["key"])
            if claim is None:
                session.add(QuotedClaim(**row))
                counts["added"] += 1
            elif any(getattr(claim, key) != value for key, value in row.items()):
                session.execute(update(QuotedClaim).where(QuotedClaim.key == row["key"]).values(**row))
                counts["changed"] += 1
            else:
                counts["unchanged"] += 1
    return counts
