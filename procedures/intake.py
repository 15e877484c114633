"""The one way in: whatever arrives, by whatever way, is spooled whole and becomes a submission; only then is it looked at."""

import secrets
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from core.calendar import Month
from core.database import reading, writing
from core.errors import InputError
from procedures import lookups, mapping, spool
from procedures.engine_words import shown_name
from procedures.models import Submission


def receive(
    stream: BinaryIO,
    file_name: str,
    source_code: str,
    profile_name: str,
    way: str,
    sent_by: str,
    now: datetime,
    *,
    idempotency_key: str | None = None,
    replaces_month: str | None = None,
) -> str:
    """Spool a file and open its submission (state ``received``). Gives the submission's key; the worker or the caller goes on.

    Raises ``InputError``, leaving nothing behind, where source or profile are not known, where the file is empty or larger than
    ``max_upload_mb`` allows on its way (``spool``), or where the idempotency key was used for another file. The same key with the
    same file gives the submission that is there.
    """
    profile = mapping.load(profile_name)
    source_id = lookups.find_source(source_code).id
    if replaces_month is not None:
        _check_month(replaces_month)
    key = secrets.token_hex(8)
    file_name = shown_name(Path(file_name).name)[:300]
    spooled = spool.write(key, stream, file_name)
    submission = Submission(
        key=key,
        source_id=source_id,
        way=way,
        profile=profile.name,
        file_name=file_name,
        size_bytes=spooled.size,
        sha256=spooled.sha256,
        idempotency_key=idempotency_key,
        replaces_month=replaces_month,
        state="received",
        received_at=now,
        sent_by=sent_by[:64],
    )
    try:
        with writing() as session:
            session.add(submission)
    except IntegrityError as error:
        spool.destroy(key, "sent twice")
        return _same_again(source_id, idempotency_key, spooled.sha256, profile.name, error)
    except BaseException:
        spool.destroy(key, "not registered")
        raise
    return key


def _check_month(text: str) -> None:
    try:
        Month.parse(text)
    except ValueError as error:
        raise InputError(
            f"Tháng {text} không đúng dạng. Viết như 2026-10.", f"The month {text} is not well formed. Write it as 2026-10.", field="month"
        ) from error


def _same_again(source_id: int, idempotency_key: str | None, sha256: str, profile: str, error: IntegrityError) -> str:
    wanted = select(Submission.key, Submission.sha256, Submission.profile).where(
        Submission.source_id == source_id, Submission.idempotency_key == idempotency_key
    )
    found = reading().execute(wanted).first() if idempotency_key is not None else None
    if found is None:
        raise error
    if (found.sha256, found.profile) != (sha256, profile):
        raise InputError(
            "Khóa chống gửi trùng này đã dùng cho nội dung khác. Dùng khóa mới cho mỗi lần gửi mới.",
            "This idempotency key was used for other content. Use a new key for each new submission.",
            field="Idempotency-Key",
        ) from error
    return str(found.key)
