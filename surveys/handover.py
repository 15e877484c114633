"""Invitations go to the system that knows the people: dossier code, link, invitation id. Nothing of it stays here.

What is in a parcel is derived from the lake and the invitation key whenever it is wanted, so a hand-over can be repeated without any
list of dossier codes or links being kept. An invitation's id outside is its number here, encrypted: a parcel that went astray and a
copy of this database do not make a list of who said what.
"""

import base64
import csv
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import audit
from core.calendar import Month
from core.database import get_engine, reading, writing
from core.errors import InputError
from core.settings import Settings
from procedures.queries import EndPoint, end_points
from surveys import privacy
from surveys.models import Handover, Invitation

COLUMNS = ("dossier_code", "link", "invitation")
RECEIPT_COLUMNS = ("invitation", "delivery", "contact_load")
REPORTED = {"sent": 1, "failed": 2, "delivered": 3}  # a later report of a lower rank changes nothing
CHUNK = 2_000
PARCEL = 1_000  # invitations in one delivery of a webhook
ATTEMPTS = 12  # of a webhook, over two days and a half
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=5), timedelta(hours=12)
MOST_CONTACTS = 10_000


@dataclass(frozen=True)
class Item:
    """One line of a parcel."""

    dossier_code: str
    link: str
    invitation: str


def link(settings: Settings, token: str) -> str:
    """The address that opens an invitation, under the configured domain."""
    return f"{settings.public_url.rstrip('/')}/s/{token}"


def _cipher(settings: Settings) -> Any:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import ECB

    key = hmac.digest(settings.invitation_key.get_secret_value().encode(), b"invitation id", hashlib.sha256)
    return Cipher(AES(key), ECB())  # noqa: S305  # a single block, which is what a permutation of numbers needs


def reference(settings: Settings, invitation: int) -> str:
    """An invitation's id for the outside: 26 letters of one encrypted block, half of it zeros by which a made-up one is told."""
    encryptor = _cipher(settings).encryptor()
    return base64.b32encode(encryptor.update(bytes(8) + invitation.to_bytes(8, "big"))).decode().rstrip("=").lower()


def invitation_of(settings: Settings, text: str) -> int | None:
    """The invitation that an id stands for; None where we never gave it out."""
    spelled = text.strip().upper()
    try:
        block = base64.b32decode(spelled + "=" * (-len(spelled) % 8))
    except ValueError:
        return None
    if len(block) != 16:
        return None
    plain = _cipher(settings).decryptor().update(block)
    return int.from_bytes(plain[8:], "big") if plain[:8] == bytes(8) else None


def matched(
    session: Session, points: Iterable[EndPoint], *wanted: Any, columns: tuple[Any, ...] = (Invitation.id,)
) -> Iterator[tuple[EndPoint, str, tuple[Any, ...]]]:
    """End-points with their token and columns of their invitation, where there is one that fulfils the conditions."""
    settings = _settings()
    iterator = iter(points)
    while batch := list(islice(iterator, CHUNK)):
        tokens = [privacy.token_for(settings, point.source, point.dossier_code, point.occasion) for point in batch]
        hashes = {privacy.hash_token(settings, token): place for place, token in enumerate(tokens)}
        rows = session.execute(select(Invitation.token_hash, *columns).where(Invitation.token_hash.in_(hashes), *wanted)).all()
        for key, *values in sorted(rows, key=lambda row: hashes[row[0]]):
            yield batch[hashes[key]], tokens[hashes[key]], tuple(values)


def pack(source: str, months: Iterable[Month], way: str, now: datetime, size: int | None = None) -> list[str]:
    """Put the invitations of a source that were not handed over yet into parcels. Gives the parcels' keys; empty where there are none."""
    keys: list[str] = []
    months = sorted(months)
    with Session(get_engine()) as session:
        new = (Invitation.handover_id.is_(None), Invitation.mode == "link")
        found = (values for month in months for _, _, values in matched(session, end_points(session, month, now, [source]), *new,
                 columns=(Invitation.id, Invitation.simulated)))  # fmt: skip
        while batch := list(islice(found, size)):
            session.rollback()
            keys.append(_open(source, months, way, now, batch))
    return keys


def new_key() -> str:
    """A parcel's random name."""
    return secrets.token_hex(8)


def _open(source: str, months: list[Month], way: str, now: datetime, batch: list[tuple[Any, ...]]) -> str:
    key = new_key()
    parcel = Handover(
        key=key, source_code=source, months=[str(month) for month in months], way=way, invitations=len(batch), created_at=now,
        next_try_at=now if way == "webhook" else None, simulated=batch[0][1],
    )  # fmt: skip
    with writing() as session:
        session.add(parcel)
        session.flush()
        number = parcel.id
        audit.record(session, "survey.handover", source, key=key, way=way, invitations=len(batch))
    ids = [values[0] for values in batch]
    for start in range(0, len(ids), CHUNK):
        with writing() as session:
            session.execute(update(Invitation).where(Invitation.id.in_(ids[start : start + CHUNK])).values(handover_id=number))
    return key


