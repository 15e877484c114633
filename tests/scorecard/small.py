"""A country of two reporting provinces and a silent one, made by hand: every dossier and answer is known."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select

from core.calendar import Month
from core.database import writing
from core.lake import LakeTable
from procedures.dossiers import dossier_table
from procedures.models import (
    Component,
    Offering,
    Procedure,
    RegisterConnection,
    Source,
    StandardComponent,
    StateRegister,
    Submission,
    Unit,
    UnitVersion,
)
from surveys.models import Answer, Invitation
from tests.lake import put

MONTH = Month(2026, 10)
NOW = datetime(2026, 11, 6, 3, 0, tzinfo=UTC)
BORN = date(2025, 7, 1)
START = MONTH.start

UNITS = {  # code: (kind, name, parent)
    "VN": ("nation", "Việt Nam", None),
    "01": ("province", "thành phố Hà Nội", "VN"),
    "46": ("province", "thành phố Huế", "VN"),
    "96": ("province", "tỉnh Cà Mau", "VN"),
    "G01": ("ministry", "Bộ Công an", "VN"),
    "H26.01": ("centre", "Trung tâm Phục vụ hành chính công Hà Nội", "01"),
    "H26.02": ("department", "Sở Tư pháp", "01"),
    "00004": ("commune", "phường Ba Đình", "01"),
    "00008": ("commune", "phường Ngọc Hà", "01"),
    "00025": ("commune", "xã Yên", "01"),
    "19750": ("commune", "phường Thuận Hóa", "46"),
    "31000": ("commune", "xã Đất Mũi", "96"),
}
BIRTH, BUILD = "1.001193", "1.009994"
CHANNEL_ONLINE = 2


@dataclass
class Dossier:
    """A dossier in days after the month's start."""

    code: str
    unit: str = "00004"
    procedure: str = BIRTH
    channel: int = 1
    received: float = 1
    due: float | None = 10
    finished: float | None = 5
    status: int = 9
    requests: list[tuple[float, list[str]]] = field(default_factory=list)
    source: str = "hanoi"
    counted: int | None = None  # requests that the source only counts, without naming any
    looked_up: str | None = "found"  # what the look-up in the civil register showed; None: no record of one
    applicant: str | None = None


def at(days: float) -> datetime:
    """An instant so many days after the month's first."""
    return START + timedelta(days=days)


def build(dossiers: Iterable[Dossier]) -> LakeTable:
    """Fill an empty installation; the lake gets the dossiers."""
    with writing() as session:
        units: dict[str, Unit] = {}
        for code, (kind, name, parent) in UNITS.items():
            units[code] = Unit(code=code, kind=kind)
            session.add(units[code])
            session.flush()
            session.add(
                UnitVersion(
                    unit_id=units[code].id,
                    name=name,
                    short_name=name.split(" ", 2)[-1],
                    name_en=name,
                    type_label=name.split(" ")[0],
                    parent_id=units[parent].id if parent else None,
                    valid_from=BORN,
                )
            )
        for code, unit in (("hanoi", "01"), ("hue", "46"), ("camau", "96")):
            session.add(Source(code=code, name=code, unit_id=units[unit].id, simulated=True))
        session.add(Source(code="abroad", name="abroad", list_code="abroad"))
        register = StateRegister(code="civil", name="Hộ tịch", name_en="Civil status", keeper="Bộ Tư pháp", published_from=BORN)
        session.add(register)
        session.flush()
        birth = StandardComponent(code="birth", name="Giấy khai sinh", name_en="Birth certificate", register_id=register.id)
        birth.aliases = ["giấy khai sinh"]
        form = StandardComponent(code="application", name="Đơn, tờ khai", name_en="Form", aliases=["đơn", "tờ khai"], is_head=True)
        session.add_all([birth, form])
        session.add(RegisterConnection(register_id=register.id, unit_id=units["01"].id, connected_from=BORN))
        for code, name in ((BIRTH, "Đăng ký khai sinh"), (BUILD, "Cấp giấy phép xây dựng")):
            procedure = Procedure(code=code, name=name, is_local=True, levels=["commune"], valid_from=BORN)
            session.add(procedure)
            session.flush()
            session.add(Component(procedure_id=procedure.id, position=1, name="Bản vẽ thiết kế"))
            for province, level in (("01", "full"), ("46", "partial" if code == BIRTH else "none")):
                session.add(Offering(procedure_id=procedure.id, unit_id=units[province].id, online_level=level, valid_from=BORN))
    return add_dossiers(dossiers)


