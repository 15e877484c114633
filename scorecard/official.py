"""Published scores of the official index (QĐ 766/QĐ-TTg), transcribed by people: shown beside our figures, never merged."""

import csv
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete

from core import audit
from core.calendar import Month
from core.database import reading, writing
from core.errors import InputError
from procedures.queries import UnitView, units
from procedures.registers import plain
from scorecard.models import OfficialScore

# Groups and their maxima by QĐ 766/QĐ-TTg; the portal shows online service (22) as service (12) and payment (10).
MAXIMA = {"CKMB": 18.0, "TDGQ": 20.0, "CLGQ": 12.0, "TTTT": 10.0, "MDSH": 22.0, "MDHL": 18.0, "total": 100.0}
_BODY = re.compile(r"^(ubnd|uy ban nhan dan)\s+")
_TYPE = re.compile(r"^(tinh|thanh pho|tp\.?)\s+")


@dataclass(frozen=True)
class Loaded:
    """What became of a file. ``unmatched``: names that no unit has."""

    month: Month
    units: int
    scores: int
    unmatched: list[str]


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
    names = _names(units(reading(), month.last_day))
    found: dict[str, dict[str, float]] = {}
    unmatched = []
    for number, row in enumerate(rows, start=2):
        code = names.get(_key(row["department_name"])) or names.get(_TYPE.sub("", _key(row["department_name"])))
        if code is None:
            unmatched.append(row["department_name"])
            continue
        found[code] = {group: score for group in MAXIMA if (score := _score(row, group, number)) is not None}
    with writing() as session:
        session.execute(delete(OfficialScore).where(OfficialScore.period == str(month), OfficialScore.unit_code.in_(found)))
        session.add_all(
            OfficialScore(unit_code=code, period=str(month), group_code=group, score=score, maximum=MAXIMA[group], source=path.name)
            for code, scores in found.items()
            for group, score in scores.items()
        )
        audit.record(session, "official.load", str(month), file=path.name, units=len(found), unmatched=len(unmatched), at=now.isoformat())
    return Loaded(month, len(found), sum(map(len, found.values())), unmatched)


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


def _names(everything: dict[str, UnitView]) -> dict[str, str]:
    """Unit codes of provinces and ministries by full and by short name."""
    names: dict[str, str] = {}
    for view in everything.values():
        if view.kind in ("province", "ministry"):
            names[_key(view.name)] = view.code
            names.setdefault(_key(view.short_name), view.code)
    return names


def _score(row: dict[str, str], group: str, number: int) -> float | None:
    column = "total_score" if group == "total" else group
    text = (row.get(column) or "").strip()
    if not text:
        return None
    try:
        score = float(text)
    except ValueError:
        score = -1.0
    if not 0 <= score <= MAXIMA[group]:
        raise InputError(
            f"“{text}” không phải điểm từ 0 đến {MAXIMA[group]:g}.",
            f"“{text}” is not a score from 0 to {MAXIMA[group]:g}.",
            row=number,
            field=column,
        )
    return score
