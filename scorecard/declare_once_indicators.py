"""Definitions of what points to supplement requests that are not on record (methodology §7.4)."""

from scorecard.definitions import ENDED_EN, ENDED_VI, FOLLOWED, LAKE, NO_DOSSIERS_EN, NO_DOSSIERS_VI, NOTHING, Indicator
from scorecard.figures import RAW

DECLARE_ONCE = (
    Indicator(
        code="ended_from_request",
        name_vi="Tỷ lệ hồ sơ kết thúc ngay sau yêu cầu bổ sung",
        name_en="Share of dossiers ended straight from a supplement request",
        unit_of_analysis_vi="hồ sơ",
        unit_of_analysis_en="dossier",
        cohort_vi=ENDED_VI,
        cohort_en=ENDED_EN,
        formula_vi="hồ sơ trong D mà bước cuối trước “đã xử lý xong” (9) là “yêu cầu bổ sung” (5), không trở lại “đang xử lý” (4) / D",
        formula_en="dossiers in D whose last step before handled (9) is a supplement request (5), without in progress (4) between / D",
        source="Mã trạng thái 5, 4, 9 của bản tin đồng bộ; dấu hiệu cần xác minh, không phải kết luận",
        source_en="Statuses 5, 4, 9 of the synchronised record; a sign to be verified, not a finding",
        kind=LAKE,
        higher_is_better=False,
        empty_vi=NO_DOSSIERS_VI,
        empty_en=NO_DOSSIERS_EN,
        numerators={RAW: lambda d: d.in_cohort & d.ended_from_request},
        denominator=lambda d: d.in_cohort,
        basis=NOTHING,
    ),
    Indicator(
        code="refused_and_refiled",
        name_vi="Tỷ lệ hồ sơ kết thúc không có kết quả rồi được nộp lại trong 30 ngày",
        name_en="Share of dossiers that ended without a result and were filed again within 30 days",
        unit_of_analysis_vi="hồ sơ",
        unit_of_analysis_en="dossier",
        cohort_vi=(
            "hồ sơ kết thúc trong khoảng từ 30 ngày trước đầu tháng đến 30 ngày trước cuối tháng (đã đủ 30 ngày theo dõi), có mã người nộp"
        ),
        cohort_en=(
            "dossiers that ended between 30 days before the month's start and 30 days before its end (30 days of following are over), "
            "with a known applicant"
        ),
        formula_vi="từ chối (3), rút (7), dừng (8), rồi cùng người nộp lại cùng thủ tục trong 30 ngày / hồ sơ kết thúc trong đó",
        formula_en="refused (3), withdrawn (7) or stopped (8), then a new dossier of the same applicant and procedure in 30 days / ended",
        source="Mã trạng thái 3, 7, 8 của bản tin đồng bộ; dấu hiệu của yêu cầu bổ sung không ghi nhận, cần xác minh",
        source_en="Statuses 3, 7, 8 of the synchronised record; a sign of requests that are not on record, to be verified",
        kind=FOLLOWED,
        higher_is_better=False,
        empty_vi="không có hồ sơ kết thúc: không áp dụng; có mà nguồn không ghi mã người nộp: chưa gửi số liệu",
        empty_en="no dossier ended: not applicable; some did and the source records no applicant: not reported",
        numerators={RAW: lambda d: d.whole & d.refiled},
        denominator=lambda d: d.whole,
    ),
    Indicator(
        code="refiled_in_month",
        name_vi="Tỷ lệ hồ sơ kết thúc không có kết quả trong tháng, đã được nộp lại trước cuối tháng",
        name_en="Share of dossiers that ended without a result in the month and were filed again before its end",
        unit_of_analysis_vi="hồ sơ",
        unit_of_analysis_en="dossier",
        cohort_vi="hồ sơ kết thúc trong tháng, có mã người nộp (chưa đủ 30 ngày theo dõi: đây là mức ít nhất)",
        cohort_en="dossiers that ended in the month, with a known applicant (30 days of following are not over, so this is the least)",
        formula_vi="từ chối (3), rút (7), dừng (8), rồi cùng người nộp lại cùng thủ tục trước cuối tháng / hồ sơ kết thúc trong tháng",
        formula_en="refused (3), withdrawn (7) or stopped (8), then a new dossier of the same applicant and procedure by its end / ended",
        source="Mã trạng thái 3, 7, 8 của bản tin đồng bộ; dấu hiệu của yêu cầu bổ sung không ghi nhận, cần xác minh",
        source_en="Statuses 3, 7, 8 of the synchronised record; a sign of requests that are not on record, to be verified",
        kind=FOLLOWED,
        higher_is_better=False,
        empty_vi="không có hồ sơ kết thúc: không áp dụng; có mà nguồn không ghi mã người nộp: chưa gửi số liệu",
        empty_en="no dossier ended: not applicable; some did and the source records no applicant: not reported",
        numerators={RAW: lambda d: d.fresh & d.refiled},
        denominator=lambda d: d.fresh,
    ),
)
