"""The child process that makes PDFs: what it may read, what happens when it is killed, eats memory or takes too long."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from core.errors import InputError
from exports import render_child
from exports.render import render

PAGE = '<!doctype html><html lang="vi"><head><title>Thử</title></head><body><h1>Chữ Việt: ữ ậ ộ ỹ đ Đ</h1>{}</body></html>'


def test_a_page_becomes_the_same_pdf_twice() -> None:
    first, second = render(PAGE.format("")), render(PAGE.format(""))
    assert first.pages == 1
    assert first.content == second.content
    assert b"CreationDate" not in first.content


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "http://127.0.0.1:9/x.svg",
        "report:///../../app.py",
        "report:///../site.css",
        "report://host/report.css",
        "report:///",
    ],
)
def test_no_other_file_and_no_network(address: str) -> None:
    with pytest.raises(ValueError, match="not a file of the report"):
        render_child.asset(address)
    with pytest.raises(InputError, match="Chưa dựng được báo cáo"):
        render(PAGE.format(f'<img src="{address}" alt="x">'))


def test_an_image_without_description_is_refused() -> None:
    with pytest.raises(InputError, match="alt"):
        render(PAGE.format('<img src="report:///draft.svg">'))


def test_too_slow() -> None:
    many = "<table>" + "<tr><td>1</td><td>2</td></tr>" * 20000 + "</table>"
    with pytest.raises(InputError, match="quá 2 giây"):
        render(PAGE.format(many), seconds=2)


def test_too_much_memory() -> None:
    with pytest.raises(InputError, match="Chưa dựng được báo cáo"):
        render(PAGE.format(""), memory_bytes=60_000_000)


def test_killed_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    original = subprocess.Popen.communicate

    def killed(process: "subprocess.Popen[bytes]", *args: object, **kwargs: object) -> object:
        threading.Thread(target=lambda: (time.sleep(0.3), os.kill(process.pid, signal.SIGKILL))).start()
        return original(process, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(subprocess.Popen, "communicate", killed)
    many = "<p>một đoạn văn</p>" * 20000
    with pytest.raises(InputError, match="tín hiệu 9"):
        render(PAGE.format(many))


def test_the_child_sees_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: dict[str, str] = {}
    original = subprocess.run

    def spy(*args: object, **kwargs: object) -> object:
        seen.update(kwargs["env"])  # type: ignore[call-overload]
        return original(*args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setenv("TTHC_SECRET_KEY", "s" * 40)
    monkeypatch.setattr(subprocess, "run", spy)
    render(PAGE.format(""))
    assert seen
    assert not [name for name in seen if name.startswith("TTHC_")]
