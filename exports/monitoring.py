"""Published editions on their way to the Resolution 57 Monitoring System: each version once, tried again until there is a receipt.

The message is made once and kept; every attempt sends the same bytes under the same key, so that a receiver that had taken it before
its answer was lost recognises it. ``docs/monitoring.md`` tells the receiver's engineers about it.
"""

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit, lease
from core.database import reading, writing
from core.errors import InputError
from exports import monitoring_http
from exports.models import MonitoringAttempt, MonitoringDelivery
from exports.monitoring_http import AGAIN, RECEIVED, REFUSED, Outcome
from exports.monitoring_package import key_of, message, private_key, ready, require
from exports.operations import store
from scorecard.models import Edition

WORKER = "worker"
FOLDER = Path("monitoring")  # under data_dir: the messages
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
MOST_ATTEMPTS = 24  # some four days; then a person must look
LEASE_SECONDS = monitoring_http.WHOLE + 60


def configured() -> bool:
    """Editions can be sent from here: there is an address, and a key that signs."""
    settings = current_app.extensions["settings"]
    return bool(settings.monitoring_url) and settings.monitoring_key is not None


def ask(edition_id: int, login: str, now: datetime) -> None:
    """Have a published edition sent as soon as the worker comes to it; one that was refused, once more.

    Raises ``InputError`` for what must not or cannot be sent, and for what was received already.
    """
    require(edition_id)
    if not configured():
        raise InputError(
            "Chưa cài địa chỉ và khóa ký của Hệ thống theo dõi. Tải gói ZIP và đưa lên bằng tay.",
            "No address and key of the Monitoring System are set. Download the package (ZIP) and upload it by hand.",
        )
    private_key(current_app.extensions["settings"])
    with writing() as session:
        known = session.scalar(select(MonitoringDelivery).where(MonitoringDelivery.edition_id == edition_id))
        if known is None:
            _add(session, session.get_one(Edition, edition_id), login, now)
        elif known.state in (RECEIVED, "by_hand"):
            raise InputError("Kỳ này đã gửi và đã có biên nhận.", "This edition was sent, and there is a receipt.")
        else:
            known.state, known.next_at, known.attempts = "waiting", now, 0
            audit.record(session, "monitoring.again", known.key, actor=login)


def note_by_hand(edition_id: int, receipt: str, login: str, now: datetime) -> None:
    """Keep what the Monitoring System answered when the package was uploaded by hand. Raises ``InputError``."""
    edition, _files = require(edition_id)
    said = receipt.strip()
    if not 3 <= len(said) <= 500:
        raise InputError(
            "Ghi số hoặc nội dung biên nhận, 3 đến 500 ký tự.", "State the receipt's number or words, 3 to 500 letters.", field="receipt"
        )
    key = key_of(edition)
    with writing() as session:
        known = session.scalar(select(MonitoringDelivery).where(MonitoringDelivery.edition_id == edition_id))
        if known is not None and known.state in (RECEIVED, "by_hand"):
            raise InputError("Kỳ này đã có biên nhận.", "There is a receipt for this edition already.")
        if known is None:
            known = _add(session, session.get_one(Edition, edition_id), login, now)
        known.state, known.received_at, known.receipt = "by_hand", now, {"receipt": said, "by": login}
        audit.record(session, "monitoring.by_hand", key, actor=login, receipt=said)


def send_due(now: datetime) -> dict[str, Any]:
    """The worker's job: note what was published and is complete, then try everything that is due. Counts by outcome."""
    if not configured():
        return {}
    session = reading()
    session.rollback()
    known = select(MonitoringDelivery.edition_id)
    fresh = select(Edition).where(Edition.state == "published", Edition.simulated.is_(False), Edition.id.not_in(known))
    complete = [edition.id for edition in session.scalars(fresh.order_by(Edition.month)) if ready(session, edition) is not None]
    session.rollback()
    if complete:
        with writing() as session:
            for edition_id in complete:
                _add(session, session.get_one(Edition, edition_id), WORKER, now)
    due = select(MonitoringDelivery.id).where(MonitoringDelivery.state == "waiting", MonitoringDelivery.next_at <= now)
    counts: dict[str, Any] = {}
    for delivery_id in reading().scalars(due.order_by(MonitoringDelivery.id)).all():
        outcome = _try(delivery_id, now)
        counts[outcome] = counts.get(outcome, 0) + 1
    return counts


