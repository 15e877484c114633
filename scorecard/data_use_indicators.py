"""Definitions of how far dossiers run on data: electronic results, digitised papers and their reuse, payment online, population data.

Where the source does not say, a share is known between two bounds: from nobody to everybody of whom it is silent.
"""

from typing import TYPE_CHECKING, Any

from scorecard.definitions import DATA_USE, NO_DOSSIERS_EN, NO_DOSSIERS_VI, Expression, Indicator
from scorecard.figures import LOWER, UPPER

if TYPE_CHECKING:
    import ibis

RECEIVED_VI, RECEIVED_EN = "hồ sơ tiếp nhận trong tháng", "dossiers received in the month"
NOT_SAID_VI = "; đến: thêm phần mà nguồn không cho biết"
NOT_SAID_EN = "; to: also those of which the source does not say"
NOT_RECORDED_VI = "nguồn không ghi việc thanh toán: chưa có số liệu, không phải 0 %"
NOT_RECORDED_EN = "the source records no payment: not reported, and not 0%"
FINANCIAL_DUTY = 6  # status: the applicant is asked to pay


def _received(d: "ibis.Table") -> Any:
    return d.received_at.notnull()  # all: only the month's files are read


def _done(d: "ibis.Table") -> Any:
    return d.status.between(9, 10).fill_null(False)


def _payable(d: "ibis.Table") -> Any:
    return d.paid_online.notnull() | (d.status == FINANCIAL_DUTY).fill_null(False)


def _dossiers(code: str, flag: str, denominator: Expression, **words: Any) -> Indicator:
    """Of dossiers: ``flag`` is a column that is true, false or null (not said)."""
    given: dict[str, Any] = {
        "unit_of_analysis_vi": "hồ sơ",
        "unit_of_analysis_en": "dossier",
        "cohort_vi": RECEIVED_VI,
        "cohort_en": RECEIVED_EN,
        "empty_vi": NO_DOSSIERS_VI,
        "empty_en": NO_DOSSIERS_EN,
    } | words
    return Indicator(
        code=code,
        kind=DATA_USE,
        higher_is_better=True,
        numerators={
            LOWER: lambda d: denominator(d) & d[flag].fill_null(False),
            UPPER: lambda d: denominator(d) & d[flag].fill_null(True),
        },
        denominator=denominator,
        **given,
    )


def _services(code: str, **words: Any) -> Indicator:
    return Indicator(
        code=code,
        kind=DATA_USE,
        higher_is_better=True,
        bounds=True,
        unit_of_analysis_vi="dịch vụ (cặp tỉnh hoặc bộ × thủ tục)",
        unit_of_analysis_en="service (pair of province or ministry and procedure)",
        **words,
    )


RESULTS_ELECTRONIC, PAPERS_DIGITISED, DATA_REUSED = "results_electronic", "papers_digitised", "data_reused"
POPULATION_DATA, PAID_ONLINE = "population_data", "paid_online"
PROCEDURES_POPULATION_DATA, PROCEDURES_PAID_ONLINE = "procedures_population_data", "procedures_paid_online"
PAYMENT = (PAID_ONLINE, PROCEDURES_PAID_ONLINE)  # of what the source records only: an empty denominator is a lack of record

