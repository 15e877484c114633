"""What papers a procedure asks for, and which of them the state has already: for people who were told to bring more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from procedures import once_only
from procedures.models import NATIONAL, Component, Procedure, RegisterConnection, StandardComponent, StateRegister, Unit


@dataclass(frozen=True)
class LegalBasis:
    """The legal test that holds on a day (``once_only.yaml``), in both languages."""

    name: str
    name_en: str
    condition: str
    condition_en: str
    valid_from: date


@dataclass(frozen=True)
class Held:
    """The state register that holds what a paper says. ``published_from``: None where the day is not known.

    ``spares``: the conditions of the legal basis that can be known here (publication, connection of the province's or ministry's
    systems) hold, so that the paper need not be given again.
    """

    register: str
    register_en: str
    keeper: str
    keeper_en: str
    published_from: date | None
    source_document: str
    spares: bool


@dataclass(frozen=True)
class AskedPaper:
    """One paper of a procedure. ``key``: its code on the portal, or its place in the list where it has none."""

    key: str
    name: str
    case_label: str
    held: Held | None


def asked_papers(session: Session, code: str, unit_codes: Sequence[str | None], on: date) -> list[AskedPaper]:
    """The papers that a national procedure asks for, in its order; empty where the catalogue has none.

    ``unit_codes``: who handles the dossier, and the province or ministry above it, whose systems may look into a register.
    """
    procedure = session.scalar(
        select(Procedure)
        .where(Procedure.list_code == NATIONAL, Procedure.code == code)
        .options(
            selectinload(Procedure.components).options(
                joinedload(Component.register), joinedload(Component.standard).joinedload(StandardComponent.register)
            )
        )
    )
    if procedure is None:
        return []
    connected = set(
        session.scalars(
            select(RegisterConnection.register_id)
            .join(Unit, Unit.id == RegisterConnection.unit_id)
            .where(Unit.code.in_([unit for unit in unit_codes if unit]), RegisterConnection.connected_from <= on)
        )
    )
    test = _test_on(on)
    return [
        AskedPaper(part.code or str(part.position), part.name, part.case_label, _held(part, connected, test, on))
        for part in procedure.components
    ]


def _held(part: Component, connected: set[int], test: once_only.LegalTest | None, on: date) -> Held | None:
    register: StateRegister | None = part.standard.register if part.standard is not None else part.register
    if register is None:
        return None
    own_day = part.standard.published_from if part.standard is not None else None
    since = own_day or register.published_from
    document = (part.standard.source_document if part.standard is not None and own_day else "") or register.source_document
    published = since is not None and since <= on
    spares = test is not None and (published or not test.published)
    spares = spares and test is not None and (register.id in connected or not (test.connected or test.excused_unconnected))
    return Held(
        register.name, register.name_en, register.keeper, register.keeper_en, since if published else None, document, published and spares
    )


def legal_basis(on: date) -> LegalBasis | None:
    """What spares people a paper that the state has, on a day; None where nothing did yet."""
    test = _test_on(on)
    if test is None:
        return None
    row = next(row for row in once_only.seed()["tests"] if row["code"] == test.code)
    return LegalBasis(row["name"], row["name_en"], row["condition"], row["condition_en"], test.valid_from)


def _test_on(on: date) -> once_only.LegalTest | None:
    return once_only.OnceOnly(tests=once_only.read_tests(once_only.seed()["tests"])).test_on(on)
