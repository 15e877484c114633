"""The country's units against an official list, and against the law's counts."""

import json
import unicodedata
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from simulation.places import Place, agencies, territory

TONES = "\u0300\u0301\u0303\u0309\u0323"


@pytest.fixture(scope="module")
def units() -> tuple[list[Place], list[Place]]:
    return territory()


def _spelling(name: str) -> str:
    """A name without case and without the place of its tone marks (Hoà and Hòa are the same name)."""
    words = unicodedata.normalize("NFD", name.casefold()).split()
    return " ".join("".join(c for c in word if c not in TONES) + "".join(c for c in word if c in TONES) for word in words)


def test_same_units_as_the_official_list(units: tuple[list[Place], list[Place]], shared_data: Path) -> None:
    day = date(2026, 7, 25)
    ours = {place.code: place.on(day) for group in units for place in group}
    listed = json.loads((shared_data / "units" / "units_2026-07-25.json").read_text(encoding="utf-8"))
    official = {unit["Code"]: unit for province in listed for unit in (province, *province["Wards"])}
    assert set(ours) == set(official)
    for code, unit in official.items():
        assert _spelling(ours[code].name) == _spelling(unit["FullName"]), code
        assert ours[code].type_label == unit["AdministrativeUnitShortName"], code
    for province in listed:
        assert {ours[ward["Code"]].parent for ward in province["Wards"]} == {province["Code"]}


@pytest.mark.parametrize(
    ("day", "cities", "wards"), [(date(2026, 4, 29), 6, 687), (date(2026, 4, 30), 7, 697), (date(2026, 10, 1), 9, 697)]
)
def test_types_change_on_their_days(units: tuple[list[Place], list[Place]], day: date, cities: int, wards: int) -> None:
    provinces, communes = units
    assert (len(provinces), len(communes)) == (34, 3321)
    assert Counter(place.on(day).type_label for place in provinces)["Thành phố"] == cities
    assert Counter(place.on(day).type_label for place in communes) == {"Xã": 3321 - 13 - wards, "Phường": wards, "Đặc khu": 13}


def test_archipelagos_have_their_names(units: tuple[list[Place], list[Place]]) -> None:
    names = {place.versions[-1].name_en: place.versions[-1] for place in units[1] if place.versions[-1].type_label == "Đặc khu"}
    assert names["Hoang Sa Special Zone"].parent == "48"
    assert names["Truong Sa Special Zone"].parent == "56"


def test_agencies_follow_their_province(units: tuple[list[Place], list[Place]]) -> None:
    provinces, communes = units
    made = list(agencies(provinces))
    codes = [place.code for place in (*provinces, *communes, *made)]
    assert len(codes) == len(set(codes))
    known = set(codes)
    assert all(version.parent in known for place in made for version in place.versions if place.kind != "nation")
    finance = next(place for place in made if place.code == "H19.04")
    assert [version.name for version in finance.versions] == ["Sở Tài chính tỉnh Đồng Nai", "Sở Tài chính thành phố Đồng Nai"]
