"""What is kept of the device that an answer came from: a keyed hash, whose key is new each month and is forgotten 90 days after it.

It can tell that two answers of one month came from the same telephone, and nothing else: not which telephone, nor whether it is one of
another month. It is never joined to anything outside the survey (methodology §10).
"""

import secrets
from datetime import datetime, timedelta

from flask import current_app, request
from flask_login import current_user
from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core.calendar import Month, local_date
from core.database import reading, writing
from core.keys import keyed_hash
from core.proxies import client_network
from core.settings import Settings
from surveys.models import Answer, DeviceKey

KEPT_FOR = timedelta(days=90)  # after the month's last day; methodology §10
CHUNK = 2_000


def evidence(now: datetime) -> str:
    """The device of this request as a keyed hash: network, browser and its languages, under the month's key."""
    seen = (client_network(), request.headers.get("User-Agent", ""), request.headers.get("Accept-Language", ""))
    return keyed_hash(_key(Month.of(now)), "\x1f".join(seen))


def kind() -> str:
    """``staff`` where the browser is logged in as one of us, else ``private``."""
    if current_app.config["SESSION_COOKIE_NAME"] not in request.cookies:
        return "private"
    return "staff" if current_user.is_authenticated else "private"


def _key(month: Month) -> str:
    """The month's key: made of the installation's own secret and a random part that is stored for this month alone."""
    known: dict[str, str] = current_app.extensions.setdefault("device_keys", {})
    if str(month) not in known:
        known.clear()
        settings: Settings = current_app.extensions["settings"]
        own = (settings.device_key or settings.answer_key).get_secret_value()
        known[str(month)] = keyed_hash(own, f"device\x1f{month}\x1f{_random_part(str(month))}")
    return known[str(month)]


def _random_part(month: str) -> str:
    wanted = select(DeviceKey.random).where(DeviceKey.month == month)
    if (found := reading().scalar(wanted)) is not None:
        return found
    with writing() as session:
        _insert(session, month)
        made = session.scalar(wanted)
    if made is None:
        raise RuntimeError(f"the device key of {month} was deleted while it was being made")
    return made


def _insert(session: Session, month: str) -> None:
    """Unless another process was quicker."""
    dialect = sqlite if session.connection().dialect.name == "sqlite" else postgresql
    session.execute(dialect.insert(DeviceKey).values(month=month, random=secrets.token_hex(32)).on_conflict_do_nothing())


def forget(now: datetime) -> dict[str, int]:
    """Delete the keys of months that ended 90 days ago, and the hashes that were made with them."""
    today = local_date(now)
    with writing() as session:
        old = [month for month in session.scalars(select(DeviceKey.month)) if Month.parse(month).last_day + KEPT_FOR < today]
        session.execute(delete(DeviceKey).where(DeviceKey.month.in_(old)))
    month = Month.of(now)
    while month.last_day + KEPT_FOR >= today:
        month = month.plus(-1)
    aged = select(Answer.id).where(Answer.device.is_not(None), Answer.answered_on <= month.last_day).limit(CHUNK)
    cleared = 0
    while True:
        with writing() as session:
            ids = list(session.scalars(aged))
            if ids:
                session.execute(update(Answer).where(Answer.id.in_(ids)).values(device=None))
        cleared += len(ids)
        if len(ids) < CHUNK:
            break
    return {name: count for name, count in (("device_keys", len(old)), ("devices", cleared)) if count}
