"""Scores as files: SCORES.csv with one row a unit, DETAILS.csv with one row a unit and indicator."""

import csv
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from scorecard.scoring.counts_file import CODE, NAME, UnitCounts
from scorecard.scoring.points import Score, half_up
from scorecard.scoring.schema import CountRules, Words

FINE = 6  # decimals of ratios and unrounded points in DETAILS.csv
DETAILS = (
    CODE,
    NAME,
    "group",
    "indicator",
    "indicator_name",
    "numerator",
    "denominator",
    "ratio",
    "target",
    "points",
    "points_max",
    "status",
    "empty_rule",
    "note",
    "total",
    "total_without_empty",
    "total_max_without_empty",
    "empty_full_points",
)
Scored = tuple[UnitCounts, Score]


def head(rules: CountRules) -> list[str]:
    """Columns of SCORES.csv."""
    return [CODE, NAME, *(group.id for group in rules.groups), "total", "total_max", "band", "missing"]


def score_cells(unit: UnitCounts, score: Score) -> list[str]:
    """A unit's row of SCORES.csv: an empty cell where there is no score, never a zero."""
    rounding = score.rules.rounding
    groups = [_rounded(group.points, rounding.groups) for group in score.groups]
    band = score.band.name.vi if score.band is not None else ""
    missing = ";".join(score.missing)
    return [unit.code, unit.name, *groups, _rounded(score.total, rounding.total), f"{score.rules.points.normalize():f}", band, missing]


def write_scores(path: Path, rules: CountRules, scored: Iterable[Scored]) -> None:
    """Write SCORES.csv: UTF-8, commas, point as the decimal sign."""
    _write(path, head(rules), (score_cells(unit, score) for unit, score in scored))


def write_details(path: Path, scored: Iterable[Scored]) -> None:
    """Write DETAILS.csv; ``points`` are as exact as six decimals allow."""
    _write(path, DETAILS, (cells for unit, score in scored for cells in _detail_cells(unit, score)))


def summary(rules: CountRules, scored: Sequence[Scored]) -> dict[str, Any]:
    """What JSON readers get besides refusals and notes: every unit with its totals, and how many lack which group."""
    return {
        "rules": rules.id,
        "total_max": str(rules.points),
        "scored": len(scored),
        "complete": sum(score.total is not None for _unit, score in scored),
        "units": [
            dict(zip(head(rules), score_cells(unit, score), strict=True)) | {"missing_indicators": _missing(score)} | _without_empty(score)
            for unit, score in scored
        ],
    }


def notes_on_scores(scored: Sequence[Scored]) -> list[Words]:
    """What the sender should know of the scores: shares above one, totals stretched, indicators missing, full points from
    nothing."""
    notes = []
    over = [
        f"{unit.code} ({', '.join(ids)})"
        for unit, score in scored
        if (ids := [item.indicator.id for item in score.indicators if item.over])
    ]
    if over:
        listed = _some(over)
        notes.append(
            Words(
                vi=f"Tử số lớn hơn mẫu số, tính nhiều nhất là đủ điểm; nên kiểm tra: {listed}.",
                en=f"Numerator above denominator, full points at most; check: {listed}.",
            )
        )
    stretched = [
        f"{unit.code} ({score.reachable:f}/{score.rules.points:f})"
        for unit, score in scored
        if score.rules.missing == "normalised" and score.total is not None and score.reachable < score.rules.points
    ]
    if stretched:
        listed = _some(stretched)
        notes.append(
            Words(
                vi=f"Tổng quy về điểm tối đa từ phần có số liệu (điểm có thể đạt): {listed}.",
                en=f"Total stretched to the maximum from what is there (points that could be had): {listed}.",
            )
        )
    if missing := [f"{unit.code} ({', '.join(ids)})" for unit, score in scored if (ids := _missing(score))]:
        notes.append(Words(vi=f"Thiếu chỉ tiêu: {_some(missing)}.", en=f"Indicators missing: {_some(missing)}."))
    if empty := [
        f"{unit.code} ({', '.join(item.indicator.id for item in score.empty_full)})" for unit, score in scored if score.empty_full
    ]:
        notes.append(
            Words(
                vi=f"Đủ điểm dù không phát sinh (0/0): {_some(empty)}. Tổng không tính phần này: xem --details hoặc --json.",
                en=f"Full points although nothing arose (0/0): {_some(empty)}. The total without them: see --details or --json.",
            )
        )
    return notes


def _detail_cells(unit: UnitCounts, score: Score) -> Iterable[list[str]]:
    whole = _without_empty(score)
    total = _rounded(score.total, score.rules.rounding.total)
    for group in score.groups:
        for item in group.indicators:
            rule = item.indicator
            yield [
                unit.code,
                unit.name,
                group.group.id,
                rule.id,
                rule.name.vi,
                *("" if count is None else str(count) for count in (item.numerator, item.denominator)),
                _rounded(item.ratio, FINE),
                "" if rule.target is None else str(rule.target),
                _rounded(item.points, FINE),
                str(rule.points),
                item.status,
                rule.empty.gives if rule.empty is not None else "",
                "; ".join(_remarks(item.over, rule.uncertain)),
                total,
                whole["total_without_empty"],
                whole["total_max_without_empty"],
                whole["empty_full_points"],
            ]


def _remarks(over: bool, uncertain: Words | None) -> list[str]:
    found = ["tử số lớn hơn mẫu số"] if over else []
    return [*found, *([f"chưa chắc: {uncertain.vi}"] if uncertain is not None else [])]


def _without_empty(score: Score) -> dict[str, str]:
    return {
        "total_without_empty": _rounded(score.total_without_empty, score.rules.rounding.total),
        "total_max_without_empty": str(score.maximum_without_empty),
        "empty_full_points": ";".join(item.indicator.id for item in score.empty_full),
    }


def _missing(score: Score) -> list[str]:
    return [name for group in score.groups for name in group.missing]


def _rounded(value: Fraction | None, decimals: int) -> str:
    return "" if value is None else f"{half_up(value, decimals):f}"


def _some(names: Sequence[str], most: int = 12) -> str:
    return "; ".join(names[:most]) + (f" … (+{len(names) - most})" if len(names) > most else "")


def _write(path: Path, names: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """The whole file or none: written beside its place and then moved there."""
    with NamedTemporaryFile("w", encoding="utf-8", newline="", dir=path.parent, prefix=".", suffix=".part", delete=False) as stream:
        try:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(names)
            writer.writerows(rows)
            stream.close()
            Path(stream.name).chmod(0o644)
            Path(stream.name).replace(path)
        except BaseException:
            Path(stream.name).unlink(missing_ok=True)
            raise
