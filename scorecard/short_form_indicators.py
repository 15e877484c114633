"""What people say on the short form, sent when papers are asked for: a series of its own, of the nation alone.

Nothing is finished at that moment, so there is no rating, and nothing of it enters the rate of satisfaction. No locality is shown its
own: the dossier may still be with the people who would read it (``docs/disclosure.md``).
"""

from scorecard.definitions import NO_ANSWERS_EN, NO_ANSWERS_VI, SURVEY, Indicator

COHORT_VI = "phiếu ngắn của hồ sơ bị yêu cầu bổ sung trong tháng; chỉ tính cả nước"
COHORT_EN = "short forms of dossiers for which papers were asked in the month; the nation only"
CLEAR, AGAIN = "short_form_clear", "short_form_again"

SHORT_FORM = (
    Indicator(
        code=CLEAR,
        name_vi="Tỷ lệ người bị yêu cầu bổ sung hiểu rõ phải nộp thêm gì",
        name_en="Share of those asked for papers to whom it is clear what to hand in",
        unit_of_analysis_vi="phiếu trả lời",
        unit_of_analysis_en="answer",
        cohort_vi=COHORT_VI,
        cohort_en=COHORT_EN,
        formula_vi="phiếu chấm rõ (mức 4, 5) / phiếu có chấm mức 1 đến 5",
        formula_en="answers that say clear (4, 5) / answers from 1 to 5",
        source="Bảng hỏi, phiếu ngắn, câu clarity",
        source_en="Questionnaire, short form, question clarity",
        kind=SURVEY,
        higher_is_better=True,
        empty_vi=NO_ANSWERS_VI,
        empty_en=NO_ANSWERS_EN,
    ),
    Indicator(
        code=AGAIN,
        name_vi="Tỷ lệ người bị yêu cầu bổ sung nói bị đòi thứ Nhà nước đã có",
        name_en="Share of those asked for papers who say the state has them already",
        unit_of_analysis_vi="phiếu trả lời",
        unit_of_analysis_en="answer",
        cohort_vi=COHORT_VI,
        cohort_en=COHORT_EN,
        formula_vi="trả lời “có” / (“có” + “không”); “không chắc” tính vào n, không vào tỷ lệ",
        formula_en="answers yes / (yes + no); unsure counts in n and not in the rate",
        source="Bảng hỏi, phiếu ngắn, câu asked_again",
        source_en="Questionnaire, short form, question asked_again",
        kind=SURVEY,
        higher_is_better=False,
        empty_vi=NO_ANSWERS_VI,
        empty_en=NO_ANSWERS_EN,
    ),
)
