"""Where what a person says and what the record says do not match: each direction an indicator of its own, neither side called wrong.

An invitation carries three recorded facts (supplement requests, on time, filed online); the answer carries the person's. For what is
given before and for costs the record holds nothing to compare with but silence: these go in one direction only.
"""

from scorecard.definitions import ANSWERS_EN, ANSWERS_VI, NO_ANSWERS_EN, NO_ANSWERS_VI, SURVEY, Indicator


def _indicator(code: str, names: tuple[str, str], formula: tuple[str, str], question: str) -> Indicator:
    return Indicator(
        code=code,
        name_vi=names[0],
        name_en=names[1],
        unit_of_analysis_vi="phiếu trả lời",
        unit_of_analysis_en="answer",
        cohort_vi=ANSWERS_VI,
        cohort_en=ANSWERS_EN,
        formula_vi=formula[0],
        formula_en=formula[1],
        source=f"Bảng hỏi, câu {question}; so với số ghi nhận của chính hồ sơ ấy",
        source_en=f"Questionnaire, question {question}; against the record of the same dossier",
        kind=SURVEY,
        higher_is_better=False,
        empty_vi=NO_ANSWERS_VI,
        empty_en=NO_ANSWERS_EN,
    )


UNRECORDED_SUPPLEMENT, UNCONFIRMED_SUPPLEMENT = "unrecorded_supplement", "unconfirmed_supplement"
UNRECORDED_AGAIN, UNCONFIRMED_ONLINE = "unrecorded_again", "unconfirmed_online"
UNCONFIRMED_ON_TIME, UNRECORDED_ON_TIME, PAID_OUTSIDE = "unconfirmed_on_time", "unrecorded_on_time", "paid_outside"
MISMATCH_ANY = "mismatch_any"

MISMATCH = (
    _indicator(
        MISMATCH_ANY,
        ("Không khớp giữa hệ thống và người dân ở ít nhất một điểm", "System and person differ on at least one point"),
        (
            "phiếu khác với số ghi nhận ở ít nhất một trong bốn điểm (bổ sung, nộp lại, đúng hẹn, trực tuyến) "
            "/ phiếu trả lời ít nhất một điểm",
            "answers that differ from the record on one of four points at least (supplements, given again, time, online) "
            "/ answers to one of these at least",
        ),
        "supplement_count, asked_again, on_time, assisted",
    ),
    _indicator(
        UNRECORDED_SUPPLEMENT,
        ("Bổ sung: hệ thống ghi không, người dân nói có", "Supplements: none on record, the person says there were"),
        (
            "phiếu nói có bổ sung mà hồ sơ ghi 0 lần / phiếu trả lời câu này",
            "answers that name a request where the record has none / answers to the question",
        ),
        "supplement_count",
    ),
    _indicator(
        UNCONFIRMED_SUPPLEMENT,
        ("Bổ sung: hệ thống ghi có, người dân nói không", "Supplements: on record, the person says there were none"),
        (
            "phiếu nói không bổ sung mà hồ sơ ghi từ 1 lần / phiếu trả lời câu này",
            "answers that name no request where the record has one or more / answers to the question",
        ),
        "supplement_count",
    ),
    _indicator(
        UNRECORDED_AGAIN,
        ("Nộp lại điều đã cung cấp: không có yêu cầu nào được ghi", "Asked for something given before: no request on record"),
        (
            "phiếu nói bị yêu cầu điều đã cung cấp mà hồ sơ ghi 0 lần bổ sung / phiếu trả lời có hoặc không",
            "answers that say so where the record has no request / answers of yes or no",
        ),
        "asked_again",
    ),
    _indicator(
        UNCONFIRMED_ONLINE,
        (
            "Trực tuyến: hệ thống ghi nộp trực tuyến, người dân nói cán bộ nộp giúp",
            "Online: filed online on record, the person says staff filed it",
        ),
        (
            "phiếu nói cán bộ nộp giúp / phiếu của hồ sơ ghi nộp trực tuyến, trả lời có hoặc không",
            "answers that say staff filed it / answers of yes or no for dossiers filed online on record",
        ),
        "assisted",
    ),
    _indicator(
        UNCONFIRMED_ON_TIME,
        ("Thời hạn: hệ thống ghi đúng hạn, người dân nói muộn hơn hẹn", "Time: on time on record, the person says it was late"),
        (
            "phiếu nói muộn hơn hẹn mà hồ sơ ghi đúng hạn / phiếu trả lời câu này của hồ sơ có ngày hẹn",
            "answers that say late where the record says on time / answers to the question for dossiers with a due date",
        ),
        "on_time",
    ),
    _indicator(
        UNRECORDED_ON_TIME,
        ("Thời hạn: hệ thống ghi quá hạn, người dân nói đúng hẹn", "Time: overdue on record, the person says it was on time"),
        (
            "phiếu nói đúng hẹn hoặc sớm hơn mà hồ sơ ghi quá hạn / phiếu trả lời câu này của hồ sơ có ngày hẹn",
            "answers that say on time or early where the record says overdue / answers to the question for dossiers with a due date",
        ),
        "on_time",
    ),
    _indicator(
        PAID_OUTSIDE,
        ("Chi phí: người dân nói có trả ngoài mức thu theo quy định", "Costs: the person says something was paid outside the fees"),
        (
            "phiếu nói có trả thêm / phiếu trả lời có hoặc không",
            "answers that say so / answers of yes or no",
        ),
        "extra_cost",
    ),
)
MISMATCH_CODES = tuple(indicator.code for indicator in MISMATCH)
MISMATCH_PARTS = tuple(code for code in MISMATCH_CODES if code != MISMATCH_ANY)
