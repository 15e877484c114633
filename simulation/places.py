"""The units of the country: real provinces and communes, the agencies around them plainly simulated where they are made up.

Names, codes and types of provinces and communes come from the data file of the package ``vietnamadminunits``, corrected by
``unit_corrections.yaml``; agencies come from ``agencies.yaml``.
"""

import sqlite3
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

REORGANISED = date(2025, 7, 1)  # NQ 202/2025/QH15: 34 provinces, 3,321 communes
ENGLISH_TYPES = {"Tỉnh": "Province", "Thành phố": "City", "Xã": "Commune", "Phường": "Ward", "Đặc khu": "Special Zone"}
LIST = "Quyết định 19/2025/QĐ-TTg"
SIMULATED = "mô phỏng"


@dataclass(frozen=True)
class Version:
    """A unit's name, type and parent from one day to another (half-open)."""

    name: str
    short_name: str
    name_en: str
    type_label: str
    parent: str | None
    valid_from: date = REORGANISED
    valid_to: date | None = None
    document: str = LIST


@dataclass(frozen=True)
class Place:
    """A unit with its codes: canonical, statistics office (provinces and communes), national exchange (the others)."""

    code: str
    kind: str
    versions: tuple[Version, ...]
    gso: str | None = None
    exchange: str | None = None

    def on(self, day: date) -> Version:
        """The version of a day; the first one for a day before it."""
        return next((v for v in reversed(self.versions) if v.valid_from <= day), self.versions[0])


@cache
def read_yaml(name: str) -> Any:
    """A data file of this room."""
    return yaml.safe_load((files("simulation") / name).read_text(encoding="utf-8"))


def plain(text: str) -> str:
    """Vietnamese without diacritics: Đồng Nai → Dong Nai."""
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in decomposed if unicodedata.category(letter) != "Mn")


def territory() -> tuple[list[Place], list[Place]]:
    """The 34 provinces by code, and the 3,321 communes by province and code."""
    corrections = read_yaml("unit_corrections.yaml")
    exchange = read_yaml("agencies.yaml")["provinces"]
    codes, types, english = corrections["codes"], corrections["types"], corrections["english"]
    path = files("vietnamadminunits") / "data" / "dataset.db"
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        rows = database.execute(
            "SELECT provinceCode, province, provinceShort, wardCode, ward, wardType, wardShort FROM admin_units ORDER BY wardCode"
        ).fetchall()
    finally:
        database.close()
    provinces, communes = {}, {}
    for province_code, province, province_short, ward_code, ward, ward_type, ward_short in rows:
        kind = "Thành phố" if province.startswith("Thành phố") else "Tỉnh"
        provinces[province_code] = Place(
            province_code,
            "province",
            (_version(province, province_short, kind, "VN", english.get(province_code)),),
            gso=province_code,
            exchange=exchange[province_code][0],
        )
        code = codes.get(ward_code, ward_code)
        communes[code] = Place(code, "commune", (_version(ward, ward_short, types.get(code, ward_type), province_code),), gso=code)
    for change in corrections["changes"]:
        for code in change.get("codes") or [change["code"]]:
            group = provinces if code in provinces else communes
            group[code] = _changed(group[code], change, english.get(code))
    by_province = sorted(communes.values(), key=lambda place: (place.versions[0].parent, place.code))
    return [provinces[code] for code in sorted(provinces)], by_province


def _version(name: str, short: str, kind: str, parent: str, english: str | None = None) -> Version:
    return Version(name, short, f"{english or plain(short)} {ENGLISH_TYPES[kind]}", kind, parent)


def _changed(place: Place, change: dict[str, Any], english: str | None) -> Place:
    last, kind = place.versions[-1], change["type"]
    name = change.get("name", f"{kind} {last.short_name}")
    new = replace(
        _version(name, last.short_name, kind, last.parent or "VN", english), valid_from=change["from"], document=change["document"]
    )
    return replace(place, versions=(*place.versions[:-1], replace(last, valid_to=change["from"]), new))


def agencies(provinces: list[Place]) -> Iterator[Place]:
    """The nation, ministries, and in each province: departments, the service centre with its counters, vertical agencies."""
    data = read_yaml("agencies.yaml")
    yield Place("VN", "nation", (Version("Cả nước", "Cả nước", "Viet Nam", "quốc gia", None),))
    for code, name, english in data["ministries"]:
        document = "Quyết định 20/2020/QĐ-TTg (mã), cơ cấu từ năm 2025"
        version = Version(name, name, english, "bộ, cơ quan ngang bộ", "VN", document=document)
        yield Place(code, "ministry", (version,), exchange=code)
    for province in provinces:
        yield from _departments(province, data)
        yield from _vertical(province, data)


def _departments(province: Place, data: dict[str, Any]) -> Iterator[Place]:
    for number, name, english, _ministry in data["departments"].values():
        yield _agency(province, f"{province.exchange}.{number}", "department", name, english, "sở, cơ quan chuyên môn", province.code)
    number, name, english = data["centre"]
    centre = f"{province.exchange}.{number}"
    yield _agency(province, centre, "centre", name, english, "trung tâm phục vụ hành chính công", province.code)
    for index, point in enumerate(data["reception_points"], 1):
        yield _agency(
            province, f"{centre}.{index:02d}", "reception_point", f"{point}, {name}", f"Counter {index}, {english}", "quầy", centre
        )


def _vertical(province: Place, data: dict[str, Any]) -> Iterator[Place]:
    for index, (ministry, name, english) in enumerate(data["vertical"].values()):
        code = vertical_code(ministry, index, province.code)
        yield _agency(province, code, "vertical_agency", name, english, "cơ quan ngành dọc", ministry)


def vertical_code(ministry: str, index: int, province_code: str) -> str:
    """Code of a ministry's office in a province: G01.1.26 style, simulated but well-formed."""
    return f"{ministry}.{index + 1}{province_code}"


def _agency(province: Place, code: str, kind: str, name: str, english: str, type_label: str, parent: str) -> Place:
    versions = tuple(
        Version(
            f"{name} {place.type_label.lower()} {place.short_name}",
            name,
            f"{english} {place.name_en}" if english.endswith(" of") else f"{english}, {place.name_en}",
            type_label,
            parent,
            place.valid_from,
            place.valid_to,
            SIMULATED,
        )
        for place in province.versions
    )
    return Place(code, kind, versions, exchange=code)
