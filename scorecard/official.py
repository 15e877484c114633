"""Published scores of the official index (QĐ 766/QĐ-TTg), transcribed by people: shown beside our figures, never merged.

Where the counts behind them are known too, they are kept as well: the score can then be computed again and compared.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core import audit
from core.calendar import Month
from core.database import reading, writing
from core.errors import InputError
from procedures.queries import UnitView, units
from procedures.registers import plain
from scorecard.models import OfficialCount, OfficialScore
from scorecard.scoring.counts_file import UnitCounts, read_counts
from scorecard.scoring.library import find_scoring
from scorecard.scoring.points import Score, score
from scorecard.scoring.schema import CountRules

INDEX = "qd766-2022"  # the rule set of the official index
TOTAL = "total"
_BODY = re.compile(r"^(ubnd|uy ban nhan dan)\s+")
_TYPE = re.compile(r"^(tinh|thanh pho|tp\.?)\s+")


@dataclass(frozen=True)
class Loaded:
    """What became of a file. ``scores``: of groups and totals, or counts of indicators; ``unmatched``: names that no unit has."""

    month: Month
    units: int
    scores: int
    unmatched: list[str]


def maxima() -> dict[str, float]:
    """The most that can be had in each group of the index, and in all."""
    rules = find_scoring(INDEX)
    return {group.id: float(group.points) for group in rules.groups} | {TOTAL: float(rules.points)}


def load(path: Path, month: Month | None, now: datetime) -> Loaded:
    """Read a file of scores, one row a unit, and store them in place of the month's older ones.

    The month is the one given, or the date in the file's name (``…_asof_2026-09-17.csv``). Units are found by name,
    whatever the case, the place of the tone mark, ``UBND`` before it, or a type that has changed since. Raises
    ``InputError`` for a file without names or a score that is no number within its group's maximum.
    """
    month = month or _month_in(path.name)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    if not rows or "department_name" not in rows[0]:
        raise InputError(
            "Tệp không có cột department_name. Cần: department_code, department_name, total_score, CKMB, TDGQ, CLGQ, TTTT, MDHL, MDSH.",
            "The file has no column department_name. Needed: department_code, department_name, total_score, CKMB, TDGQ …",
        )
    known, most = _Known(month.last_day), maxima()
    found: dict[str, dict[str, float]] = {}
    unmatched = []
    for number, row in enumerate(rows, start=2):
        code = known.named(row["department_name"])
        if code is None:
            unmatched.append(row["department_name"])
            continue
        found[code] = {group: score for group in most if (score := _score(row, group, number, most[group])) is not None}
    with writing() as session:
        session.execute(delete(OfficialScore).where(OfficialScore.period == str(month), OfficialScore.unit_code.in_(found)))
        session.add_all(
            OfficialScore(unit_code=code, period=str(month), group_code=group, score=score, maximum=most[group], source=path.name)
            for code, scores in found.items()
            for group, score in scores.items()
        )
        audit.record(session, "official.load", str(month), file=path.name, units=len(found), unmatched=len(unmatched), at=now.isoformat())
    return Loaded(month, len(found), sum(map(len, found.values())), unmatched)


def load_counts(path: Path, month: Month | None, now: datetime) -> Loaded:
    """Read the counts behind the month's scores (``COUNTS.csv``) and store them in place of older ones of the same units.

    Units are found by their code, else by name as in ``load``. Raises ``InputError`` for the first row that cannot be scored:
    the file is taken whole or not at all.
    """
    month = month or _month_in(path.name)
    read = read_counts(path, find_scoring(INDEX))
    if read.refused:
        raise read.refused[0]
    known = _Known(month.last_day)
    found: dict[str, UnitCounts] = {}
    unmatched = []
    for unit in read.units:
        code = known.coded(unit.code) or known.named(unit.name)
        if code is None:
            unmatched.append(f"{unit.code} {unit.name}".strip())
        else:
            found[code] = unit
    with writing() as session:
        session.execute(delete(OfficialCount).where(OfficialCount.period == str(month), OfficialCount.unit_code.in_(found)))
        session.add_all(
            OfficialCount(unit_code=code, period=str(month), indicator=name, numerator=top, denominator=bottom, source=path.name)
            for code, unit in found.items()
            for name, (top, bottom) in _stored(unit).items()
        )
        audit.record(session, "official.counts", str(month), file=path.name, units=len(found), unmatched=len(unmatched), at=now.isoformat())
    return Loaded(month, len(found), sum(len(unit.counts) for unit in found.values()), unmatched)


@dataclass(frozen=True)
class Recomputed:
    """A score computed again from the counts that were loaded for a unit and month, and where these come from."""

    score: Score
    source: str


def recomputed(session: Session, unit_code: str, month: str, rules: CountRules) -> Recomputed | None:
    """The unit's score from its loaded counts; None where none were loaded."""
    wanted = select(OfficialCount).where(OfficialCount.unit_code == unit_code, OfficialCount.period == month)
    rows = list(session.scalars(wanted))
    if not rows:
        return None
    names = {factor.id for factor in rules.factors}
    factors = {row.indicator: Fraction(row.numerator, row.denominator) for row in rows if row.indicator in names}
    counts = {row.indicator: (row.numerator, row.denominator) for row in rows if row.indicator not in names}
    return Recomputed(score(rules, counts, factors), rows[0].source)


def months(session: Session, unit_code: str) -> Sequence[str]:
    """Months with published scores or counts of a unit, newest first."""
    tables = (OfficialScore, OfficialCount)
    found = {period for table in tables for period in session.scalars(select(table.period).where(table.unit_code == unit_code).distinct())}
    return sorted(found, reverse=True)


def _stored(unit: UnitCounts) -> dict[str, tuple[int, int]]:
    return {**unit.counts, **{name: (factor.numerator, factor.denominator) for name, factor in unit.factors.items()}}


def _month_in(name: str) -> Month:
    found = re.search(r"(\d{4}-(?:0[1-9]|1[0-2]))-\d{2}", name)
    if found is None:
        raise InputError(
            f"Tên tệp {name} không có ngày. Hãy nêu tháng bằng --month 2026-10.",
            f"The file's name {name} holds no date. Give the month with --month 2026-10.",
        )
    return Month.parse(found.group(1))


def _key(name: str) -> str:
    return _BODY.sub("", plain(name))


class _Known:
    """Provinces and ministries by code, by full and by short name."""

    def __init__(self, on: date) -> None:
        views: Mapping[str, UnitView] = units(reading(), on)
        self._codes = {view.code for view in views.values() if view.kind in ("province", "ministry")}
        self._names: dict[str, str] = {}
        for code in views:
            if code in self._codes:
                self._names[_key(views[code].name)] = code
                self._names.setdefault(_key(views[code].short_name), code)

    def coded(self, code: str) -> str | None:
        """The unit of this code, if there is one."""
        return code if code in self._codes else None

    def named(self, name: str) -> str | None:
        """The unit of this name, if there is one."""
        return self._names.get(_key(name)) or self._names.get(_TYPE.sub("", _key(name)))


def _score(row: Mapping[str, str], group: str, number: int, maximum: float) -> float | None:
    column = "total_score" if group == TOTAL else group
    text = (row.get(column) or "").strip()
    if not text:
        return None
    try:
        score = float(text)
    except ValueError:
        score = -1.0
    if not 0 <= score <= maximum:
        raise InputError(
            f"“{text}” không phải điểm từ 0 đến {maximum:g}.",
            f"“{text}” is not a score from 0 to {maximum:g}.",
            row=number,
            field=column,
        )
    return score
