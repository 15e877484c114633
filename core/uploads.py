"""What a browser uploads waits on the disk in no readable form, not even while its request runs."""

import secrets
from tempfile import TemporaryFile
from typing import IO, cast

from flask import Request


class SealedFile:
    """A nameless temporary file, written once and read once, encrypted with a key that only this object knows (AES-256-CTR)."""

    def __init__(self) -> None:
        from cryptography.hazmat.primitives.ciphers import Cipher
        from cryptography.hazmat.primitives.ciphers.algorithms import AES
        from cryptography.hazmat.primitives.ciphers.modes import CTR

        self._file = TemporaryFile()  # noqa: SIM115  # closed with the request that it belongs to
        self._cipher = Cipher(AES(secrets.token_bytes(32)), CTR(bytes(16)))
        self._writer = self._cipher.encryptor()
        self._reader = self._cipher.decryptor()

    def write(self, data: bytes) -> int:
        """Append."""
        return self._file.write(self._writer.update(data))

    def seek(self, offset: int) -> int:
        """Go back to the beginning, the only place to go to. Raises ``ValueError`` for another one."""
        if offset != 0:
            raise ValueError("a sealed file is read from its beginning")
        self._reader = self._cipher.decryptor()
        return self._file.seek(0)

    def read(self, size: int = -1) -> bytes:
        """The next bytes, as they were written."""
        return self._reader.update(self._file.read(size))

    def close(self) -> None:
        """Let go of it; the system forgets what it held."""
        self._file.close()


class SealingRequest(Request):
    """A request whose uploaded files are sealed. Larger ones would otherwise lie in the system's temporary folder as they came."""

    def _get_file_stream(
        self, total_content_length: int | None, content_type: str | None, filename: str | None = None, content_length: int | None = None
    ) -> IO[bytes]:
        return cast(IO[bytes], SealedFile())
