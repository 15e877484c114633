"""The data dictionary: every word that stands in a file, generated from the definitions that the figures are computed by.

What a file, a page or the programming interface shows is defined here or in ``scorecard.indicators`` and ``scorecard.edition_tables``;
``tests/exports/test_dictionary.py`` proves it.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields

from scorecard.definitions import Indicator
from scorecard.edition_tables import Column, EditionTable, tables
from scorecard.indicators import INDICATORS
from scorecard.quality_marks import MARKS
from scorecard.shown_counts import shown_counts

# Lists that stay inside: units that are being verified are not named in public (only how many they are), nor is what reviewers did.
INTERNAL_TABLES = frozenset({"hidden_supplements", "integrity_moves", "integrity_changes"})

COLUMN_DEFINITIONS = (  # of the data files and of the programming interface, in their order
    Column("month", "tháng dương lịch theo giờ Việt Nam, 2026-10", "calendar month in Asia/Ho_Chi_Minh, 2026-10"),
    Column("version", "phiên bản của kỳ báo cáo", "version of the edition", "count"),
    Column("period_kind", "loại kỳ", "kind of period"),
    Column("window", "số tháng mà con số bao gồm", "months that the figure covers", "count"),
    Column("subject_kind", "loại đối tượng", "kind of subject"),
    Column("subject_code", "mã đối tượng; VN là cả nước; luôn là chữ", "the subject's code; VN is the nation; text"),
    Column("subject_name", "tên vào ngày cuối tháng", "name on the last day of the month"),
    Column("breakdown", "chia theo", "broken down by"),
    Column("category", "nhóm của cách chia", "category of the breakdown"),
    Column("indicator", "mã chỉ tiêu", "code of the indicator; its formula is on the page /method"),
    Column("variant", "dạng của con số", "form of the figure"),
    Column("numerator", "tử số; trống nếu trạng thái khác value", "count; empty unless status is value", "count"),
    Column("denominator", "mẫu số; trống nếu trạng thái khác value", "count; empty unless status is value", "count"),
    Column("value", "tử số / mẫu số, 0 đến 1; chênh lệch: -1 đến 1", "numerator / denominator, 0 to 1; of a change: -1 to 1", "share"),
    Column("low", "cận dưới của khoảng 95 %", "lower end of the 95 % interval", "share"),
    Column("high", "cận trên của khoảng 95 %", "upper end of the 95 % interval", "share"),
    Column("n", "số quan sát làm nên con số", "observations the value rests on", "count"),
    Column("n_eff", "số quan sát hiệu dụng sau khi gia quyền", "effective number of observations after weighting", "share"),
    Column("status", "trạng thái", "status"),
    Column("few_answers", "true: 10 đến 29 câu trả lời, không so sánh", "true: 10 to 29 answers, not to be compared", "flag"),
    Column("provisional", "true: còn thay đổi", "true: will still change", "flag"),
    Column("rule_version", "bộ quy tắc dùng để tính", "rule set by which it was computed"),
    Column(
        "simulated",
        "true: số liệu mô phỏng, không đo nơi có thật nào",
        "true: made up for demonstration, measures no real place",
        "flag",
    ),
)
PERIODS = {"calendar": ("tháng dương lịch", "calendar month")}
SUBJECTS = {
    "nation": ("cả nước", "the nation"),
    "unit": ("đơn vị: bộ, tỉnh, xã, cơ quan", "a unit: ministry, province, commune, agency"),
    "procedure": ("thủ tục, tính trên cả nước", "a procedure, over the nation"),
    "sector": ("lĩnh vực, tính trên cả nước", "a sector, over the nation"),
    "provider": ("nhà cung cấp hệ thống", "a provider of systems"),
    "agency": ("cơ quan chủ trì", "an agency in charge"),
    "group": ("nhóm thủ tục", "a group of procedures"),
}
VARIANTS = {
    "raw": ("tính thẳng từ số đếm", "straight from the counts"),
    "cleaned": ("sau khi bỏ phiếu có bằng chứng không hợp lệ", "after removing answers by evidence about themselves"),
    "weighted": ("gia quyền theo cơ cấu hồ sơ", "weighted to the mix of dossiers"),
    "lower": ("cận dưới", "lower bound"),
    "upper": ("cận trên", "upper bound"),
    "shrunk": ("co về nhóm so sánh, chỉ để so sánh", "shrunken to the peer group, for comparison alone"),
}
STATUSES = {
    "value": ("có con số", "there is a number"),
    "not_applicable": ("không phát sinh", "nothing arose: not applicable"),
    "not_reported": ("chưa gửi số liệu", "no data was sent"),
    "too_few": ("không đủ số liệu: dưới 10 câu trả lời", "not enough data: fewer than 10 answers"),
    "suppressed": ("ẩn để bảo vệ người trả lời", "hidden to protect those who answered"),
}
# Categories by code; None: the codes are those of a list of the edition (sectors, providers).
BREAKDOWNS: dict[str, tuple[str, str, dict[str, tuple[str, str]] | None]] = {
    "total": ("không chia", "not broken down", {"total": ("tất cả", "all")}),
    "channel": (
        "kênh nộp",
        "channel of filing",
        {
            "1": ("trực tiếp", "in person"),
            "2": ("trực tuyến", "online"),
            "3": ("bưu chính công ích", "by post"),
            "4": ("máy tại nơi tiếp nhận", "kiosk"),
        },
    ),
    "end_point": (
        "kết cục của hồ sơ",
        "how the dossier ended",
        {
            "returned": ("trả kết quả", "a result was returned"),
            "refused": ("từ chối", "refused"),
            "stopped": ("dừng xử lý", "stopped"),
            "withdrawn": ("rút hồ sơ", "withdrawn"),
            "supplement": ("yêu cầu bổ sung", "a supplement was asked for"),
        },
    ),
    "applicant": ("người nộp", "applicant", {"citizen": ("người dân", "citizen"), "enterprise": ("doanh nghiệp", "enterprise")}),
    "procedure_group": ("nhóm thủ tục theo lĩnh vực", "group of procedures by sector", None),
    "provider": ("nhà cung cấp hệ thống", "provider of the system", None),
    "mode": (
        "cách trả lời",
        "mode of answering",
        {
            "link": ("đường dẫn riêng", "personal link"),
            "open": ("mã chung tại nơi tiếp nhận", "open code at the counter"),
            "kiosk": ("máy tại quầy", "kiosk"),
            "paper": ("phiếu giấy", "paper"),
            "phone": ("điện thoại", "telephone"),
            "followup": ("gọi lại người chưa trả lời", "call to people who had not answered"),
        },
    ),
    "rating": (
        "mức hài lòng",
        "rating",
        {
            "1": ("rất không hài lòng", "very dissatisfied"),
            "2": ("không hài lòng", "dissatisfied"),
            "3": ("bình thường", "neither"),
            "4": ("hài lòng", "satisfied"),
            "5": ("rất hài lòng", "very satisfied"),
        },
    ),
    "party": ("bên chịu trách nhiệm", "party charged", {"receiver": ("nơi tiếp nhận", "the receiving unit")}),
    "level": (
        "cấp giải quyết",
        "level of handling",
        {"local": ("thủ tục địa phương", "local procedures"), "ministry": ("thủ tục của bộ", "procedures of ministries")},
    ),
}
TYPES = {
    "text": ("chữ", "text"),
    "count": ("số nguyên", "whole number"),
    "share": ("số thực", "decimal number"),
    "day": ("ngày, 2026-10-31", "day, 2026-10-31"),
    "flag": ("true hoặc false", "true or false"),
}
SIMULATED = COLUMN_DEFINITIONS[-1]  # the last column of every file and table


@dataclass(frozen=True)
class Entry:
    """One line of the dictionary. ``part``: column, period, subject, variant, status, breakdown, category, indicator, mark, count, table,
    table_column; ``within``: the breakdown or table that it belongs to, of a count what carries it (``scorecard.shown_counts``)."""

    part: str
    within: str
    code: str
    name_vi: str
    name_en: str
    type: str = ""
    unit_vi: str = ""
    unit_en: str = ""
    cohort_vi: str = ""
    cohort_en: str = ""
    formula_vi: str = ""
    formula_en: str = ""
    zero_vi: str = ""
    zero_en: str = ""
    direction: str = ""
    source_vi: str = ""
    source_en: str = ""


ENTRY_COLUMNS = [field.name for field in fields(Entry)]


def public_tables() -> list[EditionTable]:
    """The edition's tables that anybody may have, by name."""
    return [table for name, table in sorted(tables().items()) if name not in INTERNAL_TABLES]


