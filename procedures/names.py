"""Units by name, matched to the official list; and the nearest units and procedures where a code is not known.

What is matched agrees to the letter after folding (``folding.py``) and means one unit only. What is merely similar is offered to
a person, never taken.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from procedures.folding import UnitName, commune_named, fold, is_name, parse, plain, words
from procedures.models import NATIONAL, Procedure, Source, Unit, UnitCode, UnitSuccessor, UnitVersion
from procedures.queries import units, valid

__all__ = [
    "Candidate",
    "Directory",
    "Span",
    "codes_by_name",
    "fold",
    "further_units",
    "match_units",
    "names_for_quarantine",
    "nearest_procedures",
    "nearest_units",
]
CODES_ALIKE = 70.0  # of 100: two of seven signs may differ
NAMES_ALIKE = 65.0
MOST = 1000  # codes of one rule; whoever has more has a wrong column, not missing codes
UNIT_RULES = ("unknown_unit", "unknown_receiving_unit")
PROCEDURE_RULES = ("unknown_procedure",)
EXACT = 99.0  # the same code but for zeros that a spreadsheet drops


@dataclass(frozen=True)
class _Known:
    """A unit under one of its names."""

    code: str
    kind: str
    name: UnitName


class Directory:
    """The names of a list's units on a day; ``former`` are names that units of that day had on other days."""

    def __init__(self, session: Session, on: date, within: str | None = None, list_code: str = NATIONAL) -> None:
        self.views = units(session, on, list_code)
        self.former: dict[str, list[_Known]] = {}
        self.current: dict[str, list[_Known]] = {}
        self.above: dict[str, set[str]] = {}
        inside = {code for code in self.views if within is None or within in self._chain(code)}
        rows = session.execute(
            select(Unit.code, Unit.kind, UnitVersion.name, valid(UnitVersion, on))
            .join(UnitVersion, UnitVersion.unit_id == Unit.id)
            .where(Unit.list_code == list_code)
        ).all()
        names: dict[str, set[str]] = {}
        for code, kind, text, now in rows:
            if code not in self.views or not any(letter.isalpha() for letter in text):
                continue
            parsed = parse(text)
            names.setdefault(code, set()).add(parsed.core)
            if code in inside:
                index = self.current if now else self.former
                index.setdefault(parsed.core, []).append(_Known(code, kind, parsed))
        for code in inside:
            self.above[code] = set().union(*(names.get(other, ()) for other in self._chain(code)[1:]))
        for index in (self.current, self.former):
            self._add_with_place(index)

    def _chain(self, code: str) -> list[str]:
        """A unit and what it lies in, from below."""
        found: list[str] = []
        above: str | None = code
        while above is not None and above in self.views and above not in found:
            found.append(above)
            above = self.views[above].parent_code
        return found

    def _add_with_place(self, index: dict[str, list[_Known]]) -> None:
        """Also know ``Lâm Thao - Phú Thọ``, where no word says that a place follows."""
        more = [(f"{known.name.core} {place}", known) for found in index.values() for known in found for place in self.above[known.code]]
        for key, known in more:
            index.setdefault(key, []).append(known)

    def find(self, text: str) -> str | None:
        """The only unit that the text can mean: by its name of the day, else by another day's. None for none or several."""
        if not any(letter.isalpha() for letter in text):
            return None
        asked = parse(text)
        for index in (self.current, self.former):
            found = {
                known
                for known in index.get(asked.core, ())
                if asked.level in (None, known.kind) and asked.place in {"", known.name.place, *self.above[known.code]}
            }
            if len({known.code for known in found}) > 1:
                found = {known for known in found if known.name.type == asked.type}
            codes = {known.code for known in found}
            if codes:
                return codes.pop() if len(codes) == 1 else None
        return None


def match_units(session: Session, names: Iterable[str], within: str | None = None, *, on: date) -> dict[str, str | None]:
    """The unit that each name means on a day, looked for in a national unit and everything below it (None: in the whole list).

    Exact after folding and only where one unit remains; the type word decides between units of one name. Former names count where
    no unit of the day has the name.
    """
    directory = Directory(session, on, within)
    return {name: directory.find(name) for name in names}


def codes_by_name(session: Session, source: Source, texts: Sequence[str], on: date) -> dict[str, str]:
    """Units of the source's own province or ministry that texts of its column of codes name exactly. What means no unit is left out."""
    named = [text for text in texts if is_name(text)]
    if not named or source.list_code != NATIONAL:
        return {}
    found = match_units(session, named, source.unit.code if source.unit is not None else None, on=on)
    return {text: code for text, code in found.items() if code is not None}


class Span(NamedTuple):
    """What a text means from ``valid_from`` until before ``valid_to``; of several the smallest ``rank`` goes first."""

    rank: int
    code: str
    valid_from: date
    valid_to: date
    unit: str
    kind: str
    parent: str | None


