"""Trying the form out: an invitation whose answer is marked as a test and never counted."""

from datetime import datetime

from flask import current_app

from core import audit
from core.calendar import Month, local_date
from core.database import reading, writing
from core.errors import InputError
from procedures.queries import procedure
from surveys import posters, privacy
from surveys.models import END_POINTS, TEST, Invitation
from surveys.operations import CHANNELS, OPEN_FOR
from surveys.questionnaire import CURRENT


def invite(procedure_code: str, unit_code: str, end_point: str, channel: str, now: datetime) -> str:
    """Make a trial invitation; gives its token, for the only time. Raises ``InputError`` for what there is not."""
    today = local_date(now)
    above = posters.known_unit(unit_code, today)
    if end_point not in END_POINTS or channel not in CHANNELS or procedure(reading(), procedure_code) is None:
        raise InputError(
            f"Kiểm tra mã thủ tục, kết quả ({', '.join(END_POINTS)}) và cách nộp ({', '.join(CHANNELS)}).",
            f"Check the procedure, the end-point ({', '.join(END_POINTS)}) and the channel ({', '.join(CHANNELS)}).",
            field="procedure",
        )
    token = posters.new_visit()
    with writing() as session:
        session.add(
            Invitation(
                token_hash=privacy.hash_token(current_app.extensions["settings"], token),
                month=str(Month.of(now)),
                procedure_code=procedure_code,
                unit_code=unit_code,
                province_code=above,
                channel=CHANNELS[channel],
                end_point=end_point,
                applicant_type=None,
                recorded_supplements=0,
                recorded_on_time=None,
                recorded_online=channel == "online",
                questionnaire=CURRENT,
                issued_on=today,
                expires_on=today + OPEN_FOR,
                stratum=TEST,
            )
        )
        audit.record(session, "survey.trial", unit_code)
    return token
