"""What a row must satisfy to enter the lake: a table of named rules, each one condition for the engine over the whole batch.

A condition speaks of the columns of the staged table (``staging.py``). ``error`` sends the row to quarantine; ``warning``
keeps it and is counted.
"""

from dataclasses import dataclass
from typing import Literal

from procedures.dossiers import END_STATUSES
from procedures.mapping import Profile

DATE_FIELDS = ("received_at", "due_at", "first_due_at", "finished_at", "returned_at", "supplement_at", "updated_at")


@dataclass(frozen=True)
class Rule:
    """One rule: its code, what breaking it does, and what the sender reads (``{field}`` is the column's heading)."""

    code: str
    severity: Literal["error", "warning"]
    vi: str
    en: str


RULES = {
    rule.code: rule
    for rule in (
        Rule(
            "unreadable_row",
            "error",
            "Dòng không đọc được (không phải JSON, hoặc số cột khác tiêu đề): xuất lại dòng này.",
            "The row cannot be read (not JSON, or another number of columns than the heading): export it again.",
        ),
        Rule("missing_field", "error", "Thiếu {field}: điền giá trị.", "{field} is missing: fill it in."),
        Rule(
            "bad_dossier_code",
            "error",
            "{field} không đúng dạng mã hồ sơ, ví dụ H26.12-261008-0975: sửa mã.",
            "{field} does not look like a dossier code such as H26.12-261008-0975: mend the code.",
        ),
        Rule(
            "bad_date",
            "error",
            "{field} không phải ngày hợp lệ (năm đủ bốn chữ số, từ 1990): sửa ngày.",
            "{field} is not a valid date (a year of four digits, from 1990 on): mend it.",
        ),
        Rule(
            "date_before_reception",
            "error",
            "{field} trước ngày tiếp nhận: kiểm tra cả hai ngày.",
            "{field} is before the reception: check both dates.",
        ),
        Rule(
            "future_date",
            "error",
            "{field} ở tương lai: kiểm tra ngày và đồng hồ của hệ thống gửi.",
            "{field} is in the future: check the date and the sending system's clock.",
        ),
        Rule(
            "unknown_status",
            "error",
            "{field} có trạng thái không có trong hồ sơ ánh xạ: bổ sung ánh xạ hoặc sửa trạng thái.",
            "{field} has a status that the profile does not know: extend the profile or mend the status.",
        ),
        Rule(
            "unknown_channel",
            "error",
            "{field} có kênh không có trong hồ sơ ánh xạ: bổ sung ánh xạ hoặc sửa kênh.",
            "{field} has a channel that the profile does not know: extend the profile or mend the channel.",
        ),
        Rule(
            "unknown_unit",
            "error",
            "{field} có mã đơn vị không có hiệu lực vào ngày tiếp nhận: sửa mã, hoặc khai báo "
            "bằng “flask units add TỆP.csv” hay “flask units code ĐƠN_VỊ source:NGUỒN MÃ --since NGÀY”.",
            "{field} has a unit code that was not valid on the day of reception: mend it, or register it "
            "with “flask units add FILE.csv” or “flask units code UNIT source:SOURCE CODE --since DATE”.",
        ),
        Rule(
            "unknown_procedure",
            "error",
            "{field} không có trong danh mục (thường do mất số 0 cuối: 1.11515 thay vì 1.115150): để cột ở dạng văn bản.",
            "{field} is not in the catalogue (often a lost last zero: 1.11515 for 1.115150): keep the column as text.",
        ),
        Rule(
            "unknown_receiving_unit",
            "warning",
            "{field} có mã chưa biết: dòng vẫn được nhận, không kèm nơi tiếp nhận.",
            "{field} has an unknown code: the row is kept without its receiving unit.",
        ),
        Rule(
            "end_without_date",
            "warning",
            "Hồ sơ đã kết thúc nhưng không có {field}: chưa tính được vào tháng kết thúc.",
            "The dossier has ended but has no {field}: it counts in no month's endings.",
        ),
    )
}


