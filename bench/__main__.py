"""``python -m bench``: builds a small country and prints, for each hot path, time / limit and what the limit is.

A bare time says more about the machine than about the program; a ratio carries further. ``BENCH_DOSSIERS`` (default
60000) sets the size, ``BENCH_ROUNDS`` (default 3) how often each is measured; the smallest time counts.
"""

import os
import shutil
import tempfile
from pathlib import Path

from pydantic import SecretStr

from app import create_app
from bench import paths
from core import schema
from core.calendar import Month, utc_now
from core.database import get_engine
from core.settings import Settings


def main() -> None:
    """Build, measure, print one line a path."""
    dossiers = int(os.environ.get("BENCH_DOSSIERS", "60000"))
    rounds = int(os.environ.get("BENCH_ROUNDS", "3"))
    work = Path(tempfile.mkdtemp(prefix="bench-"))
    settings = Settings(
        secret_key=SecretStr("b" * 40),
        invitation_key=SecretStr("b" * 40),
        answer_key=SecretStr("b" * 40),
        spool_key=SecretStr("b" * 40),
        applicant_key=SecretStr("b" * 40),
        data_dir=work / "data",
        database_url="",
        secure_cookies=False,
    )
    app = create_app(settings=settings)
    app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    try:
        with app.app_context():
            from simulation.build import build

            schema.upgrade(get_engine())
            now = utc_now()
            month = Month.of(now).plus(-1)
            build(dossiers, month, seed=1, now=now, progress=True)
            print(f"{dossiers} dossiers, {rounds} rounds, {os.cpu_count()} cores")
            for path in (paths.feed_load, paths.month_close, paths.survey_post, paths.scorecard_page, paths.report_pdf):
                print(path(app, month, now, rounds).line(), flush=True)
    finally:
        app.extensions["engine"].dispose()
        shutil.rmtree(work)


main()