DATA_USES = (
    _dossiers(
        RESULTS_ELECTRONIC,
        "result_electronic",
        _done,
        name_vi="Tỷ lệ hồ sơ có kết quả điện tử",
        name_en="Share of dossiers with an electronic result",
        cohort_vi="hồ sơ tiếp nhận trong tháng, đã xong (mã trạng thái 9, 10)",
        cohort_en="dossiers received in the month and handled (status codes 9 and 10)",
        formula_vi=f"hồ sơ có bản điện tử của kết quả / hồ sơ đã xong{NOT_SAID_VI}",
        formula_en=f"dossiers whose result has an electronic document / handled dossiers{NOT_SAID_EN}",
        source="QĐ 766/QĐ-TTg, chỉ số 4.1; trường GiayToKetQua của bản tin đồng bộ",
        source_en="Decision 766/QĐ-TTg, indicator 4.1; field GiayToKetQua of the synchronised record",
    ),
    _dossiers(
        PAPERS_DIGITISED,
        "digitised",
        _received,
        name_vi="Tỷ lệ hồ sơ có thành phần được số hóa",
        name_en="Share of dossiers with digitised papers",
        formula_vi=f"hồ sơ ghi là có thành phần số hóa / hồ sơ tiếp nhận{NOT_SAID_VI}",
        formula_en=f"dossiers recorded as having digitised papers / dossiers received{NOT_SAID_EN}",
        source="QĐ 766/QĐ-TTg, chỉ số 4.2; trường HoSoCoThanhPhanSoHoa, DuocSoHoa của bản tin đồng bộ",
        source_en="Decision 766/QĐ-TTg, indicator 4.2; fields HoSoCoThanhPhanSoHoa and DuocSoHoa of the synchronised record",
    ),
    _dossiers(
        DATA_REUSED,
        "reused",
        _received,
        name_vi="Tỷ lệ hồ sơ sử dụng lại dữ liệu đã số hóa",
        name_en="Share of dossiers that reuse digitised data",
        formula_vi=f"hồ sơ ghi là có giấy tờ được tái sử dụng hoặc lấy từ kho / hồ sơ tiếp nhận{NOT_SAID_VI}",
        formula_en=f"dossiers with a paper recorded as reused or taken from a store / dossiers received{NOT_SAID_EN}",
        source="QĐ 766/QĐ-TTg, chỉ số 4.3; trường DuocTaiSuDung, DuocLayTuKhoDMQG của bản tin đồng bộ",
        source_en="Decision 766/QĐ-TTg, indicator 4.3; fields DuocTaiSuDung and DuocLayTuKhoDMQG of the synchronised record",
    ),
    _dossiers(
        POPULATION_DATA,
        "population",
        _received,
        name_vi="Tỷ lệ hồ sơ sử dụng dữ liệu dân cư",
        name_en="Share of dossiers that use population data",
        formula_vi=f"hồ sơ có ghi lượt tra cứu cơ sở dữ liệu dân cư / hồ sơ tiếp nhận{NOT_SAID_VI}",
        formula_en=f"dossiers with a recorded look-up in the population database / dossiers received{NOT_SAID_EN}",
        source="QĐ 766/QĐ-TTg, chỉ số 4.5b; trường DSKetNoiCSDL của bản tin đồng bộ (tài khoản VNeID không được lưu)",
        source_en="Decision 766/QĐ-TTg, indicator 4.5b; field DSKetNoiCSDL of the synchronised record (VNeID accounts are not kept)",
    ),
    _dossiers(
        PAID_ONLINE,
        "paid_online",
        _payable,
        name_vi="Tỷ lệ hồ sơ thanh toán trực tuyến",
        name_en="Share of dossiers paid online",
        cohort_vi="hồ sơ tiếp nhận trong tháng mà nguồn ghi có hay không thanh toán trực tuyến, hoặc đang chờ nộp phí (mã 6)",
        cohort_en="dossiers received in the month that are recorded as paid online or not, or that wait for payment (code 6)",
        formula_vi="hồ sơ đã thanh toán trực tuyến / hồ sơ nói trên (có thể gồm hồ sơ không mất phí); đến: thêm hồ sơ đang chờ nộp phí",
        formula_en=(
            "dossiers paid online / these dossiers (some of which may have no fee); to: also those that wait for payment without saying how"
        ),
        source="QĐ 766/QĐ-TTg, chỉ số 3.6; trường DuocThanhToanTrucTuyen của bản tin đồng bộ",
        source_en="Decision 766/QĐ-TTg, indicator 3.6; field DuocThanhToanTrucTuyen of the synchronised record",
        empty_vi=NOT_RECORDED_VI,
        empty_en=NOT_RECORDED_EN,
    ),
    _services(
        PROCEDURES_POPULATION_DATA,
        name_vi="Tỷ lệ thủ tục có sử dụng dữ liệu dân cư",
        name_en="Share of procedures that use population data",
        cohort_vi="dịch vụ có hồ sơ tiếp nhận trong tháng mà người nộp không được ghi là doanh nghiệp",
        cohort_en="services with dossiers received in the month whose applicant is not recorded as an enterprise",
        formula_vi=f"dịch vụ có ít nhất một hồ sơ tra cứu cơ sở dữ liệu dân cư / dịch vụ nói trên{NOT_SAID_VI}",
        formula_en=f"services with at least one dossier with such a look-up / these services{NOT_SAID_EN}",
        source="QĐ 766/QĐ-TTg, chỉ số 4.5a",
        source_en="Decision 766/QĐ-TTg, indicator 4.5a",
        empty_vi=NO_DOSSIERS_VI,
        empty_en=NO_DOSSIERS_EN,
    ),
    _services(
        PROCEDURES_PAID_ONLINE,
        name_vi="Tỷ lệ thủ tục đã phát sinh thanh toán trực tuyến",
        name_en="Share of procedures that were paid online",
        cohort_vi="dịch vụ có hồ sơ tiếp nhận trong tháng mà nguồn ghi có hay không thanh toán trực tuyến",
        cohort_en="services with dossiers received in the month of which the source says whether they were paid online",
        formula_vi="dịch vụ có ít nhất một hồ sơ thanh toán trực tuyến / dịch vụ nói trên; đến: thêm dịch vụ có hồ sơ đang chờ nộp phí",
        formula_en="services with at least one dossier paid online / these services; to: also those with a dossier that waits for payment",
        source="QĐ 766/QĐ-TTg, nhóm thanh toán trực tuyến",
        source_en="Decision 766/QĐ-TTg, group of online payment",
        empty_vi=NOT_RECORDED_VI,
        empty_en=NOT_RECORDED_EN,
    ),
)
