"""What the page of a submission says: one sentence, its steps, where its rows went, why rows were held back and what to do."""

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from flask import current_app

from core import numbers
from core.calendar import TIMEZONE
from core.errors import InputError
from core.text import _
from core.web import language, pick
from procedures import mapping
from procedures.models import Submission
from procedures.quarantine import CODE_RULES, origin, path_of, sent_as
from procedures.reading import label
from procedures.rules import FIELD_OF, RULES

FINISHED = ("accepted", "partly_accepted", "rejected")


@dataclass(frozen=True)
class Step:
    """One step of a submission's way. ``note``: why it stands as it does."""

    name: str
    state: Literal["done", "current", "later", "stopped"]
    said: str
    note: str = ""


@dataclass(frozen=True)
class Count:
    """Rows with the same fate, and what that fate means."""

    name: str
    rows: int
    meaning: str


@dataclass(frozen=True)
class Reason:
    """A rule that held rows back or marked them. ``opens_codes``: a code is missing that can be declared here."""

    message: str
    rows: int
    opens_codes: bool = False


@dataclass(frozen=True)
class Fate:
    """What became of the received file and of the rows held back. ``rows_until``: the last day on which these are kept."""

    file: str
    rows: str


def moment(instant: datetime) -> str:
    """Minute and day in Viet Nam: ``14:05, 20/11/2026``."""
    return f"{instant.astimezone(TIMEZONE):%H:%M}, {numbers.day(instant, language())}"


def _n(value: int) -> str:
    return numbers.number(value, language())


def finished(submission: Submission) -> bool:
    """Nothing more will happen to it by itself."""
    return submission.state in FINISHED


def waits_for_person(submission: Submission) -> bool:
    """A replacement of a month whose difference nobody has confirmed yet."""
    return submission.state == "checked" and submission.replaces_month is not None and submission.confirmed_at is None


def refused(submission: Submission) -> bool:
    """The file as a whole was not taken, for the reason that it carries; not because each of its rows was held back."""
    return submission.state == "rejected" and (not submission.rows_received or submission.rows_quarantined < submission.rows_received)


def state_words(submission: Submission) -> str:
    """Its state in the list."""
    if waits_for_person(submission):
        return _("chờ xác nhận")
    return {
        "received": _("chờ kiểm tra"),
        "checked": _("đang nạp"),
        "accepted": _("đã nhận đủ"),
        "partly_accepted": _("nhận một phần"),
        "rejected": _("không nhận"),
    }[submission.state]


def uncounted_words(submission: Submission) -> str:
    """Why its rows have no counts, which is not the same as none; empty where they have."""
    if refused(submission):
        return _("không tính")
    return "" if finished(submission) else _("chưa đếm")


def way_words(submission: Submission) -> str:
    """How it came in."""
    return {
        "upload": _("gửi trên trang này"),
        "cli": _("nạp bằng lệnh"),
        "api": _("hệ thống tự gửi"),
        "folder": _("thư mục nhận tệp"),
        "release": _("dòng giữ lại được nhận"),
    }[submission.way]


def reason_words(submission: Submission) -> str:
    """Why it is in its state, in the reader's language; older submissions have the reason in Vietnamese only."""
    return pick(submission.reason, submission.reason_en or submission.reason)


def headline(submission: Submission) -> str:
    """What became of it, to be read aloud."""
    taken = submission.rows_received - submission.rows_quarantined
    left = submission.rows_quarantined - submission.rows_released
    received = _n(submission.rows_received)
    if submission.state == "received":
        return _("Tệp đã đến nơi và đang chờ kiểm tra.")
    if waits_for_person(submission):
        month = numbers.month(submission.replaces_month or "", language())
        return _("Tệp này sẽ thay toàn bộ tháng %(month)s của nguồn. Xin xem khác biệt rồi xác nhận.", month=month)
    if submission.state == "checked":
        return _("Tệp đã kiểm tra xong và đang được nạp.")
    if submission.way == "release":
        return _("Đã nhận thêm %(n)s dòng từng bị giữ lại.", n=_n(taken))
    if refused(submission):
        return _("Tệp này không được nạp.")
    taken += submission.rows_released
    if left and taken:
        return _("Đã nhận %(n)s trên %(all)s dòng; %(left)s dòng cần sửa.", n=_n(taken), all=received, left=_n(left))
    if left:
        return _("Chưa nhận dòng nào: cả %(n)s dòng cần sửa.", n=received)
    if submission.rows_received and submission.rows_unchanged == submission.rows_received:
        return _("Cả %(n)s dòng đã có từ trước, không có gì mới.", n=received)
    return _("Đã nhận đủ %(n)s dòng.", n=received)


