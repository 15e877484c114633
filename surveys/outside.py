"""Reads of ratings collected elsewhere."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveys.imports import NO_NUMBER, NO_VALUE, NO_WEIGHT, OUTSIDE, TOTAL, UNKNOWN
from surveys.outside_models import OutsideFigure, OutsideSeries

REASONS = {  # (vi, en)
    NO_NUMBER: ("không có số người trả lời", "no number of answers"),
    NO_WEIGHT: ("không có quyền số", "no weight"),
    NO_VALUE: ("không có giá trị", "no value"),
    UNKNOWN: ("trả lời không biết", "answered don't know"),
    OUTSIDE: ("ngoài thang điểm", "outside the scale"),
}
LEAST = 10  # answers: a figure on fewer is not shown, whoever collected them


@dataclass(frozen=True)
class Line:
    """One question of a series, all periods and groups together, and its periods from first to last."""

    question_vi: str
    question_en: str
    figure: OutsideFigure
    first: str
    last: str


@dataclass(frozen=True)
class Shelf:
    """A series with its lines."""

    series: OutsideSeries
    lines: list[Line]
    excluded: list[tuple[str, str, int]]  # reason in Vietnamese and in English, number


def series_list(session: Session) -> list[Shelf]:
    """Every series, newest import first, with its totals of at least ten answers."""
    shelves = []
    for series in session.scalars(select(OutsideSeries).order_by(OutsideSeries.imported_at.desc(), OutsideSeries.id.desc())):
        found = session.scalars(select(OutsideFigure).where(OutsideFigure.series_id == series.id, OutsideFigure.group_key == TOTAL)).all()
        periods = sorted({figure.period for figure in found if figure.period})
        ends = (periods[0], periods[-1]) if periods else ("", "")
        questions = series.profile["questions"]
        lines = [
            Line(questions[figure.question]["vi"], questions[figure.question]["en"], figure, *ends)
            for figure in found
            if not figure.period and (figure.answered or 0) >= LEAST
        ]
        shelves.append(Shelf(series, lines, _excluded(series)))
    return shelves


def _excluded(series: OutsideSeries) -> list[tuple[str, str, int]]:
    own = {rule["reason_en"]: rule["reason_vi"] for rule in series.profile["exclude"]}
    found = []
    for reason, count in series.excluded.items():
        kind, _, question = reason.partition(": ")
        if reason not in own and kind in REASONS:
            at = f" ({question})" if question else ""
            found.append((REASONS[kind][0] + at, REASONS[kind][1] + at, count))
        else:
            found.append((own.get(reason, reason), reason, count))
    return found


def figures_of(session: Session, code: str) -> list[OutsideFigure]:
    """All figures of a series with at least ten answers, by period, group and question."""
    wanted = select(OutsideFigure).join(OutsideSeries).where(OutsideSeries.code == code, OutsideFigure.answered >= LEAST)
    return list(session.scalars(wanted.order_by(OutsideFigure.period, OutsideFigure.group_key, OutsideFigure.question)))