def label(profile: Profile, field: str) -> str:
    """The heading under which the sender knows a field."""
    if field == "history" and profile.history is not None:
        return profile.history.column or profile.history.at
    if field == "supplements" and profile.supplements is not None:
        return profile.supplements.column
    return profile.columns.get(field, [field])[0]


def conditions(profile: Profile) -> list[tuple[str, str, str]]:
    """(rule code, field, SQL condition that is true where the row breaks the rule), in the order in which they are told."""
    found = [
        ("missing_field", field, f"{field}_text IS NULL") for field in ("dossier_code", "procedure_code", "handling_unit", "received_at")
    ]
    if profile.status_by_end is None:
        found.append(("missing_field", "status", "status_text IS NULL"))
    pattern = profile.dossier_code_pattern.replace("'", "''")
    found.append(("bad_dossier_code", "dossier_code", f"NOT regexp_full_match(dossier_code_text, '{pattern}')"))
    found += [("bad_date", field, f"{field}_text IS NOT NULL AND {field} IS NULL") for field in DATE_FIELDS]
    found.append(("bad_date", "history", "len(list_filter(steps, lambda s: s.at IS NULL)) > 0"))
    found.append(("bad_date", "supplements", "len(list_filter(requests, lambda r: r.requested_at IS NULL)) > 0"))
    # By day and not by the minute: systems write 00:00 for "that day".
    found += [
        ("date_before_reception", field, f"local_day({field}, utc_offset_minutes) < local_day(received_at, utc_offset_minutes)")
        for field in ("due_at", "finished_at", "returned_at")
    ]
    earlier = "local_day(r.requested_at, utc_offset_minutes) < local_day(received_at, utc_offset_minutes)"
    before = f"len(list_filter(supplements, lambda r: {earlier})) > 0"
    found.append(("date_before_reception", "supplements" if profile.supplements else "supplement_at", before))
    found += [("future_date", field, f"{field} > latest") for field in ("received_at", "finished_at", "returned_at")]
    if profile.status_by_end is None:
        found.append(("unknown_status", "status", "status_text IS NOT NULL AND status IS NULL"))
    found.append(("unknown_status", "history", "len(list_filter(steps, lambda s: s.source_status IS NOT NULL AND s.status IS NULL)) > 0"))
    known = ", ".join(f"'{word}'" for word in (w.replace("'", "''") for w in profile.channels)) or "''"
    found.append(("unknown_channel", "channel", f"channel_text IS NOT NULL AND folded(channel_text) NOT IN ({known})"))
    found.append(("unknown_unit", "handling_unit", "handling_unit_text IS NOT NULL AND received_at IS NOT NULL AND handling_unit IS NULL"))
    found.append(("unknown_procedure", "procedure_code", "procedure_code_text IS NOT NULL AND NOT procedure_known"))
    found.append(("unknown_receiving_unit", "receiving_unit", "receiving_unit_text IS NOT NULL AND place IS NULL"))
    ended = ", ".join(map(str, END_STATUSES))
    found.append(("end_without_date", "finished_at", f"status IN ({ended}) AND finished_at IS NULL"))
    return found


def reasons(profile: Profile, severity: str) -> str:
    """SQL for the list of ``code:field`` that a row earned, among the rules of one severity."""
    cases = [
        f"CASE WHEN {condition} THEN '{code}:{field}' END"
        for code, field, condition in conditions(profile)
        if RULES[code].severity == severity
    ]
    listed = f"list_filter([{', '.join(cases)}], lambda reason: reason IS NOT NULL)"
    broken = "['unreadable_row:']" if severity == "error" else "[]::VARCHAR[]"
    return f"CASE WHEN broken THEN {broken} ELSE {listed} END"


def messages(profile: Profile, earned: list[str]) -> tuple[str, str]:
    """What the sender reads of ``code:field`` reasons, in Vietnamese and English."""
    vi, en = [], []
    for reason in earned:
        code, field = reason.split(":", 1)
        name = label(profile, field)
        vi.append(RULES[code].vi.format(field=name))
        en.append(RULES[code].en.format(field=name))
    return " ".join(vi), " ".join(en)
