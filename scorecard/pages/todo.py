"""What could be mended, in words: what, where, how many people, who can mend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.web import pick
from scorecard.figures import HELD_BY_STATE, ONLINE_UNUSED, REPEAT
from scorecard.pages import places, words
from scorecard.pages.text import _

if TYPE_CHECKING:
    from procedures.models import StateRegister
    from procedures.queries import ProcedureView, UnitView
    from scorecard.queries import Gap

FIRST = 3
FIGURES = {HELD_BY_STATE: "asked_again", REPEAT: "repeat_supplement", ONLINE_UNUSED: "received"}
LONGEST = 86  # letters of a heading: three lines of a card on a wide screen and on a phone
LEAST_NAME = 20  # letters of a procedure's name in it


@dataclass(frozen=True)
class Task:
    """One thing to do. ``figure``: whose dossiers are listed."""

    what: str
    people: str
    where: str
    who: str
    procedure_code: str
    figure: str
    register_code: str | None


def tasks(
    gaps: Sequence[Gap],
    units: Mapping[str, UnitView],
    procedures: Mapping[str, ProcedureView],
    registers: Mapping[str, StateRegister],
    within_power: bool,
) -> list[Task]:
    """The gaps that the handling units can mend themselves, or those that they cannot; most people affected first."""
    return [_task(gap, units, procedures, registers) for gap in gaps if gap.within_power == within_power]


def _task(gap: Gap, units: Mapping[str, UnitView], procedures: Mapping[str, ProcedureView], registers: Mapping[str, StateRegister]) -> Task:
    view = procedures.get(gap.procedure_code)
    whole = view.name if view is not None else gap.procedure_code
    register = registers.get(gap.register_code or "")
    held_in = _register(register) if register is not None else ""
    if gap.kind == HELD_BY_STATE and gap.within_power:
        what = _("Không yêu cầu lại giấy tờ đã có trong %(register)s", register=held_in)
    elif gap.kind == HELD_BY_STATE:
        what = _("Kết nối %(register)s, hoặc bỏ giấy tờ này khỏi thành phần hồ sơ", register=held_in)
    elif gap.kind == REPEAT:
        what = _("Gộp yêu cầu bổ sung vào một phiếu, một lần")
    else:
        what = _("Hướng dẫn nộp trực tuyến, dịch vụ có mà chưa ai dùng")
    return Task(
        what=f"{what}: {shortened(whole, max(LEAST_NAME, LONGEST - len(what)))}",
        people=_("%(k)s người trong %(n)s hồ sơ", k=words.count(gap.people), n=words.count(gap.dossiers)),
        where=_where(gap.unit_codes, units),
        who=_("ai sửa được: %(agency)s", agency=_agency(gap, register)),
        procedure_code=gap.procedure_code,
        figure=FIGURES[gap.kind],
        register_code=gap.register_code,
    )


def _agency(gap: Gap, register: StateRegister | None) -> str:
    """Who can mend it; beyond the unit's power that is the register's keeper."""
    keeper = register.keeper_en if register is not None and not gap.within_power else ""
    return pick(gap.agency_vi, keeper or gap.agency_en)


def _register(register: StateRegister) -> str:
    """A register's name for a heading: the usual abbreviation, and only the first of two registers kept together."""
    first, joined, _second = register.name_en.partition(" Database and ")
    return pick(register.name.replace("Cơ sở dữ liệu", "CSDL").split(",")[0], f"{first} Database" if joined else first)


def _where(codes: Sequence[str], units: Mapping[str, UnitView]) -> str:
    if not codes:
        return ""
    first = places.short(units, codes[0])
    return first if len(codes) == 1 else _("%(first)s và %(n)s nơi khác", first=first, n=len(codes) - 1)


def shortened(name: str, room: int) -> str:
    """A long official name cut at a word and before a bracket that would stay open; the procedure's own page has it whole."""
    if len(name) <= room:
        return name
    cut = name[:room].rsplit(" ", 1)[0]
    if cut.count("(") > cut.count(")"):
        cut = cut[: cut.rindex("(")]
    return cut.rstrip(" ,;:–-") + " …"
