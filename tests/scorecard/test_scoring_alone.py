"""Somebody who has counts alone needs no installation to score them."""

import os
import subprocess
import sys
from pathlib import Path

from core.settings import ROOT

COUNTS = "unit_code,unit_name,1.1_num,1.1_den,1.2_num,1.2_den\n01,Hà Nội,5,6,3,4\n"


def flask(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    settings = {name: value for name, value in os.environ.items() if not name.startswith("TTHC_")}
    settings |= {"TTHC_ENV_FILE": str(folder / "none"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "flask", "--app", str(ROOT / "app.py"), *words]
    return subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, check=False)


def test_counts_are_scored_without_any_setting(tmp_path: Path) -> None:
    (tmp_path / "counts.csv").write_text(COUNTS, encoding="utf-8")
    done = flask(tmp_path, "scorecard", "score", "--rules", "qd766-2022", "counts.csv", "--output", "scores.csv")
    assert done.returncode == 0, done.stderr
    head, row = (tmp_path / "scores.csv").read_text(encoding="utf-8-sig").splitlines()
    assert head.startswith("unit_code,unit_name,CKMB,TDGQ")
    assert row.startswith("01,Hà Nội,")
    assert "TTHC_SECRET_KEY" in done.stderr


def test_nothing_else_is_there_without_settings_and_no_server_starts(tmp_path: Path) -> None:
    other = flask(tmp_path, "worker")
    assert other.returncode != 0
    assert "TTHC_SPOOL_KEY" in other.stderr
    assert "Traceback" not in other.stderr
    assert flask(tmp_path, "run", "--port", "0").returncode != 0
