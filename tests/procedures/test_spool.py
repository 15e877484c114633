"""The spool: what comes out is what went in, and nothing else comes out at all."""

import io
import os
import time
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st
from pydantic import SecretStr

from core.errors import InputError
from procedures import spool

CHUNK, TAG, HEAD = spool.CHUNK, spool.TAG, len(spool.MAGIC) + spool.PREFIX
TEXT = b"Nguy\xe1\xbb\x85n V\xc4\x83n A, 001099000001\n"
LARGE = os.urandom(CHUNK) + os.urandom(CHUNK) + TEXT


def put(key: str, content: bytes) -> Path:
    spool.write(key, io.BytesIO(content), "a.jsonl")
    return spool.path_of(key)


def get(key: str) -> bytes:
    with spool.read(key) as stream:
        return stream.read()


def damaged(path: Path, content: bytes) -> None:
    """The file with this content is noticed, and gives none of the bytes behind the damage."""
    path.write_bytes(content)
    with pytest.raises(spool.DamagedSpoolError):
        get(path.stem)


@pytest.mark.parametrize("size", [1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 7])
def test_what_comes_out_is_what_went_in(sqlite_app: Flask, size: int) -> None:
    content = os.urandom(size)
    told = spool.write("a", io.BytesIO(content), "a.jsonl")
    assert told.size == size
    assert get("a") == content
    with spool.read("a") as stream:  # in small bites, too
        assert b"".join(iter(lambda: stream.read(1000), b"")) == content


def test_nothing_of_it_can_be_read_on_the_disk(sqlite_app: Flask) -> None:
    first, second = put("a", TEXT * 100).read_bytes(), put("b", TEXT * 100).read_bytes()
    for stored in (first, second):
        assert b"001099000001" not in stored
        assert TEXT not in stored
    assert first[HEAD:] != second[HEAD:]


def test_every_changed_byte_is_noticed(sqlite_app: Flask) -> None:
    path = put("a", TEXT)
    whole = path.read_bytes()
    for place in range(len(whole)):
        damaged(path, whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    path.write_bytes(whole)
    assert get("a") == TEXT


def test_a_file_cut_off_anywhere_is_noticed(sqlite_app: Flask) -> None:
    path = put("a", LARGE)
    whole = path.read_bytes()
    ends = [HEAD + number * (CHUNK + TAG) + step for number in (0, 1, 2) for step in (-1, 0, 1, TAG)]
    for end in (0, 1, *ends, len(whole) - 1):  # also exactly between two chunks
        damaged(path, whole[:end])
    damaged(path, whole + b"x")


def test_chunks_in_another_order_place_or_file_are_noticed(sqlite_app: Flask) -> None:
    path, other = put("a", LARGE), put("b", LARGE)
    whole, theirs = path.read_bytes(), other.read_bytes()
    head, one, two, last = whole[:HEAD], *(whole[HEAD + n * (CHUNK + TAG) : HEAD + (n + 1) * (CHUNK + TAG)] for n in range(3))
    damaged(path, head + two + one + last)
    damaged(path, head + one + one + last)
    damaged(path, head + one + last)
    damaged(path, head + one + two + two)
    damaged(path, head + one + two + last + last)
    damaged(path, head + theirs[HEAD : HEAD + CHUNK + TAG] + two + last)
    damaged(path, theirs)  # whole, but of another submission


def test_another_installations_key_reads_nothing(sqlite_app: Flask) -> None:
    put("a", TEXT)
    sqlite_app.extensions["settings"].spool_key = SecretStr("q" * 40)
    with pytest.raises(spool.DamagedSpoolError):
        get("a")


@given(content=st.binary(max_size=300))
@profile(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
def test_rubbish_in_the_folder_is_damage_and_nothing_worse(sqlite_app: Flask, content: bytes) -> None:
    spool.folder().mkdir(parents=True, exist_ok=True)
    damaged(spool.path_of("a"), content)
    damaged(spool.path_of("a"), spool.MAGIC + content)


def test_an_empty_or_broken_off_stream_leaves_nothing(sqlite_app: Flask) -> None:
    with pytest.raises(InputError, match="empty"):
        put("a", b"")

    class Breaks(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > CHUNK:
                raise ConnectionResetError
            return super().read(size)

    with pytest.raises(ConnectionResetError):
        spool.write("a", Breaks(LARGE), "a.jsonl")
    assert list(spool.folder().iterdir()) == []


def test_destroying_is_told_once(sqlite_app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    put("a", TEXT)
    put("b", TEXT)
    with caplog.at_level("INFO"):
        assert spool.destroy("a", "submission finished")
        assert not spool.destroy("a", "submission finished")
    assert caplog.messages == ["spooled file a destroyed: submission finished"]
    assert spool.keys() == ["b"]
    with pytest.raises(FileNotFoundError):
        spool.read("a")


def test_only_parts_that_nobody_writes_to_any_more_are_swept(sqlite_app: Flask) -> None:
    put("whole", TEXT)
    for name, age in (("old", 4000), ("young", 3000)):
        part = spool.folder() / f"{name}.part"
        part.write_bytes(b"x")
        os.utime(part, (time.time() - age,) * 2)
    assert spool.sweep(3600) == 1
    assert sorted(path.name for path in spool.folder().iterdir()) == ["whole.spool", "young.part"]
