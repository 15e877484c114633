"""What a row must satisfy to enter the lake: a table of named rules, each one condition for the engine over the whole batch.

A condition speaks of the columns of the staged table (``staging.py``). ``error`` sends the row to quarantine; ``warning``
keeps it and is counted.
"""

from dataclasses import dataclass
from typing import Literal

from procedures.engine_words import LISTS, literal
from procedures.mapping import FALSE_WORDS, FLAGS, TRUE_WORDS, UNKNOWN_WORDS, Profile
from procedures.reading import TIME_FIELDS, label

MAX_DOSSIER_CODE = 64
LONGEST = "INTERVAL '3653 days'"  # ten years: no dossier is under way longer; a wrong year is
FIRST = "TIMESTAMP '1990-01-01'"  # a year of two digits is read as one of antiquity; no dossier was kept by machine before

# H26.12-261008-0975: the day is between the first two hyphens
CODE_DAY = "try_cast(substr(dossier_code_text, position('-' IN dossier_code_text) + 1, 6) AS INTEGER)"
# What the file itself says, where the row's own time may come from a step or a request instead.
READ = {"first_due_at": "first_due_read", "finished_at": "finished_read", "returned_at": "returned_read"}


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
            "{field} không phải ngày hợp lệ (năm đủ bốn chữ số, từ 1990; trong Excel, định dạng cột là ngày): sửa ngày.",
            "{field} is not a valid date (a year of four digits, from 1990 on; in Excel, format the column as a date): mend it.",
        ),
        Rule(
            "day_for_month",
            "error",
            "{field} khác ngày trong mã hồ sơ như thể ngày và tháng bị đảo: sửa ngày, hoặc viết 2026-10-08T08:15.",
            "{field} differs from the day in the dossier code as if day and month were exchanged: mend it or write 2026-10-08T08:15.",
        ),
        Rule(
            "bad_list",
            "error",
            "{field} không phải danh sách đối tượng, hoặc có phần tử không có nội dung: gửi dạng [{{…}}, {{…}}], không có gì thì để [].",
            "{field} is no list of objects, or has an entry without content: send it as [{{…}}, {{…}}], or as [] if there is nothing.",
        ),
        Rule(
            "date_before_reception",
            "error",
            "{field} trước ngày tiếp nhận: kiểm tra cả hai ngày.",
            "{field} is before the reception: check both dates.",
        ),
        Rule(
            "answered_before_request",
            "error",
            "{field} có lần bổ sung được nộp trước ngày yêu cầu: kiểm tra cả hai ngày.",
            "{field} has a request that was answered before the day on which it was made: check both dates.",
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
            "{field} có mã đơn vị không có hiệu lực vào ngày tiếp nhận: sửa mã, hoặc khai báo mã này ở trang “Mã chưa biết”.",
            "{field} has a unit code that was not valid on the day of reception: mend it, or declare it on the page “Unknown codes”.",
        ),
        Rule(
            "unknown_procedure",
            "error",
            "{field} không có trong danh mục (thường do mất số 0 cuối: 1.11515 thay vì 1.115150): để cột ở dạng văn bản.",
            "{field} is not in the catalogue (often a lost last zero: 1.11515 for 1.115150): keep the column as text.",
        ),
        Rule(
            "impossible_duration",
            "error",
            "{field} cách ngày tiếp nhận hơn mười năm: kiểm tra năm của cả hai ngày.",
            "{field} is more than ten years after the reception: check the year of both dates.",
        ),
        Rule(
            "bad_number",
            "error",
            "{field} không phải số nguyên từ 0 đến 99: sửa số.",
            "{field} is not a whole number from 0 to 99: mend it.",
        ),
        Rule(
            "bad_flag",
            "error",
            "{field} không phải có/không (1/0, true/false, có/không; không biết thì để trống): sửa giá trị.",
            "{field} is neither yes nor no (1/0, true/false, yes/no; leave it empty if unknown): mend it.",
        ),
        Rule(
            "unknown_applicant_type",
            "error",
            "{field} có loại đối tượng không có trong hồ sơ ánh xạ: bổ sung ánh xạ hoặc sửa giá trị.",
            "{field} has a kind of applicant that the profile does not know: extend the profile or mend the value.",
        ),
        Rule(
            "bad_lookup",
            "error",
            "{field} không đọc được: mỗi lần tra cứu cần tên cơ sở dữ liệu, thời điểm nếu có phải đúng dạng: CSDL|thời điểm|kết quả.",
            "{field} cannot be read: each look-up needs its database, and a valid time if it has one: database|time|outcome.",
        ),
        Rule(
            "procedure_ended",
            "error",
            "{field} đã hết hiệu lực vào ngày tiếp nhận: dùng mã thủ tục thay thế, hoặc kiểm tra ngày.",
            "{field} was no longer in force on the day of reception: use the procedure that replaced it, or check the date.",
        ),
        Rule(
            "other_month",
            "error",
            "{field} không thuộc tháng được thay thế: gửi dòng này trong một lần gửi thường.",
            "{field} is not in the month that is replaced: send this row in an ordinary submission.",
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
        Rule(
            "end_date_of_open",
            "warning",
            "{field} có ngày nhưng trạng thái là chưa kết thúc: hồ sơ được tính là đang giải quyết, kiểm tra cả hai.",
            "{field} has a date but the status is that of an open dossier: it counts as open; check both.",
        ),
        Rule(
            "fewer_requests_counted",
            "warning",
            "{field} nhỏ hơn số lần yêu cầu bổ sung đã kê: tính theo số đã kê, kiểm tra lại.",
            "{field} is less than the requests that are listed: those listed are counted; check it.",
        ),
        Rule(
            "unknown_reception_point",
            "warning",
            "{field} có mã chưa biết: dòng vẫn được nhận, không kèm điểm tiếp nhận.",
            "{field} has an unknown code: the row is kept without its reception point.",
        ),
        Rule(
            "unknown_provider",
            "warning",
            "{field} chưa được đăng ký: dòng vẫn được nhận với mã như đã gửi.",
            "{field} is not registered: the row is kept with the code as it was sent.",
        ),
        Rule(
            "procedure_before_listed",
            "warning",
            "{field} chưa có trong danh mục vào ngày tiếp nhận: dòng vẫn được nhận.",
            "{field} was not yet in the catalogue on the day of reception: the row is kept.",
        ),
        Rule(
            "returned_before_end",
            "warning",
            "{field} trước ngày kết thúc xử lý: dòng vẫn được nhận, kiểm tra hai ngày.",
            "{field} is before the end of handling: the row is kept; check both dates.",
        ),
        Rule(
            "repeated_dossier",
            "warning",
            "{field} lặp lại trong lần gửi: chỉ dòng cập nhật sau cùng được dùng.",
            "{field} occurs more than once in the submission: only the row updated last is used.",
        ),
    )
}
# The only column of which a rule speaks; other rules speak of several, and their rows say of which.
FIELD_OF = {
    "bad_dossier_code": "dossier_code",
    "repeated_dossier": "dossier_code",
    "unknown_unit": "handling_unit",
    "unknown_receiving_unit": "receiving_unit",
    "unknown_reception_point": "reception_point",
    "unknown_provider": "provider",
    "unknown_procedure": "procedure_code",
    "procedure_ended": "procedure_code",
    "procedure_before_listed": "procedure_code",
    "unknown_status": "status",
    "unknown_channel": "channel",
    "unknown_applicant_type": "applicant_type",
    "bad_number": "supplement_count",
    "bad_lookup": "data_lookups",
    "other_month": "received_at",
    "day_for_month": "received_at",
    "returned_before_end": "returned_at",
    "end_without_date": "finished_at",
    "end_date_of_open": "finished_at",
    "fewer_requests_counted": "supplement_count",
}


