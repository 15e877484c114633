"""Every indicator, defined once: names, unit of analysis, cohort, formula, source and, for the lake's, its expressions.

An expression is a function of the table of dossiers with the columns that ``scorecard.counting`` derives once, and
gives a true-or-false column; how many rows are true is the numerator or denominator. Only its evaluation loads Ibis.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scorecard.figures import LOWER, RAW, UPPER

if TYPE_CHECKING:
    import ibis

Expression = Callable[["ibis.Table"], "ibis.expr.types.BooleanValue"]
LAKE, SURVEY, CATALOGUE = "lake", "survey", "catalogue"


@dataclass(frozen=True)
class Indicator:
    """One definition. ``numerators`` holds one expression for each variant (``raw``, or ``lower`` and ``upper``)."""

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

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants in which it is measured."""
        return tuple(self.numerators) or (RAW,)


_NO_DOSSIERS_VI = "không phát sinh hồ sơ thuộc mẫu số: không áp dụng, không phải 0 %"
_NO_DOSSIERS_EN = "no dossier in the denominator: not applicable, and not 0%"
_NO_ANSWERS_VI = "không gửi lời mời nào: không áp dụng; có mời nhưng dưới 10 trả lời: không đủ số liệu"
_NO_ANSWERS_EN = "nobody invited: not applicable; invited but fewer than 10 answers: not enough data"
_ENDED_VI = "hồ sơ kết thúc giải quyết trong tháng, hoặc có yêu cầu bổ sung trong tháng (tập D)"
_ENDED_EN = "dossiers whose handling ended in the month, or with a supplement request in it (set D)"
_ANSWERS_VI = "phiếu trả lời của hồ sơ đến điểm kết thúc trong tháng (không gồm phiếu ngắn khi bổ sung)"
_ANSWERS_EN = "answers for dossiers that reached an end-point in the month (without the short form after a supplement request)"

