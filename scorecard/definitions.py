"""What an indicator is: the form of every definition in ``scorecard.indicators``, and words that several of them share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scorecard.figures import LOWER, RAW, UPPER

if TYPE_CHECKING:
    import ibis

Expression = Callable[["ibis.Table"], "ibis.expr.types.BooleanValue"]
LAKE, SURVEY, CATALOGUE = "lake", "survey", "catalogue"
SERVICE = "service"  # of what is offered online, and what comes of it
RECEPTION, SYSTEM, PETITION = "reception", "system", "petition"  # of a receiving unit, of a provider's system, of petitions sent in
FOLLOWED = "followed"  # of dossiers that were followed for some days after their end
DATA_USE = "data_use"  # of dossiers received in the month: electronic results, digitised papers, payment, population data
NOTHING = ""
VISITED_BEFORE = "visited_before"  # code of the indicator that stands beside queue tickets


@dataclass(frozen=True)
class Indicator:
    """One definition. ``numerators`` holds one expression for each variant (``raw``, or ``lower`` and ``upper``).

    ``basis``: set where the numerators differ from a column of the counts among dossiers with supplement requests alone. These are few,
    so such numerators are counted among them only; all other dossiers count as the column does (``NOTHING``: not at all).
    """

    code: str
    name_vi: str
    name_en: str
    unit_of_analysis_vi: str
    unit_of_analysis_en: str
    cohort_vi: str
    cohort_en: str
    formula_vi: str
    formula_en: str
    source: str
    source_en: str
    kind: str
    higher_is_better: bool | None
    empty_vi: str
    empty_en: str
    numerators: Mapping[str, Expression] = field(default_factory=dict)
    denominator: Expression | None = None
    basis: str | None = None
    bounds: bool = False  # of one without expressions: known between ``lower`` and ``upper``

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants in which it is measured."""
        return tuple(self.numerators) or ((LOWER, UPPER) if self.bounds else (RAW,))


NO_DOSSIERS_VI = "không phát sinh hồ sơ thuộc mẫu số: không áp dụng, không phải 0 %"
NO_DOSSIERS_EN = "no dossier in the denominator: not applicable, and not 0%"
NO_ANSWERS_VI = "không gửi lời mời nào: không áp dụng; có mời nhưng dưới 10 trả lời: không đủ số liệu"
NO_ANSWERS_EN = "nobody invited: not applicable; invited but fewer than 10 answers: not enough data"
ENDED_VI = "hồ sơ kết thúc giải quyết trong tháng, hoặc có yêu cầu bổ sung trong tháng (tập D)"
ENDED_EN = "dossiers whose handling ended in the month, or with a supplement request in it (set D)"
ANSWERS_VI = "phiếu trả lời của hồ sơ đến điểm kết thúc trong tháng (không gồm phiếu ngắn khi bổ sung)"
ANSWERS_EN = "answers for dossiers that reached an end-point in the month (without the short form after a supplement request)"
