"""``python -m bench``: prints, for each hot path, time / limit and what the limit is.

A bare time says more about the machine than about the program; a ratio carries further. ``BENCH_ROUNDS`` (default 3) says how often
each is measured; the smallest time counts. ``BENCH_DOSSIERS`` (default 60000) is the size of the small country, for which see
``bench.nation`` for the large one; ``python -m bench country`` and ``python -m bench nation`` measure one of the two alone,
``python -m bench matcher`` tells precision and recall of the papers found in labelled texts, ``python -m bench masking`` those of
the numbers hidden in them, ``python -m bench survey`` what storing an answer costs beside storing a row, and
``python -m bench scale`` writes docs/performance.md, ``python -m bench live`` its section about the running month.
"""

import os
import sys

from bench import live, masking, matcher, nation, paths, report, scale, survey
from bench.installation import opened
from core import schema
from core.calendar import Month, utc_now
from core.database import get_engine


def country(rounds: int) -> None:
    """Build a small country with surveys and reports and measure what people wait for."""
    from simulation.build import build

    dossiers = int(os.environ.get("BENCH_DOSSIERS", "60000"))
    with nation.folder() as work, opened(work / "data") as app:
        app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
        schema.upgrade(get_engine())
        now = utc_now()
        month = Month.of(now).plus(-1)
        build(dossiers, month, seed=1, now=now, progress=True)
        print(f"{dossiers} dossiers, {rounds} rounds, {os.cpu_count()} cores")
        for path in (paths.feed_load, paths.month_close, paths.scorecard_page, report.report_pdf, report.provinces):
            print(path(app, month, now, rounds).line(), flush=True)


def main(wanted: list[str]) -> None:
    """Build, measure, print one line a path."""
    rounds = int(os.environ.get("BENCH_ROUNDS", "3"))
    if wanted == ["scale"]:
        scale.main()
        return
    if wanted == ["live"]:
        live.main(scale.TARGET)
        return
    if "matcher" in wanted or not wanted:
        print(*matcher.lines(), sep="\n", flush=True)
    if "masking" in wanted or not wanted:
        print(*masking.lines(), sep="\n", flush=True)
    if "survey" in wanted or not wanted:
        for line in survey.lines(rounds):
            print(line, flush=True)
    if "nation" in wanted or not wanted:
        for line in nation.measure(rounds):
            print(line, flush=True)
    if "country" in wanted or not wanted:
        country(rounds)


main(sys.argv[1:])