def further_units(session: Session, source: Source, texts: Sequence[str], on: date, first_rank: int) -> list[Span]:
    """What the texts mean beyond the registered codes, to be looked up after these: codes of abolished communes that have exactly
    one successor (rank ``first_rank``), then names (``first_rank + 1``). A day on which the unit did not exist is in no span.
    """
    if source.list_code != NATIONAL:
        return []
    heirs = {code: found for code, found in _successors(session, texts).items() if len(found) == 1}
    means = [(first_rank, code, unit, since) for code, found in heirs.items() for unit, since in found.items()]
    means += [(first_rank + 1, text, unit, date.min) for text, unit in codes_by_name(session, source, texts, on).items()]
    parent = aliased(Unit)
    versions: dict[str, list[tuple[date, date | None, str, str | None]]] = {}
    for chunk in chunks(sorted({unit for _rank, _text, unit, _since in means})):
        rows = session.execute(
            select(Unit.code, UnitVersion.valid_from, UnitVersion.valid_to, Unit.kind, parent.code)
            .join(UnitVersion, UnitVersion.unit_id == Unit.id)
            .outerjoin(parent, parent.id == UnitVersion.parent_id)
            .where(Unit.list_code == NATIONAL, Unit.code.in_(chunk))
        )
        for code, since, until, kind, above in rows:
            versions.setdefault(code, []).append((since, until, kind, above))
    return [
        Span(rank, text, max(begin, since), until or date.max, unit, kind, above)
        for rank, text, unit, begin in means
        for since, until, kind, above in versions[unit]
        if until is None or until > begin
    ]


def chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """The texts in portions that a query takes, without those with a NUL: PostgreSQL has none and does not let one ask for it."""
    texts = [text for text in texts if "\0" not in text]
    return (texts[start : start + 500] for start in range(0, len(texts), 500))


def _successors(session: Session, codes: Sequence[str]) -> dict[str, dict[str, date]]:
    """The units that abolished communes went into, and since when, by the communes' codes."""
    found: dict[str, dict[str, date]] = {}
    for chunk in chunks(codes):
        rows = session.execute(
            select(UnitSuccessor.code, Unit.code, UnitSuccessor.valid_from)
            .join(Unit, Unit.id == UnitSuccessor.unit_id)
            .where(UnitSuccessor.code.in_(chunk))
            .order_by(UnitSuccessor.code, Unit.code)
        )
        for code, unit, since in rows:
            found.setdefault(code, {})[unit] = since
    return found


class Candidate(NamedTuple):
    """Something that an unknown code may mean. ``score``: likeness from 0 to 100; 100 is a successor that a decision names."""

    code: str
    name: str
    score: float


@dataclass(frozen=True)
class _Entry:
    """One unit or procedure with everything by which it may be found."""

    code: str
    name: str
    core: str
    codes: tuple[str, ...]


def without_zeros(code: str) -> str:
    """A code as it looks after a spreadsheet took it for a number: ``00004`` and ``4.0`` give ``4``, ``1.115150`` gives ``1.11515``."""
    text = re.sub(r"\.000\.00\.00\..*$", "", code.strip().casefold().replace(",", "."))
    if re.fullmatch(r"\d+\.\d+", text):
        whole, part = text.split(".")
        return ((whole.lstrip("0") or "0") + "." + part.rstrip("0")).rstrip(".")
    return re.sub(r"(?<!\d)0+(?=\d)", "", text)


def _rank(
    texts: Sequence[str], names: Mapping[str, str], entries: Sequence[_Entry], own: set[str], limit: int
) -> dict[str, list[Candidate]]:
    """The entries nearest to each text: by lost zeros, then by likeness of code or name; ``own`` ones first. Same input, same order.

    ``names``: the folded name of a text that has one.
    """
    from rapidfuzz import fuzz, process
    from rapidfuzz.distance import Levenshtein

    keys = [(code.casefold(), position) for position, entry in enumerate(entries) for code in entry.codes]
    zeros: dict[str, set[int]] = {}
    for code, position in keys:
        zeros.setdefault(without_zeros(code), set()).add(position)
    scores: dict[str, dict[int, float]] = {text: dict.fromkeys(zeros.get(without_zeros(text), ()), EXACT) for text in texts}

    def note(text: str, position: int, score: float) -> None:
        scores[text][position] = max(scores[text].get(position, 0.0), score)

    coded = [text for text in texts if not is_name(text)]
    if coded and keys:
        alike = process.cdist(
            [text.casefold() for text in coded],
            [code for code, _position in keys],
            scorer=Levenshtein.normalized_similarity,
            score_cutoff=CODES_ALIKE / 100,
        )
        for row, column in zip(*alike.nonzero(), strict=True):
            note(coded[row], keys[column][1], min(100.0 * float(alike[row, column]), EXACT - 1))
    named = [text for text in texts if names.get(text)]
    if named and entries:
        # With its marks and without: a wrong mark costs something, a missing one not everything.
        asked, cores = [names[text] for text in named], [entry.core for entry in entries]
        likeness = process.cdist(asked, cores, scorer=fuzz.ratio) + process.cdist(asked, cores, scorer=fuzz.ratio, processor=plain)
        for row, column in zip(*(likeness >= 2 * NAMES_ALIKE).nonzero(), strict=True):
            note(named[row], int(column), min(float(likeness[row, column]) / 2, EXACT - 1))
    result = {}
    for text, found in scores.items():
        order = sorted(
            (-(score >= EXACT), entries[position].code not in own, -round(score, 1), entries[position].code, position)
            for position, score in found.items()
            if entries[position].code != text
        )
        result[text] = [Candidate(entries[at].code, entries[at].name, -minus) for _exact, _own, minus, _code, at in order[:limit]]
    return result