_DEFINITIONS = (
    Indicator(
        code="offered_online",
        name_vi="Tỷ lệ thủ tục được cung cấp trực tuyến",
        name_en="Share of procedures offered online",
        unit_of_analysis_vi="thủ tục (cả nước: cặp tỉnh × thủ tục)",
        unit_of_analysis_en="procedure (nation: pair of province and procedure)",
        cohort_vi="thủ tục do địa phương thực hiện, theo danh mục có hiệu lực ngày cuối tháng",
        cohort_en="procedures carried out locally, by the catalogue valid on the month's last day",
        formula_vi="thủ tục cung cấp một phần hoặc toàn trình / thủ tục do địa phương thực hiện",
        formula_en="procedures offered in part or in full / procedures carried out locally",
        source="NĐ 224/2026/NĐ-CP, Điều 14",
        source_en="Decree 224/2026/NĐ-CP, Article 14",
        kind=CATALOGUE,
        higher_is_better=True,
        empty_vi="không có thủ tục nào trong danh mục: không áp dụng",
        empty_en="no procedure in the catalogue: not applicable",
    ),
    Indicator(
        code="offered_full_online",
        name_vi="Tỷ lệ thủ tục được cung cấp trực tuyến toàn trình",
        name_en="Share of procedures offered fully online",
        unit_of_analysis_vi="thủ tục (cả nước: cặp tỉnh × thủ tục)",
        unit_of_analysis_en="procedure (nation: pair of province and procedure)",
        cohort_vi="thủ tục do địa phương thực hiện, theo danh mục có hiệu lực ngày cuối tháng",
        cohort_en="procedures carried out locally, by the catalogue valid on the month's last day",
        formula_vi="thủ tục cung cấp toàn trình / thủ tục do địa phương thực hiện",
        formula_en="procedures offered in full / procedures carried out locally",
        source="NĐ 224/2026/NĐ-CP, Điều 14",
        source_en="Decree 224/2026/NĐ-CP, Article 14",
        kind=CATALOGUE,
        higher_is_better=True,
        empty_vi="không có thủ tục nào trong danh mục: không áp dụng",
        empty_en="no procedure in the catalogue: not applicable",
    ),
    Indicator(
        code="online_filing",
        name_vi="Tỷ lệ hồ sơ nộp trực tuyến",
        name_en="Share of dossiers filed online",
        unit_of_analysis_vi="hồ sơ",
        unit_of_analysis_en="dossier",
        cohort_vi="hồ sơ tiếp nhận trong tháng",
        cohort_en="dossiers received in the month",
        formula_vi="hồ sơ có kênh thực hiện là trực tuyến (mã 2) / hồ sơ tiếp nhận",
        formula_en="dossiers whose channel is online (code 2) / dossiers received",
        source="QĐ 766/QĐ-TTg (tử số và mẫu số thô, không nhân hệ số đồng bộ)",
        source_en="Decision 766/QĐ-TTg (raw numerator and denominator, without the synchronisation factor)",
        kind=LAKE,
        higher_is_better=True,
        empty_vi=_NO_DOSSIERS_VI,
        empty_en=_NO_DOSSIERS_EN,
        numerators={RAW: lambda d: d.received_in & (d.channel == 2)},
        denominator=lambda d: d.received_in,
    ),
    Indicator(
        code="on_time",
        name_vi="Tỷ lệ giải quyết đúng hạn",
        name_en="Share handled on time",
        unit_of_analysis_vi="hồ sơ",
        unit_of_analysis_en="dossier",
        cohort_vi="hồ sơ có ngày hẹn trả, kết thúc trong tháng; và hồ sơ đến hạn trong tháng mà cuối tháng chưa xong",
        cohort_en="dossiers with a due date that ended in the month, and those due in it that were still open at its end",
        formula_vi="kết thúc trong tháng, không sau ngày hẹn trả / (kết thúc trong tháng có ngày hẹn + đến hạn mà chưa xong)",
        formula_en="ended in the month, not after the due date / (ended in the month with a due date + due and still open)",
        source="NĐ 61/2018/NĐ-CP, NĐ 118/2025/NĐ-CP",
        source_en="Decrees 61/2018/NĐ-CP and 118/2025/NĐ-CP",
        kind=LAKE,
        higher_is_better=True,
        empty_vi=_NO_DOSSIERS_VI,
        empty_en=_NO_DOSSIERS_EN,
        numerators={RAW: lambda d: d.ended_in & d.due_at.notnull() & (d.ended_at <= d.due_at)},
        denominator=lambda d: (d.ended_in & d.due_at.notnull()) | d.overdue_at_end,
    ),
    Indicator(
        code="supplement",
        name_vi="Tỷ lệ hồ sơ bị yêu cầu bổ sung",
        name_en="Share of dossiers with a supplement request",
        unit_of_analysis_vi="hồ sơ",
        unit_of_analysis_en="dossier",
        cohort_vi=_ENDED_VI,
        cohort_en=_ENDED_EN,
        formula_vi="hồ sơ trong D có từ 1 lần yêu cầu bổ sung / D",
        formula_en="dossiers in D with at least one request / D",
        source="NĐ 118/2025/NĐ-CP, Điều 17; mã trạng thái 5 của bản tin đồng bộ",
        source_en="Decree 118/2025/NĐ-CP, Article 17; status code 5 of the synchronised record",
        kind=LAKE,
        higher_is_better=False,
        empty_vi=_NO_DOSSIERS_VI,
        empty_en=_NO_DOSSIERS_EN,
        numerators={RAW: lambda d: d.in_cohort & (d.requests >= 1)},
        denominator=lambda d: d.in_cohort,
    ),
    Indicator(
        code="repeat_supplement",
        name_vi="Tỷ lệ hồ sơ bị yêu cầu bổ sung từ hai lần",
        name_en="Share of dossiers with two or more supplement requests",
        unit_of_analysis_vi="hồ sơ",
        unit_of_analysis_en="dossier",
        cohort_vi=_ENDED_VI,
        cohort_en=_ENDED_EN,
        formula_vi="hồ sơ trong D có từ 2 lần yêu cầu bổ sung / D",
        formula_en="dossiers in D with at least two requests / D",
        source="NĐ 118/2025/NĐ-CP, Điều 17 khoản 2 điểm a (một lần, đầy đủ)",
        source_en="Decree 118/2025/NĐ-CP, Article 17, clause 2, point a (once, in full)",
        kind=LAKE,
        higher_is_better=False,
        empty_vi=_NO_DOSSIERS_VI,
        empty_en=_NO_DOSSIERS_EN,
        numerators={RAW: lambda d: d.in_cohort & (d.requests >= 2)},
        denominator=lambda d: d.in_cohort,
    ),
    Indicator(
        code="asked_again_recorded",
        name_vi="Tỷ lệ hồ sơ bị yêu cầu giấy tờ Nhà nước đã có (theo hồ sơ ghi nhận)",
        name_en="Share of dossiers asked for papers that the state already has (on record)",
        unit_of_analysis_vi="hồ sơ",
        unit_of_analysis_en="dossier",
        cohort_vi=_ENDED_VI,
        cohort_en=_ENDED_EN,
        formula_vi=(
            "từ: hồ sơ trong D bị yêu cầu giấy tờ có trong một cơ sở dữ liệu nhà nước / D; "
            "đến: thêm hồ sơ mà giấy tờ bị yêu cầu không được nêu tên hoặc chưa xếp loại được / D"
        ),
        formula_en=(
            "from: dossiers in D asked for a paper that a state register holds / D; "
            "to: also those whose requested papers are not named or could not be classified / D"
        ),
        source="NĐ 118/2025/NĐ-CP; danh mục cơ sở dữ liệu và từ khóa của hệ thống",
        source_en="Decree 118/2025/NĐ-CP; this system's list of registers and keywords",
        kind=LAKE,
        higher_is_better=False,
        empty_vi=_NO_DOSSIERS_VI,
        empty_en=_NO_DOSSIERS_EN,
        numerators={
            LOWER: lambda d: d.in_cohort & d.asked_held,
            UPPER: lambda d: d.in_cohort & (d.asked_held | d.asked_unclear),
        },
        denominator=lambda d: d.in_cohort,
    ),
    Indicator(
        code="satisfaction",
        name_vi="Tỷ lệ hài lòng",
        name_en="Satisfaction rate",
        unit_of_analysis_vi="phiếu trả lời",
        unit_of_analysis_en="answer",
        cohort_vi=_ANSWERS_VI,
        cohort_en=_ANSWERS_EN,
        formula_vi="phiếu chọn 4 hoặc 5 / phiếu có chấm mức hài lòng (thang 5)",
        formula_en="answers of 4 or 5 / answers with a rating (scale of 5)",
        source="NĐ 61/2018/NĐ-CP, Điều 31; cách tính như SIPAS",
        source_en="Decree 61/2018/NĐ-CP, Article 31; computed as in SIPAS",
        kind=SURVEY,
        higher_is_better=True,
        empty_vi=_NO_ANSWERS_VI,
        empty_en=_NO_ANSWERS_EN,
    ),
    Indicator(
        code="response_rate",
        name_vi="Tỷ lệ trả lời",
        name_en="Response rate",
        unit_of_analysis_vi="lời mời",
        unit_of_analysis_en="invitation",
        cohort_vi="lời mời của hồ sơ đến điểm kết thúc trong tháng (không gồm phiếu ngắn khi bổ sung)",
        cohort_en="invitations for dossiers that reached an end-point in the month (without the short form)",
        formula_vi="phiếu trả lời / lời mời đã cấp",
        formula_en="answers / invitations issued",
        source="AAPOR Standard Definitions, RR2 (lời mời không đến nơi tính là chưa rõ)",
        source_en="AAPOR Standard Definitions, RR2 (invitations not delivered count as unknown)",
        kind=SURVEY,
        higher_is_better=None,
        empty_vi=_NO_ANSWERS_VI,
        empty_en=_NO_ANSWERS_EN,
    ),
    Indicator(
        code="asked_again_experienced",
        name_vi="Tỷ lệ người dân cho biết bị hỏi lại điều Nhà nước đã có",
        name_en="Share of people who say they were asked again for what the state already has",
        unit_of_analysis_vi="phiếu trả lời",
        unit_of_analysis_en="answer",
        cohort_vi=_ANSWERS_VI,
        cohort_en=_ANSWERS_EN,
        formula_vi="trả lời “có” / (“có” + “không”); “không chắc” tính vào n, không vào tỷ lệ",
        formula_en="answers yes / (yes + no); unsure counts in n and not in the rate",
        source="Bảng hỏi phiên bản 1, câu asked_again",
        source_en="Questionnaire version 1, question asked_again",
        kind=SURVEY,
        higher_is_better=False,
        empty_vi=_NO_ANSWERS_VI,
        empty_en=_NO_ANSWERS_EN,
    ),
    Indicator(
        code="mismatch_supplement",
        name_vi="Tỷ lệ không khớp giữa hệ thống và người dân về yêu cầu bổ sung",
        name_en="Share where system and person differ on whether papers were asked for",
        unit_of_analysis_vi="phiếu trả lời",
        unit_of_analysis_en="answer",
        cohort_vi=_ANSWERS_VI,
        cohort_en=_ANSWERS_EN,
        formula_vi="phiếu mà “có hay không bị yêu cầu bổ sung” khác với hồ sơ ghi nhận / phiếu nêu rõ số lần",
        formula_en="answers whose “asked or not asked” differs from the record / answers that stated a number of times",
        source="Bảng hỏi phiên bản 1, câu supplement_count; so với số lần ghi nhận trong hồ sơ",
        source_en="Questionnaire version 1, question supplement_count; against the number recorded in the dossier",
        kind=SURVEY,
        higher_is_better=False,
        empty_vi=_NO_ANSWERS_VI,
        empty_en=_NO_ANSWERS_EN,
    ),
)

INDICATORS: dict[str, Indicator] = {indicator.code: indicator for indicator in _DEFINITIONS}
