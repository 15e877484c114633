"""An edition's material made by hand: full, thin or empty, for the tests of words, pages and papers."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from core.calendar import Month
from exports.cells import NATION
from exports.quoted import Claim
from exports.report import Cause, Material, Place
from scorecard.indicators import INDICATORS
from scorecard.queries import Figure, OfficialFigure
from scorecard.statistics import wilson
from scorecard.tiles import PLACES
from tests.exports.figures import figure

CODES = [NATION, *PLACES]
CAUSES = [
    Cause("held_by_state", "1.1", "Thủ tục <đăng ký>", "CSDL hộ tịch", 3, 12, 40, "đơn vị tiếp nhận"),
    Cause("held_by_state", "1.2", "Đăng ký thường trú", "CSDL dân cư", 2, 5, 60, "đơn vị tiếp nhận"),
    Cause("repeat_supplement", "1.3", "Cấp giấy phép xây dựng", "", 6, 4, 20, "Sở Xây dựng"),
]
MOVED = {"reason": "", "n": 200, "change_low": 0.01, "change_high": 0.05, "kind": "province"}


def weighted(share: float, n: int, code: str = NATION, grey: bool = False) -> Figure:
    """A rate as it is estimated: no counts of people."""
    low, high = wilson(round(share * n), n)
    return Figure("nation", code, "satisfaction", "weighted", None, None, share, low, high, n, "value", False, grey)


def change(value: float, low: float, high: float) -> Figure:
    """How far the nation's rate moved."""
    return Figure("nation", NATION, "satisfaction_change", "weighted", None, None, value, low, high, 500, "value", False, False)


def figures(share: float, answers: int) -> dict[tuple[str, str, str], Figure]:
    """Every indicator of the nation and the provinces with the same share."""
    found = {}
    for code in CODES:
        n = answers * (len(PLACES) if code == NATION else 1)
        for indicator in INDICATORS.values():
            for variant in indicator.variants:
                found[code, indicator.code, variant] = figure(round(share * n), n, indicator.code, code, variant, grey=n < 30)
        found[code, "satisfaction", "weighted"] = weighted(share, n, code, grey=n < 30)
    return found


def moved(named: Mapping[str, str], compared: int = 34) -> list[dict[str, Any]]:
    """Rows of the table ``comparison``: who is compared, and which changes are named (up, down)."""
    codes = list(PLACES)[:compared]
    ways = {code: named.get(code, "") for code in codes}
    return [MOVED | {"unit_code": code, "change": -0.03 if way == "down" else 0.03, "change_named": way} for code, way in ways.items()]


def connection(register: str, spared: int, action: str = "connect", place: str = NATION) -> dict[str, Any]:
    """A row of the table ``connection_value``."""
    return {
        "province_code": place, "register_code": register, "spared": spared, "unreached": spared + 5, "dossiers": spared + 9,
        "unconnected": 8, "systems": 40, "published_from": "2026-01-15", "action": action, "keeper": "Bộ Tư pháp", "keeper_en": "",
    }  # fmt: skip


def asked(number: int, tested: int = 900, detector: str = "all") -> list[dict[str, Any]]:
    """Rows of the table ``integrity_counts``."""
    return [{"detector": detector, "name_vi": "mọi dấu hiệu", "name_en": "all patterns", "asked": number, "tested": tested}]


def official(score: float = 10.5, codes: Sequence[str] = tuple(PLACES)) -> dict[str, dict[str, OfficialFigure]]:
    """The index's group of satisfaction for provinces."""
    return {code: {"MDHL": OfficialFigure(code, "2026-10", "MDHL", score, 18.0, "Cổng", "Portal", False)} for code in codes}


def material(found: Mapping[tuple[str, str, str], Figure], simulated: bool = True, draft: bool = False, **more: Any) -> Material:
    """A month with these figures; ``more`` replaces anything else."""
    given: dict[str, Any] = {
        "month": Month(2026, 10),
        "version": 1,
        "draft": draft,
        "simulated": simulated,
        "rule_version": "2026-08",
        "cutoff_at": datetime(2026, 11, 18, 3, tzinfo=UTC),
        "closed_on": date(2026, 11, 17),
        "checksum": "ab" * 32,
        "facts": {},
        "places": [Place(code, f"tỉnh {place[2]}", place[2], None, 1.0) for code, place in PLACES.items()],
        "figures": found,
        "previous": {},
        "claims": [Claim("local_online", "Thủ tục cấp tỉnh, cấp xã", 0.925, 2014, 2177, "Họp ngày 05/12/2025", date(2025, 12, 5))],
        "causes": CAUSES,
        "names": {code: place[2] for code, place in PLACES.items()},
        "registers": {"civil": "CSDL hộ tịch", "land": "CSDL đất đai"},
    }
    return Material(**(given | more))
