"""Definitions of the three layers of online service: what is declared, what is used, what takes effect."""

from typing import TYPE_CHECKING, Any

from scorecard.definitions import LAKE, NO_DOSSIERS_EN, NO_DOSSIERS_VI, SERVICE, Expression, Indicator
from scorecard.figures import LOWER, UPPER

if TYPE_CHECKING:
    import ibis

RECEIVED_VI, RECEIVED_EN = "hồ sơ tiếp nhận trong tháng", "dossiers received in the month"
ONLINE = 2
ARTICLE_14, ARTICLE_14_EN = "NĐ 224/2026/NĐ-CP, Điều 14", "Decree 224/2026/NĐ-CP, Article 14"
SERVICE_VI = "dịch vụ (cặp cơ quan cung cấp × thủ tục)"
SERVICE_EN = "service (pair of offering agency and procedure)"


def _online(d: "ibis.Table") -> Any:
    return d.received_in & (d.channel == ONLINE)


def _result_due(d: "ibis.Table") -> Any:
    return d.status.between(9, 10).fill_null(False)


def _used(code: str, numerators: dict[str, Expression], **words: Any) -> Indicator:
    return Indicator(
        code=code,
        unit_of_analysis_vi="hồ sơ",
        unit_of_analysis_en="dossier",
        cohort_vi=RECEIVED_VI,
        cohort_en=RECEIVED_EN,
        kind=LAKE,
        higher_is_better=True,
        empty_vi=NO_DOSSIERS_VI,
        empty_en=NO_DOSSIERS_EN,
        numerators=numerators,
        denominator=lambda d: d.received_in,
        **words,
    )


def _listed(code: str, higher_is_better: bool, **words: Any) -> Indicator:
    given: dict[str, Any] = {"unit_of_analysis_vi": SERVICE_VI, "unit_of_analysis_en": SERVICE_EN} | words
    return Indicator(code=code, kind=SERVICE, higher_is_better=higher_is_better, **given)


