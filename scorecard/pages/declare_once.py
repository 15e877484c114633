"""What is asked for though the state has it: classes, what a connection is worth, registers and what they hold, what to restructure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from core import numbers
from core.calendar import Month
from core.web import language, pick
from procedures import once_only
from procedures.once_only import CLASSES, F0, F1, F1_OR_F2, F2, F2_OR_F3, F3, F4, F5
from procedures.queries import ProcedureView, UnitView, dated_connections, registers, standard_components
from scorecard import queries
from scorecard.declare_once_tables import CONNECT, LEAST_UNIT, PROVINCE_LEVEL
from scorecard.figures import COUNTRY, LOWER, UPPER, Figure
from scorecard.pages import places, services, words
from scorecard.pages.text import _

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from scorecard.models import Edition

TRACES = ("repeat_supplement", "ended_from_request", "refused_and_refiled", "refiled_in_month")
MOST_ROWS = 25  # of the list of what to restructure; all are in the edition's files


@dataclass(frozen=True)
class ClassLine:
    """One class of requested papers. ``who``: to whom it is charged."""

    code: str
    meaning: str
    who: str
    documents: int
    dossiers: int


@dataclass(frozen=True)
class Worth:
    """What connecting a database would have spared last month, and who must act."""

    name: str
    spared: int
    unreached: int
    unconnected: int
    systems: int
    published: str
    act: str


@dataclass(frozen=True)
class Rebuild:
    """A procedure in a place that is hardly filed online and often sent back."""

    procedure_code: str
    procedure: str
    place_code: str
    place: str
    people: int
    dossiers: int
    supplement_low: float
    online: int
    received: int
    online_high: float


@dataclass(frozen=True)
class Held:
    """A register with the standard components that it holds, and since when who is connected to it: day and document, systems."""

    name: str
    keeper: str
    published: str
    document: str
    components: tuple[str, ...]
    connected: int
    connections: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ToVerify:
    """A unit with at least two signs of requests that are not on record. ``signs``: which, in words."""

    code: str
    name: str
    dossiers: str
    recorded: str
    refiled: str
    signs: str


@dataclass(frozen=True)
class Page:
    """All of it, for the nation or one province or ministry. ``reach``: where a record without requests tells something, in words;
    ``traces``: what the records themselves show of requests beyond one notice; ``named``: units to verify, for who may know them."""

    place: str
    code: str
    lower: Figure | None
    upper: Figure | None
    classes: list[ClassLine]
    tests: list[tuple[str, str, str]]
    worth: list[Worth]
    rebuild: list[Rebuild]
    left_out: int
    online_median: float | None
    supplement_median: float | None
    signs: Mapping[str, int]
    reach: str
    traces: list[services.Line]
    named: list[ToVerify]
    registers: list[Held]


def build(
    session: Session,
    edition: Edition,
    code: str,
    units: Mapping[str, UnitView],
    procedures: Mapping[str, ProcedureView],
    may_know: Collection[str] = (),
) -> Page:
    """The page of a place (``VN``: the nation). ``may_know``: units that the reader may see named while they are to be verified."""
    figures = queries.figure_map(session, edition, None, [code], ["asked_again_recorded", *TRACES])
    rebuild = _rows(edition, "restructuring", code, nation=code == COUNTRY)
    rebuild = [row for row in rebuild if (row["level"] == PROVINCE_LEVEL) == (code == COUNTRY)]
    first = rebuild[0] if rebuild else {}
    signs = _rows(edition, "hidden_supplement_signs", code)
    return Page(
        place=_("Cả nước") if code == COUNTRY else places.name(units[code]),
        code=code,
        lower=figures.get((code, "asked_again_recorded", LOWER)),
        upper=figures.get((code, "asked_again_recorded", UPPER)),
        classes=_classes(_rows(edition, "request_classes", code)),
        tests=_tests(),
        worth=[_worth(row, _register_names(session)) for row in _rows(edition, "connection_value", code)],
        rebuild=[_rebuild(row, units, procedures) for row in rebuild[:MOST_ROWS]],
        left_out=max(0, len(rebuild) - MOST_ROWS),
        online_median=first.get("online_median"),
        supplement_median=first.get("supplement_median"),
        signs={name: int(signs[0][name]) for name in ("units", "zero", "refiled", "people", "two")} if signs else {},
        reach=reach(next(iter(_rows(edition, "zero_reach", code)), None)),
        traces=services.lines(figures, code, TRACES),
        named=[
            _to_verify(row, units)
            for row in _rows(edition, "hidden_supplements", code, nation=code == COUNTRY)
            if row["unit_code"] in may_know
        ],
        registers=_registers(session, edition, code, units),
    )


def reach(row: Mapping[str, Any] | None) -> str:
    """In how many units the first sign can be looked for at all, by a row of ``zero_reach``; empty for an edition that does not tell."""
    from scorecard.zeros import LEAST_PEERS

    if row is None or not row["units"]:
        return ""
    told = {name: words.count(row[name]) for name in ("units", "comparable", "uneven", "few_peers")}
    return _(
        "Dấu hiệu thứ nhất xét được ở %(comparable)s trong %(units)s đơn vị có từ %(least)s hồ sơ. Còn lại thì không nói gì: "
        "%(few_peers)s đơn vị không đủ %(peers)s đơn vị cùng loại để so; ở %(uneven)s đơn vị, không có yêu cầu nào cũng không lạ, vì "
        "các đơn vị tương đương quá khác nhau hoặc thủ tục hiếm khi phải bổ sung.",
        least=LEAST_UNIT,
        peers=LEAST_PEERS,
        **told,
    )


def _to_verify(row: Mapping[str, Any], units: Mapping[str, UnitView]) -> ToVerify:
    words_of = {"zero": _("không ghi nhận yêu cầu nào"), "refiled": _("nộp lại nhiều hơn hẳn"), "people": _("người dân nêu yêu cầu")}

    def number(name: str) -> str:
        return _("không xét") if row[name] is None else words.count(int(row[name]))

    return ToVerify(
        code=row["unit_code"],
        name=places.short(units, row["unit_code"]),
        dossiers=number("dossiers"),
        recorded=_("%(recorded)s (đơn vị tương đương: khoảng %(expected)s)", recorded=number("recorded"), expected=number("expected")),
        refiled=number("refiled_dossiers"),
        signs="; ".join(text for name, text in words_of.items() if row[name]),
    )


def _rows(edition: Edition, table: str, code: str, nation: bool = False) -> list[dict[str, Any]]:
    frame = queries.edition_table(edition, table)
    frame = frame if nation else frame[frame["province_code"] == code]
    frame = frame.astype(object)
    return [{str(key): value for key, value in row.items()} for row in frame.where(frame.notna(), None).to_dict("records")]


def meanings() -> dict[str, tuple[str, str]]:
    """Each class's meaning, and who answers for it."""
    agency, nobody = _("cơ quan giải quyết"), _("không quy cho ai")
    either = _("chưa quy cho ai: không có ghi nhận tra cứu")
    return {
        F1: (_("có trong cơ sở dữ liệu đã công bố, đã kết nối, tra cứu được"), agency),
        F3: (_("là kết quả đã có trong kho dữ liệu điện tử"), agency),
        F1_OR_F2: (_("F1 hoặc F2: cơ sở dữ liệu đã kết nối, không ghi nhận có tra cứu hay không"), either),
        F2_OR_F3: (_("F2 hoặc F3: kết quả trước đó, không ghi nhận có tra cứu hay không"), either),
        F2: (_("đã tra cứu nhưng lỗi, hoặc dữ liệu thiếu, không chính xác"), _("cơ quan chủ quản cơ sở dữ liệu")),
        F5: (_("cơ sở dữ liệu đã công bố nhưng hệ thống này chưa kết nối"), _("bộ, ngành và cơ quan chủ quản cơ sở dữ liệu")),
        F4: (_("Nhà nước chưa giữ hoặc chưa công bố; khai sai; phí"), _("người nộp, hoặc hướng dẫn chưa rõ")),
        F0: (_("chưa xếp lớp được: không nêu tên, không khớp tên chuẩn, hoặc chưa biết ngày công bố"), nobody),
    }


