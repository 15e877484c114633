"""Which state register already holds a requested paper: one classification for counting and for opening a figure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from procedures.models import NATIONAL, Component, Procedure, StateRegister
from procedures.registers import is_drawn_up, plain

HELD, GENUINE, UNCLEAR = "held", "genuine", "unclear"


class PaperBook:
    """Classes of papers by the catalogue's components and the registers' keywords. Pure.

    ``components``: (procedure code, paper code, paper name, register code or None). ``keywords``: register code to words
    without diacritics that name papers it holds.
    """

    def __init__(self, components: Iterable[tuple[str, str, str, str | None]], keywords: Mapping[str, Sequence[str]]) -> None:
        self._by_code: dict[tuple[str, str], str | None] = {}
        self._by_name: dict[tuple[str, str], str | None] = {}
        for procedure, code, name, register in components:
            if code:
                self._by_code[procedure, code] = register
            self._by_name[procedure, plain(name)] = register
        self._owner = {plain(word): register for register in sorted(keywords) for word in keywords[register]}
        longest_first = sorted(self._owner, key=lambda word: (-len(word), word))
        self._pattern = re.compile(r"(?<!\w)(" + "|".join(map(re.escape, longest_first)) + r")(?!\w)") if self._owner else None

    def classify(self, procedure: str, code: str | None, name: str | None) -> tuple[str, str | None]:
        """(``held``, register), (``genuine``, None) or (``unclear``, None) for one requested paper.

        Known as a paper of the procedure, by code or by name, it is held if the catalogue says so. Otherwise what the
        applicant draws up is genuine, and the earliest of the registers' keywords decides (of several there, the longest).
        What has no name, and a name that nothing fits, is unclear: class F0 of methodology §7.5.
        """
        wanted = plain(name or "")
        for key, known in (((procedure, code or ""), self._by_code), ((procedure, wanted), self._by_name)):
            if key[1] and known.get(key):
                return HELD, known[key]
        if is_drawn_up(wanted):
            return GENUINE, None
        found = self._pattern.search(wanted) if self._pattern else None
        if found:
            return HELD, self._owner[found.group(1)]
        if (procedure, code or "") in self._by_code or (wanted and (procedure, wanted) in self._by_name):
            return GENUINE, None
        return UNCLEAR, None


def paper_book(session: Session) -> PaperBook:
    """The classification by the national catalogue and the registers as they stand."""
    components = session.execute(
        select(Procedure.code, Component.code, Component.name, StateRegister.code)
        .join(Component, Component.procedure_id == Procedure.id)
        .outerjoin(StateRegister, StateRegister.id == Component.register_id)
        .where(Procedure.list_code == NATIONAL)
    )
    keywords = dict(session.execute(select(StateRegister.code, StateRegister.keywords)).all())
    return PaperBook(components.all(), keywords)


def keep_asked_again(session: Session, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The dossiers (as dictionaries of the lake's columns) that were asked for at least one paper that a register holds."""
    book = paper_book(session)
    known: dict[tuple[str, str | None, str | None], bool] = {}

    def is_held(procedure: str, code: str | None, name: str | None) -> bool:
        paper = (procedure, code, name)
        if paper not in known:
            known[paper] = book.classify(*paper)[0] == HELD
        return known[paper]

    return [
        row
        for row in rows
        if any(
            is_held(row["procedure_code"], document["code"], document["name"])
            for request in row["supplements"] or []
            for document in request["documents"] or []
        )
    ]