def wait_after(attempts: int, asked: timedelta | None) -> timedelta:
    """How long to wait after so many attempts: twice as long each time, and never less than the server asked for."""
    own: timedelta = min(FIRST_WAIT * 2 ** min(attempts - 1, 20), LONGEST_WAIT)
    return max(own, asked) if asked is not None else own


def _add(session: Session, edition: Edition, login: str, now: datetime) -> MonitoringDelivery:
    found = MonitoringDelivery(edition_id=edition.id, key=key_of(edition), state="waiting", next_at=now, asked_by=login, asked_at=now)
    session.add(found)
    audit.record(session, "monitoring.ask", found.key, actor=login)
    return found


def _try(delivery_id: int, now: datetime) -> str:
    """One attempt, by one process at a time."""
    holder, name = lease.new_holder(), f"exports.monitoring.{delivery_id}"
    if not lease.acquire(name, holder, now, LEASE_SECONDS):
        return "elsewhere"
    try:
        delivery = reading().get_one(MonitoringDelivery, delivery_id)
        if delivery.state != "waiting":
            return "elsewhere"
        return _finish(delivery_id, _send(delivery, now), now)
    finally:
        lease.release(name, holder)


def _send(delivery: MonitoringDelivery, now: datetime) -> Outcome:
    settings = current_app.extensions["settings"]
    delivery_id, key = delivery.id, delivery.key
    try:
        private = private_key(settings)
        body = _message(delivery)
    except (InputError, OSError) as error:
        return Outcome(REFUSED, None, str(error))
    if private is None:
        return Outcome(REFUSED, None, "no key is set")
    digest = hashlib.sha256(body).hexdigest()
    with writing() as session:
        session.get_one(MonitoringDelivery, delivery_id).body_sha256 = digest
    return monitoring_http.post(settings.monitoring_url, body, key, private, settings.monitoring_ca, now)


def _message(delivery: MonitoringDelivery) -> bytes:
    """The kept message, made now where there is none. Raises ``InputError`` for an edition that may not be sent any more."""
    data_dir = Path(current_app.extensions["settings"].data_dir)
    require(delivery.edition_id)
    path = FOLDER / f"{delivery.key}.json"
    if not (data_dir / path).is_file():
        store(data_dir / path, message(delivery.edition_id))
    content = (data_dir / path).read_bytes()
    if delivery.path != str(path):
        with writing() as session:
            session.get_one(MonitoringDelivery, delivery.id).path = str(path)
    return content


def _finish(delivery_id: int, outcome: Outcome, now: datetime) -> str:
    """Write down what came of an attempt, and when the next one is."""
    with writing() as session:
        delivery = session.get_one(MonitoringDelivery, delivery_id)
        kind = outcome.kind
        delivery.attempts += 1
        text = outcome.message
        if kind == AGAIN and delivery.attempts >= MOST_ATTEMPTS:
            kind, text = REFUSED, f"{text} (đã thử {delivery.attempts} lần / tried {delivery.attempts} times)"
        if kind == RECEIVED:
            delivery.state, delivery.received_at, delivery.receipt = "received", now, outcome.receipt
            audit.record(session, "monitoring.received", delivery.key, actor=WORKER, receipt=outcome.receipt.get("receipt", ""))
        elif kind == REFUSED:
            delivery.state = "refused"
            audit.record(session, "monitoring.refused", delivery.key, actor=WORKER, status=outcome.status or 0)
        else:
            delivery.next_at = now + wait_after(delivery.attempts, outcome.wait)
        session.add(MonitoringAttempt(delivery_id=delivery_id, at=now, outcome=kind, status=outcome.status, message=text[:2000]))
    return kind