def _classes(rows: list[dict[str, Any]]) -> list[ClassLine]:
    sums: dict[str, list[int]] = {}
    for row in rows:
        found = sums.setdefault(row["paper_class"], [0, 0])
        found[0] += row["documents"]
        found[1] += row["dossiers"]
    told = meanings()
    return [ClassLine(code.replace("F12", "F1/F2").replace("F23", "F2/F3"), *told[code], *sums[code]) for code in CLASSES if code in sums]


def _tests() -> list[tuple[str, str, str]]:
    """(since when, name, condition) of the legal tests."""
    return [
        (numbers.day(row["valid_from"], language()), pick(row["name"], row["name_en"]), pick(row["condition"], row["condition_en"]))
        for row in once_only.seed()["tests"]
    ]


def _register_names(session: Session) -> dict[str, str]:
    return {item.code: pick(item.name, item.name_en) for item in registers(session)}


def _worth(row: Mapping[str, Any], names: Mapping[str, str]) -> Worth:
    keeper = pick(row["keeper"], row["keeper_en"] or row["keeper"])
    if row["action"] == CONNECT:
        act = _("%(keeper)s và cơ quan chủ quản hệ thống một cửa: kết nối", keeper=keeper)
    else:
        act = _("%(keeper)s: công bố cơ sở dữ liệu, rồi kết nối", keeper=keeper)
    return Worth(
        name=names.get(row["register_code"], row["register_code"]),
        spared=row["spared"],
        unreached=row["unreached"],
        unconnected=row["unconnected"],
        systems=row["systems"],
        published=_published(row["published_from"]),
        act=act,
    )


