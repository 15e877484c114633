"""Figures of others that a report prints: quoted claims, and the scores of the official index for its month."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.web import pick
from procedures.models import QuotedClaim
from scorecard import queries as scorecard
from scorecard.figures import OfficialFigure
from scorecard.models import Edition
from scorecard.own_names import units_of

Scores = Mapping[str, Mapping[str, OfficialFigure]]  # of a province or ministry, by group


@dataclass(frozen=True)
class Claim:
    """A figure quoted from elsewhere."""

    key: str
    text: str
    value: float
    numerator: int | None
    denominator: int | None
    source: str
    as_of: date


def claims(session: Session) -> list[Claim]:
    """Every quoted claim, in the language that is set; oldest first."""
    rows = session.scalars(select(QuotedClaim).order_by(QuotedClaim.as_of, QuotedClaim.id))
    return [
        Claim(
            row.key, pick(row.text_vi, row.text_en), row.value, row.numerator, row.denominator, pick(row.source, row.source_en), row.as_of
        )
        for row in rows
    ]  # fmt: skip


def official(session: Session, edition: Edition) -> Scores:
    """What is loaded of the index for the month, of provinces and ministries."""
    found: dict[str, dict[str, OfficialFigure]] = {}
    for code in sorted(code for code, unit in units_of(session, edition).items() if unit.kind in ("province", "ministry")):
        for one in scorecard.official_scores(session, code, [edition.month]):
            found.setdefault(code, {})[one.group_code] = one
    return found
