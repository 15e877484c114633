"""What leaves the room: plain values that pages, files and the report show as they are."""

from collections.abc import Mapping
from dataclasses import dataclass

NATION, UNIT, PROCEDURE = "nation", "unit", "procedure"  # kinds of subject
COUNTRY = "VN"  # the nation's subject code
VALUE, NOT_APPLICABLE, NOT_REPORTED = "value", "not_applicable", "not_reported"
TOO_FEW, SUPPRESSED = "too_few", "suppressed"
RAW, LOWER, UPPER = "raw", "lower", "upper"  # variants
CLEANED, WEIGHTED, SHRUNK = "cleaned", "weighted", "shrunk"

HELD_BY_STATE, REPEAT, ONLINE_UNUSED = "held_by_state", "repeat_supplement", "online_unused"  # kinds of gap
WORSE, LIKE, BETTER = "worse", "like", "better"  # groups of units, by interval against the unit above


@dataclass(frozen=True)
class Figure:
    """One number that may be shown, with everything needed to judge it.

    ``value`` is ``numerator / denominator`` in [0, 1]; ``low`` and ``high`` its 95 % interval (None for the
    catalogue's shares, which are no sample). With any status but ``value`` all numbers are None. ``grey``: rests on
    10 to 29 answers; show it without comparing it.
    """

    subject_kind: str
    subject_code: str
    indicator: str
    variant: str
    numerator: int | None
    denominator: int | None
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    status: str
    provisional: bool
    grey: bool
    n_eff: float | None = None
    period_kind: str = "calendar"
    window: int = 1  # months
    breakdown: str = "total"
    category: str = "total"

    @property
    def shown(self) -> bool:
        """There is a number."""
        return self.status == VALUE


def leading_rate(figures: Mapping[tuple[str, str, str], Figure], code: str) -> Figure | None:
    """The rate of satisfaction to be shown first: weighted; unweighted where none is estimated (a month that is not over)."""
    weighted = figures.get((code, "satisfaction", WEIGHTED))
    return weighted if weighted is not None and weighted.shown else figures.get((code, "satisfaction", RAW))


@dataclass(frozen=True)
class Gap:
    """Something that could be mended, and by whom (methodology §7.5).

    ``people`` counts dossiers affected in the month; ``unit_codes`` are the units where they arose, most affected
    first. ``within_power``: the handling units can mend it themselves; otherwise the named agency must.
    """

    kind: str
    procedure_code: str
    register_code: str | None
    unit_codes: tuple[str, ...]
    people: int
    dossiers: int  # of the same procedure and scope: the supplement cohort, or for online_unused all received
    agency_vi: str
    agency_en: str
    within_power: bool


@dataclass(frozen=True)
class UnitToPress:
    """A unit below another one, with what it is judged by. ``people``: its dossiers with a supplement request."""

    unit_code: str
    received: int
    people: int
    supplement: Figure
    on_time: Figure
    satisfaction: Figure
    answers: int | None  # None where the disclosure rule hides it
    group: str  # its supplement interval against the rate of the unit above: worse, like, better


@dataclass(frozen=True)
class ProcedureCount:
    """Administrative counts of one procedure in one place, for the month.

    None: fewer than 3 dossiers (``public_tables.yaml``), of which nothing else is told, as it would be told of persons.
    """

    place: str  # province or ministry, or handling unit
    received: int | None
    online: int | None
    on_time: int | None
    due: int | None  # denominator of on_time
    cohort: int | None  # ended, or asked for a supplement: denominator of the four below
    supplement: int | None
    repeat_supplement: int | None
    asked_again_lower: int | None
    asked_again_upper: int | None


@dataclass(frozen=True)
class OfficialFigure:
    """A published score of the official index. Administrative; not a survey."""

    unit_code: str
    month: str
    group_code: str
    score: float
    maximum: float
    source: str
    source_en: str
    simulated: bool
