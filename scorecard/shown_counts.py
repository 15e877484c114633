"""What pages, files and the report show besides measurements and an edition's tables: each number defined once, like an indicator.

Most are the numerator or denominator of an indicator for one procedure in one place, out of the edition's counts: these name it. The
data dictionary prints the list; ``tests/exports/test_dictionary.py`` proves that there are no others.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from scorecard.figures import HELD_BY_STATE, ONLINE_UNUSED, REPEAT
from scorecard.indicators import INDICATORS

PROCEDURE_COUNT, FINDING, UNIT_COUNT, OFFICIAL, FACT = "procedure_count", "finding", "unit_count", "official_score", "edition_fact"


@dataclass(frozen=True)
class ShownCount:
    """One number. ``kind``: what carries it; ``code``: its name there; ``how``: of what it is counted, or where it comes from."""

    kind: str
    code: str
    vi: str
    en: str
    how_vi: str
    how_en: str


# A procedure's counts in one place: field of ``figures.ProcedureCount`` → column of the edition's counts, ``<indicator>_<part>``.
COUNTED = {
    "received": "online_filing_den",
    "online": "online_filing_raw",
    "on_time": "on_time_raw",
    "due": "on_time_den",
    "cohort": "supplement_den",
    "supplement": "supplement_raw",
    "repeat_supplement": "repeat_supplement_raw",
    "asked_again_lower": "asked_again_recorded_lower",
    "asked_again_upper": "asked_again_recorded_upper",
}
_OF_UNIT = {"received": "online_filing_den", "people": "supplement_raw", "answers": "response_rate_raw"}  # of figures.UnitToPress
_NAMES = {
    "received": ("hồ sơ tiếp nhận", "dossiers received"),
    "online": ("hồ sơ nộp trực tuyến", "dossiers filed online"),
    "on_time": ("hồ sơ đúng hạn", "dossiers on time"),
    "due": ("hồ sơ xong hoặc đến hạn", "dossiers ended or due"),
    "cohort": ("hồ sơ trong tập D", "dossiers in set D"),
    "supplement": ("hồ sơ bị yêu cầu bổ sung", "dossiers with a supplement request"),
    "repeat_supplement": ("hồ sơ bị yêu cầu bổ sung từ hai lần", "dossiers with two or more requests"),
    "asked_again_lower": ("hồ sơ bị yêu cầu giấy tờ Nhà nước đã có, ít nhất", "dossiers asked for what the state has, at least"),
    "asked_again_upper": ("hồ sơ bị yêu cầu giấy tờ Nhà nước đã có, nhiều nhất", "dossiers asked for what the state has, at most"),
    "people": ("hồ sơ bị yêu cầu bổ sung", "dossiers with a supplement request"),
    "answers": ("phiếu trả lời", "answers"),
}
_FINDINGS = (
    ShownCount(
        FINDING,
        HELD_BY_STATE,
        "người bị yêu cầu giấy tờ Nhà nước đã có",
        "people asked for papers that the state has",
        "hồ sơ trong tập D bị yêu cầu ít nhất một giấy tờ mà cơ sở dữ liệu này giữ, dù đã công bố, kết nối hay chưa",
        "dossiers of set D asked for at least one paper that this database holds, be it published and connected or not",
    ),
    ShownCount(
        FINDING,
        REPEAT,
        "người bị yêu cầu bổ sung từ hai lần",
        "people asked for supplements twice or more",
        "tử số của repeat_supplement, theo thủ tục",
        "numerator of repeat_supplement, by procedure",
    ),
    ShownCount(
        FINDING,
        ONLINE_UNUSED,
        "người nộp bằng cách khác dù có dịch vụ trực tuyến",
        "people who filed otherwise though there is an online service",
        "mẫu số trừ tử số của online_filing, ở nơi khai báo thủ tục trực tuyến; ngưỡng: bộ quy tắc",
        "denominator less numerator of online_filing, where the procedure is declared online; thresholds: the rule set",
    ),
    ShownCount(
        FINDING,
        "dossiers",
        "trong số hồ sơ",
        "of dossiers",
        "hồ sơ trong tập D của thủ tục ấy trong phạm vi ấy; với dịch vụ ít người dùng: hồ sơ tiếp nhận",
        "dossiers of set D of the procedure in the scope; for a service that is hardly used: dossiers received",
    ),
)
_OTHERS = (
    ShownCount(
        OFFICIAL,
        "score",
        "điểm đã công bố của Bộ chỉ số 766",
        "published score of the 766 index",
        "điểm Cổng công bố, nạp nguyên như nguồn ghi; không tính ở đây",
        "as the portal publishes it, loaded as its source has it; not computed here",
    ),
    ShownCount(
        OFFICIAL, "maximum", "điểm tối đa của nhóm", "the group's maximum", "theo bộ quy tắc qd766-2022", "by the rule set qd766-2022"
    ),
    ShownCount(
        FACT,
        "dossiers",
        "hồ sơ liên quan đến tháng",
        "dossiers that the month concerns",
        "hồ sơ của nguồn tính vào số cả nước: tiếp nhận, kết thúc, đến hạn hoặc có yêu cầu bổ sung trong tháng",
        "of sources that enter national figures: received, ended, due or with a supplement request in the month",
    ),
    ShownCount(
        FACT,
        "sources",
        "hệ thống đã đăng ký",
        "systems on the register",
        "nguồn tính vào số cả nước",
        "sources that enter national figures",
    ),
    ShownCount(
        FACT,
        "sources_reported",
        "hệ thống đã gửi số liệu của tháng",
        "systems that sent data for the month",
        "nguồn có tệp được nhận cho tháng, hoặc có hồ sơ liên quan đến tháng",
        "sources with an accepted file for the month, or with dossiers that it concerns",
    ),
    ShownCount(
        FACT,
        "coverage",
        "độ phủ số liệu của tỉnh, bộ",
        "coverage of a province's or ministry's data",
        "ngày làm việc có số liệu / ngày làm việc của tháng, mọi hệ thống của nơi ấy",
        "working days with data / working days of the month, over all systems of the place",
    ),
    ShownCount(
        FACT,
        "rows_received",
        "dòng số liệu nhận được",
        "rows of data received",
        "mọi lần gửi chạm đến tháng",
        "of every submission that touches the month",
    ),
    ShownCount(
        FACT,
        "rows_quarantined",
        "dòng bị giữ lại vì lỗi",
        "rows held back for errors",
        "trong các dòng nói trên",
        "of the rows above",
    ),
    ShownCount(
        FACT,
        "without_signal",
        "xã không có sóng di động, toàn bộ hoặc một phần",
        "communes without mobile signal, in whole or in part",
        "theo danh sách được khai, ngày cuối tháng",
        "by the list as declared, on the month's last day",
    ),
)
# What an edition notes for the program alone, and which no page prints as a figure.
INTERNAL_FACTS = frozenset(
    {"answers_until", "cost", "examined_at", "fingerprint", "grey_below", "reported", "seen", "unknown_units"},
)


def shown_counts() -> tuple[ShownCount, ...]:
    """All of them, in the order in which they are printed."""
    return (*_parts(PROCEDURE_COUNT, COUNTED), *_FINDINGS, *_parts(UNIT_COUNT, _OF_UNIT), *_OTHERS)


def _parts(kind: str, columns: dict[str, str]) -> Iterator[ShownCount]:
    for code, column in columns.items():
        indicator, _sign, part = column.rpartition("_")
        side_vi, side_en = ("mẫu số", "denominator") if part == "den" else ("tử số", "numerator")
        about = INDICATORS[indicator]
        yield ShownCount(kind, code, *_NAMES[code], f"{side_vi}: {about.name_vi}", f"{side_en}: {about.name_en}")
