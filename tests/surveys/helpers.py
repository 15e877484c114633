"""Invitations to test with."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from flask import current_app

from procedures.queries import EndPoint
from surveys import design, operations, privacy

NOW = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
FAR = date(2999, 12, 31)  # routes read the clock
PROCEDURE = "1.004222"
END_POINT = EndPoint(
    source="DEMO",
    dossier_code="H26.12-251101-0001",
    occasion="returned",
    procedure_code=PROCEDURE,
    unit_code="00004",
    province_code="01",
    channel="online",
    end_point="returned",
    applicant_type="citizen",
    supplements=3,
    on_time=True,
    reached_at=datetime(2026, 10, 31, 16, 59, tzinfo=UTC),
)


def token_of(end_point: EndPoint) -> str:
    """The token that the sender of the message would use."""
    return privacy.token_for(current_app.extensions["settings"], end_point.source, end_point.dossier_code, end_point.occasion)


def invited(number: int = 1, expires_on: date = FAR, simulated: bool = True, **changes: Any) -> str:
    """Invite for one dossier; gives its token."""
    end_point = replace(END_POINT, dossier_code=f"H26.12-251101-{number:04d}", **changes)
    operations.invite(design.everyone([end_point]), NOW, expires_on=expires_on, simulated=simulated)
    return token_of(end_point)


def many(count: int) -> Iterator[EndPoint]:
    """End-points of so many dossiers."""
    return (replace(END_POINT, dossier_code=f"H26.12-251101-{number:06d}") for number in range(count))