def add_dossiers(dossiers: Iterable[Dossier]) -> LakeTable:
    """Put dossiers into the lake, as an append."""
    table = dossier_table(current_app.extensions["settings"].data_dir)
    put(table, [row_of(dossier) for dossier in dossiers])
    return table


def row_of(dossier: Dossier) -> dict[str, Any]:
    """The lake's row."""
    received = at(dossier.received)
    return {
        "source": dossier.source,
        "reception_month": str(Month.of(received)),
        "dossier_code": dossier.code,
        "procedure_code": dossier.procedure,
        "handling_unit": dossier.unit,
        "channel": dossier.channel,
        "received_at": received,
        "due_at": None if dossier.due is None else at(dossier.due),
        "finished_at": None if dossier.finished is None else at(dossier.finished),
        "status": dossier.status if dossier.finished is not None else 4,
        "supplement_count": len(dossier.requests) if dossier.counted is None else dossier.counted,
        "supplements": [
            {"requested_at": at(day), "answered_at": None, "text": "", "documents": [{"code": None, "name": name} for name in names]}
            for day, names in dossier.requests
        ],
        "data_lookups": None if dossier.looked_up is None else [{"database": "civil", "at": received, "outcome": dossier.looked_up}],
        "applicant_hash": dossier.applicant,
        "history": [],
        "submission": "s",
    }


def answer(
    unit: str, rating: int | None, procedure: str = BIRTH, recorded: int = 0, when: datetime | None = None, **responses: str
) -> None:
    """One invitation and its answer, for a dossier whose result was returned."""
    answers([(unit, rating, procedure, recorded, when, responses)])


def answers(rows: Iterable[tuple[str, int | None, str, int, datetime | None, dict[str, str]]], end_point: str = "returned") -> None:
    """Many of them: (unit, rating, procedure, recorded supplements, instant, responses)."""
    with writing() as session:
        first = len(session.scalars(select(Invitation.id)).all())
        for number, (unit, rating, procedure, recorded, when, responses) in enumerate(rows, start=first):
            context = {
                "month": str(MONTH),
                "procedure_code": procedure,
                "unit_code": unit,
                "province_code": "01",
                "channel": 1,
                "end_point": end_point,
                "recorded_supplements": recorded,
                "recorded_online": False,
                "questionnaire": 1,
            }
            invited = Invitation(token_hash=f"{number:064d}", issued_on=MONTH.last_day, expires_on=MONTH.plus(1).last_day, **context)
            session.add(invited)
            session.flush()
            session.add(
                Answer(
                    invitation_id=invited.id,
                    rating=rating,
                    responses=responses | ({} if rating is None else {"rating": str(rating)}),
                    answered_on=MONTH.last_day,
                    first_answered_at=when or MONTH.end,
                    language="vi",
                    **context,
                )
            )


def invite(unit: str, number: int, procedure: str = BIRTH) -> None:
    """Invitations that nobody answers."""
    with writing() as session:
        first = len(session.scalars(select(Invitation.id)).all())
        session.add_all(
            Invitation(
                token_hash=f"{first + index:064d}",
                issued_on=MONTH.last_day,
                expires_on=MONTH.plus(1).last_day,
                month=str(MONTH),
                procedure_code=procedure,
                unit_code=unit,
                province_code="01",
                channel=1,
                end_point="returned",
                recorded_supplements=0,
                recorded_online=False,
                questionnaire=1,
            )
            for index in range(number)
        )


def submit(source: str, months: list[str], when: datetime = NOW) -> None:
    """A file that a source sent."""
    with writing() as session:
        owner = session.scalar(select(Source).where(Source.code == source))
        assert owner is not None
        session.add(
            Submission(
                key=f"{source}{when:%d%H%M%S}",
                source_id=owner.id,
                profile="p",
                file_name="f",
                sha256="0" * 64,
                state="accepted",
                received_at=when,
                finished_at=when,
                sent_by="cli",
                months=months,
            )
        )
