"""The only way figures leave: measurements that are already safe, read from the database and the edition's folder."""

from collections.abc import Collection, Iterable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.calendar import Month
from scorecard.figures import (
    COUNTRY,
    NATION,
    PROCEDURE,
    UNIT,
    Figure,
    Gap,
    OfficialFigure,
    ProcedureCount,
    UnitToPress,
    leading_rate,
)
from scorecard.indicators import INDICATORS, SURVEY
from scorecard.models import Edition, Measurement, OfficialScore

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Figure",
    "Gap",
    "OfficialFigure",
    "ProcedureCount",
    "UnitToPress",
    "edition_of",
    "edition_table",
    "editions",
    "figure_map",
    "figures",
    "gaps",
    "group_of_34",
    "latest_published",
    "official_scores",
    "procedure_counts",
    "running",
    "selected",
    "series",
    "units_to_press",
]

KINDS = (NATION, UNIT, PROCEDURE)
FINAL = ("closed", "published")
MANY = 500  # subject codes in one statement


def latest_published(session: Session) -> Edition | None:
    """The newest month that is published."""
    return session.scalar(select(Edition).where(Edition.state == "published").order_by(Edition.month.desc(), Edition.version.desc()))


def edition_of(session: Session, month: Month | str, include_unpublished: bool = False) -> Edition | None:
    """The month's published edition; with ``include_unpublished`` its newest closed one, or else its running view."""
    states: tuple[str, ...] = (*FINAL, "running") if include_unpublished else ("published",)
    return session.scalar(select(Edition).where(Edition.month == str(month), Edition.state.in_(states)).order_by(Edition.version.desc()))


def editions(session: Session, include_unpublished: bool = True) -> list[Edition]:
    """Closed and published editions, newest month and version first (superseded and running ones are not among them)."""
    states = FINAL if include_unpublished else ("published",)
    return list(session.scalars(select(Edition).where(Edition.state.in_(states)).order_by(Edition.month.desc(), Edition.version.desc())))


def public_beside(session: Session, edition: Edition) -> dict[str, Edition]:
    """Month → the version that was public when an edition took its number or, without one, was published (or is now), for the months
    before its own: what its papers show of other months, so that they can be made again."""
    from scorecard.release import release_of

    query = select(Edition).where(Edition.month < edition.month, Edition.version > 0, Edition.published_at.is_not(None))
    numbered = release_of(session, edition).numbered
    at = numbered.at if numbered is not None else edition.published_at
    if at is not None:
        query = query.where(Edition.published_at <= at)
    return {one.month: one for one in session.scalars(query.order_by(Edition.month, Edition.version))}


def running(session: Session) -> Edition | None:
    """The live view of the newest month that is not closed."""
    return session.scalar(select(Edition).where(Edition.state == "running").order_by(Edition.month.desc()))


def figures(
    session: Session,
    edition: Edition,
    subject_kind: str | None = None,
    subject_codes: Collection[str] | None = None,
    indicators: Collection[str] | None = None,
    *,
    window: int = 1,
    breakdown: str = "total",
    period_kind: str = "calendar",
) -> list[Figure]:
    """Figures of an edition, disclosure-safe, by kind, code, indicator, variant and category of the breakdown. ``window`` in months."""
    statement = select(Measurement).where(
        Measurement.edition_id == edition.id,
        Measurement.period_kind == period_kind,
        Measurement.window == window,
        Measurement.subject_kind.in_(KINDS if subject_kind is None else (subject_kind,)),  # so that the key's index serves it
        Measurement.breakdown == breakdown,
    )
    if indicators is not None:
        statement = statement.where(Measurement.indicator.in_(sorted(indicators)))
    if subject_codes is None:
        rows: Iterable[Measurement] = session.scalars(statement)
    else:
        codes = sorted(subject_codes)
        chunks = [codes[start : start + MANY] for start in range(0, len(codes), MANY)]
        rows = [row for chunk in chunks for row in session.scalars(statement.where(Measurement.subject_code.in_(chunk)))]
    grey_below = int(edition.facts.get("grey_below", 30))
    found = [_figure(row, grey_below) for row in rows if row.indicator in INDICATORS]  # an old edition may hold others
    return sorted(found, key=attrgetter("subject_kind", "subject_code", "indicator", "variant", "category"))


def figure_map(
    session: Session,
    edition: Edition,
    subject_kind: str | None = None,
    subject_codes: Collection[str] | None = None,
    indicators: Collection[str] | None = None,
) -> dict[tuple[str, str, str], Figure]:
    """The same by ``(subject_code, indicator, variant)``."""
    found = figures(session, edition, subject_kind, subject_codes, indicators)
    return {(figure.subject_code, figure.indicator, figure.variant): figure for figure in found}