def advice(submission: Submission) -> str:
    """What to do now, or that there is nothing to do."""
    if submission.state in ("received", "checked") and not waits_for_person(submission):
        return _("Ông/Bà có thể đóng trang: việc vẫn tiếp tục và kết quả nằm trong danh sách số liệu đã gửi.")
    if refused(submission):
        return ""
    if submission.rows_quarantined > submission.rows_released:
        return _(
            "Các dòng cần sửa được giữ lại, không mất. Tải về, xem lý do từng dòng, sửa trên hệ thống một cửa rồi gửi lại; "
            "dòng đã nhận không bị tính hai lần."
        )
    return "" if waits_for_person(submission) else _("Ông/Bà không phải làm gì thêm.")


def steps(submission: Submission) -> list[Step]:
    """Sent, checked, loaded: when, or what is being waited for."""
    sent = Step(_("Đã gửi"), "done", moment(submission.received_at))
    checked_at, end = submission.checked_at, submission.finished_at
    if checked_at is not None:
        checked = Step(_("Đã kiểm tra"), "done", moment(checked_at))
    elif refused(submission):
        return [sent, Step(_("Kiểm tra"), "stopped", moment(end) if end else "", _("dừng lại")), Step(_("Nạp"), "later", _("không nạp"))]
    elif finished(submission):
        checked = Step(_("Đã kiểm tra"), "done", moment(end) if end else "")
    else:
        return [sent, Step(_("Kiểm tra"), "current", _("đang chờ hoặc đang kiểm tra")), Step(_("Nạp"), "later", _("sau khi kiểm tra"))]
    if submission.state == "rejected":
        last = Step(_("Không nạp"), "stopped", moment(end) if end else "")
    elif end is not None:
        last = Step(_("Đã nạp"), "done", moment(end))
    elif waits_for_person(submission):
        last = Step(_("Nạp"), "current", _("chờ người xác nhận"))
    else:
        last = Step(_("Nạp"), "current", _("đang nạp"))
    return [sent, checked, last]


def counts(submission: Submission) -> list[Count]:
    """Where the received rows went; the four add up to what was received."""
    return [
        Count(_("Mới hoặc cập nhật"), submission.rows_accepted, _("Hồ sơ mới, hoặc hồ sơ đã có nay đổi nội dung.")),
        Count(
            _("Bị thay thế"),
            submission.rows_superseded,
            _("Cùng mã hồ sơ đã có bản mới hơn, trong tệp này hoặc từ trước: giữ bản mới."),
        ),
        Count(_("Không đổi"), submission.rows_unchanged, _("Đã có đúng như vậy từ lần gửi trước: không phải làm gì.")),
        Count(_("Giữ lại"), submission.rows_quarantined, _("Chưa dùng được, xem lý do trên trang này: sửa rồi gửi lại.")),
    ]


def _rule_words(profile: mapping.Profile | None, told: str) -> str:
    """The message of a rule (``code`` or ``code:field``), with the heading under which the sender knows the column."""
    code, _colon, field = told.partition(":")
    rule = RULES.get(code)
    if rule is None:
        return code
    field = field or FIELD_OF.get(code, "")
    return pick(rule.vi, rule.en).format(field=label(profile, field) if profile is not None and field else _("Một cột"))


def _held(submission: Submission) -> dict[str, int]:
    """``rule:field`` → rows still held back; ``rule`` → rows where the rows themselves are no longer kept."""
    path = path_of(submission.key)
    if not path.is_file():
        return submission.quarantined
    from core import lake

    with closing(lake.connect().con) as con:
        return dict(
            con.execute(
                "SELECT reason, count(*) FROM (SELECT unnest(errors) AS reason FROM read_parquet(?)) GROUP BY reason", [str(path)]
            ).fetchall()
        )


def _profile(name: str) -> mapping.Profile | None:
    try:
        return mapping.load(name)
    except InputError:  # it was removed after the file had come
        return None


