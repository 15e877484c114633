"""Received files, encrypted, until their submission is finished; then destroyed with a line in the log.

Each file has a key of its own, derived from the installation's spool key, and is a row of AES-256-GCM chunks whose nonce holds
the chunk's number and whether it is the last one (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, CRYPTO 2015):
chunks that are swapped, repeated or cut off are noticed when the file is read.
"""

import hashlib
import io
import logging
import os
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from flask import current_app

from core.errors import InputError
from core.settings import Settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"TTHC-SPOOL-1\n"
CHUNK = 1 << 20
FLUSHED = 64  # chunks, after which what is written is brought to the disk beside the reading
TAG = 16
PREFIX = 7  # bytes of the nonce that a file has to itself; 4 for the chunk's number and 1 for "last" follow
SUFFIX = ".spool"
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Spooled:
    """Size and SHA-256 of what was received, before encryption."""

    size: int
    sha256: str


class DamagedSpoolError(RuntimeError):
    """A spooled file is not what was written: cut off, changed, or of another key."""


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


def folder() -> Path:
    """Where spooled files lie."""
    return _settings().data_dir / "spool"


def path_of(key: str) -> Path:
    """The spooled file of a submission."""
    return folder() / f"{key}{SUFFIX}"


def _cipher(key: str) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    secret = _settings().spool_key.get_secret_value().encode()
    return AESGCM(hashlib.blake2b(key.encode(), key=hashlib.sha256(secret).digest(), digest_size=32, person=b"tthc-spool").digest())


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])


def write(key: str, stream: BinaryIO, file_name: str) -> Spooled:
    """Take a stream in under a submission's key: encrypted, digested, flushed to the disk, visible only when whole.

    Raises ``InputError`` where it is empty.
    """
    cipher, prefix, digest, size = _cipher(key), secrets.token_bytes(PREFIX), hashlib.sha256(), 0
    path = path_of(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as target, ThreadPoolExecutor(2) as beside:
            target.write(MAGIC + prefix)
            number, chunk, digested, flushed = 0, _full(stream), None, None
            while chunk:
                if digested is not None:
                    digested.result()
                digested = beside.submit(digest.update, chunk)
                # the next one is read first: only then is it known whether this one is the last
                following = _full(stream)
                size += len(chunk)
                target.write(cipher.encrypt(_nonce(prefix, number, not following), chunk, None))
                number, chunk = number + 1, following
                if number % FLUSHED == 0 and (flushed is None or flushed.done()):
                    # what is on the disk already need not be waited for at the end
                    flushed = beside.submit(os.fdatasync, target.fileno())
            for waited in (digested, flushed):
                if waited is not None:
                    waited.result()
            target.flush()
            os.fsync(target.fileno())
        if size == 0:
            raise InputError(
                f"Tệp {file_name} trống. Xuất lại dữ liệu rồi gửi lại.",
                f"The file {file_name} is empty. Export the data again and resend it.",
            )
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return Spooled(size, digest.hexdigest())


def _full(stream: BinaryIO) -> bytes:
    """The next whole chunk, whatever portions the stream gives; only the last one is shorter."""
    parts, got = [], 0
    while got < CHUNK and (part := stream.read(CHUNK - got)):
        parts.append(part)
        got += len(part)
    return b"".join(parts)


class _Reader(io.RawIOBase):
    """The clear bytes of a spooled file, front to back."""

    def __init__(self, source: BinaryIO, cipher: "AESGCM") -> None:
        self._source = source
        self._chunks = _chunks(source, cipher)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]  # what io.BufferedReader hands over
        if not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        self._source.close()
        super().close()


def _chunks(source: BinaryIO, cipher: "AESGCM") -> Iterator[bytes]:
    from cryptography.exceptions import InvalidTag

    head = source.read(len(MAGIC) + PREFIX)
    if head[: len(MAGIC)] != MAGIC or len(head) < len(MAGIC) + PREFIX:
        raise DamagedSpoolError("not a spooled file")
    prefix, number, chunk = head[len(MAGIC) :], 0, source.read(CHUNK + TAG)
    while True:
        following = source.read(CHUNK + TAG)
        try:
            yield cipher.decrypt(_nonce(prefix, number, not following), chunk, None)
        except InvalidTag as error:
            raise DamagedSpoolError(f"chunk {number} cannot be read") from error
        if not following:
            return
        number, chunk = number + 1, following


def read(key: str) -> BinaryIO:
    """The spooled file's clear bytes as a stream. Raises ``FileNotFoundError``; reading raises ``DamagedSpoolError``."""
    return io.BufferedReader(_Reader(path_of(key).open("rb"), _cipher(key)), CHUNK)


def destroy(key: str, why: str) -> bool:
    """Delete a spooled file, with a line in the log. True if there was one."""
    path = path_of(key)
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    logger.info("spooled file %s destroyed: %s", key, why)
    return True


def keys() -> list[str]:
    """The submissions' keys of all spooled files."""
    return sorted(path.stem for path in folder().glob(f"*{SUFFIX}"))


def sweep(older_than: float) -> int:
    """Remove what a broken-off reception left: parts that nobody has written to for ``older_than`` seconds."""
    swept = 0
    for part in folder().glob("*.part"):
        with suppress(FileNotFoundError):
            if time.time() - part.stat().st_mtime > older_than:
                part.unlink()
                swept += 1
    return swept