def selected(
    session: Session, edition: Edition, limit: int | None = None, offset: int = 0, **wanted: str | int
) -> tuple[int, list[Figure]]:
    """Figures of every kind, window and breakdown for files and systems: how many there are, and ``limit`` of them from ``offset`` on.

    ``wanted``: values of the key's columns (``subject_kind``, ``subject_code``, ``indicator``, ``variant``, ``period_kind``, ``window``,
    ``breakdown``, ``category``). The order is the one in which they were computed.
    """
    defined = Measurement.indicator.in_(sorted(INDICATORS))  # an old edition may hold others
    where = [Measurement.edition_id == edition.id, defined, *(getattr(Measurement, name) == value for name, value in wanted.items())]
    total = session.scalar(select(func.count()).select_from(Measurement).where(*where)) or 0
    grey_below = int(edition.facts.get("grey_below", 30))
    columns = Measurement.__table__.c  # plain rows: there may be a hundred thousand
    rows = session.execute(select(*columns).where(*where).order_by(Measurement.id).limit(limit).offset(offset))
    return total, [_figure(row, grey_below) for row in rows]


def series(
    session: Session,
    subject_kind: str,
    subject_code: str,
    indicators: Collection[str],
    months: int = 12,
    include_unpublished: bool = False,
) -> list[tuple[str, list[Figure]]]:
    """The last ``months`` months that have an edition, oldest first, each with the subject's figures."""
    newest: dict[str, Edition] = {}
    for edition in editions(session, include_unpublished):
        newest.setdefault(edition.month, edition)
    chosen = sorted(newest.values(), key=lambda edition: edition.month)[-months:]
    return [(edition.month, figures(session, edition, subject_kind, [subject_code], indicators)) for edition in chosen]


def edition_table(edition: Edition, name: str) -> "pd.DataFrame":
    """A list that belongs to an edition (``edition_tables.TABLES``), in the order in which people read it."""
    from scorecard.edition_tables import read

    return read(current_app.extensions["settings"].data_dir / "editions" / edition.folder, name)


def gaps(session: Session, edition: Edition, unit_code: str = COUNTRY) -> list[Gap]:
    """What could be mended in a unit and everything below it, most people affected first."""
    from scorecard.places import find_gaps

    return find_gaps(session, edition, unit_code)


def units_to_press(session: Session, edition: Edition, unit_code: str) -> list[UnitToPress]:
    """Units below that had dossiers in the month, most people affected first."""
    from scorecard.places import find_units

    return find_units(session, edition, unit_code)


def procedure_counts(
    session: Session, edition: Edition, procedure_code: str, unit_code: str = COUNTRY, by_place: bool = True
) -> list[ProcedureCount]:
    """A procedure's counts: for the nation by province and ministry, below it by handling unit; largest first."""
    from scorecard.places import count_procedure

    return count_procedure(session, edition, procedure_code, unit_code, by_place)


def official_scores(session: Session, unit_code: str, months: Sequence[str | Month]) -> list[OfficialFigure]:
    """Published scores of the official index in these months, oldest first; empty where none was loaded."""
    rows = session.scalars(
        select(OfficialScore)
        .where(OfficialScore.unit_code == unit_code, OfficialScore.period.in_([str(month) for month in months]))
        .order_by(OfficialScore.period, OfficialScore.group_code)
    )
    return [
        OfficialFigure(
            row.unit_code, row.period, row.group_code, row.score, row.maximum, row.source, row.source_en or row.source, row.simulated
        )
        for row in rows
    ]


def group_of_34(session: Session, edition: Edition, province_code: str, indicator: str = "satisfaction") -> str | None:
    """``high``, ``middle`` or ``low``: the province's interval lies above, around or below the nation's rate; no ranks.

    None where either is not shown, or where the province's figure is too uncertain to be compared (10 to 29 answers).
    """
    found = figure_map(session, edition, None, [province_code, COUNTRY], [indicator])
    province, nation = (found.get((code, indicator, "raw")) for code in (province_code, COUNTRY))
    if indicator == "satisfaction":
        province, nation = leading_rate(found, province_code), leading_rate(found, COUNTRY)
    if province is None or nation is None or province.grey:
        return None
    if province.low is None or province.high is None or nation.value is None:
        return None
    if province.low > nation.value:
        return "high"
    return "low" if province.high < nation.value else "middle"


def _figure(row: Any, grey_below: int) -> Figure:
    answers = INDICATORS[row.indicator].kind == SURVEY and row.indicator != "response_rate"  # its n is invitations
    return Figure(
        subject_kind=row.subject_kind,
        subject_code=row.subject_code,
        indicator=row.indicator,
        variant=row.variant,
        numerator=row.numerator,
        denominator=row.denominator,
        value=row.value,
        low=row.low,
        high=row.high,
        n=row.n,
        status=row.status,
        provisional=row.provisional,
        grey=answers and row.n is not None and row.n < grey_below,
        n_eff=row.n_eff,
        period_kind=row.period_kind,
        window=row.window,
        breakdown=row.breakdown,
        category=row.category,
    )