AVAILABILITY = (
    _used(
        "online_strict",
        {
            LOWER: lambda d: _online(d) & (~_result_due(d) | d.result_electronic.fill_null(False)),
            UPPER: lambda d: _online(d) & (~_result_due(d) | d.result_electronic.fill_null(True)),
        },
        name_vi="Tỷ lệ hồ sơ trực tuyến, tính chặt (có kết quả điện tử)",
        name_en="Share of dossiers filed online, strictly (with an electronic result)",
        formula_vi=(
            "hồ sơ kênh trực tuyến mà kết quả đã có thì phải có bản điện tử / hồ sơ tiếp nhận; "
            "đến: thêm hồ sơ mà nguồn không cho biết có bản điện tử hay không"
        ),
        formula_en=(
            "dossiers filed online whose result, where there is one, is electronic / dossiers received; "
            "to: also those of which the source does not say whether the result is electronic"
        ),
        source="QĐ 766/QĐ-TTg, chỉ số 3.3, như Cổng Dịch vụ công quốc gia đang tính (không nhân hệ số đồng bộ)",
        source_en="Decision 766/QĐ-TTg, indicator 3.3, as the National Public Service Portal computes it (no synchronisation factor)",
    ),
    _used(
        "online_self_filed",
        {
            LOWER: lambda d: _online(d) & ~d.assisted.fill_null(True),
            UPPER: lambda d: _online(d) & ~d.assisted.fill_null(False),
        },
        name_vi="Tỷ lệ hồ sơ tự nộp trực tuyến (ước tính)",
        name_en="Share of dossiers filed online by the applicant alone (estimate)",
        formula_vi=(
            "từ: hồ sơ kênh trực tuyến mà nguồn ghi là không nộp hộ / hồ sơ tiếp nhận; đến: thêm hồ sơ trực tuyến mà nguồn không ghi. "
            "Ước tính: bản tin đồng bộ quốc gia không có trường nộp hộ; ki-ốt là kênh riêng"
        ),
        formula_en=(
            "from: dossiers filed online that the source says were not filed by a clerk / dossiers received; to: also those filed online "
            "of which it says nothing. An estimate: the national sync message has no such field; kiosks are a channel of their own"
        ),
        source="Thông báo 07-TB/CQTTBCĐ, Phụ lục 3; trường nộp hộ của nguồn, nơi có",
        source_en="Notice 07-TB/CQTTBCĐ, Annex 3; the source's own field for assisted filing, where there is one",
    ),
    _listed(
        "partial_with_reason",
        True,
        name_vi="Tỷ lệ dịch vụ một phần đã công bố lý do",
        name_en="Share of partial services whose reason is published",
        cohort_vi="dịch vụ cung cấp một phần, theo danh mục có hiệu lực ngày cuối tháng",
        cohort_en="services offered in part, by the catalogue valid on the month's last day",
        formula_vi="dịch vụ một phần có lý do được công bố / dịch vụ một phần",
        formula_en="partial services with a published reason / partial services",
        source=f"{ARTICLE_14} (toàn trình là mặc định từ 01/7/2026; một phần phải công bố lý do)",
        source_en=f"{ARTICLE_14_EN} (full is the default from 1 July 2026; a partial service must state its reason)",
        empty_vi="không có dịch vụ một phần: không áp dụng",
        empty_en="no partial service: not applicable",
    ),
    _listed(
        "procedures_online",
        True,
        unit_of_analysis_vi="thủ tục",
        unit_of_analysis_en="procedure",
        name_vi="Tỷ lệ thủ tục có dịch vụ trực tuyến ở ít nhất một nơi",
        name_en="Share of procedures with an online service somewhere",
        cohort_vi="thủ tục trong danh mục có hiệu lực ngày cuối tháng: tất cả, hoặc riêng cấp địa phương, riêng cấp bộ",
        cohort_en="procedures of the catalogue valid on the month's last day: all, or the local level or the ministries' level alone",
        formula_vi="thủ tục có ít nhất một nơi cung cấp một phần hoặc toàn trình / thủ tục trong danh mục",
        formula_en="procedures offered in part or in full by at least one agency / procedures in the catalogue",
        source=f"{ARTICLE_14}; con số của cấp địa phương không phải con số cả nước",
        source_en=f"{ARTICLE_14_EN}; the local level's figure is not the national one",
        empty_vi="không có thủ tục nào trong danh mục: không áp dụng",
        empty_en="no procedure in the catalogue: not applicable",
    ),
    _listed(
        "online_effective",
        True,
        name_vi="Tỷ lệ dịch vụ trực tuyến thật sự có hồ sơ trực tuyến",
        name_en="Share of online services that receive online dossiers",
        cohort_vi="dịch vụ khai báo một phần hoặc toàn trình, có hồ sơ tiếp nhận trong tháng bằng bất kỳ kênh nào",
        cohort_en="services declared partial or full that received dossiers in the month by any channel",
        formula_vi="dịch vụ có ít nhất một hồ sơ trực tuyến / dịch vụ khai báo trực tuyến có hồ sơ",
        formula_en="services with at least one dossier filed online / services declared online with any dossier",
        source="QĐ 766/QĐ-TTg, chỉ số 3.2 (mẫu số ở đây: dịch vụ có hồ sơ)",
        source_en="Decision 766/QĐ-TTg, indicator 3.2 (denominator here: services with dossiers)",
        empty_vi="không có dịch vụ trực tuyến nào có hồ sơ: không áp dụng",
        empty_en="no online service with dossiers: not applicable",
    ),
    _listed(
        "phantom_services",
        False,
        name_vi="Tỷ lệ dịch vụ trực tuyến chỉ có trên danh mục",
        name_en="Share of online services on paper only",
        cohort_vi="dịch vụ khai báo một phần hoặc toàn trình, có hồ sơ tiếp nhận trong tháng bằng bất kỳ kênh nào",
        cohort_en="services declared partial or full that received dossiers in the month by any channel",
        formula_vi=(
            "dịch vụ khai báo trực tuyến mà nhiều tháng liền hồ sơ chỉ đến bằng kênh khác, không có hồ sơ trực tuyến nào "
            "(số tháng, số hồ sơ tối thiểu: bộ quy tắc) / dịch vụ khai báo trực tuyến có hồ sơ"
        ),
        formula_en=(
            "services declared online where for several months in a row dossiers came by other channels alone and none online "
            "(months and least dossiers: the rule set) / services declared online with any dossier"
        ),
        source="Thông báo 07-TB/CQTTBCĐ, Phụ lục 3(b); ngưỡng của bộ quy tắc",
        source_en="Notice 07-TB/CQTTBCĐ, Annex 3(b); thresholds of the rule set",
        empty_vi="không có dịch vụ trực tuyến nào có hồ sơ: không áp dụng",
        empty_en="no online service with dossiers: not applicable",
    ),
    _listed(
        "boundary_published",
        True,
        unit_of_analysis_vi="tỉnh, thành phố",
        unit_of_analysis_en="province",
        name_vi="Đã công bố danh mục không phụ thuộc địa giới",
        name_en="List of boundary-independent procedures published",
        cohort_vi="tỉnh, thành phố (cả nước: mọi tỉnh, thành phố)",
        cohort_en="provinces (nation: all provinces)",
        formula_vi="tỉnh, thành phố có danh mục còn hiệu lực cuối tháng / tỉnh, thành phố",
        formula_en="provinces with a list valid at the month's end / provinces",
        source="NQ 66/NQ-CP ngày 26/3/2025; NĐ 118/2025/NĐ-CP, Điều 14",
        source_en="Resolution 66/NQ-CP of 26 March 2025; Decree 118/2025/NĐ-CP, Article 14",
        empty_vi="đơn vị không phải tỉnh, thành phố: không áp dụng",
        empty_en="not a province: not applicable",
    ),
    _listed(
        "boundary_coverage",
        True,
        name_vi="Độ phủ của danh mục không phụ thuộc địa giới",
        name_en="Coverage of the boundary-independent lists",
        cohort_vi="thủ tục thuộc thẩm quyền của tỉnh, thành phố có danh mục ghi đủ mã thủ tục",
        cohort_en="procedures in the authority of the provinces whose lists are known by procedure",
        formula_vi="thủ tục trong danh mục / thủ tục thuộc thẩm quyền (mục tiêu 100 %)",
        formula_en="procedures on the list / procedures in authority (target 100%)",
        source="NQ 66/NQ-CP ngày 26/3/2025",
        source_en="Resolution 66/NQ-CP of 26 March 2025",
        empty_vi="chưa nạp danh mục theo mã thủ tục: chưa gửi số liệu",
        empty_en="no list by procedure loaded: not reported",
    ),
)
