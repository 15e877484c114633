"""Which state register already holds a requested paper, and whether the asking system could look into it."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.calendar import local_date
from procedures.models import NATIONAL, Component, Procedure, RegisterConnection, StateRegister, Unit
from procedures.registers import register_of

Paper = tuple[str, str | None, str | None]  # procedure code, paper code, paper name


def classify_papers(session: Session, papers: Iterable[Paper]) -> dict[Paper, tuple[bool, str | None]]:
    """For each paper: whether it is known at all, and the register that holds it.

    Known by the component's code, else by its name, within the procedure; else by a register's keywords. ``(True, None)``: a
    paper of the procedure that no register holds; ``(False, None)``: cannot be classified (class F0 of methodology §7.5).
    """
    wanted = set(papers)
    rows = session.execute(
        select(Procedure.code, Component.code, Component.name, StateRegister.code)
        .join(Component, Component.procedure_id == Procedure.id)
        .outerjoin(StateRegister, StateRegister.id == Component.register_id)
        .where(Procedure.list_code == NATIONAL)
    )
    by_code: dict[tuple[str, str], str | None] = {}
    by_name: dict[tuple[str, str], str | None] = {}
    for procedure, code, name, register in rows:
        if code:
            by_code[procedure, code] = register
        by_name[procedure, name.casefold().strip()] = register
    result: dict[Paper, tuple[bool, str | None]] = {}
    for paper in wanted:
        procedure, code, name = paper
        if code and (procedure, code) in by_code:
            result[paper] = (True, by_code[procedure, code])
        elif name and (procedure, name.casefold().strip()) in by_name:
            result[paper] = (True, by_name[procedure, name.casefold().strip()])
        else:
            register = register_of(name or "")
            result[paper] = (register is not None, register)
    return result


def keep_asked_again(session: Session, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The dossiers (as dictionaries of the lake's columns) that were asked for a paper of class F1 of methodology §7.5.

    F1: the paper maps to a register that was published, and that the system of the handling unit's province or ministry was
    connected to, on the day of the request (NĐ 118/2025 Art. 4(2a)).
    """
    from procedures.queries import units

    known = classify_papers(
        session,
        {
            (row["procedure_code"], document["code"], document["name"])
            for row in rows
            for request in row["supplements"]
            for document in request["documents"] or []
        },
    )
    published = {code: day for code, day in session.execute(select(StateRegister.code, StateRegister.published_from)) if day is not None}
    connected: dict[tuple[str, str], date] = {}
    for register, unit, since in session.execute(
        select(StateRegister.code, Unit.code, RegisterConnection.connected_from)
        .join(RegisterConnection, RegisterConnection.register_id == StateRegister.id)
        .join(Unit, Unit.id == RegisterConnection.unit_id)
    ):
        connected[register, unit] = min(since, connected.get((register, unit), since))
    provinces = {code: view.province_code for code, view in units(session, date.max).items()}

    def failed(row: dict[str, Any]) -> bool:
        province = provinces.get(row["handling_unit"])
        for request in row["supplements"]:
            day = local_date(request["requested_at"])
            for document in request["documents"] or []:
                register = known[row["procedure_code"], document["code"], document["name"]][1]
                if register is None or province is None:
                    continue
                if published.get(register, date.max) <= day and connected.get((register, province), date.max) <= day:
                    return True
        return False

    return [row for row in rows if failed(row)]
