"""The report's PDF: time against bare WeasyPrint on the same page, most memory, and the reports of all provinces."""

import resource
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from bench.paths import Ratio, _least
from core.calendar import Month
from core.database import reading
from core.settings import ROOT
from scorecard.models import Edition

BARE = "import sys, weasyprint; weasyprint.HTML(filename=sys.argv[1]).write_pdf(sys.argv[2])"  # in a process of its own, as ours is
MEMORY = 500  # MB that the report may take


def report_pdf(_app: Flask, _month: Month, _now: datetime, rounds: int) -> Ratio:
    """The report as tagged PDF in its child process. Limit: bare WeasyPrint on the same page, untagged, in a process of its own."""
    from exports.operations import report_html
    from exports.render import render
    from exports.render_child import ASSETS, BASE

    html = report_html(reading(), _edition())
    with tempfile.TemporaryDirectory() as folder:
        page, target = Path(folder) / "report.html", Path(folder) / "report.pdf"
        page.write_text(html.replace(BASE, f"{ASSETS.as_uri()}/"))
        command = [sys.executable, "-c", BARE, str(page), str(target)]
        bare = _least(rounds, lambda: subprocess.run(command, cwd=ROOT, check=True))  # noqa: S603  # our own command
    seconds = _least(rounds, lambda: render(html))
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000  # of any child so far, this one or a larger one
    return Ratio("report (PDF)", seconds, bare, f"bare WeasyPrint on the same page, untagged (goal 1.3); {most:.0f} MB (goal {MEMORY})")


def provinces(_app: Flask, _month: Month, _now: datetime, _rounds: int) -> Ratio:
    """The reports of all provinces, rendered beside each other. Limit: as many bare pages, one after the other in one process."""
    import weasyprint

    from exports.papers import PlacePages, pool
    from exports.render import render
    from exports.render_child import ASSETS, BASE
    from scorecard.tiles import PLACES

    drawing = PlacePages(reading(), _edition())
    pages = [drawing.page(code) for code in PLACES]
    local = [page.replace(BASE, f"{ASSETS.as_uri()}/") for page in pages]
    bare = _least(1, lambda: [weasyprint.HTML(string=page).write_pdf() for page in local])

    def beside() -> None:
        with pool() as workers:
            list(workers.map(render, pages))

    return Ratio("34 provinces", _least(1, beside), bare, "bare WeasyPrint on the same pages, in one process")


def _edition() -> Edition:
    edition = reading().scalars(select(Edition).order_by(Edition.month.desc(), Edition.version.desc())).first()
    if edition is None:
        raise RuntimeError("no month is closed")
    return edition
