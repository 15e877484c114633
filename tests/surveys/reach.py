"""A feed without a lake, units, and log-ins, for the survey's ways out."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.accounts import add_user
from core.calendar import Month
from core.database import writing
from procedures.models import Component, Procedure, Source, Unit, UnitVersion
from procedures.queries import EndPoint
from surveys import handover, mail, operations, planning, telephone
from surveys.design import everyone
from tests.conftest import PASSWORD, log_in
from tests.surveys.helpers import END_POINT, FAR, NOW, PROCEDURE

OCTOBER = Month(2026, 10)
UNITS = (  # code, kind, name, parent
    ("VN", "nation", "Việt Nam", None),
    ("01", "province", "thành phố Hà Nội", "VN"),
    ("96", "province", "tỉnh Cà Mau", "VN"),
    ("00004", "commune", "phường Ba Đình", "01"),
    ("00008", "commune", "phường Ngọc Hà", "01"),
    ("31000", "commune", "xã Đất Mũi", "96"),
)


def put_units() -> None:
    """A nation of two provinces and three communes, and one procedure with two papers."""
    with writing() as session:
        ids: dict[str, int] = {}
        for code, kind, name, parent in UNITS:
            unit = Unit(code=code, kind=kind)
            session.add(unit)
            session.flush()
            ids[code] = unit.id
            session.add(
                UnitVersion(
                    unit_id=unit.id, name=name, short_name=name, name_en=name, type_label=kind,
                    parent_id=ids[parent] if parent else None, valid_from=date(2025, 7, 1), valid_to=None,
                )
            )  # fmt: skip
        procedure = Procedure(code=PROCEDURE, name="Đăng ký khai sinh", valid_from=date(2020, 1, 1), valid_to=None)
        session.add(procedure)
        session.flush()
        for position, (code, name) in enumerate((("KQ.G15", "Giấy chứng sinh"), ("", "Giấy chứng nhận kết hôn")), start=1):
            session.add(Component(procedure_id=procedure.id, position=position, code=code, name=name, originals=1, copies=0))


def feed(monkeypatch: pytest.MonkeyPatch, count: int = 5, **changes: object) -> list[EndPoint]:
    """A source and so many of its dossiers that ended in October, read wherever end-points are read."""
    with writing() as session:
        session.add(Source(code=END_POINT.source, name="Demo"))
    points = [
        replace(END_POINT, dossier_code=f"H26.12-251101-{number:06d}", **changes)  # type: ignore[arg-type]
        for number in range(count)
    ]

    def end_points(_session: object, month: Month, now: object, sources: Collection[str] | None = None) -> Iterator[EndPoint]:
        return (point for point in points if Month.of(point.reached_at) == month and (sources is None or point.source in sources))

    for module in (handover, mail, telephone):
        monkeypatch.setattr(module, "end_points", end_points)
    monkeypatch.setattr(planning, "end_points_with_history", lambda session, month, now, _days: end_points(session, month, now))
    return points


def invite(points: list[EndPoint], expires_on: date = FAR) -> None:
    """Invite them all."""
    operations.invite(everyone(points), NOW, expires_on=expires_on)


def client_of(app: Flask, login: str, role: str, unit: str | None = None) -> FlaskClient:
    """A browser in which somebody with this role is logged in."""
    add_user(login, login.title(), role, PASSWORD, unit_code=unit)
    client = app.test_client()
    log_in(client, login)
    return client


PAST = NOW.date() - timedelta(days=1)
