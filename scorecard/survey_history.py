"""What an edition keeps of earlier months' surveys, and what it leaves for later ones.

A window of several months and a change since the month before rest on answers that other editions counted. An edition owns its
inputs: at the cut-off it copies what those editions left in their folders, with the digest of every file that it read.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.calendar import Month
from core.lake import describe
from scorecard.figures import VALUE, WEIGHTED
from scorecard.models import Edition, Measurement
from scorecard.survey_estimates import COUNTED, KEPT, Earlier

if TYPE_CHECKING:
    import pandas as pd

LONGEST = 12  # months of the longest window
OWN_WEIGHTED, OWN_COUNTS = "survey_weighted.parquet", "survey_counts.parquet"  # this month's, for later editions
WEIGHTED_BEFORE, COUNTS_BEFORE, SOURCES = "window_weighted.parquet", "window_counts.parquet", "window_sources.json"
MONTH_BEFORE = "month_before.parquet"
FINAL = ("closed", "published")
SHOWN = ("subject_kind", "subject_code", "value", "low", "high", "n")


def freeze_history(folder: Path, session: Session, month: Month, editions: Path) -> None:
    """Copy what the windows of up to 12 months and the change need, from the newest final edition of each earlier month.

    ``editions``: the folder that holds all editions' folders. Months whose edition is older than these files are left out.
    """
    import pandas as pd

    from scorecard.inputs import write_frame

    found: list[dict[str, object]] = []
    weighted, counts = [], []
    for back in range(1, LONGEST):
        edition = _newest(session, month.plus(-back))
        source = editions / edition.folder if edition is not None else None
        if edition is None or source is None or not all((source / name).is_file() for name in (OWN_WEIGHTED, OWN_COUNTS)):
            continue
        counted = pd.read_parquet(source / OWN_COUNTS)
        if not {*COUNTED} <= {*counted.columns}:
            continue
        digests = {name: describe(source / name, source).sha256 for name in (OWN_WEIGHTED, OWN_COUNTS)}
        found.append({"month": edition.month, "version": edition.version, "files": digests})
        weighted.append(pd.read_parquet(source / OWN_WEIGHTED).assign(month=edition.month))
        counts.append(counted.assign(month=edition.month))
    (folder / SOURCES).write_text(json.dumps(found, sort_keys=True, indent=1), encoding="utf-8")
    write_frame(folder / WEIGHTED_BEFORE, _joined(weighted, (*KEPT, "answers", "month")))
    write_frame(folder / COUNTS_BEFORE, _joined(counts, (*COUNTED, "month")))
    write_frame(folder / MONTH_BEFORE, _shown(session, _newest(session, month.plus(-1))))


def load_history(folder: Path) -> "tuple[Earlier | None, pd.DataFrame | None]":
    """Earlier months and the month before, as frozen; None where an edition is older than these files."""
    import pandas as pd

    if not (folder / SOURCES).is_file():
        return None, None
    months = tuple(str(item["month"]) for item in json.loads((folder / SOURCES).read_text(encoding="utf-8")))
    earlier = Earlier(months, pd.read_parquet(folder / WEIGHTED_BEFORE), pd.read_parquet(folder / COUNTS_BEFORE))
    return earlier, pd.read_parquet(folder / MONTH_BEFORE)


def procedure_groups(sectors: Mapping[str, str]) -> dict[str, str]:
    """Procedure → code of its group, from procedure → sector. A group is a sector; procedures without one have no group."""
    codes = {sector: group_code(sector) for sector in set(sectors.values()) if sector.strip()}
    return {procedure: codes[sector] for procedure, sector in sectors.items() if sector in codes}


def group_code(sector: str) -> str:
    """A sector's code as a category of a breakdown: its words without marks, at most 32 characters, a long one with part of its digest."""
    import hashlib

    from procedures.folding import plain

    text = "-".join(plain(sector).split()) or "khac"
    return text if len(text) <= 32 else f"{text[:25]}-{hashlib.sha256(sector.encode()).hexdigest()[:6]}"


def _newest(session: Session, month: Month) -> Edition | None:
    """The month's published edition, or else its newest closed one."""
    wanted = select(Edition).where(Edition.month == str(month), Edition.state.in_(FINAL))
    return session.scalar(wanted.order_by((Edition.state == "published").desc(), Edition.version.desc()))


def _shown(session: Session, edition: Edition | None) -> "pd.DataFrame":
    """An edition's weighted rates as they were shown."""
    import pandas as pd

    wanted = select(*(getattr(Measurement, name) for name in SHOWN)).where(
        Measurement.edition_id == (edition.id if edition is not None else None),
        Measurement.period_kind == "calendar",
        Measurement.window == 1,
        Measurement.breakdown == "total",
        Measurement.indicator == "satisfaction",
        Measurement.variant == WEIGHTED,
        Measurement.status == VALUE,
    )
    rows = [tuple(row) for row in session.execute(wanted.order_by(Measurement.subject_kind, Measurement.subject_code))]
    types = dict.fromkeys(("subject_kind", "subject_code"), "str") | dict.fromkeys(("value", "low", "high"), "float64") | {"n": "int64"}
    return pd.DataFrame(rows, columns=list(SHOWN)).astype(types)


def _joined(frames: "list[pd.DataFrame]", columns: tuple[str, ...]) -> "pd.DataFrame":
    import pandas as pd

    texts = dict.fromkeys(("unit_code", "province_code", "month"), "str")
    empty = pd.DataFrame({name: pd.Series(dtype=texts.get(name, "float64" if name == "weight" else "int64")) for name in columns})
    found = pd.concat(frames, ignore_index=True)[list(columns)] if frames else empty
    return found.astype({name: kind for name, kind in texts.items() if name in columns})
