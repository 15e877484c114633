"""Whether a file is of the kind that its profile reads: said once for the whole file, not row by row."""

import re

from core.errors import InputError
from procedures import files
from procedures.mapping import Profile

_OLD_OFFICE = b"\xd0\xcf\x11\xe0"  # compound file: .xls, or a workbook with a password
_ARRAY = re.compile(rb"\s*\[\s*[{\]]")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_WANTED = {
    "objects": ("JSON, mỗi dòng một đối tượng (UTF-8)", "JSON lines, one object a line (UTF-8)"),
    "table": ("CSV UTF-8 hoặc XLSX, mỗi dòng một hồ sơ", "CSV UTF-8 or XLSX, one dossier a row"),
    "events": ("CSV UTF-8 hoặc XLSX, mỗi dòng một sự kiện", "CSV UTF-8 or XLSX, one event a row"),
}


def wrong_kind(profile: Profile, name: str, vi: str, en: str, row: int | None = None) -> InputError:
    """What the file is (``vi``, ``en``), and what the profile reads instead."""
    wanted_vi, wanted_en = _WANTED[profile.layout]
    return InputError(
        f"Tệp {name} {vi}. Hồ sơ ánh xạ {profile.name} cần: {wanted_vi}. Xuất lại đúng định dạng hoặc chọn hồ sơ ánh xạ khác.",
        f"The file {name} {en}. The profile {profile.name} needs: {wanted_en}. Export it in that form or choose another profile.",
        row=row,
    )


def check_kind(profile: Profile, data: bytes, name: str) -> None:
    """Raise ``InputError`` for what no row of could be read: archives, old workbooks, binary content, JSON for a table."""
    objects = profile.layout == "objects"
    if data.startswith(_OLD_OFFICE):
        raise wrong_kind(profile, name, "là Excel kiểu cũ (.xls) hoặc có mật khẩu", "is an old Excel workbook (.xls) or has a password")
    if files.is_workbook(data):
        if files.is_other_archive(data):
            raise wrong_kind(profile, name, "là tệp nén ZIP: giải nén trước", "is a ZIP archive: unpack it first")
        if objects:
            raise wrong_kind(profile, name, "là bảng tính XLSX", "is an XLSX workbook")
        return
    if data[:2] in _UTF16:
        return
    if b"\0" in data:
        row = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise wrong_kind(profile, name, "có byte NUL (tệp nhị phân hoặc UTF-16)", "has NUL bytes (binary content or UTF-16)", row)
    text = data.removeprefix(b"\xef\xbb\xbf")
    if _ARRAY.match(text):
        raise wrong_kind(profile, name, "là một mảng JSON", "is a JSON array")
    if not objects and text.lstrip()[:1] == b"{":
        raise wrong_kind(profile, name, "là JSON", "is JSON")
