"""Reads of ratings collected elsewhere."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveys.imports import TOTAL
from surveys.outside_models import OutsideFigure, OutsideSeries

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
        shelves.append(Shelf(series, lines))
    return shelves


def figures_of(session: Session, code: str) -> list[OutsideFigure]:
    """All figures of a series with at least ten answers, by period, group and question."""
    wanted = select(OutsideFigure).join(OutsideSeries).where(OutsideSeries.code == code, OutsideFigure.answered >= LEAST)
    return list(session.scalars(wanted.order_by(OutsideFigure.period, OutsideFigure.group_key, OutsideFigure.question)))