def _nearest_units(
    session: Session, source: Source, codes: Sequence[str], names: Mapping[str, str], limit: int
) -> dict[str, list[Candidate]]:
    every = units(session, date.max, source.list_code)
    known: dict[str, set[str]] = {code: {code} for code in every}
    systems = ("gso", "exchange", f"source:{source.code}")
    rows = session.execute(
        select(Unit.code, UnitCode.code)
        .join(Unit, Unit.id == UnitCode.unit_id)
        .where(Unit.list_code == source.list_code, UnitCode.system.in_(systems), UnitCode.valid_to.is_(None))
    )
    for code, other in rows:
        if code in known:
            known[code].add(other)
    titles = {
        code: f"{view.name}, {every[view.province_code].name}" if view.province_code not in (None, code) else view.name
        for code, view in every.items()
    }
    home = source.unit.code if source.unit is not None and source.list_code == NATIONAL else None
    own = {code for code, view in every.items() if home is not None and home in (code, view.province_code)}
    entries = [_Entry(code, titles[code], fold(view.name), tuple(sorted(known[code]))) for code, view in every.items()]
    folded = {code: fold(commune_named(names.get(code) or code)) for code in codes if names.get(code) or is_name(code)}
    found = _rank(codes, folded, entries, own, limit)
    if source.list_code == NATIONAL:
        for code, heirs in _successors(session, codes).items():
            first = [Candidate(unit, titles[unit], 100.0) for unit in heirs if unit in titles]
            found[code] = [*first, *(other for other in found[code] if other.code not in heirs)][:limit]
    return found


def _nearest_procedures(
    session: Session, list_code: str, codes: Sequence[str], names: Mapping[str, str], limit: int
) -> dict[str, list[Candidate]]:
    rows = session.execute(select(Procedure.code, Procedure.name).where(Procedure.list_code == list_code).order_by(Procedure.code)).all()
    entries = [_Entry(code, name, " ".join(words(name)), (code,)) for code, name in rows]
    written = {code: " ".join(words(names.get(code) or code)) for code in codes if names.get(code) or is_name(code)}
    return _rank(codes, written, entries, set(), limit)


def nearest_units(session: Session, source: Source, code: str, name: str | None = None, limit: int = 3) -> list[Candidate]:
    """The units that an unknown code of a source may mean, the likeliest first: successors of an abolished commune, the same code
    but for lost zeros, then codes and names that are alike, each first in the source's own province or ministry. Empty: none is near.

    For many codes use ``names_for_quarantine``: this reads the whole list.
    """
    return _nearest_units(session, source, [code], {code: name} if name else {}, limit)[code]


def nearest_procedures(session: Session, list_code: str, code: str, name: str | None = None, limit: int = 3) -> list[Candidate]:
    """The procedures of a list that an unknown code may mean, the likeliest first: the same code but for lost zeros, then codes and
    names that are alike. Empty: none is near. For many codes use ``names_for_quarantine``: this reads the whole list.
    """
    return _nearest_procedures(session, list_code, [code], {code: name} if name else {}, limit)[code]


def names_for_quarantine(session: Session, source: Source, rule: str, codes: Sequence[str], limit: int = 3) -> dict[str, list[Candidate]]:
    """What each of the codes that broke a rule may mean. Every code has a list, perhaps an empty one."""
    offered: dict[str, list[Candidate]] = {code: [] for code in codes}
    asked = list(offered)[:MOST]
    if rule in UNIT_RULES:
        offered.update(_nearest_units(session, source, asked, {}, limit))
    elif rule in PROCEDURE_RULES:
        offered.update(_nearest_procedures(session, source.list_code, asked, {}, limit))
    return offered
