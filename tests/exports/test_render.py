"""The child process that makes PDFs: what it may read, what happens when it is killed, eats memory or takes too long."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from core.errors import InputError
from exports import render_child
from exports.render import Renderer, Renderers, render

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


def killing(number: int, seconds: float = 0.3) -> None:
    """Kill a process a little later, from outside."""
    threading.Timer(seconds, lambda: os.kill(number, signal.SIGKILL)).start()


def children(number: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{number}/task/{number}/children").read_text().split()]


LONG = PAGE.format("<p>một đoạn văn</p>" * 20_000)


def test_a_document_that_is_killed_takes_no_other_with_it() -> None:
    with Renderer() as renderer:
        first = renderer.render(PAGE.format(""))
        assert renderer._process is not None  # what is killed is its child
        server = renderer._process.pid

        def kill_document() -> None:
            while not children(server):
                time.sleep(0.01)
            os.kill(children(server)[0], signal.SIGKILL)

        killer = threading.Thread(target=kill_document)
        killer.start()
        with pytest.raises(InputError, match="tín hiệu 9"):
            renderer.render(LONG)
        killer.join()
        assert renderer._process.pid == server
        assert renderer.render(PAGE.format("")) == first


def test_a_child_that_is_killed_is_started_anew() -> None:
    with Renderer() as renderer:
        first = renderer.render(PAGE.format(""))
        assert renderer._process is not None
        killing(renderer._process.pid)
        with pytest.raises(InputError, match="tín hiệu 9"):
            renderer.render(LONG)
        assert renderer.render(PAGE.format("")) == first


def test_limits_are_each_documents_own_and_the_order_changes_nothing() -> None:
    pages = [PAGE.format(f"<p>{number}</p>" * 200) for number in range(3)]
    alone = [render(page) for page in pages]
    with Renderer(seconds=3) as renderer:
        with pytest.raises(InputError, match="quá 3 giây"):
            renderer.render(LONG)
        assert [renderer.render(page) for page in reversed(pages)] == alone[::-1]


def test_many_beside_each_other_come_back_each_as_its_own() -> None:
    pages = [PAGE.format(f"<p>{number}</p>") for number in range(5)]
    beside = Renderers()
    started = [beside.start(page) for page in [*pages, PAGE.format('<img src="report:///draft.svg">')]]
    assert [drawn.result() for drawn in started[:-1]] == [render(page) for page in pages]
    with pytest.raises(InputError, match="alt"):
        started[-1].result()
    beside.close()


def test_the_child_sees_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTHC_SECRET_KEY", "s" * 40)
    with Renderer() as renderer:
        renderer.render(PAGE.format(""))
        assert renderer._process is not None
        seen = Path(f"/proc/{renderer._process.pid}/environ").read_text()
    assert "PATH=" in seen
    assert "TTHC_" not in seen
