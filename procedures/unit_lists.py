"""Lists of provinces and communes as files, and how two states of the list differ. Pure."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from core.errors import InputError

ENGLISH_TYPES = {"Special administrative region": "Special Zone"}
PARTS = ("name", "short_name", "name_en", "type_label", "parent_code")


@dataclass(frozen=True)
class UnitRow:
    """A unit during one span of days. Several rows with one code are its versions. ``codes``: (system, code) of each code it has."""

    code: str
    kind: str
    name: str
    short_name: str
    name_en: str
    type_label: str
    parent_code: str | None
    valid_from: date
    valid_to: date | None = None
    document: str = ""
    codes: tuple[tuple[str, str], ...] = field(default=())


@dataclass(frozen=True)
class Difference:
    """Where a list says something else than what is recorded. ``what``: added, removed, or the part that differs."""

    code: str
    what: str
    old: str | None
    new: str | None


def day_in_name(file_name: str) -> date | None:
    """The day that a file's name carries (``units_2026-07-25.json``), if any."""
    found = re.search(r"(\d{4})-(\d{2})-(\d{2})", file_name)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def read_list(data: bytes, file_name: str, as_of: date, document: str) -> list[UnitRow]:
    """The nation, its provinces and communes from the JSON list of units (provinces with ``Wards``).

    Raises ``InputError`` where the file is something else, a code is not text of 2 or 5 digits, or a code occurs twice.
    """
    try:
        provinces = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(
            f"Tệp {file_name} không phải JSON hợp lệ: {error}. Tải lại tệp.",
            f"The file {file_name} is not sound JSON: {error}. Fetch it again.",
            row=getattr(error, "lineno", None),
        ) from error
    if provinces == []:
        raise InputError(f"Danh sách {file_name} không có đơn vị nào. Tải lại tệp.", f"The list {file_name} names no unit. Fetch it again.")
    if not isinstance(provinces, list) or not all(isinstance(item, dict) and isinstance(item.get("Wards"), list) for item in provinces):
        raise InputError(
            f"Tệp {file_name} không phải danh sách tỉnh có kèm xã.",
            f"The file {file_name} is not a list of provinces with communes.",
            field="Wards",
        )
    rows = [UnitRow("VN", "nation", "Cả nước", "Cả nước", "Viet Nam", "quốc gia", None, as_of, document=document)]
    for province in provinces:
        rows.append(_row(province, "province", "VN", as_of, document))
        rows += [_row(ward, "commune", province["Code"], as_of, document) for ward in province["Wards"]]
    seen: set[str] = set()
    for row in rows:
        if row.code in seen:
            raise InputError(f"Mã {row.code} lặp lại. Sửa danh sách.", f"The code {row.code} occurs twice. Mend the list.", field="Code")
        seen.add(row.code)
    return rows


def _row(item: Mapping[str, Any], kind: str, parent: str, as_of: date, document: str) -> UnitRow:
    code, digits = item.get("Code"), {"province": 2, "commune": 5}[kind]
    if not isinstance(code, str) or not re.fullmatch(rf"\d{{{digits}}}", code):
        raise InputError(
            f"Mã {code!r} phải là văn bản gồm {digits} chữ số (giữ số 0 ở đầu).",
            f"The code {code!r} must be text of {digits} digits (leading zeros kept).",
            field="Code",
        )
    try:
        short, full, label = item["Name"], item["FullName"], item["AdministrativeUnitShortName"]
        english, english_type = item["FullNameEn"], item["AdministrativeUnitShortNameEn"]
    except KeyError as error:
        raise InputError(f"Đơn vị {code} thiếu một trường.", f"The unit {code} lacks a field.", field=str(error.args[0])) from error
    if full.casefold().startswith(f"{label} ".casefold()):
        full = label + full[len(label) :]  # one name has its type in lower case; only the type's capitals are mended
    english = english.replace(english_type, ENGLISH_TYPES.get(english_type, english_type))
    return UnitRow(code, kind, full, short, english, label, parent, as_of, document=document, codes=(("gso", code),))


def differences(recorded: Mapping[str, UnitRow], listed: Iterable[UnitRow]) -> list[Difference]:
    """What a list says otherwise than the record of the same day, by code."""
    found: list[Difference] = []
    codes = set()
    for row in listed:
        codes.add(row.code)
        old = recorded.get(row.code)
        if old is None:
            found.append(Difference(row.code, "added", None, row.name))
            continue
        found += [
            Difference(row.code, part, getattr(old, part), getattr(row, part)) for part in PARTS if getattr(old, part) != getattr(row, part)
        ]
    found += [Difference(code, "removed", old.name, None) for code, old in recorded.items() if code not in codes]
    return sorted(found, key=lambda difference: (difference.code, difference.what))