def entries() -> list[Entry]:
    """The whole dictionary, in the order in which it is printed."""
    return list(_entries())


def csv_rows(simulated: bool) -> list[dict[str, object]]:
    """The dictionary as rows; ``simulated``: of the edition that it goes with."""
    return [asdict(entry) | {"simulated": simulated} for entry in entries()]


def _entries() -> Iterator[Entry]:
    for column in COLUMN_DEFINITIONS:
        yield Entry("column", "", column.name, column.vi, column.en, column.type)
    for part, words in (("period", PERIODS), ("subject", SUBJECTS), ("variant", VARIANTS), ("status", STATUSES)):
        for code, (vi, en) in words.items():
            yield Entry(part, "", code, vi, en)
    for code, (vi, en, categories) in BREAKDOWNS.items():
        yield Entry("breakdown", "", code, vi, en)
        for category, (name_vi, name_en) in (categories or {}).items():
            yield Entry("category", code, category, name_vi, name_en)
    for indicator in INDICATORS.values():
        yield _of_indicator(indicator)
    for mark in MARKS:
        yield Entry("mark", "quality_marks", mark.code, mark.vi, mark.en, formula_vi=mark.measure_vi, formula_en=mark.measure_en)
    for each in shown_counts():
        yield Entry("count", each.kind, each.code, each.vi, each.en, formula_vi=each.how_vi, formula_en=each.how_en)
    for table in public_tables():
        yield Entry("table", "", table.name, table.title_vi, table.title_en)
        for column in (*table.columns, SIMULATED):
            yield Entry("table_column", table.name, column.name, column.vi, column.en, column.type)


def _of_indicator(indicator: Indicator) -> Entry:
    direction = {True: "higher_is_better", False: "lower_is_better", None: "none"}[indicator.higher_is_better]
    return Entry(
        "indicator",
        indicator.kind,
        indicator.code,
        indicator.name_vi,
        indicator.name_en,
        "share",
        indicator.unit_of_analysis_vi,
        indicator.unit_of_analysis_en,
        indicator.cohort_vi,
        indicator.cohort_en,
        indicator.formula_vi,
        indicator.formula_en,
        indicator.empty_vi,
        indicator.empty_en,
        direction,
        indicator.source,
        indicator.source_en,
    )