def reasons(submission: Submission) -> list[Reason]:
    """The rules that held rows back, most rows first, each with what to do."""
    profile = _profile(submission.profile)
    declared = {
        "unknown_unit": _("Mã đơn vị chưa có trong danh mục, hoặc không có hiệu lực vào ngày tiếp nhận: chọn đúng đơn vị cho mã đó."),
        "unknown_procedure": _(
            "Mã thủ tục không có trong danh mục, thường do Excel làm mất số 0 cuối (1.11515 thay vì 1.115150): "
            "để cột ở dạng văn bản rồi xuất lại."
        ),
    }
    found = [
        Reason(declared.get(code.partition(":")[0]) or _rule_words(profile, code), rows, code.partition(":")[0] in CODE_RULES)
        for code, rows in _held(submission).items()
    ]
    return sorted(found, key=lambda reason: (-reason.rows, reason.message))


def warnings(submission: Submission) -> list[Reason]:
    """The rules that marked rows which were kept all the same, most rows first."""
    profile = _profile(submission.profile)
    return sorted((Reason(_rule_words(profile, code), rows) for code, rows in submission.warnings.items()), key=lambda item: -item.rows)


def coverage(submission: Submission) -> list[tuple[str, float | None, float | None]]:
    """(month, share before, share after) of the working days that show a reception, by month."""
    return [(month, before, after) for month, (before, after) in sorted(submission.coverage.items())]


def fate(submission: Submission) -> Fate:
    """What became of the file itself and of the rows held back."""
    settings = current_app.extensions["settings"]
    if submission.way == "release":
        file = _("Không có tệp riêng: các dòng này lấy từ phần giữ lại của lần gửi trước.")
    elif submission.spool_destroyed_at is not None:
        file = _("Tệp đã gửi được hủy lúc %(moment)s.", moment=moment(submission.spool_destroyed_at))
    else:
        file = _("Tệp đã gửi được giữ ở dạng mã hóa cho đến khi xử lý xong, lâu nhất %(days)s ngày, rồi hủy.", days=settings.spool_days)
    rows = ""
    if submission.rows_quarantined:
        until = origin(submission).received_at + timedelta(days=settings.quarantine_days)
        rows = _(
            "Các dòng giữ lại được lưu đến %(day)s; tên người, số giấy tờ, điện thoại và địa chỉ đã được bỏ.",
            day=numbers.day(until, language()),
        )
    return Fate(file, rows)


def difference(submission: Submission) -> list[Count]:
    """What a replacement would do to the month, in words."""
    told = submission.difference
    return [
        Count(_("Thêm mới"), told.get("added", 0), _("Hồ sơ có trong tệp, chưa có trong tháng.")),
        Count(_("Thay đổi"), told.get("changed", 0), _("Hồ sơ có ở cả hai, nội dung khác nhau: lấy theo tệp.")),
        Count(_("Bỏ đi"), told.get("removed", 0), _("Hồ sơ đang có trong tháng nhưng không có trong tệp: sẽ không còn được tính.")),
        Count(_("Giữ nguyên"), told.get("unchanged", 0), _("Hồ sơ giống hệt nhau ở cả hai.")),
    ]


def profile_title(submission: Submission) -> str:
    """The kind of file, as the form for sending names it."""
    profile = _profile(submission.profile)
    return pick(profile.title_vi, profile.title_en) if profile is not None else submission.profile


def rows_words(submission: Submission) -> str:
    """In what form the rows held back are given back."""
    profile = _profile(submission.profile)
    if profile is not None and sent_as(submission, profile) == "jsonl":
        return _("Đúng các trường như đã gửi, thêm lý do; mỗi dòng một hồ sơ, dạng JSON.")
    return _("Đúng các cột như tệp đã gửi, thêm cột lý do; dạng CSV, mở được bằng Excel.")


def profile_words(profile: mapping.Profile) -> str:
    """One line that says by what a file of the profile is recognised."""
    heads = ", ".join(label(profile, field) for field in mapping.REQUIRED if field in profile.columns)
    if profile.layout == "objects":
        return _("JSON, mỗi dòng một hồ sơ, có các trường %(names)s.", names=heads)
    if profile.layout == "events":
        return _("Bảng hoặc JSON, mỗi dòng một sự kiện, có các cột %(names)s.", names=heads)
    return _("Bảng (CSV, Excel), mỗi dòng một hồ sơ, có các cột %(names)s.", names=heads)
