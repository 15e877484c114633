"""A process for the survey alone stays light: no data library is loaded, not even by answering."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from core.settings import ROOT
from tests.surveys.helpers import invited

HEAVY = ("pandas", "duckdb", "ibis", "pyarrow", "weasyprint", "deltalake", "scipy", "statsmodels")
WALK = """
import json, sys
from app import create_app
client = create_app({"survey"}).test_client()
token = sys.argv[1]
statuses = [client.get(f"/s/{token}").status_code, client.post(f"/s/{token}", data={"rating": "2"}).status_code]
statuses += [client.get(f"/s/{token}/more").status_code, client.get(f"/s/{token}/thanks").status_code, client.get("/s/unknown").status_code]
print(json.dumps({"statuses": statuses, "loaded": sorted({name.partition(".")[0] for name in sys.modules})}))
"""


def test_a_survey_process_that_has_answered_holds_no_data_library(app: Flask, tmp_path: Path) -> None:
    token = invited()
    settings = app.extensions["settings"]
    secrets = {
        f"TTHC_{name.upper()}": getattr(settings, name).get_secret_value()
        for name in ("secret_key", "invitation_key", "answer_key", "spool_key", "applicant_key")
    }
    run = subprocess.run(
        [sys.executable, "-c", WALK, token],
        cwd=ROOT,
        env=os.environ
        | secrets
        | {"TTHC_DATA_DIR": str(tmp_path), "TTHC_DATABASE_URL": settings.database_url, "TTHC_ENV_FILE": str(tmp_path / "none")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)
    assert said["statuses"] == [200, 303, 200, 200, 404]
    assert set(HEAVY) & set(said["loaded"]) == set()
    assert "flask" in said["loaded"]


@pytest.mark.parametrize("name", HEAVY[:5])
def test_the_libraries_that_it_must_not_load_are_there_to_be_loaded(name: str) -> None:
    """Else the test above would prove nothing."""
    import importlib.util

    assert importlib.util.find_spec(name) is not None
