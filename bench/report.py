"""The report's PDF: time against bare WeasyPrint on the same page, most memory, and the reports of all provinces."""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from bench.paths import Ratio
from core.calendar import Month
from core.database import reading
from core.settings import ROOT
from scorecard.models import Edition

BARE = "import sys, weasyprint; weasyprint.HTML(filename=sys.argv[1]).write_pdf(sys.argv[2])"  # in a process of its own, as ours is
BARE_MANY = (
    "import pathlib, sys, weasyprint; "
    "[weasyprint.HTML(filename=path).write_pdf() for path in sorted(pathlib.Path(sys.argv[1]).glob('*.html'))]"
)
PEAK = (  # a small process measures its child: a large one would count its own memory, which a child begins with
    "import resource, sys; from exports.render import render; render(open(sys.argv[1]).read()); "
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)
MEMORY = 500  # MB that the report may take


def report_pdf(_app: Flask, _month: Month, _now: datetime, rounds: int) -> Ratio:
    """The report as tagged PDF in its child process. Limit: bare WeasyPrint on the same page, untagged, in a process of its own.

    Processor seconds, which do not tell of what else the machine does meanwhile.
    """
    from exports.operations import report_html
    from exports.render import render
    from exports.render_child import ASSETS, BASE

    html = report_html(reading(), _edition())
    with tempfile.TemporaryDirectory() as folder:
        page, target = Path(folder) / "report.html", Path(folder) / "report.pdf"
        page.write_text(html.replace(BASE, f"{ASSETS.as_uri()}/"))
        command = [sys.executable, "-c", BARE, str(page), str(target)]
        bare = min(_processor(lambda: subprocess.run(command, cwd=ROOT, check=True)) for _ in range(rounds))  # noqa: S603  # our own
        page.write_text(html)
        told = subprocess.run([sys.executable, "-c", PEAK, str(page)], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603
    seconds = min(_processor(lambda: render(html)) for _ in range(rounds))
    most = int(told.stdout) / 1000
    return Ratio("report (PDF)", seconds, bare, f"bare WeasyPrint on the same page, untagged (goal 1.3); {most:.0f} MB (goal {MEMORY})")


def _processor(work: Callable[[], object]) -> float:
    """Processor seconds of the children that some work starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def provinces(_app: Flask, _month: Month, _now: datetime, rounds: int) -> Ratio:
    """The reports of all provinces, rendered beside each other. Limit: as many bare pages, one after the other in one process.

    Processor seconds, as above; the note tells the ratio of the wall clock.
    """
    from exports.papers import PlacePages
    from exports.render import Renderers
    from exports.render_child import ASSETS, BASE
    from scorecard.tiles import PLACES

    drawing = PlacePages(reading(), _edition())
    pages = [drawing.page(code) for code in PLACES]

    def beside() -> None:
        children = Renderers()
        for drawn in [children.start(page) for page in pages]:
            drawn.result()
        children.close()

    with tempfile.TemporaryDirectory() as folder:
        for number, page in enumerate(pages):
            (Path(folder) / f"{number}.html").write_text(page.replace(BASE, f"{ASSETS.as_uri()}/"))
        command = [sys.executable, "-c", BARE_MANY, folder]

        def one_by_one() -> object:
            return subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603  # our own

        bare, bare_wall = _both(one_by_one, rounds)
    seconds, wall = _both(beside, rounds)
    note = f"bare WeasyPrint on the same pages, untagged, in one process; by the clock {wall / bare_wall:.2f} x, {wall:.0f} s"
    return Ratio(f"{len(pages)} provinces", seconds, bare, note)


def _both(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Least processor seconds of the children, least seconds by the clock."""
    found = []
    for _ in range(rounds):
        began = time.monotonic()
        processor = _processor(work)
        found.append((processor, time.monotonic() - began))
    return min(processor for processor, _wall in found), min(wall for _processor, wall in found)


def _edition() -> Edition:
    edition = reading().scalars(select(Edition).order_by(Edition.month.desc(), Edition.version.desc())).first()
    if edition is None:
        raise RuntimeError("no month is closed")
    return edition
