"""One procedure: first what helps a citizen, then the figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from core import numbers
from core.calendar import Month
from core.web import language, pick
from procedures.models import Component, Offering, Procedure, StateRegister, Unit
from scorecard.figures import CLEANED, LOWER, PROCEDURE, RAW, UPPER
from scorecard.indicators import INDICATORS
from scorecard.pages import cards, places, words
from scorecard.pages.text import _

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from procedures.queries import UnitView
    from scorecard.models import Edition
    from scorecard.queries import Figure

# Texts of the catalogue that a citizen needs, by their key in Procedure.details, in the order of the page.
TEXTS = ("time", "fees", "result", "channels")
RATES = ("satisfaction", "supplement", "repeat_supplement", "on_time", "online_filing", "asked_again_experienced", "mismatch_any")


@dataclass(frozen=True)
class Paper:
    """One component. ``held``: name of the register that has it already; empty if none does."""

    name: str
    case: str
    number: str
    form: str
    held: str
    keeper: str
    since: str


@dataclass(frozen=True)
class Told:
    """A text of the catalogue and the language it is in."""

    text: str
    language: str


@dataclass(frozen=True)
class Right:
    """What a citizen may count on, with the article that says so."""

    text: str
    source: str


@dataclass(frozen=True)
class OnlineLevel:
    """In how many provinces a procedure is offered at one level, and in which."""

    label: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Rate:
    """One line of the table of rates."""

    name: str
    value: str
    span: str
    counts: str


@dataclass(frozen=True)
class Place:
    """Administrative counts of a procedure in one province."""

    code: str
    name: str
    received: str
    online: str
    supplement: str
    repeat_supplement: str
    asked_again: str
    on_time: str


def papers(procedure: Procedure) -> tuple[list[Paper], list[Paper]]:
    """What is asked for: papers to hand in, and papers that a state register already holds."""
    made = [_paper(component, component.register) for component in procedure.components]
    return [paper for paper in made if not paper.held], [paper for paper in made if paper.held]


def _paper(component: Component, register: StateRegister | None) -> Paper:
    numbers_ = []
    if component.originals:
        numbers_.append(_("%(n)s bản chính", n=component.originals))
    if component.copies:
        numbers_.append(_("%(n)s bản sao", n=component.copies))
    return Paper(
        name=component.name,
        case=component.case_label,
        number=", ".join(numbers_),
        form=component.form_name,
        held=pick(register.name, register.name_en) if register is not None else "",
        keeper=pick(register.keeper, register.keeper_en or register.keeper) if register is not None else "",
        since=numbers.day(register.published_from, language()) if register is not None and register.published_from else "",
    )


def texts(procedure: Procedure) -> list[tuple[str, Told]]:
    """Time, fees, result and ways to file, where the catalogue read has them."""
    labels = {"time": _("Thời hạn"), "fees": _("Phí, lệ phí"), "result": _("Kết quả"), "channels": _("Cách nộp")}
    return [(labels[key], _told(procedure, key, procedure.details[key])) for key in TEXTS if procedure.details.get(key)]


def source(procedure: Procedure) -> Told:
    """Where the catalogue's entry comes from."""
    return _told(procedure, "source_note", procedure.source_note)


def _told(procedure: Procedure, key: str, text: object) -> Told:
    """A text in the reader's language where the catalogue read has it in both, and else in Vietnamese."""
    english = procedure.details.get(f"{key}_en") if language() == "en" else None
    return Told(str(english or text), "en" if english else "vi")


def rights() -> list[Right]:
    """Rights around supplements and refusals (methodology §2, §7.1)."""
    return [
        Right(
            _("Hồ sơ thiếu thì chỉ nhận một phiếu yêu cầu bổ sung, trong đó nêu đủ nội dung, lý do và cách bổ sung trong một lần."),
            _("Nghị định 118/2025/NĐ-CP, Điều 17 khoản 2 điểm a, được Nghị định 309/2026/NĐ-CP sửa đổi"),
        ),
        Right(
            _("Không phải đi lại bổ sung quá hai lần cho một hồ sơ, trừ khi đã được hướng dẫn mà không làm theo."),
            _("Nghị định 63/2010/NĐ-CP, Điều 20 khoản 4"),
        ),
        Right(
            _("Được từ chối yêu cầu không có trong thủ tục đã công bố."),
            _("Nghị định 63/2010/NĐ-CP, Điều 21 khoản 2"),
        ),
        Right(
            _("Bị yêu cầu bổ sung hoặc bị từ chối thì được trả lời lý do bằng văn bản."),
            _("Nghị định 63/2010/NĐ-CP, Điều 18 khoản 5"),
        ),
    ]