def parcel_of(key: str) -> Handover:
    """A parcel by its key. Raises ``InputError`` for an unknown one."""
    found = reading().scalar(select(Handover).where(Handover.key == key))
    if found is None:
        raise InputError(
            f"Không có lần bàn giao {key}. Xem danh sách bằng “flask surveys handovers”.",
            f"There is no hand-over {key}. “flask surveys handovers” lists them.",
            field="key",
        )
    return found


def items(parcel: Handover, now: datetime) -> Iterator[Item]:
    """What is in a parcel, derived again."""
    return (item for _parcel, item in _derived(parcel.source_code, parcel.months, [parcel.id], now))


def _derived(source: str, months: Iterable[str], parcels: list[int], now: datetime) -> Iterator[tuple[int, Item]]:
    """Parcel and content of each invitation in some parcels of a source: one pass over the lake for all of them."""
    settings = _settings()
    with Session(get_engine()) as session:
        for month in sorted(set(months)):
            points = end_points(session, Month.parse(month), now, [source])
            columns = (Invitation.id, Invitation.handover_id)
            for point, token, (number, parcel) in matched(session, points, Invitation.handover_id.in_(parcels), columns=columns):
                yield parcel, Item(point.dossier_code, link(settings, token), reference(settings, number))


def folder() -> Path:
    """Where hand-over files wait for their receipt."""
    return _settings().data_dir / "handover"


def days() -> int:
    """How long a hand-over file waits for its receipt."""
    return _settings().handover_days


def path_of(key: str) -> Path:
    """A parcel's file."""
    return folder() / f"{key}.csv"


def write_file(key: str, now: datetime) -> Path:
    """Write a parcel as CSV, readable for the service's user alone; again where it was written before. Gives the path."""
    parcel = parcel_of(key)
    write_rows(path_of(key), COLUMNS, ((item.dossier_code, item.link, item.invitation) for item in items(parcel, now)))
    sent(key)
    return path_of(key)


