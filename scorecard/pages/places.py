"""Names of units and procedures as a reader meets them, and finding them by name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.web import pick

if TYPE_CHECKING:
    from procedures.queries import ProcedureView, UnitView

MOST_FOUND = 60


def name(view: UnitView) -> str:
    """Full name with its type, the first letter large: Thành phố Hà Nội."""
    text = pick(view.name, view.name_en or view.name)
    return text[:1].upper() + text[1:]


def short(units: Mapping[str, UnitView], code: str) -> str:
    """Name for a table's row; the code where the unit is not known on that day."""
    view = units.get(code)
    return (
        code if view is None else name(view) if view.kind not in ("department", "vertical_agency") else pick(view.short_name, view.name_en)
    )


def plain(text: str) -> str:
    """Lower case without diacritics, so that ``ha noi`` finds Hà Nội."""
    parts = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return " ".join("".join(letter for letter in parts if not unicodedata.combining(letter)).split())


@dataclass(frozen=True)
class Found:
    """One hit. ``where``: the province of a commune, the sector of a procedure."""

    code: str
    name: str
    where: str


def find_units(units: Mapping[str, UnitView], wanted: str) -> list[Found]:
    """Provinces and communes whose name or code fits, provinces first; at most MOST_FOUND."""
    words = plain(wanted)
    hits = [
        view
        for view in units.values()
        if view.kind in ("province", "commune") and (words in plain(f"{view.name} {view.name_en}") or words == view.code)
    ]
    hits.sort(key=lambda view: (view.kind != "province", not plain(view.short_name).startswith(words), plain(view.short_name)))
    return [Found(view.code, name(view), _above(units, view)) for view in hits[:MOST_FOUND]]


def _above(units: Mapping[str, UnitView], view: UnitView) -> str:
    above = units.get(view.parent_code or "")
    return name(above) if above is not None and above.kind == "province" else ""


def find_procedures(procedures: Iterable[ProcedureView], wanted: str) -> list[Found]:
    """Procedures with all wanted words in name, sector or code; real ones first; at most MOST_FOUND."""
    words = plain(wanted).split()
    hits = []
    for view in procedures:
        text = f"{plain(view.name)} {plain(view.sector)} {view.code}"
        if all(word in text for word in words):
            hits.append(view)
    hits.sort(key=lambda view: (view.simulated, not view.is_local, plain(view.name)))
    return [Found(view.code, view.name, view.sector) for view in hits[:MOST_FOUND]]


def provinces(units: Mapping[str, UnitView]) -> list[UnitView]:
    """The provinces by name."""
    return sorted((view for view in units.values() if view.kind == "province"), key=lambda view: plain(view.short_name))


def listed_provinces(units: Mapping[str, UnitView]) -> list[Found]:
    """The provinces by name, as links."""
    return [Found(view.code, name(view), "") for view in provinces(units)]