def conditions(profile: Profile, present: set[str], month: str | None = None) -> list[tuple[str, str, str, str]]:
    """(rule code, field, SQL condition that is true where the row breaks the rule, severity), in the order in which they are told.

    The conditions speak of the columns of ``staging._staged`` and ``staging.MOMENTS``. The engine looks at each of them for all rows:
    what costs more than a comparison stands behind a guard (``_where``). ``present``: the fields that the file has. ``month``: the
    only month of reception that a replacement may hold.
    """
    found = [("missing_field", name, f"{name}_text IS NULL") for name in ("dossier_code", "procedure_code", "handling_unit", "received_at")]
    if profile.status_by_end is None:
        found.append(("missing_field", "status", "status_text IS NULL"))
    if profile.dossier_code_pattern != ".+":
        pattern = literal(profile.dossier_code_pattern)
        found.append(("bad_dossier_code", "dossier_code", f"NOT regexp_full_match(dossier_code_text, {pattern})"))
    found.append(("bad_dossier_code", "dossier_code", f"length(dossier_code_text) > {MAX_DOSSIER_CODE}"))
    found.append(("bad_dossier_code", "dossier_code", "numbered(dossier_code_text)"))
    for name in TIME_FIELDS:
        if name in present:
            read = READ.get(name, name)
            no_date = f"{read} IS NULL OR {read} < {FIRST} OR NOT isfinite({read})"
            found.append(("bad_date", name, f"{name}_text IS NOT NULL AND ({no_date})"))
    if profile.history and profile.layout == "objects":
        empty = "s.at IS NULL AND s.source_status IS NULL AND s.activity IS NULL"
        found.append(("bad_list", "history", f"len(list_filter(steps, lambda s: {empty})) > 0"))
    if profile.supplements:
        empty = "r.requested_at IS NULL AND r.answered_at IS NULL AND r.text IS NULL"
        found.append(("bad_list", "supplements", f"len(list_filter(requests, lambda r: {empty})) > 0"))
    found += [("bad_list", name, f"bad_{name}") for name in LISTS if getattr(profile, name)]
    if profile.documents:
        found.append(("bad_flag", "documents", "bad_words"))
    if profile.history:
        found.append(("bad_date", "history", "len(list_filter(steps, lambda s: s.at IS NULL)) > 0"))
        unknown = "len(list_filter(steps, lambda s: s.source_status IS NOT NULL AND s.status IS NULL)) > 0"
        found.append(("unknown_status", "history", unknown))
    if profile.supplements:
        unread = "request_unread OR len(list_filter(requests, lambda r: r.requested_at IS NULL)) > 0"
        found.append(("bad_date", "supplements", unread))
    if any("%d" in form and not form.startswith("%Y") for form in (*profile.date_formats, *profile.day_formats)):
        # an office program of another country writes the month first, and takes 04/10/2026 for a day of April where it reads it
        exchanged = f"{CODE_DAY} = year(day) % 100 * 10000 + day(day) * 100 + month(day) AND day(day) <> month(day)"
        found.append(("day_for_month", "received_at", _where("day(day) <= 12 AND received_at_text[11] <> 'T'", exchanged)))
    found.append(("bad_date", "received_at", "abs(utc_offset_minutes) > 840"))  # no zone is further from UTC than 14 hours
    # By day and not by the minute: systems write 00:00 for "that day".
    ends = [name for name in ("due_at", "finished_at", "returned_at") if name in present or (profile.history and name != "due_at")]
    found += [("date_before_reception", name, f"{name} < day_start") for name in ends]
    found += [("impossible_duration", name, f"{name} > longest") for name in ends]
    if "first_due_at" in present:
        found.append(("date_before_reception", "first_due_at", "first_due_read < day_start"))
        found.append(("impossible_duration", "first_due_at", "first_due_read > longest"))
    if profile.supplements or profile.history or "supplement_at" in present:
        # Where the file has no list of requests, they come from its steps or from its column of the first one's time.
        asked = "supplements" if profile.supplements else "supplement_at" if "supplement_at" in present else "history"
        found += [
            (code, asked, _where("len(supplements) > 0", f"len(list_filter(supplements, lambda r: {wrong})) > 0"))
            for code, wrong in (
                ("date_before_reception", "r.requested_at < day_start OR r.due_before < day_start"),
                ("impossible_duration", "r.due_before > longest"),
                ("answered_before_request", f"{_day('r.answered_at')} < {_day('r.requested_at')}"),
                ("future_date", "r.requested_at > latest OR r.answered_at > latest"),
            )
            if asked != "history" or code != "future_date"  # told of the steps themselves
        ]
    if profile.history:
        found.append(("future_date", "history", "len(list_filter(steps, lambda s: s.at > latest)) > 0"))
    found += [("future_date", name, f"{name} > latest") for name in ("received_at", "updated_at", *ends) if name != "due_at"]
    if profile.status_by_end is None:
        found.append(("unknown_status", "status", "status_text IS NOT NULL AND status IS NULL"))
    if "channel" in present:
        known = ", ".join(map(literal, profile.channels)) or "''"
        unknown = _where("channel IS NULL AND channel_text IS NOT NULL", f"NOT list_contains([{known}], folded(channel_text))")
        found.append(("unknown_channel", "channel", unknown))
    if profile.applicants and "applicant_type" in present:
        found.append(("unknown_applicant_type", "applicant_type", "applicant_type_text IS NOT NULL AND applicant_type IS NULL"))
    if "supplement_count" in present:
        number = "supplement_number IS NULL OR supplement_number NOT BETWEEN 0 AND 99"
        found.append(("bad_number", "supplement_count", f"supplement_count_text IS NOT NULL AND ({number})"))
    words = ", ".join(map(literal, (*TRUE_WORDS, *FALSE_WORDS, *UNKNOWN_WORDS)))
    found += [
        ("bad_flag", name, _where(f"{name} IS NULL AND {name}_text IS NOT NULL", f"NOT list_contains([{words}], folded({name}_text))"))
        for name in FLAGS
        if name in present
    ]
    if "data_lookups" in present:
        broken = "len(list_filter(lookups, lambda l: l.database IS NULL OR (l.said IS NOT NULL AND l.at IS NULL))) > 0"
        found.append(("bad_lookup", "data_lookups", _where("data_lookups_text IS NOT NULL", broken)))
    found.append(("unknown_unit", "handling_unit", f"handling_unit IS NULL AND handling_unit_text IS NOT NULL AND received_at >= {FIRST}"))
    found.append(("unknown_procedure", "procedure_code", "NOT procedure_known AND procedure_code_text IS NOT NULL"))
    found.append(("procedure_ended", "procedure_code", "day >= procedure_until"))
    if month is not None:
        found.append(("other_month", "received_at", f"strftime(day, '%Y-%m') <> {literal(month)}"))
    if "receiving_unit" in present:
        found.append(("unknown_receiving_unit", "receiving_unit", "place IS NULL AND receiving_unit_text IS NOT NULL"))
    if "reception_point" in present:
        found.append(("unknown_reception_point", "reception_point", "reception_point IS NULL AND reception_point_text IS NOT NULL"))
    if "provider" in present:
        unlisted = "NOT list_contains(getvariable('known_providers'), provider_text)"
        found.append(("unknown_provider", "provider", _where("provider_text IS NOT NULL", unlisted)))
    found.append(("procedure_before_listed", "procedure_code", "day < procedure_since"))
    later = "day_no(returned_at, utc_offset_minutes) < day_no(finished_at, utc_offset_minutes)"
    found.append(("returned_before_end", "returned_at", _where("returned_at < finished_at", later)))
    found.append(("end_without_date", "finished_at", "finished_at IS NULL AND is_end"))
    if "finished_at" in present and profile.status_by_end is None:
        found.append(("end_date_of_open", "finished_at", "finished_read IS NOT NULL AND NOT is_end"))
    if "supplement_count" in present:
        found.append(("fewer_requests_counted", "supplement_count", "supplement_number < len(supplements)"))
    return [(code, name, sql, RULES[code].severity) for code, name, sql in found]


def _day(moment: str) -> str:
    """The day of a moment at the dossier's place, as a number."""
    return f"day_no({moment}, utc_offset_minutes)"


def _where(guard: str, check: str) -> str:
    """``check`` looked at only where ``guard`` holds."""
    return f"CASE WHEN {guard} THEN {check} ELSE false END"


def messages(profile: Profile, earned: list[str]) -> tuple[str, str]:
    """What the sender reads of ``code:field`` reasons, in Vietnamese and English."""
    vi, en = [], []
    for reason in earned:
        code, field = reason.split(":", 1)
        name = label(profile, field)
        vi.append(RULES[code].vi.format(field=name))
        en.append(RULES[code].en.format(field=name))
    return " ".join(vi), " ".join(en)