def write_rows(path: Path, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """A CSV file that appears whole, for the service's user alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600, exist_ok=False)
    with part.open("w", encoding="utf-8", newline="") as target:
        table = csv.writer(target)
        table.writerow(columns)
        table.writerows(rows)
    part.replace(path)


def sent(key: str) -> None:
    """Note that a parcel was given out."""
    with writing() as session:
        parcel = session.scalar(select(Handover).where(Handover.key == key).with_for_update())
        if parcel is not None and parcel.state == "waiting":
            parcel.state = "sent"
            parcel.attempts += 1


def received(key: str, now: datetime) -> int:
    """The other side has it: the parcel's file is deleted, its invitations count as sent. Gives their number; safe to repeat."""
    parcel = parcel_of(key)
    path_of(key).unlink(missing_ok=True)
    with writing() as session:
        session.execute(update(Handover).where(Handover.key == key, Handover.received_at.is_(None)).values(
            state="received", received_at=now, next_try_at=None, error=""))  # fmt: skip
        session.execute(
            update(Invitation).where(Invitation.handover_id == parcel.id, Invitation.delivery == "none").values(delivery="sent")
        )
    return parcel.invitations


def forget(now: datetime) -> dict[str, int]:
    """Delete hand-over files that nobody acknowledged in time; what was in them can be derived again."""
    oldest = (now - timedelta(days=days())).timestamp()
    late = [path for path in folder().glob("*.*") if path.stat().st_mtime < oldest] if folder().is_dir() else []
    for path in late:
        path.unlink(missing_ok=True)
    return {"handover_files": len(late)} if late else {}


def report(source: str, receipts: Iterable[Mapping[str, Any]], now: datetime) -> dict[str, int]:
    """Take delivery receipts: ``invitation`` (id), ``delivery`` (sent, delivered, failed), ``contact_load`` (optional: invitations that
    went to the same contact). Gives ``updated``, ``unchanged`` and ``unknown`` (no such invitation of this source).

    Nothing is taken of a list with a mistake in it: raises ``InputError`` naming row and field.
    """
    settings = _settings()
    told: dict[int, tuple[str, int | None]] = {}
    unknown = 0
    for row, receipt in enumerate(receipts, start=2):
        delivery, load = _delivery(receipt.get("delivery"), row), _load(receipt.get("contact_load"), row)
        number = invitation_of(settings, str(receipt.get("invitation") or ""))
        if number is None:
            unknown += 1
        else:
            told[number] = (delivery, load)
    updated = unchanged = 0
    numbers = sorted(told)
    for start in range(0, len(numbers), CHUNK):
        some = numbers[start : start + CHUNK]
        with writing() as session:
            own = select(Invitation).join(Handover, Handover.id == Invitation.handover_id)
            found = session.scalars(own.where(Invitation.id.in_(some), Handover.source_code == source)).all()
            for invitation in found:
                changed = _note(invitation, *told[invitation.id])
                updated, unchanged = updated + changed, unchanged + (not changed)
        unknown += len(some) - len(found)
    with writing() as session:
        audit.record(session, "survey.receipts", source, updated=updated, unknown=unknown)
    return {"updated": updated, "unchanged": unchanged, "unknown": unknown}


def _note(invitation: Invitation, delivery: str, load: int | None) -> bool:
    before = (invitation.delivery, invitation.contact_load)
    if REPORTED[delivery] >= REPORTED.get(invitation.delivery, 0):
        invitation.delivery = delivery
    if load is not None:
        invitation.contact_load = max(load, invitation.contact_load or 0)
    return before != (invitation.delivery, invitation.contact_load)


def _delivery(value: object, row: int) -> str:
    if isinstance(value, str) and value in REPORTED:
        return value
    raise InputError(
        f"Kết quả gửi “{str(value)[:20]}” không hiểu được. Viết sent, delivered hoặc failed.",
        f"The delivery “{str(value)[:20]}” is not understood. Write sent, delivered or failed.",
        row=row,
        field="delivery",
    )


def _load(value: object, row: int) -> int | None:
    if value is None or value == "":
        return None
    text = str(value)
    if not isinstance(value, bool) and text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_CONTACTS:
        return int(text)
    raise InputError(
        f"Số lời mời của một người nhận phải là số nguyên từ 1 đến {MOST_CONTACTS}.",
        f"The number of invitations of one contact is a whole number from 1 to {MOST_CONTACTS}.",
        row=row,
        field="contact_load",
    )


def pack_new(now: datetime, months: Iterable[Month]) -> dict[str, int]:
    """Put what is new into parcels for every source with a webhook."""
    months = list(months)
    packed = sum(len(pack(source, months, "webhook", now, PARCEL)) for source in sorted(_settings().handover_webhooks))
    return {"parcels": packed} if packed else {}


def deliver_waiting(now: datetime, post: "Callable[[str, bytes, dict[str, str]], None] | None" = None) -> dict[str, int]:
    """Send every parcel that is due to its webhook. Gives ``received`` and ``postponed``; empty where none was due.

    What fails is tried again after 5, 10, 20 … minutes, at most 12 hours apart, and given up after 12 attempts.
    """
    due = select(Handover).where(Handover.way == "webhook", Handover.state == "waiting", Handover.next_try_at <= now)
    parcels = reading().scalars(due.order_by(Handover.source_code, Handover.id)).all()
    reading().expunge_all()  # what follows writes between one and the next
    counts: dict[str, int] = {}
    for source, group in groupby(parcels, key=lambda parcel: parcel.source_code):
        together = list(group)
        contents: dict[int, list[Item]] = {parcel.id: [] for parcel in together}
        months = [month for parcel in together for month in parcel.months]
        for number, item in _derived(source, months, list(contents), now):
            contents[number].append(item)
        for parcel in together:
            state = _deliver(parcel, contents[parcel.id], now, post)
            counts[state] = counts.get(state, 0) + 1
    return counts


def _deliver(parcel: Handover, contents: list[Item], now: datetime, post: "Callable[[str, bytes, dict[str, str]], None] | None") -> str:
    """Send one parcel: ``received`` or ``postponed``."""
    from surveys import webhook

    settings = _settings()
    target = settings.handover_webhooks.get(parcel.source_code)
    try:
        if target is None:
            raise OSError("no webhook is configured for this source any more")
        webhook.deliver(target, parcel, contents, now, post or webhook.poster(settings.handover_ca))
    except OSError as error:
        _postpone(parcel.key, now, str(error) or type(error).__name__)
        return "postponed"
    received(parcel.key, now)
    return "received"


def _postpone(key: str, now: datetime, error: str) -> None:
    with writing() as session:
        parcel = session.scalars(select(Handover).where(Handover.key == key).with_for_update()).one()
        parcel.attempts += 1
        parcel.error = error[:200]
        parcel.next_try_at = now + min(LONGEST_WAIT, FIRST_WAIT * 2 ** (parcel.attempts - 1))
        if parcel.attempts >= ATTEMPTS:
            parcel.state, parcel.next_try_at = "failed", None


def retry(key: str, now: datetime) -> None:
    """Let a parcel that was given up be delivered again. Raises ``InputError`` for an unknown one."""
    parcel_of(key)
    with writing() as session:
        again = {"state": "waiting", "attempts": 0, "next_try_at": now, "error": ""}
        session.execute(update(Handover).where(Handover.key == key, Handover.way == "webhook", Handover.state == "failed").values(**again))


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