def online(session: Session, procedure: Procedure, units: Mapping[str, UnitView], on: date) -> list[OnlineLevel]:
    """At what online level the procedure is offered on a day, by province; empty where no offering is known."""
    rows = session.execute(
        select(Unit.code, Offering.online_level)
        .join(Offering, Offering.unit_id == Unit.id)
        .where(
            Offering.procedure_id == procedure.id,
            Offering.valid_from <= on,
            or_(Offering.valid_to.is_(None), Offering.valid_to > on),
        )
    ).all()
    names: dict[str, list[str]] = {"full": [], "partial": [], "none": []}
    for code, level in rows:
        names[level].append(places.short(units, code))
    labels = {"full": _("Toàn trình: làm trọn qua mạng"), "partial": _("Một phần qua mạng"), "none": _("Chưa nộp được qua mạng")}
    return [OnlineLevel(labels[level], tuple(sorted(members, key=places.plain))) for level, members in names.items() if members]


def rates(figures: Mapping[tuple[str, str, str], Figure], code: str) -> list[Rate]:
    """The procedure's rates in the whole country, each with interval and counts, or its status in words."""
    found = []
    for indicator in RATES:
        figure = figures.get((code, indicator, CLEANED), figures.get((code, indicator, RAW)))
        name = pick(INDICATORS[indicator].name_vi, INDICATORS[indicator].name_en)
        found.append(Rate(name, words.rate(figure), words.span(figure), words.of_counts(figure)))
    lower, upper = (figures.get((code, "asked_again_recorded", variant)) for variant in (LOWER, UPPER))
    counts = ""
    if upper is not None and words.has_value(upper):
        counts = _("%(people)s trong %(n)s", people=words.people(lower, upper), n=words.count(upper.denominator))
    name = pick(INDICATORS["asked_again_recorded"].name_vi, INDICATORS["asked_again_recorded"].name_en)
    found.insert(3, Rate(name, words.bounds(lower, upper), _("từ–đến"), counts))
    return found


def by_place(session: Session, edition: Edition, code: str, units: Mapping[str, UnitView]) -> list[Place]:
    """Counts by province and ministry, most dossiers first."""
    from scorecard import queries

    found = []
    for row in queries.procedure_counts(session, edition, code):
        low, high = row.asked_again_lower, row.asked_again_upper
        again = _few_or(low) if low == high else f"{_few_or(low)}–{_few_or(high)}"
        found.append(
            Place(
                code=row.place,
                name=places.short(units, row.place),
                received=_few_or(row.received),
                online=_few_or(row.online),
                supplement=_few_or(row.supplement, row.cohort),
                repeat_supplement=_few_or(row.repeat_supplement),
                asked_again=again,
                on_time=_few_or(row.on_time, row.due),
            )
        )
    return found


def _few_or(*counts: int | None) -> str:
    """A count, or one of another; ``< 3`` where the dossiers are too few for more to be told."""
    shown = [words.count(count) for count in counts if count is not None]
    return "/".join(shown) if len(shown) == len(counts) else "< 3"


@dataclass(frozen=True)
class Statistics:
    """The procedure's month."""

    edition: Edition
    rates: list[Rate]
    places: list[Place]


def statistics(session: Session, edition: Edition, code: str) -> Statistics:
    """The procedure in a published edition."""
    from procedures.queries import units as all_units
    from scorecard import queries

    units = all_units(session, Month.parse(edition.month).last_day)
    figures = queries.figure_map(session, edition, PROCEDURE, [code], cards.SHOWN)
    return Statistics(edition, rates(figures, code), by_place(session, edition, code, units))