def _published(day: str | None) -> str:
    return numbers.day(date.fromisoformat(day), language()) if day else _("chưa rõ")


def _rebuild(row: Mapping[str, Any], units: Mapping[str, UnitView], procedures: Mapping[str, ProcedureView]) -> Rebuild:
    procedure = procedures.get(row["procedure_code"])
    return Rebuild(
        procedure_code=row["procedure_code"],
        procedure=procedure.name if procedure else row["procedure_code"],
        place_code=row["place_code"],
        place=places.short(units, row["place_code"]),
        people=row["people"],
        dossiers=row["dossiers"],
        supplement_low=row["supplement_low"],
        online=row["online"],
        received=row["received"],
        online_high=row["online_high"],
    )


def _registers(session: Session, edition: Edition, code: str, units: Mapping[str, UnitView]) -> list[Held]:
    """``code``: of a place, whose own connections are then told, or of the nation, with everybody's."""
    connected: dict[str, set[str]] = {}
    since: dict[str, dict[str, list[str]]] = {}
    for register, unit, source, day, document in dated_connections(session, Month.parse(edition.month).last_day):
        connected.setdefault(register, set()).add(unit)
        if code in (COUNTRY, unit):
            system = f"{places.short(units, unit)} ({source})" if source else places.short(units, unit)
            since.setdefault(register, {}).setdefault(_said(day, document), []).append(system)
    held: dict[str, list[str]] = {}
    for component in standard_components(session):
        if component.register is not None:
            own = f" ({_said(component.published_from, component.source_document)})" if component.published_from else ""
            held.setdefault(component.register.code, []).append(pick(component.name, component.name_en) + own)
    return [
        Held(
            name=pick(item.name, item.name_en),
            keeper=pick(item.keeper, item.keeper_en or item.keeper),
            published=_published(item.published_from.isoformat() if item.published_from else None),
            document=item.source_document,
            components=tuple(sorted(held.get(item.code, ()))),
            connected=len(connected.get(item.code, ())),
            connections=tuple((day, "; ".join(systems)) for day, systems in since.get(item.code, {}).items()),
        )
        for item in registers(session)
    ]


def _said(day: date, document: str) -> str:
    """A day with the document that says so."""
    return ", ".join(filter(None, (numbers.day(day, language()), document)))
