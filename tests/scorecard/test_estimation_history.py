"""What an edition copies of earlier months' surveys: the newest final edition's files, with their digests."""

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest
from flask import Flask

from core.calendar import Month
from core.database import reading, writing
from scorecard.inputs import write_frame
from scorecard.models import Edition, Measurement
from scorecard.survey_estimates import COUNTED
from scorecard.survey_history import OWN_COUNTS, OWN_WEIGHTED, SOURCES, freeze_history, load_history
from tests.scorecard.small import NOW

MONTH = Month(2026, 10)


def edition(folder: Path, month: str, version: int, state: str, weight: float | None) -> int:
    name = f"{month}-v{version}"
    (folder / name).mkdir()
    if weight is not None:
        weighted = {"unit_code": ["00004"], "province_code": ["01"], "cell": [0], "weight": [weight], "satisfied": [1], "answers": [40]}
        write_frame(folder / name / OWN_WEIGHTED, pd.DataFrame(weighted))
        counts = {"unit_code": ["00004"], **{name: [40] for name in COUNTED[1:]}, "dossiers": [90], "invited": [80]}
        write_frame(folder / name / OWN_COUNTS, pd.DataFrame(counts))
    with writing() as session:
        made = Edition(
            month=month,
            version=version,
            state=state,
            simulated=True,
            rule_version="r",
            cutoff_at=NOW,
            computed_at=NOW,
            folder=name,
            facts={},
        )
        session.add(made)
        session.flush()
        return made.id


def shown(edition_id: int, code: str, status: str = "value", variant: str = "weighted", window: int = 1) -> None:
    with writing() as session:
        session.add(
            Measurement(
                edition_id=edition_id,
                subject_kind="unit",
                subject_code=code,
                indicator="satisfaction",
                variant=variant,
                status=status,
                window=window,
                value=0.8 if status == "value" else None,
                low=0.7 if status == "value" else None,
                high=0.9 if status == "value" else None,
                n=50 if status == "value" else None,
                rule_version="r",
                provisional=False,
            )
        )


@pytest.mark.usefixtures("app")
def test_the_published_edition_of_each_month_is_copied_with_its_digests(tmp_path: Path) -> None:
    edition(tmp_path, "2026-09", 1, "superseded", 1.0)
    newest = edition(tmp_path, "2026-09", 2, "published", 2.0)
    edition(tmp_path, "2026-09", 3, "closed", 3.0)
    edition(tmp_path, "2026-08", 1, "closed", 4.0)
    edition(tmp_path, "2026-07", 1, "closed", None)  # from before these files
    edition(tmp_path, "2025-10", 1, "published", 5.0)  # no window reaches so far
    for code, status, variant, window in (
        ("01", "value", "weighted", 1),
        ("46", "suppressed", "weighted", 1),
        ("96", "value", "raw", 1),
        ("H26.02", "value", "weighted", 3),
    ):
        shown(newest, code, status, variant, window)
    target = tmp_path / "building"
    target.mkdir()
    freeze_history(target, reading(), MONTH, tmp_path)
    windows, before = load_history(target)
    assert windows is not None
    assert windows.months == ("2026-09", "2026-08")
    assert dict(zip(windows.weighted["month"], windows.weighted["weight"], strict=True)) == {"2026-09": 2.0, "2026-08": 4.0}
    assert windows.counts["dossiers"].tolist() == [90, 90]
    assert before is not None
    assert before["subject_code"].tolist() == ["01"]  # only what was shown, weighted, of one month
    sources = json.loads((target / SOURCES).read_text(encoding="utf-8"))
    assert [(item["month"], item["version"]) for item in sources] == [("2026-09", 2), ("2026-08", 1)]
    read = (tmp_path / "2026-09-v2" / OWN_WEIGHTED).read_bytes()
    assert sources[0]["files"][OWN_WEIGHTED] == hashlib.sha256(read).hexdigest()


def test_the_first_month_has_no_history(app: Flask, tmp_path: Path) -> None:
    freeze_history(tmp_path, reading(), MONTH, tmp_path)
    windows, before = load_history(tmp_path)
    assert windows is not None
    assert before is not None
    assert (windows.months, len(windows.weighted), len(windows.counts), len(before)) == ((), 0, 0, 0)
    assert app.name


def test_an_edition_from_before_there_was_a_history_has_none(tmp_path: Path) -> None:
    assert load_history(tmp_path) == (None, None)
